"""What the pictures and the book say of rules in few words, and of packs with less or more."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree as ET

import pytest
from attrs import frozen

from lockroutine import load_routine
from lockroutine.pictures import process_mermaid, process_svg, rule_book
from lockroutine.pictures.brief import Brief
from lockroutine.routine import Routine
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.guards import Guard
from lockroutine.rules.reader import Kinds, Source
from lockroutine.rules.terms import Condition, Ref
from overlaying import pack

ROUTINE = load_routine()
LEAST = """
name = "least"
version = "1.0.0"
label = { sv = "Minst", en = "Least" }
time_zone = "Europe/Stockholm"

[role.clerk]
label = { sv = "Handläggare", en = "Clerk" }

[role.boss]
label = { sv = "Chef", en = "Boss" }

[clause.C1]
text = { sv = "Börjar.", en = "Begins." }
owed = ["enforced"]

[clause.C2]
text = { sv = "Ingen håller den.", en = "Nobody holds it." }
owed = ["shown"]

[process.errand]
label = { sv = "Ärende", en = "Errand" }
subject = "customer"

[process.errand.states.open]
label = { sv = "Öppet", en = "Open" }
waits_for = ["clerk"]
clauses = ["C1"]

[process.errand.states.done]
label = { sv = "Klart", en = "Done" }
end = true

[process.errand.transitions.begin]
label = { sv = "Börja", en = "Begin" }
from = []
to = "open"
by = ["clerk"]
clauses = ["C1"]

[process.errand.transitions.finish]
label = { sv = "Avsluta", en = "Finish" }
from = ["open"]
to = "done"
by = ["clerk"]
clauses = ["C1"]
"""


def routine(text: str = "", kinds: Kinds | None = None) -> Routine:
    """The least pack there can be, with more in it."""
    source = Source("least", {"routine.toml": LEAST + text})
    return load_routine(source, kinds=kinds) if kinds else load_routine(source)


def told(made: Routine, process: str = "errand", language: str = "sv") -> str:
    """A process in words, as a screen reader tells it."""
    root = ET.fromstring(process_svg(made, process, "sv" if language == "sv" else "en"))
    return root.findtext("{http://www.w3.org/2000/svg}desc") or ""


def test_the_least_pack_has_a_book() -> None:
    """A pack without gaps, parameters, forms, messages and checks has no chapters on them."""
    book = rule_book(routine(), "sv")
    for missing in ("gaps", "parameters", "forms", "messages", "sweeps", "loosened", "shown"):
        assert f'id="{missing}"' not in book
    assert "Inget håller den." in book
    assert "Börja" in book


@pytest.mark.parametrize(
    ("rule", "sv", "en"),
    [
        ("", "Försenat: även Chef.", "When late: also Boss."),
        ('after = "P3D"', "3 dygn försenat: även", "3 days late: also"),
        ('before = "1 working day"', "1 arbetsdag innan det är sent: även", "1 working day before"),
    ],
)
def test_who_is_asked_when_others_are_late(rule: str, sv: str, en: str) -> None:
    """A state tells who is asked, too, and from when on, in every picture."""
    text = f"""
[process.errand.states.open.escalation]
{rule}
waits_for = ["boss"]
clauses = ["C1"]
"""
    due = LEAST.replace(
        'waits_for = ["clerk"]\nclauses', 'waits_for = ["clerk"]\ndue = "P7D"\nclauses'
    )
    made = load_routine(Source("least", {"routine.toml": due + text}))
    assert sv in told(made)
    assert en in told(made, language="en")
    assert sv.split(":")[0] in process_mermaid(made, "errand", "sv")
    assert sv.split(":")[0] in rule_book(made, "sv")


@frozen(kw_only=True)
class Moon(Guard):
    """The moon is full."""

    kind: ClassVar[str] = "moon"


@frozen(kw_only=True)
class RingBell(EffectRule):
    """A bell is rung."""

    kind: ClassVar[str] = "ring_bell"


def test_a_kind_of_a_plugin_is_told_by_its_name() -> None:
    """What only a plugin knows is told by the name of the rule, or by its kind."""
    text = """
[process.errand.transitions.finish.guards.full_moon]
kind = "moon"
otherwise = { sv = "Vänta.", en = "Wait." }
clauses = ["C1"]

