"""Moves thousands of open cases to a new version, is killed in the middle, and looks at all of it.

Run it as ``python -m tests.move_many --cases 10000 --kills 12``. A database of open cases is made
under one version. ``lockroutine move --dry-run`` says what would become of each; then
``lockroutine move`` is killed with SIGKILL at random moments, and given again until it ends by
itself. It exits 1 if a case did not become what was said of it, was moved twice, or is not whole.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen
from tests.smallpack import BO, BOOKING, Clock, consent, edited, just_order, lock

from lockroutine import Case, Engine, load_routine
from lockroutine.rules.terms import MOVE
from lockroutine.stores import CaseFilter, SqliteStore

TENDED = ("routine", "[role.manager]\n", "[role.manager]\ntends_effects = true\nall_units = true\n")
OLD = load_routine(edited(TENDED))
NEW = load_routine(
    edited(
        TENDED,
        ("routine", 'version = "1.0.0"', 'version = "2.0.0"'),
        (
            "routine",
            "[shown.guide]",
            '[move.order]\nstates = { booked = ["agreed", "ordered"] }\n\n[shown.guide]',
        ),
        ("order", "states.booked", "states.agreed"),
        ("order", '"booked"', '"agreed"'),
        ("other", "process.delivery", "process.purchase"),
    )
)
BLOCK = 10


@frozen(kw_only=True)
class Figures:
    """What came of it."""

    cases: int
    moved: int
    undecided: int
    cannot: int
    kills: int
    runs: int
    seconds: float
    events: int
    whole: bool
    twice: int
    otherwise: int

    @property
    def good(self) -> bool:
        return self.whole and not self.twice and not self.otherwise

    def __str__(self) -> str:
        return (
            f"{self.cases} open cases: {self.moved} moved, {self.undecided} wait for a decision, "
            f"{self.cannot} cannot; {self.kills} kills in {self.runs} runs, {self.seconds:.1f} s "
            f"({self.cases / self.seconds:.0f} cases a second); {self.events} events "
            f"{'whole' if self.whole else 'NOT WHOLE'}, {self.twice} cases moved twice, "
            f"{self.otherwise} not as was said"
        )


def made(database: Path, cases: int) -> dict[str, str]:
    """Make a database of so many open cases; the decisions on half of those that need one."""
    decisions: dict[str, str] = {}
    store = SqliteStore(database, synchronous="NORMAL")
    with Engine(store, routine=OLD, clock=Clock()) as engine:
        for block in range(cases // BLOCK):
            customers = [f"customer-{block}-{number}" for number in range(4)]
            for customer in customers:
                consent(engine, customer)
            orders = [just_order(engine, customer) for customer in customers[:3]]
            for one, state in zip(orders, ("agreed", ""), strict=False):
                engine.perform(one.id, "book", actor=BO, form=BOOKING)
                if state:
                    decisions[one.id] = state
            lock(engine, f"PH{block}-1")
            lock(engine, f"PH{block}-2")
            form = {"article_kind": "lock", "quantity": 2}
            engine.start("delivery", "order", actor=BO, subject="locks", unit="depot", form=form)
    return decisions


def command(database: Path, folder: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "lockroutine.cli", "move", str(database), "--json"),
        *("--to", str(folder / "new"), "--decisions", str(folder / "decisions.json"), *more),
    ]


def run_and_kill(arguments: Sequence[str], chance: random.Random) -> bool:
    """Move until a random moment; False if it ended before."""
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for _ in range(chance.randint(1, 3)):
            process.stderr.readline()
        time.sleep(chance.random() * 0.05)
        if process.poll() is not None:
            return False
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def move(
    cases: int, kills: int, seed: int, tell: Callable[[str], object] = lambda _: None
) -> Figures:
    """Make a database and move its cases, and say what came of it."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "locks.db"
        decisions = made(database, cases)
        (folder / "decisions.json").write_text(json.dumps(decisions), "utf-8")
        (folder / "new").mkdir()
        for file, text in NEW.source.files.items():
            (folder / "new" / file).write_text(text, "utf-8")
        before = all_cases(database)
        tell(f"{len(before)} open cases are made")
        plan = answered(command(database, folder, "--dry-run"))
        assert all_cases(database) == before, "a dry run has written"
        moving = command(database, folder, "--actor", "eva")
        killed = runs = 0
        started = time.monotonic()
        while killed < kills and run_and_kill(moving, chance):
            killed += 1
            runs += 1
            tell(f"{killed} kills")
        left = answered(moving)
        seconds = time.monotonic() - started
        return counted(database, plan, left, before, killed, runs + 1, seconds)


def answered(arguments: Sequence[str]) -> Any:
    """What a command says that comes to its end; it leaves cases behind, so it exits 1."""
    ended = subprocess.run(arguments, capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == 1, ended.stderr
    return json.loads(ended.stdout)


def all_cases(database: Path) -> dict[str, Case]:
    with Engine.open(database, routine=OLD, clock=Clock()) as engine, engine.store.reading() as now:
        return {case.id: case for case in now.cases(CaseFilter(), "", 10**9)}


def counted(
    database: Path,
    plan: Any,
    left: Any,
    before: Mapping[str, Case],
    kills: int,
    runs: int,
    seconds: float,
) -> Figures:
    with Engine.open(database, routine=OLD, clock=Clock()) as engine:
        found = engine.verify()
        with engine.store.reading() as reading:
            moves = Counter(e.case_id for e in reading.events() if e.transition == MOVE)
    after = all_cases(database)
    otherwise = 0
    for one in plan["cases"]:
        case, was = after[one["case"]], before[one["case"]]
        if one["fate"] == "moves":
            good = (case.routine, case.state, moves[case.id]) == (NEW.key, one["to"], 1)
        else:
            good = case == was and not moves[case.id]
        otherwise += not good
    fates = Counter(one["fate"] for one in left["left"])
    counts = plan["counts"]
    assert fates == {"needs_decision": counts["needs_decision"], "cannot": counts["cannot"]}
    return Figures(
        cases=len(before),
        moved=sum(case.routine == NEW.key for case in after.values()),
        undecided=fates["needs_decision"],
        cannot=fates["cannot"],
        kills=kills,
        runs=runs,
        seconds=seconds,
        events=found.events,
        whole=found.whole,
        twice=sum(times > 1 for times in moves.values()),
        otherwise=otherwise,
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.move_many", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=17)
    given = parser.parse_args(arguments)
    figures = move(given.cases, given.kills, given.seed, print)
    sys.stdout.write(f"{figures}\n")
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
