"""The command line, through its door: what it says, how it exits, what it leaves behind."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockroutine import Actor, Engine, load_routine
from lockroutine.cli.app import app

CLAUSES = [
    f"{letter}{number}"
    for letter, count in {
        "A": 2, "S": 3, "B": 10, "K": 4, "N": 7, "R": 15, "F": 6, "P": 2, "O": 3, "C": 2
    }.items()
    for number in range(1, count + 1)
]  # fmt: skip

COMMAND = [sys.executable, "-m", "lockroutine.cli"]


def run(*arguments: str | os.PathLike[str]) -> Any:
    """Run a command in this process."""
    return CliRunner().invoke(app, [os.fspath(one) for one in arguments])


def said(result: Any) -> Any:
    """What a command answered in JSON."""
    return json.loads(result.stdout)


@functools.cache
def whole() -> Any:
    """The whole compiled bundled pack."""
    return said(run("show", "soderkoping", "--json"))


@functools.cache
def traced() -> Any:
    """The trace of the bundled pack."""
    result = run("trace", "soderkoping", "--json")
    assert result.exit_code == 0
    return said(result)


@functools.cache
def story() -> str:
    """The demo, told in English."""
    return str(run("demo").stdout)


def in_terminal(arguments: list[str], columns: int) -> str:
    """What a command shows in a terminal of so many columns."""
    import pty

    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen([*COMMAND, *arguments], stdout=slave, env=environment) as process:
        os.close(slave)
        told = b""
        try:
            while part := os.read(master, 65536):
                told += part
        except OSError:  # how Linux says that nobody writes any more
            pass
    os.close(master)
    assert process.returncode == 0
    return told.decode("utf-8").replace("\r\n", "\n")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The bundled pack, copied to a folder where it can be changed."""
    folder = tmp_path / "pack"
    folder.mkdir()
    bundled = importlib.resources.files("lockroutine.rules") / "soderkoping"
    for file in bundled.iterdir():
        if file.name.endswith(".toml"):
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def change(file: Path, old: str, new: str) -> None:
    """Change a file of a pack at the one place where it says this."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def without(file: Path, table: str) -> None:
    """Take a table, and those within it, out of a file of a pack."""
    text = file.read_text("utf-8")
    kept = re.sub(rf"(?ms)^\[{re.escape(table)}(\.[^\]]*)?\]\n.*?(?=^\[|\Z)", "", text)
    assert kept != text
    file.write_text(kept, "utf-8")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database that the demo leaves."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    assert run("demo", "--at", path).exit_code == 0
    return path


class TestDemo:
    @pytest.mark.parametrize(
        ("language", "sentences"),
        [
            (
                "en",
                [
                    "A customer has been granted home care",
                    "✗ No. The customer's signed consent has not been received",
                    '-> Make "Leave information and form" in Consent. These may: Care assessor.',
                    "Do not contact the relatives before the provider has said that it is all",
                    "+ Ordinary lock customer-17: Back on the door",
                    "The register of locks",
                    "The ordinary locks",
                    "To do: Care assessor",
                    "To do: Provider's staff",
                    "To do: Coordinator",
                    "To do: Installer",
                    "To do: Unit manager",
                    "To do: System manager",
                    "cases are as they were recorded.",
                ],
            ),
            (
                "sv",
                [
                    "En kund har beviljats hemtjänst",
                    "✗ Nej. Kundens undertecknade samtycke är inte mottaget.",
                    "-> Gör «Lämna information och blankett» i Samtycke. Det får: Biståndshandl",
                    "Kontakta inte anhöriga förrän utföraren har sagt att det går bra.",
                    "+ Ordinarie lås customer-17: Åter på dörren",
                    "Registret över lås",
                    "De ordinarie låsen",
                    "Att göra: Biståndshandläggare",
                    "Att göra: Utförarens personal",
                    "Att göra: Administratör/samordnare",
                    "Att göra: Montör",
                    "Att göra: Enhetschef",
                    "Att göra: Systemförvaltare",
                    "ärenden är som de antecknades.",
                ],
            ),
        ],
    )
    def test_tells_it_all(self, language: str, sentences: list[str]) -> None:
        """The demo runs to its end in both languages, and says what it must."""
        result = run("demo", "--lang", language)
        assert result.exit_code == 0, result.output
        for sentence in sentences:
            assert sentence in result.stdout
        assert "Nothing waits" not in result.stdout
        assert "Inget väntar" not in result.stdout

    def test_refusals_and_cures(self) -> None:
        """Eight steps are refused, each by the clause that the story is about, and then cured."""
        told = story()
        refused = [line for line in told.splitlines() if "✗" in line]
        assert len(re.findall(r"✗.*\n +-> ", told)) == 8
        for line, clause in zip(
            refused, ("S3", "B5", "B7", "K3", "B10", "R4", "F2", "N3"), strict=True
        ):
            cited = re.search(r"\[(.*)\]$", line)
            assert cited is not None
            assert clause in cited[1].split(", ")

    def test_names_nobody(self) -> None:
        """Nothing personal that a form brought is told: no name, address, telephone, door code."""
        for personal in ("Customer 17", "Example Street", "+46", "example.org", "0000"):
            assert personal not in story()

    def test_every_process(self, database: Path) -> None:
        """The story passes through every process that has to do with a customer's door."""
        with Engine.open(database) as engine:
            seen = {case.process for case in engine.cases(limit=1000)}
        assert seen >= {
            "battery", "claim", "configuration_permission", "consent", "fault", "lock", "mounting",
            "ordinary_lock", "purchase", "removal", "swap", "update",
        }  # fmt: skip

    def test_keeps_the_database(self, tmp_path: Path) -> None:
        """With --at the database is kept there, whole, and the demo says how to go on."""
        path = tmp_path / "kept.db"
        result = run("demo", "--at", path)
        assert f"lockroutine worklist {path} --role installer" in result.stdout
        assert run("verify", path).exit_code == 0

    def test_takes_nobodys_file(self, tmp_path: Path) -> None:
        """What is there already is left as it is, be it another file, a folder or a demo."""
        other = tmp_path / "letter.txt"
        other.write_text("Dear customer", "utf-8")
        for place in (other, tmp_path):
            result = run("demo", "--at", place)
            assert result.exit_code == 2
            assert result.stderr == (
                f"lockroutine: {place} is there already. Name a new file, or take that one away.\n"
            )
        assert other.read_text("utf-8") == "Dear customer"

    def test_empty_file(self, tmp_path: Path) -> None:
        """An empty file, as mktemp makes one, is no hindrance."""
        path = tmp_path / "empty.db"
        path.touch()
        assert run("demo", "--at", path).exit_code == 0

    def test_no_such_folder(self, tmp_path: Path) -> None:
        """Where no database can be made, one line says so."""
        result = run("demo", "--at", tmp_path / "nowhere" / "demo.db")
        assert result.exit_code == 2
        assert "cannot be opened; look at the path, its folder and their rights." in result.stderr
        assert result.stderr.count("\n") == 1

    def test_leaves_nothing(self, tmp_path: Path) -> None:
        """Without --at nothing is left in the place of temporary files."""
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        subprocess.run([*COMMAND, "demo"], env=environment, check=True, capture_output=True)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there")
    def test_in_a_terminal(self, tmp_path: Path) -> None:
        """A terminal gets colours, and long lines folded under their beginning."""
        told = in_terminal(["demo", "--at", os.fspath(tmp_path / "demo.db")], columns=60)
        assert "\x1b[1mA digital lock" in told
        lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", told).splitlines()]
        assert max(map(len, lines)) <= 60
        first = lines.index("  ✗ No. The customer's signed consent has not been received.")
        assert lines[first + 1] == "  Receive it before a mounting is ordered. [S3]"
        assert lines[lines.index("1. The consent") - 1] == ""

    @pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process there")
    @pytest.mark.parametrize("lines", [1, 5, 40, 120, 200])
    def test_interrupted(self, tmp_path: Path, lines: int) -> None:
        """Ctrl-C at any moment leaves a whole database, and ends quietly with 130."""
        path = tmp_path / "demo.db"
        # Longer than any test waits: it is surely interrupted, in its sleep or before.
        pace = ["--pace", "60"] if lines <= 5 else []
        with subprocess.Popen(
            [*COMMAND, "demo", "--at", path, *pace],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            # Whoever runs the tests in the background of a shell ignores it, and so would this.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            assert process.stdout is not None
            for _ in range(lines):
                process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, complaint = process.communicate()
        assert process.returncode in ((130,) if pace else (130, 0))
        assert complaint == ""
        result = run("verify", path)
        assert (result.exit_code, result.stderr) == (0, "")


class TestCheck:
    def test_good(self) -> None:
        """Of a good pack it says how much it holds, and that there are no problems."""
        result = run("check", "soderkoping")
        assert result.exit_code == 0
        found = re.match(
            r"soderkoping@1\.\d+\.\d+: 16 processes, \d+ states, \d+ transitions, \d+ guards, "
            r"54 clauses, \d+ gaps, no problems\n\nProved\.",
            result.stdout,
        )
        assert found

    def test_good_for_a_program(self) -> None:
        """In JSON the same, to count with."""
        found = said(run("check", "soderkoping", "--json"))
        assert found["problems"] == []
        assert found["counts"]["clause"] == 54
        assert found["pack"] == load_routine().key

    def test_bad(self, pack: Path) -> None:
        """Every problem is named with its file and line, and the exit is 1."""
        change(pack / "mounting.toml", 'form = "lock_test"', 'form = "lock_tset"')
        change(pack / "consent.toml", 'to = "form_left"', 'to = "form_lost"')
        result = run("check", pack)
        assert result.exit_code == 1
        problems = result.stdout.splitlines()
        assert re.match(
            r"mounting\.toml:\d+: process\.mounting\.transitions\.test\.form: "
            r"there is no form 'lock_tset'; did you mean 'lock_test'\?",
            next(one for one in problems if "lock_tset" in one),
        )
        assert any(
            re.match(r"consent\.toml:\d+: process\.consent\.transitions\.leave_form\.to: ", one)
            for one in problems
        )
        assert problems[-1] == f"{pack}: {len(problems) - 1} problems"

    def test_bad_for_a_program(self, pack: Path) -> None:
        """In JSON, each problem with its file, line, path and message."""
        (pack / "mounting.toml").write_text("[process.mounting\n", "utf-8")
        result = run("check", pack, "--json")
        assert result.exit_code == 1
        found = said(result)
        assert found["pack"] == ""
        (problem,) = found["problems"]
        assert (problem["file"], problem["line"]) == ("mounting.toml", 1)
        assert problem["message"].startswith("is not TOML: ")

    def test_one_problem(self, tmp_path: Path) -> None:
        """A folder without rules is no rule pack."""
        result = run("check", tmp_path)
        assert result.exit_code == 1
        assert result.stdout == (
            f"{tmp_path}: holds no routine.toml, so it is no rule pack\n{tmp_path}: 1 problem\n"
        )

    def test_unknown(self) -> None:
        """A pack that is not there is a wrong call, with the nearest that is."""
        result = run("check", "soderkopng")
        assert result.exit_code == 2
        assert result.stderr == (
            "lockroutine: There is no rule pack 'soderkopng'. Did you mean 'soderkoping'?\n"
        )


class TestTrace:
    def test_all_held(self) -> None:
        """All 54 clauses are there in the order of the source, each held by something."""
        clauses = traced()["clauses"]
        assert [clause["id"] for clause in clauses] == CLAUSES
        for clause in clauses:
            assert set(clause["text"]) == {"sv", "en"}
            assert clause["held_by"]

    def test_holders(self) -> None:
        """A holder is named by its kind and its path; the guard for B7 is among them."""
        clauses = {one["id"]: one for one in traced()["clauses"]}
        guard = {"kind": "guard", "at": "process.mounting.transitions.test.guards.cycles"}
        assert guard in clauses["B7"]["held_by"]
        kinds = {holder["kind"] for clause in clauses.values() for holder in clause["held_by"]}
        assert kinds == {
            "guard", "transition", "duty", "joint", "effect", "parameter", "shown", "role", "state",
            "sweep", "always", "never",
        }  # fmt: skip

    def test_paths_exist(self) -> None:
        """Each holder's path leads through the compiled routine to something that cites it."""
        for cited in ("clauses", "gaps"):
            for one in traced()[cited]:
                for holder in one["held_by"]:
                    here = whole()
                    for name in holder["at"].split("."):
                        here = here[name]
                    assert one["id"] in here[cited]

    def test_gaps(self) -> None:
        """Each gap is there with its question, its reading, and what rests on it."""
        gaps = traced()["gaps"]
        assert {gap["id"] for gap in gaps} == set(load_routine().pack.gap)
        for gap in gaps:
            assert set(gap["question"]) == set(gap["reading"]) == {"sv", "en"}
            assert gap["held_by"]

    @pytest.mark.parametrize(
        ("language", "words"), [("en", "Nothing holds: O2"), ("sv", "Inget håller: O2")]
    )
    def test_loose_clause(self, pack: Path, language: str, words: str) -> None:
        """Where the only thing that holds a clause is taken out, the answer is no."""
        without(pack / "routine.toml", "shown.catalogues")
        assert run("check", pack).exit_code == 0
        result = run("trace", pack, "--lang", language)
        assert result.exit_code == 1
        assert "53" in result.stdout.splitlines()[-2]
        assert result.stdout.splitlines()[-1] == words

    def test_loose_clause_for_a_program(self, pack: Path) -> None:
        """In JSON the clause is there, held by nothing, and the exit is 1 too."""
        without(pack / "routine.toml", "shown.catalogues")
        result = run("trace", pack, "--json")
        assert result.exit_code == 1
        assert [one["id"] for one in said(result)["clauses"] if not one["held_by"]] == ["O2"]

    def test_table(self) -> None:
        """For people: each clause with its text and what kinds of rule hold it."""
        result = run("trace", "soderkoping", "--lang", "sv")
        assert result.exit_code == 0
        assert re.search(r"^O2 +Aktuella kataloger .* +shown 1 +\d+$", result.stdout, re.MULTILINE)
        assert result.stdout.endswith("54 av 54 punkter hålls.\n")

    STEPS = """
        title = "Offer"
        about = "customer-17"
        [[step]]
        who = "care_assessor"
        does = "consent.grant_service"
        clauses = ["S1"]
        [[step]]
        who = "care_assessor"
        does = "consent.leave_form"
        clauses = ["S2", "S1"]
        gaps = ["deadlines"]
    """

    @pytest.mark.parametrize("within", [True, False])
    def test_scenarios(self, pack: Path, tmp_path: Path, *, within: bool) -> None:
        """Steps that name a clause or gap are its tests: from the pack's folder, or as told."""
        folder = pack / "scenarios" if within else tmp_path / "elsewhere"
        folder.mkdir()
        (folder / "01-offer.toml").write_text(self.STEPS, "utf-8")
        told = [] if within else ["--scenarios", folder]
        found = said(run("trace", pack, "--json", *told))
        tests = {one["id"]: one["tests"] for one in (*found["clauses"], *found["gaps"])}
        assert tests["S1"] == ["01-offer.toml#1", "01-offer.toml#2"]
        assert tests["S2"] == tests["deadlines"] == ["01-offer.toml#2"]
        assert tests["S3"] == []

    def test_no_scenarios(self, pack: Path) -> None:
        """A pack without scenarios is traced all the same."""
        found = said(run("trace", pack, "--json"))
        assert all(one["tests"] == [] for one in found["clauses"])

    def test_bad_scenarios(self, pack: Path, tmp_path: Path) -> None:
        """A folder that is none, or a scenario that cannot be read, is a wrong call."""
        result = run("trace", pack, "--scenarios", tmp_path / "none")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "is no folder" in result.stderr
        (tmp_path / "bad.toml").write_text("titel = 'x'\n", "utf-8")
        result = run("trace", pack, "--scenarios", tmp_path)
        assert result.exit_code == 2
        assert "bad.toml:1" in result.stderr

    def test_bad_pack(self, pack: Path) -> None:
        """A pack that cannot be used cannot be traced or shown: one line says what is wrong."""
        change(pack / "mounting.toml", 'form = "lock_test"', 'form = "lock_tset"')
        change(pack / "consent.toml", 'to = "form_left"', 'to = "form_lost"')
        for command in ("trace", "show"):
            result = run(command, pack)
            assert (result.exit_code, result.stdout) == (2, "")
            assert re.fullmatch(
                r"lockroutine: The rule pack cannot be used: \w+\.toml:\d+: .* "
                r"\(and \d+ more: lockroutine check\)\n",
                result.stderr,
            )


class TestShow:
    def test_json_is_the_pack(self) -> None:
        """In JSON there is everything that the TOML files say, as they say it."""
        bundled = importlib.resources.files("lockroutine.rules") / "soderkoping"
        for file in bundled.iterdir():
            assert_holds(whole(), tomllib.loads(file.read_text("utf-8")), file.name)

    def test_json_has_the_forms(self) -> None:
        """With it stands the JSON Schema of each form, in the language that was asked for."""
        swedish = said(run("show", "soderkoping", "--json", "--lang", "sv"))
        used = {
            transition["form"]
            for process in swedish["process"].values()
            for transition in process["transitions"].values()
        } - {""}
        assert set(swedish["form"]) == used
        assert swedish["form"]["lock_test"]["properties"]["works"]["title"] == "Låset fungerar"

    def test_json_of_a_process(self) -> None:
        """One process in JSON is that part of the whole."""
        assert said(run("show", "soderkoping", "lock", "--json")) == whole()["process"]["lock"]

    def test_tables(self) -> None:
        """Of a process: its states, duties, transitions, who may, guards and clauses."""
        shown = run("show", "soderkoping", "mounting").stdout
        for line in (
            r"scheduled +Scheduled +installer +P14D +B6 \(deadlines\)",
            r" +test +installer +B7 R6",
            r"schedule +Agree the time +ordered, scheduled +scheduled +installer +appointment",
            r"test\.cycles +at_least +The lock was tested too few times.* at least 5 times",
            r"install\.lock +lock +install +A2 B6",
            r"schedule\.tell +send_notice +coordinator, provider_staff +B4",
            r"closed +Closed \(end\)",
        ):
            assert re.search(f"^{line}", shown, re.MULTILINE), line

    def test_nothing_is_cut_off(self) -> None:
        """In a pipe no table is folded or cut to the width of a screen."""
        environment = {**os.environ, "COLUMNS": "40"}
        shown = subprocess.run(
            [*COMMAND, "show", "soderkoping", "--lang", "sv"],
            env=environment,
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout
        for gap in load_routine().pack.gap.values():
            assert gap.reading.sv in shown

    def test_overview(self) -> None:
        """Without a process: processes, roles, parameters, gaps, what is shown, then each."""
        shown = run("show", "soderkoping", "--lang", "sv").stdout
        for title in ("Processer", "Roller", "Värden", "Att slå upp", "Luckor och hur de läses"):
            assert f"\n{title}\n" in shown
        for name in load_routine().processes:
            assert re.search(rf"^.* \({name}\)$", shown, re.MULTILINE)

    def test_whose_cases_and_where_they_go(self) -> None:
        """Whose cases a role sees, to which unit a step takes one, and when the clock comes."""
        pack = Path(__file__).parent / "packs" / "outside"
        shown = run("show", str(pack)).stdout
        for line in (
            r"coordinator +Coordinator +its units' cases",
            r"firm +Firm +only where firm is its own",
            r"move +Move +zqnoted += \(unit: form\.provider\) +coordinator",
            r"close\.permits +permit +renew \(every\) +X1",
        ):
            assert re.search(f"^{line}", shown, re.MULTILINE), line
        bundled = run("show", "soderkoping", "--lang", "sv").stdout
        assert re.search(r"^installer +Montör +alla ärenden", bundled, re.MULTILINE)
        assert re.search(r"^battery_stale .* clock \(read_at \+ P30D\)", bundled, re.MULTILINE)
        assert re.search(r"^ask_renewal .* clock \(valid_until - P30D\)", bundled, re.MULTILINE)

    def test_unknown_process(self) -> None:
        """A process that is not there is a wrong call, with the nearest that is."""
        result = run("show", "soderkoping", "moutning")
        assert result.exit_code == 2
        assert result.stderr == (
            "lockroutine: There is no process 'moutning'. Did you mean 'mounting'?\n"
        )


def assert_holds(there: Any, part: Any, path: str) -> None:
    """That everything in ``part`` is in ``there``, at the same place."""
    if isinstance(part, Mapping):
        for name, inner in part.items():
            assert name in there, f"{path}.{name}"
            assert_holds(there[name], inner, f"{path}.{name}")
    else:
        assert there == part, path


class TestDatabases:
    def test_verify(self, database: Path) -> None:
        """Of a whole database it says how much was looked at."""
        result = run("verify", database)
        assert result.exit_code == 0
        assert re.fullmatch(
            r"Whole: \d+ events in \d+ cases are as they were recorded\.\n", result.stdout
        )
        found = said(run("verify", database, "--json"))
        assert found["whole"] is True
        assert found["problems"] == []
        assert found["events"] > found["cases"] > 0

    def test_changed_event(self, tmp_path: Path, database: Path) -> None:
        """An event that somebody changed is found and named, and the exit is 1."""
        path = shutil.copy(database, tmp_path)
        connection = sqlite3.connect(path)
        with connection:
            (case,) = connection.execute(
                "SELECT case_id FROM events WHERE body LIKE '%leave_form%' ORDER BY number"
            ).fetchone()
            connection.execute(
                "UPDATE events SET body = replace(body, 'care-assessor-1', 'care-assessor-2') "
                "WHERE case_id = ? AND body LIKE '%leave_form%'",
                (case,),
            )
        connection.close()
        result = run("verify", path)
        assert result.exit_code == 1
        assert result.stdout.startswith("Not whole: 1 problems among ")
        assert f"  {case}/2: the event is not as it was recorded" in result.stdout
        result = run("verify", path, "--json")
        assert result.exit_code == 1
        (problem,) = said(result)["problems"]
        assert problem["path"] == f"{case}/2"

    def test_worklist(self, database: Path) -> None:
        """A role's list is a table, overdue entries marked, the oldest due first."""
        result = run("worklist", database, "--role", "installer")
        assert result.exit_code == 0
        rows = result.stdout.splitlines()[2:]
        assert re.match(r"Lock +PH1-001 +Faulty +2025-11-24 \d\d:\d\d \(overdue\) +R8 ", rows[0])
        due = [re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d", row) for row in rows]
        times = [found[0] for found in due if found]
        assert times == sorted(times)

    def test_worklist_pages(self, database: Path) -> None:
        """A long list comes in pages, in a table as in JSON."""
        whole = said(run("worklist", database, "--role", "installer", "--json"))
        assert whole["next"] == ""
        seen: list[Any] = []
        cursor: list[str] = []
        while True:
            page = said(
                run("worklist", database, "--role", "installer", "--limit", "1", "--json", *cursor)
            )
            seen += page["items"]
            if not page["next"]:
                break
            cursor = ["--cursor", page["next"]]
        assert seen == whole["items"]
        assert len(seen) > 1
        result = run("worklist", database, "--role", "installer", "--limit", "1")
        assert "There is more: --cursor '" in result.stdout

    def test_worklist_of_units(self, database: Path) -> None:
        """A role that works in its own units is asked which, and sees only those."""
        result = run("worklist", database, "--role", "provider_staff")
        assert result.exit_code == 2
        assert result.stderr == (
            "lockroutine: --unit: is needed: provider_staff works in units of its own\n"
        )
        of_units = ["worklist", os.fspath(database), "--role", "provider_staff", "--unit"]
        assert "customer-19" in run(*of_units, "north").stdout
        assert "customer-19" in run(*of_units, "south", "--unit", "north").stdout
        assert run(*of_units, "south").stdout == "Nothing waits.\n"

    def test_worklist_says_nothing_personal(self, database: Path) -> None:
        """A list names cases by their ids and subjects, and nothing that a form brought."""
        told = run("worklist", database, "--role", "installer", "--json").stdout
        for personal in ("Customer 17", "Example Street", "+46", "The bolt"):
            assert personal not in told

    def test_unknown_role(self, database: Path) -> None:
        """A role that is not there is a wrong call, with the nearest that is."""
        result = run("worklist", database, "--role", "instaler")
        assert result.exit_code == 2
        assert result.stderr == (
            "lockroutine: There is no role 'instaler'. Did you mean 'installer'?\n"
        )

    def test_wrong_page(self, database: Path) -> None:
        """A limit or a cursor that cannot be is a wrong call."""
        of = ["worklist", os.fspath(database), "--role", "installer"]
        result = run(*of, "--limit", "0")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "limit: must be a whole number from 1 to 1000" in result.stderr
        assert run(*of, "--cursor", "x").exit_code == 2

    def test_figures(self, database: Path) -> None:
        """The figures: open cases, stock with what is missing, refusals by rule."""
        result = run("figures", database, "--lang", "sv")
        assert result.exit_code == 0
        assert re.search(r"^Lås +I förrådet +2 ", result.stdout, re.MULTILINE)
        assert re.search(r"^Lås i förrådet per modell +Model X +2 +1$", result.stdout, re.MULTILINE)
        found = said(run("figures", database, "--json"))
        assert found["open_cases"]["lock"] == {"faulty": 1, "in_store": 2}
        assert found["stock"] == {"stock": {"Model X": {"there": 2, "missing": 1}}}
        assert found["refusals"]["process.mounting.transitions.test.guards.cycles"] == 1
        assert found["time_in_state"]["mounting"]["ordered"]["stays"] == 1
        assert found["late_entries"] == {}

    def test_late_entries(self, tmp_path: Path) -> None:
        """What was entered late is counted by process."""
        path = tmp_path / "late.db"
        with Engine.open(path) as engine:
            assessor = Actor("assessor-1", roles={"care_assessor"}, units={"north"})
            engine.start(
                "consent",
                "grant_service",
                actor=assessor,
                subject="customer-17",
                unit="north",
                happened_at=dt.datetime.now(dt.UTC),
                late_reason="The system was down.",
            )
        assert re.search(r"^consent +1$", run("figures", path).stdout, re.MULTILINE)
        assert said(run("figures", path, "--json"))["late_entries"] == {"consent": 1}

    def test_tick(self, tmp_path: Path, database: Path) -> None:
        """What is due by the clock is made, and told; then there is no more."""
        path = shutil.copy(database, tmp_path)
        moved: list[str] = []
        while found := said(run("tick", path, "--json"))["moved"]:
            moved += [f"{one['process']} {one['subject']}" for one in found]
        assert set(moved) <= {"configuration_permission coordinator-1"}
        assert run("tick", path).stdout == "Moved by the clock: 0.\n"
        assert run("verify", path).exit_code == 0

    def test_tick_tells_what_moved(self, tmp_path: Path, database: Path) -> None:
        """Each case that the clock moved is told with where it stands now."""
        path = shutil.copy(database, tmp_path)
        told = run("tick", path).stdout.splitlines()
        assert told[-1] == f"Moved by the clock: {len(told) - 1}."
        for line in told[:-1]:
            assert line.startswith("configuration_permission coordinator-1: renewal_due (")

    def test_no_database(self, tmp_path: Path) -> None:
        """What is not there is a wrong call, and is not made by asking."""
        path = tmp_path / "none.db"
        empty = tmp_path / "empty.db"
        empty.touch()
        for place in (path, empty, tmp_path):
            result = run("verify", place)
            assert (result.exit_code, result.stdout) == (2, "")
            assert result.stderr == f"lockroutine: There is no database {place}.\n"
        assert not path.exists()
        assert not empty.stat().st_size

    def test_not_a_database(self, tmp_path: Path) -> None:
        """A file of another kind, or another program's database, is a wrong call."""
        letter = tmp_path / "letter.txt"
        letter.write_text("Dear customer, " * 100, "utf-8")
        other = tmp_path / "other.db"
        connection = sqlite3.connect(other)
        connection.execute("CREATE TABLE letters (text TEXT)")
        connection.close()
        for place, words in (
            (letter, "is not a SQLite database, or it is encrypted."),
            (other, "belongs to another program."),
        ):
            for command in (["verify"], ["figures"], ["tick"], ["worklist", "--role", "installer"]):
                result = run(*command, place)
                assert (result.exit_code, result.stdout) == (2, "")
                assert result.stderr == f"lockroutine: The database {place} {words}\n"

    def test_pack_of_the_database(self, tmp_path: Path, pack: Path) -> None:
        """A database is read by the newest routine it knows; another one can be told."""
        version = load_routine().pack.version
        change(pack / "routine.toml", f'version = "{version}"', 'version = "10.9.8"')
        change(pack / "routine.toml", 'en = "Installer"', 'en = "Fitter"')
        path = tmp_path / "two.db"
        for routine in (load_routine(), load_routine(pack)):
            Engine.open(path, routine=routine).close()
        assert run("verify", path).exit_code == 0
        assert run("verify", path, "--pack", pack).exit_code == 0
        change(pack / "routine.toml", "Fitter", "Mounter")
        result = run("verify", path, "--pack", pack)
        assert result.exit_code == 2
        assert "give the changed pack a new version" in result.stderr

    def test_several_packs(self, tmp_path: Path, pack: Path) -> None:
        """Where a database knows routines of several names, it must be told which."""
        change(pack / "routine.toml", 'name = "soderkoping"', 'name = "ourtown"')
        path = tmp_path / "two.db"
        for routine in (load_routine(), load_routine(pack)):
            Engine.open(path, routine=routine).close()
        result = run("verify", path)
        assert result.exit_code == 2
        assert result.stderr == (
            f"lockroutine: The database {path} knows the routines ourtown, soderkoping: "
            "say which with --pack.\n"
        )
        assert run("verify", path, "--pack", "soderkoping").exit_code == 0


class TestCalls:
    def test_version(self) -> None:
        """The version is told."""
        result = run("--version")
        assert result.exit_code == 0
        assert re.fullmatch(r"lockroutine \d+\.\d+\.\d+\S*\n", result.stdout)

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (["nosuch"], "No such command 'nosuch'"),
            (["check"], "Missing argument 'PACK'"),
            (["check", "soderkoping", "--jason"], "No such option"),
            (["demo", "--lang", "de"], "Invalid value for '--lang'"),
            (["demo", "--pace", "-1"], "Invalid value for '--pace'"),
            (["worklist", "x.db"], "Missing option '--role'"),
        ],
    )
    def test_called_wrongly(self, call: list[str], words: str) -> None:
        """A wrong call exits 2, says what is wrong on standard error, and nothing else."""
        result = run(*call)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr
        assert "Traceback" not in result.output

    def test_help(self) -> None:
        """Every command has its line of help, none of them cut off."""
        for group in ([], ["db"]):
            listed = run(*group, "--help").stdout.partition("Commands:\n")[2].splitlines()
            assert listed
            for line in listed:
                name, said = line.split(maxsplit=1)
                assert said == run(*group, name, "--help").stdout.split("\n")[2].strip()

    @pytest.mark.parametrize("missing", ["typer", "rich"])
    def test_without_the_extra(self, missing: str) -> None:
        """Without the extra, one line says how to install it, and the exit is 2."""
        code = (
            f"import sys; sys.modules[{missing!r}] = None; from lockroutine.cli import main; main()"
        )
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False
        )
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == (
            "The command line needs more than the library does. "
            'Install it with: pip install "lockroutine[cli]"\n'
        )

    def test_broken_library(self) -> None:
        """A module of another kind that is missing is no matter of the extra."""
        code = "import sys; sys.modules['attrs'] = None; import lockroutine.cli"
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False
        )
        assert result.returncode == 1
        assert "lockroutine[cli]" not in result.stderr

    def test_always_utf8(self) -> None:
        """Whatever the locale, what is said is UTF-8."""
        environment = {
            **os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"
        }  # fmt: skip
        told = subprocess.run(
            [*COMMAND, "show", "soderkoping", "consent", "--lang", "sv"],
            env=environment,
            check=True,
            capture_output=True,
        ).stdout
        assert "Återkallat" in told.decode("utf-8")

    @pytest.mark.skipif(sys.platform == "win32", reason="no such pipes there")
    @pytest.mark.parametrize("command", [["show", "soderkoping"], ["demo"]])
    def test_nobody_reads(self, command: list[str]) -> None:
        """A reader that goes away, such as head, is no error to talk about."""
        with subprocess.Popen(
            [*COMMAND, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            complaint = process.stderr.read()
            process.wait()
        assert complaint == ""
        assert process.returncode == 141
