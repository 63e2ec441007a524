"""Delivery through the engine: at least once, recognisably the same, and none holds up another."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lockroutine import Actor, Case, Engine, InvalidForm, NotFound, Refused, load_routine
from lockroutine.contacts import Contact, Contacts
from lockroutine.delivery import Delivery, DeliveryReport
from lockroutine.errors import OutcomeUnknown, Rejected, TryAgain
from lockroutine.hookspecs import (
    ChannelSearch,
    NoteSearch,
    Notice,
    Receipt,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketSearch,
    hookimpl,
)
from lockroutine.model import Effect, Reference
from lockroutine.plugins.manual import ManualAdminTool
from smallpack import ANNA, BO, BOOKING, PHONE, SOUTH, Clock, consent, edited, just_order

TICKETS = """
[process.order.transitions.book.effects.note]
kind = "note_ticket"
template = "reminder"
clauses = ["C2"]

[process.order.transitions.book.effects.tell]
kind = "send_notice"
template = "reminder"
to = ["installer"]
visit = "agreed"
drop_in = ["cancelled"]
clauses = ["C2"]

[process.order.transitions.cancel.effects.close]
kind = "close_ticket"
template = "reminder"
clauses = ["C1"]

[process.order.transitions.errand.effects.tell]
kind = "send_notice"
template = "order"
to = ["coordinator", "installer", "manager"]
clauses = ["C1"]

[process.order.transitions.install]
"""
ROUTINE = load_routine(
    edited(
        ("order", "[process.order.transitions.install]\n", TICKETS),
        (
            "order",
            'kind = "open_ticket"\n',
            'kind = "open_ticket"\ndrop_in = ["cancelled"]\n',
        ),
        ("routine", "[role.coordinator]\n", "[role.coordinator]\ntends_effects = true\n"),
    )
)
CONTACTS = Contacts(
    {
        "installer": Contact(mail="installers@example.org"),
        "coordinator": Contact(sms=PHONE, channel="sms", language="en"),
        "manager": Contact(mail="managers@example.org"),
    }
)


class Desk:
    """A ticket system that forgets nothing, and goes wrong as it is told."""

    name = "desk"
    hooks = "1.0"

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.tickets: dict[str, str] = {}
        self.notes: list[tuple[str, str]] = []
        self.before: dict[str, list[Exception]] = {}
        self.after: dict[str, list[Exception]] = {}
        self.meanwhile: Callable[[str, str], object] = lambda hook, key: None
        self._lock = threading.Lock()

    def _do(self, hook: str, key: str, act: Callable[[], None]) -> None:
        with self._lock:
            self.calls.append((hook, key))
        self.meanwhile(hook, key)
        with self._lock:
            if self.before.get(hook):
                raise self.before[hook].pop(0)
            act()
            if self.after.get(hook):
                raise self.after[hook].pop(0)

    @hookimpl
    def open_ticket(self, details: TicketOrder) -> Ticket:
        number = str(len(self.tickets) + 1)

        def act() -> None:
            assert details.key not in self.tickets, "doubled"
            self.tickets[details.key] = number

        self._do("open_ticket", details.key, act)
        return Ticket(id=self.tickets[details.key])

    @hookimpl
    def add_note(self, details: TicketNote) -> Receipt:
        self._do("add_note", details.key, lambda: self.notes.append((details.ticket, details.key)))
        return Receipt()

    @hookimpl
    def close_ticket(self, details: TicketClosing) -> Receipt:
        self._do(
            "close_ticket", details.key, lambda: self.notes.append((details.ticket, details.key))
        )
        return Receipt()

    @hookimpl
    def find_ticket(self, details: TicketSearch) -> Ticket | None:
        self._do("find_ticket", details.key, lambda: None)
        known = self.tickets.get(details.key)
        return Ticket(id=known) if known else None

    @hookimpl
    def find_note(self, details: NoteSearch) -> Receipt | None:
        self._do("find_note", details.key, lambda: None)
        return Receipt() if (details.ticket, details.key) in self.notes else None

    def counted(self) -> Counter[str]:
        return Counter(hook for hook, _ in self.calls)


class Post:
    """Keeps the notices that it is to send."""

    name = "post"
    hooks = "1.0"

    def __init__(self) -> None:
        self.sent: list[Notice] = []
        self.fails: list[Exception] = []

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        return ("mail", "sms")

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append(details)
        return Receipt()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture(params=["memory", "file"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, desk: Desk, post: Post
) -> Iterator[Engine]:
    where = ":memory:" if request.param == "memory" else tmp_path / "locks.db"
    with Engine.open(
        where,
        routine=ROUTINE,
        clock=clock,
        plugins=[desk, post, ManualAdminTool()],
        contacts=CONTACTS,
    ) as made:
        yield made


def order(engine: Engine, number: int = 17) -> Case:
    subject = f"customer-{number}"
    consent(engine, subject)
    return just_order(engine, subject)


def booked(engine: Engine, case: Case) -> Case:
    return engine.perform(case.id, "book", actor=BO, form=BOOKING)


def only(engine: Engine, case: Case, system: str = "tickets") -> Effect:
    (effect,) = [e for e in engine.effects(case_id=case.id) if e.system == system]
    return effect


def states(engine: Engine, case: Case) -> list[tuple[str, str]]:
    return [(effect.kind, effect.state) for effect in engine.effects(case_id=case.id)]


def patient(engine: Engine, clock: Clock, **settings: Any) -> Delivery:
    """A delivery of its own, with other settings than the engine's."""
    return Delivery(
        engine.store,
        engine._book,
        engine.plugins,
        clock=clock,
        contacts=CONTACTS,
        **settings,
    )


