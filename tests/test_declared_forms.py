"""Forms that packs declare: they are taken, checked, shown and kept as the bundled ones are."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from lockroutine import Engine, InvalidForm, Refused, load_routine
from lockroutine._fields import entries, json_schema, read_form
from lockroutine._strict import strict_converter
from lockroutine.forms import FORMS
from lockroutine.model import Actor, Text
from lockroutine.routine import Routine, Step
from lockroutine.rules.declared import FieldTable, FormTable, form_of, table_of
from overlaying import against_small, over_small, pack
from smallpack import ANNA, CONTACT, ORDER, Clock, consent, problems

OWNER = """
[form.owner_order]
label = { sv = "Beställning med ägare", en = "Order with an owner" }
extends = "mounting_order"

[form.owner_order.fields.owner]
type = "text"
label = { sv = "Fastighetsägare", en = "Property owner" }
privacy = "personal"
longest = 20

[form.owner_order.fields.floor]
type = "whole_number"
label = { sv = "Våning", en = "Floor" }
help.sv = "Räknat från gatan."
help.en = "Counted from the street."
minimum = -3
maximum = 60
optional = true

[form.owner_order.fields.door_code]
remove = true

[form.owner_order.fields.door]
label.sv = "Vilken dörr"

[process.order.transitions.order]
form = "owner_order"

[template.order]
body = { sv = "Till $name, ägare $owner.", en = "To $name, owner $owner." }
"""
ORDERING = Step("order", "order")
GIVEN = {name: value for name, value in ORDER.items() if name != "door_code"}


def field(text: str) -> str:
    """A form with one field beside which nothing is wrong."""
    return (
        '[form.visit]\nlabel = { sv = "Besök", en = "Visit" }\n\n[form.visit.fields.it]\n'
        'label = { sv = "Det", en = "It" }\n' + text
    )


def visit(tmp_path: Path, text: str) -> type:
    """That form, compiled."""
    return over_small(tmp_path, field(text)).forms["visit"]


def wrong(form: type, **given: object) -> str:
    with pytest.raises(InvalidForm) as error:
        read_form(form, given)
    return str(error.value)


# -- as the bundled ones --------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_bundled_form_could_be_declared(name: str) -> None:
    """The table of a bundled form makes a form with the same fields and the same schema."""
    table = {**table_of(FORMS[name]), "label": {"sv": "Namn", "en": FORMS[name].__name__}}
    made = form_of(name, strict_converter().structure(table, FormTable))
    assert entries(made) == entries(FORMS[name])
    assert json_schema(made) == json_schema(FORMS[name])
    assert made.__name__ == FORMS[name].__name__


def test_the_fields_of_an_extended_form(tmp_path: Path) -> None:
    """Fields of the extended form come first; they are kept, changed or taken out."""
    form = over_small(tmp_path, OWNER).form(ORDERING)
    assert form is not None
    found = entries(form)
    before = [name for name in entries(FORMS["mounting_order"]) if name != "door_code"]
    assert list(found) == [*before, "owner", "floor"]
    assert found["door"].label == Text("Vilken dörr", "Door")
    assert not found["door"].required
    assert found["floor"].help == Text("Räknat från gatan.", "Counted from the street.")


def test_a_form_is_filled_in(tmp_path: Path) -> None:
    """An engine takes a declared form as a mapping or as the class, and hides what is personal."""
    routine = over_small(tmp_path, OWNER)
    form: Any = routine.form(ORDERING)
    given = {**GIVEN, "owner": "Owner 4", "floor": 2}
    with Engine.open(":memory:", routine=routine, clock=Clock()) as engine:
        consent(engine)
        made = read_form(form, given)
        assert "Owner 4" not in repr(made)
        case = engine.start(
            "order", "order", actor=ANNA, subject="customer-17", unit="north", form=made
        )
        assert (case.data["floor"], case.personal["owner"]) == (2, "Owner 4")
        seen = engine.case(case.id, actor=Actor("maj", roles={"manager"}, units={"north"}))
        assert "owner" not in seen.personal


def test_problems_come_at_once_by_their_paths(tmp_path: Path) -> None:
    """Everything that is wrong with what was given is told at once, as for a bundled form."""
    form: Any = over_small(tmp_path, OWNER).form(ORDERING)
    contact = {**CONTACT, "email": "nowhere"}
    given = {**GIVEN, "contact": contact, "floor": 61, "owner": "x" * 21, "door_code": "1"}
    assert sorted(wrong(form, **given).split("; ")) == [
        "contact.email: must be an e-mail address like name@example.org",
        "did you mean 'door_type'?",
        "door_code: unknown key",
        "floor: must be at most 60",
        "owner: must be at most 20 characters",
    ]


def test_the_schema_has_the_label(tmp_path: Path) -> None:
    """The JSON Schema of a declared form bears its label, in either language."""
    form: Any = over_small(tmp_path, OWNER).form(ORDERING)
    assert json_schema(form, "sv")["title"] == "Beställning med ägare"
    assert json_schema(form)["title"] == "Order with an owner"
    assert json_schema(form)["properties"]["owner"]["x-privacy"] == "personal"
    assert form.__doc__ == "Order with an owner."


def test_a_form_pickles_and_is_a_value(tmp_path: Path) -> None:
    """A filled-in form pickles, is equal to its copy, and has one class for one text."""
    form: Any = over_small(tmp_path, OWNER).form(ORDERING)
    made = read_form(form, {**GIVEN, "owner": "Owner 4"})
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert type(again) is form
    assert load_routine(over_small(tmp_path, OWNER).source).form(ORDERING) is form
    assert (made.floor, hash(made)) == (None, hash(again))
    with pytest.raises(AttributeError):
        made.floor = 3


def test_rules_see_the_fields(tmp_path: Path) -> None:
    """Guards, messages and keys speak of a declared field, and what does not exist is told."""
    guard = """
