"""The admin tool by hand: the register from a CSV file, and tasks that a person confirms."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lockroutine import Actor, Engine, InvalidForm, NotFound, Refused, load_routine
from lockroutine.errors import Rejected, TryAgain
from lockroutine.hookspecs import (
    BatteryLevel,
    BatterySearch,
    LockSearch,
    Pairing,
    Receipt,
    RegisteredLock,
    RegisterSearch,
)
from lockroutine.plugins import Plugins
from lockroutine.plugins.file import FileDrop
from lockroutine.plugins.file import Settings as FileSettings
from lockroutine.plugins.manual import ManualAdminTool, Settings
from smallpack import ANNA, BO, SOUTH, Clock, edited, fitted, permission

SOON = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
EXPORT = (
    "Serienummer;Kund;Modell;Batteri;Avläst\n"
    "ph 1-001;customer-17;Ytterdörr;82;2026-03-01T08:30:00+01:00\n"
    "PH1-002;;Källardörr;;\n"
)


@pytest.fixture
def register(tmp_path: Path) -> Callable[..., ManualAdminTool]:
    def write(content: str | bytes, **settings: str) -> ManualAdminTool:
        path = tmp_path / "register.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return ManualAdminTool(Settings(register=str(path), **settings))

    return write


def locks(tool: ManualAdminTool) -> tuple[RegisteredLock, ...]:
    return tool.list_locks(RegisterSearch(deadline=SOON))


def batteries(tool: ManualAdminTool) -> tuple[BatteryLevel, ...]:
    return tool.read_batteries(BatterySearch(deadline=SOON))


# -- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_files_as_excel_writes_them(
    register: Callable[..., ManualAdminTool], encoding: str, newline: str, delimiter: str
) -> None:
    """Semicolons, commas, tabs, a BOM, UTF-8 and Windows' own letters all read the same."""
    text = EXPORT.replace("\n", newline).replace(";", delimiter)
    tool = register(text.encode(encoding))
    assert locks(tool) == (
        RegisteredLock(serial_number="PH1-001", paired_with="customer-17", model="Ytterdörr"),
        RegisteredLock(serial_number="PH1-002", model="Källardörr"),
    )
    assert batteries(tool) == (
        BatteryLevel(
            serial_number="PH1-001",
            level=82,
            read_at=dt.datetime(2026, 3, 1, 7, 30, tzinfo=dt.UTC),
        ),
    )


def test_quotes_and_short_rows(register: Callable[..., ManualAdminTool]) -> None:
    """Quoted fields, rows that end early and blank lines are read as spreadsheets mean them."""
    tool = register('Serienummer;Kund;Modell\n"A 1";customer-17;"Dörr; ""fram"""\n\nA2\n')
    assert locks(tool) == (
        RegisteredLock(serial_number="A1", paired_with="customer-17", model='Dörr; "fram"'),
        RegisteredLock(serial_number="A2"),
    )


def test_other_columns(register: Callable[..., ManualAdminTool]) -> None:
    """What the columns are called is a setting."""
    tool = register("Lock,Who\na1,customer-17\n", serial_number="Lock", customer="Who")
    assert locks(tool) == (RegisteredLock(serial_number="A1", paired_with="customer-17"),)


def test_per_cent(register: Callable[..., ManualAdminTool]) -> None:
    """A level may bear its sign."""
    tool = register("Serienummer;Batteri;Avläst\nA1;82 %;2026-03-01T08:30:00+01:00\n")
    assert batteries(tool)[0].level == 82


def test_a_time_without_a_zone_is_the_municipality_s(
    register: Callable[..., ManualAdminTool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an offset a time is in the zone that is asked for, wherever the machine is."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        tool = register(
            "Serienummer;Batteri;Avläst\nA1;80;2026-03-02 10:00\nA2;80;2026-07-02 10:00\n"
            "A3;80;2026-03-02T10:00:00+02:00\n"
        )
        search = BatterySearch(deadline=SOON, zone=ZoneInfo("Europe/Stockholm"))
        found = tool.read_batteries(search)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [level.read_at.astimezone(dt.UTC).hour for level in found] == [9, 8, 8]


def test_looking_up(register: Callable[..., ManualAdminTool]) -> None:
    """One lock is found by its serial number, however the export spells it."""
    tool = register(EXPORT)
    found = tool.look_up_lock(LockSearch(serial_number="PH1-001", deadline=SOON))
    assert found is not None
    assert found.paired_with == "customer-17"
    assert tool.look_up_lock(LockSearch(serial_number="PH9", deadline=SOON)) is None


def test_without_a_file() -> None:
    """Who has exported nothing has an empty register."""
    tool = ManualAdminTool()
    assert (locks(tool), batteries(tool)) == ((), ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Serie;Kund\nA1;x\n", "has no column Serienummer"),
        ("", "has no column Serienummer"),
        ("Serienummer;Kund\n  ;customer-17\n", "a serial number cannot be read"),
    ],
)
def test_a_register_that_cannot_be_read(
    register: Callable[..., ManualAdminTool], content: str, message: str
) -> None:
    """What is wrong is said with the file, and no value of it is shown."""
    with pytest.raises(Rejected, match=message) as error:
        locks(register(content))
    assert "customer-17" not in str(error.value)


