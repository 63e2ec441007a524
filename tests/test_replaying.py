"""What would have been different: recorded commands, given again under other rules."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from lockroutine import Actor, Engine, RulesError, StoreError, load_routine
from lockroutine.replaying import ReplayedStep, ReplayReport, RuleCount
from lockroutine.stores import MemoryStore
from lockroutine.testing import read_scenarios, run_scenario
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    ROUTINE,
    Clock,
    consent,
    everything,
    fitted,
    just_order,
    opened,
    order,
    permission,
)
from test_moving import EVA, MOVE, NEXT, RENAMED, booked, version

ROOT = Path(__file__).parent.parent


def steps(replayed: tuple[ReplayedStep, ...]) -> list[tuple[str, str]]:
    return [(one.process, one.transition) for one in replayed]


def rules(report: ReplayReport) -> list[str]:
    return list(report.rules)


# -- nothing is different under the same rules -----------------------------------------------------


@pytest.mark.parametrize(
    ("pack", "scenarios"),
    [
        ("soderkoping", ROOT / "tests" / "scenarios"),
        *(
            (str(folder), folder / "scenarios")
            for folder in sorted((ROOT / "examples" / "packs").iterdir())
        ),
    ],
    ids=lambda value: Path(value).name,
)
def test_the_same_rules_refuse_nothing(pack: str, scenarios: Path) -> None:
    """Whatever was done under a pack, by all its scenarios, is allowed again by the same pack."""
    routine, played = load_routine(pack), 0
    for scenario in read_scenarios(scenarios):
        store = MemoryStore()
        run_scenario(scenario, routine, store=store)
        with Engine(store, routine=routine) as engine:
            report = engine.replay()
            assert (report.refused, report.unplayed) == ((), ()), scenario.file
            assert report.allowed == report.steps
            played += report.steps
    assert played > 50


def test_late_entries_and_the_clock_are_given_again_as_they_were() -> None:
    """What was entered late is judged by its own time, and what the clock did by its."""
    clock = Clock()
    engine = opened(clock=clock)
    case = order(engine)
    clock.pass_(days=7)
    assert [one.id for one in engine.tick()] == [case.id]
    engine.perform(
        case.id,
        "write_note",
        actor=ANNA,
        form={"note": "Called."},
        happened_at=clock() - dt.timedelta(days=1),
        late_reason="No network.",
    )
    kim = permission(engine, until="2026-03-20T12:00:00Z")
    clock.pass_(days=30)
    while engine.tick():
        pass
    assert engine.case(kim.id).state == "ended"
    report = engine.replay()
    assert (report.refused, report.unplayed) == ((), ())
    # Under other rules the clock has no reason to act, and nobody else may.
    report = engine.replay(version("2.0.0", ("order", '"P7D"', '"P8D"')))
    assert steps(report.refused) == [("order", "remind")]
    assert rules(report) == ["process.order.transitions.remind.by"]


def test_somebody_from_outside_is_taken_to_be_of_the_firm_that_was_asked() -> None:
    """In which units an actor worked is not recorded: they had to be those that the step asked."""
    routine = load_routine(Path(__file__).parent / "packs" / "outside")
    anna = Actor("anna", roles={"coordinator"}, units={"north"})
    eva = Actor("eva", roles={"firm"}, units={"firm-ek"})
    with Engine.open(":memory:", routine=routine, clock=Clock()) as engine:
        who = {"actor": anna, "subject": "customer-17", "unit": "north"}
        engine.start("permit", "give", **who)
        engine.start("lock", "register", actor=anna, subject="PH1-001", unit="north")
        job = engine.start("job", "order", **who, form={"firm": "firm-ek"})
        engine.perform(job.id, "fit", actor=eva, form={"serial_number": "PH1-001"})
        report = engine.replay()
    assert (report.steps, report.allowed) == (4, 4)


# -- what is refused -------------------------------------------------------------------------------

MORNINGS = version("2.0.0", ("routine", '"08:00-16:00"', '"08:00-10:30"'))


def test_a_refused_step_is_told_with_its_rule() -> None:
    """What other rules refuse is told with the rule, its clauses and words; and what follows."""
    engine = opened()
    late = fitted(engine)
    early = order(engine, "customer-18")
    morning = {
        **BOOKING,
        "starts_at": "2026-03-03T08:00:00+01:00",
        "ends_at": "2026-03-03T09:00:00+01:00",
    }
    engine.perform(early.id, "book", actor=BO, form=morning)
    report = engine.replay(MORNINGS)
    assert (report.under, report.steps, report.allowed) == ("small@2.0.0", 10, 8)
    (refused,) = report.refused
    assert (refused.case_id, refused.version, refused.transition) == (late.id, 2, "book")
    assert (refused.subject, refused.actor, refused.routine) == (
        "customer-17",
        "bo",
        "small@1.0.0",
    )
    (reason,) = refused.reasons
    assert reason.rule == "process.order.transitions.book.guards.hours"
    assert reason.clauses == ("C2",)
    assert "08:00-10:30" in reason.text.en
    assert report.rules == {reason.rule: RuleCount(steps=1, cases=1)}
    (unplayed,) = report.unplayed
    assert (unplayed.transition, unplayed.reasons) == ("install", ())
    assert unplayed.follows == f"{late.id}/2"


def test_rules_are_counted_by_steps_and_cases() -> None:
    """A rule's count says how many steps it would refuse, and in how many cases."""
    engine = opened()
    for subject in ("customer-17", "customer-18"):
        booked(engine, subject)
    report = engine.replay(MORNINGS)
    assert report.rules == {
        "process.order.transitions.book.guards.hours": RuleCount(steps=2, cases=2)
    }


