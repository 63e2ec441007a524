"""A small ticket desk over HTTP, for trying out a ticket plugin. It knows nothing of keys.

What it is sent twice, it has twice, as most ticket systems do; it keeps everything in memory.

===========================  =================================================================
request, with a JSON body    answer
===========================  =================================================================
POST /tickets                201 and ``{"id": ...}``; takes ``ref``, ``title``, ``text``
GET /tickets?ref=...         ``[{"id": ..., "state": ...}, ...]``
POST /tickets/ID/notes       201; takes ``ref``, ``text``
GET /tickets/ID/notes        ``[{"id", "ref", "text", "by", "at"}, ...]``
PUT /tickets/ID              200; takes ``state``, ``open`` or ``closed``
GET /notes?after=N           the notes of all tickets from behind the N-th, with ``ticket``
===========================  =================================================================

Each request bears the header ``Authorization: Bearer TOKEN``, or is answered with 401.
"""

from __future__ import annotations

import datetime as dt
import http.server
import json
import re
import threading
import urllib.parse
from types import TracebackType
from typing import Any

from attrs import Factory, define

__all__ = ["Desk", "DeskNote", "DeskTicket"]

_START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@define
class DeskNote:
    """A note of a ticket."""

    id: int
    ticket: str
    ref: str
    text: str
    by: str

    def plain(self) -> dict[str, Any]:
        """As it is answered."""
        at = _START + dt.timedelta(minutes=self.id)
        named = {"id": self.id, "ticket": self.ticket, "ref": self.ref}
        return {**named, "text": self.text, "by": self.by, "at": at.isoformat()}


@define
class DeskTicket:
    """A ticket."""

    id: str
    ref: str
    title: str
    text: str
    state: str = "open"
    notes: list[DeskNote] = Factory(list)


class Desk:
    """The desk; use it in a ``with``, and look at its ``tickets`` past the plugin.

    Args:
        token: What a request must bear.

    >>> with Desk() as desk:
    ...     desk.tickets
    []
    """

    def __init__(self, token: str = "a token for tests") -> None:
        self.token = token
        self.tickets: list[DeskTicket] = []
        self._notes = 0
        self._lock = threading.Lock()
        handler = type("_DeskHandler", (_Handler,), {"desk": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/"

    def write(self, ticket: str, text: str, by: str = "installer-3", ref: str = "") -> DeskNote:
        """Write into a ticket, as a person does."""
        with self._lock:
            self._notes += 1
            note = DeskNote(self._notes, ticket, ref, text, by)
            next(one for one in self.tickets if one.id == ticket).notes.append(note)
            return note

    def texts(self, ref: str) -> list[str]:
        """The texts of all tickets and notes with a reference."""
        notes = [note for ticket in self.tickets for note in ticket.notes if note.ref == ref]
        tickets = [ticket for ticket in self.tickets if ticket.ref == ref]
        return [*(ticket.text for ticket in tickets), *(note.text for note in notes)]

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """The status and the JSON that a request is answered with."""
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query))
        one = re.fullmatch(r"/tickets/(\w+)(/notes)?", url.path)
        ticket = next((t for t in self.tickets if one and t.id == one[1]), None)
        match method, url.path:
            case "POST", "/tickets":
                with self._lock:
                    made = DeskTicket(
                        str(len(self.tickets) + 1), body["ref"], body["title"], body["text"]
                    )
                    self.tickets.append(made)
                return 201, {"id": made.id}
            case "GET", "/tickets":
                found = [t for t in self.tickets if t.ref == query.get("ref")]
                return 200, [{"id": t.id, "state": t.state} for t in found]
            case "GET", "/notes":
                notes = sorted((n for t in self.tickets for n in t.notes), key=lambda n: n.id)
                after = int(query.get("after") or 0)
                return 200, [note.plain() for note in notes if note.id > after]
            case _:
                pass
        if ticket is None:
            return 404, {"error": "no such ticket"}
        if method == "POST":
            return 201, {"id": self.write(ticket.id, body["text"], "us", body["ref"]).id}
        if method == "PUT":
            ticket.state = body["state"]
            return 200, {}
        return 200, [note.plain() for note in ticket.notes]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # of what five cannot hold, some would come a second late


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    desk: Desk

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        if len(sent) < length:
            self.close_connection = True  # half a request asks for nothing
            return
        if self.headers.get("Authorization") != f"Bearer {self.desk.token}":
            status, value = 401, {"error": "who are you?"}
        else:
            status, value = self.desk.answer(self.command, self.path, json.loads(sent or b"{}"))
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815  # the names that http.server calls

    def handle(self) -> None:
        """Answer until the connection is closed or breaks."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
