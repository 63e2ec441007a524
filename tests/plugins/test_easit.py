"""The adapter of Easit GO, against the stand-in over HTTP: what it sends, and every way to fail."""

from __future__ import annotations

import datetime as dt
import json
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from lockroutine.errors import (
    OutcomeUnknown,
    PluginError,
    PluginsError,
    Rejected,
    TryAgain,
)
from lockroutine.hookspecs import (
    NoteSearch,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketReports,
    TicketSearch,
    TicketsSince,
)
from lockroutine.plugins import Plugins, Secret, read_settings
from lockroutine.plugins.easit import Easit, Settings, api_url
from lockroutine.testing.easit import EasitStandIn, EasitView
from lockroutine.testing.plugins import Kept, TicketContract
from lockroutine.testing.wire import LossyProxy

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
SOON = NOW + dt.timedelta(seconds=20)
AT_ONCE = NOW + dt.timedelta(seconds=0.2)
BODY = "Till Kund 17, Exempelgatan 1, Söderköping. Kod 4711#. Ring +46 70 174 06 05. ÅÄÖ €"
SECRET = "hemlig-nyckel-åäö"


@pytest.fixture
def easit() -> Iterator[EasitStandIn]:
    with EasitStandIn(api_key=SECRET) as made:
        yield made


@pytest.fixture
def settings(easit: EasitStandIn) -> Callable[..., Settings]:
    def make(**values: Any) -> Settings:
        usual: dict[str, Any] = {
            "url": easit.url,
            "api_key": Secret(SECRET),
            "create_handler": "CreateLockOrder_v1",
            "note_handler": "NoteLockOrder_v1",
            "close_handler": "CloseLockOrder_v1",
            "view": "LockOrders",
            "notes_view": "LockNotes",
            "note_ticket": "Ticket",
            "plain_http": True,
        }
        return Settings(**{**usual, **values})

    return make


@pytest.fixture
def adapter(settings: Callable[..., Settings]) -> Iterator[Easit]:
    with Easit(settings(), clock=lambda: NOW) as made:
        yield made


def ordered(key: str = "17/1/ticket", **values: Any) -> TicketOrder:
    usual: dict[str, Any] = {"subject": "Beställning av lås", "body": BODY, "deadline": SOON}
    return TicketOrder(key=key, **{**usual, **values})


def noted(ticket: Ticket, key: str = "17/2/note", **values: Any) -> TicketNote:
    usual: dict[str, Any] = {"body": BODY, "deadline": SOON}
    return TicketNote(key=key, ticket=ticket.id, **{**usual, **values})


def closing(ticket: Ticket, key: str = "17/3/close") -> TicketClosing:
    return TicketClosing(key=key, ticket=ticket.id, body=BODY, deadline=SOON)


def found(adapter: Easit, key: str = "17/1/ticket") -> Ticket | None:
    return adapter.find_ticket(TicketSearch(key=key, deadline=SOON))


def read(adapter: Easit, cursor: str = "") -> TicketReports:
    return adapter.read_tickets(TicketsSince(cursor=cursor, deadline=SOON))


# -- what it does ---------------------------------------------------------------------------------


def test_a_ticket_arrives_letter_by_letter(easit: EasitStandIn, adapter: Easit) -> None:
    """Subject, text and our key arrive as they were sent, Swedish letters and signs with them."""
    made = adapter.open_ticket(ordered())
    (ticket,) = easit.tickets
    assert made.id == ticket.id
    assert ticket.properties["Subject"] == "Beställning av lås"
    assert ticket.properties["Description"] == BODY
    assert ticket.properties["Reference"] == "17/1/ticket"
    assert found(adapter) == made


@pytest.mark.parametrize("escaped", [True, False])
def test_answers_with_and_without_escapes(escaped: bool, settings: Any) -> None:
    """Answers are read alike, whether letters come as escapes or as UTF-8."""
    with (
        EasitStandIn(api_key=SECRET, escaped=escaped) as easit,
        Easit(settings(url=easit.url), clock=lambda: NOW) as adapter,
    ):
        ticket = adapter.open_ticket(ordered())
        easit.report(ticket.id, "bo", "Låset är monterat på ytterdörren")
        assert [r.text for r in read(adapter).reports] == ["Låset är monterat på ytterdörren"]


