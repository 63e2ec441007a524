"""What must hold in every world that a routine can come to, and what may hold in none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeAlias

from lockroutine.differences.briefed import Briefly
from lockroutine.differences.held import Held, Where, guards
from lockroutine.differences.refusals import MUST_HOLD
from lockroutine.differences.sides import Pair, Side, matched
from lockroutine.differences.tables import Found, Spot, each
from lockroutine.differences.values import Difference
from lockroutine.differences.words import SAY
from lockroutine.rules.guards import Guard
from lockroutine.rules.invariants import Invariant

__all__ = ["invariants"]

_Kind: TypeAlias = Literal["always", "never"]
_HOLDS = Briefly(SAY["must_hold"], MUST_HOLD.keys)


def invariants(pair: Pair) -> Found:
    """What `check` proves of one pack only, or otherwise."""
    for kind in ("always", "never"):
        olds, news = (_of(side, kind) for side in (pair.old, pair.new))
        for match in matched(olds, news):
            yield from each(pair, [match], _spot(kind))
            _, old, name, new = match
            where = Where(section="invariants", kind="condition", at=f"{kind}.{name}.guards")
            yield from _own(guards(pair, where, _HOLDS, _held(old), _held(new)), old, new)


def _of(side: Side, kind: _Kind) -> Mapping[str, Invariant]:
    return side.pack.always if kind == "always" else side.pack.never


def _spot(kind: _Kind) -> Callable[[Side, str, Invariant], Spot]:
    def spot(side: Side, name: str, one: Invariant) -> Spot:
        title = side.text("", lambda voice: voice.quoted(one.label))
        return Spot(section="invariants", kind=kind, at=f"{kind}.{name}", title=title)

    return spot


def _held(one: Invariant | None) -> Held | None:
    if one is None:
        return None
    return Held(one.label, one.process or one.step.partition(".")[0], one.guards)


def _own(found: Iterator[Difference], old: Invariant | None, new: Invariant | None) -> Found:
    """What guards say themselves; not what they only take over from what they stand in."""
    for one in found:
        *_, name, key = one.at.split(".")
        taken = {"otherwise": "label", "clauses": "clauses", "gaps": "gaps"}.get(key, "")
        if old and new and taken and name in new.guards:
            both = ((old, old.guards[name]), (new, new.guards[name]))
            if all(_takes(whole, guard, key, taken) for whole, guard in both):
                continue
        yield one


def _takes(whole: Invariant, guard: Guard, key: str, taken: str) -> bool:
    return bool(getattr(guard, key) == getattr(whole, taken))
