"""Cases, events and effects as JSON text: first what is not personal, then what is."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lockroutine.decide import Change
from lockroutine.facts import NOTHING, Facts, canonical
from lockroutine.figures import Pending
from lockroutine.model import Case, Effect, Event, Filed, Reference, WaitingCase
from lockroutine.stores.base import NEVER_DUE, DamagedEvent, claimed_as

__all__ = [
    "EFFECT_COLUMNS",
    "FILED_COLUMNS",
    "WAITING_COLUMNS",
    "by_case",
    "claim_row",
    "decode_case",
    "decode_effect",
    "decode_event",
    "decode_filed",
    "decode_waiting",
    "encode_case",
    "encode_effect",
    "encode_event",
    "encode_owed",
    "pending",
    "read_event",
]

_parse = dt.datetime.fromisoformat
_loads = json.JSONDecoder().decode  # json.loads looks for the encoding first


def _iso(at: dt.datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time(text: str | None) -> dt.datetime | None:
    return None if text is None else _parse(text)


def _references(pairs: list[list[str]]) -> tuple[Reference, ...]:
    return tuple(Reference(system, issued) for system, issued in pairs)


def encode_case(case: Case) -> tuple[str, str | None]:
    """A case as text; the personal part apart, or None if there is none."""
    body = (
        case.id,
        case.process,
        case.subject,
        case.unit,
        case.routine,
        case.state,
        case.version,
        case.is_open,
        _iso(case.since),
        _iso(case.changed_at),
        _iso(case.due_at),
        _iso(case.timer_at),
        sorted(case.done),
        case.data,
        [(ref.system, ref.id) for ref in case.references],
        case.head,
    )
    return canonical(body), canonical(case.personal) if case.personal else None


def decode_case(body: str, personal: str | None) -> Case:
    """The case that `encode_case` made text of."""
    # To start the decoder takes as long as to read one of them.
    row, named = _loads(f"[{body},{personal or 'null'}]")
    return Case(
        id=row[0],
        process=row[1],
        subject=row[2],
        unit=row[3],
        routine=row[4],
        state=row[5],
        version=row[6],
        is_open=row[7],
        since=_time(row[8]),
        changed_at=_time(row[9]),
        due_at=_time(row[10]),
        timer_at=_time(row[11]),
        done=frozenset(row[12]),
        data=Facts(row[13]),
        personal=Facts(named) if named else NOTHING,
        references=_references(row[14]),
        head=row[15],
    )


WAITING_COLUMNS = (
    "id",
    "process",
    "subject",
    "unit",
    "routine",
    "state",
    "version",
    "due",
    "owed",
    "body",
    "personal",
)
"""The columns of a case that waits, in the order of its row."""


_NO_TIME = dt.datetime.min.replace(tzinfo=dt.UTC)  # no case has it


def _due(text: str, damaged: dt.datetime | None) -> dt.datetime | None:
    """The time in a column beside a case, or what is taken for it if the column is damaged."""
    try:
        return None if text == NEVER_DUE else _parse(text)
    except ValueError:
        return damaged


def encode_owed(change: Change) -> str:
    """The duties that a case owes, as text; their names have no spaces."""
    return " ".join(change.owed)


def decode_waiting(row: Sequence[Any]) -> WaitingCase:
    """The waiting case of a row of `WAITING_COLUMNS`; the case itself is made when it is asked for.

    To make a case takes several times as long as to read its row.
    """
    id_, process, subject, unit, routine, state, version, due, owed, body, personal = row
    return WaitingCase(
        id_,
        process,
        subject,
        unit,
        routine,
        state,
        version,
        _due(due, damaged=None),  # so that a page that ends here is followed by another
        tuple(owed.split()) if owed else (),
        functools.partial(decode_case, body, personal),
    )


FILED_COLUMNS = (
    "id",
    "process",
    "subject",
    "unit",
    "routine",
    "state",
    "is_open",
    "waits",
    "owed",
    "version",
    "due",
    "timer",
    "open_key",
)
"""The columns that a case is found by, in the order of their row."""


def decode_filed(
    rows: Iterable[Sequence[Any]], places: Iterable[Sequence[Any]]
) -> Mapping[str, Filed]:
    """By what cases are found.

    Args:
        rows: Their rows of `FILED_COLUMNS`.
        places: Where else they are found: case, process, field, value.
    """
    found_by: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for case_id, process, field, value in places:
        found_by.setdefault((case_id, process), set()).add((field, value))
    return {
        row[0]: Filed(
            process=row[1],
            subject=row[2],
            unit=row[3],
            routine=row[4],
            state=row[5],
            is_open=bool(row[6]),
            waits=bool(row[7]),
            owed=tuple(row[8].split()) if row[7] else (),
            version=row[9],
            due_at=_due(row[10], damaged=_NO_TIME),
            timer_at=None if row[11] is None else _due(row[11], damaged=_NO_TIME),
            open_key=row[12] or "",
            found_by=frozenset(found_by.get((row[0], row[1]), ())),
        )
        for row in rows
    }


def encode_event(event: Event) -> tuple[str, str, str | None]:
    """An event as its body and hash; salt and personal part apart, or None if there is none."""
    personal = canonical((event.salt, event.personal)) if event.personal else None
    return event.body, event.hash, personal


def decode_event(body: str, hash_: str, personal: str | None) -> Event:
    """The event that `encode_event` made text of."""
    row: list[Any] = _loads(body)
    salt, facts = _loads(personal) if personal else ("", {})
    erased = bool(row[15]) and personal is None
    return Event(
        case_id=row[0],
        version=row[1],
        process=row[2],
        transition=row[3],
        before=row[4],
        after=row[5],
        subject=row[6],
        unit=row[7],
        actor=row[8],
        roles=tuple(row[9]),
        happened_at=_parse(row[10]),
        recorded_at=_parse(row[11]),
        late_reason=row[12],
        routine=row[13],
        form=Facts(row[14]),
        personal=None if erased else Facts(facts),
        salt=salt,
        personal_digest=row[15],
        references=_references(row[16]),
        cause=row[17],
        moved_from=row[18],
        previous=row[19],
        hash=hash_,
    )


def read_event(
    case_id: str, version: int, body: bytes, hash_: bytes, personal: bytes | None
) -> Event:
    """A stored event, if it is still letter by letter what was written.

    Text is taken as bytes, as it may no longer be text; and other text for the same event, such
    as another sign between date and time, was not written by us either.

    Raises:
        DamagedEvent: It is not.
    """
    try:
        text = None if personal is None else personal.decode()
        written = body.decode(), hash_.decode(), text
        event = decode_event(*written)
        if encode_event(event) == written:
            return event
    except Exception as error:
        # Whatever cannot be made of it: it was made of it once.
        raise DamagedEvent(f"{case_id}/{version}") from error
    raise DamagedEvent(f"{case_id}/{version}")


def by_case(
    case_ids: Sequence[str], rows: Iterable[Sequence[Any]], read: Callable[..., Event]
) -> Mapping[str, tuple[Event, ...]]:
    """The events of some cases, out of their rows, which come case by case.

    Whose an event is stands in its row: what it says itself may be another's.
    """
    there = {
        case_id: tuple(read(*row) for row in found)
        for case_id, found in itertools.groupby(rows, lambda row: str(row[0]))
    }
    return {case_id: there.get(case_id, ()) for case_id in case_ids}


EFFECT_COLUMNS = (
    "key",
    "routine",
    "rule",
    "kind",
    "system",
    "case_id",
    "version",
    "recipient",
    "template",
    "state",
    "due_at",
    "attempts",
    "message",
    "outside",
    "body",
    "personal",
)
"""The columns of an effect, in the order of its row."""


def encode_effect(effect: Effect) -> tuple[Any, ...]:
    """The row of an effect: its columns, with what it carries as text."""
    return (
        effect.key,
        effect.routine,
        effect.rule,
        effect.kind,
        effect.system,
        effect.case_id,
        effect.version,
        effect.recipient,
        effect.template,
        effect.state,
        effect.due_at.isoformat(),
        effect.attempts,
        effect.message,
        effect.outside,
        canonical(effect.values),
        canonical(effect.personal) if effect.personal else None,
    )


def decode_effect(row: tuple[Any, ...]) -> Effect:
    """The effect of a row that `encode_effect` made."""
    values, named = _loads(f"[{row[14]},{row[15] or 'null'}]")
    return Effect(
        key=row[0],
        routine=row[1],
        rule=row[2],
        kind=row[3],
        system=row[4],
        case_id=row[5],
        version=row[6],
        recipient=row[7],
        template=row[8],
        state=row[9],
        due_at=_parse(row[10]),
        attempts=row[11],
        message=row[12],
        outside=row[13],
        values=Facts(values),
        personal=Facts(named) if named else NOTHING,
    )


def claim_row(row: Sequence[Any], until: str) -> tuple[Any, ...]:
    """The row of an effect as it is handed to the one who took it until then."""
    return (*row[:9], claimed_as(row[9]), until, *row[11:])


def pending(rows: Iterable[tuple[str, str, int, str]]) -> dict[tuple[str, str], Pending]:
    """Counted effects: rows of system, state, how many, and the earliest time."""
    return {(system, state): Pending(n, _parse(at)) for system, state, n, at in rows}
