"""Logging that is silent until the host has configured structlog, and never configures it."""

from __future__ import annotations

import sys

__all__ = ["log"]


def log(event: str, **values: str | int) -> None:
    """Write one event, with ids and names only: never a form's values.

    An unconfigured structlog would print to the host's standard output.
    """
    # Whoever has configured it has imported it, which takes a third of this library's own time.
    if "structlog" not in sys.modules:
        return
    import structlog  # noqa: PLC0415

    if structlog.is_configured():
        structlog.get_logger("lockroutine").info(event, **values)
