"""Writes the pages of the docs that say what the code and the bundled rule pack say already.

Run it as a script, from anywhere: ``python docs/generate.py``. With ``--check`` it writes nothing
and exits 1 if a page is out of date; a test does the same.
"""

from __future__ import annotations

import datetime as dt
import inspect
import json
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import attrs
import typer

from lockroutine import figures, load_routine
from lockroutine._fields import Entry, entries
from lockroutine.cli.app import app
from lockroutine.decide.wording import in_words
from lockroutine.forms import FORMS
from lockroutine.model import Text
from lockroutine.pictures import map_mermaid, process_mermaid
from lockroutine.routine import Routine
from lockroutine.rules import effects, guards, schema, shown, sweeps, terms, timers
from lockroutine.rules.calendar import Duration
from lockroutine.rules.declared import FieldTable, FormTable
from lockroutine.rules.fields import Forms, fields_of, form_fields
from lockroutine.rules.schema import Pack, Process, Role, State, Transition
from lockroutine.rules.trace import Holder, Kind, trace

HERE = Path(__file__).resolve().parent
NOTE = "<!-- Made by docs/generate.py. Change the code or the pack, and run it again. -->"

# ------------------------------------------------------------------------------ in Markdown


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table; a `|` in a cell is escaped, and a line break is kept as one."""
    columns = list(head)
    yield _row(columns)
    yield _row("---" for _ in columns)
    for row in rows:
        yield _row(row)
    yield ""


def _row(cells: Iterable[str]) -> str:
    clean = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(clean)} |"


def code(*names: str) -> str:
    """Names in code type, with commas between."""
    return ", ".join(f"`{name}`" for name in names)


def prose(docstring: str | None) -> tuple[str, list[str]]:
    """A docstring's words as Markdown, and its TOML examples."""
    text = inspect.cleandoc(docstring or "")
    examples = re.findall(r"```toml\n.*?```", text, re.DOTALL)
    text = re.sub(r"```toml\n.*?```", "", text, flags=re.DOTALL)
    text = re.split(r"\n>>> |\n(?:Args|Returns|Raises|Attributes):\n", f"\n{text}")[0]
    return text.replace("``", "`").strip(), examples


def both(text: Text) -> str:
    """A label in English, with the Swedish in brackets."""
    return text.en if text.en == text.sv else f"{text.en} ({text.sv})"


# -------------------------------------------------------------------- the reference of a pack

TABLES: Mapping[type, str] = {
    schema.Pack: "the top of `routine.toml`",
    schema.Role: "[role.NAME]",
    schema.Unit: "[unit.NAME]",
    schema.Clause: "[clause.ID]",
    schema.Parameter: "[parameter.NAME]",
    schema.Gap: "[gap.NAME]",
    schema.Loosened: '[loosened."RULE"]',
    schema.Template: "[template.NAME]",
    FormTable: "[form.NAME]",
    FieldTable: "[form.NAME.fields.NAME]",
    schema.Process: "[process.NAME]",
    schema.State: "[process.NAME.states.NAME]",
    timers.Escalation: "[process.NAME.states.NAME.escalation]",
    schema.Duty: "[process.NAME.states.NAME.duties.TRANSITION]",
    schema.Transition: "[process.NAME.transitions.NAME]",
    schema.Joint: "[process.NAME.transitions.NAME.joint.NAME]",
    timers.Timer: "the key `timer` of a transition",
    sweeps.Sweep: "[sweep.NAME]",
    schema.Move: "[move.PROCESS]",
    terms.Condition: "the key `when`",
}


