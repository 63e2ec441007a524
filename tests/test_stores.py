"""Both stores keep the contract; and what is SQLite's own."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lockroutine import Engine, StoreError
from lockroutine.stores import CaseFilter, MemoryStore, SqliteStore, Store
from lockroutine.stores.base import DamagedEvent
from lockroutine.stores.sqlite import SCHEMA_VERSION
from lockroutine.testing.stores import StoreContract, following, opening


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Any:
        return MemoryStore()


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Any:
        store = SqliteStore(tmp_path / "locks.db", synchronous="NORMAL")
        yield store
        store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "locks.db"


@pytest.fixture
def opened() -> Iterator[Callable[..., SqliteStore]]:
    """Opens stores, and closes them in the end."""
    made: list[SqliteStore] = []

    def make(path: Path, **options: Any) -> SqliteStore:
        made.append(SqliteStore(path, patience=0.05, **options))
        return made[-1]

    yield make
    for store in made:
        store.close()


def keep(store: Store, case_id: str = "1", **values: Any) -> None:
    with store.writing() as transaction:
        transaction.apply([opening(case_id, **values)])


def ids(store: Store) -> list[str]:
    with store.reading() as reading:
        return [case.id for case in reading.cases(CaseFilter(), "", 1000)]


def test_what_was_kept_is_there_after_the_file_is_opened_again(path, opened):
    """A file that is closed and opened again holds what was kept."""
    first = opened(path)
    keep(first)
    first.close()
    assert ids(opened(path)) == ["1"]


@pytest.mark.parametrize(
    "read",
    [
        lambda reading: reading.history("1"),
        lambda reading: reading.histories(["1", "2"]),
        lambda reading: reading.history_page("1", 0, 10),
        lambda reading: [*reading.events()],
    ],
    ids=["history", "histories", "history_page", "events"],
)
def test_who_has_met_damage_sees_what_was_mended_since(path, opened, read):
    """What was found to be damaged, and is still held on to, keeps nobody at an old state."""
    store = opened(path)
    keep(store)
    keep(store, "2")
    with closing(sqlite3.connect(path)) as other, other:
        ((body,),) = other.execute("SELECT body FROM events WHERE case_id = '1'")
        other.execute("UPDATE events SET body = '[]' WHERE case_id = '1'")
    with store.reading() as reading, pytest.raises(DamagedEvent) as held:
        read(reading)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE events SET body = ? WHERE case_id = '1'", (body,))
    with store.reading() as reading:
        read(reading)
    assert held.value.event == "1/1"


def test_a_file_is_durable_and_strict(path, opened):
    """The journal is a write-ahead log, each commit reaches the disk, foreign keys are on."""
    store = opened(path)
    with store._connection() as connection:
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")
        ]
    assert settings == ["wal", 2, 1, SCHEMA_VERSION]
    with opened(path, synchronous="NORMAL")._connection() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 1


def test_a_file_of_a_newer_library_is_refused(path, opened):
    """A file with a newer schema is refused, in words that say what to do; it stays as it is."""
    opened(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        opened(path)
    assert str(caught.value) == (
        f"The database {path} was made by a newer lockroutine (schema {SCHEMA_VERSION + 1}; "
        f"this one knows {SCHEMA_VERSION}). Upgrade the library."
    )
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(path, opened):
    """Another program's database is refused, and not a byte of it changes."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        opened(path)
    assert str(caught.value) == f"The database {path} belongs to another program."
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"x", b"\0" * 5000])
def test_what_is_no_database_is_refused(path, opened, content):
    """A file that is no SQLite database is refused, and not a byte of it changes."""
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        opened(path)
    assert str(caught.value) == (
        f"The database {path} is not a SQLite database, or it is encrypted."
    )
    assert path.read_bytes() == content


def test_an_empty_file_is_taken_as_a_new_one(path, opened):
    """An empty file, as a host may have made it beforehand, becomes a database."""
    path.touch()
    keep(opened(path))


def test_a_folder_that_is_not_there_is_named(tmp_path, opened):
    """A path in a folder that does not exist cannot be opened, in words."""
    path = tmp_path / "nowhere" / "locks.db"
    with pytest.raises(StoreError) as caught:
        opened(path)
    assert str(caught.value) == (
        f"The database {path} cannot be opened; look at the path, its folder and their rights."
    )


def test_a_folder_is_no_file(tmp_path, opened):
    """A folder in place of the file cannot be opened, in words."""
    with pytest.raises(StoreError, match=r"cannot be opened; look at the path"):
        opened(tmp_path)


def test_a_damaged_file_is_told_of(path, opened):
    """A file whose pages were overwritten is damaged, in words."""
    store = opened(path)
    for number in range(50):
        keep(store, str(number), data={"text": "x" * 500})
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        ids(opened(path))
    assert str(caught.value) == f"The database {path} is damaged; restore it from a back-up."


