"""The page on versions: what it shows is what comes, in its order."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from consoles import typed_along


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written, commands are typed, and each answer is the one that is shown."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)
    assert typed_along("versions.md", tmp_path) == {"toml", "console", "python"}