# -- in order, and side by side -------------------------------------------------------------------


def test_an_order_becomes_a_ticket(engine: Engine, desk: Desk) -> None:
    """What was ordered is a ticket, and the case is found by the ticket's number."""
    case = order(engine)
    assert states(engine, case) == [("open_ticket", "due")]
    assert engine.deliver() == DeliveryReport(done=1)
    assert desk.tickets == {only(engine, case).key: "1"}
    assert only(engine, case).outside == "1"
    (found,) = engine.cases(reference=Reference("desk", "1")).items
    assert found.id == case.id
    assert engine.deliver() == DeliveryReport()


def test_a_note_never_comes_before_its_ticket(engine: Engine, desk: Desk) -> None:
    """Within a case, what is for one system goes in the order of recording, in one round."""
    case = order(engine)
    booked(engine, case)
    engine.perform(case.id, "cancel", actor=ANNA)
    other = order(engine, 18)
    booked(engine, other)
    booked(engine, other)
    assert engine.deliver().done == 3 + 2  # three for tickets, and two notices
    of_other = [hook for hook, key in desk.calls if key.startswith(other.id)]
    assert of_other == ["open_ticket", "add_note", "add_note"]


def test_no_case_waits_for_another(engine: Engine, desk: Desk) -> None:
    """While the ticket of one case is being made, another case gets its ticket and its note."""
    first, second = order(engine, 17), order(engine, 18)
    booked(engine, second)
    noted = threading.Event()

    def meanwhile(hook: str, key: str) -> None:
        if key.startswith(first.id):
            assert noted.wait(20), "the second case was held up"
        elif hook == "add_note":
            noted.set()

    desk.meanwhile = meanwhile
    assert engine.deliver() == DeliveryReport(done=4)


def test_a_failure_holds_up_its_own_case_only(engine: Engine, desk: Desk, clock: Clock) -> None:
    """A note waits until its ticket is there; the other systems and cases do not."""
    case = order(engine)
    booked(engine, case)
    desk.before["open_ticket"] = [TryAgain("the desk is shut")]
    assert engine.deliver() == DeliveryReport(failed=1, done=1)
    assert states(engine, case) == [
        ("open_ticket", "failed"),
        ("note_ticket", "due"),
        ("send_notice", "done"),
    ]
    clock.pass_(minutes=5)
    assert engine.deliver() == DeliveryReport(done=2)


