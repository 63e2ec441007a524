"""Who stands behind the accounts of the ticket system: a municipality's own file.

Source: B8, N4: whoever reports in a ticket makes the step, under the same rules as here.

```toml
[account."montor.3"]
actor = "installer-3"
roles = ["installer"]
units = ["north"]
```
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from attrs import Factory, field, frozen

from lockroutine._files import read_own_file
from lockroutine.errors import InvalidForm, Problem, nearest
from lockroutine.facts import identifier
from lockroutine.model import Actor
from lockroutine.routine import Routine

__all__ = ["Account", "KnownAccounts", "read_accounts"]


@frozen(kw_only=True)
class Account:
    """Who stands behind an account.

    Args:
        actor: The person, by the host's own id.
        roles: The roles that they work in.
        units: The units whose cases they see and touch; none are needed for a role of all units.

    Raises:
        InvalidForm: An id is not printable text of at most 200 characters, or there is no role.

    >>> Account(actor="installer-3", roles=("installer",)).person().id
    'installer-3'
    """

    actor: str
    roles: tuple[str, ...]
    units: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        named = [("actor", self.actor), *(("roles", one) for one in self.roles)]
        named += (("units", one) for one in self.units)
        problems = [problem for path, name in named for problem in _wrong(path, name)]
        if not self.roles:
            problems.append(Problem("roles", "must name one role at least"))
        if problems:
            raise InvalidForm(problems)

    def person(self) -> Actor:
        """The actor that they are."""
        return Actor(self.actor, roles=self.roles, units=self.units)


@frozen
class KnownAccounts:
    """The accounts that are known, by the names that the ticket system has for them.

    >>> known = KnownAccounts({"montor.3": Account(actor="installer-3", roles=("installer",))})
    >>> known.of("montor.3").id, known.of("somebody")
    ('installer-3', None)
    """

    account: Mapping[str, Account] = field(default=Factory(dict), repr=False)

    def of(self, name: str) -> Actor | None:
        """The actor behind an account; None for somebody unknown. Give it to `Engine.open`."""
        known = self.account.get(name)
        return known.person() if known else None

    def problems_with(self, routine: Routine, file: str = "") -> list[Problem]:
        """The roles that a routine does not have."""
        roles = routine.pack.role
        return [
            Problem(f"account.{name}.roles", _no_role(role, roles), file)
            for name, account in self.account.items()
            for role in account.roles
            if role not in roles
        ]


def _wrong(path: str, name: str) -> tuple[Problem, ...]:
    try:
        identifier(name, path)
    except InvalidForm as error:
        return error.problems
    return ()


def _no_role(role: str, roles: Mapping[str, object]) -> str:
    hint = nearest(role, roles)
    ending = f"did you mean {hint}?" if hint else f"there are: {', '.join(roles)}"
    return f"there is no role {ascii(role)[:80]}; {ending}"


def read_accounts(path: str | os.PathLike[str]) -> KnownAccounts:
    """Read a file of accounts.

    Raises:
        NotFound: There is no such file.
        RulesError: It is not TOML, or says what it may not; no value is shown.
    """
    return read_own_file(path, KnownAccounts, "accounts")
