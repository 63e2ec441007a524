"""Forms to try: for each step, the values that some rule can tell apart, in every combination."""

from __future__ import annotations

import datetime as dt
import itertools
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from lockroutine._fields import Entry, bare, entries
from lockroutine.facts import Value
from lockroutine.proving.told import Told, told_apart
from lockroutine.proving.world import Bound
from lockroutine.routine import Routine, Step

__all__ = ["TIMES", "Form", "Samples"]

MOST = 128
"""So many forms are tried for one step."""

Form = Mapping[str, Any]

TIMES = tuple(
    dt.timedelta(days=days, hours=hours)
    for days, hours in (
        (28, 0), (182, 0), (7, 0), (1, 0), (0, 1), (0, 0), (0, -1), (-1, 0), (-7, 0), (-182, 0)
    )
)  # fmt: skip
"""How far from now the times in a form may lie; the first with which the step can be made."""

_SHAPED = {"phone": "+46 70 174 06 05", "email": "contact-3@example.org"}
_TEXT = "standard"


class Samples:
    """What to try in the forms of a routine.

    Args:
        routine: The routine.
        bound: How large the world is.
    """

    def __init__(self, routine: Routine, bound: Bound) -> None:
        self._routine = routine
        self._subjects = bound.subjects
        self._told = told_apart(routine)
        self.cut: set[Step] = set()

    def times(self, step: Step) -> tuple[dt.timedelta, ...]:
        """How far from now the times in a step's form may lie."""
        form = self._routine.form(step)
        declared = entries(form).values() if form else ()
        has_times = any(bare(one.type) is dt.datetime for one in declared)
        return TIMES if has_times else (dt.timedelta(),)

    def forms(self, step: Step, now: dt.datetime, ahead: dt.timedelta) -> Iterator[Form]:
        """The forms to try for a step, with all times so far ahead of now."""
        form = self._routine.form(step)
        tried = {
            name: self._tried(declared, self._told.get((step, name), Told()), now + ahead)
            for name, declared in (entries(form).items() if form else ())
        }
        every = itertools.product(*tried.values())
        for values in itertools.islice(every, MOST):
            given = zip(tried, values, strict=True)
            yield {name: value for name, value in given if value is not None}
        if next(every, None) is not None:
            self.cut.add(step)

    def _tried(self, declared: Entry, told: Told, at: dt.datetime) -> tuple[Any, ...]:
        if declared.required:
            return self._values(declared, told, at)
        if not told.looked_at or declared.format == "word":
            return (None,)  # of the places that such a word names, one is enough
        return (*self._values(declared, told, at), None)

    def _values(self, declared: Entry, told: Told, at: dt.datetime) -> tuple[Any, ...]:
        """Valid values, one of each kind that rules tell apart."""
        kind = bare(declared.type)
        if typing.get_origin(kind) is tuple:
            item = attrs.evolve(declared, type=typing.get_args(kind)[0])
            items = self._values(item, told, at)
            return (*((one,) for one in items), *_lists(items, told.lengths - {1}))
        if declared.choices:
            return _one_of_each(tuple(declared.choices), told.groups)
        if kind is bool:
            return (True, False) if told.groups else (True,)
        if kind is int:
            return _numbers(declared, told)
        if kind in (dt.datetime, dt.date):
            return (at if kind is dt.datetime else at.date(),)
        if attrs.has(kind):
            inner = entries(kind).items()
            return ({n: self._values(one, Told(), at)[0] for n, one in inner if one.required},)
        return self._texts(declared, told)

    def _texts(self, declared: Entry, told: Told) -> tuple[str, ...]:
        if declared.format == "serial_number":
            return self._subjects("serial_number")
        if told.subjects:
            return tuple(one for kind in sorted(told.subjects) for one in self._subjects(kind))
        named = {value for group in told.groups for value in group if type(value) is str}
        return (_SHAPED.get(declared.format, _TEXT[: declared.longest]), *sorted(named))


def _lists(items: tuple[Any, ...], lengths: Iterable[int]) -> Iterator[tuple[Any, ...]]:
    """Lists of so many entries, no two alike."""
    more = (f"{items[0]}-{number}" for number in itertools.count(2))
    for length in sorted(lengths):
        if 0 < length <= len(items) or (length > 0 and isinstance(items[0], str)):
            yield tuple(itertools.islice(itertools.chain(items, more), length))


def _numbers(declared: Entry, told: Told) -> tuple[int, ...]:
    least = 0 if declared.minimum is None else declared.minimum
    most = declared.maximum
    named = {value for group in told.groups for value in group if type(value) is int}
    fit = (value for value in named if value >= least and (most is None or value <= most))
    return tuple(sorted(fit, reverse=True)) or (least if most == least else least + 1,)


def _one_of_each(values: tuple[str, ...], groups: frozenset[frozenset[Value]]) -> tuple[str, ...]:
    """The first of each kind of value that the groups tell apart."""
    kinds: dict[frozenset[frozenset[Value]], str] = {}
    for value in values:
        kinds.setdefault(frozenset(group for group in groups if value in group), value)
    return tuple(kinds.values())
