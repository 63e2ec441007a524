"""The command that looks at everything that can be wrong in running it: doctor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import attrs
from attrs import frozen

from lockroutine.cli import output
from lockroutine.cli.databases import newest, show_verification, store_at
from lockroutine.cli.loading import loaded
from lockroutine.cli.systems import SetUp, set_up
from lockroutine.engine import Engine
from lockroutine.errors import RulesError, StoreError
from lockroutine.figures import Backlog
from lockroutine.plugins.installed import CHOICE
from lockroutine.routine import Routine
from lockroutine.stores import Store, needing_sql

__all__ = ["Examining", "Finding", "State", "doctor", "examined"]

State: TypeAlias = Literal["ok", "warning", "error"]
"""How something is: as it should be; to be looked at today; to be mended now."""

_MINUTE = dt.timedelta(minutes=1)
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_SKEW = (dt.timedelta(seconds=2), _MINUTE)
_UNSENT = (15 * _MINUTE, 2 * _HOUR)
_STEPS = (5 * _MINUTE, _HOUR)
_ASKED = 7 * _DAY


@frozen(kw_only=True)
class Examining:
    """How it is looked at.

    Args:
        settings: The file of the plugins' settings.
        sample: Of how many cases the events are checked; None for all.
    """

    settings: Path | None
    sample: int | None


@frozen
class Finding:
    """What was found of one thing.

    Args:
        about: What was looked at.
        state: How it is.
        found: What was found, without personal data.
        do: What is to be done; empty if nothing.
    """

    about: str
    state: State
    found: str
    do: str = ""


def doctor(place: str, pack: str, how: Examining, *, as_json: bool) -> int:
    """Say what is wrong, and what is to be done; 1 if there is an error among it."""
    findings = list(examined(place, pack, how))
    states = {one.state for one in findings}
    if as_json:
        worst = next(one for one in ("error", "warning", "ok") if one in states)
        output.dump({"state": worst, "findings": [attrs.asdict(one) for one in findings]})
    else:
        for one in findings:
            output.line(f"{one.state:<8} {one.about}: {one.found}", style=_STYLES[one.state])
            if one.do:
                output.line(f"         -> {one.do}")
    return 1 if "error" in states else 0


_STYLES = {"ok": "", "warning": "yellow", "error": "bold red"}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def examined(
    place: str, pack: str, how: Examining, clock: Callable[[], dt.datetime] = _now
) -> Iterator[Finding]:
    """Everything that is looked at; what needs the database only if that can be used.

    Args:
        place: The database.
        pack: The rule pack; empty for the newest that the database knows.
        how: How it is looked at.
        clock: This machine's clock.

    Raises:
        LockroutineError: What was asked for is wrong, and not what was looked at.
    """
    there = set_up(how.settings)
    try:
        misfit = _misfit(place)
        if misfit:
            yield Finding("database", "ok", "It answers.")
            yield misfit
            return
        with store_at(place) as store:
            routine = loaded(pack, there.made) if pack else newest(store, there.made)
            engine = Engine(store, routine=routine, clock=clock)
            yield Finding("database", "ok", f"It answers, and is run by {routine.key}.")
            yield Finding("tables", "ok", "They are those of this lockroutine.")
            yield from _plugins(there, routine)
            yield _clock(store, clock)
            yield from _backlog(engine.backlog())
            yield _chain(engine, how.sample)
    except StoreError as error:
        do = "Until it can be used, nothing else can be looked at."
        yield Finding("database", "error", str(error), do)
    except RulesError as error:
        first, more = error.problems[0], len(error.problems) - 1
        found = f"It cannot be used: {first}{f' (and {more} more)' if more else ''}."
        yield Finding("routine", "error", found, _RULES_DO)


def _misfit(place: str) -> Finding | None:
    """What is wrong with the tables of a database of the host's; a file of ours has its own."""
    if "://" not in place:
        return None
    with needing_sql():
        from lockroutine.stores.sql import check  # an extra  # noqa: PLC0415
    problems = check(place)
    if not problems:
        return None
    first, *others = problems
    more = f" (and {len(others)} more)" if others else ""
    do = "Upgrade the library." if first.path == "revision" else _UPGRADE
    return Finding("tables", "error", f"They do not fit: {first}{more}.", do)


_UPGRADE = "Run `lockroutine db upgrade` on it."
_RULES_DO = "Are the plugins that its rules need set up here? `lockroutine check` tells all of it."