def test_a_limit(engine: Engine, desk: Desk) -> None:
    """A round takes no more than it is told to; the next one goes on."""
    for number in range(7):
        order(engine, number)
    assert [engine.deliver(limit=3).done for _ in range(4)] == [3, 3, 1, 0]


# -- answers that do not come ---------------------------------------------------------------------


def test_a_lost_reply_is_looked_up_and_done_once(engine: Engine, desk: Desk, clock: Clock) -> None:
    """If the ticket was made and the answer was lost, it is found by its key, not made again."""
    case = order(engine)
    desk.after["open_ticket"] = [OutcomeUnknown("no answer")]
    assert engine.deliver() == DeliveryReport(unknown=1)
    assert (only(engine, case).state, only(engine, case).message) == ("unknown", "no answer")
    clock.pass_(minutes=5)
    assert engine.deliver() == DeliveryReport(done=1)
    assert desk.counted() == {"open_ticket": 1, "find_ticket": 1}
    assert only(engine, case).outside == "1"


def test_a_lost_request_is_looked_up_and_sent_again(
    engine: Engine, desk: Desk, clock: Clock
) -> None:
    """If the request never got there, nothing is found, and it is sent again."""
    order(engine)
    desk.before["open_ticket"] = [OutcomeUnknown("no answer")]
    engine.deliver()
    clock.pass_(minutes=5)
    assert engine.deliver() == DeliveryReport(done=1)
    assert [hook for hook, _ in desk.calls] == ["open_ticket", "find_ticket", "open_ticket"]
    assert len(desk.tickets) == 1


def test_notes_are_looked_up_too(engine: Engine, desk: Desk, clock: Clock) -> None:
    """A note whose answer was lost is found in its ticket, and stands there once."""
    case = order(engine)
    booked(engine, case)
    desk.after["add_note"] = [OutcomeUnknown("no answer")]
    assert engine.deliver() == DeliveryReport(done=2, unknown=1)
    clock.pass_(minutes=5)
    assert engine.deliver() == DeliveryReport(done=1)
    assert len(desk.notes) == 1


def test_a_search_that_fails_sends_nothing(engine: Engine, desk: Desk, clock: Clock) -> None:
    """As long as it cannot be looked up, it stays unknown and is not sent again."""
    case = order(engine)
    desk.after["open_ticket"] = [OutcomeUnknown("no answer")]
    desk.before["find_ticket"] = [TryAgain("shut"), OutcomeUnknown("shut"), ValueError("x")]
    engine.deliver()
    for _ in range(3):
        clock.pass_(hours=1)
        assert engine.deliver() == DeliveryReport(unknown=1)
    clock.pass_(hours=1)
    assert engine.deliver() == DeliveryReport(done=1)
    assert desk.counted()["open_ticket"] == 1
    assert only(engine, case).state == "done"


def test_whoever_died_while_sending(engine: Engine, desk: Desk, clock: Clock) -> None:
    """What somebody took and never settled is looked up, once their time is over."""
    case = order(engine)
    key = only(engine, case).key
    with engine.store.writing() as transaction:
        (taken,) = transaction.claim({"tickets": 1}, clock(), clock() + dt.timedelta(minutes=1))
    assert taken.key == key
    desk.tickets[key] = "77"  # it got so far
    assert engine.deliver() == DeliveryReport()
    clock.pass_(minutes=2)
    assert engine.deliver() == DeliveryReport(done=1)
    assert desk.counted() == {"find_ticket": 1}
    assert only(engine, case).outside == "77"


def test_a_plugin_that_misbehaves(engine: Engine, desk: Desk, clock: Clock) -> None:
    """What a plugin raises besides the three kinds leaves the outcome unknown, unquoted."""
    case = order(engine)
    desk.before["open_ticket"] = [ValueError(PHONE)]
    assert engine.deliver() == DeliveryReport(unknown=1)
    assert only(engine, case).message == "desk: open_ticket raised ValueError"


@pytest.mark.parametrize("ends", [SystemExit(3), KeyboardInterrupt()])
def test_a_plugin_that_exits(engine: Engine, desk: Desk, ends: BaseException) -> None:
    """A plugin that exits ends its own effect and nothing else."""
    order(engine, 17)
    order(engine, 18)
    desk.before["open_ticket"] = [ends]  # type: ignore[list-item]
    report = patient(engine, Clock(), timeout=5.0).deliver()
    assert (report.done, report.unknown) == (1, 1)


