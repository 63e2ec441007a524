"""The whole routine of the demo with real parts: Roundup, an SMTP server, a CSV export."""

from __future__ import annotations

import email
import email.policy
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from attrs import define, field
from lockroutine_roundup import RoundupTickets, Settings
from lockroutine_roundup.testing import PASSWORD, PERSON, USER, Tracker, free_port

from lockroutine import Effect, Engine, Text
from lockroutine.cli.demo import told
from lockroutine.cli.demo.outside import CONTACTS, AdminTool, Systems
from lockroutine.plugins import Secret, mail, manual
from lockroutine.testing import StoppedClock


@define
class Received:
    """A mail server's handler that keeps what it is given."""

    mails: list[EmailMessage] = field(factory=list)

    async def handle_DATA(  # noqa: N802  # a name of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        policy = email.policy.SMTP
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy))
        return "250 OK"

    def ids(self) -> list[str]:
        return [str(one["Message-ID"]) for one in self.mails]


def typed(tracker: Tracker, issue: str, text: str) -> None:
    """What a person does in Roundup, through its REST interface: a message in an issue."""
    headers = {
        "X-Requested-With": "rest",
        "Origin": tracker.web.rstrip("/"),
        "Referer": tracker.web,
        "Accept": "application/json",
    }
    auth = (PERSON, PASSWORD)
    with httpx.Client(
        base_url=f"{tracker.web}rest/data/", auth=auth, headers=headers, trust_env=False
    ) as client:
        (me,) = client.get("user", params={"username:": PERSON}).json()["data"]["collection"]
        values = {"content": text, "author": me["id"], "date": "."}
        made = client.post("msg", json=values)
        assert made.status_code == 201, made.text
        tag = client.get(f"issue/{issue}").json()["data"]["@etag"]
        linked = client.patch(
            f"issue/{issue}",
            json={"@op": "add", "messages": [made.json()["data"]["id"]]},
            headers={"If-Match": tag},
        )
        assert linked.status_code == 200, linked.text


def ours(tracker: Tracker) -> tuple[int, int]:
    """How many issues and notes with a key of ours Roundup's own database holds."""
    with closing(sqlite3.connect(tracker.home / "db" / "db", timeout=30)) as database:
        (issues,) = database.execute(
            "select count(*) from _issue where _reference is not null and __retired__ = 0"
        ).fetchone()
        (messages,) = database.execute(
            "select count(*) from issue_messages join _msg on _msg.id = linkid"
            " where _messageid like 'lockroutine:%' and __retired__ = 0"
        ).fetchone()
    return issues, messages - issues  # an issue's first message is its own text


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    """A tracker that nobody else writes into."""
    with Tracker(tmp_path_factory.mktemp("alone")) as tracker:
        yield tracker


@pytest.fixture(scope="module")
def received() -> Received:
    return Received()


@pytest.fixture(scope="module")
def around(
    alone: Tracker, received: Received
) -> Callable[[Path, StoppedClock], AbstractContextManager[Systems]]:
    @contextmanager
    def started(folder: Path, clock: StoppedClock) -> Generator[Systems]:
        with ExitStack() as stack:
            settings = Settings(url=alone.web, user=USER, password=Secret(PASSWORD))
            tickets = RoundupTickets(settings, clock=clock)
            stack.callback(tickets.close)
            server = Controller(received, hostname="127.0.0.1", port=free_port())
            server.start()
            stack.callback(server.stop)
            post = mail.Settings(
                host="127.0.0.1",
                port=server.port,
                security="none",
                sender="locks@example.org",
                hello="localhost",
            )
            tool = AdminTool(folder / "register.csv")
            by_hand = manual.ManualAdminTool(manual.Settings(register=str(tool.path)))
            yield Systems(
                plugins=(tickets, by_hand, mail.Mail(post, clock=clock)),
                contacts=CONTACTS,
                tool=tool,
                account=PERSON,
                write=lambda ticket, text: typed(alone, ticket, text),
                notes=alone.texts,
                tickets=lambda: ours(alone),
                messages=received.ids,
                named=(Text("Roundup", "Roundup"), Text("SMTP", "SMTP")),
            )

    return started


