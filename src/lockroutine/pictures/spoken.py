"""A process told in words: what a drawing says to those who do not see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lockroutine.model import Language, Text
from lockroutine.pictures.overview import Station
from lockroutine.pictures.sketch import LineKind, Mover, Place, Sketch, Way

__all__ = ["in_words", "map_in_words", "way_in_words"]

_WORDS = {
    "process": Text(
        sv="{label}: {states} lägen och {ways} steg.",
        en="{label}: {states} states and {ways} steps.",
    ),
    "state": Text(sv="Läge {label}.", en="State {label}."),
    "end": Text(sv="Ärendet är slut här.", en="The case is over here."),
    "waits": Text(sv="Väntar på {who}.", en="Waits for {who}."),
    "owed": Text(sv="Här ska göras: {duties}.", en="Owed here: {duties}."),
    "opens": Text(sv="öppnar ett ärende", en="opens a case"),
    "from": Text(sv="från {states}", en="from {states}"),
    "leads": Text(sv="leder till {state}", en="leads to {state}"),
    "stays": Text(sv="läget blir kvar", en="the state stays"),
    "step": Text(sv="Steg {label}, {who}: {how}.", en="Step {label}, {who}: {how}."),
    "guard": Text(sv="villkor", en="must hold"),
    "safeguard": Text(sv="villkor till skydd", en="must hold, a safeguard"),
    "drives": Text(sv="gör också", en="also makes"),
    "driven": Text(sv="görs av", en="is made by"),
    "effect": Text(sv="verkan", en="effect"),
    "timer": Text(sv="när", en="when"),
    "station": Text(sv="{label}. Öppnas av {who}.", en="{label}. Opened by {who}."),
    "bond_drives": Text(
        sv="Gör också steg i {other}: {steps}.", en="Also makes steps of {other}: {steps}."
    ),
    "bond_looks": Text(sv="Villkor ser till {other}.", en="Its rules look at {other}."),
}
_ORDER: tuple[LineKind, ...] = ("timer", "safeguard", "guard", "driven", "drives", "effect")


def in_words(drawn: Sketch) -> list[str]:
    """All that a drawing of a process shows, in sentences.

    >>> from lockroutine import load_routine
    >>> from lockroutine.pictures.sketch import sketch
    >>> in_words(sketch(load_routine(), "update", "en"))[1]
    'State Planned. Waits for System manager. Within 30 days.'
    """
    said = _Said(drawn)
    return [
        said.word(
            "process", label=drawn.label, states=str(len(drawn.places)), ways=str(len(drawn.ways))
        ),
        *(said.place(place) for place in drawn.places.values()),
        *(said.way(way) for way in drawn.ways.values()),
    ]


def way_in_words(drawn: Sketch, way: Way) -> str:
    """A step in a sentence."""
    return _Said(drawn).way(way)


def map_in_words(stations: Iterable[Station], language: Language) -> list[str]:
    """All that a map of processes shows, in sentences."""
    known = list(stations)
    labels = {one.name: one.label for one in known}
    said: list[str] = []
    for one in known:
        parts = [_WORDS["station"].get(language).format(label=one.label, who=_who(one.opened_by))]
        for bond in one.bonds.values():
            other = labels[bond.target]
            if bond.drives:
                steps = ", ".join(bond.drives)
                parts.append(_WORDS["bond_drives"].get(language).format(other=other, steps=steps))
            if bond.looks:
                parts.append(_WORDS["bond_looks"].get(language).format(other=other))
        said.append(" ".join(parts))
    return said


class _Said:
    def __init__(self, drawn: Sketch) -> None:
        self._drawn = drawn

    def word(self, name: str, **values: str) -> str:
        return _WORDS[name].get(self._drawn.language).format(**values)

    def place(self, place: Place) -> str:
        return " ".join(self._place(place))

    def _place(self, place: Place) -> Iterator[str]:
        yield self.word("state", label=place.label)
        if place.end:
            yield self.word("end")
        if place.waits_for:
            yield self.word("waits", who=_who(place.waits_for))
        if place.due:
            yield f"{place.due}."
        if place.late[1]:
            yield f"{place.late[0]} {_who(place.late[1])}."
        if place.owed:
            duties = "; ".join(
                f"{self._drawn.ways[name].label} ({_who(who)}{f', {when}' if when else ''})"
                for name, (who, when) in place.owed.items()
            )
            yield self.word("owed", duties=duties)

    def way(self, way: Way) -> str:
        places = self._drawn.places
        how = [self.word("opens")]
        if way.sources:
            states = ", ".join(places[name].label for name in way.sources)
            how = [self.word("from", states=states)]
        if way.target:
            how.append(self.word("leads", state=places[way.target].label))
        else:
            how.append(self.word("stays"))
        for kind in _ORDER:
            found = [line.text for line in way.lines if line.kind == kind]
            if found:
                how.append(f"{self.word(kind)}: {', '.join(found)}")
        return self.word("step", label=way.label, who=_who(way.movers), how="; ".join(how))


def _who(movers: Iterable[Mover]) -> str:
    return ", ".join(mover.label for mover in movers)
