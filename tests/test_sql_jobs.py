"""Jobs of Procrastinate: there with the decision, gone with it; and a worker that does them."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

import hosts
from lockroutine import Engine, InvalidForm, StoreError
from lockroutine.cli.app import app
from lockroutine.jobs import Rhythm, add_tasks, work
from lockroutine.plugins.file import FileDrop, Settings
from lockroutine.plugins.manual import ManualAdminTool
from lockroutine.stores.sql import SqlStore, upgrade
from postgres import running
from smallpack import ROUTINE, Clock, consent, just_order, opened, order, permission

SECONDS = Rhythm(look="* * * * * *", pull="", sweep="")
JOBS_ONLY = Rhythm(look="", pull="", sweep="")
PATIENCE = 60.0

Host = Callable[[Engine, str, str, Callable[[Engine], Any]], Any]


class Undone(Exception):
    """The host changes its mind."""


@pytest.fixture
def url(empty_postgres: str) -> str:
    made = f"{empty_postgres}&jobs=procrastinate"
    upgrade(made)
    said(
        empty_postgres,
        "DELETE FROM procrastinate_jobs",
        "DELETE FROM procrastinate_periodic_defers",
        "DROP TABLE IF EXISTS theirs",
        "CREATE TABLE theirs (name text)",
    )
    return made


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    return tmp_path / "drop"


def said(url: str, *statements: str) -> list[Any]:
    engine = sa.create_engine(url.removesuffix("&jobs=procrastinate"))
    try:
        with engine.begin() as connection:
            found = [connection.execute(sa.text(one)) for one in statements]
            return [tuple(row) for row in found[-1]] if found[-1].returns_rows else []
    finally:
        engine.dispose()


def jobs(url: str) -> list[tuple[str, str]]:
    """The jobs that are waiting: their queues and tasks."""
    return said(url, "SELECT queue_name, task_name FROM procrastinate_jobs ORDER BY id")


def deferred(url: str) -> set[str]:
    """The tasks that were begun because their time had come."""
    return {name for (name,) in said(url, "SELECT task_name FROM procrastinate_periodic_defers")}


def wait_for(done: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, "nothing came of it"
        time.sleep(0.05)


@contextmanager
def delivering(url: str, drop: Path, clock: Clock | None = None) -> Generator[Engine]:
    """An engine whose tickets go into a file."""
    plugins = [FileDrop(Settings(path=str(drop))), ManualAdminTool()]
    clock = clock or Clock()
    with Engine.open(url, routine=ROUTINE, clock=clock, plugins=plugins) as engine:
        yield engine


@contextmanager
def at_work(engine: Engine, rhythm: Rhythm) -> Generator[None]:
    """A worker in a thread."""
    stop, raised = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            work(engine, stop=stop, rhythm=rhythm)
        except BaseException as error:
            raised.append(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        engine.stop_delivering()
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not raised


# -- writing jobs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", hosts.ON_POSTGRES, ids=lambda one: str(one.__name__))
def test_a_job_is_there_with_the_host(url: str, host: Host) -> None:
    """Whatever the host's connection is, there is a job if it commits, and none if it does not."""
    plain = url.removesuffix("&jobs=procrastinate")
    with opened(url, clock=Clock()) as engine:
        consent(engine)

        def undone(bound: Engine) -> None:
            just_order(bound)
            raise Undone

        with suppress(Undone):
            host(engine, plain, "row", undone)
        assert jobs(url) == []
        host(engine, plain, "row", just_order)
        assert jobs(url) == [("lockroutine", "lockroutine:deliver")]


def test_a_job_is_there_with_what_is_to_be_delivered(url: str) -> None:
    """A command leaves a job if it leaves something to deliver, and otherwise none."""
    with opened(url, clock=Clock()) as engine:
        consent(engine)
        assert jobs(url) == []
        just_order(engine)
        assert len(jobs(url)) == 1


def test_without_being_asked_no_job_is_written(url: str) -> None:
    """A database that has Procrastinate's tables gets jobs only if the URL says so."""
    with opened(url.removesuffix("&jobs=procrastinate"), clock=Clock()) as engine:
        order(engine)
    assert jobs(url) == []


def test_a_host_says_so_beside_its_own_connections(url: str) -> None:
    """A store on the host's own SQLAlchemy engine is told by an argument."""
    host = sa.create_engine(url.removesuffix("&jobs=procrastinate"))
    with Engine(SqlStore(host, jobs=True), routine=ROUTINE, clock=Clock()) as engine:
        order(engine)
    host.dispose()
    assert len(jobs(url)) == 1


