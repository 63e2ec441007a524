"""The commands on packs that extend others, and on packs that plugins bring."""

from __future__ import annotations

import importlib.metadata
import json
import os
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import frozen
from typer.testing import CliRunner

from lockroutine import Engine
from lockroutine import hookspecs as spec
from lockroutine.cli.app import app
from lockroutine.plugins import installed
from lockroutine.rules.guards import Finding, Found, Guard
from lockroutine.rules.scene import Scene
from overlaying import over_small, pack
from smallpack import FOLDER

CYCLES = "process.mounting.transitions.test.guards.cycles"
LOOSENED = f"""
[{CYCLES}]
limit = 3

[loosened."{CYCLES}"]
reason = {{ sv = "Våra lås startar av sig själva.", en = "Our locks start by themselves." }}
"""


def run(*arguments: str | os.PathLike[str]) -> Any:
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


class Quiet(Guard):
    """Nobody says a word."""

    kind: ClassVar[str] = "quiet"

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        return None


@frozen
class NoSettings:
    """Nothing to set."""


@frozen
class Bringer:
    """A plugin that brings a pack and a kind of guard."""

    Settings: ClassVar[type[NoSettings]] = NoSettings
    settings: NoSettings
    name: str = "bringer"
    hooks: str = "1.0"

    @spec.hookimpl
    def rule_packs(self, details: spec.KindSearch) -> dict[str, str]:
        return {"little": str(FOLDER)}

    @spec.hookimpl
    def guard_kinds(self, details: spec.KindSearch) -> tuple[type[Guard], ...]:
        return (Quiet,)


@pytest.fixture
def bringer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin as if a package had brought it, chosen by the environment."""
    real = importlib.metadata.entry_points
    point = importlib.metadata.EntryPoint("bringer", f"{__name__}:Bringer", installed.GROUP)
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda **wanted: [*real(**wanted), point]
    )
    monkeypatch.setenv("LOCKROUTINE_PLUGINS", "bringer")


def test_check_lists_what_is_loosened(tmp_path: Path) -> None:
    """Each safeguard that an overlay loosens is listed with its reason, also for a program."""
    ours = pack(tmp_path / "ours", LOOSENED, extends="soderkoping")
    result = run("check", ours)
    assert result.exit_code == 0
    assert f"loosened: {CYCLES}: Our locks start by themselves.\n" in result.stdout
    assert json.loads(run("check", ours, "--json").stdout)["loosened"] == [
        {
            "rule": CYCLES,
            "reason": {
                "sv": "Våra lås startar av sig själva.",
                "en": "Our locks start by themselves.",
            },
        }
    ]


def test_check_refuses_what_is_loosened_in_silence(tmp_path: Path) -> None:
    """A safeguard that is loosened without a word makes the exit 1."""
    ours = pack(tmp_path / "ours", "[parameter.test_cycles]\nvalue = 3\n", extends="soderkoping")
    result = run("check", ours)
    assert result.exit_code == 1
    assert f'say why in [loosened."{CYCLES}"]' in result.stdout


def test_show_and_trace_an_overlay(tmp_path: Path) -> None:
    """An overlay is shown and traced whole, forms of its own included."""
    form = """
[form.gate]
label = { sv = "Grind", en = "Gate" }
fields.gate = { type = "word", label = { sv = "Grind", en = "Gate" } }

[process.order.transitions.write_note]
form = "gate"
"""
    over_small(tmp_path, form)
    shown = run("show", tmp_path / "ours", "--json", "--lang", "sv")
    whole = json.loads(shown.stdout)
    assert whole["extends"] == "../small"
    assert whole["form"]["gate"]["title"] == "Grind"
    assert "gate" in run("show", tmp_path / "ours", "order").stdout
    assert run("trace", tmp_path / "ours").exit_code == 1  # nothing holds C7 in the small pack


@pytest.mark.usefixtures("bringer")
def test_packs_and_kinds_of_plugins(tmp_path: Path) -> None:
    """A pack of a chosen plugin is named, and extended, and its kinds of guards are known."""
    assert run("check", "little").stdout.startswith("small@1.0.0: ")
    guard = """
[process.order.transitions.order.guards.quiet]
kind = "quiet"
otherwise = { sv = "Tyst.", en = "Quiet." }
clauses = ["C1"]
"""
    ours = pack(tmp_path / "ours", guard, extends="little")
    assert ", no problems\n" in run("check", ours).stdout
    assert "quiet" in run("show", ours, "order").stdout


@pytest.mark.usefixtures("bringer")
def test_a_database_of_an_overlay(tmp_path: Path) -> None:
    """Commands on a database read the stored text, whatever has become of the folders."""
    database = tmp_path / "locks.db"
    Engine.open(database, routine=over_small(tmp_path)).close()
    assert run("verify", database).exit_code == 0
    assert run("worklist", database, "--role", "staff", "--unit", "north").exit_code == 0
    assert run("verify", database, "--pack", "little").exit_code == 0


def test_without_the_plugin(tmp_path: Path) -> None:
    """A pack of a plugin that is not chosen is not found; what is there is said."""
    ours = pack(tmp_path / "ours", extends="little")
    assert "there is no rule pack and no folder 'little'" in run("check", ours).stdout
    result = run("check", "little")
    assert (result.exit_code, result.stderr) == (
        2,
        "lockroutine: There is no rule pack 'little'.\n",
    )


def test_a_pack_that_cannot_be_used(tmp_path: Path) -> None:
    """A command that only asks a pack says the first thing that is wrong, and where to read all."""
    ours = pack(tmp_path / "ours", "one = 1\ntwo = 2\n", extends="soderkoping")
    result = run("show", ours)
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "lockroutine: The rule pack cannot be used: routine.toml:5: one: unknown key"
    )
    assert result.stderr.endswith("(and 1 more: lockroutine check)\n")
