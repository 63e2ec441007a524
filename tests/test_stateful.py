"""Random people with random forms, through the public engine, held against a simple model."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import random
import sqlite3
import tempfile
import typing
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import attrs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from judged import broken, broken_by
from lockroutine import (
    Actor,
    Case,
    Cure,
    Engine,
    Event,
    LockroutineError,
    Refused,
    Routine,
    load_routine,
)
from lockroutine._fields import Entry, entries
from lockroutine.routine import Step
from lockroutine.stores import CaseFilter, MemoryStore, SqliteStore, Store
from lockroutine.stores.base import all_effects
from lockroutine.testing import StoppedClock, read_scenario, run_scenario
from lockroutine.verify import replay

ROUTINE = load_routine()
EXAMPLES = int(os.environ.get("LOCKROUTINE_EXAMPLES", "40"))

PEOPLE = (
    Actor("anna", roles={"coordinator"}, units={"north", "south"}),
    Actor("bo", roles={"installer"}, units={"north"}),
    Actor("carin", roles={"care_assessor"}, units={"north"}),
    Actor("disa", roles={"provider_staff"}, units={"north"}),
    Actor("erik", roles={"unit_manager"}, units={"north"}),
    Actor("fia", roles={"system_manager"}, units={"north"}),
    Actor("gun", roles={"home_health_staff"}, units={"north"}),
    Actor("hans", roles={"coordinator", "installer"}, units={"south"}),
    Actor("ida"),
)
CUSTOMERS = ("customer-17", "customer-18")
SERIALS = ("PH1-001", "PH1-002", "PH1-003")
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "customer": CUSTOMERS,
    "serial_number": (*SERIALS, "ph1 - 002"),
    "staff": ("anna", "hans"),
    "article": ("batteries", "locks"),
    "system": ("admin_tool",),
}
WORDS = {
    "door": ("front", "back"),
    "door_type": ("euro", "euro", "wood"),
    "fits": ("euro", "euro", "wood"),
    "customer": CUSTOMERS,
}
ORDER: Mapping[str, Any] = {
    "name": "Customer",
    "address": "Testgatan 17",
    "phone": "+46 70 174 06 05",
    "door_type": "euro",
    "contact": {"name": "Contact 3", "phone": "+46 70 174 06 06", "email": "c3@example.org"},
}
SEEDS = st.integers(0, 2**32 - 1)
T = TypeVar("T")
CLAIMS_A_LOCK = {"mounting.install", "mounting.exchange", "swap.exchange", "swap.exchange_again"}

AT_THE_DOOR = ("mounting", "removal", "swap", "fault")
EVERY_OPENING = [
    Step(process, name)
    for process, rules in ROUTINE.processes.items()
    for name, transition in rules.rules.transitions.items()
    if not transition.from_ and ROUTINE.roles_for(Step(process, name))
]
OPENING = [
    *EVERY_OPENING,
    *[Step("mounting", "order")] * 12,
    *[Step("removal", "order")] * 6,
    *[Step("swap", "order")] * 6,
]

# -- forms out of their classes ----------------------------------------------------------------


class Chance(random.Random):
    """What is drawn at random; hypothesis draws only its seed, so that steps get far."""

    def one(self, things: Iterable[T]) -> T:
        return self.choice(list(things))

    def seldom(self, times: int) -> bool:
        """Whether it happens, once in so many times."""
        return self.randrange(times) == 0


def form_of(chance: Chance, form: type, case: Case | None, now: dt.datetime) -> dict[str, Any]:
    """A form that is right in most of its fields, most of the time."""
    made = {
        name: value_of(chance, declared, case, now)
        for name, declared in entries(form).items()
        if declared.required or chance.seldom(2)
    }
    if chance.seldom(30):
        spoil(chance, made)
    return made


def spoil(chance: Chance, made: dict[str, Any]) -> None:
    wrong: list[Any] = [None, "", -1, 2.5, "\x00", "x" * 3000, [], {}, ("a", "a"), object()]
    name = chance.one([*made, "no_such_field"])
    if chance.seldom(2):
        made.pop(name, None)
    else:
        made[name] = chance.one(wrong)


def value_of(chance: Chance, declared: Entry, case: Case | None, now: dt.datetime) -> Any:
    kind = declared.type
    arms = [arm for arm in typing.get_args(kind) if arm is not type(None)]
    if declared.choices:
        return chance.one(declared.choices)
    if typing.get_origin(kind) is tuple:
        pool = SERIALS if declared.format == "serial_number" else WORDS.get(declared.name, ("a",))
        return chance.sample(sorted(set(pool)), k=chance.randint(1, len(set(pool))))
    if arms:
        kind = arms[0]
    if attrs.has(kind):
        return {
            name: value_of(chance, inner, case, now)
            for name, inner in entries(kind).items()
            if inner.required
        }
    if kind is bool:
        return not chance.seldom(12)
    if kind is int:
        low, high = declared.minimum or 0, declared.maximum or 100
        return chance.one([low, min(5, high), min(60, high), min(80, high), high])
    if kind is dt.datetime:
        return time_of(chance, declared.name, now)
    if kind is dt.date:
        return now.date()
    return text_of(chance, declared, case)


def time_of(chance: Chance, name: str, now: dt.datetime) -> dt.datetime:
    if name == "read_at":
        return now - dt.timedelta(hours=chance.one([0, 0, 1, 24 * 40]))
    if name == "valid_until":
        return now + dt.timedelta(days=chance.one([200, 200, 200, 2, 500]))
    day = now + dt.timedelta(days=chance.one([1, 2]) if chance.seldom(10) else 1)
    while day.weekday() > 3 and not chance.seldom(10):
        day += dt.timedelta(days=1)
    hour = {"starts_at": 9, "ends_at": 10}.get(name, 11)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def text_of(chance: Chance, declared: Entry, case: Case | None) -> str:
    if declared.format == "serial_number":
        known = [
            case.value(name)
            for name in ("serial_number", "removed_serial_number")
            if case is not None and "new" not in declared.name
        ]
        spelt = [value for value in known if isinstance(value, str)]
        return chance.one(spelt if spelt and not chance.seldom(8) else SERIALS)
    if declared.name in WORDS:
        return chance.one(WORDS[declared.name])
    if declared.format == "phone":
        return "+46 70 174 06 05"
    if declared.format == "email":
        return "contact-3@example.org"
    return chance.one(["text", "mer text, två ord", "x" * min(60, declared.longest)])


# -- two engines side by side ------------------------------------------------------------------


def whole(store: Store) -> dict[str, object]:
    """Everything that a store holds, but for the tally of refusals."""
    with store.reading() as reading:
        return {
            "cases": reading.cases(CaseFilter(), "", 100_000),
            "events": list(reading.events()),
            "effects": list(all_effects(reading)),
            "routines": sorted(reading.routine_keys()),
        }


def refusals(store: Store) -> dict[str, int]:
    with store.reading() as reading:
        return dict(reading.refusals())


class Model:
    """What is known without the engine: where locks hang, and what each consent is."""

    def __init__(self) -> None:
        self.hanging: dict[tuple[str, str], str] = {}
        self.consent: dict[str, list[tuple[dt.datetime, str]]] = {}

    def take_in(self, event: Event, door: str) -> None:
        step = f"{event.process}.{event.transition}"
        place = (event.subject, door)
        if event.process == "consent":
            self.consent.setdefault(event.subject, []).append((event.happened_at, event.after))
        if step in CLAIMS_A_LOCK:
            fitted = event.form.get("serial_number") or event.form["new_serial_number"]
            assert self.consent_at(event.subject, event.happened_at) == "received", step
            assert fitted not in self.hanging.values(), f"{step}: {fitted} hangs elsewhere"
            if step == "mounting.install":
                assert place not in self.hanging, f"{step}: a lock hangs there already"
            else:
                assert self.hanging[place] == event.form["old_serial_number"]
            self.hanging[place] = str(fitted)
        elif step == "removal.take_down":
            assert self.hanging.pop(place) == event.form["serial_number"]

    def consent_at(self, customer: str, at: dt.datetime) -> str:
        states = [state for since, state in self.consent.get(customer, ()) if since <= at]
        return states[-1] if states else ""


class Routines(RuleBasedStateMachine):
    """Random commands to two engines; they must agree with each other and with the model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = StoppedClock("monday 2026-03-02 08:00")
        self.stores: list[Store] = [
            MemoryStore(),
            SqliteStore(Path(self.folder.name) / "locks.db", synchronous="NORMAL"),
        ]
        self.engines = [Engine(store, routine=ROUTINE, clock=self.clock) for store in self.stores]
        self.model = Model()
        self.seen = 0
        self.before: list[Case] = []
        self.commands = 0
        self.drawn = 0
        self.cures: list[Cure] = []
        self.patched = mock.patch("os.urandom", self.random)
        self.patched.start()

    def random(self, size: int) -> bytes:
        """Both engines draw the same ids and salts, so that what they store can be compared."""
        self.drawn += 1
        return hashlib.sha256(f"{self.commands}/{self.drawn}".encode()).digest()[:size]

    def teardown(self) -> None:
        try:
            for engine in self.engines:
                assert engine.verify().problems == ()
            again = self.engines[0].replay()
            assert (again.refused, again.unplayed) == ((), ())
        finally:
            self.patched.stop()
            for engine in self.engines:
                engine.close()
            self.folder.cleanup()

    # -- commands ------------------------------------------------------------------------------

    def command(self, name: str, *arguments: Any, **given: Any) -> Any:
        """Give a command to both engines; what comes of it must be the same."""
        self.commands += 1
        before = whole(self.stores[0])
        tally = refusals(self.stores[0])
        outcomes: list[object] = []
        for engine in self.engines:
            self.drawn = 0
            try:
                outcomes.append(getattr(engine, name)(*arguments, **given))
            except LockroutineError as error:
                outcomes.append(error)
        first, second = outcomes
        assert type(first) is type(second), outcomes
        if isinstance(first, LockroutineError) and isinstance(second, LockroutineError):
            assert first.args == second.args
        else:
            assert first == second
        if isinstance(first, LockroutineError):
            assert whole(self.stores[0]) == before, f"{type(first).__name__} left traces"
            refused = isinstance(first, Refused)
            assert (refusals(self.stores[0]) == tally) is not refused
        if isinstance(first, Refused):
            assert first.verdict.reasons
            self.cures = [c for reason in first.verdict.reasons for c in reason.cures]
        self.learn()
        return first

    def learn(self) -> None:
        """Let the model know of what was made, and see that it kept to what must always be so."""
        with self.stores[0].reading() as reading:
            events = list(reading.events())
            cases = reading.cases(CaseFilter(), "", 100_000)
            assert not list(broken_by(ROUTINE, events[self.seen :], self.before))
            self.before = cases
            for event in events[self.seen :]:
                case = reading.case(event.case_id)
                assert case is not None
                self.model.take_in(event, str(case.value("door")))
        self.seen = len(events)

    def setup(self, who: int, process: str, step: str, about: str, /, **form: Any) -> None:
        """One step of the beginning; it must go well."""
        found = self.cases(process, about)
        transition = ROUTINE.transition(Step(process, step))
        given = {"actor": PEOPLE[who], "form": form or None}
        if transition.from_:
            came = self.command("perform", found[-1].id, step, **given)
        else:
            came = self.command("start", process, step, subject=about, unit="north", **given)
        assert isinstance(came, Case), came

    def cases(self, process: str = "", about: str = "") -> list[Case]:
        with self.stores[0].reading() as reading:
            return reading.cases(
                CaseFilter(process=process or None, subject=about or None), "", 100_000
            )

    @initialize(
        consents=st.integers(1, 2),
        locks=st.integers(1, 3),
        fitted=st.integers(0, 2),
        granted=st.booleans(),
    )
    def begin(self, consents: int, locks: int, fitted: int, granted: bool) -> None:
        """Begin somewhere on the way, or else random steps seldom get far."""
        for about in CUSTOMERS[:consents]:
            self.setup(2, "consent", "grant_service", about)
            self.setup(2, "consent", "leave_form", about)
            self.setup(3, "consent", "collect", about, signed_on="2026-03-02", signed_by="customer")
            self.setup(0, "consent", "receive", about)
        for serial in SERIALS[:locks]:
            self.setup(1, "lock", "register", serial, model="X1", fits=["euro"])
        for about, serial in list(zip(CUSTOMERS[:consents], SERIALS[:locks], strict=False))[
            :fitted
        ]:
            nine = (self.clock() + dt.timedelta(days=1)).replace(hour=9, minute=0)
            agreed = {"coordinator_agreed": True, "customer_agreed": True}
            self.setup(0, "mounting", "order", about, **ORDER)
            times = {"starts_at": nine, "ends_at": nine + dt.timedelta(hours=1)}
            self.setup(1, "mounting", "schedule", about, **times, **agreed)
            self.setup(1, "mounting", "install", about, serial_number=serial)
        if granted:
            until = self.clock() + dt.timedelta(days=200)
            yes = {"needs_permission": True, "has_knowledge": True}
            self.setup(0, "configuration_permission", "ask", "anna")
            self.setup(4, "configuration_permission", "attest", "anna", **yes)
            self.setup(5, "configuration_permission", "grant", "anna", valid_until=until)

    @rule(seed=SEEDS, times=st.integers(1, 60))
    def work(self, seed: int, times: int) -> None:
        """People do what stands on their work lists, now and then something else."""
        chance = Chance(seed)
        for _ in range(times):
            items = [i for p in PEOPLE for i in self.engines[0].worklist(actor=p) if i.transitions]
            if chance.seldom(8) or not items:
                self.open_one(chance, chance.one(OPENING))
            elif chance.seldom(12):
                self.go_on_with(chance, chance.one(self.cases()))
            else:
                doors = [item for item in items if item.case.process in AT_THE_DOOR]
                item = chance.one(doors if doors and not chance.seldom(3) else items)
                rules = ROUTINE.process(item.case.process).rules.transitions
                onward = [n for n in item.transitions if rules[n].to not in ("", item.case.state)]
                name = chance.one([*item.transitions, *onward * 3])
                self.make(chance, item.case.whole, Step(item.case.process, name))
            if chance.seldom(6):
                self.clock.advance(hours=chance.one([1, 20]))

    @rule(seed=SEEDS)
    def start(self, seed: int) -> None:
        """Somebody opens a case of some process."""
        chance = Chance(seed)
        self.open_one(chance, chance.one(OPENING))

    def open_one(self, chance: Chance, step: Step) -> None:
        subject = chance.one(SUBJECTS[ROUTINE.process(step.process).rules.subject])
        form = self.form(chance, step, None)
        if step.process in ("removal", "swap") and self.model.hanging and not chance.seldom(6):
            subject, door = chance.one(self.model.hanging)
            form = {**(form or {}), "door": door}
        self.command(
            "start",
            step.process,
            step.transition,
            actor=self.somebody(chance, step),
            subject=subject,
            unit=chance.one(["north", "north", "north", "south"]),
            form=form,
            **self.late(chance),
        )

    @precondition(lambda self: self.seen)
    @rule(seed=SEEDS)
    def go_on(self, seed: int) -> None:
        """Somebody makes a step of a case: mostly one that the state allows."""
        chance = Chance(seed)
        self.go_on_with(chance, chance.one(self.cases()))

    def go_on_with(self, chance: Chance, case: Case) -> None:
        rules = ROUTINE.process(case.process)
        there = [name for name, t in rules.leaving(case.state) if set(t.by) - {"joint", "clock"}]
        names = rules.rules.transitions if chance.seldom(5) or not there else there
        self.make(chance, case, Step(case.process, chance.one(names)))

    def make(self, chance: Chance, case: Case, step: Step) -> None:
        wrong = chance.seldom(20)
        self.command(
            "perform",
            case.id,
            step.transition,
            actor=self.somebody(chance, step),
            form=self.form(chance, step, case),
            expect=case.version - 1 if wrong else chance.one([None, case.version]),
            **self.late(chance),
        )

    @precondition(lambda self: self.cures)
    @rule(seed=SEEDS)
    def cure(self, seed: int) -> None:
        """Somebody does what the last refusal said would help."""
        chance = Chance(seed)
        cure = chance.one(self.cures)
        step = Step(cure.process, cure.transition)
        case = next((c for c in self.cases() if c.id == cure.case_id), None)
        if case is None and ROUTINE.transition(step).from_:
            case = next((c for c in self.cases(cure.process) if c.is_open), None)
        if case is not None:
            self.make(chance, case, step)
        elif not ROUTINE.transition(step).from_:
            self.open_one(chance, step)

    @rule(length=st.sampled_from(["PT20M", "PT5H", "P1D", "P3D", "P40D"]))
    def wait(self, length: str) -> None:
        """Time passes, and the clock does its part."""
        self.clock.advance(length)
        self.command("tick")

    @precondition(lambda self: self.seen)
    @rule(seed=SEEDS)
    def ask(self, seed: int) -> None:
        """Asking changes nothing, and both engines answer alike."""
        chance = Chance(seed)
        case, who = chance.one(self.cases()), chance.one(PEOPLE)
        before = whole(self.stores[0]), refusals(self.stores[0])
        self.command("options", case.id, actor=who)
        self.command("worklist", actor=who)
        self.command("history", case.id, actor=who)
        self.command("figures")
        assert (whole(self.stores[0]), refusals(self.stores[0])) == before

    def somebody(self, chance: Chance, step: Step) -> Actor:
        roles = set(ROUTINE.roles_for(step))
        fit = [person for person in PEOPLE if person.roles & roles]
        return chance.one(PEOPLE if chance.seldom(15) or not fit else fit)

    def form(self, chance: Chance, step: Step, case: Case | None) -> dict[str, Any] | None:
        form = ROUTINE.form(step)
        return form_of(chance, form, case, self.clock()) if form else None

    def late(self, chance: Chance) -> dict[str, Any]:
        if not chance.seldom(15):
            return {}
        at = self.clock() - dt.timedelta(hours=chance.one([1, 30, 24 * 20]))
        return {"happened_at": at, "late_reason": "the network was down"}

    # -- what always holds ---------------------------------------------------------------------

    @invariant()
    def both_stores_hold_the_same(self) -> None:
        """What both engines have stored is equal, down to ids, hashes and the tally of refusals."""
        assert whole(self.stores[0]) == whole(self.stores[1])
        assert refusals(self.stores[0]) == refusals(self.stores[1])

    @invariant()
    def cases_are_what_their_events_say(self) -> None:
        """No case is in a state without its history, and replaying it gives the case."""
        with self.stores[1].reading() as reading:
            for case in reading.cases(CaseFilter(), "", 100_000):
                history = reading.history(case.id)
                assert history
                assert history[-1].after == case.state
                assert replay(lambda _: ROUTINE, history) == case

    @invariant()
    def what_was_proved_is_so(self) -> None:
        """What is proved of the pack in a small world holds in this larger one, too."""
        assert not list(broken(ROUTINE, self.before, self.clock()))

    @invariant()
    def the_register_says_where_locks_hang(self) -> None:
        """By the register a lock hangs at a door if the last step there put it there."""
        mounted = {
            (str(case.value("customer")), str(case.value("door"))): case.subject
            for case in self.cases("lock")
            if case.state == "mounted"
        }
        assert mounted == self.model.hanging
        assert len([c for c in self.cases("lock") if c.state == "mounted"]) == len(mounted)

    @invariant()
    def the_register_says_whose_ordinary_locks_are_kept(self) -> None:
        """Exactly where a digital lock hangs, an ordinary lock is kept."""
        kept = [
            (case.subject, str(case.value("door")))
            for case in self.cases("ordinary_lock")
            if case.is_open
        ]
        assert sorted(kept) == sorted(self.model.hanging)

    @invariant()
    def only_locks_that_hang_or_hung_are_paired(self) -> None:
        """A lock is paired with nobody but whom it hangs or hung with, and one lock a door."""
        paired = [
            (case.value("paired_with"), case.value("paired_door"))
            for case in self.cases("lock")
            if case.state == "mounted" and case.value("paired_with") is not None
        ]
        assert len(set(paired)) == len(paired)
        assert set(paired) <= set(self.model.hanging)

    @invariant()
    def nothing_is_closed_before_it_is_done(self) -> None:
        """A mounting is closed only after it was tested, reported, paired and licensed."""
        for case in self.cases("mounting"):
            if case.state == "closed":
                assert {"install", "test", "report", "pair", "write_licence"} <= case.done
                assert typing.cast("int", case.value("cycles")) >= 5


