"""Read a rule pack: lay its tables over those it extends, structure strictly, check what is said.

All problems come at once, each with its file, its line where it can be told, and its path.
"""

from __future__ import annotations

import functools
import itertools
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import cattrs
from attrs import frozen

from lockroutine._strict import Wrong, problems_of, strict_converter, table_hook
from lockroutine.errors import Problem, RulesError, nearest
from lockroutine.rules.check import check
from lockroutine.rules.effects import EFFECTS, EffectRule
from lockroutine.rules.guards import GUARDS, Guard
from lockroutine.rules.invariants import Invariant
from lockroutine.rules.layers import Document, Tables, document_of, laid_over
from lockroutine.rules.safeguards import unsaid
from lockroutine.rules.schema import Move, Pack, Transition
from lockroutine.rules.shown import SHOWN, Shown
from lockroutine.rules.source import Source, bundled, read_source
from lockroutine.rules.terms import Ref

__all__ = ["NO_MORE", "Kinds", "Source", "bundled", "read_pack", "read_source"]


@frozen
class Kinds:
    """Guard and effect kinds beside the bundled ones, from plugins.

    Args:
        guards: Subclasses of `lockroutine.rules.guards.Guard`.
        effects: Subclasses of `lockroutine.rules.effects.EffectRule`.
    """

    guards: tuple[type[Guard], ...] = ()
    effects: tuple[type[EffectRule], ...] = ()


NO_MORE = Kinds()


def read_pack(source: Source, kinds: Kinds = NO_MORE) -> Pack:
    """Structure and check the text of a pack.

    Raises:
        RulesError: With every problem that was found.
    """
    layers = [document_of(layer) for layer in reversed(source.layers())]
    problems = [problem for layer in reversed(layers) for problem in layer.problems]
    if problems:
        raise RulesError(problems)
    levels = _levels(layers)
    pack, problems = _judged(levels[-1], kinds)
    problems = [
        *_with_reasons(problems, layers, levels[-1], kinds),
        *_loosened(layers, levels, kinds),
    ]
    if pack is None or problems:
        raise RulesError(problems)
    return pack


def _levels(layers: Sequence[Document], keeping: str = "") -> list[Document]:
    """The layers laid over each other one by one: first nothing, last the whole pack."""
    levels = [Document()]
    for layer in layers:
        level = laid_over(levels[-1], layer, keeping)
        if ("extends" in layer.tables) is (len(levels) == 1):
            message = "must stand in routine.toml, and name a pack whose text is there"
            level.problems.append(layer.placed(Problem("extends", message)))
        levels.append(level)
    return levels


def _judged(whole: Document, kinds: Kinds) -> tuple[Pack | None, list[Problem]]:
    """The pack that a document is, or everything that is wrong with it."""
    if whole.problems:
        return None, list(dict.fromkeys(whole.problems))
    try:
        pack = _pack_converter(kinds).structure(whole.tables, Pack)
    except Exception as error:
        return None, [whole.placed(problem) for problem in problems_of(error)]
    problems = [whole.placed(problem) for problem in check(pack)]
    return (None, problems) if problems else (pack, [])


def _with_reasons(
    problems: list[Problem], layers: Sequence[Document], whole: Document, kinds: Kinds
) -> Iterator[Problem]:
    """The problems; with each that was not there but for something removed, what that was."""
    reasons: dict[Problem, str] = {}
    for path, (file, line) in whole.removed.items() if problems else ():
        _, others = _judged(_levels(layers, keeping=path)[-1], kinds)
        for problem in set(problems).difference(others):
            if problem.path != path:
                reasons.setdefault(problem, f"; {file}:{line} removes {path}")
    for problem in problems:
        yield attrs.evolve(problem, message=problem.message + reasons.get(problem, ""))


def _loosened(
    layers: Sequence[Document], levels: Sequence[Document], kinds: Kinds
) -> Iterator[Problem]:
    """What a layer loosens of the safeguards of those below it, and does not say."""

    def structure(table: Tables) -> Guard:
        return _pack_converter(kinds).structure(table, Guard)

    for layer, (base, level) in zip(layers, itertools.pairwise(levels), strict=True):
        for problem in unsaid(base.tables, layer.tables, level.tables, structure):
            yield level.placed(problem)


def _ref(value: object, _: object) -> Ref:
    if type(value) in (bool, int):
        return Ref("value", literal=typing.cast("bool | int", value))
    if type(value) is not str:
        raise Wrong("must be a reference like form.FIELD or case.FIELD")
    source, _dot, name = value.partition(".")
    if source == "text" and name:
        return Ref("value", literal=name)
    if source in ("form", "case") and name:
        return Ref(typing.cast("Any", source), name)
    if value in ("actor.id", "event.happened_at", "each.item"):
        return Ref(typing.cast("Any", source), name)
    raise Wrong(
        "is no reference; write form.FIELD, case.FIELD, actor.id, event.happened_at, each.item "
        "or text.WORD"
    )


def _by_kind(made: cattrs.Converter, kinds: Iterable[type[Any]]) -> Callable[[Any, Any], Any]:
    known = {kind.kind: kind for kind in kinds}

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise Wrong("must be a table")
        kind = value.get("kind")
        if type(kind) is not str or kind not in known:
            hint = nearest(kind, known) if type(kind) is str else ""
            ending = f"did you mean {hint!r}?" if hint else f"known are {', '.join(known)}"
            raise Wrong(f"has no kind that exists; {ending}")
        return made.structure({k: v for k, v in value.items() if k != "kind"}, known[kind])

    return hook


def _invariant(made: cattrs.Converter) -> Callable[[Any, Any], Any]:
    plain = table_hook(made, Invariant)

    def hook(value: Any, kind: Any) -> Any:
        """What its guards leave out is what the invariant itself says."""
        if isinstance(value, Mapping) and isinstance(value.get("guards"), Mapping):
            said = {
                "otherwise": value.get("label"),
                "clauses": value.get("clauses"),
                "gaps": value.get("gaps"),
            }
            inherited = {key: given for key, given in said.items() if given is not None}
            guards = {
                name: {**inherited, **guard} if isinstance(guard, Mapping) else guard
                for name, guard in value["guards"].items()
            }
            value = {**value, "guards": guards}
        return plain(value, kind)

    return hook


def _exactly(base: type) -> Callable[[Any], bool]:
    """The hook of a base class must not catch its kinds, which are subclasses of it."""
    return lambda kind: kind is base


@functools.cache
def _pack_converter(kinds: Kinds) -> cattrs.Converter:
    made = strict_converter()
    made.register_structure_hook(Ref, _ref)
    known: tuple[tuple[type, tuple[type[Any], ...]], ...] = (
        (Guard, (*GUARDS, *kinds.guards)),
        (EffectRule, (*EFFECTS, *kinds.effects)),
        (Shown, SHOWN),
    )
    for base, classes in known:
        made.register_structure_hook_func(_exactly(base), _by_kind(made, classes))
    made.register_structure_hook(Invariant, _invariant(made))
    made.register_structure_hook(Transition, table_hook(made, Transition))
    made.register_structure_hook(Move, table_hook(made, Move))
    return made
