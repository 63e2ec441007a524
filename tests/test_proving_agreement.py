"""What is proved agrees with what really happens: world by world, and on the way of stories."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from doorspack import DOORS, doors, replayed, without
from explorer import Cases, Explorer
from judged import broken
from lockroutine import RulesError, load_routine
from lockroutine.proving import Claim, Story, words
from lockroutine.proving.claims import Claims
from lockroutine.proving.possible import Possible, steps
from lockroutine.proving.samples import Samples
from lockroutine.proving.stories import shortest, told
from lockroutine.proving.view import View
from lockroutine.proving.world import NOW, Bound
from lockroutine.routine import Routine, Step
from lockroutine.rules.terms import JOINT, SWEEP
from mutations import Mutation, mutant, mutations

MOST = 200_000
EVERY = int(os.environ.get("LOCKROUTINE_EVERY_MUTANT", "9"))
"""Every so manieth mutant is looked at; with 1, all of them, in larger worlds, for some minutes."""
BOUNDS = [Bound(1, 1), Bound(1, 2)] if EVERY > 1 else [Bound(1, 2), Bound(2, 1)]


# -- every world -----------------------------------------------------------------------------------


def worlds(claims: Claims) -> set[tuple[int, ...]]:
    """Every world of the diagrams, in all processes at once."""
    table = claims.table
    view = View(table, claims.world.of, range(len(table.vars)), MOST)
    assert view.vars == frozenset(range(len(table.vars)))
    assert view.may == view.quiet
    found: set[tuple[int, ...]] = set()
    left = view.may
    while left:
        world = view.diagrams.any(left)
        found.add(tuple(view.value(world, var) for var in range(len(table.vars))))
        left = view.diagrams.rest(
            left, view.diagrams.cube({n: (value,) for n, value in enumerate(world)})
        )
    return found


@pytest.mark.parametrize("bound", BOUNDS, ids=str)
def test_the_same_worlds(bound: Bound) -> None:
    """The diagrams hold exactly the worlds that one comes to by making steps one by one."""
    claims = Claims(doors(), bound, MOST)
    assert worlds(claims) == Explorer(claims.table).depth.keys()


# -- the same claims -------------------------------------------------------------------------------


def standing(cases: Cases, process: str, *states: str) -> list[str]:
    """The subjects of the cases of a process in some states."""
    return [
        case.subject
        for (name, _), case in cases.items()
        if name == process and case.state in states
    ]


def customers(cases: Cases, field: str) -> list[tuple[object, object]]:
    """Of each lock that hangs, at whose door, and a value of it."""
    return [
        (case.value("customer"), case.value(field))
        for (name, _), case in cases.items()
        if name == "lock" and case.state == "mounted"
    ]


WRONG: Mapping[str, Callable[[Cases], bool]] = {
    "always.paired_where_it_hangs": lambda cases: any(
        other not in (None, customer) for customer, other in customers(cases, "paired_with")
    ),
    "always.ordinary_lock_on_record": lambda cases: any(
        customer not in standing(cases, "ordinary_lock", "kept")
        for customer, _ in customers(cases, "customer")
    ),
    "always.way_into_every_home": lambda cases: any(
        subject not in [customer for customer, _ in customers(cases, "customer")]
        for subject in standing(cases, "ordinary_lock", "kept")
    ),
    "never.lock_without_consent": lambda cases: any(
        customer is not None  # else nothing can be judged, and nothing is said to be so
        and customer not in standing(cases, "consent", "received", "withdrawn")
        and customer not in standing(cases, "removal", "ordered")
        for customer, _ in customers(cases, "customer")
    ),
}
"""The claims of the pack on states, said once more."""


def expected(routine: Routine, explorer: Explorer) -> dict[str, bool]:
    """Which claims hold, as far as they can be said of worlds and steps; found one by one."""
    found = {name: explorer.nearest(wrong) is None for name, wrong in WRONG.items()}
    made = {(step, role) for step, role, _ in explorer.made}
    for process, rules in routine.pack.process.items():
        for name, transition in rules.transitions.items():
            for role in transition.by:
                found[f"steps.{process}.{name}.{role}"] = (Step(process, name), role) in made
        for state, declared in rules.states.items():
            if not any(standing(cases, process, state) for cases in explorer.cases.values()):
                continue  # that nobody comes there is said of the steps
            can = {(step, role) for step, role, at in explorer.made if at == state}
            mine = {role for step, role in can if step.process == process}
            for role in declared.waits_for:
                found[f"waits.{process}.{state}.{role}"] = role in mine
            for duty, one in declared.duties.items():
                for role in one.waits_for:
                    owed = (Step(process, duty), role) in can
                    found[f"waits.{process}.{state}.{duty}.{role}"] = owed
        found[f"ends.{process}"] = not explorer.stuck(over(process))
    return found


def over(process: str) -> Callable[[Cases], bool]:
    return lambda cases: (
        not any(case.is_open for (name, _), case in cases.items() if name == process)
    )


def proved(claims: Claims) -> dict[str, bool]:
    """Which claims hold, as they are proved."""
    found: dict[str, bool] = {}
    for claim in (*claims.invariants(), *claims.steps(), *claims.waits(), *claims.ends()):
        assert claim.outcome != "bounded", claim
        found[claim.name] = claim.outcome == "proved"
    return found


def agree(routine: Routine, bound: Bound) -> None:
    """Hold what is proved of a routine against what is found one by one."""
    claims = Claims(routine, bound, MOST)
    explorer = Explorer(claims.table)
    assert worlds(claims) == explorer.depth.keys()
    said, so = proved(claims), expected(routine, explorer)
    for name, holds in so.items():
        # Of a process in which all is possible that is said in one claim, else what is not.
        assert said.get(name, True) is holds, name
    for claim in (*claims.invariants(), *claims.ends()):
        nearest: int | None = None
        if claim.name in WRONG:
            nearest = explorer.nearest(WRONG[claim.name])
        elif claim.name.startswith("ends.") and claim.story:
            stuck = explorer.stuck(over(claim.name.removeprefix("ends.")))
            nearest = min(explorer.depth[key] for key in stuck)
        if claim.story and nearest is not None:
            # It is the shortest that needs no other processes than those that were followed.
            assert len(claim.story.steps) >= nearest
            assert len(claim.story.steps) == nearest or len(claim.seen) < len(claims.world.of)


MUTANTS = mutations(DOORS, doors())


@pytest.mark.parametrize("mutation", MUTANTS[::EVERY], ids=lambda one: one.name)
def test_the_same_of_mutants(mutation: Mutation) -> None:
    """Whatever mistake is made in a pack, what is proved of it is what is found one by one."""
    try:
        routine = load_routine(mutant(DOORS, mutation))
    except RulesError:
        return  # noticed before anything is proved
    agree(routine, BOUNDS[0])


def test_what_is_broken_in_each_world() -> None:
    """The invariants as the pack says them fall in just those worlds in which they are wrong."""
    routine = doors(
        without("people", "process.consent.transitions.end.guards.lock_down"),
        without("registers", "process.lock.transitions.take_down.guards.unpaired"),
        without("visits", "process.removal.transitions.take_down.joint.ordinary_lock"),
    )
    seen: set[str] = set()
    for cases in Explorer(Claims(routine, BOUNDS[0], MOST).table).cases.values():
        there = {key: case for key, case in cases.items() if case.is_open}
        found = {one.partition(":")[0] for one in broken(routine, there.values(), NOW)}
        assert found == {name for name, wrong in WRONG.items() if wrong(there)}
        seen |= found
    assert seen == {"never.lock_without_consent", "always.way_into_every_home"}


# -- what is possible is done ----------------------------------------------------------------------


@pytest.mark.parametrize("pack", ["doors", "soderkoping"])
def test_what_is_possible_is_done(pack: str, tmp_path: Path) -> None:
    """What is proved possible is really done by the engine, on the shortest way to it."""
    routine = doors() if pack == "doors" else load_routine(pack)
    bound = Bound(1, 2)
    claims = Claims(routine, bound, MOST)
    possible = Possible(claims.views)
    wanted = [
        one
        for process in routine.processes
        for one in steps(claims.table, process)
        if one.role not in (JOINT, SWEEP)
    ]
    for one in wanted:
        found = possible.of(one)
        assert found.outcome == "proved"
        view = claims.views.of(found.seen, {var for row in one.rows for var in row.needs})
        rows = [row for row in one.rows if view.is_alone(row)]
        goal = 0
        for row in rows:
            goal = view.diagrams.union(goal, view.worlds(row.needs))
        way = [move.rows for move in shortest(view, goal).moves]
        story = told(claims.world, Samples(routine, bound), [*way, tuple(rows)])
        assert story.whole
        if any(step.role == SWEEP for step in story.steps):
            continue  # in the proof, what a sweep finds comes at any time; here it must be there
        last = story.steps[-1]
        assert (Step(last.process, last.transition), last.role) == (one.step, one.role)
        text = words.say("step", process="", step="", role="")
        claim = Claim(
            name=f"{last.process}.{last.transition}.{last.role}",
            text=text,
            outcome="refuted",
            story=Story(steps=story.steps, ending=()),
        )
        replayed(routine, claim, tmp_path)
