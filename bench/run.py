"""Measure what the library promises, as ratios of what was timed side by side in one run.

python bench/run.py [--quick] [--only NAME] [--strict]
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import bare
import scenes
from attrs import frozen
from timing import FreshPythons, Spread, in_turns, of_pairs

from lockroutine import Actor, Engine, Routine, load_routine
from lockroutine.stores import SqliteStore

DEPENDENCIES = "attrs, cattrs, pluggy, transitions, structlog"


@frozen
class Result:
    """One line of the table."""

    what: str
    spread: Spread
    target: float | None
    ours: str = "engine"
    theirs: str = "bare"

    @property
    def met(self) -> bool:
        return self.target is None or self.spread.ratio <= self.target

    def line(self) -> str:
        low, high = min(self.spread.ratios), max(self.spread.ratios)
        target = f"{self.target:.1f}" if self.target else ""
        met = ("yes" if self.met else "NO") if self.target else ""
        times = f"{_time(self.spread.ours)} {self.ours} / {_time(self.spread.theirs)} {self.theirs}"
        return (
            f"{self.what:<48} {low:5.2f} {self.spread.ratio:6.2f} {high:5.2f} "
            f"{target:>6} {met:>4}   {times}"
        )


@frozen
class Count:
    """One line about what is read."""

    what: str
    statements: tuple[str, ...]
    spread: Spread

    @property
    def met(self) -> bool:
        return len(set(self.statements)) == len(self.statements)

    def line(self) -> str:
        again = len(self.statements) - len(set(self.statements))
        return (
            f"{self.what:<48} {len(self.statements)} reads, {again} of them again"
            f"{'yes' if self.met else 'NO':>9}   {_time(self.spread.ours)}"
        )


@frozen
class Bench:
    """What every measurement needs."""

    folder: Path
    routine: Routine
    pack: str
    rounds: int
    calls: int
    many: int

    @property
    def total(self) -> int:
        return self.rounds * self.calls


def durable(bench: Bench) -> Iterator[Result]:
    """A durable perform against bare sqlite3."""
    start = bench.folder / "start.db"
    doors = scenes.many_doors(start, bench.routine, bench.total, bench.total)
    yield _durable(bench, start, doors, "FULL", 1.5)
    yield _durable(bench, start, doors, "NORMAL", 3.0)


def _durable(
    bench: Bench,
    start: Path,
    doors: Sequence[scenes.Door],
    synchronous: Literal["FULL", "NORMAL"],
    target: float,
) -> Result:
    rehearsed, ours, theirs = (
        scenes.copied(start, f"{name}-{synchronous}.db") for name in ("rehearsed", "ours", "theirs")
    )
    with scenes.engine_on(rehearsed, bench.routine) as engine:
        for door in doors:
            scenes.schedule(engine, door)
    written = bare.written_by(rehearsed, doors)
    with (
        scenes.engine_on(ours, bench.routine, synchronous) as engine,
        bare.bare(theirs, synchronous) as connection,
    ):
        spread = in_turns(
            lambda index: scenes.schedule(engine, doors[index]),
            lambda index: bare.schedule(connection, doors[index], written[index]),
            bench.rounds,
            bench.calls,
        )
    if scenes.rows_after(ours, doors) != scenes.rows_after(theirs, doors):
        raise AssertionError("both sides must have written the same")
    return Result(f"perform, synchronous={synchronous}, against sqlite3", spread, target)


def long_case(bench: Bench) -> Iterator[Result]:
    """How a perform grows with the case's history."""
    path = bench.folder / "long.db"
    cases = 10
    with scenes.engine_on(path, bench.routine) as engine:
        doors = [scenes.order(engine, number) for number in range(2 * cases)]
        for number, door in enumerate(doors):
            for again in range(9 if number < cases else 999):
                scenes.schedule(engine, door, (scenes.APPOINTMENT, scenes.LATER)[again % 2])
        few, many = doors[:cases], doors[cases:]
        spread = in_turns(
            lambda index: scenes.schedule(engine, many[index % cases]),
            lambda index: scenes.schedule(engine, few[index % cases]),
            bench.rounds,
            bench.calls,
        )
    yield Result("perform, 1,000 events against 10", spread, 1.2, "1,000", "10")


