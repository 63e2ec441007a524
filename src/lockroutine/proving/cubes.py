"""Sets of worlds written as cubes, laid together where they differ in one variable only."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

__all__ = ["Items", "covers", "laid_together"]

H = TypeVar("H", bound=Hashable)
Items = tuple[tuple[int, frozenset[H]], ...]


def laid_together(cubes: Iterable[Items[H]]) -> list[Items[H]]:
    """The same worlds in fewer cubes: those that differ in one variable become one.

    >>> one, two = ((0, frozenset({1})),), ((0, frozenset({2})),)
    >>> laid_together([one, two])
    [((0, frozenset({1, 2})),)]
    """
    found = dict.fromkeys(cubes)
    again = True
    while again:
        again = False
        for var in {var for cube in found for var, _ in cube}:
            groups: dict[Items[H], frozenset[H]] = {}
            others: dict[Items[H], None] = {}
            for cube in found:
                there = dict(cube)
                some = there.pop(var, None)
                if some is None:
                    others[cube] = None
                    continue
                rest = tuple(there.items())
                groups[rest] = groups.get(rest, frozenset()) | some
            made = {
                tuple(sorted((*rest, (var, some)), key=_first)): None
                for rest, some in groups.items()
            }
            if len(made) + len(others) < len(found):
                found = {**others, **made}
                again = True
    return list(found)


def covers(cubes: Sequence[Items[int]], sizes: Sequence[int]) -> bool:
    """Whether every world is in one of the cubes; it may miss that, but never say so wrongly."""
    there = set(cubes)
    while there:
        full = {
            tuple((var, some) for var, some in cube if len(some) < sizes[var])
            for cube in laid_together(there)
        }
        if () in full:
            return True
        if full == there:
            return False
        there = full
    return False


def _first(item: tuple[int, object]) -> int:
    return item[0]
