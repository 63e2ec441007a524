"""The commands: what each takes, and what its exit says."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lockroutine.cli import (
    creating,
    databases,
    differing,
    doctoring,
    exporting,
    histories,
    moving,
    packs,
    pictures,
    playing,
    replaying,
    reports,
    systems,
    tables,
    working,
)
from lockroutine.cli.demo import told
from lockroutine.cli.output import complain, hush, speak_utf8
from lockroutine.errors import LockroutineError
from lockroutine.model import Language

__all__ = ["app", "run"]

_INTERRUPTED = 130
_BROKEN_PIPE = 141  # what a shell says of a program that was writing to nobody


class _Group(TyperGroup):
    """What holds for every command: its answer is the exit, and no error shows a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            hush()
            raise typer.Exit(_BROKEN_PIPE) from None
        except (LockroutineError, OSError) as error:
            complain(str(error))
            raise typer.Exit(2) from None
        raise typer.Exit(code or 0)


app: typer.Typer = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Pack = Annotated[
    str,
    typer.Argument(metavar="PACK", help="A bundled pack or a plugin's by its name, or a folder."),
]
_Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program to read.")]
_Lang = Annotated[Language, typer.Option("--lang", help="In Swedish or in English.")]
_Database = Annotated[str, typer.Argument(metavar="DB", help="The SQLite file, or a database URL.")]
_DatabasePack = Annotated[
    str,
    typer.Option(
        "--pack", metavar="PACK", help="The rule pack, if not the newest that the file knows."
    ),
]
_Settings = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="The TOML file with [plugin.NAME] tables."),
]
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
_Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="PATH", help="Into this file; all processes: this folder."),
]
_Force = Annotated[bool, typer.Option("--force", help="Write over what is there already.")]
_Watch = Annotated[bool, typer.Option("--watch", help="Keep at it until told to stop.")]
_Every = Annotated[
    float,
    typer.Option(
        "--every", metavar="SECONDS", min=0.1, max=3600.0, help="How often to look, watching."
    ),
]
_Key = Annotated[str, typer.Argument(metavar="KEY", help="The effect's key.")]
_ActorId = Annotated[str, typer.Option("--actor", metavar="ID", help="Who does it.")]


db: typer.Typer = typer.Typer(
    no_args_is_help=True,
    help="Tend the tables in a database of your own.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(db, name="db")
_Url = Annotated[str, typer.Argument(metavar="URL", help="The database URL.")]
_Schema = Annotated[
    str,
    typer.Option("--schema", metavar="NAME", help="The schema of the tables, if not the URL's."),
]


def run() -> None:
    """Run the command line on what the process was started with."""
    try:
        speak_utf8()
        app(prog_name="lockroutine")
    except KeyboardInterrupt:  # between the commands' own care and the exit
        raise SystemExit(_INTERRUPTED) from None
    finally:
        _last_words()


def _last_words() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        hush()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"lockroutine {importlib.metadata.version('lockroutine')}")
        raise typer.Exit(0)


@app.callback()
def _lockroutine(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which version."),
    ] = False,
) -> None:
    """A municipality's routine for digital locks: who may do what, why not, and what is theirs.

    Exit: 0 it went well, 1 the answer is no, 2 it was called wrongly.
    """


@app.command()
def demo(
    at: Annotated[
        Path | None,
        typer.Option(
            "--at", metavar="PATH", help="Keep the database in this new file; else it is temporary."
        ),
    ] = None,
    lang: _Lang = "en",
    pace: Annotated[
        float,
        typer.Option(
            "--pace", metavar="SECONDS", min=0.0, max=60.0, help="Wait so long after each step."
        ),
    ] = 0.0,
    with_plugins: Annotated[
        bool,
        typer.Option("--plugins", help="Send and read through plugins, to systems started here."),
    ] = False,
) -> int:
    """Tell the whole routine step by step, on a real database."""
    if not with_plugins:
        return told(at, lang, pace)
    # Servers and clients: no other command is to wait for them to load.
    from lockroutine.cli.demo.outside import systems as around  # noqa: PLC0415

    return told(at, lang, pace, around)


