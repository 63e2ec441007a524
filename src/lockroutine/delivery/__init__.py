"""Effects out of the store and through the plugins: at least once, and recognisably the same.

An effect is taken from the store for a time, sent, and where it is then is kept. Whoever dies in
between leaves it ``in_flight``; when that time is over it counts as ``unknown``, and is looked up
by its key before it is sent again.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable

import attrs
from attrs import frozen

from lockroutine._log import log
from lockroutine._tracing import here, span
from lockroutine.book import Book
from lockroutine.contacts import Contacts
from lockroutine.delivery.circuit import Circuit, backoff
from lockroutine.delivery.rounds import Round, Rounds
from lockroutine.delivery.sending import Sender
from lockroutine.delivery.workers import Job, Outcome
from lockroutine.errors import (
    NotFound,
    OutcomeUnknown,
    Rejected,
    TryAgain,
)
from lockroutine.hookspecs import Receipt
from lockroutine.model import Effect, EffectState, Language, Reference
from lockroutine.plugins import Plugins
from lockroutine.plugins.manager import FAMILIES
from lockroutine.stores import Store, Writing
from lockroutine.stores.again import repeated
from lockroutine.stores.base import all_effects

__all__ = ["Delivery", "DeliveryReport"]

_SYSTEMS = ("tickets", "admin_tool", "notices")


@frozen(kw_only=True)
class DeliveryReport:
    """What one round of deliveries did, by what became of the effects.

    Args:
        done: Sent, or found to have been sent before.
        asked: Asked of a person who does it by hand.
        failed: Not sent; they are tried again.
        unknown: Sent without an answer; they are looked up before they are tried again.
        parked: Not sent; somebody must look at them.
        dropped: Not sent, because their case has gone another way.
        held: The systems that are left alone for a while, as they did not answer.
    """

    done: int = 0
    asked: int = 0
    failed: int = 0
    unknown: int = 0
    parked: int = 0
    dropped: int = 0
    held: tuple[str, ...] = ()


class Delivery:
    """Sends what is due.

    Args:
        store: The store.
        book: The routines of its cases.
        plugins: The plugins to send through.
        clock: What the time is told by.
        contacts: Where notices go to.
        language: The language of tickets.
        parallel: How many effects of one system are sent side by side at most.
        timeout: How long one effect may take, in seconds.
        most_attempts: After how many failed attempts an effect is parked.
    """

    def __init__(
        self,
        store: Store,
        book: Book,
        plugins: Plugins,
        *,
        clock: Callable[[], dt.datetime],
        contacts: Contacts,
        language: Language = "sv",
        parallel: int = 16,
        timeout: float = 30.0,
        most_attempts: int = 20,
    ) -> None:
        self._store = store
        self._book = book
        self._plugins = plugins
        self._clock = clock
        self._sender = Sender(plugins, contacts, language)
        self._parallel = parallel
        self._timeout = timeout
        self._most_attempts = most_attempts
        self._pause = backoff() if plugins.names() else _no_pause
        # What nobody can send is left alone, and not parked for want of a plugin.
        reached = [s for s in _SYSTEMS if plugins.with_hook(FAMILIES[s][0])]
        reached += {kind.system for kind in plugins.kinds().effects}.difference(_SYSTEMS)
        self._circuits = {system: Circuit() for system in reached}
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Take nothing more, in this round or, between two, in the next one."""
        self._stopping.set()

    def deliver(self, limit: int = 10_000) -> DeliveryReport:
        """Send what is due, side by side, until nothing is due any more.

        Args:
            limit: How many effects at most are taken.
        """
        counts: Counter[str] = Counter()
        with span("deliver") as tell:
            self._deliver(limit, counts)
            tell(**counts)
        held = tuple(s for s, c in self._circuits.items() if c.closed_until is not None)
        return DeliveryReport(**counts, held=held)

    def _deliver(self, left: int, counts: Counter[str]) -> None:
        within = here()
        rounds = Rounds(
            lambda job: self._traced(job, within),
            self._late,
            parallel=self._parallel,
            timeout=self._timeout,
        )
        done = Round([], [])
        try:
            while True:
                taken = self._settle_and_claim(done, rounds, left, counts)
                jobs = [job for job in taken if job]
                done = rounds.send(jobs, self._stopping.is_set)
                left += len(done.untouched) - len(taken)
                if not (taken or done.outcomes):
                    break
        finally:
            rounds.close()
            self._stopping.clear()

    # -- taking and settling -------------------------------------------------------------------

    def _settle_and_claim(
        self, done: Round, rounds: Rounds, left: int, counts: Counter[str]
    ) -> list[Job | None]:
        now = self._clock()
        for outcome in done.outcomes:
            self._circuits[outcome.effect.system].note(now, worked=outcome.worked)

        def attempt(transaction: Writing) -> tuple[list[Outcome], list[Job | None]]:
            self._book.load(transaction)
            kept = [
                one
                for one in done.outcomes
                if transaction.settle(one.effect, one.job.lease, one.reference)
            ]
            now = self._clock()
            for job in done.untouched:
                transaction.settle(_as_it_was(job.effect, now), job.lease)
            if self._stopping.is_set():
                return kept, []
            until = now + dt.timedelta(seconds=2 * self._timeout)
            claimed = transaction.claim(self._limits(rounds, left, now), now, until)
            return kept, [self._job(transaction, effect, until) for effect in claimed]

        kept, taken = repeated(self._store, attempt)
        for effect in (outcome.effect for outcome in kept):
            log("delivered", effect=effect.key, kind=effect.kind, state=effect.state)
            counts[effect.state] += 1
        counts["dropped"] += taken.count(None)
        return taken

    def _limits(self, rounds: Rounds, left: int, now: dt.datetime) -> dict[str, int]:
        limits: dict[str, int] = {}
        for system, circuit in self._circuits.items():
            room = rounds.room(system, circuit.allows(now, self._parallel))
            if (free := min(room, left)) > 0:
                limits[system] = free
                left -= free
        return limits

    def _job(self, transaction: Writing, effect: Effect, lease: dt.datetime) -> Job | None:
        """What is needed to send an effect; None, and dismissed, if its reason has gone."""
        case = transaction.case(effect.case_id)
        assert case is not None  # the store holds an effect only with its case
        asked_by = self._book[effect.routine]
        # States may be called otherwise by the rules that the case has come under since.
        now = self._book[case.routine].effect_rule(effect.rule)
        rule = now or asked_by.effect_rule(effect.rule)
        ticket, gone = "", ""
        if effect.system == "tickets" and effect.kind != "open_ticket":
            ticket = _ticket_of(transaction, effect)
            gone = "" if ticket else "no ticket was opened"
        if rule and case.state in rule.drop_in and effect.state != "unknown":
            gone = f"the case has come into the state {case.state}"
        if gone:
            transaction.settle(attrs.evolve(effect, state="dismissed", message=gone), lease)
            return None
        return Job(
            effect=effect,
            case=case,
            routine=asked_by,
            ticket=ticket,
            lease=lease,
            deadline=lease - dt.timedelta(seconds=self._timeout),
        )

    # -- sending -------------------------------------------------------------------------------

    def _traced(self, job: Job, within: object) -> Outcome:
        effect = job.effect
        about = {"effect": effect.key, "kind": effect.kind, "system": effect.system}
        with span("send", within, **about, attempt=effect.attempts + 1) as tell:
            outcome = self._send(job)
            tell(outcome=outcome.effect.state)
            return outcome

    def _send(self, job: Job) -> Outcome:
        """Send one effect, in a thread of its own; whatever comes of it is an outcome."""
        effect = job.effect
        try:
            receipt = self._sender.look_up(job) if effect.state == "unknown" else None
            receipt = receipt or self._sender.send(job)
        except TryAgain as error:
            again: EffectState = "unknown" if effect.state == "unknown" else "failed"
            return self._not_done(job, again, error.message)
        except OutcomeUnknown as error:
            return self._not_done(job, "unknown", error.message)
        except Rejected as error:
            # A system that says no is there, and answers.
            return self._parked(job, error.message, worked=True)
        except NotFound as error:
            return self._parked(job, str(error), worked=None)
        except Exception as error:
            return self._parked(job, f"cannot be made ready: {type(error).__name__}", worked=None)
        except BaseException as error:  # in this thread, only a plugin can have raised it
            return self._not_done(job, "unknown", f"a plugin raised {type(error).__name__}")
        asked = isinstance(receipt, Receipt) and receipt.state == "asked"
        done = attrs.evolve(
            effect,
            state="asked" if asked else "done",
            due_at=self._clock(),
            attempts=effect.attempts + 1,
            message="",
            outside=receipt.id,
        )
        (issuer, *_) = self._plugins.with_hook("open_ticket") or ("",)
        opened = effect.kind == "open_ticket" and receipt.id and issuer
        reference = Reference(issuer, receipt.id) if opened else None
        return Outcome(job, done, worked=True, reference=reference)

    def _late(self, job: Job) -> Outcome:
        """What becomes of an effect whose plugin has not come back in time."""
        return self._not_done(job, "unknown", f"no answer within {self._timeout:g} s")

    def _not_done(self, job: Job, state: EffectState, message: str) -> Outcome:
        attempts = job.effect.attempts + 1
        if attempts >= self._most_attempts:
            message = f"given up after {attempts} attempts: {message}"
            return self._parked(job, message, worked=False)
        due_at = self._clock() + self._pause(attempts)
        effect = attrs.evolve(
            job.effect, state=state, due_at=due_at, attempts=attempts, message=message
        )
        return Outcome(job, effect, worked=False)

    def _parked(self, job: Job, message: str, *, worked: bool | None) -> Outcome:
        attempts = job.effect.attempts + 1
        effect = attrs.evolve(
            job.effect,
            state="parked",
            due_at=self._clock(),
            attempts=attempts,
            message=message,
        )
        return Outcome(job, effect, worked=worked)


def _as_it_was(effect: Effect, now: dt.datetime) -> Effect:
    """An effect that was taken and not begun, as one that may be taken again."""
    before: EffectState = "failed" if effect.attempts else "due"
    state = before if effect.state == "in_flight" else effect.state
    return attrs.evolve(effect, state=state, due_at=now)


def _no_pause(_: int) -> dt.timedelta:
    """Without plugins nothing is ever sent, so nothing fails."""
    return dt.timedelta()


def _ticket_of(transaction: Writing, effect: Effect) -> str:
    """The ticket that an effect speaks of: the last one that its case opened before it."""
    named = effect.values.get("ticket")
    if isinstance(named, str):
        return named
    done = all_effects(transaction, effect.case_id, "done")
    opened = [e.outside for e in done if e.kind == "open_ticket" and e.version <= effect.version]
    return opened[-1] if opened else ""
