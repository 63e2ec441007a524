"""What is begun anew when the store is busy, and that nothing is done twice by it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from lockroutine import Engine, Refused, StoreError
from lockroutine.errors import StoreBusy
from lockroutine.stores import MemoryStore, SqliteStore, again
from lockroutine.stores.again import repeated
from smallpack import ANNA, BO, BOOKING, ROUTINE, Clock, just_order, order


class Busy:
    """A store that is busy when it is told: before a transaction, at its end, or after it."""

    def __init__(self) -> None:
        self._store, self.when = MemoryStore(), list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def writing(self) -> Generator[Any]:
        when = self.when.pop(0) if self.when else ""
        if when == "begin":
            raise StoreBusy("Busy.")
        with self._store.writing() as transaction:
            yield transaction
            if when == "end":
                raise StoreBusy("Busy.")
        if when == "kept":
            raise StoreBusy("The connection was lost.")

    def reading(self) -> AbstractContextManager[Any]:
        return self._read(self._store.reading)

    def browsing(self) -> AbstractContextManager[Any]:
        return self._read(self._store.browsing)

    @contextmanager
    def _read(self, begin: Callable[[], AbstractContextManager[Any]]) -> Generator[Any]:
        when = self.when.pop(0) if self.when else ""
        if when == "begin":
            raise StoreBusy("Busy.")
        with begin() as reading:
            yield reading
        if when == "end":
            raise StoreBusy("Busy.")


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "PATIENCE", 1.0)


@pytest.fixture
def busy() -> Busy:
    return Busy()


@pytest.fixture
def engine(busy: Busy) -> Iterator[Engine]:
    store: Any = busy
    with Engine(store, routine=ROUTINE, clock=Clock()) as made:
        yield made


@pytest.mark.parametrize("when", ["begin", "end", "kept"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("key", [None, "req-1"])
def test_a_busy_store_is_asked_again(
    engine: Engine, busy: Busy, when: str, times: int, key: str | None
) -> None:
    """A command on a store that is busy goes through in the end, and once: also if it was kept."""
    case = order(engine)
    busy.when = [when] * times
    booked = engine.perform(case.id, "book", actor=BO, form=BOOKING, key=key)
    assert booked == engine.case(case.id, actor=BO)
    assert [event.transition for event in engine.history(case.id)] == ["order", "book"]
    busy.when = [when] * times
    opened_ = engine.start(
        "consent", "ask", actor=ANNA, subject="c-2", unit="north", key=key and "2"
    )
    assert [one.id for one in engine.cases(process="consent", subject="c-2")] == [opened_.id]
    assert engine.verify().whole


@pytest.mark.parametrize("when", ["begin", "end"])
def test_a_busy_store_is_read_again(engine: Engine, busy: Busy, when: str) -> None:
    """What is read of a store that is busy comes in the end; if it stays so, that is told."""
    order(engine)
    (case,) = engine.cases(process="order")
    busy.when = [when, when]
    assert engine.case(case.id) == case
    busy.when = [when]
    assert engine.cases(process="order").items == (case,)
    busy.when = [when]
    assert [item.case.id for item in engine.worklist(actor=BO)] == [case.id]
    for ask in (engine.case, engine.history):
        busy.when = [when] * 1000
        with pytest.raises(StoreBusy, match=r"^Busy\.$"):
            ask(case.id)


def test_a_store_that_stays_busy_is_given_up(engine: Engine, busy: Busy) -> None:
    """A store that is busy for longer than the patience lasts is told of, and nothing is kept."""
    case = order(engine)
    busy.when = ["end"] * 1000
    with pytest.raises(StoreBusy, match=r"^Busy\.$"):
        engine.perform(case.id, "book", actor=BO, form=BOOKING)
    busy.when = []
    assert engine.case(case.id).version == 1


def test_a_refusal_is_counted_once(engine: Engine, busy: Busy) -> None:
    """A refusal on a store that was busy before counts once."""
    busy.when = ["begin", "begin"]
    with pytest.raises(Refused):
        just_order(engine)
    with engine.store.reading() as reading:
        assert set(reading.refusals().values()) == {1}


def test_only_what_is_busy_is_begun_anew() -> None:
    """Any other error of a store comes out at once."""
    store, calls = MemoryStore(), []

    def work(_: object) -> None:
        calls.append(1)
        raise StoreError("Damaged.")

    with pytest.raises(StoreError, match="Damaged"):
        repeated(store, work)
    assert calls == [1]


def test_a_locked_file_is_busy(tmp_path: Path) -> None:
    """A file that another program has locked for a while is waited for."""
    path = tmp_path / "locks.db"
    first, second = SqliteStore(path), SqliteStore(path, patience=0.01)
    waited: list[float] = []

    with Engine(second, routine=ROUTINE, clock=Clock()) as engine, first.writing() as holding:
        assert holding.event_count() == 0
        with pytest.raises(StoreBusy, match=r"is locked by another program; try again\.$"):
            repeated(second, lambda transaction: transaction.event_count(), waited.append)
        assert waited
        assert engine.cases().items == ()
    first.close()
