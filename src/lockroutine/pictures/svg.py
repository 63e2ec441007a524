"""Drawings in SVG: each process, and the map of all. No scripts, no fonts, no links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lockroutine.model import Language
from lockroutine.pictures.canvas import frame, lines, placed
from lockroutine.pictures.layout import Layout, Net, Node, lay_out
from lockroutine.pictures.marks import Figure, Panel, Writer
from lockroutine.pictures.metrics import width
from lockroutine.pictures.order import ranks
from lockroutine.pictures.overview import Station, overview
from lockroutine.pictures.palette import MARKS, MarkKind
from lockroutine.pictures.panels import card, legend, state_panel, titled
from lockroutine.pictures.plan import plan
from lockroutine.pictures.sketch import Sketch, sketch
from lockroutine.pictures.spoken import in_words, map_in_words
from lockroutine.pictures.tree import Element, as_xml, element, trim
from lockroutine.pictures.words import WORDS
from lockroutine.routine import Routine

__all__ = ["Chart", "Map", "chart", "drawing", "map_drawing", "map_svg", "process_svg"]

_LEGEND = 30.0
_NARROW = 420.0


class _Picture:
    """Boxes and lines that were laid out, over a legend."""

    def __init__(self, panels: Mapping[str, Panel], layout: Layout, least: float) -> None:
        self.panels: Mapping[str, Panel] = panels
        self.layout: Layout = layout
        self.width: float = max(layout.width, _NARROW, least)

    def legend(self) -> Panel:
        """What the badges and marks mean."""
        raise NotImplementedError

    def dashed(self, net: str) -> bool:
        """Whether a line is drawn in dashes."""
        return False

    def elements(self) -> tuple[list[Element], float]:
        """All of it from its own upper left corner, and how high it is."""
        inner = [lines(net, dashed=self.dashed(n)) for n, net in self.layout.nets.items()]
        for name, panel in self.panels.items():
            box = self.layout.boxes[name]
            inner.append(placed(panel, box.x, box.y))
        shift = (self.width - self.layout.width) / 2
        top = self.layout.height + _LEGEND
        below = self.legend()
        whole = element("g", inner, transform=f"translate({trim(shift)} 0)")
        return [whole, placed(below, 0, top)], top + below.height


class Chart(_Picture):
    """A process laid out: every box with what stands in it, every line, the legend.

    Args:
        drawn: The process.
    """

    def __init__(self, drawn: Sketch) -> None:
        self.drawn: Sketch = drawn
        planned = plan(drawn)
        panels = {
            name: state_panel(drawn, place, planned.also.get(name, ()), planned.known[name])
            for name, place in drawn.places.items()
        }
        stands = dict(planned.states)
        for one in planned.cards:
            sources = ", ".join(drawn.places[name].label for name in one.named)
            panels[one.name] = card(drawn, one.ways, opening=one.opening, sources=sources)
            stands[one.name] = one.rank
        layout = lay_out(_nodes(panels, stands), planned.nets)
        super().__init__(panels, layout, width(drawn.label, 20, bold=True))

    def legend(self) -> Panel:
        """What the badges and marks mean."""
        kinds = {str(line.kind) for way in self.drawn.ways.values() for line in way.lines}
        if any(place.owed for place in self.drawn.places.values()):
            kinds.add("duty")
        return legend(self.drawn.movers(), kinds, self.drawn.language, self.width)


def _nodes(panels: Mapping[str, Panel], stands: Mapping[str, int]) -> list[Node]:
    return [
        Node(name=name, width=panel.width, height=panel.height, rank=stands[name])
        for name, panel in panels.items()
    ]


def chart(routine: Routine, process: str, language: Language = "en") -> Chart:
    """A process laid out, in one language.

    Raises:
        NotFound: There is no such process; the nearest is named.
    """
    return Chart(sketch(routine, process, language))


def drawing(made: Chart, *, headed: bool = True) -> Element:
    """The drawing of a process as an element, with its title to be seen or not."""
    drawn = made.drawn
    inner, height = made.elements()
    return frame(
        drawn.label,
        f"{drawn.routine} · {drawn.key}",
        in_words(drawn),
        inner,
        (made.width, height),
        f"drawing-{drawn.number}",
        drawn.language,
        headed=headed,
    )


def process_svg(routine: Routine, process: str, language: Language = "en") -> str:
    """A process as an SVG document.

    Its ``desc`` tells the whole process in words.

    Raises:
        NotFound: There is no such process; the nearest is named.

    >>> from lockroutine import load_routine
    >>> process_svg(load_routine(), "update", "sv")[:60]
    '<svg xmlns="http://www.w3.org/2000/svg" width="502" height="'
    """
    return as_xml(drawing(chart(routine, process, language)))


# -- the map ---------------------------------------------------------------------------------------

_STATION = 200.0
_IN_A_ROW = 4


class Map(_Picture):
    """All processes laid out: those that are joined by lines, and below them the others.

    Args:
        stations: The processes.
        language: In which language.
    """

    def __init__(self, stations: Sequence[Station], language: Language) -> None:
        self.stations: tuple[Station, ...] = tuple(stations)
        self._language: Language = language
        labels = {one.name: one.label for one in stations}
        panels = {one.name: _station(one, labels, language) for one in stations}
        stands = _stands(stations)
        layout = lay_out(_nodes(panels, stands), list(_bonds(stations, stands)))
        super().__init__(panels, layout, 0.0)

    def legend(self) -> Panel:
        """What the badges and marks mean."""
        movers = {mover: None for one in self.stations for mover in one.opened_by}
        bonds = [bond for one in self.stations for bond in one.bonds.values()]
        kinds = {"drives": any(bond.drives for bond in bonds)}
        kinds["looks"] = any(bond.looks for bond in bonds)
        inner = sorted(movers, key=lambda one: (one.kind != "role", one.index))
        return legend(inner, {k for k, there in kinds.items() if there}, self._language, self.width)

    def dashed(self, net: str) -> bool:
        """Whether only a rule looks at the other's cases."""
        return net.startswith("looks ")


