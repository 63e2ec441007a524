"""A role from outside sees and touches only its own jobs, and learns nothing of any other case."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockroutine import (
    Actor,
    Case,
    ConflictError,
    Engine,
    LockroutineError,
    NotFound,
    Reference,
    Refused,
    load_routine,
)
from lockroutine.contacts import Contact, Contacts
from lockroutine.hookspecs import (
    ChannelSearch,
    Notice,
    Receipt,
    TicketReport,
    TicketReports,
    TicketsSince,
    hookimpl,
)
from lockroutine.model import Page
from smallpack import Clock

ROUTINE = load_routine(Path(__file__).parent / "packs" / "outside")
ANNA = Actor("anna", roles={"coordinator"}, units={"north", "south"})
EK = Actor("eva", roles={"firm"}, units={"firm-ek"})
AL = Actor("alf", roles={"firm"}, units={"firm-al"})
OWN, OTHERS = "customer-17", "zq-customer-19"
STEPS = ("order", "hand_over", "fit", "close")


def engine(where: str | Path = ":memory:", **given: Any) -> Engine:
    return Engine.open(where, routine=ROUTINE, clock=Clock(), **given)


def job(engine: Engine, subject: str = OWN, firm: str = "firm-ek", unit: str = "north") -> Case:
    form = {"firm": firm}
    return engine.start("job", "order", actor=ANNA, subject=subject, unit=unit, form=form)


def start(engine: Engine, process: str, step: str, subject: str, unit: str = "north") -> Case:
    return engine.start(process, step, actor=ANNA, subject=subject, unit=unit)


def lock(engine: Engine, serial: str, *, hung: bool = False) -> Case:
    case = start(engine, "lock", "register", serial, "south")
    return engine.perform(case.id, "hang", actor=ANNA) if hung else case


def everything_told(engine: Engine, actor: Actor, own: str, serials: list[str]) -> str:
    """All that somebody can get out of an engine, as one text."""
    told: list[object] = []

    def ask(question: Callable[[], object]) -> None:
        try:
            told.append(question())
        except LockroutineError as error:
            told.append((type(error).__name__, str(error), vars(error)))

    def pages(page: Callable[[str], Page[Any]]) -> None:
        cursor = ""
        while True:
            found = page(cursor)
            told.append((found.items, found.next))
            cursor = found.next
            if not cursor:
                return

    pages(lambda cursor: engine.worklist(actor=actor, limit=1, cursor=cursor))
    pages(lambda cursor: engine.cases(actor=actor, limit=1, cursor=cursor))
    for case in [case.id for case in engine.cases(limit=1000)]:
        if case not in {one.id for one in engine.cases(actor=actor, limit=1000)}:
            continue
        ask(lambda case=case: engine.case(case, actor=actor))
        ask(lambda case=case: engine.history(case, actor=actor))
        ask(lambda case=case: engine.options(case, actor=actor))
    for step in STEPS[1:]:
        for serial in serials:
            form = {"serial_number": serial} if step == "fit" else None
            ask(lambda s=step, f=form: engine.explain(own, s, actor=actor, form=f))
            ask(lambda s=step, f=form: engine.perform(own, s, actor=actor, form=f))
    for process, rules in ROUTINE.processes.items():
        for step, _ in rules.leaving(""):
            about = {"actor": actor, "subject": OTHERS, "unit": "north"}
            ask(lambda p=process, s=step, a=about: engine.explain_start(p, s, **a))
        ask(lambda p=process: engine.cases(process=p, subject=OTHERS, actor=actor))
    return repr([_spelt_out(one) for one in told])


def _spelt_out(value: object) -> object:
    """With every value, also those that a ``repr`` keeps back."""
    if attrs.has(type(value)):
        fields = attrs.fields(type(value))
        return {one.name: _spelt_out(getattr(value, one.name)) for one in fields}
    if isinstance(value, Mapping):
        return {name: _spelt_out(one) for name, one in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [_spelt_out(one) for one in value]
    return value


# -- what they see --------------------------------------------------------------------------------


def test_a_firm_sees_its_own_jobs_in_whatever_unit_they_are():
    """A job is whose name stands in it; the unit of the case does not matter."""
    with engine() as here:
        north, south = job(here, "a"), job(here, "b", unit="south")
        job(here, "c", "firm-al")
        assert {one.id for one in here.cases(actor=EK)} == {north.id, south.id}
        assert {item.case.id for item in here.worklist(actor=EK)} == {north.id, south.id}
        assert here.case(south.id, actor=EK).state == "sent"


def test_a_unit_of_the_firms_name_opens_no_other_case():
    """A case that merely belongs to a unit of the same name is no job of the firm's."""
    with engine() as here:
        case = here.start("lock", "register", actor=attrs.evolve(ANNA, units={"firm-ek"}),
                          subject="PH1", unit="firm-ek")  # fmt: skip
        assert list(here.cases(actor=EK)) == []
        with pytest.raises(NotFound):
            here.case(case.id, actor=EK)


