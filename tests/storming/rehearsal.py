"""Everything once, on nothing: so that whoever is forked from here has read all the code."""

from __future__ import annotations

from contextlib import suppress

from tests.storming.world import ROUTINE, settle

from lockroutine import Engine

with Engine.open(":memory:", routine=ROUTINE) as engine:
    settle(engine, 0)
with suppress(ImportError):  # a SQLite file needs none of it
    import psycopg  # noqa: F401

    import lockroutine.stores.sql  # noqa: F401
