"""`lockroutine demo --plugins`: the story with its effects sent, and what others did read back."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockroutine import Engine
from lockroutine.cli.app import app


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["demo", "--plugins", *arguments])


def hidden(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Let some modules look as if they were not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, package=None: None if name in modules else find(name, package),
    )


SAYS = {
    "en": (
        r"montor\.3 writes into ticket \d+:2: Lock mounted, serial number PH1-003\.\n"
        r".*on the coordinator's list: 1\n.*answered by a note:\n"
        r" +The report could not be taken\.",
        r"serial number PH1-001\.\n.*reports read from tickets: 1\n.*has moved the case",
        r"differences between the registers, now on the coordinator's list: 1",
        r"reads the wrong lock: PH1-003\.\n +✗ No\.",
        r"differences that have settled themselves: 1",
        r"battery levels read from the export: 1\n.*changes of battery asked for: 1",
        r"Sent in all: 4 tickets, 7 notes, 4 closings, 17 messages; 4 pairings done by hand",
        r"there are 4 tickets, 11 notes and closings and 17 messages: nothing is lost",
    ),
    "sv": (
        r"montor\.3 skriver i ärende \d+:2: Låset är monterat, serienummer PH1-003\.\n"
        r".*samordnarens lista: 1\n.*svar som anteckning:\n +Rapporten kunde inte tas emot\.",
        r"serienummer PH1-001\.\n.*lästa rapporter ur ärenden: 1\n.*i ärendet gäller",
        r"skillnader mellan registren, nu på samordnarens lista: 1",
        r"läser av fel lås: PH1-003\.\n +✗ Nej\.",
        r"skillnader som har löst sig själva: 1",
        r"batterinivåer lästa ur exporten: 1\n.*batteribyten begärda: 1",
        r"Sammanlagt skickat: 4 ärenden, 7 anteckningar, 4 stängningar, 17 meddelanden",
        r"finns 4 ärenden, 11 anteckningar och stängningar och 17 meddelanden: inget är borta",
    ),
}


@pytest.mark.parametrize("language", ["en", "sv"])
def test_it_tells_what_went_out_and_what_came_back(language: str) -> None:
    """Everything is sent once, and reports, pairings, levels and differences come back."""
    result = run("--lang", language)
    assert result.exit_code == 0, result.output
    place = 0
    for text in SAYS[language]:
        found = re.compile(text).search(result.stdout, place)
        assert found, text
        place = found.end()


def test_the_database_is_kept_with_all_effects_done(tmp_path: Path) -> None:
    """With --at the database is kept; each effect is done, and each order has one ticket."""
    path = tmp_path / "demo.db"
    assert run("--at", str(path)).exit_code == 0
    with Engine.open(path) as engine:
        effects = engine.effects()
        assert {one.state for one in effects} == {"done"}
        tickets = [one.outside for one in effects if one.kind == "open_ticket"]
        assert len(set(tickets)) == len(tickets) == 4
        assert engine.verify().whole
        assert not engine.cases(process="difference", is_open=True).items
        assert [case.state for case in engine.cases(process="unread_report")] == ["to_look_at"]


def test_without_a_mail_server_messages_are_lines_of_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who has no aiosmtpd gets the same story, with the file drop for messages."""
    hidden(monkeypatch, "aiosmtpd")
    result = run()
    assert result.exit_code == 0, result.output
    assert "messages to the file messages.jsonl" in result.stdout
    assert "17 messages: nothing is lost" in result.stdout


@pytest.mark.parametrize(
    ("modules", "extras"),
    [
        (("httpx",), "cli,easit"),
        (("tenacity",), "cli,delivery"),
        (("httpx", "tenacity"), "cli,delivery,easit"),
    ],
)
def test_without_an_extra_it_says_which(
    modules: tuple[str, ...], extras: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not installed is named with the command that installs it, before anything is done."""
    hidden(monkeypatch, *modules)
    result = run()
    assert result.exit_code == 2
    assert f'pip install "lockroutine[{extras}]"' in result.stderr
    assert result.stdout == ""
