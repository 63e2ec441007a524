"""What somebody has decided of cases that are to be moved: from options, and from a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lockroutine.errors import InvalidForm, NotFound, Problem, RulesError

__all__ = ["decided"]

_OPTION = "--decide"
_FORM = 'write CASE = "STATE", or a table [PROCESS] with STATE = "STATE"'


def decided(options: Iterable[str], file: Path | None) -> dict[str, str]:
    """All decisions: by a case's id, or by a state like ``mounting.fitted``, the state chosen.

    Raises:
        InvalidForm: An option is none, or something is decided in two ways.
        NotFound: There is no such file.
        RulesError: The file is not what it should be.
    """
    found: dict[str, str] = {}
    for name, state in (*_read(file), *map(_option, options)):
        if found.setdefault(name, state) != state:
            message = f"is decided twice, as {found[name]} and as {state}"
            raise InvalidForm([Problem(name, message)])
    return found


def _option(text: str) -> tuple[str, str]:
    name, _, state = (part.strip() for part in text.partition("="))
    if not name or not state:
        raise InvalidForm([Problem(_OPTION, "write CASE=STATE, or PROCESS.STATE=STATE")])
    return name, state


def _read(file: Path | None) -> Iterator[tuple[str, str]]:
    if file is None:
        return
    for name, value in _table(file).items():
        inner = {name: value}
        if isinstance(value, Mapping):
            inner = {f"{name}.{state}": chosen for state, chosen in value.items()}
        for place, state in inner.items():
            if type(state) is not str or not state:
                raise RulesError(
                    [Problem(place, f"must be the name of a state; {_FORM}", str(file))]
                )
            yield place, state


def _table(file: Path) -> Mapping[str, Any]:
    name, kind = str(file), "JSON" if file.suffix.lower() == ".json" else "TOML"
    try:
        text = file.read_text("utf-8-sig")
        found = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except FileNotFoundError:
        raise NotFound("file of decisions", name) from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise RulesError([Problem("", f"is not {kind}: {error}", name)]) from None
    except (OSError, UnicodeDecodeError):
        raise RulesError([Problem("", "cannot be read as UTF-8 text", name)]) from None
    if not isinstance(found, dict):
        raise RulesError([Problem("", f"must be an object; {_FORM}", name)])
    return found
