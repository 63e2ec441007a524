"""Changing the routine while cases are under way: versions in force, and cases moved to them."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from lockroutine import (
    Actor,
    Case,
    ConflictError,
    Engine,
    InvalidForm,
    NotFound,
    Refused,
    Routine,
    RulesError,
    load_routine,
)
from lockroutine.moving import PlannedCase
from lockroutine.stores import MemoryStore
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    MONDAY,
    ROUTINE,
    SOUTH,
    Clock,
    consent,
    edited,
    everything,
    fitted,
    just_order,
    opened,
    order,
    permission,
    problems,
)

TENDED = ("routine", "[role.manager]\n", "[role.manager]\ntends_effects = true\nall_units = true\n")
EVA = Actor("eva", roles={"manager"})


def version(number: str, *changes: tuple[str, str, str], move: str = "", top: str = "") -> Routine:
    """The small pack as another version, with these changes."""
    key = 'version = "1.0.0"'
    texts = (
        ("routine", key, f'version = "{number}"\n{top}'),
        ("routine", "[shown.guide]", f"{move}\n[shown.guide]"),
    )
    return load_routine(edited(TENDED, *texts, *changes))


RENAMED = (
    ("order", "states.booked", "states.agreed"),
    ("order", '"booked"', '"agreed"'),
    ("order", "transitions.book", "transitions.agree"),
)
MOVE = '[move.order]\nstates = { booked = "agreed" }\ntransitions = { book = "agree" }\n'
NEXT = version("2.0.0", *RENAMED, move=MOVE)
ASKING = version(
    "2.0.0", *RENAMED, move='[move.order]\nstates = { booked = ["agreed", "ordered"] }\n'
)
SILENT = version("2.0.0", *RENAMED)


def booked(engine: Engine, subject: str = "customer-17") -> Case:
    case = order(engine, subject)
    return engine.perform(case.id, "book", actor=BO, form=BOOKING)


def planned(engine: Engine, to: Routine, **given: Any) -> dict[str, PlannedCase]:
    return {one.case_id: one for one in engine.plan_move(to, **given).cases}


# -- what becomes of a case ------------------------------------------------------------------------


def test_a_case_moves_to_the_state_that_the_new_version_names() -> None:
    """A state that has another name in the new version is mapped, and so is what was done."""
    engine = opened()
    case = booked(engine)
    plan = planned(engine, NEXT)[case.id]
    assert (plan.fate, plan.state, plan.to, plan.routine) == (
        "moves",
        "booked",
        "agreed",
        "small@1.0.0",
    )
    report = engine.move(NEXT, actor=EVA, why="The board has decided.")
    assert (report.to, report.moved, report.left) == ("small@2.0.0", 2, ())
    moved = engine.case(case.id)
    assert (moved.state, moved.routine, moved.version) == ("agreed", "small@2.0.0", 3)
    assert moved.done == {"order", "agree"}
    assert moved.data == case.data
    assert moved.personal == case.personal


def test_the_event_names_both_versions() -> None:
    """The event of a move says from which version to which, by whom, when and why."""
    clock = Clock()
    engine = opened(clock=clock)
    case = booked(engine)
    clock.pass_(days=1)
    engine.move(NEXT, actor=EVA, why="The board has decided.")
    event = engine.history(case.id)[-1]
    assert (event.moved_from, event.routine) == ("small@1.0.0", "small@2.0.0")
    assert (event.transition, event.before, event.after) == ("engine.move", "booked", "agreed")
    assert (event.actor, event.roles) == ("eva", ("manager",))
    assert event.happened_at == event.recorded_at == MONDAY + dt.timedelta(days=1)
    assert event.form["why"] == "The board has decided."
    assert "why" not in engine.case(case.id).data
    assert not attrs.evolve(event, moved_from="small@1.5.0").is_whole()


def test_a_state_that_nothing_is_said_of_cannot_be_moved() -> None:
    """A state that is not in the new version, and not mapped, keeps its cases where they are."""
    engine = opened()
    case = booked(engine)
    plan = engine.plan_move(SILENT)
    assert plan.counts == {"moves": 1, "needs_decision": 0, "cannot": 1}
    (one,) = (one for one in plan.cases if one.case_id == case.id)
    assert one.fate == "cannot"
    assert one.reason
    assert one.reason.rule == "engine.move.state"
    assert one.reason.text.en == (
        'small@2.0.0 has no state "Booked", and does not say what becomes of it.'
    )
    assert one.reason.text.sv == (
        "small@2.0.0 har inget läge «Bokad», och säger inte vad det blir i stället."
    )
    report = engine.move(SILENT, actor=EVA)
    assert (report.moved, report.left) == (1, (one,))
    assert engine.case(case.id) == case


def test_a_choice_is_somebodys_decision() -> None:
    """Where the new version leaves a choice, a case waits for a decision and then takes it."""
    engine = opened()
    first, second = booked(engine), booked(engine, "customer-18")
    plan = engine.plan_move(ASKING)
    assert plan.counts == {"moves": 2, "needs_decision": 2, "cannot": 0}
    one = next(one for one in plan.cases if one.case_id == first.id)
    assert (one.fate, one.to, one.choices) == ("needs_decision", "", ("agreed", "ordered"))

    report = engine.move(ASKING, actor=EVA)
    assert (report.moved, [one.fate for one in report.left]) == (2, ["needs_decision"] * 2)
    decisions = {"order.booked": "agreed", second.id: "ordered"}
    assert engine.plan_move(ASKING, decisions=decisions).counts["moves"] == 2
    report = engine.move(ASKING, actor=EVA, decisions=decisions)
    assert (report.moved, report.left) == (2, ())
    assert engine.case(first.id).state == "agreed"
    assert engine.case(second.id).state == "ordered"


def test_a_decision_about_nothing_is_refused() -> None:
    """A decision that names no such question, case or choice is told, all of them at once."""
    engine = opened()
    case = booked(engine)
    wrong = {
        "order.bookd": "agreed",
        "order.booked": "gone",
        "0" * 31: "agreed",
        case.id: "fitted",
    }
    with pytest.raises(InvalidForm) as error:
        engine.plan_move(ASKING, decisions=wrong)
    assert [str(problem) for problem in error.value.problems] == [
        "order.bookd: is no state that small@2.0.0 asks to decide; did you mean 'order.booked'?",
        "order.booked: must be one of agreed, ordered",
        f"{'0' * 31}: is no case of this database",
        f"{case.id}: must be one of agreed, ordered",
    ]
    with pytest.raises(InvalidForm) as error:
        engine.move(NEXT, actor=EVA, decisions={"x.y": "agreed"})
    assert str(error.value) == "x.y: is no state that small@2.0.0 asks to decide"


def test_a_decision_that_has_been_carried_out_is_no_mistake() -> None:
    """The decisions of a move that was stopped may be given again."""
    engine = opened()
    case = booked(engine)
    engine.move(ASKING, actor=EVA, decisions={case.id: "agreed"})
    assert engine.move(ASKING, actor=EVA, decisions={case.id: "agreed"}).moved == 0


def bought(engine: Engine) -> Case:
    form = {"article_kind": "lock", "quantity": 2}
    return engine.start("delivery", "order", actor=BO, subject="locks", unit="depot", form=form)


@pytest.mark.parametrize(
    ("start", "changes", "rule", "text"),
    [
        (
            consent,
            [
                ("other", "[process.consent.states.received]\n", "\\g<0>end = true\n"),
                ("other", 'from = ["asked", "received"]', 'from = ["asked"]'),
            ],
            "engine.move.end",
            'In small@2.0.0 the state "Received" is an end. Say in the rule pack what becomes of '
            "it.",
        ),
        (
            bought,
            [("other", 'subject = "article"', 'subject = "system"')],
            "engine.move.subject",
            "In small@2.0.0, cases of this kind (Delivery) are about something else.",
        ),
        (
            bought,
            [("other", "process.delivery", "process.purchase")],
            "engine.move.process",
            'small@2.0.0 has no process "Delivery".',
        ),
    ],
    ids=["end", "subject", "process"],
)
def test_what_the_new_version_has_no_place_for(
    start: Callable[[Engine], Case], changes: list[tuple[str, str, str]], rule: str, text: str
) -> None:
    """A state that has become an end, another subject, and a process that is gone: each is told."""
    to = version("2.0.0", *((file, old, new.replace("\\g<0>", old)) for file, old, new in changes))
    engine = opened()
    case = start(engine)
    one = planned(engine, to)[case.id]
    assert one.reason
    assert (one.fate, one.reason.rule, one.reason.text.en) == ("cannot", rule, text)
    assert engine.move(to, actor=EVA).left == (one,)
    assert engine.case(case.id).routine == "small@1.0.0"


def test_an_end_that_the_pack_names_is_one() -> None:
    """If the pack says so, cases come to an end by the move, and hold nobody up any more."""
    to = version("2.0.0", move='[move.consent]\nstates = { received = "withdrawn" }')
    engine = opened()
    case = consent(engine)
    engine.move(to, actor=EVA)
    assert not engine.case(case.id).is_open
    assert engine.start("consent", "ask", actor=ANNA, subject="customer-17", unit="north").is_open


def test_rules_of_moving_are_for_the_versions_that_they_name() -> None:
    """With `from`, a mapping is for cases of those versions, of this pack or of another."""
    moves = [
        NEXT.moving("order", "small@1.0.0").states,
        version("2.0.0", *RENAMED, move=f'{MOVE}from = ["1.0.0", "old@1.2.0"]\n'),
        version("2.0.0", *RENAMED, move=f'{MOVE}from = ["1.5.0"]\n'),
    ]
    assert moves[0] == {"booked": "agreed"}
    assert isinstance(moves[1], Routine)
    assert isinstance(moves[2], Routine)
    assert moves[1].moving("order", "small@1.0.0").states == {"booked": "agreed"}
    assert moves[1].moving("order", "old@1.2.0").states == {"booked": "agreed"}
    assert moves[1].moving("order", "small@1.2.0").states == {}
    assert moves[1].moving("lock", "small@1.0.0").states == {}
    engine = opened()
    case = booked(engine)
    assert planned(engine, moves[2])[case.id].fate == "cannot"


# -- how a case looks after it ---------------------------------------------------------------------


def test_what_was_done_counts_as_the_new_version_says() -> None:
    """A transition counts under its new name, not at all if that is empty, else as before."""
    move = '[move.order]\ntransitions = { test = "", pair = "write_note" }\n'
    engine = opened()
    case = fitted(engine)
    engine.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": True})
    kim = permission(engine)
    engine.perform(case.id, "pair", actor=ANNA, form={"serial_number": "PH1-001"})
    assert [item.duty for item in engine.worklist(actor=BO) if item.case.id == case.id] == []
    engine.move(version("2.0.0", move=move), actor=EVA)
    moved = engine.case(case.id)
    assert moved.done == {"order", "book", "install", "write_note"}
    assert [item.duty for item in engine.worklist(actor=BO) if item.case.id == case.id] == ["test"]
    assert engine.case(kim.id).done == kim.done


def test_times_are_counted_by_the_new_rules_from_when_the_state_began() -> None:
    """Due time and timer follow the new version, counted from when the case came there."""
    clock = Clock()
    engine = opened(clock=clock)
    case = order(engine)
    assert case.due_at == MONDAY + dt.timedelta(days=14)
    clock.pass_(days=3)
    to = version(
        "2.0.0",
        ("order", 'due = "P14D"', 'due = "P2D"'),
        ("order", 'timer = { after = "P7D" }', 'timer = { after = "P4D" }'),
    )
    engine.move(to, actor=EVA)
    moved = engine.case(case.id)
    assert (moved.since, moved.changed_at) == (MONDAY, MONDAY)
    assert moved.due_at == MONDAY + dt.timedelta(days=2)
    assert moved.timer_at == MONDAY + dt.timedelta(days=4)
    assert [item.overdue for item in engine.worklist(actor=BO)] == [True]
    assert engine.tick() == ()
    clock.pass_(days=1)
    assert [one.id for one in engine.tick()] == [case.id]
    never = version("3.0.0", ("order", 'due = "P14D"\n', ""))
    engine.move(never, actor=EVA)
    assert engine.case(case.id).due_at is None


def test_a_field_that_is_not_known_any_more_is_kept() -> None:
    """What no form of the new version brings stays with the case."""
    hidden = version(
        "2.0.0",
        ("order", 'form = "errand"', 'form = "note"'),
        ("order", 'references = { supplier = "form.errand_number" }\n', ""),
    )
    engine = opened()
    case = order(engine)
    engine.perform(case.id, "errand", actor=ANNA, form={"errand_number": "P-9"})
    engine.move(hidden, actor=EVA)
    assert engine.case(case.id).value("errand_number") == "P-9"


def test_a_field_that_has_become_personal_is_kept_as_such() -> None:
    """What the new version calls personal is shown only to those who may see it; and back again."""

    def remark(number: str, privacy: str) -> Routine:
        form = (
            '[form.remark]\nlabel = { sv = "Anm.", en = "Remark" }\n\n[form.remark.fields.remark]\n'
            f'type = "text"\nlabel = {{ sv = "Anm.", en = "Remark" }}\n{privacy}'
        )
        return version(number, ("order", 'form = "note"', 'form = "remark"'), move=form)

    plain, personal = remark("1.0.0", ""), remark("2.0.0", 'privacy = "personal"')
    engine = opened(routine=plain)
    case = order(engine)
    engine.perform(case.id, "write_note", actor=ANNA, form={"remark": "green door"})
    engine.move(personal, actor=EVA)
    moved = engine.case(case.id)
    assert "remark" not in moved.data
    assert moved.personal["remark"] == "green door"
    assert "remark" not in engine.case(case.id, actor=Actor("maj", {"manager"}, {"north"})).personal
    assert engine.case(case.id, actor=ANNA).value("remark") == "green door"
    engine.move(remark("3.0.0", ""), actor=EVA)
    assert engine.case(case.id).data["remark"] == "green door"
    assert engine.verify().whole


def test_the_new_rules_hold_from_then_on() -> None:
    """After the move the case is judged by the new version, before it by the old one."""
    engine = opened()
    case = booked(engine)
    with pytest.raises(NotFound):
        engine.perform(case.id, "agree", actor=BO, form=BOOKING)
    engine.move(NEXT, actor=EVA)
    with pytest.raises(NotFound):
        engine.perform(case.id, "book", actor=BO, form=BOOKING)
    assert engine.perform(case.id, "agree", actor=BO, form=BOOKING).state == "agreed"
    assert engine.verify().whole


def test_late_entries_of_what_happened_before_the_move() -> None:
    """A move is nothing that happened: what happened before it may still be entered late."""
    clock = Clock()
    engine = opened(clock=clock)
    case = fitted(engine)
    visited = clock.pass_(hours=1)
    clock.pass_(hours=1)
    engine.move(version("2.0.0"), actor=EVA)
    clock.pass_(hours=1)
    late = {"happened_at": visited, "late_reason": "No network at the customer's."}
    engine.perform(case.id, "test", actor=BO, form={"cycles": 5, "works": True}, **late)
    # A joint step drives another case that was moved, too.
    done = engine.perform(case.id, "cancel", actor=ANNA, **late)
    assert done.state == "cancelled"
    assert engine.cases(process="lock")[0].state == "in_store"
    assert engine.verify().whole


# -- only one may be open --------------------------------------------------------------------------

BY_SUBJECT = version("2.0.0", ("order", '["subject", "door"]', '["subject"]'))


def test_a_case_that_the_new_version_has_no_room_for_stays() -> None:
    """Where the new rules allow one open case, the oldest takes the place; the others are told."""
    clock = Clock()
    engine = opened(clock=clock)
    front = order(engine)
    clock.pass_(minutes=1)
    back = just_order(engine, door="back")
    plan = planned(engine, BY_SUBJECT)
    assert plan[front.id].fate == "moves"
    one = plan[back.id]
    assert one.reason
    assert (one.fate, one.to, one.reason.rule) == ("cannot", "", "engine.move.one_open")
    assert one.reason.text.en == (
        "By small@2.0.0 only one such case may be open (Order), and there is another."
    )
    report = engine.move(BY_SUBJECT, actor=EVA)
    assert (report.moved, report.left) == (2, (one,))
    # Once the first has ended there is room.
    engine.perform(front.id, "cancel", actor=ANNA)
    assert engine.plan_move(BY_SUBJECT).counts == {"moves": 1, "needs_decision": 0, "cannot": 0}
    assert engine.move(BY_SUBJECT, actor=EVA).moved == 1
    assert engine.verify().whole


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_a_place_that_is_left_by_the_move_is_free(store: str, tmp_path: Path) -> None:
    """A case gives up its old place when it moves, and nothing but its new one is barred."""
    where = ":memory:" if store == "memory" else tmp_path / "locks.db"
    wide = version("2.0.0", ("order", '["subject", "door"]', '["subject", "door", "door_type"]'))
    engine = opened(where)
    order(engine)
    engine.move(wide, actor=EVA)
    with Engine(engine.store, routine=wide, clock=Clock()) as again:
        just_order(again, door_type="scand")
        with pytest.raises(Refused):
            just_order(again)


def test_the_plan_counts_those_that_stay(tmp_path: Path) -> None:
    """A place that is held by a case that stays, or was moved before, is no place for another."""
    move = '[move.order]\nstates = { booked = ["agreed", "ordered"] }\n'
    to = version("2.0.0", *RENAMED, ("order", '["subject", "door"]', '["subject"]'), move=move)
    engine = opened(tmp_path / "locks.db")
    first = order(engine)
    engine.move(to, actor=EVA)
    second = just_order(engine, door="back")
    assert planned(engine, to)[second.id].fate == "cannot"
    assert engine.move(to, actor=EVA).moved == 0
    assert engine.case(first.id).routine == to.key


# -- the move itself -------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_a_move_that_was_stopped_goes_on(store: str, tmp_path: Path) -> None:
    """A move ends between two cases when it is told to, and goes on where it was."""
    engine = opened(":memory:" if store == "memory" else tmp_path / "locks.db")
    for number in range(6):
        consent(engine, f"customer-{number}")
    told: list[tuple[int, int]] = []
    report = engine.move(
        NEXT,
        actor=EVA,
        tell=lambda done, whole: told.append((done, whole)),
        stop=lambda: len(told) == 2,
    )
    assert (report.moved, report.stopped) == (2, True)
    assert told == [(1, 6), (2, 6)]
    moved = [case.routine for case in engine.cases()]
    assert moved == ["small@2.0.0"] * 2 + ["small@1.0.0"] * 4
    before = everything(engine)
    assert engine.plan_move(NEXT).counts["moves"] == 4
    assert everything(engine) == before

    report = engine.move(NEXT, actor=EVA)
    assert (report.moved, report.stopped) == (4, False)
    assert engine.move(NEXT, actor=EVA).moved == 0
    assert {case.version for case in engine.cases()} == {3}
    assert engine.verify().whole


def test_a_plan_writes_nothing() -> None:
    """A dry run keeps nothing, not even the text of the new version."""
    engine = opened()
    booked(engine)
    before = everything(engine)
    engine.plan_move(NEXT)
    assert everything(engine) == before
    with pytest.raises(NotFound):
        engine.version("small@2.0.0")


def test_cases_that_have_ended_stay() -> None:
    """A case that has ended keeps the rules that it ended under."""
    engine = opened()
    case = order(engine)
    engine.perform(case.id, "cancel", actor=ANNA)
    assert case.id not in planned(engine, NEXT)
    engine.move(NEXT, actor=EVA)
    assert engine.case(case.id).routine == "small@1.0.0"


class Meddling(MemoryStore):
    """A store in which somebody else is always a little quicker."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def writing(self) -> Any:
        made = super().writing()
        if not self.times:
            return made
        return self._raced(made)

    @contextmanager
    def _raced(self, made: Any) -> Generator[Any]:
        with made as transaction:
            apply = transaction.apply

            def late(changes: Any, *more: str) -> None:
                if changes[0].event.moved_from and self.times:
                    self.times -= 1
                    raise ConflictError("somebody was quicker", changes[0].case.id)
                apply(changes, *more)

            transaction.apply = late
            yield transaction


