"""That threads side by side lose nothing and decide on nothing old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from lockroutine.model import Query
from lockroutine.stores import CaseFilter, Store, Writing
from lockroutine.stores.again import repeated
from lockroutine.testing.stores.changes import following, opening
from lockroutine.testing.stores.common import Part, keep

__all__ = ["Threads"]


def _at_once(store: Store, works: Sequence[Callable[[Writing], None]]) -> None:
    """Do each in a thread of its own, anew where the store was busy."""
    failed: list[BaseException] = []

    def run(work: Callable[[Writing], None]) -> None:
        try:
            repeated(store, work)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


class Threads(Part):
    """What many threads do on one store at once."""

    def test_a_reading_sees_one_moment(self, store: Store) -> None:
        """What another thread writes while a reading goes on is not seen in it."""
        case = keep(store, opening("1"))
        done = threading.Event()

        def write() -> None:
            keep(store, following(case), opening("2"))
            done.set()

        other = threading.Thread(target=write)
        with store.reading() as reading:
            assert reading.case("1") == case
            other.start()
            done.wait(0.2)  # a store may make writers wait for readers
            assert reading.case("1") == case
            assert reading.case("2") is None
            assert len(list(reading.events())) == 1
        other.join()
        with store.reading() as reading:
            assert len(list(reading.events())) == 3

    def test_threads_lose_nothing(self, store: Store) -> None:
        """Eight threads on one case: each change is kept once, and none is lost."""
        keep(store, opening("shared"))
        won: list[str] = []
        failed: list[BaseException] = []

        def go_on(transaction: Writing) -> None:
            case = transaction.case("shared")
            assert case is not None
            transaction.apply([following(case)])

        def work(name: str) -> None:
            try:
                for number in range(5):
                    keep(store, opening(f"{name}-{number}"))
                    repeated(store, go_on)
                    won.append(name)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        with store.reading() as reading:
            history = reading.history("shared")
            assert len(reading.cases(CaseFilter(), "", 100)) == 41
        assert len(history) == 1 + len(won) == 41
        assert [event.version for event in history] == list(range(1, 42))

    def test_what_was_not_there_is_not_there_when_it_is_decided(self, store: Store) -> None:
        """Of eight threads that open a case if they find none for the subject, one does."""

        def open_one(name: str) -> Callable[[Writing], None]:
            def work(transaction: Writing) -> None:
                wanted = Query(process="mounting", field="door", value="front")
                found = transaction.find(wanted)
                time.sleep(0.02)
                if not found:
                    # Another subject each: nothing but what was read keeps them apart.
                    transaction.apply(
                        [opening(name, subject=f"customer-{name}", found_by=[("door", "front")])]
                    )

            return work

        _at_once(store, [open_one(str(number)) for number in range(8)])
        with store.reading() as reading:
            assert len(reading.cases(CaseFilter(), "", 100)) == 1

    @pytest.mark.parametrize("by_id", [False, True])
    def test_what_was_read_is_as_it_was_when_it_is_decided(self, store: Store, by_id: bool) -> None:
        """Two threads that each look at the other's case before they end their own: one does."""
        for name in ("1", "2"):
            keep(store, opening(name, subject=f"customer-{name}"))

        def end_unless_ended(own: str, other: str) -> Callable[[Writing], None]:
            def work(transaction: Writing) -> None:
                wanted = Query(process="mounting", field="subject", value=f"customer-{other}")
                seen = transaction.case(other) if by_id else transaction.find(wanted)[0]
                mine = transaction.case(own)
                time.sleep(0.02)
                if seen and seen.is_open and mine:
                    transaction.apply([following(mine, "end", is_open=False)])

            return work

        _at_once(store, [end_unless_ended("1", "2"), end_unless_ended("2", "1")])
        with store.reading() as reading:
            assert len(reading.cases(CaseFilter(is_open=True), "", 100)) == 1

    def test_crossing_changes_end(self, store: Store) -> None:
        """Threads that change the same cases in different orders all come to their end."""
        names = [str(number) for number in range(4)]
        for name in names:
            keep(store, opening(name, subject=f"customer-{name}"))

        def change_all(order: Sequence[str]) -> Callable[[Writing], None]:
            def work(transaction: Writing) -> None:
                cases = [transaction.case(name) for name in order]
                time.sleep(0.005)
                transaction.apply([following(case) for case in cases if case])

            return work

        rotated = [names[n:] + names[:n] for n in range(4)]
        _at_once(store, [change_all(order) for order in (*rotated, *map(sorted, rotated))])
        with store.reading() as reading:
            assert [len(reading.history(name)) for name in names] == [9, 9, 9, 9]
