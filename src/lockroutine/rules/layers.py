"""The tables of all files of a pack as one document, laid over the document of what it extends.

Tables are merged by key, everything else is replaced, and ``remove = true`` takes a key out. The
result remembers in which file and line each thing was written, and what was removed where.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs
from attrs import Factory, frozen

from lockroutine.errors import Problem, nearest
from lockroutine.forms import FORMS
from lockroutine.rules.declared import table_of
from lockroutine.rules.source import HEAD, Layer

__all__ = ["Document", "Place", "Tables", "document_of", "laid_over", "table_at"]

_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_.\-\" ]+?)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*=")
_DEEPEST = 20  # no table of a pack lies so deep

Tables: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[str, int]
OWN = ("name", "version", "label", "extends", "without")
"""What each pack says for itself."""


@frozen
class Document:
    """The tables of a pack, or of several laid over each other.

    Args:
        tables: The tables.
        lines: The file and line of each thing, by its path.
        removed: Where something was taken out of what is extended, by its path.
        problems: What is wrong already.
        head: The file in which that is placed which stands nowhere.
    """

    tables: Tables = Factory(dict)
    lines: dict[str, Place] = Factory(dict)
    removed: dict[str, Place] = Factory(dict)
    problems: list[Problem] = Factory(list)
    head: str = HEAD

    def placed(self, problem: Problem) -> Problem:
        """The problem with the file and line of the nearest thing on its path."""
        file, line = self.place(problem.path)
        return attrs.evolve(problem, file=file, line=line)

    def place(self, path: str) -> Place:
        """The file and line of the nearest thing on a path."""
        parts = re.sub(r"\[\d+\]", "", path).split(".")
        for length in range(len(parts), 0, -1):
            found = self.lines.get(".".join(parts[:length]))
            if found:
                return found
        return self.head, 0


# -- the files of one pack ------------------------------------------------------------------------


def document_of(layer: Layer) -> Document:
    """The tables of all files of one pack together."""
    made = Document(head=f"{layer.name}/{HEAD}".lstrip("/"))
    for name, text in layer.files.items():
        _add(made, name, text)
    return made


def _add(made: Document, name: str, text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        message = re.sub(r" \(at .*\)$", "", str(error))
        line = int(found.group(1)) if found else text.rstrip().count("\n") + 1
        made.problems.append(Problem("", f"is not TOML: {message}", name, line))
        return
    except RecursionError:
        made.problems.append(Problem("", "is nested too deeply", name))
        return
    for path, place in _places(name, text):
        made.lines.setdefault(path, place)
    _merge(made, name, made.tables, document, "")


def _merge(made: Document, name: str, here: Tables, tables: Tables, within: str) -> None:
    """Take in the tables of another file; no key may stand in two."""
    for key, value in tables.items():
        path = f"{within}{key}"
        if key not in here:
            here[key] = value
        elif isinstance(here[key], dict) and isinstance(value, dict):
            _merge(made, name, here[key], value, f"{path}.")
        else:
            made.problems.append(Problem(path, "stands in another file already", name))


def _places(name: str, text: str) -> Iterator[tuple[str, Place]]:
    """Where each table and key stands, as far as a line can tell."""
    table = ""
    for number, whole in enumerate(text.split("\n"), start=1):
        line = whole[:400]  # no header is longer, and matching a line of 2 MB takes for ever
        header = _HEADER.match(line)
        if header:
            table = header.group(1).replace('"', "").replace(" ", "")
            yield table, (name, number)
            continue
        key = _KEY.match(line)
        if key:
            yield f"{table}.{key.group(1)}".lstrip("."), (name, number)


# -- one pack over another ------------------------------------------------------------------------


def laid_over(base: Document, own: Document, keeping: str = "") -> Document:
    """A pack's tables over those of the pack that it extends.

    Args:
        base: The document of that pack; an empty one if it extends none.
        own: The document of the pack itself.
        keeping: The path of one thing that is not removed although the pack says so.
    """
    return _Over(base, own, keeping).made


class _Over:
    """One laying of a pack over another."""

    def __init__(self, base: Document, own: Document, keeping: str) -> None:
        self._base = base
        self._own = own
        self._keeping = keeping
        self.made = Document(
            lines={**base.lines, **own.lines},
            removed=dict(base.removed),
            problems=[*base.problems, *own.problems],
        )
        if base.tables:
            self._check_own()
        for key in OWN:
            self._forget(key, key in base.tables)
        below = {key: value for key, value in base.tables.items() if key not in OWN}
        below = self._without(below)
        self.made.tables.update(self._merged(below, own.tables, ""))

    def _check_own(self) -> None:
        """A name of its own, and no other meaning for the cases of the base."""
        own, base = self._own.tables, self._base.tables
        if own.get("name") == base.get("name"):
            self._wrong("name", "is that of the pack that it extends; give this one its own")
        processes = table_at(base, "process")
        for name, process in table_at(own, "process").items():
            before, after = (_subject(it) for it in (processes.get(name), process))
            if None not in (before, after) and before != after:
                message = f"may not change what cases are about; it is {before!r} in the base"
                self._wrong(f"process.{name}.subject", message)

    def _without(self, below: Tables) -> Tables:
        """The tables of the base without the effects of the kinds that are left out."""
        kinds = self._own.tables.get("without")
        if not isinstance(kinds, list):
            return below  # told as a wrong type
        found = dict(_effects(below))
        for kind in kinds:
            known = {effect.get("kind") for effect in found.values()}
            if kind not in known:
                hint = nearest(str(kind), filter(None, known))
                ending = f"; did you mean {hint!r}?" if hint else ""
                message = f"what this pack extends asks for no effect {str(kind)[:80]!r}{ending}"
                self._wrong("without", message)
        kept = copy.deepcopy(below) if found else below
        for path, effect in found.items():
            name = ".".join(path)
            if effect.get("kind") in kinds and name != self._keeping:
                del table_at(kept, *path[:-1])[path[-1]]
                self._forget(name, True)
                self.made.removed[name] = self._own.place("without")
        return kept

    def _wrong(self, path: str, message: str) -> None:
        self.made.problems.append(self._own.placed(Problem(path, message)))

    def _merged(self, below: Tables, own: Tables, path: str) -> Tables:
        found = dict(below)
        for key, value in own.items():
            at = f"{path}.{key}" if path else key
            if not isinstance(value, dict) or at.count(".") > _DEEPEST:
                self._forget(at, key in below)
                found[key] = value
            elif value.get("remove") is True:
                self._remove(found, key, value, at)
            else:
                found[key] = self._merged(self._below(found.get(key), value, at), value, at)
        return found

    def _below(self, below: Any, value: Tables, path: str) -> Tables:
        """The table that another is laid over; an empty one where it stands for itself."""
        if path.startswith("form.") and path.count(".") == 1 and "extends" in value:
            self._forget(path, below is not None)
            return self._form(value["extends"], path, (path.partition(".")[2],))
        tag = "type" if path.startswith("form.") else "kind"
        if isinstance(below, dict) and value.get(tag, below.get(tag)) == below.get(tag):
            return below
        self._forget(path, below is not None)
        return {}

    def _remove(self, found: Tables, key: str, value: Tables, path: str) -> None:
        if len(value) > 1:
            self._wrong(path, "remove = true takes it out, so no other key goes with it")
        elif key not in found:
            hint = nearest(key, found)
            ending = f"; did you mean {hint!r}?" if hint else ""
            self._wrong(path, f"is not there, so it cannot be removed{ending}")
        elif path != self._keeping:
            place = self._own.place(path)
            self._forget(path, True)
            self.made.removed[path] = place
            del found[key]

    def _forget(self, path: str, was_there: bool) -> None:
        """The lines of what the base says there no longer tell where it stands."""
        if not was_there:
            return
        for known in [one for one in self._base.lines if f"{one}.".startswith(f"{path}.")]:
            self.made.lines.pop(known, None)
            if known in self._own.lines:
                self.made.lines[known] = self._own.lines[known]

    def _form(self, name: Any, path: str, on_the_way: tuple[str, ...]) -> Tables:
        """The whole table of the form that another extends."""
        own, base = (table_at(it.tables, "form") for it in (self._own, self._base))
        if not isinstance(name, str):
            return {}  # told as a wrong type
        if name in on_the_way:
            ring = " extends ".join((*on_the_way, name))
            self._wrong(f"{path}.extends", f"leads back to itself: {ring}")
        elif name in own and isinstance(own[name], dict):
            further = own[name].get("extends")
            below = (
                self._form(further, path, (*on_the_way, name))
                if further is not None
                else table_at(base, name)
            )
            return self._merged(below, own[name], f"form.{name}")
        elif name in base:
            return dict(table_at(base, name))
        elif name in FORMS:
            return table_of(FORMS[name])
        else:
            known = [*own, *base, *FORMS]
            hint = nearest(name, known)
            ending = f"; did you mean {hint!r}?" if hint else ""
            self._wrong(f"{path}.extends", f"there is no form {name[:80]!r}{ending}")
        return {}


def _subject(process: Any) -> Any:
    return process.get("subject") if isinstance(process, dict) else None


def _effects(tables: Tables) -> Iterator[tuple[tuple[str, ...], Tables]]:
    for process in table_at(tables, "process"):
        for step in table_at(tables, "process", process, "transitions"):
            within = ("process", process, "transitions", step, "effects")
            for name, effect in table_at(tables, *within).items():
                if isinstance(effect, dict):
                    yield (*within, name), effect


def table_at(tables: Tables, *path: str) -> Tables:
    """The table at a path; an empty one if there is none."""
    found: Any = tables
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
