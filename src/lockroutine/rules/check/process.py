"""The checks of one process."""

from __future__ import annotations

import datetime as dt
import typing
from collections.abc import Iterable, Iterator, Mapping

from lockroutine._fields import Entry
from lockroutine.errors import Problem
from lockroutine.rules.check.parts import (
    Found,
    check_cited,
    check_known,
    check_length,
    check_name,
    check_parameter,
    check_step,
    check_template,
    check_text,
    unknown,
)
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.fields import BUILT_IN, Forms, entry_at, fields_of, form_fields
from lockroutine.rules.guards import (
    Absent,
    AtLeast,
    AtMost,
    ByRole,
    CaseInState,
    Count,
    Done,
    Guard,
    NoCaseInState,
    TimeWindow,
    WithinHours,
)
from lockroutine.rules.schema import Escalation, Joint, Pack, Process, State, Transition
from lockroutine.rules.terms import CLOCK, DUE, RESERVED, Condition, Message, Ref

__all__ = ["ProcessCheck"]


class ProcessCheck:
    """The checks of one process."""

    def __init__(self, pack: Pack, name: str, process: Process, forms: Forms) -> None:
        self.pack = pack
        self.forms = forms
        self.process = process
        self.path: str = f"process.{name}"
        self.fields: Mapping[str, Entry] = fields_of(process, forms)

    def problems(self) -> Found:
        """Everything that is wrong with it."""
        process, pack = self.process, self.pack
        yield from check_text(f"{self.path}.label", process.label)
        yield from check_known(
            f"{self.path}.sees_personal", process.sees_personal, pack.role, "role"
        )
        yield from check_known(f"{self.path}.sees_secret", process.sees_secret, pack.role, "role")
        yield from self._keys()
        yield from self._one_meaning()
        for name, state in process.states.items():
            yield from check_name(f"{self.path}.states.{name}", name)
            yield from self._state(name, state)
        for name, transition in process.transitions.items():
            yield from check_name(f"{self.path}.transitions.{name}", name)
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
                if key not in (*form_fields(transition, self.forms), "subject"):
                    message = f"{key!r} is given by no form of a transition that opens a case"
                    yield Problem(f"{self.path}.one_open_per", message)
            if key in self.fields and self.fields[key].privacy:
                message = f"{key!r} is personal, and cases are not told apart by that"
                yield Problem(f"{self.path}.one_open_per", message)

    def _find_by(self, key: str) -> Found:
        found = entry_at(self.fields, key)
        path = f"{self.path}.find_by"
        if found is None:
            yield Problem(path, unknown("field", key, self.fields))
        elif found.privacy:
            yield Problem(path, f"{key!r} is personal, and cases are not found by that")

    def _one_meaning(self) -> Found:
        seen: dict[str, Entry] = {}
        for name, transition in self.process.transitions.items():
            for key, declared in form_fields(transition, self.forms).items():
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
        yield from check_text(f"{path}.label", state.label)
        yield from check_cited(self.pack, path, state.clauses, state.gaps)
        yield from check_known(f"{path}.waits_for", state.waits_for, self.pack.role, "role")
        yield from check_length(self.pack, f"{path}.due", state.due)
        if state.end and leaving:
            yield Problem(path, f"is an end, but {next(iter(leaving))!r} leaves it")
        if not state.end and not any(t.to not in ("", name) for t in leaving.values()):
            yield Problem(path, "nothing ever leaves it; mark it with end = true if it is an end")
        for role in state.waits_for:
            if role in self.pack.role and not any(role in t.by for t in leaving.values()):
                yield Problem(f"{path}.waits_for", f"{role} can do nothing in this state")
        if state.escalation is not None:
            yield from self._escalation(f"{path}.escalation", state, state.escalation)
        for duty_name, duty in state.duties.items():
            at = f"{path}.duties.{duty_name}"
            yield from check_cited(self.pack, at, duty.clauses, duty.gaps, needed=True)
            yield from check_known(f"{at}.waits_for", duty.waits_for, self.pack.role, "role")
            yield from self._when(at, duty.when, None)
            if duty.when and duty.when.value.source not in ("form", "case"):
                yield Problem(f"{at}.when", "what is owed is told by the case alone; use case.")
            settles = leaving.get(duty_name)
            if settles is None:
                yield Problem(at, unknown("transition from this state", duty_name, leaving))
                continue
            for role in duty.waits_for:
                if role in self.pack.role and role not in settles.by:
                    yield Problem(f"{at}.waits_for", f"{role} may not make {duty_name!r}")

    def _escalation(self, path: str, state: State, escalation: Escalation) -> Found:
        """Who is asked need not be able to do anything here: that they see to it is asked."""
        cited = (escalation.clauses, escalation.gaps)
        yield from check_cited(self.pack, path, *cited, needed=True)
        yield from check_known(f"{path}.waits_for", escalation.waits_for, self.pack.role, "role")
        yield from check_length(self.pack, f"{path}.after", escalation.after)
        yield from check_length(self.pack, f"{path}.before", escalation.before)
        if escalation.after and escalation.before:
            yield Problem(f"{path}.before", "say after or before, not both")
        if not escalation.waits_for:
            yield Problem(f"{path}.waits_for", "must name at least one role")
        for role in escalation.waits_for:
            if role in state.waits_for:
                yield Problem(f"{path}.waits_for", f"{role} is waited for in this state already")
        if not state.due:
            yield Problem(path, "has no due to count from; give the state one")
        if not state.waits_for and not state.duties:
            yield Problem(path, "waits for nobody who could be late; see waits_for and duties")

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
        yield from check_text(f"{path}.label", transition.label)
        yield from check_cited(pack, path, transition.clauses, transition.gaps, needed=True)
        yield from check_known(f"{path}.from", transition.from_, process.states, "state")
        if transition.to:
            yield from check_known(f"{path}.to", [transition.to], process.states, "state")
        elif not transition.from_:
            yield Problem(f"{path}.to", "is missing: the case that it opens must have a state")
        if not transition.by:
            yield Problem(f"{path}.by", "must name at least one role, or joint, or clock")
        yield from check_known(f"{path}.by", transition.by, (*pack.role, *RESERVED), "role")
        if transition.form:
            yield from check_known(f"{path}.form", [transition.form], self.forms, "form")
        yield from self._timer(path, transition)
        for name, guard in transition.guards.items():
            yield from self.guard(f"{path}.guards.{name}", transition, guard)
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
        yield from check_length(self.pack, f"{path}.timer.after", timer.after)
        yield from check_length(self.pack, f"{path}.timer.before", timer.before)
        if timer.after and timer.before:
            yield Problem(f"{path}.timer.before", "say after or before, not both")
        if timer.at == DUE:
            yield from self.due_is_no_field(f"{path}.timer.at")
            for name in transition.from_:
                if name in self.process.states and not self.process.states[name].due:
                    message = f"the state {name!r} has no due to count from"
                    yield Problem(f"{path}.timer.at", message)
        elif timer.at:
            known = (*self.fields, DUE)
            yield from check_known(f"{path}.timer.at", [timer.at], known, "field")
            if timer.at in self.fields and not self.holds_a_time(timer.at):
                yield Problem(f"{path}.timer.at", f"{timer.at!r} holds no time")

    def due_is_no_field(self, path: str) -> Found:
        """That ``due``, the case's due time, is not the name of a field as well."""
        if DUE in self.fields:
            yield Problem(path, f"a field is called {DUE!r}, too; give it another name")

    def holds_a_time(self, name: str) -> bool:
        """Whether a field of the process holds a time."""
        set_by = (t.sets[name] for t in self.process.transitions.values() if name in t.sets)
        return self.fields[name].type is dt.datetime or any(r.source == "event" for r in set_by)

    def _facts(self, path: str, transition: Transition) -> Found:
        for name, ref in transition.sets.items():
            yield from self._ref(f"{path}.sets.{name}", ref, transition)
            if self._privacy(ref, transition) or self.fields[name].privacy:
                yield Problem(
                    f"{path}.sets.{name}", "personal values are only kept as forms give them"
                )
        if transition.unit:
            yield from self._names_something(f"{path}.unit", transition.unit, transition)
        yield from check_known(f"{path}.clears", transition.clears, self.fields, "field")
        known = self.process.transitions
        yield from check_known(f"{path}.undoes", transition.undoes, known, "transition")
        for system, ref in transition.references.items():
            yield from self._ref(f"{path}.references.{system}", ref, transition)
            if ref.source not in ("form", "case") or self._privacy(ref, transition):
                message = "an id in another system is a field of the form or case, none personal"
                yield Problem(f"{path}.references.{system}", message)

    # -- what transitions hold ------------------------------------------------------------------

    def guard(self, path: str, transition: Transition | None, guard: Guard) -> Found:
        """What is wrong with a guard of a transition; or of what looks at cases as they stand."""
        pack = self.pack
        yield from check_cited(pack, path, guard.clauses, guard.gaps, needed=True)
        yield from self._when(path, guard.when, transition)
        for ref in guard.refs():
            yield from self._ref(path, ref, transition)
        for ref, kind in guard.kinds():
            yield from self._kind(path, ref, kind, transition)
        for language in ("sv", "en"):
            text = guard.otherwise.sv if language == "sv" else guard.otherwise.en
            at = f"{path}.otherwise.{language}"
            yield from check_template(at, text, {*pack.parameter, *guard.reports()})
        yield from check_text(f"{path}.otherwise", guard.otherwise)
        yield from self._instead(path, guard.instead)
        match guard:
            case CaseInState() | NoCaseInState():
                yield from self._other_case(path, guard)
            case AtLeast() | AtMost() if isinstance(guard.limit, str):
                yield from check_parameter(pack, f"{path}.limit", guard.limit, "number")
            case Count():
                yield from self._count(path, guard)
            case WithinHours():
                yield from check_parameter(pack, f"{path}.days", guard.days, "days")
                yield from check_parameter(pack, f"{path}.hours", guard.hours, "hours")
            case TimeWindow():
                yield from self._window(path, guard)
            case Done():
                known = self.process.transitions
                yield from check_known(
                    f"{path}.transitions", guard.transitions, known, "transition"
                )
            case Absent():
                known = self.process.transitions
                yield from check_known(f"{path}.settled_by", guard.settled_by, known, "transition")
            case ByRole():
                yield from check_known(f"{path}.allowed", guard.allowed, pack.role, "role")
            case _:
                pass  # the other kinds name nothing else of the pack

    def _instead(self, path: str, names: Iterable[str]) -> Found:
        for name in names:
            if "." in name:
                yield from check_step(self.pack, f"{path}.instead", name)
            else:
                known = self.process.transitions
                yield from check_known(f"{path}.instead", [name], known, "transition")

    def _kind(self, path: str, ref: Ref, kind: type, transition: Transition | None) -> Found:
        given = form_fields(transition, self.forms) if transition else {}
        known = {"form": given, "case": self.fields}.get(ref.source, {})
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
                str: "a text",
            }
            yield Problem(path, f"{ref} is not {words[kind]}, and this rule needs one")

    def _count(self, path: str, guard: Count) -> Found:
        limits = {"at_least": guard.at_least, "at_most": guard.at_most}
        for key, limit in limits.items():
            if isinstance(limit, str):
                yield from check_parameter(self.pack, f"{path}.{key}", limit, "number")
        if (guard.same_as, *limits.values()) == (None, None, None):
            yield Problem(path, "needs same_as, at_least or at_most")

    def _window(self, path: str, guard: TimeWindow) -> Found:
        keys = ("not_older_than", "not_later_than", "not_sooner_than")
        limits = {key: getattr(guard, key) for key in keys}
        given = {key: limit for key, limit in limits.items() if limit}
        if not given and not guard.not_before:
            yield Problem(
                path, "needs not_older_than, not_later_than, not_sooner_than or not_before"
            )
        for key, limit in given.items():
            yield from check_length(self.pack, f"{path}.{key}", limit)

    def _other_case(self, path: str, guard: CaseInState | NoCaseInState) -> Found:
        other = self.pack.process.get(guard.process)
        if other is None:
            message = unknown("process", guard.process, self.pack.process)
            yield Problem(f"{path}.process", message)
            return
        yield from check_known(f"{path}.states", guard.states, other.states, "state")
        yield from self._found_by(path, other, guard.find, guard.match)
        if isinstance(guard, CaseInState) and guard.not_past:
            known = fields_of(other, self.forms)
            yield from check_known(f"{path}.not_past", [guard.not_past], known, "field")

    def _found_by(self, path: str, other: Process, find: str, match: Mapping[str, Ref]) -> Found:
        by = ("subject", *other.find_by)
        yield from check_known(f"{path}.find", [find], by, "field of its find_by")
        known = (*BUILT_IN, *fields_of(other, self.forms))
        yield from check_known(f"{path}.match", match, known, "field")

    def _joint(self, path: str, transition: Transition, joint: Joint) -> Found:
        yield from check_cited(self.pack, path, joint.clauses, joint.gaps, needed=True)
        yield from self._when(path, joint.when, transition)
        other = self.pack.process.get(joint.process)
        if other is None:
            message = unknown("process", joint.process, self.pack.process)
            yield Problem(f"{path}.process", message)
            return
        driven = other.transitions.get(joint.transition)
        if driven is None:
            message = unknown("transition", joint.transition, other.transitions)
            yield Problem(f"{path}.transition", message)
            return
        yield from self._found_by(path, other, joint.find, joint.match)
        yield from self._instead(path, joint.instead)
        if joint.otherwise is not None:
            yield from check_text(f"{path}.otherwise", joint.otherwise)
        elif driven.from_ and joint.missing == "refuse":
            yield Problem(f"{path}.otherwise", "is missing: what the refused person reads")
        after = self.fields
        for ref in (joint.subject, *joint.match.values(), *joint.form.values()):
            yield from self._ref(path, ref, transition, after, each=joint.each is not None)
        if joint.each is not None:
            yield from self._ref(f"{path}.each", joint.each, transition, after)
        if joint.every and not driven.from_:
            yield Problem(f"{path}.every", "a step that opens a case opens one; leave it out")
        wanted = form_fields(driven, self.forms)
        yield from check_known(f"{path}.form", joint.form, wanted, "field of its form")
        for name, declared in wanted.items():
            if declared.required and name not in joint.form:
                yield Problem(f"{path}.form.{name}", "is missing")

    def _effect(self, path: str, transition: Transition, effect: EffectRule) -> Found:
        yield from check_cited(self.pack, path, effect.clauses, effect.gaps, needed=True)
        yield from self._when(path, effect.when, transition)
        yield from check_known(f"{path}.drop_in", effect.drop_in, self.process.states, "state")
        name = getattr(effect, "template", "")
        if name:
            yield from check_known(f"{path}.template", [name], self.pack.template, "template")
        for ref in effect.carries().values():
            yield from self._ref(path, ref, transition, self.fields)
        for ref in effect.named().values():
            yield from self._names_something(f"{path}.to", ref, transition)
        template = self.pack.template.get(name)
        if template is None:
            return
        known = {*BUILT_IN, *self.fields, *_nested(self.fields)}
        for key, text in (("subject", template.subject), ("body", template.body)):
            for language in ("sv", "en"):
                written = text.sv if language == "sv" else text.en
                at = f"template.{name}.{key}.{language}"
                yield from check_template(at, written, known)
                if key == "subject":
                    yield from self._neutral(at, written)

    def _neutral(self, path: str, text: str) -> Found:
        for name in Message(text).get_identifiers():
            found = entry_at(self.fields, name)
            if found is not None and found.privacy:
                yield Problem(path, f"a subject line may not name ${name}, which is personal")

    # -- references -----------------------------------------------------------------------------

    def _names_something(self, path: str, ref: Ref, transition: Transition) -> Found:
        """That a reference stands for the name of a unit or a contact: a text, not personal."""
        yield from self._ref(path, ref, transition, self.fields)
        if self._privacy(ref, transition):
            yield Problem(path, f"{ref} is personal, and a unit or contact is not named by that")
        known = form_fields(transition, self.forms) if ref.source == "form" else self.fields
        declared = entry_at(known, ref.name)
        if declared is None or not declared.choices:
            yield from self._kind(path, ref, str, transition)

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
            known = form_fields(transition, self.forms) if transition else {}
            if entry_at(known, ref.name) is None:
                yield Problem(path, unknown("field of the form", ref.name, known))
        elif ref.source == "case" and ref.name not in BUILT_IN:
            if entry_at(self.fields, ref.name) is None:
                yield Problem(path, unknown("field", ref.name, self.fields))
            elif transition and not transition.from_ and case_fields is None:
                yield Problem(path, f"{ref} is not known yet when a case is opened; use form.")
        elif ref.source == "each" and not each:
            yield Problem(path, "each.item is known only in a joint that has each")

    def _privacy(self, ref: Ref, transition: Transition) -> str:
        known = {"form": form_fields(transition, self.forms), "case": self.fields}.get(ref.source)
        found = entry_at(known, ref.name) if known else None
        return found.privacy if found else ""


def _nested(fields: Mapping[str, Entry]) -> Iterator[str]:
    for name, declared in fields.items():
        for inner in getattr(declared.type, "__attrs_attrs__", ()):
            yield f"{name}.{inner.name}"
