"""The decision: may this be done now, what is recorded if it is, and how a case looks after it.

Pure. What a decision needs to know of other cases it asks for: `permit` and `decide` are
generators that yield a `Query` and are sent the cases found. Whoever drives them does the I/O, in
whatever way (see `answer` for the shortest one).

>>> import datetime as dt
>>> from lockroutine import Actor, load_routine
>>> routine = load_routine()
>>> case = routine.blank("lock", "1", "PH1-001", "north")
>>> command = Command(
...     transition="register",
...     actor=Actor("bo", roles={"installer"}, units={"north"}),
...     form={"model": "X1", "fits": ["euro"]},
...     recorded_at=dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.timezone.utc),
... )
>>> decision = answer(decide({routine.key: routine}, case, command), lambda query: ())
>>> decision.changes[0].case.state
'in_store'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import attrs

from lockroutine._fields import facts_of, read_form
from lockroutine.decide.command import Change, Command, Decision
from lockroutine.decide.evolve import evolve
from lockroutine.decide.record import open_key
from lockroutine.decide.walk import Asking, Book, Walk
from lockroutine.errors import Refused
from lockroutine.model import (
    Case,
    Event,
    Query,
    Reason,
    Verdict,
)
from lockroutine.routine import Step

__all__ = [
    "Asking",
    "Change",
    "Command",
    "Decision",
    "answer",
    "barred",
    "decide",
    "evolve",
    "open_key",
    "permit",
    "says_the_same",
]

T = TypeVar("T")


def answer(asking: Asking[T], look: Callable[[Query], tuple[Case, ...]]) -> T:
    """Drive a decision to its end, with a function that finds the cases it asks for."""
    try:
        query = next(asking)
        while True:
            query = asking.send(look(query))
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]


def permit(book: Book, case: Case, command: Command) -> Asking[Verdict]:
    """Whether a command would be allowed, with everything that stands in the way.

    With no form given, what speaks of the form is left open.

    Raises:
        InvalidForm: A form was given, and it is wrong.
        NotFound: There is no such transition.
    """
    walk = Walk(book, command)
    yield from walk.make(case)
    return walk.verdict(case)


def barred(book: Book, case: Case, command: Command) -> Reason | None:
    """Why this actor may not make the transition at all, whatever the case is like; or None.

    Raises:
        NotFound: There is no such transition.
    """
    return Walk(book, command).barred(case)


def says_the_same(book: Book, command: Command, event: Event) -> bool:
    """Whether a command has the form that an event was made with, as far as it is still kept.

    Raises:
        InvalidForm: The command's form is wrong.
    """
    routine = book[event.routine]
    form = routine.form(Step(event.process, event.transition))
    if form is None:
        return not command.form
    given, personal = facts_of(read_form(form, command.form or {}))
    return given == event.form and event.personal in (None, personal)


def decide(book: Book, case: Case, command: Command) -> Asking[Decision]:
    """What a command makes of the case and of those it drives.

    Raises:
        Refused: With everything that stands in the way.
        InvalidForm: The form is missing or wrong.
        NotFound: There is no such transition.
    """
    if command.form is None:
        command = attrs.evolve(command, form={})
    walk = Walk(book, command)
    yield from walk.make(case)
    verdict = walk.verdict(case)
    if not verdict.allowed:
        raise Refused(verdict)
    return Decision(tuple(walk.changes))
