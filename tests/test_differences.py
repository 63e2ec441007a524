"""What differs between two routines: all of it is told, each thing once, in plain words."""

from __future__ import annotations

import subprocess
import sys
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from differing import BASE, TABLES, at, changed, leaves, lines, source, with_, without
from lockroutine import RulesError, load_routine
from lockroutine.differences import Refusal, differences
from lockroutine.differences.keys import ELSEWHERE, TOLD
from lockroutine.differences.voice import as_written
from lockroutine.differences.words import FIELD_TYPES, GONE, HEADINGS, NEW, SAY, SUBJECTS
from lockroutine.model import Text
from lockroutine.rules import effects, guards, shown
from lockroutine.rules.declared import Kind
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.guards import Guard
from lockroutine.rules.reader import Kinds
from lockroutine.rules.schema import Pack, Subject
from lockroutine.rules.terms import Condition, Ref
from lockroutine.rules.timers import Timer
from overlaying import pack

PACKS = Path(__file__).resolve().parent.parent / "examples" / "packs"
SODERKOPING = load_routine()
SAID_WHOLE = (Text, Ref, Condition, Timer)
"""Values that are told as one, however many parts they have."""

STEP = "process.order.transitions"


# -- nothing is left out --------------------------------------------------------------------------


def _within(kind: Any) -> Iterator[type]:
    """The classes that a type is made of."""
    if isinstance(kind, type) and attrs.has(kind):
        yield kind
    for one in typing.get_args(kind):
        yield from _within(one)


def _schema() -> Iterator[type]:
    """Every class of the schema of a pack, all kinds included."""
    kinds = {Guard: guards.GUARDS, EffectRule: effects.EFFECTS, shown.Shown: shown.SHOWN}
    seen: list[type] = []
    ahead: list[type] = [Pack]
    while ahead:
        here = ahead.pop()
        if here in seen or here in SAID_WHOLE:
            continue
        seen.append(here)
        yield here
        ahead.extend(kinds.get(here, ()))
        hints = typing.get_type_hints(here)
        ahead.extend(one for field in attrs.fields(here) for one in _within(hints[field.name]))


def test_every_key_of_a_pack_has_its_place() -> None:
    """Each key of each table is told with its table, or elsewhere, or it is said why not."""
    missing = [
        f"{kind.__name__}.{field.name}"
        for kind in _schema()
        for field in attrs.fields(kind)
        if not any(
            field.name in TOLD.get(base, {}) or ELSEWHERE.get(base, {}).get(field.name)
            for base in kind.__mro__
        )
    ]
    assert missing == []


def test_no_key_is_told_that_no_pack_can_have() -> None:
    """What is told of a table is in the schema, so that a key that is gone is told no more."""
    known = set(_schema())
    for kind in (*TOLD, *ELSEWHERE):
        assert kind in known
        names = {field.name for field in attrs.fields(kind)}
        assert names >= TOLD.get(kind, {}).keys() | ELSEWHERE.get(kind, {}).keys()


def test_every_word_is_there_in_both_languages() -> None:
    """No wording lacks a language, and what is filled in is the same in both."""
    tables: tuple[Mapping[str, Text], ...] = (FIELD_TYPES, GONE, HEADINGS, NEW, SAY, SUBJECTS)
    for text in (one for table in tables for one in table.values()):
        assert text.sv
        assert text.en
        fields = [
            sorted(p.split("}")[0] for p in said.split("{")[1:]) for said in (text.sv, text.en)
        ]
        assert fields[0] == fields[1]
    assert typing.get_args(Kind) == tuple(FIELD_TYPES)
    assert typing.get_args(Subject) == tuple(SUBJECTS)
    assert NEW.keys() == GONE.keys()


MUTABLE = [path for path in leaves(TABLES) if path[0] not in ("name", "version")]
TEXTS = sorted({at(TABLES, path) for path in MUTABLE if isinstance(at(TABLES, path), str)})