def test_a_plugin_that_hangs_holds_up_nobody(engine: Engine, desk: Desk, clock: Clock) -> None:
    """What does not come back in time is given up as unknown, and all else is done meanwhile."""
    stuck = order(engine, 1)
    for number in range(2, 6):
        booked(engine, order(engine, number))
    free = threading.Event()
    desk.meanwhile = lambda _, key: free.wait(60) if key.startswith(stuck.id) else None
    report = patient(engine, clock, timeout=0.5).deliver()
    try:
        assert report == DeliveryReport(done=4 * 3, unknown=1)
        assert only(engine, stuck).message == "no answer within 0.5 s"
    finally:
        free.set()
    desk.meanwhile = lambda hook, key: None
    clock.pass_(minutes=5)
    assert engine.deliver().done == 1
    assert len(desk.tickets) == 5


# -- trying again ---------------------------------------------------------------------------------


def test_pauses_grow(engine: Engine, desk: Desk, clock: Clock) -> None:
    """What failed is left alone for longer and longer, up to hours; then a person must look."""
    case = order(engine)
    desk.before["open_ticket"] = [TryAgain("the desk is shut")] * 20
    pauses = []
    for attempt in range(1, 20):
        assert engine.deliver().failed == 1
        again = engine.deliver()
        assert again == DeliveryReport(held=again.held)
        effect = only(engine, case)
        assert (effect.state, effect.attempts) == ("failed", attempt)
        pauses.append(effect.due_at - clock())
        clock.pass_(hours=5)
    for attempt, pause in enumerate(pauses):
        least = min(10 * 2**attempt, 4 * 3600)
        assert dt.timedelta(seconds=least) <= pause <= dt.timedelta(seconds=least + 10)
    assert engine.deliver().parked == 1
    assert only(engine, case).message == "given up after 20 attempts: the desk is shut"


def test_what_failed_works_later(engine: Engine, desk: Desk, clock: Clock) -> None:
    """A system that comes back gets what it missed, and the reason of the failure is gone."""
    case = order(engine)
    desk.before["open_ticket"] = [TryAgain("the desk is shut")]
    engine.deliver()
    assert only(engine, case).message == "the desk is shut"
    clock.pass_(minutes=1)
    assert engine.deliver() == DeliveryReport(done=1)
    assert (only(engine, case).message, only(engine, case).attempts) == ("", 2)
    assert "find_ticket" not in desk.counted()


def test_a_circuit(engine: Engine, desk: Desk, clock: Clock) -> None:
    """After five failures in a row a system is left alone; then one tries, and then all."""
    cases = [order(engine, number) for number in range(12)]
    booked_case = cases[0]
    desk.before["open_ticket"] = [TryAgain("shut")] * 100
    delivery = patient(engine, clock, parallel=4)
    report = delivery.deliver()
    assert 5 <= report.failed <= 8
    assert report.held == ("tickets",)
    assert report.failed == len(desk.calls)
    booked(engine, booked_case)
    assert delivery.deliver() == DeliveryReport(done=1, held=("tickets",))  # the notice
    for _ in range(2):
        clock.pass_(hours=1)
        before = len(desk.calls)
        assert delivery.deliver() == DeliveryReport(failed=1, held=("tickets",))
        assert len(desk.calls) == before + 1
    clock.pass_(hours=1)
    desk.before.clear()
    assert delivery.deliver() == DeliveryReport(done=13)
    assert len(desk.tickets) == 12


def test_what_is_rejected_is_no_failure_of_the_system(engine: Engine, desk: Desk) -> None:
    """A system that says no is there: the others go on."""
    for number in range(10):
        order(engine, number)
    desk.before["open_ticket"] = [Rejected("no such group")] * 8
    assert patient(engine, Clock(), parallel=1).deliver() == DeliveryReport(parked=8, done=2)


# -- by hand --------------------------------------------------------------------------------------


