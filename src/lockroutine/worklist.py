"""What waits for whom, derived from a case's state whenever it is asked. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Set

import attrs

from lockroutine.decide.wording import say
from lockroutine.model import Case, Text, WorkItem
from lockroutine.routine import Routine
from lockroutine.rules.schema import Duty, Escalation

__all__ = ["items"]


def items(routine: Routine, case: Case, roles: Set[str], now: dt.datetime) -> Iterator[WorkItem]:
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
    owed = process.owed(case)
    if state.escalation and process.waits(case):
        yield from _escalated(routine, case, roles, now, state.escalation)
    for name in owed:
        duty: Duty = state.duties[name]
        for role in duty.waits_for:
            if role in roles:
                label = process.transition(name).label
                yield _item(case, role, name, label, (name,), duty.clauses or duty.gaps, now)
    if owed or not case.is_open:
        return
    for role in state.waits_for:
        if role in roles:
            steps = process.steps_by(role, case.state)
            rule = routine.sweep_of(case) or state
            cited = rule.clauses or rule.gaps
            yield _item(case, role, "", _label(routine, case), steps, cited, now)


def _escalated(
    routine: Routine, case: Case, roles: Set[str], now: dt.datetime, escalation: Escalation
) -> Iterator[WorkItem]:
    at = routine.escalates_at(case)
    if at is None or at > now:
        return
    process = routine.process(case.process)
    label = _label(routine, case)
    cited = escalation.clauses or escalation.gaps
    for role in escalation.waits_for:
        if role in roles:
            steps = process.steps_by(role, case.state)
            item = _item(case, role, "", label, steps, cited, now)
            yield attrs.evolve(item, escalated=True)


def _label(routine: Routine, case: Case) -> Text:
    """What a case that waits as a whole is about: its state, or what a sweep has found."""
    sweep = routine.sweep_of(case)
    if sweep is None:
        return routine.process(case.process).rules.states[case.state].label
    return say("unjudged_finding", label=sweep.label) if case.value("unjudged") else sweep.label


def _item(
    case: Case,
    role: str,
    duty: str,
    label: Text,
    transitions: tuple[str, ...],
    clauses: tuple[str, ...],
    now: dt.datetime,
) -> WorkItem:
    return WorkItem(
        case=case,
        role=role,
        duty=duty,
        label=label,
        transitions=transitions,
        due_at=case.due_at,
        overdue=case.due_at is not None and case.due_at < now,
        clauses=clauses,
    )
