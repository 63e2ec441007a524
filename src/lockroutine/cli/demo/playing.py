"""How a step of the story is played on an engine."""

from __future__ import annotations

from lockroutine.cli.demo.telling import CAST, Step, local
from lockroutine.engine import Engine
from lockroutine.model import Case
from lockroutine.routine import Step as RoutineStep
from lockroutine.testing.clock import StoppedClock

__all__ = ["played"]


def played(engine: Engine, clock: StoppedClock, step: Step) -> Case:
    """Make a step of the story.

    Args:
        engine: The engine that it is made in; its clock must be the next argument.
        clock: The clock, which is set to when the step is made.
        step: The step.

    Returns:
        The case as it stands then.

    Raises:
        Refused: The routine does not allow it; the step says so in ``refused``.
    """
    clock.set(local(step.at))
    if step.who == "clock":
        (case,) = engine.tick()
        return case
    process, _, name = step.does.partition(".")
    actor = CAST[step.who]
    if not engine.routine.transition(RoutineStep(process, name)).from_:
        (unit,) = actor.units
        return engine.start(
            process, name, actor=actor, subject=step.about, unit=unit, form=step.form
        )
    (*_, case) = engine.cases(process=process, subject=step.about, is_open=True)
    return engine.perform(case.id, name, actor=actor, form=step.form, expect=case.version)
