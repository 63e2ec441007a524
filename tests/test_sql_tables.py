"""The tables: made, compared, brought along by a host; and the commands that tend them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from typer.testing import CliRunner

import lockroutine.stores.sql
from lockroutine import StoreError
from lockroutine.cli.app import app
from lockroutine.stores.again import repeated
from lockroutine.stores.sql import SqlStore, check, include_object, metadata, upgrade
from lockroutine.stores.sql.tables import REVISIONS, VERSION_TABLE
from lockroutine.testing.stores import opening

MIGRATIONS = Path(lockroutine.stores.sql.__file__).parent / "migrations"


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without our tables: a new file, or a schema that is not there yet."""
    if request.param == "sqlite":
        yield f"sqlite+pysqlite:///{tmp_path / 'fresh.db'}"
        return
    url: str = request.getfixturevalue("postgres")
    yield f"{url}&schema=Låsens"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text('DROP SCHEMA IF EXISTS "Låsens" CASCADE'))
    engine.dispose()


def place(fresh: str) -> tuple[sa.Engine, str]:
    url = sa.make_url(fresh)
    return sa.create_engine(url.difference_update_query(["schema"])), str(
        url.query.get("schema", "")
    )


def test_the_tables_are_made_once(fresh: str) -> None:
    """`upgrade` makes what `check` misses, whatever the schema is called, and only once."""
    if fresh.startswith("postgresql"):
        assert [str(one) for one in check(fresh)][:1] == ["lockroutine_cases: is not there"]
    upgrade(fresh)
    assert check(fresh) == ()
    store = SqlStore(fresh)
    repeated(store, lambda transaction: transaction.apply([opening("1")]))
    upgrade(fresh)
    with store.reading() as reading:
        assert reading.case("1") is not None
    store.close()


def is_of_identity(change: Any) -> bool:
    return isinstance(change, list) and all(
        one[0] == "modify_default" and one[3] == "number" for one in change
    )


def test_what_is_made_is_what_is_described(fresh: str) -> None:
    """What the revisions make is what `metadata` describes: Alembic finds no difference."""
    upgrade(fresh)
    engine, schema = place(fresh)
    with engine.connect() as connection:
        options = {
            "include_schemas": bool(schema),
            "include_name": lambda name, kind, _: kind != "schema" or name == (schema or None),
            "include_object": lambda _, name, kind, *__: kind != "table" or name != VERSION_TABLE,
            "compare_type": True,
        }
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, metadata(schema))
        if engine.dialect.name == "sqlite":
            # It has no identity columns; Alembic before 1.18 looks for them nonetheless.
            found = [one for one in found if not is_of_identity(one)]
        assert found == []
    engine.dispose()


def test_every_revision_is_known() -> None:
    """The revisions that the library says it knows are those that there are."""
    script = ScriptDirectory(str(MIGRATIONS))
    assert [one.revision for one in script.walk_revisions()] == list(reversed(REVISIONS))


def test_the_tables_can_be_taken_away(fresh: str) -> None:
    """A host's Alembic can go back behind our first revision; then nothing of ours is left."""
    upgrade(fresh)
    engine, schema = place(fresh)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes |= {"connection": connection, "lockroutine_schema": schema}
        command.downgrade(config, "base")
    left = sa.inspect(engine).get_table_names(schema or None)
    engine.dispose()
    assert left == [VERSION_TABLE]


def test_tables_that_differ_are_refused(fresh: str) -> None:
    """A store is not opened on tables of another library; the first difference is named."""
    upgrade(fresh)
    engine, schema = place(fresh)
    prefix = f'"{schema}".' if schema else ""
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP INDEX {prefix}lockroutine_cases_by_timer"))
        connection.execute(sa.text(f"ALTER TABLE {prefix}lockroutine_effects DROP COLUMN outside"))
    engine.dispose()
    assert sorted(map(str, check(fresh))) == [
        "lockroutine_cases.lockroutine_cases_by_timer: is not there",
        "lockroutine_effects.outside: is not there",
    ]
    with pytest.raises(StoreError) as error:
        SqlStore(fresh)
    assert str(error.value).endswith(
        " has not the tables of this lockroutine: lockroutine_cases.lockroutine_cases_by_timer "
        "and 1 more are missing. Run `lockroutine db upgrade` on it."
    )


