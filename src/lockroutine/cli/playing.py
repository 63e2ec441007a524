"""The command that plays the scenarios of a pack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lockroutine.cli import output
from lockroutine.cli.loading import usable
from lockroutine.cli.named import beside
from lockroutine.errors import LockroutineError
from lockroutine.routine import Routine
from lockroutine.testing.running import run_scenario
from lockroutine.testing.running.results import ScenarioFailed
from lockroutine.testing.scenarios import ScenarioError, read_scenario

__all__ = ["play"]


def play(pack: str, scenarios: Path | None, *, as_json: bool) -> int:
    """Play each scenario of a pack; 1 if a step of one does not come out as it says."""
    routine = usable(pack)
    folder = scenarios or beside(pack)
    files = sorted(folder.glob("*.toml")) if folder else []
    if not files:
        raise LockroutineError(
            f"There are no scenarios {f'in {folder}' if folder else 'of ' + pack}."
        )
    played = [_played(file, routine) for file in files]
    failed = [one for one in played if not one["passed"]]
    if as_json:
        output.dump({"pack": routine.key, "scenarios": played})
        return 1 if failed else 0
    for one in played:
        output.line(
            f"{'passed' if one['passed'] else 'FAILED'}  {one['file']}  {one['title']}".rstrip()
        )
        if one["message"]:
            output.line(one["message"])
    output.line(f"{routine.key}: {len(played) - len(failed)} of {len(played)} scenarios passed")
    return 1 if failed else 0


def _played(file: Path, routine: Routine) -> dict[str, Any]:
    found = {"file": file.name, "title": "", "passed": False, "message": ""}
    try:
        scenario = read_scenario(file)
        found["title"] = scenario.title
        run_scenario(scenario, routine)
    except (ScenarioError, ScenarioFailed) as error:
        return {**found, "message": str(error)}
    return {**found, "passed": True}
