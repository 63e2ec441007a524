"""Each kind of guard: what it lets through, what it refuses, and when it cannot be judged."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockroutine import Actor, Case, Facts, Text
from lockroutine.model import Query
from lockroutine.rules.calendar import Calendar, Duration
from lockroutine.rules.guards import (
    GUARDS,
    Absent,
    AtLeast,
    AtMost,
    ByRole,
    CaseInState,
    Count,
    Differs,
    Done,
    DutiesDone,
    Finding,
    Guard,
    Includes,
    IsTrue,
    NoCaseInState,
    OneOf,
    Same,
    TimeWindow,
    Want,
    WithinHours,
)
from lockroutine.rules.scene import FormNeeded, Scene, Unjudged
from lockroutine.rules.terms import Condition, Ref
from smallpack import MONDAY

NO = Text("Nej.", "No.")
FORM, DATA = Ref("form", "a"), Ref("case", "a")
ACTOR, NOW = Ref("actor", "id"), Ref("event", "happened_at")


def case(state: str = "fitted", **given: Any) -> Case:
    made: dict[str, Any] = {
        "id": "1",
        "process": "order",
        "subject": "customer-17",
        "unit": "north",
        "routine": "small@1.0.0",
        "state": state,
        "version": 1,
        **given,
    }
    return Case(**made)


def scene(form: dict[str, Any] | None = None, at: dt.datetime = MONDAY, **given: Any) -> Scene:
    made: dict[str, Any] = {
        "transition": "test",
        "case": case(data=Facts(given.pop("data", {}))),
        "form": None if form is None else Facts(form),
        "actor": Actor("anna", roles={"coordinator"}),
        "at": at,
        "calendar": Calendar("Europe/Stockholm", "SE"),
        "parameters": {
            "five": 5,
            "days": ("monday", "tuesday"),
            "hours": "08:00-16:00",
            "week": "P7D",
        },
        **given,
    }
    return Scene(**made)


def judged(guard: Guard, moment: Scene, *found: Case) -> Finding | None:
    return guard.judge(moment, (found,))


def unjudged(guard: Guard, moment: Scene, *found: Case) -> str:
    with pytest.raises(Unjudged) as error:
        judged(guard, moment, *found)
    return str(error.value)


# -- on values ------------------------------------------------------------------------------------


def test_same() -> None:
    """Two equal values pass; others are refused, and the form's field could be mended."""
    guard = Same(value=FORM, other=DATA, otherwise=NO)
    assert judged(guard, scene({"a": "x"}, data={"a": "x"})) is None
    assert judged(guard, scene({"a": "x"}, data={"a": "y"})) == Finding(wants=(Want(field="a"),))
    assert unjudged(guard, scene({"a": "x"})) == "case.a"
    assert unjudged(guard, scene({}, data={"a": "x"})) == "form.a"
    assert unjudged(guard, scene({"a": 5}, data={"a": 5})) == "form.a"


def test_differs() -> None:
    """Two unequal values pass; where one is who does it, somebody else may do it."""
    guard = Differs(value=ACTOR, other=Ref("case", "subject"), otherwise=NO)
    assert judged(guard, scene()) is None
    assert judged(guard, scene(case=case(subject="anna"))) == Finding(wants=(Want(another=True),))
    plain = Differs(value=FORM, other=DATA, otherwise=NO)
    assert judged(plain, scene({"a": "x"}, data={"a": "x"})) == Finding(wants=(Want(field="a"),))
    assert unjudged(Differs(value=FORM, other=DATA, otherwise=NO), scene({"a": "x"})) == "case.a"


@pytest.mark.parametrize("limit", [5, "five"])
def test_at_least(limit: int | str) -> None:
    """A number as great as the limit passes, a smaller one does not, a text is no number."""
    guard = AtLeast(value=FORM, limit=limit, otherwise=NO)
    assert judged(guard, scene({"a": 5})) is None
    assert judged(guard, scene({"a": 4})) == Finding(wants=(Want(field="a"),))
    assert unjudged(guard, scene({"a": "5"})) == "form.a"
    assert unjudged(guard, scene({"a": True})) == "form.a"


@pytest.mark.parametrize("limit", [5, "five"])
def test_at_most(limit: int | str) -> None:
    """A number as small as the limit passes, a greater one does not."""
    guard = AtMost(value=FORM, limit=limit, otherwise=NO)
    assert judged(guard, scene({"a": 5})) is None
    assert judged(guard, scene({"a": 6})) == Finding(wants=(Want(field="a"),))
    assert unjudged(guard, scene({})) == "form.a"


