"""Takes each guard out of the bundled pack in turn, and says which ones no scenario misses.

Run it as ``python -m tests.mutate_guards``, with words to try only the guards whose path holds
one of them. It exits 1 if a guard can be deleted and nobody notices.

A guard is cut out of the text of its file, so that the pack is read again as its author would
leave it. Only scenarios that touch the guard's transition are played: the others never get there.
Those that the guard refuses come first.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from lockroutine import LockroutineError, Routine, RulesError, load_routine
from lockroutine.rules.reader import Source, read_source
from lockroutine.testing import (
    Exercised,
    Scenario,
    ScenarioFailed,
    ScenarioResult,
    inventory,
    read_scenarios,
    run_scenario,
)

SCENARIOS = Path(__file__).parent / "scenarios"
REFUSED = "the pack is refused when it is read"
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?")


@frozen
class Mutant:
    """A guard that is taken out, and what came of it.

    Args:
        guard: Its path in the pack.
        noticed: The step that came out otherwise; empty if none did.
    """

    guard: str
    noticed: str


def without(source: Source, guard: str) -> Source:
    """The text of a pack without one guard: its table, and the tables within it."""
    files: dict[str, str] = {}
    for name, text in source.files.items():
        kept: list[str] = []
        cutting = False
        for line in text.split("\n"):
            header = _HEADER.fullmatch(line)
            if header or line.lstrip().startswith("[["):
                table = header.group(1).strip() if header else ""
                cutting = table == guard or table.startswith(f"{guard}.")
            if not cutting:
                kept.append(line)
        files[name] = "\n".join(kept)
    return Source(source.where, files)


def is_cut_cleanly(source: Source, mutant: Source, guard: str) -> bool:
    """Whether exactly this guard is missing from the tables of the pack."""
    for name, text in source.files.items():
        expected, found = tomllib.loads(text), tomllib.loads(mutant.files[name])
        *path, last = guard.split(".")
        table = expected
        for part in path:
            table = table.get(part, {})
        if table.pop(last, None) is not None and not table:
            # A header of its own made the table that held the guards.
            transition = expected
            for part in path[:-1]:
                transition = transition[part]
            del transition[path[-1]]
        if expected != found:
            return False
    return mutant.digest != source.digest


def touching(results: list[ScenarioResult], guard: str) -> Iterator[Scenario]:
    """The scenarios that get to a guard's transition, those that it refuses first."""
    transition = guard.partition(".guards.")[0]

    def rank(result: ScenarioResult) -> int:
        seen = result.exercised
        for step in result.before:
            seen |= step.exercised
        if guard in result.exercised.refused:
            return 0
        if guard in seen.refused:
            return 1
        return 2 if _reaches(seen, transition) else 3

    ranked = sorted(((rank(result), result) for result in results), key=lambda pair: pair[0])
    return (result.scenario for number, result in ranked if number < 3)


def _reaches(seen: Exercised, transition: str) -> bool:
    refused_there = any(rule.startswith(f"{transition}.") for rule in seen.refused)
    return transition in seen.transitions or refused_there


_known: list[tuple[Source, list[ScenarioResult]]] = []


def _know(source: Source, results: list[ScenarioResult]) -> None:
    _known.append((source, results))


def try_without(guard: str) -> Mutant:
    """Take one guard out and play the scenarios until one notices."""
    source, results = _known[-1]
    mutant = without(source, guard)
    if not is_cut_cleanly(source, mutant, guard):
        raise ValueError(f"{guard} cannot be cut out of the text of the pack")
    try:
        routine: Routine = load_routine(mutant)
    except RulesError as error:
        return Mutant(guard, f"{REFUSED}: {error.problems[0]}")
    for scenario in touching(results, guard):
        try:
            run_scenario(scenario, routine)
        except ScenarioFailed as failed:
            return Mutant(guard, f"{failed.file}:{failed.line}: {failed.step}")
        except LockroutineError as error:
            return Mutant(guard, f"{scenario.file}: {error}")
    return Mutant(guard, "")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(words: list[str]) -> int:
    began = time.perf_counter()
    source = read_source("soderkoping")
    routine = load_routine(source)
    try:
        results = [run_scenario(one, routine) for one in read_scenarios(SCENARIOS)]
    except LockroutineError as error:
        say(f"The scenarios fail with every guard in its place:\n{error}")
        return 1
    every = inventory(routine).guards
    guards = [guard for guard in every if not words or any(word in guard for word in words)]
    missed = 0
    refused: list[Mutant] = []
    with multiprocessing.Pool(os.cpu_count(), _know, (source, results)) as pool:
        for mutant in pool.imap_unordered(try_without, guards, chunksize=4):
            if not mutant.noticed:
                missed += 1
                say(f"no scenario misses {mutant.guard}")
            elif mutant.noticed.startswith(REFUSED):
                refused.append(mutant)
    say(
        f"{len(guards)} guards, each taken out in turn, in {time.perf_counter() - began:.0f} s: "
        f"{len(guards) - missed} missed by a scenario, {missed} by none."
    )
    for mutant in refused:
        say(f"Without {mutant.guard}, {mutant.noticed}.")
    return 1 if missed or not guards else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
