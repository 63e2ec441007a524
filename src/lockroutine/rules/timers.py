"""What a pack counts from a time: what the clock makes, and who is asked when others are late.

Nothing here reads a clock: times are counted by the routine's calendar when a case is looked at.
"""

from __future__ import annotations

from attrs import field, frozen

from lockroutine.rules.terms import CLAUSES, GAPS, doc

__all__ = ["Escalation", "Timer"]


@frozen(kw_only=True)
class Timer:
    """When the clock makes a transition.

    Counted from when the case came into its state, from when it is due there, or from the time in
    a field: `{ after = "P30D" }`, `{ at = "due", before = "P2D" }`, `{ at = "valid_until", before
    = "P30D" }`. A transition that leads nowhere, such as a reminder, is made once: counted from
    the state or from due, once in each stay there; counted from a field, until another transition
    undoes it. After a stop of days each that was missed is made.

    ```toml
    [process.mounting.transitions.remind]
    label = { sv = "Påminn montören", en = "Remind the installer" }
    from = ["ordered"]
    by = ["clock"]
    timer = { at = "due", before = "2 working days" }
    gaps = ["deadlines"]

    [process.mounting.transitions.remind.effects.tell]
    kind = "send_notice"
    to = ["installer"]
    template = "reminder"
    gaps = ["deadlines"]
    ```
    """

    at: str = field(
        default="",
        metadata=doc("`due`, or the field of the case that holds the time; left out, its state."),
    )
    after: str = field(
        default="", metadata=doc("So long after that: a duration, or the parameter that holds it.")
    )
    before: str = field(
        default="", metadata=doc("So long before that: a duration, or the parameter that holds it.")
    )


@frozen(kw_only=True)
class Escalation:
    """Who is asked, too, when a case stays in a state beyond its due time.

    Nothing is recorded: from then on the case stands on their work lists as well, marked as
    escalated, until it goes on. They need not be able to do anything with the case itself; that
    they see to it is what is asked. It goes with a state that has `due` and waits for somebody.

    ```toml
    [process.mounting.states.ordered.escalation]
    after = "P3D"
    waits_for = ["unit_manager"]
    gaps = ["deadlines"]
    ```
    """

    after: str = field(
        default="",
        metadata=doc(
            "So long after it is due: a duration, or the parameter that holds it; left out, as "
            "soon as it is overdue."
        ),
    )
    before: str = field(
        default="", metadata=doc("Or so long before: a duration, or the parameter that holds it.")
    )
    waits_for: tuple[str, ...] = field(
        metadata=doc("The roles on whose work list it stands from then on.")
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)
