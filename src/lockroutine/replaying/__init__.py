"""The recorded commands given again under other rules: which would be refused, and by which rule.

Nothing is written. Each command is decided anew, in the order of recording, among cases in memory
that have run under those rules from their beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lockroutine._fields import entries
from lockroutine.book import Book
from lockroutine.decide import Command, answer, decide
from lockroutine.decide.moving import Moving, moved
from lockroutine.decide.wording import say
from lockroutine.errors import InvalidForm, Refused
from lockroutine.model import Actor, Case, Event, Query, Reason
from lockroutine.replaying.recorded import Recorded, World, as_recorded, commands
from lockroutine.replaying.report import ReplayedStep, ReplayReport, RuleCount
from lockroutine.routine import Routine, Step
from lockroutine.rules.guards import Guard
from lockroutine.stores import Reading

__all__ = ["ReplayReport", "ReplayedStep", "Replayer", "RuleCount"]

_RULE = "engine.replay"


class Replayer:
    """Gives the commands of a store again under a routine.

    Args:
        book: The routines of its cases.
        under: The routine under which they are given again.
    """

    def __init__(self, book: Book, under: Routine) -> None:
        self._old = book
        self._under = under
        self._book = {under.key: under}
        self._world = World(self._book)
        self._refused: list[ReplayedStep] = []
        self._unplayed: list[ReplayedStep] = []
        self._stopped: dict[str, str] = {}
        """The cases that are not as they were recorded, each with the refused step."""

    def replay(self, reading: Reading, tell: Callable[[int, int], object]) -> ReplayReport:
        """Give every command of a store again.

        Args:
            reading: The store.
            tell: Told after each how many were given, of how many.

        Raises:
            StoreError: An event is not as it was recorded.
        """
        self._old.load(reading)
        given = commands(reading.events())
        for number, recorded in enumerate(given, start=1):
            if recorded.events[0].moved_from:
                self._move(recorded.events[0])
            else:
                self._give(reading, recorded)
            tell(number, len(given))
        moves = sum(bool(one.events[0].moved_from) for one in given)
        return ReplayReport(
            under=self._under.key,
            steps=len(given) - moves,
            refused=tuple(self._refused),
            unplayed=tuple(self._unplayed),
        )

    def _move(self, event: Event) -> None:
        """A case that was moved is there already, but for the state that was chosen for it."""
        case = self._world.cases.get(event.case_id)
        if case is None or event.case_id in self._stopped:
            return
        if event.routine == self._under.key and event.after != case.state:
            actor = Actor(event.actor, roles=event.roles)
            moving = Moving(to=self._under, actor=actor, at=event.recorded_at)
            self._world.keep(moved(moving, case, event.after), case.id)

    def _give(self, reading: Reading, recorded: Recorded) -> None:
        event = recorded.events[0]
        stopped = self._stopped.get(event.case_id)
        if stopped is not None:
            self._stop(recorded, self._unplayed, (), stopped)
            return
        step = self._step(event)
        gone = self._gone(event, step)
        if gone:
            self._stop(recorded, self._refused, (gone,))
            return
        asked: list[Query] = []

        def look(query: Query) -> tuple[Case, ...]:
            asked.append(query)
            return self._world.find(query)

        try:
            case = self._case(event)
            decision = answer(decide(self._book, case, self._command(event, step, case)), look)
        except Refused as refused:
            reasons = refused.verdict.reasons
            follows = self._behind(reading, asked)
            alone = self._alone(step, reasons) if follows else reasons
            if alone:
                self._stop(recorded, self._refused, alone)
            else:
                self._stop(recorded, self._unplayed, reasons, follows)
        except InvalidForm as error:
            erased = event.personal is None
            where = self._unplayed if erased else self._refused
            self._stop(recorded, where, (self._unfit(step, error, erased=erased),))
        else:
            ids = as_recorded(decision.changes, recorded)
            for change in decision.changes:
                self._world.keep(change, ids.get(change.case.id, change.case.id))

    # -- a command as it was given -------------------------------------------------------------

    def _step(self, event: Event) -> Step:
        """The step by its present name."""
        name = event.transition
        if event.routine != self._under.key:
            renamed = self._under.moving(event.process, event.routine).transitions
            name = renamed.get(name) or name
        return Step(event.process, name)

    def _case(self, event: Event) -> Case:
        case = self._world.cases.get(event.case_id)
        if case:
            return case
        subject = self._under.process(event.process).subject(event.subject)
        return self._under.blank(event.process, event.case_id, subject, event.unit)

    def _command(self, event: Event, step: Step, case: Case) -> Command:
        late = bool(event.late_reason)
        return Command(
            transition=step.transition,
            actor=Actor(event.actor, roles=event.roles, units=self._units(event, case)),
            form=self._form(event, step),
            recorded_at=event.recorded_at,
            happened_at=event.happened_at if late else None,
            late_reason=event.late_reason,
            references=event.references,
            salt=event.salt,
        )

    def _units(self, event: Event, case: Case) -> Iterable[str]:
        """Where the actor worked, which is not recorded: wherever the step asked that they did."""
        old = self._old.known(event.routine)
        known = old.pack.role if old else {}
        fields = [known[role].only for role in event.roles if role in known]
        firms = [case.value(name) for name in fields if name]
        return {case.unit, event.unit, *(firm for firm in firms if isinstance(firm, str))}

    def _form(self, event: Event, step: Step) -> Mapping[str, object] | None:
        """What was given, but for what the step does not ask for any more."""
        form = self._under.form(step)
        if form is None:
            return None
        given = {**event.form, **(event.personal or {})}
        return {name: value for name, value in given.items() if name in entries(form)}

    # -- what is not made ----------------------------------------------------------------------

    def _gone(self, event: Event, step: Step) -> Reason | None:
        """Why there is no such step under the other rules; None if there is."""
        process = self._under.processes.get(step.process)
        old = self._old.known(event.routine)
        to = self._under.key
        if process is None:
            label = old.process(event.process).rules.label if old else event.process
            return Reason(rule=f"{_RULE}.process", text=say("move_process", to=to, process=label))
        if step.transition in process.rules.transitions:
            return None
        label = old.label(Step(event.process, event.transition)) if old else event.transition
        words = {"to": to, "step": label, "process": process.rules.label}
        return Reason(rule=f"{_RULE}.transition", text=say("replay_step", **words))

    def _unfit(self, step: Step, error: InvalidForm, *, erased: bool) -> Reason:
        if erased:
            return Reason(rule=f"{_RULE}.erased", text=say("replay_erased"))
        transition = self._under.transition(step)
        fields = ", ".join(problem.path for problem in error.problems)
        return Reason(
            rule=f"process.{step.process}.transitions.{step.transition}.form",
            clauses=transition.clauses,
            gaps=transition.gaps,
            text=say("replay_form", step=transition.label, to=self._under.key, fields=fields),
        )

    def _stop(
        self,
        recorded: Recorded,
        where: list[ReplayedStep],
        reasons: tuple[Reason, ...],
        follows: str = "",
    ) -> None:
        """Take down that a command was not done; from then on its cases are not as recorded."""
        event = recorded.events[0]
        where.append(
            ReplayedStep(
                case_id=event.case_id,
                version=event.version,
                process=event.process,
                subject=event.subject,
                transition=event.transition,
                routine=event.routine,
                happened_at=event.happened_at,
                actor=event.actor,
                reasons=reasons,
                follows=follows,
            )
        )
        for one in recorded.events:
            self._stopped.setdefault(one.case_id, follows or recorded.key)

    def _alone(self, step: Step, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
        """Those reasons that no other case has to do with."""
        path = f"process.{step.process}.transitions.{step.transition}"
        guards = self._under.transition(step).guards.items()
        names = [name for name, guard in guards if type(guard).needs is Guard.needs]
        rules = {f"{path}.by", f"{path}.from", *(f"{path}.guards.{name}" for name in names)}
        return tuple(reason for reason in reasons if reason.rule in rules)

    def _behind(self, reading: Reading, asked: Iterable[Query]) -> str:
        """The refused step because of which a case that was looked at is not as recorded."""
        for query in asked:
            looked_at = (*self._world.find(query), *reading.find(query))
            for case in looked_at:
                if case.id in self._stopped:
                    return self._stopped[case.id]
        return ""
