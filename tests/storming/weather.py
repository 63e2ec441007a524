"""The storm itself: starts the processes, kills them, and takes the database away under them."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from attrs import evolve
from tests.storming.journal import read
from tests.storming.worker import Orders, journal_of, work

_GRACE = 120.0
"""How many seconds the processes may take to end when they are told to."""

_OFTEN = {"kill": 1.0, "cut": 0.3, "restart": 0.12}
"""How often a second each of the bad things is done."""

_REHEARSAL = "tests.storming.rehearsal"


class Crew:
    """The processes of the storm; one that was killed is followed by another.

    Args:
        first: What each is told, but for its number.
        processes: How many there are. The first is never killed: its memory is looked at.
        delivering: How many of them also deliver.
    """

    def __init__(self, first: Orders, processes: int, delivering: int) -> None:
        self._folder = Path(first.folder)
        # Each is made within milliseconds, of a process that has read all the code.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["__main__", work.__module__, _REHEARSAL])
        self._orders = [
            evolve(first, number=n, delivers=n < delivering, seed=first.seed + n)
            for n in range(processes)
        ]
        self._processes = [self._started(orders) for orders in self._orders]

    def _started(self, orders: Orders) -> ForkServerProcess:
        process = self._context.Process(target=work, args=(orders,))
        process.start()
        return process

    def begun(self) -> None:
        """Wait until each has begun to work."""
        while not all(any(read(journal_of(orders))) for orders in self._orders):
            if any(process.exitcode is not None for process in self._processes):
                return  # what is wrong is said in the end
            time.sleep(0.05)

    def kill(self, number: int) -> None:
        """Kill a process in the middle of whatever it does, and start the next one."""
        process = self._processes[number]
        process.kill()
        process.join()
        before = self._orders[number]
        self._orders[number] = evolve(before, life=before.life + 1, seed=before.seed + 1000)
        self._processes[number] = self._started(self._orders[number])

    def stop(self) -> list[str]:
        """Tell all to end, and wait for it; what went wrong, in words."""
        (self._folder / "stop").touch()
        give_up = time.monotonic() + _GRACE
        for process in self._processes:
            process.join(max(0.1, give_up - time.monotonic()))
        codes = {number: process.exitcode for number, process in enumerate(self._processes)}
        return [
            f"process {number} {'does not come to an end' if code is None else f'ended: {code}'}"
            for number, code in codes.items()
            if code != 0
        ]

    def end(self) -> None:
        """Leave no process behind."""
        for process in self._processes:
            process.kill()
            process.join()

    def __len__(self) -> int:
        return len(self._processes)


def blow(
    crew: Crew, seconds: float, chance: random.Random, blows: dict[str, Callable[[], None]]
) -> Counter[str]:
    """Do one of some bad things every now and then, for so long; how often each was done."""
    done: Counter[str] = Counter()
    deeds = {"kill": lambda: crew.kill(chance.randrange(1, len(crew))), **blows}
    began = time.monotonic()
    due = {name: began + chance.random() * seconds / 2 for name in deeds}  # each once at least
    while True:
        name = min(due, key=due.__getitem__)
        time.sleep(max(0.0, min(due[name], began + seconds) - time.monotonic()))
        if time.monotonic() >= began + seconds:
            return done
        deeds[name]()
        done[name] += 1
        due[name] = time.monotonic() + chance.expovariate(_OFTEN[name])
