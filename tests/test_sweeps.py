"""Standing checks: what they find, on whose list it stands, and that it settles itself."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from attrs import frozen

from lockroutine import Actor, Case, Engine, Refused, StoreError, load_routine
from lockroutine.rules.guards import Finding, Found, Guard
from lockroutine.rules.reader import Kinds, Source
from lockroutine.rules.scene import Scene
from lockroutine.stores import MemoryStore
from lockroutine.sweeping import SweepCount
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    MONDAY,
    SOUTH,
    Clock,
    consent,
    fitted,
    just_order,
    lock,
    opened,
    order,
    permission,
    problems,
)
from sweepingpack import FINDING, UNPAIRED, UNREAD, WITHOUT_CONSENT, changed, sweeping


@pytest.fixture(params=["memory", "file"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return ":memory:" if request.param == "memory" else str(tmp_path / "locks.db")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def swept(
    clock: Clock,
    *changes: tuple[str, str, str],
    sweeps: str = UNPAIRED + WITHOUT_CONSENT,
    where: str = ":memory:",
) -> Engine:
    return opened(where, load_routine(sweeping(*changes, sweeps=sweeps)), clock)


def withdraw(engine: Engine, subject: str = "customer-17") -> None:
    (case,) = engine.cases(process="consent", subject=subject, is_open=True)
    engine.perform(case.id, "withdraw", actor=ANNA)


def findings(engine: Engine, state: str = "open") -> list[tuple[object, str]]:
    found = engine.cases(process="finding", state=state)
    return sorted((case.value("sweep"), case.subject) for case in found)


def counts(engine: Engine) -> tuple[int, int, int]:
    report = engine.sweep()
    assert not report.problems
    return report.found, report.settled, report.standing


# -- what is found --------------------------------------------------------------------------------


def test_a_finding_comes_and_goes(where: str, clock: Clock) -> None:
    """What a sweep finds becomes a case, once, and is settled by itself when it is so no more."""
    with swept(clock, where=where) as engine:
        case = order(engine)
        assert counts(engine) == (0, 0, 0)
        withdraw(engine)
        report = engine.sweep()
        assert (report.found, report.settled, report.standing) == (1, 0, 1)
        assert report.sweeps == {
            "unpaired": SweepCount(),
            "without_consent": SweepCount(found=1, standing=1),
        }
        (finding,) = engine.cases(process="finding")
        assert (finding.subject, finding.state, finding.unit) == ("customer-17", "open", "north")
        assert finding.data == {
            "sweep": "without_consent",
            "case_id": case.id,
            "unjudged": (),
        }
        assert engine.history(finding.id)[0].roles == ("sweep",)
        assert counts(engine) == counts(engine) == (0, 0, 1)
        consent(engine)
        assert counts(engine) == (0, 1, 0)
        assert engine.case(finding.id).state == "settled"
        withdraw(engine)
        assert counts(engine) == (1, 0, 1)
        assert findings(engine) == [("without_consent", "customer-17")]
        assert engine.verify().whole
        assert engine.figures().open_cases["finding", "open"] == 1


def test_a_finding_stands_on_a_list(clock: Clock) -> None:
    """A finding stands on the list of its process's roles, in its unit, by the sweep's label."""
    with swept(clock) as engine:
        order(engine)
        withdraw(engine)
        engine.sweep()
        (item,) = engine.worklist(actor=ANNA)
        assert (item.label.sv, item.label.en) == (
            "Kunden har inget samtycke",
            "The customer has no consent",
        )
        assert item.clauses == ("C1",)
        assert item.transitions == ("note",)
        assert item.due_at == MONDAY + dt.timedelta(days=7)
        assert len(engine.worklist(actor=SOUTH)) == 0
        note = engine.perform(item.case.id, "note", actor=ANNA, form={"note": "On it."})
        assert note.state == "open"
        assert len(engine.worklist(actor=ANNA)) == 1


def test_the_end_of_a_case_settles_its_findings(clock: Clock) -> None:
    """A case that has ended, or left the states that are looked at, is found no longer."""
    with swept(clock) as engine:
        case = order(engine)
        withdraw(engine)
        assert counts(engine) == (1, 0, 1)
        engine.perform(case.id, "cancel", actor=ANNA)
        assert counts(engine) == (0, 1, 0)


def test_one_finding_for_each_sweep_and_case(clock: Clock) -> None:
    """Two cases of one subject are found each, and one case by each sweep that finds it."""
    twice = changed(WITHOUT_CONSENT, ("sweep.without_consent", "sweep.again"))
    with swept(clock, sweeps=WITHOUT_CONSENT + twice) as engine:
        order(engine)
        just_order(engine, door="back")
        withdraw(engine)
        assert counts(engine) == (4, 0, 4)
        assert counts(engine) == (0, 0, 4)


def test_after_so_long_in_the_state(clock: Clock) -> None:
    """With ``after``, a case is found only when it has been so long in its state."""
    with swept(clock) as engine:
        fitted(engine)
        clock.at = MONDAY + dt.timedelta(days=2, seconds=-1)
        assert counts(engine) == (0, 0, 0)
        clock.pass_(seconds=1)
        assert counts(engine) == (1, 0, 1)
        assert findings(engine) == [("unpaired", "PH1-001")]


@pytest.mark.parametrize("what", ["pair", "level"])
def test_one_excuse_is_enough(clock: Clock, what: str) -> None:
    """Of the guards in ``unless``, one that holds excuses the case."""
    with swept(clock) as engine:
        permission(engine)
        case = fitted(engine)
        clock.pass_(days=3)
        assert counts(engine) == (1, 0, 1)
        if what == "pair":
            engine.perform(case.id, "pair", actor=ANNA, form={"serial_number": "PH1-001"})
        else:
            (found,) = engine.cases(process="lock")
            form = {"level": 95, "read_at": clock.at, "source": "app"}
            engine.perform(found.id, "read_battery", actor=BO, form=form)
        assert counts(engine) == (0, 1, 0)


def test_an_excuse_that_does_not_apply_excuses_nothing(clock: Clock) -> None:
    """A guard with ``when`` counts only then; where it does not apply, it is no excuse."""
    only = changed(UNPAIRED, ('transitions = ["pair"]', 'transitions = ["scrap"]'))
    with swept(clock, sweeps=only) as engine:
        fitted(engine)
        clock.pass_(days=3)
        assert counts(engine) == (1, 0, 1)  # there is no level to look at


@pytest.mark.parametrize(
    ("at", "days"), [('at = "read_at"', 5), ('at = "battery_changed_at"', 2), ("", 2)]
)
def test_counted_from_a_field(clock: Clock, at: str, days: int) -> None:
    """Time is counted from the field too, if that is later; where it is missing, from the state."""
    changed_at = (
        "lock",
        'sets = { paired_with = "case.customer" }',
        'sets = { paired_with = "case.customer", battery_changed_at = "event.happened_at" }',
    )
    since = changed(UNPAIRED, ('after = "P2D"', f'after = "P2D"\n{at}'))
    with swept(clock, changed_at, sweeps=since) as engine:
        fitted(engine)
        clock.pass_(days=3)
        (case,) = engine.cases(process="lock")
        form = {"level": 50, "read_at": clock.at, "source": "app"}
        engine.perform(case.id, "read_battery", actor=BO, form=form)
        clock.at = max(MONDAY + dt.timedelta(days=days, seconds=-1), clock.at)
        assert counts(engine)[0] == (0 if days > 3 else 1)
        clock.at = MONDAY + dt.timedelta(days=days + 1)
        assert counts(engine)[2] == 1


def test_an_old_time_does_not_count(clock: Clock) -> None:
    """A time from before the case came into its state is not what is counted from."""
    since = changed(UNPAIRED, ('after = "P2D"', 'after = "P2D"\nat = "read_at"'))
    with swept(clock, sweeps=since) as engine:
        case = lock(engine)
        form = {"level": 50, "read_at": clock.at, "source": "app"}
        engine.perform(case.id, "read_battery", actor=BO, form=form)
        ordered = order(engine)
        engine.perform(ordered.id, "book", actor=BO, form=BOOKING)
        clock.pass_(days=30)
        engine.perform(ordered.id, "install", actor=BO, form={"serial_number": "PH1-001"})
        assert counts(engine) == (0, 0, 0)
        clock.pass_(days=2)
        assert counts(engine) == (1, 0, 1)


def test_counted_from_due(clock: Clock) -> None:
    """What has been overdue for long can be looked for."""
    overdue = changed(
        WITHOUT_CONSENT,
        ('states = ["ordered", "booked", "fitted"]', 'states = ["ordered"]\nat = "due"'),
        ('opens = "finding.find"', 'opens = "finding.find"\nafter = "1 working day"'),
    )
    with swept(clock, sweeps=overdue[: overdue.index("[sweep.without_consent.unless")]) as engine:
        order(engine)
        clock.at = MONDAY + dt.timedelta(days=15, seconds=-1)
        assert counts(engine) == (0, 0, 0)
        clock.pass_(seconds=1)
        assert counts(engine) == (1, 0, 1)


# -- what cannot be judged ------------------------------------------------------------------------


def test_what_cannot_be_judged_is_found(clock: Clock) -> None:
    """A lock that was never read cannot be judged: it is found, and its finding says so."""
    with swept(clock, sweeps=UNREAD) as engine:
        case = lock(engine)
        assert counts(engine) == (1, 0, 1)
        (finding,) = engine.cases(process="finding")
        assert finding.value("unjudged") == ("fresh",)
        lead = Actor("lead", roles={"coordinator"}, units={"depot"})
        (item,) = engine.worklist(actor=lead)
        assert item.label.sv == "Batteriet är inte avläst (kan inte bedömas)"
        assert item.label.en == "The battery is not read (cannot be judged)"
        form = {"level": 95, "read_at": clock.at, "source": "app"}
        engine.perform(case.id, "read_battery", actor=BO, form=form)
        assert counts(engine) == (0, 1, 0)
        clock.pass_(days=8)
        assert counts(engine) == (1, 0, 1)
        (item,) = engine.worklist(actor=lead)
        assert item.label.en == "The battery is not read"


def test_a_time_that_is_none_is_found(clock: Clock) -> None:
    """Where what time is counted from is no time, the case is found, and its finding says so."""
    never = (
        "lock",
        "[process.lock.transitions.scrap]",
        "[process.lock.transitions.forget]\n"
        'label = { sv = "Glöm", en = "Forget" }\nfrom = ["mounted"]\nby = ["installer"]\n'
        'sets = { changed_at = "text.never" }\nclauses = ["C3"]\n\n'
        "[process.lock.transitions.scrap]",
    )
    at_times = ("lock", 'clears = ["paired_with"]', 'sets = { changed_at = "event.happened_at" }')
    since = changed(UNPAIRED, ('after = "P2D"', 'after = "P2D"\nat = "changed_at"'))
    with swept(clock, never, at_times, sweeps=since) as engine:
        fitted(engine)
        assert counts(engine) == (0, 0, 0)
        (case,) = engine.cases(process="lock")
        engine.perform(case.id, "forget", actor=BO)
        assert counts(engine) == (1, 0, 1)
        (finding,) = engine.cases(process="finding")
        assert finding.value("unjudged") == ("changed_at",)


@frozen(kw_only=True)
class Broken(Guard):
    """A guard that raises whatever is looked at."""

    kind = "broken"

    def judge(self, scene: Scene, found: Found) -> Finding | None:
        raise ZeroDivisionError


def test_a_guard_that_breaks_excuses_nothing(clock: Clock) -> None:
    """A guard kind of a plugin that raises finds the case, and the round goes on."""
    sweeps = changed(UNREAD, ('kind = "time_window"', 'kind = "broken"'))
    sweeps = sweeps.replace('value = "case.read_at"\nnot_older_than = "fresh"\n', "")
    routine = load_routine(sweeping(sweeps=sweeps), kinds=Kinds(guards=(Broken,)))
    with opened(routine=routine, clock=clock) as engine:
        lock(engine)
        lock(engine, "PH1-002")
        assert counts(engine) == (2, 0, 2)
        assert [case.value("unjudged") for case in engine.cases(process="finding")] == [
            ("fresh",),
            ("fresh",),
        ]


# -- one round ------------------------------------------------------------------------------------


def test_a_round_goes_by_pages(where: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many cases there are, all are looked at, some at a time."""
    monkeypatch.setattr("lockroutine.sweeping.MOST", 2)
    with swept(clock, where=where, sweeps=UNREAD) as engine:
        for number in range(7):
            lock(engine, f"PH1-00{number}")
        assert counts(engine) == (7, 0, 7)
        assert counts(engine) == (0, 0, 7)
        form = {"level": 95, "read_at": clock.at, "source": "app"}
        for case in engine.cases(process="lock"):
            engine.perform(case.id, "read_battery", actor=BO, form=form)
        assert counts(engine) == (0, 7, 0)


