"""A pytest plugin: scenarios are tests, and a few fixtures.

It is there as soon as ``lockroutine`` and pytest are installed. Options of pytest's configuration:

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
from lockroutine.rules.reader import bundled
from lockroutine.stores import MemoryStore
from lockroutine.testing.clock import StoppedClock
from lockroutine.testing.coverage import coverage
from lockroutine.testing.running import run_scenario
from lockroutine.testing.scenarios import read_scenario, read_scenarios

pytest.register_assert_rewrite("lockroutine.testing.plugins", "lockroutine.testing.stores")

_ROUTINE = pytest.StashKey[Routine]()


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
    within = folder is not None and file_path.parent == folder
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
        run_scenario(read_scenario(self.path), _routine(self.config))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """How it is called in reports."""
        return self.path, None, f"scenario {self.path.name}"


class CoverageItem(_Item):
    """That the scenarios of a folder pass every clause, guard and transition of the pack."""

    def runtest(self) -> None:
        """Play them all and look at what is missing."""
        routine = _routine(self.config)
        results = [run_scenario(one, routine) for one in read_scenarios(self.path.parent)]
        found = coverage(routine, results)
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


def _routine(config: pytest.Config) -> Routine:
    if _ROUTINE not in config.stash:
        named = str(config.getini("lockroutine_pack"))
        if not named:
            config.stash[_ROUTINE] = load_routine()
        else:
            where = named if named in bundled() else config.rootpath / named
            config.stash[_ROUTINE] = load_routine(where)
    return config.stash[_ROUTINE]


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
