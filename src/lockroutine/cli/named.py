"""Which steps of a pack's scenarios name which clause, and where the scenarios are."""

from __future__ import annotations

from pathlib import Path

import lockroutine
from lockroutine.rules.reader import bundled
from lockroutine.testing.scenarios import read_scenarios

__all__ = ["beside", "steps_by_name"]


def steps_by_name(pack: str, folder: Path | None) -> dict[str, list[str]]:
    """The steps, like ``01-consent.toml#3``, that name each clause and each gap.

    Args:
        pack: The name of a bundled pack, or its folder.
        folder: Where the scenarios are; None for where they are expected, if they are there.

    Raises:
        ScenarioError: A scenario cannot be read, or the folder named is none.
    """
    folder = folder or beside(pack)
    found: dict[str, list[str]] = {}
    for scenario in read_scenarios(folder) if folder else ():
        for number, step in enumerate(scenario.step, start=1):
            for name in (*step.clauses, *step.gaps):
                found.setdefault(name, []).append(f"{scenario.file}#{number}")
    return found


def beside(pack: str) -> Path | None:
    """Where the scenarios of a pack are, if they are there.

    A pack keeps its scenarios in its folder; the bundled ones are only in a checkout.
    """
    if pack in bundled():
        checkout = Path(lockroutine.__file__).parents[2]
        folder = checkout / "tests" / "scenarios"
        return folder if folder.is_dir() and (checkout / "pyproject.toml").is_file() else None
    folder = Path(pack) / "scenarios"
    return folder if folder.is_dir() else None
