"""The decision by itself: what it asks for, what events make of a case, and its own words."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deciding import FITTED, with_rules
from lockroutine import Case
from lockroutine.decide import Command, answer, evolve, permit
from lockroutine.decide.wording import _TEXTS, say
from lockroutine.model import Query
from lockroutine.routine import Step
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    MONDAY,
    ORDER,
    ROUTINE,
    Clock,
    fitted,
    opened,
    order,
    permission,
)


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


@pytest.mark.parametrize("name", _TEXTS)
def test_both_languages_say_the_same(name: str) -> None:
    """Each of the engine's own texts names the same values in Swedish and in English."""
    names = ("step", "roles", "state", "process", "rule", "missing", "field", "length", "label")
    names += ("to", "day", "fields")
    said = say(name, **{one: f"<{one}>" for one in names})
    assert "$" not in said.sv + said.en
    named = [f"<{one}>" for one in names]
    assert [one in said.sv for one in named] == [one in said.en for one in named]
