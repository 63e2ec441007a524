"""The decision: what one step makes of other cases, both or neither."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from deciding import FITTED, booked, refusal, rules, ways, with_rules
from lockroutine import Case, Engine
from lockroutine.decide import Command, answer, decide
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    MONDAY,
    ORDER,
    ROUTINE,
    Clock,
    consent,
    everything,
    fitted,
    just_order,
    lock,
    opened,
)


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
