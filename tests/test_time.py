"""What a pack says of time: due, reminders, escalation, in working days and calendar days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lockroutine import Refused, load_routine
from smallpack import BO, MONDAY, Clock, edited, lock, opened, order


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+01:00").astimezone(dt.UTC)


def engine_of(*changes: tuple[str, str, str], at: dt.datetime = MONDAY, **files: str) -> Any:
    """An engine on the small pack with these changes, and its clock."""
    clock = Clock(at)
    return opened(routine=load_routine(edited(*changes, **files)), clock=clock), clock


# -- working days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-02-27T15:00:00", "2026-03-04T15:00:00"),  # from a Friday
        ("2026-02-28T15:00:00", "2026-03-05T15:00:00"),  # from a Saturday
        ("2026-01-02T15:00:00", "2026-01-08T15:00:00"),  # over Epiphany, a Tuesday
    ],
)
def test_due_in_working_days(at: str, due: str) -> None:
    """A state may be due in working days, by the municipality's calendar."""
    engine, _ = engine_of(("order", 'due = "P14D"', 'due = "3 working days"'), at=local(at))
    with engine:
        assert order(engine).due_at == local(due)


def test_working_days_of_the_municipality() -> None:
    """The top of the pack says which days are working days."""
    engine, _ = engine_of(
        ("order", 'due = "P14D"', 'due = "1 working day"'),
        ("routine", 'holidays = "SE"', 'holidays = "SE"\nworking_days = ["saturday"]'),
    )
    with engine:
        assert order(engine).due_at == local("2026-03-14T10:00:00")


def test_a_timer_in_working_days() -> None:
    """The clock makes a transition when so many working days have passed."""
    engine, clock = engine_of(("order", 'after = "P7D"', 'after = "5 working days"'))
    with engine:
        order(engine)
        clock.at = MONDAY + dt.timedelta(days=7, minutes=-1)
        assert engine.tick() == ()
        clock.pass_(minutes=1)
        (case,) = engine.tick()
        assert "remind" in case.done


def test_a_guard_in_working_days() -> None:
    """A parameter may be in working days, a guard counts them, and the refusal says them."""
    engine, clock = engine_of(("routine", 'value = "P7D"', 'value = "2 working days"'))
    with engine:
        case = lock(engine)
        form = {"level": 50, "read_at": MONDAY, "source": "app"}
        clock.at = MONDAY + dt.timedelta(days=2)
        engine.perform(case.id, "read_battery", actor=BO, form=form)
        clock.pass_(minutes=1)
        with pytest.raises(Refused) as error:
            engine.perform(case.id, "read_battery", actor=BO, form=form)
    (reason,) = error.value.verdict.reasons
    assert reason.text.sv == "Avläsningen är äldre än 2 arbetsdagar."
    assert reason.text.en == "The reading is older than 2 working days."


def test_due_across_the_change_to_summer_time() -> None:
    """Due days keep the local time of day across the change of the clocks; hours do not."""
    saturday = local("2026-03-28T10:00:00")
    for due, expected in (
        ("P1D", "2026-03-29T08:00:00+00:00"),
        ("1 working day", "2026-03-31T08:00:00+00:00"),
        ("PT24H", "2026-03-29T09:00:00+00:00"),
    ):
        engine, _ = engine_of(("order", 'due = "P14D"', f'due = "{due}"'), at=saturday)
        with engine:
            case = order(engine)
            assert case.due_at
            assert case.due_at.isoformat() == expected
