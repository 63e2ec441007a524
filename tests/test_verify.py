"""Looking at everything: whatever was changed, added or taken away is found and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from lockroutine import Case, Event, Facts, NotFound, StoreError, views
from lockroutine.decide import Change
from lockroutine.facts import sha256
from lockroutine.stores._sqlite import Transaction
from lockroutine.verify import problems_with, replay
from smallpack import ANNA, BO, BOOKING, MONDAY, ROUTINE, fitted, opened, order

BOOK = {ROUTINE.key: ROUTINE}


@pytest.fixture(scope="module")
def kept() -> tuple[Case, tuple[Event, ...]]:
    engine = opened()
    case = order(engine)
    engine.perform(case.id, "book", actor=BO, form=BOOKING)
    engine.perform(case.id, "errand", actor=ANNA, form={"errand_number": "P-9"})
    return engine.case(case.id), engine.history(case.id)


def found(case: Case, events: tuple[Event, ...]) -> list[str]:
    return [str(problem) for problem in problems_with(BOOK.__getitem__, case, events)]


def sealed_anew(event: Event, **changes: Any) -> Event:
    changed = attrs.evolve(event, **changes)
    return attrs.evolve(changed, hash=sha256(changed.body))


def test_all_is_well(kept: tuple[Case, tuple[Event, ...]]) -> None:
    """A case with its events as they were recorded has no problems."""
    case, events = kept
    assert found(case, events) == []
    assert replay(BOOK.__getitem__, events) == case


def test_a_changed_event(kept: tuple[Case, tuple[Event, ...]]) -> None:
    """An event that was changed is named."""
    case, (first, second, third) = kept
    changed = attrs.evolve(second, actor="eva")
    assert found(case, (first, changed, third)) == [
        f"{case.id}/2: the event is not as it was recorded"
    ]
    changed = attrs.evolve(first, personal=Facts({**(first.personal or {}), "name": "Other"}))
    assert found(case, (changed, second, third)) == [
        f"{case.id}/1: the event is not as it was recorded"
    ]


def test_an_event_that_was_made_anew(kept: tuple[Case, tuple[Event, ...]]) -> None:
    """An event that was changed and sealed again no longer fits to those behind it."""
    case, (first, second, third) = kept
    forged = sealed_anew(second, actor="eva")
    assert found(case, (first, forged, third)) == [
        f"{case.id}/3: the event before it is not the one it was recorded after"
    ]


def test_missing_events(kept: tuple[Case, tuple[Event, ...]]) -> None:
    """An event that is missing is named, in the middle, at the beginning and at the end."""
    case, (first, second, third) = kept
    assert found(case, (first, third)) == [f"{case.id}/3: event 2 of the case is missing"]
    assert found(case, (second, third)) == [f"{case.id}/2: event 1 of the case is missing"]
    assert found(case, (first, second)) == [f"{case.id}: the case knows of 3 events, there are 2"]
    assert found(case, ()) == [f"{case.id}: the case knows of 3 events, there are 0"]


def test_an_event_of_another_case(kept: tuple[Case, tuple[Event, ...]]) -> None:
    """An event that was put into another case is named."""
    case, (first, second, third) = kept
    moved = sealed_anew(third, case_id="another")
    assert found(case, (first, second, moved)) == [
        f"{case.id}/3: the event belongs to another case"
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"state": "done"},
        {"unit": "south"},
        {"data": Facts({"door": "back"})},
        {"due_at": MONDAY},
        {"is_open": False},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_case(kept: tuple[Case, tuple[Event, ...]], change: dict[str, object]) -> None:
    """A case that is not what its events make of it is named."""
    case, events = kept
    changed = attrs.evolve(case, **change)
    assert found(changed, events) == [f"{case.id}: the case is not what its events make of it"]


def test_a_case_that_forgot_its_last_event(kept: tuple[Case, tuple[Event, ...]]) -> None:
    """A case set back to an earlier event does not agree with the later ones."""
    case, events = kept
    back = attrs.evolve(case, version=2)
    assert found(back, events) == [f"{case.id}: the case knows of 2 events, there are 3"]


def test_an_unknown_routine() -> None:
    """A case of a routine that nobody knows is told as that."""
    engine = opened()
    case = order(engine)
    with engine.store.writing() as transaction:
        stored = attrs.evolve(case, routine="gone@1.0.0", version=2)
        event = sealed_anew(engine.history(case.id)[0], version=2, routine="gone@1.0.0")
        transaction.apply([Change(before=case, case=stored, event=event)])
    with pytest.raises(NotFound) as error:
        engine.perform(case.id, "cancel", actor=ANNA)
    assert str(error.value) == "There is no routine 'gone@1.0.0'."


# -- the whole store -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 2, 5, 1000])
def test_what_is_damaged_hides_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Whatever is read together, each damaged event is named, and what is about other cases."""
    monkeypatch.setattr(views, "PAGE", page)
    path = tmp_path / "locks.db"
    with opened(path) as engine:
        cases = [order(engine, f"customer-{number}") for number in range(6)]
        for case in cases:
            engine.perform(case.id, "book", actor=BO, form=BOOKING)
        whole = engine.verify()
        assert (whole.problems, whole.cases, whole.events) == ((), 12, 24)
        counted = engine.figures()
        first, second, third, fourth, *_ = (case.id for case in cases)
        with closing(sqlite3.connect(path)) as file, file:
            for case_id in (first, third):
                file.execute("UPDATE events SET body = body || ' ' WHERE case_id = ?", (case_id,))
            file.execute(
                "UPDATE cases SET body = replace(body, 'booked', 'fitted') WHERE id = ?", (second,)
            )
            file.execute(
                "UPDATE events SET (body, hash) = (SELECT body, hash FROM events "
                "WHERE case_id = ? AND version = 2) WHERE case_id = ? AND version = 2",
                (second, fourth),
            )
        found = engine.verify()
        assert {str(problem) for problem in found.problems} == {
            f"{first}/1: the event is not as it was recorded",
            f"{second}: the case is not what its events make of it",
            f"{third}/1: the event is not as it was recorded",
            f"{fourth}/2: the event belongs to another case",
        }
        assert (found.cases, found.events) == (12, 24)
        which = f"({first}|{third})/1"
        with pytest.raises(StoreError, match=rf"^The event {which} is not as it was recorded\.$"):
            engine.figures()
    assert counted.time_in_state["order", "ordered"].stays == 6


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE cases SET process = 'consent'", "process"),
        ("UPDATE cases SET subject = 'customer-99'", "subject"),
        ("UPDATE cases SET unit = 'south'", "unit"),
        ("UPDATE cases SET routine = 'small@0.9.0'", "routine"),
        ("UPDATE cases SET state = 'booked'", "state"),
        ("UPDATE cases SET is_open = 0", "is_open"),
        ("UPDATE cases SET waits = 0", "waits, owed"),
        ("UPDATE cases SET owed = 'test'", "owed"),
        ("UPDATE cases SET version = 9", "version"),
        ("UPDATE cases SET due = '~'", "due_at"),
        ("UPDATE cases SET due = 'soon'", "due_at"),
        ("UPDATE cases SET timer = 'soon'", "timer_at"),
        ("UPDATE cases SET owed = 'gone'", "owed"),
        ("UPDATE cases SET timer = '2026-03-02T09:00:00+00:00'", "timer_at"),
        ("UPDATE cases SET open_key = NULL", "open_key"),
        ("UPDATE cases SET waits = 0, open_key = NULL", "waits, owed, open_key"),
        ("DELETE FROM found_by", "found_by"),
        ("UPDATE found_by SET value = 'PH1-099'", "found_by"),
    ],
)
def test_a_case_that_would_not_be_found_is_named(tmp_path: Path, change: str, named: str) -> None:
    """A case that is kept whole, but that lists and rules would miss, is named with the reason."""
    path = tmp_path / "locks.db"
    with opened(path) as engine:
        case = fitted(engine)
        if "found_by" in change:
            case, of_case = engine.cases(process="lock")[0], "case_id"
        else:
            of_case = "id"
        assert engine.verify().whole
        with closing(sqlite3.connect(path)) as file, file:
            file.execute(f"{change} WHERE {of_case} = ?", (case.id,))
        for actor in (ANNA, BO):  # one damaged row spoils nobody's list
            engine.worklist(actor=actor)
        assert [str(problem) for problem in engine.verify().problems] == [
            f"{case.id}: lists and rules may miss the case: it is filed under another {named}"
        ]


