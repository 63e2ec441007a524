"""That cases are found by what is known of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from lockroutine.model import Filed, Query, Reference
from lockroutine.stores import CaseFilter, Reading, Store
from lockroutine.testing.stores.changes import START, following, opening
from lockroutine.testing.stores.common import LATER, Part, keep

__all__ = ["Finding"]


class Finding(Part):
    """Cases by subject, by a value, by whose job they are, and page by page."""

    def test_cases_are_found_by_subject(self, store: Store) -> None:
        """``find`` by subject gives the cases of that process about it, by their ids."""
        for case_id in ("3", "1"):
            keep(store, opening(case_id))
        keep(store, opening("2", subject="customer-18"))
        keep(store, opening("4", process="removal"))
        with store.reading() as reading:
            found = reading.find(Query(process="mounting", field="subject", value="customer-17"))
        assert [case.id for case in found] == ["1", "3"]

    def test_cases_are_found_by_values_that_they_have_or_once_had(self, store: Store) -> None:
        """``find`` by a field gives the cases that have, or ever had, that value, as they are."""
        case = keep(store, opening("1", found_by=[("customer", "customer-17")]))
        keep(store, following(case, found_by=[("customer", "customer-18")]))
        keep(store, opening("2", found_by=[("customer", "customer-18"), ("door", "front")]))
        keep(store, opening("3", process="lock", found_by=[("customer", "customer-18")]))
        with store.reading() as reading:

            def ids(name: str, value: str) -> list[str]:
                query = Query(process="mounting", field=name, value=value)
                return [found.id for found in reading.find(query)]

            assert ids("customer", "customer-17") == ["1"]
            assert ids("customer", "customer-18") == ["1", "2"]
            assert ids("door", "front") == ["2"]
            assert ids("door", "customer-18") == []
            now = reading.find(Query(process="mounting", field="customer", value="customer-17"))
        assert now[0].version == 2

    def test_by_what_cases_are_filed(self, store: Store) -> None:
        """``filed`` tells by what each case is found, by all values that it ever had among it."""
        due = START + dt.timedelta(days=2)
        first = opening("1", due_at=due, timer_at=LATER, open_key="k", found_by=[("door", "front")])
        case = keep(store, attrs.evolve(first, owed=("test", "pair")))
        keep(store, opening("2"))
        keep(store, following(keep(store, opening("3")), state="set_up", is_open=False))
        with store.reading() as reading:
            filed = reading.filed(["1", "3", "none"])
        assert filed.keys() == {"1", "3"}
        assert filed["1"] == Filed(
            process="mounting",
            subject="customer-17",
            unit="north",
            routine=case.routine,
            state="ordered",
            is_open=True,
            waits=True,
            owed=("test", "pair"),
            version=1,
            due_at=due,
            timer_at=LATER,
            open_key="k",
            found_by=frozenset({("door", "front")}),
        )
        ended = filed["3"]
        assert (ended.state, ended.is_open, ended.waits, ended.owed) == ("set_up", False, False, ())
        assert (ended.due_at, ended.timer_at, ended.open_key) == (None, None, "")
        keep(store, following(case, found_by=[("door", "back")]))
        with store.reading() as reading:
            (now,) = reading.filed(["1"]).values()
        assert now.found_by == {("door", "front"), ("door", "back")}
        assert (now.version, now.owed, now.open_key) == (2, (), "")

    def test_what_is_told_ahead_changes_no_answer(self, store: Store) -> None:
        """``ahead`` changes nothing of what `case` and `find` answer, also after a change."""
        keep(store, opening("1", personal={"phone": "+46 70 174 06 05"}))
        for case_id, process in (("3", "consent"), ("2", "consent"), ("4", "removal")):
            keep(store, opening(case_id, process=process))
        keep(store, opening("5", process="consent", subject="customer-18"))

        def answers(reading: Reading) -> list[object]:
            subjects = [
                Query(process=process, field="subject", value=subject)
                for process in ("consent", "mounting", "removal")
                for subject in ("customer-17", "customer-18")
            ]
            by_field = Query(process="consent", field="customer", value="customer-17")
            found = [reading.find(query) for query in (*subjects, by_field)]
            return [*(reading.case(case_id) for case_id in ("1", "2", "9")), *found]

        with store.reading() as reading:
            plain = answers(reading)
        for case_id in ("1", "5", "9"):
            for processes in ((), ("consent",), ("mounting", "consent", "none")):
                with store.reading() as reading:
                    reading.ahead(case_id, processes)
                    assert answers(reading) == plain
        with store.writing() as transaction:
            transaction.ahead("1", ("mounting", "consent"))
            (consent, _) = transaction.find(
                Query(process="consent", field="subject", value="customer-17")
            )
            case = transaction.case("1")
            assert case
            transaction.apply([following(case), following(consent)])
            found = answers(transaction)
        with store.reading() as reading:
            assert answers(reading) == found != plain

    def test_cases_are_listed_by_whose_job_they_are(self, store: Store) -> None:
        """With ``units``, ``jobs`` adds the cases that have or ever had one of these values."""
        case = keep(store, opening("1", found_by=[("firm", "ek")]))
        keep(store, following(case, found_by=[("firm", "al")]))
        keep(store, opening("2", unit="south", found_by=[("firm", "al")]))
        keep(store, opening("3", process="removal", state="scheduled", found_by=[("firm", "al")]))

        def ids(units: set[str], *jobs: tuple[str, str, str]) -> list[str]:
            wanted = CaseFilter(units=frozenset(units), jobs=frozenset(jobs))
            with store.reading() as reading:
                return [found.id for found in reading.cases(wanted, "", 10)]

        ek, al = ("mounting", "firm", "ek"), ("mounting", "firm", "al")
        assert ids(set(), ek) == ["1"]
        assert ids(set(), al) == ["1", "2"]
        assert ids(set(), ek, ("removal", "firm", "al")) == ["1", "3"]
        assert ids({"south"}, ek) == ["1", "2"]
        assert ids(set(), ("mounting", "door", "al")) == []

    def test_ended_cases_are_found_too(self, store: Store) -> None:
        """``find`` gives cases that have ended as well."""
        case = keep(store, opening("1"))
        keep(store, following(case, is_open=False))
        with store.reading() as reading:
            found = reading.find(Query(process="mounting", field="subject", value="customer-17"))
        assert [case.is_open for case in found] == [False]

    def test_cases_are_listed_by_what_is_known_of_them(self, store: Store) -> None:
        """``cases`` gives those that fit every part of the filter, in the order of their ids."""
        case = keep(store, opening("2", references=[Reference("easit", "4711")]))
        keep(store, following(case, is_open=False, references=[Reference("vendor", "1")]))
        keep(store, opening("1", unit="south", subject="customer-18"))
        keep(store, opening("3", process="removal", state="scheduled"))

        def ids(**wanted: Any) -> list[str]:
            with store.reading() as reading:
                return [found.id for found in reading.cases(CaseFilter(**wanted), "", 10)]

        assert ids() == ["1", "2", "3"]
        assert ids(process="mounting") == ["1", "2"]
        assert ids(state="scheduled") == ["3"]
        assert ids(subject="customer-18") == ["1"]
        assert ids(unit="north") == ["2", "3"]
        assert ids(units=frozenset({"south", "east"})) == ["1"]
        assert ids(units=frozenset()) == []
        assert ids(is_open=False) == ["2"]
        assert ids(is_open=True) == ["1", "3"]
        assert ids(reference=Reference("easit", "4711")) == ["2"]
        assert ids(reference=Reference("vendor", "1")) == ["2"]
        assert ids(reference=Reference("easit", "1")) == []
        assert ids(process="mounting", is_open=True, unit="north") == []

    def test_lists_of_cases_are_read_page_by_page(self, store: Store) -> None:
        """``cases`` goes on from behind an id, and gives no more than the limit."""
        for number in range(5):
            keep(store, opening(str(number)))
        with store.reading() as reading:
            assert [case.id for case in reading.cases(CaseFilter(), "1", 2)] == ["2", "3"]
            assert reading.cases(CaseFilter(), "4", 2) == []
