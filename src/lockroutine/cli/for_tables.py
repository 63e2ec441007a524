"""The commands for the tables in a database of the host."""

from __future__ import annotations

from typing import Annotated

import typer

from lockroutine.cli import tables
from lockroutine.cli.options import Json, example

__all__ = ["commands"]

commands: typer.Typer = typer.Typer(
    no_args_is_help=True, help="Tend the tables in a database of your own."
)

_Url = Annotated[str, typer.Argument(metavar="URL", help="The database URL.")]
_Schema = Annotated[
    str,
    typer.Option("--schema", metavar="NAME", help="The schema of the tables, if not the URL's."),
]


@commands.command(
    "upgrade", epilog=example('db upgrade "postgresql://locks@db.example.org/care?schema=locks"')
)
def db_upgrade(url: _Url, schema: _Schema = "") -> int:
    """Make the tables in a database, or bring them up to date.

    All of it or nothing; give it again after each new version of the library. If the URL says
    `jobs=procrastinate`, the tables of Procrastinate are made, too.
    """
    return tables.upgrade(url, schema)


@commands.command(
    "check", epilog=example('db check "postgresql://locks@db.example.org/care?schema=locks"')
)
def db_check(url: _Url, schema: _Schema = "", as_json: Json = False) -> int:
    """Are the tables those that this library works with?

    It changes nothing.

    Exit 1 if they are not.
    """
    return tables.check(url, schema, as_json=as_json)