def test_what_is_rejected_waits_for_a_person(engine: Engine, desk: Desk, clock: Clock) -> None:
    """What is refused is parked with the reason, holds back its own case, and can be retried."""
    case = order(engine)
    booked(engine, case)
    desk.before["open_ticket"] = [Rejected("no such group")]
    assert engine.deliver() == DeliveryReport(parked=1, done=1)
    clock.pass_(days=30)
    assert engine.deliver() == DeliveryReport()
    (parked,) = engine.effects(state="parked")
    assert parked.message == "no such group"
    retried = engine.retry(parked.key, actor=ANNA)
    assert (retried.state, retried.attempts, retried.due_at) == ("unknown", 0, clock())
    assert engine.deliver() == DeliveryReport(done=2)
    assert [hook for hook, _ in desk.calls] == [
        "open_ticket",
        "find_ticket",
        "open_ticket",
        "add_note",
    ]


def test_dismissing(engine: Engine, desk: Desk) -> None:
    """What is dismissed is sent no more, and who said so and why is kept."""
    case = order(engine)
    booked(engine, case)
    desk.before["open_ticket"] = [Rejected("no such group")]
    engine.deliver()
    (parked,) = engine.effects(state="parked")
    gone = engine.dismiss(parked.key, actor=ANNA, reason="Beställt per telefon")
    assert (gone.state, gone.message) == ("dismissed", "Beställt per telefon (anna)")
    assert engine.deliver() == DeliveryReport(dropped=1)
    assert states(engine, case) == [
        ("open_ticket", "dismissed"),
        ("note_ticket", "dismissed"),
        ("send_notice", "done"),
    ]
    note = next(e for e in engine.effects(case_id=case.id) if e.kind == "note_ticket")
    assert note.message == "no ticket was opened"
    assert desk.counted() == {"open_ticket": 1}


def test_dismissing_what_was_not_tried(engine: Engine, desk: Desk) -> None:
    """A person may be quicker than the delivery."""
    case = order(engine)
    engine.dismiss(only(engine, case).key, actor=ANNA, reason="fel kund")
    assert engine.deliver() == DeliveryReport()
    assert desk.calls == []


@pytest.mark.parametrize("tend", ["retry", "dismiss"])
def test_who_may_tend(engine: Engine, desk: Desk, tend: str) -> None:
    """Only a role that tends effects may, in the unit of the case; it says which role."""
    case = order(engine)
    desk.before["open_ticket"] = [Rejected("no such group")]
    engine.deliver()
    key = only(engine, case).key
    more = {"reason": "fel kund"} if tend == "dismiss" else {}

    def by(actor: Actor, key: str = key) -> Effect:
        made: Effect = getattr(engine, tend)(key, actor=actor, **more)
        return made

    for actor in (BO, SOUTH, Actor("eve", roles={"installer"}, units={"north"})):
        with pytest.raises(Refused) as refused:
            by(actor)
        assert str(refused.value) == "Ask somebody who may: Coordinator. [engine.effects]"
    with pytest.raises(NotFound, match=r"^There is no effect 'nothing'\."):
        by(ANNA, "nothing")
    assert only(engine, case).state == "parked"
    assert by(ANNA).state != "parked"


def test_what_is_over_is_not_tended(engine: Engine) -> None:
    """What is done can be neither retried nor dismissed, and a reason is not blank."""
    case = order(engine)
    key = only(engine, case).key
    with pytest.raises(InvalidForm) as waiting:
        engine.retry(key, actor=ANNA)
    assert str(waiting.value) == (
        "effect: is due; this is for one that is failed or unknown or parked"
    )
    with pytest.raises(InvalidForm, match="reason"):
        engine.dismiss(key, actor=ANNA, reason=" ")
    engine.deliver()
    with pytest.raises(InvalidForm) as done:
        engine.dismiss(key, actor=ANNA, reason="x")
    assert str(done.value) == (
        "effect: is done; this is for one that is due or failed or unknown or parked or asked"
    )


# -- reasons that have gone -----------------------------------------------------------------------


