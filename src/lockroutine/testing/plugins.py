"""The contracts that plugins keep: one abstract class of tests for each family of hooks.

Whoever writes a plugin makes a subclass in a test file and gives it three fixtures: ``wire`` (how
the connection is broken), ``plugin``, and ``kept`` (what the other system has, looked up past the
plugin)::

    class TestDesk(TicketContract):
        @pytest.fixture
        def wire(self, desk):
            with LossyProxy(desk.port) as wire:
                yield wire

        @pytest.fixture
        def plugin(self, desk, wire):
            return DeskPlugin(Settings(url=wire.url, token=Secret(desk.token)))

        @pytest.fixture
        def kept(self, desk):
            return desk.texts

A plugin that has no connection gives a ``wire`` of None: what is told of faults is skipped then.
It needs pytest.
"""

from __future__ import annotations

import base64
import datetime as dt
import inspect
import itertools
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

import attrs
import pytest

from lockroutine.errors import OutcomeUnknown, PluginError, Rejected, TryAgain
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
)
from lockroutine.plugins import Plugins, Secret
from lockroutine.testing.wire import Fault, LossyProxy, Wire

__all__ = [
    "AdminToolContract",
    "Kept",
    "LossyProxy",
    "NoticeContract",
    "PluginContract",
    "TicketContract",
    "Wire",
]

T = TypeVar("T")

Kept = Callable[[str], list[str]]
"""The texts that the other system keeps under a key, one for each ticket, note or message."""

_SWEDISH = "Räksmörgås på Åsgatan 3 – “öppna” 🔐🏠"
_LONG = (f"{_SWEDISH} " * 300)[:9_999] + "."
_PRIVATE = "Customer-17-lives-here"
_IN_VAIN: tuple[Fault, ...] = ("drop", "cut", "garble", "delay")
_GRACE = 2.0


def _deadline(seconds: float = 20.0) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)  # noqa: TID251  # a real wait


def _key() -> str:
    return uuid.uuid4().hex


def _call(plugin: object, hook: str, details: object) -> Any:
    """Call a hook as the manager does, but let through whatever it raises."""
    function = getattr(plugin, hook)
    return function(details) if inspect.signature(function).parameters else function()


def _expect(value: object, kind: type[T], hook: str) -> T:
    assert isinstance(value, kind), f"{hook} returned {type(value).__name__}, not {kind.__name__}"
    return value


