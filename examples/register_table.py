"""The register of locks as a table, with what is known of each battery.

The register is nothing but the cases of the process `lock`. A battery level is a value, a time and
a source: one that is unknown or stale is never good, whatever the last number was.
"""

from __future__ import annotations

import datetime as dt

import doors

from lockroutine import Case, Engine, Routine
from lockroutine.rules.calendar import Duration


def battery(routine: Routine, lock: Case, now: dt.datetime) -> str:
    """What is known of a lock's battery: good, low, unknown or stale."""
    if lock.state != "mounted":
        return "-"
    if "record_low_battery" in lock.done:
        return "low"
    if "record_battery" not in lock.done:
        # Never read, or not since the battery was changed or the lock was moved.
        return "stale" if "battery_stale" in lock.done else "unknown"
    fresh = Duration.parse(str(routine.parameters["battery_fresh"]))
    read_at = dt.datetime.fromisoformat(str(lock.value("read_at")))
    return "good" if routine.calendar.after(read_at, fresh) >= now else "stale"


def show(engine: Engine, now: dt.datetime) -> None:
    """The table; page by page, so that a large register fits as well."""
    states = engine.routine.process("lock").rules.states
    print(f"{'serial number':14} {'model':6} {'state':13} {'where':20} {'paired':12} battery")
    page = engine.cases(process="lock")
    while True:
        for lock in page:
            place = f"{lock.value('customer')}, {lock.value('door')}"
            where = place if lock.state == "mounted" else str(lock.value("place") or "-")
            state = states[lock.state].label.en
            print(
                f"{lock.subject:14} {lock.value('model'):6} {state:13} {where:20}"
                f" {lock.value('paired_with') or 'no':12} {battery(engine.routine, lock, now)}"
            )
        if not page.next:
            break
        page = engine.cases(process="lock", cursor=page.next)


def main() -> None:
    clock = doors.Clock()
    with Engine.open(":memory:", clock=clock) as engine:
        locks = [doors.register(engine, f"PH1-00{number}") for number in range(1, 6)]
        for number, lock in enumerate(locks[:4], start=11):
            customer = f"customer-{number}"
            doors.consent(engine, customer)
            doors.install(engine, doors.order(engine, customer), lock.subject)

        def read(lock: Case, step: str, level: int) -> None:
            form = {"level": level, "read_at": clock.now, "source": "admin_tool"}
            engine.perform(lock.id, step, actor=doors.ANNA, form=form)

        read(locks[0], "record_battery", 90)  # will be stale: 90 % a long time ago
        clock.go_on(days=40)
        engine.tick()
        read(locks[1], "record_battery", 80)
        read(locks[2], "record_low_battery", 12)
        shelf = {"place": "Shelf 2, box 5"}
        engine.perform(locks[4].id, "put_in_store", actor=doors.BO, form=shelf)
        show(engine, clock.now)

        stock = engine.figures().stock["stock"]["X1"]
        print(f"in the store: {stock.there} of model X1, {stock.missing} missing")


if __name__ == "__main__":
    main()