def key_type(kind: Any) -> str:
    """The type of a key in words."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is Literal:
        return " or ".join(f"`{json.dumps(choice)}`" for choice in arguments)
    if origin is tuple:
        return f"list of {key_type(arguments[0])}"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(key_type(arm) for arm in arguments if arm is not type(None))
    if origin is not None and issubclass(origin, Mapping):
        return f"table of {key_type(arguments[1])}"
    return str(kind.__name__).lower()


_PLAIN: dict[Any, str] = {
    str: "text",
    int: "whole number",
    bool: "`true` or `false`",
    Text: "`{ sv, en }`",
    terms.Ref: "reference",
    terms.Condition: "condition",
    Duration: "duration",
    guards.Guard: "guards",
    effects.EffectRule: "effects",
    shown.Shown: "things shown",
    schema.State: "states",
    schema.Duty: "duties",
    schema.Transition: "transitions",
    schema.Joint: "joint steps",
    schema.Move: "rules of moving",
    dt.date: "date",
    schema.Process: "processes",
    schema.Loosened: "what is loosened",
    FormTable: "forms",
    FieldTable: "fields",
    sweeps.Sweep: "sweeps",
}


def keys(kind: type, without: type | None = None) -> Iterator[str]:
    """The keys of a table, except those that `without` has too."""
    hints = typing.get_type_hints(kind)
    known = {one.name for one in attrs.fields(without)} if without else set[str]()
    rows = [
        [
            code(one.name.rstrip("_")),
            key_type(hints[one.name]),
            "yes" if one.default is attrs.NOTHING else _default(one.default),
            one.metadata["doc"],
        ]
        for one in attrs.fields(kind)
        if one.name not in known
    ]
    if rows:
        yield from table(("key", "type", "needed", "meaning"), rows)
    else:
        yield "It has no keys of its own.\n"


def _default(value: Any) -> str:
    if value in (None, "", (), False) or not isinstance(value, str | bool | int | terms.Ref):
        return "no"
    return f"no: `{json.dumps(value) if isinstance(value, str | bool | int) else value}`"


def section(heading: str, kind: type, without: type | None = None) -> Iterator[str]:
    """A table or a kind: what it is, its keys, an example."""
    words, examples = prose(kind.__doc__)
    yield f"### {heading}\n"
    yield f"{words}\n"
    yield from keys(kind, without)
    for example in examples:
        yield f"{example}\n"


def kinds(base: type, found: Iterable[type[Any]]) -> Iterator[str]:
    """What all kinds share, and then each kind."""
    words, examples = prose(base.__doc__)
    yield f"{words} These keys every kind has, beside `kind`:\n"
    yield from keys(base)
    yield from (f"{example}\n" for example in examples)
    for kind in found:
        yield from section(kind.kind, kind, base)


def field_type(kind: Any) -> str:
    """The type of a form's field in words."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        kind = next(arm for arm in typing.get_args(kind) if arm is not type(None))
    if typing.get_origin(kind) is tuple:
        return f"list of {field_type(typing.get_args(kind)[0])}"
    if typing.get_origin(kind) is Literal:
        return "choice"
    if attrs.has(kind):
        return f"`{kind.__name__}`"
    names = {"str": "text", "int": "whole number", "bool": "yes or no", "datetime": "time"}
    return names.get(kind.__name__, str(kind.__name__))


def limits(declared: Entry) -> str:
    """What a form's field takes, beside its type."""
    said: list[str] = []
    if declared.choices:
        return "; ".join(f"`{name}`: {both(label)}" for name, label in declared.choices.items())
    if declared.format:
        said.append(declared.format.replace("_", " "))
    if declared.minimum is not None:
        said.append(f"from {declared.minimum}")
    if declared.maximum is not None:
        said.append(f"to {declared.maximum}")
    if declared.help:
        said.append(both(declared.help))
    return "; ".join(said)


def sample(form: type) -> dict[str, Any]:
    """Plainly invented data that the form takes."""
    return {name: _value(name, declared) for name, declared in entries(form).items()}


_SAMPLES: Mapping[str, Any] = {
    "phone": "+46 70 174 06 05",
    "email": "c3@example.org",
    "serial_number": "PH1-001",
    "name": "Customer 17",
    "address": "Example Street 1",
    "door": "front",
    "door_type": "euro",
    "fits": ["euro"],
    "customer": "customer-17",
    "ends_at": "2026-03-03T11:00:00+01:00",
    "cycles": 5,
    "level": 80,
}


