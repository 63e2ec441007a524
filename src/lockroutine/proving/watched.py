"""Cases whose values are open until a rule asks for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from lockroutine.facts import Facts, Value
from lockroutine.model import Case, Query
from lockroutine.proving.paths import Paths, Var, state_of
from lockroutine.proving.world import NOW, UNIT, World

__all__ = ["Watched", "WatchedDone", "WatchedFacts", "WatchedState"]


class Watched:
    """The cases of a world, made when they are asked for.

    Args:
        world: The world.
        paths: Where their values are asked.
    """

    def __init__(self, world: World, paths: Paths) -> None:
        self.paths = paths
        self._world = world
        self._cases: dict[int, Case] = {}

    def case(self, number: int) -> Case:
        """The case of a slot in which there is one."""
        if number not in self._cases:
            self._cases[number] = self._made(number)
        return self._cases[number]

    def find(self, query: Query) -> tuple[Case, ...]:
        """The cases that a query means."""
        found: list[Case] = []
        by_subject = query.field == "subject"
        value = query.value
        if by_subject:
            value = self._world.routine.process(query.process).subject(value)
        for number in self._world.of[query.process]:
            if by_subject and self._world.slots[number].subject != value:
                continue
            if self.paths.is_one_of(state_of(number), (None,)):
                continue
            case = self.case(number)
            if by_subject or case.value(query.field) == value:
                found.append(case)
        return tuple(found)

    def _made(self, number: int) -> Case:
        slot, state, paths = self._world.slots[number], state_of(number), self.paths
        process = self._world.routine.process(slot.process)
        hidden = process.of_privacy["personal"] | process.of_privacy["secret"]
        shown = frozenset(process.fields) - hidden
        return Case(
            id=f"case-{number}",
            process=slot.process,
            subject=slot.subject,
            unit=UNIT,
            routine=self._world.routine.key,
            state=WatchedState(paths, state),
            version=1,
            is_open=not (slot.ends and paths.is_one_of(state, slot.ends)),
            since=NOW,
            changed_at=NOW,
            due_at=NOW,
            done=WatchedDone(paths, number, process.rules.transitions, {}),
            data=WatchedFacts(paths, number, shown, {}),
            personal=WatchedFacts(paths, number, hidden, {}),
        )


class WatchedState(str):
    """The name of a case's state, told apart only as far as it is compared."""

    __slots__ = ("_paths", "_var")
    _paths: Paths
    _var: Var

    def __new__(cls, paths: Paths, var: Var) -> WatchedState:
        made = super().__new__(cls, "?")
        made._paths = paths
        made._var = var
        return made

    def is_one_of(self, names: Iterable[str]) -> bool:
        """Whether it is one of these."""
        return self._paths.is_one_of(self._var, tuple(names))

    def _plain(self) -> str:
        return str(self._paths.value(self._var))

    def __eq__(self, other: object) -> bool:
        return self._paths.is_one_of(self._var, (str(other),))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._plain())

    def __str__(self) -> str:
        return self._plain()

    def __format__(self, spec: str) -> str:
        return format(self._plain(), spec)


class WatchedFacts(Facts):
    """The facts of a case, each open until it is asked for.

    Args:
        paths: Where it is asked.
        slot: The case's slot.
        names: Which facts these are: all but the personal ones, or only those.
        written: What was written since.
    """

    __slots__ = ("_names", "_paths", "_slot", "written")
    _names: frozenset[str]
    _paths: Paths
    _slot: int
    written: Mapping[str, Value]

    def __init__(
        self, paths: Paths, slot: int, names: frozenset[str], written: Mapping[str, Value]
    ) -> None:
        super().__init__()
        values = {"_paths": paths, "_slot": slot, "_names": names, "written": written}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def at(self, path: str) -> Value:
        name, _, within = path.partition(".")
        if name in self.written:
            found = self.written[name]
        elif name in self._names:
            found = self._paths.value(Var(self._slot, "fact", name))
        else:
            found = None
        return (found.at(within) if isinstance(found, Facts) else None) if within else found

    def merged(self, other: Mapping[str, Value]) -> Facts:
        return self._with({**self.written, **other}) if other else self

    def without(self, names: Collection[str]) -> Facts:
        gone: dict[str, Value] = {name: None for name in names if name in self._names}
        return self._with({**self.written, **gone})

    def _with(self, written: Mapping[str, Value]) -> WatchedFacts:
        return WatchedFacts(self._paths, self._slot, self._names, written)

    # A plugin's own rule may look at them all.

    def __getitem__(self, key: str) -> Value:
        found = self.at(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        names = sorted(self._names.union(self.written))
        return (name for name in names if self.at(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class WatchedDone(frozenset[str]):
    """The steps that count as done in a case, each open until it is asked for."""

    _paths: Paths
    _slot: int
    _names: Iterable[str]
    written: Mapping[str, bool]

    def __new__(
        cls, paths: Paths, slot: int, names: Iterable[str], written: Mapping[str, bool]
    ) -> WatchedDone:
        made = super().__new__(cls)
        made._paths = paths
        made._slot = slot
        made._names = names
        made.written = written
        return made

    def __contains__(self, name: object) -> bool:
        found = self.written.get(str(name))
        if found is None:
            found = bool(self._paths.value(Var(self._slot, "done", str(name))))
        return found

    def __or__(self, names: Any) -> Any:
        return self._with(dict.fromkeys(names, True))

    def __sub__(self, names: Any) -> Any:
        return self._with(dict.fromkeys(names, False))

    def _with(self, written: Mapping[str, bool]) -> WatchedDone:
        return WatchedDone(self._paths, self._slot, self._names, {**self.written, **written})

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
