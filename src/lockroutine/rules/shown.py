"""What a routine only shows: links, support hours, contacts, apps, figures."""

from __future__ import annotations

from typing import ClassVar, Literal

from attrs import field, frozen

from lockroutine.model import Text
from lockroutine.rules.terms import CLAUSES, GAPS, LABEL, doc

__all__ = ["SHOWN", "App", "Contacts", "Figure", "Link", "Shown", "Stock", "SupportHours"]


@frozen(kw_only=True)
class Shown:
    """What the routine only shows, whatever its kind.

    ```toml
    [shown.customer_portal]
    kind = "link"
    label = { sv = "Kundportalen", en = "Customer portal" }
    url = "https://example.org/portal"
    clauses = ["P1"]
    ```
    """

    kind: ClassVar[str] = ""

    label: Text = field(metadata=LABEL)
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)


@frozen(kw_only=True)
class Link(Shown):
    """A page or a guide to look up.

    ```toml
    kind = "link"
    label = { sv = "Lathundar", en = "Guides" }
    url = "https://example.org/guides"
    ```
    """

    kind: ClassVar[str] = "link"
    url: str = field(metadata=doc("Its address."))


@frozen(kw_only=True)
class SupportHours(Shown):
    """When somebody answers; with whether they answer at a given moment.

    ```toml
    kind = "support_hours"
    label = { sv = "Leverantörens support", en = "The supplier's support" }
    days = "support_days"
    hours = "support_hours"
    ```
    """

    kind: ClassVar[str] = "support_hours"
    days: str = field(metadata=doc("The parameter that lists the days of the week."))
    hours: str = field(metadata=doc("The parameter that holds the hours, like `08:00-17:00`."))


@frozen(kw_only=True)
class Contacts(Shown):
    """Whom to reach, by role, from the municipality's own file.

    ```toml
    kind = "contacts"
    label = { sv = "Kontaktuppgifter", en = "Contacts" }
    roles = ["installer", "system_manager"]
    ```
    """

    kind: ClassVar[str] = "contacts"
    roles: tuple[str, ...] = field(metadata=doc("The roles whose contacts are shown."))


@frozen(kw_only=True)
class App(Shown):
    """Which app a role opens doors with.

    ```toml
    kind = "app"
    label = { sv = "LMO", en = "LMO" }
    role = "provider_staff"
    ```
    """

    kind: ClassVar[str] = "app"
    role: str = field(metadata=doc("The role that uses it."))


@frozen(kw_only=True)
class Figure(Shown):
    """A figure to follow; what each counts stands in the docs.

    ```toml
    kind = "figure"
    label = { sv = "Öppna ärenden", en = "Open cases" }
    figure = "open_cases"
    ```
    """

    kind: ClassVar[str] = "figure"
    figure: Literal["open_cases", "overdue", "time_in_state", "late_entries", "refusals"] = field(
        metadata=doc("Which one.")
    )


@frozen(kw_only=True)
class Stock(Shown):
    """A count of what lies in the store, with what is missing there.

    ```toml
    kind = "stock"
    label = { sv = "Lås i förrådet", en = "Locks in the store" }
    process = "lock"
    states = ["in_store"]
    by = "model"
    minimum = "stock_minimum"
    ```
    """

    kind: ClassVar[str] = "stock"
    process: str = field(metadata=doc("The process whose cases are counted."))
    states: tuple[str, ...] = field(metadata=doc("The states that count as being there."))
    by: str = field(metadata=doc("The field that they are told apart by."))
    minimum: str = field(
        metadata=doc("The parameter that holds how many of each there should be at least.")
    )


SHOWN: tuple[type[Shown], ...] = (Link, SupportHours, Contacts, App, Figure, Stock)