def _value(name: str, declared: Entry) -> Any:
    kind = declared.type
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        kind = next(arm for arm in typing.get_args(kind) if arm is not type(None))
    if attrs.has(kind):
        return sample(kind) | {"name": "Contact 3"}
    known = _SAMPLES.get(declared.format) or _SAMPLES.get(name)
    if typing.get_origin(kind) is tuple:
        return known if isinstance(known, list) else [known or "..."]
    if known is not None:
        return known
    if declared.choices:
        return next(iter(declared.choices))
    plain = {
        "bool": True,
        "int": declared.minimum or 1,
        "datetime": "2026-03-03T10:00:00+01:00",
        "date": "2026-03-03",
    }
    return plain.get(kind.__name__, f"{declared.label.en}: ...")


def form_section(name: str, form: type) -> Iterator[str]:
    """One form: what it is, its fields, an example."""
    yield f"### {name}\n"
    yield f"`lockroutine.forms.{form.__name__}`: {prose(form.__doc__)[0]}\n"
    yield from table(
        ("field", "label", "type", "needed", "privacy", "takes"),
        (
            [
                code(field),
                both(declared.label),
                field_type(declared.type),
                "yes" if declared.required else "no",
                declared.privacy or "-",
                limits(declared),
            ]
            for field, declared in entries(form).items()
        ),
    )
    if name != "contact_person":
        yield f"```json\n{json.dumps(sample(form), indent=2, ensure_ascii=False)}\n```\n"


def reference() -> Iterator[str]:
    """The page on every table, kind, key and form."""
    yield f"# Reference of rule packs and forms\n\n{NOTE}\n"
    yield (
        "Every table, kind and key that a rule pack may use, and every form that a transition may "
        "take. What is not on this page, a pack cannot say: an unknown key is a problem that "
        "`lockroutine check` names, with the nearest word that exists. [Rule packs from the "
        "inside](rule-packs.md) tells how they go together.\n"
    )
    yield from _outline()
    yield "## Words\n\n### reference\n"
    yield f"{prose(terms.Ref.__doc__)[0]}\n"
    yield "### duration\n"
    yield f"{prose(Duration.__doc__)[0]} Written like `P14D`, `P2W`, `PT4H` or `10 working days`.\n"
    yield "### message\n"
    yield f"{prose(terms.Message.__doc__)[0]} `$$` is the sign itself.\n"
    yield "## Tables\n"
    for kind, where in TABLES.items():
        heading = where if where[0] != "[" else code(where)
        yield from section(f"{kind.__name__}: {heading}", kind)
    yield "## Guard kinds\n"
    yield from kinds(guards.Guard, guards.GUARDS)
    yield "## Effect kinds\n"
    yield from kinds(effects.EffectRule, effects.EFFECTS)
    yield "## Kinds of what is shown\n"
    yield from kinds(shown.Shown, shown.SHOWN)
    yield "## Forms\n"
    yield (
        "A transition names its form in snake case. A program gives the attrs class or a mapping "
        "like the examples here. *Personal* and *secret* fields (sekretess) are never in a log, "
        "an error's text or a `repr`; [what else follows from "
        "it](embedding.md#personal-data-personuppgifter).\n"
    )
    yield from form_section("contact_person", _contact_person())
    for name, form in sorted(FORMS.items()):
        yield from form_section(name, form)


def _outline() -> Iterator[str]:
    for heading, found in (
        ("Guard kinds", [kind.kind for kind in guards.GUARDS]),
        ("Effect kinds", [kind.kind for kind in effects.EFFECTS]),
        ("Kinds of what is shown", [kind.kind for kind in shown.SHOWN]),
        ("Forms", sorted(FORMS)),
    ):
        links = ", ".join(f"[{name}](#{name})" for name in found)
        yield f"**{heading}**: {links}.\n"


def _contact_person() -> type:
    return next(
        declared.type
        for declared in entries(FORMS["mounting_order"]).values()
        if attrs.has(declared.type)
    )


