"""The command that makes mistakes in the bundled pack, and what it makes."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from lockroutine import Routine, load_routine
from lockroutine.rules.reader import Source, read_source
from mutations import KINDS, Mutation, mutant, mutations

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source("soderkoping")


@pytest.fixture(scope="module")
def every(source: Source) -> list[Mutation]:
    return mutations(source, load_routine(source))


def test_each_mistake_once(every: list[Mutation]) -> None:
    """Every mutant has a name of its own, and there are some of each kind."""
    assert len({one.name for one in every}) == len(every)
    assert set(Counter(one.kind for one in every)) == set(KINDS)


def test_nothing_is_left_out(every: list[Mutation], routine: Routine) -> None:
    """Every guard, target, role and effect of the pack is changed in some mutant."""
    touched = {(one.kind, ".".join(one.path)) for one in every}
    for process, rules in routine.pack.process.items():
        for name, transition in rules.transitions.items():
            at = f"process.{process}.transitions.{name}"
            assert {("target", f"{at}.to"), ("role", f"{at}.by")} <= touched
            assert {("guard", f"{at}.guards.{guard}") for guard in transition.guards} <= touched
            assert {("effect", f"{at}.effects.{one}") for one in transition.effects} <= touched
            assert {("effect", f"{at}.joint.{one}") for one in transition.joint} <= touched


def test_one_mistake_each(source: Source, every: list[Mutation]) -> None:
    """A mutant's text is another one in just one place, and the source stays as it was."""
    before = source.digest
    for one in every[::25]:
        changed = mutant(source, one)
        (name,) = [n for n, text in changed.files.items() if text != source.files[n]]
        old, new = tomllib.loads(source.files[name]), tomllib.loads(changed.files[name])
        for path, _ in one.edits:
            for document in (old, new):
                table = document
                for part in path[:-1]:
                    table = table.get(part, {})
                table.pop(path[-1], None)
        assert old == new
    assert source.digest == before


def test_the_command(tmp_path: Path) -> None:
    """It asks, keeps what it heard, says what came of it, and asks nothing twice."""
    keep = tmp_path / "answers.jsonl"
    word = "process.update.transitions.install.to: leads nowhere"
    command = [sys.executable, "-m", "tests.mutate_pack", "--processes", "1", "--keep", str(keep)]
    first = subprocess.run([*command, word], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[-1] == (
        "together: 1 mutants; check alone catches 1 of 1 asked "
        "(1 when it is read, 0 by proof); check with scenarios 1 of 1"
    )
    assert len(keep.read_text("utf-8").splitlines()) == 2
    again = subprocess.run([*command, word], cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]
    assert len(keep.read_text("utf-8").splitlines()) == 2


def test_the_command_without_mutants() -> None:
    """With words that name no mutant it says so by its exit code."""
    command = [sys.executable, "-m", "tests.mutate_pack", "no such mutant"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 1
