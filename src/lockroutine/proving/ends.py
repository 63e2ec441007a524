"""Whether every case can always still reach an end."""

from __future__ import annotations

from attrs import frozen

from lockroutine.proving.diagrams import EMPTY, TooLarge
from lockroutine.proving.view import View
from lockroutine.proving.views import Views

__all__ = ["Ending", "Ends"]


@frozen
class Ending:
    """Whether the cases of a process can always still reach an end.

    Args:
        holds: Whether they can; None if that could not be told.
        view: Through which view that was seen.
        stuck: The worlds from which a case never can, as far as that is known.
    """

    holds: bool | None
    view: View | None
    stuck: int = EMPTY


class Ends:
    """Asks of one process after the other whether its cases can always still reach an end.

    Args:
        views: The views of the world.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._settled: list[str] = []

    def order(self) -> list[str]:
        """In which order they are best asked of: first those whose cases no others need."""
        world = self._views.table.world
        needed = dict.fromkeys(world.of, 0)
        for _, process in self._views.needs:
            needed[process] += 1
        return sorted(needed, key=lambda one: (needed[one], one))

    def of(self, process: str) -> Ending:
        """Of one process."""
        view = None
        try:
            for view in self._views.growing([process], (), self._settled):
                if self._settles(view, process):
                    return Ending(True, view)
                over = view.may_reach(self._views.over(view, [process]))
                stuck = view.diagrams.rest(view.quiet, over)
                if stuck:
                    return Ending(False, view, stuck)
        except TooLarge:
            pass
        return Ending(None, view)

    def _settles(self, view: View, process: str) -> bool:
        """Whether a case of a process can be brought to its end from every world.

        What was settled before may be taken to be so already: from every world one can come to one
        in which no case of those processes is open, and go on from there. To be of use in the same
        way, it has to be so again in the end.
        """
        settled = [one for one in self._settled if one in view.processes]
        outside = {one for one in self._settled if one not in view.processes}
        there = view.diagrams.meet(view.may, self._views.over(view, settled))
        goal = self._views.over(view, [*settled, process])
        driving = self._views.drive(process)
        tried = [settled, *([one for one in settled if one != used] for used in driving), []]
        for still in dict.fromkeys(map(tuple, tried)):
            if not view.diagrams.rest(there, view.must_reach(goal, outside.union(still))):
                self._settled.append(process)
                return True
        return False
