"""What a scenario came to, and what it exercised of the routine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
from attrs import Factory, frozen

from lockroutine.errors import LockroutineError
from lockroutine.testing.scenarios import Scenario, ScenarioStep

__all__ = ["Exercised", "ScenarioFailed", "ScenarioResult", "StepResult", "Tally"]


class ScenarioFailed(LockroutineError, AssertionError):
    """A step of a scenario did not come out as it says.

    Attributes:
        file: The scenario's file.
        line: The step's line in it.
        step: The step in words.
        differences: What was expected and what came, each as one text.
    """

    def __init__(self, file: str, line: int, step: str, differences: Iterable[str]) -> None:
        self.file = file
        self.line = line
        self.step = step
        self.differences: tuple[str, ...] = tuple(differences)
        super().__init__(file, line, step, self.differences)

    def __str__(self) -> str:
        lines = "\n".join(f"  {text}" for text in self.differences)
        return f"{self.file}:{self.line}: {self.step}\n{lines}"


@frozen(kw_only=True)
class Exercised:
    """What of a routine was put to use, each thing by its path in the pack.

    Args:
        transitions: The transitions that were made, also by the clock or jointly.
        refused: The rules that refused: guards, joints, states, roles.
        let_through: The guards that applied and were content while the step was made.
        duties_seen: The duties that were looked for on a work list, and stood there.
        duties_settled: The duties that were owed and then done.
        escalations: The escalations that were looked for on a work list, and stood there.
        sweeps: The sweeps that found something, or no longer.
        joints: The joints that drove another case.
        effects: What plugins were asked to do.
        shown: What was looked up.
        clauses: The clauses that the steps say they show.
        gaps: The gaps that the steps say they show.
    """

    transitions: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    let_through: frozenset[str] = frozenset()
    duties_seen: frozenset[str] = frozenset()
    duties_settled: frozenset[str] = frozenset()
    escalations: frozenset[str] = frozenset()
    sweeps: frozenset[str] = frozenset()
    joints: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    clauses: frozenset[str] = frozenset()
    gaps: frozenset[str] = frozenset()

    def __or__(self, other: Exercised) -> Exercised:
        names = [one.name for one in attrs.fields(Exercised)]
        return Exercised(**{name: getattr(self, name) | getattr(other, name) for name in names})


@frozen(kw_only=True)
class StepResult:
    """What a step exercised.

    Args:
        number: The step, counted from 1.
        step: The step in words.
        exercised: What it put to use.
    """

    number: int
    step: str
    exercised: Exercised


@frozen(kw_only=True)
class ScenarioResult:
    """What a scenario exercised. Each of its steps came out as it says.

    Args:
        scenario: The scenario.
        steps: Its steps.
        before: The steps of the scenarios that come before it.
    """

    scenario: Scenario
    steps: tuple[StepResult, ...]
    before: tuple[StepResult, ...] = ()

    @property
    def exercised(self) -> Exercised:
        """What its own steps put to use, together."""
        found = Exercised()
        for step in self.steps:
            found |= step.exercised
        return found


@attrs.define
class Tally:
    """What one step puts to use, as it is found."""

    transitions: set[str] = Factory(set)
    refused: set[str] = Factory(set)
    let_through: set[str] = Factory(set)
    duties_seen: set[str] = Factory(set)
    duties_settled: set[str] = Factory(set)
    escalations: set[str] = Factory(set)
    sweeps: set[str] = Factory(set)
    joints: set[str] = Factory(set)
    effects: set[str] = Factory(set)
    shown: set[str] = Factory(set)
    # What all that rests on.
    clauses: set[str] = Factory(set)
    gaps: set[str] = Factory(set)

    def rests_on(self, rule: Any) -> None:
        """Note the clauses and gaps of a rule."""
        self.clauses.update(rule.clauses)
        self.gaps.update(rule.gaps)

    def exercised(self, step: ScenarioStep) -> Exercised:
        """All of it, and the clauses and gaps that the step says it shows."""
        return Exercised(
            transitions=frozenset(self.transitions),
            refused=frozenset(self.refused),
            let_through=frozenset(self.let_through),
            duties_seen=frozenset(self.duties_seen),
            duties_settled=frozenset(self.duties_settled),
            escalations=frozenset(self.escalations),
            sweeps=frozenset(self.sweeps),
            joints=frozenset(self.joints),
            effects=frozenset(self.effects),
            shown=frozenset(self.shown),
            clauses=frozenset(step.clauses),
            gaps=frozenset(step.gaps),
        )
