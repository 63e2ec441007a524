"""One command on its way through its own transition and those that it drives. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias, TypeVar

import attrs

from lockroutine._fields import facts_of, read_form
from lockroutine.decide import cures, unseen
from lockroutine.decide.command import Change, Command
from lockroutine.decide.evolve import clock_steps, evolve
from lockroutine.decide.moment import Driver, Moment
from lockroutine.decide.record import change_of, event_of
from lockroutine.decide.wording import in_words, say
from lockroutine.errors import InvalidForm, NotFound, Problem
from lockroutine.facts import NOTHING, Facts, sha256
from lockroutine.model import Case, Cure, Event, Query, Reason, Text, Verdict
from lockroutine.routine import Routine, Step
from lockroutine.rules.calendar import Duration
from lockroutine.rules.guards import CaseInState, Finding, Guard, NoCaseInState
from lockroutine.rules.scene import FormNeeded, Scene, Unjudged
from lockroutine.rules.schema import Joint, Transition
from lockroutine.rules.terms import CLOCK, JOINT, PULL, SWEEP, Message

__all__ = ["Asking", "Book", "Walk", "spelt"]

T = TypeVar("T")
Asking: TypeAlias = Generator[Query, tuple[Case, ...], T]
Book: TypeAlias = Mapping[str, Routine]


class Walk:
    """One command on its way through its own transition and those that it drives.

    Later steps see what earlier ones did: ``_pending`` lies over what queries find.

    Args:
        book: The routines, by ``name@version``.
        command: The command.
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

    def barred(self, case: Case) -> Reason | None:
        """Why the command's actor may not make its transition at all, or None."""
        return _not_for_this_actor(self._moment(case))

    def make(self, case: Case) -> Asking[None]:
        """The command's own transition: roles first, then everything else."""
        moment = self._moment(case)
        hindrance = _not_for_this_actor(moment)
        if hindrance:
            self._hinder(hindrance)
            return
        yield from self._step(self._moment(case, _form(moment, self._command.form)))

    def _moment(self, case: Case, form: tuple[Facts, Facts] | None = None) -> Moment:
        return Moment(
            routine=self._book[case.routine],
            step=Step(case.process, self._command.transition),
            case=case,
            form=form,
            actor=self._command.actor,
            at=self._happened_at(case),
        )

    def _happened_at(self, case: Case) -> dt.datetime:
        command = self._command
        if command.happened_at is not None:
            return command.happened_at
        # Clocks of several machines differ by a little; a case's events stay in order.
        return max(command.recorded_at, case.changed_at or command.recorded_at)

    # -- one step ------------------------------------------------------------------------------

    def _step(self, moment: Moment) -> Asking[None]:
        case, before = moment.case, len(self._reasons)
        after_state = self._leads_to(moment)
        if case.changed_at and moment.at < case.changed_at:
            self._hinder(Reason(rule="engine.order_in_time", text=say("order_in_time")))
        if after_state is None:
            self._refuse_state(moment)
        elif not case.version:
            yield from self._only_one_open(moment)
        scene = moment.scene()
        for name, guard in moment.transition.guards.items():
            # In the wrong state values are missing that say nothing of their own.
            quiet = after_state is None
            yield from self._judge(moment, scene, f"{moment.path}.guards.{name}", guard, quiet)
        if after_state is not None and moment.form is not None:
            event = event_of(moment, scene, self._command, after_state)
            scene = self._happen(moment, scene, event)
            self._pending[case.id] = scene.case
        quiet = len(self._reasons) > before
        for name, joint in moment.transition.joint.items():
            yield from self._joint(moment, scene, f"{moment.path}.joint.{name}", joint, quiet)

    def _leads_to(self, moment: Moment) -> str | None:
        """The state after the step; None if it is not possible from where the case is."""
        return moment.process.after(moment.case.state, moment.step.transition)

    def _is_in(self, case: Case, states: Iterable[str]) -> bool:
        """Whether a case is in one of these states."""
        return case.state in states

    def _happen(self, moment: Moment, scene: Scene, event: Event) -> Scene:
        """Take the change of one case down; what comes after it is judged in the new scene."""
        scene = attrs.evolve(scene, case=evolve(moment.routine, moment.case, event))
        self.changes.append(change_of(moment, scene, event))
        return scene

    def _hinder(self, reason: Reason) -> None:
        """Take down that something stands in the way."""
        self._reasons.append(reason)

    def _refuse(
        self,
        moment: Moment,
        rule: str,
        text: Text,
        values: Facts = NOTHING,
        helps: Iterable[Cure] = (),
        source: Guard | Joint | Transition | None = None,
    ) -> None:
        source = source or moment.transition
        self._hinder(
            Reason(
                rule=rule,
                clauses=source.clauses,
                gaps=source.gaps,
                text=text,
                values=values,
                cures=tuple(helps),
            )
        )

    def _refuse_state(self, moment: Moment) -> None:
        case, label = moment.case, moment.routine.label(moment.step)
        states = moment.process.rules.states
        state = states[case.state].label if case.state else Text("-", "-")
        helps: list[Cure] = []
        if case.is_open:
            from_ = moment.transition.from_
            helps += cures.bring(moment.routine, case.process, case, from_)
        if moment.driver:
            # Another case might do: that is named by a field of the driver's form.
            helps += cures.correct(moment, "")
        self._refuse(
            moment,
            f"{moment.path}.from",
            say("state" if case.is_open else "ended", step=label, state=state),
            Facts({"state": case.state}),
            helps,
        )

    def _only_one_open(self, moment: Moment) -> Asking[None]:
        rules = moment.process.rules
        rule = f"process.{moment.step.process}.one_open_per"
        fields = [key for key in rules.one_open_per if key != "subject"]
        if not rules.one_open_per:
            return
        if moment.form is None and fields:
            self._open.append(rule)
            return
        given = moment.form[0] if moment.form else NOTHING
        name, subject = moment.step.process, moment.case.subject
        found = yield from self._ask(name, "subject", subject)
        if self._command.happened_at:
            # What was opened since is on record, and is not rewritten.
            known = {other.id for other in found}
            now = yield Query(process=name, field="subject", value=subject)
            found += tuple(other for other in now if other.id not in known)
        for other in found:
            same = all(other.value(key) == given.at(key) for key in fields)
            if same and other.is_open and other.id != moment.case.id:
                self._refuse(
                    moment,
                    rule,
                    say("one_open", process=rules.label),
                    Facts({"case": other.id, "state": other.state}),
                    cures.leave(self._book[other.routine], other),
                )

    def _judge(
        self, moment: Moment, scene: Scene, path: str, guard: Guard, quiet: bool
    ) -> Asking[None]:
        try:
            if not scene.applies(guard.when):
                return
            found: list[tuple[Case, ...]] = []
            for query in guard.needs(scene):
                found.append((yield from self._ask(query.process, query.field, query.value)))
            finding = guard.judge(scene, tuple(found))
            if finding and found and moment.routine.is_outsider(moment.actor):
                finding = unseen.finding_of(finding)
        except FormNeeded:
            self._open.append(path)
            return
        except Exception as error:
            # A rule that cannot be judged refuses: the door stays as it is.
            if not quiet:
                self._refuse_unjudged(moment, path, guard, error)
            return
        if finding:
            text = _filled(guard, moment.routine, finding)
            helps = [
                *cures.for_wants(self._book, moment, finding.wants),
                *cures.instead(moment, guard.instead),
            ]
            self._refuse(moment, path, text, finding.values, helps, guard)

    def _refuse_unjudged(
        self, moment: Moment, path: str, source: Guard | Joint, error: Exception
    ) -> None:
        missing = str(error) if isinstance(error, Unjudged) else type(error).__name__
        text = say("unjudged", rule=path.rpartition(".")[2], missing=missing)
        self._refuse(moment, path, text, source=source)

    # -- other cases ---------------------------------------------------------------------------

    def _ask(self, process: str, name: str, value: str) -> Asking[tuple[Case, ...]]:
        value = spelt(self._book, process, name, value)
        as_of = self._command.happened_at
        found = yield Query(process=process, field=name, value=value, as_of=as_of)
        merged = {case.id: case for case in found}
        merged |= {id_: case for id_, case in self._pending.items() if case.process == process}
        return tuple(case for case in merged.values() if case.value(name) == value)

    def _joint(
        self, moment: Moment, scene: Scene, path: str, joint: Joint, quiet: bool
    ) -> Asking[None]:
        try:
            if not scene.applies(joint.when):
                return
            items = scene.value(joint.each) if joint.each else (None,)
            for item in items if isinstance(items, tuple) else ():
                each = attrs.evolve(scene, item=item)
                yield from self._drive(attrs.evolve(moment, item=item), each, path, joint, quiet)
        except FormNeeded:
            self._open.append(path)
        except (Unjudged, InvalidForm, NotFound) as error:
            # An older routine, to which the other case is pinned, may lack the step.
            if not quiet:
                self._refuse_unjudged(moment, path, joint, error)

    def _drive(
        self, moment: Moment, scene: Scene, path: str, joint: Joint, quiet: bool
    ) -> Asking[None]:
        step, before = Step(joint.process, joint.transition), len(self._reasons)
        targets: Sequence[Case] = ()
        subject = scene.text(joint.subject)
        if moment.routine.transition(step).from_:
            targets = yield from self._targets(moment, scene, path, joint, subject, quiet)
        else:
            targets = [_opened(moment, path, joint, subject)]
        yield from self._drive_all(moment, scene, step, joint, targets)
        if len(self._reasons) > before and unseen.is_told_little(moment, targets):
            del self._reasons[before:]
            text, helps = unseen.refusal_of(moment, joint)
            self._refuse(moment, path, text, helps=helps, source=joint)

    def _drive_all(
        self, moment: Moment, scene: Scene, step: Step, joint: Joint, targets: Sequence[Case]
    ) -> Asking[None]:
        for found in targets:
            target = yield from self._up_to_date(found)
            if target is None:
                continue
            given = {name: scene.value(ref) for name, ref in joint.form.items()}
            given = {name: value for name, value in given.items() if value is not None}
            form = self._book[target.routine].form(step)
            driven = Moment(
                routine=self._book[target.routine],
                step=step,
                case=target,
                form=facts_of(read_form(form, given)) if form else (NOTHING, NOTHING),
                actor=moment.actor,
                at=self._happened_at(target),
                item=moment.item,
                driver=Driver(moment=moment, joint=joint),
            )
            yield from self._step(driven)

    def _up_to_date(self, target: Case) -> Asking[Case | None]:
        """The case that a late entry would drive, as it is now; None if it has gone on since."""
        if not self._command.happened_at or not target.version or target.id in self._pending:
            return target
        now = yield Query(process=target.process, field="subject", value=target.subject)
        (known,) = (case for case in now if case.id == target.id)
        if known.changed_at == target.changed_at:
            return known  # reminders, if anything, came since
        self._hinder(Reason(rule="engine.order_in_time", text=say("order_in_time")))
        return None

    def _targets(
        self, moment: Moment, scene: Scene, path: str, joint: Joint, subject: str, quiet: bool
    ) -> Asking[Sequence[Case]]:
        """The open cases that a joint means, one unless it says `every`; none, with the reason."""
        wanted = {name: scene.value(ref) for name, ref in joint.match.items()}
        found = yield from self._ask(joint.process, joint.find, subject)
        matching = [
            case
            for case in found
            if case.is_open and all(case.value(name) == value for name, value in wanted.items())
        ]
        step = Step(joint.process, joint.transition)
        book = self._book
        ready = [c for c in matching if self._is_in(c, book[c.routine].transition(step).from_)]
        if joint.every:
            meant = ready if joint.missing == "skip" else matching
        elif len(ready) > 1:
            text = say("several", process=moment.routine.process(joint.process).rules.label)
            self._refuse(moment, path, text, source=joint)
            return ()
        else:
            meant = ready or ([] if joint.missing == "skip" else matching[:1])
        if not meant and joint.missing == "refuse" and not quiet:
            helps = [*cures.instead(moment, joint.instead)]
            if not _gets_no_other(moment, joint, found):
                from_ = moment.routine.transition(step).from_
                helps += cures.bring(moment.routine, joint.process, None, from_)
            if joint.subject.source == "form":
                helps += cures.correct(moment, joint.subject.name)
            assert joint.otherwise  # the pack's reader saw to it
            self._refuse(moment, path, joint.otherwise, helps=helps, source=joint)
        return meant


