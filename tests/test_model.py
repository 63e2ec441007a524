"""Plain values: checked where they come in, frozen, comparable, and silent about people."""

from __future__ import annotations

import datetime as dt
import pickle

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockroutine import (
    Actor,
    Case,
    ConflictError,
    Cure,
    Event,
    Facts,
    InvalidForm,
    LockroutineError,
    NotFound,
    Page,
    Problem,
    Reason,
    Reference,
    Refused,
    RulesError,
    StoreError,
    Text,
    Verdict,
    Verification,
)
from lockroutine.errors import PluginsError, TryAgain, nearest
from lockroutine.facts import NOTHING, aware, canonical, identifier, serial_number, sha256
from smallpack import MONDAY, PHONE, short

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def event(**given: object) -> Event:
    made: dict[str, object] = {
        "case_id": "1",
        "version": 1,
        "process": "lock",
        "transition": "register",
        "before": "",
        "after": "in_store",
        "subject": "PH1",
        "unit": "north",
        "actor": "bo",
        "roles": ("installer",),
        "happened_at": MONDAY,
        "recorded_at": MONDAY,
        "routine": "small@1.0.0",
        **given,
    }
    return Event(**made)  # type: ignore[arg-type]


# -- ids and times --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "subject: must be text"),
        (17, "subject: must be text"),
        (b"customer-17", "subject: must be text"),
        ("", "subject: must not be blank or begin or end with a space"),
        ("  ", "subject: must not be blank or begin or end with a space"),
        (" customer-17", "subject: must not be blank or begin or end with a space"),
        ("x" * 201, "subject: must be at most 200 characters"),
        ("x" * 10_000_000, "subject: must be at most 200 characters"),
        ("customer\x0017", "subject: must not hold control characters or lone surrogates"),
        ("customer-\ud800", "subject: must not hold control characters or lone surrogates"),
    ],
    ids=short,
)
def test_wrong_ids(value: object, message: str) -> None:
    """An id that is not short printable text is refused in words."""
    with pytest.raises(InvalidForm) as error:
        identifier(value, "subject")
    assert str(error.value) == message


def test_long_id() -> None:
    """An id of 200 characters passes as it is."""
    assert identifier("x" * 200, "subject") == "x" * 200


@pytest.mark.parametrize(
    "spelt", ["PH1-001", "ph1-001", " ph 1-001\t", "\uff50\uff48\uff11-\uff10\uff10\uff11"]
)
def test_one_spelling_of_a_serial_number(spelt: str) -> None:
    """Lower case, spaces and wide letters are the same serial number."""
    assert serial_number(spelt) == "PH1-001"


@given(st.text(max_size=40))
def test_spelling_is_settled_at_once(text: str) -> None:
    """Spelling a serial number again changes nothing, and what cannot be one is always refused."""
    try:
        once = serial_number(text)
    except InvalidForm:
        return
    assert serial_number(once) == once


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "serial_number: must be text"),
        ("x" * 10_000_000, "serial_number: must be at most 200 characters"),
        (" ", "serial_number: must not be blank or begin or end with a space"),
    ],
    ids=short,
)
def test_wrong_serial_numbers(value: object, message: str) -> None:
    """What is no serial number is refused before it is looked at closely."""
    with pytest.raises(InvalidForm) as error:
        serial_number(value)
    assert str(error.value) == message


def test_times_become_utc() -> None:
    """A time with any zone is kept as UTC."""
    given_at = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert aware(given_at, "at") == MONDAY
    assert aware(given_at, "at").tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2026-03-02", "at: must be a datetime with its time zone"),
        (dt.date(2026, 3, 2), "at: must be a datetime with its time zone"),
        (
            dt.datetime(2026, 3, 2),  # noqa: DTZ001
            "at: has no time zone; use datetime.now(timezone.utc) or a zoneinfo zone",
        ),
        (dt.datetime.min.replace(tzinfo=dt.UTC), "at: is too far from today"),
        (
            dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=1))),
            "at: is too far from today",
        ),
        (dt.datetime(9999, 12, 31, 23, 30, tzinfo=dt.UTC), "at: is too far from today"),
    ],
)
def test_wrong_times(value: object, message: str) -> None:
    """No time, a naive one, and one that no calendar can count from are refused."""
    with pytest.raises(InvalidForm) as error:
        aware(value, "at")
    assert str(error.value) == message


# -- facts ----------------------------------------------------------------------------------------


@given(st.dictionaries(st.text(), plain, max_size=4))
def test_facts_are_values(values: dict[str, object]) -> None:
    """Equal facts hash alike, survive pickling and reading back from JSON, and print no value."""
    facts = Facts(values)
    assert facts == Facts(facts) == pickle.loads(pickle.dumps(facts))
    assert hash(facts) == hash(Facts(values))
    assert repr(facts) == f"<{', '.join(values)}>"
    assert len(facts) == len(list(facts)) == len(values)


