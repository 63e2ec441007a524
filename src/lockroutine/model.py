"""The values that everything else is said in: frozen, comparable, safe to pickle.

Nothing here knows how it is read, decided or stored.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import attrs
from attrs import Factory, field, frozen

from lockroutine.errors import InvalidForm, Problem
from lockroutine.facts import NOTHING, Facts, Value, canonical, identifier, sha256

__all__ = [
    "Actor",
    "Awaited",
    "Case",
    "Cure",
    "Effect",
    "EffectState",
    "Event",
    "Filed",
    "Language",
    "Option",
    "Page",
    "Query",
    "Reason",
    "Reference",
    "Text",
    "Verdict",
    "Verification",
    "WaitingCase",
    "WorkItem",
]

Language: TypeAlias = Literal["sv", "en"]
T = TypeVar("T")


@frozen
class Text:
    """A text in the languages that everything is said in.

    >>> Text(sv="Lås", en="Lock").get("sv")
    'Lås'
    """

    sv: str
    en: str

    def get(self, language: Language) -> str:
        """The text in one language: ``sv`` or ``en``."""
        return self.sv if language == "sv" else self.en


def _actor_id(value: str) -> str:
    return identifier(value, "actor.id")


def _system(value: str) -> str:
    return identifier(value, "reference.system")


def _issued_id(value: str) -> str:
    return identifier(value, "reference.id")


def _names(value: Iterable[str]) -> frozenset[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidForm([Problem("actor", "roles and units are sets of names, not one text")])
    return frozenset(identifier(item, "actor") for item in value)


@frozen
class Actor:
    """Who does something: the host has identified them, the routine judges what they may do.

    Args:
        id: The host's own opaque id of the person.
        roles: The roles that the person works in, for example ``coordinator``.
        units: The organisational units whose cases they see and touch.

    Raises:
        InvalidForm: An id is not printable text of at most 200 characters.

    >>> Actor("anna", roles={"coordinator"}, units={"north"}).id
    'anna'
    """

    id: str = field(converter=_actor_id)
    roles: frozenset[str] = field(default=frozenset(), converter=_names)
    units: frozenset[str] = field(default=frozenset(), converter=_names)


@frozen(order=True)
class Reference:
    """A case's id in another system: the system that issued it, and the id there. Never a name.

    >>> str(Reference("easit", "4711"))
    'easit:4711'
    """

    system: str = field(converter=_system)
    id: str = field(converter=_issued_id)

    def __str__(self) -> str:
        return f"{self.system}:{self.id}"


@frozen(kw_only=True)
class Case:
    """One run of a process, as it stands after its last event.

    Args:
        id: Opaque, made by the engine.
        process: The name of the process, for example ``mounting``.
        subject: Whom or what it is about, by the host's own id.
        unit: The organisational unit that it belongs to.
        state: The name of its state; empty before its first event.
        version: How many events it has; what ``expect`` is compared with.
        routine: The routine that it runs under, as ``name@version``.
        is_open: False once it has come to an end.
        since: When it came into its state.
        changed_at: When its last event happened that changed anything; a reminder does not.
        due_at: When it is overdue in this state, if the pack sets a time.
        timer_at: When the clock moves it on, if the pack sets a time.
        done: The transitions that count as done; what a state's duties are settled by.
        data: What its forms have brought that is not personal.
        personal: What its forms have brought that is personal or secret.
        references: Its ids in other systems.
        head: The hash of its last event.
    """

    id: str
    process: str
    subject: str
    unit: str
    routine: str
    state: str = ""
    version: int = 0
    is_open: bool = True
    since: dt.datetime | None = None
    changed_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    timer_at: dt.datetime | None = None
    done: frozenset[str] = frozenset()
    data: Facts = NOTHING
    personal: Facts = NOTHING
    references: tuple[Reference, ...] = ()
    head: str = ""

    def value(self, name: str) -> Value:
        """One of the case's facts by its dotted name, or None.

        >>> case = Case(id="1", process="lock", subject="PH1", unit="north", routine="r@1",
        ...             data=Facts({"model": "X"}))
        >>> case.value("model"), case.value("subject"), case.value("door")
        ('X', 'PH1', None)
        """
        if name in ("subject", "unit", "state", "id"):
            return getattr(self, name)  # type: ignore[no-any-return]  # four texts
        found = self.data.at(name)
        return self.personal.at(name) if found is None else found


@frozen(kw_only=True)
class Event:
    """A recorded fact. It is never changed; a later one may say otherwise.

    Args:
        case_id: The case that it belongs to.
        version: Its number in that case, from 1.
        process: The case's process.
        transition: Which transition was made; ``engine.move`` if the case came under other rules.
        before: The state before; empty if this opened the case.
        after: The state after.
        subject: The case's subject.
        unit: The unit that the case belongs to after it.
        actor: The id of who did it.
        roles: The roles they had.
        happened_at: When it happened.
        recorded_at: When it was entered; later than ``happened_at`` for a late entry.
        late_reason: Why it was entered late; empty if it was not.
        routine: The routine it was judged by, as ``name@version``.
        form: What was given that is not personal.
        personal: What was given that is personal or secret; None once it was erased.
        salt: Makes ``personal_digest`` unguessable; goes with ``personal``.
        personal_digest: Proof of the personal part that outlives its erasure; made if left out.
        references: Ids in other systems that it brought.
        cause: The event that drove this one, as ``case/version``; empty for a step of its own.
        moved_from: The routine that the case ran under before, as ``name@version``, if this event
            brought it under other rules; its new one is ``routine``. Empty for a step.
        previous: The hash of the event before it in its case.
        body: All this, without salt and personal part, as the text that is hashed and stored.
        hash: The hash of that text; made if left out.
    """

    case_id: str
    version: int
    process: str
    transition: str
    before: str
    after: str
    subject: str
    unit: str
    actor: str
    roles: tuple[str, ...]
    happened_at: dt.datetime
    recorded_at: dt.datetime
    late_reason: str = field(default="", repr=lambda value: "..." if value else "''")
    routine: str
    form: Facts = NOTHING
    personal: Facts | None = NOTHING
    salt: str = field(default="", repr=False)
    personal_digest: str = field(
        default=Factory(lambda event: event._digest_of_personal(), takes_self=True)
    )
    references: tuple[Reference, ...] = ()
    cause: str = ""
    moved_from: str = ""
    previous: str = ""
    body: str = field(
        default=Factory(lambda event: event._text(), takes_self=True),
        init=False,
        eq=False,
        repr=False,
    )
    hash: str = field(default=Factory(lambda event: event._hash_of_body(), takes_self=True))

    def _digest_of_personal(self) -> str:
        return sha256(f"{self.salt}{canonical(self.personal)}") if self.personal else ""

    def _text(self) -> str:
        return canonical(
            (
                self.case_id,
                self.version,
                self.process,
                self.transition,
                self.before,
                self.after,
                self.subject,
                self.unit,
                self.actor,
                self.roles,
                self.happened_at.isoformat(),
                self.recorded_at.isoformat(),
                self.late_reason,
                self.routine,
                self.form,
                self.personal_digest,
                [(ref.system, ref.id) for ref in self.references],
                self.cause,
                self.moved_from,
                self.previous,
            )
        )

    def _hash_of_body(self) -> str:
        return sha256(self.body)

    def only(self, names: frozenset[str]) -> Event:
        """This event with only those personal fields; it no longer proves its own digest."""
        shown = {name: value for name, value in (self.personal or {}).items() if name in names}
        return attrs.evolve(self, personal=Facts(shown), salt="")

    def is_whole(self) -> bool:
        """Whether nothing of it was changed since it was sealed; erasure is no change."""
        if self.personal is not None and self._digest_of_personal() != self.personal_digest:
            return False
        return self._hash_of_body() == self.hash


EffectState: TypeAlias = Literal[
    "due", "in_flight", "failed", "unknown", "asked", "parked", "done", "dismissed"
]
"""Where an effect is.

