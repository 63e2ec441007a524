"""What a small world cannot tell: what is not possible there may be in a larger one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from doorspack import doors, refuted, replayed
from lockroutine import Routine, Text, load_routine
from lockroutine.cli.app import app
from lockroutine.proving import Claim, moves, prove
from lockroutine.rules.reader import Source

HEAD = """
name = "firms"
version = "1.0.0"
label = { sv = "Firmor", en = "Firms" }
time_zone = "Europe/Stockholm"
holidays = "SE"

[role.coordinator]
label = { sv = "Samordnare", en = "Coordinator" }
clauses = ["F1"]

[role.firm]
label = { sv = "Firma", en = "Firm" }
only = "firm"
clauses = ["F1"]

[clause.F1]
text = { sv = "Firmor gör arbetet.", en = "Firms do the work." }
owed = ["enforced"]

[form.firm]
label = { sv = "Firma", en = "Firm" }

[form.firm.fields.firm]
type = "text"
label = { sv = "Firma", en = "Firm" }

[form.at]
label = { sv = "Tid", en = "Time" }

[form.at.fields.at]
type = "time"
label = { sv = "Tid", en = "Time" }

[form.count]
label = { sv = "Antal", en = "How many" }

[form.count.fields.doors]
type = "words"
label = { sv = "Dörrar", en = "Doors" }

[process.job]
label = { sv = "Uppdrag", en = "Job" }
subject = "customer"
one_open_per = ["subject"]
find_by = ["firm"]

[process.job.states.sent]
label = { sv = "Skickat", en = "Sent" }
waits_for = ["firm"]

[process.job.states.done]
label = { sv = "Gjort", en = "Done" }
end = true

[process.job.transitions.order]
label = { sv = "Beställ", en = "Order" }
from = []
to = "sent"
by = ["coordinator"]
form = "firm"
sets = { first = "form.firm" }
clauses = ["F1"]

[process.job.transitions.finish]
label = { sv = "Gör klart", en = "Finish" }
from = ["sent"]
to = "done"
by = ["firm"]
clauses = ["F1"]

[process.job.transitions.pass_on]
label = { sv = "Ge vidare", en = "Pass on" }
from = ["sent"]
by = ["coordinator"]
form = "firm"
clauses = ["F1"]

[process.job.transitions.pass_on.guards.another]
kind = "differs"
value = "form.firm"
other = "case.firm"
otherwise = { sv = "Den har det redan.", en = "That one has it already." }
clauses = ["F1"]
"""


def firms(more: str = "") -> Routine:
    return load_routine(Source("firms", {"routine.toml": HEAD, "more.toml": more}))


def step(*guards: str, name: str = "more", form: str = "firm", sets: str = "") -> str:
    """A further step of a job, with guards on it."""
    text = f"""
[process.job.transitions.{name}]
label = {{ sv = "Mera", en = "More" }}
from = ["sent"]
by = ["coordinator"]
form = "{form}"
{sets}
clauses = ["F1"]
"""
    for number, guard in enumerate(guards):
        text += f"""
[process.job.transitions.{name}.guards.it_{number}]
{guard}
otherwise = {{ sv = "Nej.", en = "No." }}
clauses = ["F1"]
"""
    return text


def test_two_organisations(tmp_path: Path) -> None:
    """A job can be given to another firm: there are two, and the story of it is played."""
    assert {claim.outcome for claim in prove(firms()).claims} == {"proved"}
    never = """
[never.passed_on]
label = { sv = "Ett uppdrag byter firma", en = "A job changes firms" }
process = "job"
states = ["sent"]
clauses = ["F1"]

