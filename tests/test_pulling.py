"""What tickets and the admin tool report back, through the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from attrs import Factory, define

from lockroutine import Actor, Case, Engine, Reference
from lockroutine.errors import TryAgain
from lockroutine.hookspecs import (
    BatteryLevel,
    BatterySearch,
    ChannelSearch,
    LockSearch,
    NoteSearch,
    Notice,
    Pairing,
    Receipt,
    RegisteredLock,
    RegisterSearch,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketReport,
    TicketReports,
    TicketSearch,
    TicketsSince,
    hookimpl,
)
from lockroutine.testing import StoppedClock

NORTH = {"north"}
ANNA = Actor("anna", roles={"coordinator"}, units=NORTH)
IVAR = Actor("ivar", roles={"installer"}, units=NORTH)
CARE = Actor("care", roles={"care_assessor"}, units=NORTH)
PIA = Actor("pia", roles={"provider_staff"}, units=NORTH)
ORDER = {
    "name": "Customer 17",
    "address": "Testgatan 17",
    "phone": "+46 70 174 06 05",
    "contact": {"name": "Contact 3", "phone": "+46 70 174 06 06", "email": "c3@example.org"},
    "door_type": "euro",
}


@define(eq=False)
class Outside:
    """A ticket system, an admin tool and a channel in memory."""

    name: str = "desk"
    hooks: str = "1.0"
    notes: list[TicketNote] = Factory(list)
    reports: list[TicketReport] = Factory(list)
    locks: list[RegisteredLock] = Factory(list)
    levels: list[BatteryLevel] = Factory(list)
    cursors: list[str] = Factory(list)
    zones: list[dt.tzinfo] = Factory(list)
    down: bool = False

    @hookimpl
    def open_ticket(self, details: TicketOrder) -> Ticket:
        return Ticket(id=f"T-{details.key[-8:]}")

    @hookimpl
    def add_note(self, details: TicketNote) -> Receipt:
        self.notes.append(details)
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
    def read_tickets(self, details: TicketsSince) -> TicketReports:
        if self.down:
            raise TryAgain("the desk does not answer")
        self.cursors.append(details.cursor)
        return TicketReports(reports=tuple(self.reports), cursor=str(len(self.reports)))

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
    def list_locks(self, details: RegisterSearch) -> tuple[RegisteredLock, ...]:
        return tuple(self.locks)

    @hookimpl
    def read_batteries(self, details: BatterySearch) -> tuple[BatteryLevel, ...]:
        self.zones.append(details.zone)
        return tuple(self.levels)

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        return ("mail",)

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        return Receipt()


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock("2026-03-02 08:00")


@pytest.fixture
def engine(outside: Outside, clock: StoppedClock) -> Iterator[Engine]:
    accounts = {"ivar@desk": IVAR}
    with Engine.open(":memory:", clock=clock, plugins=[outside], accounts=accounts.get) as made:
        yield made


@pytest.fixture
def mounting(engine: Engine, clock: StoppedClock) -> Case:
    return mounted(engine, clock)


def mounted(engine: Engine, clock: StoppedClock) -> Case:
    """A mounting whose lock is fitted, with its ticket."""
    consent = engine.start(
        "consent", "grant_service", actor=CARE, subject="customer-17", unit="north"
    )
    engine.perform(consent.id, "leave_form", actor=CARE)
    signed = {"signed_on": "2026-03-01", "signed_by": "customer"}
    engine.perform(consent.id, "collect", actor=PIA, form=signed)
    engine.perform(consent.id, "receive", actor=ANNA)
    case = engine.start(
        "mounting", "order", actor=ANNA, subject="customer-17", unit="north", form=ORDER
    )
    visit = {
        "starts_at": "2026-03-03T10:00:00+01:00",
        "ends_at": "2026-03-03T11:00:00+01:00",
        "coordinator_agreed": True,
        "customer_agreed": True,
    }
    engine.perform(case.id, "schedule", actor=IVAR, form=visit)
    model = {"model": "X1", "fits": ["euro"]}
    engine.start("lock", "register", actor=IVAR, subject="PH1-001", unit="store", form=model)
    clock.set("2026-03-03 11:00")
    case = engine.perform(case.id, "install", actor=IVAR, form={"serial_number": "PH1-001"})
    engine.deliver()
    return case


def report(engine: Engine, mounting: Case, text: str, **more: object) -> TicketReport:
    (ticket,) = (e.outside for e in engine.effects(case_id=mounting.id) if e.outside)
    given = {"id": "1", "author": "ivar@desk", "written_at": engine.case(mounting.id).since}
    return TicketReport(ticket=ticket, text=text, **{**given, **more})  # type: ignore[arg-type]


def owed(engine: Engine, actor: Actor) -> set[str]:
    return {f"{i.case.process}.{i.duty or i.case.state}" for i in engine.worklist(actor=actor)}


# -- tickets --------------------------------------------------------------------------------------


def test_a_report_in_the_ticket_reaches_the_case(
    engine: Engine, outside: Outside, mounting: Case
) -> None:
    """What the installer wrote into the ticket settles their duty, as them, once."""
    outside.reports = [report(engine, mounting, "Låset monterat. Serienummer: ph1-001.")]
    assert engine.pull().reports == 1
    assert engine.pull().reports == 0
    assert outside.cursors == ["", "1"]
    event = engine.history(mounting.id)[-1]
    assert (event.transition, event.actor) == ("report", "ivar")
    assert "mounting.report" not in owed(engine, IVAR)


def test_a_wrong_serial_number_is_answered_in_the_ticket(
    engine: Engine, outside: Outside, mounting: Case
) -> None:
    """A report that the rules refuse stands on a list with the reason, and is answered, once."""
    outside.reports = [report(engine, mounting, "Mounted, serial number PH1-009")]
    assert engine.pull().unread == 1
    assert engine.pull().unread == 0
    assert "unread_report.to_look_at" in owed(engine, ANNA)
    engine.deliver()
    (note,) = (n for n in outside.notes if "kunde inte tas emot" in n.body)
    assert note.ticket == outside.reports[0].ticket
    assert "Det är inte serienumret" in note.body
    assert "mounting.report" in owed(engine, IVAR)


@pytest.mark.parametrize(
    ("text", "more", "why"),
    [
        ("Låset är monterat.", {}, "serial_number: is missing"),
        (
            "Monterat, serienummer PH1-001",
            {"author": "somebody@desk"},
            "Kontot som skrev det hör inte till någon som vi känner.",
        ),
        (
            "Monterat, serienummer PH1-001",
            {"ticket": "T-0"},
            "Inget ärende här hör ihop med det här ticketnumret.",
        ),
    ],
)
def test_what_cannot_be_read_stands_on_a_list(
    engine: Engine,
    outside: Outside,
    mounting: Case,
    text: str,
    more: dict[str, object],
    why: str,
) -> None:
    """A report without a serial number, author or case waits for somebody who looks at it."""
    outside.reports = [report(engine, mounting, text)]
    if more:
        import attrs

        outside.reports = [attrs.evolve(outside.reports[0], **more)]
    assert engine.pull().unread == 1
    (case,) = engine.cases(process="unread_report")
    assert case.subject == outside.reports[0].ticket
    assert case.data["why"] == why


def test_talk_and_our_own_notes_are_no_reports(
    engine: Engine, outside: Outside, mounting: Case
) -> None:
    """What has none of the words, and what this library wrote itself, is passed over."""
    outside.reports = [
        report(engine, mounting, "Vem har nyckeln?"),
        report(engine, mounting, "Monterat, serienummer PH1-001", id="2", ours=True),
    ]
    brought = engine.pull()
    assert (brought.reports, brought.unread) == (0, 0)


def test_a_system_that_does_not_answer_holds_up_no_other(
    engine: Engine, outside: Outside, mounting: Case
) -> None:
    """What one system says of itself is reported, and the others are read all the same."""
    outside.down = True
    outside.locks = [RegisteredLock(serial_number="PH1-777")]
    brought = engine.pull()
    assert brought.problems == ("read_tickets: the desk does not answer",)
    assert brought.differences == 1


# -- batteries ------------------------------------------------------------------------------------


def level(clock: StoppedClock, per_cent: int, serial: str = "ph1-001") -> BatteryLevel:
    return BatteryLevel(serial_number=serial, level=per_cent, read_at=clock())


def test_a_good_level_is_recorded_once(
    engine: Engine, outside: Outside, mounting: Case, clock: StoppedClock
) -> None:
    """A level that the tool has read settles the duty to read it."""
    assert "lock.record_battery" in owed(engine, ANNA)
    outside.levels = [level(clock, 80), level(clock, 80, "no such lock")]
    assert engine.pull().readings == 1
    assert engine.pull().readings == 0
    assert "lock.record_battery" not in owed(engine, ANNA)


def test_a_low_level_asks_for_a_new_battery_once(
    engine: Engine, outside: Outside, mounting: Case, clock: StoppedClock
) -> None:
    """A level below the threshold opens one case, however often it is read again."""
    outside.levels = [level(clock, 7)]
    brought = engine.pull()
    assert (brought.readings, brought.batteries) == (1, 1)
    clock.advance("PT1H")
    outside.levels = [level(clock, 6)]
    brought = engine.pull()
    assert (brought.readings, brought.batteries) == (1, 0)
    (case,) = engine.cases(process="battery")
    assert (case.subject, case.unit) == ("PH1-001", "north")
    assert "battery.change_asked" in owed(engine, PIA)


def test_levels_are_asked_for_with_the_municipality_s_time_zone(
    engine: Engine, outside: Outside
) -> None:
    """A tool that writes no time zone is read in that of the pack, whatever the machine's is."""
    engine.pull()
    assert outside.zones == [ZoneInfo("Europe/Stockholm")]


