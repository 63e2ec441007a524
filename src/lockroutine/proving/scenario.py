"""A story as a scenario: a TOML file that plays it again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from lockroutine.model import Language
from lockroutine.proving.proof import Claim, Story, StoryStep
from lockroutine.proving.world import PEOPLE, UNIT, UNITS
from lockroutine.routine import Routine
from lockroutine.rules.terms import CLOCK, PULL, SWEEP

__all__ = ["as_scenario"]


def as_scenario(routine: Routine, claim: Claim, language: Language) -> str:
    """The text of a scenario that plays a claim's story.

    Args:
        routine: The routine of the proof.
        claim: A claim that was refuted, with its story.
        language: The language of title and notes.
    """
    assert claim.story  # what is refuted without one has nothing to play
    return "\n".join(_lines(routine, claim, claim.story, language)) + "\n"


def _lines(routine: Routine, claim: Claim, story: Story, language: Language) -> Iterator[str]:
    yield f"title = {_toml(claim.text.get(language))}"
    ending = (text.get(language).removesuffix(".") for text in story.ending)
    yield f"note = {_toml('. '.join(ending) + '.')}"
    yield f"unit = {_toml(UNIT)}"
    people = sorted({step.person for step in story.steps}.intersection(PEOPLE))
    for person in people:
        roles = sorted({step.role for step in story.steps if step.person == person})
        yield from ("", f"[actors.{person}]", f"roles = {_toml(roles)}")
        if _goes_beyond(story):
            yield f"units = {_toml(UNITS)}"
    for step in story.steps:
        yield from _step(routine, step, language)


def _step(routine: Routine, step: StoryStep, language: Language) -> Iterator[str]:
    local = routine.calendar.local
    yield from ("", "[[step]]", f"note = {_toml(step.text.get(language))}")
    yield f"at = {_toml(_time(local(step.at)))}"
    if step.role in (CLOCK, SWEEP):
        yield "tick = true" if step.role == CLOCK else "sweep = true"
        return
    yield f"who = {_toml(PULL if step.role == PULL else step.person)}"
    yield f"does = {_toml(f'{step.process}.{step.transition}')}"
    yield f"about = {_toml(step.subject)}"
    if step.refused:
        yield f"refused = {_toml([_short(step, rule) for rule in step.refused])}"
    else:
        yield f"state = {_toml(step.state)}"
    if step.form:
        yield from ("", "[step.form]")
        for name, value in step.form.items():
            yield f"{name} = {_toml(_local(value, local))}"


def _goes_beyond(story: Story) -> bool:
    """Whether a story has to do with more than one unit or organisation."""
    named = {step.subject for step in story.steps}
    named |= {value for step in story.steps for value in step.form.values() if type(value) is str}
    return not named.isdisjoint(UNITS[1:])


def _short(step: StoryStep, rule: str) -> str:
    """A rule as scenarios name it: within its step, or with the driven one."""
    own = f"process.{step.process}.transitions.{step.transition}."
    return rule.removeprefix(own).removeprefix("process.").replace(".transitions.", ".")


def _time(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _local(value: Any, local: Any) -> Any:
    return _time(local(value)) if isinstance(value, dt.datetime) else value


def _toml(value: Any) -> str:
    """A value in TOML."""
    match value:
        case bool() | int():
            return str(value).lower()
        case dt.date():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            inner = (f"{name} = {_toml(one)}" for name, one in value.items())
            return f"{{ {', '.join(inner)} }}"
        case _:
            # TOML's basic strings escape as JSON does.
            return json.dumps(str(value), ensure_ascii=False)