def test_a_locked_file_is_waited_for_and_then_told_of(path, opened):
    """While another program writes, reading goes on; writing waits, and then says why not."""
    store = opened(path)
    keep(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ids(store) == ["1"]
        with pytest.raises(StoreError) as caught:
            keep(store, "2")
        other.execute("ROLLBACK")
    assert str(caught.value) == f"The database {path} is locked by another program; try again."
    keep(store, "2")
    assert ids(store) == ["1", "2"]


def test_a_locked_file_cannot_be_made_ours(path, opened):
    """Opening a new file that another program has locked says so."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="is locked by another program; try again"):
            opened(path)


def test_a_file_that_may_not_be_written_is_told_of(path, opened):
    """Where SQLite may only read, reading works and writing says what right is missing."""
    store = opened(path)
    keep(store)
    # SQLite itself refuses, as it does for a file without the right: modes do not bind root.
    with store._connection() as connection:
        connection.execute("PRAGMA query_only = ON")
    assert ids(store) == ["1"]
    with pytest.raises(StoreError) as caught:
        keep(store, "2")
    assert str(caught.value) == (
        f"The database {path} is read-only; "
        "give this user the right to write the file and its folder."
    )
    assert ids(store) == ["1"]


def _without_rights(path: str, answer: Any) -> None:
    """What a user without rights is told: in a process of its own, as modes do not bind root."""
    # What is imported on the way may lie where only root may read.
    Path(path).absolute().as_uri()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        keep(SqliteStore(path, patience=0.05), "2")
    except StoreError as error:
        answer.send(str(error))
    else:
        answer.send("kept")


@pytest.mark.skipif(sys.platform == "win32", reason="has no such modes")
@pytest.mark.parametrize(
    ("what", "mode", "words"),
    [
        ("file", 0o444, "is read-only; give this user the right to write the file and its folder"),
        ("file", 0o000, "cannot be opened; look at the path, its folder and their rights"),
        (
            "folder",
            0o555,
            "is read-only; give this user the right to write the file and its folder",
        ),
        ("folder", 0o000, "cannot be opened; look at the path, its folder and their rights"),
    ],
)
def test_rights_that_are_missing_are_told_of(opened, what, mode, words):
    """What a user may not write or read is told of in words, and stays as it is."""
    spawn = multiprocessing.get_context("spawn")
    # Not below pytest's own folder, which is closed to everybody else.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        path = folder / "locks.db"
        store = opened(path)
        keep(store)
        store.close()
        path.chmod(0o666)
        target = path if what == "file" else folder
        target.chmod(mode)
        here, there = spawn.Pipe()
        worker = spawn.Process(target=_without_rights, args=(str(path), there))
        worker.start()
        message = here.recv() if here.poll(30) else "no answer"
        worker.join(30)
        folder.chmod(0o777)
        path.chmod(0o666)
        assert message == f"The database {path} {words}."
        assert ids(opened(path)) == ["1"]


def test_a_full_disk_undoes_what_was_begun(path, opened):
    """When the disk is full nothing of the transaction is kept, and there is room again later."""
    store = opened(path)
    keep(store)
    with store._connection() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError) as caught:
        keep(store, "2", data={"text": "x" * 100_000})
    assert str(caught.value) == (
        f"The database {path} has no room left on its disk; nothing was kept."
    )
    assert ids(store) == ["1"]
    with store._connection() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    keep(store, "2", data={"text": "x" * 100_000})
    assert ids(store) == ["1", "2"]


def test_a_file_that_was_removed_is_missed(path, opened):
    """A file that is removed while it is open is missed, and not written into the void."""
    store = opened(path)
    keep(store)
    path.unlink()
    for use in (lambda: keep(store, "2"), lambda: ids(store)):
        with pytest.raises(StoreError) as caught:
            use()
        assert str(caught.value) == f"The database {path} was removed or replaced while in use."
    assert not path.exists()


def test_a_file_that_was_replaced_is_missed(path, opened, tmp_path):
    """A file that is replaced by another while it is open is missed."""
    store = opened(path)
    keep(opened(tmp_path / "other.db"))
    os.replace(tmp_path / "other.db", path)
    with pytest.raises(StoreError, match="was removed or replaced while in use"):
        ids(store)


def test_an_engine_that_cannot_open_its_file_leaves_nothing_open(path):
    """Engine.open passes the store's error on."""
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="is not a SQLite database"):
        Engine.open(path)


def _work(path: str, name: str, times: int, barrier: Any) -> None:
    """What each of two processes does: cases of its own, and one more event of a shared one."""
    store = SqliteStore(path, synchronous="NORMAL", patience=30)
    barrier.wait()
    for number in range(times):
        with store.writing() as transaction:
            transaction.apply([opening(f"{name}-{number}")])
        with store.writing() as transaction:
            case = transaction.case("shared")
            assert case is not None
            transaction.apply([following(case, name)])
    store.close()


def test_two_processes_share_a_file(path, opened):
    """Two processes on one file, from its making on: everything is kept once and in order."""
    spawn = multiprocessing.get_context("spawn")
    store = opened(path)
    keep(store, "shared")
    barrier = spawn.Barrier(2)
    workers = [
        spawn.Process(target=_work, args=(str(path), name, 25, barrier)) for name in ("a", "b")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(ids(store)) == 51
    with store.reading() as reading:
        history = reading.history("shared")
    assert [event.version for event in history] == list(range(1, 52))
    assert all(b.previous == a.hash for a, b in itertools.pairwise(history))
    assert {event.transition for event in history} == {"open", "a", "b"}


def _make(path: str, barrier: Any) -> None:
    barrier.wait()
    SqliteStore(path, patience=30).close()


def test_two_processes_may_make_the_file_at_once(path, opened):
    """Several processes that open a file that is not there yet make it once."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(3)
    workers = [spawn.Process(target=_make, args=(str(path), barrier)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    keep(opened(path))


def test_one_open_holds_between_two_stores_on_one_file(path, opened):
    """Two programs that open a case for one door: the second gets a conflict that names it."""
    first, second = opened(path), opened(path)
    keep(first, "1", open_key="k")
    with pytest.raises(Exception, match="opened first") as caught:
        keep(second, "2", open_key="k")
    assert caught.value.case_id == "1"
