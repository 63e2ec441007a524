"""What a pack says of time: due, reminders, escalation, in working days and calendar days."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockroutine import Actor, Engine, Refused, WaitingCase, load_routine
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    KIM,
    MAJ,
    MONDAY,
    Clock,
    edited,
    fitted,
    lock,
    opened,
    order,
    permission,
)


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+01:00").astimezone(dt.UTC)


@pytest.fixture(params=["memory", "file"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return ":memory:" if request.param == "memory" else str(tmp_path / "locks.db")


def engine_of(*changes: tuple[str, str, str], at: dt.datetime = MONDAY, **files: str) -> Any:
    """An engine on the small pack with these changes, and its clock."""
    clock = Clock(at)
    return opened(routine=load_routine(edited(*changes, **files)), clock=clock), clock


# -- working days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-02-27T15:00:00", "2026-03-04T15:00:00"),  # from a Friday
        ("2026-02-28T15:00:00", "2026-03-05T15:00:00"),  # from a Saturday
        ("2026-01-02T15:00:00", "2026-01-08T15:00:00"),  # over Epiphany, a Tuesday
    ],
)
def test_due_in_working_days(at: str, due: str) -> None:
    """A state may be due in working days, by the municipality's calendar."""
    engine, _ = engine_of(("order", 'due = "P14D"', 'due = "3 working days"'), at=local(at))
    with engine:
        assert order(engine).due_at == local(due)


def test_working_days_of_the_municipality() -> None:
    """The top of the pack says which days are working days."""
    engine, _ = engine_of(
        ("order", 'due = "P14D"', 'due = "1 working day"'),
        ("routine", 'holidays = "SE"', 'holidays = "SE"\nworking_days = ["saturday"]'),
    )
    with engine:
        assert order(engine).due_at == local("2026-03-14T10:00:00")


def test_a_timer_in_working_days() -> None:
    """The clock makes a transition when so many working days have passed."""
    engine, clock = engine_of(("order", 'after = "P7D"', 'after = "5 working days"'))
    with engine:
        order(engine)
        clock.at = MONDAY + dt.timedelta(days=7, minutes=-1)
        assert engine.tick() == ()
        clock.pass_(minutes=1)
        (case,) = engine.tick()
        assert "remind" in case.done


def test_a_guard_in_working_days() -> None:
    """A parameter may be in working days, a guard counts them, and the refusal says them."""
    engine, clock = engine_of(("routine", 'value = "P7D"', 'value = "2 working days"'))
    with engine:
        case = lock(engine)
        form = {"level": 50, "read_at": MONDAY, "source": "app"}
        clock.at = MONDAY + dt.timedelta(days=2)
        engine.perform(case.id, "read_battery", actor=BO, form=form)
        clock.pass_(minutes=1)
        with pytest.raises(Refused) as error:
            engine.perform(case.id, "read_battery", actor=BO, form=form)
    (reason,) = error.value.verdict.reasons
    assert reason.text.sv == "Avläsningen är äldre än 2 arbetsdagar."
    assert reason.text.en == "The reading is older than 2 working days."


def test_due_across_the_change_to_summer_time() -> None:
    """Due days keep the local time of day across the change of the clocks; hours do not."""
    saturday = local("2026-03-28T10:00:00")
    for due, expected in (
        ("P1D", "2026-03-29T08:00:00+00:00"),
        ("1 working day", "2026-03-31T08:00:00+00:00"),
        ("PT24H", "2026-03-29T09:00:00+00:00"),
    ):
        engine, _ = engine_of(("order", 'due = "P14D"', f'due = "{due}"'), at=saturday)
        with engine:
            case = order(engine)
            assert case.due_at
            assert case.due_at.isoformat() == expected


# -- reminders ------------------------------------------------------------------------------------

