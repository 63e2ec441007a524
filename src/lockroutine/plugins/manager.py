"""The plugins of an engine, behind one typed manager.

pluggy holds what each plugin implements and finds what is misspelt or takes other arguments.
Calls go to one plugin at a time: one that raises, returns the wrong type or exits harms only the
effect that it was called for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import pluggy

from lockroutine import hookspecs
from lockroutine.errors import OutcomeUnknown, PluginError, PluginsError, Problem, Rejected, nearest
from lockroutine.hookspecs import (
    HOOKS_VERSION,
    BatteryLevel,
    BatterySearch,
    ChannelSearch,
    KindSearch,
    LockSearch,
    NoteSearch,
    Notice,
    OtherEffect,
    Pairing,
    Receipt,
    RegisteredLock,
    RegisterSearch,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketReports,
    TicketSearch,
    TicketsSince,
)
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.guards import Guard
from lockroutine.rules.reader import Kinds
from lockroutine.rules.schema import Pack

__all__ = ["FAMILIES", "HOOKS", "Plugins"]

T = TypeVar("T")

HOOKS: tuple[str, ...] = tuple(
    name for name in vars(hookspecs) if hasattr(vars(hookspecs)[name], "lockroutine_spec")
)
"""The names of all hooks, in the order of the page that declares them."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "tickets": ("open_ticket", "add_note", "close_ticket", "find_ticket", "find_note"),
    "admin_tool": ("pair_lock", "unpair_lock", "look_up_lock"),
    "notices": ("channels", "send_notice"),
    "own kinds": ("effect_kinds", "do_effect"),
}
"""The hooks that belong together: whoever implements one of them must implement all."""


