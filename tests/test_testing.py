"""What the library gives to those who test with it: the clock, scenarios, the pytest plugin."""

from __future__ import annotations

import contextlib
import datetime as dt
import pickle
import socket
import struct
import time
import urllib.request
from pathlib import Path
from textwrap import dedent

import attrs
import pytest

from lockroutine import Engine, InvalidForm, LockroutineError, load_routine
from lockroutine.rules.calendar import Calendar
from lockroutine.testing import (
    Person,
    Scenario,
    ScenarioError,
    ScenarioFailed,
    ScenarioStep,
    StoppedClock,
    check_scenario,
    coverage,
    inventory,
    local_time,
    read_scenario,
    read_scenarios,
    run_scenario,
)
from lockroutine.testing.desk import Desk
from lockroutine.testing.easit import EasitStandIn

STOCKHOLM = Calendar("Europe/Stockholm")
MONDAY = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
GRANT = """
    [[step]]
    who = "care_assessor"
    does = "consent.grant_service"
"""


def written(folder: Path, text: str, name: str = "one.toml", head: str = "") -> Path:
    path = folder / name
    top = 'title = "One"\nabout = "customer-17"\n'
    path.write_text(top + dedent(head) + dedent(text), "utf-8")
    return path


def read(folder: Path, text: str, **more: str) -> Scenario:
    return read_scenario(written(folder, text, **more))


def problems(folder: Path, text: str, **more: str) -> str:
    """What is said of a scenario when it is read and held against the bundled routine."""
    try:
        found = check_scenario(read(folder, text, **more), load_routine())
    except ScenarioError as error:
        return str(error)
    return "\n".join(map(str, found))


def failure(folder: Path, text: str, **more: str) -> ScenarioFailed:
    with pytest.raises(ScenarioFailed) as caught:
        run_scenario(read(folder, text, **more), load_routine())
    return caught.value


# -- the clock ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02 10:00", "2026-03-02T10:00:00+01:00"),
        ("2026-03-02T10:00", "2026-03-02T10:00:00+01:00"),
        ("Monday 2026-03-02 10.00", "2026-03-02T10:00:00+01:00"),
        ("måndag, 2026-03-02 10:00", "2026-03-02T10:00:00+01:00"),
        ("10:00", "2026-03-02T10:00:00+01:00"),
        ("09:59", "2026-03-03T09:59:00+01:00"),
        ("monday 09:00", "2026-03-09T09:00:00+01:00"),
        ("sunday 03:00", "2026-03-08T03:00:00+01:00"),
        ("2026-07-01 10:00", "2026-07-01T10:00:00+02:00"),
    ],
)
def test_local_times_are_read_as_people_write_them(text, expected):
    """Dates, days of the week in two languages and bare hours are local times."""
    assert local_time(text, STOCKHOLM, MONDAY).isoformat() == expected


def test_local_times_are_read_backwards_too():
    """A day or an hour without a date can be the last one instead of the next."""
    read_back = [local_time(t, STOCKHOLM, MONDAY, back=True) for t in ("11:00", "monday 09:00")]
    assert [at.isoformat() for at in read_back] == [
        "2026-03-01T11:00:00+01:00",
        "2026-03-02T09:00:00+01:00",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soon", "is no local time; write it like 2026-03-02 10:00"),
        ("25:00", "is no local time"),
        ("2026-02-30 10:00", "is no local time"),
        ("someday 10:00", "names no day of the week"),
        ("tuesday 2026-03-02 10:00", "is wrong: 2026-03-02 is a monday"),
    ],
)
def test_what_is_no_local_time_is_refused(text, words):
    """What is no time, or a date on another day of the week, is refused in words."""
    with pytest.raises(InvalidForm, match=words):
        local_time(text, STOCKHOLM, MONDAY)


