"""The page on plugins: from its code alone, a plugin that passes the contract."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_shows_the_plugin_that_the_tests_break() -> None:
    """The plugin on the page is the one of tests/deskplugin.py, letter by letter."""
    assert BLOCKS[0] == (ROOT / "tests" / "deskplugin.py").read_text(encoding="utf-8")


def test_the_page_leads_to_a_passing_contract(tmp_path: Path) -> None:
    """The two files of the page, in an empty folder, pass under pytest."""
    (tmp_path / "deskplugin.py").write_text(BLOCKS[0], encoding="utf-8")
    (tmp_path / "test_deskplugin.py").write_text(BLOCKS[1], encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\d+ passed, 1 skipped", done.stdout, re.MULTILINE)
