"""Effects that are taken many at a time: no more than that is different for it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import AbstractContextManager

import pytest

from lockroutine import Engine
from lockroutine.delivery import DeliveryReport, rounds
from lockroutine.errors import TryAgain
from lockroutine.stores import Writing
from smallpack import Clock
from test_delivery import Desk, Post, booked, clock, desk, engine, order, patient, post

__all__ = ["clock", "desk", "engine", "post"]  # the fixtures


@pytest.fixture
def at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, the desk counts as quick."""
    monkeypatch.setattr(rounds, "_MOMENT", 3600.0)


def in_states(engine: Engine) -> Counter[str]:
    return Counter(effect.state for effect in engine.effects())


@pytest.mark.usefixtures("at_leisure")
def test_what_is_quick_is_taken_many_at_a_time(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk that answers at once costs a few transactions, not one for each few tickets."""
    for number in range(60):
        order(engine, number)
    transactions: list[int] = []
    writing = engine.store.writing

    def counted() -> AbstractContextManager[Writing]:
        transactions.append(1)
        return writing()

    monkeypatch.setattr(engine.store, "writing", counted)
    assert patient(engine, clock, parallel=4).deliver() == DeliveryReport(done=60)
    # One by one they would be 15 at least; of 64 that are taken at once, all but the first four.
    assert len(transactions) < 10


@pytest.mark.usefixtures("at_leisure")
def test_no_more_than_so_many_side_by_side(engine: Engine, desk: Desk, clock: Clock) -> None:
    """However many were taken, a system gets no more calls at a time than it is to have."""
    for number in range(60):
        order(engine, number)
    guard = threading.Lock()
    now, most = 0, 0

    def meanwhile(hook: str, key: str) -> None:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        time.sleep(0.001)
        with guard:
            now -= 1

    desk.meanwhile = meanwhile
    assert patient(engine, clock, parallel=3).deliver() == DeliveryReport(done=60)
    assert most <= 3


@pytest.mark.usefixtures("at_leisure")
def test_a_failure_gives_back_what_was_taken(engine: Engine, desk: Desk, clock: Clock) -> None:
    """When a system fails, what was taken and not begun is free again, as it was before."""
    for number in range(60):
        order(engine, number)
    desk.before["open_ticket"] = [TryAgain("shut")]
    patient(engine, clock, parallel=1).deliver(limit=1)
    clock.pass_(minutes=5)
    assert in_states(engine) == {"failed": 1, "due": 59}

    def meanwhile(hook: str, key: str) -> None:
        if len(desk.calls) == 10:
            desk.before["open_ticket"] = [TryAgain("shut")] * 100

    desk.meanwhile = meanwhile
    report = patient(engine, clock, parallel=1).deliver()
    assert report == DeliveryReport(done=8, failed=5, held=("tickets",))
    assert in_states(engine) == {"done": 8, "failed": 5 + 1, "due": 60 - 8 - 5 - 1}
    assert len(desk.calls) == 1 + 8 + 5
    failed = engine.effects(state="failed")
    assert sorted(effect.message for effect in failed) == ["shut"] * 6
    assert all(effect.attempts == 0 for effect in engine.effects(state="due"))


@pytest.mark.usefixtures("at_leisure")
def test_stopping_gives_back_what_was_taken(engine: Engine, desk: Desk, clock: Clock) -> None:
    """A delivery that is told to stop keeps nothing that it has taken and not begun."""
    for number in range(60):
        order(engine, number)
    delivery = patient(engine, clock, parallel=2)
    desk.meanwhile = lambda hook, key: delivery.stop() if len(desk.calls) == 10 else None
    done = delivery.deliver().done
    assert 10 <= done < 20
    assert in_states(engine) == {"done": done, "due": 60 - done}
    assert delivery.deliver() == DeliveryReport(done=60 - done)


def test_a_limit_counts_what_is_sent(engine: Engine, desk: Desk, clock: Clock) -> None:
    """What was given back does not count against the limit of a round."""
    for number in range(30):
        booked(engine, order(engine, number))
    desk.meanwhile = lambda hook, key: time.sleep(0.06 if len(desk.calls) == 12 else 0.0)
    assert patient(engine, clock, parallel=1).deliver(limit=70).done == 70
    assert in_states(engine) == {"done": 70, "due": 20}


def test_nothing_that_was_taken_waits_for_what_is_slow(
    engine: Engine, desk: Desk, post: Post, clock: Clock
) -> None:
    """When a quick system becomes slow, others may send what was taken and could not be begun."""
    for number in range(60):
        order(engine, number)
    free = threading.Event()
    slow = (9, 10)

    def meanwhile(hook: str, key: str) -> None:
        if [one for _, one in desk.calls].index(key) in slow:
            assert free.wait(60)

    desk.meanwhile = meanwhile
    reports: list[DeliveryReport] = []
    stuck = patient(engine, clock, parallel=2)
    thread = threading.Thread(target=lambda: reports.append(stuck.deliver()))
    thread.start()
    try:
        while len(desk.calls) <= max(slow):
            time.sleep(0.001)
        other = patient(engine, clock)
        deadline = time.monotonic() + 20
        while in_states(engine)["done"] < 58:
            assert time.monotonic() < deadline, in_states(engine)
            reports.append(other.deliver())
            time.sleep(0.001)
        assert in_states(engine) == {"done": 58, "in_flight": 2}
    finally:
        free.set()
        thread.join()
    assert sum(report.done for report in reports) == 60
    assert len(desk.tickets) == len(desk.calls) == 60