class PluginContract:
    """What holds for every plugin; `TicketContract` and the others say what holds for a family.

    Attributes:
        patience: The deadline that is given to a call while the other system is slow, in seconds.
        settle: How long the other system may need to be done with what it was sent, in seconds.
    """

    patience: ClassVar[float] = 1.0
    settle: ClassVar[float] = 0.2

    @pytest.fixture
    def wire(self) -> Wire | None:
        """The connection between the plugin and the system; None for a plugin that has none."""
        raise NotImplementedError("give the contract a fixture `wire`")

    @pytest.fixture
    def plugin(self, wire: Wire | None) -> object:
        """The plugin, connected through the wire."""
        raise NotImplementedError("give the contract a fixture `plugin`")

    @pytest.fixture
    def kept(self) -> Kept:
        """A function that looks up past the plugin what the other system has under a key."""
        raise NotImplementedError("give the contract a fixture `kept`")

    @pytest.fixture
    def secrets(self, plugin: object) -> tuple[str, ...]:
        """What must be shown nowhere: every `Secret` of the plugin's ``settings``."""
        settings: Any = getattr(plugin, "settings", None)
        if not attrs.has(type(settings)):
            return ()
        values = (getattr(settings, one.name) for one in settings.__attrs_attrs__)
        return tuple(value.reveal() for value in values if isinstance(value, Secret))

    def usual(self, plugin: object) -> Iterator[tuple[str, object]]:
        """Hooks and details of one ordinary use, with private text in them."""
        raise NotImplementedError

    def test_it_is_taken_in(self, plugin: object) -> None:
        """The manager takes it: its name, its version of the hooks, every hook's name and form."""
        plugins = Plugins([plugin])
        (name,) = plugins.names()
        assert plugins.hooks_of(name), f"{name} implements no hook: is @hookimpl missing?"

    def test_nobody_there_is_try_again(self, plugin: object, wire: Wire | None) -> None:
        """While the other system cannot be reached at all, every hook says `TryAgain`."""
        wire = _able(wire, "refuse")
        for hook, details in self.usual(plugin):
            wire.spoil("refuse")
            outcome, _ = _attempt(plugin, hook, details)
            wire.mend()
            assert isinstance(outcome, TryAgain), f"{hook} gave {_named(outcome)}, not TryAgain"

    def test_secrets_are_shown_nowhere(
        self,
        plugin: object,
        wire: Wire | None,
        secrets: tuple[str, ...],
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """No secret and nothing private is in a repr, a log at any level, an error or a print."""
        said = [repr(plugin), str(plugin), repr(getattr(plugin, "settings", ""))]
        with caplog.at_level("DEBUG"):
            for hook, details in self.usual(plugin):
                for outcome in self._outcomes(plugin, wire, hook, details):
                    if isinstance(outcome, BaseException):
                        said += traceback.format_exception(outcome)
                    else:
                        said.append(repr(outcome))
        printed = capsys.readouterr()
        said += [caplog.text, printed.out, printed.err]
        said += [repr(record.__dict__) for record in caplog.records]
        shown = "\n".join(said)
        for secret in secrets:
            assert not any(form in shown for form in _forms(secret)), "a secret is shown"
        assert _PRIVATE not in shown, "private text is shown"

    def _outcomes(
        self, plugin: object, wire: Wire | None, hook: str, details: object
    ) -> Iterator[object]:
        """What a hook gives, as a rule and with faults, two of them at each exchange."""
        yield _attempt(plugin, hook, details)[0]
        for fault in wire.faults if wire is not None else ():
            assert wire is not None
            if fault == "reorder":
                continue  # nobody overtakes a call that is alone
            for at in range(1, 100):
                wire.spoil(fault, at)
                yield _attempt(plugin, hook, _anew(details, self.patience))[0]
                if not wire.mend() or fault not in ("cut", "garble"):
                    break

    def _faulty(
        self,
        plugin: object,
        wire: Wire,
        fault: Fault,
        hook: str,
        make: Callable[[str], object],
        *,
        strikes: bool = True,
    ) -> Iterator[tuple[str, object]]:
        """Call a hook with one exchange after the other failing; the keys, and what came of it."""
        for at in itertools.count(1):
            assert at < 100, f"{hook} takes a hundred exchanges"
            key = _key()
            seconds = self.patience if fault == "delay" else 20.0
            details = _sooner(make(key), seconds)
            wire.spoil(fault, at)
            outcome, took = _attempt(plugin, hook, details)
            struck = wire.mend()
            where = f"{hook}, {fault} at exchange {at}"
            assert took < seconds + _GRACE, f"{where}: came back {took:.1f} s after a deadline"
            if not struck:
                assert not isinstance(outcome, BaseException), f"{hook} gave {_named(outcome)}"
                assert at > 1 or not strikes, (
                    f"the fault {fault} never struck: does the plugin use the wire?"
                )
                return
            allowed = (TryAgain, OutcomeUnknown)
            failed = isinstance(outcome, BaseException) and not isinstance(outcome, allowed)
            assert not failed, f"{where}: gave {_named(outcome)}; TryAgain or OutcomeUnknown?"
            time.sleep(self.settle)
            yield key, outcome

    def _overtaken(
        self, plugin: object, wire: Wire, hook: str, make: Callable[[str], object]
    ) -> Iterator[tuple[str, object]]:
        """Call a hook twice, the second overtaking the first at one exchange after the other."""
        for at in itertools.count(1):
            assert at < 100, f"{hook} takes a hundred exchanges"
            keys = (_key(), _key())
            outcomes: list[object] = [None, None]

            def call(number: int, keys: tuple[str, str] = keys, into: Any = outcomes) -> None:
                into[number], _ = _attempt(plugin, hook, make(keys[number]))

            wire.spoil("reorder", at)
            first = threading.Thread(target=call, args=(0,), daemon=True)
            first.start()
            first.join(0.5)  # long enough to be held, or to be done
            held = first.is_alive()
            if held:
                call(1)
                first.join()
            if not wire.mend():
                assert at > 1, "the fault reorder never struck: does the plugin use the wire?"
                return
            if not held:  # it was let go before anybody could overtake it
                call(1)
            for key, outcome in zip(keys, outcomes, strict=True):
                assert not isinstance(outcome, BaseException), (
                    f"{hook}, overtaken at exchange {at}: gave {_named(outcome)}"
                )
                yield key, outcome


class TicketContract(PluginContract):
    """What every ticket plugin keeps.

    Attributes:
        takes_once: The other system takes a repeated request once only (by an idempotency key or
            an address for a single use); then requests are repeated behind the plugin's back.
    """

    takes_once: ClassVar[bool] = False

    @pytest.fixture
    def write(self) -> Callable[[str, str], object] | None:
        """A function that writes a text into a ticket, as a person does; None if nobody can."""
        return None

    def usual(self, plugin: object) -> Iterator[tuple[str, object]]:
        """One use of each hook."""
        yield "open_ticket", _order(_key(), _PRIVATE)
        ticket = self.opened(plugin).id
        yield "add_note", _note(_key(), ticket, _PRIVATE)
        yield "find_ticket", TicketSearch(key=_key(), deadline=_deadline())
        yield "find_note", NoteSearch(key=_key(), ticket=ticket, deadline=_deadline())
        yield "close_ticket", _closing(_key(), ticket, _PRIVATE)

    def opened(self, plugin: object, key: str = "", body: str = "Order 1") -> Ticket:
        """A ticket, opened through the plugin."""
        return _expect(
            _call(plugin, "open_ticket", _order(key or _key(), body)), Ticket, "open_ticket"
        )

    def found(self, plugin: object, key: str) -> Ticket | None:
        """The ticket that the plugin finds by a key."""
        found = _call(plugin, "find_ticket", TicketSearch(key=key, deadline=_deadline()))
        return None if found is None else _expect(found, Ticket, "find_ticket")

    def found_note(self, plugin: object, key: str, ticket: str) -> Receipt | None:
        """The note that the plugin finds by a key."""
        search = NoteSearch(key=key, ticket=ticket, deadline=_deadline())
        found = _call(plugin, "find_note", search)
        return None if found is None else _expect(found, Receipt, "find_note")

    def test_a_ticket_is_found_by_its_key(self, plugin: object, kept: Kept) -> None:
        """A ticket is opened, has an id, and is found by its key; another is another."""
        first, second = _key(), _key()
        ticket = self.opened(plugin, first, "The first")
        other = self.opened(plugin, second, "The second")
        assert ticket.id, "the ticket has no id"
        assert ticket.id != other.id, "two orders got one ticket"
        assert self.found(plugin, first) == ticket, "find_ticket gives another ticket"
        assert [_plain(text) for text in kept(first)] == ["The first"]

    def test_the_same_key_opens_one_ticket(self, plugin: object, kept: Kept) -> None:
        """The same key twice gives one ticket."""
        key = _key()
        tickets = [self.opened(plugin, key) for _ in range(2)]
        assert tickets[0].id == tickets[1].id, "the same key gave two ids"
        assert len(kept(key)) == 1, "the same key gave two tickets"

    def test_the_same_key_adds_one_note(self, plugin: object, kept: Kept) -> None:
        """The same key twice gives one note."""
        ticket, key = self.opened(plugin).id, _key()
        for _ in range(2):
            receipt = _call(plugin, "add_note", _note(key, ticket, "Once"))
            _expect(receipt, Receipt, "add_note")
        assert len(kept(key)) == 1, "the same key gave two notes"

    def test_what_is_not_there_is_none(self, plugin: object) -> None:
        """Looking for what is not there gives None."""
        ticket = self.opened(plugin).id
        assert self.found(plugin, _key()) is None, "find_ticket found what nobody opened"
        assert self.found_note(plugin, _key(), ticket) is None, "find_note found what is not there"

    def test_a_note_belongs_to_its_ticket(self, plugin: object) -> None:
        """A note is found by its key."""
        ticket, key = self.opened(plugin).id, _key()
        _call(plugin, "add_note", _note(key, ticket, "A note"))
        assert self.found_note(plugin, key, ticket) is not None, "find_note does not find a note"

    def test_a_note_to_no_ticket_is_rejected(self, plugin: object) -> None:
        """A note to a ticket that is not there can never be added: it is `Rejected`."""
        outcome, _ = _attempt(plugin, "add_note", _note(_key(), "4711000", "To nobody"))
        assert isinstance(outcome, Rejected), f"add_note gave {_named(outcome)}, not Rejected"

    def test_letters_survive(self, plugin: object, kept: Kept) -> None:
        """Swedish letters, signs and emoji arrive as they are, in tickets, notes and closings."""
        keys = [_key() for _ in range(3)]
        ticket = self.opened(plugin, keys[0], _SWEDISH).id
        _call(plugin, "add_note", _note(keys[1], ticket, _SWEDISH))
        _call(plugin, "close_ticket", _closing(keys[2], ticket, _SWEDISH))
        for key in keys:
            assert [_plain(text) for text in kept(key)] == [_SWEDISH]

    def test_long_notes_survive(self, plugin: object, kept: Kept) -> None:
        """A note of 10,000 characters arrives whole, line breaks and all."""
        ticket, key = self.opened(plugin).id, _key()
        long = _LONG[:5000] + "\n" + _LONG[5001:]
        assert len(long) == 10_000
        _call(plugin, "add_note", _note(key, ticket, long))
        assert [_plain(text) for text in kept(key)] == [long]

    def test_closing_twice_closes_once(self, plugin: object, kept: Kept) -> None:
        """Closing a closed ticket again does nothing, and its last note stands once."""
        ticket, key = self.opened(plugin).id, _key()
        for _ in range(2):
            receipt = _call(plugin, "close_ticket", _closing(key, ticket, "Done"))
            _expect(receipt, Receipt, "close_ticket")
        assert len(kept(key)) == 1, "the last note stands twice, or nowhere"

    def test_notes_after_closing(self, plugin: object, kept: Kept) -> None:
        """A note to a closed ticket is taken, and the ticket is still found."""
        opening, key = _key(), _key()
        ticket = self.opened(plugin, opening)
        _call(plugin, "close_ticket", _closing(_key(), ticket.id, "Done"))
        _call(plugin, "add_note", _note(key, ticket.id, "One thing more"))
        assert len(kept(key)) == 1, "the note after closing is not there"
        assert self.found(plugin, opening) == ticket, "a closed ticket is not found"

    @pytest.mark.parametrize("fault", _IN_VAIN)
    def test_faults_while_opening(
        self, plugin: object, wire: Wire | None, kept: Kept, fault: Fault
    ) -> None:
        """Whichever exchange fails, the ticket is found or not there, and comes to be one."""
        wire = _able(wire, fault)
        for key, outcome in self._faulty(
            plugin, wire, fault, "open_ticket", lambda key: _order(key, "Order 1")
        ):
            found = self.found(plugin, key)
            _agree(outcome, found, kept(key), f"open_ticket, {fault}")
            again = self.opened(plugin, key)
            assert found is None or again.id == found.id, "sent again, it became another ticket"
            assert len(kept(key)) == 1, f"{fault}: {len(kept(key))} tickets with one key"

    @pytest.mark.parametrize("fault", _IN_VAIN)
    def test_faults_while_adding_a_note(
        self, plugin: object, wire: Wire | None, kept: Kept, fault: Fault
    ) -> None:
        """Whichever exchange fails, the note is found or not there, and comes to be one."""
        wire = _able(wire, fault)
        ticket = self.opened(plugin).id
        for key, outcome in self._faulty(
            plugin, wire, fault, "add_note", lambda key: _note(key, ticket, "A note")
        ):
            found = self.found_note(plugin, key, ticket)
            _agree(outcome, found, kept(key), f"add_note, {fault}")
            _call(plugin, "add_note", _note(key, ticket, "A note"))
            assert len(kept(key)) == 1, f"{fault}: {len(kept(key))} notes with one key"

    @pytest.mark.parametrize("fault", _IN_VAIN)
    def test_faults_while_closing(
        self, plugin: object, wire: Wire | None, kept: Kept, fault: Fault
    ) -> None:
        """Whichever exchange fails, closing again closes, and the last note stands once."""
        wire = _able(wire, fault)
        made: dict[str, str] = {}

        def make(key: str) -> TicketClosing:
            made[key] = self.opened(plugin).id
            return _closing(key, made[key], "Done")

        for key, _ in self._faulty(plugin, wire, fault, "close_ticket", make):
            _call(plugin, "close_ticket", _closing(key, made[key], "Done"))
            assert len(kept(key)) == 1, f"{fault}: {len(kept(key))} last notes with one key"

    @pytest.mark.parametrize("fault", ["drop", "cut", "garble", "delay"])
    def test_faults_while_looking(self, plugin: object, wire: Wire | None, fault: Fault) -> None:
        """A search that fails says so; it never says that there is nothing."""
        wire = _able(wire, fault)
        opened = {key: self.opened(plugin, key) for key in (_key() for _ in range(6))}
        left = list(opened)
        asked: list[str] = []

        def make(_: str) -> TicketSearch:
            asked.append(left[len(asked) % len(left)])
            return TicketSearch(key=asked[-1], deadline=_deadline())

        faulty = self._faulty(plugin, wire, fault, "find_ticket", make, strikes=False)
        for _, outcome in faulty:
            assert outcome is not None, f"{fault}: find_ticket says that there is no ticket"

    def test_overtaken_requests(self, plugin: object, wire: Wire | None, kept: Kept) -> None:
        """Two calls side by side get their own answers, whichever arrives first."""
        wire = _able(wire, "reorder")
        for key, outcome in self._overtaken(
            plugin, wire, "open_ticket", lambda key: _order(key, key)
        ):
            assert [_plain(text) for text in kept(key)] == [key], "not one ticket for each order"
            assert outcome == self.found(plugin, key), "an order was told of another's ticket"
        ticket = self.opened(plugin).id
        for key, _ in self._overtaken(
            plugin, wire, "add_note", lambda key: _note(key, ticket, key)
        ):
            assert [_plain(text) for text in kept(key)] == [key], "not each note once"

    def test_repeated_requests(self, plugin: object, wire: Wire | None, kept: Kept) -> None:
        """A request that arrives twice makes one ticket and one note (if ``takes_once``)."""
        if not self.takes_once:
            pytest.skip("the other system takes a repeated request twice: takes_once is False")
        wire = _able(wire, "repeat")
        ticket = self.opened(plugin).id
        for hook, make in (
            ("open_ticket", lambda key: _order(key, "Order 1")),
            ("add_note", lambda key: _note(key, ticket, "A note")),
        ):
            for key, _ in self._faulty(plugin, wire, "repeat", hook, make):
                _call(plugin, hook, make(key))
                assert len(kept(key)) == 1, f"{hook}: {len(kept(key))} from a repeated request"

    def test_reports_are_read_once(
        self, plugin: object, write: Callable[[str, str], object] | None
    ) -> None:
        """From a cursor on, each report is read once, with who wrote it and when; then none."""
        if not hasattr(plugin, "read_tickets"):
            pytest.skip("the plugin reads no reports")
        before = self._read(plugin, "")
        ticket = self.opened(plugin).id
        texts = [f"Report {number} {_SWEDISH}" for number in range(3)]
        for text in texts if write else ():
            assert write is not None
            write(ticket, text)
        now = self._read(plugin, before.cursor)
        again = self._read(plugin, before.cursor)
        assert now == again, "read twice from one cursor, the reports are others"
        if write:
            mine = [report for report in now.reports if report.text in texts]
            assert [report.text for report in mine] == texts, "reports are missing or out of order"
            assert {report.ticket for report in mine} == {ticket}
            assert all(report.author for report in mine), "a report has no author"
        ids = [report.id for report in (*before.reports, *now.reports)]
        assert len(set(ids)) == len(ids), "two reports have one id"
        assert all(report.written_at.utcoffset() is not None for report in now.reports)
        assert self._read(plugin, now.cursor).reports == (), "reports come again after the cursor"

    def _read(self, plugin: object, cursor: str) -> TicketReports:
        details = TicketsSince(cursor=cursor, deadline=_deadline())
        return _expect(_call(plugin, "read_tickets", details), TicketReports, "read_tickets")


class AdminToolContract(PluginContract):
    """What every plugin for the vendor's admin tool keeps.

    Attributes:
        serial_number: A lock that the tool knows, and that is paired with nobody.
    """

    serial_number: ClassVar[str] = "PH1-001"

    @pytest.fixture
    def kept(self) -> Kept:
        """Not looked at."""
        return lambda _: []

    def usual(self, plugin: object) -> Iterator[tuple[str, object]]:
        """One use of each hook."""
        yield "pair_lock", self.pairing()
        yield "look_up_lock", LockSearch(serial_number=self.serial_number, deadline=_deadline())
        if hasattr(plugin, "list_locks"):
            yield "list_locks", RegisterSearch(deadline=_deadline())
        yield "unpair_lock", self.pairing()

    def pairing(self, key: str = "", customer: str = "customer-17") -> Pairing:
        """The lock and a customer."""
        return Pairing(
            key=key or _key(),
            serial_number=self.serial_number,
            customer=customer,
            deadline=_deadline(),
        )

    def look_up(self, plugin: object, serial_number: str = "") -> RegisteredLock | None:
        """The lock as the tool knows it."""
        search = LockSearch(serial_number=serial_number or self.serial_number, deadline=_deadline())
        found = _call(plugin, "look_up_lock", search)
        return None if found is None else _expect(found, RegisteredLock, "look_up_lock")

    def test_a_lock_is_found_by_its_serial_number(self, plugin: object) -> None:
        """The lock is found, is paired with nobody, and an unknown one is None."""
        found = self.look_up(plugin)
        assert found is not None, f"look_up_lock does not find {self.serial_number}"
        assert (found.serial_number, found.paired_with) == (self.serial_number, "")
        assert self.look_up(plugin, "PH9-NONE") is None, "look_up_lock found what is not there"

    def test_pairing_and_unpairing(self, plugin: object) -> None:
        """Pairing pairs, unpairing unpairs, each twice with one key; or a person is asked."""
        for hook, customer in (("pair_lock", "customer-17"), ("unpair_lock", "")):
            details = self.pairing()
            for _ in range(2):
                receipt = _expect(_call(plugin, hook, details), Receipt, hook)
                found = self.look_up(plugin)
                assert found is not None
                if receipt.state == "done":
                    assert found.paired_with == customer, f"{hook} says done, and it is not"

    def test_a_lock_of_another_customer_is_rejected(self, plugin: object) -> None:
        """A lock that is paired with one customer is not paired with another."""
        first = _expect(_call(plugin, "pair_lock", self.pairing()), Receipt, "pair_lock")
        if first.state == "asked":
            pytest.skip("a person pairs")
        outcome, _ = _attempt(plugin, "pair_lock", self.pairing(customer="customer-18"))
        assert isinstance(outcome, Rejected), f"pair_lock gave {_named(outcome)}, not Rejected"
        found = self.look_up(plugin)
        assert found is not None
        assert found.paired_with == "customer-17"

    def test_the_register(self, plugin: object) -> None:
        """The register has each lock once, the one that is looked up among them."""
        if not hasattr(plugin, "list_locks"):
            pytest.skip("the plugin lists no register")
        locks = _call(plugin, "list_locks", RegisterSearch(deadline=_deadline()))
        assert isinstance(locks, tuple), "list_locks returned no tuple"
        numbers = [_expect(lock, RegisteredLock, "list_locks").serial_number for lock in locks]
        assert self.serial_number in numbers
        assert len(set(numbers)) == len(numbers), "a lock stands in the register twice"

    def test_battery_levels(self, plugin: object) -> None:
        """Battery levels are per cent, one a lock, and read at an aware time."""
        if not hasattr(plugin, "read_batteries"):
            pytest.skip("the plugin reads no batteries")
        levels = _call(plugin, "read_batteries", BatterySearch(deadline=_deadline()))
        assert isinstance(levels, tuple), "read_batteries returned no tuple"
        for level in levels:
            _expect(level, BatteryLevel, "read_batteries")
            assert 0 <= level.level <= 100, "a battery level is no per cent"
            assert level.read_at.utcoffset() is not None, "a time has no time zone"
        numbers = [level.serial_number for level in levels]
        assert len(set(numbers)) == len(numbers), "a lock has two levels"

    @pytest.mark.parametrize("fault", _IN_VAIN)
    def test_faults_while_pairing(self, plugin: object, wire: Wire | None, fault: Fault) -> None:
        """Whichever exchange fails, pairing again pairs, and unpairing again unpairs."""
        wire = _able(wire, fault)
        for hook, customer in (("pair_lock", "customer-17"), ("unpair_lock", "")):
            other = "unpair_lock" if hook == "pair_lock" else "pair_lock"

            def make(key: str, before: str = other) -> Pairing:
                _call(plugin, before, self.pairing())
                return self.pairing(key)

            for key, outcome in self._faulty(plugin, wire, fault, hook, make):
                found = self.look_up(plugin)
                acted = found is not None and found.paired_with == customer
                assert acted or isinstance(outcome, PluginError), (
                    f"{hook}, {fault}: said to be done, and it is not"
                )
                assert not (acted and isinstance(outcome, TryAgain)), (
                    f"{hook}, {fault}: said TryAgain, and it was done; say OutcomeUnknown"
                )
                _call(plugin, hook, self.pairing(key))
                found = self.look_up(plugin)
                assert found is not None
                assert found.paired_with == customer


class NoticeContract(PluginContract):
    """What every plugin for notices keeps.

    Attributes:
        recipient: An address that takes messages.
    """

    recipient: ClassVar[str] = "customer-17@example.org"

    def usual(self, plugin: object) -> Iterator[tuple[str, object]]:
        """One message over each channel."""
        for channel in self.channels(plugin):
            yield "send_notice", self.notice(channel, body=_PRIVATE)

    def channels(self, plugin: object) -> tuple[str, ...]:
        """The channels that the plugin offers."""
        return _expect(_call(plugin, "channels", ChannelSearch()), tuple, "channels")

    def notice(self, channel: str, key: str = "", body: str = "Hello") -> Notice:
        """A message to the recipient."""
        return Notice(
            key=key or _key(),
            channel=channel,
            recipient=self.recipient,
            subject="En tid är bokad",
            body=body,
            deadline=_deadline(),
        )

    def test_channels_are_named(self, plugin: object) -> None:
        """It offers a channel at least, each by a name, always the same."""
        channels = self.channels(plugin)
        assert channels, "it offers no channel"
        assert all(type(one) is str and one for one in channels), "a channel has no name"
        assert len(set(channels)) == len(channels), "a channel is offered twice"
        assert self.channels(plugin) == channels

    @pytest.mark.parametrize("body", [_SWEDISH, _LONG], ids=["letters", "long"])
    def test_a_message_arrives_under_its_key(self, plugin: object, kept: Kept, body: str) -> None:
        """A message arrives once, bears its key, and its text arrives as it is."""
        for channel in self.channels(plugin):
            key = _key()
            receipt = _call(plugin, "send_notice", self.notice(channel, key, body))
            _expect(receipt, Receipt, "send_notice")
            assert [_plain(text) for text in kept(key)] == [body]

    @pytest.mark.parametrize("fault", _IN_VAIN)
    def test_faults_while_sending(
        self, plugin: object, wire: Wire | None, kept: Kept, fault: Fault
    ) -> None:
        """Whichever exchange fails, `TryAgain` is said only of what was not sent."""
        wire = _able(wire, fault)
        (channel, *_) = self.channels(plugin)
        for key, outcome in self._faulty(
            plugin, wire, fault, "send_notice", lambda key: self.notice(channel, key)
        ):
            _agree(outcome, None, kept(key), f"send_notice, {fault}", looks=False)

    def test_overtaken_messages(self, plugin: object, wire: Wire | None, kept: Kept) -> None:
        """Of two messages sent side by side each arrives once, whichever arrives first."""
        wire = _able(wire, "reorder")
        (channel, *_) = self.channels(plugin)
        for key, _ in self._overtaken(
            plugin, wire, "send_notice", lambda key: self.notice(channel, key, key)
        ):
            assert [_plain(text) for text in kept(key)] == [key], "not each message once"


# -- helpers ---------------------------------------------------------------------------------------


def _order(key: str, body: str) -> TicketOrder:
    return TicketOrder(key=key, subject="Montering – dörr", body=body, deadline=_deadline())


def _note(key: str, ticket: str, body: str) -> TicketNote:
    return TicketNote(key=key, ticket=ticket, body=body, deadline=_deadline())


def _closing(key: str, ticket: str, body: str) -> TicketClosing:
    return TicketClosing(key=key, ticket=ticket, body=body, deadline=_deadline())


def _sooner(details: Any, seconds: float) -> Any:
    """The same details with another deadline."""
    return attrs.evolve(details, deadline=_deadline(seconds))


def _anew(details: Any, seconds: float) -> Any:
    """The same details with a deadline and, if it is something to be done, a key of their own."""
    if hasattr(details, "key") and not isinstance(details, TicketSearch | NoteSearch):
        details = attrs.evolve(details, key=_key())
    return _sooner(details, seconds)


def _able(wire: Wire | None, fault: Fault) -> Wire:
    if wire is None or fault not in wire.faults:
        pytest.skip(f"the plugin's wire knows no {fault}")
    return wire


def _attempt(plugin: object, hook: str, details: object) -> tuple[object, float]:
    """What a hook returns or raises, and how long it took."""
    began = time.monotonic()
    outcome: object
    try:
        outcome = _call(plugin, hook, details)
    except (Exception, SystemExit) as error:
        outcome = error
    return outcome, time.monotonic() - began


def _named(outcome: object) -> str:
    return type(outcome).__name__


def _agree(
    outcome: object, found: object, there: list[str], where: str, *, looks: bool = True
) -> None:
    """Check that what was said, what is found and what is there are one."""
    assert len(there) <= 1, f"{where}: {len(there)} of them with one key"
    if not isinstance(outcome, PluginError):
        assert there, f"{where}: said to be done, and it is not there"
    if isinstance(outcome, TryAgain):
        assert not there, f"{where}: said TryAgain, and it was done; say OutcomeUnknown"
    if looks:
        assert bool(found) == bool(there), f"{where}: what is there is not what is found by its key"


def _forms(secret: str) -> Iterator[str]:
    """A secret as it may be shown: as it is, and as base64 within something longer."""
    yield secret
    for shift in range(3):
        whole = base64.b64encode(b"." * shift + secret.encode()).decode().rstrip("=")
        yield whole[-(-shift * 8 // 6) : -1]


def _plain(text: str) -> str:
    """A text without what systems add: line ends of their own and blank ends."""
    return text.replace("\r\n", "\n").strip()
