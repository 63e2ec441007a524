"""What a server breaks off in between is begun anew, for a while, and never shows a half."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from lockroutine import Case, Engine, InvalidForm, Refused, load_routine
from lockroutine.errors import StoreBusy
from lockroutine.plugins.manual import ManualAdminTool
from lockroutine.stores import again
from lockroutine.stores.again import repeated
from lockroutine.stores.sql import SqlStore
from lockroutine.stores.sql._links import CursorLink
from lockroutine.testing.stores import following, opening
from postgres import deadlocks
from smallpack import ANNA, BO, BOOKING, MONDAY, Clock, edited, everything, lock, opened, order
from test_delivery import Desk, Post

# At the last table that a step writes to; a sequence counts on where a transaction is undone.
BREAKS = """
CREATE SEQUENCE breaks;
CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('breaks') <= {times} THEN
        RAISE EXCEPTION 'broken off' USING ERRCODE = '{code}';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER breaks BEFORE {on} ON lockroutine_{table}
    FOR EACH ROW EXECUTE FUNCTION break_off();
"""
MENDED = """
DROP TRIGGER breaks ON lockroutine_{table}; DROP FUNCTION break_off; DROP SEQUENCE breaks
"""
TENDED = ("routine", "[role.coordinator]\n", "[role.coordinator]\ntends_effects = true\n")
ROUTINE = load_routine(edited(TENDED))


@contextmanager
def breaking(url: str, table: str, code: str, times: int, on: str = "INSERT") -> Iterator[None]:
    """A server that breaks off so many writes to a table, for the reason with that code."""
    host = sa.create_engine(url)
    try:
        with host.begin() as connection:
            connection.exec_driver_sql(BREAKS.format(table=table, code=code, times=times, on=on))
        yield
    finally:
        with host.begin() as connection:
            connection.exec_driver_sql(MENDED.format(table=table))
        host.dispose()


@pytest.fixture
def url(empty_postgres: str) -> str:
    return empty_postgres


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    with opened(url) as made:
        yield made


def booked(engine: Engine) -> Case:
    """An order that waits for its lock, which is there."""
    lock(engine)
    case = order(engine)
    return engine.perform(case.id, "book", actor=BO, form=BOOKING)


def install(engine: Engine, case: Case) -> Case:
    """The order and its lock, both or neither."""
    form = {"serial_number": "PH1-001"}
    return engine.perform(case.id, "install", actor=BO, form=form, key="req-1")


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
@pytest.mark.parametrize("table", ["events", "results"])
def test_what_is_broken_off_is_done_once(engine: Engine, url: str, table: str, code: str) -> None:
    """A joint step that the server breaks off again and again comes through, whole, and once."""
    case = booked(engine)
    with breaking(url, table, code, times=3):
        made = install(engine, case)
    assert (made.state, made.version) == ("fitted", case.version + 1)
    (mounted,) = engine.cases(process="lock").items
    assert (mounted.state, mounted.version) == ("mounted", 2)
    assert install(engine, case) == made
    assert engine.verify().whole


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("40001", "was changed by somebody else in the same moment; try again."),
        ("40P01", "was waited for in a circle; try again."),
        ("55P03", "is locked by another program; try again."),
    ],
)
def test_what_never_comes_through_leaves_nothing(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    """After its patience the engine gives up, says why, and has kept nothing of either case."""
    case = booked(engine)
    before = everything(engine)
    monkeypatch.setattr(again, "PATIENCE", 0.05)
    with breaking(url, "results", code, times=10**6), pytest.raises(StoreBusy) as error:
        install(engine, case)
    assert str(error.value).endswith(words)
    assert everything(engine) == before


def test_a_refusal_is_told_also_when_it_cannot_be_counted(engine: Engine, url: str) -> None:
    """Who is refused reads why, though the server is busy; it is counted with the next write."""
    case = booked(engine)
    rule = "process.lock.transitions.install.from"
    install(engine, case)
    other = order(engine, "customer-18")
    engine.perform(other.id, "book", actor=BO, form=BOOKING)
    with breaking(url, "refusals", "55P03", times=10**6), pytest.raises(Refused) as refused:
        engine.perform(other.id, "install", actor=BO, form={"serial_number": "PH1-001"})
    assert [reason.rule for reason in refused.value.verdict.reasons] == [rule]
    assert engine.figures().refusals == {}
    lock(engine, "PH1-002")
    assert engine.figures().refusals == {rule: 1}


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_round_of_deliveries_is_begun_anew(url: str, code: str) -> None:
    """Deliveries, too, are broken off and go on: each is sent once, and nothing stays behind."""
    desk = Desk()
    plugins = (desk, Post(), ManualAdminTool())
    with Engine.open(url, routine=ROUTINE, clock=Clock(), plugins=plugins) as engine:
        order(engine)
        with breaking(url, "effects", code, times=3, on="UPDATE"):
            assert engine.deliver().done == 1
        assert [effect.state for effect in engine.effects()] == ["done"]
    assert len(desk.tickets) == 1


def test_what_a_person_does_with_an_effect_is_begun_anew(url: str) -> None:
    """To dismiss an effect comes through, too; also if only the answer was lost."""
    with opened(url, routine=ROUTINE) as engine:
        order(engine)
        (effect,) = engine.effects()
        with breaking(url, "effects", "40P01", times=3, on="UPDATE"):
            over = engine.dismiss(effect.key, actor=ANNA, reason="a test")
        assert (over.state, over.message) == ("dismissed", "a test (anna)")
        with pytest.raises(InvalidForm, match="is dismissed"):
            engine.dismiss(effect.key, actor=ANNA, reason="a test")


def test_an_answer_that_is_lost_is_no_refusal(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a dismissal was kept and the connection lost before that was said, it counts."""
    with opened(url, routine=ROUTINE) as engine:
        order(engine)
        (effect,) = engine.effects()
        kept, said = SqlStore._commit, list[str]()

        def lost(store: SqlStore, link: Any) -> None:
            kept(store, link)
            if not said:
                said.append("")
                raise StoreBusy("the connection was lost")

        monkeypatch.setattr(SqlStore, "_commit", lost)
        over = engine.dismiss(effect.key, actor=ANNA, reason="a test")
        assert engine.effects().items == (over,)


