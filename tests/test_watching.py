"""What a host sees from outside: spans, log events, figures for Prometheus. Nothing personal."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from attrs import define

from lockroutine import ConflictError, Engine, InvalidForm, Refused
from lockroutine import hookspecs as spec
from lockroutine.errors import TryAgain
from lockroutine.plugins.manual import ManualAdminTool
from smallpack import (
    BO,
    BOOKING,
    CONTACT,
    MAJ,
    ORDER,
    PHONE,
    ROUTINE,
    Clock,
    consent,
    just_order,
    lock,
    order,
)

PERSONAL = (
    *(str(value) for name, value in ORDER.items() if name not in ("contact", "door", "door_type")),
    *CONTACT.values(),
    PHONE,
    "customer-17",
    "a reason that names a neighbour",
)
PAGE = Path(__file__).parents[1] / "docs" / "operations.md"


@define(eq=False)
class Desk:
    """A ticket system that fails once, and says why in words that nobody else is to read."""

    name: str = "desk"
    hooks: str = "1.0"
    failed: bool = False

    @spec.hookimpl
    def open_ticket(self, details: spec.TicketOrder) -> spec.Ticket:
        if not self.failed:
            self.failed = True
            raise TryAgain("the queue of Customer 17 is full")
        return spec.Ticket(id="T-1")

    @spec.hookimpl
    def add_note(self, details: spec.TicketNote) -> spec.Receipt:
        raise ValueError(f"no note for {PHONE}")

    @spec.hookimpl
    def close_ticket(self, details: spec.TicketClosing) -> spec.Receipt:
        return spec.Receipt(id="T-1")

    @spec.hookimpl
    def find_ticket(self, details: spec.TicketSearch) -> spec.Ticket | None:
        return None

    @spec.hookimpl
    def find_note(self, details: spec.NoteSearch) -> spec.Receipt | None:
        return None

    @spec.hookimpl
    def channels(self, details: spec.ChannelSearch) -> tuple[str, ...]:
        return ("mail",)

    @spec.hookimpl
    def send_notice(self, details: spec.Notice) -> spec.Receipt:
        return spec.Receipt(id="N-1")


def story(tmp_path: Path) -> None:
    """Everything that is watched: done, refused, lost, wrong, late, sent, failed, parked."""
    clock = Clock()
    plugins = [Desk(), ManualAdminTool()]
    place = tmp_path / "locks.db"
    with Engine.open(place, routine=ROUTINE, clock=clock, plugins=plugins) as engine:
        lock(engine)
        with pytest.raises(Refused):
            just_order(engine)
        case = order(engine)
        with pytest.raises(InvalidForm):
            engine.perform(case.id, "book", actor=BO, form={"starts_at": PHONE})
        engine.perform(case.id, "book", actor=BO, form=BOOKING)
        with pytest.raises(ConflictError):
            engine.perform(case.id, "cancel", actor=MAJ, expect=1)
        happened = clock()
        for _ in range(4):
            clock.pass_(hours=2)
            engine.deliver()
        engine.perform(
            case.id,
            "cancel",
            actor=MAJ,
            happened_at=happened,
            late_reason="a reason that names a neighbour",
        )
        engine.tick()
        engine.sweep()
        engine.deliver()


# -- spans -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tracing() -> Iterator[Any]:
    """What the SDK of OpenTelemetry keeps of all spans."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


@pytest.fixture
def spans(tracing: Any, tmp_path: Path) -> Any:
    """The spans of the story, each with the ids of its own and of what it is a part of."""
    tracing.clear()
    story(tmp_path)
    return tracing.get_finished_spans()


def test_a_command_is_a_span_of_the_store_with_the_decision_in_it(spans: Any) -> None:
    """Deciding is timed within keeping; it says which step of which case, and how it came out."""
    by_id = {one.context.span_id: one for one in spans}
    decided = [one for one in spans if one.name == "lockroutine.decide"]
    assert {by_id[one.parent.span_id].name for one in decided} == {"lockroutine.store"}
    (booked,) = (
        one for one in decided
        if one.attributes["lockroutine.transition"] == "book" and one.status.is_unset
    )  # fmt: skip
    told = dict(booked.attributes)
    assert re.fullmatch("[0-9a-f]{31}", told.pop("lockroutine.case"))
    assert told == {
        "lockroutine.process": "order",
        "lockroutine.transition": "book",
        "lockroutine.outcome": "accepted",
        "lockroutine.events": 1,
    }


