"""What authors of rule packs, stores and programs test with.

`run_scenario` plays a scenario against a routine, `coverage` tells what no scenario passes,
`StoppedClock` is a clock for tests. ``lockroutine.testing.stores`` has the contract that every
store keeps, ``lockroutine.testing.plugins`` those of plugins (they need pytest);
``lockroutine.testing.wire`` has a connection that fails as it is told to, and
``lockroutine.testing.pytest_plugin`` collects scenarios as tests.
"""

from lockroutine.testing.clock import StoppedClock, local_time
from lockroutine.testing.coverage import Coverage, Inventory, coverage, inventory
from lockroutine.testing.running import run_scenario
from lockroutine.testing.running.results import (
    Exercised,
    ScenarioFailed,
    ScenarioResult,
    StepResult,
)
from lockroutine.testing.scenarios import (
    Person,
    Scenario,
    ScenarioError,
    ScenarioStep,
    check_scenario,
    read_scenario,
    read_scenarios,
    rule_paths,
)

__all__ = [
    "Coverage",
    "Exercised",
    "Inventory",
    "Person",
    "Scenario",
    "ScenarioError",
    "ScenarioFailed",
    "ScenarioResult",
    "ScenarioStep",
    "StepResult",
    "StoppedClock",
    "check_scenario",
    "coverage",
    "inventory",
    "local_time",
    "read_scenario",
    "read_scenarios",
    "rule_paths",
    "run_scenario",
]