@app.command()
def check(
    pack: _Pack,
    as_json: _Json = False,
    stories: Annotated[
        Path | None,
        typer.Option(
            "--stories",
            metavar="FOLDER",
            help="Write each story against the pack there, as a scenario that plays it.",
        ),
    ] = None,
    lang: _Lang = "en",
) -> int:
    """Can anything go wrong by a rule pack? Exit 1 if so."""
    return packs.check(pack, lang, stories, as_json=as_json)


_Scenarios = Annotated[
    Path | None,
    typer.Option(
        "--scenarios", metavar="FOLDER", help="Where its scenarios are, if not beside it."
    ),
]


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; it is made.")],
    extends: Annotated[
        str,
        typer.Option("--extends", metavar="PACK", help="Build on this pack; else from nothing."),
    ] = "",
    as_json: _Json = False,
    lang: Annotated[Language, typer.Option("--lang", help="The language of its comments.")] = "en",
) -> int:
    """Make the folder of a new rule pack, with comments that teach, and a scenario."""
    return creating.new(folder, extends, lang, as_json=as_json)


@app.command()
def play(pack: _Pack, as_json: _Json = False, scenarios: _Scenarios = None) -> int:
    """Play the scenarios of a rule pack. Exit 1 if one does not come out as it says."""
    return playing.play(pack, scenarios, as_json=as_json)


@app.command()
def trace(
    pack: _Pack,
    as_json: _Json = False,
    scenarios: _Scenarios = None,
    lang: _Lang = "en",
) -> int:
    """Show what holds each clause. Exit 1 if nothing holds one."""
    return packs.trace(pack, scenarios, lang, as_json=as_json)


@app.command()
def show(
    pack: _Pack,
    process: Annotated[
        str, typer.Argument(metavar="[PROCESS]", help="One process; left out, all of them.")
    ] = "",
    as_json: _Json = False,
    as_svg: Annotated[bool, typer.Option("--svg", help="Draw it; all: the map of them.")] = False,
    as_mermaid: Annotated[
        bool, typer.Option("--mermaid", help="As Mermaid text, for pages that draw that.")
    ] = False,
    as_bpmn: Annotated[
        bool, typer.Option("--bpmn", help="As BPMN 2.0, for tools that model processes.")
    ] = False,
    out: _Out = None,
    force: _Force = False,
    as_diff: Annotated[
        bool, typer.Option("--diff", help="In words what it changes of what it extends.")
    ] = False,
    base: Annotated[
        str, typer.Option("--base", metavar="PACK", help="With --diff: of this pack instead.")
    ] = "",
    lang: _Lang = "en",
) -> int:
    """Show a rule pack as tables, drawn, or by what it changes."""
    forms = {"svg": as_svg, "mermaid": as_mermaid, "bpmn": as_bpmn}
    wanted = [name for name, flag in forms.items() if flag]
    if len(wanted) + as_json > 1:
        raise LockroutineError(f"Give one of these: --json, {', '.join(f'--{n}' for n in forms)}")
    if base and not as_diff:
        raise LockroutineError("--base goes with --diff")
    if as_diff and (wanted or out is not None):
        raise LockroutineError("--diff is told in words, or with --json; it is not drawn")
    if as_diff:
        return differing.show_diff(pack, process, base, lang, as_json=as_json)
    if wanted:
        target = pictures.Target(out=out, force=force)
        return pictures.pictures(pack, process, wanted[0], lang, target)
    if out is not None:
        raise LockroutineError(f"--out goes with one of {', '.join(f'--{n}' for n in forms)}")
    return packs.show(pack, process, lang, as_json=as_json)


@app.command()
def diff(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="A pack's name, a folder, REV:PATH of a git repository, or a stored NAME@VERSION.",
        ),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The one to compare it with.")],
    database: Annotated[
        str,
        typer.Option("--database", metavar="DB", help="Where NAME@VERSION is stored."),
    ] = "",
    as_json: _Json = False,
    lang: _Lang = "en",
) -> int:
    """Say in words what changes from one rule pack to another."""
    return differing.diff(old, new, database, lang, as_json=as_json)


