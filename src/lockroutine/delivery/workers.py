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
    """Threads that send; one whose plugin does not come back is given up, and holds up nobody.

    Args:
        send: Sends one effect.
        late: What becomes of one that is given up.
        timeout: After how many seconds it is.
    """

    def __init__(
        self, send: Callable[[Job], Outcome], late: Callable[[Job], Outcome], timeout: float
    ) -> None:
        self.busy: Counter[str] = Counter()
        self._send = send
        self._late = late
        self._timeout = timeout
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._running: dict[int, tuple[Job, float]] = {}  # and since when
        self._threads = self._free = 0

    def start(self, job: Job) -> None:
        """Send a job in a thread."""
        self.busy[job.effect.system] += 1
        self._running[id(job)] = (job, time.monotonic())
        if self._free:
            self._free -= 1
        else:
            self._threads += 1
            threading.Thread(target=self._work, name="lockroutine", daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._results.put(self._send(job))

    def finished(self, until: float | None) -> list[tuple[Outcome, float]]:
        """Wait for one outcome at least, and take all that are there, with the seconds they took.

        Args:
            until: When to wait no longer (of `time.monotonic`), if there is none.
        """
        found: list[tuple[Outcome, float]] = []
        while not found:
            oldest = next(iter(self._running.values()))[1]  # they are in the order of starting
            latest = oldest + self._timeout
            now = time.monotonic()
            if until is not None:
                if now >= until:
                    break
                latest = min(latest, until)
            try:
                found += self._take(self._results.get(timeout=max(0.0, latest - now)))
                while True:
                    found += self._take(self._results.get_nowait())
            except queue.Empty:
                found += self._overdue()
        return found

    def _take(self, outcome: Outcome) -> list[tuple[Outcome, float]]:
        self._free += 1
        if id(outcome.job) not in self._running:
            return []  # it was given up, and has come back after all
        return [(outcome, time.monotonic() - self._forget(outcome.job))]

    def _overdue(self) -> list[tuple[Outcome, float]]:
        now = time.monotonic()
        overdue = [job for job, since in self._running.values() if since + self._timeout <= now]
        return [(self._late(job), now - self._forget(job)) for job in overdue]

    def _forget(self, job: Job) -> float:
        _, since = self._running.pop(id(job))
        self.busy[job.effect.system] -= 1
        return since

    def close(self) -> None:
        """Let the threads go."""
        for _ in range(self._threads):
            self._jobs.put(None)
