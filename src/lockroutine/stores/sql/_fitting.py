"""Whether a database has the tables that this library works with."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lockroutine.errors import Problem, StoreError
from lockroutine.stores.sql._words import in_words
from lockroutine.stores.sql.tables import REVISIONS, VERSION_TABLE, tables

__all__ = ["differences", "refuse_other_tables"]


def differences(connection: Connection, schema: str = "") -> list[Problem]:
    """What keeps this library from working with what is in a schema of a database.

    Args:
        connection: A connection to the database.
        schema: The schema, or an empty text.

    Returns:
        The tables, columns and indexes that are missing; a revision that is not known here, which
        a newer library has made; an encoding that cannot hold every text.
    """
    found: list[Problem] = []
    look, where = inspect(connection), schema or None
    ours = tables(schema).metadata.sorted_tables
    names = [*(table.name for table in ours), VERSION_TABLE]
    columns = look.get_multi_columns(schema=where, filter_names=names)
    indexes = look.get_multi_indexes(schema=where, filter_names=names)
    for table in ours:
        place = (where, table.name)
        if place not in columns:
            found.append(Problem(table.name, "is not there"))
            continue
        there = {one["name"] for one in (*columns[place], *indexes[place])}
        wanted = [one.name for one in (*table.columns, *table.indexes)]
        found += [
            Problem(f"{table.name}.{name}", "is not there") for name in wanted if name not in there
        ]
    if (where, VERSION_TABLE) in columns:
        quoted = connection.dialect.identifier_preparer.quote_identifier
        name = f"{quoted(schema)}.{VERSION_TABLE}" if schema else VERSION_TABLE
        (revision,) = connection.execute(text(f"SELECT version_num FROM {name}")).scalars()
        if revision not in REVISIONS:
            found.insert(0, Problem("revision", f"{revision} was made by a newer lockroutine"))
    if connection.dialect.name == "postgresql":
        encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            found.insert(0, Problem("encoding", f"is {encoding}, and must be UTF8"))
    return found


def _looked(engine: Engine, schema: str) -> list[Problem]:
    with engine.connect() as connection:
        return differences(connection, schema)


def refuse_other_tables(engine: Engine, schema: str, database: str) -> None:
    """See that a database can be worked with.

    Raises:
        StoreError: It cannot; with the first of what is wrong, and what to do.
    """
    try:
        try:
            found = _looked(engine, schema)
        except DBAPIError as error:
            # It had lain idle in the host's pool and was cut, and the pool has let go of all such.
            if not error.connection_invalidated:
                raise
            found = _looked(engine, schema)
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        raise in_words(database, error) from None
    if not found:
        return
    first = found[0]
    if first.path in ("revision", "encoding"):
        raise StoreError(f"The database {database} cannot be used: its {first}.")
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    raise StoreError(
        f"The database {database} has not the tables of this lockroutine: {first.path}{more} "
        f"{'are' if more else 'is'} missing. Run `lockroutine db upgrade` on it."
    )
