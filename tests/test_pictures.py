"""The drawings of processes: what stands in them, where, and for whom they can be read."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import all_is_well, apart, labels, segments, shared, sketches, words_fit
from lockroutine import NotFound, load_routine
from lockroutine.model import Language
from lockroutine.pictures import map_svg, process_svg
from lockroutine.pictures.metrics import fold, width
from lockroutine.pictures.order import crossings, few_crossings, ranks, spread
from lockroutine.pictures.overview import overview
from lockroutine.pictures.palette import (
    FAINT,
    INK,
    LINES,
    MARKS,
    PAPER,
    QUIET,
    ROLES,
    SHADE,
    badge,
    contrast,
)
from lockroutine.pictures.plan import plan
from lockroutine.pictures.sketch import Mover, Sketch, movers_of, sketch
from lockroutine.pictures.svg import Chart, Map, chart, drawing
from lockroutine.pictures.tree import as_xml
from overlaying import pack

ROUTINE = load_routine()
PROCESSES = sorted(ROUTINE.processes)
LANGUAGES: tuple[Language, ...] = ("sv", "en")
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {f"{SVG}{tag}" for tag in ("svg", "title", "desc", "g", "path", "text")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("process", PROCESSES)
def test_nothing_overlaps_in_the_bundled_processes(process: str, language: Language) -> None:
    """Boxes and texts lie apart, texts within their boxes, lines outside, each on its own."""
    made = chart(ROUTINE, process, language)
    all_is_well(made)
    assert not shared(made.layout, upright=True)


@settings(max_examples=60)
@given(sketches())
def test_nothing_overlaps_in_any_process(drawn: Sketch) -> None:
    """So it is for processes of any shape, with labels of any kind and length."""
    all_is_well(Chart(drawn))


@settings(max_examples=60)
@given(sketches())
def test_any_process_is_drawn_whole(drawn: Sketch) -> None:
    """Every state is a box; every step is told of in full once, and joined to where it leads."""
    planned = plan(drawn)
    assert set(planned.states) == set(drawn.places)
    moving = {(w.name, s) for w in drawn.ways.values() if w.target for s in w.sources}
    moving = {(name, s) for name, s in moving if drawn.ways[name].target != s}
    moving |= {(w.name, "") for w in drawn.ways.values() if not w.sources}
    found = [
        (way.name, source)
        for card in planned.cards
        for way in card.ways
        for source in (*card.sources, *card.named, *([""] if card.opening else []))
    ]
    assert sorted(found) == sorted(moving)
    joined = {(net.trunk, one) for net in planned.nets for one in net.branches if net.inward}
    assert joined == {(card.target, card.name) for card in planned.cards}
    left = {(net.trunk, one) for net in planned.nets for one in net.branches if not net.inward}
    assert left == {(source, card.name) for card in planned.cards for source in card.sources}


@settings(max_examples=40)
@given(sketches())
def test_any_process_is_valid_svg(drawn: Sketch) -> None:
    """Whatever the labels hold, the drawing is XML of the few elements it is made of."""
    root = ET.fromstring(as_xml(drawing(Chart(drawn))))
    for one in root.iter():
        assert one.tag in ALLOWED
        assert not [name for name in one.attrib if name.startswith("on") or "href" in name]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_map_lies_apart(language: Language) -> None:
    """On the map, too, nothing overlaps; it shows every process and what joins them."""
    made = Map(overview(ROUTINE, language), language)
    apart(list(made.layout.boxes.values()), by=4)
    for panel in made.panels.values():
        words_fit(panel)
    assert set(made.panels) == set(ROUTINE.processes)
    assert not shared(made.layout, upright=False)
    assert not shared(made.layout, upright=True)


def test_the_map_says_what_joins_processes() -> None:
    """What drives another process, and what only looks at it, is told apart."""
    mounting = {one.name: one for one in overview(ROUTINE)}["mounting"]
    assert mounting.bonds["lock"].drives[:2] == ("Install the lock", "Mark as tested")
    assert mounting.bonds["consent"].looks
    assert mounting.bonds["removal"].looks
    assert not mounting.bonds["removal"].drives
    words = ET.fromstring(map_svg(ROUTINE, "sv")).findtext(f"{SVG}desc") or ""
    assert "Montering. Öppnas av Administratör/samordnare." in words
    assert "Villkor ser till Nedmontering." in words


def test_a_drawing_says_who_what_and_under_which_condition() -> None:
    """A step shows its roles, guards, joint steps and effects; a state whom it waits for."""
    texts = [one.text for one in ET.fromstring(process_svg(ROUTINE, "mounting")).iter(f"{SVG}text")]
    for expected in (
        "Mounting",
        "CO",
        "Order the mounting",
        "B1, B2, B3, R1",
        "Consent: Received",
        "Monday–Thursday 08:00–16:00",
        "Lock: Install the lock",
        "Opens a ticket",
        "Waits for",
        "Within 14 days",
        "Times locked and unlocked ≥ 5",
        "protects life and home",
        "is owed in the state",
    ):
        assert expected in texts, expected


def test_a_drawing_is_told_in_words() -> None:
    """A screen reader gets the title and, in sentences, every state and every step."""
    root = ET.fromstring(process_svg(ROUTINE, "mounting", "sv"))
    assert root.get("role") == "img"
    title, words = root[0], root[1]
    assert (title.tag, title.text) == (f"{SVG}title", "Montering")
    assert root.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
    text = words.text or ""
    assert "Läge Beställd. Väntar på Montör. Inom 14 dygn." in text
    assert (
        "Steg Prova låset, Montör: från Låset sitter på dörren; läget blir kvar; "
        "villkor till skydd: "
        "Antal låsningar och upplåsningar ≥ 5, Låset fungerar; gör också: Lås: Märk som provat."
    ) in text
    rules = ROUTINE.process("mounting").rules
    for part in (*rules.states.values(), *rules.transitions.values()):
        assert part.label.sv in text


def test_a_count_is_told_in_words(tmp_path: Path) -> None:
    """How many entries a list must have stands with the field's name, in either language."""
    words = ET.fromstring(process_svg(ROUTINE, "purchase")).findtext(f"{SVG}desc") or ""
    assert "Serial numbers: number = Delivered" in words
    text = """
[process.purchase.transitions.deliver.guards.each_lock]
at_least = 1
at_most = 500
"""
    changed = load_routine(pack(tmp_path / "ours", text, extends="soderkoping"))
    words = ET.fromstring(process_svg(changed, "purchase", "sv")).findtext(f"{SVG}desc") or ""
    assert "Serienummer: antal = Levererat antal, ≥ 1, ≤ 500" in words


