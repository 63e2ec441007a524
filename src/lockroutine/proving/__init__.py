"""Whether a routine holds what it should, proved in a small closed world. Pure.

Every step of a routine is asked of the decision itself, with cases whose values are open. What can
come of it all together is followed in decision diagrams: millions of worlds at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockroutine.proving import words
from lockroutine.proving.claims import Claims
from lockroutine.proving.proof import Claim, Outcome, Proof, Story, StoryStep
from lockroutine.proving.scenario import as_scenario
from lockroutine.proving.world import Bound
from lockroutine.routine import Routine

__all__ = ["Claim", "Outcome", "Proof", "Story", "StoryStep", "as_scenario", "claims_of", "prove"]

_BOUND = Bound(customers=1, serial_numbers=2)
_OTHER = Bound(customers=2, serial_numbers=1)
"""In which the invariants are looked at as well: whether one customer's thing is another's."""

MOST = 200_000
"""So many nodes may a diagram have."""


def prove(routine: Routine) -> Proof:
    """Prove or refute everything that should hold of a routine.

    >>> from lockroutine import load_routine
    >>> proof = prove(load_routine())
    >>> proof.refuted, proof.bounded
    ((), ())
    """
    bound = words.of_bound(_BOUND, _OTHER if routine.pack.always or routine.pack.never else None)
    return Proof(routine=routine.key, bound=bound, claims=tuple(claims_of(routine)))


def claims_of(routine: Routine) -> Iterator[Claim]:
    """The same one by one, for those who need no more than the first that does not hold."""
    claims = Claims(routine, _BOUND, MOST)
    found = [*claims.invariants()]
    if found:
        other = {claim.name: claim for claim in Claims(routine, _OTHER, MOST).invariants()}
        yield from (_both(claim, other[claim.name]) for claim in found)
    for more in (claims.steps, claims.waits, claims.cures, claims.ends):
        yield from more()


def _both(one: Claim, other: Claim) -> Claim:
    """What holds in both worlds; if it holds in one only, what was found in the other."""
    return max(one, other, key=lambda claim: ("proved", "bounded", "refuted").index(claim.outcome))
