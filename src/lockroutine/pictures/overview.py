"""All processes of a routine on one map, with what joins them."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from lockroutine.model import Language
from lockroutine.pictures.sketch import Mover, movers_of
from lockroutine.routine import Routine

__all__ = ["Bond", "Station", "overview"]


@frozen(kw_only=True)
class Bond:
    """What joins a process to another one.

    Args:
        target: The other process.
        drives: The labels of its steps that are made jointly with steps of the first.
        looks: Whether a rule of the first looks at its cases.
    """

    target: str
    drives: tuple[str, ...] = ()
    looks: bool = False


@frozen(kw_only=True)
class Station:
    """A process on the map.

    Args:
        name: Its name in the pack.
        label: Its label.
        opened_by: Who opens a case.
        bonds: What joins it to others, by their names.
    """

    name: str
    label: str
    opened_by: tuple[Mover, ...]
    bonds: Mapping[str, Bond] = field(factory=dict)


def overview(routine: Routine, language: Language = "en") -> tuple[Station, ...]:
    """Every process, with what joins it to others.

    >>> from lockroutine import load_routine
    >>> stations = {one.name: one for one in overview(load_routine())}
    >>> stations["purchase"].bonds["lock"].drives
    ('Register the lock',)
    """
    movers = movers_of(routine, language)
    return tuple(_station(routine, name, movers, language) for name in routine.processes)


def _station(
    routine: Routine, name: str, movers: Mapping[str, Mover], language: Language
) -> Station:
    rules = routine.process(name).rules
    drives: dict[str, dict[str, None]] = {}
    looks: dict[str, None] = {}
    for step in rules.transitions.values():
        for joint in step.joint.values():
            label = routine.process(joint.process).transition(joint.transition).label
            drives.setdefault(joint.process, {})[label.get(language)] = None
        for guard in step.guards.values():
            other = getattr(guard, "process", "")
            if other and other in routine.processes:
                looks[other] = None
    for sweep in routine.pack.sweep.values():
        if sweep.opens.partition(".")[0] == name:
            looks[sweep.process] = None
    opening = [step for step in rules.transitions.values() if not step.from_]
    return Station(
        name=name,
        label=rules.label.get(language),
        opened_by=tuple(dict.fromkeys(movers[who] for step in opening for who in step.by)),
        bonds={
            other: Bond(target=other, drives=tuple(drives.get(other, ())), looks=other in looks)
            for other in (*drives, *(one for one in looks if one not in drives))
            # Cases of one process that look at each other need no line.
            if other != name
        },
    )
