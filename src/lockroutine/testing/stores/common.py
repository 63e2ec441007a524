"""What every part of the contract uses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lockroutine.decide import Change
from lockroutine.model import Case, Reference
from lockroutine.stores import CaseFilter, Store
from lockroutine.stores.base import all_effects
from lockroutine.testing.stores.changes import START

__all__ = ["EVERYTHING", "LATER", "LEASE", "Part", "keep", "whole"]

LATER = START + dt.timedelta(days=1)
LEASE = START + dt.timedelta(days=2)

EVERYTHING: dict[str, Any] = {
    "open_key": "mounting/customer-17/front",
    "found_by": [("door", "front")],
    "due_at": START + dt.timedelta(days=14),
    "timer_at": START + dt.timedelta(days=30),
    "data": {
        "door": "front",
        "cycles": 5,
        "works": True,
        "fits": ["euro", "å"],
        "nested": {"a": ""},
    },
    "personal": {"name": "Customer 17", "contact": {"phone": "+46 70 174 06 05"}},
    "references": [Reference("easit", "4711")],
    "effects": ["open_ticket", "send_notice"],
}


class Part:
    """A part of the contract."""

    @pytest.fixture
    def store(self) -> Any:
        """An empty store; a subclass says which."""
        raise NotImplementedError("give a fixture `store` that makes an empty store")


def keep(store: Store, *changes: Change, key: str = "", digest: str = "") -> Case:
    """Keep changes in one transaction, and give the case that the last one makes."""
    with store.writing() as transaction:
        transaction.apply(changes, key, digest)
    return changes[-1].case


def whole(store: Store) -> tuple[object, ...]:
    """Everything that a store holds, to compare."""
    with store.reading() as reading:
        keys = reading.routine_keys()
        return (
            reading.cases(CaseFilter(), "", 10_000),
            list(reading.events()),
            list(all_effects(reading)),
            {key: reading.routine(key) for key in keys},
            dict(reading.refusals()),
            reading.first_result("req-1"),
        )
