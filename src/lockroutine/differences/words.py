"""The words in which differences are told, in both languages; what stands in braces is filled in.

What a key of a pack is called stands beside how its value is told, in `keys`.
"""

from __future__ import annotations

from lockroutine.model import Text

__all__ = ["FIELD_TYPES", "GONE", "HEADINGS", "NEW", "SAY", "SUBJECTS"]

HEADINGS = {
    "processes": Text(sv="Processer", en="Processes"),
    "rights": Text(sv="Vem som får mer eller mindre", en="Who may do more or less"),
    "steps": Text(sv="Steg", en="Steps"),
    "refusals": Text(sv="Vad som nekas", en="What is refused"),
    "joint": Text(sv="Steg som görs tillsammans", en="Steps that are made together"),
    "states": Text(sv="Lägen, och vad som ska göras i dem", en="States, and what is owed in them"),
    "times": Text(sv="Tider: senast, påminnelser, försening", en="Times: due, reminders, lateness"),
    "effects": Text(sv="Vad andra får veta eller gör", en="What others are told or do"),
    "messages": Text(sv="Meddelanden", en="Messages"),
    "roles": Text(sv="Roller och enheter", en="Roles and units"),
    "parameters": Text(sv="Värden", en="Values"),
    "forms": Text(sv="Formulär", en="Forms"),
    "sweeps": Text(sv="Stående kontroller", en="Standing checks"),
    "invariants": Text(
        sv="Vad som alltid eller aldrig ska gälla", en="What must always or never hold"
    ),
    "pulled": Text(sv="Vad andra system rapporterar", en="What other systems report"),
    "shown": Text(sv="Att slå upp", en="To look up"),
    "moves": Text(sv="Ärenden som pågår", en="Cases under way"),
    "loosened": Text(sv="Skydd som är lättade", en="Safeguards that are loosened"),
    "clauses": Text(sv="Punkter och luckor", en="Clauses and gaps"),
    "pack": Text(sv="Paketet som helhet", en="The pack as a whole"),
}
"""The heading of each section."""

NEW = {
    "process": Text(sv="Ny process {title}", en="New process {title}"),
    "transition": Text(sv="Nytt steg {title}", en="New step {title}"),
    "joint": Text(sv="{title} görs nu tillsammans", en="{title} are now made together"),
    "state": Text(sv="Nytt läge {title}", en="New state {title}"),
    "duty": Text(sv="{title} ska nu göras", en="{title} is now owed"),
    "escalation": Text(
        sv="{title}: när det är sent frågas nu andra",
        en="{title}: when it is late, others are now asked",
    ),
    "effect": Text(sv="Nu även {title}", en="Now also {title}"),
    "template": Text(sv="Nytt meddelande {title}", en="New message {title}"),
    "role": Text(sv="Ny roll {title}", en="New role {title}"),
    "unit": Text(sv="Ny enhet {title}", en="New unit {title}"),
    "parameter": Text(sv="Nytt värde {title}", en="New value {title}"),
    "form": Text(sv="Nytt formulär {title}", en="New form {title}"),
    "field": Text(sv="Ny uppgift {title}", en="New field {title}"),
    "sweep": Text(sv="Ny kontroll {title}", en="New check {title}"),
    "unless": Text(sv="{title}: nu ett undantag", en="{title}: now excused"),
    "always": Text(sv="Måste nu alltid gälla: {title}", en="Must now always hold: {title}"),
    "never": Text(sv="Är nu uteslutet: {title}", en="Is now ruled out: {title}"),
    "condition": Text(sv="{title}: nu ett villkor", en="{title}: now a condition"),
    "report": Text(sv="Ny rapport {title}", en="New report {title}"),
    "pull": Text(sv="Läses nu: {title}", en="Now read: {title}"),
    "shown": Text(sv="Nytt att slå upp: {title}", en="New to look up: {title}"),
    "move": Text(sv="{title}: pågående ärenden", en="{title}: cases under way"),
    "loosened": Text(sv="Skyddet {title} är lättat", en="The safeguard {title} is loosened"),
    "clause": Text(sv="Ny punkt {title}", en="New clause {title}"),
    "gap": Text(sv="Ny lucka {title}", en="New gap {title}"),
}
"""How something new of each kind begins; after it comes what it says."""

