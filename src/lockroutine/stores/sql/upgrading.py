"""Bringing the tables of a database up to date, and looking whether they are."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from lockroutine.errors import Problem, StoreError
from lockroutine.stores import needing_sql
from lockroutine.stores.sql._connecting import Place, called, connected, located
from lockroutine.stores.sql._fitting import differences
from lockroutine.stores.sql._words import in_words
from lockroutine.stores.sql.waking import make_tables_of_jobs

__all__ = ["check", "upgrade"]

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(where: str | URL, *, schema: str = "") -> None:
    """Make the tables of this library in a database, or bring them up to date.

    All of it or nothing; where several programs do it at once, one after another. If the URL says
    ``jobs=procrastinate`` and Procrastinate has no tables there, they are made, too.

    Args:
        where: A database URL, as `SqlStore` takes it.
        schema: The schema to make them in, which is made if there is none; that of the URL, or the
            one that connections look in first, if it is empty.

    Raises:
        StoreError: The database cannot be used, or a newer library has made its tables.
    """
    with needing_sql():
        # Only who upgrades needs it.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415
    place = located(where)
    with _begun(place, schema, make=True) as (connection, name, schema_):
        if schema_:
            connection.execute(CreateSchema(schema_, if_not_exists=True))
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes |= {"connection": connection, "lockroutine_schema": schema_}
        try:
            command.upgrade(config, "head")
        except CommandError:
            message = f"The database {name} cannot be used: a newer lockroutine made its tables."
            raise StoreError(message) from None
        if place.jobs:
            make_tables_of_jobs(connection)


def check(where: str | URL, *, schema: str = "") -> tuple[Problem, ...]:
    """Whether a database has the tables that this library works with: what is wrong, or nothing.

    Args:
        where: A database URL, as `SqlStore` takes it.
        schema: The schema that they are in; see `upgrade`.

    Raises:
        StoreError: The database cannot be reached.
    """
    with _begun(located(where), schema) as (connection, _, schema_):
        return tuple(differences(connection, schema_))


@contextmanager
def _begun(
    place: Place, schema: str, *, make: bool = False
) -> Generator[tuple[Connection, str, str]]:
    """A connection in a transaction of its own, what the database is called, and the schema."""
    url = place.url
    engine, schema = connected(url, make=make), schema or place.schema
    server = engine.dialect.name == "postgresql"
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN" if server else "BEGIN IMMEDIATE")
            if server:
                one_at_a_time = "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"
                connection.execute(text(one_at_a_time), {"name": f"lockroutine upgrade {schema}"})
            yield connection, called(url), schema
            connection.exec_driver_sql("COMMIT")
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        raise in_words(called(url), error) from None
    finally:
        engine.dispose()
