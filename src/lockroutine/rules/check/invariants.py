"""The checks of the invariants: what they look at, and that their guards fit it."""

from __future__ import annotations

from lockroutine.errors import Problem
from lockroutine.rules.check.parts import (
    Found,
    check_cited,
    check_known,
    check_name,
    check_step,
    check_text,
    transition_of,
)
from lockroutine.rules.check.process import ProcessCheck
from lockroutine.rules.fields import Forms
from lockroutine.rules.guards import ByRole, Guard
from lockroutine.rules.invariants import Invariant
from lockroutine.rules.schema import Pack, Transition

__all__ = ["check_invariants"]


def check_invariants(pack: Pack, forms: Forms) -> Found:
    """Everything that is wrong with the invariants of a pack."""
    for path, invariant in pack.invariants():
        yield from check_name(path, path.partition(".")[2])
        yield from check_text(f"{path}.label", invariant.label)
        yield from check_cited(pack, path, invariant.clauses, invariant.gaps, needed=True)
        if not invariant.guards:
            yield Problem(f"{path}.guards", "must name at least one guard")
        if invariant.step:
            yield from _of_step(pack, forms, path, invariant)
        elif invariant.process:
            yield from _of_states(pack, forms, path, invariant)
        else:
            yield Problem(path, "needs process and states, or step")


def _of_step(pack: Pack, forms: Forms, path: str, invariant: Invariant) -> Found:
    if invariant.process or invariant.states:
        yield Problem(f"{path}.step", "goes without process and states")
    yield from check_step(pack, f"{path}.step", invariant.step)
    transition = transition_of(pack, invariant.step)
    if transition:
        process = invariant.step.partition(".")[0]
        yield from _guards(pack, forms, path, process, transition, invariant)


def _of_states(pack: Pack, forms: Forms, path: str, invariant: Invariant) -> Found:
    yield from check_known(f"{path}.process", [invariant.process], pack.process, "process")
    process = pack.process.get(invariant.process)
    if process is None:
        return
    if not invariant.states:
        yield Problem(f"{path}.states", "must name at least one state")
    yield from check_known(f"{path}.states", invariant.states, process.states, "state")
    yield from _guards(pack, forms, path, invariant.process, None, invariant)
    for name, guard in invariant.guards.items():
        yield from _without_a_step(f"{path}.guards.{name}", guard)


def _guards(
    pack: Pack,
    forms: Forms,
    path: str,
    process: str,
    transition: Transition | None,
    invariant: Invariant,
) -> Found:
    checking = ProcessCheck(pack, process, pack.process[process], forms)
    for name, guard in invariant.guards.items():
        yield from checking.guard(f"{path}.guards.{name}", transition, guard)


def _without_a_step(path: str, guard: Guard) -> Found:
    """Nobody makes a step here, so there is no actor to look at."""
    if isinstance(guard, ByRole) or any(ref.source == "actor" for ref in guard.refs()):
        yield Problem(path, "looks at who makes a step, and here nobody does")
