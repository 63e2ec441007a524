"""A plugin's settings: an attrs class, read strictly from TOML and the environment.

>>> from attrs import field, frozen
>>> @frozen(kw_only=True)
... class Settings:
...     url: str = field(metadata=setting("Where the ticket system is."))
...     password: Secret = field(metadata=setting("The password of our account there."))
>>> environ = {"LOCKROUTINE_DESK_PASSWORD": "x"}
>>> read_settings(Settings, "desk", {"url": "https://example.org"}, environ)
Settings(url='https://example.org', password=<secret>)
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import attrs
from attrs import frozen

from lockroutine._strict import Wrong, problems_of, strict_converter
from lockroutine.errors import PluginsError, Problem

__all__ = ["Secret", "read_settings", "setting", "variable"]

T = TypeVar("T")


@frozen
class Secret:
    """A text that is shown nowhere; `reveal` gives it to the one who sends it.

    >>> Secret("open sesame")
    <secret>
    """

    _text: str

    def __repr__(self) -> str:
        return "<secret>"

    def reveal(self) -> str:
        """The text itself."""
        return self._text


def setting(doc: str) -> dict[str, str]:
    """The metadata of a setting: its meaning."""
    return {"doc": doc}


def variable(plugin: str, name: str) -> str:
    """The environment variable that holds a setting.

    >>> variable("easit", "api_key")
    'LOCKROUTINE_EASIT_API_KEY'
    """
    return f"LOCKROUTINE_{plugin}_{name}".upper().replace("-", "_")


def read_settings(
    kind: type[T], plugin: str, table: Mapping[str, Any], environ: Mapping[str, str]
) -> T:
    """Read a plugin's settings.

    Args:
        kind: The attrs class.
        plugin: The plugin's name.
        table: The plugin's table of the settings file, ``[plugin.NAME]``.
        environ: The environment; ``LOCKROUTINE_NAME_KEY`` wins over the file.

    Raises:
        PluginsError: With every problem; no value is shown.
    """
    given = dict(table)
    problems: list[Problem] = []
    hints = typing.get_type_hints(kind)
    for one in attrs.fields(typing.cast("Any", kind)):
        name = variable(plugin, one.name)
        if name in environ:
            try:
                given[one.name] = _from_text(environ[name], hints[one.name])
            except Wrong as error:
                problems.append(Problem(f"plugin.{plugin}.{one.name}", f"({name}) {error}"))
    if problems:
        raise PluginsError(problems)
    try:
        return _converter.structure(given, kind)
    except Exception as error:
        raise PluginsError(problems_of(error, f"plugin.{plugin}")) from None


def _from_text(text: str, kind: Any) -> object:
    """What an environment variable says, as the type that is asked for."""
    if kind is int:
        if not text.strip().lstrip("-").isdigit():
            raise Wrong("must be a whole number")
        return int(text)
    if kind is bool:
        if text.strip().lower() not in ("true", "false"):
            raise Wrong("must be true or false")
        return text.strip().lower() == "true"
    if typing.get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _secret(value: object, _: object) -> Secret:
    if type(value) is not str or not value:
        raise Wrong("must be text, and not blank")
    return Secret(value)


_converter = strict_converter()
_converter.register_structure_hook(Secret, _secret)
