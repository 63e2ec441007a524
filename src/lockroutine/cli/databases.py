"""The commands that ask a database: verify, worklist, figures, tick, sweep."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from lockroutine.accounts import KnownAccounts
from lockroutine.cli import output
from lockroutine.cli.loading import loaded
from lockroutine.cli.plain import of_case, of_item
from lockroutine.cli.words import said
from lockroutine.contacts import Contacts
from lockroutine.engine import Engine
from lockroutine.errors import InvalidForm, NotFound, Problem, StoreError, nearest
from lockroutine.figures import Figures
from lockroutine.model import Actor, Language, Page, Text, WorkItem
from lockroutine.pulling import Accounts
from lockroutine.routine import Routine
from lockroutine.stores import SqliteStore, Store, open_store

__all__ = [
    "Wanted",
    "called",
    "figures",
    "newest",
    "opened",
    "show_figures",
    "show_verification",
    "show_worklist",
    "store_at",
    "sweep",
    "tick",
    "verify",
    "worklist",
]

Places = Mapping[tuple[str, str], Any]


@frozen(kw_only=True)
class Wanted:
    """Which part of which work list is asked for."""

    role: str
    units: frozenset[str]
    limit: int
    cursor: str
    as_of: str


_NOBODY = KnownAccounts()


@contextmanager
def store_at(place: str) -> Generator[Store]:
    """A store that is there already.

    Raises:
        StoreError: There is none.
    """
    path = Path(place)
    if "://" not in place and (not path.is_file() or not path.stat().st_size):
        raise StoreError(f"There is no database {place}.")
    with contextlib.closing(open_store(place)) as store:
        yield store


@contextmanager
def opened(
    place: str,
    pack: str,
    *,
    of: str = "",
    plugins: Iterable[object] = (),
    contacts: Contacts | None = None,
    accounts: Accounts = _NOBODY.of,
    language: Language = "sv",
) -> Generator[Engine]:
    """An engine on a database that is there already, under a routine that it knows.

    Args:
        place: The database.
        pack: The routine's pack; empty for the newest that the database knows.
        of: The name of the routine whose newest that is, if the database knows it.
        plugins: The plugins that effects go through.
        contacts: Where notices go to.
        accounts: Who stands behind an account of the ticket system.
        language: The language of tickets.
    """
    with store_at(place) as store:
        routine = loaded(pack, plugins) if pack else newest(store, plugins, of)
        with Engine(
            store,
            routine=routine,
            plugins=plugins,
            contacts=contacts,
            accounts=accounts,
            language=language,
        ) as engine:
            yield engine


def newest(store: Store, plugins: Iterable[object], of: str = "") -> Routine:
    """The newest routine that a store knows, if all that it knows are versions of one.

    Args:
        store: The store.
        plugins: The plugins that its rules may need.
        of: The name of the routine, if the store knows several.
    """
    with store.reading() as reading:
        keys = reading.routine_keys()
        keys = frozenset(key for key in keys if key.partition("@")[0] == of) or keys
        names = {key.partition("@")[0] for key in keys}
        if len(names) != 1:
            known = (
                f"knows the routines {', '.join(sorted(names))}" if names else "knows no routine"
            )
            raise StoreError(f"The database {called(store)} {known}: say which with --pack.")
        source = reading.routine(max(keys, key=_version))
    assert source is not None  # its key was listed a moment ago
    return loaded(source, plugins)


def called(store: Store) -> str:
    """How a store is named to somebody: a file by its path; no URL, which may hold a password."""
    return store.path if isinstance(store, SqliteStore) else "of this URL"


def _version(key: str) -> tuple[int, ...]:
    return tuple(int(part) for part in key.partition("@")[2].split("."))


# -- verify ----------------------------------------------------------------------------------------


def verify(place: str, pack: str, sample: int | None, *, as_json: bool) -> int:
    """Say whether everything in a database, or in some cases of it, is as it was recorded."""
    with opened(place, pack) as engine:
        found = engine.verify(sample=sample)
    if as_json:
        problems = [{"path": one.path, "message": one.message} for one in found.problems]
        output.dump(
            {
                "whole": found.whole,
                "cases": found.cases,
                "events": found.events,
                "problems": problems,
            }
        )
    else:
        output.line(show_verification(found.cases, found.events, len(found.problems), "en"))
        for problem in found.problems:
            output.line(f"  {problem}")
    return 0 if found.whole else 1


def show_verification(cases: int, events: int, problems: int, language: Language) -> str:
    """What came of it, in one line."""
    key = "not_whole" if problems else "whole"
    return said(key, language, cases=cases, events=events, problems=problems)


# -- worklist --------------------------------------------------------------------------------------


def worklist(place: str, pack: str, wanted: Wanted, language: Language, *, as_json: bool) -> int:
    """Say what waits for a role."""
    with opened(place, pack) as engine:
        routine = engine.routine
        role = routine.pack.role.get(wanted.role)
        if role is None:
            raise NotFound("role", wanted.role, nearest(wanted.role, routine.pack.role))
        if not role.all_units and not wanted.units:
            message = f"is needed: {wanted.role} works in units of its own"
            raise InvalidForm([Problem("--unit", message)])
        actor = Actor("command-line", roles={wanted.role}, units=wanted.units)
        page = engine.worklist(
            actor=actor,
            limit=wanted.limit,
            cursor=wanted.cursor,
            as_of=_moment(routine, wanted.as_of) if wanted.as_of else None,
        )
    if as_json:
        output.dump({"items": [of_item(item) for item in page], "next": page.next})
        return 0
    show_worklist(routine, page, language)
    if page.next:
        output.line(said("more", language, cursor=page.next))
    return 0


def _moment(routine: Routine, text: str) -> dt.datetime:
    """A time as people write it: local, unless it says its zone."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidForm(
            [Problem("--as-of", "is no time; write it like 2026-03-02 10:00")]
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=routine.calendar.zone)


