"""Where cases, events and effects are kept. `Store` is the protocol; the rest are its makers."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from lockroutine.errors import StoreError
from lockroutine.stores.base import (
    CaseFilter,
    Cases,
    FirstResult,
    Position,
    Reading,
    Store,
    Writing,
)
from lockroutine.stores.memory import MemoryStore
from lockroutine.stores.sqlite import SqliteStore

__all__ = [
    "CaseFilter",
    "Cases",
    "FirstResult",
    "MemoryStore",
    "Position",
    "Reading",
    "SqliteStore",
    "Store",
    "Writing",
    "needing_sql",
    "open_store",
]


def open_store(where: str | os.PathLike[str]) -> Store:
    """A store by its place: a SQLite file, ``:memory:``, or a database URL.

    Raises:
        InvalidForm: It is a URL, and none of a database that this library works with.
        StoreError: The file or database cannot be used, or the extra ``sql`` is not installed.

    >>> open_store(":memory:").close()
    """
    if where == ":memory:":
        return MemoryStore()
    if not isinstance(where, str) or "://" not in where:
        return SqliteStore(where)
    with needing_sql():
        # It takes long to load, and few need it.
        from lockroutine.stores.sql import SqlStore  # noqa: PLC0415
    return SqlStore(where)


@contextmanager
def needing_sql() -> Generator[None]:
    """Where `lockroutine.stores.sql` is imported, as that needs the extra ``sql``.

    Raises:
        StoreError: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("alembic", "psycopg", "sqlalchemy"):
            raise
        message = 'A database URL needs more: pip install "lockroutine[sql]"'
        raise StoreError(message) from None
