"""An engine in the host's own transaction: there with the host, gone with the host, and no more."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import django.db
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

import hosts
from lockroutine import ConflictError, Engine, InvalidForm, Refused, StoreError
from lockroutine.errors import TransactionLost
from smallpack import ANNA, BO, BOOKING, Clock, consent, everything, just_order, lock, opened, order

Host = Callable[[Engine, str, str, Callable[[Engine], Any]], Any]


class Undone(Exception):
    """The host changes its mind."""


@pytest.fixture
def postgres_url(empty_postgres: str) -> str:
    run(empty_postgres, "DROP TABLE IF EXISTS theirs", "CREATE TABLE theirs (name text)")
    return empty_postgres


PLACES = [("postgres_url", host) for host in hosts.ON_POSTGRES]
PLACES += [("sqlite_url", host) for host in hosts.ON_SQLITE]


@pytest.fixture(params=PLACES, ids=lambda one: f"{one[1].__name__}-{one[0].partition('_')[0]}")
def place(request: pytest.FixtureRequest) -> tuple[str, Host]:
    """A database, and a host that has it."""
    name, host = request.param
    url = request.getfixturevalue(name)
    if name == "sqlite_url":
        run(url, "CREATE TABLE theirs (name text)")
    return url, host


@pytest.fixture
def url(place: tuple[str, Host]) -> str:
    return place[0]


@pytest.fixture
def host(place: tuple[str, Host]) -> Host:
    return place[1]


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    with opened(url, clock=Clock()) as made:
        yield made


@pytest.fixture
def on_server(postgres_url: str) -> Iterator[Engine]:
    with opened(postgres_url, clock=Clock()) as made:
        yield made


def run(url: str, *statements: str) -> list[Any]:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            found = [connection.execute(sa.text(one)) for one in statements]
            return list(found[-1].scalars()) if found[-1].returns_rows else []
    finally:
        engine.dispose()


def rows(url: str) -> list[Any]:
    """The host's own rows that were kept."""
    return run(url, "SELECT name FROM theirs ORDER BY name")


def counted(engine: Engine, url: str) -> dict[str, int]:
    """The refusals that are counted once the engine was closed."""
    engine.close()
    with opened(url, clock=Clock()) as again, again.store.reading() as reading:
        return dict(reading.refusals())


# -- with the host ---------------------------------------------------------------------------------


def test_what_the_host_commits_is_there(engine: Engine, url: str, host: Host) -> None:
    """What a bound engine did is there once the host commits, like any other; and is whole."""
    lock(engine)

    def work(bound: Engine) -> str:
        case = order(bound)
        bound.perform(case.id, "book", actor=BO, form=BOOKING, expect=1, key="req-1")
        again = bound.perform(case.id, "book", actor=BO, form=BOOKING, expect=1, key="req-1")
        assert again.version == 2
        installed = bound.perform(case.id, "install", actor=BO, form={"serial_number": "PH1-001"})
        assert bound.case(case.id).state == "fitted"
        assert installed.id in [item.case.id for item in bound.worklist(actor=ANNA)]
        assert [one.state for one in bound.cases(process="lock")] == ["mounted"]
        assert len(bound.history(case.id)) == 3
        return case.id

    made = host(engine, url, "kept", work)
    assert rows(url) == ["kept"]
    assert engine.case(made).version == 3
    assert [effect.kind for effect in engine.effects(case_id=made)] == ["open_ticket"]
    again = engine.perform(made, "book", actor=BO, form=BOOKING, expect=1, key="req-1")
    assert again.version == 2
    assert engine.verify().whole


def test_what_the_host_rolls_back_is_gone(engine: Engine, url: str, host: Host) -> None:
    """A host's rollback leaves nothing of ours: no case, event, effect, nor the key."""
    lock(engine)
    before = everything(engine)

    def work(bound: Engine) -> None:
        case = order(bound)
        bound.perform(case.id, "book", actor=BO, form=BOOKING, key="req-1")
        bound.perform(case.id, "install", actor=BO, form={"serial_number": "PH1-001"})
        raise Undone

    with pytest.raises(Undone):
        host(engine, url, "undone", work)
    assert rows(url) == []
    assert everything(engine) == before
    with engine.store.reading() as reading:
        assert reading.first_result("req-1") is None
    assert host(engine, url, "kept", order).version == 1
    assert engine.verify().whole


