"""What plugins may implement: one flat page of functions.

A plugin is any object (a module, an instance) with methods of these names, marked with
`hookimpl`, and two attributes: ``name``, and ``hooks``, the version of this page it was written
for. Each function takes one frozen value named ``details``, so that a hook can grow by a field
without breaking anyone. A plugin says that something went wrong by raising `TryAgain`,
`Rejected` or `OutcomeUnknown` of `lockroutine.errors`. One that holds connections may have a
method ``close``, which is called when the engine is closed.

>>> class Pager:
...     name = "pager"
...     hooks = "1.0"
...
...     @hookimpl
...     def channels(self, details: ChannelSearch) -> tuple[str, ...]:
...         return ("pager",)
...
...     @hookimpl
...     def send_notice(self, details: Notice) -> Receipt:
...         return Receipt()
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import pluggy
from attrs import field, frozen

__all__ = [
    "HOOKS_VERSION",
    "BatteryLevel",
    "BatterySearch",
    "ChannelSearch",
    "KindSearch",
    "LockSearch",
    "NoteSearch",
    "Notice",
    "OtherEffect",
    "Pairing",
    "Receipt",
    "RegisterSearch",
    "RegisteredLock",
    "Ticket",
    "TicketClosing",
    "TicketNote",
    "TicketOrder",
    "TicketReport",
    "TicketReports",
    "TicketSearch",
    "TicketsSince",
    "Visit",
    "hookimpl",
    "hookspec",
]

HOOKS_VERSION = "1.0"
"""The version of this page. A plugin of another major version is refused at start-up."""

hookspec: pluggy.HookspecMarker = pluggy.HookspecMarker("lockroutine")
hookimpl: pluggy.HookimplMarker = pluggy.HookimplMarker("lockroutine")


# -- tickets ------------------------------------------------------------------------------------


@frozen(kw_only=True)
class TicketOrder:
    """A ticket to open.

    Args:
        key: Stable and unique. Keep it in the ticket, so that `find_ticket` finds it.
        subject: The subject line; it holds nothing personal.
        body: The text of the ticket; it may hold personal data.
        deadline: When to give up waiting for an answer, as an aware time.
    """

    key: str
    subject: str
    body: str = field(repr=False)
    deadline: dt.datetime


@frozen(kw_only=True)
class TicketNote:
    """A note to add to a ticket.

    Args:
        key: Stable and unique. Keep it with the note, so that `find_note` finds it.
        ticket: The ticket's id in the ticket system.
        body: The text of the note; it may hold personal data.
        deadline: When to give up waiting for an answer.
    """

    key: str
    ticket: str
    body: str = field(repr=False)
    deadline: dt.datetime


@frozen(kw_only=True)
class TicketClosing:
    """A ticket to close, with a last note. Closing a closed ticket again does nothing."""

    key: str
    ticket: str
    body: str = field(repr=False)
    deadline: dt.datetime


@frozen(kw_only=True)
class TicketSearch:
    """Which ticket is looked for: the one that was opened with this key."""

    key: str
    deadline: dt.datetime


@frozen(kw_only=True)
class NoteSearch:
    """Which note is looked for: the one added to this ticket with this key."""

    key: str
    ticket: str
    deadline: dt.datetime


@frozen(kw_only=True)
class TicketsSince:
    """From where on reports are read: the cursor that came with the last ones, or empty."""

    cursor: str = ""
    deadline: dt.datetime


@frozen(kw_only=True)
class Ticket:
    """A ticket as the ticket system knows it.

    Args:
        id: Its id there.
        url: Where a person can look at it, if there is such an address.
    """

    id: str
    url: str = ""


@frozen(kw_only=True)
class TicketReport:
    """What somebody wrote into a ticket.

    Args:
        id: Tells it from every other report of that system, for ever.
        ticket: The ticket's id.
        author: Who wrote it, by their account in the ticket system.
        text: What they wrote.
        written_at: When.
        ours: True if it is a note that this library added, told by the key that it bears.
    """

    id: str
    ticket: str
    author: str
    text: str = field(repr=False)
    written_at: dt.datetime
    ours: bool = False


@frozen(kw_only=True)
class TicketReports:
    """What was written since a cursor, oldest first, and the cursor to go on from."""

    reports: tuple[TicketReport, ...]
    cursor: str


@hookspec
def open_ticket(details: TicketOrder) -> Ticket:  # type: ignore[empty-body]
    """Open a ticket and return it."""
    ...


@hookspec
def add_note(details: TicketNote) -> Receipt:  # type: ignore[empty-body]
    """Add a note to a ticket."""
    ...


@hookspec
def close_ticket(details: TicketClosing) -> Receipt:  # type: ignore[empty-body]
    """Close a ticket."""
    ...


@hookspec
def find_ticket(details: TicketSearch) -> Ticket | None:
    """The ticket that was opened with this key, or None."""
    ...


@hookspec
def find_note(details: NoteSearch) -> Receipt | None:
    """The note that was added with this key, or None."""
    ...


@hookspec
def read_tickets(details: TicketsSince) -> TicketReports:  # type: ignore[empty-body]
    """What people wrote into tickets since the cursor. Our own notes may be among it."""
    ...


# -- the vendor's admin tool --------------------------------------------------------------------


@frozen(kw_only=True)
class Pairing:
    """A lock and a customer to connect or disconnect.

    Args:
        key: Stable and unique.
        serial_number: The lock.
        customer: The customer, by the host's own id.
        deadline: When to give up waiting for an answer.
    """

    key: str
    serial_number: str
    customer: str
    deadline: dt.datetime


@frozen(kw_only=True)
class LockSearch:
    """Which lock is looked up."""

    serial_number: str
    deadline: dt.datetime


@frozen(kw_only=True)
class RegisterSearch:
    """That the whole register is asked for."""

    deadline: dt.datetime


@frozen(kw_only=True)
class BatterySearch:
    """That all battery levels are asked for.

    Args:
        deadline: When to give up waiting.
        zone: The municipality's time zone, for times that the tool writes without one.
    """

    deadline: dt.datetime
    zone: dt.tzinfo = dt.UTC


@frozen(kw_only=True)
class RegisteredLock:
    """A lock as the admin tool knows it; empty texts where it does not say."""

    serial_number: str
    paired_with: str = ""
    model: str = ""


@frozen(kw_only=True)
class BatteryLevel:
    """A battery level as the admin tool read it: in per cent, with when it was read."""

    serial_number: str
    level: int
    read_at: dt.datetime


@hookspec
def pair_lock(details: Pairing) -> Receipt:  # type: ignore[empty-body]
    """Connect a lock to a customer."""
    ...


@hookspec
def unpair_lock(details: Pairing) -> Receipt:  # type: ignore[empty-body]
    """Disconnect a lock from a customer."""
    ...


@hookspec
def look_up_lock(details: LockSearch) -> RegisteredLock | None:
    """One lock of the register, or None."""
    ...


@hookspec
def list_locks(details: RegisterSearch) -> tuple[RegisteredLock, ...]:  # type: ignore[empty-body]
    """The whole register."""
    ...


@hookspec
def read_batteries(details: BatterySearch) -> tuple[BatteryLevel, ...]:  # type: ignore[empty-body]
    """The latest battery level of each lock that has one."""
    ...


# -- notices ------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Visit:
    """An agreed time, for those who put it into a calendar."""

    uid: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    sequence: int = 0
    cancelled: bool = False


@frozen(kw_only=True)
class Notice:
    """One message to one recipient over one channel.

    Args:
        key: Stable and unique; make the message's own id of it.
        channel: The channel, for example ``mail``.
        recipient: The address on that channel.
        subject: The subject line; it holds nothing personal.
        body: The text.
        visit: An agreed time that it tells of, if it does.
        deadline: When to give up waiting for an answer.
    """

    key: str
    channel: str
    recipient: str = field(repr=False)
    subject: str
    body: str = field(repr=False)
    visit: Visit | None = None
    deadline: dt.datetime


@frozen(kw_only=True)
class ChannelSearch:
    """That the channels of a plugin are asked for."""


@frozen(kw_only=True)
class Receipt:
    """That something was done; with its id in the outside system, if it has one.

    Args:
        id: Its id there.
        state: ``done``, or ``asked`` if a person was asked to do it.
    """

    id: str = ""
    state: Literal["done", "asked"] = "done"


@hookspec
def channels(details: ChannelSearch) -> tuple[str, ...]:  # type: ignore[empty-body]
    """The channels that this plugin offers, for example ``("mail",)``."""
    ...


@hookspec
def send_notice(details: Notice) -> Receipt:  # type: ignore[empty-body]
    """Send one message to one recipient over one of the plugin's channels."""
    ...


