"""What a change writes, as rows by the names of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lockroutine.decide import Change
from lockroutine.model import Reference
from lockroutine.stores.base import due_key
from lockroutine.stores.codec import (
    EFFECT_COLUMNS,
    encode_case,
    encode_effect,
    encode_event,
    encode_owed,
)

__all__ = [
    "case_row",
    "effect_rows",
    "event_row",
    "found_rows",
    "reference_row",
    "reference_rows",
    "result_row",
]

Values = dict[str, Any]


def case_row(change: Change) -> Values:
    """The case as it is then; and in which version it was before."""
    case = change.case
    body, personal = encode_case(case)
    return {
        "id": case.id,
        "process": case.process,
        "subject": case.subject,
        "unit": case.unit,
        "routine": case.routine,
        "state": case.state,
        "is_open": case.is_open,
        "waits": case.is_open and change.waits,
        "owed": encode_owed(change),
        "version": case.version,
        "due": due_key(case),
        "timer": case.timer_at.isoformat() if case.timer_at and case.is_open else None,
        "open_key": change.open_key or None,
        "body": body,
        "personal": personal,
        "before": change.before.version,
    }


def found_rows(change: Change) -> list[Values]:
    """By what the case is found from now on."""
    case, before = change.case, change.before
    return [
        {"process": case.process, "field": name, "value": value, "case_id": case.id}
        for name, value in change.found_by
        # What stood there before is there to be found already.
        if before.value(name) != value or before.routine != case.routine or not before.head
    ]


def reference_row(reference: Reference, case_id: str) -> Values:
    """A case's id in another system."""
    return {"system": reference.system, "id": reference.id, "case_id": case_id}


def reference_rows(change: Change) -> list[Values]:
    """The ids in other systems that the case has got."""
    new = change.case.references[len(change.before.references) :]
    return [reference_row(reference, change.case.id) for reference in new]


def event_row(change: Change) -> Values:
    """What happened."""
    event = change.event
    body, hash_, personal = encode_event(event)
    return {
        "case_id": event.case_id,
        "version": event.version,
        "body": body,
        "hash": hash_,
        "personal": personal,
    }


def effect_rows(change: Change) -> list[Values]:
    """What plugins are asked to do."""
    return [
        dict(zip(EFFECT_COLUMNS, encode_effect(effect), strict=True)) for effect in change.effects
    ]


def result_row(changes: Sequence[Change], key: str, digest: str) -> Values:
    """What the command with a key did."""
    first = changes[0].event
    return {"key": key, "case_id": first.case_id, "version": first.version, "digest": digest}
