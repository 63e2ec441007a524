"""A real Roundup for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lockroutine_roundup.testing import Tracker, free_port


@pytest.fixture(scope="session")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    """A tracker that believes to be where the tests' proxy is."""
    web = f"http://127.0.0.1:{free_port()}/"
    with Tracker(tmp_path_factory.mktemp("roundup"), web=web) as tracker:
        yield tracker
