"""No question reads a whole table: the plans of both databases at 100,000 cases."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
import sqlalchemy as sa

from lockroutine import NotFound, load_routine
from lockroutine.model import Awaited, EffectState, Query, Reference
from lockroutine.stores import CaseFilter, SqliteStore, Store
from lockroutine.stores.again import repeated
from lockroutine.stores.sql import SqlStore, upgrade
from lockroutine.stores.sql._links import CursorLink
from lockroutine.testing.stores import following, opening
from smallpack import BO, BOOKING, edited, opened, order

SIZE = 100_000
AT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
# What was there at first is made many times over, under other ids and in other places; there are
# few cases of one process, in one state and in one unit, and one unit has half of all.
CASES = """
INSERT INTO {0}cases (id, process, subject, unit, routine, state, is_open, waits, owed, version,
    due, timer, open_key, body, personal)
SELECT 'x' || n, CASE WHEN n % 10000 = 9 THEN 'rare' WHEN n % 20 = 0 THEN 'mounting'
        ELSE 'process-' || (n % 20) END,
    'customer-' || (n % 30000),
    CASE WHEN n % 10000 = 7 THEN 'rare' WHEN n % 2 = 0 THEN 'large' ELSE 'unit-' || (n % 50) END,
    routine,
    CASE WHEN n % 10000 = 20 THEN 'rare' ELSE 'state-' || (n % 7) END, n % 3 = 0, n % 3 = 0, '', 1,
    '2026-0' || (1 + n % 9) || '-02T09:00:00+00:00',
    CASE n % 10 WHEN 0 THEN '2026-0' || (1 + n % 9) || '-02T09:00:00+00:00' END,
    NULL, body, NULL FROM {0}cases, {1} WHERE id = '1'
"""
EVENTS = """
INSERT INTO {0}events (case_id, version, body, hash, personal)
SELECT 'x' || n, 1, body, hash, NULL FROM {0}events, {1} WHERE case_id = '1'
"""
EFFECTS = """
INSERT INTO {0}effects (key, routine, rule, kind, system, case_id, version, recipient, template,
    state, due_at, attempts, message, outside, body, personal)
SELECT 'x' || n, routine, rule, kind, CASE n % 3 WHEN 0 THEN 'tickets' ELSE 'notices' END,
    'x' || n, 1, '', '', CASE WHEN n % 100 = 0 THEN 'due' WHEN n % 100 = 1 THEN 'parked'
        WHEN n % 10000 = 5 THEN 'dismissed' WHEN n % 10000 = 6 THEN 'failed' ELSE 'done' END,
    due_at, 0, '', '', body, NULL FROM {0}effects, {1} WHERE case_id = '1' AND kind = 'open_ticket'
