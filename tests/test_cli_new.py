"""The commands that make a new pack and play its scenarios."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockroutine import load_routine
from lockroutine.cli.app import app
from lockroutine.model import Language
from overlaying import against, over_small, pack
from smallpack import FOLDER


def run(*arguments: str | os.PathLike[str]) -> Any:
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands are given from an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def uncommented(text: str) -> str:
    """A pack's text with its examples in force."""
    return re.sub(r"^# ?(?=\[|\w+ = |$)", "", text, flags=re.MULTILINE)


# -- new ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_pack_from_nothing(here: Path, language: Language) -> None:
    """It passes check, its scenario passes, every clause is held, and its guard can be used."""
    result = run("new", "keys", "--lang", language)
    assert result.stdout == (
        "keys@0.1.0 is made: keys/routine.toml, keys/key_receipt.toml, "
        "keys/scenarios/01-key-receipt.toml\n"
        "Next: lockroutine check keys; lockroutine play keys\n"
    )
    assert run("check", "keys").exit_code == 0
    assert run("play", "keys").stdout == (
        "passed  01-key-receipt.toml  A key is handed out and handed back\n"
        "keys@0.1.0: 1 of 1 scenarios passed\n"
    )
    assert run("trace", "keys").exit_code == 0
    text = "".join(path.read_text(encoding="utf-8") for path in here.glob("keys/**/*.toml"))
    assert ("Ta bort #" in text, "Take the #" in text) == (language == "sv", language == "en")
    assert not re.search(r"^#\S", text, flags=re.MULTILINE)
    process = here / "keys" / "key_receipt.toml"
    process.write_text(uncommented(process.read_text(encoding="utf-8")), encoding="utf-8")
    guards = load_routine(here / "keys").pack.process["key_receipt"].transitions["hand_out"].guards
    assert list(guards) == ["tag"]
    assert run("play", "keys").exit_code == 0


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("base", ["soderkoping", FOLDER])
def test_a_pack_on_another(here: Path, base: str | Path, language: Language) -> None:
    """It passes check and its scenario, and so it does with every example that it shows."""
    result = run("new", "ours", "--extends", base, "--lang", language)
    assert result.exit_code == 0, result.stderr
    assert load_routine("ours").pack.process == load_routine(base).pack.process
    assert run("play", "ours").exit_code == 0
    head = here / "ours" / "routine.toml"
    text = head.read_text(encoding="utf-8")
    assert ("Ta bort #" in text, "Take the #" in text) == (language == "sv", language == "en")
    head.write_text(uncommented(text), encoding="utf-8")
    changed = load_routine("ours")
    assert any(name.startswith("our_") for name in changed.forms)
    assert run("play", "ours").exit_code == 0


def test_the_scenario_of_a_pack_on_the_bundled_one() -> None:
    """It is about a customer, and about what anybody can do at once."""
    run("new", "ours", "--extends", "soderkoping")
    assert run("play", "ours").stdout.startswith("passed  01-consent-grant-service.toml  Consent: ")


def test_the_base_is_seen_from_the_new_folder(here: Path) -> None:
    """A base that is a folder is named as it is seen from the new pack, wherever one stands."""
    over_small(here)
    (here / "towns").mkdir()
    assert run("new", "towns/north", "--extends", "ours").exit_code == 0
    text = (here / "towns" / "north" / "routine.toml").read_text(encoding="utf-8")
    assert 'extends = "../../ours"\n' in text
    assert run("new", here / "south", "--extends", "towns/north").exit_code == 0
    assert load_routine("south").parameters["cycles"] == 5