# ----------------------------------------------------------------------------- the routine


def routine_page() -> Iterator[str]:
    """The page on the bundled routine: each clause and what holds it."""
    routine = load_routine()
    pack = routine.pack
    traced = trace(pack)
    yield f"# The routine: {pack.label.en}\n\n{NOTE}\n"
    yield (
        f"*{pack.label.sv}.* This page is made from the bundled rule pack `{routine.key}`. "
        f"It has {len(pack.clause)} clauses, {len(pack.gap)} gaps and {len(pack.process)} "
        "processes. The clauses are given in short; a municipality's own document is what "
        "binds it. A fact of a case is read with `case.value(NAME)`.\n"
    )
    links = (f"[{both(p.label)}](#process-{n})" for n, p in pack.process.items())
    yield f"**Processes**: {', '.join(links)}.\n"
    yield (
        "What joins the processes: a solid line is a step that makes so many steps of the other, a "
        "dashed one a rule that looks at its cases. [Pictures](pictures.md) has more to draw.\n"
    )
    yield f"```mermaid\n{map_mermaid(routine)}```\n"
    yield from _roles(pack)
    yield from _clauses(routine)
    yield from _gaps(traced.gaps)
    yield from _parameters(pack)
    for name, process in pack.process.items():
        yield from _process(routine, name, process)
    yield from _sweeps(routine)
    yield from _invariants(routine)
    yield from _shown(pack)


def _roles(pack: Pack) -> Iterator[str]:
    yield "## Roles (roller)\n"
    yield from table(
        ("role", "called", "works for", "clauses"),
        (
            [
                code(name),
                both(role.label),
                _works_for(role),
                ", ".join(role.clauses),
            ]
            for name, role in pack.role.items()
        ),
    )


def _works_for(role: Role) -> str:
    if role.only:
        return f"only cases in which {code(role.only)} names it"
    return "all units" if role.all_units else "its own units"


def _clauses(routine: Routine) -> Iterator[str]:
    yield "## Clauses and what holds them\n"
    yield (
        "*Owed* is what the software owes a clause: **enforced** (a rule refuses what breaks it), "
        "**done** (the software does it, or asks a plugin to), **asked** (it stands on a work "
        "list until it is done), **shown** (it is there to look up).\n"
    )
    for clause in trace(routine.pack).clauses:
        yield f"### {clause.id}\n"
        yield f"{clause.text.en} *{clause.text.sv}* (Owed: {', '.join(clause.owed)}.)\n"
        yield from _holders(clause.held_by)


def _holders(found: Iterable[Holder]) -> Iterator[str]:
    by_kind: dict[str, list[str]] = {kind: [] for kind in typing.get_args(Kind)}
    for holder in found:
        by_kind[holder.kind].append(_short(holder.at))
    by_kind = {kind: places for kind, places in by_kind.items() if places}
    for kind, places in by_kind.items():
        yield f"- {kind}: {', '.join(places)}"
    yield "" if by_kind else "- **nothing holds it**\n"


def _short(path: str) -> str:
    """A rule's path, without the words that the kind says already, linked to its process."""
    parts = path.split(".")
    if parts[0] == "sweep":
        return f"[`{'.'.join(part for part in parts if part != 'unless')}`](#standing-checks)"
    if parts[0] in ("always", "never"):
        return f"[`{path}`](#what-always-or-never-holds)"
    if parts[0] != "process":
        return code(parts[-1])
    rest = [p for p in parts[2:] if p not in ("transitions", "states", "guards", "joint")]
    rest = [p for p in rest if p not in ("effects", "duties")]
    return f"[`{'.'.join([parts[1], *rest])}`](#process-{parts[1]})"


def _gaps(gaps: Iterable[Any]) -> Iterator[str]:
    yield "## Gaps: where the source is silent\n"
    yield "Each gap is a question, and the reading that this pack has chosen. Ask your own.\n"
    for gap in gaps:
        yield f"### {gap.id}\n"
        beside = f" (Beside {', '.join(gap.clauses)}.)" if gap.clauses else ""
        yield f"{gap.question.en} *{gap.question.sv}*{beside}\n"
        yield f"**{gap.reading.en}** *{gap.reading.sv}*\n"
        yield from _holders(gap.held_by)


