"""The command that gives recorded commands again under other rules: replay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import asdict, frozen

from lockroutine.cli import output
from lockroutine.cli.databases import opened
from lockroutine.cli.labels import Labels
from lockroutine.cli.locating import located
from lockroutine.cli.moving import Progress
from lockroutine.cli.plain import of_reason
from lockroutine.cli.words import said
from lockroutine.model import Language
from lockroutine.replaying import ReplayedStep, ReplayReport
from lockroutine.routine import Routine

__all__ = ["replay"]


def replay(
    place: str, pack: str, under: str, limit: int, language: Language, *, as_json: bool
) -> int:
    """Say what would have been refused under other rules; 1 if anything would."""
    routine, progress = located(under, place), Progress()
    with opened(place, pack, of=routine.pack.name) as engine:
        report = engine.replay(routine, tell=progress.tell)
        progress.end()
        if as_json:
            output.dump(_plain(report))
        else:
            labels = Labels(engine, language)
            _Telling(report, routine, labels, limit, language).tell()
    return 1 if report.refused or report.unplayed else 0


@frozen
class _Telling:
    """What is told of a replay, in words."""

    _report: ReplayReport
    _routine: Routine
    _labels: Labels
    _limit: int
    _language: Language

    def _say(self, word: str, **values: object) -> str:
        return said(word, self._language, **values)

    def tell(self) -> None:
        report = self._report
        counts = {"refused": len(report.refused), "unplayed": len(report.unplayed)}
        output.line(
            self._say(
                "replayed",
                steps=report.steps,
                under=report.under,
                allowed=report.allowed,
                **counts,
            )
        )
        rules = [(rule, str(one.steps), str(one.cases)) for rule, one in report.rules.items()]
        if rules:
            output.line()
        output.table([self._say(head) for head in ("rule", "steps", "cases")], rules)
        self._list("would_be_refused", report.refused)
        self._list("unplayed", report.unplayed)

    def _list(self, title: str, steps: Sequence[ReplayedStep]) -> None:
        shown = steps[: self._limit]
        if shown:
            output.line()
        heads = ("case", "process", "subject", "transition", "when", "why")
        rows = [self._row(step) for step in shown]
        names = [self._say(head) for head in heads]
        output.table(names, rows, f"{self._say(title)}: {len(steps)}")
        if len(steps) > len(shown) > 0:
            output.line(self._say("and_more", more=len(steps) - len(shown), all=len(steps)))

    def _row(self, step: ReplayedStep) -> tuple[str, ...]:
        at = self._routine.calendar.local(step.happened_at)
        return (
            f"{step.case_id}/{step.version}",
            self._labels.process(step.routine, step.process),
            step.subject,
            self._labels.step(step.routine, step.process, step.transition),
            at.strftime("%Y-%m-%d %H:%M"),
            " ".join(self._why(step)),
        )

    def _why(self, step: ReplayedStep) -> Iterable[str]:
        if step.follows:
            yield self._say("follows_from", step=step.follows)
            return
        for reason in step.reasons:
            cited = ", ".join(reason.clauses or reason.gaps) or reason.rule
            yield f"{reason.text.get(self._language)} [{cited}]"


def _plain(report: ReplayReport) -> dict[str, Any]:
    return {
        "under": report.under,
        "steps": report.steps,
        "allowed": report.allowed,
        "rules": {rule: asdict(one) for rule, one in report.rules.items()},
        "refused": [_plain_step(step) for step in report.refused],
        "unplayed": [_plain_step(step) for step in report.unplayed],
    }


def _plain_step(step: ReplayedStep) -> dict[str, Any]:
    return {
        "case": step.case_id,
        "version": step.version,
        "process": step.process,
        "subject": step.subject,
        "transition": step.transition,
        "routine": step.routine,
        "happened_at": step.happened_at.isoformat(),
        "actor": step.actor,
        "reasons": [of_reason(reason) for reason in step.reasons],
        "follows": step.follows,
    }
