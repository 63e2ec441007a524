"""Programs that have a database of their own, each in the way of its own library.

Each writes a row of its own, lets something be done with an engine bound to its transaction, and
commits; or, if that raises, rolls back.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

import django
import django.db
import psycopg
import sqlalchemy as sa
from django.conf import settings
from django.db import transaction
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from lockroutine import Engine

T = TypeVar("T")
Work = Callable[[Engine], T]

# Where they are is known only when a test runs.
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
        },
        "file": {"ENGINE": "django.db.backends.sqlite3", "NAME": "host.db"},
    }
)
django.setup()


def statement(row: str) -> str:
    """What the host writes itself."""
    return f"INSERT INTO theirs (name) VALUES ('{row}')"


def on_connection(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """SQLAlchemy Core."""
    host = sa.create_engine(url)
    try:
        with host.begin() as connection:
            connection.execute(sa.text(statement(row)))
            return work(engine.bind(connection))
    finally:
        host.dispose()


def before_its_own(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """SQLAlchemy Core, where nothing was written yet when the engine is used."""
    host = sa.create_engine(url)
    try:
        with host.connect() as connection:
            done = work(engine.bind(connection))
            connection.execute(sa.text(statement(row)))
            connection.commit()
            return done
    finally:
        host.dispose()


def on_session(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """SQLAlchemy's ORM."""
    host = sa.create_engine(url)
    try:
        with Session(host) as session, session.begin():
            session.execute(sa.text(statement(row)))
            return work(engine.bind(session))
    finally:
        host.dispose()


def on_scoped_session(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """SQLAlchemy's ORM, as web frameworks use it."""
    host = sa.create_engine(url)
    session = scoped_session(sessionmaker(host))
    try:
        session.execute(sa.text(statement(row)))
        done = work(engine.bind(session))
        session.commit()
        return done
    finally:
        session.remove()
        host.dispose()


def on_django(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """Django on PostgreSQL; what it calls its connection is a stand-in for one."""
    inner = django.db.connections["default"]
    inner.settings_dict["HOST"] = sa.make_url(url).query["host"]
    try:
        with transaction.atomic():
            with django.db.connection.cursor() as cursor:
                cursor.execute(statement(row))
            return work(engine.bind(django.db.connection))
    finally:
        inner.close()


def on_django_file(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """Django on SQLite."""
    connection = django.db.connections["file"]
    connection.settings_dict["NAME"] = sa.make_url(url).database
    try:
        with transaction.atomic(using="file"):
            with connection.cursor() as cursor:
                cursor.execute(statement(row))
            return work(engine.bind(connection))
    finally:
        connection.close()


def libpq(url: str) -> str:
    """How psycopg itself is told of a server."""
    return f"host={sa.make_url(url).query['host']} user=postgres dbname=postgres"


def on_psycopg(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """Psycopg by itself, with rows that are dictionaries."""
    factory: Any = psycopg.rows.dict_row
    with psycopg.connect(libpq(url), row_factory=factory) as connection:
        connection.execute(statement(row).encode())
        return work(engine.bind(connection))


def on_psycopg_block(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """Psycopg in autocommit, with a transaction as a block."""
    with psycopg.connect(libpq(url), autocommit=True) as connection, connection.transaction():
        connection.execute(statement(row).encode())
        return work(engine.bind(connection))


def on_sqlite3(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """sqlite3 by itself."""
    with closing(sqlite3.connect(sa.make_url(url).database or "")) as connection, connection:
        connection.execute(statement(row))
        return work(engine.bind(connection))


def on_async_connection(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """SQLAlchemy Core, awaited, over asyncpg."""

    async def run() -> T:
        host = create_async_engine(url.replace("+psycopg:", "+asyncpg:"))
        try:
            async with host.begin() as connection:
                await connection.execute(sa.text(statement(row)))
                return await engine.bind_async(connection, work)
        finally:
            await host.dispose()

    return asyncio.run(run())


def on_async_session(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """SQLAlchemy's ORM, awaited, over psycopg."""

    async def run() -> T:
        host = create_async_engine(url)
        try:
            async with AsyncSession(host) as session, session.begin():
                await session.execute(sa.text(statement(row)))
                return await engine.bind_async(session, work)
        finally:
            await host.dispose()

    return asyncio.run(run())


def on_async_psycopg(engine: Engine, url: str, row: str, work: Work[T]) -> T:
    """Psycopg by itself, awaited."""

    async def run() -> T:
        async with await psycopg.AsyncConnection.connect(libpq(url)) as connection:
            await connection.execute(statement(row).encode())
            return await engine.bind_async(connection, work)

    return asyncio.run(run())


ON_POSTGRES = (
    on_connection,
    before_its_own,
    on_session,
    on_scoped_session,
    on_django,
    on_psycopg,
    on_psycopg_block,
    on_async_connection,
    on_async_session,
    on_async_psycopg,
)
ON_SQLITE = (
    on_connection,
    before_its_own,
    on_session,
    on_scoped_session,
    on_django_file,
    on_sqlite3,
)
