"""The compiled routine: a rule pack as state machines that can be stepped and asked.

This is the one file that imports ``transitions``. One machine per process, never bound to a case:
its events are triggered on a throw-away cursor.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import deque
from collections.abc import Iterable, Mapping, Set

import attrs
from attrs import frozen
from transitions import Machine, MachineError

from lockroutine._fields import Entry
from lockroutine.errors import NotFound, not_found
from lockroutine.facts import Facts, aware, identifier, serial_number
from lockroutine.model import Actor, Awaited, Case, Text, WaitingCase
from lockroutine.rules.calendar import Calendar, Duration, Hours
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.fields import Forms, entry_at, fields_of, forms_of
from lockroutine.rules.guards import CaseInState, NoCaseInState
from lockroutine.rules.reader import NO_MORE, Kinds, Source, read_pack, read_source
from lockroutine.rules.schema import (
    Duty,
    Escalation,
    Move,
    Pack,
    Process,
    State,
    Template,
    Transition,
)
from lockroutine.rules.shown import App, Link, Shown, SupportHours
from lockroutine.rules.sweeps import Sweep
from lockroutine.rules.terms import CLOCK, RESERVED, SUBJECT, Message

__all__ = ["CompiledProcess", "Routine", "Step", "load_routine"]

_NEW = "(new)"
_AS_IT_IS = Move()


class _Cursor:
    """What a machine moves: never a case, so that nothing is bound or shared."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


@frozen
class Step:
    """A transition of a process, by their names."""

    process: str
    transition: str


class CompiledProcess:
    """One process of the routine as a state machine."""

    def __init__(self, name: str, rules: Process, forms: Forms) -> None:
        self.name = name
        self.rules = rules
        self.fields: Mapping[str, Entry] = fields_of(rules, forms)
        self._machine = Machine(
            model=None,
            states=[_NEW, *rules.states],
            initial=_NEW,
            transitions=[
                {"trigger": step, "source": source, "dest": transition.to or None}
                for step, transition in rules.transitions.items()
                for source in (transition.from_ or (_NEW,))
            ],
            auto_transitions=False,
        )
        self.of_privacy: Mapping[str, frozenset[str]] = {
            kind: frozenset(n for n, field in self.fields.items() if field.privacy == kind)
            for kind in ("personal", "secret")
        }
        self._leaving = {
            state: tuple(
                (name, transition)
                for name, transition in rules.transitions.items()
                if state in (transition.from_ or ("",))
            )
            for state in ("", *rules.states)
        }
        self.once_per_stay: frozenset[str] = frozenset(
            name for name, transition in rules.transitions.items() if transition.once_per_stay
        )
        self._steps_by: dict[tuple[str, str], tuple[str, ...]] = {}
        for state, leaving in self._leaving.items():
            for name, transition in leaving:
                for role in transition.by:
                    before = self._steps_by.get((role, state), ())
                    self._steps_by[role, state] = (*before, name)
        self._after: dict[tuple[str, str], str | None] = {}
        self._declared: dict[str, Entry | None] = {}

    def transition(self, name: str) -> Transition:
        """The transition of that name.

        Raises:
            NotFound: With the nearest name that exists.
        """
        try:
            return self.rules.transitions[name]
        except (KeyError, TypeError):
            known = self.rules.transitions
            raise not_found(f"transition of {self.name}", name, known) from None

    def declared(self, path: str) -> Entry | None:
        """The declaration at a dotted path of its facts; None if there is none."""
        if path not in self._declared:  # always the same, and long to look up
            self._declared[path] = entry_at(self.fields, path)
        return self._declared[path]

    def after(self, state: str, transition: str) -> str | None:
        """The state that a transition leads to from a state; None if it is not possible."""
        step = (state, transition)
        if step not in self._after:  # always the same: the machine is asked once
            self._after[step] = self._trigger(state, transition)
        return self._after[step]

    def _trigger(self, state: str, transition: str) -> str | None:
        cursor = _Cursor(state or _NEW)
        try:
            self._machine.events[transition].trigger(cursor)
        except MachineError:
            return None
        return cursor.state

    def leaving(self, state: str) -> tuple[tuple[str, Transition], ...]:
        """The transitions that are possible from a state; with an empty state, the opening ones."""
        return self._leaving.get(state, ())

    def steps_by(self, role: str, state: str) -> tuple[str, ...]:
        """The transitions that a role may make from a state."""
        return self._steps_by.get((role, state), ())

    def way(self, state: str, wanted: Iterable[str]) -> str:
        """The first transition on the shortest way from a state to one of those wanted.

        Empty if there is no way. Ways on which only the clock moves come last.
        """
        goal = set(wanted)
        ahead: deque[tuple[str, str]] = deque([(state, "")])
        seen = set[str]()
        late: deque[tuple[str, str]] = deque()
        while ahead or late:
            here, first = (ahead or late).popleft()
            if here in goal and first:
                return first
            for name, transition in self.leaving(here):
                if transition.to and transition.to not in seen:
                    seen.add(transition.to)
                    by_clock = set(transition.by) == {CLOCK}
                    (late if by_clock else ahead).append((transition.to, first or name))
        return ""

    @property
    def alone(self) -> bool:
        """Whether a subject may have only one open case."""
        return self.rules.one_open_per == ("subject",)

    def subject(self, value: str) -> str:
        """A subject as this process keeps it: a serial number has one spelling.

        Raises:
            InvalidForm: It is not printable text of at most 200 characters.
        """
        if self.rules.subject == "serial_number":
            return serial_number(value, "subject")
        return identifier(value, "subject")

    def owed(self, case: Case) -> tuple[str, ...]:
        """The duties of a case's state that are not settled."""
        state = self.rules.states.get(case.state)
        if state is None or not state.duties:
            return ()
        return tuple(
            name
            for name, duty in state.duties.items()
            if (duty.when is None or duty.when.holds(case.value(duty.when.value.name)))
            and name not in case.done
        )

    def waits(self, case: Case) -> bool:
        """Whether a case waits for anybody: for what is owed, or in its state as a whole."""
        state = self.rules.states[case.state]
        return case.is_open and bool(state.waits_for or self.owed(case))


