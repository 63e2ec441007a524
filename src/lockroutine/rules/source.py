"""Where the text of a rule pack comes from: its own folder, and those of the packs it builds on."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from lockroutine.errors import InvalidForm, NotFound, Problem, RulesError, nearest
from lockroutine.facts import canonical, sha256

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["HEAD", "Layer", "Source", "bundled", "read_source"]

MAX_FILE = 2_000_000
HEAD = "routine.toml"
"""The file that every pack has."""

Packs: TypeAlias = Mapping[str, str]


@frozen
class Layer:
    """The files of one pack among those that a source holds.

    Args:
        name: How it is called in the names of its files; empty for the pack itself.
        files: The text of each file, by its name in the source: ``mounting.toml``,
            ``soderkoping/mounting.toml``.
    """

    name: str
    files: Mapping[str, str] = field(repr=False)


@frozen
class Source:
    """The text of a rule pack, and of all that it extends.

    Args:
        where: How it was asked for: a name or a folder.
        files: The text of each file, by its name. The files of the pack that it extends stand as
            if they lay in a folder within this one: ``soderkoping/mounting.toml``; and those of
            what that one extends in a folder within that.
    """

    where: str
    files: Mapping[str, str] = field(repr=False)

    @property
    def digest(self) -> str:
        """Tells two texts of one pack apart."""
        return sha256(canonical(dict(self.files)))

    def base(self) -> Source | None:
        """The text of the pack that it extends, and of what that one extends; None if none."""
        layers = self.layers()
        if len(layers) < 2:
            return None
        within = layers[1].name + "/"
        below = {n.removeprefix(within): t for n, t in self.files.items() if n.startswith(within)}
        return Source(layers[1].name, below)

    def layers(self) -> tuple[Layer, ...]:
        """The packs that it is made of: itself, the one that it extends, what that extends, ..."""
        found: dict[str, dict[str, str]] = {}
        for name in sorted(self.files, key=lambda name: not _is_head(name)):
            found.setdefault(name.rpartition("/")[0], {})[name] = self.files[name]
        return tuple(Layer(name, found[name]) for name in sorted(found, key=_depth))


def _is_head(name: str) -> bool:
    return name.rpartition("/")[2] == HEAD


def _depth(name: str) -> int:
    return name.count("/") + 1 if name else 0


def bundled() -> list[str]:
    """The names of the packs that come with the library."""
    return sorted(entry.name for entry in _root().iterdir() if _is_pack(entry))


def _root() -> Traversable:
    import importlib.resources  # brings zipfile and tempfile along  # noqa: PLC0415

    return importlib.resources.files("lockroutine.rules")


def read_source(where: str | os.PathLike[str], packs: Packs | None = None) -> Source:
    """The text of a pack and of all that it extends.

    Args:
        where: The name of one of ``packs`` or of a bundled one, or a folder.
        packs: Further packs by name, each with its folder.

    Raises:
        NotFound: There is no such pack and no such folder.
        RulesError: It is no folder, holds no ``routine.toml``, or a file cannot be read as text;
            or that is so with what it extends, or that extends itself.
    """
    try:
        name = os.fspath(where)
    except TypeError:
        message = "must be the name of a pack, or a folder"
        raise InvalidForm([Problem("where", message)]) from None
    packs = packs or {}
    folder = _named(where, packs) if isinstance(where, str) else Path(name)
    if folder is None:
        folder = Path(name)
    if not _exists(folder):
        raise NotFound("rule pack", name, nearest(name, [*packs, *bundled()]))
    wrong = _wrong_with(folder)
    if wrong:
        raise RulesError([Problem("", wrong, name)])
    return Source(name, dict(_Reading(packs).layers(folder, "")))


class _Reading:
    """One pack after the other, each the base of the one before."""

    def __init__(self, packs: Packs) -> None:
        self._packs = packs
        self._on_the_way: list[str] = []

    def layers(self, folder: Traversable, within: str) -> Iterator[tuple[str, str]]:
        """The files of a pack, and of what it extends."""
        self._on_the_way.append(_place(folder))
        files = dict(_texts(folder, within))
        yield from files.items()
        head = files[within + HEAD]
        wanted = _extends(head)
        if wanted is None:
            return
        base = self._base(wanted, folder)
        wrong = self._wrong_base(wanted, base)
        if base is None or wrong:
            line = next((n for n, s in enumerate(head.split("\n"), 1) if "extends" in s), 0)
            raise RulesError([Problem("extends", wrong, within + HEAD, line)])
        yield from self.layers(base, f"{within}{base.name}/")

    def _base(self, wanted: str, folder: Traversable) -> Traversable | None:
        found = _named(wanted, self._packs)
        if found is None and isinstance(folder, Path):
            beside = folder / wanted
            found = beside.resolve() if _exists(beside) else None
        return found

    def _wrong_base(self, wanted: str, base: Traversable | None) -> str:
        if base is None:
            known = [*self._packs, *bundled()]
            hint = nearest(wanted, known)
            ending = f"did you mean {hint!r}?" if hint else f"known are {', '.join(known)}"
            return f"there is no rule pack and no folder {wanted[:80]!r}; {ending}"
        ring = [*self._on_the_way, _place(base)]
        if ring[-1] in self._on_the_way:
            names = [Path(place).name for place in ring[ring.index(ring[-1]) :]]
            return f"leads back to itself: {' extends '.join(names)}"
        wrong = _wrong_with(base)
        return f"{wanted[:80]!r} {wrong}" if wrong else ""


def _named(name: str, packs: Packs) -> Traversable | None:
    if name in packs:
        return Path(packs[name])
    return _root() / name if name in bundled() else None


def _place(folder: Traversable) -> str:
    return str(folder.resolve()) if isinstance(folder, Path) else str(folder)


def _extends(head: str) -> str | None:
    """What a pack says that it extends, if it does; what is wrong with it is found later."""
    if "extends" not in head:
        return None
    try:
        found = tomllib.loads(head).get("extends")
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return found if isinstance(found, str) and found else None


def _exists(folder: Traversable) -> bool:
    try:
        return folder.is_dir() or folder.is_file()
    except (OSError, ValueError):  # a name that no folder can have
        return False


def _wrong_with(folder: Traversable) -> str:
    if not folder.is_dir():
        return "is a file; a rule pack is a folder of TOML files"
    return "" if _is_pack(folder) else f"holds no {HEAD}, so it is no rule pack"


def _is_pack(folder: Traversable) -> bool:
    return folder.is_dir() and (folder / HEAD).is_file()


def _texts(folder: Traversable, within: str) -> Iterator[tuple[str, str]]:
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    for name in sorted(names, key=lambda name: (name != HEAD, name)):
        shown = within + name
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RulesError([Problem("", f"cannot be read: {reason}", shown)]) from None
        if len(content) > MAX_FILE:
            raise RulesError([Problem("", "is larger than any rule pack: 2 MB at most", shown)])
        try:
            yield shown, content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise RulesError([Problem("", "is not UTF-8; save it as UTF-8", shown, line)]) from None
