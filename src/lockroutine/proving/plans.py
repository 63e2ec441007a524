"""Which processes it takes to come to a world: found as if nothing that once held were ever lost.

What cannot be reached even so is never reached. Otherwise the plan names the processes whose
cases are worth looking at.
"""

from __future__ import annotations

from functools import cache

from attrs import frozen

from lockroutine.proving.table import Cube, Row, Table

__all__ = ["Plan", "Plans"]


@frozen
class Plan:
    """A way to come somewhere, if nothing were ever lost.

    Args:
        processes: The processes whose cases it takes.
        moves: How many moves, counted high.
    """

    processes: frozenset[str] = frozenset()
    moves: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """What plans are compared by."""
        return len(self.processes), self.moves


class Plans:
    """The smallest plan for each value of each variable.

    Args:
        table: The moves.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._taking_part = cache(self._names)
        self._best: dict[tuple[int, int], Plan] = {(n, 0): Plan() for n in range(len(table.vars))}
        again = True
        while again:
            again = False
            for row in table.rows:
                plan = self.of(row.needs)
                if plan is None:
                    continue
                made = Plan(plan.processes | self.taking_part(row), plan.moves + 1)
                for fact in row.sets.items():
                    known = self._best.get(fact)
                    if known is None or made.size < known.size:
                        self._best[fact] = made
                        again = True

    def of(self, cube: Cube) -> Plan | None:
        """What it takes to come to a cube; None if nobody ever does."""
        processes: frozenset[str] = frozenset()
        moves = 0
        for var, some in cube.items():
            there = [self._best[var, n] for n in some if (var, n) in self._best]
            if not there:
                return None
            best = min(there, key=lambda plan: plan.size)
            processes |= best.processes
            moves += best.moves
        return Plan(processes, moves)

    def taking_part(self, row: Row) -> frozenset[str]:
        """The processes whose cases a move needs or makes."""
        return self._taking_part(row)

    def _names(self, row: Row) -> frozenset[str]:
        slots, vars_ = self._table.world.slots, self._table.vars
        there = [var for var, some in row.needs.items() if 0 not in some]
        there += [var for var, value in row.sets.items() if value]
        names = {slots[vars_[var].slot].process for var in there}
        return frozenset({*names, slots[row.move.attempt.slot].process})
