"""Logging that is silent until the host has configured structlog, and never configures it."""

from __future__ import annotations

import structlog

__all__ = ["log"]


def log(event: str, **values: str | int) -> None:
    """Write one event, with ids and names only: never a form's values.

    An unconfigured structlog would print to the host's standard output.
    """
    if structlog.is_configured():
        structlog.get_logger("lockroutine").info(event, **values)