def _parameters(pack: Pack) -> Iterator[str]:
    yield "## Parameters\n"
    yield from table(
        ("parameter", "meaning", "value", "rests on"),
        (
            [
                code(name),
                both(one.label),
                ", ".join(one.value) if isinstance(one.value, tuple) else str(one.value),
                _cited(one),
            ]
            for name, one in pack.parameter.items()
        ),
    )


def _cited(rule: Any) -> str:
    gaps = [f"[{gap}](#{gap})" for gap in getattr(rule, "gaps", ())]
    return ", ".join([*(f"[{c}](#{c.lower()})" for c in rule.clauses), *gaps])


def _process(routine: Routine, name: str, process: Process) -> Iterator[str]:
    yield f"## Process: {name}\n"
    yield f"**{both(process.label)}**: its subject is a `{process.subject}`.\n"
    yield f"```mermaid\n{process_mermaid(routine, name)}```\n"
    if process.one_open_per:
        yield f"Only one case is open at a time for the same {code(*process.one_open_per)}.\n"
    for privacy, roles in (("personal", process.sees_personal), ("secret", process.sees_secret)):
        if roles:
            yield f"Who sees what is {privacy}: {routine.role_labels(roles).en}.\n"
    yield "### States of " + name + "\n"
    yield from table(
        ("state", "called", "waits for", "overdue after", "asks for", "rests on"),
        (_state(routine, name, state) for name, state in process.states.items()),
    )
    yield "### Transitions of " + name + "\n"
    yield from table(
        ("transition", "called", "from", "to", "who", "form", "with it", "rests on"),
        (_transition(routine, n, t) for n, t in process.transitions.items()),
    )
    facts = list(_facts(process, routine.forms))
    if facts:
        yield "### Facts of a case of " + name + "\n"
        yield from table(("fact", "called", "privacy", "brought by"), facts)
    rows = list(_guards(process))
    if rows:
        yield "### What must hold in " + name + "\n"
        yield from table(("guard", "kind", "what the refused person reads", "rests on"), rows)


def _facts(process: Process, forms: Forms) -> Iterator[list[str]]:
    brought: dict[str, list[str]] = {name: [] for name in fields_of(process, forms)}
    for step, transition in process.transitions.items():
        for name in (*form_fields(transition, forms), *transition.sets):
            if step not in brought[name]:
                brought[name].append(step)
    for name, declared in fields_of(process, forms).items():
        label = "-" if declared.label.en == name else both(declared.label)
        yield [code(name), label, declared.privacy or "-", code(*brought[name])]


def _state(routine: Routine, name: str, state: State) -> list[str]:
    duties = (
        f"`{duty}` of {routine.role_labels(rule.waits_for).en}{' (at times)' if rule.when else ''}"
        for duty, rule in state.duties.items()
    )
    return [
        code(name),
        both(state.label) + (", an end" if state.end else ""),
        routine.role_labels(state.waits_for).en or "-",
        _length(routine, state.due) if state.due else "-",
        "; ".join((*duties, *_escalation(routine, state))) or "-",
        _cited(state),
    ]


def _escalation(routine: Routine, state: State) -> Iterator[str]:
    rule = state.escalation
    if rule:
        lengths = ((rule.after, "after"), (rule.before, "before"))
        when = [f"{_length(routine, one)} {word} it is due" for one, word in lengths if one]
        asked = routine.role_labels(rule.waits_for).en
        yield f"of {asked}, too, {''.join(when) or 'once it is overdue'}"


def _length(routine: Routine, due: str) -> str:
    return in_words(Duration.parse(str(routine.parameters.get(due, due)))).en


