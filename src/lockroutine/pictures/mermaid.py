"""Drawings as Mermaid text, for pages and wikis that draw such text themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from lockroutine.model import Language
from lockroutine.pictures.overview import overview
from lockroutine.pictures.sketch import Mover, Sketch, Way, sketch
from lockroutine.pictures.words import WORDS
from lockroutine.routine import Routine

__all__ = ["escaped", "map_mermaid", "process_mermaid"]

# A word of Mermaid's own, a sign of its grammar or of Markdown: written by its number instead.
_PLAIN = frozenset(" ,.?!/()+=|'«»–≥≤×·")


def process_mermaid(routine: Routine, process: str, language: Language = "en") -> str:
    """A process as a state diagram of Mermaid.

    A step says who makes it; each ``◇`` is a guard, each ``◆`` a safeguard. In a note beside a
    state stand the steps that stay there: ``☐`` those that are owed, ``○`` the others.

    Raises:
        NotFound: There is no such process; the nearest is named.

    >>> from lockroutine import load_routine
    >>> print(process_mermaid(load_routine(), "update"))
    stateDiagram-v2
        accTitle: Update
        state "Planned" as s1
        state "Installed" as s2
        state "Skipped" as s3
        [*] --> s1 : Announce an update [System manager]
        s1 --> s2 : The update is installed [System manager]
        s1 --> s3 : Skip the update [System manager]
        note right of s1
            Waits for#58; System manager. Within 30 days
        end note
        s2 --> [*]
        s3 --> [*]
    <BLANKLINE>
    """
    drawn = sketch(routine, process, language)
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _states(drawn)), ""])


def _states(drawn: Sketch) -> Iterator[str]:
    names = {name: f"s{number}" for number, name in enumerate(drawn.places, start=1)}
    yield f"accTitle: {escaped(drawn.label)}"
    for name, place in drawn.places.items():
        yield f'state "{escaped(place.label)}" as {names[name]}'
    for way in drawn.ways.values():
        for source in way.sources or ("",):
            # Of several lines from a state to itself Mermaid draws one: those stand in the note.
            if not way.stays_in(source):
                yield f"{names.get(source, '[*]')} --> {names[way.target]} : {_step(way)}"
    for name in drawn.places:
        said = list(_note(drawn, name))
        if said:
            yield f"note right of {names[name]}"
            yield from (f"    {line}" for line in said)
            yield "end note"
    for name, place in drawn.places.items():
        if place.end:
            yield f"{names[name]} --> [*]"


def _step(way: Way) -> str:
    kinds = [line.kind for line in way.lines]
    marks = "◇" * kinds.count("guard") + "◆" * kinds.count("safeguard")
    return f"{escaped(way.label)} {_who(way.movers)}{f' {marks}' if marks else ''}"


def _who(movers: Iterable[Mover]) -> str:
    return f"[{escaped(', '.join(mover.label for mover in movers))}]"


def _note(drawn: Sketch, name: str) -> Iterator[str]:
    place = drawn.places[name]
    waits = WORDS["waits_for"].get(drawn.language)
    if place.waits_for:
        who = ", ".join(mover.label for mover in place.waits_for)
        due = f". {place.due}" if place.due else ""
        yield escaped(f"{waits}: {who}{due}")
    elif place.due:
        yield escaped(place.due)
    if place.late[1]:
        who = ", ".join(mover.label for mover in place.late[1])
        yield escaped(f"{place.late[0]} {who}")
    for way in drawn.staying(name):
        if way.name not in place.owed:
            yield f"○ {_step(way)}"
            continue
        _, when = place.owed[way.name]
        yield f"☐ {_step(way)}{f' ({escaped(when)})' if when else ''}"


def map_mermaid(routine: Routine, language: Language = "en") -> str:
    """All processes of a routine and what joins them, as a flowchart of Mermaid.

    A solid arrow is a step that makes a step of the other process, with how many there are; a
    dashed one a rule that looks at its cases.

    >>> from lockroutine import load_routine
    >>> [line for line in map_mermaid(load_routine()).splitlines() if "p1 --" in line]
    ['    p1 -->|"2"| p8']
    """
    return "\n".join(["flowchart TB", *(f"    {line}" for line in _map(routine, language)), ""])


def _map(routine: Routine, language: Language) -> Iterator[str]:
    stations = overview(routine, language)
    names = {one.name: f"p{number}" for number, one in enumerate(stations, start=1)}
    yield f"accTitle: {escaped(routine.pack.label.get(language))}"
    for one in stations:
        yield f'{names[one.name]}["{escaped(one.label)}"]'
    for one in stations:
        for bond in one.bonds.values():
            line = f'-->|"{len(bond.drives)}"|' if bond.drives else "-.->"
            yield f"{names[one.name]} {line} {names[bond.target]}"


def escaped(text: str) -> str:
    """A text that Mermaid reads as nothing but a text; control characters, which it refuses, go."""
    plain = "".join(
        letter if letter in _PLAIN or _is_plain(letter) else f"#{ord(letter)};"
        for letter in " ".join(text.split())
        if unicodedata.category(letter) != "Cc"
    )
    # These words end a note, wherever in it they stand.
    return re.sub("(?i)end note", lambda found: f"#{ord(found[0][0])};{found[0][1:]}", plain)


def _is_plain(letter: str) -> bool:
    return letter.isalpha() or (letter.isascii() and letter.isalnum())