def _station(one: Station, labels: Mapping[str, str], language: Language) -> Panel:
    body = Writer(width=_STATION)
    body.badges(one.opened_by, before=WORDS["opened_by"].get(language))
    for bond in one.bonds.values():
        text = labels[bond.target]
        _marked(body, "drives", f"{text}: {', '.join(bond.drives)}" if bond.drives else "")
        _marked(body, "looks", text if bond.looks else "")
    return titled(one.label, body)


def _marked(body: Writer, kind: MarkKind, text: str) -> None:
    if text:
        path, colour, filled = MARKS[kind]
        fill = colour if filled else "none"
        body.marks.append(Figure(y=body.y + 1.2, path=path, fill=fill, stroke=colour, thick=1.1))
        body.text(text, indent=14)


def _stands(stations: Sequence[Station]) -> dict[str, int]:
    joined = {other for one in stations for other in (*one.bonds, *([one.name] * bool(one.bonds)))}
    names = [one.name for one in stations if one.name in joined]
    found = ranks(names, [(one.name, other) for one in stations for other in one.bonds])
    below = max(found.values(), default=-1) + 1
    alone = [one.name for one in stations if one.name not in joined]
    found.update({name: below + index // _IN_A_ROW for index, name in enumerate(alone)})
    return found


def _bonds(stations: Sequence[Station], stands: Mapping[str, int]) -> Iterator[Net]:
    """For each process the lines that come in: those of steps, and those of rules that look."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in stations:
        for bond in one.bonds.values():
            kind = "drives" if bond.drives else "looks"
            side = "above" if stands[one.name] < stands[bond.target] else "below"
            found.setdefault((kind, bond.target, side), []).append(one.name)
    for (kind, target, side), sources in found.items():
        name = f"{kind} {target} {side}"
        yield Net(name=name, trunk=target, branches=tuple(sources), inward=True)


def map_drawing(routine: Routine, language: Language = "en", *, headed: bool = True) -> Element:
    """The map of all processes as an element, with its title to be seen or not."""
    stations = overview(routine, language)
    made = Map(stations, language)
    inner, height = made.elements()
    return frame(
        routine.pack.label.get(language),
        f"{WORDS['map'].get(language)} · {routine.key}",
        map_in_words(stations, language),
        inner,
        (made.width, height),
        "drawing-of-all",
        language,
        headed=headed,
    )


def map_svg(routine: Routine, language: Language = "en") -> str:
    """All processes of a routine and what joins them, as an SVG document.

    >>> from lockroutine import load_routine
    >>> "<title" in map_svg(load_routine())
    True
    """
    return as_xml(map_drawing(routine, language))