def test_a_refusal_is_an_answer_and_no_error(spans: Any) -> None:
    """A refusal is told with the rules that refused; that is what they are there for."""
    refused = [one for one in spans if one.attributes.get("lockroutine.outcome") == "refused"]
    assert {one.name for one in refused} == {"lockroutine.decide", "lockroutine.store"}
    assert all(one.status.is_unset for one in refused)
    rules = refused[0].attributes["lockroutine.rules"]
    assert rules == ("process.order.transitions.order.guards.consent",)


def test_of_an_error_only_its_class_is_told(spans: Any) -> None:
    """What goes wrong marks the span, with the class of the error, and no text of it."""
    wrong = [one for one in spans if not one.status.is_unset]
    assert {one.attributes["error.type"] for one in wrong} == {"ConflictError", "InvalidForm"}
    assert {one.status.description for one in wrong} == {None}
    assert [one.events for one in spans if one.events] == []


def test_each_effect_sent_is_a_span_of_its_round(spans: Any) -> None:
    """A round tells what became of all, and each effect in it, in whatever thread, of itself."""
    rounds = {one.context.span_id: one for one in spans if one.name == "lockroutine.deliver"}
    sent = [one for one in spans if one.name == "lockroutine.send"]
    assert {one.parent.span_id in rounds for one in sent} == {True}
    outcomes = {
        (one.attributes["lockroutine.kind"], one.attributes["lockroutine.outcome"]) for one in sent
    }
    assert {("open_ticket", "failed"), ("open_ticket", "done")} <= outcomes
    first = next(one for one in sent if one.attributes["lockroutine.outcome"] == "failed")
    assert first.attributes["lockroutine.attempt"] == 1
    assert rounds[first.parent.span_id].attributes["lockroutine.failed"] == 1


def test_nothing_personal_is_in_a_span(spans: Any) -> None:
    """No span has a personal value in whatever it tells, nor the subject, nor who did it."""
    told = "".join(one.to_json() for one in spans)
    assert [one for one in PERSONAL if json.dumps(one)[1:-1] in told] == []
    names = {name.partition(".")[2] for one in spans for name in one.attributes}
    assert names <= {
        *("process", "transition", "case", "outcome", "events", "rules", "bound", "type"),
        *("effect", "kind", "system", "attempt"),
        *("done", "asked", "failed", "unknown", "parked", "dropped"),
    }


def test_who_does_not_trace_loads_nothing() -> None:
    """Unless the host has loaded it, OpenTelemetry is neither imported nor needed."""
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from lockroutine import Actor, Engine\n"
        "anna = Actor('anna', roles={'care_assessor'}, units={'north'})\n"
        "engine = Engine.open(':memory:')\n"
        "engine.start('consent', 'grant_service', actor=anna, subject='c', unit='north')\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.')]\n"
        "assert 'prometheus_client' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# -- logs ------------------------------------------------------------------------------------------


def test_nothing_personal_is_in_a_log_event(tmp_path: Path) -> None:
    """Of the same story, log events have ids and names, and no personal value."""
    try:
        with structlog.testing.capture_logs() as logged:
            story(tmp_path)
    finally:
        structlog.reset_defaults()
    assert {one["event"] for one in logged} >= {"performed", "delivered"}
    assert [one for one in PERSONAL if json.dumps(one)[1:-1] in json.dumps(logged)] == []
    assert {name for one in logged for name in one} <= {
        *("event", "log_level", "case", "process", "transition", "version"),
        *("effect", "kind", "state", "sweep", "error"),
    }


