"""The chapters on the pack as a whole: roles, clauses, gaps, who may do what, values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lockroutine.pictures.brief import Brief
from lockroutine.pictures.rulebook.page import Page, chapter, chapter_of_rows, listed, wide
from lockroutine.pictures.rulebook.words import OWED
from lockroutine.pictures.sketch import Mover
from lockroutine.pictures.tree import Child, Element, element
from lockroutine.rules.guards import Guard
from lockroutine.rules.trace import trace

__all__ = ["clauses", "gaps", "loosened", "matrix", "parameters", "roles", "sweeps"]

_WORKS_FOR = {True: "all_units", False: "own_units"}


def roles(page: Page) -> Element | None:
    """Who works by the routine, and by which badge each is known."""
    rows = [
        (
            f"role-{name}",
            (
                page.badges([page.movers[name]]),
                page.word("only_own" if role.only else _WORKS_FOR[role.all_units]),
                page.clause_links(role.clauses),
            ),
        )
        for name, role in page.routine.pack.role.items()
    ]
    heads = (page.word("called"), page.word("works_for"), page.word("clause"))
    return chapter_of_rows(page, "roles", heads, rows)


def clauses(page: Page) -> Element | None:
    """Every clause of the written routine, with every rule that holds it."""
    found = trace(page.routine.pack)
    rows = [
        (
            f"clause-{one.id}",
            (
                one.id,
                (
                    element("div", page.say(one.text)),
                    [element("span", page.say(OWED[owed]), class_="tag") for owed in one.owed],
                ),
                listed(page.holder(holder) for holder in one.held_by)
                if one.held_by
                else page.word("not_held"),
            ),
        )
        for one in found.clauses
    ]
    heads = (page.word("clause"), page.word("text"), page.word("held_by"))
    return chapter_of_rows(page, "clauses", heads, rows, widths=(7, 38, 55))


def gaps(page: Page) -> Element | None:
    """Every question that the source leaves open, how it is read, and what rests on that."""
    rows = [
        (
            f"gap-{one.id}",
            (
                page.gap(one.id),
                (
                    element("div", page.say(one.question)),
                    element("strong", page.say(one.reading)),
                    element(
                        "div",
                        f"{page.word('beside')} ",
                        page.clause_links(one.clauses),
                        class_="quiet",
                    )
                    if one.clauses
                    else None,
                ),
                listed(page.holder(holder) for holder in one.held_by),
            ),
        )
        for one in trace(page.routine.pack).gaps
    ]
    reading = f"{page.word('question')} {page.word('and')} {page.word('reading').lower()}"
    heads = (page.word("gap"), reading, page.word("held_by"))
    return chapter_of_rows(page, "gaps", heads, rows, lead=True, widths=(7, 48, 45))


def matrix(page: Page) -> Element:
    """Who may make which step, from the rules themselves."""
    used = {name for one in page.sketches.values() for way in one.ways.values() for name in
            (mover.name for mover in way.movers)}  # fmt: skip
    columns = [mover for name, mover in page.movers.items() if name in used]
    head = element(
        "tr",
        element("th", page.word("step"), scope="col", style="text-align:left"),
        [
            element(
                "th",
                page.badges([mover], spelt=False),
                element("span", mover.label, class_="hidden") if mover.letters else None,
                scope="col",
            )
            for mover in columns
        ],
    )
    title = page.word("matrix")
    groups = [
        element("tbody", _group(page, name, columns), class_="group") for name in page.sketches
    ]
    caption = element("caption", element("span", title, class_="hidden"))
    made = element("table", caption, element("thead", head), groups, class_="matrix")
    lead = element("p", page.word("matrix_lead"), class_="lead")
    known = element("p", page.badges(mover for mover in columns if mover.letters))
    return chapter("matrix", title, lead, known, wide(made, title))


def _group(page: Page, process: str, columns: Sequence[Mover]) -> Iterator[Element]:
    drawn = page.sketches[process]
    span = str(len(columns) + 1)
    yield element("tr", element("th", drawn.label, scope="rowgroup", colspan=span))
    for name, way in drawn.ways.items():
        may = {mover.name for mover in way.movers}
        cells: list[Element] = []
        for mover in columns:
            dot = ("●", element("span", page.word("may"), class_="hidden"))
            cells.append(element("td", dot if mover.name in may else None))
        yield element("tr", element("th", page.step_link(process, name), scope="row"), cells)


def parameters(page: Page) -> Element | None:
    """The values that stand once and that another municipality can change."""
    pack = page.routine.pack
    rows: list[tuple[str, tuple[Child, ...]]] = []
    brief = next(iter(page.briefs.values()))
    for name, one in pack.parameter.items():
        rests = page.clause_links(one.clauses, one.gaps)
        rows.append((f"parameter-{name}", (page.say(one.label), brief.value(one.value), rests)))
    heads = (page.word("label"), page.word("value"), page.word("clause"))
    return chapter_of_rows(page, "parameters", heads, rows)


def sweeps(page: Page) -> Element | None:
    """What is looked for each day, among what, and what becomes of it."""
    rows: list[tuple[str, tuple[Child, ...]]] = []
    for name, one in page.routine.pack.sweep.items():
        drawn, brief = page.sketches[one.process], page.briefs[one.process]
        among = f"{drawn.label}: {', '.join(drawn.places[state].label for state in one.states)}"
        unless = _conditions(brief, one.unless)
        process, _, step = one.opens.partition(".")
        opens = page.step_link(process, step)
        rests = page.clause_links(one.clauses, one.gaps)
        after: Child = None
        if one.after:
            after = element("div", brief.word("after", length=brief.length(one.after)))
        rows.append((f"sweep-{name}", (page.say(one.label), (among, after), unless, opens, rests)))
    words = ("sweep", "looked_at", "unless", "opens_case", "clause")
    heads = [page.word(word).capitalize() for word in words]
    return chapter_of_rows(page, "sweeps", heads, rows, lead=True, widths=(25, 25, 27, 13, 10))


def invariants(page: Page) -> Element | None:
    """What must hold whoever does what in which order, as `lockroutine check` proves it."""
    rows: list[tuple[str, tuple[Child, ...]]] = []
    for path, one in page.routine.pack.invariants():
        process, _, step = one.step.partition(".")
        drawn, brief = page.sketches[one.process or process], page.briefs[one.process or process]
        among: Child = (
            page.step_link(process, step)
            if step
            else f"{drawn.label}: {', '.join(drawn.places[state].label for state in one.states)}"
        )
        holds = _conditions(brief, one.guards)
        kind = page.word(path.partition(".")[0])
        label: Child = [element("strong", f"{kind}: "), page.say(one.label)]
        rests = page.clause_links(one.clauses, one.gaps)
        rows.append((path.replace(".", "-"), (label, among, holds, rests)))
    words = ("what_holds", "looked_at", "conditions", "clause")
    heads = [page.word(word).capitalize() for word in words]
    return chapter_of_rows(page, "invariants", heads, rows, lead=True, widths=(35, 25, 30, 10))


def _conditions(brief: Brief, guards: Mapping[str, Guard]) -> Element | None:
    said = (brief.guard(name, guard) for name, guard in guards.items())
    return listed(f"{text[:1].upper()}{text[1:]}" for text in said)


def loosened(page: Page) -> Element | None:
    """The safeguards of the base that this pack loosens, each with the reason."""
    rows = [
        ("", (element("code", path), page.say(one.reason)))
        for path, one in page.routine.pack.loosened.items()
    ]
    heads = (page.word("rule"), page.word("reason"))
    return chapter_of_rows(page, "loosened", heads, rows, lead=True)
