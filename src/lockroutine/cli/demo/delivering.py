"""What the demo does with plugins: it sends, reads back what others did, and tells of both."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lockroutine.cli.demo.telling import CAST, FIRST, THIRD, Step
from lockroutine.cli.demo.words import PLUGINS, REPORTS
from lockroutine.cli.output import line
from lockroutine.engine import Engine
from lockroutine.errors import InvalidForm, LockroutineError
from lockroutine.model import Case, Effect, Language
from lockroutine.pulling import PullReport
from lockroutine.stores.base import all_effects
from lockroutine.testing.clock import StoppedClock

if TYPE_CHECKING:
    from lockroutine.cli.demo.outside import Systems

__all__ = ["Outside"]

# What a person reads in the vendor's tool is read from the exported file instead.
_READ_FROM_THE_TOOL = ("lock.record_low_battery", "battery.ask_change")
_BY_HAND = ("pair_lock", "unpair_lock")
_ROUNDS = 20


class Outside:
    """Sends and reads between the steps of the story.

    Args:
        engine: The engine, with the plugins of ``systems``.
        clock: Its clock.
        systems: Whom it reaches.
        language: In which language to tell, and people write.
    """

    def __init__(
        self, engine: Engine, clock: StoppedClock, systems: Systems, language: Language
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._systems = systems
        self._language: Language = language
        self._erred = False
        self._late = False
        self._told: Counter[str] = Counter()
        systems.tool.export()

    # -- instead of a step ---------------------------------------------------------------------

    def takes(self, step: Step) -> bool:
        """Whether a step is made from outside, and not typed in here."""
        return not step.refused and (step.does in REPORTS or step.does in _READ_FROM_THE_TOOL)

    def instead(self, step: Step) -> Case:
        """Have a step made from outside.

        Returns:
            The case as it stands then.

        Raises:
            LockroutineError: It was not made.
        """
        if step.does in REPORTS:
            self._report(step)
        elif step.does == _READ_FROM_THE_TOOL[0]:
            self._battery(step)
        process, _, _ = step.does.partition(".")
        (*_, case) = self._engine.cases(process=process, subject=step.about, is_open=True)
        return case

    def _report(self, step: Step) -> None:
        form = step.form or {}
        process, _, name = step.does.partition(".")
        self.send()
        (*_, case) = self._engine.cases(process=process, subject=step.about, is_open=True)
        (ticket, *_) = (one.outside for one in self._tickets_of(case))
        if not self._erred:
            self._erred = True
            self._write(ticket, step, dict.fromkeys(form, THIRD))
            self._read(unread=1)
            self.send()
            self._tell("answered", ticket=ticket)
            for text in self._systems.notes(ticket)[-1].splitlines():
                line(f"      {text}", style="yellow")
        self._write(ticket, step, {key: str(value).upper() for key, value in form.items()})
        self._read(reports=1)
        event = self._engine.history(case.id)[-1]
        if event.transition != name:
            raise LockroutineError(f"{step.does} was not made by what stands in the ticket")
        self._tell("moved", style="green", who=event.actor)

    def _write(self, ticket: str, step: Step, serials: dict[str, str]) -> None:
        text = REPORTS[step.does].get(self._language).format(**serials)
        self._tell("writes", ticket=ticket, who=self._systems.account, text=text)
        self._systems.write(ticket, text)

    def _tickets_of(self, case: Case) -> list[Effect]:
        done = self._engine.effects(case_id=case.id, state="done")
        return [one for one in done if one.kind == "open_ticket"]

    def _battery(self, step: Step) -> None:
        form = step.form or {}
        tool = self._systems.tool
        tool.levels[step.about] = (form["level"], form["read_at"].isoformat())
        self._export()
        self._read(readings=1, batteries=1)

    # -- between the chapters ------------------------------------------------------------------

    def send(self) -> None:
        """Send what is due, until nothing waits for another attempt."""
        for _ in range(_ROUNDS):
            self._engine.deliver()
            left = self._engine.backlog()
            if not any(left.effects(state) for state in ("due", "failed", "unknown")):
                return
            self._clock.advance(minutes=10)
        raise LockroutineError("the systems of the demo do not answer")

    def after(self) -> None:
        """Send what a chapter has brought, and do by hand what it asks of a person."""
        self.send()
        sent = self._counted() - self._told
        self._told += sent
        line()
        if set(sent).difference(_BY_HAND):
            self._tell("sent", "cyan", **self._numbers(sent))
        asked = self._engine.effects(state="asked").items
        if asked and not self._late:
            self._late = True
            self._differ(asked)
        for effect in asked:
            self._by_hand(effect)
        if asked:
            self._export()
            self._read()

    def _differ(self, asked: tuple[Effect, ...]) -> None:
        """Before the person has done it, the tool's register says something else than ours."""
        self._systems.tool.paired[FIRST] = ""
        self._export()
        self._read(differences=1)
        self._tell("wrong_lock", serial=THIRD)
        try:
            self._engine.confirm(asked[0].key, actor=CAST["coordinator"], serial_number=THIRD)
        except InvalidForm:
            self._tell("not_confirmed", style="red")
        else:
            raise LockroutineError("a wrong serial number was taken for the right one")

    def _by_hand(self, effect: Effect) -> None:
        serial = str(effect.values["serial_number"])
        pairs = effect.kind == "pair_lock"
        customer = str(effect.values["customer"]) if pairs else ""
        self._systems.tool.paired[serial] = customer
        self._engine.confirm(effect.key, actor=CAST["coordinator"], serial_number=serial)
        self._tell("paired" if pairs else "unpaired", style="cyan", serial=serial)

    # -- reading -------------------------------------------------------------------------------

    def _export(self) -> None:
        self._systems.tool.export()
        self._tell("exports", path=self._systems.tool.path.name)

    def _read(self, **expected: int) -> PullReport:
        """Read everything, and tell of it; what is expected must be among it."""
        unit = next(iter(CAST["coordinator"].units))
        report = self._engine.pull(unit=unit)
        if report.problems:
            raise LockroutineError("; ".join(report.problems))
        for name in ("reports", "unread", "readings", "batteries", "differences", "agreed"):
            count = getattr(report, name)
            if count:
                style = "yellow" if name in ("unread", "differences") else "green"
                self._tell(name, style=style, count=count)
            if count < expected.get(name, 0):
                raise LockroutineError(f"{name}: {count} came back, and not {expected[name]}")
        return report

    # -- in the end ----------------------------------------------------------------------------

    def opening(self) -> None:
        """Say what the effects go through."""
        tickets, notices = (name.get(self._language) for name in self._systems.named)
        line(PLUGINS["opening"].get(self._language).format(tickets=tickets, notices=notices))

    def ending(self) -> bool:
        """Say what went out, counted on both sides; whether they agree and nothing is left."""
        counted = self._counted()
        tickets, notes = self._systems.tickets()
        messages = self._systems.messages()
        self._tell("sum", "", **self._numbers(counted))
        there = (tickets, notes, len(messages), len(set(messages)))
        ours = (
            counted["open_ticket"],
            counted["note_ticket"] + counted["close_ticket"],
            counted["send_notice"],
            counted["send_notice"],
        )
        left = sum(one.effects for one in self._engine.backlog().pending.values())
        same = there == ours and not left
        self._tell(
            "same" if same else "not_same",
            style="bold green" if same else "bold red",
            tickets=tickets,
            notes=notes,
            messages=len(set(messages)),
            left=left,
        )
        return same

    def _counted(self) -> Counter[str]:
        with self._engine.store.reading() as reading:
            return Counter(one.kind for one in all_effects(reading, state="done"))

    def _numbers(self, counted: Counter[str]) -> dict[str, int]:
        return {
            "tickets": counted["open_ticket"],
            "notes": counted["note_ticket"],
            "closings": counted["close_ticket"],
            "messages": counted["send_notice"],
            "tasks": sum(counted[kind] for kind in _BY_HAND),
        }

    def _tell(self, what: str, style: str = "", **values: object) -> None:
        line(f"    {PLUGINS[what].get(self._language).format(**values)}", style=style)
