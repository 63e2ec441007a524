"""What becomes of a case that is to come under other rules, and the event that brings it there.

Pure. Only an open case is moved; one that has ended keeps the rules that it ended under.
"""

from __future__ import annotations

import datetime as dt

from attrs import field, frozen

from lockroutine.decide.command import Change
from lockroutine.decide.evolve import evolve
from lockroutine.decide.record import change_for
from lockroutine.decide.wording import say
from lockroutine.facts import Facts
from lockroutine.model import Actor, Case, Event, Reason, Text
from lockroutine.routine import Routine
from lockroutine.rules.terms import MOVE

__all__ = ["Moving", "Outlook", "cannot", "moved", "outlook"]


@frozen(kw_only=True)
class Outlook:
    """What would become of a case under other rules.

    Args:
        states: The states that it may come into: one, or several if somebody has to decide.
        reason: Why it cannot come under them at all; None if it can.
    """

    states: tuple[str, ...] = ()
    reason: Reason | None = None


def outlook(old: Routine, new: Routine, case: Case) -> Outlook:
    """What would become of a case that is moved from one routine to another.

    >>> import attrs
    >>> from lockroutine import load_routine
    >>> routine = load_routine()
    >>> case = routine.blank("lock", "1", "PH1-001", "north")
    >>> outlook(routine, routine, attrs.evolve(case, state="in_store")).states
    ('in_store',)
    """
    before = old.process(case.process)
    process = new.processes.get(case.process)
    label = before.rules.label
    if process is None:
        return Outlook(reason=cannot("process", new, process=label))
    if process.rules.subject != before.rules.subject:
        return Outlook(reason=cannot("subject", new, process=label))
    given = new.moving(case.process, case.routine).states.get(case.state)
    if given is not None:
        return Outlook(states=(given,) if isinstance(given, str) else given)
    state = process.rules.states.get(case.state)
    if state is None or state.end:
        what = "end" if state else "state"
        return Outlook(reason=cannot(what, new, state=before.rules.states[case.state].label))
    return Outlook(states=(case.state,))


def cannot(what: str, to: Routine, **words: Text | str) -> Reason:
    """Why a case cannot come under a routine.

    >>> from lockroutine import load_routine
    >>> cannot("early", load_routine(), day="2027-01-01").text.en
    'soderkoping@1.0.0 is in force from 2027-01-01. Cases can be moved to it from then on.'
    """
    return Reason(rule=f"{MOVE}.{what}", text=say(f"move_{what}", to=to.key, **words))


@frozen(kw_only=True)
class Moving:
    """That somebody brings cases under other rules.

    Args:
        to: Those rules.
        actor: Who.
        at: Now.
        why: In their own words; may be empty.
    """

    to: Routine
    actor: Actor
    at: dt.datetime
    why: str = field(default="", repr=False)


def moved(moving: Moving, case: Case, state: str) -> Change:
    """What is kept of a case that comes under other rules.

    Args:
        moving: Under which, and by whom.
        case: The case before.
        state: The state that it is in from then on; one of its outlook's.
    """
    event = Event(
        case_id=case.id,
        version=case.version + 1,
        process=case.process,
        transition=MOVE,
        before=case.state,
        after=state,
        subject=case.subject,
        unit=case.unit,
        actor=moving.actor.id,
        roles=tuple(sorted(moving.actor.roles)),
        happened_at=moving.at,
        recorded_at=moving.at,
        routine=moving.to.key,
        form=Facts({"why": moving.why} if moving.why else {}),
        moved_from=case.routine,
        previous=case.head,
    )
    after = evolve(moving.to, case, event)
    return change_for(moving.to.process(case.process), case, after, event)
