"""A round of the standing checks: what is found becomes a case, and what is settled is ended.

Cases are read by the page and judged as they are read. What there is to do is done case by case,
each in a transaction of its own in which it is judged once more. So a round can be stopped at any
moment and made again, two at once find nothing twice, and one bad case holds up no other.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

from lockroutine._log import log
from lockroutine.arguments import MOST
from lockroutine.book import Book
from lockroutine.decide import answer
from lockroutine.decide.sweeping import Found, found_by
from lockroutine.errors import ConflictError, InvalidForm, NotFound, Refused
from lockroutine.model import Case, Query
from lockroutine.routine import Routine, Step
from lockroutine.rules.sweeps import Sweep
from lockroutine.stores import CaseFilter, Reading, Store, Writing
from lockroutine.stores.again import read_from
from lockroutine.views import look

__all__ = ["Made", "SweepCount", "SweepReport", "Sweeper", "Wanted"]


@frozen
class SweepCount:
    """What one sweep came to.

    Args:
        found: How many cases were found now.
        settled: How many findings have settled themselves.
        standing: How many findings stand after the round.
    """

    found: int = 0
    settled: int = 0
    standing: int = 0


@frozen(kw_only=True)
class SweepReport:
    """What a round of the standing checks came to.

    Args:
        sweeps: By the name of each sweep.
        problems: What could not be written, each with the case and why.
    """

    sweeps: Mapping[str, SweepCount] = field(factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """How many cases were found now, by all sweeps together."""
        return sum(one.found for one in self.sweeps.values())

    @property
    def settled(self) -> int:
        """How many findings have settled themselves."""
        return sum(one.settled for one in self.sweeps.values())

    @property
    def standing(self) -> int:
        """How many findings stand after the round."""
        return sum(one.standing for one in self.sweeps.values())


@frozen
class Wanted:
    """A step that is to be made: of which case, and what is given."""

    case: Case
    transition: str
    form: Mapping[str, Any] | None = None


Made: TypeAlias = Callable[[Callable[[Writing], "Wanted | None"]], bool]
"""Makes the step that a function wants, once it has looked; False if it wants none."""


class Sweeper:
    """Makes a round of the sweeps of a routine.

    Args:
        store: Where the cases are.
        book: The routines that they run under.
        routine: The routine whose sweeps are made.
        now: The time of the round.
        make: Makes a step in a transaction.
    """

    def __init__(
        self, store: Store, book: Book, routine: Routine, now: dt.datetime, make: Made
    ) -> None:
        self._store = store
        self._book = book
        self._routine = routine
        self._sweeps = routine.pack.sweep
        self._now = now
        self._make = make
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in self._sweeps}
        self._problems: list[str] = []

    def sweep(self) -> SweepReport:
        """Settle what is found no longer, then find what is there."""
        for finding in self._to_settle():
            self._try("settled", str(finding.value("sweep")), finding, self._settling(finding))
        for name in self._sweeps:
            for case in self._to_find(name):
                self._try("found", name, case, self._finding(name, case))
        for finding in self._findings(lambda reading, finding: True):
            self._counts.setdefault(str(finding.value("sweep")), Counter())["standing"] += 1
        counts = {name: SweepCount(**count) for name, count in self._counts.items()}
        return SweepReport(sweeps=counts, problems=tuple(self._problems))

    def _try(
        self, what: str, name: str, case: Case, wanted: Callable[[Writing], Wanted | None]
    ) -> None:
        try:
            if self._make(wanted):
                self._counts.setdefault(name, Counter())[what] += 1
        except (ConflictError, InvalidForm, NotFound, Refused) as error:
            # One bad case holds up no other; it is tried again in the next round.
            log("sweep_not_made", case=case.id, sweep=name, error=type(error).__name__)
            self._problems.append(f"{name}: {case.process} {case.id}: {error}")

    # -- what there is to do, as it is read ----------------------------------------------------

    def _to_settle(self) -> Iterator[Case]:
        return self._findings(lambda reading, finding: not self._stands(reading, finding))

    def _to_find(self, name: str) -> Iterator[Case]:
        sweep = self._sweeps[name]

        def there_is(reading: Reading, case: Case) -> bool:
            found = self._judge(reading, sweep, case)
            return found is not None and not self._known(reading, name, case)

        for state in sweep.states:
            wanted = CaseFilter(process=sweep.process, state=state, is_open=True)
            yield from self._cases(wanted, there_is)

    def _findings(self, keep: Callable[[Reading, Case], bool]) -> Iterator[Case]:
        for process in dict.fromkeys(_step(sweep.opens).process for sweep in self._sweeps.values()):
            yield from self._cases(CaseFilter(process=process, is_open=True), keep)

    def _cases(self, wanted: CaseFilter, keep: Callable[[Reading, Case], bool]) -> Iterator[Case]:
        """The cases that are to be kept, read by the page; nothing is open when they are handed."""
        after = ""

        def read(reading: Reading) -> tuple[list[Case], list[Case]]:
            page = [self._book.meet(reading, one) for one in reading.cases(wanted, after, MOST)]
            return page, [one for one in page if keep(reading, one)]

        while True:
            page, kept = read_from(self._store, read)
            yield from kept
            if len(page) < MOST:
                return
            after = page[-1].id

    # -- what there is to do, as it is written -------------------------------------------------

    def _settling(self, finding: Case) -> Callable[[Writing], Wanted | None]:
        def wanted(transaction: Writing) -> Wanted | None:
            known = transaction.case(finding.id)
            if known is None or not known.is_open or self._stands(transaction, known):
                return None
            return Wanted(known, self._settles(known))

        return wanted

    def _finding(self, name: str, case: Case) -> Callable[[Writing], Wanted | None]:
        sweep = self._sweeps[name]

        def wanted(transaction: Writing) -> Wanted | None:
            known = transaction.case(case.id)
            found = known and self._judge(transaction, sweep, known)
            if not known or not found or self._known(transaction, name, known):
                return None
            step = _step(sweep.opens)
            form = {"sweep": name, "case_id": known.id, "unjudged": list(found.unjudged)}
            subject = self._routine.process(step.process).subject(known.subject)
            blank = self._routine.blank(step.process, "", subject, known.unit)
            return Wanted(blank, step.transition, form)

        return wanted

    # -- judging -------------------------------------------------------------------------------

    def _judge(self, reading: Reading, sweep: Sweep, case: Case) -> Found | None:
        asking = found_by(
            self._book, self._routine, sweep, self._book.meet(reading, case), self._now
        )
        return answer(asking, look(self._book, reading))

    def _stands(self, reading: Reading, finding: Case) -> bool:
        """Whether what a finding tells of is still found."""
        sweep = self._sweeps.get(str(finding.value("sweep")))
        case = reading.case(str(finding.value("case_id")))
        return bool(sweep and case and self._judge(reading, sweep, case))

    def _known(self, reading: Reading, name: str, case: Case) -> bool:
        """Whether there is an open finding of this sweep on this case."""
        process = _step(self._sweeps[name].opens).process
        subject = self._routine.process(process).subject(case.subject)
        found = reading.find(Query(process=process, field="subject", value=subject))
        return any(
            (one.is_open, one.value("sweep"), one.value("case_id")) == (True, name, case.id)
            for one in found
        )

    def _settles(self, finding: Case) -> str:
        """The step that ends a finding; of a sweep that is no more, that of another one."""
        own = self._sweeps.get(str(finding.value("sweep")))
        sweeps = [own] if own else []
        steps = [_step(sweep.settles) for sweep in (*sweeps, *self._sweeps.values())]
        return next(step.transition for step in steps if step.process == finding.process)


def _step(name: str) -> Step:
    process, _, transition = name.partition(".")
    return Step(process, transition)