[process.order.transitions.order.guards.floor]
kind = "at_most"
value = "form.FIELD"
limit = 4
otherwise = { sv = "För högt upp.", en = "Too high up." }
clauses = ["C1"]
"""
    routine = over_small(tmp_path, OWNER + guard.replace("FIELD", "floor"))
    with Engine.open(":memory:", routine=routine, clock=Clock()) as engine:
        consent(engine)
        form = {**GIVEN, "owner": "Owner 4", "floor": 5}
        with pytest.raises(Refused, match="Too high up") as refused:
            engine.start(
                "order", "order", actor=ANNA, subject="customer-17", unit="north", form=form
            )
        (reason,) = refused.value.verdict.reasons
        assert [cure.text.en for cure in reason.cures] == [
            'Correct the field "Floor" and make "Order" again.'
        ]
    assert against_small(tmp_path, OWNER + guard.replace("FIELD", "flor")) == [
        "routine.toml:37: process.order.transitions.order.guards.floor: there is no field of the "
        "form 'flor'; did you mean 'floor'?",
    ]


# -- each type of field ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "good", "kept", "bad", "message"),
    [
        ('type = "text"', " a ", "a", "a\nb", "must not hold control characters"),
        ('type = "lines"', "a\r\nb", "a\nb", "", "must not be blank"),
        ('type = "word"', "Front  Door", "front door", 5, "must be text"),
        ('type = "phone"', "011-15 00", "011-15 00", "x", "must be a telephone number"),
        ('type = "email"', "a@example.org", "a@example.org", "a", "must be an e-mail address"),
        ('type = "serial_number"', "ph1 7", "PH17", " ", "must not be blank"),
        ('type = "whole_number"\nminimum = 1', 2, 2, 0, "must be at least 1"),
        ('type = "yes_no"', True, True, "yes", "must be true or false"),
        ('type = "texts"', ["a", "b"], ("a", "b"), ["a", "a"], "the same thing twice"),
        ('type = "words"', ["A"], ("a",), "a", "must be a list"),
        (
            'type = "serial_numbers"',
            ["ph1 7"],
            ("PH17",),
            ["ph17", "PH1 7"],
            "the same thing twice",
        ),
        (
            'type = "choice"\nchoices.a = { sv = "A", en = "A" }',
            "a",
            "a",
            "b",
            "must be one of a",
        ),
        (
            'type = "choices"\nchoices.a = { sv = "A", en = "A" }',
            ["a"],
            ("a",),
            ["b"],
            "must be one of a",
        ),
        ('type = "text"\nlongest = 3', "abc", "abc", "abcd", "at most 3 characters"),
        ('type = "texts"\nlongest = 1', ["a"], ("a",), ["a", "b"], "at most 1 entries"),
    ],
)
def test_each_type(
    tmp_path: Path, toml: str, good: object, kept: object, bad: object, message: str
) -> None:
    """A field of each type takes what it should, in one spelling, and refuses all else."""
    form = visit(tmp_path, toml + "\n")
    assert read_form(form, {"it": good}).it == kept
    assert message in wrong(form, it=bad)
    assert "it: is missing" in wrong(form)


def test_dates_and_times(tmp_path: Path) -> None:
    """Dates and times are read as in bundled forms."""
    assert (
        str(read_form(visit(tmp_path, 'type = "date"\n'), {"it": "2026-03-02"}).it) == "2026-03-02"
    )
    form = visit(tmp_path, 'type = "time"\n')
    assert read_form(form, {"it": "2026-03-02T10:00:00+01:00"}).it.hour == 9
    assert "has no time zone" in wrong(form, it="2026-03-02T10:00:00")


def test_what_may_be_left_out(tmp_path: Path) -> None:
    """An optional field is nothing, or an empty list; one with a default has that."""
    assert read_form(visit(tmp_path, 'type = "date"\noptional = true\n'), {}).it is None
    assert read_form(visit(tmp_path, 'type = "texts"\noptional = true\n'), {}).it == ()
    assert read_form(visit(tmp_path, 'type = "word"\ndefault = "Front"\n'), {}).it == "front"
    assert read_form(visit(tmp_path, 'type = "yes_no"\ndefault = false\n'), {}).it is False
    assert read_form(visit(tmp_path, 'type = "whole_number"\ndefault = 0\n'), {}).it == 0


# -- forms on forms -------------------------------------------------------------------------------


def test_a_form_on_a_form_of_the_pack(tmp_path: Path) -> None:
    """A form extends another of the pack, whichever comes first; the label is taken over."""
    text = """
