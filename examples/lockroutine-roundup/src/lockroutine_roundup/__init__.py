"""Tickets in Roundup, for lockroutine."""

from lockroutine_roundup.plugin import RoundupTickets, Settings

__all__ = ["RoundupTickets", "Settings"]
