"""The command that makes the folder of a new rule pack."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lockroutine.cli import output, skeleton
from lockroutine.cli.loading import loaded, usable
from lockroutine.errors import LockroutineError
from lockroutine.model import Language

__all__ = ["new"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")


def new(folder: Path, extends: str, language: Language, *, as_json: bool) -> int:
    """Make a folder that holds a rule pack, or make nothing.

    Args:
        folder: The folder; its last part is the pack's name.
        extends: The pack that the new one extends; empty for none.
        language: The language of the comments.
        as_json: Whether the answer is for a program.

    Raises:
        LockroutineError: There is something of that name, it is no name for a pack, or the pack
            cannot be extended.
    """
    name = folder.name
    if not _NAME.fullmatch(name):
        raise LockroutineError(
            f"{name!r} is no name for a pack; write lower case letters, digits, hyphens or "
            "underscores, a letter first."
        )
    if folder.exists() or folder.is_symlink():
        raise LockroutineError(f"{folder} is there already; nothing was written.")
    if extends:
        base = usable(extends)
        named = _seen_from(folder.parent / name, extends)
        files = skeleton.on(base, named, name, str(folder), language)
    else:
        files = skeleton.from_nothing(name, str(folder), language)
    key = _made(folder, files)
    if as_json:
        output.dump({"pack": key, "folder": str(folder), "files": list(files)})
        return 0
    output.line(f"{key} is made: {', '.join(str(folder / file) for file in files)}")
    output.line(f"Next: lockroutine check {folder}; lockroutine play {folder}")
    return 0


def _seen_from(folder: Path, extends: str) -> str:
    """What a pack extends, as it stands in the pack: a name, or a folder seen from its own."""
    there = Path(extends)
    if not there.is_dir():
        return extends  # the name of a bundled pack, or of a plugin's
    return Path(os.path.relpath(there, folder)).as_posix()


def _made(folder: Path, files: Mapping[str, str]) -> str:
    """Write the files beside, see that they are a pack, and put them in their place in one step."""
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for file, text in files.items():
            (beside / file).parent.mkdir(exist_ok=True)
            (beside / file).write_text(text, encoding="utf-8")
        key = loaded(str(beside)).key
        beside.chmod(0o755)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return key
