"""What an overlay loosens of that which its base forbids for safety.

A safeguard is a guard marked with ``safeguard = true``, and every ``[always.NAME]`` and
``[never.NAME]``. One counts as loosened when it is taken out or no longer marked, or when it, or a
parameter that it names, means something else that is not plainly tighter. Words and what is cited
are no meaning. A guard that goes with its whole transition is not loosened: what cannot be done
needs no guard. An invariant is tighter if it looks at more states, or if more must always hold, or
if less may never hold at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

import attrs
from attrs import frozen

from lockroutine.errors import Problem, nearest
from lockroutine.rules.calendar import Duration, Hours
from lockroutine.rules.guards import (
    AtLeast,
    AtMost,
    ByRole,
    CaseInState,
    Count,
    Done,
    Guard,
    NoCaseInState,
    OneOf,
    TimeWindow,
    WithinHours,
)
from lockroutine.rules.layers import Tables, table_at

__all__ = ["Loosening", "is_tighter", "loosenings", "unsaid"]

T = TypeVar("T")
Meaning: TypeAlias = Mapping[str, Any]
Structure: TypeAlias = Callable[[Tables], Guard]

_WORDS = frozenset({"otherwise", "instead", "settled_by", "clauses", "gaps", "label", "reason"})
_CALENDAR = ("time_zone", "holidays", "working_days")


@frozen
class Loosening:
    """A safeguard of the base that an overlay loosens.

    Args:
        rule: The path of the safeguard.
        by: The path of what loosens it: the safeguard itself, or a parameter that it names.
    """

    rule: str
    by: str


def loosenings(base: Tables, new: Tables, structure: Structure) -> Iterator[Loosening]:
    """Every safeguard of a base that means less in what was laid over it.

    Args:
        base: The tables of the base.
        new: The tables with the overlay laid over them.
        structure: Makes a guard of its table; raises if there is something wrong with it.
    """
    for path, before in _safeguards(base):
        *within, name = path.split(".")
        holder = table_at(new, *within[:-1])
        after = table_at(new, *within).get(name)
        if not holder and within[:-1]:
            continue  # the whole transition is gone
        if after is None:
            yield Loosening(path, path)
        elif within[0] == "process":
            yield from _of_guard(path, (before, base), (after, new), structure)
        elif not _says_more(within[0], before, after):
            yield Loosening(path, path)
        else:
            yield from _by_parameter(path, before, base, new)


def unsaid(base: Tables, own: Tables, new: Tables, structure: Structure) -> Iterator[Problem]:
    """What an overlay loosens without a ``[loosened]``, and what it says to loosen and does not.

    Args:
        base: The tables of the base.
        own: The tables of the overlay itself.
        new: The one laid over the other.
        structure: As for `loosenings`.
    """
    said = table_at(own, "loosened")
    found = {one.rule: one for one in loosenings(base, new, structure)}
    for rule, one in found.items():
        if rule not in said:
            what = "a safeguard of the base" if one.by == rule else f"the safeguard {rule}"
            message = f'loosens {what}; if that is meant, say why in [loosened."{rule}"]'
            yield Problem(one.by, message)
    known = [path for path, _ in _safeguards(base)]
    for rule in said:
        if rule in found:
            continue
        hint = nearest(rule, known)
        ending = f"; did you mean {hint!r}?" if hint else ""
        yield Problem(
            f"loosened.{rule}",
            "is not loosened by this pack, so there is nothing to say of it"
            if rule in known
            else f"there is no such safeguard in what this pack extends{ending}",
        )


def _safeguards(tables: Tables) -> Iterator[tuple[str, Any]]:
    for kind in ("always", "never"):
        for name, rule in table_at(tables, kind).items():
            yield f"{kind}.{name}", rule
    for process in table_at(tables, "process"):
        for step in table_at(tables, "process", process, "transitions"):
            within = ("process", process, "transitions", step, "guards")
            for name, guard in table_at(tables, *within).items():
                if isinstance(guard, dict) and guard.get("safeguard") is True:
                    yield ".".join((*within, name)), guard


def _without_words(rule: Any) -> Any:
    if not isinstance(rule, dict):
        return rule
    return {key: _without_words(value) for key, value in rule.items() if key not in _WORDS}


def _says_more(kind: str, before: Any, after: Any) -> bool:
    """Whether an invariant plainly says all that another says."""
    old, new = _without_words(before), _without_words(after)
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return bool(old == new)
    guards = (table_at(old, "guards"), table_at(new, "guards"))
    fewer, more = guards if kind == "always" else guards[::-1]
    rest = [
        {key: value for key, value in one.items() if key not in ("guards", "states")}
        for one in (old, new)
    ]
    states = [one.get("states", []) for one in (old, new)]
    if states[0] != states[1] and not all(isinstance(some, list) for some in states):
        return False
    more_states = all(state in states[1] for state in states[0])
    same = all(more.get(name) == guard for name, guard in fewer.items())
    return rest[0] == rest[1] and more_states and same


# -- guards ---------------------------------------------------------------------------------------


def _of_guard(
    path: str, before: tuple[Tables, Tables], after: tuple[Tables, Tables], structure: Structure
) -> Iterator[Loosening]:
    try:
        old, new = structure(before[0]), structure(after[0])
    except Exception:  # what is wrong with it is told by the reader
        return
    if not is_tighter(old, new, _parameters(before[1]), _parameters(after[1])):
        own = _without_words(before[0]) != _without_words(after[0])
        yield from (
            [Loosening(path, path)] if own else _by_parameter(path, before[0], before[1], after[1])
        )
    elif _reads_times(old):
        changed = (key for key in _CALENDAR if before[1].get(key) != after[1].get(key))
        yield from (Loosening(path, key) for key in changed)


def _parameters(tables: Tables) -> dict[str, Any]:
    return {
        name: table_at(tables, "parameter", name).get("value")
        for name in table_at(tables, "parameter")
    }


def _by_parameter(path: str, rule: Any, base: Tables, new: Tables) -> Iterator[Loosening]:
    before, after = _parameters(base), _parameters(new)
    for name in sorted(_texts(rule)):
        if name in before and before[name] != after.get(name):
            yield Loosening(path, f"parameter.{name}.value")
            return


def _texts(rule: Any) -> set[str]:
    if isinstance(rule, dict):
        return set().union(*(_texts(value) for key, value in rule.items() if key not in _WORDS))
    if isinstance(rule, list):
        return set().union(*map(_texts, rule))
    return {rule} if isinstance(rule, str) else set()


def _reads_times(guard: Guard) -> bool:
    return any(kind is dt.datetime for _, kind in guard.kinds())


def is_tighter(
    before: Guard,
    after: Guard,
    parameters: Mapping[str, Any],
    parameters_after: Mapping[str, Any],
) -> bool:
    """Whether a guard plainly refuses all that another refuses: if in doubt, it does not.

    Args:
        before: The guard of the base.
        after: The guard in its place.
        parameters: The values of the base's parameters.
        parameters_after: The values of the parameters after the overlay.

    >>> from lockroutine.model import Text
    >>> from lockroutine.rules.terms import Ref
    >>> five, six = (
    ...     AtLeast(value=Ref("form", "cycles"), limit=n, otherwise=Text("", "")) for n in (5, 6)
    ... )
    >>> is_tighter(five, six, {}, {}), is_tighter(six, five, {}, {})
    (True, False)
    """
    if type(before) is not type(after):
        return False
    old, new = _meaning(before, parameters), _meaning(after, parameters_after)
    rules = {**_EVERY, **_TIGHTER.get(type(before), {})}
    return all(
        old[key] == new[key] or (key in rules and rules[key](old[key], new[key])) for key in old
    )


def _meaning(guard: Guard, parameters: Mapping[str, Any]) -> Meaning:
    """What a guard says, with the values of the parameters that it names."""
    found = {
        one.name: getattr(guard, one.name)
        for one in attrs.fields(type(guard))
        if one.name not in _WORDS
    }
    return {
        key: parameters.get(value, value) if isinstance(value, str) else value
        for key, value in found.items()
    }


def _fewer(before: Any, after: Any) -> bool:
    return set(after) <= set(before)


def _more(before: Any, after: Any) -> bool:
    return set(after) >= set(before)


def _more_wanted(before: Any, after: Any) -> bool:
    return bool(before.items() <= after.items())


def _less_wanted(before: Any, after: Any) -> bool:
    return bool(before.items() >= after.items())


def _given_now(before: Any, after: Any) -> bool:
    return not before and bool(after)


def _higher(before: Any, after: Any) -> bool:
    return type(before) is type(after) is int and after >= before


def _lower(before: Any, after: Any) -> bool:
    return type(before) is type(after) is int and after <= before


def _at_least(before: Any, after: Any) -> bool:
    return before is None or _higher(before, after)


def _at_most(before: Any, after: Any) -> bool:
    return before is None or _lower(before, after)


def _fewer_for_each(before: Any, after: Any) -> bool:
    return all(set(values) <= set(before.get(role, ())) for role, values in after.items())


def _shorter(before: Any, after: Any) -> bool:
    if not before:
        return True  # there was no limit
    old, new = (_read(Duration.parse, length) for length in (before, after))
    if old is None or new is None:
        return False
    return all(b >= a for b, a in zip(attrs.astuple(old), attrs.astuple(new), strict=True))


def _longer(before: Any, after: Any) -> bool:
    return bool(after) and (not before or _shorter(after, before))


def _within(before: Any, after: Any) -> bool:
    old, new = (_read(Hours.parse, hours) for hours in (before, after))
    if old is None or new is None:
        return False
    return old.opens <= new.opens and new.closes <= old.closes


def _read(parse: Callable[[str], T], text: Any) -> T | None:
    try:
        return parse(str(text))
    except ValueError:
        return None


def _as_often(before: Any, after: Any) -> bool:
    """That a condition lets a rule apply whenever another does."""
    if after is None:
        return True
    if before is None or (before.value, before.given) != (after.value, after.given):
        return False
    return set(before.one_of) <= set(after.one_of)


def _marked(before: Any, after: Any) -> bool:
    return after is True


_EVERY: Mapping[str, Callable[[Any, Any], bool]] = {"when": _as_often, "safeguard": _marked}
_TIGHTER: Mapping[type[Guard], Mapping[str, Callable[[Any, Any], bool]]] = {
    CaseInState: {"states": _fewer, "match": _more_wanted, "not_past": _given_now},
    NoCaseInState: {"states": _more, "match": _less_wanted},
    AtLeast: {"limit": _higher},
    AtMost: {"limit": _lower},
    Count: {"at_least": _at_least, "at_most": _at_most, "same_as": _given_now},
    OneOf: {"values": _fewer},
    ByRole: {"allowed": _fewer_for_each},
    Done: {"transitions": _more},
    WithinHours: {
        "days": _fewer,
        "hours": _within,
        "ends": _given_now,
        "closed_on_holidays": _given_now,
    },
    TimeWindow: {
        "not_older_than": _shorter,
        "not_later_than": _shorter,
        "not_sooner_than": _longer,
        "not_before": _more,
    },
}
"""For each kind the keys whose change can be told to tighten it; every other change loosens."""
