"""The decision: who may, what stands in the way, what is made jointly, and what would help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockroutine import (
    Actor,
    Case,
    Cure,
    Engine,
    InvalidForm,
    NotFound,
    Reason,
    Refused,
    Verdict,
    load_routine,
)
from lockroutine.decide import Command, answer, decide, evolve, permit
from lockroutine.decide.wording import _TEXTS, say
from lockroutine.model import Query
from lockroutine.routine import Step
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    KIM,
    MAJ,
    MONDAY,
    NOBODY,
    ORDER,
    ROUTINE,
    SOUTH,
    Clock,
    consent,
    edited,
    everything,
    fitted,
    just_order,
    lock,
    opened,
    order,
    permission,
)

FITTED = {"serial_number": "PH1-001"}
FAR = {"starts_at": "2026-03-07T10:00:00Z", "ends_at": "2026-03-07T11:00:00Z"}


def with_rules(*changes: tuple[str, str, str], clock: Clock | None = None, **files: str) -> Engine:
    """An engine on the small pack with these changes."""
    return opened(routine=load_routine(edited(*changes, **files)), clock=clock)


def refusal(do: Callable[[], object]) -> tuple[Reason, ...]:
    with pytest.raises(Refused) as error:
        do()
    return error.value.verdict.reasons


def rules(reasons: tuple[Reason, ...]) -> list[str]:
    """The rules that refuse, without what all paths begin with."""
    return [reason.rule.removeprefix("process.") for reason in reasons]


def ways(reason: Reason) -> list[str]:
    """What would help, in English."""
    return [cure.text.en for cure in reason.cures]


def booked(engine: Engine, subject: str = "customer-17", **form: Any) -> Case:
    case = order(engine, subject, **form)
    return engine.perform(case.id, "book", actor=BO, form=BOOKING)


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


# -- joint steps ----------------------------------------------------------------------------------


def test_both_or_neither() -> None:
    """If the other machine refuses, its rule and clause are the reason, and nothing is done."""
    engine = opened()
    made = lock(engine, fits=("oval",))
    case = booked(engine)
    before = everything(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    assert reason.rule == "process.lock.transitions.install.guards.fits"
    assert reason.clauses == ("C3",)
    after = everything(engine)
    assert before[:-1] == after[:-1]  # type: ignore[index]
    assert engine.case(made.id).state == "in_store"


def test_both_happen() -> None:
    """Both cases move with one command, the driven one caused by the other."""
    engine = opened()
    case = fitted(engine)
    (hung,) = engine.cases(process="lock")
    assert (case.state, hung.state) == ("fitted", "mounted")
    assert hung.data["door"] == "front"
    event = engine.history(hung.id)[-1]
    assert (event.actor, event.cause) == ("bo", f"{case.id}/3")


def test_what_the_driven_form_lacks_is_mended_in_the_driver() -> None:
    """A wrong value of a driven step is mended where a person gave it."""
    engine = opened()
    lock(engine, fits=("oval",))
    case = booked(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    (cure,) = reason.cures
    assert (cure.transition, cure.field) == ("install", "serial_number")
    assert cure.text.sv == "Rätta uppgiften «Serienummer» och gör «Montera» igen."


def test_what_no_form_can_mend() -> None:
    """Where the driven step takes its values from the case alone, no field is to be mended."""
    other_door = REHANG.replace('"case.door_type"', '"text.oval"')
    engine = with_rules(order=ROUTINE.source.files["order.toml"] + other_door)
    case = fitted(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "rehang", actor=BO))
    assert reason.rule == "process.lock.transitions.install.guards.fits"
    assert reason.cures == ()


def test_another_one_than_the_open_one() -> None:
    """Where the subject has its one open case, but not the one that is meant, none is opened."""
    subject = 'subject = "form.serial_number"\n'
    match = 'match = { model = "text.X9" }\n'
    engine = with_rules(("order", f"{subject}form", f"{subject}{match}form"))
    lock(engine)
    case = booked(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    assert ways(reason) == ['Correct the field "Serial number" and make "Fit the lock" again.']


def test_a_joint_step_beside_a_refusal() -> None:
    """Where the step is refused already, a joint step that cannot be judged says no more."""
    engine = with_rules(order=ROUTINE.source.files["order.toml"] + REHANG)
    case = booked(engine)
    assert rules(refusal(lambda: engine.perform(case.id, "rehang", actor=BO))) == [
        "order.transitions.rehang.from"
    ]


def test_what_brings_a_driven_case_there_by_itself() -> None:
    """A subject that no form gives has no field to mend."""
    engine = with_rules(
        ("order", 'subject = "form.serial_number"\nf', 'subject = "case.subject"\nf')
    )
    case = booked(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    assert ways(reason) == ['Make "Register" in Lock. These may: Installer.']


def test_nothing_to_drive() -> None:
    """Where the other case does not exist, the joint says so, with what would bring it there."""
    engine = opened()
    case = booked(engine)
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    assert reason.rule == "process.order.transitions.install.joint.lock"
    assert reason.text.en == "No such lock in the register."
    assert ways(reason) == [
        'Make "Register" in Lock. These may: Installer.',
        'Correct the field "Serial number" and make "Fit the lock" again.',
    ]


def test_a_case_in_the_wrong_state_is_not_driven() -> None:
    """A lock that hangs elsewhere cannot be fitted, and the lock's own state is the reason."""
    engine = opened()
    fitted(engine, "c-1")
    case = booked(engine, "c-2")
    reasons = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED))
    assert rules(reasons) == ["lock.transitions.install.from"]
    assert reasons[0].values == {"state": "mounted"}
    assert any(cure.field == "serial_number" for cure in reasons[0].cures)


