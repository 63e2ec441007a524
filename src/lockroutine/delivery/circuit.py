"""Patience with systems that are down: growing pauses, and a circuit that leaves them alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from attrs import define

from lockroutine.errors import PluginsError, Problem

__all__ = ["Circuit", "backoff"]

FAILURES = 5
"""After how many failures in a row a system is left alone."""


@define
class Circuit:
    """Whether a system is left alone: after some failures in a row, but for one probe at a time."""

    failures: int = 0
    closed_until: dt.datetime | None = None

    def allows(self, now: dt.datetime, parallel: int) -> int:
        """How many effects may be under way: all, one probe, or none."""
        if self.closed_until is None:
            return parallel
        return 1 if now >= self.closed_until else 0

    def note(self, now: dt.datetime, *, worked: bool | None) -> None:
        """Take in that the system answered, or did not; None if it was not reached at all."""
        if worked:
            self.failures, self.closed_until = 0, None
        # What was under way when the system was left alone says nothing new.
        if worked is not False or (self.closed_until and now < self.closed_until):
            return
        self.failures += 1
        if self.failures >= FAILURES:
            pause = min(30 * 2 ** (self.failures - FAILURES), 900)
            self.closed_until = now + dt.timedelta(seconds=pause)


def backoff() -> Callable[[int], dt.timedelta]:
    """How long to wait after so many attempts: with jitter, growing from seconds to hours.

    Raises:
        PluginsError: The extra that brings the library for it is not installed.
    """
    try:
        import tenacity  # brings asyncio, and most engines never wait  # noqa: PLC0415
    except ImportError:
        message = 'delivering needs more: pip install "lockroutine[delivery]"'
        raise PluginsError([Problem("delivery", message)]) from None
    # wait_exponential_jitter renames its arguments between releases.
    growing = tenacity.wait_exponential(multiplier=10, exp_base=2, max=4 * 3600)
    wait = growing + tenacity.wait_random(0, 10)
    retrying = tenacity.Retrying()

    def pause(attempts: int) -> dt.timedelta:
        state = tenacity.RetryCallState(retrying, None, (), {})
        state.attempt_number = attempts
        return dt.timedelta(seconds=wait(state))

    return pause
