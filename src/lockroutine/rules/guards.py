"""The guard kinds: what must hold before a transition is made.

A guard says which cases it needs to know of (`needs`) and judges what was found (`judge`). Both
are pure. A guard that finds something in the way returns a `Finding`; what would help is derived
from its `Want`s by whoever knows the whole routine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar

from attrs import Factory, field, frozen

from lockroutine.facts import NOTHING, Facts
from lockroutine.model import Case, Query, Text
from lockroutine.rules.calendar import Hours
from lockroutine.rules.scene import Scene, Unjudged, parse_time
from lockroutine.rules.terms import CLAUSES, GAPS, SUBJECT, Condition, Ref, doc

__all__ = [
    "GUARDS",
    "Absent",
    "AtLeast",
    "AtMost",
    "ByRole",
    "CaseInState",
    "Count",
    "Differs",
    "Done",
    "DutiesDone",
    "Finding",
    "Guard",
    "Includes",
    "IsTrue",
    "NoCaseInState",
    "OneOf",
    "Same",
    "TimeWindow",
    "Want",
    "WithinHours",
]

Found = tuple[tuple[Case, ...], ...]


@frozen(kw_only=True)
class Want:
    """What a guard would be content with.

    Args:
        process: Of which process a case should be in one of ``states``.
        states: Those states.
        case: The case to bring there; None if there is none.
        opens: Whether a new case would do; if not, other steps bring one there.
        held: The open case of the same subject that does not match, beside which none may be
            opened if there may be only one.
        subject: Whom or what that new case would be about.
        transitions: Or: which transitions of this case should be made first.
        field: Or: which field of this transition's form should be given otherwise.
        roles: Or: in which other roles this transition should be made.
        another: Or: whether another person should make it.
    """

    process: str = ""
    states: tuple[str, ...] = ()
    case: Case | None = None
    opens: bool = True
    held: Case | None = None
    subject: str = ""
    transitions: tuple[str, ...] = ()
    field: str = ""
    roles: tuple[str, ...] = ()
    another: bool = False


@frozen(kw_only=True)
class Finding:
    """That a guard is not content.

    Args:
        values: The values that matter. Never personal ones.
        words: Those that are said otherwise in each language.
        wants: What it would be content with.
    """

    values: Facts = NOTHING
    words: Mapping[str, Text] = field(factory=dict)
    wants: tuple[Want, ...] = ()


@frozen(kw_only=True)
class Guard:
    """What every guard may say, whatever its kind.

    ```toml
    [process.mounting.transitions.order.guards.consent]
    kind = "case_in_state"
    process = "consent"
    states = ["received"]
    otherwise = { sv = "Samtycket saknas.", en = "The consent is missing." }
    clauses = ["S3"]
    ```
    """

    kind: ClassVar[str] = ""

    otherwise: Text = field(
        metadata=doc("What the refused person reads. `$name` is a parameter or a reported value.")
    )
    when: Condition | None = field(default=None, metadata=doc("It is judged only then."))
    safeguard: bool = field(
        default=False, metadata=doc("True if it protects life or home and may not be loosened.")
    )
    instead: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "What to do instead, named to the refused person: transitions of this case, or steps "
            "of another process like `removal.order`."
        ),
    )
    clauses: tuple[str, ...] = field(default=(), metadata=CLAUSES)
    gaps: tuple[str, ...] = field(default=(), metadata=GAPS)

    def needs(self, scene: Scene) -> tuple[Query, ...]:
        """Which cases it needs to know of."""
        return ()

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        """What is in the way, or None.

        Args:
            scene: The moment.
            found: The cases that `needs` asked for, a tuple for each query.
        """
        raise NotImplementedError

    def refs(self) -> tuple[Ref, ...]:
        """The values that it looks at; each must be one that exists."""
        return ()

    def kinds(self) -> tuple[tuple[Ref, type], ...]:
        """Of what type a value must be, so that it can be judged at all."""
        return ()

    def reports(self) -> tuple[str, ...]:
        """The names of the values that its findings hold, for use in ``otherwise``."""
        return ()


@frozen(kw_only=True)
class _OtherCase(Guard):
    """What the guards on other cases have in common."""

    process: str = field(metadata=doc("The process of the other case."))
    states: tuple[str, ...] = field(metadata=doc("The states that count."))
    subject: Ref = field(default=SUBJECT, metadata=doc("Whose case it is."))
    find: str = field(
        default="subject",
        metadata=doc("By what it is found: `subject`, or a field of its `find_by`."),
    )
    match: Mapping[str, Ref] = field(
        default=Factory(dict), metadata=doc("Fields that it must have, with their values.")
    )

    def needs(self, scene: Scene) -> tuple[Query, ...]:
        value = scene.text(self.subject)
        return (Query(process=self.process, field=self.find, value=value),)

    def refs(self) -> tuple[Ref, ...]:
        return (self.subject, *self.match.values())

    def _matching(self, scene: Scene, found: Found) -> list[Case]:
        wanted = {name: scene.value(ref) for name, ref in self.match.items()}
        return [
            case
            for case in found[0]
            if all(case.value(name) == value for name, value in wanted.items())
        ]

    def _other_match(self) -> tuple[Want, ...]:
        """That another case be meant: another firm or door, say, given in the form."""
        return _corrections(self.subject, *self.match.values())


@frozen(kw_only=True)
class CaseInState(_OtherCase):
    """There is another case, and it is in one of these states.

    ```toml
    kind = "case_in_state"
    process = "consent"
    states = ["received"]
    otherwise = { sv = "Samtycket saknas.", en = "The consent is missing." }
    ```
    """

    kind: ClassVar[str] = "case_in_state"
    not_past: str = field(
        default="",
        metadata=doc("A field of the other case: the time in it must not have passed."),
    )

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        matching = self._matching(scene, found)
        if any(case.state in self.states and self._still_holds(scene, case) for case in matching):
            return None
        open_cases = [case for case in matching if case.is_open]
        nearest = open_cases[-1] if open_cases else None
        opens = self.find == "subject"
        held = [case for case in found[0] if case.is_open] if opens and not open_cases else []
        want = Want(
            process=self.process,
            states=self.states,
            case=nearest,
            opens=opens,
            held=held[-1] if held else None,
            subject=scene.text(self.subject) if opens else "",
        )
        wants = (*self._other_match(), want)
        return Finding(values=Facts({"state": nearest.state if nearest else ""}), wants=wants)

    def _still_holds(self, scene: Scene, case: Case) -> bool:
        if not self.not_past:
            return True
        until = case.value(self.not_past)
        if type(until) is not str:
            raise Unjudged(f"{self.process}.{self.not_past}")
        return parse_time(until, self.not_past) >= scene.at

    def reports(self) -> tuple[str, ...]:
        return ("state",)


@frozen(kw_only=True)
class NoCaseInState(_OtherCase):
    """There is no other case in one of these states.

    ```toml
    kind = "no_case_in_state"
    process = "lock"
    find = "customer"
    states = ["mounted"]
    otherwise = { sv = "Ett lås sitter redan där.", en = "A lock hangs there already." }
    ```
    """

    kind: ClassVar[str] = "no_case_in_state"

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        hindering = [case for case in self._matching(scene, found) if case.state in self.states]
        if not hindering:
            return None
        wants = tuple(Want(process=self.process, case=case) for case in hindering)
        values = Facts({"state": hindering[0].state})
        return Finding(values=values, wants=(*self._other_match(), *wants))

    def reports(self) -> tuple[str, ...]:
        return ("state",)


@frozen(kw_only=True)
class Same(Guard):
    """Two values are the same.

    ```toml
    kind = "same"
    value = "form.serial_number"
    other = "case.serial_number"
    otherwise = { sv = "Fel serienummer.", en = "The wrong serial number." }
    ```
    """

    kind: ClassVar[str] = "same"
    value: Ref = field(metadata=doc("One value."))
    other: Ref = field(metadata=doc("The other value."))

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        value, other = scene.text(self.value), scene.text(self.other)
        return None if value == other else Finding(wants=_corrections(self.value, self.other))

    def refs(self) -> tuple[Ref, ...]:
        return (self.value, self.other)


@frozen(kw_only=True)
class Differs(Guard):
    """Two values are not the same.

    ```toml
    kind = "differs"
    value = "actor.id"
    other = "case.subject"
    otherwise = { sv = "Inte för egen räkning.", en = "Not for oneself." }
    ```
    """

    kind: ClassVar[str] = "differs"
    value: Ref = field(metadata=doc("One value."))
    other: Ref = field(metadata=doc("The other value."))

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        value, other = scene.text(self.value), scene.text(self.other)
        if value != other:
            return None
        wants = _corrections(self.value, self.other)
        if any(ref.source == "actor" for ref in self.refs()):
            wants = (*wants, Want(another=True))
        return Finding(wants=wants)

    def refs(self) -> tuple[Ref, ...]:
        return (self.value, self.other)


@frozen(kw_only=True)
class AtLeast(Guard):
    """A number is no smaller than a limit.

    ```toml
    kind = "at_least"
    value = "form.cycles"
    limit = "test_cycles"
    otherwise = { sv = "Prova $test_cycles gånger.", en = "Test it $test_cycles times." }
    ```
    """

    kind: ClassVar[str] = "at_least"
    value: Ref = field(metadata=doc("The number."))
    limit: int | str = field(metadata=doc("The limit, or the name of the parameter that holds it."))

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        enough = scene.number(self.value) >= scene.limit(self.limit)
        return None if enough else Finding(wants=_corrections(self.value))

    def kinds(self) -> tuple[tuple[Ref, type], ...]:
        return ((self.value, int),)

    def refs(self) -> tuple[Ref, ...]:
        return (self.value,)


@frozen(kw_only=True)
class AtMost(Guard):
    """A number is no greater than a limit.

    ```toml
    kind = "at_most"
    value = "form.level"
    limit = "battery_threshold"
    otherwise = { sv = "Nivån är inte låg.", en = "The level is not low." }
    ```
    """

    kind: ClassVar[str] = "at_most"
    value: Ref = field(metadata=doc("The number."))
    limit: int | str = field(metadata=doc("The limit, or the name of the parameter that holds it."))

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        little = scene.number(self.value) <= scene.limit(self.limit)
        return None if little else Finding(wants=_corrections(self.value))

    def kinds(self) -> tuple[tuple[Ref, type], ...]:
        return ((self.value, int),)

    def refs(self) -> tuple[Ref, ...]:
        return (self.value,)


@frozen(kw_only=True)
class OneOf(Guard):
    """A value is one of a few.

    ```toml
    kind = "one_of"
    value = "form.agreed_with"
    values = ["relatives"]
    otherwise = { sv = "Kom överens med anhöriga.", en = "Agree with the relatives." }
    ```
    """

    kind: ClassVar[str] = "one_of"
    value: Ref = field(metadata=doc("The value."))
    values: tuple[str, ...] = field(metadata=doc("What it may be."))

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        allowed = scene.text(self.value) in self.values
        return None if allowed else Finding(wants=_corrections(self.value))

    def refs(self) -> tuple[Ref, ...]:
        return (self.value,)


@frozen(kw_only=True)
class Includes(Guard):
    """A list holds a value.

    ```toml
    kind = "includes"
    list = "case.fits"
    value = "form.door_type"
    otherwise = { sv = "Låset passar inte.", en = "The lock does not fit." }
    ```
    """

    kind: ClassVar[str] = "includes"
    list: Ref = field(metadata=doc("The list."))
    value: Ref = field(metadata=doc("The value that it must hold."))

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        held = scene.value(self.list)
        if not isinstance(held, tuple):
            raise Unjudged(str(self.list))
        return None if scene.text(self.value) in held else Finding(wants=_corrections(self.value))

    def kinds(self) -> tuple[tuple[Ref, type], ...]:
        return ((self.list, tuple),)

    def refs(self) -> tuple[Ref, ...]:
        return (self.list, self.value)


@frozen(kw_only=True)
class Count(Guard):
    """A list has so many entries: as many as a number says, no fewer, or no more.

    ```toml
    kind = "count"
    list = "form.serial_numbers"
    same_as = "form.delivered"
    otherwise = { sv = "Ange varje lås; $count är angivna.", en = "Name each; $count are named." }
    ```
    """

    kind: ClassVar[str] = "count"
    list: Ref = field(metadata=doc("The list."))
    same_as: Ref | None = field(default=None, metadata=doc("The number that it must come to."))
    at_least: int | str | None = field(
        default=None, metadata=doc("The fewest, or the name of the parameter that holds it.")
    )
    at_most: int | str | None = field(
        default=None, metadata=doc("The most, or the name of the parameter that holds it.")
    )

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        held = scene.value(self.list)
        if not isinstance(held, tuple):
            raise Unjudged(str(self.list))
        count = len(held)
        right = [] if self.same_as is None else [scene.number(self.same_as) == count]
        right += [] if self.at_least is None else [scene.limit(self.at_least) <= count]
        right += [] if self.at_most is None else [scene.limit(self.at_most) >= count]
        if all(right):
            return None
        return Finding(values=Facts({"count": count}), wants=_corrections(*self.refs()))

    def kinds(self) -> tuple[tuple[Ref, type], ...]:
        number = ((self.same_as, int),) if self.same_as else ()
        return ((self.list, tuple), *number)

    def refs(self) -> tuple[Ref, ...]:
        return (self.list, self.same_as) if self.same_as else (self.list,)

    def reports(self) -> tuple[str, ...]:
        return ("count",)


@frozen(kw_only=True)
class IsTrue(Guard):
    """Something was answered with yes.

    ```toml
    kind = "is_true"
    value = "form.customer_agreed"
    otherwise = { sv = "Kunden har inte sagt ja.", en = "The customer has not agreed." }
    ```
    """

    kind: ClassVar[str] = "is_true"
    value: Ref = field(metadata=doc("The answer."))

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        value = scene.value(self.value)
        if type(value) is not bool:
            raise Unjudged(str(self.value))
        return None if value else Finding(wants=_corrections(self.value))

    def kinds(self) -> tuple[tuple[Ref, type], ...]:
        return ((self.value, bool),)

    def refs(self) -> tuple[Ref, ...]:
        return (self.value,)


@frozen(kw_only=True)
class Absent(Guard):
    """The case has no such value.

    ```toml
    kind = "absent"
    value = "case.paired_with"
    settled_by = ["unpair"]
    otherwise = { sv = "Låset är kopplat.", en = "The lock is paired." }
    ```
    """

    kind: ClassVar[str] = "absent"
    value: Ref = field(metadata=doc("The value that must not be there."))
    settled_by: tuple[str, ...] = field(
        default=(), metadata=doc("The transitions of this case that take it away.")
    )

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        if scene.value(self.value) is None:
            return None
        return Finding(wants=(Want(transitions=self.settled_by),) if self.settled_by else ())

    def refs(self) -> tuple[Ref, ...]:
        return (self.value,)


@frozen(kw_only=True)
class WithinHours(Guard):
    """A visit begins and ends on a visiting day, within the visiting hours, in local time.

    ```toml
    kind = "within_hours"
    starts = "form.starts_at"
    ends = "form.ends_at"
    days = "visiting_days"
    hours = "visiting_hours"
    otherwise = { sv = "Montering sker $visiting_hours.", en = "Mounting is $visiting_hours." }
    ```
    """

    kind: ClassVar[str] = "within_hours"
    starts: Ref = field(metadata=doc("When it begins."))
    ends: Ref | None = field(default=None, metadata=doc("When it ends, on the same day."))
    days: str = field(metadata=doc("The parameter that lists the days of the week."))
    hours: str = field(metadata=doc("The parameter that holds the hours, like `08:00-16:00`."))
    closed_on_holidays: bool = field(
        default=True, metadata=doc("Whether a public holiday is no visiting day.")
    )

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        days, hours = scene.parameters[self.days], scene.parameters[self.hours]
        if not isinstance(days, tuple) or not isinstance(hours, str):
            raise Unjudged(f"parameter.{self.days}")
        starts = scene.time(self.starts)
        ends = scene.time(self.ends) if self.ends else starts
        calendar = scene.calendar
        opening = Hours.parse(hours)
        begins_open, ends_open = (
            calendar.is_open(moment, days, opening, closed_on_holidays=self.closed_on_holidays)
            for moment in (starts, ends)
        )
        same_day = calendar.local(starts).date() == calendar.local(ends).date()
        wrong = [] if begins_open else [self.starts]
        if self.ends and (not ends_open or (begins_open and not (same_day and starts <= ends))):
            wrong.append(self.ends)
        if not wrong:
            return None
        local = calendar.local(starts).strftime("%Y-%m-%d %H:%M")
        wants = tuple(want for ref in wrong for want in _corrections(ref))
        return Finding(values=Facts({"local_time": local}), wants=wants)

    def kinds(self) -> tuple[tuple[Ref, type], ...]:
        return tuple((ref, dt.datetime) for ref in self.refs())

    def refs(self) -> tuple[Ref, ...]:
        return (self.starts, self.ends) if self.ends else (self.starts,)

    def reports(self) -> tuple[str, ...]:
        return ("local_time",)


@frozen(kw_only=True)
class TimeWindow(Guard):
    """A time lies near enough: not too long ago, not too far ahead.

    ```toml
    kind = "time_window"
    value = "form.read_at"
    not_older_than = "battery_fresh"
    not_later_than = "PT0M"
    otherwise = { sv = "Avläsningen är för gammal.", en = "The reading is too old." }
    ```
    """

    kind: ClassVar[str] = "time_window"
    value: Ref = field(metadata=doc("The time."))
    not_older_than: str = field(
        default="", metadata=doc("A duration before now, or the parameter that holds it.")
    )
    not_later_than: str = field(
        default="", metadata=doc("A duration after now, or the parameter that holds it.")
    )
    not_sooner_than: str = field(
        default="",
        metadata=doc("The notice that is given: a duration after now, or its parameter."),
    )
    not_before: tuple[Ref, ...] = field(
        default=(), metadata=doc("Times that it may not lie before, as far as they are known.")
    )

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        time = scene.time(self.value)
        return None if self._holds(scene, time) else Finding(wants=_corrections(self.value))

    def _holds(self, scene: Scene, time: dt.datetime) -> bool:
        known = (ref for ref in self.not_before if scene.value(ref) is not None)
        if any(time < scene.time(ref) for ref in known):
            return False
        if self.not_older_than:
            oldest = scene.calendar.after(scene.at, scene.duration(self.not_older_than), -1)
            if time < oldest:
                return False
        if self.not_sooner_than:
            soonest = scene.calendar.after(scene.at, scene.duration(self.not_sooner_than))
            if time < soonest:
                return False
        if self.not_later_than:
            return time <= scene.calendar.after(scene.at, scene.duration(self.not_later_than))
        return True

    def kinds(self) -> tuple[tuple[Ref, type], ...]:
        return ((self.value, dt.datetime),)

    def refs(self) -> tuple[Ref, ...]:
        return (self.value, *self.not_before)


@frozen(kw_only=True)
class Done(Guard):
    """These transitions have been made in this case, and none was undone since.

    ```toml
    kind = "done"
    transitions = ["record_dialog"]
    otherwise = { sv = "Dialogen saknas.", en = "The dialog is not on record." }
    ```
    """

    kind: ClassVar[str] = "done"
    transitions: tuple[str, ...] = field(metadata=doc("The transitions of this case."))

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        missing = tuple(name for name in self.transitions if name not in scene.case.done)
        return Finding(wants=(Want(transitions=missing),)) if missing else None


@frozen(kw_only=True)
class DutiesDone(Guard):
    """Nothing that the present state asks for is still owed.

    ```toml
    kind = "duties_done"
    otherwise = { sv = "Kvar att göra: $owed.", en = "Still owed: $owed." }
    ```
    """

    kind: ClassVar[str] = "duties_done"

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        if not scene.owed:
            return None
        owed = tuple(scene.owed)
        labels = scene.owed.values()
        words = Text(
            sv=", ".join(label.sv for label in labels), en=", ".join(label.en for label in labels)
        )
        return Finding(
            values=Facts({"owed": owed}), words={"owed": words}, wants=(Want(transitions=owed),)
        )

    def reports(self) -> tuple[str, ...]:
        return ("owed",)


@frozen(kw_only=True)
class ByRole(Guard):
    """Each role may give only certain values.

    ```toml
    kind = "by_role"
    value = "form.app"
    allowed = { provider_staff = ["lmo"], home_health_staff = ["homecare"] }
    otherwise = { sv = "Fel app för din roll.", en = "The wrong app for your role." }
    ```
    """

    kind: ClassVar[str] = "by_role"
    value: Ref = field(metadata=doc("The value."))
    allowed: Mapping[str, tuple[str, ...]] = field(
        metadata=doc("What each role may give; a role that is not named may give nothing.")
    )

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        value = scene.text(self.value)
        may = tuple(role for role, values in self.allowed.items() if value in values)
        if not scene.actor.roles.isdisjoint(may):
            return None
        # What is given can be given otherwise; what is so already is for those who may.
        others = (Want(roles=may),) if may and self.value.source != "form" else ()
        return Finding(wants=(*_corrections(self.value), *others))

    def refs(self) -> tuple[Ref, ...]:
        return (self.value,)


def _corrections(*refs: Ref) -> tuple[Want, ...]:
    return tuple(Want(field=ref.name) for ref in refs if ref.source == "form")


GUARDS: tuple[type[Guard], ...] = (
    CaseInState,
    NoCaseInState,
    Same,
    Differs,
    AtLeast,
    AtMost,
    OneOf,
    Includes,
    Count,
    IsTrue,
    Absent,
    WithinHours,
    TimeWindow,
    Done,
    DutiesDone,
    ByRole,
)
