"""A process as BPMN 2.0, with its diagram, for the tools of those who model processes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from lockroutine.model import Language
from lockroutine.pictures.bpmn.diagram import Diagram, inside, lay_flows
from lockroutine.pictures.bpmn.flow import Flow, Item, Trigger, Whole, flows_of
from lockroutine.pictures.layout import Box
from lockroutine.pictures.palette import ROLES
from lockroutine.pictures.tree import Element, as_xml, element
from lockroutine.routine import Routine

__all__ = ["process_bpmn"]

_MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_EXPRESSION = "bpmn:tFormalExpression"
_SPACES = {
    "xmlns:bpmn": _MODEL,
    "xmlns:bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "xmlns:dc": "http://www.omg.org/spec/DD/20100524/DC",
    "xmlns:di": "http://www.omg.org/spec/DD/20100524/DI",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xmlns:color": "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
}


def process_bpmn(routine: Routine, process: str, language: Language = "en") -> str:
    """A process as a BPMN 2.0 document with its diagram.

    What its rules say of a step stands in the documentation of its task. It shows how a case
    goes; it is not meant to be run.

    Raises:
        NotFound: There is no such process; the nearest is named.

    >>> from lockroutine import load_routine
    >>> "<bpmn:userTask" in process_bpmn(load_routine(), "update")
    True
    """
    whole = flows_of(routine, process, language)
    diagram = lay_flows(whole)
    made = _Document(whole, diagram).whole()
    ET.indent(made)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{as_xml(made)}\n'


class _Document:
    def __init__(self, whole: Whole, diagram: Diagram) -> None:
        self._whole = whole
        self._diagram = diagram
        self._flow_ids: dict[tuple[str, str], str] = {}
        self._symbols: dict[str, Box] = dict(diagram.symbols)
        for item in whole.items.values():
            if item.within:
                self._symbols.update(inside(item, diagram.symbols[item.id]))

    def whole(self) -> Element:
        drawn = self._whole.drawn
        process = element(
            "bpmn:process",
            element("bpmn:documentation", f"{drawn.routine} ({drawn.key})"),
            [self._item(item, self._whole.flows) for item in self._whole.items.values()],
            [self._flow(flow.source, flow.target) for flow in self._whole.flows],
            id=f"process_{drawn.name}",
            name=drawn.label,
            isExecutable="true",
        )
        made = element(
            "bpmn:definitions",
            list(self._events()),
            process,
            element("bpmndi:BPMNDiagram", self._plane(process), id="diagram"),
            id=f"definitions_{drawn.name}",
            name=drawn.label,
            targetNamespace="urn:lockroutine",
            exporter="lockroutine",
        )
        for name, space in _SPACES.items():
            made.set(name, space)
        return made

    def _events(self) -> Iterator[Element]:
        """What the events wait for or set off, each once."""
        items = self._whole.items.values()
        triggers = dict.fromkeys(trigger for item in items for trigger in item.triggers)
        for one in triggers:
            if one.kind != "timer":
                yield element(f"bpmn:{one.kind}", id=one.name, name=one.label)
        roles = dict.fromkeys(
            mover
            for item in items
            for part in (item, *item.within)
            for mover in part.movers
            if mover.kind == "role"
        )
        for mover in roles:
            yield element("bpmn:resource", id=f"role_{mover.name}", name=mover.label)

    # -- what there is -------------------------------------------------------------------------

    def _item(self, item: Item, flows: Iterable[Flow]) -> Element:
        known = list(flows)
        return element(
            f"bpmn:{item.kind}",
            element("bpmn:documentation", item.words) if item.words else None,
            [
                element("bpmn:incoming", self._id(one.source, one.target))
                for one in known
                if one.target == item.id
            ],
            [
                element("bpmn:outgoing", self._id(one.source, one.target))
                for one in known
                if one.source == item.id
            ],
            [self._owner(item, mover.name) for mover in item.movers if mover.kind == "role"],
            [self._definition(item, number, one) for number, one in enumerate(item.triggers)],
            self._within(item),
            id=item.id,
            name=item.label or None,
            attachedToRef=item.at or None,
            ordering="Parallel" if item.within else None,
        )

    def _owner(self, item: Item, role: str) -> Element:
        return element(
            "bpmn:potentialOwner",
            element("bpmn:resourceRef", f"role_{role}"),
            id=f"owner_{item.id}_{role}",
        )

    def _definition(self, item: Item, number: int, trigger: Trigger) -> Element:
        id = f"{trigger.kind}_{number}_{item.id}"
        if trigger.kind == "timer":
            when = element("bpmn:timeDate", trigger.name, xsi__type=_EXPRESSION)
            return element("bpmn:timerEventDefinition", when, id=id)
        if trigger.kind == "message":
            return element("bpmn:messageEventDefinition", id=id, messageRef=trigger.name)
        return element("bpmn:signalEventDefinition", id=id, signalRef=trigger.name)

    def _within(self, item: Item) -> list[Element]:
        """The tasks of a sub-process, which does not end but by an event at its border."""
        if not item.within:
            return []
        never = element("bpmn:completionCondition", "False", xsi__type=_EXPRESSION)
        return [*(self._item(task, ()) for task in item.within), never]

    def _id(self, source: str, target: str) -> str:
        return self._flow_ids.setdefault((source, target), f"flow_{len(self._flow_ids) + 1}")

    def _flow(self, source: str, target: str) -> Element:
        id = self._id(source, target)
        return element("bpmn:sequenceFlow", id=id, sourceRef=source, targetRef=target)

    # -- where it stands -----------------------------------------------------------------------

    def _plane(self, process: Element) -> Element:
        made: list[Element] = []
        for item in self._whole.items.values():
            if item.kind != "boundaryEvent":
                made.append(self._shape(item))
                made += [self._shape(task) for task in item.within]
        # What stands at a border is drawn over it.
        for item in self._whole.items.values():
            if item.kind == "boundaryEvent":
                made.append(self._shape(item))
        for ends, points in self._diagram.lines.items():
            name = self._flow_ids[ends]
            bends = [element("di:waypoint", x=x, y=y) for x, y in points]
            made.append(element("bpmndi:BPMNEdge", bends, id=f"{name}_line", bpmnElement=name))
        return element("bpmndi:BPMNPlane", made, id="plane", bpmnElement=process.get("id"))

    def _shape(self, item: Item) -> Element:
        made = _shape(item.id, self._symbols[item.id], self._diagram.labels.get(item.id))
        roles = [mover for mover in item.movers if mover.kind == "role"]
        if item.within:
            made.set("isExpanded", "true")
        if roles:
            made.set("color:border-color", ROLES[roles[0].index % len(ROLES)])
        return made


def _shape(id: str, box: Box, label: Box | None = None) -> Element:
    named = element("bpmndi:BPMNLabel", _bounds(label)) if label else None
    return element("bpmndi:BPMNShape", _bounds(box), named, id=f"{id}_shape", bpmnElement=id)


def _bounds(box: Box) -> Element:
    return element("dc:Bounds", x=box.x, y=box.y, width=box.width, height=box.height)