[never.passed_on.guards.another]
kind = "differs"
value = "case.firm"
other = "case.first"
"""
    routine = firms(never)
    claim = refuted(routine)["never.passed_on"]
    replayed(routine, claim, tmp_path)
    assert claim.story
    assert [one.transition for one in claim.story.steps] == ["order", "pass_on"]
    text = (tmp_path / "never.passed_on.scenario.toml").read_text("utf-8")
    assert 'units = ["north", "south"]' in text


IS_NOT_FIRST = 'kind = "differs"\nvalue = "form.firm"\nother = "case.first"'
IS_NOT_NOW = 'kind = "differs"\nvalue = "form.firm"\nother = "case.firm"'
BEYOND = Text(
    "I den lilla världen är det aldrig möjligt; i en större vore det kanske det.",
    "In the small world it is never possible; in a larger one it might be.",
)


def of_step(routine: Routine, name: str = "more") -> Claim | None:
    """What is said of a step by the coordinator; None if it is proved with the others."""
    claims = {claim.name: claim for claim in prove(routine).claims}
    return claims.get(f"steps.job.{name}.coordinator")


def test_a_third_organisation() -> None:
    """Who must be another than two others is not there: that is not decided, and said so."""
    first_is_other = 'kind = "differs"\nvalue = "case.first"\nother = "case.firm"'
    claim = of_step(firms(step(first_is_other, IS_NOT_FIRST, IS_NOT_NOW)))
    assert claim
    assert (claim.outcome, claim.why, claim.story) == ("bounded", BEYOND, None)


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        (step('kind = "count"\nlist = "form.doors"\nat_least = 9\nat_most = 7', form="count"), "?"),
        (
            step('kind = "time_window"\nvalue = "form.at"\nnot_sooner_than = "P900D"', form="at"),
            "?",
        ),
        (step('kind = "case_in_state"\nprocess = "job"\nstates = ["done"]'), "never"),
        (step('kind = "no_case_in_state"\nprocess = "job"\nstates = ["sent"]'), "never"),
        (
            step(
                'kind = "no_case_in_state"\nprocess = "job"\nfind = "firm"\n'
                'subject = "case.firm"\nstates = ["sent"]\nmatch = { first = "case.first" }'
            ),
            "?",
        ),
    ],
)
def test_what_there_is_more_of_in_a_larger_world(more: str, outcome: str) -> None:
    """How many and how late may be otherwise there; what contradicts itself does so everywhere."""
    claim = of_step(firms(more))
    assert claim
    assert {"bounded": "?", "refuted": "never"}[claim.outcome] == outcome
    assert (claim.why == BEYOND) is (outcome == "?")


def test_what_hangs_on_what_is_not_decided() -> None:
    """A step that waits for one of which nothing is decided, and its refusals, are not either."""
    count = step('kind = "count"\nlist = "form.doors"\nat_least = 9\nat_most = 7', form="count")
    after = step('kind = "done"\ntransitions = ["more"]', name="after")
    proof = prove(firms(count + after))
    assert proof.refuted == ()
    assert {claim.name for claim in proof.bounded} >= {
        "steps.job.more.coordinator",
        "steps.job.after.coordinator",
        "cures.job.after.guards.it_0",
    }


def test_what_only_follows() -> None:
    """What does not hold only because of something else comes last, in one line each."""
    never = 'kind = "no_case_in_state"\nprocess = "consent"\nstates = ["asked"]'
    receive = 'to = "received"\nby = ["coordinator"]\nclauses = ["D1"]\n'
    guard = f"""
[process.consent.transitions.receive.guards.no]
{never}
otherwise = {{ sv = "Nej.", en = "No." }}
clauses = ["D1"]
"""
    found = refuted(doors(("people", receive, receive + guard)))
    roots = {name for name, claim in found.items() if not claim.follows}
    assert "steps.consent.receive.coordinator" in roots
    assert "steps.mounting.order.coordinator" in set(found) - roots
    assert "steps.lock.install.joint" in set(found) - roots
    assert all(not name.startswith("steps.") or "consent" in name for name in roots)


def checked(folder: Path, text: str, *arguments: str) -> Any:
    (folder / "routine.toml").write_text(text, encoding="utf-8")
    return CliRunner().invoke(app, ["check", str(folder), *arguments])


def test_the_command_tells_what_follows_last(tmp_path: Path) -> None:
    """First the stories, then what only follows, of which no story is written."""
    never = step('kind = "no_case_in_state"\nprocess = "job"\nstates = ["sent"]')
    after = step('kind = "done"\ntransitions = ["more"]', name="after")
    stories = tmp_path / "stories"
    result = checked(tmp_path, HEAD + never + after, "--stories", str(stories))
    assert result.exit_code == 1
    first, follows = (
        result.stdout.index(word) for word in ("REFUTED: Job: More", "AND SO neither")
    )
    assert first < follows
    assert "It comes no further than this; in the way is" in result.stdout[first:follows]
    names = [path.name for path in stories.iterdir()]
    assert "steps.job.more.coordinator.scenario.toml" in names
    assert "steps.job.after.coordinator.scenario.toml" not in names


def test_the_command_tells_what_is_not_decided(tmp_path: Path) -> None:
    """What is not decided comes by what kept it from that; the exit is 0, as nothing is wrong."""
    count = 'kind = "count"\nlist = "form.doors"\nat_least = 9\nat_most = 7'
    result = checked(tmp_path, HEAD + step(count, form="count"))
    assert result.exit_code == 0
    assert f"\nNOT DECIDED. {BEYOND.en}\n  Job: More can be made by Coordinator\n" in result.stdout
    assert "REFUTED" not in result.stdout


def test_more_ways_than_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a step with too many ways not everything is known: then nothing is called proved by it."""
    monkeypatch.setattr(moves, "MOST", 1)
    proof = prove(firms())
    assert proof.refuted == ()
    assert "ends.job" in {claim.name for claim in proof.bounded}
    (ends,) = (claim for claim in proof.bounded if claim.name == "ends.job")
    assert ends.why
    assert ends.why.en.startswith("Not everything that can be given was tried (Order")


def test_an_end_that_may_be_reached_in_a_larger_world() -> None:
    """Where the only way to an end is not decided, it is not decided that a case is trapped."""
    guard = """
[process.job.transitions.finish.guards.doors]
kind = "count"
list = "form.doors"
at_least = 9
at_most = 7
otherwise = { sv = "Nej.", en = "No." }
clauses = ["F1"]
"""
    by = 'to = "done"\nby = ["firm"]\n'
    assert HEAD.count(by) == 1
    text = HEAD.replace(by, f'{by}form = "count"\n') + guard
    claims = {
        claim.name: claim
        for claim in prove(load_routine(Source("firms", {"routine.toml": text}))).claims
    }
    assert (claims["ends.job"].outcome, claims["ends.job"].why) == ("bounded", BEYOND)
    assert claims["steps.job.finish.firm"].outcome == "bounded"
