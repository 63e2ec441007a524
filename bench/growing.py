"""Measure what growing is reckoned with: commands a second by process, and bytes by event.

python bench/growing.py [--postgres] [--seconds 20]

Each process orders mountings for customers of its own, from the offer of a lock on, as fast as it
can: five commands each, every one durable.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import scenes
import sqlalchemy as sa

from lockroutine import Engine, load_routine
from lockroutine.stores.sql import upgrade

sys.path.append(str(Path(__file__).parents[1]))
from tests.postgres import server

COMMANDS = 5
SIZES = {
    "postgresql": "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
    "WHERE relname LIKE 'lockroutine_%' AND relkind = 'r'",
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
}


@contextmanager
def place(postgres: bool, folder: str) -> Iterator[str]:
    """A database with our tables."""
    if postgres:
        with server() as url:
            upgrade(url)
            yield url
    else:
        url = f"sqlite+pysqlite:///{folder}/bench.db"
        upgrade(url)
        yield url


def work(url: str, first: int, seconds: float, done: multiprocessing.Queue[int]) -> None:
    """Order for one customer after another until the time is over, and say for how many."""
    with Engine.open(url, routine=load_routine(), clock=scenes.Clock()) as engine:
        number, until = first, time.monotonic() + seconds
        while time.monotonic() < until:
            scenes.order(engine, number)
            number += 1
    done.put(number - first)


def measured(url: str, processes: int, seconds: float, first: int) -> tuple[int, float]:
    """How many customers so many processes have served, and the commands a second."""
    done: multiprocessing.Queue[int] = multiprocessing.Queue()
    working = [
        multiprocessing.Process(target=work, args=(url, first + n * 100_000, seconds, done))
        for n in range(processes)
    ]
    for one in working:
        one.start()
    customers = sum(done.get() for _ in working)
    for one in working:
        one.join()
    return customers, customers * COMMANDS / seconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--postgres", action="store_true", help="in PostgreSQL, not in SQLite")
    options.add_argument("--seconds", type=float, default=20.0, help="how long for each line")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, place(given.postgres, folder) as url:
        engine = sa.create_engine(url)
        print(f"{'processes':>9} {'commands/s':>11}")
        for turn, processes in enumerate((1, 2, 4, 8)):
            _, speed = measured(url, processes, given.seconds, turn * 1_000_000)
            print(f"{processes:>9} {speed:>11.0f}")
        with engine.connect() as connection:
            size = connection.execute(sa.text(SIZES[engine.dialect.name])).scalar_one()
            events = connection.execute(sa.text("SELECT count(*) FROM lockroutine_events"))
            cases = connection.execute(sa.text("SELECT count(*) FROM lockroutine_cases"))
            there, kept = events.scalar_one(), cases.scalar_one()
        engine.dispose()
        print(f"{kept} cases, {there} events: {size / there:.0f} bytes for an event and its share")
        with Engine.open(url, routine=load_routine(), clock=scenes.Clock()) as one:
            for what, task in (("verify", one.verify), ("figures", one.figures)):
                before = time.perf_counter()
                task()
                print(f"{what}: {there / (time.perf_counter() - before):.0f} events/s")
            before = time.perf_counter()
            one.backlog()
            print(f"backlog: {1000 * (time.perf_counter() - before):.1f} ms")


if __name__ == "__main__":
    main()
