"""What a form says about each of its fields: label, limits, and whether it is personal.

That one declaration drives checking, the JSON Schema, what a role gets to see, and what is kept
out of logs.
"""

from __future__ import annotations

import datetime as dt
import re
import types
import typing
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

import attrs
from attrs import frozen

from lockroutine._strict import converter, problems_of
from lockroutine.errors import InvalidForm, Problem
from lockroutine.facts import Facts, serial_number
from lockroutine.model import Language, Text

__all__ = [
    "Entry",
    "Format",
    "Privacy",
    "bare",
    "checked",
    "entries",
    "entry",
    "facts_of",
    "fault",
    "json_schema",
    "read_form",
]

Privacy: TypeAlias = Literal["", "personal", "secret"]
Format: TypeAlias = Literal["", "phone", "email", "serial_number", "word"]
Json: TypeAlias = dict[str, Any]

_SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "phone": (
        re.compile(r"\+?[0-9][0-9 \-()]{4,30}"),
        "must be a telephone number: digits, spaces, hyphens",
    ),
    "email": (
        re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+"),
        "must be an e-mail address like name@example.org",
    ),
}

_UNWELCOME = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, and what breaks a line; a pasted hard space is welcome."""


@frozen(kw_only=True)
class Entry:
    """The declaration of one field of a form.

    Args:
        name: The field's name.
        type: Its Python type.
        required: Whether it must be given.
        label: What a person sees beside it.
        help: What a person reads if they want to know more.
        privacy: Empty, ``personal`` or ``secret``.
        format: What kind of text it is.
        longest: The most characters of a text, or entries of a list.
        lines: Whether a text may have several lines.
        minimum: The least whole number.
        maximum: The greatest whole number.
        choices: The labels of a field that has a few fixed values.
    """

    name: str = ""
    type: Any = str
    required: bool = True
    label: Text
    help: Text | None = None
    privacy: Privacy = ""
    format: Format = ""
    longest: int = 200
    lines: bool = False
    minimum: int | None = None
    maximum: int | None = None
    choices: Mapping[str, Text] = attrs.field(factory=dict)


def entry(
    sv: str,
    en: str,
    *,
    help: tuple[str, str] | None = None,
    privacy: Privacy = "",
    format: Format = "",
    longest: int = 200,
    lines: bool = False,
    minimum: int | None = None,
    maximum: int | None = None,
    choices: Mapping[str, tuple[str, str]] | None = None,
) -> dict[str, Entry]:
    """The metadata of a form's field; ``Entry`` says what each argument means."""
    made = Entry(
        label=Text(sv, en),
        help=Text(*help) if help else None,
        privacy=privacy,
        format=format,
        longest=longest,
        lines=lines,
        minimum=minimum,
        maximum=maximum,
        choices={name: Text(*label) for name, label in (choices or {}).items()},
    )
    return {"entry": made}


