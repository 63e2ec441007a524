"""The story's beginning: the consent, the mounting, the permission and the pairing."""

from __future__ import annotations

import datetime as dt

from lockroutine.cli.demo.telling import FIRST, ORDER, SECOND, THIRD, Chapter, local, step
from lockroutine.model import Text

__all__ = ["BEGINNING"]

CONSENT = Chapter(
    title=Text(sv="Samtycket", en="The consent"),
    steps=(
        step(
            "2025-09-01 09:00",
            "care_assessor",
            "consent.grant_service",
            "En kund har beviljats hemtjänst. Då ska ett digitalt lås erbjudas.",
            "A customer has been granted home care, so a digital lock is to be offered.",
        ),
        step(
            "2025-09-01 09:30",
            "coordinator",
            "mounting.order",
            "Samordnaren är ivrig och vill beställa monteringen redan nu.",
            "The coordinator is eager and wants to order the mounting at once.",
            form={**ORDER, "door_type": "wooden"},
            refused=("S3",),
        ),
        step(
            "2025-09-02 10:00",
            "care_assessor",
            "consent.leave_form",
            "Så handläggaren lämnar information och samtyckesblankett vid hembesöket.",
            "So the care assessor leaves the information and the consent form at the home visit.",
        ),
        step(
            "2025-09-04 08:15",
            "provider_staff",
            "consent.collect",
            "Vid sitt första besök hämtar personalen det undertecknade samtycket.",
            "At their first visit the staff collect the signed consent.",
            form={"signed_on": dt.date(2025, 9, 4), "signed_by": "customer"},
        ),
        step(
            "2025-09-05 13:00",
            "coordinator",
            "consent.receive",
            "Samordnaren har samtycket i sin hand. Nu går det att beställa.",
            "The coordinator has the consent in hand. Now a lock can be ordered.",
        ),
    ),
)

MOUNTING = Chapter(
    title=Text(sv="Monteringen", en="The mounting"),
    steps=(
        step(
            "2025-09-05 14:00",
            "installer",
            "purchase.order",
            "I förrådet ekar det tomt, så montören beställer tre lås av leverantören.",
            "The store stands empty, so the installer orders three locks from the supplier.",
            about="model-x",
            form={"article_kind": "lock", "quantity": 3},
        ),
        step(
            "2025-09-08 07:30",
            "installer",
            "purchase.deliver",
            "De kommer, och vart och ett får sin rad i registret.",
            "They arrive, and each gets its line in the register.",
            about="model-x",
            form={
                "delivered": 3,
                "model": "Model X",
                "fits": ["wooden", "steel"],
                "serial_numbers": [FIRST, SECOND, THIRD],
            },
        ),
        step(
            "2025-09-08 07:40",
            "installer",
            "purchase.note_invoice",
            "Fakturan går till socialförvaltningen.",
            "The invoice goes to the social services department.",
            about="model-x",
            form={"invoice_number": "F-1001"},
        ),
        step(
            "2025-09-08 07:45",
            "installer",
            "purchase.close",
            "Köpet är klart.",
            "The purchase is finished.",
            about="model-x",
        ),
        step(
            "2025-09-08 09:00",
            "coordinator",
            "mounting.order",
            "Samordnaren beställer monteringen, med allt som beställningen ska innehålla.",
            "The coordinator orders the mounting, with all that an order is to hold.",
            form={**ORDER, "door_type": "wooden"},
        ),
        step(
            "2025-09-08 11:00",
            "installer",
            "mounting.schedule",
            "Montören föreslår fredag förmiddag.",
            "The installer suggests Friday morning.",
            form={
                "starts_at": local("2025-09-12 10:00"),
                "ends_at": local("2025-09-12 11:00"),
                "coordinator_agreed": True,
                "customer_agreed": True,
            },
            refused=("B5",),
        ),
        step(
            "2025-09-08 11:05",
            "installer",
            "mounting.schedule",
            "Tisdag går lika bra, och alla har sagt ja.",
            "Tuesday does just as well, and everybody has agreed.",
            form={
                "starts_at": local("2025-09-16 10:00"),
                "ends_at": local("2025-09-16 11:00"),
                "coordinator_agreed": True,
                "customer_agreed": True,
            },
        ),
        step(
            "2025-09-16 10:10",
            "installer",
            "mounting.install",
            f"Låset {FIRST} hämtas i förrådet och monteras. Det ordinarie låset tas ned.",
            f"Lock {FIRST} is fetched from the store and fitted. The ordinary lock comes down.",
            form={"serial_number": FIRST},
        ),
        step(
            "2025-09-16 10:30",
            "installer",
            "mounting.test",
            "Det är kallt i trapphuset. Tre provningar får väl räcka?",
            "It is cold in the stairwell. Surely three tests will do?",
            form={"cycles": 3, "works": True},
            refused=("B7",),
        ),
        step(
            "2025-09-16 10:35",
            "installer",
            "mounting.test",
            "Två gånger till, så att batteriet startar.",
            "Twice more, so that the battery starts.",
            form={"cycles": 5, "works": True},
        ),
        step(
            "2025-09-16 10:40",
            "installer",
            "mounting.report",
            "Montören rapporterar serienumret. Ärendet i Easit får veta det.",
            "The installer reports the serial number. The ticket in Easit is told.",
            form={"serial_number": "ph1-001"},
        ),
        step(
            "2025-09-16 13:00",
            "installer",
            "mounting.store_ordinary_lock",
            "Det ordinarie låset läggs i sin låda, så att det hittas den dag det behövs.",
            "The ordinary lock goes into its box, to be found on the day that it is needed.",
            form={"place": "3-17"},
        ),
    ),
)