@pytest.fixture(scope="module")
def database(
    around: Callable[[Path, StoppedClock], AbstractContextManager[Systems]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """What the whole story leaves; it was told to its end, and nothing was lost or doubled."""
    path = tmp_path_factory.mktemp("whole") / "whole.db"
    assert told(path, "en", 0.0, around) == 0
    return path


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    with Engine.open(database) as engine:
        yield engine


def of_kind(engine: Engine, *kinds: str) -> list[Effect]:
    return [one for one in engine.effects(limit=1000) if one.kind in kinds]


def test_nothing_is_left(engine: Engine) -> None:
    """In the end each effect is done: none is parked, unknown, or waits."""
    assert Counter(one.state for one in engine.effects(limit=1000)).keys() == {"done"}
    assert engine.verify().whole


def test_each_order_has_one_ticket(engine: Engine, alone: Tracker) -> None:
    """Roundup holds one issue for each order, with the number that is known here."""
    orders = of_kind(engine, "open_ticket")
    assert len(orders) == 4
    for one in orders:
        assert alone.tickets(one.key) == [one.outside]


def test_each_note_stands_once(engine: Engine, alone: Tracker) -> None:
    """Each note and each closing is one message, in the one issue of its case."""
    tickets = {one.case_id: one.outside for one in of_kind(engine, "open_ticket")}
    notes = of_kind(engine, "note_ticket", "close_ticket")
    assert len(notes) == 11
    for one in notes:
        ((issue, _),) = alone.notes(f"lockroutine:{one.key}")
        assert issue == tickets.get(one.case_id, one.values.get("ticket"))
    assert {alone.status(issue) for issue in tickets.values()} == {"resolved"}


def test_each_mail_arrives_once(engine: Engine, received: Received) -> None:
    """Each message is one mail, whose Message-ID is made of the effect's key alone."""
    expected = {
        f"<{hashlib.sha256(one.key.encode()).hexdigest()[:40]}@example.org>"
        for one in of_kind(engine, "send_notice")
    }
    assert sorted(received.ids()) == sorted(expected)


def test_pairings_are_confirmed_by_hand(engine: Engine) -> None:
    """Each pairing was a person's task, and was confirmed by them."""
    tasks = of_kind(engine, "pair_lock", "unpair_lock")
    assert [one.message for one in tasks] == ["confirmed (coordinator-1)"] * 4


def test_a_report_in_the_ticket_moves_the_case(engine: Engine, alone: Tracker) -> None:
    """What the installer typed into the issue became the step, made by the installer."""
    for process, serial in (("mounting", "PH1-001"), ("swap", "PH1-002"), ("removal", "PH1-002")):
        (case,) = engine.cases(process=process)
        (event,) = (one for one in engine.history(case.id) if one.transition == "report")
        assert event.actor == "installer-1"
        (ticket,) = (
            one.outside for one in of_kind(engine, "open_ticket") if one.case_id == case.id
        )
        assert any(f"serial number {serial}." in text for text in alone.texts(ticket))


def test_a_wrong_serial_number_is_answered_in_the_ticket(engine: Engine, alone: Tracker) -> None:
    """The refused report stands on the coordinator's list, and is answered by a note, once."""
    (unread,) = engine.cases(process="unread_report")
    assert unread.state == "to_look_at"
    texts = alone.texts(unread.subject)
    assert "Lock mounted, serial number PH1-003." in texts
    (answer,) = (text for text in texts if text.startswith("The report could not be taken."))
    assert "That is not the serial number of the lock that was fitted." in answer


def test_the_registers_agree_in_the_end(engine: Engine) -> None:
    """The difference that the first export showed has settled itself with the second."""
    (difference,) = engine.cases(process="difference")
    assert (difference.subject, difference.state) == ("PH1-001", "settled")