@pytest.mark.parametrize(("times", "moved"), [(2, 1), (3, 0)])
def test_a_case_that_others_are_changing(times: int, moved: int) -> None:
    """A lost race is run again a few times, and then told as the reason why a case stays."""
    store = Meddling(0)
    engine = Engine(store, routine=ROUTINE, clock=Clock())
    case = consent(engine)
    store.times = times
    report = engine.move(NEXT, actor=EVA)
    assert report.moved == moved
    if not moved:
        (one,) = report.left
        assert one.reason
        assert one.reason.rule == "engine.move.raced"
        assert engine.case(case.id).routine == "small@1.0.0"


def test_a_case_that_ended_meanwhile_is_let_be() -> None:
    """What was moved, or has ended, since the move began is neither moved nor told as left."""
    clock = Clock()
    engine = opened(clock=clock)
    first = consent(engine)
    clock.pass_(minutes=1)
    second = consent(engine, "customer-18")

    def meddle(done: int, whole: int) -> None:
        if engine.case(second.id).is_open:
            engine.perform(second.id, "withdraw", actor=ANNA)

    report = engine.move(NEXT, actor=EVA, tell=meddle)
    assert (report.moved, report.left) == (1, ())
    assert engine.case(first.id).routine == "small@2.0.0"


def test_a_case_that_cannot_be_read_holds_up_no_other(tmp_path: Path) -> None:
    """A case whose own rules are gone is told, and the others are moved."""
    path = tmp_path / "locks.db"
    engine = opened(path)
    lost, found = consent(engine), consent(engine, "customer-18")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE cases SET body = replace(body, 'small@1.0.0', 'small@0.9.0') WHERE id = ?",
            (lost.id,),
        )
    (one,) = (one for one in engine.plan_move(NEXT).cases if one.fate == "cannot")
    assert one.reason
    assert (one.case_id, one.reason.rule) == (lost.id, "engine.move.unknown")
    report = engine.move(NEXT, actor=EVA)
    assert (report.moved, report.left) == (1, (one,))
    assert engine.case(found.id).routine == "small@2.0.0"


