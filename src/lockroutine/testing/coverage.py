"""Which parts of a routine no scenario passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
from attrs import field, frozen

from lockroutine.routine import Routine
from lockroutine.testing.running import Exercised, ScenarioResult

__all__ = ["Coverage", "Inventory", "coverage", "inventory"]


@frozen(kw_only=True)
class Inventory:
    """Everything in a routine that a scenario can pass, by its path in the pack.

    Args:
        clauses: The clauses.
        transitions: The transitions.
        guards: The guards.
        duties: The duties.
        escalations: The escalations.
        sweeps: The sweeps.
        joints: The joints.
        effects: The effects.
        shown: What is there to look up.
    """

    clauses: tuple[str, ...]
    transitions: tuple[str, ...]
    guards: tuple[str, ...]
    duties: tuple[str, ...]
    escalations: tuple[str, ...]
    sweeps: tuple[str, ...]
    joints: tuple[str, ...]
    effects: tuple[str, ...]
    shown: tuple[str, ...]


def inventory(routine: Routine) -> Inventory:
    """Everything in a routine that a scenario can pass, in the order of the pack.

    >>> from lockroutine import load_routine
    >>> inventory(load_routine()).clauses[:3]
    ('A1', 'A2', 'S1')
    """
    made: dict[str, list[str]] = {
        name: [] for name in ("transitions", "guards", "duties", "escalations", "joints", "effects")
    }
    for process, rules in routine.pack.process.items():
        for name, state in rules.states.items():
            path = f"process.{process}.states.{name}"
            made["duties"] += [f"{path}.duties.{duty}" for duty in state.duties]
            made["escalations"] += [f"{path}.escalation"] if state.escalation else []
        for name, transition in rules.transitions.items():
            path = f"process.{process}.transitions.{name}"
            made["transitions"].append(path)
            made["guards"] += [f"{path}.guards.{guard}" for guard in transition.guards]
            made["joints"] += [f"{path}.joint.{joint}" for joint in transition.joint]
            made["effects"] += [f"{path}.effects.{effect}" for effect in transition.effects]
    return Inventory(
        clauses=tuple(routine.pack.clause),
        sweeps=tuple(f"sweep.{name}" for name in routine.pack.sweep),
        shown=tuple(f"shown.{name}" for name in routine.pack.shown),
        **{name: tuple(paths) for name, paths in made.items()},
    )


_RULES = ("clauses", "transitions", "guards_refused", "guards_let_through")
_WORDS = {
    "clauses": "no step shows it",
    "transitions": "no step makes it",
    "guards_refused": "refuses no step",
    "guards_let_through": "lets no step through",
    "duties_seen": "no step looks for it on a work list",
    "duties_settled": "no step settles it",
    "escalations": "no step looks for it on a work list",
    "sweeps": "finds nothing in any step",
    "joints": "drives nothing in any step",
    "effects": "no step asks for it",
    "shown": "no step looks it up",
}


@frozen(kw_only=True)
class Coverage:
    """What of a routine no scenario passes, each thing by its path in the pack.

    Args:
        clauses: The clauses that no step names.
        transitions: The transitions that no step makes.
        guards_refused: The guards that refuse no step.
        guards_let_through: The guards that no step passes while they apply.
        duties_seen: The duties that no step looks for on a work list.
        duties_settled: The duties that no step settles.
        escalations: The escalations that no step looks for on a work list.
        sweeps: The sweeps that find nothing.
        joints: The joints that drive nothing.
        effects: The effects that no step asks for.
        shown: What no step looks up.
        steps: For each clause, the steps that name it, as ``file: step``.
    """

    clauses: tuple[str, ...]
    transitions: tuple[str, ...]
    guards_refused: tuple[str, ...]
    guards_let_through: tuple[str, ...]
    duties_seen: tuple[str, ...]
    duties_settled: tuple[str, ...]
    escalations: tuple[str, ...]
    sweeps: tuple[str, ...]
    joints: tuple[str, ...]
    effects: tuple[str, ...]
    shown: tuple[str, ...]
    steps: Mapping[str, tuple[str, ...]] = field(repr=False)

    @property
    def whole(self) -> bool:
        """True if every part is passed by some scenario."""
        return not self.lines()

    def lines(self) -> tuple[str, ...]:
        """What is passed by no scenario, one thing a line, in words."""
        return self._said(_WORDS)

    def missing_rules(self) -> tuple[str, ...]:
        """The clauses, transitions and guards among them: what no pack should leave untried."""
        return self._said(_RULES)

    def _said(self, kinds: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"{path}: {_WORDS[kind]}" for kind in kinds for path in getattr(self, kind))


def coverage(routine: Routine, results: Iterable[ScenarioResult]) -> Coverage:
    """What of a routine these scenarios do not pass.

    Args:
        routine: The routine that they were played against.
        results: What `run_scenario` gave for each.

    >>> from lockroutine import load_routine
    >>> found = coverage(load_routine(), [])
    >>> found.whole, found.lines()[0]
    (False, 'A1: no step shows it')
    """
    everything = inventory(routine)
    seen = Exercised()
    steps: dict[str, list[str]] = {}
    for result in results:
        seen |= result.exercised
        for step in result.steps:
            for clause in sorted(step.exercised.clauses):
                steps.setdefault(clause, []).append(f"{result.scenario.file}: {step.step}")
    there = attrs.asdict(everything, recurse=False)
    passed = {
        "clauses": ("clauses", seen.clauses),
        "transitions": ("transitions", seen.transitions),
        "guards_refused": ("guards", seen.refused),
        "guards_let_through": ("guards", seen.let_through),
        "duties_seen": ("duties", seen.duties_seen),
        "duties_settled": ("duties", seen.duties_settled),
        "escalations": ("escalations", seen.escalations),
        "sweeps": ("sweeps", seen.sweeps),
        "joints": ("joints", seen.joints),
        "effects": ("effects", seen.effects),
        "shown": ("shown", seen.shown),
    }
    missing = {
        name: tuple(path for path in there[kind] if path not in found)
        for name, (kind, found) in passed.items()
    }
    named = {clause: tuple(steps.get(clause, ())) for clause in everything.clauses}
    return Coverage(**missing, steps=named)
