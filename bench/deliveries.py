"""Measure deliveries as ratios of what was timed side by side in one run.

python bench/deliveries.py [--quick]
"""

from __future__ import annotations

import argparse
import datetime as dt
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pluggy
import scenes
from attrs import define
from timing import Spread, of_pairs

from lockroutine import load_routine
from lockroutine.book import Book
from lockroutine.contacts import Contacts
from lockroutine.delivery import Delivery
from lockroutine.hookspecs import (
    ChannelSearch,
    LockSearch,
    NoteSearch,
    Notice,
    Pairing,
    Receipt,
    RegisteredLock,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketSearch,
    hookimpl,
)
from lockroutine.plugins import Plugins
from lockroutine.stores import SqliteStore

ROUTINE = load_routine()
PARALLEL = 16
Timer = Callable[[], float]
NOW = dt.datetime(2027, 1, 4, 9, 0, tzinfo=dt.UTC)


@define(eq=False)
class Free:
    """Plugins that cost nothing, or a fixed time a call."""

    takes: float = 0.0
    name: str = "free"
    hooks: str = "1.0"

    def _work(self) -> None:
        if self.takes:
            time.sleep(self.takes)

    @hookimpl
    def open_ticket(self, details: TicketOrder) -> Ticket:
        self._work()
        return Ticket(id=details.key)

    @hookimpl
    def add_note(self, details: TicketNote) -> Receipt:
        return Receipt()

    @hookimpl
    def close_ticket(self, details: TicketClosing) -> Receipt:
        return Receipt()

    @hookimpl
    def find_ticket(self, details: TicketSearch) -> Ticket | None:
        return None

    @hookimpl
    def find_note(self, details: NoteSearch) -> Receipt | None:
        return None

    @hookimpl
    def pair_lock(self, details: Pairing) -> Receipt:
        return Receipt()

    @hookimpl
    def unpair_lock(self, details: Pairing) -> Receipt:
        return Receipt()

    @hookimpl
    def look_up_lock(self, details: LockSearch) -> RegisteredLock | None:
        return None

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        return ("mail",)

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        return Receipt()


def deliver(path: Path, plugin: Free, timer: Timer = time.perf_counter) -> float:
    """How long it takes to deliver all that is due in a file, in seconds."""
    store = SqliteStore(path)
    delivery = Delivery(
        store,
        Book(ROUTINE),
        Plugins([plugin]),
        clock=lambda: NOW,
        contacts=Contacts(),
        parallel=PARALLEL,
    )
    before = timer()
    report = delivery.deliver(1_000_000)
    took = timer() - before
    store.close()
    if report.done == 0:
        raise AssertionError("nothing was delivered")
    return took


