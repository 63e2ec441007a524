"""The fixed words of the drawings and of the rule book, in both languages."""

from __future__ import annotations

from lockroutine.model import Text

__all__ = ["CONTACTS", "DAYS", "EFFECTS", "MOVERS", "WORDS"]

MOVERS = {
    "clock": Text(sv="Klockan", en="The clock"),
    "pull": Text(sv="Annat system", en="Another system"),
    "sweep": Text(sv="Stående kontroll", en="A standing check"),
    "joint": Text(sv="Annat steg", en="Another step"),
}
"""Who makes a step that no role makes."""

EFFECTS = {
    "open_ticket": Text(sv="Öppnar i ärendesystemet", en="Opens a ticket"),
    "note_ticket": Text(sv="Skriver i ärendesystemet", en="Writes in the ticket"),
    "close_ticket": Text(sv="Stänger i ärendesystemet", en="Closes the ticket"),
    "send_notice": Text(sv="Meddelar", en="Tells"),
    "pair_lock": Text(sv="Kopplar i adminverktyget", en="Pairs in the admin tool"),
    "unpair_lock": Text(sv="Kopplar bort i adminverktyget", en="Unpairs in the admin tool"),
}
"""What an effect does, by its kind."""

CONTACTS = {
    "locksmith": Text(sv="låsfirman", en="the locksmith"),
    "social_services": Text(sv="socialförvaltningen", en="social services"),
    "supplier": Text(sv="leverantören", en="the supplier"),
}
"""Those outside whom routines for locks commonly tell; they are contacts, and have no label."""

DAYS = {
    "monday": Text(sv="måndag", en="Monday"),
    "tuesday": Text(sv="tisdag", en="Tuesday"),
    "wednesday": Text(sv="onsdag", en="Wednesday"),
    "thursday": Text(sv="torsdag", en="Thursday"),
    "friday": Text(sv="fredag", en="Friday"),
    "saturday": Text(sv="lördag", en="Saturday"),
    "sunday": Text(sv="söndag", en="Sunday"),
}

WORDS = {
    "actor.id": Text(sv="den som gör det", en="who does it"),
    "after": Text(sv="efter {length}", en="after {length}"),
    "after_field": Text(sv="{length} efter {field}", en="{length} after {field}"),
    "at_due": Text(sv="sista dagen", en="the time it is due"),
    "at_field": Text(sv="vid {field}", en="at {field}"),
    "before_field": Text(sv="{length} före {field}", en="{length} before {field}"),
    "absent": Text(sv="inget finns: {field}", en="there is no: {field}"),
    "by_role": Text(sv="{field}: det som rollen får", en="{field}: what the role may"),
    "case.id": Text(sv="ärendets nummer", en="the case's number"),
    "case.state": Text(sv="ärendets läge", en="the case's state"),
    "case.subject": Text(sv="den det gäller", en="whom it is about"),
    "case.unit": Text(sv="ärendets enhet", en="the case's unit"),
    "day": Text(sv="{count} dygn", en="{count} day"),
    "days": Text(sv="{count} dygn", en="{count} days"),
    "differs": Text(sv="{field} är inte {other}", en="{field} is not {other}"),
    "done": Text(sv="gjort: {steps}", en="done: {steps}"),
    "due": Text(sv="Inom {length}", en="Within {length}"),
    "duties_done": Text(sv="allt att göra här är gjort", en="all that is owed here is done"),
    "duty": Text(sv="att göra", en="owed"),
    "each.item": Text(sv="vart och ett", en="each of them"),
    "end": Text(sv="slut", en="end"),
    "event.happened_at": Text(sv="tidpunkten", en="the time"),
    "from": Text(sv="Från", en="From"),
    "hour": Text(sv="{count} timme", en="{count} hour"),
    "hours": Text(sv="{count} timmar", en="{count} hours"),
    "entries": Text(sv="{field}: antal {number}", en="{field}: number {number}"),
    "if": Text(sv="om {condition}", en="if {condition}"),
    "in_state": Text(sv="{process}: {states}", en="{process}: {states}"),
    "includes": Text(sv="{field} rymmer {other}", en="{field} holds {other}"),
    "given": Text(sv="{field} finns", en="{field} is there"),
    "is_true": Text(sv="{field}", en="{field}"),
    "map": Text(
        sv="Alla processer och vad som förenar dem", en="All processes, and what joins them"
    ),
    "minute": Text(sv="{count} minut", en="{count} minute"),
    "minutes": Text(sv="{count} minuter", en="{count} minutes"),
    "no": Text(sv="nej", en="no"),
    "none": Text(sv="inget", en="none"),
    "not_given": Text(sv="{field} saknas", en="{field} is missing"),
    "not_before": Text(sv="inte före {field}", en="not before {field}"),
    "not_in_state": Text(sv="{process}: inte {states}", en="{process}: not {states}"),
    "not_later": Text(sv="högst {length} framåt", en="at most {length} ahead"),
    "not_sooner": Text(sv="minst {length} framåt", en="at least {length} ahead"),
    "not_older": Text(sv="högst {length} bakåt", en="at most {length} back"),
    "opened_by": Text(sv="Öppnas av", en="Opened by"),
    "or": Text(sv="eller", en="or"),
    "not_future": Text(sv="inte i framtiden", en="not in the future"),
    "not_past": Text(sv="inte i det förflutna", en="not in the past"),
    "same": Text(sv="{field} är {other}", en="{field} is {other}"),
    "same_field": Text(sv="{field}: samma som förut", en="{field}: the same as before"),
    "still": Text(sv="{rest} (gäller ännu)", en="{rest} (still valid)"),
    "value_is": Text(sv="{field} är {values}", en="{field} is {values}"),
    "working_day": Text(sv="{count} arbetsdag", en="{count} working day"),
    "working_days": Text(sv="{count} arbetsdagar", en="{count} working days"),
    "waits_for": Text(sv="Väntar på", en="Waits for"),
    "with_step": Text(sv="efter: {steps}", en="after: {steps}"),
    "without_step": Text(sv="utan: {steps}", en="without: {steps}"),
    "late": Text(sv="Försenat: även", en="When late: also"),
    "late_after": Text(sv="{length} försenat: även", en="{length} late: also"),
    "late_before": Text(
        sv="{length} innan det är sent: även", en="{length} before it is late: also"
    ),
    "legend_drives": Text(
        sv="gör också ett steg i ett annat ärende", en="also makes a step of another case"
    ),
    "legend_driven": Text(
        sv="görs av ett steg i ett annat ärende", en="is made by a step of another case"
    ),
    "legend_duty": Text(sv="ska göras i läget", en="is owed in the state"),
    "legend_effect": Text(
        sv="andra får veta eller gör något", en="others are told or do something"
    ),
    "legend_guard": Text(sv="villkor", en="must hold"),
    "legend_looks": Text(sv="villkor ser till dess ärenden", en="a rule looks at its cases"),
    "legend_safeguard": Text(sv="skyddar liv och hem", en="protects life and home"),
    "legend_timer": Text(sv="när klockan gör det", en="when the clock does it"),
    "yes": Text(sv="ja", en="yes"),
}
"""Short wordings; what stands in braces is filled in."""
