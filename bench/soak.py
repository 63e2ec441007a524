"""Measure whether a process that works for hours keeps the memory that it began with.

python bench/soak.py [--minutes 60] [--feeders 4] [--strict]

On a PostgreSQL of its own, `lockroutine worker` delivers, through a plugin that answers at once,
what feeders leave by ordering mountings and agreeing times, one customer after another, as fast as
they can. They hold back while too much waits, so the worker is always busy, and what it has to do
does not pile up. Of the two processes, the growth after the first tenth of the time is told; in a
run of minutes, that is mostly caches that fill.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import scenes
import sqlalchemy as sa
from attrs import frozen
from deliveries import Free

from lockroutine import Engine, load_routine
from lockroutine.stores.sql import upgrade

sys.path.append(str(Path(__file__).parent.parent))
from tests.postgres import running

SAMPLES = 60
COMMANDS = 8  # of one customer
MOST_WAITING = 2_000  # effects and jobs; above it, feeders hold back
MOST_AN_HOUR = 0.05  # of what a process had after the first tenth
CONTACTS = "".join(
    f'[contact.{role}]\nmail = "{role}@example.org"\n' for role in ("coordinator", "provider_staff")
)
COUNTED = sa.text(
    "SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state <> 'done'), "
    "count(*) FILTER (WHERE state IN ('parked', 'dismissed')) FROM lockroutine_effects"
)
JOBS_LEFT = sa.text("SELECT count(*) FROM procrastinate_jobs")
JOBS = "&jobs=procrastinate"


class AtOnce(Free):
    """Any system: it takes what it is given, and keeps nothing of it."""

    @frozen
    class Settings:
        """There is nothing to set."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()


# -- the processes ---------------------------------------------------------------------------------


def feed(url: str, first: int, given: Any) -> None:
    """Serve one customer after another, and count the commands."""
    host = sa.create_engine(url.removesuffix(JOBS))
    with Engine.open(url, routine=load_routine(), clock=scenes.Clock()) as engine:
        for number in itertools.count(first):
            door = scenes.order(engine, number)
            for form in (scenes.APPOINTMENT, scenes.LATER, scenes.APPOINTMENT):
                scenes.schedule(engine, door, form)
            given.value += COMMANDS
            while waiting(engine, host) > MOST_WAITING:
                time.sleep(0.1)


def waiting(engine: Engine, host: sa.Engine) -> int:
    """How many effects and jobs the worker has before it."""
    with host.connect() as connection:
        jobs: int = connection.execute(JOBS_LEFT).scalar_one()
    return jobs + sum(one.effects for one in engine.backlog().pending.values())


@contextmanager
def feeding(url: str, processes: int) -> Generator[tuple[int, Callable[[], int]]]:
    """So many feeders: the first one's process, and how many commands they have given."""
    context = multiprocessing.get_context("spawn")
    given = [context.Value("q", 0) for _ in range(processes)]
    feeders = [
        context.Process(target=feed, args=(url, number * 1_000_000, count), daemon=True)
        for number, count in enumerate(given)
    ]
    for one in feeders:
        one.start()

    def commands() -> int:
        if not all(one.is_alive() for one in feeders):
            raise SystemExit("a feeder has ended")
        return sum(count.value for count in given)

    try:
        yield feeders[0].pid or 0, commands
    finally:
        for one in feeders:
            one.kill()
            one.join()