REMINDERS = """
[process.order.transitions.remind_before]
label = { sv = "Påminn i tid", en = "Remind in time" }
from = ["ordered"]
by = ["clock"]
timer = { at = "due", before = "P2D" }
clauses = ["C1"]

[process.order.transitions.remind_before.effects.notice]
kind = "send_notice"
template = "reminder"
to = ["installer"]
clauses = ["C1"]

[process.order.transitions.remind_after]
label = { sv = "Påminn om det försenade", en = "Remind of what is overdue" }
from = ["ordered"]
by = ["clock"]
timer = { at = "due", after = "1 working day" }
clauses = ["C1"]

[process.order.transitions.remind_after.effects.notice]
kind = "send_notice"
template = "reminder"
to = ["installer", "coordinator"]
clauses = ["C1"]

[process.order.transitions.order_anew]
label = { sv = "Beställ om", en = "Order anew" }
from = ["ordered", "booked"]
to = "ordered"
by = ["coordinator"]
clauses = ["C1"]
"""
HEADER = "[process.order.transitions.remind]\n"
WITHOUT_OLD = ("order", 'timer = { after = "P7D" }', 'timer = { at = "due", after = "P60D" }')
NO_LAPSE = ("order", 'timer = { after = "P30D" }', 'timer = { after = "P900D" }')


def reminding(*changes: tuple[str, str, str]) -> Any:
    return engine_of(WITHOUT_OLD, NO_LAPSE, ("order", HEADER, REMINDERS + HEADER), *changes)


def ticked(engine: Engine) -> list[str]:
    """What the clock makes now, and who is told."""
    return [engine.history(case.id)[-1].transition for case in engine.tick()]


def test_reminders_before_and_after() -> None:
    """A reminder is made so long before or after the case is due, once each, and people told."""
    engine, clock = reminding()
    with engine:
        case = order(engine)  # due on Monday the 16th
        clock.at = MONDAY + dt.timedelta(days=12, minutes=-1)
        assert ticked(engine) == []
        clock.pass_(minutes=1)
        assert ticked(engine) == ["remind_before"]
        assert ticked(engine) == []
        clock.at = MONDAY + dt.timedelta(days=15, minutes=-1)
        assert ticked(engine) == []
        clock.pass_(minutes=1)
        assert ticked(engine) == ["remind_after"]
        assert ticked(engine) == []
        told = [(one.version, one.recipient) for one in engine.effects(case_id=case.id)[1:]]
        assert told == [(2, "installer"), (3, "installer"), (3, "coordinator")]
        reminded = engine.case(case.id)
        assert (reminded.state, reminded.since, reminded.due_at) == (
            case.state,
            case.since,
            case.due_at,
        )


def test_reminders_after_a_stop() -> None:
    """When nothing ran for days, each reminder that was missed is made once, in its order."""
    engine, clock = reminding()
    with engine:
        order(engine)
        clock.pass_(days=20)
        assert [ticked(engine), ticked(engine), ticked(engine)] == [
            ["remind_before"],
            ["remind_after"],
            [],
        ]


def test_reminders_are_armed_again() -> None:
    """Each stay in a state has its own reminders, also when a step leads back to where it was."""
    engine, clock = reminding()
    with engine:
        case = order(engine)
        clock.pass_(days=20)
        assert ticked(engine) + ticked(engine) == ["remind_before", "remind_after"]
        case = engine.perform(case.id, "order_anew", actor=ANNA)
        assert case.due_at == clock.at + dt.timedelta(days=14, hours=-1)  # in summer time
        assert "remind_before" not in case.done
        clock.pass_(days=12)
        assert ticked(engine) == ["remind_before"]
        engine.perform(case.id, "write_note", actor=ANNA, form={"note": "They will call."})
        assert ticked(engine) == []
        assert engine.verify().whole


def test_no_reminder_of_what_is_done() -> None:
    """Once the case has gone on, nobody is reminded of what it waited for."""
    engine, clock = reminding()
    with engine:
        case = order(engine)
        engine.perform(case.id, "book", actor=BO, form=BOOKING)
        clock.pass_(days=40)
        assert ticked(engine) == []


def test_a_refused_reminder_holds_up_no_later_step() -> None:
    """Of a case's timers, one that a guard refuses keeps the next from nothing."""
    guard = (
        "order",
        "[process.order.transitions.remind.effects.notice]",
        "[process.order.transitions.remind.guards.works]\n"
        'kind = "is_true"\nvalue = "case.works"\nclauses = ["C1"]\n'
        'otherwise = { sv = "Nej.", en = "No." }\n\n'
        "[process.order.transitions.remind.effects.notice]",
    )
    engine, clock = engine_of(guard)
    with engine:
        order(engine)
        clock.pass_(days=40)
        assert ticked(engine) == ["expire"]