def test_what_looks_at_a_case_that_was_held_up_follows_from_it() -> None:
    """A step that is refused for want of a refused one is not counted as refused by itself."""
    engine = opened()
    case = order(engine)
    other = just_order(engine, door="back")
    (given,) = engine.cases(process="consent")
    report = engine.replay(
        version(
            "2.0.0",
            ("other", 'from = ["asked"]\nto = "received"\nby = ["coordinator"]',
             'from = ["asked"]\nto = "received"\nby = ["manager"]'),
        )
    )  # fmt: skip
    assert steps(report.refused) == [("consent", "receive")]
    assert rules(report) == ["process.consent.transitions.receive.by"]
    assert [(one.case_id, one.follows) for one in report.unplayed] == [
        (case.id, f"{given.id}/2"),
        (other.id, f"{given.id}/2"),
    ]
    assert [one.rule for one in report.unplayed[0].reasons] == [
        "process.order.transitions.order.guards.consent"
    ]


def test_what_is_refused_by_itself_though_it_looks_at_a_case_that_was_held_up() -> None:
    """What another rule refuses anyhow is refused by itself, and by that rule alone."""
    engine = opened()
    order(engine)
    report = engine.replay(
        version(
            "2.0.0",
            ("other", 'to = "received"\nby = ["coordinator"]', 'to = "received"\nby = ["manager"]'),
            (
                "order",
                "[process.order.transitions.order.guards.free]",
                "[process.order.transitions.order.guards.wood]\n"
                'kind = "one_of"\nvalue = "form.door_type"\nvalues = ["wood"]\n'
                'otherwise = { sv = "Trä.", en = "Wood." }\nclauses = ["C1"]\n\n'
                "[process.order.transitions.order.guards.free]",
            ),
        )
    )
    assert steps(report.refused) == [("consent", "receive"), ("order", "order")]
    assert rules(report) == [
        "process.consent.transitions.receive.by",
        "process.order.transitions.order.guards.wood",
    ]
    assert report.unplayed == ()


def test_a_case_that_was_never_opened_is_missed_too() -> None:
    """What would have opened a case and is refused holds up whatever asks for that case."""
    engine = opened()
    order(engine)
    report = engine.replay(
        version(
            "2.0.0",
            ("other", 'to = "asked"\nby = ["coordinator"]', 'to = "asked"\nby = ["manager"]'),
        )
    )
    assert steps(report.refused) == [("consent", "ask")]
    assert steps(report.unplayed) == [("consent", "receive"), ("order", "order")]


def test_a_case_that_would_have_been_driven_is_held_up() -> None:
    """The joint steps of a refused one are not made, so their cases cannot be judged on."""
    clock = Clock()
    engine = opened(clock=clock)
    case = fitted(engine)
    (hung,) = engine.cases(process="lock")
    reading = {"level": 80, "read_at": clock(), "source": "staff"}
    engine.perform(hung.id, "read_battery", actor=BO, form=reading)
    by = 'by = ["installer"]\nform = "installation"'
    report = engine.replay(version("2.0.0", ("order", by, by.replace("installer", "manager"))))
    assert steps(report.refused) == [("order", "install")]
    (unplayed,) = report.unplayed
    assert (unplayed.case_id, unplayed.follows) == (hung.id, f"{case.id}/3")


