"""Which facts the cases of a process can have, and how each was declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from lockroutine._fields import Entry, Privacy, bare, entries
from lockroutine.forms import FORMS
from lockroutine.model import Text
from lockroutine.rules.declared import form_of
from lockroutine.rules.schema import Pack, Process, Transition

__all__ = ["BUILT_IN", "Forms", "entry_at", "fields_of", "form_fields", "forms_of"]

BUILT_IN = ("subject", "unit", "state", "id")
"""What every case can be asked for."""


Forms: TypeAlias = Mapping[str, type]


def forms_of(pack: Pack) -> Forms:
    """The forms that the transitions of a pack may name: the bundled ones and its own."""
    return {**{name: form_of(name, table) for name, table in pack.form.items()}, **FORMS}


def form_fields(transition: Transition, forms: Forms) -> Mapping[str, Entry]:
    """The fields of the form that a transition takes; none if there is no such form."""
    form = forms.get(transition.form)
    return entries(form) if form else {}


def fields_of(process: Process, forms: Forms) -> dict[str, Entry]:
    """Every fact that a case of this process can have, by name."""
    found: dict[str, Entry] = {}
    for transition in process.transitions.values():
        found.update(form_fields(transition, forms))
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
        kind = bare(found.type)
        here = entries(kind) if attrs.has(kind) else {}
    return attrs.evolve(found, privacy=privacy) if found else None
