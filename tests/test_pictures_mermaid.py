"""Mermaid text, read by the real Mermaid."""

from __future__ import annotations

import html
import re
import unicodedata

import mermaidx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drawn import labels
from lockroutine import load_routine
from lockroutine.pictures.mermaid import escaped, map_mermaid, process_mermaid

ROUTINE = load_routine()
_LINE = re.compile(
    r"stateDiagram-v2|flowchart TB|end note"
    r'|state "(?P<label>[^"]*)" as s\d+'
    r"|(?:s\d+|\[\*\]) --> (?:s\d+|\[\*\])(?: : (?P<step>.*))?"
    r"|note right of s\d+"
    r"|accTitle: (?P<title>.*)"
    r'|p\d+\["(?P<box>[^"]*)"\]'
    r'|p\d+ (?:-->\|"\d+"\||-\.->) p\d+'
    r"|    (?P<note>.+)"
)


def shown(text: str) -> list[str]:
    """The texts that Mermaid shows of a diagram."""
    drawn = mermaidx.render(text).svg()
    found = re.findall(r">([^<]+)<", drawn)
    return [" ".join(html.unescape(one).split()) for one in found]


def test_mermaid_draws_a_process() -> None:
    """The real Mermaid takes the text, and shows every state and step by its label."""
    texts = " ".join(shown(process_mermaid(ROUTINE, "battery", "sv")))
    rules = ROUTINE.process("battery").rules
    for state in rules.states.values():
        assert state.label.sv in texts
    for step in rules.transitions.values():
        assert step.label.sv in texts


def test_mermaid_draws_the_map() -> None:
    """The real Mermaid takes the map, and shows every process by its label."""
    texts = shown(map_mermaid(ROUTINE, "sv"))
    for process in ROUTINE.pack.process.values():
        assert process.label.sv in texts


@settings(max_examples=10, deadline=None)
@given(st.lists(labels.filter(escaped), min_size=3, max_size=3))
@example(["\x00a", "b\x1b", "\x7f?"])
def test_mermaid_reads_any_label_as_text(words: list[str]) -> None:
    """Whatever a label holds, Mermaid takes it for a text, and for nothing else."""
    first, second, third = map(escaped, words)
    text = (
        "stateDiagram-v2\n"
        f'    state "{first}" as s1\n'
        f"    [*] --> s1 : {second} [x]\n"
        f"    note right of s1\n        {third}\n    end note\n"
    )
    drawn = mermaidx.render(text).svg()
    assert "<script" not in drawn
    assert len(re.findall(r'id="[^"]*state-s1-\d+"', drawn)) == 1
    assert not re.findall(r"state-s[2-9]", drawn)


@given(labels)
def test_what_is_escaped_is_of_few_signs(text: str) -> None:
    """No sign that means something to Mermaid, HTML or Markdown is left but as a number."""
    left = re.sub(r"#\d+;", "", escaped(text))
    assert not set(left) & set('<>&"`;:#%{}[]\\-~*_^\n\t\x00')
    assert "end note" not in escaped(text).lower()
    decoded = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), escaped(text))
    kept = (one for one in " ".join(text.split()) if unicodedata.category(one) != "Cc")
    assert decoded == "".join(kept)


@pytest.mark.parametrize("process", sorted(ROUTINE.processes))
def test_every_line_is_one_of_a_few(process: str) -> None:
    """Each line of a diagram has one of the shapes that are meant, with escaped texts in it."""
    for language in ("sv", "en"):
        for line in process_mermaid(ROUTINE, process, language).splitlines():
            found = _LINE.fullmatch(line.removeprefix("    "))
            assert found, line
            for text in filter(None, found.groups()):
                assert not set(re.sub(r"#\d+;", "", text)) & set('<>&"`;:#%{}\\'), line


def test_a_diagram_of_mermaid_says_what_is_owed() -> None:
    """A note beside a state names whom it waits for, by when, and each step that stays there."""
    lines = process_mermaid(ROUTINE, "mounting").splitlines()
    assert "        Waits for#58; Installer. Within 14 days" in lines
    assert "        ☐ Test the lock [Installer] ◆◆" in lines
    assert "        ○ Unpair the lock again [Coordinator] ◆◆" in lines
    assert "    s1 --> s2 : Agree the time [Installer] ◇◇◇◆" in lines
