"""The arguments and options that several groups of commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockroutine.model import Language

__all__ = ["Database", "DatabasePack", "Force", "Json", "Lang", "Settings"]

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program to read.")]
Lang = Annotated[Language, typer.Option("--lang", help="In Swedish or in English.")]
Database = Annotated[str, typer.Argument(metavar="DB", help="The SQLite file, or a database URL.")]
DatabasePack = Annotated[
    str,
    typer.Option(
        "--pack", metavar="PACK", help="The rule pack, if not the newest that the file knows."
    ),
]
Settings = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="The TOML file with [plugin.NAME] tables."),
]
Force = Annotated[bool, typer.Option("--force", help="Write over what is there already.")]