def big_file(bench: Bench) -> Iterator[Result | Count]:
    """What grows with the file: perform, asking, and the work list."""
    small, big = bench.folder / "small.db", bench.folder / "big.db"
    few = scenes.many_doors(small, bench.routine, 500, min(bench.total, 500))
    many = scenes.many_doors(big, bench.routine, bench.many // 2, bench.total)
    with (
        scenes.engine_on(small, bench.routine) as engine_few,
        scenes.engine_on(big, bench.routine) as engine_many,
    ):
        spread = in_turns(
            lambda index: scenes.schedule(engine_many, many[index]),
            lambda index: scenes.schedule(engine_few, few[index % len(few)]),
            bench.rounds,
            bench.calls,
        )
        size = f"{bench.many:,}"
        yield Result(f"perform, {size} cases against 1,000", spread, 1.2, size, "1,000")
        yield from _work_lists(bench, engine_many, big)
        yield from _questions(engine_many, many[0])


def _work_lists(bench: Bench, engine: Engine, path: Path) -> Iterator[Result]:
    with bare.bare(path, "NORMAL") as connection:
        yield _work_list(bench, engine, connection, "all units", scenes.BO, [])
        # All that is open in these units waits for somebody else.
        units = sorted(scenes.ANNA.units)
        yield _work_list(bench, engine, connection, "3 units", scenes.ANNA, units)


def _work_list(
    bench: Bench,
    engine: Engine,
    connection: sqlite3.Connection,
    name: str,
    actor: Actor,
    units: Sequence[str],
) -> Result:
    awaited = bench.routine.states_waiting_for(actor.roles, scenes.START)
    states = sorted((one.process, one.state) for one in awaited)
    spread = in_turns(
        lambda _: engine.worklist(actor=actor, limit=50),
        lambda _: bare.first_page(connection, states, units),
        bench.rounds,
        bench.calls // 2,
    )
    found = len(engine.worklist(actor=actor, limit=50))
    (role,) = actor.roles
    return Result(f"work list of {role}, {name}: {found} entries", spread, 2.0)


def _questions(engine: Engine, door: scenes.Door) -> Iterator[Count]:
    bo, mounting, consent = scenes.BO, door.mounting.id, door.consent.id
    anna = Actor("anna", roles={"coordinator"}, units={door.mounting.unit})
    yield _count(
        "explain mounting.schedule",
        engine,
        lambda: engine.explain(mounting, "schedule", actor=bo),
    )
    yield _count(
        "explain mounting.schedule, with its form",
        engine,
        lambda: engine.explain(mounting, "schedule", actor=bo, form=scenes.LATER),
    )
    yield _count("options of a mounting", engine, lambda: engine.options(mounting, actor=bo))
    yield _count("options of a consent", engine, lambda: engine.options(consent, actor=anna))


def _count(what: str, engine: Engine, task: Callable[[], object]) -> Count:
    store = engine.store
    assert isinstance(store, SqliteStore)
    spread = in_turns(lambda _: task(), lambda _: task(), 1, 50)
    statements: list[str] = []
    connection = store._idle[-1]  # the one that is used next
    connection.set_trace_callback(statements.append)
    task()
    connection.set_trace_callback(None)
    reads = tuple(one for one in statements if one.startswith("SELECT"))
    return Count(what, reads, spread)


def imports(bench: Bench) -> Iterator[Result]:
    """What a program pays when it starts."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = FreshPythons(folder)
        # structlog imports rich where it is at hand; the core alone does not bring it.
        yield _imports(bench, fresh, "", "as installed here")
        yield _imports(bench, fresh, "import sys; sys.modules['rich'] = None; ", "rich left out")
        load = (
            "import time; start = time.perf_counter(); import lockroutine; "
            "done = time.perf_counter(); "
            f"lockroutine.load_routine({bench.pack!r}); loaded = time.perf_counter(); "
            "print(loaded - done, done - start)"
        )
        fresh.run(load)
        pairs: list[tuple[float, float]] = []
        for _ in range(bench.rounds):
            loading, importing = map(float, fresh.run(load)[1].split())
            pairs.append((loading, importing))
    yield Result("load_routine() against import lockroutine", of_pairs(pairs), 1.0, "", "")


def _imports(bench: Bench, fresh: FreshPythons, before: str, how: str) -> Result:
    ours, theirs = f"{before}import lockroutine", f"{before}import {DEPENDENCIES}"
    for program in (ours, theirs):
        fresh.run(program)  # so that all is compiled
    pairs = [(fresh.run(ours)[0], fresh.run(theirs)[0]) for _ in range(bench.rounds)]
    return Result(f"import against dependencies, {how}", of_pairs(pairs), 1.3, "", "")


ITEMS: dict[str, Callable[[Bench], Iterator[Result | Count]]] = {
    "durable": durable,
    "events": long_case,
    "file": big_file,
    "import": imports,
}


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.02 else f"{seconds * 1e6:.0f} us"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure what the library promises.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, a smaller file")
    parser.add_argument("--only", choices=ITEMS, action="append", help="may be given again")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a target is missed")
    parser.add_argument("--folder", help="on which disk; the system's temporary one if left out")
    parser.add_argument("--pack", default="soderkoping", help="the rule pack measured with")
    given = parser.parse_args(arguments)
    rounds, calls, many = (5, 20, 10_000) if given.quick else (15, 40, 100_000)
    print(f"{'':<48} {'min':>5} {'median':>6} {'max':>5} {'target':>6} {'met':>4}   in the median")
    met = True
    for name in given.only or ITEMS:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            routine = load_routine(given.pack)
            bench = Bench(Path(folder), routine, given.pack, rounds, calls, many)
            for result in ITEMS[name](bench):
                print(result.line(), flush=True)
                met = met and result.met
    return 0 if met or not given.strict else 1


if __name__ == "__main__":
    sys.exit(main())
