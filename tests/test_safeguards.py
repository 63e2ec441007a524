"""What a base forbids for safety is not loosened by an overlay that does not say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockroutine import load_routine
from lockroutine.rules.safeguards import loosenings
from overlaying import against, over_small, pack

AGREED = 'kind = "is_true"\nvalue = "form.customer_agreed"\n'
LOCK = 'kind = "no_case_in_state"\nprocess = "lock"\nstates = ["mounted"]\n'
COUNT = 'kind = "count"\nlist = "form.who"\n'
WINDOW = 'kind = "time_window"\nvalue = "form.starts_at"\n'
BOOK = "process.order.transitions.book.guards.it"
OTHERWISE = 'otherwise = { sv = "Nej.", en = "No." }\nclauses = ["C2"]\n'


def base(tmp_path: Path, guard: str, more: str = "") -> None:
    """A pack whose step to book a time, which takes a form with a bit of everything, is guarded."""
    text = f"""
[form.booking]
label = {{ sv = "Bokning", en = "Booking" }}
extends = "appointment"
fields.cycles = {{ type = "whole_number", label = {{ sv = "Antal", en = "Number" }} }}
fields.who = {{ type = "words", label = {{ sv = "Vilka", en = "Who" }}, optional = true }}
fields.app.type = "word"
fields.app.label = {{ sv = "App", en = "App" }}

[process.order.transitions.book]
form = "booking"

