"""Packs with one mistake each: the right claim falls, with the shortest story, and it is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorspack import DOORS, doors, refuted, replayed, steps, without
from lockroutine import Text, load_routine
from lockroutine.proving import Claim, as_scenario, claims_of, prove
from lockroutine.routine import Routine

LOCK_HANGS = [
    "coordinator: consent.ask",
    "coordinator: consent.receive",
    "coordinator: mounting.order",
    "installer: lock.register",
    "installer: mounting.install",
]
PAIRED = [
    *LOCK_HANGS,
    "staff: permission.ask",
    "manager: permission.grant",
    "coordinator: mounting.pair",
]
TO_COME_DOWN = [*PAIRED, "coordinator: mounting.close", "coordinator: removal.order"]
TAKEN_DOWN = [*TO_COME_DOWN, "installer: removal.take_down"]


def told(routine: Routine, name: str, folder: Path) -> Claim:
    """The claim that falls, after its story was played again by the engine."""
    claim = refuted(routine)[name]
    replayed(routine, claim, folder)
    return claim


def never(routine: Routine, name: str) -> Claim:
    """The claim that falls as what it asks for is never possible: it is told how far it comes."""
    claim = refuted(routine)[name]
    assert claim.follows or (claim.story and claim.story.steps[-1].refused)
    assert claim.why
    return claim


def ending(claim: Claim) -> str:
    assert claim.story
    return claim.story.ending[-1].en


def test_nothing_is_wrong_with_the_pack() -> None:
    """Without a mistake everything is proved, of every process and every claim of the pack."""
    proof = prove(load_routine(DOORS))
    assert proof.refuted == proof.bounded == ()
    names = [claim.name for claim in proof.claims]
    everyone = ["consent", "permission", "lock", "ordinary_lock", "mounting", "removal"]
    waited = ["consent", "permission", "mounting", "removal"]
    refusing = ["consent", "permission", "lock", "mounting", "removal"]
    assert names == [
        "always.paired_where_it_hangs",
        "always.ordinary_lock_on_record",
        "always.way_into_every_home",
        "always.opened_by_those_who_may",
        "never.lock_without_consent",
        *(f"steps.{name}" for name in everyone),
        *(f"waits.{name}" for name in waited),
        *(f"cures.{name}" for name in refusing),
        *(f"ends.{name}" for name in everyone),
    ]
    assert all(claim.story is None and claim.why is None for claim in proof.claims)


def test_a_case_that_cannot_end(tmp_path: Path) -> None:
    """A lock comes down while its mounting is open: that can never be closed nor called off."""
    routine = doors(without("visits", "process.removal.transitions.order.guards.mounted"))
    assert list(refuted(routine)) == ["ends.mounting"]
    claim = told(routine, "ends.mounting", tmp_path)
    assert steps(claim) == [
        *LOCK_HANGS,
        "coordinator: removal.order",
        "installer: removal.take_down",
    ]
    assert claim.text.en == "Mounting: every case can always still reach an end"
    assert claim.story
    assert [text.en for text in claim.story.ending] == [
        "Consent customer-17: Received",
        "Mounting customer-17: Fitted, waits for Coordinator",
        f"Lock {claim.story.steps[3].subject}: In the store",
        "From here the case (Mounting) can never reach an end any more.",
    ]


def test_a_trap_of_two_rules_that_contradict_each_other(tmp_path: Path) -> None:
    """A lock comes down only unpaired, and is unpaired only when it is down: nothing goes on."""
    unpair = 'by = ["coordinator"]\nclears = ["paired_with"]'
    routine = doors(
        ("registers", f'from = ["mounted"]\n{unpair}', f'from = ["in_store"]\n{unpair}')
    )
    claim = told(routine, "ends.removal", tmp_path)
    assert steps(claim) == TO_COME_DOWN
    assert ending(claim) == "From here the case (Removal) can never reach an end any more."
    never(routine, "steps.removal.take_down.installer")
    cure = told(
        routine,
        "cures.removal.take_down.process.lock.transitions.take_down.guards.unpaired",
        tmp_path,
    )
    assert steps(cure) == TO_COME_DOWN


def test_a_lock_that_hangs_without_a_consent(tmp_path: Path) -> None:
    """A consent ends while the lock hangs, and nobody is asked to take it down."""
    routine = doors(without("people", "process.consent.transitions.end.guards.lock_down"))
    assert list(refuted(routine)) == ["never.lock_without_consent"]
    claim = told(routine, "never.lock_without_consent", tmp_path)
    assert steps(claim) == [
        *LOCK_HANGS,
        "coordinator: consent.withdraw",
        "coordinator: consent.end",
    ]
    assert ending(claim) == "Then this does not hold: A lock hangs without a consent"


def test_a_lock_paired_with_one_and_hanging_at_anothers(tmp_path: Path) -> None:
    """A lock that comes down paired goes up at the next customer's, and opens for the first."""
    routine = doors(without("registers", "process.lock.transitions.take_down.guards.unpaired"))
    assert list(refuted(routine)) == ["always.paired_where_it_hangs"]
    claim = told(routine, "always.paired_where_it_hangs", tmp_path)
    again = [step for step in LOCK_HANGS if "register" not in step]
    assert sorted(steps(claim)) == sorted([*TAKEN_DOWN, *again])
    assert claim.story
    visits = [
        (one.transition, one.subject)
        for one in claim.story.steps
        if one.transition in ("install", "pair", "take_down")
    ]
    first = visits[0][1]
    assert [name for name, _ in visits] == ["install", "pair", "take_down", "install"]
    assert [subject == first for _, subject in visits] == [True, True, True, False]


