"""By which rules steps are refused now, no longer, or otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from lockroutine.differences.briefed import Briefly, in_brief
from lockroutine.differences.sides import Match, Pair, Side, matched
from lockroutine.differences.tables import Found, Spot, cited, in_order
from lockroutine.differences.values import Difference, Refusal
from lockroutine.differences.voice import Voice
from lockroutine.differences.words import SAY
from lockroutine.rules.guards import Guard
from lockroutine.rules.schema import Transition

__all__ = ["MUST_HOLD", "refusals"]

MUST_HOLD = Briefly(
    SAY["must_hold"],
    frozenset(
        {
            "process",
            "states",
            "not_past",
            "value",
            "other",
            "limit",
            "values",
            "list",
            "same_as",
            "at_least",
            "at_most",
            "days",
            "hours",
            "not_older_than",
            "not_later_than",
            "not_sooner_than",
            "not_before",
            "transitions",
            "when",
        }
    ),
)
_NONE: Mapping[str, Guard] = {}


def refusals(pair: Pair) -> Found:
    """Each guard of each step that only one pack has, or that says something else."""
    for process in pair.processes():
        for match in pair.each_step(process):
            yield from _of_step(pair, process, match)


def _of_step(pair: Pair, process: str, match: Match[Transition]) -> Found:
    was, before, name, after = match
    at, was_at = (f"process.{process}.transitions.{one}.guards" for one in (name, was))
    olds, news = (step.guards if step else _NONE for step in (before, after))
    for guard, old, _, new in matched(olds, news):
        if old and new:
            for one in _otherwise(pair, (process, name, guard), at, old, new):
                kept = attrs.asdict(one, recurse=False)
                yield Refusal(**kept, rule=f"{at}.{guard}", transition=name)
        elif new:
            yield _one_sided(pair.new, (process, name, guard), f"{at}.{guard}", new, "refused")
        elif old:
            names = (process, was, guard)
            word = "refused_not" if after else "refused_gone"
            yield _one_sided(pair.old, names, f"{was_at}.{guard}", old, word)
    if before and after:
        title = pair.new.text(process, lambda voice: voice.step(name))
        spot = Spot(section="refusals", kind="guard", at=at, process=process, title=title)
        yield from in_order(pair, spot, SAY["guards"], olds, news)


def _otherwise(pair: Pair, names: tuple[str, str, str], at: str, old: Guard, new: Guard) -> Found:
    process, step, name = names

    def title(voice: Voice) -> str:
        return f"{voice.step(step)} ({voice.guard(name, new)})"

    spot = Spot(
        section="refusals",
        kind="guard",
        at=f"{at}.{name}",
        process=process,
        title=pair.new.text(process, title),
    )
    step_title = pair.new.text(process, lambda voice: voice.step(step))
    yield from in_brief(
        pair, spot, MUST_HOLD, old, new, lambda voice, guard: voice.guard(name, guard), step_title
    )


def _one_sided(
    side: Side, names: tuple[str, str, str], at: str, guard: Guard, word: str
) -> Difference:
    process, step, name = names
    newer = word == "refused"

    def say(voice: Voice) -> str:
        return voice.fixed(
            word,
            step=voice.step(step),
            rule=voice.guard(name, guard),
            reads=voice.read(guard.otherwise),
            kept=voice.fixed("safeguard") if guard.safeguard else "",
        )

    return Refusal(
        section="refusals",
        change="gained" if newer else "lost",
        at=at,
        process=process,
        text=side.text(process, say),
        before=None if newer else guard,
        after=guard if newer else None,
        rule=at,
        transition=step,
        **cited(guard),
    )
