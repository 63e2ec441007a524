"""A SQLite file, through the standard library: the embedded default.

WAL, ``synchronous=FULL`` unless told otherwise, foreign keys on, the schema's version in the file.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from lockroutine.decide import Change
from lockroutine.errors import StoreBusy, StoreError
from lockroutine.model import Awaited, Case, Effect, Event, Query, Reference
from lockroutine.rules.reader import Source
from lockroutine.stores.base import (
    CaseFilter,
    FirstResult,
    Position,
    claimed,
    due_key,
    lost_race,
    one_open,
)
from lockroutine.stores.codec import (
    EFFECT_COLUMNS,
    decode_case,
    decode_effect,
    encode_case,
    encode_effect,
    encode_event,
    read_event,
)

__all__ = ["SCHEMA_VERSION", "SqliteStore"]

SCHEMA_VERSION = 1
_APPLICATION = 0x6C6F636B  # "lock"; tells our files from those of other programs
_SMALLEST = 512  # bytes in the smallest page that a database can have
_MOST_TERMS = 400  # SQLite joins at most 500 queries into one

_SCHEMA = """
CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    process TEXT NOT NULL,
    subject TEXT NOT NULL,
    unit TEXT NOT NULL,
    state TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    waits INTEGER NOT NULL,
    version INTEGER NOT NULL,
    due TEXT NOT NULL,
    timer TEXT,
    open_key TEXT,
    body TEXT NOT NULL,
    personal TEXT
) WITHOUT ROWID;
CREATE INDEX cases_by_subject ON cases (process, subject);
CREATE INDEX cases_waiting ON cases (process, state, due, id) WHERE waits;
CREATE INDEX cases_waiting_in_unit ON cases (process, state, unit, due, id) WHERE waits;
CREATE INDEX cases_by_timer ON cases (timer) WHERE timer IS NOT NULL;
CREATE UNIQUE INDEX cases_one_open ON cases (open_key) WHERE open_key IS NOT NULL;
CREATE TABLE found_by (
    process TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases (id),
    PRIMARY KEY (process, field, value, case_id)
) WITHOUT ROWID;
CREATE TABLE reference (
    system TEXT NOT NULL,
    id TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases (id),
    PRIMARY KEY (system, id, case_id)
) WITHOUT ROWID;
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    personal TEXT,
    UNIQUE (case_id, version)
);
CREATE TABLE effects (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    system TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases (id),
    version INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    template TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    message TEXT NOT NULL,
    outside TEXT NOT NULL,
    body TEXT NOT NULL,
    personal TEXT
);
CREATE INDEX effects_by_case ON effects (case_id, system, number);
CREATE INDEX effects_to_send ON effects (system, due_at, number)
    WHERE state IN ('due', 'in_flight', 'failed', 'unknown');
CREATE INDEX effects_to_look_at ON effects (state, number)
    WHERE state IN ('unknown', 'asked', 'parked');
