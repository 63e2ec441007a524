"""The statements, as text with the names of its values, made for each kind of database and driver.

They are run as text, so that they run on whatever connection a host has: one of SQLAlchemy, of
Django, or of psycopg itself. Where the two databases speak differently, both ways stand here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen
from sqlalchemy import Dialect, text

from lockroutine.stores.codec import EFFECT_COLUMNS, FILED_COLUMNS, WAITING_COLUMNS
from lockroutine.stores.sql._keeping import COLUMNS, all_of, insert
from lockroutine.stores.sql.tables import PREFIX, TO_SEND, tables

__all__ = ["Statement", "Statements", "in_one", "listed", "statements"]

# Several texts are given to a server as one: a driver takes longer to write an array. What people
# write has no control characters in it.
_ITEM, _PART = "\x1e", "\x1f"
_PARTED = "chr(31)"


def listed(texts: Iterable[str]) -> str:
    """Texts as one, for `_list`."""
    return _ITEM.join(texts)


def in_one(*parts: str) -> str:
    """The parts of one item of such a list."""
    return _PART.join(parts)


def _list(name: str) -> str:
    """The array that a server makes of the value of that name."""
    return f"string_to_array(:{name}, chr(30))"


def _unseen(name: str) -> str:
    """The same, but the server does not see how long it is when it plans.

    Where the plan is the same anyhow: else it would plan the statement anew each time.
    """
    return f"CAST((SELECT {_list(name)}) AS text[])"


def _part(name: str, number: int) -> str:
    return f"split_part({name}, {_PARTED}, {number})"


_STATE = (
    "routine",
    "state",
    "is_open",
    "waits",
    "owed",
    "version",
    "due",
    "timer",
    "open_key",
    "body",
    "personal",
)
_FIXED = ("id", "process", "subject", "unit")


@frozen
class Statement:
    """A statement in the words of one driver, and the names of its values in their order."""

    text: str
    names: tuple[str, ...]

    def values(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values in the order in which the driver wants them."""
        return tuple(map(given.__getitem__, self.names))


