"""The commands that take in what comes back: `pull`, and `confirm` for what is done by hand."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lockroutine import Engine
from lockroutine import hookspecs as spec
from lockroutine.cli.databases import opened
from lockroutine.errors import TryAgain
from lockroutine.plugins.file import FileDrop
from lockroutine.plugins.manual import ManualAdminTool
from lockroutine.testing import StoppedClock
from test_cli_plugins import Points, run, said
from test_pulling import ANNA, grant_permission, mounted

READ_AT = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)  # as the command
REGISTER = f"Serienummer;Kund;Modell;Batteri;Avläst\nPH1-001;;X1;80;{READ_AT.isoformat()}\n"
ACCOUNTS = '[account."montor.3"]\nactor = "ivar"\nroles = ["installer"]\nunits = ["north"]\n'


class Chatty(FileDrop):
    """Tickets in a file, and in another one what people wrote into them."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        object.__setattr__(self, "name", "chatty")

    name = "chatty"

    @spec.hookimpl
    def read_tickets(self, details: spec.TicketsSince) -> spec.TicketReports:
        lines = Path(f"{self.settings.path}.in")
        if not lines.exists():
            raise TryAgain("the desk is shut")
        told = [line.split(" ", 2) for line in lines.read_text("utf-8").splitlines()]
        reports = tuple(
            spec.TicketReport(
                id=str(number), ticket=ticket, author=author, text=text, written_at=WRITTEN
            )
            for number, (ticket, author, text) in enumerate(told)
        )
        return spec.TicketReports(reports=reports, cursor="")


WRITTEN = dt.datetime(2026, 3, 3, 11, 0, tzinfo=dt.UTC)


