"""Plugins that are installed as packages: found by their entry points, loaded only when asked.

A package names its plugin in its ``pyproject.toml``::

    [project.entry-points.lockroutine]
    desk = "lockroutine_desk:DeskPlugin"

The class has a ``name`` and ``hooks``, an attrs class ``Settings`` as an attribute, and is made
with those settings. They come from a TOML file with one table for each plugin that is to be used,
``[plugin.desk]``, and from the environment, ``LOCKROUTINE_DESK_URL``.
"""

from __future__ import annotations

import importlib.metadata
import os
import tomllib
import typing
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint
from typing import Any, Literal

import attrs
from attrs import frozen

from lockroutine.errors import PluginsError, Problem, nearest
from lockroutine.plugins.manager import HOOKS
from lockroutine.plugins.settings import Secret, read_settings, variable

__all__ = [
    "CHOICE",
    "GROUP",
    "Installed",
    "SettingSource",
    "chosen_plugins",
    "installed_plugins",
    "load_plugin",
    "load_plugins",
    "look_at",
    "setting_sources",
    "stray_tables",
]

GROUP = "lockroutine"
"""The group of entry points that plugins are found in."""

CHOICE = "LOCKROUTINE_PLUGINS"
"""The environment variable with the names of plugins to use beside those of the file."""


@frozen(kw_only=True)
class Installed:
    """A plugin that is installed.

    Args:
        name: Its name.
        package: The package that brings it, with its version.
        kind: Its class.
        hooks_version: The version of the hooks that it was written for.
        hooks: The hooks that it implements.
        settings: The attrs class of its settings.
    """

    name: str
    package: str
    kind: type
    hooks_version: str
    hooks: tuple[str, ...]
    settings: type


@frozen(kw_only=True)
class SettingSource:
    """Where a setting comes from.

    Args:
        name: The setting.
        meaning: What it is for.
        variable: The environment variable that can hold it.
        source: Where it comes from.
        secret: Whether its value is never shown.
    """

    name: str
    meaning: str
    variable: str
    source: Literal["file", "environment", "default", "missing"]
    secret: bool


