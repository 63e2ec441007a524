"""The moves of a world in small numbers: variables, their values, what each move needs and sets."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

import attrs
from attrs import frozen

from lockroutine.facts import Value
from lockroutine.proving.cubes import Items, laid_together
from lockroutine.proving.moves import Move, Moves
from lockroutine.proving.paths import STATE, Known, Var, state_of
from lockroutine.proving.world import World
from lockroutine.routine import Step

__all__ = ["Cube", "Row", "Table", "table_of"]

K = TypeVar("K", bound=Hashable)
Cube = Mapping[int, frozenset[int]]
"""Worlds: for some variables, what they may be. The others may be anything."""


@frozen(eq=False)
class Row:
    """A move.

    Args:
        needs: The worlds in which it can be made.
        sets: What variables are afterwards.
        move: The move.
    """

    needs: Cube
    sets: Mapping[int, int]
    move: Move


@frozen(eq=False)
class Table:
    """The moves of a world in small numbers.

    Args:
        world: The world.
        found: What can happen in it.
        vars: The variables that make a difference.
        number: The number of each; two that are always written alike have one.
        values: The values of each, by their numbers; those that no rule tells apart together.
        rows: The moves.
    """

    world: World
    found: Moves
    vars: tuple[Var, ...]
    number: Mapping[Var, int]
    values: Mapping[Var, tuple[frozenset[Value], ...]]
    rows: tuple[Row, ...]

    def cube(self, known: Known) -> Cube:
        """The worlds in which values are known to be so."""
        cube: dict[int, frozenset[int]] = {}
        for var, needed in known.items():
            at = self.number.get(var)
            if at is None or _is_implied(self.found, known, var):
                continue
            some = enumerate(self.values[var])
            fit = frozenset(n for n, values in some if not values.isdisjoint(needed))
            if len(fit) < len(self.values[var]):
                cube[at] = cube.get(at, fit) & fit
        return cube

    @cached_property
    def of_step(self) -> Mapping[Step, tuple[Row, ...]]:
        """The moves that each step makes itself."""
        return _grouped((row.move.attempt.step, row) for row in self.rows)

    @cached_property
    def driving(self) -> Mapping[Step, tuple[Row, ...]]:
        """The moves in which each step is driven by another one."""
        return _grouped((step, row) for row in self.rows for step in set(row.move.made[1:]))

    @cached_property
    def of_slot(self) -> Mapping[int, tuple[Row, ...]]:
        """The moves made on the case of each slot."""
        return _grouped((row.move.attempt.slot, row) for row in self.rows)

    @cached_property
    def _near(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for number, row in enumerate(self.rows):
            for name in self._touched(row):
                found.setdefault(name, []).append(number)
        return found

    def near(self, processes: Iterable[str]) -> tuple[Row, ...]:
        """The moves that have to do with one of some processes, in their order."""
        numbers = {number for name in processes for number in self._near.get(name, ())}
        return tuple(self.rows[number] for number in sorted(numbers))

    def _touched(self, row: Row) -> set[str]:
        slots = {self.vars[var].slot for var in (*row.needs, *row.sets)}
        return {self.world.slots[slot].process for slot in (*slots, row.move.attempt.slot)}

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many values each variable has."""
        return tuple(len(self.values[var]) for var in self.vars)


def _grouped(pairs: Iterable[tuple[K, Row]]) -> Mapping[K, tuple[Row, ...]]:
    found: dict[K, list[Row]] = {}
    for key, row in pairs:
        found.setdefault(key, []).append(row)
    return {key: tuple(rows) for key, rows in found.items()}


