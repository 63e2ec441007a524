"""The admin tool without an API: a person does it by hand and says so.

This is the default for the vendor's tool. Pairing and unpairing become tasks (effects in the state
``asked``) that `Engine.confirm` settles, with the serial number repeated. The register and the
battery levels are read from a CSV file that the person exports.

Source: K1, K2, N6, N7, R2, R4.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from attrs import Factory, field, frozen

from lockroutine.errors import InvalidForm, Rejected, TryAgain
from lockroutine.facts import serial_number
from lockroutine.hookspecs import (
    BatteryLevel,
    BatterySearch,
    LockSearch,
    Pairing,
    Receipt,
    RegisteredLock,
    RegisterSearch,
    hookimpl,
)
from lockroutine.plugins.settings import setting

__all__ = ["ManualAdminTool", "Settings"]


@frozen(kw_only=True)
class Settings:
    """Where the exported register is, and what its columns are called.

    >>> Settings().serial_number
    'Serienummer'
    """

    register: str = field(default="", metadata=setting("The CSV file that a person exports."))
    serial_number: str = field(
        default="Serienummer", metadata=setting("The serial number's column.")
    )
    customer: str = field(default="Kund", metadata=setting("The column with the customer's id."))
    model: str = field(default="Modell", metadata=setting("The model's column."))
    battery: str = field(default="Batteri", metadata=setting("The column with per cent."))
    read_at: str = field(default="Avläst", metadata=setting("The column with when it was read."))


_Settings = Settings  # by which the class can have one of that name


@frozen
class ManualAdminTool:
    """The admin tool as a person's work list.

    >>> when = dt.datetime(2026, 3, 2, tzinfo=dt.timezone.utc)
    >>> order = Pairing(key="1", serial_number="PH1", customer="customer-17", deadline=when)
    >>> ManualAdminTool().pair_lock(order).state
    'asked'
    """

    Settings: ClassVar[type[_Settings]] = _Settings
    settings: _Settings = Factory(_Settings)
    name: str = "manual"
    hooks: str = "1.0"

    @hookimpl
    def pair_lock(self, details: Pairing) -> Receipt:
        """Ask a person to connect the lock."""
        return Receipt(state="asked")

    @hookimpl
    def unpair_lock(self, details: Pairing) -> Receipt:
        """Ask a person to disconnect the lock."""
        return Receipt(state="asked")

    @hookimpl
    def look_up_lock(self, details: LockSearch) -> RegisteredLock | None:
        """A lock of the exported register."""
        found = (lock for lock in self._locks() if lock.serial_number == details.serial_number)
        return next(found, None)

    @hookimpl
    def list_locks(self, details: RegisterSearch) -> tuple[RegisteredLock, ...]:
        """The exported register."""
        return tuple(self._locks())

    @hookimpl
    def read_batteries(self, details: BatterySearch) -> tuple[BatteryLevel, ...]:
        """The battery levels of the exported register; rows without one are passed over."""
        return tuple(self._batteries(details.zone))

    def _locks(self) -> Iterator[RegisteredLock]:
        for row in self._rows():
            yield RegisteredLock(
                serial_number=self._serial(row),
                paired_with=row.get(self.settings.customer, "").strip(),
                model=row.get(self.settings.model, "").strip(),
            )

    def _batteries(self, zone: dt.tzinfo) -> Iterator[BatteryLevel]:
        for row in self._rows():
            level = row.get(self.settings.battery, "").strip().removesuffix("%").strip()
            read_at = row.get(self.settings.read_at, "").strip()
            if not level or not read_at:
                continue
            try:
                at = dt.datetime.fromisoformat(read_at)
                at = at if at.tzinfo else at.replace(tzinfo=zone)
                yield BatteryLevel(serial_number=self._serial(row), level=int(level), read_at=at)
            except ValueError:
                message = f"{self.settings.register}: a battery level or its time cannot be read"
                raise Rejected(message) from None

    def _serial(self, row: Mapping[str, str]) -> str:
        try:
            return serial_number(row[self.settings.serial_number])
        except InvalidForm:
            raise Rejected(f"{self.settings.register}: a serial number cannot be read") from None

    def _rows(self) -> Iterator[Mapping[str, str]]:
        if not self.settings.register:
            return
        text = _read(Path(self.settings.register))
        first = text.partition("\n")[0]
        delimiter = max(";,\t", key=first.count)
        rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, restval="")
        if self.settings.serial_number not in (rows.fieldnames or ()):
            message = f"{self.settings.register} has no column {self.settings.serial_number}"
            raise Rejected(message)
        yield from rows


def _read(path: Path) -> str:
    """The text of a CSV file as Excel and others write it: UTF-8, also with a BOM, or cp1252."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TryAgain(f"{path} cannot be read: {type(error).__name__}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