def test_to_a_firm_another_firms_job_is_not_there():
    """Whatever is asked or done about it, the answer is the one to an id that does not exist."""
    with engine() as here:
        other = job(here, firm="firm-al")
        for id_ in (other.id, "no-such-case"):
            for question in (
                lambda id_=id_: here.case(id_, actor=EK),
                lambda id_=id_: here.history(id_, actor=EK),
                lambda id_=id_: here.history_page(id_, actor=EK),
                lambda id_=id_: here.options(id_, actor=EK),
                lambda id_=id_: here.explain(id_, "fit", actor=EK),
                lambda id_=id_: here.perform(id_, "close", actor=EK),
                lambda id_=id_: here.perform(id_, "fit", actor=EK, form={"serial_number": "1"}),
                lambda id_=id_: here.perform(id_, "fit", actor=EK, expect=7),
            ):
                with pytest.raises(NotFound) as error:
                    question()
                assert str(error.value) == f"There is no case {id_!r}."


def test_a_job_that_goes_to_another_firm_is_gone_for_the_first():
    """Who has it now sees it; who had it once does not."""
    with engine() as here:
        case = job(here)
        here.perform(case.id, "hand_over", actor=ANNA, form={"firm": "firm-al"})
        assert list(here.cases(actor=EK)) == list(here.worklist(actor=EK)) == []
        assert [one.id for one in here.cases(actor=AL)] == [case.id]
        with pytest.raises(NotFound):
            here.perform(case.id, "fit", actor=EK, form={"serial_number": "PH1"})


def test_a_firm_opens_no_case():
    """Not even one that would name it."""
    with engine() as here, pytest.raises(Refused) as refused:
        here.start("job", "order", actor=EK, subject=OWN, unit="firm-ek", form={"firm": "firm-ek"})
    assert refused.value.verdict.reasons[0].rule == "process.job.transitions.order.by"


def test_somebody_with_another_role_too_sees_by_both():
    """Who is coordinator beside is no outsider: units count for that role, jobs for the other."""
    both = Actor("bea", roles={"firm", "coordinator"}, units={"firm-ek", "south"})
    with engine() as here:
        mine, theirs = job(here, "a"), job(here, "b", "firm-al", "south")
        other = job(here, "c", "firm-al")
        assert {one.id for one in here.cases(actor=both)} == {mine.id, theirs.id}
        found = {(item.case.id, item.role) for item in here.worklist(actor=both)}
        assert found == {(mine.id, "firm"), (theirs.id, "coordinator")}
        # In each case, only in the role in which it is seen.
        lock(here, "PH1")
        for case, step, form in ((theirs, "fit", {"serial_number": "PH1"}), (mine, "close", None)):
            with pytest.raises(Refused) as refused:
                here.perform(case.id, step, actor=both, form=form)
            assert [reason.rule for reason in refused.value.verdict.reasons] == ["engine.scope"]
        with pytest.raises(NotFound):
            here.case(other.id, actor=both)


def test_a_notice_goes_to_the_firm_that_has_the_job():
    """`to = ["case.firm"]` is the contact that the field names, and no other firm's."""
    contacts = Contacts(
        {name: Contact(mail=f"{name}@example.org") for name in ("firm-ek", "firm-al")}
    )
    sent = []

    class Post:
        name = "post"
        hooks = "1.0"

        @hookimpl
        def channels(self, details: ChannelSearch) -> tuple[str, ...]:
            return ("mail",)

        @hookimpl
        def send_notice(self, details: Notice) -> Receipt:
            sent.append(details.recipient)
            return Receipt()

    with engine(plugins=[Post()], contacts=contacts) as here:
        job(here)
        here.deliver()
        assert [effect.recipient for effect in here.effects()] == ["firm-ek"]
    assert sent == ["firm-ek@example.org"]


