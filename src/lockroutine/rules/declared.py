"""The forms that a pack declares: their tables, and the classes that are made of them.

A class that is made here is checked, shown and kept as the bundled forms are, by the same
``Entry`` of each field. A bundled form can also be had as the table that would declare it, which
is how a pack's form builds on one.
"""

from __future__ import annotations

import datetime as dt
import keyword
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, TypeAlias

import attrs
from attrs import Factory, field, frozen

from lockroutine._fields import Entry, Format, Privacy, bare, checked, entries, fault
from lockroutine.errors import Problem
from lockroutine.facts import canonical
from lockroutine.forms import FORMS, ContactPerson
from lockroutine.model import Text
from lockroutine.rules.terms import LABEL, doc

__all__ = ["FieldTable", "FormTable", "form_of", "table_of", "wrong_with"]

Kind: TypeAlias = Literal[
    "text",
    "lines",
    "word",
    "phone",
    "email",
    "serial_number",
    "choice",
    "whole_number",
    "yes_no",
    "date",
    "time",
    "texts",
    "words",
    "serial_numbers",
    "choices",
    "contact_person",
]

_LISTS: Mapping[str, str] = {
    "texts": "text",
    "words": "word",
    "serial_numbers": "serial_number",
    "choices": "choice",
}
_FORMATS: Mapping[str, Format] = {
    "word": "word",
    "phone": "phone",
    "email": "email",
    "serial_number": "serial_number",
}
_TYPES: Mapping[str, Any] = {
    "whole_number": int,
    "yes_no": bool,
    "date": dt.date,
    "time": dt.datetime,
    "contact_person": ContactPerson,
}
_LIMITS: Mapping[str, tuple[str, ...]] = {
    "minimum": ("whole_number",),
    "maximum": ("whole_number",),
    "choices": ("choice", "choices"),
    "longest": ("text", "lines", "word", "phone", "email", "serial_number", *_LISTS),
}
"""What only goes with some types."""


@frozen(kw_only=True)
class FieldTable:
    """A field of a form that the pack declares.

    ```toml
    [form.owner_order.fields.floor]
    type = "whole_number"
    label = { sv = "Våning", en = "Floor" }
    minimum = -3
    maximum = 60
    optional = true
    ```
    """

    type: Kind = field(
        metadata=doc(
            "What it holds. `text` is one line, `lines` several; `word` is kept in lower case, as "
            "things are told apart by it; `choice` is one of its `choices`; `texts`, `words`, "
            "`serial_numbers` and `choices` are lists without repetition."
        )
    )
    label: Text = field(metadata=LABEL)
    help: Text | None = field(
        default=None, metadata=doc("What a person reads if they want to know more.")
    )
    privacy: Privacy = field(
        default="",
        metadata=doc(
            "`personal` or `secret`: who sees it is said by the process; it is in no log and no "
            "subject line, and erasure takes it away."
        ),
    )
    optional: bool = field(default=False, metadata=doc("True if it may be left out."))
    default: str | int | bool = field(
        default="", metadata=doc("What it is if it is left out, which it may be then.")
    )
    choices: Mapping[str, Text] = field(
        default=Factory(dict), metadata=doc("The values of a choice, each with its label.")
    )
    minimum: int | None = field(default=None, metadata=doc("The least whole number."))
    maximum: int | None = field(default=None, metadata=doc("The greatest whole number."))
    longest: int | None = field(
        default=None, metadata=doc("The most characters of a text, or entries of a list; 200.")
    )


@frozen(kw_only=True)
class FormTable:
    """A form that the pack declares, beside those that come with the library.

    ```toml
    [form.owner_order]
    label = { sv = "Beställning med fastighetsägare", en = "Order with the property owner" }
    extends = "mounting_order"

    [form.owner_order.fields.owner]
    type = "text"
    label = { sv = "Fastighetsägare", en = "Property owner" }
    ```
    """

    label: Text = field(metadata=LABEL)
    extends: str = field(
        default="",
        metadata=doc(
            "A bundled form, or another of the pack, that it starts from: its fields come first, "
            "and those named here are added to them, changed by key, or taken out with "
            "`remove = true`."
        ),
    )
    fields: Mapping[str, FieldTable] = field(metadata=doc("Its fields."))


# -- tables to classes ----------------------------------------------------------------------------


class _Declared:
    """The base of every form that a pack declares: it pickles by what declared it."""

    __slots__ = ()
    _declared: ClassVar[tuple[str, FormTable]]
    _title: ClassVar[Text]

    def __reduce__(self) -> tuple[Any, ...]:
        values = {name: getattr(self, name) for name in entries(type(self))}
        return _again, (*self._declared, values)


def _again(name: str, table: FormTable, values: Mapping[str, Any]) -> Any:
    return form_of(name, table)(**values)


_made: dict[tuple[str, str], type] = {}


def form_of(name: str, table: FormTable) -> type:
    """The class of a form; the same one for the same name and table.

    Args:
        name: Its name in the pack.
        table: What declares it, with all that it took over from what it extends.

    >>> words = Text("Våning", "Floor")
    >>> table = FormTable(label=words, fields={"floor": FieldTable(type="yes_no", label=words)})
    >>> form_of("visit_floor", table)(floor=True)
    VisitFloor(floor=True)
    """
    key = (name, canonical(attrs.asdict(table)))
    if key not in _made:
        _made.setdefault(key, _make(name, table))
    return _made[key]


