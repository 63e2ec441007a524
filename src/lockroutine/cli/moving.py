"""The command that brings open cases under another version: move."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import frozen

from lockroutine.cli import output
from lockroutine.cli.databases import called, opened, store_at
from lockroutine.cli.decisions import decided
from lockroutine.cli.labels import Labels
from lockroutine.cli.locating import located
from lockroutine.cli.plain import of_reason, plain
from lockroutine.cli.running import until_told
from lockroutine.cli.words import said
from lockroutine.differences import Differences, Right, differences
from lockroutine.engine import Engine
from lockroutine.errors import InvalidForm, NotFound, Problem, RulesError, StoreError
from lockroutine.model import Actor, Language
from lockroutine.moving import Fate, MovePlan, PlannedCase
from lockroutine.routine import Routine

__all__ = ["MovingCases", "Progress", "move"]

_FATES: tuple[Fate, ...] = ("moves", "needs_decision", "cannot")


@frozen(kw_only=True)
class MovingCases:
    """How cases are moved.

    Args:
        to: The pack, or the version of it that the database knows.
        of: The name of the routine that the cases run under now, if it is another.
        dry_run: Whether only to say what would become of each.
        actor: Who moves them.
        why: Why, in their words.
        decide: What was decided, as ``CASE=STATE``.
        decisions: A file of such.
        limit: How many cases each list shows.
    """

    to: str
    of: str
    dry_run: bool
    actor: str
    why: str
    decide: tuple[str, ...]
    decisions: Path | None
    limit: int


def move(place: str, pack: str, how: MovingCases, language: Language, *, as_json: bool) -> int:
    """Bring open cases under a version, or say what would become of them; 1 if some stay."""
    decisions = decided(how.decide, how.decisions)
    if not how.dry_run and not how.actor:
        raise InvalidForm([Problem("--actor", "is needed: who moves them (or give --dry-run)")])
    to = located(how.to, place)
    name = how.of or to.pack.name
    _look_for(name, place)
    with opened(place, pack, of=name) as engine:
        told = _Telling(engine, to, how, language, Labels(engine, language))
        if how.dry_run:
            return told.plan(decisions, as_json=as_json)
        return told.move(decisions, as_json=as_json)


def _look_for(name: str, place: str) -> None:
    with store_at(place) as store, store.reading() as reading:
        known = {key.partition("@")[0] for key in reading.routine_keys()}
        if name not in known:
            raise StoreError(
                f"The database {called(store)} knows no routine {name}; say with --of whose cases "
                f"are meant: {', '.join(sorted(known))}."
            )


class Progress:
    """Says on standard error how far something is: now and then, or in one line of a terminal."""

    def __init__(self) -> None:
        self.done: int = 0
        self.whole: int = 0
        self._said = 0
        self._on_terminal = sys.stderr.isatty()

    def tell(self, done: int, whole: int) -> None:
        """Say that so many are done, of so many."""
        self.done, self.whole = done, whole
        part = 100 * done // whole
        if part == self._said or (part < self._said + 5 and part < 100):
            return
        self._said = part
        self._write(f"\r{done} / {whole}" if self._on_terminal else f"{done} / {whole}\n")

    def end(self) -> None:
        """Leave the line that a terminal shows."""
        if self._on_terminal and self._said:
            self._write("\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


@frozen
class _Telling:
    """What is told of a move."""

    _engine: Engine
    _to: Routine
    _how: MovingCases
    _language: Language
    _labels: Labels

    def _say(self, word: str, **values: object) -> str:
        return said(word, self._language, **values)

    # -- before --------------------------------------------------------------------------------

    def plan(self, decisions: Mapping[str, str], *, as_json: bool) -> int:
        plan = self._engine.plan_move(self._to, decisions=decisions, of=self._how.of)
        stays = len(plan.cases) - plan.counts["moves"]
        if as_json:
            rights = [
                _plain_right(found.old, right)
                for found in self._changes(plan)
                for right in _by_role(found)
            ]
            output.dump(
                {
                    "to": plan.to,
                    "counts": {fate: plan.counts[fate] for fate in _FATES},
                    "cases": [_plain(case) for case in plan.cases],
                    "rights": rights,
                }
            )
            return 1 if stays else 0
        if not plan.cases:
            output.line(self._say("move_none", name=self._how.of or self._to.pack.name, to=plan.to))
            return 0
        output.line(self._say("move_plan", to=plan.to, cases=len(plan.cases)))
        self._count(plan.cases)
        self._lists(plan.cases)
        for found in self._changes(plan):
            self._show_rights(found)
        return 1 if stays else 0

    def _changes(self, plan: MovePlan) -> Iterator[Differences]:
        """What is otherwise than under each version that cases run under."""
        for key in sorted({case.routine for case in plan.cases}):
            # Without its text its cases cannot be read, and are told as such.
            with suppress(NotFound):
                yield differences(self._engine.version(key), self._to)

    def _show_rights(self, found: Differences) -> None:
        output.line()
        if not found.rights:
            output.line(self._say("no_rights", old=found.old))
            return
        output.line(self._say("rights", old=found.old), style="bold")
        for right in _by_role(found):
            process = found.labels[right.process].get(self._language)
            output.line(f"  {process}: {right.line(self._language)}")

    def _count(self, cases: Sequence[PlannedCase]) -> None:
        counted = Counter((case.process, case.fate) for case in cases)
        rows = [
            (self._process(case), *(str(counted[name, fate] or "") for fate in _FATES))
            for name, case in sorted({case.process: case for case in cases}.items())
        ]
        output.line()
        output.table([self._say(head) for head in ("process", *_FATES)], rows)

    def _lists(self, cases: Sequence[PlannedCase]) -> None:
        """The cases by what becomes of them, each list as long as was asked for."""
        ordered = sorted(cases, key=lambda case: case.process)
        for fate in reversed(_FATES):
            mine = [case for case in ordered if case.fate == fate]
            shown = mine[: self._how.limit]
            heads = ("case", "process", "subject", "state", f"{fate}_what")
            rows = [
                (
                    case.case_id,
                    self._process(case),
                    case.subject,
                    self._state(case),
                    self._what(case),
                )
                for case in shown
            ]
            if rows:
                output.line()
            title = f"{self._say(fate)}: {len(mine)}"
            output.table([self._say(head) for head in heads], rows, title)
            if len(mine) > len(shown) > 0:
                output.line(self._say("and_more", more=len(mine) - len(shown), all=len(mine)))

    def _what(self, case: PlannedCase) -> str:
        if case.reason:
            return case.reason.text.get(self._language)
        return ", ".join(map(str, case.choices)) or case.to

    def _process(self, case: PlannedCase) -> str:
        return self._labels.process(case.routine, case.process)

    def _state(self, case: PlannedCase) -> str:
        label = self._labels.state(case.routine, case.process, case.state)
        return f"{label} ({case.state})"

    # -- the move itself -----------------------------------------------------------------------

    def move(self, decisions: Mapping[str, str], *, as_json: bool) -> int:
        how, progress = self._how, Progress()
        with until_told(lambda: None) as stop:
            report = self._engine.move(
                self._to,
                actor=self._mover(),
                why=how.why,
                decisions=decisions,
                of=how.of,
                tell=progress.tell,
                stop=stop.is_set,
            )
        progress.end()
        ahead = progress.whole - progress.done if report.stopped else 0
        if as_json:
            output.dump(
                {
                    "to": report.to,
                    "moved": report.moved,
                    "left": [_plain(case) for case in report.left],
                    "stopped": report.stopped,
                    "ahead": ahead,
                }
            )
        else:
            left = len(report.left)
            output.line(self._say("move_done", to=report.to, moved=report.moved, left=left))
            if report.stopped:
                output.line(self._say("move_stopped", ahead=ahead))
            self._lists(report.left)
        return 1 if report.left or report.stopped else 0

    def _mover(self) -> Actor:
        """Whoever may write the file may move its cases, in a role that the pack gives that to."""
        roles = self._to.tending_roles()
        if not roles:
            message = "names no role that moves cases: write tends_effects = true in one"
            raise RulesError([Problem("role", message, self._to.key)])
        return Actor(self._how.actor, roles=roles, units=self._units())

    def _units(self) -> frozenset[str]:
        units: set[str] = set()
        cursor = ""
        while True:
            page = self._engine.cases(is_open=True, limit=1000, cursor=cursor)
            units.update(case.unit for case in page)
            cursor = page.next
            if not cursor:
                return frozenset(units)


def _by_role(found: Differences) -> list[Right]:
    return sorted(found.rights, key=lambda right: right.role)


def _plain_right(old: str, right: Right) -> dict[str, Any]:
    return {
        "old": old,
        "role": right.role,
        "process": right.process,
        "transition": right.transition,
        "change": right.change,
        "text": plain(right.text),
    }


def _plain(case: PlannedCase) -> dict[str, Any]:
    return {
        "case": case.case_id,
        "process": case.process,
        "subject": case.subject,
        "state": case.state,
        "routine": case.routine,
        "fate": case.fate,
        "to": case.to,
        "choices": list(case.choices),
        "reason": of_reason(case.reason) if case.reason else None,
    }
