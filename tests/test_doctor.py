"""The doctor: each thing that can be wrong in running it, in words, with what is to be done."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import attrs
import pytest
from typer.testing import CliRunner

from lockroutine import Engine, InvalidForm, Refused
from lockroutine.cli.app import app
from lockroutine.cli.doctoring import Examining, Finding, examined
from lockroutine.figures import Backlog, Pending
from lockroutine.stores.base import all_effects
from smallpack import FOLDER, MONDAY, ROUTINE, Clock, consent, lock, opened, order, permission

NEVER = dt.timedelta()


def run(*arguments: str | os.PathLike[str]) -> Any:
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCKROUTINE_PLUGINS", raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two orders, whose tickets are due since Monday."""
    path = tmp_path / "locks.db"
    with opened(path, ROUTINE, Clock()) as engine:
        order(engine)
        order(engine, "customer-18")
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings with all that the small pack needs."""
    file = tmp_path / "plugins.toml"
    file.write_text(f'[plugin.file]\npath = "{tmp_path / "sent"}"\n[plugin.manual]\n', "utf-8")
    return file


def found(
    place: str | Path,
    about: str,
    after: dt.timedelta = NEVER,
    settings: Path | None = None,
    sample: int | None = None,
    pack: str = "",
) -> list[Finding]:
    """What the doctor finds of one thing, so long after Monday morning."""
    how = Examining(settings=settings, sample=sample)
    all_ = examined(os.fspath(place), pack, how, lambda: MONDAY + after)
    return [one for one in all_ if one.about == about]


# -- the whole -------------------------------------------------------------------------------------


def test_of_a_healthy_one_each_line_is_ok(path: Path, settings: Path) -> None:
    """Where nothing is wrong, each thing is told in a line, in a fixed order."""
    how = Examining(settings=settings, sample=10)
    lines = list(examined(os.fspath(path), "", how, lambda: MONDAY))
    assert [(one.about, one.state, one.found, one.do) for one in lines] == [
        ("database", "ok", "It answers, and is run by small@1.0.0.", ""),
        ("tables", "ok", "They are those of this lockroutine.", ""),
        ("plugins", "ok", "Nothing is missing: file, manual.", ""),
        ("clock", "ok", "The database has none of its own to compare with.", ""),
        ("deliveries", "ok", "2 due, 0 in flight, 0 failed, 0 unknown; nothing is late.", ""),
        ("parked", "ok", "No effect is.", ""),
        ("by hand", "ok", "0 effects wait for a person to do it.", ""),
        ("timers", "ok", "No step by the clock is late.", ""),
        ("chain", "ok", "Whole: 6 events in 4 cases are as they were recorded.", ""),
    ]


def test_the_command_says_what_to_do(path: Path, settings: Path) -> None:
    """On a terminal each line begins with its state, and what to do stands below it; exit 1."""
    result = run("doctor", path, "--settings", settings)
    assert result.exit_code == 1  # its effects have been due since March 2026
    lines = result.stdout.splitlines()
    assert lines[0] == "ok       database: It answers, and is run by small@1.0.0."
    late = next(n for n, line in enumerate(lines) if line.startswith("error    deliveries: 2 due"))
    assert lines[late + 1].startswith(
        "         -> Is `lockroutine deliver --watch` (or `worker`) running"
    )


def test_a_program_reads_json(tmp_path: Path, settings: Path) -> None:
    """With --json a program reads the worst state and each finding; exit 0 if there is no error."""
    path = tmp_path / "new.db"
    opened(path, ROUTINE).close()
    result = run("doctor", path, "--settings", settings, "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["state"]) == (0, "ok")
    assert answer["findings"][0] == {
        "about": "database",
        "state": "ok",
        "found": "It answers, and is run by small@1.0.0.",
        "do": "",
    }
    result = run("doctor", path, "--json")
    assert (result.exit_code, json.loads(result.stdout)["state"]) == (0, "warning")


def test_nothing_personal_is_told(path: Path, settings: Path) -> None:
    """Whatever is wrong, no personal value is in what the doctor says."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE events SET body = replace(body, 'anna', 'bo')")
        connection.commit()
    told = run("doctor", path, "--settings", settings, "--whole").stdout
    for personal in ("Customer 17", "Example Street", "+46 70", "4711#", "Contact 3"):
        assert personal not in told


# -- the database ----------------------------------------------------------------------------------


