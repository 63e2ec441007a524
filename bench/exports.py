"""Measure an export: how fast, and how much memory the whole process takes at its highest.

python bench/exports.py [--events 1000000] [--postgres]

The command `lockroutine export` is run as a process of its own, on ever more events.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import scenes
import sqlalchemy as sa

from lockroutine import Engine, load_routine
from lockroutine.stores import Store
from lockroutine.stores.sql import SqlStore, upgrade

sys.path.append(str(Path(__file__).parents[1]))
from tests.postgres import server

MORE = """
INSERT INTO lockroutine_events (case_id, version, body, hash, personal)
SELECT case_id, version + {factor} * 1000, body, hash, personal FROM lockroutine_events
WHERE number <= {most}
"""


@contextmanager
def database(postgres: bool) -> Generator[str]:
    """A database with our tables, in PostgreSQL or in a file of SQLite."""
    if postgres:
        with server() as url:
            upgrade(url)
            yield url
    else:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite+pysqlite:///{folder}/bench.db"
            upgrade(url)
            yield url


def filled(url: str) -> int:
    """A hundred customers' events, made by the engine."""
    store: Store = SqlStore(url)
    with Engine(store, routine=load_routine(), clock=scenes.Clock()) as engine:
        for number in range(100):
            scenes.order(engine, number)
        with store.reading() as reading:
            return reading.event_count()


def multiplied(url: str, there: int, events: int) -> int:
    """Doubled until there are so many, or a few more."""
    engine, factor = sa.create_engine(url), there
    with engine.begin() as connection:
        while there < events:
            words = MORE.format(factor=factor, most=min(there, events - there))
            connection.execute(sa.text(words))
            there, factor = min(2 * there, events), factor * 2
    engine.dispose()
    return there


def measured(url: str) -> tuple[float, int]:
    """How long an export takes, in seconds, and the most memory it had, in bytes."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "lockroutine.cli", "export", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return time.perf_counter() - started, usage.ru_maxrss * 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000, help="how many at most")
    options.add_argument("--postgres", action="store_true", help="in PostgreSQL, not in SQLite")
    given = options.parse_args()
    print(f"{'events':>10} {'seconds':>9} {'events/s':>9} {'memory':>9}")
    with database(given.postgres) as url:
        there = filled(url)
        for size in (given.events // 100, given.events // 10, given.events):
            there = multiplied(url, there, size)
            taken, memory = measured(url)
            print(f"{there:>10} {taken:>9.1f} {there / taken:>9.0f} {memory / 2**20:>6.0f} MiB")


if __name__ == "__main__":
    main()
