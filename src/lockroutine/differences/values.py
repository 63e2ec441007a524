"""What differs between two routines, as values: nothing here knows how it is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, get_args

from attrs import field, frozen

from lockroutine.differences.words import HEADINGS, SAY
from lockroutine.model import Language, Text

__all__ = ["SECTIONS", "Change", "Difference", "Differences", "Refusal", "Right", "Section"]

Change: TypeAlias = Literal["gained", "lost", "renamed", "changed"]
"""How something differs.

``gained`` is only in the newer routine, ``lost`` only in the older, ``renamed`` has another name in
the newer by its ``[move.PROCESS]``, and ``changed`` is in both and says something else.
"""

Section: TypeAlias = Literal[
    "processes",
    "rights",
    "steps",
    "refusals",
    "joint",
    "states",
    "times",
    "effects",
    "messages",
    "roles",
    "parameters",
    "forms",
    "sweeps",
    "invariants",
    "pulled",
    "shown",
    "moves",
    "loosened",
    "clauses",
    "pack",
]
"""Under which heading a difference is told."""

SECTIONS: tuple[Section, ...] = get_args(Section)


@frozen(kw_only=True)
class Difference:
    """One thing that is otherwise.

    Args:
        section: Under which heading it is told.
        change: Whether it was gained, lost, renamed, or changed.
        at: Its path in the newer pack; what was lost: in the older.
        was_at: Its path in the older pack, if that is another.
        process: The process that it belongs to; empty for the pack as a whole.
        text: The same in words.
        clauses: The clauses that it rests on.
        gaps: The gaps of the pack that it rests on.
        before: What the older pack says there, as a value of its schema; None if nothing.
        after: The same of the newer.
    """

    section: Section
    change: Change
    at: str
    was_at: str = ""
    process: str = ""
    text: Text
    clauses: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    before: Any = field(default=None, repr=False, eq=False)
    after: Any = field(default=None, repr=False, eq=False)

    def line(self, language: Language) -> str:
        """It in words, with what it rests on."""
        cited = " ".join((*self.clauses, *(f"({gap})" for gap in self.gaps)))
        said = self.text.get(language)
        return f"{said} [{cited}]" if cited else said


@frozen(kw_only=True)
class Right(Difference):
    """A step that a role may make in one of the two routines only.

    Args:
        role: The role.
        transition: The step of ``process``.
    """

    role: str
    transition: str


@frozen(kw_only=True)
class Refusal(Difference):
    """A rule by which a step is refused in one of the two routines only, or otherwise.

    Args:
        rule: The rule's path in the pack, as a refusal names it; what was lost: in the older.
        transition: The step of ``process``.
    """

    rule: str
    transition: str

    def line(self, language: Language) -> str:
        """It in words, with what it rests on and the rule that a refusal names."""
        return f"{super().line(language)} ({self.rule})"


@frozen(kw_only=True)
class Differences:
    """Everything that differs between two routines, in the order in which it is told.

    Args:
        old: The older routine, as ``name@version``.
        new: The newer one.
        entries: What differs.
        labels: What the processes are called, by name.
    """

    old: str
    new: str
    entries: tuple[Difference, ...]
    labels: Mapping[str, Text] = field(factory=dict, repr=False, eq=False)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.entries)

    @property
    def rights(self) -> tuple[Right, ...]:
        """Which role may make which step now, or no longer."""
        return tuple(one for one in self.entries if isinstance(one, Right))

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Which steps are refused now, or no longer, or otherwise."""
        return tuple(one for one in self.entries if isinstance(one, Refusal))

    def of(self, section: Section) -> tuple[Difference, ...]:
        """What is told under one heading."""
        return tuple(one for one in self.entries if one.section == section)

    def within(self, process: str) -> Differences:
        """Only what differs in one process."""
        kept = tuple(one for one in self.entries if one.process == process)
        return Differences(old=self.old, new=self.new, entries=kept, labels=self.labels)

    def said(self, language: Language = "en") -> str:
        """All of it in words, under headings; or that nothing changes.

        What is gone with something that is gone is told by that, but for the rights of roles.
        """
        name = "some" if self.entries else "nothing"
        lines = [SAY[name].get(language).format(old=self.old, new=self.new)]
        gone = tuple(f"{one.at}." for one in self.entries if one.change == "lost")
        for section in SECTIONS:
            found = [
                one
                for one in self.of(section)
                if section == "rights" or one.change != "lost" or not one.at.startswith(gone)
            ]
            if found:
                lines += ["", HEADINGS[section].get(language), *self._lines(found, language)]
        return "\n".join(lines)

    def _lines(self, found: Iterable[Difference], language: Language) -> Iterator[str]:
        """The lines of a section, those of each process under what it is called."""
        under = ""
        for one in found:
            if one.process != under:
                under = one.process
                yield f"  {self.labels[under].get(language)}"
            yield f"{'    ' if under else '  '}{one.line(language)}"