def test_no_database(tmp_path: Path) -> None:
    """Where there is no database nothing else is looked at, and the exit is 1."""
    place = tmp_path / "none.db"
    result = run("doctor", place)
    assert result.exit_code == 1
    assert result.stdout == (
        f"error    database: There is no database {place}.\n"
        "         -> Until it can be used, nothing else can be looked at.\n"
    )
    assert not place.exists()


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    """A file that is no database of ours is an error, in the store's own words."""
    place = tmp_path / "notes.db"
    place.write_text("shopping" * 1000, "utf-8")
    (line,) = found(place, "database")
    assert (line.state, line.found) == (
        "error",
        f"The database {place} is not a SQLite database, or it is encrypted.",
    )


def test_called_wrongly(tmp_path: Path, path: Path) -> None:
    """What was asked for wrongly is no finding: the exit is 2."""
    assert run("doctor", path, "--settings", tmp_path / "none.toml").exit_code == 2
    assert run("doctor", path, "--pack", "nowhere").exit_code == 2
    assert run("doctor", "mysql://here").exit_code == 2
    assert run("doctor", path, "--sample", "0").exit_code == 2


def test_rules_that_cannot_be_used(path: Path, tmp_path: Path) -> None:
    """A pack that cannot be read, as its plugin is missing or it is wrong, is an error."""
    folder = tmp_path / "pack"
    shutil.copytree(FOLDER, folder)
    text = (folder / "order.toml").read_text("utf-8")
    (folder / "order.toml").write_text(text.replace('"open_ticket"', '"ring_bell"'), "utf-8")
    (line,) = found(path, "routine", pack=os.fspath(folder))
    assert line.state == "error"
    assert line.found.startswith("It cannot be used: order.toml:")
    assert line.do == (
        "Are the plugins that its rules need set up here? `lockroutine check` tells all of it."
    )


# -- plugins ---------------------------------------------------------------------------------------


def test_no_plugins(path: Path) -> None:
    """Where no plugin is set up, that is a warning: they may be where deliveries run."""
    (line,) = found(path, "plugins")
    assert attrs.astuple(line)[1:] == (
        "warning",
        "None is set up, so nothing can be sent from here.",
        "Give --settings FILE, or name them in LOCKROUTINE_PLUGINS: as where `deliver` runs.",
    )


def test_a_plugin_is_missing(path: Path, settings: Path) -> None:
    """What `lockroutine plugins` would say is an error here, each in a line of its own."""
    settings.write_text("[plugin.manual]\n[plugin.fil]\n", "utf-8")
    lines = found(path, "plugins", settings=settings)
    assert {one.state for one in lines} == {"error"}
    assert {one.do for one in lines} == {"`lockroutine plugins` tells all of it."}
    told = " ".join(one.found for one in lines)
    assert "set up [plugin.easit] or [plugin.file]" in told
    assert "plugin.fil" in told


# -- the backlog -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "state", "late"),
    [
        (dt.timedelta(minutes=15), "ok", "15 min"),
        (dt.timedelta(minutes=16), "warning", "16 min"),
        (dt.timedelta(hours=2), "warning", "2 h 0 min"),
        (dt.timedelta(hours=2, minutes=3), "error", "2 h 3 min"),
        (dt.timedelta(days=3, hours=4), "error", "3 d 4 h"),
    ],
)
def test_what_was_not_sent(path: Path, after: dt.timedelta, state: str, late: str) -> None:
    """What could have been sent for long is a warning after 15 minutes, an error after 2 hours."""
    (line,) = found(path, "deliveries", after)
    assert (line.state, line.found) == (
        state,
        f"2 due, 0 in flight, 0 failed, 0 unknown; the oldest could have gone {late} ago.",
    )
    assert bool(line.do) == (state != "ok")


def test_what_was_not_sent_for_seconds(path: Path) -> None:
    """Less than a minute is told in seconds."""
    (line,) = found(path, "deliveries", dt.timedelta(seconds=42))
    assert line.found.endswith("the oldest could have gone 42 s ago.")


def settle(path: Path, **to: Any) -> None:
    with opened(path, ROUTINE, Clock()) as engine, engine.store.writing() as transaction:
        for effect in all_effects(transaction):
            transaction.settle(attrs.evolve(effect, **to), None)


def test_what_is_parked(path: Path) -> None:
    """What is parked is a warning, with how it is tended."""
    settle(path, state="parked")
    (line,) = found(path, "parked")
    assert attrs.astuple(line)[1:] == (
        "warning",
        "2 effects wait for somebody to look at.",
        "`lockroutine effects --state parked` says why. Mend the cause and `retry`, or do it by "
        "hand and `dismiss`.",
    )
    assert found(path, "deliveries")[0].found.startswith("0 due, 0 in flight, 0 failed, 0 unknown;")


