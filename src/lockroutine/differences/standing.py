"""Standing checks, what other systems report, and what becomes of cases under way."""

from __future__ import annotations

from lockroutine.differences.briefed import Briefly
from lockroutine.differences.held import Held, Where, guards
from lockroutine.differences.refusals import MUST_HOLD
from lockroutine.differences.sides import Pair, Side, matched
from lockroutine.differences.tables import Found, Spot, compared, each
from lockroutine.differences.words import SAY
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
        _, old, name, new = match
        held = [
            Held(sweep.label, sweep.process, sweep.unless) if sweep else None
            for sweep in (old, new)
        ]
        where = Where(section="sweeps", kind="unless", at=f"sweep.{name}.unless")
        yield from guards(pair, where, _EXCUSES, held[0], held[1])


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
