"""What belongs to a step or a state: steps of other cases, effects, duties, lateness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from lockroutine.differences.briefed import Briefly, in_brief
from lockroutine.differences.sides import Match, Pair, Side, matched
from lockroutine.differences.tables import Found, Spot, compared, each, in_order
from lockroutine.differences.values import Section
from lockroutine.differences.voice import Voice
from lockroutine.differences.words import SAY
from lockroutine.model import Text
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.schema import Duty, Joint, State, Transition

__all__ = ["effects", "joints", "lateness", "states"]

T = TypeVar("T")
_DOES = Briefly(SAY["does"], frozenset({"to", "when"}))


class _Step:
    """A step of both packs, or of one."""

    def __init__(self, pair: Pair, process: str, match: Match[Transition]) -> None:
        self.pair = pair
        self.process = process
        self.was, self.before, self.name, self.after = match

    def at(self, side: Side) -> str:
        """Its path in one pack."""
        return f"process.{self.process}.transitions.{self.named(side)}"

    def named(self, side: Side) -> str:
        """Its name in one pack."""
        return self.name if side is self.pair.new else self.was

    def title(self, side: Side) -> Text:
        """What it is called in one pack."""
        return side.text(self.process, lambda voice: voice.step(self.named(side)))

    def reordered(
        self, section: Section, table: str, had: Mapping[str, T], has: Mapping[str, T]
    ) -> Found:
        """That what belongs to it comes in another order."""
        if self.before and self.after:
            spot = Spot(
                section=section,
                kind="transition",
                at=f"{self.at(self.pair.new)}.{table}",
                process=self.process,
                title=self.title(self.pair.new),
            )
            yield from in_order(self.pair, spot, SAY[table], had, has)


# -- steps of other cases -------------------------------------------------------------------------


def joints(pair: Pair) -> Found:
    """Which steps of other cases are made together with which."""
    for process in pair.processes():
        for match in pair.each_step(process):
            step = _Step(pair, process, match)
            olds, news = (one.joint if one else {} for one in (step.before, step.after))

            def spot(side: Side, name: str, joint: Joint, step: _Step = step) -> Spot:
                other = f"{joint.process}.{joint.transition}"
                return Spot(
                    section="joint",
                    kind="joint",
                    at=f"{step.at(side)}.joint.{name}",
                    process=step.process,
                    title=side.text(
                        step.process,
                        lambda voice: voice.fixed(
                            "together", step=voice.step(step.named(side)), other=voice.step(other)
                        ),
                    ),
                )

            yield from each(pair, matched(olds, news), spot)
            yield from step.reordered("joint", "joint", olds, news)


# -- what others are told or do -------------------------------------------------------------------


def effects(pair: Pair) -> Found:
    """What plugins are asked to do, and no longer."""
    for process in pair.processes():
        for match in pair.each_step(process):
            step = _Step(pair, process, match)
            olds, news = (one.effects if one else {} for one in (step.before, step.after))
            for name, old, _, new in matched(olds, news):
                if old and new:
                    spot = _effect(step, pair.new, name, new)
                    yield from in_brief(
                        pair, spot, _DOES, old, new, Voice.effect, step.title(pair.new)
                    )
                elif new:
                    yield from compared(pair, _effect(step, pair.new, name, new), None, new)
                elif old:
                    yield from compared(pair, _effect(step, pair.old, name, old), old, None)
            yield from step.reordered("effects", "effects", olds, news)


def _effect(step: _Step, side: Side, name: str, effect: EffectRule) -> Spot:
    title = side.text(
        step.process,
        lambda voice: voice.fixed(
            "effect_of", step=voice.step(step.named(side)), effect=voice.effect(effect)
        ),
    )
    at = f"{step.at(side)}.effects.{name}"
    return Spot(
        section="effects",
        kind="effect",
        at=at,
        process=step.process,
        title=title,
        said=("to", "when"),
    )


# -- states ---------------------------------------------------------------------------------------


def _states(side: Side, process: str) -> Mapping[str, State]:
    rules = side.process(process)
    return rules.states if rules else {}


def states(pair: Pair) -> Found:
    """Which states there are, whom they wait for, and what is owed in them."""
    for process in pair.processes():

        def spot(side: Side, name: str, _: State, process: str = process) -> Spot:
            return Spot(
                section="states",
                kind="state",
                at=f"process.{process}.states.{name}",
                process=process,
                title=side.text(process, lambda voice: voice.state(name)),
            )

        olds, news = _states(pair.old, process), _states(pair.new, process)
        for match in matched(olds, news, pair.states(process)):
            yield from each(pair, [match], spot)
            yield from _duties(pair, process, match)


def _duties(pair: Pair, process: str, match: Match[State]) -> Found:
    was, before, name, after = match
    names = {pair.old: was, pair.new: name}

    def spot(side: Side, duty: str, _: Duty) -> Spot:
        return Spot(
            section="states",
            kind="duty",
            at=f"process.{process}.states.{names[side]}.duties.{duty}",
            process=process,
            title=side.text(
                process,
                lambda voice: voice.fixed(
                    "at_state", step=voice.step(duty), state=voice.state(names[side])
                ),
            ),
        )

    olds, news = (state.duties if state else {} for state in (before, after))
    yield from each(pair, matched(olds, news, pair.steps(process)), spot)


def lateness(pair: Pair) -> Found:
    """Who is asked, too, when a case is late. When it is late stands with the states."""
    for process in pair.processes():
        olds, news = _states(pair.old, process), _states(pair.new, process)
        for was, before, name, after in matched(olds, news, pair.states(process)):
            old = before.escalation if before else None
            new = after.escalation if after else None
            if old or new:
                side, state = (pair.new, name) if new else (pair.old, was)
                at = f"process.{process}.states.{state}.escalation"
                title = _title(side, process, state)
                spot = Spot(section="times", kind="escalation", at=at, process=process, title=title)
                yield from compared(pair, spot, old, new)


def _title(side: Side, process: str, state: str) -> Text:
    return side.text(process, lambda voice: voice.state(state))
