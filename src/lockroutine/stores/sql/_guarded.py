"""A transaction among many others on a server: what it has read holds until what it wrote is kept.

Decisions must come out as if one had been made after the other, also on READ COMMITTED, which is
what a host's transaction is. SERIALIZABLE would do it for our own transactions, but not for those
of a host; and where a table is small, PostgreSQL takes rows beside each other for the same.

So reading takes no locks. Before the first write, in one statement and in one fixed order, all that
was asked for is locked against changes, and all that is to be changed is locked for everybody else;
the first write then looks at it once more. If anything is another than before, nothing is written,
and the whole is begun anew. Whoever waits for a lock has none yet, or only such as come before it:
nobody waits in a circle.

The locks are advisory ones, which a server forgets at the end of the transaction: one for each
question (process, field, value), for a case that is not there yet has no row to lock.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lockroutine.decide import Change
from lockroutine.errors import LockroutineError, StoreError
from lockroutine.model import Case, Query
from lockroutine.rules.reader import Source
from lockroutine.stores.base import FirstResult
from lockroutine.stores.sql._links import Link
from lockroutine.stores.sql._rows import (
    case_row,
    effect_rows,
    event_row,
    found_rows,
    reference_rows,
    result_row,
)
from lockroutine.stores.sql._statements import Statements, in_one, listed
from lockroutine.stores.sql._transaction import Transaction, overtaken

__all__ = ["GuardedTransaction", "transaction_on"]

Values = dict[str, Any]
_dumps = json.JSONEncoder().encode


class GuardedTransaction(Transaction):
    """A transaction that writes among others. Its arguments are those of `Transaction`."""

    def __init__(self, link: Link, known: Statements) -> None:
        super().__init__(link, known)
        self._asked: list[Query] = []
        self._found: set[tuple[int, str, int]] = set()
        self._met: dict[str, Case] = {}
        self._keys: dict[str, FirstResult | None] = {}

    # -- reading -------------------------------------------------------------------------------

    def case(self, case_id: str) -> Case | None:
        found = super().case(case_id)
        if found:
            self._met[found.id] = found
        return found

    def find(self, query: Query) -> tuple[Case, ...]:
        found = super().find(query)
        self._asked.append(query)
        self._found.update((len(self._asked), case.id, case.version) for case in found)
        return found

    def first_result(self, key: str) -> FirstResult | None:
        self._keys[key] = super().first_result(key)
        return self._keys[key]

    def look_again(self) -> None:
        if len(self._asked) + len(self._met) + len(self._keys) > 1:
            self._look(self._seen({*self._met}, [*self._keys]))  # else it was one moment anyway

    def _seen(self, ids: Collection[str], keys: Collection[str]) -> Values:
        """What was asked for, and what was found, as values of `Statements.look_again`."""
        asked: dict[str, list[str]] = {"subjects": [], "fields": []}
        for number, one in enumerate(self._asked, 1):
            name = "subjects" if one.field == "subject" else "fields"
            asked[name].append(in_one(str(number), one.process, one.field, one.value))
        read = {"ids": ids, "keys": keys, **asked}
        found = {(0, id_, self._met[id_].version) for id_ in ids} | self._found
        first = [one for one in (self._keys[key] for key in keys) if one]
        found |= {(-1, one.case_id, one.version) for one in first}
        given: Values = {name: listed(texts) for name, texts in read.items() if texts}
        if given:
            given["seen"] = ",".join(" ".join(map(str, one)) for one in sorted(found))
        return given

    def _look(self, seen: Values) -> None:
        ((same,),) = self._link.rows(self._known.look_again(_parts(seen)), seen)
        if not same:
            raise overtaken()

    # -- writing -------------------------------------------------------------------------------

    def apply(self, changes: Sequence[Change], key: str = "", digest: str = "") -> None:
        self.wrote = True
        self._hold(changes)
        # What is changed is compared as it is written, and a key as it is kept.
        seen = self._seen(self._met.keys() - {change.case.id for change in changes}, ())
        for change in changes:
            # As late as may be: who repeats a command at once waits for this.
            last = change is changes[-1]
            self._keep_whole(change, seen, result_row(changes, key, digest) if key and last else {})
            seen = {}
        # Held until the end, and changed by nobody but this transaction itself.
        self._ahead.clear()
        self._asked.clear()
        self._found.clear()
        self._met.clear()
        self._keys.clear()

    def _hold(self, changes: Sequence[Change]) -> None:
        read = [self._name(one.process, one.field, one.value) for one in self._asked]
        read += [self._name(one.process, "subject", one.subject) for one in self._met.values()]
        written: list[str] = []
        for change in changes:
            case = change.case
            written.append(self._name(case.process, "subject", case.subject))
            written += [self._name(case.process, *found) for found in change.found_by]
        ((isolation, _),) = self._link.rows(
            self._known.hold,
            {
                "read": listed(read),
                "written": listed(written),
                "changed": listed(change.case.id for change in changes if change.before.version),
                "schema": self._known.schema,
            },
        )
        if isolation != "read committed":
            raise StoreError(
                f"The host's transaction is {isolation.upper()}: it does not see what others keep. "
                "Bind an engine to one that is READ COMMITTED, as PostgreSQL begins them."
            )

    def _keep_whole(self, change: Change, seen: Values, result: Mapping[str, Any]) -> None:
        """Keep all of a change in one statement, if what was seen before is still so.

        What the command did is kept with it, if it is given.
        """
        row = case_row(change)
        parts: dict[str, Sequence[Mapping[str, Any]]] = {
            "found_by": found_rows(change),
            "reference": reference_rows(change),
            "effects": effect_rows(change),
            "results": [result] if result else [],
        }
        given = row | seen | {table: _dumps(rows) for table, rows in parts.items() if rows}
        given |= {f"event_{name}": value for name, value in event_row(change).items()}
        tables = tuple(table for table, rows in parts.items() if rows)
        statement = self._known.keep(tables, _parts(seen), new=not change.before.version)
        ((kept, first),) = self._link.rows(statement, given)
        if not kept:
            if seen:
                self._look(seen)
            raise self._not_kept(change, row)
        if not first:
            raise overtaken()
        self._wake(change)

    def _name(self, *parts: str) -> str:
        return in_one(self._known.schema, *parts)

    def _lost(self, case_id: str) -> LockroutineError:
        # Who read the case here decides anew; who brought it from elsewhere has lost.
        return overtaken() if case_id in self._met else super()._lost(case_id)

    def keep_routine(self, key: str, source: Source) -> None:
        self.wrote = True
        self._link.rows(self._known.hold_routine, {"name": self._name("routine", key)})
        if self.routine(key) is not None:
            raise overtaken()
        super().keep_routine(key, source)


def _parts(seen: Values) -> tuple[str, ...]:
    return tuple(name for name in seen if name != "seen")


def transaction_on(link: Link, known: Statements) -> Transaction:
    """A transaction that may write, among as many others as the database lets in at once."""
    return (GuardedTransaction if known.server else Transaction)(link, known)
