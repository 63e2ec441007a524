"""The commands that draw: what they write, where, and what they refuse."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from lockroutine import load_routine
from lockroutine.cli.app import app
from lockroutine.pictures import map_svg, process_svg
from lockroutine.pictures.mermaid import process_mermaid

ROUTINE = load_routine()


def run(*arguments: str | os.PathLike[str]) -> Any:
    """Run a command in this process."""
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


def refusal(*arguments: str | os.PathLike[str]) -> str:
    """What a command complains of when it was called wrongly."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert not result.stdout
    assert "Traceback" not in result.stderr
    return str(result.stderr).strip()


def test_a_process_is_drawn_on_standard_output() -> None:
    """Without --out the drawing is said, in the language asked for, and nothing else."""
    result = run("show", "soderkoping", "mounting", "--svg", "--lang", "sv")
    assert result.exit_code == 0
    assert result.stdout == process_svg(ROUTINE, "mounting", "sv") + "\n"
    said = run("show", "soderkoping", "mounting", "--mermaid").stdout
    assert said == process_mermaid(ROUTINE, "mounting")


def test_without_a_process_the_map_is_drawn() -> None:
    """All processes on standard output are one drawing: the map."""
    assert run("show", "soderkoping", "--svg").stdout == map_svg(ROUTINE) + "\n"
    assert run("show", "soderkoping", "--mermaid").stdout.startswith("flowchart TB\n")


def test_a_drawing_is_written_to_a_file(tmp_path: Path) -> None:
    """--out names the file, or a folder in which it is named by its process."""
    file = tmp_path / "mounting.svg"
    result = run("show", "soderkoping", "mounting", "--svg", "--out", file)
    assert (result.exit_code, result.stdout) == (0, f"{file}\n")
    assert file.read_text(encoding="utf-8") == process_svg(ROUTINE, "mounting")
    run("show", "soderkoping", "lock", "--mermaid", "--out", tmp_path)
    assert (tmp_path / "lock.mmd").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["lock.mmd", "mounting.svg"]


def test_all_drawings_are_written_to_a_folder(tmp_path: Path) -> None:
    """All processes go into a folder, each by its name, and the map with them."""
    folder = tmp_path / "drawings"
    result = run("show", "soderkoping", "--svg", "--out", folder)
    assert result.exit_code == 0
    names = sorted(one.name for one in folder.iterdir())
    assert names == sorted(["_map.svg", *(f"{name}.svg" for name in ROUTINE.processes)])
    assert result.stdout.count("\n") == len(names)
    for one in folder.iterdir():
        assert ET.fromstring(one.read_text(encoding="utf-8")).get("role") == "img"


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    """A file that is there already stays as it is, unless --force says otherwise."""
    file = tmp_path / "x.svg"
    file.write_text("mine", encoding="utf-8")
    call = ("show", "soderkoping", "mounting", "--svg", "--out", file)
    assert refusal(*call) == (
        f"lockroutine: {file} is there already. Name another place, or write over it with --force."
    )
    assert file.read_text(encoding="utf-8") == "mine"
    assert run(*call, "--force").exit_code == 0
    assert file.read_text(encoding="utf-8").startswith("<svg")


def test_nothing_is_written_if_one_is_there(tmp_path: Path) -> None:
    """Of a whole folder nothing is written if one of its files is there already."""
    (tmp_path / "lock.svg").write_text("mine", encoding="utf-8")
    assert "is there already" in refusal("show", "soderkoping", "--svg", "--out", tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["lock.svg"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder that is missing, or a file in a folder's place, is said in a line."""
    file = tmp_path / "no" / "x.svg"
    said = refusal("show", "soderkoping", "mounting", "--svg", "--out", file)
    assert said == f"lockroutine: {file} cannot be written: no such file or directory."
    said = refusal("show", "soderkoping", "--svg", "--out", tmp_path / "no" / "no")
    assert said.endswith("cannot be made: no such file or directory.")
    (tmp_path / "f").write_text("", encoding="utf-8")
    said = refusal("show", "soderkoping", "--svg", "--out", tmp_path / "f")
    assert said.endswith(
        "f is a file. All processes go into a folder: name another, or one process."
    )
    said = refusal("show", "soderkoping", "mounting", "--svg", "--out", tmp_path / "f" / "x.svg")
    assert said.endswith("cannot be written: not a directory.")


def test_nobody_may_write_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that may not be written is named with the reason, and no half of it is left."""

    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lockroutine.cli.pictures.os.replace", forbidden)
    file = tmp_path / "x.svg"
    said = refusal("show", "soderkoping", "mounting", "--svg", "--out", file)
    assert said == f"lockroutine: {file} cannot be written: permission denied."
    assert list(tmp_path.iterdir()) == []


def test_called_wrongly() -> None:
    """An unknown process, two formats at once, a place without a format: each is said."""
    assert refusal("show", "soderkoping", "mountng", "--svg") == (
        "lockroutine: There is no process 'mountng'. Did you mean 'mounting'?"
    )
    assert "Give one of these: --json, --svg" in refusal("show", "soderkoping", "--svg", "--json")
    assert "--out goes with one of --svg" in refusal("show", "soderkoping", "--out", "x")
    assert refusal("show", "nosuchpack", "--svg")
