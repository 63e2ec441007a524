"""Every form: what it takes, what it refuses and in which words, and that it tells nobody."""

from __future__ import annotations

import datetime as dt
import json
import pickle
import re
import typing
from collections.abc import Iterator
from typing import Any, Literal

import attrs
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockroutine import InvalidForm
from lockroutine._fields import Entry, entries, facts_of, json_schema, read_form
from lockroutine.forms import (
    FORMS,
    Appointment,
    BatteryReading,
    ContactPerson,
    Delivery,
    LockTest,
    MountingOrder,
    Note,
    SignedConsent,
    form_name,
)
from smallpack import CONTACT, MONDAY, ORDER, short

EVERY = [*FORMS.values(), ContactPerson]
every_form = pytest.mark.parametrize("form", EVERY, ids=form_name)
MARK = "Xq7"
"""Stands in every personal value of the leak test, and nowhere else."""


def bare(kind: Any) -> Any:
    arms = [arm for arm in typing.get_args(kind) if arm is not type(None)]
    is_list = typing.get_origin(kind) in (tuple, Literal)
    return arms[0] if len(arms) == 1 and not is_list else kind


def every_field(form: type) -> Iterator[tuple[str, Entry, Any]]:
    """All fields, those of nested forms too, with path, declaration and type."""
    for name, declared in entries(form).items():
        kind = bare(declared.type)
        yield name, declared, kind
        if attrs.has(kind):
            for path, inner, inner_kind in every_field(kind):
                yield f"{name}.{path}", inner, inner_kind


def texts(declared: Entry) -> st.SearchStrategy[str]:
    if declared.format == "phone":
        return st.from_regex(r"\A\+?[0-9][0-9 \-]{4,20}[0-9]\Z")
    if declared.format == "email":
        return st.from_regex(r"\A[a-z0-9]{1,10}@[a-z]{1,10}\.[a-z]{2,3}\Z")
    letters = "ABCÅÄÖ0123456789-" if declared.format == "serial_number" else "abcåäö ÉЖ字-.'"
    inside = st.text(letters, min_size=1, max_size=20)
    return inside.filter(lambda text: text == text.strip())


def values(declared: Entry, kind: Any) -> st.SearchStrategy[Any]:
    if typing.get_origin(kind) is tuple:
        return st.lists(texts(declared), unique=True, max_size=3)
    if typing.get_origin(kind) is Literal:
        return st.sampled_from(typing.get_args(kind))
    if attrs.has(kind):
        return mappings(kind)
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(declared.minimum, declared.maximum)
    if kind is dt.datetime:
        years = st.datetimes(dt.datetime(1901, 1, 1), dt.datetime(2998, 1, 1))  # noqa: DTZ001
        return years.map(lambda at: at.replace(tzinfo=dt.UTC).isoformat())
    if kind is dt.date:
        return st.dates().map(dt.date.isoformat)
    return texts(declared)


def mappings(form: type) -> st.SearchStrategy[dict[str, Any]]:
    """What a host could give for a form."""
    given_of = {n: values(d, bare(d.type)) for n, d in entries(form).items()}
    needed = {n: s for n, s in given_of.items() if entries(form)[n].required}
    return st.fixed_dictionaries(
        needed, optional={n: s for n, s in given_of.items() if n not in needed}
    )


def example(form: type) -> dict[str, Any]:
    """One good mapping for a form, with a marker in everything personal."""

    def one(declared: Entry, kind: Any) -> Any:
        if typing.get_origin(kind) is tuple:
            return ["A1", "A2"]
        if typing.get_origin(kind) is Literal:
            return typing.get_args(kind)[0]
        if attrs.has(kind):
            return example(kind)
        samples = {
            bool: True,
            int: 7,
            dt.datetime: "2026-03-02T10:00:00+01:00",
            dt.date: "2026-03-02",
        }
        if kind in samples:
            return samples[kind]
        if declared.format == "phone":
            return "+46 70 174 06 05"
        if declared.format == "email":
            return f"{MARK}@example.org"
        return MARK if declared.privacy else "A1"

    return {name: one(declared, bare(declared.type)) for name, declared in entries(form).items()}


def put(form: type, path: str, value: object) -> dict[str, Any]:
    """A good mapping with one value, at a path, exchanged."""
    made = example(form)
    *way, last = path.split(".")
    here = made
    for name in way:
        here = here[name]
    here[last] = value
    return made


def complaint(form: type, given_form: object) -> str:
    with pytest.raises(InvalidForm) as error:
        read_form(form, given_form)
    return str(error.value)