class Statements:
    """The statements for the tables in one schema.

    Args:
        schema: The schema, or an empty text.
        dialect: What they are written for.
        wake: What wakes whoever delivers, or an empty text.
    """

    def __init__(self, schema: str, dialect: Dialect, wake: str = "") -> None:
        self.schema: str = schema
        self.wake: str = wake
        self.server: bool = dialect.name == "postgresql"
        """Whether several write at once; in SQLite, they do so one after another."""
        self._dialect = dialect
        prepare = dialect.identifier_preparer
        self._names = {
            table.name.removeprefix("lockroutine_"): prepare.format_table(table)
            for table in tables(schema).metadata.sorted_tables
        }
        self._made: dict[str, Statement] = {}
        self._whole: dict[tuple[tuple[str, ...], tuple[str, ...], bool], Statement] = {}

        blob = "convert_to({}, 'UTF8')" if self.server else "CAST({} AS BLOB)"
        blobs = ", ".join(blob.format(name) for name in ("body", "hash", "personal"))
        event = f"SELECT case_id, version, {blobs}"
        effect = f"SELECT {', '.join(EFFECT_COLUMNS)} FROM {{effects}} AS this"
        # Among many readers, each passes over what another is just taking.
        passing = " FOR UPDATE OF this SKIP LOCKED" if self.server else ""
        make = self._make

        self.case: Statement = make("SELECT body, personal FROM {cases} WHERE id = :id")
        self.find_by_subject: Statement = make(
            "SELECT body, personal FROM {cases} "
            "WHERE subject = :value AND process = :process ORDER BY id"
        )
        self.find_by_field: Statement = make(
            "SELECT body, personal FROM {cases} WHERE id IN (SELECT case_id FROM {found_by} "
            "WHERE process = :process AND field = :field AND value = :value) ORDER BY id"
        )
        self.ahead: Statement = make(
            "SELECT '' AS process, subject, body, personal FROM {cases} WHERE id = :id UNION ALL "
            "SELECT near.process, this.subject, near.body, near.personal FROM {cases} AS this "
            f"CROSS JOIN unnest({_unseen('processes')}) AS wanted CROSS JOIN LATERAL ("
            "SELECT process, body, personal FROM {cases} "
            "WHERE subject = this.subject AND process = wanted ORDER BY id OFFSET 0"
            ") AS near WHERE this.id = :id"
        )
        self.history: Statement = make(
            f"{event} FROM {{events}} WHERE case_id = :id ORDER BY version"
        )
        several = f"= ANY ({_list('ids')})"
        wanted = several if self.server else "IN (SELECT value FROM json_each(:ids))"
        self.histories: Statement = make(
            f"{event} FROM {{events}} WHERE case_id {wanted} ORDER BY case_id, version"
        )
        self.filed: Statement = make(
            f"SELECT {', '.join(FILED_COLUMNS)} FROM {{cases}} WHERE id {wanted}"
        )
        self.places: Statement = make(
            f"SELECT case_id, process, field, value FROM {{found_by}} WHERE case_id {wanted}"
        )
        self.history_page: Statement = make(
            f"{event} FROM {{events}} WHERE case_id = :id AND version > :after "
            "ORDER BY version LIMIT :limit"
        )
        self.events: Statement = make(
            f"{event}, number FROM {{events}} WHERE number > :after ORDER BY number LIMIT :limit"
        )
        self.event_count: Statement = make("SELECT count(*) FROM {events}")
        self.timers: Statement = make(
            "SELECT body, personal FROM {cases} WHERE timer IS NOT NULL AND timer <= :until "
            "AND (timer, id) > (:timer, :id) ORDER BY timer, id LIMIT :limit"
        )
        self.effect: Statement = make(f"{effect} WHERE key = :key")
        self.backlog: Statement = make(
            f"{self._counted('effects_to_send', TO_SEND)} UNION ALL "
            + self._counted("effects_by_state", "state IN ('asked', 'parked')")
        )
        self.first_result: Statement = make(
            "SELECT case_id, version, digest FROM {results} WHERE key = :key"
        )
        self.routine_keys: Statement = make(
            "SELECT key FROM {routines} WHERE file = 'routine.toml'"
        )
        self.routine: Statement = make(
            "SELECT file, text FROM {routines} WHERE key = :key "
            "ORDER BY CASE file WHEN 'routine.toml' THEN 0 ELSE 1 END, file"
        )
        self.cursor: Statement = make("SELECT cursor FROM {cursors} WHERE system = :system")
        self.refusals: Statement = make("SELECT rule, times FROM {refusals} ORDER BY rule")

        # Asked here, as a broken index would end the whole transaction, which may be a host's.
        changed = ", ".join(f"{name} = :{name}" for name in ("unit", *_STATE))
        self._update = (
            f"UPDATE {{cases}} SET {changed} WHERE id = :id AND version = :before "
            "AND NOT EXISTS (SELECT 1 FROM {cases} AS other "
            "WHERE other.open_key = :open_key AND other.id <> :id)"
        )
        self.insert_case: Statement = make(insert("cases", (*_FIXED, *_STATE), once=True))
        self.update_case: Statement = make(self._update)
        self.holder: Statement = make(
            "SELECT id FROM {cases} WHERE open_key = :open_key AND id <> :id"
        )
        self.insert_found_by: Statement = make(insert("found_by", COLUMNS["found_by"], once=True))
        self.insert_reference: Statement = make(
            insert("reference", COLUMNS["reference"], once=True)
        )
        self.insert_event: Statement = make(insert("events", COLUMNS["events"]))
        self.insert_effect: Statement = make(insert("effects", COLUMNS["effects"]))
        self.insert_result: Statement = make(insert("results", COLUMNS["results"], once=True))
        self.insert_routine: Statement = make(
            insert("routines", ("key", "file", "text"), once=True)
        )

        # An effect waits for those that the same case asked of the same system before it.
        self.to_send: Statement = make(
            f"{effect} WHERE {TO_SEND} AND system = :system AND due_at <= :now AND NOT EXISTS ("
            "SELECT 1 FROM {effects} AS earlier WHERE earlier.case_id = this.case_id "
            "AND earlier.system = this.system AND earlier.number < this.number "
            "AND earlier.state NOT IN ('done', 'dismissed', 'asked')"
            f") ORDER BY due_at, number LIMIT :limit{passing}"
        )
        self.take: Statement = make(
            "UPDATE {effects} SET state = 'in_flight', due_at = :until WHERE key = :key"
        )
        settle = (
            "UPDATE {effects} SET state = :state, due_at = :due_at, attempts = :attempts, "
            "message = :message, outside = :outside WHERE key = :key"
        )
        self.settle: Statement = make(settle)
        self.settle_mine: Statement = make(f"{settle} AND state = 'in_flight' AND due_at = :lease")
        self.keep_cursor: Statement = make(
            "INSERT INTO {cursors} (system, cursor) VALUES (:system, :cursor) "
            "ON CONFLICT (system) DO UPDATE SET cursor = excluded.cursor"
        )
        self.count_refusal: Statement = make(
            "INSERT INTO {refusals} AS known (rule, times) VALUES (:rule, :times) "
            "ON CONFLICT (rule) DO UPDATE SET times = known.times + excluded.times"
        )

    def cases(self, given: frozenset[str]) -> Statement:
        """Cases by some of what `CaseFilter` names."""
        reference = (
            "id IN (SELECT case_id FROM {reference} "
            "WHERE system = :reference_system AND id = :reference_id)"
        )
        # About one subject there are few cases, in one unit there may be most: no index of it then.
        unit = "+unit" if "subject" in given and not self.server else "unit"
        other = {"reference": reference, "unit": f"{unit} = :unit"}
        named = sorted(given - {"units", "jobs"})
        where = " AND ".join(
            ["id > :after", *(other.get(name, f"{name} = :{name}") for name in named)]
        )
        if "units" in given:
            # A page of each unit along its index, and the jobs: these are looked through.
            mine = [self._of_units(f"{unit} = own.value AND {where}")]
            if "jobs" in given:
                join = "JOIN" if self.server else "CROSS JOIN"
                mine.append(
                    f"SELECT id FROM ({self._jobs()}) AS job {join} {{cases}} ON id = job.case_id "
                    f"WHERE {where}"
                )
            where = f"id IN ({' UNION ALL '.join(mine)})"
        return self._make(
            f"SELECT body, personal FROM {{cases}} WHERE {where} ORDER BY id LIMIT :limit"
        )

    def effects(self, given: frozenset[str]) -> Statement:
        """A page of effects, by case or state, or by both."""
        named = {name: name for name in sorted(given)}
        if not self.server and len(named) == 2:
            # Of one case there are few, of one state there may be millions: no index of them then.
            named["state"] = "+state"
        behind = "number > coalesce((SELECT number FROM {effects} WHERE key = :after), 0)"
        where = " AND ".join([behind, *(f"{word} = :{name}" for name, word in named.items())])
        return self._make(
            f"SELECT {', '.join(EFFECT_COLUMNS)} FROM {{effects}} WHERE {where} "
            "ORDER BY number LIMIT :limit"
        )

    def waiting(self, number: int, limit: int, *, in_units: bool) -> Statement:
        """Open cases in some states, the oldest due first: each part runs along its index.

        Args:
            number: How many parts there are; on a server, it does not matter.
            limit: How many cases at most. It stands in the statement: a server that does not know
                it plans anew each time, which takes as long as to read them.
            in_units: Whether only cases of some units are asked for.
        """
        place = "waits AND process = {} AND state = {}" + (" AND unit = {}" if in_units else "")
        place += " AND due <= {} AND (due, id) > "
        if self.server:
            place += "((SELECT CAST(:due AS text)), (SELECT CAST(:id AS text)))"  # see `_unseen`
            names = ("process", "state", *(("unit",) if in_units else ()), "latest")
            arrays = ", ".join(map(_unseen, names))
            where = place.format(*(f"wanted.{name}" for name in names))
            return self._make(
                f"SELECT one.* FROM unnest({arrays}) AS wanted ({', '.join(names)}) "
                f"CROSS JOIN LATERAL (SELECT {', '.join(WAITING_COLUMNS)} FROM {{cases}} "
                f"WHERE {where} ORDER BY due, id LIMIT {limit:d}) AS one "
                "WHERE NOT EXISTS (SELECT 1 FROM {routines} WHERE file = 'routine.toml' "
                f"AND key <> ALL ({_unseen('known')})) "
                f"ORDER BY one.due, one.id LIMIT {limit:d}"
            )
        place += "(:due, :id)"
        parts: list[str] = []
        for n in range(number):
            names = (f":process_{n}", f":state_{n}", *((f":unit_{n}",) if in_units else ()))
            where = place.format(*names, f":latest_{n}")
            parts.append(f"SELECT {', '.join(WAITING_COLUMNS)} FROM {{cases}} WHERE {where}")
        return self._make(f"{' UNION ALL '.join(parts)} ORDER BY due, id LIMIT {limit:d}")

    # -- what only a server needs --------------------------------------------------------------

    @functools.cached_property
    def hold(self) -> Statement:
        """Lock what was read for others to read, and what is to be written, for nobody else.

        Always in the same order, so that two never wait for each other; until the transaction's
        end. What a case was ever found by is looked up here.
        """
        return self._make(
            "SELECT current_setting('transaction_isolation'), count(CASE "
            "WHEN alone THEN CAST(pg_advisory_xact_lock(key) AS text) "
            "ELSE CAST(pg_advisory_xact_lock_shared(key) AS text) END) "
            "FROM (SELECT key, bool_or(alone) AS alone FROM ("
            f"SELECT hashtextextended(name, 0), false FROM unnest({_unseen('read')}) AS name "
            "UNION ALL "
            f"SELECT hashtextextended(name, 0), true FROM unnest({_unseen('written')}) AS name "
            "UNION ALL "
            f"SELECT hashtextextended(concat_ws({_PARTED}, CAST(:schema AS text), process, field, "
            f"value), 0), true FROM {{found_by}} WHERE case_id = ANY ({_unseen('changed')})"
            ") AS every_key (key, alone) GROUP BY key ORDER BY key) AS in_order"
        )

    def look_again(self, parts: tuple[str, ...]) -> Statement:
        """Whether what was read would be found again, ``:seen``; see `_same` for the parts."""
        return self._make(f"SELECT {self._same(parts)}")

    def keep(self, tables: tuple[str, ...], parts: tuple[str, ...], *, new: bool) -> Statement:
        """Keep a whole change, if the case is still as it was: each trip to a server costs.

        Args:
            tables: To which tables rows are written beside that of the case.
            parts: What must be found again, ``:seen``; see `_same`. Nothing, if it is empty.
            new: Whether the case is opened.
        """
        if (tables, parts, new) not in self._whole:
            same = self._same(parts) if parts else "true"
            if new:
                case = insert("cases", (*_FIXED, *_STATE), once=True, where=same)
            else:
                case = f"{self._update} AND {same}"
            self._whole[tables, parts, new] = self._make(all_of(case, tables))
        return self._whole[tables, parts, new]

    @functools.cached_property
    def hold_routine(self) -> Statement:
        """Lock the text of a routine, for nobody else."""
        return self._make("SELECT CAST(pg_advisory_xact_lock(hashtextextended(:name, 0)) AS text)")

    @functools.cached_property
    def now(self) -> Statement:
        """What the server's clock says, and not when the transaction began."""
        return self._make("SELECT clock_timestamp()")

    # -- inside --------------------------------------------------------------------------------

    def _same(self, parts: tuple[str, ...]) -> str:
        """Whether the same cases are found, in the same versions, as were seen before.

        Args:
            parts: What was read: cases by their ``ids``, first results by their ``keys``, cases by
                their ``subjects`` and by their ``fields``.
        """
        # Question by question, so that each runs along its index however small the tables are.
        number, process, field, value = (_part("asked", n) for n in range(1, 5))
        each = (
            f"SELECT CAST({number} AS integer), found.id, found.version FROM unnest({{}}) AS asked "
            "CROSS JOIN LATERAL (SELECT id, version FROM {{cases}} WHERE {} OFFSET 0) AS found"
        )
        by_subject = f"process = {process} AND subject = {value}"
        by_field = (
            f"id IN (SELECT case_id FROM {{found_by}} AS place WHERE place.process = {process} "
            f"AND place.field = {field} AND place.value = {value})"
        )
        known = {
            "ids": f"SELECT 0, id, version FROM {{cases}} WHERE id = ANY ({_unseen('ids')})",
            "keys": (
                f"SELECT -1, case_id, version FROM {{results}} WHERE key = ANY ({_unseen('keys')})"
            ),
            "subjects": each.format(_unseen("subjects"), by_subject),
            "fields": each.format(_unseen("fields"), by_field),
        }
        found = " UNION ALL ".join(known[part] for part in parts)
        return (
            "(SELECT coalesce(string_agg(concat_ws(' ', number, id, version), ',' "
            f"ORDER BY number, id COLLATE \"C\"), '') FROM ({found}) AS now (number, id, version))"
            " = :seen"
        )

    def _counted(self, index: str, condition: str) -> str:
        """Effects counted along an index in which such as are not over stand together."""
        along = "" if self.server else f" INDEXED BY {PREFIX}{index}"
        return (
            f"SELECT system, state, count(*), min(due_at) FROM {{effects}}{along} "
            f"WHERE {condition} GROUP BY system, state"
        )

    def _of_units(self, where: str) -> str:
        """A page of the cases of each of some units."""
        page = f"SELECT id FROM {{cases}} WHERE {where} ORDER BY id LIMIT :limit"
        if self.server:
            units = f"unnest({_list('units')}) AS own (value)"
            return f"SELECT one.id FROM {units} CROSS JOIN LATERAL ({page}) AS one"
        units = "json_each(:units) AS own"
        return f"SELECT one.id FROM {units} CROSS JOIN {{cases}} AS one ON one.id IN ({page})"

    def _jobs(self) -> str:
        """The cases that have, or ever had, one of some values."""
        if self.server:
            lists = ", ".join(_list(f"job_{name}") for name in ("process", "field", "value"))
            jobs = f"unnest({lists}) AS job (process, field, wanted)"
        else:
            names = enumerate(("process", "field", "wanted"))
            parts = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, name in names)
            jobs = f"(SELECT {parts} FROM json_each(:jobs)) AS job"
        return (
            f"SELECT case_id FROM {{found_by}} AS place JOIN {jobs} "
            "ON place.process = job.process AND place.field = job.field "
            "AND place.value = job.wanted"
        )

    def _make(self, words: str) -> Statement:
        if words not in self._made:
            compiled = text(words.format_map(self._names)).compile(dialect=self._dialect)
            # Only a dialect's compiler of SQL has it, and theirs is one.
            names = getattr(compiled, "positiontup", None) or ()
            self._made[words] = Statement(str(compiled), tuple(names))
        return self._made[words]


def statements(schema: str, dialect: Dialect, wake: str = "") -> Statements:
    """The statements for a schema and a kind of driver; they are made once."""
    # Values are given by their places: that is what every driver understands.
    style = {"pyformat": "format", "named": "qmark"}.get(dialect.paramstyle, dialect.paramstyle)
    make: Callable[..., Dialect] = type(dialect)
    return _statements(schema, make, style, wake)


@functools.cache
def _statements(schema: str, make: Callable[..., Dialect], style: str, wake: str) -> Statements:
    return Statements(schema, make(paramstyle=style), wake)