def test_a_joint_step_without_a_form_yet() -> None:
    """What speaks of the form is left open, also in a joint step."""
    engine = opened()
    case = booked(engine)
    verdict = engine.explain(case.id, "install", actor=BO)
    assert verdict.allowed
    assert verdict.open_rules == ("process.order.transitions.install.joint.lock",)


def test_conditions_of_joint_steps() -> None:
    """A joint step with a condition is made only then."""
    engine = opened()
    case = fitted(engine)
    engine.perform(case.id, "cancel", actor=ANNA)
    (taken,) = engine.cases(process="lock")
    assert (taken.state, "customer" in taken.data) == ("in_store", False)
    other = booked(engine, "c-2")
    engine.perform(other.id, "cancel", actor=ANNA)
    assert engine.case(taken.id).version == taken.version


def test_skipping() -> None:
    """A joint step that may be skipped is, where there is no case in the right state."""
    drop = """

[process.lock.transitions.lose]
label = { sv = "Tappa bort", en = "Lose" }
from = ["mounted"]
to = "scrapped"
by = ["installer"]
clauses = ["C3"]
"""
    engine = with_rules(lock=ROUTINE.source.files["lock.toml"] + drop)
    case = fitted(engine)
    (hung,) = engine.cases(process="lock")
    engine.perform(hung.id, "lose", actor=BO)
    assert engine.perform(case.id, "cancel", actor=ANNA).state == "cancelled"
    assert engine.case(hung.id).state == "scrapped"


def test_several() -> None:
    """Where several cases could be meant, none is guessed."""
    engine = with_rules(("order", 'match = { subject = "case.serial_number" }\n', ""))
    case = fitted(engine)
    lock(engine, "A2")
    other = just_order(engine, door="back")
    engine.perform(other.id, "book", actor=BO, form=BOOKING)
    engine.perform(other.id, "install", actor=BO, form={"serial_number": "A2"})
    (reason,) = refusal(lambda: engine.perform(case.id, "cancel", actor=ANNA))
    assert reason.rule == "process.order.transitions.cancel.joint.lock"
    assert reason.text.en == "Several open cases could be meant (Lock), so nothing was done."
    assert reason.text.sv == (
        "Det finns flera öppna ärenden som det kan gälla (Lås), så inget är gjort."
    )


REHANG = """

[process.order.transitions.rehang]
label = { sv = "Häng om", en = "Rehang" }
from = ["fitted"]
by = ["installer"]
clauses = ["C3"]

[process.order.transitions.rehang.joint.off]
process = "lock"
transition = "take_down"
subject = "case.serial_number"
otherwise = { sv = "Nej.", en = "No." }
clauses = ["C3"]

[process.order.transitions.rehang.joint.on]
process = "lock"
transition = "install"
subject = "case.serial_number"
form = { customer = "case.subject", door = "text.back", door_type = "case.door_type" }
otherwise = { sv = "Nej.", en = "No." }
clauses = ["C3"]
"""


def test_later_steps_see_earlier_ones() -> None:
    """The second joint step finds the case as the first has left it."""
    engine = with_rules(order=ROUTINE.source.files["order.toml"] + REHANG)
    case = fitted(engine)
    engine.perform(case.id, "rehang", actor=BO)
    (hung,) = engine.cases(process="lock")
    assert (hung.state, hung.version, hung.data["door"]) == ("mounted", 4, "back")
    assert [event.version for event in engine.history(hung.id)] == [1, 2, 3, 4]
    assert engine.verify().whole


def delivery(engine: Engine, *serials: str) -> Case:
    bought = engine.start(
        "delivery",
        "order",
        actor=BO,
        subject="locks",
        unit="depot",
        form={"article_kind": "lock", "quantity": 2},
    )
    form = {"delivered": 1, "model": "X1", "fits": ["euro"], "serial_numbers": serials}
    return engine.perform(bought.id, "deliver", actor=BO, form=form)


