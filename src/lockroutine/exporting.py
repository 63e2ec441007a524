"""Events as plain values for other programs, one after another, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lockroutine.facts import Facts, Value
from lockroutine.model import Event
from lockroutine.stores import Reading

__all__ = ["exported", "line_of"]

_TELL_EVERY = 500


def exported(
    reading: Reading, *, personal: bool, tell: Callable[[int, int], object]
) -> Iterator[dict[str, Any]]:
    """Every event of a reading as a line of an export; what each holds stands in `line_of`."""
    whole = reading.event_count()
    done = 0
    tell(done, whole)
    for event in reading.events():
        yield line_of(event, personal=personal)
        done += 1
        if done % _TELL_EVERY == 0:
            tell(done, whole)
    tell(done, whole)


def line_of(event: Event, *, personal: bool) -> dict[str, Any]:
    """An event as JSON takes it. The keys are the names of `Event`.

    Args:
        event: The event.
        personal: Whether what is personal or secret is in it, with the salt that proves it. Else
            there is only its digest, which tells nothing and keeps the hash provable.
    """
    line: dict[str, Any] = {
        "case_id": event.case_id,
        "version": event.version,
        "process": event.process,
        "transition": event.transition,
        "before": event.before,
        "after": event.after,
        "subject": event.subject,
        "unit": event.unit,
        "actor": event.actor,
        "roles": list(event.roles),
        "happened_at": event.happened_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "late_reason": event.late_reason,
        "routine": event.routine,
        "form": _plain(event.form),
        "personal_digest": event.personal_digest,
        "references": [{"system": ref.system, "id": ref.id} for ref in event.references],
        "cause": event.cause,
        "moved_from": event.moved_from,
        "previous": event.previous,
        "hash": event.hash,
    }
    if personal:
        # Nothing instead of fields: it was erased.
        line["personal"] = None if event.personal is None else _plain(event.personal)
        line["salt"] = event.salt
    return line


def _plain(value: Value) -> Any:
    match value:
        case Facts():
            return {name: _plain(one) for name, one in value.items()}
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return value