def test_a_late_entry_before_a_reminder() -> None:
    """A reminder changes nothing, so what happened before it may still be entered late."""
    engine, clock = reminding()
    with engine:
        case = order(engine)
        clock.pass_(days=13)
        assert ticked(engine) == ["remind_before"]
        assert engine.case(case.id).changed_at == MONDAY
        late = engine.perform(
            case.id,
            "book",
            actor=BO,
            form=BOOKING,
            happened_at=MONDAY + dt.timedelta(hours=2),
            late_reason="No net.",
        )
        assert (late.state, late.version) == ("booked", 3)
        assert engine.verify().whole


def test_a_late_entry_drives_a_case_that_was_reminded() -> None:
    """A case that a late entry drives may have been reminded since, and nothing else."""
    header = "[process.lock.transitions.scrap]\n"
    lock_reminder = """
[process.lock.transitions.remind]
label = { sv = "Påminn", en = "Remind" }
from = ["in_store"]
by = ["clock"]
timer = { after = "P3D" }
clauses = ["C3"]
"""
    engine, clock = engine_of(WITHOUT_OLD, ("lock", header, lock_reminder + header))
    with engine:
        one = lock(engine)
        case = order(engine)
        engine.perform(case.id, "book", actor=BO, form=BOOKING)
        clock.pass_(days=4)
        assert ticked(engine) == ["remind"]
        late = {"happened_at": MONDAY + dt.timedelta(days=1), "late_reason": "No net."}
        form = {"serial_number": "PH1-001"}
        engine.perform(case.id, "install", actor=BO, form=form, **late)
        installed = engine.case(one.id)
        assert (installed.state, installed.version) == ("mounted", 3)
        assert [event.version for event in engine.history(one.id)] == [1, 2, 3]
        assert engine.verify().whole


def test_a_reminder_across_the_change_to_summer_time() -> None:
    """A reminder two days before comes at the same local time, and none comes twice or never."""
    engine, clock = reminding()
    with engine:
        clock.at = local("2026-03-16T10:00:00")
        case = order(engine)
        assert case.due_at == local("2026-03-30T09:00:00")  # ten in summer time
        for hour in range(24 * 20):
            clock.at = local("2026-03-16T10:00:00") + dt.timedelta(hours=hour)
            engine.tick()
        made = [(e.transition, e.happened_at) for e in engine.history(case.id)[1:]]
        assert made == [
            ("remind_before", local("2026-03-28T10:00:00")),
            ("remind_after", local("2026-03-31T09:00:00")),
        ]


# -- escalation -----------------------------------------------------------------------------------

STATE = "[process.order.states.booked]\n"
ESCALATION = """
[process.order.states.ordered.escalation]
{}
waits_for = ["manager", "staff"]
clauses = ["C1"]

"""
LEAD = Actor("lead", roles={"manager", "installer"}, units={"north"})


def escalating(when: str = 'after = "P3D"', *changes: tuple[str, str, str]) -> Any:
    return engine_of(("order", STATE, ESCALATION.format(when) + STATE), NO_LAPSE, *changes)


def listed(engine: Engine, actor: Actor) -> list[tuple[str, bool]]:
    return [(item.case.subject, item.escalated) for item in engine.worklist(actor=actor)]


@pytest.mark.parametrize(
    ("when", "days"),
    [
        ('after = "P3D"', 17),
        ('after = "3 working days"', 17),
        ("", 14),
        ('before = "P4D"', 10),
        ('before = "1 working day"', 11),  # a Monday; the working day before is Friday
    ],
)
def test_escalation(when: str, days: int) -> None:
    """From so long after (or before) due, the case stands on further lists too, marked."""
    engine, clock = escalating(when)
    with engine:
        case = order(engine)
        clock.at = MONDAY + dt.timedelta(days=days, seconds=-1)
        assert listed(engine, MAJ) == listed(engine, KIM) == []
        assert listed(engine, BO) == [("customer-17", False)]
        clock.pass_(seconds=1)
        assert listed(engine, MAJ) == listed(engine, KIM) == [("customer-17", True)]
        assert listed(engine, BO) == [("customer-17", False)]
        (item,) = engine.worklist(actor=MAJ)
        assert (item.role, item.duty, item.label.sv) == ("manager", "", "Beställd")
        assert item.transitions == ("cancel",)
        assert engine.worklist(actor=KIM)[0].transitions == ()  # it is asked all the same
        assert item.clauses == ("C1",)
        assert item.due_at == case.due_at
        assert item.overdue is (days > 14)
        engine.perform(case.id, "book", actor=BO, form=BOOKING)
        assert listed(engine, MAJ) == []


