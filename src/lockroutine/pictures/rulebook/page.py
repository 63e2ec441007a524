"""What the chapters of the rule book are written with: tables, badges, links, the pack's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lockroutine.model import Language, Text
from lockroutine.pictures.brief import Brief, plain_name
from lockroutine.pictures.palette import badge
from lockroutine.pictures.rulebook.words import SAY
from lockroutine.pictures.sketch import Mover, Sketch, movers_of, sketch
from lockroutine.pictures.tree import Child, Element, element
from lockroutine.routine import Routine
from lockroutine.rules.trace import Holder

__all__ = ["Page", "chapter", "chapter_of_rows", "joined", "listed", "table", "wide"]


class Page:
    """A routine in one language, as every chapter asks for it.

    Args:
        routine: The routine.
        language: The language of the book.
    """

    def __init__(self, routine: Routine, language: Language) -> None:
        self.routine: Routine = routine
        self.language: Language = language
        self.sketches: Mapping[str, Sketch] = {
            name: sketch(routine, name, language) for name in routine.processes
        }
        self.briefs: Mapping[str, Brief] = {
            name: Brief(routine, name, language) for name in routine.processes
        }
        self.movers: Mapping[str, Mover] = movers_of(routine, language)

    def say(self, text: Text | None) -> str:
        """A text in the language of the book."""
        return text.get(self.language) if text else ""

    def word(self, name: str, **values: str) -> str:
        """One of the book's own words."""
        text = self.say(SAY[name])
        return text.format(**values) if values else text

    def filled(self, text: Text) -> str:
        """A text of a rule with the parameters that it names."""
        return Brief(self.routine, "", self.language).filled(text)

    def form(self, name: str) -> str:
        """By what a form is known in the book: its label, or the first step that takes it."""
        declared = self.routine.pack.form.get(name)
        if declared:
            return self.say(declared.label)
        takers = (
            drawn.ways[step].label
            for process, drawn in self.sketches.items()
            for step, rules in self.routine.process(process).rules.transitions.items()
            if rules.form == name
        )
        return next(takers, name)

    def gap(self, name: str) -> str:
        """By what a gap is known in the book: gaps have numbers, as clauses have ids."""
        number = list(self.routine.pack.gap).index(name) + 1
        return f"{self.word('gap')[:1]}{number}"

    # -- who -----------------------------------------------------------------------------------

    def badges(self, movers: Iterable[Mover], *, spelt: bool = True) -> list[Child]:
        """Roles by their badges, and what they are called."""
        made: list[Child] = []
        for mover in movers:
            if made:
                made.append(", " if spelt else " ")
            if mover.letters:
                ink = badge(mover)
                colours = f"background:{ink.fill};color:{ink.letters};border-color:{ink.edge}"
                hidden = "true" if spelt else None
                title = None if spelt else mover.label
                made.append(
                    element(
                        "span",
                        mover.letters,
                        class_="badge",
                        style=colours,
                        aria_hidden=hidden,
                        title=title,
                    )
                )
                made.append("\u00a0" if spelt else "")
            made.append(mover.label if spelt or not mover.letters else "")
        return made

    def roles(self, names: Iterable[str]) -> str:
        """Roles by what they are called."""
        return ", ".join(self.movers[n].label if n in self.movers else plain_name(n) for n in names)

    # -- where ---------------------------------------------------------------------------------

    def clause_links(self, clauses: Iterable[str], gaps: Iterable[str] = ()) -> list[Child]:
        """The clauses and gaps that a rule rests on, each as a way to it."""
        links = [element("a", name, href=f"#clause-{name}") for name in clauses]
        links += [element("a", self.gap(name), href=f"#gap-{name}") for name in gaps]
        return joined(links)

    def step_link(self, process: str, step: str) -> Element:
        """A step by its label, as a way to it."""
        label = self.sketches[process].ways[step].label
        return element("a", label, href=f"#step-{process}-{step}")

    def holder(self, holder: Holder) -> list[Child]:
        """A rule that holds a clause, in words: what it is, of which step or state."""
        parts = holder.at.split(".")
        kind = self.word(holder.kind) if holder.kind in SAY else plain_name(holder.kind)
        if parts[0] != "process" or len(parts) < 4:
            return [f"{kind}: {self._outside(parts)}"]
        process, table, name = parts[1:4]
        drawn = self.sketches[process]
        made: list[Child] = [f"{drawn.label}: "]
        if table == "states":
            place = element("a", drawn.places[name].label, href=f"#state-{process}-{name}")
            made += [f"{self.word('state')} ", place]
            if holder.kind == "duty":
                made += [f", {kind} ", self.step_link(process, parts[5])]
            return made
        made.append(self.step_link(process, name))
        if holder.kind != "transition":
            made.append(f" ({kind}: {self._part(process, name, parts)})")
        return made

    def _part(self, process: str, step: str, parts: Sequence[str]) -> str:
        rules = self.routine.process(process).transition(step)
        brief, name = self.briefs[process], parts[5]
        if parts[4] == "guards":
            return brief.guard(name, rules.guards[name])
        if parts[4] == "effects":
            return brief.effect(rules.effects[name])
        joint = rules.joint[name]
        label = self.sketches[joint.process].ways[joint.transition].label
        return f"{self.sketches[joint.process].label}: {label}"

    def _outside(self, parts: Sequence[str]) -> str:
        kind, name = parts[0], parts[1]
        found = getattr(self.routine.pack, kind, {}).get(name)
        label = getattr(found, "label", None)
        return self.say(label) if label else plain_name(name)


