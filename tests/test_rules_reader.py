"""What the reader has against a pack: all at once, each with file, line and what to write."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cattrs.errors import IterableValidationError, IterableValidationNote
from hypothesis import given
from hypothesis import strategies as st

from lockroutine import NotFound, Problem, RulesError, load_routine
from lockroutine._strict import Wrong, problems_of
from lockroutine.rules.reader import Source, bundled, read_source
from lockroutine.rules.trace import trace
from smallpack import FOLDER, MONDAY, ROUTINE, SMALL, edited, problems

CASES: list[dict[str, Any]] = tomllib.loads(
    (FOLDER.parent / "problems.toml").read_text(encoding="utf-8")
)["case"]


def against(files: dict[str, bytes], folder: Path) -> str:
    """What the reader says to a folder with these files."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with pytest.raises(RulesError) as error:
        load_routine(folder)
    return str(error.value)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_problems(case: dict[str, Any]) -> None:
    """Whatever is wrong in a pack is told in full: where it stands and what to write instead."""
    changes = [(one["file"], one["old"], one["new"]) for one in case["change"]]
    assert problems(*changes) == case["problems"]


def test_all_at_once() -> None:
    """Problems of several files come together."""
    found = problems(
        ("lock", 'to = "scrapped"', 'to = "scraped"'),
        ("order", 'form = "lock_test"', 'form = "lock_tests"'),
        ("routine", 'version = "1.0.0"', 'version = "1"'),
    )
    assert {line.partition(":")[0] for line in found} == {"lock.toml", "order.toml", "routine.toml"}


def test_nothing_against_good_packs() -> None:
    """A good pack has no problems, nor has one of another country or without holidays."""
    assert problems() == []
    assert problems(("routine", 'holidays = "SE"', 'holidays = "FI"')) == []
    assert problems(("routine", 'holidays = "SE"\n', "")) == []


def test_every_bundled_pack() -> None:
    """Every pack that comes with the library can be loaded by its name."""
    assert bundled() == ["soderkoping"]
    assert load_routine().key.startswith("soderkoping@")


# -- files ----------------------------------------------------------------------------------------


def test_no_such_pack() -> None:
    """A pack that is not there is not found, with the nearest that is."""
    with pytest.raises(NotFound) as error:
        load_routine("soderkopin")
    assert str(error.value) == "There is no rule pack 'soderkopin'. Did you mean 'soderkoping'?"


@pytest.mark.parametrize("name", ["x" * 10_000, "a\x00b", "\ud800"], ids=["long", "nul", "lone"])
def test_names_that_no_folder_has(name: str) -> None:
    """A name that no folder can have is not found either."""
    with pytest.raises(NotFound, match="There is no rule pack"):
        load_routine(name)


def test_a_file_for_a_folder(tmp_path: Path) -> None:
    """A file where a folder should be is refused."""
    file = tmp_path / "routine.toml"
    file.write_text("")
    with pytest.raises(RulesError) as error:
        load_routine(file)
    assert str(error.value) == f"{file}: is a file; a rule pack is a folder of TOML files"


def test_a_folder_without_a_routine(tmp_path: Path) -> None:
    """A folder without routine.toml is no rule pack."""
    said = against({"lock.toml": b""}, tmp_path)
    assert said == f"{tmp_path}: holds no routine.toml, so it is no rule pack"


def test_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is refused with the line where that shows."""
    said = against({"routine.toml": "a = 1\nb = 'Lås'\n".encode("latin-1")}, tmp_path)
    assert said == "routine.toml:2: is not UTF-8; save it as UTF-8"


def test_too_large(tmp_path: Path) -> None:
    """A file of more than two megabytes is not read."""
    said = against({"routine.toml": b"#" * 2_000_001}, tmp_path)
    assert said == "routine.toml: is larger than any rule pack: 2 MB at most"


def test_a_folder_for_a_file(tmp_path: Path) -> None:
    """A folder that is called like a file of the pack cannot be read."""
    (tmp_path / "lock.toml").mkdir()
    said = against({"routine.toml": b""}, tmp_path)
    assert said == "lock.toml: cannot be read: Is a directory"


def test_bad_toml(tmp_path: Path) -> None:
    """What is no TOML is refused with its line, for every such file."""
    said = against({"routine.toml": b'a = 1\nb = "x\n', "lock.toml": b"[a\n"}, tmp_path)
    assert said.split("\n") == [
        "routine.toml:2: is not TOML: Illegal character '\\n'",
        "lock.toml:1: is not TOML: Expected ']' at the end of a table declaration",
    ]


def test_toml_that_just_ends(tmp_path: Path) -> None:
    """Where TOML ends too early, the last line is named."""
    said = against({"routine.toml": b"b = 1\na = [\n\n"}, tmp_path)
    assert said == "routine.toml:2: is not TOML: Invalid value"


def test_nested_bomb(tmp_path: Path) -> None:
    """Brackets nested a hundred thousand deep are refused."""
    said = against({"routine.toml": b"a = " + b"[" * 100_000}, tmp_path)
    assert said == "routine.toml: is nested too deeply"


def test_long_lines_are_read_quickly(tmp_path: Path) -> None:
    """A line of a megabyte of spaces within a text is no obstacle."""
    text = b'name = """\n[' + b" " * 1_000_000 + b'\n"""\n'
    said = against({"routine.toml": text}, tmp_path)
    assert said.startswith("routine.toml: version: is missing\n")


def test_the_same_table_twice() -> None:
    """A key that stands in two files is refused; a table may be told in several."""
    again = (
        'holidays = "SE"\n[role.new]\nlabel = { sv = "Ny", en = "New" }\n'
        '[process.lock]\nsees_secret = ["staff"]\nsubject = "serial_number"\n'
        '[process.lock.states.in_store]\nlabel = "In"\ndue = "P1D"\n'
    )
    assert problems(again=again) == [
        "again.toml: holidays: stands in another file already",
        "again.toml: process.lock.subject: stands in another file already",
        "again.toml: process.lock.states.in_store.label: stands in another file already",
    ]
    assert problems(more='[process.lock.states.in_store]\ndue = "P1D"\n') == []


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    """A file saved on Windows reads the same."""
    for name, text in SMALL.files.items():
        content = "\ufeff" + text.replace("\n", "\r\n")
        (tmp_path / name).write_bytes(content.encode())
    assert read_source(tmp_path).digest == SMALL.digest


def test_line_of_a_quoted_key() -> None:
    """A header with quotes and spaces is found on its line."""
    found = problems(
        ("lock", "[process.lock.states.scrapped]", '[ process . lock.states."scrapped"]'),
        ("lock", "end = true", "end = 1"),
    )
    assert found == [
        "lock.toml:15: process.lock.states.scrapped.end: must be true or false, not a whole number"
    ]


def test_digests_tell_texts_apart() -> None:
    """Another text has another digest; where it was read from does not matter."""
    assert Source("elsewhere", dict(SMALL.files)).digest == SMALL.digest
    assert edited(("lock", "Scrapped", "Gone")).digest != SMALL.digest
    assert "Kassera" not in repr(SMALL)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text at all as a file of a pack is read or refused, never anything else."""
    try:
        load_routine(Source("any", {**SMALL.files, "any.toml": text}))
    except RulesError as error:
        assert error.problems  # noqa: PT017


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)


