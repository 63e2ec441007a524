"""The commands for the tables in a database of the host."""

from __future__ import annotations

from typing import Annotated

import typer

from lockroutine.cli import tables
from lockroutine.cli.options import Json

__all__ = ["commands"]

commands: typer.Typer = typer.Typer(
    no_args_is_help=True, help="Tend the tables in a database of your own."
)

_Url = Annotated[str, typer.Argument(metavar="URL", help="The database URL.")]
_Schema = Annotated[
    str,
    typer.Option("--schema", metavar="NAME", help="The schema of the tables, if not the URL's."),
]


@commands.command("upgrade")
def db_upgrade(url: _Url, schema: _Schema = "") -> int:
    """Make the tables in a database, or bring them up to date."""
    return tables.upgrade(url, schema)


@commands.command("check")
def db_check(url: _Url, schema: _Schema = "", as_json: Json = False) -> int:
    """Are the tables those that this library works with? Exit 1 if not."""
    return tables.check(url, schema, as_json=as_json)