# -- Prometheus ------------------------------------------------------------------------------------


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[tuple[Any, Engine, Clock]]:
    """A registry that tells of a file with one ticket due, and one refusal."""
    from prometheus_client import CollectorRegistry

    from lockroutine.prometheus import BacklogCollector

    clock, registry = Clock(), CollectorRegistry(auto_describe=True)
    with Engine.open(tmp_path / "locks.db", routine=ROUTINE, clock=clock) as engine:
        registry.register(BacklogCollector(engine))
        order(engine)
        with pytest.raises(Refused):
            consent(engine)
        yield registry, engine, clock


def test_prometheus_reads_the_backlog(registry: tuple[Any, Engine, Clock]) -> None:
    """Prometheus reads what is in which state, how late, and which rules have refused."""
    from prometheus_client import generate_latest

    there, engine, clock = registry
    clock.pass_(minutes=3)
    told = generate_latest(there).decode()
    for line in (
        "lockroutine_up 1.0",
        'lockroutine_effects{state="due",system="tickets"} 1.0',
        'lockroutine_effects{state="parked",system="tickets"} 0.0',
        'lockroutine_effects{state="unknown",system="notices"} 0.0',
        "lockroutine_overdue_seconds 180.0",
        "lockroutine_step_overdue_seconds 0.0",
        'lockroutine_refusals_total{rule="process.consent.one_open_per"} 1.0',
        "# TYPE lockroutine_refusals_total counter",
    ):
        assert line in told.splitlines()
    (key,) = (one.key for one in engine.effects())
    assert key not in told
    assert [one for one in PERSONAL if one in told] == []


def test_a_database_that_is_gone_takes_nothing_else_with_it(
    registry: tuple[Any, Engine, Clock],
) -> None:
    """If the database does not answer, that is told, and the host's own figures are."""
    from prometheus_client import Gauge, generate_latest

    there, engine, _ = registry
    Gauge("rooms", "The host's own.", registry=there).set(7)
    engine.close()
    told = generate_latest(there).decode().splitlines()
    assert "lockroutine_up 0.0" in told
    assert "rooms 7.0" in told
    assert not any(line.startswith("lockroutine_effects") for line in told)


def test_to_register_does_not_ask_the_database(registry: tuple[Any, Engine, Clock]) -> None:
    """A collector says what there is to tell without a look at the database; twice is refused."""
    from lockroutine.prometheus import BacklogCollector

    there, engine, _ = registry
    engine.close()
    with pytest.raises(ValueError, match="Duplicated"):
        there.register(BacklogCollector(engine))
    told = {one.name for one in BacklogCollector(engine).describe()}
    assert told == {
        *("lockroutine_up", "lockroutine_effects", "lockroutine_overdue_seconds"),
        *("lockroutine_step_overdue_seconds", "lockroutine_refusals"),
    }


def test_a_collector_is_of_an_engine() -> None:
    """What is no engine is refused."""
    from lockroutine.prometheus import BacklogCollector

    nothing: Any = "locks.db"
    with pytest.raises(InvalidForm, match="engine: must be an Engine"):
        BacklogCollector(nothing)


def test_without_the_extra_it_says_so() -> None:
    """Where the client of Prometheus is not installed, the extra is named."""
    program = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "sys.modules['prometheus_client.core'] = None\n"
        "from lockroutine import LockroutineError\n"
        "try:\n    import lockroutine.prometheus\n"
        "except LockroutineError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == (
        'Figures for Prometheus need more: pip install "lockroutine[prometheus]"\n'
    )


def test_the_alarms_of_the_docs_ask_for_what_is_told(
    registry: tuple[Any, Engine, Clock],
) -> None:
    """Each figure and label in the example of alarm rules is one that is told."""
    from prometheus_client import generate_latest

    (rules,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    told = generate_latest(registry[0]).decode()
    asked = set(re.findall(r"lockroutine_\w+", rules))
    assert asked >= {"lockroutine_up", "lockroutine_effects", "lockroutine_overdue_seconds"}
    for name in asked:
        assert re.search(rf"(?m)^{name}[ {{]", told), name
    for label, value in re.findall(r'(\w+)="(\w+)"', rules):
        assert f'{label}="{value}"' in told