def test_an_ordinary_lock_that_is_lost_from_the_register(tmp_path: Path) -> None:
    """A door's own lock is taken down, and nobody writes that anywhere."""
    routine = doors(without("visits", "process.mounting.transitions.install.joint.ordinary_lock"))
    claim = told(routine, "always.ordinary_lock_on_record", tmp_path)
    assert steps(claim) == LOCK_HANGS
    assert ending(claim) == "Then this does not hold: The door's own lock is in the register"
    never(routine, "steps.ordinary_lock.keep.joint")


@pytest.mark.parametrize(
    ("change", "last"),
    [
        (without("registers", "process.lock.transitions.open.guards.app"), ""),
        (
            (
                "registers",
                'nurse = ["homecare"] }\notherwise',
                'nurse = ["homecare", "lmo"] }\notherwise',
            ),
            "nurse",
        ),
    ],
    ids=["whoever", "one role"],
)
def test_a_door_opened_without_a_right(
    change: tuple[str, str, str], last: str, tmp_path: Path
) -> None:
    """Somebody opens a door with an app that is not theirs: the last step of the story."""
    claim = told(doors(change), "always.opened_by_those_who_may", tmp_path)
    *before, opens = steps(claim)
    assert before == LOCK_HANGS
    assert opens.endswith(": lock.open")
    assert opens.startswith(last)
    assert claim.story
    role, app = claim.story.steps[-1].role, claim.story.steps[-1].form["app"]
    assert app != {"staff": "lmo", "nurse": "homecare"}[role]


def test_a_door_without_a_way_in(tmp_path: Path) -> None:
    """The digital lock is taken away, and the door's own is not put back."""
    routine = doors(without("visits", "process.removal.transitions.take_down.joint.ordinary_lock"))
    claim = told(routine, "always.way_into_every_home", tmp_path)
    unpaired = "coordinator: lock.unpair"
    assert sorted(steps(claim)) == sorted([*TAKEN_DOWN, unpaired])
    assert steps(claim)[-1] == "installer: removal.take_down"


