"""What the other examples begin with: a few people, and a lock brought to a door step by step."""

from __future__ import annotations

import datetime as dt

from lockroutine import Actor, Case, Engine

EVA = Actor("eva", roles={"care_assessor"}, units={"north"})
PER = Actor("per", roles={"provider_staff"}, units={"north"})
ANNA = Actor("anna", roles={"coordinator"}, units={"north"})
MIA = Actor("mia", roles={"unit_manager"}, units={"north"})
BO = Actor("bo", roles={"installer"})
SARA = Actor("sara", roles={"system_manager"})
EVERYBODY = (EVA, PER, ANNA, MIA, BO, SARA)

ORDER = {
    "name": "Customer 17",
    "address": "Example Street 1",
    "phone": "+46 70 174 06 05",
    "contact": {"name": "Contact 3", "phone": "+46 70 174 06 05", "email": "c3@example.org"},
    "door_type": "euro",
}


class Clock:
    """A clock that goes on by a second whenever it is asked, so that an example never changes."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)  # a Monday, 08.00 in Sweden

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now

    def go_on(self, days: int) -> None:
        self.now += dt.timedelta(days=days)


def consent(engine: Engine, customer: str) -> Case:
    """A consent, from the granted service to its receipt."""
    case = engine.start("consent", "grant_service", actor=EVA, subject=customer, unit="north")
    engine.perform(case.id, "leave_form", actor=EVA)
    signed = {"signed_on": "2026-03-02", "signed_by": "customer"}
    engine.perform(case.id, "collect", actor=PER, form=signed)
    return engine.perform(case.id, "receive", actor=ANNA)


def order(engine: Engine, customer: str) -> Case:
    """A mounting that is ordered."""
    return engine.start("mounting", "order", actor=ANNA, subject=customer, unit="north", form=ORDER)


def register(engine: Engine, serial_number: str) -> Case:
    """A lock in the store."""
    lock = {"model": "X1", "fits": ["euro"]}
    return engine.start(
        "lock", "register", actor=BO, subject=serial_number, unit="north", form=lock
    )


def install(engine: Engine, mounting: Case, serial_number: str) -> Case:
    """An agreed time, and the lock at the door."""
    time = {
        "starts_at": "2026-03-03T10:00:00+01:00",
        "ends_at": "2026-03-03T11:00:00+01:00",
        "coordinator_agreed": True,
        "customer_agreed": True,
    }
    engine.perform(mounting.id, "schedule", actor=BO, form=time)
    return engine.perform(mounting.id, "install", actor=BO, form={"serial_number": serial_number})