def _plugins(there: SetUp, routine: Routine) -> Iterator[Finding]:
    names = there.offers.names()
    problems = there.wrong(routine.pack)
    if not names and not any(one.chosen for one in there.seen) and not there.problems:
        yield Finding(
            "plugins",
            "warning",
            "None is set up, so nothing can be sent from here.",
            f"Give --settings FILE, or name them in {CHOICE}: as where `deliver` runs.",
        )
        return
    for problem in problems:
        yield Finding("plugins", "error", f"{problem}.", "`lockroutine plugins` tells all of it.")
    if not problems:
        yield Finding("plugins", "ok", f"Nothing is missing: {', '.join(names)}.")


def _clock(store: Store, clock: Callable[[], dt.datetime]) -> Finding:
    with store.reading() as reading:
        before = clock()
        theirs = reading.server_time()
        after = clock()
    if theirs is None:
        return Finding("clock", "ok", "The database has none of its own to compare with.")
    ours = before + (after - before) / 2
    skew = abs(theirs - ours)
    seconds = f"{skew.total_seconds():.1f} s"
    state = _by(skew, *_SKEW)
    if state == "ok":
        return Finding("clock", "ok", f"Within {seconds} of the database server's.")
    way = "behind" if theirs > ours else "ahead of"
    return Finding(
        "clock",
        state,
        f"It is {seconds} {way} the database server's.",
        "Let both machines follow a time server (NTP): due times and histories go by the clock.",
    )


def _backlog(there: Backlog) -> Iterator[Finding]:
    waiting = [f"{there.effects(state)} {state.replace('_', ' ')}" for state in _SENDING]
    late = _by(there.overdue, *_UNSENT)
    found = f"{', '.join(waiting)}; the oldest could have gone {_long(there.overdue)} ago."
    if not there.overdue:
        found = f"{', '.join(waiting)}; nothing is late."
    yield Finding("deliveries", late, found, "" if late == "ok" else _UNSENT_DO)
    parked = there.effects("parked")
    yield Finding(
        "parked",
        "warning" if parked else "ok",
        f"{_effects(parked)} for somebody to look at." if parked else "No effect is.",
        _PARKED_DO if parked else "",
    )
    asked, since = there.effects("asked"), there.oldest("asked")
    slow = since is not None and there.at - since > _ASKED
    yield Finding(
        "by hand",
        "warning" if slow else "ok",
        f"{_effects(asked)} for a person to do it"
        + (f", one for {_long(there.at - since)}." if slow and since else "."),
        _ASKED_DO if slow else "",
    )
    steps = _by(there.step_overdue, *_STEPS)
    late_step = f"A step by the clock is late by {_long(there.step_overdue)}."
    yield Finding(
        "timers",
        steps,
        "No step by the clock is late." if steps == "ok" else late_step,
        "" if steps == "ok" else _STEPS_DO,
    )


_SENDING = ("due", "in_flight", "failed", "unknown")
_UNSENT_DO = (
    "Is `lockroutine deliver --watch` (or `worker`) running, with a plugin for each system? "
    "`lockroutine effects` says what the systems answered."
)
_PARKED_DO = (
    "`lockroutine effects --state parked` says why. Mend the cause and `retry`, or do it by hand "
    "and `dismiss`."
)
_ASKED_DO = "`lockroutine effects --state asked` says what. Do it in the tool, and `confirm`."
_STEPS_DO = (
    "Is `lockroutine tick` run every minute (or a `worker`)? If so, a rule refuses the step: the "
    "log's timer_not_made names the case."
)


def _chain(engine: Engine, sample: int | None) -> Finding:
    found = engine.verify(sample=sample)
    words = show_verification(found.cases, found.events, len(found.problems), "en")
    if found.whole:
        return Finding("chain", "ok", words)
    first = found.problems[0]
    return Finding("chain", "error", f"{words} The first: {first}.", _CHAIN_DO)


_CHAIN_DO = (
    "Somebody or something has changed the database from outside. Keep a copy as it is, see all "
    "with `lockroutine verify`, and compare with a back-up."
)


def _effects(number: int) -> str:
    return "1 effect waits" if number == 1 else f"{number} effects wait"


def _by(length: dt.timedelta, warning: dt.timedelta, error: dt.timedelta) -> State:
    return "ok" if length <= warning else "warning" if length <= error else "error"


def _long(length: dt.timedelta) -> str:
    """A length in its two largest units."""
    minutes = int(length / _MINUTE)
    if minutes < 1:
        return f"{int(length.total_seconds())} s"
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
