"""Plays the demo's story on a real database and tells it."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lockroutine.cli.databases import show_figures, show_verification, show_worklist
from lockroutine.cli.demo.beginning import BEGINNING
from lockroutine.cli.demo.delivering import Outside
from lockroutine.cli.demo.later import LATER
from lockroutine.cli.demo.playing import played
from lockroutine.cli.demo.telling import CAST, Chapter, Step, local
from lockroutine.cli.demo.words import CONTACTS, DAYS, EFFECTS, MONTHS, SAID
from lockroutine.cli.output import line, table
from lockroutine.engine import Engine
from lockroutine.errors import LockroutineError, Refused
from lockroutine.model import Case, Language, Text
from lockroutine.routine import Routine, load_routine
from lockroutine.routine import Step as RoutineStep
from lockroutine.testing.clock import StoppedClock

if TYPE_CHECKING:
    from lockroutine.cli.demo.outside import Systems

__all__ = ["Around", "told"]

STORY: tuple[Chapter, ...] = (*BEGINNING, *LATER)

Around: TypeAlias = "Callable[[Path, StoppedClock], AbstractContextManager[Systems]]"
"""Starts the systems around the routine, with an empty folder and the clock of the engine."""


def told(at: Path | None, language: Language, pace: float, around: Around | None = None) -> int:
    """Tell the whole story.

    Args:
        at: The new file that the database is kept in; None for one that is thrown away.
        language: In which language.
        pace: How many seconds to wait after each step.
        around: Starts the systems that effects go to; None if nothing is to be sent.

    Returns:
        0 if the database is whole in the end, and all has arrived; 1 if not.

    Raises:
        LockroutineError: There is something at that path already, or an extra is missing.
    """
    clock = StoppedClock(local(STORY[0].steps[0].at))
    with _place(at) as path:
        if around is None:
            with Engine.open(path, routine=load_routine(), clock=clock) as engine:
                return _told(_Teller(engine, clock, language, pace), path, kept=bool(at))
        with (
            tempfile.TemporaryDirectory(prefix="lockroutine-demo-") as folder,
            around(Path(folder), clock) as systems,
            Engine.open(
                path,
                routine=load_routine(),
                clock=clock,
                plugins=systems.plugins,
                contacts=systems.contacts,
                accounts={systems.account: CAST["installer"]}.get,
                language=language,
            ) as engine,
        ):
            outside = Outside(engine, clock, systems, language)
            return _told(_Teller(engine, clock, language, pace, outside), path, kept=bool(at))


def _told(teller: _Teller, path: Path, *, kept: bool) -> int:
    teller.opening(path)
    for number, chapter in enumerate(STORY, start=1):
        teller.chapter(number, chapter)
    whole = teller.ending()
    line()
    line(teller.say(SAID["kept" if kept else "thrown_away"]).format(path=path))
    return 0 if whole else 1


@contextmanager
def _place(at: Path | None) -> Generator[Path]:
    if at is None:
        with tempfile.TemporaryDirectory(prefix="lockroutine-demo-") as folder:
            yield Path(folder) / "demo.db"
        return
    if at.is_dir() or (at.exists() and at.stat().st_size):
        raise LockroutineError(f"{at} is there already. Name a new file, or take that one away.")
    yield at


class _Teller:
    def __init__(
        self,
        engine: Engine,
        clock: StoppedClock,
        language: Language,
        pace: float,
        outside: Outside | None = None,
    ) -> None:
        self._engine = engine
        self._routine: Routine = engine.routine
        self._clock = clock
        self._language: Language = language
        self._pace = pace
        self._outside = outside

    def say(self, text: Text) -> str:
        """A text in the language of the telling."""
        return text.get(self._language)

    def opening(self, path: Path) -> None:
        line(self.say(SAID["title"]), style="bold")
        line(self.say(SAID["opening"]).format(path=path))
        if self._outside:
            self._outside.opening()

    def chapter(self, number: int, chapter: Chapter) -> None:
        line()
        line(f"{number}. {self.say(chapter.title)}", style="bold")
        for step in chapter.steps:
            line()
            self._step(step)
            sys.stdout.flush()
            time.sleep(self._pace)
        if self._outside:
            self._outside.after()

    # -- one step ------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        self._clock.set(local(step.at))
        process, _, name = step.does.partition(".")
        transition = self._routine.transition(RoutineStep(process, name))
        line(f"{self._when()} · {self._who(step.who)} · {self.say(transition.label)}", style="dim")
        line(f"  {self.say(step.say)}")
        try:
            if self._outside and self._outside.takes(step):
                case = self._outside.instead(step)
            else:
                case = played(self._engine, self._clock, step)
        except Refused as refused:
            first, *more = refused.verdict.summary(self._language).splitlines()
            line(f"  ✗ {self.say(SAID['no'])} {first}", style="red")
            for text in more:
                line(f"    {text}", style="yellow")
            return
        line(f"  ✓ {self._standing(case)}", style="green")
        for joint in dict.fromkeys(one.process for one in transition.joint.values()):
            for other in self._driven(joint, f"{case.id}/{case.version}"):
                line(f"    + {self._standing(other)}", style="green")
        for effect in self._engine.effects(case_id=case.id):
            if effect.version == case.version:
                line(f"    > {self._effect(effect.kind, effect.recipient)}", style="cyan")

    def _driven(self, process: str, cause: str) -> list[Case]:
        """The cases of a process that were moved together with a step."""
        found = [
            case
            for case in self._engine.cases(process=process)
            if self._engine.history(case.id)[-1].cause == cause
        ]
        return sorted(found, key=lambda case: case.subject)

    def _when(self) -> str:
        at = self._clock.local()
        day, month = DAYS[at.weekday()], MONTHS[at.month - 1]
        return f"{self.say(day)} {at.day} {self.say(month)} {at.year} {at:%H:%M}"

    def _who(self, role: str) -> str:
        if role == "clock":
            return self.say(SAID["clock"])
        return self.say(self._routine.role_labels([role]))

    def _standing(self, case: Case) -> str:
        rules = self._routine.process(case.process).rules
        state = rules.states[case.state].label
        return f"{self.say(rules.label)} {case.subject}: {self.say(state)}"

    def _effect(self, kind: str, recipient: str) -> str:
        role = self._routine.pack.role.get(recipient)
        to = role.label if role else CONTACTS.get(recipient, Text(recipient, recipient))
        return self.say(EFFECTS[kind]).format(to=self.say(to))

    # -- what is left in the end ---------------------------------------------------------------

    def ending(self) -> bool:
        line()
        line(self.say(SAID["ending"]), style="bold")
        line()
        self._locks()
        line()
        self._ordinary_locks()
        for role, actor in CAST.items():
            line()
            show_worklist(
                self._routine,
                self._engine.worklist(actor=actor),
                self._language,
                title=self.say(SAID["list_of"]).format(role=self._who(role)),
                ids=False,
            )
        line()
        show_figures(self._routine, self._engine.figures(), self._language, past=False)
        line()
        if self._outside:
            arrived = self._outside.ending()
        else:
            arrived = True
            waiting = self._engine.backlog().effects("due")
            line(self.say(SAID["waiting"]).format(count=waiting))
        found = self._engine.verify()
        problems = len(found.problems)
        line(
            show_verification(found.cases, found.events, problems, self._language),
            style="bold green" if found.whole else "bold red",
        )
        return found.whole and arrived

    def _locks(self) -> None:
        heads = ("serial_number", "model", "state", "door", "paired_with", "place", "battery")
        rows = [
            (
                case.subject,
                _text(case, "model"),
                self._state(case),
                " ".join(filter(None, (_text(case, "customer"), _text(case, "door")))),
                _text(case, "paired_with"),
                _text(case, "place"),
                f"{level} %" if (level := _text(case, "level")) else "",
            )
            for case in self._engine.cases(process="lock")
        ]
        rows.sort()
        table([self.say(SAID[head]) for head in heads], rows, self.say(SAID["locks"]))

    def _ordinary_locks(self) -> None:
        rows = [
            (case.subject, _text(case, "door"), self._state(case), _text(case, "place"))
            for case in self._engine.cases(process="ordinary_lock")
        ]
        heads = ("customer", "door", "state", "place")
        title = self.say(SAID["ordinary_locks"])
        table([self.say(SAID[head]) for head in heads], rows, title)

    def _state(self, case: Case) -> str:
        return self.say(self._routine.process(case.process).rules.states[case.state].label)


def _text(case: Case, name: str) -> str:
    value = case.value(name)
    return "" if value is None else str(value)
