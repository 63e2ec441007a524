"""Where boxes stand and lines run: a layered drawing of a directed graph, read from the top.

The boxes stand in ranks. Lines run between neighbouring ranks only: one that goes further is given
a lane through each rank on its way, so that no line crosses a box. Within a rank the order with
few crossings is sought by barycentres, and the places by least squares. A `Net` is a line that
branches: all that leaves a state by its foot is one net, all that comes in at its head another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise

from attrs import evolve, field, frozen, mutable

from lockroutine.pictures.order import few_crossings, spread
from lockroutine.pictures.pins import Key, Pins, Stand
from lockroutine.pictures.routing import Point, Track, Wire, channel

__all__ = ["Box", "Drawn", "Layout", "Net", "Node", "lay_out"]

BESIDE = 26.0
"""Between two boxes of a rank."""

LANE = 16.0
"""Between a line that passes through a rank, and what stands beside it."""

_SWEEPS = 40
_INF = float("inf")


@frozen(kw_only=True)
class Node:
    """A box that is to be placed.

    Args:
        name: Its name.
        width: How wide it is.
        height: How high.
        rank: In which rank it stands, those with smaller numbers above.
        reach: How far from its middle lines may meet it; left out, anywhere.
        pitch: How far apart they should.
    """

    name: str
    width: float
    height: float
    rank: int
    reach: float | None = None
    pitch: float = 24.0


@frozen(kw_only=True)
class Net:
    """A line that branches, from one box to others that are all above it or all below it.

    Args:
        name: Its name.
        trunk: The box where it is one line.
        branches: The boxes that it branches to.
        straight: Those of them that it should run straight to, before all others.
        inward: Whether the arrow points at the trunk, and not at the branches.
    """

    name: str
    trunk: str
    branches: tuple[str, ...]
    straight: frozenset[str] = frozenset()
    inward: bool = False


@frozen
class Box:
    """Where a box stands: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The middle between left and right."""
        return self.x + self.width / 2


@frozen(kw_only=True)
class Drawn:
    """Where a net runs.

    Args:
        routes: The way from the trunk to each branch, as the points of its bends.
        inward: Whether the arrow points at the trunk, and not at the branches.
    """

    routes: Mapping[str, tuple[Point, ...]]
    inward: bool

    def heads(self) -> tuple[tuple[Point, bool], ...]:
        """The points of its arrows, each with whether it points down."""
        ways = (way[::-1] if self.inward else way for way in self.routes.values())
        return tuple(dict.fromkeys((way[-1], way[-1][1] > way[-2][1]) for way in ways))


@frozen(kw_only=True)
class Layout:
    """Where everything stands and runs.

    Args:
        width: How wide the whole is.
        height: How high.
        boxes: The boxes by name.
        nets: The nets by name.
    """

    width: float
    height: float
    boxes: Mapping[str, Box]
    nets: Mapping[str, Drawn]


@mutable
class _Gap:
    """What runs between one rank and the next: for each net its ends above and below."""

    ends: dict[str, tuple[list[Key], list[Key]]] = field(factory=dict)

    def pairs(self) -> Iterable[tuple[str, Key, Key]]:
        for net, (above, below) in self.ends.items():
            yield from ((net, one, other) for one in above for other in below)


def lay_out(nodes: Sequence[Node], nets: Sequence[Net]) -> Layout:
    """Place boxes and lines so that nothing overlaps and few lines cross.

    The same input gives the same drawing.

    >>> top, foot = (Node(name=n, width=80, height=40, rank=r) for n, r in (("a", 0), ("b", 1)))
    >>> made = lay_out([top, foot], [Net(name="n", trunk="a", branches=("b",))])
    >>> made.boxes["a"].middle == made.boxes["b"].middle
    True
    >>> made.nets["n"].routes
    {'b': ((40.0, 40.0), (40.0, 74.0))}
    """
    drawing = _Drawing(nodes, nets)
    drawing.place()
    return drawing.draw()


class _Drawing:
    def __init__(self, nodes: Sequence[Node], nets: Sequence[Net]) -> None:
        dense = {rank: n for n, rank in enumerate(sorted({node.rank for node in nodes}))}
        nodes = [evolve(node, rank=dense[node.rank]) for node in nodes]
        self._nodes = {node.name: node for node in nodes}
        self._nets = {net.name: net for net in nets}
        self._ranks: list[list[Key]] = [[] for _ in dense]
        self._gaps = [_Gap() for _ in self._ranks[1:]]
        for node in nodes:
            self._ranks[node.rank].append((node.name, -1))
        for net in nets:
            self._string(net)
        self._x: dict[Key, float] = {}

    def _string(self, net: Net) -> None:
        """Lead a net from its trunk rank by rank to its branches."""
        start = self._nodes[net.trunk].rank
        ranks = {name: self._nodes[name].rank for name in net.branches}
        down = min(ranks.values()) > start
        last = max(ranks.values()) if down else min(ranks.values())
        step = 1 if down else -1
        here: Key = (net.trunk, -1)
        for rank in range(start, last, step):
            after = rank + step
            there: list[Key] = [(name, -1) for name in net.branches if ranks[name] == after]
            lane = (net.name, after)
            if after != last:
                there.append(lane)
                self._ranks[after].append(lane)
            gap = self._gaps[min(rank, after)]
            gap.ends[net.name] = ([here], there) if down else (there, [here])
            here = lane

    # -- places --------------------------------------------------------------------------------

    def place(self) -> None:
        """Order each rank, and find for each box and lane its middle."""
        pairs = [[(one, other) for _, one, other in gap.pairs()] for gap in self._gaps]
        self._ranks = few_crossings(self._ranks, pairs)
        beside: dict[Key, list[tuple[Key, float]]] = {}
        for gap in self._gaps:
            for net, above, below in gap.pairs():
                # Long lines are kept straight before short ones.
                pull = 1.0 + 3.0 * (above[1] >= 0) + 3.0 * (below[1] >= 0)
                if not self._nets[net].straight.isdisjoint((above[0], below[0])):
                    pull = 60.0
                beside.setdefault(above, []).append((below, pull))
                beside.setdefault(below, []).append((above, pull))
        for rank in self._ranks:
            apart = [self._apart(left, right) for left, right in pairwise(rank)]
            for key, x in zip(rank, accumulate([0.0, *apart]), strict=False):
                self._x[key] = x
        for sweep in range(_SWEEPS):
            ranks = self._ranks if sweep % 2 == 0 else reversed(self._ranks)
            for rank in ranks:
                self._settle(rank, beside)
        for _ in range(3):
            self._straighten()
        left = min((self._x[key] - self._half(key) for key in self._x), default=0.0)
        self._x = {key: round(x - left, 1) for key, x in self._x.items()}

    def _settle(self, rank: Sequence[Key], beside: Mapping[Key, list[tuple[Key, float]]]) -> None:
        wanted: list[tuple[float, float]] = []
        for key in rank:
            pulls = beside.get(key, [])
            weight = sum(pull for _, pull in pulls)
            if weight:
                wanted.append((sum(self._x[other] * p for other, p in pulls) / weight, weight))
            else:
                wanted.append((self._x[key], 0.01))
        apart = [self._apart(a, b) for a, b in pairwise(rank)]
        for key, x in zip(rank, spread(wanted, apart), strict=True):
            self._x[key] = x

    def _straighten(self) -> None:
        """Put the lanes of a net through neighbouring ranks on one line, where there is room."""
        beside: dict[Key, tuple[Key | None, Key | None]] = {}
        for rank in self._ranks:
            for index, key in enumerate(rank):
                if key[1] >= 0:
                    left = rank[index - 1] if index else None
                    beside[key] = (left, rank[index + 1] if index + 1 < len(rank) else None)
        runs: dict[str, list[Key]] = {}
        for key in beside:
            runs.setdefault(key[0], []).append(key)
        for run in sorted(runs.values(), key=len, reverse=True):
            part: list[Key] = []
            low, high = -_INF, _INF
            for key in run:
                left, right = beside[key]
                least = self._x[left] + self._apart(left, key) if left else -_INF
                most = self._x[right] - self._apart(key, right) if right else _INF
                if max(low, least) > min(high, most):  # here it cannot but turn
                    self._align(part, low, high)
                    part, low, high = [], -_INF, _INF
                part.append(key)
                low, high = max(low, least), min(high, most)
            self._align(part, low, high)

    def _align(self, run: Sequence[Key], low: float, high: float) -> None:
        middle = sum(self._x[key] for key in run) / max(len(run), 1)
        for key in run:
            self._x[key] = min(max(middle, low), high)

    def _half(self, key: Key) -> float:
        return self._nodes[key[0]].width / 2 if key[1] < 0 else 0.0

    def _apart(self, left: Key, right: Key) -> float:
        between = BESIDE if left[1] < 0 and right[1] < 0 else LANE
        return self._half(left) + between + self._half(right)

    # -- lines ---------------------------------------------------------------------------------

    def draw(self) -> Layout:
        """Lead the lines between the ranks, and stack all of it."""
        pins = Pins(
            {key: Stand(x, *self._room(key)) for key, x in self._x.items()},
            {name: net.trunk for name, net in self._nets.items()},
        )
        wires = [pins.wires(gap.ends) for gap in self._gaps]
        channels = [channel(between) for between in wires]
        tops: list[float] = []
        y = 0.0
        boxes: dict[str, Box] = {}
        for index, rank in enumerate(self._ranks):
            tops.append(y)
            nodes = [(key, self._nodes[key[0]]) for key in rank if key[1] < 0]
            height = max((node.height for _, node in nodes), default=0.0)
            for key, node in nodes:
                left, top = self._x[key] - node.width / 2, y + (height - node.height) / 2
                boxes[node.name] = Box(round(left, 1), round(top, 1), node.width, node.height)
            y += height + (channels[index].height if index < len(channels) else 0.0)
        lines = _Lines(self._gaps, wires, channels, tops, boxes)
        right = max((box.x + box.width for box in boxes.values()), default=0.0)
        return Layout(
            width=max(right, *self._x.values()) if self._x else 0.0,
            height=y,
            boxes=boxes,
            nets={
                name: Drawn(
                    routes={
                        branch: lines.route(name, self._way(net, branch)) for branch in net.branches
                    },
                    inward=net.inward,
                )
                for name, net in self._nets.items()
            },
        )

    def _room(self, key: Key) -> tuple[float, float]:
        node = self._nodes.get(key[0]) if key[1] < 0 else None
        if node is None:
            return 0.0, 0.0
        return (node.width / 2 if node.reach is None else node.reach), node.pitch

    def _way(self, net: Net, branch: str) -> list[tuple[int, Key]]:
        """What a net passes on its way to a branch, each with its rank."""
        start, end = self._nodes[net.trunk].rank, self._nodes[branch].rank
        step = 1 if end > start else -1
        lanes = [(rank, (net.name, rank)) for rank in range(start + step, end, step)]
        return [(start, (net.trunk, -1)), *lanes, (end, (branch, -1))]


@frozen
class _Lines:
    """What is known of the lines once every end and track has its place."""

    gaps: Sequence[_Gap]
    wires: Sequence[Sequence[Wire]]
    channels: Sequence[Track]
    tops: Sequence[float]
    boxes: Mapping[str, Box]

    def route(self, net: str, way: Sequence[tuple[int, Key]]) -> tuple[Point, ...]:
        """The points of a way from rank to rank."""
        points: list[Point] = []
        for (rank, here), (other, there) in pairwise(way):
            gap = min(rank, other)
            above, below = self.gaps[gap].ends[net]
            wire = next(one for one in self.wires[gap] if one.net == net)
            pins = {
                **dict(zip(above, wire.above, strict=True)),
                **dict(zip(below, wire.below, strict=True)),
            }
            foot = self.tops[gap + 1] - self.channels[gap].height
            track = round(foot + self.channels[gap].of.get(net, 0.0), 1)
            ends = [
                (pins[key], self._edge(key, foot if at == gap else self.tops[gap + 1], at == gap))
                for at, key in ((rank, here), (other, there))
            ]
            points += [ends[0], (ends[0][0], track), (ends[1][0], track), ends[1]]
        return _bends(points)

    def _edge(self, key: Key, rank: float, is_above: bool) -> float:
        """Where a line meets a box, or the edge of the rank that it passes through."""
        if key[1] >= 0:
            return rank
        box = self.boxes[key[0]]
        return box.y + box.height if is_above else box.y


def _bends(points: Sequence[Point]) -> tuple[Point, ...]:
    """Only the ends, and the points where a line turns."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and (
            kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]
        ):
            kept[-1] = point
        else:
            kept.append(point)
    return tuple(kept)
