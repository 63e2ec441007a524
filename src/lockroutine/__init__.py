"""A municipality's routine for digital locks in home care, as data that is held to.

`load_routine` reads a rule pack, `Engine` decides and stores by it. Start with the README.
"""

from lockroutine.engine import Engine
from lockroutine.errors import (
    ConflictError,
    InvalidForm,
    LockroutineError,
    NotFound,
    Problem,
    Refused,
    RulesError,
    StoreError,
)
from lockroutine.facts import Facts
from lockroutine.model import (
    Actor,
    Case,
    Cure,
    Effect,
    Event,
    Option,
    Page,
    Reason,
    Reference,
    Text,
    Verdict,
    Verification,
    WaitingCase,
    WorkItem,
)
from lockroutine.routine import Routine, load_routine

__all__ = [
    "Actor",
    "Case",
    "ConflictError",
    "Cure",
    "Effect",
    "Engine",
    "Event",
    "Facts",
    "InvalidForm",
    "LockroutineError",
    "NotFound",
    "Option",
    "Page",
    "Problem",
    "Reason",
    "Reference",
    "Refused",
    "Routine",
    "RulesError",
    "StoreError",
    "Text",
    "Verdict",
    "Verification",
    "WaitingCase",
    "WorkItem",
    "load_routine",
]
