"""Plain values and ids: checked once where they come in, frozen from then on."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from lockroutine.errors import InvalidForm, Problem

__all__ = [
    "NOTHING",
    "Facts",
    "Value",
    "aware",
    "canonical",
    "identifier",
    "in_reach",
    "sentence",
    "serial_number",
    "sha256",
]

Value: TypeAlias = "bool | int | str | tuple[Value, ...] | Facts | None"

MAX_ID = 200


def identifier(value: object, path: str) -> str:
    """Check an id that comes from the host: short, printable, not blank.

    Raises:
        InvalidForm: It is no text, blank, over 200 characters, or holds control characters.

    >>> identifier("customer-17", "subject")
    'customer-17'
    """
    if type(value) is not str:
        raise InvalidForm([Problem(path, "must be text")])
    if not value.strip() or value != value.strip():
        raise InvalidForm([Problem(path, "must not be blank or begin or end with a space")])
    if len(value) > MAX_ID:
        raise InvalidForm([Problem(path, f"must be at most {MAX_ID} characters")])
    if not value.isprintable():
        raise InvalidForm([Problem(path, "must not hold control characters or lone surrogates")])
    return value


def sentence(value: object, path: str) -> str:
    """Check a few words on why.

    Raises:
        InvalidForm: It is no text, blank, over 2000 characters, or holds control characters.
    """
    if type(value) is not str:
        raise InvalidForm([Problem(path, "must be text")])
    if not value.strip():
        raise InvalidForm([Problem(path, "must not be blank")])
    if len(value) > 2000:
        raise InvalidForm([Problem(path, "must be at most 2000 characters")])
    if not value.replace("\n", " ").isprintable():
        raise InvalidForm([Problem(path, "must not hold control characters or lone surrogates")])
    return value


def serial_number(value: object, path: str = "serial_number") -> str:
    """One spelling for a serial number: no spaces, upper case. Otherwise it is opaque.

    >>> serial_number(" ph 1-001 ")
    'PH1-001'
    """
    if type(value) is not str:
        raise InvalidForm([Problem(path, "must be text")])
    if len(value) > MAX_ID:
        raise InvalidForm([Problem(path, f"must be at most {MAX_ID} characters")])
    spelt, before = _spelt(value), value
    while spelt != before:  # a letter's upper case may be one that has a plainer form
        spelt, before = _spelt(spelt), spelt
    return identifier(spelt, path)


def _spelt(value: str) -> str:
    return "".join(unicodedata.normalize("NFKC", value).split()).upper()


def aware(value: object, path: str) -> dt.datetime:
    """A time as UTC, or a refusal if it has no time zone.

    Raises:
        InvalidForm: It is no datetime, or a naive one.
    """
    if not isinstance(value, dt.datetime):
        raise InvalidForm([Problem(path, "must be a datetime with its time zone")])
    if value.utcoffset() is None:
        raise InvalidForm(
            [Problem(path, "has no time zone; use datetime.now(timezone.utc) or a zoneinfo zone")]
        )
    moment = in_reach(value)
    if moment is None:
        raise InvalidForm([Problem(path, "is too far from today")])
    return moment


def in_reach(value: dt.datetime) -> dt.datetime | None:
    """An aware time as UTC; None if it is so far away that a calendar cannot count from it."""
    try:
        moment = value.astimezone(dt.UTC)
    except OverflowError:
        return None
    return moment if 1900 <= moment.year < 3000 else None


class Facts(Mapping[str, Value]):
    """A frozen mapping of plain values whose ``repr`` names the fields and never the values.

    >>> Facts({"phone": "+46 70 174 06 05"})
    <phone>
    """

    __slots__ = ("_values",)
    _values: dict[str, Value]

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        # Nearly all are atoms; to call for each, or to ask an abstract class, takes much longer.
        frozen = {k: v if type(v) in _ATOMS else _freeze(v) for k, v in dict(values).items()}
        object.__setattr__(self, "_values", frozen)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Facts are frozen")

    def __getitem__(self, key: str) -> Value:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(canonical(self))

    def __repr__(self) -> str:
        return f"<{', '.join(self._values)}>"

    def __reduce__(self) -> tuple[type[Facts], tuple[dict[str, Value]]]:
        return (Facts, (self._values,))

    def at(self, path: str) -> Value:
        """The value at a dotted path, or None where there is none."""
        here: Value = self
        for name in path.split("."):
            if not isinstance(here, Facts):
                return None
            here = here._values.get(name)
        return here

    def merged(self, other: Mapping[str, Value]) -> Facts:
        """These facts, with those of ``other`` laid over them."""
        if not other:
            return self
        made = object.__new__(Facts)
        values = other._values if isinstance(other, Facts) else other
        object.__setattr__(made, "_values", {**self._values, **values})
        return made

    def without(self, names: Collection[str]) -> Facts:
        """These facts, but for those of these names."""
        return Facts({name: value for name, value in self._values.items() if name not in names})


_ATOMS = frozenset({str, int, bool, type(None)})


def _freeze(value: Any) -> Value:
    if type(value) is Facts:
        return value
    # What a store has read is always a dict; to ask an abstract class takes longer.
    if type(value) is dict or isinstance(value, Mapping):
        return Facts(value)
    if isinstance(value, list | tuple):
        return tuple(_freeze(item) for item in value)
    return value  # type: ignore[no-any-return]  # JSON's own plain values


NOTHING = Facts()


def _plain(value: object) -> dict[str, Value]:
    if isinstance(value, Facts):
        return value._values
    raise TypeError(f"{type(value).__name__} is no plain value")


_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), default=_plain, check_circular=False
).encode


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values: what is hashed and stored."""
    return _encode(value)


def sha256(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
