"""The page for those who run the bundled adapters: it says what the code says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

import attrs
import pytest
import typer.main

from lockroutine import load_routine
from lockroutine.accounts import Account, read_accounts
from lockroutine.cli.app import app
from lockroutine.contacts import Contact, read_contacts
from lockroutine.model import EffectState
from lockroutine.plugins import Plugins, Secret
from lockroutine.plugins.installed import chosen_plugins, load_plugins, look_at
from lockroutine.rules.effects import SendNotice

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8")
BUNDLED = ("easit", "manual", "mail", "apprise", "file")


def table(name: str) -> str:
    """The settings of an adapter, as the page shows them."""
    kind: Any = look_at(name).settings
    hints = get_type_hints(kind)
    rows = ["| setting | if left out | what it is |", "| --- | --- | --- |"]
    for one in attrs.fields(kind):
        meaning = one.metadata["doc"]
        if Secret in (hints[one.name], *get_args(hints[one.name])):
            meaning += " Secret."
        rows.append(f"| `{one.name}` | {default(one.default)} | {meaning} |")
    return "\n".join(rows)


def default(value: object) -> str:
    if value is attrs.NOTHING:
        return "must be given"
    if value is None or value == "" or isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in cast("tuple[object, ...]", value))
    return f"`{value}`"


def block(starts: str) -> str:
    """The one TOML block of the page that starts with a line."""
    found = re.findall(rf"```toml\n({re.escape(starts)}\n.*?)```", PAGE, re.DOTALL)
    (text,) = found
    return str(text)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_settings_are_those_of_the_code(name: str) -> None:
    """Each adapter's table says what its Settings say, with the defaults."""
    section = PAGE.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    assert table(name) in section, f"the table of {name} is to be:\n{table(name)}"


def test_every_setting_has_a_plain_type() -> None:
    """The page says how settings are written in the environment; no type is left out of that."""
    for name in BUNDLED:
        for kind in get_type_hints(look_at(name).settings).values():
            assert kind in (str, int, bool, Secret) or get_origin(kind) or get_args(kind)


def test_the_settings_file_of_the_page_is_whole(tmp_path: Path) -> None:
    """With the secrets in the environment, the page's file sets up all that the pack needs."""
    file = tmp_path / "plugins.toml"
    file.write_text(block("# plugins.toml"), encoding="utf-8")
    names = chosen_plugins(file, environ={})
    assert names == ("easit", "manual", "mail")
    secrets = {"LOCKROUTINE_EASIT_API_KEY": "x", "LOCKROUTINE_MAIL_PASSWORD": "x"}
    plugins = Plugins(load_plugins(names, file, environ=secrets))
    try:
        assert plugins.problems_with(load_routine().pack) == []
    finally:
        plugins.close()


def test_the_contacts_of_the_page_are_all_that_the_pack_needs(tmp_path: Path) -> None:
    """The contacts are those whom the bundled pack sends messages to, each with an address."""
    file = tmp_path / "contacts.toml"
    file.write_text(block("# contacts.toml"), encoding="utf-8")
    contacts = read_contacts(file)
    effects = [
        effect
        for process in load_routine().pack.process.values()
        for transition in process.transitions.values()
        for effect in transition.effects.values()
    ]
    recipients = {to for one in effects if isinstance(one, SendNotice) for to in one.to}
    assert set(contacts.contact) == recipients
    assert all(contact.address() for contact in contacts.contact.values())


def test_the_keys_of_a_contact_are_all_told() -> None:
    """Each key of a contact stands in the page's table."""
    section = PAGE.partition("\n## Contacts")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert told == [one.name for one in attrs.fields(Contact)]


def test_the_accounts_of_the_page_are_read(tmp_path: Path) -> None:
    """The accounts of the page work in roles of the bundled pack, and each key is told."""
    file = tmp_path / "accounts.toml"
    file.write_text(block("# accounts.toml"), encoding="utf-8")
    accounts = read_accounts(file)
    assert accounts.of("montor.3") is not None
    assert accounts.problems_with(load_routine()) == []
    section = PAGE.partition("\n## What comes back")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert told == [one.name for one in attrs.fields(Account)]


def test_every_state_of_an_effect_is_told() -> None:
    """Each state is explained, with what to do."""
    section = PAGE.partition("\n## Where an effect is")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(get_args(EffectState))


def test_the_commands_are_there() -> None:
    """Each command of the page is one, with the options that are shown."""
    group: Any = typer.main.get_command(app)
    shown = re.findall(r"^lockroutine (\w+)(.*)$", PAGE, re.MULTILINE)
    told = {"plugins", "deliver", "pull", "effects", "retry", "dismiss", "confirm"}
    assert {name for name, _ in shown} >= told
    for name, rest in shown:
        options = {option for one in group.commands[name].params for option in one.opts}
        assert set(re.findall(r"--[a-z-]+", rest.partition("#")[0])) <= options
