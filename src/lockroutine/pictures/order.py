"""The order within ranks, with few crossings, and places that keep their distance."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TypeVar

__all__ = ["crossings", "few_crossings", "ranks", "spread"]

K = TypeVar("K", bound=Hashable)

_SWEEPS = 12


def ranks(names: Sequence[str], steps: Sequence[tuple[str, str]]) -> dict[str, int]:
    """In which rank each stands, so that every step leads to another rank, and most lead down.

    A step that closes a circle leads up. Of several ways down, the longest counts.

    Args:
        names: The names, those that come first before the others.
        steps: From where to where. Steps that stay where they are, are passed over.

    >>> ranks(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")])
    {'a': 0, 'b': 1, 'c': 2}
    """
    after: dict[str, list[str]] = {name: [] for name in names}
    for source, target in steps:
        if source != target and target not in after[source]:
            after[source].append(target)
    order = _last_left_first(names, after)
    place = {name: index for index, name in enumerate(order)}
    found = dict.fromkeys(names, 0)
    before: dict[str, list[str]] = {name: [] for name in names}
    for source, targets in after.items():
        for target in targets:
            early, late = sorted((source, target), key=place.__getitem__)
            before[late].append(early)
    for name in order:
        found[name] = max((found[one] + 1 for one in before[name]), default=0)
    return found


def _last_left_first(names: Sequence[str], after: dict[str, list[str]]) -> list[str]:
    """The names so that each step but those that close a circle leads to a later one."""
    seen = set[str]()
    left: list[str] = []
    for start in names:
        if start in seen:
            continue
        seen.add(start)
        way = [(start, iter(after[start]))]
        while way:
            here, ahead = way[-1]
            step = next((one for one in ahead if one not in seen), None)
            if step is None:
                way.pop()
                left.append(here)
            else:
                seen.add(step)
                way.append((step, iter(after[step])))
    return left[::-1]


def few_crossings(
    ranked: Sequence[Sequence[K]], between: Sequence[Sequence[tuple[K, K]]]
) -> list[list[K]]:
    """Each rank in an order with few crossings of the lines between it and its neighbours.

    Args:
        ranked: The ranks, from the top.
        between: For each two neighbouring ranks the pairs that a line joins: upper, lower.

    >>> few_crossings([["a", "b"], ["c", "d"]], [[("a", "d"), ("b", "c")]])
    [['a', 'b'], ['d', 'c']]
    """
    up: dict[K, list[K]] = {}
    down: dict[K, list[K]] = {}
    for pairs in between:
        for above, below in pairs:
            down.setdefault(above, []).append(below)
            up.setdefault(below, []).append(above)
    order = [list(rank) for rank in ranked]
    best, fewest = order, crossings(order, between)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        order = [list(rank) for rank in order]
        if sweep % 2 == 0:
            for upper, lower in pairwise(order):
                _by_barycentre(lower, upper, up)
        else:
            for lower, upper in zip(order[::-1], order[-2::-1], strict=False):
                _by_barycentre(upper, lower, down)
        found = crossings(order, between)
        if found < fewest:
            best, fewest = order, found
    return [list(rank) for rank in best]


def _by_barycentre(rank: list[K], fixed: Sequence[K], beside: dict[K, list[K]]) -> None:
    """Sort a rank by where, on average, the neighbours of each stand; others keep their place."""
    at = {key: index for index, key in enumerate(fixed)}
    centre: dict[K, float] = {}
    for index, key in enumerate(rank):
        neighbours = beside.get(key, ())
        own = index * len(fixed) / len(rank)
        centre[key] = sum(at[one] for one in neighbours) / len(neighbours) if neighbours else own
    rank.sort(key=centre.__getitem__)


def crossings(order: Sequence[Sequence[K]], between: Sequence[Sequence[tuple[K, K]]]) -> int:
    """How many lines cross between neighbouring ranks.

    >>> crossings([["a", "b"], ["c", "d"]], [[("a", "d"), ("b", "c")]])
    1
    """
    total = 0
    for upper, lower, pairs in zip(order, order[1:], between, strict=False):
        above = {key: index for index, key in enumerate(upper)}
        below = {key: index for index, key in enumerate(lower)}
        ends = sorted((above[one], below[other]) for one, other in pairs)
        passed: list[int] = []
        group: list[int] = []
        last = -1
        for start, end in ends:
            if start != last:
                for one in group:
                    insort(passed, one)
                group, last = [], start
            total += len(passed) - bisect_left(passed, end + 1)
            group.append(end)
    return total


def spread(wanted: Sequence[tuple[float, float]], apart: Sequence[float]) -> list[float]:
    """Places in this order and far enough apart, as near as may be to those wanted.

    The sum of the squares of what each is moved, by its weight, is the least possible: neighbours
    that would be too near are moved together, as one (pooled adjacent violators).

    Args:
        wanted: For each the place and the weight of wanting it.
        apart: How far each is at least from the next.

    >>> spread([(0, 1), (0, 1), (10, 1)], [4, 4])
    [-2.0, 2.0, 10.0]
    """
    offset = 0.0
    offsets: list[float] = []
    for step in (0.0, *apart):
        offset += step
        offsets.append(offset)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for (place, weight), behind in zip(wanted, offsets, strict=True):
        mean, heavy, count = place - behind, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, weight_of_other, more = blocks.pop()
            mean = (mean * heavy + other * weight_of_other) / (heavy + weight_of_other)
            heavy, count = heavy + weight_of_other, count + more
        blocks.append((mean, heavy, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + behind for mean, behind in zip(means, offsets, strict=True)]
