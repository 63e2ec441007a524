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

_ONCE = ("found_by", "reference", "results")
_NUMBERS = ("version", "attempts")


def insert(table: str, names: tuple[str, ...], *, once: bool = False) -> str:
    """One row of a table; if ``once``, nothing where it is there already."""
    values = ", ".join(f":{name}" for name in names)
    ending = " ON CONFLICT DO NOTHING" if once else ""
    return f"INSERT INTO {{{table}}} ({', '.join(names)}) VALUES ({values}){ending}"


def all_of(case: str, numbers: tuple[tuple[str, int], ...]) -> str:
    """The case, and if it was written, so many rows of each table.

    Args:
        case: How the case's own row is written.
        numbers: How many rows of which tables.

    It gives how many cases were written, and how many first results, or one if none was to be.
    """
    parts = [f"kept AS ({case} RETURNING 1)"]
    for table, number in numbers:
        once = " ON CONFLICT DO NOTHING" if table in _ONCE else ""
        rows = " UNION ALL ".join(_selected(table, n) for n in range(number))
        names = ", ".join(COLUMNS[table])
        parts.append(f"in_{table} AS (INSERT INTO {{{table}}} ({names}) {rows}{once} RETURNING 1)")
    first = "count(*) FROM in_results" if dict(numbers).get("results") else "1"
    return f"WITH {', '.join(parts)} SELECT (SELECT count(*) FROM kept), (SELECT {first})"


def _selected(table: str, number: int) -> str:
    # In a union, a database does not see by itself of what kind a value is.
    values = ", ".join(
        f"CAST(:{table}_{name}_{number} AS {'integer' if name in _NUMBERS else 'text'})"
        for name in COLUMNS[table]
    )
    return f"SELECT {values} FROM kept"
