"""What is tried in the small world, and what is said where not everything could be looked at."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import frozen

from doorspack import DOORS, doors, proof_of, refuted, replayed, steps, without
from lockroutine import Case, Routine, load_routine
from lockroutine._fields import read_form
from lockroutine.model import Query
from lockroutine.proving import as_scenario, prove
from lockroutine.proving.claims import Claims
from lockroutine.proving.samples import TIMES, Form, Samples
from lockroutine.proving.world import NOW, Bound
from lockroutine.routine import Step
from lockroutine.rules.guards import Finding, Found, Guard
from lockroutine.rules.reader import Kinds, Source
from lockroutine.rules.scene import Scene
from smallpack import ROUTINE, edited
from sweepingpack import WITHOUT_CONSENT, sweeping

EXAMPLES = Path(__file__).parents[1] / "examples" / "packs"
BOUND = Bound(1, 2)


def tried(routine: Routine, step: str) -> list[Form]:
    """The forms that are tried for a step."""
    process, _, name = step.partition(".")
    return list(Samples(routine, BOUND).forms(Step(process, name), NOW, dt.timedelta()))


def values(routine: Routine, step: str, field: str) -> set[Any]:
    """What is tried in a field; None where it is left out."""
    return {form.get(field) for form in tried(routine, step)}


# -- forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", ["soderkoping", *sorted(p.name for p in EXAMPLES.iterdir())])
def test_only_right_forms_are_tried(pack: str) -> None:
    """Whatever is tried in a form is right: it is refused by rules, never for its form."""
    routine = load_routine(pack if pack == "soderkoping" else EXAMPLES / pack)
    samples = Samples(routine, BOUND)
    for process, rules in routine.pack.process.items():
        for name in rules.transitions:
            step = Step(process, name)
            form = routine.form(step)
            for ahead in samples.times(step):
                for given in samples.forms(step, NOW, ahead):
                    assert form is None or read_form(form, given)
    assert samples.cut == set()


@pytest.mark.parametrize(
    ("step", "field", "expected"),
    [
        ("order.test", "cycles", {4, 5}),  # at_least a parameter
        ("lock.read_battery", "level", {19, 20}),  # at_least, at another step
        ("delivery.order", "quantity", {10, 11}),  # at_most
        ("delivery.order", "article_kind", {"lock", "spare_part"}),  # one_of
        ("order.book", "customer_agreed", {True, False}),  # is_true
        ("order.book", "coordinator_agreed", {True}),  # no rule looks at it
        ("order.test", "works", {True, False}),  # when
        ("opening.open", "app", {"lmo", "homecare"}),  # by_role
        ("order.order", "door_type", {"standard", "another"}),  # includes, in another case
        ("order.install", "serial_number", {"PH1-001", "PH1-002"}),  # whose case is driven
        ("delivery.deliver", "serial_numbers", {None, ("PH1-001",), ("PH1-002",)}),  # each
    ],
)
def test_what_rules_tell_apart_is_tried(step: str, field: str, expected: set[Any]) -> None:
    """Of every kind of value that some rule tells apart, one is tried; of others, just one."""
    assert values(ROUTINE, step, field) == expected


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ('kind = "count"\nlist = "form.serial_numbers"\nat_least = 2', {None, 1, 2, 3}),
        ('kind = "count"\nlist = "form.serial_numbers"\nat_most = 1', {None, 1, 2}),
        (
            'kind = "count"\nlist = "form.serial_numbers"\nsame_as = "case.quantity"',
            {None, 1},
        ),
    ],
)
def test_lists_of_several_lengths_are_tried(guard: str, expected: set[int | None]) -> None:
    """Where a rule counts, lists of lengths around its limits are tried."""
    table = f"\n[process.delivery.transitions.deliver.guards.many]\n{guard}\n"
    said = 'otherwise = { sv = "Nej.", en = "No." }\nclauses = ["C6"]\n'
    routine = load_routine(edited(more=table + said))
    found = values(routine, "delivery.deliver", "serial_numbers")
    assert {one and len(one) for one in found} == expected


def test_times_around_now_are_tried() -> None:
    """A step whose form holds a time is tried with several; one without, just now."""
    samples = Samples(ROUTINE, BOUND)
    assert samples.times(Step("order", "book")) == TIMES
    assert samples.times(Step("order", "test")) == (dt.timedelta(),)
    (form, *_) = samples.forms(Step("order", "book"), NOW, TIMES[0])
    assert form["starts_at"] == NOW + TIMES[0]


# -- where not everything could be looked at -------------------------------------------------------

MANY = '\n[form.questions]\nlabel = { sv = "Frågor", en = "Questions" }\n' + "".join(
    f'\n[form.questions.fields.q{n}]\ntype = "yes_no"\nlabel = {{ sv = "Ja?", en = "Yes?" }}\n'
    f"\n[process.consent.transitions.ask.guards.q{n}]\n"
    f'kind = "is_true"\nvalue = "form.q{n}"\notherwise = {{ sv = "Nej.", en = "No." }}\n'
    'clauses = ["D1"]\n'
    for n in range(8)
)


def too_many() -> Routine:
    """A form with so many questions that not all answers can be tried."""
    ask = 'to = "asked"\nby = ["coordinator"]'
    return doors(("people", ask, f'{ask}\nform = "questions"'), more=MANY)


def test_where_not_every_form_was_tried() -> None:
    """What is proved by trying is left open, if there was too much to try; what was seen is so."""
    proof = proof_of(too_many())
    left = {claim.name: claim for claim in proof.bounded}
    assert "never.lock_without_consent" in left
    assert "ends.consent" in left
    assert left["ends.consent"].why
    assert left["ends.consent"].why.en == (
        "Not everything that can be given was tried (Ask); as far as was looked, it holds."
    )
    assert not [claim for claim in proof.refuted if claim.story is None]


def test_too_many_worlds() -> None:
    """With too few nodes nothing is decided wrongly: it is proved, or left open and said so."""
    routine = load_routine(DOORS)
    for most in (3, 30, 60, 90, 200):
        claims = Claims(routine, BOUND, most)
        found = [
            *claims.invariants(),
            *claims.steps(),
            *claims.waits(),
            *claims.cures(),
            *claims.ends(),
        ]
        assert not [claim for claim in found if claim.outcome == "refuted"]
        whys = {claim.why.en for claim in found if claim.why}
        assert whys <= {"There are too many worlds to go through; as far as was looked, it holds."}
        assert (most > 30) or whys


@pytest.mark.parametrize("most", [3, 30, 60, 90, 200])
def test_too_many_worlds_with_a_mistake(most: int) -> None:
    """With too few nodes what is wrong is found, or left open; never called right."""
    routine = doors(
        without("people", "process.consent.transitions.end.guards.lock_down"),
        without("visits", "process.removal.transitions.order.guards.mounted"),
    )
    claims = Claims(routine, BOUND, most)
    found = {claim.name: claim.outcome for claim in (*claims.invariants(), *claims.ends())}
    assert found["never.lock_without_consent"] != "proved"
    assert found["ends.mounting"] != "proved"


def test_a_story_that_cannot_be_told() -> None:
    """What speaks against a claim only while the clock stands still is left open, and said so."""
    more = """
