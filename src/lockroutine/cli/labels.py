"""What processes, states and steps are called, by the rules of the version that is meant."""

from __future__ import annotations

from lockroutine.engine import Engine
from lockroutine.errors import NotFound
from lockroutine.model import Language
from lockroutine.routine import Routine
from lockroutine.rules.schema import Process

__all__ = ["Labels"]


class Labels:
    """Names in words; where a version is not known or does not have them, as they are.

    Args:
        engine: The engine whose database knows the versions.
        language: In which language.
    """

    def __init__(self, engine: Engine, language: Language) -> None:
        self._engine = engine
        self._language: Language = language
        self._known: dict[str, Routine | None] = {}

    def process(self, routine: str, process: str) -> str:
        """A process of a version."""
        rules = self._rules(routine, process)
        return rules.label.get(self._language) if rules else process

    def state(self, routine: str, process: str, state: str) -> str:
        """A state of it."""
        rules = self._rules(routine, process)
        found = rules.states.get(state) if rules else None
        return found.label.get(self._language) if found else state

    def step(self, routine: str, process: str, transition: str) -> str:
        """A transition of it."""
        rules = self._rules(routine, process)
        found = rules.transitions.get(transition) if rules else None
        return found.label.get(self._language) if found else transition

    def _rules(self, routine: str, process: str) -> Process | None:
        if routine not in self._known:
            try:
                self._known[routine] = self._engine.version(routine)
            except NotFound:
                self._known[routine] = None
        known = self._known[routine]
        return known.pack.process.get(process) if known else None
