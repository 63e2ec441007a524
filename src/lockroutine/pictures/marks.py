"""Words and shapes, and boxes made of them: what every drawing is put together from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from attrs import evolve, field, frozen, mutable

from lockroutine.pictures.metrics import fold, width
from lockroutine.pictures.palette import INK, MOVER_MARKS, QUIET, badge
from lockroutine.pictures.sketch import Mover
from lockroutine.pictures.tree import Element, element

__all__ = [
    "BADGE",
    "PLAIN",
    "SMALL",
    "Figure",
    "Mark",
    "Panel",
    "Word",
    "Writer",
    "badge_marks",
    "draw",
    "moved",
    "rectangle",
]

BADGE = (24.0, 16.0)
"""The width and height of a badge."""

SMALL = 9.5
PLAIN = 10.5
_LINE = 13.0


@frozen(kw_only=True)
class Word:
    """A line of text: where it begins, on its base line."""

    x: float
    y: float
    text: str
    size: float = PLAIN
    bold: bool = False
    colour: str = INK

    @property
    def width(self) -> float:
        """How wide it is."""
        return width(self.text, self.size, bold=self.bold)


@frozen(kw_only=True)
class Figure:
    """A shape: an outline in a square of its own that is set at a point."""

    x: float = 0.0
    y: float = 0.0
    path: str
    fill: str = "none"
    stroke: str = "none"
    thick: float = 1.0
    dashed: bool = False


Mark: TypeAlias = Word | Figure


@frozen
class Panel:
    """A box with what stands in it, from its own upper left corner."""

    width: float
    height: float
    marks: tuple[Mark, ...]


def rectangle(x: float, y: float, wide: float, high: float, round_: float = 0.0) -> str:
    """The outline of a rectangle, as the path of a figure."""
    r = min(round_, wide / 2, high / 2)
    if not r:
        return f"M{x:g} {y:g}h{wide:g}v{high:g}h{-wide:g}Z"
    return (
        f"M{x + r:g} {y:g}h{wide - 2 * r:g}a{r:g} {r:g} 0 0 1 {r:g} {r:g}v{high - 2 * r:g}"
        f"a{r:g} {r:g} 0 0 1 {-r:g} {r:g}h{2 * r - wide:g}a{r:g} {r:g} 0 0 1 {-r:g} {-r:g}"
        f"v{2 * r - high:g}a{r:g} {r:g} 0 0 1 {r:g} {-r:g}Z"
    )


@mutable
class Writer:
    """Sets lines one below the other, within a width."""

    width: float
    left: float = 0.0
    y: float = 0.0
    marks: list[Mark] = field(factory=list)

    def text(
        self,
        text: str,
        *,
        size: float = PLAIN,
        bold: bool = False,
        colour: str = INK,
        indent: float = 0.0,
        leading: float = _LINE,
    ) -> None:
        """A text, folded where it must be."""
        for line in fold(text, size, self.width - indent, bold=bold):
            self.marks.append(
                Word(
                    x=self.left + indent,
                    y=self.y + leading * 0.77,
                    text=line,
                    size=size,
                    bold=bold,
                    colour=colour,
                )
            )
            self.y += leading

    def badges(self, movers: Iterable[Mover], aside: str = "", before: str = "") -> None:
        """The badges of those who make a step, side by side, and small words around them."""
        x = self.left
        wide, high = BADGE
        if before:
            self.marks.append(Word(x=x, y=self.y + 11.5, text=before, size=SMALL, colour=QUIET))
            x += width(before, SMALL) + 6
        for mover in movers:
            if x + wide > self.left + self.width:
                x, self.y = self.left, self.y + high + 3
            self.marks += badge_marks(mover, x, self.y)
            x += wide + 4
        room = self.left + self.width - x - 4
        if aside and width(aside, SMALL) <= room:
            end = self.left + self.width - width(aside, SMALL)
            self.marks.append(Word(x=end, y=self.y + 11.5, text=aside, size=SMALL, colour=QUIET))
            aside = ""
        self.y += high + 4
        if aside:
            self.text(aside, size=SMALL, colour=QUIET, leading=12)


def badge_marks(mover: Mover, x: float, y: float) -> list[Mark]:
    """A role's letters on its colour; the mark of what is no role, in a dashed frame."""
    wide, high = BADGE
    ink = badge(mover)
    role = mover.kind == "role"
    frame = Figure(
        path=rectangle(x, y, wide, high, 4 if role else 8),
        fill=ink.fill,
        stroke=ink.edge,
        thick=1.2,
        dashed=not role,
    )
    if not role:
        mark = MOVER_MARKS[mover.kind]
        return [frame, Figure(x=x + 4, y=y, path=mark, stroke=ink.letters, thick=1.3)]
    size = 9.5 if len(mover.letters) < 3 else 8.0
    start = x + (wide - width(mover.letters, size, bold=True)) / 2
    letters = Word(
        x=start, y=y + 11.5, text=mover.letters, size=size, bold=True, colour=ink.letters
    )
    return [frame, letters]


def moved(mark: Mark, x: float, y: float) -> Mark:
    """A mark somewhere else."""
    if isinstance(mark, Word):
        return evolve(mark, x=mark.x + x, y=mark.y + y)
    return evolve(mark, x=mark.x + x, y=mark.y + y)


def draw(mark: Mark) -> Element:
    """A mark as an element of SVG."""
    if isinstance(mark, Word):
        return element(
            "text",
            mark.text,
            x=mark.x,
            y=mark.y,
            font_size=mark.size,
            font_weight="bold" if mark.bold else None,
            fill=None if mark.colour == INK else mark.colour,
            textLength=mark.width,
            lengthAdjust="spacingAndGlyphs",
        )
    return element(
        "path",
        d=mark.path,
        transform=f"translate({mark.x:.1f} {mark.y:.1f})" if mark.x or mark.y else None,
        fill=mark.fill,
        stroke=None if mark.stroke == "none" else mark.stroke,
        stroke_width=None if mark.stroke == "none" else mark.thick,
        stroke_linejoin=None if mark.stroke == "none" else "round",
        stroke_dasharray="4 3" if mark.dashed else None,
    )
