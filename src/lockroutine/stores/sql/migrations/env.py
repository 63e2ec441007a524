"""What Alembic runs when `upgrade` calls it. A host that runs our revisions itself has its own."""

from __future__ import annotations

from alembic import context

from lockroutine.stores.sql.tables import VERSION_TABLE, metadata

_given = context.config.attributes
_schema = str(_given["lockroutine_schema"])
context.configure(
    connection=_given["connection"],
    target_metadata=metadata(_schema),
    version_table=VERSION_TABLE,
    version_table_schema=_schema or None,
)
with context.begin_transaction():
    context.run_migrations()