def test_what_is_dropped_with_its_case(engine: Engine, desk: Desk, post: Post) -> None:
    """If the case went another way before it was sent, the pack may say that it is dropped."""
    case = order(engine)
    booked(engine, case)
    engine.perform(case.id, "cancel", actor=ANNA)
    assert engine.deliver() == DeliveryReport(dropped=4)
    assert (desk.calls, post.sent) == ([], [])
    assert [(e.kind, e.message) for e in engine.effects(case_id=case.id)] == [
        ("open_ticket", "the case has come into the state cancelled"),
        ("note_ticket", "no ticket was opened"),
        ("send_notice", "the case has come into the state cancelled"),
        ("close_ticket", "no ticket was opened"),
    ]


def test_what_may_have_been_sent_is_not_dropped(engine: Engine, desk: Desk, clock: Clock) -> None:
    """A ticket that may be there is looked up, so that it can be closed."""
    case = order(engine)
    desk.after["open_ticket"] = [OutcomeUnknown("no answer")]
    engine.deliver()
    engine.perform(case.id, "cancel", actor=ANNA)
    clock.pass_(minutes=5)
    assert engine.deliver() == DeliveryReport(done=2)
    assert [hook for hook, _ in desk.calls] == ["open_ticket", "find_ticket", "close_ticket"]


# -- notices --------------------------------------------------------------------------------------


def test_each_role_reads_only_what_it_may(engine: Engine, post: Post) -> None:
    """The same message tells each recipient what their role may see, in their own language."""
    case = order(engine)
    engine.perform(case.id, "errand", actor=ANNA, form={"errand_number": "4711"})
    engine.deliver()
    said = {notice.recipient: notice for notice in post.sent}
    assert said["installers@example.org"].body == (
        f"Till Customer 17, {PHONE}, dörr front. Kod 4711#."
    )
    assert said[PHONE].body == f"To Customer 17, {PHONE}, door front. Code (not shown)."
    assert said["managers@example.org"].body == (
        "Till (visas inte), (visas inte), dörr front. Kod (visas inte)."
    )
    assert said[PHONE].channel == "sms"
    for notice in post.sent:
        assert "Customer" not in notice.subject
        assert PHONE not in repr(notice)


def test_signs_in_a_message(post: Post, desk: Desk, clock: Clock) -> None:
    """A message says what the pack wrote, also where that looks like another kind of template."""
    body = "$$5, 25 %, 100 %%, %s, %(id)s, {id} och ${state}"
    said = 'sv = "Ärende $id är i läget $state, pris 10 $$."'
    odd = edited(
        ("order", "[process.order.transitions.install]\n", TICKETS),
        ("routine", said, f'sv = "{body}"'),
    )
    with Engine.open(
        ":memory:",
        routine=load_routine(odd),
        clock=clock,
        plugins=[desk, post, ManualAdminTool()],
        contacts=CONTACTS,
    ) as engine:
        booked(engine, order(engine))
        assert engine.deliver() == DeliveryReport(done=3)
    assert [notice.body for notice in post.sent] == [
        "$5, 25 %, 100 %%, %s, %(id)s, {id} och booked"
    ]


def test_an_agreed_time(engine: Engine, post: Post) -> None:
    """A notice of an agreed time bears it, and a later one of the same case takes its place."""
    case = order(engine)
    booked(engine, case)
    booked(engine, case)
    engine.deliver()
    first, second = (notice.visit for notice in post.sent)
    assert first is not None
    assert second is not None
    assert first.starts_at == dt.datetime.fromisoformat(BOOKING["starts_at"])  # type: ignore[arg-type]
    assert (first.uid, second.uid) == (case.id, case.id)
    assert first.sequence < second.sequence
    assert not first.cancelled