def _transition(routine: Routine, name: str, transition: Transition) -> list[str]:
    own = {
        "clock": "the clock",
        "joint": "other steps",
        "pull": "another system",
        "sweep": "a check",
    }
    who = [own.get(role) or routine.pack.role[role].label.en for role in transition.by]
    together = [f"`{j.process}.{j.transition}`" for j in transition.joint.values()]
    together += [f"`{effect.kind}`" for effect in transition.effects.values()]
    form = f"[{transition.form}](reference.md#{transition.form})" if transition.form else "-"
    return [
        code(name),
        both(transition.label),
        ", ".join(map(code, transition.from_)) or "(opens a case)",
        code(transition.to) if transition.to else "(stays)",
        ", ".join(who),
        form,
        ", ".join(together) or "-",
        _cited(transition),
    ]


def _guards(process: Process) -> Iterator[list[str]]:
    for step, transition in process.transitions.items():
        for name, guard in transition.guards.items():
            yield [
                code(f"{step}.{name}") + (" (safeguard)" if guard.safeguard else ""),
                f"[{guard.kind}](reference.md#{guard.kind})",
                f"{guard.otherwise.en} *{guard.otherwise.sv}*",
                _cited(guard),
            ]


def _sweeps(routine: Routine) -> Iterator[str]:
    yield "## Standing checks\n"
    yield (
        "What `engine.sweep()` looks for each day. A case is found unless one of the excuses "
        "holds; what is found is a case of its own until it is so no longer.\n"
    )
    yield from table(
        ("check", "what it finds", "of", "after", "unless", "opens", "rests on"),
        (
            [
                code(f"sweep.{name}"),
                both(one.label),
                f"[`{one.process}`](#process-{one.process}) in {code(*one.states)}",
                _length(routine, one.after) + (f", from `{one.at}`" if one.at else "")
                if one.after
                else "-",
                code(*one.unless) or "-",
                code(one.opens),
                _cited(one),
            ]
            for name, one in routine.pack.sweep.items()
        ),
    )


def _invariants(routine: Routine) -> Iterator[str]:
    yield "## What always or never holds\n"
    yield (
        "Whoever does what in which order: `lockroutine check` [proves it](checking.md). *Always*: "
        "all conditions are met. *Never*: they are not all met at once.\n"
    )
    yield from table(
        ("rule", "what holds", "of", "conditions", "rests on"),
        (
            [
                code(path),
                both(one.label),
                f"[`{one.step}`](#process-{one.step.partition('.')[0]})"
                if one.step
                else f"[`{one.process}`](#process-{one.process}) in {code(*one.states)}",
                ", ".join(f"[{g.kind}](reference.md#{g.kind})" for g in one.guards.values()),
                _cited(one),
            ]
            for path, one in routine.pack.invariants()
        ),
    )


def _shown(pack: Pack) -> Iterator[str]:
    yield "## What is there to look up\n"
    yield from table(
        ("name", "kind", "what", "rests on"),
        (
            [
                code(name),
                f"[{one.kind}](reference.md#{one.kind})",
                both(one.label) + (f": <{one.url}>" if isinstance(one, shown.Link) else ""),
                _cited(one),
            ]
            for name, one in pack.shown.items()
        ),
    )


# ----------------------------------------------------------------------------- the figures


def figures_page() -> Iterator[str]:
    """The page on what each figure counts, from the docstrings."""
    yield f"# Figures (nyckeltal)\n\n{NOTE}\n"
    yield (
        "`engine.figures()` counts the whole store once, in one pass, and returns a frozen "
        "`Figures`. It is the statistics (statistik) that clause R12 gives to the system manager "
        "(systemförvaltare). Keys are the names in the rule pack; labels stand in "
        "`engine.routine.pack`. These are the definitions; the code is documented with the same "
        "words.\n"
    )
    for kind in (figures.Figures, figures.StateTime, figures.StockLine):
        yield f"## {kind.__name__}\n"
        yield f"{prose(kind.__doc__)[0]}\n"
        rows = [[code(name), words] for name, words in _arguments(kind.__doc__ or "")]
        rows += [
            [code(name), prose(member.fget.__doc__)[0]]
            for name, member in vars(kind).items()
            if isinstance(member, property)
        ]
        yield from table(("figure" if kind is figures.Figures else "part", "what it counts"), rows)
    yield "## An example\n"
    yield inspect.cleandoc(_FIGURES_EXAMPLE) + "\n"