def spelt(book: Book, process: str, name: str, value: str) -> str:
    """A value as cases of a process have it: their subjects have one spelling."""
    if name != "subject":
        return value
    # Any routine that knows the process spells its subjects alike.
    known = (one.processes[process] for one in book.values() if process in one.processes)
    return next(known).subject(value)


def _not_for_this_actor(moment: Moment) -> Reason | None:
    """Why this actor may not make this step at all; it tells nothing of the case."""
    actor, routine, transition = moment.actor, moment.routine, moment.transition
    if actor.roles == frozenset({CLOCK}) and _time_has_come(moment):
        return None
    for outside in (PULL, SWEEP):
        if actor.roles == frozenset({outside}) and outside in transition.by:
            return None
    roles = routine.roles_for(moment.step)
    if actor.roles.isdisjoint(roles):
        alone = next((f"{one}_only" for one in (CLOCK, JOINT, PULL) if one in transition.by), "")
        kind = "role" if roles else alone or "sweep_only"
        words = {"step": transition.label, "roles": routine.role_labels(roles)}
        return Reason(
            rule=f"{moment.path}.by",
            clauses=transition.clauses,
            gaps=transition.gaps,
            text=say(kind, **words),
            cures=tuple(cures.for_role(moment)),
        )
    if not routine.in_scope(actor, moment.case, roles):
        return Reason(rule="engine.scope", text=say("scope"))
    return None