def test_what_is_asked(path: Path) -> None:
    """What a person was asked to do by hand is a warning after seven days."""
    settle(path, state="asked")
    (line,) = found(path, "by hand", dt.timedelta(days=7))
    assert (line.state, line.found, line.do) == ("ok", "2 effects wait for a person to do it.", "")
    (line,) = found(path, "by hand", dt.timedelta(days=7, hours=1))
    assert attrs.astuple(line)[1:] == (
        "warning",
        "2 effects wait for a person to do it, one for 7 d 1 h.",
        "`lockroutine effects --state asked` says what. Do it in the tool, and `confirm`.",
    )


def test_a_step_by_the_clock_is_late(tmp_path: Path) -> None:
    """A step that the clock should have made is a warning after minutes, an error after an hour."""
    path = tmp_path / "locks.db"
    with opened(path, ROUTINE, Clock()) as engine:
        case = permission(engine)
        assert case.timer_at is not None
        late = case.timer_at - MONDAY + dt.timedelta(minutes=6)
    (line,) = found(path, "timers", late)
    assert attrs.astuple(line)[1:] == (
        "warning",
        "A step by the clock is late by 6 min.",
        "Is `lockroutine tick` run every minute (or a `worker`)? If so, a rule refuses the step: "
        "the log's timer_not_made names the case.",
    )
    (line,) = found(path, "timers", late + dt.timedelta(hours=1))
    assert (line.state, line.found) == ("error", "A step by the clock is late by 1 h 6 min.")
    with opened(path, ROUTINE, Clock(MONDAY + late)) as engine:
        while engine.tick():
            pass
    (line,) = found(path, "timers", late)
    assert line.state == "ok"


def test_the_backlog_of_an_engine(path: Path) -> None:
    """A program reads the same figures, by system and state, with rules that have refused."""
    clock = Clock()
    with opened(path, ROUTINE, clock) as engine:
        with pytest.raises(Refused):
            consent(engine)
        clock.pass_(minutes=5)
        there = engine.backlog()
    assert there == Backlog(
        at=MONDAY + dt.timedelta(minutes=5),
        pending={("tickets", "due"): Pending(2, MONDAY)},
        refusals={"process.consent.one_open_per": 1},
    )
    assert (there.effects("due"), there.effects("parked")) == (2, 0)
    assert (there.oldest("due"), there.oldest("parked")) == (MONDAY, None)
    assert (there.overdue, there.step_overdue) == (dt.timedelta(minutes=5), NEVER)


def test_what_is_not_yet_due_is_not_late() -> None:
    """What may be tried again only later is not late; what was taken and lost is."""
    soon = {("tickets", "failed"): Pending(1, MONDAY + dt.timedelta(hours=1))}
    assert Backlog(at=MONDAY, pending=soon).overdue == NEVER
    lost = {("tickets", "in_flight"): Pending(1, MONDAY - dt.timedelta(hours=1))}
    there = Backlog(at=MONDAY, pending=lost, step_due_at=MONDAY - dt.timedelta(days=1))
    assert (there.overdue, there.step_overdue) == (dt.timedelta(hours=1), dt.timedelta(days=1))
    assert Backlog(at=MONDAY, pending={}).overdue == NEVER


# -- the chain -------------------------------------------------------------------------------------


def test_a_changed_event(path: Path) -> None:
    """An event that was changed is an error, with the first of what is wrong."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((case, version),) = connection.execute(
            "UPDATE events SET body = 'x' WHERE number = 3 RETURNING case_id, version"
        )
        connection.commit()
    (line,) = found(path, "chain")
    assert attrs.astuple(line)[1:] == (
        "error",
        "Not whole: 1 problems among 6 events in 4 cases. The first: "
        f"{case}/{version}: the event is not as it was recorded.",
        "Somebody or something has changed the database from outside. Keep a copy as it is, see "
        "all with `lockroutine verify`, and compare with a back-up.",
    )


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A file with 60 locks, registered over an hour."""
    path, clock = tmp_path / "many.db", Clock()
    with opened(path, ROUTINE, clock) as engine:
        for number in range(60):
            clock.pass_(minutes=1)
            lock(engine, f"PH1-{number:03}")
    return path


def test_a_sample_looks_at_so_many_cases(many: Path) -> None:
    """A sample looks at so many cases with all their events, from all over the store."""
    with opened(many, ROUTINE, Clock(MONDAY + dt.timedelta(hours=1))) as engine:
        for _ in range(40):
            found = engine.verify(sample=12)
            assert (found.cases, found.events, found.whole) == (12, 12, True)
        assert engine.verify(sample=1).cases == 1
        assert engine.verify(sample=1000).cases <= 60
        assert engine.verify().cases == 60
    result = run("verify", many, "--sample", "12")
    assert result.stdout == "Whole: 12 events in 12 cases are as they were recorded.\n"


