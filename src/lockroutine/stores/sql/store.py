"""A store in the host's own database: PostgreSQL, or SQLite, through SQLAlchemy's connections."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeVar

from sqlalchemy import URL, Engine
from sqlalchemy.exc import SQLAlchemyError, TimeoutError
from sqlalchemy.pool import PoolProxiedConnection

from lockroutine.errors import InvalidForm, Problem, StoreBusy, StoreError
from lockroutine.stores.base import Cases, Reading, Writing
from lockroutine.stores.sql._connecting import called, connected, located
from lockroutine.stores.sql._fitting import refuse_other_tables
from lockroutine.stores.sql._guarded import transaction_on
from lockroutine.stores.sql._hosts import Hosted, hosted, hosted_async
from lockroutine.stores.sql._links import CursorLink, Link
from lockroutine.stores.sql._statements import Statements, statements
from lockroutine.stores.sql._transaction import Transaction, refusals_of
from lockroutine.stores.sql._words import in_words
from lockroutine.stores.sql.bound import BoundStore
from lockroutine.stores.sql.waking import WAKE, refuse_without_jobs

__all__ = ["SqlStore"]

T = TypeVar("T")

# How a transaction begins: as of one moment; and on what others have kept so far, or in SQLite,
# where one writes at a time, as the only one.
_READ = {"postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "sqlite": "BEGIN"}
_WRITE = {
    "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    "sqlite": "BEGIN IMMEDIATE",
}
_PATIENCE = 5.0  # seconds in which a server may come back before a transaction has begun


class SqlStore:
    """A store in PostgreSQL, or in SQLite, whose tables `upgrade` has made.

    Args:
        where: A database URL, ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE`` or
            ``sqlite+pysqlite:///PATH``, also with ``?schema=NAME``; or an engine of SQLAlchemy,
            which is not closed with the store.
        schema: The schema that the tables are in; that of the URL, or the one that connections
            look in first, if it is empty.
        jobs: Whether each transaction with something to deliver also writes a job of Procrastinate
            that says so; the same as ``?jobs=procrastinate``. PostgreSQL only.

    Raises:
        InvalidForm: It is no such URL.
        StoreError: The database cannot be used, or its tables are not those of this library.
    """

    def __init__(self, where: str | URL | Engine, *, schema: str = "", jobs: bool = False) -> None:
        self._ours = not isinstance(where, Engine)
        if isinstance(where, Engine):
            self._engine = where
        else:
            place = located(where)
            self._engine, schema = connected(place.url), schema or place.schema
            jobs = jobs or place.jobs
        self.name: str = called(self._engine.url)
        self.schema: str = schema
        if jobs and self._engine.dialect.name != "postgresql":
            raise InvalidForm([Problem("jobs", "needs PostgreSQL")])
        self.jobs: bool = jobs
        wake = WAKE if jobs else ""
        self._statements: Statements = statements(schema, self._engine.dialect, wake)
        self._errors: type[Exception] = self._engine.dialect.loaded_dbapi.Error
        self._closed = False
        self._uncounted: Counter[str] = Counter()
        self._lock = threading.Lock()
        try:
            refuse_other_tables(self._engine, schema, self.name)
            if jobs:
                refuse_without_jobs(self._engine, self.name)
        except BaseException:
            self.close()
            raise

    def conninfo(self) -> str:
        """How libpq is told of the database; the password is in it, if the URL had it."""
        url = self._engine.url.set(drivername=self._engine.dialect.name)
        return url.render_as_string(hide_password=False)

    # -- transactions --------------------------------------------------------------------------

    def reading(self) -> AbstractContextManager[Reading]:
        """Read as of one moment."""
        return self._transaction(_READ[self._engine.dialect.name], Transaction)

    @contextmanager
    def browsing(self) -> Generator[Cases]:
        """Read question by question, each as of its own moment: a transaction costs two trips."""
        with self._begun("") as link:
            yield Transaction(link, self._statements)

    def writing(self) -> AbstractContextManager[Writing]:
        """Write in one transaction; an exception of any kind undoes it."""
        self._count_left()
        return self._transaction(_WRITE[self._engine.dialect.name], transaction_on)

    @contextmanager
    def _transaction(
        self, words: str, make: Callable[[Link, Statements], Transaction]
    ) -> Generator[Transaction]:
        with self._begun(words) as link:
            transaction = make(link, self._statements)
            with refusals_of(transaction) as refusals:
                yield transaction
        for refusal in refusals:
            raise refusal

    @contextmanager
    def _begun(self, words: str) -> Generator[Link]:
        connection, link = self._begin(words)
        try:
            yield link
            self._commit(connection)
        except BaseException:
            self._undo(connection)
            raise
        finally:
            self._give_back(connection)

    def _begin(self, words: str) -> tuple[PoolProxiedConnection, Link]:
        """A connection on which a transaction has begun.

        One that has lain idle may have been cut, and a server may be just starting again.
        """
        give_up, length = time.monotonic() + _PATIENCE, 0.005
        while True:
            try:
                return self._try_to_begin(words)
            except StoreBusy:
                if time.monotonic() + length > give_up:
                    raise
            time.sleep(length)
            length = min(2 * length, 0.25)

    def _try_to_begin(self, words: str) -> tuple[PoolProxiedConnection, Link]:
        if self._closed:
            raise StoreError("The store is closed.")
        try:
            connection = self._engine.raw_connection()
        except TimeoutError:
            message = f"All connections to the database {self.name} are in use; try again."
            raise StoreBusy(message) from None
        except (SQLAlchemyError, self._errors) as error:
            raise in_words(self.name, error) from None
        try:
            if not self._ours and connection.dbapi_connection:
                self._engine.dialect.set_isolation_level(connection.dbapi_connection, "AUTOCOMMIT")
            link = CursorLink(self.name, connection.cursor(), self._errors)
            if words:
                link.plain(words)
        except BaseException:
            connection.invalidate()
            raise
        return connection, link

    def _commit(self, connection: PoolProxiedConnection) -> None:
        try:
            connection.commit()
        except self._errors as error:
            why = in_words(self.name, error)
            if not (isinstance(why, StoreBusy) and self._statements.server):
                raise why from None
            raise StoreBusy(
                f"The connection to the database {self.name} was lost while this was being kept, "
                "and whether it was is not known. Repeat it with its key."
            ) from None

    def _undo(self, connection: PoolProxiedConnection) -> None:
        try:
            connection.rollback()
        except self._errors:
            connection.invalidate()  # it is gone, and with it what was begun
        except BaseException:
            connection.invalidate()
            raise

    def _give_back(self, connection: PoolProxiedConnection) -> None:
        if not self._ours and connection.dbapi_connection:
            self._engine.dialect.reset_isolation_level(connection.dbapi_connection)
        connection.close()

    # -- refusals ------------------------------------------------------------------------------

    def count_refusals(self, rules: Sequence[str]) -> None:
        """Count that these rules refused."""
        with self._lock:
            self._uncounted.update(rules)
        self._count_left()

    def count_later(self, rules: Sequence[str]) -> None:
        """Count that these rules refused as soon as nobody is in the way; at last when closing."""
        with self._lock:
            self._uncounted.update(rules)

    def _count_left(self) -> None:
        if not self._uncounted:
            return
        with self._lock:
            taken, self._uncounted = self._uncounted, Counter()
        # In one order, so that two who count the same never wait in a circle.
        given = [{"rule": rule, "times": times} for rule, times in sorted(taken.items())]
        try:
            with self._begun(_WRITE[self._engine.dialect.name]) as link:
                link.write_all(self._statements.count_refusal, given)
        except BaseException:
            with self._lock:
                self._uncounted.update(taken)
            raise

    # -- the host's transaction ----------------------------------------------------------------

    def bind(self, connection: object) -> BoundStore:
        """A store in the transaction of a host's connection.

        Args:
            connection: The host's connection to this database; see `Engine.bind`.

        Raises:
            InvalidForm: It is none that a store can be bound to.
        """
        return self._bound(hosted(connection, self._statements, self.name))

    async def bind_async(self, connection: object, work: Callable[[BoundStore], T]) -> T:
        """Do something on a store in the transaction of a host's connection that is awaited.

        Args:
            connection: The host's connection to this database; see `Engine.bind_async`.
            work: What is done; written as if nothing were awaited.

        Raises:
            InvalidForm: It is none that a store can be bound to.
        """
        return await hosted_async(
            connection, self._statements, self.name, lambda host: work(self._bound(host))
        )

    def _bound(self, host: Hosted) -> BoundStore:
        # SQLite lets nobody else write before the host has ended.
        count = self.count_refusals if self._statements.server else self.count_later
        return BoundStore(host, count)

    def close(self) -> None:
        """Let go of the connections."""
        if not self._closed:
            with suppress(StoreError):
                self._count_left()
        self._closed = True
        if self._ours:
            self._engine.dispose()
