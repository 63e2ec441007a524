"""One process of the storm: people who work side by side in threads, and one who delivers."""

from __future__ import annotations

import random
import threading
import time
import traceback
from pathlib import Path

from attrs import frozen
from tests.storming.deeds import Command, Deeds, give
from tests.storming.journal import Journal, unanswered
from tests.storming.outside import HALF, Adapters, Outside
from tests.storming.world import CONTACTS, ROUTINE, SPEED, TIMEOUT, Clock

from lockroutine import ConflictError, Engine, NotFound, Refused
from lockroutine.errors import StoreBusy


@frozen(kw_only=True)
class Orders:
    """What a worker is told.

    Args:
        where: The database.
        folder: Where journals, the outside and the sign to stop are.
        number: Which process of the storm it is.
        life: How many of that number there were before.
        threads: How many people work in it.
        delivers: Whether it also delivers and lets the clock make its steps.
        customers: How many customers there were at the start.
        began: When the storm began.
        seed: What chance is drawn from.
    """

    where: str
    folder: str
    number: int
    life: int
    threads: int
    delivers: bool
    customers: int
    began: float
    seed: int


class Worker:
    """What one process does until it is killed, or told to stop."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._folder = Path(orders.folder)
        self._stop = self._folder / "stop"
        self._clock = Clock(orders.began)
        self._adapters = Adapters(
            Outside(self._folder / "outside"), self._clock, HALF, random.Random(orders.seed)
        )
        # Only then is it known what there was before.
        self._left = unanswered(journal_of(orders))
        self._journal = Journal(journal_of(orders))
        self._engine = self._opened()

    def _opened(self) -> Engine:
        while True:
            try:
                return Engine.open(
                    self._orders.where,
                    routine=ROUTINE,
                    clock=self._clock,
                    plugins=[self._adapters],
                    contacts=CONTACTS,
                    parallel=4,
                    timeout=TIMEOUT,
                )
            except StoreBusy:
                self._journal.write("busy")
                time.sleep(0.1)

    def run(self) -> None:
        """Work until told to stop."""
        self._journal.write("began")
        jobs = [lambda n=n: self._work(n) for n in range(self._orders.threads)]
        if self._orders.delivers:
            jobs.append(self._deliver)
        threads = [threading.Thread(target=self._guarded, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            if self._orders.number == 0:
                self._journal.write("memory", kilobytes=memory())
            time.sleep(0.5)
        self._engine.close()
        self._journal.write("faults", faults=dict(self._adapters.faults))
        self._journal.close()

    def _guarded(self, job: object) -> None:
        try:
            job()  # type: ignore[operator]
        except BaseException:
            # Whatever it is, it is none of what may happen.
            self._journal.write("error", trace=traceback.format_exc())

    def _work(self, thread: int) -> None:
        orders = self._orders
        name = f"{orders.number}T{thread}L{orders.life}"
        chance = random.Random(f"{orders.seed} {thread}")
        deeds = Deeds(self._engine, chance, orders.customers, name, self._clock)
        if thread == 0:
            for command in self._left:
                self._give(command, again=True)
        count = 0
        while not self._stop.exists():
            count += 1
            try:
                command = deeds.one()
            except StoreBusy:
                self._journal.write("busy")
                continue
            self._give({**command, "key": f"{name}/{count}"})

    def _give(self, command: Command, *, again: bool = False) -> None:
        """Give a command until there is an answer to it."""
        key, journal = command["key"], self._journal
        if again:
            journal.write("again", key=key)
        else:
            journal.write("asked", key=key, command=command)
        began = time.monotonic()
        while True:
            try:
                case = give(self._engine, command, key)
            except StoreBusy:
                journal.write("busy")
            except (ConflictError, NotFound, Refused) as error:
                journal.write("refused", key=key, why=type(error).__name__)
                return
            else:
                took = time.monotonic() - began
                journal.write("done", key=key, case=case.id, version=case.version, took=took)
                return

    def _deliver(self) -> None:
        while not self._stop.exists():
            try:
                self._engine.deliver(200)
                self._engine.tick(50)
            except StoreBusy:
                self._journal.write("busy")
            time.sleep(0.5 / SPEED)


def memory() -> int:
    """How much of the machine's memory this process has, in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def journal_of(orders: Orders) -> Path:
    """Where a worker writes, and the one after it."""
    return Path(orders.folder) / f"journal-{orders.number}"


def work(orders: Orders) -> None:
    """What a process of the storm does."""
    Worker(orders).run()