def cut_off(url: str) -> None:
    """Cut every connection but that which does it."""
    host = sa.create_engine(url)
    with host.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    host.dispose()


READS: dict[str, Callable[[Engine, Case], object]] = {
    "case": lambda engine, case: engine.case(case.id, actor=ANNA),
    "case as of": lambda engine, case: engine.case(case.id, as_of=MONDAY),
    "cases": lambda engine, case: engine.cases(process="order", actor=ANNA),
    "worklist": lambda engine, case: engine.worklist(actor=BO),
    "history": lambda engine, case: engine.history(case.id),
    "history_page": lambda engine, case: engine.history_page(case.id, limit=1),
    "effects": lambda engine, case: engine.effects(case_id=case.id),
    "options": lambda engine, case: engine.options(case.id, actor=BO),
    "start_options": lambda engine, case: engine.start_options(
        "order", actor=ANNA, subject="customer-18", unit="north"
    ),
    "explain": lambda engine, case: engine.explain(case.id, "install", actor=BO),
    "explain_start": lambda engine, case: engine.explain_start(
        "order", "order", actor=ANNA, subject="customer-18", unit="north"
    ),
    "version": lambda engine, case: engine.version(case.routine).key,
    "verify": lambda engine, case: engine.verify(),
    "figures": lambda engine, case: engine.figures(),
    "backlog": lambda engine, case: engine.backlog(),
    "plan_move": lambda engine, case: engine.plan_move(),
    "tick": lambda engine, case: engine.tick(),
}


@pytest.mark.parametrize("asked", READS)
def test_a_read_that_is_cut_off_is_begun_anew(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """A question whose connection is cut in the middle is asked anew, and answered the same."""
    case = booked(engine)
    answer = READS[asked](engine, case)
    rows, cut = CursorLink.rows, list[str]()

    def cutting(link: CursorLink, statement: Any, given: Any) -> Any:
        if not cut:
            cut.append(statement.text)
            cut_off(url)
        return rows(link, statement, given)

    monkeypatch.setattr(CursorLink, "rows", cutting)
    assert READS[asked](engine, case) == answer
    assert len(cut) == 1


def test_an_export_that_is_cut_off_says_so(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was handed out is not handed out again: an export that is cut off says so, and ends."""
    booked(engine)
    monkeypatch.setattr("lockroutine.stores.sql._transaction.PAGE", 1)
    lines = engine.export()
    first = next(lines)
    cut_off(url)
    with pytest.raises(StoreBusy, match=r"cannot be reached"):
        next(lines)
    assert next(engine.export()) == first


def test_a_pool_of_the_host_that_was_cut_off_is_taken(engine: Engine, url: str) -> None:
    """A store opens on a host's engine whose idle connections were cut off."""
    case = booked(engine)
    host = sa.create_engine(url)
    with host.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    cut_off(url)
    with Engine(SqlStore(host), routine=engine.routine) as other:
        assert other.case(case.id) == case
    host.dispose()


def test_two_steps_in_opposite_orders_never_wait_in_a_circle(url: str) -> None:
    """What several cases need is locked in one order: no deadlock is ours, however they come."""
    before = deadlocks(url)
    barrier = threading.Barrier(2)

    def work(names: tuple[str, str]) -> None:
        store = SqlStore(url)
        for _ in range(50):
            barrier.wait(30)
            repeated(
                store,
                lambda kept: kept.apply([following(_there(kept.case(name))) for name in names]),
            )
        store.close()

    store = SqlStore(url)
    for name in ("1", "2"):
        change = opening(name, subject=f"customer-{name}")
        repeated(store, lambda kept, change=change: kept.apply([change]))
    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(work, names) for names in (("1", "2"), ("2", "1"))]:
            done.result(60)
    with store.reading() as reading:
        assert [len(reading.history(name)) for name in ("1", "2")] == [101, 101]
    store.close()
    assert deadlocks(url) == before


def _there(case: Case | None) -> Case:
    assert case is not None
    return case


def test_a_deadlock_with_a_host_shows_no_half(engine: Engine, url: str) -> None:
    """When a host locks the rows of a joint step crosswise, the step is made anew, and once."""
    case = booked(engine)
    (other,) = engine.cases(process="lock").items
    host = sa.create_engine(url)
    locked = threading.Event()
    row = "SELECT 1 FROM lockroutine_cases WHERE id = '{}' FOR UPDATE"

    def crosswise() -> None:
        with host.begin() as connection:
            # It waits longer than we do before it looks for a deadlock.
            connection.execute(sa.text("SET LOCAL deadlock_timeout = '60s'"))
            connection.execute(sa.text(row.format(other.id)))
            locked.set()
            time.sleep(0.2)
            connection.execute(sa.text(row.format(case.id)))

    thread = threading.Thread(target=crosswise)
    thread.start()
    assert locked.wait(10)
    made = install(engine, case)
    thread.join()
    host.dispose()
    assert (made.state, engine.case(other.id).state) == ("fitted", "mounted")
    assert engine.verify().whole
