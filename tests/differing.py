"""A pack with every table that a rule pack can have, and packs that differ from it in one thing."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Iterator
from typing import Any

from lockroutine import load_routine
from lockroutine.differences import Differences, differences
from lockroutine.rules.reader import Source
from sweepingpack import UNPAIRED, UNREAD, sweeping

MORE = """
[form.gate]
label = { sv = "Grind", en = "Gate" }

[form.gate.fields.kind]
type = "choice"
label = { sv = "Slag", en = "Kind" }
choices = { wood = { sv = "Trä", en = "Wood" }, iron = { sv = "Järn", en = "Iron" } }

[form.gate.fields.height]
type = "whole_number"
label = { sv = "Höjd", en = "Height" }
minimum = 1
maximum = 9
optional = true

[form.gate.fields.remark]
type = "lines"
label = { sv = "Anmärkning", en = "Remark" }
help = { sv = "Om något är fel.", en = "If something is wrong." }
privacy = "personal"
default = "-"
longest = 300

[process.gate]
label = { sv = "Grind", en = "Gate" }
subject = "property"
sees_personal = ["coordinator"]

[process.gate.states.open]
label = { sv = "Öppen", en = "Open" }
waits_for = ["staff"]
due = "2 working days"
clauses = ["C1"]

[process.gate.states.open.escalation]
after = "P1D"
waits_for = ["manager"]
gaps = ["holidays"]

[process.gate.states.shut]
label = { sv = "Stängd", en = "Shut" }
end = true

[process.gate.transitions.see]
label = { sv = "Se grinden", en = "See the gate" }
from = []
to = "open"
by = ["staff"]
form = "gate"
clauses = ["C1"]

[process.gate.transitions.shut]
label = { sv = "Stäng grinden", en = "Shut the gate" }
from = ["open"]
to = "shut"
by = ["staff"]
clauses = ["C1"]

[report.seen]
step = "gate.shut"
words = ["stängd", "shut"]
clauses = ["C1"]

[always.charged]
label = { sv = "Ett lås som sitter har batteri", en = "A lock that hangs has a battery" }
process = "lock"
states = ["mounted"]
clauses = ["C3"]

[always.charged.guards.level]
kind = "at_least"
value = "case.level"
limit = 10

[never.shut_twice]
label = { sv = "En grind stängs två gånger", en = "A gate is shut twice" }
step = "gate.shut"
clauses = ["C1"]

[never.shut_twice.guards.shut]
kind = "done"
transitions = ["shut"]

[move.gate]
from = ["0.9.0"]
states = { ajar = ["open", "shut"], closed = "shut" }
transitions = { look = "see", knock = "" }
"""
TABLES: dict[str, Any] = {}


def _add(here: dict[str, Any], tables: dict[str, Any]) -> None:
    for key, value in tables.items():
        if isinstance(value, dict):
            _add(here.setdefault(key, {}), value)
        else:
            here[key] = value


for text in (*sweeping(sweeps=UNPAIRED + UNREAD).files.values(), MORE):
    _add(TABLES, tomllib.loads(text))


def source(tables: dict[str, Any]) -> Source:
    """A pack with these tables, in one file."""
    return Source("differing", {"routine.toml": "\n".join(_lines(tables))})


def _lines(tables: dict[str, Any]) -> Iterator[str]:
    for key, value in tables.items():
        yield f"{json.dumps(key)} = {_inline(value)}"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(_lines(value))} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value)


BASE = load_routine(source(TABLES))


def without(tables: Any, path: tuple[str, ...]) -> Any:
    """Tables without what is at a path."""
    first, *rest = path
    if not rest:
        return {key: value for key, value in tables.items() if key != first}
    return {**tables, first: without(tables[first], tuple(rest))}


def with_(tables: Any, path: tuple[str, ...], value: Any) -> Any:
    """Tables with a value at a path."""
    first, *rest = path
    return {
        **tables,
        first: with_(tables.get(first, {}), tuple(rest), value) if rest else value,
    }


def at(tables: Any, path: tuple[str, ...]) -> Any:
    """What is at a path."""
    return at(tables[path[0]], path[1:]) if path else tables


def leaves(tables: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of everything that is no table."""
    for key, value in tables.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def changed(path: str, value: Any) -> Differences:
    """What differs where one thing is otherwise; None where it is not there."""
    parts = tuple(path.split("."))
    made = without(TABLES, parts) if value is None else with_(TABLES, parts, value)
    return differences(BASE, load_routine(source(made)))


def lines(found: Differences, language: str = "en") -> list[str]:
    """The sentences, without the headings."""
    return [one.line("sv" if language == "sv" else "en") for one in found]
