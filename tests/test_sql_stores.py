"""The stores on SQLAlchemy keep the contract; and what is theirs alone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from lockroutine import Engine, InvalidForm, StoreError
from lockroutine.errors import StoreBusy
from lockroutine.stores import again, open_store
from lockroutine.stores.again import repeated
from lockroutine.stores.base import FirstResult
from lockroutine.stores.sql import SqlStore
from lockroutine.stores.sql._guarded import GuardedTransaction
from lockroutine.testing.stores import StoreContract, following, opening
from postgres import cut
from smallpack import ANNA, ORDER, Clock, consent, opened


class TestSqlStoreOnPostgres(StoreContract):
    @pytest.fixture
    def store(self, empty_postgres: str) -> Any:
        store = SqlStore(empty_postgres)
        yield store
        store.close()


class TestSqlStoreOnSqlite(StoreContract):
    @pytest.fixture
    def store(self, sqlite_url: str) -> Any:
        store = SqlStore(sqlite_url)
        yield store
        store.close()


@pytest.fixture
def url(empty_postgres: str) -> str:
    return empty_postgres


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    made = SqlStore(url)
    yield made
    made.close()


def versions(store: SqlStore, case_id: str = "1") -> list[int]:
    with store.reading() as reading:
        return [event.version for event in reading.history(case_id)]


# -- what is opened --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("mysql://db.example.org/locks", "must begin with postgresql+psycopg:// or sqlite+pysql"),
        ("postgresql+asyncpg://db.example.org/locks", "must begin with postgresql+psycopg://"),
        ("sqlite://", "must name a file; without one, give :memory: and no URL"),
        ("sqlite:///:memory:", "must name a file"),
        ("postgresql://db.example.org:port/locks", "is no database URL"),
        ("postgresql://x/y?schema=a&schema=b", "names the schema twice"),
    ],
)
def test_a_url_of_another_kind_is_refused(where: str, message: str) -> None:
    """A URL of a database that the library does not work with is refused, and it is said why."""
    with pytest.raises(InvalidForm) as error:
        Engine.open(where)
    assert str(error.value).startswith(f"where: {message}")


def test_a_server_that_is_not_there_is_told_of() -> None:
    """Where no server answers, the error says so, without the password."""
    with pytest.raises(StoreError) as error:
        Engine.open("postgresql://anna:secret@localhost:1/locks")
    assert str(error.value) == (
        "The database locks on localhost cannot be reached: Connection refused."
    )
    assert error.value.__cause__ is None


def test_a_database_that_is_not_there_is_told_of(url: str) -> None:
    """A database that the server does not have is named."""
    with pytest.raises(
        StoreError, match=r'cannot be reached: FATAL:  database "no" does not exist'
    ):
        open_store(url.replace("/postgres?", "/no?"))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A SQLite file that is not there is missed, and not made."""
    path = tmp_path / "no.db"
    with pytest.raises(StoreError) as error:
        open_store(f"sqlite:///{path}")
    assert str(error.value) == f"There is no database {path}."
    assert not path.exists()


def test_sqlalchemy_is_loaded_only_for_a_url() -> None:
    """The library is imported, and a file opened, without SQLAlchemy; and without it, told of."""
    program = """
import sys
from lockroutine import Engine, StoreError
Engine.open(":memory:").close()
assert "sqlalchemy" not in sys.modules
sys.modules["sqlalchemy"] = None
try:
    Engine.open("postgresql://db.example.org/locks")
except StoreError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == 'A database URL needs more: pip install "lockroutine[sql]"\n'


def test_a_store_on_the_hosts_engine_leaves_it_as_it_was(url: str) -> None:
    """A store may use the host's engine; the host's transactions begin and end as before."""
    engine = sa.create_engine(url)
    store = SqlStore(engine)
    repeated(store, lambda transaction: transaction.apply([opening("1")]))
    store.close()
    with engine.connect() as connection:
        connection.execute(sa.text("DELETE FROM lockroutine_events"))
        connection.rollback()
        assert connection.execute(sa.text("SELECT count(*) FROM lockroutine_events")).scalar() == 1
    engine.dispose()


# -- what was true at one moment -------------------------------------------------------------------


def test_a_refusal_comes_of_one_moment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds no key, and then what the first command with it did, is not refused for that."""
    with opened(url, clock=Clock()) as engine, opened(url, clock=Clock()) as other:
        consent(engine)

        def order(by: Engine) -> str:
            given = {"actor": ANNA, "subject": "customer-17", "unit": "north"}
            return by.start("order", "order", **given, form=ORDER, key="req-1").id  # type: ignore[arg-type]

        read, first = GuardedTransaction.first_result, list[str]()

        def overtaken(transaction: GuardedTransaction, key: str) -> FirstResult | None:
            found = read(transaction, key)
            if not first:
                first.append("")  # this is asked within it, too
                first[0] = order(other)
            return found

        monkeypatch.setattr(GuardedTransaction, "first_result", overtaken)
        assert order(engine) == first[0]


# -- when the server fails -------------------------------------------------------------------------


