"""Questions about the past: lists and the register as they stood at a time."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockroutine import Actor, Case, Engine, InvalidForm, NotFound, Reference, load_routine
from lockroutine.errors import ConflictError, Refused
from lockroutine.model import WorkItem
from lockroutine.past import Past
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    KIM,
    MAJ,
    MONDAY,
    PHONE,
    ROUTINE,
    SOUTH,
    Clock,
    consent,
    fitted,
    just_order,
    lock,
    opened,
    order,
    permission,
)
from sweepingpack import sweeping

HOUR = dt.timedelta(hours=1)
ESCALATING = (
    "order",
    "[process.order.states.booked]\n",
    "[process.order.states.ordered.escalation]\n"
    'before = "P3D"\nwaits_for = ["manager"]\nclauses = ["C1"]\n\n'
    "[process.order.states.booked]\n",
)
RUNNING = load_routine(sweeping(ESCALATING))


@pytest.fixture(params=["memory", "file"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    where = ":memory:" if request.param == "memory" else str(tmp_path / "locks.db")
    with opened(where, clock=Clock()) as made:
        yield made


def clock_of(engine: Engine) -> Clock:
    clock = engine._clock
    assert isinstance(clock, Clock)
    return clock


def test_a_case_as_it_stood(engine: Engine) -> None:
    """A case is given as it stood at a time, with what was on record of it then."""
    case = order(engine)
    clock_of(engine).pass_(hours=2)
    engine.perform(case.id, "book", actor=BO, form=BOOKING)
    then = engine.case(case.id, as_of=MONDAY + HOUR)
    assert (then.state, then.version, then.value("starts_at")) == ("ordered", 1, None)
    assert engine.case(case.id, as_of=clock_of(engine).at) == engine.case(case.id)
    assert engine.case(case.id, as_of=MONDAY).version == 1


def test_a_case_that_was_not_there_yet(engine: Engine) -> None:
    """A case that was opened later is not there, nor on any list."""
    case = order(engine)
    before = MONDAY - HOUR
    with pytest.raises(NotFound):
        engine.case(case.id, as_of=before)
    assert engine.cases(as_of=before).items == ()
    assert engine.worklist(actor=BO, as_of=before).items == ()


def test_what_an_actor_sees_of_the_past(engine: Engine) -> None:
    """Units, roles and personal fields hold for the past as for the present."""
    case = order(engine)
    now = clock_of(engine).pass_(hours=1)
    assert engine.case(case.id, actor=ANNA, as_of=now).personal["phone"] == PHONE
    assert "phone" not in engine.case(case.id, actor=KIM, as_of=now).personal
    with pytest.raises(NotFound):
        engine.case(case.id, actor=SOUTH, as_of=now)
    assert engine.cases(process="order", actor=SOUTH, as_of=now).items == ()
    assert engine.worklist(actor=SOUTH, as_of=now).items == ()


def test_the_register_as_it_stood(engine: Engine) -> None:
    """Cases are found by the state, unit and so on that they had then."""
    clock = clock_of(engine)
    one = lock(engine)
    case = order(engine)
    ticket = Reference("easit", "4711")
    clock.pass_(hours=1)
    engine.perform(case.id, "book", actor=BO, form=BOOKING, references=[ticket])
    clock.pass_(hours=1)
    engine.perform(case.id, "install", actor=BO, form={"serial_number": "PH1-001"})
    clock.pass_(hours=1)
    engine.perform(case.id, "cancel", actor=ANNA)

    def ids(at: dt.datetime, **wanted: Any) -> list[str]:
        return [found.id for found in engine.cases(as_of=at, **wanted)]

    hours = [MONDAY + n * HOUR for n in range(4)]
    assert [ids(at, process="lock", state="in_store") for at in hours] == [
        [one.id],
        [one.id],
        [],
        [one.id],
    ]
    assert [ids(at, process="order", is_open=True) for at in hours] == [[case.id]] * 3 + [[]]
    assert [ids(at, reference=ticket) for at in hours] == [[], [case.id], [case.id], [case.id]]
    assert ids(hours[2], subject="PH1-001", process="lock", unit="depot") == [one.id]
    assert ids(hours[2], process="lock", unit="north") == []


def test_pages_of_the_past(engine: Engine) -> None:
    """Pages of cases and of work lists go on from one another, also in the past."""
    clock = clock_of(engine)
    for number in range(7):
        order(engine, f"customer-{number}")
        clock.pass_(minutes=1)
    at = clock.pass_(hours=1)
    clock.pass_(hours=1)
    for case in engine.cases(process="order"):
        if case.subject != "customer-3":
            engine.perform(case.id, "cancel", actor=ANNA)
    seen: list[str] = []
    cursor = ""
    while True:
        page = engine.cases(process="order", state="ordered", limit=2, cursor=cursor, as_of=at)
        seen += [case.subject for case in page]
        cursor = page.next
        if not cursor:
            break
    assert seen == [f"customer-{number}" for number in range(7)]
    seen = []
    while True:
        listed = engine.worklist(actor=BO, limit=3, cursor=cursor, as_of=at)
        seen += [item.case.subject for item in listed]
        cursor = listed.next
        if not cursor:
            break
    assert seen == [f"customer-{number}" for number in range(7)]


def test_overdue_is_told_by_the_time_asked_about(engine: Engine) -> None:
    """What is overdue now was not overdue then."""
    order(engine)
    at = clock_of(engine).pass_(days=10)
    clock_of(engine).pass_(days=10)
    assert [item.overdue for item in engine.worklist(actor=BO, as_of=at)] == [False]
    assert [item.overdue for item in engine.worklist(actor=BO)] == [True]


def test_late_entries_were_not_known_yet(engine: Engine) -> None:
    """What was entered late is not there before it was entered, though it had happened."""
    case = order(engine)
    at = clock_of(engine).pass_(hours=5)
    clock_of(engine).pass_(hours=5)
    engine.perform(
        case.id,
        "book",
        actor=BO,
        form=BOOKING,
        happened_at=MONDAY + HOUR,
        late_reason="No net.",
    )
    assert engine.case(case.id, as_of=at).state == "ordered"
    assert engine.case(case.id).state == "booked"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (MONDAY + HOUR, "as_of: lies in the future"),
        (dt.datetime(2026, 3, 1), "as_of: has no time zone; use datetime"),  # noqa: DTZ001
        ("monday", "as_of: must be a datetime with its time zone"),
    ],
)
def test_no_such_past(engine: Engine, at: Any, words: str) -> None:
    """A time that is to come, has no zone or is none is refused."""
    case = order(engine)
    for ask in (
        lambda: engine.case(case.id, as_of=at),
        lambda: engine.cases(as_of=at),
        lambda: engine.worklist(actor=ANNA, as_of=at),
    ):
        with pytest.raises(InvalidForm) as error:
            ask()
        assert str(error.value).startswith(words)


def test_the_past_under_the_rules_of_its_day(tmp_path: Path) -> None:
    """Cases of an older version are replayed under it, whatever the engine's own routine is."""
    path = str(tmp_path / "locks.db")
    clock = Clock()
    with opened(path, ROUTINE, clock) as engine:
        case = order(engine)
        clock.pass_(hours=1)
    longer = load_routine(
        sweeping(
            ("routine", 'version = "1.0.0"', 'version = "2.0.0"'),
            ("order", 'due = "P14D"', 'due = "P2D"'),
        )
    )
    with opened(path, longer, clock) as engine:
        then = engine.case(case.id, as_of=clock.at)
        assert (then.routine, then.due_at) == ("small@1.0.0", MONDAY + dt.timedelta(days=14))
        assert [item.case.id for item in engine.worklist(actor=BO, as_of=clock.at)] == [case.id]


