"""Asking before doing: draw the form of each step from `options`, and say why not with the cures.

`options` gives the JSON Schema of each form. A web page would draw fields from it; here it is text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import doors

from lockroutine import Actor, Case, Engine, Option

Schema = Mapping[str, Any]


def fields(schema: Schema, indent: str = "    ") -> Iterator[str]:
    """The lines of a form; `*` marks what must be given, the lock what is personal or secret."""
    for name, field in schema["properties"].items():
        star = "*" if name in schema["required"] else " "
        secret = f" ({field['x-privacy']})" if "x-privacy" in field else ""
        if field.get("type") == "object":
            yield f"{indent}{star} {field['title']}{secret}"
            yield from fields(field, indent + "    ")
        else:
            yield f"{indent}{star} {field['title']}: {kind(field)}{secret}"


def kind(field: Schema) -> str:
    """What a person puts into the field."""
    if "oneOf" in field:
        return " | ".join(f"( ) {choice['title']}" for choice in field["oneOf"])
    if field["type"] == "boolean":
        return "[ ] ja"
    if field["type"] == "array":
        return "______, ______"
    return {"date-time": "datum och tid", "date": "datum", "email": "e-post"}.get(
        field.get("format", ""), "______"
    )


def draw(option: Option, actor: Actor) -> None:
    """One step: its form if it may be made, else why not and what would help."""
    print(f"  {option.label.sv}{' ->' if option.verdict.allowed else ': inte nu'}")
    for reason in option.verdict.reasons:
        print(f"    {reason.text.sv} [{', '.join(reason.clauses or reason.gaps)}]")
        for cure in reason.cures:
            whose = "du" if actor.roles.intersection(cure.roles) else "någon annan"
            print(f"      = {cure.text.sv} ({whose})")
    if option.verdict.allowed and option.schema:
        for text in fields(option.schema):
            print(text)


def ask(engine: Engine, case: Case, actor: Actor, steps: set[str]) -> None:
    """Some of the steps from here, as this actor sees them."""
    (role,) = actor.roles
    print(engine.routine.pack.role[role].label.sv)
    for option in engine.options(case.id, actor=actor, language="sv"):
        if option.transition in steps:
            draw(option, actor)


def main() -> None:
    with Engine.open(":memory:", clock=doors.Clock()) as engine:
        print("En montering som ingen får beställa än:")
        for option in engine.start_options(
            "mounting", actor=doors.ANNA, subject="customer-17", unit="north", language="sv"
        ):
            draw(option, doors.ANNA)

        doors.consent(engine, "customer-17")
        print("Samma montering när samtycket är mottaget:")
        for option in engine.start_options(
            "mounting", actor=doors.ANNA, subject="customer-17", unit="north", language="sv"
        ):
            draw(option, doors.ANNA)

        doors.register(engine, "PH1-001")
        mounting = doors.install(engine, doors.order(engine, "customer-17"), "PH1-001")
        print("Låset sitter på dörren:")
        ask(engine, mounting, doors.BO, {"test", "pair"})
        ask(engine, mounting, doors.ANNA, {"pair", "close"})


if __name__ == "__main__":
    main()
