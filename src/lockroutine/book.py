"""The routines that cases run under: the engine's own, and those that the store remembers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from lockroutine.decide.wording import say
from lockroutine.errors import NotFound, Problem, RulesError
from lockroutine.model import Case, Query, Reason
from lockroutine.routine import CompiledProcess, Routine
from lockroutine.rules.reader import Source
from lockroutine.stores import Cases, Reading, Store, Writing
from lockroutine.stores.again import read_from, repeated
from lockroutine.verify import replay, until

__all__ = ["Book"]


class Book(Mapping[str, Routine]):
    """Routines by ``name@version``; those of the store are compiled when they are first met.

    Args:
        current: The routine that new cases start under.
    """

    def __init__(self, current: Routine) -> None:
        self.current = current
        self._routines: dict[str, Routine] = {current.key: current}

    def __getitem__(self, key: str) -> Routine:
        try:
            return self._routines[key]
        except KeyError:
            raise NotFound("routine", key) from None

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._routines))

    def __len__(self) -> int:
        return len(self._routines)

    def known(self, key: str) -> Routine | None:
        """The routine of that key, if it has been met."""
        return self._routines.get(key)

    def keep(self, store: Store, routine: Routine) -> None:
        """See to it that the store remembers a routine; writing only if it does not.

        Raises:
            RulesError: It remembers another text under the same name and version.
        """

        def known(reading: Reading) -> Source | None:
            if routine.pack.in_force_from:
                self.load(reading)  # until that day, others are started under
            return reading.routine(routine.key)

        stored = read_from(store, known)
        if stored is None:
            stored = repeated(store, lambda transaction: _kept(transaction, routine))
        _same(stored, routine)
        self._routines[routine.key] = routine

    def compare(self, reading: Reading, routine: Routine) -> None:
        """See to it that a store knows no other text of a routine, if it knows it.

        Raises:
            RulesError: It remembers another text under the same name and version.
        """
        _same(reading.routine(routine.key), routine)

    def in_force(self, at: dt.datetime) -> Routine:
        """The routine that new cases start under at a time.

        That is the current one, and before its day the newest of that name that is in force; the
        current one, too, if there is none.
        """
        if self.current.in_force(at):
            return self.current
        known = [one for one in self._routines.values() if one.pack.name == self.current.pack.name]
        return max(
            (one for one in known if one.in_force(at)),
            key=lambda one: one.order,
            default=self.current,
        )

    def not_in_force(self, at: dt.datetime) -> Reason | None:
        """Why no case can be started at a time, or None if one can."""
        routine = self.in_force(at)
        if routine.in_force(at):
            return None
        words = {"to": routine.key, "day": str(routine.pack.in_force_from)}
        return Reason(rule="engine.in_force_from", text=say("not_in_force", **words))

    def load(self, reading: Cases) -> None:
        """Meet every routine of the store."""
        for key in reading.routine_keys().difference(self._routines):
            source = reading.routine(key)
            if source:
                self._routines[key] = Routine(source, self.current.kinds)

    def processes(self, name: str) -> tuple[CompiledProcess, ...]:
        """The processes of that name in all known routines, the current one's first.

        Raises:
            NotFound: With the nearest name that exists in the current one.
        """
        routines = sorted(self._routines.values(), key=lambda one: one is not self.current)
        if not any(type(name) is str and name in one.processes for one in routines):
            return (self.current.process(name),)
        return tuple(one.processes[name] for one in routines if name in one.processes)

    def meet(self, reading: Cases, case: Case) -> Case:
        """A case whose routine is known from here on."""
        if case.routine not in self._routines:
            self.load(reading)
        return case

    def find(self, reading: Reading, query: Query) -> tuple[Case, ...]:
        """The cases that a decision asks for, as of the time that it is judged by."""
        found = tuple(self.meet(reading, case) for case in reading.find(query))
        if query.as_of is None:
            return found
        then = []
        for case in found:
            events = until(self.__getitem__, reading.history(case.id), query.as_of)
            then += [replay(self.__getitem__, events)] if events else []
        return tuple(then)


def _kept(transaction: Writing, routine: Routine) -> Source | None:
    """The text that the store knows of a routine; None if it has been given this one now."""
    # Somebody else may have been first, also with another text.
    stored = transaction.routine(routine.key)
    if stored is None:
        transaction.keep_routine(routine.key, routine.source)
    return stored


def _same(stored: Source | None, routine: Routine) -> None:
    if stored is not None and stored.digest != routine.source.digest:
        message = (
            f"the store knows another text of {routine.key} ({stored.digest[:12]}, here "
            f"{routine.source.digest[:12]}; not the same: {_differing(stored, routine.source)})"
            "; give the changed pack a new version"
        )
        raise RulesError([Problem("version", message, "routine.toml")])


def _differing(one: Source, other: Source) -> str:
    """The files that two texts do not have in common, a few of them by name."""
    names = sorted({name for name, _ in one.files.items() ^ other.files.items()})
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