def _others(path: tuple[str, ...], value: Any) -> st.SearchStrategy[Any]:
    """What might stand there instead; many of them are wrong, and are refused by the reader."""
    if isinstance(value, bool):
        return st.just(not value)
    if isinstance(value, int):
        return st.integers(0, 9)
    if isinstance(value, list):
        alike = [at(TABLES, one) for one in MUTABLE if one[-1] == path[-1]]
        entries = [one for some in alike if isinstance(some, list) for one in some]
        return st.lists(st.sampled_from(entries or value), max_size=3, unique=True)
    alike = [at(TABLES, one) for one in MUTABLE if one[-1] == path[-1]]
    return st.sampled_from(sorted({one for one in alike if isinstance(one, str)})) | st.just(
        f"{value} x"
    )


@st.composite
def mutations(draw: st.DrawFn) -> tuple[tuple[str, ...], dict[str, Any]]:
    """A path, and the tables with something else there, or with nothing there."""
    path = draw(st.sampled_from(MUTABLE))
    cut = draw(st.integers(1, len(path)))
    if cut < len(path) or draw(st.booleans()):
        gone = path[:cut] if draw(st.booleans()) else path
        return gone, without(TABLES, gone)
    return path, with_(TABLES, path, draw(_others(path, at(TABLES, path))))


def _orderless(value: Any) -> Any:
    """A value of a pack in which no list has an order, nor anything twice."""
    if isinstance(value, tuple):
        return frozenset(value)
    if isinstance(value, Mapping):
        return {name: _orderless(one) for name, one in value.items()}
    if not attrs.has(type(value)) or type(value) in SAID_WHOLE:
        return value
    fields = attrs.fields(type(value))
    return type(value), {one.name: _orderless(getattr(value, one.name)) for one in fields}


@settings(max_examples=120, suppress_health_check=[HealthCheck.filter_too_much])
@given(mutations())
def test_each_change_is_named(mutation: tuple[tuple[str, ...], dict[str, Any]]) -> None:
    """Whatever is otherwise in a pack is told at its place, in both directions, both languages."""
    path, tables = mutation
    try:
        other = load_routine(source(tables))
    except RulesError:
        return
    found = differences(BASE, other)
    assert bool(found) is (_orderless(BASE.pack) != _orderless(other.pack))
    place = ".".join(path)
    if found:
        assert any(
            f"{place}.".startswith(f"{one.at}.") or one.at.startswith(place) for one in found
        )
    for one in found:
        assert one.text.sv
        assert one.text.en
    _swapped(found, differences(other, BASE))


_BACK = {"gained": "lost", "lost": "gained", "changed": "changed"}


def _swapped(there: Any, back: Any) -> None:
    """What is gained one way is lost the other, and what is changed is changed."""
    assert sorted((one.at, _BACK[one.change], str(one.after)) for one in there) == sorted(
        (one.at, one.change, str(one.before)) for one in back
    )


@pytest.mark.parametrize("name", ["granasa", "tallunda", "bjorkhamra"])
def test_what_is_gained_one_way_is_lost_the_other(name: str) -> None:
    """Whole packs held against each other say the same things from both ends."""
    other = load_routine(PACKS / name)
    _swapped(differences(SODERKOPING, other), differences(other, SODERKOPING))


@pytest.mark.parametrize("routine", [SODERKOPING, BASE], ids=["soderkoping", "small"])
def test_nothing_changes(routine: Any) -> None:
    """A routine held against itself differs in nothing, and says so."""
    found = differences(routine, routine)
    assert not found
    assert list(found) == []
    assert found.said("en") == f"From {routine.key} to {routine.key} nothing changes."
    assert found.said("sv") == f"Från {routine.key} till {routine.key} ändras ingenting."