[{BOOK}]
safeguard = true
{OTHERWISE}{guard}
"""
    over_small(tmp_path, text + more)


def said(tmp_path: Path, text: str) -> list[str]:
    return against(pack(tmp_path / "nearer", text, extends="../ours"))


CASE = 'kind = "case_in_state"\nprocess = "permission"\nsubject = "actor.id"\n'
TIMES = 'starts = "form.starts_at"\ndays = "days"\nhours = "hours"\n'

TIGHTER = [
    (CASE + 'states = ["valid", "asked"]\n', 'states = ["valid"]\n'),
    (CASE + 'states = ["valid"]\n', 'not_past = "valid_until"\n'),
    (CASE + 'states = ["valid"]\n', 'match = { unit = "case.unit" }\n'),
    (
        LOCK,
        'states = ["mounted", "in_store"]\n',
    ),
    (
        LOCK + 'match = { unit = "case.unit" }\n',
        "match.unit = { remove = true }\n",
    ),
    ('kind = "at_least"\nvalue = "form.cycles"\nlimit = 5\n', "limit = 6\n"),
    ('kind = "at_least"\nvalue = "form.cycles"\nlimit = 4\n', 'limit = "cycles"\n'),
    (
        'kind = "at_least"\nvalue = "form.cycles"\nlimit = "cycles"\n',
        "\n[parameter.cycles]\nvalue = 6\n",
    ),
    ('kind = "at_most"\nvalue = "form.cycles"\nlimit = 5\n', "limit = 4\n"),
    ('kind = "one_of"\nvalue = "form.app"\nvalues = ["a", "b"]\n', 'values = ["b"]\n'),
    (
        'kind = "by_role"\nvalue = "form.app"\n'
        'allowed = { installer = ["a", "b"], staff = ["a"] }\n',
        'allowed.installer = ["b"]\nallowed.staff = { remove = true }\n',
    ),
    ('kind = "done"\ntransitions = ["book"]\n', 'transitions = ["book", "errand"]\n'),
    (COUNT + "at_least = 2\n", 'at_least = 3\nat_most = 9\nsame_as = "form.cycles"\n'),
    (COUNT + "at_most = 9\n", "at_least = 1\nat_most = 8\n"),
    ('kind = "within_hours"\n' + TIMES, 'ends = "form.ends_at"\n'),
    ('kind = "within_hours"\n' + TIMES, '\n[parameter.hours]\nvalue = "09:00-15:00"\n'),
    ('kind = "within_hours"\n' + TIMES, '\n[parameter.days]\nvalue = ["monday"]\n'),
    ('kind = "within_hours"\nclosed_on_holidays = false\n' + TIMES, "closed_on_holidays = true\n"),
    (
        WINDOW + 'not_later_than = "P7D"\n',
        'not_later_than = "P6D"\n',
    ),
    (
        WINDOW + 'not_later_than = "P7D"\n',
        'not_older_than = "PT0M"\n',
    ),
    (WINDOW + 'not_later_than = "P7D"\n', 'not_sooner_than = "P1D"\n'),
    (WINDOW + 'not_sooner_than = "P7D"\n', 'not_sooner_than = "P8D"\n'),
    (
        WINDOW + 'not_later_than = "P7D"\n',
        'not_before = ["case.starts_at"]\n',
    ),
    (
        AGREED + 'when = { value = "form.app", one_of = ["a"] }\n',
        'when.one_of = ["a", "b"]\n',
    ),
    (
        AGREED + 'when = { value = "form.app", one_of = ["a"] }\n',
        "when = { remove = true }\n",
    ),
    (
        AGREED,
        'otherwise.en = "No!"\nclauses = ["C1"]\ngaps = ["holidays"]\ninstead = ["cancel"]\n',
    ),
    ('kind = "absent"\nvalue = "case.starts_at"\n', 'settled_by = ["cancel"]\n'),
]
LOOSER = [
    (WINDOW + 'not_sooner_than = "P7D"\n', 'not_sooner_than = "P6D"\n'),
    (
        WINDOW + 'not_sooner_than = "P7D"\nnot_later_than = "P9D"\n',
        "not_sooner_than = { remove = true }\n",
    ),
    (CASE + 'states = ["valid"]\n', 'states = ["valid", "asked"]\n'),
    (CASE + 'states = ["valid"]\nnot_past = "valid_until"\n', "not_past = { remove = true }\n"),
    (CASE + 'states = ["valid"]\n', 'subject = "case.subject"\n'),
    (
        CASE + 'states = ["valid"]\n',
        OTHERWISE + 'kind = "no_case_in_state"\nprocess = "permission"\nstates = ["ended"]\n',
    ),
    (
        LOCK,
        'match = { unit = "case.unit" }\n',
    ),
    (
        LOCK,
        'states = ["in_store"]\n',
    ),
    ('kind = "at_least"\nvalue = "form.cycles"\nlimit = 5\n', "limit = 4\n"),
    ('kind = "at_most"\nvalue = "form.cycles"\nlimit = 5\n', "limit = 6\n"),
    ('kind = "one_of"\nvalue = "form.app"\nvalues = ["a", "b"]\n', 'values = ["b", "c"]\n'),
    (
        'kind = "by_role"\nvalue = "form.app"\nallowed = { installer = ["a"] }\n',
        'allowed.staff = ["a"]\n',
    ),
    ('kind = "done"\ntransitions = ["book"]\n', 'transitions = ["errand"]\n'),
    (COUNT + "at_least = 2\nat_most = 9\n", "at_least = 1\n"),
    (COUNT + "at_least = 2\nat_most = 9\n", "at_most = 10\n"),
    (COUNT + 'same_as = "form.cycles"\n', "same_as = 2\n"),
    ('kind = "within_hours"\nends = "form.ends_at"\n' + TIMES, "ends = { remove = true }\n"),
    ('kind = "within_hours"\n' + TIMES, "closed_on_holidays = false\n"),
    (
        WINDOW + 'not_later_than = "P7D"\n',
        'not_later_than = "7 working days"\n',
    ),
    (
        WINDOW + 'not_older_than = "P7D"\nnot_later_than = "P7D"\n',
        "not_later_than = { remove = true }\n",
    ),
    (
        AGREED,
        'when = { value = "form.app", one_of = ["a"] }\n',
    ),
    (
        AGREED + 'when = { value = "form.app", given = true }\n',
        "when.given = false\n",
    ),
    (AGREED, "safeguard = false\n"),
    (AGREED, 'value = "form.coordinator_agreed"\n'),
    (AGREED, "remove = true\n"),
]


@pytest.mark.parametrize(("guard", "change"), TIGHTER)
def test_what_tightens_needs_no_word(tmp_path: Path, guard: str, change: str) -> None:
    """A change that plainly refuses more, or that is only of words, needs no reason."""
    base(tmp_path, guard)
    assert said(tmp_path, f"[{BOOK}]\n{change}") == []


@pytest.mark.parametrize(("guard", "change"), LOOSER)
def test_what_loosens_needs_a_word(tmp_path: Path, guard: str, change: str) -> None:
    """A change that lets through what was refused, or may do so, must be owned up to."""
    base(tmp_path, guard)
    text = f"[{BOOK}]\n{change}"
    (problem,) = said(tmp_path, text)
    assert problem == (
        f"routine.toml:5: {BOOK}: loosens a safeguard of the base; if that is meant, say why in "
        f'[loosened."{BOOK}"]'
    )
    reason = f'\n[loosened."{BOOK}"]\nreason = {{ sv = "Därför.", en = "Because." }}\n'
    assert said(tmp_path, text + reason) == []


def test_a_parameter_of_a_safeguard(tmp_path: Path) -> None:
    """A parameter that a safeguard names loosens it, and is the place where that is said."""
    base(tmp_path, 'kind = "at_least"\nvalue = "form.cycles"\nlimit = "cycles"\n')
    assert said(tmp_path, "[parameter.cycles]\nvalue = 4\n") == [
        f"routine.toml:6: parameter.cycles.value: loosens the safeguard {BOOK}; if that is meant, "
        f'say why in [loosened."{BOOK}"]'
    ]


def test_the_calendar_of_a_safeguard(tmp_path: Path) -> None:
    """Another calendar means another time, and counts as a loosening of what looks at times."""
    base(tmp_path, 'kind = "within_hours"\n' + TIMES)
    assert said(tmp_path, 'holidays = ""\n') == [
        f"routine.toml:5: holidays: loosens the safeguard {BOOK}; if that is meant, "
        f'say why in [loosened."{BOOK}"]'
    ]


def test_what_is_gone_needs_no_guard(tmp_path: Path) -> None:
    """A guard that goes with its transition or its process is not loosened."""
    base(tmp_path, AGREED)
    gone = """