def test_a_field_that_the_new_version_reads_as_a_time() -> None:
    """A case whose field cannot be read as the new version means it stays, and that is told."""
    to = version(
        "2.0.0",
        ("permission", 'timer = { at = "valid_until" }', 'timer = { at = "reason" }'),
        ("permission", 'form = "permission_grant"',
         'form = "permission_grant"\nsets = { reason = "event.happened_at" }'),
    )  # fmt: skip
    engine = opened()
    case = permission(engine)
    assert planned(engine, to)[case.id].fate == "moves"
    odd = attrs.evolve(case, data=case.data.merged({"reason": "soon"}), version=case.version)
    with engine.store.writing() as transaction:
        transaction._tables.cases[case.id] = odd  # type: ignore[attr-defined]
    one = planned(engine, to)[case.id]
    assert one.reason
    assert (one.fate, one.reason.rule) == ("cannot", "engine.move.unreadable")
    assert engine.move(to, actor=EVA).left == (one,)


# -- who may, and when -----------------------------------------------------------------------------


def test_who_may_move_cases() -> None:
    """Only a role that looks after the system by the new version may, and that is told."""
    engine = opened()
    consent(engine)
    with pytest.raises(Refused) as error:
        engine.move(NEXT, actor=ANNA)
    (reason,) = error.value.verdict.reasons
    assert reason.rule == "engine.move.role"
    assert reason.text.en == (
        "Cases may be moved by the roles that look after the system in small@2.0.0: Manager."
    )
    assert {case.routine for case in engine.cases()} == {"small@1.0.0"}
    with pytest.raises(InvalidForm):
        engine.move(NEXT, actor="eva")  # type: ignore[arg-type]
    with pytest.raises(InvalidForm):
        engine.move(NEXT, actor=EVA, why="\x00")


