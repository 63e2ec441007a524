"""One step that is about to be made: of which case, with what, driven by which other step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cached_property

from attrs import Factory, field, frozen

from lockroutine.facts import Facts, Value
from lockroutine.model import Actor, Case, Text
from lockroutine.routine import CompiledProcess, Routine, Step
from lockroutine.rules.scene import Scene
from lockroutine.rules.schema import Joint, Transition

__all__ = ["Driver", "Moment"]


@frozen(kw_only=True)
class Driver:
    """The step that makes another one jointly, and by which of its joints."""

    moment: Moment
    joint: Joint


@frozen(kw_only=True)
class Moment:
    """A step on a case, before it is made.

    Args:
        routine: The routine that the case runs under.
        step: The step.
        case: The case before it; blank if it opens one.
        form: What is given, first what is not personal, then what is; None if nothing was.
        actor: Who does it.
        at: When it happens.
        item: The present item of a joint's ``each``.
        driver: What drives it; None for the step that was asked for.
        process: The process, compiled.
        transition: What the pack says of the transition.

    Raises:
        NotFound: There is no such process or transition.
    """

    routine: Routine
    step: Step
    case: Case
    form: tuple[Facts, Facts] | None
    actor: Actor
    at: dt.datetime
    item: Value = None
    driver: Driver | None = None
    process: CompiledProcess = field(
        default=Factory(lambda self: self.routine.process(self.step.process), takes_self=True),
        init=False,
    )
    transition: Transition = field(
        default=Factory(
            lambda self: self.process.transition(self.step.transition), takes_self=True
        ),
        init=False,
    )

    @property
    def path(self) -> str:
        """The transition's path in the pack."""
        return f"process.{self.step.process}.transitions.{self.step.transition}"

    @property
    def unit(self) -> str:
        """The unit that the case belongs to from then on."""
        if self.driver is not None and self.driver.joint.brings_unit:
            return self.driver.moment.unit
        moved_to = self.scene().value(self.transition.unit) if self.transition.unit else None
        return moved_to if isinstance(moved_to, str) else self.case.unit

    @property
    def cause(self) -> str:
        """The event that drives this one, as ``case/version``; empty if none does."""
        if self.driver is None:
            return ""
        driving = self.driver.moment.case
        return f"{driving.id}/{driving.version + 1}"

    def scene(self) -> Scene:
        """What its rules get to look at."""
        return Scene(
            transition=self.step.transition,
            case=self.case,
            form=None if self.form is None else self.form[0].merged(self.form[1]),
            actor=self.actor,
            at=self.at,
            calendar=self.routine.calendar,
            parameters=self.routine.parameters,
            owed=_Owed(self.process, self.case),
            item=self.item,
        )


class _Owed(Mapping[str, Text]):
    """The unsettled duties of a case, in words; looked up when a rule asks for them."""

    def __init__(self, process: CompiledProcess, case: Case) -> None:
        self._process = process
        self._case = case

    @cached_property
    def _labels(self) -> dict[str, Text]:
        owed = self._process.owed(self._case)
        return {name: self._process.transition(name).label for name in owed}

    def __getitem__(self, name: str) -> Text:
        return self._labels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)