@pytest.mark.parametrize(
    "row",
    [
        "A1;åttio;2026-03-01T08:30:00+01:00",
        "A1;82,5;2026-03-01T08:30:00+01:00",
        "A1;82;yesterday",
        "A1;82;01/03/2026",
    ],
)
def test_wrong_numbers(register: Callable[..., ManualAdminTool], row: str) -> None:
    """A level or a time that is none is refused, not guessed."""
    tool = register(f"Serienummer;Batteri;Avläst\n{row}\n")
    with pytest.raises(Rejected, match="a battery level or its time cannot be read") as error:
        batteries(tool)
    assert "åttio" not in str(error.value)


def test_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    """An export that is missing may come later."""
    with pytest.raises(TryAgain, match="cannot be read: FileNotFoundError"):
        locks(ManualAdminTool(Settings(register=str(tmp_path / "none.csv"))))


# -- tasks ----------------------------------------------------------------------------------------


def test_pairing_asks_a_person() -> None:
    """Pairing and unpairing are asked for, not done."""
    tool = ManualAdminTool()
    order = Pairing(key="1", serial_number="A1", customer="customer-17", deadline=SOON)
    assert tool.pair_lock(order) == tool.unpair_lock(order) == Receipt(state="asked")


TENDED = load_routine(
    edited(
        ("routine", "[role.coordinator]\n", "[role.coordinator]\ntends_effects = true\n"),
    )
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine where the lock PH1-001 was paired, so that a person is to do it in the tool."""
    drop = FileDrop(FileSettings(path=str(tmp_path / "effects.jsonl")))
    with Engine.open(
        ":memory:", routine=TENDED, clock=Clock(), plugins=[ManualAdminTool(), drop]
    ) as made:
        permission(made)
        case = fitted(made)
        made.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": True})
        made.perform(case.id, "pair", actor=ANNA, form={"serial_number": "PH1-001"})
        report = made.deliver()
        assert (report.asked, report.parked, report.failed, report.unknown) == (1, 0, 0, 0)
        yield made


def asked(engine: Engine) -> str:
    (effect,) = engine.effects(state="asked")
    return effect.key


DEPOT = Actor("anna", roles={"coordinator"}, units={"north", "depot"})


def test_confirming_repeats_the_serial_number(engine: Engine) -> None:
    """Who has done it says so with the serial number, however it is spelt; then it is done."""
    key = asked(engine)
    assert engine.deliver().asked == 0
    with pytest.raises(InvalidForm) as error:
        engine.confirm(key, actor=DEPOT, serial_number="PH1-002")
    assert str(error.value) == (
        "serial_number: is not the serial number of the lock that this is about"
    )
    with pytest.raises(InvalidForm):
        engine.confirm(key, actor=DEPOT, serial_number=" ")
    with pytest.raises(InvalidForm) as none:
        engine.confirm(key, actor=DEPOT)
    assert str(none.value) == "serial_number: must be given: this is about a lock"
    assert asked(engine) == key
    done = engine.confirm(key, actor=DEPOT, serial_number="ph1 -001")
    assert (done.state, done.message) == ("done", "confirmed (anna)")
    with pytest.raises(InvalidForm) as again:
        engine.confirm(key, actor=DEPOT, serial_number="PH1-001")
    assert str(again.value) == "effect: is done; this is for one that is asked"


def test_who_may_confirm(engine: Engine) -> None:
    """Only who tends effects, in the unit of the case, may confirm."""
    key = asked(engine)
    for actor in (BO, SOUTH):
        with pytest.raises(Refused):
            engine.confirm(key, actor=actor, serial_number="PH1-001")
    with pytest.raises(NotFound):
        engine.confirm("nothing", actor=DEPOT, serial_number="PH1-001")


def test_unpairing_by_hand(engine: Engine) -> None:
    """Unpairing is a task of its own, after the pairing."""
    engine.confirm(asked(engine), actor=DEPOT, serial_number="PH1-001")
    (lock,) = engine.cases(process="lock")
    engine.perform(lock.id, "unpair", actor=DEPOT)
    assert engine.deliver().asked == 1
    (effect,) = engine.effects(state="asked")
    assert effect.kind == "unpair_lock"


def test_the_manager_takes_it() -> None:
    """It implements the whole family of the admin tool."""
    assert Plugins([ManualAdminTool()]).hooks_of("manual") == (
        "pair_lock",
        "unpair_lock",
        "look_up_lock",
        "list_locks",
        "read_batteries",
    )
