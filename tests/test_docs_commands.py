"""The page on the commands: it tells of all that they take, and its examples work."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from lockroutine import Engine
from lockroutine.cli.app import app
from lockroutine.model import EffectState

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "commands.md").read_text("utf-8")
TOLD = dict(re.findall(r"^### (.*?)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
SHOWN = {
    name: [
        line.removeprefix("lockroutine ")
        for block in re.findall(r"```sh\n(.*?)\n```", text, re.DOTALL)
        for line in block.split("\n")
    ]
    for name, text in TOLD.items()
}
EXAMPLES = [example for examples in SHOWN.values() for example in examples]
# The demo's story is long past, and not everybody has an address: something is late, and parked.
NO = ("doctor ", "deliver ")
# What the examples find in their folder.
FILES = {
    "plugins.toml": """
        [plugin.file]
        path = "sent.jsonl"
        [plugin.manual]
        register = "register.csv"
    """,
    "contacts.toml": """
        [contact.coordinator]
        mail = "coordinator@example.org"
    """,
    "accounts.toml": """
        [account.anna]
        actor = "anna"
        roles = ["coordinator"]
        units = ["north"]
    """,
    "register.csv": "Serienummer;Kund;Modell\n",
}


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        yield from commands(command, (*before, name)) if inner else [(*before, name)]


COMMANDS = list(commands(get_command(app)))


def called(*words: str) -> Any:
    return CliRunner().invoke(app, words)


def test_every_command_is_told() -> None:
    """The page tells of each command, and of no other."""
    assert list(TOLD) == [" ".join(words) for words in COMMANDS]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_all_that_a_command_takes_is_told(words: tuple[str, ...]) -> None:
    """Each argument and option that the command line shows stands on the page, with a meaning."""
    listed = re.split(r"^(?:Arguments|Options):$", called(*words, "-h").stdout, flags=re.MULTILINE)
    names = r"^  (?:-h, )?(--[\w-]+|[A-Z]+|\[[A-Z]+\])(?= |$)"
    shown = re.findall(names, "".join(listed[1:]), re.MULTILINE)
    rows = re.findall(r"^\| `(\S+?)(?: [^`]*)?` \| (.*?) \|", TOLD[" ".join(words)], re.MULTILINE)
    assert sorted([*(name for name, _ in rows), "--help"]) == sorted(shown)
    assert all(meaning.endswith(".") for _, meaning in rows)


@pytest.mark.parametrize("name", SHOWN)
def test_every_command_has_an_example(name: str) -> None:
    """Each command is shown as it is called, and takes what it is given there."""
    assert SHOWN[name]
    for example in SHOWN[name]:
        assert f"{example} ".startswith(f"{name} ")
        taken = called(*shlex.split(example), "--help")
        assert taken.exit_code == 0, taken.output


def test_the_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the page each example does what it says; no is said where it is due.

    Those for a database URL are not run: a worker never ends, and the tables have tests of theirs.
    """
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")
    for example in (one for one in EXAMPLES if "://" not in one):
        if example.startswith("move "):  # the others go on by the rules of the demo
            shutil.copy("locks.db", "moved.db")
            example = example.replace("locks.db", "moved.db")
        done = called(*shlex.split(_filled_in(example)))
        assert done.exit_code == example.startswith(NO), f"{example}\n{done.output}"


def _filled_in(example: str) -> str:
    """An example with the id of a case, or with the key of an effect that it can be done to."""
    if not re.search("CASE|KEY", example):
        return example
    with Engine.open("locks.db") as engine:
        if "CASE" in example:
            return example.replace("CASE", engine.cases(process="mounting")[0].id)
        state: EffectState = "asked" if example.startswith("confirm") else "parked"
        serial = example.partition("--serial-number ")[2]
        keys = (
            one.key
            for one in engine.effects(state=state)
            if serial in ("", one.values.get("serial_number"))
        )
        return example.replace("KEY", next(keys))