GONE = {
    "process": Text(sv="Processen {title} är borta.", en="The process {title} is gone."),
    "transition": Text(sv="Steget {title} är borta.", en="The step {title} is gone."),
    "joint": Text(
        sv="{title} görs inte längre tillsammans.", en="{title} are no longer made together."
    ),
    "state": Text(sv="Läget {title} är borta.", en="The state {title} is gone."),
    "duty": Text(sv="{title} ska inte längre göras.", en="{title} is no longer owed."),
    "escalation": Text(
        sv="{title}: när det är sent frågas inte längre andra.",
        en="{title}: when it is late, others are no longer asked.",
    ),
    "effect": Text(sv="Inte längre {title}.", en="No longer {title}."),
    "template": Text(sv="Meddelandet {title} är borta.", en="The message {title} is gone."),
    "role": Text(sv="Rollen {title} är borta.", en="The role {title} is gone."),
    "unit": Text(sv="Enheten {title} är borta.", en="The unit {title} is gone."),
    "parameter": Text(sv="Värdet {title} är borta.", en="The value {title} is gone."),
    "form": Text(sv="Formuläret {title} är borta.", en="The form {title} is gone."),
    "field": Text(sv="Uppgiften {title} är borta.", en="The field {title} is gone."),
    "sweep": Text(sv="Kontrollen {title} är borta.", en="The check {title} is gone."),
    "unless": Text(sv="{title}: inte längre undantag.", en="{title}: no longer excused."),
    "always": Text(
        sv="Måste inte längre alltid gälla: {title}.", en="Need no longer always hold: {title}."
    ),
    "never": Text(sv="Är inte längre uteslutet: {title}.", en="Is no longer ruled out: {title}."),
    "condition": Text(sv="{title}: inte längre ett villkor.", en="{title}: no longer a condition."),
    "report": Text(sv="Rapporten {title} är borta.", en="The report {title} is gone."),
    "pull": Text(sv="Läses inte längre: {title}.", en="No longer read: {title}."),
    "shown": Text(sv="Borta: {title}.", en="Gone: {title}."),
    "move": Text(
        sv="{title}: inget sägs längre om pågående ärenden.",
        en="{title}: nothing is said any more of cases under way.",
    ),
    "loosened": Text(
        sv="Skyddet {title} är inte längre lättat.", en="The safeguard {title} is loosened no more."
    ),
    "clause": Text(sv="Punkten {title} är borta.", en="The clause {title} is gone."),
    "gap": Text(sv="Luckan {title} är borta.", en="The gap {title} is gone."),
}
"""What is said of something that is gone."""

