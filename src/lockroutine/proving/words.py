"""What the proof says, in Swedish and English."""

from __future__ import annotations

from collections.abc import Mapping

from lockroutine.model import Case, Text
from lockroutine.proving.world import Bound
from lockroutine.routine import Routine, Step
from lockroutine.rules.terms import CLOCK, JOINT, PULL, SWEEP

__all__ = ["of_bound", "of_case", "of_step", "role", "say"]

_OTHERS: Mapping[str, Text] = {
    CLOCK: Text("Klockan", "The clock"),
    PULL: Text("Ett annat system", "Another system"),
    SWEEP: Text("En kontroll", "A check"),
    JOINT: Text("Ett annat ärendes steg", "A step of another case"),
}

_SAID: Mapping[str, Text] = {
    "ends": Text(
        "{process}: varje ärende kan alltid komma till ett slut",
        "{process}: every case can always still reach an end",
    ),
    "ends_not": Text(
        "Härifrån kan ärendet ({process}) aldrig mer komma till ett slut.",
        "From here the case ({process}) can never reach an end any more.",
    ),
    "steps": Text(
        "{process}: varje steg kan göras, av varje roll som får",
        "{process}: each step can be made, by each role that may",
    ),
    "step": Text(
        "{process}: {step} kan göras av {role}", "{process}: {step} can be made by {role}"
    ),
    "step_not": Text(
        "Hur det än går till är det aldrig möjligt: något i reglerna motsäger det.",
        "However it comes, it is never possible: something in the rules contradicts it.",
    ),
    "waits": Text(
        "{process}: den som ett läge väntar på kan göra något där",
        "{process}: whoever a state waits for can do something there",
    ),
    "wait": Text(
        "{process}, {state}: {role}, som det väntar på, kan göra något",
        "{process}, {state}: {role}, who is waited for, can do something",
    ),
    "wait_not": Text(
        "I det läget kan rollen aldrig göra något.",
        "In that state the role can never do anything.",
    ),
    "duty": Text(
        "{process}, {state}: {role}, som det väntar på, kan göra det som återstår: {step}",
        "{process}, {state}: {role}, who is waited for, can do what is owed: {step}",
    ),
    "cures": Text(
        "{process}: varje avslag har en väg vidare som någon kan gå",
        "{process}: each refusal has a way forward that somebody can go",
    ),
    "cure": Text(
        "{process}: när {step} avslås för {rule} finns det en väg vidare",
        "{process}: when {step} is refused for {rule}, there is a way forward",
    ),
    "cure_not": Text(
        "Här avslås steget, och inget som hjälper är möjligt: {text}",
        "Here the step is refused, and nothing that helps is possible: {text}",
    ),
    "broken": Text("Det här gäller då inte: {label}", "Then this does not hold: {label}"),
    "beyond": Text(
        "I den lilla världen är det aldrig möjligt; i en större vore det kanske det.",
        "In the small world it is never possible; in a larger one it might be.",
    ),
    "hindered": Text(
        "Längre än hit går det inte; i vägen står {rule}: {text}",
        "It comes no further than this; in the way is {rule}: {text}",
    ),
    "too_large": Text(
        "Det finns för många lägen att gå igenom; så långt det har undersökts gäller det.",
        "There are too many worlds to go through; as far as was looked, it holds.",
    ),
    "cut": Text(
        "Allt som kan anges har inte prövats ({steps}); så långt det har undersökts gäller det.",
        "Not everything that can be given was tried ({steps}); as far as was looked, it holds.",
    ),
    "not_told": Text(
        "Den förenklade världen talar emot det, men berättelsen gick inte att göra i verkligheten.",
        "The simplified world speaks against it, but the story could not really be made.",
    ),
    "does": Text("{who}: {what} ({process}, {subject})", "{who}: {what} ({process}, {subject})"),
    "tries": Text(
        "{who} försöker: {what} ({process}, {subject})",
        "{who} tries: {what} ({process}, {subject})",
    ),
    "waits_for": Text("{case}: {state}, väntar på {roles}", "{case}: {state}, waits for {roles}"),
    "stands": Text("{case}: {state}", "{case}: {state}"),
    "bound": Text(
        "{size}; en dörr, två enheter eller firmor, två personer som var och en kan ha varje roll "
        "i varje enhet, högst ett öppet ärende per process och det som ärendet gäller. Klockan "
        "står still utom när den själv gör ett steg; vad andra system och kontroller säger kan "
        "komma när som helst",
        "{size}; one door, two units or firms, two people who may each work in any role in any "
        "unit, at most one open case for each process and subject. The clock stands "
        "still but for its own steps; what other systems and checks say may come at any time",
    ),
    "also": Text(
        "{one} (det paketet självt säger: även {other})",
        "{one} (what the pack itself says: also {other})",
    ),
}


def say(name: str, **words: Text | str) -> Text:
    """One of the sentences, with these words in it."""
    said = _SAID[name]
    sv = {key: word.sv if isinstance(word, Text) else word for key, word in words.items()}
    en = {key: word.en if isinstance(word, Text) else word for key, word in words.items()}
    return Text(said.sv.format(**sv), said.en.format(**en))


def role(routine: Routine, name: str) -> Text:
    """A role in words; or the clock, or another system."""
    return _OTHERS.get(name) or routine.pack.role[name].label


def of_step(routine: Routine, step: Step, by: str, subject: str, *, refused: bool = False) -> Text:
    """Who does what, or tries to, about whom."""
    return say(
        "tries" if refused else "does",
        who=role(routine, by),
        what=routine.label(step),
        process=routine.process(step.process).rules.label,
        subject=subject,
    )


def of_case(routine: Routine, case: Case) -> Text:
    """Where a case stands, and for whom it waits."""
    process = routine.process(case.process)
    state = process.rules.states[case.state]
    label = process.rules.label
    name = Text(f"{label.sv} {case.subject}", f"{label.en} {case.subject}")
    duties = (state.duties[duty] for duty in process.owed(case))
    waited = [one for duty in duties for one in duty.waits_for] or state.waits_for
    roles = tuple(dict.fromkeys(waited))
    if not roles:
        return say("stands", case=name, state=state.label)
    return say("waits_for", case=name, state=state.label, roles=routine.role_labels(roles))


def of_bound(bound: Bound, other: Bound | None = None) -> Text:
    """How large the worlds are that were looked at, in words.

    Args:
        bound: That of most claims.
        other: That in which the pack's own are looked at as well.
    """
    size = _of_size(bound)
    if other:
        size = say("also", one=size, other=_of_size(other))
    return say("bound", size=size)


def _of_size(bound: Bound) -> Text:
    one = bound.customers == 1
    single = bound.serial_numbers == 1
    sv = f"{'en kund' if one else f'{bound.customers} kunder'} och "
    en = f"{'one customer' if one else f'{bound.customers} customers'} and "
    sv += "ett serienummer" if single else f"{bound.serial_numbers} serienummer"
    en += "one serial number" if single else f"{bound.serial_numbers} serial numbers"
    return Text(sv, en)
