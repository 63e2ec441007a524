"""Packs that are too large to be followed to the end: what is proved, and what is left open."""

from __future__ import annotations

import pytest

from lockroutine import Routine, load_routine
from lockroutine.proving import prove, views
from lockroutine.rules.reader import Source

HEAD = """
name = "chains"
version = "1.0.0"
label = { sv = "Kedjor", en = "Chains" }
time_zone = "Europe/Stockholm"
holidays = "SE"

[role.coordinator]
label = { sv = "Samordnare", en = "Coordinator" }
clauses = ["C1"]

[clause.C1]
text = { sv = "Ett efter det andra.", en = "One after the other." }
owed = ["enforced"]
"""


def chains(number: int, states: int) -> Routine:
    """Processes of many states in a row, each of which waits for the middle of the one before."""
    label = 'label = { sv = "Kedja", en = "Chain" }\n'
    text = HEAD
    for process in range(number):
        name = f"chain_{process}"
        text += f'[process.{name}]\n{label}subject = "customer"\none_open_per = ["subject"]\n'
        for state in range(states):
            end = "end = true" if state == states - 1 else 'waits_for = ["coordinator"]'
            text += f"[process.{name}.states.s{state}]\n{label}{end}\n"
            text += f"[process.{name}.transitions.t{state}]\n{label}"
            text += f'from = ["s{state - 1}"]\n' if state else "from = []\n"
            text += f'to = "s{state}"\nby = ["coordinator"]\nclauses = ["C1"]\n'
        if process:
            text += f'[process.{name}.transitions.t0.guards.before]\nkind = "case_in_state"\n'
            text += f'process = "chain_{process - 1}"\nstates = ["s{states // 2}"]\n'
            text += 'otherwise = { sv = "Vänta.", en = "Wait." }\nclauses = ["C1"]\n'
    return load_routine(Source("chains", {"routine.toml": text}))


def test_many_states() -> None:
    """Processes of many states are followed to their ends, and all is proved of them."""
    proof = prove(chains(5, 40))
    assert len(proof.claims) == 5 * 4
    assert {claim.outcome for claim in proof.claims} == {"proved"}


def test_more_than_may_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all views together become too large, the rest is left open, with what bounded it."""
    monkeypatch.setattr(views, "ALL", 12)
    proof = prove(chains(5, 40))
    assert proof.refuted == ()
    assert proof.bounded
    assert {claim.outcome for claim in proof.claims} == {"proved", "bounded"}
    assert {claim.why.en for claim in proof.bounded if claim.why} == {
        "There are too many worlds to go through; as far as was looked, it holds."
    }


def test_few_views_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked at is forgotten and looked at again; the answers are the same."""
    monkeypatch.setattr(views, "KEPT", 1)
    assert {claim.outcome for claim in prove(chains(4, 8)).claims} == {"proved"}
