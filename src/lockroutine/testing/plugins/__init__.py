"""The contracts that plugins keep: one abstract class of tests for each family of hooks.

Whoever writes a plugin makes a subclass in a test file and gives it three fixtures: ``wire`` (how
the connection is broken), ``plugin``, and ``kept`` (what the other system has, looked up past the
plugin)::

    class TestDesk(TicketContract):
        @pytest.fixture
        def wire(self, desk):
            with LossyProxy(desk.port) as wire:
                yield wire

        @pytest.fixture
        def plugin(self, desk, wire):
            return DeskPlugin(Settings(url=wire.url, token=Secret(desk.token)))

        @pytest.fixture
        def kept(self, desk):
            return desk.texts

A plugin that has no connection gives a ``wire`` of None: what is told of faults is skipped then.
It needs pytest.
"""

from lockroutine.testing.plugins.admin_tools import AdminToolContract
from lockroutine.testing.plugins.common import Kept
from lockroutine.testing.plugins.notices import NoticeContract
from lockroutine.testing.plugins.plugin import PluginContract
from lockroutine.testing.plugins.tickets import TicketContract
from lockroutine.testing.wire import LossyProxy, Wire

__all__ = [
    "AdminToolContract",
    "Kept",
    "LossyProxy",
    "NoticeContract",
    "PluginContract",
    "TicketContract",
    "Wire",
]
