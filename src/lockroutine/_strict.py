"""One strict converter for everything that comes from outside: forms, rule packs, scenarios.

By default cattrs coerces (``5`` becomes ``"5"``, a string becomes a tuple of letters) and lets
unknown keys pass. Here a value is what it should be, or it is a problem with a path.
"""

from __future__ import annotations

import datetime as dt
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

import attrs
import cattrs
from cattrs.errors import (
    AttributeValidationNote,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)

from lockroutine.errors import InvalidForm, Problem, nearest
from lockroutine.facts import in_reach

__all__ = ["Wrong", "converter", "problems_of", "strict_converter", "table_hook"]

T = TypeVar("T")


class Wrong(ValueError):
    """What is wrong with one value, in words that hold nothing of the value itself."""


_NAMES = {str: "text", int: "a whole number", bool: "true or false"}


def _exactly(kind: type[T], value: object) -> T:
    if type(value) is not kind:
        raise Wrong(f"must be {_NAMES[kind]}, not {_kind_of(value)}")
    return value


def _kind_of(value: object) -> str:
    return {
        str: "text",
        int: "a whole number",
        float: "a number with decimals",
        bool: "true or false",
        type(None): "nothing",
        list: "a list",
        tuple: "a list",
        dict: "a table",
    }.get(type(value), f"a {type(value).__name__}")


def _datetime(value: object, _: object) -> dt.datetime:
    if type(value) is str and len(value) <= 64:
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise Wrong("is not a time; write it like 2026-03-02T10:00:00+01:00") from None
    if not isinstance(value, dt.datetime):
        raise Wrong(f"must be a time with its time zone, not {_kind_of(value)}")
    if value.utcoffset() is None:
        raise Wrong("has no time zone; write it like 2026-03-02T10:00:00+01:00")
    moment = in_reach(value)
    if moment is None:
        raise Wrong("is too far from today")
    return moment


def _date(value: object, _: object) -> dt.date:
    if type(value) is str and len(value) <= 64:
        try:
            value = dt.date.fromisoformat(value)
        except ValueError:
            raise Wrong("is not a date; write it like 2026-03-02") from None
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise Wrong(f"must be a date, not {_kind_of(value)}")
    return value


def _literal(value: object, kind: Any) -> object:
    allowed = typing.get_args(kind)
    if type(value) not in {type(item) for item in allowed}:
        raise Wrong(f"must be one of {', '.join(map(str, allowed))}, not {_kind_of(value)}")
    if value not in allowed:
        hint = nearest(str(value), map(str, allowed))
        ending = f"; did you mean {hint}?" if hint else ""
        raise Wrong(f"must be one of {', '.join(map(str, allowed))}{ending}")
    return value


def _is_list(kind: Any) -> bool:
    return typing.get_origin(kind) is tuple


def _is_table(kind: Any) -> bool:
    return typing.get_origin(kind) in (dict, Mapping)


def _is_literal(kind: Any) -> bool:
    return typing.get_origin(kind) is Literal


def _is_scalar_union(kind: Any) -> bool:
    if typing.get_origin(kind) not in (types.UnionType, typing.Union):
        return False
    arms = [arm for arm in typing.get_args(kind) if arm is not types.NoneType]
    return len(arms) > 1 and all(arm in (str, int, bool) or _is_list(arm) for arm in arms)