def test_a_step_that_is_gone() -> None:
    """A step or a process that the other rules do not have is told as that."""
    engine = opened()
    case = order(engine)
    engine.perform(case.id, "book", actor=BO, form=BOOKING)
    engine.start(
        "delivery", "order", actor=BO, subject="locks", unit="depot",
        form={"article_kind": "lock", "quantity": 2},
    )  # fmt: skip
    to = version("2.0.0", ("other", "process.delivery", "process.purchase"), *RENAMED)
    report = engine.replay(to)
    texts = [reason.text for one in report.refused for reason in one.reasons]
    assert rules(report) == ["engine.replay.process", "engine.replay.transition"]
    assert [text.en for text in texts] == [
        'small@2.0.0 has no step "Book a time" in "Order".',
        'small@2.0.0 has no process "Delivery".',
    ]
    assert [text.sv for text in texts] == [
        "small@2.0.0 har inget steg «Boka tid» i «Beställning».",
        "small@2.0.0 har ingen process «Leverans».",
    ]


def test_a_step_by_its_new_name() -> None:
    """A step that the pack says was renamed is given by its new name."""
    engine = opened()
    case = booked(engine)
    assert engine.replay(NEXT).refused == ()
    gone = version("2.0.0", *RENAMED, move=MOVE.replace('book = "agree"', 'book = ""'))
    assert steps(engine.replay(gone).refused) == [("order", "book")]
    engine.move(NEXT, actor=EVA)
    engine.perform(case.id, "agree", actor=BO, form=BOOKING)
    assert engine.replay(NEXT).refused == ()


NOTE = (
    '[form.remark]\nlabel = { sv = "Anm.", en = "Remark" }\n\n[form.remark.fields.note]\n'
    'type = "text"\nlabel = { sv = "Anm.", en = "Remark" }\n\n[form.remark.fields.called]\n'
    'type = "yes_no"\nlabel = { sv = "Uppringd", en = "Called" }\n'
)


def test_what_the_step_asks_for_and_was_not_given() -> None:
    """A field that the other rules require is missing in what was given, and that is told."""
    engine = opened()
    case = order(engine)
    engine.perform(case.id, "write_note", actor=ANNA, form={"note": "Called."})
    report = engine.replay(
        version("2.0.0", ("order", 'form = "note"', 'form = "remark"'), move=NOTE)
    )
    (refused,) = report.refused
    (reason,) = refused.reasons
    assert reason.rule == "process.order.transitions.write_note.form"
    assert reason.clauses == ("C4",)
    assert reason.text.en == (
        'What was given ("Write a note") is not what small@2.0.0 asks for: called.'
    )
    assert reason.text.sv == (
        "Det som uppgavs («Anteckna») är inte vad small@2.0.0 frågar efter: called."
    )


def test_what_the_step_does_not_ask_for_any_more_is_left_out() -> None:
    """A field that the other rules know nothing of is no reason to refuse; nor is a whole form."""
    engine = opened()
    case = booked(engine)
    engine.perform(case.id, "errand", actor=ANNA, form={"errand_number": "P-9"})
    less = version(
        "2.0.0",
        ("order", 'form = "errand"\n', ""),
        ("order", 'references = { supplier = "form.errand_number" }\n', ""),
    )
    report = engine.replay(less)
    assert (report.refused, report.unplayed) == ((), ())


# -- what cannot be judged -------------------------------------------------------------------------


def test_what_was_given_and_has_been_erased(tmp_path: Path) -> None:
    """Where personal data were erased that a step needs, it cannot be judged, and that is told."""
    path = tmp_path / "locks.db"
    with opened(path) as engine:
        case = booked(engine)
        other = booked(engine, "customer-18")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE events SET personal = NULL WHERE case_id = ?", (case.id,))
    with opened(path) as engine:
        report = engine.replay()
        assert report.refused == ()
        assert [(one.case_id, one.version) for one in report.unplayed] == [
            (case.id, 1),
            (case.id, 2),
        ]
        (reason,) = report.unplayed[0].reasons
        assert reason.rule == "engine.replay.erased"
        assert reason.text.en == (
            "The personal data that it was made with have been erased, so it cannot be judged."
        )
        assert reason.text.sv.startswith("Personuppgifterna som det gjordes med är raderade")
        assert report.unplayed[1].follows == f"{case.id}/1"
        assert engine.case(other.id).state == "booked"


def test_a_database_that_is_not_whole_is_not_judged(tmp_path: Path) -> None:
    """Where an event is not as it was recorded, nothing is said of what would have been."""
    path = tmp_path / "locks.db"
    with opened(path) as engine:
        case = booked(engine)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE events SET body = replace(body, 'booked', 'fitted') WHERE case_id = ?",
            (case.id,),
        )
    with opened(path) as engine, pytest.raises(StoreError) as error:
        engine.replay()
    assert str(error.value) == f"The event {case.id}/2 is not as it was recorded."


