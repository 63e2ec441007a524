"""Kills a process that orders and delivers, again and again, and counts what came of it.

Run it as ``python -m tests.kill_delivery --kills 200``. A process orders on a SQLite file and
delivers to a ticket system, through a connection that fails by chance, and is killed with SIGKILL
at a random moment; the next one goes on. Afterwards deliveries run to the end, and the ticket
system itself is asked what it has: every order must have exactly one ticket, and every note must
stand exactly once. It exits 1 if one does not.

``--system roundup`` (a real Roundup, which needs ``lockroutine-roundup[tracker]``), ``easit`` (the
stand-in), or ``desk`` (a small ticket desk). Time runs on by some minutes at each kill, so that
what the dead process had taken is free again.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from lockroutine import Actor, ConflictError, Engine, Refused, load_routine
from lockroutine.plugins.installed import load_plugins
from lockroutine.rules.reader import Source
from lockroutine.stores.base import all_effects
from lockroutine.testing.desk import Desk
from lockroutine.testing.easit import EasitStandIn
from lockroutine.testing.wire import Fault, LossyProxy

PACK = """
name = "killed"
version = "1.0.0"
label = { sv = "Dödad", en = "Killed" }
time_zone = "Europe/Stockholm"
holidays = "SE"

[role.coordinator]
label = { sv = "Samordnare", en = "Coordinator" }
all_units = true
tends_effects = true
clauses = ["C1"]

[clause.C1]
text = { sv = "Beställning.", en = "Orders." }
owed = ["done"]

[template.order]
subject = { sv = "Beställning", en = "An order" }
body = { sv = "Ärende $id: lås på dörren åäö.", en = "Case $id." }

[template.note]
subject = { sv = "Anteckning", en = "A note" }
body = { sv = "Ärende $id: ännu en anteckning.", en = "Case $id: a note." }
"""

ORDER = """
[process.order]
label = { sv = "Beställning", en = "Order" }
subject = "customer"

[process.order.states.ordered]
label = { sv = "Beställd", en = "Ordered" }
waits_for = ["coordinator"]
clauses = ["C1"]

[process.order.states.done]
label = { sv = "Klar", en = "Done" }
end = true

[process.order.transitions.order]
label = { sv = "Beställ", en = "Order" }
from = []
to = "ordered"
by = ["coordinator"]
clauses = ["C1"]

[process.order.transitions.order.effects.ticket]
kind = "open_ticket"
template = "order"
clauses = ["C1"]

[process.order.transitions.note]
label = { sv = "Anteckna", en = "Note" }
from = ["ordered"]
by = ["coordinator"]
clauses = ["C1"]

[process.order.transitions.note.effects.note]
kind = "note_ticket"
template = "note"
clauses = ["C1"]

[process.order.transitions.close]
label = { sv = "Avsluta", en = "Close" }
from = ["ordered"]
to = "done"
by = ["coordinator"]
clauses = ["C1"]