def test_a_role_that_works_in_its_own_units_moves_their_cases() -> None:
    """Whoever looks after the system in some units moves the cases of those."""
    own = load_routine(
        edited(
            ("routine", "[role.coordinator]\n", "[role.coordinator]\ntends_effects = true\n"),
            ("routine", 'version = "1.0.0"', 'version = "2.0.0"'),
        )
    )
    engine = opened()
    case = consent(engine)
    theirs = engine.start("consent", "ask", actor=SOUTH, subject="customer-2", unit="south")
    report = engine.move(own, actor=ANNA)
    assert report.moved == 1
    (one,) = report.left
    assert one.reason
    assert (one.case_id, one.fate, one.reason.rule) == (theirs.id, "cannot", "engine.scope")
    assert engine.case(case.id).routine == "small@2.0.0"


SUMMER = version("2.0.0", *RENAMED, move=MOVE, top="in_force_from = 2026-07-01")
LAST_EVENING = dt.datetime(2026, 6, 30, 21, 59, tzinfo=dt.UTC)  # 23:59 in Stockholm


def test_before_its_day_a_version_starts_no_case() -> None:
    """Until the local day comes, new cases start under the newest version that is in force."""
    clock = Clock()
    store = MemoryStore()
    for old in (ROUTINE, version("1.2.0"), version("1.10.0")):
        Engine(store, routine=old, clock=clock)
    engine = Engine(store, routine=SUMMER, clock=clock)
    assert engine.routine.key == "small@1.10.0"
    assert consent(engine).routine == "small@1.10.0"
    clock.at = LAST_EVENING
    assert consent(engine, "customer-18").routine == "small@1.10.0"
    clock.pass_(minutes=1)
    assert engine.routine.key == "small@2.0.0"
    assert consent(engine, "customer-19").routine == "small@2.0.0"
    late = {"happened_at": LAST_EVENING, "late_reason": "The card was lost."}
    case = engine.start("consent", "ask", actor=ANNA, subject="customer-20", unit="north", **late)
    assert case.routine == "small@1.10.0"


