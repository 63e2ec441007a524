"""What must hold in every world that a routine can come to, whoever does what in which order.

A guard is asked when somebody makes a step. An invariant is asked of no one: `lockroutine check`
proves it before the pack is used, or tells the shortest story in which it does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from lockroutine.model import Text
from lockroutine.rules.guards import Guard
from lockroutine.rules.terms import CLAUSES, GAPS, doc

__all__ = ["Invariant"]


@frozen(kw_only=True)
class Invariant:
    """What must always hold of the cases of a process in some states, or whenever a step is made.

    In `[always.NAME]` all guards must hold at once; in `[never.NAME]` they may not all hold at
    once. A guard with `when` counts only then. One that cannot be judged does not hold. With
    `states`, the guards are judged with a case that is in one of them as `case`. With `step`, they
    are judged as if they were guards of that step, before it is made. Overlays may not loosen an
    invariant without saying so.

    ```toml
    [always.no_lock_without_consent]
    label.sv = "Inget lås sitter kvar utan att ett samtycke gäller eller håller på att avslutas"
    label.en = "No lock hangs without a consent that holds or is being settled"
    process = "lock"
    states = ["mounted"]
    clauses = ["S3", "N1"]

    [always.no_lock_without_consent.guards.consent]
    kind = "case_in_state"
    process = "consent"
    subject = "case.customer"
    states = ["received", "withdrawn", "ending"]

    [always.open_with_ones_own_app]
    label.sv = "Ingen öppnar en dörr med en app som inte hör till rollen"
    label.en = "Nobody opens a door with an app that does not go with their role"
    step = "lock.open"
    clauses = ["A1"]

    [always.open_with_ones_own_app.guards.app]
    kind = "by_role"
    value = "form.app"
    allowed = { provider_staff = ["lmo"], home_health_staff = ["homecare"] }
    ```
    """

    label: Text = field(metadata=doc("What must hold, as a sentence for those who read a report."))
    process: str = field(default="", metadata=doc("The process whose cases are looked at."))
    states: tuple[str, ...] = field(
        default=(), metadata=doc("The states in which they are looked at.")
    )
    step: str = field(
        default="", metadata=doc("Or: the step that is looked at, such as `lock.open`.")
    )
    guards: Mapping[str, Guard] = field(
        metadata=doc("The guard kinds are those of transitions; `otherwise` may be left out.")
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)
