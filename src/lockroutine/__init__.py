"""A municipality's routine for digital locks in home care, as data that is held to.

`load_routine` reads a rule pack, `Engine` decides and stores by it. Start with the README.
"""

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
from lockroutine.model import (
    Actor,
    Case,
    Cure,
    Effect,
    Event,
    Facts,
    Page,
    Reason,
    Reference,
    Text,
    Verdict,
    WorkItem,
)
from lockroutine.routine import Routine, load_routine

__all__ = [
    "Actor",
    "Case",
    "ConflictError",
    "Cure",
    "Effect",
    "Event",
    "Facts",
    "InvalidForm",
    "LockroutineError",
    "NotFound",
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
    "WorkItem",
    "load_routine",
]
