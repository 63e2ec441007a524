"""Every ticket and notice as a line of JSON in a file: for trying out, and for hosts that pull.

A line holds personal data, as a ticket does: keep the file as you would keep the tickets.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import BinaryIO, ClassVar

from attrs import field, frozen

from lockroutine.errors import OutcomeUnknown, Rejected, TryAgain
from lockroutine.hookspecs import (
    ChannelSearch,
    NoteSearch,
    Notice,
    Receipt,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketReports,
    TicketSearch,
    TicketsSince,
    hookimpl,
)
from lockroutine.plugins.settings import setting

__all__ = ["FileDrop", "Settings"]


@frozen(kw_only=True)
class Settings:
    """Where the lines go, and which channels of notices are taken."""

    path: str = field(metadata=setting("The file that lines are added to."))
    channels: tuple[str, ...] = field(
        default=("mail", "sms"), metadata=setting("The channels whose notices it takes.")
    )


_Settings = Settings  # by which the class can have one of that name


class _Keys:
    """The keys in a file that others, too, may add lines to; each line is read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = (0, 0)
        self._read = 0  # bytes
        self._keys: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether a line has this key."""
        with self._path.open("rb") as file:
            found = os.fstat(file.fileno())
            if (found.st_dev, found.st_ino) != self._file or found.st_size < self._read:
                # Another file, or it was written anew: whoever takes lines away does so.
                self._file, self._read = (found.st_dev, found.st_ino), 0
                self._keys.clear()
            file.seek(self._read)
            for line in file:
                its_key = _key_of(line)
                if not line.endswith(b"\n"):  # it may still become longer
                    return key in self._keys or its_key == key
                self._read += len(line)
                if its_key is not None:
                    self._keys.add(its_key)
        return key in self._keys


def _key_of(line: bytes) -> str | None:
    try:
        found = json.loads(line.decode(errors="replace"))
    except ValueError:
        return None  # half a line, from when the power went
    key = found.get("key") if isinstance(found, dict) else None
    return key if isinstance(key, str) else None


@frozen
class FileDrop:
    """Tickets and notices as lines of a file. The key of a line is told by, so none comes twice.

    Args:
        settings: Where the lines go.
    """

    Settings: ClassVar[type[_Settings]] = _Settings
    settings: _Settings
    name: str = "file"
    hooks: str = "1.0"
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False, eq=False)
    _keys: _Keys = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_keys", _Keys(Path(self.settings.path)))

    @hookimpl
    def open_ticket(self, details: TicketOrder) -> Ticket:
        """Write the ticket down; its id is its key."""
        self._add("ticket", details.key, subject=details.subject, body=details.body)
        return Ticket(id=details.key)

    @hookimpl
    def add_note(self, details: TicketNote) -> Receipt:
        """Write the note down."""
        self._ticket(details.ticket)
        self._add("note", details.key, ticket=details.ticket, body=details.body)
        return Receipt(id=details.key)

    @hookimpl
    def close_ticket(self, details: TicketClosing) -> Receipt:
        """Write the closing down."""
        self._ticket(details.ticket)
        self._add("closing", details.key, ticket=details.ticket, body=details.body)
        return Receipt(id=details.key)

    @hookimpl
    def find_ticket(self, details: TicketSearch) -> Ticket | None:
        """The ticket with this key."""
        return Ticket(id=details.key) if self._has(details.key) else None

    @hookimpl
    def find_note(self, details: NoteSearch) -> Receipt | None:
        """The note with this key."""
        return Receipt(id=details.key) if self._has(details.key) else None

    @hookimpl
    def read_tickets(self, details: TicketsSince) -> TicketReports:
        """Nobody writes into these tickets."""
        return TicketReports(reports=(), cursor=details.cursor)

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        """The channels of the settings."""
        return self.settings.channels

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        """Write the notice down."""
        self._add(
            "notice",
            details.key,
            channel=details.channel,
            recipient=details.recipient,
            subject=details.subject,
            body=details.body,
        )
        return Receipt(id=details.key)

    def _ticket(self, key: str) -> None:
        if not self._has(key):
            raise Rejected(f"there is no ticket {key}")

    def _add(self, what: str, key: str, **values: str) -> None:
        line = json.dumps({"key": key, "what": what, **values}, ensure_ascii=False)
        with self._lock:
            if self._known(key):
                return
            try:
                with Path(self.settings.path).open("a+b") as file:
                    # Half a line, from when the power went, must not swallow this one.
                    begin = b"\n" if _ends_within_a_line(file) else b""
                    file.write(begin + line.encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            except FileNotFoundError:
                raise self._no_folder() from None
            except OSError as error:
                raise OutcomeUnknown(f"{self.settings.path}: {type(error).__name__}") from None

    def _has(self, key: str) -> bool:
        with self._lock:
            return self._known(key)

    def _known(self, key: str) -> bool:
        try:
            return self._keys.has(key)
        except FileNotFoundError:
            # A disk that is not there says nothing of what was written to it.
            if not Path(self.settings.path).parent.is_dir():
                raise self._no_folder() from None
            return False
        except OSError as error:
            raise TryAgain(f"{self.settings.path}: {type(error).__name__}") from None

    def _no_folder(self) -> TryAgain:
        return TryAgain(f"there is no folder for {self.settings.path}")


def _ends_within_a_line(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"
