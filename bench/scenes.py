"""The cases that are measured on: customers who have consented, with a mounting ordered each."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import attrs
from attrs import frozen

from lockroutine import Actor, Case, Engine, Routine
from lockroutine.stores import SqliteStore

UNITS = tuple(f"unit-{number:02}" for number in range(20))
ANNA = Actor("anna", roles={"coordinator"}, units=UNITS[:3])
BO = Actor("bo", roles={"installer"})
CARE = Actor("cecilia", roles={"care_assessor"}, units=UNITS)
STAFF = Actor("david", roles={"provider_staff"}, units=UNITS)
START = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
ORDER = {
    "name": "Customer 17",
    "address": "Storgatan 4, 614 30 Söderköping",
    "phone": "+46 70 174 06 17",
    "contact": {"name": "Contact 3", "phone": "+46 70 174 06 05", "email": "c3@example.org"},
    "door_code": "2580",
    "door": "front",
    "door_type": "euro",
}
APPOINTMENT = {
    "starts_at": "2026-03-10T09:00:00+01:00",
    "ends_at": "2026-03-10T10:00:00+01:00",
    "coordinator_agreed": True,
    "customer_agreed": True,
}
LATER = {
    **APPOINTMENT,
    "starts_at": "2026-03-11T13:00:00+01:00",
    "ends_at": "2026-03-11T14:00:00+01:00",
}


@frozen
class Door:
    """One customer's two cases."""

    consent: Case
    mounting: Case


class Clock:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


@contextmanager
def engine_on(
    path: Path, routine: Routine, synchronous: Literal["FULL", "NORMAL"] = "NORMAL"
) -> Generator[Engine]:
    store = SqliteStore(path, synchronous=synchronous)
    with Engine(store, routine=routine, clock=Clock()) as engine:
        yield engine


def order(engine: Engine, number: int) -> Door:
    """From the offer of a lock to the order of its mounting."""
    subject, unit = f"customer-{number:06}", UNITS[number % len(UNITS)]
    consent = engine.start("consent", "grant_service", actor=CARE, subject=subject, unit=unit)
    engine.perform(consent.id, "leave_form", actor=CARE)
    signed = {"signed_on": "2026-02-27", "signed_by": "customer"}
    engine.perform(consent.id, "collect", actor=STAFF, form=signed)
    coordinator = Actor("anna", roles={"coordinator"}, units={unit})
    engine.perform(consent.id, "receive", actor=coordinator)
    mounting = engine.start(
        "mounting", "order", actor=coordinator, subject=subject, unit=unit, form=ORDER
    )
    return Door(engine.case(consent.id), mounting)


def schedule(engine: Engine, door: Door, form: object = APPOINTMENT) -> Case:
    """What is measured: guards on the form, the calendar and the consent; two effects."""
    return engine.perform(door.mounting.id, "schedule", actor=BO, form=form)


def many_doors(path: Path, routine: Routine, count: int, kept: int) -> list[Door]:
    """A file with so many customers, two open cases each; some of them, chosen at random.

    A hundred are made by the engine; the rest are their rows with other ids and subjects, as the
    engine would need minutes. Only their hashes are not their own.
    """
    with engine_on(path, routine) as engine:
        doors = [order(engine, number) for number in range(min(count, 100))]
    chance = random.Random(17)
    connection = sqlite3.connect(path)
    rows = [_rows_of(connection, door) for door in doors]
    for number in range(len(doors), count):
        source = doors[number % len(doors)]
        moment = START.timestamp() * 1000 + number * 60_000
        ids = [f"{int(moment) + add:011x}{chance.randbytes(10).hex()}" for add in (0, 9)]
        others = {
            source.consent.id: ids[0],
            source.mounting.id: ids[1],
            source.consent.subject: f"customer-{number:06}",
        }
        for table, row in rows[number % len(doors)]:
            values = [_renamed(value, others) for value in row]
            marks = ", ".join("?" for _ in values)
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)
        doors.append(Door(_moved(source.consent, others), _moved(source.mounting, others)))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return chance.sample(doors, kept)


def _rows_of(connection: sqlite3.Connection, door: Door) -> list[tuple[str, tuple[Any, ...]]]:
    found: list[tuple[str, tuple[Any, ...]]] = []
    for case in (door.consent, door.mounting):
        for table, key in (("cases", "id"), ("events", "case_id"), ("effects", "case_id")):
            for row in connection.execute(f"SELECT * FROM {table} WHERE {key} = ?", (case.id,)):
                # Events and effects are numbered anew.
                found.append((table, row if table == "cases" else (None, *row[1:])))
    return found


def _renamed(value: Any, others: dict[str, str]) -> Any:
    if type(value) is str:
        for old, new in others.items():
            value = value.replace(old, new)
    return value


def _moved(case: Case, others: dict[str, str]) -> Case:
    return attrs.evolve(case, id=others[case.id], subject=others[case.subject])


def copied(path: Path, name: str) -> Path:
    """A copy of a closed database."""
    return Path(shutil.copy(path, path.with_name(name)))


def rows_after(path: Path, doors: Sequence[Door]) -> list[tuple[Any, ...]]:
    """What stands in a file about these mountings."""
    connection = sqlite3.connect(path)
    found: list[tuple[Any, ...]] = []
    for door in doors:
        for table, key in (("cases", "id"), ("events", "case_id"), ("effects", "case_id")):
            found += connection.execute(
                f"SELECT * FROM {table} WHERE {key} = ?", (door.mounting.id,)
            ).fetchall()
    connection.close()
    return found