@given(st.integers(), st.integers())
def test_limits_agree(number: int, limit: int) -> None:
    """A number passes both limits only if it is the limit, and always one of them."""
    moment = scene({"a": number})
    least = judged(AtLeast(value=FORM, limit=limit, otherwise=NO), moment)
    most = judged(AtMost(value=FORM, limit=limit, otherwise=NO), moment)
    assert (least is None and most is None) is (number == limit)
    assert least is None or most is None


def test_a_limit_that_is_no_number() -> None:
    """A parameter of the wrong kind is no limit."""
    guard = AtLeast(value=FORM, limit="hours", otherwise=NO)
    assert unjudged(guard, scene({"a": 5})) == "parameter.hours"


def test_one_of() -> None:
    """A value of the list passes, another does not."""
    guard = OneOf(value=DATA, values=("x", "y"), otherwise=NO)
    assert judged(guard, scene(data={"a": "y"})) is None
    assert judged(guard, scene(data={"a": "z"})) == Finding()
    assert unjudged(guard, scene()) == "case.a"


def test_includes() -> None:
    """A list that holds the value passes; without a list, or a value, it cannot be judged."""
    guard = Includes(list=DATA, value=FORM, otherwise=NO)
    assert judged(guard, scene({"a": "x"}, data={"a": ["x", "y"]})) is None
    assert judged(guard, scene({"a": "z"}, data={"a": ["x"]})) == Finding(wants=(Want(field="a"),))
    assert unjudged(guard, scene({"a": "x"})) == "case.a"
    assert unjudged(guard, scene({"a": "x"}, data={"a": "xyz"})) == "case.a"
    assert unjudged(guard, scene({}, data={"a": ["x"]})) == "form.a"


def test_count() -> None:
    """A list passes that is as long as a number, or within limits; anything else is not judged."""
    three = {"a": ["x", "y", "z"]}
    same = Count(list=FORM, same_as=Ref("form", "b"), otherwise=NO)
    assert judged(same, scene({**three, "b": 3})) is None
    wants = (Want(field="a"), Want(field="b"))
    assert judged(same, scene({**three, "b": 4})) == Finding(
        values=Facts({"count": 3}), wants=wants
    )
    assert judged(same, scene({"a": [], "b": 0})) is None
    few = Count(list=FORM, at_least=2, at_most="five", otherwise=NO)
    assert judged(few, scene(three)) is None
    wants = (Want(field="a"),)
    assert judged(few, scene({"a": ["x"]})) == Finding(values=Facts({"count": 1}), wants=wants)
    many = {"a": ["u", "v", "w", "x", "y", "z"]}
    assert judged(few, scene(many)) == Finding(values=Facts({"count": 6}), wants=wants)
    assert unjudged(few, scene({"a": "xyz"})) == "form.a"
    assert unjudged(same, scene({**three, "b": "3"})) == "form.b"
    wrong = Count(list=FORM, at_most="hours", otherwise=NO)
    assert unjudged(wrong, scene(three)) == "parameter.hours"


def test_is_true() -> None:
    """Only yes passes; what is neither yes nor no cannot be judged."""
    guard = IsTrue(value=FORM, otherwise=NO)
    assert judged(guard, scene({"a": True})) is None
    assert judged(guard, scene({"a": False})) == Finding(wants=(Want(field="a"),))
    assert unjudged(guard, scene({})) == "form.a"
    assert unjudged(guard, scene({"a": 1})) == "form.a"


def test_absent() -> None:
    """A value that is not there passes; one that is can be taken away by what settles it."""
    guard = Absent(value=DATA, otherwise=NO)
    assert judged(guard, scene()) is None
    assert judged(guard, scene(data={"a": False})) == Finding()
    settled = attrs.evolve(guard, settled_by=("undo",))
    assert judged(settled, scene(data={"a": "x"})) == Finding(wants=(Want(transitions=("undo",)),))


def test_by_role() -> None:
    """A role may give what is listed for it; a role that is not listed may give nothing."""
    guard = ByRole(value=FORM, allowed={"staff": ("x",), "manager": ("x", "y")}, otherwise=NO)

    def says(*roles: str) -> Finding | None:
        return judged(guard, scene({"a": "y"}, actor=Actor("kim", roles=roles)))

    assert says("manager") is None
    assert says("staff", "manager") is None
    assert says("staff") == says("coordinator") == says() == Finding(wants=(Want(field="a"),))
    assert unjudged(guard, scene({})) == "form.a"


