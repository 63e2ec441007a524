"""Cases as they stood at a time: what was on record then, replayed from their histories.

What was recorded later is not known there, also if it had happened before: these are the lists that
people had before them. It reads the history of every case that may be meant, so it is slow.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterator, Sequence

from lockroutine.arguments import MOST
from lockroutine.book import Book
from lockroutine.model import Awaited, Case, Event, WaitingCase
from lockroutine.rules.source import Source
from lockroutine.stores import CaseFilter, Cases, Position
from lockroutine.stores.base import due_key, fits, is_awaited
from lockroutine.verify import replay

__all__ = ["Past"]


class Past:
    """What was on record at a time, read like the present.

    Args:
        book: The routines.
        reading: A reading of the present.
        as_of: The time.
    """

    def __init__(self, book: Book, reading: Cases, as_of: dt.datetime) -> None:
        self._book = book
        self._reading = reading
        self._as_of = as_of
        self._lists: dict[tuple[object, ...], list[WaitingCase]] = {}
        book.load(reading)

    def history(self, case_id: str) -> tuple[Event, ...]:
        """What was on record of a case."""
        # Clocks of several machines differ by a little: whatever follows came later.
        known = itertools.takewhile(
            lambda event: event.recorded_at <= self._as_of, self._reading.history(case_id)
        )
        return tuple(known)

    def case(self, case_id: str) -> Case | None:
        """The case as it stood; None if it was not there yet."""
        events = self.history(case_id)
        return replay(self._book.__getitem__, events) if events else None

    def cases(self, wanted: CaseFilter, after: str, limit: int) -> list[Case]:
        """Cases in the order of their ids, from behind ``after``, by how they stood."""
        found = (case for case in self._all(wanted, after, limit) if _meant(case, wanted))
        return list(itertools.islice(found, limit))

    def waiting(
        self,
        states: Sequence[Awaited],
        units: frozenset[str] | None,
        known: Collection[str],
        after: Position | None,
        limit: int,
    ) -> list[WaitingCase]:
        """Cases that waited in these states, oldest due first, then by id.

        All routines are known from the beginning.
        """
        asked = (*states, units)
        if asked not in self._lists:  # the pages of one list are cut from it
            found = [
                case
                for process in dict.fromkeys(one.process for one in states)
                for case in self._waiting(process)
                if is_awaited(case, states, units)
            ]
            self._lists[asked] = sorted(found, key=lambda case: (due_key(case), case.id))
        whole = self._lists[asked]
        behind = (case for case in whole if after is None or (due_key(case), case.id) > after)
        return list(itertools.islice(behind, limit))

    def routine_keys(self) -> frozenset[str]:
        """Every routine that the store knows."""
        return self._reading.routine_keys()

    def routine(self, key: str) -> Source | None:
        """The text of one of them."""
        return self._reading.routine(key)

    def _waiting(self, process: str) -> Iterator[WaitingCase]:
        for case in self._all(CaseFilter(process=process), "", MOST):
            rules = self._book[case.routine].process(process)
            if rules.waits(case):
                yield WaitingCase.of(case, rules.owed(case))

    def _all(self, wanted: CaseFilter, after: str, page: int) -> Iterator[Case]:
        """The cases of a process and subject, which never change, as they stood."""
        steady = CaseFilter(process=wanted.process, subject=wanted.subject)
        while found := self._reading.cases(steady, after, page):
            for one in found:
                then = self.case(one.id)
                if then is not None:
                    yield then
            after = found[-1].id


def _meant(case: Case, wanted: CaseFilter) -> bool:
    whose = wanted.units is None or case.unit in wanted.units
    jobs = (field for process, field, _ in wanted.jobs if process == case.process)
    return (
        fits(case, wanted)
        and (whose or any((case.process, f, case.value(f)) in wanted.jobs for f in jobs))
        and wanted.reference in (None, *case.references)
    )