# -- wrong calls -----------------------------------------------------------------------------------


def message(call: Callable[[], object]) -> str:
    with pytest.raises((InvalidForm, StoreError)) as error:
        call()
    return str(error.value)


def test_what_a_url_may_say_of_jobs(sqlite_url: str, empty_postgres: str) -> None:
    """Another word than procrastinate, or another database than PostgreSQL, is refused."""
    assert message(lambda: SqlStore(f"{empty_postgres}&jobs=celery")) == (
        "where: must say jobs=procrastinate, or nothing of jobs"
    )
    assert message(lambda: SqlStore(f"{sqlite_url}?jobs=procrastinate")) == (
        "where: says jobs=procrastinate, which needs PostgreSQL"
    )
    host = sa.create_engine(sqlite_url)
    assert message(lambda: SqlStore(host, jobs=True)) == "jobs: needs PostgreSQL"
    host.dispose()


def test_tables_of_jobs_that_are_missing(empty_postgres: str) -> None:
    """Without Procrastinate's tables nothing is opened; who makes them is named."""
    said(empty_postgres, "CREATE SCHEMA IF NOT EXISTS apart")
    upgrade(f"{empty_postgres}&schema=apart")
    elsewhere = f"{empty_postgres}&schema=apart&options=-csearch_path%3Dapart&jobs=procrastinate"
    assert message(lambda: SqlStore(elsewhere)) == (
        "The database postgres on "
        f"{sa.make_url(empty_postgres).query['host']} has not the tables of Procrastinate 3.2 or "
        "later, which jobs=procrastinate needs. Run `lockroutine db upgrade` on it, with the same "
        "URL."
    )
    upgrade(elsewhere)
    upgrade(elsewhere)
    SqlStore(elsewhere).close()
    said(empty_postgres, "DROP SCHEMA apart CASCADE")


