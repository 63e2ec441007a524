"""Read a rule pack: find its files, parse the TOML, structure it strictly, check what it says.

All problems come at once, each with its file, its line where it can be told, and its path.
"""

from __future__ import annotations

import functools
import os
import re
import tomllib
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import cattrs
from attrs import field, frozen

from lockroutine._strict import Wrong, problems_of, strict_converter
from lockroutine.errors import InvalidForm, NotFound, Problem, RulesError, nearest
from lockroutine.facts import canonical, sha256
from lockroutine.rules.check import check
from lockroutine.rules.effects import EFFECTS, EffectRule
from lockroutine.rules.guards import GUARDS, Guard
from lockroutine.rules.schema import Pack, Transition
from lockroutine.rules.shown import SHOWN, Shown
from lockroutine.rules.terms import Ref

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["NO_MORE", "Kinds", "Source", "bundled", "read_pack", "read_source"]

MAX_FILE = 2_000_000
_NAMED = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_.\-\" ]+?)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*=")


@frozen
class Source:
    """The text of a rule pack.

    Args:
        where: How it was asked for: a name or a folder.
        files: The text of each file, by its name.
    """

    where: str
    files: Mapping[str, str] = field(repr=False)

    @property
    def digest(self) -> str:
        """Tells two texts of one pack apart."""
        return sha256(canonical(dict(self.files)))


def bundled() -> list[str]:
    """The names of the packs that come with the library."""
    return sorted(entry.name for entry in _root().iterdir() if _is_pack(entry))


def _root() -> Traversable:
    import importlib.resources  # brings zipfile and tempfile along  # noqa: PLC0415

    return importlib.resources.files("lockroutine.rules")


def read_source(where: str | os.PathLike[str]) -> Source:
    """The text of a pack: a bundled one by its name, or a folder.

    Raises:
        NotFound: There is no such pack and no such folder.
        RulesError: It is no folder, holds no ``routine.toml``, or a file cannot be read as text.
    """
    try:
        name = os.fspath(where)
    except TypeError:
        message = "must be the name of a pack, or a folder"
        raise InvalidForm([Problem("where", message)]) from None
    folder: Traversable
    if isinstance(where, str) and where in bundled():
        folder = _root() / where
    else:
        folder = Path(name)
        if not _exists(folder):
            raise NotFound("rule pack", name, nearest(name, bundled()))
    if not folder.is_dir():
        raise RulesError([Problem("", "is a file; a rule pack is a folder of TOML files", name)])
    if not _is_pack(folder):
        raise RulesError([Problem("", "holds no routine.toml, so it is no rule pack", name)])
    return Source(name, dict(_texts(folder)))


def _exists(folder: Path) -> bool:
    try:
        return folder.exists()
    except OSError:  # a name that no folder can have
        return False


def _is_pack(folder: Traversable) -> bool:
    return folder.is_dir() and (folder / "routine.toml").is_file()


def _texts(folder: Traversable) -> Iterator[tuple[str, str]]:
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    for name in sorted(names, key=lambda name: (name != "routine.toml", name)):
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RulesError([Problem("", f"cannot be read: {reason}", name)]) from None
        if len(content) > MAX_FILE:
            raise RulesError([Problem("", "is larger than any rule pack: 2 MB at most", name)])
        try:
            yield name, content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise RulesError([Problem("", "is not UTF-8; save it as UTF-8", name, line)]) from None


@frozen
class Kinds:
    """Guard and effect kinds beside the bundled ones, from plugins.

    Args:
        guards: Subclasses of `lockroutine.rules.guards.Guard`.
        effects: Subclasses of `lockroutine.rules.effects.EffectRule`.
    """

    guards: tuple[type[Guard], ...] = ()
    effects: tuple[type[EffectRule], ...] = ()


NO_MORE = Kinds()


def read_pack(source: Source, kinds: Kinds = NO_MORE) -> Pack:
    """Structure and check the text of a pack.

    Raises:
        RulesError: With every problem that was found.
    """
    merged = _Merged()
    for name, text in source.files.items():
        merged.add(name, text)
    if merged.problems:
        raise RulesError(merged.problems)
    try:
        pack = _pack_converter(kinds).structure(merged.document, Pack)
    except Exception as error:
        raise RulesError(map(merged.placed, problems_of(error))) from None
    problems = [merged.placed(problem) for problem in check(pack)]
    if problems:
        raise RulesError(problems)
    return pack


