"""The chapters on what is filled in, what is sent, and what is there to look up."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import attrs

from lockroutine._fields import Entry, bare, entries
from lockroutine.pictures.rulebook.page import Page, chapter, chapter_of_rows, joined, table
from lockroutine.pictures.rulebook.words import PRIVACY, TYPES
from lockroutine.pictures.tree import Child, Element, element

__all__ = ["forms", "messages", "shown"]


def forms(page: Page) -> Element | None:
    """Every form that a step takes: its fields, what they take, and whether they are personal."""
    taken: dict[str, list[Element]] = {}
    for process, drawn in page.sketches.items():
        for name in drawn.ways:
            form = page.routine.process(process).transition(name).form
            if form:
                taken.setdefault(form, []).append(page.step_link(process, name))
    if not taken:
        return None
    title = page.word("forms")
    inner = (_form(page, name, links) for name, links in sorted(taken.items()))
    return chapter("forms", title, *inner)


def _form(page: Page, name: str, links: list[Element]) -> Element:
    form = page.routine.forms[name]
    title = page.form(name)
    heads = [page.word(word) for word in ("field", "type", "needed", "privacy", "limits")]
    before, after = page.word("taken_by", steps="\0").split("\0")
    return element(
        "section",
        element("h3", title),
        element("p", before, joined(links), after, " ", element("code", name, class_="quiet")),
        table(title, heads, _fields(page, form, ""), hide_caption=True),
        id=f"form-{name}",
    )


def _fields(page: Page, form: type, before: str) -> Iterator[tuple[str, tuple[Child, ...]]]:
    for declared in entries(form).values():
        label = f"{before}{page.say(declared.label)}"
        kind = bare(declared.type)
        needed = page.word("yes" if declared.required else "no")
        yield (
            "",
            (
                label,
                page.say(TYPES[_type(declared, kind)]),
                needed,
                page.say(PRIVACY[declared.privacy]),
                _limits(page, declared),
            ),
        )
        if attrs.has(kind):
            yield from _fields(page, kind, f"{label}: ")


def _type(declared: Entry, kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return "list"
    if declared.choices:
        return "choice"
    return "form" if attrs.has(kind) else kind.__name__


def _limits(page: Page, declared: Entry) -> list[Child]:
    said: list[str] = []
    if declared.choices:
        said.append(", ".join(page.say(label) for label in declared.choices.values()))
    limits = (declared.minimum, declared.maximum)
    if any(limit is not None for limit in limits):
        said.append("–".join("" if limit is None else str(limit) for limit in limits))
    if declared.help:
        said.append(page.say(declared.help))
    return ["; ".join(said)]


def messages(page: Page) -> Element | None:
    """Every message with the steps that send it."""
    senders: dict[str, list[Element]] = {}
    for process, drawn in page.sketches.items():
        for name in drawn.ways:
            for effect in page.routine.process(process).transition(name).effects.values():
                template = getattr(effect, "template", "")
                senders.setdefault(template, []).append(page.step_link(process, name))
    rows = [
        (
            f"message-{name}",
            (
                page.say(template.subject),
                element("pre", page.say(template.body).strip()),
                joined(senders.get(name, [])),
            ),
        )
        for name, template in page.routine.pack.template.items()
    ]
    heads = [page.word(word) for word in ("subject", "message", "sent_by")]
    return chapter_of_rows(page, "messages", heads, rows, lead=True)


def shown(page: Page) -> Element | None:
    """What the routine only shows: addresses to look up, hours, apps, figures."""
    rows: list[tuple[str, tuple[Child, ...]]] = []
    for name, one in page.routine.pack.shown.items():
        rests = page.clause_links(one.clauses, one.gaps)
        rows.append((f"shown-{name}", (page.say(one.label), _what(page, one), rests)))
    if not rows:
        return None
    heads = [page.word(word) for word in ("called", "value", "clause")]
    title = page.word("shown_chapter")
    return chapter("shown", title, table(title, heads, rows, hide_caption=True))


def _what(page: Page, one: Any) -> Child:
    """What there is to know of it; an address is written out and leads nowhere by itself."""
    brief = next(iter(page.briefs.values()))
    parameters = page.routine.parameters
    match one.kind:
        case "link":
            return element("code", one.url)
        case "support_hours":
            return f"{brief.value(parameters[one.days])} {brief.value(parameters[one.hours])}"
        case "contacts":
            return page.roles(one.roles)
        case "app":
            return page.roles([one.role])
        case "stock":
            return page.sketches[one.process].label
        case _:
            return None
