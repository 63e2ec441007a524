"""Trying again what did not come through, as somebody else's work was in the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from lockroutine.errors import StoreBusy
from lockroutine.stores.base import Store, Writing

__all__ = ["PATIENCE", "repeated"]

T = TypeVar("T")

PATIENCE = 10.0
"""For how many seconds at most a write is begun anew."""

_LONGEST_PAUSE = 0.5


def repeated(
    store: Store, work: Callable[[Writing], T], pause: Callable[[float], object] = time.sleep
) -> T:
    """Work in one transaction of a store, begun anew for as long as the store is busy.

    Args:
        store: The store.
        work: What is done in the transaction. It may be called several times, each time on a fresh
            one; nothing of the earlier ones was kept, except where the connection was lost in the
            very moment of keeping.
        pause: Lets so many seconds go by.

    Returns:
        What the work gave back, once it is kept.

    Raises:
        StoreBusy: The store was busy for all of `PATIENCE`.

    >>> from lockroutine.stores import MemoryStore
    >>> repeated(MemoryStore(), lambda transaction: transaction.event_count())
    0
    """
    give_up, length = time.monotonic() + PATIENCE, 0.001
    while True:
        try:
            with store.writing() as transaction:
                return work(transaction)
        except StoreBusy:
            if time.monotonic() + length > give_up:
                raise
        pause(length)
        length = min(2 * length, _LONGEST_PAUSE)