def test_one_bad_case_holds_up_no_other(clock: Clock) -> None:
    """What cannot be written is told, with its case, and everything else is written."""
    unlucky = changed(
        FINDING,
        (
            "[process.finding.transitions.settle]",
            "[process.finding.transitions.find.guards.luck]\n"
            'kind = "differs"\nvalue = "case.subject"\nother = "text.PH1-002"\n'
            'otherwise = { sv = "Otur.", en = "Bad luck." }\nclauses = ["C3"]\n\n'
            "[process.finding.transitions.settle]",
        ),
    )
    source = sweeping(sweeps=UNREAD)
    files = {**source.files, "finding.toml": unlucky + UNREAD}
    with opened(routine=load_routine(Source("unlucky", files)), clock=clock) as engine:
        for number in range(4):
            lock(engine, f"PH1-00{number}")
        (bad,) = engine.cases(process="lock", subject="PH1-002")
        try:
            with structlog.testing.capture_logs() as logged:
                report = engine.sweep()
        finally:
            structlog.reset_defaults()
        assert (report.found, report.standing) == (3, 3)
        assert report.problems == (f"unread: lock {bad.id}: Bad luck. [C3]",)
        (entry,) = (one for one in logged if one["event"] == "sweep_not_made")
        assert (entry["case"], entry["sweep"], entry["error"]) == (bad.id, "unread", "Refused")
        assert engine.sweep().problems == report.problems


