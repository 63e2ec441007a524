"""How many effects are taken at a time, and how they get to the threads that send them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import chain

from attrs import frozen

from lockroutine.delivery.workers import Job, Outcome, Workers

__all__ = ["Round", "Rounds"]

_MOMENT = 0.05  # seconds
_MOST_AHEAD = 16


@frozen
class Round:
    """What came of one round: outcomes to be kept, and jobs that were not begun."""

    outcomes: list[Outcome]
    untouched: list[Job]


class Rounds:
    """Sends in rounds, so that what is quick is kept on the disk many at a time.

    Of a system that answers at once, more is taken than can be sent side by side, as much as it
    does in a moment: the next one then goes out without a transaction of its own. A round ends
    when everything is begun, something has gone wrong, or the moment is over. So neither what is
    done nor what was taken waits for something slow; of a slow system nothing is taken ahead.

    Args:
        send: Sends one effect.
        late: What becomes of one whose plugin has not come back in time.
        parallel: How many effects of one system are sent side by side at most.
        timeout: How long one effect may take, in seconds.
    """

    def __init__(
        self,
        send: Callable[[Job], Outcome],
        late: Callable[[Job], Outcome],
        *,
        parallel: int,
        timeout: float,
    ) -> None:
        self._workers = Workers(send, late, timeout)
        self._parallel = parallel
        self._ahead: dict[str, int] = {}

    def room(self, system: str, allowed: int) -> int:
        """How many effects of a system can be taken if so many of them may be sent at once."""
        return allowed * self._ahead.get(system, 1) - self._workers.busy[system]

    def send(self, jobs: Iterable[Job], stopping: Callable[[], bool]) -> Round:
        """Send jobs.

        Args:
            jobs: What was taken.
            stopping: Whether to begin nothing more.
        """
        until = time.monotonic() + _MOMENT
        waiting: dict[str, deque[Job]] = {}
        for job in jobs:
            waiting.setdefault(job.effect.system, deque()).append(job)
        outcomes: list[Outcome] = []
        while True:
            self._begin(waiting)
            more = any(waiting.values())
            if not self._workers.busy.total() or (outcomes and not more):
                return Round(outcomes, [])
            finished = self._workers.finished(until if more else None)
            outcomes += self._paced(finished)
            wrong = any(outcome.worked is False for outcome, _ in finished)
            if more and (wrong or stopping() or time.monotonic() >= until):
                self._ahead.update(dict.fromkeys(waiting, 1))
                return Round(outcomes, list(chain.from_iterable(waiting.values())))

    def _begin(self, waiting: Mapping[str, deque[Job]]) -> None:
        """Begin what need not wait for a thread."""
        for system, jobs in waiting.items():
            for _ in range(min(len(jobs), self._parallel - self._workers.busy[system])):
                self._workers.start(jobs.popleft())

    def _paced(self, finished: Iterable[tuple[Outcome, float]]) -> Iterable[Outcome]:
        slowest: dict[str, float] = {}
        for outcome, took in finished:
            system = outcome.effect.system
            took = took if outcome.worked else _MOMENT
            slowest[system] = max(took, slowest.get(system, 0.0))
            yield outcome
        for system, took in slowest.items():
            self._ahead[system] = max(1, min(int(_MOMENT / (took or _MOMENT)), _MOST_AHEAD))

    def close(self) -> None:
        """Let the threads go."""
        self._workers.close()
