"""Overlays for tests: folders that extend another pack, and what the reader says of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from lockroutine import RulesError, load_routine
from lockroutine.routine import Routine
from smallpack import FOLDER

HEAD = """\
name = "NAME"
version = "1.0.0"
label = { sv = "Överlägg", en = "Overlay" }
extends = "EXTENDS"
"""
"""Four lines, so that what a test adds begins on the fifth."""


def pack(folder: Path, text: str = "", extends: str = "../small", **files: str) -> Path:
    """A folder with an overlay, named as the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    head = HEAD.replace("NAME", folder.name).replace("EXTENDS", extends)
    (folder / "routine.toml").write_text(head + text, encoding="utf-8")
    for name, body in files.items():
        (folder / f"{name}.toml").write_text(body, encoding="utf-8")
    return folder


def over_small(tmp_path: Path, text: str = "", **files: str) -> Routine:
    """The small pack with an overlay."""
    base = tmp_path / "small"
    if not base.exists():
        shutil.copytree(FOLDER, base)
    return load_routine(pack(tmp_path / "ours", text, **files))


def against(where: Path, packs: Mapping[str, str] | None = None) -> list[str]:
    """What the reader has against a pack."""
    try:
        load_routine(where, packs=packs)
    except RulesError as error:
        return str(error).split("\n")
    return []


def against_small(tmp_path: Path, text: str = "", **files: str) -> list[str]:
    """What the reader has against an overlay of the small pack."""
    try:
        over_small(tmp_path, text, **files)
    except RulesError as error:
        return str(error).split("\n")
    return []