@contextmanager
def worker(url: str, folder: Path) -> Generator[subprocess.Popen[bytes]]:
    """The command, with our plugin installed."""
    package = folder / "soak-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: soak\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[lockroutine]\nfree = soak:AtOnce\n")
    settings, contacts = folder / "plugins.toml", folder / "contacts.toml"
    settings.write_text("[plugin.free]\n")
    contacts.write_text(CONTACTS)
    path = os.pathsep.join([str(folder), str(Path(__file__).parent)])
    command = [sys.executable, "-m", "lockroutine.cli", "worker", url]
    command += ["--settings", str(settings), "--contacts", str(contacts)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        if process.wait(60) != 0:
            raise SystemExit(f"the worker has ended with {process.returncode}")
    finally:
        process.kill()
        process.wait()


def memory(process: int) -> int:
    """What a process has of the machine's memory, in kilobytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


# -- what is measured ------------------------------------------------------------------------------


@frozen
class Sample:
    """How things are at one moment."""

    hours: float
    commands: int
    delivered: int
    waiting: int
    jobs: int
    worker: int
    feeder: int

    def line(self) -> str:
        return (
            f"{self.hours * 60:>7.1f} {self.commands:>9} {self.delivered:>10} {self.waiting:>8} "
            f"{self.jobs:>7} {self.worker:>10} {self.feeder:>10}"
        )


HEAD = (
    f"{'minutes':>7} {'commands':>9} {'delivered':>10} {'waiting':>8} {'jobs':>7} "
    f"{'worker kB':>10} {'feeder kB':>10}"
)


def samples(url: str, minutes: float, feeders: int) -> Generator[Sample]:
    """The sixty samples of a run."""
    asked = url + JOBS
    upgrade(asked)
    host = sa.create_engine(url)
    with (
        tempfile.TemporaryDirectory() as folder,
        feeding(asked, feeders) as (feeder, commands),
        worker(asked, Path(folder)) as process,
    ):

        def counted() -> tuple[int, int, int]:
            if process.poll() is not None:
                raise SystemExit(f"the worker has ended with {process.returncode}")
            with host.connect() as connection:
                done, left, lost = connection.execute(COUNTED).one()
                jobs = connection.execute(JOBS_LEFT).scalar_one()
            if lost:
                raise SystemExit(f"{lost} effects were not delivered")
            return done, left, jobs

        while counted()[0] == 0:
            time.sleep(0.1)
        began = time.monotonic()
        for number in range(1, SAMPLES + 1):
            time.sleep(max(0.0, began + number * minutes * 60 / SAMPLES - time.monotonic()))
            hours = (time.monotonic() - began) / 3600
            rss = memory(process.pid), memory(feeder)
            yield Sample(hours, commands(), *counted(), *rss)
    host.dispose()


@frozen
class Growth:
    """What became of the memory of one process, in kilobytes; grown after the first tenth."""

    first: int
    last: int
    highest: int
    an_hour: float
    of_100_000: float

    @property
    def flat(self) -> bool:
        return self.an_hour <= MOST_AN_HOUR * self.first

    def line(self, name: str, what: str) -> str:
        return (
            f"{name}: {self.first} kB after the first tenth, {self.last} at the end, "
            f"{self.highest} at most; {self.an_hour:+.0f} kB an hour, "
            f"{self.of_100_000:+.0f} kB in 100,000 {what} "
            f"(at most {MOST_AN_HOUR:.0%} an hour: {'yes' if self.flat else 'NO'})"
        )


def growth(hours: Sequence[float], done: Sequence[int], rss: Sequence[int]) -> Growth:
    """The least squares of what came after the first tenth."""
    tenth = len(rss) // 10 - 1
    after = rss[tenth:]
    return Growth(
        after[0],
        after[-1],
        max(rss),
        statistics.linear_regression(hours[tenth:], after).slope,
        statistics.linear_regression(done[tenth:], after).slope * 100_000,
    )


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure memory under an hour's load.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--feeders", type=int, default=4, help="processes that give commands")
    parser.add_argument("--strict", action="store_true", help="exit 1 if memory grows")
    given = parser.parse_args(arguments)
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before it began")
    say(HEAD)
    found: list[Sample] = []
    with running() as server:
        for sample in samples(server.url, given.minutes, given.feeders):
            found.append(sample)
            say(sample.line())
    say(f"load {os.getloadavg()[0]:.1f} when it ended")
    hours = [one.hours for one in found]
    ours = growth(hours, [one.delivered for one in found], [one.worker for one in found])
    theirs = growth(hours, [one.commands for one in found], [one.feeder for one in found])
    say(ours.line("worker", "effects"))
    say(theirs.line("feeder", "commands"))
    return 1 if given.strict and not (ours.flat and theirs.flat) else 0


if __name__ == "__main__":
    sys.exit(main())
