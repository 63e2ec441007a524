"""Work in the background on Procrastinate, in the PostgreSQL that has the cases.

It needs the extra ``jobs``. An engine on a URL with ``?jobs=procrastinate`` writes a job in each
transaction that leaves something to deliver; a worker that runs these tasks finds it at once. A
job says no more than that it is time to look: what is due, and what became of it, stands in the
store alone. So one that is lost or there twice changes nothing, and nobody need tend them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from attrs import Attribute, field, frozen
from croniter import croniter
from croniter.croniter import CroniterError
from procrastinate import App, Blueprint, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from lockroutine.engine import Engine
from lockroutine.errors import InvalidForm, Problem
from lockroutine.facts import identifier
from lockroutine.stores.sql import SqlStore
from lockroutine.stores.sql.waking import QUEUE

__all__ = ["Rhythm", "add_tasks", "work"]

_PAUSE = 5.0  # seconds until a database that is away is asked again


def _cron(_: object, attribute: Attribute[str], value: str) -> None:
    if value == "":
        return
    try:
        croniter(value).get_next()
    except (CroniterError, AttributeError, TypeError):
        message = "must be a time as for cron, or empty"
        raise InvalidForm([Problem(f"rhythm.{attribute.name}", message)]) from None


@frozen(kw_only=True)
class Rhythm:
    """How often is looked for what no job tells of; each as for cron, in UTC; never, if empty.

    Args:
        look: When what is due by the clock is made, and what is to be tried again is delivered.
            Jobs that a killed worker left behind go then, too.
        pull: When tickets and the admin tool are read.
        sweep: When the standing checks make their round.

    Raises:
        InvalidForm: One is no such time.

    >>> Rhythm(look="every minute")
    Traceback (most recent call last):
    lockroutine.errors.InvalidForm: rhythm.look: must be a time as for cron, or empty
    """

    look: str = field(default="* * * * *", validator=_cron)
    pull: str = field(default="*/5 * * * *", validator=_cron)
    sweep: str = field(default="0 3 * * *", validator=_cron)


def add_tasks(
    app: App, engine: Engine, *, rhythm: Rhythm | None = None, unit: str = "municipality"
) -> None:
    """Put lockroutine's tasks into a host's own app of Procrastinate.

    All of them are in the queue ``lockroutine``.

    Args:
        app: The host's app, whose database is the engine's.
        engine: The engine that does the work, with its plugins and contacts.
        rhythm: How often is looked; each minute, pulled each five and swept each night if left
            out.
        unit: The unit of what is pulled and belongs to no case; see `Engine.pull`.

    Raises:
        InvalidForm: The engine is on no database with ``jobs=procrastinate``.

    >>> from procrastinate import testing
    >>> app = App(connector=testing.InMemoryConnector())
    >>> with Engine.open(":memory:") as engine:
    ...     add_tasks(app, engine)
    Traceback (most recent call last):
    lockroutine.errors.InvalidForm: engine: must be on a database URL with jobs=procrastinate
    """
    _store(engine)
    tasks = _tasks(engine, rhythm or Rhythm(), identifier(unit, "unit"))
    app.add_tasks_from(tasks, namespace=QUEUE)


def _store(engine: Engine) -> SqlStore:
    if not isinstance(engine.store, SqlStore) or not engine.store.jobs:
        message = "must be on a database URL with jobs=procrastinate"
        raise InvalidForm([Problem("engine", message)])
    return engine.store


def _tasks(engine: Engine, rhythm: Rhythm, unit: str) -> Blueprint:
    tasks = Blueprint()

    @tasks.task(name="deliver", queue=QUEUE)
    def deliver() -> None:
        engine.deliver()

    def each(cron: str) -> Callable[[Any], object]:
        return tasks.periodic(cron=cron) if cron else lambda task: task

    @each(rhythm.look)
    @tasks.task(name="look", queue=QUEUE, queueing_lock=f"{QUEUE}:look")
    def look(timestamp: int) -> None:
        while engine.tick():
            pass
        engine.deliver()

    @each(rhythm.look)
    @tasks.task(name="tidy", queue=QUEUE, queueing_lock=f"{QUEUE}:tidy", pass_context=True)
    async def tidy(context: JobContext, timestamp: int) -> None:
        jobs = context.app.job_manager
        for job in await jobs.get_stalled_jobs(queue=QUEUE):
            await jobs.finish_job(job, status=Status.ABORTED, delete_job=True)

    @each(rhythm.pull)
    @tasks.task(name="pull", queue=QUEUE, queueing_lock=f"{QUEUE}:pull")
    def pull(timestamp: int) -> list[str]:
        return list(engine.pull(unit=unit).problems)

    @each(rhythm.sweep)
    @tasks.task(name="sweep", queue=QUEUE, queueing_lock=f"{QUEUE}:sweep")
    def sweep(timestamp: int) -> list[str]:
        return list(engine.sweep().problems)

    return tasks


def work(
    engine: Engine,
    *,
    stop: threading.Event,
    parallel: int = 4,
    rhythm: Rhythm | None = None,
    unit: str = "municipality",
) -> None:
    """Do lockroutine's tasks until told to stop; a database that is away is waited for.

    Args:
        engine: The engine that does the work.
        stop: Set to end; what is under way is finished.
        parallel: How many tasks run side by side at most.
        rhythm: As for `add_tasks`.
        unit: As for `add_tasks`.

    Raises:
        InvalidForm: As for `add_tasks`.
    """
    database = _store(engine).conninfo()

    def made() -> App:
        app = App(connector=PsycopgConnector(conninfo=database))
        add_tasks(app, engine, rhythm=rhythm, unit=unit)
        return app

    asyncio.run(_work(made, stop, parallel))


async def _work(made: Callable[[], App], stop: threading.Event, parallel: int) -> None:
    while not stop.is_set():
        app = made()  # anew, as its connections cannot be opened twice
        with suppress(ConnectorException):
            async with app.open_async():
                await _until(stop, app, parallel)
        await _waited(stop, _PAUSE)


async def _until(stop: threading.Event, app: App, parallel: int) -> None:
    # Signals are the caller's; and what a job has to say, the store says better.
    working = asyncio.create_task(
        app.run_worker_async(
            queues=[QUEUE],
            name=QUEUE,
            concurrency=parallel,
            delete_jobs="always",
            install_signal_handlers=False,
        )
    )
    while not working.done() and not stop.is_set():
        await asyncio.wait([working], timeout=0.1)
    if not working.done():
        working.cancel()
    with suppress(asyncio.CancelledError):
        await working


async def _waited(stop: threading.Event, seconds: float) -> None:
    for _ in range(round(seconds / 0.1)):
        if stop.is_set():
            return
        await asyncio.sleep(0.1)