def test_the_same_key_twice_is_one_ticket_and_one_note(easit: EasitStandIn, adapter: Easit) -> None:
    """Easit doubles what is sent twice; the adapter looks first, and so sends it once."""
    first = adapter.open_ticket(ordered())
    assert adapter.open_ticket(ordered()) == first
    note = adapter.add_note(noted(first))
    assert adapter.add_note(noted(first)) == note
    adapter.close_ticket(closing(first))
    adapter.close_ticket(closing(first))
    assert len(easit.tickets) == 1
    assert [n.properties["NoteReference"] for n in easit.notes] == ["17/2/note", "17/3/close"]
    assert easit.tickets[0].properties["Status"] == "Closed"


def test_the_stand_in_doubles(easit: EasitStandIn) -> None:
    """What is posted twice to Easit is two items, with whatever ids of ours it was sent."""
    item = {"id": "1", "uid": "a" * 32, "property": [{"name": "Reference", "content": "x"}]}
    body = {"importHandlerIdentifier": "CreateLockOrder_v1", "itemToImport": [item]}
    for _ in range(2):
        httpx.post(f"{easit.url}/integration-api/items", json=body, auth=(SECRET, "anything"))
    assert len(easit.of_reference("x")) == 2


def test_long_notes(easit: EasitStandIn, adapter: Easit) -> None:
    """A note of ten thousand letters arrives whole."""
    ticket = adapter.open_ticket(ordered())
    text = "åäö €\n" * 2000
    adapter.add_note(noted(ticket, body=text))
    assert easit.notes_of(ticket.id)[0].properties["Note"] == text


