"""The municipality's own file of accounts: who stands behind those of the ticket system."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockroutine import Actor, InvalidForm, load_routine
from lockroutine.accounts import Account, KnownAccounts, read_accounts
from lockroutine.errors import NotFound, RulesError


def written(folder: Path, text: str) -> Path:
    path = folder / "accounts.toml"
    path.write_text(text, "utf-8")
    return path


def test_an_account_is_somebody_who_works_here(tmp_path: Path) -> None:
    """A file says who stands behind an account, in which roles and units; nobody else is known."""
    path = written(
        tmp_path,
        '[account."montor.3"]\nactor = "installer-3"\nroles = ["installer"]\nunits = ["north"]\n'
        '[account.anna]\nactor = "anna"\nroles = ["coordinator"]\n',
    )
    known = read_accounts(path)
    assert known.of("montor.3") == Actor("installer-3", roles={"installer"}, units={"north"})
    assert known.of("anna") == Actor("anna", roles={"coordinator"})
    assert known.of("Anna") is None
    assert known.problems_with(load_routine()) == []
    assert "montor" not in repr(known)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            '[account.a]\nactor = ""\nroles = []\nunits = ["\\n"]',
            [
                "account.a.actor: must not be blank or begin or end with a space",
                "account.a.units: must not be blank or begin or end with a space",
                "account.a.roles: must name one role at least",
            ],
        ),
        (
            '[account.a]\nroles = "installer"\n[account.b]\nactor = "b"\nroles = []\nunit = "x"',
            [
                "account.a.actor: is missing",
                "account.a.roles: must be a list, not text",
                "account.b.unit: unknown key; did you mean 'units'?",
            ],
        ),
        ("[acount.a]", ["acount: unknown key; did you mean 'account'?"]),
        ("[account.a\n", ["is not TOML (at line 1, column 11)"]),
    ],
)
def test_every_problem_is_told_at_once(tmp_path: Path, text: str, problems: list[str]) -> None:
    """What is wrong is told with the file and the key, all of it, and without a value."""
    path = written(tmp_path, text)
    with pytest.raises(RulesError) as error:
        read_accounts(path)
    assert str(error.value).split("\n") == [f"{path}: {problem}" for problem in problems]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is told by its name."""
    with pytest.raises(NotFound, match="There is no file of accounts"):
        read_accounts(tmp_path / "none.toml")


def test_a_role_that_is_not_there() -> None:
    """A role that the routine does not have is told with the nearest that it has."""
    known = KnownAccounts(
        {
            "a": Account(actor="a", roles=("instaler", "installer")),
            "b": Account(actor="b", roles=("x",)),
        }
    )
    near, far = known.problems_with(load_routine(), "accounts.toml")
    assert str(near) == (
        "accounts.toml: account.a.roles: there is no role 'instaler'; did you mean installer?"
    )
    assert str(far).startswith("accounts.toml: account.b.roles: there is no role 'x'; there are: ")


def test_an_account_made_in_a_program_is_looked_at_too() -> None:
    """An account without a role is none, however it is made."""
    with pytest.raises(InvalidForm, match="roles: must name one role at least"):
        Account(actor="a", roles=())
