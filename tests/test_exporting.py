"""Exports: what a line holds and what it does not, in bounded memory, whole or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from typer.testing import CliRunner

from lockroutine import Actor, Engine, Event, InvalidForm, NotFound, Reference
from lockroutine.cli.app import app
from lockroutine.facts import Facts
from lockroutine.stores import SqliteStore, Store
from smallpack import ANNA, MAJ, PHONE, ROUTINE, Clock, lock, opened, order

COMMAND = [sys.executable, "-m", "lockroutine.cli", "export"]
LINE = [
    *("case_id", "version", "process", "transition", "before", "after", "subject", "unit"),
    *("actor", "roles", "happened_at", "recorded_at", "late_reason", "routine", "form"),
    *("personal_digest", "references", "cause", "moved_from", "previous", "hash"),
]
SECRETS = ("Customer 17", "Example Street 1", PHONE, "Contact 3", "c3@example.org", "4711#")


def run(*arguments: str | os.PathLike[str]) -> Any:
    return CliRunner().invoke(app, ["export", *map(os.fspath, arguments)])


def multiplied(path: Path, events: int, table: str = "events") -> None:
    """Many more events in a file, which are those that are there with other cases."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (there,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        connection.execute(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) "
            f"INSERT INTO {table} (case_id, version, body, hash, personal) "
            "SELECT case_id || '-' || ? || '-' || n, version, body, hash, personal "
            f"FROM c, {table} LIMIT ?",
            (events // there + 1, there, events - there),
        )
        connection.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a case that has a late entry, references and personal data, and two others."""
    clock = Clock()
    path = tmp_path / "locks.db"
    with opened(path, ROUTINE, clock) as engine:
        lock(engine)
        case = order(engine)
        happened = clock()
        clock.pass_(hours=1)
        engine.perform(
            case.id,
            "cancel",
            actor=MAJ,
            happened_at=happened,
            late_reason="The line was down.",
            references=[Reference("easit", "4711")],
        )
    return path


def event_of(line: dict[str, Any]) -> Event:
    """The event that a line with personal data tells of."""
    values = {name: line[name] for name in (*LINE, "salt")}
    values |= {
        "roles": tuple(line["roles"]),
        "happened_at": dt.datetime.fromisoformat(line["happened_at"]),
        "recorded_at": dt.datetime.fromisoformat(line["recorded_at"]),
        "form": Facts(line["form"]),
        "references": tuple(Reference(one["system"], one["id"]) for one in line["references"]),
        "personal": None if line["personal"] is None else Facts(line["personal"]),
    }
    return Event(**values)


# -- what a line holds -----------------------------------------------------------------------------


def test_an_export_holds_every_event_in_order(path: Path) -> None:
    """There is a line for each event of each case, in the order of recording, and nothing else."""
    result = run(path)
    assert (result.exit_code, result.stderr) == (0, "Exported: 5 events.\n")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(list(line) == LINE for line in lines)
    with opened(path, ROUTINE, Clock()) as engine, engine.store.reading() as reading:
        events = list(reading.events())
    assert [line["hash"] for line in lines] == [event.hash for event in events]
    last = lines[-1]
    assert (last["transition"], last["late_reason"]) == ("cancel", "The line was down.")
    assert last["references"] == [{"system": "easit", "id": "4711"}]
    assert last["roles"] == ["manager"]


def test_nothing_personal_is_in_an_export(path: Path) -> None:
    """Unless it is asked for, no personal or secret value is in it, only the digest of them."""
    told = run(path).stdout
    assert not [one for one in SECRETS if one in told]
    (ordered,) = (one for one in map(json.loads, told.splitlines()) if one["process"] == "order"
                  and one["transition"] == "order")  # fmt: skip
    assert re.fullmatch("[0-9a-f]{64}", ordered["personal_digest"])
    assert ordered["form"] == {"door": "front", "door_type": "euro"}


def test_asked_for_everything_is_in_it(path: Path) -> None:
    """With --personal, lines make the very events again, and their hashes prove it."""
    told = run(path, "--personal").stdout
    assert not [one for one in SECRETS if one not in told]
    lines = [json.loads(line) for line in told.splitlines()]
    with opened(path, ROUTINE, Clock()) as engine, engine.store.reading() as reading:
        events = list(reading.events())
    assert [event_of(line) for line in lines] == events
    assert all(event.is_whole() for event in map(event_of, lines))


def test_hashes_are_provable_without_personal_data(path: Path) -> None:
    """What is in a line without personal data is all that its hash is made of."""
    for line in map(json.loads, run(path).stdout.splitlines()):
        event = event_of({**line, "personal": None, "salt": ""})
        assert event.is_whole()
        assert not attrs.evolve(event, actor="somebody-else").is_whole()


def test_what_was_erased_is_told_apart_from_what_never_was(path: Path) -> None:
    """Asked for what is personal, an erased event has nothing where another has its fields."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE events SET personal = NULL")
        connection.commit()
    lines = [json.loads(line) for line in run(path, "--personal").stdout.splitlines()]
    assert {bool(line["personal_digest"]): line["personal"] for line in lines} == {
        True: None,
        False: {},
    }


