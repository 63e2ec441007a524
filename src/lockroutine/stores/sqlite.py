"""A SQLite file, through the standard library: the embedded default.

WAL, ``synchronous=FULL`` unless told otherwise, foreign keys on, the schema's version in the file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from lockroutine.errors import StoreBusy, StoreError
from lockroutine.stores._sqlite import Transaction

__all__ = ["SCHEMA_VERSION", "SqliteStore"]

SCHEMA_VERSION = 1
_APPLICATION = 0x6C6F636B  # "lock"; tells our files from those of other programs
_SMALLEST = 512  # bytes in the smallest page that a database can have

_SCHEMA = """
CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    process TEXT NOT NULL,
    subject TEXT NOT NULL,
    unit TEXT NOT NULL,
    routine TEXT NOT NULL,
    state TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    waits INTEGER NOT NULL,
    owed TEXT NOT NULL,
    version INTEGER NOT NULL,
    due TEXT NOT NULL,
    timer TEXT,
    open_key TEXT,
    body TEXT NOT NULL,
    personal TEXT
) WITHOUT ROWID;
CREATE INDEX cases_by_subject ON cases (subject, process);
CREATE INDEX cases_by_process ON cases (process);
CREATE INDEX cases_by_unit ON cases (unit);
CREATE INDEX cases_by_unit_and_process ON cases (unit, process);
CREATE INDEX cases_by_state ON cases (process, state);
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
CREATE INDEX found_by_case ON found_by (case_id);
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
    routine TEXT NOT NULL,
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
CREATE INDEX effects_by_state ON effects (state, number);
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
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal":  # as in a copy that VACUUM INTO has made
                write_ahead(connection, self._patience)
            return
        if 0 < os.path.getsize(self.path) < _SMALLEST:
            # SQLite takes whatever is this short for an empty database, and writes over it.
            raise StoreError(f"The database {self.path} {_WORDS['SQLITE_NOTADB']}.")
        write_ahead(connection, self._patience)
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have been first while this one waited.
        if not self._is_ours(connection):
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

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
    def reading(self) -> Generator[Transaction, None, None]:
        """Read as of one moment."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            yield Transaction(connection)
            connection.execute("COMMIT")

    @contextmanager
    def browsing(self) -> Generator[Transaction, None, None]:
        """Read question by question, each as of its own moment."""
        with self._connection() as connection:
            yield Transaction(connection)

    @contextmanager
    def writing(self) -> Generator[Transaction, None, None]:
        """Write in one transaction; an exception of any kind undoes it."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield Transaction(connection)
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


def write_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Turn on the write-ahead log; for that, SQLite does not wait for others by itself.

    Args:
        connection: The connection, in no transaction.
        patience: For how many seconds to wait for others.
    """
    deadline = time.monotonic() + patience
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
