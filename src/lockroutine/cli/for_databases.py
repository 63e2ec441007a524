"""The commands for what is in a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockroutine.cli import databases, doctoring, exporting, histories, moving, replaying
from lockroutine.cli.options import (
    Cursor,
    Database,
    DatabasePack,
    Force,
    Json,
    Lang,
    Settings,
    example,
)

__all__ = ["commands"]

commands: typer.Typer = typer.Typer()

_Shown = Annotated[
    int, typer.Option("--limit", metavar="NUMBER", min=1, help="How many a list shows at most.")
]


@commands.command(epilog=example("verify locks.db"))
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
    """Is every event as it was recorded?

    Each event bears the hash of the one before it in its case, so what was changed or taken out
    past the library is found, and named. So are cases that lists would miss.

    Exit 1 if one is not as it was.
    """
    return databases.verify(database, pack, sample, as_json=as_json)


@commands.command(epilog=example("doctor locks.db --settings plugins.toml"))
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
    """Is anything wrong, and what is to be done?

    One line for each thing that can be wrong, and below it what to do: the database, the rules, the
    plugins, the clock, what is to be sent, steps by the clock, the events. It changes nothing and
    shows no personal data, so it may run as often as you like.

    Exit 1 if there is an error among it; 0 if there are only warnings.
    """
    how = doctoring.Examining(settings=settings, sample=None if whole else sample)
    return doctoring.doctor(database, pack, how, as_json=as_json)


@commands.command(epilog=example("worklist locks.db --role coordinator --unit north"))
def worklist(
    database: Database,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="Whose list.")],
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="UNIT", help="In which unit; may be given again."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="NUMBER", help="About how many entries.")
    ] = 50,
    cursor: Cursor = "",
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
    """Show what waits for a role, oldest due first.

    A role that works in units of its own needs `--unit`. With `--as-of` it is the list that people
    had before them then, which takes longer.
    """
    wanted = databases.Wanted(
        role=role, units=frozenset(unit or ()), limit=limit, cursor=cursor, as_of=as_of
    )
    return databases.worklist(database, pack, wanted, lang, as_json=as_json)


@commands.command(epilog=example("figures locks.db --lang sv"))
def figures(
    database: Database, pack: DatabasePack = "", as_json: Json = False, lang: Lang = "en"
) -> int:
    """Show open and overdue cases, times, stock and refusals.

    They are counted over the whole database.
    """
    return databases.figures(database, pack, lang, as_json=as_json)


@commands.command(epilog=example("export locks.db --out events.jsonl"))
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
    """Write every event as a line of JSON.

    In the order of recording, all of it as of one moment, and without personal data unless you say
    so. To a file it is all or nothing, and only its owner may read it.

    Exit 130 if it was interrupted.
    """
    how = exporting.Exporting(out=out, force=force, personal=personal)
    return exporting.export(database, pack, how)


@commands.command(epilog=example("tick locks.db"))
def tick(database: Database, pack: DatabasePack = "", as_json: Json = False) -> int:
    """Make the transitions whose time has come.

    These are the steps by the clock, reminders among them. Run it every minute; what was missed
    while it did not run is made then, each once.
    """
    return databases.tick(database, pack, as_json=as_json)


@commands.command(epilog=example("sweep locks.db"))
def sweep(
    database: Database, pack: DatabasePack = "", as_json: Json = False, lang: Lang = "en"
) -> int:
    """Make a round of the standing checks.

    They look for what must not stay so for long. What is found stands on a work list until a later
    round no longer finds it. Run it once a day.

    Exit 1 if something could not be written.
    """
    return databases.sweep(database, pack, lang, as_json=as_json)


@commands.command(epilog=example("history locks.db CASE"))
def history(
    database: Database,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case's id.")],
    pack: DatabasePack = "",
    as_json: Json = False,
    lang: Lang = "en",
) -> int:
    """Show what has happened to a case.

    When, which step, who made it, and the clauses it rests on: each by the rules of its day. What
    was written in forms is not shown.
    """
    return histories.history(database, pack, case, lang, as_json=as_json)


@commands.command(
    epilog=example(
        "move locks.db --to ourtown --of soderkoping --dry-run",
        "move locks.db --to ourtown --of soderkoping --actor eva",
    )
)
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
    actor: Annotated[
        str, typer.Option("--actor", metavar="ID", help="Who moves them; needed without --dry-run.")
    ] = "",
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
    """Bring open cases under another version, each by itself.

    A case keeps the version that it began under until it is moved. With `--dry-run` nothing is
    written: it says which cases move, which need a decision, and which cannot be moved, and why. If
    it is stopped, the same command goes on where it was.

    Exit 1 if some stay.
    """
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


@commands.command(epilog=example("replay locks.db --under ourtown"))
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
    """Show which recorded steps other rules would have refused.

    Every command that was recorded is given again under them, in memory. Nothing is written.

    Exit 1 if some would be refused, or cannot be judged.
    """
    return replaying.replay(database, pack, under, limit, lang, as_json=as_json)
