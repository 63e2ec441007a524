"""That each effect is handed out once, in its order."""

from __future__ import annotations

import datetime as dt

import attrs

from lockroutine.facts import Facts
from lockroutine.figures import Pending
from lockroutine.model import Reference
from lockroutine.stores import CaseFilter, Store
from lockroutine.stores.base import all_effects
from lockroutine.testing.stores.changes import START, following, opening
from lockroutine.testing.stores.common import EVERYTHING, LATER, LEASE, Part, keep

__all__ = ["HandingOut"]


class HandingOut(Part):
    """What is to be delivered: counted, claimed, settled."""

    def test_effects_come_in_the_order_of_recording(self, store: Store) -> None:
        """``effects`` gives all, those of a case, or those in a state, in order of recording."""
        case = keep(store, opening("2", effects=["send_notice", "open_ticket"]))
        keep(store, opening("1", effects=["pair_lock"]))
        keep(store, following(case, effects=["close_ticket"]))
        with store.reading() as reading:

            def kinds(case_id: str | None, state: str | None) -> list[str]:
                return [effect.kind for effect in all_effects(reading, case_id, state)]

            everything = ["send_notice", "open_ticket", "pair_lock", "close_ticket"]
            assert kinds(None, None) == everything
            assert kinds(None, "due") == everything
            assert kinds("2", None) == ["send_notice", "open_ticket", "close_ticket"]
            assert kinds("2", "no such state") == []
            assert kinds("3", None) == []

    def test_effects_come_a_page_at_a_time(self, store: Store) -> None:
        """``effects`` gives so many at most, from behind a key, of whatever is asked for."""
        case = keep(store, opening("2", effects=["send_notice", "open_ticket"]))
        keep(store, opening("1", effects=["pair_lock"]))
        last = keep(store, following(case, effects=["close_ticket"]))
        with store.writing() as transaction:
            for key in ("2/1/open_ticket", "1/1/pair_lock"):
                effect = transaction.effect(key)
                assert effect is not None
                transaction.settle(attrs.evolve(effect, state="done"), None)
        asked: list[tuple[str | None, str | None, list[str]]] = [
            (None, None, ["2/1/send_notice", "2/1/open_ticket", "1/1/pair_lock"]),
            ("2", None, ["2/1/send_notice", "2/1/open_ticket"]),
            (None, "due", ["2/1/send_notice"]),
            ("2", "due", ["2/1/send_notice"]),
        ]
        final = f"2/{last.version}/close_ticket"
        with store.reading() as reading:
            for case_id, state, before in asked:
                keys = [*before, final]
                for number, key in enumerate(["", *keys]):
                    for limit in (1, 2, 10):
                        page = reading.effects(case_id, state, key, limit)
                        assert [one.key for one in page] == keys[number : number + limit]
                every = all_effects(reading, case_id, state)
                assert [one.key for one in every] == keys
            # What a page ended with may have come into another state since.
            (rest,) = reading.effects(None, "due", "2/1/open_ticket", 10)
            assert rest.key == final
            assert len(reading.effects(None, None, "no such key", 10)) == 4

    def test_an_effect_is_found_by_its_key(self, store: Store) -> None:
        """``effect`` gives the effect with a key, or None."""
        change = opening("1", **EVERYTHING)
        keep(store, change)
        with store.reading() as reading:
            assert reading.effect("1/1/send_notice") == change.effects[1]
            assert reading.effect("1/1/pair_lock") is None

    def test_what_is_not_over_is_counted(self, store: Store) -> None:
        """Effects that are not over are counted by system and state, with the earliest time."""
        keep(store, opening("1", effects=["open_ticket", "send_notice", "pair_lock"]))
        keep(store, opening("2", effects=["open_ticket", "send_notice"]))
        keep(store, opening("3", effects=["open_ticket"]))
        with store.writing() as transaction:
            one, two, three = (e for e in all_effects(transaction) if e.system == "tickets")
            transaction.settle(attrs.evolve(one, state="done"), None)
            transaction.settle(attrs.evolve(two, state="parked", due_at=LATER), None)
            transaction.settle(attrs.evolve(three, state="unknown"), None)
            _, pairing = all_effects(transaction, "1", "due")
            transaction.settle(attrs.evolve(pairing, state="dismissed"), None)
        with store.reading() as reading:
            notices = [e.due_at for e in all_effects(reading, state="due")]
            assert reading.backlog() == {
                ("tickets", "unknown"): Pending(1, three.due_at),
                ("tickets", "parked"): Pending(1, LATER),
                ("notices", "due"): Pending(2, min(notices)),
            }

    def test_a_server_has_a_clock(self, store: Store) -> None:
        """What the server's clock says is a time with its zone; where no server is, nothing is."""
        with store.reading() as reading:
            now = reading.server_time()
        assert now is None or now.utcoffset() is not None

    def test_a_claimed_effect_is_handed_out_once(self, store: Store) -> None:
        """``claim`` gives what is due for the systems named, and gives it to nobody else."""
        keep(store, opening("1", effects=["open_ticket", "send_notice", "pair_lock"]))
        limits = {"tickets": 5, "notices": 5}
        with store.writing() as transaction:
            first = transaction.claim(limits, LATER, LEASE)
        with store.writing() as transaction:
            again = transaction.claim(limits, LATER, LEASE)
        assert sorted(effect.kind for effect in first) == ["open_ticket", "send_notice"]
        assert {(effect.state, effect.due_at) for effect in first} == {("in_flight", LEASE)}
        assert again == []
        with store.reading() as reading:
            states = {effect.kind: effect.state for effect in all_effects(reading)}
        assert states["open_ticket"] == "in_flight"
        assert states["pair_lock"] == "due"

    def test_claims_keep_to_their_limits_and_times(self, store: Store) -> None:
        """``claim`` gives no more than the limit of a system, and nothing before it is due."""
        for case_id in ("1", "2", "3"):
            keep(store, opening(case_id, effects=["open_ticket"]))
        with store.writing() as transaction:
            assert transaction.claim({"tickets": 2}, START - dt.timedelta(days=1), LEASE) == []
            assert len(transaction.claim({"tickets": 2}, LATER, LEASE)) == 2
            assert len(transaction.claim({"tickets": 2}, LATER, LEASE)) == 1

    def test_effects_of_a_case_keep_their_order_in_a_system(self, store: Store) -> None:
        """An effect waits until those that its case asked of the same system before are over."""
        case = keep(store, opening("1", effects=["open_ticket"]))
        keep(store, following(case, effects=["note_ticket", "send_notice"]))
        limits = {"tickets": 5, "notices": 5}
        with store.writing() as transaction:
            first = {effect.kind: effect for effect in transaction.claim(limits, LATER, LEASE)}
            assert set(first) == {"open_ticket", "send_notice"}
            assert transaction.claim(limits, LATER, LEASE) == []
            done = attrs.evolve(first["open_ticket"], state="done")
            assert transaction.settle(done, LEASE)
            assert [e.kind for e in transaction.claim(limits, LATER, LEASE)] == ["note_ticket"]

    def test_a_parked_effect_holds_up_those_behind_it(self, store: Store) -> None:
        """Behind a parked effect nothing is sent; once it was dismissed, the next one is."""
        case = keep(store, opening("1", effects=["open_ticket"]))
        keep(store, following(case, effects=["note_ticket"]))
        with store.writing() as transaction:
            (first,) = transaction.claim({"tickets": 5}, LATER, LEASE)
            assert transaction.settle(attrs.evolve(first, state="parked"), LEASE)
            assert transaction.claim({"tickets": 5}, LATER, LEASE) == []
            assert transaction.settle(attrs.evolve(first, state="dismissed"), None)
            found = transaction.claim({"tickets": 5}, LATER, LEASE)
        assert [effect.kind for effect in found] == ["note_ticket"]

    def test_a_claim_that_ran_out_is_unknown(self, store: Store) -> None:
        """What was taken and never settled is handed out again after its time, as unknown."""
        keep(store, opening("1", effects=["open_ticket"]))
        with store.writing() as transaction:
            transaction.claim({"tickets": 5}, LATER, LEASE)
        with store.writing() as transaction:
            (again,) = transaction.claim({"tickets": 5}, LEASE, LEASE + dt.timedelta(hours=1))
        assert again.state == "unknown"

    def test_whoever_lost_a_claim_settles_nothing(self, store: Store) -> None:
        """``settle`` with the time of a claim that somebody else has taken since keeps nothing."""
        keep(store, opening("1", effects=["open_ticket"]))
        newer = LEASE + dt.timedelta(hours=1)
        with store.writing() as transaction:
            (mine,) = transaction.claim({"tickets": 5}, LATER, LEASE)
            (theirs,) = transaction.claim({"tickets": 5}, LEASE, newer)
            assert not transaction.settle(attrs.evolve(mine, state="done"), LEASE)
            assert transaction.settle(attrs.evolve(theirs, state="done", attempts=2), newer)
        with store.reading() as reading:
            kept = reading.effect(mine.key)
        assert kept is not None
        assert (kept.state, kept.attempts) == ("done", 2)

    def test_what_was_settled_comes_back(self, store: Store) -> None:
        """``settle`` keeps state, time, attempts, message and outside id, and nothing else."""
        change = opening("1", **EVERYTHING)
        keep(store, change)
        settled = attrs.evolve(
            change.effects[0],
            state="parked",
            due_at=LEASE,
            attempts=3,
            message="no answer",
            outside="4712",
        )
        with store.writing() as transaction:
            assert transaction.settle(attrs.evolve(settled, values=Facts()), None)
        with store.reading() as reading:
            assert reading.effect(settled.key) == settled
            assert [e.key for e in all_effects(reading, state="parked")] == [settled.key]

    def test_a_case_is_found_by_what_an_outside_system_answered(self, store: Store) -> None:
        """The reference given to ``settle`` finds the case from then on."""
        change = opening("1", effects=["open_ticket"])
        keep(store, change)
        ticket = Reference("tickets", "4712")
        done = attrs.evolve(change.effects[0], state="done", outside="4712")
        with store.writing() as transaction:
            assert transaction.settle(done, None, ticket)
        with store.reading() as reading:
            found = reading.cases(CaseFilter(reference=ticket), "", 10)
        assert [case.id for case in found] == ["1"]
