"""The demo's own words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from lockroutine.model import Text

__all__ = ["CONTACTS", "DAYS", "EFFECTS", "MONTHS", "SAID"]

SAID: Mapping[str, Text] = {
    "title": Text(
        sv="Ett digitalt lås, från erbjudandet till lådan i förrådet",
        en="A digital lock, from the offer to its box in the store",
    ),
    "opening": Text(
        sv="Allt nedan görs på riktigt, i databasen {path}. Människorna är påhittade.",
        en="All that follows is really done, in the database {path}. The people are invented.",
    ),
    "clock": Text(sv="Klockan", en="The clock"),
    "no": Text(sv="Nej.", en="No."),
    "ending": Text(sv="Så står det till nu", en="How things stand now"),
    "list_of": Text(sv="Att göra: {role}", en="To do: {role}"),
    "locks": Text(sv="Registret över lås", en="The register of locks"),
    "ordinary_locks": Text(sv="De ordinarie låsen", en="The ordinary locks"),
    "waiting": Text(
        sv="{count} meddelanden väntar på att skickas till ärendesystem, verktyg och e-post.",
        en="{count} messages wait to be sent to the ticket system, the tool and by mail.",
    ),
    "kept": Text(
        sv="Databasen finns kvar i {path}. Prova: lockroutine worklist {path} --role installer",
        en="The database is kept in {path}. Try: lockroutine worklist {path} --role installer",
    ),
    "thrown_away": Text(
        sv="Databasen var tillfällig. Spara den nästa gång: lockroutine demo --at demo.db",
        en="The database was temporary. To keep it next time: lockroutine demo --at demo.db",
    ),
    "serial_number": Text(sv="Serienummer", en="Serial number"),
    "model": Text(sv="Modell", en="Model"),
    "state": Text(sv="Läge", en="State"),
    "door": Text(sv="Dörr", en="Door"),
    "paired_with": Text(sv="Kopplat till", en="Paired with"),
    "place": Text(sv="Plats", en="Place"),
    "battery": Text(sv="Batteri", en="Battery"),
    "customer": Text(sv="Kund", en="Customer"),
}

EFFECTS: Mapping[str, Text] = {
    "open_ticket": Text(
        sv="ett ärende öppnas i ärendesystemet", en="a ticket is opened in the ticket system"
    ),
    "note_ticket": Text(
        sv="ärendet får en anteckning i ärendesystemet", en="the ticket gets a note"
    ),
    "close_ticket": Text(sv="ärendet stängs i ärendesystemet", en="the ticket is closed"),
    "send_notice": Text(sv="meddelande till {to}", en="a message to: {to}"),
    "pair_lock": Text(
        sv="låset kopplas i administrationsverktyget",
        en="the lock is paired in the administration tool",
    ),
    "unpair_lock": Text(
        sv="låset kopplas bort i administrationsverktyget",
        en="the lock is unpaired in the administration tool",
    ),
}

CONTACTS: Mapping[str, Text] = {
    "supplier": Text(sv="Leverantören", en="The supplier"),
    "social_services": Text(sv="Socialförvaltningen", en="Social services"),
}

DAYS = tuple(
    Text(sv=sv, en=en)
    for sv, en in (
        ("måndag", "Monday"),
        ("tisdag", "Tuesday"),
        ("onsdag", "Wednesday"),
        ("torsdag", "Thursday"),
        ("fredag", "Friday"),
        ("lördag", "Saturday"),
        ("söndag", "Sunday"),
    )
)

MONTHS = tuple(
    Text(sv=sv, en=en)
    for sv, en in (
        ("januari", "January"),
        ("februari", "February"),
        ("mars", "March"),
        ("april", "April"),
        ("maj", "May"),
        ("juni", "June"),
        ("juli", "July"),
        ("augusti", "August"),
        ("september", "September"),
        ("oktober", "October"),
        ("november", "November"),
        ("december", "December"),
    )
)
