"""The words that every table of a rule pack is made of: references to values, and conditions."""

from __future__ import annotations

import re
import string
from typing import ClassVar, Literal

from attrs import field, frozen

__all__ = [
    "CLAUSES",
    "CLOCK",
    "DUE",
    "GAPS",
    "JOINT",
    "LABEL",
    "MOVE",
    "PULL",
    "RESERVED",
    "SUBJECT",
    "SWEEP",
    "Condition",
    "Message",
    "Ref",
    "doc",
]

CLOCK = "clock"
"""The word in ``by`` for a transition that time makes."""

DUE = "due"
"""The word in a timer's ``at`` for the time at which the case is overdue in its state."""

PULL = "pull"
"""The word in ``by`` for a transition that comes with what another system reports."""

SWEEP = "sweep"
"""The word in ``by`` for a transition that comes with what a standing check finds."""

JOINT = "joint"
"""The word in ``by`` for a transition that only comes with another one."""


MOVE = "engine.move"
"""The transition of an event that brings a case under other rules; no pack can declare one so."""


RESERVED = (CLOCK, PULL, SWEEP, JOINT)
"""Words in ``by`` that are no roles that people work in."""


def doc(text: str) -> dict[str, str]:
    """The meaning of a key, for the reference."""
    return {"doc": text}


CLAUSES = doc("The clauses of the source that this rests on.")
GAPS = doc("The gaps of the pack that this rests on, where the source is silent.")
LABEL = doc("What a person reads, in Swedish (`sv`) and English (`en`).")


@frozen
class Ref:
    """A value that is known when a transition is made.

    Written as text: `form.FIELD` is what is given now, `case.FIELD` what earlier forms of the
    case brought (also `case.subject`, `case.unit`, `case.id`), `actor.id` who does it,
    `event.happened_at` when it happens, `each.item` the present one of a joint's `each`, and
    `text.WORD` the word itself. A number, `true` or `false` stands for itself.
    """

    source: Literal["form", "case", "actor", "event", "each", "value"]
    name: str = ""
    literal: str | int | bool | None = None

    def __str__(self) -> str:
        return f"{self.source}.{self.name}" if self.source != "value" else str(self.literal)


SUBJECT = Ref("case", "subject")


class Message(string.Template):
    """A text with `$fields` in it. There is no way to call or compute anything."""

    idpattern = r"(?a:[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)"
    # Only lower case: `$NAME` is a mistake, and is found as one.
    flags: ClassVar[re.RegexFlag] = re.RegexFlag(0)


@frozen(kw_only=True)
class Condition:
    """When a rule applies at all: `when = { value = "case.reason", one_of = ["death"] }`."""

    value: Ref = field(metadata=doc("The value looked at."))
    one_of: tuple[str | int | bool, ...] = field(
        default=(), metadata=doc("It applies if the value is one of these.")
    )
    given: bool | None = field(
        default=None, metadata=doc("It applies if there is (true) or is no (false) such value.")
    )

    def holds(self, value: object) -> bool:
        """Whether it is fulfilled by this value."""
        if self.given is not None:
            return (value is not None) is self.given
        return value in self.one_of
