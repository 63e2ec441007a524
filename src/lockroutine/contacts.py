"""Whom to reach: a municipality's own file of contacts, which is never part of a rule pack.

Source: C1. Names, numbers and addresses are personal data: they are in no ``repr`` and no error.

```toml
[contact.installer]
label = "Installers"
phone = "+46 70 174 06 05"
mail = "installers@example.org"

[contact.social_services]
mail = "invoices@example.org"
language = "sv"
```
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from attrs import Factory, field, frozen

from lockroutine._files import read_own_file
from lockroutine.errors import NotFound, nearest
from lockroutine.model import Language

__all__ = ["Contact", "Contacts", "read_contacts"]


@frozen(kw_only=True)
class Contact:
    """How somebody is reached.

    Args:
        label: What they are called, if a person is to read it.
        phone: Their telephone number, for people.
        mail: Their e-mail address.
        sms: The number that text messages go to.
        other: Addresses on other channels, by the channel's name.
        channel: Over which channel notices go; one that has an address here.
        language: In which language notices are written.
    """

    label: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    mail: str = field(default="", repr=False)
    sms: str = field(default="", repr=False)
    other: Mapping[str, str] = field(factory=dict, repr=False)
    channel: str = "mail"
    language: Language = "sv"

    def address(self) -> str:
        """The address on the channel that notices go over; empty if there is none."""
        return {"mail": self.mail, "sms": self.sms, **self.other}.get(self.channel, "")


@frozen
class Contacts:
    """Contacts by role, or by another name that a pack sends notices to.

    >>> Contacts({"installer": Contact(mail="installers@example.org")}).of("installer").channel
    'mail'
    """

    contact: Mapping[str, Contact] = Factory(dict)

    def of(self, name: str) -> Contact:
        """The contact of a role.

        Raises:
            NotFound: The file has none, with the nearest name that it has.
        """
        try:
            return self.contact[name]
        except KeyError:
            raise NotFound("contact", name, nearest(name, self.contact)) from None


def read_contacts(path: str | os.PathLike[str]) -> Contacts:
    """Read a file of contacts.

    Raises:
        NotFound: There is no such file.
        RulesError: It is not TOML, or says what it may not; no value is shown.
    """
    return read_own_file(path, Contacts, "contacts")
