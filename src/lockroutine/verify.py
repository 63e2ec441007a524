"""Whether every event is as it was recorded, and every case as its events say. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from lockroutine.decide import evolve
from lockroutine.errors import Problem
from lockroutine.model import Case, Event
from lockroutine.routine import Routine, Step

__all__ = ["problems_with", "replay", "until"]


def replay(routine_of: Callable[[str], Routine], events: Sequence[Event]) -> Case:
    """The case that these events make, from its first on."""
    first = events[0]
    case = routine_of(first.routine).blank(first.process, first.case_id, first.subject, first.unit)
    for event in events:
        case = evolve(routine_of(event.routine), case, event)
    return case


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
    routine_of: Callable[[str], Routine], case: Case, events: Sequence[Event]
) -> list[Problem]:
    """What is wrong with a stored case and its stored events."""
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
    if replay(routine_of, events) != case:
        return [Problem(case.id, "the case is not what its events make of it")]
    return []
