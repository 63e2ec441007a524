"""The plugin keeps the contract of ticket plugins, with a real Roundup."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import httpx
import pytest
from lockroutine_roundup import RoundupTickets, Settings
from lockroutine_roundup.testing import PASSWORD, USER, Tracker

from lockroutine.plugins import Secret
from lockroutine.testing.plugins import Kept, LossyProxy, TicketContract


class TestRoundup(TicketContract):
    takes_once = True
    patience = 1.5
    settle = 0.3

    @pytest.fixture
    def wire(self, tracker: Tracker) -> Iterator[LossyProxy]:
        with LossyProxy(tracker.port, listen=httpx.URL(tracker.web).port or 0) as wire:
            yield wire

    @pytest.fixture
    def plugin(self, wire: LossyProxy) -> Iterator[RoundupTickets]:
        settings = Settings(url=wire.url, user=USER, password=Secret(PASSWORD))
        with contextlib.closing(RoundupTickets(settings)) as plugin:
            yield plugin

    @pytest.fixture
    def kept(self, tracker: Tracker) -> Kept:
        return tracker.kept

    @pytest.fixture
    def write(self, tracker: Tracker) -> Callable[[str, str], object]:
        return tracker.write