def test_what_is_not_committed_yet_is_the_hosts_alone(engine: Engine, url: str, host: Host) -> None:
    """Until the host commits, nobody else sees what a bound engine did."""

    def work(bound: Engine) -> None:
        case = consent(bound)
        assert bound.case(case.id).version == 2
        assert engine.cases().items == ()

    host(engine, url, "kept", work)
    assert len(engine.cases().items) == 1


def test_a_refusal_leaves_the_host_to_go_on(engine: Engine, url: str, host: Host) -> None:
    """What is refused, wrong or late leaves the host's transaction as it was, and usable."""

    def work(bound: Engine) -> None:
        with pytest.raises(Refused):
            just_order(bound)
        case = consent(bound)
        with pytest.raises(ConflictError):
            bound.perform(case.id, "withdraw", actor=ANNA, expect=1)
        with pytest.raises(InvalidForm):
            just_order(bound, door=5)
        just_order(bound)

    host(engine, url, "kept", work)
    assert rows(url) == ["kept"]
    assert sorted(case.process for case in engine.cases()) == ["consent", "order"]
    assert counted(engine, url) == {"process.order.transitions.order.guards.consent": 1}


def test_a_refusal_is_counted_whatever_the_host_does(engine: Engine, url: str, host: Host) -> None:
    """A refusal counts also where the host rolls back because of it."""
    with pytest.raises(Refused):
        host(engine, url, "undone", just_order)
    assert rows(url) == []
    assert counted(engine, url) == {"process.order.transitions.order.guards.consent": 1}


def test_an_interrupt_leaves_the_host_to_go_on(engine: Engine, url: str, host: Host) -> None:
    """Ctrl-C within a command undoes that command, and nothing else of the host's transaction."""

    def work(bound: Engine) -> None:
        consent(bound)

        def interrupted() -> None:
            with bound.store.writing() as transaction:
                case = bound.cases(process="consent").items[0]
                assert transaction.case(case.id) == case
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            interrupted()
        just_order(bound)

    host(engine, url, "kept", work)
    assert rows(url) == ["kept"]
    assert len(engine.cases().items) == 2


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda bound: bound.deliver(), "deliver"),
        (lambda bound: bound.tick(), "tick"),
        (lambda bound: bound.pull(), "pull"),
        (lambda bound: bound.sweep(), "sweep"),
        (lambda bound: bound.move(actor=ANNA), "move"),
        (lambda bound: bound.retry("k", actor=ANNA), "retry"),
        (lambda bound: bound.dismiss("k", actor=ANNA, reason="no"), "dismiss"),
        (lambda bound: bound.confirm("k", actor=ANNA, serial_number="A1"), "confirm"),
    ],
)
def test_nothing_leaves_before_the_host_commits(
    on_server: Engine, postgres_url: str, call: Callable[[Engine], object], name: str
) -> None:
    """What reaches others is refused to a bound engine, and it is said who does it."""

    def work(bound: Engine) -> None:
        order(bound)
        with pytest.raises(StoreError) as error:
            call(bound)
        assert str(error.value) == (
            f"An engine that is bound to the host's connection does not {name}: that is for "
            "the engine that it was bound by, once the host has committed."
        )

    hosts.on_connection(on_server, postgres_url, "kept", work)


def test_a_bound_engine_is_let_go_with_the_host(on_server: Engine, postgres_url: str) -> None:
    """Closing a bound engine does nothing to the engine that it was bound by."""

    def work(bound: Engine) -> None:
        with bound:
            consent(bound)

    hosts.on_connection(on_server, postgres_url, "kept", work)
    assert len(on_server.cases().items) == 1


# -- beside other hosts ----------------------------------------------------------------------------