def test_facts_are_frozen() -> None:
    """Facts do not change, nor do the lists and tables within them."""
    inner = [1, {"b": [2]}]
    facts = Facts({"a": inner})
    inner.append(3)
    assert facts["a"] == (1, Facts({"b": (2,)}))
    with pytest.raises(AttributeError, match="Facts are frozen"):
        facts.a = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        facts["a"] = 1  # type: ignore[index]


def test_facts_are_found_by_path() -> None:
    """A dotted path leads into tables; where there is nothing, it finds None."""
    facts = Facts({"contact": {"phone": PHONE}, "door": "front"})
    assert facts.at("contact.phone") == PHONE
    assert [facts.at(path) for path in ("x", "door.x", "contact.x", "contact.phone.x")] == [
        None
    ] * 4


def test_merging() -> None:
    """Facts laid over others win, whatever mapping they come as."""
    facts = Facts({"a": 1, "b": 2})
    assert facts.merged({}) is facts
    assert facts.merged({"b": 3}) == facts.merged(Facts({"b": 3})) == {"a": 1, "b": 3}
    assert facts == {"a": 1, "b": 2}


def test_canonical_text() -> None:
    """Equal values have one text; what is no plain value has none."""
    assert canonical(Facts({"b": (1, None), "a": "å"})) == '{"a":"\\u00e5","b":[1,null]}'
    assert len(sha256("\ud800")) == 64
    with pytest.raises(TypeError, match="object is no plain value"):
        canonical(object())


# -- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Actor(""), "actor.id: must not be blank or begin or end with a space"),
        (lambda: Actor(5), "actor.id: must be text"),  # type: ignore[arg-type]
        (
            lambda: Actor("anna", roles="coordinator"),
            "actor: roles and units are sets of names, not one text",
        ),
        (
            lambda: Actor("anna", units=5),  # type: ignore[arg-type]
            "actor: roles and units are sets of names, not one text",
        ),
        (lambda: Actor("anna", roles=[5]), "actor: must be text"),  # type: ignore[list-item]
        (
            lambda: Reference("", "1"),
            "reference.system: must not be blank or begin or end with a space",
        ),
        (
            lambda: Reference("easit", "4\n"),
            "reference.id: must not be blank or begin or end with a space",
        ),
        (
            lambda: Reference("easit", "4\n7"),
            "reference.id: must not hold control characters or lone surrogates",
        ),
    ],
)
def test_wrong_values(make: object, message: str) -> None:
    """An actor or a reference that is none is refused when it is made."""
    with pytest.raises(InvalidForm) as error:
        make()  # type: ignore[operator]
    assert str(error.value) == message


def test_text_in_a_language() -> None:
    """A text is told in Swedish or English."""
    text = Text("Lås", "Lock")
    assert (text.get("sv"), text.get("en")) == ("Lås", "Lock")


def test_case_values() -> None:
    """A case answers for what it is, what is known of it, and what is personal of that."""
    case = Case(
        id="1",
        process="order",
        subject="customer-17",
        unit="north",
        routine="small@1.0.0",
        state="ordered",
        data=Facts({"door": "front"}),
        personal=Facts({"contact": {"phone": PHONE}}),
    )
    names = ("id", "subject", "unit", "state", "door", "contact.phone", "nothing")
    expected = ["1", "customer-17", "north", "ordered", "front", PHONE, None]
    assert [case.value(name) for name in names] == expected
    assert PHONE not in repr(case)


def test_references_read_like_ids() -> None:
    """A reference prints as system and id, and references have an order."""
    assert str(Reference("easit", "4711")) == "easit:4711"
    assert Reference("a", "2") < Reference("b", "1")


def test_page_is_a_list() -> None:
    """A page can be counted, run through and picked from."""
    page = Page((1, 2, 3), "x")
    assert (len(page), list(page), page[1], page.next) == (3, [1, 2, 3], 2, "x")


def test_verification_is_whole_without_problems() -> None:
    """A verification is whole if it found nothing."""
    assert Verification(cases=1, events=1).whole
    assert not Verification(cases=1, events=1, problems=(Problem("1", "x"),)).whole


# -- events ---------------------------------------------------------------------------------------


def test_a_sealed_event_is_whole() -> None:
    """An event as it was recorded proves itself."""
    assert event(personal=Facts({"phone": PHONE}), salt="s").is_whole()


@pytest.mark.parametrize(
    "field", [a.name for a in attrs.fields(Event) if a.name not in ("salt", "body")]
)
def test_a_changed_event_is_noticed(field: str) -> None:
    """Whatever is changed in an event, it no longer proves itself."""
    whole = event(personal=Facts({"phone": PHONE}), salt="s", form=Facts({"a": 1}))
    changed: object = "changed"
    match getattr(whole, field):
        case int():
            changed = 99
        case dt.datetime():
            changed = MONDAY + dt.timedelta(microseconds=1)
        case Facts():
            changed = Facts({"a": 2})
        case tuple():
            changed = (Reference("a", "b"),) if field == "references" else ("changed",)
    assert not attrs.evolve(whole, **{field: changed}).is_whole()


