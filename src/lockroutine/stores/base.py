"""The protocol that every store keeps. ``lockroutine.testing`` has the contract that checks it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar, runtime_checkable

from attrs import frozen

from lockroutine.decide import Change
from lockroutine.errors import ConflictError, StoreError
from lockroutine.figures import Pending
from lockroutine.model import (
    Awaited,
    Case,
    Effect,
    EffectState,
    Event,
    Filed,
    Query,
    Reference,
    WaitingCase,
)
from lockroutine.rules.reader import Source

__all__ = [
    "NEVER_DUE",
    "PAGE",
    "Bindable",
    "Bound",
    "CaseFilter",
    "Cases",
    "DamagedEvent",
    "FirstResult",
    "Position",
    "Reading",
    "Store",
    "Writing",
    "all_effects",
    "claimed_as",
    "due_key",
    "fits",
    "is_awaited",
    "lost_race",
    "one_open",
]

T = TypeVar("T")

PAGE = 1000
"""How much is read at a time of what is looked at to its end."""

NEVER_DUE = "~"
"""The sorting key of what is never overdue: behind all others."""

Position = tuple[str, str]
"""Where a page ended: the sorting key of its last row, and that row's case id."""


class DamagedEvent(StoreError):
    """A stored event is not, letter by letter, as it was written.

    Attributes:
        event: Which one, as ``case/version``.
    """

    def __init__(self, event: str) -> None:
        super().__init__(event)
        self.event = event

    def __str__(self) -> str:
        return f"The event {self.event} is not as it was recorded."


@frozen(kw_only=True)
class CaseFilter:
    """Which cases are asked for; what is left out does not matter.

    ``jobs`` goes with ``units``: beside the cases of those units, the ones that have, or ever had,
    one of these values (process, field, value); who asks looks whether they still have it.
    """

    process: str | None = None
    state: str | None = None
    subject: str | None = None
    unit: str | None = None
    units: frozenset[str] | None = None
    jobs: frozenset[tuple[str, str, str]] = frozenset()
    is_open: bool | None = None
    reference: Reference | None = None


@frozen
class FirstResult:
    """What the first command with a key did."""

    case_id: str
    version: int
    digest: str


class Cases(Protocol):
    """What can be read of cases and of the routines that they run under."""

    def case(self, case_id: str) -> Case | None:
        """The case of that id."""
        ...

    def history(self, case_id: str) -> tuple[Event, ...]:
        """All events of a case, in order.

        Raises:
            DamagedEvent: One of them is not as it was written.
        """
        ...

    def cases(self, wanted: CaseFilter, after: str, limit: int) -> list[Case]:
        """Cases in the order of their ids, from behind ``after``."""
        ...

    def waiting(
        self,
        states: Sequence[Awaited],
        units: frozenset[str] | None,
        known: Collection[str],
        after: Position | None,
        limit: int,
    ) -> list[WaitingCase]:
        """Open cases that wait for somebody in these states, oldest due first, then by id.

        A case itself is made only when it is asked for, and is then as it was when it was read.

        Args:
            states: The states; none is named twice.
            units: Only cases of these units; None for all.
            known: By the states of which routines it is asked. If the store has a further one,
                there is nothing to be found yet.
            after: Where the page before ended.
            limit: How many at most.
        """
        ...

    def routine_keys(self) -> frozenset[str]:
        """Every routine that cases were started under, as ``name@version``."""
        ...

    def routine(self, key: str) -> Source | None:
        """The text of one of them."""
        ...


class Reading(Cases, Protocol):
    """What can be read, all of it as of one moment."""

    def ahead(self, case_id: str, processes: Collection[str]) -> None:
        """Tell what will be asked for: a case, and those of these processes about its subject.

        A store that takes long to reach may fetch them now, together, and have them ready for
        `case` and `find`. Others need do nothing.
        """
        ...

    def find(self, query: Query) -> tuple[Case, ...]:
        """The cases that have, or ever had, what the query asks for, oldest first.

        ``as_of`` is not looked at: who asks replays the histories.
        """
        ...

    def histories(self, case_ids: Sequence[str]) -> Mapping[str, tuple[Event, ...]]:
        """All events of each of these cases, in order; none where there is no such case.

        Raises:
            DamagedEvent: One of them is not as it was written.
        """
        ...

    def filed(self, case_ids: Sequence[str]) -> Mapping[str, Filed]:
        """By what each of these cases is found here, as far as there is such a case.

        Of a case that waits for nobody, what it owes need not be known.
        """
        ...

    def history_page(self, case_id: str, after: int, limit: int) -> list[Event]:
        """The events of a case from behind its event number ``after``, so many at most, in order.

        Raises:
            DamagedEvent: One of them is not as it was written.
        """
        ...

    def events(self) -> Iterator[Event]:
        """All events of all cases, in the order of recording; never many in memory at a time."""
        ...

    def event_count(self) -> int:
        """How many events there are, of whatever case."""
        ...

    def timers(self, until: dt.datetime, after: Position | None, limit: int) -> list[Case]:
        """Open cases whose timer has run out, the longest ago first, then by id.

        A position is the timer's time and the case's id.
        """
        ...

    def effects(
        self, case_id: str | None, state: str | None, after: str, limit: int
    ) -> list[Effect]:
        """Effects of a case, or in a state, in the order of recording.

        So many at most, from behind the one whose key is ``after``; from the first on, if that is
        empty or no effect's key.
        """
        ...

    def effect(self, key: str) -> Effect | None:
        """The effect with this key."""
        ...

    def backlog(self) -> Mapping[tuple[str, str], Pending]:
        """The effects that are neither done nor dismissed, counted by system and state."""
        ...

    def server_time(self) -> dt.datetime | None:
        """What the database server's clock says; None where no server is."""
        ...

    def first_result(self, key: str) -> FirstResult | None:
        """What the first command with this key did."""
        ...

    def cursor(self, system: str) -> str:
        """From where on a system is read next; empty if it never was."""
        ...

    def refusals(self) -> Mapping[str, int]:
        """How often each rule refused, by its path."""
        ...


