"""Which processes it takes to come to a world: found as if nothing that once held were ever lost.

What cannot be reached even so is never reached. Otherwise the plan names the processes whose
cases are worth looking at.
"""

from __future__ import annotations

from collections.abc import Iterable

from lockroutine.proving.table import Cube, Row, Table

__all__ = ["Plans"]

Fact = tuple[int, int]  # a variable and its value


class Plans:
    """The cheapest way to each value of each variable, if nothing were ever lost.

    Args:
        table: The moves.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._cost: dict[Fact, int] = {(var, 0): 0 for var in range(len(table.vars))}
        self._by: dict[Fact, Row] = {}
        again = True
        while again:
            again = False
            for row in table.rows:
                cost = self.cost(row.needs)
                if cost is None:
                    continue
                for fact in row.sets.items():
                    known = self._cost.get(fact)
                    if known is None or cost + 1 < known:
                        self._cost[fact] = cost + 1
                        self._by[fact] = row
                        again = True

    def cost(self, cube: Cube) -> int | None:
        """How many moves it takes to come to a cube, counted high; None if nobody ever does."""
        total = 0
        for var, some in cube.items():
            best = self._best(var, some)
            if best is None:
                return None
            total += self._cost[best]
        return total

    def processes(self, cube: Cube) -> frozenset[str]:
        """The processes that it takes to come to a cube.

        Raises:
            KeyError: Nobody ever comes there.
        """
        slots, vars_ = self._table.world.slots, self._table.vars
        found = {slots[vars_[var].slot].process for var, some in cube.items() if 0 not in some}
        seen: set[Row] = set()
        ahead = [cube]
        for here in ahead:
            for var, some in here.items():
                best = self._best(var, some)
                row = None if best is None else self._by.get(best)
                if row is not None and row not in seen:
                    seen.add(row)
                    ahead.append(row.needs)
                    found |= self.taking_part(row)
        return frozenset(found)

    def taking_part(self, row: Row) -> set[str]:
        """The processes whose cases a move needs or makes."""
        slots, vars_ = self._table.world.slots, self._table.vars
        there = [var for var, some in row.needs.items() if 0 not in some]
        there += [var for var, value in row.sets.items() if value]
        names = {slots[vars_[var].slot].process for var in there}
        return names | {slots[row.move.attempt.slot].process}

    def _best(self, var: int, some: Iterable[int]) -> Fact | None:
        there = [(var, value) for value in some if (var, value) in self._cost]
        return min(there, key=lambda fact: (self._cost[fact], fact), default=None)
