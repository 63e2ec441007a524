"""The decision: what would help whoever is refused."""

from __future__ import annotations

from typing import Any

import attrs

from deciding import FITTED, refusal, ways, with_rules
from lockroutine import Actor, Case, Cure, Engine, Verdict
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    KIM,
    MAJ,
    ORDER,
    ROUTINE,
    Clock,
    consent,
    fitted,
    just_order,
    lock,
    opened,
    order,
    permission,
)


def cures_of(engine: Engine, case: Case, name: str, actor: Actor, form: object = None) -> list[str]:
    verdict = engine.explain(case.id, name, actor=actor, form=form)
    return [cure.text.en for reason in verdict.reasons for cure in reason.cures]


def test_cures_on_another_case() -> None:
    """What another case must come to is the next step there, or the one that opens it."""
    engine = opened()
    asked: dict[str, Any] = {"actor": ANNA, "subject": "c-1", "unit": "north"}

    def cure() -> Cure:
        (reason,) = engine.explain_start("order", "order", **asked).reasons
        (found,) = reason.cures
        return found

    opening = cure()
    assert (opening.process, opening.transition, opening.case_id) == ("consent", "ask", "")
    made = engine.start("consent", "ask", **asked)
    next_ = cure()
    assert (next_.transition, next_.case_id, next_.roles) == ("receive", made.id, ("coordinator",))
    engine.perform(made.id, "receive", actor=ANNA)
    engine.perform(made.id, "withdraw", actor=ANNA)
    assert cure() == opening


OTHERS = """[process.lock.transitions.install.guards.not_bo]
kind = "differs"
value = "actor.id"
other = "text.bo"
otherwise = { sv = "Inte Bo.", en = "Not Bo." }
clauses = ["C3"]

[process.lock.transitions.install.guards.fits]
"""


def test_somebody_else_may_make_the_step_that_was_asked_for() -> None:
    """Who may not make a driven step is told who else may make the one that drives it."""
    engine = with_rules(("lock", "[process.lock.transitions.install.guards.fits]\n", OTHERS))
    lock(engine)
    case = order(engine)
    engine.perform(case.id, "book", actor=BO, form=BOOKING)
    form = {"serial_number": "PH1-001"}
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=form))
    (cure,) = reason.cures
    assert (cure.process, cure.transition, cure.case_id) == ("order", "install", case.id)
    assert cure.roles == ("installer",)
    assert cure.text.en == "Ask somebody else who may: Installer."
    cid = Actor("cid", roles={"installer"}, units={"depot"})
    assert engine.perform(case.id, "install", actor=cid, form=form).state == "fitted"


BY_ROLE = """[process.order.transitions.book.guards.role]
kind = "by_role"
value = "case.door_type"
allowed = { staff = ["euro"] }
otherwise = { sv = "Inte din dörr.", en = "Not your door." }
clauses = ["C2"]

[process.order.transitions.install]
"""


def test_nobody_else_may_who_may_not_make_the_step() -> None:
    """A role that a rule names, but that may not make the step, is no way forward."""
    engine = with_rules(("order", "[process.order.transitions.install]\n", BY_ROLE))
    case = order(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "book", actor=BO, form=BOOKING))
    assert (reason.text.en, reason.cures) == ("Not your door.", ())


MATCHING = ("order", 'states = ["received"]', 'states = ["received"]\nmatch = { MATCH }')


def test_cures_where_the_only_case_does_not_match() -> None:
    """Where a subject has only one open case, that one is to be moved, and no other is opened."""
    engine = with_rules((*MATCHING[:2], MATCHING[2].replace("MATCH", 'unit = "text.south"')))
    asked: dict[str, Any] = {"actor": ANNA, "subject": "c-1", "unit": "north"}

    def found() -> list[tuple[str, str]]:
        (reason,) = engine.explain_start("order", "order", **asked).reasons
        return [(cure.transition, cure.case_id) for cure in reason.cures]

    assert found() == [("ask", "")]
    made = engine.start("consent", "ask", **asked)
    assert found() == [("receive", made.id)]
    engine.perform(made.id, "receive", actor=ANNA)
    assert found() == []


