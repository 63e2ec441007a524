"""The command that tells what has happened to a case: history."""

from __future__ import annotations

from typing import Any

from lockroutine.cli import output
from lockroutine.cli.databases import opened
from lockroutine.cli.labels import Labels
from lockroutine.cli.words import said
from lockroutine.engine import Engine
from lockroutine.errors import NotFound
from lockroutine.model import Event, Language
from lockroutine.routine import Step

__all__ = ["history"]


def history(place: str, pack: str, case_id: str, language: Language, *, as_json: bool) -> int:
    """Say what has happened to a case, each event in the words of the rules of its day."""
    with opened(place, pack) as engine:
        events = engine.history(case_id)
        if as_json:
            output.dump({"case": case_id, "events": [_plain(engine, one) for one in events]})
            return 0
        labels, calendar = Labels(engine, language), engine.routine.calendar
        rows = [
            (
                str(event.version),
                calendar.local(event.happened_at).strftime("%Y-%m-%d %H:%M"),
                _what(event, labels, language),
                labels.state(event.routine, event.process, event.after),
                f"{event.actor} ({', '.join(event.roles)})",
                event.routine,
                " ".join(_clauses(engine, event)),
            )
            for event in events
        ]
        last = events[-1]
        title = f"{labels.process(last.routine, last.process)}: {last.subject}"
    heads = ("number", "when", "transition", "to", "who", "rules", "clauses")
    output.table([said(head, language) for head in heads], rows, title)
    return 0


def _what(event: Event, labels: Labels, language: Language) -> str:
    if event.moved_from:
        return said("moved_from", language, routine=event.moved_from)
    return labels.step(event.routine, event.process, event.transition)


def _clauses(engine: Engine, event: Event) -> tuple[str, ...]:
    """What the step rested on, by the rules of its day."""
    try:
        routine = engine.version(event.routine)
        return routine.transition(Step(event.process, event.transition)).clauses
    except NotFound:  # a move, or rules that the database does not know
        return ()


def _plain(engine: Engine, event: Event) -> dict[str, Any]:
    """What is recorded of an event, but for what was given with it."""
    return {
        "version": event.version,
        "transition": event.transition,
        "before": event.before,
        "after": event.after,
        "unit": event.unit,
        "actor": event.actor,
        "roles": list(event.roles),
        "happened_at": event.happened_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "routine": event.routine,
        "moved_from": event.moved_from,
        "cause": event.cause,
        "clauses": list(_clauses(engine, event)),
        "hash": event.hash,
    }
