"""What would help against a refusal, derived from the routine and not written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from lockroutine.decide.moment import Moment
from lockroutine.decide.wording import say
from lockroutine.model import Case, Cure, Text
from lockroutine.routine import Routine, Step
from lockroutine.rules.fields import entry_at, form_fields
from lockroutine.rules.guards import Want
from lockroutine.rules.terms import CLOCK

__all__ = ["bring", "correct", "for_role", "for_wants", "instead", "leave"]


def for_wants(
    book: Mapping[str, Routine], moment: Moment, wants: Iterable[Want]
) -> tuple[Cure, ...]:
    """The cures for what a guard would be content with, each once."""
    found = (cure for want in wants for cure in _for_want(book, moment, want))
    return tuple(dict.fromkeys(found))


def _for_want(book: Mapping[str, Routine], moment: Moment, want: Want) -> Iterator[Cure]:
    if want.field:
        yield from correct(moment, want.field)
    for name in want.transitions:
        yield from _make_first(moment, name)
    if want.roles or want.another:
        yield from _by_others(moment, want)
    if want.held and book[want.held.routine].process(want.process).alone:
        yield from bring(book[want.held.routine], want.process, want.held, want.states)
    elif want.process and want.case is None and want.opens:
        yield from _open(moment.routine, want)
    elif want.process and want.case is None:
        yield from _arrive(moment.routine, want.process, want.states)
    elif want.process and want.case is not None:
        pinned = book[want.case.routine]
        there = tuple(bring(pinned, want.process, want.case, want.states)) if want.states else ()
        yield from there or leave(pinned, want.case)
        if want.states and not there:
            # The open case can no longer get there; a new one can.
            yield from _open(moment.routine, want)


def correct(moment: Moment, field: str) -> Iterator[Cure]:
    """That a field of the form be given otherwise: of the form that a person fills in.

    The form of a driven step is filled in by its driver, so the way leads back to there.
    """
    driver = moment.driver
    if driver is None:
        declared = entry_at(form_fields(moment.transition, moment.routine.forms), field)
        label = declared.label if declared else Text(field, field)
        step = moment.step
        text = say("cure_field", field=label, step=moment.routine.label(step))
        roles = moment.routine.roles_for(step)
        yield _cure(moment.routine, step, roles, moment.case, text=text, field=field)
        return
    for ref in (driver.joint.form.get(field), driver.joint.subject):
        if ref is not None and ref.source == "form":
            yield from correct(driver.moment, ref.name)
            return


def _by_others(moment: Moment, want: Want) -> Iterator[Cure]:
    """That somebody else make the step that was asked for."""
    asked = moment
    while asked.driver is not None:
        asked = asked.driver.moment
    roles = asked.routine.roles_for(asked.step)
    if want.roles:
        roles = tuple(role for role in roles if role in want.roles)
    if roles:
        words = "cure_another" if want.another else "cure_role"
        text = say(words, roles=asked.routine.role_labels(roles))
        yield _cure(asked.routine, asked.step, roles, asked.case, text=text)


def instead(moment: Moment, names: Iterable[str]) -> Iterator[Cure]:
    """Other steps to make in the place of this one: of this case, or of another process."""
    for name in names:
        process, _, transition = name.rpartition(".")
        step = Step(process or moment.step.process, transition)
        yield from _steps(moment.routine, step, None if process else moment.case)


def bring(
    routine: Routine, process: str, case: Case | None, states: Iterable[str]
) -> Iterator[Cure]:
    """The first step that brings a case (or a new one) towards one of these states."""
    name = routine.process(process).way(case.state if case else "", states)
    if name:
        yield from _steps(routine, Step(process, name), case)


def _open(routine: Routine, want: Want) -> Iterator[Cure]:
    """The step that opens the case that is wanted, with whom it is about."""
    for cure in bring(routine, want.process, None, want.states):
        same = cure.process == want.process
        yield attrs.evolve(cure, subject=want.subject) if same else cure


def _arrive(routine: Routine, process: str, states: Iterable[str]) -> Iterator[Cure]:
    """The last steps by which some case comes into one of these states."""
    for name, transition in routine.process(process).rules.transitions.items():
        if transition.to in states:
            yield from _steps(routine, Step(process, name), None)


def leave(routine: Routine, case: Case) -> Iterator[Cure]:
    """What brings a case out of its state, whichever way."""
    for name, transition in routine.process(case.process).leaving(case.state):
        if transition.to not in ("", case.state):
            yield from _steps(routine, Step(case.process, name), case)


def _make_first(moment: Moment, name: str) -> Iterator[Cure]:
    """That another transition of the same case be made first: now, or after what leads to it."""
    routine, case = moment.routine, moment.case
    transition = moment.process.transition(name)
    if case.state not in transition.from_:
        name = moment.process.way(case.state, transition.from_) or name
    yield from _steps(routine, Step(case.process, name), case, "cure_here")


def for_role(moment: Moment) -> Iterator[Cure]:
    """Who may make a step that this actor may not; of the case nothing is told."""
    roles = moment.routine.roles_for(moment.step)
    if roles:
        text = say("cure_role", roles=moment.routine.role_labels(roles))
        yield _cure(moment.routine, moment.step, roles, moment.case, text=text)
    else:
        yield from _steps(moment.routine, moment.step, None)


def _steps(
    routine: Routine, step: Step, case: Case | None, words: str = "cure_other"
) -> Iterator[Cure]:
    """A step as a cure; one that only comes with other steps is replaced by those."""
    label = routine.process(step.process).rules.label
    roles = routine.roles_for(step)
    if roles:
        text = say(words, step=routine.label(step), process=label, roles=routine.role_labels(roles))
        yield _cure(routine, step, roles, case, text=text)
    elif CLOCK in routine.transition(step).by:
        text = say("cure_clock", step=routine.label(step), process=label)
        yield _cure(routine, step, (CLOCK,), case, text=text)
    else:
        for driver in routine.drivers(step):
            yield from _steps(routine, driver, None)


def _cure(
    routine: Routine,
    step: Step,
    roles: tuple[str, ...],
    case: Case | None,
    *,
    text: Text,
    field: str = "",
) -> Cure:
    return Cure(
        process=step.process,
        transition=step.transition,
        roles=roles,
        case_id=case.id if case and case.version else "",
        form=routine.transition(step).form,
        field=field,
        text=text,
    )
