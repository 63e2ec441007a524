"""Where the storm is: the databases, and what can be done to them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from attrs import frozen

from lockroutine import Engine


@frozen(kw_only=True)
class Place:
    """A database, and what can be done to it.

    Args:
        name: What it is called.
        where: It, as an engine is opened on it.
        processes: How many processes work on it.
        threads: How many people work in each.
        blows: The bad things that can be done to the database.
        at_once: An engine whose commands are kept together.
        deadlocks: How often it has ended somebody's waiting in a circle.
    """

    name: str
    where: str
    processes: int
    threads: int
    blows: dict[str, Callable[[], None]]
    at_once: Callable[[Engine], AbstractContextManager[Engine]]
    deadlocks: Callable[[], int]


@contextmanager
def on_postgres() -> Generator[Place]:
    """A PostgreSQL of its own, with eight processes of two threads."""
    import sqlalchemy
    from tests.postgres import cut, deadlocks, running

    from lockroutine.stores.sql import upgrade

    with running() as server:
        upgrade(server.url)
        host = sqlalchemy.create_engine(server.url)

        @contextmanager
        def at_once(engine: Engine) -> Generator[Engine]:
            with host.begin() as connection:
                yield engine.bind(connection)

        blows = {"cut": lambda: cut(server.url), "restart": server.restart}
        yield Place(
            name="PostgreSQL",
            where=server.url,
            processes=8,
            threads=2,
            blows=blows,
            at_once=at_once,
            deadlocks=lambda: deadlocks(server.url),
        )
        host.dispose()


@contextmanager
def on_sqlite() -> Generator[Place]:
    """A SQLite file, with two processes of two threads."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "locks.db")
        yield Place(
            name="SQLite",
            where=path,
            processes=2,
            threads=2,
            blows={},
            at_once=nullcontext,
            deadlocks=lambda: 0,
        )
