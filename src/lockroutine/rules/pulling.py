"""What comes back from other systems, and the steps that it means.

A report typed into a ticket is found by plain words and labels. Nothing of a pack is run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import field, frozen

from lockroutine.rules.terms import CLAUSES, GAPS, doc

__all__ = ["PullBatteries", "PullRegister", "PullTickets", "Pulls", "Report", "read_report"]


@frozen(kw_only=True)
class Report:
    """What somebody may write into a ticket, and the step that it means.

    ```toml
    [report.mounted]
    step = "mounting.report"
    words = ["monterat", "mounted"]
    fields = { serial_number = ["serienummer", "serial number"] }
    clauses = ["B8"]
    ```
    """

    step: str = field(metadata=doc("Process and transition, like `mounting.report`."))
    words: tuple[str, ...] = field(metadata=doc("A text with one of these words is such a report."))
    fields: Mapping[str, tuple[str, ...]] = field(
        factory=dict, metadata=doc("The fields of the step's form, each with the labels before it.")
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)


@frozen(kw_only=True)
class PullTickets:
    """What becomes of a report that cannot be read, or is refused."""

    unread: str = field(
        metadata=doc("The step that opens a case of it; its form is `unread_report`.")
    )


@frozen(kw_only=True)
class PullBatteries:
    """What becomes of battery levels that the admin tool has read."""

    good: str = field(metadata=doc("The step on the lock that records a good level."))
    low: str = field(metadata=doc("The step on the lock that records one that is not good."))
    ask: str = field(metadata=doc("The step that opens a case to have the battery changed."))


@frozen(kw_only=True)
class PullRegister:
    """What becomes of differences between our register and the admin tool's."""

    process: str = field(metadata=doc("The process that is our register, by serial number."))
    paired: str = field(metadata=doc("Its field that holds with whom a lock is paired."))
    differs: str = field(
        metadata=doc("The step that opens a case of a difference; its form is `difference`.")
    )
    agrees: str = field(metadata=doc("The step that ends it when both agree again."))


@frozen(kw_only=True)
class Pulls:
    """The steps that `Engine.pull` makes, with `by = ["pull"]` among their roles.

    ```toml
    [pull.tickets]
    unread = "unread_report.receive"
    ```
    """

    tickets: PullTickets | None = field(default=None, metadata=doc("Of reports in tickets."))
    batteries: PullBatteries | None = field(default=None, metadata=doc("Of battery levels."))
    register: PullRegister | None = field(default=None, metadata=doc("Of the register."))

    def steps(self) -> Mapping[str, str]:
        """Every step that it names, by its path in the pack."""
        found: dict[str, str] = {}
        if self.tickets:
            found["pull.tickets.unread"] = self.tickets.unread
        if self.batteries:
            found["pull.batteries.good"] = self.batteries.good
            found["pull.batteries.low"] = self.batteries.low
            found["pull.batteries.ask"] = self.batteries.ask
        if self.register:
            found["pull.register.differs"] = self.register.differs
            found["pull.register.agrees"] = self.register.agrees
        return found


def read_report(rule: Report, text: str) -> Mapping[str, str] | None:
    """The fields that a text gives for a report, or None if it is no such report.

    A field that is not there is left out.

    >>> rule = Report(
    ...     step="mounting.report",
    ...     words=("mounted",),
    ...     fields={"serial_number": ("serial number",)},
    ... )
    >>> read_report(rule, "Lock mounted, serial number: PH1-001.")
    {'serial_number': 'PH1-001'}
    >>> read_report(rule, "Who has the key?") is None
    True
    """
    if not any(_word(word).search(text) for word in rule.words):
        return None
    found: dict[str, str] = {}
    for name, labels in rule.fields.items():
        for label in labels:
            value = re.search(rf"{_word(label).pattern}\s*[:=]?\s*(\S+)", text, re.IGNORECASE)
            if value and (given := value.group(1).strip(".,;:!?()\"'")):
                found[name] = given
                break
    return found


def _word(word: str) -> re.Pattern[str]:
    spaced = r"\s+".join(map(re.escape, word.split()))
    return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)