@app.command()
def book(
    pack: _Pack,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Into this file, a page of HTML.")
    ] = None,
    force: _Force = False,
    lang: _Lang = "en",
) -> int:
    """Write all that a rule pack says as one page, to read and to print."""
    return pictures.book(pack, lang, pictures.Target(out=out, force=force))


@app.command()
def verify(
    database: _Database,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", metavar="NUMBER", min=1, help="Only about so many cases, taken at random."
        ),
    ] = None,
    pack: _DatabasePack = "",
    as_json: _Json = False,
) -> int:
    """Is every event as it was recorded? Exit 1 if not."""
    return databases.verify(database, pack, sample, as_json=as_json)


@app.command()
def doctor(
    database: _Database,
    settings: _Settings = None,
    sample: Annotated[
        int,
        typer.Option(
            "--sample", metavar="NUMBER", min=1, help="Of how many cases the events are checked."
        ),
    ] = 200,
    whole: Annotated[
        bool, typer.Option("--whole", help="Check the events of all cases; it takes long.")
    ] = False,
    pack: _DatabasePack = "",
    as_json: _Json = False,
) -> int:
    """Is anything wrong, and what is to be done? Exit 1 if something is."""
    how = doctoring.Examining(settings=settings, sample=None if whole else sample)
    return doctoring.doctor(database, pack, how, as_json=as_json)


@app.command()
def worklist(
    database: _Database,
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
    pack: _DatabasePack = "",
    as_json: _Json = False,
    lang: _Lang = "en",
) -> int:
    """Show what waits for a role, oldest due first."""
    wanted = databases.Wanted(
        role=role, units=frozenset(unit or ()), limit=limit, cursor=cursor, as_of=as_of
    )
    return databases.worklist(database, pack, wanted, lang, as_json=as_json)


@app.command()
def figures(
    database: _Database, pack: _DatabasePack = "", as_json: _Json = False, lang: _Lang = "en"
) -> int:
    """Show open and overdue cases, times, stock and refusals."""
    return databases.figures(database, pack, lang, as_json=as_json)


@app.command()
def export(
    database: _Database,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Into this file; else to standard output."),
    ] = None,
    personal: Annotated[
        bool,
        typer.Option("--personal", help="With what is personal or secret, door codes too."),
    ] = False,
    force: _Force = False,
    pack: _DatabasePack = "",
) -> int:
    """Write every event as a line of JSON, without personal data unless you say so."""
    how = exporting.Exporting(out=out, force=force, personal=personal)
    return exporting.export(database, pack, how)


@app.command()
def tick(database: _Database, pack: _DatabasePack = "", as_json: _Json = False) -> int:
    """Make the transitions whose time has come."""
    return databases.tick(database, pack, as_json=as_json)


@app.command()
def sweep(
    database: _Database, pack: _DatabasePack = "", as_json: _Json = False, lang: _Lang = "en"
) -> int:
    """Make a round of the standing checks. Exit 1 if something could not be written."""
    return databases.sweep(database, pack, lang, as_json=as_json)


_Shown = Annotated[
    int, typer.Option("--limit", metavar="NUMBER", min=1, help="How many a list shows at most.")
]


@app.command()
def history(
    database: _Database,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case's id.")],
    pack: _DatabasePack = "",
    as_json: _Json = False,
    lang: _Lang = "en",
) -> int:
    """Show what has happened to a case, by the rules of the day of each event."""
    return histories.history(database, pack, case, lang, as_json=as_json)


