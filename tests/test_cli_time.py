"""The command line on time: what is escalated, in words and in JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockroutine import load_routine
from lockroutine.cli.app import app
from smallpack import ANNA, Clock, edited, lock, opened, order
from sweepingpack import UNREAD, sweeping

ESCALATING = edited(
    (
        "order",
        "[process.order.states.booked]\n",
        "[process.order.states.ordered.escalation]\n"
        'after = "3 working days"\nwaits_for = ["manager"]\nclauses = ["C1"]\n\n'
        "[process.order.states.booked]\n",
    )
)


def run(*arguments: str | os.PathLike[str]) -> Any:
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """A pack as a folder."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def test_an_escalated_entry_is_marked(tmp_path: Path) -> None:
    """A work list marks what stands there as others are late, in both languages and in JSON."""
    path = tmp_path / "locks.db"
    with opened(path, load_routine(ESCALATING), Clock()) as engine:
        order(engine)  # in March 2026, which is past
    of = ("worklist", path, "--role", "manager", "--unit", "north")
    assert "2026-03-16 10:00 (overdue) (escalated)" in run(*of).stdout
    assert "2026-03-16 10:00 (försenat) (eskalerat)" in run(*of, "--lang", "sv").stdout
    (item,) = json.loads(run(*of, "--json").stdout)["items"]
    assert (item["escalated"], item["overdue"], item["clauses"]) == (True, True, ["C1"])


def test_show_tells_of_escalation(tmp_path: Path) -> None:
    """A pack's escalations are shown with their state, in words and in JSON."""
    pack = written(tmp_path / "pack", ESCALATING.files)
    rows = run("show", pack, "order").stdout.split("\n")
    (row,) = (row for row in rows if "(escalation)" in row)
    assert row.split() == ["(escalation)", "manager", "P14D", "+", "3", "working", "days", "C1"]
    assert "(eskalering)" in run("show", pack, "order", "--lang", "sv").stdout
    state = json.loads(run("show", pack, "order", "--json").stdout)["states"]["ordered"]
    assert state["escalation"]["waits_for"] == ["manager"]


def test_trace_tells_of_escalation(tmp_path: Path) -> None:
    """An escalation holds the clauses that it names."""
    pack = written(tmp_path / "pack", ESCALATING.files)
    clauses = json.loads(run("trace", pack, "--json").stdout)["clauses"]
    held = next(one for one in clauses if one["id"] == "C1")["held_by"]
    assert {"kind": "escalation", "at": "process.order.states.ordered.escalation"} in held


# -- the standing checks --------------------------------------------------------------------------


def test_sweep(tmp_path: Path) -> None:
    """A round says by check what was found, settled and stands, in words and in JSON."""
    path = tmp_path / "locks.db"
    with opened(path, load_routine(sweeping(sweeps=UNREAD)), Clock()) as engine:
        lock(engine)
        lock(engine, "PH1-002")
    result = run("sweep", path)
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.split("\n")[::2]] == [
        ["Check", "Found", "Settled", "Standing"],
        ["The", "battery", "is", "not", "read", "2", "0", "2"],
    ]
    assert "Batteriet är inte avläst" in run("sweep", path, "--lang", "sv").stdout
    assert json.loads(run("sweep", path, "--json").stdout) == {
        "sweeps": {"unread": {"found": 0, "settled": 0, "standing": 2}},
        "problems": [],
    }


def test_sweep_says_what_could_not_be_written(tmp_path: Path) -> None:
    """A finding that cannot be written is told, and the exit says so."""
    path = tmp_path / "locks.db"
    unlucky = (
        "[process.finding.transitions.find.guards.luck]\n"
        'kind = "differs"\nvalue = "case.subject"\nother = "text.PH1-002"\n'
        'otherwise = { sv = "Otur.", en = "Bad luck." }\nclauses = ["C3"]\n'
    )
    with opened(path, load_routine(sweeping(sweeps=UNREAD + unlucky)), Clock()) as engine:
        case = lock(engine, "PH1-002")
    result = run("sweep", path)
    assert result.exit_code == 1
    assert f"  unread: lock {case.id}: Bad luck. [C3]\n" in result.stdout
    result = run("sweep", path, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["problems"] == [f"unread: lock {case.id}: Bad luck. [C3]"]


def test_sweep_without_checks(tmp_path: Path) -> None:
    """A pack without checks says that it has none."""
    path = tmp_path / "locks.db"
    with opened(path, clock=Clock()) as engine:
        lock(engine)
    assert run("sweep", path).stdout == "The pack has no checks.\n"
    assert run("sweep", path, "--lang", "sv").stdout == "Paketet har inga kontroller.\n"


def test_show_and_trace_tell_of_the_checks(tmp_path: Path) -> None:
    """A pack's checks are shown, and hold the clauses that they and their excuses name."""
    pack = written(tmp_path / "pack", sweeping().files)
    told = run("show", pack).stdout
    assert "Standing checks" in told
    assert "The lock is not paired" in told
    shown = json.loads(run("show", pack, "--json").stdout)["sweep"]["unpaired"]
    assert shown["unless"]["charged"]["kind"] == "at_least"
    clauses = json.loads(run("trace", pack, "--json").stdout)["clauses"]
    held = {one["id"]: one["held_by"] for one in clauses}
    assert {"kind": "sweep", "at": "sweep.unpaired"} in held["C4"]
    assert {"kind": "guard", "at": "sweep.unpaired.unless.paired"} in held["C3"]


# -- as it was ------------------------------------------------------------------------------------


def test_a_work_list_as_it_was(tmp_path: Path) -> None:
    """A work list can be asked for as of a time, which is local unless it says its zone."""
    path = tmp_path / "locks.db"
    clock = Clock()  # ten o'clock in Stockholm
    with opened(path, load_routine(ESCALATING), clock) as engine:
        case = order(engine)
        clock.pass_(hours=1)
        engine.perform(case.id, "cancel", actor=ANNA)
    of = ("worklist", path, "--role", "installer", "--json")

    def listed(*more: str) -> list[str]:
        return [one["case"]["state"] for one in json.loads(run(*of, *more).stdout)["items"]]

    assert listed() == []
    for at in ("2026-03-02 10:30", "2026-03-02T09:30:00Z", "2026-03-02 10:00"):
        assert listed("--as-of", at) == ["ordered"]
    for at in ("2026-03-02 09:59", "2026-03-02 11:00", "2026-03-02"):
        assert listed("--as-of", at) == []


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("yesterday", "--as-of: is no time; write it like 2026-03-02 10:00"),
        ("2999-01-01 10:00", "as_of: lies in the future"),
    ],
)
def test_no_such_time(tmp_path: Path, at: str, words: str) -> None:
    """What is no time, or one that is to come, is refused in words."""
    path = tmp_path / "locks.db"
    with opened(path, load_routine(ESCALATING), Clock()) as engine:
        order(engine)
    result = run("worklist", path, "--role", "installer", "--as-of", at)
    assert result.exit_code == 2
    assert result.stderr.strip() == f"lockroutine: {words}"
    assert result.stdout == ""
