"""A stand-in of Easit GO over real HTTP, with what its API does and does not promise.

It does what is known of the API: one address for everything, Basic with the key as the user name,
reading by a JSON body on GET (or by URL parameters, which count only without a body), views that
limit what can be read and filtered on, import handlers whose failures hide in an answer of 200, and
no memory of what was sent before: the same item sent twice is two items.

Its clock is its own: every change is a second later than the one before it.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

from attrs import define, field, frozen

__all__ = ["EasitFault", "EasitItem", "EasitRequest", "EasitStandIn", "EasitView"]

EasitFault: TypeAlias = Literal[
    "exception",
    "mixed",
    "no_return_values",
    "other_uid",
    "lost_request",
    "lost_reply",
    "late_reply",
    "error_500",
    "error_500_after",
    "html",
    "truncated",
    "empty",
    "unauthorized",
    "forbidden",
    "not_found",
    "busy",
]
"""What can be made to go wrong.

``exception``: the import handler fails. ``mixed``: in a batch it fails for every other item, the
first one included. ``no_return_values``, ``other_uid``: the answer lacks the id of the new item, or
speaks of another one. ``lost_request``: the connection is reset before anything is done.
``lost_reply``: the same, after it was done. ``late_reply``: it is done, and the answer is held back
until `EasitStandIn.let_go`. ``error_500``, ``error_500_after``: that status, before or after it was
done. ``html``, ``truncated``, ``empty``: it is done, and the answer is a web page, half its JSON,
or nothing. The others are statuses 401, 403, 404 and 429, with nothing done.
"""

_BEFORE: Mapping[str, int] = {
    "error_500": 500,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "busy": 429,
}
_PAGE = b"<!DOCTYPE html><html><body><h1>Easit GO</h1>Logga in f\xc3\xb6rst</body></html>"
_FIRST = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)

Properties: TypeAlias = "dict[str, str]"
Handler: TypeAlias = "Callable[[EasitStandIn, Properties], Mapping[str, str]]"


@define
class EasitItem:
    """An item of the database.

    Args:
        id: Its database id.
        properties: What stands in it.
    """

    id: str
    properties: dict[str, str] = field(repr=False)


@frozen(kw_only=True)
class EasitView:
    """What can be read under a name.

    Args:
        items: Which items: ``tickets`` or ``notes``.
        columns: The columns, each with its datatype. What is not among them is not shown, and
            cannot be filtered on.
        page_size: How many rows a page has if nobody asks for a number.
    """

    items: Literal["tickets", "notes"]
    columns: Mapping[str, str]
    page_size: int = 25


@frozen
class EasitRequest:
    """A request that was received, for tests to look at."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)


class _Wrong(Exception):
    """A request that the server cannot take: no such view, handler or column."""


_TICKETS = EasitView(
    items="tickets",
    columns={
        "Id": "INTEGER",
        "Subject": "STRING",
        "Description": "TEXT",
        "Reference": "STRING",
        "Status": "CONNECTION",
        "Note": "TEXT",
        "NoteReference": "STRING",
        "Created": "DATETIME",
        "Updated": "DATETIME",
        "UpdatedBy": "STRING",
    },
)
_NOTES = EasitView(
    items="notes",
    columns={
        "Id": "INTEGER",
        "Ticket": "CONNECTION",
        "Note": "TEXT",
        "NoteReference": "STRING",
        "Updated": "DATETIME",
        "UpdatedBy": "STRING",
    },
)


