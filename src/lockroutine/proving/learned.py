"""What the cases of each process can look like, as far as it is known by now.

For each state, which values each fact can have there, and whether each step can count as done:
each by itself. It grows with every move that is found, and is never too little in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from lockroutine.facts import Value
from lockroutine.proving.paths import STATE, Known, Possible, Var, state_of
from lockroutine.proving.world import World

__all__ = ["Grown", "Learned"]

Key = tuple[str, str]  # the kind and name of a variable
_ABSENT: Mapping[str, frozenset[Value]] = {"done": frozenset({False}), "fact": frozenset({None})}


class Grown(NamedTuple):
    """That cases of a process can be otherwise in a state than was known.

    Args:
        process: The process.
        kind: ``state`` if they can be in it at all; or ``fact`` or ``done``.
        name: The name of the fact or step; empty for the state.
        state: The state.
    """

    process: str
    kind: str
    name: str
    state: str


class Learned:
    """What the cases of each process can look like, by their states."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._there: dict[str, dict[str, dict[Key, frozenset[Value]]]] = {
            name: {} for name in world.routine.processes
        }

    def states(self, slot: int) -> Possible:
        """The states in which the case of a slot can be; None where there is no case."""
        place = self._world.slots[slot]
        there = self._there[place.process]
        return (None, *(state for state in place.states if state in there))

    def values(self, var: Var, state: Value) -> frozenset[Value]:
        """What a fact or a done step can be in a state."""
        there = self._there[self._world.slots[var.slot].process].get(str(state), {})
        return there.get((var.kind, var.name), _ABSENT[var.kind])

    def every(self, var: Var) -> Possible:
        """Everything that a value can be, the absence of a case first."""
        states = self.states(var.slot)
        if var.kind == STATE:
            return states
        found = frozenset[Value]().union(*(self.values(var, state) for state in states))
        return (var.nothing, *sorted(found - {var.nothing}, key=repr))

    def learn(
        self, before: Known, writes: Mapping[Var, Value], resets: Iterable[int]
    ) -> set[Grown]:
        """Take in what a move makes of the cases.

        Args:
            before: What the move needs.
            writes: What it writes.
            resets: The slots in which it leaves nothing of what was there.

        Returns:
            What can be otherwise than was known before.
        """
        grown: set[Grown] = set()
        for slot in {var.slot for var in writes}:
            state, reset = state_of(slot), slot in resets
            for old in before.get(state, self.states(slot)):
                new = writes.get(state, old)
                if new is not None:
                    written = {var: value for var, value in writes.items() if var.slot == slot}
                    left = {} if reset or old is None else self._left(slot, str(old), before)
                    grown |= self._add(slot, str(new), written, left)
        return grown

    def _left(self, slot: int, state: str, before: Known) -> dict[Key, frozenset[Value]]:
        """What is still there of a case that was in a state, if nothing is written."""
        found: dict[Key, frozenset[Value]] = {}
        for (kind, name), values in self._there[self._world.slots[slot].process][state].items():
            needed = before.get(Var(slot, kind, name))
            found[kind, name] = values if needed is None else values.intersection(needed)
        return found

    def _add(
        self,
        slot: int,
        state: str,
        written: Mapping[Var, Value],
        left: Mapping[Key, frozenset[Value]],
    ) -> set[Grown]:
        process = self._world.slots[slot].process
        grown: set[Grown] = set()
        there = self._there[process].get(state)
        if there is None:
            there = self._there[process][state] = {}
            grown.add(Grown(process, STATE, "", state))
            known_before = False
        else:
            known_before = True
        keys = {(var.kind, var.name) for var in written if var.kind != STATE}
        for kind, name in keys.union(left, there):
            var = Var(slot, kind, name)
            come = (
                frozenset({written[var]})
                if var in written
                else left.get((kind, name), _ABSENT[kind])
            )
            had = there.get((kind, name), _ABSENT[kind] if known_before else frozenset())
            if (kind, name) not in there or not come <= had:
                there[kind, name] = had | come
            if not come <= had:
                grown.add(Grown(process, kind, name, state))
        return grown
