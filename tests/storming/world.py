"""What the storm is about: the routine, who works by it, what there is at the start, the time."""

from __future__ import annotations

import datetime as dt
import time

import attrs
from attrs import frozen
from tests.smallpack import BOOKING, MONDAY, ORDER, edited

from lockroutine import Actor, Engine, load_routine
from lockroutine.contacts import Contact, Contacts

_STEPS = """
[process.order.transitions.write_note.effects.note]
kind = "note_ticket"
template = "reminder"
clauses = ["C4"]

[process.order.transitions.close.effects.ticket]
kind = "close_ticket"
template = "reminder"
clauses = ["C1"]

[process.order.transitions.remind]
"""
_TAKE_BACK = """
[process.permission.transitions.take_back]
label = { sv = "Ta tillbaka", en = "Take back" }
from = ["valid"]
to = "ended"
by = ["manager"]
clauses = ["C5"]

[process.permission.transitions.warn]
"""
ROUTINE = load_routine(
    edited(
        ("order", "[process.order.transitions.remind]\n", _STEPS),
        ("permission", "[process.permission.transitions.warn]\n", _TAKE_BACK),
        # The clock comes into it within a minute.
        ("order", 'timer = { after = "P7D" }', 'timer = { after = "PT2M" }'),
        ("order", 'timer = { after = "P30D" }', 'timer = { after = "PT1H" }'),
        ("routine", "[role.coordinator]\n", "[role.coordinator]\ntends_effects = true\n"),
    )
)
CONTACTS = Contacts({"installer": Contact(mail="installers@example.org")})
TENDER = Actor("tender", roles={"coordinator"}, units={"north"})

SPEED = 20
"""How many seconds of theirs go by in one of ours: failed deliveries wait for minutes."""

TIMEOUT = 60.0
"""How many seconds of theirs an effect may take; then what was taken is free again."""


def staff(number: int) -> Actor:
    """A coordinator, who needs a permission of their own to pair locks."""
    return Actor(f"staff-{number}", roles={"coordinator"}, units={"north"})


def actor(name: str) -> Actor:
    """Whoever bears this name."""
    kind, _, number = name.partition("-")
    if kind == "staff":
        return staff(int(number))
    role, unit = {"bo": ("installer", "depot"), "maj": ("manager", "north")}[kind]
    return Actor(name, roles={role}, units={unit})


@frozen
class Clock:
    """One time for all processes, which runs fast.

    Args:
        began: When the storm began, by the machine's clock.
        ahead: How much later than that it is, in seconds.
    """

    began: float
    ahead: float = 0.0

    def __call__(self) -> dt.datetime:
        return MONDAY + dt.timedelta(seconds=(time.time() - self.began) * SPEED + self.ahead)

    def later(self, seconds: float) -> Clock:
        return attrs.evolve(self, ahead=self.ahead + seconds)


def settle(engine: Engine, number: int) -> None:
    """What there is of one customer at the start: four cases."""
    bo, maj, who = actor("bo-0"), actor("maj-0"), staff(number)
    subject, serial = f"customer-{number}", f"PH{number}"
    case = engine.start("consent", "ask", actor=who, subject=subject, unit="north")
    engine.perform(case.id, "receive", actor=who)
    form = {"model": "X1", "fits": ("euro",)}
    engine.start("lock", "register", actor=bo, subject=serial, unit="depot", form=form)
    case = engine.start("permission", "ask", actor=who, subject=who.id, unit="north")
    said = {"needs_permission": True, "has_knowledge": True}
    engine.perform(case.id, "attest", actor=maj, form=said)
    engine.perform(case.id, "grant", actor=maj, form={"valid_until": "2026-12-31T12:00:00Z"})
    case = engine.start(
        "order", "order", actor=who, subject=subject, unit="north", form=order_form("front")
    )
    engine.perform(case.id, "book", actor=bo, form=dict(BOOKING))


def order_form(door: str) -> dict[str, object]:
    return {**ORDER, "door": door}


CASES_EACH = 4
"""How many cases `settle` opens."""