class Routine:
    """A compiled rule pack. Immutable, safe to share between threads, and it pickles.

    Made by `load_routine`.

    >>> routine = load_routine()
    >>> routine.key
    'soderkoping@1.0.0'
    """

    def __init__(self, source: Source, kinds: Kinds = NO_MORE) -> None:
        self.source = source
        self.kinds = kinds
        self.pack: Pack = read_pack(source, kinds)
        self.forms: Mapping[str, type] = forms_of(self.pack)
        self.processes: Mapping[str, CompiledProcess] = {
            name: CompiledProcess(name, rules, self.forms)
            for name, rules in self.pack.process.items()
        }
        self.parameters: Mapping[str, int | str | tuple[str, ...]] = {
            name: parameter.value for name, parameter in self.pack.parameter.items()
        }
        self.calendar: Calendar = self.pack.calendar
        self._named = {name: _named_by(each) for name, each in self.pack.template.items()}
        self._waiting = tuple(
            (Awaited(process, name), _waiting(state), state.escalation)
            for process, rules in self.pack.process.items()
            for name, state in rules.states.items()
        )
        self._findings = frozenset(
            sweep.opens.partition(".")[0] for sweep in self.pack.sweep.values()
        )
        self._for_all = frozenset(n for n, role in self.pack.role.items() if role.all_units)
        self._only = {n: role.only for n, role in self.pack.role.items() if role.only}
        self._drivers: dict[Step, list[Step]] = {}
        self._beside: dict[str, set[str]] = {}
        for process, rules in self.pack.process.items():
            for name, transition in rules.transitions.items():
                self._beside.setdefault(name, set()).update(_beside(transition))
                for joint in transition.joint.values():
                    driven = Step(joint.process, joint.transition)
                    self._drivers.setdefault(driven, []).append(Step(process, name))

    def __reduce__(self) -> tuple[type[Routine], tuple[Source, Kinds]]:
        return (Routine, (self.source, self.kinds))

    def __repr__(self) -> str:
        return f"<Routine {self.key}>"

    @property
    def key(self) -> str:
        """Name and version, as cases are pinned to them."""
        return self.pack.key

    def process(self, name: str) -> CompiledProcess:
        """The process of that name.

        Raises:
            NotFound: With the nearest name that exists.
        """
        try:
            return self.processes[name]
        except (KeyError, TypeError):
            raise not_found("process", name, self.processes) from None

    def transition(self, step: Step) -> Transition:
        """The transition of a step; raises `NotFound` like `process`."""
        return self.process(step.process).transition(step.transition)

    def drivers(self, step: Step) -> tuple[Step, ...]:
        """The steps that make this one jointly."""
        return tuple(self._drivers.get(step, ()))

    def beside(self, transition: str) -> Set[str]:
        """The processes that a transition looks at, in cases about the subject of its own."""
        known = type(transition) is str and self._beside.get(transition)
        return known or frozenset()

    def roles_for(self, step: Step) -> tuple[str, ...]:
        """Who may make a step: its roles, not counting the clock and joint steps."""
        return tuple(role for role in self.transition(step).by if role not in RESERVED)

    def label(self, step: Step) -> Text:
        """A step in words."""
        return self.transition(step).label

    def role_labels(self, roles: Iterable[str]) -> Text:
        """Roles in words."""
        known = [self.pack.role[role].label for role in roles if role in self.pack.role]
        return Text(
            sv=", ".join(label.sv for label in known), en=", ".join(label.en for label in known)
        )

    def form(self, step: Step) -> type | None:
        """The form that a step takes, or None."""
        return self.forms.get(self.transition(step).form)

    def after(self, at: dt.datetime, length: str, sign: int = 1) -> dt.datetime:
        """The time a duration (or the parameter that holds one) after another, or before it."""
        duration = Duration.parse(str(self.parameters.get(length, length)))
        return self.calendar.after(at, duration, sign)

    def is_of_findings(self, process: str) -> bool:
        """Whether the cases of a process are what sweeps find."""
        return process in self._findings

    def sweep_of(self, case: Case) -> Sweep | None:
        """The sweep that found what this case is of; None if none did."""
        if not self.is_of_findings(case.process):
            return None
        return self.pack.sweep.get(str(case.value("sweep")))

    def tending_roles(self) -> tuple[str, ...]:
        """The roles that look after what plugins could not do."""
        return tuple(name for name, role in self.pack.role.items() if role.tends_effects)

    def effect_rule(self, path: str) -> EffectRule | None:
        """The effect rule at a path of the pack, if there is one."""
        _, process, _, transition, _, name = path.split(".")
        rules = self.pack.process.get(process)
        step = rules.transitions.get(transition) if rules else None
        return step.effects.get(name) if step else None

    def fields_named_by(self, template: str) -> tuple[str, ...]:
        """The fields that a message template names."""
        return self._named[template]

    def states_waiting_for(self, roles: Iterable[str], now: dt.datetime) -> tuple[Awaited, ...]:
        """The states in which cases may wait for one of these roles.

        Where they are only asked when others are late, with until when such a case is due.
        """
        wanted, found = set(roles), list[Awaited]()
        for place, waiting, escalation in self._waiting:
            if not waiting.isdisjoint(wanted):
                found.append(place)
            elif escalation and not wanted.isdisjoint(escalation.waits_for):
                found.append(attrs.evolve(place, due_by=self._latest_due(escalation, now)))
        return tuple(found)

    def _latest_due(self, escalation: Escalation, now: dt.datetime) -> dt.datetime:
        """A time by which every case is due that is escalated now."""
        if not escalation.before:
            return now
        # Counted backwards, a start on a weekend falls on the Friday: one working day more.
        ahead = self.after(now, escalation.before)
        return self.calendar.after(ahead, Duration(working_days=1))

    def escalates_at(self, case: WaitingCase) -> dt.datetime | None:
        """From when a case stands on further work lists, as it is late; None for never."""
        escalation = self.process(case.process).rules.states[case.state].escalation
        if escalation is None or case.due_at is None:
            return None
        if escalation.before:
            return self.after(case.due_at, escalation.before, -1)
        return self.after(case.due_at, escalation.after) if escalation.after else case.due_at

    def works_for_all(self, roles: Iterable[str]) -> bool:
        """Whether one of these roles works for all units."""
        return not self._for_all.isdisjoint(roles)

    def in_scope(self, actor: Actor, case: Case, roles: Iterable[str]) -> bool:
        """Whether an actor, in these roles of theirs, sees and touches a case."""
        mine = actor.roles.intersection(roles)
        here = case.unit in actor.units and not self._from_outside(mine)
        return here or bool(self._roles_beyond(actor, case, mine))

    def roles_in(self, actor: Actor, case: WaitingCase) -> Set[str]:
        """The roles of theirs in which an actor sees and touches a case."""
        if self._for_all.issuperset(actor.roles):
            return actor.roles
        own = actor.roles - self._only.keys() if case.unit in actor.units else frozenset[str]()
        return own | self._roles_beyond(actor, case, actor.roles)

    def _roles_beyond(self, actor: Actor, case: Case | WaitingCase, roles: Set[str]) -> Set[str]:
        """Those of these roles that see a case whatever its unit: for all, or as their own job."""
        beyond = roles & self._for_all
        narrow = roles & self._only.keys()
        if narrow:
            whole = case if isinstance(case, Case) else case.whole
            beyond |= {role for role in narrow if whole.value(self._only[role]) in actor.units}
        return beyond

    def _from_outside(self, roles: Set[str]) -> bool:
        known = roles & self.pack.role.keys()
        return bool(known) and known <= self._only.keys()

    def is_outsider(self, actor: Actor) -> bool:
        """Whether an actor works here in no other role than one that sees only its own jobs."""
        return self._from_outside(actor.roles)

    def jobs_of(self, actor: Actor) -> frozenset[tuple[str, str, str]]:
        """The process, field and value by which the jobs of an actor from outside are found."""
        return frozenset(
            (name, field, unit)
            for field in {self._only[role] for role in actor.roles & self._only.keys()}
            for name, process in self.pack.process.items()
            if field in process.find_by
            for unit in actor.units
        )

    # -- what the routine only shows -----------------------------------------------------------

    def apps(self, actor: Actor) -> tuple[str, ...]:
        """With which apps an actor may open doors.

        Source: A1.

        >>> load_routine().apps(Actor("kim", roles={"home_health_staff"}))
        ('homecare',)
        """
        apps = ((name, shown) for name, shown in self.pack.shown.items() if isinstance(shown, App))
        return tuple(name for name, app in apps if app.role in actor.roles)

    def links(self) -> Mapping[str, Link]:
        """The guides and pages to look up, by name.

        Source: R13, P1, P2, O2.
        """
        return {n: shown for n, shown in self.pack.shown.items() if isinstance(shown, Link)}

    def support_is_open(self, name: str, at: dt.datetime) -> bool:
        """Whether a support answers at a moment; a public holiday is no weekday.

        Source: C2.

        Raises:
            NotFound: The pack shows no support of that name.
            InvalidForm: The time has no time zone.

        >>> noon = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.timezone.utc)
        >>> load_routine().support_is_open("supplier_support", noon)
        True
        """
        shown = self.shown(name)
        if not isinstance(shown, SupportHours):
            raise NotFound("support", name)
        days, hours = self.parameters[shown.days], self.parameters[shown.hours]
        assert isinstance(days, tuple)  # checked when the pack was read
        return self.calendar.is_open(
            aware(at, "at"), days, Hours.parse(str(hours)), closed_on_holidays=True
        )

    def shown(self, name: str) -> Shown:
        """One thing that the pack shows; raises `NotFound` with the nearest name."""
        try:
            return self.pack.shown[name]
        except (KeyError, TypeError):
            raise not_found("shown thing", name, self.pack.shown) from None

    # -- versions ------------------------------------------------------------------------------

    @property
    def order(self) -> tuple[int, ...]:
        """What versions of one routine are put in order by.

        >>> load_routine().order
        (1, 0, 0)
        """
        return tuple(map(int, self.pack.version.split(".")))

    def in_force(self, at: dt.datetime) -> bool:
        """Whether new cases start under it at a time: by its day, in local time.

        >>> load_routine().in_force(dt.datetime(2026, 3, 2, tzinfo=dt.timezone.utc))
        True
        """
        day = self.pack.in_force_from
        return day is None or self.calendar.local(at).date() >= day

    def moving(self, process: str, routine: str) -> Move:
        """What becomes of the cases of a process that ran under another routine.

        Args:
            process: The process.
            routine: That routine, as ``name@version``.
        """
        rules = self.pack.move.get(process, _AS_IT_IS)
        meant = {key if "@" in key else f"{self.pack.name}@{key}" for key in rules.from_}
        return rules if not meant or routine in meant else _AS_IT_IS

    # -- cases ---------------------------------------------------------------------------------

    def blank(self, process: str, case_id: str, subject: str, unit: str) -> Case:
        """A case before its first event."""
        return Case(id=case_id, process=process, subject=subject, unit=unit, routine=self.key)

    def may_see(self, process: str, roles: Set[str]) -> frozenset[str]:
        """The personal and secret fields of a process's cases that these roles may see."""
        compiled = self.process(process)
        personal = not roles.isdisjoint(compiled.rules.sees_personal)
        secret = not roles.isdisjoint(compiled.rules.sees_secret)
        seen = compiled.of_privacy["personal"] if personal else frozenset[str]()
        return seen | compiled.of_privacy["secret"] if secret else seen

    def seen_by(self, case: Case, actor: Actor) -> Case:
        """A case with only those personal and secret fields that the actor's roles may see."""
        if not case.personal:
            return case
        may = self.may_see(case.process, actor.roles)
        if may.issuperset(case.personal):
            return case
        return attrs.evolve(
            case, personal=Facts({n: v for n, v in case.personal.items() if n in may})
        )


