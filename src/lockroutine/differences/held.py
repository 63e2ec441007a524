"""Guards that stand in no step: those of a standing check."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from attrs import frozen

from lockroutine.differences.briefed import Briefly, in_brief
from lockroutine.differences.sides import Pair, matched
from lockroutine.differences.tables import Found, Spot, compared
from lockroutine.differences.values import Section
from lockroutine.differences.voice import Voice
from lockroutine.model import Text
from lockroutine.rules.guards import Guard

__all__ = ["Held", "Where", "guards"]


@frozen
class Held:
    """Guards that are judged with cases of a process.

    Args:
        label: What the table is called that they stand in.
        process: The process.
        guards: The guards, by name.
    """

    label: Text
    process: str
    guards: Mapping[str, Guard]


@frozen(kw_only=True)
class Where:
    """Where such guards stand: the section, what one is called in `NEW` and `GONE`, the path."""

    section: Section
    kind: str
    at: str


def guards(pair: Pair, where: Where, how: Briefly, old: Held | None, new: Held | None) -> Found:
    """What differs between the guards of two tables; None is one that is not there."""
    olds, news = (held.guards if held else {} for held in (old, new))
    meant = (old.process if old else "", new.process if new else "")
    for name, before, _, after in matched(olds, news):
        side, held, guard = (pair.new, new, after) if after else (pair.old, old, before)
        assert held is not None  # one of both has the guard
        assert guard is not None
        spot = Spot(
            section=where.section,
            kind=where.kind,
            at=f"{where.at}.{name}",
            title=side.text(held.process, partial(_title, held.label, name, guard)),
            meant=meant,
        )
        if before and after:
            title = side.text("", partial(Voice.quoted, text=held.label))
            yield from in_brief(pair, spot, how, before, after, partial(_briefly, name), title)
        else:
            yield from compared(pair, spot, before, after)


def _title(label: Text, name: str, guard: Guard, voice: Voice) -> str:
    return f"{voice.quoted(label)} ({voice.guard(name, guard)})"


def _briefly(name: str, voice: Voice, guard: Guard) -> str:
    return voice.guard(name, guard)
