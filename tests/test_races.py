"""Two at once, in threads and in processes, on every store that several may write to: one wins.

Whoever comes second reads why, by the same rules as if an hour lay in between.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lockroutine import Actor, Case, ConflictError, Engine, Refused, load_routine
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    ORDER,
    Clock,
    consent,
    edited,
    just_order,
    lock,
    order,
    permission,
)

WITHDRAWN = """
[process.permission.transitions.take_back]
label = { sv = "Ta tillbaka", en = "Take back" }
from = ["valid"]
to = "ended"
by = ["manager"]
clauses = ["C5"]
"""
WARN = "[process.permission.transitions.warn]"
ROUTINE = load_routine(edited(("permission", WARN, f"{WITHDRAWN}\n{WARN}")))
MAJ = Actor("maj", roles={"manager"}, units={"north"})
ROUNDS = 8


def opened(where: str) -> Engine:
    return Engine.open(where, routine=ROUTINE, clock=Clock())


def only(engine: Engine, process: str, subject: str) -> Case:
    (case,) = engine.cases(process=process, subject=subject)
    return case


# -- what is raced for -----------------------------------------------------------------------------


def two_booked(engine: Engine, n: int) -> None:
    lock(engine, f"PH{n}")
    for side in (0, 1):
        case = order(engine, f"customer-{n}-{side}")
        engine.perform(case.id, "book", actor=BO, form=BOOKING)


def fetch(engine: Engine, n: int, side: int) -> None:
    case = only(engine, "order", f"customer-{n}-{side}")
    engine.perform(case.id, "install", actor=BO, form={"serial_number": f"PH{n}"})


def one_consent(engine: Engine, n: int) -> None:
    consent(engine, f"customer-{n}")


def place(engine: Engine, n: int, side: int) -> None:
    just_order(engine, f"customer-{n}")


def one_permission(engine: Engine, n: int) -> None:
    permission(engine, f"anna-{n}")
    lock(engine, f"PH{n}")
    case = order(engine, f"customer-{n}")
    engine.perform(case.id, "book", actor=BO, form=BOOKING)
    engine.perform(case.id, "install", actor=BO, form={"serial_number": f"PH{n}"})


def use_or_take_back(engine: Engine, n: int, side: int) -> None:
    if side:
        engine.perform(only(engine, "permission", f"anna-{n}").id, "take_back", actor=MAJ)
    else:
        anna = Actor(f"anna-{n}", roles={"coordinator"}, units={"north"})
        case = only(engine, "order", f"customer-{n}")
        engine.perform(case.id, "pair", actor=anna, form={"serial_number": f"PH{n}"})


def one_order(engine: Engine, n: int) -> None:
    order(engine, f"customer-{n}")


def book(engine: Engine, n: int, side: int) -> None:
    case = only(engine, "order", f"customer-{n}")
    engine.perform(case.id, "book", actor=BO, form=BOOKING, expect=1)


def with_one_key(engine: Engine, n: int, side: int) -> None:
    engine.start(
        "order",
        "order",
        actor=ANNA,
        subject=f"customer-{n}",
        unit="north",
        form=ORDER,
        key=f"req-{n}",
    )


RACES: dict[str, tuple[Callable[[Engine, int], None], Callable[[Engine, int, int], None]]] = {
    "lock": (two_booked, fetch),
    "door": (one_consent, place),
    "permission": (one_permission, use_or_take_back),
    "version": (one_order, book),
    "key": (one_consent, with_one_key),
}


def run(engine: Engine, name: str, side: int, barrier: Any) -> list[str]:
    """One side of all rounds of a race: how each ended."""
    ended: list[str] = []
    for n in range(ROUNDS):
        barrier.wait(30)
        try:
            RACES[name][1](engine, n, side)
        except Refused as refused:
            ended.append(refused.verdict.reasons[0].rule)
        except ConflictError as conflict:
            ended.append(str(conflict))
        else:
            ended.append("done")
    return ended


def in_threads(where: str, name: str) -> list[list[str]]:
    barrier = threading.Barrier(2)
    with ThreadPoolExecutor(2) as workers:
        sides = [workers.submit(_side, where, name, side, barrier) for side in (0, 1)]
        return [side.result(60) for side in sides]


def _side(where: str, name: str, side: int, barrier: Any) -> list[str]:
    with opened(where) as engine:
        return run(engine, name, side, barrier)


_barrier: Any = None


def _meet(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _side_here(where: str, name: str, side: int) -> list[str]:
    return _side(where, name, side, _barrier)


@pytest.fixture(scope="module")
def in_processes() -> Iterator[Callable[[str, str], list[list[str]]]]:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, spawn, _meet, (spawn.Barrier(2),)) as workers:

        def race(where: str, name: str) -> list[list[str]]:
            sides = [workers.submit(_side_here, where, name, side) for side in (0, 1)]
            return [side.result(60) for side in sides]

        yield race


@pytest.fixture(params=["file", "sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    fixtures = {"sqlite": "sqlite_url", "postgres": "empty_postgres"}
    named = fixtures.get(request.param)
    return request.getfixturevalue(named) if named else str(tmp_path / "locks.db")


def circles(where: str) -> int:
    """How often somebody waited in a circle; in SQLite, one writes at a time."""
    if not where.startswith("postgresql"):
        return 0
    from postgres import deadlocks  # the extra sql is there only where there is a server

    return deadlocks(where)


@pytest.fixture(params=["threads", "processes"])
def raced(request: pytest.FixtureRequest, where: str) -> Iterator[Callable[[str], Any]]:
    """Runs a race; in the end all must be whole, and no two have waited in a circle."""
    threads = request.param == "threads"
    both = in_threads if threads else request.getfixturevalue("in_processes")
    before = circles(where)

    def race(name: str) -> list[tuple[str, str]]:
        with opened(where) as engine:
            for n in range(ROUNDS):
                RACES[name][0](engine, n)
        first, second = both(where, name)
        return list(zip(first, second, strict=True))

    yield race
    with opened(where) as engine:
        assert engine.verify().whole
    assert circles(where) == before


def test_two_fetch_one_lock(raced: Any, where: str) -> None:
    """Of two installers who fetch one lock, one gets it; the other reads that it is mounted."""
    assert {tuple(sorted(ends)) for ends in raced("lock")} == {
        ("done", "process.lock.transitions.install.from")
    }
    with opened(where) as engine:
        assert len(engine.cases(process="order", state="fitted").items) == ROUNDS


def test_two_order_for_one_door(raced: Any, where: str) -> None:
    """Of two coordinators who order for one door, one does; the other reads that it was ordered."""
    assert {tuple(sorted(ends)) for ends in raced("door")} == {
        ("done", "process.order.one_open_per")
    }
    with opened(where) as engine:
        assert len(engine.cases(process="order").items) == ROUNDS


def test_a_permission_is_taken_back_while_it_is_used(raced: Any, where: str) -> None:
    """It was used before it was taken back, or its use is refused: never the other way round."""
    ends = raced("permission")
    assert {taken for _, taken in ends} == {"done"}
    assert {used for used, _ in ends} <= {
        "done",
        "process.order.transitions.pair.guards.permission",
    }
    with opened(where) as engine, engine.store.reading() as reading:
        places: dict[str, int] = {}
        for number, event in enumerate(reading.events()):
            if event.transition in ("pair", "take_back") and event.process != "lock":
                places[f"{event.transition} {event.subject.rpartition('-')[2]}"] = number
    for n, (used, _) in enumerate(ends):
        assert (f"pair {n}" in places) == (used == "done")
        assert used != "done" or places[f"pair {n}"] < places[f"take_back {n}"]


def test_two_go_by_one_version(raced: Any) -> None:
    """Of two who have seen the same version, one goes on; the other reads what changed since."""
    assert {tuple(sorted(ends)) for ends in raced("version")} == {
        ("The case is at version 2, not 1: since then book.", "done")
    }


def test_two_send_one_key(raced: Any, where: str) -> None:
    """A command that comes twice at once is done once, and both get the same answer."""
    assert set(raced("key")) == {("done", "done")}
    with opened(where) as engine:
        assert len(engine.cases(process="order").items) == ROUNDS
