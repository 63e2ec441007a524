"""What should hold of every routine, and what this one claims of itself: proved or refuted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property

import attrs

from lockroutine.model import Text
from lockroutine.proving import words
from lockroutine.proving.beyond import Beyond
from lockroutine.proving.diagrams import EMPTY, TooLarge
from lockroutine.proving.ends import Ending, Ends
from lockroutine.proving.invariants import Invariants
from lockroutine.proving.moves import Moves, Refusal, moves_of
from lockroutine.proving.possible import Found, Possible, Wanted, steps, waits
from lockroutine.proving.proof import Claim, Story
from lockroutine.proving.samples import Samples
from lockroutine.proving.stories import shortest, told
from lockroutine.proving.table import Cube, Row, Table, table_of
from lockroutine.proving.view import View
from lockroutine.proving.views import Views
from lockroutine.proving.world import Bound, World, world_of
from lockroutine.routine import Routine, Step
from lockroutine.rules.terms import CLOCK, RESERVED

__all__ = ["Claims"]


class Claims:
    """Claims of a routine, decided within one bound.

    Args:
        routine: The routine.
        bound: How large the world is.
        most: How many nodes a view may have.
    """

    def __init__(self, routine: Routine, bound: Bound, most: int) -> None:
        self._routine = routine
        self._samples = Samples(routine, bound)
        self.world: World = world_of(routine, bound)
        self.found: Moves = moves_of(self.world, Invariants(self.world))
        self.table: Table = table_of(self.world, self.found)
        self.views: Views = Views(self.table, most)
        self.beyond: Beyond = Beyond(self.world, self.found)

    def _label(self, process: str) -> Text:
        return self._routine.process(process).rules.label

    # -- every case can always still reach an end ----------------------------------------------

    def ends(self) -> Iterator[Claim]:
        """That every case can always still reach an end, for each process."""
        ends = Ends(self.views)
        # One after the other, so that no view is kept for longer than it is needed.
        found = {process: self._end(process, ends.of(process)) for process in ends.order()}
        yield from (found[process] for process in self._routine.processes)

    def _end(self, process: str, ending: Ending) -> Claim:
        claim = Claim(
            name=f"ends.{process}",
            text=words.say("ends", process=self._label(process)),
            outcome="proved" if ending.holds else "bounded",
            seen=_seen(ending.view),
            why=None if ending.holds else words.say("too_large"),
        )
        if ending.view is None or not ending.stuck:
            return self._as_far_as_tried(claim)
        if self._may_go_on(process, ending.view, ending.stuck):
            return attrs.evolve(claim, outcome="bounded", why=words.say("beyond"))
        why = words.say("ends_not", process=self._label(process))
        return self._as_far_as_tried(self._told(claim, ending.view, ending.stuck, why))

    def _may_go_on(self, process: str, view: View, stuck: int) -> bool:
        """Whether what is stuck might go on in a larger world."""
        standing = (
            one
            for one in self.found.refusals
            if view.diagrams.touches(stuck, view.levels(self.table.cube(one.before)))
        )
        return self.beyond.may_go_on(process, standing)

    # -- what should be possible ---------------------------------------------------------------

    @cached_property
    def _steps(self) -> dict[Wanted, Found]:
        possible = Possible(self.views)
        return {
            wanted: possible.of(wanted)
            for process in self._routine.processes
            for wanted in steps(self.table, process)
        }

    def steps(self) -> Iterator[Claim]:
        """That each step can be made, by each role that may."""
        for process in self._routine.processes:
            mine = {w: f for w, f in self._steps.items() if w.step and w.step.process == process}
            yield from self._possible("steps", process, mine)

    def waits(self) -> Iterator[Claim]:
        """That whoever is waited for can do something."""
        possible = Possible(self.views)
        for process in self._routine.processes:
            mine = {wanted: possible.of(wanted) for wanted in waits(self.table, process)}
            yield from self._possible("waits", process, mine)

    def _possible(self, kind: str, process: str, found: dict[Wanted, Found]) -> Iterator[Claim]:
        failing = [(wanted, one) for wanted, one in found.items() if one.outcome != "proved"]
        for wanted, one in failing:
            yield self._failing(kind, process, wanted, one)
        if found and not failing:
            largest = max((one.seen for one in found.values()), key=len)
            text = words.say(kind, process=self._label(process))
            yield Claim(name=f"{kind}.{process}", text=text, outcome="proved", seen=largest)

    def _failing(self, kind: str, process: str, wanted: Wanted, found: Found) -> Claim:
        who = words.role(self._routine, wanted.role)
        step = wanted.step.transition if wanted.step else ""
        said: dict[str, Text] = {"process": self._label(process), "role": who}
        if wanted.step:
            said["step"] = self._routine.label(wanted.step)
        if wanted.state:
            said["state"] = self._routine.process(process).rules.states[wanted.state].label
        one = kind.removesuffix("s")
        claim = Claim(
            name=".".join(filter(None, (kind, process, wanted.state, step, wanted.role))),
            text=words.say("duty" if wanted.step and wanted.state else one, **said),
            outcome="bounded",
            seen=found.seen,
            why=words.say("too_large"),
        )
        if found.outcome == "bounded":
            return claim
        if self.found.cut:
            return self._as_far_as_tried(attrs.evolve(claim, outcome="refuted"))
        steps = self._meant(process, wanted)
        if any(self.beyond.may(one, wanted.role) for one in steps):
            return attrs.evolve(claim, why=words.say("beyond"))
        follows = bool(steps) and all(self._follows(wanted, one) for one in steps)
        claim = attrs.evolve(claim, outcome="refuted", follows=follows, why=words.say(f"{one}_not"))
        return claim if follows else self._hindered(claim, process, wanted, steps)

    def _follows(self, wanted: Wanted, step: Step) -> bool:
        """Whether a step is not possible only because something else is not."""
        if wanted.state and not self._is_ever_made(step, wanted.role):
            return True  # that is said of the step itself
        return self.beyond.follows(step, wanted.role)

    def _is_ever_made(self, step: Step, role: str) -> bool:
        return any(
            found.outcome != "refuted"
            for one, found in self._steps.items()
            if (one.step, one.role) == (step, role)
        )

    def _meant(self, process: str, wanted: Wanted) -> tuple[Step, ...]:
        """The steps of which one should be possible."""
        if wanted.step:
            return (wanted.step,)
        leaving = self._routine.process(process).leaving(wanted.state)
        return tuple(Step(process, name) for name, one in leaving if wanted.role in one.by)

    def _hindered(self, claim: Claim, process: str, wanted: Wanted, steps: Sequence[Step]) -> Claim:
        """The claim with how far it comes, and what is in the way then."""
        by_rule: dict[str, list[Refusal]] = {}
        for refusal in self.found.refusals:
            if refusal.attempt.step in steps and refusal.attempt.role == wanted.role:
                by_rule.setdefault(refusal.reason.rule, []).append(refusal)
        for rule in sorted(by_rule, key=self._place, reverse=True):
            refusals = by_rule[rule]
            why = words.say("hindered", rule=rule, text=refusals[0].reason.text)
            cubes = [self.table.cube(one.before) for one in refusals]
            holds = attrs.evolve(claim, outcome="proved")
            told = self._never(holds, process, cubes, why, refused=refusals)
            if told.outcome == "refuted":
                return told
        return claim

    def _place(self, rule: str) -> tuple[bool, int]:
        """Where a rule stands: those of driven steps and the joints themselves come last."""
        _, process, *rest = rule.split(".")
        if rest[0] != "transitions" or rest[2] != "guards":
            return rule.count(".") > 3, 0
        return False, list(self._routine.transition(Step(process, rest[1])).guards).index(rest[3])

    # -- each refusal has a way forward --------------------------------------------------------

    def cures(self) -> Iterator[Claim]:
        """That each refusal has a way forward that somebody can go."""
        can = {(w.step, w.role) for w, found in self._steps.items() if found.outcome == "proved"}
        might = {(w.step, w.role) for w in self._steps if w.step and self._might(w, w.step)}
        for process in self._routine.processes:
            mine = [
                one
                for one in self.found.refusals
                if one.attempt.step.process == process and one.attempt.role not in RESERVED
            ]
            by_rule: dict[tuple[Step, str], list[Refusal]] = {}
            for refusal in mine:
                if can.isdisjoint(_ways(refusal)):
                    key = refusal.attempt.step, refusal.reason.rule
                    by_rule.setdefault(key, []).append(refusal)
            wrong = [
                claim
                for (step, rule), refusals in by_rule.items()
                for claim in self._uncured(step, rule, refusals, might)
            ]
            yield from wrong
            if mine and not wrong:
                text = words.say("cures", process=self._label(process))
                yield Claim(name=f"cures.{process}", text=text, outcome="proved")

    def _might(self, wanted: Wanted, step: Step) -> bool:
        """Whether it is not decided that a step is possible."""
        outcome = self._steps[wanted].outcome
        return outcome == "bounded" or (outcome == "refuted" and self.beyond.may(step, wanted.role))

    def _uncured(
        self,
        step: Step,
        rule: str,
        refusals: Sequence[Refusal],
        might: Set[tuple[Step | None, str]],
    ) -> Iterator[Claim]:
        """The claim that a rule's refusals have a way forward, if it does not hold."""
        short = rule.removeprefix(f"process.{step.process}.transitions.{step.transition}.")
        cubes = [
            cube
            for refusal in refusals
            for cube in self._with_no_way(step, self.table.cube(refusal.before), refusal)
        ]
        # What would help is there, and is itself never possible.
        follows = all(refusal.reason.cures for refusal in refusals)
        claim = Claim(
            follows=follows,
            name=f"cures.{step.process}.{step.transition}.{short}",
            text=words.say(
                "cure",
                process=self._label(step.process),
                step=self._routine.label(step),
                rule=short,
            ),
            outcome="proved",
        )
        why = words.say("cure_not", text=refusals[0].reason.text)
        decided = self._never(claim, step.process, cubes, why, refused=refusals)
        decided = self._as_far_as_tried(decided)
        if decided.outcome == "refuted" and not all(
            might.isdisjoint(_ways(refusal)) for refusal in refusals
        ):
            decided = attrs.evolve(decided, outcome="bounded", why=words.say("beyond"), story=None)
        if decided.outcome != "proved":
            yield decided

    def _with_no_way(self, step: Step, cube: Cube, refusal: Refusal) -> list[Cube]:
        """The worlds of a cube in which nobody can make the step, whatever they give."""
        left = [cube]
        for row in self.table.of_step.get(step, ()):
            if row.move.attempt.slot == refusal.attempt.slot:
                left = [rest for one in left for rest in self._without(one, row.needs)]
        return left

    def _without(self, cube: Cube, other: Cube) -> Iterator[Cube]:
        """The worlds of a cube that are not in another one."""
        inside = dict(cube)
        for var, some in other.items():
            mine = inside.get(var, frozenset(range(self.table.sizes[var])))
            if mine.isdisjoint(some):
                yield inside
                return
            if not mine <= some:
                yield {**inside, var: mine - some}
            inside[var] = mine & some

    # -- what the pack itself claims -----------------------------------------------------------

    def invariants(self) -> Iterator[Claim]:
        """That the invariants of the pack hold in every world."""
        for path, invariant in self._routine.pack.invariants():
            rows = [row for row in self.table.rows if path in row.move.breaks]
            cubes = [self.table.cube(one.before) for one in self.found.broken if one.path == path]
            claim = Claim(
                name=path,
                text=invariant.label,
                outcome="proved",
                clauses=invariant.clauses,
                gaps=invariant.gaps,
            )
            why = words.say("broken", label=invariant.label)
            process = invariant.process or invariant.step.partition(".")[0]
            cubes += [row.needs for row in rows]
            decided = self._never(claim, process, cubes, why, rows)
            # What was really come to is so, whatever else could be tried.
            yield decided if decided.story else self._as_far_as_tried(decided)

    # -- deciding and telling ------------------------------------------------------------------

    def _never(
        self,
        claim: Claim,
        process: str,
        cubes: Sequence[Cube],
        why: Text,
        last: Sequence[Row] = (),
        refused: Sequence[Refusal] = (),
    ) -> Claim:
        """The claim that no world is in one of these cubes; or else the story of how one is."""
        plans = [(self.views.plans.of(cube), cube) for cube in cubes]
        ways = [(plan, cube) for plan, cube in plans if plan is not None]
        there = [cube for _, cube in ways]
        if not ways:
            return attrs.evolve(claim, seen=(process,))
        asked = {var for cube in there for var in cube}
        plan, nearest = min(ways, key=lambda way: way[0].size)
        start = plan.processes | self.views.processes([nearest])
        view = self.views.of(start, asked)
        try:
            if self._is_met(view, there):
                return self._told(claim, view, self._goal(view, there), why, last, refused)
            for view in self.views.growing([process], asked):
                if not any(view.diagrams.touches(view.may, view.levels(one)) for one in there):
                    return attrs.evolve(claim, seen=_seen(view))
                if self._is_met(view, there):
                    return self._told(claim, view, self._goal(view, there), why, last, refused)
        except TooLarge:
            pass
        return self._too_large(claim, view)

    def _too_large(self, claim: Claim, view: View) -> Claim:
        return attrs.evolve(claim, outcome="bounded", seen=_seen(view), why=words.say("too_large"))

    def _as_far_as_tried(self, claim: Claim) -> Claim:
        """Of what nobody was seen to do nothing is certain, where not every form was tried."""
        if not self.found.cut or claim.outcome == "bounded":
            return claim
        labels = [self._routine.label(step) for step in self.found.cut]
        named = Text(", ".join(one.sv for one in labels), ", ".join(one.en for one in labels))
        why = words.say("cut", steps=named)
        return attrs.evolve(claim, outcome="bounded", why=why, story=None)

    def _is_met(self, view: View, cubes: Iterable[Cube]) -> bool:
        """Whether one of the cubes is reached while all else is quiet."""
        return any(
            view.is_quiet(cube) and view.diagrams.touches(view.quiet, view.levels(cube))
            for cube in cubes
        )

    def _goal(self, view: View, cubes: Iterable[Cube]) -> int:
        """The worlds of these cubes, while all else is quiet."""
        worlds = EMPTY
        for cube in cubes:
            if view.is_quiet(cube):
                worlds = view.diagrams.union(worlds, view.worlds(cube))
        return worlds

    def _told(
        self,
        claim: Claim,
        view: View,
        goal: int,
        why: Text,
        last: Sequence[Row] = (),
        refused: Sequence[Refusal] = (),
    ) -> Claim:
        """The claim with the shortest story against it, if that could really be made."""
        try:
            way = [one.rows for one in shortest(view, goal).moves]
        except TooLarge:
            return self._too_large(claim, view)
        if last:
            way.append(tuple(last))
        found = told(self.world, self._samples, way, refused)
        if not found.whole:
            return attrs.evolve(
                claim, outcome="bounded", seen=_seen(view), why=words.say("not_told")
            )
        standing = tuple(words.of_case(self._routine, case) for case in found.cases)
        story = Story(steps=found.steps, ending=(*standing, why))
        return attrs.evolve(claim, outcome="refuted", seen=_seen(view), why=why, story=story)


def _ways(refusal: Refusal) -> set[tuple[Step | None, str]]:
    """The steps that are named as ways forward, by each role that may make them."""
    return {
        (Step(cure.process, cure.transition), role)
        for cure in refusal.reason.cures
        for role in cure.roles or (CLOCK,)
    }


def _seen(view: View | None) -> tuple[str, ...]:
    return tuple(sorted(view.processes)) if view else ()