def test_a_base_with_little_in_it(here: Path) -> None:
    """Where a base has nothing to show as an example, or to open with, nothing is invented."""
    run("new", "keys")
    bare = here / "bare"
    gone = ["process.key_receipt", "parameter.key_loan"]
    text = "".join(f"[{path}]\nremove = true\n" for path in gone)
    process = """
[process.log]
label = { sv = "Logg", en = "Log" }
subject = "customer"

[process.log.states.open]
label = { sv = "Öppen", en = "Open" }
end = true

[process.log.transitions.write]
label = { sv = "Skriv", en = "Write" }
from = []
to = "open"
by = ["pull"]
clauses = ["A1"]
"""
    pack(bare, text + process, extends="../keys")
    assert against(bare) == []
    result = run("new", "ours", "--extends", "bare", "--json")
    assert json.loads(result.stdout) == {
        "pack": "ours@0.1.0",
        "folder": "ours",
        "files": ["routine.toml"],
    }
    written = (here / "ours" / "routine.toml").read_text(encoding="utf-8")
    assert written.endswith("Take the # away before what you want to change.\n")
    result = run("play", "ours")
    assert (result.exit_code, result.stderr) == (
        2,
        "lockroutine: There are no scenarios of ours.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["there"], "there is there already; nothing was written."),
        (["file"], "file is there already; nothing was written."),
        (["dangling"], "dangling is there already; nothing was written."),
        (
            ["Our town"],
            "'Our town' is no name for a pack; write lower case letters, digits, hyphens or "
            "underscores, a letter first.",
        ),
        (
            ["ours", "--extends", "soderkopin"],
            "There is no rule pack 'soderkopin'. Did you mean 'soderkoping'?",
        ),
        (
            ["ours", "--extends", "there"],
            "The rule pack cannot be used: there: holds no routine.toml, so it is no rule pack",
        ),
        (
            ["small", "--extends", str(FOLDER)],
            "routine.toml:5: name: is that of the pack that it extends; give this one its own",
        ),
    ],
)
def test_what_is_refused(here: Path, arguments: list[str], said: str) -> None:
    """What is there is not written over, and a wrong name or base leaves nothing behind."""
    (here / "there").mkdir()
    (here / "file").write_text("mine")
    (here / "dangling").symlink_to("nowhere")
    before = sorted(path.name for path in here.iterdir())
    result = run("new", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"lockroutine: {said}\n")
    assert sorted(path.name for path in here.iterdir()) == before
    assert (here / "file").read_text() == "mine"


def test_a_folder_in_no_folder() -> None:
    """Where the folder around is missing, that is said."""
    result = run("new", "nowhere/ours")
    assert result.exit_code == 2
    assert "No such file or directory" in result.stderr


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_failure(
    here: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """If it fails midway, for want of space or by an interruption, nothing is left."""
    real = Path.write_text

    def full(path: Path, text: str, **given: Any) -> int:
        if path.name == "key_receipt.toml":
            raise error
        return real(path, text, **given)

    monkeypatch.setattr(Path, "write_text", full)
    result = run("new", "keys")
    assert result.exit_code != 0
    assert list(here.iterdir()) == []


# -- play -----------------------------------------------------------------------------------------


def test_a_scenario_that_fails(here: Path) -> None:
    """A scenario that does not come out as it says, or cannot be read, is told; the exit is 1."""
    run("new", "keys")
    scenarios = here / "keys" / "scenarios"
    text = (scenarios / "01-key-receipt.toml").read_text(encoding="utf-8")
    (scenarios / "02-wrong.toml").write_text(
        text.replace('state = "out"', 'state = "lost"'), "utf-8"
    )
    (scenarios / "03-no-toml.toml").write_text("[[step]\n", "utf-8")
    result = run("play", "keys")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "passed  01-key-receipt.toml  A key is handed out and handed back",
        "FAILED  02-wrong.toml  A key is handed out and handed back",
        "02-wrong.toml:6: step 1 (coordinator key_receipt.hand_out)",
        "  expected state: lost; came: out",
        "FAILED  03-no-toml.toml",
        "03-no-toml.toml:1: is not TOML: Expected ']]' at the end of an array declaration",
        "keys@0.1.0: 1 of 3 scenarios passed",
    ]
    found = json.loads(run("play", "keys", "--json").stdout)
    assert found["pack"] == "keys@0.1.0"
    assert [one["passed"] for one in found["scenarios"]] == [True, False, False]
    assert found["scenarios"][1]["message"].endswith("expected state: lost; came: out")


def test_scenarios_elsewhere(here: Path) -> None:
    """Scenarios may lie in a folder that is named; one without any is refused."""
    run("new", "keys")
    (here / "keys" / "scenarios").rename(here / "ways")
    assert run("play", "keys", "--scenarios", "ways").exit_code == 0
    result = run("play", "keys", "--scenarios", "keys/none")
    assert (result.exit_code, result.stderr) == (
        2,
        "lockroutine: There are no scenarios in keys/none.\n",
    )
