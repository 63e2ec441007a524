"""Who may make which step, and who sees what, in one of two routines only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import attrs

from lockroutine.differences.sides import Pair, Side
from lockroutine.differences.tables import Found, cited
from lockroutine.differences.values import Difference, Right
from lockroutine.differences.voice import Voice
from lockroutine.rules.schema import Process, Transition
from lockroutine.rules.terms import RESERVED

__all__ = ["rights"]

_Sight: TypeAlias = Literal["sees_personal", "sees_secret"]
_SIGHTS: tuple[_Sight, ...] = get_args(_Sight)


def rights(pair: Pair) -> Found:
    """What each role may do now or no longer, and what it sees."""
    for process in pair.processes():
        for was, before, name, after in pair.each_step(process):
            had, has = (step.by if step else () for step in (before, after))
            both = before is not None and after is not None
            if after:
                for one in _without(has, had):
                    yield from _made(pair.new, process, name, after, one, both=both, newer=True)
            if before:
                for one in _without(had, has):
                    yield from _made(pair.old, process, was, before, one, both=both, newer=False)
        for kind in _SIGHTS:
            yield from _seers(pair, process, kind)


def _made(
    side: Side,
    process: str,
    name: str,
    step: Transition,
    role: str,
    *,
    both: bool,
    newer: bool,
) -> Found:
    """Who makes a step now, or no longer: a role, or what is none (told with a new step)."""
    verb = "makes" if role in RESERVED else "may"

    def say(voice: Voice) -> str:
        word = verb if newer else f"{verb}_not"
        return voice.fixed(word, role=voice.mover(role), step=voice.step(name))

    made = Difference(
        section="steps" if role in RESERVED else "rights",
        change="gained" if newer else "lost",
        at=f"process.{process}.transitions.{name}.by",
        process=process,
        text=side.text(process, say),
        before=None if newer else role,
        after=role if newer else None,
        **cited(step),
    )
    if role not in RESERVED:
        yield Right(**attrs.asdict(made, recurse=False), role=role, transition=name)
    elif both:
        yield made


def _seers(pair: Pair, process: str, kind: _Sight) -> Found:
    """Who sees personal or secret fields of a process's cases."""
    had, has = (_of(side.process(process), kind) for side in (pair.old, pair.new))
    for role in _without(has, had):
        yield _sight(pair.new, process, kind, role, newer=True)
    for role in _without(had, has):
        yield _sight(pair.old, process, kind, role, newer=False)


def _sight(side: Side, process: str, kind: _Sight, role: str, *, newer: bool) -> Difference:
    def say(voice: Voice) -> str:
        word = f"now_{kind}" if newer else f"no_longer_{kind}"
        return voice.fixed(word, role=voice.role(role))

    return Difference(
        section="rights",
        change="gained" if newer else "lost",
        at=f"process.{process}.{kind}",
        process=process,
        text=side.text(process, say),
        before=None if newer else role,
        after=role if newer else None,
    )


def _of(rules: Process | None, kind: _Sight) -> tuple[str, ...]:
    if rules is None:
        return ()
    return rules.sees_personal if kind == "sees_personal" else rules.sees_secret


def _without(these: Iterable[str], those: Iterable[str]) -> list[str]:
    known = set(those)
    return [one for one in dict.fromkeys(these) if one not in known]