def test_the_order_does_not_hang_on_chance() -> None:
    """The same two packs are told in the same words, whatever hashes the interpreter draws."""
    code = (
        "from lockroutine import load_routine\n"
        "from lockroutine.differences import differences\n"
        f"other = load_routine({str(PACKS / 'bjorkhamra')!r})\n"
        "print(ascii(differences(load_routine(), other).said('sv')))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]


# -- how it is told -------------------------------------------------------------------------------


def guard(kind: str, **keys: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        **keys,
        "otherwise": {"sv": "Prova.", "en": "Test it."},
        "clauses": ["C4"],
    }


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        # The pack as a whole.
        ("label.en", "Ours", "The pack: is called: «A small routine» before, now «Ours»."),
        ("holidays", "FI", "The pack: public holidays of: SE before, now FI."),
        (
            "working_days",
            ["monday", "friday"],
            "The pack: working days: Monday–Friday before, now Monday, Friday.",
        ),
        # Roles, units, clauses, gaps.
        ("role.manager.all_units", True, "«Manager»: works for all units: no before, now yes."),
        (
            "role.visitor",
            {"label": {"sv": "Gäst", "en": "Guest"}, "all_units": True},
            "New role «Guest»: works for all units: yes.",
        ),
        ("unit.north", None, "The unit «North» is gone."),
        ("clause.C7", None, "The clause C7 is gone."),
        (
            "clause.C8",
            {"text": {"sv": "Nytt.", "en": "New."}, "owed": ["shown"]},
            "New clause C8: «New.»; in the system: shown.",
        ),
        (
            "gap.holidays.reading.en",
            "Yes.",
            "«Are there visits on a holiday?»: the reading: «No.» before, now «Yes.» [C2]",
        ),
        # Values, with what uses them.
        (
            "parameter.fresh.value",
            "P14D",
            "«A fresh reading»: 7 days before, now 14 days. It is used by: Lock: «Read the "
            "battery», «The battery is not read». [C3]",
        ),
        (
            "parameter.days.value",
            ["monday", "friday"],
            "«Visiting days»: Monday–Thursday before, now Monday, Friday. It is used by: Order: "
            "«Book a time», «Support». [C2]",
        ),
        # Rights.
        (
            f"{STEP}.cancel.by",
            ["coordinator", "manager", "staff"],
            "Staff may now make «Cancel». [C1]",
        ),
        (
            "process.lock.transitions.read_battery.by",
            ["installer"],
            "Staff may no longer make «Read the battery». [C3]",
        ),
        ("process.order.sees_secret", [], "Installer no longer sees what is secret."),
        ("process.gate.sees_personal", ["staff", "coordinator"], "Staff now sees personal data."),
        # Steps.
        (
            "process.lock.transitions.register.by",
            ["installer"],
            "Another step no longer makes «Register». [C3]",
        ),
        (
            "process.lock.transitions.unpair.by",
            ["coordinator", "joint"],
            "Another step now makes «Unpair». [C3]",
        ),
        (
            "process.lock.transitions.take_down.clears",
            ["customer", "door"],
            "«Take down»: takes away: no longer Kind of door. [C3]",
        ),
        (
            "process.order.transitions.errand.from",
            ["ordered"],
            "«Give the errand number»: from: no longer «Booked», «Fitted». [C1]",
        ),
        (
            "process.order.transitions.test.to",
            "done",
            "«Test»: to: the same state before, now «Done». [C4]",
        ),
        (
            f"{STEP}.test.label.en",
            "Try it",
            "«Try it»: is called: «Test» before, now «Try it». [C4]",
        ),
        # Refusals.
        (
            f"{STEP}.test.guards.cycles",
            None,
            "«Test» is no longer refused when this does not hold: Times locked and unlocked ≥ 5. "
            f"The refused person read: «Test 5 times.» [C4] ({STEP}.test.guards.cycles)",
        ),
        (
            f"{STEP}.test.guards.works",
            guard("is_true", value="form.works", safeguard=True),
            "«Test» is now refused unless this holds: The lock works. The refused person reads: "
            f"«Test it.» It protects life and home. [C4] ({STEP}.test.guards.works)",
        ),
        (
            f"{STEP}.test.guards.cycles.limit",
            4,
            "«Test»: what must hold: «Times locked and unlocked ≥ 5» before, now «Times locked "
            f"and unlocked ≥ 4». [C4] ({STEP}.test.guards.cycles)",
        ),
        (
            f"{STEP}.book.guards.hours.closed_on_holidays",
            False,
            "«Book a time» (Monday–Thursday 08:00–16:00): closed on public holidays: yes before, "
            f"now no. [C2 (holidays)] ({STEP}.book.guards.hours)",
        ),
        (
            f"{STEP}.pair.guards.same",
            guard("done", transitions=["test"]),
            "«Pair the lock» (done: Test): kind: same (the refused person reads: «Another lock "
            "hangs there.»; value: Serial number; other value: Serial number) before, now done "
            f"(the refused person reads: «Test it.»; done: «Test»). [C4] ({STEP}.pair.guards.same)",
        ),
        # Steps of other cases.
        (
            f"{STEP}.pair.joint.lock",
            None,
            "«Pair the lock» and «Lock: Pair» are no longer made together. [C3]",
        ),
        (
            f"{STEP}.install.joint.lock.form.door_type",
            None,
            "«Fit the lock» and «Lock: Fit»: fills in: no longer door type: Kind of door. [C3]",
        ),
        # States, what is owed in them, and times.
        (
            "process.order.states.fitted.duties.pair",
            None,
            "«Pair the lock» in the state «Fitted» is no longer owed. [(holidays)]",
        ),
        (
            "process.order.states.ordered.due",
            "10 working days",
            "«Ordered»: is due within: 14 days before, now 10 working days. [C1]",
        ),
        (
            "process.gate.states.open.escalation",
            None,
            "«Open»: when it is late, others are no longer asked. [(holidays)]",
        ),
        (
            f"{STEP}.remind.timer.after",
            "P9D",
            "«Remind»: the clock makes it: after 7 days before, now after 9 days. [C1]",
        ),
        # What others are told or do.
        (f"{STEP}.order.effects.ticket", None, "No longer «Order»: Opens a ticket. [C1]"),
        (
            f"{STEP}.remind.effects.notice.to",
            ["manager"],
            "«Remind»: what is done: «Tells Installer» before, now «Tells Manager». [C1]",
        ),
        (
            f"{STEP}.close.effects",
            {
                "tell": {
                    "kind": "send_notice",
                    "to": ["manager"],
                    "template": "reminder",
                    "clauses": ["C1"],
                }
            },
            "Now also «Close»: Tells Manager: message: «reminder». [C1]",
        ),
        (
            "template.order.body.en",
            "To $name.\nDoor $door.",
            "«order»: text: now also «To $name.», «Door $door.»; no longer «To $name, "
            "$contact.phone, door $door. Code $door_code.»",
        ),
        # Forms.
        ("form.gate.fields.height", None, "The field «Height» in «Gate» is gone."),
        (
            "form.gate.fields.kind.choices.iron",
            None,
            "«Kind» in «Gate»: choices: no longer iron: «Iron».",
        ),
        # Standing checks, reports, what is shown, cases under way.
        (
            "sweep.unpaired.unless.charged.limit",
            80,
            "«The lock is not paired»: what excuses: «Level in per cent ≥ 90 (if Level in per cent "
            "is there)» before, now «Level in per cent ≥ 80 (if Level in per cent is there)». [C3]",
        ),
        (
            "sweep.unread.at",
            "read_at",
            "«The battery is not read»: counted from: none before, now Read at. [C3]",
        ),
        (
            "always.charged.guards.level.limit",
            20,
            "«A lock that hangs has a battery»: what must hold: «Level in per cent ≥ 10» before, "
            "now «Level in per cent ≥ 20». [C3]",
        ),
        (
            "never.shut_twice.step",
            "gate.see",
            "«A gate is shut twice»: at the step: «Gate: Shut the gate» before, now «Gate: See the "
            "gate». [C1]",
        ),
        (
            "always.charged.label.en",
            "Ours",
            "«Ours»: is called: «A lock that hangs has a battery» before, now «Ours». [C3]",
        ),
        ("report.seen.words", ["shut"], "«Gate: Shut the gate»: words: no longer stängd. [C1]"),
        ("shown.lmo", None, "Gone: «LMO». [C6]"),
        (
            "move.gate.states.closed",
            "open",
            "«Gate»: states: now also «closed» becomes «Open»; no longer «closed» becomes «Shut».",
        ),
        (
            "move.gate.states.ajar",
            None,
            "«Gate»: states: no longer «ajar» becomes «Open» or «Shut», as somebody decides.",
        ),
    ],
)
def test_one_change_in_one_sentence(path: str, value: Any, said: str) -> None:
    """One thing that is otherwise in a pack is one sentence, with what it rests on."""
    assert lines(changed(path, value)) == [said]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            f"{STEP}.cancel.by",
            ["coordinator", "manager", "staff"],
            "Personal får nu göra «Avbryt». [C1]",
        ),
        (
            f"{STEP}.test.guards.cycles.limit",
            4,
            "«Prova»: vad som måste gälla: förut «Antal låsningar och upplåsningar ≥ 5», nu «Antal "
            f"låsningar och upplåsningar ≥ 4». [C4] ({STEP}.test.guards.cycles)",
        ),
        (
            "process.order.states.ordered.due",
            "10 working days",
            "«Beställd»: ska vara klart inom: förut 14 dygn, nu 10 arbetsdagar. [C1]",
        ),
        ("label.en", "Ours", "Paketet: heter (på engelska): förut «A small routine», nu «Ours»."),
        (
            "template.reminder.subject.sv",
            "Minns",
            "«reminder»: ärenderad: förut «Påminnelse», nu «Minns».",
        ),
    ],
)
def test_the_same_in_swedish(path: str, value: Any, said: str) -> None:
    """The same is told in Swedish; what only differs in English is said to."""
    assert lines(changed(path, value), "sv") == [said]


