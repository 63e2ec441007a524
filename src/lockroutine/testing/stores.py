"""The contract that every store keeps: one abstract class of tests.

Whoever writes a store makes a subclass in a test file and gives it a fixture ``store``::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self):
            store = MyStore(...)
            yield store
            store.close()

It needs pytest. `opening` and `following` make changes by hand for further tests of a store.
"""

from __future__ import annotations

import datetime as dt
import itertools
import pickle
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import pytest

from lockroutine.decide import Change
from lockroutine.errors import ConflictError, StoreError
from lockroutine.facts import Facts
from lockroutine.figures import Pending
from lockroutine.model import Awaited, Case, Effect, Event, Query, Reference
from lockroutine.rules.reader import Source
from lockroutine.stores import CaseFilter, Store, Writing
from lockroutine.stores.again import repeated
from lockroutine.stores.base import due_key

__all__ = ["StoreContract", "following", "opening"]

_ROUTINE = "example@1.0.0"
_SYSTEMS = {"send_notice": "notices", "pair_lock": "admin_tool"}
_START = dt.datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=dt.UTC)
_LATER = _START + dt.timedelta(days=1)
_LEASE = _START + dt.timedelta(days=2)


def opening(
    case_id: str,
    *,
    process: str = "mounting",
    subject: str = "customer-17",
    unit: str = "north",
    state: str = "ordered",
    open_key: str = "",
    found_by: Iterable[tuple[str, str]] = (),
    due_at: dt.datetime | None = None,
    timer_at: dt.datetime | None = None,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    references: Iterable[Reference] = (),
    effects: Iterable[str] = (),
) -> Change:
    """A change that opens a case, made by hand.

    Args:
        case_id: The case.
        process: Its process.
        subject: Whom or what it is about.
        unit: Its unit.
        state: The state that it is in then.
        open_key: What no other open case may share.
        found_by: The fields and values by which it is found.
        due_at: When it is overdue.
        timer_at: When the clock moves it.
        data: What the form brings that is not personal.
        personal: What the form brings that is.
        references: Its ids in other systems.
        effects: The kinds of what plugins are asked to do.

    >>> opening("1", data={"door": "front"}).case.version
    1
    """
    blank = Case(id=case_id, process=process, subject=subject, unit=unit, routine=_ROUTINE)
    return following(
        blank,
        "open",
        state=state,
        open_key=open_key,
        found_by=found_by,
        due_at=due_at,
        timer_at=timer_at,
        data=data,
        personal=personal,
        references=references,
        effects=effects,
    )


def following(
    before: Case,
    transition: str = "go_on",
    *,
    state: str = "",
    is_open: bool = True,
    open_key: str = "",
    found_by: Iterable[tuple[str, str]] = (),
    due_at: dt.datetime | None = None,
    timer_at: dt.datetime | None = None,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    references: Iterable[Reference] = (),
    effects: Iterable[str] = (),
    moved_to: str = "",
) -> Change:
    """A change of a case, made by hand. The other arguments are those of `opening`.

    Args:
        before: The case before.
        transition: The transition.
        state: The state after; the one before if left out.
        is_open: Whether the case is still open then.
        open_key: What no other open case may share.
        found_by: The fields and values by which it is found.
        due_at: When it is overdue.
        timer_at: When the clock moves it.
        data: What the form brings that is not personal.
        personal: What the form brings that is.
        references: Ids in other systems that it brings.
        effects: The kinds of what plugins are asked to do.
        moved_to: The routine that the change brings the case under.

    >>> following(opening("1").case, "close", is_open=False).case.version
    2
    """
    form, private = Facts(data or {}), Facts(personal or {})
    at = _START + dt.timedelta(minutes=before.version)
    event = Event(
        case_id=before.id,
        version=before.version + 1,
        process=before.process,
        transition="engine.move" if moved_to else transition,
        before=before.state,
        after=state or before.state,
        subject=before.subject,
        unit=before.unit,
        actor="anna",
        roles=("coordinator", "installer"),
        happened_at=at,
        recorded_at=at + dt.timedelta(seconds=1),
        late_reason="the network was down" if data else "",
        routine=moved_to or before.routine,
        form=form,
        personal=private,
        salt="5a17" if private else "",
        references=tuple(references),
        cause="0/1" if personal else "",
        moved_from=before.routine if moved_to else "",
        previous=before.head,
    )
    case = attrs.evolve(
        before,
        routine=event.routine,
        state=event.after,
        version=event.version,
        is_open=is_open,
        since=at,
        changed_at=at,
        due_at=due_at,
        timer_at=timer_at,
        done=before.done | {transition},
        data=before.data.merged(form),
        personal=before.personal.merged(private),
        references=(*before.references, *event.references),
        head=event.hash,
    )
    made = tuple(
        Effect(
            key=f"{case.id}/{case.version}/{kind}",
            routine=event.routine,
            rule=f"process.{case.process}.transitions.{transition}.effects.{kind}",
            kind=kind,
            system=_SYSTEMS.get(kind, "tickets"),
            case_id=case.id,
            version=case.version,
            recipient="coordinator" if kind == "send_notice" else "",
            template="order",
            values=form,
            personal=private,
            due_at=event.recorded_at,
        )
        for kind in effects
    )
    return Change(
        before=before,
        case=case,
        event=event,
        effects=made,
        open_key=open_key,
        found_by=tuple(found_by),
    )


