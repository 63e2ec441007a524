"""The types of the door. Checked by mypy and pyright, never run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_type

from lockroutine import (
    Actor,
    Case,
    ConflictError,
    Cure,
    Effect,
    Engine,
    Event,
    Facts,
    InvalidForm,
    LockroutineError,
    NotFound,
    Option,
    Page,
    Problem,
    Reason,
    Reference,
    Refused,
    Routine,
    RulesError,
    StoreError,
    Text,
    Verdict,
    Verification,
    WorkItem,
    load_routine,
)
from lockroutine.differences import Difference, Differences, Refusal, Right, differences
from lockroutine.figures import Backlog, Figures, Pending
from lockroutine.forms import ContactPerson, LockTest, MountingOrder
from lockroutine.moving import MovePlan, MoveReport, PlannedCase
from lockroutine.replaying import ReplayedStep, ReplayReport, RuleCount
from lockroutine.stores import MemoryStore, SqliteStore
from lockroutine.sweeping import SweepReport

routine = load_routine()
assert_type(routine, Routine)
assert_type(load_routine("soderkoping"), Routine)
assert_type(load_routine(Path("packs/ours")), Routine)
assert_type(routine.key, str)

found = differences(routine, load_routine("ours"))
assert_type(found, Differences)
assert_type(found.rights, tuple[Right, ...])
assert_type(found.refusals, tuple[Refusal, ...])
assert_type(found.of("times"), tuple[Difference, ...])
assert_type(found.within("mounting").said("sv"), str)
for one in found:
    assert_type(one, Difference)
    assert_type(one.text, Text)

anna = Actor("anna", roles={"coordinator"}, units=["north"])
bo = Actor("bo", roles=("installer",))
assert_type(anna.roles, frozenset[str])
assert_type(Actor("nobody"), Actor)


def now() -> dt.datetime:
    raise NotImplementedError


with Engine.open("locks.db", routine=routine, clock=now) as engine:
    assert_type(engine, Engine)
assert_type(Engine.open(Path("locks.db")), Engine)
assert_type(Engine(MemoryStore(), routine=routine), Engine)
assert_type(Engine(SqliteStore("locks.db", synchronous="NORMAL"), routine=routine), Engine)

contact = ContactPerson(name="Contact 3", phone="+46 70 174 06 05", email="c3@example.org")
form = MountingOrder(
    name="Customer 17",
    address="Example Street 1",
    phone="+46 70 174 06 05",
    contact=contact,
    door_type="euro",
)
assert_type(form.door, str)
assert_type(form.door_code, str | None)
assert_type(form.contact, ContactPerson)

case = engine.start(
    "mounting",
    "order",
    actor=anna,
    subject="customer-17",
    unit="north",
    form=form,
    key="req-87",
    references=[Reference("easit", "4711")],
)
assert_type(case, Case)
case = engine.perform(
    case.id,
    "test",
    actor=bo,
    form=LockTest(cycles=5, works=True),
    expect=case.version,
    key="req-88",
    happened_at=now(),
    late_reason="The system was down.",
)
assert_type(case, Case)
assert_type(engine.perform(case.id, "close", actor=anna, form={"any": ["thing"]}), Case)
assert_type(case.data, Facts)
assert_type(case.since, dt.datetime | None)
assert_type(case.references, tuple[Reference, ...])

verdict = engine.explain(case.id, "schedule", actor=anna, form=None, happened_at=now())
assert_type(verdict, Verdict)
assert_type(
    engine.explain_start("mounting", "order", actor=anna, subject="c", unit="north"), Verdict
)
assert_type(verdict.allowed, bool)
assert_type(verdict.summary("sv"), str)
for reason in verdict.reasons:
    assert_type(reason, Reason)
    assert_type(reason.text, Text)
    for cure in reason.cures:
        assert_type(cure, Cure)
        assert_type(cure.roles, tuple[str, ...])

for option in engine.options(case.id, actor=anna, language="sv"):
    assert_type(option, Option)
    assert_type(option.schema, Mapping[str, Any] | None)
assert_type(engine.start_options("lock", actor=bo, subject="PH1", unit="depot"), tuple[Option, ...])

page = engine.worklist(actor=anna, limit=50)
assert_type(page, Page[WorkItem])
assert_type(page.next, str)
assert_type(page[0].due_at, dt.datetime | None)
for item in engine.worklist(actor=anna, cursor=page.next):
    assert_type(item, WorkItem)

cases = engine.cases(process="lock", state="in_store", is_open=True, actor=anna)
assert_type(cases, Page[Case])
assert_type(engine.cases(reference=Reference("easit", "4711")).items, tuple[Case, ...])
assert_type(engine.case(case.id), Case)
assert_type(engine.history(case.id, actor=anna), tuple[Event, ...])
assert_type(engine.history_page(case.id, actor=anna, limit=10, cursor=""), Page[Event])
for line in engine.export(personal=True, tell=lambda done, whole: None):
    assert_type(line, dict[str, Any])
assert_type(engine.effects(case_id=case.id, state="due"), Page[Effect])
assert_type(engine.tick(), tuple[Case, ...])
assert_type(engine.sweep(), SweepReport)
assert_type(engine.case(case.id, as_of=now()), Case)
assert_type(engine.worklist(actor=anna, as_of=now()), Page[WorkItem])
assert_type(engine.verify(), Verification)
assert_type(engine.plan_move(routine, decisions={"mounting.fitted": "hung"}), MovePlan)
assert_type(engine.plan_move().cases, tuple[PlannedCase, ...])
assert_type(engine.move(routine, actor=anna, why="Decided.", tell=print), MoveReport)
assert_type(engine.version("soderkoping@1.0.0"), Routine)
replayed = engine.replay(routine, tell=print)
assert_type(replayed, ReplayReport)
assert_type(replayed.allowed, int)
assert_type(replayed.rules, Mapping[str, RuleCount])
for refused_step in (*replayed.refused, *replayed.unplayed):
    assert_type(refused_step, ReplayedStep)
    assert_type(refused_step.reasons, tuple[Reason, ...])
assert_type(engine.verify(sample=100), Verification)
assert_type(engine.backlog(), Backlog)
assert_type(engine.backlog().pending, Mapping[tuple[str, str], Pending])
assert_type(engine.bind(object()), Engine)


async def awaited() -> None:
    assert_type(await engine.bind_async(object(), lambda bound: bound.case(case.id)), Case)


assert_type(engine.figures(), Figures)

try:
    engine.close()
except Refused as refused:
    assert_type(refused.verdict, Verdict)
except InvalidForm as invalid:
    assert_type(invalid.problems, tuple[Problem, ...])
except NotFound as missing:
    assert_type(missing.suggestion, str)
except ConflictError as conflict:
    assert_type(conflict.changed, tuple[str, ...])
except RulesError as wrong:
    assert_type(wrong.problems, tuple[Problem, ...])
except StoreError as broken:
    assert_type(broken, StoreError)
except LockroutineError as error:
    assert_type(str(error), str)

# What a type checker must refuse:
Actor(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
engine.perform(case.id, "close")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
engine.perform(case.id, "close", actor="anna")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
engine.options(case.id, actor=anna, language="de")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
LockTest(cycles="5", works=True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
LockTest(5, True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
case.state = "done"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
MountingOrder(name="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
