"""Database URLs: which are taken, and how they are connected to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from lockroutine.errors import InvalidForm, Problem, StoreError
from lockroutine.stores import needing_sql
from lockroutine.stores.sqlite import write_ahead

__all__ = ["Place", "called", "connected", "located"]

_DRIVERS = {"postgresql": "psycopg", "sqlite": "pysqlite"}

_PATIENCE = 5.0  # seconds, as Python's own for what else is locked


@frozen
class Place:
    """What a database URL says.

    Args:
        url: Where the database is, with the driver that it is reached by.
        schema: The schema, or an empty text.
        jobs: Whether a job of Procrastinate wakes whoever delivers.
    """

    url: URL
    schema: str = ""
    jobs: bool = False


def located(where: str | URL) -> Place:
    """Read a database URL.

    Raises:
        InvalidForm: It is none that this library works with.

    >>> located("postgresql+psycopg://db.example.org/locks?schema=locks").schema
    'locks'
    """
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise InvalidForm([Problem("where", "is no database URL")]) from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None or url.drivername.partition("+")[2] not in ("", driver):
        known = " or ".join(f"{name}+{driver}://" for name, driver in _DRIVERS.items())
        raise InvalidForm([Problem("where", f"must begin with {known}")])
    if driver == "pysqlite" and (url.database or ":memory:") == ":memory:":
        message = "must name a file; without one, give :memory: and no URL"
        raise InvalidForm([Problem("where", message)])
    schema = url.query.get("schema", "")
    if not isinstance(schema, str):
        raise InvalidForm([Problem("where", "names the schema twice")])
    jobs = url.query.get("jobs", "")
    if jobs not in ("", "procrastinate"):
        raise InvalidForm([Problem("where", "must say jobs=procrastinate, or nothing of jobs")])
    if jobs and driver != "psycopg":
        raise InvalidForm([Problem("where", "says jobs=procrastinate, which needs PostgreSQL")])
    named = url.set(drivername=f"{url.get_backend_name()}+{driver}")
    return Place(named.difference_update_query(["schema", "jobs"]), schema, bool(jobs))


def connected(url: URL, *, make: bool = False) -> Engine:
    """SQLAlchemy's connections to a database, on which each transaction is begun in so many words.

    Args:
        url: A URL that `located` gave.
        make: Whether a SQLite file that is not there is made.

    Raises:
        StoreError: The driver is not installed, or there is no such file.
    """
    if url.get_backend_name() == "sqlite" and not make and not Path(str(url.database)).is_file():
        raise StoreError(f"There is no database {url.database}.")
    with needing_sql():
        # What is given back has been ended already, or is thrown away.
        engine = create_engine(
            url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, hide_parameters=True
        )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    """As durable and as strict as the store in a file is."""
    write_ahead(connection, _PATIENCE)
    for setting in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}").close()


def called(url: URL) -> str:
    """What a database is called in messages: without who logs in.

    >>> called(located("postgresql+psycopg://anna:secret@db.example.org/locks").url)
    'locks on db.example.org'
    """
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "localhost"
    return f"{url.database} on {host}"
