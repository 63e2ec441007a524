"""Tickets in Roundup, over its REST interface.

A ticket is an issue whose property ``reference`` is our key. A note is a message that is linked to
the issue; its ``messageid`` holds our key. What was made before is looked for first, and what is
made is made through a creation address that works once, and not after the deadline: so nothing
that is lost on its way, or comes late, or twice, makes a second one.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import httpx
from attrs import define, field, frozen

from lockroutine.errors import OutcomeUnknown, Rejected, TryAgain
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
from lockroutine.plugins import Secret, setting

__all__ = ["RoundupTickets", "Settings"]

_OURS = "lockroutine:"
_PAGE = 100
_LONGEST = 3600  # for how many seconds Roundup keeps a creation address at most


@frozen(kw_only=True)
class Settings:
    """Where the tracker is, who we are there, and what its schema calls things."""

    url: str = field(metadata=setting("The tracker's address, as in its own `tracker_web`."))
    user: str = field(metadata=setting("Our user in the tracker."))
    password: Secret = field(metadata=setting("That user's password."))
    reference: str = field(
        default="reference", metadata=setting("The property of an issue that holds our key.")
    )
    closed: str = field(default="resolved", metadata=setting("The status of a closed issue."))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


_Settings = Settings  # by which the class can have one of that name


@define
class RoundupTickets:
    """The ticket plugin.

    Args:
        settings: The tracker and its words.
        clock: What deadlines are held against; the clock of the engine.
    """

    Settings: ClassVar[type[_Settings]] = _Settings
    settings: _Settings
    clock: Callable[[], dt.datetime] = _now
    name: str = "roundup"
    hooks: str = "1.0"
    _client: httpx.Client = field(init=False, repr=False, eq=False)
    _user: str = field(init=False, default="", repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        web = self.settings.url.rstrip("/") + "/"
        self._client = httpx.Client(
            base_url=web + "rest/data/",
            auth=(self.settings.user, self.settings.password.reveal()),
            headers={
                "Accept": "application/json",
                "X-Requested-With": "rest",
                "Origin": web.rstrip("/"),
                "Referer": web,
            },
            trust_env=False,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    # -- hooks -----------------------------------------------------------------------------------

    @hookimpl
    def open_ticket(self, details: TicketOrder) -> Ticket:
        """An issue with its text as the first message; the one that is there, if there is one."""
        found = self._issue(details.key, details.deadline)
        if found is not None:
            return self._ticket(found)
        values = {
            "title": details.subject,
            self.settings.reference: details.key,
            "messages": [self._message(details.key, details.body, details.deadline)],
        }
        made = self._create("issue", values, details.deadline)
        if made is None:  # somewhere on its way the request was doubled, or came too late
            raise OutcomeUnknown("Roundup's address for a new issue was used before")
        return self._ticket(made)

    @hookimpl
    def find_ticket(self, details: TicketSearch) -> Ticket | None:
        """The issue with our key."""
        found = self._issue(details.key, details.deadline)
        return None if found is None else self._ticket(found)

    @hookimpl
    def add_note(self, details: TicketNote) -> Receipt:
        """A message that is linked to the issue."""
        issue, _ = self._read(details.ticket, details.deadline)
        message = self._message(details.key, details.body, details.deadline)
        if message not in issue["messages"]:
            self._link(details.ticket, message, {}, details.deadline)
        return Receipt(id=message)

    @hookimpl
    def find_note(self, details: NoteSearch) -> Receipt | None:
        """The message with our key, if it is linked to the issue."""
        message = self._message_of(details.key, details.deadline)
        if message is None:
            return None
        issues = self._search("issue", {"messages": message}, details.deadline)
        linked = any(issue["id"] == details.ticket for issue in issues)
        return Receipt(id=message) if linked else None

    @hookimpl
    def close_ticket(self, details: TicketClosing) -> Receipt:
        """The last note and the status in one change; nothing if both are there."""
        closed = self._status(details.deadline)
        issue, _ = self._read(details.ticket, details.deadline)
        message = self._message(details.key, details.body, details.deadline)
        if message not in issue["messages"]:
            self._link(details.ticket, message, {"status": closed}, details.deadline)
        return Receipt(id=message)

    @hookimpl
    def read_tickets(self, details: TicketsSince) -> TicketReports:
        """What others wrote into issues of ours, oldest first; the cursor is a message's id."""
        after = int(details.cursor) if details.cursor.isdigit() else 0
        new = {int(one["id"]): one for one in self._messages_after(after, details.deadline)}
        reports = []
        for number in sorted(new):
            message = new[number]
            if (message["messageid"] or "").startswith(_OURS):
                continue
            fields = {"messages": str(number), "@fields": self.settings.reference}
            for issue in self._search("issue", fields, details.deadline):
                if issue[self.settings.reference]:
                    reports.append(_report(message, issue["id"]))
        return TicketReports(reports=tuple(reports), cursor=str(max([after, *new])))

    # -- issues and messages -----------------------------------------------------------------------

    def _ticket(self, issue: str) -> Ticket:
        return Ticket(id=issue, url=f"{self.settings.url.rstrip('/')}/issue{issue}")

    def _issue(self, key: str, deadline: dt.datetime) -> str | None:
        found = self._search("issue", {f"{self.settings.reference}:": key}, deadline)
        return min((issue["id"] for issue in found), key=int, default=None)

    def _message_of(self, key: str, deadline: dt.datetime) -> str | None:
        found = self._search("msg", {"messageid:": _OURS + key}, deadline)
        return min((message["id"] for message in found), key=int, default=None)

    def _message(self, key: str, body: str, deadline: dt.datetime) -> str:
        """The message with our key; made if there is none. No issue shows it before it is linked.

        Until then nothing has been done that anybody can see: what fails here can be tried again.
        """
        found = self._message_of(key, deadline)
        if found is None:
            values = {
                "content": body,
                "messageid": _OURS + key,
                "author": self._author(deadline),
                "date": ".",
            }
            try:
                found = self._create("msg", values, deadline)
            except OutcomeUnknown as error:
                raise TryAgain(error.message) from None
        found = found or self._message_of(key, deadline)
        if found is None:
            raise TryAgain("Roundup made no message in time")
        return found

    def _author(self, deadline: dt.datetime) -> str:
        if not self._user:
            users = self._search("user", {"username:": self.settings.user}, deadline)
            if not users:
                raise Rejected("our user is not to be found in Roundup: may it see users?")
            self._user = users[0]["id"]
        return self._user

    def _status(self, deadline: dt.datetime) -> str:
        found = self._search("status", {"name:": self.settings.closed}, deadline)
        if not found:
            raise Rejected("Roundup has no status of the name in the setting `closed`")
        return str(found[0]["id"])

    def _read(self, issue: str, deadline: dt.datetime) -> tuple[dict[str, Any], str]:
        """An issue with the ids of its messages, and the tag of that version."""
        if not issue.isdigit():
            raise Rejected("a ticket of Roundup has a number")
        data = self._ask("GET", f"issue/{issue}", deadline)["data"]
        attributes = data["attributes"]
        messages = [str(message["id"]) for message in attributes["messages"]]
        return {**attributes, "messages": messages}, data["@etag"]

    def _link(
        self, issue: str, message: str, values: Mapping[str, str], deadline: dt.datetime
    ) -> None:
        """Link a message to an issue, and change the issue with it, unless somebody else did."""
        for _ in range(5):
            found, tag = self._read(issue, deadline)
            if message in found["messages"]:
                return
            change = {"messages": [*found["messages"], message], **values}
            answer = self._ask(
                "PATCH", f"issue/{issue}", deadline, json=change, headers={"If-Match": tag}
            )
            if answer is not None:
                return
        raise TryAgain("somebody else keeps changing the issue")

    def _messages_after(self, after: int, deadline: dt.datetime) -> Iterator[dict[str, Any]]:
        """Messages with a higher number, newest first."""
        for page in range(1, 1_000_000):
            fields = {
                "@fields": "author,content,creation,messageid",
                "@sort": "-id",
                "@verbose": "3",
                "@page_size": str(_PAGE),
                "@page_index": str(page),
            }
            found = self._search("msg", fields, deadline)
            new = [message for message in found if int(message["id"]) > after]
            yield from new
            if len(new) < _PAGE:
                return

    # -- requests ----------------------------------------------------------------------------------

    def _left(self, deadline: dt.datetime) -> float:
        return (deadline - self.clock()).total_seconds()

    def _search(self, kind: str, params: Mapping[str, str], deadline: dt.datetime) -> list[Any]:
        answer = self._ask("GET", kind, deadline, params=params)
        return list(answer["data"]["collection"])

    def _create(self, kind: str, values: object, deadline: dt.datetime) -> str | None:
        """Make one, through an address for a single use; None if that does not work any more.

        The address ends with the deadline: a request that is under way for longer makes nothing.
        """
        seconds = max(1, min(_LONGEST, math.ceil(self._left(deadline))))
        try:
            answer = self._ask("POST", f"{kind}/@poe", deadline, json={"lifetime": seconds})
        except OutcomeUnknown as error:  # an address that nobody uses is nothing
            raise TryAgain(error.message) from None
        token = str(answer["data"]["link"]).rpartition("/")[2]
        made = self._ask("POST", f"{kind}/@poe/{token}", deadline, json=values)
        return None if made is None else str(made["data"]["id"])

    def _ask(self, method: str, path: str, deadline: dt.datetime, **request: Any) -> Any:
        """One request.

        Returns:
            The answer; None if another request was first: the tag has changed, or the address for
            a single use was used, or is over.
        """
        lost = TryAgain if method == "GET" else OutcomeUnknown
        if self._left(deadline) <= 0:
            raise TryAgain("there is no time left")
        timeout = httpx.Timeout(self._left(deadline))
        try:
            with self._client.stream(method, path, timeout=timeout, **request) as answer:
                content = b""
                for part in answer.iter_bytes():
                    content += part
                    if self._left(deadline) <= 0:
                        raise lost(f"{method}: Roundup does not come to an end")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TryAgain(f"Roundup cannot be reached: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise lost(f"{method}: {type(error).__name__}") from None
        status = answer.status_code
        if status == 412 or (status == 400 and "/@poe/" in path and b"POE token" in content):
            return None
        if status in (429, 503):
            raise TryAgain(f"Roundup answered {status}")
        if 400 <= status < 500:
            raise Rejected(f"{method}: Roundup answered {status}")
        if status >= 500:
            raise lost(f"{method}: Roundup answered {status}")
        try:
            return json.loads(content)
        except ValueError:
            raise lost(f"{method}: Roundup answered with something else than JSON") from None


def _report(message: Mapping[str, Any], issue: str) -> TicketReport:
    day, _, time = message["creation"].partition(".")  # always in UTC
    return TicketReport(
        id=str(message["id"]),
        ticket=str(issue),
        author=(message["author"] or {}).get("username") or "unknown",
        text=message["content"] or "",
        written_at=dt.datetime.fromisoformat(f"{day}T{time}+00:00"),
    )
