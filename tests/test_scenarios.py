"""The scenarios of the bundled pack, and what they pass together."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from lockroutine import Routine, RulesError, load_routine
from lockroutine.rules.reader import Source, read_source
from lockroutine.testing import (
    ScenarioFailed,
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


EXCUSES = [
    (name, excuse) for name, sweep in load_routine().pack.sweep.items() for excuse in sweep.unless
]


def play_checks(source: Source) -> None:
    routine = load_routine(source)
    for scenario in SCENARIOS:
        if any(step.sweep for step in scenario.step):
            run_scenario(scenario, routine)


@pytest.mark.parametrize(("sweep", "excuse"), EXCUSES)
def test_every_excuse_of_a_check_is_needed(sweep: str, excuse: str) -> None:
    """With any excuse of a check taken out, the pack is refused, or a scenario tells so."""
    source = read_source("soderkoping")
    header = f"[sweep.{sweep}.unless.{excuse}]"
    before, _, rest = source.files["finding.toml"].partition(header)
    after = rest[rest.index("\n[") :] if "\n[" in rest else ""
    files = {**source.files, "finding.toml": before + after}
    with pytest.raises((RulesError, ScenarioFailed)):
        play_checks(attrs.evolve(source, files=files))