# -- extensions ---------------------------------------------------------------------------------


@frozen(kw_only=True)
class KindSearch:
    """That the kinds or packs of a plugin are asked for."""


@frozen(kw_only=True)
class OtherEffect:
    """An effect of a kind that a plugin has added.

    Args:
        key: Stable and unique; a repeat bears the same.
        kind: The kind's name.
        values: What it carries, by name.
        repeated: True if it may have been done before, as an answer was lost.
        deadline: When to give up waiting for an answer.
    """

    key: str
    kind: str
    values: Mapping[str, object] = field(repr=False)
    repeated: bool = False
    deadline: dt.datetime


@hookspec
def guard_kinds(details: KindSearch) -> tuple[type, ...]:  # type: ignore[empty-body]
    """Further guard kinds: subclasses of `lockroutine.rules.guards.Guard`."""
    ...


@hookspec
def effect_kinds(details: KindSearch) -> tuple[type, ...]:  # type: ignore[empty-body]
    """Further effect kinds: subclasses of `lockroutine.rules.effects.EffectRule`."""
    ...


@hookspec
def do_effect(details: OtherEffect) -> Receipt:  # type: ignore[empty-body]
    """Do an effect of one of this plugin's own kinds."""
    ...


@hookspec
def rule_packs(details: KindSearch) -> Mapping[str, str]:  # type: ignore[empty-body]
    """Rule packs by name, each with the path of its folder."""
    ...
