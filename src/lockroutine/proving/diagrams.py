"""Sets of worlds as decision diagrams: many worlds in few nodes.

A world is a value for each level. A node of a level has a child for each value of it; worlds that
go on alike share a child. All nodes of a set lie in one table, so that equal sets are one number.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from attrs import Factory, field, frozen

__all__ = ["EMPTY", "Diagrams", "Event", "Reach", "TooLarge"]

EMPTY = 0
_BELOW = 1  # everything, below the last level
Pairs = Sequence[tuple[int, int]]


class TooLarge(Exception):
    """More nodes than may be made."""


@frozen(eq=False)
class Event:
    """Something that can happen: at each level that it touches, what becomes of which value.

    Args:
        pairs: By level, the values before and after. What is not there may be anything and stays.
        top: The first level that it touches.
        bottom: The last.
    """

    pairs: Mapping[int, Pairs]
    top: int = field(default=Factory(lambda self: min(self.pairs), takes_self=True), init=False)
    bottom: int = field(default=Factory(lambda self: max(self.pairs), takes_self=True), init=False)

    def reversed(self) -> Event:
        """What it would be if time ran backwards."""
        return Event(
            {
                level: tuple((after, before) for before, after in pairs)
                for level, pairs in self.pairs.items()
            }
        )


class Diagrams:
    """The table of nodes.

    Args:
        sizes: How many values each level has.
        most: How many nodes may be made.
    """

    def __init__(self, sizes: Sequence[int], most: int) -> None:
        self.sizes: Sequence[int] = sizes
        self.nodes: list[tuple[int, ...]] = [(), ()]
        self._most = most
        self._numbers: dict[tuple[int, ...], int] = {}
        self._unions: dict[tuple[int, int], int] = {}
        self._meets: dict[tuple[int, int], int] = {}
        self._rests: dict[tuple[int, int], int] = {}

    def node(self, children: tuple[int, ...]) -> int:
        """The node with these children.

        Raises:
            TooLarge: There are too many.
        """
        found = self._numbers.get(children)
        if found is None:
            if not any(children):
                return EMPTY
            found = len(self.nodes)
            if found > self._most:
                raise TooLarge
            self._numbers[children] = found
            self.nodes.append(children)
        return found

    def cube(self, values: Mapping[int, Iterable[int]]) -> int:
        """The worlds in which these levels have one of these values."""
        made = _BELOW
        for level in range(len(self.sizes) - 1, -1, -1):
            allowed = values.get(level, range(self.sizes[level]))
            made = self.node(
                tuple(made if value in allowed else EMPTY for value in range(self.sizes[level]))
            )
        return made

    def union(self, one: int, other: int) -> int:
        """The worlds of both."""
        if one == other or not other:
            return one
        if not one:
            return other
        key = (one, other) if one < other else (other, one)
        found = self._unions.get(key)
        if found is None:
            union = self.union
            found = self.node(
                tuple(
                    [
                        a if a == b or not b else b if not a else union(a, b)
                        for a, b in zip(self.nodes[one], self.nodes[other], strict=True)
                    ]
                )
            )
            self._unions[key] = found
        return found

    def meet(self, one: int, other: int) -> int:
        """The worlds that are in both."""
        if one == other or not one:
            return one
        if not other:
            return other
        key = (one, other) if one < other else (other, one)
        found = self._meets.get(key)
        if found is None:
            pairs = zip(self.nodes[one], self.nodes[other], strict=True)
            found = self._meets[key] = self.node(tuple([self.meet(a, b) for a, b in pairs]))
        return found

    def rest(self, one: int, other: int) -> int:
        """The worlds of one that are not in the other."""
        if one == other or not one:
            return EMPTY
        if not other:
            return one
        found = self._rests.get((one, other))
        if found is None:
            pairs = zip(self.nodes[one], self.nodes[other], strict=True)
            found = self.node(tuple([self.rest(a, b) for a, b in pairs]))
            self._rests[one, other] = found
        return found

    def touches(self, worlds: int, cube: Mapping[int, Container[int]]) -> bool:
        """Whether one of the worlds is in a cube."""
        last = max(cube, default=-1)
        barren: set[int] = set()

        def touches(node: int, level: int) -> bool:
            if not node or node in barren:
                return False
            if level > last:
                return True
            allowed = cube.get(level)
            for value, child in enumerate(self.nodes[node]):
                if child and (allowed is None or value in allowed) and touches(child, level + 1):
                    return True
            barren.add(node)
            return False

        return touches(worlds, 0)

    def after(self, worlds: int, event: Event) -> int:
        """What becomes of worlds when an event happens once; nothing of those where it cannot."""
        made: dict[int, int] = {}

        def after(node: int, level: int) -> int:
            if not node or level > event.bottom:
                return node
            if node not in made:
                there, pairs = self.nodes[node], event.pairs.get(level)
                if pairs is None:
                    children = [after(child, level + 1) for child in there]
                else:
                    children = [EMPTY] * len(there)
                    for before, value in pairs:
                        reached = after(there[before], level + 1)
                        children[value] = self.union(children[value], reached)
                made[node] = self.node(tuple(children))
            return made[node]

        return after(worlds, 0)

    def any(self, worlds: int) -> tuple[int, ...]:
        """One of the worlds; the first."""
        found: list[int] = []
        while worlds > _BELOW:
            children = self.nodes[worlds]
            value = next(n for n, child in enumerate(children) if child)
            found.append(value)
            worlds = children[value]
        return tuple(found)

    def count(self, worlds: int) -> int:
        """How many worlds there are."""
        counted = {EMPTY: 0, _BELOW: 1}

        def count(node: int) -> int:
            if node not in counted:
                counted[node] = sum(map(count, self.nodes[node]))
            return counted[node]

        return count(worlds)


class Reach:
    """Where one can come to by events, in any number of steps, by saturation.

    Events that touch only lower levels are followed to their end first, once for each node, so
    that what happens independently is never multiplied.
    """

    def __init__(self, diagrams: Diagrams, events: Iterable[Event]) -> None:
        self._diagrams = diagrams
        self._begun: list[list[_Begun]] = [[] for _ in diagrams.sizes]
        for event in events:
            fired: dict[int, int] = {}
            self._begun[event.top] += [
                (before, after, event, fired) for before, after in event.pairs[event.top]
            ]
        self._closed: dict[int, int] = {_BELOW: _BELOW, EMPTY: EMPTY}

    def from_(self, worlds: int) -> int:
        """The worlds that can be come to from these, and these."""
        return self._close(worlds, 0)

    def _close(self, node: int, level: int) -> int:
        found = self._closed.get(node)
        if found is None:
            children = [self._close(child, level + 1) for child in self._diagrams.nodes[node]]
            found = self._closed[node] = self._settle(children, level)
        return found

    def _settle(self, children: list[int], level: int) -> int:
        """The node with these closed children, closed under the events of its own level."""
        union, begun = self._diagrams.union, self._begun[level]
        done = [EMPTY] * len(begun)  # what each was followed from already
        again = bool(begun)
        while again:
            again = False
            for number, (before, after, event, fired) in enumerate(begun):
                child = children[before]
                if child == done[number]:
                    continue
                done[number] = child
                reached = child if level == event.bottom else fired.get(child)
                if reached is None:
                    reached = self._fire(child, event, fired, level + 1)
                here = children[after]
                if reached and reached != here:
                    reached = union(here, reached)
                    if reached != here:
                        children[after] = reached
                        again = True
        found = self._diagrams.node(tuple(children))
        self._closed[found] = found
        return found

    def _fire(self, node: int, event: Event, fired: dict[int, int], level: int) -> int:
        """What becomes of the worlds of a node by an event that began above, closed."""
        there = self._diagrams.nodes[node]
        pairs = event.pairs.get(level)
        if pairs is None:
            pairs = [(value, value) for value in range(len(there))]
        union, last = self._diagrams.union, level == event.bottom
        children = [EMPTY] * len(there)
        for before, after in pairs:
            child = there[before]
            if not child:
                continue
            reached = child if last else fired.get(child)
            if reached is None:
                reached = self._fire(child, event, fired, level + 1)
            here = children[after]
            children[after] = union(here, reached) if here and reached else here or reached
        found = fired[node] = self._settle(children, level) if any(children) else EMPTY
        return found


_Begun = tuple[int, int, Event, dict[int, int]]
"""How an event begins at its first level: a value before and after, it, and what came of it."""
