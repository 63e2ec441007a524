"""The command that writes all events out: export."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from attrs import define, frozen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lockroutine.cli import output
from lockroutine.cli.databases import opened
from lockroutine.cli.files import refuse_to_write_over, replaced
from lockroutine.cli.running import until_told
from lockroutine.engine import Engine
from lockroutine.errors import LockroutineError

__all__ = ["Exporting", "export"]

_INTERRUPTED = 130


@frozen(kw_only=True)
class Exporting:
    """What is written where.

    Args:
        out: The file; None for standard output.
        force: Whether a file that is there already may be written over.
        personal: Whether what is personal or secret is in it.
    """

    out: Path | None
    force: bool
    personal: bool


class _Told(Exception):
    """Somebody wants it to end."""


@define
class _Count:
    """How far it has come."""

    done: int = 0
    whole: int = 0


def export(place: str, pack: str, how: Exporting) -> int:
    """Write every event as a line of JSON; 130 if somebody ended it before the last."""
    if how.out and how.out.is_dir():
        raise LockroutineError(f"{how.out} is a folder. The export is one file: name it.")
    if how.out and not how.force:
        refuse_to_write_over([how.out])
    count = _Count()
    try:
        with (
            until_told(lambda: None) as stop,
            _stream(how.out) as stream,
            opened(place, pack) as engine,
        ):
            _write(engine, stream, count, stop.is_set, personal=how.personal)
    except _Told:
        left = "nothing was written" if how.out else "what was written are whole lines, and not all"
        output.complain(f"Interrupted after {count.done} of {count.whole} events: {left}.")
        return _INTERRUPTED
    output.remark(f"Exported: {count.done} events.")
    return 0


@contextmanager
def _stream(out: Path | None) -> Generator[TextIO]:
    if out is None:
        yield sys.stdout
        sys.stdout.flush()
    else:
        with replaced(out, private=True) as stream:
            yield stream


def _write(
    engine: Engine, stream: TextIO, count: _Count, stop: Callable[[], bool], *, personal: bool
) -> None:
    with _progress() as bar:
        task = bar.add_task("Export", total=None)

        def tell(done: int, whole: int) -> None:
            count.whole = whole
            bar.update(task, completed=done, total=whole)

        with contextlib.closing(engine.export(personal=personal, tell=tell)) as lines:
            for line in lines:
                stream.write(f"{json.dumps(line, ensure_ascii=False)}\n")
                count.done += 1
                if stop():
                    raise _Told


def _progress() -> Progress:
    """A bar on standard error, where a person sees it."""
    # Where nobody looks, older releases of rich leave an empty line, even of no bar at all.
    console = Console(stderr=True, force_interactive=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
