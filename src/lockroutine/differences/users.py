"""Which rules of a pack use one of its parameters, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from lockroutine.differences.voice import Voice
from lockroutine.model import Text
from lockroutine.rules.schema import Pack, Process
from lockroutine.rules.terms import Message

__all__ = ["users_of"]

_HOLDS_ONE = frozenset(
    {
        "after",
        "at_least",
        "at_most",
        "before",
        "days",
        "due",
        "hours",
        "limit",
        "minimum",
        "not_later_than",
        "not_older_than",
        "not_sooner_than",
    }
)
"""The keys that may name a parameter."""


def users_of(voice: Voice, pack: Pack, parameter: str) -> Iterator[str]:
    """Where a parameter is used: steps and states with their process, checks, what is shown."""
    for name, process in pack.process.items():
        for said in _in_process(voice, name, process, parameter):
            yield f"{voice.say(process.label)}: {said}"
    labels = [(one, one.label) for one in pack.sweep.values()]
    for one, label in (*labels, *((one, one.label) for one in pack.shown.values())):
        if _uses(one, parameter):
            yield voice.quoted(label)


def _in_process(voice: Voice, name: str, process: Process, parameter: str) -> Iterator[str]:
    for state, rules in process.states.items():
        if _uses(rules, parameter):
            yield voice.state(state, name)
    for step, transition in process.transitions.items():
        if _uses(transition, parameter):
            yield voice.step(step, name)


def _uses(value: Any, parameter: str) -> bool:
    """Whether a rule, or anything within it, names a parameter."""
    if isinstance(value, Text):
        return any(parameter in Message(text).get_identifiers() for text in (value.sv, value.en))
    if isinstance(value, dict):
        return any(_uses(item, parameter) for item in value.values())
    if not attrs.has(type(value)):
        return False
    return any(
        (one.name in _HOLDS_ONE and held == parameter) or _uses(held, parameter)
        for one in attrs.fields(type(value))
        for held in (getattr(value, one.name),)
    )
