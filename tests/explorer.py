"""Every world of a small pack, one by one, as the decision makes them: slow, with no trick."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from attrs import frozen

from lockroutine import Actor, Case, LockroutineError, Routine
from lockroutine.decide import Command, Decision, answer, decide
from lockroutine.model import Query
from lockroutine.proving.paths import STATE, Var
from lockroutine.proving.samples import Samples
from lockroutine.proving.table import Table
from lockroutine.proving.world import NOW, PEOPLE, UNIT, World
from lockroutine.routine import Step
from lockroutine.rules.terms import JOINT, RESERVED

Cases: TypeAlias = Mapping[tuple[str, str], Case]
"""The last case of each process and subject."""
Key: TypeAlias = tuple[int, ...]


@frozen
class Made:
    """A step that somebody made.

    Args:
        step: The step.
        role: In which role.
        state: In which state of the case.
        driven: The steps of other cases that were made with it.
        cases: What there is after it.
    """

    step: Step
    role: str
    state: str
    driven: tuple[Step, ...]
    cases: Cases


class Explorer:
    """Goes every way from the world without cases, breadth first.

    Args:
        table: The moves of a world, by whose variables worlds are told apart.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._world: World = table.world
        self._samples = Samples(self._world.routine, self._world.bound)
        self.depth: dict[Key, int] = {}
        self.cases: dict[Key, Cases] = {}
        self.after: dict[Key, set[Key]] = {}
        self.made: set[tuple[Step, str, str]] = set()
        self._go()

    def _go(self) -> None:
        ahead: list[Cases] = [{}]
        start = self.key({})
        self.depth[start], self.cases[start] = 0, {}
        for here in ahead:
            before = self.key(here)
            self.after[before] = set()
            for one in self.steps(here):
                self.made.add((one.step, one.role, one.state))
                self.made |= {(step, JOINT, "") for step in one.driven}
                key = self.key(one.cases)
                self.after[before].add(key)
                if key not in self.depth:
                    self.depth[key], self.cases[key] = self.depth[before] + 1, one.cases
                    ahead.append(one.cases)

    def nearest(self, wrong: Callable[[Cases], bool]) -> int | None:
        """How many steps it takes to a world in which something is wrong; None if none is."""
        found = [self.depth[key] for key, cases in self.cases.items() if wrong(cases)]
        return min(found, default=None)

    def stuck(self, over: Callable[[Cases], bool]) -> set[Key]:
        """The worlds from which no way leads to one in which something is over."""
        good = {key for key, cases in self.cases.items() if over(cases)}
        while True:
            more = {key for key, after in self.after.items() if not after.isdisjoint(good)} - good
            if not more:
                return self.cases.keys() - good
            good |= more

    def steps(self, cases: Cases) -> Iterator[Made]:
        """Everything that somebody can do in a world."""
        routine = self._world.routine
        for name, process in routine.pack.process.items():
            for step_name, transition in process.transitions.items():
                step = Step(name, step_name)
                for slot in self._world.of[name]:
                    case = cases.get((name, self._world.slots[slot].subject))
                    if transition.from_ and (case is None or case.state not in transition.from_):
                        continue
                    if not transition.from_:
                        subject = self._world.slots[slot].subject
                        made = f"{len(self.depth)}-{name}"
                        case = routine.blank(name, made, subject, UNIT)
                    assert case is not None
                    for role in set(transition.by) - {*RESERVED, JOINT}:
                        for form in self._samples.forms(step, NOW, dt.timedelta()):
                            for person in PEOPLE:
                                actor = Actor(person, roles={role}, units=self._world.bound.units)
                                command = Command(
                                    transition=step_name, actor=actor, form=form, recorded_at=NOW
                                )
                                decision = decided(routine, cases, case, command)
                                if decision is not None and _has_room(cases, decision):
                                    yield _made(step, role, case.state, cases, decision)

    def key(self, cases: Cases) -> Key:
        """By what a world is told apart from others."""
        return tuple(self._number(cases, var) for var in self._table.vars)

    def _number(self, cases: Cases, var: Var) -> int:
        slot = self._world.slots[var.slot]
        case = cases.get((slot.process, slot.subject))
        value = var.nothing
        if case is not None and (case.is_open or (var.kind == STATE and case.state in slot.ends)):
            done = var.name in case.done
            value = {STATE: case.state, "fact": case.value(var.name), "done": done}[var.kind]
        found = (n for n, some in enumerate(self._table.values[var]) if value in some)
        return next(found)


def decided(routine: Routine, cases: Cases, case: Case, command: Command) -> Decision | None:
    """What comes of a command; None if it is refused."""

    def find(query: Query) -> tuple[Case, ...]:
        there = (one for one in cases.values() if one.process == query.process)
        return tuple(one for one in there if one.value(query.field) == query.value)

    try:
        return answer(decide({routine.key: routine}, case, command), find)
    except LockroutineError:
        return None


def _made(step: Step, role: str, state: str, cases: Cases, decision: Decision) -> Made:
    _, *others = decision.changes
    driven = tuple(Step(one.case.process, one.event.transition) for one in others)
    changed = {(one.case.process, one.case.subject): one.case for one in decision.changes}
    return Made(step, role, state, driven, {**cases, **changed})


def _has_room(cases: Cases, decision: Decision) -> bool:
    """Whether no second case comes beside an open one; there is one place for each."""
    for change in decision.changes:
        there = cases.get((change.case.process, change.case.subject))
        if not change.before.version and there is not None and there.is_open:
            return False
    return True
