"""A round of the clock: the steps whose time has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from lockroutine._log import log
from lockroutine.book import Book
from lockroutine.decide.evolve import clock_steps
from lockroutine.errors import ConflictError, Refused
from lockroutine.model import Actor, Case
from lockroutine.rules.terms import CLOCK
from lockroutine.stores import Position, Reading, Store
from lockroutine.stores.again import read_from

__all__ = ["Ticker"]

_CLOCK = Actor(CLOCK, roles={CLOCK})


class Ticker:
    """Makes the steps of the clock.

    Args:
        store: The store.
        book: The routines of its cases.
        perform: Makes a step, as `Engine.perform` does.
    """

    def __init__(self, store: Store, book: Book, perform: Callable[..., Case]) -> None:
        self._store = store
        self._book = book
        self._perform = perform

    def tick(self, now: dt.datetime, limit: int) -> tuple[Case, ...]:
        """Move the cases whose timers have run out by then, so many at most; see `Engine.tick`."""
        moved: list[Case] = []
        for case in self._run_out(now, limit):
            made = self._by_the_clock(case, now)
            moved += [made] if made else []
            if len(moved) == limit:
                break
        return tuple(moved)

    def _by_the_clock(self, case: Case, now: dt.datetime) -> Case | None:
        """Make the first step of a case whose time has come and that no rule refuses."""
        routine = self._book[case.routine]
        for name, at in clock_steps(routine, routine.process(case.process), case):
            if at > now:
                break
            try:
                return self._perform(case.id, name, actor=_CLOCK, expect=case.version)
            except (ConflictError, Refused) as error:
                # What cannot be made holds up nothing else; it is tried again at the next tick.
                log("timer_not_made", case=case.id, transition=name, error=type(error).__name__)
        return None

    def _run_out(self, now: dt.datetime, limit: int) -> Iterator[Case]:
        """The cases whose timers have run out, longest ago first, read so many at a time."""
        after: Position | None = None

        def read(reading: Reading) -> list[Case]:
            return [self._book.meet(reading, one) for one in reading.timers(now, after, limit)]

        while True:
            found = read_from(self._store, read)
            yield from found
            if len(found) < limit:
                return
            last = found[-1]
            assert last.timer_at is not None  # else it would not have run out
            after = last.timer_at.isoformat(), last.id
