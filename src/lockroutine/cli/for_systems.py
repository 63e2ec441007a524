"""The commands for other systems, and for what goes out to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockroutine.cli import reports, systems, working
from lockroutine.cli.options import Database, DatabasePack, Json, Settings
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


@commands.command()
def plugins(
    settings: Settings = None,
    pack: Annotated[
        str, typer.Option("--pack", metavar="PACK", help="The pack to serve, if not the bundled.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Show which plugins are installed and set up. Exit 1 if something is missing or wrong."""
    return systems.plugins(settings, pack, as_json=as_json)


@commands.command()
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
    """Send what is due to tickets, the admin tool and people. Exit 1 if something was parked."""
    how = systems.Delivering(
        settings=settings, contacts=contacts, watch=watch, pause=every, language=lang
    )
    return systems.deliver(database, pack, how, as_json=as_json)


@commands.command()
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
    """Read what tickets and the admin tool report. Exit 1 if one could not be read."""
    how = reports.Pulling(
        settings=settings, accounts=accounts, unit=unit, watch=watch, pause=every, language=lang
    )
    return reports.pull(database, pack, how, as_json=as_json)


@commands.command()
def worker(
    database: Annotated[
        str, typer.Argument(metavar="URL", help="The database URL, with jobs=procrastinate.")
    ],
    settings: Settings = None,
    contacts: _Contacts = None,
    accounts: _Accounts = None,
    unit: _Unit = "municipality",
    parallel: Annotated[
        int, typer.Option("--parallel", min=1, max=64, help="How many tasks run side by side.")
    ] = 4,
    lang: Annotated[Language, typer.Option("--lang", help="The language of tickets.")] = "sv",
    pack: DatabasePack = "",
) -> int:
    """Deliver, pull, make what is due and check, on Procrastinate, until told to stop."""
    how = working.Working(
        settings=settings,
        contacts=contacts,
        accounts=accounts,
        unit=unit,
        parallel=parallel,
        language=lang,
    )
    return working.worker(database, pack, how)


@commands.command()
def effects(
    database: Database,
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="Only those, for example parked.")
    ] = "",
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Show what plugins are asked to do, and where it is."""
    return systems.effects(database, pack, state, as_json=as_json)


@commands.command()
def retry(
    database: Database,
    key: _Key,
    actor: _ActorId,
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Try an effect again as soon as may be."""
    return systems.retry(database, pack, key, actor, as_json=as_json)


@commands.command()
def dismiss(
    database: Database,
    key: _Key,
    actor: _ActorId,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")],
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Send an effect no more."""
    return systems.dismiss(database, pack, key, actor, reason, as_json=as_json)


@commands.command()
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
    """Say that what was asked of a person is done."""
    return systems.confirm(database, pack, key, actor, serial_number, as_json=as_json)