_FIGURES_EXAMPLE = """
    ```python
    from lockroutine import Actor, Engine

    with Engine.open(":memory:") as engine:
        bo = Actor("bo", roles={"installer"}, units={"north"})
        lock = {"model": "X1", "fits": ["euro"]}
        engine.start("lock", "register", actor=bo, subject="PH1-001", unit="north", form=lock)
        found = engine.figures()

    assert found.open_cases == {("lock", "in_store"): 1}
    line = found.stock["stock"]["X1"]
    assert (line.there, line.missing) == (1, 2)  # the pack wants three of each model
    ```

    `lockroutine figures locks.db` prints the same; `--json` gives it to a program.
    A work list, a register or an export is made from `engine.cases(...)`, page by page.
"""


def _arguments(docstring: str) -> Iterator[tuple[str, str]]:
    """The entries of a docstring's ``Args``."""
    text = inspect.cleandoc(docstring).partition("Args:\n")[2]
    for found in re.finditer(r"^    (\w+): (.*(?:\n {6,}.*)*)", text, re.MULTILINE):
        yield found.group(1), " ".join(found.group(2).split()).replace("``", "`")


# ---------------------------------------------------------------------------- the commands


def commands_page() -> Iterator[str]:
    """The page on the command line, from its own parsers."""
    yield f"# The commands\n\n{NOTE}\n"
    yield from (f"{' '.join(text.split())}\n" for text in _COMMANDS.split("\n\n"))
    yield from table(("exit", "what it says"), ([str(code), said] for code, said in _EXITS.items()))
    parts: dict[str, dict[str, Any]] = {title: {} for title in _PARTS.values()}
    for name, command in _commands(typer.main.get_command(app)):
        module = inspect.unwrap(command.callback).__module__
        parts[_PARTS[module.rpartition(".")[2]]][name] = command
    for title, part in parts.items():
        yield f"## {title}\n"
        if len(part) > 1:
            rows = [[f"[`{n}`](#{n.replace(' ', '-')})", _help(c)[0]] for n, c in part.items()]
            yield from table(("command", "what it does"), rows)
        for name, command in part.items():
            yield from _command(name, command)


