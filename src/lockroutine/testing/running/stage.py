"""What a scenario is played on: an engine of its own, its clock, the people and the cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from lockroutine._fields import entries
from lockroutine.engine import Engine
from lockroutine.errors import InvalidForm
from lockroutine.model import Actor, Case, WorkItem
from lockroutine.routine import Routine
from lockroutine.rules.schema import Transition
from lockroutine.stores import Store
from lockroutine.testing.clock import StoppedClock, local_time
from lockroutine.testing.scenarios import Scenario, ScenarioStep

__all__ = ["CannotPlay", "Stage"]

_FIRST = "2026-03-02 08:00"


class CannotPlay(Exception):
    """A step cannot be played as it stands."""


class Stage:
    """What a scenario is played on, and what its words mean there.

    Args:
        routine: The routine.
        store: An empty store.

    Attributes:
        scenario: The scenario that is played.
        named: The ids of the cases that steps gave a name.
    """

    def __init__(self, routine: Routine, store: Store) -> None:
        self.routine: Routine = routine
        self.clock: StoppedClock = StoppedClock(_FIRST, routine.pack.time_zone)
        self.engine: Engine = Engine(store, routine=routine, clock=self.clock)
        self.scenario: Scenario = Scenario(title="", step=())
        self.named: dict[str, str] = {}
        self._people: dict[str, Actor] = {}
        self._forms: dict[str, Mapping[str, Any]] = {}

    def enter(self, scenario: Scenario) -> None:
        """Let the people and forms of a scenario come to those that are there."""
        self.scenario = scenario
        for name, person in scenario.actors.items():
            units = person.units if person.units is not None else (scenario.unit,)
            self._people[name] = Actor(name, roles=person.roles, units=units)
        self._forms.update(scenario.forms)

    def actor(self, name: str) -> Actor:
        """The actor of that name; the role of that name, if none is declared."""
        known = self._people.get(name)
        return known or Actor(name, roles={name}, units={self.scenario.unit})

    def form(self, step: ScenarioStep, transition: Transition) -> Mapping[str, Any] | None:
        """The form that a step gives, with times that have a zone."""
        if step.form is None:
            return None
        form = dict(step.form)
        like = form.pop("like", None)
        if like is not None:
            form = {**self._forms[like], **form}
        kinds = entries(self.routine.forms[transition.form])
        made: dict[str, Any] = {}
        for name, value in form.items():
            if value == "":
                continue
            kind = kinds[name].type if name in kinds else None
            made[name] = self.local(value) if kind in (dt.datetime, dt.datetime | None) else value
        return made

    def local(self, value: Any) -> Any:
        """A time of a form: local if it has no zone, and as it stands if it is none at all."""
        calendar = self.routine.calendar
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            return value.replace(tzinfo=calendar.zone)
        if isinstance(value, str):
            try:
                return local_time(value, calendar, self.clock())
            except InvalidForm:
                return value
        return value

    def happened_at(self, step: ScenarioStep) -> dt.datetime | None:
        """When a step says it happened, if it says so."""
        if not step.happened_at:
            return None
        try:
            return local_time(step.happened_at, self.routine.calendar, self.clock(), back=True)
        except InvalidForm as error:
            raise CannotPlay(f"happened_at: {error}") from None

    def worklist(self, actor: Actor) -> Iterator[WorkItem]:
        """All that stands on somebody's work list."""
        cursor = ""
        while True:
            page = self.engine.worklist(actor=actor, limit=1000, cursor=cursor)
            yield from page
            cursor = page.next
            if not cursor:
                return

    def about(self, step: ScenarioStep) -> str:
        """Whom or what a step is about."""
        about = step.about or self.scenario.about
        if not about:
            raise CannotPlay("about: is missing, and the scenario has no `about` of its own")
        return about

    def case(self, step: ScenarioStep, process: str) -> Case:
        """The case of a process that a step means: the open one, or else the last."""
        found = self._cases(step, process)
        there = [case for case in found if case.is_open]
        if len(there) > 1:
            raise CannotPlay(
                f"about: {len(there)} cases of {process} are open; say `door` or `case`"
            )
        if not found:
            raise CannotPlay(f"about: there is no case of {process} like that")
        return (there or found)[-1]

    def _cases(self, step: ScenarioStep, process: str) -> list[Case]:
        if step.case:
            if step.case not in self.named:
                raise CannotPlay(f"case: no step before named a case {step.case!r}")
            return [self.engine.case(self.named[step.case])]
        found = self.engine.cases(process=process, subject=self.about(step), limit=1000)
        return [case for case in found if not step.door or case.value("door") == step.door]