# -- on times -------------------------------------------------------------------------------------

HOURS = WithinHours(
    starts=Ref("form", "starts"), ends=Ref("form", "ends"), days="days", hours="hours", otherwise=NO
)


@pytest.mark.parametrize(
    ("starts", "ends", "wrong"),
    [
        ("2026-03-02T08:00:00+01:00", "2026-03-02T16:00:00+01:00", []),
        ("2026-03-02T07:59:00+01:00", "2026-03-02T09:00:00+01:00", ["starts"]),
        ("2026-03-02T15:30:00+01:00", "2026-03-02T16:30:00+01:00", ["ends"]),
        ("2026-03-02T15:00:00+01:00", "2026-03-03T09:00:00+01:00", ["ends"]),  # overnight
        ("2026-03-02T10:00:00+01:00", "2026-03-02T09:00:00+01:00", ["ends"]),  # ends first
        ("2026-03-04T10:00:00+01:00", "2026-03-04T11:00:00+01:00", ["starts", "ends"]),  # Wednesday
        ("2026-01-06T10:00:00+01:00", "2026-01-06T11:00:00+01:00", ["starts", "ends"]),  # Epiphany
        ("2026-03-30T06:00:00+00:00", "2026-03-30T07:00:00+00:00", []),  # summer time
        ("2026-03-24T06:00:00+00:00", "2026-03-24T07:00:00+00:00", ["starts"]),  # winter time
    ],
)
def test_within_hours(starts: str, ends: str, wrong: list[str]) -> None:
    """A visit begins and ends on one open day within its hours, in local time.

    If not, the cure names the time that is wrong, or both.
    """
    finding = judged(HOURS, scene({"starts": starts, "ends": ends}))
    wants = finding.wants if finding else ()
    assert wants == tuple(Want(field=name) for name in wrong)
    assert (finding is None) is (not wrong)


def test_within_hours_names_the_local_time() -> None:
    """Who is refused for the hour reads the local time that was asked for."""
    finding = judged(
        HOURS, scene({"starts": "2026-07-06T05:30:00Z", "ends": "2026-07-06T06:30:00Z"})
    )
    assert finding
    assert finding.values == {"local_time": "2026-07-06 07:30"}


def test_within_hours_without_an_end() -> None:
    """Where only the beginning is known, only that is looked at; a holiday may be disregarded."""
    guard = attrs.evolve(HOURS, ends=None, closed_on_holidays=False)
    assert guard.refs() == (HOURS.starts,)
    assert judged(guard, scene({"starts": "2026-01-06T10:00:00+01:00"})) is None


def test_within_hours_unjudged() -> None:
    """No time, a naive one, and parameters of the wrong kind cannot be judged."""
    assert unjudged(HOURS, scene({})) == "form.starts"
    assert unjudged(HOURS, scene({"starts": "tomorrow"})) == "form.starts"
    assert unjudged(HOURS, scene({"starts": "2026-03-02T08:00:00"})) == "form.starts"
    wrong = attrs.evolve(HOURS, days="hours")
    assert unjudged(wrong, scene({"starts": "2026-03-02T08:00:00Z"})) == "parameter.hours"


@pytest.mark.parametrize(
    ("older", "later", "days", "passes"),
    [
        ("week", "", -7, True),
        ("P7D", "", -7.01, False),
        ("P7D", "", 400, True),
        ("", "P7D", 7, True),
        ("", "week", 7.01, False),
        ("", "P7D", -400, True),
        ("P7D", "P7D", 0, True),
        ("P7D", "P7D", 8, False),
        ("P7D", "P7D", -8, False),
    ],
)
def test_time_window(older: str, later: str, days: float, passes: bool) -> None:
    """A time passes if it is not too long ago and not too far ahead."""
    guard = TimeWindow(value=FORM, not_older_than=older, not_later_than=later, otherwise=NO)
    at = (MONDAY + dt.timedelta(days=days)).isoformat()
    assert judged(guard, scene({"a": at})) == (
        None if passes else Finding(wants=(Want(field="a"),))
    )


@pytest.mark.parametrize(("days", "passes"), [(6.99, False), (7, True), (400, True)])
@pytest.mark.parametrize("notice", ["P7D", "week"])
def test_time_window_with_notice(notice: str, days: float, passes: bool) -> None:
    """A time passes if it is announced long enough before."""
    guard = TimeWindow(value=FORM, not_sooner_than=notice, otherwise=NO)
    at = (MONDAY + dt.timedelta(days=days)).isoformat()
    assert (judged(guard, scene({"a": at})) is None) is passes


