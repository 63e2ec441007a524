"""BPMN, read by a real BPMN engine and checked against the schema; and its diagram, by geometry."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser, BpmnValidator
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from drawn import apart, labels
from lockroutine import NotFound, load_routine
from lockroutine.model import Language
from lockroutine.pictures.bpmn import process_bpmn
from lockroutine.pictures.bpmn.diagram import Diagram, inside, lay_flows
from lockroutine.pictures.bpmn.flow import Item, Whole, flows_of
from lockroutine.pictures.layout import Box
from test_pictures_cli import refusal, run

ROUTINE = load_routine()
PROCESSES = sorted(ROUTINE.processes)
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"


@functools.cache
def document(process: str, language: Language = "en") -> str:
    """A process as BPMN."""
    return process_bpmn(ROUTINE, process, language)


def parsed(text: str, process: str) -> Any:
    """A process as SpiffWorkflow reads it, after its validation by the schema of BPMN 2.0."""
    parser = BpmnParser(validator=BpmnValidator())
    parser.add_bpmn_str(text.encode())
    return parser.get_spec(f"process_{process}")


def following(spec: Any, name: str) -> Iterator[str]:
    """The states that come after something, through tasks and events that always go on."""
    for one in spec.task_specs[name].outputs:
        plain = one.name.removesuffix(".BoundaryEventSplit")
        if plain.startswith("state_"):
            if not one.name.endswith(".BoundaryEventJoin"):
                yield plain.removeprefix("state_")
        elif not one.name.endswith(("Join", "EndJoin")):
            yield from following(spec, one.name)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_real_engine_reads_the_same_ways(process: str) -> None:
    """SpiffWorkflow, after checking the schema, finds exactly the ways that the routine has."""
    spec = parsed(document(process), process)
    found = set[tuple[str, str, str]]()
    for name, task in spec.task_specs.items():
        for event in task.outputs:
            plain = event.name
            if name.startswith("state_") and plain.startswith("event_"):
                state = name.removesuffix(".BoundaryEventSplit").removeprefix("state_")
                step = plain.removeprefix("event_").removesuffix(f"_{state}")
                found.update((state, step, goal) for goal in following(spec, plain))
            if plain.startswith("start_"):
                step = plain.removeprefix("start_")
                found.update(("", step, goal) for goal in following(spec, plain))
    rules = ROUTINE.process(process)
    expected = {
        (state, name, rules.after(state, name))
        for state in ("", *rules.rules.states)
        for name, step in rules.leaving(state)
        if step.to and step.to != state
    }
    assert found == expected


@pytest.mark.parametrize("process", PROCESSES)
def test_what_stays_in_a_state_is_within_it(process: str) -> None:
    """The tasks of a sub-process are the steps that stay there; those owed are marked."""
    rules = ROUTINE.process(process)
    for name, state in rules.rules.states.items():
        staying = {n for n, step in rules.leaving(name) if step.to in ("", name)}
        item = flows_of(ROUTINE, process, "en").items[f"state_{name}"]
        within = {task.id.removeprefix(f"stay_{name}_"): task for task in item.within}
        assert set(within) == staying
        assert {n for n, task in within.items() if task.label.startswith("☐")} == set(state.duties)
        assert (item.kind == "adHocSubProcess") == bool(staying)


def ways_to_ends(process: str) -> Iterator[list[str]]:
    """For each end of a process the shortest ways there that no clock makes."""
    rules = ROUTINE.process(process)
    seen: set[str] = set()
    ahead: deque[tuple[str, list[str]]] = deque([("", [])])
    while ahead:
        state, way = ahead.popleft()
        for name, step in rules.leaving(state):
            if step.to and step.to != state and step.to not in seen and "clock" not in step.by:
                seen.add(step.to)
                if rules.rules.states[step.to].end:
                    yield [*way, name]
                ahead.append((step.to, [*way, name]))


# The timers of these are told in words, which no engine counts.
@pytest.mark.parametrize(
    "process", [n for n in PROCESSES if n not in ("configuration_permission", "finding")]
)
def test_a_real_engine_runs_it(process: str) -> None:
    """SpiffWorkflow, told step by step what happened, comes to each end as the routine does."""
    rules = ROUTINE.process(process)
    ways = list(ways_to_ends(process))
    assert ways
    for way in ways:
        workflow = BpmnWorkflow(*spec_of(process))
        state = ""
        for step in way:
            workflow.do_engine_steps()
            workflow.catch(BpmnEvent(event_of(process, step), {}))
            settle(workflow)
            state = rules.after(state, step) or ""
        done = {task.task_spec.name for task in workflow.get_tasks(state=TaskState.COMPLETED)}
        assert f"state_{state}" in done, way
        assert workflow.completed, way


def spec_of(process: str) -> tuple[Any, Any]:
    """A process and its sub-processes as the engine takes them."""
    parser = BpmnParser(validator=BpmnValidator())
    parser.add_bpmn_str(document(process).encode())
    spec = parser.get_spec(f"process_{process}")
    within = parser.get_subprocess_specs(f"process_{process}")
    for one in within.values():
        # SpiffWorkflow 3.2 fails on an ad-hoc sub-process that has no data object at all.
        one.data_objects["case"] = None
    return spec, within


def event_of(process: str, step: str) -> Any:
    """What the engine is to be told when a step is made."""
    rules = ROUTINE.process(process)
    by = set(rules.transition(step).by)
    label = rules.transition(step).label.en
    if by - {"joint"}:
        return MessageEventDefinition(label)
    return SignalEventDefinition(f"{rules.rules.label.en}: {label}")


def settle(workflow: Any) -> None:
    """Do the task of a step, and what comes by itself after it."""
    for _ in range(8):
        workflow.do_engine_steps()
        for task in workflow.get_tasks(state=TaskState.READY | TaskState.STARTED):
            if task.task_spec.name.startswith("step_"):
                if task.state == TaskState.STARTED:
                    task.complete()
                else:
                    task.run()


@pytest.mark.parametrize("process", PROCESSES)
def test_every_part_has_its_place(process: str) -> None:
    """Each element has a symbol, each flow a line; every reference leads to something."""
    root = ET.fromstring(document(process, "sv"))
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    drawn = {one.get("bpmnElement") for one in root.iter() if one.get("bpmnElement")}
    assert drawn <= set(ids)
    parts = [
        *("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent"),
        *("boundaryEvent", "eventBasedGateway", "exclusiveGateway", "adHocSubProcess"),
        *("userTask", "serviceTask", "sendTask", "sequenceFlow"),
    ]
    for part in parts:
        for one in root.iter(f"{BPMN}{part}"):
            assert one.get("id") in drawn, one.get("id")
    for one in root.iter():
        for name in (
            "sourceRef",
            "targetRef",
            "messageRef",
            "signalRef",
            "attachedToRef",
            "default",
        ):
            assert one.get(name) is None or one.get(name) in ids


def parts_lie_within(whole: Whole, diagram: Diagram) -> None:
    """The tasks of a sub-process lie within it, apart, and clear of what stands at its border."""
    for item in whole.items.values():
        if item.within:
            inner = list(inside(item, diagram.symbols[item.id]).values())
            apart(inner, by=4)
            box = diagram.symbols[item.id]
            for one in inner:
                assert box.x + 18 < one.x < one.x + one.width < box.x + box.width - 18
                assert box.y + 20 < one.y < one.y + one.height < box.y + box.height - 20


def on_border(item: Item | None, box: Box, point: tuple[float, float]) -> bool:
    """Whether a line meets a symbol at its outline."""
    x, y = point
    inside_x = box.x - 0.2 <= x <= box.x + box.width + 0.2
    inside_y = box.y - 0.2 <= y <= box.y + box.height + 0.2
    dx, dy = abs(x - box.x - box.width / 2), abs(y - box.y - box.height / 2)
    kind = item.kind if item else ""
    if kind.endswith("Gateway"):
        return abs(dx + dy - box.width / 2) < 0.3
    if kind.endswith("Event"):
        return abs((dx**2 + dy**2) ** 0.5 - box.width / 2) < 0.3
    return inside_x and inside_y


@pytest.mark.parametrize("process", PROCESSES)
def test_the_diagram_can_be_read(process: str) -> None:
    """No symbol or label lies over another, lines meet the outlines of what they join."""
    whole = flows_of(ROUTINE, process, "sv")
    diagram = lay_flows(whole)
    border = {item.id for item in whole.items.values() if item.kind == "boundaryEvent"}
    apart([box for id, box in diagram.symbols.items() if id not in border], by=4)
    apart([diagram.symbols[id] for id in border])
    apart([*diagram.labels.values()])
    for id in border:
        box, at = diagram.symbols[id], diagram.symbols[whole.items[id].at]
        assert box.x + 18 in (pytest.approx(at.x, abs=0.2), pytest.approx(at.x + at.width, abs=0.2))
        assert at.y <= box.y + 18 <= at.y + at.height
    parts_lie_within(whole, diagram)
    assert set(diagram.lines) == {(flow.source, flow.target) for flow in whole.flows}
    for (source, target), points in diagram.lines.items():
        assert on_border(whole.items[source], diagram.symbols[source], points[0]), source
        assert on_border(whole.items[target], diagram.symbols[target], points[-1]), target
        for one, other in pairwise(points):
            assert one[0] == other[0] or one[1] == other[1], (source, target)


def test_what_the_rules_say_stands_in_the_documentation() -> None:
    """A task tells its guards and effects in words, and has the roles that may as its owners."""
    root = ET.fromstring(document("mounting"))
    task = next(one for one in root.iter(f"{BPMN}userTask") if one.get("id") == "step_order")
    assert "a safeguard: Consent: Received" in (task.findtext(f"{BPMN}documentation") or "")
    owners = [one.findtext(f"{BPMN}resourceRef") for one in task.iter(f"{BPMN}potentialOwner")]
    assert owners == ["role_coordinator"]
    throws = next(
        o for o in root.iter(f"{BPMN}intermediateThrowEvent") if o.get("id") == "drive_install"
    )
    signals = [o.get("signalRef") for o in throws.iter(f"{BPMN}signalEventDefinition")]
    assert signals == ["signal_lock_install", "signal_ordinary_lock_take_down"]
    caught = ET.fromstring(document("lock")).iter(f"{BPMN}signalEventDefinition")
    assert "signal_lock_install" in {o.get("signalRef") for o in caught}


@settings(max_examples=15, deadline=None)
@given(st.lists(labels, min_size=3, max_size=3))
def test_whatever_a_label_holds_is_text(said: list[str]) -> None:
    """No label breaks the document: it is valid, and has the same elements."""
    import attrs

    from lockroutine.model import Text

    plain = ROUTINE.process("update").rules
    odd = load_routine()
    rules = attrs.evolve(
        plain,
        label=Text(said[0], said[0]),
        states={n: attrs.evolve(s, label=Text(said[1], said[1])) for n, s in plain.states.items()},
        transitions={
            n: attrs.evolve(t, label=Text(said[2], said[2])) for n, t in plain.transitions.items()
        },
    )
    odd.process("update").rules = rules
    text = process_bpmn(odd, "update", "sv")
    known = [one.tag for one in ET.fromstring(document("update")).iter() if DI not in one.tag]
    found = [one.tag for one in ET.fromstring(text).iter() if DI not in one.tag]
    assert [tag for tag in found if "D" not in tag] == [tag for tag in known if "D" not in tag]
    parsed(text, "update")


def test_an_unknown_process_is_refused_with_the_nearest() -> None:
    """A process that does not exist comes back with the nearest that does."""
    with pytest.raises(NotFound, match="Did you mean 'mounting'"):
        process_bpmn(ROUTINE, "mountng")


def test_bpmn_is_written_by_a_command(tmp_path: Any) -> None:
    """`show --bpmn` says one process, or writes all of them; there is no map in BPMN."""
    assert run("show", "soderkoping", "update", "--bpmn").stdout == document("update")
    assert refusal("show", "soderkoping", "--bpmn") == (
        "lockroutine: Name a process, or give a folder for all of them: --out FOLDER"
    )
    assert run("show", "soderkoping", "--bpmn", "--out", tmp_path / "all").exit_code == 0
    names = sorted(one.name for one in (tmp_path / "all").iterdir())
    assert names == [f"{name}.bpmn" for name in PROCESSES]
