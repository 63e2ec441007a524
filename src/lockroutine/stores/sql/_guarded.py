"""A transaction among many others on a server: what it has read holds until what it wrote is kept.

Decisions must come out as if one had been made after the other, also on READ COMMITTED, which is
what a host's transaction is. SERIALIZABLE would do it for our own transactions, but not for those
of a host; and where a table is small, PostgreSQL takes rows beside each other for the same.

So reading takes no locks. Before the first write, in one statement and in one fixed order, all that
was asked for is locked against changes, and all that is to be changed is locked for everybody else;
then it is looked at once more. If anything is another than before, the whole is begun anew.
Whoever waits for a lock has none yet, or only such as come before it: nobody waits in a circle.

The locks are advisory ones, which a server forgets at the end of the transaction: one for each
question (process, field, value), for a case that is not there yet has no row to lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lockroutine.decide import Change
from lockroutine.errors import LockroutineError, StoreError
from lockroutine.model import Case, Query
from lockroutine.rules.reader import Source
from lockroutine.stores.sql._links import Link
from lockroutine.stores.sql._statements import Statements
from lockroutine.stores.sql._transaction import Transaction, overtaken

__all__ = ["GuardedTransaction"]

_SEPARATOR = "\x1f"  # in the statement `hold`, chr(31)


class GuardedTransaction(Transaction):
    """A transaction that writes among others. Its arguments are those of `Transaction`."""

    def __init__(self, link: Link, known: Statements) -> None:
        super().__init__(link, known)
        self._asked: list[Query] = []
        self._seen: set[tuple[int, str, int]] = set()
        self._known_cases: dict[str, int] = {}

    # -- reading -------------------------------------------------------------------------------

    def case(self, case_id: str) -> Case | None:
        found = super().case(case_id)
        if found:
            self._known_cases[found.id] = found.version
        return found

    def find(self, query: Query) -> tuple[Case, ...]:
        found = super().find(query)
        self._asked.append(query)
        self._seen.update((len(self._asked), case.id, case.version) for case in found)
        return found

    def look_again(self) -> None:
        if not self._asked:
            return  # a single case: that was one moment
        given: dict[str, Any] = {
            "ids": list(self._known_cases),
            "numbers": list(range(1, len(self._asked) + 1)),
            "processes": [query.process for query in self._asked],
            "fields": [query.field for query in self._asked],
            "values": [query.value for query in self._asked],
        }
        now = set(self._link.rows(self._known.look_again, given))
        alone = {(0, case_id, version) for case_id, version in self._known_cases.items()}
        if now != self._seen | alone:
            raise overtaken()

    # -- writing -------------------------------------------------------------------------------

    def apply(self, changes: Sequence[Change], key: str = "", digest: str = "") -> None:
        self._hold(changes)
        self.look_again()
        super().apply(changes, key, digest)
        # Held until the end, and changed by nobody but this transaction itself.
        self._asked.clear()
        self._seen.clear()
        self._known_cases.clear()

    def _hold(self, changes: Sequence[Change]) -> None:
        names = {self._name(one.process, one.field, one.value): False for one in self._asked}
        for change in changes:
            case = change.case
            names[self._name(case.process, "subject", case.subject)] = True
            for field, value in change.found_by:
                names[self._name(case.process, field, value)] = True
        ((isolation, _),) = self._link.rows(
            self._known.hold,
            {
                "names": list(names),
                "alone": list(names.values()),
                "changed": [change.case.id for change in changes if change.before.version],
                "schema": self._known.schema,
            },
        )
        if isolation != "read committed":
            raise StoreError(
                f"The host's transaction is {isolation.upper()}: it does not see what others keep. "
                "Bind an engine to one that is READ COMMITTED, as PostgreSQL begins them."
            )

    def _name(self, *parts: str) -> str:
        return _SEPARATOR.join((self._known.schema, *parts))

    def _lost(self, case_id: str) -> LockroutineError:
        # Who read the case here decides anew; who brought it from elsewhere has lost.
        return overtaken() if case_id in self._known_cases else super()._lost(case_id)

    def keep_routine(self, key: str, source: Source) -> None:
        self._link.rows(self._known.hold_routine, {"name": self._name("routine", key)})
        if self.routine(key) is not None:
            raise overtaken()
        super().keep_routine(key, source)
