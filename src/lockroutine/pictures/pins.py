"""Where lines meet the boxes: straight across where they can, and apart where several do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from lockroutine.pictures.order import spread
from lockroutine.pictures.routing import Wire

__all__ = ["Key", "Pins", "Stand"]

Key: TypeAlias = tuple[str, int]
"""A box by its name and -1, or the lane of a net: the net's name and the rank it passes."""

_NEARLY = 36.0


@frozen
class Stand:
    """Where a box or a lane stands.

    Args:
        middle: The middle between its left and its right.
        reach: How far from there lines may meet it.
        pitch: How far apart they should.
    """

    middle: float
    reach: float
    pitch: float


class Pins:
    """Finds where each net meets the boxes and lanes of two neighbouring ranks.

    Args:
        stands: Each box and lane.
        trunks: For each net the box where it is one line.
    """

    def __init__(self, stands: Mapping[Key, Stand], trunks: Mapping[str, str]) -> None:
        self._stands = stands
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
        here = self._stands[key].middle
        if key[1] >= 0:
            return here
        room = self._room(key)
        if len(others) != 1:
            # A fork runs straight to a branch that is as good as below it.
            ends = [pins.get((net, other), self._stands[other].middle) for other in others]
            near = min(ends, key=lambda x: abs(x - here))
            return near if abs(near - here) <= min(_NEARLY, room) else here
        other = others[0]
        there = pins.get((net, other), self._stands[other].middle)
        low, high = here - room, here + room
        if other[1] < 0 and (net, other) not in pins:
            reach = self._room(other)
            low, high = max(low, there - reach), min(high, there + reach)
            if low > high:  # one is not above the other at all
                return here + max(-room, min(there - here, room)) * 0.1
            return min(max(here, low), high)
        return there if low <= there <= high else here + (room / 3 if there > here else -room / 3)

    def _room(self, key: Key) -> float:
        return max(self._stands[key].reach - 16, 0.0)

    def _pins(self, key: Key, wanted: Sequence[float]) -> list[float]:
        if key[1] >= 0 or len(wanted) == 1:
            return [round(x, 1) for x in wanted]
        stand = self._stands[key]
        room = max(stand.reach - 10, 1.0)
        step = min(stand.pitch, 2 * room / (len(wanted) - 1))
        found = spread([(x, 1.0) for x in wanted], [step] * (len(wanted) - 1))
        shift = max(stand.middle - room - found[0], 0.0)
        shift -= max(found[-1] + shift - stand.middle - room, 0.0)
        return [round(x + shift, 1) for x in found]
