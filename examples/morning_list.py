"""A morning list for each role: what is mine to do today?

The list is derived from the rules and the cases whenever it is asked for. Nobody keeps it.
"""

from __future__ import annotations

import doors

from lockroutine import Actor, Engine, WorkItem


def line(engine: Engine, item: WorkItem) -> str:
    """One entry as a person reads it, in Swedish."""
    pack = engine.routine.pack
    what = f"{pack.process[item.case.process].label.sv}: {item.label.sv}"
    due = engine.routine.calendar.local(item.due_at).strftime("%d/%m") if item.due_at else "-"
    mark = "!" if item.overdue else " "
    rests_on = ", ".join(item.clauses)
    return f" {mark} {due:>5}  {what}, {item.case.subject} [{rests_on}]"


def morning_list(engine: Engine, actor: Actor) -> None:
    """All of it, page by page, oldest due first."""
    (role,) = actor.roles
    print(engine.routine.pack.role[role].label.sv)
    page = engine.worklist(actor=actor, limit=20)
    while True:
        for item in page:
            print(line(engine, item))
        if not page.next:
            break
        page = engine.worklist(actor=actor, limit=20, cursor=page.next)


def main() -> None:
    clock = doors.Clock()
    with Engine.open(":memory:", clock=clock) as engine:
        engine.start(
            "consent", "grant_service", actor=doors.EVA, subject="customer-9", unit="north"
        )
        doors.consent(engine, "customer-11")
        doors.consent(engine, "customer-17")
        doors.register(engine, "PH1-001")
        doors.install(engine, doors.order(engine, "customer-17"), "PH1-001")
        engine.start(
            "configuration_permission", "ask", actor=doors.ANNA, subject="anna", unit="north"
        )
        clock.go_on(days=10)
        engine.tick()
        for actor in doors.EVERYBODY:
            morning_list(engine, actor)


if __name__ == "__main__":
    main()