class Failing(MemoryStore):
    """A store that fails after so many more changes."""

    left = 1000

    def writing(self) -> Any:
        if self.left <= 0:
            raise StoreError("The disk is full.")
        self.left -= 1
        return super().writing()


def test_a_round_that_was_broken_off_is_made_again(clock: Clock) -> None:
    """What was found before the round broke off is kept, and the next one finds the rest."""
    store = Failing()
    engine = Engine(store, routine=load_routine(sweeping(sweeps=UNREAD)), clock=clock)
    with engine:
        for number in range(4):
            lock(engine, f"PH1-00{number}")
        store.left = 2
        with pytest.raises(StoreError, match="disk is full"):
            engine.sweep()
        assert len(findings(engine)) == 2
        store.left = 100
        assert counts(engine) == (2, 0, 4)
        assert engine.verify().whole


def between(engine: Engine, monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Have something done once, between the reading of a case and the writing of its finding."""
    make, left = engine._performer.make, [do]

    def later(choose: Any) -> bool:
        if left:
            left.pop()()
        return make(choose)

    monkeypatch.setattr(engine._performer, "make", later)


def test_each_case_is_judged_when_it_is_written(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody settles, or breaks, in the middle of a round is seen in it."""
    with swept(clock) as engine:
        order(engine)
        withdraw(engine)
        between(engine, monkeypatch, lambda: consent(engine))
        assert counts(engine) == (0, 0, 0)
        withdraw(engine)
        monkeypatch.undo()
        assert counts(engine) == (1, 0, 1)
        consent(engine)
        between(engine, monkeypatch, lambda: withdraw(engine))
        assert counts(engine) == (0, 0, 1)
        monkeypatch.undo()
        consent(engine)
        between(engine, monkeypatch, engine.sweep)  # somebody else was quicker
        assert counts(engine) == (0, 0, 0)
        withdraw(engine)
        between(engine, monkeypatch, engine.sweep)
        assert counts(engine) == (0, 0, 1)


def test_two_rounds_at_once_find_nothing_twice(tmp_path: Path, clock: Clock) -> None:
    """Several processes may make a round at the same time: each case is found once."""
    path = str(tmp_path / "locks.db")
    routine = load_routine(sweeping(sweeps=UNREAD))
    with opened(path, routine, clock) as engine:
        for number in range(20):
            lock(engine, f"PH1-0{number:02}")
        totals: list[int] = []

        def make() -> None:
            with opened(path, routine, clock) as other:
                totals.append(other.sweep().found)

        threads = [threading.Thread(target=make) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(totals) == 20
        assert len(findings(engine)) == 20
        assert engine.verify().whole


def test_a_sweep_that_is_no_more(clock: Clock, tmp_path: Path) -> None:
    """When a new version drops or renames a sweep, its findings are settled, and found anew."""
    path = str(tmp_path / "locks.db")
    with opened(path, load_routine(sweeping(sweeps=UNREAD)), clock) as engine:
        lock(engine)
        assert counts(engine) == (1, 0, 1)
    renamed = changed(UNREAD, ("sweep.unread", "sweep.not_read"))
    version = ("routine", 'version = "1.0.0"', 'version = "1.1.0"')
    with opened(path, load_routine(sweeping(version, sweeps=renamed)), clock) as engine:
        assert counts(engine) == (1, 1, 1)
        assert findings(engine) == [("not_read", "PH1-001")]
        assert findings(engine, "settled") == [("unread", "PH1-001")]
        assert engine.verify().whole


def test_nothing_to_check(clock: Clock) -> None:
    """A pack without sweeps has nothing to look for."""
    with opened(clock=clock) as engine:
        lock(engine)
        report = engine.sweep()
        assert (report.found, report.settled, report.standing, report.sweeps) == (0, 0, 0, {})


# -- who may --------------------------------------------------------------------------------------


def test_nobody_finds_or_settles_by_hand(clock: Clock) -> None:
    """What only a sweep does is refused to everybody, with why, in both languages."""
    with swept(clock) as engine:
        order(engine)
        withdraw(engine)
        engine.sweep()
        (finding,) = engine.cases(process="finding")
        for actor in (ANNA, Actor("eve", roles={"coordinator", "sweep"}, units={"north"})):
            with pytest.raises(Refused) as error:
                engine.perform(finding.id, "settle", actor=actor)
            (reason,) = error.value.verdict.reasons
            assert reason.rule == "process.finding.transitions.settle.by"
            assert reason.text.sv == (
                "Detta (Det är avhjälpt) kommer bara med vad en stående kontroll hittar."
            )
            assert reason.text.en == (
                "This (It is settled) only comes with what a standing check finds."
            )


def test_the_engine_of_one_routine_sweeps_the_cases_of_another(
    tmp_path: Path, clock: Clock
) -> None:
    """The checks are those of the engine's routine, whatever version a case runs under."""
    path = str(tmp_path / "locks.db")
    with opened(path, clock=clock) as engine:  # no checks yet
        case: Case = order(engine)
        withdraw(engine)
    version = ("routine", 'version = "1.0.0"', 'version = "2.0.0"')
    with opened(path, load_routine(sweeping(version)), clock) as engine:
        assert counts(engine) == (1, 0, 1)
        assert engine.case(case.id).routine == "small@1.0.0"
        assert findings(engine) == [("without_consent", "customer-17")]


# -- what is wrong in a pack ----------------------------------------------------------------------


def wrong(sweeps: str, *changes: tuple[str, str]) -> list[str]:
    """What is said of the pack with these changes, without file and line."""
    text = changed(FINDING + sweeps, *changes)
    return [line.split(": ", 1)[1] for line in problems(finding=text)]


STRAY = """
[process.finding.states.stray]
label = { sv = "Bortkommen", en = "Stray" }

[process.finding.transitions.stray]
label = { sv = "Kom bort", en = "Go astray" }
from = ["open", "stray"]
to = "stray"
by = ["coordinator"]
clauses = ["C3"]

[process.finding.transitions.come_back]
label = { sv = "Kom tillbaka", en = "Come back" }
from = ["stray"]
to = "open"
by = ["coordinator"]
clauses = ["C3"]

"""
BY_ROLE = 'kind = "by_role"\nvalue = "case.model"\nallowed = { coordinator = ["X1"] }'
NOT_ONESELF = 'kind = "differs"\nvalue = "actor.id"\nother = "case.subject"'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('process = "lock"', 'process = "locks"'), "process: there is no process 'locks'"),
        (('"mounted"', '"mountd"'), "states: there is no state 'mountd'; did you mean"),
        (('["mounted"]', "[]"), "states: must name at least one state"),
        (('"mounted"', '"scrapped"'), "states: scrapped is an end, and sweeps look at open cases"),
        (('after = "P2D"', 'after = "2 days"'), "after: is not a duration; write it like P14D"),
        (('after = "P2D"', 'at = "model"'), "at: 'model' holds no time"),
        (('after = "P2D"', 'at = "modell"'), "at: there is no field 'modell'; did you mean"),
        (('after = "P2D"', 'at = "due"'), "at: the state 'mounted' has no due to count from"),
        (('["C4"]', "[]"), "names no clause and no gap that it rests on"),
        (('["C4"]', '["C9"]'), "clauses: there is no clause 'C9'"),
        (('en = "The lock is not paired"', 'en = " "'), "label.en: must not be blank"),
        (
            ('value = "case.level"\nlimit', 'value = "form.level"\nlimit'),
            "unless.charged: there is no",
        ),
        (('"case.level"\nlimit', '"case.model"\nlimit'), "case.model is not a whole number"),
        (('transitions = ["pair"]', 'transitions = ["par"]'), "there is no transition 'par'"),
        (('"finding.find"', '"finding.fond"'), "opens: there is no step 'finding.fond'; did you"),
        (('"finding.find"', '"lock.register"'), 'lock.register must have "sweep" among its by'),
        (('"finding.find"', '"finding.note"'), "finding.note must open a case, with the form"),
        (('"finding.settle"', '"lock.scrap"'), "settles: must be a step of finding, like opens"),
        (('"finding.settle"', '"finding.note"'), "settles: finding.note must take no form"),
        (
            ('one_open_per = ["subject", "sweep", "case_id"]', 'one_open_per = ["subject"]'),
            "opens: process.finding must have one_open_per with sweep and case_id",
        ),
        (
            ("[process.finding.states.settled]", STRAY + "[process.finding.states.settled]"),
            "settles: finding.settle must be possible from stray",
        ),
        (
            ('kind = "done"\ntransitions = ["pair"]', BY_ROLE),
            "unless.paired: looks at who makes a step, and here nobody does",
        ),
        (
            ('kind = "done"\ntransitions = ["pair"]', NOT_ONESELF),
            "unless.paired: looks at who makes a step, and here nobody does",
        ),
    ],
)
def test_a_sweep_that_is_wrong(change: tuple[str, str], words: str) -> None:
    """What is wrong in a sweep is told when the pack is read, with what to write instead."""
    found = wrong(UNPAIRED, change)
    assert any(words in line for line in found), found


def test_a_sweep_that_would_find_everything() -> None:
    """A sweep that neither waits nor excuses anything is a mistake."""
    bare = UNPAIRED[: UNPAIRED.index("[sweep.unpaired.unless.paired]")]
    assert wrong(bare, ('after = "P2D"\n', "")) == [
        'sweep.unpaired: needs unless or after; where no case may be at all, write after = "PT0M"'
    ]


def test_a_sweep_by_a_due_that_is_also_a_field() -> None:
    """Where a field is called ``due``, too, it cannot be told which time is meant."""
    named = (
        "order",
        'sets = { fitted_by = "actor.id"',
        'sets = { due = "text.x", fitted_by = "actor.id"',
    )
    by_due = changed(WITHOUT_CONSENT, ('"ordered", "booked", "fitted"]', '"ordered"]\nat = "due"'))
    found = problems(named, finding=FINDING + by_due)
    assert [line.split(": ", 1)[1] for line in found] == [
        "sweep.without_consent.at: a field is called 'due', too; give it another name"
    ]