[form.gate_order]
extends = "owner_order"

[form.gate_order.fields.gate]
type = "word"
label = { sv = "Grind", en = "Gate" }
"""
    form = over_small(tmp_path, text + OWNER).forms["gate_order"]
    assert list(entries(form))[-3:] == ["owner", "floor", "gate"]
    assert json_schema(form)["title"] == "Order with an owner"


def test_an_overlay_changes_a_form_of_the_base(tmp_path: Path) -> None:
    """A form of the base is merged by key, or starts anew from what the overlay's says."""
    base = field('type = "text"\n')
    more = """
[form.visit.fields.more]
type = "yes_no"
label = { sv = "Mer", en = "More" }
"""
    anew = """
[form.visit]
label = { sv = "Besök", en = "Visit" }
extends = "licence"
"""
    copied = """
[form.again]
extends = "visit"
fields.it = { remove = true }
"""
    again = """
[form.again]
extends = "visit"
"""
    over_small(tmp_path, base)
    names = {}
    for name, text in {
        "merged": more,
        "anew": anew,
        "copied": more + copied,
        "again": again,
    }.items():
        forms = load_routine(pack(tmp_path / name, text, extends="../ours")).forms
        names[name] = list(entries(forms["again" if name in ("copied", "again") else "visit"]))
    assert names == {
        "merged": ["it", "more"],
        "anew": ["licence_number"],
        "copied": ["more"],
        "again": ["it"],
    }


def test_another_type_replaces(tmp_path: Path) -> None:
    """A field of another type than the extended form's stands for itself, limits and all."""
    text = (
        OWNER
        + """
[form.owner_order.fields.door_type]
type = "choice"
label = { sv = "Dörrtyp", en = "Kind of door" }
choices.euro = { sv = "Europa", en = "Euro" }
"""
    )
    found = entries(over_small(tmp_path, text).forms["owner_order"])["door_type"]
    assert (found.longest, found.format, found.help) == (200, "", None)
    assert list(found.choices) == ["euro"]


def test_a_routine_with_forms_of_its_own_pickles(tmp_path: Path) -> None:
    """A routine whose forms are its own pickles, and its forms are the same."""
    routine = over_small(tmp_path, OWNER)
    again: Routine = pickle.loads(pickle.dumps(routine))
    assert again.form(ORDERING) is routine.form(ORDERING)


