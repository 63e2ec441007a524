"""A store in the host's own database: PostgreSQL or SQLite, with the extra ``sql``.

The host may hand its own connection to `lockroutine.Engine.bind`; then its transaction is ours.
"""

from lockroutine.stores.sql.store import SqlStore
from lockroutine.stores.sql.tables import include_object, metadata
from lockroutine.stores.sql.upgrading import check, upgrade

__all__ = ["SqlStore", "check", "include_object", "metadata", "upgrade"]
