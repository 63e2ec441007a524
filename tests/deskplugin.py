"""A plugin for a small ticket desk."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import urllib.parse
from typing import Any, ClassVar

from attrs import field, frozen

from lockroutine import hookspecs as spec
from lockroutine.errors import OutcomeUnknown, Rejected, TryAgain
from lockroutine.plugins import Secret, setting


@frozen(kw_only=True)
class DeskSettings:
    """Where the desk is, and who we are there."""

    url: str = field(metadata=setting("Where the desk answers."))
    token: Secret = field(metadata=setting("What lets us in."))


@frozen
class DeskPlugin:
    """Tickets of the desk; what it is sent bears our key as its ``ref``."""

    Settings: ClassVar[type[DeskSettings]] = DeskSettings
    settings: DeskSettings
    name: str = "desk"
    hooks: str = "1.0"

    @spec.hookimpl
    def open_ticket(self, details: spec.TicketOrder) -> spec.Ticket:
        """Look first: what was sent before is not sent again."""
        found = self._tickets(details.key, details.deadline)
        if found:
            return found[0]
        body = {"ref": details.key, "title": details.subject, "text": details.body}
        made = self._ask("POST", "/tickets", details.deadline, body)
        return spec.Ticket(id=made["id"])

    @spec.hookimpl
    def find_ticket(self, details: spec.TicketSearch) -> spec.Ticket | None:
        """The ticket whose ref is our key."""
        found = self._tickets(details.key, details.deadline)
        return found[0] if found else None

    @spec.hookimpl
    def add_note(self, details: spec.TicketNote) -> spec.Receipt:
        """Look first, here too."""
        where = f"/tickets/{details.ticket}/notes"
        if not self._noted(details.key, details.ticket, details.deadline):
            body = {"ref": details.key, "text": details.body}
            self._ask("POST", where, details.deadline, body)
        return spec.Receipt(id=details.key)

    @spec.hookimpl
    def find_note(self, details: spec.NoteSearch) -> spec.Receipt | None:
        """The note whose ref is our key."""
        found = self._noted(details.key, details.ticket, details.deadline)
        return spec.Receipt(id=details.key) if found else None

    @spec.hookimpl
    def close_ticket(self, details: spec.TicketClosing) -> spec.Receipt:
        """First the last note, then the state: both can be done again."""
        receipt = self.add_note(
            spec.TicketNote(
                key=details.key,
                ticket=details.ticket,
                body=details.body,
                deadline=details.deadline,
            )
        )
        self._ask("PUT", f"/tickets/{details.ticket}", details.deadline, {"state": "closed"})
        return receipt

    @spec.hookimpl
    def read_tickets(self, details: spec.TicketsSince) -> spec.TicketReports:
        """What others wrote; the cursor is the number of the last note."""
        notes = self._ask("GET", f"/notes?after={details.cursor}", details.deadline)
        reports = [
            spec.TicketReport(
                id=str(note["id"]),
                ticket=note["ticket"],
                author=note["by"],
                text=note["text"],
                written_at=dt.datetime.fromisoformat(note["at"]),
            )
            for note in notes
            if not note["ref"]
        ]
        cursor = str(notes[-1]["id"]) if notes else details.cursor
        return spec.TicketReports(reports=tuple(reports), cursor=cursor)

    def _tickets(self, key: str, deadline: dt.datetime) -> list[spec.Ticket]:
        found = self._ask("GET", f"/tickets?ref={urllib.parse.quote(key)}", deadline)
        return [spec.Ticket(id=one["id"]) for one in found]

    def _noted(self, key: str, ticket: str, deadline: dt.datetime) -> bool:
        notes = self._ask("GET", f"/tickets/{ticket}/notes", deadline)
        return any(note["ref"] == key for note in notes)

    def _ask(self, method: str, path: str, deadline: dt.datetime, body: object = None) -> Any:
        """One request; every way in which it may fail is sorted here, and only here."""
        left = (deadline - dt.datetime.now(dt.UTC)).total_seconds()
        where = urllib.parse.urlsplit(self.settings.url).netloc
        connection = http.client.HTTPConnection(where, timeout=max(left, 0.001))
        headers = {"Authorization": f"Bearer {self.settings.token.reveal()}"}
        try:
            connection.connect()
        except OSError:
            raise TryAgain("the desk cannot be reached") from None
        try:
            connection.request(method, path, json.dumps(body or {}), headers)
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Nothing is changed by asking; of a change we do not know whether it was made.
            kind = TryAgain if method == "GET" else OutcomeUnknown
            raise kind(f"{method}: {type(error).__name__}") from None
        finally:
            connection.close()
        if answer.status >= 500:
            raise OutcomeUnknown(f"the desk answered {answer.status}")
        if answer.status >= 400:
            raise Rejected(f"the desk answered {answer.status}")
        return value