``due`` was not tried yet; ``in_flight`` is being sent; ``failed`` will be tried again; ``unknown``
was sent without an answer, and is looked up before it is sent again; ``asked`` waits for a person
who does it by hand; ``parked`` waits for somebody to look at it; ``done`` and ``dismissed`` are
over.
"""


@frozen(kw_only=True)
class Effect:
    """Something that a plugin is asked to do, stored with the decision that asks for it.

    Args:
        key: Stable and unique; reaches the outside system, so that a repeat is recognised.
        routine: The routine by which it was asked for, as ``name@version``.
        rule: The effect's path in that routine's pack.
        kind: The effect kind, for example ``open_ticket``.
        system: What kind of system it is for: ``tickets``, ``admin_tool``, ``notices``. Within
            a case, the effects for one system keep their order.
        case_id: The case that asked for it.
        version: The event of that case that asked for it.
        recipient: The role or contact that a notice goes to; empty for other kinds.
        template: The message template of the pack that it speaks by; empty if none.
        values: What it carries that is not personal.
        personal: What it carries that is personal or secret.
        state: Where it is.
        due_at: From when it may be tried; while it is in flight, how long that may take.
        attempts: How often it was tried.
        message: What was said of it last, without personal data.
        outside: Its id in the outside system, once there is one.
    """

    key: str
    routine: str
    rule: str
    kind: str
    system: str
    case_id: str
    version: int
    recipient: str = ""
    template: str = ""
    values: Facts = NOTHING
    personal: Facts = NOTHING
    state: EffectState = "due"
    due_at: dt.datetime
    attempts: int = 0
    message: str = ""
    outside: str = ""


@frozen(kw_only=True)
class Cure:
    """One thing that would help against a refusal.

    Args:
        process: The process in which something is to be done.
        transition: The transition to make there.
        roles: The roles that may make it.
        case_id: The case to make it on; empty if it opens one.
        subject: Whom or what a case that it opens is about, as far as that can be told.
        form: The name of the form that it takes; empty if none.
        field: What to give or change in this transition's own form, if that is the cure.
        text: The same in words.
    """

    process: str
    transition: str
    roles: tuple[str, ...]
    case_id: str = ""
    subject: str = ""
    form: str = ""
    field: str = ""
    text: Text


@frozen(kw_only=True)
class Reason:
    """One thing that stands in the way.

    Args:
        rule: The rule's path in the pack, for example
            ``process.mounting.transitions.order.guards.consent``; ``engine...`` for what the
            engine itself holds.
        clauses: The clauses that the rule rests on.
        gaps: The gaps of the pack that it rests on.
        text: Why, in both languages.
        values: The values that matter. Never personal ones.
        cures: What would help.
    """

    rule: str
    clauses: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    text: Text
    values: Facts = NOTHING
    cures: tuple[Cure, ...] = ()


@frozen(kw_only=True)
class Verdict:
    """Whether somebody may do something now, and if not, everything that stands in the way.

    Args:
        process: The process asked about.
        transition: The transition asked about.
        case_id: The case asked about; empty if it would be opened.
        reasons: What stands in the way; nothing if it is allowed.
        open_rules: Rules that need the form and so were not judged, as none was given.
    """

    process: str
    transition: str
    case_id: str = ""
    reasons: tuple[Reason, ...] = ()
    open_rules: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """True if nothing stands in the way."""
        return not self.reasons

    def summary(self, language: Language = "en") -> str:
        """The verdict in words: each reason, its clauses, and what would help."""
        if self.allowed:
            return {"sv": "Tillåtet.", "en": "Allowed."}[language]
        lines: list[str] = []
        for reason in self.reasons:
            cited = ", ".join(reason.clauses or reason.gaps)
            lines.append(f"{reason.text.get(language)} [{cited or reason.rule}]")
            lines += [f"  -> {cure.text.get(language)}" for cure in reason.cures]
        return "\n".join(lines)


@frozen(slots=False)  # many are made at once, and so it takes the shortest time
class WaitingCase:
    """An open case that waits for somebody: what a work list shows of it.

    Args:
        id: The case's id.
        process: Its process.
        subject: Whom or what it is about.
        unit: The organisational unit that it belongs to.
        routine: The routine that it runs under, as ``name@version``.
        state: The name of its state.
        version: How many events it has; what ``expect`` is compared with.
        due_at: When it is overdue in this state, if the pack sets a time.
        owed: The duties of its state that are not settled.
        make: Makes the case itself, when it is first asked for.

    >>> case = Case(id="1", process="lock", subject="PH1", unit="north", routine="r@1")
    >>> waiting = WaitingCase.of(case, owed=("test",))
    >>> waiting.subject, waiting.owed, waiting.whole == case
    ('PH1', ('test',), True)
    """

    id: str
    process: str
    subject: str
    unit: str
    routine: str
    state: str
    version: int
    due_at: dt.datetime | None
    owed: tuple[str, ...]
    _make: Callable[[], Case] = field(eq=False, repr=False)

    @classmethod
    def of(cls, case: Case, owed: tuple[str, ...]) -> WaitingCase:
        """A case that is known already."""
        return cls(
            case.id,
            case.process,
            case.subject,
            case.unit,
            case.routine,
            case.state,
            case.version,
            case.due_at,
            owed,
            lambda: case,
        )

    @functools.cached_property
    def whole(self) -> Case:
        """The case, as far as whoever asked may see it, as it was when the list was made."""
        return self._make()

    def seen(self, by: Callable[[Case], Case]) -> WaitingCase:
        """The same, with less of it to be seen.

        Args:
            by: Takes away what is not to be seen.
        """
        # Each value is named, as attrs.evolve takes several times as long.
        return WaitingCase(
            self.id,
            self.process,
            self.subject,
            self.unit,
            self.routine,
            self.state,
            self.version,
            self.due_at,
            self.owed,
            lambda: by(self.whole),
        )

    def __reduce__(self) -> tuple[Callable[..., WaitingCase], tuple[Case, tuple[str, ...]]]:
        # With no more of the case than may be seen.
        return (WaitingCase.of, (self.whole, self.owed))


@frozen(kw_only=True, slots=False)
class WorkItem:
    """One thing that waits for a role.

    Args:
        case: The case that waits; its ``whole`` is the case with what its forms have brought, as
            far as the actor may see it.
        role: The role that it waits for.
        duty: The transition that is owed; empty if the state as a whole waits.
        label: What it is about, in both languages.
        transitions: The transitions of this case that the role may make from here.
        due_at: When it is overdue, if the pack sets a time.
        overdue: Whether that time has passed.
        escalated: Whether it waits for others, and stands here as they are late with it.
        clauses: The clauses that ask for it.
    """

    case: WaitingCase
    role: str
    duty: str
    label: Text
    transitions: tuple[str, ...]
    due_at: dt.datetime | None
    overdue: bool
    escalated: bool = False
    clauses: tuple[str, ...]


@frozen(kw_only=True)
class Filed:
    """By what a store finds a case: what it keeps beside the case itself, to look it up by.

    Args:
        process: Its process.
        subject: Whom or what it is about.
        unit: The unit that it belongs to.
        routine: The routine that it runs under, as ``name@version``.
        state: Its state.
        is_open: Whether it has not come to an end.
        waits: Whether it stands on work lists.
        owed: The duties that it owes there.
        version: How many events it has.
        due_at: When it is overdue.
        timer_at: When the clock looks at it next.
        open_key: What no other open case may share; empty if nothing.
        found_by: The fields and values that it has, or ever had, by which rules find it.
    """

    process: str
    subject: str
    unit: str
    routine: str
    state: str
    is_open: bool
    waits: bool
    owed: tuple[str, ...]
    version: int
    due_at: dt.datetime | None
    timer_at: dt.datetime | None
    open_key: str
    found_by: frozenset[tuple[str, str]]

    @classmethod
    def of(
        cls,
        case: Case,
        *,
        waits: bool,
        owed: tuple[str, ...],
        open_key: str,
        found_by: Iterable[tuple[str, str]],
    ) -> Filed:
        """By what a case is to be found."""
        return cls(
            process=case.process,
            subject=case.subject,
            unit=case.unit,
            routine=case.routine,
            state=case.state,
            is_open=case.is_open,
            waits=waits,
            owed=owed if waits else (),
            version=case.version,
            due_at=case.due_at,
            timer_at=case.timer_at if case.is_open else None,
            open_key=open_key,
            found_by=frozenset(found_by),
        )


@frozen(kw_only=True)
class Option:
    """One transition that is there from here, whether it is allowed or not.

    Args:
        process: The process.
        transition: The transition.
        label: What it is called, in both languages.
        to: The state that it leads to; the present one if it stays.
        verdict: Whether it is allowed now, as far as can be told without a form.
        form: The name of the form that it takes; empty if none.
        schema: The form's JSON Schema in the asked language; None if it takes none.
    """

    process: str
    transition: str
    label: Text
    to: str
    verdict: Verdict
    form: str = ""
    schema: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class Verification:
    """What came of looking at every event and case.

    Args:
        cases: How many cases were looked at.
        events: How many events were looked at.
        problems: What is not as it was recorded, each with its case.
    """

    cases: int
    events: int
    problems: tuple[Problem, ...] = ()

    @property
    def whole(self) -> bool:
        """True if nothing was changed, added or taken away."""
        return not self.problems


@frozen
class Page(Generic[T]):
    """A part of a longer list.

    Args:
        items: What is on this page.
        next: Give this as ``cursor`` to get the next page; empty on the last one.
    """

    items: tuple[T, ...]
    next: str = ""

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> T:
        return self.items[index]


@frozen
class Awaited:
    """A state in which cases wait for somebody.

    Args:
        process: The process.
        state: The state.
        due_by: Only cases that are due by then are asked for; None for all.
    """

    process: str
    state: str
    due_by: dt.datetime | None = None


@frozen(kw_only=True)
class Query:
    """Which cases a decision needs to know of: those of a process about one subject or value.

    Args:
        process: The process whose cases are asked for.
        field: ``subject``, or a field that the process is found by.
        value: The value that it must have, or have had.
        as_of: How they stood at this time, for a late entry; None for now.
    """

    process: str
    field: str
    value: str
    as_of: dt.datetime | None = None