def test_a_parameter_that_nothing_uses() -> None:
    """Of a value that no rule names only the value is told."""
    tables = with_(
        TABLES,
        ("parameter", "spare"),
        {"label": {"sv": "Extra", "en": "Spare"}, "value": 1, "clauses": ["C1"]},
    )
    other = with_(tables, ("parameter", "spare", "value"), "08:00-09:00")
    found = differences(load_routine(source(tables)), load_routine(source(other)))
    assert lines(found) == ["«Spare»: 1 before, now 08:00-09:00. [C1]"]


def test_another_form_tells_its_fields() -> None:
    """Where a step takes another form, the fields that come and go are told by their labels."""
    assert lines(changed("process.gate.transitions.see.form", "note")) == [
        "«See the gate»: form: «Gate» before, now «note». [C1]",
        "«See the gate»: the fields to fill in: now also «Note»; no longer «Kind», «Height», "
        "«Remark». [C1]",
    ]


def test_a_form_with_the_same_fields() -> None:
    """Another form with the same fields is only another form."""
    twin = with_(TABLES, ("form", "twin"), TABLES["form"]["gate"])
    other = with_(twin, ("process", "gate", "transitions", "see", "form"), "twin")
    found = differences(load_routine(source(twin)), load_routine(source(other)))
    (one,) = found
    assert one.at == "process.gate.transitions.see.form"
    assert one.text.en == '«See the gate»: form: "gate" before, now "twin".'