[process.errand.transitions.finish.effects.bell]
kind = "ring_bell"
clauses = ["C1"]
"""
    made = routine(text, Kinds(guards=(Moon,), effects=(RingBell,)))
    assert "villkor: Full moon" in told(made)
    assert "verkan: Ring bell" in told(made)
    assert "«Vänta.»" in rule_book(made, "sv")


def test_a_guard_that_names_no_state() -> None:
    """A guard that nothing can content is drawn, with none in the place of the states."""
    text = """
[process.errand.transitions.finish.guards.other]
kind = "case_in_state"
process = "errand"
states = []
otherwise = { sv = "Vänta.", en = "Wait." }
clauses = ["C1"]
"""
    assert "Ärende: inget" in told(routine(text))


def test_what_is_loosened_stands_in_the_book(tmp_path: Path) -> None:
    """The safeguards of its base that an overlay loosens stand in its book, with the reason."""
    path = "process.mounting.transitions.test.guards.cycles"
    text = f"""
[{path}]
remove = true

[loosened."{path}"]
reason = {{ sv = "Våra lås startar av sig själva.", en = "Our locks start by themselves." }}
"""
    book = rule_book(load_routine(pack(tmp_path / "ours", text, extends="soderkoping")), "sv")
    chapter = book[book.index('id="loosened"') :]
    assert f"<code>{path}</code>" in chapter
    assert "Våra lås startar av sig själva." in chapter


def test_the_book_says_from_when_it_holds() -> None:
    """A pack that comes into force on a day says so at the head of its book."""
    later = LEAST.replace('version = "1.0.0"', 'version = "1.0.0"\nin_force_from = 2027-01-01')
    made = load_routine(Source("least", {"routine.toml": later}))
    assert "Gäller från 2027-01-01." in rule_book(made, "sv")
    assert "In force from 2027-01-01." in rule_book(made, "en")
    assert "Gäller från" not in rule_book(routine(), "sv")


def test_the_standing_checks_stand_in_the_book() -> None:
    """Each check tells among what it looks, after how long, what excuses, and what it opens."""
    book = rule_book(ROUTINE, "sv")
    row = book[book.index('id="sweep-lock_without_consent"') :].split("</tr>")[0]
    assert "Lås: Monterat" in row
    assert "Samtycke: Mottaget" in row
    assert 'href="#step-finding-find_at_a_door"' in row
    row = book[book.index('id="sweep-battery_unread"') :].split("</tr>")[0]
    assert "efter" in row
    clause = book[book.index('id="clause-N1"') :].split("</tr>")[0]
    assert "kontroll: Låset sitter kvar" in clause


def test_values_are_told_in_words() -> None:
    """Durations, days of the week, lists and hours are told as people say them."""
    brief = Brief(ROUTINE, "mounting", "sv")
    assert brief.value("P1DT2H30M") == "1 dygn 2 timmar 30 minuter"
    assert brief.value("10 working days") == "10 arbetsdagar"
    assert brief.value(("monday", "tuesday", "wednesday", "friday")) == "måndag–onsdag, fredag"
    assert brief.value(("monday", "tuesday")) == "måndag, tisdag"
    assert brief.value(("a", "b")) == "a, b"
    assert brief.value("08:00-16:00") == "08:00-16:00"
    assert brief.value(5) == "5"


def test_references_are_told_by_their_labels() -> None:
    """A field is told by its label; what a step writes by itself, by that step or its source."""
    brief = Brief(ROUTINE, "mounting", "sv")
    assert brief.ref(Ref("form", "cycles")) == "Antal låsningar och upplåsningar"
    assert brief.ref(Ref("actor", "id")) == "den som gör det"
    assert brief.ref(Ref("value", literal=True)) == "ja"
    assert brief.ref(Ref("value", literal="front")) == "front"
    assert brief.ref(Ref("case", "no_such_field")) == "no such field"
    lock = Brief(ROUTINE, "lock", "sv")
    assert lock.ref(Ref("case", "battery_changed_at")) == "«Anteckna batteribyte»"
    lost = Ref("case", "ordinary_lock_lost")
    assert brief.condition(Condition(value=lost, given=False)).startswith("utan: Anmäl att")
    assert brief.condition(Condition(value=lost, one_of=(True,))).startswith("efter: Anmäl att")
    starts = Ref("case", "starts_at")
    assert brief.condition(Condition(value=starts, given=True)) == "om Börjar finns"
    assert brief.condition(Condition(value=starts, given=False)) == "om Börjar saknas"
    removal = Brief(ROUTINE, "removal", "sv")
    reason = Condition(value=Ref("case", "reason"), one_of=("death",))
    assert removal.condition(reason) == "om Orsak är Dödsfall"
