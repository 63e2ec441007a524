"""One effect, put into the words of the hooks: what is sent, and how it is looked up."""

from __future__ import annotations

import datetime as dt

from lockroutine.contacts import Contacts
from lockroutine.delivery.workers import Job
from lockroutine.errors import NotFound
from lockroutine.hookspecs import (
    LockSearch,
    NoteSearch,
    Notice,
    OtherEffect,
    Pairing,
    Receipt,
    Ticket,
    TicketClosing,
    TicketNote,
    TicketOrder,
    TicketSearch,
    Visit,
)
from lockroutine.messages import render
from lockroutine.model import Effect, Language
from lockroutine.plugins import Plugins

__all__ = ["Sender"]


class Sender:
    """Puts effects into the words of the hooks and calls the plugins.

    Args:
        plugins: The plugins.
        contacts: Where notices go to.
        language: The language of tickets.
    """

    def __init__(self, plugins: Plugins, contacts: Contacts, language: Language) -> None:
        self._plugins = plugins
        self._contacts = contacts
        self._language: Language = language

    def look_up(self, job: Job) -> Ticket | Receipt | None:
        """What the outside system has of an effect that may have reached it."""
        effect, deadline = job.effect, job.deadline
        match effect.kind:
            case "open_ticket":
                return self._plugins.find_ticket(TicketSearch(key=effect.key, deadline=deadline))
            case "note_ticket":
                search = NoteSearch(key=effect.key, ticket=job.ticket, deadline=deadline)
                return self._plugins.find_note(search)
            case "pair_lock" | "unpair_lock":
                serial, customer = _pairing(effect)
                lock = self._plugins.look_up_lock(
                    LockSearch(serial_number=serial, deadline=deadline)
                )
                paired = lock is not None and lock.paired_with == customer
                return Receipt() if paired is (effect.kind == "pair_lock") else None
            case _:
                # Closing twice closes once; a message cannot be looked up, but bears its key.
                return None

    def send(self, job: Job) -> Ticket | Receipt:
        """Have it done.

        Raises:
            PluginError: What the plugin says of why it was not.
            NotFound: There is no contact for it.
        """
        effect, deadline = job.effect, job.deadline
        match effect.kind:
            case "open_ticket":
                subject, body = self._text(job)
                return self._plugins.open_ticket(
                    TicketOrder(key=effect.key, subject=subject, body=body, deadline=deadline)
                )
            case "note_ticket":
                _, body = self._text(job)
                note = TicketNote(key=effect.key, ticket=job.ticket, body=body, deadline=deadline)
                return self._plugins.add_note(note)
            case "close_ticket":
                _, body = self._text(job)
                return self._plugins.close_ticket(
                    TicketClosing(key=effect.key, ticket=job.ticket, body=body, deadline=deadline)
                )
            case "pair_lock" | "unpair_lock":
                serial, customer = _pairing(effect)
                pairing = Pairing(
                    key=effect.key, serial_number=serial, customer=customer, deadline=deadline
                )
                if effect.kind == "pair_lock":
                    return self._plugins.pair_lock(pairing)
                return self._plugins.unpair_lock(pairing)
            case "send_notice":
                return self._notice(job, deadline)
            case _:
                return self._plugins.do_effect(
                    OtherEffect(
                        key=effect.key,
                        kind=effect.kind,
                        values={**effect.values, **effect.personal},
                        repeated=effect.state == "unknown",
                        deadline=deadline,
                    )
                )

    def _notice(self, job: Job, deadline: dt.datetime) -> Receipt:
        effect, routine = job.effect, job.routine
        contact = self._contacts.of(effect.recipient)
        address = contact.address()
        if not address:
            raise NotFound(f"address for {contact.channel} of the contact", effect.recipient)
        seen = routine.may_see(job.case.process, {effect.recipient})
        subject, body = render(routine, effect, job.case.process, contact.language, seen)
        return self._plugins.send_notice(
            Notice(
                key=effect.key,
                channel=contact.channel,
                recipient=address,
                subject=subject,
                body=body,
                visit=_visit(effect),
                deadline=deadline,
            )
        )

    def _text(self, job: Job) -> tuple[str, str]:
        """What a ticket says: all that the pack's template names goes to the ticket system."""
        routine = job.routine
        everything = frozenset(routine.process(job.case.process).fields)
        return render(routine, job.effect, job.case.process, self._language, everything)


def _pairing(effect: Effect) -> tuple[str, str]:
    return str(effect.values["serial_number"]), str(effect.values["customer"])


def _visit(effect: Effect) -> Visit | None:
    """The agreed time that a notice tells of; a later one of the same case takes its place."""
    about = effect.values.get("visit")
    if not isinstance(about, str):
        return None
    starts, ends = effect.values["starts_at"], effect.values["ends_at"]
    return Visit(
        uid=effect.case_id,
        starts_at=dt.datetime.fromisoformat(str(starts)),
        ends_at=dt.datetime.fromisoformat(str(ends)),
        sequence=effect.version,
        cancelled=about == "cancelled",
    )
