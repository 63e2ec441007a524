"""The decision: who may, and what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from deciding import FAR, FITTED, booked, refusal, rules, ways, with_rules
from lockroutine import Actor, Cure, InvalidForm, NotFound
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    NOBODY,
    ORDER,
    ROUTINE,
    SOUTH,
    consent,
    fitted,
    just_order,
    lock,
    opened,
    order,
)

# -- roles first ----------------------------------------------------------------------------------


def test_roles_come_first() -> None:
    """Whoever may not do a thing at all learns who may, and nothing of the case."""
    engine = opened()
    case = order(engine)
    told = refusal(lambda: engine.perform(case.id, "install", actor=ANNA, form={"bad": "form"}))
    engine.perform(case.id, "cancel", actor=ANNA)
    assert refusal(lambda: engine.perform(case.id, "install", actor=ANNA)) == told
    (reason,) = told
    assert reason.rule == "process.order.transitions.install.by"
    assert (reason.clauses, reason.values) == (("C3",), {})
    assert reason.text.en == "Your role may not do this (Fit the lock). These may: Installer."
    assert reason.text.sv == "Din roll får inte göra detta (Montera). Det får: Montör."
    assert ways(reason) == ["Ask somebody who may: Installer."]
    assert reason.cures[0].text.sv == "Be någon som får: Montör."
    assert reason.cures[0].roles == ("installer",)


def test_an_actor_without_roles_may_nothing() -> None:
    """An actor without roles is refused by the role, whatever they ask."""
    engine = opened()
    case = order(engine)
    for name in ROUTINE.process("order").rules.transitions:
        verdict = engine.explain(case.id, name, actor=NOBODY)
        assert [reason.rule.rpartition(".")[2] for reason in verdict.reasons] == ["by"]


def test_steps_that_only_come_with_others() -> None:
    """A step that only comes with another is refused, and the other is the way."""
    engine = opened()
    made = lock(engine)
    (reason,) = refusal(lambda: engine.perform(made.id, "install", actor=BO))
    assert reason.text.en == (
        "This (Fit) is never done by itself, only together with another step."
    )
    assert reason.text.sv == (
        "Detta (Sätt upp) görs aldrig för sig, bara tillsammans med ett annat steg."
    )
    assert ways(reason) == ['Make "Fit the lock" in Order. These may: Installer.']


def test_scope() -> None:
    """An actor of another unit is refused without a word of the case, and starts none there."""
    engine = opened()
    case = order(engine)
    assert rules(refusal(lambda: engine.perform(case.id, "cancel", actor=SOUTH))) == [
        "engine.scope"
    ]
    (reason,) = refusal(
        lambda: engine.start("consent", "ask", actor=SOUTH, subject="c-2", unit="north")
    )
    assert reason.rule == "engine.scope"
    assert reason.text.sv == "Ärendet hör till en annan enhet än din."
    assert reason.cures == ()


def test_a_role_that_works_for_all_units() -> None:
    """Only the role that the step asks for widens the scope, not any that the actor has."""
    engine = opened()
    case = order(engine)
    both = Actor("eva", roles={"coordinator", "installer"}, units={"south"})
    assert rules(refusal(lambda: engine.perform(case.id, "cancel", actor=both))) == ["engine.scope"]
    assert engine.perform(case.id, "book", actor=both, form=BOOKING).state == "booked"


def test_names_that_do_not_exist() -> None:
    """A transition or process that does not exist is not found, with the nearest that does."""
    engine = opened()
    case = order(engine)
    with pytest.raises(NotFound) as error:
        engine.perform(case.id, "instal", actor=BO)
    assert str(error.value) == ("There is no transition of order 'instal'. Did you mean 'install'?")
    with pytest.raises(NotFound) as error:
        engine.start("ordr", "order", actor=ANNA, subject="c", unit="north")
    assert str(error.value) == "There is no process 'ordr'. Did you mean 'order'?"


# -- what stands in the way -----------------------------------------------------------------------


def test_the_state() -> None:
    """A step that is not there from this state is refused with the first step on the way to it."""
    engine = opened()
    case = order(engine)
    lock(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    assert reason.rule == "process.order.transitions.install.from"
    assert reason.text.en == 'Not possible now (Fit the lock): the case is in the state "Ordered".'
    assert reason.text.sv == "Det går inte nu (Montera): ärendet är i läget «Beställd»."
    assert reason.values == {"state": "ordered"}
    assert reason.cures == (
        Cure(
            process="order",
            transition="book",
            roles=("installer",),
            case_id=case.id,
            form="appointment",
            text=reason.cures[0].text,
        ),
    )


def test_a_case_that_has_ended() -> None:
    """In a case that is over nothing is possible any more, and nothing helps."""
    engine = opened()
    case = order(engine)
    engine.perform(case.id, "cancel", actor=ANNA)
    (reason,) = refusal(lambda: engine.perform(case.id, "cancel", actor=ANNA))
    assert (
        reason.text.en
        == 'No longer possible (Cancel): the case has ended in the state "Cancelled".'
    )
    assert reason.text.sv == (
        "Det går inte längre (Avbryt): ärendet är avslutat i läget «Avbruten»."
    )
    assert reason.cures == ()


def test_a_step_that_opens_on_a_case_and_one_that_does_not_on_none() -> None:
    """A case is not opened twice, nor continued before it is opened."""
    engine = opened()
    case = order(engine)
    assert rules(refusal(lambda: engine.perform(case.id, "order", actor=ANNA, form=ORDER))) == [
        "order.transitions.order.from"
    ]
    consent(engine, "c-2")
    (reason,) = refusal(
        lambda: engine.start("order", "cancel", actor=ANNA, subject="c-2", unit="north")
    )
    assert reason.text.en == 'Not possible now (Cancel): the case is in the state "-".'
    assert ways(reason) == ['Make "Order" in Order. These may: Coordinator.']
    assert reason.cures[0].case_id == ""


def test_all_reasons_at_once() -> None:
    """Everything that stands in the way comes together, in the order of the pack."""
    engine = opened()
    case = fitted(engine)
    engine.perform(engine.cases(process="consent").items[0].id, "withdraw", actor=ANNA)
    reasons = refusal(lambda: just_order(engine))
    assert rules(reasons) == [
        "order.one_open_per",
        "order.transitions.order.guards.consent",
        "order.transitions.order.guards.free",
    ]
    assert reasons[2].text.en == "A lock hangs there (Mounted)."
    assert reasons[0].values == {"case": case.id, "state": "fitted"}
    assert reasons[0].text.sv == "Det finns redan ett öppet ärende av det här slaget (Beställning)."
    assert [cure.case_id for cure in reasons[0].cures] == [case.id, case.id]


def test_form_and_state_together() -> None:
    """In the wrong state what the form says wrong is told too, and what is unknown is not."""
    engine = opened()
    case = fitted(engine)
    reasons = refusal(
        lambda: engine.perform(
            case.id, "book", actor=BO, form={**BOOKING, **FAR, "customer_agreed": False}
        )
    )
    assert rules(reasons) == [
        "order.transitions.book.from",
        "order.transitions.book.guards.hours",
        "order.transitions.book.guards.agreed",
    ]
    assert reasons[1].text.en == (
        "Visits are monday, tuesday, wednesday, thursday 08:00-16:00, not 2026-03-07 11:00."
    )
    assert (reasons[1].clauses, reasons[1].gaps) == (("C2",), ("holidays",))
    assert reasons[1].values == {"local_time": "2026-03-07 11:00"}
    assert reasons[1].cures[0].field == "starts_at"
    assert ways(reasons[2]) == [
        'Correct the field "The customer has agreed" and make "Book a time" again.'
    ]


def test_only_one_open_per_subject() -> None:
    """What holds for the subject alone is judged without a form too."""
    engine = opened()
    made = engine.start("consent", "ask", actor=ANNA, subject="c-1", unit="north")
    asked: dict[str, Any] = {"actor": ANNA, "subject": "c-1", "unit": "north"}
    verdict = engine.explain_start("consent", "ask", **asked)
    (reason,) = verdict.reasons
    assert reason.rule == "process.consent.one_open_per"
    assert [cure.transition for cure in reason.cures] == ["receive", "withdraw"]
    engine.perform(made.id, "withdraw", actor=ANNA)
    assert engine.explain_start("consent", "ask", **asked).allowed


def test_another_door_is_another_order() -> None:
    """One order may be open for each door."""
    engine = opened()
    order(engine)
    assert just_order(engine, door="back").state == "ordered"
    assert rules(refusal(lambda: just_order(engine, door="back"))) == ["order.one_open_per"]


def test_forms_that_are_missing_or_too_many() -> None:
    """A form that is missing, or given where none is taken, is told as such."""
    engine = opened()
    case = order(engine)
    with pytest.raises(InvalidForm) as error:
        engine.perform(case.id, "errand", actor=ANNA)
    assert str(error.value) == "errand_number: is missing"
    with pytest.raises(InvalidForm) as error:
        engine.perform(case.id, "cancel", actor=ANNA, form={"a": 1})
    assert str(error.value) == "form: order.cancel takes no form; give none"
    assert engine.perform(case.id, "cancel", actor=ANNA, form={}).state == "cancelled"


# -- what cannot be judged ------------------------------------------------------------------------

WORKS = """

