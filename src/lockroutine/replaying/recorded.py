"""Commands as they were recorded, and the cases that they make when they are given again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs
from attrs import field, frozen

from lockroutine.decide import Change
from lockroutine.model import Case, Event, Query
from lockroutine.routine import Routine
from lockroutine.stores.base import DamagedEvent
from lockroutine.verify import replay, until

__all__ = ["Recorded", "World", "as_recorded", "commands"]


@frozen
class Recorded:
    """A command as it was recorded.

    Args:
        events: Its own event first, then those that it drove.
    """

    events: list[Event] = field(factory=list)

    @property
    def key(self) -> str:
        """Its own event, as ``case/version``."""
        first = self.events[0]
        return f"{first.case_id}/{first.version}"


class World:
    """The cases as they come out under other rules.

    Args:
        book: Those rules.
    """

    def __init__(self, book: Mapping[str, Routine]) -> None:
        self.cases: dict[str, Case] = {}
        self._book = book
        self._events: dict[str, list[Event]] = {}
        self._found: dict[tuple[str, str, str], set[str]] = {}

    def find(self, query: Query) -> tuple[Case, ...]:
        """The cases that a decision asks for, as a store finds them."""
        ids = sorted(self._found.get((query.process, query.field, query.value), ()))
        if query.as_of is None:
            return tuple(self.cases[case_id] for case_id in ids)
        known = self._book.__getitem__
        histories = (until(known, self._events[case_id], query.as_of) for case_id in ids)
        return tuple(replay(known, events) for events in histories if events)

    def keep(self, change: Change, case_id: str) -> None:
        """Take a change in, of the case of this id."""
        case, event = change.case, change.event
        if case_id != case.id:
            case, event = attrs.evolve(case, id=case_id), attrs.evolve(event, case_id=case_id)
        self.cases[case_id] = case
        self._events.setdefault(case_id, []).append(event)
        for name, value in (("subject", case.subject), *change.found_by):
            self._found.setdefault((case.process, name, value), set()).add(case_id)


def commands(events: Iterator[Event]) -> list[Recorded]:
    """The commands that events were recorded by, in their order.

    Raises:
        DamagedEvent: An event is not as it was recorded.
    """
    by_event: dict[str, Recorded] = {}
    found: list[Recorded] = []
    for event in events:
        if not event.is_whole():
            raise DamagedEvent(f"{event.case_id}/{event.version}")
        recorded = by_event.get(event.cause)
        if recorded is None:
            recorded = Recorded()
            found.append(recorded)
        recorded.events.append(event)
        by_event[f"{event.case_id}/{event.version}"] = recorded
    return found


def as_recorded(changes: Sequence[Change], recorded: Recorded) -> Mapping[str, str]:
    """For the cases that a command opens jointly, the ids that they were recorded by."""
    opened = [event for event in recorded.events[1:] if event.version == 1]
    ids: dict[str, str] = {}
    for change in changes[1:]:
        alike = (
            event
            for event in opened
            if (event.process, event.subject) == (change.case.process, change.case.subject)
        )
        event = None if change.before.version else next(alike, None)
        if event:
            opened.remove(event)
            ids[change.case.id] = event.case_id
    return ids
