"""A municipality's own TOML files, read strictly; what stands in them is shown in no error."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TypeVar

from lockroutine._strict import problems_of, strict_converter
from lockroutine.errors import NotFound, Problem, RulesError

__all__ = ["read_own_file"]

T = TypeVar("T")


def read_own_file(path: str | os.PathLike[str], kind: type[T], called: str) -> T:
    """Read a file into an attrs class.

    Args:
        path: The file.
        kind: The class.
        called: What the file is of, for whom it is missing: ``contacts``.

    Raises:
        NotFound: There is no such file.
        RulesError: It is not TOML, or says what it may not.
    """
    name = os.fspath(path)
    try:
        given = tomllib.loads(Path(path).read_text("utf-8-sig"))
        return _converter.structure(given, kind)
    except FileNotFoundError:
        raise NotFound(f"file of {called}", name) from None
    except (OSError, UnicodeDecodeError):
        raise RulesError([Problem("", "cannot be read as UTF-8 text", name)]) from None
    except tomllib.TOMLDecodeError as error:
        # The parser's own words may quote the file, which is personal data.
        place = str(error).rpartition("(")[2].rstrip(")")
        raise RulesError([Problem("", f"is not TOML ({place})", name)]) from None
    except Exception as error:
        problems = [Problem(p.path, p.message, name) for p in problems_of(error)]
        raise RulesError(problems) from None


_converter = strict_converter()