def test_a_stopped_clock_stands_until_it_is_moved():
    """The clock moves by set and advance only; a day is a day also when the clocks change."""
    clock = StoppedClock("saturday 2026-03-28 10:00")
    assert clock() == clock()
    clock.advance("P1D")
    assert clock.local().isoformat() == "2026-03-29T10:00:00+02:00"
    clock.advance(hours=1, minutes=30)
    assert clock.local().time() == dt.time(11, 30)
    clock.set(MONDAY)
    assert clock() == MONDAY
    assert repr(clock) == "<StoppedClock 2026-03-02 10:00>"
    with pytest.raises(InvalidForm, match="has no time zone"):
        clock.set(dt.datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001
    with pytest.raises(InvalidForm, match="is not a duration"):
        clock.advance("a while")


# -- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[[step]]\nwho = "anna"\nstat = "x"',
            "one.toml:5: step 1: stat: unknown key; did you mean 'state'?",
        ),
        ("[[step]]\nwho = 5", "one.toml:4: step 1: who: must be text, not a whole number"),
        ('[[step]]\nrefused = "by"', "one.toml:4: step 1: refused: must be a list, not text"),
        ("[[step]]\n[step.worklist]\nbo = 5", "step 1: worklist.bo: must be a list"),
        ("[actors.bo]\nunits = []\n" + dedent(GRANT), "one.toml:3: actors.bo.roles: is missing"),
        ("after = 5", "one.toml:3: after: must be a list, not a whole number"),
        ("", "one.toml: step: is missing"),
        ("step = []", "one.toml:3: step: must be there at least once, and at most 500 times"),
        ("[[step", "is not TOML"),
    ],
)
def test_a_wrong_scenario_is_told_with_file_line_and_step(tmp_path, text, words):
    """What is wrong with a file is said with its line, its step and the nearest word."""
    assert words in problems(tmp_path, text)


def test_all_problems_of_a_file_come_at_once(tmp_path):
    """Problems of several steps are told together."""
    said = problems(tmp_path, '[[step]]\nwho = 5\n[[step]]\nat = 5\nnotes = ""')
    assert said.count("\n") == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff", "is not UTF-8"), (b"a = " + b"[" * 5000, "is nested too deeply|is not TOML")],
)
def test_what_is_no_text_is_refused(tmp_path, content, words):
    """A file that is no UTF-8, or a nested bomb, is refused in words."""
    path = tmp_path / "one.toml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=words):
        read_scenario(path)


def test_files_that_are_not_there_are_named(tmp_path):
    """A missing file or folder is named; a folder tells the problems of all its files."""
    with pytest.raises(ScenarioError, match=r"none\.toml: cannot be read"):
        read_scenario(tmp_path / "none.toml")
    with pytest.raises(ScenarioError, match="is no folder"):
        read_scenarios(tmp_path / "none")
    written(tmp_path, "a = 1", "a.toml")
    written(tmp_path, "b = 1", "b.toml")
    with pytest.raises(ScenarioError) as caught:
        read_scenarios(tmp_path)
    assert {problem.file for problem in caught.value.problems} == {"a.toml", "b.toml"}
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


