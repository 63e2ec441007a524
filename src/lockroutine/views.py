"""What is read out of a store for somebody: lists, options, the state of the whole.

Everything here is derived whenever it is asked, inside one reading of the store.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from lockroutine._fields import json_schema
from lockroutine.arguments import MOST, actor_of, cursor_of, not_a_cursor
from lockroutine.book import Book
from lockroutine.decide import Command, answer, permit
from lockroutine.errors import InvalidForm, NotFound, Problem
from lockroutine.facts import identifier
from lockroutine.model import (
    Actor,
    Awaited,
    Case,
    Effect,
    Event,
    Language,
    Option,
    Page,
    Query,
    Verification,
    WaitingCase,
    WorkItem,
)
from lockroutine.routine import Step
from lockroutine.stores import CaseFilter, Cases, Reading
from lockroutine.stores.base import PAGE, DamagedEvent, Position, due_key
from lockroutine.verify import problems_with
from lockroutine.worklist import items

__all__ = [
    "all_cases",
    "cases",
    "effects",
    "histories",
    "history",
    "history_page",
    "in_scope",
    "look",
    "met",
    "options",
    "shown",
    "verification",
    "worklist",
]


_TIME_DIGITS = 11  # of a case's id: when it was opened
_A_FEW = 10
_HALVINGS = 50  # from any span of time down to that in which cases were opened


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
    return actor is None or book[case.routine].in_scope(actor_of(actor), case, actor.roles)


def met(book: Book, reading: Cases, case_id: str, actor: Actor | None = None) -> Case:
    """The case of that id; for somebody from outside, only if it is a job of theirs.

    Raises:
        NotFound: There is none.
    """
    case = reading.case(identifier(case_id, "case_id"))
    if case is not None:
        book.meet(reading, case)
        hidden = actor is not None and book[case.routine].is_outsider(actor_of(actor))
        if not hidden or in_scope(book, case, actor):
            return case
    raise NotFound("case", case_id)


def cases(
    book: Book,
    reading: Cases,
    wanted: CaseFilter,
    actor: Actor | None,
    after: str,
    limit: int,
) -> Page[Case]:
    """A page of cases, each with what an actor may see of it.

    Those that they may not see are passed over, and no cursor names one.
    """
    if actor is not None and wanted.units is not None:
        jobs = frozenset[tuple[str, str, str]]().union(*(k.jobs_of(actor) for k in book.values()))
        wanted = attrs.evolve(wanted, jobs=jobs)
    found: list[Case] = []
    while len(found) <= limit:
        read = reading.cases(wanted, after, limit + 1)
        seen = (case for case in read if in_scope(book, book.meet(reading, case), actor))
        found += (shown(book, case, actor) for case in seen)
        if len(read) <= limit:
            break
        after = read[-1].id
    return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else "")


def shown(book: Book, case: Case, actor: Actor | None) -> Case:
    """A case with what an actor may see of it.

    Raises:
        NotFound: They may not see it at all.
    """
    if not in_scope(book, case, actor):
        raise NotFound("case", case.id)
    return case if actor is None else book[case.routine].seen_by(case, actor)


def history(book: Book, reading: Reading, case_id: str, actor: Actor | None) -> tuple[Event, ...]:
    """The events of a case, each with what an actor may see of it.

    Raises:
        NotFound: There is no such case, or none that they may see.
    """
    case = shown(book, met(book, reading, case_id, actor), actor)
    return tuple(_seen(book, case, reading.history(case_id), actor))


def history_page(
    book: Book, reading: Reading, case_id: str, actor: Actor | None, after: int, limit: int
) -> Page[Event]:
    """A page of the same, from behind its event number ``after``. Raises like `history`."""
    case = shown(book, met(book, reading, case_id, actor), actor)
    read = reading.history_page(case_id, after, limit + 1)
    found = tuple(_seen(book, case, read[:limit], actor))
    return Page(found, str(found[-1].version) if len(read) > limit else "")


def _seen(book: Book, case: Case, events: Iterable[Event], actor: Actor | None) -> Iterable[Event]:
    if actor is None:
        return events
    routine = book[case.routine]
    seen = routine.may_see(case.process, actor.roles)
    found = (event.only(seen) for event in events)
    if not routine.is_outsider(actor):
        return found
    # What drove a step is a case of somebody else's.
    return (attrs.evolve(event, cause="") for event in found)


def effects(
    reading: Reading, case_id: str | None, state: str | None, after: str, limit: int
) -> Page[Effect]:
    """A page of effects, from behind the one with that key.

    Raises:
        InvalidForm: There is none with that key.
    """
    if after and reading.effect(after) is None:
        raise not_a_cursor()
    read = reading.effects(case_id, state, after, limit + 1)
    return Page(tuple(read[:limit]), read[limit - 1].key if len(read) > limit else "")


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
    reading: Cases,
    actor: Actor,
    position: Position | None,
    limit: int,
    now: dt.datetime,
) -> Page[WorkItem]:
    """A page of what waits for an actor, from behind a position."""
    found: list[WorkItem] = []
    while True:
        cases = _waiting(book, reading, actor, position, limit + 1, now)
        for listed in cases[:limit]:
            case = listed if _fits_its_rules(book, listed) else _by_itself(book, listed)
            routine = book[case.routine]
            roles = routine.roles_in(actor, case)
            found += items(routine, case.seen(by=partial(routine.seen_by, actor=actor)), roles, now)
            if len(found) >= limit:
                return Page(tuple(found), cursor_of((due_key(listed), listed.id)))
        if len(cases) <= limit:
            return Page(tuple(found))
        position = (due_key(cases[limit - 1]), cases[limit - 1].id)


def _fits_its_rules(book: Book, case: WaitingCase) -> bool:
    routine = book.known(case.routine)
    process = routine.processes.get(case.process) if routine else None
    state = process.rules.states.get(case.state) if process else None
    return state is not None and state.duties.keys() >= set(case.owed)


def _by_itself(book: Book, listed: WaitingCase) -> WaitingCase:
    """What waits, by the case itself: what stands beside it is damaged, as `verify` says."""
    case = listed.whole
    return WaitingCase.of(case, book[case.routine].process(case.process).owed(case))


def _waiting(
    book: Book,
    reading: Cases,
    actor: Actor,
    position: Position | None,
    limit: int,
    now: dt.datetime,
) -> list[WaitingCase]:
    """The cases that wait for an actor, by the states of every routine of the store."""
    while True:
        known = tuple(book)
        states = _awaited(book, actor, now)
        beyond = any(k.works_for_all(actor.roles) or k.jobs_of(actor) for k in book.values())
        units = None if beyond else actor.units
        found = reading.waiting(states, units, known, position, limit)
        if found:
            return found
        book.load(reading)  # nothing waits, or there are further routines
        if len(book) == len(known):
            return found


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


def verification(
    book: Book, reading: Reading, sample: tuple[int, dt.datetime] | None = None
) -> Verification:
    """Whether every event and case of the store is as it was recorded.

    Args:
        book: The routines.
        reading: The store.
        sample: About how many cases to look at, of those opened until when; None for everything.
    """
    book.load(reading)
    problems: list[Problem] = []
    cases = events = 0
    chosen = _some_cases(reading, *sample) if sample else all_cases(reading)
    for some in _together(chosen):
        filed = reading.filed([case.id for case in some])
        for case, history in _read(reading, some):
            cases += 1
            if isinstance(history, DamagedEvent):
                problems.append(Problem(history.event, "the event is not as it was recorded"))
                events += case.version
            else:
                problems += problems_with(book.__getitem__, case, history, filed.get(case.id))
                events += len(history)
    strays = 0 if sample else reading.event_count() - events
    if strays > 0:
        problems.append(Problem("events", f"{strays} belong to no case that is there"))
    return Verification(cases=cases, events=events, problems=tuple(problems))


def histories(reading: Reading) -> Iterator[tuple[Case, tuple[Event, ...]]]:
    """Every case of the store with its events; never those of many cases in memory at a time.

    Raises:
        DamagedEvent: One of them is not as it was written.
    """
    for some in _together(all_cases(reading)):
        for case, history in _read(reading, some):
            if isinstance(history, DamagedEvent):
                raise history
            yield case, history


def _together(cases: Iterable[Case]) -> Iterator[list[Case]]:
    """As many cases at a time as have a page of events together, or one that has more."""
    some, events = list[Case](), 0
    for case in cases:
        if some and events + case.version > PAGE:
            yield some
            some, events = [], 0
        some.append(case)
        events += case.version
    if some:
        yield some


def _read(
    reading: Reading, cases: Sequence[Case]
) -> Iterator[tuple[Case, tuple[Event, ...] | DamagedEvent]]:
    """Cases with their events, or with the first that is damaged."""
    try:
        found = reading.histories([case.id for case in cases])
    except DamagedEvent as damaged:
        if len(cases) == 1:
            yield cases[0], damaged
            return
        for case in cases:  # which of them it is
            yield from _read(reading, [case])
    else:
        for case in cases:
            yield case, found[case.id]


def _some_cases(reading: Reading, number: int, until: dt.datetime) -> Iterator[Case]:
    """About so many cases, from places chosen at random, a few from each.

    Ids begin with the time of opening, in hexadecimal, so a place is a time.
    """
    first = reading.cases(CaseFilter(), "", 1)
    beginning = int(first[0].id[:_TIME_DIGITS], 16) if first else 0
    end = max(beginning, int(until.timestamp() * 1000))
    seen: set[str] = set()
    place = beginning
    for _ in range(number + _HALVINGS):
        found = reading.cases(CaseFilter(), f"{place:0{_TIME_DIGITS}x}", _A_FEW)
        for case in found:
            if case.id not in seen and len(seen) < number:
                seen.add(case.id)
                yield case
        if len(seen) == number:
            return
        end = end if found else max(beginning, place - 1)  # nothing was opened that late
        place = random.randint(beginning, end)