class Plugins:
    """The plugins of an engine.

    Args:
        plugins: Objects with ``name``, ``hooks`` and methods marked with `hookimpl`.

    Raises:
        PluginsError: One of them cannot be used; it says which, and what to do.

    >>> Plugins().names()
    ()
    """

    def __init__(self, plugins: Iterable[object] = ()) -> None:
        self._manager = pluggy.PluginManager("lockroutine")
        self._manager.add_hookspecs(hookspecs)
        self._calls: dict[str, dict[str, Callable[..., object]]] = {name: {} for name in HOOKS}
        for plugin in plugins:
            self.register(plugin)

    def register(self, plugin: object) -> None:
        """Take in a plugin.

        Raises:
            PluginsError: It has no name or one that is taken, was written for another major
                version of the hooks, or implements a hook that is not there or otherwise.
        """
        name = self._name(plugin)
        problems = [*_version(name, plugin), *self._misfits(name, plugin)]
        if problems:
            raise PluginsError(problems)
        for hook in HOOKS:
            for implementation in getattr(self._manager.hook, hook).get_hookimpls():
                if implementation.plugin is plugin:
                    self._calls[hook][name] = _caller(implementation)
        problems = list(_halves(name, self.hooks_of(name)))
        if problems:
            raise PluginsError(problems)

    def _name(self, plugin: object) -> str:
        name = getattr(plugin, "name", None)
        if type(name) is not str or not name:
            kind = type(plugin).__name__
            raise PluginsError([Problem(kind, 'has no name; give it name = "..."')])
        if name in self.names():
            raise PluginsError([Problem(name, "another plugin has that name already")])
        return name

    def _misfits(self, name: str, plugin: object) -> Iterator[Problem]:
        try:
            self._manager.register(plugin, name=name)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            yield Problem(name, _in_words(plugin, error))

    def close(self) -> None:
        """Let go of what plugins hold: each is closed that has a ``close``."""
        for _, plugin in self._manager.list_name_plugin():
            close = getattr(plugin, "close", None)
            if callable(close):
                close()

    # -- what is there -------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """The names of all plugins."""
        return tuple(name for name, _ in self._manager.list_name_plugin())

    def hooks_of(self, name: str) -> tuple[str, ...]:
        """The hooks that a plugin implements."""
        return tuple(hook for hook in HOOKS if name in self._calls[hook])

    def with_hook(self, hook: str) -> tuple[str, ...]:
        """The plugins that implement a hook."""
        return tuple(self._calls[hook])

    def problems_with(self, pack: Pack) -> list[Problem]:
        """What is missing, or there twice, for the effects that a pack asks for."""
        needed = {
            effect.system
            for process in pack.process.values()
            for transition in process.transitions.values()
            for effect in transition.effects.values()
        }
        found: list[Problem] = []
        for system in sorted(needed.intersection(FAMILIES)):
            names = self.with_hook(FAMILIES[system][0])
            if not names:
                found.append(
                    Problem(system, f"{pack.key} needs a plugin for it, and there is none")
                )
            elif len(names) > 1 and system != "notices":
                message = f"{', '.join(names)} all offer it, and only one may; leave the others out"
                found.append(Problem(system, message))
        return found

    def channels(self) -> Mapping[str, str]:
        """Which plugin sends over which channel.

        Raises:
            PluginsError: Two plugins offer the same channel.
        """
        found: dict[str, str] = {}
        for name in self.with_hook("channels"):
            for channel in self._call("channels", name, ChannelSearch(), tuple):
                if found.setdefault(channel, name) != name:
                    message = f"{found[channel]} and {name} both offer it; leave one out"
                    raise PluginsError([Problem(f"channel {channel}", message)])
        return found

    # -- calls ---------------------------------------------------------------------------------

    def open_ticket(self, details: TicketOrder) -> Ticket:
        """Open a ticket."""
        return self._one("open_ticket", details, Ticket)

    def add_note(self, details: TicketNote) -> Receipt:
        """Add a note to a ticket."""
        return self._one("add_note", details, Receipt)

    def close_ticket(self, details: TicketClosing) -> Receipt:
        """Close a ticket."""
        return self._one("close_ticket", details, Receipt)

    def find_ticket(self, details: TicketSearch) -> Ticket | None:
        """The ticket that was opened with this key, or None."""
        return self._maybe("find_ticket", details, Ticket)

    def find_note(self, details: NoteSearch) -> Receipt | None:
        """The note that was added with this key, or None."""
        return self._maybe("find_note", details, Receipt)

    def read_tickets(self, details: TicketsSince) -> TicketReports:
        """What people wrote into tickets since the cursor."""
        return self._one("read_tickets", details, TicketReports)

    def pair_lock(self, details: Pairing) -> Receipt:
        """Connect a lock to a customer."""
        return self._one("pair_lock", details, Receipt)

    def unpair_lock(self, details: Pairing) -> Receipt:
        """Disconnect a lock from a customer."""
        return self._one("unpair_lock", details, Receipt)

    def look_up_lock(self, details: LockSearch) -> RegisteredLock | None:
        """One lock of the admin tool's register, or None."""
        return self._maybe("look_up_lock", details, RegisteredLock)

    def list_locks(self, details: RegisterSearch) -> tuple[RegisteredLock, ...]:
        """The admin tool's whole register."""
        return self._one("list_locks", details, tuple)

    def read_batteries(self, details: BatterySearch) -> tuple[BatteryLevel, ...]:
        """The latest battery level of each lock that has one."""
        return self._one("read_batteries", details, tuple)

    def send_notice(self, details: Notice) -> Receipt:
        """Send one message, by the plugin that offers its channel."""
        name = self.channels().get(details.channel)
        if name is None:
            known = ", ".join(self.channels()) or "none"
            raise Rejected(f"no plugin offers the channel {details.channel}; offered: {known}")
        return self._call("send_notice", name, details, Receipt)

    # -- extensions ----------------------------------------------------------------------------

    def kinds(self) -> Kinds:
        """The guard and effect kinds that plugins add; give them to `load_routine`.

        Raises:
            PluginsError: What a plugin gives is no such kind.
        """
        return Kinds(
            guards=tuple(self._added("guard_kinds", Guard)),
            effects=tuple(self._added("effect_kinds", EffectRule)),
        )

    def packs(self) -> Mapping[str, str]:
        """The rule packs that plugins bring, by name; give them to `load_routine`."""
        found: dict[str, str] = {}
        for name in self.with_hook("rule_packs"):
            found.update(self._call("rule_packs", name, KindSearch(), dict))
        return found

    def do_effect(self, details: OtherEffect) -> Receipt:
        """Do an effect of a kind that a plugin has added, by that plugin."""
        for name in self.with_hook("do_effect"):
            kinds = self._call("effect_kinds", name, KindSearch(), tuple)
            if details.kind in {kind.kind for kind in kinds}:
                return self._call("do_effect", name, details, Receipt)
        raise Rejected(f"nothing here knows what {details.kind} means")

    def _added(self, hook: str, base: type[T]) -> Iterator[type[T]]:
        for name in self.with_hook(hook):
            for kind in self._call(hook, name, KindSearch(), tuple):
                if not (isinstance(kind, type) and issubclass(kind, base)):
                    message = f"{hook} must give subclasses of {base.__name__}"
                    raise PluginsError([Problem(name, message)])
                yield kind

    def _one(self, hook: str, details: object, returns: type[T]) -> T:
        """Call the one plugin that implements a hook."""
        return self._call(hook, self._only(hook), details, returns)

    def _maybe(self, hook: str, details: object, returns: type[T]) -> T | None:
        """The same, for a hook that may find nothing."""
        found = self._call(hook, self._only(hook), details, object)
        return None if found is None else _typed(self._only(hook), hook, found, returns)

    def _only(self, hook: str) -> str:
        names = tuple(self._calls[hook])
        if len(names) != 1:
            raise Rejected(f"{len(names)} plugins implement {hook}, and it takes one")
        return names[0]

    def _call(self, hook: str, name: str, details: object, returns: type[T]) -> T:
        try:
            result = self._calls[hook][name](details)
        except PluginError:
            raise
        except (Exception, SystemExit) as error:
            # The text of a foreign error may hold anything; its type is enough to find it.
            message = f"{name}: {hook} raised {type(error).__name__}"
            raise OutcomeUnknown(message) from error
        return _typed(name, hook, result, returns)