# -- what is wrong with one -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "form.visit.fields.it.type: is missing"),
        (
            'type = "txt"\n',
            "form.visit.fields.it.type: must be one of text, lines, word, phone, email, "
            "serial_number, choice, whole_number, yes_no, date, time, texts, words, "
            "serial_numbers, choices, contact_person; did you mean text?",
        ),
        (
            'type = "text"\nminimum = 1\n',
            "form.visit.fields.it.minimum: goes only with whole_number, not with text",
        ),
        (
            'type = "text"\nchoices.a = { sv = "A", en = "A" }\n',
            "form.visit.fields.it.choices: goes only with choice and choices, not with text",
        ),
        (
            'type = "date"\nlongest = 9\n',
            "form.visit.fields.it.longest: goes only with texts and lists, not with date",
        ),
        (
            'type = "choice"\n',
            "form.visit.fields.it.choices: is missing: the values that it may have",
        ),
        ('type = "text"\nlongest = 0\n', "form.visit.fields.it.longest: must be at least 1"),
        (
            'type = "whole_number"\nminimum = 2\nmaximum = 1\n',
            "form.visit.fields.it.minimum: is greater than the maximum",
        ),
        (
            'type = "text"\noptional = true\ndefault = "a"\n',
            "form.visit.fields.it.default: goes without optional: what has a default may be left "
            "out",
        ),
        (
            'type = "date"\ndefault = "2026-03-02"\n',
            "form.visit.fields.it.default: goes not with date",
        ),
        (
            'type = "choice"\ndefault = "b"\nchoices.a = { sv = "A", en = "A" }\n',
            "form.visit.fields.it.default: must be one of a",
        ),
        ('type = "text"\ndefault = 5\n', "form.visit.fields.it.default: must be text"),
        (
            'type = "whole_number"\ndefault = 5\nmaximum = 4\n',
            "form.visit.fields.it.default: must be at most 4",
        ),
        (
            'type = "text"\nhelp = { sv = "", en = "Help" }\n',
            "form.visit.fields.it.help.sv: must not be blank",
        ),
        (
            'type = "choice"\nchoices.a = { sv = "A", en = "" }\n',
            "form.visit.fields.it.choices.a.en: must not be blank",
        ),
    ],
)
def test_what_a_field_may_not_say(text: str, said: str) -> None:
    """Each mistake in a field is named by its path, with what to write instead."""
    found = [problem.partition(" ")[2] for problem in problems(visit=field(text))]
    assert found == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[form.note]\nlabel = { sv = "A", en = "A" }\nextends = "place"\n',
            "form.note: comes with the library; call yours otherwise, and let it start from that "
            'one with extends = "note"',
        ),
        (
            '[form.empty]\nlabel = { sv = "A", en = "A" }\nfields = {}\n',
            "form.empty.fields: must hold at least one field",
        ),
        (
            '[form.empty]\nlabel = { sv = "A", en = "A" }\n',
            "form.empty.fields: is missing",
        ),
        ('[form.mine]\nextends = "note"\n', "form.mine.label: is missing"),
        (
            '[form.mine]\nlabel = { sv = "A", en = "A" }\nextends = "not"\n',
            "form.mine.extends: there is no form 'not'; did you mean 'note'?",
        ),
        (
            '[form.mine]\nlabel = { sv = "A", en = "A" }\nextends = 5\n',
            "form.mine.extends: must be text, not a whole number",
        ),
        (
            '[form.mine]\nlabel = { sv = "A", en = "A" }\nextends = "mine"\n',
            "form.mine.extends: leads back to itself: mine extends mine",
        ),
        (
            '[form.Mine]\nlabel = { sv = "A", en = "A" }\nextends = "note"\n',
            "form.Mine: a name is lower case letters, digits and underscores",
        ),
        (
            '[form.mine]\nlabel = { sv = "A", en = "A" }\nextends = "note"\n'
            "fields.place = { remove = true }\n",
            "form.mine.fields.place: is not there, so it cannot be removed",
        ),
        (
            '[form.mine]\nlabel = { sv = "A", en = "A" }\nextends = "note"\n'
            'fields.class = { type = "text", label = { sv = "A", en = "A" } }\n',
            "form.mine.fields.class: is a word that means something in programs; call the field "
            "otherwise",
        ),
    ],
)
def test_what_a_form_may_not_say(text: str, said: str) -> None:
    """Each mistake in a form as a whole is named by its path, with what to write instead."""
    found = [problem.partition(" ")[2] for problem in problems(mine=text)]
    assert said in found
    assert all(one.startswith("form.") for one in found)


def test_forms_in_a_ring() -> None:
    """Forms that extend each other in a ring are named."""
    label = 'label = { sv = "A", en = "A" }\n'
    text = f'[form.one]\n{label}extends = "two"\n[form.two]\n{label}extends = "one"\n'
    found = problems(rings=text)
    assert (
        found[0]
        == "rings.toml:3: form.one.extends: leads back to itself: one extends two extends one"
    )
    assert (
        found[1]
        == "rings.toml:6: form.two.extends: leads back to itself: two extends one extends two"
    )
    assert len(found) == 2


def test_a_field_table_is_a_value() -> None:
    """A form can be made of tables without any pack."""
    words = Text("Det", "It")
    made: Any = form_of(
        "it", FormTable(label=words, fields={"a": FieldTable(type="yes_no", label=words)})
    )
    assert made(a=True) == pickle.loads(pickle.dumps(made(a=True)))
