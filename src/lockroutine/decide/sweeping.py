"""Whether a standing check finds a case, as it is now. Pure, and asks like any decision."""

from __future__ import annotations

import datetime as dt

from attrs import frozen

from lockroutine.decide.walk import Asking, Book, spelt
from lockroutine.model import Actor, Case, Query
from lockroutine.routine import Routine
from lockroutine.rules.guards import Guard
from lockroutine.rules.scene import Scene, Unjudged, parse_time
from lockroutine.rules.sweeps import Sweep
from lockroutine.rules.terms import DUE, SWEEP

__all__ = ["BY_SWEEP", "Found", "found_by"]

BY_SWEEP = Actor(SWEEP, roles={SWEEP})
"""Who makes the steps of what is found."""


@frozen
class Found:
    """That a sweep finds a case.

    Args:
        unjudged: What could have excused it, and could not be judged: guards, or the time.
    """

    unjudged: tuple[str, ...] = ()


def found_by(
    book: Book, routine: Routine, sweep: Sweep, case: Case, now: dt.datetime
) -> Asking[Found | None]:
    """Whether a sweep finds a case now.

    Args:
        book: The routines that cases run under.
        routine: The routine whose sweep it is.
        sweep: The sweep.
        case: The case, of whatever process and in whatever state.
        now: The time.
    """
    looked_at = case.process == sweep.process and case.state in sweep.states
    if not looked_at or not case.is_open:
        return None
    unjudged: list[str] = []
    try:
        if not _old_enough(routine, sweep, case, now):
            return None
    except Unjudged as error:
        unjudged.append(str(error))
    process = book[case.routine].process(case.process)
    scene = Scene(
        transition="",
        case=case,
        form=None,
        actor=BY_SWEEP,
        at=now,
        calendar=routine.calendar,
        parameters=routine.parameters,
        owed={name: process.transition(name).label for name in process.owed(case)},
    )
    for name, guard in sweep.unless.items():
        try:
            if (yield from _excuses(book, scene, guard)):
                return None
        except Exception:
            # What cannot be judged excuses nothing.
            unjudged.append(name)
    return Found(tuple(unjudged))


def _old_enough(routine: Routine, sweep: Sweep, case: Case, now: dt.datetime) -> bool:
    since, at = case.since, None
    assert since is not None  # it has come into its state
    if sweep.at == DUE:
        at = case.due_at
    elif sweep.at and isinstance(text := case.value(sweep.at), str):
        at = parse_time(text, sweep.at)
    since = max(since, at or since)
    return (routine.after(since, sweep.after) if sweep.after else since) <= now


def _excuses(book: Book, scene: Scene, guard: Guard) -> Asking[bool]:
    if not scene.applies(guard.when):
        return False
    found: list[tuple[Case, ...]] = []
    for query in guard.needs(scene):
        value = spelt(book, query.process, query.field, query.value)
        cases = yield Query(process=query.process, field=query.field, value=value)
        # A store also finds those that had the value once.
        found.append(tuple(case for case in cases if case.value(query.field) == value))
    return guard.judge(scene, tuple(found)) is None
