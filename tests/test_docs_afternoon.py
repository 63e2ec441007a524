"""The page that leads to a pack in an afternoon: what it shows is what comes, in its order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockroutine.cli.app import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "afternoon.md"
BLOCKS = re.findall(
    r"^```(toml|console|python)\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
)


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a block, with what is shown below it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def as_shown(text: str) -> str:
    """The pattern of an answer: three dots stand for anything."""
    return ".*".join(map(re.escape, text.split("...")))


def said(command: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "lockroutine"
    result = CliRunner().invoke(app, arguments)
    return result.stdout + result.stderr


def test_the_afternoon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written, commands are typed, and each answer is the one that is shown."""
    monkeypatch.chdir(tmp_path)
    for kind, block in BLOCKS:
        if kind == "toml":
            name = re.match(r"# (\S+)\n", block)
            assert name is not None
            (tmp_path / name[1]).write_text(block.removeprefix(name[0]), encoding="utf-8")
        elif kind == "console":
            for command, shown in commands(block):
                answer = said(command)
                assert re.fullmatch(as_shown(shown), answer, re.DOTALL), f"{command}\n{answer}"
        else:
            exec(compile(block, str(PAGE), "exec"), {})
    assert {kind for kind, _ in BLOCKS} == {"toml", "console", "python"}