[process.order.transitions.close.effects.ticket]
kind = "close_ticket"
template = "note"
clauses = ["C1"]
"""

ROUTINE = load_routine(Source("killed", {"routine.toml": PACK, "order.toml": ORDER}))
ANNA = Actor("anna", roles={"coordinator"}, units={"north"})
WAITING = ("due", "failed", "unknown", "in_flight")
RATE = 0.03
FAULTS: tuple[Fault, ...] = ("drop", "cut", "garble", "delay", "reorder")
PATIENCE = 0.2  # of the wire: a process lives less than a second
STEP = dt.timedelta(minutes=5)


@frozen(kw_only=True)
class System:
    """A ticket system that runs.

    Args:
        plugin: The plugin for it, by its installed name; or none, for the desk.
        environ: The plugin's settings.
        stands: How often something stands in it, by its key.
    """

    plugin: str
    environ: Mapping[str, str]
    stands: Callable[[str], int]
    proxy: LossyProxy


@frozen(kw_only=True)
class Figures:
    """What came of it."""

    system: str
    kills: int
    orders: int
    tickets: int
    notes: int
    in_flight: int
    faults: int
    parked: int
    doubles: int
    losses: int

    def __str__(self) -> str:
        return (
            f"{self.system}: {self.kills} kills, {self.orders} orders, {self.tickets} tickets, "
            f"{self.notes} notes, {self.doubles} doubles, {self.losses} losses "
            f"({self.faults} faults on the wire, {self.in_flight} effects in flight when killed, "
            f"{self.parked} parked on the way)"
        )


# -- the systems -----------------------------------------------------------------------------------


def lossy(target: int, seed: int, *faults: Fault, listen: int = 0) -> LossyProxy:
    """A connection to a system, on which exchanges fail by chance."""
    return LossyProxy(
        target,
        listen=listen,
        rate=RATE,
        by_chance=faults or FAULTS,
        seed=seed,
        patience=PATIENCE,
    )


@contextmanager
def desk(_: Path, seed: int) -> Generator[System]:
    with Desk() as made, lossy(made.port, seed) as proxy:
        environ = {"KILL_DESK_URL": proxy.url, "KILL_DESK_TOKEN": made.token}
        yield System(
            plugin="", environ=environ, stands=lambda key: len(made.texts(key)), proxy=proxy
        )


@contextmanager
def easit(_: Path, seed: int) -> Generator[System]:
    with EasitStandIn() as made:
        port = int(made.url.rpartition(":")[2])
        with lossy(port, seed) as proxy:
            environ = {
                "LOCKROUTINE_EASIT_URL": proxy.url.rstrip("/"),
                "LOCKROUTINE_EASIT_API_KEY": made.api_key,
                "LOCKROUTINE_EASIT_CREATE_HANDLER": "CreateLockOrder_v1",
                "LOCKROUTINE_EASIT_NOTE_HANDLER": "NoteLockOrder_v1",
                "LOCKROUTINE_EASIT_CLOSE_HANDLER": "CloseLockOrder_v1",
                "LOCKROUTINE_EASIT_VIEW": "LockOrders",
                "LOCKROUTINE_EASIT_NOTES_VIEW": "LockNotes",
                "LOCKROUTINE_EASIT_NOTE_TICKET": "Ticket",
                "LOCKROUTINE_EASIT_PLAIN_HTTP": "true",
            }

            def stands(key: str) -> int:
                notes = [note for note in made.notes if key in note.properties.values()]
                return len(made.of_reference(key)) + len(notes)

            yield System(plugin="easit", environ=environ, stands=stands, proxy=proxy)


@contextmanager
def roundup(folder: Path, seed: int) -> Generator[System]:
    # The package of the example is not part of the library, and is not always there.
    from lockroutine_roundup.testing import PASSWORD, USER, Tracker, free_port

    port = free_port()
    with (
        Tracker(folder, web=f"http://127.0.0.1:{port}/") as tracker,
        lossy(tracker.port, seed, *FAULTS, "repeat", listen=port) as proxy,
    ):
        environ = {
            "LOCKROUTINE_ROUNDUP_URL": tracker.web,
            "LOCKROUTINE_ROUNDUP_USER": USER,
            "LOCKROUTINE_ROUNDUP_PASSWORD": PASSWORD,
        }
        yield System(
            plugin="roundup",
            environ=environ,
            stands=lambda key: len(tracker.kept(key)),
            proxy=proxy,
        )


SYSTEMS = {"desk": desk, "easit": easit, "roundup": roundup}


# -- the process that is killed --------------------------------------------------------------------


def plugins_of(name: str, environ: Mapping[str, str]) -> tuple[object, ...]:
    if name:
        return load_plugins([name], environ=environ)
    from tests.deskplugin import DeskPlugin, DeskSettings

    from lockroutine.plugins import Secret

    token = Secret(environ["KILL_DESK_TOKEN"])
    return (DeskPlugin(DeskSettings(url=environ["KILL_DESK_URL"], token=token)),)


@contextmanager
def opened(
    database: Path, plugin: str, environ: Mapping[str, str], ahead: float
) -> Generator[Engine]:
    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead)

    plugins = plugins_of(plugin, environ)
    try:
        with Engine.open(database, routine=ROUTINE, clock=clock, plugins=plugins) as engine:
            yield engine
    finally:
        for one in plugins:
            getattr(one, "close", int)()


def work(database: Path, plugin: str, ahead: float, seed: int) -> None:
    """Order and deliver until somebody puts an end to it."""
    with opened(database, plugin, os.environ, ahead) as engine:
        chance = random.Random(seed)
        threading.Thread(target=order, args=(engine, chance), daemon=True).start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            engine.deliver()
            time.sleep(0.01)


def order(engine: Engine, chance: random.Random) -> None:
    while True:
        waiting = sum(len(engine.effects(state=state, limit=1000)) for state in ("due", "failed"))
        if waiting < 12:
            open_ones = engine.cases(is_open=True, limit=1000).items
            # Somebody else may have been quicker.
            with contextlib.suppress(ConflictError, Refused):
                if not open_ones or chance.random() < 0.4:
                    subject = f"customer-{chance.randrange(10**9)}"
                    engine.start("order", "order", actor=ANNA, subject=subject, unit="north")
                else:
                    step = "close" if chance.random() < 0.25 else "note"
                    engine.perform(chance.choice(open_ones).id, step, actor=ANNA)
        time.sleep(chance.random() * 0.03)


# -- the one that kills ----------------------------------------------------------------------------


def kill(
    system_name: str, kills: int, seed: int, tell: Callable[[str], object] = lambda _: None
) -> Figures:
    """Run a process and kill it, so many times, and say what came of it."""
    chance = random.Random(seed)
    taken: set[str] = set()
    with (
        tempfile.TemporaryDirectory() as folder,
        SYSTEMS[system_name](Path(folder), seed) as system,
    ):
        database = Path(folder) / "locks.db"
        ahead = 0.0
        for number in range(kills):
            run_and_kill(database, system, ahead, chance)
            ahead += STEP.total_seconds()
            with opened(database, "", {"KILL_DESK_URL": "", "KILL_DESK_TOKEN": ""}, 0) as engine:
                taken.update(one.key for one in engine.effects(state="in_flight", limit=1000))
            if (number + 1) % 20 == 0:
                tell(f"{number + 1} kills, {len(taken)} effects in flight when killed")
        faults = system.proxy.struck
        system.proxy.rate = 0.0
        parked = finish(database, system, ahead)
        return counted(system_name, database, system, kills, len(taken), faults, parked)


def run_and_kill(database: Path, system: System, ahead: float, chance: random.Random) -> None:
    arguments = [str(database), system.plugin or "-", str(ahead), str(chance.randrange(10**9))]
    command = [sys.executable, "-m", "tests.kill_delivery", "--work", *arguments]
    environ = {**os.environ, **system.environ}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the process that orders did not start")
        time.sleep(chance.random() * 0.8)
        if process.poll() is not None:
            raise RuntimeError("the process that orders ended by itself")
        process.send_signal(signal.SIGKILL)


def finish(database: Path, system: System, ahead: float) -> int:
    """Deliver until nothing waits any more; how many effects were parked on the way."""
    parked = 0
    for _ in range(60):
        ahead += 5 * 3600
        with opened(database, system.plugin, {**os.environ, **system.environ}, ahead) as engine:
            for effect in engine.effects(state="parked", limit=1000):
                parked += 1
                engine.retry(effect.key, actor=ANNA)
            engine.deliver()
            if not any(engine.effects(state=state) for state in (*WAITING, "parked")):
                return parked
    raise RuntimeError("deliveries do not come to an end")


def counted(
    name: str, database: Path, system: System, kills: int, taken: int, faults: int, parked: int
) -> Figures:
    with opened(database, system.plugin, {**os.environ, **system.environ}, 0) as engine:
        with engine.store.reading() as reading:
            effects = list(all_effects(reading))
        orders = sum(1 for one in effects if one.kind == "open_ticket")
        stands = {
            (one.kind, one.key): system.stands(one.key)
            for one in effects
            if one.kind in ("open_ticket", "note_ticket")
        }
        assert engine.verify().whole
    return Figures(
        system=name,
        kills=kills,
        orders=orders,
        tickets=sum(number for (kind, _), number in stands.items() if kind == "open_ticket"),
        notes=sum(number for (kind, _), number in stands.items() if kind == "note_ticket"),
        in_flight=taken,
        faults=faults,
        parked=parked,
        doubles=sum(max(0, number - 1) for number in stands.values()),
        losses=sum(number == 0 for number in stands.values()),
    )


def main(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["--work"]:
        database, plugin, ahead, seed = arguments[1:]
        work(Path(database), plugin.strip("-"), float(ahead), int(seed))
    parser = argparse.ArgumentParser(prog="python -m tests.kill_delivery", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--system", choices=sorted(SYSTEMS), default="roundup")
    parser.add_argument("--seed", type=int, default=17)
    given = parser.parse_args(arguments)
    figures = kill(given.system, given.kills, given.seed, print)
    sys.stdout.write(f"{figures}\n")
    return 1 if figures.doubles or figures.losses else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