def test_before_its_day_without_an_earlier_version_nothing_starts() -> None:
    """If no earlier version is known, a case is refused with the day; and asking says the same."""
    clock = Clock(LAST_EVENING)
    engine = opened(routine=SUMMER, clock=clock)
    given = {"actor": ANNA, "subject": "customer-17", "unit": "north"}
    with pytest.raises(Refused) as error:
        engine.start("consent", "ask", **given)
    (reason,) = error.value.verdict.reasons
    assert reason.rule == "engine.in_force_from"
    assert reason.text.en == (
        "small@2.0.0 is in force from 2026-07-01, and no version before it is known."
    )
    assert reason.text.sv == (
        "small@2.0.0 gäller från och med 2026-07-01, och ingen tidigare version är känd."
    )
    assert engine.explain_start("consent", "ask", **given) == error.value.verdict
    (option,) = engine.start_options("consent", **given)
    assert option.verdict.reasons == (reason,)
    assert engine.figures().refusals == {"engine.in_force_from": 1}
    clock.pass_(minutes=1)
    assert engine.start("consent", "ask", **given).state == "asked"
    assert engine.start_options("consent", **{**given, "subject": "c-2"})[0].verdict.allowed


def test_before_its_day_no_case_is_moved() -> None:
    """Cases can be moved from the day on; what would become of them can be asked before."""
    clock = Clock(LAST_EVENING)
    engine = opened(clock=clock)
    consent(engine)
    assert engine.plan_move(SUMMER).counts["moves"] == 1
    with pytest.raises(Refused) as error:
        engine.move(SUMMER, actor=EVA)
    assert error.value.verdict.reasons[0].text.en == (
        "small@2.0.0 is in force from 2026-07-01. Cases can be moved to it from then on."
    )
    clock.pass_(minutes=1)
    assert engine.move(SUMMER, actor=EVA).moved == 1