@given(st.sampled_from(sorted(SMALL.files)), st.data())
def test_any_line_may_be_lost(name: str, data: st.DataObject) -> None:
    """A pack with any one line taken out is read or refused with a place that exists."""
    lines = SMALL.files[name].split("\n")
    lost = data.draw(st.integers(0, len(lines) - 1))
    text = "\n".join(lines[:lost] + lines[lost + 1 :])
    try:
        load_routine(Source("less", {**SMALL.files, name: text}))
    except RulesError as error:
        for problem in error.problems:
            assert problem.file in SMALL.files
            assert 0 <= problem.line <= SMALL.files[problem.file].count("\n") + 1


# -- the strict converter -------------------------------------------------------------------------


def test_what_is_no_problem_is_raised() -> None:
    """An error that says nothing of the data is not taken for one that does."""
    with pytest.raises(RuntimeError, match="out of order"):
        problems_of(RuntimeError("out of order"))


def test_notes_of_others() -> None:
    """A note that somebody else left on an error is no part of its path."""
    inner = Wrong("is wrong")
    inner.add_note("seen at noon")
    inner.add_note(IterableValidationNote("[0]", 0, int))
    error = IterableValidationError("problems", [inner], tuple)
    assert problems_of(error, "a") == [Problem("a[0]", "is wrong")]


def test_a_problem_without_a_path() -> None:
    """What is wrong as a whole has no path."""
    assert problems_of(KeyError("x")) == [Problem("", "is missing")]
    assert problems_of(TypeError()) == [Problem("", "must be a table")]


# -- the compiled routine -------------------------------------------------------------------------


def test_a_routine_is_a_value() -> None:
    """A routine pickles, says what it is, and is known by name and version."""
    again = pickle.loads(pickle.dumps(ROUTINE))
    assert (again.key, repr(again), again.source) == ("small@1.0.0", "<Routine small@1.0.0>", SMALL)


def test_what_is_asked_of_a_routine() -> None:
    """A routine tells an effect's rule by its path, and a time by a duration or a parameter."""
    rule = ROUTINE.effect_rule("process.order.transitions.order.effects.ticket")
    assert rule.kind == "open_ticket"
    assert ROUTINE.after(MONDAY, "fresh") == ROUTINE.after(MONDAY, "P7D")
    assert ROUTINE.after(MONDAY, "P7D", -1) < MONDAY
    assert ROUTINE.tending_roles() == ()
    tended = edited(("routine", "[role.staff]\n", "[role.staff]\ntends_effects = true\n"))
    assert load_routine(tended).tending_roles() == ("staff",)


def test_trace() -> None:
    """Each clause and gap is traced to the rules that name it; one that nothing holds is told."""
    found = trace(ROUTINE.pack)
    assert [clause.id for clause in found.clauses] == [f"C{n}" for n in range(1, 8)]
    assert found.unheld == ("C7",)
    held = {
        clause.id: [f"{one.kind} {one.at}" for one in clause.held_by] for clause in found.clauses
    }
    assert held["C4"] == [
        "parameter parameter.cycles",
        "duty process.order.states.fitted.duties.test",
        "duty process.order.states.fitted.duties.write_note",
        "transition process.order.transitions.test",
        "guard process.order.transitions.test.guards.cycles",
        "transition process.order.transitions.write_note",
    ]
    assert "role role.coordinator" in held["C1"]
    assert "shown shown.locks" in held["C6"]
    assert "joint process.order.transitions.install.joint.lock" in held["C3"]
    assert "effect process.order.transitions.order.effects.ticket" in held["C1"]
    assert "state process.order.states.ordered" in held["C1"]
    (gap,) = found.gaps
    assert (gap.id, gap.reading.en, gap.clauses) == ("holidays", "No.", ("C2",))
    assert [one.at for one in gap.held_by][:1] == ["process.order.states.booked"]
