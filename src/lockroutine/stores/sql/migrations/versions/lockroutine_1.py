"""The first tables.

In a host's own run of Alembic, the schema is the option ``lockroutine_schema`` of its alembic.ini.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.schema import CreateSchema

revision = "lockroutine_1"
down_revision = None
branch_labels: tuple[str, ...] = ("lockroutine",)
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _schema() -> str | None:
    config = context.config
    given = config.attributes.get("lockroutine_schema") or config.get_main_option(
        "lockroutine_schema"
    )
    return str(given) if given else None


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _TEXT, primary_key=primary_key, nullable=nullable)


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(f"lockroutine_{name}", *parts, schema=_schema())


def _index(table: str, name: str, *columns: str, where: str = "", unique: bool = False) -> None:
    condition = sa.text(where) if where else None
    op.create_index(
        f"lockroutine_{name}",
        f"lockroutine_{table}",
        list(columns),
        unique=unique,
        schema=_schema(),
        postgresql_where=condition,
        sqlite_where=condition,
    )


def _case_id(*, primary_key: bool = False) -> sa.Column[str]:
    schema = _schema()
    place = f"{schema}.lockroutine_cases.id" if schema else "lockroutine_cases.id"
    return sa.Column(
        "case_id", _TEXT, sa.ForeignKey(place), primary_key=primary_key, nullable=False
    )


def upgrade() -> None:
    """Make the tables."""
    schema = _schema()
    if schema:
        op.execute(CreateSchema(schema, if_not_exists=True))
    _cases()
    _table(
        "found_by",
        _text("process", primary_key=True),
        _text("field", primary_key=True),
        _text("value", primary_key=True),
        _case_id(primary_key=True),
    )
    _index("found_by", "found_by_case", "case_id")
    _table(
        "reference",
        _text("system", primary_key=True),
        _text("id", primary_key=True),
        _case_id(primary_key=True),
    )
    _table(
        "events",
        sa.Column("number", _NUMBER, sa.Identity(), primary_key=True),
        _case_id(),
        sa.Column("version", sa.Integer, nullable=False),
        _text("body"),
        _text("hash"),
        _text("personal", nullable=True),
        sa.UniqueConstraint("case_id", "version", name="lockroutine_events_of_case"),
    )
    _effects()
    _table(
        "results",
        _text("key", primary_key=True),
        _case_id(),
        sa.Column("version", sa.Integer, nullable=False),
        _text("digest"),
    )
    _table(
        "routines",
        _text("key", primary_key=True),
        _text("file", primary_key=True),
        _text("text"),
    )
    _table("cursors", _text("system", primary_key=True), _text("cursor"))
    _table(
        "refusals",
        _text("rule", primary_key=True),
        sa.Column("times", sa.BigInteger, nullable=False),
    )


def _cases() -> None:
    _table(
        "cases",
        _text("id", primary_key=True),
        _text("process"),
        _text("subject"),
        _text("unit"),
        _text("routine"),
        _text("state"),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("waits", sa.Boolean, nullable=False),
        _text("owed"),
        sa.Column("version", sa.Integer, nullable=False),
        _text("due"),
        _text("timer", nullable=True),
        _text("open_key", nullable=True),
        _text("body"),
        _text("personal", nullable=True),
    )
    _index("cases", "cases_by_subject", "subject", "process", "id")
    _index("cases", "cases_by_process", "process", "id")
    _index("cases", "cases_by_state", "process", "state", "id")
    _index("cases", "cases_by_unit", "unit", "id")
    _index("cases", "cases_by_unit_and_process", "unit", "process", "id")
    _index("cases", "cases_waiting", "process", "state", "due", "id", where="waits")
    _index("cases", "cases_waiting_in_unit", "process", "state", "unit", "due", "id", where="waits")
    _index("cases", "cases_by_timer", "timer", "id", where="timer IS NOT NULL")
    _index("cases", "cases_one_open", "open_key", where="open_key IS NOT NULL", unique=True)


def _effects() -> None:
    _table(
        "effects",
        sa.Column("number", _NUMBER, sa.Identity(), primary_key=True),
        _text("key"),
        _text("routine"),
        _text("rule"),
        _text("kind"),
        _text("system"),
        _case_id(),
        sa.Column("version", sa.Integer, nullable=False),
        _text("recipient"),
        _text("template"),
        _text("state"),
        _text("due_at"),
        sa.Column("attempts", sa.Integer, nullable=False),
        _text("message"),
        _text("outside"),
        _text("body"),
        _text("personal", nullable=True),
        sa.UniqueConstraint("key", name="lockroutine_effects_key"),
    )
    _index("effects", "effects_by_case", "case_id", "system", "number")
    _index(
        "effects",
        "effects_to_send",
        "system",
        "due_at",
        "number",
        where="state IN ('due', 'in_flight', 'failed', 'unknown')",
    )
    _index("effects", "effects_by_state", "state", "number")


def downgrade() -> None:
    """Take the tables away again, with all that they hold."""
    for name in (
        "refusals",
        "cursors",
        "routines",
        "results",
        "effects",
        "events",
        "reference",
        "found_by",
        "cases",
    ):
        op.drop_table(f"lockroutine_{name}", schema=_schema())
