"""The names and values of one routine in words, in one language."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from lockroutine.differences.words import SAY
from lockroutine.model import Language, Text
from lockroutine.pictures.brief import Brief, plain_name
from lockroutine.pictures.words import MOVERS
from lockroutine.routine import Routine
from lockroutine.rules.terms import Condition, Ref
from lockroutine.rules.timers import Timer

__all__ = ["Voice", "as_written", "ended"]


class Voice(Brief):
    """What a routine names and says, in one language.

    Args:
        routine: The routine.
        process: The process in which names of states, steps and fields are meant; empty for none.
        language: ``sv`` or ``en``.

    >>> from lockroutine import load_routine
    >>> voice = Voice(load_routine(), "mounting", "en")
    >>> voice.state("ordered"), voice.step("lock.register"), voice.one(True)
    ('«Ordered»', '«Lock: Register the lock»', 'yes')
    """

    def __init__(self, routine: Routine, process: str, language: Language) -> None:
        super().__init__(routine, process, language)
        self.within: str = process
        self.language: Language = language
        rules = self._pack.process
        self._state_titles = functools.cache(
            lambda process: self._told_apart(
                {name: state.label for name, state in rules[process].states.items()}
            )
        )
        self._step_titles = functools.cache(
            lambda process: self._told_apart(
                {name: step.label for name, step in rules[process].transitions.items()}
            )
        )

    def fixed(self, name: str, **values: object) -> str:
        """One of the fixed words of differences, with its values."""
        return ended(self.say(SAY[name]).format(**values))

    def head(self, title: str, label: str) -> str:
        """What is otherwise of a thing; the thing alone if its value says it."""
        return self.fixed("head", title=title, label=label) if label else title

    def quoted(self, text: Text) -> str:
        """A text between marks, on one line."""
        return f"«{' '.join(self.say(text).split())}»"

    def read(self, text: Text) -> str:
        """The same of what a refused person reads, with the parameters that it names."""
        return f"«{' '.join(self.filled(text).split())}»"

    def listed(self, names: Iterable[str]) -> str:
        """Things in a row, each once."""
        return ", ".join(dict.fromkeys(names))

    def any_of(self, names: Iterable[str]) -> str:
        """Things in a row with "or" before the last, each once."""
        return self._any(names)

    # -- names ---------------------------------------------------------------------------------

    def process_name(self, name: str) -> str:
        """A process by its label."""
        return self.quoted(self._pack.process[name].label)

    def state(self, name: str, process: str = "") -> str:
        """A state by its label, with its name where another is called the same."""
        return self._state_titles(process or self.within)[name]

    def step(self, name: str, process: str = "") -> str:
        """A step by its label; of another process with that one's; told apart as states are."""
        named, _, transition = name.rpartition(".")
        said = self._step_titles(named or process or self.within)[transition]
        if not named:
            return said
        return f"«{self.say(self._pack.process[named].label)}: {said[1:]}"

    def _told_apart(self, labels: Mapping[str, Text]) -> dict[str, str]:
        said = {name: self.quoted(label) for name, label in labels.items()}
        times = Counter(said.values())
        return {name: f"{it} ({name})" if times[it] > 1 else it for name, it in said.items()}

    def mover(self, name: str) -> str:
        """Who makes a step: a role, or what stands for none."""
        return self.say(MOVERS[name]) if name in MOVERS else self.role(name)

    def form(self, name: str) -> str:
        """A form by its label, if the pack declares it; else by its name in words."""
        declared = self._pack.form.get(name)
        return self.quoted(declared.label) if declared else f"«{plain_name(name)}»"

    def message(self, name: str) -> str:
        """A message by its name in words: two may have the same subject line."""
        return f"«{plain_name(name)}»"

    def some_length(self, text: str) -> str:
        """A duration, or the parameter that holds one; no time at all as it stands."""
        return self.length(text) or text

    def field(self, name: str, process: str = "") -> str:
        """A fact of a process's cases by its label; where no process is meant, by its name."""
        if process and process != self.within:
            return Voice(self._routine, process, self.language).field(name)
        return self.ref(Ref("case", name)) if self.within else plain_name(name)

    # -- values --------------------------------------------------------------------------------

    def parameter(self, value: int | str) -> str:
        """A number, or what the parameter of that name holds."""
        known = self._routine.parameters
        return self.value(known.get(value, value) if isinstance(value, str) else value)

    def one(self, value: Any) -> str:
        """A value in words, as far as its type tells how."""
        match value:
            case Text():
                return self.quoted(value)
            case bool():
                return self.word("yes" if value else "no")
            case Ref():
                return self.ref(value)
            case Condition():
                return self.condition(value)
            case Timer():
                return self.timer(value)
            case dt.date():
                return value.isoformat()
            case tuple():
                return self.listed(map(self.one, value))
            case _:
                return str(value)


def ended(text: str) -> str:
    """A sentence with one stop at its end; a quoted one has its own.

    >>> ended("It reads: «No.».")
    'It reads: «No.»'
    """
    return re.sub(r"([.!?]»)\.$", r"\1", text)


def as_written(value: Any) -> str:
    """A value much as it stands in the pack, for two that are said in the same words.

    >>> as_written(Text(sv="Lås", en="Lock")), as_written(Ref("form", "door"))
    ('{ sv = "Lås", en = "Lock" }', 'form.door')
    """
    match value:
        case Ref():
            return str(value)
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(map(as_written, value))}]"
        case Mapping():
            return f"{{ {', '.join(f'{k} = {as_written(v)}' for k, v in value.items())} }}"
        case _ if attrs.has(type(value)):
            given = {
                one.name.rstrip("_"): getattr(value, one.name)
                for one in attrs.fields(type(value))
                if getattr(value, one.name) not in (one.default, None)
            }
            return as_written(given)
        case _:
            return str(value)