# -- what is kept, and what still works ------------------------------------------------------------


def test_an_old_event_is_explained_by_the_rules_of_its_day(tmp_path: Path) -> None:
    """Years later, with only the new version at hand, the database tells what held at the time."""
    path, clock = tmp_path / "locks.db", Clock()
    with opened(path, clock=clock) as engine:
        case = booked(engine)
        ended = just_order(engine, door="back")
        engine.perform(ended.id, "cancel", actor=ANNA)
    clock.pass_(days=700)
    with opened(path, NEXT, clock) as engine:
        engine.move(actor=EVA)
        assert engine.verify().whole
        told = []
        for event in engine.history(case.id):
            rules = engine.version(event.routine)
            steps = rules.process(event.process).rules.transitions
            label = steps[event.transition].label.en if event.transition in steps else ""
            told.append((event.routine, event.transition, label))
        assert told == [
            ("small@1.0.0", "order", "Order"),
            ("small@1.0.0", "book", "Book a time"),
            ("small@2.0.0", "engine.move", ""),
        ]
        assert engine.case(ended.id).routine == "small@1.0.0"
        rules = engine.version("small@1.0.0").process("order")
        assert rules.rules.transitions["book"].guards["agreed"].otherwise.en == (
            "The customer has not agreed."
        )
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE events SET body = replace(body, '\"engine.move\"', '\"book\"')")
    with opened(path, NEXT, clock) as engine:
        problems = {str(one) for one in engine.verify().problems}
    assert f"{case.id}/3: the event is not as it was recorded" in problems


