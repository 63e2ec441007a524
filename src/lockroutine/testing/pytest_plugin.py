"""A pytest plugin: scenarios are tests, and a few fixtures.

It is there as soon as ``lockroutine`` and pytest are installed. A pack's folder may hold a folder
``scenarios``: every ``.toml`` file in that is a scenario, and is played against that pack. Options
of pytest's configuration, for what lies elsewhere:

``lockroutine_pack``
    The rule pack: a folder (from where the configuration stands) or the name of a bundled pack.
``lockroutine_scenarios``
    A folder in which every ``.toml`` file is a scenario. Elsewhere, scenarios are the files that
    end in ``.scenario.toml``.
``lockroutine_covered``
    If true, a clause, guard or transition that no scenario of that folder passes is a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lockroutine.engine import Engine
from lockroutine.errors import LockroutineError
from lockroutine.routine import Routine, load_routine
from lockroutine.rules.source import HEAD, bundled
from lockroutine.stores import MemoryStore
from lockroutine.testing.clock import StoppedClock
from lockroutine.testing.coverage import coverage
from lockroutine.testing.running import run_scenario
from lockroutine.testing.scenarios import read_scenario, read_scenarios

pytest.register_assert_rewrite("lockroutine.testing.plugins", "lockroutine.testing.stores")

_ROUTINES = pytest.StashKey[dict[Path | str, Routine]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    parser.addini("lockroutine_pack", "The rule pack: a folder or a bundled name.", default="")
    parser.addini("lockroutine_scenarios", "A folder of scenarios.", default="")
    parser.addini(
        "lockroutine_covered",
        "Whether scenarios must pass every clause, guard and transition.",
        type="bool",
        default=False,
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the files that are scenarios."""
    folder = _folder(parent.config)
    within = file_path.parent == folder or _pack_around(file_path) is not None
    if file_path.name.endswith(".scenario.toml") or (within and file_path.suffix == ".toml"):
        made: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
        return made
    return None


class ScenarioFile(pytest.File):
    """A file that holds a scenario."""

    def collect(self) -> Iterable[pytest.Item]:
        """One item for the whole scenario, and once a folder, one for what they pass together."""
        yield ScenarioItem.from_parent(self, name=self.path.name)
        folder = _folder(self.config)
        if folder != self.path.parent or not self.config.getini("lockroutine_covered"):
            return
        if self.path == max(self.path.parent.glob("*.toml")):
            yield CoverageItem.from_parent(self, name="covered")


class _Item(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The words of our own errors; no trace of the code that found them."""
        if isinstance(excinfo.value, LockroutineError | _NotCovered):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class ScenarioItem(_Item):
    """A scenario as a test."""

    def runtest(self) -> None:
        """Play it."""
        run_scenario(read_scenario(self.path), _routine(self.config, self.path))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """How it is called in reports."""
        return self.path, None, f"scenario {self.path.name}"


class CoverageItem(_Item):
    """That the scenarios of a folder pass every clause, guard and transition of the pack.

    Of a pack that extends another, only what it says itself.
    """

    def runtest(self) -> None:
        """Play them all and look at what is missing."""
        routine = _routine(self.config, self.path)
        results = [run_scenario(one, routine) for one in read_scenarios(self.path.parent)]
        found = coverage(routine, results, own=True)
        missing = found.missing_rules()
        if missing:
            raise _NotCovered("\n".join(missing))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """How it is called in reports."""
        return self.path, None, f"what the scenarios of {self.path.parent.name} pass"


class _NotCovered(AssertionError):
    """Something of the pack is passed by no scenario."""


def _folder(config: pytest.Config) -> Path | None:
    named = config.getini("lockroutine_scenarios")
    return (config.rootpath / named).resolve() if named else None


def _pack_around(scenario: Path) -> Path | None:
    """The folder of the pack in which a scenario lies, if it lies in one."""
    folder = scenario.parent
    around = folder.name == "scenarios" and (folder.parent / HEAD).is_file()
    return folder.parent if around else None


def _where(config: pytest.Config, scenario: Path | None) -> Path | str:
    """The pack that a scenario is played against."""
    if scenario is not None and scenario.parent != _folder(config):
        around = _pack_around(scenario)
        if around is not None:
            return around
    named = str(config.getini("lockroutine_pack")) or "soderkoping"
    return named if named in bundled() else config.rootpath / named


def _routine(config: pytest.Config, scenario: Path | None = None) -> Routine:
    where = _where(config, scenario)
    known = config.stash.setdefault(_ROUTINES, {})
    if where not in known:
        known[where] = load_routine(where)
    return known[where]


@pytest.fixture(scope="session")
def routine(pytestconfig: pytest.Config) -> Routine:
    """The routine of ``lockroutine_pack``; the bundled one if no pack is named."""
    return _routine(pytestconfig)


@pytest.fixture
def stopped_clock(routine: Routine) -> StoppedClock:
    """A clock in the routine's time zone that stands still: Monday 2 March 2026, 08:00."""
    return StoppedClock(time_zone=routine.pack.time_zone)


@pytest.fixture
def engine(routine: Routine, stopped_clock: StoppedClock) -> Iterator[Engine]:
    """An engine in memory on the routine, with the stopped clock."""
    with Engine(MemoryStore(), routine=routine, clock=stopped_clock) as made:
        yield made
