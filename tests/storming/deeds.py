"""What the people of the storm do: random commands, mostly such as make sense where things are."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from tests.smallpack import BOOKING
from tests.storming.world import Clock, actor, order_form

from lockroutine import Case, Engine

Command = Mapping[str, Any]
"""A command as its journal holds it: who does what, to which case, by which version."""

_HOT = 12  # customers that everybody wants something of at once
_SAID = {"needs_permission": True, "has_knowledge": True}
_NEXT = {
    "ordered": ("book", "book", "book", "book", "write_note", "errand", "cancel"),
    "booked": ("install", "install", "install", "install", "book", "errand", "cancel"),
    "fitted": ("test", "pair", "pair", "pair", "write_note", "errand", "close", "cancel"),
}


class Deeds:
    """Chooses commands for one worker.

    Args:
        engine: What is asked how things are.
        chance: What is drawn from.
        customers: How many customers there were at the start.
        name: The worker's name, for what it registers itself.
        clock: What the time is.
    """

    def __init__(
        self, engine: Engine, chance: random.Random, customers: int, name: str, clock: Clock
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._chance = chance
        self._customers = customers
        self._name = name

    def one(self) -> Command:
        """A command; it may be refused."""
        about = (self._order, self._order, self._order, self._lock, self._permission, self._consent)
        made = self._chance.choice(about)()
        by_version = self._chance.random() < 0.5
        return made if by_version else {**made, "expect": None}

    def _number(self) -> int:
        hot = self._chance.random() < 0.3
        return self._chance.randrange(min(_HOT, self._customers) if hot else self._customers)

    def _staff(self, number: int) -> str:
        return f"staff-{number if self._chance.random() < 0.7 else self._number()}"

    def _open(self, process: str, subject: str) -> Case | None:
        found = self._engine.cases(process=process, subject=subject, is_open=True, limit=10).items
        return self._chance.choice(found) if found else None

    def _order(self) -> Command:
        number = self._number()
        subject, who = f"customer-{number}", self._staff(number)
        case = self._open("order", subject)
        if case is None or self._chance.random() < 0.1:
            form = order_form(self._chance.choice(["front", "back"]))
            return _start("order", "order", who, subject, form)
        step = self._chance.choice(_NEXT[case.state])
        if step in ("book", "install", "test"):
            who = f"bo-{self._chance.randrange(5)}"
        return _perform(case, step, who, self._order_form(step, case, number))

    def _order_form(self, step: str, case: Case, number: int) -> Mapping[str, Any] | None:
        serial = f"PH{number if self._chance.random() < 0.5 else self._number()}"
        at_hand = case.value("serial_number") or serial
        forms: dict[str, Mapping[str, Any]] = {
            "book": BOOKING,
            "install": {"serial_number": serial},
            "test": {"cycles": 5, "works": self._chance.random() < 0.9},
            "pair": {"serial_number": at_hand},
            "write_note": {"note": "a note"},
            "errand": {"errand_number": f"E{self._chance.randrange(10**6)}"},
        }
        return forms.get(step)

    def _lock(self) -> Command:
        if self._chance.random() < 0.1:
            # A serial number is never given again: what is paired outside is known by it alone.
            serial = f"PH{self._name}N{self._chance.randrange(10**9)}"
            form = {"model": "X1", "fits": ["euro"]}
            return _start("lock", "register", "bo-0", serial, form, unit="depot")
        number = self._number()
        case = self._open("lock", f"PH{number}")
        if case is None:
            return self._order()
        step = self._chance.choice(["read_battery", "unpair", "unpair", "pair"])
        if self._chance.random() < 0.03:
            step = "scrap"
        who = "bo-1" if step in ("read_battery", "scrap") else self._staff(number)
        now = self._clock().isoformat()
        reading = {"level": self._chance.randrange(21, 100), "read_at": now, "source": "staff"}
        return _perform(case, step, who, reading if step == "read_battery" else None)

    def _permission(self) -> Command:
        number = self._number()
        case = self._open("permission", f"staff-{number}")
        if case is None:
            return _start("permission", "ask", f"staff-{number}", f"staff-{number}", None)
        step = self._chance.choice(["attest", "grant"] if case.state == "asked" else ["take_back"])
        form: Mapping[str, Any] | None = _SAID if step == "attest" else None
        if step == "grant":
            form = {"valid_until": "2026-12-31T12:00:00Z"}
        return _perform(case, step, "maj-0", form)

    def _consent(self) -> Command:
        number = self._number()
        subject, who = f"customer-{number}", self._staff(number)
        case = self._open("consent", subject)
        if case is None:
            return _start("consent", "ask", who, subject, None)
        return _perform(case, "receive" if case.state == "asked" else "withdraw", who, None)


def _start(
    process: str, step: str, who: str, subject: str, form: Any, unit: str = "north"
) -> Command:
    return {
        "process": process,
        "step": step,
        "who": who,
        "subject": subject,
        "unit": unit,
        "form": form,
    }


def _perform(case: Case, step: str, who: str, form: Any) -> Command:
    return {"case": case.id, "step": step, "who": who, "form": form, "expect": case.version}


def give(engine: Engine, command: Command, key: str) -> Case:
    """Give a command to an engine."""
    who = actor(command["who"])
    if "case" in command:
        return engine.perform(
            command["case"],
            command["step"],
            actor=who,
            form=command["form"],
            expect=command.get("expect"),
            key=key,
        )
    return engine.start(
        command["process"],
        command["step"],
        actor=who,
        subject=command["subject"],
        unit=command["unit"],
        form=command["form"],
        key=key,
    )
