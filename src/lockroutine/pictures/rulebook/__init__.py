"""The rule book: all that a rule pack says, as one page that needs nothing beside it. Pure."""

from __future__ import annotations

from lockroutine.model import Language
from lockroutine.pictures.rulebook.page import Page, chapter
from lockroutine.pictures.rulebook.papers import forms, messages, shown
from lockroutine.pictures.rulebook.processes import process_chapter
from lockroutine.pictures.rulebook.rules import (
    clauses,
    gaps,
    invariants,
    loosened,
    matrix,
    parameters,
    roles,
    sweeps,
)
from lockroutine.pictures.rulebook.style import STYLE
from lockroutine.pictures.svg import map_drawing
from lockroutine.pictures.tree import Element, as_html, element
from lockroutine.routine import Routine

__all__ = ["rule_book"]


def rule_book(routine: Routine, language: Language = "en") -> str:
    """All that a routine says, as one HTML page.

    Every clause with what holds it, every gap, the drawings, who may do what, the forms, the
    values, the messages, and what each refused person reads. It opens without a network, has no
    script, and prints on A4 (large drawings on A3).

    >>> from lockroutine import load_routine
    >>> rule_book(load_routine(), "sv").startswith("<!DOCTYPE html>")
    True
    """
    page = Page(routine, language)
    title = routine.pack.label.get(language)
    chapters = [
        _reading(page),
        roles(page),
        _map(page),
        matrix(page),
        *(process_chapter(page, name) for name in routine.processes),
        clauses(page),
        gaps(page) if routine.pack.gap else None,
        loosened(page),
        sweeps(page),
        invariants(page),
        forms(page),
        parameters(page),
        messages(page),
        shown(page),
    ]
    day = routine.pack.in_force_from
    made = [one for one in chapters if one is not None]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("title", title),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("style", STYLE),
    )
    body = element(
        "body",
        element("a", page.word("skip"), href="#contents", class_="skip"),
        element(
            "header",
            element("h1", title),
            element("p", page.word("about", key=routine.key), class_="lead"),
            element("p", page.word("in_force", day=day.isoformat())) if day else None,
        ),
        _contents(page, made),
        element("main", made),
    )
    whole = element("html", head, body, lang=language)
    return f"<!DOCTYPE html>\n{as_html(whole)}\n"


def _reading(page: Page) -> Element:
    return chapter("reading", page.word("how_to_read"), element("p", page.word("pictures_lead")))


def _map(page: Page) -> Element:
    drawn = map_drawing(page.routine, page.language, headed=False)
    return chapter("map", page.word("map"), drawing=drawn, large=True)


def _contents(page: Page, chapters: list[Element]) -> Element:
    """The table of contents, from the headings that there are."""
    headings = [one for made in chapters for one in made.iter("h2")]
    items = [
        element("li", element("a", one.text or "", href=f"#{one.get('id', '')[: -len('-title')]}"))
        for one in headings
    ]
    return element(
        "nav",
        element("h2", page.word("contents"), id="contents-title"),
        element("ol", items),
        id="contents",
        aria_labelledby="contents-title",
    )
