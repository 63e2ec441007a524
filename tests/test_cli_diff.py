"""The commands that say what changes: between packs, folders, git revisions, stored routines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockroutine import Engine, load_routine
from lockroutine.cli.app import app
from overlaying import over_small, pack
from smallpack import FOLDER

DUE = '[process.order.states.ordered]\ndue = "10 working days"\n'
WAYS = (
    "Write a pack's name, a folder, REV:PATH for a folder in a git revision, or NAME@VERSION with "
    "--database for a stored one."
)


def run(*arguments: str | os.PathLike[str]) -> Any:
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


def complaint(*arguments: str | os.PathLike[str]) -> str:
    """What is said of a call that is wrong."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    return str(result.stderr).removeprefix("lockroutine: ").removesuffix("\n")


# -- packs and folders ----------------------------------------------------------------------------


def test_two_packs_in_words(tmp_path: Path) -> None:
    """What changes from one folder to another stands under headings, in either language."""
    over_small(tmp_path, DUE)
    small, ours = tmp_path / "small", tmp_path / "ours"
    result = run("diff", small, ours)
    assert result.exit_code == 0
    assert result.stdout == (
        "What changes from small@1.0.0 to ours@1.0.0.\n"
        "\n"
        "Times: due, reminders, lateness\n"
        "  Order\n"
        "    «Ordered»: is due within: 14 days before, now 10 working days. [C1]\n"
        "\n"
        "The pack as a whole\n"
        "  The pack: is called: «A small routine» before, now «Overlay».\n"
    )
    swedish = run("diff", small, ours, "--lang", "sv").stdout
    assert "«Beställd»: ska vara klart inom: förut 14 dygn, nu 10 arbetsdagar. [C1]" in swedish


def test_nothing_changes() -> None:
    """A pack held against itself: one line, and the exit is still 0."""
    result = run("diff", "soderkoping", "soderkoping")
    assert result.exit_code == 0
    assert result.stdout == "From soderkoping@1.0.0 to soderkoping@1.0.0 nothing changes.\n"


def test_what_changes_for_a_program(tmp_path: Path) -> None:
    """In JSON each difference has its place, its words, and what stood and stands there."""
    rule = "process.order.transitions.test.guards.cycles"
    text = (
        f'{DUE}\n[{rule}]\nremove = true\n\n[process.order.transitions.cancel]\nby = ["manager"]\n'
    )
    over_small(tmp_path, text)
    result = run("diff", tmp_path / "small", tmp_path / "ours", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["old"], told["new"]) == ("small@1.0.0", "ours@1.0.0")
    right, refusal, due, _ = told["differences"]
    assert right["section"] == "rights"
    assert (right["role"], right["transition"], right["change"]) == (
        "coordinator",
        "cancel",
        "lost",
    )
    assert (refusal["rule"], refusal["before"]["limit"], refusal["after"]) == (rule, "cycles", None)
    assert due == {
        "section": "times",
        "change": "changed",
        "at": "process.order.states.ordered.due",
        "was_at": "",
        "process": "order",
        "text": {
            "sv": "«Beställd»: ska vara klart inom: förut 14 dygn, nu 10 arbetsdagar.",
            "en": "«Ordered»: is due within: 14 days before, now 10 working days.",
        },
        "clauses": ["C1"],
        "gaps": [],
        "before": "P14D",
        "after": "10 working days",
    }


def test_no_such_pack() -> None:
    """A word that means nothing is told, with the nearest name and all that may be written."""
    assert complaint("diff", "soderkopin", "soderkoping") == (
        f"There is no rule pack 'soderkopin'. Did you mean 'soderkoping'? {WAYS}"
    )


def test_a_pack_that_is_wrong(tmp_path: Path) -> None:
    """Which of the two is wrong is told, with the first thing and where to read the others."""
    ours = pack(tmp_path / "ours", "one = 1\ntwo = 2\n", extends="soderkoping")
    said = complaint("diff", "soderkoping", ours)
    assert said.startswith(f"The rule pack {ours} cannot be used: routine.toml:5: one: unknown key")
    assert said.endswith("(and 1 more: lockroutine check)")


# -- what an overlay changes ----------------------------------------------------------------------