def test_a_repeated_key_after_the_move() -> None:
    """A key that was used before the move still brings back what it brought then."""
    engine = opened()
    case = order(engine)
    given = {"actor": BO, "form": BOOKING, "key": "r-1"}
    first = engine.perform(case.id, "book", **given)
    engine.move(NEXT, actor=EVA)
    assert engine.perform(case.id, "book", **given) == first


def test_lists_find_cases_of_all_versions() -> None:
    """Work lists and `cases` know the states of every version that cases run under."""
    engine = opened()
    first = booked(engine)
    engine.move(NEXT, actor=EVA)
    second = booked(engine, "customer-18")
    assert [one.id for one in engine.cases(process="order", state="booked")] == [second.id]
    assert [one.id for one in engine.cases(process="order", state="agreed")] == [first.id]
    with pytest.raises(NotFound) as error:
        engine.cases(process="order", state="agred")
    assert "Did you mean 'agreed'?" in str(error.value)
    waits = {item.case.id for item in engine.worklist(actor=BO)}
    assert waits == {first.id, second.id}
    assert engine.figures().open_cases[("order", "agreed")] == 1


def test_an_engine_lists_cases_of_a_version_that_another_brought(tmp_path: Path) -> None:
    """A case that another engine brought under rules of its own stands on the lists of all."""
    path = tmp_path / "small.db"
    engine = opened(path)
    case = booked(engine)
    with opened(path, NEXT) as other:
        other.move(NEXT, actor=EVA)
    (item,) = engine.worklist(actor=BO)
    assert (item.case.id, item.case.state, item.case.routine) == (case.id, "agreed", NEXT.key)