def _keep(store: Store, *changes: Change, key: str = "", digest: str = "") -> Case:
    with store.writing() as transaction:
        transaction.apply(changes, key, digest)
    return changes[-1].case


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


def _whole(store: Store) -> tuple[object, ...]:
    """Everything that a store holds, to compare."""
    with store.reading() as reading:
        keys = reading.routine_keys()
        return (
            reading.cases(CaseFilter(), "", 10_000),
            list(reading.events()),
            reading.effects(None, None),
            {key: reading.routine(key) for key in keys},
            dict(reading.refusals()),
            reading.first_result("req-1"),
        )


_EVERYTHING: dict[str, Any] = {
    "open_key": "mounting/customer-17/front",
    "found_by": [("door", "front")],
    "due_at": _START + dt.timedelta(days=14),
    "timer_at": _START + dt.timedelta(days=30),
    "data": {
        "door": "front",
        "cycles": 5,
        "works": True,
        "fits": ["euro", "å"],
        "nested": {"a": ""},
    },
    "personal": {"name": "Customer 17", "contact": {"phone": "+46 70 174 06 05"}},
    "references": [Reference("easit", "4711")],
    "effects": ["open_ticket", "send_notice"],
}


class StoreContract:
    """The tests that every store passes. A subclass gives the fixture ``store``: an empty store.

    What each test claims stands in its docstring.
    """

    @pytest.fixture
    def store(self) -> Any:
        """An empty store; a subclass says which."""
        raise NotImplementedError("give a fixture `store` that makes an empty store")

    # -- all or nothing ------------------------------------------------------------------------

    def test_a_new_store_holds_nothing(self, store: Store) -> None:
        """A store that was just made holds no case, event, effect, routine or count."""
        assert _whole(store) == ([], [], [], {}, {}, None)
        with store.reading() as reading:
            assert reading.case("1") is None
            assert reading.history("1") == ()
            assert reading.backlog() == {}
            assert reading.routine(_ROUTINE) is None
            assert reading.find(Query(process="mounting", field="subject", value="x")) == ()

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_an_exception_while_writing_undoes_everything(
        self, store: Store, error: type[BaseException]
    ) -> None:
        """Whatever is raised inside ``writing`` undoes all that was given, also Ctrl-C."""
        _keep(store, opening("1"))
        before = _whole(store)

        def interrupted() -> None:
            with store.writing() as transaction:
                transaction.apply([opening("2", **_EVERYTHING)], "req-1", "d")
                transaction.keep_routine(_ROUTINE, Source("example", {"routine.toml": ""}))
                raise error

        with pytest.raises(error):
            interrupted()
        assert _whole(store) == before
        assert _keep(store, opening("2", **_EVERYTHING)).id == "2"

    def test_of_several_changes_all_are_kept_or_none(self, store: Store) -> None:
        """If the last of several changes loses a race, the first is not kept either."""
        stale = _keep(store, opening("2"))
        _keep(store, following(stale))
        before = _whole(store)
        with pytest.raises(ConflictError), store.writing() as transaction:
            transaction.apply([opening("1", effects=["open_ticket"]), following(stale)], "req-1")
        assert _whole(store) == before

    def test_a_transaction_reads_what_it_wrote(self, store: Store) -> None:
        """Inside ``writing``, what was given before is there to read."""
        with store.writing() as transaction:
            transaction.apply([opening("1", found_by=[("door", "front")])], "req-1", "d")
            assert transaction.case("1") == opening("1").case
            assert len(transaction.history("1")) == 1
            found = transaction.find(Query(process="mounting", field="door", value="front"))
            assert [case.id for case in found] == ["1"]
            assert transaction.first_result("req-1") is not None

    def test_what_was_kept_can_be_read_by_the_next_transaction(self, store: Store) -> None:
        """What one transaction kept, every later one sees."""
        case = _keep(store, opening("1"))
        case = _keep(store, following(case, state="scheduled"))
        with store.reading() as reading:
            assert reading.case("1") == case

    # -- races ---------------------------------------------------------------------------------

    def test_a_lost_race_is_a_conflict(self, store: Store) -> None:
        """A change of a case that is not as it was before raises ConflictError, and names it."""
        first = _keep(store, opening("1"))
        _keep(store, following(first))
        with pytest.raises(ConflictError) as caught:
            _keep(store, following(first, "another"))
        assert caught.value.case_id == "1"
        with store.reading() as reading:
            assert len(reading.history("1")) == 2

    def test_a_case_is_opened_once(self, store: Store) -> None:
        """Opening a case under an id that is taken raises ConflictError."""
        _keep(store, opening("1"))
        with pytest.raises(ConflictError):
            _keep(store, opening("1", subject="customer-18"))

    def test_a_change_of_a_case_that_is_not_there_is_a_conflict(self, store: Store) -> None:
        """A change of a case that the store does not hold raises ConflictError."""
        with pytest.raises(ConflictError):
            _keep(store, following(opening("1").case))

    def test_only_one_open_case_shares_an_open_key(self, store: Store) -> None:
        """A second open case with the same open key raises ConflictError, and names the first."""
        _keep(store, opening("1", open_key="k"))
        with pytest.raises(ConflictError) as caught:
            _keep(store, opening("2", open_key="k"))
        assert caught.value.case_id == "1"
        _keep(store, opening("2", open_key="another"))

    def test_an_open_key_is_free_again_when_its_case_ends(self, store: Store) -> None:
        """Once the case has ended, another may be opened with its open key."""
        case = _keep(store, opening("1", open_key="k"))
        case = _keep(store, following(case, open_key="k"))
        _keep(store, following(case, is_open=False))
        assert _keep(store, opening("2", open_key="k")).id == "2"

    def test_a_case_under_other_rules_leaves_its_open_key(self, store: Store) -> None:
        """A case that gets another open key, or none, gives up the one that it had."""
        case = _keep(store, opening("1", open_key="k"))
        case = _keep(store, following(case, moved_to="example@2.0.0", open_key="l"))
        _keep(store, opening("2", open_key="k"))
        with pytest.raises(ConflictError):
            _keep(store, opening("3", open_key="l"))
        _keep(store, following(case))
        assert _keep(store, opening("3", open_key="l")).id == "3"

    def test_a_case_comes_under_other_rules(self, store: Store) -> None:
        """An event that names both routines, and the case under its new one, come back."""
        case = _keep(store, opening("1", due_at=_LATER, timer_at=_LATER))
        change = following(
            case, moved_to="example@2.0.0", state="set_up", found_by=[("door", "front")]
        )
        _keep(store, change)
        with store.reading() as reading:
            assert reading.case("1") == change.case
            event = reading.history("1")[-1]
            assert (event.moved_from, event.routine) == (_ROUTINE, "example@2.0.0")
            assert event == change.event
            assert reading.timers(_LATER, None, 10) == []
            set_up = [Awaited("mounting", "set_up")]
            assert reading.waiting(set_up, None, None, 10) == [change.case]
            query = Query(process="mounting", field="door", value="front")
            assert reading.find(query) == (change.case,)

    def test_an_open_key_can_change_hands_in_one_transaction(self, store: Store) -> None:
        """One transaction may end a case and open another with the same open key."""
        case = _keep(store, opening("1", open_key="k"))
        _keep(store, following(case, is_open=False), opening("2", open_key="k"))

    def test_one_transaction_may_change_a_case_twice(self, store: Store) -> None:
        """Two changes of one case in one transaction are kept in their order."""
        first = opening("1")
        second = following(first.case, "go_on", state="scheduled")
        assert _keep(store, first, second) == second.case
        with store.reading() as reading:
            assert reading.history("1") == (first.event, second.event)

    # -- what comes back -----------------------------------------------------------------------

    def test_what_comes_back_equals_what_was_given(self, store: Store) -> None:
        """Cases, events and effects come back equal, with aware times and their personal parts."""
        change = opening("1", **_EVERYTHING)
        _keep(store, change)
        with store.reading() as reading:
            case, history = reading.case("1"), reading.history("1")
            effects = reading.effects("1", None)
        assert case == change.case
        assert history == (change.event,)
        assert tuple(effects) == change.effects
        assert history[0].is_whole()
        assert history[0].happened_at.utcoffset() == dt.timedelta(0)
        assert case is not None
        assert case.personal.at("contact.phone") == "+46 70 174 06 05"
        assert type(case.data["works"]) is bool
        assert type(case.data["cycles"]) is int

    def test_what_comes_back_pickles(self, store: Store) -> None:
        """Cases, events and effects that come back can be pickled, and are equal then."""
        _keep(store, opening("1", **_EVERYTHING))
        with store.reading() as reading:
            got = (reading.case("1"), reading.history("1"), tuple(reading.effects("1", None)))
        assert pickle.loads(pickle.dumps(got)) == got

    def test_text_of_every_kind_comes_back(self, store: Store) -> None:
        """Text comes back letter by letter: signs, emoji, quotes, line breaks, zero widths."""
        text = "å ’'\" \\ % _ ; -- \n \U0001f512 \u200b e\u0301"
        change = opening("1", subject="kund-’;--", data={"t": text}, personal={"p": text})
        _keep(store, change)
        with store.reading() as reading:
            assert reading.case("1") == change.case
            found = reading.find(Query(process="mounting", field="subject", value="kund-’;--"))
        assert [case.id for case in found] == ["1"]

    # -- finding -------------------------------------------------------------------------------

    def test_cases_are_found_by_subject(self, store: Store) -> None:
        """``find`` by subject gives the cases of that process about it, by their ids."""
        for case_id in ("3", "1"):
            _keep(store, opening(case_id))
        _keep(store, opening("2", subject="customer-18"))
        _keep(store, opening("4", process="removal"))
        with store.reading() as reading:
            found = reading.find(Query(process="mounting", field="subject", value="customer-17"))
        assert [case.id for case in found] == ["1", "3"]

    def test_cases_are_found_by_values_that_they_have_or_once_had(self, store: Store) -> None:
        """``find`` by a field gives the cases that have, or ever had, that value, as they are."""
        case = _keep(store, opening("1", found_by=[("customer", "customer-17")]))
        _keep(store, following(case, found_by=[("customer", "customer-18")]))
        _keep(store, opening("2", found_by=[("customer", "customer-18"), ("door", "front")]))
        _keep(store, opening("3", process="lock", found_by=[("customer", "customer-18")]))
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

    def test_cases_are_listed_by_whose_job_they_are(self, store: Store) -> None:
        """With ``units``, ``jobs`` adds the cases that have or ever had one of these values."""
        case = _keep(store, opening("1", found_by=[("firm", "ek")]))
        _keep(store, following(case, found_by=[("firm", "al")]))
        _keep(store, opening("2", unit="south", found_by=[("firm", "al")]))
        _keep(store, opening("3", process="removal", state="scheduled", found_by=[("firm", "al")]))

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
        case = _keep(store, opening("1"))
        _keep(store, following(case, is_open=False))
        with store.reading() as reading:
            found = reading.find(Query(process="mounting", field="subject", value="customer-17"))
        assert [case.is_open for case in found] == [False]

    def test_cases_are_listed_by_what_is_known_of_them(self, store: Store) -> None:
        """``cases`` gives those that fit every part of the filter, in the order of their ids."""
        case = _keep(store, opening("2", references=[Reference("easit", "4711")]))
        _keep(store, following(case, is_open=False, references=[Reference("vendor", "1")]))
        _keep(store, opening("1", unit="south", subject="customer-18"))
        _keep(store, opening("3", process="removal", state="scheduled"))

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
            _keep(store, opening(str(number)))
        with store.reading() as reading:
            assert [case.id for case in reading.cases(CaseFilter(), "1", 2)] == ["2", "3"]
            assert reading.cases(CaseFilter(), "4", 2) == []

    # -- waiting, timers, effects --------------------------------------------------------------

    def test_waiting_cases_come_oldest_due_first(self, store: Store) -> None:
        """``waiting`` gives open cases, the oldest due first, then by id; never due ones last."""
        for case_id, days in (("1", 9), ("2", None), ("3", 2), ("5", 2), ("4", 2), ("0", None)):
            due = None if days is None else _START + dt.timedelta(days=days)
            _keep(store, opening(case_id, due_at=due))
        ended = _keep(store, opening("6"))
        _keep(store, following(ended, is_open=False))
        with store.reading() as reading:
            found = reading.waiting([Awaited("mounting", "ordered")], None, None, 10)
        assert [case.id for case in found] == ["3", "4", "5", "1", "0", "2"]

    def test_waiting_cases_are_those_of_the_states_and_units_asked_for(self, store: Store) -> None:
        """``waiting`` gives cases of these processes in these states, in these units or in all."""
        _keep(store, opening("1"))
        _keep(store, opening("2", unit="south"))
        _keep(store, opening("3", process="removal"))
        _keep(store, opening("4", state="scheduled"))
        with store.reading() as reading:

            def ids(states: list[Awaited], units: frozenset[str] | None) -> list[str]:
                return [case.id for case in reading.waiting(states, units, None, 10)]

            ordered, scheduled = Awaited("mounting", "ordered"), Awaited("mounting", "scheduled")
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
            due = _START + dt.timedelta(days=number) if number < 3 else None
            _keep(store, opening(str(number), due_at=due))
        _keep(store, opening("4", process="removal", due_at=_LATER))
        by_then = Awaited("mounting", "ordered", _LATER)
        with store.reading() as reading:
            for units in (None, frozenset({"north"})):
                found = reading.waiting([by_then], units, None, 10)
                assert [case.id for case in found] == ["0", "1"]
                found = reading.waiting([by_then], units, (due_key(found[0]), "0"), 10)
                assert [case.id for case in found] == ["1"]
                both = [by_then, Awaited("removal", "ordered")]
                found = reading.waiting(both, units, None, 10)
                assert [case.id for case in found] == ["0", "1", "4"]

    def test_waiting_cases_are_read_page_by_page(self, store: Store) -> None:
        """``waiting`` goes on from behind a place, also among cases that are due together."""
        for number in range(7):
            due = _START + dt.timedelta(days=number // 3) if number < 6 else None
            _keep(store, opening(str(number), due_at=due, unit=f"unit-{number % 2}"))
        units = frozenset({"unit-0", "unit-1"})
        seen: list[str] = []
        after: tuple[str, str] | None = None
        with store.reading() as reading:
            while page := reading.waiting([Awaited("mounting", "ordered")], units, after, 2):
                assert len(page) <= 2
                seen += [case.id for case in page]
                after = (due_key(page[-1]), page[-1].id)
        assert seen == [str(number) for number in range(7)]

    def test_a_list_over_very_many_states_and_units_is_whole(self, store: Store) -> None:
        """``waiting`` works for hundreds of states and units."""
        _keep(store, opening("1", unit="unit-299"))
        _keep(store, opening("2", unit="unit-0", process="last", state="state-9"))
        last = (Awaited("last", f"state-{number}") for number in range(10))
        states = [Awaited("mounting", "ordered"), *last]
        units = frozenset(f"unit-{number}" for number in range(300))
        with store.reading() as reading:
            found = reading.waiting(states, units, None, 10)
        assert [case.id for case in found] == ["1", "2"]

    def test_timers_that_have_run_out_come_longest_ago_first(self, store: Store) -> None:
        """``timers`` gives open cases whose timer has run out by then, no more than the limit."""
        for case_id, hours in (("1", 3), ("2", 1), ("3", 9), ("4", 2), ("5", 1)):
            _keep(store, opening(case_id, timer_at=_START + dt.timedelta(hours=hours)))
        _keep(store, opening("6"))
        ended = _keep(store, opening("7", timer_at=_START))
        _keep(store, following(ended, is_open=False, timer_at=_START))
        until = _START + dt.timedelta(hours=3)
        with store.reading() as reading:
            found = reading.timers(until, None, 10)
            assert [case.id for case in found] == ["2", "5", "4", "1"]
            page = reading.timers(until, None, 2)
            assert [case.id for case in page] == ["2", "5"]
            assert page[-1].timer_at is not None
            after = page[-1].timer_at.isoformat(), page[-1].id
            assert [case.id for case in reading.timers(until, after, 2)] == ["4", "1"]
            assert reading.timers(_START, None, 10) == []

    def test_effects_come_in_the_order_of_recording(self, store: Store) -> None:
        """``effects`` gives all, those of a case, or those in a state, in order of recording."""
        case = _keep(store, opening("2", effects=["send_notice", "open_ticket"]))
        _keep(store, opening("1", effects=["pair_lock"]))
        _keep(store, following(case, effects=["close_ticket"]))
        with store.reading() as reading:

            def kinds(case_id: str | None, state: str | None) -> list[str]:
                return [effect.kind for effect in reading.effects(case_id, state)]

            everything = ["send_notice", "open_ticket", "pair_lock", "close_ticket"]
            assert kinds(None, None) == everything
            assert kinds(None, "due") == everything
            assert kinds("2", None) == ["send_notice", "open_ticket", "close_ticket"]
            assert kinds("2", "no such state") == []
            assert kinds("3", None) == []

    def test_an_effect_is_found_by_its_key(self, store: Store) -> None:
        """``effect`` gives the effect with a key, or None."""
        change = opening("1", **_EVERYTHING)
        _keep(store, change)
        with store.reading() as reading:
            assert reading.effect("1/1/send_notice") == change.effects[1]
            assert reading.effect("1/1/pair_lock") is None

    # -- handing out effects -------------------------------------------------------------------

    def test_what_is_not_over_is_counted(self, store: Store) -> None:
        """Effects that are not over are counted by system and state, with the earliest time."""
        _keep(store, opening("1", effects=["open_ticket", "send_notice", "pair_lock"]))
        _keep(store, opening("2", effects=["open_ticket", "send_notice"]))
        _keep(store, opening("3", effects=["open_ticket"]))
        with store.writing() as transaction:
            one, two, three = (e for e in transaction.effects(None, None) if e.system == "tickets")
            transaction.settle(attrs.evolve(one, state="done"), None)
            transaction.settle(attrs.evolve(two, state="parked", due_at=_LATER), None)
            transaction.settle(attrs.evolve(three, state="unknown"), None)
            (pairing,) = transaction.effects("1", "due")[1:]
            transaction.settle(attrs.evolve(pairing, state="dismissed"), None)
        with store.reading() as reading:
            notices = [e.due_at for e in reading.effects(None, "due")]
            assert reading.backlog() == {
                ("tickets", "unknown"): Pending(1, three.due_at),
                ("tickets", "parked"): Pending(1, _LATER),
                ("notices", "due"): Pending(2, min(notices)),
            }

    def test_a_server_has_a_clock(self, store: Store) -> None:
        """What the server's clock says is a time with its zone; where no server is, nothing is."""
        with store.reading() as reading:
            now = reading.server_time()
        assert now is None or now.utcoffset() is not None

    def test_a_claimed_effect_is_handed_out_once(self, store: Store) -> None:
        """``claim`` gives what is due for the systems named, and gives it to nobody else."""
        _keep(store, opening("1", effects=["open_ticket", "send_notice", "pair_lock"]))
        limits = {"tickets": 5, "notices": 5}
        with store.writing() as transaction:
            first = transaction.claim(limits, _LATER, _LEASE)
        with store.writing() as transaction:
            again = transaction.claim(limits, _LATER, _LEASE)
        assert sorted(effect.kind for effect in first) == ["open_ticket", "send_notice"]
        assert {(effect.state, effect.due_at) for effect in first} == {("in_flight", _LEASE)}
        assert again == []
        with store.reading() as reading:
            states = {effect.kind: effect.state for effect in reading.effects(None, None)}
        assert states["open_ticket"] == "in_flight"
        assert states["pair_lock"] == "due"

    def test_claims_keep_to_their_limits_and_times(self, store: Store) -> None:
        """``claim`` gives no more than the limit of a system, and nothing before it is due."""
        for case_id in ("1", "2", "3"):
            _keep(store, opening(case_id, effects=["open_ticket"]))
        with store.writing() as transaction:
            assert transaction.claim({"tickets": 2}, _START - dt.timedelta(days=1), _LEASE) == []
            assert len(transaction.claim({"tickets": 2}, _LATER, _LEASE)) == 2
            assert len(transaction.claim({"tickets": 2}, _LATER, _LEASE)) == 1

    def test_effects_of_a_case_keep_their_order_in_a_system(self, store: Store) -> None:
        """An effect waits until those that its case asked of the same system before are over."""
        case = _keep(store, opening("1", effects=["open_ticket"]))
        _keep(store, following(case, effects=["note_ticket", "send_notice"]))
        limits = {"tickets": 5, "notices": 5}
        with store.writing() as transaction:
            first = {effect.kind: effect for effect in transaction.claim(limits, _LATER, _LEASE)}
            assert set(first) == {"open_ticket", "send_notice"}
            assert transaction.claim(limits, _LATER, _LEASE) == []
            done = attrs.evolve(first["open_ticket"], state="done")
            assert transaction.settle(done, _LEASE)
            assert [e.kind for e in transaction.claim(limits, _LATER, _LEASE)] == ["note_ticket"]

    def test_a_parked_effect_holds_up_those_behind_it(self, store: Store) -> None:
        """Behind a parked effect nothing is sent; once it was dismissed, the next one is."""
        case = _keep(store, opening("1", effects=["open_ticket"]))
        _keep(store, following(case, effects=["note_ticket"]))
        with store.writing() as transaction:
            (first,) = transaction.claim({"tickets": 5}, _LATER, _LEASE)
            assert transaction.settle(attrs.evolve(first, state="parked"), _LEASE)
            assert transaction.claim({"tickets": 5}, _LATER, _LEASE) == []
            assert transaction.settle(attrs.evolve(first, state="dismissed"), None)
            found = transaction.claim({"tickets": 5}, _LATER, _LEASE)
        assert [effect.kind for effect in found] == ["note_ticket"]

    def test_a_claim_that_ran_out_is_unknown(self, store: Store) -> None:
        """What was taken and never settled is handed out again after its time, as unknown."""
        _keep(store, opening("1", effects=["open_ticket"]))
        with store.writing() as transaction:
            transaction.claim({"tickets": 5}, _LATER, _LEASE)
        with store.writing() as transaction:
            (again,) = transaction.claim({"tickets": 5}, _LEASE, _LEASE + dt.timedelta(hours=1))
        assert again.state == "unknown"

    def test_whoever_lost_a_claim_settles_nothing(self, store: Store) -> None:
        """``settle`` with the time of a claim that somebody else has taken since keeps nothing."""
        _keep(store, opening("1", effects=["open_ticket"]))
        newer = _LEASE + dt.timedelta(hours=1)
        with store.writing() as transaction:
            (mine,) = transaction.claim({"tickets": 5}, _LATER, _LEASE)
            (theirs,) = transaction.claim({"tickets": 5}, _LEASE, newer)
            assert not transaction.settle(attrs.evolve(mine, state="done"), _LEASE)
            assert transaction.settle(attrs.evolve(theirs, state="done", attempts=2), newer)
        with store.reading() as reading:
            kept = reading.effect(mine.key)
        assert kept is not None
        assert (kept.state, kept.attempts) == ("done", 2)

    def test_what_was_settled_comes_back(self, store: Store) -> None:
        """``settle`` keeps state, time, attempts, message and outside id, and nothing else."""
        change = opening("1", **_EVERYTHING)
        _keep(store, change)
        settled = attrs.evolve(
            change.effects[0],
            state="parked",
            due_at=_LEASE,
            attempts=3,
            message="no answer",
            outside="4712",
        )
        with store.writing() as transaction:
            assert transaction.settle(attrs.evolve(settled, values=Facts()), None)
        with store.reading() as reading:
            assert reading.effect(settled.key) == settled
            assert [e.key for e in reading.effects(None, "parked")] == [settled.key]

    def test_a_case_is_found_by_what_an_outside_system_answered(self, store: Store) -> None:
        """The reference given to ``settle`` finds the case from then on."""
        change = opening("1", effects=["open_ticket"])
        _keep(store, change)
        ticket = Reference("tickets", "4712")
        done = attrs.evolve(change.effects[0], state="done", outside="4712")
        with store.writing() as transaction:
            assert transaction.settle(done, None, ticket)
        with store.reading() as reading:
            found = reading.cases(CaseFilter(reference=ticket), "", 10)
        assert [case.id for case in found] == ["1"]

    # -- keys, routines, refusals --------------------------------------------------------------

    def test_the_first_result_of_a_key_is_known(self, store: Store) -> None:
        """``first_result`` gives the first change's case and version, and its digest."""
        _keep(store, opening("1"), opening("2"), key="req-1", digest="abc")
        with store.reading() as reading:
            first = reading.first_result("req-1")
            assert reading.first_result("req-2") is None
        assert first is not None
        assert (first.case_id, first.version, first.digest) == ("1", 1, "abc")

    def test_routines_come_back_as_they_were_read(self, store: Store) -> None:
        """Texts of routines come back whole, each under its key, with ``routine.toml`` first."""
        texts = {"routine.toml": "å", "alpha.toml": "\n", "zeta.toml": "x"}
        with store.writing() as transaction:
            transaction.keep_routine("a@1", Source("a", texts))
            transaction.keep_routine("a@2", Source("a", {"routine.toml": "2"}))
        with store.reading() as reading:
            assert reading.routine_keys() == {"a@1", "a@2"}
            kept = reading.routine("a@1")
            assert reading.routine("a@3") is None
        assert kept is not None
        assert list(kept.files.items()) == list(texts.items())
        assert kept.digest == Source("elsewhere", texts).digest

    def test_refusals_are_counted_by_rule(self, store: Store) -> None:
        """Each refusal counts once for each of its rules."""
        for rules in (["a"], ["a", "b"], []):
            store.count_refusals(rules)
        with store.reading() as reading:
            assert dict(reading.refusals()) == {"a": 2, "b": 1}

    # -- order and moments ---------------------------------------------------------------------

    def test_a_history_is_in_order(self, store: Store) -> None:
        """``history`` gives all events of a case by their numbers, each linked to the last."""
        case = _keep(store, opening("1"))
        for number in range(12):
            _keep(store, opening(f"other-{number}"))
            case = _keep(store, following(case))
        with store.reading() as reading:
            history = reading.history("1")
        assert [event.version for event in history] == list(range(1, 14))
        assert all(b.previous == a.hash for a, b in itertools.pairwise(history))

    def test_a_history_is_read_page_by_page(self, store: Store) -> None:
        """A page of a history begins behind the event it is given, and ends at its limit."""
        case = _keep(store, opening("1"))
        for number in range(4):
            case = _keep(store, following(case, f"step-{number}"))
        _keep(store, opening("2"))
        with store.reading() as reading:
            history = reading.history("1")
            assert reading.history_page("1", 0, 2) == [*history[:2]]
            assert reading.history_page("1", 2, 2) == [*history[2:4]]
            assert reading.history_page("1", 4, 2) == [*history[4:]]
            assert reading.history_page("1", 5, 2) == []
            assert reading.history_page("none", 0, 2) == []

    def test_events_come_in_the_order_of_recording(self, store: Store) -> None:
        """``events`` gives the events of all cases in the order in which they were recorded."""
        second = _keep(store, opening("2"))
        _keep(store, opening("1"), following(second))
        with store.reading() as reading:
            found = [(event.case_id, event.version) for event in reading.events()]
        assert found == [("2", 1), ("1", 1), ("2", 2)]

    def test_a_reading_sees_one_moment(self, store: Store) -> None:
        """What another thread writes while a reading goes on is not seen in it."""
        case = _keep(store, opening("1"))
        done = threading.Event()

        def write() -> None:
            _keep(store, following(case), opening("2"))
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
        _keep(store, opening("shared"))
        won: list[str] = []
        failed: list[BaseException] = []

        def go_on(transaction: Writing) -> None:
            case = transaction.case("shared")
            assert case is not None
            transaction.apply([following(case)])

        def work(name: str) -> None:
            try:
                for number in range(5):
                    _keep(store, opening(f"{name}-{number}"))
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
            _keep(store, opening(name, subject=f"customer-{name}"))

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
            _keep(store, opening(name, subject=f"customer-{name}"))

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

    def test_a_closed_store_says_so(self, store: Store) -> None:
        """A store that was closed raises StoreError, and closing it again does no harm."""
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"), store.reading():
            pass
        with pytest.raises(StoreError, match="closed"), store.writing():
            pass