def test_cures_where_one_of_several_does_not_match() -> None:
    """Where a subject may have several open cases, another one can be opened."""
    match = MATCHING[2].replace("MATCH", 'unit = "text.south"')
    alone = 'subject = "customer"\none_open_per = ["subject"]'
    engine = with_rules((*MATCHING[:2], match), ("other", alone, 'subject = "customer"'))
    engine.start("consent", "ask", actor=ANNA, subject="c-1", unit="north")
    verdict = engine.explain_start("order", "order", actor=ANNA, subject="c-1", unit="north")
    assert [cure.transition for cure in verdict.reasons[0].cures] == ["ask"]


def test_cures_name_the_field_that_says_whose_case_it_is() -> None:
    """Whose case a guard looks for may have been given wrong in the form."""
    subject = 'process = "consent"\nsubject = "form.name"'
    engine = with_rules(("order", 'process = "consent"', subject))
    verdict = engine.explain_start(
        "order", "order", actor=ANNA, subject="c-1", unit="north", form=ORDER
    )
    fields = [cure.field for cure in verdict.reasons[0].cures]
    assert fields == ["name", ""]


def test_cures_for_what_is_to_be_done_first() -> None:
    """What must be done first is named, with who may."""
    engine = opened()
    case = engine.start("permission", "ask", actor=KIM, subject="kim", unit="north")
    until = {"valid_until": "2026-12-31T12:00:00Z"}
    assert cures_of(engine, case, "grant", MAJ, until) == [
        'Make "Attest" first. These may: Manager.'
    ]
    (reason,) = engine.explain(case.id, "grant", actor=MAJ, form=until).reasons
    assert reason.cures[0].text.sv == "Gör «Intyga» först. Det får: Chef."


def test_cures_for_duties() -> None:
    """Everything that is still owed is a way forward, each with who may."""
    engine = opened()
    case = fitted(engine)
    assert cures_of(engine, case, "close", ANNA) == [
        'Make "Test" first. These may: Installer.',
        'Make "Pair the lock" first. These may: Coordinator.',
    ]
    (reason,) = engine.explain(case.id, "close", actor=ANNA).reasons
    assert reason.text.en == "Still owed: Test, Pair the lock."
    assert reason.text.sv == "Kvar att göra: Prova, Koppla låset."


def test_cures_for_what_must_not_be_there() -> None:
    """What takes a value away is the way."""
    engine = opened()
    permission(engine)
    case = fitted(engine)
    engine.perform(case.id, "pair", actor=ANNA, form=FITTED)
    (reason,) = refusal(lambda: engine.perform(case.id, "cancel", actor=ANNA))
    assert reason.rule == "process.lock.transitions.take_down.guards.unpaired"
    (hung,) = engine.cases(process="lock")
    assert ways(reason) == ['Make "Unpair" first. These may: Coordinator.']
    assert reason.cures[0].case_id == hung.id
    engine.perform(hung.id, "unpair", actor=attrs.evolve(ANNA, units={"depot"}))
    assert engine.perform(case.id, "cancel", actor=ANNA).state == "cancelled"
    assert "pair" not in engine.case(hung.id).done


def test_cures_through_joint_steps() -> None:
    """Where only a joint step would help, the step that drives it is named."""
    engine = opened()
    fitted(engine)
    verdict = engine.explain_start(
        "order", "order", actor=ANNA, subject="customer-17", unit="north", form=ORDER
    )
    free = verdict.reasons[-1]
    assert 'Make "Cancel" in Order. These may: Coordinator, Manager.' in ways(free)


def test_cures_for_a_case_that_is_found_by_a_field() -> None:
    """Where a case is found by a field, the steps that fill it in are the way, not a new case."""
    guard = """

[process.opening.transitions.open.guards.hangs]
kind = "case_in_state"
process = "lock"
find = "customer"
states = ["mounted"]
otherwise = { sv = "Nej ($state).", en = "No ($state)." }
clauses = ["C5"]
"""
    engine = with_rules(other=ROUTINE.source.files["other.toml"] + guard)
    verdict = engine.explain_start("opening", "open", actor=KIM, subject="c-1", unit="north")
    (reason,) = verdict.reasons
    assert reason.text.en == "No ()."
    assert ways(reason) == ['Make "Fit the lock" in Order. These may: Installer.']