def test_notice_is_told_in_words(tmp_path: Path) -> None:
    """How long ahead a time must lie stands with the field's name."""
    text = """
[process.mounting.transitions.schedule.guards.notice]
kind = "time_window"
value = "form.starts_at"
not_sooner_than = "3 working days"
otherwise = { sv = "För kort varsel.", en = "Too short a notice." }
clauses = ["B4"]
"""
    changed = load_routine(pack(tmp_path / "ours", text, extends="soderkoping"))
    words = ET.fromstring(process_svg(changed, "mounting")).findtext(f"{SVG}desc") or ""
    assert "Starts at: at least 3 working days ahead" in words


def test_who_is_no_person_is_told_apart() -> None:
    """The clock, another system and another step have marks of their own, in dashed frames."""
    root = ET.fromstring(process_svg(ROUTINE, "lock"))
    texts = {one.text for one in root.iter(f"{SVG}text")}
    assert {"The clock", "Another system", "Another step"} <= texts
    assert any(one.get("stroke-dasharray") for one in root.iter(f"{SVG}path"))


def test_roles_are_told_apart_without_colour() -> None:
    """No two roles have the same letters, whatever they are called; nor the same badge."""
    for language in LANGUAGES:
        roles = [one for one in movers_of(ROUTINE, language).values() if one.kind == "role"]
        assert len({one.letters for one in roles}) == len(roles)
        assert all(1 < len(one.letters) < 4 for one in roles)
    inks = {badge(Mover("role", "r", "R", "R", index)) for index in range(2 * len(ROLES))}
    assert len(inks) == 2 * len(ROLES)


def test_every_colour_can_be_read() -> None:
    """Text has a contrast of at least 4.5 on its ground, marks and lines at least 3 (WCAG AA)."""
    for colour in (INK, QUIET):
        for ground in (PAPER, SHADE):
            assert contrast(colour, ground) >= 4.5
    assert contrast(PAPER, INK) >= 4.5
    for index in range(2 * len(ROLES)):
        ink = badge(Mover("role", "r", "R", "R", index))
        assert contrast(ink.fill, ink.letters) >= 4.5
        assert contrast(ink.edge, PAPER) >= 3
    for _, colour, _ in MARKS.values():
        assert contrast(colour, PAPER) >= 3
    assert contrast(LINES, PAPER) >= 3
    assert FAINT not in (INK, QUIET, LINES)  # only for rules that nobody needs


def test_a_colour_is_of_a_role_throughout() -> None:
    """A role has the same colour and letters in every process."""
    found: dict[str, set[Mover]] = {}
    for process in PROCESSES:
        for mover in sketch(ROUTINE, process, "sv").movers():
            found.setdefault(mover.name, set()).add(mover)
    assert all(len(movers) == 1 for movers in found.values())


def test_the_main_way_runs_straight_down() -> None:
    """From the opening of a case to its ordinary end, the boxes stand nearly below each other."""
    boxes = chart(ROUTINE, "mounting").layout.boxes
    middles = [boxes[name].middle for name in ("ordered", "scheduled", "fitted", "closed")]
    tops = [boxes[name].y for name in ("ordered", "scheduled", "fitted", "closed")]
    assert tops == sorted(tops)
    assert max(middles) - min(middles) < 60


