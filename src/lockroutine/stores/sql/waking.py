"""Waking whoever delivers: a job of Procrastinate, written in the transaction that has the effects.

The job is there if and only if they are. It says no more than that it is time to look.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from lockroutine.errors import StoreError
from lockroutine.stores.sql._words import in_words

__all__ = ["DELIVER", "QUEUE", "WAKE", "make_tables_of_jobs", "refuse_without_jobs"]

QUEUE = "lockroutine"
DELIVER = "lockroutine:deliver"

# The function that Procrastinate's own library calls. Without a lock that keeps jobs from being
# there twice: all who decide would wait for each other at it.
WAKE = (
    f"SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('{QUEUE}', '{DELIVER}', 0, NULL, NULL, "
    "'{}'::jsonb, NULL)::procrastinate_job_to_defer_v1])"
)
_THERE = text("SELECT to_regtype('procrastinate_job_to_defer_v1') IS NOT NULL")


def refuse_without_jobs(engine: Engine, database: str) -> None:
    """See that jobs can be written.

    Raises:
        StoreError: They cannot, with what to do.
    """
    try:
        with engine.connect() as connection:
            there = connection.execute(_THERE).scalar_one()
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        raise in_words(database, error) from None
    if not there:
        raise StoreError(
            f"The database {database} has not the tables of Procrastinate 3.2 or later, which "
            "jobs=procrastinate needs. Run `lockroutine db upgrade` on it, with the same URL."
        )


def make_tables_of_jobs(connection: Connection) -> None:
    """Make Procrastinate's tables if there are none; later versions of them are its own matter.

    Raises:
        StoreError: The extra ``jobs`` is not installed.
    """
    try:
        # Only who upgrades needs it.
        from procrastinate.schema import SchemaManager  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "procrastinate":
            raise
        message = 'jobs=procrastinate needs more: pip install "lockroutine[jobs]"'
        raise StoreError(message) from None
    if not connection.execute(_THERE).scalar_one():
        driver = connection.connection.driver_connection
        assert driver is not None  # as it has just answered
        driver.execute(SchemaManager.get_schema())
