"""What belongs to no process: roles, values, forms, messages, what is shown, clauses, the pack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from lockroutine.differences.sides import Pair, Side, matched
from lockroutine.differences.tables import Found, Spot, changed, each, in_order
from lockroutine.differences.users import users_of
from lockroutine.differences.values import Difference, Section
from lockroutine.differences.voice import Voice
from lockroutine.differences.words import SAY
from lockroutine.model import Text
from lockroutine.rules.declared import FieldTable, FormTable

__all__ = [
    "as_a_whole",
    "clauses",
    "forms",
    "loosened",
    "messages",
    "parameters",
    "roles",
    "shown",
]

_Tables = Callable[[Side], Mapping[str, Any]]


def _tables(
    pair: Pair, section: Section, kind: str, tables: _Tables, called: str = "label"
) -> Found:
    """Tables of the pack, each called by one of its own keys; by its name if that key is none."""

    def spot(side: Side, name: str, table: object) -> Spot:
        text = getattr(table, called, None)

        def say(voice: Voice) -> str:
            return voice.quoted(text) if isinstance(text, Text) else name

        return Spot(
            section=section,
            kind=kind,
            at=f"{kind}.{name}",
            title=side.text("", say),
            said=(called,),
        )

    yield from each(pair, matched(tables(pair.old), tables(pair.new)), spot)


def roles(pair: Pair) -> Found:
    """The roles, with whose cases they see, and the units."""
    yield from _tables(pair, "roles", "role", lambda side: side.pack.role)
    yield from _tables(pair, "roles", "unit", lambda side: side.pack.unit)


def parameters(pair: Pair) -> Found:
    """The values that stand once, with what uses those that are otherwise."""
    for one in _tables(pair, "parameters", "parameter", lambda side: side.pack.parameter):
        _, name, *key = one.at.split(".")
        yield _with_users(pair, one, name) if key == ["value"] else one


def _with_users(pair: Pair, one: Difference, name: str) -> Difference:
    def say(voice: Voice) -> str:
        rules = voice.listed(users_of(voice, pair.new.pack, name))
        return voice.say(one.text) + (voice.fixed("used_by", rules=rules) if rules else "")

    return attrs.evolve(one, text=pair.new.text("", say))


def loosened(pair: Pair) -> Found:
    """The safeguards that one pack loosens of what it extends."""
    yield from _tables(pair, "loosened", "loosened", lambda side: side.pack.loosened, called="")


def shown(pair: Pair) -> Found:
    """What is there to look up."""
    yield from _tables(pair, "shown", "shown", lambda side: side.pack.shown)


def clauses(pair: Pair) -> Found:
    """The clauses of the source, in its order, and the gaps with how they are read."""
    yield from _tables(pair, "clauses", "clause", lambda side: side.pack.clause, called="")
    title = pair.new.text("", lambda voice: voice.fixed("the_pack"))
    spot = Spot(section="clauses", kind="clause", at="clause", title=title)
    yield from in_order(pair, spot, SAY["clauses"], pair.old.pack.clause, pair.new.pack.clause)
    yield from _tables(pair, "clauses", "gap", lambda side: side.pack.gap, called="question")


def as_a_whole(pair: Pair) -> Found:
    """What the pack says of itself: what it is called, from when it holds, its calendar."""
    title = pair.new.text("", lambda voice: voice.fixed("the_pack"))
    spot = Spot(section="pack", kind="pack", at="", title=title)
    yield from changed(pair, spot, pair.old.pack, pair.new.pack)


# -- messages -------------------------------------------------------------------------------------


def messages(pair: Pair) -> Found:
    """The messages, each line of their text that is new or gone."""

    def spot(side: Side, name: str, _: object) -> Spot:
        title = side.text("", lambda voice: voice.message(name))
        return Spot(section="messages", kind="template", at=f"template.{name}", title=title)

    for one in each(pair, matched(pair.old.pack.template, pair.new.pack.template), spot):
        yield _by_line(pair, one) if one.at.endswith(".body") else one


def _by_line(pair: Pair, one: Difference) -> Difference:
    """A changed text by its lines, so that one word in a long letter is found."""

    def say(voice: Voice) -> str:
        had, has = (voice.say(text).splitlines() for text in (one.before, one.after))
        parts = {
            "now_also": [line for line in has if line not in had],
            "no_longer": [line for line in had if line not in has],
        }
        items = [
            voice.fixed(word, items=voice.listed(f"«{line.strip()}»" for line in lines))
            for word, lines in parts.items()
            if any(map(str.strip, lines))
        ]
        if not items:
            return voice.say(one.text)
        head = voice.head(voice.message(one.at.split(".")[1]), voice.fixed("body"))
        return voice.fixed("other_items", head=head, items="; ".join(items))

    return attrs.evolve(one, text=pair.new.text("", say))


# -- forms ----------------------------------------------------------------------------------------


def forms(pair: Pair) -> Found:
    """The forms that the packs declare, and each of their fields."""

    def spot(side: Side, name: str, form: FormTable) -> Spot:
        title = side.text("", lambda voice: voice.quoted(form.label))
        return Spot(section="forms", kind="form", at=f"form.{name}", title=title)

    for match in matched(pair.old.pack.form, pair.new.pack.form):
        yield from each(pair, [match], spot)
        _, old, name, new = match
        olds, news = (form.fields if form else {} for form in (old, new))
        yield from each(pair, matched(olds, news), _field(name))
        if old and new:
            at = f"form.{name}.fields"
            here = attrs.evolve(spot(pair.new, name, new), at=at)
            yield from in_order(pair, here, SAY["fields_of"], olds, news)


def _field(form: str) -> Callable[[Side, str, FieldTable], Spot]:
    def spot(side: Side, name: str, field: FieldTable) -> Spot:
        def say(voice: Voice) -> str:
            return voice.fixed("field_of", field=voice.quoted(field.label), form=voice.form(form))

        at = f"form.{form}.fields.{name}"
        return Spot(section="forms", kind="field", at=at, title=side.text("", say))

    return spot
