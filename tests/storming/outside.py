"""The world outside: what reached it stands in files, whoever dies; and adapters that often fail.

A ticket system that is looked up by key, one for notices that knows its keys by itself, and an
admin tool that knows of each lock with whom it is paired.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import field, frozen
from tests.storming.world import Clock

from lockroutine.errors import OutcomeUnknown, TryAgain
from lockroutine.hookspecs import (
    BatteryLevel,
    BatterySearch,
    ChannelSearch,
    LockSearch,
    NoteSearch,
    Notice,
    Pairing,
    Receipt,
    RegisteredLock,
    RegisterSearch,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketReports,
    TicketSearch,
    TicketsSince,
    hookimpl,
)

HALF = 0.5
"""How often an adapter fails."""


@frozen
class Outside:
    """What reached the outside.

    Args:
        folder: Where it stands; a file for each key, or for each lock.
    """

    folder: Path

    def act(self, key: str, about: str = "", paired_with: str = "") -> None:
        """Do something for a key: a line in the file of what it is about."""
        line = json.dumps({"key": key, "about": about, "paired_with": paired_with}) + "\n"
        # In one piece, so that whoever is killed has done it or not.
        place = os.open(self._file(about or key), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(place, line.encode())
        finally:
            os.close(place)

    def _file(self, about: str) -> Path:
        return self.folder / hashlib.sha256(about.encode()).hexdigest()

    def _lines(self, file: Path) -> Iterator[dict[str, str]]:
        if file.exists():
            for line in file.read_text().splitlines():
                yield json.loads(line)

    def knows(self, key: str) -> bool:
        """Whether something was done for a key: a file without a line is of one who was killed."""
        return any(self._lines(self._file(key)))

    def paired_with(self, serial: str) -> str:
        """The customer that a lock is paired with by now; empty if with none."""
        return ([""] + [line["paired_with"] for line in self._lines(self._file(serial))])[-1]

    def acts(self) -> Counter[str]:
        """How often something was done, by key."""
        return Counter(line["key"] for file in self.folder.iterdir() for line in self._lines(file))


@frozen
class Adapters:
    """All adapters in one; they fail half the time, before or after what they do.

    Args:
        outside: Where they do it.
        clock: What the deadlines are held against.
        rate: How often they fail.
    """

    outside: Outside
    clock: Clock
    rate: float = HALF
    chance: random.Random = field(factory=random.Random)
    faults: Counter[str] = field(factory=Counter)
    name: str = "outside"
    hooks: str = "1.0"
    _lock: threading.Lock = field(factory=threading.Lock)

    def _fails(self) -> str:
        """How this call fails: before, lost (after), broken (after, with any error), or not."""
        with self._lock:
            kinds = ("before", "before", "lost", "broken")
            fault = self.chance.choice(kinds) if self.chance.random() < self.rate else ""
            self.faults[fault] += 1
        return fault

    def _do(self, key: str, deadline: object, act: Callable[[], None]) -> None:
        fault = self._fails()
        if fault == "before":
            raise TryAgain("not now")
        if self.clock() > deadline:  # type: ignore[operator]
            raise TryAgain("too late")
        act()
        if fault == "lost":
            raise OutcomeUnknown("no answer")
        if fault == "broken":
            raise RuntimeError("it broke")

    def _found(self, key: str) -> bool:
        if self._fails() == "before":
            raise TryAgain("not now")
        return self.outside.knows(key)

    @hookimpl
    def open_ticket(self, details: TicketOrder) -> Ticket:
        self._do(details.key, details.deadline, lambda: self.outside.act(details.key))
        return Ticket(id=details.key)

    @hookimpl
    def find_ticket(self, details: TicketSearch) -> Ticket | None:
        return Ticket(id=details.key) if self._found(details.key) else None

    @hookimpl
    def add_note(self, details: TicketNote) -> Receipt:
        self._do(details.key, details.deadline, lambda: self.outside.act(details.key))
        return Receipt()

    @hookimpl
    def find_note(self, details: NoteSearch) -> Receipt | None:
        return Receipt() if self._found(details.key) else None

    @hookimpl
    def close_ticket(self, details: TicketClosing) -> Receipt:
        self._do(details.key, details.deadline, lambda: self._once(details.key))
        return Receipt()

    @hookimpl
    def read_tickets(self, details: TicketsSince) -> TicketReports:
        return TicketReports(reports=(), cursor=details.cursor)

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        return ("mail",)

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        self._do(details.key, details.deadline, lambda: self._once(details.key))
        return Receipt()

    def _once(self, key: str) -> None:
        # What the library cannot look up, it sends again under the same key.
        if not self.outside.knows(key):
            self.outside.act(key)

    @hookimpl
    def pair_lock(self, details: Pairing) -> Receipt:
        about, customer = details.serial_number, details.customer
        self._do(
            details.key, details.deadline, lambda: self.outside.act(details.key, about, customer)
        )
        return Receipt()

    @hookimpl
    def unpair_lock(self, details: Pairing) -> Receipt:
        about = details.serial_number
        self._do(details.key, details.deadline, lambda: self.outside.act(details.key, about))
        return Receipt()

    @hookimpl
    def look_up_lock(self, details: LockSearch) -> RegisteredLock | None:
        if self._fails() == "before":
            raise TryAgain("not now")
        serial = details.serial_number
        return RegisteredLock(serial_number=serial, paired_with=self.outside.paired_with(serial))

    @hookimpl
    def list_locks(self, details: RegisterSearch) -> tuple[RegisteredLock, ...]:
        return ()

    @hookimpl
    def read_batteries(self, details: BatterySearch) -> tuple[BatteryLevel, ...]:
        return ()