def test_cures_instead() -> None:
    """A pack may name what to do in the place of a refused step."""
    engine = with_rules(
        ("order", 'en = "The customer has not agreed." }', 'en = "No." }\ninstead = ["cancel"]')
    )
    case = order(engine)
    form = {**BOOKING, "customer_agreed": False}
    assert cures_of(engine, case, "book", BO, form)[-1] == (
        'Make "Cancel" in Order. These may: Coordinator, Manager.'
    )


def test_cures_by_the_clock() -> None:
    """Where only time helps, one is told to wait."""
    guard = """

[process.opening.transitions.open.guards.ended]
kind = "case_in_state"
process = "permission"
states = ["ended"]
subject = "actor.id"
otherwise = { sv = "Nej.", en = "No." }
clauses = ["C5"]
"""
    engine = with_rules(other=ROUTINE.source.files["other.toml"] + guard)
    made = permission(engine, "kim")
    asked: dict[str, Any] = {"actor": KIM, "subject": "c-1", "unit": "north"}
    verdict = engine.explain_start("opening", "open", **asked)
    (cure,) = verdict.reasons[0].cures
    assert cure.text.en == 'Wait: "Let it run out" in Permission happens by itself.'
    assert cure.text.sv == "Vänta: «Låt gå ut» i Behörighet sker av sig självt."
    assert (cure.roles, cure.case_id) == (("clock",), made.id)


def test_cures_for_a_case_whose_time_is_past() -> None:
    """A permission that has run out is renewed by the step that grants it."""
    clock = Clock()
    engine = opened(clock=clock)
    made = permission(engine, until="2026-03-02T10:00:00Z")
    case = fitted(engine)
    clock.pass_(hours=2)
    (reason,) = engine.explain(case.id, "pair", actor=ANNA, form=FITTED).reasons
    assert reason.text.en == "The permission is missing (Valid)."
    assert [(cure.transition, cure.case_id) for cure in reason.cures] == [("grant", made.id)]


def test_cures_for_a_case_that_cannot_get_there() -> None:
    """An open case that can no longer get there is to be left, and a new one opened."""
    engine = with_rules(("order", 'states = ["received"]', 'states = ["asked"]'))
    made = consent(engine)
    verdict = engine.explain_start(
        "order", "order", actor=ANNA, subject="customer-17", unit="north", form=ORDER
    )
    (reason,) = verdict.reasons
    assert [(cure.transition, cure.case_id) for cure in reason.cures] == [
        ("withdraw", made.id),
        ("ask", ""),
    ]


def test_cures_after_what_leads_there() -> None:
    """What must be done first but cannot be yet begins with the step that leads to it."""
    guard = """

[process.order.transitions.write_note.guards.tested]
kind = "done"
transitions = ["test"]
otherwise = { sv = "Nej.", en = "No." }
clauses = ["C4"]
"""
    engine = with_rules(order=ROUTINE.source.files["order.toml"] + guard)
    case = order(engine)
    assert cures_of(engine, case, "write_note", ANNA, {"note": "x"}) == [
        'Make "Book a time" first. These may: Installer.'
    ]


def test_each_cure_helps() -> None:
    """Doing what each refusal asks for leads from nothing to a fitted lock."""
    engine = opened()
    case: Case | None = None
    forms: dict[str, Any] = {
        "order": ORDER,
        "book": BOOKING,
        "install": FITTED,
        "register": {"model": "X1", "fits": ["euro"]},
    }
    subjects = {"lock": ("PH1-001", "depot")}
    who = {"coordinator": ANNA, "installer": BO}
    for _ in range(10):
        verdict = (
            engine.explain(case.id, "install", actor=BO, form=FITTED)
            if case
            else engine.explain_start(
                "order", "order", actor=ANNA, subject="customer-17", unit="north", form=ORDER
            )
        )
        if verdict.allowed and case is None:
            case = just_order(engine)
            continue
        if verdict.allowed:
            break
        cure = verdict.reasons[0].cures[0]
        actor, form = who[cure.roles[0]], forms.get(cure.transition)
        if cure.case_id:
            engine.perform(cure.case_id, cure.transition, actor=actor, form=form)
        else:
            subject, unit = subjects.get(cure.process, ("customer-17", "north"))
            engine.start(
                cure.process, cure.transition, actor=actor, subject=subject, unit=unit, form=form
            )
    assert verdict == Verdict(process="order", transition="install", case_id=verdict.case_id)
