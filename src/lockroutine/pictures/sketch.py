"""What there is to draw of a process, in one language: the one source of every kind of picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from attrs import field, frozen

from lockroutine.model import Language
from lockroutine.pictures.brief import Brief
from lockroutine.pictures.words import MOVERS
from lockroutine.routine import Routine, Step
from lockroutine.rules.schema import State, Transition
from lockroutine.rules.terms import RESERVED
from lockroutine.rules.timers import Escalation

__all__ = [
    "Line",
    "LineKind",
    "Mover",
    "MoverKind",
    "Place",
    "Sketch",
    "Way",
    "movers_of",
    "sketch",
]

MoverKind: TypeAlias = Literal["role", "clock", "pull", "sweep", "joint"]
_NO_ROLES: tuple[MoverKind, ...] = ("clock", "pull", "sweep", "joint")
LineKind: TypeAlias = Literal["guard", "safeguard", "drives", "driven", "effect", "timer"]


@frozen
class Mover:
    """Who makes a step: a role, or what is no person.

    Args:
        kind: ``role``, ``clock``, ``pull`` (what another system reports), ``sweep`` (what a
            standing check finds) or ``joint``.
        name: The role's name in the pack; the kind again, if it is no role.
        label: Its label.
        letters: One to three letters that no other role of the pack has.
        index: The how manyth role of the pack it is, for its colour; 0 if it is none.
    """

    kind: MoverKind
    name: str
    label: str
    letters: str = ""
    index: int = 0


@frozen
class Line:
    """One thing that a step asks for or brings about, in a few words.

    Args:
        kind: A ``guard`` (a ``safeguard`` if it protects life or home), a step that it
            ``drives`` jointly or is ``driven`` by, an ``effect``, a ``timer``.
        text: The words.
    """

    kind: LineKind
    text: str


@frozen(kw_only=True)
class Way:
    """A transition as it is drawn.

    Args:
        name: Its name in the pack.
        label: Its label.
        sources: The states that it leaves; none if it opens a case.
        target: The state that it leads to; empty if it stays where it is.
        movers: Who makes it.
        lines: What it asks for and brings about.
        clauses: The clauses that it names.
    """

    name: str
    label: str
    sources: tuple[str, ...]
    target: str
    movers: tuple[Mover, ...]
    lines: tuple[Line, ...]
    clauses: tuple[str, ...]

    def stays_in(self, state: str) -> bool:
        """Whether it is made in a state and leads nowhere else."""
        return state in self.sources and self.target in ("", state)


@frozen(kw_only=True)
class Place:
    """A state as it is drawn.

    Args:
        name: Its name in the pack.
        label: Its label.
        end: Whether a case is over here.
        waits_for: On whose work list it stands.
        due: By when, in words; empty if nothing is due.
        late: Who is asked, too, when it is late, after words that say when.
        owed: What it asks for: for each transition that settles it, of whom; and when it is owed
            at all, in words, if that is not always.
    """

    name: str
    label: str
    end: bool
    waits_for: tuple[Mover, ...]
    due: str
    late: tuple[str, tuple[Mover, ...]] = ("", ())
    owed: Mapping[str, tuple[tuple[Mover, ...], str]] = field(factory=dict)


@frozen(kw_only=True)
class Sketch:
    """A process as it is drawn, in one language.

    Args:
        name: The process's name in the pack.
        number: The how manyth of the pack it is, from 1.
        label: Its label.
        key: The routine's name and version.
        routine: The routine's label.
        language: The language of every text.
        places: Its states, in the order of the pack.
        ways: Its transitions, in the order of the pack.
    """

    name: str
    number: int
    label: str
    key: str
    routine: str
    language: Language
    places: Mapping[str, Place]
    ways: Mapping[str, Way]

    def staying(self, state: str) -> tuple[Way, ...]:
        """The steps that are made in a state and stay there; first those that are owed."""
        owed = self.places[state].owed
        found = [way for way in self.ways.values() if way.stays_in(state)]
        return tuple(sorted(found, key=lambda way: way.name not in owed))

    def movers(self) -> tuple[Mover, ...]:
        """Everybody who has something to do here: roles in the pack's order, then the others."""
        found = {mover for way in self.ways.values() for mover in way.movers}
        for place in self.places.values():
            found.update((*place.waits_for, *place.late[1]))
            found.update(mover for roles, _ in place.owed.values() for mover in roles)
        kinds = ("role", *RESERVED)
        return tuple(sorted(found, key=lambda one: (kinds.index(one.kind), one.index, one.name)))


