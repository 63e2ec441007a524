"""That what waits is listed, the oldest due first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import attrs

from lockroutine.model import Awaited, WaitingCase
from lockroutine.rules.reader import Source
from lockroutine.stores import Store
from lockroutine.stores.base import due_key
from lockroutine.testing.stores.changes import START, following, opening
from lockroutine.testing.stores.common import LATER, Part, keep

__all__ = ["Waiting"]

ORDERED = Awaited("mounting", "ordered")


class Waiting(Part):
    """Cases that wait for somebody, and those that the clock moves."""

    def test_waiting_cases_come_oldest_due_first(self, store: Store) -> None:
        """``waiting`` gives open cases, the oldest due first, then by id; never due ones last."""
        for case_id, days in (("1", 9), ("2", None), ("3", 2), ("5", 2), ("4", 2), ("0", None)):
            due = None if days is None else START + dt.timedelta(days=days)
            keep(store, opening(case_id, due_at=due))
        ended = keep(store, opening("6"))
        keep(store, following(ended, is_open=False))
        with store.reading() as reading:
            found = reading.waiting([ORDERED], None, (), None, 10)
        assert [case.id for case in found] == ["3", "4", "5", "1", "0", "2"]

    def test_waiting_cases_are_those_of_the_states_and_units_asked_for(self, store: Store) -> None:
        """``waiting`` gives cases of these processes in these states, in these units or in all."""
        keep(store, opening("1"))
        keep(store, opening("2", unit="south"))
        keep(store, opening("3", process="removal"))
        keep(store, opening("4", state="scheduled"))
        with store.reading() as reading:

            def ids(states: list[Awaited], units: frozenset[str] | None) -> list[str]:
                return [case.id for case in reading.waiting(states, units, (), None, 10)]

            ordered, scheduled = ORDERED, Awaited("mounting", "scheduled")
            assert ids([ordered], None) == ["1", "2"]
            assert ids([ordered, scheduled], None) == ["1", "2", "4"]
            assert ids([Awaited("removal", "ordered"), scheduled], None) == ["3", "4"]
            assert ids([ordered], frozenset({"north"})) == ["1"]
            assert ids([ordered, scheduled], frozenset({"north", "south"})) == ["1", "2", "4"]
            assert ids([ordered], frozenset()) == []
            assert ids([], None) == []

    def test_waiting_cases_of_a_state_may_be_asked_for_by_their_due_time(
        self, store: Store
    ) -> None:
        """``waiting`` gives of a state only the cases that are due by then, if it is told so."""
        for number in range(4):
            due = START + dt.timedelta(days=number) if number < 3 else None
            keep(store, opening(str(number), due_at=due))
        keep(store, opening("4", process="removal", due_at=LATER))
        by_then = Awaited("mounting", "ordered", LATER)
        with store.reading() as reading:
            for units in (None, frozenset({"north"})):
                found = reading.waiting([by_then], units, (), None, 10)
                assert [case.id for case in found] == ["0", "1"]
                found = reading.waiting([by_then], units, (), (due_key(found[0]), "0"), 10)
                assert [case.id for case in found] == ["1"]
                both = [by_then, Awaited("removal", "ordered")]
                found = reading.waiting(both, units, (), None, 10)
                assert [case.id for case in found] == ["0", "1", "4"]

    def test_waiting_cases_are_read_page_by_page(self, store: Store) -> None:
        """``waiting`` goes on from behind a place, also among cases that are due together."""
        for number in range(7):
            due = START + dt.timedelta(days=number // 3) if number < 6 else None
            keep(store, opening(str(number), due_at=due, unit=f"unit-{number % 2}"))
        units = frozenset({"unit-0", "unit-1"})
        seen: list[str] = []
        after: tuple[str, str] | None = None
        with store.reading() as reading:
            while page := reading.waiting([ORDERED], units, (), after, 2):
                assert len(page) <= 2
                seen += [case.id for case in page]
                after = (due_key(page[-1]), page[-1].id)
        assert seen == [str(number) for number in range(7)]

    def test_a_case_that_waits_for_nobody_is_not_listed(self, store: Store) -> None:
        """``waiting`` leaves out an open case of which a change says that it waits for nobody."""
        change = opening("1")
        keep(store, attrs.evolve(change, waits=False))
        with store.reading() as reading:
            assert reading.waiting([ORDERED], None, (), None, 10) == []
        keep(store, following(change.case))
        with store.reading() as reading:
            assert [case.id for case in reading.waiting([ORDERED], None, (), None, 10)] == ["1"]

    def test_a_waiting_case_says_what_it_is_and_what_it_owes(self, store: Store) -> None:
        """``waiting`` gives all that is asked of a case, and the case itself as it was then."""
        first = attrs.evolve(
            opening("1", due_at=LATER, data={"door": "front"}, personal={"name": "Customer 17"}),
            owed=("test", "hand_over_key"),
        )
        keep(store, first)
        with store.reading() as reading:
            (found,) = reading.waiting([ORDERED], None, (), None, 10)
        assert found == WaitingCase.of(first.case, ("test", "hand_over_key"))
        keep(store, attrs.evolve(following(first.case), owed=("test",)))
        assert found.whole == first.case
        with store.reading() as reading:
            (found,) = reading.waiting([ORDERED], None, (), None, 10)
        assert (found.version, found.due_at, found.owed) == (2, None, ("test",))

    def test_nothing_is_listed_by_the_states_of_some_routines_only(self, store: Store) -> None:
        """``waiting`` gives nothing while the store has a routine that who asks does not know."""
        keep(store, opening("1"))
        keep(store, opening("2", unit="south"))
        keys = ("example@1.0.0", "example@2.0.0")
        for key in keys:
            with store.writing() as transaction:
                transaction.keep_routine(key, Source(key, {"routine.toml": key, "more.toml": ""}))
        with store.reading() as reading:

            def number(units: frozenset[str] | None, known: Sequence[str]) -> int:
                return len(reading.waiting([ORDERED], units, known, None, 10))

            for known in ((), keys[:1], keys[1:]):
                assert number(None, known) == number(frozenset({"south"}), known) == 0
            assert number(None, keys) == 2
            assert number(frozenset({"south"}), (*keys, "another@1.0.0")) == 1

    def test_a_list_over_very_many_states_and_units_is_whole(self, store: Store) -> None:
        """``waiting`` works for hundreds of states and units."""
        keep(store, opening("1", unit="unit-299"))
        keep(store, opening("2", unit="unit-0", process="last", state="state-9"))
        last = (Awaited("last", f"state-{number}") for number in range(10))
        states = [ORDERED, *last]
        units = frozenset(f"unit-{number}" for number in range(300))
        with store.reading() as reading:
            found = reading.waiting(states, units, (), None, 10)
        assert [case.id for case in found] == ["1", "2"]

    def test_timers_that_have_run_out_come_longest_ago_first(self, store: Store) -> None:
        """``timers`` gives open cases whose timer has run out by then, no more than the limit."""
        for case_id, hours in (("1", 3), ("2", 1), ("3", 9), ("4", 2), ("5", 1)):
            keep(store, opening(case_id, timer_at=START + dt.timedelta(hours=hours)))
        keep(store, opening("6"))
        ended = keep(store, opening("7", timer_at=START))
        keep(store, following(ended, is_open=False, timer_at=START))
        until = START + dt.timedelta(hours=3)
        with store.reading() as reading:
            found = reading.timers(until, None, 10)
            assert [case.id for case in found] == ["2", "5", "4", "1"]
            page = reading.timers(until, None, 2)
            assert [case.id for case in page] == ["2", "5"]
            assert page[-1].timer_at is not None
            after = page[-1].timer_at.isoformat(), page[-1].id
            assert [case.id for case in reading.timers(until, after, 2)] == ["4", "1"]
            assert reading.timers(START, None, 10) == []
