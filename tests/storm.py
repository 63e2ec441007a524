"""A storm: many who work on one database, while everything under them is killed and cut.

Run it as ``python -m tests.storm``. Sixteen workers, in processes and threads, give random commands
on 2,000 cases of one PostgreSQL for ten minutes (``--seconds``), and deliver through adapters that
fail half the time. Meanwhile workers are killed with SIGKILL, the server is stopped at once and
started again, and connections are cut. What a worker was told to be done, it writes to a file of
its own. ``--sqlite`` does the same with two processes on a SQLite file, where only workers die.

Afterwards the adapters work, deliveries run to the end, and everything is looked at
(`tests.storming.checks`): it exits 1 if anything was lost, doubled, halved or does not agree.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.storming.checks import breaches, surveyed
from tests.storming.figures import Figures
from tests.storming.outside import Adapters, Outside
from tests.storming.places import Place, on_postgres, on_sqlite
from tests.storming.weather import Crew, blow
from tests.storming.worker import Orders
from tests.storming.world import CASES_EACH, CONTACTS, ROUTINE, TENDER, TIMEOUT, Clock, settle

from lockroutine import Engine

_AT_ONCE = 25  # customers that are settled in one transaction
_WAITING = ("due", "failed", "unknown", "in_flight")
_DELIVERING = 3  # processes
_A_WHILE = 3600.0  # seconds of theirs


def storm(
    place: Place, folder: Path, seconds: float, cases: int, seed: int, tell: Callable[[str], object]
) -> Figures:
    """Let it storm for so long, and say what came of it.

    Args:
        place: The database.
        folder: Where journals and the outside are.
        seconds: How long it lasts.
        cases: About how many cases there are at the start.
        seed: What chance is drawn from; what other processes do in between is not drawn.
        tell: Told how far it is.
    """
    outside = Outside(folder / "outside")
    outside.folder.mkdir()
    customers, clock = cases // CASES_EACH, Clock(time.time())
    with _opened(place, outside, clock) as engine:
        _settled(engine, place, customers)
        settled = dict(_versions(engine))
    tell(f"{len(settled)} cases are there")
    orders = Orders(
        where=place.where,
        folder=str(folder),
        number=0,
        life=0,
        threads=place.threads,
        delivers=False,
        customers=customers,
        began=clock.began,
        seed=seed,
    )
    crew = Crew(orders, place.processes, min(_DELIVERING, place.processes))
    try:
        crew.begun()
        tell(f"{len(crew)} processes work")
        blows = blow(crew, seconds, random.Random(seed), place.blows)
        tell("the storm is over")
        wrong = crew.stop()
    finally:
        crew.end()
    tell("deliveries run to the end")
    clock = _finished(place, outside, clock)
    tell("everything is looked at")
    with _opened(place, outside, clock) as engine:
        journals = [folder / f"journal-{number}" for number in range(place.processes)]
        after = surveyed(engine, outside, journals, settled)
    return Figures(
        what=f"{seconds:.0f} s on {place.name}, {place.processes} processes of {place.threads} "
        f"threads, {len(settled)} cases at the start",
        blows=blows,
        after=after,
        deadlocks=place.deadlocks(),
        wrong=(*wrong, *breaches(after)),
    )


@contextmanager
def _opened(place: Place, outside: Outside, clock: Clock) -> Generator[Engine]:
    """An engine whose adapters work."""
    adapters = Adapters(outside, clock, rate=0.0)
    with Engine.open(
        place.where,
        routine=ROUTINE,
        clock=clock,
        plugins=[adapters],
        contacts=CONTACTS,
        timeout=TIMEOUT,
    ) as engine:
        yield engine


def _settled(engine: Engine, place: Place, customers: int) -> None:
    for first in range(0, customers, _AT_ONCE):
        with place.at_once(engine) as bound:
            for number in range(first, min(first + _AT_ONCE, customers)):
                settle(bound, number)


def _versions(engine: Engine) -> list[tuple[str, int]]:
    with engine.store.reading() as reading:
        return [(event.case_id, event.version) for event in reading.events()]


def _finished(place: Place, outside: Outside, clock: Clock) -> Clock:
    """Deliver until nothing waits any more; the time that it is then."""
    for _ in range(100):
        clock = clock.later(_A_WHILE)
        with _opened(place, outside, clock) as engine:
            for effect in engine.effects(state="parked", limit=1000):
                engine.retry(effect.key, actor=TENDER)
            engine.deliver(100_000)
            if not any(engine.effects(state=state) for state in (*_WAITING, "parked")):
                return clock
    return clock  # what still waits is found


PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "postgres": on_postgres,
    "sqlite": on_sqlite,
}


def run(
    where: str,
    seconds: float,
    cases: int = 2000,
    seed: int = 17,
    tell: Callable[[str], object] = lambda _: None,
) -> Figures:
    """A storm from its beginning to its end."""
    with tempfile.TemporaryDirectory() as folder, PLACES[where]() as place:
        return storm(place, Path(folder), seconds, cases, seed, tell)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    began = time.monotonic()
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--sqlite", action="store_true", help="two processes on a SQLite file")
    given = parser.parse_args(arguments)

    def tell(words: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:4.0f} s: {words}\n")
        sys.stdout.flush()

    where = "sqlite" if given.sqlite else "postgres"
    figures = run(where, given.seconds, given.cases, given.seed, tell)
    sys.stdout.write("\n".join(figures.lines()) + "\n")
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
