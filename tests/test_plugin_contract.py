"""The contract kit: good plugins pass it, and each promise has a broken plugin that it catches."""

from __future__ import annotations

import contextlib
import datetime as dt
import inspect
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
from attrs import define

from deskplugin import DeskPlugin, DeskSettings
from lockroutine import hookspecs as spec
from lockroutine.errors import LockroutineError, OutcomeUnknown, Rejected, TryAgain
from lockroutine.plugins import Secret
from lockroutine.plugins.file import FileDrop
from lockroutine.plugins.manual import ManualAdminTool
from lockroutine.testing.desk import Desk
from lockroutine.testing.plugins import (
    AdminToolContract,
    Kept,
    NoticeContract,
    PluginContract,
    TicketContract,
)
from lockroutine.testing.wire import Fault, LossyProxy, Wire


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as desk:
        yield desk


@pytest.fixture
def proxy(desk: Desk) -> Iterator[LossyProxy]:
    with LossyProxy(desk.port, patience=3.0) as wire:
        yield wire


class TestDeskKeepsTheContract(TicketContract):
    patience = 0.5

    @pytest.fixture
    def wire(self, proxy: LossyProxy) -> Wire:
        return proxy

    @pytest.fixture
    def plugin(self, desk: Desk, wire: LossyProxy) -> DeskPlugin:
        return DeskPlugin(DeskSettings(url=wire.url, token=Secret(desk.token)))

    @pytest.fixture
    def kept(self, desk: Desk) -> Kept:
        return desk.texts

    @pytest.fixture
    def write(self, desk: Desk) -> Callable[[str, str], object]:
        return desk.write


# -- files -----------------------------------------------------------------------------------------


class FileWire:
    """What can fail on the way into a file: the folder is not there, or the disk says no."""

    faults: Iterable[Fault] = ("refuse", "drop", "cut")

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.away = folder, folder.with_name("away")
        self.left, self.struck = 0, False
        self.sync = os.fsync
        monkeypatch.setattr(os, "fsync", self._fsync)

    def spoil(self, fault: Fault, at: int = 1) -> None:
        self.struck = False
        if fault == "cut":
            self.left = at
        elif at == 1:
            self.folder.rename(self.away)
            self.struck = True

    def mend(self) -> bool:
        self.left = 0
        if self.away.exists():
            self.away.rename(self.folder)
        return self.struck

    def _fsync(self, file: int) -> None:
        self.sync(file)
        self.left -= 1
        if self.left == 0:
            self.struck = True
            raise OSError(5, "the disk says no")


