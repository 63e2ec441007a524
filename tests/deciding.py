"""What the tests of the decision share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lockroutine import Case, Engine, Reason, Refused, load_routine
from smallpack import BO, BOOKING, Clock, edited, opened, order

FITTED = {"serial_number": "PH1-001"}
FAR = {"starts_at": "2026-03-07T10:00:00Z", "ends_at": "2026-03-07T11:00:00Z"}


def with_rules(*changes: tuple[str, str, str], clock: Clock | None = None, **files: str) -> Engine:
    """An engine on the small pack with these changes."""
    return opened(routine=load_routine(edited(*changes, **files)), clock=clock)


def refusal(do: Callable[[], object]) -> tuple[Reason, ...]:
    with pytest.raises(Refused) as error:
        do()
    return error.value.verdict.reasons


def rules(reasons: tuple[Reason, ...]) -> list[str]:
    """The rules that refuse, without what all paths begin with."""
    return [reason.rule.removeprefix("process.") for reason in reasons]


def ways(reason: Reason) -> list[str]:
    """What would help, in English."""
    return [cure.text.en for cure in reason.cures]


def booked(engine: Engine, subject: str = "customer-17", **form: Any) -> Case:
    case = order(engine, subject, **form)
    return engine.perform(case.id, "book", actor=BO, form=BOOKING)
