"""One command on its way through its own transition and those that it drives. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Mapping
from typing import TypeAlias, TypeVar

import attrs

from lockroutine._fields import facts_of, read_form
from lockroutine.decide import cures
from lockroutine.decide.command import Change, Command
from lockroutine.decide.evolve import effects_of, evolve
from lockroutine.decide.wording import say
from lockroutine.errors import InvalidForm, Problem
from lockroutine.facts import NOTHING, Facts, Value, canonical, sha256
from lockroutine.model import (
    Case,
    Cure,
    Effect,
    Event,
    Query,
    Reason,
    Reference,
    Text,
    Verdict,
)
from lockroutine.routine import CompiledProcess, Routine, Step
from lockroutine.rules.guards import Finding, Guard, Want
from lockroutine.rules.scene import FormNeeded, Scene, Unjudged
from lockroutine.rules.schema import Joint, Transition
from lockroutine.rules.terms import CLOCK, Message

__all__ = ["Asking", "Book", "Walk"]

T = TypeVar("T")
Asking: TypeAlias = Generator[Query, tuple[Case, ...], T]
Book: TypeAlias = Mapping[str, Routine]


class Walk:
    """One command on its way through its own transition and those that it drives.

    Later steps see what earlier ones did: ``_pending`` lies over what queries find.
    """

    def __init__(self, book: Book, command: Command) -> None:
        self.changes: list[Change] = []
        self._book = book
        self._command = command
        self._reasons: list[Reason] = []
        self._open: list[str] = []
        self._pending: dict[str, Case] = {}

    def verdict(self, case: Case) -> Verdict:
        """What was found to stand in the way."""
        return Verdict(
            process=case.process,
            transition=self._command.transition,
            case_id=case.id if case.version else "",
            reasons=tuple(dict.fromkeys(self._reasons)),
            open_rules=tuple(dict.fromkeys(self._open)),
        )

    def make(self, case: Case) -> Asking[None]:
        """The command's own transition: roles first, then everything else."""
        routine = self._book[case.routine]
        step = Step(case.process, self._command.transition)
        transition = routine.transition(step)
        hindrance = self._not_for_this_actor(routine, case, step, transition)
        if hindrance:
            self._reasons.append(hindrance)
            return
        form = self._form(routine, step, transition)
        yield from self._step(case, step, form, "")

    def _form(
        self, routine: Routine, step: Step, transition: Transition
    ) -> tuple[Facts, Facts] | None:
        given = self._command.form
        form = routine.form(step)
        if form is None:
            if given:
                name = f"{step.process}.{step.transition}"
                raise InvalidForm([Problem("form", f"{name} takes no form; give none")])
            return (NOTHING, NOTHING)
        if given is None:
            return None
        return facts_of(read_form(form, given))

    # -- one step ------------------------------------------------------------------------------

    def _step(
        self,
        case: Case,
        step: Step,
        form: tuple[Facts, Facts] | None,
        cause: str,
        item: Value = None,
    ) -> Asking[None]:
        routine = self._book[case.routine]
        process = routine.process(step.process)
        transition = process.transition(step.transition)
        path = f"process.{step.process}.transitions.{step.transition}"
        at = self._happened_at(case)
        before = len(self._reasons)
        after_state = process.after(case.state, step.transition)
        if case.changed_at and at < case.changed_at:
            self._refuse("engine.order_in_time", say("order_in_time"))
        if after_state is None:
            self._refuse_state(routine, case, step, transition, path)
        elif not case.version:
            yield from self._only_one_open(routine, case, process, transition, form, path)
        scene = Scene(
            transition=step.transition,
            case=case,
            form=None if form is None else form[0].merged(form[1]),
            actor=self._command.actor,
            at=at,
            calendar=routine.calendar,
            parameters=routine.parameters,
            owed=process.owed(case),
            item=item,
        )
        for name, guard in transition.guards.items():
            # In the wrong state values are missing that say nothing of their own.
            quiet = after_state is None
            at_path = f"{path}.guards.{name}"
            yield from self._judge(routine, case, step, guard, scene, at_path, quiet=quiet)
        if after_state is not None and form is not None:
            event = self._event(routine, case, step, after_state, form, at, cause)
            after = evolve(routine, case, event)
            self._pending[case.id] = after
            scene = attrs.evolve(scene, case=after)
            effects = tuple(self._effects(routine, transition, scene, event))
            self.changes.append(_change(process, case, after, event, effects))
        refused = len(self._reasons) > before
        for name, joint in transition.joint.items():
            at_path = f"{path}.joint.{name}"
            yield from self._joint(routine, scene, step, joint, at_path, quiet=refused)

    def _happened_at(self, case: Case) -> dt.datetime:
        command = self._command
        if command.happened_at is not None:
            return command.happened_at
        # Clocks of several machines differ by a little; a case's events stay in order.
        return max(command.recorded_at, case.changed_at or command.recorded_at)

    def _event(
        self,
        routine: Routine,
        case: Case,
        step: Step,
        after: str,
        form: tuple[Facts, Facts],
        at: dt.datetime,
        cause: str,
    ) -> Event:
        command = self._command
        transition = routine.transition(step)
        brought = tuple(
            Reference(system, str(value))
            for system, ref in transition.references.items()
            if (value := form[0].at(ref.name) if ref.source == "form" else case.value(ref.name))
        )
        return Event(
            case_id=case.id,
            version=case.version + 1,
            process=step.process,
            transition=step.transition,
            before=case.state,
            after=after,
            subject=case.subject,
            unit=case.unit,
            actor=command.actor.id,
            roles=tuple(sorted(command.actor.roles)),
            happened_at=at,
            recorded_at=command.recorded_at,
            late_reason=command.late_reason,
            routine=routine.key,
            form=form[0],
            personal=form[1],
            salt=command.salt if form[1] else "",
            references=(*brought, *(() if cause else command.references)),
            cause=cause,
            previous=case.head,
        ).sealed()

    def _effects(
        self, routine: Routine, transition: Transition, scene: Scene, event: Event
    ) -> list[Effect]:
        return [
            effect
            for name, rule in transition.effects.items()
            if scene.applies(rule.when)
            for effect in effects_of(routine, name, rule, scene, event)
        ]

    # -- what may stand in the way -------------------------------------------------------------

    def _refuse(
        self,
        rule: str,
        text: Text,
        clauses: tuple[str, ...] = (),
        gaps: tuple[str, ...] = (),
        values: Facts = NOTHING,
        cures: tuple[Cure, ...] = (),
    ) -> None:
        self._reasons.append(
            Reason(rule=rule, clauses=clauses, gaps=gaps, text=text, values=values, cures=cures)
        )

    def _not_for_this_actor(
        self, routine: Routine, case: Case, step: Step, transition: Transition
    ) -> Reason | None:
        """Why this actor may not make this step at all; it tells nothing of the case."""
        roles = routine.roles_for(step)
        path = f"process.{step.process}.transitions.{step.transition}.by"
        words = {"step": routine.label(step), "roles": routine.role_labels(roles)}
        by_clock = self._command.actor.roles == {CLOCK} and CLOCK in transition.by
        if not by_clock and self._command.actor.roles.isdisjoint(roles):
            kind = "role" if roles else "clock_only" if CLOCK in transition.by else "joint_only"
            return Reason(
                rule=path,
                clauses=transition.clauses,
                gaps=transition.gaps,
                text=say(kind, **words),
                cures=tuple(cures.for_role(routine, case, step)),
            )
        if not by_clock and not routine.in_scope(self._command.actor, case.unit, roles):
            return Reason(rule="engine.scope", text=say("scope"))
        return None

    def _refuse_state(
        self, routine: Routine, case: Case, step: Step, transition: Transition, path: str
    ) -> None:
        states = routine.process(step.process).rules.states
        state = states[case.state].label if case.state else Text("-", "-")
        ways = cures.bring(routine, step.process, case, transition.from_) if case.is_open else ()
        self._refuse(
            f"{path}.from",
            say("state" if case.is_open else "ended", step=routine.label(step), state=state),
            transition.clauses,
            transition.gaps,
            Facts({"state": case.state}),
            tuple(ways),
        )

    def _only_one_open(
        self,
        routine: Routine,
        case: Case,
        process: CompiledProcess,
        transition: Transition,
        form: tuple[Facts, Facts] | None,
        path: str,
    ) -> Asking[None]:
        keys = process.rules.one_open_per
        rule = f"process.{process.name}.one_open_per"
        if not keys:
            return
        if form is None and any(key != "subject" for key in keys):
            self._open.append(rule)
            return
        facts = form[0] if form else NOTHING
        found = yield from self._ask(process.name, "subject", case.subject)
        for other in found:
            same = all(other.value(k) == facts.at(k) for k in keys if k != "subject")
            if other.is_open and same and other.id != case.id:
                pinned = self._book[other.routine]
                away = cures.for_wants(
                    self._book, pinned, other, Step(process.name, ""), [_leave(other)]
                )
                self._refuse(
                    rule,
                    say("one_open", process=process.rules.label),
                    transition.clauses,
                    transition.gaps,
                    Facts({"case": other.id, "state": other.state}),
                    away,
                )

    def _judge(
        self,
        routine: Routine,
        case: Case,
        step: Step,
        guard: Guard,
        scene: Scene,
        path: str,
        *,
        quiet: bool,
    ) -> Asking[None]:
        try:
            if not scene.applies(guard.when):
                return
            found: list[tuple[Case, ...]] = []
            for query in guard.needs(scene):
                found.append((yield from self._ask(query.process, query.field, query.value)))
            finding = guard.judge(scene, tuple(found))
        except FormNeeded:
            self._open.append(path)
            return
        except Exception as error:
            # A rule that cannot be judged refuses: the door stays as it is.
            if not quiet:
                self._refuse_unjudged(path, guard.clauses, guard.gaps, error)
            return
        if finding:
            self._refuse(
                path,
                _filled(guard.otherwise, routine, finding),
                guard.clauses,
                guard.gaps,
                finding.values,
                cures.for_wants(self._book, routine, case, step, finding.wants),
            )

    def _refuse_unjudged(
        self, path: str, clauses: tuple[str, ...], gaps: tuple[str, ...], error: Exception
    ) -> None:
        missing = str(error) if isinstance(error, Unjudged) else type(error).__name__
        name = path.rpartition(".")[2]
        self._refuse(path, say("unjudged", rule=name, missing=missing), clauses, gaps)

    # -- other cases ---------------------------------------------------------------------------

    def _ask(self, process: str, name: str, value: str) -> Asking[tuple[Case, ...]]:
        if name == "subject":
            # The pinned routine may know the process no more; any that does spells it alike.
            known = (r.processes[process] for r in self._book.values() if process in r.processes)
            value = next(known).subject(value)
        as_of = self._command.happened_at
        found = yield Query(process=process, field=name, value=value, as_of=as_of)
        merged = {case.id: self._pending.get(case.id, case) for case in found}
        for case in self._pending.values():
            if case.process == process:
                merged[case.id] = case
        return tuple(case for case in merged.values() if case.value(name) == value)

    def _joint(
        self, routine: Routine, scene: Scene, step: Step, joint: Joint, path: str, *, quiet: bool
    ) -> Asking[None]:
        try:
            if not scene.applies(joint.when):
                return
            items = scene.value(joint.each) if joint.each else (None,)
        except FormNeeded:
            self._open.append(path)
            return
        for item in items if isinstance(items, tuple) else ():
            try:
                yield from self._drive(
                    routine, attrs.evolve(scene, item=item), step, joint, path, quiet=quiet
                )
            except FormNeeded:
                self._open.append(path)
            except (Unjudged, InvalidForm) as error:
                if not quiet:
                    self._refuse_unjudged(path, joint.clauses, joint.gaps, error)

    def _drive(
        self, routine: Routine, scene: Scene, step: Step, joint: Joint, path: str, *, quiet: bool
    ) -> Asking[None]:
        driven = Step(joint.process, joint.transition)
        subject = scene.text(joint.subject)
        transition = routine.transition(driven)
        target: Case | None
        if transition.from_:
            target = yield from self._target(routine, scene, joint, subject, path, quiet=quiet)
            if target is None:
                return
        else:
            process = routine.process(joint.process)
            case_id = sha256(f"{scene.case.id}/{scene.case.version}/{path}/{subject}")[:32]
            unit = scene.case.unit
            target = routine.blank(joint.process, case_id, process.subject(subject), unit)
        given = {
            name: value
            for name, ref in joint.form.items()
            if (value := scene.value(ref)) is not None
        }
        form = self._book[target.routine].form(driven)
        facts = facts_of(read_form(form, given)) if form else (NOTHING, NOTHING)
        cause = f"{scene.case.id}/{scene.case.version}"
        yield from self._step(target, driven, facts, cause, scene.item)

    def _target(
        self, routine: Routine, scene: Scene, joint: Joint, subject: str, path: str, *, quiet: bool
    ) -> Asking[Case | None]:
        wanted = {name: scene.value(ref) for name, ref in joint.match.items()}
        found = yield from self._ask(joint.process, joint.find, subject)
        matching = [
            case
            for case in found
            if case.is_open and all(case.value(name) == value for name, value in wanted.items())
        ]
        step = Step(joint.process, joint.transition)
        ready = [c for c in matching if c.state in self._book[c.routine].transition(step).from_]
        if joint.missing == "skip" and not ready:
            return None
        if len(ready) > 1:
            label = routine.pack.process[joint.process].label
            self._refuse(path, say("several", process=label), joint.clauses, joint.gaps)
            return None
        if ready or matching:
            return (ready or matching)[0]
        if not quiet:
            from_ = routine.transition(step).from_
            ways = tuple(cures.bring(routine, joint.process, None, from_))
            text = joint.otherwise or say("unjudged", rule=path, missing=str(joint.subject))
            self._refuse(path, text, joint.clauses, joint.gaps, cures=ways)
        return None


def _change(
    process: CompiledProcess, before: Case, after: Case, event: Event, effects: tuple[Effect, ...]
) -> Change:
    rules = process.rules
    key = ""
    if rules.one_open_per and after.is_open:
        key = canonical((process.name, *(after.value(name) for name in rules.one_open_per)))
    found_by = tuple(
        (name, value) for name in rules.find_by if isinstance(value := after.value(name), str)
    )
    return Change(
        before=before, case=after, event=event, effects=effects, open_key=key, found_by=found_by
    )


def _leave(case: Case) -> Want:
    return Want(process=case.process, case=case)


def _filled(text: Text, routine: Routine, finding: Finding) -> Text:
    values: dict[str, object] = {}
    for name, value in (*routine.parameters.items(), *finding.values.items()):
        values[name] = ", ".join(map(str, value)) if isinstance(value, tuple) else value
    return Text(
        sv=Message(text.sv).safe_substitute(values), en=Message(text.en).safe_substitute(values)
    )