def test_an_unknown_process_is_refused_with_the_nearest() -> None:
    """A process that does not exist comes back with the nearest that does."""
    with pytest.raises(NotFound, match="Did you mean 'mounting'"):
        process_svg(ROUTINE, "mountng")


def test_the_same_pack_gives_the_same_drawing() -> None:
    """A drawing can be kept under version control: it changes only with the pack."""
    assert process_svg(ROUTINE, "lock", "sv") == process_svg(load_routine(), "lock", "sv")


@pytest.mark.parametrize("shape", ["chain", "ring", "star", "tangle"])
def test_two_hundred_states_are_drawn(shape: str) -> None:
    """A process of 200 states is drawn, and nothing in it overlaps."""
    from lockroutine.pictures.sketch import Place, Way

    names = [f"s{n}" for n in range(200)]
    steps = {
        "chain": [(n, n + 1) for n in range(199)],
        "ring": [(n, (n + 1) % 200) for n in range(200)],
        "star": [(0, n) for n in range(1, 200)],
        "tangle": [(n, n * n * 7 % 200) for n in range(200)] + [(n, n + 1) for n in range(199)],
    }[shape]
    movers = (Mover("role", "installer", "Installer", "IN", 1),)
    ways = {
        f"w{n}": Way(
            name=f"w{n}",
            label=f"Step {n}",
            sources=(names[source],),
            target=names[target],
            movers=movers,
            lines=(),
            clauses=(),
        )
        for n, (source, target) in enumerate(steps)
    }
    places = {n: Place(name=n, label=n.upper(), end=False, waits_for=movers, due="") for n in names}
    drawn = Sketch(
        name="large", number=1, label="Large", key="large@1.0.0", routine="Large", language="en",
        places=places, ways=ways,
    )  # fmt: skip
    made = Chart(drawn)
    assert set(names) <= set(made.layout.boxes)
    apart(list(made.layout.boxes.values()))


# -- the parts -------------------------------------------------------------------------------------


@given(labels, st.floats(20, 300), st.booleans())
def test_folded_text_fits(text: str, room: float, bold: bool) -> None:
    """Every line of a folded text fits, and nothing of it is lost."""
    lines = fold(text, 10, room, bold=bold)
    assert all(width(line, 10, bold=bold) <= room for line in lines)
    whole = "".join(text.split())
    assert len("".join("".join(lines).split())) >= len(whole)
    if not any("-" in line for line in lines):
        assert "".join("".join(lines).split()) == whole


@given(
    st.lists(st.tuples(st.floats(-500, 500), st.floats(0.1, 60)), min_size=1, max_size=12),
    st.lists(st.floats(0, 50), min_size=11, max_size=11),
)
def test_places_keep_their_distance(wanted: list[tuple[float, float]], steps: list[float]) -> None:
    """Places come out in their order and far enough apart; what is far enough is not moved."""
    apart_by = steps[: len(wanted) - 1]
    found = spread(wanted, apart_by)
    for index, step in enumerate(apart_by):
        assert found[index + 1] - found[index] >= step - 1e-6
    again = spread([(x, weight) for x, (_, weight) in zip(found, wanted, strict=True)], apart_by)
    assert again == pytest.approx(found, abs=1e-6)


@given(
    st.integers(1, 8),
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20),
)
def test_crossings_are_counted_and_never_made_more(
    above: int, below: int, ends: list[tuple[int, int]]
) -> None:
    """The count is that of looking at each pair; the order found has no more than before."""
    upper, lower = [f"a{n}" for n in range(above)], [f"b{n}" for n in range(below)]
    pairs = [(f"a{one % above}", f"b{other % below}") for one, other in ends]
    order = [upper, lower]
    at = {name: index for rank in order for index, name in enumerate(rank)}
    plain = sum((at[a] - at[c]) * (at[b] - at[d]) < 0 for (a, b), (c, d) in combinations(pairs, 2))
    assert crossings(order, [pairs]) == plain
    found = few_crossings(order, [pairs])
    assert crossings(found, [pairs]) <= plain
    assert [sorted(rank) for rank in found] == [sorted(rank) for rank in order]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_every_step_leads_to_another_rank(steps: list[tuple[int, int]]) -> None:
    """Whatever rings there are, no two states that a step joins stand in one rank."""
    names = [str(n) for n in range(8)]
    found = ranks(names, [(str(one), str(other)) for one, other in steps])
    assert all(found[str(one)] != found[str(other)] for one, other in steps if one != other)


def test_lines_end_where_their_boxes_begin() -> None:
    """Each arrow points at the edge of the box that its step leads to."""
    made = chart(ROUTINE, "fault")
    for name, net in made.layout.nets.items():
        assert net.heads(), name
        edges = {(b.y, b.x, b.x + b.width) for b in made.layout.boxes.values()}
        edges |= {(b.y + b.height, b.x, b.x + b.width) for b in made.layout.boxes.values()}
        for (x, y), _ in net.heads():
            assert any(abs(y - at) < 0.11 and low < x < high for at, low, high in edges), name
        assert list(segments(made.layout, name))
