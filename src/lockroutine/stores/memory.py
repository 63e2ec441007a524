"""Everything in memory: for tests, trying out, and as the model for other stores."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

import attrs
from attrs import Factory, define

from lockroutine.decide import Change
from lockroutine.errors import StoreError
from lockroutine.figures import Pending
from lockroutine.model import Awaited, Case, Effect, Event, Filed, Query, Reference, WaitingCase
from lockroutine.rules.reader import Source
from lockroutine.stores.base import (
    CaseFilter,
    FirstResult,
    Position,
    claimed_as,
    due_key,
    fits,
    is_awaited,
    lost_race,
    one_open,
)

__all__ = ["MemoryStore"]


@define
class _Tables:
    cases: dict[str, Case] = Factory(dict)
    waiting: dict[str, WaitingCase] = Factory(dict)
    events: list[Event] = Factory(list)
    effects: dict[str, Effect] = Factory(dict)
    results: dict[str, FirstResult] = Factory(dict)
    routines: dict[str, Source] = Factory(dict)
    open_keys: dict[str, str] = Factory(dict)
    found_by: set[tuple[str, str, str, str]] = Factory(set)
    references: set[tuple[Reference, str]] = Factory(set)
    cursors: dict[str, str] = Factory(dict)
    refused: Counter[str] = Factory(Counter)

    def copy(self) -> _Tables:
        return _Tables(
            dict(self.cases),
            dict(self.waiting),
            list(self.events),
            dict(self.effects),
            dict(self.results),
            dict(self.routines),
            dict(self.open_keys),
            set(self.found_by),
            set(self.references),
            dict(self.cursors),
            Counter(self.refused),
        )


class MemoryStore:
    """A store that forgets everything when it is let go.

    >>> store = MemoryStore()
    >>> with store.reading() as reading:
    ...     reading.case("1") is None
    True
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tables: _Tables | None = _Tables()

    @contextmanager
    def reading(self) -> Generator[_Transaction, None, None]:
        """Read as of one moment."""
        with self._lock:
            yield _Transaction(self._opened())

    browsing = reading

    @contextmanager
    def writing(self) -> Generator[_Transaction, None, None]:
        """Write in one transaction: on a copy that takes the place of the tables at the end."""
        with self._lock:
            tables = self._opened().copy()
            yield _Transaction(tables)
            self._tables = tables

    def count_refusals(self, rules: Sequence[str]) -> None:
        """Count that these rules refused."""
        with self._lock:
            self._opened().refused.update(rules)

    def close(self) -> None:
        """Forget everything."""
        self._tables = None

    def _opened(self) -> _Tables:
        if self._tables is None:
            raise StoreError("The store is closed.")
        return self._tables