def test_tables_of_jobs_without_the_library(
    empty_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who upgrades or works without Procrastinate is told what to install."""
    for name in ("procrastinate", "procrastinate.schema", "lockroutine.jobs"):
        monkeypatch.setitem(sys.modules, name, None)
    asked = f"{empty_postgres}&jobs=procrastinate"
    assert message(lambda: upgrade(asked)) == (
        'jobs=procrastinate needs more: pip install "lockroutine[jobs]"'
    )
    result = CliRunner().invoke(app, ["worker", asked])
    assert result.exit_code == 2
    assert 'The worker needs more: pip install "lockroutine[jobs]"' in result.stderr


def test_a_worker_for_an_engine_that_writes_no_jobs(empty_postgres: str) -> None:
    """A worker works only for an engine whose decisions it would hear of."""
    expected = "engine: must be on a database URL with jobs=procrastinate"
    for where in (":memory:", empty_postgres):
        with opened(where, clock=Clock()) as engine:
            assert message(lambda e=engine: work(e, stop=threading.Event())) == expected
            assert message(lambda e=engine: add_tasks(None, e)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["now", "0 0 31 2 *", 5, None])
def test_a_rhythm_that_is_none(wrong: Any) -> None:
    """What is no time as for cron, or one that never comes, is refused by its name."""
    assert message(lambda: Rhythm(pull=wrong)) == (
        "rhythm.pull: must be a time as for cron, or empty"
    )


# -- the worker ------------------------------------------------------------------------------------


def lines(drop: Path) -> list[dict[str, Any]]:
    if not drop.exists():
        return []
    return [json.loads(one) for one in drop.read_text("utf-8").splitlines()]


def test_what_is_ordered_is_delivered(url: str, drop: Path) -> None:
    """A worker delivers what is ordered as soon as it is there, without waiting for its clock."""
    with delivering(url, drop) as engine, at_work(engine, JOBS_ONLY):
        for number in range(5):
            order(engine, f"customer-{number}")
        wait_for(lambda: len(lines(drop)) == 5)
        wait_for(lambda: not jobs(url))
        assert {effect.state for effect in engine.effects()} == {"done"}


def test_what_is_due_is_made_once(url: str, drop: Path) -> None:
    """Of several workers, one makes what is due by the clock, also after they all stood still."""
    clock = Clock(dt.datetime(2026, 3, 28, 12, 0, tzinfo=dt.UTC))
    with delivering(url, drop, clock) as engine, delivering(url, drop, clock) as other:
        until = dt.datetime(2026, 3, 29, 3, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
        cases = [permission(engine, f"staff-{n}", until.isoformat()) for n in range(4)]
        states = {case.id: case.state for case in cases}
        clock.at = until - dt.timedelta(minutes=1)  # half past two is left out that night
        with at_work(engine, SECONDS), at_work(other, SECONDS):
            seen = said(url, "SELECT max(id) FROM procrastinate_events")
            wait_for(lambda: said(url, "SELECT max(id) FROM procrastinate_events") != seen)
            assert {case.id: engine.case(case.id).state for case in cases} == states
            clock.at = until
            wait_for(lambda: all(engine.case(case.id).state == "ended" for case in cases))
        for case in cases:
            made = [event for event in engine.history(case.id) if event.actor == "clock"]
            assert len({event.transition for event in made}) == len(made)


def test_each_minute_is_looked(url: str, drop: Path) -> None:
    """Without another rhythm each minute is looked, each five pulled, and each night swept."""
    from procrastinate import App, testing

    with delivering(url, drop) as engine:
        host = App(connector=testing.InMemoryConnector())
        add_tasks(host, engine)
    periodic = {one.task.name: one.cron for one in host.periodic_registry.periodic_tasks.values()}
    assert periodic == {
        "lockroutine:look": "* * * * *",
        "lockroutine:tidy": "* * * * *",
        "lockroutine:pull": "*/5 * * * *",
        "lockroutine:sweep": "0 3 * * *",
    }
    assert "lockroutine:deliver" in host.tasks


def test_other_systems_are_read_and_checks_are_made(url: str, drop: Path) -> None:
    """The worker pulls and sweeps, too, and leaves behind no job that is done."""
    rhythm = Rhythm(look="", pull="* * * * * *", sweep="* * * * * *")
    with delivering(url, drop) as engine, at_work(engine, rhythm):
        wait_for(lambda: deferred(url) == {"lockroutine:pull", "lockroutine:sweep"})
    left = {status for (status,) in said(url, "SELECT status FROM procrastinate_jobs")}
    assert left <= {"todo"}


def test_what_a_killed_worker_left_is_cleared(url: str, drop: Path) -> None:
    """The job that a worker was at when it was killed goes; what it was about is done."""
    with delivering(url, drop) as engine:
        order(engine)
        said(
            url,
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 day')",
            "UPDATE procrastinate_jobs SET status = 'doing', "
            "worker_id = (SELECT max(id) FROM procrastinate_workers)",
        )
        with at_work(engine, SECONDS):
            wait_for(lambda: lines(drop))
            wait_for(
                lambda: (
                    not said(
                        url,
                        "SELECT 1 FROM procrastinate_jobs "
                        "WHERE status = 'doing' AND task_name = 'lockroutine:deliver'",
                    )
                )
            )


def test_a_database_that_is_started_again(drop: Path) -> None:
    """A worker outlives its database, and goes on when that is back."""
    with running() as server:
        url = f"{server.url}&jobs=procrastinate"
        upgrade(url)
        with delivering(url, drop) as engine, at_work(engine, JOBS_ONLY):
            order(engine, "customer-1")
            wait_for(lambda: len(lines(drop)) == 1)
            server.restart()
            order(engine, "customer-2")
            wait_for(lambda: len(lines(drop)) == 2)


@pytest.fixture
def settings(tmp_path: Path, drop: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(f'[plugin.manual]\n[plugin.file]\npath = "{drop.as_posix()}"\n', "utf-8")
    return path


def test_the_command(url: str, drop: Path, settings: Path) -> None:
    """`lockroutine worker` works until SIGTERM, and then ends what is under way: exit 0."""
    with Engine.open(url, routine=ROUTINE) as engine:
        command = [sys.executable, "-m", "lockroutine.cli", "worker", url]
        command += ["--settings", str(settings)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            order(engine)
            wait_for(lambda: lines(drop))
            process.send_signal(signal.SIGTERM)
            told, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, told) == (0, "Working until told to stop.\n")


def test_the_command_called_wrongly(url: str, settings: Path, tmp_path: Path) -> None:
    """A URL that says nothing of jobs, and accounts in roles that are not there: exit 2."""
    with Engine.open(url, routine=ROUTINE) as engine:
        consent(engine)
    plain = url.removesuffix("&jobs=procrastinate")
    result = CliRunner().invoke(app, ["worker", plain, "--settings", str(settings)])
    assert result.exit_code == 2
    assert "engine: must be on a database URL with jobs=procrastinate" in result.stderr
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[account.anna]\nactor = "anna"\nroles = ["nobody"]\nunits = ["north"]\n')
    result = CliRunner().invoke(
        app, ["worker", url, "--settings", str(settings), "--accounts", str(accounts)]
    )
    assert result.exit_code == 2
    assert "nobody" in result.stderr
