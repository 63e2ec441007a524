"""The systems around the routine in `demo --plugins`: tickets, messages, and a tool used by hand.

All of it runs on this machine only. What is not the adapters' own, such as the vendor's tool and
the people who write into tickets, is played here.
"""

from __future__ import annotations

import csv
import email
import email.policy
import importlib
import importlib.util
import json
import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from attrs import Factory, define, frozen

from lockroutine.contacts import Contact, Contacts
from lockroutine.errors import LockroutineError
from lockroutine.hookspecs import ChannelSearch, Notice, Receipt, hookimpl
from lockroutine.model import Text
from lockroutine.plugins import Secret
from lockroutine.plugins import easit as easit_plugin
from lockroutine.plugins import file as file_plugin
from lockroutine.plugins import mail as mail_plugin
from lockroutine.plugins import manual as manual_plugin
from lockroutine.testing.clock import StoppedClock
from lockroutine.testing.easit import EasitStandIn

__all__ = ["CONTACTS", "AdminTool", "Systems", "systems"]

_RECIPIENTS = (
    "coordinator",
    "installer",
    "locksmith",
    "provider_staff",
    "social_services",
    "supplier",
    "system_manager",
    "unit_manager",
)

CONTACTS = Contacts(
    {name: Contact(mail=f"{name.replace('_', '-')}@example.org") for name in _RECIPIENTS}
)
"""Invented addresses for all to whom the bundled pack sends messages."""


@define
class AdminTool:
    """What stands in the vendor's tool, and the CSV file that a person exports from it.

    Args:
        path: The file.
    """

    path: Path
    paired: dict[str, str] = Factory(dict)
    levels: dict[str, tuple[int, str]] = Factory(dict)

    def export(self) -> None:
        """Write the file as Excel does: with semicolons and a byte order mark."""
        with self.path.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file, delimiter=";")
            rows.writerow(["Serienummer", "Kund", "Modell", "Batteri", "Avläst"])
            for serial, customer in self.paired.items():
                level, read_at = self.levels.get(serial, ("", ""))
                rows.writerow([serial, customer, "Model X", level, read_at])


@frozen(kw_only=True)
class Systems:
    """Whom the story can reach.

    Args:
        plugins: The plugins that effects go through.
        contacts: Where messages go.
        tool: The vendor's tool.
        account: The installer's account in the ticket system.
        write: Writes a text into a ticket, as that account.
        notes: The texts that stand in a ticket.
        tickets: How many tickets and notes of ours there are, looked at from the other side.
        messages: The ids of the messages that have arrived.
        named: What the systems are called, by what they are for.
    """

    plugins: tuple[object, ...]
    contacts: Contacts = CONTACTS
    tool: AdminTool
    account: str
    write: Callable[[str, str], object]
    notes: Callable[[str], list[str]]
    tickets: Callable[[], tuple[int, int]]
    messages: Callable[[], list[str]]
    named: tuple[Text, Text]


@frozen
class _Notices:
    """Only the messages of the file drop; it would take the tickets too."""

    drop: file_plugin.FileDrop
    name: str = "file"
    hooks: str = "1.0"

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        return self.drop.channels(details)

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        return self.drop.send_notice(details)


@contextmanager
def systems(folder: Path, clock: StoppedClock) -> Generator[Systems]:
    """Start everything, for as long as the context lasts.

    Args:
        folder: An empty folder for the files.
        clock: The clock of the engine.

    Raises:
        LockroutineError: An extra is missing; it says which.
    """
    _need_extras()
    with ExitStack() as stack:
        stand_in = stack.enter_context(EasitStandIn())
        settings = easit_plugin.Settings(
            url=stand_in.url,
            plain_http=True,
            api_key=Secret(stand_in.api_key),
            create_handler="CreateLockOrder_v1",
            note_handler="NoteLockOrder_v1",
            close_handler="CloseLockOrder_v1",
            view="LockOrders",
            notes_view="LockNotes",
            note_ticket="Ticket",
            account="Integration",
        )
        tickets = easit_plugin.Easit(settings, clock=clock)
        stack.callback(tickets.close)
        tool = AdminTool(folder / "register.csv")
        manual = manual_plugin.ManualAdminTool(manual_plugin.Settings(register=str(tool.path)))
        notices, messages, channel = _notices(stack, folder, clock)
        account = "montor.3"
        yield Systems(
            plugins=(tickets, manual, notices),
            tool=tool,
            account=account,
            write=lambda ticket, text: stand_in.report(ticket, account, text),
            notes=lambda ticket: [n.properties["Note"] for n in stand_in.notes_of(ticket)],
            tickets=lambda: (
                len(stand_in.tickets),
                sum(1 for note in stand_in.notes if note.properties.get("NoteReference")),
            ),
            messages=messages,
            named=(
                Text(
                    sv=f"en attrapp av Easit på {stand_in.url}",
                    en=f"a stand-in of Easit at {stand_in.url}",
                ),
                channel,
            ),
        )


def _need_extras() -> None:
    needed = {"delivery": "tenacity", "easit": "httpx"}
    missing = [extra for extra, module in needed.items() if not _there(module)]
    if missing:
        extras = ",".join(["cli", *missing])
        raise LockroutineError(f'demo --plugins needs more: pip install "lockroutine[{extras}]"')


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _notices(
    stack: ExitStack, folder: Path, clock: StoppedClock
) -> tuple[object, Callable[[], list[str]], Text]:
    """Mail through a real server, where there is one; else lines of a file."""
    if not (_there("aiosmtpd") and _there("icalendar")):
        path = folder / "messages.jsonl"
        drop = file_plugin.FileDrop(file_plugin.Settings(path=str(path)))
        return (
            _Notices(drop),
            lambda: _keys(path),
            Text(sv=f"filen {path.name}", en=f"the file {path.name}"),
        )
    received = _Received()
    port = stack.enter_context(_smtp(received))
    settings = mail_plugin.Settings(
        host="127.0.0.1",
        port=port,
        security="none",
        sender="locks@example.org",
        hello="localhost",
    )
    mail = mail_plugin.Mail(settings, clock=clock)
    return (
        mail,
        lambda: list(received.ids),
        Text(sv=f"en e-postserver på 127.0.0.1:{port}", en=f"a mail server at 127.0.0.1:{port}"),
    )


def _keys(path: Path) -> list[str]:
    if not path.exists():
        return []
    return [json.loads(text)["key"] for text in path.read_text("utf-8").splitlines()]


@define
class _Received:
    """What a mail server keeps: the id of each mail."""

    ids: list[str] = Factory(list)

    async def handle_DATA(  # noqa: N802  # a name of aiosmtpd
        self, server: object, session: object, envelope: Any
    ) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        self.ids.append(str(message["Message-ID"]))
        return "250 OK"


@contextmanager
def _smtp(handler: object) -> Generator[int]:
    controller: Any = importlib.import_module("aiosmtpd.controller")  # nobody must have it
    with socket.socket() as free:  # which port is free; it cannot be asked to choose one
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    running = controller.Controller(handler, hostname="127.0.0.1", port=port)
    running.start()
    try:
        yield port
    finally:
        running.stop()
