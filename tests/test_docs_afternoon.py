"""The page that leads to a pack in an afternoon: what it shows is what comes, in its order."""

from __future__ import annotations

from pathlib import Path

import pytest

from consoles import typed_along


def test_the_afternoon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written, commands are typed, and each answer is the one that is shown."""
    monkeypatch.chdir(tmp_path)
    assert typed_along("afternoon.md", tmp_path) == {"toml", "console", "python"}
