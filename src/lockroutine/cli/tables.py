"""The commands that tend the tables in a database of the host's: upgrade, check."""

from __future__ import annotations

from lockroutine.cli import output
from lockroutine.stores import needing_sql

__all__ = ["check", "upgrade"]


def upgrade(url: str, schema: str) -> int:
    """Make the tables, or bring them up to date."""
    with needing_sql():
        from lockroutine.stores.sql import upgrade as make  # an extra  # noqa: PLC0415

    make(url, schema=schema)
    output.line("The tables are those of this lockroutine.")
    return 0


def check(url: str, schema: str, *, as_json: bool) -> int:
    """Say whether the tables are those that the library works with."""
    with needing_sql():
        from lockroutine.stores.sql import check as look  # an extra  # noqa: PLC0415

    found = look(url, schema=schema)
    if as_json:
        problems = [{"path": one.path, "message": one.message} for one in found]
        output.dump({"fits": not found, "problems": problems})
    elif found:
        output.line(f"The tables do not fit, in {len(found)} places. Run `lockroutine db upgrade`.")
        for problem in found:
            output.line(f"  {problem}")
    else:
        output.line("The tables are those of this lockroutine.")
    return 1 if found else 0
