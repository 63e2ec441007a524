"""A small case system with tables of its own, and lockroutine beside it.

It has users and customers in a database of its own. It makes actors of its users, gives customers
to lockroutine by id, and keeps the ids of their cases. An outbox with keys makes a crash between
the two databases harmless.
"""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from pathlib import Path

from lockroutine import Actor, Engine, Reference, Refused

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, job TEXT, unit TEXT);
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, unit TEXT);
CREATE TABLE lock_requests (
    key TEXT PRIMARY KEY,
    customer INTEGER REFERENCES customers (id),
    asked_by INTEGER REFERENCES users (id),
    case_id TEXT
);
"""
# Your jobs on the left, the roles of the rule pack on the right.
ROLES = {"Biståndshandläggare": "care_assessor", "Samordnare": "coordinator"}


def actor_of(own: sqlite3.Connection, user: int) -> Actor:
    """The user as an actor: an opaque id, a role, a unit. The name stays here."""
    job, unit = own.execute("SELECT job, unit FROM users WHERE id = ?", (user,)).fetchone()
    return Actor(f"user-{user}", roles={ROLES[job]}, units={unit})


def ask_for_lock(own: sqlite3.Connection, user: int, customer: int) -> str:
    """First our own transaction: what is to be done, and under which key."""
    key = str(uuid.uuid4())
    with own:
        own.execute("INSERT INTO lock_requests VALUES (?, ?, ?, NULL)", (key, customer, user))
    return key


def work_off(own: sqlite3.Connection, engine: Engine) -> int:
    """Then lockroutine's, then ours again. A repeat after a crash does nothing twice."""
    waiting = own.execute(
        "SELECT key, customer, asked_by, unit FROM lock_requests"
        " JOIN customers ON customers.id = customer WHERE case_id IS NULL"
    ).fetchall()
    for key, customer, user, unit in waiting:
        case = engine.start(
            "consent",
            "grant_service",
            actor=actor_of(own, user),
            subject=f"customer-{customer}",
            unit=unit,
            key=key,
            references=[Reference("our-case-system", key)],
        )
        with own:
            own.execute("UPDATE lock_requests SET case_id = ? WHERE key = ?", (case.id, key))
    return len(waiting)


def main(folder: Path) -> None:
    own = sqlite3.connect(folder / "own.db")
    own.executescript(SCHEMA)
    own.execute("INSERT INTO users VALUES (1, 'User 1', 'Biståndshandläggare', 'north')")
    own.execute("INSERT INTO users VALUES (2, 'User 2', 'Samordnare', 'south')")
    own.execute("INSERT INTO customers VALUES (17, 'Customer 17', 'north')")
    own.commit()

    with Engine.open(folder / "locks.db") as engine:
        key = ask_for_lock(own, user=1, customer=17)
        print("worked off:", work_off(own, engine))

        # The power goes after lockroutine has stored the case and before we have noted its id.
        with own:
            own.execute("UPDATE lock_requests SET case_id = NULL")
        print("worked off again:", work_off(own, engine))
        print("cases:", len(engine.cases()))

        (case,) = engine.cases(reference=Reference("our-case-system", key))
        name, case_id = own.execute(
            "SELECT name, case_id FROM lock_requests JOIN customers ON customers.id = customer"
        ).fetchone()
        state = engine.routine.process(case.process).rules.states[case.state].label.sv
        print(f"{name}: {state}, same case: {case.id == case_id}")

        try:
            engine.perform(case.id, "lapse", actor=actor_of(own, 2))
        except Refused as refused:
            print("the south may not:", refused.verdict.reasons[0].text.en)
    own.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