# -- reading --------------------------------------------------------------------------------------


@every_form
@settings(max_examples=15)
@given(data=st.data())
def test_round_trip(form: type, data: st.DataObject) -> None:
    """What is read, told as facts and read again is the same form, and fits its own schema."""
    mapping = data.draw(mappings(form))
    made = read_form(form, mapping)
    open_facts, personal = facts_of(made)
    assert not open_facts.keys() & personal.keys()
    again = json.loads(json.dumps({**open_facts, **personal}, default=dict))
    assert read_form(form, again) == made == read_form(form, made)
    assert pickle.loads(pickle.dumps(made)) == made
    jsonschema.Draft202012Validator(json_schema(form)).validate(mapping)


@every_form
def test_what_is_missing(form: type) -> None:
    """Every field that must be given is named at once, each by its path."""
    wanted = [f"{name}: is missing" for name, one in entries(form).items() if one.required]
    assert complaint(form, {}) == "; ".join(wanted)


@every_form
def test_unknown_fields(form: type) -> None:
    """A field that the form does not have is refused with the nearest that it has."""
    some = next(iter(entries(form)))
    words = complaint(form, {**example(form), f"{some}x": 1})
    assert words == f"{some}x: unknown key; did you mean {some!r}?"
    known = ", ".join(sorted(entries(form)))
    words = complaint(form, {**example(form), "!": 1})
    assert words == f"!: unknown key; known here: {known}"


@pytest.mark.parametrize("given_form", ["abc", 5, [], [("name", 1)], object(), Note(note="x")])
def test_no_mapping(given_form: object) -> None:
    """Anything but the form or a mapping is refused."""
    assert complaint(LockTest, given_form) == "form: must be a LockTest or a mapping of its fields"


WRONG_KINDS: list[tuple[object, str]] = [
    (None, "nothing"),
    (True, "true or false"),
    (5, "a whole number"),
    (float("nan"), "a number with decimals"),
    ("text", "text"),
    ([], "a list"),
    ((), "a list"),
    ({}, "a table"),
    (b"bytes", "a bytes"),
]


@every_form
def test_wrong_kinds(form: type) -> None:
    """A value of any wrong type is refused by its path, in words that do not repeat it."""
    for path, declared, kind in every_field(form):
        for value, called in WRONG_KINDS:
            if _is_right(value, kind) or (value is None and not declared.required):
                continue
            message = complaint(form, put(form, path, value))
            if attrs.has(kind) and value == {}:
                assert message.startswith(f"{path}.")
            elif attrs.has(kind):
                assert message.endswith("must be a table"), message
            else:
                assert message == f"{path}: {_expected(kind, value, called)}"


def _is_right(value: object, kind: Any) -> bool:
    if typing.get_origin(kind) is tuple:
        return isinstance(value, list | tuple)
    return type(value) is kind


def _expected(kind: Any, value: object, called: str) -> str:
    if typing.get_origin(kind) is Literal:
        choices = ", ".join(typing.get_args(kind))
        return f"must be one of {choices}" + ("" if value == "text" else f", not {called}")
    if kind is dt.datetime:
        if value == "text":
            return "is not a time; write it like 2026-03-02T10:00:00+01:00"
        return f"must be a time with its time zone, not {called}"
    if kind is dt.date:
        if value == "text":
            return "is not a date; write it like 2026-03-02"
        return f"must be a date, not {called}"
    if typing.get_origin(kind) is tuple:
        return f"must be a list, not {called}"
    names = {str: "text", int: "a whole number", bool: "true or false"}
    return f"must be {names[kind]}, not {called}"


@every_form
def test_wrong_texts(form: type) -> None:
    """A text that is blank, too long, or holds what cannot be printed is refused by its path."""
    for path, declared, kind in every_field(form):
        if kind is not str:
            continue
        long = "must be at most 200 characters"
        if declared.format != "serial_number":
            long = f"must be at most {declared.longest} characters"
        blank = "must not be blank"
        if declared.format == "serial_number":
            blank = "must not be blank or begin or end with a space"
        unprintable = "must not hold control characters or lone surrogates"
        for value, message in [
            ("", blank),
            (" \n ", blank),
            ("x" * (declared.longest + 1), long),
            ("x" * 10_000_000, long),
            ("a\x00b", unprintable),
            ("a\ud800b", unprintable),
            ("a\u2028b", unprintable),
        ]:
            if value == "a\u2028b" and declared.format == "serial_number":
                continue  # a space like others
            assert complaint(form, put(form, path, value)) == f"{path}: {message}"