class EasitStandIn:
    """A server on 127.0.0.1, for as long as the context lasts.

    Args:
        api_key: The key that it lets in, as the user name of Basic.
        client_id: The client that it gives a token to, at `token_url`.
        client_secret: That client's secret.
        escaped: Whether it answers with escapes for letters outside ASCII, or with raw UTF-8.
        wrong_status: The status of a request that it cannot take; what Easit answers is not known.

    >>> with EasitStandIn() as easit:
    ...     easit.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        *,
        api_key: str = "stand-in-key",
        client_id: str = "stand-in-client",
        client_secret: str = "stand-in-secret",
        escaped: bool = True,
        wrong_status: int = 500,
    ) -> None:
        self.api_key = api_key
        self.client_id = client_id
        self.client_secret = client_secret
        self.escaped = escaped
        self.wrong_status = wrong_status
        self.views: dict[str, EasitView] = {"LockOrders": _TICKETS, "LockNotes": _NOTES}
        self.handlers: dict[str, Handler] = {
            "CreateLockOrder_v1": _create,
            "NoteLockOrder_v1": _add_note,
            "CloseLockOrder_v1": _close,
        }
        self.tickets: list[EasitItem] = []
        self.notes: list[EasitItem] = []
        self.requests: list[EasitRequest] = []
        self.tokens: set[str] = set()
        self._user = "Integration"
        self._faults: list[tuple[str, str]] = []
        self._number = 200
        self._changes = 0
        self._lock = threading.RLock()
        self._go = threading.Event()
        self._server: _Server | None = None

    # -- a server ------------------------------------------------------------------------------

    def __enter__(self) -> EasitStandIn:
        self._server = _Server(("127.0.0.1", 0), _Answering)
        self._server.stand_in = self
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._go.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Its address: what goes into the setting ``url``."""
        assert self._server is not None, "it runs only within its context"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def token_url(self) -> str:
        """Where a client gets its token."""
        return f"{self.url}/token"

    # -- what tests do -------------------------------------------------------------------------

    def fail(self, fault: EasitFault, *, method: str = "POST", times: int = 1) -> None:
        """Make the next requests of a method go wrong, one after the other."""
        with self._lock:
            self._faults += [(method, fault)] * times

    def let_go(self) -> None:
        """Give the answers that were held back."""
        self._go.set()

    def report(self, ticket: str, author: str, text: str) -> None:
        """Somebody writes into a ticket, in Easit itself."""
        with self._lock:
            user, self._user = self._user, author
            _add_note(self, {"Ticket": ticket, "Note": text})
            self._user = user

    def of_reference(self, reference: str) -> list[EasitItem]:
        """The tickets with a reference of ours."""
        with self._lock:
            return [t for t in self.tickets if t.properties.get("Reference") == reference]

    def notes_of(self, ticket: str) -> list[EasitItem]:
        """The notes of a ticket, in the order in which they were written."""
        with self._lock:
            return [n for n in self.notes if n.properties["Ticket"] == ticket]

    # -- the database --------------------------------------------------------------------------

    def _new(self, items: list[EasitItem], kind: int, properties: Properties) -> EasitItem:
        self._number += 1
        made = EasitItem(f"{self._number}:{kind}", {"Id": str(self._number), **properties})
        made.properties["Created"] = self._touch(made)
        items.append(made)
        return made

    def _touch(self, item: EasitItem) -> str:
        self._changes += 1
        moment = _FIRST + dt.timedelta(seconds=self._changes)
        item.properties["Updated"] = moment.isoformat(timespec="milliseconds")[:23] + "Z"
        item.properties["UpdatedBy"] = self._user
        return item.properties["Updated"]

    def _fault(self, method: str) -> str:
        with self._lock:
            for index, (wanted, fault) in enumerate(self._faults):
                if wanted == method:
                    del self._faults[index]
                    return fault
        return ""

    # -- reading -------------------------------------------------------------------------------

    def _read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        view = self.views.get(asked.get("itemViewIdentifier", ""))
        if view is None:
            raise _Wrong("There is no such view")
        with self._lock:
            rows = list(self.tickets if view.items == "tickets" else self.notes)
            shown = [(row.id, _cells(view, row)) for row in rows]
        for one in asked.get("columnFilter") or []:
            shown = [row for row in shown if _passes(view, one, row[1])]
        if asked.get("idFilter"):
            shown = [row for row in shown if row[0] == asked["idFilter"]]
        if free := asked.get("freeTextFilter"):
            shown = [row for row in shown if any(free in c["content"] for c in row[1])]
        if order := asked.get("sortColumn"):
            name, down = order["content"], order.get("order") == "Descending"
            if name not in view.columns:
                raise _Wrong("There is no such column")
            shown.sort(key=lambda row: _cell(row[1], name), reverse=down)
        size = int(asked.get("pageSize") or view.page_size)
        page = int(asked.get("page") or 0)
        start = (max(page, 1) - 1) * size
        return {
            "columns": {"column": [_column(*column) for column in view.columns.items()]},
            "items": {
                "item": [
                    {"id": id_, "attachment": [], "property": cells}
                    for id_, cells in shown[start : start + size]
                ]
            },
            "requestedPage": page,
            "page": max(page, 1),
            "pageSize": size,
            "totalNumberOfPages": -(-len(shown) // size),
            "totalNumberOfItems": len(shown),
        }

    # -- importing -----------------------------------------------------------------------------

    def _import(self, asked: Mapping[str, Any], fault: str) -> dict[str, Any]:
        handler = self.handlers.get(asked.get("importHandlerIdentifier", ""))
        if handler is None:
            raise _Wrong("There is no such import handler")
        results = []
        for index, item in enumerate(asked["itemToImport"]):
            properties = {p["name"]: p.get("content") or "" for p in item["property"]}
            if fault == "exception" or (fault == "mixed" and index % 2 == 0):
                results.append(_failed(item, properties))
                continue
            try:
                with self._lock:
                    returned = handler(self, properties)
            except Exception as error:
                results.append(_failed(item, {"": str(error)}))
                continue
            result: dict[str, Any] = {
                "uid": "0" * 32 if fault == "other_uid" else item.get("uid"),
                "result": "OK",
                "skippedOrExceptionMessage": None,
            }
            if returned and fault != "no_return_values":
                values = [{"name": n, "content": c} for n, c in returned.items()]
                result["returnValues"] = {"returnValue": values}
            results.append(result)
        return {"importItemResult": results}


# -- the import handlers that come with it --------------------------------------------------------


def _create(easit: EasitStandIn, properties: Properties) -> Mapping[str, str]:
    made = easit._new(easit.tickets, 2, {"Status": "New", **properties})
    return {"create": made.id}


def _add_note(easit: EasitStandIn, properties: Properties) -> Mapping[str, str]:
    ticket = next(t for t in easit.tickets if t.id == properties["Ticket"])
    ticket.properties["Note"] = properties["Note"]
    ticket.properties["NoteReference"] = properties.get("NoteReference", "")
    easit._touch(ticket)
    return {"note": easit._new(easit.notes, 2, dict(properties)).id}


def _close(easit: EasitStandIn, properties: Properties) -> Mapping[str, str]:
    returned = _add_note(easit, {n: v for n, v in properties.items() if n != "Status"})
    ticket = next(t for t in easit.tickets if t.id == properties["Ticket"])
    ticket.properties["Status"] = properties["Status"]
    return returned


# -- answers --------------------------------------------------------------------------------------


def _column(name: str, datatype: str) -> dict[str, Any]:
    connection = {"Status": "PROPERTY", "Ticket": "ITEM"}.get(name)
    return {
        "content": name,
        "datatype": datatype,
        "collection": False,
        "connectiontype": connection if datatype == "CONNECTION" else None,
    }


def _cells(view: EasitView, row: EasitItem) -> list[dict[str, Any]]:
    cells = []
    for name, datatype in view.columns.items():
        stored = row.properties.get(name, "")
        content, raw = stored, None
        if datatype == "DATETIME":
            content, raw = stored[:16].replace("T", " "), stored
        elif datatype == "INTEGER":
            raw = stored
        elif datatype == "CONNECTION":
            kind = 2 if name == "Ticket" else 1
            raw = stored if name == "Ticket" else f"{_STATUSES.get(stored, 'null')}:{kind}"
            content = f"Ticket {stored.partition(':')[0]}" if name == "Ticket" else stored
        cells.append({"name": name, "content": content, "rawValue": raw})
    return cells


_STATUSES = {"New": "74", "Closed": "75"}


def _cell(cells: list[dict[str, Any]], name: str) -> str:
    found = next(cell for cell in cells if cell["name"] == name)
    return str(found["rawValue"] or found["content"])


def _passes(view: EasitView, asked: Mapping[str, Any], cells: list[dict[str, Any]]) -> bool:
    name, comparator = asked["columnName"], asked["comparator"]
    if name not in view.columns:
        raise _Wrong("There is no such column")
    found = next(cell for cell in cells if cell["name"] == name)
    if asked.get("rawValue"):
        value, wanted = str(found["rawValue"] or ""), asked["rawValue"]
    else:
        value, wanted = found["content"], asked.get("content") or ""
    passes: Mapping[str, bool] = {
        "EQUALS": value == wanted,
        "NOT_EQUALS": value != wanted,
        "IN": value in wanted.split(","),
        "NOT_IN": value not in wanted.split(","),
        "LIKE": wanted.lower() in value.lower(),
        "NOT_LIKE": wanted.lower() not in value.lower(),
        "GREATER_THAN": value > wanted,
        "GREATER_THAN_OR_EQUALS": value >= wanted,
        "LESS_THAN": value < wanted,
        "LESS_THAN_OR_EQUALS": value <= wanted,
    }
    if comparator not in passes:
        raise _Wrong("There is no such comparator")
    return passes[comparator]


def _failed(item: Mapping[str, Any], properties: Mapping[str, str]) -> dict[str, Any]:
    # As such servers do, it repeats what it was sent: an adapter must not pass that on.
    said = f"com.easit.importer.ImportException: cannot import {json.dumps(properties)}"
    return {"uid": item.get("uid"), "result": "Exception", "skippedOrExceptionMessage": said}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # five, the default, is less than is sent to it side by side
    stand_in: EasitStandIn


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _stand_in(self) -> EasitStandIn:
        assert isinstance(self.server, _Server)
        return self.server.stand_in

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the standard output."""

    def handle(self) -> None:
        """Answer until the connection is closed or breaks."""
        with contextlib.suppress(OSError):
            super().handle()

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # half a request asks for nothing
            return
        # Whoever waits no longer has gone; that harms nobody else.
        with contextlib.suppress(OSError):
            self._answer(urlsplit(self.path).path.rstrip("/"), body)

    def _answer(self, path: str, body: bytes) -> None:
        stand_in = self._stand_in
        if path == "/token" and self.command == "POST":
            return self._give_token(parse_qs(body.decode()))
        if path == "/integration-api/ping":
            return self._send(200, {"message": "Pong!"})
        try:
            asked = json.loads(body) if body else self._parameters()
        except ValueError:
            return self._send(stand_in.wrong_status, {"error": "no JSON"})
        headers = {name: value for name, value in self.headers.items() if name != "Authorization"}
        stand_in.requests.append(EasitRequest(self.command, self.path, headers, asked))
        if path != "/integration-api/items":
            return self._send(404, {"error": "no such address"})
        fault = stand_in._fault(self.command)
        if fault == "lost_request":
            return self._reset()
        if fault in _BEFORE:
            return self._send(_BEFORE[fault], {"error": fault})
        if not self._let_in():
            return self._send(401, {"error": "not let in"})
        try:
            posted = self.command == "POST"
            reply = stand_in._import(asked, fault) if posted else stand_in._read(asked)
        except (_Wrong, KeyError, TypeError, AttributeError) as error:
            return self._send(stand_in.wrong_status, {"error": str(error)})
        return self._reply(reply, fault)

    def _parameters(self) -> dict[str, str]:
        known = ("itemViewIdentifier", "page", "pageSize", "freeTextFilter")
        given = parse_qs(urlsplit(self.path).query)
        return {name: values[-1] for name, values in given.items() if name in known}

    def _let_in(self) -> bool:
        stand_in = self._stand_in
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer":
            return value in stand_in.tokens
        try:
            user = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except ValueError:
            return False
        return kind == "Basic" and user == stand_in.api_key

    def _give_token(self, form: Mapping[str, list[str]]) -> None:
        stand_in = self._stand_in
        given = {name: values[-1] for name, values in form.items()}
        if (given.get("grant_type"), given.get("client_id"), given.get("client_secret")) != (
            "client_credentials",
            stand_in.client_id,
            stand_in.client_secret,
        ):
            return self._send(400, {"error": "invalid_client"})
        token = f"token-{len(stand_in.tokens) + 1}"
        stand_in.tokens.add(token)
        return self._send(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _reply(self, reply: Mapping[str, Any], fault: str) -> None:
        match fault:
            case "lost_reply":
                self._reset()
            case "error_500_after":
                self._send(500, {"error": fault})
            case "html":
                self._send_bytes(200, _PAGE, "text/html;charset=utf-8")
            case "empty":
                self._send_bytes(200, b"", "application/json")
            case "truncated":
                whole = json.dumps(reply).encode()
                self._send_bytes(200, whole[: len(whole) // 2], "application/json")
            case "late_reply":
                self._stand_in._go.wait()
                self._send(200, reply)
            case _:
                self._send(200, reply)

    def _send(self, status: int, reply: Mapping[str, Any]) -> None:
        text = json.dumps(reply, ensure_ascii=self._stand_in.escaped)
        self._send_bytes(status, text.encode(), "application/json;charset=utf-8")

    def _send_bytes(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        """Cut the connection, so that the other side notices at once."""
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.close_connection = True
        self.connection.close()
