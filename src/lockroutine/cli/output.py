"""How the command line speaks: lines, tables, JSON, and complaints. Always in UTF-8."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Styled

__all__ = ["complain", "dump", "hush", "line", "remark", "speak_utf8", "table", "text"]

_WIDEST = 100_000  # in a pipe nothing is cut off or folded


def speak_utf8() -> None:
    """Write UTF-8 whatever the locale says; what cannot be written is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def line(text: str = "", style: str = "") -> None:
    """Say one line (or a few). A terminal shows the style, and folds between words."""
    if not text or not sys.stdout.isatty():
        print(text)
        return
    bare = text.lstrip()
    indent = (0, 0, 0, len(text) - len(bare))
    _console().print(Padding(Styled(bare, style=style), indent, expand=False))


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """Say a table, with a heading above it; nothing if it has no rows."""
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
    for header in headers:
        made.add_column(header, overflow="fold")
    for row in rows:
        made.add_row(*map(Styled, row))
    if not made.row_count:
        return
    if title:
        line(title, style="bold")
    if sys.stdout.isatty():
        _console().print(made)
        return
    text = io.StringIO()
    Console(file=text, width=_WIDEST, no_color=True).print(made)
    for written in text.getvalue().splitlines():
        print(written.rstrip())


def dump(value: object) -> None:
    """Say a value as JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def text(whole: str) -> None:
    """Say a text as it is, for another program or a file to take."""
    sys.stdout.write(whole if whole.endswith("\n") else f"{whole}\n")


def complain(text: str) -> None:
    """Say on standard error what was wrong with the call."""
    print(f"lockroutine: {text}", file=sys.stderr)


def remark(text: str) -> None:
    """Say on standard error how it went, where standard output is for another program."""
    print(text, file=sys.stderr)


def hush() -> None:
    """Say nothing more: the reader has gone, and Python would complain at its exit."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for the rest of the run


def _console() -> Console:
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
