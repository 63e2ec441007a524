"""The municipality's own file of contacts, and what is shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockroutine import Engine
from lockroutine.contacts import Contact, Contacts, read_contacts
from lockroutine.errors import NotFound, RulesError


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "contacts.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_contacts_are_read_by_role(tmp_path: Path) -> None:
    """A file gives each role's telephone number and addresses (C1)."""
    path = written(
        tmp_path,
        '[contact.installer]\nlabel = "Installers"\nphone = "+46 70 174 06 05"\n'
        'mail = "installers@example.org"\nsms = "+46 70 174 06 06"\nlanguage = "en"\n',
    )
    contact = read_contacts(path).of("installer")
    assert (contact.phone, contact.mail) == ("+46 70 174 06 05", "installers@example.org")
    assert (contact.language, contact.address()) == ("en", "installers@example.org")


def test_the_address_is_that_of_the_channel() -> None:
    """Notices go to the address of the channel that is asked for."""
    contact = Contact(mail="a@example.org", sms="+46 70 174 06 05", channel="sms")
    assert contact.address() == "+46 70 174 06 05"


def test_contacts_are_shown_nowhere_else() -> None:
    """No name, number or address is in a repr."""
    shown = repr(Contacts({"installer": Contact(label="Installers", mail="a@example.org")}))
    assert "example.org" not in shown
    assert "Installers" not in shown


def test_a_contact_that_is_not_there() -> None:
    """The nearest name is told."""
    with pytest.raises(NotFound) as caught:
        Contacts({"installer": Contact()}).of("instaler")
    assert str(caught.value) == "There is no contact 'instaler'. Did you mean 'installer'?"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("[contact.installer]\nmali = 'a@example.org'", ["contact.installer.mali: unknown key"]),
        ("[contact.installer]\nphone = 112", ["contact.installer.phone: must be text"]),
        ("[contact.installer\n'a@example.org'", ["is not TOML (at line 1, column 19)"]),
        (b"\xff\xfe\x00", ["cannot be read as UTF-8 text"]),
    ],
)
def test_a_wrong_file_is_told_without_its_contents(
    tmp_path: Path, text: str | bytes, problems: list[str]
) -> None:
    """What is wrong is said with its path, and nothing of what the file holds."""
    with pytest.raises(RulesError) as caught:
        read_contacts(written(tmp_path, text))
    said = str(caught.value)
    assert all(problem in said for problem in problems)
    assert "example.org" not in said


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is not found."""
    with pytest.raises(NotFound, match="There is no file of contacts"):
        read_contacts(tmp_path / "none.toml")


def test_an_engine_is_asked_for_them() -> None:
    """Whom to reach is there to ask the engine for, by role (C1)."""
    contacts = Contacts({"installer": Contact(phone="+46 70 174 06 05")})
    with Engine.open(":memory:", contacts=contacts) as engine:
        assert engine.contacts.of("installer").phone == "+46 70 174 06 05"
