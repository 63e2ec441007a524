"""The sheet that is drawn on: its title, its words for those who do not see it, its lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lockroutine.model import Language
from lockroutine.pictures.layout import Drawn
from lockroutine.pictures.marks import Panel, Word, draw, rectangle
from lockroutine.pictures.metrics import FAMILY
from lockroutine.pictures.palette import INK, LINES, PAPER, QUIET
from lockroutine.pictures.routing import Point
from lockroutine.pictures.tree import Element, element, trim

__all__ = ["MARGIN", "frame", "lines", "placed"]

MARGIN = 24.0
_TITLE = 46.0
_ROUND = 6.0


def frame(
    title: str,
    under: str,
    words: Sequence[str],
    inner: Iterable[Element],
    size: tuple[float, float],
    name: str,
    language: Language,
    *,
    headed: bool = True,
) -> Element:
    """A drawing with its title on top, and with all that it shows told in words.

    Args:
        title: What it shows.
        under: From what it is made.
        words: What it shows, for those who do not see it.
        inner: What is drawn.
        size: Its width and height.
        name: Told apart by it from other drawings of one page: a word of HTML.
        language: The language of the words.
        headed: Whether the title is to be seen; else it stands beside the drawing.
    """
    top = _TITLE if headed else 0.0
    wide, high = size[0] + 2 * MARGIN, size[1] + 2 * MARGIN + top
    head = (
        draw(Word(x=MARGIN, y=MARGIN + 14, text=title, size=20, bold=True)),
        draw(Word(x=MARGIN, y=MARGIN + 32, text=under, size=10.5, colour=QUIET)),
    )
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", "\n".join(words), id=f"{name}-desc"),
        element("path", d=rectangle(0, 0, round(wide, 1), round(high, 1)), fill=PAPER),
        element(
            "g",
            head if headed else None,
            element("g", inner, transform=f"translate({trim(MARGIN)} {trim(MARGIN + top)})"),
            aria_hidden="true",
        ),
        xmlns="http://www.w3.org/2000/svg",
        width=round(wide),
        height=round(high),
        viewBox=f"0 0 {trim(wide)} {trim(high)}",
        role="img",
        xml__lang=language,
        aria_labelledby=f"{name}-title {name}-desc",
        font_family=FAMILY,
        fill=INK,
    )


def placed(panel: Panel, x: float, y: float) -> Element:
    """A box at its place."""
    marks = (draw(mark) for mark in panel.marks)
    return element("g", marks, transform=f"translate({trim(x)} {trim(y)})")


def lines(net: Drawn, *, dashed: bool = False) -> Element:
    """A line with its branches and arrows, and a white rim where it crosses others."""
    path = "".join(_rounded(points) for points in net.routes.values())
    arrows = "".join(_arrow(point, down=down) for point, down in net.heads())
    dash = "5 3" if dashed else None
    return element(
        "g",
        element("path", d=path, stroke=PAPER, stroke_width=5, fill="none"),
        element("path", d=path, stroke=LINES, stroke_width=1.4, fill="none", stroke_dasharray=dash),
        element("path", d=arrows, fill=LINES) if arrows else None,
    )


def _rounded(points: Sequence[Point]) -> str:
    """A line through these points, its corners rounded."""
    said = [f"M{trim(points[0][0])} {trim(points[0][1])}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        room = min(_ROUND, _far(before, here) / 2, _far(here, after) / 2)
        into, out = _towards(here, before, room), _towards(here, after, room)
        said.append(f"L{trim(into[0])} {trim(into[1])}")
        said.append(f"Q{trim(here[0])} {trim(here[1])} {trim(out[0])} {trim(out[1])}")
    said.append(f"L{trim(points[-1][0])} {trim(points[-1][1])}")
    return "".join(said)


def _far(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(here: Point, there: Point, length: float) -> Point:
    far = _far(here, there)
    if not far:
        return here
    return (
        here[0] + (there[0] - here[0]) * length / far,
        here[1] + (there[1] - here[1]) * length / far,
    )


def _arrow(point: Point, *, down: bool) -> str:
    x, y = point
    back = -8 if down else 8
    return f"M{trim(x)} {trim(y)}l-4 {back}h8Z"
