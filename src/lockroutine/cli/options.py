"""The arguments and options that several groups of commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockroutine.model import Language

__all__ = ["Cursor", "Database", "DatabasePack", "Force", "Json", "Lang", "Settings", "example"]

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program to read.")]
Lang = Annotated[Language, typer.Option("--lang", help="In Swedish or in English.")]
Cursor = Annotated[
    str,
    typer.Option(
        "--cursor", metavar="TEXT", help="Go on from here: the `next` of the page before."
    ),
]
Database = Annotated[str, typer.Argument(metavar="DB", help="The SQLite file, or a database URL.")]
DatabasePack = Annotated[
    str,
    typer.Option(
        "--pack", metavar="PACK", help="The rule pack, if not the newest that the file knows."
    ),
]
Settings = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="The TOML file with [plugin.NAME] tables; or name plugins in LOCKROUTINE_PLUGINS.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Write over what is there already.")]


def example(*calls: str) -> str:
    """How a command is called, to stand below its help; docs/commands.md shows it, too."""
    # What follows a backspace keeps its lines.
    return "\n".join(("\b", "For example:", *(f"  lockroutine {call}" for call in calls)))
