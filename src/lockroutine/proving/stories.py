"""The shortest way to a world, found in the diagrams and then made by the decision itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from attrs import frozen

from lockroutine.decide import Command, answer, decide
from lockroutine.decide.evolve import clock_steps
from lockroutine.errors import LockroutineError, Refused
from lockroutine.facts import sha256
from lockroutine.model import Case, Query
from lockroutine.proving.diagrams import EMPTY, Event
from lockroutine.proving.moves import Attempt, Refusal
from lockroutine.proving.proof import StoryStep
from lockroutine.proving.samples import Form, Samples
from lockroutine.proving.table import Row
from lockroutine.proving.view import Seen, View
from lockroutine.proving.words import of_step
from lockroutine.proving.world import NOW, UNIT, World
from lockroutine.rules.terms import CLOCK

__all__ = ["Told", "Way", "shortest", "told"]

_MINUTE = dt.timedelta(minutes=1)


@frozen
class Way:
    """The fewest moves to a world.

    Args:
        moves: The moves.
        world: The world, a value for each level of the view.
    """

    moves: tuple[Seen, ...]
    world: tuple[int, ...]


def shortest(view: View, goal: int) -> Way:
    """The fewest moves to one of some worlds, while all that is not seen is quiet.

    Args:
        view: What is seen.
        goal: The worlds; one of them can be come to.

    Raises:
        TooLarge: There are too many worlds on the way.
    """
    diagrams = view.diagrams
    changing = [(one, Event(view.pairs(one))) for one in view.alone if one.sets]
    layers = [view.start]
    known = view.start
    while not diagrams.meet(layers[-1], goal):
        reached = EMPTY
        for _, event in changing:
            reached = diagrams.union(reached, diagrams.after(layers[-1], event))
        layers.append(diagrams.rest(reached, known))
        known = diagrams.union(known, reached)
    end = world = diagrams.any(diagrams.meet(layers[-1], goal))
    moves: list[Seen] = []
    for layer in reversed(layers[:-1]):
        one, world = next(_before(view, world, layer, [one for one, _ in changing]))
        moves.append(one)
    return Way(tuple(moves[::-1]), end)


def _before(
    view: View, world: tuple[int, ...], layer: int, moves: Iterable[Seen]
) -> Iterator[tuple[Seen, tuple[int, ...]]]:
    """The worlds of a layer from which a move leads to a world."""
    for one in moves:
        if any(view.value(world, var) != value for var, value in one.sets.items()):
            continue
        cube = {
            var: frozenset({view.value(world, var)}) & one.needs.get(var, {view.value(world, var)})
            for var in view.vars
            if var not in one.sets
        }
        cube |= {var: one.needs[var] for var in one.sets if var in one.needs}
        found = view.diagrams.meet(layer, view.worlds(cube))
        if found:
            yield one, view.diagrams.any(found)


@frozen
class Told:
    """A story as far as it could really be made.

    Args:
        steps: What was done.
        cases: The cases afterwards.
        whole: Whether every step was made.
    """

    steps: tuple[StoryStep, ...]
    cases: tuple[Case, ...]
    whole: bool


def told(
    world: World, samples: Samples, way: Iterable[tuple[Row, ...]], refused: Iterable[Refusal] = ()
) -> Told:
    """Make each step of a way by the decision itself, a minute after the one before.

    Args:
        world: The world.
        samples: What to give in forms.
        way: For each step the moves that would do.
        refused: What is refused in the end; the first of it is tried, too.
    """
    teller = _Teller(world, samples)
    for rows in way:
        if not any(teller.makes(attempt) for attempt in _attempts(rows)):
            return Told(tuple(teller.steps), teller.standing(), whole=False)
    any(teller.is_refused(one.attempt, one.reason.rule) for one in refused)
    return Told(tuple(teller.steps), teller.standing(), whole=True)


def _attempts(rows: Iterable[Row]) -> Iterator[Attempt]:
    seen: set[int] = set()
    for row in rows:
        if id(row.move.attempt) not in seen:
            seen.add(id(row.move.attempt))
            yield row.move.attempt


def _command(attempt: Attempt, form: Form, at: dt.datetime) -> Command:
    return Command(
        transition=attempt.step.transition, actor=attempt.actor, form=form, recorded_at=at
    )


class _Teller:
    """The cases of a story, as the decision makes them."""

    def __init__(self, world: World, samples: Samples) -> None:
        self._routine = world.routine
        self._book = {world.routine.key: world.routine}
        self._world = world
        self._samples = samples
        self._cases: dict[str, Case] = {}
        self._now = NOW
        self.steps: list[StoryStep] = []

    def standing(self) -> tuple[Case, ...]:
        """The open cases."""
        return tuple(case for case in self._cases.values() if case.is_open)

    def makes(self, attempt: Attempt) -> bool:
        """Whether an attempt can be made now; then it is."""
        case, at = self._tried(attempt)
        if case is None or at is None:
            return False
        form = self._form(attempt, at)
        try:
            decision = answer(decide(self._book, case, _command(attempt, form, at)), self._find)
        except LockroutineError:
            return False
        for change in decision.changes:
            self._cases[change.case.id] = change.case
        self._now = at + _MINUTE
        self._add(attempt, decision.changes[0].case.state, at, form)
        return True

    def is_refused(self, attempt: Attempt, rule: str) -> bool:
        """Whether an attempt is refused now by a rule; then that is told."""
        case, at = self._tried(attempt)
        if case is None or at is None:
            return False
        form = self._form(attempt, at)
        try:
            answer(decide(self._book, case, _command(attempt, form, at)), self._find)
        except Refused as refused:
            rules = tuple(dict.fromkeys(reason.rule for reason in refused.verdict.reasons))
            if rule in rules:
                self._add(attempt, case.state, at, form, rules)
            return rule in rules
        except LockroutineError:
            pass
        return False

    def _tried(self, attempt: Attempt) -> tuple[Case | None, dt.datetime | None]:
        """The case that an attempt is made on, and when."""
        case = self._case(attempt)
        return case, self._time(attempt, case)

    def _add(
        self,
        attempt: Attempt,
        state: str,
        at: dt.datetime,
        form: Form,
        refused: tuple[str, ...] = (),
    ) -> None:
        step, subject = attempt.step, self._world.slots[attempt.slot].subject
        text = of_step(self._routine, step, attempt.role, subject, refused=bool(refused))
        self.steps.append(
            StoryStep(
                process=step.process,
                transition=step.transition,
                role=attempt.role,
                person=attempt.person,
                subject=subject,
                state=state,
                at=at,
                form=form,
                text=text,
                refused=refused,
            )
        )

    def _case(self, attempt: Attempt) -> Case | None:
        slot = self._world.slots[attempt.slot]
        if not self._routine.transition(attempt.step).from_:
            made = sha256(f"{slot.process}/{slot.subject}/{len(self.steps)}")[:32]
            return self._routine.blank(slot.process, made, slot.subject, UNIT)
        mine = (
            case
            for case in self.standing()
            if case.process == slot.process and case.subject == slot.subject
        )
        return next(mine, None)

    def _time(self, attempt: Attempt, case: Case | None) -> dt.datetime | None:
        if attempt.role != CLOCK or case is None:
            return self._now
        process = self._routine.process(case.process)
        found = dict(clock_steps(self._routine, process, case)).get(attempt.step.transition)
        return None if found is None else max(found, self._now)

    def _form(self, attempt: Attempt, at: dt.datetime) -> Form:
        """The attempt's form, with its times counted from now."""
        then = tuple(self._samples.forms(attempt.step, NOW, attempt.ahead))
        now = tuple(self._samples.forms(attempt.step, at, attempt.ahead))
        return now[then.index(attempt.form)]

    def _find(self, query: Query) -> tuple[Case, ...]:
        return tuple(
            case
            for case in self._cases.values()
            if case.process == query.process and case.value(query.field) == query.value
        )