def checked(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """The ``field_transformer`` of every form: check what its entries declare."""
    return [_checked(one, one.metadata["entry"]) for one in fields]


def _checked(one: attrs.Attribute[Any], declared: Entry) -> attrs.Attribute[Any]:
    def convert(value: Any) -> Any:
        return _converted(declared, one.name, value)

    def validate(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        message = fault(declared, value)
        if message:
            raise InvalidForm([Problem(attribute.name, message)])

    return one.evolve(
        converter=convert, validator=validate, repr=_hidden if declared.privacy else True
    )


def _converted(declared: Entry, name: str, value: Any) -> Any:
    value = _trimmed(value, lines=declared.lines)
    if declared.format == "serial_number":
        return _each(value, lambda item: serial_number(item, name))
    return _each(value, _word) if declared.format == "word" else value


def _each(value: Any, spell: Callable[[Any], Any]) -> Any:
    if type(value) is tuple:
        return tuple(map(spell, value))
    return value if value is None else spell(value)


def _word(value: Any) -> Any:
    """One spelling for a word that things are told apart by, such as a door."""
    return " ".join(filter(None, value.split(" "))).lower() if type(value) is str else value


def _hidden(value: object) -> str:
    return "None" if value is None else "..."


def _trimmed(value: Any, *, lines: bool) -> Any:
    if type(value) is not str:
        return value
    # Browsers end the lines of a text in their own way.
    return (value.replace("\r\n", "\n") if lines else value).strip()


def fault(declared: Entry, value: Any) -> str:
    """What is wrong with a value of the right type, or an empty text."""
    if type(value) is str:
        return _fault_of_text(declared, value)
    if type(value) is tuple:
        if len(value) > declared.longest:
            return f"must have at most {declared.longest} entries"
        if len(set(value)) != len(value):
            return "must not name the same thing twice"
        return next(filter(None, (fault(declared, item) for item in value)), "")
    if type(value) is int:
        if declared.minimum is not None and value < declared.minimum:
            return f"must be at least {declared.minimum}"
        if declared.maximum is not None and value > declared.maximum:
            return f"must be at most {declared.maximum}"
    return ""


def _fault_of_text(declared: Entry, value: str) -> str:
    if not value:
        return "must not be blank"
    if len(value) > declared.longest:
        return f"must be at most {declared.longest} characters"
    shown = value.replace("\n", " ").replace("\t", " ") if declared.lines else value
    if not shown.isprintable() and not _UNWELCOME.isdisjoint(map(unicodedata.category, shown)):
        return "must not hold control characters or lone surrogates"
    shape = _SHAPES.get(declared.format)
    return shape[1] if shape and not shape[0].fullmatch(value) else ""


_entries: dict[type, Mapping[str, Entry]] = {}


def entries(form: type) -> Mapping[str, Entry]:
    """The declarations of a form's fields, by name."""
    if form not in _entries:
        hints = typing.get_type_hints(form)
        _entries[form] = {
            one.name: attrs.evolve(
                one.metadata["entry"],
                name=one.name,
                type=hints[one.name],
                required=one.default is attrs.NOTHING,
            )
            for one in attrs.fields(form)
        }
    return _entries[form]


def read_form(form: type, given: object) -> Any:
    """Make the attrs form out of a mapping, or check one that is made already.

    Raises:
        InvalidForm: With every problem, each named by its path.
    """
    if type(given) is form:
        # Validators saw the values, but nothing has seen their types yet.
        values = {name: getattr(given, name) for name in entries(form)}
        given = {name: _as_mapping(v) for name, v in values.items() if v is not None}
    if not isinstance(given, Mapping):
        raise InvalidForm(
            [Problem("form", f"must be a {form.__name__} or a mapping of its fields")]
        )
    try:
        return converter.structure(given, form)
    except Exception as error:
        # A wrong type kept the limits from being looked at, and a limit those behind it.
        found = {problem.path: problem for problem in problems_of(error)}
        for problem in _faults(form, given, ""):
            found.setdefault(problem.path, problem)
    raise InvalidForm(found.values())


def _faults(form: type, given: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """What is beyond its limits in a mapping, so far as its types are right."""
    for name, declared in entries(form).items():
        kind, value = bare(declared.type), given.get(name)
        if attrs.has(kind):
            if isinstance(value, Mapping):
                yield from _faults(kind, value, f"{path}{name}.")
            continue
        try:
            value = converter.structure(value, declared.type)
        except Exception:
            continue  # told already
        try:
            message = fault(declared, _converted(declared, name, value))
        except InvalidForm as error:
            message = error.problems[0].message
        if message:
            yield Problem(f"{path}{name}", message)


def _as_mapping(value: Any) -> Any:
    return attrs.asdict(value, recurse=False) if attrs.has(type(value)) else value


def facts_of(form: Any) -> tuple[Facts, Facts]:
    """A form's values as plain facts: first what is not personal, then what is."""
    declared = entries(type(form))
    open_facts: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    for name, one in declared.items():
        value = _plain(getattr(form, name))
        if value is not None:
            (personal if one.privacy else open_facts)[name] = value
    return Facts(open_facts), Facts(personal)


def _plain(value: Any) -> Any:
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    if attrs.has(type(value)):
        return {one.name: _plain(getattr(value, one.name)) for one in attrs.fields(type(value))}
    return value


def json_schema(form: type, language: Language = "en") -> Json:
    """The JSON Schema (2020-12) of a form, with titles and descriptions in one language.

    ``x-privacy`` marks what is ``personal`` or ``secret``.
    """
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema(form, language)}


def _schema(form: type, language: Language) -> Json:
    declared = entries(form)
    return {
        "title": _title(form, language),
        "type": "object",
        "properties": {name: _property(one, language) for name, one in declared.items()},
        "required": [name for name, one in declared.items() if one.required],
        "additionalProperties": False,
    }


def _title(form: type, language: Language) -> str:
    declared: Text | None = getattr(form, "_title", None)  # a form that a pack declares has one
    return declared.get(language) if declared else form.__name__


def _property(declared: Entry, language: Language) -> Json:
    made: Json = {"title": declared.label.get(language)}
    if declared.help:
        made["description"] = declared.help.get(language)
    if declared.privacy:
        made["x-privacy"] = declared.privacy
    # A form within a form has a title of its own; the label of the field is what a person reads.
    return {**_type_schema(declared, bare(declared.type), language), **made}


def bare(kind: Any) -> Any:
    """A type without the None that may stand in its place."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return next(arm for arm in typing.get_args(kind) if arm is not type(None))
    return kind


def _type_schema(declared: Entry, kind: Any, language: Language) -> Json:
    if typing.get_origin(kind) is tuple:
        item = _type_schema(declared, typing.get_args(kind)[0], language)
        return {"type": "array", "items": item, "maxItems": declared.longest, "uniqueItems": True}
    if declared.choices:
        labels = declared.choices.items()
        return {"oneOf": [{"const": name, "title": label.get(language)} for name, label in labels]}
    if attrs.has(kind):
        return _schema(kind, language)
    if kind is bool:
        return {"type": "boolean"}
    if kind is int:
        limits = {"minimum": declared.minimum, "maximum": declared.maximum}
        return {"type": "integer", **{k: v for k, v in limits.items() if v is not None}}
    if kind is dt.datetime:
        return {"type": "string", "format": "date-time"}
    if kind is dt.date:
        return {"type": "string", "format": "date"}
    made: Json = {"type": "string", "minLength": 1, "maxLength": declared.longest}
    if declared.format == "email":
        made["format"] = "email"
    if declared.format == "phone":
        made["pattern"] = f"^{_SHAPES['phone'][0].pattern}$"
    return made
