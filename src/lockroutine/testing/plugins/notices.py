"""The contract of plugins that send messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from lockroutine.hookspecs import ChannelSearch, Notice, Receipt
from lockroutine.testing.plugins.common import (
    IN_VAIN,
    LONG,
    PRIVATE,
    SWEDISH,
    Kept,
    able,
    agree,
    call,
    deadline,
    expect,
    new_key,
    plain,
)
from lockroutine.testing.plugins.plugin import PluginContract
from lockroutine.testing.wire import Fault, Wire

__all__ = ["NoticeContract"]


class NoticeContract(PluginContract):
    """What every plugin for notices keeps.

    Attributes:
        recipient: An address that takes messages.
    """

    recipient: ClassVar[str] = "customer-17@example.org"

    def usual(self, plugin: object) -> Iterator[tuple[str, object]]:
        """One message over each channel."""
        for channel in self.channels(plugin):
            yield "send_notice", self.notice(channel, body=PRIVATE)

    def channels(self, plugin: object) -> tuple[str, ...]:
        """The channels that the plugin offers."""
        return expect(call(plugin, "channels", ChannelSearch()), tuple, "channels")

    def notice(self, channel: str, key: str = "", body: str = "Hello") -> Notice:
        """A message to the recipient."""
        return Notice(
            key=key or new_key(),
            channel=channel,
            recipient=self.recipient,
            subject="En tid är bokad",
            body=body,
            deadline=deadline(),
        )

    def test_channels_are_named(self, plugin: object) -> None:
        """It offers a channel at least, each by a name, always the same."""
        channels = self.channels(plugin)
        assert channels, "it offers no channel"
        assert all(type(one) is str and one for one in channels), "a channel has no name"
        assert len(set(channels)) == len(channels), "a channel is offered twice"
        assert self.channels(plugin) == channels

    @pytest.mark.parametrize("body", [SWEDISH, LONG], ids=["letters", "long"])
    def test_a_message_arrives_under_its_key(self, plugin: object, kept: Kept, body: str) -> None:
        """A message arrives once, bears its key, and its text arrives as it is."""
        for channel in self.channels(plugin):
            key = new_key()
            receipt = call(plugin, "send_notice", self.notice(channel, key, body))
            expect(receipt, Receipt, "send_notice")
            assert [plain(text) for text in kept(key)] == [body]

    @pytest.mark.parametrize("fault", IN_VAIN)
    def test_faults_while_sending(
        self, plugin: object, wire: Wire | None, kept: Kept, fault: Fault
    ) -> None:
        """Whichever exchange fails, `TryAgain` is said only of what was not sent."""
        wire = able(wire, fault)
        (channel, *_) = self.channels(plugin)
        for key, outcome in self._faulty(
            plugin, wire, fault, "send_notice", lambda key: self.notice(channel, key)
        ):
            agree(outcome, None, kept(key), f"send_notice, {fault}", looks=False)

    def test_overtaken_messages(self, plugin: object, wire: Wire | None, kept: Kept) -> None:
        """Of two messages sent side by side each arrives once, whichever arrives first."""
        wire = able(wire, "reorder")
        (channel, *_) = self.channels(plugin)
        for key, _ in self._overtaken(
            plugin, wire, "send_notice", lambda key: self.notice(channel, key, key)
        ):
            assert [plain(text) for text in kept(key)] == [key], "not each message once"
