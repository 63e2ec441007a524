"""Reading and writing over a link: what `lockroutine.stores.base` asks of a transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lockroutine.decide import Change
from lockroutine.errors import LockroutineError, StoreBusy, StoreError
from lockroutine.figures import Pending
from lockroutine.model import Awaited, Case, Effect, Event, Filed, Query, Reference, WaitingCase
from lockroutine.rules.reader import Source
from lockroutine.stores.base import (
    PAGE,
    CaseFilter,
    FirstResult,
    Position,
    due_key,
    lost_race,
    one_open,
)
from lockroutine.stores.codec import (
    by_case,
    claim_row,
    decode_case,
    decode_effect,
    decode_filed,
    decode_waiting,
    pending,
    read_event,
)
from lockroutine.stores.sql._links import Link, Row
from lockroutine.stores.sql._rows import (
    case_row,
    effect_rows,
    event_row,
    found_rows,
    reference_row,
    reference_rows,
    result_row,
)
from lockroutine.stores.sql._statements import Statement, Statements, listed

__all__ = ["Transaction", "overtaken", "refusals_of"]

_MOST_TERMS = 400  # SQLite joins at most 500 queries into one
_LATEST = "~~"  # later than every due key


class Transaction:
    """One transaction, of which somebody else says when it begins and ends.

    Args:
        link: What statements are run on.
        known: The statements.
    """

    def __init__(self, link: Link, known: Statements) -> None:
        self._link = link
        self._known = known
        self.wrote = False
        """Whether anything was, or was to be, written."""
        self._woke = False
        # What was read ahead: a case by its id, and cases by their process and subject.
        self._ahead: dict[tuple[str, str], list[Row]] = {}

    # -- reading -------------------------------------------------------------------------------

    def _cases(self, statement: Statement, **given: Any) -> list[Case]:
        return [decode_case(*row[:2]) for row in self._link.rows(statement, given)]

    def ahead(self, case_id: str, processes: Collection[str]) -> None:
        if not self._known.server:
            return
        given = {"id": case_id, "processes": listed(processes)}
        rows = self._link.rows(self._known.ahead, given)
        subject = rows[0][1] if rows else ""
        self._ahead = {("", case_id): [], **{(name, subject): [] for name in processes}}
        for process, _, *row in rows:
            self._ahead[process, subject if process else case_id].append(tuple(row))

    def case(self, case_id: str) -> Case | None:
        rows = self._ahead.get(("", case_id))
        found = (
            self._cases(self._known.case, id=case_id)
            if rows is None
            else [decode_case(*row) for row in rows]
        )
        return found[0] if found else None

    def find(self, query: Query) -> tuple[Case, ...]:
        known = self._known
        by_subject = query.field == "subject"
        rows = self._ahead.get((query.process, query.value)) if by_subject else None
        if rows is not None:
            return tuple(decode_case(*row) for row in rows)
        return tuple(
            self._cases(
                known.find_by_subject if by_subject else known.find_by_field,
                process=query.process,
                field=query.field,
                value=query.value,
            )
        )

    def history(self, case_id: str) -> tuple[Event, ...]:
        rows = self._link.rows(self._known.history, {"id": case_id})
        return tuple(_event(*row) for row in rows)

    def histories(self, case_ids: Sequence[str]) -> Mapping[str, tuple[Event, ...]]:
        rows = self._link.rows(self._known.histories, {"ids": self._several(case_ids)})
        return by_case(case_ids, rows, _event)

    def filed(self, case_ids: Sequence[str]) -> Mapping[str, Filed]:
        given, known = {"ids": self._several(case_ids)}, self._known
        rows, places = (self._link.rows(one, given) for one in (known.filed, known.places))
        return decode_filed(rows, places)

    def history_page(self, case_id: str, after: int, limit: int) -> list[Event]:
        given = {"id": case_id, "after": after, "limit": limit}
        return [_event(*row) for row in self._link.rows(self._known.history_page, given)]

    def events(self) -> Iterator[Event]:
        after = 0
        while rows := self._link.rows(self._known.events, {"after": after, "limit": PAGE}):
            for row in rows:
                yield _event(*row[:-1])
            after = rows[-1][-1]

    def event_count(self) -> int:
        return int(self._link.rows(self._known.event_count, {})[0][0])

    def cases(self, wanted: CaseFilter, after: str, limit: int) -> list[Case]:
        given: dict[str, Any] = {
            "process": wanted.process,
            "state": wanted.state,
            "subject": wanted.subject,
            "unit": wanted.unit,
            "is_open": wanted.is_open,
            "reference": wanted.reference,
        }
        named = {name for name, value in given.items() if value is not None}
        if wanted.reference:
            given["reference_system"] = wanted.reference.system
            given["reference_id"] = wanted.reference.id
        if wanted.units is not None:
            named |= {"units", "jobs"} if wanted.jobs else {"units"}
            given["units"] = self._several(sorted(wanted.units))
            jobs = sorted(wanted.jobs)
            given["jobs"] = json.dumps(jobs)
            for n, name in enumerate(("job_process", "job_field", "job_value")):
                given[name] = listed(job[n] for job in jobs)
        statement = self._known.cases(frozenset(named))
        return self._cases(statement, **given, after=after, limit=limit)

    def _several(self, values: Sequence[str]) -> str:
        return listed(values) if self._known.server else json.dumps(values)

    def waiting(
        self,
        states: Sequence[Awaited],
        units: frozenset[str] | None,
        known: Collection[str],
        after: Position | None,
        limit: int,
    ) -> list[WaitingCase]:
        places = [
            (one.process, one.state, unit, one.due_by.isoformat() if one.due_by else _LATEST)
            for one in states
            for unit in (("",) if units is None else sorted(units))
        ]
        if not places:
            return []
        due, case_id = after or ("", "")
        page: dict[str, Any] = {"due": due, "id": case_id, "known": listed(known)}
        most = len(places) if self._known.server else _MOST_TERMS
        found: list[WaitingCase] = []
        for start in range(0, len(places), most):
            part = places[start : start + most]
            statement = self._known.waiting(len(part), limit, in_units=units is not None)
            rows = self._link.rows(statement, page | self._placed(part))
            found += map(decode_waiting, rows)
        if len(places) > most:
            found.sort(key=lambda case: (due_key(case), case.id))
        # Asked for afterwards: none of these cases can run under a routine that came later.
        strange = not self._known.server and not self.routine_keys() <= set(known)
        return [] if strange else found[:limit]

    def _placed(self, places: Sequence[tuple[str, str, str, str]]) -> dict[str, Any]:
        names = ("process", "state", "unit", "latest")
        if self._known.server:
            return dict(zip(names, map(listed, zip(*places, strict=True)), strict=True))
        return {
            f"{name}_{number}": value
            for number, place in enumerate(places)
            for name, value in zip(names, place, strict=True)
        }

    def timers(self, until: dt.datetime, after: Position | None, limit: int) -> list[Case]:
        timer, case_id = after or ("", "")
        return self._cases(
            self._known.timers, until=until.isoformat(), timer=timer, id=case_id, limit=limit
        )

    def effects(
        self, case_id: str | None, state: str | None, after: str, limit: int
    ) -> list[Effect]:
        named = {"case_id": case_id, "state": state}
        given = {name: value for name, value in named.items() if value is not None}
        page = {"after": after, "limit": limit}
        rows = self._link.rows(self._known.effects(frozenset(given)), given | page)
        return [decode_effect(row) for row in rows]

    def effect(self, key: str) -> Effect | None:
        rows = self._link.rows(self._known.effect, {"key": key})
        return decode_effect(rows[0]) if rows else None

    def backlog(self) -> Mapping[tuple[str, str], Pending]:
        return pending(self._link.rows(self._known.backlog, {}))

    def server_time(self) -> dt.datetime | None:
        return self._link.rows(self._known.now, {})[0][0] if self._known.server else None

    def first_result(self, key: str) -> FirstResult | None:
        rows = self._link.rows(self._known.first_result, {"key": key})
        return FirstResult(*rows[0]) if rows else None

    def routine_keys(self) -> frozenset[str]:
        return frozenset(key for (key,) in self._link.rows(self._known.routine_keys, {}))

    def routine(self, key: str) -> Source | None:
        files: dict[str, str] = dict(self._link.rows(self._known.routine, {"key": key}))
        return Source(key, files) if files else None

    def cursor(self, system: str) -> str:
        rows = self._link.rows(self._known.cursor, {"system": system})
        return str(rows[0][0]) if rows else ""

    def refusals(self) -> Mapping[str, int]:
        return dict(self._link.rows(self._known.refusals, {}))

    def look_again(self) -> None:
        """See that all that was read was true at one and the same moment.

        Raises:
            StoreBusy: It was not.
        """

    # -- writing -------------------------------------------------------------------------------

    def apply(self, changes: Sequence[Change], key: str = "", digest: str = "") -> None:
        self.wrote = True
        self._ahead.clear()
        for change in changes:
            self._keep(change)
        if key and not self._link.write(
            self._known.insert_result, result_row(changes, key, digest)
        ):
            raise overtaken()

    def _lost(self, case_id: str) -> LockroutineError:
        """That a case is not as it was before the change."""
        return lost_race(case_id)

    def _keep(self, change: Change) -> None:
        known, link, row = self._known, self._link, case_row(change)
        before = change.before
        if not link.write(known.update_case if before.version else known.insert_case, row):
            raise self._not_kept(change, row)
        link.write_all(known.insert_found_by, found_rows(change))
        link.write_all(known.insert_reference, reference_rows(change))
        link.write(known.insert_event, event_row(change))
        link.write_all(known.insert_effect, effect_rows(change))
        self._wake(change)

    def _wake(self, change: Change) -> None:
        """Wake whoever works in the background, if there is something to send; once is enough."""
        if change.effects and self._known.wake and not self._woke:
            self._link.plain(self._known.wake)
            self._woke = True

    def _not_kept(self, change: Change, row: Mapping[str, Any]) -> LockroutineError:
        """Why a case could not be written: another holds its place, or it has changed."""
        holder = self._link.rows(self._known.holder, row)
        return one_open(str(holder[0][0])) if holder else self._lost(change.case.id)

    def claim(
        self, limits: Mapping[str, int], now: dt.datetime, until: dt.datetime
    ) -> list[Effect]:
        self.wrote = True
        found: list[Sequence[Any]] = []
        for system, limit in limits.items():
            given = {"system": system, "now": now.isoformat(), "limit": limit}
            found += self._link.rows(self._known.to_send, given)
        lease = until.isoformat()
        self._link.write_all(self._known.take, [{"key": row[0], "until": lease} for row in found])
        return [decode_effect(claim_row(row, lease)) for row in found]

    def settle(
        self, effect: Effect, lease: dt.datetime | None, reference: Reference | None = None
    ) -> bool:
        self.wrote = True
        given = {
            "key": effect.key,
            "state": effect.state,
            "due_at": effect.due_at.isoformat(),
            "attempts": effect.attempts,
            "message": effect.message,
            "outside": effect.outside,
            "lease": lease.isoformat() if lease else None,
        }
        statement = self._known.settle_mine if lease else self._known.settle
        written = self._link.write(statement, given)
        if reference and written:
            self._link.write(self._known.insert_reference, reference_row(reference, effect.case_id))
        return written == 1

    def keep_routine(self, key: str, source: Source) -> None:
        self.wrote = True
        self._link.write_all(
            self._known.insert_routine,
            [{"key": key, "file": file, "text": text} for file, text in source.files.items()],
        )

    def keep_cursor(self, system: str, cursor: str) -> None:
        self.wrote = True
        self._link.write(self._known.keep_cursor, {"system": system, "cursor": cursor})


@contextmanager
def refusals_of(transaction: Transaction) -> Generator[list[LockroutineError]]:
    """What a transaction that has written nothing comes to, instead of a result.

    It is for who asks to raise it, once the transaction has ended like any other: when one is
    undone, a driver forgets the statements that it has prepared, and every later one takes longer.
    A refusal, too, comes of what was true at one and the same moment.
    """
    found: list[LockroutineError] = []
    try:
        yield found
    except StoreError:
        raise
    except LockroutineError as error:
        transaction.look_again()
        if transaction.wrote:
            raise
        found.append(error)


def overtaken() -> StoreBusy:
    """That somebody else wrote what was read here, or would have been written."""
    return StoreBusy("Somebody else changed in the same moment what was read; try again.")


def _event(case_id: str, version: int, body: bytes, hash_: bytes, personal: bytes | None) -> Event:
    return read_event(case_id, version, bytes(body), bytes(hash_), personal and bytes(personal))