def _named_by(template: Template) -> tuple[str, ...]:
    texts = (template.subject.sv, template.subject.en, template.body.sv, template.body.en)
    return tuple(sorted({name for text in texts for name in Message(text).get_identifiers()}))


def _beside(transition: Transition) -> Iterable[str]:
    of_others = (
        guard
        for guard in transition.guards.values()
        if isinstance(guard, CaseInState | NoCaseInState)
    )
    for rule in (*of_others, *transition.joint.values()):
        if rule.find == "subject" and rule.subject == SUBJECT:
            yield rule.process


def _waiting(state: State) -> frozenset[str]:
    duties: Iterable[Duty] = state.duties.values()
    return frozenset(state.waits_for).union(*(duty.waits_for for duty in duties))


def load_routine(
    where: str | os.PathLike[str] | Source = "soderkoping",
    *,
    kinds: Kinds = NO_MORE,
    packs: Mapping[str, str] | None = None,
) -> Routine:
    """Read, check and compile a rule pack.

    Args:
        where: The name of a bundled pack or of one of ``packs``, a folder, or the text of a pack.
        kinds: Further guard and effect kinds, as `Plugins.kinds` gives them.
        packs: Further packs by name, each with its folder, as `Plugins.packs` gives them; to be
            asked for, or to be extended.

    Raises:
        NotFound: There is no such pack.
        RulesError: The pack is wrong; ``problems`` holds everything that is.

    >>> sorted(load_routine().processes)[:3]
    ['battery', 'claim', 'configuration_permission']
    """
    if isinstance(where, Source):
        return Routine(where, kinds)
    return Routine(read_source(where, packs), kinds)