_PARTS: Mapping[str, str] = {
    "app": "To see it first",
    "for_packs": "For rule packs",
    "for_databases": "For what is in a database",
    "for_systems": "For other systems",
    "for_tables": "For the tables in a database of your own",
}
_COMMANDS = """
    What `lockroutine` can be asked and told in a terminal, by cron or by a script: each command
    with its arguments, its options, an example, and how it ends. It comes with
    `pip install "lockroutine[cli]"`. `lockroutine --help` lists the commands,
    `lockroutine COMMAND --help` tells of one what stands here, and `lockroutine --version` says
    which version is installed.

    What is written in capitals you replace: `PACK` by the name of a rule pack (`soderkoping`, or a
    plugin's) or by its folder, `DB` by a SQLite file or a [database URL](databases.md), `CASE` and
    `KEY` by what the lists show. Options stand anywhere after the command.

    Answers go to standard output and complaints to standard error, both in UTF-8. With `--json`
    an answer is for a program to read. `--lang` says in which language it is, or what else the
    command's table says of it.
"""
_EXITS: Mapping[int, str] = {
    0: "It went well; the answer is yes.",
    1: "The answer is no: what that is, each command that can say so tells below.",
    2: "It was called wrongly, or what it needs is missing or wrong. Standard error says what.",
    130: "It was interrupted, by Ctrl-C, before it was done.",
    141: "Whoever read its answer, such as `head`, went away.",
}
# Where more is told of a command.
_MORE: Mapping[str, tuple[str, str]] = {
    "new": ("Your municipality's routine in an afternoon", "afternoon.md"),
    "check": ("What `check` proves", "checking.md"),
    "play": ("Scenarios", "scenarios.md"),
    "show": ("Pictures", "pictures.md"),
    "diff": ("What changes", "versions.md#what-changes"),
    "book": ("The rule book", "pictures.md#the-rule-book-regelbok"),
    "doctor": ("Is anything wrong?", "operations.md#is-anything-wrong"),
    "worklist": ("The past", "time.md#the-past"),
    "figures": ("Figures", "figures.md"),
    "export": ("Exports", "operations.md#exports"),
    "tick": ("What to run, and how often", "time.md#what-to-run-and-how-often"),
    "sweep": ("Standing checks", "time.md#standing-checks-stående-kontroller"),
    "move": ("Moving cases", "versions.md#moving-cases"),
    "replay": ("What would have been different", "versions.md#what-would-have-been-different"),
    "plugins": ("Settings", "systems.md#settings"),
    "deliver": ("What to start", "operations.md#what-to-start"),
    "pull": ("What comes back", "systems.md#what-comes-back-accounts-and-pull"),
    "worker": ("Work in the background", "databases.md#work-in-the-background"),
    "effects": ("Where an effect is", "systems.md#where-an-effect-is"),
    "confirm": ("The admin tool by hand", "systems.md#manual"),
    "db upgrade": ("Tables", "databases.md#tables"),
}


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its whole name, those of groups within groups, too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _help(command: Any) -> list[str]:
    """The paragraphs of its help."""
    return [" ".join(text.split()) for text in inspect.cleandoc(command.help).split("\n\n")]


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"### {name}\n"
    yield from (f"{paragraph}\n" for paragraph in _help(command))
    taken = list(_taken(command))
    needed = [one.written for one in taken if one.left_out == _NEEDED]
    more = "" if len(needed) == len(taken) else " [OPTIONS]"
    yield f"```text\nlockroutine {' '.join((name, *needed))}{more}\n```\n"
    yield from table(
        ("argument or option", "meaning", "if left out"),
        ([f"`{one.written}`", one.meaning, one.left_out] for one in taken),
    )
    yield "For example:\n"
    calls = [line.strip() for line in command.epilog.split("\n") if line.startswith("  ")]
    yield "\n".join(("```sh", *calls, "```\n"))
    if name in _MORE:
        yield "More: [{}]({}).\n".format(*_MORE[name])


_NEEDED = "must be given"


@attrs.frozen
class _Taken:
    """An argument or option: how it is written, what it means, and what holds without it."""

    written: str
    meaning: str
    left_out: str


def _taken(command: Any) -> Iterator[_Taken]:
    declared = typing.get_type_hints(inspect.unwrap(command.callback), include_extras=True)
    for one in command.params:
        kind, about = typing.get_args(declared[one.name])
        value = one.metavar or "|".join(typing.get_args(kind))
        is_option = one.param_type_name == "option"
        yield _Taken(
            f"{one.opts[0]} {value}".strip() if is_option else value,
            f"{one.help} {_bounds(about.min, about.max)}".strip(),
            _NEEDED if one.required else f"`{one.default}`" if one.default else "-",
        )


def _bounds(least: float | None, most: float | None) -> str:
    told = [
        f"{word} {bound:g}"
        for word, bound in (("at least", least), ("at most", most))
        if bound is not None
    ]
    return f"{', '.join(told).capitalize()}." if told else ""


# -------------------------------------------------------------------------------- the pages

PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    "reference.md": reference,
    "routine.md": routine_page,
    "figures.md": figures_page,
    "commands.md": commands_page,
}


def made(name: str) -> str:
    """The text of a page as it should be now."""
    text = "\n".join(PAGES[name]())
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write every page, or tell which are out of date."""
    stale = []
    for name in PAGES:
        path, text = HERE / name, made(name)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8", newline="\n")
    for name in stale:
        sys.stdout.write(f"{name}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
