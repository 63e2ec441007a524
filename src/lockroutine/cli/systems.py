"""The commands for what goes out: plugins, deliver, effects, retry, dismiss, confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import attrs
from attrs import field, frozen

from lockroutine.cli import output
from lockroutine.cli.databases import opened
from lockroutine.cli.running import plugins_of, until_told
from lockroutine.cli.words import said
from lockroutine.contacts import Contacts, read_contacts
from lockroutine.delivery import DeliveryReport
from lockroutine.engine import Engine
from lockroutine.errors import (
    LockroutineError,
    NotFound,
    PluginsError,
    Problem,
    RulesError,
    nearest,
)
from lockroutine.model import Actor, Effect, EffectState, Language
from lockroutine.plugins import Plugins
from lockroutine.plugins.installed import (
    CHOICE,
    Installed,
    SettingSource,
    chosen_plugins,
    installed_plugins,
    load_plugin,
    look_at,
    setting_sources,
    stray_tables,
)
from lockroutine.plugins.manager import FAMILIES
from lockroutine.routine import load_routine
from lockroutine.rules.schema import Pack

__all__ = [
    "Delivering",
    "SetUp",
    "confirm",
    "deliver",
    "dismiss",
    "effects",
    "plugins",
    "retry",
    "set_up",
]


# -- plugins ---------------------------------------------------------------------------------------


@frozen(kw_only=True)
class _Seen:
    """A plugin as it is told of."""

    name: str
    package: str = ""
    chosen: bool = False
    hooks_version: str = ""
    hooks: tuple[str, ...] = ()
    settings: tuple[SettingSource, ...] = ()
    problems: list[Problem] = field(factory=list)


@frozen(kw_only=True)
class SetUp:
    """What is installed and set up, and what is wrong with it.

    Args:
        seen: Every installed plugin.
        offers: Those that are set up and can be made.
        made: The same, by themselves.
        problems: What is wrong with none of them in particular.
    """

    seen: list[_Seen]
    offers: Plugins
    made: list[object]
    problems: list[Problem]

    def missing_for(self, pack: Pack) -> list[Problem]:
        """What a pack lacks, or what is there twice for it."""
        problems = [*self.problems, *_channels(self.offers)]
        return [*problems, *(_helped(one, self.seen) for one in self.offers.problems_with(pack))]

    def wrong(self, pack: Pack) -> list[Problem]:
        """The same, and what is wrong with those that are set up."""
        own = (problem for one in self.seen if one.chosen for problem in one.problems)
        return [*self.missing_for(pack), *own]


def set_up(settings: Path | None) -> SetUp:
    """Look at every installed plugin, and make those that are set up."""
    chosen = chosen_plugins(settings)
    seen = [_see(name, settings, chosen) for name in installed_plugins()]
    problems, offers = stray_tables(settings), Plugins()
    all_made: list[object] = []
    told = {problem.path.rpartition(".")[2] for problem in problems}
    for name in chosen:
        mine = next((one.problems for one in seen if one.name == name), problems)
        if name in told or (mine is not problems and mine):
            continue
        try:
            made = load_plugin(name, settings)
            offers.register(made)
            all_made.append(made)
        except PluginsError as error:
            mine += error.problems
    return SetUp(seen=seen, offers=offers, made=all_made, problems=problems)


def plugins(settings: Path | None, pack: str, *, as_json: bool) -> int:
    """Say what is installed, what is set up, and what is missing for a pack. 1 if anything is."""
    there = set_up(settings)
    seen, offers = there.seen, there.offers
    routine = load_routine(pack or "soderkoping", kinds=offers.kinds(), packs=offers.packs())
    problems, wrong = there.missing_for(routine.pack), there.wrong(routine.pack)
    if as_json:
        output.dump(
            {
                "pack": routine.key,
                "plugins": [_plain_plugin(one) for one in seen],
                "problems": [_plain_problem(one) for one in problems],
            }
        )
    else:
        _show_plugins(seen, problems, routine.key, settings)
    return 1 if wrong else 0


def _see(name: str, settings: Path | None, chosen: tuple[str, ...]) -> _Seen:
    try:
        found: Installed = look_at(name)
    except PluginsError as error:
        return _Seen(name=name, chosen=name in chosen, problems=list(error.problems))
    return _Seen(
        name=name,
        package=found.package,
        chosen=name in chosen,
        hooks_version=found.hooks_version,
        hooks=found.hooks,
        settings=setting_sources(found, settings),
    )


def _channels(offers: Plugins) -> list[Problem]:
    try:
        offers.channels()
    except PluginsError as error:
        return list(error.problems)
    except LockroutineError as error:
        return [Problem("channels", str(error))]
    return []


def _helped(problem: Problem, seen: list[_Seen]) -> Problem:
    """What is missing for the pack, with the installed plugins that would bring it."""
    members = FAMILIES[problem.path]
    able = [one.name for one in seen if members[0] in one.hooks and not one.chosen]
    if any(members[0] in one.hooks and one.chosen for one in seen) or not able:
        return problem
    tables = " or ".join(f"[plugin.{name}]" for name in able)
    return attrs.evolve(problem, message=f"{problem.message}; set up {tables}")


def _plain_problem(problem: Problem) -> dict[str, str]:
    return {"path": problem.path, "message": problem.message, "file": problem.file}


def _plain_plugin(one: _Seen) -> dict[str, Any]:
    return {
        "name": one.name,
        "package": one.package,
        "chosen": one.chosen,
        "hooks_version": one.hooks_version,
        "hooks": list(one.hooks),
        "settings": [attrs.asdict(setting) for setting in one.settings],
        "problems": [_plain_problem(problem) for problem in one.problems],
    }


def _show_plugins(
    seen: list[_Seen], problems: list[Problem], pack: str, settings: Path | None
) -> None:
    for one in seen:
        about = f"{one.package}, hooks {one.hooks_version}" if one.package else "not usable"
        state = "set up" if one.chosen else "not set up"
        output.line(f"{one.name} ({about}): {state}", style="bold")
        if one.hooks:
            output.line(f"  hooks: {', '.join(one.hooks)}")
        rows = [
            (
                setting.name,
                setting.variable if setting.source == "environment" else setting.source,
                setting.variable,
                setting.meaning,
            )
            for setting in one.settings
        ]
        output.table(["  setting", "from", "environment variable", "meaning"], _indented(rows))
        for problem in one.problems:
            output.line(f"  ! {problem}")
        output.line()
    if not any(one.chosen for one in seen):
        where = f"in {settings}" if settings else "in a file given with --settings"
        output.line(f"No plugin is set up: write [plugin.NAME] {where}, or name it in {CHOICE}.")
    for problem in problems:
        output.line(f"! {problem}")
    if not problems and not any(one.chosen and one.problems for one in seen):
        output.line(f"Nothing is missing for {pack}.")


def _indented(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [("  " + row[0], *row[1:]) for row in rows]


# -- deliver ---------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Delivering:
    """How effects are delivered.

    Args:
        settings: The file of the plugins' settings.
        contacts: The file of contacts.
        watch: Whether to keep at it.
        pause: For how many seconds to wait between two looks.
        language: The language of tickets.
    """

    settings: Path | None
    contacts: Path | None
    watch: bool
    pause: float
    language: Language


def deliver(place: str, pack: str, how: Delivering, *, as_json: bool) -> int:
    """Send what is due; 1 if something was parked, for a person to look at."""
    plugins = plugins_of(how.settings)
    contacts = read_contacts(how.contacts) if how.contacts else Contacts()
    parked = 0
    with (
        opened(place, pack, plugins=plugins, contacts=contacts, language=how.language) as engine,
        until_told(engine.stop_delivering) as stop,
    ):
        while True:
            report = engine.deliver()
            parked += report.parked
            if not how.watch or any(attrs.astuple(report)):
                _show_report(report, as_json=as_json)
            if not how.watch or stop.wait(how.pause):
                break
    return 1 if parked else 0


def _show_report(report: DeliveryReport, *, as_json: bool) -> None:
    counts = attrs.asdict(report)
    held = counts.pop("held")
    if as_json:
        output.dump({**counts, "held": list(held)})
        return
    said = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    output.line(f"Delivered: {said or 'nothing was due'}.")
    if held:
        output.line(f"Left alone for a while, as they do not answer: {', '.join(held)}.")


# -- effects ---------------------------------------------------------------------------------------


def effects(place: str, pack: str, state: str, limit: int, cursor: str, *, as_json: bool) -> int:
    """Say what plugins are asked to do, and where it is."""
    states = get_args(EffectState)
    if state and state not in states:
        raise NotFound("state", state, nearest(state, states))
    with opened(place, pack) as engine:
        page = engine.effects(state=state or None, limit=limit, cursor=cursor)
        routine = engine.routine
    if as_json:
        output.dump({"items": [_plain_effect(one) for one in page], "next": page.next})
        return 0
    rows = [
        (
            one.key,
            one.kind,
            one.state,
            routine.calendar.local(one.due_at).strftime("%Y-%m-%d %H:%M"),
            str(one.attempts),
            one.outside,
            " -> ".join(filter(None, _pairing(one))),
            one.message,
        )
        for one in page
    ]
    if not rows:
        output.line(f"No effect is {state}." if state else "There is no effect.")
    headers = ["key", "kind", "state", "due", "attempts", "outside", "lock -> customer", "message"]
    output.table(headers, rows)
    if page.next:
        output.line(said("more", "en", cursor=page.next))
    return 0


def _pairing(effect: Effect) -> tuple[str, str]:
    """The lock and the customer's id, of a pairing: what a person types into the tool by hand."""
    if effect.system != "admin_tool":
        return "", ""
    return str(effect.values["serial_number"]), str(effect.values["customer"])


