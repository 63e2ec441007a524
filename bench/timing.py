"""How things are timed against each other: in turns, in rounds, so that the spread shows."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from attrs import frozen

Task = Callable[[int], object]


@frozen
class Spread:
    """The ratios of all rounds, and what one call took in the median, in seconds."""

    ratios: tuple[float, ...]
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def in_turns(ours: Task, theirs: Task, rounds: int, calls: int) -> Spread:
    """Call both alternately, with running numbers; who begins alternates too.

    A round's ratio is that of the lower quartiles of its calls: what other programs take away
    from this one hits long calls more often than short ones.
    """
    ratios: list[float] = []
    all_ours: list[float] = []
    all_theirs: list[float] = []
    for number in range(rounds):
        first: list[float] = []
        second: list[float] = []
        for index in range(number * calls, (number + 1) * calls):
            pair = [(ours, first), (theirs, second)]
            for task, taken in pair if index % 2 else reversed(pair):
                before = time.perf_counter()
                task(index)
                taken.append(time.perf_counter() - before)
        ratios.append(_quartile(first) / _quartile(second))
        all_ours += first
        all_theirs += second
    return Spread(tuple(ratios), statistics.median(all_ours), statistics.median(all_theirs))


def _quartile(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=4)[0]


def of_pairs(pairs: Sequence[tuple[float, float]]) -> Spread:
    """The spread of what was timed elsewhere, pair by pair."""
    return Spread(
        tuple(ours / theirs for ours, theirs in pairs),
        statistics.median(ours for ours, _ in pairs),
        statistics.median(theirs for _, theirs in pairs),
    )


class FreshPythons:
    """Whole processes with compiled modules at hand, which are kept away from the source."""

    def __init__(self, folder: str) -> None:
        self._environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(self, program: str) -> tuple[float, str]:
        """How long a program takes from its start to its end, and what it prints."""
        before = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return time.perf_counter() - before, done.stdout
