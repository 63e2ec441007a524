"""The effect kinds: what a transition may ask plugins to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from attrs import field, frozen

from lockroutine.rules.terms import CLAUSES, GAPS, SUBJECT, Condition, Ref, doc

__all__ = [
    "EFFECTS",
    "CloseTicket",
    "EffectRule",
    "NoteTicket",
    "OpenTicket",
    "PairLock",
    "SendNotice",
    "UnpairLock",
]


@frozen(kw_only=True)
class EffectRule:
    """What every effect may say, whatever its kind.

    ```toml
    [process.mounting.transitions.order.effects.ticket]
    kind = "open_ticket"
    template = "mounting_order"
    clauses = ["B1"]
    ```
    """

    kind: ClassVar[str] = ""
    system: ClassVar[str] = ""

    when: Condition | None = field(default=None, metadata=doc("It is asked for only then."))
    drop_in: tuple[str, ...] = field(
        default=(),
        metadata=doc("It is not sent any more if the case has come into one of these states."),
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)

    def carries(self) -> Mapping[str, Ref]:
        """What it carries beside the facts that its template names."""
        return {}

    def recipients(self) -> tuple[str, ...]:
        """To whom it goes, each by itself; an empty name where that says nothing."""
        return ("",)

    def named(self) -> Mapping[str, Ref]:
        """Those of its recipients that a field of the case names."""
        return {}


@frozen(kw_only=True)
class OpenTicket(EffectRule):
    """A ticket is opened in the ticket system.

    ```toml
    kind = "open_ticket"
    template = "mounting_order"
    ```
    """

    kind: ClassVar[str] = "open_ticket"
    system: ClassVar[str] = "tickets"
    template: str = field(metadata=doc("The message template that it speaks by."))


@frozen(kw_only=True)
class NoteTicket(EffectRule):
    """A note is added to the case's ticket.

    ```toml
    kind = "note_ticket"
    template = "installed"
    ```
    """

    kind: ClassVar[str] = "note_ticket"
    system: ClassVar[str] = "tickets"
    template: str = field(metadata=doc("The message template that it speaks by."))
    ticket: Ref | None = field(
        default=None,
        metadata=doc("The ticket's id in its system, if it is not the one that the case opened."),
    )

    def carries(self) -> Mapping[str, Ref]:
        return {"ticket": self.ticket} if self.ticket else {}


@frozen(kw_only=True)
class CloseTicket(EffectRule):
    """The case's ticket is closed.

    ```toml
    kind = "close_ticket"
    template = "mounting_done"
    ```
    """

    kind: ClassVar[str] = "close_ticket"
    system: ClassVar[str] = "tickets"
    template: str = field(metadata=doc("The message template that it speaks by."))


@frozen(kw_only=True)
class SendNotice(EffectRule):
    """A message is sent to somebody.

    ```toml
    kind = "send_notice"
    to = ["coordinator"]
    template = "time_agreed"
    ```
    """

    kind: ClassVar[str] = "send_notice"
    system: ClassVar[str] = "notices"
    template: str = field(metadata=doc("The message template that it speaks by."))
    to: tuple[str, ...] = field(
        metadata=doc(
            "Roles, or contacts of the municipality's own file, such as `supplier`; or `case.FIELD`"
            " for the contact that a field names, such as one firm among several."
        )
    )
    visit: Literal["", "agreed", "cancelled"] = field(
        default="",
        metadata=doc(
            "That it tells of the case's time from `starts_at` to `ends_at`, for calendars."
        ),
    )

    def carries(self) -> Mapping[str, Ref]:
        if not self.visit:
            return {}
        times = {name: Ref("case", name) for name in ("starts_at", "ends_at")}
        return {"visit": Ref("value", literal=self.visit), **times}

    def recipients(self) -> tuple[str, ...]:
        return self.to

    def named(self) -> Mapping[str, Ref]:
        fields = ((to, to.partition(".")) for to in self.to)
        return {to: Ref("case", name) for to, (source, _, name) in fields if source == "case"}


@frozen(kw_only=True)
class PairLock(EffectRule):
    """The lock is connected to the customer in the administration tool.

    ```toml
    kind = "pair_lock"
    serial_number = "case.serial_number"
    customer = "case.subject"
    ```
    """

    kind: ClassVar[str] = "pair_lock"
    system: ClassVar[str] = "admin_tool"
    serial_number: Ref = field(metadata=doc("The lock."))
    customer: Ref = field(default=SUBJECT, metadata=doc("The customer."))

    def carries(self) -> Mapping[str, Ref]:
        return {"serial_number": self.serial_number, "customer": self.customer}


@frozen(kw_only=True)
class UnpairLock(EffectRule):
    """The lock is disconnected from the customer in the administration tool.

    ```toml
    kind = "unpair_lock"
    serial_number = "case.serial_number"
    customer = "case.subject"
    ```
    """

    kind: ClassVar[str] = "unpair_lock"
    system: ClassVar[str] = "admin_tool"
    serial_number: Ref = field(metadata=doc("The lock."))
    customer: Ref = field(default=SUBJECT, metadata=doc("The customer."))

    def carries(self) -> Mapping[str, Ref]:
        return {"serial_number": self.serial_number, "customer": self.customer}


EFFECTS: tuple[type[EffectRule], ...] = (
    OpenTicket,
    NoteTicket,
    CloseTicket,
    SendNotice,
    PairLock,
    UnpairLock,
)