def table_of(world: World, found: Moves) -> Table:
    """The moves of a world in small numbers."""
    knowns = [move.before for move in found.moves]
    knowns += [refusal.before for refusal in found.refusals]
    knowns += [broken.before for broken in found.broken]
    asked = {var for known in knowns for var in known if var.kind != STATE}
    states = [state_of(slot) for slot in range(len(world.slots))]
    kept = [var for var in asked if not _goes_with_state(world, found, var)]
    vars_ = tuple(sorted([*states, *kept], key=lambda var: (var.slot, var.kind != STATE, var)))
    needed = _needed(found, {var: n for n, var in enumerate(vars_)})
    every = {var: _values(found, var, needed.get(var, ())) for var in vars_}
    vars_ = tuple(var for var in vars_ if var.kind == STATE or len(every[var]) > 1)
    twin = _twins(found, vars_, every)
    vars_ = tuple(var for var in vars_ if twin[var] == var)
    place = {var: n for n, var in enumerate(vars_)}
    number = {var: place[one] for var, one in twin.items()}
    values = {var: every[var] for var in twin}
    made = Table(world, found, vars_, number, values, ())
    slots = _by_slot(twin)
    rows: list[Row] = []
    for move in found.moves:
        needs = made.cube(move.before)
        written = {number[var]: value for var, value in _written(slots, values, move)}
        sets = {var: n for var, n in written.items() if needs.get(var) != frozenset({n})}
        rows.append(Row(needs, sets, move))
    return attrs.evolve(made, rows=tuple(rows))


def _twins(
    found: Moves, vars_: Iterable[Var], values: Mapping[Var, tuple[frozenset[Value], ...]]
) -> dict[Var, Var]:
    """For each variable the first one that is always written together with it, and alike."""
    written: dict[Var, list[tuple[int, int]]] = {var: [] for var in vars_}
    slots = _by_slot(written)
    for row, move in enumerate(found.moves):
        for var, value in _written(slots, values, move):
            written[var].append((row, value))
    first: dict[object, Var] = {}
    return {
        var: first.setdefault((var.slot, tuple(sets)) if var.kind != STATE else var, var)
        for var, sets in written.items()
    }


def _by_slot(vars_: Iterable[Var]) -> Mapping[int, Sequence[Var]]:
    found: dict[int, list[Var]] = {}
    for var in vars_:
        found.setdefault(var.slot, []).append(var)
    return found


def _goes_with_state(world: World, found: Moves, var: Var) -> bool:
    """Whether a value is known as soon as the state is."""
    states = found.learned.states(var.slot)
    return all(len(found.learned.values(var, state)) == 1 for state in states)


def _needed(found: Moves, number: Mapping[Var, int]) -> dict[Var, set[frozenset[Value]]]:
    """What variables need to be for something to be possible, as far as that is told apart."""
    vars_ = tuple(number)
    alike: dict[object, list[Items[Value]]] = {}
    kinds: list[tuple[object, Known]] = [(one.path, one.before) for one in found.broken]
    for move in found.moves:
        written = frozenset(move.writes.items())
        what = (move.attempt.step, move.attempt.role, move.made, move.breaks, written)
        kinds.append((what, move.before))
    for kind, before in kinds:
        known = (
            (number[var], frozenset(some))
            for var, some in before.items()
            if var in number and not _is_implied(found, before, var)
        )
        alike.setdefault(kind, []).append(tuple(sorted(known, key=lambda item: item[0])))
    needed: dict[Var, set[frozenset[Value]]] = {}
    for cubes in alike.values():
        for cube in laid_together(cubes):
            for var, some in cube:
                needed.setdefault(vars_[var], set()).add(some)
    return needed


def _values(
    found: Moves, var: Var, needed: Collection[frozenset[Value]]
) -> tuple[frozenset[Value], ...]:
    every = found.learned.every(var)
    if var.kind == STATE:
        return tuple(frozenset({value}) for value in every)
    together: dict[frozenset[frozenset[Value]], set[Value]] = {}
    for value in every:
        kind = frozenset(need for need in needed if value in need)
        together.setdefault(kind, set()).add(value)
    return tuple(frozenset(values) for values in together.values())


def _is_implied(found: Moves, known: Known, var: Var) -> bool:
    """Whether what is known of a value goes without saying in the states that are known."""
    if var.kind == STATE:
        return False
    states = known.get(state_of(var.slot)) or found.learned.states(var.slot)
    return all(found.learned.values(var, state).issubset(known[var]) for state in states)


def _written(
    vars_: Mapping[int, Sequence[Var]],
    values: Mapping[Var, tuple[frozenset[Value], ...]],
    move: Move,
) -> Iterator[tuple[Var, int]]:
    """What a move makes of these variables, in numbers."""
    for slot in {var.slot for var in move.writes} | move.resets:
        for var in vars_.get(slot, ()):
            if var in move.writes or slot in move.resets:
                written = move.writes.get(var, var.nothing)
                yield var, next(n for n, some in enumerate(values[var]) if written in some)