def _plain_effect(effect: Effect) -> Mapping[str, Any]:
    """What an effect is and where it stands; nothing that it says."""
    serial, customer = _pairing(effect)
    return {
        "key": effect.key,
        "case": effect.case_id,
        "kind": effect.kind,
        "system": effect.system,
        "state": effect.state,
        "due_at": effect.due_at.isoformat(),
        "attempts": effect.attempts,
        "outside": effect.outside,
        "serial_number": serial,
        "customer": customer,
        "message": effect.message,
    }


def retry(place: str, pack: str, key: str, actor: str, *, as_json: bool) -> int:
    """Let an effect be tried again as soon as may be."""
    with opened(place, pack) as engine:
        effect = engine.retry(key, actor=_tender(engine, key, actor))
    return _said(effect, as_json=as_json)


def dismiss(place: str, pack: str, key: str, actor: str, reason: str, *, as_json: bool) -> int:
    """Let an effect be sent no more."""
    with opened(place, pack) as engine:
        effect = engine.dismiss(key, actor=_tender(engine, key, actor), reason=reason)
    return _said(effect, as_json=as_json)


def confirm(
    place: str, pack: str, key: str, actor: str, serial_number: str, *, as_json: bool
) -> int:
    """Say that what was asked of a person is done."""
    with opened(place, pack) as engine:
        tender = _tender(engine, key, actor)
        effect = engine.confirm(key, actor=tender, serial_number=serial_number)
    return _said(effect, as_json=as_json)


def _tender(engine: Engine, key: str, actor: str) -> Actor:
    """Whoever may write the file may tend its effects, in a role that the pack gives that to."""
    with engine.store.reading() as reading:
        effect = reading.effect(key)
    if effect is None:
        raise NotFound("effect", key)
    roles = engine.routine.tending_roles()
    if not roles:
        message = "names no role that tends effects: write tends_effects = true in one"
        raise RulesError([Problem("role", message, engine.routine.key)])
    return Actor(actor, roles=roles, units={engine.case(effect.case_id).unit})


def _said(effect: Effect, *, as_json: bool) -> int:
    if as_json:
        output.dump(_plain_effect(effect))
    else:
        output.line(f"{effect.key}: {effect.state}")
    return 0