def test_scenarios_come_after_others(tmp_path):
    """``after`` plays other files first, each once, with their people, forms and named cases."""
    written(tmp_path, GRANT + '    as = "offer"\n', "first.scenario.toml")
    written(
        tmp_path,
        GRANT.replace("service", 'service"\nabout = "b'),
        "second.toml",
        head='after = ["first"]\n',
    )
    last = """
        [[step]]
        who = "care_assessor"
        does = "consent.leave_form"
        case = "offer"
        state = "form_left"
    """
    scenario = read(tmp_path, last, name="last.toml", head='after = ["first", "second"]\n')
    result = run_scenario(scenario, load_routine())
    assert [step.step for step in result.before] == [
        "step 1 (care_assessor consent.grant_service)",
        "step 1 (care_assessor consent.grant_service)",
    ]
    assert result.exercised.transitions == {"process.consent.transitions.leave_form"}


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ("frist", "after: there is no scenario 'frist' in this folder; did you mean 'first'?"),
        ("first", "after: one comes after first comes after one: that goes in a circle"),
        ("one", "after: one comes after one: that goes in a circle"),
    ],
)
def test_what_cannot_come_before_is_told(tmp_path, after, words):
    """A missing file and a circle are told with the names in it."""
    written(tmp_path, GRANT, "first.toml", head='after = ["one"]\n')
    assert words in problems(tmp_path, GRANT, head=f'after = ["{after}"]\n')


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            'does = "mountng.order"',
            "step 1: does: There is no process 'mountng'. Did you mean 'mounting'?",
        ),
        (
            'does = "mounting.ordr"',
            "does: There is no transition of mounting 'ordr'. Did you mean 'order'?",
        ),
        ('does = "mounting.order"\nrefused = ["guards.consnt"]', "Did you mean 'guards.consent'?"),
        (
            'does = "mounting.order"\nstate = "orderd"',
            "state: There is no state of mounting 'orderd'. Did you mean 'ordered'?",
        ),
        ('does = "mounting.order"\nform = { like = "x" }', "form.like: There is no form 'x'."),
        ('does = "consent.leave_form"\nform = {}', "form: consent.leave_form takes no form"),
        (
            'does = "mounting.order"\nclauses = ["B99"]',
            "clauses: There is no clause 'B99'. Did you mean",
        ),
        (
            'does = "mounting.order"\ngaps = ["deadline"]',
            "gaps: There is no gap 'deadline'. Did you mean 'deadlines'?",
        ),
        ('does = "mounting.order"\ncure = "consent.collect"', "cure: goes with `refused`"),
        (
            'does = "mounting.order"\nrefused = ["by"]\ncure = "consent.colect"',
            "Did you mean 'collect'?",
        ),
        (
            'does = "mounting.order"\nrefused = ["by"]\ncure_by = ["installr"]',
            "cure_by: There is no role 'installr'. Did you mean 'installer'?",
        ),
        (
            'does = "mounting.order"\nworklist = { bo = [] }',
            "worklist: There is no actor or role 'bo'.",
        ),
        (
            'does = "mounting.order"\nworklist = { installer = ["mounting.tst"] }',
            "Did you mean 'test'?",
        ),
        (
            'does = "mounting.order"\noverdue = { installer = ["mountin.test about x"] }',
            "Did you mean 'mounting'?",
        ),
        (
            'does = "mounting.order"\nmade = ["lock.instal"]',
            "made: There is no transition of lock 'instal'. Did you mean 'install'?",
        ),
        (
            'does = "mounting.order"\nat = "10:00"\nlater = "P1D"',
            "later: say `at` or `later`, not both",
        ),
        (
            'does = "mounting.order"\ntick = true',
            "does: say one of `does`, `tick`, `sweep`, `register` and `shown`",
        ),
        (
            'does = "mounting.order"\nonly_for = ["installr"]',
            "only_for: There is no role 'installr'. Did you mean 'installer'?",
        ),
        ('register = "lock"\nonly_for = []', "only_for: goes with `does`"),
        (
            'does = "mounting.order"\nwaits_for = { tst = [] }',
            "waits_for: There is no state or duty of mounting 'tst'. Did you mean 'test'?",
        ),
        (
            'does = "mounting.order"\nwaits_for = { test = ["installr"] }',
            "waits_for.test: There is no role 'installr'. Did you mean 'installer'?",
        ),
        ("tick = true\nwaits_for = {}", "waits_for: goes with `does` and `register`"),
        (
            'register = "lock"\npersonal_for = ["instaler"]',
            "personal_for: There is no role 'instaler'. Did you mean 'installer'?",
        ),
        ("tick = true\npersonal_for = []", "personal_for: goes with `does` and `register`"),
        (
            'does = "mounting.order"\nsecret_for = ["instaler"]',
            "secret_for: There is no role 'instaler'. Did you mean 'installer'?",
        ),
        ('shown = "provider_web"\nsecret_for = []', "secret_for: goes with `does` and `register`"),
        ('register = "lok"', "register: There is no process 'lok'. Did you mean 'lock'?"),
        ('register = "lock"\nstate = "mountd"', "Did you mean 'mounted'?"),
        (
            'shown = "suplier_support"',
            "shown: There is no shown thing 'suplier_support'. Did you mean 'supplier_support'?",
        ),
    ],
)
def test_names_that_the_routine_does_not_have_are_told(tmp_path, step, words):
    """Each name that the routine lacks comes back with the nearest that it has."""
    assert words in problems(tmp_path, f'[[step]]\nwho = "coordinator"\n{step}')


def test_people_that_do_not_exist_are_told(tmp_path):
    """An actor, a role of an actor and a missing actor are told."""
    text = '[[step]]\nwho = "ana"\ndoes = "consent.receive"\n[[step]]\ndoes = "consent.receive"'
    head = 'clauses = ["Z9"]\n[actors.anna]\nroles = ["cordinator"]\n'
    said = problems(tmp_path, text, head=head)
    assert "There is no actor or role 'ana'. Did you mean 'anna'?" in said
    assert "There is no role 'cordinator'. Did you mean 'coordinator'?" in said
    assert "step 2: who: is missing" in said
    assert "There is no clause 'Z9'" in said
    with pytest.raises(ScenarioError):
        run_scenario(read_scenario(tmp_path / "one.toml"), load_routine())