# -- what they are told ----------------------------------------------------------------------------


def test_a_refusal_says_the_same_whatever_is_in_the_way():
    """No such lock, one that hangs elsewhere, or one that is kept back: not to be told apart."""
    told = set()
    for case_of in (
        lambda here: None,
        lambda here: lock(here, "PH1", hung=True),
        lambda here: (lock(here, "PH1"), _taken(here, "PH1")),
    ):
        with engine() as here:
            start(here, "permit", "give", OWN)
            case = job(here)
            case_of(here)
            form = {"serial_number": "PH1"}
            verdict = here.explain(case.id, "fit", actor=EK, form=form)
            (reason,) = verdict.reasons
            assert reason.text.en == "Not that lock."
            assert reason.rule == "process.job.transitions.fit.joint.lock"
            assert [(cure.field, cure.case_id) for cure in reason.cures] == [
                ("serial_number", case.id)
            ]
            told.add(attrs.evolve(reason, cures=()))
    assert len(told) == 1


def _taken(here: Engine, subject: str) -> None:
    case = start(here, "permit", "give", subject)
    here.perform(case.id, "take", actor=ANNA)


def test_a_guard_tells_no_state_and_names_no_case_of_others():
    """The words of the pack stand, with a dash where the state would be, and no way forward."""
    told = set()
    for taken in (False, True):
        with engine() as here:
            case = job(here)
            lock(here, "PH1")
            if taken:
                _taken(here, OWN)
            form = {"serial_number": "PH1"}
            (reason,) = here.explain(case.id, "fit", actor=EK, form=form).reasons
            told.add(reason)
            inside = here.explain(case.id, "close", actor=ANNA)
            assert inside.allowed
    (reason,) = told
    assert reason.text.en == "No permit (-)."
    assert dict(reason.values) == {"state": "-"}
    assert reason.cures == ()


def test_what_a_joint_opens_is_refused_without_telling_why():
    """Where a joint has no words of its own, the library's own say no more than the process."""
    with engine() as here:
        start(here, "permit", "give", OWN)
        lock(here, "PH1")
        start(here, "visit", "note", OWN)
        case = job(here)
        (reason,) = here.explain(case.id, "fit", actor=EK, form={"serial_number": "PH1"}).reasons
        assert reason.rule == "process.job.transitions.fit.joint.visit"
        assert reason.text.en == (
            "Not possible: something that you do not see (Visit) is in the way. Ask for help."
        )
        assert reason.text.sv.startswith("Det går inte: något som du inte ser (Besök)")
        assert (reason.values, reason.cures) == ({}, ())


def test_nothing_is_in_the_way_and_it_is_done():
    """The cases that a firm does not see move with its job all the same."""
    with engine() as here:
        start(here, "permit", "give", OWN)
        lock(here, "PH1")
        case = job(here)
        assert here.perform(case.id, "fit", actor=EK, form={"serial_number": "PH1"}).state == "done"
        assert here.cases(process="lock")[0].state == "zqhung"
        assert here.verify().problems == ()


def test_a_key_that_somebody_else_used_names_no_case():
    """Also a guessed key tells a firm nothing."""
    with engine() as here:
        here.start("job", "order", actor=ANNA, subject=OTHERS, unit="north",
                   form={"firm": "firm-al"}, key="req-88")  # fmt: skip
        case = job(here)
        with pytest.raises(ConflictError) as error:
            here.perform(case.id, "fit", actor=EK, form={"serial_number": "1"}, key="req-88")
        assert error.value.case_id == ""


