"""Values of the library as plain JSON: dicts, lists, texts, numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from lockroutine._fields import json_schema
from lockroutine.model import Case, Language, Reason, WaitingCase, WorkItem
from lockroutine.routine import Routine
from lockroutine.rules.terms import Ref

__all__ = ["of_case", "of_item", "of_reason", "of_routine", "plain"]


def plain(value: Any) -> Any:
    """A value of a rule pack as it stands in TOML; the kind of a guard or an effect with it."""
    match value:
        case Ref():
            return _ref(value)
        case dt.datetime():
            return value.isoformat()
        case Mapping():
            return {name: plain(item) for name, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
        case _:
            return _table(value) if attrs.has(type(value)) else value


def _table(value: Any) -> dict[str, Any]:
    kind = getattr(type(value), "kind", "")
    found = {"kind": kind} if isinstance(kind, str) and kind else {}
    for one in attrs.fields(type(value)):
        item = getattr(value, one.name)
        if item is not None:  # a key that was left out
            found[one.name.rstrip("_")] = plain(item)
    return found


def of_routine(routine: Routine, language: Language) -> dict[str, Any]:
    """The whole compiled routine: the pack, and the JSON Schema of each form that it takes."""
    used = {
        transition.form: routine.forms[transition.form]
        for process in routine.pack.process.values()
        for transition in process.transitions.values()
        if transition.form
    }
    forms = {name: json_schema(form, language) for name, form in sorted(used.items())}
    return {"key": routine.key, **plain(routine.pack), "form": forms}


def of_case(case: Case | WaitingCase) -> dict[str, Any]:
    """What a case is and where it stands; nothing that its forms have brought."""
    return {
        "id": case.id,
        "process": case.process,
        "subject": case.subject,
        "unit": case.unit,
        "state": case.state,
        "version": case.version,
        "routine": case.routine,
    }


def of_item(item: WorkItem) -> dict[str, Any]:
    """One entry of a work list."""
    return {
        "case": of_case(item.case),
        "role": item.role,
        "duty": item.duty,
        "label": plain(item.label),
        "transitions": list(item.transitions),
        "due_at": plain(item.due_at),
        "overdue": item.overdue,
        "escalated": item.escalated,
        "clauses": list(item.clauses),
    }


def of_reason(reason: Reason) -> dict[str, Any]:
    """What stands in the way of something, and by which rule."""
    return {
        "rule": reason.rule,
        "clauses": list(reason.clauses),
        "gaps": list(reason.gaps),
        "text": plain(reason.text),
    }


def _ref(ref: Ref) -> str | int | bool | None:
    if ref.source != "value":
        return str(ref)
    return f"text.{ref.literal}" if isinstance(ref.literal, str) else ref.literal
