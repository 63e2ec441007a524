"""The command line on change: cases moved to a new version, and what has happened to a case."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockroutine import Engine, Routine, load_routine
from lockroutine.cli.app import app
from smallpack import ANNA, BO, BOOKING, ROUTINE, Clock, consent, edited, everything, opened, order
from test_moving import ASKING, EVA, MOVE, NEXT, RENAMED, SILENT, TENDED, booked, version

COMMAND = [sys.executable, "-m", "lockroutine.cli"]
COUNTS = {"moves": 2, "needs_decision": 2, "cannot": 0}


def run(*arguments: str | os.PathLike[str]) -> Any:
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


def said(result: Any) -> Any:
    return json.loads(result.stdout)


def written(folder: Path, routine: Routine) -> Path:
    """A pack as a folder."""
    folder.mkdir()
    for name, text in routine.source.files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


class Place:
    """A database with two booked orders, and packs to move them to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "locks.db"
        with opened(self.database) as engine:
            self.first = booked(engine, "customer-17").id
            self.second = booked(engine, "customer-18").id

    def pack(self, routine: Routine) -> Path:
        folder = self.folder / routine.source.digest[:12]
        return folder if folder.exists() else written(folder, routine)

    def move(self, to: Routine | str, *more: str | Path) -> Any:
        pack = to if isinstance(to, str) else self.pack(to)
        return run("move", self.database, "--to", pack, *more)

    def whole(self) -> object:
        with opened(self.database) as engine:
            return everything(engine)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# -- before ----------------------------------------------------------------------------------------


def test_a_dry_run_tells_what_becomes_of_each_case(place: Place) -> None:
    """A dry run counts the cases by process, and lists them by what becomes of them."""
    before = place.whole()
    result = place.move(ASKING, "--dry-run")
    assert result.exit_code == 1
    lines = result.stdout.split("\n")
    assert lines[0] == "Open cases under another version than small@2.0.0: 4."
    words = [line.split() for line in lines]
    assert ["Process", "Moves", "Needs", "a", "decision", "Cannot"] in words
    assert ["Consent", "2"] in words
    assert ["Order", "2"] in words
    assert lines.index("Needs a decision: 2") < lines.index("Moves: 2")
    (row,) = (line for line in lines if line.startswith(place.first))
    told = ["Order", "customer-17", "Booked (booked)", "agreed, ordered"]
    assert re.split(r"\s{2,}", row)[1:] == told
    assert place.whole() == before


def test_a_dry_run_in_swedish(place: Place) -> None:
    """The same in Swedish, with why a case cannot be moved."""
    told = place.move(SILENT, "--dry-run", "--lang", "sv").stdout
    assert "Öppna ärenden under en annan version än small@2.0.0: 4." in told
    assert "Går inte: 2" in told
    assert "Bokad (booked)" in told
    assert "small@2.0.0 har inget läge «Bokad», och säger inte vad det blir i stället." in told


def test_a_dry_run_for_a_program(place: Place) -> None:
    """In JSON all cases are told, each with its fate, choices and reason."""
    result = place.move(ASKING, "--dry-run", "--json", "--limit", "1")
    assert result.exit_code == 1
    plan = said(result)
    assert (plan["to"], plan["counts"]) == ("small@2.0.0", COUNTS)
    (one,) = (one for one in plan["cases"] if one["case"] == place.first)
    assert one == {
        "case": place.first,
        "process": "order",
        "subject": "customer-17",
        "state": "booked",
        "routine": "small@1.0.0",
        "fate": "needs_decision",
        "to": "",
        "choices": ["agreed", "ordered"],
        "reason": None,
    }
    reasons = [one["reason"] for one in said(place.move(SILENT, "--dry-run", "--json"))["cases"]]
    (reason, _) = filter(None, reasons)
    assert reason["rule"] == "engine.move.state"
    assert set(reason["text"]) == {"sv", "en"}


