"""The page on pictures: its commands answer what it says they answer."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockroutine.cli.app import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "pictures.md"
RUN = re.findall(
    r"```sh\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
)


def test_every_command_is_shown_with_its_answer() -> None:
    """No command of the page is left out of the test below."""
    assert len(RUN) == PAGE.read_text(encoding="utf-8").count("```sh") >= 6


@pytest.mark.parametrize(("command", "answer"), RUN, ids=[one.strip() for one, _ in RUN])
def test_a_command_answers_what_the_page_says(
    command: str, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands below a command is what it says; `...` stands for lines that are left out."""
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)
    assert words[0] == "lockroutine"
    result = CliRunner().invoke(app, words[1:])
    pattern = ".*?".join(map(re.escape, re.split(r"(?m)^\.\.\.$", answer)))
    assert re.fullmatch(pattern, result.stdout + result.stderr, re.DOTALL), result.output
    assert result.exit_code == (2 if answer.startswith("lockroutine:") else 0)
    for word in words:
        if word.endswith((".svg", ".bpmn", ".html")):
            assert (tmp_path / word).stat().st_size > 1000