def test_each() -> None:
    """A joint step with `each` is made once for every item, or for none."""
    engine = opened()
    delivery(engine, "A1", "A2")
    assert sorted(one.subject for one in engine.cases(process="lock")) == ["A1", "A2"]
    assert all(one.data["model"] == "X1" for one in engine.cases(process="lock"))
    delivery(engine)
    assert len(engine.cases(process="lock")) == 2


def test_each_or_none_of_them() -> None:
    """One item that is refused refuses all."""
    engine = opened()
    lock(engine, "A2")
    (reason,) = refusal(lambda: delivery(engine, "A1", "A2"))
    assert reason.rule == "process.lock.one_open_per"
    assert [one.subject for one in engine.cases(process="lock")] == ["A2"]


def test_joint_ids_are_stable() -> None:
    """What a joint step opens has the same id however often it is decided."""
    case = ROUTINE.blank("delivery", "1", "locks", "depot")
    case = attrs.evolve(case, state="ordered", version=1)
    command = Command(
        transition="deliver",
        actor=BO,
        form={"delivered": 1, "model": "X1", "serial_numbers": ["A1", "A2"]},
        recorded_at=MONDAY,
    )
    book = {ROUTINE.key: ROUTINE}
    first = answer(decide(book, case, command), lambda _: ())
    again = answer(decide(book, case, command), lambda _: ())
    assert first == again
    assert len({change.case.id for change in first.changes}) == 3


def test_a_driven_case_keeps_its_order_in_time() -> None:
    """A late entry is refused if a case that it drives has a later event."""
    clock = Clock()
    engine = opened(clock=clock)
    made = lock(engine)
    case = booked(engine)
    clock.pass_(hours=2)
    reading = {"level": 90, "read_at": clock().isoformat(), "source": "staff"}
    engine.perform(made.id, "read_battery", actor=BO, form=reading)
    late: dict[str, Any] = {
        "happened_at": MONDAY + dt.timedelta(hours=1),
        "late_reason": "The system was down.",
    }
    (reason,) = refusal(lambda: engine.perform(case.id, "install", actor=BO, form=FITTED, **late))
    assert reason.rule == "engine.order_in_time"


def test_a_late_entry_beside_what_was_opened_since() -> None:
    """A case that was opened since stands in the way of one that is entered late."""
    clock = Clock()
    engine = opened(clock=clock)
    consent(engine)
    clock.pass_(hours=2)
    made = just_order(engine)
    (reason,) = refusal(
        lambda: engine.start(
            "order",
            "order",
            actor=ANNA,
            subject="customer-17",
            unit="north",
            form=ORDER,
            happened_at=MONDAY + dt.timedelta(hours=1),
            late_reason="The system was down.",
        )
    )
    assert reason.rule == "process.order.one_open_per"
    assert reason.values == {"case": made.id, "state": "ordered"}


def test_a_late_joint_step_is_judged_as_of_then() -> None:
    """A lock that was not yet registered at the time cannot have been fitted then."""
    clock = Clock()
    engine = opened(clock=clock)
    case = booked(engine)
    clock.pass_(hours=2)
    lock(engine)
    clock.pass_(hours=2)

    def enter(hours: int) -> Case:
        return engine.perform(
            case.id,
            "install",
            actor=BO,
            form=FITTED,
            happened_at=MONDAY + dt.timedelta(hours=hours),
            late_reason="The system was down.",
        )

    assert rules(refusal(lambda: enter(1))) == ["order.transitions.install.joint.lock"]
    assert enter(3).state == "fitted"


# -- what would help ------------------------------------------------------------------------------


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


# -- pure -----------------------------------------------------------------------------------------


def test_a_decision_asks_for_what_it_needs() -> None:
    """What a decision needs to know of other cases it asks for, and nothing else."""
    asked: list[Query] = []

    def look(query: Query) -> tuple[Case, ...]:
        asked.append(query)
        return ()

    case = ROUTINE.blank("order", "1", "customer-17", "north")
    command = Command(transition="order", actor=ANNA, form=ORDER, recorded_at=MONDAY)
    book = {ROUTINE.key: ROUTINE}
    verdict = answer(permit(book, case, command), look)
    assert [(query.process, query.field) for query in asked] == [
        ("order", "subject"),
        ("consent", "subject"),
        ("lock", "customer"),
    ]
    assert len(verdict.reasons) == 1