def test_keys_are_compared_on_our_side(
    easit: EasitStandIn, adapter: Easit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not filter, or filters by likeness, finds nobody else's ticket."""
    adapter.open_ticket(ordered("17/1/ticket-10"))
    plain = easit._read
    monkeypatch.setattr(easit, "_read", lambda asked: plain({**asked, "columnFilter": []}))
    assert found(adapter, "17/1/ticket-1") is None
    assert found(adapter, "17/1/ticket-10") is not None


def test_many_pages(easit: EasitStandIn, settings: Any) -> None:
    """A view of many pages is read to its end."""
    with Easit(settings(read_by="url", page_size=2), clock=lambda: NOW) as adapter:
        for number in range(5):
            easit._new(easit.tickets, 2, {"Reference": f"x-{number}", "Subject": "17/1/ticket"})
        made = easit._new(easit.tickets, 2, {"Reference": "17/1/ticket"})
        assert found(adapter) == Ticket(id=made.id)
        assert [request.body["page"] for request in easit.requests] == ["1", "2", "3"]


def test_reading_by_url(easit: EasitStandIn, settings: Any) -> None:
    """Where a proxy drops the body of a GET, views are asked by URL parameters."""
    with Easit(settings(read_by="url"), clock=lambda: NOW) as adapter:
        ticket = adapter.open_ticket(ordered())
        adapter.add_note(noted(ticket))
        assert found(adapter) == ticket
        search = NoteSearch(key="17/2/note", ticket=ticket.id, deadline=SOON)
        note = adapter.find_note(search)
        assert note is not None
        assert note.id == easit.notes[0].id
        asked = [request for request in easit.requests if request.method == "GET"]
        assert all("itemViewIdentifier=" in request.path for request in asked)


def test_of_several_the_first_is_taken(easit: EasitStandIn, adapter: Easit) -> None:
    """If somebody has copied a ticket with our key, the older one is ours."""
    first = easit._new(easit.tickets, 2, {"Reference": "17/1/ticket"})
    easit._new(easit.tickets, 2, {"Reference": "17/1/ticket"})
    assert found(adapter) == Ticket(id=first.id)


def test_a_note_of_another_ticket_is_another(easit: EasitStandIn, adapter: Easit) -> None:
    """A note is looked for in its own ticket."""
    ticket = adapter.open_ticket(ordered())
    adapter.add_note(noted(ticket))
    assert adapter.find_note(NoteSearch(key="17/2/note", ticket="9:2", deadline=SOON)) is None


def test_one_view_for_tickets_and_notes(easit: EasitStandIn, settings: Any) -> None:
    """Where notes have no view of their own, a ticket's row shows the latest one."""
    with Easit(settings(notes_view="", note_ticket=""), clock=lambda: NOW) as adapter:
        ticket = adapter.open_ticket(ordered())
        adapter.add_note(noted(ticket))
        found = adapter.find_note(NoteSearch(key="17/2/note", ticket=ticket.id, deadline=SOON))
        assert found is not None
        assert found.id == ticket.id


def test_the_page_and_the_further_properties_of_a_ticket(
    easit: EasitStandIn, settings: Any
) -> None:
    """What the settings add to every ticket is sent, and people get an address to look at it."""
    made = settings(ticket_page="https://go.example.org/item/{id}", extra={"Group": "Låsteknik"})
    with Easit(made, clock=lambda: NOW) as adapter:
        ticket = adapter.open_ticket(ordered())
    assert ticket.url == f"https://go.example.org/item/{ticket.id}"
    assert easit.tickets[0].properties["Group"] == "Låsteknik"


# -- reports --------------------------------------------------------------------------------------


def test_reports_come_in_order_and_once(easit: EasitStandIn, adapter: Easit) -> None:
    """What people wrote comes oldest first, with who and when, and only what is new next time."""
    ticket = adapter.open_ticket(ordered())
    easit.report(ticket.id, "bo", "På väg")
    easit.report(ticket.id, "eva", "Låset är monterat, PH1-001")
    first = read(adapter)
    assert [(r.ticket, r.author, r.text) for r in first.reports] == [
        (ticket.id, "bo", "På väg"),
        (ticket.id, "eva", "Låset är monterat, PH1-001"),
    ]
    assert first.reports[0].written_at < first.reports[1].written_at
    assert read(adapter, first.cursor) == TicketReports(reports=(), cursor=first.cursor)
    easit.report(ticket.id, "bo", "Klart")
    assert [r.text for r in read(adapter, first.cursor).reports] == ["Klart"]


def test_our_own_notes_are_told_apart(easit: EasitStandIn, adapter: Easit, settings: Any) -> None:
    """A note that bears a key is ours; where a row is the ticket, what our own account wrote."""
    ticket = adapter.open_ticket(ordered())
    adapter.add_note(noted(ticket))
    easit.report(ticket.id, "bo", "Klart")
    assert [(r.text == BODY, r.ours) for r in read(adapter).reports] == [
        (True, True),
        (False, False),
    ]
    one_view = settings(notes_view="", note_ticket="", account="Integration")
    with Easit(one_view, clock=lambda: NOW) as other:
        assert [r.ours for r in read(other).reports] == [False]
        other.add_note(noted(ticket, "17/4/note"))
        assert [r.ours for r in read(other).reports] == [True]


def test_two_reports_of_the_same_moment(easit: EasitStandIn, adapter: Easit) -> None:
    """A report that bears the same time as the last one read is not lost."""
    ticket = adapter.open_ticket(ordered())
    easit.report(ticket.id, "bo", "Ett")
    first = read(adapter)
    easit.report(ticket.id, "bo", "Två")
    easit.notes[1].properties["Updated"] = easit.notes[0].properties["Updated"]
    assert [r.text for r in read(adapter, first.cursor).reports] == ["Två"]


def test_no_reports(adapter: Easit) -> None:
    """An empty view gives no reports and an empty cursor."""
    assert read(adapter) == TicketReports(reports=(), cursor="")


def test_a_report_on_the_ticket_itself_counts_once(easit: EasitStandIn, settings: Any) -> None:
    """A ticket's row that changes for another reason is no new report."""
    with Easit(settings(notes_view="", note_ticket=""), clock=lambda: NOW) as adapter:
        ticket = adapter.open_ticket(ordered())
        easit.report(ticket.id, "bo", "Låset är monterat")
        (one,) = read(adapter).reports
        easit._touch(easit.tickets[0])
        (again,) = read(adapter).reports
        assert one.id == again.id
        assert again.ticket == ticket.id


def test_reading_back_by_url(easit: EasitStandIn, settings: Any) -> None:
    """By URL parameters, in whatever order a view is, only what is new comes."""
    with Easit(settings(read_by="url"), clock=lambda: NOW) as adapter:
        ticket = adapter.open_ticket(ordered())
        easit.report(ticket.id, "bo", "Ett")
        first = read(adapter)
        easit.report(ticket.id, "bo", "Två")
        assert [r.text for r in read(adapter, first.cursor).reports] == ["Två"]


# -- how it goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "message", "tickets"),
    [
        (
            "exception",
            Rejected,
            "CreateLockOrder_v1 answers Exception, not OK (com.easit.importer.ImportException); "
            "what it says is in Easit's own log",
            0,
        ),
        (
            "mixed",
            Rejected,
            "CreateLockOrder_v1 answers Exception, not OK (com.easit.importer.ImportException); "
            "what it says is in Easit's own log",
            0,
        ),
        (
            "other_uid",
            OutcomeUnknown,
            "CreateLockOrder_v1: the answer does not speak of what was sent",
            1,
        ),
        ("lost_request", OutcomeUnknown, "the connection was lost: ReadError", 0),
        ("lost_reply", OutcomeUnknown, "the connection was lost: ReadError", 1),
        ("error_500", OutcomeUnknown, "HTTP 500", 0),
        ("error_500_after", OutcomeUnknown, "HTTP 500", 1),
        ("html", OutcomeUnknown, "the answer is a web page", 1),
        ("truncated", OutcomeUnknown, "the answer is no whole JSON", 1),
        ("empty", OutcomeUnknown, "the answer is no whole JSON", 1),
        (
            "unauthorized",
            TryAgain,
            "we are not let in (HTTP 401): look at the API key and its rights",
            0,
        ),
        (
            "forbidden",
            TryAgain,
            "we are not let in (HTTP 403): look at the API key and its rights",
            0,
        ),
        ("not_found", TryAgain, "there is nothing at the address (HTTP 404): look at the url", 0),
        ("busy", TryAgain, "we are not let through now (HTTP 429)", 0),
    ],
)
def test_each_failure_of_a_post(
    easit: EasitStandIn,
    adapter: Easit,
    fault: Any,
    kind: type[PluginError],
    message: str,
    tickets: int,
) -> None:
    """Each failure says what it is and nothing personal; afterwards there is one ticket."""
    easit.fail(fault)
    with pytest.raises(PluginError) as error:
        adapter.open_ticket(ordered())
    assert type(error.value) is kind
    assert str(error.value) == message
    assert len(easit.tickets) == tickets
    made = found(adapter) or adapter.open_ticket(ordered())
    assert [ticket.id for ticket in easit.of_reference("17/1/ticket")] == [made.id]


