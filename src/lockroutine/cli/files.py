"""Files that a command writes: each whole or not at all, and none over another unasked."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from lockroutine.errors import LockroutineError

__all__ = ["refuse_to_write_over", "replaced", "why"]


def refuse_to_write_over(files: Iterable[Path]) -> None:
    """See that none of these is there.

    Raises:
        LockroutineError: One is.
    """
    there = [file for file in files if file.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise LockroutineError(
            f"{there[0]}{more} is there already. Name another place, or write over it with --force."
        )


@contextmanager
def replaced(file: Path, *, private: bool = False) -> Generator[TextIO]:
    """A text that takes the place of a file when it is whole; before, it lies beside it.

    Args:
        file: The file.
        private: Whether nobody but its owner may read it.

    Raises:
        LockroutineError: It cannot be written; what was there is there still.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o666)
        # A lone half of a sign is escaped as JSON has it, and in nothing else can one be.
        with open(number, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as text:
            yield text
            text.flush()
            os.fsync(number)
        os.replace(part, file)
    except BaseException as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise LockroutineError(f"{file} cannot be written: {why(error)}.") from None
        raise


def why(error: OSError) -> str:
    """What the system says of it."""
    return (error.strerror or str(error)).lower()
