"""The words of the rule book, in both languages."""

from __future__ import annotations

from lockroutine.model import Text

__all__ = ["OWED", "PRIVACY", "SAY", "TYPES"]

OWED = {
    "enforced": Text(sv="upprätthålls", en="enforced"),
    "done": Text(sv="görs", en="done"),
    "asked": Text(sv="efterfrågas", en="asked"),
    "shown": Text(sv="visas", en="shown"),
}

PRIVACY = {
    "": Text(sv="", en=""),
    "personal": Text(sv="personuppgift", en="personal"),
    "secret": Text(sv="sekretess", en="secret"),
}

TYPES = {
    "str": Text(sv="text", en="text"),
    "int": Text(sv="heltal", en="whole number"),
    "bool": Text(sv="ja eller nej", en="yes or no"),
    "date": Text(sv="datum", en="date"),
    "datetime": Text(sv="datum och tid", en="date and time"),
    "list": Text(sv="flera", en="several"),
    "choice": Text(sv="val", en="choice"),
    "form": Text(sv="flera uppgifter", en="several facts"),
}

SAY = {
    "about": Text(
        sv="Den här boken är gjord av regelpaketet {key}: det som systemet upprätthåller är det "
        "som står här. Ändras paketet görs boken om.",
        en="This book is made from the rule pack {key}: what the system enforces is what stands "
        "here. When the pack changes, the book is made anew.",
    ),
    "also": Text(sv="Görs också", en="Also made"),
    "and": Text(sv="och", en="and"),
    "asked_of": Text(sv="Att göra för", en="Owed by"),
    "beside": Text(sv="Vid punkt", en="Beside clause"),
    "builds_on": Text(sv="Bygger på", en="Builds on"),
    "by": Text(sv="Vem", en="Who"),
    "called": Text(sv="Kallas", en="Called"),
    "clause": Text(sv="Punkt", en="Clause"),
    "clauses": Text(sv="Punkterna och vad som håller dem", en="The clauses, and what holds them"),
    "contents": Text(sv="Innehåll", en="Contents"),
    "due": Text(sv="Senast", en="Due"),
    "duty": Text(sv="Att göra", en="Owed"),
    "effect": Text(sv="verkan", en="effect"),
    "effects": Text(sv="Andra får veta eller gör", en="Others are told or do"),
    "end": Text(sv="slut", en="end"),
    "field": Text(sv="Uppgift", en="Field"),
    "form": Text(sv="Formulär", en="Form"),
    "forms": Text(sv="Formulären och deras uppgifter", en="The forms and their fields"),
    "from": Text(sv="Från", en="From"),
    "gap": Text(sv="Lucka", en="Gap"),
    "gaps": Text(sv="Luckor: där källan är tyst", en="Gaps: where the source is silent"),
    "gaps_lead": Text(
        sv="Varje lucka är en fråga som den skrivna rutinen lämnar öppen, och hur paketet läser "
        "den. Är läsningen inte er ska paketet ändras.",
        en="Each gap is a question that the written routine leaves open, and how the pack reads "
        "it. If the reading is not yours, the pack is to be changed.",
    ),
    "guard": Text(sv="villkor", en="guard"),
    "held_by": Text(sv="Hålls av", en="Held by"),
    "how_to_read": Text(sv="Så läses boken", en="How to read this book"),
    "in_force": Text(sv="Gäller från {day}.", en="In force from {day}."),
    "joint": Text(sv="gemensamt steg", en="joint step"),
    "label": Text(sv="Betydelse", en="Meaning"),
    "limits": Text(sv="Får vara", en="Takes"),
    "map": Text(sv="Alla processer", en="All processes"),
    "matrix": Text(sv="Vem får göra vad", en="Who may do what"),
    "matrix_lead": Text(
        sv="En prick: rollen får göra steget, när villkoren håller. Det som ingen roll får göra "
        "sker av klockan, av ett annat system eller tillsammans med ett annat steg.",
        en="A dot: the role may make the step, when what must hold holds. What no role may do "
        "is made by the clock, by another system, or together with another step.",
    ),
    "may": Text(sv="får", en="may"),
    "message": Text(sv="Meddelande", en="Message"),
    "messages": Text(sv="Meddelanden", en="Messages"),
    "messages_lead": Text(
        sv="$namn står för en uppgift ur ärendet.", en="$name stands for a fact of the case."
    ),
    "must_hold": Text(
        sv="Villkor, och vad den som nekas läser",
        en="What must hold, and what the refused person reads",
    ),
    "needed": Text(sv="Krävs", en="Needed"),
    "no": Text(sv="nej", en="no"),
    "not_held": Text(sv="Inget håller den.", en="Nothing holds it."),
    "nothing": Text(sv="–", en="–"),
    "opens": Text(sv="öppnar ett ärende", en="opens a case"),
    "owed": Text(sv="Ska", en="Owed"),
    "parameter": Text(sv="värde", en="parameter"),
    "parameters": Text(sv="Värden som kan ändras", en="Values that can be changed"),
    "pictures_lead": Text(
        sv="I ritningarna är mörka rutor lägen och ljusa rutor steg. En rolls steg har rollens "
        "bokstäver och färg. Ett steg som inte någon människa gör har streckad ram.",
        en="In the drawings dark boxes are states and light boxes are steps. A step has the "
        "letters and colour of its roles. One that nobody makes in person has a dashed frame.",
    ),
    "privacy": Text(sv="Skydd", en="Privacy"),
    "question": Text(sv="Fråga", en="Question"),
    "reading": Text(sv="Så läses det", en="Reading"),
    "role": Text(sv="roll", en="role"),
    "roles": Text(sv="Rollerna", en="The roles"),
    "safeguard": Text(sv="Skydd för liv och hem:", en="Protects life and home:"),
    "sees_personal": Text(sv="Ser personuppgifter: {roles}.", en="See personal data: {roles}."),
    "sees_secret": Text(
        sv="Ser det som har sekretess: {roles}.", en="See what is secret: {roles}."
    ),
    "sent_by": Text(sv="Skickas av", en="Sent by"),
    "shown": Text(sv="att slå upp", en="to look up"),
    "shown_chapter": Text(sv="Att slå upp", en="To look up"),
    "skip": Text(sv="Till innehållet", en="To the contents"),
    "state": Text(sv="läge", en="state"),
    "states": Text(sv="Lägen", en="States"),
    "stays": Text(sv="läget blir kvar", en="the state stays"),
    "step": Text(sv="Steg", en="Step"),
    "steps": Text(sv="Steg", en="Steps"),
    "subject": Text(sv="Ärenderad", en="Subject line"),
    "always": Text(sv="alltid", en="always"),
    "never": Text(sv="aldrig", en="never"),
    "what_holds": Text(sv="vad som gäller", en="what holds"),
    "conditions": Text(sv="villkor", en="conditions"),
    "invariants": Text(sv="Vad som alltid eller aldrig gäller", en="What always or never holds"),
    "invariants_lead": Text(
        sv=(
            "Vem som än gör vad i vilken ordning. Alltid: alla villkor uppfylls. "
            "Aldrig: villkoren uppfylls inte alla på en gång. Kommandot check bevisar det."
        ),
        en=(
            "Whoever does what in which order. Always: all conditions are met. "
            "Never: the conditions are not all met at once. The command check proves it."
        ),
    ),
    "sweep": Text(sv="kontroll", en="standing check"),
    "sweeps": Text(sv="Kontroller som görs varje dag", en="What is looked for each day"),
    "sweeps_lead": Text(
        sv="Det som inte ska bli liggande letas upp, och står på en arbetslista tills det är "
        "avhjälpt.",
        en="What must not stay so is looked for, and stands on a work list until it is settled.",
    ),
    "looked_at": Text(sv="Bland", en="Among"),
    "unless": Text(sv="Om inte", en="Unless"),
    "opens_case": Text(sv="Öppnar", en="Opens"),
    "loosened": Text(sv="Det som är lättat", en="What is loosened"),
    "loosened_lead": Text(
        sv="Det här skyddet har paketet som det här bygger på, men inte det här.",
        en="These safeguards are those of the pack that this one builds on, but not of this one.",
    ),
    "rule": Text(sv="Regel", en="Rule"),
    "reason": Text(sv="Skäl", en="Reason"),
    "escalation": Text(sv="försening", en="lateness"),
    "only_own": Text(sv="bara sina egna uppdrag", en="only its own jobs"),
    "taken_by": Text(sv="Fylls i vid: {steps}.", en="Filled in for: {steps}."),
    "text": Text(sv="Vad den säger", en="What it says"),
    "to": Text(sv="till", en="to"),
    "transition": Text(sv="steg", en="step"),
    "type": Text(sv="Slag", en="Type"),
    "value": Text(sv="Värde", en="Value"),
    "waits": Text(sv="Väntar på", en="Waits for"),
    "when": Text(sv="När", en="When"),
    "works_for": Text(sv="Arbetar för", en="Works for"),
    "all_units": Text(sv="alla enheter", en="all units"),
    "own_units": Text(sv="sina egna enheter", en="its own units"),
    "yes": Text(sv="ja", en="yes"),
}
"""Short wordings; what stands in braces is filled in."""
