"""The manager of plugins: what is wrong is found at start-up, and a bad call harms only itself."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import Any

import pluggy
import pytest
from attrs import field, frozen

from lockroutine import Engine, hookspecs
from lockroutine.errors import OutcomeUnknown, PluginsError, Rejected, TryAgain
from lockroutine.hookspecs import (
    HOOKS_VERSION,
    ChannelSearch,
    KindSearch,
    LockSearch,
    NoteSearch,
    Notice,
    Pairing,
    Receipt,
    RegisteredLock,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketSearch,
    hookimpl,
)
from lockroutine.plugins import Plugins, Secret, read_settings, setting
from lockroutine.plugins.manager import FAMILIES, HOOKS
from smallpack import ROUTINE

SOON = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
ORDER = TicketOrder(key="1", subject="x", body="x", deadline=SOON)


class Desk:
    """A ticket system that does all that is asked."""

    hooks = "1.0"

    def __init__(self, name: str = "desk") -> None:
        self.name = name

    @hookimpl
    def open_ticket(self, details: TicketOrder) -> Ticket:
        return Ticket(id="1")

    @hookimpl
    def add_note(self, details: TicketNote) -> Receipt:
        return Receipt()

    @hookimpl
    def close_ticket(self, details: TicketClosing) -> Receipt:
        return Receipt()

    @hookimpl
    def find_ticket(self, details: TicketSearch) -> Ticket | None:
        return None

    @hookimpl
    def find_note(self, details: NoteSearch) -> Receipt | None:
        return None


class Tool:
    """An admin tool."""

    hooks = "1.0"
    name = "tool"

    @hookimpl
    def pair_lock(self, details: Pairing) -> Receipt:
        return Receipt()

    @hookimpl
    def unpair_lock(self, details: Pairing) -> Receipt:
        return Receipt()

    @hookimpl
    def look_up_lock(self, details: LockSearch) -> RegisteredLock | None:
        return None


class Post:
    """Offers channels of notices."""

    hooks = "1.0"

    def __init__(self, name: str = "post", *offered: str) -> None:
        self.name = name
        self.offered = offered or ("mail",)

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        return self.offered

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        return Receipt(id=f"{self.name}/{details.channel}")


def refusal(*plugins: object) -> str:
    with pytest.raises(PluginsError) as error:
        Plugins(plugins)
    return str(error.value)


# -- what is found at start-up --------------------------------------------------------------------


def test_every_hook_is_known() -> None:
    """The manager knows every hook of the page, and each family is among them."""
    specified = [n for n, v in vars(hookspecs).items() if hasattr(v, "lockroutine_spec")]
    assert list(HOOKS) == specified
    assert {hook for members in FAMILIES.values() for hook in members} <= set(HOOKS)
    for hook in (*HOOKS[:11], "send_notice"):
        assert callable(getattr(Plugins(), hook))


def test_a_hook_that_is_misspelt() -> None:
    """A misspelt hook is named, with the one that was meant."""

    class Misspelt(Desk):
        @hookimpl
        def open_tiket(self, details: TicketOrder) -> Ticket:
            return Ticket(id="1")

    assert refusal(Misspelt()) == (
        "desk: implements open_tiket, and there is no such hook; did you mean open_ticket?"
    )


def test_a_hook_that_is_like_none() -> None:
    """A hook that resembles none is named all the same."""

    class Strange:
        name, hooks = "strange", "1.0"

        @hookimpl
        def xyzzy(self) -> None: ...

    assert refusal(Strange()) == "strange: implements xyzzy, and there is no such hook"


def test_a_hook_with_other_arguments() -> None:
    """A hook that takes something else than details is named."""

    class Wrong(Desk):
        @hookimpl
        def open_ticket(self, order: TicketOrder) -> Ticket:
            return Ticket(id="1")

    assert refusal(Wrong()) == (
        "desk: open_ticket takes other arguments than the hook: it takes details"
    )


def test_a_hook_that_needs_no_details() -> None:
    """A hook may leave its argument out, as pluggy lets it."""

    class Brief:
        name, hooks = "brief", "1.0"

        @hookimpl
        def channels(self) -> tuple[str, ...]:
            return ("mail",)

        @hookimpl
        def send_notice(self) -> Receipt:
            return Receipt(id="sent")

    assert Plugins([Brief()]).channels() == {"mail": "brief"}


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("0.9", "desk: is for hooks 0.9, and this is 1.0; upgrade the plugin desk"),
        ("2.0", "desk: is for hooks 2.0, and this is 1.0; upgrade lockroutine"),
        ("12", "desk: is for hooks 12, and this is 1.0; upgrade lockroutine"),
        (None, 'desk: does not say which hooks it is for; give it hooks = "1.0"'),
        (1.0, 'desk: does not say which hooks it is for; give it hooks = "1.0"'),
    ],
)
def test_another_major_version(version: Any, message: str) -> None:
    """A plugin for another major version is refused, and it says which of the two to upgrade."""
    desk = Desk()
    desk.hooks = version
    assert HOOKS_VERSION == "1.0"
    assert refusal(desk) == message


@pytest.mark.parametrize("version", ["1", "1.0", "1.7"])
def test_another_minor_version(version: str) -> None:
    """Minor versions go together."""
    desk = Desk()
    desk.hooks = version
    assert Plugins([desk]).names() == ("desk",)


@pytest.mark.parametrize("name", ["", None, 5])
def test_no_name(name: Any) -> None:
    """A plugin says what it is called."""
    assert refusal(Desk(name)) == 'Desk: has no name; give it name = "..."'


def test_the_same_name_twice() -> None:
    """Two plugins of one name are refused, also the same one twice."""
    assert refusal(Desk(), Desk()) == "desk: another plugin has that name already"
    desk = Desk()
    assert refusal(desk, desk) == "desk: another plugin has that name already"


def test_half_a_family() -> None:
    """Who offers to open tickets must also find them, or a lost reply would become a double."""

    class Half:
        name, hooks = "half", "1.0"

        @hookimpl
        def open_ticket(self, details: TicketOrder) -> Ticket:
            return Ticket(id="1")

    assert refusal(Half()) == (
        "half: offers tickets but lacks add_note, close_ticket, find_ticket, find_note"
    )


def test_several_problems_at_once() -> None:
    """All that is wrong with a plugin is said at once."""

    class Wrong:
        name, hooks = "wrong", "2.0"

        @hookimpl
        def open_tickets(self, details: TicketOrder) -> Ticket:
            return Ticket(id="1")

    assert refusal(Wrong()) == (
        "wrong: is for hooks 2.0, and this is 1.0; upgrade lockroutine\n"
        "wrong: implements open_tickets, and there is no such hook; did you mean open_ticket?"
    )


def test_what_the_pack_needs() -> None:
    """A system that the pack speaks to is there once; who writes notices may be several."""

    def opened(*plugins: object) -> str:
        try:
            Engine.open(":memory:", routine=ROUTINE, plugins=plugins).close()
        except PluginsError as error:
            return str(error)
        return ""

    key = ROUTINE.pack.key
    assert opened() == ""
    assert opened(Desk(), Tool(), Post()) == ""
    assert opened(Desk(), Tool(), Post(), Post("other", "sms")) == ""
    assert opened(Tool(), Post()) == (f"tickets: {key} needs a plugin for it, and there is none")
    assert opened(Desk("a"), Desk("b"), Tool(), Post()) == (
        "tickets: a, b all offer it, and only one may; leave the others out"
    )
    assert opened(Desk()) == (
        f"admin_tool: {key} needs a plugin for it, and there is none\n"
        f"notices: {key} needs a plugin for it, and there is none"
    )


def test_two_plugins_for_one_channel() -> None:
    """Who sends over a channel is never a matter of order."""
    plugins = Plugins([Post("a", "mail", "sms"), Post("b", "sms")])
    with pytest.raises(PluginsError) as error:
        plugins.channels()
    assert str(error.value) == "channel sms: a and b both offer it; leave one out"


# -- calls ----------------------------------------------------------------------------------------


def failing(what: Callable[[], object]) -> Plugins:
    class Failing(Desk):
        @hookimpl
        def open_ticket(self, details: TicketOrder) -> Ticket:
            return what()  # type: ignore[return-value]

    return Plugins([Failing()])


def raising(error: BaseException) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (raising(ValueError("+46 70 174 06 05")), "desk: open_ticket raised ValueError"),
        (raising(pluggy.PluginValidationError(None, "x")), "PluginValidationError"),
        (lambda: sys.exit("+46 70 174 06 05"), "desk: open_ticket raised SystemExit"),
        (lambda: None, "desk: open_ticket returned NoneType, not Ticket"),
        (lambda: "17", "desk: open_ticket returned str, not Ticket"),
        (lambda: Receipt(id="17"), "desk: open_ticket returned Receipt, not Ticket"),
    ],
)
def test_a_plugin_that_misbehaves(what: Callable[[], object], message: str) -> None:
    """What raises, exits or returns another type leaves the outcome unknown, and is not quoted."""
    with pytest.raises(OutcomeUnknown, match=message) as error:
        failing(what).open_ticket(ORDER)
    assert "174" not in str(error.value)


@pytest.mark.parametrize("kind", [TryAgain, Rejected, OutcomeUnknown])
def test_what_a_plugin_says_is_passed_on(kind: type[Exception]) -> None:
    """The three kinds of failure come out as the plugin raised them."""
    with pytest.raises(kind, match=r"^the reason$"):
        failing(raising(kind("the reason"))).open_ticket(ORDER)


def test_a_search_may_find_nothing_but_not_anything() -> None:
    """None is an answer of a search; another type is not."""

    class Finding(Desk):
        @hookimpl
        def find_ticket(self, details: TicketSearch) -> Ticket | None:
            return "17" if details.key == "x" else None  # type: ignore[return-value]

    plugins = Plugins([Finding()])
    assert plugins.find_ticket(TicketSearch(key="1", deadline=SOON)) is None
    with pytest.raises(OutcomeUnknown, match="desk: find_ticket returned str, not Ticket"):
        plugins.find_ticket(TicketSearch(key="x", deadline=SOON))


def test_nobody_to_call() -> None:
    """A hook that nobody implements is refused, as nothing was sent."""
    with pytest.raises(Rejected, match=r"^0 plugins implement open_ticket, and it takes one$"):
        Plugins().open_ticket(ORDER)


def test_notices_go_by_their_channel() -> None:
    """Each notice goes through the plugin that offers its channel, or is refused with the list."""
    plugins = Plugins([Post("a", "mail"), Post("b", "sms", "pager")])
    notice = Notice(key="1", channel="sms", recipient="x", subject="x", body="x", deadline=SOON)
    assert plugins.send_notice(notice) == Receipt(id="b/sms")
    with pytest.raises(Rejected) as error:
        plugins.send_notice(
            Notice(key="1", channel="fax", recipient="x", subject="x", body="x", deadline=SOON)
        )
    assert str(error.value) == ("no plugin offers the channel fax; offered: mail, sms, pager")


def test_a_raising_plugin_stops_no_other() -> None:
    """Plugins are called one by one: what one does is nothing to the others."""

    class Packs:
        name, hooks = "packs", "1.0"

        @hookimpl
        def rule_packs(self, details: KindSearch) -> dict[str, str]:
            return {"mine": "/packs/mine"}

    class Broken:
        name, hooks = "broken", "1.0"

        @hookimpl
        def rule_packs(self, details: KindSearch) -> dict[str, str]:
            raise RuntimeError

    assert Plugins([Packs()]).packs() == {"mine": "/packs/mine"}
    with pytest.raises(OutcomeUnknown, match="broken: rule_packs raised RuntimeError"):
        Plugins([Packs(), Broken()]).packs()


# -- settings -------------------------------------------------------------------------------------

SECRET = "hemlig-nyckel"


@frozen(kw_only=True)
class Settings:
    """Settings of a plugin."""

    url: str = field(metadata=setting("Where it is."))
    key: Secret = field(metadata=setting("The key."))
    tries: int = field(default=3, metadata=setting("How often."))
    wanted: bool = field(default=True, metadata=setting("Whether."))
    names: tuple[str, ...] = field(default=(), metadata=setting("Who."))


GOOD: dict[str, Any] = {"url": "https://example.org", "key": SECRET}


def test_settings_from_a_table() -> None:
    """Settings are read as they stand, and a secret is shown nowhere but to who asks for it."""
    read = read_settings(Settings, "desk", {**GOOD, "names": ["a", "b"]}, {})
    assert (read.url, read.tries, read.names) == ("https://example.org", 3, ("a", "b"))
    assert read.key.reveal() == SECRET
    for shown in (repr(read), str(read), f"{read.key}", repr([read.key]), str({"k": read.key})):
        assert SECRET not in shown


def test_the_environment_wins() -> None:
    """The environment wins over the file, each value read as its type."""
    environ = {
        "LOCKROUTINE_MY_DESK_KEY": SECRET,
        "LOCKROUTINE_MY_DESK_TRIES": " 5 ",
        "LOCKROUTINE_MY_DESK_WANTED": "False",
        "LOCKROUTINE_MY_DESK_NAMES": "a, b,",
        "LOCKROUTINE_DESK_TRIES": "7",
    }
    read = read_settings(Settings, "my-desk", {"url": "https://example.org", "tries": 4}, environ)
    assert (read.key.reveal(), read.tries, read.wanted, read.names) == (
        SECRET,
        5,
        False,
        ("a", "b"),
    )


@pytest.mark.parametrize(
    ("table", "environ", "message"),
    [
        ({}, {}, "plugin.desk.key: is missing\nplugin.desk.url: is missing"),
        (
            {**GOOD, "tires": 5},
            {},
            "plugin.desk.tires: unknown key; did you mean 'tries'?",
        ),
        ({**GOOD, "tries": "5"}, {}, "plugin.desk.tries: must be a whole number, not text"),
        (
            {**GOOD, "tries": True},
            {},
            "plugin.desk.tries: must be a whole number, not true or false",
        ),
        ({**GOOD, "names": "a"}, {}, "plugin.desk.names: must be a list, not text"),
        ({**GOOD, "key": ""}, {}, "plugin.desk.key: must be text, and not blank"),
        ({**GOOD, "key": [SECRET]}, {}, "plugin.desk.key: must be text, and not blank"),
        (
            GOOD,
            {"LOCKROUTINE_DESK_TRIES": SECRET, "LOCKROUTINE_DESK_WANTED": "maybe"},
            "plugin.desk.tries: (LOCKROUTINE_DESK_TRIES) must be a whole number\n"
            "plugin.desk.wanted: (LOCKROUTINE_DESK_WANTED) must be true or false",
        ),
    ],
)
def test_settings_that_are_wrong(
    table: dict[str, Any], environ: dict[str, str], message: str
) -> None:
    """Every problem at once, each with its place, and no value of any."""
    with pytest.raises(PluginsError) as error:
        read_settings(Settings, "desk", table, environ)
    assert "\n".join(sorted(str(error.value).split("\n"))) == message
    assert SECRET not in str(error.value) + repr(error.value)


def test_plugins_are_closed_with_the_engine() -> None:
    """A plugin that has a close is closed once, and one that has none is left alone."""
    closed: list[str] = []

    class Held:
        name, hooks = "held", "1.0"

        def close(self) -> None:
            closed.append(self.name)

    class Plain:
        name, hooks = "plain", "1.0"

    Plugins([Held(), Plain()]).close()
    assert closed == ["held"]
