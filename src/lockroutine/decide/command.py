"""What somebody wants to do, and what comes of it if it may be done. Frozen values."""

from __future__ import annotations

import datetime as dt

from attrs import field, frozen

from lockroutine.model import Actor, Case, Effect, Event, Reference

__all__ = ["Change", "Command", "Decision"]


@frozen(kw_only=True)
class Command:
    """That somebody wants to make a transition.

    Args:
        transition: Its name.
        actor: Who.
        form: The attrs form or a plain mapping; None if nothing is given yet.
        recorded_at: Now.
        happened_at: When it happened, for a late entry; None for now.
        late_reason: Why it is entered late.
        references: Ids in other systems that the case gets.
        salt: Random text that makes the digest of personal data unguessable.
    """

    transition: str
    actor: Actor
    form: object = field(default=None, repr=False)
    recorded_at: dt.datetime
    happened_at: dt.datetime | None = None
    late_reason: str = field(default="", repr=False)
    references: tuple[Reference, ...] = ()
    salt: str = field(default="", repr=False)

    @property
    def at(self) -> dt.datetime:
        """When it happened, or happens."""
        return self.happened_at or self.recorded_at


@frozen(kw_only=True)
class Change:
    """What one event makes of one case.

    Args:
        before: The case before; with version 0 if the event opens it.
        case: The case after.
        event: The event.
        effects: What plugins are asked to do.
        open_key: What no other open case may share; empty if nothing or if the case has ended.
        found_by: The fields and values, beside the subject, by which rules find the case.
        waits: Whether the case waits for anybody, and so stands on work lists.
        owed: The duties of its state that are not settled.
    """

    before: Case
    case: Case
    event: Event
    effects: tuple[Effect, ...] = ()
    open_key: str = ""
    found_by: tuple[tuple[str, str], ...] = ()
    waits: bool = True
    owed: tuple[str, ...] = ()


@frozen
class Decision:
    """Everything that is recorded together or not at all; the first change is the one asked for."""

    changes: tuple[Change, ...]
