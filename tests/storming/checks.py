"""What must be true after the storm, whatever happened in it; and what is not, in words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import frozen
from tests.storming.journal import read
from tests.storming.outside import Outside
from tests.storming.world import ROUTINE, actor, staff

from lockroutine import Actor, Case, Effect, Engine, Event, WaitingCase
from lockroutine.rules.terms import CLOCK
from lockroutine.stores import CaseFilter
from lockroutine.stores.base import DamagedEvent, all_effects
from lockroutine.verify import replay
from lockroutine.worklist import items

_NAMED = ("unknown", "parked")
_JOINT = {"install": "install", "pair": "pair"}  # of an order: what it drives of a lock


@frozen(kw_only=True)
class Aftermath:
    """All that there is when the storm is over.

    Args:
        events: Of each case, in order.
        cases: As they are stored.
        effects: All.
        results: What the first command with each key did, for the keys of the journals.
        journals: What the workers wrote down.
        settled: How many events each case had before the storm.
        problems: What the engine finds when it verifies.
        reached: How often the outside was reached, by key.
        paired: With whom the outside has each lock paired.
        listed: The cases of each process and state, as they are found by it.
        work: The cases on the work list of some people, and as they ought to be.
    """

    events: Mapping[str, Sequence[Event]]
    cases: Mapping[str, Case]
    effects: Sequence[Effect]
    results: Mapping[str, tuple[str, int]]
    journals: Sequence[Mapping[str, Any]]
    settled: Mapping[str, int]
    problems: Sequence[str]
    reached: Counter[str]
    paired: Mapping[str, str]
    listed: Mapping[tuple[str, str], frozenset[str]]
    work: Mapping[str, tuple[frozenset[str], frozenset[str]]]

    def answers(self, kind: str) -> list[Mapping[str, Any]]:
        """The lines of a kind of all journals."""
        return [line for line in self.journals if line["kind"] == kind]


def surveyed(
    engine: Engine, outside: Outside, journals: Sequence[Path], settled: Mapping[str, int]
) -> Aftermath:
    """Look at everything."""
    lines = [line for path in journals for line in read(path)]
    events: dict[str, Sequence[Event]] = {}
    with engine.store.reading() as reading:
        cases = {case.id: case for case in _all(engine)}
        for case_id in cases:
            # What is damaged is found when the engine verifies.
            with suppress(DamagedEvent):
                events[case_id] = reading.history(case_id)
        effects = list(all_effects(reading))
        found = {
            line["key"]: reading.first_result(line["key"])
            for line in lines
            if line["kind"] == "asked"
        }
    locks = {case.subject for case in cases.values() if case.process == "lock"}
    now = engine._time()
    return Aftermath(
        events=events,
        cases=cases,
        effects=effects,
        results={key: (one.case_id, one.version) for key, one in found.items() if one},
        journals=lines,
        settled=settled,
        problems=[str(problem) for problem in engine.verify().problems],
        reached=outside.acts(),
        paired={serial: outside.paired_with(serial) for serial in locks},
        listed={
            (process, state): frozenset(_listed(engine, process, state))
            for process in ROUTINE.processes
            for state in ROUTINE.process(process).rules.states
        },
        work={
            who.id: (_work(engine, who), _owed(cases.values(), who, now))
            for who in (actor("bo-0"), actor("maj-0"), staff(0))
        },
    )


def _all(engine: Engine) -> Iterator[Case]:
    after = ""
    with engine.store.reading() as reading:
        while page := reading.cases(CaseFilter(), after, 500):
            yield from page
            after = page[-1].id


def _listed(engine: Engine, process: str, state: str) -> Iterator[str]:
    cursor = ""
    while True:
        page = engine.cases(process=process, state=state, limit=500, cursor=cursor)
        yield from (case.id for case in page.items)
        cursor = page.next
        if not cursor:
            return


def _work(engine: Engine, who: Actor) -> frozenset[str]:
    found: set[str] = set()
    cursor = ""
    while True:
        page = engine.worklist(actor=who, limit=500, cursor=cursor)
        found.update(item.case.id for item in page.items)
        cursor = page.next
        if not cursor:
            return frozenset(found)


def _owed(cases: Any, who: Actor, now: dt.datetime) -> frozenset[str]:
    waiting = (
        WaitingCase.of(case, process.owed(case))
        for case in cases
        if (process := ROUTINE.process(case.process)).waits(case)
    )
    return frozenset(
        case.id for case in waiting if any(items(ROUTINE, case, ROUTINE.roles_in(who, case), now))
    )


# -- what must be true -----------------------------------------------------------------------------


def breaches(after: Aftermath) -> list[str]:
    """Everything that is not as it must be, in words."""
    return [
        *(f"chain: {problem}" for problem in after.problems),
        *_registers(after),
        *_halves(after),
        *_commands(after),
        *_effects(after),
        *(f"worker: {line['trace']}" for line in after.answers("error")),
    ]


def _registers(after: Aftermath) -> Iterator[str]:
    """Cases are what their events say, are found as what they are, and agree with each other."""
    made = {case_id: replay(lambda _: ROUTINE, events) for case_id, events in after.events.items()}
    if made != dict(after.cases):
        for case_id in sorted(made.keys() | after.cases.keys()):
            if made.get(case_id) != after.cases.get(case_id):
                yield f"register: the case {case_id} is not what its events make of it"
    for (process, state), listed in after.listed.items():
        there = {one.id for one in made.values() if (one.process, one.state) == (process, state)}
        for case_id in sorted(there ^ listed):
            yield f"register: {case_id} is listed wrongly under {process}.{state}"
    for who, (listed, owed) in after.work.items():
        for case_id in sorted(listed ^ owed):
            yield f"work list: {case_id} is wrongly on the list of {who}, or missing"
    opened = Counter(
        (case.process, case.subject, case.value("door") if case.process == "order" else "")
        for case in made.values()
        if case.is_open
    )
    for (process, subject, _), number in opened.items():
        if number > 1:
            yield f"register: {number} open cases of {process} for {subject}"
    ordered = {
        (str(case.value("serial_number")), case.subject, str(case.value("door")))
        for case in made.values()
        if case.process == "order" and case.state in ("fitted", "done")
    }
    mounted = {
        (case.subject, str(case.value("customer")), str(case.value("door")))
        for case in made.values()
        if case.process == "lock" and case.state == "mounted"
    }
    for serial, subject, _ in sorted(mounted ^ ordered):
        yield f"register: {serial} hangs at {subject} for the order or for the lock only"
    for case in made.values():
        paired = str(case.value("paired_with") or "")
        if case.process == "lock" and after.paired[case.subject] != paired:
            yield f"outside: {case.subject} is paired otherwise there than here"


def _halves(after: Aftermath) -> Iterator[str]:
    """Of a joint step, both halves are there or neither."""
    driven = {
        event.cause: event for events in after.events.values() for event in events if event.cause
    }
    known = {f"{e.case_id}/{e.version}": e for events in after.events.values() for e in events}
    for cause in driven:
        if cause not in known:
            yield f"half: a step was driven by {cause}, which is not there"
    for place, event in known.items():
        if event.process == "order" and event.transition in _JOINT and place not in driven:
            yield f"half: {place} ({event.transition}) drove no lock"


def _commands(after: Aftermath) -> Iterator[str]:
    """What was acknowledged is there, once; and nothing that nobody asked for."""
    asked = {line["key"]: line["command"] for line in after.answers("asked")}
    for line in after.answers("done"):
        key, place = line["key"], (line["case"], line["version"])
        if after.results.get(key) != place:
            yield f"lost: {key} was acknowledged as {place}, and is {after.results.get(key)}"
    for line in after.answers("refused"):
        if line["key"] in after.results:
            yield f"doubled: {line['key']} was refused, and is there"
    keys: dict[tuple[str, int], str] = {}
    for key, place in after.results.items():
        if place in keys:
            yield f"doubled: {key} and {keys[place]} say that they did the same"
        keys[place] = key
    for events in after.events.values():
        for event in events:
            place = (event.case_id, event.version)
            if event.version <= after.settled.get(event.case_id, 0) or event.cause:
                continue
            if event.actor == CLOCK:
                continue
            made = asked.get(keys.pop(place, ""))
            if made is None:
                yield f"doubled: {place} ({event.transition}) is what no command asked for"
            elif (made["step"], made["who"]) != (event.transition, event.actor):
                yield f"doubled: {place} is not what its command asked for"
    for place, key in keys.items():
        yield f"lost: the event {place} of {key} is not there"
    yield from _by_the_clock(after)


def _by_the_clock(after: Aftermath) -> Iterator[str]:
    for case_id, events in after.events.items():
        made = Counter(event.transition for event in events if event.actor == CLOCK)
        for name, number in made.items():
            if number > 1:
                yield f"doubled: the clock made {name} of {case_id} {number} times"


def _effects(after: Aftermath) -> Iterator[str]:
    """Each effect reached the outside once, or it is said that this is not known."""
    reached = Counter(after.reached)
    for effect in after.effects:
        times = reached.pop(effect.key, 0)
        # What was found to be so already needed not be done.
        needed = effect.state == "done" and effect.system != "admin_tool"
        if times > 1:
            yield f"effect: {effect.key} reached the outside {times} times"
        elif needed and not times:
            yield f"effect: {effect.key} never reached the outside, and is said to be done"
        elif times and effect.state not in ("done", *_NAMED):
            yield f"effect: {effect.key} reached the outside, and is said to be {effect.state}"
        if effect.state in ("due", "in_flight", "failed"):
            yield f"effect: {effect.key} is still {effect.state}"
    for key in reached:
        yield f"effect: {key} reached the outside, and nobody asked for it"
