"""Rule packs with one mistake each: every guard, target, role and effect changed in turn.

A mutation is an edit of the tables of a pack. The mutant is read again from text, as its author
would have written it: nothing on the disk is touched.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import frozen

from lockroutine.routine import Routine
from lockroutine.rules.reader import Source

__all__ = ["KINDS", "Mutation", "mutant", "mutations"]

KINDS = ("guard", "target", "role", "effect")
Path: TypeAlias = tuple[str, ...]
Table: TypeAlias = Mapping[str, Any]

_OPPOSITE = {
    "case_in_state": "no_case_in_state",
    "no_case_in_state": "case_in_state",
    "same": "differs",
    "differs": "same",
}


@frozen
class Mutation:
    """One mistake.

    Args:
        kind: What it is made in: a guard, a target, a role or an effect.
        path: Where.
        what: What is done to it, in words.
        edits: The tables and values that are there instead; None for what is taken out.
    """

    kind: str
    path: Path
    what: str
    edits: tuple[tuple[Path, Any], ...]

    @property
    def name(self) -> str:
        """Where and what, in one line."""
        return f"{'.'.join(self.path)}: {self.what}"


def mutations(source: Source, routine: Routine) -> list[Mutation]:
    """Every mutation of a pack that stands alone, in the order of its files."""
    return [
        one
        for document in _documents(source).values()
        for one in (*_of_sweeps(document), *_of_processes(document, routine))
    ]


def mutant(source: Source, mutation: Mutation) -> Source:
    """The text of a pack with one mistake."""
    files = dict(source.files)
    for name, document in _documents(source).items():
        changed = copy.deepcopy(document)
        for path, value in mutation.edits:
            _edit(changed, path, value)
        if changed != document:
            files[name] = _text(changed)
            assert tomllib.loads(files[name]) == changed
    return Source(source.where, files)


# -- of which kinds --------------------------------------------------------------------------------


def _of_sweeps(document: Table) -> Iterator[Mutation]:
    for sweep, rules in document.get("sweep", {}).items():
        for name, guard in rules.get("unless", {}).items():
            yield from _of_guard(("sweep", sweep, "unless", name), guard, None)


def _of_processes(document: Table, routine: Routine) -> Iterator[Mutation]:
    roles = tuple(routine.pack.role)
    for process, rules in document.get("process", {}).items():
        here = ("process", process)
        for key in ("sees_personal", "sees_secret"):
            yield from _of_roles((*here, key), rules.get(key, []), roles)
        for name, state in rules.get("states", {}).items():
            at = (*here, "states", name)
            yield from _of_roles((*at, "waits_for"), state.get("waits_for", []), roles)
            for duty, declared in state.get("duties", {}).items():
                path = (*at, "duties", duty)
                yield from _of_roles((*path, "waits_for"), declared["waits_for"], roles)
                yield from _of_condition("guard", path, declared)
        for name, transition in rules.get("transitions", {}).items():
            at = (*here, "transitions", name)
            states = tuple(routine.pack.process[process].states)
            yield from _of_target(at, transition, states)
            yield from _of_roles((*at, "by"), transition["by"], roles)
            for guard, given in transition.get("guards", {}).items():
                yield from _of_guard((*at, "guards", guard), given, routine)
            yield from _of_effects(at, transition, roles)


def _of_target(at: Path, transition: Table, states: Sequence[str]) -> Iterator[Mutation]:
    """It leads to the next state in the file; or leads nowhere."""
    path, to = (*at, "to"), transition.get("to", "")
    after = states.index(to) + 1 if to else states.index(transition["from"][0]) + 1
    other = next(one for one in (*states[after:], *states) if one != to)
    yield Mutation("target", path, f"leads to {other}", ((path, other),))
    if to and transition["from"] and [to] != transition["from"]:
        yield Mutation("target", path, "leads nowhere", ((path, None),))


def _of_roles(path: Path, there: list[str], roles: Sequence[str]) -> Iterator[Mutation]:
    """One role less; one more; another one in the place of the only one."""
    if not there:
        return
    people = [role for role in there if role in roles]  # not the clock, nor whom a field names
    after = roles.index(people[-1]) + 1 if people else 0
    more = next((one for one in (*roles[after:], *roles) if one not in there), None)
    if len(there) > 1:
        for role in there:
            left = [one for one in there if one != role]
            yield Mutation("role", path, f"without {role}", ((path, left),))
    elif more:
        yield Mutation("role", path, f"{more} in place of {there[0]}", ((path, [more]),))
    if more:
        yield Mutation("role", path, f"{more} as well", ((path, [*there, more]),))


def _of_guard(path: Path, guard: Table, routine: Routine | None) -> Iterator[Mutation]:
    yield Mutation("guard", path, "taken out", ((path, None),))
    opposite = _OPPOSITE.get(guard["kind"])
    if opposite:
        edits = (((*path, "kind"), opposite), ((*path, "not_past"), None))
        yield Mutation("guard", path, f"turned into {opposite}", edits)
    yield from _of_condition("guard", path, guard)
    yield from _looser(path, guard, routine)


def _of_condition(kind: str, path: Path, rule: Table) -> Iterator[Mutation]:
    """It counts always; or exactly when it should not."""
    if "when" in rule:
        yield Mutation(kind, path, "counts always", (((*path, "when"), None),))
        if "given" in rule["when"]:
            given = not rule["when"]["given"]
            yield Mutation(
                kind, path, "counts when it should not", (((*path, "when", "given"), given),)
            )


def _looser(path: Path, guard: Table, routine: Routine | None) -> Iterator[Mutation]:
    """It lets through a little more."""

    def changed(what: str, key: str, value: Any) -> Mutation:
        return Mutation("guard", path, what, (((*path, key), value),))

    for name in guard.get("match", {}):
        yield changed(f"whatever the {name}", "match", _less(guard["match"], name))
    kind = guard["kind"]
    if kind == "case_in_state" and routine:
        every = list(routine.pack.process[guard["process"]].states)
        if set(every) != set(guard["states"]):
            yield changed("content with any state", "states", every)
    for key in ("states",) if kind == "no_case_in_state" else ("transitions",):
        for name in guard.get(key, ()) if len(guard.get(key, ())) > 1 else ():
            yield changed(f"not minding {name}", key, [x for x in guard[key] if x != name])
    if kind == "at_least" or "at_least" in guard:
        key = "limit" if kind == "at_least" else "at_least"
        yield changed("one less is enough", key, _limit(guard[key], routine) - 1)
    if kind == "at_most" or "at_most" in guard:
        key = "limit" if kind == "at_most" else "at_most"
        yield changed("one more is let through", key, _limit(guard[key], routine) + 1)
    if kind == "by_role":
        every = sorted({value for values in guard["allowed"].values() for value in values})
        for role, values in guard["allowed"].items():
            if set(values) != set(every):
                allowed = {**guard["allowed"], role: every}
                yield changed(f"{role} may give any of them", "allowed", allowed)
            yield changed(f"without {role}", "allowed", _less(guard["allowed"], role))
    limits = ("not_older_than", "not_later_than", "not_sooner_than", "not_before")
    there = [key for key in limits if key in guard]
    for key in there if len(there) > 1 else ():
        yield changed(f"without {key}", key, None)
    for key in ("not_past", "ends"):
        if key in guard:
            yield changed(f"without {key}", key, None)


def _limit(limit: int | str, routine: Routine | None) -> int:
    found = routine.parameters[limit] if routine and isinstance(limit, str) else limit
    assert isinstance(found, int)
    return found


def _less(table: Table, name: str) -> Table:
    return {key: value for key, value in table.items() if key != name}


def _of_effects(at: Path, transition: Table, roles: Sequence[str]) -> Iterator[Mutation]:
    """What plugins are asked to do, what other cases do with it, and what it makes of its own."""
    for name, effect in transition.get("effects", {}).items():
        path = (*at, "effects", name)
        yield Mutation("effect", path, "taken out", ((path, None),))
        yield from _of_condition("effect", path, effect)
        yield from _of_roles((*path, "to"), effect.get("to", []), roles)
    for name, joint in transition.get("joint", {}).items():
        path = (*at, "joint", name)
        yield Mutation("effect", path, "taken out", ((path, None),))
        yield from _of_condition("effect", path, joint)
        for key in joint.get("match", {}):
            less = _less(joint["match"], key)
            what = f"whatever the {key}"
            yield Mutation("effect", path, what, (((*path, "match"), less or None),))
        if joint.get("missing") == "skip":
            edit = ((*path, "missing"), "refuse")
            yield Mutation("effect", path, "refuses where there is none", (edit,))
    for name in transition.get("sets", {}):
        path = (*at, "sets", name)
        yield Mutation("effect", path, "taken out", ((path, None),))
    for key in ("clears", "undoes"):
        path, there = (*at, key), transition.get(key, [])
        for name in there:
            left = [one for one in there if one != name]
            yield Mutation("effect", path, f"without {name}", ((path, left or None),))
    if "unit" in transition:
        path = (*at, "unit")
        yield Mutation("effect", path, "taken out", ((path, None),))


# -- tables and text -------------------------------------------------------------------------------


def _documents(source: Source) -> dict[str, dict[str, Any]]:
    return {name: tomllib.loads(text) for name, text in source.files.items()}


def _edit(document: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value in its place, if the table that it stands in is in this document."""
    table = document
    for name in path[:-1]:
        if name not in table:
            return
        table = table[name]
    if value is None:
        table.pop(path[-1], None)
    else:
        table[path[-1]] = value


def _text(document: Table) -> str:
    """A document as TOML, each value on a line of its own."""
    return "".join(f"{'.'.join(path)} = {_value(value)}\n" for path, value in _leaves(document, ()))


def _leaves(table: Table, at: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        path = (*at, json.dumps(name))
        if isinstance(value, dict) and value:
            yield from _leaves(value, path)
        else:
            yield path, value


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {_joined(f'{json.dumps(n)} = {_value(v)}' for n, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{_joined(map(_value, value))}]"
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)  # TOML's basic strings escape as JSON does


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(texts)
