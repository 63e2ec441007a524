"""Which rule of a pack holds which clause of the written routine. Pure.

What `lockroutine trace` prints and what the page on the routine is generated from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol, TypeAlias

from attrs import frozen

from lockroutine.model import Text
from lockroutine.rules.schema import Pack, Process

__all__ = ["Holder", "Kind", "Trace", "Traced", "TracedGap", "trace"]

Kind: TypeAlias = Literal[
    "role",
    "parameter",
    "shown",
    "state",
    "duty",
    "escalation",
    "transition",
    "guard",
    "joint",
    "effect",
    "sweep",
    "always",
    "never",
]


class _Citing(Protocol):
    """A table that names the clauses that it rests on."""

    @property
    def clauses(self) -> tuple[str, ...]: ...


@frozen
class Holder:
    """A rule that names a clause or a gap as what it rests on.

    Args:
        kind: What it is: a guard, a transition, a duty, ...
        at: Its path in the pack.

    >>> Holder("guard", "process.mounting.transitions.test.guards.cycles").kind
    'guard'
    """

    kind: Kind
    at: str


@frozen(kw_only=True)
class Traced:
    """A clause of the written routine with what holds it.

    Args:
        id: The clause's id, for example ``B7``.
        text: What it says, in both languages.
        owed: What the software owes it: ``enforced``, ``done``, ``asked``, ``shown``.
        held_by: The rules that name it, in the order of the pack; nothing if none does.
    """

    id: str
    text: Text
    owed: tuple[str, ...]
    held_by: tuple[Holder, ...]


@frozen(kw_only=True)
class TracedGap:
    """A question that the source leaves open, with the rules that rest on the reading chosen.

    Args:
        id: The gap's name in the pack.
        question: What the source does not say.
        reading: How the pack reads it.
        clauses: The clauses beside which the question arises.
        held_by: The rules that name it, in the order of the pack.
    """

    id: str
    question: Text
    reading: Text
    clauses: tuple[str, ...]
    held_by: tuple[Holder, ...]


@frozen(kw_only=True)
class Trace:
    """Every clause and gap of a pack with what holds it.

    Args:
        clauses: The clauses, in the order of the source.
        gaps: The gaps, in the order of the pack.
    """

    clauses: tuple[Traced, ...]
    gaps: tuple[TracedGap, ...]

    @property
    def unheld(self) -> tuple[str, ...]:
        """The ids of the clauses that nothing holds."""
        return tuple(clause.id for clause in self.clauses if not clause.held_by)


def trace(pack: Pack) -> Trace:
    """Find for each clause and gap of a pack the rules that name it.

    >>> from lockroutine.rules.reader import read_pack, read_source
    >>> found = trace(read_pack(read_source("soderkoping")))
    >>> found.clauses[0].id, found.unheld
    ('A1', ())
    """
    by_clause: dict[str, list[Holder]] = {}
    by_gap: dict[str, list[Holder]] = {}
    for holder, rule in _rules(pack):
        for clause in rule.clauses:
            by_clause.setdefault(clause, []).append(holder)
        for gap in getattr(rule, "gaps", ()):
            by_gap.setdefault(gap, []).append(holder)
    return Trace(
        clauses=tuple(
            Traced(
                id=id,
                text=clause.text,
                owed=clause.owed,
                held_by=tuple(by_clause.get(id, ())),
            )
            for id, clause in pack.clause.items()
        ),
        gaps=tuple(
            TracedGap(
                id=id,
                question=gap.question,
                reading=gap.reading,
                clauses=gap.clauses,
                held_by=tuple(by_gap.get(id, ())),
            )
            for id, gap in pack.gap.items()
        ),
    )


def _rules(pack: Pack) -> Iterator[tuple[Holder, _Citing]]:
    """Every table of a pack that may name clauses."""
    yield from _each("role", "role", pack.role.items())
    yield from _each("parameter", "parameter", pack.parameter.items())
    yield from _each("shown", "shown", pack.shown.items())
    for name, process in pack.process.items():
        yield from _of_process(f"process.{name}", process)
    yield from _each("sweep", "sweep", pack.sweep.items())
    for name, sweep in pack.sweep.items():
        yield from _each("guard", f"sweep.{name}.unless", sweep.unless.items())
    yield from _each("always", "always", pack.always.items())
    yield from _each("never", "never", pack.never.items())


def _of_process(path: str, process: Process) -> Iterator[tuple[Holder, _Citing]]:
    for name, state in process.states.items():
        at = f"{path}.states.{name}"
        yield Holder("state", at), state
        yield from _each("duty", f"{at}.duties", state.duties.items())
        if state.escalation:
            yield Holder("escalation", f"{at}.escalation"), state.escalation
    for name, transition in process.transitions.items():
        at = f"{path}.transitions.{name}"
        yield Holder("transition", at), transition
        yield from _each("guard", f"{at}.guards", transition.guards.items())
        yield from _each("joint", f"{at}.joint", transition.joint.items())
        yield from _each("effect", f"{at}.effects", transition.effects.items())


def _each(
    kind: Kind, path: str, tables: Iterable[tuple[str, _Citing]]
) -> Iterator[tuple[Holder, _Citing]]:
    for name, table in tables:
        yield Holder(kind, f"{path}.{name}"), table