RIGHTS = version(
    "2.0.0",
    ("order", 'to = "cancelled"\nby = ["coordinator", "manager"]',
     'to = "cancelled"\nby = ["manager", "installer"]'),
)  # fmt: skip


def test_a_dry_run_tells_which_rights_change(place: Place) -> None:
    """For each role it is told what it may do more or less than under the old rules."""
    told = place.move(RIGHTS, "--dry-run").stdout
    assert told.endswith(
        "\nWho may do more or less than under small@1.0.0\n"
        "  Order: Coordinator may no longer make «Cancel». [C1]\n"
        "  Order: Installer may now make «Cancel». [C1]\n"
    )
    told = place.move(RIGHTS, "--dry-run", "--lang", "sv").stdout
    assert told.endswith(
        "\nVem som får mer eller mindre än under small@1.0.0\n"
        "  Beställning: Samordnare får inte längre göra «Avbryt». [C1]\n"
        "  Beställning: Montör får nu göra «Avbryt». [C1]\n"
    )
    lost, gained = said(place.move(RIGHTS, "--dry-run", "--json"))["rights"]
    assert gained == {
        "old": "small@1.0.0",
        "role": "installer",
        "process": "order",
        "transition": "cancel",
        "change": "gained",
        "text": {
            "sv": "Montör får nu göra «Avbryt».",
            "en": "Installer may now make «Cancel».",
        },
    }
    assert (lost["role"], lost["change"]) == ("coordinator", "lost")
    told = place.move(version("2.0.0"), "--dry-run").stdout
    assert told.endswith("\nNo role may do more or less than under small@1.0.0.\n")
    told = place.move(version("2.0.0"), "--dry-run", "--lang", "sv").stdout
    assert told.endswith("\nIngen roll får mer eller mindre än under small@1.0.0.\n")


def test_a_long_list_is_cut(place: Place) -> None:
    """A list shows as many cases as were asked for, and how many there are in all."""
    told = place.move(ASKING, "--dry-run", "--limit", "1").stdout
    assert told.count("... and 1 more: --limit 2, or --json.") == 2
    assert "Needs a decision: 2" in told
    told = place.move(ASKING, "--dry-run", "--limit", "2").stdout
    assert "--limit" not in told


def test_a_dry_run_that_leaves_nothing_open(place: Place) -> None:
    """If every case moves the exit says so; so it does if there is none to be moved."""
    result = place.move(NEXT, "--dry-run")
    assert result.exit_code == 0
    assert "Cannot: " not in result.stdout
    same = place.move("small@1.0.0", "--dry-run")
    assert same.exit_code == 0
    assert same.stdout == "No open case of small runs under another version than small@1.0.0.\n"
    same = place.move("small@1.0.0", "--dry-run", "--lang", "sv")
    assert same.stdout == (
        "Inget öppet ärende av small löper under en annan version än small@1.0.0.\n"
    )
    assert said(place.move("small@1.0.0", "--dry-run", "--json"))["cases"] == []


# -- the move --------------------------------------------------------------------------------------


