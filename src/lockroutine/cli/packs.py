"""The commands that ask a rule pack: check, trace, show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import asdict

from lockroutine.cli import output
from lockroutine.cli.loading import loaded, usable
from lockroutine.cli.named import steps_by_name
from lockroutine.cli.plain import of_routine, plain
from lockroutine.cli.proofs import of_proof, tell, write_stories
from lockroutine.cli.words import said
from lockroutine.errors import Problem, RulesError
from lockroutine.model import Language, Text
from lockroutine.proving import Proof, prove
from lockroutine.rules.schema import (
    Escalation,
    Joint,
    Loosened,
    Pack,
    Process,
    Role,
    Transition,
)
from lockroutine.rules.terms import Message
from lockroutine.rules.trace import Holder
from lockroutine.rules.trace import trace as trace_pack

__all__ = ["check", "show", "trace"]


# -- check -----------------------------------------------------------------------------------------


def check(where: str, language: Language, stories: Path | None, *, as_json: bool) -> int:
    """Say everything that is wrong with a pack, or how much it holds and what is proved of it.

    Args:
        where: The pack.
        language: In which language.
        stories: The folder that each story against a claim is written to, as a scenario.
        as_json: Whether the answer is for a program.
    """
    problems: tuple[Problem, ...] = ()
    counts: dict[str, int] = {}
    loosened: Mapping[str, Loosened] = {}
    key = ""
    proof: Proof | None = None
    written: list[Path] = []
    try:
        routine = loaded(where)
    except RulesError as error:
        problems = error.problems
    else:
        key, counts, loosened = routine.key, _counts(routine.pack), routine.pack.loosened
        proof = prove(routine)
        written = write_stories(routine, proof, stories, language) if stories else []
    if as_json:
        output.dump(
            {
                "pack": key,
                "counts": counts,
                "problems": [asdict(problem) for problem in problems],
                "loosened": [
                    {"rule": rule, "reason": plain(one.reason)} for rule, one in loosened.items()
                ],
                "proof": of_proof(proof) if proof else None,
                "stories": [str(path) for path in written],
            }
        )
    elif problems:
        for problem in problems:
            output.line(str(problem))
        output.line(f"{where}: {_many(len(problems), 'problem')}")
    else:
        held = ", ".join(_many(count, name) for name, count in counts.items())
        output.line(f"{key}: {held}, no problems")
        for rule, one in loosened.items():
            output.line(f"loosened: {rule}: {one.reason.get(language)}")
    if proof and not as_json:
        tell(proof, language)
        for path in written:
            output.line(said("story_written", language, path=path))
    return 1 if problems or (proof and proof.refuted) else 0


def _counts(pack: Pack) -> dict[str, int]:
    processes = pack.process.values()
    transitions = [one for process in processes for one in process.transitions.values()]
    return {
        "process": len(pack.process),
        "state": sum(len(process.states) for process in processes),
        "transition": len(transitions),
        "guard": sum(len(transition.guards) for transition in transitions),
        "clause": len(pack.clause),
        "gap": len(pack.gap),
    }


def _many(count: int, name: str) -> str:
    if count == 1:
        return f"1 {name}"
    return f"{count} {name}es" if name.endswith("s") else f"{count} {name}s"


# -- trace -----------------------------------------------------------------------------------------


def trace(where: str, scenarios: Path | None, language: Language, *, as_json: bool) -> int:
    """Say for each clause what holds it and which steps of the scenarios name it."""
    found = trace_pack(usable(where).pack)
    named = steps_by_name(where, scenarios)
    if as_json:
        clauses: list[dict[str, Any]] = []
        for clause in found.clauses:
            clauses.append({**plain(clause), "tests": named.get(clause.id, [])})
        gaps = [{**plain(gap), "tests": named.get(gap.id, [])} for gap in found.gaps]
        output.dump({"clauses": clauses, "gaps": gaps})
        return 1 if found.unheld else 0
    heads = [said(name, language) for name in ("clause", "text", "held_by", "scenarios")]
    output.table(
        heads,
        [
            (one.id, one.text.get(language), _kinds(one.held_by), str(len(named.get(one.id, []))))
            for one in found.clauses
        ],
    )
    output.line()
    heads[0] = said("gap", language)
    output.table(
        heads,
        [
            (
                one.id,
                one.reading.get(language),
                _kinds(one.held_by),
                str(len(named.get(one.id, []))),
            )
            for one in found.gaps
        ],
    )
    held = len(found.clauses) - len(found.unheld)
    output.line()
    output.line(said("held", language, held=held, all=len(found.clauses)))
    if found.unheld:
        output.line(said("unheld", language, clauses=", ".join(found.unheld)))
    return 1 if found.unheld else 0


def _kinds(holders: Iterable[Holder]) -> str:
    counted = Counter(holder.kind for holder in holders)
    return ", ".join(f"{kind} {count}" for kind, count in counted.items()) or "-"


# -- show ------------------------------------------------------------------------------------------


def show(where: str, process: str, language: Language, *, as_json: bool) -> int:
    """Say what a pack, or one of its processes, holds."""
    routine = usable(where)
    if process:
        routine.process(process)  # there is none: the nearest name is told
    if as_json:
        whole = of_routine(routine, language)
        output.dump(whole["process"][process] if process else whole)
        return 0
    shown = _Shown(routine.pack, language)
    if process:
        shown.process(process)
        return 0
    shown.overview()
    for name in routine.pack.process:
        shown.process(name)
    return 0


class _Shown:
    """A pack as tables, in one language."""

    def __init__(self, pack: Pack, language: Language) -> None:
        self._pack = pack
        self._parameters = {name: _value(one.value) for name, one in pack.parameter.items()}
        self._language: Language = language

    def _say(self, text: Text) -> str:
        return text.get(self._language)

    def _table(self, title: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
        found = list(rows)
        if found:
            output.line()
            output.table([said(head, self._language) for head in heads], found, title)

    def _title(self, *names: str) -> str:
        return ": ".join((*names[:-1], said(names[-1], self._language)))

    def overview(self) -> None:
        pack, say = self._pack, self._say
        output.line(f"{say(pack.label)} ({pack.key})", style="bold")
        self._table(
            self._title("processes"),
            ("name", "process", "subject", "states", "transitions", "guards"),
            (
                (
                    name,
                    say(process.label),
                    process.subject,
                    str(len(process.states)),
                    str(len(process.transitions)),
                    str(sum(len(one.guards) for one in process.transitions.values())),
                )
                for name, process in pack.process.items()
            ),
        )
        self._table(
            self._title("roles"),
            ("name", "role", "sees", "clauses"),
            (
                (name, say(role.label), self._sees(role), " ".join(role.clauses))
                for name, role in pack.role.items()
            ),
        )
        self._table(
            self._title("parameters"),
            ("name", "parameter", "value", "clauses"),
            (
                (name, say(one.label), _value(one.value), _cited(one.clauses, one.gaps))
                for name, one in pack.parameter.items()
            ),
        )
        self._table(
            self._title("shown"),
            ("name", "text", "kind", "clauses"),
            (
                (name, say(one.label), one.kind, _cited(one.clauses, one.gaps))
                for name, one in pack.shown.items()
            ),
        )
        self._table(
            self._title("checks"),
            ("name", "text", "states", "after", "unless", "clauses"),
            (
                (
                    name,
                    say(one.label),
                    f"{one.process}: {', '.join(one.states)}",
                    " ".join(filter(None, (self._parameters.get(one.after, one.after), one.at))),
                    ", ".join(one.unless),
                    _cited(one.clauses, one.gaps),
                )
                for name, one in pack.sweep.items()
            ),
        )
        self._table(
            self._title("invariants"),
            ("rule", "text", "states", "guards", "clauses"),
            (
                (
                    path,
                    say(one.label),
                    one.step or f"{one.process}: {', '.join(one.states)}",
                    ", ".join(f"{name}: {guard.kind}" for name, guard in one.guards.items()),
                    _cited(one.clauses, one.gaps),
                )
                for path, one in pack.invariants()
            ),
        )
        self._table(
            self._title("gaps"),
            ("name", "question", "reading", "clauses"),
            (
                (name, say(gap.question), say(gap.reading), " ".join(gap.clauses))
                for name, gap in pack.gap.items()
            ),
        )

    def process(self, name: str) -> None:
        process, say = self._pack.process[name], self._say
        output.line()
        output.line(f"{say(process.label)} ({name})", style="bold")
        self._states(process)
        self._transitions(process)
        self._guards(process)
        self._joints(process)
        self._effects(process)

    def _states(self, process: Process) -> None:
        rows: list[tuple[str, ...]] = []
        for name, state in process.states.items():
            end = f" ({said('end', self._language)})" if state.end else ""
            due = self._parameters.get(state.due, state.due)
            waits = ", ".join(state.waits_for)
            cited = _cited(state.clauses, state.gaps)
            rows.append((name, self._say(state.label) + end, "", waits, due, cited))
            for step, duty in state.duties.items():
                waits = ", ".join(duty.waits_for)
                cited = _cited(duty.clauses, duty.gaps)
                rows.append(("", "", step + _when(duty.when), waits, "", cited))
            if state.escalation:
                rows.append(self._escalation(state.due, state.escalation))
        heads = ("state", "text", "duty", "waits_for", "due", "clauses")
        self._table(self._title("states"), heads, rows)

    def _escalation(self, due: str, rule: Escalation) -> tuple[str, ...]:
        lengths = (("+", rule.after), ("-", rule.before))
        counted = [f"{sign} {self._parameters.get(one, one)}" for sign, one in lengths if one]
        name = f"({said('escalation', self._language)})"
        when = " ".join((self._parameters.get(due, due), *counted))
        return ("", "", name, ", ".join(rule.waits_for), when, _cited(rule.clauses, rule.gaps))

    def _sees(self, role: Role) -> str:
        """Which cases a role sees and touches."""
        if role.only:
            return said("own_jobs", self._language, field=role.only)
        return said("all_units" if role.all_units else "own_units", self._language)

    def _to(self, transition: Transition) -> str:
        """Where a transition leads: to which state, and to which unit."""
        unit = f" ({said('unit', self._language)}: {transition.unit})" if transition.unit else ""
        return (transition.to or "=") + unit

    def _by(self, transition: Transition) -> str:
        """Who makes a transition; the clock with its time."""
        timer = transition.timer
        if timer is None:
            return ", ".join(transition.by)
        after, before = (self._parameters.get(one, one) for one in (timer.after, timer.before))
        parts = (timer.at, after and f"+ {after}", before and f"- {before}")
        return f"{', '.join(transition.by)} ({' '.join(filter(None, parts))})"

    def _transitions(self, process: Process) -> None:
        self._table(
            self._title("transitions"),
            ("transition", "text", "from", "to", "by", "form", "clauses"),
            (
                (
                    name,
                    self._say(one.label),
                    ", ".join(one.from_) or "-",
                    self._to(one),
                    self._by(one),
                    one.form,
                    _cited(one.clauses, one.gaps),
                )
                for name, one in process.transitions.items()
            ),
        )

    def _guards(self, process: Process) -> None:
        self._table(
            self._title("guards"),
            ("rule", "kind", "otherwise", "clauses"),
            (
                (
                    f"{step}.{name}",
                    guard.kind + _when(guard.when),
                    Message(self._say(guard.otherwise)).safe_substitute(self._parameters),
                    _cited(guard.clauses, guard.gaps),
                )
                for step, name, guard in _within(process, "guards")
            ),
        )

    def _joints(self, process: Process) -> None:
        self._table(
            self._title("joint"),
            ("rule", "process", "transition", "clauses"),
            (
                (
                    f"{step}.{name}",
                    joint.process,
                    joint.transition + self._many(joint) + _when(joint.when),
                    _cited(joint.clauses, joint.gaps),
                )
                for step, name, joint in _within(process, "joint")
            ),
        )

    def _many(self, joint: Joint) -> str:
        return f" ({said('every', self._language)})" if joint.every else ""

    def _effects(self, process: Process) -> None:
        self._table(
            self._title("effect"),
            ("rule", "kind", "to", "clauses"),
            (
                (
                    f"{step}.{name}",
                    effect.kind + _when(effect.when),
                    ", ".join(getattr(effect, "to", ())),
                    _cited(effect.clauses, effect.gaps),
                )
                for step, name, effect in _within(process, "effects")
            ),
        )


def _within(process: Process, tables: str) -> Iterable[tuple[str, str, Any]]:
    for step, transition in process.transitions.items():
        held: dict[str, Any] = getattr(transition, tables)
        for name, rule in held.items():
            yield step, name, rule


def _cited(clauses: Iterable[str], gaps: Iterable[str]) -> str:
    return " ".join((*clauses, *(f"({gap})" for gap in gaps)))


def _value(value: int | str | tuple[str, ...]) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _when(when: Any) -> str:
    if when is None:
        return ""
    if when.given is not None:
        return f" [{when.value} {'given' if when.given else 'not given'}]"
    return f" [{when.value} = {'|'.join(map(str, when.one_of))}]"
