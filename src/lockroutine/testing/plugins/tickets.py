"""The contract of plugins that reach a ticket system."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from lockroutine.errors import Rejected
from lockroutine.hookspecs import (
    NoteSearch,
    Receipt,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketReports,
    TicketSearch,
    TicketsSince,
)
from lockroutine.testing.plugins.common import (
    IN_VAIN,
    LONG,
    PRIVATE,
    SWEDISH,
    Kept,
    able,
    agree,
    attempt,
    call,
    deadline,
    expect,
    named,
    new_key,
    plain,
)
from lockroutine.testing.plugins.plugin import PluginContract
from lockroutine.testing.wire import Fault, Wire

__all__ = ["TicketContract"]


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
        yield "open_ticket", _order(new_key(), PRIVATE)
        ticket = self.opened(plugin).id
        yield "add_note", _note(new_key(), ticket, PRIVATE)
        yield "find_ticket", TicketSearch(key=new_key(), deadline=deadline())
        yield "find_note", NoteSearch(key=new_key(), ticket=ticket, deadline=deadline())
        yield "close_ticket", _closing(new_key(), ticket, PRIVATE)

    def opened(self, plugin: object, key: str = "", body: str = "Order 1") -> Ticket:
        """A ticket, opened through the plugin."""
        return expect(
            call(plugin, "open_ticket", _order(key or new_key(), body)), Ticket, "open_ticket"
        )

    def found(self, plugin: object, key: str) -> Ticket | None:
        """The ticket that the plugin finds by a key."""
        found = call(plugin, "find_ticket", TicketSearch(key=key, deadline=deadline()))
        return None if found is None else expect(found, Ticket, "find_ticket")

    def found_note(self, plugin: object, key: str, ticket: str) -> Receipt | None:
        """The note that the plugin finds by a key."""
        search = NoteSearch(key=key, ticket=ticket, deadline=deadline())
        found = call(plugin, "find_note", search)
        return None if found is None else expect(found, Receipt, "find_note")

    def test_a_ticket_is_found_by_its_key(self, plugin: object, kept: Kept) -> None:
        """A ticket is opened, has an id, and is found by its key; another is another."""
        first, second = new_key(), new_key()
        ticket = self.opened(plugin, first, "The first")
        other = self.opened(plugin, second, "The second")
        assert ticket.id, "the ticket has no id"
        assert ticket.id != other.id, "two orders got one ticket"
        assert self.found(plugin, first) == ticket, "find_ticket gives another ticket"
        assert [plain(text) for text in kept(first)] == ["The first"]

    def test_the_same_key_opens_one_ticket(self, plugin: object, kept: Kept) -> None:
        """The same key twice gives one ticket."""
        key = new_key()
        tickets = [self.opened(plugin, key) for _ in range(2)]
        assert tickets[0].id == tickets[1].id, "the same key gave two ids"
        assert len(kept(key)) == 1, "the same key gave two tickets"

    def test_the_same_key_adds_one_note(self, plugin: object, kept: Kept) -> None:
        """The same key twice gives one note."""
        ticket, key = self.opened(plugin).id, new_key()
        for _ in range(2):
            receipt = call(plugin, "add_note", _note(key, ticket, "Once"))
            expect(receipt, Receipt, "add_note")
        assert len(kept(key)) == 1, "the same key gave two notes"

    def test_what_is_not_there_is_none(self, plugin: object) -> None:
        """Looking for what is not there gives None."""
        ticket = self.opened(plugin).id
        assert self.found(plugin, new_key()) is None, "find_ticket found what nobody opened"
        assert self.found_note(plugin, new_key(), ticket) is None, (
            "find_note found what is not there"
        )

    def test_a_note_belongs_to_its_ticket(self, plugin: object) -> None:
        """A note is found by its key."""
        ticket, key = self.opened(plugin).id, new_key()
        call(plugin, "add_note", _note(key, ticket, "A note"))
        assert self.found_note(plugin, key, ticket) is not None, "find_note does not find a note"

    def test_a_note_to_no_ticket_is_rejected(self, plugin: object) -> None:
        """A note to a ticket that is not there can never be added: it is `Rejected`."""
        outcome, _ = attempt(plugin, "add_note", _note(new_key(), "4711000", "To nobody"))
        assert isinstance(outcome, Rejected), f"add_note gave {named(outcome)}, not Rejected"

    def test_letters_survive(self, plugin: object, kept: Kept) -> None:
        """Swedish letters, signs and emoji arrive as they are, in tickets, notes and closings."""
        keys = [new_key() for _ in range(3)]
        ticket = self.opened(plugin, keys[0], SWEDISH).id
        call(plugin, "add_note", _note(keys[1], ticket, SWEDISH))
        call(plugin, "close_ticket", _closing(keys[2], ticket, SWEDISH))
        for key in keys:
            assert [plain(text) for text in kept(key)] == [SWEDISH]

    def test_long_notes_survive(self, plugin: object, kept: Kept) -> None:
        """A note of 10,000 characters arrives whole, line breaks and all."""
        ticket, key = self.opened(plugin).id, new_key()
        long = LONG[:5000] + "\n" + LONG[5001:]
        assert len(long) == 10_000
        call(plugin, "add_note", _note(key, ticket, long))
        assert [plain(text) for text in kept(key)] == [long]

    def test_closing_twice_closes_once(self, plugin: object, kept: Kept) -> None:
        """Closing a closed ticket again does nothing, and its last note stands once."""
        ticket, key = self.opened(plugin).id, new_key()
        for _ in range(2):
            receipt = call(plugin, "close_ticket", _closing(key, ticket, "Done"))
            expect(receipt, Receipt, "close_ticket")
        assert len(kept(key)) == 1, "the last note stands twice, or nowhere"

    def test_notes_after_closing(self, plugin: object, kept: Kept) -> None:
        """A note to a closed ticket is taken, and the ticket is still found."""
        opening, key = new_key(), new_key()
        ticket = self.opened(plugin, opening)
        call(plugin, "close_ticket", _closing(new_key(), ticket.id, "Done"))
        call(plugin, "add_note", _note(key, ticket.id, "One thing more"))
        assert len(kept(key)) == 1, "the note after closing is not there"
        assert self.found(plugin, opening) == ticket, "a closed ticket is not found"

    @pytest.mark.parametrize("fault", IN_VAIN)
    def test_faults_while_opening(
        self, plugin: object, wire: Wire | None, kept: Kept, fault: Fault
    ) -> None:
        """Whichever exchange fails, the ticket is found or not there, and comes to be one."""
        wire = able(wire, fault)
        for key, outcome in self._faulty(
            plugin, wire, fault, "open_ticket", lambda key: _order(key, "Order 1")
        ):
            found = self.found(plugin, key)
            agree(outcome, found, kept(key), f"open_ticket, {fault}")
            again = self.opened(plugin, key)
            assert found is None or again.id == found.id, "sent again, it became another ticket"
            assert len(kept(key)) == 1, f"{fault}: {len(kept(key))} tickets with one key"

    @pytest.mark.parametrize("fault", IN_VAIN)
    def test_faults_while_adding_a_note(
        self, plugin: object, wire: Wire | None, kept: Kept, fault: Fault
    ) -> None:
        """Whichever exchange fails, the note is found or not there, and comes to be one."""
        wire = able(wire, fault)
        ticket = self.opened(plugin).id
        for key, outcome in self._faulty(
            plugin, wire, fault, "add_note", lambda key: _note(key, ticket, "A note")
        ):
            found = self.found_note(plugin, key, ticket)
            agree(outcome, found, kept(key), f"add_note, {fault}")
            call(plugin, "add_note", _note(key, ticket, "A note"))
            assert len(kept(key)) == 1, f"{fault}: {len(kept(key))} notes with one key"

    @pytest.mark.parametrize("fault", IN_VAIN)
    def test_faults_while_closing(
        self, plugin: object, wire: Wire | None, kept: Kept, fault: Fault
    ) -> None:
        """Whichever exchange fails, closing again closes, and the last note stands once."""
        wire = able(wire, fault)
        made: dict[str, str] = {}

        def make(key: str) -> TicketClosing:
            made[key] = self.opened(plugin).id
            return _closing(key, made[key], "Done")

        for key, _ in self._faulty(plugin, wire, fault, "close_ticket", make):
            call(plugin, "close_ticket", _closing(key, made[key], "Done"))
            assert len(kept(key)) == 1, f"{fault}: {len(kept(key))} last notes with one key"

    @pytest.mark.parametrize("fault", ["drop", "cut", "garble", "delay"])
    def test_faults_while_looking(self, plugin: object, wire: Wire | None, fault: Fault) -> None:
        """A search that fails says so; it never says that there is nothing."""
        wire = able(wire, fault)
        opened = {key: self.opened(plugin, key) for key in (new_key() for _ in range(6))}
        left = list(opened)
        asked: list[str] = []

        def make(_: str) -> TicketSearch:
            asked.append(left[len(asked) % len(left)])
            return TicketSearch(key=asked[-1], deadline=deadline())

        faulty = self._faulty(plugin, wire, fault, "find_ticket", make, strikes=False)
        for _, outcome in faulty:
            assert outcome is not None, f"{fault}: find_ticket says that there is no ticket"

    def test_overtaken_requests(self, plugin: object, wire: Wire | None, kept: Kept) -> None:
        """Two calls side by side get their own answers, whichever arrives first."""
        wire = able(wire, "reorder")
        for key, outcome in self._overtaken(
            plugin, wire, "open_ticket", lambda key: _order(key, key)
        ):
            assert [plain(text) for text in kept(key)] == [key], "not one ticket for each order"
            assert outcome == self.found(plugin, key), "an order was told of another's ticket"
        ticket = self.opened(plugin).id
        for key, _ in self._overtaken(
            plugin, wire, "add_note", lambda key: _note(key, ticket, key)
        ):
            assert [plain(text) for text in kept(key)] == [key], "not each note once"

    def test_repeated_requests(self, plugin: object, wire: Wire | None, kept: Kept) -> None:
        """A request that arrives twice makes one ticket and one note (if ``takes_once``)."""
        if not self.takes_once:
            pytest.skip("the other system takes a repeated request twice: takes_once is False")
        wire = able(wire, "repeat")
        ticket = self.opened(plugin).id
        for hook, make in (
            ("open_ticket", lambda key: _order(key, "Order 1")),
            ("add_note", lambda key: _note(key, ticket, "A note")),
        ):
            for key, _ in self._faulty(plugin, wire, "repeat", hook, make):
                call(plugin, hook, make(key))
                assert len(kept(key)) == 1, f"{hook}: {len(kept(key))} from a repeated request"

    def test_reports_are_read_once(
        self, plugin: object, write: Callable[[str, str], object] | None
    ) -> None:
        """From a cursor on, each report is read once, with who wrote it and when; then none."""
        if not hasattr(plugin, "read_tickets"):
            pytest.skip("the plugin reads no reports")
        before = self._read(plugin, "")
        ticket = self.opened(plugin).id
        texts = [f"Report {number} {SWEDISH}" for number in range(3)]
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
        details = TicketsSince(cursor=cursor, deadline=deadline())
        return expect(call(plugin, "read_tickets", details), TicketReports, "read_tickets")


def _order(key: str, body: str) -> TicketOrder:
    return TicketOrder(key=key, subject="Montering – dörr", body=body, deadline=deadline())


def _note(key: str, ticket: str, body: str) -> TicketNote:
    return TicketNote(key=key, ticket=ticket, body=body, deadline=deadline())


def _closing(key: str, ticket: str, body: str) -> TicketClosing:
    return TicketClosing(key=key, ticket=ticket, body=body, deadline=deadline())
