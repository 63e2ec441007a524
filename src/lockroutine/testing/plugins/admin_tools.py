"""The contract of plugins that reach the vendor's admin tool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from lockroutine.errors import PluginError, Rejected, TryAgain
from lockroutine.hookspecs import (
    BatteryLevel,
    BatterySearch,
    LockSearch,
    Pairing,
    Receipt,
    RegisteredLock,
    RegisterSearch,
)
from lockroutine.testing.plugins.common import (
    IN_VAIN,
    Kept,
    able,
    attempt,
    call,
    deadline,
    expect,
    named,
    new_key,
)
from lockroutine.testing.plugins.plugin import PluginContract
from lockroutine.testing.wire import Fault, Wire

__all__ = ["AdminToolContract"]


class AdminToolContract(PluginContract):
    """What every plugin for the vendor's admin tool keeps.

    Attributes:
        serial_number: A lock that the tool knows, and that is paired with nobody.
    """

    serial_number: ClassVar[str] = "PH1-001"

    @pytest.fixture
    def kept(self) -> Kept:
        """Not looked at."""
        return lambda _: []

    def usual(self, plugin: object) -> Iterator[tuple[str, object]]:
        """One use of each hook."""
        yield "pair_lock", self.pairing()
        yield "look_up_lock", LockSearch(serial_number=self.serial_number, deadline=deadline())
        if hasattr(plugin, "list_locks"):
            yield "list_locks", RegisterSearch(deadline=deadline())
        yield "unpair_lock", self.pairing()

    def pairing(self, key: str = "", customer: str = "customer-17") -> Pairing:
        """The lock and a customer."""
        return Pairing(
            key=key or new_key(),
            serial_number=self.serial_number,
            customer=customer,
            deadline=deadline(),
        )

    def look_up(self, plugin: object, serial_number: str = "") -> RegisteredLock | None:
        """The lock as the tool knows it."""
        search = LockSearch(serial_number=serial_number or self.serial_number, deadline=deadline())
        found = call(plugin, "look_up_lock", search)
        return None if found is None else expect(found, RegisteredLock, "look_up_lock")

    def test_a_lock_is_found_by_its_serial_number(self, plugin: object) -> None:
        """The lock is found, is paired with nobody, and an unknown one is None."""
        found = self.look_up(plugin)
        assert found is not None, f"look_up_lock does not find {self.serial_number}"
        assert (found.serial_number, found.paired_with) == (self.serial_number, "")
        assert self.look_up(plugin, "PH9-NONE") is None, "look_up_lock found what is not there"

    def test_pairing_and_unpairing(self, plugin: object) -> None:
        """Pairing pairs, unpairing unpairs, each twice with one key; or a person is asked."""
        for hook, customer in (("pair_lock", "customer-17"), ("unpair_lock", "")):
            details = self.pairing()
            for _ in range(2):
                receipt = expect(call(plugin, hook, details), Receipt, hook)
                found = self.look_up(plugin)
                assert found is not None
                if receipt.state == "done":
                    assert found.paired_with == customer, f"{hook} says done, and it is not"

    def test_a_lock_of_another_customer_is_rejected(self, plugin: object) -> None:
        """A lock that is paired with one customer is not paired with another."""
        first = expect(call(plugin, "pair_lock", self.pairing()), Receipt, "pair_lock")
        if first.state == "asked":
            pytest.skip("a person pairs")
        outcome, _ = attempt(plugin, "pair_lock", self.pairing(customer="customer-18"))
        assert isinstance(outcome, Rejected), f"pair_lock gave {named(outcome)}, not Rejected"
        found = self.look_up(plugin)
        assert found is not None
        assert found.paired_with == "customer-17"

    def test_the_register(self, plugin: object) -> None:
        """The register has each lock once, the one that is looked up among them."""
        if not hasattr(plugin, "list_locks"):
            pytest.skip("the plugin lists no register")
        locks = call(plugin, "list_locks", RegisterSearch(deadline=deadline()))
        assert isinstance(locks, tuple), "list_locks returned no tuple"
        numbers = [expect(lock, RegisteredLock, "list_locks").serial_number for lock in locks]
        assert self.serial_number in numbers
        assert len(set(numbers)) == len(numbers), "a lock stands in the register twice"

    def test_battery_levels(self, plugin: object) -> None:
        """Battery levels are per cent, one a lock, and read at an aware time."""
        if not hasattr(plugin, "read_batteries"):
            pytest.skip("the plugin reads no batteries")
        levels = call(plugin, "read_batteries", BatterySearch(deadline=deadline()))
        assert isinstance(levels, tuple), "read_batteries returned no tuple"
        for level in levels:
            expect(level, BatteryLevel, "read_batteries")
            assert 0 <= level.level <= 100, "a battery level is no per cent"
            assert level.read_at.utcoffset() is not None, "a time has no time zone"
        numbers = [level.serial_number for level in levels]
        assert len(set(numbers)) == len(numbers), "a lock has two levels"

    @pytest.mark.parametrize("fault", IN_VAIN)
    def test_faults_while_pairing(self, plugin: object, wire: Wire | None, fault: Fault) -> None:
        """Whichever exchange fails, pairing again pairs, and unpairing again unpairs."""
        wire = able(wire, fault)
        for hook, customer in (("pair_lock", "customer-17"), ("unpair_lock", "")):
            other = "unpair_lock" if hook == "pair_lock" else "pair_lock"

            def make(key: str, before: str = other) -> Pairing:
                call(plugin, before, self.pairing())
                return self.pairing(key)

            for key, outcome in self._faulty(plugin, wire, fault, hook, make):
                found = self.look_up(plugin)
                acted = found is not None and found.paired_with == customer
                assert acted or isinstance(outcome, PluginError), (
                    f"{hook}, {fault}: said to be done, and it is not"
                )
                assert not (acted and isinstance(outcome, TryAgain)), (
                    f"{hook}, {fault}: said TryAgain, and it was done; say OutcomeUnknown"
                )
                call(plugin, hook, self.pairing(key))
                found = self.look_up(plugin)
                assert found is not None
                assert found.paired_with == customer
