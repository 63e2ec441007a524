"""Which boxes a drawing of a process has, in which ranks, and which lines join them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen, mutable

from lockroutine.pictures.layout import Net
from lockroutine.pictures.order import ranks
from lockroutine.pictures.sketch import Sketch, Way

__all__ = ["Card", "Plan", "leaves", "levels", "plan"]

_MANY = 3
"""A step that leaves more states than this has no line from each: it names them."""


@frozen(kw_only=True)
class Card:
    """One or more steps that lead the same way, drawn as one box.

    Args:
        name: The box's name.
        ways: The steps.
        target: The state that they lead to.
        sources: The states that a line comes from.
        named: The states that they leave and that are only named.
        rank: In which rank it stands.
    """

    name: str
    ways: tuple[Way, ...]
    target: str
    sources: tuple[str, ...]
    named: tuple[str, ...]
    rank: int

    @property
    def opening(self) -> bool:
        """Whether it opens a case."""
        return not self.sources and not self.named


@frozen(kw_only=True)
class Plan:
    """The boxes and lines of a process.

    Args:
        states: The states, each with its rank.
        cards: The steps that lead from one state to another.
        nets: The lines.
        also: For each state the labels of the steps that only name it.
        known: For each state the steps that stay there and are told of elsewhere.
    """

    states: Mapping[str, int]
    cards: tuple[Card, ...]
    nets: tuple[Net, ...]
    also: Mapping[str, tuple[str, ...]]
    known: Mapping[str, frozenset[str]]


def plan(drawn: Sketch) -> Plan:
    """Which boxes and lines to draw of a process.

    A state stands below those that lead to it, and an end at the foot. A step that leads back
    stands above the state that it leaves, and its lines run upwards.

    >>> from lockroutine import load_routine
    >>> from lockroutine.pictures.sketch import sketch
    >>> made = plan(sketch(load_routine(), "update", "en"))
    >>> made.states
    {'planned': 1, 'installed': 3, 'skipped': 3}
    """
    level = levels(drawn, _MANY)
    cards = tuple(_cards(drawn, level))
    also: dict[str, list[str]] = {}
    for card in cards:
        for name in card.named:
            also.setdefault(name, []).extend(way.label for way in card.ways)
    return Plan(
        states=level,
        cards=cards,
        nets=tuple(_nets(level, cards, _main_way(drawn, level, cards))),
        also={name: tuple(labels) for name, labels in also.items()},
        known=_known(drawn, cards),
    )


def _known(drawn: Sketch, cards: Iterable[Card]) -> dict[str, frozenset[str]]:
    """Each step is told of in full only once: on its card, or in the first state it stays in."""
    told = {way.name for card in cards for way in card.ways}
    found: dict[str, frozenset[str]] = {}
    for name in drawn.places:
        here = {way.name for way in drawn.staying(name)}
        found[name] = frozenset(here & told)
        told |= here
    return found


def leaves(way: Way) -> tuple[str, ...]:
    """The states that a step leads away from."""
    return tuple(name for name in way.sources if name != way.target) if way.target else ()


def levels(drawn: Sketch, many: int) -> dict[str, int]:
    """How far down each state stands: below those that lead to it, an end at the foot.

    Args:
        drawn: The process.
        many: A step that leaves more states than this has no say in it.
    """
    moving = [way for way in drawn.ways.values() if way.target]
    opened = {way.target for way in moving if not way.sources}
    leaving = {name for way in moving for name in leaves(way)}
    last = {name for name, place in drawn.places.items() if place.end and name not in leaving}
    names = sorted(drawn.places, key=lambda name: (name in last, name not in opened))
    steps = [
        (name, way.target) for way in moving if len(leaves(way)) <= many for name in leaves(way)
    ]
    reached = opened | {target for _, target in steps}
    for way in moving:
        if way.target not in reached and leaves(way):
            steps.append((leaves(way)[0], way.target))
    found = ranks(names, steps)
    foot = max(found.values(), default=0)
    return {name: 2 * (foot if name in last else found[name]) + 1 for name in drawn.places}


@mutable
class _Group:
    rank: int
    ways: list[Way] = field(factory=list)


def _cards(drawn: Sketch, level: Mapping[str, int]) -> Iterable[Card]:
    """The moving steps, those together that have the same sources and the same target."""
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], _Group] = {}
    for way in drawn.ways.values():
        sources = leaves(way)
        if not way.target or (way.sources and not sources):
            continue
        goal = level[way.target]
        above = tuple(name for name in sources if level[name] < goal)
        below = tuple(name for name in sources if level[name] >= goal)
        if not way.sources or len(sources) > _MANY:
            groups.setdefault((way.target, (), sources), _Group(goal - 1)).ways.append(way)
        else:
            if above:
                rank = max(level[name] for name in above) + 1
                groups.setdefault((way.target, above, ()), _Group(rank)).ways.append(way)
            if below:
                rank = min(level[name] for name in below) - 1
                groups.setdefault((way.target, below, ()), _Group(rank)).ways.append(way)
    for number, ((target, sources, named), group) in enumerate(groups.items()):
        yield Card(
            name=f"step {number}",
            ways=tuple(group.ways),
            target=target,
            sources=sources,
            named=named,
            rank=group.rank,
        )


def _main_way(
    drawn: Sketch, level: Mapping[str, int], cards: Sequence[Card]
) -> frozenset[tuple[str, str]]:
    """The longest way down to the end that the pack names first, as its lines.

    It is drawn as straight as can be: whoever looks at a process for the first time follows it.
    """
    best: dict[str, tuple[tuple[str, str], ...]] = {}
    for card in sorted(cards, key=lambda one: one.rank):
        if card.rank > level[card.target]:
            continue
        before = [best[name] for name in card.sources if name in best] or [()]
        lines = max(before, key=len)
        if lines or card.opening:
            source = ((lines[-1][0], card.name),) if lines else ()
            way = (*lines, *source, (card.target, card.name))
            if len(way) > len(best.get(card.target, ())):
                best[card.target] = way
    ends = [name for name, place in drawn.places.items() if place.end and name in best]
    goal = ends[0] if ends else max(best, key=lambda name: len(best[name]), default="")
    return frozenset(best.get(goal, ()))


def _nets(
    level: Mapping[str, int], cards: Iterable[Card], main: frozenset[tuple[str, str]]
) -> Iterable[Net]:
    """The lines at the foot and at the head of each state: what leaves it, what comes in."""
    found: dict[tuple[str, str], list[str]] = {}
    for card in cards:
        for name in card.sources:
            side = "leaves down" if card.rank > level[name] else "leaves up"
            found.setdefault((name, side), []).append(card.name)
        side = "comes down" if card.rank < level[card.target] else "comes up"
        found.setdefault((card.target, side), []).append(card.name)
    for (name, side), branches in found.items():
        yield Net(
            name=f"{name} {side}",
            trunk=name,
            branches=tuple(branches),
            straight=frozenset(one for one in branches if (name, one) in main),
            inward=side.startswith("comes"),
        )
