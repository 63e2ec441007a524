"""The demo's own words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from lockroutine.model import Text

__all__ = ["CONTACTS", "DAYS", "EFFECTS", "MONTHS", "PLUGINS", "REPORTS", "SAID"]

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

# What people write into tickets, by the step that it means.
REPORTS: Mapping[str, Text] = {
    "mounting.report": Text(
        sv="Låset är monterat, serienummer {serial_number}.",
        en="Lock mounted, serial number {serial_number}.",
    ),
    "swap.report": Text(
        sv="Låset är bytt. Gammalt serienummer {old_serial_number}, "
        "nytt serienummer {new_serial_number}.",
        en="Lock swapped. Old serial number {old_serial_number}, "
        "new serial number {new_serial_number}.",
    ),
    "removal.report": Text(
        sv="Låset är nedmonterat, serienummer {serial_number}.",
        en="Lock removed, serial number {serial_number}.",
    ),
}

# What is told of the systems around, with --plugins.
PLUGINS: Mapping[str, Text] = {
    "opening": Text(
        sv="Ärenden går till {tickets}, meddelanden till {notices}; leverantörens verktyg sköts för"
        " hand. Allt det finns bara på den här datorn.",
        en="Tickets go to {tickets}, messages to {notices}; the vendor's tool is used by hand. All"
        " of it is on this machine only.",
    ),
    "writes": Text(
        sv="{who} skriver i ärende {ticket}: {text}", en="{who} writes into ticket {ticket}: {text}"
    ),
    "answered": Text(
        sv="Ärende {ticket} får ett svar som anteckning:",
        en="Ticket {ticket} is answered by a note:",
    ),
    "moved": Text(
        sv="✓ Det som står i ärendet gäller, som om {who} hade rapporterat det här.",
        en="✓ What stands in the ticket has moved the case, as if {who} had typed it in here.",
    ),
    "exports": Text(
        sv="Samordnaren exporterar registret ur verktyget till {path}.",
        en="The coordinator exports the register from the tool to {path}.",
    ),
    "wrong_lock": Text(
        sv="Samordnaren ska bekräfta kopplingen, men läser av fel lås: {serial}.",
        en="The coordinator is to confirm the pairing, but reads the wrong lock: {serial}.",
    ),
    "not_confirmed": Text(
        sv="✗ Nej. Det är inte serienumret på låset som det gäller.",
        en="✗ No. That is not the serial number of the lock that this is about.",
    ),
    "paired": Text(
        sv="Samordnaren kopplar {serial} i verktyget och bekräftar med serienumret.",
        en="The coordinator pairs {serial} in the tool, and confirms with the serial number.",
    ),
    "unpaired": Text(
        sv="Samordnaren kopplar bort {serial} i verktyget och bekräftar med serienumret.",
        en="The coordinator unpairs {serial} in the tool, and confirms with the serial number.",
    ),
    "reports": Text(
        sv="< lästa rapporter ur ärenden: {count}", en="< reports read from tickets: {count}"
    ),
    "unread": Text(
        sv="< rapporter som inte kunde tas emot, nu på samordnarens lista: {count}",
        en="< reports that could not be taken, now on the coordinator's list: {count}",
    ),
    "readings": Text(
        sv="< batterinivåer lästa ur exporten: {count}",
        en="< battery levels read from the export: {count}",
    ),
    "batteries": Text(
        sv="< batteribyten begärda: {count}", en="< changes of battery asked for: {count}"
    ),
    "differences": Text(
        sv="< skillnader mellan registren, nu på samordnarens lista: {count}",
        en="< differences between the registers, now on the coordinator's list: {count}",
    ),
    "agreed": Text(
        sv="< skillnader som har löst sig själva: {count}",
        en="< differences that have settled themselves: {count}",
    ),
    "sent": Text(
        sv="Skickat: {tickets} ärenden, {notes} anteckningar, {closings} stängningar, "
        "{messages} meddelanden.",
        en="Sent: {tickets} tickets, {notes} notes, {closings} closings, {messages} messages.",
    ),
    "sum": Text(
        sv="Sammanlagt skickat: {tickets} ärenden, {notes} anteckningar, {closings} stängningar, "
        "{messages} meddelanden; {tasks} kopplingar gjorda för hand.",
        en="Sent in all: {tickets} tickets, {notes} notes, {closings} closings, {messages} "
        "messages; {tasks} pairings done by hand.",
    ),
    "same": Text(
        sv="På andra sidan finns {tickets} ärenden, {notes} anteckningar och stängningar och "
        "{messages} meddelanden: inget är borta, inget är dubbelt.",
        en="On the other side there are {tickets} tickets, {notes} notes and closings and "
        "{messages} messages: nothing is lost, nothing is doubled.",
    ),
    "not_same": Text(
        sv="På andra sidan finns {tickets} ärenden, {notes} anteckningar och stängningar och "
        "{messages} meddelanden; {left} väntar här. Det stämmer inte.",
        en="On the other side there are {tickets} tickets, {notes} notes and closings and "
        "{messages} messages; {left} wait here. That does not agree.",
    ),
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
