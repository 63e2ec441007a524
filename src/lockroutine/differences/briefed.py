"""Rules that are said in a few words: what must hold, and what others are told or do.

A change that these words show is told by them; every other key by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import attrs
from attrs import frozen

from lockroutine.differences.sides import Pair, text_of
from lockroutine.differences.tables import Found, Spot, changed, otherwise, voices_of
from lockroutine.differences.values import Difference
from lockroutine.differences.voice import Voice
from lockroutine.model import Language, Text

__all__ = ["Briefly", "in_brief"]

T = TypeVar("T")


@frozen
class Briefly:
    """How rules of one kind are said in a few words.

    Args:
        label: What is said so.
        keys: The keys of which something is said.
    """

    label: Text
    keys: frozenset[str]


def in_brief(
    pair: Pair,
    spot: Spot,
    how: Briefly,
    old: T,
    new: T,
    say: Callable[[Voice, T], str],
    title: Text,
) -> Found:
    """What differs between two rules of one name.

    Args:
        pair: The two routines.
        spot: Where the rule stands.
        how: How such rules are said in a few words.
        old: The rule of the older pack.
        new: That of the newer.
        say: A rule in a few words.
        title: What it belongs to.
    """
    found = list(changed(pair, spot, old, new))
    shown = [one for one in found if _key(one, spot) in how.keys]
    said = _said(pair, attrs.evolve(spot, title=title), how, old, new, say)
    if said is None or not shown:
        yield from found
        return
    yield said
    # One word for several keys may hide one of them.
    yield from (one for one in found if one not in shown or len(shown) > 1)


def _key(found: Difference, spot: Spot) -> str:
    return found.at.removeprefix(spot.at).removeprefix(".")


def _said(
    pair: Pair, spot: Spot, how: Briefly, old: T, new: T, say: Callable[[Voice, T], str]
) -> Difference | None:
    def text(language: Language) -> str:
        voices = voices_of(pair, spot, language)
        head = voices[1].head(voices[1].say(spot.title), voices[1].say(how.label))
        before, after = f"«{say(voices[0], old)}»", f"«{say(voices[1], new)}»"
        if before == after:
            return ""
        return voices[1].fixed("was_and_is", head=head, before=before, after=after)

    found = text_of(text)
    if not (found.sv and found.en):
        return None
    return otherwise(spot, "changed", found, old, new, new)
