"""The checks of the sweeps: what they look at, what excuses a case, what becomes of a finding."""

from __future__ import annotations

from lockroutine.errors import Problem
from lockroutine.rules.check.parts import (
    Found,
    check_cited,
    check_known,
    check_length,
    check_name,
    check_step,
    check_text,
    transition_of,
)
from lockroutine.rules.check.process import ProcessCheck
from lockroutine.rules.fields import Forms
from lockroutine.rules.guards import ByRole, Guard
from lockroutine.rules.schema import Pack
from lockroutine.rules.sweeps import Sweep
from lockroutine.rules.terms import DUE, SWEEP

__all__ = ["check_sweeps"]

_FORM = "finding"
_ONE_OPEN = {"sweep", "case_id"}


def check_sweeps(pack: Pack, forms: Forms) -> Found:
    """Everything that is wrong with the sweeps of a pack."""
    for name, sweep in pack.sweep.items():
        path = f"sweep.{name}"
        yield from check_name(path, name)
        yield from check_text(f"{path}.label", sweep.label)
        yield from check_cited(pack, path, sweep.clauses, sweep.gaps, needed=True)
        yield from check_length(pack, f"{path}.after", sweep.after)
        yield from check_known(f"{path}.process", [sweep.process], pack.process, "process")
        if sweep.process in pack.process:
            yield from _looked_at(pack, forms, path, sweep)
        if not sweep.after and not sweep.at and not sweep.unless:
            message = 'needs unless or after; where no case may be at all, write after = "PT0M"'
            yield Problem(path, message)
        yield from _finding(pack, path, sweep)


def _looked_at(pack: Pack, forms: Forms, path: str, sweep: Sweep) -> Found:
    process = pack.process[sweep.process]
    checking = ProcessCheck(pack, sweep.process, process, forms)
    yield from check_known(f"{path}.states", sweep.states, process.states, "state")
    if not sweep.states:
        yield Problem(f"{path}.states", "must name at least one state")
    for name in sweep.states:
        state = process.states.get(name)
        if state and state.end:
            message = f"{name} is an end, and sweeps look at open cases only"
            yield Problem(f"{path}.states", message)
        if state and sweep.at == DUE and not state.due:
            yield Problem(f"{path}.at", f"the state {name!r} has no due to count from")
    if sweep.at == DUE:
        yield from checking.due_is_no_field(f"{path}.at")
    elif sweep.at:
        known = (*checking.fields, DUE)
        yield from check_known(f"{path}.at", [sweep.at], known, "field")
        if sweep.at in checking.fields and not checking.holds_a_time(sweep.at):
            yield Problem(f"{path}.at", f"{sweep.at!r} holds no time")
    for name, guard in sweep.unless.items():
        at = f"{path}.unless.{name}"
        yield from checking.guard(at, None, guard)
        yield from _without_a_step(at, guard)


def _without_a_step(path: str, guard: Guard) -> Found:
    """Nobody makes a step here, so there is no actor to look at."""
    if isinstance(guard, ByRole) or any(ref.source == "actor" for ref in guard.refs()):
        yield Problem(path, "looks at who makes a step, and here nobody does")


def _finding(pack: Pack, path: str, sweep: Sweep) -> Found:
    for key, name in (("opens", sweep.opens), ("settles", sweep.settles)):
        yield from check_step(pack, f"{path}.{key}", name)
        transition = transition_of(pack, name)
        if transition and SWEEP not in transition.by:
            yield Problem(f"{path}.{key}", f'{name} must have "sweep" among its by')
    opens, settles = transition_of(pack, sweep.opens), transition_of(pack, sweep.settles)
    if opens is None or settles is None:
        return
    process = sweep.opens.partition(".")[0]
    if opens.from_ or opens.form != _FORM:
        message = f"{sweep.opens} must open a case, with the form {_FORM}"
        yield Problem(f"{path}.opens", message)
    if not _ONE_OPEN.issubset(pack.process[process].one_open_per):
        message = f"process.{process} must have one_open_per with sweep and case_id"
        yield Problem(f"{path}.opens", message)
    if sweep.settles.partition(".")[0] != process:
        yield Problem(f"{path}.settles", f"must be a step of {process}, like opens")
    elif settles.form:
        yield Problem(f"{path}.settles", f"{sweep.settles} must take no form")
    else:
        for state, declared in pack.process[process].states.items():
            if not declared.end and state not in settles.from_:
                message = f"{sweep.settles} must be possible from {state}"
                yield Problem(f"{path}.settles", message)