def test_a_lost_race_about_another_case_does_not_name_it(monkeypatch):
    """Which of the cases was changed by somebody else, a firm is told only of its own."""
    with engine() as here:
        start(here, "permit", "give", OWN)
        lock(here, "PH1")
        case = job(here)
        found = ["other"]

        def apply(self, changes, key="", digest=""):
            raise ConflictError("Somebody was first.", found[0])

        with here.store.writing() as transaction:
            monkeypatch.setattr(type(transaction), "apply", apply)
        for found[0], named in (("other", ""), (case.id, case.id)):
            with pytest.raises(ConflictError) as error:
                here.perform(case.id, "fit", actor=EK, form={"serial_number": "PH1"})
            assert error.value.case_id == named


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_nothing_of_other_cases_comes_through(kind, tmp_path_factory, data):
    """Whatever else is there, no answer holds an id, a subject or a state of a case not theirs."""
    where = tmp_path_factory.mktemp("db") / "locks.db" if kind == "sqlite" else ":memory:"
    with engine(where) as here:
        own = job(here)
        worlds = st.lists(
            st.sampled_from(["job", "job-own-once", "lock", "hung", "permit", "taken", "visit"]),
            max_size=8,
        )
        serials = ["PH1"]
        for number, kind_ in enumerate(data.draw(worlds)):
            _add(here, kind_, number, serials)
        told = everything_told(here, EK, own.id, serials)
        mine = {case.id for case in here.cases(actor=EK, limit=1000)}
        assert own.id in mine
        for case in here.cases(limit=1000):
            if case.id not in mine:
                assert case.id not in told
        for word in ("zqhung", "zqstored", "zqgiven", "zqtaken", "zqnoted", "zq "):
            assert word not in told
        assert "zq-" not in told.replace(OTHERS, "")


def _add(here: Engine, kind: str, number: int, serials: list[str]) -> None:
    subject = f"zq-{number}"
    match kind:
        case "job":
            job(here, subject, "firm-al")
        case "job-own-once":
            case = job(here, subject)
            here.perform(case.id, "hand_over", actor=ANNA, form={"firm": "firm-al"})
        case "lock" | "hung":
            serials.append(f"ph{number}")
            lock(here, serials[-1], hung=kind == "hung")
        case "permit":
            start(here, "permit", "give", OWN)
        case "taken":
            _taken(here, OWN)
        case _:
            with contextlib.suppress(Refused):
                start(here, "visit", "note", OWN)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_pages_count_only_what_is_theirs(kind, tmp_path):
    """Pages are as full as they would be if there were no other cases, and so are their cursors."""
    where = tmp_path / "locks.db" if kind == "sqlite" else ":memory:"
    with engine(where) as here:
        mine = []
        for number in range(7):
            job(here, f"zq-{number}", "firm-al", "south")
            once = job(here, f"once-{number}")
            here.perform(once.id, "hand_over", actor=ANNA, form={"firm": "firm-al"})
            if number % 3 == 0:
                mine.append(job(here, f"own-{number}").id)
        mine.sort()
        first = here.cases(actor=EK, limit=2)
        assert ([one.id for one in first], first.next) == (mine[:2], mine[1])
        rest = here.cases(actor=EK, limit=2, cursor=first.next)
        assert ([one.id for one in rest], rest.next) == (mine[2:], "")
        page = here.worklist(actor=EK, limit=2)
        assert [item.case.id for item in page] == mine[:2]
        assert mine[1] in page.next
        assert [i.case.id for i in here.worklist(actor=EK, limit=2, cursor=page.next)] == mine[2:]


def test_the_history_of_a_job_does_not_name_what_drove_it():
    """A step that another case drove is told without that case."""
    with engine() as here:
        case = job(here)
        _taken(here, OWN)
        (_, hindrance) = here.history(case.id, actor=EK)
        assert (hindrance.transition, hindrance.cause) == ("note_hindrance", "")
        assert here.history(case.id, actor=ANNA)[1].cause == f"{_only(here, 'permit').id}/2"
        assert here.verify().problems == ()


def _only(here: Engine, process: str) -> Case:
    (case,) = here.cases(process=process)
    return case