def test_several_lines() -> None:
    """Only a field of several lines takes line breaks and tabs; a browser's are made plain."""
    assert read_form(Note, {"note": " a\r\nb\tc\n"}).note == "a\nb\tc"
    message = complaint(MountingOrder, {**ORDER, "address": "a\nb"})
    assert message == "address: must not hold control characters or lone surrogates"


def test_pasted_text() -> None:
    """A hard space or an invisible mark that came with pasting is no control character."""
    assert read_form(Note, {"note": "kl\u00a010\u200b"}).note == "kl\u00a010\u200b"


@pytest.mark.parametrize(
    ("phone", "good"),
    [
        ("+46 70 174 06 05", True),
        ("070-174 06 05", True),
        ("(070) 1740605", False),
        ("0701", False),
        ("070 174 06 05 ask for Anna", False),
        ("+" + "4" * 40, False),
    ],
)
def test_telephone_numbers(phone: str, good: bool) -> None:
    """A telephone number is digits, spaces and hyphens."""
    given_form = {**CONTACT, "phone": phone}
    if good:
        assert read_form(ContactPerson, given_form).phone == phone
    else:
        words = "phone: must be a telephone number: digits, spaces, hyphens"
        assert complaint(ContactPerson, given_form) == words


@pytest.mark.parametrize("email", ["c3", "c3@", "c3@example", "c 3@example.org", "a@b@c.org"])
def test_email_addresses(email: str) -> None:
    """What is no e-mail address is refused with an example of one."""
    words = complaint(ContactPerson, {**CONTACT, "email": email})
    assert words == "email: must be an e-mail address like name@example.org"


NAIVE = "has no time zone; write it like 2026-03-02T10:00:00+01:00"
SIGNERS = "must be one of customer, representative"


@pytest.mark.parametrize(
    ("form", "field", "value", "message"),
    [
        (LockTest, "cycles", -1, "must be at least 0"),
        (LockTest, "cycles", "5", "must be a whole number, not text"),
        (LockTest, "cycles", True, "must be a whole number, not true or false"),
        (Delivery, "serial_numbers", ["a1", "A 1"], "must not name the same thing twice"),
        (Delivery, "serial_numbers", [str(n) for n in range(501)], "must have at most 500 entries"),
        (Delivery, "fits", ["euro", ""], "must not be blank"),
        (Delivery, "fits", "euro", "must be a list, not text"),
        (Appointment, "starts_at", "2026-03-02T10:00:00", NAIVE),
        (Appointment, "starts_at", "9999-12-31T23:59:59Z", "is too far from today"),
        (Appointment, "starts_at", "x" * 10_000_000, "must be a time with its time zone, not text"),
        (Appointment, "starts_at", dt.datetime(2026, 3, 2), NAIVE),  # noqa: DTZ001
        (SignedConsent, "signed_on", "x" * 10_000_000, "must be a date, not text"),
        (SignedConsent, "signed_on", MONDAY, "must be a date, not a datetime"),
        (SignedConsent, "signed_by", "custmer", f"{SIGNERS}; did you mean customer?"),
    ],
    ids=short,
)  # fmt: skip
def test_wrong_values(form: type, field: str, value: object, message: str) -> None:
    """A value outside its limits is refused with the limit."""
    assert complaint(form, put(form, field, value)) == f"{field}: {message}"


def test_a_number_too_long_to_print() -> None:
    """A number of five thousand digits is one problem."""
    words = complaint(LockTest, {"cycles": 10**5000, "works": True})
    assert words == "cycles: must be at most 1000"


def test_items_of_a_list() -> None:
    """What is wrong in a list is named by its place there."""
    words = complaint(Delivery, put(Delivery, "fits", ["euro", 5, None]))
    assert words == "fits[1]: must be text, not a whole number; fits[2]: must be text, not nothing"


def test_nested_bomb() -> None:
    """A table nested ten thousand deep is one problem."""
    bomb: dict[str, Any] = {}
    for _ in range(10_000):
        bomb = {"name": bomb}
    words = complaint(MountingOrder, {**ORDER, "name": bomb})
    assert words == "name: must be text, not a table"
    assert complaint(MountingOrder, {**ORDER, "contact": bomb}) == (
        "contact.name: must be text, not a table; contact.phone: is missing; "
        "contact.email: is missing"
    )