def test_escalation_is_derived() -> None:
    """Nothing is recorded of it: no event, no tick, and the case is as it was."""
    engine, clock = escalating()
    with engine:
        case = order(engine)
        clock.pass_(days=20)
        assert listed(engine, MAJ) == [("customer-17", True)]
        assert engine.case(case.id, actor=ANNA) == case


def test_who_is_asked_in_two_roles() -> None:
    """Somebody who is both waited for and asked when it is late sees both."""
    engine, clock = escalating()
    with engine:
        order(engine)
        clock.pass_(days=20)
        assert sorted(listed(engine, LEAD)) == [("customer-17", False), ("customer-17", True)]
        assert listed(engine, Actor("eva", roles={"manager"}, units={"south"})) == []


def test_escalation_while_duties_are_owed() -> None:
    """What is owed escalates like what waits; once nobody is waited for, nobody is asked."""
    header = "[process.order.states.fitted.duties.test]\n"
    escalation = ESCALATION.format('after = "PT1H"').replace("ordered", "fitted")
    engine, clock = engine_of(
        ("order", header, escalation + header),
        ("order", 'waits_for = ["coordinator", "manager"]\ndue = "PT12H"', 'due = "PT12H"'),
    )
    with engine:
        permission(engine)
        case = fitted(engine)
        clock.pass_(hours=14)
        assert listed(engine, KIM) == [("customer-17", True)]
        engine.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": True})
        engine.perform(case.id, "pair", actor=ANNA, form={"serial_number": "PH1-001"})
        assert listed(engine, KIM) == []


def test_pages_of_escalated_cases(where: str) -> None:
    """Pages go on from one escalated case to the next, and pass over those that are not."""
    clock = Clock()
    routine = load_routine(edited(("order", STATE, ESCALATION.format("") + STATE), NO_LAPSE))
    with opened(where, routine, clock) as engine:
        for number in range(9):
            order(engine, f"customer-{number}")
            clock.pass_(days=1)
        clock.at = MONDAY + dt.timedelta(days=14 + 6)
        seen: list[str] = []
        cursor = ""
        while True:
            page = engine.worklist(actor=MAJ, limit=2, cursor=cursor)
            seen += [item.case.subject for item in page]
            assert all(item.escalated for item in page)
            cursor = page.next
            if not cursor:
                break
        assert seen == [f"customer-{number}" for number in range(7)]


DUES = st.sampled_from(["P1D", "PT30H", "1 working day", "7 working days", "P9D"])
LENGTHS = st.sampled_from(["P1D", "PT30H", "1 working day", "7 working days", "P9D", "P2DT1H"])


@settings(max_examples=60, deadline=None)
@given(DUES, LENGTHS, st.integers(0, 24 * 40), st.integers(0, 24 * 40))
def test_no_escalated_case_is_missed(due: str, before: str, start: int, later: int) -> None:
    """Whenever a case is escalated ahead of its due time, the store is asked for it."""
    routine = load_routine(
        edited(
            ("order", STATE, ESCALATION.format(f'before = "{before}"') + STATE),
            ("order", 'due = "P14D"', f'due = "{due}"'),
            NO_LAPSE,
        )
    )
    clock = Clock(dt.datetime(2026, 3, 20, tzinfo=dt.UTC) + dt.timedelta(hours=start))
    with opened(routine=routine, clock=clock) as engine:
        case = order(engine)
        clock.pass_(hours=later)
        at = routine.escalates_at(WaitingCase.of(case, ()))
        assert at is not None
        assert bool(listed(engine, MAJ)) is (at <= clock.at)


def test_what_nobody_else_is_asked_of_is_never_escalated() -> None:
    """A case in a state without an escalation is on no further work list, however late."""
    routine = load_routine(edited())
    with opened(routine=routine) as engine:
        assert routine.escalates_at(WaitingCase.of(order(engine), ())) is None
