"""Every way through a computation that asks for values one by one.

A rule is judged with nothing given. Whenever it asks for a value that is still open, one of the
possibilities is taken and the judging goes on; later it is judged again with the next one, until
every way was gone. What it never asks for stays open, so that each way holds for as many worlds as
can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from lockroutine.facts import Value

__all__ = ["STATE", "Known", "Paths", "Possible", "Var", "state_of"]

STATE = "state"


class Var(NamedTuple):
    """One value of the world: the state of a slot's case, a fact of it, or a step that is done.

    Args:
        slot: The number of the slot.
        kind: ``state``, ``fact`` or ``done``.
        name: The name of the fact or step; empty for the state.
    """

    slot: int
    kind: str
    name: str = ""

    @property
    def nothing(self) -> Value:
        """What it is where there is no case."""
        return False if self.kind == "done" else None


def state_of(slot: int) -> Var:
    """The state of a slot's case; None where there is no case."""
    return Var(slot, STATE)


Possible = tuple[Value, ...]
Known = dict[Var, Possible]


class Paths:
    """All ways through a computation, one after the other.

    Args:
        states: The states in which the case of a slot can be.
        values: What a fact or a done step can be in one of those states.

    >>> paths = Paths(lambda slot: (None, "open", "shut"), lambda var, state: frozenset({None}))
    >>> [paths.is_one_of(state_of(0), ("open",)) for _ in paths]
    [True, False]
    """

    def __init__(
        self, states: Callable[[int], Possible], values: Callable[[Var, Value], frozenset[Value]]
    ) -> None:
        self._states = states
        self._values = values
        self._trail: list[tuple[int, int]] = []
        self._at = 0
        self.known: Known = {}
        self.asked: set[Var] = set()

    def __iter__(self) -> Iterator[Known]:
        """Each time the computation is to be made again; afterwards ``known`` holds its way."""
        self._trail = []
        while True:
            self._at = 0
            self.known = {}
            yield self.known
            while self._trail and self._trail[-1][0] + 1 == self._trail[-1][1]:
                self._trail.pop()
            if not self._trail:
                return
            taken, number = self._trail[-1]
            self._trail[-1] = (taken + 1, number)

    def possible(self, var: Var) -> Possible:
        """What a value may still be on this way."""
        self.asked.add(var)
        known = self.known.get(var)
        if var.kind == STATE:
            return self._states(var.slot) if known is None else known
        found: set[Value] = set()
        for state in self.possible(state_of(var.slot)):
            found |= self._values(var, state)
        if known is not None:
            return tuple(value for value in known if value in found)
        return tuple(sorted(found, key=repr))

    def is_one_of(self, var: Var, values: Possible) -> bool:
        """Whether it is one of these."""
        there = self.possible(var)
        yes = tuple(value for value in there if value in values)
        if not yes or len(yes) == len(there):
            return bool(yes)
        no = tuple(value for value in there if value not in values)
        return self._take(var, (yes, no)) == 0

    def value(self, var: Var) -> Value:
        """The very value."""
        there = self.possible(var)
        return there[self._take(var, tuple((value,) for value in there))]

    def _take(self, var: Var, parts: tuple[Possible, ...]) -> int:
        """Which of these parts the value lies in; they are all that is still possible."""
        taken = 0
        if len(parts) > 1:
            if self._at == len(self._trail):
                self._trail.append((0, len(parts)))
            taken = self._trail[self._at][0]
            self._at += 1
        self.known[var] = part = parts[taken]
        if var.kind != STATE and len(parts) > 1:
            # The state is one in which it can be so.
            state = state_of(var.slot)
            self.known[state] = tuple(
                one for one in self.possible(state) if not self._values(var, one).isdisjoint(part)
            )
        return taken