def test_an_impossible_level_is_not_taken(
    engine: Engine, outside: Outside, mounting: Case, clock: StoppedClock
) -> None:
    """A level that the form refuses changes nothing."""
    outside.levels = [level(clock, 101)]
    assert engine.pull().readings == 0


# -- the register ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locks", "paired", "difference"),
    [
        ([("PH1-001", "")], False, None),
        ([], False, None),
        ([("PH1-001", "customer-17")], False, "paired_only_there"),
        ([("PH1-001", "")], True, "paired_only_here"),
        ([], True, "missing_there"),
        ([("PH1-001", "customer-18")], True, "paired_otherwise"),
        ([("PH1-001", "customer-17")], True, None),
        ([("PH1-001", "customer-17"), ("ph9", "")], True, "missing_here"),
    ],
)
def test_the_registers_are_compared(
    engine: Engine,
    outside: Outside,
    mounting: Case,
    clock: StoppedClock,
    locks: list[tuple[str, str]],
    paired: bool,
    difference: str | None,
) -> None:
    """Each way in which the registers may differ is found, once, and settles itself."""
    if paired:
        grant_permission(engine, clock)
        engine.perform(mounting.id, "pair", actor=ANNA, form={"serial_number": "PH1-001"})
    outside.locks = [RegisteredLock(serial_number=s, paired_with=c) for s, c in locks]
    assert engine.pull().differences == (difference is not None)
    assert engine.pull().differences == 0
    found = [case.data["difference"] for case in engine.cases(process="difference", is_open=True)]
    assert found == ([difference] if difference else [])
    outside.locks = [
        RegisteredLock(serial_number="PH1-001", paired_with="customer-17" if paired else "")
    ]
    assert engine.pull().agreed == (difference is not None)
    assert not engine.cases(process="difference", is_open=True).items