def test_a_role_that_is_waited_for_in_vain() -> None:
    """A state waits for a role whose only step there asks for what cannot be."""
    lock_down = (
        'kind = "no_case_in_state"\nprocess = "lock"\nfind = "customer"\nstates = ["mounted"]'
    )
    received = 'kind = "case_in_state"\nprocess = "consent"\nstates = ["received"]'
    routine = doors(("people", lock_down, received))
    claim = never(routine, "waits.consent.withdrawn.coordinator")
    assert claim.text.en == "Consent, Withdrawn: Coordinator, who is waited for, can do something"
    assert claim.why == Text(
        "I det läget kan rollen aldrig göra något.", "In that state the role can never do anything."
    )
    assert claim.follows  # that the step is never possible is told of the step itself
    (told,) = (
        one for one in refuted(routine).values() if one.name == "steps.consent.end.coordinator"
    )
    assert ending(told).startswith("It comes no further than this; in the way is process.consent.")


def test_a_duty_that_nobody_can_settle() -> None:
    """A duty is owed by a role, and the step that settles it is never possible."""
    pair = 'from = ["mounted"]\nby = ["joint"]\nsets'
    routine = doors(("registers", pair, pair.replace("mounted", "in_store")))
    claim = never(routine, "waits.mounting.fitted.pair.coordinator")
    assert claim.text.en == (
        "Mounting, Fitted: Coordinator, who is waited for, can do what is owed: Pair the lock"
    )


def test_a_step_that_is_never_possible() -> None:
    """A role may make a step by name, and a rule lets it give nothing."""
    change = ("registers", ', nurse = ["homecare"] }\notherwise', " }\notherwise")
    claim = never(doors(change), "steps.lock.open.nurse")
    assert claim.text.en == "Lock: Open the door can be made by Nurse"
    assert claim.why
    assert claim.why.en == (
        "It comes no further than this; in the way is process.lock.transitions.open.guards.app: "
        "The wrong app."
    )


def test_a_refusal_without_a_cure(tmp_path: Path) -> None:
    """A step is refused and nothing is named that would help."""
    routine = doors(("registers", 'settled_by = ["unpair"]\n', ""))
    name = "cures.removal.take_down.process.lock.transitions.take_down.guards.unpaired"
    assert list(refuted(routine)) == [name]
    claim = told(routine, name, tmp_path)
    assert steps(claim) == TO_COME_DOWN
    assert claim.text.en == (
        "Removal: when Take the lock down is refused for "
        "process.lock.transitions.take_down.guards.unpaired, there is a way forward"
    )
    assert ending(claim) == (
        "Here the step is refused, and nothing that helps is possible: The lock is paired."
    )


def test_a_cure_that_nobody_can_reach(tmp_path: Path) -> None:
    """What a refusal names as its cure is itself never possible."""
    grant = 'to = "valid"\nby = ["manager"]\nclauses = ["D1"]\n'
    guard = """
[process.permission.transitions.grant.guards.held]
kind = "case_in_state"
process = "permission"
states = ["valid"]
otherwise = { sv = "Nej.", en = "No." }
clauses = ["D1"]
"""
    routine = doors(("people", grant, grant + guard))
    never(routine, "steps.permission.grant.manager")
    claim = told(routine, "cures.permission.grant.guards.held", tmp_path)
    assert steps(claim) == ["staff: permission.ask"]
    claim = told(routine, "cures.mounting.pair.guards.permission", tmp_path)
    assert steps(claim)[: len(LOCK_HANGS)] == LOCK_HANGS


# -- what a pack says of itself --------------------------------------------------------------------

OWN = """
[{kind}.own]
label = {{ sv = "Det här.", en = "This." }}
clauses = ["D1"]
{what}
[{kind}.own.guards.it]
{guard}
"""
STATES = 'process = "consent"\nstates = ["withdrawn"]\n'
STEP = 'step = "consent.withdraw"\n'
LOCK = 'kind = "case_in_state"\nprocess = "lock"\nfind = "customer"\nstates = ["mounted"]'
NO_LOCK = LOCK.replace("case", "no_case", 1)
UNJUDGED = 'kind = "at_least"\nvalue = "case.subject"\nlimit = 1'
ENDED = 'process = "consent"\nstates = ["ended"]\n'
LOCK_UP = 'process = "lock"\nstates = ["mounted"]\n'
NO_REMOVAL = (
    'kind = "no_case_in_state"\nprocess = "removal"\nsubject = "case.customer"\nstates = ["done"]'
)
AGAIN = ["coordinator: mounting.order", "installer: mounting.install"]


