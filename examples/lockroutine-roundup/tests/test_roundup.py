"""What is Roundup's own: statuses, tags, addresses for a single use, whose issues are read."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator

import httpx
import pytest
from lockroutine_roundup import RoundupTickets, Settings
from lockroutine_roundup.testing import PASSWORD, PERSON, USER, Tracker

from lockroutine.errors import PluginsError, Rejected, TryAgain
from lockroutine.hookspecs import Ticket, TicketClosing, TicketNote, TicketOrder, TicketsSince
from lockroutine.plugins import Plugins, Secret
from lockroutine.plugins.installed import load_plugins, look_at
from lockroutine.testing.wire import LossyProxy


def soon() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20)


def key() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def url(tracker: Tracker) -> Iterator[str]:
    with LossyProxy(tracker.port, listen=httpx.URL(tracker.web).port or 0) as proxy:
        yield proxy.url


@pytest.fixture
def plugin(url: str) -> Iterator[RoundupTickets]:
    settings = Settings(url=url, user=USER, password=Secret(PASSWORD))
    with contextlib.closing(RoundupTickets(settings)) as plugin:
        yield plugin


def opened(plugin: RoundupTickets, text: str = "Text") -> Ticket:
    order = TicketOrder(key=key(), subject="Montering", body=text, deadline=soon())
    return plugin.open_ticket(order)


def test_it_is_found_by_its_entry_point() -> None:
    """The package is found under its name, with all that a ticket plugin has."""
    found = look_at("roundup")
    assert found.kind is RoundupTickets
    assert {"open_ticket", "read_tickets"} <= set(found.hooks)


def test_it_is_made_from_the_environment() -> None:
    """Settings come from the environment, and the password is shown nowhere."""
    environ = {
        "LOCKROUTINE_ROUNDUP_URL": "http://127.0.0.1:1/",
        "LOCKROUTINE_ROUNDUP_USER": USER,
        "LOCKROUTINE_ROUNDUP_PASSWORD": PASSWORD,
    }
    (made,) = load_plugins(["roundup"], environ=environ)
    assert Plugins([made]).names() == ("roundup",)
    assert PASSWORD not in repr(made)
    del environ["LOCKROUTINE_ROUNDUP_PASSWORD"]
    with pytest.raises(PluginsError, match=r"plugin\.roundup\.password: is missing"):
        load_plugins(["roundup"], environ=environ)


def test_closing_resolves_the_issue(plugin: RoundupTickets, tracker: Tracker) -> None:
    """A closed ticket is resolved in Roundup, with its last note."""
    ticket = opened(plugin, "First")
    closing = TicketClosing(key=key(), ticket=ticket.id, body="Last", deadline=soon())
    plugin.close_ticket(closing)
    assert tracker.status(ticket.id) == "resolved"
    assert tracker.texts(ticket.id) == ["First", "Last"]
    assert ticket.url == f"{tracker.web}issue{ticket.id}"


def test_what_others_do_at_the_same_time_is_kept(
    plugin: RoundupTickets, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that comes between reading and changing an issue stays linked."""
    ticket = opened(plugin, "First")
    read = RoundupTickets._read
    interfered: list[str] = []

    def reads(self: RoundupTickets, issue: str, deadline: dt.datetime) -> object:
        found = read(self, issue, deadline)
        if len(interfered) == 1:
            tracker.write(issue, "Between")
        interfered.append(issue)
        return found

    monkeypatch.setattr(RoundupTickets, "_read", reads)
    plugin.add_note(TicketNote(key=key(), ticket=ticket.id, body="Ours", deadline=soon()))
    assert len(interfered) > 2
    assert sorted(tracker.texts(ticket.id)) == ["Between", "First", "Ours"]


def test_only_what_people_write_into_our_issues_is_read(
    plugin: RoundupTickets, tracker: Tracker
) -> None:
    """Neither our own notes nor issues without a reference are read; who wrote is named."""
    cursor = plugin.read_tickets(TicketsSince(deadline=soon())).cursor
    ticket = opened(plugin)
    other = tracker.issue("Somebody's own")
    tracker.write(other, "Not for us")
    tracker.write(ticket.id, "Lock mounted, serial number PH1-001")
    (report,) = plugin.read_tickets(TicketsSince(cursor=cursor, deadline=soon())).reports
    assert (report.ticket, report.author) == (ticket.id, PERSON)
    assert report.text == "Lock mounted, serial number PH1-001"
    assert abs(report.written_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=2)


def test_a_wrong_password_is_rejected(url: str) -> None:
    """A password that is wrong is for a person to look at; it is not tried for ever."""
    settings = Settings(url=url, user=USER, password=Secret("wrong"))
    with contextlib.closing(RoundupTickets(settings)) as plugin, pytest.raises(Rejected):
        opened(plugin)


def test_without_time_nothing_is_sent(plugin: RoundupTickets, tracker: Tracker) -> None:
    """A deadline that has passed is TryAgain, and nothing is made."""
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    late = TicketOrder(key=key(), subject="Late", body="Late", deadline=past)
    with pytest.raises(TryAgain):
        plugin.open_ticket(late)
    assert tracker.tickets(late.key) == []
