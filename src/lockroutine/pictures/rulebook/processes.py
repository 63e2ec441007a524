"""The chapter on one process: its drawing, its states, its steps with all that they ask for."""

from __future__ import annotations

from collections.abc import Iterator

from lockroutine.pictures.rulebook.page import Page, chapter, joined, listed, table
from lockroutine.pictures.sketch import Line, LineKind, Place, Way
from lockroutine.pictures.svg import Chart, drawing
from lockroutine.pictures.tree import Child, Element, element
from lockroutine.rules.guards import Guard
from lockroutine.rules.schema import Transition

__all__ = ["process_chapter"]

_LARGE = 0.19
"""Millimetres of paper to a unit of a drawing: with fewer it is not legible on A4."""


def process_chapter(page: Page, name: str) -> Element:
    """A process: drawn, and then told with every sentence that its rules say."""
    drawn = page.sketches[name]
    rules = page.routine.process(name).rules
    made = drawing(Chart(drawn), headed=False)
    wide, high = (float(made.get(side, "1")) for side in ("width", "height"))
    return chapter(
        f"process-{name}",
        drawn.label,
        *_seen(page, name),
        table(
            f"{drawn.label}: {page.word('states').lower()}",
            [page.word(w).capitalize() for w in ("state", "waits", "due", "duty", "clause")],
            (
                (f"state-{name}-{one}", _state(page, name, place))
                for one, place in drawn.places.items()
            ),
            widths=(18, 18, 12, 42, 10),
        ),
        table(
            f"{drawn.label}: {page.word('steps').lower()}",
            [page.word(w) for w in ("step", "by", "must_hold", "effects", "clause")],
            (
                (f"step-{name}-{one}", _step(page, name, way, rules.transitions[one]))
                for one, way in drawn.ways.items()
            ),
            widths=(19, 14, 37, 20, 10),
        ),
        drawing=made,
        large=min(182 / wide, 235 / high) < _LARGE,
    )


def _seen(page: Page, name: str) -> Iterator[Element]:
    rules = page.routine.process(name).rules
    for word, roles in (("sees_personal", rules.sees_personal), ("sees_secret", rules.sees_secret)):
        if roles:
            yield element("p", page.word(word, roles=page.roles(roles)))


def _state(page: Page, name: str, place: Place) -> tuple[Child, ...]:
    rules = page.routine.process(name).rules.states[place.name]
    label: list[Child] = [place.label]
    if place.end:
        label.append(element("span", f" ({page.word('end')})", class_="quiet"))
    due: list[Child] = [place.due or None]
    if place.late[1]:
        due += [element("br"), f"{place.late[0]} ", *page.badges(place.late[1])]
    duties = listed(
        (
            page.step_link(name, step),
            ": ",
            page.badges(who),
            f" ({when})" if when else None,
            _cited(page, rules.duties[step].clauses, rules.duties[step].gaps),
        )
        for step, (who, when) in place.owed.items()
    )
    rests = page.clause_links(rules.clauses, rules.gaps)
    return (label, page.badges(place.waits_for), due, duties, rests)


def _cited(page: Page, clauses: tuple[str, ...], gaps: tuple[str, ...]) -> list[Child]:
    links = page.clause_links(clauses, gaps)
    return [" [", *links, "]"] if links else []


def _step(page: Page, name: str, way: Way, rules: Transition) -> tuple[Child, ...]:
    drawn = page.sketches[name]
    where: list[Child] = []
    if way.sources:
        states = ", ".join(drawn.places[one].label for one in way.sources)
        where.append(f"{page.word('from')} {states}")
    else:
        where.append(page.word("opens"))
    if way.target:
        where.append(f" {page.word('to')} {drawn.places[way.target].label}")
    else:
        where.append(f"; {page.word('stays')}")
    label: list[Child] = [way.label, element("div", where, class_="quiet", style="font-weight:400")]
    if rules.form:
        form = element("a", page.form(rules.form), href=f"#form-{rules.form}")
        label.append(element("div", f"{page.word('form')}: ", form, style="font-weight:400"))
    holds: list[Child] = [_line(line) for line in way.lines if line.kind == "timer"]
    holds += [_guard(page, name, one, guard) for one, guard in rules.guards.items()]
    holds += [
        element("span", page.filled(joint.otherwise), class_="otherwise")
        for joint in rules.joint.values()
        if joint.otherwise
    ]
    kinds: tuple[LineKind, ...] = ("driven", "drives", "effect")
    does = [_line(line, page) for kind in kinds for line in way.lines if line.kind == kind]
    return (
        label,
        page.badges(way.movers),
        listed(holds),
        listed(does),
        page.clause_links(rules.clauses, rules.gaps),
    )


def _guard(page: Page, process: str, name: str, guard: Guard) -> list[Child]:
    brief = page.briefs[process].guard(name, guard)
    made: list[Child] = []
    if guard.safeguard:
        made += [element("span", page.word("safeguard"), class_="safeguard"), " "]
    otherwise = element("span", f"«{page.filled(guard.otherwise)}»", class_="otherwise")
    made += [f"{brief[:1].upper()}{brief[1:]}.", element("br"), otherwise]
    instead = [_other_step(page, process, one) for one in guard.instead]
    if instead:
        made += [" → ", *joined(instead)]
    return [*made, *_cited(page, guard.clauses, guard.gaps)]


def _other_step(page: Page, process: str, step: str) -> Element:
    other, _, name = step.rpartition(".")
    return page.step_link(other or process, name)


def _line(line: Line, page: Page | None = None) -> Child:
    if page is None or line.kind == "effect":
        return line.text
    return f"{page.word('also')}: {line.text}" if line.kind == "drives" else f"← {line.text}"
