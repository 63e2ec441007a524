"""The page on overlays: each of its TOML blocks is an overlay that works as the page says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from lockroutine import load_routine
from lockroutine.testing import read_scenario, run_scenario
from overlaying import against, pack

ROOT = Path(__file__).resolve().parent
PAGE = (ROOT.parent / "docs" / "overlays.md").read_text(encoding="utf-8")
FIRST, *REST = re.split(r"^##+ (.*)$", PAGE, flags=re.MULTILINE)
SECTIONS = dict(zip(REST[::2], REST[1::2], strict=True))
BLOCKS = {
    heading: "".join(re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    for heading, text in SECTIONS.items()
    if "```toml" in text
}
LISTED = re.findall(r"\]\(#([\w-]+)\) \|$", PAGE, re.MULTILINE)


def slug(heading: str) -> str:
    return re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-")


def test_the_head_is_one_that_works(tmp_path: Path) -> None:
    """The four lines that everything stands under are a pack."""
    (head,) = re.findall(r"```toml\n(.*?)```", FIRST, re.DOTALL)
    (tmp_path / "routine.toml").write_text(head, encoding="utf-8")
    assert load_routine(tmp_path).pack.process == load_routine().pack.process


@pytest.mark.parametrize("heading", BLOCKS)
def test_a_block_is_an_overlay(tmp_path: Path, heading: str) -> None:
    """Each block of the page, below the head, is a pack with nothing wrong."""
    assert against(pack(tmp_path / "ourtown", BLOCKS[heading], extends="soderkoping")) == []


def test_every_difference_of_the_table_is_there() -> None:
    """Each row of the table leads to lines, and each is played by a scenario of its own."""
    headings = {slug(heading) for heading in BLOCKS}
    assert len(LISTED) == 10
    assert set(LISTED) <= headings
    assert {path.stem for path in (ROOT / "overlays").glob("*.toml")} == set(LISTED)


@pytest.mark.parametrize("heading", [heading for heading in BLOCKS if slug(heading) in LISTED])
def test_a_difference_works(tmp_path: Path, heading: str) -> None:
    """The scenario of each difference comes out as it says, after those of the bundled pack."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    file = shutil.copy(ROOT / "overlays" / f"{slug(heading)}.toml", tmp_path / "scenarios")
    ourtown = pack(tmp_path / "ourtown", BLOCKS[heading], extends="soderkoping")
    run_scenario(read_scenario(file), load_routine(ourtown))


def test_the_problem_that_is_shown(tmp_path: Path) -> None:
    """What the page shows of check is what check says."""
    text = re.sub(
        r"\[process.mounting.states.fitted.*", "", BLOCKS["How it is laid over"], flags=re.DOTALL
    )
    (shown,) = re.findall(r"```\n(soderkoping/.*?)\n```", PAGE)
    assert shown in against(pack(tmp_path / "ourtown", text, extends="soderkoping"))
