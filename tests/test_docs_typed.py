"""The pages on which files are written and commands typed: what they show is what comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from consoles import typed_along


@pytest.mark.parametrize("page", ["afternoon", "checking"])
def test_what_a_page_shows(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written, commands are typed, and each answer is the one that is shown."""
    monkeypatch.chdir(tmp_path)
    assert typed_along(f"{page}.md", tmp_path) == {"toml", "console", "python"}