PAINT = {
    "label": {"sv": "Måla", "en": "Paint"},
    "from": ["open"],
    "by": ["staff", "clock"],
    "timer": {"after": "P3D"},
    "guards": {"seen": guard("done", transitions=["see"])},
    "clauses": ["C1"],
}


def test_a_new_step_with_all_that_is_its_own() -> None:
    """A new step says where it leads; who may make it, and what is refused, is told too."""
    found = changed("process.gate.transitions.paint", PAINT)
    rule = "process.gate.transitions.paint.guards.seen"
    assert lines(found) == [
        "Staff may now make «Paint». [C1]",
        "New step «Paint»: from: «Open»; to: the same state; made by: Staff, The clock; the clock "
        "makes it: after 3 days. [C1]",
        "«Paint» is now refused unless this holds: done: See the gate. The refused person reads: "
        f"«Test it.» [C4] ({rule})",
    ]
    (right,) = found.rights
    assert (right.role, right.process, right.transition) == ("staff", "gate", "paint")
    (refusal,) = found.refusals
    assert (refusal.rule, refusal.transition, refusal.change) == (rule, "paint", "gained")


def test_what_goes_with_a_step_that_is_gone() -> None:
    """A step that is gone takes its conditions with it: the words tell the step and the rights."""
    tables = with_(TABLES, ("process", "gate", "transitions", "paint"), PAINT)
    found = differences(load_routine(source(tables)), BASE)
    assert found.said() == (
        "What changes from small@1.0.0 to small@1.0.0.\n"
        "\n"
        "Who may do more or less\n"
        "  Gate\n"
        "    Staff may no longer make «Paint». [C1]\n"
        "\n"
        "Steps\n"
        "  Gate\n"
        "    The step «Paint» is gone. [C1]"
    )
    (refusal,) = found.refusals
    assert refusal.text.en == (
        "The step «Paint» is gone, and with it what had to hold: done: See the gate."
    )