def test_a_sample_finds_what_is_wrong_in_time(many: Path) -> None:
    """Samples are of other cases each time, so that a changed event is found sooner or later."""
    with contextlib.closing(sqlite3.connect(many)) as connection:
        connection.execute("UPDATE events SET body = 'x' WHERE number = 50")
        connection.commit()
    with opened(many, ROUTINE, Clock(MONDAY + dt.timedelta(hours=1))) as engine:
        whole = [engine.verify(sample=12).whole for _ in range(200)]
    assert set(whole) == {True, False}


def test_an_empty_store_has_no_sample(tmp_path: Path) -> None:
    """Of a store without cases, a sample is whole and empty."""
    with opened(tmp_path / "new.db", ROUTINE, Clock()) as engine:
        assert (engine.verify(sample=5).cases, engine.verify(sample=5).whole) == (0, True)


@pytest.mark.parametrize("sample", [0, -1, True, "5", 1.5])
def test_a_sample_is_a_number(sample: Any) -> None:
    """What is no number of cases is refused."""
    with opened() as engine, pytest.raises(InvalidForm) as error:
        engine.verify(sample=sample)
    assert str(error.value) == "sample: must be a whole number from 1 on, or nothing"


# -- a database of the host's ----------------------------------------------------------------------


def small_on(url: str) -> Engine:
    return Engine.open(url, routine=ROUTINE, clock=Clock())


def test_tables_that_do_not_fit(sqlite_url: str) -> None:
    """Missing tables and indexes are an error, with the command that makes them."""
    small_on(sqlite_url).close()
    assert [one.state for one in examined(sqlite_url, "", Examining(settings=None, sample=1))][
        :2
    ] == ["ok", "ok"]
    with contextlib.closing(sqlite3.connect(sqlite_url.partition("///")[2])) as connection:
        connection.execute("DROP TABLE lockroutine_results")
        connection.execute("DROP INDEX lockroutine_cases_by_timer")
        connection.commit()
    lines = list(examined(sqlite_url, "", Examining(settings=None, sample=1)))
    assert [attrs.astuple(one) for one in lines] == [
        ("database", "ok", "It answers.", ""),
        (
            "tables",
            "error",
            "They do not fit: lockroutine_cases.lockroutine_cases_by_timer: is not there "
            "(and 1 more).",
            "Run `lockroutine db upgrade` on it.",
        ),
    ]


def test_tables_of_a_newer_library(sqlite_url: str) -> None:
    """Tables that a newer library has made are an error; it is this one that must be upgraded."""
    with contextlib.closing(sqlite3.connect(sqlite_url.partition("///")[2])) as connection:
        connection.execute("UPDATE lockroutine_version SET version_num = 'lockroutine_99'")
        connection.commit()
    (line,) = found(sqlite_url, "tables")
    assert attrs.astuple(line)[1:] == (
        "error",
        "They do not fit: revision: lockroutine_99 was made by a newer lockroutine.",
        "Upgrade the library.",
    )


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """A server that does not answer is an error, without the password of its URL."""
    pytest.importorskip("psycopg", reason="the extra sql is not installed")
    url = f"postgresql://locks:open-sesame@/locks?host={tmp_path}"
    (line,) = found(url, "database")
    assert line.state == "error"
    assert "open-sesame" not in line.found


@pytest.mark.parametrize(
    ("skew", "state", "words"),
    [
        (dt.timedelta(seconds=0), "ok", "Within "),
        (dt.timedelta(seconds=-30), "warning", "It is 30.0 s behind the database server's."),
        (dt.timedelta(seconds=30), "warning", "It is 30.0 s ahead of the database server's."),
        (dt.timedelta(minutes=5), "error", "It is 300.0 s ahead of the database server's."),
    ],
)
def test_clocks_that_differ(
    empty_postgres: str, skew: dt.timedelta, state: str, words: str
) -> None:
    """A clock that differs from the server's by 2 seconds is a warning, by a minute an error."""
    small_on(empty_postgres).close()
    how = Examining(settings=None, sample=1)
    lines = examined(empty_postgres, "", how, lambda: dt.datetime.now(dt.UTC) + skew)
    (line,) = (one for one in lines if one.about == "clock")
    assert line.state == state
    assert line.found.split(".")[0].startswith(words.split(".")[0][:8])
    assert bool(line.do) == (state != "ok")
    if state != "ok":
        assert ("behind" in line.found) == ("behind" in words)
        assert line.do == (
            "Let both machines follow a time server (NTP): due times and histories go by the clock."
        )
