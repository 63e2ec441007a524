"""Where the invariants of a pack do not hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from lockroutine.decide.moment import Moment
from lockroutine.model import Actor
from lockroutine.proving.paths import Known, state_of
from lockroutine.proving.watched import Watched
from lockroutine.proving.world import NOW, World
from lockroutine.routine import Step
from lockroutine.rules.guards import Guard
from lockroutine.rules.invariants import Invariant
from lockroutine.rules.scene import Scene

__all__ = ["Broken", "Invariants"]

_NOBODY = Actor("nobody")


@frozen(eq=False)
class Broken:
    """That an invariant on states does not hold, in every world in which these values hold.

    Args:
        path: The invariant.
        slot: The slot with whose case it does not hold.
        before: The values.
    """

    path: str
    slot: int
    before: Known


class Invariants:
    """The invariants of a routine, judged in a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._of_states: dict[str, Invariant] = {}
        self._of_steps: dict[Step, dict[str, Invariant]] = {}
        for path, invariant in world.routine.pack.invariants():
            if invariant.step:
                process, _, step = invariant.step.partition(".")
                self._of_steps.setdefault(Step(process, step), {})[path] = invariant
            else:
                self._of_states[path] = invariant

    def broken_by(self, made: Iterable[Moment], watched: Watched) -> set[str]:
        """The invariants on steps that do not hold, of steps that are about to be made."""
        return {
            path
            for moment in made
            for path, invariant in self._of_steps.get(moment.step, {}).items()
            if _is_broken(path, invariant, moment.scene(), watched)
        }

    def broken(self, watched: Watched) -> Iterator[Broken]:
        """Every way in which an invariant on states does not hold."""
        for path, invariant in self._of_states.items():
            for slot in self._world.of[invariant.process]:
                for known in watched.paths:
                    watched = Watched(self._world, watched.paths)
                    if not watched.paths.is_one_of(state_of(slot), invariant.states):
                        continue
                    if _is_broken(path, invariant, self._scene(slot, watched), watched):
                        yield Broken(path, slot, dict(known))

    def _scene(self, slot: int, watched: Watched) -> Scene:
        case, routine = watched.case(slot), self._world.routine
        process = routine.process(case.process)
        return Moment(
            routine=routine,
            step=Step(case.process, next(iter(process.rules.transitions))),
            case=case,
            form=None,
            actor=_NOBODY,
            at=NOW,
        ).scene()


def _is_broken(path: str, invariant: Invariant, scene: Scene, watched: Watched) -> bool:
    never = path.startswith("never.")
    holds = (_holds(guard, scene, watched, idle=not never) for guard in invariant.guards.values())
    return all(holds) is never


def _holds(guard: Guard, scene: Scene, watched: Watched, *, idle: bool) -> bool:
    """Whether a guard is content; ``idle`` is what counts where it does not apply."""
    try:
        if not scene.applies(guard.when):
            return idle
        found = tuple(watched.find(query) for query in guard.needs(scene))
        return guard.judge(scene, found) is None
    except Exception:
        return False  # what cannot be judged does not hold, as with the guards of a step
