"""A real Roundup tracker in a temporary folder, for tests.

It needs the packages ``roundup`` and ``waitress`` and runs in a process of its own. Roundup's own
tools make the tracker, the property ``reference`` and two users: ``lockroutine``, whom the plugin
works as, and ``installer-3``, who writes into tickets by hand.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

__all__ = ["PASSWORD", "PERSON", "USER", "Tracker", "free_port"]

USER = "lockroutine"
PERSON = "installer-3"
PASSWORD = "a password for tests"

_SERVE = """
import sys
from waitress import serve
from roundup.cgi.wsgi_handler import RequestDispatcher
serve(RequestDispatcher(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), threads=8)
"""


_WRITE = """
import sys
from roundup import date, instance
db = instance.open(sys.argv[1]).open(sys.argv[2])
me = db.user.lookup(sys.argv[2])
msg = db.msg.create(author=me, date=date.Date("."), content=sys.argv[4])
messages = db.issue.get(sys.argv[3], "messages")
db.issue.set(sys.argv[3], messages=[*messages, msg])
db.commit()
db.close()
"""

_OPEN = """
import sys
from roundup import instance
db = instance.open(sys.argv[1]).open(sys.argv[2])
sys.stdout.write(db.issue.create(title=sys.argv[3]))
db.commit()
db.close()
"""


class Tracker:
    """A tracker that is made and served; use it in a ``with``.

    Args:
        folder: An empty folder.
        web: The address that the tracker believes to have, if it is reached through another.
    """

    def __init__(self, folder: Path, web: str = "") -> None:
        self.home = folder / "tracker"
        self.port = free_port()
        self.web = web or self.url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Tracker:
        self._make()
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve it, and wait until it answers."""
        command = [sys.executable, "-c", _SERVE, str(self.home), str(self.port)]
        with (self.home / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + 30
        while time.monotonic() < until and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise RuntimeError((self.home / "serve.log").read_text("utf-8", "replace"))

    def stop(self) -> None:
        """Stop serving it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    # -- past the plugin -------------------------------------------------------------------------

    def tickets(self, reference: str) -> list[str]:
        """The ids of the issues with a reference, from Roundup's own database."""
        query = "select id from _issue where _reference = ? and __retired__ = 0"
        return [str(row[0]) for row in self._rows(query, reference)]

    def notes(self, messageid: str) -> list[tuple[str, str]]:
        """The issue and the text of every message with an id that is linked to an issue."""
        query = (
            "select nodeid, linkid from issue_messages join _msg on _msg.id = linkid"
            " where _messageid = ? and __retired__ = 0"
        )
        return [(str(issue), self.text(str(msg))) for issue, msg in self._rows(query, messageid)]

    def texts(self, issue: str) -> list[str]:
        """The texts of an issue's messages."""
        query = "select linkid from issue_messages where nodeid = ? order by linkid"
        return [self.text(str(row[0])) for row in self._rows(query, issue)]

    def text(self, msg: str) -> str:
        """The text of a message."""
        folder = self.home / "db" / "files" / "msg" / str(int(msg) // 1000)
        return (folder / f"msg{msg}").read_text("utf-8")

    def status(self, issue: str) -> str:
        """The name of an issue's status."""
        query = "select s._name from _issue i join _status s on s.id = i._status where i.id = ?"
        return str(self._rows(query, issue)[0][0])

    def _rows(self, query: str, value: str) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.home / "db" / "db", timeout=30)) as database:
            return list(database.execute(query, (value,)))

    def kept(self, key: str) -> list[str]:
        """The texts that stand under a key of ours: of issues by their first message, of notes."""
        issues = self.tickets(key)
        if not issues:
            return [text for _, text in self.notes(f"lockroutine:{key}")]
        return [text for issue in issues for text in self.texts(issue)[:1]]

    def write(self, issue: str, text: str) -> None:
        """Write a message into an issue as a person does: both in one transaction."""
        self._python(_WRITE, str(self.home), PERSON, issue, text)

    def issue(self, title: str) -> str:
        """Make an issue as a person does; its id."""
        return self._python(_OPEN, str(self.home), PERSON, title).strip()

    # -- making it -------------------------------------------------------------------------------

    def _make(self) -> None:
        settings = f"mail_domain=example.org,mailhost=localhost,tracker_web={self.web}"
        settings += ",admin_email=roundup@example.org"
        self._admin("install", "classic", "sqlite", settings)
        schema = self.home / "schema.py"
        text = schema.read_text("utf-8")
        assert text.count('issue = IssueClass(db, "issue",') == 1
        text = text.replace(
            'issue = IssueClass(db, "issue",', 'issue = IssueClass(db, "issue", reference=String(),'
        )
        schema.write_text(text, "utf-8")
        config = self.home / "config.ini"
        text = config.read_text("utf-8")
        # Hash passwords quickly, and mail nobody.
        for old, new in (
            ("default_rounds = 250000", "default_rounds = 1000"),
            ("\ndebug = \n", f"\ndebug = {self.home / 'mail.log'}\n"),
        ):
            assert text.count(old) == 1
            text = text.replace(old, new)
        config.write_text(text, "utf-8")
        self._admin("initialise", PASSWORD)
        for name in (USER, PERSON):
            self._admin(
                "create",
                "user",
                f"username={name}",
                f"password={PASSWORD}",
                f"address={name}@example.org",
                "roles=User",
            )

    def _admin(self, *arguments: str) -> None:
        program = "from roundup.scripts.roundup_admin import run; run()"
        self._python(program, "-i", str(self.home), *arguments)

    def _python(self, program: str, *arguments: str) -> str:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