def test_a_stay_goes_on_under_its_new_name() -> None:
    """Figures count the time in a state that was renamed as one stay, under the new name."""
    clock = Clock()
    engine = opened(clock=clock)
    case = booked(engine)
    clock.pass_(days=1)
    engine.move(NEXT, actor=EVA)
    clock.pass_(days=1)
    engine.perform(case.id, "cancel", actor=ANNA)
    times = engine.figures().time_in_state
    assert times[("order", "agreed")].total == dt.timedelta(days=2)
    assert ("order", "booked") not in times


def test_cases_of_a_routine_of_another_name() -> None:
    """A municipality that leaves the bundled pack for its own says which cases are meant."""
    own = load_routine(
        edited(TENDED, ("routine", 'name = "small"', 'name = "own"'), *RENAMED,
               ("routine", "[shown.guide]", f'{MOVE}from = ["small@1.0.0"]\n\n[shown.guide]'))
    )  # fmt: skip
    engine = opened()
    case = booked(engine)
    assert engine.plan_move(own).cases == ()
    assert planned(engine, own, of="small")[case.id].to == "agreed"
    assert engine.move(own, actor=EVA, of="small").moved == 2
    assert engine.case(case.id).routine == "own@1.0.0"


def test_another_text_under_one_version_is_refused() -> None:
    """Cases are not moved to a version whose text is not the one that the store knows."""
    engine = opened()
    case = consent(engine)
    engine.move(NEXT, actor=EVA)
    with pytest.raises(RulesError) as error:
        engine.move(ASKING, actor=EVA)
    assert "the store knows another text of small@2.0.0" in str(error.value)
    assert engine.case(case.id).routine == "small@2.0.0"


# -- bad packs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("move", "problem"),
    [
        ("[move.ordr]", "move: there is no process 'ordr'; did you mean 'order'?"),
        (
            '[move.order]\nstates = { old = "bokked" }',
            "move.order.states.old: there is no state 'bokked'; did you mean 'booked'?",
        ),
        (
            '[move.order]\nstates = { old = ["booked", "xyz"] }',
            "move.order.states.old: there is no state 'xyz'",
        ),
        (
            "[move.order]\nstates = { old = [] }",
            "move.order.states.old: names no state; write the one that its cases are in from then "
            "on",
        ),
        (
            '[move.order]\ntransitions = { old = "boook" }',
            "move.order.transitions.old: there is no transition 'boook'; did you mean 'book'?",
        ),
        (
            '[move.order]\nfrom = ["first"]',
            "move.order.from: must be three numbers, like 1.0.0, with or without name@ before them",
        ),
        ("[move.order]\nstates = { old = 1 }", "move.order.states.old: cannot be a whole number"),
        (
            "[move.order]\nstate = {}",
            "move.order.state: unknown key; did you mean 'states'?",
        ),
    ],
)
def test_a_mapping_that_is_wrong(move: str, problem: str) -> None:
    """What a mapping names must exist in the pack; the problem says where and what to write."""
    found = problems(("routine", "[shown.guide]", f"{move}\n\n[shown.guide]"))
    assert [one.partition(": ")[2] for one in found] == [problem]
    assert all(one.startswith("routine.toml:") for one in found)


def test_a_day_that_is_none() -> None:
    """The day from which a version is in force is a date; the problem says how it is written."""
    (found,) = problems(("routine", "time_zone =", 'in_force_from = "in summer"\ntime_zone ='))
    assert found == "routine.toml:5: in_force_from: is not a date; write it like 2026-03-02"
    (found,) = problems(("routine", "time_zone =", "in_force_from = 2026\ntime_zone ="))
    assert found == "routine.toml:5: in_force_from: must be a date, not a whole number"
