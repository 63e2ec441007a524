"""A store bound to the host's connection: it begins and ends nothing, and keeps nothing by itself.

Each command is a savepoint of the host's transaction, so that one that is refused leaves the rest
of it as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress

from lockroutine.errors import InvalidForm, Problem, StoreError, TransactionLost
from lockroutine.stores.base import Reading, Writing
from lockroutine.stores.sql._guarded import transaction_on
from lockroutine.stores.sql._hosts import Hosted
from lockroutine.stores.sql._transaction import Transaction, refusals_of
from lockroutine.stores.sql._words import OnlyAnew

__all__ = ["BoundStore"]


class BoundStore:
    """A store in the host's own transaction.

    Args:
        host: The host's connection.
        count: Counts refusals, whatever becomes of the host's transaction.
    """

    def __init__(self, host: Hosted, count: Callable[[Sequence[str]], None]) -> None:
        self._host = host
        self._count = count
        self.pause: Callable[[float], object] = host.pause
        """Lets so many seconds go by."""

    @contextmanager
    def reading(self) -> Generator[Reading]:
        """Read what the host's transaction sees, its own changes among it."""
        with _lost_with_the_host():
            yield Transaction(self._host.link, self._host.known)

    browsing = reading

    @contextmanager
    def writing(self) -> Generator[Writing]:
        """Write as a part of the host's transaction; an exception of any kind undoes that part."""
        with _lost_with_the_host():
            self._begin()
            with self._savepoint():
                transaction = transaction_on(self._host.link, self._host.known)
                with refusals_of(transaction) as refusals:
                    yield transaction
            for refusal in refusals:
                raise refusal

    def _begin(self) -> None:
        """In SQLite, where a savepoint alone would be a transaction of its own, begin one."""
        raw = self._host.raw
        if raw is None or raw.in_transaction:
            return
        if raw.isolation_level is None:
            message = "is in no transaction: begin one before the engine is used"
            raise InvalidForm([Problem("connection", message)])
        self._host.link.plain("BEGIN IMMEDIATE")  # as the driver would, and the host ends it

    @contextmanager
    def _savepoint(self) -> Generator[None]:
        plain = self._host.link.plain
        plain("SAVEPOINT lockroutine")
        try:
            yield
        except BaseException:
            with suppress(StoreError):  # a connection that is gone has undone it already
                plain("ROLLBACK TO SAVEPOINT lockroutine")
                plain("RELEASE SAVEPOINT lockroutine")
            raise
        plain("RELEASE SAVEPOINT lockroutine")

    def count_refusals(self, rules: Sequence[str]) -> None:
        """Count that these rules refused, apart from the host's transaction."""
        self._host.apart(lambda: self._count(rules))

    def close(self) -> None:
        """The connection is the host's."""


@contextmanager
def _lost_with_the_host() -> Generator[None]:
    """What only a new transaction helps against is for the host to begin anew."""
    try:
        yield
    except OnlyAnew as error:
        raise TransactionLost(
            f"The host's transaction cannot go on: {_first_lower(str(error))}"
        ) from None


def _first_lower(text: str) -> str:
    return text[0].lower() + text[1:]
