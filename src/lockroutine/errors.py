"""Every error that lockroutine raises on purpose, under one base class.

Texts of errors never hold values that a person entered: they name where a thing is wrong and what
to do instead, so that they can be logged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from lockroutine.model import Verdict

__all__ = [
    "ConflictError",
    "InvalidForm",
    "LockroutineError",
    "NotFound",
    "OutcomeUnknown",
    "PluginError",
    "PluginsError",
    "Problem",
    "ProblemsError",
    "Refused",
    "Rejected",
    "RulesError",
    "StoreBusy",
    "StoreError",
    "TransactionLost",
    "TryAgain",
    "nearest",
    "not_found",
]


@frozen
class Problem:
    """One thing that is wrong with data or with a rule pack.

    Args:
        path: Where, for example ``contact.phone`` or ``process.mounting.states.ordered``.
        message: What is wrong and what to write instead.
        file: The file of a rule pack, if it is one that is wrong.
        line: The line in that file, counted from 1, where it is known.

    >>> print(Problem("cycles", "is missing"))
    cycles: is missing
    >>> print(Problem("process.lock.subject", "is missing", file="lock.toml", line=3))
    lock.toml:3: process.lock.subject: is missing
    """

    path: str
    message: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.path, self.message) if part)


class LockroutineError(Exception):
    """The base of every error of this library."""


class Refused(LockroutineError):
    """The routine does not allow this now.

    Attributes:
        verdict: What stands in the way, by which rules and clauses, and what would help.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict

    def __str__(self) -> str:
        return self.verdict.summary("en")


class ProblemsError(LockroutineError):
    """Something is wrong in one place or in several, and all of it is told at once.

    Attributes:
        problems: Every problem.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class InvalidForm(ProblemsError, ValueError):
    """The data given are not what is asked for. Nothing was done.

    Attributes:
        problems: Every problem at once, each with its path.
    """

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems)


class NotFound(LockroutineError, LookupError):
    """There is nothing by that name or id.

    Attributes:
        kind: What was looked for: ``case``, ``process``, ``transition``, ``field``, ...
        name: The name that was given, its first 80 characters.
        suggestion: The nearest name that exists, or an empty text.
    """

    def __init__(self, kind: str, name: str, suggestion: str = "") -> None:
        name = name[:80]
        super().__init__(kind, name, suggestion)
        self.kind = kind
        self.name = name
        self.suggestion = suggestion

    def __str__(self) -> str:
        hint = f" Did you mean {self.suggestion!r}?" if self.suggestion else ""
        return f"There is no {self.kind} {self.name!r}.{hint}"


class ConflictError(LockroutineError):
    """Somebody else was first. Read the case again, look at what changed, and decide anew.

    Attributes:
        message: What was expected and what was found.
        case_id: The case that was changed, where one is known.
        changed: The transitions made since, oldest first.
    """

    def __init__(self, message: str, case_id: str = "", changed: Iterable[str] = ()) -> None:
        self.message = message
        self.case_id = case_id
        self.changed: tuple[str, ...] = tuple(changed)
        super().__init__(message, case_id, self.changed)

    def __str__(self) -> str:
        return self.message


class RulesError(ProblemsError):
    """A rule pack cannot be used.

    Attributes:
        problems: Every problem at once, each with its file, line where known, and path.
    """


class StoreError(LockroutineError):
    """The database cannot be used: locked, read-only, full, damaged, or of a newer library."""


class StoreBusy(StoreError):
    """Somebody else's work was in the way, or the connection was lost; the same may work soon.

    What is raised to a caller was tried again inside already, for some seconds. With a ``key``, the
    caller may repeat it at any time: it is done once. Two are not begun anew: an engine is not
    opened again, as its place may be wrong, and an export that has begun does not repeat itself.
    """


class TransactionLost(StoreError):
    """The host's transaction, to which an engine is bound, cannot go on: a deadlock, or it was cut.

    Roll it back, and do all of it anew: that may work.
    """


class PluginsError(ProblemsError):
    """The plugins cannot be used as they are set up. Found at start-up, not at the first order.

    Attributes:
        problems: Every problem at once; the path names the plugin.
    """


class PluginError(LockroutineError):
    """What a plugin says of an effect that it could not do.

    Raise one of its three kinds; anything else that a plugin raises counts as
    `OutcomeUnknown` if the outside system may have been reached.

    Attributes:
        message: What happened, without personal data and without secrets.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class TryAgain(PluginError):
    """Nothing was done outside; the same may work later."""


class Rejected(PluginError):
    """Nothing was done outside, and the same will never work: a person must look."""


class OutcomeUnknown(PluginError):
    """It was sent and no answer came: look it up by its key before sending it again."""


def not_found(kind: str, name: object, known: Iterable[str]) -> LockroutineError:
    """That there is nothing by that name, with the nearest that is; or that it is no name."""
    if not isinstance(name, str):
        return InvalidForm([Problem(kind.partition(" ")[0], "must be text")])
    return NotFound(kind, name, nearest(name, known))


def nearest(name: str, known: Iterable[str]) -> str:
    """The name in ``known`` that ``name`` was most likely meant to be, or an empty text.

    >>> nearest("mountng", ["mounting", "removal"])
    'mounting'
    """
    import difflib  # only mistakes need it  # noqa: PLC0415

    return next(iter(difflib.get_close_matches(name[:80], list(known), n=1, cutoff=0.5)), "")
