"""One door, from no consent to a paired lock, refused three times on the way.

Nobody in this program knows the routine by heart. Whenever somebody is refused, it does what the
verdict says would help: the right person makes that step, or gives that field otherwise. Then it
tries again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from lockroutine import Actor, Case, Cure, Engine, Refused

Form: TypeAlias = dict[str, Any]

PEOPLE = [
    Actor("eva", roles={"care_assessor"}, units={"north"}),
    Actor("per", roles={"provider_staff"}, units={"north"}),
    Actor("anna", roles={"coordinator"}, units={"north"}),
    Actor("mia", roles={"unit_manager"}, units={"north"}),
    Actor("bo", roles={"installer"}),
    Actor("sara", roles={"system_manager"}),
]
EVA, PER, ANNA, MIA, BO, SARA = PEOPLE

# Whom or what a case that is opened is about, by what its process is about.
SUBJECTS = {"customer": "customer-17", "serial_number": "PH1-001", "staff": ANNA.id}

# What each person would fill in if asked for it.
FORMS: Mapping[tuple[str, str], Form] = {
    ("consent", "collect"): {"signed_on": "2026-03-02", "signed_by": "customer"},
    ("configuration_permission", "attest"): {"needs_permission": True, "has_knowledge": True},
    ("configuration_permission", "grant"): {"valid_until": "2026-12-31T12:00:00+01:00"},
}
CORRECTED: Form = {
    "starts_at": "2026-03-03T10:00:00+01:00",
    "ends_at": "2026-03-03T11:00:00+01:00",
    "customer_agreed": True,
}


def follow(engine: Engine, cure: Cure, form: Form) -> None:
    """Do what would help."""
    if cure.field:
        form[cure.field] = CORRECTED[cure.field]
        return
    actor = next(person for person in PEOPLE if person.roles & set(cure.roles))
    given = FORMS.get((cure.process, cure.transition))
    if cure.case_id:
        engine.perform(cure.case_id, cure.transition, actor=actor, form=given)
    else:
        about = SUBJECTS[engine.routine.pack.process[cure.process].subject]
        engine.start(
            cure.process, cure.transition, actor=actor, subject=about, unit="north", form=given
        )
    print(f"     {actor.id} does {cure.process}.{cure.transition}")


def insist(engine: Engine, what: str, attempt: Callable[[Form], Case], form: Form) -> Case:
    """Try; as long as it is refused, do what would help, and try again."""
    for trial in range(10):
        try:
            case = attempt(form)
        except Refused as refused:
            if trial == 0:
                print(f"{what}: refused")
                print(refused.verdict.summary("en"))
            for reason in refused.verdict.reasons:
                follow(engine, reason.cures[0], form)
        else:
            print(f"{what}: done")
            return case
    raise SystemExit(f"{what}: no way was found")


def main() -> None:
    now = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
    order = {
        "name": "Customer 17",
        "address": "Example Street 1",
        "phone": "+46 70 174 06 05",
        "contact": {"name": "Contact 3", "phone": "+46 70 174 06 05", "email": "c3@example.org"},
        "door_type": "euro",
    }
    friday = {
        "starts_at": "2026-03-06T10:00:00+01:00",
        "ends_at": "2026-03-06T11:00:00+01:00",
        "coordinator_agreed": True,
        "customer_agreed": False,
    }
    serial = {"serial_number": "PH1-001"}
    with Engine.open(":memory:", clock=lambda: now) as engine:
        lock = {"model": "X1", "fits": ["euro"]}
        engine.start("lock", "register", actor=BO, subject="PH1-001", unit="north", form=lock)

        def start(form: Form) -> Case:
            return engine.start(
                "mounting", "order", actor=ANNA, subject="customer-17", unit="north", form=form
            )

        mounting = insist(engine, "order the mounting", start, order)

        def step(actor: Actor, transition: str) -> Callable[[Form], Case]:
            return lambda form: engine.perform(mounting.id, transition, actor=actor, form=form)

        insist(engine, "agree the time", step(BO, "schedule"), friday)
        insist(engine, "install the lock", step(BO, "install"), serial)
        insist(engine, "pair the lock", step(ANNA, "pair"), serial)

        (paired,) = engine.cases(process="lock", subject="PH1-001")
        print(f"{paired.subject} hangs at {paired.value('customer')}, {paired.value('door')},")
        print(f"  paired with {paired.value('paired_with')}; all as recorded: ", end="")
        print(engine.verify().whole)


if __name__ == "__main__":
    main()