def show_worklist(
    routine: Routine,
    page: Page[WorkItem],
    language: Language,
    *,
    title: str = "",
    ids: bool = True,
) -> None:
    """A work list as a table; with the cases' ids if they are wanted."""
    if not page.items:
        nothing = said("nothing", language)
        output.line(f"{title}: {nothing}" if title else nothing)
        return
    rows = [
        (
            _process(routine, item.case.process, language),
            item.case.subject,
            item.label.get(language),
            " ".join((_day(routine, item.due_at), *_marks(item, language))).strip(),
            " ".join(item.clauses),
            item.case.id,
        )
        for item in page
    ]
    heads = ["process", "subject", "to_do", "due", "clauses", *(["case"] if ids else [])]
    cut = [row[: len(heads)] for row in rows]
    output.table([said(head, language) for head in heads], cut, title)


def _marks(item: WorkItem, language: Language) -> Iterator[str]:
    for name in ("overdue", "escalated"):
        if getattr(item, name):
            yield said(f"is_{name}", language)


def _day(routine: Routine, at: dt.datetime | None) -> str:
    return routine.calendar.local(at).strftime("%Y-%m-%d %H:%M") if at else ""


# -- figures ---------------------------------------------------------------------------------------


def figures(place: str, pack: str, language: Language, *, as_json: bool) -> int:
    """Say the figures of a database."""
    with opened(place, pack) as engine:
        found = engine.figures()
        routine = engine.routine
    if as_json:
        output.dump(_plain_figures(found))
    else:
        show_figures(routine, found, language)
    return 0


def _plain_figures(found: Figures) -> dict[str, Any]:
    times = {
        place: {"stays": time.stays, "mean_seconds": round(time.mean.total_seconds())}
        for place, time in found.time_in_state.items()
    }
    return {
        "open_cases": _nested(found.open_cases),
        "overdue": _nested(found.overdue),
        "time_in_state": _nested(times),
        "stock": {
            name: {kind: attrs.asdict(stock) for kind, stock in kinds.items()}
            for name, kinds in found.stock.items()
        },
        "late_entries": dict(found.late_entries),
        "refusals": dict(found.refusals),
    }


def _nested(places: Places) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for (process, state), value in sorted(places.items()):
        made.setdefault(process, {})[state] = value
    return made


