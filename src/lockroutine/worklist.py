"""What waits for whom, derived from a case's state whenever it is asked. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from lockroutine.model import Case, Text, WorkItem
from lockroutine.routine import Routine, Step
from lockroutine.rules.schema import Duty

__all__ = ["items"]


def items(
    routine: Routine, case: Case, roles: Iterable[str], now: dt.datetime
) -> Iterator[WorkItem]:
    """What a case asks of somebody in these roles: its unsettled duties, or else its state.

    Args:
        routine: The routine that the case runs under.
        case: The case.
        roles: The roles.
        now: What overdue is told by.
    """
    wanted = set(roles)
    process = routine.process(case.process)
    state = process.rules.states[case.state]
    owed = process.owed(case)
    for name in owed:
        duty: Duty = state.duties[name]
        for role in _both(duty.waits_for, wanted):
            label = routine.label(Step(case.process, name))
            yield _item(case, role, name, label, (name,), duty.clauses or duty.gaps, now)
    if owed or not case.is_open:
        return
    for role in _both(state.waits_for, wanted):
        steps = tuple(n for n, t in process.leaving(case.state) if role in t.by)
        yield _item(case, role, "", state.label, steps, state.clauses or state.gaps, now)


def _both(roles: Iterable[str], wanted: set[str]) -> Iterator[str]:
    return (role for role in roles if role in wanted)


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