def test_half_a_sign_is_escaped(tmp_path: Path) -> None:
    """A text that is no text in UTF-8 is written so that JSON reads it back."""
    from lockroutine.cli.files import replaced

    file = tmp_path / "out"
    with replaced(file) as stream:
        stream.write(json.dumps("å \ud800", ensure_ascii=False))
    assert json.loads(file.read_text("utf-8")) == "å \ud800"


def test_an_export_of_the_engine_tells_how_far_it_is(path: Path) -> None:
    """The engine's own export is told how many are done, of how many; it may be left early."""
    told: list[tuple[int, int]] = []
    with opened(path, ROUTINE, Clock()) as engine:
        assert len(list(engine.export(tell=lambda *now: told.append(now)))) == 5
        assert (told[0], told[-1]) == ((0, 5), (5, 5))
        with contextlib.closing(engine.export()) as lines:
            next(lines)
        order(engine, subject="customer-18")  # nothing holds the store


def test_a_damaged_event_ends_an_export(path: Path, tmp_path: Path) -> None:
    """What is not as it was recorded is not handed on, and no file is left of the rest."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((case_id, version),) = connection.execute(
            "UPDATE events SET body = 'x' || body WHERE number = 3 RETURNING case_id, version"
        )
        connection.commit()
    out = tmp_path / "out"
    result = run(path, "--out", out)
    assert result.exit_code == 2
    assert result.stderr == (
        f"lockroutine: The event {case_id}/{version} is not as it was recorded.\n"
    )
    assert not out.exists()


# -- in bounded memory -----------------------------------------------------------------------------


def peak_of(store: Store) -> int:
    with Engine(store, routine=ROUTINE) as engine:
        gc.collect()
        tracemalloc.start()
        try:
            for _ in engine.export(personal=True):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_memory_does_not_grow_with_the_events(path: Path) -> None:
    """Ten times the events take not even twice the memory (garbage, too), on the embedded file."""
    multiplied(path, 1500)
    few = peak_of(SqliteStore(path))
    multiplied(path, 15_000)
    assert peak_of(SqliteStore(path)) < 2 * few


def test_memory_does_not_grow_with_the_events_of_a_host(sqlite_url: str) -> None:
    """The same through SQLAlchemy, a page of events at a time."""
    from lockroutine.stores.sql import SqlStore

    with opened(sqlite_url, ROUTINE, Clock()) as engine:
        order(engine)
    path = Path(sqlite_url.partition("///")[2])
    multiplied(path, 1500, "lockroutine_events")
    few = peak_of(SqlStore(sqlite_url))
    multiplied(path, 15_000, "lockroutine_events")
    assert peak_of(SqlStore(sqlite_url)) < 2 * few


# -- to a file -------------------------------------------------------------------------------------


def test_a_file_is_whole_and_its_owners(path: Path, tmp_path: Path) -> None:
    """A file is what standard output would be, for nobody else to read, with nothing beside it."""
    out = tmp_path / "new" / "events.jsonl"
    out.parent.mkdir()
    result = run(path, "--out", out)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Exported: 5 events.\n")
    assert out.read_text("utf-8") == run(path).stdout
    assert list(out.parent.iterdir()) == [out]
    if sys.platform != "win32":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_nothing_is_written_over_unasked(path: Path, tmp_path: Path) -> None:
    """A file that is there stays as it is, unless --force says otherwise."""
    out = tmp_path / "events.jsonl"
    out.write_text("mine", "utf-8")
    result = run(path, "--out", out)
    assert result.exit_code == 2
    assert result.stderr == (
        f"lockroutine: {out} is there already. Name another place, or write over it with --force.\n"
    )
    assert out.read_text("utf-8") == "mine"
    assert run(path, "--out", out, "--force").exit_code == 0
    assert len(out.read_text("utf-8").splitlines()) == 5


def test_where_nothing_can_be_written(path: Path, tmp_path: Path) -> None:
    """A folder, and one that is not there, are told with what to do or why."""
    result = run(path, "--out", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == (
        f"lockroutine: {tmp_path} is a folder. The export is one file: name it.\n"
    )
    nowhere = tmp_path / "nowhere" / "events.jsonl"
    result = run(path, "--out", nowhere)
    assert result.exit_code == 2
    assert result.stderr == (
        f"lockroutine: {nowhere} cannot be written: no such file or directory.\n"
    )


def test_no_database_leaves_no_file(tmp_path: Path) -> None:
    """Where there is no database, nothing is made."""
    result = run(tmp_path / "none.db", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == f"lockroutine: There is no database {tmp_path / 'none.db'}.\n"
    assert list(tmp_path.iterdir()) == []


# -- interrupted -----------------------------------------------------------------------------------

if sys.platform == "win32":
    pytest.skip("no SIGINT to another process there", allow_module_level=True)


@contextlib.contextmanager
def exporting(*arguments: str | os.PathLike[str], **streams: Any) -> Iterator[Any]:
    with subprocess.Popen(
        [*COMMAND, *map(os.fspath, arguments)],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # Whoever runs the tests in the background of a shell ignores it, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **streams,
    ) as process:
        yield process


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_on_standard_output(path: Path, told: signal.Signals) -> None:
    """Ctrl-C, or SIGTERM, ends after a whole line, and says that it is not all."""
    multiplied(path, 50_000)
    with exporting(path, stdout=subprocess.PIPE) as process:
        first = process.stdout.readline()
        process.send_signal(told)  # it waits for somebody to read on
        time.sleep(0.2)
        rest, complaint = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130
    lines = [json.loads(line) for line in (first + rest).splitlines()]
    assert complaint == (
        f"lockroutine: Interrupted after {len(lines)} of 50000 events: "
        "what was written are whole lines, and not all.\n"
    )
    assert 0 < len(lines) < 50_000


def test_interrupted_to_a_file(path: Path, tmp_path: Path) -> None:
    """Interrupted, a file is as it was before, and nothing lies beside it."""
    multiplied(path, 60_000)
    out = tmp_path / "out" / "events.jsonl"
    out.parent.mkdir()
    out.write_text("of yesterday", "utf-8")
    with exporting(path, "--out", out, "--force") as process:
        while not any(f.suffix == ".part" and f.stat().st_size for f in out.parent.iterdir()):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate()
    assert process.returncode == 130
    assert re.fullmatch(
        r"lockroutine: Interrupted after \d+ of \d+ events: nothing was written\.\n", complaint
    )
    assert out.read_text("utf-8") == "of yesterday"
    assert list(out.parent.iterdir()) == [out]


def test_a_reader_that_goes_away(path: Path) -> None:
    """`lockroutine export | head` ends without a word of ours."""
    multiplied(path, 50_000)
    with exporting(path, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
    assert (process.returncode, complaint) == (141, "")


def test_a_person_sees_a_bar(path: Path) -> None:
    """On a terminal there is a bar, with how many are done of how many; on none, there is not."""
    import pty

    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*COMMAND, path], stdout=subprocess.DEVNULL, stderr=slave, env=environment
    ) as process:
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
            while part := os.read(master, 65536):
                shown += part
    os.close(master)
    assert process.returncode == 0
    assert "5/5" in shown.decode("utf-8")
    assert "Exported: 5 events." in shown.decode("utf-8")


# -- a history, a page at a time -------------------------------------------------------------------


def test_a_history_page_by_page(path: Path) -> None:
    """The pages of a history are the history, for those who may see it, and with what they may."""
    with opened(path, ROUTINE, Clock()) as engine:
        (case,) = engine.cases(process="order", subject="customer-17")
        whole = engine.history(case.id, actor=ANNA)
        first = engine.history_page(case.id, actor=ANNA, limit=1)
        rest = engine.history_page(case.id, actor=ANNA, cursor=first.next)
        assert (*first, *rest) == whole
        assert (len(first), first.next, rest.next) == (1, "1", "")
        (seen,) = engine.history_page(case.id, actor=MAJ, limit=1)
        assert seen == engine.history(case.id, actor=MAJ)[0]
        assert not seen.personal
        with pytest.raises(NotFound):
            engine.history_page(case.id, actor=Actor("s", roles={"coordinator"}, units={"south"}))


@pytest.mark.parametrize("cursor", ["x", "-1", "1 2", "٣", "1" * 10, 5, "\n"])
def test_a_cursor_that_no_page_gave(path: Path, cursor: Any) -> None:
    """What no page of a history gave as its next is refused."""
    with opened(path, ROUTINE, Clock()) as engine:
        (case,) = engine.cases(process="order")
        with pytest.raises(InvalidForm) as error:
            engine.history_page(case.id, cursor=cursor)
    assert [str(one) for one in error.value.problems] == [
        "cursor: is none that a page gave as its next"
    ]