PAIRING = Chapter(
    title=Text(sv="Behörigheten och kopplingen", en="The permission and the pairing"),
    steps=(
        step(
            "2025-09-17 08:30",
            "coordinator",
            "mounting.pair",
            "Samordnaren vill koppla låset till kunden, men saknar behörighet.",
            "The coordinator wants to pair the lock with the customer, but has no permission.",
            form={"serial_number": FIRST},
            refused=("K3",),
        ),
        step(
            "2025-09-17 08:40",
            "coordinator",
            "configuration_permission.ask",
            "Behörigheten begärs.",
            "The permission is asked for.",
            about="coordinator-1",
        ),
        step(
            "2025-09-17 10:00",
            "unit_manager",
            "configuration_permission.attest",
            "Enhetschefen intygar att behörigheten behövs och att kunskapen finns.",
            "The unit manager attests that it is needed and that the knowledge is there.",
            about="coordinator-1",
            form={"needs_permission": True, "has_knowledge": True},
        ),
        step(
            "2025-09-17 14:00",
            "system_manager",
            "configuration_permission.grant",
            "Systemförvaltaren ger behörigheten. Den har ett slut.",
            "The system manager grants it. It has an end.",
            about="coordinator-1",
            form={"valid_until": local("2026-09-16 12:00")},
        ),
        step(
            "2025-09-17 14:30",
            "coordinator",
            "mounting.pair",
            "Nu går det att koppla. Serienumret är det som sitter på dörren.",
            "Now it can be paired. The serial number is the one that hangs at the door.",
            form={"serial_number": FIRST},
        ),
        step(
            "2025-09-17 14:35",
            "coordinator",
            "mounting.close",
            "Klart? Nej, något återstår.",
            "Finished? No, something is left.",
            refused=("B10",),
        ),
        step(
            "2025-09-17 14:40",
            "coordinator",
            "mounting.write_licence",
            "Licensnumret skrivs på samtycket.",
            "The licence number is written on the consent.",
            form={"licence_number": "L-2025-17"},
        ),
        step(
            "2025-09-17 14:45",
            "coordinator",
            "mounting.close",
            "Nu är monteringen klar.",
            "Now the mounting is finished.",
        ),
        step(
            "2025-09-17 15:00",
            "coordinator",
            "lock.record_battery",
            "Batteriet är nytt. Nivån antecknas med tid och källa.",
            "The battery is new. Its level is noted, with a time and a source.",
            about=FIRST,
            form={"level": 98, "read_at": local("2025-09-17 14:50"), "source": "admin_tool"},
        ),
    ),
)

BEGINNING = (CONSENT, MOUNTING, PAIRING)
