"""What a database reports, in words that may be logged: its own may hold what somebody entered."""

from __future__ import annotations

from lockroutine.errors import StoreBusy, StoreError

__all__ = ["LOST", "OnlyAnew", "code_of", "in_words"]

LOST = "lost"
"""The code of a connection that is gone, or was never made."""


class OnlyAnew(StoreBusy):
    """What only a new transaction helps against; that may be the host's."""


_ANEW = {
    "40001": "was changed by somebody else in the same moment",  # a serialisation failed
    "40P01": "was waited for in a circle",  # a deadlock
}
_BUSY = {
    "55P03": "is locked by another program",
    "23505": "was changed by somebody else in the same moment",  # both wrote one key
    "SQLITE_BUSY": "is locked by another program",
    "SQLITE_LOCKED": "is locked by another program",
    "53300": "has no connection left",
}
# How the codes begin of what ends a connection, or keeps it from being made.
_GONE = ("08", "57P", "25P03", LOST)
_WORDS = {
    "42P01": "has no tables of this lockroutine; run `lockroutine db upgrade`",
    "42703": "has tables of another lockroutine; run `lockroutine db check`",
    "3F000": "has no such schema; run `lockroutine db upgrade`",
    "42501": "may not be used so by this user; grant the rights on its tables",
    "25006": "is read-only",
    "SQLITE_READONLY": "is read-only; give this user the right to write the file and its folder",
    "53100": "has no room left on its disk; nothing was kept",
    "SQLITE_FULL": "has no room left on its disk; nothing was kept",
    "57014": "took longer than it may; nothing was kept",
    "SQLITE_NOTADB": "is not a SQLite database, or it is encrypted",
    "SQLITE_CORRUPT": "is damaged; restore it from a back-up",
    "SQLITE_CANTOPEN": "cannot be opened; look at the path, its folder and their rights",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error",
    "25P01": "is in no transaction of the host's: begin one before the engine is used",
    "25P02": "refuses everything until the host's transaction is rolled back",
}


def code_of(error: BaseException) -> str:
    """The code that a database gave an error, through whatever it was wrapped in.

    Empty if it is an error of another kind, such as one of the driver itself.
    """
    found: BaseException | None = error
    while found is not None:
        for name in ("sqlstate", "sqlite_errorname"):
            code = getattr(found, name, None)
            if code:
                return str(code)
        inner = getattr(found, "orig", None) or found.__cause__
        if inner is None and type(found).__name__ in ("OperationalError", "InterfaceError"):
            return LOST  # psycopg gives no code when there is no server to give one
        found = inner if inner is not found else None
    return ""


def in_words(database: str, error: BaseException) -> StoreError:
    """A database's error as one of this library.

    Args:
        database: What the database is called.
        error: What was raised. Nothing of its text is used, unless there was no server to put
            anything into it.
    """
    code = code_of(error)
    for kind, known_words in ((OnlyAnew, _ANEW), (StoreBusy, _BUSY)):
        for known, words in known_words.items():
            if code.startswith(known):
                return kind(f"The database {database} {words}; try again.")
    if code.startswith(_GONE):
        return OnlyAnew(f"The database {database} cannot be reached{_why(error, code)}.")
    for known, words in _WORDS.items():
        if code.startswith(known):
            return StoreError(f"The database {database} {words}.")
    what = f"it reports {code}" if code else f"the driver raised {type(error).__name__}"
    return StoreError(f"The database {database} cannot be used: {what}.")


def _why(error: BaseException, code: str) -> str:
    """What the driver says of a connection that it could not make or lost."""
    if code != LOST:
        return ""
    inner = getattr(error, "orig", None) or error.__cause__ or error
    first, *_ = str(inner).strip().split("\n")
    return f": {first.rpartition('failed: ')[2]}" if first else ""
