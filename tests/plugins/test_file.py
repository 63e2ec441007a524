"""Effects as lines of JSON in a file."""

from __future__ import annotations

import datetime as dt
import json
import threading
from pathlib import Path

import pytest

from lockroutine.errors import OutcomeUnknown, PluginsError, TryAgain
from lockroutine.hookspecs import (
    NoteSearch,
    Notice,
    Receipt,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketReports,
    TicketSearch,
    TicketsSince,
)
from lockroutine.plugins import Plugins, read_settings
from lockroutine.plugins.file import FileDrop, Settings

SOON = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
BODY = "Till Kund 17.\nÅÄÖ € \N{LINE SEPARATOR} slut"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "effects.jsonl"


@pytest.fixture
def drop(path: Path) -> FileDrop:
    return FileDrop(Settings(path=str(path)))


def order(key: str = "1") -> TicketOrder:
    return TicketOrder(key=key, subject="Beställning", body=BODY, deadline=SOON)


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def test_each_effect_is_a_line(drop: FileDrop, path: Path) -> None:
    """Ticket, note, closing and notice are one line each, with all that they say."""
    ticket = drop.open_ticket(order())
    assert ticket == Ticket(id="1")
    drop.add_note(TicketNote(key="2", ticket="1", body=BODY, deadline=SOON))
    drop.close_ticket(TicketClosing(key="3", ticket="1", body="Klart", deadline=SOON))
    drop.send_notice(
        Notice(
            key="4",
            channel="sms",
            recipient="+46 70 174 06 05",
            subject="Tid",
            body=BODY,
            deadline=SOON,
        )
    )
    assert lines(path) == [
        {"key": "1", "what": "ticket", "subject": "Beställning", "body": BODY},
        {"key": "2", "what": "note", "ticket": "1", "body": BODY},
        {"key": "3", "what": "closing", "ticket": "1", "body": "Klart"},
        {
            "key": "4",
            "what": "notice",
            "channel": "sms",
            "recipient": "+46 70 174 06 05",
            "subject": "Tid",
            "body": BODY,
        },
    ]


def test_a_key_stands_there_once(drop: FileDrop, path: Path) -> None:
    """What comes again, also from another process, is not written again."""
    for one in (drop, drop, FileDrop(Settings(path=str(path)))):
        assert one.open_ticket(order()) == Ticket(id="1")
    assert len(lines(path)) == 1


def test_many_threads(drop: FileDrop, path: Path) -> None:
    """Lines of several threads do not run into one another."""
    threads = [
        threading.Thread(target=drop.open_ticket, args=(order(str(n % 10)),)) for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line["key"] for line in lines(path)) == [str(n) for n in range(10)]


def test_looking_up(drop: FileDrop) -> None:
    """What was written is found by its key, and nothing else."""
    search = TicketSearch(key="1", deadline=SOON)
    assert drop.find_ticket(search) is None
    drop.open_ticket(order())
    assert drop.find_ticket(search) == Ticket(id="1")
    assert drop.find_note(NoteSearch(key="2", ticket="1", deadline=SOON)) is None
    drop.add_note(TicketNote(key="2", ticket="1", body=BODY, deadline=SOON))
    found = drop.find_note(NoteSearch(key="2", ticket="1", deadline=SOON))
    assert found == Receipt(id="2")


def test_half_a_line(drop: FileDrop, path: Path) -> None:
    """A line that the power cut in half is passed over, and the next one stands on its own."""
    drop.open_ticket(order("1"))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"key": "2", "wha')
    assert drop.find_ticket(TicketSearch(key="2", deadline=SOON)) is None
    drop.open_ticket(order("2"))
    assert drop.find_ticket(TicketSearch(key="1", deadline=SOON)) == Ticket(id="1")
    assert drop.find_ticket(TicketSearch(key="2", deadline=SOON)) == Ticket(id="2")


def test_a_line_that_somebody_is_still_writing(drop: FileDrop, path: Path) -> None:
    """What stands at the end without an end of its line is read again when there is more."""
    drop.open_ticket(order("1"))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"key": "2"')
        file.flush()
        assert drop.find_ticket(TicketSearch(key="2", deadline=SOON)) is None
        file.write(', "what": "ticket"}')
        file.flush()
        for key in ("1", "2"):
            assert drop.find_ticket(TicketSearch(key=key, deadline=SOON)) == Ticket(id=key)
        file.write("\n")
    assert drop.find_ticket(TicketSearch(key="2", deadline=SOON)) == Ticket(id="2")
    drop.open_ticket(order("2"))
    assert len(lines(path)) == 2


def test_each_line_is_read_once(drop: FileDrop, path: Path) -> None:
    """However long the file is, an effect costs no more than what came to it since the last one."""
    drop.open_ticket(order("1"))
    drop.open_ticket(order("2"))
    # What was read is spoiled in its place: it is not looked at again.
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.write(content.split(b"\n")[0].replace(b'"1"', b'"9"'))
    assert drop.find_ticket(TicketSearch(key="1", deadline=SOON)) == Ticket(id="1")
    assert drop.find_ticket(TicketSearch(key="9", deadline=SOON)) is None


@pytest.mark.parametrize("anew", ["another file", "the same, cut off"])
def test_a_file_that_is_taken_away(drop: FileDrop, path: Path, anew: str) -> None:
    """When a host has taken the lines, the next ones are written and found as in a new file."""
    for key in ("1", "2", "3"):
        drop.open_ticket(order(key))
    if anew == "another file":
        path.rename(path.with_name("taken.jsonl"))
    else:
        path.write_bytes(b"")
    assert drop.find_ticket(TicketSearch(key="1", deadline=SOON)) is None
    drop.open_ticket(order("4"))
    assert drop.find_ticket(TicketSearch(key="4", deadline=SOON)) == Ticket(id="4")
    assert [line["key"] for line in lines(path)] == ["4"]


def test_lines_that_are_no_objects(drop: FileDrop, path: Path) -> None:
    """Whatever else stands in the file is passed over."""
    path.write_text('5\n[]\n"x"\nnull\n{"key": 1}\n', "utf-8")
    assert drop.open_ticket(order()) == Ticket(id="1")


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there may be made; nothing was written."""
    drop = FileDrop(Settings(path=str(tmp_path / "none" / "effects.jsonl")))
    with pytest.raises(TryAgain, match="there is no folder for"):
        drop.open_ticket(order())


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Where it cannot be seen what stands there already, nothing is written."""
    with pytest.raises(TryAgain, match=r": (IsADirectoryError|PermissionError)$"):
        FileDrop(Settings(path=str(tmp_path))).open_ticket(order())


def test_a_file_that_cannot_be_written(drop: FileDrop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves open whether the line is there."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutcomeUnknown, match=r": OSError$"):
        drop.open_ticket(order())


def test_nobody_writes_into_these_tickets(drop: FileDrop) -> None:
    """There are no reports, and the cursor stays."""
    read = drop.read_tickets(TicketsSince(cursor="x", deadline=SOON))
    assert read == TicketReports(reports=(), cursor="x")


def test_settings(path: Path) -> None:
    """The channels come from the settings, also from the environment."""
    environ = {"LOCKROUTINE_FILE_CHANNELS": "sms, pager"}
    settings = read_settings(Settings, "file", {"path": str(path)}, environ)
    assert Plugins([FileDrop(settings)]).channels() == {"sms": "file", "pager": "file"}
    with pytest.raises(PluginsError, match=r"^plugin\.file\.path: is missing$"):
        read_settings(Settings, "file", {}, {})
