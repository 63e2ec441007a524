"""Whether what a pack says must always or never be so is so: of real cases, at a real time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from lockroutine import Actor, Case, Event, Routine
from lockroutine.decide.moment import Moment
from lockroutine.facts import Facts
from lockroutine.model import Query
from lockroutine.routine import Step
from lockroutine.rules.invariants import Invariant
from lockroutine.rules.scene import Scene, Unjudged


def broken(routine: Routine, cases: Iterable[Case], at: dt.datetime) -> Iterator[str]:
    """The invariants on states that do not hold, with the case that they do not hold of."""
    there = tuple(cases)
    for path, invariant in routine.pack.invariants():
        for case in there if not invariant.step else ():
            meant = case.process == invariant.process and case.state in invariant.states
            if meant and not _holds(path, invariant, _scene(routine, case, at), there):
                yield f"{path}: {case.process} {case.subject}"


def broken_by(routine: Routine, events: Iterable[Event], before: Iterable[Case]) -> Iterator[str]:
    """The invariants on steps that some events did not keep to, told by the cases before them."""
    there = tuple(before)
    of = {case.id: case for case in there}
    for event in events:
        for path, invariant in routine.pack.invariants():
            if invariant.step == f"{event.process}.{event.transition}":
                blank = routine.blank(event.process, event.case_id, event.subject, event.unit)
                case = of.get(event.case_id, blank)
                scene = _scene(routine, case, event.happened_at, event)
                if not _holds(path, invariant, scene, there):
                    yield f"{path}: {event.process} {event.subject}"


def _scene(routine: Routine, case: Case, at: dt.datetime, event: Event | None = None) -> Scene:
    first = next(iter(routine.process(case.process).rules.transitions))
    return Moment(
        routine=routine,
        step=Step(case.process, event.transition if event else first),
        case=case,
        form=(event.form, event.personal or Facts()) if event else None,
        actor=Actor(event.actor, roles=event.roles) if event else Actor("nobody"),
        at=at,
    ).scene()


def _holds(path: str, invariant: Invariant, scene: Scene, cases: tuple[Case, ...]) -> bool:
    never = path.startswith("never.")
    held: list[bool] = []
    for guard in invariant.guards.values():
        if not scene.applies(guard.when):
            held.append(not never)
            continue
        try:
            found = tuple(_found(query, cases) for query in guard.needs(scene))
            held.append(guard.judge(scene, found) is None)
        except Unjudged:
            held.append(False)
    return all(held) is not never


def _found(query: Query, cases: tuple[Case, ...]) -> tuple[Case, ...]:
    mine = (case for case in cases if case.process == query.process)
    return tuple(case for case in mine if case.value(query.field) == query.value)
