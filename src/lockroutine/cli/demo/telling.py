"""What the demo's story is made of: a cast, chapters, and steps.

The people are invented.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen

from lockroutine.model import Actor, Text

__all__ = [
    "CAST",
    "CUSTOMER",
    "FIRST",
    "ORDER",
    "SECOND",
    "THIRD",
    "Chapter",
    "Step",
    "local",
    "step",
]

CUSTOMER = "customer-17"
FIRST, SECOND, THIRD = "PH1-001", "PH1-002", "PH1-003"

CAST: Mapping[str, Actor] = {
    role: Actor(f"{role.replace('_', '-')}-1", roles={role}, units={"north"})
    for role in (
        "care_assessor",
        "provider_staff",
        "coordinator",
        "installer",
        "unit_manager",
        "system_manager",
    )
}

ORDER: Mapping[str, Any] = {
    "name": "Customer 17",
    "address": "Example Street 17",
    "phone": "+46 70 174 06 05",
    "door_code": "0000",
    "contact": {
        "name": "Contact 3",
        "phone": "+46 70 174 06 05",
        "email": "contact-3@example.org",
    },
}


@frozen(kw_only=True)
class Step:
    """Somebody does something, or tries to.

    Args:
        at: When, in local time: ``2025-09-01 09:00``.
        who: Somebody of the cast; ``clock`` if time does it.
        does: Process and transition: ``consent.grant_service``.
        about: Whom or what the case is about.
        say: What happens, in plain words.
        form: What is given.
        refused: The clauses by which it is refused; empty if it goes well.
    """

    at: str
    who: str
    does: str
    about: str
    say: Text
    form: Mapping[str, Any] | None = field(default=None, repr=False)
    refused: tuple[str, ...] = ()


@frozen(kw_only=True)
class Chapter:
    """A part of the story."""

    title: Text
    steps: tuple[Step, ...]


def step(
    at: str,
    who: str,
    does: str,
    sv: str,
    en: str,
    *,
    about: str = CUSTOMER,
    form: Mapping[str, Any] | None = None,
    refused: tuple[str, ...] = (),
) -> Step:
    """A step, written so that a chapter reads like a story."""
    say = Text(sv=sv, en=en)
    return Step(at=at, who=who, does=does, about=about, say=say, form=form, refused=refused)


def local(text: str) -> dt.datetime:
    """A local time of the story, as the forms take it."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Stockholm"))