class _Transaction:
    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    def ahead(self, case_id: str, processes: Collection[str]) -> None:
        pass  # it is all here

    def case(self, case_id: str) -> Case | None:
        return self._tables.cases.get(case_id)

    def find(self, query: Query) -> tuple[Case, ...]:
        tables = self._tables
        return tuple(
            case
            for case in sorted(tables.cases.values(), key=lambda case: case.id)
            if case.process == query.process and self._has(case, query)
        )

    def _has(self, case: Case, query: Query) -> bool:
        if query.field == "subject":
            return case.subject == query.value
        return (case.process, query.field, query.value, case.id) in self._tables.found_by

    def history(self, case_id: str) -> tuple[Event, ...]:
        return tuple(event for event in self._tables.events if event.case_id == case_id)

    def histories(self, case_ids: Sequence[str]) -> Mapping[str, tuple[Event, ...]]:
        found: dict[str, list[Event]] = {case_id: [] for case_id in case_ids}
        for event in self._tables.events:
            if event.case_id in found:
                found[event.case_id].append(event)
        return {case_id: tuple(events) for case_id, events in found.items()}

    def filed(self, case_ids: Sequence[str]) -> Mapping[str, Filed]:
        tables = self._tables
        keys = {holder: key for key, holder in tables.open_keys.items()}
        places: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for process, name, value, case_id in tables.found_by:
            places.setdefault((process, case_id), set()).add((name, value))
        there = [tables.cases[one] for one in case_ids if one in tables.cases]
        return {
            case.id: Filed.of(
                case,
                waits=case.id in tables.waiting,
                owed=tables.waiting[case.id].owed if case.id in tables.waiting else (),
                open_key=keys.get(case.id, ""),
                found_by=places.get((case.process, case.id), ()),
            )
            for case in there
        }

    def history_page(self, case_id: str, after: int, limit: int) -> list[Event]:
        return [event for event in self.history(case_id) if event.version > after][:limit]

    def events(self) -> Iterator[Event]:
        yield from self._tables.events

    def event_count(self) -> int:
        return len(self._tables.events)

    def cases(self, wanted: CaseFilter, after: str, limit: int) -> list[Case]:
        found = sorted(self._tables.cases.values(), key=lambda case: case.id)
        tables = self._tables
        return [case for case in found if case.id > after and _fits(case, wanted, tables)][:limit]

    def waiting(
        self,
        states: Sequence[Awaited],
        units: frozenset[str] | None,
        known: Collection[str],
        after: Position | None,
        limit: int,
    ) -> list[WaitingCase]:
        if not self._tables.routines.keys() <= set(known):
            return []
        waiting = self._tables.waiting
        found = sorted(
            (due_key(case), case.id) for case in waiting.values() if is_awaited(case, states, units)
        )
        return [waiting[i] for due, i in found if after is None or (due, i) > after][:limit]

    def timers(self, until: dt.datetime, after: Position | None, limit: int) -> list[Case]:
        due = sorted(
            (case.timer_at.isoformat(), case.id)
            for case in self._tables.cases.values()
            if case.is_open and case.timer_at and case.timer_at <= until
        )
        found = [case_id for at, case_id in due if after is None or (at, case_id) > after]
        return [self._tables.cases[case_id] for case_id in found[:limit]]

    def effects(
        self, case_id: str | None, state: str | None, after: str, limit: int
    ) -> list[Effect]:
        effects = self._tables.effects
        beyond = list(effects).index(after) + 1 if after in effects else 0
        found = (
            effect
            for effect in islice(effects.values(), beyond, None)
            if case_id in (None, effect.case_id) and state in (None, effect.state)
        )
        return list(islice(found, limit))

    def effect(self, key: str) -> Effect | None:
        return self._tables.effects.get(key)

    def backlog(self) -> Mapping[tuple[str, str], Pending]:
        times: dict[tuple[str, str], list[dt.datetime]] = {}
        for effect in self._tables.effects.values():
            if effect.state not in ("done", "dismissed"):
                times.setdefault((effect.system, effect.state), []).append(effect.due_at)
        return {place: Pending(len(found), min(found)) for place, found in times.items()}

    def server_time(self) -> dt.datetime | None:
        return None

    def first_result(self, key: str) -> FirstResult | None:
        return self._tables.results.get(key)

    def routine_keys(self) -> frozenset[str]:
        return frozenset(self._tables.routines)

    def routine(self, key: str) -> Source | None:
        return self._tables.routines.get(key)

    def cursor(self, system: str) -> str:
        return self._tables.cursors.get(system, "")

    def refusals(self) -> Mapping[str, int]:
        return self._tables.refused

    def apply(self, changes: Sequence[Change], key: str = "", digest: str = "") -> None:
        tables = self._tables
        for change in changes:
            case = change.case
            stored = tables.cases.get(case.id)
            if (stored.version if stored else 0) != change.before.version:
                raise lost_race(case.id)
            holder = tables.open_keys.get(change.open_key, case.id)
            if holder != case.id:
                raise one_open(holder)
            if change.before.version:
                held = [key for key, holder in tables.open_keys.items() if holder == case.id]
                for key_before in held:
                    del tables.open_keys[key_before]
            if change.open_key:
                tables.open_keys[change.open_key] = case.id
            tables.cases[case.id] = case
            tables.waiting.pop(case.id, None)
            if case.is_open and change.waits:
                tables.waiting[case.id] = WaitingCase.of(case, change.owed)
            tables.events.append(change.event)
            tables.found_by.update((case.process, *pair, case.id) for pair in change.found_by)
            tables.references.update((ref, case.id) for ref in case.references)
            tables.effects.update((effect.key, effect) for effect in change.effects)
        if key:
            first = changes[0].event
            tables.results[key] = FirstResult(first.case_id, first.version, digest)

    def claim(
        self, limits: Mapping[str, int], now: dt.datetime, until: dt.datetime
    ) -> list[Effect]:
        found: list[Effect] = []
        for system, limit in limits.items():
            ready = [e for e in self._next() if e.system == system and e.due_at <= now]
            found += sorted(ready, key=lambda effect: effect.due_at)[:limit]
        for effect in found:
            taken = attrs.evolve(effect, state="in_flight", due_at=until)
            self._tables.effects[effect.key] = taken
        return [attrs.evolve(e, state=claimed_as(e.state), due_at=until) for e in found]

    def _next(self) -> Iterator[Effect]:
        """Of each case and system, the first effect that is not over, if it can be sent."""
        seen: set[tuple[str, str]] = set()
        for effect in self._tables.effects.values():
            place = (effect.case_id, effect.system)
            if effect.state in ("done", "dismissed", "asked") or place in seen:
                continue
            seen.add(place)
            if effect.state != "parked":
                yield effect

    def settle(
        self, effect: Effect, lease: dt.datetime | None, reference: Reference | None = None
    ) -> bool:
        stored = self._tables.effects[effect.key]
        if lease is not None and (stored.state, stored.due_at) != ("in_flight", lease):
            return False
        self._tables.effects[effect.key] = attrs.evolve(
            stored,
            state=effect.state,
            due_at=effect.due_at,
            attempts=effect.attempts,
            message=effect.message,
            outside=effect.outside,
        )
        if reference:
            self._tables.references.add((reference, effect.case_id))
        return True

    def keep_routine(self, key: str, source: Source) -> None:
        self._tables.routines[key] = source

    def keep_cursor(self, system: str, cursor: str) -> None:
        self._tables.cursors[system] = cursor


def _fits(case: Case, wanted: CaseFilter, tables: _Tables) -> bool:
    return (
        fits(case, wanted)
        and (wanted.units is None or case.unit in wanted.units or _is_job(case, wanted, tables))
        and (wanted.reference is None or (wanted.reference, case.id) in tables.references)
    )


def _is_job(case: Case, wanted: CaseFilter, tables: _Tables) -> bool:
    return any((*job, case.id) in tables.found_by for job in wanted.jobs)