[process.order.transitions.book]
remove = true
[process.order.transitions.install]
from = ["ordered"]
[process.order.transitions.errand]
from = ["ordered"]
[process.order.transitions.cancel]
from = ["ordered"]
[process.order.states.booked]
remove = true
[process.order.states.fitted]
waits_for = ["coordinator"]
"""
    assert said(tmp_path, gone) == []
    assert said(tmp_path, "[process.order]\nremove = true\n") == []


def test_a_reason_for_nothing(tmp_path: Path) -> None:
    """A reason for what is not loosened, or not there, is an error; the nearest rule is named."""
    base(tmp_path, AGREED)
    reason = 'reason = { sv = "Därför.", en = "Because." }\n'
    near = BOOK.replace("order", "ordr")
    assert said(tmp_path, f'[loosened."{BOOK}"]\n{reason}[loosened."{near}"]\n{reason}') == [
        f"routine.toml:5: loosened.{BOOK}: is not loosened by this pack, so there is nothing to "
        "say of it",
        f"routine.toml:7: loosened.{near}: there is no such safeguard in what this pack extends; "
        f"did you mean '{BOOK}'?",
    ]
    blank = f'[{BOOK}]\nremove = true\n[loosened."{BOOK}"]\nreason = {{ sv = "", en = "No." }}\n'
    assert said(tmp_path, blank) == [
        f"routine.toml:8: loosened.{BOOK}.reason.sv: must not be blank"
    ]


def test_each_layer_says_what_it_loosens(tmp_path: Path) -> None:
    """A loosening said by one layer needs no word of the next; both reasons are kept."""
    base(
        tmp_path,
        'kind = "at_least"\nvalue = "form.cycles"\nlimit = "cycles"\n',
    )
    reason = f'[loosened."{BOOK}"]\nreason = {{ sv = "Därför.", en = "Because." }}\n'
    pack(tmp_path / "nearer", "parameter.cycles.value = 4\n" + reason, extends="../ours")
    nearest = load_routine(pack(tmp_path / "nearest", extends="../nearer"))
    assert {rule: one.reason.en for rule, one in nearest.pack.loosened.items()} == {
        BOOK: "Because."
    }
    text = "parameter.cycles.value = 3\n"
    assert len(against(pack(tmp_path / "nearest", text, extends="../nearer"))) == 1


def test_what_is_wrong_with_a_guard_is_told_once(tmp_path: Path) -> None:
    """A guard that is no guard any more is told of as that, and not as loosened."""
    base(tmp_path, 'kind = "at_least"\nvalue = "form.cycles"\nlimit = "cycles"\n')
    assert said(tmp_path, f'[{BOOK}]\nkind = "at_lest"\n') == [
        f"routine.toml:5: {BOOK}: has no kind that exists; did you mean 'at_least'?"
    ]


IT = {"process": "lock", "states": ["mounted"], "guards": {"a": {"kind": "x", "states": ["s"]}}}
B = {"b": {"kind": "y"}}


@pytest.mark.parametrize(
    ("kind", "change", "loosens"),
    [
        ("always", {"states": ["mounted", "lost"]}, False),
        ("always", {"states": []}, True),
        ("always", {"states": 5}, True),
        ("always", {"process": "job"}, True),
        ("always", {"guards": {**IT["guards"], **B}}, False),
        ("always", {"guards": B}, True),
        ("always", {"guards": {"a": {**IT["guards"]["a"], "otherwise": "No."}}}, False),
        ("never", {"guards": {**IT["guards"], **B}}, True),
        ("never", {"label": "Another"}, False),
    ],
)
def test_an_invariant_may_say_more(kind: str, change: dict[str, object], loosens: bool) -> None:
    """An overlay may let an invariant hold of more, or more of it hold; nothing less in silence."""
    base, new = {kind: {"it": IT}}, {kind: {"it": {**IT, **change}}}
    found = loosenings(base, new, lambda _: pytest.fail("no invariant is a guard"))
    assert [one.by for one in found] == ([f"{kind}.it"] if loosens else [])


def test_what_never_holds_may_not_hold_in_part_either() -> None:
    """Without one of its guards, what never holds at once says more."""
    base = {"never": {"it": {**IT, "guards": {**IT["guards"], **B}}}}
    found = loosenings(base, {"never": {"it": IT}}, lambda _: pytest.fail("none is a guard"))
    assert list(found) == []


@pytest.mark.parametrize(
    ("before", "after", "by"),
    [
        ({"rule": 1, "label": "a"}, {"rule": 1, "label": "b"}, None),
        ({"rule": ["n"]}, {"rule": ["m"]}, "always.it"),
        ({"rule": 1}, None, "always.it"),
        (5, 6, "always.it"),
    ],
)
def test_invariants_are_safeguards(before: object, after: object, by: str | None) -> None:
    """What always or never holds in the base may not mean anything else in the overlay."""

    def structure(_: object) -> object:
        raise AssertionError("no invariant is a guard")

    base = {
        "always": {"it": before},
        "process": {"p": {"transitions": {"t": {"guards": {"g": 5}}}}},
    }
    new = {"always": {"it": after} if after else {}}
    found = list(loosenings(base, new, structure))  # type: ignore[arg-type]
    assert [one.by for one in found] == ([by] if by else [])


def test_a_parameter_of_an_invariant() -> None:
    """An invariant that names a parameter means another thing when that does."""
    rule = {"always": {"it": {"limit": ["days", {"x": "n"}]}}}
    base = {**rule, "parameter": {"n": {"value": 1}}}
    new = {**rule, "parameter": {"n": {"value": 2}}}
    (found,) = loosenings(base, new, lambda _: pytest.fail("no invariant is a guard"))
    assert (found.rule, found.by) == ("always.it", "parameter.n.value")


@pytest.mark.parametrize(
    ("guard", "change", "wrong"),
    [
        (
            'kind = "within_hours"\n' + TIMES,
            '[parameter.hours]\nvalue = "nine to five"\n',
            "parameter.hours.value: are not hours; write them like 08:00-16:00",
        ),
        (
            WINDOW + 'not_later_than = "P7D"\n',
            f'[{BOOK}]\nnot_later_than = "soon"\n',
            f"{BOOK}.not_later_than: there is no parameter 'soon'",
        ),
    ],
)
def test_what_cannot_be_compared_is_loosened(
    tmp_path: Path, guard: str, change: str, wrong: str
) -> None:
    """Hours and lengths that are none cannot be told to be tighter; both things are said."""
    base(tmp_path, guard)
    first, second = said(tmp_path, change)
    assert first == f"routine.toml:6: {wrong}"
    assert "loosens" in second
