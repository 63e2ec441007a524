"""Which processes to look at: few at first, then more of those that have to do with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from functools import cached_property

from lockroutine.proving.paths import state_of
from lockroutine.proving.plans import Plans
from lockroutine.proving.table import Cube, Row, Table
from lockroutine.proving.view import View
from lockroutine.routine import Step

__all__ = ["Views"]

ALL = 4_000_000
"""So many nodes may all views of a world have."""

KEPT = 32
"""So many views are kept, in case that they are asked for again."""


class Views:
    """The views of a world that were needed so far.

    Args:
        table: The moves.
        most: How many nodes a view may have.
    """

    def __init__(self, table: Table, most: int) -> None:
        self.table = table
        self._most = most
        self._left = ALL
        self._asked: dict[tuple[frozenset[str], frozenset[int]], View] = {}
        self._made: dict[tuple[frozenset[str], frozenset[int]], View] = {}

    @cached_property
    def plans(self) -> Plans:
        """What it takes to come somewhere."""
        return Plans(self.table)

    def of(self, processes: Iterable[str], wanted: Iterable[int]) -> View:
        """The view of some processes.

        Args:
            processes: The processes.
            wanted: The variables that are asked about, beside states.
        """
        names = frozenset(processes)
        asked = names, frozenset(var for var in wanted if self.process(var) in names)
        found = self._asked.pop(asked, None)
        if found is None:
            made = sum(view.size for view in self._made.values())
            view = View(self.table, *asked, min(self._most, self._left - made))
            # What is asked about may come to the same.
            found = self._made.setdefault((names, view.vars), view)
        self._asked[asked] = found  # the last one asked for
        while len(self._made) > KEPT:
            self._forget(next(iter(self._asked.values())))
        return found

    def _forget(self, view: View) -> None:
        """Keep a view no longer; what it took is spent."""
        self._left -= view.size
        del self._made[view.processes, view.vars]
        self._asked = {asked: one for asked, one in self._asked.items() if one is not view}

    def growing(
        self, start: Iterable[str], wanted: Iterable[int], last: Collection[str] = ()
    ) -> Iterator[View]:
        """Views of some processes, each of one more, until none is left that matters to them.

        Args:
            start: The processes to begin with.
            wanted: The variables that are asked about.
            last: The processes that come after all others.
        """
        asked, here = tuple(wanted), set(start)
        while True:
            yield self.of(here, asked)
            shared: dict[str, set[Step]] = {}
            for one in here:
                for other, steps in self._together.get(one, {}).items():
                    if other not in here:
                        shared[other] = shared.get(other, set()) | steps
            if not shared:
                return
            weights = {name: self._weight(here, name, steps) for name, steps in shared.items()}
            here.add(max(shared, key=lambda name: (name not in last, weights[name], name)))

    def process(self, var: int) -> str:
        """The process that a variable belongs to."""
        return self.table.world.slots[self.table.vars[var].slot].process

    def processes(self, cubes: Iterable[Cube]) -> frozenset[str]:
        """The processes that some cubes speak of."""
        return frozenset(self.process(var) for cube in cubes for var in cube)

    def over(self, view: View, processes: Iterable[str]) -> int:
        """The worlds in which no case of these processes is open."""
        table, found = self.table, dict[int, frozenset[int]]()
        for process in processes:
            for slot in table.world.of[process]:
                var, free = state_of(slot), {None, *table.world.slots[slot].ends}
                values = enumerate(table.values[var])
                found[table.number[var]] = frozenset(n for n, some in values if some <= free)
        return view.worlds(found)

    # -- what has to do with what --------------------------------------------------------------

    @cached_property
    def needs(self) -> Set[tuple[Step, str]]:
        """The steps that are never made without a case of another process, with that."""
        rows: dict[Step, list[frozenset[str]]] = {}
        for row in self.table.rows:
            rows.setdefault(row.move.attempt.step, []).append(self.plans.taking_part(row))
        return {
            (step, name)
            for step, names in rows.items()
            for name in frozenset.intersection(*names) - {step.process}
        }

    def drive(self, process: str) -> set[str]:
        """The other processes whose steps change the cases of one."""
        return {step.process for step, changed in self._changed.items() if process in changed} - {
            process
        }

    @cached_property
    def _together(self) -> Mapping[str, Mapping[str, set[Step]]]:
        """For each process, the others with the steps that have to do with both."""
        found: dict[str, dict[str, set[Step]]] = {}
        for row in self.table.rows:
            touched = self._touched(row)
            for one in touched:
                for other in touched - {one}:
                    found.setdefault(one, {}).setdefault(other, set()).add(row.move.attempt.step)
        return found

    @cached_property
    def _changed(self) -> Mapping[Step, set[str]]:
        """The processes whose cases a step changes."""
        found: dict[Step, set[str]] = {}
        for row in self.table.rows:
            changed = found.setdefault(row.move.attempt.step, set())
            changed |= {self.process(var) for var in row.sets}
        return found

    def _touched(self, row: Row) -> set[str]:
        return {self.process(var) for var in (*row.needs, *row.sets)}

    def _weight(self, here: Set[str], other: str, steps: Set[Step]) -> tuple[int, int, int]:
        """How much another process matters to some.

        First, if their own steps need its cases; then, if its steps change theirs.
        """
        needed = sum((step, other) in self.needs for step in steps if step.process in here)
        changes = sum(
            step.process == other and not here.isdisjoint(self._changed[step]) for step in steps
        )
        return needed, changes, len(steps)
