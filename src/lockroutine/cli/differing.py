"""The commands that say what changes: diff, and show --diff."""

from __future__ import annotations

from typing import Any

from attrs import asdict

from lockroutine.cli import output
from lockroutine.cli.loading import usable
from lockroutine.cli.locating import is_stored, located
from lockroutine.cli.plain import plain
from lockroutine.differences import Difference, Differences, differences
from lockroutine.errors import LockroutineError
from lockroutine.model import Language

__all__ = ["diff", "show_diff"]


def diff(old: str, new: str, database: str, language: Language, *, as_json: bool) -> int:
    """Say what changes from one pack to another."""
    if database and not (is_stored(old) or is_stored(new)):
        raise LockroutineError("--database goes with a stored routine: write one as NAME@VERSION.")
    return _told(differences(located(old, database), located(new, database)), language, as_json)


def show_diff(where: str, process: str, base: str, language: Language, *, as_json: bool) -> int:
    """Say what a pack changes of what it extends, or of any other; all, or of one process."""
    routine = usable(where)
    if process:
        routine.process(process)  # there is none: the nearest name is told
    found = differences(located(base), routine)
    return _told(found.within(process) if process else found, language, as_json)


def _told(found: Differences, language: Language, as_json: bool) -> int:
    if as_json:
        entries = [_plain(one) for one in found]
        output.dump({"old": found.old, "new": found.new, "differences": entries})
    else:
        for line in found.said(language).split("\n"):
            output.line(line)
    return 0


def _plain(one: Difference) -> dict[str, Any]:
    return {name: plain(value) for name, value in asdict(one, recurse=False).items()}
