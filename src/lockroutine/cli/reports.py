"""The command for what other systems report back: pull."""

from __future__ import annotations

from pathlib import Path

import attrs
from attrs import frozen

from lockroutine.accounts import KnownAccounts, read_accounts
from lockroutine.cli import output
from lockroutine.cli.databases import opened
from lockroutine.cli.running import plugins_of, until_told
from lockroutine.engine import Engine
from lockroutine.errors import PluginsError, Problem, RulesError
from lockroutine.model import Language
from lockroutine.pulling import READ_BY, PullReport

__all__ = ["Pulling", "pull"]


@frozen(kw_only=True)
class Pulling:
    """How reports are read.

    Args:
        settings: The file of the plugins' settings.
        accounts: The file of accounts.
        unit: The unit of what belongs to no case.
        watch: Whether to keep at it.
        pause: For how many seconds to wait between two looks.
        language: The language of what is answered on tickets.
    """

    settings: Path | None
    accounts: Path | None
    unit: str
    watch: bool
    pause: float
    language: Language


def pull(place: str, pack: str, how: Pulling, *, as_json: bool) -> int:
    """Read what other systems report; 1 if one of them could not be read, the last time."""
    plugins = plugins_of(how.settings)
    accounts = read_accounts(how.accounts) if how.accounts else KnownAccounts()
    with (
        opened(place, pack, plugins=plugins, accounts=accounts.of, language=how.language) as engine,
        until_told(lambda: None) as stop,
    ):
        _look_over(engine, accounts, how)
        while True:
            report = engine.pull(unit=how.unit)
            if not how.watch or any(attrs.astuple(report)):
                _show(report, as_json=as_json)
            if not how.watch or stop.wait(how.pause):
                break
    return 1 if report.problems else 0


def _look_over(engine: Engine, accounts: KnownAccounts, how: Pulling) -> None:
    """Say what is wrong with the whole before anything is read.

    Raises:
        RulesError: Somebody works in a role that is not there.
        PluginsError: Nothing that is set up can be read.
    """
    problems = accounts.problems_with(engine.routine, str(how.accounts or ""))
    if problems:
        raise RulesError(problems)
    if not any(engine.plugins.with_hook(hook) for hook in READ_BY):
        message = f"none that is set up can be read: it takes one with {' or '.join(READ_BY)}"
        raise PluginsError([Problem("plugins", message)])


def _show(report: PullReport, *, as_json: bool) -> None:
    counts = attrs.asdict(report)
    problems = counts.pop("problems")
    if as_json:
        output.dump({**counts, "problems": list(problems)})
        return
    said = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    output.line(f"Read: {said or 'nothing new'}.")
    for problem in problems:
        output.line(f"! {problem}")