def sketch(routine: Routine, process: str, language: Language) -> Sketch:
    """What there is to draw of a process.

    Raises:
        NotFound: There is no such process; the nearest is named.

    >>> from lockroutine import load_routine
    >>> drawn = sketch(load_routine(), "mounting", "en")
    >>> drawn.places["ordered"].due, [mover.label for mover in drawn.ways["order"].movers]
    ('Within 14 days', ['Coordinator'])
    """
    rules = routine.process(process).rules
    made = _Sketcher(routine, process, language)
    return Sketch(
        name=process,
        number=list(routine.processes).index(process) + 1,
        label=rules.label.get(language),
        key=routine.key,
        routine=routine.pack.label.get(language),
        language=language,
        places={name: made.place(name, state) for name, state in rules.states.items()},
        ways={name: made.way(name, step) for name, step in rules.transitions.items()},
    )


def movers_of(routine: Routine, language: Language) -> Mapping[str, Mover]:
    """Every role of a routine, and what is no role, with letters that tell them apart."""
    labels = {name: role.label.get(language) for name, role in routine.pack.role.items()}
    letters = _letters(labels.values())
    found = {
        name: Mover("role", name, label, short, index)
        for index, ((name, label), short) in enumerate(zip(labels.items(), letters, strict=True))
    }
    for kind in _NO_ROLES:
        found[kind] = Mover(kind, kind, MOVERS[kind].get(language))
    return found


def _letters(labels: Iterable[str]) -> list[str]:
    """Two letters for each label that no other has; then a number, if two letters do not do."""
    taken: dict[str, None] = {}
    for label in labels:
        words = "".join(c if c.isalnum() else " " for c in label).upper().split() or ["X"]
        first = words[0]
        tries = [first[:1] + word[:1] for word in words[1:]] + [first[:1] + c for c in first[1:]]
        tries += [f"{first[:1]}{number}" for number in range(1, 1000)]
        taken[next(one for one in tries if one not in taken)] = None
    return list(taken)


class _Sketcher:
    def __init__(self, routine: Routine, process: str, language: Language) -> None:
        self._routine = routine
        self._process = process
        self._language: Language = language
        self._brief = Brief(routine, process, language)
        self._movers = movers_of(routine, language)

    def place(self, name: str, state: State) -> Place:
        owed = {
            step: (self._who(duty.waits_for), self._brief.condition(duty.when) if duty.when else "")
            for step, duty in state.duties.items()
        }
        return Place(
            name=name,
            label=state.label.get(self._language),
            end=state.end,
            waits_for=self._who(state.waits_for),
            due=self._brief.due(state.due) if state.due else "",
            late=self._late(state.escalation) if state.escalation else ("", ()),
            owed=owed,
        )

    def _late(self, escalation: Escalation) -> tuple[str, tuple[Mover, ...]]:
        return self._brief.late(escalation), self._who(escalation.waits_for)

    def way(self, name: str, step: Transition) -> Way:
        return Way(
            name=name,
            label=step.label.get(self._language),
            sources=step.from_,
            target=step.to,
            movers=self._who(step.by),
            lines=tuple(self._lines(name, step)),
            clauses=step.clauses,
        )

    def _who(self, names: Iterable[str]) -> tuple[Mover, ...]:
        return tuple(self._movers[name] for name in names)

    def _lines(self, name: str, step: Transition) -> Iterable[Line]:
        brief = self._brief
        if step.timer:
            yield Line("timer", _sentence(brief.timer(step.timer)))
        for rule, guard in step.guards.items():
            kind: LineKind = "safeguard" if guard.safeguard else "guard"
            yield Line(kind, _sentence(brief.guard(rule, guard)))
        for driver in self._routine.drivers(Step(self._process, name)):
            yield Line("driven", self._step(driver))
        for joint in step.joint.values():
            condition = f" ({brief.condition(joint.when)})" if joint.when else ""
            yield Line("drives", self._step(Step(joint.process, joint.transition)) + condition)
        for effect in dict.fromkeys(brief.effect(rule) for rule in step.effects.values()):
            yield Line("effect", _sentence(effect))

    def _step(self, step: Step) -> str:
        process = self._routine.process(step.process).rules.label.get(self._language)
        return f"{process}: {self._routine.label(step).get(self._language)}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
