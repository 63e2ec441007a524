"""What a replay hands back, as values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from attrs import frozen

from lockroutine.model import Reason

__all__ = ["ReplayReport", "ReplayedStep", "RuleCount"]


@frozen(kw_only=True)
class ReplayedStep:
    """A recorded step that would not have been made under other rules.

    Args:
        case_id: The case.
        version: The number of its event in that case.
        process: Its process.
        subject: Whom or what the case is about.
        transition: The transition, as it was called when it was made.
        routine: The routine that it was made under, as ``name@version``.
        happened_at: When it happened.
        actor: The id of who made it.
        reasons: Why it would be refused.
        follows: The step, as ``case/version``, but for which this one could be judged: it was
            refused, or could not be judged either. Empty if this one is refused by itself.
    """

    case_id: str
    version: int
    process: str
    subject: str
    transition: str
    routine: str
    happened_at: dt.datetime
    actor: str
    reasons: tuple[Reason, ...] = ()
    follows: str = ""


@frozen(kw_only=True)
class RuleCount:
    """How often a rule would refuse.

    Args:
        steps: How many steps.
        cases: In how many cases.
    """

    steps: int
    cases: int


@frozen(kw_only=True)
class ReplayReport:
    """What would have been different under other rules.

    Args:
        under: Those rules, as ``name@version``.
        steps: How many recorded commands were given again.
        refused: Those that would be refused, in the order of recording.
        unplayed: Those that could not be judged: what they build on was refused before, or the
            personal data that they were given with have been erased.
    """

    under: str
    steps: int
    refused: tuple[ReplayedStep, ...] = ()
    unplayed: tuple[ReplayedStep, ...] = ()

    @property
    def allowed(self) -> int:
        """How many would be allowed as they were."""
        return self.steps - len(self.refused) - len(self.unplayed)

    @property
    def rules(self) -> Mapping[str, RuleCount]:
        """How often each rule would refuse, by its path; the most frequent first."""
        found: dict[str, list[str]] = {}
        for step in self.refused:
            for rule in dict.fromkeys(reason.rule for reason in step.reasons):
                found.setdefault(rule, []).append(step.case_id)
        ordered = sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
        return {rule: RuleCount(steps=len(cases), cases=len(set(cases))) for rule, cases in ordered}
