"""How a case looks after an event, and what an event asks of plugins and of the clock. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import attrs

from lockroutine.facts import NOTHING, Facts, Value
from lockroutine.model import Case, Effect, Event
from lockroutine.routine import CompiledProcess, Routine
from lockroutine.rules.effects import EffectRule, PairLock, SendNotice, UnpairLock
from lockroutine.rules.scene import Scene, parse_time
from lockroutine.rules.schema import Transition

__all__ = ["clock_steps", "effects_of", "evolve"]


def evolve(routine: Routine, case: Case, event: Event) -> Case:
    """How a case looks after an event. Replaying all its events gives the case that is stored."""
    process = routine.process(case.process)
    transition = process.transition(event.transition)
    state = process.rules.states[event.after]
    moved = bool(transition.to)
    since = event.happened_at if moved or case.since is None else case.since
    done = (case.done | {event.transition}) - frozenset(transition.undoes)
    data = case.data.merged(event.form)
    if transition.sets:
        data = data.merged(_set_by(transition, case, event))
    personal = case.personal.merged(event.personal or NOTHING)
    if transition.clears:
        data, personal = _without(data, transition.clears), _without(personal, transition.clears)
    after = attrs.evolve(
        case,
        state=event.after,
        version=event.version,
        is_open=not state.end,
        since=since,
        changed_at=event.happened_at,
        due_at=routine.calendar.after(since, state.due) if state.due else None,
        done=done,
        data=data,
        personal=personal,
        references=(*case.references, *(r for r in event.references if r not in case.references)),
        head=event.hash,
    )
    return attrs.evolve(after, timer_at=_timer_at(routine, process, after))


def _set_by(transition: Transition, case: Case, event: Event) -> dict[str, Value]:
    """The facts that a transition writes by itself, from what the event holds for ever."""
    form = event.form
    sources: dict[str, Callable[[str], Value]] = {
        "form": form.at,
        "case": case.value,
        "actor": lambda _: event.actor,
        "event": lambda _: event.happened_at.isoformat(),
    }
    return {
        name: sources[ref.source](ref.name) if ref.source != "value" else ref.literal
        for name, ref in transition.sets.items()
    }


def _without(facts: Facts, names: tuple[str, ...]) -> Facts:
    return Facts({name: value for name, value in facts.items() if name not in names})


def _timer_at(routine: Routine, process: CompiledProcess, case: Case) -> dt.datetime | None:
    """When the clock is to look at a case next."""
    times = (at for _, at in clock_steps(routine, process, case))
    return min(times, default=None)


def clock_steps(
    routine: Routine, process: CompiledProcess, case: Case
) -> list[tuple[str, dt.datetime]]:
    """The transitions that the clock makes from a case's state, each with its time."""
    found: list[tuple[str, dt.datetime]] = []
    for name, transition in process.leaving(case.state):
        timer = transition.timer
        if timer is None or (not transition.to and name in case.done):
            continue
        base = case.since
        if timer.at:
            text = case.value(timer.at)
            base = parse_time(text, timer.at) if isinstance(text, str) else None
        if base is None:
            continue
        if timer.after:
            base = routine.calendar.after(base, timer.after)
        if timer.before:
            base = routine.calendar.after(base, timer.before, -1)
        found.append((name, base))
    return sorted(found, key=lambda step: step[1])


def effects_of(
    routine: Routine, name: str, rule: EffectRule, scene: Scene, event: Event
) -> Iterator[Effect]:
    """What one effect rule asks for, after the event has been made: a notice for each recipient."""
    case = scene.case
    template = getattr(rule, "template", "")
    data: dict[str, Value] = {}
    personal: dict[str, Value] = {}
    fields = routine.process(case.process).fields
    for used in routine.fields_named_by(template) if template else ():
        declared = fields.get(used.partition(".")[0])
        (personal if declared and declared.privacy else data)[used] = case.value(used)
    if isinstance(rule, PairLock | UnpairLock):
        data["serial_number"] = scene.value(rule.serial_number)
        data["customer"] = scene.value(rule.customer)
    whole = Effect(
        key=f"{case.id}/{event.version}/{name}",
        kind=rule.kind,
        case_id=case.id,
        version=event.version,
        template=template,
        values=Facts(data),
        personal=Facts(personal),
        due_at=event.recorded_at,
    )
    for recipient in rule.to if isinstance(rule, SendNotice) else ():
        yield attrs.evolve(whole, key=f"{whole.key}/{recipient}", recipient=recipient)
    if not isinstance(rule, SendNotice):
        yield whole
