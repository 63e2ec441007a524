"""The pack of `packs/doors`, in which all holds that should, and mistakes to make in it."""

from __future__ import annotations

from pathlib import Path

from lockroutine.proving import Claim, Proof, as_scenario, prove
from lockroutine.routine import Routine, load_routine
from lockroutine.rules.reader import Source, read_source
from lockroutine.testing import read_scenario, run_scenario

FOLDER = Path(__file__).parent / "packs" / "doors"
DOORS = read_source(FOLDER)


def doors(*changes: tuple[str, str, str], more: str = "") -> Routine:
    """The pack with texts of its files exchanged, and with more rules."""
    texts = {**DOORS.files, "more.toml": more}
    for name, old, new in changes:
        assert texts[f"{name}.toml"].count(old) == 1, f"{old!r} is not once in {name}.toml"
        texts[f"{name}.toml"] = texts[f"{name}.toml"].replace(old, new)
    return load_routine(Source("doors", texts))


def without(file: str, table: str) -> tuple[str, str, str]:
    """The change that takes a table out of a file of the pack."""
    text = DOORS.files[f"{file}.toml"]
    begins = text.index(f"[{table}]")
    return file, text[begins : text.find("\n[", begins) + 1 or None], ""


_known: dict[str, Proof] = {}


def proof_of(routine: Routine) -> Proof:
    """What is proved of a text is proved once."""
    digest = routine.source.digest
    if digest not in _known:
        _known[digest] = prove(routine)
    return _known[digest]


def refuted(routine: Routine) -> dict[str, Claim]:
    """What does not hold of a routine; everything else is proved, nothing left open."""
    proof = proof_of(routine)
    assert proof.bounded == ()
    return {claim.name: claim for claim in proof.refuted}


def steps(claim: Claim) -> list[str]:
    """The story of a claim: who does what; what is refused in the end is left out."""
    assert claim.story
    made = (one for one in claim.story.steps if not one.refused)
    return [f"{one.role}: {one.process}.{one.transition}" for one in made]


def replayed(routine: Routine, claim: Claim, folder: Path) -> None:
    """Play the story of a claim by the engine; every step must come out as it tells."""
    path = folder / f"{claim.name}.scenario.toml"
    path.write_text(as_scenario(routine, claim, "en"), encoding="utf-8")
    assert claim.story
    assert len(run_scenario(read_scenario(path), routine).steps) == len(claim.story.steps)