def test_idle_connections_may_be_cut(store: SqlStore, url: str) -> None:
    """Connections that were cut while nobody used them are made anew, for writing and reading."""
    repeated(store, lambda transaction: transaction.apply([opening("1")]))
    cut(url)
    assert versions(store) == [1]
    cut(url)
    repeated(store, lambda transaction: transaction.apply([opening("2")]))
    assert versions(store, "2") == [1]


@pytest.mark.parametrize("after", ["case", "apply"])
def test_a_connection_that_is_cut_in_between_keeps_nothing(
    store: SqlStore, url: str, after: str
) -> None:
    """A transaction whose connection is cut is begun anew, and kept once."""
    repeated(store, lambda transaction: transaction.apply([opening("1")]))
    cuts = [after]

    def work(transaction: Any) -> None:
        case = transaction.case("1")
        if cuts == ["case"]:
            cut(url)
            cuts.clear()
        transaction.apply([following(case)])
        if cuts == ["apply"]:
            cut(url)
            cuts.clear()

    repeated(store, work)
    assert versions(store) == [1, 2]


def test_a_connection_that_is_cut_while_keeping_says_so(store: SqlStore, url: str) -> None:
    """Where it is not known whether all was kept, the error says that, and what to do."""

    def write() -> None:
        with store.writing() as transaction:
            transaction.apply([opening("1")])
            cut(url)

    with pytest.raises(StoreBusy) as error:
        write()
    assert str(error.value) == (
        f"The connection to the database {store.name} was lost while this was being kept, "
        "and whether it was is not known. Repeat it with its key."
    )


def test_a_deadlock_with_a_host_is_begun_anew(store: SqlStore, url: str) -> None:
    """When a host locks our rows in another order, somebody must yield; we begin anew."""
    for name in ("1", "2"):
        repeated(store, lambda transaction, name=name: transaction.apply([opening(name)]))
    engine = sa.create_engine(url)
    locked = threading.Event()
    lock = "SELECT 1 FROM lockroutine_cases WHERE id = '{}' FOR UPDATE"

    def host() -> None:
        with engine.begin() as connection:
            # It waits longer than we do before it looks for a deadlock.
            connection.execute(sa.text("SET LOCAL deadlock_timeout = '60s'"))
            connection.execute(sa.text(lock.format("2")))
            locked.set()
            time.sleep(0.2)
            connection.execute(sa.text(lock.format("1")))

    other = threading.Thread(target=host)
    other.start()
    assert locked.wait(10)

    def work(transaction: Any) -> None:
        transaction.apply([following(transaction.case("1")), following(transaction.case("2"))])

    repeated(store, work)
    other.join()
    engine.dispose()
    assert versions(store, "1") == versions(store, "2") == [1, 2]


def test_what_a_driver_says_is_not_passed_on(store: SqlStore, url: str) -> None:
    """Errors of the database hold nothing of what was written, also not as their cause."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("ALTER TABLE lockroutine_cases ADD CONSTRAINT no CHECK (unit <> 'secret')")
        )
    try:
        with pytest.raises(StoreError) as error, store.writing() as transaction:
            transaction.apply([opening("1", unit="secret", personal={"name": "Customer 17"})])
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE lockroutine_cases DROP CONSTRAINT no"))
        engine.dispose()
    assert str(error.value) == f"The database {store.name} cannot be used: it reports 23514."
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_a_server_that_stays_away_is_given_up(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When no connection can be made, the store gives up after its patience."""
    monkeypatch.setattr(again, "PATIENCE", 0.05)
    monkeypatch.setattr("lockroutine.stores.sql.store._PATIENCE", 0.05)

    def gone(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("connection failed: nobody there")

    monkeypatch.setattr(store._engine.pool, "connect", gone)
    with pytest.raises(StoreBusy, match=r"cannot be reached: nobody there\.$"):
        repeated(store, lambda transaction: transaction.case("1"))


def test_all_connections_in_use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all connections of a host's engine are in use for too long, the store says so."""
    monkeypatch.setattr("lockroutine.stores.sql.store._PATIENCE", 0.05)
    engine = sa.create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    store = SqlStore(engine)
    with engine.connect(), pytest.raises(StoreBusy, match=r"^All connections to the database"):
        versions(store)
    engine.dispose()


def test_a_sqlite_file_is_as_durable_as_the_embedded_one(sqlite_url: str) -> None:
    """A SQLite file opened by its URL has the write-ahead log, syncs fully, and is strict."""
    store = SqlStore(sqlite_url)
    connection = store._engine.raw_connection()
    cursor = connection.cursor()
    found = [
        cursor.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    cursor.close()
    connection.close()
    store.close()
    assert found == ["wal", 2, 1]


def test_a_locked_sqlite_file_is_busy(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SQLite file that another program writes to is busy, in words."""
    monkeypatch.setattr(again, "PATIENCE", 0.05)
    monkeypatch.setattr("lockroutine.stores.sql.store._PATIENCE", 0.05)
    store = SqlStore(f"{sqlite_url}?timeout=0.01")
    other = SqlStore(sqlite_url)
    with other.writing(), pytest.raises(StoreBusy) as error:
        repeated(store, lambda transaction: transaction.case("1"))
    assert str(error.value) == (
        f"The database {store.name} is locked by another program; try again."
    )
    for one in (store, other):
        one.close()
