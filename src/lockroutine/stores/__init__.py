"""Where cases, events and effects are kept. `Store` is the protocol; the rest are its makers."""

from lockroutine.stores.base import (
    CaseFilter,
    Cases,
    FirstResult,
    Position,
    Reading,
    Store,
    Writing,
)
from lockroutine.stores.memory import MemoryStore
from lockroutine.stores.sqlite import SqliteStore

__all__ = [
    "CaseFilter",
    "Cases",
    "FirstResult",
    "MemoryStore",
    "Position",
    "Reading",
    "SqliteStore",
    "Store",
    "Writing",
]
