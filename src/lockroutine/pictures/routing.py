"""Lines between two ranks: each that must go sideways gets a track of its own height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

__all__ = ["Point", "Track", "Wire", "channel"]

Point: TypeAlias = tuple[float, float]

_STEP = 11.0
"""Between two tracks."""

_NEAR = 8.0
"""Two upright lines are as good as one if they are nearer than this."""

_OVER, _UNDER, _LEAST = 14.0, 22.0, 34.0
"""Above the first track, below the last one (an arrow points there), and with none at all."""


@frozen(kw_only=True)
class Wire:
    """A net between two ranks: where it meets its ends above, and those below."""

    net: str
    above: tuple[float, ...]
    below: tuple[float, ...]

    @property
    def straight(self) -> bool:
        """Whether it never goes sideways."""
        return len({*self.above, *self.below}) == 1

    @property
    def ends(self) -> tuple[float, float]:
        """From where to where it goes sideways."""
        found = (*self.above, *self.below)
        return min(found), max(found)


@frozen(kw_only=True)
class Track:
    """Where the nets between two ranks go sideways.

    Args:
        of: For each net that does, how far below the upper rank.
        height: How far the ranks must be apart.
    """

    of: Mapping[str, float]
    height: float


def channel(wires: Sequence[Wire]) -> Track:
    """Give each net that goes sideways a track on which it meets no other.

    Where one net comes from above at the very place where another goes on below, the first has the
    higher track: else the two would run on one line. Rings of that are broken anywhere.

    >>> one = Wire(net="one", above=(0,), below=(50,))
    >>> other = Wire(net="other", above=(30,), below=(90,))
    >>> channel([one, other]).of
    {'other': 14.0, 'one': 25.0}
    """
    sideways = {wire.net: wire for wire in wires if not wire.straight}
    over = {name: _over(wire, sideways) for name, wire in sideways.items()}
    tracks: list[list[tuple[float, float]]] = []
    found: dict[str, int] = {}
    waiting = sorted(sideways, key=lambda name: _preference(sideways[name]))
    while waiting:
        name = next((n for n in waiting if over[n].isdisjoint(waiting)), waiting[0])
        waiting.remove(name)
        low, high = sideways[name].ends
        first = max((found[one] + 1 for one in over[name] if one in found), default=0)
        number = next(
            index
            for index in range(first, len(tracks) + 1 + first)
            if index >= len(tracks)
            or all(high + _NEAR < left or right + _NEAR < low for left, right in tracks[index])
        )
        while len(tracks) <= number:
            tracks.append([])
        tracks[number].append((low, high))
        found[name] = number
    height = _OVER + _STEP * (len(tracks) - 1) + _UNDER if tracks else _LEAST
    return Track(
        of={name: _OVER + _STEP * number for name, number in found.items()},
        height=max(height, _LEAST),
    )


def _over(wire: Wire, others: Mapping[str, Wire]) -> set[str]:
    """The nets that must go sideways above this one."""
    return {
        name
        for name, other in others.items()
        if name != wire.net and any(abs(x - y) < _NEAR for x in other.above for y in wire.below)
    }


def _preference(wire: Wire) -> tuple[float, float]:
    """Those that go to the right from the right first, then those that go left from the left."""
    low, high = wire.ends
    start = sum(wire.above) / len(wire.above)
    end = sum(wire.below) / len(wire.below)
    return (-start, low) if end >= start else (start - 1e6, high)
