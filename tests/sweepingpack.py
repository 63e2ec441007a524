"""The small pack with standing checks, and what becomes of what they find."""

from __future__ import annotations

from lockroutine.rules.reader import Source
from smallpack import edited

FINDING = """
[process.finding]
label = { sv = "Avvikelse", en = "Finding" }
subject = "any"
one_open_per = ["subject", "sweep", "case_id"]

[process.finding.states.open]
label = { sv = "Öppen", en = "Open" }
waits_for = ["coordinator"]
due = "P7D"
clauses = ["C3"]

[process.finding.states.settled]
label = { sv = "Avhjälpt", en = "Settled" }
end = true

[process.finding.transitions.find]
label = { sv = "Något är hittat", en = "Something was found" }
from = []
to = "open"
by = ["sweep"]
form = "finding"
clauses = ["C3"]

[process.finding.transitions.settle]
label = { sv = "Det är avhjälpt", en = "It is settled" }
from = ["open"]
to = "settled"
by = ["sweep"]
clauses = ["C3"]

[process.finding.transitions.note]
label = { sv = "Anteckna", en = "Note" }
from = ["open"]
by = ["coordinator"]
form = "note"
clauses = ["C3"]
"""

UNPAIRED = """
[sweep.unpaired]
label = { sv = "Låset är inte kopplat", en = "The lock is not paired" }
process = "lock"
states = ["mounted"]
after = "P2D"
opens = "finding.find"
settles = "finding.settle"
clauses = ["C4"]

[sweep.unpaired.unless.paired]
kind = "done"
transitions = ["pair"]
otherwise = { sv = "Det är inte kopplat.", en = "It is not paired." }
clauses = ["C3"]

[sweep.unpaired.unless.charged]
kind = "at_least"
value = "case.level"
limit = 90
when = { value = "case.level", given = true }
otherwise = { sv = "Batteriet är svagt.", en = "The battery is low." }
clauses = ["C3"]
"""

WITHOUT_CONSENT = """
[sweep.without_consent]
label = { sv = "Kunden har inget samtycke", en = "The customer has no consent" }
process = "order"
states = ["ordered", "booked", "fitted"]
opens = "finding.find"
settles = "finding.settle"
clauses = ["C1"]

[sweep.without_consent.unless.consent]
kind = "case_in_state"
process = "consent"
states = ["received"]
otherwise = { sv = "Inget samtycke.", en = "No consent." }
clauses = ["C1"]
"""

UNREAD = """
[sweep.unread]
label = { sv = "Batteriet är inte avläst", en = "The battery is not read" }
process = "lock"
states = ["in_store", "mounted"]
opens = "finding.find"
settles = "finding.settle"
clauses = ["C3"]

[sweep.unread.unless.fresh]
kind = "time_window"
value = "case.read_at"
not_older_than = "fresh"
otherwise = { sv = "Ingen färsk avläsning.", en = "No fresh reading." }
clauses = ["C3"]
"""


def sweeping(*changes: tuple[str, str, str], sweeps: str = UNPAIRED + WITHOUT_CONSENT) -> Source:
    """The small pack with these sweeps, and with these changes."""
    return edited(*changes, finding=FINDING + sweeps)


def changed(sweeps: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in sweeps
        sweeps = sweeps.replace(old, new)
    return sweeps
