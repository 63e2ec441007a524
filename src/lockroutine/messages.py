"""The messages of a pack, filled in for one reader in one language. Pure.

A template is text with ``$fields``; nothing in it can be called or computed.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Mapping

from lockroutine.facts import Value
from lockroutine.model import Effect, Language
from lockroutine.routine import CompiledProcess, Routine
from lockroutine.rules.terms import Message

__all__ = ["render"]

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "sv": {"yes": "ja", "no": "nej", "none": "–", "hidden": "(visas inte)"},
    "en": {"yes": "yes", "no": "no", "none": "–", "hidden": "(not shown)"},
}


def render(
    routine: Routine, effect: Effect, process: str, language: Language, may_see: frozenset[str]
) -> tuple[str, str]:
    """The subject and body of an effect's message.

    Args:
        routine: The routine that the case runs under.
        effect: The effect.
        process: The process of its case.
        language: In which language.
        may_see: The personal fields that the reader may see; the others are said to be hidden.
    """
    template = routine.pack.template[effect.template]
    words = _WORDS[language]
    rules = routine.process(process)
    values: dict[str, str] = {}
    for name, value in (*effect.values.items(), *effect.personal.items()):
        hidden = name in effect.personal and name.partition(".")[0] not in may_see
        shown = words["hidden"] if hidden else _shown(routine, rules, name, value, language)
        values[name] = shown
    subject, body = template.subject.get(language), template.body.get(language)
    return _ready(subject) % values, _ready(body) % values


@functools.lru_cache(256)
def _ready(text: str) -> str:
    """A message as Python fills texts in fastest: the same one goes out again and again."""
    return Message.pattern.sub(_in_place, text.replace("%", "%%"))


def _in_place(found: re.Match[str]) -> str:
    name = found["named"] or found["braced"]
    return f"%({name})s" if name else "$"


def _shown(
    routine: Routine, process: CompiledProcess, name: str, value: Value, language: Language
) -> str:
    words = _WORDS[language]
    declared = process.declared(name)
    if value is None:
        return words["none"]
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if declared and value in declared.choices:
        return declared.choices[str(value)].get(language)
    if declared and declared.type is dt.datetime:
        moment = dt.datetime.fromisoformat(str(value))
        return routine.calendar.local(moment).strftime("%Y-%m-%d %H:%M")
    return str(value)