@pytest.mark.parametrize(
    ("contacts", "message"),
    [
        (Contacts(), "There is no contact 'installer'."),
        (
            Contacts({"installers": Contact(mail="x@example.org")}),
            "There is no contact 'installer'. Did you mean 'installers'?",
        ),
        (
            Contacts({"installer": Contact(channel="sms", mail="x@example.org")}),
            "There is no address for sms of the contact 'installer'.",
        ),
        (
            Contacts({"installer": Contact(channel="fax", other={"fax": "1"})}),
            "no plugin offers the channel fax; offered: mail, sms",
        ),
    ],
)
def test_a_contact_that_is_missing(
    contacts: Contacts, message: str, desk: Desk, post: Post, clock: Clock
) -> None:
    """A notice to nobody waits for a person, says what is missing, and holds up nothing else."""
    with Engine.open(
        ":memory:",
        routine=ROUTINE,
        clock=clock,
        plugins=[desk, post, ManualAdminTool()],
        contacts=contacts,
    ) as engine:
        case = order(engine)
        booked(engine, case)
        assert engine.deliver() == DeliveryReport(done=2, parked=1)
        assert only(engine, case, "notices").message == message


# -- stopping, and working together ---------------------------------------------------------------


def test_stopping(engine: Engine, desk: Desk) -> None:
    """A delivery that is told to stop takes nothing more, and ends what it has begun."""
    for number in range(40):
        order(engine, number)
    desk.meanwhile = lambda hook, key: engine.stop_delivering()
    first = engine.deliver()
    assert 1 <= first.done < 40
    assert not engine.effects(state="in_flight")
    desk.meanwhile = lambda hook, key: None
    assert engine.deliver().done == 40 - first.done


def test_without_plugins(clock: Clock) -> None:
    """An engine that reaches nobody leaves everything as it is, for one that does."""
    with Engine.open(":memory:", routine=ROUTINE, clock=clock) as engine:
        case = order(engine)
        assert engine.deliver() == DeliveryReport()
        assert only(engine, case).state == "due"


def test_two_engines_in_one_process(tmp_path: Path, clock: Clock, desk: Desk, post: Post) -> None:
    """Two engines that deliver at once from one file do each thing once."""

    def opened() -> Engine:
        return Engine.open(
            tmp_path / "locks.db",
            routine=ROUTINE,
            clock=clock,
            plugins=[desk, post, ManualAdminTool()],
            contacts=CONTACTS,
        )

    with opened() as first, opened() as second:
        for number in range(30):
            booked(first, order(first, number))
        reports: list[DeliveryReport] = []
        threads = [
            threading.Thread(target=lambda engine=engine: reports.append(engine.deliver()))
            for engine in (first, second)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(report.done for report in reports) == 90
        assert Counter(desk.calls).most_common(1)[0][1] == 1
        assert len(Counter(notice.key for notice in post.sent)) == len(post.sent) == 30


class Ledger(Desk):
    """Writes each call into a file, and lets nobody begin before both processes have work."""

    def __init__(self, folder: Path, both: Any) -> None:
        super().__init__()
        self._file = folder / f"calls-{os.getpid()}"
        self._both = both
        self._first = threading.Lock()
        self._begun = False
        self.meanwhile = self._write

    def _write(self, hook: str, key: str) -> None:
        with self._first:
            if not self._begun:
                self._both.wait(60)
                self._begun = True
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{hook} {key}\n")


def deliver_in_a_process(path: Path, both: Any) -> None:
    ledger = Ledger(path.parent, both)
    with Engine.open(
        path, routine=ROUTINE, clock=Clock(), plugins=[ledger, Post(), ManualAdminTool()]
    ) as engine:
        engine.deliver()


def test_two_processes_share_the_work(tmp_path: Path) -> None:
    """Two processes on one file share the work, and nothing is done twice."""
    path = tmp_path / "locks.db"
    with Engine.open(path, routine=ROUTINE, clock=Clock()) as engine:
        for number in range(50):
            order(engine, number)
        context = multiprocessing.get_context("spawn")
        both = context.Barrier(2)
        processes = [
            context.Process(target=deliver_in_a_process, args=(path, both)) for _ in range(2)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0, 0]
        files = list(tmp_path.glob("calls-*"))
        calls = Counter(line for file in files for line in file.read_text("utf-8").split("\n"))
        del calls[""]
        assert len(files) == 2
        assert set(calls.values()) == {1}
        assert len(calls) == len(engine.effects(state="done")) == 50
