"""Which facts the cases of a process can have, and how each was declared."""

from __future__ import annotations

import typing
from collections.abc import Mapping

import attrs

from lockroutine._fields import Entry, Privacy, entries
from lockroutine.forms import FORMS
from lockroutine.model import Text
from lockroutine.rules.schema import Process, Transition

__all__ = ["BUILT_IN", "entry_at", "fields_of", "form_fields"]

BUILT_IN = ("subject", "unit", "state", "id")
"""What every case can be asked for."""


def form_fields(transition: Transition) -> Mapping[str, Entry]:
    """The fields of the form that a transition takes; none if there is no such form."""
    form = FORMS.get(transition.form)
    return entries(form) if form else {}


def fields_of(process: Process) -> dict[str, Entry]:
    """Every fact that a case of this process can have, by name."""
    found: dict[str, Entry] = {}
    for transition in process.transitions.values():
        found.update(form_fields(transition))
    for transition in process.transitions.values():
        for name, ref in transition.sets.items():
            kind = type(ref.literal) if ref.source == "value" else str
            found.setdefault(name, Entry(name=name, type=kind, label=Text(name, name)))
    return found


def entry_at(fields: Mapping[str, Entry], path: str) -> Entry | None:
    """The declaration at a dotted path; what lies within something personal is personal."""
    here: Mapping[str, Entry] = fields
    privacy: Privacy = ""
    found: Entry | None = None
    for name in path.split("."):
        found = here.get(name)
        if found is None:
            return None
        privacy = found.privacy or privacy
        kind = _bare(found.type)
        here = entries(kind) if attrs.has(kind) else {}
    return attrs.evolve(found, privacy=privacy) if found else None


def _bare(kind: typing.Any) -> typing.Any:
    arms = [arm for arm in typing.get_args(kind) if arm is not type(None)]
    return arms[0] if len(arms) == 1 and typing.get_origin(kind) is not tuple else kind
