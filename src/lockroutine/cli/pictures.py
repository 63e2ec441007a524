"""The commands that draw a rule pack: SVG, Mermaid, BPMN, and where they are written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import frozen

from lockroutine.cli import output
from lockroutine.cli.files import refuse_to_write_over, replaced, why
from lockroutine.cli.loading import usable
from lockroutine.errors import LockroutineError
from lockroutine.model import Language
from lockroutine.pictures import (
    map_mermaid,
    map_svg,
    process_bpmn,
    process_mermaid,
    process_svg,
    rule_book,
)
from lockroutine.routine import Routine

__all__ = ["Target", "book", "pictures"]


@frozen(kw_only=True)
class _Kind:
    """A kind of picture: how its files end, and what draws one process and the map of all."""

    ending: str
    process: Callable[[Routine, str, Language], str]
    map: Callable[[Routine, Language], str] | None


_KINDS: Mapping[str, _Kind] = {
    "svg": _Kind(ending=".svg", process=process_svg, map=map_svg),
    "mermaid": _Kind(ending=".mmd", process=process_mermaid, map=map_mermaid),
    "bpmn": _Kind(ending=".bpmn", process=process_bpmn, map=None),
}


@frozen(kw_only=True)
class Target:
    """Where a picture goes.

    Args:
        out: A file, or a folder for all of them; None for standard output.
        force: Whether what is there already may be written over.
    """

    out: Path | None = None
    force: bool = False


def pictures(where: str, process: str, form: str, language: Language, target: Target) -> int:
    """Draw one process, or the map; into a folder, all of them."""
    routine = usable(where)
    kind = _KINDS[form]
    if process:
        routine.process(process)  # there is none: the nearest name is told
    if target.out is None:
        output.text(_one(routine, process, kind, language))
        return 0
    if process:
        name = f"{process}{kind.ending}"
        file = target.out / name if target.out.is_dir() else target.out
        write({file: kind.process(routine, process, language)}, force=target.force)
        return 0
    made = {
        target.out / f"{name}{kind.ending}": kind.process(routine, name, language)
        for name in routine.processes
    }
    if kind.map:
        made[target.out / f"_map{kind.ending}"] = kind.map(routine, language)
    _make_folder(target.out)
    write(made, force=target.force)
    return 0


def book(where: str, language: Language, target: Target) -> int:
    """Write the rule book of a pack."""
    made = rule_book(usable(where), language)
    if target.out is None:
        output.text(made)
        return 0
    if target.out.is_dir():
        raise LockroutineError(f"{target.out} is a folder. The book is one file: name it.")
    write({target.out: made}, force=target.force)
    return 0


def _one(routine: Routine, process: str, kind: _Kind, language: Language) -> str:
    if process:
        return kind.process(routine, process, language)
    if kind.map is None:
        raise LockroutineError("Name a process, or give a folder for all of them: --out FOLDER")
    return kind.map(routine, language)


def _make_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise LockroutineError(
            f"{folder} is a file. All processes go into a folder: name another, or one process."
        )
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise LockroutineError(f"{folder} cannot be made: {why(error)}.") from None


def write(files: Mapping[Path, str], *, force: bool) -> None:
    """Write files, all of them or none that was there before.

    Raises:
        LockroutineError: One is there already, or cannot be written.
    """
    if not force:
        refuse_to_write_over(files)
    for file, text in files.items():
        with replaced(file) as stream:
            stream.write(text)
    for file in files:
        output.line(os.fspath(file))
