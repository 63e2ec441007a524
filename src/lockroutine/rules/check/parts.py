"""What every check of a pack is made of: names, texts, citations, parameters, steps."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Iterator, Mapping

from lockroutine.errors import Problem, nearest
from lockroutine.model import Text
from lockroutine.rules.calendar import DAYS, Duration, Hours
from lockroutine.rules.schema import Pack, Transition
from lockroutine.rules.terms import Message

__all__ = [
    "NAME",
    "Found",
    "check_cited",
    "check_known",
    "check_length",
    "check_name",
    "check_parameter",
    "check_step",
    "check_template",
    "check_text",
    "transition_of",
    "unknown",
    "wrong_days",
]

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
Found = Iterator[Problem]


def check_name(path: str, name: str) -> Found:
    """That a name has the form of one."""
    if not NAME.fullmatch(name):
        yield Problem(path, "a name is lower case letters, digits and underscores")


def check_text(path: str, text: Text) -> Found:
    """That a text says something in both languages."""
    for language in typing.get_args(typing.Literal["sv", "en"]):
        if not text.get(language).strip():
            yield Problem(f"{path}.{language}", "must not be blank")


def check_cited(
    pack: Pack,
    path: str,
    clauses: Iterable[str],
    gaps: Iterable[str],
    *,
    needed: bool = False,
) -> Found:
    """That what a rule rests on exists, and that it rests on something if it must."""
    yield from check_known(f"{path}.clauses", clauses, pack.clause, "clause")
    yield from check_known(f"{path}.gaps", gaps, pack.gap, "gap")
    if needed and not (*clauses, *gaps):
        yield Problem(path, "names no clause and no gap that it rests on")


def check_known(path: str, names: Iterable[str], known: Iterable[str], what: str) -> Found:
    """That these names exist."""
    known = list(known)
    for name in names:
        if name not in known:
            yield Problem(path, unknown(what, name, known))


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """That there is nothing of this name, with the nearest that is."""
    hint = nearest(name, known)
    return f"there is no {what} {name[:80]!r}" + (f"; did you mean {hint!r}?" if hint else "")


def check_parameter(pack: Pack, path: str, name: str, kind: str) -> Found:
    """That there is such a parameter and that it holds what it must."""
    parameter = pack.parameter.get(name)
    if parameter is None:
        yield Problem(path, unknown("parameter", name, pack.parameter))
        return
    wrong = _PARAMETER_KINDS[kind](parameter.value)
    if wrong:
        yield Problem(f"parameter.{name}.value", wrong)


def check_length(pack: Pack, path: str, length: str) -> Found:
    """That this is a duration, or a parameter that holds one, or left out."""
    wrong = _wrong_duration(length) if length else ""
    if wrong and NAME.fullmatch(length):
        yield from check_parameter(pack, path, length, "duration")
    elif wrong:
        yield Problem(path, wrong)


def _wrong_number(value: object) -> str:
    return "" if type(value) is int else "must be a whole number, as a rule compares with it"


def wrong_days(value: object) -> str:
    """What is wrong with a list of days of the week; empty if nothing is."""
    if isinstance(value, tuple) and value and all(day in DAYS for day in value):
        return ""
    return f"must be a list of days: {', '.join(DAYS)}"


def _wrong_hours(value: object) -> str:
    return _wrong_text(value, Hours.parse)


def _wrong_duration(value: object) -> str:
    return _wrong_text(value, Duration.parse)


def _wrong_text(value: object, parse: typing.Callable[[str], object]) -> str:
    try:
        parse(value if isinstance(value, str) else "")
    except ValueError as error:
        return str(error)
    return ""


_PARAMETER_KINDS: Mapping[str, typing.Callable[[object], str]] = {
    "number": _wrong_number,
    "days": wrong_days,
    "hours": _wrong_hours,
    "duration": _wrong_duration,
}


def check_step(pack: Pack, path: str, name: str) -> Found:
    """That a name like ``mounting.report`` is that of a transition."""
    known = [f"{p}.{step}" for p, process in pack.process.items() for step in process.transitions]
    yield from check_known(path, [name], known, "step")


def transition_of(pack: Pack, name: str) -> Transition | None:
    """The transition of a name like ``mounting.report``, if there is one."""
    process, _, step = name.partition(".")
    return pack.process[process].transitions.get(step) if process in pack.process else None


def check_template(path: str, text: str, known: set[str]) -> Found:
    """That a message names only what is known."""
    message = Message(text)
    if not message.is_valid():
        yield Problem(path, "a $ stands before no name; write $$ for the sign itself")
        return
    for name in message.get_identifiers():
        if name not in known:
            yield Problem(path, unknown("field", name, known))
