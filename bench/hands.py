"""What `perform` writes to PostgreSQL, written by hand: psycopg, and everything ready-made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import psycopg
from attrs import frozen

Row = dict[str, Any]


@frozen
class ByHand:
    """What scheduling one mounting reads and writes.

    Args:
        schema: Where the tables are.
        case: The row of the case as it is afterwards.
        consent: By which process and subject the consent is looked for.
        event: The row of the event.
        effects: The rows of the effects.
    """

    schema: str
    case: Row
    consent: tuple[str, str]
    event: Row
    effects: tuple[Row, ...]

    def version(self, connection: psycopg.Connection[Any]) -> int:
        """At which version the case is now."""
        statement = f"SELECT version FROM {self.schema}.lockroutine_cases WHERE id = %s"
        ((found,),) = connection.execute(statement.encode(), (self.case["id"],)).fetchall()
        return int(found)

    def write(self, connection: psycopg.Connection[Any], version: int) -> None:
        """Do it once more, from a version of the case to the next."""
        table = f"{self.schema}.lockroutine_"
        case = {name: value for name, value in self.case.items() if name not in _FIXED}
        case["version"] = version + 1
        execute = connection.cursor().execute
        execute("BEGIN")
        execute(
            f"SELECT body, personal FROM {table}cases WHERE id = %s", (self.case["id"],)
        ).fetchone()
        execute(
            f"SELECT body, personal FROM {table}cases WHERE process = %s AND subject = %s "
            "ORDER BY id",
            self.consent,
        ).fetchall()
        assigned = ", ".join(f"{name} = %s" for name in case)
        changed = execute(
            f"UPDATE {table}cases SET {assigned} WHERE id = %s AND version = %s",
            (*case.values(), self.case["id"], version),
        )
        if changed.rowcount != 1:
            raise AssertionError("somebody else was first")
        execute(*_insert(f"{table}events", {**self.event, "version": version + 1}))
        for number, effect in enumerate(self.effects):
            key = f"{self.case['id']}/{version + 1}/{number}"
            execute(*_insert(f"{table}effects", {**effect, "key": key, "version": version + 1}))
        execute("COMMIT")


_FIXED = ("id", "process", "subject")


def _insert(table: str, row: Row) -> tuple[str, tuple[Any, ...]]:
    marks = ", ".join("%s" for _ in row)
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())


def by_hand(
    connection: psycopg.Connection[Any], ours: str, theirs: str, case_id: str, subject: str
) -> ByHand:
    """What the engine wrote last of a mounting in one schema, to be written in another."""
    (case,) = _rows(connection, f"SELECT * FROM {ours}.lockroutine_cases WHERE id = %s", case_id)
    of_case = f"WHERE case_id = %s AND version = {case['version']} ORDER BY number"
    (event,) = _rows(connection, f"SELECT * FROM {ours}.lockroutine_events {of_case}", case_id)
    effects = _rows(connection, f"SELECT * FROM {ours}.lockroutine_effects {of_case}", case_id)
    for row in (event, *effects):
        del row["number"]
    return ByHand(theirs, case, ("consent", subject), event, tuple(effects))


def _rows(connection: psycopg.Connection[Any], statement: str, value: str) -> list[Row]:
    found = connection.execute(statement.encode(), (value,))
    names = [column.name for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found]


def first_page(
    connection: psycopg.Connection[Any],
    schema: str,
    states: Sequence[tuple[str, str]],
    *,
    parsed: bool = True,
) -> list[tuple[Any, ...]]:
    """The oldest due open cases in these states: what they hold, or their rows as they come."""
    term = (
        f"(SELECT body, personal, due, id FROM {schema}.lockroutine_cases "
        "WHERE waits AND process = %s AND state = %s ORDER BY due, id LIMIT 50)"
    )
    statement = f"{' UNION ALL '.join([term] * len(states))} ORDER BY due, id LIMIT 50"
    values = [name for state in states for name in state]
    rows = connection.execute(statement.encode(), values).fetchall()
    if not parsed:
        return rows
    return [
        (json.loads(body), json.loads(personal) if personal else None)
        for body, personal, *_ in rows
    ]
