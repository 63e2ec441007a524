"""The texts of a new rule pack. A comment stands in both languages; one of them is taken.

A line that begins with ``#sv`` or ``#en`` is a comment in that language, any other is for both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from lockroutine.model import Language, Text
from lockroutine.routine import Routine
from lockroutine.rules.terms import RESERVED

__all__ = ["from_nothing", "on"]

_HEAD = """\
#sv Ett regelpaket är en mapp med TOML-filer. Den här filen rymmer det som är gemensamt.
#sv Kontrollera efter varje ändring:      lockroutine check FOLDER
#sv Spela scenarierna i mappen scenarios: lockroutine play FOLDER
#en A rule pack is a folder of TOML files. This file holds what is common to all of it.
#en Check it after each change:             lockroutine check FOLDER
#en Play the scenarios in folder scenarios: lockroutine play FOLDER

name = "NAME"
#sv Ärenden behåller den version som de började under. Ge ett ändrat paket en ny.
#en Cases keep the version that they began under. Give a changed pack a new one.
version = "0.1.0"
#sv Allt som människor läser står på svenska och engelska.
#en Whatever people read stands in Swedish and in English.
label = { sv = "NAME", en = "NAME" }
"""

_COMMON = """\
time_zone = "Europe/Stockholm"
holidays = "SE"

#sv Roller: de som arbetar efter rutinen. Alla regler talar om roller, aldrig om namngivna personer.
#en Roles: those who work by the routine. Rules speak of roles, never of persons by name.
[role.coordinator]
label = { sv = "Samordnare", en = "Coordinator" }
clauses = ["A1"]

[role.provider_staff]
label = { sv = "Utförarens personal", en = "Provider's staff" }
clauses = ["A2"]

#sv Punkterna i er skrivna rutin, i korthet. Varje regel anger vilken punkt den vilar på.
#en The clauses of your written routine, in short. Each rule names the clause that it rests on.
[clause.A1]
text.sv = "Samordnaren lämnar ut en nyckel mot kvittens."
text.en = "The coordinator hands out a key against a receipt."
owed = ["enforced"]

[clause.A2]
text.sv = "Personalen lämnar tillbaka nyckeln inom en vecka."
text.en = "Staff hand the key back within a week."
owed = ["asked"]

#sv En lucka: det som rutinen inte säger, och hur ni läser den. Ingen regel hittar på i tysthet.
#en A gap: what the routine does not say, and how you read it. No rule invents in silence.
[gap.lost_key]
question = { sv = "Vad gäller om nyckeln är borta?", en = "What if the key is lost?" }
reading = { sv = "Ärendet avslutas som borttappad.", en = "The case is closed as lost." }
clauses = ["A2"]

#sv Ett värde står en gång; regler talar om det med namn.
#en A value stands once; rules speak of it by its name.
[parameter.key_loan]
label = { sv = "Lånetid", en = "Time of a loan" }
value = "P7D"
clauses = ["A2"]
"""

_PROCESS = """\
#sv En process är en tillståndsmaskin: vilka lägen ett ärende kan ha, och stegen mellan dem.
#en A process is a state machine: the states that a case can be in, and the steps between them.
[process.key_receipt]
label = { sv = "Nyckelkvittens", en = "Key receipt" }
#sv Vem eller vad ett ärende gäller: en kund, med er egen beteckning (aldrig personnummer).
#en Whom or what a case is about: a customer, by your own id (never a personal number).
subject = "customer"
one_open_per = ["subject", "key"]

#sv Formuläret som fylls i. Vad som är personligt sägs här och ingen annanstans.
#en The form that is filled in. What is personal is said here and nowhere else.
[form.key_loan]
label = { sv = "Utlämning av nyckel", en = "Handing out a key" }

[form.key_loan.fields.key]
type = "word"
label = { sv = "Nyckelns märkning", en = "The key's tag" }

[form.key_loan.fields.remark]
type = "lines"
label = { sv = "Anmärkning", en = "Remark" }
privacy = "personal"
optional = true

