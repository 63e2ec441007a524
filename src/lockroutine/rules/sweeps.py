"""Standing checks: what must not stay so, whoever brought it about.

A guard is asked when somebody makes a step. A sweep looks at the cases as they stand, day after
day, and finds what no step would have led to, or what nobody has seen to for too long.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from lockroutine.model import Text
from lockroutine.rules.guards import Guard
from lockroutine.rules.terms import CLAUSES, GAPS, doc

__all__ = ["Sweep"]


@frozen(kw_only=True)
class Sweep:
    """A standing check on the open cases of a process.

    A case is found when it has been in one of these states for so long, unless one of the guards
    in `unless` is content with it. A guard that cannot be judged excuses nothing: then the case is
    found, and its finding says so. What is found becomes a case itself, of a process of the pack:
    one for each sweep and case. It stands on the work lists of that process, under the sweep's
    label, and is settled by itself when the next round no longer finds the case.

    `Engine.sweep` makes a round; the steps that it makes have `by = ["sweep"]`.

    ```toml
    [sweep.lock_without_consent]
    label.sv = "Ett lås sitter kvar utan samtycke, och ingen nedmontering är beställd"
    label.en = "A lock hangs without a consent, and no removal is ordered"
    process = "lock"
    states = ["mounted"]
    opens = "finding.find"
    settles = "finding.settle"
    clauses = ["S3", "R2"]

    [sweep.lock_without_consent.unless.consent]
    kind = "case_in_state"
    process = "consent"
    subject = "case.customer"
    states = ["received"]
    otherwise.sv = "Inget samtycke gäller."
    otherwise.en = "No consent holds."
    clauses = ["S3"]
    ```
    """

    label: Text = field(metadata=doc("What its findings are called on work lists."))
    process: str = field(metadata=doc("The process whose open cases are looked at."))
    states: tuple[str, ...] = field(metadata=doc("The states in which they are looked at."))
    after: str = field(
        default="",
        metadata=doc(
            "Found only after this long there: a duration, or the parameter that holds it."
        ),
    )
    at: str = field(
        default="",
        metadata=doc(
            "What that is counted from, too: `due`, or the field of the case that holds a time. "
            "Always from when the case came into its state, and from this time if it is later."
        ),
    )
    unless: Mapping[str, Guard] = field(
        factory=dict,
        metadata=doc(
            "What excuses a case: one that holds is enough. The guard kinds are those of "
            "transitions, judged with the case as `case`; with `when`, one counts only then."
        ),
    )
    opens: str = field(
        metadata=doc("The step that opens a case of what is found; its form is `finding`.")
    )
    settles: str = field(metadata=doc("The step that ends it when it is found no longer."))
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)