def test_all_problems_at_once() -> None:
    """Everything that is wrong comes at once."""
    words = complaint(
        MountingOrder,
        {
            **ORDER,
            "address": " ",
            "name": 5,
            "phone": "x",
            "contact": {**CONTACT, "email": "c3"},
            "dor": 1,
        },
    )
    assert set(re.split("; (?=name|phone|contact|dor|address)", words)) == {
        "address: must not be blank",
        "name: must be text, not a whole number",
        "phone: must be a telephone number: digits, spaces, hyphens",
        "contact.email: must be an e-mail address like name@example.org",
        "dor: unknown key; did you mean 'door'?",
    }


def test_limits_beside_wrong_types() -> None:
    """A wrong type in one field hides no wrong serial number in another."""
    given_form = {"delivered": "7", "model": "X1", "serial_numbers": [" "]}
    assert complaint(Delivery, given_form) == (
        "delivered: must be a whole number, not text; "
        "serial_numbers: must not be blank or begin or end with a space"
    )


def test_made_forms_are_checked_too() -> None:
    """A form that was made in Python is checked like a mapping: its types were not looked at."""
    assert complaint(LockTest, LockTest(cycles="5", works=True)) == (  # type: ignore[arg-type]
        "cycles: must be a whole number, not text"
    )
    with pytest.raises(InvalidForm, match="cycles: must be at least 0"):
        LockTest(cycles=-1, works=True)
    contact = ContactPerson(**CONTACT)
    made = MountingOrder(**{**ORDER, "contact": contact})
    assert read_form(MountingOrder, made) == made


# -- who gets to know -----------------------------------------------------------------------------


@every_form
def test_forms_tell_nothing_of_people(form: type) -> None:
    """No personal value stands in a form's repr, in the repr of its facts, or in an error."""
    made = read_form(form, example(form))
    open_facts, personal = facts_of(made)
    assert MARK not in f"{made!r} {open_facts!r} {personal!r}"
    assert MARK not in json.dumps(open_facts, default=dict)
    for path, declared, kind in every_field(form):
        if declared.privacy and kind is str:
            bad = put(form, path, f"{MARK}\x00" + "x" * 3000)
            with pytest.raises(InvalidForm) as error:
                read_form(form, bad)
            assert MARK not in f"{error.value} {error.value!r} {error.value.__cause__!r}"
            assert error.value.__cause__ is None


@every_form
def test_what_is_within_something_personal(form: type) -> None:
    """A personal table is personal as a whole, so everything in it is declared so too."""
    for path, declared, _ in every_field(form):
        outer = entries(form)[path.partition(".")[0]]
        assert bool(declared.privacy) or not outer.privacy


# -- schemas --------------------------------------------------------------------------------------


@every_form
@pytest.mark.parametrize("language", ["sv", "en"])
def test_schema(form: type, language: Literal["sv", "en"]) -> None:
    """A form's JSON Schema is valid, and each field has a title in the language asked for."""
    schema = json_schema(form, language)
    jsonschema.Draft202012Validator.check_schema(schema)
    for name, declared in entries(form).items():
        shown = schema["properties"][name]
        assert declared.label.get(language) in (
            shown["title"],
            shown.get("x-label"),
            *shown.values(),
        )
        assert shown.get("x-privacy", "") == declared.privacy
        if declared.help:
            assert shown["description"] == declared.help.get(language)
    jsonschema.Draft202012Validator(schema).validate(example(form))


@every_form
def test_choices(form: type) -> None:
    """The labels of a field with few values are for exactly those values, in both languages."""
    for path, declared, kind in every_field(form):
        is_choice = typing.get_origin(kind) is Literal
        assert tuple(declared.choices) == (typing.get_args(kind) if is_choice else ()), path
        assert all(label.sv and label.en for label in declared.choices.values())


def test_schema_in_full() -> None:
    """What a host draws from: titles, limits, kinds, choices, what is private."""
    schema = json_schema(MountingOrder, "sv")
    assert schema["properties"]["door_code"] == {
        "title": "Portkod",
        "description": "Om porten har en.",
        "x-privacy": "secret",
        "type": "string",
        "minLength": 1,
        "maxLength": 40,
    }
    assert schema["required"] == ["name", "address", "phone", "contact", "door_type"]
    assert schema["properties"]["contact"]["properties"]["email"]["format"] == "email"
    assert json_schema(LockTest)["properties"]["cycles"] == {
        "title": "Times locked and unlocked",
        "type": "integer",
        "minimum": 0,
        "maximum": 1000,
    }
    assert json_schema(BatteryReading)["properties"]["source"]["oneOf"][1] == {
        "const": "app",
        "title": "The app",
    }


def test_names() -> None:
    """A pack knows a form by its name in small letters, and every form has one."""
    assert form_name(MountingOrder) == "mounting_order"
    assert all(FORMS[form_name(form)] is form for form in FORMS.values())
