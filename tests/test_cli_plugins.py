"""Plugins by entry points, and the commands that show them, deliver, and tend what is parked."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import field, frozen
from typer.testing import CliRunner

from lockroutine import Engine, load_routine
from lockroutine import hookspecs as spec
from lockroutine.cli.app import app
from lockroutine.errors import PluginsError
from lockroutine.plugins import Secret, setting
from lockroutine.plugins import installed as finding
from lockroutine.plugins.file import FileDrop
from lockroutine.plugins.installed import (
    chosen_plugins,
    installed_plugins,
    load_plugins,
    look_at,
    setting_sources,
)

BUNDLED = {"apprise", "easit", "file", "mail", "manual"}
SECRET = "open sesame 4711"


def run(*arguments: str | os.PathLike[str]) -> Any:
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


def said(result: Any) -> Any:
    return json.loads(result.stdout)


def problems(call: Callable[[], object]) -> str:
    with pytest.raises(PluginsError) as caught:
        call()
    return str(caught.value)


@frozen(kw_only=True)
class PagerSettings:
    url: str = field(metadata=setting("Where it is."))
    token: Secret = field(metadata=setting("What lets us in."))
    tries: int = field(default=3, metadata=setting("How often it rings."))


@frozen
class Pager:
    Settings: ClassVar[type[PagerSettings]] = PagerSettings
    settings: PagerSettings
    name: str = "pager"
    hooks: str = "1.0"

    @spec.hookimpl
    def channels(self, details: spec.ChannelSearch) -> tuple[str, ...]:
        return ("pager",)

    @spec.hookimpl
    def send_notice(self, details: spec.Notice) -> spec.Receipt:
        return spec.Receipt()


class Nameless:
    Settings = PagerSettings


class Bare:
    name = "pager"
    hooks = "1.0"


class Otherwise(Pager):
    name = "another"


class Older(Pager):
    def __init__(self, settings: PagerSettings) -> None:
        super().__init__(settings)
        object.__setattr__(self, "hooks", "0.9")


class Bursts:
    Settings = PagerSettings
    name = "pager"
    hooks = "1.0"

    def __init__(self, settings: PagerSettings) -> None:
        raise ValueError(settings.token.reveal())


def some_function() -> None:
    """It is no plugin."""


class Points:
    """Entry points as if packages had brought them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[Any] = []
        real = importlib.metadata.entry_points
        monkeypatch.setattr(
            importlib.metadata,
            "entry_points",
            lambda **wanted: [*real(**wanted), *self.made],
        )

    def add(self, name: str, target: str) -> None:
        module = target if ":" in target else f"{__name__}:{target}"
        self.made.append(importlib.metadata.EntryPoint(name, module, finding.GROUP))


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Points:
    return Points(monkeypatch)


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "plugins.toml"
        path.write_text(text, "utf-8")
        return path

    return write