def test_only_what_differs_in_one_process() -> None:
    """What differs can be cut down to one process."""
    tables = with_(TABLES, ("process", "order", "states", "ordered", "due"), "P1D")
    tables = with_(tables, ("process", "lock", "find_by"), ["customer", "model"])
    found = differences(BASE, load_routine(source(tables)))
    assert [one.process for one in found] == ["lock", "order"]
    assert [one.process for one in found.within("order")] == ["order"]
    assert found.within("gate").said() == "From small@1.0.0 to small@1.0.0 nothing changes."


# -- other names ----------------------------------------------------------------------------------


def _move(tables: dict[str, Any]) -> Any:
    moved = with_(
        tables,
        ("move", "order"),
        {"states": {"booked": "agreed"}, "transitions": {"book": "agree"}},
    )
    return load_routine(source(moved))


def _swap(value: Any, names: Mapping[str, str]) -> Any:
    """Tables in which things have other names."""
    if isinstance(value, dict):
        return {names.get(key, key): _swap(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_swap(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


NAMES = {"booked": "agreed", "book": "agree"}


def test_what_is_only_called_otherwise() -> None:
    """By the newer pack's own word a state and a step are the same under other names."""
    found = differences(BASE, _move(_swap(TABLES, NAMES)))
    assert [(one.section, one.change, one.at, one.was_at) for one in found] == [
        ("steps", "renamed", f"{STEP}.agree", f"{STEP}.book"),
        ("states", "renamed", "process.order.states.agreed", "process.order.states.booked"),
        ("moves", "gained", "move.order", ""),
    ]
    assert lines(found) == [
        "«Book a time»: is now named agree in the pack, book before. [C2]",
        "«Booked»: is now named agreed in the pack, booked before. [(holidays)]",
        "«Order»: cases under way: states: «booked» becomes «Booked»; steps that were made: «book» "
        "becomes «Book a time».",
    ]
    assert not found.rights
    assert not found.refusals


def test_a_change_of_what_is_called_otherwise() -> None:
    """What is under another name and says something else is told by its new name."""
    tables = with_(_swap(TABLES, NAMES), ("process", "order", "states", "agreed", "due"), "P1D")
    (due,) = differences(BASE, _move(tables)).of("times")
    assert due.line("en") == "«Booked»: is due within: none before, now 1 day. [(holidays)]"
    assert (due.at, due.was_at) == (
        "process.order.states.agreed.due",
        "process.order.states.booked.due",
    )


def test_no_other_name_without_a_word() -> None:
    """Where the newer pack says nothing of moving, another name is another thing."""
    found = differences(BASE, load_routine(source(_swap(TABLES, NAMES))))
    assert ("lost", "process.order.states.booked") in {(one.change, one.at) for one in found}
    assert ("gained", "process.order.states.agreed") in {(one.change, one.at) for one in found}
    assert len(found.rights) == 2


# -- order that says something --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{STEP}.order.guards", "«Order»: what must hold: the same in another order."),
        (
            f"{STEP}.order.effects",
            "«Order»: what others are told or do: the same in another order.",
        ),
        ("form.gate.fields", "«Gate»: the fields to fill in: the same in another order."),
        ("clause", "The pack: the clauses: the same in another order."),
    ],
)
def test_another_order(path: str, said: str) -> None:
    """Where the order says something, another one is told."""
    parts = tuple(path.split("."))
    turned = dict(reversed(at(TABLES, parts).items()))
    (one,) = differences(BASE, load_routine(source(with_(TABLES, parts, turned))))
    assert one.text.en == said


# -- kinds of plugins -----------------------------------------------------------------------------


@frozen(kw_only=True)
class Moon(Guard):
    """The moon is full."""

    kind: ClassVar[str] = "moon"
    brightness: int = 1
    seen_from: tuple[str, ...] = ()


def test_a_kind_of_a_plugin() -> None:
    """What only a plugin knows is told by the names of its keys."""
    kinds = Kinds(guards=(Moon,))
    path = ("process", "order", "transitions", "test", "guards", "moon")
    tables = with_(TABLES, path, guard("moon", seen_from=["yard"]))
    old = load_routine(source(tables), kinds=kinds)
    tables = with_(tables, path, guard("moon", brightness=3, seen_from=["yard", "roof"]))
    found = differences(old, load_routine(source(tables), kinds=kinds))
    rule = f"({STEP}.test.guards.moon)"
    assert lines(found) == [
        f"«Test» (moon): brightness: 1 before, now 3. [C4] {rule}",
        f"«Test» (moon): seen from: now also roof. [C4] {rule}",
    ]
    assert all(isinstance(one, Refusal) for one in found)


# -- words that are rarely needed ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Text(sv="Lås", en="Lock"), '{ sv = "Lås", en = "Lock" }'),
        (Ref("form", "door"), "form.door"),
        (
            Condition(value=Ref("case", "works"), one_of=(False,)),
            "{ value = case.works, one_of = [false] }",
        ),
        ({"a": 1, "b": (True, "c")}, '{ a = 1, b = [true, "c"] }'),
        (None, "None"),
    ],
)
def test_a_value_as_it_is_written(value: Any, said: str) -> None:
    """Two values that are said in the same words are told much as they stand in the pack."""
    assert as_written(value) == said