[process.permission.transitions.grant.guards.at_once]
kind = "same"
value = "case.asked_at"
other = "event.happened_at"
otherwise = { sv = "Nej.", en = "No." }
clauses = ["D1"]

[never.granted]
label = { sv = "Ingen beviljas", en = "Nobody is granted" }
process = "permission"
states = ["valid"]
clauses = ["D1"]

[never.granted.guards.it]
kind = "done"
transitions = ["grant"]
"""
    ask = 'to = "asked"\nby = ["staff"]'
    sets = 'sets = { asked_at = "event.happened_at" }'
    routine = doors(("people", ask, f"{ask}\n{sets}"), more=more)
    claim = {one.name: one for one in proof_of(routine).claims}["never.granted"]
    assert claim.outcome == "bounded"
    assert claim.why
    assert claim.why.en.endswith("but the story could not really be made.")


# -- steps that nobody makes -----------------------------------------------------------------------

BY_THE_CLOCK = """
[process.consent.transitions.lapse]
label = { sv = "Låt förfalla", en = "Let it lapse" }
from = ["asked"]
to = "ended"
by = ["clock"]
timer = { after = "P30D" }
clauses = ["D1"]

[never.lapsed]
label = { sv = "Inget förfaller", en = "Nothing lapses" }
step = "consent.lapse"
clauses = ["D1"]

[never.lapsed.guards.it]
kind = "duties_done"
"""


def test_a_step_of_the_clock(tmp_path: Path) -> None:
    """The clock makes its step when it is due, and the story is played again with a tick."""
    routine = doors(more=BY_THE_CLOCK)
    claim = refuted(routine)["never.lapsed"]
    assert steps(claim) == ["coordinator: consent.ask", "clock: consent.lapse"]
    assert claim.story
    assert [one.text.en for one in claim.story.steps] == [
        "Coordinator: Ask (Consent, customer-17)",
        "The clock: Let it lapse (Consent, customer-17)",
    ]
    assert 'at = "2026-04-01 10:00"\ntick = true\n' in as_scenario(routine, claim, "en")
    replayed(routine, claim, tmp_path)


BY_ANOTHER_SYSTEM = """
[process.consent.transitions.hear]
label = { sv = "Höra", en = "Hear" }
from = ["asked"]
by = ["pull"]
form = "heard"
clauses = ["D1"]

