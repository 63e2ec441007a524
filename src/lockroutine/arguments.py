"""What callers hand in, checked once before anything is read or written.

Raises:
    InvalidForm: Every function here, for what is of a wrong type or out of bounds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from lockroutine.book import Book
from lockroutine.errors import InvalidForm, Problem, not_found
from lockroutine.facts import aware, identifier, sentence
from lockroutine.model import Actor, Reference
from lockroutine.stores import CaseFilter
from lockroutine.stores.base import Position

__all__ = [
    "MOST",
    "actor_of",
    "case_filter",
    "cursor_of",
    "late_entry",
    "limit_of",
    "not_a_cursor",
    "past_of",
    "place_of",
    "position_of",
    "references_of",
    "version_of",
]

MOST = 1000
"""The most that one call gives back."""


def late_entry(happened_at: dt.datetime | None, late_reason: str) -> None:
    """A late entry bears a reason, and nothing else does."""
    if late_reason != "":
        sentence(late_reason, "late_reason")
    if happened_at is not None and not late_reason:
        message = "is missing: say why this was not entered at once"
        raise InvalidForm([Problem("late_reason", message)])
    if happened_at is None and late_reason:
        raise InvalidForm([Problem("late_reason", "goes with happened_at")])


def actor_of(actor: Actor) -> Actor:
    """An actor, and nothing that looks like one."""
    if type(actor) is not Actor:
        raise InvalidForm([Problem("actor", "must be an Actor")])
    return actor


def references_of(given: object) -> tuple[Reference, ...]:
    """References, of which one may be given by itself."""
    made = tuple(given) if isinstance(given, Iterable) else (given,)
    references = tuple(one for one in made if type(one) is Reference)
    if len(references) != len(made):
        raise InvalidForm([Problem("references", "must be a list of References")])
    return references


def past_of(as_of: dt.datetime, now: dt.datetime) -> dt.datetime:
    """A time that is not yet to come."""
    at = aware(as_of, "as_of")
    if at > now:
        raise InvalidForm([Problem("as_of", "lies in the future")])
    return at


def limit_of(limit: int) -> int:
    """How many at most."""
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise InvalidForm([Problem("limit", f"must be a whole number from 1 to {MOST}")])
    return limit


def cursor_of(position: Position) -> str:
    """A position as text."""
    return " ".join(position)


def not_a_cursor() -> InvalidForm:
    """That a cursor is not one that a page gave as its next."""
    return InvalidForm([Problem("cursor", "is none that a page gave as its next")])


def place_of(cursor: str) -> str:
    """A cursor, if it may be one: a page's ``next``, or empty for the first page."""
    if type(cursor) is not str or len(cursor) > 400 or not cursor.isprintable():
        raise not_a_cursor()
    return cursor


def position_of(cursor: str) -> Position | None:
    """The position in a work list that a cursor stands for."""
    if not place_of(cursor):
        return None
    due, _, case_id = cursor.partition(" ")
    if not case_id:
        raise not_a_cursor()
    return (due, case_id)


def version_of(cursor: str) -> int:
    """The number of the event behind which a page of a history begins."""
    if not place_of(cursor):
        return 0
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 9:
        raise not_a_cursor()
    return int(cursor)


def case_filter(
    book: Book,
    process: str | None,
    state: str | None,
    subject: str | None,
    unit: str | None,
    is_open: bool | None,
    reference: Reference | None,
    actor: Actor | None,
) -> CaseFilter:
    """Which cases are asked for, with everything that names them checked."""
    if process is not None:
        known = book.processes(process)
        states = {name for rules in known for name in rules.rules.states}
        if state is not None and identifier(state, "state") not in states:
            raise not_found(f"state of {process}", state, sorted(states))
        subject = subject if subject is None else known[0].subject(subject)
    if is_open is not None and type(is_open) is not bool:
        raise InvalidForm([Problem("is_open", "must be true, false or nothing")])
    if reference is not None and type(reference) is not Reference:
        raise InvalidForm([Problem("reference", "must be a Reference")])
    units = None
    if actor is not None and not any(
        one.works_for_all(actor_of(actor).roles) for one in book.values()
    ):
        outside = all(one.is_outsider(actor) for one in book.values())
        units = frozenset() if outside else actor.units
    return CaseFilter(
        process=process,
        state=state if state is None else identifier(state, "state"),
        subject=subject if subject is None else identifier(subject, "subject"),
        unit=unit if unit is None else identifier(unit, "unit"),
        units=units,
        is_open=is_open,
        reference=reference,
    )
