"""Changes made by hand, as the engine would decide them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from lockroutine.decide import Change
from lockroutine.facts import Facts
from lockroutine.model import Case, Effect, Event, Reference

__all__ = ["ROUTINE", "START", "following", "opening"]

ROUTINE = "example@1.0.0"
START = dt.datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=dt.UTC)
_SYSTEMS = {"send_notice": "notices", "pair_lock": "admin_tool"}


def opening(
    case_id: str,
    *,
    process: str = "mounting",
    subject: str = "customer-17",
    unit: str = "north",
    state: str = "ordered",
    open_key: str = "",
    found_by: Iterable[tuple[str, str]] = (),
    due_at: dt.datetime | None = None,
    timer_at: dt.datetime | None = None,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    references: Iterable[Reference] = (),
    effects: Iterable[str] = (),
) -> Change:
    """A change that opens a case, made by hand.

    Args:
        case_id: The case.
        process: Its process.
        subject: Whom or what it is about.
        unit: Its unit.
        state: The state that it is in then.
        open_key: What no other open case may share.
        found_by: The fields and values by which it is found.
        due_at: When it is overdue.
        timer_at: When the clock moves it.
        data: What the form brings that is not personal.
        personal: What the form brings that is.
        references: Its ids in other systems.
        effects: The kinds of what plugins are asked to do.

    >>> opening("1", data={"door": "front"}).case.version
    1
    """
    blank = Case(id=case_id, process=process, subject=subject, unit=unit, routine=ROUTINE)
    return following(
        blank,
        "open",
        state=state,
        open_key=open_key,
        found_by=found_by,
        due_at=due_at,
        timer_at=timer_at,
        data=data,
        personal=personal,
        references=references,
        effects=effects,
    )


def following(
    before: Case,
    transition: str = "go_on",
    *,
    state: str = "",
    is_open: bool = True,
    open_key: str = "",
    found_by: Iterable[tuple[str, str]] = (),
    due_at: dt.datetime | None = None,
    timer_at: dt.datetime | None = None,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    references: Iterable[Reference] = (),
    effects: Iterable[str] = (),
    moved_to: str = "",
) -> Change:
    """A change of a case, made by hand. The other arguments are those of `opening`.

    Args:
        before: The case before.
        transition: The transition.
        state: The state after; the one before if left out.
        is_open: Whether the case is still open then.
        open_key: What no other open case may share.
        found_by: The fields and values by which it is found.
        due_at: When it is overdue.
        timer_at: When the clock moves it.
        data: What the form brings that is not personal.
        personal: What the form brings that is.
        references: Ids in other systems that it brings.
        effects: The kinds of what plugins are asked to do.
        moved_to: The routine that the change brings the case under.

    >>> following(opening("1").case, "close", is_open=False).case.version
    2
    """
    form, private = Facts(data or {}), Facts(personal or {})
    at = START + dt.timedelta(minutes=before.version)
    event = Event(
        case_id=before.id,
        version=before.version + 1,
        process=before.process,
        transition="engine.move" if moved_to else transition,
        before=before.state,
        after=state or before.state,
        subject=before.subject,
        unit=before.unit,
        actor="anna",
        roles=("coordinator", "installer"),
        happened_at=at,
        recorded_at=at + dt.timedelta(seconds=1),
        late_reason="the network was down" if data else "",
        routine=moved_to or before.routine,
        form=form,
        personal=private,
        salt="5a17" if private else "",
        references=tuple(references),
        cause="0/1" if personal else "",
        moved_from=before.routine if moved_to else "",
        previous=before.head,
    )
    case = attrs.evolve(
        before,
        routine=event.routine,
        state=event.after,
        version=event.version,
        is_open=is_open,
        since=at,
        changed_at=at,
        due_at=due_at,
        timer_at=timer_at,
        done=before.done | {transition},
        data=before.data.merged(form),
        personal=before.personal.merged(private),
        references=(*before.references, *event.references),
        head=event.hash,
    )
    made = tuple(
        Effect(
            key=f"{case.id}/{case.version}/{kind}",
            routine=event.routine,
            rule=f"process.{case.process}.transitions.{transition}.effects.{kind}",
            kind=kind,
            system=_SYSTEMS.get(kind, "tickets"),
            case_id=case.id,
            version=case.version,
            recipient="coordinator" if kind == "send_notice" else "",
            template="order",
            values=form,
            personal=private,
            due_at=event.recorded_at,
        )
        for kind in effects
    )
    return Change(
        before=before,
        case=case,
        event=event,
        effects=made,
        open_key=open_key,
        found_by=tuple(found_by),
    )
