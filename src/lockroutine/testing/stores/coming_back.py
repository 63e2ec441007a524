"""That what was kept is read as it was given."""

from __future__ import annotations

import datetime as dt
import itertools
import pickle

from lockroutine.model import Awaited, Query
from lockroutine.rules.reader import Source
from lockroutine.stores import Store
from lockroutine.stores.base import all_effects
from lockroutine.testing.stores.changes import following, opening
from lockroutine.testing.stores.common import EVERYTHING, Part, keep

__all__ = ["ComingBack"]


class ComingBack(Part):
    """Values, keys, texts and counts, and the order in which events are read."""

    def test_what_comes_back_equals_what_was_given(self, store: Store) -> None:
        """Cases, events and effects come back equal, with aware times and their personal parts."""
        change = opening("1", **EVERYTHING)
        keep(store, change)
        with store.reading() as reading:
            case, history = reading.case("1"), reading.history("1")
            effects = list(all_effects(reading, "1"))
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
        keep(store, opening("1", **EVERYTHING))
        with store.reading() as reading:
            got = (reading.case("1"), reading.history("1"), tuple(all_effects(reading, "1")))
        assert pickle.loads(pickle.dumps(got)) == got

    def test_text_of_every_kind_comes_back(self, store: Store) -> None:
        """Text comes back letter by letter: signs, emoji, quotes, line breaks, zero widths."""
        text = "å ’'\" \\ % _ ; -- \n \U0001f512 \u200b e\u0301"
        change = opening("1", subject="kund-’;--", data={"t": text}, personal={"p": text})
        keep(store, change)
        with store.reading() as reading:
            assert reading.case("1") == change.case
            found = reading.find(Query(process="mounting", field="subject", value="kund-’;--"))
        assert [case.id for case in found] == ["1"]

    def test_the_first_result_of_a_key_is_known(self, store: Store) -> None:
        """``first_result`` gives the first change's case and version, and its digest."""
        keep(store, opening("1"), opening("2"), key="req-1", digest="abc")
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

    def test_a_history_is_in_order(self, store: Store) -> None:
        """``history`` gives all events of a case by their numbers, each linked to the last."""
        case = keep(store, opening("1"))
        for number in range(12):
            keep(store, opening(f"other-{number}"))
            case = keep(store, following(case))
        with store.reading() as reading:
            history = reading.history("1")
        assert [event.version for event in history] == list(range(1, 14))
        assert all(b.previous == a.hash for a, b in itertools.pairwise(history))

    def test_the_histories_of_many_cases_are_read_at_once(self, store: Store) -> None:
        """``histories`` gives the events of each case that it is given, also if there are none."""
        other = keep(store, opening("2"))
        case = keep(store, opening("1"))
        keep(store, opening("3"))
        for before in (other, case):
            keep(store, following(keep(store, following(before))))
        with store.reading() as reading:
            found = reading.histories(["2", "none", "1"])
            assert dict(found) == {
                "1": reading.history("1"),
                "2": reading.history("2"),
                "none": (),
            }
            assert reading.histories([]) == {}
        assert [event.version for event in found["2"]] == [1, 2, 3]

    def test_a_history_is_read_page_by_page(self, store: Store) -> None:
        """A page of a history begins behind the event it is given, and ends at its limit."""
        case = keep(store, opening("1"))
        for number in range(4):
            case = keep(store, following(case, f"step-{number}"))
        keep(store, opening("2"))
        with store.reading() as reading:
            history = reading.history("1")
            assert reading.history_page("1", 0, 2) == [*history[:2]]
            assert reading.history_page("1", 2, 2) == [*history[2:4]]
            assert reading.history_page("1", 4, 2) == [*history[4:]]
            assert reading.history_page("1", 5, 2) == []
            assert reading.history_page("none", 0, 2) == []

    def test_events_come_in_the_order_of_recording(self, store: Store) -> None:
        """``events`` gives the events of all cases in the order in which they were recorded."""
        second = keep(store, opening("2"))
        keep(store, opening("1"), following(second))
        with store.reading() as reading:
            found = [(event.case_id, event.version) for event in reading.events()]
        assert found == [("2", 1), ("1", 1), ("2", 2)]

    def test_what_is_read_question_by_question_is_there(self, store: Store) -> None:
        """``browsing`` answers each question as of its own moment, by what was kept until then."""
        first = keep(store, opening("1"))
        with store.browsing() as cases:
            assert cases.case("1") == first
            ordered = [Awaited("mounting", "ordered")]
            assert [case.id for case in cases.waiting(ordered, None, (), None, 10)] == ["1"]
        second = keep(store, following(first))
        with store.browsing() as cases:
            assert cases.case("1") == second
            assert len(cases.history("1")) == 2
