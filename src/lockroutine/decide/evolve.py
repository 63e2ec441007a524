"""How a case looks after an event, and when the clock is to look at it next. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import attrs

from lockroutine.facts import NOTHING, Facts, Value
from lockroutine.model import Case, Event
from lockroutine.routine import CompiledProcess, Routine
from lockroutine.rules.scene import parse_time
from lockroutine.rules.schema import Transition
from lockroutine.rules.terms import DUE

__all__ = ["changed", "clock_steps", "evolve"]


def evolve(routine: Routine, case: Case, event: Event) -> Case:
    """How a case looks after an event. Replaying all its events gives the case that is stored.

    Args:
        routine: The routine of the event.
        case: The case before.
        event: The event.
    """
    after = changed(routine, case, event)
    timer_at = _timer_at(routine, routine.process(case.process), after)
    return attrs.evolve(after, timer_at=timer_at) if timer_at else after


def changed(routine: Routine, case: Case, event: Event) -> Case:
    """The same, but for when the clock is to look at it next."""
    process = routine.process(case.process)
    if event.moved_from:
        return _moved(routine, process, case, event)
    transition = process.transition(event.transition)
    state = process.rules.states[event.after]
    moved = bool(transition.to)
    since = event.happened_at if moved or case.since is None else case.since
    done = (case.done | {event.transition}) - frozenset(transition.undoes)
    if moved and process.once_per_stay:
        done -= process.once_per_stay
    data = case.data.merged(event.form)
    if transition.sets:
        data = data.merged(_set_by(transition, case, event))
    personal = case.personal.merged(event.personal or NOTHING)
    if transition.clears:
        data, personal = data.without(transition.clears), personal.without(transition.clears)
    # Each value is named, as attrs.evolve takes several times as long.
    return Case(
        id=case.id,
        process=case.process,
        subject=case.subject,
        routine=case.routine,
        unit=event.unit,
        state=event.after,
        version=event.version,
        is_open=not state.end,
        since=since,
        changed_at=case.changed_at if transition.only_tells else event.happened_at,
        due_at=routine.after(since, state.due) if state.due else None,
        done=done,
        data=data,
        personal=personal,
        references=tuple(dict.fromkeys((*case.references, *event.references))),
        head=event.hash,
    )


def _moved(routine: Routine, process: CompiledProcess, case: Case, event: Event) -> Case:
    """A case under other rules: it has been in its state for as long as before.

    Nothing has happened to it, so what is entered late may still lie before that.
    """
    state = process.rules.states[event.after]
    renamed = routine.moving(case.process, event.moved_from).transitions
    done = frozenset(renamed.get(name, name) for name in case.done)
    data, personal = _classified(process, case)
    return attrs.evolve(
        case,
        routine=event.routine,
        state=event.after,
        version=event.version,
        is_open=not state.end,
        due_at=routine.after(case.since, state.due) if state.due and case.since else None,
        done=done.intersection(process.rules.transitions),
        data=data,
        personal=personal,
        timer_at=None,
        head=event.hash,
    )


def _classified(process: CompiledProcess, case: Case) -> tuple[Facts, Facts]:
    """A case's facts as these rules tell the personal ones from the others.

    What they do not know any more stays as it was.
    """
    data, personal = dict(case.data), dict(case.personal)
    for name, declared in process.fields.items():
        here, there = (data, personal) if declared.privacy else (personal, data)
        if name in here:
            there[name] = here.pop(name)
    return Facts(data), Facts(personal)


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
        base = case.due_at if timer.at == DUE else case.since
        if timer.at not in ("", DUE):
            text = case.value(timer.at)
            base = parse_time(text, timer.at) if isinstance(text, str) else None
        if base is None:
            continue
        if timer.after:
            base = routine.after(base, timer.after)
        if timer.before:
            base = routine.after(base, timer.before, -1)
        found.append((name, base))
    return sorted(found, key=lambda step: step[1])
