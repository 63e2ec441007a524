"""Figures to follow a routine by. Each says what it counts; the docs print the same words.

Source: R12 (statistics), R7 (stock).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import field, frozen

from lockroutine.model import Case, Event
from lockroutine.routine import Routine
from lockroutine.rules.shown import Stock

__all__ = ["Backlog", "Figures", "Pending", "StateTime", "StockLine", "count"]


@frozen
class StateTime:
    """How long cases stayed in a state.

    Args:
        stays: How many stays there were that have ended.
        total: How long they were together.
    """

    stays: int
    total: dt.timedelta

    @property
    def mean(self) -> dt.timedelta:
        """How long a stay was on average."""
        return self.total / self.stays


@frozen
class StockLine:
    """One kind of thing in the store.

    Args:
        there: How many are in the store.
        missing: How many fewer than the pack's minimum; 0 if there are enough.
    """

    there: int
    missing: int


@frozen(kw_only=True)
class Figures:
    """The figures of a store at one moment.

    Args:
        open_cases: Open cases by process and state.
        overdue: Open cases past the time that the pack sets for their state, by process and state.
        time_in_state: For each process and state, the stays that have ended: from the event that
            led into the state to the one that led out, by when they happened.
        stock: By the pack's stock and what it is told apart by: how many are there, and how many
            are missing to the minimum. What was in the store once is listed with 0.
        late_entries: Events entered late, by process.
        refusals: How often each rule refused a command, by its path; questions do not count.
    """

    open_cases: Mapping[tuple[str, str], int]
    overdue: Mapping[tuple[str, str], int]
    time_in_state: Mapping[tuple[str, str], StateTime]
    stock: Mapping[str, Mapping[str, StockLine]]
    late_entries: Mapping[str, int]
    refusals: Mapping[str, int] = field(factory=dict)


@frozen
class Pending:
    """Effects for one system that are in one state.

    Args:
        effects: How many there are.
        oldest: The earliest of their times: since when one may be tried; for what is ``asked`` or
            ``parked``, since when it is so; for what is ``in_flight``, until when it may be.
    """

    effects: int
    oldest: dt.datetime


@frozen(kw_only=True)
class Backlog:
    """What waits to go out at one moment; cheap to count, so that it can be watched.

    Args:
        at: The moment.
        pending: Effects that are not over, by system and state.
        step_due_at: Since when the clock could have made the step that waits longest for it; None
            if it has made all.
        refusals: How often each rule refused a command, by its path; questions do not count.
    """

    at: dt.datetime
    pending: Mapping[tuple[str, str], Pending]
    step_due_at: dt.datetime | None = None
    refusals: Mapping[str, int] = field(factory=dict)

    def effects(self, state: str) -> int:
        """How many effects are in a state, for whatever system."""
        return sum(one.effects for (_, there), one in self.pending.items() if there == state)

    def oldest(self, *states: str) -> dt.datetime | None:
        """The earliest time of the effects in these states; None if there are none."""
        times = [one.oldest for (_, state), one in self.pending.items() if state in states]
        return min(times, default=None)

    @property
    def overdue(self) -> dt.timedelta:
        """For how long something could have been sent, or looked up, that was not; 0 if nothing."""
        oldest = self.oldest("due", "failed", "unknown", "in_flight")
        return max(self.at - oldest, dt.timedelta()) if oldest else dt.timedelta()

    @property
    def step_overdue(self) -> dt.timedelta:
        """For how long the clock could have made a step that it has not; 0 if there is none."""
        return self.at - self.step_due_at if self.step_due_at else dt.timedelta()


def count(
    routine: Routine,
    histories: Iterable[tuple[Case, Sequence[Event]]],
    refusals: Mapping[str, int],
    now: dt.datetime,
) -> Figures:
    """Count everything once, in one pass over the cases and their events."""
    open_cases: Counter[tuple[str, str]] = Counter()
    overdue: Counter[tuple[str, str]] = Counter()
    stocks = {n: s for n, s in routine.pack.shown.items() if isinstance(s, Stock)}
    there: dict[str, Counter[str]] = {name: Counter() for name in stocks}
    stays: Counter[tuple[str, str]] = Counter()
    total: defaultdict[tuple[str, str], dt.timedelta] = defaultdict(dt.timedelta)
    late: Counter[str] = Counter()
    for case, events in histories:
        place = (case.process, case.state)
        if case.is_open:
            open_cases[place] += 1
            overdue[place] += case.due_at is not None and case.due_at < now
        for name, stock in stocks.items():
            if case.process == stock.process and (kind := case.value(stock.by)):
                there[name][str(kind)] += case.state in stock.states
        late.update(event.process for event in events if event.late_reason)
        for state, length in _stays(events):
            stays[state] += 1
            total[state] += length
    return Figures(
        open_cases=dict(open_cases),
        overdue=dict(+overdue),
        time_in_state={place: StateTime(n, total[place]) for place, n in stays.items()},
        stock={
            name: _lines(there[name], routine.parameters[stock.minimum])
            for name, stock in stocks.items()
        },
        late_entries=dict(late),
        refusals=refusals,
    )


def _lines(there: Counter[str], minimum: object) -> dict[str, StockLine]:
    least = minimum if isinstance(minimum, int) else 0
    return {kind: StockLine(n, max(0, least - n)) for kind, n in sorted(there.items())}


def _stays(events: Iterable[Event]) -> Iterator[tuple[tuple[str, str], dt.timedelta]]:
    """The processes and states that a case was in and left again, each with how long."""
    since = None
    for event in events:
        if event.before == event.after or event.moved_from:
            continue  # what came under other rules stays where it was, if under another name
        if since:
            yield (event.process, event.before), event.happened_at - since
        since = event.happened_at
