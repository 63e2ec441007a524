"""The command line on time: what is escalated, in words and in JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from lockroutine import load_routine
from lockroutine.cli.app import app
from smallpack import Clock, edited, opened, order

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
