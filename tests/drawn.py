"""Processes made up for the pictures, and what must hold of any drawing by its geometry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise

from hypothesis import strategies as st

from lockroutine.pictures.layout import Box, Layout
from lockroutine.pictures.marks import Panel, Word
from lockroutine.pictures.sketch import Line, LineKind, Mover, Place, Sketch, Way
from lockroutine.pictures.svg import Chart

MOVERS = (
    *(Mover("role", f"role{n}", f"Role {n}", f"R{n}", n) for n in range(10)),
    Mover("clock", "clock", "The clock"),
    Mover("pull", "pull", "Another system"),
    Mover("joint", "joint", "Another step"),
)
KINDS: tuple[LineKind, ...] = ("guard", "safeguard", "drives", "driven", "effect", "timer")

# What a label could hold at the worst: signs of every grammar it is put into, very long words.
nasty = st.text(
    st.one_of(
        st.sampled_from(list("<>&\"'`;:#%{}[]()|\\/-=~*_\n\t\x00\x1b]]>--> ")),
        st.characters(codec="utf-8"),
    ),
    min_size=1,
    max_size=30,
)
labels = st.one_of(
    nasty,
    st.sampled_from(
        [
            "</desc><script>alert(1)</script>",
            '" onload="alert(1)',
            "]]><!--",
            "end note",
            "This is the End Note of it",
            "s1 --> s2",
            "%% comment",
            "Donaudampfschifffahrtsgesellschaftskapitän" * 4,
            "Å ä ö é 漢字",
        ]
    ),
)
some_movers = st.lists(st.sampled_from(MOVERS), min_size=1, max_size=4, unique=True).map(tuple)


@st.composite
def sketches(draw: st.DrawFn, largest: int = 9) -> Sketch:
    """A process of any shape: rings, states that nothing leads to, steps from everywhere."""
    names = [f"s{n}" for n in range(draw(st.integers(1, largest)))]
    ways: dict[str, Way] = {}
    for number in range(draw(st.integers(1, 2 * largest))):
        name = f"w{number}"
        sources = draw(st.lists(st.sampled_from(names), max_size=5, unique=True))
        ways[name] = Way(
            name=name,
            label=draw(labels),
            sources=tuple(sources),
            target=draw(st.sampled_from([*names, ""] if sources else names)),
            movers=draw(some_movers),
            lines=tuple(
                Line(draw(st.sampled_from(KINDS)), draw(labels))
                for _ in range(draw(st.integers(0, 3)))
            ),
            clauses=tuple(draw(st.lists(st.sampled_from(["B1", "N7", "R15"]), max_size=6))),
        )
    places: dict[str, Place] = {}
    for name in names:
        owed = [way.name for way in ways.values() if way.stays_in(name)]
        places[name] = Place(
            name=name,
            label=draw(labels),
            end=draw(st.booleans()),
            waits_for=draw(st.one_of(st.just(()), some_movers)),
            due=draw(st.sampled_from(["", "Within 14 days"])),
            late=draw(st.sampled_from([("", ()), ("When late: also", MOVERS[:5])])),
            owed={one: (draw(some_movers), draw(st.sampled_from(["", "if"]))) for one in owed[:2]},
        )
    return Sketch(
        name="made",
        number=1,
        label=draw(labels),
        key="made@1.0.0",
        routine=draw(labels),
        language=draw(st.sampled_from(["sv", "en"])),
        places=places,
        ways=ways,
    )


# -- what must hold --------------------------------------------------------------------------------


def apart(boxes: Sequence[Box], by: float = 0.0) -> None:
    """No two boxes overlap."""
    for one, other in combinations(boxes, 2):
        beside = one.x + one.width + by <= other.x or other.x + other.width + by <= one.x
        below = one.y + one.height + by <= other.y or other.y + other.height + by <= one.y
        assert beside or below, (one, other)


def words_fit(panel: Panel) -> None:
    """All text lies within its box, and no two texts overlap."""
    words = [mark for mark in panel.marks if isinstance(mark, Word)]
    boxes: list[Box] = []
    for word in words:
        top, foot = word.y - 0.74 * word.size, word.y + 0.22 * word.size
        assert word.x >= 0, word
        assert word.x + word.width <= panel.width + 0.01, word
        assert top >= 0, word
        assert foot <= panel.height + 0.01, word
        boxes.append(Box(word.x, top, word.width, foot - top))
    apart(boxes)


def segments(layout: Layout, net: str) -> Iterator[tuple[float, float, float, float]]:
    """The straight pieces of a net, each from its upper left end."""
    for path in layout.nets[net].routes.values():
        for (x1, y1), (x2, y2) in pairwise(path):
            assert x1 == x2 or y1 == y2, path
            if (x1, y1) != (x2, y2):
                yield (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


def no_line_crosses_a_box(layout: Layout) -> None:
    """Lines meet boxes at their edges, and never run through one."""
    for net in layout.nets:
        for x1, y1, x2, y2 in segments(layout, net):
            for name, box in layout.boxes.items():
                outside = (
                    x2 <= box.x + 0.2
                    or x1 >= box.x + box.width - 0.2
                    or y2 <= box.y + 0.2
                    or y1 >= box.y + box.height - 0.2
                )
                assert outside, (net, name)


def shared(layout: Layout, *, upright: bool) -> list[tuple[str, str]]:
    """The nets of which two run on one line for a while."""
    found: list[tuple[str, str]] = []
    pieces = {net: list(segments(layout, net)) for net in layout.nets}
    for one, other in combinations(pieces, 2):
        for x1, y1, x2, y2 in pieces[one]:
            for a1, b1, a2, b2 in pieces[other]:
                if upright and x1 == x2 == a1 == a2 and min(y2, b2) - max(y1, b1) > 0.5:
                    found.append((one, other))
                if not upright and y1 == y2 == b1 == b2 and min(x2, a2) - max(x1, a1) > 0.5:
                    found.append((one, other))
    return found


def all_is_well(made: Chart, check: Callable[[Panel], None] = words_fit) -> None:
    """What holds of every drawing."""
    layout = made.layout
    apart(list(layout.boxes.values()), by=4)
    no_line_crosses_a_box(layout)
    assert not shared(layout, upright=False)
    for box in layout.boxes.values():
        assert box.x >= 0
        assert box.x + box.width <= layout.width + 0.1
        assert box.y + box.height <= layout.height + 0.1
    for panel in (*made.panels.values(), made.legend()):
        check(panel)
