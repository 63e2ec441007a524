"""A world seen through some of its processes only, and what can be told of it all the same.

Three kinds of steps are told apart. Those that *may* be possible, whatever the other processes do:
where these do not lead, nothing leads. Those that *must* be, as they need nothing that is not seen:
where these lead, one can really go, whatever the others have done. And those of a *quiet* world,
in which the other processes have no cases at all: a part of what can really happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property

from attrs import frozen

from lockroutine.proving.cubes import Items, covers, laid_together
from lockroutine.proving.diagrams import Diagrams, Event, Reach
from lockroutine.proving.ordering import ordered
from lockroutine.proving.paths import STATE
from lockroutine.proving.table import Cube, Row, Table

__all__ = ["Seen", "View"]

Pair = tuple[int, int]
_KINDS = {STATE: 0, "fact": 1, "done": 2}


@frozen(eq=False)
class Seen:
    """Moves that look alike through a view.

    Args:
        needs: What they need of what is seen.
        sets: What they make of it.
        rows: The moves.
        must: Whether one of them is possible wherever what is seen is so.
    """

    needs: Cube
    sets: Mapping[int, int]
    rows: tuple[Row, ...]
    must: bool


class View:
    """A world seen through some of its processes.

    Args:
        table: The moves.
        processes: The processes that are seen.
        wanted: The variables of theirs that are asked about, beside their states. Others are seen
            as far as these depend on them.
        most: How many nodes may be made.

    Raises:
        TooLarge: From everything that it is asked: there are too many nodes.
    """

    def __init__(
        self, table: Table, processes: Iterable[str], wanted: Iterable[int], most: int
    ) -> None:
        self.table = table
        self.processes: frozenset[str] = frozenset(processes)
        slots = table.world.slots
        there = frozenset(
            n for n, var in enumerate(table.vars) if slots[var.slot].process in self.processes
        )
        self._near = table.near(self.processes)
        self._rows = [row for row in self._near if not there.isdisjoint(row.sets)]
        asked = {n for n in there if table.vars[n].kind == STATE} | there.intersection(wanted)
        self.vars: frozenset[int] = frozenset(_depended_on(self._rows, there, asked))
        self._order = _ordered(table, self.vars, self._near)
        self._level = {var: level for level, var in enumerate(self._order)}
        self.diagrams: Diagrams = Diagrams([table.sizes[var] for var in self._order], most)

    @property
    def size(self) -> int:
        """How many nodes it has."""
        return len(self.diagrams.nodes)

    @property
    def names(self) -> tuple[str, ...]:
        """The processes that are seen, in the order of their names."""
        return tuple(sorted(self.processes))

    # -- worlds --------------------------------------------------------------------------------

    def levels(self, cube: Cube) -> dict[int, frozenset[int]]:
        """A cube by levels, as far as it is seen."""
        return {self._level[var]: some for var, some in cube.items() if var in self.vars}

    def worlds(self, cube: Cube) -> int:
        """The worlds of a cube, as far as it is seen."""
        return self.diagrams.cube(self.levels(cube))

    def value(self, world: Sequence[int], var: int) -> int:
        """What a variable is in a world."""
        return world[self._level[var]]

    @cached_property
    def start(self) -> int:
        """The world in which there is no case."""
        return self.diagrams.cube(dict.fromkeys(range(len(self._order)), (0,)))

    @cached_property
    def may(self) -> int:
        """The worlds that can be come to, and perhaps more."""
        return Reach(self.diagrams, self._events(self.seen)).from_(self.start)

    @cached_property
    def quiet(self) -> int:
        """Worlds that can be come to while the other processes have no cases."""
        return Reach(self.diagrams, self._events(self.alone)).from_(self.start)

    def may_reach(self, worlds: int) -> int:
        """The worlds from which these can be reached, and perhaps more."""
        return self._backwards(self.seen).from_(worlds)

    def must_reach(self, worlds: int, still: Set[str] = frozenset()) -> int:
        """Worlds from which these can be reached, and perhaps not all.

        Args:
            worlds: Those to be reached.
            still: Processes that have no cases then, and get none on the way.
        """
        slots = self.table.world.slots
        kept = frozenset(
            n for n, var in enumerate(self.table.vars) if slots[var.slot].process in still
        )
        certain = [one for one in self.seen if self._is_certain(one, kept)]
        return self._backwards(certain).from_(worlds)

    # -- steps ---------------------------------------------------------------------------------

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        """The moves that change what is seen, those that look alike together."""
        alike: dict[tuple[Items[int], tuple[Pair, ...]], list[tuple[Items[int], Row]]] = {}
        for row in self._rows:
            sets = tuple((var, value) for var, value in row.sets.items() if var in self.vars)
            if sets:
                needs, unseen = self._parted(row.needs)
                alike.setdefault((needs, sets), []).append((unseen, row))
        return tuple(
            Seen(
                dict(needs),
                dict(sets),
                tuple(row for _, row in rows),
                covers([unseen for unseen, _ in rows], self.table.sizes),
            )
            for (needs, sets), rows in alike.items()
        )

    @cached_property
    def alone(self) -> tuple[Seen, ...]:
        """The moves that are possible while the other processes have no cases, and give them none.

        Each by itself, also those that change nothing.
        """
        alike: dict[tuple[Items[int], tuple[Pair, ...]], list[Row]] = {}
        for row in self._near:
            if self.is_alone(row):
                needs, _ = self._parted(row.needs)
                sets = tuple((var, value) for var, value in row.sets.items() if var in self.vars)
                alike.setdefault((needs, sets), []).append(row)
        return tuple(
            Seen(dict(needs), dict(sets), tuple(rows), must=True)
            for (needs, sets), rows in alike.items()
        )

    def is_alone(self, row: Row) -> bool:
        """Whether a move is possible while others have no cases, and gives them none."""
        if self.table.world.slots[row.move.attempt.slot].process not in self.processes:
            return False
        if any(value and self._is_outside(var) for var, value in row.sets.items()):
            return False
        return self.is_quiet(row.needs)

    def is_quiet(self, cube: Cube) -> bool:
        """Whether a cube allows that the other processes have no cases."""
        unseen = (item for item in cube.items() if item[0] not in self.vars)
        return all(0 in some and self._is_outside(var) for var, some in unseen)

    def _is_outside(self, var: int) -> bool:
        """Whether a variable belongs to a process that is not seen."""
        slot = self.table.vars[var].slot
        return self.table.world.slots[slot].process not in self.processes

    def _is_certain(self, one: Seen, kept: Set[int]) -> bool:
        """Whether a move is possible wherever what is seen is so, where others have no cases."""
        if not kept:
            return one.must
        cubes: list[Items[int]] = []
        for row in one.rows:
            if kept.isdisjoint(row.sets):
                _, unseen = self._parted(row.needs)
                if all(0 in some for var, some in unseen if var in kept):
                    cubes.append(tuple(item for item in unseen if item[0] not in kept))
        return covers(cubes, self.table.sizes)

    def pairs(self, one: Seen) -> dict[int, tuple[Pair, ...]]:
        """What becomes of which value, at each level that a move touches."""
        made: dict[int, tuple[Pair, ...]] = {}
        for var in {**one.needs, **one.sets}:
            before = one.needs.get(var, range(self.table.sizes[var]))
            made[self._level[var]] = tuple((v, one.sets.get(var, v)) for v in sorted(before))
        return made

    def _parted(self, cube: Cube) -> tuple[Items[int], Items[int]]:
        items = sorted(cube.items(), key=_number)
        return (
            tuple(item for item in items if item[0] in self.vars),
            tuple(item for item in items if item[0] not in self.vars),
        )

    def _events(self, seen: Iterable[Seen]) -> list[Event]:
        """What can happen, in few events; what changes nothing is none."""
        changing = (self.pairs(one) for one in seen if one.sets)
        found = [
            tuple(sorted(((level, frozenset(some)) for level, some in pairs.items()), key=_number))
            for pairs in changing
        ]
        return [
            Event({level: tuple(sorted(pairs)) for level, pairs in items})
            for items in laid_together(found)
        ]

    def _backwards(self, seen: Iterable[Seen]) -> Reach:
        return Reach(self.diagrams, [event.reversed() for event in self._events(seen)])


def _number(item: tuple[int, object]) -> int:
    return item[0]


def _depended_on(rows: Iterable[Row], there: Set[int], asked: Set[int]) -> set[int]:
    """What is asked about, and everything there that it depends on."""
    found, ahead = set(asked), True
    while ahead:
        more = {
            var
            for row in rows
            if not found.isdisjoint(row.sets)
            for var in row.needs
            if var in there
        }
        ahead = not more <= found
        found |= more
    return found


def _ordered(table: Table, vars: Set[int], rows: Iterable[Row]) -> list[int]:
    """The variables from the top level down, beginning with those of the largest processes."""
    by_slot: dict[int, list[int]] = {}
    for var in sorted(vars):
        by_slot.setdefault(table.vars[var].slot, []).append(var)
    slots = sorted(by_slot, key=lambda slot: (-len(by_slot[slot]), slot))
    first = [
        var
        for slot in slots
        for var in sorted(by_slot[slot], key=lambda v: (_KINDS[table.vars[v].kind], v))
    ]
    return ordered(first, ([v for v in (*row.needs, *row.sets) if v in vars] for row in rows))
