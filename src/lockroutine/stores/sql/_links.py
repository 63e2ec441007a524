"""How a statement gets to the database: the one place that knows of drivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from attrs import frozen
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from lockroutine.stores.sql._statements import Statement
from lockroutine.stores.sql._words import in_words

__all__ = ["CursorLink", "Link", "Row", "SqlAlchemyLink"]

T = TypeVar("T")
Row = tuple[Any, ...]


class Link(Protocol):
    """A connection on which statements are run, inside a transaction that somebody else ends.

    Each of its methods raises `StoreError` for whatever the database reports.
    """

    def rows(self, statement: Statement, given: Mapping[str, Any]) -> Sequence[Row]:
        """What a statement finds."""
        ...

    def write(self, statement: Statement, given: Mapping[str, Any]) -> int:
        """Run a statement that changes something, and say how many rows it changed."""
        ...

    def write_all(self, statement: Statement, given: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement with one set of values after another."""
        ...

    def plain(self, words: str) -> None:
        """Run what has no values: where a transaction, or a part of one, begins and ends."""
        ...


@frozen
class CursorLink:
    """A cursor as Python's database interface describes it: of psycopg, of sqlite3, of Django.

    Args:
        database: What the database is called.
        cursor: The cursor.
        errors: What the driver raises.
    """

    database: str
    cursor: Any
    errors: type[Exception]

    def rows(self, statement: Statement, given: Mapping[str, Any]) -> Sequence[Row]:
        """What a statement finds."""

        def read() -> Sequence[Row]:
            self.cursor.execute(statement.text, statement.values(given))
            found: Sequence[Row] = self.cursor.fetchall()
            return found

        return self._do(read)

    def write(self, statement: Statement, given: Mapping[str, Any]) -> int:
        """Run a statement that changes something, and say how many rows it changed."""
        self._do(lambda: self.cursor.execute(statement.text, statement.values(given)))
        return int(self.cursor.rowcount)

    def write_all(self, statement: Statement, given: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement with one set of values after another."""
        values = [statement.values(one) for one in given]
        if len(values) == 1:  # several at once would have to be got ready for
            self._do(lambda: self.cursor.execute(statement.text, values[0]))
        elif values:
            self._do(lambda: self.cursor.executemany(statement.text, values))

    def plain(self, words: str) -> None:
        """Run what has no values."""
        self._do(lambda: self.cursor.execute(words))

    def _do(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except self.errors as error:
            # Without its cause: a driver's text may hold the values that were written.
            raise in_words(self.database, error) from None


@frozen
class SqlAlchemyLink:
    """A connection of SQLAlchemy, as a host has it; also the inside of one that is awaited.

    Args:
        database: What the database is called.
        connection: The connection.
    """

    database: str
    connection: Connection

    def rows(self, statement: Statement, given: Mapping[str, Any]) -> Sequence[Row]:
        """What a statement finds."""
        values = statement.values(given)
        return self._do(
            lambda: [tuple(row) for row in self.connection.exec_driver_sql(statement.text, values)]
        )

    def write(self, statement: Statement, given: Mapping[str, Any]) -> int:
        """Run a statement that changes something, and say how many rows it changed."""
        values = statement.values(given)
        return self._do(lambda: self.connection.exec_driver_sql(statement.text, values)).rowcount

    def write_all(self, statement: Statement, given: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement with one set of values after another."""
        for one in given:
            self.write(statement, one)

    def plain(self, words: str) -> None:
        """Run what has no values."""
        self._do(lambda: self.connection.exec_driver_sql(words))

    def _do(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except SQLAlchemyError as error:
            raise in_words(self.database, error) from None  # its text holds values, too
