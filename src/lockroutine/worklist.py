"""What waits for whom, derived from a case's state whenever it is asked. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Set

import attrs

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
            yield _item(case, role, "", state.label, steps, state.clauses or state.gaps, now)


def _escalated(
    routine: Routine, case: Case, roles: Set[str], now: dt.datetime, escalation: Escalation
) -> Iterator[WorkItem]:
    at = routine.escalates_at(case)
    if at is None or at > now:
        return
    process = routine.process(case.process)
    label = process.rules.states[case.state].label
    cited = escalation.clauses or escalation.gaps
    for role in escalation.waits_for:
        if role in roles:
            steps = process.steps_by(role, case.state)
            item = _item(case, role, "", label, steps, cited, now)
            yield attrs.evolve(item, escalated=True)


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