def _make(name: str, table: FormTable) -> type:
    made: Any = attrs.make_class(
        "".join(part.capitalize() for part in name.split("_")),
        {one: _field(declared) for one, declared in table.fields.items() if _can_be_named(one)},
        bases=(_Declared,),
        frozen=True,
        slots=True,
        kw_only=True,
        order=False,
        field_transformer=checked,
    )
    made._declared = (name, table)
    made._title = table.label
    made.__doc__ = f"{table.label.en}."
    return typing.cast("type", made)


def _field(declared: FieldTable) -> Any:
    kind = _type(declared)
    may_lack = declared.optional and declared.type not in _LISTS
    default: Any = attrs.NOTHING
    if declared.default != "":
        default = declared.default
    elif declared.optional:
        default = None if may_lack else ()
    return field(
        type=kind | None if may_lack else kind,
        default=default,
        metadata={"entry": _entry(declared)},
    )


def _type(declared: FieldTable) -> Any:
    item = _LISTS.get(declared.type, declared.type)
    kind: Any = _TYPES.get(item, str)
    if item == "choice" and declared.choices:
        kind = Literal[tuple(declared.choices)]
    # Made when the pack is read, so that no checker of types can know it.
    return types.GenericAlias(tuple, (kind, ...)) if declared.type in _LISTS else kind


def _entry(declared: FieldTable) -> Entry:
    return Entry(
        label=declared.label,
        help=declared.help,
        privacy=declared.privacy,
        format=_FORMATS.get(_LISTS.get(declared.type, declared.type), ""),
        longest=200 if declared.longest is None else declared.longest,
        lines=declared.type == "lines",
        minimum=declared.minimum,
        maximum=declared.maximum,
        choices=declared.choices,
    )


# -- bundled forms as tables ----------------------------------------------------------------------


def table_of(form: type) -> dict[str, Any]:
    """A bundled form as the TOML table that would declare it, without a label.

    >>> table_of(FORMS["licence"])["fields"]["licence_number"]["type"]
    'text'
    """
    defaults = {one.name: one.default for one in attrs.fields(form)}
    return {
        "fields": {
            name: _field_table(declared, defaults[name]) for name, declared in entries(form).items()
        }
    }


def _field_table(declared: Entry, default: Any) -> dict[str, Any]:
    kind = _kind(declared)
    found: dict[str, Any] = {"type": kind, "label": _words(declared.label)}
    if declared.help:
        found["help"] = _words(declared.help)
    if declared.privacy:
        found["privacy"] = declared.privacy
    if default in (None, ()):
        found["optional"] = True
    elif default is not attrs.NOTHING:
        found["default"] = default
    if declared.choices:
        found["choices"] = {name: _words(label) for name, label in declared.choices.items()}
    for limit in ("minimum", "maximum", "longest"):
        value = getattr(declared, limit)
        if value is not None and kind in _LIMITS[limit]:
            found[limit] = value
    return found


def _kind(declared: Entry) -> str:
    kind = bare(declared.type)
    within = typing.get_args(kind)[0] if typing.get_origin(kind) is tuple else kind
    word: str = "choice" if declared.choices else declared.format or "text"
    if declared.lines:
        word = "lines"
    word = next((word for word, known in _TYPES.items() if known is within), word)
    return f"{word}s" if within is not kind else word


def _words(text: Text) -> dict[str, str]:
    return {"sv": text.sv, "en": text.en}


# -- checks ---------------------------------------------------------------------------------------


def wrong_with(path: str, name: str, table: FormTable) -> Iterator[Problem]:
    """What is wrong with a form, beyond the types of its keys."""
    if name in FORMS:
        message = (
            f"comes with the library; call yours otherwise, and let it start from that one with "
            f'extends = "{name}"'
        )
        yield Problem(path, message)
    if not table.fields:
        yield Problem(f"{path}.fields", "must hold at least one field")
    for one, declared in table.fields.items():
        yield from _wrong_with_field(f"{path}.fields.{one}", one, declared)


def _can_be_named(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name != "self"


def _wrong_with_field(path: str, name: str, declared: FieldTable) -> Iterator[Problem]:
    if not _can_be_named(name):
        yield Problem(path, "is a word that means something in programs; call the field otherwise")
    for limit, kinds in _LIMITS.items():
        given = getattr(declared, limit) not in (None, {})
        if given and declared.type not in kinds:
            words = " and ".join(kinds) if len(kinds) < 3 else "texts and lists"
            yield Problem(f"{path}.{limit}", f"goes only with {words}, not with {declared.type}")
    if declared.type in _LIMITS["choices"] and not declared.choices:
        yield Problem(f"{path}.choices", "is missing: the values that it may have")
    if declared.longest is not None and declared.longest < 1:
        yield Problem(f"{path}.longest", "must be at least 1")
    least, greatest = declared.minimum, declared.maximum
    if least is not None and greatest is not None and least > greatest:
        yield Problem(f"{path}.minimum", "is greater than the maximum")
    if declared.default != "":
        yield from _wrong_default(f"{path}.default", declared)


def _wrong_default(path: str, declared: FieldTable) -> Iterator[Problem]:
    if declared.optional:
        yield Problem(path, "goes without optional: what has a default may be left out")
    kind = _type(declared)
    choices = typing.get_args(kind) if typing.get_origin(kind) is Literal else ()
    if declared.type in ("date", "time", "contact_person", *_LISTS):
        yield Problem(path, f"goes not with {declared.type}")
    elif choices and declared.default not in choices:
        yield Problem(path, f"must be one of {', '.join(choices)}")
    elif not choices and type(declared.default) is not kind:
        words = {str: "text", int: "a whole number", bool: "true or false"}
        yield Problem(path, f"must be {words[kind]}")
    else:
        message = fault(_entry(declared), declared.default)
        if message:
            yield Problem(path, message)