def test_time_window_after_others() -> None:
    """A time may not lie before others that are known."""
    guard = TimeWindow(value=FORM, not_before=(DATA, Ref("case", "b")), otherwise=NO)
    assert guard.refs() == (FORM, DATA, Ref("case", "b"))
    later = (MONDAY + dt.timedelta(hours=1)).isoformat()
    assert judged(guard, scene({"a": MONDAY.isoformat()})) is None
    assert judged(guard, scene({"a": later}, data={"a": MONDAY.isoformat()})) is None
    assert judged(guard, scene({"a": MONDAY.isoformat()}, data={"b": later})) == Finding(
        wants=(Want(field="a"),)
    )
    assert unjudged(guard, scene({"a": later}, data={"a": "soon"})) == "case.a"


def test_time_window_unjudged() -> None:
    """No time, and a parameter that is no duration, cannot be judged."""
    guard = TimeWindow(value=FORM, not_older_than="five", otherwise=NO)
    assert unjudged(guard, scene({})) == "form.a"
    assert unjudged(guard, scene({"a": MONDAY.isoformat()})) == "parameter.five"


# -- on other cases -------------------------------------------------------------------------------

CONSENT = CaseInState(process="consent", states=("received",), otherwise=NO)


def test_case_in_state() -> None:
    """One case in the right state passes, whatever others there are."""
    assert CONSENT.needs(scene()) == (
        Query(process="consent", field="subject", value="customer-17"),
    )
    right, other = case("received", process="consent"), case("asked", process="consent")
    assert judged(CONSENT, scene(), other, right) is None
    want = Want(process="consent", states=("received",), case=other, subject="customer-17")
    assert judged(CONSENT, scene(), other) == Finding(
        values=Facts({"state": "asked"}), wants=(want,)
    )


def test_case_in_no_state() -> None:
    """Where there is no case, or only one that has ended, another is to be opened."""
    ended = case("withdrawn", process="consent", is_open=False)
    want = Want(process="consent", states=("received",), subject="customer-17")
    expected = Finding(values=Facts({"state": ""}), wants=(want,))
    assert judged(CONSENT, scene()) == judged(CONSENT, scene(), ended) == expected


def test_a_case_that_matches() -> None:
    """Only a case with the wanted values counts, and the form's could be mended."""
    guard = attrs.evolve(CONSENT, match={"door": FORM})
    found = case("received", data=Facts({"door": "front"}))
    assert judged(guard, scene({"a": "front"}), found) is None
    finding = judged(guard, scene({"a": "back"}), found)
    assert finding
    assert [want.field for want in finding.wants] == ["a", ""]


def test_a_case_whose_time_is_past() -> None:
    """A case in the right state counts only until the time in it."""
    guard = attrs.evolve(CONSENT, not_past="until")

    def until(text: str) -> Case:
        return case("received", data=Facts({"until": text}))

    assert judged(guard, scene(), until(MONDAY.isoformat())) is None
    past = until((MONDAY - dt.timedelta(microseconds=1)).isoformat())
    finding = judged(guard, scene(), past)
    assert finding
    assert finding.values == {"state": "received"}
    assert unjudged(guard, scene(), case("received")) == "consent.until"
    assert unjudged(guard, scene(), until("later")) == "until"


def test_no_case_in_state() -> None:
    """A case in one of the states is in the way, others are not."""
    guard = NoCaseInState(
        process="lock", states=("mounted",), find="customer", match={"door": FORM}, otherwise=NO
    )
    front = case("mounted", process="lock", data=Facts({"door": "front"}))
    assert guard.needs(scene({"a": "front"}))[0].field == "customer"
    assert judged(guard, scene({"a": "back"}), front) is None
    assert judged(guard, scene({"a": "front"}), attrs.evolve(front, state="in_store")) is None
    wants = (Want(field="a"), Want(process="lock", case=front))
    assert judged(guard, scene({"a": "front"}), front) == Finding(
        values=Facts({"state": "mounted"}), wants=wants
    )


def test_whose_case_is_not_known() -> None:
    """Without the value that other cases are found by, nothing can be judged."""
    guard = attrs.evolve(CONSENT, subject=DATA)
    with pytest.raises(Unjudged, match=r"^case\.a$"):
        guard.needs(scene())


# -- on what was done -----------------------------------------------------------------------------