@pytest.mark.parametrize(
    "fault", ["lost_request", "lost_reply", "error_500", "html", "truncated", "empty", "busy"]
)
def test_each_failure_of_a_read(easit: EasitStandIn, adapter: Easit, fault: Any) -> None:
    """Reading changes nothing, so whatever goes wrong there may be tried again."""
    easit.fail(fault, method="GET")
    with pytest.raises(TryAgain):
        found(adapter)
    assert found(adapter) is None


def test_an_answer_that_does_not_come(easit: EasitStandIn, settings: Any) -> None:
    """A reply held back past the deadline is an unknown outcome, and is found afterwards."""
    easit.fail("late_reply")
    with Easit(settings(), clock=lambda: NOW) as adapter:
        with pytest.raises(OutcomeUnknown, match=r"^no answer in time: ReadTimeout$"):
            adapter.open_ticket(ordered(deadline=AT_ONCE))
        easit.let_go()
        assert found(adapter) == Ticket(id=easit.tickets[0].id)


def test_a_slow_view(easit: EasitStandIn, adapter: Easit) -> None:
    """A view that does not answer in time may be asked again."""
    easit.fail("late_reply", method="GET")
    with pytest.raises(TryAgain, match="the view LockOrders could not be read: no answer in time"):
        adapter.find_ticket(TicketSearch(key="x", deadline=AT_ONCE))
    easit.let_go()


def test_no_time_left(easit: EasitStandIn, adapter: Easit) -> None:
    """What comes after its deadline is not sent."""
    with pytest.raises(TryAgain, match=r"^the time to send it was over before it was begun$"):
        adapter.open_ticket(ordered(deadline=NOW))
    assert easit.requests == []


