"""What a pack says must always or never be so: how it is read, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorspack import doors
from lockroutine import RulesError, load_routine
from lockroutine.model import Language
from lockroutine.pictures import rule_book
from lockroutine.rules.guards import CaseInState
from lockroutine.rules.reader import Source, read_source
from lockroutine.rules.trace import trace

GOOD = """
[never.own]
label = { sv = "Det här.", en = "This." }
process = "lock"
states = ["mounted"]
clauses = ["D1"]

[never.own.guards.it]
kind = "case_in_state"
process = "consent"
subject = "case.customer"
states = ["asked"]
"""
OF_A_STEP = """
[always.own]
label = { sv = "Det här.", en = "This." }
step = "lock.open"
clauses = ["D1"]

[always.own.guards.it]
kind = "by_role"
value = "form.app"
allowed = { staff = ["lmo"] }
"""


def said(more: str) -> list[str]:
    """What the reader says of an invariant."""
    try:
        doors(more=more)
    except RulesError as error:
        return str(error).split("\n")
    return []


def test_what_guards_take_over() -> None:
    """What a guard of an invariant leaves out, it has from the invariant."""
    invariant = doors(more=GOOD).pack.never["own"]
    guard = invariant.guards["it"]
    assert isinstance(guard, CaseInState)
    assert (guard.otherwise, guard.clauses, guard.gaps) == (invariant.label, ("D1",), ())
    own = GOOD + 'otherwise = { sv = "Nej.", en = "No." }\ngaps = []\n'
    guard = doors(more=own).pack.never["own"].guards["it"]
    assert (guard.otherwise.en, guard.clauses) == ("No.", ("D1",))


def test_both_kinds_in_order() -> None:
    """A pack lists what must always be so, and then what never may."""
    paths = [path for path, _ in doors(more=GOOD + OF_A_STEP).pack.invariants()]
    assert paths[-3:] == ["always.own", "never.lock_without_consent", "never.own"]


def test_clauses_are_held_by_invariants() -> None:
    """An invariant holds the clauses that it names."""
    (clause,) = trace(doors(more=GOOD + OF_A_STEP).pack).clauses
    held = {(one.kind, one.at) for one in clause.held_by}
    assert {("never", "never.own"), ("always", "always.own")} <= held


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        (
            "[never.own",
            "[never.Own",
            ["never.Own: a name is lower case letters, digits and underscores"],
        ),
        ('en = "This."', 'en = " "', ["never.own.label.en: must not be blank"]),
        ('clauses = ["D1"]\n', "", ["never.own: names no clause and no gap that it rests on"]),
        (
            'clauses = ["D1"]',
            'clauses = ["D2"]',
            ["never.own.clauses: there is no clause 'D2'; did you mean 'D1'?"],
        ),
        ('clauses = ["D1"]', 'gaps = ["x"]', ["never.own.gaps: there is no gap 'x'"]),
        (
            GOOD[GOOD.index("[never.own.guards") :],
            "[never.own.guards]",
            ["never.own.guards: must name at least one guard"],
        ),
        (
            'process = "lock"\nstates = ["mounted"]\n',
            "",
            ["never.own: needs process and states, or step"],
        ),
        (
            'process = "lock"\nstates = ["mounted"]\n',
            'states = ["mounted"]\n',
            ["never.own: needs process and states, or step"],
        ),
        (
            'process = "lock"',
            'process = "locks"',
            ["never.own.process: there is no process 'locks'; did you mean 'lock'?"],
        ),
        ('states = ["mounted"]', "states = []", ["never.own.states: must name at least one state"]),
        (
            'states = ["mounted"]',
            'states = ["mountd"]',
            ["never.own.states: there is no state 'mountd'; did you mean 'mounted'?"],
        ),
        (
            'states = ["asked"]',
            'states = ["askd"]',
            ["never.own.guards.it.states: there is no state 'askd'; did you mean 'asked'?"],
        ),
        (
            '"case.customer"',
            '"case.custmer"',
            ["never.own.guards.it: there is no field 'custmer'; did you mean 'customer'?"],
        ),
        (
            '"case.customer"',
            '"form.customer"',
            ["never.own.guards.it: there is no field of the form 'customer'"],
        ),
        (
            '"case.customer"',
            '"actor.id"',
            ["never.own.guards.it: looks at who makes a step, and here nobody does"],
        ),
        (
            'kind = "case_in_state"',
            'kind = "case_instate"',
            ["never.own.guards.it: has no kind that exists; did you mean 'case_in_state'?"],
        ),
        (
            "label = {",
            "labl = {",
            ["never.own.label: is missing", "never.own.labl: unknown key; did you mean 'label'?"],
        ),
        (
            GOOD[GOOD.index("[never.own.guards") :],
            "guards = 5",
            ["never.own.guards: must be a table, not a whole number"],
        ),
        (
            GOOD[GOOD.index("[never.own.guards") :],
            "guards.it = 5",
            ["never.own.guards.it: must be a table"],
        ),
        (GOOD[GOOD.index("[never.own.guards") :], "", ["never.own.guards: is missing"]),
    ],
)
def test_what_is_wrong_with_states(old: str, new: str, problems: list[str]) -> None:
    """Whatever is wrong with an invariant on states is told: where, and what to write."""
    assert old in GOOD
    found = [line.partition(": ")[2] for line in said(GOOD.replace(old, new))]
    for problem in problems:
        assert problem in found


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        (
            'step = "lock.open"',
            'step = "lock.opn"',
            ["always.own.step: there is no step 'lock.opn'; did you mean 'lock.open'?"],
        ),
        (
            'step = "lock.open"',
            'step = "open"',
            ["always.own.step: there is no step 'open'; did you mean 'lock.open'?"],
        ),
        (
            'step = "lock.open"',
            'step = "door.open"',
            ["always.own.step: there is no step 'door.open'; did you mean 'lock.open'?"],
        ),
        (
            'step = "lock.open"',
            'step = "lock.open"\nprocess = "lock"',
            ["always.own.step: goes without process and states"],
        ),
        (
            'step = "lock.open"',
            'step = "lock.open"\nstates = ["mounted"]',
            ["always.own.step: goes without process and states"],
        ),
        (
            '"form.app"',
            '"form.ap"',
            ["always.own.guards.it: there is no field of the form 'ap'; did you mean 'app'?"],
        ),
        (
            "staff =",
            "staf =",
            ["always.own.guards.it.allowed: there is no role 'staf'; did you mean 'staff'?"],
        ),
        (
            'step = "lock.open"',
            'process = "lock"\nstates = ["mounted"]',
            ["always.own.guards.it: looks at who makes a step, and here nobody does"],
        ),
    ],
)
def test_what_is_wrong_with_steps(old: str, new: str, problems: list[str]) -> None:
    """Whatever is wrong with an invariant on a step is told: where, and what to write."""
    assert old in OF_A_STEP
    found = [line.partition(": ")[2] for line in said(OF_A_STEP.replace(old, new))]
    for problem in problems:
        assert problem in found


def test_where_it_stands() -> None:
    """A problem names the file and the line of the invariant."""
    line = 1 + GOOD.split("\n").index('states = ["mounted"]')
    assert said(GOOD.replace('["mounted"]', '["mountd"]')) == [
        f"more.toml:{line}: never.own.states: there is no state 'mountd'; did you mean 'mounted'?"
    ]


def test_an_overlay_may_not_take_one_out() -> None:
    """What a base says must be so stays said, or the overlay says why not."""
    head = 'extends = "soderkoping"\nname = "x"\nversion = "1.0.0"\n'
    base = {f"soderkoping/{name}": t for name, t in read_source("soderkoping").files.items()}
    gone = Source(
        "x", {**base, "routine.toml": head + "never.lock_without_consent.remove = true\n"}
    )
    with pytest.raises(RulesError) as error:
        load_routine(gone)
    assert "never.lock_without_consent" in str(error.value)
    assert "loosened" in str(error.value)


# -- where it is shown -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "heading", "always"),
    [
        ("en", "What always or never holds", "always"),
        ("sv", "Vad som alltid eller aldrig", "alltid"),
    ],
)
def test_it_stands_in_the_rule_book(language: Language, heading: str, always: str) -> None:
    """The rule book has a chapter of what must hold: of which cases or step, and its conditions."""
    book = rule_book(load_routine(), language)
    chapter = book[book.index('id="invariants"') : book.index('id="forms"')]
    assert heading in chapter
    assert f"{always}: " in chapter
    assert 'id="always-opened_by_those_who_may"' in chapter
    assert 'id="never-lock_without_consent"' in chapter
    bare = load_routine(Path(__file__).parent / "packs" / "small")
    assert 'id="invariants"' not in rule_book(bare, language)