def test_cases_are_moved_with_what_was_decided(place: Place) -> None:
    """Decisions are given for a case or for all of a state, and the move says what came of it."""
    given = ("--decide", "order.booked=agreed", "--decide", f"{place.second}=ordered")
    assert place.move(ASKING, "--dry-run", *given).exit_code == 0
    result = place.move(ASKING, "--actor", "eva", "--why", "The board has decided.", *given)
    assert result.exit_code == 0
    assert result.stdout == "Moved to small@2.0.0: 4. Left under their old rules: 0.\n"
    with Engine.open(place.database, routine=ASKING, clock=Clock()) as engine:
        assert engine.case(place.first).state == "agreed"
        assert engine.case(place.second).state == "ordered"
        event = engine.history(place.first)[-1]
        assert (event.actor, event.roles) == ("eva", ("manager",))
        assert event.form["why"] == "The board has decided."
    again = place.move(ASKING, "--actor", "eva", *given)
    assert again.exit_code == 0
    assert again.stdout == "Moved to small@2.0.0: 0. Left under their old rules: 0.\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.toml", '{first} = "agreed"\n[order]\nbooked = "ordered"\n'),
        ("d.toml", '\ufeff{first} = "agreed"\n"order.booked" = "ordered"\n'),
        ("d.json", '{{"{first}": "agreed", "order": {{"booked": "ordered"}}}}'),
    ],
)
def test_decisions_in_a_file(place: Place, name: str, text: str) -> None:
    """A file of decisions is TOML or JSON; what is said in an option goes with it."""
    file = place.folder / name
    file.write_text(text.format(first=place.first), "utf-8")
    result = place.move(ASKING, "--dry-run", "--json", "--decisions", file)
    assert result.exit_code == 0
    to = {one["case"]: one["to"] for one in said(result)["cases"]}
    assert (to[place.first], to[place.second]) == ("agreed", "ordered")
    more = ("--decisions", file, "--decide", f"{place.first} = agreed")
    assert place.move(ASKING, "--dry-run", *more).exit_code == 0


def test_what_stays_is_told(place: Place) -> None:
    """A case that stays is told with why, holds up no other, and the exit says so."""
    result = place.move(ASKING, "--actor", "eva")
    assert result.exit_code == 1
    lines = result.stdout.split("\n")
    assert lines[0] == "Moved to small@2.0.0: 2. Left under their old rules: 2."
    assert "Needs a decision: 2" in lines
    assert any(line.startswith(place.first) for line in lines)
    report = said(place.move(ASKING, "--actor", "eva", "--json"))
    assert (report["to"], report["moved"], report["stopped"], report["ahead"]) == (
        "small@2.0.0",
        0,
        False,
        0,
    )
    assert {one["case"] for one in report["left"]} == {place.first, place.second}
    assert place.move(ASKING, "--actor", "eva", "--lang", "sv").stdout.startswith(
        "Flyttade till small@2.0.0: 0. Kvar under sina gamla regler: 2.\n"
    )


def test_progress_is_told_on_standard_error(place: Place) -> None:
    """How far it is stands on standard error, so that the answer can be read by itself."""
    result = place.move(NEXT, "--actor", "eva", "--json")
    assert said(result)["moved"] == 4
    assert result.stderr.split("\n") == ["1 / 4", "2 / 4", "3 / 4", "4 / 4", ""]


def test_cases_of_a_routine_of_another_name(place: Place) -> None:
    """Whoever leaves one routine for another says which cases are meant; and is asked to."""
    changes = (TENDED, ("routine", 'name = "small"', 'name = "own"'))
    own = load_routine(edited(*changes))
    result = place.move(own, "--dry-run")
    assert result.exit_code == 2
    assert result.stderr == (
        f"lockroutine: The database {place.database} knows no routine own; say with --of whose "
        "cases are meant: small.\n"
    )
    assert place.move(own, "--actor", "eva", "--of", "small").exit_code == 0
    with Engine.open(place.database, routine=own, clock=Clock()) as engine:
        assert engine.case(place.first).routine == "own@1.0.0"
    # It knows two names now; the one that is moved to says which is meant.
    assert place.move(own, "--dry-run").exit_code == 0
    assert place.move(own, "--dry-run", "--of", "small").exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there")
def test_progress_in_a_terminal(place: Place) -> None:
    """A terminal shows how far it is in one line, which it leaves at the end."""
    import pty

    master, slave = pty.openpty()
    arguments = ["move", os.fspath(place.database), "--to", os.fspath(place.pack(NEXT))]
    done = subprocess.run(
        [*COMMAND, *arguments, "--actor", "eva"], stdout=subprocess.PIPE, stderr=slave, check=False
    )
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert done.returncode == 0
    assert shown == "\r1 / 4\r2 / 4\r3 / 4\r4 / 4\r\n"