@pytest.mark.parametrize(
    "change", ["routine = 'gone@1.0.0'", "owed = 'gone'", "due = 'soon'", "owed = 'test gone'"]
)
def test_a_case_with_a_damaged_row_stays_on_the_list(tmp_path: Path, change: str) -> None:
    """What a row says that its rules do not know, the case itself says for the list."""
    path = tmp_path / "locks.db"
    with opened(path) as engine:
        case, other = fitted(engine), order(engine, "customer-18")
        before = {(item.case.id, item.duty) for item in engine.worklist(actor=BO)}
        assert before == {(case.id, "test"), (other.id, "")}
        with closing(sqlite3.connect(path)) as file, file:
            file.execute(f"UPDATE cases SET {change} WHERE id = ?", (case.id,))
        assert {(item.case.id, item.duty) for item in engine.worklist(actor=BO)} == before


def test_histories_are_read_a_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`verify` and `figures` hold about a page of events, in one question, or one long history."""
    read: list[int] = []
    histories: Callable[..., Mapping[str, Sequence[Event]]] = Transaction.histories

    def watched(self: Transaction, case_ids: Sequence[str]) -> Mapping[str, Sequence[Event]]:
        found = histories(self, case_ids)
        read.append(sum(map(len, found.values())))
        return found

    with opened(tmp_path / "locks.db") as engine:
        cases = [order(engine, f"customer-{number}") for number in range(10)]
        for number in range(12):
            form = {"errand_number": f"P-{number}"}
            engine.perform(cases[5].id, "errand", actor=ANNA, form=form)
        monkeypatch.setattr(views, "PAGE", 8)
        monkeypatch.setattr(Transaction, "histories", watched)
        assert engine.verify().events == sum(read) == 42
        assert [number for number in read if number > 8] == [13]
        assert len(read) <= 8
        engine.figures()
        assert read == 2 * read[: len(read) // 2]
