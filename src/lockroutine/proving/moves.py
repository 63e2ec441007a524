"""What can happen in the small world: each step as the decision itself makes it.

The decision is asked with cases whose values are open until it looks at them. What it looked at
on a way that ends well is what a move needs; how the cases look afterwards is what it writes.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TypeVar

import attrs
from attrs import frozen

from lockroutine.decide import unseen
from lockroutine.decide.command import Command
from lockroutine.decide.evolve import changed, clock_steps
from lockroutine.decide.moment import Moment
from lockroutine.decide.walk import Asking, Book, Walk
from lockroutine.facts import Value
from lockroutine.model import Actor, Case, Event, Query, Reason
from lockroutine.proving.invariants import Broken, Invariants
from lockroutine.proving.learned import Grown, Learned
from lockroutine.proving.paths import STATE, Known, Paths, Var, state_of
from lockroutine.proving.samples import Form, Samples
from lockroutine.proving.watched import Watched, WatchedDone, WatchedFacts, WatchedState
from lockroutine.proving.world import NOW, PEOPLE, UNIT, World
from lockroutine.routine import Step
from lockroutine.rules.scene import Scene
from lockroutine.rules.schema import Joint
from lockroutine.rules.terms import CLOCK, JOINT, RESERVED

__all__ = ["Attempt", "Move", "Moves", "Refusal", "moves_of"]

MOST = 5_000
"""So many ways of a step are gone; of one with more, not everything is known."""

T = TypeVar("T")


@frozen(eq=False)
class Attempt:
    """That somebody tries to make a step.

    Args:
        step: The step.
        slot: The slot whose case it is made on.
        role: In which role; or the clock, or another system.
        person: Who.
        units: In which units they work.
        form: What is given.
        ahead: How far from now the times in the form lie.
    """

    step: Step
    slot: int
    role: str
    person: str
    units: tuple[str, ...]
    form: Form
    ahead: dt.timedelta

    @property
    def actor(self) -> Actor:
        """Who tries."""
        return Actor(self.person, roles={self.role}, units=self.units)


@frozen(eq=False)
class Move:
    """That a step can be made, from every world in which these values hold.

    Args:
        attempt: Who makes it, and with what.
        before: What the values need to be.
        writes: What they are afterwards.
        resets: The slots in which nothing is left of what was there.
        made: The step and those that it drives.
        breaks: The invariants that it breaks.
    """

    attempt: Attempt
    before: Known
    writes: Mapping[Var, Value]
    resets: frozenset[int]
    made: tuple[Step, ...]
    breaks: tuple[str, ...] = ()


@frozen(eq=False)
class Refusal:
    """That a step is refused, in every world in which these values hold.

    Args:
        attempt: Who tries, and with what.
        before: What the values are.
        reason: The first thing that is in the way.
    """

    attempt: Attempt
    before: Known
    reason: Reason


@frozen
class Moves:
    """Everything that can happen in a world.

    Args:
        moves: What can be done.
        refusals: What is refused.
        broken: Where the invariants on states do not hold.
        learned: What cases can look like.
        cut: The steps of which not everything was tried.
        dropped: The steps that would now and then take a second case where there is one place.
    """

    moves: tuple[Move, ...]
    refusals: tuple[Refusal, ...]
    broken: tuple[Broken, ...]
    learned: Learned
    cut: tuple[Step, ...]
    dropped: frozenset[Step]


class _Stopped(BaseException):
    """Something is in the way; nothing else needs to be judged."""

    def __init__(self, reason: Reason) -> None:
        super().__init__()
        self.reason = reason


class _Probe(Walk):
    """A command that stops at what is first in its way, and keeps how the cases look after it."""

    def __init__(self, book: Book, command: Command) -> None:
        super().__init__(book, command)
        self.made: list[tuple[Moment, Case]] = []

    def _leads_to(self, moment: Moment) -> str | None:
        state = moment.case.state
        if not isinstance(state, WatchedState):
            return super()._leads_to(moment)
        # From which of them it comes makes no difference, and stays open.
        possible = self._is_in(moment.case, moment.transition.from_)
        return (moment.transition.to or state) if possible else None

    def _is_in(self, case: Case, states: Iterable[str]) -> bool:
        state = case.state
        return state.is_one_of(states) if isinstance(state, WatchedState) else state in states

    def _happen(self, moment: Moment, scene: Scene, event: Event) -> Scene:
        stays = isinstance(event.after, WatchedState)
        any_ = attrs.evolve(event, after=moment.transition.from_[0]) if stays else event
        after = changed(moment.routine, moment.case, any_)
        if stays:
            after = attrs.evolve(after, state=event.after)
        self.made.append((moment, after))
        return attrs.evolve(scene, case=after)

    def _targets(
        self, moment: Moment, scene: Scene, path: str, joint: Joint, subject: str, quiet: bool
    ) -> Asking[Sequence[Case]]:
        try:
            return (yield from super()._targets(moment, scene, path, joint, subject, quiet))
        except _Stopped as stopped:
            raise _told_little(moment, joint, (), stopped) from None

    def _drive_all(
        self, moment: Moment, scene: Scene, step: Step, joint: Joint, targets: Sequence[Case]
    ) -> Asking[None]:
        try:
            yield from super()._drive_all(moment, scene, step, joint, targets)
        except _Stopped as stopped:
            raise _told_little(moment, joint, targets, stopped) from None

    def _hinder(self, reason: Reason) -> None:
        raise _Stopped(reason)


def _told_little(
    moment: Moment, joint: Joint, targets: Sequence[Case], stopped: _Stopped
) -> _Stopped:
    """What is in the way, as it is told to somebody who may not know of the other cases."""
    if not unseen.is_told_little(moment, targets):
        return stopped
    text, cures = unseen.refusal_of(moment, joint)
    return _Stopped(attrs.evolve(stopped.reason, text=text, cures=tuple(cures)))


def moves_of(world: World, invariants: Invariants) -> Moves:
    """Find everything that can happen in a world."""
    return _Finder(world, invariants).find()


@frozen
class _Found:
    """What came of a step: what it hangs on beside the states of its own case, and what was found.

    Args:
        moves: What can be done.
        refusals: What is refused.
        asked: What was asked of its own case.
        others: What was asked of other cases: process, kind and name.
    """

    moves: tuple[Move, ...]
    refusals: tuple[Refusal, ...]
    asked: frozenset[tuple[str, str]]
    others: frozenset[tuple[str, str, str]]

    @property
    def ways(self) -> int:
        """How many ways were gone."""
        return len(self.moves) + len(self.refusals)


class _Ahead:
    """The steps that are to be tried, those with the fewest ways first."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._number = {step: number for number, step in enumerate(steps)}
        self._steps = steps
        self._there: set[Step] = set()
        self._heap: list[tuple[int, int]] = []

    def add(self, step: Step, ways: int) -> None:
        """A step is to be tried (again)."""
        if step not in self._there:
            self._there.add(step)
            heapq.heappush(self._heap, (ways, self._number[step]))

    def __iter__(self) -> Iterator[Step]:
        while self._heap:
            _, number = heapq.heappop(self._heap)
            step = self._steps[number]
            self._there.remove(step)
            yield step