def joined(parts: Iterable[Child], between: str = ", ") -> list[Child]:
    """Parts with something between them."""
    made: list[Child] = []
    for part in parts:
        if made:
            made.append(between)
        made.append(part)
    return made


def chapter(
    name: str, title: str, *inner: Child, drawing: Element | None = None, large: bool = False
) -> Element:
    """A chapter with its heading, and a drawing on the same sheet of paper.

    Args:
        name: To lead to it by.
        title: Its heading.
        inner: What follows.
        drawing: What is drawn under the heading.
        large: Whether the drawing needs a larger sheet than the text.
    """
    heading: Child = element("h2", title, id=f"{name}-title")
    if drawing is not None:
        sheet = "sheet large" if large else "sheet"
        heading = element("div", heading, element("figure", drawing), class_=sheet)
    return element(
        "section", heading, *inner, id=name, class_="chapter", aria_labelledby=f"{name}-title"
    )


def listed(items: Iterable[Child]) -> Element | None:
    """A list of points; nothing if there are none."""
    made = [element("li", item) for item in items]
    return element("ul", made) if made else None


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[tuple[str, Sequence[Child]]],
    *,
    hide_caption: bool = False,
    widths: Sequence[int] = (),
) -> Element:
    """A table; the first cell of a row is its heading.

    Args:
        caption: What it shows.
        heads: The headings of its columns.
        rows: Each row's name, to lead to it (or none), and its cells.
        hide_caption: Whether only a screen reader is told the caption, as a heading says it.
        widths: How wide its columns are, in per cent; left out, as they need.
    """
    head = element("tr", [element("th", one, scope="col") for one in heads])
    body = [
        element(
            "tr",
            element("th", cells[0], scope="row"),
            [element("td", cell) for cell in cells[1:]],
            id=name or None,
        )
        for name, cells in rows
    ]
    said = element("span", caption, class_="hidden") if hide_caption else caption
    columns = [element("col", style=f"width:{width}%") for width in widths]
    made = element(
        "table",
        element("caption", said),
        element("colgroup", columns) if columns else None,
        element("thead", head),
        element("tbody", body),
    )
    return wide(made, caption)


def chapter_of_rows(
    page: Page,
    name: str,
    heads: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Child]]],
    *,
    lead: bool = False,
    widths: Sequence[int] = (),
) -> Element | None:
    """A chapter that is one table; none if it has no rows.

    Args:
        page: The page.
        name: The chapter's name, and the word that is its title.
        heads: The headings of the columns.
        rows: Each row's name, and its cells.
        lead: Whether the book has words that lead up to it.
        widths: How wide the columns are, in per cent; left out, as they need.
    """
    if not rows:
        return None
    title = page.word(name)
    words = element("p", page.word(f"{name}_lead"), class_="lead") if lead else None
    made = table(title, heads, rows, hide_caption=True, widths=widths)
    return chapter(name, title, words, made)


def wide(made: Element, label: str) -> Element:
    """Something that may be wider than the window, which then is moved by the keyboard too."""
    return element("div", made, class_="wide", tabindex="0", role="group", aria_label=label)