def show_figures(
    routine: Routine, found: Figures, language: Language, *, past: bool = True
) -> None:
    """The figures as tables; what has nothing to count is left out.

    Args:
        routine: What processes and states are called by.
        found: The figures.
        language: In which language.
        past: Whether states that are past are shown too, with how long they took.
    """
    say = _Words(language)
    places = sorted({*found.open_cases, *(found.time_in_state if past else ())})
    heads = ["process", "state", "open", "overdue", *(("stays", "mean") if past else ())]
    rows = [
        (*_place(routine, place, language), *_counted(found, place))[: len(heads)]
        for place in places
    ]
    stock = [
        (say.text(routine.shown(name).label), kind, str(one.there), str(one.missing or ""))
        for name, kinds in found.stock.items()
        for kind, one in kinds.items()
    ]
    late = [(process, str(times)) for process, times in sorted(found.late_entries.items())]
    refusals = sorted(found.refusals.items(), key=lambda one: (-one[1], one[0]))
    refused = [(rule, str(times)) for rule, times in refusals]
    tables: tuple[tuple[str, Sequence[str], Sequence[tuple[str, ...]]], ...] = (
        ("cases", heads, rows),
        ("stock", ("stock", "kind", "there", "missing"), stock),
        ("late", ("process", "times"), late),
        ("refusals", ("rule", "times"), refused),
    )
    for number, (title, names, lines) in enumerate(one for one in tables if one[2]):
        if number:
            output.line()
        output.table([say(name) for name in names], lines, say(title))


class _Words:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self._language: Language = language

    def __call__(self, name: str) -> str:
        return said(name, self._language)

    def text(self, text: Text) -> str:
        return text.get(self._language)


def _counted(found: Figures, place: tuple[str, str]) -> tuple[str, str, str, str]:
    time = found.time_in_state.get(place)
    return (
        str(found.open_cases.get(place, "")),
        str(found.overdue.get(place, "")),
        str(time.stays) if time else "",
        _length(time.mean) if time else "",
    )


def _place(routine: Routine, place: tuple[str, str], language: Language) -> tuple[str, str]:
    """Process and state in words; by their names where the routine knows them no more."""
    process = routine.pack.process.get(place[0])
    state = process.states.get(place[1]) if process else None
    if not state:
        return place
    return _process(routine, place[0], language), state.label.get(language)


def _process(routine: Routine, name: str, language: Language) -> str:
    """A process in words; by its name where the routine knows it no more."""
    process = routine.pack.process.get(name)
    return process.label.get(language) if process else name


def _length(length: dt.timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"


# -- tick ------------------------------------------------------------------------------------------


def tick(place: str, pack: str, *, as_json: bool) -> int:
    """Make what is due by the clock, and say which cases moved."""
    with opened(place, pack) as engine:
        moved = engine.tick()
    if as_json:
        output.dump({"moved": [of_case(case) for case in moved]})
        return 0
    for case in moved:
        output.line(f"{case.process} {case.subject}: {case.state} ({case.id})")
    output.line(f"Moved by the clock: {len(moved)}.")
    return 0


# -- sweep -----------------------------------------------------------------------------------------


def sweep(place: str, pack: str, language: Language, *, as_json: bool) -> int:
    """Make a round of the standing checks, and say what each has found and settled."""
    with opened(place, pack) as engine:
        report = engine.sweep()
        routine = engine.routine
    if as_json:
        counts = {name: attrs.asdict(one) for name, one in report.sweeps.items()}
        output.dump({"sweeps": counts, "problems": list(report.problems)})
        return 1 if report.problems else 0
    sweeps = routine.pack.sweep
    rows = [
        (
            sweeps[name].label.get(language) if name in sweeps else name,
            str(one.found),
            str(one.settled),
            str(one.standing),
        )
        for name, one in report.sweeps.items()
    ]
    heads = ("check", "found", "settled", "standing")
    if rows:
        output.table([said(head, language) for head in heads], rows)
    else:
        output.line(said("no_checks", language))
    for problem in report.problems:
        output.line(f"  {problem}")
    return 1 if report.problems else 0
