"""What the rules tell apart in each field of a form: only that is worth trying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from lockroutine._fields import entries
from lockroutine.facts import Value
from lockroutine.routine import Routine, Step
from lockroutine.rules.guards import (
    GUARDS,
    AtLeast,
    AtMost,
    ByRole,
    CaseInState,
    Count,
    Differs,
    Guard,
    Includes,
    IsTrue,
    NoCaseInState,
    OneOf,
    Same,
)
from lockroutine.rules.schema import Joint, Transition
from lockroutine.rules.terms import SUBJECT, Condition, Ref

__all__ = ["ANOTHER", "Told", "told_apart"]

ANOTHER = "another"
"""A text that is in no list, and is not the same as others."""

_ORGANISATION = "organisation"  # the kind of subject that is known by its unit


@frozen
class Told:
    """By what the values of a field are told apart.

    Args:
        groups: Whether a value is in one of these.
        subjects: The kinds of subject whose names it holds.
        lengths: How many entries a list may have, beside one.
        looked_at: Whether a rule looks at it at all.
    """

    groups: frozenset[frozenset[Value]] = frozenset()
    subjects: frozenset[str] = frozenset()
    lengths: frozenset[int] = frozenset()
    looked_at: bool = False

    def __or__(self, other: Told) -> Told:
        return Told(
            self.groups | other.groups,
            self.subjects | other.subjects,
            self.lengths | other.lengths,
            self.looked_at or other.looked_at,
        )


@frozen
class _Place:
    """Where a value stands: in the form of a step; with no step, in the case of a process."""

    process: str
    step: str
    name: str


def told_apart(routine: Routine) -> Mapping[tuple[Step, str], Told]:
    """What rules tell apart, by step and field of its form."""
    looked = _Looked(routine)
    return {
        (Step(place.process, place.step), place.name): told
        for place, told in looked.told.items()
        if place.step
    }


class _Looked:
    """What every rule looks at, followed back to the forms that it comes from."""

    def __init__(self, routine: Routine) -> None:
        self._routine = routine
        self.told: dict[_Place, Told] = {}
        self._from: dict[_Place, set[_Place]] = {}
        fields = {role.only for role in routine.pack.role.values() if role.only}
        for name, process in routine.pack.process.items():
            for field in fields:
                self._add(_Place(name, "", field), _organisation())
            for state in process.states.values():
                for duty in state.duties.values():
                    self._condition(_Place(name, "", ""), duty.when)
            for step, transition in process.transitions.items():
                self._transition(_Place(name, step, ""), transition)
        self._spread()

    def _transition(self, here: _Place, transition: Transition) -> None:
        form = self._routine.form(Step(here.process, here.step))
        for name in entries(form) if form else ():
            self._flow(_Place(here.process, here.step, name), _Place(here.process, "", name))
        for name, ref in transition.sets.items():
            self._flow(_place(here, ref), _Place(here.process, "", name))
        if transition.unit:
            self._tell(here, transition.unit, _organisation())
        for guard in transition.guards.values():
            self._guard(here, guard)
        for joint in transition.joint.values():
            self._joint(here, joint)

    def _guard(self, here: _Place, guard: Guard) -> None:
        self._condition(here, guard.when)
        for ref in guard.refs():
            self._tell(here, ref, Told(looked_at=True))
        for ref, values in self._values(guard):
            self._tell(here, ref, Told(groups=frozenset([frozenset(values)])))
        if isinstance(guard, Count):
            limits = [self._limit(limit) for limit in (guard.at_least, guard.at_most) if limit]
            lengths = frozenset(limit + more for limit in limits for more in (-1, 0, 1))
            self._tell(here, guard.list, Told(lengths=lengths))
        if isinstance(guard, CaseInState | NoCaseInState):
            self._match(here, guard.process, guard.match)
            self._found(here, guard.subject, guard.process, guard.find)
        if isinstance(guard, Same | Differs):
            self._alike(_place(here, guard.value), _place(here, guard.other))

    def _values(self, guard: Guard) -> Iterator[tuple[Ref, Iterable[Value]]]:
        match guard:
            case IsTrue():
                yield guard.value, [True]
            case OneOf():
                yield guard.value, guard.values
            case ByRole():
                for values in guard.allowed.values():
                    yield guard.value, values
            case AtLeast():
                yield guard.value, [self._limit(guard.limit)]
                yield guard.value, [self._limit(guard.limit) - 1]
            case AtMost():
                yield guard.value, [self._limit(guard.limit)]
                yield guard.value, [self._limit(guard.limit) + 1]
            case Count() if guard.same_as:
                yield guard.same_as, [1]
                yield guard.same_as, [2]
            case Includes():
                yield guard.value, [ANOTHER]
            case Differs():
                yield guard.value, [ANOTHER]
                yield guard.other, [ANOTHER]
            case _ if type(guard) not in GUARDS:
                for ref in guard.refs():
                    yield ref, [True]
            case _:
                pass  # the other kinds compare with what is there anyway

    def _limit(self, limit: int | str) -> int:
        found = self._routine.parameters[limit] if isinstance(limit, str) else limit
        return found if isinstance(found, int) else 0

    def _joint(self, here: _Place, joint: Joint) -> None:
        self._condition(here, joint.when)
        ref = joint.each if joint.each and joint.subject.source == "each" else joint.subject
        self._found(here, ref, joint.process, joint.find)
        self._match(here, joint.process, joint.match)
        for name, ref in joint.form.items():
            self._flow(_place(here, ref), _Place(joint.process, joint.transition, name))

    def _match(self, here: _Place, about: str, match: Mapping[str, Ref]) -> None:
        """What the fields of other cases must be: a word, or what stands somewhere here."""
        for name, ref in match.items():
            there = _Place(about, "", name)
            if ref.source == "value":
                self._add(there, Told(frozenset([frozenset([ref.literal])]), looked_at=True))
            else:
                self._tell(here, ref, Told(looked_at=True))
                self._alike(_place(here, ref), there)

    def _found(self, here: _Place, ref: Ref, about: str, by: str) -> None:
        """By what a case of a process is found: its subject, or a field of it."""
        if by == "subject":
            self._subject(here, ref, about)
            return
        there = _Place(about, "", by)
        self._tell(here, ref, Told(looked_at=True))
        self._alike(_place(here, ref), there)
        if ref == SUBJECT:
            kind = self._routine.process(here.process).rules.subject
            self._add(there, Told(subjects=frozenset([kind]), looked_at=True))

    def _condition(self, here: _Place, when: Condition | None) -> None:
        if when is not None:
            groups = (
                frozenset([frozenset[Value](when.one_of)]) if when.given is None else frozenset()
            )
            self._tell(here, when.value, Told(groups, looked_at=True))

    def _subject(self, here: _Place, ref: Ref, about: str) -> None:
        kind = self._routine.process(about).rules.subject
        self._tell(here, ref, Told(subjects=frozenset([kind]), looked_at=True))

    def _tell(self, here: _Place, ref: Ref, told: Told) -> None:
        place = _place(here, ref)
        if place:
            self._add(place, told)

    def _add(self, place: _Place, told: Told) -> None:
        self.told[place] = self.told.get(place, Told()) | told

    def _alike(self, one: _Place | None, other: _Place | None) -> None:
        """That what tells the values of one place apart tells those of another apart as well."""
        if one and other:
            self._flow(one, other)
            self._flow(other, one)

    def _flow(self, source: _Place | None, target: _Place) -> None:
        if source:
            self._from.setdefault(target, set()).add(source)

    def _spread(self) -> None:
        """What tells the values of a place apart does so wherever they come from."""
        ahead = list(self.told)
        while ahead:
            place = ahead.pop()
            for source in self._from.get(place, ()):
                before = self.told.get(source, Told())
                after = before | self.told[place]
                if after != before:
                    self.told[source] = after
                    ahead.append(source)


def _organisation() -> Told:
    return Told(subjects=frozenset([_ORGANISATION]), looked_at=True)


def _place(here: _Place, ref: Ref) -> _Place | None:
    name = ref.name.partition(".")[0]
    if ref.source == "form":
        return _Place(here.process, here.step, name)
    return _Place(here.process, "", name) if ref.source == "case" else None