def test_a_difference_that_changes_is_told_anew(
    engine: Engine, outside: Outside, mounting: Case
) -> None:
    """When the registers differ in another way, the old difference ends and the new one is told."""
    outside.locks = [RegisteredLock(serial_number="PH9")]
    engine.pull()
    engine.start(
        "lock",
        "register",
        actor=IVAR,
        subject="PH9",
        unit="store",
        form={"model": "X1", "fits": ["euro"]},
    )
    outside.locks = [RegisteredLock(serial_number="PH9", paired_with="customer-18")]
    brought = engine.pull()
    assert (brought.agreed, brought.differences) == (1, 1)


def test_a_ticket_is_found_by_its_id(engine: Engine, mounting: Case) -> None:
    """The id that the ticket system gave finds the case."""
    (ticket,) = (e.outside for e in engine.effects(case_id=mounting.id) if e.outside)
    assert [c.id for c in engine.cases(reference=Reference("desk", ticket))] == [mounting.id]


def grant_permission(engine: Engine, clock: StoppedClock) -> None:
    una = Actor("una", roles={"unit_manager"}, units=NORTH)
    sys = Actor("sys", roles={"system_manager"}, units=NORTH)
    case = engine.start("configuration_permission", "ask", actor=una, subject="anna", unit="north")
    attested = {"needs_permission": True, "has_knowledge": True}
    engine.perform(case.id, "attest", actor=una, form=attested)
    until = {"valid_until": clock() + dt.timedelta(days=90)}
    engine.perform(case.id, "grant", actor=sys, form=until)
