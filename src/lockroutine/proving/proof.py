"""What was proved of a routine, and what was not. Frozen values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from lockroutine.model import Text

__all__ = ["Claim", "Outcome", "Proof", "Story", "StoryStep"]

Outcome: TypeAlias = Literal["proved", "refuted", "bounded"]
"""``proved``: it holds in every world within the bound. ``refuted``: a story tells where it does
not. ``bounded``: there were too many worlds to tell; as far as was looked, it holds."""


@frozen(kw_only=True)
class StoryStep:
    """One step of a story, as it was really made; the last may be one that was really refused.

    Args:
        process: The process.
        transition: The transition.
        role: In which role it was made; or ``clock``, or ``pull``.
        person: Who made it.
        subject: Whom or what the case is about.
        state: The state of the case afterwards.
        at: When.
        form: What was given.
        text: The step in words.
        refused: The rules that refused it; empty if it was made.
    """

    process: str
    transition: str
    role: str
    person: str
    subject: str
    state: str
    at: dt.datetime
    form: Mapping[str, Any] = field(repr=False)
    text: Text
    refused: tuple[str, ...] = ()


@frozen(kw_only=True)
class Story:
    """The shortest way to a world in which something does not hold.

    Args:
        steps: Who does what, in order. Each was put to the decision itself.
        ending: How things stand then, and what is wrong with it, in words.
    """

    steps: tuple[StoryStep, ...]
    ending: tuple[Text, ...]


@frozen(kw_only=True)
class Claim:
    """Something that should hold, and whether it does.

    Args:
        name: ``ends.mounting``, ``steps.mounting.install``, ``always.NAME``, ...
        text: What should hold, in words.
        outcome: Whether it does.
        clauses: The clauses that it rests on; none for what should hold of every routine.
        gaps: The gaps that it rests on.
        seen: The processes that were followed exactly. What others do was taken as possible at
            any time, so that what is proved holds whatever they do.
        follows: Whether it does not hold only because of something else that does not.
        why: What is wrong, or what kept it from being decided; empty if it is proved.
        story: How it comes to that; None if it is not refuted, or if it is never possible.
    """

    name: str
    text: Text
    outcome: Outcome
    clauses: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    follows: bool = False
    why: Text | None = None
    story: Story | None = None


@frozen(kw_only=True)
class Proof:
    """Everything that was proved or refuted of a routine.

    Args:
        routine: Its name and version.
        bound: Within which bound, in words.
        claims: What should hold.
    """

    routine: str
    bound: Text
    claims: tuple[Claim, ...]

    @property
    def refuted(self) -> tuple[Claim, ...]:
        """What does not hold."""
        return tuple(claim for claim in self.claims if claim.outcome == "refuted")

    @property
    def bounded(self) -> tuple[Claim, ...]:
        """What could not be decided."""
        return tuple(claim for claim in self.claims if claim.outcome == "bounded")
