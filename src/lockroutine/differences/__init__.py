"""What changes between two routines, in words: who may do more or less, what is refused, when.

Pure. Everything that a rule pack can say has its place here: `keys` lists it, key by key.
"""

from __future__ import annotations

from collections.abc import Callable

from lockroutine.differences.invariants import invariants
from lockroutine.differences.papers import (
    as_a_whole,
    clauses,
    forms,
    loosened,
    messages,
    parameters,
    roles,
    shown,
)
from lockroutine.differences.parts import effects, joints, lateness, states
from lockroutine.differences.refusals import refusals
from lockroutine.differences.rights import rights
from lockroutine.differences.sides import Pair
from lockroutine.differences.standing import moves, pulled, sweeps
from lockroutine.differences.steps import processes, steps
from lockroutine.differences.tables import Found
from lockroutine.differences.values import (
    SECTIONS,
    Change,
    Difference,
    Differences,
    Refusal,
    Right,
    Section,
)
from lockroutine.routine import Routine

__all__ = [
    "SECTIONS",
    "Change",
    "Difference",
    "Differences",
    "Refusal",
    "Right",
    "Section",
    "differences",
]

_FOUND: tuple[Callable[[Pair], Found], ...] = (
    processes,
    rights,
    steps,
    refusals,
    joints,
    states,
    lateness,
    effects,
    messages,
    roles,
    parameters,
    forms,
    sweeps,
    invariants,
    pulled,
    shown,
    moves,
    loosened,
    clauses,
    as_a_whole,
)


def differences(old: Routine, new: Routine) -> Differences:
    """Everything that is otherwise in a newer routine than in an older one.

    Both are compared as what they come to: an overlay with all that it extends. What the newer
    pack says in ``[move.PROCESS]`` of the older one's states and steps is only another name.

    Args:
        old: The older routine.
        new: The newer one.

    >>> from lockroutine import load_routine
    >>> differences(load_routine(), load_routine()).said("en")
    'From soderkoping@1.0.0 to soderkoping@1.0.0 nothing changes.'
    """
    pair = Pair(old, new)
    order = {name: number for number, name in enumerate(("", *pair.processes()))}
    found = [one for finder in _FOUND for one in finder(pair)]
    found.sort(key=lambda one: (SECTIONS.index(one.section), order[one.process]))
    labels = {
        name: rules.label
        for side in (pair.old, pair.new)
        for name, rules in side.pack.process.items()
    }
    return Differences(old=old.key, new=new.key, entries=tuple(found), labels=labels)