def test_a_database_of_the_hosts_own(sqlite_url: str, tmp_path: Path) -> None:
    """The same goes for a database URL, which is named in no complaint."""
    with Engine.open(sqlite_url, routine=ROUTINE, clock=Clock()) as engine:
        case = booked(engine)
    own = load_routine(edited(TENDED, ("routine", 'name = "small"', 'name = "own"')))
    told = complaint(run("move", sqlite_url, "--to", written(tmp_path / "own", own), "--dry-run"))
    assert told == (
        "The database of this URL knows no routine own; say with --of whose cases are meant: small."
    )
    to = written(tmp_path / "next", NEXT)
    assert run("move", sqlite_url, "--to", to, "--dry-run").exit_code == 0
    assert run("move", sqlite_url, "--to", to, "--actor", "eva").exit_code == 0
    assert run("replay", sqlite_url, "--under", to).exit_code == 0
    assert "Moved from small@1.0.0" in run("history", sqlite_url, case.id).stdout
    assert run("verify", sqlite_url).exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals to another process there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_move_that_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end a move after the case under way; given again, it goes on."""
    database, pack = tmp_path / "locks.db", written(tmp_path / "next", NEXT)
    with opened(database) as engine:
        for customer in range(400):
            consent(engine, f"customer-{customer}")
    arguments = ["move", os.fspath(database), "--to", os.fspath(pack), "--actor", "eva"]
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(number)
        answer, _ = process.communicate()
    assert process.returncode == 1
    told = re.fullmatch(
        r"Moved to small@2\.0\.0: (\d+)\. Left under their old rules: 0\.\n"
        r"Stopped; (\d+) were not begun\. Give the same command again to go on\.\n",
        answer,
    )
    assert told, answer
    moved, ahead = map(int, told.groups())
    assert moved + ahead == 400
    assert 0 < moved < 400
    assert run("verify", database).exit_code == 0
    rest = run(*arguments, "--json")
    assert rest.exit_code == 0
    assert said(rest)["moved"] == ahead
    assert run("verify", database).exit_code == 0


# -- what is given wrongly -------------------------------------------------------------------------


def complaint(result: Any) -> str:
    assert result.exit_code == 2, result.stdout
    assert result.stdout == ""
    told = str(result.stderr)
    assert told.startswith("lockroutine: ")
    assert told.endswith("\n")
    return told.removeprefix("lockroutine: ")[:-1]


def test_who_moves_them_must_be_said(place: Place) -> None:
    """Without saying who, nothing is moved."""
    before = place.whole()
    assert complaint(place.move(NEXT)) == ("--actor: is needed: who moves them (or give --dry-run)")
    nobody = version("2.0.0", ("routine", "tends_effects = true\n", ""))
    assert complaint(place.move(nobody, "--actor", "eva")) == (
        "small@2.0.0: role: names no role that moves cases: write tends_effects = true in one"
    )
    assert complaint(place.move(NEXT, "--actor", " eva")) == (
        "actor.id: must not be blank or begin or end with a space"
    )
    assert place.whole() == before


def test_before_its_day(place: Place) -> None:
    """A version that is not in force yet is looked at, and not moved to."""
    late = version("2.0.0", *RENAMED, move=MOVE, top="in_force_from = 2999-01-01\n")
    assert place.move(late, "--dry-run").exit_code == 0
    assert complaint(place.move(late, "--actor", "eva")) == (
        "small@2.0.0 is in force from 2999-01-01. Cases can be moved to it from then on. "
        "[engine.move.early]"
    )


def test_decisions_about_nothing(place: Place) -> None:
    """What is decided of a case that needs it not, of none, or otherwise than may be, is told."""
    with opened(place.database) as engine:
        waits = order(engine, "customer-19")
        (given,) = engine.cases(process="consent", subject="customer-19")
        ended = order(engine, "customer-20")
        engine.perform(ended.id, "book", actor=BO, form=BOOKING)
        engine.perform(ended.id, "cancel", actor=ANNA)
    before = place.whole()
    wrong = {
        "order.bookd": "agreed",
        given.id: "received",
        waits.id: "agreed",
        ended.id: "agreed",
        "0" * 31: "agreed",
        place.first: "fitted",
    }
    options = [part for name, to in wrong.items() for part in ("--decide", f"{name}={to}")]
    for more in (("--dry-run",), ("--actor", "eva")):
        assert complaint(place.move(ASKING, *more, *options)).split("; ") == [
            "order.bookd: is no state that small@2.0.0 asks to decide",
            "did you mean 'order.booked'?",
            f"{given.id}: needs no decision: it moves to received",
            f"{waits.id}: needs no decision: it moves to ordered",
            f"{ended.id}: has ended, and only open cases are moved",
            "leave it out",
            f"{'0' * 31}: is no case of this database",
            f"{place.first}: must be one of agreed, ordered",
        ]
    assert complaint(place.move(SILENT, "--dry-run", "--decide", f"{place.first}=agreed")) == (
        f"{place.first}: cannot be moved, whatever is decided: "
        'small@2.0.0 has no state "Booked", and does not say what becomes of it.'
    )
    own = load_routine(edited(TENDED, ("routine", 'name = "small"', 'name = "own"')))
    with opened(place.database) as engine:
        engine.move(own, actor=EVA, of="small")
    assert complaint(
        place.move(NEXT, "--dry-run", "--pack", str(place.pack(ROUTINE)),
                   "--decide", f"{place.first}=agreed")
    ) == f"{place.first}: runs under own@1.0.0, and cases of small are moved"  # fmt: skip
    assert before != place.whole()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--decide", "agreed"], "--decide: write CASE=STATE, or PROCESS.STATE=STATE"),
        (["--decide", "=agreed"], "--decide: write CASE=STATE, or PROCESS.STATE=STATE"),
        (["--decide", "order.booked="], "--decide: write CASE=STATE, or PROCESS.STATE=STATE"),
        (
            ["--decide", "order.booked=agreed", "--decide", "order.booked=ordered"],
            "order.booked: is decided twice, as agreed and as ordered",
        ),
    ],
)
def test_a_decision_that_is_none(place: Place, given: list[str], words: str) -> None:
    """A decision that is written otherwise, or said in two ways, is told with how to write it."""
    assert complaint(place.move(ASKING, "--dry-run", *given)) == words


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("d.toml", b"order.booked = agreed", r"FILE: is not TOML: .*\(at line 1, column 16\)"),
        ("d.json", b'{"a": }', r"FILE: is not JSON: .*line 1 column 7.*"),
        ("d.json", b"[" * 100_000, r"FILE: is not JSON: .*"),
        ("d.toml", b'a = "\xff"', "FILE: cannot be read as UTF-8 text"),
        ("d.json", b'["agreed"]', "FILE: must be an object; write .*"),
        (
            "d.toml",
            b"[order]\nbooked = 5",
            "FILE: order.booked: must be the name of a state; "
            r'write CASE = "STATE", or a table \[PROCESS\] with STATE = "STATE"',
        ),
        ("d.json", b'{"order": {"booked": {}}}', "FILE: order.booked: must be the name of .*"),
        ("d.json", b'{"order": ""}', "FILE: order: must be the name of a state; .*"),
    ],
)
def test_a_file_of_decisions_that_is_none(
    place: Place, name: str, content: bytes, words: str
) -> None:
    """A file of decisions that is no TOML, JSON or UTF-8, or says something else, is told."""
    file = place.folder / name
    file.write_bytes(content)
    told = complaint(place.move(ASKING, "--dry-run", "--decisions", file))
    assert re.fullmatch(words.replace("FILE", re.escape(str(file))), told), told


def test_no_such_file_of_decisions(place: Place) -> None:
    """A file of decisions that is not there, or is a folder, is told by its name."""
    nowhere = place.folder / "nowhere.toml"
    assert complaint(place.move(ASKING, "--dry-run", "--decisions", nowhere)) == (
        f"There is no file of decisions {str(nowhere)[:80]!r}."
    )
    assert complaint(place.move(ASKING, "--dry-run", "--decisions", place.folder)) == (
        f"{place.folder}: cannot be read as UTF-8 text"
    )


def test_two_texts_under_one_version(place: Place) -> None:
    """A pack that the database knows otherwise under this version is refused, dry run or not."""
    assert place.move(NEXT, "--actor", "eva").exit_code == 0
    before = place.whole()
    for more in (("--dry-run",), ("--actor", "eva")):
        assert complaint(place.move(ASKING, *more)) == (
            "routine.toml: version: the store knows another text of small@2.0.0 "
            f"({NEXT.source.digest[:12]}, here {ASKING.source.digest[:12]}; not the same: "
            "routine.toml); give the changed pack a new version"
        )
    assert place.whole() == before


def test_no_such_version_or_pack(place: Place) -> None:
    """A version that the database does not know, and a pack that is not there, are told."""
    assert complaint(place.move("small@9.0.0", "--dry-run")) == (
        "The database has stored no routine small@9.0.0; it has small@1.0.0."
    )
    told = complaint(place.move("nowhere", "--dry-run"))
    assert told.startswith("There is no rule pack 'nowhere'. Write a pack's name, a folder, ")


def test_a_database_of_a_newer_library(place: Place) -> None:
    """A database that a newer library has made is left alone."""
    with closing(sqlite3.connect(place.database)) as database, database:
        database.execute("PRAGMA user_version = 99")
    content = place.database.read_bytes()
    for command in (
        ("move", place.database, "--to", place.pack(NEXT), "--dry-run"),
        ("move", place.database, "--to", place.pack(NEXT), "--actor", "eva"),
        ("replay", place.database, "--under", place.pack(NEXT)),
        ("history", place.database, place.first),
    ):
        assert complaint(run(*command)).startswith(
            f"The database {place.database} was made by a newer lockroutine (schema 99; "
        )
    assert place.database.read_bytes() == content
    gone = place.folder / "gone.db"
    assert complaint(run("move", gone, "--to", place.pack(NEXT), "--dry-run")) == (
        f"There is no database {gone}."
    )


# -- what has happened to a case -------------------------------------------------------------------


def test_an_old_event_is_told_by_the_rules_of_its_day(place: Place) -> None:
    """`history` and `verify` know the rules of the day of each event, whatever holds now."""
    label = 'label = { sv = "Boka tid", en = "Book a time" }'
    other = 'label = { sv = "Avtala tid", en = "Agree on a time" }'
    clause = 'form = "appointment"\nclauses = ["C2"]'
    to = version(
        "2.0.0",
        ("order", label, other),
        ("order", clause, clause.replace("C2", "C1")),
        *RENAMED,
        move=f'{MOVE}from = ["1.0.0"]\n',
    )
    assert place.move(to, "--actor", "eva").exit_code == 0
    with Engine.open(place.database, routine=to, clock=Clock()) as engine:
        engine.perform(place.first, "agree", actor=BO, form=BOOKING)
    told = run("history", place.database, place.first)
    assert told.exit_code == 0
    lines = [re.split(r"\s{2,}", line.strip()) for line in told.stdout.strip().split("\n")]
    assert lines[0] == ["Order: customer-17"]
    assert lines[1] == ["No.", "When", "Transition", "To", "Who", "Rules", "Clauses"]
    moved = lines[5][1]
    assert lines[3:] == [
        ["1", "2026-03-02 10:00", "Order", "Ordered", "anna (coordinator)", "small@1.0.0", "C1"],
        ["2", "2026-03-02 10:00", "Book a time", "Booked", "bo (installer)", "small@1.0.0", "C2"],
        ["3", moved, "Moved from small@1.0.0", "Booked", "eva (manager)", "small@2.0.0"],
        ["4", "2026-03-02 10:00", "Agree on a time", "Booked", "bo (installer)", "small@2.0.0",
         "C1"],
    ]  # fmt: skip
    in_swedish = run("history", place.database, place.first, "--lang", "sv").stdout
    assert "Boka tid" in in_swedish
    assert "Avtala tid" in in_swedish
    assert "Flyttat från small@1.0.0" in in_swedish
    assert run("verify", place.database).exit_code == 0
    # What is not as it was recorded is found, by whatever rules it was made.
    with closing(sqlite3.connect(place.database)) as database, database:
        database.execute("UPDATE events SET body = replace(body, '\"book\"', '\"agree\"')")
    assert f"{place.first}/2: the event is not as it was recorded" in (
        run("verify", place.database).stdout
    )


def test_a_case_that_stays_keeps_its_rules(place: Place) -> None:
    """A case that could not be moved is told, judged and verified by the rules that it has."""
    assert place.move(SILENT, "--actor", "eva").exit_code == 1
    told = run("history", place.database, place.first).stdout
    assert "small@2.0.0" not in told
    assert "Book a time" in told
    with Engine.open(place.database, routine=SILENT, clock=Clock()) as engine:
        assert engine.perform(place.first, "book", actor=BO, form=BOOKING).state == "booked"
    assert run("verify", place.database).exit_code == 0


def test_a_list_with_cases_of_a_process_that_is_gone(place: Place) -> None:
    """A case whose process the new version does not have stays, and is listed by its name."""
    renamed = (
        ("other", "process.consent", "process.yes"),
        ("order", 'process = "consent"', 'process = "yes"'),
    )
    with opened(place.database) as engine:
        engine.start("consent", "ask", actor=ANNA, subject="customer-30", unit="north")
    told = place.move(version("2.0.0", *renamed), "--actor", "eva").stdout
    assert "Consent" in told
    told = run("worklist", place.database, "--role", "coordinator", "--unit", "north").stdout
    assert re.search(r"^consent +customer-30 +Asked ", told, re.MULTILINE)
    assert run("figures", place.database).exit_code == 0


def test_a_history_for_a_program(place: Place) -> None:
    """In JSON each event is told with who, when and by which rules; nothing that was given."""
    events = said(run("history", place.database, place.first, "--json"))["events"]
    assert [one["transition"] for one in events] == ["order", "book"]
    assert events[1] == {
        "version": 2,
        "transition": "book",
        "before": "ordered",
        "after": "booked",
        "unit": "north",
        "actor": "bo",
        "roles": ["installer"],
        "happened_at": "2026-03-02T09:00:00+00:00",
        "recorded_at": "2026-03-02T09:00:00+00:00",
        "routine": "small@1.0.0",
        "moved_from": "",
        "cause": "",
        "clauses": ["C2"],
        "hash": events[1]["hash"],
    }
    told = run("history", place.database, place.first).stdout + json.dumps(events)
    for personal in ("Customer 17", "Example Street", "+46", "4711"):
        assert personal not in told
    assert complaint(run("history", place.database, "nobody")) == "There is no case 'nobody'."


def test_a_history_whose_rules_are_gone(tmp_path: Path) -> None:
    """Where the text of old rules is not there, names stand for words."""
    database = tmp_path / "locks.db"
    with opened(database) as engine:
        case = booked(engine)
    with closing(sqlite3.connect(database)) as changed, changed:
        changed.execute("UPDATE cases SET body = replace(body, 'small@1.0.0', 'small@0.9.0')")
        changed.execute("UPDATE events SET body = replace(body, 'small@1.0.0', 'small@0.9.0')")
    told = run("history", database, case.id).stdout
    assert "order: customer-17" in told
    assert told.strip().split("\n")[4].split()[:5] == ["2", "2026-03-02", "10:00", "book", "booked"]
    plan = run("move", database, "--to", "small@1.0.0", "--dry-run")
    assert "booked (booked)" in plan.stdout
    assert "is not in the database, so it cannot be read." in plan.stdout
