"""Standing checks, what other systems report, and what becomes of cases under way."""

from __future__ import annotations

from functools import partial

from lockroutine.differences.briefed import Briefly, in_brief
from lockroutine.differences.refusals import MUST_HOLD
from lockroutine.differences.sides import Pair, Side, matched
from lockroutine.differences.tables import Found, Spot, compared, each
from lockroutine.differences.voice import Voice
from lockroutine.differences.words import SAY
from lockroutine.rules.guards import Guard
from lockroutine.rules.pulling import Report
from lockroutine.rules.schema import Move
from lockroutine.rules.sweeps import Sweep

__all__ = ["moves", "pulled", "sweeps"]

_EXCUSES = Briefly(SAY["excuses"], MUST_HOLD.keys)


# -- standing checks ------------------------------------------------------------------------------


def sweeps(pair: Pair) -> Found:
    """The standing checks, and what excuses a case from each."""

    def spot(side: Side, name: str, sweep: Sweep) -> Spot:
        title = side.text("", lambda voice: voice.quoted(sweep.label))
        return Spot(section="sweeps", kind="sweep", at=f"sweep.{name}", title=title)

    for match in matched(pair.old.pack.sweep, pair.new.pack.sweep):
        yield from each(pair, [match], spot)
        yield from _excuses(pair, match[2], match[1], match[3])


def _excuses(pair: Pair, sweep: str, old: Sweep | None, new: Sweep | None) -> Found:
    olds, news = (one.unless if one else {} for one in (old, new))
    for name, before, _, after in matched(olds, news):
        if before and after and old and new:
            spot = _excuse(pair.new, sweep, name, new, after, (old.process, new.process))
            title = pair.new.text("", partial(Voice.quoted, text=new.label))
            yield from in_brief(
                pair, spot, _EXCUSES, before, after, partial(_in_brief, name), title
            )
        elif after and new:
            spot = _excuse(pair.new, sweep, name, new, after, ("", new.process))
            yield from compared(pair, spot, None, after)
        elif before and old:
            spot = _excuse(pair.old, sweep, name, old, before, (old.process, ""))
            yield from compared(pair, spot, before, None)


def _in_brief(name: str, voice: Voice, guard: Guard) -> str:
    return voice.guard(name, guard)


def _excuse(
    side: Side, at: str, name: str, sweep: Sweep, guard: Guard, meant: tuple[str, str]
) -> Spot:
    def say(voice: Voice) -> str:
        return f"{voice.quoted(sweep.label)} ({voice.guard(name, guard)})"

    return Spot(
        section="sweeps",
        kind="unless",
        at=f"sweep.{at}.unless.{name}",
        title=side.text(sweep.process, say),
        meant=meant,
    )


# -- what other systems report --------------------------------------------------------------------


def pulled(pair: Pair) -> Found:
    """What may be written into tickets, and the steps that come with what is read."""

    def spot(side: Side, name: str, report: Report) -> Spot:
        title = side.text("", lambda voice: voice.step(report.step))
        return Spot(section="pulled", kind="report", at=f"report.{name}", title=title)

    yield from each(pair, matched(pair.old.pack.report, pair.new.pack.report), spot)
    for name in ("tickets", "batteries", "register"):
        old, new = (getattr(side.pack.pull, name) for side in (pair.old, pair.new))
        if old or new:
            here = Spot(section="pulled", kind="pull", at=f"pull.{name}", title=SAY[name])
            yield from compared(pair, here, old, new)


# -- cases under way ------------------------------------------------------------------------------


def moves(pair: Pair) -> Found:
    """What becomes of cases of an earlier version, where the newer pack says it otherwise."""

    def spot(side: Side, name: str, _: Move) -> Spot:
        title = side.text(name, lambda voice: voice.process_name(name))
        return Spot(section="moves", kind="move", at=f"move.{name}", process=name, title=title)

    yield from each(pair, matched(pair.old.pack.move, pair.new.pack.move), spot)
