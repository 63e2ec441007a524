"""Threads that send effects side by side."""

from __future__ import annotations

import datetime as dt
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable

from attrs import frozen

from lockroutine.model import Case, Effect, Reference
from lockroutine.routine import Routine

__all__ = ["Job", "Outcome", "Workers"]


@frozen(kw_only=True)
class Job:
    """An effect that was taken, with what is needed to send it."""

    effect: Effect
    case: Case
    routine: Routine
    ticket: str
    lease: dt.datetime
    deadline: dt.datetime


@frozen
class Outcome:
    """What became of a job: the effect as it is then, and whether the system answered."""

    job: Job
    effect: Effect
    worked: bool | None
    reference: Reference | None = None


class Workers:
    """Threads that send; one whose plugin does not come back is given up, and holds up nobody."""

    def __init__(self, send: Callable[[Job], Outcome]) -> None:
        self.busy: Counter[str] = Counter()
        self._send = send
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._running: dict[int, tuple[Job, float]] = {}
        self._threads = self._free = 0

    def start(self, job: Job, timeout: float) -> None:
        """Send a job in a thread, and give it up after so many seconds."""
        self.busy[job.effect.system] += 1
        self._running[id(job)] = (job, time.monotonic() + timeout)
        if self._free:
            self._free -= 1
        else:
            self._threads += 1
            threading.Thread(target=self._work, name="lockroutine", daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._results.put(self._send(job))

    def finished(self, late: Callable[[Job], Outcome]) -> list[Outcome]:
        """Wait for one outcome at least, and take all that are there."""
        found: list[Outcome] = []
        while not found:
            nearest = min(deadline for _, deadline in self._running.values())
            try:
                outcome = self._results.get(timeout=max(0.0, nearest - time.monotonic()))
                found += self._take(outcome)
                while True:
                    found += self._take(self._results.get_nowait())
            except queue.Empty:
                now = time.monotonic()
                for job, deadline in tuple(self._running.values()):
                    if deadline <= now:
                        self._forget(job)
                        found.append(late(job))
        return found

    def _take(self, outcome: Outcome) -> list[Outcome]:
        self._free += 1
        if id(outcome.job) not in self._running:
            return []  # it was given up, and has come back after all
        self._forget(outcome.job)
        return [outcome]

    def _forget(self, job: Job) -> None:
        del self._running[id(job)]
        self.busy[job.effect.system] -= 1

    def close(self) -> None:
        """Let the threads go."""
        for _ in range(self._threads):
            self._jobs.put(None)