"""
FOUND = """
INSERT INTO {0}found_by (process, field, value, case_id)
SELECT 'mounting', 'door', 'door-' || (n % 40000), 'x' || n FROM {1}
"""
REFERENCES = """
INSERT INTO {0}reference (system, id, case_id) SELECT 'easit', 'r' || n, 'x' || n FROM {1}
"""
RESULTS = """
INSERT INTO {0}results (key, case_id, version, digest) SELECT 'k' || n, 'x' || n, 1, '' FROM {1}
"""
NUMBERS = {
    "postgresql": f"generate_series(1, {SIZE}) AS n",
    "sqlite": f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {SIZE}) "
    "SELECT n FROM c) AS numbers",
}


def fill(execute: Callable[[str], object], kind: str, prefix: str) -> None:
    for statement in (CASES, EVENTS, EFFECTS, FOUND, REFERENCES, RESULTS):
        execute(statement.format(prefix, NUMBERS[kind]))
    if kind == "postgresql":  # as its autovacuum does; nobody does so for a file
        execute("ANALYZE")


def seeded(store: Store) -> Store:
    first = opening("1", effects=["open_ticket", "send_notice"], found_by=[("door", "front")])
    repeated(store, lambda transaction: transaction.apply([first]))
    return store


# What the engine asks, and how.
KNOWN = ("example@1.0.0",)
UNITS, OTHERS = frozenset({"unit-3", "unit-17"}), frozenset({"large", "rare"})
WAITING = [Awaited("mounting", "state-1"), Awaited("process-3", "state-2", AT)]
ASKED: dict[str, Callable[[Any], object]] = {
    "case": lambda t: t.case("x1234"),
    "find by subject": lambda t: t.find(Query(process="mounting", field="subject", value="c-20")),
    "find by field": lambda t: t.find(Query(process="mounting", field="door", value="door-20")),
    "history": lambda t: t.history("x1234"),
    "histories": lambda t: t.histories([f"x{number}" for number in range(500, 700)]),
    "by what cases are filed": lambda t: t.filed([f"x{number}" for number in range(500, 700)]),
    "history, a page": lambda t: t.history_page("x1234", 0, 100),
    "events, for figures and exports": lambda t: next(t.events()),
    "waiting": lambda t: t.waiting(WAITING, None, KNOWN, None, 51),
    "waiting in units": lambda t: t.waiting(WAITING, UNITS, KNOWN, None, 51),
    "waiting, a later page": lambda t: t.waiting(WAITING, UNITS, KNOWN, (AT.isoformat(), "x5"), 51),
    "timers": lambda t: t.timers(AT, None, 100),
    "timers, a later page": lambda t: t.timers(AT, (AT.isoformat(), "x5"), 100),
    "all cases": lambda t: t.cases(CaseFilter(), "x5", 100),
    "cases of a process": lambda t: t.cases(CaseFilter(process="mounting"), "", 100),
    "cases of a process, a later page": lambda t: t.cases(
        CaseFilter(process="process-7"), "x5", 100
    ),
    "cases of a rare process": lambda t: t.cases(CaseFilter(process="rare"), "", 100),
    "cases of a rare process in a large unit": lambda t: t.cases(
        CaseFilter(process="rare", unit="large"), "", 100
    ),
    "cases of a unit": lambda t: t.cases(CaseFilter(unit="unit-3"), "", 100),
    "cases of a large unit": lambda t: t.cases(CaseFilter(unit="large"), "x5", 100),
    "cases of a rare unit": lambda t: t.cases(CaseFilter(unit="rare"), "", 100),
    "open cases of a rare unit": lambda t: t.cases(CaseFilter(unit="rare", is_open=True), "", 100),
    "cases of a process in a rare unit": lambda t: t.cases(
        CaseFilter(process="mounting", unit="rare"), "", 100
    ),
    "cases of a subject in a large unit": lambda t: t.cases(
        CaseFilter(subject="customer-20", unit="large"), "", 100
    ),
    "cases in a state": lambda t: t.cases(CaseFilter(process="lock", state="in_store"), "", 100),
    "cases of a subject": lambda t: t.cases(CaseFilter(subject="customer-20"), "", 100),
    "cases in a rare state": lambda t: t.cases(
        CaseFilter(process="mounting", state="rare"), "", 100
    ),
    "cases of units": lambda t: t.cases(CaseFilter(units=UNITS, is_open=True), "", 100),
    "cases of a rare and a large unit": lambda t: t.cases(CaseFilter(units=OTHERS), "x5", 100),
    "cases of a process in a rare and a large unit": lambda t: t.cases(
        CaseFilter(process="mounting", units=OTHERS), "", 100
    ),
    "cases of a subject in units": lambda t: t.cases(
        CaseFilter(subject="customer-20", units=OTHERS), "", 100
    ),
    "cases of jobs": lambda t: t.cases(
        CaseFilter(units=UNITS, jobs=frozenset({("mounting", "door", "door-20")})), "", 100
    ),
    "cases of a process of jobs": lambda t: t.cases(
        CaseFilter(
            process="mounting",
            units=frozenset({"rare"}),
            jobs=frozenset({("mounting", "door", "door-20"), ("mounting", "door", "door-40")}),
        ),
        "",
        100,
    ),
    "cases of a reference": lambda t: t.cases(
        CaseFilter(reference=Reference("easit", "r20")), "", 100
    ),
    "effects": lambda t: t.effects(None, None, "", 100),
    "effects, a later page": lambda t: t.effects(None, None, "x1234", 100),
    "effects of a case": lambda t: t.effects("x1234", None, "", 100),
    "effects of a case, a later page": lambda t: t.effects("x1234", None, "x1234", 100),
    "effects of a case in a state": lambda t: t.effects("x1234", "done", "", 100),
    "effects of a case in a state, a later page": lambda t: t.effects(
        "x1234", "done", "x1234", 100
    ),
    **{
        f"effects that are {state}": lambda t, state=state: t.effects(None, state, "", 100)
        for state in get_args(EffectState)
    },
    "effects that are parked, a later page": lambda t: t.effects(None, "parked", "x50001", 100),
    "an effect": lambda t: t.effect("x20"),
    "backlog": lambda t: t.backlog(),
    "server's time": lambda t: t.server_time(),
    "first result": lambda t: t.first_result("req-1"),
    "cursor": lambda t: t.cursor("easit"),
    "claim": lambda t: t.claim({"tickets": 16, "notices": 16}, AT, AT + dt.timedelta(hours=1)),
    "settle": lambda t: t.settle(t.effect("1/1/open_ticket"), None),
    "start": lambda t: t.apply([opening("2", found_by=[("door", "back")])], "key-1", "d"),
    "a case and those beside it": lambda t: t.ahead("x1234", {"mounting", "process-3"}),
    "perform": lambda t: (
        t.find(Query(process="mounting", field="door", value="front")),
        t.apply([following(t.case("1"), effects=["note_ticket"])]),
    ),
    "start, having read others": lambda t: (
        t.case("1"),
        t.find(Query(process="mounting", field="subject", value="customer-none")),
        t.apply([opening("2")]),
    ),
}
# Of these there is a handful.
SMALL = ("cursors", "routines", "refusals")


class Recording:
    """A link that remembers what is run on it."""

    def __init__(self, link: Any) -> None:
        self._link = link
        self.run: list[tuple[str, tuple[Any, ...]]] = []

    def rows(self, statement: Any, given: Mapping[str, Any]) -> Any:
        self.run.append((statement.text, statement.values(given)))
        return self._link.rows(statement, given)

    def write(self, statement: Any, given: Mapping[str, Any]) -> Any:
        self.run.append((statement.text, statement.values(given)))
        return self._link.write(statement, given)

    def write_all(self, statement: Any, given: Sequence[Mapping[str, Any]]) -> None:
        for one in given:
            self.write(statement, one)


class Enough(Exception):
    """The question was asked; what it changed is not to be kept."""


def statements_of(store: SqlStore, question: str) -> list[tuple[str, tuple[Any, ...]]]:
    recording = None
    try:
        with store.writing() as transaction:
            made: Any = transaction
            recording = made._link = Recording(made._link)
            ASKED[question](transaction)
            raise Enough
    except Enough:
        assert recording is not None
        return recording.run


# -- PostgreSQL ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def on_server(postgres: str) -> Iterator[SqlStore]:
    upgrade(postgres, schema="plans")
    engine = sa.create_engine(postgres)
    store = SqlStore(postgres, schema="plans")
    seeded(store)
    with engine.begin() as connection:
        fill(lambda text: connection.execute(sa.text(text)), "postgresql", "plans.lockroutine_")
    yield store
    store.close()
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA plans CASCADE"))
    engine.dispose()


def touched(plan: Any) -> int:
    """How many rows were read for a plan that was carried out, also those that did not fit."""
    read = sum(plan.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter"))
    counts = "Scan" in plan["Node Type"] and plan["Node Type"] != "Bitmap Index Scan"
    own = read * plan["Actual Loops"] if counts else 0
    return int(own) + sum(touched(part) for part in plan.get("Plans", ()))


def scans(plan: Any) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"].removeprefix("lockroutine_")
    for part in plan.get("Plans", ()):
        yield from scans(part)


@contextmanager
def undone(store: SqlStore) -> Iterator[Any]:
    """A cursor in a transaction that comes to nothing."""
    with closing(store._engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        try:
            yield cursor
        finally:
            cursor.execute("ROLLBACK")


@pytest.mark.parametrize("question", ASKED)
def test_no_question_reads_a_whole_table_on_postgres(on_server: SqlStore, question: str) -> None:
    """PostgreSQL uses an index for each statement, planned for these values and for any.

    What it then reads is a page's work.
    """
    run = statements_of(on_server, question)
    with undone(on_server) as cursor:  # what is measured is carried out
        for text, values in run:
            first, *parts = text.split("%s")
            general = first + "".join(f"${number}{part}" for number, part in enumerate(parts, 1))
            for explained, given in (
                (f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values),
                (f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {general}", None),
            ):
                cursor.execute(explained, given, prepare=False)
                ((found,),) = cursor.fetchall()
                plan = found if isinstance(found, list) else json.loads(found)
                assert set(scans(plan[0]["Plan"])) <= set(SMALL), text
                if given is not None:
                    assert touched(plan[0]["Plan"]) < SIZE / 20, text


@pytest.mark.parametrize(
    "question",
    [
        "case",
        "find by subject",
        "a case and those beside it",
        "waiting",
        "waiting in units",
        "waiting, a later page",
        "start",
        "perform",
        "start, having read others",
    ],
)
def test_what_is_asked_again_and_again_is_planned_once(on_server: SqlStore, question: str) -> None:
    """PostgreSQL keeps the plan of a statement of a command or a work list: no other is better."""
    run = statements_of(on_server, question)
    with undone(on_server) as cursor:
        cursor.execute("DEALLOCATE ALL")
        for text, values in run:
            for _ in range(12):  # but for the first time, there is nothing left to be written
                cursor.execute(text, values, prepare=True)
        cursor.execute("SELECT custom_plans, generic_plans FROM pg_prepared_statements")
        plans = [counted for counted in cursor.fetchall() if counted != (0, 1)]  # not this one
        assert plans == [(5, 7)] * len(run)


def prepared(store: SqlStore) -> set[str]:
    """The statements that the store's connection has ready."""
    with closing(store._engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return {statement for (statement,) in cursor.fetchall()}


@pytest.mark.parametrize("how", ["reading", "browsing", "writing", "bound"])
def test_a_refusal_costs_no_plans(postgres: str, on_server: SqlStore, how: str) -> None:
    """A transaction that comes to an error and wrote nothing leaves all statements prepared."""
    with closing(SqlStore(postgres, schema="plans")) as store:
        for _ in range(12):
            with store.writing() as transaction:
                assert transaction.case("1")
        ready = prepared(store)
        assert any("FROM plans.lockroutine_cases WHERE id" in one for one in ready)
        if how == "bound":
            with closing(store._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute("BEGIN")
                bound = store.bind(connection.driver_connection)
                with pytest.raises(NotFound), bound.writing():
                    raise NotFound("case", "9")
                cursor.execute("COMMIT")
        else:
            begin = getattr(store, how)
            with pytest.raises(NotFound), begin():
                raise NotFound("case", "9")
        assert ready <= prepared(store)


GUARDED = "[process.order.transitions.order.guards.consent]"
BOOKING_GUARDED = """
[process.order.transitions.book.guards.consent]
kind = "case_in_state"
process = "consent"
states = ["received"]
otherwise = { sv = "Samtycket saknas.", en = "The consent is missing." }
clauses = ["C1"]

"""


def test_a_command_takes_few_trips(empty_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step looks at is read in one trip; its locks take one more, and all it writes one."""
    asked: list[str] = []
    rows = CursorLink.rows

    def counted(self: CursorLink, statement: Any, given: Mapping[str, Any]) -> Any:
        asked.append(statement.text)
        return rows(self, statement, given)

    routine = load_routine(edited(("order", GUARDED, BOOKING_GUARDED + GUARDED)))
    with opened(empty_postgres, routine) as engine:
        case = order(engine)
        monkeypatch.setattr(CursorLink, "rows", counted)
        assert engine.explain(case.id, "book", actor=BO, form=BOOKING).allowed
        assert len(asked) == 1
        engine.perform(case.id, "book", actor=BO, form=BOOKING)
        assert len(asked) == 1 + 3
        assert len(engine.worklist(actor=BO)) == 1
        assert len(asked) == 1 + 3 + 1


# -- SQLite ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def through_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    path = tmp_path_factory.mktemp("plans") / "host.db"
    url = f"sqlite+pysqlite:///{path}"
    upgrade(url)
    store = SqlStore(url)
    seeded(store)
    with closing(sqlite3.connect(path)) as connection, connection:
        fill(connection.execute, "sqlite", "lockroutine_")
    yield store
    store.close()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    path = tmp_path_factory.mktemp("plans") / "locks.db"
    store = SqliteStore(path)
    seeded(store)
    with closing(sqlite3.connect(path)) as connection, connection:
        fill(connection.execute, "sqlite", "")
    yield store
    store.close()


def whole_tables(connection: sqlite3.Connection, text: str, values: Sequence[Any]) -> set[str]:
    """The tables that a plan reads from end to end, by their rows or along an index."""
    found = set()
    for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {text}", values):
        # The indexes of what is not over hold nothing else.
        match = re.match(r"SCAN (\w+)\b(?! VIRTUAL)(?! USING INDEX \w*effects_to_)", detail)
        if match and "VIRTUAL TABLE" not in detail and "CONSTANT ROW" not in detail:
            found.add(match.group(1).removeprefix("lockroutine_"))
    return found - {"job", "json_each", *SMALL}


@pytest.mark.parametrize("question", ASKED)
def test_no_question_reads_a_whole_table_on_sqlite(through_url: SqlStore, question: str) -> None:
    """SQLite, through SQLAlchemy, searches by an index for each statement."""
    run = statements_of(through_url, question)
    with closing(sqlite3.connect(through_url.name)) as connection, connection:
        for text, values in run:
            assert whole_tables(connection, text, values) == set(), text


@pytest.mark.parametrize("question", ASKED)
def test_no_question_reads_a_whole_table_of_the_embedded_file(
    embedded: SqliteStore, question: str
) -> None:
    """The embedded store searches by an index for each of its statements."""
    run: list[str] = []

    def asked() -> None:
        with embedded.writing() as transaction:
            transaction._connection.set_trace_callback(run.append)
            try:
                ASKED[question](transaction)
            finally:
                transaction._connection.set_trace_callback(None)
            raise Enough

    with pytest.raises(Enough):
        asked()
    with closing(sqlite3.connect(Path(embedded.path))) as connection, connection:
        for text in run:
            if text.lstrip().upper().startswith(("SELECT", "UPDATE", "INSERT", "WITH")):
                assert whole_tables(connection, text, ()) == set(), text


@pytest.mark.parametrize("question", ASKED)
def test_no_question_does_the_work_of_a_whole_table(embedded: SqliteStore, question: str) -> None:
    """What SQLite does for a question, counted in steps of its machine, is a page's work.

    To read a table from end to end, also along an index, takes three for each row at least.
    """
    steps = 0

    def hundred() -> int:
        nonlocal steps
        steps += 100
        return 0

    def asked() -> None:
        with embedded.writing() as transaction:
            transaction._connection.set_progress_handler(hundred, 100)
            try:
                ASKED[question](transaction)
            finally:
                transaction._connection.set_progress_handler(None, 0)
            raise Enough

    with pytest.raises(Enough):
        asked()
    assert steps < SIZE / 2