Routines.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestRoutines = Routines.TestCase


# -- flipped bytes -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, routine: Routine) -> Path:
    """A file in which a lock was mounted."""
    path = tmp_path_factory.mktemp("flipped") / "locks.db"
    store = SqliteStore(path, synchronous="NORMAL")
    name = "40-a-lock-at-the-door.toml"
    run_scenario(read_scenario(Path(__file__).parent / "scenarios" / name), routine, store=store)
    store.close()
    return path


def stored_events(path: Path) -> list[tuple[int, str, int, str, str, str | None]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT number, case_id, version, body, hash, personal FROM events ORDER BY number"
        ).fetchall()


@settings(
    max_examples=EXAMPLES * 3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_a_flipped_byte_in_any_event_is_found_and_named(written, routine, data):
    """Whichever byte of a stored event is changed, verify finds it and names the event."""
    events = stored_events(written)
    number, case_id, version, *texts = data.draw(st.sampled_from(events), label="event")
    named = zip(("body", "hash", "personal"), texts, strict=True)
    columns = {name: text for name, text in named if text is not None}
    column = data.draw(st.sampled_from(sorted(columns)), label="column")
    content = bytearray(columns[column].encode())
    place = data.draw(st.integers(0, len(content) - 1), label="place")
    mask = data.draw(st.integers(1, 255), label="mask")
    content[place] ^= mask
    with Engine(SqliteStore(written), routine=routine) as engine:
        assert engine.verify().problems == ()
        write(written, number, column, bytes(content))
        try:
            found = engine.verify()
        finally:
            write(written, number, column, columns[column].encode())
        assert engine.verify().whole
    assert not found.whole
    about = [problem for problem in found.problems if problem.path.startswith(case_id)]
    assert f"{case_id}/{version}" in {problem.path for problem in about}, found.problems


def write(path: Path, number: int, column: str, content: bytes) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"UPDATE events SET {column} = CAST(? AS TEXT) WHERE number = ?", (content, number)
        )


def test_a_missing_event_is_found_and_named(written, routine, tmp_path):
    """An event that is taken out of the middle of a case is missed, and named."""
    path = tmp_path / "copy.db"
    with closing(sqlite3.connect(written)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    events = stored_events(path)
    case_id = next(case_id for _, case_id, version, *_ in events if version == 3)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM events WHERE case_id = ? AND version = 2", (case_id,))
    with Engine(SqliteStore(path), routine=routine) as engine:
        (problem,) = engine.verify().problems
    assert problem.path.startswith(case_id)
    assert "event 2 of the case is missing" in problem.message