def installed_plugins() -> Mapping[str, tuple[EntryPoint, ...]]:
    """The entry points of all plugins, by name. Nothing is loaded."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        known = found.get(point.name, ())
        # One package may be found twice on the path.
        if all((one.value, _package(one)) != (point.value, _package(point)) for one in known):
            found[point.name] = (*known, point)
    return dict(sorted(found.items()))


def look_at(name: str) -> Installed:
    """Load a plugin's class and look at what it says of itself.

    Raises:
        PluginsError: There is no such plugin, there are two, or it is no plugin.
    """
    known = installed_plugins()
    if name not in known:
        hint = nearest(name, known)
        ending = f"did you mean {hint}?" if hint else f"installed are: {', '.join(known) or 'none'}"
        raise PluginsError([Problem(name, f"no plugin of that name is installed; {ending}")])
    point, *others = known[name]
    if others:
        packages = ", ".join(_package(one) for one in known[name])
        raise PluginsError([Problem(name, f"several packages bring it ({packages}); keep one")])
    kind = _load(name, point)
    problems = list(_misses(name, kind))
    if problems:
        raise PluginsError(problems)
    implemented = (hook for hook in HOOKS if hasattr(getattr(kind, hook, None), "lockroutine_impl"))
    return Installed(
        name=name,
        package=_package(point),
        kind=kind,
        hooks_version=str(_stated(kind, "hooks")),
        hooks=tuple(implemented),
        settings=kind.Settings,
    )


def chosen_plugins(
    settings_file: str | os.PathLike[str] | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """The plugins that are to be used: those with a table in the file, and of the environment.

    Raises:
        PluginsError: The file cannot be read.
    """
    more = (name.strip() for name in environ.get(CHOICE, "").split(","))
    return tuple(dict.fromkeys([*_tables(settings_file), *filter(None, more)]))


def load_plugins(
    names: Iterable[str],
    settings_file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[object, ...]:
    """Make plugins by their names.

    Args:
        names: Which.
        settings_file: A TOML file with a table ``[plugin.NAME]`` for each.
        environ: The environment, whose ``LOCKROUTINE_NAME_KEY`` wins over the file.

    Raises:
        PluginsError: With everything that is wrong, and what to do; no value is shown.

    >>> load_plugins(["file"], environ={"LOCKROUTINE_FILE_PATH": "drop.jsonl"})[0].settings.path
    'drop.jsonl'
    """
    problems = stray_tables(settings_file)
    made: list[object] = []
    for name in names:
        try:
            made.append(load_plugin(name, settings_file, environ))
        except PluginsError as error:
            problems += error.problems
    if problems:
        raise PluginsError(problems)
    return tuple(made)


def load_plugin(
    name: str,
    settings_file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> object:
    """Make one plugin; what is wrong with the tables of others does not matter.

    Raises:
        PluginsError: It cannot be made.
    """
    found = look_at(name)
    table = _tables(settings_file).get(name, {})
    settings: object = read_settings(found.settings, name, table, environ)
    return _made(found, settings)


def stray_tables(settings_file: str | os.PathLike[str] | None) -> list[Problem]:
    """The tables of a settings file that are for plugins which are not installed.

    Raises:
        PluginsError: The file cannot be read.
    """
    known = installed_plugins()
    file = "" if settings_file is None else os.fspath(settings_file)
    problems = []
    for name in _tables(settings_file):
        if name not in known:
            hint = nearest(name, known)
            ending = f"did you mean [plugin.{hint}]?" if hint else "install it, or take this out"
            message = f"no plugin of that name is installed; {ending}"
            problems.append(Problem(f"plugin.{name[:80]}", message, file))
    return problems


def setting_sources(
    found: Installed,
    settings_file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[SettingSource, ...]:
    """Where each setting of a plugin comes from.

    Raises:
        PluginsError: The file cannot be read.
    """
    table = _tables(settings_file).get(found.name, {})
    hints = typing.get_type_hints(found.settings)
    sources: list[SettingSource] = []
    for one in attrs.fields(typing.cast("Any", found.settings)):
        named = variable(found.name, one.name)
        source: Literal["file", "environment", "default", "missing"]
        if named in environ:
            source = "environment"
        elif one.name in table:
            source = "file"
        else:
            source = "missing" if one.default is attrs.NOTHING else "default"
        sources.append(
            SettingSource(
                name=one.name,
                meaning=one.metadata.get("doc", ""),
                variable=named,
                source=source,
                secret=Secret in (hints[one.name], *typing.get_args(hints[one.name])),
            )
        )
    return tuple(sources)


# -- inside ----------------------------------------------------------------------------------------


def _tables(settings_file: str | os.PathLike[str] | None) -> Mapping[str, Mapping[str, Any]]:
    """The tables ``[plugin.NAME]`` of a settings file, by name."""
    if settings_file is None:
        return {}
    file = os.fspath(settings_file)
    try:
        with open(file, encoding="utf-8-sig") as opened:
            given = tomllib.loads(opened.read())
    except FileNotFoundError:
        raise PluginsError([Problem("", "there is no such file of settings", file)]) from None
    except (OSError, UnicodeDecodeError):
        raise PluginsError([Problem("", "cannot be read as UTF-8 text", file)]) from None
    except tomllib.TOMLDecodeError as error:
        # The parser's own words may quote the file, which holds secrets.
        place = str(error).rpartition("(")[2].rstrip(")")
        raise PluginsError([Problem("", f"is not TOML ({place})", file)]) from None
    problems = [
        Problem(key[:80], "unknown key; a table for a plugin is called [plugin.NAME]", file)
        for key in given
        if key != "plugin"
    ]
    tables = given.get("plugin", {})
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        problems.append(Problem("plugin", "holds tables only, like [plugin.desk]", file))
    if problems:
        raise PluginsError(problems)
    return typing.cast("Mapping[str, Mapping[str, Any]]", tables)


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "?"


def _load(name: str, point: EntryPoint) -> Any:
    try:
        return point.load()
    except ModuleNotFoundError as error:
        extras = point.dist.metadata.get_all("Provides-Extra", []) if point.dist else []
        install = (
            f'"{_dist(point)}[{name}]"' if name in extras else str(error.name).partition(".")[0]
        )
        message = f"cannot be loaded, as {error.name} is missing; pip install {install}"
    except AttributeError:
        message = f"its package names {point.value}, and that is not there; upgrade {_dist(point)}"
    except Exception as error:
        message = f"cannot be loaded: {type(error).__name__} in {point.module}"
    raise PluginsError([Problem(name, message)])


def _dist(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "it"


def _misses(name: str, kind: Any) -> Iterator[Problem]:
    if not isinstance(kind, type):
        yield Problem(name, f"is a {type(kind).__name__}; its entry point must name a class")
        return
    settings = getattr(kind, "Settings", None)
    if not isinstance(settings, type) or not attrs.has(settings):
        yield Problem(name, "has no Settings; give its class an attrs class of that name")
    for attribute, example in (("name", name), ("hooks", "1.0")):
        if type(_stated(kind, attribute)) is not str:
            yield Problem(name, f'does not say its {attribute}; write {attribute} = "{example}"')
    stated = _stated(kind, "name")
    if type(stated) is str and stated != name:
        message = f"its class says name = {stated!r}, and its entry point {name!r}; write the same"
        yield Problem(name, message)


def _stated(kind: type, attribute: str) -> object:
    """What a class says of itself: a plain attribute, or the default of an attrs field."""
    value: object = getattr(kind, attribute, None)
    if type(value) is not str and attrs.has(kind):
        return next((one.default for one in attrs.fields(kind) if one.name == attribute), None)
    return value


def _made(found: Installed, settings: object) -> object:
    try:
        return found.kind(settings)
    except PluginsError:
        raise
    except Exception as error:
        # What a foreign constructor says may quote the settings.
        message = f"cannot be made with its settings: {type(error).__name__}"
        raise PluginsError([Problem(found.name, message)]) from None
