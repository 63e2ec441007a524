"""In which order variables stand in a diagram: those that have to do with each other side by side.

The order decides how large a diagram becomes. This one is found by the centres of gravity of the
moves (Aloul, Markov, Sakallah: FORCE, 2003): each variable is drawn to the middle of the moves
that touch it, until nothing changes for the better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["ordered"]

_ROUNDS = 100


def ordered(vars: Sequence[int], moves: Iterable[Iterable[int]]) -> list[int]:
    """The variables from the top level of a diagram down.

    Args:
        vars: The variables, in an order to begin with.
        moves: The variables that each move touches.

    >>> ordered([1, 2, 3, 4], [(1, 4), (2, 4)])
    [3, 2, 4, 1]
    """
    touched = [edge for edge in dict.fromkeys(map(frozenset, moves)) if edge]
    of: dict[int, list[int]] = {var: [] for var in vars}
    for number, edge in enumerate(touched):
        for var in edge:
            of[var].append(number)
    order = best = list(vars)
    least = _spans(best, touched)
    for _ in range(_ROUNDS):
        place = {var: n for n, var in enumerate(order)}
        middle = [sum(place[var] for var in edge) / len(edge) for edge in touched]
        drawn = {
            var: sum(middle[n] for n in of[var]) / len(of[var]) if of[var] else place[var]
            for var in order
        }
        moved = sorted(order, key=lambda var: (drawn[var], place[var]))
        if moved == order:
            break
        order = moved
        spans = _spans(order, touched)
        if spans < least:
            best, least = order, spans
    # What happens far down is followed once for each node; so much as can be shall happen there.
    return min(best, best[::-1], key=lambda one: _heights(one, touched))


def _spans(order: Sequence[int], touched: Iterable[frozenset[int]]) -> int:
    place = {var: n for n, var in enumerate(order)}
    return sum(max(place[v] for v in edge) - min(place[v] for v in edge) for edge in touched)


def _heights(order: Sequence[int], touched: Iterable[frozenset[int]]) -> int:
    place = {var: n for n, var in enumerate(order)}
    return sum(len(order) - min(place[var] for var in edge) for edge in touched)
