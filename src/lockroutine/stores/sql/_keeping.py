"""The words of what is inserted: one row by itself, or all of a change in one statement."""

from __future__ import annotations

from collections.abc import Mapping

from lockroutine.stores.codec import EFFECT_COLUMNS

__all__ = ["COLUMNS", "all_of", "insert"]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "found_by": ("process", "field", "value", "case_id"),
    "reference": ("system", "id", "case_id"),
    "events": ("case_id", "version", "body", "hash", "personal"),
    "effects": EFFECT_COLUMNS,
    "results": ("key", "case_id", "version", "digest"),
}
"""The columns that a change fills in, beside those of the case itself."""

_EVENT = (
    f"in_events AS (INSERT INTO {{events}} ({', '.join(COLUMNS['events'])}) "
    "SELECT CAST(:id AS text), CAST(:version AS integer), CAST(:event_body AS text), "
    "CAST(:event_hash AS text), CAST(:event_personal AS text) FROM kept RETURNING 1)"
)
_ONCE = ("found_by", "reference", "results")
_NUMBERS = ("version", "attempts")


def insert(table: str, names: tuple[str, ...], *, once: bool = False, where: str = "") -> str:
    """One row of a table; if ``once``, nothing where it is there already.

    Args:
        table: The table.
        names: Its columns.
        once: Whether nothing is written where it is there already.
        where: On what condition it is written; on none, if it is empty.
    """
    values = ", ".join(f":{name}" for name in names)
    row = f"SELECT {values} WHERE {where}" if where else f"VALUES ({values})"
    ending = " ON CONFLICT DO NOTHING" if once else ""
    return f"INSERT INTO {{{table}}} ({', '.join(names)}) {row}{ending}"


def all_of(case: str, tables: tuple[str, ...]) -> str:
    """The case, and if it was written, its event, and rows of other tables: each a JSON list.

    It gives how many cases were written, and how many first results, or one if none was to be.

    Args:
        case: How the case's own row is written.
        tables: Of which further tables there are rows.
    """
    parts = [f"kept AS ({case} RETURNING 1)", _EVENT, *map(_rows, tables)]
    first = "count(*) FROM in_results" if "results" in tables else "1"
    return f"WITH {', '.join(parts)} SELECT (SELECT count(*) FROM kept), (SELECT {first})"


def _rows(table: str) -> str:
    names = COLUMNS[table]
    kinds = ", ".join(f"{name} {'integer' if name in _NUMBERS else 'text'}" for name in names)
    return (
        f"in_{table} AS (INSERT INTO {{{table}}} ({', '.join(names)}) "
        f"SELECT {', '.join(f'one.{name}' for name in names)} "
        f"FROM kept, json_to_recordset(CAST(:{table} AS json)) AS one ({kinds})"
        f"{' ON CONFLICT DO NOTHING' if table in _ONCE else ''} RETURNING 1)"
    )