def test_nobody_listens(settings: Any) -> None:
    """A refused connection and an unknown host are failures before anything was sent."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for address in (url, "http://no-such-host.invalid"):
            with (
                Easit(settings(url=address), clock=lambda: NOW) as adapter,
                pytest.raises(TryAgain, match=r"^it cannot be reached: ConnectError$"),
            ):
                adapter.open_ticket(ordered())


def test_without_return_values(easit: EasitStandIn, adapter: Easit) -> None:
    """If the import handler returns no id, the ticket is read back by our reference."""
    easit.fail("no_return_values")
    made = adapter.open_ticket(ordered())
    assert made == Ticket(id=easit.tickets[0].id)


def test_without_return_values_and_out_of_sight(easit: EasitStandIn, adapter: Easit) -> None:
    """If it cannot be read back either, it is not sent again: a person must see to the view."""
    easit.handlers["CreateLockOrder_v1"] = lambda *_: {}
    with pytest.raises(
        Rejected, match="without returning its id, and the view LockOrders does not"
    ):
        adapter.open_ticket(ordered())


def test_without_return_values_and_then_cut_off(easit: EasitStandIn, adapter: Easit) -> None:
    """If reading it back fails, it is an unknown outcome: looked up before it is sent again."""
    easit.fail("no_return_values")
    create = easit.handlers["CreateLockOrder_v1"]

    def and_then_down(stand_in: EasitStandIn, properties: dict[str, str]) -> Any:
        stand_in.fail("error_500", method="GET")
        return create(stand_in, properties)

    easit.handlers["CreateLockOrder_v1"] = and_then_down
    with pytest.raises(OutcomeUnknown, match=r"^it was taken in, and then could not be read back"):
        adapter.open_ticket(ordered())
    assert found(adapter) is not None


@pytest.mark.parametrize("step", ["create", "another step"])
def test_the_step_that_returns_the_id(easit: EasitStandIn, settings: Any, step: str) -> None:
    """Of several return values, that of the step named is taken; else it is read back."""
    with Easit(settings(return_value=step), clock=lambda: NOW) as adapter:
        assert adapter.open_ticket(ordered()).id == easit.tickets[0].id


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"view": "Nothing"}, "the view Nothing could not be read: HTTP 500"),
        ({"create_handler": "Nothing"}, "HTTP 500"),
    ],
)
def test_names_that_easit_does_not_know(
    settings: Any, changes: dict[str, str], message: str
) -> None:
    """A view or an import handler that is not there is a failure that says which."""
    with Easit(settings(**changes), clock=lambda: NOW) as adapter:
        with pytest.raises(PluginError) as error:
            adapter.open_ticket(ordered())
        assert str(error.value) == message


def test_a_view_without_our_column(easit: EasitStandIn, settings: Any) -> None:
    """A view that lacks the column of our reference finds nothing: that is said, not believed."""
    easit.views["LockOrders"] = EasitView(items="tickets", columns={"Id": "INTEGER"})
    with (
        Easit(settings(read_by="url"), clock=lambda: NOW) as adapter,
        pytest.raises(Rejected, match=r"^the view LockOrders has no column Reference$"),
    ):
        adapter.open_ticket(ordered())
    assert easit.tickets == []


def test_a_view_that_does_not_say_when(easit: EasitStandIn, settings: Any) -> None:
    """Reports need a time of the database in their column."""
    columns = {"Note": "TEXT", "Updated": "STRING"}
    easit.views["LockNotes"] = EasitView(items="notes", columns=columns)
    with Easit(settings(), clock=lambda: NOW) as adapter:
        ticket = Ticket(id=easit._new(easit.tickets, 2, {}).id)
        easit.report(ticket.id, "bo", "x")
        with pytest.raises(Rejected, match="does not say in Updated when a row was changed"):
            read(adapter)


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"items": None, "columns": "x"},
        {"items": {"item": ["x", {"id": 5, "property": None}, {"property": ["y"]}]}},
        {"items": {"item": []}, "totalNumberOfPages": 10**9},
    ],
)
def test_answers_of_another_shape(
    easit: EasitStandIn, adapter: Easit, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object that is not what a view answers holds nothing, and reading it ends."""
    monkeypatch.setattr(easit, "_read", lambda _: reply)
    assert found(adapter) is None


