"""The routines that cases run under: the engine's own, and those that the store remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lockroutine.errors import NotFound, Problem, RulesError
from lockroutine.model import Case, Query
from lockroutine.routine import Routine
from lockroutine.rules.reader import Source
from lockroutine.stores import Cases, Reading, Store, Writing
from lockroutine.stores.again import repeated
from lockroutine.verify import replay

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

    def keep(self, store: Store) -> None:
        """See to it that the store remembers the current routine; writing only if it does not.

        Raises:
            RulesError: It remembers another text under the same name and version.
        """
        current = self.current
        with store.reading() as reading:
            stored = reading.routine(current.key)
        if stored is None:
            stored = repeated(store, self._keep)
        if stored is not None and stored.digest != current.source.digest:
            message = (
                f"the store knows another text of {current.key} ({stored.digest[:12]}, here "
                f"{current.source.digest[:12]}; not the same: {_differing(stored, current.source)})"
                "; give the changed pack a new version"
            )
            raise RulesError([Problem("version", message, "routine.toml")])

    def _keep(self, transaction: Writing) -> Source | None:
        current = self.current
        # Somebody else may have been first, also with another text.
        stored = transaction.routine(current.key)
        if stored is None:
            transaction.keep_routine(current.key, current.source)
        return stored

    def load(self, reading: Cases) -> None:
        """Meet every routine of the store."""
        for key in reading.routine_keys().difference(self._routines):
            source = reading.routine(key)
            if source:
                self._routines[key] = Routine(source, self.current.kinds)

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
            events = [e for e in reading.history(case.id) if e.happened_at <= query.as_of]
            then += [replay(self.__getitem__, events)] if events else []
        return tuple(then)


def _differing(one: Source, other: Source) -> str:
    """The files that two texts do not have in common, a few of them by name."""
    names = sorted({name for name, _ in one.files.items() ^ other.files.items()})
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
