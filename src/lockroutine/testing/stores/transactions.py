"""That a transaction is kept whole, or not at all."""

from __future__ import annotations

import pytest

from lockroutine.errors import ConflictError, StoreError
from lockroutine.model import Query
from lockroutine.rules.reader import Source
from lockroutine.stores import Store
from lockroutine.testing.stores.changes import ROUTINE, following, opening
from lockroutine.testing.stores.common import EVERYTHING, Part, keep, whole

__all__ = ["AllOrNothing"]


class AllOrNothing(Part):
    """What is kept together, and what is kept of what went wrong."""

    def test_a_new_store_holds_nothing(self, store: Store) -> None:
        """A store that was just made holds no case, event, effect, routine or count."""
        assert whole(store) == ([], [], [], {}, {}, None)
        with store.reading() as reading:
            assert reading.case("1") is None
            assert reading.history("1") == ()
            assert reading.backlog() == {}
            assert reading.routine(ROUTINE) is None
            assert reading.find(Query(process="mounting", field="subject", value="x")) == ()

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_an_exception_while_writing_undoes_everything(
        self, store: Store, error: type[BaseException]
    ) -> None:
        """Whatever is raised inside ``writing`` undoes all that was given, also Ctrl-C."""
        keep(store, opening("1"))
        before = whole(store)

        def interrupted() -> None:
            with store.writing() as transaction:
                transaction.apply([opening("2", **EVERYTHING)], "req-1", "d")
                transaction.keep_routine(ROUTINE, Source("example", {"routine.toml": ""}))
                raise error

        with pytest.raises(error):
            interrupted()
        assert whole(store) == before
        assert keep(store, opening("2", **EVERYTHING)).id == "2"

    def test_of_several_changes_all_are_kept_or_none(self, store: Store) -> None:
        """If the last of several changes loses a race, the first is not kept either."""
        stale = keep(store, opening("2"))
        keep(store, following(stale))
        before = whole(store)
        with pytest.raises(ConflictError), store.writing() as transaction:
            transaction.apply([opening("1", effects=["open_ticket"]), following(stale)], "req-1")
        assert whole(store) == before

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
        case = keep(store, opening("1"))
        case = keep(store, following(case, state="scheduled"))
        with store.reading() as reading:
            assert reading.case("1") == case

    def test_a_closed_store_says_so(self, store: Store) -> None:
        """A store that was closed raises StoreError, and closing it again does no harm."""
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"), store.reading():
            pass
        with pytest.raises(StoreError, match="closed"), store.writing():
            pass
