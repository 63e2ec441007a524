"""Easit GO as the ticket system, over its integration API.

That API transports data and nothing more: what opens a ticket, adds a note or closes one is an
import handler that somebody has set up in Easit, and what can be read is a view. Their names, and
those of the properties, are settings.

* Three import handlers: one that makes a ticket, one that adds a note, one that closes. Each is
  sent our key in the property ``reference``, the last two the ticket's database id in ``ticket``.
* A view of the tickets with the column ``reference``, and a view of the notes (it may be the same)
  with the columns ``note_reference`` and ``updated``. Only what a view shows can be looked for.

Easit makes two tickets of one that is sent twice, so a key is looked for before it is sent.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
import ssl
import threading
import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from attrs import Factory, field, frozen

from lockroutine.errors import (
    InvalidForm,
    OutcomeUnknown,
    PluginsError,
    Problem,
    Rejected,
    TryAgain,
)
from lockroutine.hookspecs import (
    NoteSearch,
    Receipt,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketReport,
    TicketReports,
    TicketSearch,
    TicketsSince,
    hookimpl,
)
from lockroutine.plugins.deadline import Clock, machine_time, seconds_left
from lockroutine.plugins.settings import Secret, setting

__all__ = ["Easit", "Settings", "api_url"]

_MOST_BYTES = 32_000_000
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


@frozen(kw_only=True)
class Settings:
    """Where Easit is, who we are there, and what everything is called there.

    >>> Settings(
    ...     url="https://go.example.org/test/webservice",
    ...     api_key=Secret("x"),
    ...     create_handler="CreateLockOrder_v1",
    ...     note_handler="NoteLockOrder_v1",
    ...     close_handler="CloseLockOrder_v1",
    ...     view="LockOrders",
    ... ).endpoint
    'https://go.example.org/test/integration-api/items'
    """

    url: str = field(metadata=setting("The address of Easit GO."))
    create_handler: str = field(metadata=setting("The import handler that makes a ticket."))
    note_handler: str = field(metadata=setting("The import handler that adds a note."))
    close_handler: str = field(metadata=setting("The import handler that closes a ticket."))
    view: str = field(metadata=setting("The view that shows the tickets."))
    notes_view: str = field(
        default="", metadata=setting("The view that shows the notes, if it is another one.")
    )

    api_key: Secret | None = field(default=None, metadata=setting("The API key."))
    token_url: str = field(
        default="", metadata=setting("Where tokens are given (OAuth 2), instead of an API key.")
    )
    client_id: str = field(default="", metadata=setting("Our client id there."))
    client_secret: Secret | None = field(default=None, metadata=setting("Its secret."))
    scope: str = field(default="", metadata=setting("The scope to ask for there, if any."))

    subject: str = field(default="Subject", metadata=setting("The property with the subject line."))
    body: str = field(default="Description", metadata=setting("The property with the text."))
    reference: str = field(
        default="Reference", metadata=setting("The property and column with our key of a ticket.")
    )
    ticket: str = field(
        default="Ticket",
        metadata=setting("The property with a ticket's database id, for notes and closings."),
    )
    note: str = field(default="Note", metadata=setting("The property with a note's text."))
    note_reference: str = field(
        default="NoteReference", metadata=setting("The property and column with our key of a note.")
    )
    status: str = field(
        default="Status", metadata=setting("The property with the status; none is sent if blank.")
    )
    closed: str = field(default="Closed", metadata=setting("The status of a closed ticket."))
    extra: Mapping[str, str] = field(
        default=Factory(dict), metadata=setting("Further properties of each new ticket.")
    )
    return_value: str = field(
        default="",
        metadata=setting("The step whose return value is the ticket's id; any, if blank."),
    )

    note_ticket: str = field(
        default="",
        metadata=setting("The notes view's column with the ticket; blank if a row is the ticket."),
    )
    author: str = field(
        default="UpdatedBy", metadata=setting("The notes view's column with who wrote.")
    )
    account: str = field(
        default="",
        metadata=setting("What that column says of ourselves: the user of the API key."),
    )
    report: str = field(
        default="Note", metadata=setting("The notes view's column with what was written.")
    )
    updated: str = field(
        default="Updated",
        metadata=setting("The notes view's column with when; the view is sorted by it."),
    )

    ticket_page: str = field(
        default="", metadata=setting("Where a person looks at a ticket: an address with {id}.")
    )
    read_by: Literal["body", "url"] = field(
        default="body",
        metadata=setting("How views are asked: by a JSON body, or by URL parameters."),
    )
    page_size: int = field(default=100, metadata=setting("How many rows are asked for at once."))
    certificates: str = field(
        default="", metadata=setting("A file of CA certificates, if the usual ones do not do.")
    )
    plain_http: bool = field(
        default=False, metadata=setting("Whether keys may go over http: to the same machine only.")
    )

    def __attrs_post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise InvalidForm(problems)

    def _problems(self) -> Iterator[Problem]:
        for name in ("url", "token_url"):
            address = getattr(self, name)
            if address or name == "url":
                yield from _wrong_address(name, address, self.plain_http)
        for name in ("create_handler", "note_handler", "close_handler", "view", "reference"):
            if not getattr(self, name).strip():
                yield Problem(name, "must not be blank")
        if bool(self.api_key) == bool(self.token_url):
            yield Problem("api_key", "give either an api_key or a token_url")
        if self.token_url and not (self.client_id and self.client_secret):
            yield Problem("token_url", "needs a client_id and a client_secret")
        if not 1 <= self.page_size <= 1000:
            yield Problem("page_size", "must be from 1 to 1000")

    @property
    def endpoint(self) -> str:
        """The one address that everything goes to."""
        return api_url(self.url)


def api_url(url: str) -> str:
    """The address of the items, from any of the addresses of Easit that people have at hand.

    >>> api_url("https://go.example.org/integration-api/")
    'https://go.example.org/integration-api/items'
    """
    base = url.strip().rstrip("/")
    for ending in ("/items", "/integration-api", "/webservice"):
        base = base.removesuffix(ending).rstrip("/")
    return f"{base}/integration-api/items"


def _wrong_address(name: str, address: str, plain_http: bool) -> Iterator[Problem]:
    try:
        parts = urlsplit(address)
        usable = bool(parts.hostname) and address.isprintable() and " " not in address
        _ = parts.port  # raises if it is none
    except ValueError:
        usable = False
    if not usable:
        yield Problem(name, "is no address; write it like https://go.example.org")
        return
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        yield Problem(name, "must not hold a user or a password")
    if parts.query or parts.fragment:
        yield Problem(name, "must end before any ? or #")
    if parts.scheme == "http" and not plain_http:
        yield Problem(name, "must begin with https://, as keys and personal data go there")
    elif parts.scheme not in ("http", "https"):
        yield Problem(name, "must begin with https://")


@frozen
class _Row:
    """One row of a view."""

    id: str
    properties: tuple[Mapping[str, Any], ...] = field(repr=False)

    def contents(self, name: str) -> list[str]:
        """All that stands in a column: several values, or columns of the same name, are several."""
        return [_text(p, "content") for p in self.properties if p.get("name") == name]

    def raw(self, name: str) -> str:
        """The value of a column as the database has it; empty if it does not say."""
        found = [_text(p, "rawValue") for p in self.properties if p.get("name") == name]
        return found[-1] if found else ""


_Settings = Settings  # by which the class can have one of that name


@frozen(eq=False)
class Easit:
    """Tickets in Easit GO.

    Args:
        settings: Where it is and what everything is called there.
        clock: What deadlines are held against; the clock of the engine.

    Raises:
        PluginsError: The extra ``easit`` is not installed, or the certificates cannot be read.
    """

    Settings: ClassVar[type[_Settings]] = _Settings
    settings: _Settings
    clock: Clock = machine_time
    name: str = "easit"
    hooks: str = "1.0"
    _wire: _Wire = field(
        init=False,
        repr=False,
        default=Factory(lambda self: _Wire(self.settings, self.clock), takes_self=True),
    )

    def close(self) -> None:
        """Let go of the connections."""
        self._wire.close()

    def __enter__(self) -> Easit:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- hooks ---------------------------------------------------------------------------------

    @hookimpl
    def open_ticket(self, details: TicketOrder) -> Ticket:
        """Make a ticket by the import handler, unless there is one with this key."""
        known = self._find(details.key, details.deadline)
        if known:
            return known
        s = self.settings
        properties = {
            **s.extra,
            s.subject: details.subject,
            s.body: details.body,
            s.reference: details.key,
        }
        returned = self._import(s.create_handler, properties, details.deadline)
        made = _id_among(returned, s.return_value)
        if made:
            return self._ticket(made)
        try:
            found = self._find(details.key, details.deadline)
        except TryAgain as error:
            message = f"it was taken in, and then could not be read back: {error.message}"
            raise OutcomeUnknown(message) from None
        if found is None:
            # Sent again, it would stand there twice: a person must see to the view first.
            raise Rejected(
                f"{s.create_handler} has taken it in without returning its id, and the view "
                f"{s.view} does not show it; try again when it does"
            )
        return found

    @hookimpl
    def find_ticket(self, details: TicketSearch) -> Ticket | None:
        """The ticket whose reference is this key; the first one if there are several."""
        return self._find(details.key, details.deadline)

    @hookimpl
    def add_note(self, details: TicketNote) -> Receipt:
        """Add a note by the import handler, unless the ticket has one with this key."""
        return self._note(self.settings.note_handler, details, {})

    @hookimpl
    def close_ticket(self, details: TicketClosing) -> Receipt:
        """Close a ticket by the import handler, unless it was closed with this key."""
        s = self.settings
        return self._note(s.close_handler, details, {s.status: s.closed} if s.status else {})

    @hookimpl
    def find_note(self, details: NoteSearch) -> Receipt | None:
        """The note whose reference is this key, in this ticket."""
        return self._find_note(details.key, details.ticket, details.deadline)

    @hookimpl
    def read_tickets(self, details: TicketsSince) -> TicketReports:
        """What stands in the notes view since the cursor. The cursor is a time and the rows of it.

        The newest rows come first: one that moves while pages are turned comes twice, never not.
        """
        s = self.settings
        since, _, seen = details.cursor.partition(" ")
        found: list[tuple[str, TicketReport]] = []
        latest = since
        request: dict[str, Any] = {}
        if s.read_by == "body":
            request["sortColumn"] = {"content": s.updated, "order": "Descending"}
        for row in self._rows(self._notes_view, request, s.updated, details.deadline):
            when = _moment(row.raw(s.updated), self._notes_view, s.updated)
            if when < since:
                if request:
                    break
                continue  # in whatever order the view is
            latest = max(latest, when)
            report = self._report(when, row)
            if report:
                found.append((when, report))
        found.sort(key=lambda pair: pair[0])
        new = {report.id: report for _, report in found if report.id not in seen.split()}
        read = dict.fromkeys(report.id for when, report in found if when == latest)
        return TicketReports(reports=tuple(new.values()), cursor=" ".join([latest, *read]).strip())

    # -- in the words of Easit -----------------------------------------------------------------

    @property
    def _notes_view(self) -> str:
        return self.settings.notes_view or self.settings.view

    def _ticket(self, id_: str) -> Ticket:
        return Ticket(id=id_, url=self.settings.ticket_page.replace("{id}", id_))

    def _find(self, key: str, deadline: dt.datetime) -> Ticket | None:
        s = self.settings
        found = [
            row.id
            for row in self._rows(s.view, _sought(s, s.reference, key), s.reference, deadline)
            if key in row.contents(s.reference)
        ]
        return self._ticket(min(found, key=_by_number)) if found else None

    def _note(
        self,
        handler: str,
        details: TicketNote | TicketClosing,
        more: Mapping[str, str],
    ) -> Receipt:
        known = self._find_note(details.key, details.ticket, details.deadline)
        if known:
            return known
        s = self.settings
        properties = {
            s.ticket: details.ticket,
            s.note: details.body,
            s.note_reference: details.key,
            **more,
        }
        returned = self._import(handler, properties, details.deadline)
        return Receipt(id=_id_among(returned, s.return_value))

    def _find_note(self, key: str, ticket: str, deadline: dt.datetime) -> Receipt | None:
        s = self.settings
        asked = _sought(s, s.note_reference, key)
        for row in self._rows(self._notes_view, asked, s.note_reference, deadline):
            if key in row.contents(s.note_reference) and self._ticket_of(row) == ticket:
                return Receipt(id=row.id)
        return None

    def _ticket_of(self, row: _Row) -> str:
        column = self.settings.note_ticket
        if not column:
            return row.id
        return row.raw(column) or next(iter(row.contents(column)), "")

    def _report(self, when: str, row: _Row) -> TicketReport | None:
        s = self.settings
        text = "\n".join(filter(None, row.contents(s.report)))
        if not text.strip():
            return None
        author = next(iter(row.contents(s.author)), "")
        ours = bool(s.account) and author == s.account
        if s.note_ticket:  # a row is a note, and not the ticket with the latest one
            ours = ours or any(row.contents(s.note_reference))
        # A row that is changed for another reason says the same again, and is no new report.
        said = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return TicketReport(
            id=f"{row.id}:{said}",
            ticket=self._ticket_of(row),
            author=author,
            text=text,
            written_at=dt.datetime.fromisoformat(when),
            ours=ours,
        )

    def _rows(
        self, view: str, request: Mapping[str, Any], column: str, deadline: dt.datetime
    ) -> Iterator[_Row]:
        """The rows of a view, page by page. Nothing is changed by it, so all may be tried again."""
        page = 1
        while True:
            asked = {"itemViewIdentifier": view, "page": page, "pageSize": self.settings.page_size}
            try:
                reply = self._wire.read({**asked, **request}, deadline)
            except OutcomeUnknown as error:
                raise TryAgain(f"the view {view} could not be read: {error.message}") from None
            columns = {_text(one, "content") for one in _list(reply, "columns", "column")}
            if columns and column not in columns:
                raise Rejected(f"the view {view} has no column {column}")
            rows = _list(reply, "items", "item")
            for row in rows:
                properties = tuple(p for p in _list(row, "property") if isinstance(p, Mapping))
                yield _Row(_text(row, "id"), properties)
            pages = reply.get("totalNumberOfPages")
            if not rows or type(pages) is not int or page >= pages:
                return
            page += 1

    def _import(
        self, handler: str, properties: Mapping[str, str], deadline: dt.datetime
    ) -> list[Any]:
        """Send one item to an import handler; what its steps return."""
        uid = uuid.uuid4().hex
        item = {
            "id": "1",
            "uid": uid,
            "property": [{"name": n, "content": v} for n, v in properties.items()],
        }
        request = {"importHandlerIdentifier": handler, "itemToImport": [item]}
        reply = self._wire.write(request, deadline)
        for result in _list(reply, "importItemResult"):
            if _text(result, "uid") == uid:
                return _returned(handler, result)
        raise OutcomeUnknown(f"{handler}: the answer does not speak of what was sent")


class _Wire:
    """One request and its answer, with every way of failing told apart."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        try:
            import httpx  # only who has tickets in Easit needs it  # noqa: PLC0415
        except ImportError:
            message = 'needs more: pip install "lockroutine[easit]"'
            raise PluginsError([Problem("easit", message)]) from None
        self._httpx = httpx
        self._settings = settings
        self._clock = clock
        self._token: tuple[str, dt.datetime] | None = None
        self._lock = threading.Lock()
        self._client = httpx.Client(verify=_verify(settings.certificates))

    def close(self) -> None:
        self._client.close()

    def read(self, request: Mapping[str, Any], deadline: dt.datetime) -> Mapping[str, Any]:
        if self._settings.read_by == "url":
            parameters = {name: str(value) for name, value in request.items()}
            return self._authorised("GET", deadline, params=parameters)
        return self._authorised("GET", deadline, content=_json(request), headers=_JSON)

    def write(self, request: Mapping[str, Any], deadline: dt.datetime) -> Mapping[str, Any]:
        return self._authorised("POST", deadline, content=_json(request), headers=_JSON)

    def _authorised(self, method: str, deadline: dt.datetime, **parts: Any) -> Mapping[str, Any]:
        headers = {**parts.pop("headers", {}), "Authorization": self._authorisation(deadline)}
        url = self._settings.endpoint
        status, content = self._exchange(method, url, deadline, headers=headers, **parts)
        if status == 401:
            self._token = None  # the next attempt asks for a new one
        return _answer(status, content)

    def _authorisation(self, deadline: dt.datetime) -> str:
        key = self._settings.api_key
        if key:
            pair = f"{key.reveal()}:".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        with self._lock:
            if self._token is None or self._token[1] <= self._clock():
                self._token = self._new_token(deadline)
            return f"Bearer {self._token[0]}"

    def _new_token(self, deadline: dt.datetime) -> tuple[str, dt.datetime]:
        s = self._settings
        form = {
            "grant_type": "client_credentials",
            "client_id": s.client_id,
            "client_secret": s.client_secret.reveal() if s.client_secret else "",
            **({"scope": s.scope} if s.scope else {}),
        }
        # Whatever goes wrong here, nothing was sent to Easit.
        try:
            status, content = self._exchange("POST", s.token_url, deadline, data=form)
            if not 200 <= status < 300:
                raise TryAgain(f"no token is given to us: HTTP {status}")
            given = _answer(status, content)
        except OutcomeUnknown as error:
            raise TryAgain(f"no token is given to us: {error.message}") from None
        token, seconds = given.get("access_token"), given.get("expires_in", 300)
        if type(token) is not str or not token.isascii() or not token.isprintable():
            raise TryAgain("no token is given to us: the answer holds none")
        lasts = max(float(seconds), 120.0) if isinstance(seconds, int | float) else 300.0
        return token, self._clock() + dt.timedelta(seconds=min(lasts, 86_400.0) - 60)

    def _exchange(
        self, method: str, url: str, deadline: dt.datetime, **parts: Any
    ) -> tuple[int, bytes]:
        """Send a request and read the whole answer, by the deadline."""
        httpx = self._httpx
        left = seconds_left(deadline, self._clock())
        timeout = httpx.Timeout(left, connect=min(left, 10.0))
        try:
            with self._client.stream(method, url, timeout=timeout, **parts) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > _MOST_BYTES:
                        raise OutcomeUnknown("the answer is too long")
                    if self._clock() >= deadline:
                        raise OutcomeUnknown("the answer did not end in time")
                return response.status_code, bytes(content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TryAgain(f"it cannot be reached: {_kind(error)}") from None
        except httpx.TimeoutException as error:
            raise OutcomeUnknown(f"no answer in time: {_kind(error)}") from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise OutcomeUnknown(f"the connection was lost: {_kind(error)}") from None


def _answer(status: int, content: bytes) -> Mapping[str, Any]:
    """What an answer says, or which kind of failure its status is. Its text is never repeated."""
    if status in (401, 403):
        raise TryAgain(f"we are not let in (HTTP {status}): look at the API key and its rights")
    if status == 404:
        raise TryAgain("there is nothing at the address (HTTP 404): look at the url")
    if status in (407, 429):
        raise TryAgain(f"we are not let through now (HTTP {status})")
    if 400 <= status < 500 and status != 408:
        raise Rejected(f"the request is refused (HTTP {status})")
    if not 200 <= status < 300:
        raise OutcomeUnknown(f"HTTP {status}")
    try:
        reply = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        what = "a web page" if content.lstrip()[:1] == b"<" else "no whole JSON"
        raise OutcomeUnknown(f"the answer is {what}") from None
    if not isinstance(reply, Mapping):
        raise OutcomeUnknown("the answer is no object of JSON")
    return reply


def _returned(handler: str, result: Mapping[str, Any]) -> list[Any]:
    """What the steps of an import handler returned.

    Raises:
        Rejected: It did not work. What it says may repeat what was sent, and so is left out.
    """
    outcome = _text(result, "result")
    if outcome == "OK":
        return _list(result, "returnValues", "returnValue")
    said = _text(result, "skippedOrExceptionMessage")
    kind = re.match(r"[A-Za-z_$][\w$.]{0,120}(?:Exception|Error)\b", said, re.ASCII)
    word = outcome if re.fullmatch(r"[A-Za-z_]{1,40}", outcome) else "something else"
    detail = f" ({kind[0]})" if kind else ""
    raise Rejected(f"{handler} answers {word}, not OK{detail}; what it says is in Easit's own log")


def _id_among(returned: list[Any], step: str) -> str:
    """The database id among return values: of the step asked for, or the first that is one."""
    for one in returned:
        content = _text(one, "content")
        if (not step or _text(one, "name") == step) and re.fullmatch(r"\d{1,18}:\d{1,6}", content):
            return content
    return ""


def _sought(settings: Settings, column: str, key: str) -> dict[str, Any]:
    if settings.read_by == "url":
        return {"freeTextFilter": key}
    return {"columnFilter": [{"columnName": column, "comparator": "EQUALS", "content": key}]}


def _moment(raw: str, view: str, column: str) -> str:
    """A time of the database, in one spelling that sorts."""
    try:
        when = dt.datetime.fromisoformat(raw)
    except ValueError:
        when = None
    if when is None or when.utcoffset() is None:
        raise Rejected(f"the view {view} does not say in {column} when a row was changed")
    return when.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _by_number(id_: str) -> tuple[int, str]:
    number = id_.partition(":")[0]
    return (int(number) if number.isdecimal() else 0, id_)


def _text(given: Any, name: str) -> str:
    value = given.get(name) if isinstance(given, Mapping) else None
    return value if isinstance(value, str) else ""


def _list(given: Any, *path: str) -> list[Any]:
    for name in path:
        given = given.get(name) if isinstance(given, Mapping) else None
    return given if isinstance(given, list) else []


def _json(request: Mapping[str, Any]) -> bytes:
    # Letters as escapes, as Easit's own client sends them.
    return json.dumps(request, ensure_ascii=True).encode("ascii")


def _kind(error: Exception) -> str:
    return type(error).__name__


def _verify(certificates: str) -> ssl.SSLContext | bool:
    if not certificates:
        return True
    try:
        return ssl.create_default_context(cafile=certificates)
    except (OSError, ssl.SSLError):
        message = "cannot be read as a file of certificates"
        raise PluginsError([Problem("plugin.easit.certificates", message)]) from None
