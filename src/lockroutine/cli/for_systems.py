"""The commands for other systems, and for what goes out to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockroutine.cli import reports, systems, working
from lockroutine.cli.options import Cursor, Database, DatabasePack, Json, Settings, example
from lockroutine.model import Language

__all__ = ["commands"]

commands: typer.Typer = typer.Typer()

_Contacts = Annotated[
    Path | None, typer.Option("--contacts", metavar="FILE", help="The TOML file of contacts.")
]
_Accounts = Annotated[
    Path | None,
    typer.Option(
        "--accounts", metavar="FILE", help="The TOML file of accounts of the ticket system."
    ),
]
_Unit = Annotated[
    str, typer.Option("--unit", metavar="UNIT", help="The unit of what belongs to no case.")
]
_Watch = Annotated[bool, typer.Option("--watch", help="Keep at it until told to stop.")]
_Every = Annotated[
    float,
    typer.Option(
        "--every", metavar="SECONDS", min=0.1, max=3600.0, help="How often to look, watching."
    ),
]
_Key = Annotated[str, typer.Argument(metavar="KEY", help="The effect's key.")]
_ActorId = Annotated[str, typer.Option("--actor", metavar="ID", help="Who does it.")]


@commands.command(epilog=example("plugins --settings plugins.toml"))
def plugins(
    settings: Settings = None,
    pack: Annotated[
        str, typer.Option("--pack", metavar="PACK", help="The pack to serve, if not the bundled.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Show which plugins are installed and set up.

    Each with its settings and where their values come from, never the values; and what the rule
    pack needs that is missing.

    Exit 1 if something is missing or wrong.
    """
    return systems.plugins(settings, pack, as_json=as_json)


@commands.command(
    epilog=example("deliver locks.db --settings plugins.toml --contacts contacts.toml")
)
def deliver(
    database: Database,
    settings: Settings = None,
    contacts: _Contacts = None,
    watch: _Watch = False,
    every: _Every = 5.0,
    lang: Annotated[Language, typer.Option("--lang", help="The language of tickets.")] = "sv",
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Send what is due to tickets, the admin tool and people.

    Once, or with `--watch` until told to stop; several may run on one database. What a system did
    not take is tried again later. What was refused for good is parked, for a person to look at.

    Exit 1 if something was parked.
    """
    how = systems.Delivering(
        settings=settings, contacts=contacts, watch=watch, pause=every, language=lang
    )
    return systems.deliver(database, pack, how, as_json=as_json)


@commands.command(epilog=example("pull locks.db --settings plugins.toml --accounts accounts.toml"))
def pull(
    database: Database,
    settings: Settings = None,
    accounts: _Accounts = None,
    unit: _Unit = "municipality",
    watch: _Watch = False,
    every: _Every = 60.0,
    lang: Annotated[
        Language, typer.Option("--lang", help="The language of what is answered on tickets.")
    ] = "sv",
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Read what tickets and the admin tool report.

    A report in a ticket becomes the step that it means. What cannot be read, and what differs
    between the registers, comes onto a work list. Read twice, everything counts once.

    Exit 1 if a system could not be read; with `--watch`, the last time.
    """
    how = reports.Pulling(
        settings=settings, accounts=accounts, unit=unit, watch=watch, pause=every, language=lang
    )
    return reports.pull(database, pack, how, as_json=as_json)


@commands.command(
    epilog=example(
        'worker "postgresql://locks@db.example.org/care?jobs=procrastinate" --settings plugins.toml'
    )
)
def worker(
    database: Annotated[
        str, typer.Argument(metavar="URL", help="The database URL, with jobs=procrastinate.")
    ],
    settings: Settings = None,
    contacts: _Contacts = None,
    accounts: _Accounts = None,
    unit: _Unit = "municipality",
    parallel: Annotated[
        int,
        typer.Option(
            "--parallel", metavar="NUMBER", min=1, max=64, help="How many tasks run side by side."
        ),
    ] = 4,
    lang: Annotated[Language, typer.Option("--lang", help="The language of tickets.")] = "sv",
    pack: DatabasePack = "",
) -> int:
    """Do all that runs in the background, on PostgreSQL.

    It delivers, pulls, makes what is due and checks, as tasks of Procrastinate, until told to stop.
    Start as many as you like; then `deliver`, `pull`, `tick` and `sweep` need not run.
    """
    how = working.Working(
        settings=settings,
        contacts=contacts,
        accounts=accounts,
        unit=unit,
        parallel=parallel,
        language=lang,
    )
    return working.worker(database, pack, how)


@commands.command(epilog=example("effects locks.db --state parked"))
def effects(
    database: Database,
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="Only those, for example parked.")
    ] = "",
    limit: Annotated[
        int, typer.Option("--limit", metavar="NUMBER", help="How many at most.")
    ] = 100,
    cursor: Cursor = "",
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Show what plugins are asked to do, and where it is.

    An effect is one thing to do elsewhere: a ticket, a note, a message, a pairing. It is shown
    where each is and what the other system answered, never what is written in it.
    """
    return systems.effects(database, pack, state, limit, cursor, as_json=as_json)


@commands.command(epilog=example("retry locks.db KEY --actor anna"))
def retry(
    database: Database,
    key: _Key,
    actor: _ActorId,
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Try an effect again as soon as may be.

    Of one that is parked, once its cause is mended; of one that waits for its next turn, to send it
    now.
    """
    return systems.retry(database, pack, key, actor, as_json=as_json)


@commands.command(
    epilog=example('dismiss locks.db KEY --actor anna --reason "Ordered by telephone"')
)
def dismiss(
    database: Database,
    key: _Key,
    actor: _ActorId,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")],
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Send an effect no more.

    Of one that was seen to otherwise. Who said so, and why, is kept with it.
    """
    return systems.dismiss(database, pack, key, actor, reason, as_json=as_json)


@commands.command(epilog=example("confirm locks.db KEY --actor anna --serial-number PH1-001"))
def confirm(
    database: Database,
    key: _Key,
    actor: _ActorId,
    serial_number: Annotated[
        str,
        typer.Option(
            "--serial-number", metavar="NUMBER", help="The lock's serial number, to be sure."
        ),
    ] = "",
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Say that what was asked of a person is done.

    `lockroutine effects --state asked` shows what is. Of what is about a lock, its serial number is
    needed.
    """
    return systems.confirm(database, pack, key, actor, serial_number, as_json=as_json)
