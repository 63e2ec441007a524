"""What the proofs are made of, held against the same done slowly: every world one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockroutine.facts import Value
from lockroutine.proving.cubes import Items, covers, laid_together
from lockroutine.proving.diagrams import EMPTY, Diagrams, Event, Reach, TooLarge
from lockroutine.proving.ordering import ordered
from lockroutine.proving.paths import STATE, Known, Paths, Var, state_of

World = tuple[int, ...]
Worlds = frozenset[World]
Pairs = Mapping[int, tuple[tuple[int, int], ...]]


def every(sizes: Iterable[int]) -> list[World]:
    """Every world there is."""
    return list(itertools.product(*(range(size) for size in sizes)))


SIZES = st.lists(st.integers(1, 3), min_size=1, max_size=4)


@st.composite
def some_worlds(draw: st.DrawFn, times: int = 1) -> tuple[list[int], list[Worlds]]:
    """Sizes of levels, and sets of worlds of them."""
    sizes = draw(SIZES)
    of = st.frozensets(st.sampled_from(every(sizes)))
    return sizes, draw(st.lists(of, min_size=times, max_size=times))


def events(sizes: list[int]) -> st.SearchStrategy[Pairs]:
    """Something that can happen: at some levels, what becomes of which value."""

    def pairs(level: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
        value = st.integers(0, sizes[level] - 1)
        return st.frozensets(st.tuples(value, value), min_size=1).map(lambda s: tuple(sorted(s)))

    levels = st.frozensets(st.integers(0, len(sizes) - 1), min_size=1)
    return levels.flatmap(lambda at: st.fixed_dictionaries({one: pairs(one) for one in sorted(at)}))


def diagram(diagrams: Diagrams, worlds: Iterable[World]) -> int:
    """A set of worlds, put together from one world at a time."""
    made = EMPTY
    for world in worlds:
        made = diagrams.union(made, diagrams.cube({n: (value,) for n, value in enumerate(world)}))
    return made


def within(diagrams: Diagrams, sizes: list[int], node: int) -> Worlds:
    """The worlds of a diagram."""
    return frozenset(
        world
        for world in every(sizes)
        if diagrams.touches(node, {n: (value,) for n, value in enumerate(world)})
    )


def next_worlds(worlds: Iterable[World], event: Pairs) -> Worlds:
    """What becomes of worlds, one by one."""
    return frozenset(
        after
        for world in worlds
        for after in itertools.product(
            *(
                [to for before, to in event[n] if before == value] if n in event else [value]
                for n, value in enumerate(world)
            )
        )
    )


# -- diagrams --------------------------------------------------------------------------------------


@given(some_worlds(times=2))
def test_sets_of_worlds(drawn: tuple[list[int], list[Worlds]]) -> None:
    """Union, meet, rest and count are those of sets; equal sets are one number."""
    sizes, (one, other) = drawn
    diagrams = Diagrams(sizes, 10_000)
    a, b = diagram(diagrams, one), diagram(diagrams, other)
    assert within(diagrams, sizes, a) == one
    assert diagrams.count(a) == len(one)
    for made, expected in (
        (diagrams.union(a, b), one | other),
        (diagrams.union(b, a), one | other),
        (diagrams.meet(a, b), one & other),
        (diagrams.meet(b, a), one & other),
        (diagrams.rest(a, b), one - other),
        (diagrams.rest(b, a), other - one),
    ):
        assert made == diagram(diagrams, sorted(expected))
    assert (a == b) is (one == other)


@given(some_worlds(), st.data())
def test_cubes_of_worlds(drawn: tuple[list[int], list[Worlds]], data: st.DataObject) -> None:
    """A cube holds the worlds that are so at some levels, and touches what has one of them."""
    sizes, (worlds,) = drawn
    diagrams = Diagrams(sizes, 10_000)
    cube = {
        level: data.draw(st.frozensets(st.integers(0, sizes[level] - 1)))
        for level in data.draw(st.frozensets(st.integers(0, len(sizes) - 1)))
    }
    inside = {w for w in every(sizes) if all(w[n] in some for n, some in cube.items())}
    assert within(diagrams, sizes, diagrams.cube(cube)) == inside
    node = diagram(diagrams, worlds)
    assert diagrams.touches(node, cube) is bool(worlds & inside)
    if worlds:
        assert diagrams.any(node) == min(worlds)
    else:
        assert diagrams.any(node) == ()


@given(some_worlds(), st.data())
def test_what_an_event_makes(drawn: tuple[list[int], list[Worlds]], data: st.DataObject) -> None:
    """An event changes worlds as it says; reversed it leads back from where it leads to."""
    sizes, (worlds,) = drawn
    pairs = data.draw(events(sizes))
    diagrams, event = Diagrams(sizes, 10_000), Event(pairs)
    after = diagrams.after(diagram(diagrams, worlds), event)
    assert within(diagrams, sizes, after) == next_worlds(worlds, pairs)
    back = diagrams.after(diagram(diagrams, worlds), event.reversed())
    came = {world for world in every(sizes) if next_worlds([world], pairs) & worlds}
    assert within(diagrams, sizes, back) == came


@given(some_worlds(), st.data())
def test_what_can_be_come_to(drawn: tuple[list[int], list[Worlds]], data: st.DataObject) -> None:
    """Saturation finds what step by step is found, no more and no less."""
    sizes, (worlds,) = drawn
    happening = data.draw(st.lists(events(sizes), max_size=4))
    diagrams = Diagrams(sizes, 10_000)
    reached, new = worlds, worlds
    while new:
        new = frozenset().union(*(next_worlds(new, one) for one in happening)) - reached
        reached |= new
    found = Reach(diagrams, [Event(pairs) for pairs in happening]).from_(diagram(diagrams, worlds))
    assert within(diagrams, sizes, found) == reached


def test_no_more_nodes_than_may_be() -> None:
    """Where there would be too many nodes, that is said."""
    diagrams = Diagrams([3, 3, 3], 4)
    with pytest.raises(TooLarge):
        diagram(diagrams, every([3, 3, 3])[::2])


# -- cubes -----------------------------------------------------------------------------------------


def cubes_of(sizes: list[int]) -> st.SearchStrategy[list[Items[int]]]:
    """Some cubes, each sorted by its variables."""

    def some(var: int) -> st.SearchStrategy[frozenset[int]]:
        return st.frozensets(st.integers(0, sizes[var] - 1), min_size=1)

    vars_ = st.frozensets(st.integers(0, len(sizes) - 1))
    cube = vars_.flatmap(
        lambda at: st.tuples(*(st.tuples(st.just(v), some(v)) for v in sorted(at)))
    )
    return st.lists(cube, max_size=6)


def worlds_of(sizes: list[int], cubes: Iterable[Items[int]]) -> set[World]:
    return {
        world
        for world in every(sizes)
        if any(all(world[var] in some for var, some in cube) for cube in cubes)
    }


@given(st.data())
def test_cubes_laid_together(data: st.DataObject) -> None:
    """Laid together, cubes hold the same worlds and are no more than before."""
    sizes = data.draw(SIZES)
    cubes = data.draw(cubes_of(sizes))
    fewer = laid_together(cubes)
    assert worlds_of(sizes, fewer) == worlds_of(sizes, cubes)
    assert len(fewer) <= len(set(cubes))


@given(st.data())
def test_cubes_that_cover_everything(data: st.DataObject) -> None:
    """What is said to cover every world does, and no split into two hides that."""
    sizes = data.draw(SIZES)
    cubes = data.draw(cubes_of(sizes))
    if covers(cubes, sizes):
        assert worlds_of(sizes, cubes) == set(every(sizes))
    split = split_up(data, [()], sizes)
    assert covers(split, sizes)
    assert len(split) == 1 or not covers(split[1:], sizes)


def split_up(data: st.DataObject, cubes: list[Items[int]], sizes: list[int]) -> list[Items[int]]:
    """All worlds, cut in two by one variable after the other."""
    for var in data.draw(st.permutations([n for n, size in enumerate(sizes) if size > 1])):
        cubes = [
            tuple(sorted((*cube, (var, some)), key=lambda item: item[0]))
            for cube in cubes
            for some in (frozenset({0}), frozenset(range(1, sizes[var])))
        ]
    return cubes


# -- the order of levels ---------------------------------------------------------------------------


def spans(order: list[int], moves: Iterable[frozenset[int]]) -> int:
    return sum(
        max(map(order.index, move)) - min(map(order.index, move)) for move in set(moves) if move
    )


@given(st.lists(st.frozensets(st.integers(0, 7), max_size=4), max_size=10))
def test_the_order_of_levels(moves: list[frozenset[int]]) -> None:
    """Every variable has its place, and moves span no more levels than in the order given."""
    order = ordered(range(8), moves)
    assert sorted(order) == list(range(8))
    assert spans(order, moves) <= spans(list(range(8)), moves)


def test_chains_become_neighbours() -> None:
    """What only touches its neighbours is put side by side, in whatever order it was given."""
    assert spans(ordered([0, 3, 1, 2], [(0, 1), (1, 2), (2, 3)]), map(frozenset, [(0, 1)])) == 1


# -- every way through a computation ---------------------------------------------------------------


class Asked(NamedTuple):
    """A question to a value: whether it is one of these; or what it is."""

    var: Var
    one_of: tuple[Value, ...] | None


STATES: tuple[Value, ...] = (None, "open", "shut")
FACTS = {None: {None}, "open": {None, "x", "y"}, "shut": {"x"}}
DONE = {None: {False}, "open": {False, True}, "shut": {True}}
VARS = [Var(slot, kind, name) for slot in (0, 1) for kind, name in
        ((STATE, ""), ("fact", "f"), ("done", "d"))]  # fmt: skip


def values(var: Var, state: Value) -> frozenset[Value]:
    """What a value can be in a state."""
    there: Mapping[Value, set[Value]] = FACTS if var.kind == "fact" else DONE  # type: ignore[assignment]
    return frozenset(there[state])


def of_slot(slot: int) -> Iterator[dict[Var, Value]]:
    """Everything that a case can be."""
    fact, done = Var(slot, "fact", "f"), Var(slot, "done", "d")
    for state in STATES:
        for f, d in itertools.product(values(fact, state), values(done, state)):
            yield {state_of(slot): state, fact: f, done: d}


ANY = st.sampled_from([None, "open", "shut", "x", True])
QUESTIONS = st.lists(
    st.builds(Asked, st.sampled_from(VARS), st.none() | st.lists(ANY, max_size=3).map(tuple)),
    max_size=5,
)


@given(QUESTIONS)
def test_every_way_through_questions(questions: list[Asked]) -> None:
    """Each world goes exactly one of the ways, and gets the answers that are true of it."""
    paths = Paths(lambda _: STATES, values)
    ways: list[tuple[Known, list[Value]]] = []
    for known in paths:
        answers = [
            paths.value(var) if one_of is None else paths.is_one_of(var, one_of)
            for var, one_of in questions
        ]
        ways.append((dict(known), answers))
    assert paths.asked.issuperset(question.var for question in questions)
    for one, other in itertools.product(of_slot(0), of_slot(1)):
        world = {**one, **other}
        mine = [answers for known, answers in ways if holds(known, world)]
        said = [world[var] if one_of is None else world[var] in one_of for var, one_of in questions]
        assert mine == [said]


def holds(known: Known, world: Mapping[Var, Value]) -> bool:
    return all(world[var] in some for var, some in known.items())
