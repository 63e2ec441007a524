"""What differs between two tables of one kind: what only one has, and each key that both have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypedDict, TypeVar

import attrs
from attrs import Factory, frozen

from lockroutine.differences.keys import keys_of
from lockroutine.differences.saying import Key, process_of
from lockroutine.differences.sides import Match, Pair, Side, text_of
from lockroutine.differences.values import Change, Difference, Section
from lockroutine.differences.voice import Voice, as_written, ended
from lockroutine.differences.words import GONE, NEW
from lockroutine.model import Language, Text

__all__ = [
    "Found",
    "Spot",
    "changed",
    "cited",
    "compared",
    "details",
    "each",
    "in_order",
    "otherwise",
    "sentence",
    "voices_of",
]

Found = Iterator[Difference]
T = TypeVar("T")


@frozen(kw_only=True)
class Spot:
    """Where in both packs something stands.

    Args:
        section: Under which heading it is told.
        kind: What it is, as `NEW` and `GONE` name it.
        at: Its path in the newer pack, or in the older if it is only there.
        was_at: Its path in the older pack, if that is another.
        process: The process that it belongs to; empty for none.
        title: What it is called there.
        said: The keys that the title says already.
        meant: The processes in which its names are meant, of the older pack and of the newer.
    """

    section: Section
    kind: str
    at: str
    was_at: str = ""
    process: str = ""
    title: Text
    said: tuple[str, ...] = ()
    meant: tuple[str, str] = Factory(lambda spot: (spot.process, spot.process), takes_self=True)


class Cited(TypedDict):
    """What a table rests on."""

    clauses: tuple[str, ...]
    gaps: tuple[str, ...]


def cited(table: object) -> Cited:
    """The clauses and gaps that a table rests on; none if it cannot name any."""
    return {"clauses": getattr(table, "clauses", ()), "gaps": getattr(table, "gaps", ())}


def otherwise(
    spot: Spot, change: Change, text: Text, before: object, after: object, table: object
) -> Difference:
    """What is otherwise of all that stands in one place, with what the table there rests on."""
    return Difference(
        section=spot.section,
        change=change,
        at=spot.at,
        was_at=spot.was_at,
        process=spot.process,
        text=text,
        before=before,
        after=after,
        **cited(table),
    )


def sentence(change: Change, kind: str, title: str, said: str, language: Language) -> str:
    """That something is new, with what it says, or that it is gone."""
    if change == "lost":
        return GONE[kind].get(language).format(title=title)
    begun = NEW[kind].get(language).format(title=title)
    return ended(f"{begun}: {said}." if said else f"{begun}.")


def each(
    pair: Pair,
    matches: Iterable[Match[T]],
    spot: Callable[[Side, str, T], Spot],
    without: Iterable[str] = (),
) -> Found:
    """What differs between the tables of one kind that two packs have.

    Args:
        pair: The two routines.
        matches: The tables that belong together, as `matched` finds them.
        spot: Where a table stands: from its side, its name and itself.
        without: The keys whose change is told elsewhere.
    """
    for was, before, name, after in matches:
        if after is not None:
            here = spot(pair.new, name, after)
            if was != name and before is not None:
                here = attrs.evolve(here, was_at=spot(pair.old, was, before).at)
                yield _renamed(pair, here, was, name, after)
            yield from compared(pair, here, before, after, without)
        elif before is not None:
            yield from compared(pair, spot(pair.old, was, before), before, None)


def compared(
    pair: Pair,
    spot: Spot,
    old: object | None,
    new: object | None,
    without: Iterable[str] = (),
) -> Found:
    """What differs between two tables; None is one that is not there."""
    if old is not None and new is not None:
        yield from changed(pair, spot, old, new, without)
        return
    change: Change = "lost" if new is None else "gained"
    side, table = pair.side(newer=new is not None), old if new is None else new

    def say(voice: Voice) -> str:
        title = voice.say(spot.title)
        return sentence(change, spot.kind, title, details(voice, table, spot.said), voice.language)

    yield Difference(
        section=spot.section,
        change=change,
        at=spot.at,
        process=spot.process,
        text=side.text(spot.meant[new is not None], say),
        before=old,
        after=new,
        **cited(table),
    )


def _renamed(pair: Pair, spot: Spot, was: str, name: str, table: object) -> Difference:
    def say(voice: Voice) -> str:
        title = voice.say(spot.title)
        return voice.fixed("other_name", title=title, before=was, after=name)

    return otherwise(spot, "renamed", pair.new.text(spot.process, say), was, name, table)


# -- the keys of a table --------------------------------------------------------------------------


def details(voice: Voice, table: Any, without: Iterable[str] = ()) -> str:
    """What a table says, each key that is given but its label and what it rests on."""
    said: list[str] = []
    for name, key in keys_of(type(table)):
        value = getattr(table, name)
        if name not in ("label", "clauses", "gaps", *without) and (
            key.empty or (_there(value) and value != attrs.fields_dict(type(table))[name].default)
        ):
            label, words = voice.say(key.label), _said(voice, key, value, table)
            said.append(f"{label}: {words}" if label else words)
    return "; ".join(said)


def _there(value: object) -> bool:
    return value is not None and value not in ("", ()) and value != {}


def _said(voice: Voice, key: Key, value: object, table: object) -> str:
    if not _there(value):
        return voice.say(key.empty) if key.empty else voice.fixed("none")
    items = _items(key, value)
    if items is None:
        return key.say(voice, value, table)
    return voice.listed(key.say(voice, item, table) for item in items)


def _items(key: Key, value: object) -> tuple[Any, ...] | None:
    """The entries of a list or table; None if it is told as one value."""
    if isinstance(value, Mapping):
        return tuple(value.items())
    return value if isinstance(value, tuple) and not key.whole else None


def changed(pair: Pair, spot: Spot, old: object, new: object, without: Iterable[str] = ()) -> Found:
    """Each key that two tables have otherwise."""
    if type(old) is not type(new):
        yield _other_kind(pair, spot, old, new)
        return
    for name, key in keys_of(type(new)):
        before, after = getattr(old, name), getattr(new, name)
        if name in without or _alike(key, _as_new(pair, spot, key, old, before), after):
            continue
        say = partial(_key_text, pair, spot, key, (old, before), (new, after))
        yield Difference(
            section=key.section or spot.section,
            change="changed",
            at=f"{spot.at}.{name.rstrip('_')}".removeprefix("."),
            was_at=f"{spot.was_at}.{name.rstrip('_')}" if spot.was_at else "",
            process=spot.process,
            text=text_of(say),
            before=before,
            after=after,
            **cited(new),
        )


def _other_kind(pair: Pair, spot: Spot, old: object, new: object) -> Difference:
    """That something is of another kind now, with all that it says."""

    def say(language: Language) -> str:
        voices = voices_of(pair, spot, language)
        before, after = (
            f"{getattr(table, 'kind', '')} ({details(voice, table)})"
            for voice, table in zip(voices, (old, new), strict=True)
        )
        voice = voices[1]
        return voice.fixed(
            "was_and_is",
            head=voice.head(voice.say(spot.title), voice.fixed("kind")),
            before=before,
            after=after,
        )

    return otherwise(spot, "changed", text_of(say), old, new, new)


def _alike(key: Key, old: object, new: object) -> bool:
    """Whether two values say the same; nothing is read from the order of a list."""
    if old == new:
        return True
    had, has = _items(key, old), _items(key, new)
    if had is None or has is None or isinstance(old, Mapping):
        return False
    return all(one in has for one in had) and all(one in had for one in has)


def _as_new(pair: Pair, spot: Spot, key: Key, old: object, value: Any) -> Any:
    """A value of the older pack by the names that its things have in the newer."""
    if not key.names:
        return value
    within = spot.meant[0]
    process = within if key.names.endswith("_here") else process_of(old, within)
    renamed = pair.states(process) if key.names.startswith("state") else pair.steps(process)
    if isinstance(value, tuple):
        return tuple(renamed.get(one, one) for one in value)
    return renamed.get(value, value)


def voices_of(pair: Pair, spot: Spot, language: Language) -> tuple[Voice, Voice]:
    """The words of both packs, as they are meant there."""
    return pair.old.voice(spot.meant[0], language), pair.new.voice(spot.meant[1], language)


def _key_text(
    pair: Pair,
    spot: Spot,
    key: Key,
    old: tuple[object, Any],
    new: tuple[object, Any],
    language: Language,
) -> str:
    voices = voices_of(pair, spot, language)
    head = voices[1].head(voices[1].say(spot.title), voices[1].say(key.label))
    if _items(key, new[1]) and _items(key, old[1]):
        return _list_text(pair, spot, key, old, new, voices, head)
    if isinstance(old[1], Text) and isinstance(new[1], Text):
        return _text_text(voices, old[1], new[1], head)
    before, after = (
        _said(voice, key, value, table)
        for voice, (table, value) in zip(voices, (old, new), strict=True)
    )
    if before == after:  # other names with the same labels
        before, after = as_written(old[1]), as_written(new[1])
    return voices[1].fixed("was_and_is", head=head, before=before, after=after)


def _text_text(voices: tuple[Voice, Voice], old: Text, new: Text, head: str) -> str:
    """What a text says otherwise; if it is only in the other language, what it says there."""
    voice, language = voices[1], voices[1].language
    if old.get(language) == new.get(language):
        language = "en" if language == "sv" else "sv"
        head = f"{head} ({voice.fixed(f'in_{language}')})"
    before, after = (f"«{' '.join(text.get(language).split())}»" for text in (old, new))
    return voice.fixed("was_and_is", head=head, before=before, after=after)


def in_order(pair: Pair, spot: Spot, label: Text, had: Iterable[str], has: Iterable[str]) -> Found:
    """That the same things come in another order, where their order says something."""
    old, new = tuple(had), tuple(has)
    both = set(old) & set(new)
    if [one for one in old if one in both] == [one for one in new if one in both]:
        return

    def say(voice: Voice) -> str:
        return voice.fixed("other_order", head=voice.head(voice.say(spot.title), voice.say(label)))

    yield Difference(
        section=spot.section,
        change="changed",
        at=spot.at,
        process=spot.process,
        text=pair.new.text(spot.meant[1], say),
        before=old,
        after=new,
    )


def _list_text(
    pair: Pair,
    spot: Spot,
    key: Key,
    old: tuple[object, Any],
    new: tuple[object, Any],
    voices: tuple[Voice, Voice],
    head: str,
) -> str:
    """What a list or table has more and less."""
    had, has = _items(key, old[1]) or (), _items(key, new[1]) or ()
    known = _items(key, _as_new(pair, spot, key, old[0], old[1])) or ()
    lost = [item for item, as_new in zip(had, known, strict=True) if as_new not in has]
    gained = [item for item in has if item not in known]
    less = [key.say(voices[0], item, old[0]) for item in lost]
    more = [key.say(voices[1], item, new[0]) for item in gained]
    if less == more:  # said alike, but not the same
        less, more = list(map(as_written, lost)), list(map(as_written, gained))
    parts = [voices[1].fixed("now_also", items=voices[1].listed(more))] if more else []
    parts += [voices[1].fixed("no_longer", items=voices[1].listed(less))] if less else []
    return voices[1].fixed("other_items", head=head, items="; ".join(parts))
