"""The host's connections: which are taken, and how our statements get onto each."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from attrs import field, frozen
from psycopg.rows import tuple_row
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_scoped_session
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.util import await_only, greenlet_spawn

from lockroutine.errors import InvalidForm, Problem
from lockroutine.stores.sql._links import CursorLink, Link, Row, SqlAlchemyLink
from lockroutine.stores.sql._statements import Statement, Statements, statements
from lockroutine.stores.sql._words import in_words

__all__ = ["Hosted", "hosted", "hosted_async"]

T = TypeVar("T")


@frozen
class Hosted:
    """A host's connection, as a store is bound to it.

    Args:
        link: How statements get onto it.
        known: The statements in the words of its driver.
        raw: SQLite's own connection, if it is one of SQLite.
        pause: Lets so many seconds go by.
        apart: Does what takes a while on a connection of our own.
    """

    link: Link
    known: Statements
    raw: Any = None
    pause: Callable[[float], object] = field(default=time.sleep, kw_only=True)
    apart: Callable[[Callable[[], None]], None] = field(default=lambda work: work(), kw_only=True)


def hosted(connection: object, known: Statements, database: str) -> Hosted:
    """How a store is bound to a host's connection.

    Args:
        connection: A ``Connection`` or ``Session`` of SQLAlchemy, a connection of Django, of
            psycopg or of sqlite3.
        known: The statements of the store, in the words of psycopg or sqlite3.
        database: What the database is called.

    Raises:
        InvalidForm: It is none of these, or one to another kind of database.
    """
    if isinstance(connection, Session | scoped_session):
        connection = connection.connection()
    if isinstance(connection, Connection):
        return _of_sqlalchemy(connection, known, database)
    if type(connection).__module__.startswith("django."):
        connection = _of_django(connection)
    if isinstance(connection, psycopg.Connection) and known.server:
        # Not by its own factories, which may be anything.
        cursor: object = psycopg.Cursor(connection, row_factory=tuple_row)
        return Hosted(CursorLink(database, cursor, psycopg.Error), known)
    if isinstance(connection, sqlite3.Connection) and not known.server:
        cursor = sqlite3.Cursor(connection)
        return Hosted(CursorLink(database, cursor, sqlite3.Error), known, connection)
    if isinstance(connection, (*_ASYNC, psycopg.AsyncConnection)):
        raise InvalidForm([Problem("connection", "is awaited: bind it with bind_async")])
    raise _other(known)


def _of_sqlalchemy(connection: Connection, known: Statements, database: str) -> Hosted:
    dialect = connection.dialect
    if dialect.name != ("postgresql" if known.server else "sqlite"):
        raise _other(known)
    link, own = SqlAlchemyLink(database, connection), statements(known.schema, dialect, known.wake)
    raw = None if known.server else connection.connection.driver_connection
    if dialect.is_async:
        return Hosted(link, own, raw, pause=_pause, apart=_apart)
    return Hosted(link, own, raw)


def _of_django(connection: Any) -> object:
    """The driver's own connection: Django would log our values at its level DEBUG."""
    connection.ensure_connection()
    inner: object = connection.connection
    return inner


def _other(known: Statements) -> InvalidForm:
    kinds = (
        "of SQLAlchemy, of psycopg, or of Django with psycopg 3, to PostgreSQL"
        if known.server
        else "of SQLAlchemy, of sqlite3, or of Django, to SQLite"
    )
    return InvalidForm([Problem("connection", f"must be one {kinds}, as the engine's own is")])


# -- those that are awaited ------------------------------------------------------------------------

_ASYNC = (AsyncConnection, AsyncSession, async_scoped_session)


async def hosted_async(
    connection: object, known: Statements, database: str, work: Callable[[Hosted], T]
) -> T:
    """Do what is written as if nothing were awaited, on a host's connection that is awaited.

    The one copy of all that is decided and written runs in a greenlet of SQLAlchemy's; wherever it
    would wait for the database, the event loop goes on with other things.

    Args:
        connection: An ``AsyncConnection`` or ``AsyncSession`` of SQLAlchemy, or psycopg's
            ``AsyncConnection``.
        known: The statements of the store.
        database: What the database is called.
        work: What is done.

    Raises:
        InvalidForm: It is none of these, or one to another kind of database.
    """
    if isinstance(connection, async_scoped_session):
        connection = connection()
    if isinstance(connection, AsyncConnection | AsyncSession):
        return await connection.run_sync(lambda inner: work(hosted(inner, known, database)))
    if isinstance(connection, psycopg.AsyncConnection) and known.server:
        cursor = psycopg.AsyncCursor(connection, row_factory=tuple_row)
        link = _AwaitedLink(database, cursor)
        return await greenlet_spawn(work, Hosted(link, known, pause=_pause, apart=_apart))
    if isinstance(connection, psycopg.Connection | Connection | Session | scoped_session):
        raise InvalidForm([Problem("connection", "is not awaited: bind it with bind")])
    raise _other(known)


def _pause(seconds: float) -> None:
    await_only(asyncio.sleep(seconds))


def _apart(work: Callable[[], None]) -> None:
    await_only(asyncio.to_thread(work))


@frozen
class _AwaitedLink:
    """An asynchronous cursor of psycopg, used within a greenlet."""

    database: str
    cursor: psycopg.AsyncCursor[Row]

    def rows(self, statement: Statement, given: Mapping[str, Any]) -> Sequence[Row]:
        self._do(statement.text, statement.values(given))
        return self._wait(self.cursor.fetchall())

    def write(self, statement: Statement, given: Mapping[str, Any]) -> int:
        self._do(statement.text, statement.values(given))
        return self.cursor.rowcount

    def write_all(self, statement: Statement, given: Sequence[Mapping[str, Any]]) -> None:
        for one in given:
            self._do(statement.text, statement.values(one))

    def plain(self, words: str) -> None:
        self._do(words, None)

    def _do(self, words: str, values: tuple[Any, ...] | None) -> None:
        self._wait(self.cursor.execute(words.encode(), values))

    def _wait(self, work: Awaitable[T]) -> T:
        try:
            return await_only(work)
        except psycopg.Error as error:
            raise in_words(self.database, error) from None
