"""One transaction of a SQLite store: what is asked of the tables, and what is written into them."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lockroutine.decide import Change
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
    EFFECT_COLUMNS,
    FILED_COLUMNS,
    WAITING_COLUMNS,
    by_case,
    claim_row,
    decode_case,
    decode_effect,
    decode_filed,
    decode_waiting,
    encode_case,
    encode_effect,
    encode_event,
    encode_owed,
    pending,
    read_event,
)

__all__ = ["Transaction"]

_MOST_TERMS = 400  # SQLite joins at most 500 queries into one

_CASE = "SELECT body, personal FROM cases"
_WAITING = f"SELECT {', '.join(WAITING_COLUMNS)} FROM cases"
_FOUND = "SELECT case_id FROM found_by WHERE process = ? AND field = ? AND value = ?"
_JOBS = (
    "SELECT place.case_id FROM json_each(:jobs) AS job CROSS JOIN found_by AS place "
    "ON place.process = json_extract(job.value, '$[0]') "
    "AND place.field = json_extract(job.value, '$[1]') "
    "AND place.value = json_extract(job.value, '$[2]')"
)
_EVENT_COLUMNS = "case_id, version, CAST(body AS BLOB), CAST(hash AS BLOB), CAST(personal AS BLOB)"
_EVENT = f"SELECT {_EVENT_COLUMNS} FROM events"
_EFFECT = f"SELECT {', '.join(EFFECT_COLUMNS)} FROM effects"
_INSERT_EFFECT = (
    f"INSERT INTO effects ({', '.join(EFFECT_COLUMNS)}) "
    f"VALUES ({', '.join('?' for _ in EFFECT_COLUMNS)})"
)
_BEHIND = "number > coalesce((SELECT number FROM effects WHERE key = ?), 0)"
# Whatever their numbers: they run along indexes in which what is not over stands together.
_BACKLOG = """SELECT system, state, count(*), min(due_at) FROM effects INDEXED BY effects_to_send
    WHERE state IN ('due', 'in_flight', 'failed', 'unknown') GROUP BY system, state
    UNION ALL
    SELECT system, state, count(*), min(due_at) FROM effects INDEXED BY effects_by_state
    WHERE state IN ('asked', 'parked') GROUP BY system, state"""
# An effect waits for those that the same case asked of the same system before it.
_TO_SEND = f"""{_EFFECT} AS this
    WHERE state IN ('due', 'in_flight', 'failed', 'unknown') AND system = ? AND due_at <= ?
    AND NOT EXISTS (
        SELECT 1 FROM effects AS earlier
        WHERE earlier.case_id = this.case_id AND earlier.system = this.system
        AND earlier.number < this.number AND earlier.state NOT IN ('done', 'dismissed', 'asked')
    )
    ORDER BY due_at, number LIMIT ?"""
_TAKE = "UPDATE effects SET state = 'in_flight', due_at = ? WHERE key = ?"


class Transaction:
    """What is read and written in one transaction of a connection; see `Reading` and `Writing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- reading -------------------------------------------------------------------------------

    def _rows(self, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
        """All that a question finds: one that is left open would keep what it sees as it is."""
        return self._connection.execute(statement, values).fetchall()

    def _read_cases(self, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Case]:
        rows = self._rows(statement, values)
        return [decode_case(body, personal) for body, personal in rows]

    def ahead(self, case_id: str, processes: Collection[str]) -> None:
        pass  # it is all here

    def case(self, case_id: str) -> Case | None:
        found = self._read_cases(f"{_CASE} WHERE id = ?", (case_id,))
        return found[0] if found else None

    def find(self, query: Query) -> tuple[Case, ...]:
        if query.field == "subject":
            where = "process = ? AND subject = ?"
            values: tuple[str, ...] = (query.process, query.value)
        else:
            where = f"id IN ({_FOUND})"
            values = (query.process, query.field, query.value)
        return tuple(self._read_cases(f"{_CASE} WHERE {where} ORDER BY id", values))

    def history(self, case_id: str) -> tuple[Event, ...]:
        rows = self._rows(f"{_EVENT} WHERE case_id = ? ORDER BY version", (case_id,))
        return tuple(read_event(*row) for row in rows)

    def histories(self, case_ids: Sequence[str]) -> Mapping[str, tuple[Event, ...]]:
        wanted = "SELECT value FROM json_each(?)"
        rows = self._rows(
            f"{_EVENT} WHERE case_id IN ({wanted}) ORDER BY case_id, version",
            (json.dumps(case_ids),),
        )
        return by_case(case_ids, rows, read_event)

    def filed(self, case_ids: Sequence[str]) -> Mapping[str, Filed]:
        ids, wanted = (json.dumps(case_ids),), "IN (SELECT value FROM json_each(?))"
        rows = self._rows(f"SELECT {', '.join(FILED_COLUMNS)} FROM cases WHERE id {wanted}", ids)
        places = f"SELECT case_id, process, field, value FROM found_by WHERE case_id {wanted}"
        return decode_filed(rows, self._rows(places, ids))

    def history_page(self, case_id: str, after: int, limit: int) -> list[Event]:
        rows = self._rows(
            f"{_EVENT} WHERE case_id = ? AND version > ? ORDER BY version LIMIT ?",
            (case_id, after, limit),
        )
        return [read_event(*row) for row in rows]

    def events(self) -> Iterator[Event]:
        after = 0
        page = (
            f"SELECT {_EVENT_COLUMNS}, number FROM events WHERE number > ? ORDER BY number LIMIT ?"
        )
        while rows := self._rows(page, (after, PAGE)):
            for row in rows:
                yield read_event(*row[:-1])
            after = rows[-1][-1]

    def event_count(self) -> int:
        (number,) = self._connection.execute("SELECT count(*) FROM events").fetchone()
        return int(number)

    def cases(self, wanted: CaseFilter, after: str, limit: int) -> list[Case]:
        named = {
            "process": wanted.process,
            "state": wanted.state,
            "subject": wanted.subject,
            "unit": wanted.unit,
            "is_open": wanted.is_open,
        }
        given = {name: value for name, value in named.items() if value is not None}
        # About one subject there are few cases, in one unit there may be most: no index of it then.
        unit = "unit" if wanted.subject is None else "+unit"
        parts = ["id > :after", *(f"{unit if n == 'unit' else n} = :{n}" for n in given)]
        if wanted.reference is not None:
            parts.append(
                "id IN (SELECT case_id FROM reference WHERE system = :system AND id = :reference)"
            )
            given |= {"system": wanted.reference.system, "reference": wanted.reference.id}
        where = " AND ".join(parts)
        if wanted.units is not None:
            # A page of each unit along its index, and the jobs: these are looked through.
            mine = [
                "SELECT one.id FROM json_each(:units) AS own CROSS JOIN cases AS one ON one.id IN ("
                f"SELECT id FROM cases WHERE {unit} = own.value AND {where} "
                "ORDER BY id LIMIT :limit)"
            ]
            if wanted.jobs:
                mine.append(
                    f"SELECT id FROM ({_JOBS}) AS job CROSS JOIN cases ON id = job.case_id "
                    f"WHERE {where}"
                )
            where = f"id IN ({' UNION ALL '.join(mine)})"
            given["units"] = json.dumps(sorted(wanted.units))
            given["jobs"] = json.dumps(sorted(wanted.jobs))
        statement = f"{_CASE} WHERE {where} ORDER BY id LIMIT :limit"
        return self._read_cases(statement, {**given, "after": after, "limit": limit})

    def waiting(
        self,
        states: Sequence[Awaited],
        units: frozenset[str] | None,
        known: Collection[str],
        after: Position | None,
        limit: int,
    ) -> list[WaitingCase]:
        terms: list[tuple[str, tuple[str, ...]]] = []
        for one in states:
            where = "waits AND process = ? AND state = ?"
            given: tuple[str, ...] = (one.process, one.state)
            if one.due_by is not None:
                where, given = f"{where} AND due <= ?", (*given, one.due_by.isoformat())
            if units is None:
                terms.append((where, given))
            else:
                terms += [(f"{where} AND unit = ?", (*given, unit)) for unit in sorted(units)]
        found: list[WaitingCase] = []
        for start in range(0, len(terms), _MOST_TERMS):
            found += self._merged(terms[start : start + _MOST_TERMS], after, limit)
        if len(terms) > _MOST_TERMS:
            found.sort(key=lambda case: (due_key(case), case.id))
        # Asked for afterwards: none of these cases can run under a routine that came later.
        return found[:limit] if self.routine_keys() <= set(known) else []

    def _merged(
        self, terms: Sequence[tuple[str, tuple[str, ...]]], after: Position | None, limit: int
    ) -> list[WaitingCase]:
        # Each part runs along its index; SQLite merges them and stops at the limit.
        beyond = " AND (due, id) > (?, ?)" if after else ""
        parts = [f"{_WAITING} WHERE {where}{beyond}" for where, _ in terms]
        values: list[Any] = []
        for _, given in terms:
            values += (*given, *(after or ()))
        statement = f"{' UNION ALL '.join(parts)} ORDER BY due, id LIMIT ?"
        return [decode_waiting(row) for row in self._rows(statement, (*values, limit))]

    def timers(self, until: dt.datetime, after: Position | None, limit: int) -> list[Case]:
        statement = (
            f"{_CASE} WHERE timer IS NOT NULL AND timer <= ? AND (timer, id) > (?, ?) "
            "ORDER BY timer, id LIMIT ?"
        )
        return self._read_cases(statement, (until.isoformat(), *(after or ("", "")), limit))

    def effects(
        self, case_id: str | None, state: str | None, after: str, limit: int
    ) -> list[Effect]:
        where, values = [_BEHIND], list[Any]([after])
        if case_id is not None:
            where.append("case_id = ?")
            values.append(case_id)
        if state is not None:
            # Of one case there are few, of one state there may be millions: no index of them then.
            where.append("state = ?" if case_id is None else "+state = ?")
            values.append(state)
        rows = self._rows(
            f"{_EFFECT} WHERE {' AND '.join(where)} ORDER BY number LIMIT ?", (*values, limit)
        )
        return [decode_effect(row) for row in rows]

    def effect(self, key: str) -> Effect | None:
        row = self._connection.execute(f"{_EFFECT} WHERE key = ?", (key,)).fetchone()
        return decode_effect(row) if row else None

    def backlog(self) -> Mapping[tuple[str, str], Pending]:
        return pending(self._connection.execute(_BACKLOG))

    def server_time(self) -> dt.datetime | None:
        return None

    def first_result(self, key: str) -> FirstResult | None:
        row = self._connection.execute(
            "SELECT case_id, version, digest FROM results WHERE key = ?", (key,)
        ).fetchone()
        return FirstResult(*row) if row else None

    def routine_keys(self) -> frozenset[str]:
        rows = self._connection.execute("SELECT key FROM routines WHERE file = 'routine.toml'")
        return frozenset(key for (key,) in rows)

    def routine(self, key: str) -> Source | None:
        # routine.toml comes first, as it did when the pack was read.
        files = dict(
            self._connection.execute(
                "SELECT file, text FROM routines WHERE key = ? "
                "ORDER BY file <> 'routine.toml', file",
                (key,),
            )
        )
        return Source(key, files) if files else None

    def cursor(self, system: str) -> str:
        row = self._connection.execute(
            "SELECT cursor FROM cursors WHERE system = ?", (system,)
        ).fetchone()
        return str(row[0]) if row else ""

    def refusals(self) -> Mapping[str, int]:
        return dict(self._connection.execute("SELECT rule, times FROM refusals ORDER BY rule"))

    # -- writing -------------------------------------------------------------------------------

    def apply(self, changes: Sequence[Change], key: str = "", digest: str = "") -> None:
        for change in changes:
            self._keep_case(change)
            self._keep_event(change)
        if key:
            first = changes[0].event
            self._connection.execute(
                "INSERT INTO results VALUES (?, ?, ?, ?)",
                (key, first.case_id, first.version, digest),
            )

    def _keep_case(self, change: Change) -> None:
        case, before = change.case, change.before
        body, personal = encode_case(case)
        state = (
            case.routine,
            case.state,
            case.is_open,
            case.is_open and change.waits,
            encode_owed(change),
            case.version,
            due_key(case),
            case.timer_at.isoformat() if case.timer_at and case.is_open else None,
            change.open_key or None,
            body,
            personal,
        )
        execute = self._connection.execute
        try:
            if before.version:
                written = execute(
                    "UPDATE cases SET unit = ?, routine = ?, state = ?, is_open = ?, waits = ?, "
                    "owed = ?, version = ?, due = ?, timer = ?, open_key = ?, body = ?, "
                    "personal = ? WHERE id = ? AND version = ?",
                    (case.unit, *state, case.id, before.version),
                )
            else:
                written = execute(
                    "INSERT INTO cases (id, process, subject, unit, routine, state, is_open, "
                    "waits, owed, version, due, timer, open_key, body, personal) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (id) DO NOTHING",
                    (case.id, case.process, case.subject, case.unit, *state),
                )
        except sqlite3.IntegrityError:
            raise one_open(self._holder(change.open_key)) from None
        if written.rowcount != 1:
            raise lost_race(case.id)
        for name, value in change.found_by:
            execute(
                "INSERT OR IGNORE INTO found_by VALUES (?, ?, ?, ?)",
                (case.process, name, value, case.id),
            )
        for ref in case.references[len(before.references) :]:
            self._keep_reference(ref, case.id)

    def _keep_reference(self, ref: Reference, case_id: str) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO reference VALUES (?, ?, ?)", (ref.system, ref.id, case_id)
        )

    def _holder(self, open_key: str) -> str:
        row = self._connection.execute(
            "SELECT id FROM cases WHERE open_key = ?", (open_key,)
        ).fetchone()
        return str(row[0]) if row else ""

    def _keep_event(self, change: Change) -> None:
        event = change.event
        self._connection.execute(
            "INSERT INTO events (case_id, version, body, hash, personal) VALUES (?, ?, ?, ?, ?)",
            (event.case_id, event.version, *encode_event(event)),
        )
        self._connection.executemany(_INSERT_EFFECT, map(encode_effect, change.effects))

    def claim(
        self, limits: Mapping[str, int], now: dt.datetime, until: dt.datetime
    ) -> list[Effect]:
        found: list[tuple[Any, ...]] = []
        for system, limit in limits.items():
            found += self._connection.execute(_TO_SEND, (system, now.isoformat(), limit))
        lease = until.isoformat()
        self._connection.executemany(_TAKE, [(lease, row[0]) for row in found])
        return [decode_effect(claim_row(row, lease)) for row in found]

    def settle(
        self, effect: Effect, lease: dt.datetime | None, reference: Reference | None = None
    ) -> bool:
        mine = "" if lease is None else " AND state = 'in_flight' AND due_at = ?"
        written = self._connection.execute(
            "UPDATE effects SET state = ?, due_at = ?, attempts = ?, message = ?, outside = ? "
            f"WHERE key = ?{mine}",
            (
                effect.state,
                effect.due_at.isoformat(),
                effect.attempts,
                effect.message,
                effect.outside,
                effect.key,
                *([] if lease is None else [lease.isoformat()]),
            ),
        )
        if reference and written.rowcount:
            self._keep_reference(reference, effect.case_id)
        return written.rowcount == 1

    def keep_routine(self, key: str, source: Source) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO routines VALUES (?, ?, ?)",
            [(key, file, text) for file, text in source.files.items()],
        )

    def keep_cursor(self, system: str, cursor: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (system, cursor))
