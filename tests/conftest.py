"""What all tests share: a calm hypothesis, and a real PostgreSQL where there is one."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from hypothesis import settings

from smallpack import OPENED

# How long a property test takes says nothing of what it tests.
settings.register_profile("calm", deadline=None, max_examples=60)
settings.load_profile("calm")

# They import the extra sql.
_NEEDED = ("alembic", "django", "procrastinate", "psycopg", "sqlalchemy")
collect_ignore_glob = [] if all(map(importlib.util.find_spec, _NEEDED)) else ["test_sql_*.py"]


@pytest.fixture(scope="session", autouse=True)
def proved_once() -> Iterator[None]:
    """What is proved of rules is proved once, however many commands ask for it.

    Packs that differ only in what they are called have the same rules.
    """
    if not importlib.util.find_spec("typer"):
        yield
        return
    from lockroutine import Routine, Text
    from lockroutine.cli import packs
    from lockroutine.proving import Proof, prove

    known: dict[object, Proof] = {}

    def remembered(routine: Routine) -> Proof:
        rules = attrs.evolve(routine.pack, name="", version="", label=Text("", ""))
        key = (repr(rules), routine.kinds)
        if key not in known:
            known[key] = prove(routine)
        return attrs.evolve(known[key], routine=routine.key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs, "prove", remembered)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL that has our tables, as a database URL; whoever writes in it empties it."""
    from lockroutine.stores.sql import upgrade
    from postgres import NoServer, server

    try:
        with server(durable=False) as url:
            upgrade(url)
            yield url
    except NoServer as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Every engine on the small pack is closed, whatever became of its test."""
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def empty_postgres(postgres: str) -> str:
    """The same, with nothing in its tables."""
    from postgres import emptied

    emptied(postgres)
    return postgres


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that has our tables, as a database URL."""
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    from lockroutine.stores.sql import upgrade

    url = f"sqlite+pysqlite:///{tmp_path / 'host.db'}"
    upgrade(url)
    return url