@pytest.mark.parametrize("reply", [[], None, "x", 5])
def test_answers_that_are_no_object(
    easit: EasitStandIn, adapter: Easit, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON that is no object may be a fault on the way, and is asked for again."""
    monkeypatch.setattr(easit, "_read", lambda _: reply)
    with pytest.raises(TryAgain, match="the answer is no object of JSON"):
        found(adapter)


# -- who we are -----------------------------------------------------------------------------------


def test_basic(easit: EasitStandIn, adapter: Easit) -> None:
    """The API key is the user name; with another one, the server does not let us in."""
    adapter.open_ticket(ordered())
    easit.api_key = "another"
    with pytest.raises(TryAgain, match="401"):
        found(adapter)


def test_tokens(easit: EasitStandIn, settings: Any) -> None:
    """With OAuth 2, one token serves until it runs out, and one that is refused is replaced."""
    now = [NOW]
    made = settings(
        api_key=None,
        token_url=easit.token_url,
        client_id="stand-in-client",
        client_secret=Secret("stand-in-secret"),
    )
    with Easit(made, clock=lambda: now[0]) as adapter:
        far = NOW + dt.timedelta(days=2)
        adapter.open_ticket(ordered(deadline=far))
        adapter.find_ticket(TicketSearch(key="x", deadline=far))
        assert easit.tokens == {"token-1"}
        now[0] += dt.timedelta(hours=1)
        adapter.find_ticket(TicketSearch(key="x", deadline=far))
        assert easit.tokens == {"token-1", "token-2"}
        easit.tokens = {"token-x", "token-y"}
        with pytest.raises(TryAgain, match="401"):
            adapter.find_ticket(TicketSearch(key="x", deadline=far))
        adapter.find_ticket(TicketSearch(key="x", deadline=far))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"client_id": "another"}, r"^no token is given to us: HTTP 400$"),
        (
            {"token_url": "URL/integration-api/ping"},
            r"^no token is given to us: the answer holds none$",
        ),
        ({"token_url": "http://no-such-host.invalid/token"}, r"^it cannot be reached"),
    ],
)
def test_no_token(
    easit: EasitStandIn, settings: Any, changes: dict[str, str], message: str
) -> None:
    """Without a token nothing is sent, and it may be tried again."""
    usual = {
        "api_key": None,
        "token_url": easit.token_url,
        "client_id": "stand-in-client",
        "client_secret": Secret("stand-in-secret"),
    }
    given = {name: value.replace("URL", easit.url) for name, value in changes.items()}
    with (
        Easit(settings(**{**usual, **given}), clock=lambda: NOW) as adapter,
        pytest.raises(TryAgain, match=message),
    ):
        adapter.open_ticket(ordered())
    assert easit.tickets == []


@pytest.mark.parametrize(
    "fault", ["exception", "lost_reply", "error_500", "html", "unauthorized", "truncated"]
)
def test_secrets_and_personal_data_are_shown_nowhere(
    easit: EasitStandIn, adapter: Easit, fault: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys, texts and names are in no log at any level, in no error and in no repr."""
    caplog.set_level(logging.DEBUG)
    easit.fail(fault)
    with pytest.raises(PluginError) as error:
        adapter.open_ticket(ordered())
    adapter.open_ticket(ordered())
    shown = [caplog.text, str(error.value), repr(error.value), repr(adapter), repr(ordered())]
    for secret in (SECRET, "hemlig", "4711#", "174 06 05", "Exempelgatan"):
        assert not any(secret in text for text in shown), secret
        assert not any(json.dumps(secret)[1:-1] in text for text in shown), secret


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://go.example.org",
        "https://go.example.org/",
        " https://go.example.org/webservice ",
        "https://go.example.org/webservice/",
        "https://go.example.org/integration-api",
        "https://go.example.org/integration-api/items",
        "https://go.example.org/integration-api/items/",
    ],
)
def test_addresses(url: str) -> None:
    """Whichever address of Easit people have at hand leads to the same one."""
    assert api_url(url) == "https://go.example.org/integration-api/items"