def _typed(name: str, hook: str, result: object, returns: type[T]) -> T:
    if not isinstance(result, returns):
        message = f"{name}: {hook} returned {type(result).__name__}, not {returns.__name__}"
        raise OutcomeUnknown(message)
    return result


def _caller(implementation: Any) -> Callable[..., object]:
    function: Callable[..., object] = implementation.function
    if "details" in implementation.argnames:
        return function
    return lambda _: function()


def _version(name: str, plugin: object) -> Iterator[Problem]:
    written_for = getattr(plugin, "hooks", None)
    if type(written_for) is not str:
        yield Problem(
            name, f'does not say which hooks it is for; give it hooks = "{HOOKS_VERSION}"'
        )
        return
    theirs, ours = written_for.partition(".")[0], HOOKS_VERSION.partition(".")[0]
    if theirs == ours:
        return
    older = theirs.isdigit() and int(theirs) < int(ours)
    which = f"the plugin {name}" if older else "lockroutine"
    message = f"is for hooks {written_for}, and this is {HOOKS_VERSION}; upgrade {which}"
    yield Problem(name, message)


def _halves(name: str, hooks: tuple[str, ...]) -> Iterator[Problem]:
    for family, members in FAMILIES.items():
        missing = [hook for hook in members if hook not in hooks]
        if missing and len(missing) < len(members):
            yield Problem(name, f"offers {family} but lacks {', '.join(missing)}")


def _in_words(plugin: object, error: pluggy.PluginValidationError) -> str:
    for attribute in dir(plugin):
        if hasattr(getattr(plugin, attribute, None), "lockroutine_impl"):
            if attribute not in HOOKS:
                hint = nearest(attribute, HOOKS)
                ending = f"; did you mean {hint}?" if hint else ""
                return f"implements {attribute}, and there is no such hook{ending}"
            names = getattr(plugin, attribute).__code__.co_varnames
            if any(one not in ("self", "details") for one in names[:2]):
                return f"{attribute} takes other arguments than the hook: it takes details"
    return f"cannot be taken in: {error}"
