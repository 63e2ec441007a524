"""What docs/time.md shows: its overlay, its check, and its scenario are what they say."""

from __future__ import annotations

import re
from pathlib import Path

from lockroutine import load_routine
from lockroutine.rules import reader
from lockroutine.testing import read_scenario, run_scenario

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "time.md").read_text(encoding="utf-8")
BEFORE = (ROOT / "tests" / "scenarios" / "40-a-lock-at-the-door.toml").read_text(encoding="utf-8")


def overlay(folder: Path) -> Path:
    folder.mkdir()
    for name, body in re.findall(r"```toml\n# (\w+\.toml)\n(.*?)```", PAGE, re.DOTALL):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(body + "\n")
    return folder


def test_the_check_that_is_shown_stands_in_the_bundled_pack() -> None:
    """The check on the page is the bundled pack's own, word for word."""
    pack = reader.read_source("soderkoping").files["finding.toml"]
    (block,) = re.findall(r"```toml\n(\[sweep\.lock_without_consent\].*?)```", PAGE, re.DOTALL)
    for table in block.strip().split("\n\n"):
        assert table in pack


def test_the_scenario_that_is_shown_can_be_played(tmp_path: Path) -> None:
    """The steps on the page come out as they say, after an order on the 2nd of March."""
    (steps,) = re.findall(r"```toml\n(\[\[step\]\]\nat.*?)```", PAGE, re.DOTALL)
    ordered = BEFORE[: BEFORE.index("[[step]]", BEFORE.index("mounting.order"))]
    path = tmp_path / "one.toml"
    path.write_text(ordered + steps, encoding="utf-8")
    routine = load_routine(overlay(tmp_path / "ours"))
    result = run_scenario(read_scenario(path), routine)
    assert result.exercised.escalations == {"process.mounting.states.ordered.escalation"}