#sv waits_for: på vems arbetslista ärendet står. due: försenat efter så lång tid.
#en waits_for: on whose work list the case stands. due: overdue after so long.
[process.key_receipt.states.out]
label = { sv = "Nyckeln är ute", en = "The key is out" }
waits_for = ["provider_staff"]
due = "key_loan"
clauses = ["A2"]

[process.key_receipt.states.returned]
label = { sv = "Återlämnad", en = "Handed back" }
end = true

[process.key_receipt.states.lost]
label = { sv = "Borttappad", en = "Lost" }
end = true

#sv Ett steg som inte lämnar något läge (from = []) öppnar ett ärende. by: vilka roller som får.
#en A step that leaves no state (from = []) opens a case. by: which roles may.
[process.key_receipt.transitions.hand_out]
label = { sv = "Lämna ut nyckeln", en = "Hand out the key" }
from = []
to = "out"
by = ["coordinator"]
form = "key_loan"
clauses = ["A1"]

[process.key_receipt.transitions.hand_back]
label = { sv = "Ta emot nyckeln", en = "Take the key back" }
from = ["out"]
to = "returned"
by = ["coordinator", "provider_staff"]
clauses = ["A2"]

[process.key_receipt.transitions.lose]
label = { sv = "Anteckna som borttappad", en = "Record as lost" }
from = ["out"]
to = "lost"
by = ["coordinator"]
form = "note"
gaps = ["lost_key"]

#sv Ett villkor: vad som måste gälla, och vad den som får nej läser. Ta bort # så gäller det.
#en A guard: what must hold, and what the refused person reads. Take the # away, and it holds.
# [process.key_receipt.transitions.hand_out.guards.tag]
# kind = "one_of"
# value = "form.key"
# values = ["a1", "a2"]
# otherwise = { sv = "Det finns ingen sådan nyckel.", en = "There is no such key." }
# clauses = ["A1"]
"""

_SCENARIO = """\
#sv Ett scenario: en väg genom rutinen, steg för steg, som prövas mot reglerna.
#en A scenario: one way through the routine, step by step, held against the rules.
title = "A key is handed out and handed back"
about = "customer-17"
starts = "monday 2026-03-02 08:00"

[[step]]
who = "coordinator"
does = "key_receipt.hand_out"
form = { key = "A1" }
state = "out"
worklist = { provider_staff = ["key_receipt.out"] }
clauses = ["A1", "A2"]

#sv Ett steg som reglerna säger nej till: refused är den regel som säger det.
#en A step that the rules refuse: refused is the rule that does.
[[step]]
who = "provider_staff"
does = "key_receipt.lose"
form = { note = "..." }
refused = ["by"]

[[step]]
later = "P2D"
who = "provider_staff"
does = "key_receipt.hand_back"
state = "returned"
clauses = ["A2"]
"""

_BASE = """\
#sv Paketet som det här bygger på. Skriv bara det som skiljer; tabeller läggs ihop.
#en The pack that this one builds on. Write only what differs; tables are merged.
extends = EXTENDS

#sv Nedan finns några exempel, hämtade därifrån. Ta bort # framför det ni vill ändra.
#en Below are a few examples, taken from it. Take the # away before what you want to change.
"""

_OPENING = """\
#sv Ett scenario: en väg genom rutinen, steg för steg, som prövas mot reglerna.
#en A scenario: one way through the routine, step by step, held against the rules.
title = TITLE
about = "customer-17"