CREATE TABLE results (
    key TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    version INTEGER NOT NULL,
    digest TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE routines (
    key TEXT NOT NULL,
    file TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (key, file)
) WITHOUT ROWID;
CREATE TABLE cursors (
    system TEXT PRIMARY KEY,
    cursor TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE refusals (
    rule TEXT PRIMARY KEY,
    times INTEGER NOT NULL
) WITHOUT ROWID;
"""

_WORDS = {
    "SQLITE_BUSY": "is locked by another program; try again",
    "SQLITE_LOCKED": "is locked by another program; try again",
    "SQLITE_READONLY": "is read-only; give this user the right to write the file and its folder",
    "SQLITE_FULL": "has no room left on its disk; nothing was kept",
    "SQLITE_NOTADB": "is not a SQLite database, or it is encrypted",
    "SQLITE_CORRUPT": "is damaged; restore it from a back-up",
    "SQLITE_CANTOPEN": "cannot be opened; look at the path, its folder and their rights",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error",
}

_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")


def _in_words(path: str, error: sqlite3.Error) -> StoreError:
    name = str(getattr(error, "sqlite_errorname", "SQLITE_ERROR"))
    for code, words in _WORDS.items():
        if name.startswith(code):
            kind = StoreBusy if code in _BUSY else StoreError
            return kind(f"The database {path} {words}.")
    return StoreError(f"The database {path} cannot be used: {error}.")


class SqliteStore:
    """A store in a SQLite file, which is made if there is none.

    Args:
        path: The file.
        synchronous: ``FULL`` loses nothing in a power cut; ``NORMAL`` may lose the last commits.
        patience: How many seconds to wait for another program's write.

    Raises:
        StoreError: The file is not a database of this library, is of a newer one, or cannot be
            opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        patience: float = 5.0,
    ) -> None:
        self.path: str = os.fspath(path)
        self._synchronous = synchronous
        self._patience = patience
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        try:
            self._idle.append(self._connect(create=True))
        except sqlite3.Error as error:
            raise _in_words(self.path, error) from error
        self._identity = _identity(self.path)

    # -- connections ---------------------------------------------------------------------------

    def _connect(self, *, create: bool) -> sqlite3.Connection:
        mode = "rwc" if create else "rw"
        address = f"{Path(self.path).absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(
            address,
            uri=True,
            timeout=self._patience,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if create:
                self._prepare(connection)
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if self._is_ours(connection):
            return
        if 0 < os.path.getsize(self.path) < _SMALLEST:
            # SQLite takes whatever is this short for an empty database, and writes over it.
            raise StoreError(f"The database {self.path} {_WORDS['SQLITE_NOTADB']}.")
        self._write_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have been first while this one waited.
        if not self._is_ours(connection):
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

    def _write_ahead(self, connection: sqlite3.Connection) -> None:
        """Turn on the write-ahead log; for that, SQLite does not wait for others by itself."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _is_ours(self, connection: sqlite3.Connection) -> bool:
        # The tables first: whoever makes the file meanwhile commits them together with the rest.
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not tables:
            return False
        if application != _APPLICATION:
            raise StoreError(f"The database {self.path} belongs to another program.")
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"The database {self.path} was made by a newer lockroutine (schema {version}; "
                f"this one knows {SCHEMA_VERSION}). Upgrade the library."
            )
        return True

    @contextmanager
    def reading(self) -> Generator[_Transaction, None, None]:
        """Read as of one moment."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            yield _Transaction(connection)
            connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Generator[_Transaction, None, None]:
        """Write in one transaction; an exception of any kind undoes it."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield _Transaction(connection)
            connection.execute("COMMIT")

    def count_refusals(self, rules: Sequence[str]) -> None:
        """Count that these rules refused."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO refusals VALUES (?, 1) "
                "ON CONFLICT (rule) DO UPDATE SET times = times + 1",
                [(rule,) for rule in rules],
            )
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection, None, None]:
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)
        except sqlite3.Error as error:
            raise _in_words(self.path, error) from error

    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreError("The store is closed.")
        if _identity(self.path) != self._identity:
            # SQLite would go on writing to a file that nobody can open again.
            raise StoreError(f"The database {self.path} was removed or replaced while in use.")
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        return connection or self._connect(create=False)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


