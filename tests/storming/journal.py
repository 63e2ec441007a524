"""What a worker keeps for itself: each command before it is given, and each answer to it.

The file is the worker's own, and what it says of an answer is on the disk before the worker goes
on: what is acknowledged there must be in the database, whatever happened since.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class Journal:
    """A file of lines that is only ever added to; several threads may write to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._lock = threading.Lock()

    def write(self, kind: str, **what: Any) -> None:
        """Add a line; of an answer, only when it is on the disk does this come back."""
        line = json.dumps({"kind": kind, **what}) + "\n"
        with self._lock:
            os.write(self._file, line.encode())
        if kind in ("done", "refused"):
            os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def read(path: Path) -> Iterator[Mapping[str, Any]]:
    """The lines of a journal; one that its writer was killed in the middle of is passed over."""
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def unanswered(path: Path) -> list[Mapping[str, Any]]:
    """The commands of a journal that have no answer, oldest first."""
    asked: dict[str, Mapping[str, Any]] = {}
    for line in read(path):
        if line["kind"] == "asked":
            asked[line["key"]] = line["command"]
        elif line["kind"] in ("done", "refused"):
            asked.pop(line["key"], None)
    return list(asked.values())
