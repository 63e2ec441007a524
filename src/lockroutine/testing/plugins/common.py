"""What the contracts of plugins use: calls, texts, and how what came of a call is looked at."""

from __future__ import annotations

import datetime as dt
import inspect
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from lockroutine.errors import PluginError, TryAgain
from lockroutine.testing.wire import Fault, Wire

__all__ = [
    "IN_VAIN",
    "LONG",
    "PRIVATE",
    "SWEDISH",
    "Kept",
    "able",
    "agree",
    "attempt",
    "call",
    "deadline",
    "expect",
    "named",
    "new_key",
    "plain",
]

T = TypeVar("T")

Kept = Callable[[str], list[str]]
"""The texts that the other system keeps under a key, one for each ticket, note or message."""

SWEDISH = "Räksmörgås på Åsgatan 3 – “öppna” 🔐🏠"
LONG = (f"{SWEDISH} " * 300)[:9_999] + "."
PRIVATE = "Customer-17-lives-here"
IN_VAIN: tuple[Fault, ...] = ("drop", "cut", "garble", "delay")


def deadline(seconds: float = 20.0) -> dt.datetime:
    """So many seconds from now, by the real clock."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)  # noqa: TID251  # a real wait


def new_key() -> str:
    """A key that nothing was sent with yet."""
    return uuid.uuid4().hex


def call(plugin: object, hook: str, details: object) -> Any:
    """Call a hook as the manager does, but let through whatever it raises."""
    function = getattr(plugin, hook)
    return function(details) if inspect.signature(function).parameters else function()


def expect(value: object, kind: type[T], hook: str) -> T:
    """Check that a hook returned what it is declared to return."""
    assert isinstance(value, kind), f"{hook} returned {type(value).__name__}, not {kind.__name__}"
    return value


def able(wire: Wire | None, fault: Fault) -> Wire:
    """The wire, if it can break like that; else the test is skipped."""
    if wire is None or fault not in wire.faults:
        pytest.skip(f"the plugin's wire knows no {fault}")
    return wire


def attempt(plugin: object, hook: str, details: object) -> tuple[object, float]:
    """What a hook returns or raises, and how long it took."""
    began = time.monotonic()
    outcome: object
    try:
        outcome = call(plugin, hook, details)
    except (Exception, SystemExit) as error:
        outcome = error
    return outcome, time.monotonic() - began


def named(outcome: object) -> str:
    """How an outcome is told of: by its class, as its text may be private."""
    return type(outcome).__name__


def agree(
    outcome: object, found: object, there: list[str], where: str, *, looks: bool = True
) -> None:
    """Check that what was said, what is found and what is there are one."""
    assert len(there) <= 1, f"{where}: {len(there)} of them with one key"
    if not isinstance(outcome, PluginError):
        assert there, f"{where}: said to be done, and it is not there"
    if isinstance(outcome, TryAgain):
        assert not there, f"{where}: said TryAgain, and it was done; say OutcomeUnknown"
    if looks:
        assert bool(found) == bool(there), f"{where}: what is there is not what is found by its key"


def plain(text: str) -> str:
    """A text without what systems add: line ends of their own and blank ends."""
    return text.replace("\r\n", "\n").strip()
