"""The door: starting, performing, asking, listing, looking back, on memory and on a file."""

from __future__ import annotations

import datetime as dt
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

import lockroutine
from lockroutine import (
    Actor,
    Case,
    ConflictError,
    Engine,
    InvalidForm,
    NotFound,
    Reference,
    Refused,
    RulesError,
    StoreError,
    load_routine,
)
from lockroutine.figures import StateTime, StockLine
from lockroutine.forms import LockRegistration, MountingOrder
from lockroutine.stores import base
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    KIM,
    MAJ,
    MONDAY,
    NOBODY,
    ORDER,
    PHONE,
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

PERSONAL = {"name", "address", "phone", "contact"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "file", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    places = {"memory": ":memory:", "file": tmp_path / "locks.db"}
    where = places.get(request.param) or request.getfixturevalue("empty_postgres")
    with opened(where, clock=clock) as made:
        yield made


# -- start and perform ----------------------------------------------------------------------------


def test_the_whole_way(engine: Engine) -> None:
    """An order is placed, booked, fitted, tested, paired and closed, and the register agrees."""
    permission(engine)
    case = fitted(engine)
    engine.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": True})
    engine.perform(case.id, "pair", actor=ANNA, form={"serial_number": "ph1-001"})
    closed = engine.perform(case.id, "close", actor=ANNA)
    assert (closed.state, closed.is_open, closed.version) == ("done", False, 6)
    (hung,) = engine.cases(process="lock", subject="PH1 001".replace(" ", "-"))
    assert (hung.state, hung.data["customer"], hung.data["paired_with"]) == (
        "mounted",
        "customer-17",
        "customer-17",
    )
    assert engine.verify().whole


def test_a_started_case(engine: Engine) -> None:
    """A case that was started knows whose it is, its routine, its times and what was given."""
    case = order(engine)
    assert case == engine.case(case.id, actor=ANNA)
    assert (case.process, case.subject, case.unit) == ("order", "customer-17", "north")
    assert (case.state, case.version, case.routine) == ("ordered", 1, "small@1.0.0")
    assert case.since == case.changed_at == MONDAY
    assert case.due_at == MONDAY + dt.timedelta(days=14)
    assert case.timer_at == MONDAY + dt.timedelta(days=7)
    assert case.data == {"door": "front", "door_type": "euro"}


def test_attrs_forms(engine: Engine) -> None:
    """A form made in Python does the same as a mapping."""
    form = LockRegistration(model="X1", fits=("euro",))
    made = engine.start("lock", "register", actor=BO, subject="A1", unit="depot", form=form)
    again = lock(engine, "A2")
    assert made.data == again.data


def test_a_refusal_changes_nothing_but_its_count(engine: Engine) -> None:
    """A refused command leaves cases and events as they were, and the refusal is counted."""
    before = everything(engine)
    with pytest.raises(Refused) as error:
        just_order(engine)
    assert str(error.value) == (
        'The consent is missing. [C1]\n  -> Make "Ask" in Consent. These may: Coordinator.'
    )
    assert error.value.verdict.summary("sv") == (
        "Samtycket saknas. [C1]\n  -> Gör «Fråga» i Samtycke. Det får: Samordnare."
    )
    after = everything(engine)
    assert before[:-1] == after[:-1]  # type: ignore[index]
    assert engine.figures().refusals == {"process.order.transitions.order.guards.consent": 1}


def test_expected_versions(engine: Engine) -> None:
    """A case that moved on since it was seen is a conflict that names what happened since."""
    case = order(engine)
    engine.perform(case.id, "write_note", actor=ANNA, form={"note": "x"}, expect=1)
    engine.perform(case.id, "errand", actor=ANNA, form={"errand_number": "4711"}, expect=2)
    before = everything(engine)
    with pytest.raises(ConflictError) as error:
        engine.perform(case.id, "cancel", actor=ANNA, expect=1)
    assert str(error.value) == ("The case is at version 3, not 1: since then write_note, errand.")
    assert (error.value.case_id, error.value.changed) == (case.id, ("write_note", "errand"))
    with pytest.raises(ConflictError, match=r"^The case is at version 3, not 7\.$"):
        engine.perform(case.id, "cancel", actor=ANNA, expect=7)
    assert everything(engine) == before


def test_keys(engine: Engine) -> None:
    """A repeated key gives the first result and does nothing, whatever happened since."""
    consent(engine)
    first = engine.start(
        "order", "order", actor=ANNA, subject="customer-17", unit="north", form=ORDER, key="a"
    )
    noted = engine.perform(first.id, "write_note", actor=ANNA, form={"note": "x"}, key="b")
    engine.perform(first.id, "cancel", actor=ANNA)
    before = everything(engine)
    again = engine.start(
        "order", "order", actor=ANNA, subject="customer-17", unit="north", form=ORDER, key="a"
    )
    assert again == first
    assert engine.perform(first.id, "write_note", actor=ANNA, form={"note": "x"}, key="b") == noted
    assert everything(engine) == before


def test_keys_of_other_commands(engine: Engine) -> None:
    """A key that stands for one command is refused for another, by another, or elsewhere."""
    case = order(engine)
    engine.perform(case.id, "write_note", actor=ANNA, form={"note": "x"}, key="a")
    before = everything(engine)
    with pytest.raises(ConflictError) as error:
        engine.perform(case.id, "cancel", actor=ANNA, key="a")
    assert str(error.value) == "This key was used for another command already."
    assert error.value.case_id == case.id
    other = attrs.evolve(ANNA, id="eva")
    with pytest.raises(ConflictError):
        engine.perform(case.id, "write_note", actor=other, form={"note": "x"}, key="a")
    with pytest.raises(ConflictError):
        engine.start("consent", "ask", actor=ANNA, subject="c-18", unit="north", key="a")
    assert everything(engine) == before


def test_references(engine: Engine) -> None:
    """A case gets ids in other systems with a command or by its form, and is found by them."""
    case = order(engine)
    ticket, errand = Reference("easit", "4711"), Reference("supplier", "P-9")
    engine.perform(
        case.id, "errand", actor=ANNA, form={"errand_number": "P-9"}, references=[ticket, ticket]
    )
    case = engine.perform(
        case.id, "write_note", actor=ANNA, form={"note": "x"}, references=[errand]
    )
    assert set(case.references) == {ticket, errand}
    assert len(case.references) == 2
    for reference in (ticket, errand):
        assert [found.id for found in engine.cases(reference=reference)] == [case.id]
    assert len(engine.cases(reference=Reference("easit", "P-9"))) == 0
    assert engine.verify().whole


def test_two_spellings_of_one_lock(engine: Engine) -> None:
    """A serial number in lower case or with spaces is the same lock."""
    made = lock(engine, " ph1 - 001 ")
    assert made.subject == "PH1-001"
    with pytest.raises(Refused) as error:
        lock(engine, "PH1-001")
    (reason,) = error.value.verdict.reasons
    assert reason.rule == "process.lock.one_open_per"
    assert reason.values == {"case": made.id, "state": "in_store"}
    assert [found.id for found in engine.cases(process="lock", subject="ph1-001 ")] == [made.id]


# -- late entries ---------------------------------------------------------------------------------


def test_a_late_entry(engine: Engine, clock: Clock) -> None:
    """What is entered late bears its true time and a reason, and can be told apart for ever."""
    consent(engine)
    then, now = MONDAY + dt.timedelta(hours=1), clock.pass_(days=1)
    case = engine.start(
        "order",
        "order",
        actor=ANNA,
        subject="customer-17",
        unit="north",
        form=ORDER,
        happened_at=then,
        late_reason="The system was down.",
    )
    (event,) = engine.history(case.id)
    assert (event.happened_at, event.recorded_at) == (then, now)
    assert event.late_reason == "The system was down."
    assert case.since == then
    assert engine.figures().late_entries == {"order": 1}
    assert engine.verify().whole


def test_a_late_entry_is_judged_as_of_then(engine: Engine, clock: Clock) -> None:
    """What was not yet so at the time does not count, and what was so then does."""
    given = consent(engine)
    clock.pass_(days=1)
    engine.perform(given.id, "withdraw", actor=ANNA)
    clock.pass_(days=1)

    def enter(days: float) -> Case:
        return engine.start(
            "order",
            "order",
            actor=ANNA,
            subject="customer-17",
            unit="north",
            form=ORDER,
            happened_at=MONDAY + dt.timedelta(days=days),
            late_reason="The system was down.",
        )

    for too_early_or_late in (-1, 1.5):
        with pytest.raises(Refused, match=r"^The consent is missing\. \[C1\]"):
            enter(too_early_or_late)
    assert enter(0.5).state == "ordered"


def test_what_is_on_record_is_not_rewritten(engine: Engine, clock: Clock) -> None:
    """A late entry before a case's last event is refused."""
    case = order(engine)
    clock.pass_(days=1)
    engine.perform(case.id, "write_note", actor=ANNA, form={"note": "x"})
    with pytest.raises(Refused) as error:
        engine.perform(
            case.id,
            "cancel",
            actor=ANNA,
            happened_at=MONDAY + dt.timedelta(hours=1),
            late_reason="Forgotten.",
        )
    (reason,) = error.value.verdict.reasons
    assert reason.rule == "engine.order_in_time"
    assert reason.text.en == (
        "The case already has a later event. What is on record is not rewritten."
    )
    assert reason.text.sv == (
        "Ärendet har redan en senare händelse. Det som är antecknat skrivs inte om."
    )


def test_clocks_that_differ_a_little(engine: Engine, clock: Clock) -> None:
    """A clock that goes back does not turn the order of a case's events around."""
    case = order(engine)
    clock.pass_(minutes=-5)
    engine.perform(case.id, "write_note", actor=ANNA, form={"note": "x"})
    first, second = engine.history(case.id)
    assert second.happened_at == first.happened_at
    assert second.recorded_at < first.recorded_at


# -- asking ---------------------------------------------------------------------------------------


def test_explain_raises_for_no_refusal(engine: Engine) -> None:
    """What is refused is explained, with the same verdict that performing would raise."""
    case = order(engine)
    verdict = engine.explain(case.id, "install", actor=BO, form={"serial_number": "A1"})
    with pytest.raises(Refused) as error:
        engine.perform(case.id, "install", actor=BO, form={"serial_number": "A1"})
    assert error.value.verdict == verdict
    assert not verdict.allowed
    assert verdict.case_id == case.id


def test_explain_without_a_form(engine: Engine) -> None:
    """Without a form the rules that speak of it are left open, the others are judged."""
    case = order(engine)
    verdict = engine.explain(case.id, "book", actor=BO)
    assert verdict.allowed
    assert verdict.open_rules == (
        "process.order.transitions.book.guards.hours",
        "process.order.transitions.book.guards.agreed",
    )
    assert engine.explain(case.id, "book", actor=BO, form=BOOKING).open_rules == ()


def test_explain_start(engine: Engine) -> None:
    """Whether a case may be opened can be asked beforehand, and nothing is opened by asking."""
    before = everything(engine)
    asked = {"actor": ANNA, "subject": "customer-17", "unit": "north"}
    verdict = engine.explain_start("order", "order", **asked)  # type: ignore[arg-type]
    assert [reason.rule.rpartition(".")[2] for reason in verdict.reasons] == ["consent"]
    assert verdict.case_id == ""
    assert "process.order.one_open_per" in verdict.open_rules
    assert everything(engine) == before


def test_explain_at_another_time(engine: Engine, clock: Clock) -> None:
    """What would have been allowed at another time can be asked without a reason."""
    consent(engine)
    clock.pass_(days=1)
    verdict = engine.explain_start(
        "order",
        "order",
        actor=ANNA,
        subject="customer-17",
        unit="north",
        form=ORDER,
        happened_at=MONDAY - dt.timedelta(days=1),
    )
    assert not verdict.allowed


def test_options(engine: Engine) -> None:
    """Every transition from here is told: allowed or why not, where to, and its form."""
    case = order(engine)
    options = {one.transition: one for one in engine.options(case.id, actor=ANNA, language="sv")}
    assert list(options) == ["book", "write_note", "errand", "cancel"]
    assert options["cancel"].verdict.allowed
    assert options["cancel"].schema is None
    assert (options["cancel"].to, options["write_note"].to) == ("cancelled", "ordered")
    refused = options["book"].verdict.reasons[0]
    assert refused.rule == "process.order.transitions.book.by"
    assert (options["book"].form, options["book"].label.sv) == ("appointment", "Boka tid")
    schema = options["write_note"].schema
    assert schema
    assert schema["properties"]["note"]["title"] == "Anteckning"
    jsonschema.validate({"note": "x"}, schema)


def test_start_options(engine: Engine) -> None:
    """What opens a case of a process is told in the same way."""
    (option,) = engine.start_options("lock", actor=BO, subject="a1", unit="depot")
    assert (option.transition, option.to, option.verdict.allowed) == ("register", "in_store", True)
    (option,) = engine.start_options("lock", actor=ANNA, subject="a1", unit="north")
    assert not option.verdict.allowed


# -- lists ----------------------------------------------------------------------------------------


def test_worklists(engine: Engine, clock: Clock) -> None:
    """Each role sees what waits for it: duties first, then the state, with what it may do."""
    case = fitted(engine)

    def waits(actor: Actor) -> list[tuple[str, str, tuple[str, ...]]]:
        items = [one for one in engine.worklist(actor=actor) if one.case.id == case.id]
        return [(one.role, one.duty, one.transitions) for one in items]

    assert waits(BO) == [("installer", "test", ("test",))]
    assert waits(ANNA) == [("coordinator", "pair", ("pair",))]
    assert waits(MAJ) == []
    permission(engine)
    engine.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": True})
    engine.perform(case.id, "pair", actor=ANNA, form={"serial_number": "PH1-001"})
    assert waits(BO) == []
    assert waits(ANNA) == [("coordinator", "", ("pair", "write_note", "errand", "close", "cancel"))]
    assert waits(MAJ) == [("manager", "", ("cancel",))]
    engine.perform(case.id, "close", actor=ANNA)
    assert waits(ANNA) == []


def test_a_duty_that_is_owed_sometimes(engine: Engine) -> None:
    """A duty with a condition is owed only when it is so."""
    case = fitted(engine)
    engine.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": False})
    items = [one for one in engine.worklist(actor=ANNA) if one.case.id == case.id]
    assert [(one.duty, one.label.en, one.clauses) for one in items] == [
        ("pair", "Pair the lock", ("holidays",)),
        ("write_note", "Write a note", ("C4",)),
    ]


def test_overdue_comes_first(engine: Engine, clock: Clock) -> None:
    """What is due soonest comes first, and what is past its time is overdue."""
    late = order(engine, "c-1")
    clock.pass_(days=3)
    soon = order(engine, "c-2")
    never = order(engine, "c-3")
    engine.perform(
        never.id,
        "book",
        actor=BO,
        form={
            **BOOKING,
            "starts_at": "2026-03-09T10:00:00+01:00",
            "ends_at": "2026-03-09T11:00:00+01:00",
        },
    )
    clock.pass_(days=12)
    items = engine.worklist(actor=BO).items
    assert [one.case.id for one in items] == [late.id, soon.id, never.id]
    assert [one.overdue for one in items] == [True, False, False]
    assert items[2].due_at is None
    assert items[2].clauses == ("holidays",)


def test_worklist_pages(engine: Engine) -> None:
    """A long list comes in pages that together hold each entry once, in order."""
    made = [order(engine, f"c-{n}").id for n in range(7)]
    seen: list[str] = []
    cursor = ""
    for _ in range(7):
        page = engine.worklist(actor=BO, limit=2, cursor=cursor)
        assert len(page) <= 2
        seen += [one.case.id for one in page]
        cursor = page.next
        if not cursor:
            break
    assert seen == sorted(made)


def test_a_worklist_skips_what_asks_for_nothing(engine: Engine) -> None:
    """Cases that wait for somebody else of the same state fill no page."""
    cases = [fitted(engine, f"c-{n}", f"A{n}") for n in range(4)]
    for case in cases[:3]:
        engine.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": True})
    page = engine.worklist(actor=BO, limit=1)
    assert [one.case.id for one in page] == [cases[3].id]


def test_no_roles_no_work(engine: Engine) -> None:
    """An actor without roles has an empty list, and one of another unit sees nothing."""
    order(engine)
    assert engine.worklist(actor=NOBODY).items == ()
    assert engine.worklist(actor=SOUTH).items == ()


def test_cases_by_what_is_known(engine: Engine) -> None:
    """Cases are found by process, state, subject, unit and whether they are open."""
    case = order(engine)
    engine.perform(case.id, "cancel", actor=ANNA)
    other = order(engine, "c-2")

    def found(**wanted: object) -> list[str]:
        return [one.id for one in engine.cases(**wanted)]  # type: ignore[arg-type]

    assert sorted(found(process="order")) == sorted([case.id, other.id])
    assert found(process="order", is_open=True) == [other.id]
    assert found(process="order", state="cancelled") == [case.id]
    assert found(subject="c-2", process="order") == [other.id]
    assert len(found(subject="c-2")) == 2
    assert found(unit="south") == []
    assert found(state="cancelled") == [case.id]


def test_pages_of_cases(engine: Engine) -> None:
    """A cursor leads through all cases, each once."""
    made = [lock(engine, f"A{n}").id for n in range(5)]
    first = engine.cases(process="lock", limit=3)
    second = engine.cases(process="lock", limit=3, cursor=first.next)
    assert [one.id for one in (*first, *second)] == sorted(made)
    assert (len(first), len(second), second.next) == (3, 2, "")
    assert engine.cases(process="lock", limit=5).next == ""


# -- who sees what --------------------------------------------------------------------------------


def test_personal_data_by_role(engine: Engine) -> None:
    """A role sees personal and secret fields only where the pack says so, by any way there is."""
    case = order(engine)
    for actor, seen in (
        (ANNA, PERSONAL),
        (BO, PERSONAL | {"door_code"}),
        (MAJ, set()),
        (NOBODY, set()),
    ):
        assert set(engine.case(case.id, actor=actor).personal) == seen
        (event,) = engine.history(case.id, actor=actor)
        assert set(event.personal or ()) == seen
        (listed,) = engine.cases(process="order", actor=actor)
        assert set(listed.personal) == seen
    assert set(engine.case(case.id).personal) == PERSONAL | {"door_code"}
    assert engine.history(case.id)[0].personal
    (item,) = engine.worklist(actor=BO)
    assert item.case.whole == engine.case(case.id, actor=BO)
    assert set(item.case.whole.personal) == PERSONAL | {"door_code"}


def test_an_entry_of_a_work_list_holds_no_more_than_its_actor_may_see(engine: Engine) -> None:
    """An entry shows a case without what is personal; as a copy, too, it has only what is seen."""
    case = fitted(engine)
    (item,) = (one for one in engine.worklist(actor=ANNA) if one.case.id == case.id)
    assert item.case.whole == engine.case(case.id, actor=ANNA)
    assert "door_code" not in item.case.whole.personal
    kept = pickle.dumps(item)
    assert PHONE.encode() in kept
    assert b"4711#" not in kept
    again = pickle.loads(kept)
    assert again == item
    assert again.case.whole == item.case.whole
    for word in (PHONE, "Customer 17", "Example Street"):
        assert word not in repr(item)


def test_an_entry_of_a_work_list_is_of_one_moment(engine: Engine) -> None:
    """The case of an entry is as it was when the list was made, also if it is asked for later."""
    case = engine.case(order(engine).id, actor=BO)
    (item,) = engine.worklist(actor=BO)
    engine.perform(item.case.id, "book", actor=BO, form=BOOKING, expect=item.case.version)
    assert item.case.whole == case
    with pytest.raises(ConflictError):
        engine.perform(item.case.id, "book", actor=BO, form=BOOKING, expect=item.case.version)


def test_results_hold_what_the_actor_may_see(engine: Engine) -> None:
    """Who does something gets back no more than they may see, the first time and repeated."""
    case = order(engine)
    assert set(case.personal) == PERSONAL
    for _ in range(2):
        done = engine.perform(case.id, "cancel", actor=MAJ, key="k")
        assert (done.state, dict(done.personal)) == ("cancelled", {})
    assert set(engine.case(case.id).personal) == PERSONAL | {"door_code"}


def test_cases_of_other_units(engine: Engine) -> None:
    """A case of another unit is not there for an actor, unless their role works for all."""
    case = order(engine)
    for ask in (
        lambda: engine.case(case.id, actor=SOUTH),
        lambda: engine.history(case.id, actor=SOUTH),
        lambda: engine.options(case.id, actor=SOUTH),
    ):
        with pytest.raises(NotFound) as error:
            ask()
        assert str(error.value) == f"There is no case '{case.id}'."
    assert len(engine.cases(actor=SOUTH)) == 0
    assert len(engine.cases(actor=BO)) == 2
    with pytest.raises(Refused) as refused:
        engine.perform(case.id, "cancel", actor=SOUTH)
    (reason,) = refused.value.verdict.reasons
    assert (reason.rule, reason.values, reason.cures) == ("engine.scope", {}, ())
    assert reason.text.en == "The case belongs to another unit than yours."


# -- effects --------------------------------------------------------------------------------------


def test_effects(engine: Engine) -> None:
    """What plugins are asked to do is stored with the decision, personal parts apart."""
    case = order(engine, door="back")
    ticket, notice = engine.effects(case_id=case.id)
    assert (ticket.kind, ticket.key, ticket.template) == (
        "open_ticket",
        f"{case.id}/1/ticket",
        "order",
    )
    assert ticket.values == {"id": case.id, "door": "back"}
    assert set(ticket.personal) == {"name", "contact.phone", "door_code"}
    assert PHONE not in repr(ticket)
    assert (notice.kind, notice.recipient) == ("send_notice", "installer")
    assert notice.values == {"id": case.id, "state": "ordered"}
    assert engine.effects(state="due").items == (ticket, notice)
    assert engine.effects(state="done").items == ()


def test_effects_come_a_page_at_a_time(engine: Engine) -> None:
    """A page of effects has its limit and says where the next begins, with any filter."""
    cases = [order(engine, f"customer-{number}", door="back") for number in range(3)]
    page = engine.effects()
    assert (len(page), page.next) == (6, "")
    every = page.items
    first = engine.effects(state="due", limit=4)
    assert (first.items, first.next) == (every[:4], every[3].key)
    rest = engine.effects(state="due", limit=4, cursor=first.next)
    assert (rest.items, rest.next) == (every[4:], "")
    (ticket, _) = engine.effects(case_id=cases[1].id)
    one = engine.effects(case_id=cases[1].id, limit=1)
    assert (one.items, one.next) == ((ticket,), ticket.key)
    with pytest.raises(InvalidForm) as error:
        engine.effects(cursor=cases[0].id)
    assert str(error.value) == "cursor: is none that a page gave as its next"


@pytest.mark.parametrize("page", [1, 3, 4, 6, 7])
def test_all_effects_are_read_page_by_page(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """However many are read at a time, each effect comes once."""
    for number in range(3):
        order(engine, f"customer-{number}", door="back")
    every = engine.effects().items
    monkeypatch.setattr(base, "PAGE", page)
    with engine.store.reading() as reading:
        assert tuple(base.all_effects(reading)) == every
        assert tuple(base.all_effects(reading, every[0].case_id, "due")) == every[:2]


def test_effects_of_joint_steps(engine: Engine) -> None:
    """A driven step's effects are stored with it."""
    permission(engine)
    case = fitted(engine)
    engine.perform(case.id, "pair", actor=ANNA, form={"serial_number": "PH1-001"})
    (effect,) = [one for one in engine.effects() if one.kind == "pair_lock"]
    assert effect.values == {"serial_number": "PH1-001", "customer": "customer-17"}
    (hung,) = engine.cases(process="lock")
    assert effect.case_id == hung.id


# -- the clock ------------------------------------------------------------------------------------


def test_tick(engine: Engine, clock: Clock) -> None:
    """The clock makes what is due: a reminder once, then the lapse."""
    case = order(engine)
    assert engine.tick() == ()
    clock.pass_(days=7)
    (moved,) = engine.tick()
    assert (moved.state, moved.version, moved.timer_at) == (
        "ordered",
        2,
        # Stockholm changes its clocks in between.
        MONDAY + dt.timedelta(days=30) - dt.timedelta(hours=1),
    )
    assert engine.tick() == ()
    clock.pass_(days=30)
    (moved,) = engine.tick()
    assert (moved.id, moved.state, moved.timer_at) == (case.id, "cancelled", None)
    assert engine.history(case.id)[-1].actor == "clock"
    assert engine.tick() == ()
    assert engine.verify().whole


def test_tick_by_a_field(engine: Engine, clock: Clock) -> None:
    """A time given in a form moves the case before and at that time."""
    case = permission(engine, until="2026-04-10T12:00:00Z")
    assert case.timer_at == dt.datetime(2026, 3, 11, 13, 0, tzinfo=dt.UTC)  # 30 days before, local
    clock.at = dt.datetime(2026, 4, 10, 11, 59, tzinfo=dt.UTC)
    assert [moved.state for moved in engine.tick()] == ["valid"]
    assert engine.tick() == ()
    clock.pass_(minutes=1)
    assert [moved.state for moved in engine.tick()] == ["ended"]


NEVER_REMINDED = edited(
    (
        "order",
        'timer = { after = "P7D" }\nclauses = ["C1"]\n',
        """timer = { after = "P7D" }
clauses = ["C1"]

[process.order.transitions.remind.guards.works]
kind = "is_true"
value = "case.works"
otherwise = { sv = "Nej.", en = "No." }
clauses = ["C1"]
""",
    )
)


def test_tick_passes_over_what_is_refused(clock: Clock) -> None:
    """A case that the clock may not move holds up no other, and is tried again."""
    engine = opened(routine=load_routine(NEVER_REMINDED), clock=clock)
    order(engine, "c-1")
    grant = permission(engine, until="2026-03-09T12:00:00Z")
    clock.pass_(days=8)
    assert [moved.id for moved in engine.tick()] == [grant.id]
    assert [moved.id for moved in engine.tick()] == [grant.id]
    assert engine.tick() == ()


@pytest.mark.parametrize("where", ["memory", "file"])
def test_tick_is_not_starved_by_what_is_refused(where: str, tmp_path: Path, clock: Clock) -> None:
    """However many older timers are refused, a later one gets its turn in the same tick."""
    path = ":memory:" if where == "memory" else tmp_path / "locks.db"
    with opened(path, routine=load_routine(NEVER_REMINDED), clock=clock) as engine:
        for number in range(5):
            order(engine, f"c-{number}")
        grant = permission(engine, until="2026-03-09T12:00:00Z")
        clock.pass_(days=8)
        assert [moved.id for moved in engine.tick(limit=1)] == [grant.id]
        assert [moved.id for moved in engine.tick(limit=2)] == [grant.id]
        assert engine.tick(limit=2) == ()


def test_tick_takes_as_many_as_it_is_told(engine: Engine, clock: Clock) -> None:
    """One call moves at most as many cases as it is told."""
    for n in range(3):
        order(engine, f"c-{n}")
    clock.pass_(days=8)
    assert [len(engine.tick(2)), len(engine.tick(2)), len(engine.tick(2))] == [2, 1, 0]


def test_nobody_is_the_clock(engine: Engine) -> None:
    """What time makes is made by no person, and before its time by nobody at all."""
    case = order(engine)
    with pytest.raises(Refused) as error:
        engine.perform(case.id, "expire", actor=ANNA)
    (reason,) = error.value.verdict.reasons
    assert reason.text.en == "This (Let it lapse) happens by itself when its time has come."
    assert reason.text.sv == "Detta (Låt förfalla) sker av sig självt när tiden är inne."
    with pytest.raises(Refused, match="happens by itself when its time has come"):
        engine.perform(case.id, "expire", actor=Actor("clock", roles={"clock"}, units={"north"}))


# -- looking back ---------------------------------------------------------------------------------


def test_history(engine: Engine) -> None:
    """Events tell who did what and when, and chain onto each other."""
    case = fitted(engine)
    events = engine.history(case.id)
    assert [(e.transition, e.before, e.after, e.actor) for e in events] == [
        ("order", "", "ordered", "anna"),
        ("book", "ordered", "booked", "bo"),
        ("install", "booked", "fitted", "bo"),
    ]
    assert [e.previous for e in events] == ["", *[e.hash for e in events[:-1]]]
    assert case.head == events[-1].hash
    assert all(e.is_whole() for e in events)
    assert events[2].roles == ("installer",)
    (hung,) = engine.cases(process="lock")
    assert engine.history(hung.id)[-1].cause == f"{case.id}/3"


def test_figures(engine: Engine, clock: Clock) -> None:
    """Open and overdue cases, stays, stock, late entries and refusals are counted."""
    lock(engine, "A1")
    fitted(engine, "c-1", "A2")
    clock.pass_(hours=13)
    counted = engine.figures()
    assert counted.open_cases == {
        ("lock", "in_store"): 1,
        ("lock", "mounted"): 1,
        ("consent", "received"): 1,
        ("order", "fitted"): 1,
    }
    assert counted.overdue == {("order", "fitted"): 1}
    assert counted.stock == {"locks": {"X1": StockLine(there=1, missing=1)}}
    assert counted.time_in_state[("order", "ordered")] == StateTime(1, dt.timedelta(0))
    assert (counted.late_entries, dict(counted.refusals)) == ({}, {})


def test_how_long_a_state_takes(engine: Engine, clock: Clock) -> None:
    """A stay is counted from the event that led in to the one that led out."""
    for hours in (2, 4):
        case = engine.start("consent", "ask", actor=ANNA, subject=f"c-{hours}", unit="north")
        clock.pass_(hours=hours)
        engine.perform(case.id, "receive", actor=ANNA)
    permission(engine)
    stays = engine.figures().time_in_state[("consent", "asked")]
    assert (stays.stays, stays.total, stays.mean) == (
        2,
        dt.timedelta(hours=6),
        dt.timedelta(hours=3),
    )


# -- routine versions -----------------------------------------------------------------------------


def versions(where: Path, clock: Clock) -> tuple[Case, Engine]:
    """A case of the old version, and an engine that was opened with a new one."""
    with opened(where, clock=clock) as engine:
        consent(engine)
        case = just_order(engine)
    new = edited(
        ("routine", 'version = "1.0.0"', 'version = "2.0.0"'),
        ("order", 'by = ["coordinator", "manager"]', 'by = ["manager"]'),
        ("order", "[process.order.transitions.remind]", "[process.order.transitions.nudge]"),
        ("order", "transitions.remind.effects", "transitions.nudge.effects"),
        ("routine", "[role.coordinator]\n", "[role.coordinator]\nall_units = true\n"),
    )
    return case, opened(where, load_routine(new), clock)


def test_a_case_keeps_its_routine(tmp_path: Path, clock: Clock) -> None:
    """A running case goes by the version it started under; new ones by the new."""
    case, engine = versions(tmp_path / "locks.db", clock)
    with engine:
        assert [one.transition for one in engine.options(case.id, actor=ANNA)][-1] == "cancel"
        assert len(engine.worklist(actor=BO)) == 1
        cancelled = engine.perform(case.id, "cancel", actor=ANNA)
        assert (cancelled.routine, cancelled.state) == ("small@1.0.0", "cancelled")
        started = just_order(engine)
        assert started.routine == "small@2.0.0"
        with pytest.raises(Refused, match="Your role may not do this"):
            engine.perform(started.id, "cancel", actor=ANNA)
        assert engine.verify().whole
        assert engine.figures().open_cases[("order", "ordered")] == 1


def test_the_clock_moves_old_cases(tmp_path: Path, clock: Clock) -> None:
    """Cases of an older version are moved by the clock of that version."""
    case, engine = versions(tmp_path / "locks.db", clock)
    with engine:
        clock.pass_(days=7)
        assert [moved.id for moved in engine.tick()] == [case.id]
        assert engine.history(case.id)[-1].transition == "remind"


def test_lists_of_old_cases(tmp_path: Path, clock: Clock) -> None:
    """Cases of an older version are listed by what that version lets an actor see."""
    case, engine = versions(tmp_path / "locks.db", clock)
    with engine:
        assert [one.id for one in engine.cases(process="order", actor=ANNA)] == [case.id]
        assert len(engine.cases(process="order", actor=SOUTH)) == 0
        assert engine.perform(case.id, "cancel", actor=ANNA, key="k").state == "cancelled"
        assert engine.perform(case.id, "cancel", actor=ANNA, key="k").state == "cancelled"


def test_another_text_of_one_version(tmp_path: Path) -> None:
    """A pack that was changed without a new version is refused."""
    where = tmp_path / "locks.db"
    opened(where).close()
    changed = load_routine(edited(("order", "The consent is missing.", "No consent.")))
    with pytest.raises(RulesError) as error:
        opened(where, changed)
    old, new = ROUTINE.source.digest[:12], changed.source.digest[:12]
    assert str(error.value) == (
        f"routine.toml: version: the store knows another text of small@1.0.0 ({old}, here {new}; "
        "not the same: order.toml); give the changed pack a new version"
    )
    opened(where).close()


# -- several at once, and in the middle -----------------------------------------------------------


def test_two_threads_on_one_case(engine: Engine) -> None:
    """Of many who act on one case at once, one wins, and the others learn that they lost."""
    case = order(engine)
    start = threading.Barrier(8)
    results: list[object] = []

    def act(number: int) -> None:
        start.wait()
        try:
            results.append(
                engine.perform(
                    case.id, "errand", actor=ANNA, form={"errand_number": str(number)}, expect=1
                )
            )
        except ConflictError as error:
            results.append(error)

    threads = [threading.Thread(target=act, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [one for one in results if isinstance(one, Case)]
    assert len(won) == 1
    assert len(results) == 8
    assert engine.case(case.id).version == 2
    assert engine.verify().whole


def test_two_threads_open_one_case(engine: Engine) -> None:
    """Of many who open the same case at once, one does."""
    consent(engine)
    start = threading.Barrier(6)
    results: list[object] = []

    def act() -> None:
        start.wait()
        try:
            results.append(just_order(engine))
        except (ConflictError, Refused) as error:
            results.append(error)

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in results if isinstance(one, Case)]) == 1
    assert len(results) == 6
    assert len(engine.cases(process="order")) == 1


class Interrupting:
    """A clock on which Ctrl-C is pressed at the given call."""

    def __init__(self, call: int) -> None:
        self.left = call

    def __call__(self) -> dt.datetime:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return MONDAY


def test_ctrl_c_at_the_clock(tmp_path: Path) -> None:
    """Ctrl-C while the time is asked for leaves everything whole and the engine of use."""
    clock = Interrupting(3)
    with opened(tmp_path / "locks.db", clock=clock) as engine:
        consent(engine)
        before = everything(engine)
        with pytest.raises(KeyboardInterrupt):
            just_order(engine)
        assert everything(engine) == before
        assert just_order(engine).state == "ordered"


@pytest.mark.parametrize("step", ["apply", "first_result", "find", "case"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_ctrl_c_in_the_store(engine: Engine, step: str, after: bool) -> None:
    """Ctrl-C at any step of the transaction, before or after it is made, leaves all as it was."""
    lock(engine)
    case = order(engine)
    engine.perform(case.id, "book", actor=BO, form=BOOKING)
    before = everything(engine)
    store: Any = _Interrupted(engine.store, step, after)
    interrupted = Engine(store, routine=engine.routine, clock=lambda: MONDAY)
    form = {"serial_number": "PH1-001"}
    with pytest.raises(KeyboardInterrupt):
        interrupted.perform(case.id, "install", actor=BO, form=form, key="k")
    assert everything(engine) == before
    assert engine.perform(case.id, "install", actor=BO, form=form, key="k").state == "fitted"
    assert engine.verify().whole


class _Interrupted:
    """A store whose transactions are interrupted at one of their steps."""

    def __init__(self, store: object, step: str, after: bool) -> None:
        self._store, self._step, self._after = store, step, after

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def writing(self) -> object:
        return _Within(self._store.writing(), self._step, self._after)  # type: ignore[attr-defined]


class _Within:
    def __init__(self, inner: object, step: str, after: bool) -> None:
        self._inner, self._step, self._after = inner, step, after

    def __enter__(self) -> _Within:
        self._transaction = self._inner.__enter__()  # type: ignore[attr-defined]
        return self

    def __exit__(self, *error: object) -> object:
        return self._inner.__exit__(*error)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        real = getattr(self._transaction, name)
        if name != self._step:
            return real

        def interrupted(*given: object, **named: object) -> object:
            if self._after:
                real(*given, **named)
            raise KeyboardInterrupt

        return interrupted


def test_a_failure_while_opening_lets_the_file_go(tmp_path: Path) -> None:
    """An engine that cannot be opened holds on to nothing."""
    where = tmp_path / "locks.db"
    opened(where).close()
    with pytest.raises(InvalidForm, match=r"^routine: must be a Routine; load_routine makes one$"):
        Engine.open(where, routine="soderkoping")  # type: ignore[arg-type]
    where.unlink()


def test_a_closed_engine(engine: Engine) -> None:
    """A closed engine says so."""
    engine.close()
    with pytest.raises(StoreError) as error:
        engine.cases()
    assert str(error.value) == "The store is closed."


def test_the_bundled_routine_is_the_default() -> None:
    """An engine opened without a routine goes by the bundled one."""
    with Engine.open(":memory:") as engine:
        assert engine.routine.key == load_routine().key
        assert engine.verify().whole


# -- values that leave the house ------------------------------------------------------------------


def test_everything_public_pickles(engine: Engine) -> None:
    """What the door gives can be pickled and is the same afterwards."""
    case = order(engine)
    with pytest.raises(Refused) as refused:
        engine.perform(case.id, "close", actor=ANNA)
    given: list[object] = [
        ANNA,
        case,
        engine.history(case.id),
        engine.effects(),
        engine.options(case.id, actor=ANNA),
        engine.worklist(actor=BO),
        engine.cases(),
        engine.verify(),
        engine.figures(),
        engine.explain(case.id, "close", actor=ANNA),
        MountingOrder(**{**ORDER, "contact": lockroutine.forms.ContactPerson(**ORDER["contact"])}),  # type: ignore[attr-defined]
    ]
    for value in given:
        assert pickle.loads(pickle.dumps(value)) == value
    again = pickle.loads(pickle.dumps(refused.value))
    assert again.verdict == refused.value.verdict


def test_the_door_is_complete() -> None:
    """Everything that the door names is there."""
    for name in lockroutine.__all__:
        assert getattr(lockroutine, name) is not None


def test_errors_tell_nothing_of_people(engine: Engine) -> None:
    """No personal value of a case or a form stands in a refusal, in words or as a value."""
    order(engine)
    with pytest.raises(Refused) as refused:
        just_order(engine)
    with pytest.raises(InvalidForm) as invalid:
        just_order(engine, phone=f"{PHONE} or ask", door_type=5)
    shown = f"{refused.value!r} {refused.value} {invalid.value!r} {invalid.value}"
    for word in (PHONE, "Customer 17", "Example Street", "4711#", "c3@example.org"):
        assert word not in shown


def test_who_works_in_two_roles(engine: Engine) -> None:
    """Somebody in two roles may do what either may, and sees what either sees."""
    both = attrs.evolve(KIM, roles={"staff", "installer"})
    case = order(engine)
    assert set(engine.case(case.id, actor=both).personal) == PERSONAL | {"door_code"}
    assert engine.perform(case.id, "book", actor=both, form=BOOKING).state == "booked"
