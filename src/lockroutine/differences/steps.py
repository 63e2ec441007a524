"""Processes and their steps: which are new, gone, or otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lockroutine._fields import Entry, entries
from lockroutine.differences.sides import Pair, Side, matched
from lockroutine.differences.tables import Found, Spot, cited, each
from lockroutine.differences.values import Difference
from lockroutine.differences.voice import Voice
from lockroutine.rules.schema import Process, Transition

__all__ = ["processes", "steps"]


def processes(pair: Pair) -> Found:
    """Which processes there are, and what a case of each is."""

    def spot(side: Side, name: str, process: Process) -> Spot:
        title = side.text(name, lambda voice: voice.quoted(process.label))
        at = f"process.{name}"
        return Spot(section="processes", kind="process", at=at, process=name, title=title)

    yield from each(pair, matched(pair.old.pack.process, pair.new.pack.process), spot)


def steps(pair: Pair) -> Found:
    """Which steps there are, where they lead, what they take and write."""
    for process in pair.processes():
        spot = _spot(process)
        for match in pair.each_step(process):
            yield from each(pair, [match], spot, without=("by",))
            _, before, name, after = match
            if before and after and before.form != after.form:
                yield from _fields(pair, f"process.{process}.transitions.{name}", before, after)


def _spot(process: str) -> Callable[[Side, str, Transition], Spot]:
    def spot(side: Side, name: str, _: Transition) -> Spot:
        title = side.text(process, lambda voice: voice.step(name))
        at = f"process.{process}.transitions.{name}"
        return Spot(section="steps", kind="transition", at=at, process=process, title=title)

    return spot


def _fields(pair: Pair, at: str, old: Transition, new: Transition) -> Found:
    """Which fields there are to fill in, where a step takes another form."""
    had, has = _entries(pair.old, old), _entries(pair.new, new)
    parts = {
        "now_also": [entry.label for name, entry in has.items() if name not in had],
        "no_longer": [entry.label for name, entry in had.items() if name not in has],
    }
    if not any(parts.values()):
        return

    def say(voice: Voice) -> str:
        items = [
            voice.fixed(word, items=voice.listed(map(voice.quoted, labels)))
            for word, labels in parts.items()
            if labels
        ]
        head = voice.head(voice.quoted(new.label), voice.fixed("fields_of"))
        return voice.fixed("other_items", head=head, items="; ".join(items))

    process = at.split(".")[1]
    yield Difference(
        section="steps",
        change="changed",
        at=f"{at}.form",
        process=process,
        text=pair.new.text(process, say),
        before=tuple(had),
        after=tuple(has),
        **cited(new),
    )


def _entries(side: Side, step: Transition) -> Mapping[str, Entry]:
    form = side.routine.forms.get(step.form)
    return entries(form) if form else {}
