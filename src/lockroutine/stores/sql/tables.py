"""The tables, as SQLAlchemy describes them: for statements, for Alembic, for a host's own schema.

All bear the prefix ``lockroutine_``, so that they can live among a host's own.
"""

from __future__ import annotations

import functools
from typing import Literal

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

__all__ = [
    "PREFIX",
    "REVISIONS",
    "TO_SEND",
    "VERSION_TABLE",
    "Tables",
    "include_object",
    "metadata",
    "tables",
]

PREFIX = "lockroutine_"

VERSION_TABLE = f"{PREFIX}version"
"""Where Alembic keeps which of our revisions a database has, if we run it ourselves."""

REVISIONS = ("lockroutine_1",)
"""Our revisions, the oldest first."""

TO_SEND = "state IN ('due', 'in_flight', 'failed', 'unknown')"

# Sorted as Python sorts, and as SQLite does: a page begins where the one before it ended.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite counts by itself only in a column of this very type.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


@frozen
class Tables:
    """The tables in one schema; what each holds stands in `lockroutine.stores.base`."""

    metadata: MetaData
    cases: Table
    found_by: Table
    reference: Table
    events: Table
    effects: Table
    results: Table
    routines: Table
    cursors: Table
    refusals: Table


@functools.cache
def tables(schema: str = "") -> Tables:
    """The tables in a schema; in the one that the connection looks in first, if it is empty."""
    made = MetaData(schema=schema or None)
    cases = _cases(made)
    own = cases.c.id
    return Tables(
        metadata=made,
        cases=cases,
        found_by=_table(
            made,
            "found_by",
            _text("process", primary_key=True),
            _text("field", primary_key=True),
            _text("value", primary_key=True),
            Column("case_id", _TEXT, ForeignKey(own), primary_key=True),
            Index(f"{PREFIX}found_by_case", "case_id"),
        ),
        reference=_table(
            made,
            "reference",
            _text("system", primary_key=True),
            _text("id", primary_key=True),
            Column("case_id", _TEXT, ForeignKey(own), primary_key=True),
        ),
        events=_table(
            made,
            "events",
            Column("number", _NUMBER, Identity(), primary_key=True),
            Column("case_id", _TEXT, ForeignKey(own), nullable=False),
            Column("version", Integer, nullable=False),
            _text("body"),
            _text("hash"),
            _text("personal", nullable=True),
            UniqueConstraint("case_id", "version", name=f"{PREFIX}events_of_case"),
        ),
        effects=_effects(made, cases),
        results=_table(
            made,
            "results",
            _text("key", primary_key=True),
            Column("case_id", _TEXT, ForeignKey(own), nullable=False),
            Column("version", Integer, nullable=False),
            _text("digest"),
        ),
        routines=_table(
            made,
            "routines",
            _text("key", primary_key=True),
            _text("file", primary_key=True),
            _text("text"),
        ),
        cursors=_table(made, "cursors", _text("system", primary_key=True), _text("cursor")),
        refusals=_table(
            made,
            "refusals",
            _text("rule", primary_key=True),
            Column("times", BigInteger, nullable=False),
        ),
    )


def _cases(made: MetaData) -> Table:
    return _table(
        made,
        "cases",
        _text("id", primary_key=True),
        _text("process"),
        _text("subject"),
        _text("unit"),
        _text("routine"),
        _text("state"),
        Column("is_open", Boolean, nullable=False),
        Column("waits", Boolean, nullable=False),
        _text("owed"),
        Column("version", Integer, nullable=False),
        _text("due"),
        _text("timer", nullable=True),
        _text("open_key", nullable=True),
        _text("body"),
        _text("personal", nullable=True),
        _index("cases_by_subject", "subject", "process", "id"),
        _index("cases_by_process", "process", "id"),
        _index("cases_by_state", "process", "state", "id"),
        _index("cases_by_unit", "unit", "id"),
        _index("cases_by_unit_and_process", "unit", "process", "id"),
        _index("cases_waiting", "process", "state", "due", "id", where="waits"),
        _index("cases_waiting_in_unit", "process", "state", "unit", "due", "id", where="waits"),
        _index("cases_by_timer", "timer", "id", where="timer IS NOT NULL"),
        _index("cases_one_open", "open_key", where="open_key IS NOT NULL", unique=True),
    )


def _effects(made: MetaData, cases: Table) -> Table:
    return _table(
        made,
        "effects",
        Column("number", _NUMBER, Identity(), primary_key=True),
        _text("key"),
        _text("routine"),
        _text("rule"),
        _text("kind"),
        _text("system"),
        Column("case_id", _TEXT, ForeignKey(cases.c.id), nullable=False),
        Column("version", Integer, nullable=False),
        _text("recipient"),
        _text("template"),
        _text("state"),
        _text("due_at"),
        Column("attempts", Integer, nullable=False),
        _text("message"),
        _text("outside"),
        _text("body"),
        _text("personal", nullable=True),
        UniqueConstraint("key", name=f"{PREFIX}effects_key"),
        _index("effects_by_case", "case_id", "system", "number"),
        _index("effects_to_send", "system", "due_at", "number", where=TO_SEND),
        _index("effects_by_state", "state", "number"),
    )


def _table(made: MetaData, name: str, *parts: SchemaItem) -> Table:
    return Table(f"{PREFIX}{name}", made, *parts)


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(name, _TEXT, primary_key=primary_key, nullable=nullable)


def _index(name: str, *columns: str, where: str = "", unique: bool = False) -> Index:
    # SQLite uses such an index only for a query that has the very same words.
    condition = text(where) if where else None
    return Index(
        f"{PREFIX}{name}",
        *columns,
        unique=unique,
        postgresql_where=condition,
        sqlite_where=condition,
    )


def metadata(schema: str = "") -> MetaData:
    """What Alembic compares a database with: the tables of lockroutine in a schema.

    Args:
        schema: The schema; empty for the one that the connection looks in first.

    >>> sorted(table.name for table in metadata().sorted_tables)[:2]
    ['lockroutine_cases', 'lockroutine_cursors']
    """
    return tables(schema).metadata


def include_object(
    thing: SchemaItem,
    name: str | None,
    kind: Literal[
        "schema", "table", "column", "index", "unique_constraint", "foreign_key_constraint"
    ],
    reflected: bool,
    compare_to: SchemaItem | None,
) -> bool:
    """For a host's ``env.py``: leave the tables of lockroutine out of what Alembic compares.

    Else ``alembic revision --autogenerate`` would drop them, as the host's models do not name them.
    Give it to ``context.configure(include_object=include_object)``.

    >>> include_object(tables().cases, "lockroutine_cases", "table", True, None)
    False
    """
    return not (kind == "table" and (name or "").startswith(PREFIX))