class _FileContract(PluginContract):
    @pytest.fixture
    def wire(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wire:
        folder = tmp_path / "drop"
        folder.mkdir()
        return FileWire(folder, monkeypatch)

    @pytest.fixture
    def plugin(self, wire: FileWire) -> FileDrop:
        return FileDrop(FileDrop.Settings(path=str(wire.folder / "drop.jsonl")))

    @pytest.fixture
    def kept(self, plugin: FileDrop) -> Kept:
        def kept(key: str) -> list[str]:
            path = Path(plugin.settings.path)
            lines = path.read_text("utf-8").splitlines() if path.exists() else []
            return [one["body"] for one in map(json.loads, lines) if one["key"] == key]

        return kept


class TestFileDropKeepsTheTicketContract(_FileContract, TicketContract):
    pass


class TestFileDropKeepsTheNoticeContract(_FileContract, NoticeContract):
    pass


class TestManualKeepsTheContract(AdminToolContract):
    @pytest.fixture
    def wire(self) -> None:
        return None

    @pytest.fixture
    def plugin(self, tmp_path: Path) -> ManualAdminTool:
        register = tmp_path / "register.csv"
        register.write_text(
            "Serienummer;Kund;Modell;Batteri;Avläst\n"
            "PH1-001;;X1;80;2026-03-02T09:00:00+01:00\n"
            "PH1-002;customer-18;X1;;\n",
            "utf-8",
        )
        return ManualAdminTool(ManualAdminTool.Settings(register=str(register)))


# -- a tool and a pager that are wired by hand -----------------------------------------------------


class TinyWire:
    """A wire for plugins that speak to an object: an exchange is one call."""

    faults: Iterable[Fault] = ("refuse", "drop", "cut", "reorder")

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.left, self.struck = 0, False
        self.passed = threading.Event()

    def spoil(self, fault: Fault, at: int = 1) -> None:
        self.fault, self.left, self.struck = fault, at, False

    def mend(self) -> bool:
        self.fault = None
        return self.struck

    def exchange(self, act: Callable[[], Any]) -> Any:
        if self.fault is None:
            return act()
        self.left -= 1
        if self.fault == "refuse" or (self.fault == "drop" and self.left == 0):
            self.struck = True
            raise ConnectionRefusedError
        if self.fault == "reorder" and self.left == 0:
            self.struck = True
            self.passed.clear()
            self.passed.wait(5)
        done = act()
        self.passed.set()
        if self.fault == "cut" and self.left == 0:
            self.struck = True
            raise ConnectionResetError
        return done


@define
class Tool:
    """An admin tool; its register is a table."""

    wire: TinyWire
    register: dict[str, str]
    name: str = "tool"
    hooks: str = "1.0"

    @spec.hookimpl
    def pair_lock(self, details: spec.Pairing) -> spec.Receipt:
        paired = self.ask(lambda: self.register.get(details.serial_number), asks=True)
        if paired not in ("", details.customer):
            raise Rejected("it is paired with somebody else")
        self.ask(lambda: self.register.update({details.serial_number: details.customer}))
        return spec.Receipt()

    @spec.hookimpl
    def unpair_lock(self, details: spec.Pairing) -> spec.Receipt:
        self.ask(lambda: self.register.update({details.serial_number: ""}))
        return spec.Receipt()

    @spec.hookimpl
    def look_up_lock(self, details: spec.LockSearch) -> spec.RegisteredLock | None:
        number = details.serial_number
        paired = self.ask(lambda: self.register.get(number), asks=True)
        if paired is None:
            return None
        return spec.RegisteredLock(serial_number=number, paired_with=paired)

    @spec.hookimpl
    def list_locks(self, details: spec.RegisterSearch) -> tuple[spec.RegisteredLock, ...]:
        register = self.ask(lambda: dict(self.register), asks=True)
        return tuple(
            spec.RegisteredLock(serial_number=number, paired_with=customer)
            for number, customer in register.items()
        )

    @spec.hookimpl
    def read_batteries(self, details: spec.BatterySearch) -> tuple[spec.BatteryLevel, ...]:
        at = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
        return tuple(
            spec.BatteryLevel(serial_number=number, level=80, read_at=at)
            for number in self.ask(lambda: dict(self.register), asks=True)
        )

    def ask(self, act: Callable[[], Any], *, asks: bool = False) -> Any:
        try:
            return self.wire.exchange(act)
        except ConnectionRefusedError:
            raise TryAgain("the tool does not answer") from None
        except ConnectionResetError:
            raise (TryAgain if asks else OutcomeUnknown)("the answer was lost") from None


@define
class Pager:
    """A channel for notices."""

    wire: TinyWire
    sent: list[tuple[str, str]]
    name: str = "pager"
    hooks: str = "1.0"

    @spec.hookimpl
    def channels(self, details: spec.ChannelSearch) -> tuple[str, ...]:
        return ("pager",)

    @spec.hookimpl
    def send_notice(self, details: spec.Notice) -> spec.Receipt:
        try:
            self.wire.exchange(lambda: self.sent.append((details.key, details.body)))
        except ConnectionRefusedError:
            raise TryAgain("nobody answers") from None
        except ConnectionResetError:
            raise OutcomeUnknown("the answer was lost") from None
        return spec.Receipt(id=details.key)


class TestToolKeepsTheContract(AdminToolContract):
    @pytest.fixture
    def wire(self) -> TinyWire:
        return TinyWire()

    @pytest.fixture
    def plugin(self, wire: TinyWire) -> Tool:
        return Tool(wire, {"PH1-001": ""})


class TestPagerKeepsTheContract(NoticeContract):
    @pytest.fixture
    def wire(self) -> TinyWire:
        return TinyWire()

    @pytest.fixture
    def plugin(self, wire: TinyWire) -> Pager:
        return Pager(wire, [])

    @pytest.fixture
    def kept(self, plugin: Pager) -> Kept:
        return lambda key: [body for one, body in plugin.sent if one == key]


# -- each promise, broken --------------------------------------------------------------------------


class _Broken(DeskPlugin):
    """A plugin for the desk that breaks one promise."""


class Misspelt(_Broken):
    @spec.hookimpl
    def open_tickets(self, details: spec.TicketOrder) -> spec.Ticket:
        return spec.Ticket(id="1")


class OfOtherHooks(_Broken):
    def __init__(self, settings: DeskSettings) -> None:
        super().__init__(settings)
        object.__setattr__(self, "hooks", "2.0")


class RejectsWhenDown(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        try:
            return super()._ask(*given, **named)
        except TryAgain:
            raise Rejected("the desk is down") from None


class RaisesWhatItGets(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        try:
            return super()._ask(*given, **named)
        except TryAgain:
            raise OSError("no connection") from None


class ShowsTokenInRepr(_Broken):
    def __repr__(self) -> str:
        return f"Desk({self.settings.token.reveal()})"


class LogsToken(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        logging.getLogger("desk").debug("asking with %s", self.settings.token.reveal())
        return super()._ask(*given, **named)


class LogsTokenAsBase64(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        import base64

        login = base64.b64encode(f"us:{self.settings.token.reveal()}".encode())
        logging.getLogger("desk").debug("Authorization: Basic %s", login.decode())
        return super()._ask(*given, **named)


class ErrorsWithToken(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        try:
            return super()._ask(*given, **named)
        except TryAgain:
            raise TryAgain(f"no answer to {self.settings.token.reveal()}") from None


class ErrorsWithBody(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        try:
            return super()._ask(*given, **named)
        except OutcomeUnknown:
            raise OutcomeUnknown(f"no answer to {given}") from None


class PrintsBody(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        print(given)  # noqa: T201  # that is what is wrong with it
        return super()._ask(*given, **named)


class LeavesTheKeyOut(_Broken):
    def _ask(self, method: str, path: str, deadline: dt.datetime, body: Any = None) -> Any:
        return super()._ask(method, path, deadline, body and {**body, "ref": "-"})


class OneTicketForAll(_Broken):
    def _tickets(self, key: str, deadline: dt.datetime) -> list[spec.Ticket]:
        return [*super()._tickets(key, deadline), spec.Ticket(id="1")][:1]


class NeverLooks(_Broken):
    def _tickets(self, key: str, deadline: dt.datetime) -> list[spec.Ticket]:
        return []

    def _noted(self, key: str, ticket: str, deadline: dt.datetime) -> bool:
        return False


class FindsAnything(_Broken):
    def _noted(self, key: str, ticket: str, deadline: dt.datetime) -> bool:
        return True


class FindsByError(_Broken):
    @spec.hookimpl
    def find_ticket(self, details: spec.TicketSearch) -> spec.Ticket | None:
        found = super().find_ticket(details)
        if found is None:
            raise Rejected("there is no such ticket")
        return found


class TriesForEver(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        try:
            return super()._ask(*given, **named)
        except Rejected:
            raise TryAgain("the desk said no") from None


class WritesAscii(_Broken):
    def _ask(self, method: str, path: str, deadline: dt.datetime, body: Any = None) -> Any:
        if body and "text" in body:
            body = {**body, "text": body["text"].encode("latin-1", "replace").decode("latin-1")}
        return super()._ask(method, path, deadline, body)


class CutsNotes(_Broken):
    def _ask(self, method: str, path: str, deadline: dt.datetime, body: Any = None) -> Any:
        if body and "text" in body:
            body = {**body, "text": body["text"][:4000]}
        return super()._ask(method, path, deadline, body)


class ClosesAgain(_Broken):
    @spec.hookimpl
    def close_ticket(self, details: spec.TicketClosing) -> spec.Receipt:
        body = {"ref": details.key, "text": details.body}
        self._ask("POST", f"/tickets/{details.ticket}/notes", details.deadline, body)
        self._ask("PUT", f"/tickets/{details.ticket}", details.deadline, {"state": "closed"})
        return spec.Receipt()


class ForgetsClosed(_Broken):
    def _tickets(self, key: str, deadline: dt.datetime) -> list[spec.Ticket]:
        found = self._ask("GET", f"/tickets?ref={key}", deadline)
        return [spec.Ticket(id=one["id"]) for one in found if one["state"] == "open"]


class ReturnsText(_Broken):
    @spec.hookimpl
    def add_note(self, details: spec.TicketNote) -> spec.Receipt:
        super().add_note(details)
        answer: Any = "done"
        return answer


class RepeatsByItself(_Broken):
    """What many HTTP clients do when they are told to try harder."""

    def _ask(self, *given: Any, **named: Any) -> Any:
        for _ in range(3):
            with contextlib.suppress(TryAgain, OutcomeUnknown):
                return super()._ask(*given, **named)
        return super()._ask(*given, **named)


class SaysTryAgainOfAll(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        try:
            return super()._ask(*given, **named)
        except OutcomeUnknown:
            raise TryAgain("no answer") from None


class RejectsOddAnswers(_Broken):
    def _ask(self, *given: Any, **named: Any) -> Any:
        try:
            return super()._ask(*given, **named)
        except OutcomeUnknown:
            raise Rejected("an odd answer") from None


class SaysDone(_Broken):
    """Takes a lost answer for a good one."""

    def _ask(self, method: str, *given: Any, **named: Any) -> Any:
        try:
            return super()._ask(method, *given, **named)
        except (OutcomeUnknown, TryAgain):
            if method == "GET":
                raise
            return {"id": "1"}


class WaitsForEver(_Broken):
    def _ask(self, method: str, path: str, deadline: dt.datetime, body: Any = None) -> Any:
        return super()._ask(method, path, deadline + dt.timedelta(hours=1), body)


class FindsNothingWhenDown(_Broken):
    def _tickets(self, key: str, deadline: dt.datetime) -> list[spec.Ticket]:
        try:
            return super()._tickets(key, deadline)
        except (TryAgain, OutcomeUnknown):
            return []


class RemembersOneKey(_Broken):
    """Keeps what it is about in one place, for however many calls are under way."""

    current: ClassVar[str] = ""

    @spec.hookimpl
    def open_ticket(self, details: spec.TicketOrder) -> spec.Ticket:
        type(self).current = details.key
        found = self._tickets(details.key, details.deadline)
        if found:
            return found[0]
        return super().open_ticket(attrs.evolve(details, key=self.current))


class ReadsFromTheStart(_Broken):
    @spec.hookimpl
    def read_tickets(self, details: spec.TicketsSince) -> spec.TicketReports:
        return super().read_tickets(attrs.evolve(details, cursor=""))


class RemembersWhatItRead(_Broken):
    """A cursor of its own: a crash after reading loses what was read."""

    seen: ClassVar[set[str]] = set()

    @spec.hookimpl
    def read_tickets(self, details: spec.TicketsSince) -> spec.TicketReports:
        found = super().read_tickets(details)
        new = tuple(one for one in found.reports if one.id not in self.seen)
        self.seen.update(one.id for one in new)
        return attrs.evolve(found, reports=new)


class ReadsBackwards(_Broken):
    @spec.hookimpl
    def read_tickets(self, details: spec.TicketsSince) -> spec.TicketReports:
        found = super().read_tickets(details)
        return attrs.evolve(found, reports=found.reports[::-1])


class ReadsWithoutZone(_Broken):
    @spec.hookimpl
    def read_tickets(self, details: spec.TicketsSince) -> spec.TicketReports:
        found = super().read_tickets(details)
        naive = (
            attrs.evolve(one, written_at=one.written_at.replace(tzinfo=None))
            for one in found.reports
        )
        return attrs.evolve(found, reports=tuple(naive))


class ReadsWithoutAuthor(_Broken):
    @spec.hookimpl
    def read_tickets(self, details: spec.TicketsSince) -> spec.TicketReports:
        found = super().read_tickets(details)
        reports = tuple(attrs.evolve(one, author="") for one in found.reports)
        return attrs.evolve(found, reports=reports)


class ReadsUnderOneId(_Broken):
    @spec.hookimpl
    def read_tickets(self, details: spec.TicketsSince) -> spec.TicketReports:
        found = super().read_tickets(details)
        reports = tuple(attrs.evolve(one, id=one.ticket) for one in found.reports)
        return attrs.evolve(found, reports=reports)


BROKEN_TICKETS: list[tuple[type[DeskPlugin], str, Fault | None]] = [
    (Misspelt, "test_it_is_taken_in", None),
    (OfOtherHooks, "test_it_is_taken_in", None),
    (RejectsWhenDown, "test_nobody_there_is_try_again", None),
    (RaisesWhatItGets, "test_nobody_there_is_try_again", None),
    (ShowsTokenInRepr, "test_secrets_are_shown_nowhere", None),
    (LogsToken, "test_secrets_are_shown_nowhere", None),
    (LogsTokenAsBase64, "test_secrets_are_shown_nowhere", None),
    (ErrorsWithToken, "test_secrets_are_shown_nowhere", None),
    (ErrorsWithBody, "test_secrets_are_shown_nowhere", None),
    (PrintsBody, "test_secrets_are_shown_nowhere", None),
    (LeavesTheKeyOut, "test_a_ticket_is_found_by_its_key", None),
    (OneTicketForAll, "test_a_ticket_is_found_by_its_key", None),
    (NeverLooks, "test_the_same_key_opens_one_ticket", None),
    (NeverLooks, "test_the_same_key_adds_one_note", None),
    (ReturnsText, "test_the_same_key_adds_one_note", None),
    (OneTicketForAll, "test_what_is_not_there_is_none", None),
    (FindsAnything, "test_what_is_not_there_is_none", None),
    (FindsByError, "test_what_is_not_there_is_none", None),
    (NeverLooks, "test_a_note_belongs_to_its_ticket", None),
    (TriesForEver, "test_a_note_to_no_ticket_is_rejected", None),
    (WritesAscii, "test_letters_survive", None),
    (CutsNotes, "test_long_notes_survive", None),
    (ClosesAgain, "test_closing_twice_closes_once", None),
    (ForgetsClosed, "test_notes_after_closing", None),
    (RepeatsByItself, "test_faults_while_opening", "cut"),
    (SaysTryAgainOfAll, "test_faults_while_opening", "cut"),
    (RejectsOddAnswers, "test_faults_while_opening", "garble"),
    (RaisesWhatItGets, "test_faults_while_opening", "drop"),
    (SaysDone, "test_faults_while_opening", "drop"),
    (NeverLooks, "test_faults_while_opening", "cut"),
    (WaitsForEver, "test_faults_while_opening", "delay"),
    (RepeatsByItself, "test_faults_while_adding_a_note", "cut"),
    (SaysTryAgainOfAll, "test_faults_while_adding_a_note", "garble"),
    (SaysDone, "test_faults_while_adding_a_note", "drop"),
    (WaitsForEver, "test_faults_while_adding_a_note", "delay"),
    (ClosesAgain, "test_faults_while_closing", "cut"),
    (RejectsOddAnswers, "test_faults_while_closing", "cut"),
    (WaitsForEver, "test_faults_while_closing", "delay"),
    (FindsNothingWhenDown, "test_faults_while_looking", "drop"),
    (FindsNothingWhenDown, "test_faults_while_looking", "cut"),
    (RemembersOneKey, "test_overtaken_requests", None),
    (DeskPlugin, "test_repeated_requests", None),
    (ReadsFromTheStart, "test_reports_are_read_once", None),
    (RemembersWhatItRead, "test_reports_are_read_once", None),
    (ReadsBackwards, "test_reports_are_read_once", None),
    (ReadsWithoutZone, "test_reports_are_read_once", None),
    (ReadsWithoutAuthor, "test_reports_are_read_once", None),
    (ReadsUnderOneId, "test_reports_are_read_once", None),
]


class _Quick(TicketContract):
    patience = 0.3
    settle = 0.05
    takes_once = True


def caught(request: pytest.FixtureRequest, contract: object, test: str, **fixtures: Any) -> None:
    """Play one test of a contract; it must fail."""
    method = getattr(contract, test)
    names = inspect.signature(method).parameters
    given = {
        name: fixtures[name] if name in fixtures else request.getfixturevalue(name)
        for name in names
    }
    with pytest.raises((AssertionError, LockroutineError)):
        method(**given)


@pytest.mark.parametrize(
    ("kind", "test", "fault"), BROKEN_TICKETS, ids=lambda one: getattr(one, "__name__", one)
)
def test_the_kit_catches_a_broken_ticket_plugin(
    request: pytest.FixtureRequest,
    desk: Desk,
    proxy: LossyProxy,
    kind: type[DeskPlugin],
    test: str,
    fault: Fault | None,
) -> None:
    """For each promise of the ticket contract there is a plugin that breaks it and is caught."""
    plugin = kind(DeskSettings(url=proxy.url, token=Secret(desk.token)))
    caught(
        request,
        _Quick(),
        test,
        plugin=plugin,
        wire=proxy,
        kept=desk.texts,
        write=desk.write,
        fault=fault,
        secrets=(desk.token,),
    )


class PairsAnybody(Tool):
    @spec.hookimpl
    def pair_lock(self, details: spec.Pairing) -> spec.Receipt:
        self.ask(lambda: self.register.update({details.serial_number: details.customer}))
        return spec.Receipt()


class PairsNobody(Tool):
    @spec.hookimpl
    def pair_lock(self, details: spec.Pairing) -> spec.Receipt:
        return spec.Receipt()


class KnowsEveryLock(Tool):
    @spec.hookimpl
    def look_up_lock(self, details: spec.LockSearch) -> spec.RegisteredLock | None:
        return spec.RegisteredLock(serial_number=details.serial_number)


class SaysTryAgainOfPairing(Tool):
    def ask(self, act: Callable[[], Any], *, asks: bool = False) -> Any:
        return super().ask(act, asks=True)


class SwallowsFaults(Tool):
    def ask(self, act: Callable[[], Any], *, asks: bool = False) -> Any:
        with contextlib.suppress(TryAgain, OutcomeUnknown):
            return super().ask(act, asks=asks)
        return ""


class ListsTwice(Tool):
    @spec.hookimpl
    def list_locks(self, details: spec.RegisterSearch) -> tuple[spec.RegisteredLock, ...]:
        return super().list_locks(details) * 2


class ReadsVolts(Tool):
    @spec.hookimpl
    def read_batteries(self, details: spec.BatterySearch) -> tuple[spec.BatteryLevel, ...]:
        return tuple(attrs.evolve(one, level=3300) for one in super().read_batteries(details))


class ReadsBatteriesWithoutZone(Tool):
    @spec.hookimpl
    def read_batteries(self, details: spec.BatterySearch) -> tuple[spec.BatteryLevel, ...]:
        at = dt.datetime(2026, 3, 2)  # noqa: DTZ001  # that is what is wrong with it
        return tuple(attrs.evolve(one, read_at=at) for one in super().read_batteries(details))


BROKEN_TOOLS: list[tuple[type[Tool], str, Fault | None]] = [
    (KnowsEveryLock, "test_a_lock_is_found_by_its_serial_number", None),
    (PairsNobody, "test_pairing_and_unpairing", None),
    (PairsAnybody, "test_a_lock_of_another_customer_is_rejected", None),
    (ListsTwice, "test_the_register", None),
    (ReadsVolts, "test_battery_levels", None),
    (ReadsBatteriesWithoutZone, "test_battery_levels", None),
    (SaysTryAgainOfPairing, "test_faults_while_pairing", "cut"),
    (SwallowsFaults, "test_faults_while_pairing", "drop"),
]


@pytest.mark.parametrize(
    ("kind", "test", "fault"), BROKEN_TOOLS, ids=lambda one: getattr(one, "__name__", one)
)
def test_the_kit_catches_a_broken_admin_tool(
    request: pytest.FixtureRequest, kind: type[Tool], test: str, fault: Fault | None
) -> None:
    """For each promise of the admin tool's contract there is a plugin that breaks it."""
    wire = TinyWire()
    plugin = kind(wire, {"PH1-001": ""})
    caught(request, AdminToolContract(), test, plugin=plugin, wire=wire, fault=fault)


class OffersNothing(Pager):
    @spec.hookimpl
    def channels(self, details: spec.ChannelSearch) -> tuple[str, ...]:
        return ()


class SendsTwice(Pager):
    @spec.hookimpl
    def send_notice(self, details: spec.Notice) -> spec.Receipt:
        super().send_notice(details)
        return super().send_notice(details)


class CutsMessages(Pager):
    @spec.hookimpl
    def send_notice(self, details: spec.Notice) -> spec.Receipt:
        return super().send_notice(attrs.evolve(details, body=details.body[:160]))


class SaysTryAgainOfSent(Pager):
    @spec.hookimpl
    def send_notice(self, details: spec.Notice) -> spec.Receipt:
        try:
            return super().send_notice(details)
        except OutcomeUnknown:
            raise TryAgain("no answer") from None


class SendsTheLatest(Pager):
    """Keeps what it is about in one place, for however many calls are under way."""

    latest: ClassVar[dict[str, spec.Notice]] = {}

    @spec.hookimpl
    def send_notice(self, details: spec.Notice) -> spec.Receipt:
        self.latest["one"] = details
        self.wire.exchange(lambda: None)
        return super().send_notice(self.latest["one"])


BROKEN_PAGERS: list[tuple[type[Pager], str, dict[str, Any]]] = [
    (OffersNothing, "test_channels_are_named", {}),
    (SendsTwice, "test_a_message_arrives_under_its_key", {"body": "Hej"}),
    (CutsMessages, "test_a_message_arrives_under_its_key", {"body": "Hej " * 100 + "då"}),
    (SaysTryAgainOfSent, "test_faults_while_sending", {"fault": "cut"}),
    (SendsTheLatest, "test_overtaken_messages", {}),
]


@pytest.mark.parametrize(
    ("kind", "test", "given"), BROKEN_PAGERS, ids=lambda one: getattr(one, "__name__", "")
)
def test_the_kit_catches_a_broken_notice_plugin(
    request: pytest.FixtureRequest, kind: type[Pager], test: str, given: dict[str, Any]
) -> None:
    """For each promise of the notices' contract there is a plugin that breaks it."""
    wire = TinyWire()
    plugin = kind(wire, [])

    def kept(key: str) -> list[str]:
        return [body for one, body in plugin.sent if one == key]

    caught(request, NoticeContract(), test, plugin=plugin, wire=wire, kept=kept, **given)


def test_every_promise_is_broken_once() -> None:
    """No test of the kit is without a plugin that it catches."""
    broken = {test for _, test, _ in [*BROKEN_TICKETS, *BROKEN_TOOLS, *BROKEN_PAGERS]}
    kinds = (TicketContract, AdminToolContract, NoticeContract)
    promises = {name for kind in kinds for name in dir(kind) if name.startswith("test_")}
    assert promises == broken


def test_a_contract_without_fixtures_says_what_is_missing() -> None:
    """Who forgets a fixture reads which."""
    for name in ("wire", "plugin", "kept"):
        fixture = inspect.unwrap(getattr(PluginContract, name))
        function = getattr(fixture, "_get_wrapped_function", lambda found=fixture: found)()
        arguments = [None] * len(inspect.signature(function).parameters)
        with pytest.raises(NotImplementedError, match=f"`{name}`"):
            function(*arguments)
