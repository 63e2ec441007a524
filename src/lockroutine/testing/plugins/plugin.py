"""The contract of every plugin, and how its connection is broken."""

from __future__ import annotations

import base64
import itertools
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import attrs
import pytest

from lockroutine.errors import OutcomeUnknown, TryAgain
from lockroutine.hookspecs import NoteSearch, TicketSearch
from lockroutine.plugins import Plugins, Secret
from lockroutine.testing.plugins.common import (
    PRIVATE,
    Kept,
    able,
    attempt,
    deadline,
    named,
    new_key,
)
from lockroutine.testing.wire import Fault, Wire

__all__ = ["PluginContract"]

_GRACE = 2.0


class PluginContract:
    """What holds for every plugin; `TicketContract` and the others say what holds for a family.

    Attributes:
        patience: The deadline that is given to a call while the other system is slow, in seconds.
        settle: How long the other system may need to be done with what it was sent, in seconds.
    """

    patience: ClassVar[float] = 1.0
    settle: ClassVar[float] = 0.2

    @pytest.fixture
    def wire(self) -> Wire | None:
        """The connection between the plugin and the system; None for a plugin that has none."""
        raise NotImplementedError("give the contract a fixture `wire`")

    @pytest.fixture
    def plugin(self, wire: Wire | None) -> object:
        """The plugin, connected through the wire."""
        raise NotImplementedError("give the contract a fixture `plugin`")

    @pytest.fixture
    def kept(self) -> Kept:
        """A function that looks up past the plugin what the other system has under a key."""
        raise NotImplementedError("give the contract a fixture `kept`")

    @pytest.fixture
    def secrets(self, plugin: object) -> tuple[str, ...]:
        """What must be shown nowhere: every `Secret` of the plugin's ``settings``."""
        settings: Any = getattr(plugin, "settings", None)
        if not attrs.has(type(settings)):
            return ()
        values = (getattr(settings, one.name) for one in settings.__attrs_attrs__)
        return tuple(value.reveal() for value in values if isinstance(value, Secret))

    def usual(self, plugin: object) -> Iterator[tuple[str, object]]:
        """Hooks and details of one ordinary use, with private text in them."""
        raise NotImplementedError

    def test_it_is_taken_in(self, plugin: object) -> None:
        """The manager takes it: its name, its version of the hooks, every hook's name and form."""
        plugins = Plugins([plugin])
        (name,) = plugins.names()
        assert plugins.hooks_of(name), f"{name} implements no hook: is @hookimpl missing?"

    def test_nobody_there_is_try_again(self, plugin: object, wire: Wire | None) -> None:
        """While the other system cannot be reached at all, every hook says `TryAgain`."""
        wire = able(wire, "refuse")
        for hook, details in self.usual(plugin):
            wire.spoil("refuse")
            outcome, _ = attempt(plugin, hook, details)
            wire.mend()
            assert isinstance(outcome, TryAgain), f"{hook} gave {named(outcome)}, not TryAgain"

    def test_secrets_are_shown_nowhere(
        self,
        plugin: object,
        wire: Wire | None,
        secrets: tuple[str, ...],
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """No secret and nothing private is in a repr, a log at any level, an error or a print."""
        said = [repr(plugin), str(plugin), repr(getattr(plugin, "settings", ""))]
        with caplog.at_level("DEBUG"):
            for hook, details in self.usual(plugin):
                for outcome in self._outcomes(plugin, wire, hook, details):
                    if isinstance(outcome, BaseException):
                        said += traceback.format_exception(outcome)
                    else:
                        said.append(repr(outcome))
        printed = capsys.readouterr()
        said += [caplog.text, printed.out, printed.err]
        said += [repr(record.__dict__) for record in caplog.records]
        shown = "\n".join(said)
        for secret in secrets:
            assert not any(form in shown for form in _forms(secret)), "a secret is shown"
        assert PRIVATE not in shown, "private text is shown"

    def _outcomes(
        self, plugin: object, wire: Wire | None, hook: str, details: object
    ) -> Iterator[object]:
        """What a hook gives, as a rule and with faults, two of them at each exchange."""
        yield attempt(plugin, hook, details)[0]
        for fault in wire.faults if wire is not None else ():
            assert wire is not None
            if fault == "reorder":
                continue  # nobody overtakes a call that is alone
            for at in range(1, 100):
                wire.spoil(fault, at)
                yield attempt(plugin, hook, _anew(details, self.patience))[0]
                if not wire.mend() or fault not in ("cut", "garble"):
                    break

    def _faulty(
        self,
        plugin: object,
        wire: Wire,
        fault: Fault,
        hook: str,
        make: Callable[[str], object],
        *,
        strikes: bool = True,
    ) -> Iterator[tuple[str, object]]:
        """Call a hook with one exchange after the other failing; the keys, and what came of it."""
        for at in itertools.count(1):
            assert at < 100, f"{hook} takes a hundred exchanges"
            key = new_key()
            seconds = self.patience if fault == "delay" else 20.0
            details = _sooner(make(key), seconds)
            wire.spoil(fault, at)
            outcome, took = attempt(plugin, hook, details)
            struck = wire.mend()
            where = f"{hook}, {fault} at exchange {at}"
            assert took < seconds + _GRACE, f"{where}: came back {took:.1f} s after a deadline"
            if not struck:
                assert not isinstance(outcome, BaseException), f"{hook} gave {named(outcome)}"
                assert at > 1 or not strikes, (
                    f"the fault {fault} never struck: does the plugin use the wire?"
                )
                return
            allowed = (TryAgain, OutcomeUnknown)
            failed = isinstance(outcome, BaseException) and not isinstance(outcome, allowed)
            assert not failed, f"{where}: gave {named(outcome)}; TryAgain or OutcomeUnknown?"
            time.sleep(self.settle)
            yield key, outcome

    def _overtaken(
        self, plugin: object, wire: Wire, hook: str, make: Callable[[str], object]
    ) -> Iterator[tuple[str, object]]:
        """Call a hook twice, the second overtaking the first at one exchange after the other."""
        for at in itertools.count(1):
            assert at < 100, f"{hook} takes a hundred exchanges"
            keys = (new_key(), new_key())
            outcomes: list[object] = [None, None]

            def call(number: int, keys: tuple[str, str] = keys, into: Any = outcomes) -> None:
                into[number], _ = attempt(plugin, hook, make(keys[number]))

            wire.spoil("reorder", at)
            first = threading.Thread(target=call, args=(0,), daemon=True)
            first.start()
            first.join(0.5)  # long enough to be held, or to be done
            held = first.is_alive()
            if held:
                call(1)
                first.join()
            if not wire.mend():
                assert at > 1, "the fault reorder never struck: does the plugin use the wire?"
                return
            if not held:  # it was let go before anybody could overtake it
                call(1)
            for key, outcome in zip(keys, outcomes, strict=True):
                assert not isinstance(outcome, BaseException), (
                    f"{hook}, overtaken at exchange {at}: gave {named(outcome)}"
                )
                yield key, outcome


def _sooner(details: Any, seconds: float) -> Any:
    """The same details with another deadline."""
    return attrs.evolve(details, deadline=deadline(seconds))


def _anew(details: Any, seconds: float) -> Any:
    """The same details with a deadline and, if it is something to be done, a key of their own."""
    if hasattr(details, "key") and not isinstance(details, TicketSearch | NoteSearch):
        details = attrs.evolve(details, key=new_key())
    return _sooner(details, seconds)


def _forms(secret: str) -> Iterator[str]:
    """A secret as it may be shown: as it is, and as base64 within something longer."""
    yield secret
    for shift in range(3):
        whole = base64.b64encode(b"." * shift + secret.encode()).decode().rstrip("=")
        yield whole[-(-shift * 8 // 6) : -1]
