"""Indexes by which long lists are read a page at a time."""

from __future__ import annotations

from alembic import context, op
from sqlalchemy import text

revision = "lockroutine_2"
down_revision = "lockroutine_1"
branch_labels: tuple[str, ...] = ()
depends_on = None


def _schema() -> str | None:
    config = context.config
    given = config.attributes.get("lockroutine_schema") or config.get_main_option(
        "lockroutine_schema"
    )
    return str(given) if given else None


def _make(table: str, name: str, *columns: str, where: str = "") -> None:
    condition = text(where) if where else None
    op.create_index(
        f"lockroutine_{name}",
        f"lockroutine_{table}",
        list(columns),
        schema=_schema(),
        postgresql_where=condition,
        sqlite_where=condition,
    )


def _drop(table: str, name: str) -> None:
    op.drop_index(f"lockroutine_{name}", f"lockroutine_{table}", schema=_schema())


def upgrade() -> None:
    """Make the indexes, and take away the one that they stand for."""
    _make("cases", "cases_by_process", "process", "id")
    _make("cases", "cases_by_unit", "unit", "id")
    _make("cases", "cases_by_unit_and_process", "unit", "process", "id")
    _make("effects", "effects_by_state", "state", "number")
    _drop("effects", "effects_to_look_at")


def downgrade() -> None:
    """Make them as they were."""
    where = "state IN ('unknown', 'asked', 'parked')"
    _make("effects", "effects_to_look_at", "state", "number", where=where)
    _drop("effects", "effects_by_state")
    _drop("cases", "cases_by_unit_and_process")
    _drop("cases", "cases_by_unit")
    _drop("cases", "cases_by_process")