def test_the_steps_to_make_instead() -> None:
    """What is named to do instead is a step of this process, whatever other the guard looks at."""
    found = changed(f"{STEP}.order.guards.consent.instead", ["write_note", "consent.ask"])
    assert lines(found) == [
        "«Order» (Consent: Received): to do instead: none before, now «Write a note», «Consent: "
        f"Ask». [C1] ({STEP}.order.guards.consent)"
    ]


def test_a_guard_that_names_no_state() -> None:
    """A guard that nothing can content is told, too."""
    assert lines(changed(f"{STEP}.order.guards.consent.states", [])) == [
        "«Order»: what must hold: «Consent: Received» before, now «Consent: none». [C1] "
        f"({STEP}.order.guards.consent)"
    ]


def test_what_must_always_or_never_hold() -> None:
    """What is proved of one pack only is told, with its conditions; `check` proves it."""
    found = changed("always.charged", None)
    assert lines(found) == [
        "Need no longer always hold: «A lock that hangs has a battery». [C3]",
        "«A lock that hangs has a battery» (Level in per cent ≥ 10): no longer a condition. [C3]",
    ]
    assert found.said().splitlines()[2:] == [
        "What must always or never hold",
        "  Need no longer always hold: «A lock that hangs has a battery». [C3]",
    ]
    assert lines(changed("never.shut_twice", None))[0] == (
        "Is no longer ruled out: «A gate is shut twice». [C1]"
    )


def test_a_condition_that_takes_over_its_words() -> None:
    """What a condition takes over from what it stands in is told once; what is its own, too."""
    assert lines(changed("always.charged.clauses", ["C2"])) == [
        "«A lock that hangs has a battery»: rests on clause: now also C2; no longer C3. [C2]"
    ]
    path = "always.charged.guards.level.otherwise"
    assert lines(changed(path, {"sv": "Fel.", "en": "Wrong."})) == [
        "«A lock that hangs has a battery» (Level in per cent ≥ 10): the refused person reads: «A "
        "lock that hangs has a battery» before, now «Wrong.» [C3]"
    ]


def test_a_step_that_is_left_out() -> None:
    """What becomes of a step whose case is not there is told in words."""
    tables = with_(
        TABLES, ("process", "order", "transitions", "pair", "joint", "lock", "missing"), "skip"
    )
    tables = without(
        tables, ("process", "order", "transitions", "pair", "joint", "lock", "otherwise")
    )
    assert lines(differences(BASE, load_routine(source(tables)))) == [
        "«Pair the lock» and «Lock: Pair»: if there is no such case: the step is refused before, "
        "now it is left out. [C3]",
        "«Pair the lock» and «Lock: Pair»: the refused person reads: «The lock does not hang "
        "there.» before, now none. [C3]",
    ]


