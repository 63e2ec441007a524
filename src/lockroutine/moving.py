"""Open cases brought under a new version: first what would become of each, then the move itself.

Each case is moved in a transaction of its own, by an event that names both versions, so a move
that was stopped goes on where it was, and a case that cannot be moved holds up no other.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeAlias

import attrs
from attrs import frozen

from lockroutine.arguments import MOST
from lockroutine.book import Book
from lockroutine.decide import Change
from lockroutine.decide.moving import Moving, Outlook, cannot, moved, outlook
from lockroutine.decide.record import open_key
from lockroutine.decide.wording import say
from lockroutine.errors import ConflictError, InvalidForm, Problem, Refused, nearest
from lockroutine.model import Actor, Case, Reason, Verdict
from lockroutine.routine import Routine
from lockroutine.rules.scene import Unjudged
from lockroutine.rules.terms import MOVE
from lockroutine.stores import CaseFilter, Reading, Store, Writing
from lockroutine.stores.again import read_from, repeated

__all__ = ["Fate", "MovePlan", "MoveReport", "Mover", "PlannedCase"]

_ATTEMPTS = 3
_NOBODY = Actor("plan")

Fate: TypeAlias = Literal["moves", "needs_decision", "cannot"]
"""What becomes of a case: it ``moves``, it ``needs_decision``, or it ``cannot`` be moved."""


@frozen(kw_only=True)
class PlannedCase:
    """What becomes of a case.

    Args:
        case_id: The case.
        process: Its process.
        subject: Whom or what it is about.
        state: The state that it is in.
        routine: The routine that it runs under, as ``name@version``.
        fate: Whether it moves.
        to: The state that it moves to; empty if it does not.
        choices: The states to choose from, if somebody has to decide.
        reason: Why it cannot be moved; None if it can.
    """

    case_id: str
    process: str
    subject: str
    state: str
    routine: str
    fate: Fate
    to: str = ""
    choices: tuple[str, ...] = ()
    reason: Reason | None = None


@frozen(kw_only=True)
class MovePlan:
    """What would become of each open case.

    Args:
        to: The routine that cases would come under, as ``name@version``.
        cases: Every open case that runs under another version, oldest first.
    """

    to: str
    cases: tuple[PlannedCase, ...]

    @property
    def counts(self) -> Mapping[Fate, int]:
        """How many cases have which fate."""
        counted = Counter(case.fate for case in self.cases)
        fates: tuple[Fate, ...] = ("moves", "needs_decision", "cannot")
        return {fate: counted[fate] for fate in fates}


@frozen(kw_only=True)
class MoveReport:
    """What became of the cases that were to be moved.

    Args:
        to: The routine that they were to come under.
        moved: How many came under it now.
        left: Those that stay under their old rules, each with why.
        stopped: Whether the move was stopped before its end; call it again to go on.
    """

    to: str
    moved: int
    left: tuple[PlannedCase, ...] = ()
    stopped: bool = False


class Mover:
    """Brings the open cases of a store under a routine.

    Args:
        store: The store.
        book: The routines of its cases.
        to: The routine that they are to come under.
        decisions: Where somebody has to decide: for a state, written like ``mounting.fitted``, or
            for a case, by its id, the state that it comes into. What is said of a case counts
            before what is said of its state.
        of: The name of the routine that they run under now, if it is not that of ``to``.

    Raises:
        InvalidForm: A decision is about nothing that is to be decided.
    """

    def __init__(
        self, store: Store, book: Book, to: Routine, decisions: Mapping[str, str], of: str = ""
    ) -> None:
        self._store = store
        self._book = book
        self._to = to
        self._decisions = decisions
        self._of = of or to.pack.name
        problems = read_from(store, lambda reading: [*self._strange(reading)])
        if problems:
            raise InvalidForm(problems)

    def plan(self, at: dt.datetime) -> MovePlan:
        """What would become of each case if it was moved now. Nothing is written."""
        return read_from(self._store, lambda reading: self._plan(reading, at))

    def _plan(self, reading: Reading, at: dt.datetime) -> MovePlan:
        moving = Moving(to=self._to, actor=_NOBODY, at=at)
        moves: list[tuple[PlannedCase, Change | None]] = []
        holders: dict[str, str] = {}
        self._book.compare(reading, self._to)
        self._book.load(reading)
        for case in _open_cases(reading):
            change = None
            if self._is_meant(case):
                one, change = self._planned(moving, case)
                moves.append((one, change))
            if change is None and (key := self._key_held_by(case)):
                holders[key] = case.id
        planned = [self._with_its_place(one, change, holders) for one, change in moves]
        return MovePlan(to=self._to.key, cases=tuple(planned))

    def move(
        self,
        actor: Actor,
        clock: Callable[[], dt.datetime],
        *,
        why: str,
        tell: Callable[[int, int], object],
        stop: Callable[[], bool],
    ) -> MoveReport:
        """Move each case that can be moved.

        Args:
            actor: Who does it.
            clock: What the time is told by.
            why: Why, in their words; kept with each event.
            tell: Told how many cases were looked at, of how many.
            stop: Asked before each case whether to end here.

        Raises:
            Refused: The actor looks after no system, or the routine is not in force yet.
        """
        self._allow(actor, clock())
        self._book.keep(self._store, self._to)
        ahead = read_from(self._store, self._ahead)
        left: dict[str, PlannedCase] = {}
        whole, looked_at, count, before = len(ahead), 0, 0, -1
        # The place that a case wants may be held by one that moves away later: as long as any
        # case moves, those are tried again.
        while ahead and count > before:
            before = count
            for case_id in ahead:
                if stop():
                    stays = tuple(left.values())
                    return MoveReport(to=self._to.key, moved=count, left=stays, stopped=True)
                found = self._move(Moving(to=self._to, actor=actor, at=clock(), why=why), case_id)
                if isinstance(found, PlannedCase):
                    left[case_id] = found
                else:
                    left.pop(case_id, None)
                    count += found
                looked_at = min(looked_at + 1, whole)
                tell(looked_at, whole)
            ahead = [case_id for case_id, one in left.items() if _waits_for_a_place(one)]
        return MoveReport(to=self._to.key, moved=count, left=tuple(left.values()))

    def _ahead(self, reading: Reading) -> list[str]:
        self._book.load(reading)
        return [case.id for case in _open_cases(reading) if self._is_meant(case)]

    # -- one case ------------------------------------------------------------------------------

    def _move(self, moving: Moving, case_id: str) -> PlannedCase | bool:
        """Move a case: whether it was, or what it stays as."""
        raced = True
        for _ in range(_ATTEMPTS):
            try:
                return repeated(self._store, lambda kept: self._move_in(kept, moving, case_id))
            except ConflictError as error:
                raced = error.case_id == case_id
            if not raced:
                break

        def planned(reading: Reading) -> PlannedCase:
            case = reading.case(case_id)
            assert case is not None  # no store forgets a case
            return self._planned(moving, self._book.meet(reading, case))[0]

        one = read_from(self._store, planned)
        return _stays(one, cannot("raced", self._to) if raced else self._no_place(one))

    def _move_in(self, transaction: Writing, moving: Moving, case_id: str) -> PlannedCase | bool:
        case = transaction.case(case_id)
        if case is None or not case.is_open or not self._is_meant(case):
            return False  # somebody else was quicker
        one, change = self._planned(moving, self._book.meet(transaction, case))
        if change is None:
            return one
        if not self._in_scope(moving.actor, case):
            return _stays(one, Reason(rule="engine.scope", text=say("scope")))
        transaction.apply([change])
        return True

    def _planned(self, moving: Moving, case: Case) -> tuple[PlannedCase, Change | None]:
        found = self._outlook(case)
        state = self._decided(case, found.states)
        change: Change | None = None
        if state:
            try:
                change = moved(moving, case, state)
            except Unjudged:
                found = Outlook(reason=cannot("unreadable", self._to))
        fate: Fate = "moves" if change else "cannot" if found.reason else "needs_decision"
        one = PlannedCase(
            case_id=case.id,
            process=case.process,
            subject=case.subject,
            state=case.state,
            routine=case.routine,
            fate=fate,
            to=state if change else "",
            choices=found.states if fate == "needs_decision" else (),
            reason=found.reason,
        )
        return one, change

    def _outlook(self, case: Case) -> Outlook:
        old = self._book.known(case.routine)
        return outlook(old, self._to, case) if old else Outlook(reason=cannot("unknown", self._to))

    def _decided(self, case: Case, choices: tuple[str, ...]) -> str:
        """The state that a case comes into; empty if that is still to be decided."""
        if len(choices) < 2:
            return "".join(choices)
        said = self._decisions.get(case.id) or self._decisions.get(f"{case.process}.{case.state}")
        return said if said in choices else ""

    def _with_its_place(
        self, one: PlannedCase, change: Change | None, holders: dict[str, str]
    ) -> PlannedCase:
        """A planned case, which cannot move if another holds the one place that there is."""
        if change and change.open_key:
            holder = holders.setdefault(change.open_key, one.case_id)
            if holder != one.case_id:
                return _stays(one, self._no_place(one))
        return one

    def _no_place(self, one: PlannedCase) -> Reason:
        label = self._to.process(one.process).rules.label
        return cannot("one_open", self._to, process=label)

    def _key_held_by(self, case: Case) -> str:
        routine = self._book.known(case.routine)
        return open_key(routine.process(case.process), case) if routine else ""

    def _is_meant(self, case: Case) -> bool:
        return case.routine != self._to.key and case.routine.partition("@")[0] == self._of

    # -- whether it may be done at all ---------------------------------------------------------

    def _allow(self, actor: Actor, at: dt.datetime) -> None:
        roles = self._to.tending_roles()
        hindrance = None
        if actor.roles.isdisjoint(roles):
            hindrance = cannot("role", self._to, roles=self._to.role_labels(roles))
        elif not self._to.in_force(at):
            hindrance = cannot("early", self._to, day=str(self._to.pack.in_force_from))
        if hindrance:
            raise Refused(Verdict(process="", transition=MOVE, reasons=(hindrance,)))

    def _in_scope(self, actor: Actor, case: Case) -> bool:
        return self._to.in_scope(actor, case, self._to.tending_roles())

    def _strange(self, reading: Reading) -> Iterator[Problem]:
        """What is wrong with the decisions."""
        asked = {
            f"{process}.{state}": choices
            for process, move in self._to.pack.move.items()
            for state, choices in move.states.items()
            if not isinstance(choices, str)
        }
        self._book.load(reading)
        for name, state in self._decisions.items():
            if "." not in name:
                yield from self._strange_of(reading.case(name), name, state)
            elif name not in asked:
                hint = nearest(name, asked)
                ending = f"; did you mean {hint!r}?" if hint else ""
                yield Problem(name, f"is no state that {self._to.key} asks to decide{ending}")
            elif state not in asked[name]:
                yield Problem(name, f"must be one of {', '.join(asked[name])}")

    def _strange_of(self, case: Case | None, name: str, state: str) -> Iterator[Problem]:
        """What is wrong with the decision on a case; one that was carried out may be repeated."""
        if case is None:
            yield Problem(name, "is no case of this database")
        elif case.routine == self._to.key:
            return
        elif not case.is_open:
            yield Problem(name, "has ended, and only open cases are moved; leave it out")
        elif not self._is_meant(case):
            yield Problem(name, f"runs under {case.routine}, and cases of {self._of} are moved")
        else:
            found = self._outlook(case)
            if found.reason:
                yield Problem(name, f"cannot be moved, whatever is decided: {found.reason.text.en}")
            elif len(found.states) == 1:
                yield Problem(name, f"needs no decision: it moves to {found.states[0]}")
            elif state not in found.states:
                yield Problem(name, f"must be one of {', '.join(found.states)}")


def _stays(one: PlannedCase, reason: Reason) -> PlannedCase:
    return attrs.evolve(one, fate="cannot", to="", choices=(), reason=reason)


def _waits_for_a_place(one: PlannedCase) -> bool:
    return one.reason is not None and one.reason.rule == f"{MOVE}.one_open"


def _open_cases(reading: Reading) -> Iterator[Case]:
    """Every open case, oldest first, a page at a time."""
    after, wanted = "", CaseFilter(is_open=True)
    while page := reading.cases(wanted, after, MOST):
        yield from page
        after = page[-1].id
