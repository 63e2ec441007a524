"""Whether every event is as it was recorded, and every case as its events say, and to be found.

Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

import attrs

from lockroutine.decide import evolve, open_key
from lockroutine.errors import Problem
from lockroutine.model import Case, Event, Filed
from lockroutine.routine import Routine, Step

__all__ = ["problems_with", "replay", "until"]


def replay(routine_of: Callable[[str], Routine], events: Sequence[Event]) -> Case:
    """The case that these events make, from its first on."""
    *_, case = _replayed(routine_of, events)
    return case


def _replayed(routine_of: Callable[[str], Routine], events: Sequence[Event]) -> Iterator[Case]:
    """The case after each of its events."""
    first = events[0]
    case = routine_of(first.routine).blank(first.process, first.case_id, first.subject, first.unit)
    for event in events:
        case = evolve(routine_of(event.routine), case, event)
        yield case


def until(
    routine_of: Callable[[str], Routine], events: Sequence[Event], at: dt.datetime
) -> list[Event]:
    """The events of a case that had happened by a time.

    One that only brought the case under other rules says nothing of what happened, and counts
    with those before it.
    """
    found: list[Event] = []
    for event in events:
        if event.moved_from or event.happened_at <= at:
            found.append(event)
        elif not _only_tells(routine_of(event.routine), event):
            break
    return found


def _only_tells(routine: Routine, event: Event) -> bool:
    """Whether it changed nothing: what happened before it may have been entered later."""
    return routine.transition(Step(event.process, event.transition)).only_tells


def problems_with(
    routine_of: Callable[[str], Routine],
    case: Case,
    events: Sequence[Event],
    filed: Filed | None = None,
) -> list[Problem]:
    """What is wrong with a stored case, its stored events, and by what it is found."""
    found: list[Problem] = []
    previous = ""
    for number, event in enumerate(events, start=1):
        where = f"{case.id}/{event.version}"
        if event.version != number:
            found.append(Problem(where, f"event {number} of the case is missing"))
            return found
        if event.case_id != case.id:
            found.append(Problem(where, "the event belongs to another case"))
        elif not event.is_whole():
            found.append(Problem(where, "the event is not as it was recorded"))
        elif event.previous != previous:
            found.append(Problem(where, "the event before it is not the one it was recorded after"))
        previous = event.hash
    if found:
        return found
    if len(events) != case.version or previous != case.head:
        message = f"the case knows of {case.version} events, there are {len(events)}"
        return [Problem(case.id, message)]
    made = list(_replayed(routine_of, events))
    if made[-1] != case:
        return [Problem(case.id, "the case is not what its events make of it")]
    names = _misfiled(_filed(routine_of, made), filed) if filed else ()
    if names:
        message = f"lists and rules may miss the case: it is filed under another {', '.join(names)}"
        return [Problem(case.id, message)]
    return []


def _filed(routine_of: Callable[[str], Routine], cases: Sequence[Case]) -> Filed:
    """By what a case is to be found, by how it was after each of its events."""
    case = cases[-1]
    process = routine_of(case.routine).process(case.process)
    found_by = {
        (name, value)
        for one in cases
        for name in routine_of(one.routine).process(one.process).rules.find_by
        if isinstance(value := one.value(name), str)
    }
    return Filed.of(
        case,
        waits=process.waits(case),
        owed=process.owed(case),
        open_key=open_key(process, case),
        found_by=found_by,
    )


def _misfiled(wanted: Filed, filed: Filed) -> tuple[str, ...]:
    names = (one.name for one in attrs.fields(Filed))
    return tuple(name for name in names if getattr(wanted, name) != getattr(filed, name))