def test_what_an_overlay_changes(tmp_path: Path) -> None:
    """An overlay says what it changes of what it extends, as a whole or in one process."""
    over_small(tmp_path, DUE)
    ours, small = tmp_path / "ours", tmp_path / "small"
    whole = run("show", ours, "--diff", small)
    assert whole.exit_code == 0
    assert whole.stdout == run("diff", small, ours).stdout
    one = run("show", ours, "order", "--diff", small, "--lang", "sv").stdout
    assert one.splitlines()[0] == "Det här ändras från small@1.0.0 till ours@1.0.0."
    assert "nu 10 arbetsdagar" in one
    assert "Paketet" not in one
    told = json.loads(run("show", ours, "order", "--diff", small, "--json").stdout)
    assert [entry["at"] for entry in told["differences"]] == ["process.order.states.ordered.due"]


def test_of_another_base(tmp_path: Path) -> None:
    """It may be held against any other pack."""
    ours = pack(tmp_path / "ours", extends="soderkoping")
    said = run("show", ours, "--diff", FOLDER).stdout
    assert said.startswith("What changes from small@1.0.0 to ours@1.0.0.\n")


def test_what_show_diff_cannot_do(tmp_path: Path) -> None:
    """A process that is not there, a base that is none, and options that do not go with it."""
    ours = pack(tmp_path / "ours", extends="soderkoping")
    assert complaint("show", ours, "mountin", "--diff", "soderkoping") == (
        "There is no process 'mountin'. Did you mean 'mounting'?"
    )
    assert complaint("show", ours, "--diff", "soderkoping", "--svg") == (
        "--diff is told in words, or with --json; it is not drawn"
    )
    assert complaint("show", ours, "--diff", "nowhere").startswith(
        "There is no rule pack 'nowhere'."
    )


# -- stored routines ------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database that has stored the small routine."""
    place = tmp_path / "locks.db"
    Engine.open(place, routine=load_routine(FOLDER)).close()
    return place


def test_a_stored_routine(tmp_path: Path, database: Path) -> None:
    """What a database works by is held against what is to come, by the text that it has stored."""
    over_small(tmp_path, DUE)
    ours = tmp_path / "ours"
    result = run("diff", "small@1.0.0", ours, "--database", database)
    assert result.exit_code == 0
    assert result.stdout == run("diff", FOLDER, ours).stdout


def test_a_stored_routine_that_is_not_there(tmp_path: Path, database: Path) -> None:
    """A routine that is not stored, a database that is not named or not there: each is told."""
    assert complaint("diff", "small@2.0.0", FOLDER, "--database", database) == (
        "The database has stored no routine small@2.0.0; it has small@1.0.0."
    )
    assert complaint("diff", "small@1.0.0", FOLDER) == (
        "small@1.0.0 is a stored routine: say in which database, with --database DB. A pack that "
        "is not stored is named without its version."
    )
    nowhere = tmp_path / "nowhere.db"
    assert complaint("diff", "small@1.0.0", FOLDER, "--database", nowhere) == (
        f"There is no database {nowhere}."
    )
    assert complaint("diff", FOLDER, FOLDER, "--database", database) == (
        "--database goes with a stored routine: write one as NAME@VERSION."
    )


# -- git ------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Anna", "-c", "user.email=anna@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two packs: ours as it was, tagged before, and as it is now."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    root = tmp_path / "repository"
    shutil.copytree(FOLDER, root / "packs" / "small")
    pack(root / "packs" / "ours")
    (root / "pyproject.toml").write_text("", encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "Begin")
    git(root, "tag", "before")
    pack(root / "packs" / "ours", DUE)
    # What it extends has changed since, too: that of the revision is read.
    order = root / "packs" / "small" / "order.toml"
    order.write_text(order.read_text("utf-8").replace('"PT12H"', '"PT9H"'), encoding="utf-8")
    git(root, "commit", "--quiet", "--all", "-m", "Change")
    monkeypatch.chdir(root)
    return root


