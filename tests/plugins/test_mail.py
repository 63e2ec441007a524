"""Notices by mail, through a real SMTP server: what arrives, and what is said when it does not."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import hashlib
import logging
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import icalendar
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from lockroutine.errors import OutcomeUnknown, PluginError, PluginsError, Rejected, TryAgain
from lockroutine.hookspecs import ChannelSearch, Notice, Visit
from lockroutine.plugins import Plugins, Secret, read_settings
from lockroutine.plugins.mail import Mail, Settings
from lockroutine.testing.plugins import Kept, NoticeContract
from lockroutine.testing.wire import LossyProxy

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
SOON = NOW + dt.timedelta(seconds=20)
TO = "montor-3@example.org"
SECRET = "hemligt-lösen"
BODY = "Hej!\n\nTid är överenskommen hos Kund 17, Exempelgatan 1. Kod 4711#. ÅÄÖ € – tack.\n"


class Received:
    """What a mail server does with what comes; it can be told to refuse, or to hang up."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.greeted: list[bool] = []
        self.answer: dict[str, str] = {}
        self.cut = False

    async def handle_MAIL(  # noqa: N802  # a name of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answer.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802  # a name of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answer.get("RCPT", "250 OK")

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if "DATA" not in self.answer:
            self.envelopes.append(envelope)
            self.greeted.append(session.ssl is not None)
        if self.cut:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            await asyncio.sleep(0)
        return self.answer.get("DATA", "250 OK")

    def only(self) -> EmailMessage:
        (envelope,) = self.envelopes
        return parsed(envelope)


def parsed(envelope: Envelope) -> EmailMessage:
    content = envelope.content
    assert isinstance(content, bytes)
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


class Authority:
    """A certificate for 127.0.0.1, and the file of the authority that gave it."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(self.context)
        self.file = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.file)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def serve(received: Received) -> Iterator[Callable[..., int]]:
    """Starts SMTP servers, each with what it is to offer, and tells their port."""
    running: list[Controller] = []

    def start(**options: Any) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        controller = Controller(received, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def mail(serve: Callable[..., int]) -> Mail:
    return made(serve())


def made(port: int, **values: Any) -> Mail:
    usual: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "las@example.org",
        "sender_name": "Låsteknik Söderköping",
        "hello": "client.example.org",
    }
    return Mail(Settings(**{**usual, **values}), clock=lambda: NOW)


def notice(**values: Any) -> Notice:
    usual: dict[str, Any] = {
        "key": "17/2/tell/installer",
        "channel": "mail",
        "recipient": TO,
        "subject": "Tid överenskommen för ärende 17 – åäö",
        "body": BODY,
        "deadline": SOON,
    }
    return Notice(**{**usual, **values})


def visit(**values: Any) -> Visit:
    usual: dict[str, Any] = {
        "uid": "case-17",
        "starts_at": dt.datetime.fromisoformat("2026-03-30T10:00:00+02:00"),
        "ends_at": dt.datetime.fromisoformat("2026-03-30T11:00:00+02:00"),
        "sequence": 2,
    }
    return Visit(**{**usual, **values})


def invitation(message: EmailMessage) -> tuple[icalendar.Calendar, icalendar.Event]:
    (part,) = [p for p in message.walk() if p.get_content_type() == "text/calendar"]
    calendar = icalendar.Calendar.from_ical(part.get_content())
    assert isinstance(calendar, icalendar.Calendar)
    assert part.get_param("method") == calendar["method"]
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    return calendar, event


# -- what arrives ---------------------------------------------------------------------------------


def test_a_mail_arrives_letter_by_letter(mail: Mail, received: Received) -> None:
    """Names, subject and text come out of the received mail as they went in, åäö with them."""
    receipt = mail.send_notice(notice())
    message = received.only()
    assert message["Subject"] == "Tid överenskommen för ärende 17 – åäö"
    assert message["From"].addresses[0].display_name == "Låsteknik Söderköping"
    assert message["To"].addresses[0].addr_spec == TO
    assert message.get_content().replace("\r\n", "\n") == BODY
    assert message.get_content_charset() == "utf-8"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == receipt.id
    (envelope,) = received.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("las@example.org", [TO])


def test_what_goes_over_the_wire_is_plain(mail: Mail, received: Received) -> None:
    """Every server can carry it: seven bits, and no line over the limit of SMTP."""
    mail.send_notice(notice(body="åäö " * 5000))
    (envelope,) = received.envelopes
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii()
    assert max(map(len, envelope.content.split(b"\r\n"))) <= 998
    assert received.only().get_content().strip() == ("åäö " * 5000).strip()


def test_lines_that_begin_with_a_dot(mail: Mail, received: Received) -> None:
    """A line that is a dot does not end the mail."""
    mail.send_notice(notice(body="Ett\n.\n..\nTvå\n"))
    assert received.only().get_content().splitlines() == ["Ett", ".", "..", "Två"]


def test_the_same_key_is_the_same_message_id(mail: Mail, received: Received) -> None:
    """A mail that comes twice bears the same Message-ID, and another one another."""
    for key in ("a", "a", "b"):
        mail.send_notice(notice(key=key))
    first, again, other = (parsed(envelope)["Message-ID"] for envelope in received.envelopes)
    assert first == again != other
    assert first.endswith("@example.org>")


def test_domains_with_swedish_letters(mail: Mail, received: Received) -> None:
    """A domain with å is written as the net writes it."""
    mail.send_notice(notice(recipient="kontakt@exempel-å.example"))
    assert received.envelopes[0].rcpt_tos == ["kontakt@xn--exempel--h0a.example"]


def test_addresses_with_swedish_letters(serve: Callable[..., int], received: Received) -> None:
    """An address with å before the @ is sent where the server takes it, and refused elsewhere."""
    with pytest.raises(Rejected, match="takes no address with letters like å"):
        made(serve(enable_SMTPUTF8=False)).send_notice(notice(recipient="montör@example.org"))
    made(serve(enable_SMTPUTF8=True)).send_notice(notice(recipient="montör@example.org"))
    assert received.envelopes[0].rcpt_tos == ["montör@example.org"]
    assert received.only()["Subject"] == "Tid överenskommen för ärende 17 – åäö"


# -- invitations ----------------------------------------------------------------------------------


def test_an_agreed_time_comes_as_an_invitation(mail: Mail, received: Received) -> None:
    """The time stands in the reader's calendar, with who invites, and nothing personal."""
    mail.send_notice(notice(visit=visit()))
    message = received.only()
    assert message.get_content_type() == "multipart/alternative"
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == BODY
    calendar, event = invitation(message)
    assert (calendar["method"], event["uid"], event["sequence"]) == (
        "REQUEST",
        "case-17@example.org",
        2,
    )
    assert event.decoded("dtstart") == dt.datetime(2026, 3, 30, 8, 0, tzinfo=dt.UTC)
    assert event.decoded("dtend") == dt.datetime(2026, 3, 30, 9, 0, tzinfo=dt.UTC)
    assert event.decoded("dtstamp") == NOW
    assert (event["organizer"], event["attendee"]) == ("mailto:las@example.org", f"mailto:{TO}")
    assert event["organizer"].params["CN"] == "Låsteknik Söderköping"
    assert event["summary"] == "Tid överenskommen för ärende 17 – åäö"
    assert event["status"] == "CONFIRMED"
    text = calendar.to_ical().decode()
    assert "Exempelgatan" not in text
    assert "4711" not in text


def test_the_hour_is_right_across_daylight_saving(mail: Mail, received: Received) -> None:
    """Ten o'clock in Stockholm is nine in UTC before the last Sunday of March, eight after it."""
    before = dt.datetime.fromisoformat("2026-03-28T10:00:00+01:00")
    after = dt.datetime.fromisoformat("2026-03-30T10:00:00+02:00")
    for at in (before, after):
        mail.send_notice(notice(visit=visit(starts_at=at, ends_at=at + dt.timedelta(hours=1))))
    starts = [invitation(parsed(e))[1].decoded("dtstart") for e in received.envelopes]
    assert [start.hour for start in starts] == [9, 8]


def test_a_new_time_and_a_cancellation_have_the_same_uid(mail: Mail, received: Received) -> None:
    """A later notice moves or removes what stands in the calendar, as its UID is the same."""
    mail.send_notice(notice(visit=visit(sequence=2)))
    mail.send_notice(notice(visit=visit(sequence=3)))
    mail.send_notice(notice(visit=visit(sequence=5, cancelled=True)))
    read = [invitation(parsed(envelope)) for envelope in received.envelopes]
    assert len({event["uid"] for _, event in read}) == 1
    assert [(c["method"], e["sequence"], e["status"]) for c, e in read] == [
        ("REQUEST", 2, "CONFIRMED"),
        ("REQUEST", 3, "CONFIRMED"),
        ("CANCEL", 5, "CANCELLED"),
    ]


def test_without_invitations(serve: Callable[..., int], received: Received) -> None:
    """Who wants none gets the text alone."""
    made(serve(), invitations=False).send_notice(notice(visit=visit()))
    assert received.only().get_content_type() == "text/plain"


# -- who we are, and over what --------------------------------------------------------------------


def authenticator(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    known = isinstance(data, LoginPassword) and data.password == SECRET.encode()
    return AuthResult(success=known, handled=known)


def test_starttls_and_login(
    serve: Callable[..., int], received: Received, authority: Authority
) -> None:
    """Mail goes encrypted, and after a login where one is asked for."""
    port = serve(
        tls_context=authority.context,
        require_starttls=True,
        authenticator=authenticator,
        auth_required=True,
    )
    login = {"user": "las", "certificates": str(authority.file), "security": "starttls"}
    made(port, password=Secret(SECRET), **login).send_notice(notice())
    assert received.greeted == [True]
    for wrong in ("wrong", "också-fel"):
        with pytest.raises(TryAgain, match=r"^the login: SMTP 535 5\.7\.8$"):
            made(port, password=Secret(wrong), **login).send_notice(notice())


def test_tls_from_the_start(
    serve: Callable[..., int], received: Received, authority: Authority
) -> None:
    """Where the server expects TLS at once, it gets it."""
    port = serve(ssl_context=authority.context)
    made(port, security="tls", certificates=str(authority.file)).send_notice(notice())
    assert received.only()["To"] == TO


def test_a_certificate_of_somebody_else(
    serve: Callable[..., int], received: Received, authority: Authority
) -> None:
    """A server with a certificate that nobody vouches for gets no mail."""
    port = serve(tls_context=authority.context)
    with pytest.raises(TryAgain, match=r"^the greeting: SSLCertVerificationError$"):
        made(port, security="starttls").send_notice(notice())
    assert received.envelopes == []


def test_a_server_without_starttls(serve: Callable[..., int], received: Received) -> None:
    """Encryption that the settings ask for is not silently left out."""
    with pytest.raises(TryAgain, match=r"^the greeting: the server does not offer"):
        made(serve(), security="starttls").send_notice(notice())
    assert received.envelopes == []


# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "answer", "kind", "message"),
    [
        (
            "RCPT",
            f"450 4.2.0 <{TO}> greylisted",
            TryAgain,
            "the recipient is not accepted: SMTP 450 4.2.0",
        ),
        ("RCPT", "451 come back later", TryAgain, "the recipient is not accepted: SMTP 451"),
        (
            "RCPT",
            f"550 5.1.1 <{TO}> unknown",
            Rejected,
            "the recipient is not accepted: SMTP 550 5.1.1",
        ),
        ("MAIL", "553 5.1.8 who are you", Rejected, "the sender is not accepted: SMTP 553 5.1.8"),
        ("MAIL", "452 4.3.1 full", TryAgain, "the sender is not accepted: SMTP 452 4.3.1"),
        ("DATA", "554 5.7.1 this is spam", Rejected, "the mail is not accepted: SMTP 554 5.7.1"),
        ("DATA", "451 4.3.0 later", TryAgain, "the mail is not accepted: SMTP 451 4.3.0"),
        ("DATA", "421 closing", TryAgain, "the mail is not accepted: SMTP 421"),
    ],
)
def test_each_refusal(
    mail: Mail, received: Received, step: str, answer: str, kind: type[PluginError], message: str
) -> None:
    """What is for now may be tried again, what is for good may not; no address is repeated."""
    received.answer[step] = answer
    with pytest.raises(PluginError) as error:
        mail.send_notice(notice())
    assert (type(error.value), str(error.value)) == (kind, message)
    assert received.envelopes == []
    received.answer.clear()
    mail.send_notice(notice())
    assert len(received.envelopes) == 1


def test_a_connection_that_is_lost_after_the_mail(mail: Mail, received: Received) -> None:
    """If the server is gone before it has said that it has the mail, nobody knows."""
    received.cut = True
    with pytest.raises(OutcomeUnknown, match=r"^the connection was lost while the mail was sent"):
        mail.send_notice(notice())
    assert len(received.envelopes) == 1


def test_an_answer_of_something_else(mail: Mail, received: Received) -> None:
    """If what answers to the mail does not speak SMTP, nobody knows whether it arrived."""
    received.answer["DATA"] = "HTTP/1.1 502 Bad Gateway"
    with pytest.raises(OutcomeUnknown, match=r"^the mail: the answer is none of SMTP$"):
        mail.send_notice(notice())


def test_nobody_listens() -> None:
    """A refused connection and an unknown host are failures before anything was sent."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(TryAgain, match=r"^the connection: ConnectionRefusedError$"):
            made(port).send_notice(notice())
        with pytest.raises(TryAgain, match=r"^the connection: gaierror$"):
            made(port, host="no-such-host.invalid").send_notice(notice())


def test_a_server_that_says_nothing() -> None:
    """A server that takes the connection and is silent is given up at the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        soon = NOW + dt.timedelta(seconds=0.2)
        with pytest.raises(TryAgain, match=r"^the connection: "):
            made(silent.getsockname()[1]).send_notice(notice(deadline=soon))
        with pytest.raises(TryAgain, match="the time to send it was over"):
            made(silent.getsockname()[1]).send_notice(notice(deadline=NOW))


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": "montor-3"},
        {"recipient": "a@example.org,b@example.org"},
        {"recipient": "a@example.org\nBcc: b@example.org"},
        {"recipient": "A <a@example.org>"},
        {"recipient": "@example.org"},
        {"recipient": "a@"},
        {"recipient": "a@exa mple.org"},
        {"subject": "Hej\nBcc: b@example.org"},
        {"subject": "Hej\rBcc: b@example.org"},
    ],
)
def test_one_recipient_and_no_lines_smuggled_in(
    mail: Mail, received: Received, wrong: dict[str, str]
) -> None:
    """What is no single address, or no single line of a subject, is refused and not repeated."""
    with pytest.raises(Rejected) as error:
        mail.send_notice(notice(**wrong))
    assert str(error.value) == "it cannot be made a mail: look at the address and subject"
    assert received.envelopes == []