def bare(path: Path, timer: Timer = time.perf_counter) -> float:
    """The same claiming and marking by hand, as many at a time as are sent side by side."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    lease, done = NOW.isoformat(), NOW.isoformat()
    before = timer()
    taken: list[tuple[str, str]] = []
    while True:
        connection.execute("BEGIN IMMEDIATE")
        for key, case_id in taken:
            connection.execute(
                "UPDATE effects SET state = 'done', due_at = ?, attempts = 1, message = '', "
                "outside = ? WHERE key = ? AND state = 'in_flight' AND due_at = ?",
                (done, key, key, lease),
            )
            connection.execute("INSERT INTO reference VALUES ('free', ?, ?)", (key, case_id))
        rows = connection.execute(
            "SELECT key, case_id, body, personal FROM effects AS this "
            "WHERE state IN ('due', 'in_flight', 'failed', 'unknown') AND system = 'tickets' "
            "AND due_at <= ? AND NOT EXISTS (SELECT 1 FROM effects AS earlier "
            "WHERE earlier.case_id = this.case_id AND earlier.system = this.system "
            "AND earlier.number < this.number "
            "AND earlier.state NOT IN ('done', 'dismissed', 'asked')) "
            "ORDER BY due_at, number LIMIT ?",
            (NOW.isoformat(), PARALLEL),
        ).fetchall()
        for key, *_ in rows:
            connection.execute(
                "UPDATE effects SET state = 'in_flight', due_at = ? WHERE key = ?", (lease, key)
            )
        taken = [(key, case_id) for key, case_id, *_ in rows]
        connection.execute("COMMIT")
        if not taken:
            break
    took = timer() - before
    connection.close()
    return took


def pairs(rounds: int, ours: Callable[[], float], theirs: Callable[[], float]) -> Spread:
    """Each in turn, with who begins alternating."""
    found: list[tuple[float, float]] = []
    for number in range(rounds):
        if number % 2:
            second = theirs()
            found.append((ours(), second))
        else:
            first = ours()
            found.append((first, theirs()))
    return of_pairs(found)


def parked(path: Path, count: int) -> Path:
    """A copy of a file with so many parked effects of the same system, of other cases each."""
    made = scenes.copied(path, "parked.db")
    connection = sqlite3.connect(made)
    same = "routine, rule, kind, system, version, recipient, template, due_at, attempts"
    same += ", message, outside, body, personal"
    connection.execute(
        f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
        f"INSERT INTO effects (key, case_id, state, {same}) "
        f"SELECT 'parked-' || i, 'case-' || i, 'parked', {same} "
        "FROM n, (SELECT * FROM effects ORDER BY number LIMIT 1)"
    )
    connection.commit()
    connection.close()
    return made


def hook_call(calls: int) -> tuple[float, float]:
    """A call through the manager, and the same through bare pluggy, in seconds."""
    plugins = Plugins([Free()])
    manager = pluggy.PluginManager("bare")

    class Spec:
        @pluggy.HookspecMarker("bare")(firstresult=True)
        def open_ticket(self, details: object) -> object: ...

    class Plugin:
        @pluggy.HookimplMarker("bare")
        def open_ticket(self, details: TicketOrder) -> Ticket:
            return Ticket(id=details.key)

    manager.add_hookspecs(Spec)
    manager.register(Plugin())
    details = TicketOrder(key="1", subject="s", body="b", deadline=NOW)
    return _each(calls, lambda: plugins.open_ticket(details)), _each(
        calls, lambda: manager.hook.open_ticket(details=details)
    )


def _each(calls: int, task: Callable[[], object]) -> float:
    before = time.perf_counter()
    for _ in range(calls):
        task()
    return (time.perf_counter() - before) / calls


def _line(what: str, spread: Spread, target: float) -> str:
    met = "yes" if spread.ratio <= target else "NO"
    low, high = min(spread.ratios), max(spread.ratios)
    return (
        f"{what:<56} {low:5.2f} {spread.ratio:6.2f} {high:5.2f} {target:6.1f} {met:>4}   "
        f"{spread.ours * 1e6:.1f} us / {spread.theirs * 1e6:.1f} us"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    quick = parser.parse_args(arguments).quick
    effects, backlog, rounds = (1_000, 10_000, 3) if quick else (10_000, 100_000, 5)
    print(f"{'what':<56} {'min':>5} {'median':>6} {'max':>5} {'target':>6} {'met':>4}   medians")
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start.db"
        scenes.many_doors(start, ROUTINE, effects, 1)
        spread = pairs(
            rounds,
            lambda: deliver(scenes.copied(start, "ours.db"), Free()),
            lambda: bare(scenes.copied(start, "theirs.db")),
        )
        print(_line(f"delivery of {effects} effects, against bare marking", spread, 3.0))
        # On a slow disk, whoever commits less often wins; this is without the disk.
        spread = pairs(
            rounds,
            lambda: deliver(scenes.copied(start, "ours.db"), Free(), time.process_time),
            lambda: bare(scenes.copied(start, "theirs.db"), time.process_time),
        )
        print(_line("the same in time of the processor", spread, 3.0))
        full = parked(start, backlog)
        spread = pairs(
            rounds,
            lambda: deliver(scenes.copied(full, "full.db"), Free()),
            lambda: deliver(scenes.copied(start, "ours.db"), Free()),
        )
        print(_line(f"the same beside {backlog} parked effects", spread, 1.2))
        few = Path(folder) / "few.db"
        scenes.many_doors(few, ROUTINE, 100, 1)
        took = deliver(scenes.copied(few, "slow.db"), Free(takes=0.2))
        print(f"100 cases, 200 ms a call, {PARALLEL} at a time: {took:.2f} s (one by one: 20 s)")
    spread = of_pairs([hook_call(2_000 if quick else 20_000) for _ in range(rounds)])
    print(_line("a hook call through the manager, against pluggy", spread, 3.0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