def test_every_key_stands_in_the_docs():
    """docs/scenarios.md names every key of a file, of a step and of a person."""
    page = (Path(__file__).parent.parent / "docs" / "scenarios.md").read_text("utf-8")
    own = {"file", "lines", "before", "step", "forms", "actors"}
    for shape in (Scenario, ScenarioStep, Person):
        for one in attrs.fields(shape):
            name = one.name.rstrip("_")
            assert f"`{name}`" in page or name in own, name


def test_every_example_of_the_docs_can_be_played(tmp_path):
    """The scenario that stands in docs/scenarios.md comes out as it says."""
    page = (Path(__file__).parent.parent / "docs" / "scenarios.md").read_text("utf-8")
    (example, *_) = [part.split("```")[0] for part in page.split("```toml\n")[1:]]
    path = tmp_path / "example.toml"
    path.write_text(example, "utf-8")
    assert run_scenario(read_scenario(path), load_routine()).exercised.clauses == {"S1", "S3"}


# -- playing -----------------------------------------------------------------------------------

ORDER = """
    [[step]]
    who = "coordinator"
    does = "mounting.order"
    [step.form]
    name = "Customer 17"
    address = "Testgatan 17"
    phone = "+46 70 174 06 05"
    door_type = "euro"
    contact = { name = "Contact 3", phone = "+46 70 174 06 06", email = "c3@example.org" }
"""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('state = "form_left"', "expected state: form_left; came: offer_due"),
        ('made = ["lock.install"]', "expected made: lock.install; came: "),
        ('effects = ["open_ticket"]', "expected effects: open_ticket; came: "),
        (
            'refused = ["by"]',
            "transitions.grant_service.by; came: it was done, state offer_due",
        ),
        ('invalid = ["x"]', "expected a wrong form: x; came: it was done, state offer_due"),
        ('data = { licence_number = "L1" }', "expected licence_number: 'L1'; came: None"),
        ('no_data = ["subject"]', "expected no subject; came: 'customer-17'"),
        ('known_as = ["easit:1"]', "expected known as easit:1; came: "),
        (
            'worklist = { installer = ["consent.offer_due"] }',
            "expected on the list of installer: consent.offer_due; there is: nothing",
        ),
        (
            'worklist = { care_assessor = ["consent.offer_due about customer-18"] }',
            "there is: consent.offer_due",
        ),
        (
            'not_on_worklist = { care_assessor = ["consent.offer_due"] }',
            "expected not on the list of care_assessor: consent.offer_due; it stands there",
        ),
        (
            'overdue = { care_assessor = ["consent.offer_due"] }',
            "expected overdue on the list of care_assessor: consent.offer_due; it is not yet",
        ),
        ("only_for = []", "expected only for: nobody; came: care_assessor"),
        ('only_for = ["installer"]', "expected only for: installer; came: care_assessor"),
        ("waits_for = {}", "expected waits for offer_due: nobody; came: care_assessor"),
        (
            'waits_for = { offer_due = ["installer", "care_assessor"] }',
            "expected waits for offer_due: care_assessor, installer; came: care_assessor",
        ),
        (
            'waits_for = { offer_due = ["care_assessor"], note_order = ["coordinator"] }',
            "expected waits for note_order: coordinator; came: nobody",
        ),
        ('personal_for = ["installer"]', "expected personal for: installer; came: nobody"),
        ('secret_for = ["installer"]', "expected secret for: installer; came: nobody"),
        (
            'clauses = ["B7"]',
            "expected to show clause B7, but nothing here rests on it; "
            "what happened rests on S1, S2",
        ),
        ('gaps = ["death"]', "expected to show gap death"),
        ('at = "soon"', "at: is no local time"),
        ('later = "a while"', "later: is not a duration"),
        ('happened_at = "soon"\nlate_reason = "x"', "happened_at: is no local time"),
        ('references = ["4711"]', "references: reference.id: must not be blank"),
    ],
)
def test_a_step_that_comes_out_otherwise_says_what_was_expected(tmp_path, more, words):
    """Each expectation that is not met says what was expected and what came, and where."""
    failed = failure(tmp_path, dedent(GRANT) + more)
    assert words in str(failed)
    assert str(failed).startswith("one.toml:4: step 1 (care_assessor consent.grant_service)\n")
    assert isinstance(failed, AssertionError)
    assert isinstance(failed, LockroutineError)
    assert str(pickle.loads(pickle.dumps(failed))) == str(failed)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("", "expected that it is done; came: refused by"),
        (
            'refused = ["guards.free_door"]',
            "process.mounting.transitions.order.guards.consent [S3]",
        ),
        (
            'refused = ["guards.consent"]\ncure = "consent.receive"',
            "expected way forward: consent.receive; came: consent.grant_service",
        ),
        (
            'refused = ["guards.consent"]\ncure = "consent.grant_service"\ncure_by = "installer"',
            "that consent.grant_service is for installer; came: care_assessor",
        ),
        (
            'refused = ["guards.consent"]\ncorrect = ["door"]',
            "expected to correct: door; came: none",
        ),
        ('invalid = ["phone"]', "expected a wrong form: phone; came: refused by"),
        ('refused = ["guards.consent"]\nclauses = ["B1"]', "expected to show clause B1"),
    ],
)
def test_a_refusal_that_comes_out_otherwise_says_so(tmp_path, more, words):
    """A refusal for other rules, with another way forward or clause, says what came."""
    first, _, form = dedent(ORDER).partition("[step.form]")
    assert words in str(failure(tmp_path, f"{first}{more}\n[step.form]{form}"))


