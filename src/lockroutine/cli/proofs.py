"""How the command line tells what was proved of a pack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from lockroutine.cli import output
from lockroutine.cli.plain import plain
from lockroutine.cli.words import said
from lockroutine.errors import LockroutineError
from lockroutine.model import Language, Text
from lockroutine.proving import Claim, Proof, as_scenario
from lockroutine.routine import Routine

__all__ = ["of_proof", "tell", "write_stories"]

_KINDS = ("steps", "waits", "cures", "ends")


def of_proof(proof: Proof) -> dict[str, Any]:
    """A proof for a program to read: what holds, within which bound, and each story."""
    made: dict[str, Any] = plain(proof)
    return made


def tell(proof: Proof, language: Language) -> None:
    """Say what was proved, what was refuted with its story, and what could not be decided."""
    say = partial(said, language=language)
    output.line()
    output.line(say("proved", bound=proof.bound.get(language)), style="bold")
    held = Counter(_kind(claim) for claim in proof.claims if claim.outcome == "proved")
    asked = Counter(kind for kind, _ in {(_kind(c), c.name.split(".")[1]) for c in proof.claims})
    for kind in _KINDS:
        if held[kind]:
            output.line("  " + say(f"proved_{kind}", held=held[kind], all=asked[kind]))
    for claim in proof.claims:
        if claim.outcome == "proved" and _kind(claim) not in _KINDS:
            output.line(f"  {_said(claim, language)}")
    for claim in proof.refuted:
        if not claim.follows:
            output.line()
            output.line(f"{say('refuted')}: {_said(claim, language)}", style="bold")
            _story(claim, language)
    followed = [claim for claim in proof.refuted if claim.follows]
    if followed:
        output.line()
        output.line(say("follows"), style="bold")
        for claim in followed:
            output.line(f"  {_said(claim, language)}")
    for why, claims in _by_why(proof.bounded).items():
        output.line()
        output.line(f"{say('not_decided')}. {why.get(language)}", style="bold")
        for claim in claims:
            output.line(f"  {_said(claim, language)}")


def _by_why(claims: Iterable[Claim]) -> dict[Text, list[Claim]]:
    found: dict[Text, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.why or Text("", ""), []).append(claim)
    return found


def _kind(claim: Claim) -> str:
    return claim.name.partition(".")[0]


def _said(claim: Claim, language: Language) -> str:
    kind, cited = _kind(claim), " ".join((*claim.clauses, *(f"({gap})" for gap in claim.gaps)))
    text = claim.text.get(language)
    if kind not in _KINDS:
        text = f"{said(kind, language)}: {text}"
    return f"{text} [{cited}]" if cited else text


def _story(claim: Claim, language: Language) -> None:
    if claim.story is None:
        if claim.why:
            output.line(f"  {claim.why.get(language)}")
        return
    for number, step in enumerate(claim.story.steps, start=1):
        output.line(f"  {number}. {step.text.get(language)}")
    for text in claim.story.ending:
        output.line(f"  - {text.get(language)}")


def write_stories(routine: Routine, proof: Proof, folder: Path, language: Language) -> list[Path]:
    """Write each story into a folder, as a scenario that plays it.

    Raises:
        LockroutineError: There is such a file already; then nothing is written.
    """
    texts = {
        folder / f"{claim.name}.scenario.toml": as_scenario(routine, claim, language)
        for claim in proof.refuted
        if claim.story and not claim.follows
    }
    for path in texts:
        if path.exists():
            raise LockroutineError(f"{path} is there already; nothing was written.")
    if texts:
        folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)
