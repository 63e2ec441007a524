"""The boxes of a drawing: what stands in each, and how large that makes it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from attrs import evolve

from lockroutine.model import Language
from lockroutine.pictures.marks import (
    BADGE,
    PLAIN,
    SMALL,
    Figure,
    Mark,
    Panel,
    Word,
    Writer,
    badge_marks,
    moved,
    rectangle,
)
from lockroutine.pictures.metrics import width
from lockroutine.pictures.palette import FAINT, INK, LINES, MARKS, PAPER, QUIET, SHADE, badge
from lockroutine.pictures.sketch import Mover, Place, Sketch, Way
from lockroutine.pictures.words import WORDS

__all__ = ["card", "legend", "state_panel", "titled", "write_way"]

_CARD = 214.0
_COLUMN = 206.0
_PAD = 9.0
_LABEL, _STATE = 11.5, 13.5
_START = 26.0
_ONWARD = "M3 1.5 7 5 3 8.5"


def write_way(
    writer: Writer,
    way: Way,
    *,
    owed: tuple[tuple[Mover, ...], str] | None = None,
    known: bool = False,
) -> None:
    """A step: who makes it, what it is called, what it asks for and brings about.

    Args:
        writer: Where it is written.
        way: The step.
        owed: Of whom it is owed here, and when.
        known: Whether the rest of it stands elsewhere in the drawing.
    """
    writer.badges(way.movers, "" if known else ", ".join(way.clauses))
    if owed is not None:
        box = rectangle(writer.left + 0.7, writer.y + 1.8, 8.6, 8.6, 1.5)
        writer.marks.append(Figure(path=box, fill=PAPER, stroke=INK, thick=1.4))
    indent = 14.0 if owed is not None else 0.0
    writer.text(way.label, size=_LABEL, bold=True, indent=indent, leading=14)
    if owed and owed[1]:
        writer.text(owed[1], size=SMALL, colour=QUIET, indent=14, leading=12)
    for line in () if known else way.lines:
        path, colour, filled = MARKS[line.kind]
        writer.marks.append(
            Figure(
                x=writer.left,
                y=writer.y + 1.2,
                path=path,
                fill=colour if filled else "none",
                stroke=colour,
                thick=1.1,
            )
        )
        writer.text(line.text, indent=14)


def card(drawn: Sketch, ways: Sequence[Way], *, opening: bool, sources: str = "") -> Panel:
    """The box of one or more steps that lead the same way.

    Args:
        drawn: The process.
        ways: The steps.
        opening: Whether they open a case: the sign of that stands above.
        sources: From where they lead, in words, if no line says so.
    """
    top = _START if opening else 0.0
    writer = Writer(width=_CARD - 2 * _PAD - 6, left=_PAD + 6, y=top + 8)
    rules: list[float] = []
    stripes: list[tuple[float, float, Way]] = []
    if sources:
        writer.text(f"{_word(drawn, 'from')}: {sources}", size=SMALL, colour=QUIET, leading=12)
        writer.y += 6
    for index, way in enumerate(ways):
        if index:
            rules.append(writer.y + 3)
            writer.y += 8
        start = writer.y
        write_way(writer, way)
        stripes.append((start, writer.y, way))
    height = writer.y + 7
    marks: list[Mark] = []
    if opening:
        middle = _CARD / 2
        disc = f"M{middle:g} 0a6 6 0 1 1 -.01 0ZM{middle:g} 11V{_START - 5:g}"
        head = f"M{middle - 4.5:g} {_START - 8:g}h9L{middle:g} {_START:g}Z"
        marks += [Figure(path=disc, fill=INK, stroke=INK, thick=1.4), Figure(path=head, fill=INK)]
    by_people = any(mover.kind == "role" for way in ways for mover in way.movers)
    frame = rectangle(0, top, _CARD, height - top, 5)
    marks.append(Figure(path=frame, fill=PAPER, stroke=LINES, thick=1.1, dashed=not by_people))
    for start, end, way in stripes:
        marks += _stripe(way.movers, start, end)
    for y in rules:
        marks.append(Figure(path=f"M6 {y:g}H{_CARD - 6:g}", stroke=FAINT))
    return Panel(_CARD, height, (*marks, *writer.marks))


def _stripe(movers: Sequence[Mover], start: float, end: float) -> list[Mark]:
    """The colours of those who make a step, down its left side."""
    high = (end - start) / len(movers)
    return [
        Figure(
            path=rectangle(4, start + index * high, 4, high),
            fill=badge(mover).edge if mover.kind == "role" else FAINT,
        )
        for index, mover in enumerate(movers)
    ]


def state_panel(
    drawn: Sketch, place: Place, also: Sequence[str] = (), known: Container[str] = ()
) -> Panel:
    """The box of a state: whom it waits for, what is owed there, what else can be done.

    Args:
        drawn: The process.
        place: The state.
        also: The labels of steps that lead on from here but are drawn elsewhere.
        known: The names of steps that can be made here and are told of elsewhere.
    """
    staying = drawn.staying(place.name)
    label = place.label
    if place.end:
        if not (staying or also or place.waits_for or place.due):
            return _end(drawn, place)
        label = f"{label} ({_word(drawn, 'end')})"
    entries: list[Writer] = []
    for way in staying:
        entry = Writer(width=_COLUMN - 12)
        write_way(entry, way, owed=place.owed.get(way.name), known=way.name in known)
        entries.append(entry)
    columns = _columns(entries)
    wide = max(len(columns) * _COLUMN + 2 * _PAD - 12, 190.0)
    wide = max(wide, min(width(label, _STATE, bold=True) + 2 * _PAD + 4, 260.0))
    under, head = _header(label, wide)
    body = Writer(width=wide - 2 * _PAD, left=_PAD, y=under + 6)
    if place.waits_for:
        body.badges(place.waits_for, place.due, _word(drawn, "waits_for"))
    elif place.due:
        body.text(place.due, size=SMALL, colour=QUIET)
    if place.late[1]:
        body.badges(place.late[1], before=place.late[0])
    marks: list[Mark] = []
    if entries and body.y > under + 6:
        marks.append(Figure(path=f"M{_PAD:g} {body.y:g}h{wide - 2 * _PAD:g}", stroke=FAINT))
        body.y += 6
    top = body.y
    bottom = body.y
    for number, column in enumerate(columns):
        y = top
        for entry in column:
            if y > top:
                left = _PAD + number * _COLUMN
                marks.append(Figure(path=f"M{left:g} {y:g}h{_COLUMN - 12:g}", stroke=FAINT))
                y += 6
            marks += [moved(mark, _PAD + number * _COLUMN, y) for mark in entry.marks]
            y += entry.y + 4
        bottom = max(bottom, y)
    if also:
        body.y = bottom + (3 if bottom > under + 8 else 0)
        for label in also:
            arrow = Figure(x=_PAD, y=body.y + 1.2, path=_ONWARD, stroke=QUIET, thick=1.3)
            body.marks.append(arrow)
            body.text(label, colour=QUIET, indent=14)
        bottom = body.y
    return _framed(wide, under, bottom, (*head, *marks, *body.marks))


def titled(label: str, body: Writer) -> Panel:
    """A box with a heading on dark ground, over what was written below it.

    Args:
        label: The heading.
        body: What stands below, from its own upper left corner.
    """
    wide = body.width + 2 * _PAD
    under, head = _header(label, wide)
    below = [moved(mark, _PAD, under + 6) for mark in body.marks]
    return _framed(wide, under, under + 6 + body.y, (*head, *below))


def _header(label: str, wide: float) -> tuple[float, list[Mark]]:
    head = Writer(width=wide - 2 * _PAD, left=_PAD, y=7)
    head.text(label, size=_STATE, bold=True, colour=PAPER, leading=17)
    return head.y + 5, head.marks


def _framed(wide: float, under: float, bottom: float, marks: Iterable[Mark]) -> Panel:
    high = bottom + 5 if bottom > under + 6 else under
    frame = rectangle(0, 0, wide, high, 9)
    band = f"M0 9a9 9 0 0 1 9 -9h{wide - 18:g}a9 9 0 0 1 9 9v{under - 9:g}h{-wide:g}Z"
    shapes: list[Mark] = [
        Figure(path=frame, fill=PAPER, stroke=INK, thick=1.6),
        Figure(path=band if high > under else frame, fill=INK),
    ]
    return Panel(wide, high, (*shapes, *marks))


def _end(drawn: Sketch, place: Place) -> Panel:
    wide = min(max(width(place.label, _STATE, bold=True) + 44, 120.0), 214.0)
    head = Writer(width=wide - 40, left=20, y=8)
    head.text(place.label, size=_STATE, bold=True, leading=17)
    head.text(_word(drawn, "end"), size=SMALL, colour=QUIET, leading=12)
    high = head.y + 8
    outer = rectangle(0, 0, wide, high, 18)
    inner = rectangle(3.5, 3.5, wide - 7, high - 7, 15)
    centred = [
        evolve(mark, x=(wide - mark.width) / 2) if isinstance(mark, Word) else mark
        for mark in head.marks
    ]
    shapes: list[Mark] = [
        Figure(path=outer, fill=PAPER, stroke=INK, thick=1.6),
        Figure(path=inner, fill=SHADE, stroke=INK, thick=1.1),
    ]
    return Panel(wide, high, (*shapes, *centred))


def _columns(entries: Sequence[Writer]) -> list[list[Writer]]:
    """Entries in up to three columns of about the same height, in their order."""
    count = 1 if len(entries) < 3 else 2 if len(entries) < 5 else 3
    whole = sum(entry.y + 10 for entry in entries)
    columns: list[list[Writer]] = []
    before = 0.0
    for entry in entries:
        index = min(int((before + entry.y / 2) * count / whole), count - 1)
        if not columns or index >= len(columns):
            columns.append([])
        columns[-1].append(entry)
        before += entry.y + 10
    return columns


def _word(drawn: Sketch, name: str) -> str:
    return WORDS[name].get(drawn.language)


def legend(
    movers: Iterable[Mover], kinds: Container[str], language: Language, room: float
) -> Panel:
    """What the badges and marks mean, in rows as wide as the drawing.

    Args:
        movers: Those whose badges are in the drawing.
        kinds: The marks that are in it; ``duty`` is the box of what is owed.
        language: The language.
        room: How wide the drawing is.
    """
    items: list[tuple[list[Mark], float, str]] = [
        (badge_marks(mover, 0, 0), BADGE[0], mover.label) for mover in movers
    ]
    for kind, (path, colour, filled) in MARKS.items():
        if kind in kinds:
            fill = colour if filled else "none"
            mark = Figure(y=3, path=path, fill=fill, stroke=colour, thick=1.1)
            items.append(([mark], 10, WORDS[f"legend_{kind}"].get(language)))
    if "duty" in kinds:
        box = Figure(path=rectangle(0.7, 3.7, 8.6, 8.6, 1.5), stroke=INK, thick=1.4)
        items.append(([box], 10, WORDS["legend_duty"].get(language)))
    marks: list[Mark] = [Figure(path=f"M0 1H{room:g}", stroke=LINES)]
    x = y = 0.0
    for figures, wide, label in items:
        whole = wide + 6 + width(label, PLAIN)
        if x and x + whole > room:
            x, y = 0.0, y + 24
        marks += [moved(figure, x, y + 14) for figure in figures]
        marks.append(Word(x=x + wide + 6, y=y + 26, text=label))
        x += whole + 20
    return Panel(room, y + 34, tuple(marks))