def test_replaying_gives_the_same_case() -> None:
    """A case is what its events make of it, one after the other."""
    engine = opened()
    permission(engine)
    case = fitted(engine)
    engine.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": True})
    engine.perform(case.id, "pair", actor=ANNA, form=FITTED)
    for stored in engine.cases():
        made = ROUTINE.blank(stored.process, stored.id, stored.subject, stored.unit)
        for event in engine.history(stored.id):
            made = evolve(ROUTINE, made, event)
        assert made == engine.case(stored.id)


def test_what_a_step_sets_clears_and_undoes() -> None:
    """A step writes facts of its own, and takes away what it clears or undoes."""
    engine = opened()
    case = fitted(engine)
    assert case.data["fitted_by"] == "bo"
    assert case.data["fitted_at"] == MONDAY.isoformat()
    assert case.data["fitted"] is True
    assert case.done == {"order", "book", "install"}


def test_references_that_are_not_there_yet() -> None:
    """A reference that a step takes from the case comes once there is one."""
    form, brings = 'form = "lock_test"\n', 'references = { supplier = "case.errand_number" }\n'
    engine = with_rules(("order", form, form + brings))
    case = fitted(engine)
    tested = {"cycles": 5, "works": True}
    assert engine.perform(case.id, "test", actor=BO, form=tested).references == ()
    engine.perform(case.id, "errand", actor=ANNA, form={"errand_number": "P-9"})
    assert len(engine.perform(case.id, "test", actor=BO, form=tested).references) == 1


def test_a_timer_that_waits_for_its_time() -> None:
    """A timer that is told by a field begins once the field is given."""
    lapse = """

[process.order.transitions.lapse]
label = { sv = "Låt gå", en = "Let go" }
from = ["ordered", "booked"]
to = "cancelled"
by = ["clock"]
timer = { at = "ends_at", after = "P1D" }
clauses = ["C1"]
"""
    clock = Clock()
    engine = with_rules(
        ("order", 'timer = { after = "P7D" }', 'timer = { after = "P700D" }'),
        ("order", 'timer = { after = "P30D" }', 'timer = { after = "P800D" }'),
        clock=clock,
        order=ROUTINE.source.files["order.toml"] + lapse,
    )
    case = order(engine)
    assert case.timer_at == dt.datetime(2028, 1, 31, 9, 0, tzinfo=dt.UTC)
    case = engine.perform(case.id, "book", actor=BO, form=BOOKING)
    assert case.timer_at == dt.datetime(2026, 3, 4, 10, 0, tzinfo=dt.UTC)


def test_a_step_that_stays_counts_from_before() -> None:
    """A step that leads nowhere does not begin the time in the state anew."""
    clock = Clock()
    engine = opened(clock=clock)
    case = order(engine)
    clock.pass_(days=1)
    after = engine.perform(case.id, "write_note", actor=ANNA, form={"note": "x"})
    assert (after.since, after.due_at) == (case.since, case.due_at)
    assert after.changed_at == clock()


@given(st.lists(st.sampled_from(sorted(ROUTINE.process("order").rules.transitions)), max_size=8))
def test_the_machine_and_the_rules_agree(names: list[str]) -> None:
    """Whatever is tried in whatever order, a case is only where its rules let it be."""
    process = ROUTINE.process("order")
    state = ""
    for name in names:
        after = process.after(state, name)
        rule = process.rules.transitions[name]
        possible = state in rule.from_ or (not state and not rule.from_)
        assert (after is not None) is possible
        assert after is None or after == (rule.to or state)
        state = after if after is not None else state


def test_the_shortest_way() -> None:
    """The way to a state begins with the first of the fewest steps; ways of the clock come last."""
    process = ROUTINE.process("order")
    assert process.way("", ["fitted"]) == "order"
    assert process.way("ordered", ["done"]) == "book"
    assert process.way("ordered", ["cancelled"]) == "cancel"
    assert process.way("done", ["ordered"]) == ""
    assert ROUTINE.process("permission").way("valid", ["valid"]) == "grant"
    assert ROUTINE.process("permission").way("valid", ["ended"]) == "expire"


def test_who_drives_what() -> None:
    """The routine knows which steps make another one jointly."""
    assert ROUTINE.drivers(Step("lock", "pair")) == (Step("order", "pair"),)
    assert ROUTINE.drivers(Step("order", "pair")) == ()


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", _TEXTS)
def test_both_languages_say_the_same(name: str) -> None:
    """Each of the engine's own texts names the same values in Swedish and in English."""
    names = ("step", "roles", "state", "process", "rule", "missing", "field", "length", "label")
    names += ("to", "day", "fields")
    said = say(name, **{one: f"<{one}>" for one in names})
    assert "$" not in said.sv + said.en
    named = [f"<{one}>" for one in names]
    assert [one in said.sv for one in named] == [one in said.en for one in named]
