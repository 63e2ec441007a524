"""Where the symbols of a BPMN process stand, and how its flows run: from left to right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from lockroutine.pictures.bpmn.flow import (
    GAP,
    HEAD,
    LABEL,
    LINE,
    TASK,
    TEXT,
    Item,
    Whole,
    in_columns,
)
from lockroutine.pictures.layout import Box, Net, Node, lay_out
from lockroutine.pictures.metrics import fold
from lockroutine.pictures.routing import Point

__all__ = ["Diagram", "inside", "lay_flows"]

MARGIN = 60.0
_LABELLED = ("eventBasedGateway", "exclusiveGateway", "endEvent", "intermediateThrowEvent")
_ROUND = (
    "startEvent",
    "endEvent",
    "intermediateCatchEvent",
    "boundaryEvent",
    "intermediateThrowEvent",
)


@frozen(kw_only=True)
class Diagram:
    """Where everything stands and runs.

    Args:
        symbols: Each symbol by its id.
        labels: Where what is written beside a symbol stands.
        lines: For each flow, by the ids of its ends, the points where it bends.
    """

    symbols: Mapping[str, Box]
    labels: Mapping[str, Box]
    lines: Mapping[tuple[str, str], tuple[Point, ...]]


def lay_flows(whole: Whole) -> Diagram:
    """Place the symbols and lines of a process; the ranks of the layout run to the right."""
    placed = {id: item for id, item in whole.items.items() if item.kind != "boundaryEvent"}
    nodes = [_node(item) for item in placed.values()]
    nets = list(_nets(whole))
    layout = lay_out(nodes, nets)
    symbols: dict[str, Box] = {}
    labels: dict[str, Box] = {}
    for id, item in placed.items():
        box = layout.boxes[id]
        # The layout reads from the top; a process in BPMN reads from the left.
        left, top = MARGIN + box.y, MARGIN + box.x
        x = left + (box.height - item.width) / 2
        y = top + (box.width - item.height) / 2
        symbols[id] = Box(round(x, 1), round(y, 1), item.width, item.height)
        lines = _written(item)
        if lines:
            middle = x + item.width / 2
            labels[id] = Box(
                round(middle - LABEL / 2, 1), round(y + item.height + 4, 1), LABEL, lines * LINE
            )
    routes: dict[tuple[str, str], tuple[Point, ...]] = {}
    for net in nets:
        for branch, way in layout.nets[net.name].routes.items():
            points = tuple((round(MARGIN + y, 1), round(MARGIN + x, 1)) for x, y in way)
            ends = (branch, net.trunk) if net.inward else (net.trunk, branch)
            routes[ends] = points[::-1] if net.inward else points
    return Diagram(symbols=symbols, labels=labels, lines=dict(_led(whole, symbols, routes)))


def _node(item: Item) -> Node:
    beside = _written(item) * LINE + 4 if _written(item) else 0.0
    along = max(item.width, LABEL if beside else 0.0)
    across = item.height + 2 * beside
    reach = item.height / 2 if item.kind == "adHocSubProcess" else min(item.height / 2, 34.0)
    pitch = 46.0 if item.kind == "adHocSubProcess" else 20.0
    return Node(name=item.id, width=across, height=along, rank=item.rank, reach=reach, pitch=pitch)


def _written(item: Item) -> int:
    """How many lines of text stand beside a symbol."""
    return len(fold(item.label, TEXT, LABEL - 4)) if item.kind in _LABELLED else 0


def _nets(whole: Whole) -> Iterable[Net]:
    """The flows, bundled where they part from a gateway or come together at a task or state."""
    rank = {id: item.rank for id, item in whole.items.items()}
    found: dict[tuple[str, bool, bool], list[str]] = {}
    for flow in whole.flows:
        source = whole.items[flow.source].at or flow.source
        parts = whole.items[source].kind in ("eventBasedGateway", "exclusiveGateway")
        trunk, branch = (source, flow.target) if parts else (flow.target, source)
        found.setdefault((trunk, rank[branch] > rank[trunk], not parts), []).append(branch)
    for (trunk, below, inward), branches in found.items():
        name = f"{trunk} {'to' if not inward else 'from'} {'below' if below else 'above'}"
        yield Net(name=name, trunk=trunk, branches=tuple(branches), inward=inward)


def _led(
    whole: Whole, symbols: dict[str, Box], routes: Mapping[tuple[str, str], Sequence[Point]]
) -> Iterable[tuple[tuple[str, str], tuple[Point, ...]]]:
    """Each flow between the borders of its symbols; an event at a border stands where it leaves."""
    for flow in whole.flows:
        at = whole.items[flow.source].at
        points = list(routes[at or flow.source, flow.target])
        if at:
            x, y = points[0]
            symbols[flow.source] = Box(round(x - 18, 1), round(y - 18, 1), 36.0, 36.0)
        first = _border(whole.items[flow.source], symbols[flow.source], points[0], points[1])
        last = _border(whole.items[flow.target], symbols[flow.target], points[-1], points[-2])
        yield (flow.source, flow.target), (first, *points[1:-1], last)


def _border(item: Item, box: Box, end: Point, before: Point) -> Point:
    """Where a line that comes straight to a symbol meets its outline."""
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    aside = abs(end[1] - middle[1])
    half = box.width / 2
    if item.kind in _ROUND:
        reach = max(half**2 - aside**2, 0.0) ** 0.5
    elif item.kind.endswith("Gateway"):
        reach = max(half - aside, 0.0)
    else:
        reach = half
    right = before[0] > end[0] or (before[0] == end[0] and end[0] > middle[0])
    return (round(middle[0] + (reach if right else -reach), 1), end[1])


def inside(item: Item, box: Box) -> dict[str, Box]:
    """Where the tasks of a sub-process stand."""
    symbols: dict[str, Box] = {}
    x = box.x + 34
    for column in in_columns(item.within):
        y = box.y + HEAD
        for task in column:
            symbols[task.id] = Box(round(x, 1), round(y, 1), task.width, task.height)
            y += task.height + GAP
        x += TASK + GAP
    return symbols
