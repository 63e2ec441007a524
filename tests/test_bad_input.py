"""Whatever a host hands in wrongly gets the typed error, in words, and changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockroutine import (
    Actor,
    Engine,
    InvalidForm,
    LockroutineError,
    NotFound,
    Reference,
    Refused,
    load_routine,
)
from smallpack import (
    ANNA,
    BO,
    BOOKING,
    MONDAY,
    NOBODY,
    ORDER,
    ROUTINE,
    Clock,
    consent,
    everything,
    just_order,
    lock,
    opened,
    order,
    short,
)

HUGE = "x" * 10_000_000
NO_ZONE = "has no time zone; use datetime.now(timezone.utc) or a zoneinfo zone"
NAIVE = dt.datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001
UNPRINTABLE = "must not hold control characters or lone surrogates"
BLANK = "must not be blank or begin or end with a space"
LONG = "must be at most 200 characters"


@pytest.fixture(params=["memory", "file"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return ":memory:" if request.param == "memory" else str(tmp_path / "locks.db")


def refused_without_a_trace(
    engine: Engine, do: Callable[[], object], kind: type[LockroutineError], text: str
) -> None:
    before = everything(engine)
    with pytest.raises(kind) as error:
        do()
    assert str(error.value) == text
    assert everything(engine) == before


WRONG_IDS: list[tuple[object, str]] = [
    (None, "must be text"),
    (5, "must be text"),
    (b"x", "must be text"),
    (["x"], "must be text"),
    ("", BLANK),
    (" x", BLANK),
    (HUGE, LONG),
    ("a\x07b", UNPRINTABLE),
    ("a\ud800b", UNPRINTABLE),
]


@pytest.mark.parametrize(("value", "message"), WRONG_IDS, ids=short)
def test_wrong_ids(where: str, value: Any, message: str) -> None:
    """Every id that is none is refused by the name of its argument."""
    with opened(where) as engine:
        case = order(engine)
        start: dict[str, Any] = {"actor": ANNA, "subject": "c-2", "unit": "north"}
        todo: list[tuple[str, Callable[[], object]]] = [
            ("subject", lambda: engine.start("consent", "ask", **{**start, "subject": value})),
            ("unit", lambda: engine.start("consent", "ask", **{**start, "unit": value})),
            (
                "subject",
                lambda: engine.explain_start("consent", "ask", **{**start, "subject": value}),
            ),
            ("unit", lambda: engine.explain_start("consent", "ask", **{**start, "unit": value})),
            ("subject", lambda: engine.start_options("consent", **{**start, "subject": value})),
            ("unit", lambda: engine.start_options("consent", **{**start, "unit": value})),
            ("case_id", lambda: engine.perform(value, "cancel", actor=ANNA)),
            ("case_id", lambda: engine.perform(value, "cancel", actor=ANNA, key="k")),
            ("case_id", lambda: engine.explain(value, "cancel", actor=ANNA)),
            ("case_id", lambda: engine.options(value, actor=ANNA)),
            ("case_id", lambda: engine.case(value)),
            ("case_id", lambda: engine.history(value)),
            ("case_id", lambda: engine.history_page(value)),
        ]
        if value is not None:
            todo += [
                ("key", lambda: engine.start("consent", "ask", **start, key=value)),
                ("key", lambda: engine.perform(case.id, "cancel", actor=ANNA, key=value)),
                ("subject", lambda: engine.cases(subject=value)),
                ("subject", lambda: engine.cases(process="consent", subject=value)),
                ("unit", lambda: engine.cases(unit=value)),
                ("state", lambda: engine.cases(state=value)),
                ("state", lambda: engine.cases(process="order", state=value)),
                ("case_id", lambda: engine.effects(case_id=value)),
                ("state", lambda: engine.effects(state=value)),
            ]
        for path, do in todo:
            refused_without_a_trace(engine, do, InvalidForm, f"{path}: {message}")


@pytest.mark.parametrize("value", [None, 5, ["order"], {}, b"order"], ids=short)
def test_names_that_are_none(where: str, value: Any) -> None:
    """A process or transition that is no text is refused as that."""
    with opened(where) as engine:
        case = order(engine)
        start: dict[str, Any] = {"actor": ANNA, "subject": "c-2", "unit": "north"}
        for path, do in [
            ("process", lambda: engine.start(value, "ask", **start)),
            ("transition", lambda: engine.start("consent", value, **start)),
            ("process", lambda: engine.explain_start(value, "ask", **start)),
            ("process", lambda: engine.start_options(value, **start)),
            ("transition", lambda: engine.perform(case.id, value, actor=ANNA)),
            ("transition", lambda: engine.explain(case.id, value, actor=ANNA)),
        ]:
            refused_without_a_trace(engine, do, InvalidForm, f"{path}: must be text")
        if value is not None:
            refused_without_a_trace(
                engine, lambda: engine.cases(process=value), InvalidForm, "process: must be text"
            )


@pytest.mark.parametrize("name", [HUGE, "a\x07", "\ud800", ""], ids=short)
def test_names_that_do_not_exist(where: str, name: str) -> None:
    """A name that nothing has is not found, in a text that is short and can be printed."""
    with opened(where) as engine:
        case = order(engine)
        shown = repr(name[:80])
        for kind, do in [
            ("process", lambda: engine.start(name, "x", actor=ANNA, subject="c", unit="north")),
            ("transition of order", lambda: engine.perform(case.id, name, actor=ANNA)),
            ("process", lambda: engine.cases(process=name)),
        ]:
            refused_without_a_trace(engine, do, NotFound, f"There is no {kind} {shown}.")


def test_ids_that_do_not_exist(where: str) -> None:
    """A case that is not there is not found by any way of asking."""
    with opened(where) as engine:
        for do in (
            lambda: engine.perform("none", "cancel", actor=ANNA),
            lambda: engine.explain("none", "cancel", actor=ANNA),
            lambda: engine.options("none", actor=ANNA),
            lambda: engine.case("none"),
            lambda: engine.case("none", actor=ANNA),
            lambda: engine.history("none"),
            lambda: engine.history_page("none"),
        ):
            refused_without_a_trace(engine, do, NotFound, "There is no case 'none'.")
        refused_without_a_trace(
            engine,
            lambda: engine.cases(process="order", state="orderd"),
            NotFound,
            "There is no state of order 'orderd'. Did you mean 'ordered'?",
        )


@pytest.mark.parametrize("actor", [None, "anna", 5, {"id": "anna"}], ids=short)
def test_nobody_there(where: str, actor: Any) -> None:
    """Whoever is no Actor is refused as that."""
    with opened(where) as engine:
        case = order(engine)
        start: dict[str, Any] = {"subject": "c-2", "unit": "north"}
        todo: list[Callable[[], object]] = [
            lambda: engine.start("consent", "ask", actor=actor, **start),
            lambda: engine.perform(case.id, "cancel", actor=actor),
            lambda: engine.explain(case.id, "cancel", actor=actor),
            lambda: engine.explain_start("consent", "ask", actor=actor, **start),
            lambda: engine.start_options("consent", actor=actor, **start),
            lambda: engine.worklist(actor=actor),
        ]
        if actor is not None:
            todo += [
                lambda: engine.options(case.id, actor=actor),
                lambda: engine.case(case.id, actor=actor),
                lambda: engine.cases(actor=actor),
                lambda: engine.history(case.id, actor=actor),
            ]
        for do in todo:
            refused_without_a_trace(engine, do, InvalidForm, "actor: must be an Actor")


def test_an_actor_without_roles(where: str) -> None:
    """An actor without roles may do nothing, and an actor without units sees nothing."""
    with opened(where) as engine:
        case = order(engine)
        with pytest.raises(Refused, match="Your role may not do this"):
            engine.perform(case.id, "cancel", actor=NOBODY)
        assert engine.cases(actor=Actor("x")).items == ()


@pytest.mark.parametrize(
    "form",
    ["abc", 5, [1], HUGE, object(), {"name": float("nan")}, {5: 5}, {"a\ud800": 1}, {HUGE: 1}],
    ids=short,
)
def test_forms_that_are_none(where: str, form: Any) -> None:
    """What is no form, or one of odd keys and values, is refused with every problem by its path."""
    with opened(where) as engine:
        consent(engine)
        before = everything(engine)
        with pytest.raises(InvalidForm) as error:
            engine.start(
                "order", "order", actor=ANNA, subject="customer-17", unit="north", form=form
            )
        assert error.value.problems
        assert len(str(error.value)) < 1000
        str(error.value).encode()
        assert everything(engine) == before


def test_nested_bombs(where: str) -> None:
    """A form nested a hundred thousand deep is refused like any other wrong one."""
    bomb: Any = []
    for _ in range(100_000):
        bomb = [bomb]
    with opened(where) as engine:
        consent(engine)
        for name, text in (("name", "name: must be text, not a list"), ("door_code", None)):
            with pytest.raises(InvalidForm) as error:
                just_order(engine, **{name: bomb})
            assert text is None or str(error.value) == text
        with pytest.raises(InvalidForm):
            just_order(engine, contact={"name": bomb})
        assert engine.cases(process="order").items == ()
    while bomb:
        bomb = bomb[0]


@pytest.mark.parametrize(
    ("at", "reason", "text"),
    [
        (NAIVE, "x", f"happened_at: {NO_ZONE}"),
        ("2026-03-02T09:00:00Z", "x", "happened_at: must be a datetime with its time zone"),
        (MONDAY + dt.timedelta(seconds=1), "x", "happened_at: lies in the future"),
        (dt.datetime(1, 1, 1, tzinfo=dt.UTC), "x", "happened_at: is too far from today"),
        (MONDAY, "", "late_reason: is missing: say why this was not entered at once"),
        (MONDAY, " \n", "late_reason: must not be blank"),
        (MONDAY, HUGE, "late_reason: must be at most 2000 characters"),
        (MONDAY, "a\x00b", f"late_reason: {UNPRINTABLE}"),
        (MONDAY, "a\ud800b", f"late_reason: {UNPRINTABLE}"),
        (MONDAY, 5, "late_reason: must be text"),
        (MONDAY, None, "late_reason: must be text"),
        (None, "x", "late_reason: goes with happened_at"),
        (None, "?", "late_reason: goes with happened_at"),
    ],
    ids=short,
)  # fmt: skip
def test_late_entries(where: str, at: Any, reason: Any, text: str) -> None:
    """A late entry has an aware time in the past and a reason in words, and both or neither."""
    with opened(where) as engine:
        case = order(engine)
        late: dict[str, Any] = {"happened_at": at, "late_reason": reason}
        for do in (
            lambda: engine.perform(case.id, "cancel", actor=ANNA, **late),
            lambda: engine.start("consent", "ask", actor=ANNA, subject="c", unit="north", **late),
        ):
            refused_without_a_trace(engine, do, InvalidForm, text)


@pytest.mark.parametrize("expect", ["1", 1.0, True, "x", None], ids=short)
def test_expected_versions_that_are_none(where: str, expect: Any) -> None:
    """An expected version is a whole number."""
    with opened(where) as engine:
        case = order(engine)
        if expect is None:
            assert engine.perform(case.id, "cancel", actor=ANNA, expect=None).version == 2
            return
        refused_without_a_trace(
            engine,
            lambda: engine.perform(case.id, "cancel", actor=ANNA, expect=expect),
            InvalidForm,
            "expect: must be a whole number: the case's version",
        )


@pytest.mark.parametrize("references", [5, None, "easit:4711", [("easit", "4711")], [5]], ids=short)
def test_references_that_are_none(where: str, references: Any) -> None:
    """References come as a list of References."""
    with opened(where) as engine:
        case = order(engine)
        refused_without_a_trace(
            engine,
            lambda: engine.perform(case.id, "cancel", actor=ANNA, references=references),
            InvalidForm,
            "references: must be a list of References",
        )


def test_one_reference_by_itself(where: str) -> None:
    """A single reference need not stand in a list."""
    with opened(where) as engine:
        one = Reference("easit", "4711")
        case = engine.perform(order(engine).id, "cancel", actor=ANNA, references=one)  # type: ignore[arg-type]
        assert case.references == (one,)


@pytest.mark.parametrize(
    ("given_wrongly", "text"),
    [
        ({"limit": 0}, "limit: must be a whole number from 1 to 1000"),
        ({"limit": 1001}, "limit: must be a whole number from 1 to 1000"),
        ({"limit": "5"}, "limit: must be a whole number from 1 to 1000"),
        ({"limit": True}, "limit: must be a whole number from 1 to 1000"),
        ({"cursor": 5}, "cursor: is none that a page gave as its next"),
        ({"cursor": None}, "cursor: is none that a page gave as its next"),
        ({"cursor": HUGE}, "cursor: is none that a page gave as its next"),
        ({"cursor": "\ud800"}, "cursor: is none that a page gave as its next"),
    ],
    ids=short,
)
def test_pages_that_are_none(where: str, given_wrongly: dict[str, Any], text: str) -> None:
    """A limit or a cursor that is none is refused, of cases and of work lists."""
    with opened(where) as engine:
        order(engine)
        refused_without_a_trace(engine, lambda: engine.cases(**given_wrongly), InvalidForm, text)
        refused_without_a_trace(
            engine, lambda: engine.worklist(actor=BO, **given_wrongly), InvalidForm, text
        )


def test_a_cursor_of_another_list() -> None:
    """A work list takes no cursor that does not look like one of its own."""
    engine = opened()
    with pytest.raises(InvalidForm, match=r"^cursor: is none that a page gave as its next$"):
        engine.worklist(actor=BO, cursor="abc")


def test_other_arguments(where: str) -> None:
    """Languages, filters and the number of ticks are looked at too."""
    with opened(where) as engine:
        case = order(engine)
        wrong: Any = "de"
        for do, text in [
            (
                lambda: engine.options(case.id, actor=ANNA, language=wrong),
                "language: must be sv or en",
            ),
            (lambda: engine.cases(is_open=wrong), "is_open: must be true, false or nothing"),
            (lambda: engine.cases(reference=wrong), "reference: must be a Reference"),
            (lambda: engine.tick(wrong), "limit: must be a whole number from 1 to 1000"),
        ]:
            refused_without_a_trace(engine, do, InvalidForm, text)


@pytest.mark.parametrize("at", [NAIVE, "now", None, 5], ids=short)
def test_a_clock_that_is_none(at: Any) -> None:
    """A clock that tells no aware time is refused, and nothing is done by it."""
    clock = Clock()
    engine = opened(clock=clock)
    case = order(engine)
    clock.at = at
    with pytest.raises(InvalidForm, match=r"^clock: "):
        engine.perform(case.id, "cancel", actor=ANNA)
    clock.at = MONDAY
    assert engine.case(case.id).version == 1


@pytest.mark.parametrize("routine", ["soderkoping", 5, ROUTINE.source], ids=short)
def test_a_routine_that_is_none(routine: Any) -> None:
    """An engine wants a routine that was loaded."""
    with pytest.raises(InvalidForm) as error:
        Engine.open(":memory:", routine=routine)
    assert str(error.value) == "routine: must be a Routine; load_routine makes one"


@pytest.mark.parametrize("name", [None, 5, ["soderkoping"]], ids=short)
def test_a_pack_that_is_none(name: Any) -> None:
    """A pack is given by its name or its folder."""
    with pytest.raises(InvalidForm) as error:
        load_routine(name)
    assert str(error.value) == "where: must be the name of a pack, or a folder"


@pytest.mark.parametrize("where", [None, 5, b"locks.db", ["locks.db"]], ids=short)
def test_a_database_that_is_none(where: Any) -> None:
    """A database is given by its path."""
    with pytest.raises(InvalidForm) as error:
        Engine.open(where, routine=ROUTINE)
    assert str(error.value) == "where: must be a path, a database URL, or :memory:"


@pytest.mark.parametrize(
    "serial", ["ph1-001", " PH1-001 ", "P H 1 - 0 0 1", "\uff50\uff48\uff11-001"], ids=ascii
)
def test_spellings_of_one_lock(where: str, serial: str) -> None:
    """However a serial number is spelt, it is the one lock, wherever it is given."""
    with opened(where) as engine:
        made = lock(engine, "PH1-001")
        with pytest.raises(Refused, match="There is already an open case of this kind"):
            lock(engine, serial)
        assert [one.id for one in engine.cases(process="lock", subject=serial)] == [made.id]
        case = order(engine)
        engine.perform(case.id, "book", actor=BO, form=BOOKING)
        engine.perform(case.id, "install", actor=BO, form={"serial_number": serial})
        assert engine.case(made.id).state == "mounted"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=5)
    | st.datetimes()
    | st.sampled_from([*ORDER, *ORDER.values()]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(list(ORDER)) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=10,
)


@given(anything)
def test_anything_as_a_form(form: object) -> None:
    """Whatever is given as a form, it is taken, or refused as one, and never fails otherwise."""
    engine = opened()
    consent(engine)
    try:
        engine.start("order", "order", actor=ANNA, subject="customer-17", unit="north", form=form)
    except InvalidForm as error:
        assert error.problems  # noqa: PT017
        assert len(engine.cases(process="order")) == 0


@given(st.sampled_from(sorted(ORDER)), anything)
def test_anything_as_a_value(name: str, value: object) -> None:
    """Whatever is given as one value of a form, it is taken, or refused by its path."""
    engine = opened()
    consent(engine)
    try:
        just_order(engine, **{name: value})
    except InvalidForm as error:
        paths = {problem.path.split(".")[0].split("[")[0] for problem in error.problems}
        assert paths == {name}
