"""What came of a step, held against what the step says."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen

from lockroutine.facts import Facts
from lockroutine.model import Case, Effect, Event, Verdict
from lockroutine.routine import Step
from lockroutine.testing.running.insight import Insight
from lockroutine.testing.running.results import Tally
from lockroutine.testing.running.stage import Stage
from lockroutine.testing.scenarios import ScenarioStep, full_path, rule_paths, several

__all__ = ["Expected", "Outcome", "listed", "unfounded"]


@frozen(kw_only=True)
class Outcome:
    """What came of one command."""

    case: Case | None = None
    refusal: Verdict | None = None
    invalid: tuple[str, ...] | None = None
    not_found: bool = False
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()


class Expected:
    """What steps expect.

    Args:
        stage: Where they are played.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rules = rule_paths(stage.routine)

    def of(self, step: ScenarioStep, outcome: Outcome, tally: Tally) -> Iterator[str]:
        """Where an outcome is otherwise than a step says."""
        if step.not_found and step.does:
            if not outcome.not_found:
                yield f"expected that there is no such case for them; came: {_came(outcome)}"
            return
        undone = outcome.refusal is not None or outcome.invalid is not None or outcome.not_found
        if undone and (outcome.events or outcome.effects):
            yield "what was refused left traces in the store"
        if step.refused:
            yield from self._of_refusal(step, outcome, tally)
            return
        if step.invalid:
            if outcome.invalid is None:
                yield f"expected a wrong form: {listed(step.invalid)}; came: {_came(outcome)}"
            elif sorted(outcome.invalid) != sorted(step.invalid):
                yield f"expected wrong: {listed(step.invalid)}; came: {listed(outcome.invalid)}"
            process, _, name = step.does.partition(".")
            tally.rests_on(self._stage.routine.transition(Step(process, name)))
            return
        if undone:
            yield f"expected that it is done; came: {_came(outcome)}"
            return
        yield from self._of_success(step, outcome)

    def _of_success(self, step: ScenarioStep, outcome: Outcome) -> Iterator[str]:
        if outcome.case is not None:
            yield from self.of_case(step, outcome.case)
        if step.made is not None:
            made = [f"{event.process}.{event.transition}" for event in outcome.events]
            own = made if step.tick or step.sweep else made[1:]
            if sorted(own) != sorted(step.made):
                yield f"expected made: {listed(step.made)}; came: {listed(own)}"
        if step.effects is not None:
            kinds = [_words(effect) for effect in outcome.effects]
            if sorted(kinds) != sorted(step.effects):
                yield f"expected effects: {listed(step.effects)}; came: {listed(kinds)}"

    def of_case(self, step: ScenarioStep, case: Case) -> Iterator[str]:
        """Where a case is otherwise than a step says."""
        if step.state and case.state != step.state:
            yield f"expected state: {step.state}; came: {case.state}"
        yield from Insight(self._stage, case).of(step)
        for name, expected in step.data.items():
            value = case.value(name)
            if not self._same(expected, value):
                yield f"expected {name}: {expected!r}; came: {value!r}"
        for name in step.no_data:
            if case.value(name) is not None:
                yield f"expected no {name}; came: {case.value(name)!r}"
        known = [str(reference) for reference in case.references]
        for text in step.known_as:
            if text not in known:
                yield f"expected known as {text}; came: {listed(known)}"

    def _same(self, expected: Any, value: Any) -> bool:
        if isinstance(expected, list):
            return bool(tuple(expected) == value)
        if isinstance(expected, dict):
            return isinstance(value, Facts) and all(
                self._same(inner, value.get(name)) for name, inner in expected.items()
            )
        if isinstance(value, str) and value != expected:
            made = self._stage.local(expected)
            if isinstance(made, dt.datetime):
                return made.astimezone(dt.UTC).isoformat() == value
            return isinstance(made, dt.date) and made.isoformat() == value
        return type(expected) is type(value) and bool(expected == value)

    def _of_refusal(self, step: ScenarioStep, outcome: Outcome, tally: Tally) -> Iterator[str]:
        wanted = {full_path(step.does, short, self._rules) or short for short in step.refused}
        if outcome.refusal is None:
            yield f"expected refused by: {listed(wanted)}; came: {_came(outcome)}"
            return
        reasons = outcome.refusal.reasons
        came = {reason.rule for reason in reasons}
        if not wanted <= came or (came != wanted and not step.others_too):
            yield f"expected refused by: {listed(wanted)}; came: {_came(outcome)}"
            return
        for reason in reasons:
            tally.refused.add(reason.rule)
            if reason.rule in wanted:
                tally.clauses.update(reason.clauses)
                tally.gaps.update(reason.gaps)
        cures = [cure for reason in reasons if reason.rule in wanted for cure in reason.cures]
        others = {f"{c.process}.{c.transition}": c.roles for c in cures if not c.field}
        for does in several(step.cure):
            if does not in others:
                yield f"expected way forward: {does}; came: {listed(others) or 'none'}"
            elif not set(several(step.cure_by)) <= set(others[does]):
                yield (
                    f"expected that {does} is for {listed(several(step.cure_by))}; came: "
                    + listed(others[does])
                )
        fields = {cure.field for cure in cures if cure.field}
        for name in step.correct:
            if name not in fields:
                yield f"expected to correct: {name}; came: {listed(fields) or 'none'}"
        if outcome.case is not None:
            yield from self.of_case(step, outcome.case)


def unfounded(step: ScenarioStep, tally: Tally) -> Iterator[str]:
    """The clauses that a step says it shows, although nothing in it rests on them."""
    for kind, named, found in (
        ("clause", step.clauses, tally.clauses),
        ("gap", step.gaps, tally.gaps),
    ):
        for name in named:
            if name not in found:
                yield (
                    f"expected to show {kind} {name}, but nothing here rests on it; "
                    f"what happened rests on {listed(found) or 'none'}"
                )


def listed(names: Iterable[str]) -> str:
    """Names as one text, each once, and how often if it is more."""
    return ", ".join(
        f"{n} ({k} times)" if k > 1 else n for n, k in sorted(Counter(iter(names)).items())
    )


def _words(effect: Effect) -> str:
    return f"{effect.kind} to {effect.recipient}" if effect.recipient else effect.kind


def _came(outcome: Outcome) -> str:
    if outcome.refusal is not None:
        lines = [
            f"\n    {r.rule} [{listed((*r.clauses, *r.gaps))}] {r.text.en}"
            for r in outcome.refusal.reasons
        ]
        return "refused by" + "".join(lines)
    if outcome.not_found:
        return "there is no such case for them"
    if outcome.invalid is not None:
        return f"a wrong form: {listed(outcome.invalid)}"
    return f"it was done, state {outcome.case.state}" if outcome.case else "it was done"
