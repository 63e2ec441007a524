"""Whether what should be possible is possible: each step by each role, and what lists ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import field, frozen

from lockroutine.proving.diagrams import TooLarge
from lockroutine.proving.paths import state_of
from lockroutine.proving.proof import Outcome
from lockroutine.proving.table import Cube, Row, Table
from lockroutine.proving.view import View
from lockroutine.proving.views import Views
from lockroutine.routine import Step
from lockroutine.rules.terms import JOINT

__all__ = ["Found", "Possible", "Wanted", "steps", "waits"]


@frozen(eq=False)
class Wanted:
    """Something that should be possible.

    Args:
        step: The step; None for any.
        role: In which role.
        state: In which state of the case; empty for any.
        rows: The moves that would be it.
    """

    step: Step | None
    role: str
    state: str
    rows: tuple[Row, ...] = field(repr=False)


@frozen
class Found:
    """Whether something is possible, and through which processes that was seen."""

    outcome: Outcome
    seen: tuple[str, ...] = ()


def steps(table: Table, process: str) -> Iterator[Wanted]:
    """Each step of a process, by each role."""
    for name, transition in table.world.routine.pack.process[process].transitions.items():
        step = Step(process, name)
        for role in transition.by:
            if role == JOINT:
                rows = table.driving.get(step, ())
            else:
                mine = table.of_step.get(step, ())
                rows = tuple(row for row in mine if row.move.attempt.role == role)
            yield Wanted(step, role, "", rows)


def waits(table: Table, process: str) -> Iterator[Wanted]:
    """Whatever somebody is waited for to do, in each state of a process."""
    slot = table.world.of[process][0]
    reached = table.found.learned.states(slot)
    for name, state in table.world.routine.pack.process[process].states.items():
        if name not in reached:
            continue  # that nobody comes there is said of the steps
        here = [
            row
            for row in table.of_slot.get(slot, ())
            if name in row.move.before.get(state_of(slot), (name,))
        ]
        for role in state.waits_for:
            mine = (row for row in here if row.move.attempt.role == role)
            yield Wanted(None, role, name, tuple(mine))
        for duty, declared in state.duties.items():
            step = Step(process, duty)
            for role in declared.waits_for:
                mine = (row for row in here if row.move.attempt.role == role)
                rows = (row for row in mine if row.move.attempt.step == step)
                yield Wanted(step, role, name, tuple(rows))


class Possible:
    """Asks whether things are possible.

    Args:
        views: The views of the world.
    """

    def __init__(self, views: Views) -> None:
        self._views = views

    def of(self, wanted: Wanted) -> Found:
        """Whether something is possible."""
        plans = self._views.plans
        cubes = {row: self._cube(wanted, row) for row in wanted.rows}
        ways = {row: plan for row in cubes if (plan := plans.of(cubes[row])) is not None}
        if not ways:
            return Found("refuted")
        taken = {row: plan.processes | plans.taking_part(row) for row, plan in ways.items()}
        start = taken[min(ways, key=lambda row: (len(taken[row]), ways[row].moves))]
        asked = {var for row in ways for var in cubes[row]}
        view = self._views.of(start, asked)
        try:
            for view in self._views.growing(start, asked):
                if self._is_met(view, wanted, ways):
                    return Found("proved", view.names)
            for view in self._views.growing(start, asked):
                levels = [view.levels(cubes[row]) for row in ways]
                if not any(view.diagrams.touches(view.may, one) for one in levels):
                    return Found("refuted", view.names)
        except TooLarge:
            pass
        return Found("bounded", view.names)

    def _is_met(self, view: View, wanted: Wanted, rows: Iterable[Row]) -> bool:
        return any(
            view.diagrams.touches(view.quiet, view.levels(self._cube(wanted, row)))
            for row in rows
            if view.is_alone(row)
        )

    def _cube(self, wanted: Wanted, row: Row) -> Cube:
        if not wanted.state:
            return row.needs
        state = state_of(row.move.attempt.slot)
        return {**row.needs, **self._views.table.cube({state: (wanted.state,)})}