def test_a_report_on_another_firms_job_is_answered_like_one_on_no_case():
    """What a firm writes into a ticket that is not theirs tells them nothing, and is looked at."""
    ticket = Reference("desk", "4711")

    class Desk:
        name = "desk"
        hooks = "1.0"

        @hookimpl
        def read_tickets(self, details: TicketsSince) -> TicketReports:
            text = "Fitted, serial number PH1"
            now = Clock()()
            found = TicketReport(id="1", ticket="4711", author="alf", written_at=now, text=text)
            return TicketReports(reports=(found,), cursor="1")

        @hookimpl
        def channels(self, details: ChannelSearch) -> tuple[str, ...]:
            return ("mail",)

        @hookimpl
        def send_notice(self, details: Notice) -> Receipt:
            return Receipt()

    with engine(plugins=[Desk()], accounts={"alf": AL}.get) as here:
        here.start("job", "order", actor=ANNA, subject=OWN, unit="north",
                   form={"firm": "firm-ek"}, references=[ticket])  # fmt: skip
        assert here.pull().unread == 1
        why = "Inget ärende här hör ihop med det här ticketnumret."
        assert _only(here, "unread").value("why") == why
        assert _only(here, "job").state == "sent"


# -- every, unit -----------------------------------------------------------------------------------


def test_a_joint_that_says_every_moves_each_case_there_is():
    """None, one or several."""
    for permits in range(3):
        with engine() as here:
            for number in range(permits):
                permit = start(here, "permit", "give", OWN)
                if number:
                    here.perform(permit.id, "take", actor=ANNA)
            case = job(here)
            here.perform(case.id, "close", actor=ANNA)
            found = here.cases(process="permit")
            assert [one.state for one in found] == ["zqgiven"] * permits
            assert sorted(one.version for one in found) == [2, 3][:permits]


def test_a_case_goes_to_the_unit_that_a_form_names_and_takes_others_along():
    """From then on it is seen and touched there, and here no more; also those that it drives."""
    anna, siv = (Actor(name, roles={"coordinator"}, units={unit}) for name, unit in
                 (("anna", "north"), ("siv", "south")))  # fmt: skip
    with engine() as here:
        permits = [start(here, "permit", "give", OWN) for _ in range(2)]
        case = start(here, "visit", "note", OWN)
        here.perform(case.id, "move", actor=anna, form={"provider": "south"})
        assert {one.unit for one in here.cases()} == {"south"}
        assert len(here.cases(actor=siv)) == 3
        assert len(here.cases(actor=anna)) == 0
        with pytest.raises(Refused):
            here.perform(case.id, "move", actor=anna, form={"provider": "north"})
        assert here.perform(case.id, "past", actor=siv).state == "zqpast"
        assert here.history(case.id)[1].unit == "south"
        assert here.case(permits[0].id).version == 3  # noted with the visit, and moved
        assert here.verify().problems == ()


def test_where_one_of_every_case_cannot_be_moved_none_is():
    """Unless the joint says that what is not ready is skipped."""
    with engine() as here:
        start(here, "permit", "give", OWN)
        taken = start(here, "permit", "give", OWN)
        here.perform(taken.id, "take", actor=ANNA)
        case = start(here, "visit", "note", OWN)  # it skips the one that is taken
        with pytest.raises(Refused) as refused:
            here.perform(case.id, "move", actor=ANNA, form={"provider": "south"})
        (reason,) = refused.value.verdict.reasons
        assert reason.rule == "process.permit.transitions.move.from"
        assert {one.unit for one in here.cases()} == {"north"}


def test_where_there_is_not_one_of_every_case_it_says_so():
    """In the words that the joint has for it."""
    with engine() as here:
        case = start(here, "visit", "note", OWN)
        with pytest.raises(Refused, match="No permit"):
            here.perform(case.id, "move", actor=ANNA, form={"provider": "south"})


def test_a_firm_sees_the_past_of_its_own_jobs_only() -> None:
    """As of a time, a firm sees its jobs as they stood, and nothing of any other's."""
    clock = Clock()
    with Engine.open(":memory:", routine=ROUTINE, clock=clock) as made:
        own = job(made)
        job(made, OTHERS, "firm-al")
        then = clock.at
        clock.pass_(hours=1)
        for at in (then, clock.at):
            assert [one.id for one in made.cases(actor=EK, as_of=at)] == [own.id]
            assert made.case(own.id, actor=EK, as_of=at).subject == OWN
            assert OTHERS not in repr(made.worklist(actor=EK, as_of=at).items)
            with pytest.raises(NotFound):
                made.case(own.id, actor=AL, as_of=at)