@pytest.mark.parametrize(
    ("kind", "what", "guard", "story"),
    [
        ("always", STATES, LOCK, ["consent.ask", "consent.withdraw"]),
        ("always", STATES, NO_LOCK, [*LOCK_HANGS, "consent.withdraw"]),
        ("never", STATES, LOCK, [*LOCK_HANGS, "consent.withdraw"]),
        ("never", STATES, NO_LOCK, ["consent.ask", "consent.withdraw"]),
        ("always", STEP, LOCK, ["consent.ask", "consent.withdraw"]),
        ("never", STEP, LOCK, [*LOCK_HANGS, "consent.withdraw"]),
        ("never", STEP, 'kind = "duties_done"', ["consent.ask", "consent.withdraw"]),
        # A guard that cannot be judged does not hold.
        ("always", STATES, UNJUDGED, ["consent.ask", "consent.withdraw"]),
        # A case that has ended is remembered, if it is asked for.
        ("always", ENDED, LOCK, ["consent.ask", "consent.withdraw", "consent.end"]),
        ("never", ENDED, NO_LOCK, ["consent.ask", "consent.withdraw", "consent.end"]),
        ("always", LOCK_UP, NO_REMOVAL, [*TAKEN_DOWN[:-1], "lock.unpair", TAKEN_DOWN[-1], *AGAIN]),
    ],
)
def test_what_a_pack_says_of_itself(
    kind: str, what: str, guard: str, story: list[str], tmp_path: Path
) -> None:
    """A claim of the pack's own falls by the fewest steps to where it does not hold."""
    routine = doors(more=OWN.format(kind=kind, what=what, guard=guard))
    assert list(refuted(routine)) == [f"{kind}.own"]
    claim = told(routine, f"{kind}.own", tmp_path)
    assert sorted(one.partition(": ")[2] for one in steps(claim)) == sorted(
        one.rpartition(": ")[2] for one in story
    )
    assert (claim.text.en, claim.clauses) == ("This.", ("D1",))
    assert ending(claim) == "Then this does not hold: This."


@pytest.mark.parametrize(
    ("kind", "what", "guard"),
    [
        ("never", STATES, UNJUDGED),
        ("never", 'step = "mounting.order"\n', LOCK),
        ("always", STATES, f'{LOCK}\nwhen = {{ value = "case.subject", one_of = ["nobody"] }}'),
        ("never", STATES, f'{LOCK}\nwhen = {{ value = "case.subject", one_of = ["nobody"] }}'),
    ],
)
def test_what_a_pack_says_rightly(kind: str, what: str, guard: str) -> None:
    """What is so in every world is proved: also where a guard never comes to apply."""
    assert refuted(doors(more=OWN.format(kind=kind, what=what, guard=guard))) == {}


# -- the story as a file ---------------------------------------------------------------------------


def test_a_story_as_a_scenario() -> None:
    """The file of a story says who does what, when, and where that leads."""
    routine = doors(without("registers", "process.lock.transitions.open.guards.app"))
    claim = refuted(routine)["always.opened_by_those_who_may"]
    text = as_scenario(routine, claim, "en")
    assert text.startswith(
        'title = "Nobody opens without a right"\n'
        'note = "Consent customer-17: Received. Mounting customer-17: Fitted, waits for '
    )
    assert (
        "[[step]]\n"
        'note = "Coordinator: Ask (Consent, customer-17)"\n'
        'at = "2026-03-02 10:00"\n'
        'who = "staff-1"\n'
        'does = "consent.ask"\n'
        'about = "customer-17"\n'
        'state = "asked"\n'
    ) in text


def test_one_claim_after_the_other() -> None:
    """Whoever needs no more than the first claim that falls gets it without the others."""
    routine = doors(without("people", "process.consent.transitions.end.guards.lock_down"))
    first = next(claim for claim in claims_of(routine) if claim.outcome == "refuted")
    assert first.name == "never.lock_without_consent"
    assert tuple(claims_of(routine)) == prove(routine).claims
