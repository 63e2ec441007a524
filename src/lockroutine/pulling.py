"""What tickets and the admin tool report back, brought into the cases by the same rules.

What somebody wrote into a ticket becomes the step that it means, made by that person; what cannot
be read, or is refused, becomes a case on somebody's work list. Read twice, everything counts once.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from attrs import frozen

from lockroutine._log import log
from lockroutine.errors import InvalidForm, NotFound, PluginError, Refused
from lockroutine.hookspecs import (
    BatteryLevel,
    BatterySearch,
    RegisteredLock,
    RegisterSearch,
    TicketReport,
    TicketsSince,
)
from lockroutine.model import Actor, Case, Language, Page, Reference, Text
from lockroutine.plugins import Plugins
from lockroutine.routine import Routine, Step
from lockroutine.rules.pulling import Report, read_report
from lockroutine.rules.terms import PULL
from lockroutine.stores import Store
from lockroutine.stores.again import read_from, repeated

__all__ = ["READ_BY", "Accounts", "PullReport", "Puller"]

READ_BY = ("read_tickets", "read_batteries", "list_locks")
"""The hooks that other systems are read by."""

Accounts = Callable[[str], Actor | None]
"""Who stands behind an account of the ticket system; None for somebody unknown."""

_PULL = Actor(PULL, roles={PULL})
_WHY = {
    "case": Text(
        sv="Inget ärende här hör ihop med det här ticketnumret.",
        en="There is no case with this ticket.",
    ),
    "author": Text(
        sv="Kontot som skrev det hör inte till någon som vi känner.",
        en="The account that wrote it is nobody's that we know.",
    ),
}


@frozen(kw_only=True)
class PullReport:
    """What one round of reading brought.

    Args:
        reports: Reports in tickets that became steps.
        unread: Reports that could not be read, or were refused, and stand on a work list.
        readings: Battery levels that were recorded.
        batteries: Battery changes that were asked for.
        differences: Differences between the registers that were found.
        agreed: Differences that have settled themselves.
        problems: What could not be read at all, and why.
    """

    reports: int = 0
    unread: int = 0
    readings: int = 0
    batteries: int = 0
    differences: int = 0
    agreed: int = 0
    problems: tuple[str, ...] = ()


class Doing(Protocol):
    """What is needed of an engine."""

    @property
    def routine(self) -> Routine: ...
    def start(
        self,
        process: str,
        transition: str,
        *,
        actor: Actor,
        subject: str,
        unit: str,
        form: object = None,
        key: str | None = None,
    ) -> Case: ...
    def perform(
        self,
        case_id: str,
        transition: str,
        *,
        actor: Actor,
        form: object = None,
        key: str | None = None,
    ) -> Case: ...
    def cases(
        self,
        *,
        process: str | None = None,
        subject: str | None = None,
        is_open: bool | None = None,
        reference: Reference | None = None,
        cursor: str = "",
    ) -> Page[Case]: ...


class Puller:
    """Reads what other systems report.

    Args:
        engine: What it is brought into.
        store: Where cursors are kept.
        plugins: What it is read through.
        accounts: Who stands behind the accounts of the ticket system.
        unit: The unit of what belongs to no case.
        deadline: When to give up waiting.
        language: In which language reasons are given back.
    """

    def __init__(
        self,
        engine: Doing,
        store: Store,
        plugins: Plugins,
        accounts: Accounts,
        unit: str,
        deadline: dt.datetime,
        language: Language = "sv",
    ) -> None:
        self._language: Language = language
        self._engine = engine
        self._store = store
        self._plugins = plugins
        self._accounts = accounts
        self._unit = unit
        self._deadline = deadline
        self._counts: Counter[str] = Counter()

    def pull(self) -> PullReport:
        """Read everything; a system that does not answer holds up no other."""
        pulls = self._engine.routine.pack.pull
        wanted = (pulls.tickets, pulls.batteries, pulls.register)
        reads = (self._tickets, self._batteries, self._register)
        problems: list[str] = []
        for hook, rules, read in zip(READ_BY, wanted, reads, strict=True):
            if rules and self._plugins.with_hook(hook):
                try:
                    read()
                except PluginError as error:
                    problems.append(f"{hook}: {error.message}")
        return PullReport(**self._counts, problems=tuple(problems))

    # -- tickets -------------------------------------------------------------------------------

    def _tickets(self) -> None:
        (system, *_) = self._plugins.with_hook("read_tickets")
        cursor = read_from(self._store, lambda reading: reading.cursor(system))
        read = self._plugins.read_tickets(TicketsSince(cursor=cursor, deadline=self._deadline))
        for report in read.reports:
            if not report.ours:
                self._report(system, report)
        # Each report is kept with its own key, so that reading it again after a crash is harmless.
        repeated(self._store, lambda kept: kept.keep_cursor(system, read.cursor))

    def _report(self, system: str, report: TicketReport) -> None:
        key = f"pull/{system}/{report.id}"
        if any(self._known(one) for one in (key, f"{key}/unread")):
            return
        cases = self._engine.cases(reference=Reference(system, report.ticket)).items
        for rule, fields in self._meanings(report.text):
            step = _step(rule.step)
            case = next((case for case in cases if case.process == step.process), None)
            if case or not cases:
                self._make(rule, fields, case, report, key)
                return

    def _meanings(self, text: str) -> Iterator[tuple[Report, Mapping[str, str]]]:
        for rule in self._engine.routine.pack.report.values():
            fields = read_report(rule, text)
            if fields is not None:
                yield rule, fields

    def _make(
        self,
        rule: Report,
        fields: Mapping[str, str],
        case: Case | None,
        report: TicketReport,
        key: str,
    ) -> None:
        actor = self._accounts(report.author)
        if case is None:
            why = _WHY["case"].get(self._language)
        elif actor is None:
            why = _WHY["author"].get(self._language)
        else:
            try:
                step = _step(rule.step)
                self._engine.perform(case.id, step.transition, actor=actor, form=fields, key=key)
            except Refused as error:
                why = error.verdict.summary(self._language)
            except InvalidForm as error:
                why = str(error)
            except NotFound:  # to somebody from outside, a case that is not theirs is not there
                why = _WHY["case"].get(self._language)
            else:
                self._counts["reports"] += 1
                return
        self._unread(case, report, why, key)

    def _unread(self, case: Case | None, report: TicketReport, why: str, key: str) -> None:
        tickets = self._engine.routine.pack.pull.tickets
        assert tickets is not None  # it is what has tickets read at all
        step = _step(tickets.unread)
        self._engine.start(
            step.process,
            step.transition,
            actor=_PULL,
            subject=report.ticket,
            unit=case.unit if case else self._unit,
            form={"text": report.text[:2000] or "-", "why": why[:2000]},
            key=f"{key}/unread",
        )
        self._counts["unread"] += 1

    def _known(self, key: str) -> bool:
        """Whether a command with that key was made already."""
        return read_from(self._store, lambda reading: reading.first_result(key)) is not None

    # -- batteries -----------------------------------------------------------------------------

    def _batteries(self) -> None:
        zone = self._engine.routine.calendar.zone
        search = BatterySearch(deadline=self._deadline, zone=zone)
        for level in self._plugins.read_batteries(search):
            lock = self._lock(level.serial_number)
            if lock is not None:
                self._level(lock, level)

    def _level(self, lock: Case, level: BatteryLevel) -> None:
        rules = self._engine.routine.pack.pull.batteries
        assert rules is not None  # it is what has levels read at all
        form = {"level": level.level, "read_at": level.read_at, "source": "admin_tool"}
        key = f"pull/battery/{lock.subject}/{level.read_at.isoformat()}"
        if self._known(key):
            return
        for name in (rules.good, rules.low):
            try:
                self._engine.perform(
                    lock.id, _step(name).transition, actor=_PULL, form=form, key=key
                )
            except (Refused, InvalidForm):
                continue
            self._counts["readings"] += 1
            if name == rules.low:
                self._ask(lock, rules.ask)
            return

    def _ask(self, lock: Case, name: str) -> None:
        step = _step(name)
        try:
            self._engine.start(
                step.process,
                step.transition,
                actor=_PULL,
                subject=lock.subject,
                unit=lock.unit,
                form={"cause": "low"},
            )
        except Refused:
            return  # it was asked for before
        self._counts["batteries"] += 1

    # -- the register --------------------------------------------------------------------------

    def _register(self) -> None:
        theirs = {
            lock.serial_number: lock
            for lock in self._plugins.list_locks(RegisterSearch(deadline=self._deadline))
        }
        rules = self._engine.routine.pack.pull.register
        assert rules is not None  # it is what has the register read at all
        process = self._engine.routine.process(rules.process)
        theirs = {process.subject(serial): lock for serial, lock in theirs.items()}
        ours = {case.subject: case for case in self._open(rules.process)}
        told = {case.subject for case in self._open(_step(rules.differs).process)}
        for serial in sorted({*theirs, *ours, *told}):
            kind = _difference(ours.get(serial), theirs.get(serial), rules.paired)
            self._compare(serial, ours.get(serial), kind)

    def _compare(self, serial: str, lock: Case | None, kind: str) -> None:
        rules = self._engine.routine.pack.pull.register
        assert rules is not None  # see above
        find, agree = _step(rules.differs), _step(rules.agrees)
        known = self._engine.cases(process=find.process, subject=serial, is_open=True).items
        for case in known:
            if case.value("difference") != kind:
                self._engine.perform(case.id, agree.transition, actor=_PULL)
                self._counts["agreed"] += 1
        if kind and not any(case.value("difference") == kind for case in known):
            self._engine.start(
                find.process,
                find.transition,
                actor=_PULL,
                subject=serial,
                unit=lock.unit if lock else self._unit,
                form={"difference": kind},
            )
            self._counts["differences"] += 1

    def _lock(self, serial: str) -> Case | None:
        rules = self._engine.routine.pack.pull.batteries
        assert rules is not None  # see above
        process = _step(rules.good).process
        try:
            found = self._engine.cases(process=process, subject=serial, is_open=True).items
        except (InvalidForm, NotFound):
            log("level_of_no_lock")
            return None
        return found[0] if found else None

    def _open(self, process: str) -> Iterator[Case]:
        cursor = ""
        while True:
            page = self._engine.cases(process=process, is_open=True, cursor=cursor)
            yield from page
            cursor = page.next
            if not cursor:
                return


def _step(name: str) -> Step:
    process, _, transition = name.partition(".")
    return Step(process, transition)


def _difference(ours: Case | None, theirs: RegisteredLock | None, paired: str) -> str:
    """How the registers differ on a lock; empty if they agree."""
    with_us = ours.value(paired) if ours else None
    with_them = (theirs.paired_with if theirs else "") or None
    if ours is None:
        return "missing_here" if theirs else ""
    if theirs is None:
        return "missing_there" if with_us else ""
    if with_us == with_them:
        return ""
    if with_us is None:
        return "paired_only_there"
    return "paired_only_here" if with_them is None else "paired_otherwise"
