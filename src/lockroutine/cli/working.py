"""The command that works in the background: worker."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from lockroutine.accounts import KnownAccounts, read_accounts
from lockroutine.cli import output
from lockroutine.cli.databases import opened
from lockroutine.cli.running import plugins_of, until_told
from lockroutine.contacts import Contacts, read_contacts
from lockroutine.errors import RulesError, StoreError
from lockroutine.model import Language

__all__ = ["Working", "worker"]


@frozen(kw_only=True)
class Working:
    """How work is done in the background.

    Args:
        settings: The file of the plugins' settings.
        contacts: The file of contacts.
        accounts: The file of accounts.
        unit: The unit of what is pulled and belongs to no case.
        parallel: How many tasks run side by side at most.
        language: The language of tickets.
    """

    settings: Path | None
    contacts: Path | None
    accounts: Path | None
    unit: str
    parallel: int
    language: Language


def worker(place: str, pack: str, how: Working) -> int:
    """Deliver, pull, tick and sweep, as jobs and the clock say, until told to stop."""
    try:
        # It takes long to load, and only this command needs it.
        from lockroutine.jobs import work  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = 'The worker needs more: pip install "lockroutine[jobs]"'
        raise StoreError(message) from error
    contacts = read_contacts(how.contacts) if how.contacts else Contacts()
    accounts = read_accounts(how.accounts) if how.accounts else KnownAccounts()
    with (
        opened(
            place,
            pack,
            plugins=plugins_of(how.settings),
            contacts=contacts,
            accounts=accounts.of,
            language=how.language,
        ) as engine,
        until_told(engine.stop_delivering) as stop,
    ):
        problems = accounts.problems_with(engine.routine, str(how.accounts or ""))
        if problems:
            raise RulesError(problems)
        output.line("Working until told to stop.")
        work(engine, stop=stop, parallel=how.parallel, unit=how.unit)
    return 0