@needs_git
def test_two_revisions(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack as it was is held against the same as it is, with what it extended then."""
    result = run("diff", "before:packs/ours", "HEAD:packs/ours")
    assert result.exit_code == 0
    assert result.stdout == (
        "What changes from ours@1.0.0 to ours@1.0.0.\n"
        "\n"
        "Times: due, reminders, lateness\n"
        "  Order\n"
        "    «Ordered»: is due within: 14 days before, now 10 working days. [C1]\n"
        "    «Fitted»: is due within: 12 hours before, now 9 hours.\n"
    )
    assert run("diff", "HEAD~1:packs/ours/", "packs/ours").stdout == result.stdout
    monkeypatch.chdir(repository / "packs")
    assert run("diff", "before:./ours", "ours").stdout == result.stdout
    assert run("diff", "before:ours", "HEAD:packs/ours").stdout == result.stdout
    monkeypatch.chdir(repository / "packs" / "ours")
    assert run("diff", "before:.", ".").stdout == result.stdout


@needs_git
def test_what_git_does_not_have(repository: Path) -> None:
    """A revision or a folder that is not there is told, with what is."""
    assert complaint("diff", "yesterday:packs/ours", "packs/ours") == (
        "This git repository knows no revision 'yesterday'. Write a commit, a branch, a tag, or "
        "one like HEAD~3."
    )
    assert complaint("diff", "--", "--help:packs/ours", "packs/ours").startswith(
        "This git repository knows no revision '--help'."
    )
    assert complaint("diff", "HEAD:packs/our", "packs/ours") == (
        "The revision HEAD has no rule pack 'packs/our'; did you mean 'packs/ours'?"
    )
    assert complaint("diff", "HEAD:", "packs/ours") == (
        "The revision HEAD has no rule pack ''; there are packs/ours, packs/small."
    )
    git(repository, "rm", "-r", "--quiet", "packs")
    git(repository, "commit", "--quiet", "-m", "Take them out")
    assert complaint("diff", "HEAD:packs/ours", "soderkoping") == (
        "The revision HEAD holds no rule pack: no folder in it has a routine.toml."
    )


@needs_git
def test_a_pack_that_was_wrong_then(repository: Path) -> None:
    """A revision in which the pack was wrong is told by its name."""
    pack(repository / "packs" / "ours", "one = 1\n")
    git(repository, "commit", "--quiet", "--all", "-m", "Slip")
    assert complaint("diff", "HEAD:packs/ours", "packs/small").startswith(
        "The rule pack HEAD:packs/ours cannot be used: routine.toml:5: one: unknown key"
    )


@needs_git
def test_outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no repository, that is said."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", os.fspath(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    said = complaint("diff", "HEAD:packs/ours", "soderkoping")
    assert said.startswith(
        "REV:PATH is read from the git repository of this folder, and there is none that git reads "
        "(fatal: not a git repository"
    )
    assert said.endswith("). Go into it, or name a folder.")


def test_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git is not installed, that is said."""
    monkeypatch.setenv("PATH", "")
    assert complaint("diff", "HEAD:packs/ours", "soderkoping") == (
        "REV:PATH is read by the program git, which is not installed. Install it, or name a folder."
    )


def test_git_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that never answers is not waited for without end."""
    if os.name == "nt":
        pytest.skip("a program of one line is made for a POSIX shell")
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec /bin/sleep 30\n", encoding="utf-8")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    monkeypatch.setattr("lockroutine.cli.locating._PATIENCE", 0.2)
    assert complaint("diff", "HEAD:packs/ours", "soderkoping") == (
        "git did not answer within 0.2 seconds."
    )


@needs_git
@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (
            "HEAD:packs/ours/routine.toml",
            "git cannot read packs/ours/routine.toml of this revision: run git fsck.",
        ),
        ("HEAD:packs", "git cannot read this revision (error: "),
    ],
)
def test_a_repository_that_is_damaged(repository: Path, damaged: str, said: str) -> None:
    """What git itself cannot read is told: the file, or in git's own words."""
    name = subprocess.run(
        ["git", "rev-parse", damaged], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()
    kept = repository / ".git" / "objects" / name[:2] / name[2:]
    kept.chmod(0o644)
    kept.write_bytes(b"no such thing")
    assert complaint("diff", "HEAD:packs/ours", "packs/ours").startswith(said)
