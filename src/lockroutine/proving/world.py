"""The small closed world in which a routine is proved: who there is, and where a case can be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from attrs import Factory, field, frozen

from lockroutine.routine import Routine
from lockroutine.rules.guards import GUARDS, CaseInState, Guard, NoCaseInState

__all__ = ["NOW", "PEOPLE", "UNIT", "UNITS", "Bound", "Slot", "World", "world_of"]

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
"""The time of the world: a Monday morning in Sweden. It moves only when the clock makes a step."""

UNITS = ("north", "south")
"""The units of the municipality, and the organisations outside it: one is known by its unit."""
UNIT = UNITS[0]
PEOPLE = ("staff-1", "staff-2")
"""Each may work in any role; cases about staff are about the first."""


@frozen
class Bound:
    """How large the world is: how many there are of each.

    One person of whom cases may be, another who may act; one door; at most one open case for each
    process and subject. Everybody works in every unit.

    Args:
        customers: How many customers.
        serial_numbers: How many things with a serial number.
        organisations: How many units, and organisations outside.
    """

    customers: int
    serial_numbers: int
    organisations: int = len(UNITS)

    @property
    def units(self) -> tuple[str, ...]:
        """The units in which everybody works."""
        return UNITS[: self.organisations]

    def subjects(self, kind: str) -> tuple[str, ...]:
        """Whom and what cases can be about, by the kind of subject."""
        match kind:
            case "customer":
                return tuple(f"customer-{17 + n}" for n in range(self.customers))
            case "serial_number":
                return tuple(f"PH1-00{1 + n}" for n in range(self.serial_numbers))
            case "staff":
                return PEOPLE[:1]
            case "organisation":
                return self.units
            case _:
                return (f"{kind}-1",)


@frozen
class Slot:
    """The place of the one case of a process about a subject.

    Args:
        process: The process.
        subject: Whom or what the case is about.
        states: The states in which it is told apart; in any other it has ended and is forgotten.
        ends: Those of them that are ends.
    """

    process: str
    subject: str
    states: tuple[str, ...]
    ends: tuple[str, ...]


@frozen(kw_only=True)
class World:
    """Who there is, and where a case can be.

    Args:
        routine: The routine.
        bound: How large it is.
        slots: One place for each process and subject.
        place: The number of the slot of each process and subject.
        of: The numbers of the slots of each process.
    """

    routine: Routine = field(repr=False)
    bound: Bound
    slots: tuple[Slot, ...]
    place: Mapping[tuple[str, str], int] = field(
        default=Factory(
            lambda self: {(s.process, s.subject): n for n, s in enumerate(self.slots)},
            takes_self=True,
        ),
        init=False,
    )
    of: Mapping[str, tuple[int, ...]] = field(
        default=Factory(
            lambda self: {
                name: tuple(n for n, slot in enumerate(self.slots) if slot.process == name)
                for name in self.routine.processes
            },
            takes_self=True,
        ),
        init=False,
    )


def world_of(routine: Routine, bound: Bound) -> World:
    """The world of a routine."""
    remembered = _ends_asked_for(routine)
    return World(routine=routine, bound=bound, slots=tuple(_slots(routine, bound, remembered)))


def _slots(routine: Routine, bound: Bound, remembered: set[tuple[str, str]]) -> Iterator[Slot]:
    for name, compiled in routine.processes.items():
        states = compiled.rules.states
        ends = tuple(n for n, one in states.items() if one.end and (name, n) in remembered)
        told_apart = (*(n for n, one in states.items() if not one.end), *ends)
        for subject in bound.subjects(compiled.rules.subject):
            yield Slot(name, compiled.subject(subject), told_apart, ends)


def _ends_asked_for(routine: Routine) -> set[tuple[str, str]]:
    """The states, with their processes, of which rules of other cases or invariants ask."""
    found = {
        (invariant.process, state)
        for _, invariant in routine.pack.invariants()
        for state in invariant.states
    }
    for guard in _guards(routine):
        if isinstance(guard, CaseInState | NoCaseInState):
            found |= {(guard.process, state) for state in guard.states}
        elif type(guard) not in GUARDS:  # a plugin's own kind may ask for any
            for name, process in routine.pack.process.items():
                found |= {(name, state) for state in process.states}
    return found


def _guards(routine: Routine) -> Iterator[Guard]:
    for process in routine.pack.process.values():
        for transition in process.transitions.values():
            yield from transition.guards.values()
    for _, invariant in routine.pack.invariants():
        yield from invariant.guards.values()
