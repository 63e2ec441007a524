"""The same reads and writes by hand: bare sqlite3, everything that is written ready-made."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen
from scenes import Door

Row = tuple[Any, ...]


Step = tuple[str, Row]


@frozen
class Written:
    """What scheduling one mounting writes, as statements with their values.

    Args:
        statements: The case's row is updated; the event's and the effects' are inserted.
    """

    statements: tuple[Step, ...]


@contextmanager
def bare(path: Path, synchronous: str) -> Generator[sqlite3.Connection]:
    """A connection set up as the store sets up its own."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


def written_by(path: Path, doors: Sequence[Door]) -> list[Written]:
    """What the engine wrote when it scheduled these mountings in another file."""
    with bare(path, "NORMAL") as connection:
        return [_written(connection, door.mounting.id, door.mounting.version) for door in doors]


def _written(connection: sqlite3.Connection, case_id: str, version: int) -> Written:
    (case,) = _rows(connection, "SELECT * FROM cases WHERE id = ?", (case_id,))
    fixed = ("id", "process", "subject", "unit")
    changed = {name: value for name, value in case.items() if name not in fixed}
    assigned = ", ".join(f"{name} = ?" for name in changed)
    update = f"UPDATE cases SET {assigned} WHERE id = ? AND version = ?"
    statements: list[Step] = [(update, (*changed.values(), case_id, version))]
    for table in ("events", "effects"):
        where = "case_id = ? AND version = ? ORDER BY number"
        for row in _rows(
            connection, f"SELECT * FROM {table} WHERE {where}", (case_id, version + 1)
        ):
            del row["number"]
            marks = ", ".join("?" for _ in row)
            insert = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
            statements.append((insert, tuple(row.values())))
    return Written(tuple(statements))


def _rows(connection: sqlite3.Connection, statement: str, values: Row) -> list[dict[str, Any]]:
    found = connection.execute(statement, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def schedule(connection: sqlite3.Connection, door: Door, written: Written) -> None:
    execute = connection.execute
    execute("BEGIN IMMEDIATE")
    execute("SELECT body, personal FROM cases WHERE id = ?", (door.mounting.id,)).fetchall()
    execute(
        "SELECT body, personal FROM cases WHERE process = ? AND subject = ? ORDER BY id",
        ("consent", door.consent.subject),
    ).fetchall()
    for statement, values in written.statements:
        execute(statement, values)
    execute("COMMIT")


def first_page(
    connection: sqlite3.Connection, states: Sequence[tuple[str, str]], units: Sequence[str]
) -> list[tuple[Any, Any]]:
    """The oldest due open cases in these states, of all units or of some."""
    term = "SELECT body, personal, due, id FROM cases WHERE waits AND process = ? AND state = ?"
    given: list[tuple[str, ...]] = list(states)
    if units:
        term += " AND unit = ?"
        given = [(*pair, unit) for pair in states for unit in units]
    statement = f"{' UNION ALL '.join([term] * len(given))} ORDER BY due, id LIMIT 50"
    rows = connection.execute(statement, [value for values in given for value in values])
    return [
        (json.loads(body), json.loads(personal) if personal else None)
        for body, personal, *_ in rows.fetchall()
    ]