TABLE = {
    "url": "https://go.example.org",
    "create_handler": "CreateLockOrder_v1",
    "note_handler": "NoteLockOrder_v1",
    "close_handler": "CloseLockOrder_v1",
    "view": "LockOrders",
}
KEY = {"LOCKROUTINE_EASIT_API_KEY": SECRET}


@pytest.mark.parametrize(
    ("changes", "environ", "message"),
    [
        ({}, {}, "plugin.easit.api_key: give either an api_key or a token_url"),
        (
            {"url": "http://go.example.org"},
            KEY,
            "plugin.easit.url: must begin with https://, as keys and personal data go there",
        ),
        (
            {"url": "go.example.org"},
            KEY,
            "plugin.easit.url: is no address; write it like https://go.example.org",
        ),
        (
            {"url": "https://me:pw@go.example.org"},
            KEY,
            "plugin.easit.url: must not hold a user or a password",
        ),
        (
            {"url": "https://go.example.org:x"},
            KEY,
            "plugin.easit.url: is no address; write it like https://go.example.org",
        ),
        (
            {"url": "https://go.example.org/?key=x"},
            KEY,
            "plugin.easit.url: must end before any ? or #",
        ),
        ({"url": "ftp://go.example.org"}, KEY, "plugin.easit.url: must begin with https://"),
        ({"view": " "}, KEY, "plugin.easit.view: must not be blank"),
        (
            {"token_url": "https://login.example.org"},
            {},
            "plugin.easit.token_url: needs a client_id and a client_secret",
        ),
        ({"page_size": 0}, KEY, "plugin.easit.page_size: must be from 1 to 1000"),
        ({"veiw": "x"}, KEY, "plugin.easit.veiw: unknown key; did you mean 'view'?"),
        (
            {"read_by": "urls"},
            KEY,
            "plugin.easit.read_by: must be one of body, url; did you mean url?",
        ),
    ],
)
def test_settings_that_are_wrong(
    changes: dict[str, Any], environ: dict[str, str], message: str
) -> None:
    """Wrong settings are found when they are read, each with what to write instead."""
    with pytest.raises(PluginsError) as error:
        read_settings(Settings, "easit", {**TABLE, **changes}, environ)
    assert str(error.value) == message


def test_certificates_that_are_none(settings: Any, tmp_path: Any) -> None:
    """A file that holds no certificates is found at start-up."""
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate")
    with pytest.raises(PluginsError, match="cannot be read as a file of certificates"):
        Easit(settings(certificates=str(wrong)))


def test_without_the_extra(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without httpx, the plugin says at start-up what to install."""
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(PluginsError) as error:
        Easit(settings())
    assert str(error.value) == 'easit: needs more: pip install "lockroutine[easit]"'


def test_the_manager_takes_it(adapter: Easit) -> None:
    """It implements the whole family of tickets, for this version of the hooks."""
    assert Plugins([adapter]).hooks_of("easit") == (
        "open_ticket",
        "add_note",
        "close_ticket",
        "find_ticket",
        "find_note",
        "read_tickets",
    )


class TestEasitKeepsTheContract(TicketContract):
    patience = 0.5
    settle = 0.05

    @pytest.fixture
    def wire(self, easit: EasitStandIn) -> Iterator[LossyProxy]:
        with LossyProxy(int(easit.url.rpartition(":")[2]), patience=3.0) as wire:
            yield wire

    @pytest.fixture
    def plugin(self, wire: LossyProxy, settings: Callable[..., Settings]) -> Iterator[Easit]:
        with Easit(settings(url=wire.url)) as plugin:
            yield plugin

    @pytest.fixture
    def kept(self, easit: EasitStandIn) -> Kept:
        def kept(key: str) -> list[str]:
            tickets = [ticket.properties["Description"] for ticket in easit.of_reference(key)]
            notes = [n.properties for n in easit.notes if n.properties.get("NoteReference") == key]
            return tickets + [note["Note"] for note in notes]

        return kept

    @pytest.fixture
    def write(self, easit: EasitStandIn) -> Callable[[str, str], object]:
        return lambda ticket, text: easit.report(ticket, "bo", text)
