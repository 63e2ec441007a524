"""What waits for whom, derived from where a case stands whenever it is asked. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Set

import attrs

from lockroutine.decide.wording import say
from lockroutine.model import Text, WaitingCase, WorkItem
from lockroutine.routine import Routine
from lockroutine.rules.schema import Duty, Escalation, State
from lockroutine.rules.sweeps import Sweep

__all__ = ["items"]


def items(
    routine: Routine, case: WaitingCase, roles: Set[str], now: dt.datetime
) -> Iterator[WorkItem]:
    """What a case asks of somebody in these roles: its unsettled duties, or else its state.

    Of who is asked because others are late, the whole case is asked.

    Args:
        routine: The routine that the case runs under.
        case: The case.
        roles: The roles.
        now: What overdue is told by.
    """
    process = routine.process(case.process)
    state = process.rules.states[case.state]
    if state.escalation:
        yield from _escalated(routine, case, roles, now, state.escalation)
    for name in case.owed:
        duty = state.duties[name]
        for role in duty.waits_for:
            if role in roles:
                yield _item(case, role, process.transition(name).label, (name,), duty, now, name)
    if case.owed:
        return
    for role in state.waits_for:
        if role in roles:
            sweep = _sweep(routine, case)
            label, steps = _label(routine, case, sweep), process.steps_by(role, case.state)
            yield _item(case, role, label, steps, sweep or state, now)


def _escalated(
    routine: Routine,
    case: WaitingCase,
    roles: Set[str],
    now: dt.datetime,
    escalation: Escalation,
) -> Iterator[WorkItem]:
    at = routine.escalates_at(case)
    if at is None or at > now:
        return
    process = routine.process(case.process)
    label = _label(routine, case, _sweep(routine, case))
    for role in escalation.waits_for:
        if role in roles:
            steps = process.steps_by(role, case.state)
            item = _item(case, role, label, steps, escalation, now)
            yield attrs.evolve(item, escalated=True)


def _item(
    case: WaitingCase,
    role: str,
    label: Text,
    transitions: tuple[str, ...],
    rests_on: Duty | Escalation | State | Sweep,
    now: dt.datetime,
    duty: str = "",
) -> WorkItem:
    return WorkItem(
        case=case,
        role=role,
        duty=duty,
        label=label,
        transitions=transitions,
        due_at=case.due_at,
        overdue=case.due_at is not None and case.due_at < now,
        clauses=rests_on.clauses or rests_on.gaps,
    )


def _sweep(routine: Routine, case: WaitingCase) -> Sweep | None:
    """What has found a case, if it is a finding."""
    return routine.sweep_of(case.whole) if routine.is_of_findings(case.process) else None


def _label(routine: Routine, case: WaitingCase, sweep: Sweep | None) -> Text:
    """What a case that waits as a whole is about: its state, or what a sweep has found."""
    if sweep is None:
        return routine.process(case.process).rules.states[case.state].label
    unjudged = case.whole.value("unjudged")
    return say("unjudged_finding", label=sweep.label) if unjudged else sweep.label
