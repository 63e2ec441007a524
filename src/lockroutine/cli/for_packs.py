"""The commands for rule packs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockroutine.cli import creating, differing, packs, pictures, playing
from lockroutine.cli.options import Force, Json, Lang, example
from lockroutine.errors import LockroutineError
from lockroutine.model import Language

__all__ = ["commands"]

commands: typer.Typer = typer.Typer()

_Pack = Annotated[
    str,
    typer.Argument(metavar="PACK", help="A bundled pack or a plugin's by its name, or a folder."),
]
_Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="PATH", help="Into this file, or folder for all; else to standard output."
    ),
]
_Scenarios = Annotated[
    Path | None,
    typer.Option(
        "--scenarios", metavar="FOLDER", help="Where its scenarios are, if not beside it."
    ),
]


@commands.command(epilog=example("new ourtown --extends soderkoping"))
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; it is made.")],
    extends: Annotated[
        str,
        typer.Option("--extends", metavar="PACK", help="Build on this pack; else from nothing."),
    ] = "",
    as_json: Json = False,
    lang: Annotated[Language, typer.Option("--lang", help="The language of its comments.")] = "en",
) -> int:
    """Make the folder of a new rule pack, to begin with.

    Its files have comments that teach, and a first scenario; it can be checked and played at once.
    What is there already is left alone.
    """
    return creating.new(folder, extends, lang, as_json=as_json)


@commands.command(epilog=example("check ourtown", "check ourtown --stories found"))
def check(
    pack: _Pack,
    as_json: Json = False,
    stories: Annotated[
        Path | None,
        typer.Option(
            "--stories",
            metavar="FOLDER",
            help="Write each story against the pack there, as a scenario that plays it.",
        ),
    ] = None,
    lang: Lang = "en",
) -> int:
    """Can anything go wrong by a rule pack?

    First whether it can be read and its parts fit together. If they do, whether a case can be
    trapped or a home left unsafe, whoever does what in which order: it is proved that it cannot, or
    the shortest story is told in which it is.

    Exit 1 if something is wrong, or there is such a story.
    """
    return packs.check(pack, lang, stories, as_json=as_json)


@commands.command(epilog=example("play ourtown"))
def play(pack: _Pack, as_json: Json = False, scenarios: _Scenarios = None) -> int:
    """Play the scenarios of a rule pack.

    A scenario is a way through the routine, with what is to come of each step. Those of a pack
    stand in its folder `scenarios`.

    Exit 1 if one does not come out as it says.
    """
    return playing.play(pack, scenarios, as_json=as_json)


@commands.command(epilog=example("trace ourtown"))
def trace(
    pack: _Pack,
    as_json: Json = False,
    scenarios: _Scenarios = None,
    lang: Lang = "en",
) -> int:
    """Show what holds each clause of a rule pack.

    For each clause of the written routine, and for each question that it leaves open: how many
    rules rest on it, and how many steps of scenarios show it.

    Exit 1 if nothing holds a clause.
    """
    return packs.trace(pack, scenarios, lang, as_json=as_json)


@commands.command(
    epilog=example(
        "show soderkoping mounting --lang sv",
        "show soderkoping --svg --out drawings",
        "show ourtown --diff soderkoping",
    )
)
def show(
    pack: _Pack,
    process: Annotated[
        str, typer.Argument(metavar="[PROCESS]", help="One process; left out, all of them.")
    ] = "",
    as_json: Json = False,
    as_svg: Annotated[bool, typer.Option("--svg", help="Draw it; all: the map of them.")] = False,
    as_mermaid: Annotated[
        bool, typer.Option("--mermaid", help="As Mermaid text, for pages that draw that.")
    ] = False,
    as_bpmn: Annotated[
        bool, typer.Option("--bpmn", help="As BPMN 2.0, for tools that model processes.")
    ] = False,
    out: _Out = None,
    force: Force = False,
    base: Annotated[
        str,
        typer.Option("--diff", metavar="BASE", help="In words what it changes of this pack."),
    ] = "",
    lang: Lang = "en",
) -> int:
    """Show a rule pack as tables, drawn, or by what it changes.

    Each process with its states, its steps, who may make them, and what must hold.
    """
    forms = {"svg": as_svg, "mermaid": as_mermaid, "bpmn": as_bpmn}
    wanted = [name for name, flag in forms.items() if flag]
    if len(wanted) + as_json > 1:
        raise LockroutineError(f"Give one of these: --json, {', '.join(f'--{n}' for n in forms)}")
    if base and (wanted or out is not None):
        raise LockroutineError("--diff is told in words, or with --json; it is not drawn")
    if base:
        return differing.show_diff(pack, process, base, lang, as_json=as_json)
    if wanted:
        target = pictures.Target(out=out, force=force)
        return pictures.pictures(pack, process, wanted[0], lang, target)
    if out is not None:
        raise LockroutineError(f"--out goes with one of {', '.join(f'--{n}' for n in forms)}")
    return packs.show(pack, process, lang, as_json=as_json)


@commands.command(epilog=example("diff soderkoping ourtown"))
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
    as_json: Json = False,
    lang: Lang = "en",
) -> int:
    """Say in words what changes from one rule pack to another.

    Who may do more or less, which steps are new, gone or otherwise, what is refused now and no
    longer, times, messages, and all else that a pack can say.
    """
    return differing.diff(old, new, database, lang, as_json=as_json)


@commands.command(epilog=example("book soderkoping --lang sv --out regelbok.html"))
def book(
    pack: _Pack,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Into this file, as HTML; else to standard output."
        ),
    ] = None,
    force: Force = False,
    lang: Lang = "en",
) -> int:
    """Write all that a rule pack says as one page, to read or print.

    The processes are drawn in it. It loads nothing from elsewhere, so it can be kept or sent as a
    file.
    """
    return pictures.book(pack, lang, pictures.Target(out=out, force=force))
