"""Who may make a step of a scenario, who a case waits for, and who sees what of it: all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lockroutine.errors import NotFound
from lockroutine.model import Actor, Case
from lockroutine.routine import Routine, Step
from lockroutine.testing.running.stage import Stage
from lockroutine.testing.scenarios import ScenarioStep

__all__ = ["Insight", "of_rights"]


def of_rights(routine: Routine, step: ScenarioStep) -> Iterator[str]:
    """Where a step is for other roles than it says."""
    if step.only_for is not None:
        process, _, name = step.does.partition(".")
        roles = routine.roles_for(Step(process, name))
        yield from _differs("only for", step.only_for, roles)


class Insight:
    """What every role by itself gets to see of a case.

    Args:
        stage: Where the scenario is played.
        case: The case.
    """

    def __init__(self, stage: Stage, case: Case) -> None:
        self._stage = stage
        self._routine = stage.routine
        self._case = case

    def of(self, step: ScenarioStep) -> Iterator[str]:
        """Where that is otherwise than a step says."""
        if step.waits_for is not None:
            waits = self.waits()
            for name in dict.fromkeys((*step.waits_for, *waits)):
                wanted, came = step.waits_for.get(name, ()), waits.get(name, ())
                yield from _differs(f"waits for {name}", wanted, came)
        for privacy in ("personal", "secret"):
            wanted_by = getattr(step, f"{privacy}_for")
            if wanted_by is not None:
                yield from _differs(f"{privacy} for", wanted_by, self.seen_by(privacy))

    def waits(self) -> dict[str, tuple[str, ...]]:
        """What the case waits for, each duty or its state, with the roles on whose lists it is."""
        found: dict[str, tuple[str, ...]] = {}
        for role in self._routine.pack.role:
            for item in self._stage.worklist(self._somebody(role)):
                if item.case.id == self._case.id:
                    name = item.duty or item.case.state
                    found[name] = (*found.get(name, ()), role)
        return found

    def seen_by(self, privacy: str) -> tuple[str, ...]:
        """The roles that see fields of this kind, as far as the case has any."""
        names = self._routine.process(self._case.process).of_privacy[privacy]
        return tuple(role for role in self._routine.pack.role if self._sees(role, names))

    def _sees(self, role: str, names: Iterable[str]) -> bool:
        try:
            seen = self._stage.engine.case(self._case.id, actor=self._somebody(role))
        except NotFound:
            return False
        return any(seen.personal.at(name) is not None for name in names)

    def _somebody(self, role: str) -> Actor:
        return Actor(role, roles={role}, units={self._case.unit})


def _differs(what: str, expected: Iterable[str], came: Iterable[str]) -> Iterator[str]:
    if sorted(expected) != sorted(came):
        yield f"expected {what}: {_list(expected)}; came: {_list(came)}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"
