"""The commands for what is in a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockroutine.cli import databases, doctoring, exporting, histories, moving, replaying
from lockroutine.cli.options import Database, DatabasePack, Force, Json, Lang, Settings

__all__ = ["commands"]

commands: typer.Typer = typer.Typer()

_Shown = Annotated[
    int, typer.Option("--limit", metavar="NUMBER", min=1, help="How many a list shows at most.")
]


@commands.command()
def verify(
    database: Database,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", metavar="NUMBER", min=1, help="Only about so many cases, taken at random."
        ),
    ] = None,
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Is every event as it was recorded? Exit 1 if not."""
    return databases.verify(database, pack, sample, as_json=as_json)


@commands.command()
def doctor(
    database: Database,
    settings: Settings = None,
    sample: Annotated[
        int,
        typer.Option(
            "--sample", metavar="NUMBER", min=1, help="Of how many cases the events are checked."
        ),
    ] = 200,
    whole: Annotated[
        bool, typer.Option("--whole", help="Check the events of all cases; it takes long.")
    ] = False,
    pack: DatabasePack = "",
    as_json: Json = False,
) -> int:
    """Is anything wrong, and what is to be done? Exit 1 if something is."""
    how = doctoring.Examining(settings=settings, sample=None if whole else sample)
    return doctoring.doctor(database, pack, how, as_json=as_json)


@commands.command()
def worklist(
    database: Database,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="Whose list.")],
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="UNIT", help="In which unit; may be given again."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="About how many entries.")] = 50,
    cursor: Annotated[
        str, typer.Option("--cursor", help="Go on from here: the `next` of the page before.")
    ] = "",
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of", metavar="TIME", help="As it was then, in local time: '2026-03-02 10:00'."
        ),
    ] = "",
    pack: DatabasePack = "",
    as_json: Json = False,
    lang: Lang = "en",
) -> int:
    """Show what waits for a role, oldest due first."""
    wanted = databases.Wanted(
        role=role, units=frozenset(unit or ()), limit=limit, cursor=cursor, as_of=as_of
    )
    return databases.worklist(database, pack, wanted, lang, as_json=as_json)


@commands.command()
def figures(
    database: Database, pack: DatabasePack = "", as_json: Json = False, lang: Lang = "en"
) -> int:
    """Show open and overdue cases, times, stock and refusals."""
    return databases.figures(database, pack, lang, as_json=as_json)


@commands.command()
def export(
    database: Database,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Into this file; else to standard output."),
    ] = None,
    personal: Annotated[
        bool,
        typer.Option("--personal", help="With what is personal or secret, door codes too."),
    ] = False,
    force: Force = False,
    pack: DatabasePack = "",
) -> int:
    """Write every event as a line of JSON, without personal data unless you say so."""
    how = exporting.Exporting(out=out, force=force, personal=personal)
    return exporting.export(database, pack, how)


@commands.command()
def tick(database: Database, pack: DatabasePack = "", as_json: Json = False) -> int:
    """Make the transitions whose time has come."""
    return databases.tick(database, pack, as_json=as_json)


@commands.command()
def sweep(
    database: Database, pack: DatabasePack = "", as_json: Json = False, lang: Lang = "en"
) -> int:
    """Make a round of the standing checks. Exit 1 if something could not be written."""
    return databases.sweep(database, pack, lang, as_json=as_json)


@commands.command()
def history(
    database: Database,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case's id.")],
    pack: DatabasePack = "",
    as_json: Json = False,
    lang: Lang = "en",
) -> int:
    """Show what has happened to a case, by the rules of the day of each event."""
    return histories.history(database, pack, case, lang, as_json=as_json)


@commands.command()
def move(
    database: Database,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="NEW", help="A pack, REV:PATH of git, or a stored NAME@VERSION."
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would become of each open case.")
    ] = False,
    actor: Annotated[str, typer.Option("--actor", metavar="ID", help="Who moves them.")] = "",
    why: Annotated[
        str, typer.Option("--why", metavar="TEXT", help="Why; kept with each case.")
    ] = "",
    decide: Annotated[
        list[str] | None,
        typer.Option(
            "--decide",
            metavar="CASE=STATE",
            help="Into which state; for all of a state: PROCESS.STATE=STATE. May be given again.",
        ),
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option("--decisions", metavar="FILE", help="The same in a file, TOML or JSON."),
    ] = None,
    of: Annotated[
        str,
        typer.Option(
            "--of", metavar="NAME", help="The routine that they run under now, if it is another."
        ),
    ] = "",
    limit: _Shown = 20,
    pack: DatabasePack = "",
    as_json: Json = False,
    lang: Lang = "en",
) -> int:
    """Bring open cases under another version, each by itself. Exit 1 if some stay."""
    how = moving.MovingCases(
        to=to,
        of=of,
        dry_run=dry_run,
        actor=actor,
        why=why,
        decide=tuple(decide or ()),
        decisions=decisions,
        limit=limit,
    )
    return moving.move(database, pack, how, lang, as_json=as_json)


@commands.command()
def replay(
    database: Database,
    under: Annotated[
        str,
        typer.Option(
            "--under", metavar="NEW", help="A pack, REV:PATH of git, or a stored NAME@VERSION."
        ),
    ],
    limit: _Shown = 20,
    pack: DatabasePack = "",
    as_json: Json = False,
    lang: Lang = "en",
) -> int:
    """Show which recorded steps other rules would have refused. Exit 1 if any. Writes nothing."""
    return replaying.replay(database, pack, under, limit, lang, as_json=as_json)