def _time_has_come(moment: Moment) -> bool:
    """Whether the clock makes this step now: no one who calls themselves so makes it earlier."""
    steps = clock_steps(moment.routine, moment.process, moment.case)
    return any(name == moment.step.transition and at <= moment.at for name, at in steps)


def _form(moment: Moment, given: object) -> tuple[Facts, Facts] | None:
    form = moment.routine.form(moment.step)
    if form is not None:
        return None if given is None else facts_of(read_form(form, given))
    if given:
        name = f"{moment.step.process}.{moment.step.transition}"
        raise InvalidForm([Problem("form", f"{name} takes no form; give none")])
    return (NOTHING, NOTHING)


def _gets_no_other(moment: Moment, joint: Joint, found: Iterable[Case]) -> bool:
    """Whether the subject has an open case, though not the one that is meant, and no other."""
    alone = moment.routine.process(joint.process).alone
    return alone and joint.find == "subject" and any(case.is_open for case in found)


def _opened(moment: Moment, path: str, joint: Joint, subject: str) -> Case:
    """The blank case that a joint opens; its id is the same whenever this is decided."""
    routine, case = moment.routine, moment.case
    case_id = sha256(f"{case.id}/{case.version + 1}/{path}/{subject}")[:32]
    subject = routine.process(joint.process).subject(subject)
    return routine.blank(joint.process, case_id, subject, case.unit)


def _filled(guard: Guard, routine: Routine, finding: Finding) -> Text:
    text = guard.otherwise
    values: dict[str, object] = {**routine.parameters, **finding.values}
    plain = {n: ", ".join(map(str, v)) if isinstance(v, tuple) else v for n, v in values.items()}
    words = {**_lengths(routine.parameters), **finding.words}
    if isinstance(guard, CaseInState | NoCaseInState):
        state = routine.process(guard.process).rules.states.get(str(finding.values["state"]))
        words |= {"state": state.label} if state else {}
    return Text(
        sv=Message(text.sv).safe_substitute(plain, **{n: said.sv for n, said in words.items()}),
        en=Message(text.en).safe_substitute(plain, **{n: said.en for n, said in words.items()}),
    )


def _lengths(parameters: Mapping[str, object]) -> dict[str, Text]:
    """The parameters that are lengths of time, in words."""
    found: dict[str, Text] = {}
    for name, value in parameters.items():
        with suppress(ValueError):
            found[name] = in_words(Duration.parse(str(value)))
    return found
