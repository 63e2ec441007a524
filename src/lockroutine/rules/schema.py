"""What a rule pack may say: each table is a class here, each key a field with its meaning.

The reference in the docs is generated from this file, so a docstring here is what authors of
packs read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from attrs import Factory, field, frozen

from lockroutine.model import Text
from lockroutine.rules.calendar import WORKING_DAYS, Calendar
from lockroutine.rules.declared import FormTable
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.guards import Guard
from lockroutine.rules.invariants import Invariant
from lockroutine.rules.pulling import Pulls, Report
from lockroutine.rules.shown import Shown
from lockroutine.rules.sweeps import Sweep
from lockroutine.rules.terms import CLAUSES, DUE, GAPS, LABEL, SUBJECT, Condition, Ref, doc
from lockroutine.rules.timers import Escalation, Timer

__all__ = [
    "Clause",
    "Duty",
    "Escalation",
    "Gap",
    "Invariant",
    "Joint",
    "Loosened",
    "Move",
    "Pack",
    "Parameter",
    "Process",
    "Role",
    "State",
    "Sweep",
    "Template",
    "Timer",
    "Transition",
    "Unit",
]

Subject: TypeAlias = Literal[
    "customer",
    "serial_number",
    "staff",
    "property",
    "organisation",
    "article",
    "system",
    "ticket",
    "any",
]


@frozen(kw_only=True)
class Role:
    """A role that people work in.

    ```toml
    [role.installer]
    label = { sv = "Montör", en = "Installer" }
    all_units = true
    clauses = ["R6"]
    ```
    """

    label: Text = field(metadata=LABEL)
    all_units: bool = field(
        default=False, metadata=doc("True if the role works for all units, not just its own.")
    )
    only: str = field(
        default="",
        metadata=doc(
            "A field that names whose job a case is: somebody from outside, such as a firm. The "
            "role sees and touches only cases in which it names one of the actor's units. Of all "
            "others nothing is told, not even in a refusal."
        ),
    )
    tends_effects: bool = field(
        default=False,
        metadata=doc("True if the role tries again, dismisses and confirms what plugins do."),
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)


@frozen(kw_only=True)
class Unit:
    """An organisational unit. A pack that names none leaves the units to the host.

    ```toml
    [unit.north]
    label = { sv = "Norr", en = "North" }
    ```
    """

    label: Text = field(metadata=LABEL)


@frozen(kw_only=True)
class Clause:
    """A clause of the written routine, in short.

    ```toml
    [clause.B7]
    text = { sv = "Provas fem gånger.", en = "Tested five times." }
    owed = ["enforced"]
    ```
    """

    text: Text = field(metadata=doc("What the clause says, in short."))
    owed: tuple[Literal["enforced", "done", "asked", "shown"], ...] = field(
        metadata=doc("What the software owes it.")
    )


@frozen(kw_only=True)
class Parameter:
    """A value that stands once, so that another municipality can change it.

    ```toml
    [parameter.test_cycles]
    label = { sv = "Provningar", en = "Test cycles" }
    value = 5
    clauses = ["B7"]
    ```
    """

    label: Text = field(metadata=LABEL)
    value: int | str | tuple[str, ...] = field(
        metadata=doc(
            "A whole number, a text (a duration like `P30D` or `10 working days`, hours), or a "
            "list of texts."
        )
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)


@frozen(kw_only=True)
class Gap:
    """A question that the source leaves open, and the reading that this pack has chosen.

    ```toml
    [gap.public_holiday]
    question = { sv = "Monteras det på en helgdag?", en = "Is a public holiday a mounting day?" }
    reading = { sv = "Nej.", en = "No." }
    clauses = ["B5"]
    ```
    """

    question: Text = field(metadata=doc("What the source does not say."))
    reading: Text = field(metadata=doc("How this pack reads it."))
    clauses: tuple[str, ...] = field(
        default=(), metadata=doc("The clauses beside which the question arises.")
    )


@frozen(kw_only=True)
class Loosened:
    """Why an overlay loosens a safeguard of the pack that it extends, named by its path.

    ```toml
    [loosened."process.mounting.transitions.test.guards.cycles"]
    reason = { sv = "Våra lås startar av sig själva.", en = "Our locks start by themselves." }
    ```
    """

    reason: Text = field(metadata=doc("Why, for those who answer for it."))


@frozen(kw_only=True)
class Template:
    """A message. `$field` stands for a fact of the case; the subject names nothing personal.

    ```toml
    [template.order]
    subject = { sv = "Beställning $id", en = "Order $id" }
    body = { sv = "Dörr: $door", en = "Door: $door" }
    ```
    """

    subject: Text = field(metadata=doc("The subject line. It may name no personal field."))
    body: Text = field(metadata=doc("The message itself."))


@frozen(kw_only=True)
class Duty:
    """What a state asks of somebody. It is named by the transition that settles it.

    ```toml
    [process.mounting.states.fitted.duties.test]
    waits_for = ["installer"]
    clauses = ["B7"]
    ```
    """

    waits_for: tuple[str, ...] = field(metadata=doc("The roles on whose work list it stands."))
    when: Condition | None = field(default=None, metadata=doc("It is owed only then."))
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)


@frozen(kw_only=True)
class State:
    """Where a case can be.

    ```toml
    [process.mounting.states.ordered]
    label = { sv = "Beställd", en = "Ordered" }
    waits_for = ["installer"]
    due = "P14D"
    ```
    """

    label: Text = field(metadata=LABEL)
    waits_for: tuple[str, ...] = field(
        default=(),
        metadata=doc("The roles on whose work list it stands, once every duty here is settled."),
    )
    due: str = field(
        default="",
        metadata=doc(
            "Overdue after this long in the state: a duration like `P14D` or `10 working days`, or "
            "the parameter that holds it."
        ),
    )
    escalation: Escalation | None = field(
        default=None, metadata=doc("Whose work list it stands on, too, when it is overdue.")
    )
    end: bool = field(default=False, metadata=doc("True if the case is over here."))
    duties: Mapping[str, Duty] = field(
        default=Factory(dict),
        metadata=doc("What is owed in this state, each until its transition has been made."),
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)


@frozen(kw_only=True)
class Joint:
    """A step of another case that is made together with this one: both happen, or neither.

    ```toml
    [process.mounting.transitions.install.joint.lock]
    process = "lock"
    transition = "install"
    subject = "form.serial_number"
    form = { customer = "case.subject", door = "case.door", door_type = "case.door_type" }
    otherwise = { sv = "Låset finns inte i registret.", en = "No such lock in the register." }
    clauses = ["B6"]
    ```
    """

    process: str = field(metadata=doc("The other process."))
    transition: str = field(metadata=doc("Its transition; one that opens a case opens one."))
    subject: Ref = field(default=SUBJECT, metadata=doc("Whose case of that process."))
    find: str = field(
        default="subject",
        metadata=doc("By what the case is found: `subject`, or a field of its `find_by`."),
    )
    match: Mapping[str, Ref] = field(
        default=Factory(dict), metadata=doc("Fields that the other case must have, with values.")
    )
    form: Mapping[str, Ref] = field(
        default=Factory(dict), metadata=doc("The fields of the other transition's form.")
    )
    each: Ref | None = field(
        default=None, metadata=doc("A list: the step is made once for each, as `each.item`.")
    )
    every: bool = field(
        default=False,
        metadata=doc("True if the step is made on every such open case, however many there are."),
    )
    missing: Literal["refuse", "skip"] = field(
        default="refuse", metadata=doc("What happens if there is no such open case.")
    )
    brings_unit: bool = field(
        default=False,
        metadata=doc("True if the other case comes into the unit that this one belongs to."),
    )
    when: Condition | None = field(default=None, metadata=doc("It is made only then."))
    otherwise: Text | None = field(
        default=None, metadata=doc("What the refused person reads if there is no such case.")
    )
    instead: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "What to do instead then: transitions of this case, or steps of another process like "
            "`removal.order`."
        ),
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)


@frozen(kw_only=True)
class Transition:
    """A step from one state to another: who may make it, what it takes, what must hold.

    ```toml
    [process.mounting.transitions.order]
    label = { sv = "Beställ montering", en = "Order the mounting" }
    from = []
    to = "ordered"
    by = ["coordinator"]
    form = "mounting_order"
    clauses = ["B1", "B2", "B3"]
    ```
    """

    label: Text = field(metadata=LABEL)
    from_: tuple[str, ...] = field(
        metadata=doc("The states that it leaves; an empty list opens a case.")
    )
    to: str = field(default="", metadata=doc("The state that it leads to; left out, it stays."))
    by: tuple[str, ...] = field(
        metadata=doc(
            "The roles that may; `clock` for a timer, `pull` for what another system reports, "
            "`sweep` for what a standing check finds, `joint` if only other steps may."
        )
    )
    form: str = field(default="", metadata=doc("The form that it takes; left out, none."))
    guards: Mapping[str, Guard] = field(
        default=Factory(dict), metadata=doc("What must hold; see the guard kinds.")
    )
    joint: Mapping[str, Joint] = field(
        default=Factory(dict), metadata=doc("Steps of other cases that are made with it.")
    )
    effects: Mapping[str, EffectRule] = field(
        default=Factory(dict), metadata=doc("What plugins are asked to do; see the effect kinds.")
    )
    sets: Mapping[str, Ref] = field(
        default=Factory(dict), metadata=doc("Facts that it writes to the case by itself.")
    )
    clears: tuple[str, ...] = field(
        default=(), metadata=doc("Facts of the case that it takes away.")
    )
    undoes: tuple[str, ...] = field(
        default=(), metadata=doc("Transitions that no longer count as done: owed again.")
    )
    unit: Ref | None = field(
        default=None,
        metadata=doc("The unit that the case belongs to from then on, such as `form.provider`."),
    )
    references: Mapping[str, Ref] = field(
        default=Factory(dict),
        metadata=doc("Ids in other systems that the case gets: system and value."),
    )
    timer: Timer | None = field(
        default=None, metadata=doc('When the clock makes it; goes with `by = ["clock"]`.')
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)

    @property
    def once_per_stay(self) -> bool:
        """Whether the clock makes it once in each stay in a state, and it leads nowhere."""
        return self.timer is not None and not self.to and self.timer.at in ("", DUE)

    @property
    def only_tells(self) -> bool:
        """Whether it changes nothing of the case: what happened before it may be entered late."""
        changes = (self.to, self.sets, self.clears, self.undoes, self.references, self.joint)
        return self.timer is not None and not any(changes)


@frozen(kw_only=True)
class Process:
    """One state machine of the routine.

    ```toml
    [process.mounting]
    label = { sv = "Montering", en = "Mounting" }
    subject = "customer"
    one_open_per = ["subject", "door"]
    ```
    """

    label: Text = field(metadata=LABEL)
    subject: Subject = field(
        metadata=doc(
            "What a case is about. A serial number is kept in one spelling. `any` is what other "
            "processes are about."
        )
    )
    one_open_per: tuple[str, ...] = field(
        default=(),
        metadata=doc("Only one case may be open with the same values of these: `subject`, fields."),
    )
    find_by: tuple[str, ...] = field(
        default=(), metadata=doc("Fields, beside the subject, by which rules find its cases.")
    )
    sees_personal: tuple[str, ...] = field(
        default=(), metadata=doc("The roles that get to see personal fields of its cases.")
    )
    sees_secret: tuple[str, ...] = field(
        default=(), metadata=doc("The roles that get to see secret fields of its cases.")
    )
    states: Mapping[str, State] = field(metadata=doc("Its states."))
    transitions: Mapping[str, Transition] = field(metadata=doc("Its transitions."))


@frozen(kw_only=True)
class Move:
    """What becomes of the cases of a process that ran under an earlier version.

    Named by the process. What it does not name stays as it is: a state is the state of the same
    name, and what was done counts as done. Cases in a state that the new version does not have
    cannot be moved unless it is named here.

    ```toml
    [move.mounting]
    from = ["1.0.0"]
    states = { booked = "agreed", fitted = ["hung", "tested"] }
    transitions = { book = "agree", test = "" }
    ```
    """

    from_: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "The versions that it is for, like `1.0.0`, or `name@1.0.0` for another pack's; left "
            "out, whatever a case ran under."
        ),
    )
    states: Mapping[str, str | tuple[str, ...]] = field(
        default=Factory(dict),
        metadata=doc(
            "For a state of the earlier version the one that its cases are in from then on; a list "
            "if somebody has to decide for each case."
        ),
    )
    transitions: Mapping[str, str] = field(
        default=Factory(dict),
        metadata=doc(
            "For a transition of the earlier version the one that counts as done if it was done; "
            "an empty text if it counts no longer."
        ),
    )


@frozen(kw_only=True)
class Pack:
    """A rule pack: the keys and tables of all its files together.

    ```toml
    name = "example"
    version = "1.0.0"
    label = { sv = "Exempel", en = "Example" }
    time_zone = "Europe/Stockholm"
    holidays = "SE"
    ```
    """

    name: str = field(metadata=doc("Its name, in lower case with hyphens or underscores."))
    version: str = field(metadata=doc("Its version. A changed meaning is a new major version."))
    label: Text = field(metadata=LABEL)
    extends: str = field(
        default="",
        metadata=doc(
            "The pack that this one builds on: a bundled one or a plugin's by its name, or a "
            "folder, seen from this one. Tables of this pack are laid over those of that one; "
            "`remove = true` takes one out."
        ),
    )
    without: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "The kinds of effects that are left out of what it extends, wherever they stand: "
            '`["open_ticket", "note_ticket", "close_ticket"]` where there are no tickets.'
        ),
    )
    in_force_from: dt.date | None = field(
        default=None,
        metadata=doc(
            "The day, in local time, from which new cases start under it; until then they start "
            "under the version before. Left out, at once."
        ),
    )
    time_zone: str = field(metadata=doc("The municipality's time zone, by its IANA name."))
    holidays: str = field(
        default="", metadata=doc("The country whose public holidays count, by its ISO code.")
    )
    working_days: tuple[str, ...] = field(
        default=WORKING_DAYS,
        metadata=doc(
            "The days of the week that durations in working days count; a public holiday is none. "
            "Left out, Monday to Friday."
        ),
    )
    role: Mapping[str, Role] = field(metadata=doc("The roles."))
    unit: Mapping[str, Unit] = field(default=Factory(dict), metadata=doc("The units."))
    clause: Mapping[str, Clause] = field(metadata=doc("The clauses of the source, in its order."))
    parameter: Mapping[str, Parameter] = field(
        default=Factory(dict), metadata=doc("The parameters.")
    )
    gap: Mapping[str, Gap] = field(default=Factory(dict), metadata=doc("The gaps."))
    loosened: Mapping[str, Loosened] = field(
        default=Factory(dict),
        metadata=doc("What is loosened of the safeguards of what it extends, by the rule's path."),
    )
    form: Mapping[str, FormTable] = field(
        default=Factory(dict), metadata=doc("Forms beside the bundled ones.")
    )
    template: Mapping[str, Template] = field(
        default=Factory(dict), metadata=doc("The message templates.")
    )
    shown: Mapping[str, Shown] = field(
        default=Factory(dict), metadata=doc("What is there to look up.")
    )
    report: Mapping[str, Report] = field(
        default=Factory(dict), metadata=doc("What may be written into tickets, and what it means.")
    )
    pull: Pulls = field(default=Pulls(), metadata=doc("What becomes of what other systems report."))
    sweep: Mapping[str, Sweep] = field(default=Factory(dict), metadata=doc("The standing checks."))
    process: Mapping[str, Process] = field(metadata=doc("The processes."))
    move: Mapping[str, Move] = field(
        default=Factory(dict),
        metadata=doc("What becomes of cases that ran under an earlier version, by process."),
    )
    always: Mapping[str, Invariant] = field(
        default=Factory(dict), metadata=doc("What must hold in every world: all guards at once.")
    )
    never: Mapping[str, Invariant] = field(
        default=Factory(dict), metadata=doc("What may hold in no world: not all guards at once.")
    )

    def invariants(self) -> Iterator[tuple[str, Invariant]]:
        """Both kinds of invariants, each with its path, such as ``never.opened_by_nobody``."""
        yield from ((f"always.{name}", one) for name, one in self.always.items())
        yield from ((f"never.{name}", one) for name, one in self.never.items())

    @property
    def key(self) -> str:
        """Name and version, as cases are pinned to them."""
        return f"{self.name}@{self.version}"

    @property
    def calendar(self) -> Calendar:
        """The municipality's local time, working days and public holidays."""
        return Calendar(self.time_zone, self.holidays, self.working_days)
