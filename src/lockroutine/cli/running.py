"""What the commands share that speak to other systems, once or for as long as they are let."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from lockroutine.errors import PluginsError, Problem
from lockroutine.plugins.installed import CHOICE, chosen_plugins, load_plugins

__all__ = ["plugins_of", "until_told"]


def plugins_of(settings: Path | None) -> tuple[object, ...]:
    """The plugins that are set up.

    Raises:
        PluginsError: None is, or one cannot be made.
    """
    names = chosen_plugins(settings)
    if not names:
        message = f"none is set up: write [plugin.NAME] in --settings FILE, or name it in {CHOICE}"
        raise PluginsError([Problem("plugins", message)])
    return load_plugins(names, settings)


@contextmanager
def until_told(also: Callable[[], object]) -> Generator[threading.Event]:
    """An event that SIGTERM and SIGINT set; what is under way then is waited for.

    Args:
        also: What to do besides, when it is set.
    """
    stop = threading.Event()
    signals = (signal.SIGTERM, signal.SIGINT)

    def end() -> None:
        stop.set()
        also()

    def told(number: int, frame: FrameType | None) -> None:
        # In a thread: the signal may have come while this one held the event's own lock.
        threading.Thread(target=end).start()
        for one in signals:  # the second time, at once
            signal.signal(one, before[one])

    before: dict[signal.Signals, Any] = {one: signal.getsignal(one) for one in signals}
    if threading.current_thread() is threading.main_thread():
        for one in signals:
            signal.signal(one, told)
    try:
        yield stop
    finally:
        if threading.current_thread() is threading.main_thread():
            for one in signals:
                signal.signal(one, before[one])