def test_erasure_is_no_change() -> None:
    """An event whose personal part was erased still proves the rest."""
    whole = event(personal=Facts({"phone": PHONE}), salt="s")
    assert attrs.evolve(whole, personal=None, salt="").is_whole()


def test_what_others_see_of_an_event() -> None:
    """Of an event somebody sees only the personal fields that are theirs to see."""
    whole = event(personal=Facts({"phone": PHONE, "name": "Customer 17"}), salt="s")
    assert whole.only(frozenset({"name"})).personal == {"name": "Customer 17"}
    assert whole.only(frozenset()).salt == ""
    assert attrs.evolve(whole, personal=None).only(frozenset({"name"})).personal == {}


def test_an_event_tells_nothing_of_people() -> None:
    """No personal value, reason or salt stands in an event's repr."""
    shown = repr(event(personal=Facts({"phone": PHONE}), salt="s3", late_reason="Anna was ill"))
    assert not [word for word in (PHONE, "s3", "ill") if word in shown]
    assert "late_reason=...," in shown
    assert "late_reason=''," in repr(event())


# -- errors ---------------------------------------------------------------------------------------

REASON = Reason(
    rule="process.order.transitions.order.guards.consent",
    clauses=("C1", "C2"),
    text=Text("Samtycket saknas.", "The consent is missing."),
    cures=(
        Cure(
            process="consent",
            transition="ask",
            roles=("coordinator",),
            text=Text("Fråga.", "Ask."),
        ),
    ),
)
REFUSAL = Verdict(
    process="order",
    transition="order",
    reasons=(
        REASON,
        attrs.evolve(REASON, clauses=(), cures=()),
        Reason(rule="r", gaps=("g",), text=Text("Nej.", "No.")),
    ),
)


def test_verdict_in_words() -> None:
    """A verdict says each reason with its clauses, gaps or rule, and what would help."""
    assert REFUSAL.summary("en") == (
        "The consent is missing. [C1, C2]\n"
        "  -> Ask.\n"
        "The consent is missing. [process.order.transitions.order.guards.consent]\n"
        "No. [g]"
    )
    assert REFUSAL.summary("sv").startswith("Samtycket saknas. [C1, C2]\n  -> Fråga.\n")
    allowed = Verdict(process="order", transition="order")
    assert (allowed.allowed, allowed.summary("sv"), allowed.summary()) == (
        True,
        "Tillåtet.",
        "Allowed.",
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            Refused(attrs.evolve(REFUSAL, reasons=(REASON,))),
            "The consent is missing. [C1, C2]\n  -> Ask.",
        ),
        (InvalidForm([Problem("a", "x"), Problem("b", "y")]), "a: x; b: y"),
        (RulesError([Problem("a", "x", "f.toml", 3), Problem("b", "y")]), "f.toml:3: a: x\nb: y"),
        (
            NotFound("process", "mountng", "mounting"),
            "There is no process 'mountng'. Did you mean 'mounting'?",
        ),
        (NotFound("case", "x" * 10_000_000), f"There is no case '{'x' * 80}'."),
        (NotFound("case", "\ud800"), "There is no case '\\ud800'."),
        (ConflictError("Somebody was first.", "1", ["a", "b"]), "Somebody was first."),
        (StoreError("The store is closed."), "The store is closed."),
        (PluginsError([Problem("a", "x"), Problem("b", "y")]), "a: x\nb: y"),
        (TryAgain("The line is busy."), "The line is busy."),
    ],
    ids=short,
)
def test_errors_in_words(error: LockroutineError, text: str) -> None:
    """Every error says in words what is wrong, briefly, and is itself again after pickling."""
    assert isinstance(error, LockroutineError)
    assert str(error) == text
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), text, vars(error))
    assert len(repr(error)) < 5000


def test_problem_in_words() -> None:
    """A problem says file, line and path as far as they are known."""
    assert str(Problem("a.b", "is wrong", "f.toml", 7)) == "f.toml:7: a.b: is wrong"
    assert str(Problem("", "is wrong", "f.toml")) == "f.toml: is wrong"
    assert str(Problem("a", "is wrong")) == "a: is wrong"


def test_nearest_name() -> None:
    """The nearest name is offered, and none if nothing is near."""
    assert nearest("mountng", ["mounting", "removal"]) == "mounting"
    assert nearest("xyz", ["mounting", "removal"]) == ""
    assert nearest("x" * 10_000_000, ["mounting"]) == ""


def test_nothing_is_empty() -> None:
    """The empty facts are shared and false."""
    assert not NOTHING
    assert Facts() == NOTHING
