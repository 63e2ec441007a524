"""The command line on what would have been different: `replay`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from smallpack import ROUTINE, edited, everything, fitted, opened
from test_cli_moving import complaint, run, said, written
from test_moving import TENDED, booked, version
from test_replaying import MORNINGS

RULE = "process.order.transitions.book.guards.hours"


class Place:
    """A database with a fitted lock and a booked order, both in the afternoon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "locks.db"
        with opened(self.database) as engine:
            self.fitted = fitted(engine).id
            self.booked = booked(engine, "customer-18").id
        self.mornings = written(folder / "mornings", MORNINGS)

    def replay(self, *more: str | Path) -> Any:
        return run("replay", self.database, *more)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_same_rules(place: Place) -> None:
    """Under the rules that were in force nothing would be refused, and the exit says so."""
    same = written(place.folder / "same", ROUTINE)
    for under in ("small@1.0.0", same):
        result = place.replay("--under", under)
        assert result.exit_code == 0
        assert result.stdout == (
            "10 steps under small@1.0.0: 10 as they were made, 0 would be refused, "
            "0 cannot be judged.\n"
        )


def test_other_rules(place: Place) -> None:
    """What would be refused is counted by rule and listed by case, with why, and what follows."""
    with opened(place.database) as engine:
        before = everything(engine)
    result = place.replay("--under", place.mornings)
    assert result.exit_code == 1
    lines = result.stdout.split("\n")
    assert lines[0] == (
        "10 steps under small@2.0.0: 7 as they were made, 2 would be refused, 1 cannot be judged."
    )
    words = [re.split(r"\s{2,}", line.strip()) for line in lines]
    assert ["Rule", "Steps", "Cases"] in words
    assert [RULE, "2", "2"] in words
    assert lines.index("Would be refused: 2") < lines.index("Cannot be judged: 1")
    (row,) = (line for line in words if line[0] == f"{place.fitted}/2")
    assert row[1:5] == ["Order", "customer-17", "Book a time", "2026-03-02 10:00"]
    assert row[5].endswith("[C2]")
    (row,) = (line for line in words if line[0] == f"{place.fitted}/3")
    assert row[-1] == f"Follows from {place.fitted}/2."
    with opened(place.database) as engine:
        assert everything(engine) == before


def test_other_rules_in_swedish(place: Place) -> None:
    """The same in Swedish."""
    told = place.replay("--under", place.mornings, "--lang", "sv").stdout
    assert told.startswith(
        "10 steg under small@2.0.0: 7 som de gjordes, 2 skulle nekas, 1 går inte att bedöma.\n"
    )
    assert "Skulle nekas: 2" in told
    assert "Går inte att bedöma: 1" in told
    assert f"Följer på {place.fitted}/2." in told
    assert "Boka tid" in told


def test_a_long_list_is_cut(place: Place) -> None:
    """A list shows as many steps as were asked for, and how many there are in all."""
    told = place.replay("--under", place.mornings, "--limit", "1").stdout
    assert "... and 1 more: --limit 2, or --json." in told
    assert told.count("Book a time") == 1


def test_for_a_program(place: Place) -> None:
    """In JSON every step is told, with the rule that refuses it or the step that it follows."""
    result = place.replay("--under", place.mornings, "--json", "--limit", "1")
    assert result.exit_code == 1
    report = said(result)
    assert (report["under"], report["steps"], report["allowed"]) == ("small@2.0.0", 10, 7)
    assert report["rules"] == {RULE: {"steps": 2, "cases": 2}}
    first, second = report["refused"]
    assert (first["case"], first["version"], first["follows"]) == (place.fitted, 2, "")
    assert second["case"] == place.booked
    (reason,) = first.pop("reasons")
    assert (reason["rule"], reason["clauses"]) == (RULE, ["C2"])
    assert set(reason["text"]) == {"sv", "en"}
    assert first == {
        "case": place.fitted,
        "version": 2,
        "process": "order",
        "subject": "customer-17",
        "transition": "book",
        "routine": "small@1.0.0",
        "happened_at": "2026-03-02T09:00:00+00:00",
        "actor": "bo",
        "follows": "",
    }
    (follows,) = report["unplayed"]
    assert (follows["version"], follows["follows"]) == (3, f"{place.fitted}/2")


def test_progress_is_told_on_standard_error(place: Place) -> None:
    """How far it is stands on standard error."""
    assert place.replay("--under", place.mornings).stderr.split("\n")[-2] == "10 / 10"


def test_a_rule_that_is_the_engines_own_is_named(place: Place) -> None:
    """Where no clause stands behind a refusal, its rule is named."""
    gone = version("2.0.0", ("other", "process.consent", "process.yes"),
                   ("order", 'process = "consent"', 'process = "yes"'))  # fmt: skip
    told = place.replay("--under", written(place.folder / "gone", gone)).stdout
    assert 'small@2.0.0 has no process "Consent". [engine.replay.process]' in told


def test_a_pack_of_another_name(place: Place) -> None:
    """Commands can be given again under a routine of any name."""
    own = edited(TENDED, ("routine", 'name = "small"', 'name = "own"'))
    folder = place.folder / "own"
    folder.mkdir()
    for name, text in own.files.items():
        (folder / name).write_text(text, "utf-8")
    assert place.replay("--under", folder).exit_code == 0


def test_what_cannot_be_replayed_under(place: Place) -> None:
    """Another text of a version that the database knows, and rules that are not there, are told."""
    changed = written(place.folder / "changed", version("1.0.0"))
    assert complaint(place.replay("--under", changed)) == (
        "routine.toml: version: the store knows another text of small@1.0.0 "
        f"({ROUTINE.source.digest[:12]}, here {version('1.0.0').source.digest[:12]}; not the "
        "same: routine.toml); give the changed pack a new version"
    )
    assert complaint(place.replay("--under", "small@9.0.0")) == (
        "The database has stored no routine small@9.0.0; it has small@1.0.0."
    )
