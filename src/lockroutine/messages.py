"""The messages of a pack, filled in for one reader in one language. Pure.

A template is text with ``$fields``; nothing in it can be called or computed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from lockroutine._fields import Entry
from lockroutine.facts import Value
from lockroutine.model import Effect, Language
from lockroutine.routine import Routine
from lockroutine.rules.fields import entry_at
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
    fields = routine.process(process).fields
    values: dict[str, str] = {}
    for name, value in (*effect.values.items(), *effect.personal.items()):
        hidden = name in effect.personal and name.partition(".")[0] not in may_see
        shown = words["hidden"] if hidden else _shown(routine, fields, name, value, language)
        values[name] = shown
    subject = Message(template.subject.get(language)).safe_substitute(values)
    return subject, Message(template.body.get(language)).safe_substitute(values)


def _shown(
    routine: Routine, fields: Mapping[str, Entry], name: str, value: Value, language: Language
) -> str:
    words = _WORDS[language]
    declared = entry_at(fields, name)
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
