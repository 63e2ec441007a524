"""Trying again what did not come through, as somebody else's work was in the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from lockroutine.errors import StoreBusy
from lockroutine.stores.base import Cases, Reading, Store, Writing

__all__ = ["PATIENCE", "browse", "read_from", "repeated"]

T = TypeVar("T")
How = TypeVar("How")

PATIENCE = 10.0
"""For how many seconds at most something is begun anew."""

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
    return _begun_anew(store.writing, work, pause)


def read_from(
    store: Store, work: Callable[[Reading], T], pause: Callable[[float], object] = time.sleep
) -> T:
    """Read from a store as of one moment, begun anew for as long as the store is busy.

    Args:
        store: The store.
        work: What is read. It may be called several times, each time as of a later moment, so it
            hands nothing out before its end.
        pause: Lets so many seconds go by.

    Returns:
        What the work gave back.

    Raises:
        StoreBusy: The store was busy for all of `PATIENCE`.

    >>> from lockroutine.stores import MemoryStore
    >>> read_from(MemoryStore(), lambda reading: reading.event_count())
    0
    """
    return _begun_anew(store.reading, work, pause)


def browse(
    store: Store, work: Callable[[Cases], T], pause: Callable[[float], object] = time.sleep
) -> T:
    """Read from a store question by question, begun anew for as long as the store is busy.

    Each question is answered as of its own moment, so what belongs together is one question.

    Args:
        store: The store.
        work: What is read. It may be called several times, so it hands nothing out before its end.
        pause: Lets so many seconds go by.

    Returns:
        What the work gave back.

    Raises:
        StoreBusy: The store was busy for all of `PATIENCE`.

    >>> from lockroutine.stores import MemoryStore
    >>> browse(MemoryStore(), lambda cases: cases.case("1")) is None
    True
    """
    return _begun_anew(store.browsing, work, pause)


def _begun_anew(
    begin: Callable[[], AbstractContextManager[How]],
    work: Callable[[How], T],
    pause: Callable[[float], object],
) -> T:
    give_up, length = time.monotonic() + PATIENCE, 0.001
    while True:
        try:
            with begin() as transaction:
                return work(transaction)
        except StoreBusy:
            if time.monotonic() + length > give_up:
                raise
        pause(length)
        length = min(2 * length, _LONGEST_PAUSE)
