"""Which parts of a routine no scenario passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
from attrs import field, frozen

from lockroutine.routine import Routine
from lockroutine.rules.schema import Pack
from lockroutine.testing.running.results import Exercised, ScenarioResult

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


def inventory(routine: Routine, *, own: bool = False) -> Inventory:
    """Everything in a routine that a scenario can pass, in the order of the pack.

    Args:
        routine: The routine.
        own: Whether to leave out what the pack took over unchanged from the one that it extends.

    >>> from lockroutine import load_routine
    >>> inventory(load_routine()).clauses[:3]
    ('A1', 'A2', 'S1')
    """
    found = _rules(routine.pack)
    base = routine.source.base() if own else None
    if base is not None:
        below = _rules(Routine(base, routine.kinds).pack)
        for kind, rules in found.items():
            before = below[kind]
            found[kind] = {path: one for path, one in rules.items() if before.get(path) != one}
    return Inventory(**{kind: tuple(rules) for kind, rules in found.items()})


def _rules(pack: Pack) -> dict[str, dict[str, object]]:
    """What an inventory lists, with what stands there; of each transition, only its own keys."""
    found: dict[str, dict[str, object]] = {one.name: {} for one in attrs.fields(Inventory)}
    found["clauses"].update(pack.clause)
    found["sweeps"] |= {f"sweep.{name}": sweep for name, sweep in pack.sweep.items()}
    found["shown"] |= {f"shown.{name}": shown for name, shown in pack.shown.items()}
    for process, rules in pack.process.items():
        for name, state in rules.states.items():
            path = f"process.{process}.states.{name}"
            found["duties"] |= {f"{path}.duties.{duty}": one for duty, one in state.duties.items()}
            if state.escalation:
                found["escalations"][f"{path}.escalation"] = state.escalation
        for name, transition in rules.transitions.items():
            path = f"process.{process}.transitions.{name}"
            bare = attrs.evolve(transition, guards={}, joint={}, effects={})
            found["transitions"][path] = bare
            for kind, key in (("guards", "guards"), ("joints", "joint"), ("effects", "effects")):
                held: Mapping[str, object] = getattr(transition, key)
                found[kind] |= {f"{path}.{key}.{one}": rule for one, rule in held.items()}
    return found


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


def coverage(routine: Routine, results: Iterable[ScenarioResult], *, own: bool = False) -> Coverage:
    """What of a routine these scenarios do not pass.

    Args:
        routine: The routine that they were played against.
        results: What `run_scenario` gave for each.
        own: Whether only what the pack says itself is looked at, and not what it took over
            unchanged from the one that it extends.

    >>> from lockroutine import load_routine
    >>> found = coverage(load_routine(), [])
    >>> found.whole, found.lines()[0]
    (False, 'A1: no step shows it')
    """
    everything = inventory(routine, own=own)
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
