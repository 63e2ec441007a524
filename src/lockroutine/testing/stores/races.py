"""That whoever decided on what is no longer so keeps nothing."""

from __future__ import annotations

import pytest

from lockroutine.errors import ConflictError
from lockroutine.model import Awaited, Query
from lockroutine.stores import Store
from lockroutine.testing.stores.changes import ROUTINE, following, opening
from lockroutine.testing.stores.common import LATER, Part, keep

__all__ = ["Races"]


class Races(Part):
    """What is refused because somebody was faster, and what is free again."""

    def test_a_lost_race_is_a_conflict(self, store: Store) -> None:
        """A change of a case that is not as it was before raises ConflictError, and names it."""
        first = keep(store, opening("1"))
        keep(store, following(first))
        with pytest.raises(ConflictError) as caught:
            keep(store, following(first, "another"))
        assert caught.value.case_id == "1"
        with store.reading() as reading:
            assert len(reading.history("1")) == 2

    def test_a_case_is_opened_once(self, store: Store) -> None:
        """Opening a case under an id that is taken raises ConflictError."""
        keep(store, opening("1"))
        with pytest.raises(ConflictError):
            keep(store, opening("1", subject="customer-18"))

    def test_a_change_of_a_case_that_is_not_there_is_a_conflict(self, store: Store) -> None:
        """A change of a case that the store does not hold raises ConflictError."""
        with pytest.raises(ConflictError):
            keep(store, following(opening("1").case))

    def test_only_one_open_case_shares_an_open_key(self, store: Store) -> None:
        """A second open case with the same open key raises ConflictError, and names the first."""
        keep(store, opening("1", open_key="k"))
        with pytest.raises(ConflictError) as caught:
            keep(store, opening("2", open_key="k"))
        assert caught.value.case_id == "1"
        keep(store, opening("2", open_key="another"))

    def test_an_open_key_is_free_again_when_its_case_ends(self, store: Store) -> None:
        """Once the case has ended, another may be opened with its open key."""
        case = keep(store, opening("1", open_key="k"))
        case = keep(store, following(case, open_key="k"))
        keep(store, following(case, is_open=False))
        assert keep(store, opening("2", open_key="k")).id == "2"

    def test_a_case_under_other_rules_leaves_its_open_key(self, store: Store) -> None:
        """A case that gets another open key, or none, gives up the one that it had."""
        case = keep(store, opening("1", open_key="k"))
        case = keep(store, following(case, moved_to="example@2.0.0", open_key="l"))
        keep(store, opening("2", open_key="k"))
        with pytest.raises(ConflictError):
            keep(store, opening("3", open_key="l"))
        keep(store, following(case))
        assert keep(store, opening("3", open_key="l")).id == "3"

    def test_a_case_comes_under_other_rules(self, store: Store) -> None:
        """An event that names both routines, and the case under its new one, come back."""
        case = keep(store, opening("1", due_at=LATER, timer_at=LATER))
        change = following(
            case, moved_to="example@2.0.0", state="set_up", found_by=[("door", "front")]
        )
        keep(store, change)
        with store.reading() as reading:
            assert reading.case("1") == change.case
            event = reading.history("1")[-1]
            assert (event.moved_from, event.routine) == (ROUTINE, "example@2.0.0")
            assert event == change.event
            assert reading.timers(LATER, None, 10) == []
            set_up = [Awaited("mounting", "set_up")]
            (waiting,) = reading.waiting(set_up, None, (), None, 10)
            assert waiting.whole == change.case
            assert waiting.routine == "example@2.0.0"
            query = Query(process="mounting", field="door", value="front")
            assert reading.find(query) == (change.case,)

    def test_an_open_key_can_change_hands_in_one_transaction(self, store: Store) -> None:
        """One transaction may end a case and open another with the same open key."""
        case = keep(store, opening("1", open_key="k"))
        keep(store, following(case, is_open=False), opening("2", open_key="k"))

    def test_one_transaction_may_change_a_case_twice(self, store: Store) -> None:
        """Two changes of one case in one transaction are kept in their order."""
        first = opening("1")
        second = following(first.case, "go_on", state="scheduled")
        assert keep(store, first, second) == second.case
        with store.reading() as reading:
            assert reading.history("1") == (first.event, second.event)
