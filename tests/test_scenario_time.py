"""Time in scenarios: reminders, escalation and sweeps are told like any other step."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockroutine import load_routine
from lockroutine.routine import Routine
from lockroutine.testing import (
    ScenarioFailed,
    ScenarioResult,
    check_scenario,
    coverage,
    read_scenario,
    run_scenario,
)
from smallpack import edited
from sweepingpack import sweeping

HEADER = "[process.order.transitions.remind]\n"
REMINDED = (
    "order",
    'timer = { after = "P7D" }',
    'timer = { at = "due", before = "2 working days" }',
)
ESCALATING = load_routine(
    edited(
        REMINDED,
        (
            "order",
            "[process.order.states.booked]\n",
            "[process.order.states.ordered.escalation]\n"
            'after = "P3D"\nwaits_for = ["manager"]\ngaps = ["holidays"]\n\n'
            "[process.order.states.booked]\n",
        ),
    )
)
OVERDUE = '{ installer = ["order.ordered"], manager = ["order.ordered about customer-17"] }'
STORY = """
title = "Nobody comes"
about = "customer-17"
starts = "monday 2026-03-02 10:00"

[[step]]
who = "coordinator"
does = "consent.ask"

[[step]]
who = "coordinator"
does = "consent.receive"

[[step]]
at = "monday 10:10"
who = "coordinator"
does = "order.order"

[step.form]
name = "Customer 17"
address = "Example Street 1"
phone = "+46 70 174 06 05"
door_type = "euro"
contact = { name = "Contact 3", phone = "+46 70 174 06 05", email = "c3@example.org" }

[[step]]
note = "The reminder comes two working days before the 16th."
at = "thursday 2026-03-12 10:10"
tick = true
made = ["order.remind"]
effects = ["send_notice to installer"]
worklist = { installer = ["order.ordered"] }
not_on_worklist = { manager = ["order.ordered"] }

[[step]]
later = "P7D"
tick = true
made = []
overdue = {overdue}
{more}
"""


def played(
    folder: Path, more: str, routine: Routine = ESCALATING, overdue: str = OVERDUE
) -> ScenarioResult:
    path = folder / "one.toml"
    path.write_text(STORY.replace("{overdue}", overdue).replace("{more}", more), "utf-8")
    scenario = read_scenario(path)
    assert check_scenario(scenario, routine) == []
    return run_scenario(scenario, routine)


def test_reminders_and_escalation_are_told(tmp_path: Path) -> None:
    """A step of the clock tells what it makes, whom it tells, and who is asked when it is late."""
    more = 'escalated = { manager = ["order.ordered"] }\ngaps = ["holidays"]'
    result = played(tmp_path, more)
    path = "process.order.states.ordered.escalation"
    assert result.exercised.escalations == {path}
    without = coverage(ESCALATING, [])
    assert without.escalations == (path,)
    assert f"{path}: no step looks for it on a work list" in without.lines()
    assert coverage(ESCALATING, [result]).escalations == ()


def test_what_is_not_escalated_is_told(tmp_path: Path) -> None:
    """That something is expected to be escalated, and is not, is said in words."""
    with pytest.raises(ScenarioFailed) as error:
        played(tmp_path, 'escalated = { installer = ["order.ordered"] }')
    assert error.value.differences == (
        "expected escalated on the list of installer: order.ordered; it is not yet",
    )


SWEEPING = load_routine(sweeping(REMINDED))
SWEPT = """
[[step]]
who = "coordinator"
does = "consent.withdraw"

[[step]]
sweep = true
made = ["finding.find"]
worklist = { coordinator = ["finding.open about customer-17"] }
clauses = ["C1"]

[[step]]
register = "finding"
data = { sweep = "without_consent" }

[[step]]
who = "coordinator"
does = "consent.ask"

[[step]]
who = "coordinator"
does = "consent.receive"

[[step]]
sweep = true
made = ["finding.settle"]
not_on_worklist = { coordinator = ["finding.open"] }
"""


def test_sweeps_are_told(tmp_path: Path) -> None:
    """A step may be a round of the standing checks, and tells what it found and settled."""
    result = played(tmp_path, SWEPT, SWEEPING, '{ installer = ["order.ordered"] }')
    assert result.exercised.sweeps == {"sweep.without_consent"}
    assert coverage(SWEEPING, [result]).sweeps == ("sweep.unpaired",)
    assert "sweep.unpaired: finds nothing in any step" in coverage(SWEEPING, [result]).lines()
    assert result.steps[-1].step == f"step {len(result.steps)} (sweep)"