def test_secrets_and_personal_data_are_shown_nowhere(
    serve: Callable[..., int], received: Received, caplog: pytest.LogCaptureFixture
) -> None:
    """The password, the address and the text are in no log, no error and no repr."""
    caplog.set_level(logging.DEBUG, logger="lockroutine")
    received.answer["RCPT"] = f"550 <{TO}> unknown"
    mail = made(serve(), security="starttls", user="las", password=Secret(SECRET))
    plain = made(serve())
    with pytest.raises(PluginError) as error:
        plain.send_notice(notice())
    shown = [caplog.text, str(error.value), repr(mail), repr(notice()), repr(mail.settings)]
    for secret in (SECRET, TO, "4711#", "Exempelgatan"):
        assert not any(secret in text for text in shown), secret


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sender": "nobody"}, "sender: is no address; write it like locks@example.org"),
        ({"host": " "}, "host: must not be blank"),
        ({"port": 0}, "port: must be from 1 to 65535"),
        ({"port": "587"}, "port: must be a whole number, not text"),
        ({"user": "las"}, "user: goes with a password"),
        (
            {"user": "las", "password": "x", "security": "none"},
            "security: must be starttls or tls where there is a password",
        ),
        ({"securty": "tls"}, "securty: unknown key; did you mean 'security'?"),
    ],
)
def test_settings_that_are_wrong(changes: dict[str, Any], message: str) -> None:
    """Wrong settings are found when they are read, each with what to write instead."""
    table = {"host": "smtp.example.org", "sender": "las@example.org", **changes}
    with pytest.raises(PluginsError) as error:
        read_settings(Settings, "mail", table, {})
    assert str(error.value) == f"plugin.mail.{message}"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without icalendar, the plugin says at start-up what to install or to leave out."""
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(PluginsError) as error:
        made(25)
    assert str(error.value) == (
        'mail: needs more: pip install "lockroutine[mail]", or invitations = false'
    )
    made(25, invitations=False)


def test_certificates_that_are_none(tmp_path: Path) -> None:
    """A file that holds no certificates is found at start-up."""
    with pytest.raises(PluginsError, match="cannot be read as a file of certificates"):
        made(25, certificates=str(tmp_path / "none.pem"))


def test_the_manager_takes_it() -> None:
    """It offers the channel mail, and implements what a notice needs."""
    mail = made(25)
    assert Plugins([mail]).channels() == {"mail": "mail"}
    assert mail.channels(ChannelSearch()) == ("mail",)


class TestMailKeepsTheContract(NoticeContract):
    patience = 0.5
    settle = 0.05

    @pytest.fixture(autouse=True)
    def silent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The server of the tests logs what it receives, in the same process."""
        monkeypatch.setattr(logging.getLogger("mail.log"), "disabled", True)

    @pytest.fixture
    def wire(self, serve: Callable[..., int]) -> Iterator[LossyProxy]:
        with LossyProxy(serve(), patience=3.0) as wire:
            yield wire

    @pytest.fixture
    def plugin(self, wire: LossyProxy) -> Mail:
        return Mail(made(wire.port).settings)

    @pytest.fixture
    def kept(self, received: Received) -> Kept:
        def kept(key: str) -> list[str]:
            of_key = hashlib.sha256(key.encode()).hexdigest()[:40]
            messages = [parsed(envelope) for envelope in received.envelopes]
            return [m.get_content() for m in messages if of_key in m["Message-ID"]]

        return kept