class _Merged:
    """The tables of all files as one document that remembers where each stands."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._lines: dict[str, tuple[str, int]] = {}

    def add(self, name: str, text: str) -> None:
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            message = re.sub(r" \(at .*\)$", "", str(error))
            line = int(found.group(1)) if found else text.rstrip().count("\n") + 1
            self.problems.append(Problem("", f"is not TOML: {message}", name, line))
            return
        except RecursionError:
            self.problems.append(Problem("", "is nested too deeply", name))
            return
        self._lines |= {
            path: place for path, place in _places(name, text) if path not in self._lines
        }
        for key, value in document.items():
            self._merge(name, key, value)

    def _merge(self, name: str, key: str, value: Any) -> None:
        if key not in self.document:
            self.document[key] = value
            return
        here = self.document[key]
        if not isinstance(here, dict) or not isinstance(value, dict):
            self.problems.append(Problem(key, "stands in another file already", name))
            return
        for inner, table in value.items():
            if inner in here:
                path = f"{key}.{inner}"
                self.problems.append(Problem(path, "stands in another file already", name))
            here.setdefault(inner, table)

    def placed(self, problem: Problem) -> Problem:
        """The problem with the file and line of the nearest thing on its path."""
        parts = re.sub(r"\[\d+\]", "", problem.path).split(".")
        for length in range(len(parts), 0, -1):
            place = self._lines.get(".".join(parts[:length]))
            if place:
                return attrs.evolve(problem, file=place[0], line=place[1])
        return attrs.evolve(problem, file="routine.toml")


def _places(name: str, text: str) -> Iterator[tuple[str, tuple[str, int]]]:
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


def _ref(value: object, _: object) -> Ref:
    if type(value) in (bool, int):
        return Ref("value", literal=typing.cast("bool | int", value))
    if type(value) is not str:
        raise Wrong("must be a reference like form.FIELD or case.FIELD")
    source, _dot, name = value.partition(".")
    if source == "text" and name:
        return Ref("value", literal=name)
    if source in ("form", "case") and name:
        return Ref(typing.cast("Any", source), name)
    if value in ("actor.id", "event.happened_at", "each.item"):
        return Ref(typing.cast("Any", source), name)
    raise Wrong(
        "is no reference; write form.FIELD, case.FIELD, actor.id, event.happened_at, each.item "
        "or text.WORD"
    )


def _by_kind(made: cattrs.Converter, kinds: Iterable[type[Any]]) -> Callable[[Any, Any], Any]:
    known = {kind.kind: kind for kind in kinds}

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise Wrong("must be a table")
        kind = value.get("kind")
        if type(kind) is not str or kind not in known:
            hint = nearest(kind, known) if type(kind) is str else ""
            ending = f"did you mean {hint!r}?" if hint else f"known are {', '.join(known)}"
            raise Wrong(f"has no kind that exists; {ending}")
        return made.structure({k: v for k, v in value.items() if k != "kind"}, known[kind])

    return hook


def _exactly(base: type) -> Callable[[Any], bool]:
    """The hook of a base class must not catch its kinds, which are subclasses of it."""
    return lambda kind: kind is base


@functools.cache
def _pack_converter(kinds: Kinds) -> cattrs.Converter:
    made = strict_converter()
    made.register_structure_hook(Ref, _ref)
    known: tuple[tuple[type, tuple[type[Any], ...]], ...] = (
        (Guard, (*GUARDS, *kinds.guards)),
        (EffectRule, (*EFFECTS, *kinds.effects)),
        (Shown, SHOWN),
    )
    for base, classes in known:
        made.register_structure_hook_func(_exactly(base), _by_kind(made, classes))
    made.register_structure_hook(
        Transition,
        cattrs.gen.make_dict_structure_fn(
            Transition,
            made,
            _cattrs_forbid_extra_keys=True,
            _cattrs_detailed_validation=True,
            from_=cattrs.gen.override(rename="from"),
        ),
    )
    return made
