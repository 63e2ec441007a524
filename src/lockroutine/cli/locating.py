"""Which rule pack a word means: one by its name, a folder, one of a git revision, a stored one."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

from lockroutine.cli.databases import store_at
from lockroutine.cli.loading import loaded, unusable
from lockroutine.errors import LockroutineError, NotFound, RulesError, nearest
from lockroutine.routine import Routine
from lockroutine.rules.source import HEAD

__all__ = ["is_stored", "located"]

_STORED = re.compile(r"[a-z][a-z0-9_-]*@\d+\.\d+\.\d+")
_WAYS = (
    "Write a pack's name, a folder, REV:PATH for a folder in a git revision, "
    "or NAME@VERSION with --database for a stored one."
)
_PATIENCE = 60.0  # seconds; git answers from its own files


def is_stored(word: str) -> bool:
    """Whether a word is the ``NAME@VERSION`` of a routine that a database has stored."""
    return _STORED.fullmatch(word) is not None and not os.path.isdir(word)


def located(word: str, database: str = "") -> Routine:
    """The routine that a word means.

    Args:
        word: A bundled pack or a plugin's by its name; a folder; ``REV:PATH`` for the folder at a
            path of a git revision; ``NAME@VERSION`` for a routine that a database has stored.
        database: That database: the SQLite file, or a database URL.

    Raises:
        LockroutineError: There is none, with what to write instead; or the pack is wrong.
    """
    revision, colon, path = word.partition(":")
    try:
        if is_stored(word):
            return _stored(word, database)
        if colon and not os.path.isdir(word):
            return _of_revision(revision, path)
        return loaded(word)
    except NotFound as error:
        raise LockroutineError(f"{error} {_WAYS}") from None
    except RulesError as error:
        raise unusable(error, word) from None


def _stored(key: str, database: str) -> Routine:
    if not database:
        raise LockroutineError(
            f"{key} is a stored routine: say in which database, with --database DB. "
            f"A pack that is not stored is named without its version."
        )
    with store_at(database) as store, store.reading() as reading:
        source, known = reading.routine(key), sorted(reading.routine_keys())
    if source is None:
        listed = f"it has {', '.join(known)}" if known else "it has none"
        raise LockroutineError(f"The database has stored no routine {key}; {listed}.")
    return loaded(source)


# -- git ------------------------------------------------------------------------------------------


@frozen
class _Blob:
    """A file of a revision: its path, and what git calls its content."""

    path: str
    name: str

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)


def _of_revision(revision: str, path: str) -> Routine:
    """The routine of the folder at a path of a git revision, with what it extends there."""
    within = _here()
    blobs = _packs_of(revision)
    folders = dict.fromkeys(blob.folder for blob in blobs)
    folder = next((one for one in _meant(path, within) if one in folders), None)
    if folder is None:
        raise LockroutineError(_no_pack(revision, path, folders))
    with tempfile.TemporaryDirectory(prefix="lockroutine-") as made:
        for name, content in _contents(blobs).items():
            file = Path(made, *name.split("/"))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return loaded(os.fspath(Path(made, *folder.split("/"))))


def _meant(path: str, within: str) -> tuple[str, ...]:
    """The folders that a path may mean: from the top of the repository, then from here."""
    plain = path.replace("\\", "/")
    from_here = posixpath.normpath(posixpath.join(within, plain))
    from_top = posixpath.normpath(plain)
    found = (from_here,) if plain.startswith(".") else (from_top, from_here)
    return tuple("" if one == "." else one for one in found)


def _no_pack(revision: str, path: str, folders: Iterable[str]) -> str:
    known = list(folders)
    if not known:
        return f"The revision {revision} holds no rule pack: no folder in it has a {HEAD}."
    hint = nearest(path, known)
    ending = f"did you mean {hint!r}?" if hint else f"there are {', '.join(known[:10])}."
    return f"The revision {revision} has no rule pack {path[:80]!r}; {ending}"


def _here() -> str:
    """Where this folder is in its repository."""
    done = _git("rev-parse", "--show-prefix")
    if done.returncode:
        raise LockroutineError(
            f"REV:PATH is read from the git repository of this folder, and there is none that git "
            f"reads ({_why(done)}). Go into it, or name a folder."
        )
    return os.fsdecode(done.stdout).strip()


def _packs_of(revision: str) -> list[_Blob]:
    """The TOML files of every rule pack in a revision."""
    # What begins with a hyphen would be an option.
    asked = "" if revision.startswith("-") else revision
    tree = _git("rev-parse", "--verify", "--quiet", f"{asked}^{{tree}}")
    if tree.returncode:
        raise LockroutineError(
            f"This git repository knows no revision {revision[:80]!r}. Write a commit, a branch, a "
            f"tag, or one like HEAD~3."
        )
    listed = _read("ls-tree", "-r", "-z", "--full-tree", tree.stdout.decode().strip())
    blobs: list[_Blob] = []
    for line in listed.split(b"\0"):
        said, _, path = line.partition(b"\t")
        if said.startswith(b"100") and path.endswith(b".toml"):  # a file, and no link
            blobs.append(_Blob(os.fsdecode(path), said.split()[2].decode()))
    packs = {blob.folder for blob in blobs if posixpath.basename(blob.path) == HEAD}
    return [blob for blob in blobs if blob.folder in packs]


def _contents(blobs: Iterable[_Blob]) -> Mapping[str, bytes]:
    """What is in files of a revision, by path."""
    wanted = list(blobs)
    asked = "".join(f"{blob.name}\n" for blob in wanted).encode()
    answer, at = _read("cat-file", "--batch", given=asked), 0
    found: dict[str, bytes] = {}
    for blob in wanted:
        end = answer.index(b"\n", at)
        said = answer[at:end].split()
        if len(said) != 3:  # the name, and that it is missing
            raise LockroutineError(f"git cannot read {blob.path} of this revision: run git fsck.")
        size = int(said[2])
        found[blob.path] = answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found


def _read(*arguments: str, given: bytes = b"") -> bytes:
    """What git reads for us."""
    done = _git(*arguments, given=given)
    if done.returncode:
        raise LockroutineError(f"git cannot read this revision ({_why(done)}).")
    return done.stdout


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of what git complains of."""
    return next(iter(os.fsdecode(done.stderr).strip().splitlines()), "it does not say why")


def _git(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What git answers.

    Raises:
        LockroutineError: It is not installed, or does not answer.
    """
    try:
        return subprocess.run(
            ["git", *arguments],
            input=given,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise LockroutineError(
            "REV:PATH is read by the program git, which is not installed. Install it, or name a "
            "folder."
        ) from None
    except subprocess.TimeoutExpired:
        raise LockroutineError(f"git did not answer within {_PATIENCE:g} seconds.") from None
