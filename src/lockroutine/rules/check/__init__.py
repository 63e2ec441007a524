"""What is checked of a pack once its types are right: that everything named exists and fits."""

from __future__ import annotations

import re

from lockroutine.errors import Problem
from lockroutine.rules.check.invariants import check_invariants
from lockroutine.rules.check.parts import (
    Found,
    check_cited,
    check_known,
    check_name,
    check_parameter,
    check_step,
    check_text,
    transition_of,
    wrong_days,
)
from lockroutine.rules.check.process import ProcessCheck
from lockroutine.rules.check.sweeps import check_sweeps
from lockroutine.rules.declared import FormTable, wrong_with
from lockroutine.rules.fields import Forms, fields_of, form_fields, forms_of
from lockroutine.rules.schema import Pack, Role
from lockroutine.rules.shown import App, Contacts, Shown, Stock, SupportHours
from lockroutine.rules.terms import PULL, RESERVED

__all__ = ["check"]

_PACK_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_FROM = re.compile(rf"(?:{_PACK_NAME.pattern}@)?{_VERSION.pattern}")


def check(pack: Pack) -> list[Problem]:
    """Everything that is wrong with a pack whose types are right.

    >>> from lockroutine.rules.reader import read_pack, read_source
    >>> check(read_pack(read_source("soderkoping")))
    []
    """
    return list(dict.fromkeys(_pack(pack)))


def _pack(pack: Pack) -> Found:
    forms = forms_of(pack)
    if not _PACK_NAME.fullmatch(pack.name):
        yield Problem("name", "must be lower case letters, digits, hyphens or underscores")
    if not _VERSION.fullmatch(pack.version):
        yield Problem("version", "must be three numbers, like 1.0.0")
    yield from _calendar(pack)
    yield from check_text("label", pack.label)
    for role, declared in pack.role.items():
        path = f"role.{role}"
        yield from check_name(path, role)
        yield from check_text(f"{path}.label", declared.label)
        yield from check_cited(pack, path, declared.clauses, ())
        if role in RESERVED:
            yield Problem(path, f"{role!r} has a meaning of its own; call the role otherwise")
        if declared.only:
            yield from _outsider(pack, path, role, declared)
    for kind, names in (("unit", pack.unit), ("parameter", pack.parameter), ("gap", pack.gap)):
        for name in names:
            yield from check_name(f"{kind}.{name}", name)
    for name, unit in pack.unit.items():
        yield from check_text(f"unit.{name}.label", unit.label)
    for name, clause in pack.clause.items():
        yield from check_text(f"clause.{name}.text", clause.text)
    for name, parameter in pack.parameter.items():
        yield from check_text(f"parameter.{name}.label", parameter.label)
        yield from check_cited(
            pack, f"parameter.{name}", parameter.clauses, parameter.gaps, needed=True
        )
    for name, gap in pack.gap.items():
        yield from check_text(f"gap.{name}.question", gap.question)
        yield from check_text(f"gap.{name}.reading", gap.reading)
        yield from check_cited(pack, f"gap.{name}", gap.clauses, ())
    for name, template in pack.template.items():
        yield from check_text(f"template.{name}.subject", template.subject)
        yield from check_text(f"template.{name}.body", template.body)
    for rule, loosened in pack.loosened.items():
        yield from check_text(f"loosened.{rule}.reason", loosened.reason)
    for name, form in pack.form.items():
        yield from _form(f"form.{name}", name, form)
    for name, shown in pack.shown.items():
        yield from _shown(pack, forms, f"shown.{name}", shown)
    for name, process in pack.process.items():
        yield from check_name(f"process.{name}", name)
        yield from ProcessCheck(pack, name, process, forms).problems()
    yield from _pulls(pack, forms)
    yield from check_sweeps(pack, forms)
    yield from _moves(pack)
    yield from check_invariants(pack, forms)
    yield from _rings(pack)


def _form(path: str, name: str, form: FormTable) -> Found:
    yield from check_name(path, name)
    yield from check_text(f"{path}.label", form.label)
    for one, declared in form.fields.items():
        at = f"{path}.fields.{one}"
        yield from check_name(at, one)
        yield from check_text(f"{at}.label", declared.label)
        if declared.help:
            yield from check_text(f"{at}.help", declared.help)
        for choice, label in declared.choices.items():
            yield from check_text(f"{at}.choices.{choice}", label)
    yield from wrong_with(path, name, form)