class TestFinding:
    def test_the_bundled_plugins_are_entry_points(self) -> None:
        """The bundled plugins are found as any other is."""
        assert set(installed_plugins()) >= BUNDLED

    def test_nothing_is_loaded_before_it_is_asked_for(self) -> None:
        """Importing the library, and listing names, loads no adapter."""
        program = (
            "import sys, lockroutine\n"
            "from lockroutine.plugins.installed import installed_plugins\n"
            "installed_plugins()\n"
            "print([m for m in sys.modules if m.startswith('lockroutine.plugins.')])"
        )
        told = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        assert not any(f"plugins.{name}" in told for name in BUNDLED), told

    def test_settings_come_from_file_and_environment(
        self, points: Points, settings: Callable[[str], Path]
    ) -> None:
        """The environment wins over the file, and the file over the default."""
        points.add("pager", "Pager")
        path = settings('[plugin.pager]\nurl = "https://example.org"\ntries = 5\n')
        environ = {"LOCKROUTINE_PAGER_TOKEN": SECRET, "LOCKROUTINE_PAGER_TRIES": "7"}
        (made,) = load_plugins(["pager"], path, environ)
        assert isinstance(made, Pager)
        assert (made.settings.url, made.settings.tries) == ("https://example.org", 7)
        assert made.settings.token.reveal() == SECRET
        sources = setting_sources(look_at("pager"), path, environ)
        assert [(one.name, one.source, one.secret) for one in sources] == [
            ("url", "file", False),
            ("token", "environment", True),
            ("tries", "environment", False),
        ]
        bare = setting_sources(look_at("pager"), None, {})
        assert [one.source for one in bare] == ["missing", "missing", "default"]

    def test_what_is_used_is_what_has_a_table_or_is_named(
        self, settings: Callable[[str], Path]
    ) -> None:
        """The plugins to use are those of the file and of LOCKROUTINE_PLUGINS, once each."""
        path = settings('[plugin.manual]\n[plugin.file]\npath = "x"\n')
        environ = {"LOCKROUTINE_PLUGINS": "mail, file"}
        assert chosen_plugins(path, environ) == ("manual", "file", "mail")
        assert chosen_plugins(None, {}) == ()

    def test_every_problem_comes_at_once(self, settings: Callable[[str], Path]) -> None:
        """Unknown tables, plugins, keys and missing settings are told together, without values."""
        path = settings(f'[plugin.flie]\n[plugin.file]\npth = "{SECRET}"\n')
        told = problems(lambda: load_plugins(["file", "manul"], path, {}))
        assert "plugin.flie: no plugin of that name is installed; did you mean [plugin.file]?" in (
            told
        )
        assert "plugin.file.path: is missing" in told
        assert "plugin.file.pth: unknown key; did you mean 'path'?" in told
        assert "manul: no plugin of that name is installed; did you mean manual?" in told
        assert SECRET not in told

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("some_function", "is a function; its entry point must name a class"),
            ("Nothing", "is not there; upgrade it"),
            ("lockroutine_nowhere:Plugin", "lockroutine_nowhere is missing; pip install"),
            ("Bare", "has no Settings; give its class an attrs class of that name"),
            ("Nameless", 'does not say its hooks; write hooks = "1.0"'),
            ("Nameless", 'does not say its name; write name = "pager"'),
            ("Otherwise", "name = 'another', and its entry point 'pager'; write the same"),
            ("Bursts", "cannot be made with its settings: ValueError"),
        ],
    )
    def test_what_is_no_plugin_is_told(self, points: Points, target: str, expected: str) -> None:
        """Whatever is wrong with a class, the problem says what to do, and no secret."""
        points.add("pager", target)
        environ = {"LOCKROUTINE_PAGER_URL": "x", "LOCKROUTINE_PAGER_TOKEN": SECRET}
        told = problems(lambda: load_plugins(["pager"], None, environ))
        assert expected in told
        assert SECRET not in told

    def test_two_packages_with_one_name(self, points: Points) -> None:
        """A name that two packages use is refused."""
        points.add("pager", "Pager")
        points.add("pager", "Older")
        assert "several packages bring it" in problems(lambda: look_at("pager"))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (f"[plugin\n{SECRET}", "plugins.toml: is not TOML (at line 1, column 8"),
            ("[plugins.file]\n", "plugins: unknown key; a table for a plugin is called"),
            ("plugin = 3\n", "holds tables only, like [plugin.desk]"),
            ("[plugin]\nfile = 3\n", "holds tables only, like [plugin.desk]"),
        ],
    )
    def test_a_file_that_cannot_be_read(
        self, settings: Callable[[str], Path], text: str, expected: str
    ) -> None:
        """What is wrong with the file is told by its place, never by what stands there."""
        told = problems(lambda: load_plugins(["file"], settings(text), {}))
        assert expected in told
        assert SECRET not in told

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        """A file that is not there, or no text, is told."""
        assert "there is no such file" in problems(lambda: chosen_plugins(tmp_path / "no.toml"))
        assert "cannot be read" in problems(lambda: chosen_plugins(tmp_path))


