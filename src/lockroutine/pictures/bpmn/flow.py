"""A process in the terms of BPMN: its events, tasks, gateways, and the flows between them.

A state in which nothing can be done but to go on is a gateway that waits for events. One with steps
that stay there is an ad-hoc sub-process: those steps are its tasks, any of them, in any order,
again and again, until an event at its border ends it. What leaves a state is an event, and after
it the task of the step; then what it makes elsewhere, and what others are asked to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from attrs import field, frozen

from lockroutine.model import Language
from lockroutine.pictures.metrics import fold
from lockroutine.pictures.plan import leaves, levels
from lockroutine.pictures.sketch import Mover, Sketch, Way, sketch
from lockroutine.pictures.spoken import way_in_words
from lockroutine.routine import Routine, Step
from lockroutine.rules.schema import Process

__all__ = ["Flow", "Item", "Kind", "Trigger", "Whole", "flows_of"]

Kind: TypeAlias = Literal[
    "startEvent",
    "endEvent",
    "intermediateCatchEvent",
    "boundaryEvent",
    "intermediateThrowEvent",
    "eventBasedGateway",
    "exclusiveGateway",
    "adHocSubProcess",
    "userTask",
    "serviceTask",
    "sendTask",
]

FAR = 6
"""Ranks from one state to the next: its events, three tasks, and room."""

TASK = 180.0
LABEL = 112.0
TEXT = 12.0
LINE = 14.0


@frozen
class Trigger:
    """What an event waits for, or what it sets off.

    Args:
        kind: A ``message`` of a person, another system or a standing check, a ``timer``, or the
            ``signal`` of a step of another case.
        name: The message's or signal's id, or when the timer goes off.
        label: Its words.
    """

    kind: Literal["message", "timer", "signal"]
    name: str
    label: str


@frozen(kw_only=True)
class Item:
    """An event, a task, a gateway or a sub-process.

    Args:
        id: Its id in the document.
        kind: What it is.
        label: What is written at or in it.
        width: How wide its symbol is.
        height: How high.
        rank: In which rank it stands; those at a border or within have none of their own.
        triggers: What it waits for or sets off.
        words: All that the rules say of it.
        movers: Who does it.
        at: The sub-process at whose border it stands.
        within: The tasks of a sub-process.
    """

    id: str
    kind: Kind
    label: str = ""
    width: float = 36.0
    height: float = 36.0
    rank: int = 0
    triggers: tuple[Trigger, ...] = ()
    words: str = ""
    movers: tuple[Mover, ...] = ()
    at: str = ""
    within: tuple[Item, ...] = ()


@frozen
class Flow:
    """A sequence flow, from item to item."""

    source: str
    target: str


@frozen(kw_only=True)
class Whole:
    """A process in the terms of BPMN.

    Args:
        drawn: What there is to draw of it.
        items: Its events, tasks, gateways, sub-processes, by their ids.
        flows: The flows between them.
    """

    drawn: Sketch
    items: Mapping[str, Item] = field(factory=dict)
    flows: tuple[Flow, ...] = ()


def flows_of(routine: Routine, process: str, language: Language) -> Whole:
    r"""A process in the terms of BPMN.

    Raises:
        NotFound: There is no such process; the nearest is named.

    >>> from lockroutine import load_routine
    >>> whole = flows_of(load_routine(), "update", "en")
    >>> whole.items["state_planned"].kind, whole.items["step_skip"].label
    ('eventBasedGateway', 'Skip the update\n(System manager)')
    """
    drawn = sketch(routine, process, language)
    made = _Maker(routine, drawn)
    made.states()
    for way in drawn.ways.values():
        if way.target and (leaves(way) or not way.sources):
            made.step(way)
    return Whole(drawn=drawn, items=made.items, flows=tuple(made.flows))


class _Maker:
    def __init__(self, routine: Routine, drawn: Sketch) -> None:
        self._routine = routine
        self._drawn = drawn
        self._rules: Process = routine.process(drawn.name).rules
        found = levels(drawn, len(drawn.places))
        self._rank = {name: FAR * (level // 2 + 1) for name, level in found.items()}
        self.items: dict[str, Item] = {}
        self.flows: list[Flow] = []

    # -- states --------------------------------------------------------------------------------

    def states(self) -> None:
        """Each state, by what can be done in it."""
        leaving: dict[str, int] = dict.fromkeys(self._drawn.places, 0)
        for way in self._drawn.ways.values():
            for name in leaves(way):
                leaving[name] += 1
        for name, place in self._drawn.places.items():
            id, label, rank = f"state_{name}", place.label, self._rank[name]
            staying = self._drawn.staying(name)
            if staying:
                within = tuple(self._inner(name, way) for way in staying)
                wide, high = inner_size(within)
                # There is room at its border for what ends it, and for what leads there.
                high = max(high, 46.0 * (leaving[name] + 2))
                made = Item(
                    id=id, kind="adHocSubProcess", label=label, width=wide, height=high, rank=rank,
                    within=within,
                )  # fmt: skip
            elif not leaving[name]:
                made = Item(id=id, kind="endEvent", label=label, rank=rank)
            else:
                kind: Kind = "eventBasedGateway" if leaving[name] > 1 else "exclusiveGateway"
                made = Item(id=id, kind=kind, label=label, width=50, height=50, rank=rank)
            self.items[id] = made

    def _inner(self, state: str, way: Way) -> Item:
        owed = way.name in self._drawn.places[state].owed
        return self._task(way, f"stay_{state}_{way.name}", 0, "☐ " if owed else "")

    # -- steps ---------------------------------------------------------------------------------

    def step(self, way: Way) -> None:
        """A step that leads on: the events that begin it, its task, and what comes of it."""
        goal = self._rank[way.target]
        ranks = {name: self._rank[name] for name in leaves(way)}
        above = [rank for rank in ranks.values() if rank < goal]
        follow = list(self._after(way))
        if above:
            first, down = max(above) + 2, 1
        elif ranks:
            first, down = min(ranks.values()) - 2, -1
        else:
            first, down = goal - len(follow) - 1, 1
        task = self._task(way, f"step_{way.name}", first)
        self._add(task)
        if not ranks:
            start = Item(
                id=f"start_{way.name}", kind="startEvent", rank=first - 1, triggers=self._waits(way)
            )
            self._add(start)
            self._flow(start.id, task.id)
        for name, rank in ranks.items():
            self._begin(way, name, rank + (1 if first > rank else -1), task.id)
        last = task.id
        for number, (id, kind, label, triggers) in enumerate(follow, start=1):
            wide, high = (36.0, 36.0) if triggers else task_size(label)
            made = Item(
                id=id, kind=kind, label=label, triggers=triggers, width=wide, height=high,
                rank=first + down * number,
            )  # fmt: skip
            self._add(made)
            self._flow(last, id)
            last = id
        self._flow(last, f"state_{way.target}")

    def _begin(self, way: Way, state: str, rank: int, task: str) -> None:
        """The event that begins a step in one of its states."""
        box = self.items[f"state_{state}"]
        id = f"event_{way.name}_{state}"
        if box.kind == "adHocSubProcess":
            self._add(Item(id=id, kind="boundaryEvent", triggers=self._waits(way), at=box.id))
        else:
            made = Item(id=id, kind="intermediateCatchEvent", rank=rank, triggers=self._waits(way))
            self._add(made)
            self._flow(box.id, id)
        self._flow(id, task)

    def _task(self, way: Way, id: str, rank: int, before: str = "") -> Item:
        people = any(mover.kind == "role" for mover in way.movers)
        when = "".join(f", {line.text}" for line in way.lines if line.kind == "timer")
        who = ", ".join(mover.label for mover in way.movers)
        label = f"{before}{way.label}\n({who}{when})"
        wide, high = task_size(label)
        return Item(
            id=id,
            kind="userTask" if people else "serviceTask",
            label=label,
            width=wide,
            height=high,
            rank=rank,
            words=way_in_words(self._drawn, way),
            movers=way.movers,
        )

    def _waits(self, way: Way) -> tuple[Trigger, ...]:
        """What begins a step: what somebody says, the clock, or a step of another case."""
        kinds = {mover.kind for mover in way.movers}
        found: list[Trigger] = []
        if kinds - {"clock", "joint"}:
            found.append(Trigger("message", f"message_{way.name}", way.label))
        if "clock" in kinds:
            when = next((line.text for line in way.lines if line.kind == "timer"), "")
            found.append(Trigger("timer", when, when))
        if "joint" in kinds:
            found.append(self._signal(Step(self._drawn.name, way.name)))
        return tuple(found)

    def _signal(self, step: Step) -> Trigger:
        process = self._routine.process(step.process).rules.label.get(self._drawn.language)
        label = f"{process}: {self._routine.label(step).get(self._drawn.language)}"
        return Trigger("signal", f"signal_{step.process}_{step.transition}", label)

    def _after(self, way: Way) -> Iterator[tuple[str, Kind, str, tuple[Trigger, ...]]]:
        """What a step sets off in other cases, and what others are asked to do."""
        joint = self._rules.transitions[way.name].joint.values()
        drives = dict.fromkeys(Step(j.process, j.transition) for j in joint)
        if drives:
            signals = tuple(self._signal(step) for step in drives)
            label = ", ".join(signal.label for signal in signals)
            yield (f"drive_{way.name}", "intermediateThrowEvent", label, signals)
        effects = [line.text for line in way.lines if line.kind == "effect"]
        if effects:
            yield (f"tell_{way.name}", "sendTask", "; ".join(effects), ())

    def _add(self, item: Item) -> None:
        self.items[item.id] = item

    def _flow(self, source: str, target: str) -> None:
        self.flows.append(Flow(source, target))


def task_size(label: str) -> tuple[float, float]:
    """How large a task must be for what is written in it."""
    lines = sum(len(fold(part, TEXT, TASK - 44)) for part in label.split("\n"))
    return TASK, max(60.0, lines * LINE + 22)


HEAD, GAP = 34.0, 14.0


def in_columns(within: Sequence[Item]) -> list[list[Item]]:
    """The tasks of a sub-process in columns of about the same length."""
    count = 1 if len(within) < 4 else 2 if len(within) < 9 else 3
    long = -(-len(within) // count)
    return [list(within[index : index + long]) for index in range(0, len(within), long)]


def inner_size(within: Sequence[Item]) -> tuple[float, float]:
    """How large a sub-process must be for its tasks, with room for events at its border."""
    columns = in_columns(within)
    high = max(sum(task.height + GAP for task in column) for column in columns)
    return 2 * 34 + len(columns) * (TASK + GAP) - GAP, HEAD + high + 24
