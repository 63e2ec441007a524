"""Indexes by which long lists are read a page at a time."""

from __future__ import annotations

from alembic import context, op
from sqlalchemy import text

revision = "lockroutine_2"
down_revision = "lockroutine_1"
branch_labels: tuple[str, ...] = ()
depends_on = None

_TO_LOOK_AT = text("state IN ('unknown', 'asked', 'parked')")


def _schema() -> str | None:
    config = context.config
    given = config.attributes.get("lockroutine_schema") or config.get_main_option(
        "lockroutine_schema"
    )
    return str(given) if given else None


def _drop(table: str, name: str) -> None:
    op.drop_index(f"lockroutine_{name}", f"lockroutine_{table}", schema=_schema())


def upgrade() -> None:
    """Make the indexes, and take away the one that they stand for."""
    op.create_index(
        "lockroutine_effects_by_state",
        "lockroutine_effects",
        ["state", "number"],
        schema=_schema(),
    )
    _drop("effects", "effects_to_look_at")


def downgrade() -> None:
    """Make them as they were."""
    op.create_index(
        "lockroutine_effects_to_look_at",
        "lockroutine_effects",
        ["state", "number"],
        schema=_schema(),
        postgresql_where=_TO_LOOK_AT,
        sqlite_where=_TO_LOOK_AT,
    )
    _drop("effects", "effects_by_state")