SAY = {
    "nothing": Text(
        sv="Från {old} till {new} ändras ingenting.", en="From {old} to {new} nothing changes."
    ),
    "some": Text(
        sv="Det här ändras från {old} till {new}.", en="What changes from {old} to {new}."
    ),
    "none": Text(sv="inget", en="none"),
    "head": Text(sv="{title}: {label}", en="{title}: {label}"),
    "was_and_is": Text(
        sv="{head}: förut {before}, nu {after}.", en="{head}: {before} before, now {after}."
    ),
    "other_items": Text(sv="{head}: {items}.", en="{head}: {items}."),
    "now_also": Text(sv="nu även {items}", en="now also {items}"),
    "no_longer": Text(sv="inte längre {items}", en="no longer {items}"),
    "other_order": Text(
        sv="{head}: desamma i en annan ordning.", en="{head}: the same in another order."
    ),
    "other_name": Text(
        sv="{title}: heter nu {after} i paketet, förut {before}.",
        en="{title}: is now named {after} in the pack, {before} before.",
    ),
    "guards": Text(sv="villkoren", en="what must hold"),
    "joint": Text(sv="stegen i andra ärenden", en="the steps of other cases"),
    "effects": Text(sv="vad andra får veta eller gör", en="what others are told or do"),
    "clauses": Text(sv="punkterna", en="the clauses"),
    "may": Text(sv="{role} får nu göra {step}.", en="{role} may now make {step}."),
    "may_not": Text(
        sv="{role} får inte längre göra {step}.", en="{role} may no longer make {step}."
    ),
    "makes": Text(sv="{role} gör nu {step}.", en="{role} now makes {step}."),
    "makes_not": Text(sv="{role} gör inte längre {step}.", en="{role} no longer makes {step}."),
    "now_sees_personal": Text(
        sv="{role} ser nu personuppgifter.", en="{role} now sees personal data."
    ),
    "no_longer_sees_personal": Text(
        sv="{role} ser inte längre personuppgifter.", en="{role} no longer sees personal data."
    ),
    "now_sees_secret": Text(
        sv="{role} ser nu det som har sekretess.", en="{role} now sees what is secret."
    ),
    "no_longer_sees_secret": Text(
        sv="{role} ser inte längre det som har sekretess.",
        en="{role} no longer sees what is secret.",
    ),
    "refused": Text(
        sv="{step} nekas nu om detta inte gäller: {rule}. Den som nekas läser: {reads}{kept}",
        en="{step} is now refused unless this holds: {rule}. The refused person reads: "
        "{reads}{kept}",
    ),
    "refused_not": Text(
        sv="{step} nekas inte längre när detta inte gäller: {rule}. Den som nekades läste: "
        "{reads}{kept}",
        en="{step} is no longer refused when this does not hold: {rule}. The refused person "
        "read: {reads}{kept}",
    ),
    "refused_gone": Text(
        sv="Steget {step} är borta, och med det detta villkor: {rule}.",
        en="The step {step} is gone, and with it what had to hold: {rule}.",
    ),
    "safeguard": Text(sv=" Det skyddar liv och hem.", en=" It protects life and home."),
    "must_hold": Text(sv="vad som måste gälla", en="what must hold"),
    "excuses": Text(sv="undantag", en="what excuses"),
    "does": Text(sv="vad som görs", en="what is done"),
    "used_by": Text(sv=" Det används av: {rules}.", en=" It is used by: {rules}."),
    "in_sv": Text(sv="på svenska", en="in Swedish"),
    "in_en": Text(sv="på engelska", en="in English"),
    "kind": Text(sv="slag", en="kind"),
    "at_state": Text(sv="{step} i läget {state}", en="{step} in the state {state}"),
    "together": Text(sv="{step} och {other}", en="{step} and {other}"),
    "effect_of": Text(sv="{step}: {effect}", en="{step}: {effect}"),
    "field_of": Text(sv="{field} i {form}", en="{field} in {form}"),
    "counts_no_longer": Text(sv="{before} blir ingenting", en="{before} becomes nothing"),
    "becomes": Text(sv="{before} blir {after}", en="{before} becomes {after}"),
    "decides": Text(
        sv="{before} blir {after}, vilket någon avgör",
        en="{before} becomes {after}, as somebody decides",
    ),
    "tickets": Text(sv="rapporter i ärendesystemet", en="reports in tickets"),
    "batteries": Text(sv="batterinivåer", en="battery levels"),
    "register": Text(sv="adminverktygets register", en="the admin tool's register"),
    "body": Text(sv="text", en="text"),
    "refuse": Text(sv="nekas steget", en="the step is refused"),
    "skip": Text(sv="hoppas det över", en="it is left out"),
    "agreed": Text(sv="avtalat", en="agreed"),
    "cancelled": Text(sv="avbokat", en="cancelled"),
    "the_pack": Text(sv="Paketet", en="The pack"),
    "fields_of": Text(sv="uppgifter att fylla i", en="the fields to fill in"),
}
"""Sentences and parts of them."""

SUBJECTS = {
    "customer": Text(sv="kunden", en="the customer"),
    "serial_number": Text(sv="något med serienummer", en="something with a serial number"),
    "staff": Text(sv="någon i personalen", en="one of the staff"),
    "property": Text(sv="en fastighet", en="a property"),
    "organisation": Text(sv="en organisation", en="an organisation"),
    "article": Text(sv="en artikel", en="an article"),
    "system": Text(sv="ett system", en="a system"),
    "ticket": Text(sv="ett ärende i ärendesystemet", en="a ticket"),
    "any": Text(sv="det som andra processer gäller", en="what other processes are about"),
}
"""What the cases of a process can be about."""

FIELD_TYPES = {
    "text": Text(sv="text", en="text"),
    "lines": Text(sv="text på flera rader", en="text of several lines"),
    "word": Text(sv="ord", en="word"),
    "phone": Text(sv="telefonnummer", en="telephone number"),
    "email": Text(sv="e-postadress", en="e-mail address"),
    "serial_number": Text(sv="serienummer", en="serial number"),
    "choice": Text(sv="val", en="choice"),
    "whole_number": Text(sv="heltal", en="whole number"),
    "yes_no": Text(sv="ja eller nej", en="yes or no"),
    "date": Text(sv="datum", en="date"),
    "time": Text(sv="datum och tid", en="date and time"),
    "texts": Text(sv="flera texter", en="several texts"),
    "words": Text(sv="flera ord", en="several words"),
    "serial_numbers": Text(sv="flera serienummer", en="several serial numbers"),
    "choices": Text(sv="flera val", en="several choices"),
    "contact_person": Text(sv="kontaktperson", en="contact person"),
}
"""What a field of a form can hold."""
