"""The command line: its groups of commands, and what holds for every one of them."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lockroutine.cli import for_databases, for_packs, for_systems, for_tables
from lockroutine.cli.demo import told
from lockroutine.cli.options import Lang, example
from lockroutine.cli.output import complain, hush, speak_utf8
from lockroutine.errors import LockroutineError

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
app.add_typer(for_packs.commands)
app.add_typer(for_databases.commands)
app.add_typer(for_systems.commands)
app.add_typer(for_tables.commands, name="db")


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


@app.command(epilog=example("demo", "demo --at locks.db --lang sv"))
def demo(
    at: Annotated[
        Path | None,
        typer.Option(
            "--at", metavar="PATH", help="Keep the database in this new file; else it is temporary."
        ),
    ] = None,
    lang: Lang = "en",
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
    """Tell the whole routine step by step, on a real database.

    Everybody in it is made up. The database that it leaves with `--at` is one to try the other
    commands on.

    Exit 1 if an event is not as it was recorded.
    """
    if not with_plugins:
        return told(at, lang, pace)
    # Servers and clients: no other command is to wait for them to load.
    from lockroutine.cli.demo.outside import systems as around  # noqa: PLC0415

    return told(at, lang, pace, around)
