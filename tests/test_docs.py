from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
from cattrs.errors import ClassValidationError

from lockroutine import load_routine
from lockroutine._fields import read_form
from lockroutine._strict import problems_of
from lockroutine.forms import FORMS
from lockroutine.rules import declared, effects, guards, reader, schema, shown, terms

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGES.md", *DOCS.rglob("*.md")])
CLASSES = [
    one
    for module in (schema, declared, guards, effects, shown, terms)
    for one in vars(module).values()
    if isinstance(one, type) and attrs.has(one) and one.__module__ == module.__name__
]
TABLES = ("states", "transitions", "role", "clause", "process", "fields")


@pytest.fixture(scope="module")
def generate() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("name", ["reference.md", "routine.md", "figures.md", "commands.md"])
def test_a_generated_page_is_up_to_date(generate: ModuleType, name: str) -> None:
    """A generated page says what the code and the pack say: else run docs/generate.py."""
    assert (DOCS / name).read_text(encoding="utf-8") == generate.made(name), (
        f"docs/{name} is out of date: run python docs/generate.py"
    )


def test_every_generated_page_is_looked_at(generate: ModuleType) -> None:
    """No page is generated that the test above does not look at."""
    assert set(generate.PAGES) == {"reference.md", "routine.md", "figures.md", "commands.md"}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_an_example_of_a_form_is_taken(generate: ModuleType, name: str) -> None:
    """The example of each form in the reference is one that the form takes."""
    read_form(FORMS[name], generate.sample(FORMS[name]))


def toml_examples() -> Iterator[Any]:
    for one in CLASSES:
        for number, text in enumerate(
            re.findall(r"```toml\n(.*?)```", one.__doc__ or "", re.DOTALL)
        ):
            yield pytest.param(text, id=f"{one.__name__}-{number}")


@pytest.mark.parametrize("text", list(toml_examples()))
def test_a_toml_example_is_read(text: str) -> None:
    """What a docstring shows of TOML is taken by the strict reader, whole or as a part of a pack.

    A part lacks what stands elsewhere; of the table that it shows itself, nothing is wrong.
    """
    document = tomllib.loads(re.sub(r"^    ", "", text, flags=re.MULTILINE))
    if "kind" in document:
        reader._pack_converter(reader.NO_MORE).structure(document, _base_of(document["kind"]))
        return
    header = re.search(r"\[([\w.\"]+)\]", text)
    path = header.group(1).replace('"', "") if header else ""
    with pytest.raises(ClassValidationError) as caught:
        reader._pack_converter(reader.NO_MORE).structure(document, schema.Pack)
    for problem in problems_of(caught.value):
        within = problem.path.removeprefix(path).lstrip(".")
        assert problem.message == "is missing", problem
        assert not problem.path.startswith(path) or within in TABLES, problem


def _base_of(kind: str) -> type:
    for base, kinds in (
        (guards.Guard, guards.GUARDS),
        (effects.EffectRule, effects.EFFECTS),
        (shown.Shown, shown.SHOWN),
    ):
        if any(one.kind == kind for one in kinds):
            return base
    raise AssertionError(f"no kind {kind}")


def test_every_kind_and_table_has_an_example() -> None:
    """Each guard, effect and shown kind, and each table, shows how it is written."""
    without = [
        one.__name__
        for one in CLASSES
        if not one.__name__.startswith("_")
        and "```toml" not in (one.__doc__ or "")
        and one not in (guards.Want, guards.Finding, schema.Timer, terms.Ref, terms.Condition)
    ]
    assert without == []


def test_the_two_lines_of_the_readme() -> None:
    """The README begins with two sh blocks of one line each: the demo, and the tests."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL)
    assert [kind for kind, _ in blocks[:2]] == ["sh", "sh"]
    first, second = (body for _, body in blocks[:2])
    assert first.count("\n") == second.count("\n") == 1
    assert "lockroutine demo" in first
    assert "tox run" in second


def _anchors(path: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*?)\s*$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link in the README and the docs leads to a file, and to a heading in it."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), target
        if anchor:
            assert anchor in _anchors(found), target


def test_the_words_of_the_small_pack(tmp_path: Path) -> None:
    """The pack that docs/rule-packs.md writes from nothing is one that can be loaded."""
    text = (DOCS / "rule-packs.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"```toml\n# (\w+\.toml)\n(.*?)```", text, re.DOTALL))
    assert "routine.toml" in files
    for name, body in files.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    assert load_routine(tmp_path).processes


def test_what_the_docs_quote_of_the_bundled_pack_stands_in_it() -> None:
    """A TOML block of the docs that shows a table of mounting.toml shows it as it is."""
    pack = reader.read_source("soderkoping").files["mounting.toml"]
    text = (DOCS / "rule-packs.md").read_text(encoding="utf-8")
    quoted = re.findall(r"```toml\n(\[process\.mounting.*?)```", text, re.DOTALL)
    assert quoted
    for block in quoted:
        for table in block.strip().split("\n\n"):
            assert table in pack, table


def test_what_the_docs_quote_of_the_example_packs_stands_in_them() -> None:
    """Each piece of a pack that docs/municipalities.md quotes stands in one of them, as it is."""
    text = (DOCS / "municipalities.md").read_text(encoding="utf-8")
    packs = [path.read_text("utf-8") for path in DOCS.parent.glob("examples/packs/*/*.toml")]
    quoted = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert quoted
    for piece in quoted:
        assert any(piece in pack for pack in packs), piece


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_that_is_shown_is_python(page: Path) -> None:
    """A Python block that is not run, as it needs a framework, is at least one that compiles."""
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        compile(block, str(page), "exec")


def test_every_module_has_its_place() -> None:
    """The page that tells where things are names every module of the package."""
    page = (DOCS / "house.md").read_text(encoding="utf-8")
    package = DOCS.parent / "src" / "lockroutine"
    homes = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    missing = [
        home for home in sorted(homes) if f"`{home}`" not in page and f"`{home}/`" not in page
    ]
    assert not missing