_CASE = "SELECT body, personal FROM cases"
_EVENT = (
    "SELECT case_id, version, CAST(body AS BLOB), CAST(hash AS BLOB), CAST(personal AS BLOB) "
    "FROM events"
)
_EFFECT = f"SELECT {', '.join(EFFECT_COLUMNS)} FROM effects"
_INSERT_EFFECT = (
    f"INSERT INTO effects ({', '.join(EFFECT_COLUMNS)}) "
    f"VALUES ({', '.join('?' for _ in EFFECT_COLUMNS)})"
)
# An effect waits for those that the same case asked of the same system before it.
_TO_SEND = f"""{_EFFECT} AS this
    WHERE state IN ('due', 'in_flight', 'failed', 'unknown') AND system = ? AND due_at <= ?
    AND NOT EXISTS (
        SELECT 1 FROM effects AS earlier
        WHERE earlier.case_id = this.case_id AND earlier.system = this.system
        AND earlier.number < this.number AND earlier.state NOT IN ('done', 'dismissed', 'asked')
    )
    ORDER BY due_at, number LIMIT ?"""


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- reading -------------------------------------------------------------------------------

    def _read_cases(self, statement: str, values: Sequence[Any]) -> list[Case]:
        rows = self._connection.execute(statement, values)
        return [decode_case(body, personal) for body, personal in rows]

    def case(self, case_id: str) -> Case | None:
        found = self._read_cases(f"{_CASE} WHERE id = ?", (case_id,))
        return found[0] if found else None

    def find(self, query: Query) -> tuple[Case, ...]:
        if query.field == "subject":
            where = "process = ? AND subject = ?"
            values: tuple[str, ...] = (query.process, query.value)
        else:
            where = (
                "id IN (SELECT case_id FROM found_by WHERE process = ? AND field = ? AND value = ?)"
            )
            values = (query.process, query.field, query.value)
        return tuple(self._read_cases(f"{_CASE} WHERE {where} ORDER BY id", values))

    def history(self, case_id: str) -> tuple[Event, ...]:
        rows = self._connection.execute(f"{_EVENT} WHERE case_id = ? ORDER BY version", (case_id,))
        return tuple(read_event(*row) for row in rows)

    def events(self) -> Iterator[Event]:
        rows = self._connection.execute(f"{_EVENT} ORDER BY number")
        return (read_event(*row) for row in rows)

    def event_count(self) -> int:
        (number,) = self._connection.execute("SELECT count(*) FROM events").fetchone()
        return int(number)

    def cases(self, wanted: CaseFilter, after: str, limit: int) -> list[Case]:
        where, values = ["id > ?"], list[Any]([after])
        named = {
            "process": wanted.process,
            "state": wanted.state,
            "subject": wanted.subject,
            "unit": wanted.unit,
            "is_open": wanted.is_open,
        }
        for name, value in named.items():
            if value is not None:
                where.append(f"{name} = ?")
                values.append(value)
        if wanted.units is not None:
            where.append(f"unit IN ({_marks(wanted.units)})")
            values += sorted(wanted.units)
        if wanted.reference is not None:
            where.append("id IN (SELECT case_id FROM reference WHERE system = ? AND id = ?)")
            values += [wanted.reference.system, wanted.reference.id]
        statement = f"{_CASE} WHERE {' AND '.join(where)} ORDER BY id LIMIT ?"
        return self._read_cases(statement, (*values, limit))

    def waiting(
        self,
        states: Sequence[Awaited],
        units: frozenset[str] | None,
        after: Position | None,
        limit: int,
    ) -> list[Case]:
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
        found: list[Case] = []
        for start in range(0, len(terms), _MOST_TERMS):
            found += self._merged(terms[start : start + _MOST_TERMS], after, limit)
        if len(terms) > _MOST_TERMS:
            found.sort(key=lambda case: (due_key(case), case.id))
        return found[:limit]

    def _merged(
        self, terms: Sequence[tuple[str, tuple[str, ...]]], after: Position | None, limit: int
    ) -> list[Case]:
        # Each part runs along its index; SQLite merges them and stops at the limit.
        beyond = " AND (due, id) > (?, ?)" if after else ""
        parts = [
            f"SELECT body, personal, due, id FROM cases WHERE {where}{beyond}" for where, _ in terms
        ]
        values: list[Any] = []
        for _, given in terms:
            values += (*given, *(after or ()))
        statement = f"{' UNION ALL '.join(parts)} ORDER BY due, id LIMIT ?"
        rows = self._connection.execute(statement, (*values, limit))
        return [decode_case(body, personal) for body, personal, *_ in rows]

    def timers(self, until: dt.datetime, after: Position | None, limit: int) -> list[Case]:
        statement = (
            f"{_CASE} WHERE timer IS NOT NULL AND timer <= ? AND (timer, id) > (?, ?) "
            "ORDER BY timer, id LIMIT ?"
        )
        return self._read_cases(statement, (until.isoformat(), *(after or ("", "")), limit))

    def effects(self, case_id: str | None, state: str | None) -> list[Effect]:
        named = {"case_id": case_id, "state": state}
        given = {name: value for name, value in named.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given) or "1"
        rows = self._connection.execute(
            f"{_EFFECT} WHERE {where} ORDER BY number", tuple(given.values())
        )
        return [decode_effect(row) for row in rows]

    def effect(self, key: str) -> Effect | None:
        row = self._connection.execute(f"{_EFFECT} WHERE key = ?", (key,)).fetchone()
        return decode_effect(row) if row else None

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
            case.state,
            case.is_open,
            case.is_open and change.waits,
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
                    "UPDATE cases SET unit = ?, state = ?, is_open = ?, waits = ?, version = ?, "
                    "due = ?, timer = ?, open_key = ?, body = ?, personal = ? "
                    "WHERE id = ? AND version = ?",
                    (case.unit, *state, case.id, before.version),
                )
            else:
                written = execute(
                    "INSERT INTO cases (id, process, subject, unit, state, is_open, waits, "
                    "version, due, timer, open_key, body, personal) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
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
        found: list[Effect] = []
        for system, limit in limits.items():
            rows = self._connection.execute(_TO_SEND, (system, now.isoformat(), limit)).fetchall()
            found += map(decode_effect, rows)
        for effect in found:
            self._connection.execute(
                "UPDATE effects SET state = 'in_flight', due_at = ? WHERE key = ?",
                (until.isoformat(), effect.key),
            )
        return [claimed(effect, until) for effect in found]

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


def _marks(values: frozenset[str]) -> str:
    return ", ".join("?" for _ in values)