def strict_converter() -> cattrs.Converter:
    """A converter that coerces nothing and lets no unknown key pass."""
    made = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind in (str, int, bool):
        made.register_structure_hook(kind, lambda value, kind: _exactly(kind, value))
    made.register_structure_hook(dt.datetime, _datetime)
    made.register_structure_hook(dt.date, _date)
    made.register_structure_hook_func(_is_literal, _literal)
    made.register_unstructure_hook(dt.datetime, lambda value: value.isoformat())
    made.register_unstructure_hook(dt.date, lambda value: value.isoformat())

    def scalar(value: object, kind: Any) -> object:
        for arm in typing.get_args(kind):
            if type(value) is arm or (_is_list(arm) and isinstance(value, list)):
                return made.structure(value, arm)
        raise Wrong(f"cannot be {_kind_of(value)}")

    made.register_structure_hook_func(_is_scalar_union, scalar)

    @made.register_structure_hook_factory(_is_list)
    def list_hook(kind: Any) -> Callable[[object, Any], tuple[object, ...]]:
        (item, *_) = typing.get_args(kind)

        def hook(value: object, _: Any) -> tuple[object, ...]:
            if not isinstance(value, list | tuple):
                raise Wrong(f"must be a list, not {_kind_of(value)}")
            return tuple(_each(made, enumerate(value), item, kind).values())

        return hook

    @made.register_structure_hook_factory(_is_table)
    def mapping_hook(kind: Any) -> Callable[[object, Any], dict[Any, object]]:
        item = typing.get_args(kind)[1]

        def hook(value: object, _: Any) -> dict[Any, object]:
            if not isinstance(value, Mapping):
                raise Wrong(f"must be a table, not {_kind_of(value)}")
            return _each(made, value.items(), item, kind)

        return hook

    return made


def table_hook(
    made: cattrs.Converter, kind: type[attrs.AttrsInstance]
) -> Callable[[Any, Any], Any]:
    """What makes a value of a table. A field like ``from_``, for a word of Python, is ``from``."""
    renamed: dict[str, Any] = {
        one.name: cattrs.gen.override(rename=one.name.rstrip("_"))
        for one in attrs.fields(kind)
        if one.name.endswith("_")
    }
    return cattrs.gen.make_dict_structure_fn(
        kind, made, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=True, **renamed
    )


def _each(
    made: cattrs.Converter, entries: Iterable[tuple[Any, object]], item: Any, kind: Any
) -> dict[Any, object]:
    """Structure every entry, and say of each that is wrong where it stands."""
    done: dict[Any, object] = {}
    errors: list[Exception] = []
    for key, value in entries:
        try:
            done[key] = made.structure(value, item)
        except Exception as error:
            error.add_note(IterableValidationNote(f"[{key}]", key, item))
            errors.append(error)
    if errors:
        # cattrs' own __new__ takes the class too; pyright sees that of ExceptionGroup.
        raise IterableValidationError("problems", errors, kind)  # pyright: ignore[reportCallIssue]
    return done


converter = strict_converter()


def problems_of(error: BaseException, path: str = "") -> list[Problem]:
    """Flatten what a strict converter raised into problems with paths."""
    if isinstance(error, ClassValidationError | IterableValidationError):
        found: list[Problem] = []
        for inner in error.exceptions:
            found += problems_of(inner, _deeper(path, inner))
        return found
    if isinstance(error, InvalidForm):
        return [attrs.evolve(one, path=_join(path, one.path)) for one in error.problems]
    if isinstance(error, ForbiddenExtraKeysError):
        known = [a.alias or a.name for a in attrs.fields(error.cl)]
        return [_unknown(path, key, known) for key in sorted(map(str, error.extra_fields))]
    if isinstance(error, KeyError):
        return [Problem(path, "is missing")]
    if isinstance(error, Wrong):
        return [Problem(path, str(error))]
    if isinstance(error, TypeError | AttributeError):
        return [Problem(path, "must be a table")]
    raise error


def _deeper(path: str, error: BaseException) -> str:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return _join(path, note.name.rstrip("_"))
        if isinstance(note, IterableValidationNote):
            return (
                f"{path}[{note.index}]" if isinstance(note.index, int) else _join(path, note.index)
            )
    return path


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _unknown(path: str, key: str, known: Iterable[str]) -> Problem:
    names = [name.rstrip("_") for name in known]
    hint = nearest(key, names)
    ending = f"did you mean {hint!r}?" if hint else f"known here: {', '.join(sorted(names))}"
    shown = key[:80] if key.isprintable() else ascii(key[:80])[1:-1]
    return Problem(_join(path, shown), f"unknown key; {ending}")
