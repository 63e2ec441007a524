"""Two hundred cases and two kills at each run of the tests; ``tests.move_many`` does more."""

from __future__ import annotations

import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_the_middle_every_case_is_moved_once(
    monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    """A move that is killed and given again does what the dry run said, to each case once."""
    monkeypatch.chdir(pytestconfig.rootpath)
    monkeypatch.syspath_prepend(pytestconfig.rootpath)
    from tests.move_many import move

    figures = move(cases=200, kills=2, seed=3)
    assert figures.good, str(figures)
    assert (figures.cases, figures.kills) == (200, 2)
    assert (figures.moved, figures.undecided, figures.cannot) == (160, 20, 20)
