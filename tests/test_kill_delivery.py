"""A few kills at each run of the tests; ``python -m tests.kill_delivery`` does more."""

from __future__ import annotations

import importlib.util
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


@pytest.mark.parametrize("system", ["desk", "easit", "roundup"])
def test_killed_at_any_moment_nothing_is_doubled_or_lost(
    system: str, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    """Every order has exactly one ticket, and every note stands once, wherever a process dies."""
    if system == "roundup" and not all(
        map(importlib.util.find_spec, ("lockroutine_roundup", "roundup", "waitress"))
    ):
        pytest.skip("lockroutine-roundup[tracker] is not installed")
    if system == "easit" and importlib.util.find_spec("httpx") is None:
        pytest.skip("the extra of easit is not installed")
    monkeypatch.chdir(pytestconfig.rootpath)
    monkeypatch.syspath_prepend(pytestconfig.rootpath)
    from tests.kill_delivery import kill

    figures = kill(system, kills=5, seed=3)
    assert (figures.doubles, figures.losses) == (0, 0), str(figures)
    assert figures.orders == figures.tickets > 0