def test_a_notice_of_a_visit() -> None:
    """That a notice tells of a visit, for calendars, is told."""
    notice = {"kind": "send_notice", "to": ["staff"], "template": "reminder", "visit": "agreed"}
    found = changed(f"{STEP}.book.effects", {"tell": {**notice, "clauses": ["C1"]}})
    assert lines(found) == [
        "Now also «Book a time»: Tells Staff: message: «reminder»; visit in calendars: agreed. [C1]"
    ]


def test_two_states_that_are_called_the_same() -> None:
    """What has the label of another is told with its name."""
    found = changed("process.order.states.ordered.label", {"sv": "Bokad", "en": "Booked"})
    assert lines(found) == ["«Booked» (ordered): is called: «Ordered» before, now «Booked». [C1]"]


def test_a_limit_that_a_value_holds_now() -> None:
    """What says the same in words, and does not stand there the same, is told as it stands."""
    tables = with_(
        TABLES, ("process", "order", "transitions", "test", "guards", "cycles", "limit"), 5
    )
    found = differences(load_routine(source(tables)), BASE)
    assert lines(found) == [
        '«Test» (Times locked and unlocked ≥ 5): limit: 5 before, now "cycles". [C4] '
        f"({STEP}.test.guards.cycles)"
    ]


def test_what_uses_a_value_for_a_time() -> None:
    """A state that is due by a value is named where that value changes."""
    tables = with_(TABLES, ("process", "gate", "states", "open", "due"), "fresh")
    other = with_(tables, ("parameter", "fresh", "value"), "P9D")
    found = differences(load_routine(source(tables)), load_routine(source(other)))
    assert lines(found) == [
        "«A fresh reading»: 7 days before, now 9 days. It is used by: Lock: «Read the battery», "
        "Gate: «Open», «The battery is not read». [C3]"
    ]


def test_a_check_of_other_cases() -> None:
    """A check that looks at cases of another process is told by the words of each."""
    unpaired = {**TABLES["sweep"]["unpaired"], "process": "gate", "states": ["open"], "unless": {}}
    assert lines(changed("sweep.unpaired", unpaired)) == [
        "«The lock is not paired»: process: «Lock» before, now «Gate». [C4]",
        "«The lock is not paired»: states: now also «Open»; no longer «Mounted». [C4]",
        "«The lock is not paired» (done: Pair): no longer excused. [C3]",
        "«The lock is not paired» (Level in per cent ≥ 90 (if Level in per cent is there)): no "
        "longer excused. [C3]",
    ]


# -- overlays -------------------------------------------------------------------------------------


def test_what_an_overlay_loosens(tmp_path: Path) -> None:
    """A safeguard that is loosened is told twice: what must hold, and the reason."""
    path = "process.mounting.transitions.test.guards.cycles"
    text = f"""
[{path}]
limit = 3

[loosened."{path}"]
reason = {{ sv = "Våra lås startar av sig själva.", en = "Our locks start by themselves." }}
"""
    ours = load_routine(pack(tmp_path / "ours", text, extends="soderkoping"))
    found = differences(SODERKOPING, ours)
    assert [one.section for one in found] == ["refusals", "loosened", "pack"]
    assert found.of("loosened")[0].text.en == (
        f"The safeguard {path} is loosened: reason: «Our locks start by themselves.»"
    )


def test_what_is_read_no_longer(tmp_path: Path) -> None:
    """What becomes of the reports of other systems is told."""
    ours = load_routine(
        pack(tmp_path / "ours", "[pull.register]\nremove = true\n", extends="soderkoping")
    )
    found = differences(SODERKOPING, ours)
    assert [one.text.en for one in found.of("pulled")] == [
        "No longer read: the admin tool's register."
    ]
    (back,) = differences(ours, SODERKOPING).of("pulled")
    assert back.text.en.startswith(
        "Now read: the admin tool's register: process: «Lock»; paired with: "
    )