class TestPluginsCommand:
    def test_everything_is_there(self, tmp_path: Path, settings: Callable[[str], Path]) -> None:
        """With all that the pack needs the exit is 0."""
        path = settings(f'[plugin.manual]\n[plugin.file]\npath = "{tmp_path.as_posix()}/drop"\n')
        result = run("plugins", "--settings", path)
        assert result.exit_code == 0, result.stdout
        assert "Nothing is missing for soderkoping@" in result.stdout
        shown = said(run("plugins", "--settings", path, "--json"))
        assert shown["problems"] == []
        file = next(one for one in shown["plugins"] if one["name"] == "file")
        assert file["chosen"]
        assert file["hooks_version"] == "1.0"
        assert "open_ticket" in file["hooks"]
        assert [one["source"] for one in file["settings"]] == ["file", "default"]

    def test_nothing_is_set_up(self) -> None:
        """Without settings, what is missing is told with what would bring it; the exit is 1."""
        result = run("plugins")
        assert result.exit_code == 1
        assert "No plugin is set up: write [plugin.NAME]" in result.stdout
        assert "admin_tool: soderkoping@1.0.0 needs a plugin for it" in result.stdout
        assert "set up [plugin.manual]" in result.stdout

    def test_each_mistake_is_told(
        self, points: Points, settings: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Unknown tables, missing settings, other hooks and doubled systems: each with a remedy."""
        points.add("pager", "Older")
        points.add("second", "SecondDesk")
        monkeypatch.setenv("LOCKROUTINE_PAGER_TOKEN", SECRET)
        path = settings(
            '[plugin.esit]\n[plugin.mail]\n[plugin.file]\npath = "x"\n'
            '[plugin.pager]\nurl = "y"\n[plugin.second]\npath = "z"\n'
        )
        result = run("plugins", "--settings", path)
        assert result.exit_code == 1
        for expected in (
            "plugin.esit: no plugin of that name is installed; did you mean [plugin.easit]?",
            "plugin.mail.host: is missing",
            "is for hooks 0.9, and this is 1.0; upgrade the plugin pager",
            "tickets: file, second all offer it, and only one may; leave the others out",
            "channel mail: file and second both offer it; leave one out",
            "LOCKROUTINE_PAGER_TOKEN",
        ):
            assert expected in result.stdout, expected
        assert SECRET not in result.stdout

    def test_it_is_called_wrongly(self, tmp_path: Path) -> None:
        """A file that is not there, or a pack that is none, is a call that is wrong: 2."""
        assert run("plugins", "--settings", tmp_path / "no.toml").exit_code == 2
        assert run("plugins", "--pack", "soderkping").exit_code == 2


class SecondDesk(FileDrop):
    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        object.__setattr__(self, "name", "second")

    name = "second"


# -- delivering ------------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with an effect or two that are due, under the small pack."""
    return ordered(tmp_path / "locks.db", TENDING)


COORDINATOR = 'label = { sv = "Samordnare", en = "Coordinator" }\n'
TENDING = COORDINATOR + "tends_effects = true\n"


def ordered(path: Path, coordinator: str = COORDINATOR, subject: str = "customer-17") -> Path:
    """A database with an order, under the small pack."""
    from smallpack import edited, order

    routine = load_routine(edited(("routine", COORDINATOR, coordinator)))
    with Engine.open(path, routine=routine) as engine:
        order(engine, subject)
    return path


@pytest.fixture
def dropping(tmp_path: Path, settings: Callable[[str], Path]) -> Path:
    """Settings for the small pack: tickets into a file, the admin tool by hand."""
    return settings(f'[plugin.manual]\n[plugin.file]\npath = "{tmp_path.as_posix()}/drop"\n')


class TestDelivering:
    def test_what_is_due_is_sent(self, database: Path, dropping: Path, tmp_path: Path) -> None:
        """`deliver` sends, says what became of it, and does nothing the second time."""
        first = run("deliver", database, "--settings", dropping, "--json")
        assert first.exit_code == 0, first.stderr
        assert said(first)["done"] == 1
        again = run("deliver", database, "--settings", dropping)
        assert "nothing was due" in again.stdout
        assert len((tmp_path / "drop").read_text("utf-8").splitlines()) == 1
        (effect,) = said(run("effects", database, "--json"))["items"]
        assert (effect["state"], effect["kind"]) == ("done", "open_ticket")

    def test_without_plugins_it_is_called_wrongly(self, database: Path) -> None:
        """Without settings there is nothing to deliver by."""
        result = run("deliver", database)
        assert result.exit_code == 2
        assert "write [plugin.NAME]" in result.stderr

    def test_it_keeps_at_it_until_told(
        self, database: Path, dropping: Path, tmp_path: Path
    ) -> None:
        """`--watch` delivers what comes, and SIGTERM ends it cleanly."""
        command = [sys.executable, "-m", "lockroutine.cli", "deliver", str(database), "--watch"]
        command += ["--every", "0.1", "--settings", str(dropping)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            until = time.monotonic() + 30
            while not (tmp_path / "drop").exists() and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            told, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert told == "Delivered: 1 done.\n"


class TestTending:
    @pytest.fixture
    def parked(self, database: Path, dropping: Path, points: Points) -> str:
        """The key of an effect that is parked."""
        points.add("grumpy", "Grumpy")
        dropping.write_text('[plugin.manual]\n[plugin.grumpy]\npath = "x"\n', "utf-8")
        result = run("deliver", database, "--settings", dropping)
        assert result.exit_code == 1, result.stderr
        assert "1 parked" in result.stdout
        (effect,) = said(run("effects", database, "--state", "parked", "--json"))["items"]
        assert effect["message"] == "no tickets today"
        return str(effect["key"])

    def test_it_is_listed(self, database: Path, parked: str) -> None:
        """What is parked is listed with why; a state that is none is a wrong call."""
        shown = run("effects", database, "--state", "parked").stdout
        assert parked in shown
        assert "no tickets today" in shown
        assert "No effect is unknown." in run("effects", database, "--state", "unknown").stdout
        wrong = run("effects", database, "--state", "praked")
        assert wrong.exit_code == 2
        assert "parked" in wrong.stderr

    def test_a_long_list_comes_a_page_at_a_time(self, database: Path, parked: str) -> None:
        """`effects` shows so many at most, and says how to go on; a wrong cursor is told of."""
        ordered(database, TENDING, "customer-18")
        first = run("effects", database, "--limit", "1")
        assert parked in first.stdout
        assert first.stdout.endswith(f"There is more: --cursor '{parked}'\n")
        rest = said(run("effects", database, "--limit", "1", "--cursor", parked, "--json"))
        assert (len(rest["items"]), rest["next"]) == (1, "")
        assert rest["items"][0]["key"] != parked
        wrong = run("effects", database, "--cursor", "nothing")
        assert (wrong.exit_code, wrong.stderr.strip()) == (
            2,
            "lockroutine: cursor: is none that a page gave as its next",
        )

    def test_it_is_tried_again(self, database: Path, parked: str) -> None:
        """`retry` makes it due."""
        assert said(run("retry", database, parked, "--actor", "anna", "--json"))["state"] in (
            "due",
            "unknown",
        )
        assert run("retry", database, "nothing", "--actor", "anna").exit_code == 2

    def test_a_pack_in_which_nobody_tends(self, tmp_path: Path) -> None:
        """Where no role of the pack tends effects, it says what to write in the pack."""
        path = ordered(tmp_path / "other.db")
        (effect,) = said(run("effects", path, "--json"))["items"]
        result = run("dismiss", path, effect["key"], "--actor", "anna", "--reason", "Over")
        assert result.exit_code == 2
        assert "write tends_effects = true" in result.stderr

    def test_it_is_dismissed(self, database: Path, parked: str) -> None:
        """`dismiss` ends it, and keeps who said so and why."""
        reason = "Ordered by telephone"
        result = run("dismiss", database, parked, "--actor", "anna", "--reason", reason)
        assert (result.exit_code, result.stdout) == (0, f"{parked}: dismissed\n")
        (effect,) = said(run("effects", database, "--json"))["items"]
        assert effect["message"] == "Ordered by telephone (anna)"
        assert run("retry", database, parked, "--actor", "anna").exit_code == 2


class Grumpy(FileDrop):
    name = "grumpy"

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        object.__setattr__(self, "name", "grumpy")

    @spec.hookimpl
    def open_ticket(self, details: spec.TicketOrder) -> spec.Ticket:
        from lockroutine.errors import Rejected

        raise Rejected("no tickets today")
