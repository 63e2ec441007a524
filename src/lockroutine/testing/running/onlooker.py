"""What of a routine the events of a step put to use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from lockroutine.decide import evolve
from lockroutine.decide.moment import Moment
from lockroutine.facts import Facts
from lockroutine.model import Actor, Case, Event
from lockroutine.routine import Routine, Step
from lockroutine.rules.scene import Scene
from lockroutine.rules.schema import Joint, Transition
from lockroutine.rules.terms import SWEEP
from lockroutine.stores import Store
from lockroutine.testing.running.outcomes import Outcome
from lockroutine.testing.running.results import Tally

__all__ = ["Onlooker"]


class Onlooker:
    """Follows the events of a scenario, step by step.

    Args:
        routine: The routine.
        store: Where the cases are.
    """

    def __init__(self, routine: Routine, store: Store) -> None:
        self._routine = routine
        self._store = store
        self._known: dict[str, Case] = {}

    def take_in(self, outcome: Outcome, tally: Tally) -> None:
        """Add to the tally what these events and effects put to use."""
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

    def _take_in_event(self, event: Event, tally: Tally) -> None:
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

    def _take_in_sweep(self, finding: Case, tally: Tally) -> None:
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
        tally: Tally,
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
        with self._store.reading() as reading:
            for earlier in reading.history(event.case_id)[case.version : event.version - 1]:
                case = evolve(self._routine, case, earlier)
        return case

    def _blank(self, event: Event) -> Case:
        return self._routine.blank(event.process, event.case_id, event.subject, event.unit)

    def _transition(self, event: Event) -> Transition:
        return self._routine.transition(Step(event.process, event.transition))


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


def _path(event: Event) -> str:
    return f"process.{event.process}.transitions.{event.transition}"