# -- the same as it was seen ----------------------------------------------------------------------

CUSTOMERS = ("customer-1", "customer-2")


def some(engine: Engine, process: str, number: int) -> Case:
    cases = engine.cases(process=process, is_open=True).items
    return cases[number % len(cases)]


def actions(number: int) -> list[Callable[[Engine], object]]:
    customer = CUSTOMERS[number % 2]
    late = {"happened_at": MONDAY, "late_reason": "No net."}
    serial = {"serial_number": f"PH1-00{number % 3}"}

    def do(process: str, step: str, actor: Actor, **more: Any) -> Callable[[Engine], object]:
        return lambda engine: engine.perform(
            some(engine, process, number).id, step, actor=actor, **more
        )

    return [
        lambda engine: consent(engine, customer),
        lambda engine: just_order(engine, customer, door=("front", "back")[number % 3 % 2]),
        lambda engine: lock(engine, serial["serial_number"]),
        lambda engine: permission(engine),
        do("consent", "withdraw", ANNA),
        do("order", "book", BO, form=BOOKING),
        do("order", "book", BO, form=BOOKING, **late),
        do("order", "install", BO, form=serial),
        do("order", "test", BO, form={"cycles": 5, "works": number % 2 == 0}),
        do("order", "pair", ANNA, form=serial),
        do("order", "write_note", ANNA, form={"note": "A note."}),
        do("order", "close", ANNA),
        do("order", "cancel", ANNA),
        lambda engine: engine.tick(),
        lambda engine: engine.sweep(),
    ]