def test_a_wrong_form_is_told_by_its_fields(tmp_path):
    """Where other fields are wrong than expected, both are named."""
    first, _, form = dedent(ORDER).partition("[step.form]")
    text = f'{first}invalid = ["name"]\n[step.form]{form}'.replace("+46 70 174 06 05", "none")
    assert "expected wrong: name; came: phone" in str(failure(tmp_path, text))
    assert "came: a wrong form: phone" in str(
        failure(tmp_path, text.replace('invalid = ["name"]\n', ""))
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('does = "consent.leave_form"', "about: there is no case of consent like that"),
        ('does = "consent.leave_form"\ncase = "x"', "case: no step before named a case 'x'"),
        ('register = "consent"', "expected a case of consent; came: about: there is no case"),
    ],
)
def test_a_step_without_its_case_says_so(tmp_path, text, words):
    """A step on a case that is not there says so."""
    assert words in str(failure(tmp_path, f'[[step]]\nwho = "care_assessor"\n{text}'))


def test_a_scenario_without_a_subject_says_so(tmp_path):
    """A step that needs to know whom it is about, and is not told, says so."""
    path = tmp_path / "one.toml"
    path.write_text('title = "One"\n' + dedent(GRANT), "utf-8")
    with pytest.raises(ScenarioFailed, match="about: is missing"):
        run_scenario(read_scenario(path), load_routine())


def test_time_does_not_go_back_within_a_scenario(tmp_path):
    """A step before the one before it is told."""
    text = GRANT + '    at = "2026-03-03 10:00"\n' + GRANT + '    at = "2026-03-02 10:00"\n'
    assert "at: lies before the step before" in str(failure(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('shown = "supplier_support"\nopen = false', "expected open: False; came: True"),
        (
            'shown = "supplier_support"\nat = "18:00"\nopen = true',
            "expected open: True; came: False",
        ),
        ('shown = "lmo"\nwho = "installer"\nopen = true', "expected open: True; came: False"),
        ('shown = "catalogues"\nurl = "https://example.org"', "expected url: https://example.org"),
        ('shown = "contacts"\nroles = ["installer"]', "expected roles: ('installer',)"),
        (
            'shown = "open_cases"\ncount = { "mounting.ordered" = 1 }',
            "expected count of mounting.ordered: 1; came: 0",
        ),
        ('shown = "overdue"\nclauses = ["B1"]', "expected to show clause B1"),
    ],
)
def test_what_is_shown_otherwise_says_so(tmp_path, text, words):
    """What the routine shows is compared with what the step says."""
    assert words in str(failure(tmp_path, f"[[step]]\n{text}"))