def _outsider(pack: Pack, path: str, name: str, role: Role) -> Found:
    """That wherever a role from outside works, a case says whose job it is."""
    if role.all_units:
        yield Problem(f"{path}.only", "does not go with all_units: all cases, or only its own")
    works_in = {
        process
        for process, rules in pack.process.items()
        for transition in rules.transitions.values()
        if name in transition.by
    }
    for process in sorted(works_in):
        if role.only not in pack.process[process].find_by:
            message = f"{process} does not find its cases by {role.only!r}; add it to its find_by"
            yield Problem(f"{path}.only", message)
        for step, transition in pack.process[process].transitions.items():
            if name in transition.by and not transition.from_:
                message = f"{name} works only in cases that are there: it opens none"
                yield Problem(f"process.{process}.transitions.{step}.by", message)


def _calendar(pack: Pack) -> Found:
    try:
        _ = pack.calendar.zone
    except ValueError as error:
        yield Problem("time_zone", str(error))
    wrong = wrong_days(pack.working_days)
    if wrong:
        yield Problem("working_days", wrong)
    # To ask takes longer than all else here, and Sweden is known for certain.
    if pack.holidays not in ("", "SE"):
        import holidays  # loads every country  # noqa: PLC0415

        if pack.holidays not in holidays.list_supported_countries():
            yield Problem("holidays", "is no country with known holidays; write it like SE")


def _shown(pack: Pack, forms: Forms, path: str, shown: Shown) -> Found:
    match shown:
        case SupportHours():
            yield from check_parameter(pack, f"{path}.days", shown.days, "days")
            yield from check_parameter(pack, f"{path}.hours", shown.hours, "hours")
        case Contacts():
            yield from check_known(f"{path}.roles", shown.roles, pack.role, "role")
        case App():
            yield from check_known(f"{path}.role", [shown.role], pack.role, "role")
        case Stock():
            yield from _stock(pack, forms, path, shown)
        case _:
            pass  # the other kinds name nothing else of the pack
    yield from check_text(f"{path}.label", shown.label)
    yield from check_cited(pack, path, shown.clauses, shown.gaps, needed=True)


def _stock(pack: Pack, forms: Forms, path: str, shown: Stock) -> Found:
    yield from check_known(f"{path}.process", [shown.process], pack.process, "process")
    process = pack.process.get(shown.process)
    if process:
        yield from check_known(f"{path}.states", shown.states, process.states, "state")
        yield from check_known(f"{path}.by", [shown.by], fields_of(process, forms), "field")
    yield from check_parameter(pack, f"{path}.minimum", shown.minimum, "number")


def _pulls(pack: Pack, forms: Forms) -> Found:
    for path, name in pack.pull.steps().items():
        yield from check_step(pack, path, name)
        transition = transition_of(pack, name)
        if transition and PULL not in transition.by:
            yield Problem(path, f'{name} must have "pull" among its by')
    for name, report in pack.report.items():
        path = f"report.{name}"
        yield from check_name(path, name)
        yield from check_cited(pack, path, report.clauses, report.gaps, needed=True)
        yield from check_step(pack, f"{path}.step", report.step)
        transition = transition_of(pack, report.step)
        if transition:
            known = form_fields(transition, forms)
            yield from check_known(f"{path}.fields", report.fields, known, "field of its form")
    register = pack.pull.register
    if register:
        yield from check_known("pull.register.process", [register.process], pack.process, "process")
        if register.process in pack.process:
            fields = fields_of(pack.process[register.process], forms)
            yield from check_known("pull.register.paired", [register.paired], fields, "field")


def _moves(pack: Pack) -> Found:
    yield from check_known("move", pack.move, pack.process, "process")
    for name, move in pack.move.items():
        path, process = f"move.{name}", pack.process.get(name)
        for version in move.from_:
            if not _FROM.fullmatch(version):
                message = "must be three numbers, like 1.0.0, with or without name@ before them"
                yield Problem(f"{path}.from", message)
        if process is None:
            continue
        for state, given in move.states.items():
            into = (given,) if isinstance(given, str) else given
            yield from check_known(f"{path}.states.{state}", into, process.states, "state")
            if not into:
                message = "names no state; write the one that its cases are in from then on"
                yield Problem(f"{path}.states.{state}", message)
        for step, into_step in move.transitions.items():
            wanted = [into_step] if into_step else []
            known = process.transitions
            yield from check_known(f"{path}.transitions.{step}", wanted, known, "transition")


def _rings(pack: Pack) -> Found:
    """Joint steps that drive each other in a ring would never end."""
    drives = {
        (name, step): [(j.process, j.transition) for j in transition.joint.values()]
        for name, process in pack.process.items()
        for step, transition in process.transitions.items()
    }
    for start in drives:
        seen, ahead = set[tuple[str, str]](), list(drives[start])
        while ahead:
            here = ahead.pop()
            if here not in seen:
                seen.add(here)
                ahead += drives.get(here, [])
        if start in seen:
            path = f"process.{start[0]}.transitions.{start[1]}.joint"
            yield Problem(path, "leads back to this transition, so it would never end")
