"""How the values of keys are told: each by what it names or means, in the words of a pack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from attrs import frozen

from lockroutine.differences.values import Section
from lockroutine.differences.voice import Voice
from lockroutine.differences.words import FIELD_TYPES, SUBJECTS
from lockroutine.model import Text
from lockroutine.pictures.brief import plain_name
from lockroutine.pictures.rulebook.words import OWED, PRIVACY
from lockroutine.rules.effects import SendNotice

__all__ = ["Key", "Names", "Say", "process_of"]

Names: TypeAlias = Literal["", "state", "step", "state_here", "step_here"]
"""Of what a value is the name: of the process that its table names, or that it stands in."""
Say: TypeAlias = Callable[[Voice, Any, Any], str]
"""A value in words, in the words of a routine; with the table that it stands in."""


@frozen
class Key:
    """A key of a table.

    Args:
        label: What it is called; empty if its value says it.
        say: Its value in words; of a list or table, one entry of it.
        names: Of what its entries are the names, so that a new name is none.
        section: Where a change of it is told, if not with its table.
        whole: Whether a list is told as one value.
        empty: What it means that it is left out, where that is to be told.
    """

    label: Text
    say: Say = lambda voice, value, _: voice.one(value)
    names: Names = ""
    section: Section | None = None
    whole: bool = False
    empty: Text | None = None


def role(voice: Voice, value: str, _: object) -> str:
    """A role, or what makes a step that is none."""
    return voice.mover(value)


def recipient(voice: Voice, value: str, table: SendNotice) -> str:
    """Whom a notice goes to."""
    named = table.named()
    return voice.ref(named[value]) if value in named else voice.role(value)


def process(voice: Voice, value: str, _: object) -> str:
    """A process, by its label."""
    return voice.process_name(value)


def state(voice: Voice, value: str, table: object) -> str:
    """A state of the process that the table names."""
    return voice.state(value, process_of(table, ""))


def state_here(voice: Voice, value: str, _: object) -> str:
    """A state of the process that the table stands in."""
    return voice.state(value)


def step(voice: Voice, value: str, table: object) -> str:
    """A step of the process that the table names."""
    return voice.step(value, process_of(table, ""))


def step_here(voice: Voice, value: str, _: object) -> str:
    """A step of the process that the table stands in, or one of another by both names."""
    return voice.step(value)


def length(voice: Voice, value: str, _: object) -> str:
    """A length of time."""
    return voice.some_length(value)


def value(voice: Voice, value: object, _: object) -> str:
    """The value of a parameter."""
    return voice.value(value)


def days(voice: Voice, value: tuple[str, ...], _: object) -> str:
    """Days of the week."""
    return voice.days(value)


def parameter(voice: Voice, value: int | str, _: object) -> str:
    """A number, or what the parameter of that name holds."""
    return voice.parameter(value)


def form(voice: Voice, value: str, _: object) -> str:
    """A form."""
    return voice.form(value)


def message(voice: Voice, value: str, _: object) -> str:
    """A message."""
    return voice.message(value)


def field(voice: Voice, value: str, table: object) -> str:
    """A fact of the cases that the table is about."""
    return voice.field(value, process_of(table, ""))


def read(voice: Voice, value: Text, _: object) -> str:
    """What a refused person reads."""
    return voice.read(value)


def entry(voice: Voice, value: tuple[str, Any], _: object) -> str:
    """An entry of a table, by its name and its value."""
    return f"{plain_name(value[0])}: {voice.one(value[1])}"


def new_state(voice: Voice, value: tuple[str, str | tuple[str, ...]], _: object) -> str:
    """What becomes of cases in a state of an earlier version."""
    before, after = f"«{plain_name(value[0])}»", value[1]
    if isinstance(after, str):
        return voice.fixed("becomes", before=before, after=voice.state(after))
    return voice.fixed("decides", before=before, after=voice.any_of(map(voice.state, after)))


def new_step(voice: Voice, value: tuple[str, str], _: object) -> str:
    """What becomes of a step that was made under an earlier version."""
    before, after = f"«{plain_name(value[0])}»", value[1]
    if not after:
        return voice.fixed("counts_no_longer", before=before)
    return voice.fixed("becomes", before=before, after=voice.step(after))


def allowed(voice: Voice, value: tuple[str, Any], _: object) -> str:
    """What a role may give."""
    return f"{voice.role(value[0])}: {voice.one(value[1])}"


def field_type(voice: Voice, value: str, _: object) -> str:
    """What a field of a form holds."""
    return voice.say(FIELD_TYPES[value])


def subject(voice: Voice, value: str, _: object) -> str:
    """What the cases of a process are about."""
    return voice.say(SUBJECTS[value])


def owed(voice: Voice, value: str, _: object) -> str:
    """What the software owes a clause."""
    return voice.say(OWED[value])


def privacy(voice: Voice, value: str, _: object) -> str:
    """How a field is protected."""
    return voice.say(PRIVACY[value])


def name(_voice: Voice, value: str, _: object) -> str:
    """A name that has no label, as words."""
    return plain_name(value)


def fixed(voice: Voice, value: str, _: object) -> str:
    """One of a few words."""
    return voice.fixed(value)


def process_of(table: object, within: str) -> str:
    """The process whose states and steps a table names: its own, or the one that it stands in."""
    return getattr(table, "process", "") or within
