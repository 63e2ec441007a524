"""What people do to effects by hand: try again, dismiss, confirm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import attrs

from lockroutine.book import Book
from lockroutine.decide.wording import say
from lockroutine.errors import InvalidForm, NotFound, Problem, Refused
from lockroutine.facts import identifier, serial_number
from lockroutine.model import Actor, Effect, EffectState, Reason, Verdict
from lockroutine.stores import Store, Writing
from lockroutine.stores.again import repeated

__all__ = ["Tending"]


class Tending:
    """Lets those look after effects whose role it is.

    Args:
        store: The store.
        book: The routines of its cases.
        clock: What the time is told by.
    """

    def __init__(self, store: Store, book: Book, *, clock: Callable[[], dt.datetime]) -> None:
        self._store = store
        self._book = book
        self._clock = clock

    def retry(self, key: str, actor: Actor) -> Effect:
        """Try a parked or waiting effect again as soon as may be.

        Raises:
            NotFound: There is no such effect.
            InvalidForm: It is over, or being sent.
            Refused: None of the actor's roles tends effects.
        """
        return self._tend(key, actor, ("failed", "unknown", "parked"), self._again)

    def dismiss(self, key: str, actor: Actor, reason: str) -> Effect:
        """Send an effect no more; who and why is kept. Raises like `retry`."""
        text = identifier(reason, "reason")
        states: tuple[EffectState, ...] = ("due", "failed", "unknown", "parked", "asked")
        return self._tend(key, actor, states, lambda e: self._over(e, "dismissed", actor, text))

    def confirm(self, key: str, actor: Actor, given: str) -> Effect:
        """Say that what was asked of a person is done.

        Args:
            key: The effect.
            actor: Who did it.
            given: The serial number of the lock, to be sure that it was this one; blank for what
                is about no lock.

        Raises:
            InvalidForm: It is another serial number, or nothing was asked; and like `retry`.
        """
        serial = serial_number(given) if given else ""

        def done(effect: Effect) -> Effect:
            if serial != effect.values.get("serial_number", ""):
                message = "is not the serial number of the lock that this is about"
                if not serial:
                    message = "must be given: this is about a lock"
                raise InvalidForm([Problem("serial_number", message)])
            return self._over(effect, "done", actor, "confirmed")

        return self._tend(key, actor, ("asked",), done)

    def _tend(
        self,
        key: str,
        actor: Actor,
        states: tuple[EffectState, ...],
        change: Callable[[Effect], Effect],
    ) -> Effect:
        tried: list[Effect] = []

        def attempt(transaction: Writing) -> Effect:
            self._book.load(transaction)
            effect = transaction.effect(identifier(key, "key"))
            if effect in tried:
                # The connection was lost after it was kept, and before that was said.
                return effect
            case = transaction.case(effect.case_id) if effect else None
            if effect is None or case is None:
                raise NotFound("effect", key)
            routine = self._book[case.routine]
            roles = routine.tending_roles()
            if actor.roles.isdisjoint(roles) or not routine.in_scope(actor, case, roles):
                words = say("cure_role", roles=routine.role_labels(roles))
                reason = Reason(rule="engine.effects", text=words)
                raise Refused(Verdict(process=case.process, transition="", reasons=(reason,)))
            if effect.state not in states:
                message = f"is {effect.state}; this is for one that is {' or '.join(states)}"
                raise InvalidForm([Problem("effect", message)])
            tried.append(change(effect))
            transaction.settle(tried[-1], None)
            return tried[-1]

        return repeated(self._store, attempt)

    def _again(self, effect: Effect) -> Effect:
        # What may have been sent is looked up first, however often it was parked since.
        state: EffectState = "unknown" if effect.attempts else "due"
        return attrs.evolve(effect, state=state, due_at=self._clock(), attempts=0)

    def _over(self, effect: Effect, state: EffectState, actor: Actor, why: str) -> Effect:
        message = f"{why} ({actor.id})"
        return attrs.evolve(effect, state=state, due_at=self._clock(), message=message)
