"""A command on its way: what is given is read, decided on, and kept in one transaction."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

import attrs

from lockroutine import views
from lockroutine._log import log
from lockroutine._tracing import span
from lockroutine.arguments import actor_of, late_entry, references_of
from lockroutine.book import Book
from lockroutine.decide import Command, Decision, answer, barred, decide, says_the_same
from lockroutine.decide.sweeping import BY_SWEEP
from lockroutine.errors import (
    ConflictError,
    InvalidForm,
    LockroutineError,
    Problem,
    Refused,
    StoreBusy,
)
from lockroutine.facts import aware, canonical, identifier, sha256
from lockroutine.model import Actor, Case, Reason, Reference, Verdict
from lockroutine.stores import Reading, Store, Writing
from lockroutine.stores.again import repeated
from lockroutine.stores.base import Bound
from lockroutine.sweeping import Wanted
from lockroutine.verify import replay

__all__ = ["Performer", "barred_by"]

T = TypeVar("T")


class Performer:
    """Gives commands: each is decided and kept together, or not at all; then it is told of.

    Args:
        store: The store.
        book: The routines of its cases.
        clock: What the time is told by, as UTC.
        pause: Lets so many seconds go by, before what met others' work is begun anew.
        bound: Whether the store is in a host's transaction.
    """

    def __init__(
        self,
        store: Store,
        book: Book,
        *,
        clock: Callable[[], dt.datetime],
        pause: Callable[[float], object] = time.sleep,
        bound: bool = False,
    ) -> None:
        self._store = store
        self._book = book
        self._clock = clock
        self._pause = pause
        self._bound = bound

    def on(self, store: Bound) -> Performer:
        """One that gives its commands in the transaction of a host."""
        return Performer(store, self._book, clock=self._clock, pause=store.pause, bound=True)

    # -- what is given -------------------------------------------------------------------------

    def command(
        self,
        transition: str,
        actor: Actor,
        form: object = None,
        happened_at: dt.datetime | None = None,
        late_reason: str = "",
        references: Iterable[Reference] = (),
    ) -> Command:
        """What somebody wants to do now, or says to have been done.

        Raises:
            InvalidForm: Something given is wrong.
        """
        now = self._clock()
        if happened_at is not None:
            happened_at = aware(happened_at, "happened_at")
            if happened_at > now:
                raise InvalidForm([Problem("happened_at", "lies in the future")])
        return Command(
            transition=transition,
            actor=actor_of(actor),
            form=form,
            recorded_at=now,
            happened_at=happened_at,
            late_reason=late_reason,
            references=references_of(references),
            salt=os.urandom(16).hex(),
        )

    def blank(self, process: str, subject: str, unit: str, command: Command) -> Case:
        """A case that is to be opened, under the routine that is in force when that happens.

        Raises:
            NotFound: There is no such process.
            InvalidForm: Something given is wrong.
        """
        routine = self._book.in_force(command.at)
        subject, unit = routine.process(process).subject(subject), identifier(unit, "unit")
        return routine.blank(process, _new_id(command), subject, unit)

    # -- giving it -----------------------------------------------------------------------------

    def start(
        self, process: str, subject: str, unit: str, command: Command, key: str | None
    ) -> Case:
        """Open a case; see `Engine.start`."""
        late_entry(command.happened_at, command.late_reason)
        case = self.blank(process, subject, unit, command)
        key = key if key is None else identifier(key, "key")
        stated = _stated(process, case.subject, case.unit, command) if key else ""

        def begun(_: Writing) -> Case:
            hindrance = self._book.not_in_force(command.at)
            if hindrance:
                raise Refused(barred_by(hindrance, case, command.transition))
            return case

        return self._done(begun, command, key, stated)

    def perform(self, case_id: str, command: Command, expect: int | None, key: str | None) -> Case:
        """Make a transition of a case; see `Engine.perform`."""
        late_entry(command.happened_at, command.late_reason)
        case_id = identifier(case_id, "case_id")
        key = key if key is None else identifier(key, "key")
        if expect is not None and type(expect) is not int:
            raise InvalidForm([Problem("expect", "must be a whole number: the case's version")])
        stated = _stated(case_id, "", "", command) if key else ""

        def expected(transaction: Writing) -> Case:
            transaction.ahead(case_id, self._book.current.beside(command.transition))
            case = views.met(self._book, transaction, case_id, command.actor)
            if expect is not None and expect != case.version:
                raise self._conflict(transaction, case, command, expect)
            return case

        return self._done(expected, command, key, stated)

    def make(self, choose: Callable[[Writing], Wanted | None]) -> bool:
        """Make the step of a sweep that is chosen by what its own transaction sees, if one is."""

        def attempt(transaction: Writing) -> tuple[Decision, Command] | None:
            wanted = choose(transaction)
            if wanted is None:
                return None
            command = self.command(wanted.transition, BY_SWEEP, wanted.form)
            case = wanted.case
            if not case.version:
                case = attrs.evolve(case, id=_new_id(command))
            return self._do(transaction, case, command, None, ""), command

        made = self._kept(attempt)
        if made:
            self._told(*made)
        return made is not None

    # -- inside --------------------------------------------------------------------------------

    def _repeated(
        self, transaction: Writing, key: str, stated: str, command: Command
    ) -> Case | None:
        first = transaction.first_result(key)
        if first is None:
            return None
        self._book.load(transaction)
        used = "" if self._is_outsider(command.actor) else first.case_id
        if first.digest != stated:
            raise ConflictError("This key was used for another command already.", used)
        events = transaction.history(first.case_id)[: first.version]
        if not says_the_same(self._book, command, events[-1]):
            raise ConflictError("This key was used with another form already.", used)
        case = replay(self._book.__getitem__, events)
        return self._book[case.routine].seen_by(case, command.actor)

    def _done(
        self, target: Callable[[Writing], Case], command: Command, key: str | None, stated: str
    ) -> Case:
        """Decide and keep it in one transaction, anew if the store was busy; then tell of it."""
        tried: list[Decision] = []

        def attempt(transaction: Writing) -> Case | Decision:
            for decision in tried:
                # The connection may have been lost after it was kept, and before that was said.
                if _is_kept(transaction, decision):
                    return decision
            first = self._repeated(transaction, key, stated, command) if key else None
            if first:
                return first
            tried.append(self._do(transaction, target(transaction), command, key, stated))
            return tried[-1]

        made = self._kept(attempt)
        return self._told(made, command) if isinstance(made, Decision) else made

    def _kept(self, attempt: Callable[[Writing], T]) -> T:
        """What comes of one transaction, begun anew if the store was busy; refusals are counted."""
        try:
            with span("store", bound=self._bound):
                return repeated(self._store, attempt, self._pause)
        except Refused as refused:
            # Who is refused reads why, also when that cannot be counted now.
            with suppress(StoreBusy):
                self._store.count_refusals([reason.rule for reason in refused.verdict.reasons])
            raise

    def _do(
        self, transaction: Writing, case: Case, command: Command, key: str | None, stated: str
    ) -> Decision:
        about = {"process": case.process, "transition": command.transition}
        with span("decide", **about, **({"case": case.id} if case.version else {})) as tell:
            look = views.look(self._book, transaction)
            decision = answer(decide(self._book, case, command), look)
            tell(outcome="accepted", events=len(decision.changes))
        try:
            transaction.apply(decision.changes, key or "", stated)
        except ConflictError as error:
            if self._is_outsider(command.actor) and error.case_id != case.id:
                raise ConflictError(error.message) from None
            raise
        return decision

    def _is_outsider(self, actor: Actor) -> bool:
        return self._book.in_force(self._clock()).is_outsider(actor)

    def _told(self, decision: Decision, command: Command) -> Case:
        """What is told of a decision that is kept: events to the log, the case to the actor."""
        for change in decision.changes:
            event = change.event
            log(
                "decided" if self._bound else "performed",
                case=event.case_id,
                process=event.process,
                transition=event.transition,
                version=event.version,
            )
        case = decision.changes[0].case
        return self._book[case.routine].seen_by(case, command.actor)

    def _conflict(
        self, reading: Reading, case: Case, command: Command, expect: int
    ) -> LockroutineError:
        """That the case has moved on; whoever may not touch it at all is not told even that."""
        hindrance = barred(self._book, case, command)
        if hindrance:
            return Refused(barred_by(hindrance, case, command.transition))
        changed = [e.transition for e in reading.history(case.id) if e.version > expect]
        since = f": since then {', '.join(changed)}" if changed else ""
        message = f"The case is at version {case.version}, not {expect}{since}."
        return ConflictError(message, case.id, changed)


def _is_kept(reading: Reading, decision: Decision) -> bool:
    event = decision.changes[0].event
    return any(known.hash == event.hash for known in reading.history(event.case_id))


def barred_by(hindrance: Reason, case: Case, transition: str) -> Verdict:
    """The answer to somebody who may not do this at all."""
    return Verdict(
        process=case.process,
        transition=transition,
        case_id=case.id if case.version else "",
        reasons=(hindrance,),
    )


def _new_id(command: Command) -> str:
    # Ids in the order of time keep a large database's indexes dense.
    return f"{int(command.recorded_at.timestamp() * 1000):011x}{os.urandom(10).hex()}"


def _stated(target: str, subject: str, unit: str, command: Command) -> str:
    """What a key stands for: a repeat must say the same."""
    return sha256(canonical((target, subject, unit, command.transition, command.actor.id)))
