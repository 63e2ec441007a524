"""Notices by mail, through an SMTP server; with an invitation where they tell of an agreed time.

The Message-ID is made of the notice's key, so that a mail that comes twice is known to be the same.
Every invitation to the same visit has the same UID: a later one moves it, a cancellation takes it
out of the calendar. Its times are UTC, which every calendar shows in its reader's own time zone.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import importlib
import re
import smtplib
import ssl
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import ClassVar, Literal

from attrs import field, frozen

from lockroutine.errors import (
    InvalidForm,
    OutcomeUnknown,
    PluginsError,
    Problem,
    Rejected,
    TryAgain,
)
from lockroutine.hookspecs import ChannelSearch, Notice, Receipt, Visit, hookimpl
from lockroutine.plugins.deadline import Clock, machine_time, seconds_left
from lockroutine.plugins.settings import Secret, setting

__all__ = ["Mail", "Settings"]

_MAIL = "the mail"


@frozen(kw_only=True)
class Settings:
    """The SMTP server, and who the mail is from.

    >>> Settings(host="smtp.example.org", sender="locks@example.org").port
    587
    """

    host: str = field(metadata=setting("The SMTP server."))
    port: int = field(default=587, metadata=setting("Its port."))
    security: Literal["starttls", "tls", "none"] = field(
        default="starttls",
        metadata=setting("How the connection is encrypted; without, no password is sent."),
    )
    user: str = field(default="", metadata=setting("The user to log in as, if any."))
    password: Secret | None = field(default=None, metadata=setting("That user's password."))
    sender: str = field(metadata=setting("The address that the mail is from."))
    sender_name: str = field(default="", metadata=setting("The name that the mail is from."))
    hello: str = field(
        default="", metadata=setting("The name that we greet the server by; the machine's own.")
    )
    certificates: str = field(
        default="", metadata=setting("A file of CA certificates, if the usual ones do not do.")
    )
    invitations: bool = field(
        default=True, metadata=setting("Whether an agreed time comes with an invitation.")
    )

    def __attrs_post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise InvalidForm(problems)

    def _problems(self) -> Iterator[Problem]:
        if not self.host.strip():
            yield Problem("host", "must not be blank")
        if not 1 <= self.port <= 65_535:
            yield Problem("port", "must be from 1 to 65535")
        try:
            _address(self.sender, self.sender_name)
        except ValueError:
            yield Problem("sender", "is no address; write it like locks@example.org")
        if bool(self.user) != bool(self.password):
            yield Problem("user", "goes with a password")
        if self.user and self.security == "none":
            yield Problem("security", "must be starttls or tls where there is a password")


_Settings = Settings  # by which the class can have one of that name


@frozen(eq=False)
class Mail:
    """Notices by mail.

    Args:
        settings: The SMTP server, and who the mail is from.
        clock: What deadlines are held against and mails are dated by; the clock of the engine.

    Raises:
        PluginsError: The extra ``mail`` is not installed, or the certificates cannot be read.
    """

    Settings: ClassVar[type[_Settings]] = _Settings
    settings: _Settings
    clock: Clock = machine_time
    name: str = "mail"
    hooks: str = "1.0"

    def __attrs_post_init__(self) -> None:
        _tls(self.settings.certificates)
        if not self.settings.invitations:
            return
        try:
            importlib.import_module("icalendar")  # missed at start-up, not at the first visit
        except ImportError:
            message = 'needs more: pip install "lockroutine[mail]", or invitations = false'
            raise PluginsError([Problem(self.name, message)]) from None

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        """The channel ``mail``."""
        return ("mail",)

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        """Send one mail to one address."""
        sender = _address(self.settings.sender, self.settings.sender_name)
        try:
            recipient = _address(details.recipient)
            message = self._message(details, sender, recipient)
        except ValueError:  # its text may hold the address
            raise Rejected("it cannot be made a mail: look at the address and subject") from None
        self._send(message, sender.addr_spec, recipient.addr_spec, details.deadline)
        return Receipt(id=str(message["Message-ID"]))

    # -- what is sent --------------------------------------------------------------------------

    def _message(self, details: Notice, sender: Address, recipient: Address) -> EmailMessage:
        message = EmailMessage(SMTP)
        message["From"] = sender
        message["To"] = recipient
        message["Subject"] = details.subject
        message["Date"] = format_datetime(self.clock())
        message["Message-ID"] = f"<{_digest(details.key)}@{sender.domain}>"
        # Who answers automatically, such as an absence note, lets this be.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(details.body, cte="quoted-printable")
        if details.visit and self.settings.invitations:
            method = "CANCEL" if details.visit.cancelled else "REQUEST"
            message.add_alternative(
                self._invitation(details.visit, details.subject, sender, recipient, method),
                subtype="calendar",
                cte="quoted-printable",
                params={"method": method, "name": "visit.ics"},
            )
        return message

    def _invitation(
        self, visit: Visit, subject: str, sender: Address, recipient: Address, method: str
    ) -> str:
        from icalendar import Calendar, Event, vCalAddress  # noqa: PLC0415  # see above

        event = Event()
        event.add("uid", f"{visit.uid}@{sender.domain}")
        event.add("sequence", visit.sequence)
        event.add("dtstamp", self.clock().astimezone(dt.UTC))
        event.add("dtstart", visit.starts_at.astimezone(dt.UTC))
        event.add("dtend", visit.ends_at.astimezone(dt.UTC))
        # A calendar is seen by others: the subject holds nothing personal, the text may.
        event.add("summary", subject)
        event.add("status", "CANCELLED" if visit.cancelled else "CONFIRMED")
        organizer = vCalAddress(f"mailto:{sender.addr_spec}")
        if sender.display_name:
            organizer.params["CN"] = sender.display_name
        event.add("organizer", organizer)
        attendee = vCalAddress(f"mailto:{recipient.addr_spec}")
        attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION"})
        event.add("attendee", attendee, encode=False)
        calendar = Calendar()
        calendar.add("prodid", "-//lockroutine//lockroutine//SV")
        calendar.add("version", "2.0")
        calendar.add("method", method)
        calendar.add_component(event)
        text: bytes = calendar.to_ical()
        return text.decode()

    # -- how it is sent ------------------------------------------------------------------------

    def _send(self, message: EmailMessage, sender: str, recipient: str, by: dt.datetime) -> None:
        with self._connection(by) as server:
            utf8 = not (sender + recipient).isascii()
            if utf8 and not server.has_extn("smtputf8"):
                raise Rejected("the server takes no address with letters like å, ä, ö before the @")
            options = ("SMTPUTF8", "BODY=8BITMIME") if utf8 else ()
            content = message.as_bytes(policy=SMTP.clone(utf8=utf8))
            self._wait_until(server, by)
            with _nothing_sent("the sender"):
                _accepted("the sender", *server.mail(sender, options))
            self._wait_until(server, by)
            with _nothing_sent("the recipient"):
                _accepted("the recipient", *server.rcpt(recipient))
            self._wait_until(server, by)
            try:
                _accepted(_MAIL, *server.data(content))
            except smtplib.SMTPDataError as error:
                _accepted(_MAIL, error.smtp_code, error.smtp_error)
            except (smtplib.SMTPException, OSError) as error:
                kind = type(error).__name__
                message_lost = f"the connection was lost while the mail was sent: {kind}"
                raise OutcomeUnknown(message_lost) from None

    @contextmanager
    def _connection(self, by: dt.datetime) -> Generator[smtplib.SMTP, None, None]:
        s = self.settings
        left = seconds_left(by, self.clock())
        with _nothing_sent("the connection"):
            if s.security == "tls":
                tls = _tls(s.certificates)
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    s.host, s.port, s.hello or None, timeout=left, context=tls
                )
            else:
                server = smtplib.SMTP(s.host, s.port, s.hello or None, timeout=left)
        with closing(server):
            with _nothing_sent("the greeting"):
                if s.security == "starttls":
                    server.starttls(context=_tls(s.certificates))
                server.ehlo_or_helo_if_needed()
            if s.password:
                self._wait_until(server, by)
                with _nothing_sent("the login"):
                    _log_in(server, s.user, s.password.reveal())
            yield server
            with suppress(smtplib.SMTPException, OSError):  # the mail is there already
                server.quit()

    def _wait_until(self, server: smtplib.SMTP, by: dt.datetime) -> None:
        if server.sock:
            server.sock.settimeout(seconds_left(by, self.clock()))


@contextmanager
def _nothing_sent(step: str) -> Generator[None, None, None]:
    """Whatever goes wrong before the mail itself is sent may be tried again."""
    try:
        yield
    except smtplib.SMTPNotSupportedError:
        raise TryAgain(f"{step}: the server does not offer what the settings ask for") from None
    except smtplib.SMTPResponseException as error:
        raise TryAgain(f"{step}: {_reply(error.smtp_code, error.smtp_error)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise TryAgain(f"{step}: {type(error).__name__}") from None


def _log_in(server: smtplib.SMTP, user: str, password: str) -> None:
    if (user + password).isascii():
        server.login(user, password)
        return
    # The standard library sends ASCII only; RFC 4616 says UTF-8.
    pair = f"\0{user}\0{password}".encode()
    code, said = server.docmd("AUTH", f"PLAIN {base64.b64encode(pair).decode()}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _accepted(what: str, code: int, said: bytes | str) -> None:
    """Hold a server's answer against the codes of SMTP: 4xx is for now, 5xx is for good."""
    if 200 <= code < 300:
        return
    if code // 100 not in (4, 5) and what == _MAIL:
        raise OutcomeUnknown(f"{what}: the answer is none of SMTP")
    kind = Rejected if 500 <= code < 600 else TryAgain
    raise kind(f"{what} is not accepted: {_reply(code, said)}")


def _reply(code: int, said: bytes | str) -> str:
    """A server's answer by its numbers; its words may hold an address."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text, re.ASCII)
    return f"SMTP {code} {enhanced[0]}" if enhanced else f"SMTP {code}"


def _address(text: str, name: str = "") -> Address:
    """An address as mail carries it; a domain with letters like å in its ASCII form.

    >>> _address("lås@exempel-å.example").domain
    'xn--exempel--h0a.example'
    """
    local, _, domain = text.strip().rpartition("@")
    domain = domain.encode("idna").decode()
    if not re.fullmatch(r'[^\s@<>()\[\],;:"\\]+', local) or not local.isprintable():
        raise ValueError("no address")
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", domain):
        raise ValueError("no address")
    return Address(name, username=local, domain=domain)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _tls(certificates: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=certificates or None)
    except (OSError, ssl.SSLError):
        message = "cannot be read as a file of certificates"
        raise PluginsError([Problem("plugin.mail.certificates", message)]) from None
