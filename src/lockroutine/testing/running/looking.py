"""What a step looks at: work lists, registers, and what is there to look up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lockroutine.errors import NotFound
from lockroutine.model import WorkItem
from lockroutine.routine import Step
from lockroutine.rules.shown import App, Contacts, Figure, Link, Stock, SupportHours
from lockroutine.testing.running.outcomes import Expected, listed
from lockroutine.testing.running.results import Tally
from lockroutine.testing.running.stage import CannotPlay, Stage
from lockroutine.testing.scenarios import ScenarioStep

__all__ = ["Looking"]


class Looking:
    """Looks at what stands somewhere, and where it is otherwise than a step says.

    Args:
        stage: Where the step is played.
        expected: What is expected of a case.
    """

    def __init__(self, stage: Stage, expected: Expected) -> None:
        self._stage = stage
        self._expected = expected

    def of_lists(self, step: ScenarioStep, tally: Tally) -> Iterator[str]:
        """Where work lists are otherwise than a step says."""
        for mark in ("", "overdue", "escalated"):
            for name, wanted in getattr(step, mark or "worklist").items():
                yield from self._of_list(name, wanted, tally, mark)
        for name, unwanted in step.not_on_worklist.items():
            there = self._list_of(name, tally=None)
            for entry in unwanted:
                if entry in there:
                    yield f"expected not on the list of {name}: {entry}; it stands there"

    def _of_list(self, name: str, wanted: Iterable[str], tally: Tally, mark: str) -> Iterator[str]:
        there = self._list_of(name, tally=tally, wanted=set(wanted))
        for entry in wanted:
            if entry not in there:
                shown = listed(e for e in there if " about " not in e) or "nothing"
                yield f"expected on the list of {name}: {entry}; there is: {shown}"
            elif mark and mark not in there[entry]:
                yield f"expected {mark} on the list of {name}: {entry}; it is not yet"

    def _list_of(
        self, name: str, tally: Tally | None, wanted: set[str] | None = None
    ) -> dict[str, set[str]]:
        """What stands on a list, in the words of scenarios, and how it is marked."""
        found: dict[str, set[str]] = {}
        for item in self._stage.worklist(self._stage.actor(name)):
            case = item.case
            for entry in (
                f"{case.process}.{item.duty or case.state}",
                f"{case.process}.{item.duty or case.state} about {case.subject}",
            ):
                marks = found.setdefault(entry, set())
                marks |= {m for m in ("overdue", "escalated") if getattr(item, m)}
                if tally is not None and entry in (wanted or ()):
                    self._take_in_item(item, tally)
        return found

    def _take_in_item(self, item: WorkItem, tally: Tally) -> None:
        """What it rests on that something stands on a list."""
        process, name = item.case.process, item.case.state
        state = self._stage.routine.process(process).rules.states[name]
        path = f"process.{process}.states.{name}"
        tally.clauses.update(item.clauses)
        if item.escalated and state.escalation:
            tally.rests_on(state.escalation)
            tally.escalations.add(f"{path}.escalation")
        elif item.duty:
            tally.rests_on(state.duties[item.duty])
            tally.duties_seen.add(f"{path}.duties.{item.duty}")
        else:
            tally.rests_on(self._stage.routine.sweep_of(item.case.whole) or state)

    def look_at(self, step: ScenarioStep, tally: Tally) -> Iterator[str]:
        """Look at a case in a register, as somebody sees it."""
        actor = self._stage.actor(step.who) if step.who else None
        try:
            case = self._stage.case(step, step.register)
            seen = self._stage.engine.case(case.id, actor=actor)
        except (NotFound, CannotPlay) as error:
            if not step.not_found:
                yield f"expected a case of {step.register}; came: {error}"
            return
        if step.not_found:
            yield f"expected no case of {step.register}; there is one in the state {case.state}"
            return
        yield from self._expected.of_case(step, seen)
        for name in step.sees:
            if seen.personal.at(name) is None:
                yield f"expected that {step.who or 'anybody'} sees {name}; it is not there"
        for name in step.hidden:
            if case.personal.at(name) is None:
                yield f"expected that {name} is hidden; the case has no such personal field"
            elif seen.personal.at(name) is not None:
                yield f"expected that {name} is hidden from {step.who or 'anybody'}; it is seen"
        with self._stage.engine.store.reading() as reading:
            last = reading.history(case.id)[-1]
        tally.rests_on(self._stage.routine.transition(Step(last.process, last.transition)))
        tally.rests_on(self._stage.routine.process(case.process).rules.states[case.state])
        yield from self.of_lists(step, tally)

    def look_up(self, step: ScenarioStep, tally: Tally) -> Iterator[str]:
        """Look up what the pack shows: opening hours, apps, links, contacts, figures."""
        shown = self._stage.routine.shown(step.shown)
        tally.shown.add(f"shown.{step.shown}")
        tally.rests_on(shown)
        match shown:
            case SupportHours():
                open_now = self._stage.routine.support_is_open(step.shown, self._stage.clock())
                yield from _differs("open", step.open, open_now)
            case App():
                apps = self._stage.routine.apps(self._stage.actor(step.who)) if step.who else ()
                yield from _differs("open", step.open, step.shown in apps)
            case Link():
                yield from _differs("url", step.url or None, shown.url)
            case Contacts():
                yield from _differs("roles", step.roles or None, shown.roles)
            case Figure() | Stock():
                counted = self._count(step.shown, shown)
                for name, expected in step.count.items():
                    yield from _differs(f"count of {name}", expected, counted.get(name, 0))
            case _:
                raise CannotPlay(f"shown: {step.shown} is of a kind that cannot be looked at")

    def _count(self, name: str, shown: Figure | Stock) -> dict[str, int]:
        figures = self._stage.engine.figures()
        if isinstance(shown, Stock):
            return {kind: line.there for kind, line in figures.stock[name].items()}
        places: Mapping[str, Mapping[tuple[str, str], int]] = {
            "open_cases": figures.open_cases,
            "overdue": figures.overdue,
            "time_in_state": {at: time.stays for at, time in figures.time_in_state.items()},
        }
        if shown.figure in places:
            return {".".join(place): n for place, n in places[shown.figure].items()}
        return dict(figures.late_entries if shown.figure == "late_entries" else figures.refusals)


def _differs(what: str, expected: Any, came: Any) -> Iterator[str]:
    if expected is not None and expected != came:
        yield f"expected {what}: {expected}; came: {came}"
