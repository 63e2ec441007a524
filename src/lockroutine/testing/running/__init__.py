"""Play a scenario on an engine of its own, and tell what it exercised of the routine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from lockroutine.errors import InvalidForm, NotFound, Refused
from lockroutine.model import Effect, Event, Reference
from lockroutine.routine import Routine, Step
from lockroutine.rules.calendar import Duration
from lockroutine.stores import MemoryStore, Store
from lockroutine.stores.base import all_effects
from lockroutine.testing.clock import local_time
from lockroutine.testing.running.insight import of_rights
from lockroutine.testing.running.looking import Looking
from lockroutine.testing.running.onlooker import Onlooker
from lockroutine.testing.running.outcomes import Expected, Outcome, listed, unfounded
from lockroutine.testing.running.results import ScenarioFailed, ScenarioResult, StepResult, Tally
from lockroutine.testing.running.stage import CannotPlay, Stage
from lockroutine.testing.scenarios import (
    Scenario,
    ScenarioError,
    ScenarioStep,
    check_scenario,
    whole,
)

__all__ = ["run_scenario"]


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


class _Running:
    def __init__(self, routine: Routine, store: Store) -> None:
        self._stage = Stage(routine, store)
        self._onlooker = Onlooker(routine, store)
        self._expected = Expected(self._stage)
        self._looking = Looking(self._stage, self._expected)
        self._seen_events = 0
        self._seen_effects = 0

    def play(self, scenario: Scenario) -> Iterator[StepResult]:
        self._stage.enter(scenario)
        last: dt.datetime | None = None
        for index, step in enumerate(scenario.step):
            tally = Tally()
            try:
                self._set_clock(step, last)
                last = self._stage.clock()
                differences = list(self._step(step, tally))
            except CannotPlay as reason:
                differences = [str(reason)]
            differences = differences or list(unfounded(step, tally))
            if differences:
                raise ScenarioFailed(
                    scenario.file, scenario.lines[index], scenario.place(index), differences
                )
            yield StepResult(
                number=index + 1, step=scenario.place(index), exercised=tally.exercised(step)
            )

    def _set_clock(self, step: ScenarioStep, last: dt.datetime | None) -> None:
        """Set the clock. Only between scenarios may it go back, to where the next one starts."""
        calendar = self._stage.routine.calendar
        at = step.at or ("" if last or step.later else self._stage.scenario.starts)
        try:
            if at:
                now = local_time(at, calendar, self._stage.clock())
                if last and now < last:
                    raise CannotPlay("at: lies before the step before")
                self._stage.clock.set(now)
            elif step.later:
                length = Duration.parse(step.later)
                self._stage.clock.set(calendar.after(self._stage.clock(), length))
            elif last:
                self._stage.clock.advance(minutes=1)
        except InvalidForm as error:
            raise CannotPlay(f"at: {error}") from None
        except ValueError as error:
            raise CannotPlay(f"later: {error}") from None

    def _step(self, step: ScenarioStep, tally: Tally) -> Iterator[str]:
        if step.shown:
            yield from self._looking.look_up(step, tally)
            return
        if step.register:
            yield from self._looking.look_at(step, tally)
            return
        yield from of_rights(self._stage.routine, step)
        outcome = self._by_itself(step) if step.tick or step.sweep else self._do(step)
        differences = [*self._expected.of(step, outcome, tally)]
        self._onlooker.take_in(outcome, tally)
        yield from differences
        if not differences:
            yield from self._looking.of_lists(step, tally)

    def _by_itself(self, step: ScenarioStep) -> Outcome:
        """What the clock makes, or a round of the standing checks."""
        if step.tick:
            self._stage.engine.tick()
        elif problems := self._stage.engine.sweep().problems:
            raise CannotPlay(f"sweep: {listed(problems)}")
        events, effects = self._new()
        return Outcome(events=events, effects=effects)

    def _do(self, step: ScenarioStep) -> Outcome:
        process, _, name = step.does.partition(".")
        transition = self._stage.routine.transition(Step(process, name))
        actor = self._stage.actor(step.who)
        given: dict[str, Any] = {
            "actor": actor,
            "form": self._stage.form(step, transition),
            "late_reason": step.late_reason,
            "happened_at": self._stage.happened_at(step),
            "references": [_reference(text) for text in step.references],
        }
        target = None if not transition.from_ else self._stage.case(step, process)
        try:
            if target is None:
                unit = step.unit or min(actor.units, default=self._stage.scenario.unit)
                case = self._stage.engine.start(
                    process, name, subject=self._stage.about(step), unit=unit, **given
                )
            else:
                case = self._stage.engine.perform(target.id, name, **given)
        except Refused as refused:
            events, effects = self._new()
            return Outcome(case=target, refusal=refused.verdict, events=events, effects=effects)
        except NotFound:
            return Outcome(not_found=True)
        except InvalidForm as error:
            events, effects = self._new()
            paths = tuple(problem.path for problem in error.problems)
            return Outcome(case=target, invalid=paths, events=events, effects=effects)
        if step.as_:
            self._stage.named[step.as_] = case.id
        events, effects = self._new()
        return Outcome(case=case, events=events, effects=effects)

    def _new(self) -> tuple[tuple[Event, ...], tuple[Effect, ...]]:
        """The events and effects since it was last asked."""
        with self._stage.engine.store.reading() as reading:
            events = tuple(reading.events())
            effects = tuple(all_effects(reading))
        new = events[self._seen_events :], effects[self._seen_effects :]
        self._seen_events, self._seen_effects = len(events), len(effects)
        return new


def _reference(text: str) -> Reference:
    system, _, issued = text.partition(":")
    try:
        return Reference(system, issued)
    except InvalidForm as error:
        raise CannotPlay(f"references: {error}; write it like easit:4711") from None