class Place:
    """A database with a mounting that has a ticket, and the files that the commands are given."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "locks.db"
        self.settings = folder / "plugins.toml"
        self.accounts = folder / "accounts.toml"
        self.drop = folder / "drop"
        self.talk = folder / "drop.in"
        register = folder / "register.csv"
        register.write_text(REGISTER, "utf-8")
        self.accounts.write_text(ACCOUNTS, "utf-8")
        self.settings.write_text(
            f'[plugin.chatty]\npath = "{self.drop.as_posix()}"\n'
            f'[plugin.manual]\nregister = "{register.as_posix()}"\n',
            "utf-8",
        )
        self.talk.write_text("", "utf-8")
        clock = StoppedClock("2026-03-02 08:00")
        plugins = [Chatty(FileDrop.Settings(path=str(self.drop))), ManualAdminTool()]
        with Engine.open(self.database, clock=clock, plugins=plugins) as engine:
            self.case = mounted(engine, clock)
            (self.ticket,) = (
                e.outside for e in engine.effects(case_id=self.case.id) if e.kind == "open_ticket"
            )
            grant_permission(engine, clock)

    def pull(self, *more: str) -> Any:
        given = ("--settings", self.settings, "--accounts", self.accounts)
        return run("pull", self.database, *given, *more)

    def say(self, text: str, author: str = "montor.3") -> None:
        with self.talk.open("a", encoding="utf-8") as file:
            file.write(f"{self.ticket} {author} {text}\n")


@pytest.fixture
def place(tmp_path: Path, points: Points) -> Place:
    points.add("chatty", f"{__name__}:Chatty")
    return Place(tmp_path)


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Points:
    return Points(monkeypatch)


class TestPulling:
    def test_what_was_reported_is_brought_in(self, place: Place) -> None:
        """`pull` makes the step that was reported, by whom the file says, and reads once."""
        place.say("Låset monterat, serienummer PH1-001")
        first = place.pull("--json")
        assert first.exit_code == 0, first.stderr
        assert said(first) == {
            "reports": 1,
            "unread": 0,
            "readings": 1,
            "batteries": 0,
            "differences": 0,
            "agreed": 0,
            "problems": [],
        }
        with opened(str(place.database), "") as engine:
            event = engine.history(place.case.id)[-1]
        assert (event.transition, event.actor) == ("report", "ivar")
        assert place.pull().stdout == "Read: nothing new.\n"

    def test_what_is_found_is_told(self, place: Place) -> None:
        """Somebody whom the file does not know is unread; a lock that is not ours, a difference."""
        register = place.settings.with_name("register.csv")
        register.write_text(REGISTER.replace("PH1-001;;", "PH9-9;customer-3;"), "utf-8")
        place.say("Låset monterat, serienummer PH1-001", author="somebody")
        result = place.pull("--unit", "store")
        assert (result.exit_code, result.stdout) == (0, "Read: 1 unread, 1 differences.\n")
        with opened(str(place.database), "") as engine:
            (difference,) = engine.cases(process="difference")
            (unread,) = engine.cases(process="unread_report")
        assert (difference.unit, unread.unit) == ("store", "north")

    def test_a_system_that_cannot_be_read(self, place: Place) -> None:
        """What did not answer is told, the rest is read all the same, and the exit is 1."""
        place.talk.unlink()
        result = place.pull()
        assert result.exit_code == 1
        assert result.stdout == "Read: 1 readings.\n! read_tickets: the desk is shut\n"
        assert said(place.pull("--json"))["problems"] == ["read_tickets: the desk is shut"]

    @pytest.mark.parametrize(
        ("accounts", "told"),
        [
            (ACCOUNTS.replace("installer", "instaler"), "did you mean installer?"),
            (ACCOUNTS.replace("units", "unit"), "unknown key; did you mean 'units'?"),
        ],
    )
    def test_accounts_that_are_wrong(self, place: Place, accounts: str, told: str) -> None:
        """What is wrong with the file of accounts is told before anything is read."""
        place.accounts.write_text(accounts, "utf-8")
        result = place.pull()
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"{place.accounts}: account.montor.3" in result.stderr
        assert told in result.stderr

    def test_it_is_called_wrongly(self, place: Place, tmp_path: Path) -> None:
        """Without settings or without a file that is named there is nothing to read by."""
        bare = run("pull", place.database)
        assert bare.exit_code == 2
        assert "write [plugin.NAME]" in bare.stderr
        missing = run(
            "pull", place.database, "--settings", place.settings, "--accounts", tmp_path / "none"
        )
        assert missing.exit_code == 2
        assert "There is no file of accounts" in missing.stderr

    def test_nothing_that_is_set_up_can_be_read(
        self, place: Place, points: Points, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where no plugin can be read, that is told, with the hooks that it takes."""
        for kind, hook in (
            (Chatty, "read_tickets"),
            (ManualAdminTool, "read_batteries"),
            (ManualAdminTool, "list_locks"),
        ):
            monkeypatch.setattr(kind, hook, None)
        result = place.pull()
        assert result.exit_code == 2
        assert "it takes one with read_tickets or read_batteries or list_locks" in result.stderr

    def test_it_keeps_at_it_until_told(self, place: Place) -> None:
        """`--watch` reads what comes, says nothing of rounds without news, and ends on SIGTERM."""
        place.settings.write_text(
            place.settings.read_text("utf-8").replace("plugin.chatty", "plugin.file"), "utf-8"
        )
        command = [sys.executable, "-m", "lockroutine.cli", "pull", str(place.database)]
        command += ["--watch", "--every", "0.1", "--settings", str(place.settings), "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                until = time.monotonic() + 30
                while not brought(place) and time.monotonic() < until:
                    time.sleep(0.05)
                time.sleep(0.3)
                process.send_signal(signal.SIGTERM)
                told, _ = process.communicate(timeout=20)
            finally:
                process.kill()
        assert process.returncode == 0
        assert json.loads(told)["readings"] == 1


def brought(place: Place) -> bool:
    with opened(str(place.database), "") as engine:
        (lock,) = engine.cases(process="lock")
        return engine.history(lock.id)[-1].transition.startswith("record")


class TestConfirming:
    @pytest.fixture
    def asked(self, place: Place) -> str:
        """The key of a pairing that a person is asked for."""
        with Engine.open(place.database, clock=StoppedClock("2026-03-03 12:00")) as engine:
            form = {"serial_number": "PH1-001"}
            engine.perform(place.case.id, "pair", actor=ANNA, form=form)
        assert run("deliver", place.database, "--settings", place.settings).exit_code in (0, 1)
        (effect,) = said(run("effects", place.database, "--state", "asked", "--json"))["items"]
        assert (effect["serial_number"], effect["customer"]) == ("PH1-001", "customer-17")
        return str(effect["key"])

    def test_what_is_to_be_typed_is_shown(self, place: Place, asked: str) -> None:
        """`effects` shows of a pairing which lock and which customer's id."""
        shown = run("effects", place.database, "--state", "asked").stdout
        assert "PH1-001 -> customer-17" in shown

    def test_it_is_confirmed(self, place: Place, asked: str) -> None:
        """`confirm` with the serial number ends it, and keeps who said so."""
        given = ("--actor", "anna", "--serial-number", "ph1-001", "--json")
        result = run("confirm", place.database, asked, *given)
        assert result.exit_code == 0, result.stderr
        assert said(result)["state"] == "done"
        assert said(result)["message"] == "confirmed (anna)"
        again = run("confirm", place.database, asked, *given)
        assert again.exit_code == 2
        assert "is done; this is for one that is asked" in again.stderr

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            (("--serial-number", "PH1-002"), "is not the serial number of the lock"),
            ((), "serial_number: must be given: this is about a lock"),
        ],
    )
    def test_another_serial_number(
        self, place: Place, asked: str, more: tuple[str, ...], told: str
    ) -> None:
        """Another serial number, or none, confirms nothing."""
        result = run("confirm", place.database, asked, "--actor", "anna", *more)
        assert result.exit_code == 2
        assert told in result.stderr
        assert len(said(run("effects", place.database, "--state", "asked", "--json"))["items"]) == 1

    def test_an_effect_that_is_not_there(self, place: Place) -> None:
        """A key that is none is a wrong call."""
        result = run("confirm", place.database, "nothing", "--actor", "anna")
        assert result.exit_code == 2
        assert "There is no effect 'nothing'." in result.stderr
