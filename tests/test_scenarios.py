"""The scenarios of the bundled pack, and what they pass together."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockroutine import Routine
from lockroutine.testing import (
    ScenarioResult,
    coverage,
    read_scenarios,
    run_scenario,
)

SCENARIOS = read_scenarios(Path(__file__).parent / "scenarios")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_step_comes_out_as_the_scenario_says(scenario, routine):
    """Every step of every scenario comes out as its file says."""
    run_scenario(scenario, routine)


@pytest.fixture(scope="module")
def results(routine: Routine) -> list[ScenarioResult]:
    return [run_scenario(scenario, routine) for scenario in SCENARIOS]


def test_scenarios_pass_every_clause_guard_and_transition(routine, results):
    """No clause, guard (refusing and letting through) or transition is left untried."""
    missing = coverage(routine, results).missing_rules()
    assert not missing, "\n".join(missing)


def test_scenarios_pass_everything_else(routine, results):
    """No duty, joint, effect or shown thing of the pack is left untried."""
    missing = coverage(routine, results).lines()
    assert not missing, "\n".join(missing)
