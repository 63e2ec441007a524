"""Two routines side by side, and which names of the older one are others in the newer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias, TypeVar

from lockroutine.differences.voice import Voice
from lockroutine.model import Language, Text
from lockroutine.routine import Routine
from lockroutine.rules.schema import Pack, Process, Transition

__all__ = ["Match", "Pair", "Side", "matched", "text_of"]

T = TypeVar("T")
Match: TypeAlias = tuple[str, T | None, str, T | None]
"""A thing by its old name, if it was there, and by its new name, if it is there."""


def text_of(say: Callable[[Language], str]) -> Text:
    """A text in both languages."""
    return Text(sv=say("sv"), en=say("en"))


class Side:
    """One of two routines, with its voices."""

    def __init__(self, routine: Routine) -> None:
        self.routine: Routine = routine
        self.pack: Pack = routine.pack
        self._voices: dict[tuple[str, Language], Voice] = {}

    def voice(self, process: str, language: Language) -> Voice:
        """Its names and values in words, as they are meant in a process."""
        key = (process, language)
        if key not in self._voices:
            self._voices[key] = Voice(self.routine, process, language)
        return self._voices[key]

    def text(self, process: str, say: Callable[[Voice], str]) -> Text:
        """What its voices say, in both languages."""
        return text_of(lambda language: say(self.voice(process, language)))

    def process(self, name: str) -> Process | None:
        """A process; None if it has none of that name."""
        return self.pack.process.get(name)


class Pair:
    """Two routines that are compared.

    Args:
        old: The older one.
        new: The newer one, whose ``[move.PROCESS]`` say what is only called otherwise in it.
    """

    def __init__(self, old: Routine, new: Routine) -> None:
        self.old: Side = Side(old)
        self.new: Side = Side(new)
        # The new names of states and steps, by process and old name.
        self.states: Callable[[str], Mapping[str, str]] = functools.cache(self._states)
        self.steps: Callable[[str], Mapping[str, str]] = functools.cache(self._steps)

    def side(self, *, newer: bool) -> Side:
        """One of the two."""
        return self.new if newer else self.old

    def each_step(self, process: str) -> list[Match[Transition]]:
        """The steps of a process that belong together."""
        old, new = (side.process(process) for side in (self.old, self.new))
        return list(
            matched(
                old.transitions if old else {},
                new.transitions if new else {},
                self.steps(process),
            )
        )

    def processes(self) -> list[str]:
        """The processes of both, those of the newer first."""
        return list(dict.fromkeys((*self.new.pack.process, *self.old.pack.process)))

    def _states(self, process: str) -> Mapping[str, str]:
        """The new names of states of a process, by their old ones."""
        old, new = self.old.process(process), self.new.process(process)
        if old is None or new is None:
            return {}
        move = self.new.routine.moving(process, self.old.routine.key)
        told = {one: other for one, other in move.states.items() if isinstance(other, str)}
        return _renamed(told, old.states, new.states)

    def _steps(self, process: str) -> Mapping[str, str]:
        """The new names of steps of a process, by their old ones."""
        old, new = self.old.process(process), self.new.process(process)
        if old is None or new is None:
            return {}
        move = self.new.routine.moving(process, self.old.routine.key)
        return _renamed(move.transitions, old.transitions, new.transitions)


def _renamed(
    told: Mapping[str, str], old: Mapping[str, object], new: Mapping[str, object]
) -> dict[str, str]:
    """Those of the told names that are one thing: gone under the old name, new under the other."""
    found: dict[str, str] = {}
    for before, after in told.items():
        is_one = before in old and before not in new and after in new and after not in old
        if is_one and after not in found.values():
            found[before] = after
    return found


def matched(
    old: Mapping[str, T], new: Mapping[str, T], renamed: Mapping[str, str] | None = None
) -> Iterator[Match[T]]:
    """Things of both by name: the old name and thing, the new name and thing.

    In the order of the newer, then what is only in the older. What only one has is None in the
    other, under the same name.

    >>> list(matched({"a": 1, "b": 2}, {"c": 3, "d": 4}, {"a": "c"}))
    [('a', 1, 'c', 3), ('d', None, 'd', 4), ('b', 2, 'b', None)]
    """
    before = {after: name for name, after in (renamed or {}).items()}
    for name, thing in new.items():
        was = before.get(name, name)
        yield was, old.get(was), name, thing
    for name, thing in old.items():
        if name not in new and name not in before.values():
            yield name, thing, name, None