def test_tables_of_a_newer_library_are_refused(fresh: str) -> None:
    """Tables that a newer library has made are refused by check, by the store and by upgrade."""
    upgrade(fresh)
    engine, schema = place(fresh)
    prefix = f'"{schema}".' if schema else ""
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {prefix}{VERSION_TABLE} SET version_num = 'later'"))
    engine.dispose()
    assert [str(one) for one in check(fresh)] == ["revision: later was made by a newer lockroutine"]
    with pytest.raises(StoreError, match=r"its revision: later was made by a newer lockroutine\.$"):
        SqlStore(fresh)
    with pytest.raises(StoreError, match=r"a newer lockroutine made its tables\.$"):
        upgrade(fresh)


def test_several_may_upgrade_at_once(fresh: str) -> None:
    """Programs that start together and all upgrade make the tables once."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            upgrade(fresh)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert check(fresh) == ()


def test_an_encoding_that_cannot_hold_every_text_is_refused(postgres: str) -> None:
    """A PostgreSQL database that is not in UTF-8 is refused."""
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    other = postgres.replace("/postgres?", "/latin?")
    with engine.connect() as connection:
        connection.execute(
            sa.text("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        )
        try:
            assert str(check(other)[0]) == "encoding: is LATIN1, and must be UTF8"
            with pytest.raises(StoreError, match=r"its encoding: is LATIN1, and must be UTF8\.$"):
                SqlStore(other)
        finally:
            connection.execute(sa.text("DROP DATABASE latin WITH (FORCE)"))
    engine.dispose()


def test_a_host_keeps_our_tables_out_of_its_own() -> None:
    """`include_object` leaves our tables out of what a host's Alembic compares, and no others."""
    ours = metadata().sorted_tables
    assert not any(include_object(one, one.name, "table", True, None) for one in ours)
    theirs = sa.Table("cases", sa.MetaData(), sa.Column("id", sa.Integer))
    assert include_object(theirs, theirs.name, "table", True, None)
    assert include_object(theirs.c.id, "id", "column", True, None)


ENV = """
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("url"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""


def test_a_host_runs_our_revisions_with_its_own(fresh: str, tmp_path: Path) -> None:
    """A host that names our folder of revisions in its alembic.ini upgrades ours, too."""
    engine, schema = place(fresh)
    (tmp_path / "theirs" / "versions").mkdir(parents=True)
    (tmp_path / "theirs" / "env.py").write_text(ENV, encoding="utf-8")
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\n"
        f"script_location = {tmp_path / 'theirs'}\n"
        "path_separator = space\n"
        f"version_locations = {tmp_path / 'theirs' / 'versions'} "
        "lockroutine.stores.sql:migrations/versions\n"
        f"lockroutine_schema = {schema}\n"
        f"url = {engine.url.render_as_string(hide_password=False).replace('%', '%%')}\n",
        encoding="utf-8",
    )
    command.upgrade(Config(str(tmp_path / "alembic.ini")), "heads")
    engine.dispose()
    assert check(fresh) == ()
    SqlStore(fresh).close()


# -- the commands ----------------------------------------------------------------------------------


def ran(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_commands_on_tables(fresh: str) -> None:
    """`db upgrade` makes the tables, `db check` says whether they fit: exit 1 and then 0."""
    if fresh.startswith("postgresql"):
        code, said = ran("db", "check", fresh)
        assert code == 1
        assert said.startswith(
            "The tables do not fit, in 9 places. Run `lockroutine db upgrade`.\n"
        )
    whole = "The tables are those of this lockroutine.\n"
    assert ran("db", "upgrade", fresh) == (0, whole)
    assert ran("db", "check", fresh) == (0, whole)
    code, said = ran("db", "check", fresh, "--json")
    assert (code, json.loads(said)) == (0, {"fits": True, "problems": []})


def test_the_schema_may_be_an_option(postgres: str) -> None:
    """`--schema` names the schema as well as the URL does."""
    assert ran("db", "upgrade", postgres, "--schema", "Låsens")[0] == 0
    assert check(f"{postgres}&schema=Låsens") == ()
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(sa.text('DROP SCHEMA "Låsens" CASCADE'))
    engine.dispose()


def test_commands_that_ask_take_a_url(fresh: str) -> None:
    """The commands that take a file take a database URL, too."""
    upgrade(fresh)
    code, said = ran("tick", fresh)
    assert (code, said) == (
        2,
        "lockroutine: The database of this URL knows no routine: say which with --pack.\n",
    )
    assert ran("tick", fresh, "--pack", "soderkoping") == (0, "Moved by the clock: 0.\n")
    assert ran("verify", fresh)[0] == 0


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """`db check` makes no file."""
    path = tmp_path / "no.db"
    code, said = ran("db", "check", f"sqlite:///{path}")
    assert (code, said) == (2, f"lockroutine: There is no database {path}.\n")
    assert not path.exists()