[process.order.transitions.close.guards.works]
kind = "is_true"
value = "case.works"
otherwise = { sv = "Nej.", en = "No." }
clauses = ["C4"]
"""


def test_what_cannot_be_judged_is_refused() -> None:
    """A guard whose value is missing refuses, and names what is missing."""
    engine = with_rules(order=ROUTINE.source.files["order.toml"] + WORKS)
    case = fitted(engine)
    reason = refusal(lambda: engine.perform(case.id, "close", actor=ANNA))[1]
    assert reason.rule.endswith(".guards.works")
    assert reason.clauses == ("C4",)
    assert reason.text.en.startswith('The rule "works" cannot be judged (')
    assert reason.text.en.endswith("), and then the answer is no.")
    assert reason.text.sv.startswith("Regeln «works» kan inte bedömas (")
    assert reason.text.sv.endswith("), och då är svaret nej.")
    assert "case.works" in reason.text.en


def test_a_guard_that_raises_refuses() -> None:
    """A guard that fails over a value refuses too, and repeats nothing of the value."""
    guard = """

[process.order.transitions.write_note.guards.odd]
kind = "case_in_state"
process = "consent"
states = ["received"]
subject = "form.note"
otherwise = { sv = "Nej.", en = "No." }
clauses = ["C4"]
"""
    engine = with_rules(order=ROUTINE.source.files["order.toml"] + guard)
    case = order(engine)
    (reason,) = refusal(
        lambda: engine.perform(case.id, "write_note", actor=ANNA, form={"note": "Xq7\nis ill"})
    )
    assert 'The rule "odd" cannot be judged' in reason.text.en
    assert "Xq7" not in f"{reason}"


def test_what_cannot_be_judged_says_nothing_in_the_wrong_state() -> None:
    """In the wrong state, values that are missing only because of that are not told of."""
    engine = with_rules(order=ROUTINE.source.files["order.toml"] + WORKS)
    case = order(engine)
    assert rules(refusal(lambda: engine.perform(case.id, "close", actor=ANNA))) == [
        "order.transitions.close.from"
    ]


def test_a_joint_that_cannot_be_judged() -> None:
    """A joint step whose subject or form is not known refuses."""
    engine = with_rules(("order", 'door = "case.door",', 'door = "case.works",'))
    lock(engine)
    case = booked(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    assert reason.rule == "process.order.transitions.install.joint.lock"
    assert 'The rule "lock" cannot be judged' in reason.text.en
    engine = with_rules(
        ("order", 'subject = "form.serial_number"\nf', 'subject = "case.cycles"\nf')
    )
    lock(engine)
    case = booked(engine)
    reasons = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    assert rules(reasons) == ["order.transitions.install.joint.lock"]