class Writing(Reading, Protocol):
    """One transaction: everything that it is given is kept, or nothing."""

    def apply(self, changes: Sequence[Change], key: str = "", digest: str = "") -> None:
        """Keep what was decided.

        Raises:
            ConflictError: A case is not as it was before, or another took its place.
        """
        ...

    def claim(
        self, limits: Mapping[str, int], now: dt.datetime, until: dt.datetime
    ) -> list[Effect]:
        """Take effects that may be sent now, so that nobody else does until a time.

        Args:
            limits: How many at most for each system; of other systems, none.
            now: What is due by then is taken.
            until: Until when they are taken; whoever died with one loses it then.

        Returns:
            The effects, ``in_flight`` until then; one that somebody else had taken and lost is
            ``unknown`` instead. An effect for a system comes after those that its case asked of
            that system before.
        """
        ...

    def settle(
        self, effect: Effect, lease: dt.datetime | None, reference: Reference | None = None
    ) -> bool:
        """Keep where an effect is now, with its due time, attempts, message and outside id.

        Args:
            effect: The effect as it is to be.
            lease: The ``until`` of the claim that it was taken with; None for a person, who needs
                no claim.
            reference: The id that the outside system gave, by which the case is found then.

        Returns:
            False, and nothing is kept, if somebody else has taken it since.
        """
        ...

    def keep_routine(self, key: str, source: Source) -> None:
        """Keep the text of a routine."""
        ...

    def keep_cursor(self, system: str, cursor: str) -> None:
        """Keep from where on a system is read next."""
        ...


class Store(Protocol):
    """Where everything is kept."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Read as of one moment.

        Raises:
            StoreBusy: Somebody else's work was in the way, or the connection was lost, when it
                begins or inside. `lockroutine.stores.again.read_from` begins anew then.
        """
        ...

    def browsing(self) -> AbstractContextManager[Cases]:
        """Read question by question, each as of its own moment.

        Raises:
            StoreBusy: As in `reading`. `lockroutine.stores.again.browse` begins anew then.
        """
        ...

    def writing(self) -> AbstractContextManager[Writing]:
        """Write in one transaction; an exception of any kind undoes it.

        Raises:
            StoreBusy: Somebody else's work was in the way, when it begins, inside, or when it ends.
                `lockroutine.stores.again.repeated` begins anew then.
        """
        ...

    def count_refusals(self, rules: Sequence[str]) -> None:
        """Count that these rules refused, whatever becomes of the transaction in which they did.

        Of whom and what, nothing is kept.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class Bound(Store, Protocol):
    """A store in the host's own transaction."""

    @property
    def pause(self) -> Callable[[float], object]:
        """Lets so many seconds go by."""
        ...


@runtime_checkable
class Bindable(Protocol):
    """A store in a database of the host's, that can write in the host's own transaction."""

    def bind(self, connection: object) -> Bound:
        """A store in the transaction of a host's connection.

        Raises:
            InvalidForm: It is no connection that it can be bound to.
        """
        ...

    def bind_async(
        self, connection: object, work: Callable[[Bound], T]
    ) -> Coroutine[object, object, T]:
        """Do something on a store in the transaction of a host's connection that is awaited.

        Raises:
            InvalidForm: It is no connection that it can be bound to.
        """
        ...


def all_effects(
    reading: Reading, case_id: str | None = None, state: str | None = None
) -> Iterator[Effect]:
    """Every effect, or every one of a case or in a state, a page at a time."""
    after = ""
    while True:
        page = reading.effects(case_id, state, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].key


def lost_race(case_id: str) -> ConflictError:
    """That a case is no longer as it was when it was read."""
    return ConflictError("The case was changed by somebody else at the same time.", case_id)


def due_key(case: Case | WaitingCase) -> str:
    """What work lists are sorted by; cases that are never overdue come last."""
    return case.due_at.isoformat() if case.due_at else NEVER_DUE


def fits(case: Case, wanted: CaseFilter) -> bool:
    """Whether a case is as it is asked for; whose it is, and its references, are looked up."""
    named = {
        "process": wanted.process,
        "state": wanted.state,
        "subject": wanted.subject,
        "unit": wanted.unit,
        "is_open": wanted.is_open,
    }
    return all(value is None or getattr(case, name) == value for name, value in named.items())


def is_awaited(case: WaitingCase, states: Sequence[Awaited], units: frozenset[str] | None) -> bool:
    """Whether a case is in one of these states and units, and due by then if that is asked."""
    return (units is None or case.unit in units) and any(
        (one.process, one.state) == (case.process, case.state)
        and (one.due_by is None or (case.due_at is not None and case.due_at <= one.due_by))
        for one in states
    )


def one_open(holder: str) -> ConflictError:
    """That another case was opened first where only one may be."""
    return ConflictError("Another case of this kind was opened first.", holder)


def claimed_as(state: str) -> EffectState:
    """The state in which an effect is handed to the one who took it, by the one it was in."""
    return "unknown" if state in ("in_flight", "unknown") else "in_flight"
