"""The rule book: what stands in it, that it needs nothing beside it, and that all can read it."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from drawn import labels
from lockroutine import load_routine
from lockroutine._fields import entries
from lockroutine.cli.app import app
from lockroutine.decide.wording import in_words
from lockroutine.model import Language
from lockroutine.pictures.palette import PAPER, SHADE, contrast
from lockroutine.pictures.rulebook import rule_book
from lockroutine.pictures.rulebook.style import STYLE
from lockroutine.rules.calendar import Duration
from lockroutine.rules.reader import Source
from lockroutine.rules.terms import Message
from smallpack import SMALL

ROUTINE = load_routine()
VOID = {"meta", "br", "col"}


@define
class Read(HTMLParser):
    """A page taken apart: its elements in order, and its text."""

    tags: list[tuple[str, dict[str, str | None]]] = field(factory=list)
    text: str = ""
    headings: list[int] = field(factory=list)
    _open: list[str] = field(factory=list)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def whole(self) -> bool:
        """Whether every element was closed."""
        return not self._open


def read(page: str) -> Read:
    """Take a page apart."""
    found = Read()
    found.feed(page)
    found.close()
    assert found.whole
    return found


@functools.cache
def book(language: Language) -> Read:
    """The book of the bundled pack."""
    return read(rule_book(ROUTINE, language))


def words(text: str) -> str:
    """A text with one space between its words."""
    return " ".join(text.split())


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_book_holds_all_that_the_pack_says(language: Language) -> None:
    """Every label, clause, gap, refusal, parameter, message and field stands in the book."""
    text = words(book(language).text)
    pack = ROUTINE.pack
    values = {
        name: ", ".join(value) if isinstance(value, tuple) else value
        for name, value in ROUTINE.parameters.items()
    }
    for name, value in values.items():
        if str(value).startswith("P"):
            values[name] = in_words(Duration.parse(str(value))).get(language)
    said = [role.label for role in pack.role.values()]
    said += [clause.text for clause in pack.clause.values()]
    said += [one for gap in pack.gap.values() for one in (gap.question, gap.reading)]
    said += [one.label for one in (*pack.parameter.values(), *pack.shown.values())]
    said += [one.label for one in pack.sweep.values()]
    said += [one for t in pack.template.values() for one in (t.subject, t.body)]
    for process in pack.process.values():
        said.append(process.label)
        said += [state.label for state in process.states.values()]
        for step in process.transitions.values():
            said.append(step.label)
            if step.form:
                said += [one.label for one in entries(ROUTINE.forms[step.form]).values()]
    for one in said:
        assert words(one.get(language)) in text, one
    for process in pack.process.values():
        for step in process.transitions.values():
            for guard in step.guards.values():
                otherwise = Message(guard.otherwise.get(language)).safe_substitute(values)
                assert words(re.sub(r"\$[a-z_.]+", "…", otherwise)) in text
    assert "Nothing holds it." not in text


def test_every_clause_is_there_with_what_holds_it() -> None:
    """A clause leads to the rules that hold it, in words."""
    page = rule_book(ROUTINE, "sv")
    row = page[page.index('id="clause-B7"') :].split("</tr>")[0]
    assert "upprätthålls" in row
    assert 'href="#step-mounting-test">Prova låset</a>' in row
    assert "(villkor: Antal låsningar och upplåsningar ≥ 5)" in row
    assert "läge" in row


def test_who_may_do_what_is_what_the_rules_say() -> None:
    """The matrix has a dot where a role may make a step, and nowhere else."""
    page = rule_book(ROUTINE)
    matrix = page[page.index('id="matrix"') : page.index("</section>", page.index('id="matrix"'))]
    head = matrix[: matrix.index("</thead>")]
    columns = re.findall(r'title="([^"]*)"|<th scope="col">([^<]+)<', head)
    names = [one or other for one, other in columns]
    labels_of = {role.label.en: name for name, role in ROUTINE.pack.role.items()}
    known = [labels_of.get(name.replace("&#x27;", "'"), name) for name in names]
    others = {"The clock": "clock", "Another system": "pull", "Another step": "joint"}
    others |= {"A standing check": "sweep"}
    known = [others.get(name, name) for name in known]
    for process, rules in ROUTINE.pack.process.items():
        for step, transition in rules.transitions.items():
            row = matrix[matrix.index(f'href="#step-{process}-{step}"') :].split("</tr>")[0]
            cells = re.findall(r"<td>(.*?)</td>", row)
            assert len(cells) == len(known)
            dots = {
                n for n, cell in zip(known, cells, strict=True) if "●" in cell and "may" in cell
            }
            assert dots == set(transition.by)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_book_needs_nothing_beside_it(language: Language) -> None:
    """It opens without a network: no script, and no address in any attribute or style."""
    page = book(language)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "base"}
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name != "xmlns":
                assert "//" not in (value or ""), (tag, name, value)
    assert "url(" not in STYLE
    assert "@import" not in STYLE


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_book_leads_where_it_says(language: Language) -> None:
    """Every way within the book leads to something, and no two things have one name."""
    page = book(language)
    ids = Counter(a["id"] for _, a in page.tags if "id" in a)
    assert ids.most_common(1)[0][1] == 1
    targets = {a["href"] for tag, a in page.tags if tag == "a"}
    assert targets
    assert all(str(one).startswith("#") and str(one)[1:] in ids for one in targets)
    for name in ("aria-labelledby",):
        for _, attributes in page.tags:
            assert set((attributes.get(name) or "").split()) <= set(ids)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_book_can_be_read_by_all(language: Language) -> None:
    """Language, headings in order, tables with headings and captions, drawings with words."""
    page = book(language)
    tags = [tag for tag, _ in page.tags]
    assert page.tags[0] == ("html", {"lang": language})
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert tags.count("main") == tags.count("header") == tags.count("nav") == 1
    assert tags.count("table") == tags.count("caption") == tags.count("thead")
    for tag, attributes in page.tags:
        if tag == "th":
            assert attributes.get("scope") in ("col", "row", "rowgroup")
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-labelledby"]
    assert tags.count("svg") == tags.count("desc") == len(ROUTINE.processes) + 1
    skip = next(attributes for tag, attributes in page.tags if tag == "a")
    assert skip == {"href": "#contents", "class": "skip"}


def test_the_contents_name_every_chapter() -> None:
    """The table of contents has each chapter once, in order."""
    page = rule_book(ROUTINE)
    nav = page[page.index("<nav") : page.index("</nav>")]
    named = re.findall(r'<a href="#([\w-]+)">', nav)
    chapters = re.findall(r'<section id="([\w-]+)" class="chapter"', page)
    assert named == chapters
    assert [one for one in named if one.startswith("process-")] == [
        f"process-{name}" for name in ROUTINE.processes
    ]


def test_every_colour_of_the_book_can_be_read() -> None:
    """Every colour of text in the style has a contrast of at least 4.5 on white and on shade."""
    colours = re.findall(r"[{ ;]color: (#[0-9a-f]{6})", STYLE)
    assert len(set(colours)) >= 3
    for colour in colours:
        assert contrast(colour, PAPER) >= 4.5
        assert contrast(colour, SHADE) >= 4.5


def test_the_book_prints_on_paper() -> None:
    """It says its sheets, begins a process on a new one, and cuts no row in two."""
    assert "size: A4" in STYLE
    assert ".chapter { break-before: page; }" in STYLE
    assert "tr { break-inside: avoid; }" in STYLE
    assert "thead { display: table-header-group; }" in STYLE


@settings(max_examples=12, deadline=None)
@given(st.lists(labels, min_size=4, max_size=4))
def test_whatever_a_pack_says_is_text(said: list[str]) -> None:
    """No label, question, refusal or message can put anything into the page but its text."""
    texts = {}
    for name, text in SMALL.files.items():
        nasty = iter(said * 500)

        def put(found: re.Match[str], nasty: Any = nasty) -> str:
            # JSON's escapes are TOML's, except for signs beyond the sixteen bits.
            clean = "".join(c for c in next(nasty) if c.isprintable() and ord(c) < 0x10000)
            return f"{found[1]}{json.dumps(clean.replace('$', '').strip() or 'x')}"

        texts[name] = re.sub(r'((?:label|question|reading) = \{ sv = )"[^"]*"', put, text)
    plain, odd = (
        rule_book(load_routine(SMALL), "sv"),
        rule_book(load_routine(Source("odd", texts)), "sv"),
    )
    known = [tag for tag, _ in read(plain).tags if tag not in ("path", "text", "g")]
    assert [tag for tag, _ in read(odd).tags if tag not in ("path", "text", "g")] == known


def run(*arguments: str | Path) -> Any:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_the_book_is_written_by_a_command(tmp_path: Path) -> None:
    """`lockroutine book` writes the page to the file named, or says it."""
    file = tmp_path / "book.html"
    result = run("book", "soderkoping", "--lang", "sv", "--out", file)
    assert (result.exit_code, result.stdout) == (0, f"{file}\n")
    assert file.read_text(encoding="utf-8") == rule_book(ROUTINE, "sv")
    assert run("book", "soderkoping").stdout == rule_book(ROUTINE)
    assert "is there already" in run("book", "soderkoping", "--out", file).stderr
    assert run("book", "soderkoping", "--out", file, "--force").exit_code == 0


def test_a_book_cannot_be_a_folder(tmp_path: Path) -> None:
    """A folder in the place of the file is said; a pack that is wrong is, too."""
    result = run("book", "soderkoping", "--out", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.strip() == (
        f"lockroutine: {tmp_path} is a folder. The book is one file: name it."
    )
    assert run("book", tmp_path).exit_code == 2
