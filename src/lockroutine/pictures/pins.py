"""Where lines meet the boxes: straight across where they can, and apart where several do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from lockroutine.pictures.order import spread
from lockroutine.pictures.routing import Wire

__all__ = ["Key", "Pins"]

Key: TypeAlias = tuple[str, int]
"""A box by its name and -1, or the lane of a net: the net's name and the rank it passes."""

_NEARLY = 36.0


class Pins:
    """Finds where each net meets the boxes and lanes of two neighbouring ranks.

    Args:
        x: The middle of each box and lane.
        half: Half the width of each.
        trunks: For each net the box where it is one line.
    """

    def __init__(
        self, x: Mapping[Key, float], half: Callable[[Key], float], trunks: Mapping[str, str]
    ) -> None:
        self._x = x
        self._half = half
        self._trunks = trunks

    def wires(self, ends: Mapping[str, tuple[list[Key], list[Key]]]) -> list[Wire]:
        """At which x each net between two ranks meets each of its ends."""
        pins: dict[tuple[str, Key], float] = {}
        sides: dict[tuple[Key, bool], list[tuple[str, list[Key]]]] = {}
        for name, (above, below) in ends.items():
            for keys, others, side in ((above, below, True), (below, above, False)):
                for key in keys:
                    sides.setdefault((key, side), []).append((name, others))
        # First where there is least choice: lanes, then boxes with one line, then the others.
        for (key, _), meeting in sorted(sides.items(), key=lambda one: self._freedom(*one)):
            wanted = [(self._wanted(key, name, others, pins), name) for name, others in meeting]
            wanted.sort()
            for (_, name), x in zip(wanted, self._pins(key, [x for x, _ in wanted]), strict=True):
                pins[name, key] = x
        return [
            Wire(
                net=name,
                above=tuple(pins[name, key] for key in above),
                below=tuple(pins[name, key] for key in below),
            )
            for name, (above, below) in ends.items()
        ]

    def _freedom(
        self, side: tuple[Key, bool], meeting: Sequence[tuple[str, list[Key]]]
    ) -> tuple[int, int]:
        (name, lane), _ = side
        if lane >= 0:
            return (0, 0)
        branch = any(self._trunks[net] != name for net, _ in meeting)
        return (1 if branch else 2, len(meeting))

    def _wanted(
        self, key: Key, net: str, others: Sequence[Key], pins: Mapping[tuple[str, Key], float]
    ) -> float:
        """Where a line would best meet a box: straight across from its other end, if it has one."""
        here = self._x[key]
        if key[1] >= 0:
            return here
        if len(others) != 1:
            # A fork runs straight to a branch that is as good as below it.
            ends = [pins.get((net, other), self._x[other]) for other in others]
            near = min(ends, key=lambda x: abs(x - here))
            return near if abs(near - here) <= min(_NEARLY, self._half(key) - 16) else here
        other = others[0]
        there = pins.get((net, other), self._x[other])
        room = max(self._half(key) - 16, 0.0)
        low, high = here - room, here + room
        if other[1] < 0 and (net, other) not in pins:
            reach = max(self._half(other) - 16, 0.0)
            low, high = max(low, there - reach), min(high, there + reach)
            if low > high:  # one is not above the other at all
                return min(max(there, here - room), here + room) * 0.1 + here * 0.9
            return min(max(here, low), high)
        return there if low <= there <= high else here + (room / 3 if there > here else -room / 3)

    def _pins(self, key: Key, wanted: Sequence[float]) -> list[float]:
        if key[1] >= 0 or len(wanted) == 1:
            return [round(x, 1) for x in wanted]
        room = max(self._half(key) - 10, 1.0)
        step = min(24.0, 2 * room / (len(wanted) - 1))
        found = spread([(x, 1.0) for x in wanted], [step] * (len(wanted) - 1))
        low = self._x[key] - room
        high = self._x[key] + room
        shift = max(low - found[0], 0.0) - max(found[-1] - high, 0.0)
        moved = [x + shift for x in found]
        return [round(x, 1) for x in moved]
