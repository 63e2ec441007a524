"""What the adapters know of time: the machine's clock, and how long they may still wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from lockroutine.errors import TryAgain

__all__ = ["Clock", "machine_time", "seconds_left"]

Clock = Callable[[], dt.datetime]


def machine_time() -> dt.datetime:
    """The time of the machine's clock: what a deadline is held against if nothing else is given."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # an adapter is made before there is an engine


def seconds_left(deadline: dt.datetime, now: dt.datetime) -> float:
    """How many seconds may be waited.

    Raises:
        TryAgain: None are left. Ask before anything is sent.

    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> seconds_left(now + dt.timedelta(seconds=30), now)
    30.0
    """
    left = (deadline - now).total_seconds()
    if left <= 0:
        raise TryAgain("the time to send it was over before it was begun")
    return left
