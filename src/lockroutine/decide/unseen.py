"""What somebody from outside is told when cases that they do not see are in the way. Pure.

Their roles say `only`: they see and touch only their own jobs. A refusal tells them of no other
case, neither whether it is there nor where it stands: only the words that the pack has for it, and
what of their own form may be wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from lockroutine.decide import cures
from lockroutine.decide.moment import Moment
from lockroutine.decide.wording import say
from lockroutine.facts import Facts
from lockroutine.model import Case, Cure, Text
from lockroutine.rules.guards import Finding
from lockroutine.rules.schema import Joint

__all__ = ["finding_of", "is_told_little", "refusal_of"]


def finding_of(finding: Finding) -> Finding:
    """What is told of a guard on other cases: nothing of theirs, and what can be corrected."""
    return attrs.evolve(
        finding,
        values=Facts(dict.fromkeys(finding.values, "-")),
        wants=tuple(want for want in finding.wants if want.field),
    )


def is_told_little(moment: Moment, targets: Collection[Case]) -> bool:
    """Whether the actor may not know of the cases that a joint means, or that there is none."""
    actor, routine = moment.actor, moment.routine
    if not routine.is_outsider(actor):
        return False
    return not targets or not all(routine.in_scope(actor, c, actor.roles) for c in targets)


def refusal_of(moment: Moment, joint: Joint) -> tuple[Text, tuple[Cure, ...]]:
    """In which words a joint refuses whatever is in the way, and what may be given otherwise."""
    label = moment.routine.process(joint.process).rules.label
    return joint.otherwise or say("unseen", process=label), tuple(_corrections(moment, joint))


def _corrections(moment: Moment, joint: Joint) -> Iterator[Cure]:
    refs = dict.fromkeys((joint.subject, *joint.match.values(), *joint.form.values()))
    for ref in refs:
        if ref.source == "form":
            yield from cures.correct(moment, ref.name)