def seen(engine: Engine, at: dt.datetime | None = None) -> list[tuple[Any, ...]]:
    """Everything that is asked: all lists, all cases, and each case by itself."""
    lists: list[tuple[WorkItem, ...]] = [
        tuple(page_by_page(engine, actor, at)) for actor in (ANNA, BO, MAJ, KIM, SOUTH)
    ]
    cases = engine.cases(as_of=at).items
    asked = [engine.case(case.id, as_of=at) for case in cases]
    by_state = engine.cases(process="order", state="ordered", is_open=True, as_of=at).items
    return [*lists, cases, tuple(asked), by_state]


def page_by_page(engine: Engine, actor: Actor, at: dt.datetime | None) -> Iterator[WorkItem]:
    cursor = ""
    while True:
        page = engine.worklist(actor=actor, limit=2, cursor=cursor, as_of=at)
        yield from page
        cursor = page.next
        if not cursor:
            return


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 14), st.integers(0, 5), st.integers(1, 24 * 60 * 9)),
        min_size=1,
        max_size=25,
    )
)
def test_the_past_is_what_was_seen_then(steps: list[tuple[int, int, int]]) -> None:
    """Whatever happens, what is told of a moment later is what was told in that moment."""
    clock = Clock()
    with opened(routine=RUNNING, clock=clock) as engine:
        consent(engine, CUSTOMERS[0])
        just_order(engine, CUSTOMERS[0])
        lock(engine, "PH1-000")
        snapshots: list[tuple[dt.datetime, list[tuple[Any, ...]]]] = []
        for action, number, minutes in steps:
            clock.pass_(minutes=minutes)
            with contextlib.suppress(Refused, ConflictError, ZeroDivisionError):
                actions(number)[action](engine)
            snapshots.append((clock.at, seen(engine)))
        clock.pass_(days=1)
        for at, then in snapshots:
            assert seen(engine, at) == then


def test_a_list_that_passes_over_many(engine: Engine) -> None:
    """Cases of which nothing stands on somebody's list are passed over, page after page."""
    permission(engine)
    cases = [fitted(engine, f"customer-{n}", f"PH1-00{n}") for n in range(5)]
    last = max(case.id for case in cases)
    serial = {"serial_number": str(engine.case(last).value("serial_number"))}
    engine.perform(last, "test", actor=BO, form={"cycles": 5, "works": True})
    engine.perform(last, "pair", actor=ANNA, form=serial)
    at = clock_of(engine).pass_(hours=1)
    for now in (None, at):
        (item,) = engine.worklist(actor=MAJ, limit=1, as_of=now)
        assert (item.case.id, item.duty) == (last, "")


def test_the_past_knows_the_routines_of_the_present(engine: Engine) -> None:
    """The texts of routines are those of the store: what was read under them stays readable."""
    with engine.store.reading() as reading:
        past = Past(engine._book, reading, MONDAY)
        assert past.routine_keys() == {"small@1.0.0"}
        assert past.routine("small@1.0.0") == reading.routine("small@1.0.0")
        assert past.routine("small@9.0.0") is None