@app.command()
def move(
    database: _Database,
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
    pack: _DatabasePack = "",
    as_json: _Json = False,
    lang: _Lang = "en",
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


@app.command()
def replay(
    database: _Database,
    under: Annotated[
        str,
        typer.Option(
            "--under", metavar="NEW", help="A pack, REV:PATH of git, or a stored NAME@VERSION."
        ),
    ],
    limit: _Shown = 20,
    pack: _DatabasePack = "",
    as_json: _Json = False,
    lang: _Lang = "en",
) -> int:
    """Show which recorded steps other rules would have refused. Exit 1 if any. Writes nothing."""
    return replaying.replay(database, pack, under, limit, lang, as_json=as_json)


@app.command()
def plugins(
    settings: _Settings = None,
    pack: Annotated[
        str, typer.Option("--pack", metavar="PACK", help="The pack to serve, if not the bundled.")
    ] = "",
    as_json: _Json = False,
) -> int:
    """Show which plugins are installed and set up. Exit 1 if something is missing or wrong."""
    return systems.plugins(settings, pack, as_json=as_json)


@app.command()
def deliver(
    database: _Database,
    settings: _Settings = None,
    contacts: _Contacts = None,
    watch: _Watch = False,
    every: _Every = 5.0,
    lang: Annotated[Language, typer.Option("--lang", help="The language of tickets.")] = "sv",
    pack: _DatabasePack = "",
    as_json: _Json = False,
) -> int:
    """Send what is due to tickets, the admin tool and people. Exit 1 if something was parked."""
    how = systems.Delivering(
        settings=settings, contacts=contacts, watch=watch, pause=every, language=lang
    )
    return systems.deliver(database, pack, how, as_json=as_json)


@app.command()
def pull(
    database: _Database,
    settings: _Settings = None,
    accounts: _Accounts = None,
    unit: _Unit = "municipality",
    watch: _Watch = False,
    every: _Every = 60.0,
    lang: Annotated[
        Language, typer.Option("--lang", help="The language of what is answered on tickets.")
    ] = "sv",
    pack: _DatabasePack = "",
    as_json: _Json = False,
) -> int:
    """Read what tickets and the admin tool report. Exit 1 if one could not be read."""
    how = reports.Pulling(
        settings=settings, accounts=accounts, unit=unit, watch=watch, pause=every, language=lang
    )
    return reports.pull(database, pack, how, as_json=as_json)


@app.command()
def effects(
    database: _Database,
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="Only those, for example parked.")
    ] = "",
    pack: _DatabasePack = "",
    as_json: _Json = False,
) -> int:
    """Show what plugins are asked to do, and where it is."""
    return systems.effects(database, pack, state, as_json=as_json)


@app.command()
def worker(
    database: Annotated[
        str, typer.Argument(metavar="URL", help="The database URL, with jobs=procrastinate.")
    ],
    settings: _Settings = None,
    contacts: _Contacts = None,
    accounts: _Accounts = None,
    unit: _Unit = "municipality",
    parallel: Annotated[
        int, typer.Option("--parallel", min=1, max=64, help="How many tasks run side by side.")
    ] = 4,
    lang: Annotated[Language, typer.Option("--lang", help="The language of tickets.")] = "sv",
    pack: _DatabasePack = "",
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


@app.command()
def retry(
    database: _Database,
    key: _Key,
    actor: _ActorId,
    pack: _DatabasePack = "",
    as_json: _Json = False,
) -> int:
    """Try an effect again as soon as may be."""
    return systems.retry(database, pack, key, actor, as_json=as_json)


@app.command()
def dismiss(
    database: _Database,
    key: _Key,
    actor: _ActorId,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")],
    pack: _DatabasePack = "",
    as_json: _Json = False,
) -> int:
    """Send an effect no more."""
    return systems.dismiss(database, pack, key, actor, reason, as_json=as_json)


@app.command()
def confirm(
    database: _Database,
    key: _Key,
    actor: _ActorId,
    serial_number: Annotated[
        str,
        typer.Option(
            "--serial-number", metavar="NUMBER", help="The lock's serial number, to be sure."
        ),
    ] = "",
    pack: _DatabasePack = "",
    as_json: _Json = False,
) -> int:
    """Say that what was asked of a person is done."""
    return systems.confirm(database, pack, key, actor, serial_number, as_json=as_json)


@db.command("upgrade")
def db_upgrade(url: _Url, schema: _Schema = "") -> int:
    """Make the tables in a database, or bring them up to date."""
    return tables.upgrade(url, schema)


@db.command("check")
def db_check(url: _Url, schema: _Schema = "", as_json: _Json = False) -> int:
    """Are the tables those that this library works with? Exit 1 if not."""
    return tables.check(url, schema, as_json=as_json)
