"""Changes every guard, target, role and effect of the bundled pack in turn: who notices?

Run it as ``python -m tests.mutate_pack``, with words to try only mutants whose name holds one of
them. For each mutant it asks two: ``lockroutine check`` (the reader, and then the proofs) and the
scenarios. It tells how many mutants each of them catches, and lists those that nobody does, beside
``tests/survivors.toml``, where each that is left has its reason. It exits 1 if there are others.

``--keep FILE`` keeps what is known, so that it can be stopped and begun again: an answer is used as
long as the texts that it was asked of are the same (and as long as the prover is; that is yours to
know). ``--every 10`` tries every tenth mutant, ``--only guard`` one kind, ``--by scenarios`` asks
only them: they take a second a mutant, the proofs ten.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen
from tests.mutations import KINDS, Mutation, mutant, mutations

from lockroutine import LockroutineError, RulesError, load_routine
from lockroutine.facts import sha256
from lockroutine.proving import claims_of
from lockroutine.rules.reader import Source, read_source
from lockroutine.testing import (
    Scenario,
    ScenarioFailed,
    ScenarioResult,
    read_scenarios,
    run_scenario,
)

HERE = Path(__file__).parent
ASKED = ("scenarios", "check")


@frozen
class Question:
    """A mutant, and who is asked about it."""

    mutation: Mutation
    by: str


@frozen
class Answer:
    """What somebody noticed; empty if nothing."""

    name: str
    by: str
    noticed: str


@frozen
class Known:
    """What mutants are made of and held against."""

    source: Source
    results: tuple[ScenarioResult, ...]

    @property
    def digests(self) -> Mapping[str, str]:
        """Which texts an answer was asked of, by who was asked."""
        scenarios = "".join(repr(result.scenario) for result in self.results)
        pack = self.source.digest
        return {"check": pack, "scenarios": sha256(f"{pack} {scenarios}")}


def noticed_by_check(source: Source) -> str:
    """The first thing that ``lockroutine check`` has against a pack."""
    try:
        routine = load_routine(source)
    except RulesError as error:
        return f"refused when it is read: {error.problems[0]}"
    return next((claim.name for claim in claims_of(routine) if claim.outcome == "refuted"), "")


def noticed_by_scenarios(source: Source, scenarios: Iterable[Scenario]) -> str:
    """The first step of a scenario that comes out otherwise."""
    try:
        routine = load_routine(source)
    except RulesError as error:
        return f"refused when it is read: {error.problems[0]}"
    for scenario in scenarios:
        try:
            run_scenario(scenario, routine)
        except ScenarioFailed as failed:
            return f"{failed.file}:{failed.line}: {failed.step}"
        except LockroutineError as error:
            return f"{scenario.file}: {error}"
    return ""


def nearest_first(results: Iterable[ScenarioResult], path: Sequence[str]) -> list[Scenario]:
    """The scenarios, those that have to do with a rule before others."""
    rule, step = ".".join(path), ".".join(path[:4])

    def rank(result: ScenarioResult) -> int:
        seen = result.exercised
        if rule in seen.refused | seen.let_through | seen.effects | seen.joints | seen.duties_seen:
            return 0
        return 1 if step in seen.transitions else 2

    return [result.scenario for result in sorted(results, key=rank)]


_known: list[Known] = []


def know(known: Known) -> None:
    """Give a process what it needs for its answers."""
    _known.append(known)


def answer(question: Question) -> Answer:
    """Ask somebody about a mutant."""
    source, results = _known[-1].source, _known[-1].results
    mutation, changed = question.mutation, mutant(source, question.mutation)
    if question.by == "check":
        noticed = noticed_by_check(changed)
    else:
        noticed = noticed_by_scenarios(changed, nearest_first(results, mutation.path))
    return Answer(mutation.name, question.by, noticed)


def explained() -> dict[str, str]:
    """The mutants that may live, by name, each with the reason."""
    return tomllib.loads((HERE / "survivors.toml").read_text("utf-8"))


# -- what is known already -------------------------------------------------------------------------


class Kept:
    """Answers, also those of an earlier run.

    Args:
        file: Where they are kept; None for nowhere.
        digests: Which texts they were asked of, by who was asked.
    """

    def __init__(self, file: Path | None, digests: Mapping[str, str]) -> None:
        self._file = file
        self._digests = digests
        self.answers: dict[tuple[str, str], str] = {}
        if file and file.exists():
            for line in file.read_text("utf-8").splitlines():
                read = json.loads(line)
                if read["of"] == digests[read["by"]]:
                    self.answers[read["name"], read["by"]] = read["noticed"]

    def add(self, one: Answer) -> None:
        """Keep an answer."""
        self.answers[one.name, one.by] = one.noticed
        if self._file:
            of = self._digests[one.by]
            line = {"name": one.name, "by": one.by, "noticed": one.noticed, "of": of}
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def of(self, name: str) -> dict[str, str]:
        """What was noticed of a mutant, by who was asked."""
        return {by: self.answers[name, by] for by in ASKED if (name, by) in self.answers}


def ahead(tried: Sequence[Mutation], by: Sequence[str], kept: Kept) -> list[Question]:
    """What is to be asked yet: of the proofs first those mutants that no scenario notices."""
    found = [Question(one, who) for who in by for one in tried if who not in kept.of(one.name)]
    return sorted(found, key=lambda question: _last(question, kept))


def _last(question: Question, kept: Kept) -> int:
    seen = kept.of(question.mutation.name).get("scenarios", "")
    return 0 if question.by == "scenarios" else 2 if seen else 1


# -- the command -----------------------------------------------------------------------------------


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def ask(questions: Sequence[Question], known: Known, kept: Kept, processes: int) -> None:
    """Ask them all, and tell how far it is."""
    began = told = time.monotonic()
    with multiprocessing.Pool(processes, know, (known,)) as pool:
        for number, one in enumerate(pool.imap_unordered(answer, questions), start=1):
            kept.add(one)
            if time.monotonic() - told > 30 or number == len(questions):
                told = time.monotonic()
                say(f"{number} of {len(questions)} asked in {told - began:.0f} s")


def report(tried: Sequence[Mutation], kept: Kept, reasons: Mapping[str, str]) -> Iterator[str]:
    """What came of it, line by line; first the mutants that nobody notices."""
    for one in tried:
        noticed = kept.of(one.name)
        if noticed and not any(noticed.values()):
            why = reasons.get(one.name, "" if len(noticed) == len(ASKED) else "(not asked of all)")
            yield f"lives: {one.name}{why and f' -- {why}'}"
    for kind in (*KINDS, ""):
        mine = [kept.of(one.name) for one in tried if one.kind == kind or not kind]
        yield f"{kind or 'together'}: {_counted(mine)}"


def _counted(mine: Sequence[Mapping[str, str]]) -> str:
    """How many mutants were caught, by whom."""
    check = Counter(bool(noticed["check"]) for noticed in mine if "check" in noticed)
    read = sum(noticed.get("check", "").startswith("refused when") for noticed in mine)
    some = [any(noticed.values()) for noticed in mine if noticed]
    whole = [noticed for noticed in mine if any(noticed.values()) or len(noticed) == len(ASKED)]
    return (
        f"{len(mine)} mutants; check alone catches {check[True]} of {check.total()} asked "
        f"({read} when it is read, {check[True] - read} by proof); "
        f"check with scenarios {sum(some)} of {len(whole)}"
    )


def main(arguments: list[str]) -> int:
    """Ask, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutate_pack", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutants whose name holds one of these")
    parser.add_argument("--only", choices=KINDS, help="only those of one kind")
    parser.add_argument("--every", type=int, default=1, help="only each so manieth")
    parser.add_argument("--by", choices=ASKED, help="ask only the scenarios, or only check")
    parser.add_argument("--keep", type=Path, help="a file to keep the answers in")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="so many at once")
    given = parser.parse_args(arguments)
    source = read_source("soderkoping")
    routine = load_routine(source)
    try:
        results = [run_scenario(one, routine) for one in read_scenarios(HERE / "scenarios")]
    except LockroutineError as error:
        say(f"The scenarios fail without any mistake:\n{error}")
        return 1
    known = Known(source, tuple(results))
    tried = [
        one
        for one in mutations(source, routine)
        if given.only in (None, one.kind)
        and (not given.words or any(word in one.name for word in given.words))
    ][:: given.every]
    kept = Kept(given.keep, known.digests)
    for who in ASKED if given.by is None else (given.by,):
        ask(ahead(tried, [who], kept), known, kept, given.processes)
    reasons = explained()
    for line in report(tried, kept, reasons):
        say(line)
    lives = [one.name for one in tried if not any(kept.of(one.name).values())]
    return 1 if not tried or set(lives) - reasons.keys() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
