"""What would help against a refusal, derived from the routine and not written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lockroutine.decide.wording import say
from lockroutine.model import Case, Cure, Text
from lockroutine.routine import Routine, Step
from lockroutine.rules.guards import Want
from lockroutine.rules.terms import CLOCK

__all__ = ["bring", "for_role", "for_wants", "make_first"]


def for_wants(
    book: Mapping[str, Routine], routine: Routine, case: Case, step: Step, wants: Iterable[Want]
) -> tuple[Cure, ...]:
    """The cures for what a guard of ``step`` on ``case`` would be content with."""
    found: dict[Cure, None] = {}
    for want in wants:
        for cure in _for_want(book, routine, case, step, want):
            found.setdefault(cure)
    return tuple(found)


def _for_want(
    book: Mapping[str, Routine], routine: Routine, case: Case, step: Step, want: Want
) -> Iterator[Cure]:
    if want.field:
        text = say("cure_field", field=want.field, step=routine.label(step))
        roles = routine.roles_for(step)
        yield _cure(step, roles, case.id if case.version else "", text=text, field=want.field)
    for name in want.transitions:
        yield from make_first(routine, case, Step(step.process, name))
    if want.process:
        yield from _another_case(book, routine, want)


def _another_case(book: Mapping[str, Routine], routine: Routine, want: Want) -> Iterator[Cure]:
    if want.case is None:
        yield from bring(routine, want.process, None, want.states)
        return
    pinned = book[want.case.routine]
    states = want.states or _away_from(pinned, want.case)
    cures = tuple(bring(pinned, want.process, want.case, states))
    # A case that can no longer get there is no hindrance to opening a new one.
    yield from cures or (bring(routine, want.process, None, want.states) if want.states else ())


def _away_from(routine: Routine, case: Case) -> tuple[str, ...]:
    leaving = routine.process(case.process).leaving(case.state)
    return tuple(
        transition.to for _, transition in leaving if transition.to not in ("", case.state)
    )


def bring(
    routine: Routine, process: str, case: Case | None, states: Iterable[str]
) -> Iterator[Cure]:
    """The first step that brings a case (or a new one) towards one of these states."""
    state = case.state if case else ""
    name = routine.process(process).way(state, states)
    if name:
        yield from _steps(routine, Step(process, name), case)


def make_first(routine: Routine, case: Case, step: Step) -> Iterator[Cure]:
    """That another transition of the same case be made first: now, or after what leads to it."""
    transition = routine.transition(step)
    if case.state not in transition.from_:
        name = routine.process(case.process).way(case.state, transition.from_)
        step = Step(step.process, name) if name else step
    yield from _steps(routine, step, case, "cure_here")


def for_role(routine: Routine, case: Case, step: Step) -> Iterator[Cure]:
    """Who may make a step that this actor may not; of the case nothing is told."""
    roles = routine.roles_for(step)
    if roles:
        text = say("cure_role", roles=routine.role_labels(roles))
        yield _cure(step, roles, case.id if case.version else "", text=text)
    else:
        yield from _steps(routine, step, None)


def _steps(
    routine: Routine, step: Step, case: Case | None, words: str = "cure_other"
) -> Iterator[Cure]:
    """A step as a cure; one that only comes with other steps is replaced by those."""
    label = routine.pack.process[step.process].label
    roles = routine.roles_for(step)
    case_id = case.id if case and case.version else ""
    if roles:
        text = say(words, step=routine.label(step), process=label, roles=routine.role_labels(roles))
        yield _cure(step, roles, case_id, text=text)
    elif CLOCK in routine.transition(step).by:
        text = say("cure_clock", step=routine.label(step), process=label)
        yield _cure(step, (CLOCK,), case_id, text=text)
    else:
        for driver in routine.drivers(step):
            yield from _steps(routine, driver, None)


def _cure(step: Step, roles: tuple[str, ...], case_id: str, *, text: Text, field: str = "") -> Cure:
    return Cure(
        process=step.process,
        transition=step.transition,
        roles=roles,
        case_id=case_id,
        field=field,
        text=text,
    )
