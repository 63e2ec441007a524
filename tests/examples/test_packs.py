"""The example packs: other municipalities' routines, each written without a line of Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockroutine import Routine, load_routine
from lockroutine.cli.app import app
from lockroutine.testing import ScenarioResult, coverage, read_scenarios, run_scenario

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "packs"
NAMES = sorted(folder.name for folder in FOLDER.iterdir())
BASES = {"granasa": "soderkoping", "bjorkhamra": None, "tallunda": None}
SCENARIOS = [
    pytest.param(name, scenario, id=f"{name}/{scenario.name}")
    for name in NAMES
    for scenario in read_scenarios(FOLDER / name / "scenarios")
]


@pytest.fixture(scope="module")
def routines() -> dict[str, Routine]:
    return {name: load_routine(FOLDER / name) for name in NAMES}


@pytest.fixture(scope="module")
def results(routines: dict[str, Routine]) -> dict[str, list[ScenarioResult]]:
    return {
        name: [
            run_scenario(scenario, routine)
            for scenario in read_scenarios(FOLDER / name / "scenarios")
        ]
        for name, routine in routines.items()
    }


def own_clauses(routine: Routine) -> set[str]:
    """The clauses that a pack does not have from the one that it extends."""
    base = routine.source.base()
    return set(routine.pack.clause) - set(load_routine(base).pack.clause if base else ())


def test_each_is_there():
    """One extends another municipality's routine, two stand alone."""
    assert sorted(BASES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_no_python(name: str):
    """Whoever knows the rules writes no code: only TOML and a page to read."""
    assert {path.suffix for path in (FOLDER / name).rglob("*.*")} == {".toml", ".md"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", ["check", "trace", "play", "show"])
def test_the_commands_find_nothing_wrong(name: str, command: str):
    """`check`, `trace`, `play` and `show` say yes to each pack."""
    result = CliRunner().invoke(app, [command, str(FOLDER / name)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", NAMES)
def test_it_extends_what_it_says(name: str, routines: dict[str, Routine]):
    """An overlay keeps everything of its base that it does not change."""
    base = routines[name].source.base()
    assert (base.where if base else None) == BASES[name]


@pytest.mark.parametrize("name", NAMES)
def test_its_clauses_are_those_of_its_own_written_routine(name: str, routines: dict[str, Routine]):
    """The page in the pack's folder and the pack say the same, word for word, in both languages."""
    page = (FOLDER / name / "README.md").read_text("utf-8")
    written = dict(re.findall(r"^\| ([A-Z]\d+) \| (.+) \|$", page, re.MULTILINE))
    clauses = routines[name].pack.clause
    own = own_clauses(routines[name])
    assert 15 <= len(own) <= 30
    assert written == {id_: f"{clauses[id_].text.sv} | {clauses[id_].text.en}" for id_ in own}


@pytest.mark.parametrize(("name", "scenario"), SCENARIOS)
def test_each_step_comes_out_as_the_scenario_says(name, scenario, routines):
    """Every step of every scenario comes out as its file says."""
    run_scenario(scenario, routines[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_scenarios_pass_everything_that_the_pack_says_itself(name, routines, results):
    """Each clause is named, each guard refuses once and lets through once, each step is made."""
    missing = coverage(routines[name], results[name], own=True).lines()
    assert not missing, "\n".join(missing)
