"""The forms: the typed data that transitions take.

A transition of a rule pack names one of these by its snake-case name: ``form = "mounting_order"``
is `MountingOrder`. What is ``personal`` or ``secret`` is said here and nowhere else.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from lockroutine._fields import checked, entry

__all__ = [
    "FORMS",
    "Appointment",
    "Attestation",
    "BatteryReading",
    "BatteryRequest",
    "ClaimReport",
    "ContactPerson",
    "Delivery",
    "Dialog",
    "Difference",
    "DoorOpening",
    "Errand",
    "FaultReport",
    "Finding",
    "Installation",
    "Invoice",
    "Leaving",
    "Licence",
    "LockPlace",
    "LockRegistration",
    "LockSerial",
    "LockTest",
    "MountingOrder",
    "Note",
    "OrdinaryLock",
    "Outcome",
    "PermissionGrant",
    "Place",
    "PurchaseOrder",
    "RelativesAppointment",
    "RemovalOrder",
    "SignedConsent",
    "Swap",
    "SystemFaultReport",
    "SystemUpdate",
    "UnreadReport",
    "VisitOrder",
    "VisitTime",
]

_NAME = entry("Namn", "Name", privacy="personal")
_PHONE = entry("Telefonnummer", "Telephone number", privacy="personal", format="phone")
_SERIAL = entry(
    "Serienummer",
    "Serial number",
    help=("Står på låset.", "Stands on the lock."),
    format="serial_number",
)
_DOOR = entry(
    "Dörr",
    "Door",
    help=("Vilken av kundens dörrar.", "Which of the customer's doors."),
    longest=60,
    format="word",
)


@frozen(kw_only=True, field_transformer=checked)
class ContactPerson:
    """The contact person at the provider (kontaktperson hos utföraren).

    Source: B3.

    >>> ContactPerson(name="Contact 3", phone="+46 70 174 06 05", email="c3@example.org").phone
    '+46 70 174 06 05'
    """

    name: str = field(metadata=_NAME)
    phone: str = field(metadata=_PHONE)
    email: str = field(
        metadata=entry("E-post", "E-mail", privacy="personal", format="email"),
    )


@frozen(kw_only=True, field_transformer=checked)
class VisitOrder:
    """What an order of a visit holds: whose door, how to get in, whom to ask.

    Source: B2, B3, F1, N1.
    """

    name: str = field(metadata=_NAME)
    address: str = field(metadata=entry("Adress", "Address", privacy="personal"))
    phone: str = field(metadata=_PHONE)
    contact: ContactPerson = field(
        metadata=entry("Kontaktperson", "Contact person", privacy="personal")
    )
    door_code: str | None = field(
        default=None,
        metadata=entry(
            "Portkod",
            "Door code",
            help=("Om porten har en.", "If the entrance has one."),
            privacy="secret",
            longest=40,
        ),
    )


@frozen(kw_only=True, field_transformer=checked)
class MountingOrder(VisitOrder):
    """The order of a mounting (beställning av montering).

    Source: B1, B2, B3; the kind of door is what B6 needs to fetch a lock that fits.
    """

    door: str = field(default="front", metadata=_DOOR)
    door_type: str = field(
        metadata=entry(
            "Dörrtyp",
            "Kind of door",
            help=("Samma ord som i låsets «passar».", "The same word as in the lock's fits."),
            longest=60,
            format="word",
        )
    )


@frozen(kw_only=True, field_transformer=checked)
class RemovalOrder(VisitOrder):
    """The order of a dismounting (beställning av nedmontering), with the reason of the end.

    Source: N1, N3.
    """

    door: str = field(default="front", metadata=_DOOR)
    reason: Literal["service_ended", "moved", "death", "consent_withdrawn", "other"] = field(
        metadata=entry(
            "Orsak",
            "Reason",
            choices={
                "service_ended": ("Insatsen har upphört", "The service has ended"),
                "moved": ("Flytt", "Moved"),
                "death": ("Dödsfall", "Death"),
                "consent_withdrawn": ("Samtycket återkallat", "Consent withdrawn"),
                "other": ("Annat", "Other"),
            },
        )
    )


@frozen(kw_only=True, field_transformer=checked)
class Appointment:
    """A time that the installer has agreed with the administrator and the customer.

    Source: B4, B5.
    """

    starts_at: dt.datetime = field(metadata=entry("Börjar", "Starts at"))
    ends_at: dt.datetime = field(metadata=entry("Slutar", "Ends at"))
    coordinator_agreed: bool = field(
        metadata=entry("Samordnaren har sagt ja", "The coordinator has agreed")
    )
    customer_agreed: bool = field(metadata=entry("Kunden har sagt ja", "The customer has agreed"))


@frozen(kw_only=True, field_transformer=checked)
class RelativesAppointment:
    """A time that the installer has agreed with the customer or the relatives (anhöriga).

    Source: N2, N3.
    """

    starts_at: dt.datetime = field(metadata=entry("Börjar", "Starts at"))
    ends_at: dt.datetime = field(metadata=entry("Slutar", "Ends at"))
    agreed_with: Literal["customer", "relatives"] = field(
        metadata=entry(
            "Överenskommet med",
            "Agreed with",
            choices={
                "customer": ("Kunden", "The customer"),
                "relatives": ("Anhöriga", "Relatives"),
            },
        )
    )
    agreed: bool = field(metadata=entry("Tiden är överenskommen", "The time is agreed"))


@frozen(kw_only=True, field_transformer=checked)
class VisitTime:
    """When a fault is looked at in the customer's home.

    Source: F2, F3.
    """

    starts_at: dt.datetime = field(metadata=entry("Börjar", "Starts at"))
    customer_agreed: bool = field(metadata=entry("Kunden har sagt ja", "The customer has agreed"))


@frozen(kw_only=True, field_transformer=checked)
class Installation:
    """The lock that was fitted, and whether an ordinary lock was taken down for it.

    Source: B6, B9.
    """

    serial_number: str = field(metadata=_SERIAL)


@frozen(kw_only=True, field_transformer=checked)
class LockSerial:
    """The serial number (serienummer) of the lock that is reported, paired or unpaired.

    Source: B8, K2, N4, N7.

    >>> LockSerial(serial_number="ph1 001").serial_number
    'PH1001'
    """

    serial_number: str = field(metadata=_SERIAL)


@frozen(kw_only=True, field_transformer=checked)
class Swap:
    """The lock that was taken down and the one that was fitted in its place.

    Source: N4.
    """

    old_serial_number: str = field(
        metadata=entry("Gamla serienumret", "Old serial number", format="serial_number")
    )
    new_serial_number: str = field(
        metadata=entry("Nya serienumret", "New serial number", format="serial_number")
    )


@frozen(kw_only=True, field_transformer=checked)
class LockTest:
    """How often the lock was locked and unlocked after mounting, and whether it worked.

    Source: B7.
    """

    cycles: int = field(
        metadata=entry(
            "Antal låsningar och upplåsningar",
            "Times locked and unlocked",
            minimum=0,
            maximum=1000,
        )
    )
    works: bool = field(metadata=entry("Låset fungerar", "The lock works"))


@frozen(kw_only=True, field_transformer=checked)
class Licence:
    """The licence number (licensnummer) that is written on the signed consent.

    Source: B10. It is another thing than the serial number.
    """

    licence_number: str = field(metadata=entry("Licensnummer", "Licence number", longest=60))


@frozen(kw_only=True, field_transformer=checked)
class SignedConsent:
    """The signed consent form (samtyckesblankett).

    Source: S3.
    """

    signed_on: dt.date = field(metadata=entry("Undertecknad den", "Signed on"))
    signed_by: Literal["customer", "representative"] = field(
        metadata=entry(
            "Undertecknad av",
            "Signed by",
            choices={
                "customer": ("Kunden", "The customer"),
                "representative": ("Företrädare", "A representative"),
            },
        )
    )


@frozen(kw_only=True, field_transformer=checked)
class Note:
    """A few words on why, for those who work on the case."""

    note: str = field(
        metadata=entry("Anteckning", "Note", privacy="personal", longest=2000, lines=True)
    )


@frozen(kw_only=True, field_transformer=checked)
class OrdinaryLock:
    """The ordinary lock that was taken down: from which door.

    Source: B9.
    """

    door: str = field(metadata=_DOOR)


@frozen(kw_only=True, field_transformer=checked)
class Place:
    """Where in the store (förråd) something lies.

    Source: B9, N5.
    """

    place: str = field(metadata=entry("Plats och låda", "Place and box", longest=60))


@frozen(kw_only=True, field_transformer=checked)
class Attestation:
    """What the unit manager answers for: the need and the knowledge.

    Source: K4.
    """

    needs_permission: bool = field(
        metadata=entry("Behöver behörigheten i arbetet", "Needs the permission at work")
    )
    has_knowledge: bool = field(
        metadata=entry("Har kunskapen som krävs", "Has the knowledge it takes")
    )


@frozen(kw_only=True, field_transformer=checked)
class PermissionGrant:
    """Until when a permission to configure holds.

    Source: K3.
    """

    valid_until: dt.datetime = field(metadata=entry("Gäller till", "Valid until"))


@frozen(kw_only=True, field_transformer=checked)
class Leaving:
    """When somebody who may configure leaves, so that the permission is to end.

    Source: K4.
    """

    leaves_at: dt.datetime = field(metadata=entry("Slutar", "Leaves at"))


@frozen(kw_only=True, field_transformer=checked)
class FaultReport:
    """What is wrong with a lock, and at whose door.

    Source: R11, F1.
    """

    description: str = field(
        metadata=entry("Vad är fel", "What is wrong", privacy="personal", longest=2000, lines=True)
    )


@frozen(kw_only=True, field_transformer=checked)
class Dialog:
    """What the provider and the installer found together, before any visit.

    Source: F2.
    """

    conclusion: str = field(
        metadata=entry("Slutsats", "Conclusion", privacy="personal", longest=2000, lines=True)
    )
    visit_needed: bool = field(metadata=entry("Hembesök behövs", "A home visit is needed"))


@frozen(kw_only=True, field_transformer=checked)
class Invoice:
    """The number of an invoice, for the social services department (socialförvaltningen).

    Source: F4, O3.
    """

    invoice_number: str = field(metadata=entry("Fakturanummer", "Invoice number", longest=60))


@frozen(kw_only=True, field_transformer=checked)
class ClaimReport:
    """A claim on a lock or an accessory (reklamation).

    Source: R8, F5.
    """

    article: str = field(metadata=entry("Artikel", "Article", longest=100))
    description: str = field(
        metadata=entry("Vad är fel", "What is wrong", longest=2000, lines=True, privacy="personal")
    )


@frozen(kw_only=True, field_transformer=checked)
class Errand:
    """The supplier's errand number (ärendenummer).

    Source: P1.
    """

    errand_number: str = field(metadata=entry("Ärendenummer", "Errand number", longest=60))


@frozen(kw_only=True, field_transformer=checked)
class Outcome:
    """What came of a claim.

    Source: F5.
    """

    outcome: Literal["repaired", "replaced", "credited", "refused"] = field(
        metadata=entry(
            "Utfall",
            "Outcome",
            choices={
                "repaired": ("Lagad", "Repaired"),
                "replaced": ("Ersatt", "Replaced"),
                "credited": ("Krediterad", "Credited"),
                "refused": ("Avslagen", "Refused"),
            },
        )
    )


@frozen(kw_only=True, field_transformer=checked)
class SystemFaultReport:
    """A fault in the administration tool or an app.

    Source: F6.
    """

    description: str = field(
        metadata=entry("Vad är fel", "What is wrong", longest=2000, lines=True, privacy="personal")
    )


@frozen(kw_only=True, field_transformer=checked)
class BatteryReading:
    """A battery level (batterinivå): a value, a time and a source.

    Source: R4. A level without its time is never good.
    """

    level: int = field(
        metadata=entry("Nivå i procent", "Level in per cent", minimum=0, maximum=100)
    )
    read_at: dt.datetime = field(metadata=entry("Avläst", "Read at"))
    source: Literal["admin_tool", "app", "staff"] = field(
        metadata=entry(
            "Källa",
            "Source",
            choices={
                "admin_tool": ("Administrationsverktyget", "The administration tool"),
                "app": ("Appen", "The app"),
                "staff": ("Personal", "Staff"),
            },
        )
    )


@frozen(kw_only=True, field_transformer=checked)
class BatteryRequest:
    """Why a battery is to be changed.

    Source: R4.
    """

    cause: Literal["low", "unknown", "stale"] = field(
        metadata=entry(
            "Anledning",
            "Cause",
            choices={
                "low": ("Låg nivå", "Low level"),
                "unknown": ("Okänd nivå", "Unknown level"),
                "stale": ("Gammal avläsning", "Old reading"),
            },
        )
    )


@frozen(kw_only=True, field_transformer=checked)
class PurchaseOrder:
    """What is ordered from the supplier, and how much of it.

    Source: R4, R9, O1.
    """

    article_kind: Literal["lock", "battery", "spare_part", "accessory"] = field(
        metadata=entry(
            "Slag",
            "Kind",
            choices={
                "lock": ("Lås", "Lock"),
                "battery": ("Batteri", "Battery"),
                "spare_part": ("Reservdel", "Spare part"),
                "accessory": ("Tillbehör", "Accessory"),
            },
        )
    )
    quantity: int = field(metadata=entry("Antal", "Quantity", minimum=1, maximum=10_000))


@frozen(kw_only=True, field_transformer=checked)
class Delivery:
    """What was delivered; for locks, each by its serial number.

    Source: R7, O1.
    """

    delivered: int = field(
        metadata=entry("Levererat antal", "Delivered", minimum=1, maximum=10_000)
    )
    model: str = field(metadata=entry("Modell", "Model", longest=60))
    fits: tuple[str, ...] = field(
        default=(),
        metadata=entry("Passar dörrtyper", "Fits kinds of door", longest=50, format="word"),
    )
    serial_numbers: tuple[str, ...] = field(
        default=(),
        metadata=entry("Serienummer", "Serial numbers", format="serial_number", longest=500),
    )


@frozen(kw_only=True, field_transformer=checked)
class LockRegistration:
    """A lock that comes into the register: its model and which kinds of door it fits.

    Source: R2, R7.
    """

    model: str = field(metadata=entry("Modell", "Model", longest=60))
    fits: tuple[str, ...] = field(
        metadata=entry("Passar dörrtyper", "Fits kinds of door", longest=50, format="word")
    )


@frozen(kw_only=True, field_transformer=checked)
class LockPlace:
    """At whose door a lock hangs, or to whom it is paired.

    Source: B6, K1.
    """

    customer: str = field(metadata=entry("Kund", "Customer"))
    door: str = field(metadata=_DOOR)
    door_type: str | None = field(
        default=None, metadata=entry("Dörrtyp", "Kind of door", longest=60, format="word")
    )


@frozen(kw_only=True, field_transformer=checked)
class DoorOpening:
    """With which app a member of staff locks or unlocks a door.

    Source: A1.
    """

    app: Literal["lmo", "homecare"] = field(
        metadata=entry(
            "App", "App", choices={"lmo": ("LMO", "LMO"), "homecare": ("HomeCare", "HomeCare")}
        )
    )


@frozen(kw_only=True, field_transformer=checked)
class SystemUpdate:
    """An update of a system or an app.

    Source: R15.
    """

    release: str = field(metadata=entry("Version", "Release", longest=60))


@frozen(kw_only=True, field_transformer=checked)
class UnreadReport:
    """What was written into a ticket and could not be taken as a report, and why.

    Source: B8, N4.
    """

    text: str = field(metadata=entry("Text", "Text", privacy="personal", longest=2000, lines=True))
    why: str = field(metadata=entry("Varför", "Why", longest=2000, lines=True))


@frozen(kw_only=True, field_transformer=checked)
class Difference:
    """How the register here and the one in the administration tool differ on a lock.

    Source: R2.
    """

    difference: Literal[
        "missing_here",
        "missing_there",
        "paired_only_here",
        "paired_only_there",
        "paired_otherwise",
    ] = field(
        metadata=entry(
            "Skillnad",
            "Difference",
            choices={
                "missing_here": (
                    "Låset finns bara i verktyget: registrera det här, eller ta bort det där",
                    "The lock is only in the tool: register it here, or remove it there",
                ),
                "missing_there": (
                    "Låset saknas i verktyget: lägg upp det och koppla det där",
                    "The tool lacks the lock: enter it and pair it there",
                ),
                "paired_only_here": (
                    "Kopplat bara här: koppla i verktyget, eller koppla bort här",
                    "Paired only here: pair it in the tool, or unpair it here",
                ),
                "paired_only_there": (
                    "Kopplat bara i verktyget: koppla bort där, eller koppla här",
                    "Paired only in the tool: unpair it there, or pair it here",
                ),
                "paired_otherwise": (
                    "Kopplat till olika kunder: koppla rätt i verktyget efter det lås som sitter",
                    "Paired with two customers: pair it in the tool as the lock hangs",
                ),
            },
        )
    )


@frozen(kw_only=True, field_transformer=checked)
class Finding:
    """What a standing check has found: which check, and which case it is about.

    Source: R2.
    """

    sweep: str = field(metadata=entry("Kontroll", "Check", longest=60))
    case_id: str = field(metadata=entry("Ärende", "Case"))
    unjudged: tuple[str, ...] = field(
        default=(), metadata=entry("Kan inte bedömas", "Cannot be judged")
    )


def form_name(form: type) -> str:
    """The name by which a rule pack knows a form.

    >>> form_name(MountingOrder)
    'mounting_order'
    """
    return re.sub(r"(?<!^)([A-Z])", r"_\1", form.__name__).lower()


FORMS: Mapping[str, type] = {
    form_name(form): form
    for form in (
        Appointment,
        Attestation,
        BatteryReading,
        BatteryRequest,
        ClaimReport,
        Delivery,
        Dialog,
        Difference,
        DoorOpening,
        Errand,
        FaultReport,
        Finding,
        Installation,
        Invoice,
        Leaving,
        Licence,
        LockPlace,
        LockRegistration,
        LockSerial,
        LockTest,
        MountingOrder,
        Note,
        OrdinaryLock,
        Outcome,
        PermissionGrant,
        Place,
        PurchaseOrder,
        RelativesAppointment,
        RemovalOrder,
        SignedConsent,
        Swap,
        SystemFaultReport,
        SystemUpdate,
        UnreadReport,
        VisitOrder,
        VisitTime,
    )
}