[[step]]
who = "ROLE"
does = "STEP"
state = "STATE"
"""


def from_nothing(name: str, folder: str, language: Language) -> Mapping[str, str]:
    """The files of a pack that extends none, by their names.

    Args:
        name: The name of the pack.
        folder: Its folder, as it is told to the reader.
        language: The language of its comments.
    """
    head = _HEAD.replace("NAME", name).replace("FOLDER", folder)
    files = {
        "routine.toml": head + _COMMON,
        "key_receipt.toml": _PROCESS,
        "scenarios/01-key-receipt.toml": _SCENARIO,
    }
    return {file: _in(language, text) for file, text in files.items()}


def on(
    base: Routine, extends: str, name: str, folder: str, language: Language
) -> Mapping[str, str]:
    """The files of a pack that extends another, by their names.

    Args:
        base: The routine of that other pack.
        extends: How the new pack names it.
        name: The name of the new pack.
        folder: Its folder, as it is told to the reader.
        language: The language of its comments.
    """
    head = _HEAD.replace("NAME", name).replace("FOLDER", folder)
    text = head + _BASE.replace("EXTENDS", _quoted(extends)) + "".join(_examples(base))
    return {"routine.toml": _in(language, text)} | {
        f"scenarios/01-{name}.toml": _in(language, scenario) for name, scenario in _opening(base)
    }


def _in(language: Language, text: str) -> str:
    """A text with the comments of one language."""
    other = "en" if language == "sv" else "sv"
    kept = re.sub(rf"^#{other} .*\n", "", text, flags=re.MULTILINE)
    return re.sub(rf"^#{language} ", "# ", kept, flags=re.MULTILINE)


def _opening(base: Routine) -> Iterator[tuple[str, str]]:
    """A scenario of the first step that anybody can make with nothing to fill in."""
    processes = base.pack.process.items()
    for process, rules in sorted(processes, key=lambda it: it[1].subject != "customer"):
        for step, transition in rules.transitions.items():
            roles = [role for role in transition.by if role not in RESERVED]
            if roles and not (transition.from_ or transition.form or transition.guards):
                title = _quoted(f"{rules.label.en}: {transition.label.en}")
                text = _OPENING.replace("TITLE", title).replace("ROLE", roles[0])
                text = text.replace("STATE", transition.to).replace("STEP", f"{process}.{step}")
                yield f"{process}-{step}".replace("_", "-"), text
                return


def _examples(base: Routine) -> Iterator[str]:
    """Lines that change something of the base, as comments."""
    for name, parameter in base.pack.parameter.items():
        yield _example(
            Text("Ett annat värde:", "Another value:"),
            f"[parameter.{name}]\nvalue = {_quoted(parameter.value)}\n",
        )
        break
    for path, label, due in _states(base):
        yield _example(
            Text("Ett annat ord för ett läge, och en annan tid:", "Another word, another time:"),
            f"[{path}]\nlabel = {_label(label)}\ndue = {_quoted(due)}\n",
        )
        break
    for path, by, form in _forms(base):
        yield _example(
            Text(
                "Fler eller färre som får göra ett steg, och ett fält till i formuläret:",
                "More or fewer who may make a step, and one more field in its form:",
            ),
            f'[{path}]\nby = {_quoted(by)}\nform = "our_{form}"\n\n'
            f'[form.our_{form}]\nlabel = {{ sv = "Vårt formulär", en = "Our form" }}\n'
            f'extends = "{form}"\n\n'
            f'[form.our_{form}.fields.remark]\ntype = "text"\n'
            'label = { sv = "Anmärkning", en = "Remark" }\noptional = true\n',
        )
        break
    for path in _effects(base):
        yield _example(
            Text("Något som inte görs här:", "Something that is not done here:"),
            f"[{path}]\nremove = true\n",
        )
        break


def _states(base: Routine) -> Iterator[tuple[str, Text, str]]:
    for process, rules in base.pack.process.items():
        for name, state in rules.states.items():
            if state.due:
                yield f"process.{process}.states.{name}", state.label, state.due


def _forms(base: Routine) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for process, rules in base.pack.process.items():
        for name, transition in rules.transitions.items():
            if transition.form and not set(transition.by).intersection(RESERVED):
                yield f"process.{process}.transitions.{name}", transition.by, transition.form


def _effects(base: Routine) -> Iterator[str]:
    for process, rules in base.pack.process.items():
        for name, transition in rules.transitions.items():
            for effect in transition.effects:
                yield f"process.{process}.transitions.{name}.effects.{effect}"


def _example(words: Text, toml: str) -> str:
    lines = "".join(f"# {line}".rstrip() + "\n" for line in toml.splitlines())
    return f"\n#sv {words.sv}\n#en {words.en}\n{lines}"


def _label(text: Text) -> str:
    return f"{{ sv = {_quoted(text.sv)}, en = {_quoted(text.en)} }}"


def _quoted(value: int | str | tuple[str, ...]) -> str:
    """A value as TOML; JSON is written alike, but for the signs that only it escapes."""
    return json.dumps(value, ensure_ascii=False)
