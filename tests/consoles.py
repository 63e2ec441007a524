"""Pages of the docs that are typed along: their files are written, their commands are run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from typer.testing import CliRunner

from lockroutine.cli.app import app

DOCS = Path(__file__).resolve().parent.parent / "docs"
WHO = {
    name: who
    for part, who in (("NAME", "Anna"), ("EMAIL", "anna@example.org"))
    for name in (f"GIT_AUTHOR_{part}", f"GIT_COMMITTER_{part}")
}


def typed_along(page: str, within: Path) -> set[str]:
    """Each file, command and program of a page in its order, each answer as it is shown.

    Three dots in an answer stand for anything. Returns which languages its blocks are in.
    """
    text = (DOCS / page).read_text("utf-8")
    blocks = re.findall(r"^```(toml|console|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for kind, block in blocks:
        if kind == "toml":
            _written(block, within)
        elif kind == "console":
            for command, shown in _commands(block):
                answer = _said(command)
                assert re.fullmatch(_as_shown(shown), answer, re.DOTALL), f"{command}\n{answer}"
        else:
            exec(compile(block, page, "exec"), {})
    return {kind for kind, _ in blocks}


def _written(block: str, within: Path) -> None:
    name = re.match(r"# (\S+)\n", block)
    assert name is not None
    file = within / name[1]
    file.parent.mkdir(exist_ok=True)
    file.write_text(block.removeprefix(name[0]), encoding="utf-8")


def _commands(block: str) -> list[tuple[str, str]]:
    """Each command of a block, with what is shown below it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _as_shown(text: str) -> str:
    """The pattern of an answer: three dots stand for anything."""
    return ".*".join(map(re.escape, text.split("...")))


def _said(command: str) -> str:
    program, *arguments = shlex.split(command)
    if program == "git":
        done = subprocess.run(
            [program, *arguments], check=True, capture_output=True, text=True, env=os.environ | WHO
        )
        return done.stdout
    assert program == "lockroutine"
    result = CliRunner().invoke(app, arguments)
    return result.stdout + result.stderr