def test_rules_that_are_gone_are_told_by_name() -> None:
    """An event whose own rules are not in the database is given again; names stand for words."""
    engine = opened()
    booked(engine)
    with engine.store.writing() as transaction:
        tables = transaction._tables  # type: ignore[attr-defined]
        tables.events[:] = [
            attrs.evolve(event, routine="small@0.9.0", hash=attrs.NOTHING)
            for event in tables.events
        ]
    assert engine.replay().refused == ()
    to = version(
        "2.0.0",
        ("other", "process.consent", "process.yes"),
        ("order", 'process = "consent"', 'process = "yes"'),
    )
    report = engine.replay(to)
    assert [reason.text.en for one in report.refused for reason in one.reasons] == [
        'small@2.0.0 has no process "consent".',
        "The consent is missing.",
    ]


# -- moved cases -----------------------------------------------------------------------------------


def test_a_move_is_no_step() -> None:
    """A case that was moved has run under the other rules from its beginning."""
    clock = Clock()
    engine = opened(clock=clock)
    case = booked(engine)
    clock.pass_(days=1)
    asking = MOVE.replace('"agreed"', '["agreed", "ordered"]')
    to = version("2.0.0", *RENAMED, move=asking)
    engine.move(to, actor=EVA, decisions={case.id: "ordered"})
    engine.perform(case.id, "write_note", actor=ANNA, form={"note": "Called."})
    report = engine.replay(to)
    assert (report.steps, report.refused) == (5, ())


def test_the_state_that_was_chosen_for_a_moved_case() -> None:
    """A case that a move brought to another state, or to an end, goes on from there."""
    ends = version("2.0.0", move='[move.consent]\nstates = { received = "withdrawn" }')
    engine = opened()
    consent(engine)
    engine.move(ends, actor=EVA)
    with Engine(engine.store, routine=ends, clock=Clock()) as after:
        consent(after)
        report = after.replay(ends)
    assert (report.steps, report.refused, report.unplayed) == (4, (), ())


def test_a_move_of_a_case_that_was_held_up() -> None:
    """A case that stands still in the replay is not moved in it, and nothing more is judged."""
    engine = opened()
    case = booked(engine)
    to = version("2.0.0", *RENAMED, ("routine", '"08:00-16:00"', '"08:00-10:30"'), move=MOVE)
    engine.move(to, actor=EVA)
    engine.perform(case.id, "cancel", actor=ANNA)
    report = engine.replay(to)
    assert steps(report.refused) == [("order", "book")]
    assert steps(report.unplayed) == [("order", "cancel")]


def test_cases_that_are_opened_jointly_keep_their_ids() -> None:
    """What was done later with a case that another one opened is given to that case again."""
    engine = opened()
    form = {"article_kind": "lock", "quantity": 2}
    start = {"actor": BO, "subject": "locks", "unit": "depot", "form": form}
    bought = engine.start("delivery", "order", **start)
    engine.move(version("2.0.0"), actor=EVA)
    came = {
        "delivered": 2,
        "serial_numbers": ["PH1-001", "PH1-002"],
        "model": "X1",
        "fits": ["euro"],
    }
    engine.perform(bought.id, "deliver", actor=BO, form=came)
    for one in engine.cases(process="lock"):
        engine.perform(one.id, "scrap", actor=BO)
    report = engine.replay(ROUTINE)
    assert (report.steps, report.refused, report.unplayed) == (4, (), ())


# -- nothing else ----------------------------------------------------------------------------------


def test_nothing_is_written(tmp_path: Path) -> None:
    """A replay keeps nothing: no event, no count of refusals, not even the text of the rules."""
    engine = opened(tmp_path / "locks.db")
    booked(engine)
    before = everything(engine)
    assert engine.replay(MORNINGS).refused
    assert everything(engine) == before


def test_how_far_it_is_is_told() -> None:
    """After each command it is told how many were given, of how many."""
    engine = opened()
    order(engine)
    told: list[tuple[int, int]] = []
    engine.replay(tell=lambda done, whole: told.append((done, whole)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_another_text_under_one_version_is_refused() -> None:
    """Rules that the store knows otherwise under the same version are refused by both digests."""
    engine = opened()
    order(engine)
    changed = version("1.0.0")
    with pytest.raises(RulesError) as error:
        engine.replay(changed)
    assert str(error.value) == (
        f"routine.toml: version: the store knows another text of small@1.0.0 "
        f"({ROUTINE.source.digest[:12]}, here {changed.source.digest[:12]}; not the same: "
        "routine.toml); give the changed pack a new version"
    )
