"""Routines for commands: with the packs and the kinds of rules that chosen plugins bring."""

from __future__ import annotations

from collections.abc import Iterable

from lockroutine.errors import LockroutineError, RulesError
from lockroutine.plugins import Plugins
from lockroutine.plugins.installed import chosen_plugins, load_plugin, look_at
from lockroutine.routine import Routine, load_routine
from lockroutine.rules.reader import Source

__all__ = ["loaded", "unusable", "usable"]

_BRINGS = frozenset({"rule_packs", "guard_kinds", "effect_kinds"})


def loaded(where: str | Source, plugins: Iterable[object] = ()) -> Routine:
    """The routine of a pack, as `load_routine` makes it.

    Args:
        where: A bundled pack or one of a chosen plugin by its name, a folder, or a pack's text.
        plugins: The plugins that are at work; if there are none, those that the environment chooses
            are asked.

    Raises:
        NotFound: There is no such pack.
        RulesError: The pack is wrong.
        PluginsError: A plugin that brings packs or kinds of rules cannot be used.
    """
    bringing = tuple(plugins) or tuple(
        load_plugin(name)
        for name in chosen_plugins()
        if not _BRINGS.isdisjoint(look_at(name).hooks)
    )
    if not bringing:
        return load_routine(where)
    asked = Plugins(bringing)
    return load_routine(where, kinds=asked.kinds(), packs=asked.packs())


def usable(where: str) -> Routine:
    """The same, for commands that are not there to say what is wrong with a pack.

    Raises:
        LockroutineError: With the first thing that is wrong, and the command that tells all.
    """
    try:
        return loaded(where)
    except RulesError as error:
        raise unusable(error) from None


def unusable(error: RulesError, where: str = "") -> LockroutineError:
    """That a pack is wrong: the first thing that is, and how many more there are.

    Args:
        error: All that is wrong with it.
        where: Which of several packs that are named it is.
    """
    first, more = error.problems[0], len(error.problems) - 1
    ending = f" (and {more} more: lockroutine check)" if more else ""
    which = f" {where}" if where else ""
    return LockroutineError(f"The rule pack{which} cannot be used: {first}{ending}")