def test_what_nobody_shows_is_missing(routine):
    """Coverage lists, in words, every part that no scenario passes."""
    found = coverage(routine, [])
    everything = inventory(routine)
    assert found.clauses == everything.clauses
    assert found.guards_refused == found.guards_let_through == everything.guards
    assert "process.mounting.transitions.order: no step makes it" in found.lines()
    assert set(found.missing_rules()) < set(found.lines())
    assert not any("duties" in line for line in found.missing_rules())


# -- the plugin --------------------------------------------------------------------------------


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\n")
    return pytester


pytest_plugins = ["pytester"]


def test_scenario_files_are_tests(project):
    """Files that end in .scenario.toml are tests, and a failure reads without a traceback."""
    written(project.path, dedent(GRANT), "good.scenario.toml")
    written(project.path, dedent(GRANT) + 'state = "form_left"', "bad.scenario.toml")
    written(project.path, "whatever", "other.toml")
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*scenario bad.scenario.toml*",
            "bad.scenario.toml:4: step 1 (care_assessor consent.grant_service)",
            "  expected state: form_left; came: offer_due",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_municipality_tests_its_own_pack(project):
    """The pack and the folder of scenarios are named in pytest's configuration."""
    source = load_routine().source
    pack = project.mkdir("ourtown")
    for name, text in source.files.items():
        (pack / name).write_text(text.replace('name = "soderkoping"', 'name = "ourtown"'), "utf-8")
    scenarios = project.mkdir("scenarios")
    written(scenarios, dedent(GRANT), "one.toml")
    project.makeini(
        "[pytest]\n"
        "lockroutine_pack = ourtown\n"
        "lockroutine_scenarios = scenarios\n"
        "lockroutine_covered = true\n"
    )
    project.makepyfile(
        """
        def test_fixtures(routine, stopped_clock, engine):
            assert routine.pack.name == "ourtown"
            assert engine.routine is routine
            assert stopped_clock.local().isoformat() == "2026-03-02T08:00:00+01:00"
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*what the scenarios of scenarios pass*", "*no step shows it*"])


def test_scenarios_beside_a_pack_are_played_against_it(project):
    """A folder of scenarios within a pack's is collected, for an overlay as for any pack."""
    ours = project.mkdir("ours")
    head = (
        'name = "ours"\nversion = "1.0.0"\nlabel = { sv = "Vårt", en = "Ours" }\n'
        'extends = "soderkoping"\n'
        '[process.consent.transitions.grant_service]\nby = ["coordinator"]\n'
        "guards = {}\n"
    )
    (ours / "routine.toml").write_text(head, "utf-8")
    (ours / "scenarios").mkdir()
    written(ours / "scenarios", dedent(GRANT), "refused.toml")
    written(ours / "scenarios", dedent(GRANT).replace("care_assessor", "coordinator"), "made.toml")
    written(project.path, dedent(GRANT), "bundled.scenario.toml")
    result = project.runpytest_inprocess("-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*refused.toml*FAILED*"])


def test_a_pack_that_is_wrong_is_told(project):
    """A pack that is not there fails each scenario in words."""
    written(project.path, dedent(GRANT), "good.scenario.toml")
    project.makeini("[pytest]\nlockroutine_pack = soderkopin\n")
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["There is no rule pack*"])


def test_the_engine_of_the_fixtures_runs_on_the_stopped_clock(engine: Engine, stopped_clock):
    """What the fixture engine records bears the stopped clock's time."""
    from lockroutine import Actor

    carin = Actor("carin", roles={"care_assessor"}, units={"north"})
    case = engine.start("consent", "grant_service", actor=carin, subject="c-17", unit="north")
    assert case.since == stopped_clock()


@pytest.mark.parametrize("kind", [Desk, EasitStandIn])
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /tickets HTTP/1.1\r\nContent-Le",
        b"POST /tickets HTTP/1.1\r\nContent-Length: 99\r\n\r\n{",
        b"POST /tickets HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" * 20,  # and waits for no answer
    ],
)
def test_stand_ins_bear_with_broken_connections(
    kind: type[Desk | EasitStandIn], sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """A client that breaks off, at whatever moment, leaves no trace and harms nobody else."""
    with kind() as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        for abrupt in (False, True):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(sent)
                if abrupt:  # reset, not closed
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    time.sleep(0.05)
        with contextlib.suppress(OSError):  # it still answers, whatever that is
            urllib.request.urlopen(server.url, timeout=20).close()
        time.sleep(0.05)
    assert capfd.readouterr() == ("", "")
