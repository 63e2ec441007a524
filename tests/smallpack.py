"""The small routine of `packs/small` that the tests of the core run by, and who works in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lockroutine import Actor, Case, Engine, RulesError, load_routine
from lockroutine.routine import Routine
from lockroutine.rules.reader import Source, read_source
from lockroutine.stores import CaseFilter
from lockroutine.stores.base import all_effects

FOLDER = Path(__file__).parent / "packs" / "small"
SMALL = read_source(FOLDER)
ROUTINE = load_routine(SMALL)

ANNA = Actor("anna", roles={"coordinator"}, units={"north"})
BO = Actor("bo", roles={"installer"}, units={"depot"})
MAJ = Actor("maj", roles={"manager"}, units={"north"})
KIM = Actor("kim", roles={"staff"}, units={"north"})
SOUTH = Actor("sven", roles={"coordinator"}, units={"south"})
NOBODY = Actor("nobody", units={"north"})

PHONE = "+46 70 174 06 05"
CONTACT = {"name": "Contact 3", "phone": PHONE, "email": "c3@example.org"}
ORDER: Mapping[str, Any] = {
    "name": "Customer 17",
    "address": "Example Street 1",
    "phone": PHONE,
    "contact": CONTACT,
    "door_code": "4711#",
    "door": "front",
    "door_type": "euro",
}
MONDAY = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)  # 10:00 in Stockholm
BOOKING = {
    "starts_at": "2026-03-03T10:00:00+01:00",
    "ends_at": "2026-03-03T11:00:00+01:00",
    "coordinator_agreed": True,
    "customer_agreed": True,
}


def short(value: object) -> str:
    """The name of a case of a test, however large what it tries."""
    return ascii(value)[:40] if isinstance(value, str | bytes) else type(value).__name__


class Clock:
    """Stands still until it is moved."""

    def __init__(self, at: dt.datetime = MONDAY) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at

    def pass_(self, **length: float) -> dt.datetime:
        self.at += dt.timedelta(**length)
        return self.at


OPENED: list[Engine] = []  # Closed after the test.


def opened(
    where: str | Path = ":memory:",
    routine: Routine = ROUTINE,
    clock: Callable[[], dt.datetime] | None = None,
) -> Engine:
    engine = Engine.open(where, routine=routine, clock=clock or Clock())
    OPENED.append(engine)
    return engine


def edited(*changes: tuple[str, str, str], **files: str) -> Source:
    """The small pack with texts of its files exchanged, and files of its own."""
    texts = {**SMALL.files, **{f"{name}.toml": text for name, text in files.items()}}
    for name, old, new in changes:
        assert old in texts[f"{name}.toml"], f"{old!r} is not in {name}.toml"
        texts[f"{name}.toml"] = texts[f"{name}.toml"].replace(old, new)
    return Source("edited", texts)


def problems(*changes: tuple[str, str, str], **files: str) -> list[str]:
    """What the reader has against the small pack with these changes."""
    try:
        load_routine(edited(*changes, **files))
    except RulesError as error:
        return str(error).split("\n")
    return []


# -- the way through ------------------------------------------------------------------------------


def consent(engine: Engine, subject: str = "customer-17") -> Case:
    case = engine.start("consent", "ask", actor=ANNA, subject=subject, unit="north")
    return engine.perform(case.id, "receive", actor=ANNA)


def lock(engine: Engine, serial: str = "PH1-001", fits: tuple[str, ...] = ("euro",)) -> Case:
    form = {"model": "X1", "fits": fits}
    return engine.start("lock", "register", actor=BO, subject=serial, unit="depot", form=form)


def order(engine: Engine, subject: str = "customer-17", **form: Any) -> Case:
    consent(engine, subject)
    return just_order(engine, subject, **form)


def just_order(engine: Engine, subject: str = "customer-17", **form: Any) -> Case:
    return engine.start(
        "order", "order", actor=ANNA, subject=subject, unit="north", form={**ORDER, **form}
    )


def fitted(engine: Engine, subject: str = "customer-17", serial: str = "PH1-001") -> Case:
    lock(engine, serial)
    case = order(engine, subject)
    engine.perform(case.id, "book", actor=BO, form=BOOKING)
    return engine.perform(case.id, "install", actor=BO, form={"serial_number": serial})


def permission(engine: Engine, staff: str = "anna", until: str = "2026-12-31T12:00:00Z") -> Case:
    who = Actor(staff, roles={"staff"}, units={"north"})
    case = engine.start("permission", "ask", actor=who, subject=staff, unit="north")
    said = {"needs_permission": True, "has_knowledge": True}
    engine.perform(case.id, "attest", actor=MAJ, form=said)
    return engine.perform(case.id, "grant", actor=MAJ, form={"valid_until": until})


def everything(engine: Engine) -> object:
    """All that a store holds, to compare before and after."""
    with engine.store.reading() as reading:
        cases = reading.cases(CaseFilter(), "", 1000)
        return (
            cases,
            list(reading.events()),
            list(all_effects(reading)),
            reading.routine_keys(),
            dict(reading.refusals()),
        )
