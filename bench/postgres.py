"""Measure the store on PostgreSQL against the same rows written by hand, in one run, side by side.

python bench/postgres.py [--connections 1 8 32] [--seconds 4] [--many 1000000] [--strict]

Both sides are measured in turns, in the same processes and threads, on one durable server.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import scenes
import sqlalchemy as sa
from attrs import frozen
from hands import ByHand, by_hand, first_page
from timing import in_turns

from lockroutine import Engine, load_routine
from lockroutine.stores.sql import upgrade

sys.path.append(str(Path(__file__).parent.parent))
from tests.postgres import running

THREADS = 4  # of a process
ROUTINE = load_routine()


def opened(url: str, schema: str) -> Engine:
    return Engine.open(f"{url}&schema={schema}", routine=ROUTINE, clock=scenes.Clock())


def connect(url: str) -> psycopg.Connection[Any]:
    host = sa.make_url(url).query["host"]
    return psycopg.connect(f"host={host} user=postgres dbname=postgres", autocommit=True)


# -- many connections ------------------------------------------------------------------------------


@frozen
class Task:
    """What one process does: so many threads, each with doors of its own."""

    url: str
    doors: tuple[tuple[scenes.Door, ByHand], ...]
    threads: int
    rounds: int
    seconds: float


def work(task: Task, barrier: Any, results: Any) -> None:
    """Both sides in turns, round after round; how long each call took, and the memory."""
    times: list[dict[str, list[float]]] = []
    memory: list[int] = []
    with opened(task.url, "ours") as engine:
        each = len(task.doors) // task.threads
        hands = [
            _Hand(engine, task.url, task.doors[number * each : (number + 1) * each])
            for number in range(task.threads)
        ]
        for number in range(task.rounds + 1):  # the first is thrown away
            taken: dict[str, list[float]] = {}
            for side in ("ours", "theirs") if number % 2 else ("theirs", "ours"):
                barrier.wait()
                until = time.perf_counter() + task.seconds
                found: list[float] = []
                threads = [
                    threading.Thread(target=hand.run, args=(side, until, found)) for hand in hands
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                taken[side] = found
            if number:
                times.append(taken)
            memory.append(_memory())
        for hand in hands:
            hand.close()
    results.put((times, memory))


class _Hand:
    """One connection of each side, and the doors that it works on."""

    def __init__(
        self, engine: Engine, url: str, doors: Sequence[tuple[scenes.Door, ByHand]]
    ) -> None:
        self._engine = engine
        self._connection = connect(url)
        self._doors = doors
        self._versions = [rows.version(self._connection) for _, rows in doors]
        self._count = 0

    def run(self, side: str, until: float, found: list[float]) -> None:
        while (before := time.perf_counter()) < until:
            self._count += 1
            index = self._count % len(self._doors)
            door, rows = self._doors[index]
            if side == "ours":
                form = (scenes.APPOINTMENT, scenes.LATER)[self._count // len(self._doors) % 2]
                scenes.schedule(self._engine, door, form)
            else:
                rows.write(self._connection, self._versions[index])
                self._versions[index] += 1
            found.append(time.perf_counter() - before)

    def close(self) -> None:
        self._connection.close()


def _memory() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@frozen
class Load:
    """What came of so many connections."""

    connections: int
    ours: float
    theirs: float
    ratios: tuple[float, ...]
    late_ours: float
    late_theirs: float
    memory: tuple[int, int]

    def line(self) -> str:
        low, high = min(self.ratios), max(self.ratios)
        middle = statistics.median(self.ratios)
        late = self.late_ours / self.late_theirs
        return (
            f"perform, {self.connections:2} connections: {self.ours:6.0f}/s engine "
            f"{self.theirs:6.0f}/s by hand, ratio {middle:.2f} ({low:.2f} to {high:.2f}; target "
            f"0.6) {_met(middle >= 0.6)}; p99 {self.late_ours * 1e3:.1f} / "
            f"{self.late_theirs * 1e3:.1f} ms, {late:.2f} x (target 2) {_met(late <= 2)}; memory "
            f"of a process {self.memory[0] // 1024} MB, then {self.memory[1] // 1024} MB"
        )


def _met(good: bool) -> str:
    return "yes" if good else "NO"


def under_load(
    url: str,
    doors: Sequence[tuple[scenes.Door, ByHand]],
    connections: int,
    rounds: int,
    seconds: float,
) -> Load:
    """Both sides with so many connections at once."""
    threads = min(connections, THREADS)
    processes = connections // threads
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    each = len(doors) // processes
    running_ = [
        context.Process(
            target=work,
            args=(
                Task(url, tuple(doors[n * each : (n + 1) * each]), threads, rounds, seconds),
                barrier,
                results,
            ),
        )
        for n in range(processes)
    ]
    for process in running_:
        process.start()
    found = [results.get() for _ in running_]
    for process in running_:
        process.join()
    per_round = [
        {
            side: [took for times, _ in found for took in times[number][side]]
            for side in ("ours", "theirs")
        }
        for number in range(rounds)
    ]
    whole = {side: sorted(t for one in per_round for t in one[side]) for side in ("ours", "theirs")}
    return Load(
        connections,
        len(whole["ours"]) / (rounds * seconds),
        len(whole["theirs"]) / (rounds * seconds),
        tuple(len(one["ours"]) / len(one["theirs"]) for one in per_round),
        whole["ours"][int(0.99 * len(whole["ours"]))],
        whole["theirs"][int(0.99 * len(whole["theirs"]))],
        (found[0][1][0], found[0][1][-1]),
    )


# -- what is measured on ---------------------------------------------------------------------------


def made(url: str, schema: str, count: int) -> list[scenes.Door]:
    """A schema with so many customers, two open cases each."""
    upgrade(url, schema=schema)
    host = sa.create_engine(url)
    doors: list[scenes.Door] = []
    with opened(url, schema) as engine:
        for first in range(0, count, 50):
            with host.begin() as connection:
                bound = engine.bind(connection)
                doors += [scenes.order(bound, number) for number in range(first, first + 50)]
    host.dispose()
    return doors


def copied(url: str, source: str, target: str) -> None:
    """The same rows in another schema."""
    upgrade(url, schema=target)
    with connect(url) as connection:
        for name in ("cases", "found_by", "reference", "events", "effects"):
            rows = f"SELECT * FROM {source}.lockroutine_{name}"
            statement = f"INSERT INTO {target}.lockroutine_{name} OVERRIDING SYSTEM VALUE {rows}"
            connection.execute(statement.encode())
        for name in ("events", "effects"):
            table = f"{target}.lockroutine_{name}"
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), "
                f"(SELECT max(number) FROM {table}))".encode()
            )
        connection.execute(b"ANALYZE")


MANY = """
INSERT INTO {schema}.lockroutine_{table} ({names})
SELECT {values} FROM {schema}.lockroutine_{table} AS one, generate_series(1, {times}) AS n
WHERE one.{key} = ANY (%s)
"""


def multiplied(url: str, schema: str, doors: Sequence[scenes.Door], times: int) -> None:
    """So many times the cases of these doors, under other ids and subjects, with their events."""
    ids = [case.id for door in doors for case in (door.consent, door.mounting)]
    # Both are within the body, too; as long as before.
    new_id = "lpad(to_hex(n), 6, '0') || substr({0}, 7)"
    with connect(url) as connection:
        for table, key in (("cases", "id"), ("events", "case_id")):
            rows = connection.execute(
                b"SELECT column_name FROM information_schema.columns WHERE table_schema = %s "
                b"AND table_name = %s AND column_name <> 'number' ORDER BY ordinal_position",
                (schema, f"lockroutine_{table}"),
            )
            names = [name for (name,) in rows]
            new = new_id.format(f"one.{key}")
            subject = "'customer-m' || n || '-' || substr(one.{0}, 10)"
            values = {name: f"one.{name}" for name in names}
            values[key] = new
            body = f"replace(one.body, one.{key}, {new})"
            if table == "cases":
                values["subject"] = subject.format("subject")
                values["open_key"] = f"one.open_key || '-' || {new}"
                body = f"replace({body}, one.subject, {values['subject']})"
            values["body"] = body
            statement = MANY.format(
                schema=schema,
                table=table,
                names=", ".join(names),
                values=", ".join(values.values()),
                times=times,
                key=key,
            )
            connection.execute(statement.encode(), (ids,))
        connection.execute(b"VACUUM ANALYZE")


# -- one connection --------------------------------------------------------------------------------


def at_size(url: str, many: int, rounds: int) -> Iterator[str]:
    """The work list, and perform, where there are many cases."""
    few_doors = made(url, "few", 500)
    big = made(url, "many", 500)
    began = time.perf_counter()
    multiplied(url, "many", big, many // (2 * len(big)) - 1)
    took = time.perf_counter() - began
    with opened(url, "few") as few, opened(url, "many") as large, connect(url) as connection:
        size = len_of(connection, "many")
        yield f"{size:,} open cases made in {took:.0f} s"
        yield from work_lists(large, connection, size, rounds)
        random.Random(17).shuffle(big)
        spread = in_turns(
            lambda index: scenes.schedule(large, big[index % 500], _form(index)),
            lambda index: scenes.schedule(few, few_doors[index % 500], _form(index)),
            rounds,
            40,
        )
        yield (
            f"perform, {size:,} cases against 1,000: {spread.ours * 1e3:.2f} ms, "
            f"{spread.theirs * 1e3:.2f} ms, ratio {spread.ratio:.2f} (target 1.2) "
            f"{_met(spread.ratio <= 1.2)}"
        )


def work_lists(
    engine: Engine, connection: psycopg.Connection[Any], size: int, rounds: int
) -> Iterator[str]:
    """A page of a work list, beside the query by hand; and with more, or less, done by either."""
    awaited = ROUTINE.states_waiting_for(scenes.BO.roles, scenes.START)
    states = sorted((one.process, one.state) for one in awaited)

    def entries(_: int) -> object:
        return engine.worklist(actor=scenes.BO, limit=50)

    def cases(_: int) -> object:
        return [item.case.whole for item in engine.worklist(actor=scenes.BO, limit=50)]

    def read(_: int) -> object:
        return first_page(connection, "many", states)

    def rows(_: int) -> object:
        return first_page(connection, "many", states, parsed=False)

    found = len(engine.worklist(actor=scenes.BO, limit=50))
    for ours, theirs, what, target in (
        (entries, read, "entries against what the rows hold", 1.5),
        (entries, rows, "entries against the rows as the driver gives them", 0),
        (cases, read, "the whole case of each entry against what the rows hold", 0),
    ):
        spread = in_turns(ours, theirs, rounds, 20)
        judged = f" (target {target}) {_met(spread.ratio <= target)}" if target else ""
        yield (
            f"work list, {found} of {size:,}, {what}: {spread.ours * 1e3:.2f} ms engine, "
            f"{spread.theirs * 1e3:.2f} ms by hand, ratio {spread.ratio:.2f}{judged}"
        )


def _form(index: int) -> object:
    return (scenes.APPOINTMENT, scenes.LATER)[index // 500 % 2]


def len_of(connection: psycopg.Connection[Any], schema: str) -> int:
    statement = f"SELECT count(*) FROM {schema}.lockroutine_cases WHERE is_open"
    ((found,),) = connection.execute(statement.encode()).fetchall()
    return int(found)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure the store on PostgreSQL.")
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each side in each round")
    parser.add_argument("--many", type=int, default=1_000_000, help="cases; 0 leaves it out")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a target is missed")
    given = parser.parse_args(arguments)
    said: list[str] = []

    def tell(words: str) -> None:
        said.append(words)
        say(words)

    with running() as server:
        tell(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before it began")
        doors = made(server.url, "ours", 200)
        copied(server.url, "ours", "theirs")
        made_by_engine = rehearsed(server.url, doors)
        before: Load | None = None
        for connections in given.connections:
            load = under_load(server.url, made_by_engine, connections, given.rounds, given.seconds)
            tell(load.line())
            if before:
                tell(
                    f"  from {before.connections} to {connections}: {load.ours / before.ours:.2f} "
                    f"x engine, {load.theirs / before.theirs:.2f} x by hand"
                )
            before = before or load
        if given.many:
            for line in at_size(server.url, given.many, given.rounds):
                tell(line)
        tell(f"load {os.getloadavg()[0]:.1f} when it ended")
    return 1 if given.strict and any(" NO" in line for line in said) else 0


def rehearsed(url: str, doors: Sequence[scenes.Door]) -> list[tuple[scenes.Door, ByHand]]:
    """What the engine writes for each of these doors, ready-made."""
    copied(url, "ours", "rehearsed")
    with opened(url, "rehearsed") as engine, connect(url) as connection:
        for door in doors:
            scenes.schedule(engine, door)
        return [
            (
                door,
                by_hand(connection, "rehearsed", "theirs", door.mounting.id, door.consent.subject),
            )
            for door in doors
        ]


if __name__ == "__main__":
    sys.exit(main())