def test_done() -> None:
    """What has been made passes; what has not is wanted first."""
    guard = Done(transitions=("a", "b", "c"), otherwise=NO)
    assert judged(guard, scene(case=case(done=frozenset("abc")))) is None
    finding = judged(guard, scene(case=case(done=frozenset("b"))))
    assert finding == Finding(wants=(Want(transitions=("a", "c")),))


def test_duties_done() -> None:
    """Nothing owed passes; what is owed is named in words and wanted first."""
    guard = DutiesDone(otherwise=NO)
    assert judged(guard, scene()) is None
    finding = judged(
        guard, scene(owed={"test": Text("Prova", "Test"), "pair": Text("Koppla", "Pair")})
    )
    assert finding
    assert finding.values == {"owed": ("test", "pair")}
    assert finding.words == {"owed": Text("Prova, Koppla", "Test, Pair")}
    assert finding.wants == (Want(transitions=("test", "pair")),)


# -- all of them ----------------------------------------------------------------------------------


def example(kind: type[Guard]) -> Guard:
    values: dict[str, Any] = {
        "value": FORM,
        "other": FORM,
        "list": FORM,
        "starts": FORM,
        "subject": FORM,
        "limit": 5,
        "days": "days",
        "hours": "hours",
        "not_older_than": "week",
        "values": ("x",),
        "states": ("x",),
        "transitions": ("x",),
        "allowed": {},
        "process": "consent",
        "otherwise": NO,
    }
    names = {field.name for field in attrs.fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in names})


@pytest.mark.parametrize("kind", GUARDS, ids=lambda kind: kind.kind)
def test_a_form_not_yet_given(kind: type[Guard]) -> None:
    """A guard that speaks of the form asks for it when there is none."""
    guard = example(kind)
    if guard.refs():
        with pytest.raises(FormNeeded):
            guard.judge(scene(), tuple(() for _ in guard.needs(scene())))
    else:
        assert kind in (Done, DutiesDone)
        assert guard.needs(scene()) == ()


@pytest.mark.parametrize("kind", GUARDS, ids=lambda kind: kind.kind)
def test_no_guard_passes_on_nothing(kind: type[Guard]) -> None:
    """With an empty form no guard lets through, but for those that ask for nothing."""
    guard = example(kind)
    try:
        finding = guard.judge(scene({}), tuple(() for _ in guard.needs(scene({}))))
    except Unjudged:
        return
    assert (finding is None) is (kind in (Absent, DutiesDone))


def test_the_base_judges_nothing() -> None:
    """A kind that forgets to judge is noticed."""
    guard = Guard(otherwise=NO)
    assert (guard.needs(scene()), guard.refs(), guard.reports()) == ((), (), ())
    with pytest.raises(NotImplementedError):
        guard.judge(scene(), ())


def test_names_of_kinds() -> None:
    """Each kind has a name of its own."""
    assert len({kind.kind for kind in GUARDS}) == len(GUARDS)


# -- values and conditions ------------------------------------------------------------------------


def test_what_references_stand_for() -> None:
    """A reference is a value of the form, the case, the actor, the time, an item, or itself."""
    moment = scene({"a": 1}, data={"a": 2}, item="PH1")
    assert moment.value(FORM) == 1
    assert moment.value(DATA) == 2
    assert moment.value(ACTOR) == "anna"
    assert moment.value(NOW) == MONDAY.isoformat()
    assert moment.value(Ref("each", "item")) == "PH1"
    assert moment.value(Ref("value", literal="x")) == "x"
    assert [str(ref) for ref in (FORM, NOW, Ref("value", literal=5))] == [
        "form.a",
        "event.happened_at",
        "5",
    ]


def test_conditions() -> None:
    """A rule applies if the value is one of a few, if there is one, or if there is none."""
    one_of = Condition(value=DATA, one_of=("x", False))
    there, gone = Condition(value=DATA, given=True), Condition(value=DATA, given=False)
    for value, expected in (
        ("x", [1, 1, 0]),
        (False, [1, 1, 0]),
        ("y", [0, 1, 0]),
        (None, [0, 0, 1]),
    ):
        moment = scene(data={"a": value})
        assert [moment.applies(when) for when in (one_of, there, gone)] == expected
    assert scene().applies(None)


def test_durations_by_name() -> None:
    """A duration is written out, or the parameter that holds it is named."""
    assert scene().duration("week") == scene().duration("P7D") == Duration(7)
    with pytest.raises(Unjudged, match=r"^parameter\.weak$"):
        scene().duration("weak")
