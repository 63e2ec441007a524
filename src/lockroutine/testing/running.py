"""Play a scenario on an engine of its own, and tell what it exercised of the routine."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from attrs import Factory, field, frozen

from lockroutine._fields import entries
from lockroutine.decide import evolve
from lockroutine.decide.moment import Moment
from lockroutine.engine import Engine
from lockroutine.errors import InvalidForm, LockroutineError, NotFound, Refused
from lockroutine.facts import Facts
from lockroutine.model import Actor, Case, Effect, Event, Reference, Verdict, WorkItem
from lockroutine.routine import Routine, Step
from lockroutine.rules.calendar import Duration
from lockroutine.rules.scene import Scene
from lockroutine.rules.schema import Joint, Transition
from lockroutine.rules.shown import App, Contacts, Figure, Link, Stock, SupportHours
from lockroutine.rules.terms import SWEEP
from lockroutine.stores import MemoryStore, Store
from lockroutine.testing.clock import StoppedClock, local_time
from lockroutine.testing.insight import Insight, of_rights
from lockroutine.testing.scenarios import (
    Scenario,
    ScenarioError,
    ScenarioStep,
    check_scenario,
    full_path,
    rule_paths,
    several,
    whole,
)

__all__ = ["Exercised", "ScenarioFailed", "ScenarioResult", "StepResult", "run_scenario"]

_FIRST = "2026-03-02 08:00"


class ScenarioFailed(LockroutineError, AssertionError):
    """A step of a scenario did not come out as it says.

    Attributes:
        file: The scenario's file.
        line: The step's line in it.
        step: The step in words.
        differences: What was expected and what came, each as one text.
    """

    def __init__(self, file: str, line: int, step: str, differences: Iterable[str]) -> None:
        self.file = file
        self.line = line
        self.step = step
        self.differences: tuple[str, ...] = tuple(differences)
        super().__init__(file, line, step, self.differences)

    def __str__(self) -> str:
        lines = "\n".join(f"  {text}" for text in self.differences)
        return f"{self.file}:{self.line}: {self.step}\n{lines}"


@frozen(kw_only=True)
class Exercised:
    """What of a routine was put to use, each thing by its path in the pack.

    Args:
        transitions: The transitions that were made, also by the clock or jointly.
        refused: The rules that refused: guards, joints, states, roles.
        let_through: The guards that applied and were content while the step was made.
        duties_seen: The duties that were looked for on a work list, and stood there.
        duties_settled: The duties that were owed and then done.
        escalations: The escalations that were looked for on a work list, and stood there.
        sweeps: The sweeps that found something, or no longer.
        joints: The joints that drove another case.
        effects: What plugins were asked to do.
        shown: What was looked up.
        clauses: The clauses that the steps say they show.
        gaps: The gaps that the steps say they show.
    """

    transitions: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    let_through: frozenset[str] = frozenset()
    duties_seen: frozenset[str] = frozenset()
    duties_settled: frozenset[str] = frozenset()
    escalations: frozenset[str] = frozenset()
    sweeps: frozenset[str] = frozenset()
    joints: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    clauses: frozenset[str] = frozenset()
    gaps: frozenset[str] = frozenset()

    def __or__(self, other: Exercised) -> Exercised:
        names = [one.name for one in attrs.fields(Exercised)]
        return Exercised(**{name: getattr(self, name) | getattr(other, name) for name in names})


@frozen(kw_only=True)
class StepResult:
    """What a step exercised.

    Args:
        number: The step, counted from 1.
        step: The step in words.
        exercised: What it put to use.
    """

    number: int
    step: str
    exercised: Exercised


@frozen(kw_only=True)
class ScenarioResult:
    """What a scenario exercised. Each of its steps came out as it says.

    Args:
        scenario: The scenario.
        steps: Its steps.
        before: The steps of the scenarios that come before it.
    """

    scenario: Scenario
    steps: tuple[StepResult, ...]
    before: tuple[StepResult, ...] = ()

    @property
    def exercised(self) -> Exercised:
        """What its own steps put to use, together."""
        found = Exercised()
        for step in self.steps:
            found |= step.exercised
        return found


def run_scenario(
    scenario: Scenario, routine: Routine, *, store: Store | None = None
) -> ScenarioResult:
    """Play a scenario, after those that come before it.

    Args:
        scenario: The scenario.
        routine: The routine that it is held against.
        store: An empty store to play it in; one in memory if left out.

    Raises:
        ScenarioError: It names what the routine does not have.
        ScenarioFailed: A step did not come out as it says.

    >>> from lockroutine import load_routine
    >>> from lockroutine.testing import Scenario, ScenarioStep
    >>> step = ScenarioStep(
    ...     who="care_assessor", does="consent.grant_service", state="offer_due", clauses=("S1",)
    ... )
    >>> scenario = Scenario(title="An offer", about="customer-17", step=(step,), lines=(1,))
    >>> run_scenario(scenario, load_routine()).exercised.clauses
    frozenset({'S1'})
    """
    problems = [p for one in whole(scenario) for p in check_scenario(one, routine)]
    if problems:
        raise ScenarioError(problems)
    running = _Running(routine, store or MemoryStore())
    before: list[StepResult] = []
    steps: list[StepResult] = []
    for one in whole(scenario):
        steps = list(running.play(one))
        if one is not scenario:
            before += steps
    return ScenarioResult(scenario=scenario, steps=tuple(steps), before=tuple(before))


@frozen(kw_only=True)
class _Outcome:
    """What came of one command."""

    case: Case | None = None
    refusal: Verdict | None = None
    invalid: tuple[str, ...] | None = None
    not_found: bool = False
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    clauses: set[str] = field(factory=set)
    gaps: set[str] = field(factory=set)


@attrs.define
class _Tally:
    """What one step puts to use, as it is found."""

    transitions: set[str] = Factory(set)
    refused: set[str] = Factory(set)
    let_through: set[str] = Factory(set)
    duties_seen: set[str] = Factory(set)
    duties_settled: set[str] = Factory(set)
    escalations: set[str] = Factory(set)
    sweeps: set[str] = Factory(set)
    joints: set[str] = Factory(set)
    effects: set[str] = Factory(set)
    shown: set[str] = Factory(set)
    # What all that rests on.
    clauses: set[str] = Factory(set)
    gaps: set[str] = Factory(set)

    def rests_on(self, rule: Any) -> None:
        self.clauses.update(rule.clauses)
        self.gaps.update(rule.gaps)


class _Running:
    def __init__(self, routine: Routine, store: Store) -> None:
        self._routine = routine
        self._clock = StoppedClock(_FIRST, routine.pack.time_zone)
        self._engine = Engine(store, routine=routine, clock=self._clock)
        self._rules = rule_paths(routine)
        self._people: dict[str, Actor] = {}
        self._forms: dict[str, Mapping[str, Any]] = {}
        self._named: dict[str, str] = {}
        self._known: dict[str, Case] = {}
        self._seen_events = 0
        self._seen_effects = 0
        self._scenario = Scenario(title="", step=())

    # -- a scenario ----------------------------------------------------------------------------

    def play(self, scenario: Scenario) -> Iterator[StepResult]:
        self._scenario = scenario
        for name, person in scenario.actors.items():
            units = person.units if person.units is not None else (scenario.unit,)
            self._people[name] = Actor(name, roles=person.roles, units=units)
        self._forms.update(scenario.forms)
        last: dt.datetime | None = None
        for index, step in enumerate(scenario.step):
            tally = _Tally()
            try:
                self._set_clock(step, last)
                last = self._clock()
                differences = list(self._step(step, tally))
            except _CannotPlay as reason:
                differences = [str(reason)]
            differences = differences or list(_unfounded(step, tally))
            if differences:
                raise ScenarioFailed(
                    scenario.file, scenario.lines[index], scenario.place(index), differences
                )
            yield StepResult(
                number=index + 1, step=scenario.place(index), exercised=_exercised(step, tally)
            )

    def _set_clock(self, step: ScenarioStep, last: dt.datetime | None) -> None:
        """Set the clock. Only between scenarios may it go back, to where the next one starts."""
        calendar = self._routine.calendar
        at = step.at or ("" if last or step.later else self._scenario.starts)
        try:
            if at:
                now = local_time(at, calendar, self._clock())
                if last and now < last:
                    raise _CannotPlay("at: lies before the step before")
                self._clock.set(now)
            elif step.later:
                length = Duration.parse(step.later)
                self._clock.set(calendar.after(self._clock(), length))
            elif last:
                self._clock.advance(minutes=1)
        except InvalidForm as error:
            raise _CannotPlay(f"at: {error}") from None
        except ValueError as error:
            raise _CannotPlay(f"later: {error}") from None

    def _step(self, step: ScenarioStep, tally: _Tally) -> Iterator[str]:
        if step.shown:
            yield from self._look_up(step, tally)
            return
        if step.register:
            yield from self._look_at(step, tally)
            return
        yield from of_rights(self._routine, step)
        outcome = self._by_itself(step) if step.tick or step.sweep else self._do(step)
        differences = [*self._of_outcome(step, outcome, tally)]
        self._take_in(outcome, tally)
        yield from differences
        if not differences:
            yield from self._of_lists(step, tally)

    # -- doing ---------------------------------------------------------------------------------

    def _by_itself(self, step: ScenarioStep) -> _Outcome:
        """What the clock makes, or a round of the standing checks."""
        if step.tick:
            self._engine.tick()
        elif problems := self._engine.sweep().problems:
            raise _CannotPlay(f"sweep: {_list(problems)}")
        events, effects = self._new()
        return _Outcome(events=events, effects=effects)

    def _do(self, step: ScenarioStep) -> _Outcome:
        process, _, name = step.does.partition(".")
        transition = self._routine.transition(Step(process, name))
        actor = self._actor(step.who)
        given: dict[str, Any] = {
            "actor": actor,
            "form": self._form(step, transition),
            "late_reason": step.late_reason,
            "happened_at": self._happened_at(step),
            "references": [_reference(text) for text in step.references],
        }
        target = None if not transition.from_ else self._case(step, process)
        try:
            if target is None:
                unit = step.unit or min(actor.units, default=self._scenario.unit)
                case = self._engine.start(
                    process, name, subject=self._about(step), unit=unit, **given
                )
            else:
                case = self._engine.perform(target.id, name, **given)
        except Refused as refused:
            events, effects = self._new()
            return _Outcome(case=target, refusal=refused.verdict, events=events, effects=effects)
        except NotFound:
            return _Outcome(not_found=True)
        except InvalidForm as error:
            events, effects = self._new()
            paths = tuple(problem.path for problem in error.problems)
            return _Outcome(case=target, invalid=paths, events=events, effects=effects)
        if step.as_:
            self._named[step.as_] = case.id
        events, effects = self._new()
        return _Outcome(case=case, events=events, effects=effects)

    def _new(self) -> tuple[tuple[Event, ...], tuple[Effect, ...]]:
        """The events and effects since it was last asked."""
        with self._engine.store.reading() as reading:
            events = tuple(reading.events())
            effects = tuple(reading.effects(None, None))
        new = events[self._seen_events :], effects[self._seen_effects :]
        self._seen_events, self._seen_effects = len(events), len(effects)
        return new

    def _actor(self, name: str) -> Actor:
        known = self._people.get(name)
        return known or Actor(name, roles={name}, units={self._scenario.unit})

    def _form(self, step: ScenarioStep, transition: Transition) -> Mapping[str, Any] | None:
        if step.form is None:
            return None
        form = dict(step.form)
        like = form.pop("like", None)
        if like is not None:
            form = {**self._forms[like], **form}
        kinds = entries(self._routine.forms[transition.form])
        made: dict[str, Any] = {}
        for name, value in form.items():
            if value == "":
                continue
            kind = kinds[name].type if name in kinds else None
            made[name] = self._local(value) if kind in (dt.datetime, dt.datetime | None) else value
        return made

    def _local(self, value: Any) -> Any:
        """A time of a form: local if it has no zone, and as it stands if it is none at all."""
        calendar = self._routine.calendar
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            return value.replace(tzinfo=calendar.zone)
        if isinstance(value, str):
            try:
                return local_time(value, calendar, self._clock())
            except InvalidForm:
                return value
        return value

    def _happened_at(self, step: ScenarioStep) -> dt.datetime | None:
        if not step.happened_at:
            return None
        try:
            return local_time(step.happened_at, self._routine.calendar, self._clock(), back=True)
        except InvalidForm as error:
            raise _CannotPlay(f"happened_at: {error}") from None

    def _about(self, step: ScenarioStep) -> str:
        about = step.about or self._scenario.about
        if not about:
            raise _CannotPlay("about: is missing, and the scenario has no `about` of its own")
        return about

    def _case(self, step: ScenarioStep, process: str) -> Case:
        found = self._cases(step, process)
        there = [case for case in found if case.is_open]
        if len(there) > 1:
            raise _CannotPlay(
                f"about: {len(there)} cases of {process} are open; say `door` or `case`"
            )
        if not found:
            raise _CannotPlay(f"about: there is no case of {process} like that")
        return (there or found)[-1]

    def _cases(self, step: ScenarioStep, process: str) -> list[Case]:
        if step.case:
            if step.case not in self._named:
                raise _CannotPlay(f"case: no step before named a case {step.case!r}")
            return [self._engine.case(self._named[step.case])]
        found = self._engine.cases(process=process, subject=self._about(step), limit=1000)
        return [case for case in found if not step.door or case.value("door") == step.door]

    # -- what came of it -----------------------------------------------------------------------

    def _of_outcome(self, step: ScenarioStep, outcome: _Outcome, tally: _Tally) -> Iterator[str]:
        if step.not_found and step.does:
            if not outcome.not_found:
                yield f"expected that there is no such case for them; came: {_came(outcome)}"
            return
        undone = outcome.refusal is not None or outcome.invalid is not None or outcome.not_found
        if undone and (outcome.events or outcome.effects):
            yield "what was refused left traces in the store"
        if step.refused:
            yield from self._of_refusal(step, outcome, tally)
            return
        if step.invalid:
            if outcome.invalid is None:
                yield f"expected a wrong form: {_list(step.invalid)}; came: {_came(outcome)}"
            elif sorted(outcome.invalid) != sorted(step.invalid):
                yield f"expected wrong: {_list(step.invalid)}; came: {_list(outcome.invalid)}"
            process, _, name = step.does.partition(".")
            tally.rests_on(self._routine.transition(Step(process, name)))
            return
        if undone:
            yield f"expected that it is done; came: {_came(outcome)}"
            return
        yield from self._of_success(step, outcome)

    def _of_success(self, step: ScenarioStep, outcome: _Outcome) -> Iterator[str]:
        if outcome.case is not None:
            yield from self._of_case(step, outcome.case)
        if step.made is not None:
            made = [f"{event.process}.{event.transition}" for event in outcome.events]
            own = made if step.tick or step.sweep else made[1:]
            if sorted(own) != sorted(step.made):
                yield f"expected made: {_list(step.made)}; came: {_list(own)}"
        if step.effects is not None:
            kinds = [_words(effect) for effect in outcome.effects]
            if sorted(kinds) != sorted(step.effects):
                yield f"expected effects: {_list(step.effects)}; came: {_list(kinds)}"

    def _of_case(self, step: ScenarioStep, case: Case) -> Iterator[str]:
        if step.state and case.state != step.state:
            yield f"expected state: {step.state}; came: {case.state}"
        yield from Insight(self._engine, self._routine, case).of(step)
        for name, expected in step.data.items():
            value = case.value(name)
            if not self._same(expected, value):
                yield f"expected {name}: {expected!r}; came: {value!r}"
        for name in step.no_data:
            if case.value(name) is not None:
                yield f"expected no {name}; came: {case.value(name)!r}"
        known = [str(reference) for reference in case.references]
        for text in step.known_as:
            if text not in known:
                yield f"expected known as {text}; came: {_list(known)}"

    def _same(self, expected: Any, value: Any) -> bool:
        if isinstance(expected, list):
            return bool(tuple(expected) == value)
        if isinstance(expected, dict):
            return isinstance(value, Facts) and all(
                self._same(inner, value.get(name)) for name, inner in expected.items()
            )
        if isinstance(value, str) and value != expected:
            made = self._local(expected)
            if isinstance(made, dt.datetime):
                return made.astimezone(dt.UTC).isoformat() == value
            return isinstance(made, dt.date) and made.isoformat() == value
        return type(expected) is type(value) and bool(expected == value)

    def _of_refusal(self, step: ScenarioStep, outcome: _Outcome, tally: _Tally) -> Iterator[str]:
        wanted = {full_path(step.does, short, self._rules) or short for short in step.refused}
        if outcome.refusal is None:
            yield f"expected refused by: {_list(wanted)}; came: {_came(outcome)}"
            return
        reasons = outcome.refusal.reasons
        came = {reason.rule for reason in reasons}
        if not wanted <= came or (came != wanted and not step.others_too):
            yield f"expected refused by: {_list(wanted)}; came: {_came(outcome)}"
            return
        for reason in reasons:
            tally.refused.add(reason.rule)
            if reason.rule in wanted:
                tally.clauses.update(reason.clauses)
                tally.gaps.update(reason.gaps)
        cures = [cure for reason in reasons if reason.rule in wanted for cure in reason.cures]
        others = {f"{c.process}.{c.transition}": c.roles for c in cures if not c.field}
        for does in several(step.cure):
            if does not in others:
                yield f"expected way forward: {does}; came: {_list(others) or 'none'}"
            elif not set(several(step.cure_by)) <= set(others[does]):
                yield f"expected that {does} is for {_list(several(step.cure_by))}; came: " + _list(
                    others[does]
                )
        fields = {cure.field for cure in cures if cure.field}
        for name in step.correct:
            if name not in fields:
                yield f"expected to correct: {name}; came: {_list(fields) or 'none'}"
        if outcome.case is not None:
            yield from self._of_case(step, outcome.case)

    # -- what it put to use --------------------------------------------------------------------

    def _take_in(self, outcome: _Outcome, tally: _Tally) -> None:
        children: dict[str, list[Event]] = {}
        for event in outcome.events:
            children.setdefault(event.cause, []).append(event)
        before = dict(self._known)
        for event in outcome.events:
            self._take_in_event(event, tally)
        for event in children.get("", []):
            self._take_in_rules(event, None, children, before, tally)
        kinds = {(event.case_id, event.version): event for event in outcome.events}
        for effect in outcome.effects:
            event = kinds[(effect.case_id, effect.version)]
            tally.effects.add(effect.rule)
            tally.rests_on(self._transition(event).effects[effect.rule.rpartition(".")[2]])

    def _take_in_event(self, event: Event, tally: _Tally) -> None:
        process = self._routine.process(event.process)
        case = self._known.get(event.case_id) or self._blank(event)
        state = process.rules.states.get(case.state)
        if state and event.transition in process.owed(case):
            path = f"process.{event.process}.states.{case.state}.duties.{event.transition}"
            tally.duties_settled.add(path)
            tally.rests_on(state.duties[event.transition])
        after = self._known[event.case_id] = evolve(self._routine, case, event)
        tally.transitions.add(_path(event))
        tally.rests_on(self._transition(event))
        if SWEEP in event.roles:
            self._take_in_sweep(after, tally)
        if event.after != event.before:
            tally.rests_on(process.rules.states[event.after])

    def _take_in_sweep(self, finding: Case, tally: _Tally) -> None:
        """The sweep that a finding is of, and what could have excused what it found."""
        sweep = self._routine.sweep_of(finding)
        if sweep:
            tally.sweeps.add(f"sweep.{finding.value('sweep')}")
            for rule in (sweep, *sweep.unless.values()):
                tally.rests_on(rule)

    def _take_in_rules(
        self,
        event: Event,
        item: Any,
        children: Mapping[str, Sequence[Event]],
        before: Mapping[str, Case],
        tally: _Tally,
    ) -> None:
        """The guards of an event's transition that were content, and the joints that drove others.

        One command makes at most one event of a case before it drives others, so what the case
        was before the command is what its guards saw; where one command moves a case twice, the
        second sees the first.
        """
        transition = self._transition(event)
        seen = self._as_before(event, before)
        scene = Moment(
            routine=self._routine,
            step=Step(event.process, event.transition),
            case=seen,
            form=(event.form, event.personal or Facts()),
            actor=Actor(event.actor, roles=event.roles),
            at=event.happened_at,
            item=item,
        ).scene()
        for name, guard in transition.guards.items():
            if scene.applies(guard.when):
                tally.let_through.add(f"{_path(event)}.guards.{name}")
                tally.rests_on(guard)
        scene = attrs.evolve(scene, case=evolve(self._routine, seen, event))
        driven = list(children.get(f"{event.case_id}/{event.version}", ()))
        for name, joint in transition.joint.items():
            for one, made in _driven_by(scene, joint, driven):
                tally.joints.add(f"{_path(event)}.joint.{name}")
                tally.rests_on(joint)
                self._take_in_rules(made, one, children, before, tally)

    def _as_before(self, event: Event, before: Mapping[str, Case]) -> Case:
        case = before.get(event.case_id) or self._blank(event)
        if case.version == event.version - 1:
            return case
        with self._engine.store.reading() as reading:
            for earlier in reading.history(event.case_id)[case.version : event.version - 1]:
                case = evolve(self._routine, case, earlier)
        return case

    def _blank(self, event: Event) -> Case:
        return self._routine.blank(event.process, event.case_id, event.subject, event.unit)

    def _transition(self, event: Event) -> Transition:
        return self._routine.transition(Step(event.process, event.transition))

    # -- looking -------------------------------------------------------------------------------

    def _of_lists(self, step: ScenarioStep, tally: _Tally) -> Iterator[str]:
        for mark in ("", "overdue", "escalated"):
            for name, wanted in getattr(step, mark or "worklist").items():
                yield from self._of_list(name, wanted, tally, mark)
        for name, unwanted in step.not_on_worklist.items():
            there = self._list_of(name, tally=None)
            for entry in unwanted:
                if entry in there:
                    yield f"expected not on the list of {name}: {entry}; it stands there"

    def _of_list(self, name: str, wanted: Iterable[str], tally: _Tally, mark: str) -> Iterator[str]:
        there = self._list_of(name, tally=tally, wanted=set(wanted))
        for entry in wanted:
            if entry not in there:
                shown = _list(e for e in there if " about " not in e) or "nothing"
                yield f"expected on the list of {name}: {entry}; there is: {shown}"
            elif mark and mark not in there[entry]:
                yield f"expected {mark} on the list of {name}: {entry}; it is not yet"

    def _list_of(
        self, name: str, tally: _Tally | None, wanted: set[str] | None = None
    ) -> dict[str, set[str]]:
        """What stands on a list, in the words of scenarios, and how it is marked."""
        found: dict[str, set[str]] = {}
        cursor = ""
        while True:
            page = self._engine.worklist(actor=self._actor(name), limit=1000, cursor=cursor)
            for item in page:
                case = item.case
                for entry in (
                    f"{case.process}.{item.duty or case.state}",
                    f"{case.process}.{item.duty or case.state} about {case.subject}",
                ):
                    marks = found.setdefault(entry, set())
                    marks |= {m for m in ("overdue", "escalated") if getattr(item, m)}
                    if tally is not None and entry in (wanted or ()):
                        self._take_in_item(item, tally)
            cursor = page.next
            if not cursor:
                return found

    def _take_in_item(self, item: WorkItem, tally: _Tally) -> None:
        """What it rests on that something stands on a list."""
        process, name = item.case.process, item.case.state
        state = self._routine.process(process).rules.states[name]
        path = f"process.{process}.states.{name}"
        tally.clauses.update(item.clauses)
        if item.escalated and state.escalation:
            tally.rests_on(state.escalation)
            tally.escalations.add(f"{path}.escalation")
        elif item.duty:
            tally.rests_on(state.duties[item.duty])
            tally.duties_seen.add(f"{path}.duties.{item.duty}")
        else:
            tally.rests_on(self._routine.sweep_of(item.case) or state)

    def _look_at(self, step: ScenarioStep, tally: _Tally) -> Iterator[str]:
        actor = self._actor(step.who) if step.who else None
        try:
            case = self._case(step, step.register)
            seen = self._engine.case(case.id, actor=actor)
        except (NotFound, _CannotPlay) as error:
            if not step.not_found:
                yield f"expected a case of {step.register}; came: {error}"
            return
        if step.not_found:
            yield f"expected no case of {step.register}; there is one in the state {case.state}"
            return
        yield from self._of_case(step, seen)
        for name in step.sees:
            if seen.personal.at(name) is None:
                yield f"expected that {step.who or 'anybody'} sees {name}; it is not there"
        for name in step.hidden:
            if case.personal.at(name) is None:
                yield f"expected that {name} is hidden; the case has no such personal field"
            elif seen.personal.at(name) is not None:
                yield f"expected that {name} is hidden from {step.who or 'anybody'}; it is seen"
        with self._engine.store.reading() as reading:
            tally.rests_on(self._transition(reading.history(case.id)[-1]))
        tally.rests_on(self._routine.process(case.process).rules.states[case.state])
        yield from self._of_lists(step, tally)

    def _look_up(self, step: ScenarioStep, tally: _Tally) -> Iterator[str]:
        shown = self._routine.shown(step.shown)
        tally.shown.add(f"shown.{step.shown}")
        tally.rests_on(shown)
        match shown:
            case SupportHours():
                open_now = self._routine.support_is_open(step.shown, self._clock())
                yield from _differs("open", step.open, open_now)
            case App():
                apps = self._routine.apps(self._actor(step.who)) if step.who else ()
                yield from _differs("open", step.open, step.shown in apps)
            case Link():
                yield from _differs("url", step.url or None, shown.url)
            case Contacts():
                yield from _differs("roles", step.roles or None, shown.roles)
            case Figure() | Stock():
                counted = self._count(step.shown, shown)
                for name, expected in step.count.items():
                    yield from _differs(f"count of {name}", expected, counted.get(name, 0))
            case _:
                raise _CannotPlay(f"shown: {step.shown} is of a kind that cannot be looked at")

    def _count(self, name: str, shown: Figure | Stock) -> dict[str, int]:
        figures = self._engine.figures()
        if isinstance(shown, Stock):
            return {kind: line.there for kind, line in figures.stock[name].items()}
        places: Mapping[str, Mapping[tuple[str, str], int]] = {
            "open_cases": figures.open_cases,
            "overdue": figures.overdue,
            "time_in_state": {at: time.stays for at, time in figures.time_in_state.items()},
        }
        if shown.figure in places:
            return {".".join(place): n for place, n in places[shown.figure].items()}
        return dict(figures.late_entries if shown.figure == "late_entries" else figures.refusals)


class _CannotPlay(Exception):
    """A step cannot be played as it stands."""


def _driven_by(scene: Scene, joint: Joint, driven: list[Event]) -> Iterator[tuple[Any, Event]]:
    """The events that a joint drove, each with its item; they are taken off the list."""
    if not scene.applies(joint.when):
        return
    items = scene.value(joint.each) if joint.each else (None,)
    for item in items if isinstance(items, tuple) else ():
        here = attrs.evolve(scene, item=item)
        if not driven or not _is_made_by(joint, driven[0]):
            return
        if joint.find == "subject" and not _spelt_alike(here.value(joint.subject), driven[0]):
            continue
        yield item, driven.pop(0)
        while joint.every and driven and _is_made_by(joint, driven[0]):
            yield item, driven.pop(0)


def _is_made_by(joint: Joint, event: Event) -> bool:
    return (event.process, event.transition) == (joint.process, joint.transition)


def _spelt_alike(subject: Any, event: Event) -> bool:
    # A serial number has one spelling in the register, and perhaps another in the form.
    return "".join(str(subject).split()).upper() == "".join(event.subject.split()).upper()


def _exercised(step: ScenarioStep, tally: _Tally) -> Exercised:
    return Exercised(
        transitions=frozenset(tally.transitions),
        refused=frozenset(tally.refused),
        let_through=frozenset(tally.let_through),
        duties_seen=frozenset(tally.duties_seen),
        duties_settled=frozenset(tally.duties_settled),
        escalations=frozenset(tally.escalations),
        sweeps=frozenset(tally.sweeps),
        joints=frozenset(tally.joints),
        effects=frozenset(tally.effects),
        shown=frozenset(tally.shown),
        clauses=frozenset(step.clauses),
        gaps=frozenset(step.gaps),
    )


def _unfounded(step: ScenarioStep, tally: _Tally) -> Iterator[str]:
    """The clauses that a step says it shows, although nothing in it rests on them."""
    for kind, named, found in (
        ("clause", step.clauses, tally.clauses),
        ("gap", step.gaps, tally.gaps),
    ):
        for name in named:
            if name not in found:
                yield (
                    f"expected to show {kind} {name}, but nothing here rests on it; "
                    f"what happened rests on {_list(found) or 'none'}"
                )


def _path(event: Event) -> str:
    return f"process.{event.process}.transitions.{event.transition}"


def _reference(text: str) -> Reference:
    system, _, issued = text.partition(":")
    try:
        return Reference(system, issued)
    except InvalidForm as error:
        raise _CannotPlay(f"references: {error}; write it like easit:4711") from None


def _words(effect: Effect) -> str:
    return f"{effect.kind} to {effect.recipient}" if effect.recipient else effect.kind


def _differs(what: str, expected: Any, came: Any) -> Iterator[str]:
    if expected is not None and expected != came:
        yield f"expected {what}: {expected}; came: {came}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(
        f"{n} ({k} times)" if k > 1 else n for n, k in sorted(Counter(iter(names)).items())
    )


def _came(outcome: _Outcome) -> str:
    if outcome.refusal is not None:
        lines = [
            f"\n    {r.rule} [{_list((*r.clauses, *r.gaps))}] {r.text.en}"
            for r in outcome.refusal.reasons
        ]
        return "refused by" + "".join(lines)
    if outcome.not_found:
        return "there is no such case for them"
    if outcome.invalid is not None:
        return f"a wrong form: {_list(outcome.invalid)}"
    return f"it was done, state {outcome.case.state}" if outcome.case else "it was done"
