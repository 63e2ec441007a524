"""What is checked of a pack once its types are right: that everything named exists and fits."""

from __future__ import annotations

import datetime as dt
import re
import typing
from collections.abc import Iterable, Iterator, Mapping

from lockroutine._fields import Entry
from lockroutine.errors import Problem, nearest
from lockroutine.forms import FORMS
from lockroutine.model import Text
from lockroutine.rules.calendar import DAYS, Duration, Hours
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.fields import BUILT_IN, entry_at, fields_of, form_fields
from lockroutine.rules.guards import (
    Absent,
    AtLeast,
    AtMost,
    ByRole,
    CaseInState,
    Done,
    Guard,
    NoCaseInState,
    TimeWindow,
    WithinHours,
)
from lockroutine.rules.schema import Joint, Pack, Process, State, Transition
from lockroutine.rules.shown import App, Contacts, Shown, Stock, SupportHours
from lockroutine.rules.terms import CLOCK, PULL, RESERVED, Condition, Message, Ref

__all__ = ["check"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_PACK_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
Found = Iterator[Problem]


def check(pack: Pack) -> list[Problem]:
    """Everything that is wrong with a pack whose types are right.

    >>> from lockroutine.rules.reader import read_pack, read_source
    >>> check(read_pack(read_source("soderkoping")))
    []
    """
    return list(dict.fromkeys(_pack(pack)))


def _pack(pack: Pack) -> Found:
    if not _PACK_NAME.fullmatch(pack.name):
        yield Problem("name", "must be lower case letters, digits, hyphens or underscores")
    if not _VERSION.fullmatch(pack.version):
        yield Problem("version", "must be three numbers, like 1.0.0")
    yield from _calendar(pack)
    yield from _blank("label", pack.label)
    for role, declared in pack.role.items():
        path = f"role.{role}"
        yield from _named(path, role)
        yield from _blank(f"{path}.label", declared.label)
        yield from _cited(pack, path, declared.clauses, ())
        if role in RESERVED:
            yield Problem(path, f"{role!r} has a meaning of its own; call the role otherwise")
    for kind, names in (("unit", pack.unit), ("parameter", pack.parameter), ("gap", pack.gap)):
        for name in names:
            yield from _named(f"{kind}.{name}", name)
    for name, unit in pack.unit.items():
        yield from _blank(f"unit.{name}.label", unit.label)
    for name, clause in pack.clause.items():
        yield from _blank(f"clause.{name}.text", clause.text)
    for name, parameter in pack.parameter.items():
        yield from _blank(f"parameter.{name}.label", parameter.label)
        yield from _cited(pack, f"parameter.{name}", parameter.clauses, parameter.gaps, needed=True)
    for name, gap in pack.gap.items():
        yield from _blank(f"gap.{name}.question", gap.question)
        yield from _blank(f"gap.{name}.reading", gap.reading)
        yield from _cited(pack, f"gap.{name}", gap.clauses, ())
    for name, template in pack.template.items():
        yield from _blank(f"template.{name}.subject", template.subject)
        yield from _blank(f"template.{name}.body", template.body)
    for name, shown in pack.shown.items():
        yield from _shown(pack, f"shown.{name}", shown)
    for name, process in pack.process.items():
        yield from _named(f"process.{name}", name)
        yield from _Process(pack, name, process).problems()
    yield from _pulls(pack)
    yield from _rings(pack)


def _calendar(pack: Pack) -> Found:
    try:
        _ = pack.calendar.zone
    except ValueError as error:
        yield Problem("time_zone", str(error))
    # To ask takes longer than all else here, and Sweden is known for certain.
    if pack.holidays not in ("", "SE"):
        import holidays  # noqa: PLC0415

        if pack.holidays not in holidays.list_supported_countries():
            yield Problem("holidays", "is no country with known holidays; write it like SE")


def _named(path: str, name: str) -> Found:
    if not _NAME.fullmatch(name):
        yield Problem(path, "a name is lower case letters, digits and underscores")


def _blank(path: str, text: Text) -> Found:
    for language in typing.get_args(typing.Literal["sv", "en"]):
        if not text.get(language).strip():
            yield Problem(f"{path}.{language}", "must not be blank")


def _cited(
    pack: Pack,
    path: str,
    clauses: Iterable[str],
    gaps: Iterable[str],
    *,
    needed: bool = False,
) -> Found:
    yield from _known(f"{path}.clauses", clauses, pack.clause, "clause")
    yield from _known(f"{path}.gaps", gaps, pack.gap, "gap")
    if needed and not (*clauses, *gaps):
        yield Problem(path, "names no clause and no gap that it rests on")


def _known(path: str, names: Iterable[str], known: Iterable[str], what: str) -> Found:
    known = list(known)
    for name in names:
        if name not in known:
            yield Problem(path, _unknown(what, name, known))


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    hint = nearest(name, known)
    return f"there is no {what} {name[:80]!r}" + (f"; did you mean {hint!r}?" if hint else "")


def _parameter(pack: Pack, path: str, name: str, kind: str) -> Found:
    """That there is such a parameter and that it holds what it must."""
    parameter = pack.parameter.get(name)
    if parameter is None:
        yield Problem(path, _unknown("parameter", name, pack.parameter))
        return
    wrong = _PARAMETER_KINDS[kind](parameter.value)
    if wrong:
        yield Problem(f"parameter.{name}.value", wrong)


def _length(pack: Pack, path: str, length: str) -> Found:
    """That this is a duration, or a parameter that holds one, or left out."""
    wrong = _wrong_duration(length) if length else ""
    if wrong and _NAME.fullmatch(length):
        yield from _parameter(pack, path, length, "duration")
    elif wrong:
        yield Problem(path, wrong)


def _wrong_number(value: object) -> str:
    return "" if type(value) is int else "must be a whole number, as a rule compares with it"


def _wrong_days(value: object) -> str:
    if isinstance(value, tuple) and value and all(day in DAYS for day in value):
        return ""
    return f"must be a list of days: {', '.join(DAYS)}"


def _wrong_hours(value: object) -> str:
    return _wrong_text(value, Hours.parse)


def _wrong_duration(value: object) -> str:
    return _wrong_text(value, Duration.parse)


def _wrong_text(value: object, parse: typing.Callable[[str], object]) -> str:
    try:
        parse(value if isinstance(value, str) else "")
    except ValueError as error:
        return str(error)
    return ""


_PARAMETER_KINDS: Mapping[str, typing.Callable[[object], str]] = {
    "number": _wrong_number,
    "days": _wrong_days,
    "hours": _wrong_hours,
    "duration": _wrong_duration,
}


def _shown(pack: Pack, path: str, shown: Shown) -> Found:
    match shown:
        case SupportHours():
            yield from _parameter(pack, f"{path}.days", shown.days, "days")
            yield from _parameter(pack, f"{path}.hours", shown.hours, "hours")
        case Contacts():
            yield from _known(f"{path}.roles", shown.roles, pack.role, "role")
        case App():
            yield from _known(f"{path}.role", [shown.role], pack.role, "role")
        case Stock():
            yield from _stock(pack, path, shown)
    yield from _blank(f"{path}.label", shown.label)
    yield from _cited(pack, path, shown.clauses, shown.gaps, needed=True)


def _stock(pack: Pack, path: str, shown: Stock) -> Found:
    yield from _known(f"{path}.process", [shown.process], pack.process, "process")
    process = pack.process.get(shown.process)
    if process:
        yield from _known(f"{path}.states", shown.states, process.states, "state")
        yield from _known(f"{path}.by", [shown.by], fields_of(process), "field")
    yield from _parameter(pack, f"{path}.minimum", shown.minimum, "number")


def _pulls(pack: Pack) -> Found:
    for path, name in pack.pull.steps().items():
        yield from _step(pack, path, name)
        transition = _transition_of(pack, name)
        if transition and PULL not in transition.by:
            yield Problem(path, f'{name} must have "pull" among its by')
    for name, report in pack.report.items():
        path = f"report.{name}"
        yield from _named(path, name)
        yield from _cited(pack, path, report.clauses, report.gaps, needed=True)
        yield from _step(pack, f"{path}.step", report.step)
        transition = _transition_of(pack, report.step)
        if transition:
            known = form_fields(transition)
            yield from _known(f"{path}.fields", report.fields, known, "field of its form")
    register = pack.pull.register
    if register:
        yield from _known("pull.register.process", [register.process], pack.process, "process")
        if register.process in pack.process:
            fields = fields_of(pack.process[register.process])
            yield from _known("pull.register.paired", [register.paired], fields, "field")


def _step(pack: Pack, path: str, name: str) -> Found:
    """That a name like ``mounting.report`` is that of a transition."""
    known = [f"{p}.{step}" for p, process in pack.process.items() for step in process.transitions]
    yield from _known(path, [name], known, "step")


def _transition_of(pack: Pack, name: str) -> Transition | None:
    process, _, step = name.partition(".")
    return pack.process[process].transitions.get(step) if process in pack.process else None


def _rings(pack: Pack) -> Found:
    """Joint steps that drive each other in a ring would never end."""
    drives = {
        (name, step): [(j.process, j.transition) for j in transition.joint.values()]
        for name, process in pack.process.items()
        for step, transition in process.transitions.items()
    }
    for start in drives:
        seen, ahead = set[tuple[str, str]](), list(drives[start])
        while ahead:
            here = ahead.pop()
            if here not in seen:
                seen.add(here)
                ahead += drives.get(here, [])
        if start in seen:
            path = f"process.{start[0]}.transitions.{start[1]}.joint"
            yield Problem(path, "leads back to this transition, so it would never end")


class _Process:
    """The checks of one process."""

    def __init__(self, pack: Pack, name: str, process: Process) -> None:
        self.pack = pack
        self.process = process
        self.path = f"process.{name}"
        self.fields = fields_of(process)

    def problems(self) -> Found:
        process, pack = self.process, self.pack
        yield from _blank(f"{self.path}.label", process.label)
        yield from _known(f"{self.path}.sees_personal", process.sees_personal, pack.role, "role")
        yield from _known(f"{self.path}.sees_secret", process.sees_secret, pack.role, "role")
        yield from self._keys()
        yield from self._one_meaning()
        for name, state in process.states.items():
            yield from _named(f"{self.path}.states.{name}", name)
            yield from self._state(name, state)
        for name, transition in process.transitions.items():
            yield from _named(f"{self.path}.transitions.{name}", name)
            yield from self._transition(f"{self.path}.transitions.{name}", transition)
        yield from self._reachable()

    def _keys(self) -> Found:
        process = self.process
        for key in process.find_by:
            yield from self._find_by(key)
        opening = [t for t in process.transitions.values() if not t.from_]
        if not opening:
            yield Problem(f"{self.path}.transitions", "none opens a case; one needs from = []")
        for key in process.one_open_per:
            for transition in opening:
                if key not in (*form_fields(transition), "subject"):
                    message = f"{key!r} is given by no form of a transition that opens a case"
                    yield Problem(f"{self.path}.one_open_per", message)
            if key in self.fields and self.fields[key].privacy:
                message = f"{key!r} is personal, and cases are not told apart by that"
                yield Problem(f"{self.path}.one_open_per", message)

    def _find_by(self, key: str) -> Found:
        found = entry_at(self.fields, key)
        path = f"{self.path}.find_by"
        if found is None:
            yield Problem(path, _unknown("field", key, self.fields))
        elif found.privacy:
            yield Problem(path, f"{key!r} is personal, and cases are not found by that")

    def _one_meaning(self) -> Found:
        seen: dict[str, Entry] = {}
        for name, transition in self.process.transitions.items():
            for key, declared in form_fields(transition).items():
                before = seen.setdefault(key, declared)
                if (before.type, before.privacy) != (declared.type, declared.privacy):
                    path = f"{self.path}.transitions.{name}.form"
                    yield Problem(path, f"its field {key!r} means another thing in another form")

    # -- states ---------------------------------------------------------------------------------

    def _leaving(self, state: str) -> dict[str, Transition]:
        found = self.process.transitions.items()
        return {name: transition for name, transition in found if state in transition.from_}

    def _state(self, name: str, state: State) -> Found:
        path = f"{self.path}.states.{name}"
        leaving = self._leaving(name)
        yield from _blank(f"{path}.label", state.label)
        yield from _cited(self.pack, path, state.clauses, state.gaps)
        yield from _known(f"{path}.waits_for", state.waits_for, self.pack.role, "role")
        yield from _length(self.pack, f"{path}.due", state.due)
        if state.end and leaving:
            yield Problem(path, f"is an end, but {next(iter(leaving))!r} leaves it")
        if not state.end and not any(t.to not in ("", name) for t in leaving.values()):
            yield Problem(path, "nothing ever leaves it; mark it with end = true if it is an end")
        for role in state.waits_for:
            if role in self.pack.role and not any(role in t.by for t in leaving.values()):
                yield Problem(f"{path}.waits_for", f"{role} can do nothing in this state")
        for duty_name, duty in state.duties.items():
            at = f"{path}.duties.{duty_name}"
            yield from _cited(self.pack, at, duty.clauses, duty.gaps, needed=True)
            yield from _known(f"{at}.waits_for", duty.waits_for, self.pack.role, "role")
            yield from self._when(at, duty.when, None)
            if duty.when and duty.when.value.source not in ("form", "case"):
                yield Problem(f"{at}.when", "what is owed is told by the case alone; use case.")
            settles = leaving.get(duty_name)
            if settles is None:
                yield Problem(at, _unknown("transition from this state", duty_name, leaving))
                continue
            for role in duty.waits_for:
                if role in self.pack.role and role not in settles.by:
                    yield Problem(f"{at}.waits_for", f"{role} may not make {duty_name!r}")

    def _reachable(self) -> Found:
        reached: set[str] = set()
        ahead = [t.to for t in self.process.transitions.values() if not t.from_]
        while ahead:
            here = ahead.pop()
            if here not in reached:
                reached.add(here)
                ahead += [t.to for t in self._leaving(here).values() if t.to]
        for name in self.process.states:
            if name not in reached:
                yield Problem(f"{self.path}.states.{name}", "cannot be reached")

    # -- transitions ----------------------------------------------------------------------------

    def _transition(self, path: str, transition: Transition) -> Found:
        process, pack = self.process, self.pack
        yield from _blank(f"{path}.label", transition.label)
        yield from _cited(pack, path, transition.clauses, transition.gaps, needed=True)
        yield from _known(f"{path}.from", transition.from_, process.states, "state")
        if transition.to:
            yield from _known(f"{path}.to", [transition.to], process.states, "state")
        elif not transition.from_:
            yield Problem(f"{path}.to", "is missing: the case that it opens must have a state")
        if not transition.by:
            yield Problem(f"{path}.by", "must name at least one role, or joint, or clock")
        yield from _known(f"{path}.by", transition.by, (*pack.role, *RESERVED), "role")
        if transition.form:
            yield from _known(f"{path}.form", [transition.form], FORMS, "form")
        yield from self._timer(path, transition)
        for name, guard in transition.guards.items():
            yield from self._guard(f"{path}.guards.{name}", transition, guard)
        for name, joint in transition.joint.items():
            yield from self._joint(f"{path}.joint.{name}", transition, joint)
        for name, effect in transition.effects.items():
            yield from self._effect(f"{path}.effects.{name}", transition, effect)
        yield from self._facts(path, transition)

    def _timer(self, path: str, transition: Transition) -> Found:
        timer = transition.timer
        if (timer is not None) is not (CLOCK in transition.by):
            yield Problem(f"{path}.timer", 'goes with by = ["clock"], and that with a timer')
        if timer is None:
            return
        if not transition.from_ or transition.form:
            yield Problem(f"{path}.timer", "the clock neither opens a case nor fills in a form")
        if not timer.at and not timer.after:
            yield Problem(f"{path}.timer", "needs after or at")
        yield from _length(self.pack, f"{path}.timer.after", timer.after)
        yield from _length(self.pack, f"{path}.timer.before", timer.before)
        if timer.at:
            yield from _known(f"{path}.timer.at", [timer.at], self.fields, "field")
            if timer.at in self.fields and not self._holds_a_time(timer.at):
                yield Problem(f"{path}.timer.at", f"{timer.at!r} holds no time")

    def _holds_a_time(self, name: str) -> bool:
        set_by = (t.sets[name] for t in self.process.transitions.values() if name in t.sets)
        return self.fields[name].type is dt.datetime or any(r.source == "event" for r in set_by)

    def _facts(self, path: str, transition: Transition) -> Found:
        for name, ref in transition.sets.items():
            yield from self._ref(f"{path}.sets.{name}", ref, transition)
            if self._privacy(ref, transition) or self.fields[name].privacy:
                yield Problem(
                    f"{path}.sets.{name}", "personal values are only kept as forms give them"
                )
        yield from _known(f"{path}.clears", transition.clears, self.fields, "field")
        known = self.process.transitions
        yield from _known(f"{path}.undoes", transition.undoes, known, "transition")
        for system, ref in transition.references.items():
            yield from self._ref(f"{path}.references.{system}", ref, transition)
            if ref.source not in ("form", "case") or self._privacy(ref, transition):
                message = "an id in another system is a field of the form or case, none personal"
                yield Problem(f"{path}.references.{system}", message)

    # -- what transitions hold ------------------------------------------------------------------

    def _guard(self, path: str, transition: Transition, guard: Guard) -> Found:
        pack = self.pack
        yield from _cited(pack, path, guard.clauses, guard.gaps, needed=True)
        yield from self._when(path, guard.when, transition)
        for ref in guard.refs():
            yield from self._ref(path, ref, transition)
        for ref, kind in guard.kinds():
            yield from self._kind(path, ref, kind, transition)
        for language in ("sv", "en"):
            text = guard.otherwise.sv if language == "sv" else guard.otherwise.en
            at = f"{path}.otherwise.{language}"
            yield from _template(at, text, {*pack.parameter, *guard.reports()})
        yield from _blank(f"{path}.otherwise", guard.otherwise)
        for name in guard.instead:
            if "." in name:
                yield from _step(pack, f"{path}.instead", name)
            else:
                known = self.process.transitions
                yield from _known(f"{path}.instead", [name], known, "transition")
        match guard:
            case CaseInState() | NoCaseInState():
                yield from self._other_case(path, guard)
            case AtLeast() | AtMost() if isinstance(guard.limit, str):
                yield from _parameter(pack, f"{path}.limit", guard.limit, "number")
            case WithinHours():
                yield from _parameter(pack, f"{path}.days", guard.days, "days")
                yield from _parameter(pack, f"{path}.hours", guard.hours, "hours")
            case TimeWindow():
                yield from self._window(path, guard)
            case Done():
                known = self.process.transitions
                yield from _known(f"{path}.transitions", guard.transitions, known, "transition")
            case Absent():
                known = self.process.transitions
                yield from _known(f"{path}.settled_by", guard.settled_by, known, "transition")
            case ByRole():
                yield from _known(f"{path}.allowed", guard.allowed, pack.role, "role")

    def _kind(self, path: str, ref: Ref, kind: type, transition: Transition) -> Found:
        known = {"form": form_fields(transition), "case": self.fields}.get(ref.source, {})
        found = entry_at(known, ref.name)
        if found is None:
            return
        arms = {found.type, *typing.get_args(found.type)} - {type(None), ...}
        held = {typing.get_origin(arm) or arm for arm in arms}
        # A fact that a transition sets, such as a time, is kept as text.
        if kind not in held and not (kind is dt.datetime and held == {str}):
            words = {
                int: "a whole number",
                bool: "a yes or no",
                tuple: "a list",
                dt.datetime: "a time",
            }
            yield Problem(path, f"{ref} is not {words[kind]}, and this rule needs one")

    def _window(self, path: str, guard: TimeWindow) -> Found:
        limits = {"not_older_than": guard.not_older_than, "not_later_than": guard.not_later_than}
        given = {key: limit for key, limit in limits.items() if limit}
        if not given and not guard.not_before:
            yield Problem(path, "needs not_older_than, not_later_than or not_before")
        for key, limit in given.items():
            yield from _length(self.pack, f"{path}.{key}", limit)

    def _other_case(self, path: str, guard: CaseInState | NoCaseInState) -> Found:
        other = self.pack.process.get(guard.process)
        if other is None:
            message = _unknown("process", guard.process, self.pack.process)
            yield Problem(f"{path}.process", message)
            return
        yield from _known(f"{path}.states", guard.states, other.states, "state")
        yield from _found_by(path, other, guard.find, guard.match)
        if isinstance(guard, CaseInState) and guard.not_past:
            yield from _known(f"{path}.not_past", [guard.not_past], fields_of(other), "field")

    def _joint(self, path: str, transition: Transition, joint: Joint) -> Found:
        yield from _cited(self.pack, path, joint.clauses, joint.gaps, needed=True)
        yield from self._when(path, joint.when, transition)
        other = self.pack.process.get(joint.process)
        if other is None:
            message = _unknown("process", joint.process, self.pack.process)
            yield Problem(f"{path}.process", message)
            return
        driven = other.transitions.get(joint.transition)
        if driven is None:
            message = _unknown("transition", joint.transition, other.transitions)
            yield Problem(f"{path}.transition", message)
            return
        yield from _found_by(path, other, joint.find, joint.match)
        if joint.otherwise is not None:
            yield from _blank(f"{path}.otherwise", joint.otherwise)
        elif driven.from_ and joint.missing == "refuse":
            yield Problem(f"{path}.otherwise", "is missing: what the refused person reads")
        after = self.fields
        for ref in (joint.subject, *joint.match.values(), *joint.form.values()):
            yield from self._ref(path, ref, transition, after, each=joint.each is not None)
        if joint.each is not None:
            yield from self._ref(f"{path}.each", joint.each, transition, after)
        wanted = form_fields(driven)
        yield from _known(f"{path}.form", joint.form, wanted, "field of its form")
        for name, declared in wanted.items():
            if declared.required and name not in joint.form:
                yield Problem(f"{path}.form.{name}", "is missing")

    def _effect(self, path: str, transition: Transition, effect: EffectRule) -> Found:
        yield from _cited(self.pack, path, effect.clauses, effect.gaps, needed=True)
        yield from self._when(path, effect.when, transition)
        yield from _known(f"{path}.drop_in", effect.drop_in, self.process.states, "state")
        name = getattr(effect, "template", "")
        if name:
            yield from _known(f"{path}.template", [name], self.pack.template, "template")
        for ref in effect.carries().values():
            yield from self._ref(path, ref, transition, self.fields)
        template = self.pack.template.get(name)
        if template is None:
            return
        known = {*BUILT_IN, *self.fields, *_nested(self.fields)}
        for key, text in (("subject", template.subject), ("body", template.body)):
            for language in ("sv", "en"):
                written = text.sv if language == "sv" else text.en
                at = f"template.{name}.{key}.{language}"
                yield from _template(at, written, known)
                if key == "subject":
                    yield from self._neutral(at, written)

    def _neutral(self, path: str, text: str) -> Found:
        for name in Message(text).get_identifiers():
            found = entry_at(self.fields, name)
            if found is not None and found.privacy:
                yield Problem(path, f"a subject line may not name ${name}, which is personal")

    # -- references -----------------------------------------------------------------------------

    def _when(self, path: str, when: Condition | None, transition: Transition | None) -> Found:
        if when is None:
            return
        yield from self._ref(f"{path}.when", when.value, transition)
        if bool(when.one_of) is (when.given is not None):
            yield Problem(f"{path}.when", "needs either one_of or given")

    def _ref(
        self,
        path: str,
        ref: Ref,
        transition: Transition | None,
        case_fields: Mapping[str, Entry] | None = None,
        *,
        each: bool = False,
    ) -> Found:
        if ref.source == "form":
            known = form_fields(transition) if transition else {}
            if entry_at(known, ref.name) is None:
                yield Problem(path, _unknown("field of the form", ref.name, known))
        elif ref.source == "case" and ref.name not in BUILT_IN:
            if entry_at(self.fields, ref.name) is None:
                yield Problem(path, _unknown("field", ref.name, self.fields))
            elif transition and not transition.from_ and case_fields is None:
                yield Problem(path, f"{ref} is not known yet when a case is opened; use form.")
        elif ref.source == "each" and not each:
            yield Problem(path, "each.item is known only in a joint that has each")

    def _privacy(self, ref: Ref, transition: Transition) -> str:
        known = {"form": form_fields(transition), "case": self.fields}.get(ref.source)
        found = entry_at(known, ref.name) if known else None
        return found.privacy if found else ""


def _found_by(path: str, other: Process, find: str, match: Mapping[str, Ref]) -> Found:
    yield from _known(f"{path}.find", [find], ("subject", *other.find_by), "field of its find_by")
    yield from _known(f"{path}.match", match, (*BUILT_IN, *fields_of(other)), "field")


def _template(path: str, text: str, known: set[str]) -> Found:
    message = Message(text)
    if not message.is_valid():
        yield Problem(path, "a $ stands before no name; write $$ for the sign itself")
        return
    for name in message.get_identifiers():
        if name not in known:
            yield Problem(path, _unknown("field", name, known))


def _nested(fields: Mapping[str, Entry]) -> Iterator[str]:
    for name, declared in fields.items():
        for inner in getattr(declared.type, "__attrs_attrs__", ()):
            yield f"{name}.{inner.name}"