@pytest.mark.parametrize("commits", [True, False])
@pytest.mark.parametrize("host", [hosts.on_connection, hosts.on_django, hosts.on_async_psycopg])
def test_who_comes_second_waits_for_the_first_host(
    on_server: Engine, postgres_url: str, host: Host, commits: bool
) -> None:
    """Who orders for one door waits until the first host has ended; then they read why, or may."""
    consent(on_server)
    ordered, second = threading.Event(), list[object]()

    def later() -> None:
        assert ordered.wait(10)
        try:
            second.append(just_order(on_server).state)
        except Refused as refused:
            second.append(refused.verdict.reasons[0].rule)

    def work(bound: Engine) -> None:
        just_order(bound)
        ordered.set()
        time.sleep(0.2)
        assert second == []
        if not commits:
            raise Undone

    other = threading.Thread(target=later)
    other.start()
    with suppress(Undone):
        host(on_server, postgres_url, "row", work)
    other.join()
    assert second == ["process.order.one_open_per" if commits else "ordered"]
    assert len(on_server.cases(process="order").items) == 1


def test_hosts_that_wait_for_each_other_are_told(on_server: Engine, postgres_url: str) -> None:
    """Of two hosts that do the same two things crosswise, one must begin anew, and is told."""
    for name in ("a", "b"):
        consent(on_server, name)
    barrier, ended = threading.Barrier(2), list[object]()

    def crosswise(first: str, second: str) -> None:
        def work(bound: Engine) -> None:
            just_order(bound, first)
            barrier.wait(10)
            just_order(bound, second)

        try:
            hosts.on_psycopg(on_server, postgres_url, first, work)
        except TransactionLost as error:
            ended.append(str(error))
        except Refused as refused:
            ended.append(refused.verdict.reasons[0].rule)

    threads = [threading.Thread(target=crosswise, args=one) for one in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [
        f"The host's transaction cannot go on: the database {on_server.store.name} "  # type: ignore[attr-defined]
        "was waited for in a circle; try again."
    ]
    assert len(rows(postgres_url)) == 1
    assert len(on_server.cases(process="order").items) == 2


@pytest.mark.parametrize("do", [just_order, Engine.cases], ids=["command", "question"])
@pytest.mark.parametrize("host", hosts.ON_POSTGRES, ids=lambda one: one.__name__)
def test_a_host_whose_connection_is_cut_is_told(
    on_server: Engine, postgres_url: str, host: Host, do: Callable[[Engine], object]
) -> None:
    """When the host's connection is cut, command and question say so at once; nothing is kept."""
    begun: list[float] = []

    def work(bound: Engine) -> None:
        consent(bound)
        run(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        begun.append(time.monotonic())
        with pytest.raises(TransactionLost, match=r"^The host's transaction cannot go on: "):
            do(bound)
        begun.append(time.monotonic())
        raise Undone

    with pytest.raises(Exception):  # noqa: B017, PT011  # whatever the host's own library raises
        host(on_server, postgres_url, "gone", work)
    assert begun[1] - begun[0] < 5
    assert rows(postgres_url) == []
    assert on_server.cases().items == ()


def test_an_event_loop_goes_on_while_one_waits(on_server: Engine, postgres_url: str) -> None:
    """While a command waits for another host's lock, the same event loop ends that host."""

    async def both() -> str:
        host = create_async_engine(postgres_url)
        try:
            async with host.connect() as first, host.connect() as second:
                await on_server.bind_async(first, just_order)
                waiting = asyncio.create_task(on_server.bind_async(second, just_order))
                await asyncio.sleep(0.1)
                assert not waiting.done()
                await first.rollback()
                case = await waiting
                await second.commit()
                return case.state
        finally:
            await host.dispose()

    consent(on_server)
    assert asyncio.run(asyncio.wait_for(both(), 20)) == "ordered"
    assert len(on_server.cases(process="order").items) == 1


# -- what cannot be bound --------------------------------------------------------------------------


def test_only_an_engine_on_a_database_can_be_bound() -> None:
    """An engine in memory or on a file of its own says that it cannot be bound."""
    said = "Only an engine that was opened on a database URL can be bound to a connection."
    with opened() as engine:
        with pytest.raises(StoreError) as error:
            engine.bind(object())
        assert str(error.value) == said
        with pytest.raises(StoreError) as error:
            asyncio.run(engine.bind_async(object(), consent))
        assert str(error.value) == said


def test_other_things_are_no_connection(
    on_server: Engine, postgres_url: str, sqlite_url: str
) -> None:
    """What is no connection, one to another kind of database, or of the other kind, is refused."""
    server = (
        "connection: must be one of SQLAlchemy, of psycopg, or of Django with psycopg 3, "
        "to PostgreSQL, as the engine's own is"
    )
    file = sa.create_engine(sqlite_url)
    with file.connect() as connection, closing(sqlite3.connect(":memory:")) as raw:
        for other in (object(), raw, connection, None):
            with pytest.raises(InvalidForm) as error:
                on_server.bind(other)
            assert str(error.value) == server
            with pytest.raises(InvalidForm):
                asyncio.run(on_server.bind_async(other, consent))
    file.dispose()
    with opened(sqlite_url) as engine, pytest.raises(InvalidForm) as error:
        engine.bind(object())
    assert str(error.value) == (
        "connection: must be one of SQLAlchemy, of sqlite3, or of Django, to SQLite, "
        "as the engine's own is"
    )


def test_each_connection_has_its_way(on_server: Engine, postgres_url: str) -> None:
    """A connection that is awaited is not bound with `bind`, nor the other way round."""

    async def awaited() -> None:
        async with await psycopg.AsyncConnection.connect(hosts.libpq(postgres_url)) as connection:
            with pytest.raises(InvalidForm) as error:
                on_server.bind(connection)
            assert str(error.value) == "connection: is awaited: bind it with bind_async"

    asyncio.run(awaited())
    with psycopg.connect(hosts.libpq(postgres_url)) as connection:
        with pytest.raises(InvalidForm) as error:
            asyncio.run(on_server.bind_async(connection, consent))
        assert str(error.value) == "connection: is not awaited: bind it with bind"


def test_a_connection_needs_a_transaction(
    on_server: Engine, postgres_url: str, sqlite_url: str
) -> None:
    """Where each statement would be kept at once, a bound engine refuses to write."""
    said = (
        f"The database {on_server.store.name} is in no transaction of the host's: "  # type: ignore[attr-defined]
        "begin one before the engine is used."
    )
    with psycopg.connect(hosts.libpq(postgres_url), autocommit=True) as connection:
        with pytest.raises(StoreError) as error:
            consent(on_server.bind(connection))
        assert str(error.value) == said
    inner = django.db.connections["default"]
    inner.settings_dict["HOST"] = sa.make_url(postgres_url).query["host"]
    with pytest.raises(StoreError) as error:
        consent(on_server.bind(inner))
    assert str(error.value) == said
    inner.close()
    host = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with host.connect() as autocommit, pytest.raises(StoreError) as error:
        consent(on_server.bind(autocommit))
    assert str(error.value) == said
    host.dispose()
    path = sa.make_url(sqlite_url).database or ""
    with (
        opened(sqlite_url) as engine,
        closing(sqlite3.connect(path, isolation_level=None)) as raw,
        pytest.raises(InvalidForm) as wrong,
    ):
        consent(engine.bind(raw))
    assert str(wrong.value) == (
        "connection: is in no transaction: begin one before the engine is used"
    )
    assert on_server.cases().items == ()


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_host_must_see_what_others_keep(on_server: Engine, postgres_url: str, level: str) -> None:
    """A host whose transaction sees one moment only is refused, as nothing could be compared."""
    host = sa.create_engine(postgres_url, isolation_level=level)
    with host.begin() as connection, pytest.raises(StoreError) as error:
        consent(on_server.bind(connection))
    host.dispose()
    assert str(error.value) == (
        f"The host's transaction is {level}: it does not see what others keep. "
        "Bind an engine to one that is READ COMMITTED, as PostgreSQL begins them."
    )


def test_a_host_that_has_failed_is_told(on_server: Engine, postgres_url: str) -> None:
    """In a transaction in which a statement of the host's has failed, nothing more is written."""
    with psycopg.connect(hosts.libpq(postgres_url)) as connection:
        with suppress(psycopg.Error):
            connection.execute("SELECT nothing")
        with pytest.raises(StoreError, match="refuses everything until the host's transaction is"):
            consent(on_server.bind(connection))
