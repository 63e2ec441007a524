"""What is read out of a store for somebody: lists, options, the state of the whole.

Everything here is derived whenever it is asked, inside one reading of the store.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from lockroutine._fields import json_schema
from lockroutine.arguments import MOST, actor_of, cursor_of
from lockroutine.book import Book
from lockroutine.decide import Command, answer, permit
from lockroutine.errors import InvalidForm, NotFound, Problem
from lockroutine.model import (
    Actor,
    Awaited,
    Case,
    Language,
    Option,
    Page,
    Query,
    Verification,
    WorkItem,
)
from lockroutine.routine import Step
from lockroutine.stores import CaseFilter, Reading
from lockroutine.stores.base import DamagedEvent, Position, due_key
from lockroutine.verify import problems_with
from lockroutine.worklist import items

__all__ = ["all_cases", "in_scope", "look", "options", "shown", "verification", "worklist"]


def look(book: Book, reading: Reading) -> Callable[[Query], tuple[Case, ...]]:
    """How decisions find the cases that they ask for: each is looked for once."""
    known: dict[Query, tuple[Case, ...]] = {}

    def find(query: Query) -> tuple[Case, ...]:
        if query not in known:
            known[query] = book.find(reading, query)
        return known[query]

    return find


def in_scope(book: Book, case: Case, actor: Actor | None) -> bool:
    """Whether an actor sees a case at all; nobody in particular sees everything."""
    return actor is None or book[case.routine].in_scope(actor_of(actor), case.unit, actor.roles)


def shown(book: Book, case: Case, actor: Actor | None) -> Case:
    """A case with what an actor may see of it.

    Raises:
        NotFound: They may not see it at all.
    """
    if not in_scope(book, case, actor):
        raise NotFound("case", case.id)
    return case if actor is None else book[case.routine].seen_by(case, actor)


def options(
    book: Book, reading: Reading, case: Case, command: Command, language: Language
) -> Iterator[Option]:
    """Every transition from where a case is, as far as can be told without a form.

    Args:
        book: The routines.
        reading: The reading of the store.
        case: The case; blank for the transitions that open one.
        command: Who asks, and when; for any transition.
        language: The language of the forms' schemas.
    """
    if language not in ("sv", "en"):
        raise InvalidForm([Problem("language", "must be sv or en")])
    routine, find = book[case.routine], look(book, reading)
    for name, transition in routine.process(case.process).leaving(case.state):
        step = Step(case.process, name)
        if routine.roles_for(step):
            form, title = routine.form(step), transition.label.get(language)
            yield Option(
                process=case.process,
                transition=name,
                label=transition.label,
                to=transition.to or case.state,
                verdict=answer(permit(book, case, attrs.evolve(command, transition=name)), find),
                form=transition.form,
                schema=_titled(json_schema(form, language), title) if form else None,
            )


def _titled(schema: Mapping[str, Any], title: str) -> Mapping[str, Any]:
    """A form's schema, called as the transition is called that it is filled in for."""
    return {**schema, "title": title}


def worklist(
    book: Book,
    reading: Reading,
    actor: Actor,
    position: Position | None,
    limit: int,
    now: dt.datetime,
) -> Page[WorkItem]:
    """A page of what waits for an actor, from behind a position."""
    book.load(reading)
    states = _awaited(book, actor, now)
    for_all = any(known.works_for_all(actor.roles) for known in book.values())
    units = None if for_all else actor.units
    found: list[WorkItem] = []
    while True:
        cases = reading.waiting(states, units, position, limit + 1)
        for case in cases[:limit]:
            routine = book[case.routine]
            roles = routine.roles_in(actor, case.unit)
            found += items(routine, routine.seen_by(case, actor), roles, now)
            if len(found) >= limit:
                return Page(tuple(found), cursor_of((due_key(case), case.id)))
        if len(cases) <= limit:
            return Page(tuple(found))
        position = (due_key(cases[limit - 1]), cases[limit - 1].id)


def _awaited(book: Book, actor: Actor, now: dt.datetime) -> list[Awaited]:
    """The states of all routines in which cases may wait for an actor, each once."""
    found: dict[tuple[str, str], Awaited] = {}
    for known in book.values():
        for one in known.states_waiting_for(actor.roles, now):
            place = (one.process, one.state)
            before = found.get(place, one)
            if one.due_by is None or (before.due_by and before.due_by <= one.due_by):
                found[place] = one
    return [found[place] for place in sorted(found)]


def all_cases(reading: Reading) -> Iterator[Case]:
    """Every case of the store, a page at a time."""
    after = ""
    while page := reading.cases(CaseFilter(), after, MOST):
        yield from page
        after = page[-1].id


def verification(book: Book, reading: Reading) -> Verification:
    """Whether every event and case of the store is as it was recorded."""
    book.load(reading)
    problems: list[Problem] = []
    cases = events = 0
    for case in all_cases(reading):
        cases += 1
        try:
            history = reading.history(case.id)
        except DamagedEvent as damaged:
            problems.append(Problem(damaged.event, "the event is not as it was recorded"))
            events += case.version
            continue
        problems += problems_with(book.__getitem__, case, history)
        events += len(history)
    strays = reading.event_count() - events
    if strays > 0:
        problems.append(Problem("events", f"{strays} belong to no case that is there"))
    return Verification(cases=cases, events=events, problems=tuple(problems))