class _Finder:
    def __init__(self, world: World, invariants: Invariants) -> None:
        self._world = world
        self._routine = world.routine
        self._book = {world.routine.key: world.routine}
        self._invariants = invariants
        self._samples = Samples(world.routine, world.bound)
        self._learned = Learned(world)
        self._dropped: set[Step] = set()
        self._cut: set[Step] = set()
        self._steps = tuple(
            Step(name, step)
            for name, process in self._routine.pack.process.items()
            for step in process.transitions
        )
        self._leaving: dict[tuple[str, str], list[Step]] = {}
        for step in self._steps:
            for state in self._routine.transition(step).from_:
                self._leaving.setdefault((step.process, state), []).append(step)
        self._asking: dict[tuple[str, str, str], set[Step]] = {}

    def find(self) -> Moves:
        found: dict[Step, _Found] = {}
        ahead = _Ahead(self._steps)
        for step in self._steps:
            if not self._routine.transition(step).from_:
                ahead.add(step, 0)
        for step in ahead:
            found[step] = self._of(step)
            for asked in found[step].others:
                self._asking.setdefault(asked, set()).add(step)
            for one in self._learn(found[step].moves):
                for other in self._hanging_on(one, found):
                    ahead.add(other, found[other].ways if other in found else 0)
        return Moves(
            tuple(move for step in self._steps if step in found for move in found[step].moves),
            tuple(one for step in self._steps if step in found for one in found[step].refusals),
            tuple(self._invariants.broken(Watched(self._world, self._paths()))),
            self._learned,
            tuple(step for step in self._steps if step in self._cut | self._samples.cut),
            frozenset(self._dropped),
        )

    def _paths(self) -> Paths:
        return Paths(self._learned.states, self._learned.values)

    def _hanging_on(self, grown: Grown, found: Mapping[Step, _Found]) -> Iterator[Step]:
        """The steps of which more may come now."""
        for step in self._leaving.get((grown.process, grown.state), ()):
            known = found.get(step)
            if known is None or grown.kind == STATE or grown[1:3] in known.asked:
                yield step
        yield from self._asking.get(grown[:3], ())

    def _learn(self, moves: Iterable[Move]) -> set[Grown]:
        """Take in what moves make of the cases, until that is nothing new."""
        grown: set[Grown] = set()
        while True:
            more: set[Grown] = set()
            for move in moves:
                more |= self._learned.learn(move.before, move.writes, move.resets)
            if not more:
                return grown
            grown |= more

    def _of(self, step: Step) -> _Found:
        """Everything that can come of a step: with the first times with which it can be made."""
        asked: set[tuple[str, str]] = set()
        others: set[Var] = set()
        moves: list[Move] = []
        refusals: list[Refusal] = []
        for ahead in self._samples.times(step):
            moves, refusals = [], []
            for attempt in self._attempts(step, ahead):
                paths = self._paths()
                for way in itertools.islice(self._ways(attempt, paths), MOST + 1):
                    if isinstance(way, Move):
                        moves.append(way)
                    else:
                        refusals.append(way)
                # A step that opens a case asks whether there is one, whatever its state.
                opens = not self._routine.transition(step).from_
                own = {var for var in paths.asked if var.slot == attempt.slot and not opens}
                asked |= {(var.kind, var.name) for var in own}
                others |= paths.asked - own
                if len(moves) + len(refusals) > MOST:
                    self._cut.add(step)
                    break
            if moves:
                break
        slots = self._world.slots
        names = {(slots[var.slot].process, var.kind, var.name) for var in others}
        # Whoever looks at a case looks at where it stands.
        names |= {(process, STATE, "") for process, _, _ in names}
        return _Found(tuple(moves), tuple(refusals), frozenset(asked), frozenset(names))

    def _attempts(self, step: Step, ahead: dt.timedelta) -> Iterator[Attempt]:
        people = PEOPLE if self._asks_who(step) else PEOPLE[:1]
        forms = tuple(self._samples.forms(step, NOW, ahead))
        units = self._world.bound.units
        for role in self._routine.transition(step).by:
            if role == JOINT:
                continue
            for person in (role,) if role in RESERVED else people:
                for form in forms:
                    for slot in self._world.of[step.process]:
                        yield Attempt(step, slot, role, person, units, form, ahead)

    def _asks_who(self, step: Step) -> bool:
        """Whether it can matter which person makes a step."""
        ahead = [step]
        for here in ahead:
            transition = self._routine.transition(here)
            refs = [ref for guard in transition.guards.values() for ref in guard.refs()]
            for joint in transition.joint.values():
                refs += [joint.subject, *joint.match.values(), *joint.form.values()]
                ahead.append(Step(joint.process, joint.transition))
            refs += transition.sets.values()
            if any(ref.source == "actor" for ref in refs):
                return True
        return False

    def _ways(self, attempt: Attempt, paths: Paths) -> Iterator[Move | Refusal]:
        """Everything that can come of an attempt."""
        for known in paths:
            watched = Watched(self._world, paths)
            case = self._case(attempt, watched)
            at = None if case is None else self._time(attempt, case)
            if case is None or at is None:
                continue
            command = Command(
                transition=attempt.step.transition,
                actor=attempt.actor,
                form=attempt.form,
                recorded_at=at,
            )
            probe = _Probe(self._book, command)
            try:
                answered(probe.make(case), watched)
            except _Stopped as stopped:
                yield Refusal(attempt, dict(known), stopped.reason)
            else:
                breaks = self._invariants.broken_by((m for m, _ in probe.made), watched)
                move = self._move(attempt, known, probe, breaks)
                if move is not None:
                    yield move

    def _case(self, attempt: Attempt, watched: Watched) -> Case | None:
        """The case that a step is tried on; None if it is in a state from where there is no way."""
        slot = self._world.slots[attempt.slot]
        from_ = self._routine.transition(attempt.step).from_
        paths, state = watched.paths, state_of(attempt.slot)
        if not from_:
            paths.is_one_of(state, (None,))
            return self._routine.blank(slot.process, "new", slot.subject, UNIT)
        if not paths.is_one_of(state, from_):
            return None
        return watched.case(attempt.slot)

    def _time(self, attempt: Attempt, case: Case) -> dt.datetime | None:
        """When a step is tried; None if the clock does not make it."""
        if attempt.role != CLOCK:
            return NOW
        process = self._routine.process(case.process)
        found = dict(clock_steps(self._routine, process, case)).get(attempt.step.transition)
        return None if found is None else max(NOW, found)

    def _move(self, attempt: Attempt, known: Known, probe: _Probe, breaks: Set[str]) -> Move | None:
        """What is written; None if it would take a second case where there is one place."""
        writes: dict[Var, Value] = {}
        resets: set[int] = set()
        for moment, after in probe.made:
            slot = self._world.place.get((moment.step.process, after.subject))
            if slot is None:
                continue
            opens = not moment.case.version
            if opens and self._is_taken(slot, known, writes):
                self._dropped.add(moment.step)
                return None
            # A step that stays where it is ends nothing.
            stays = isinstance(after.state, WatchedState)
            ended = not stays and after.state not in self._world.slots[slot].states
            if opens or ended:
                resets.add(slot)
                writes = {var: value for var, value in writes.items() if var.slot != slot}
            writes |= {state_of(slot): None} if ended else _written(slot, after)
        made = tuple(moment.step for moment, _ in probe.made)
        return Move(attempt, dict(known), writes, frozenset(resets), made, tuple(sorted(breaks)))

    def _is_taken(self, slot: int, known: Known, writes: Mapping[Var, Value]) -> bool:
        state = state_of(slot)
        free = (None, *self._world.slots[slot].ends)
        now = (writes[state],) if state in writes else known.get(state)
        # Where nobody asked, the slot may be free or taken: the move is one of a free slot.
        if now is None:
            known[state] = tuple(one for one in self._learned.states(slot) if one in free)
            return False
        return not any(one in free for one in now)


def answered(asking: Asking[T], watched: Watched) -> T:
    """Drive a question to its end with the cases of the world."""
    try:
        query: Query = next(asking)
        while True:
            query = asking.send(watched.find(query))
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]


def _written(slot: int, after: Case) -> dict[Var, Value]:
    done, found = after.done, dict[Var, Value]()
    if not isinstance(after.state, WatchedState):
        found[state_of(slot)] = str(after.state)
    flags = done.written if isinstance(done, WatchedDone) else dict.fromkeys(done, True)
    found |= {Var(slot, "done", name): value for name, value in flags.items()}
    for facts in (after.data, after.personal):
        values: Mapping[str, Value] = facts.written if isinstance(facts, WatchedFacts) else facts
        found |= {Var(slot, "fact", name): value for name, value in values.items()}
    return found