[form.heard]
label = { sv = "Hört", en = "Heard" }

[form.heard.fields.when]
type = "time"
label = { sv = "När", en = "When" }

[form.heard.fields.day]
type = "date"
label = { sv = "Dag", en = "Day" }

[form.heard.fields.often]
type = "whole_number"
label = { sv = "Hur ofta", en = "How often" }

[form.heard.fields.sure]
type = "yes_no"
label = { sv = "Säkert", en = "Sure" }

[form.heard.fields.words]
type = "texts"
label = { sv = "Ord", en = "Words" }

[form.heard.fields.whom]
type = "contact_person"
label = { sv = "Vem", en = "Whom" }

[never.heard]
label = { sv = "Inget hörs", en = "Nothing is heard" }
step = "consent.hear"
clauses = ["D1"]

[never.heard.guards.it]
kind = "duties_done"
"""


def test_a_step_of_another_system(tmp_path: Path) -> None:
    """What another system says may come at any time; each kind of value is written as read."""
    routine = doors(more=BY_ANOTHER_SYSTEM)
    claim = refuted(routine)["never.heard"]
    assert steps(claim) == ["coordinator: consent.ask", "pull: consent.hear"]
    text = as_scenario(routine, claim, "sv")
    assert 'note = "Ett annat system: Höra (Samtycke, customer-17)"' in text
    assert (
        'who = "pull"\ndoes = "consent.hear"\nabout = "customer-17"\nstate = "asked"\n\n'
        '[step.form]\nwhen = "2026-03-30 11:01"\nday = 2026-03-30\noften = 1\nsure = true\n'
        'words = ["standard"]\n'
        'whom = { name = "standard", phone = "+46 70 174 06 05", '
        'email = "contact-3@example.org" }\n'
    ) in text
    replayed(routine, claim, tmp_path)


def test_a_step_of_a_standing_check(tmp_path: Path) -> None:
    """What a standing check finds may come at any time; in a scenario the checks make a round."""
    never = """
[never.found]
label = { sv = "Inget hittas", en = "Nothing is found" }
step = "finding.find"
clauses = ["C3"]

[never.found.guards.it]
kind = "duties_done"
"""
    routine = load_routine(sweeping(sweeps=WITHOUT_CONSENT + never))
    claim = {one.name: one for one in proof_of(routine).refuted}["never.found"]
    assert steps(claim) == ["sweep: finding.find"]
    assert claim.story
    assert claim.story.steps[0].text.en.startswith("A check: Something was found (Finding, ")
    assert "sweep = true\n" in as_scenario(routine, claim, "en")


# -- rules of a plugin -----------------------------------------------------------------------------


@frozen(kw_only=True)
class Nosy(Guard):
    """Looks at everything there is to look at, in its own case and in others."""

    kind: ClassVar[str] = "nosy"
    process: str
    quiet: bool = False

    def needs(self, scene: Scene) -> tuple[Query, ...]:
        return (Query(process=self.process, field="subject", value=scene.case.subject),)

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        seen = [looked_at(case) for cases in found for case in cases]
        return Finding() if any(seen) and not self.quiet else None


def looked_at(case: Case) -> bool:
    """Looks at a case in every way that a rule may."""
    facts = dict(case.data)
    assert len(case.data) == len(facts)
    assert all(case.data[name] == value for name, value in facts.items())
    assert len(case.done) == len(list(case.done))
    assert (case.state != "ended") is (f"{case.state}" != "ended")
    assert {case.state: 1}
    with pytest.raises(KeyError):
        case.data["no_such_fact"]
    return case.is_open and case.state in {"received", "withdrawn"}


def test_rules_of_a_plugin() -> None:
    """A plugin's own rule may look at a case as it likes, and all that it tells apart is tried."""
    guard = """
[process.permission.transitions.ask.guards.nosy]
kind = "nosy"
process = "ordinary_lock"
otherwise = { sv = "Nej.", en = "No." }
clauses = ["D1"]

[process.mounting.transitions.cancel.guards.nosy]
kind = "nosy"
process = "consent"
otherwise = { sv = "Nej.", en = "No." }
instead = ["install"]
clauses = ["D1"]
"""
    texts = {**DOORS.files, "more.toml": guard}
    routine = load_routine(Source("doors", texts), kinds=Kinds(guards=(Nosy,)))
    proof = prove(routine)
    assert [claim.name for claim in proof.refuted] == []


def test_the_small_pack(tmp_path: Path) -> None:
    """What is wrong with a pack that was never meant to be right is found."""
    found = refuted(ROUTINE)
    assert list(found) == [
        "steps.opening.open.manager",
        "cures.order.install.process.lock.transitions.install.guards.charged",
        "ends.lock",
    ]
    for claim in found.values():
        if claim.story:
            replayed(ROUTINE, claim, tmp_path)
