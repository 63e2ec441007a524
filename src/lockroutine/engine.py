"""The public door: what each method does is in a file of its own, and tied together here."""

from __future__ import annotations

import copy
import datetime as dt
import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from types import TracebackType
from typing import Any, TypeVar

import attrs

from lockroutine import figures, views
from lockroutine.arguments import (
    MOST,
    actor_of,
    case_filter,
    limit_of,
    past_of,
    place_of,
    position_of,
    version_of,
)
from lockroutine.book import Book
from lockroutine.contacts import Contacts
from lockroutine.decide import answer, permit
from lockroutine.delivery import Delivery, DeliveryReport
from lockroutine.delivery.tending import Tending
from lockroutine.errors import (
    InvalidForm,
    PluginsError,
    Problem,
    StoreError,
)
from lockroutine.exporting import exported
from lockroutine.facts import aware, identifier, sentence
from lockroutine.model import (
    Actor,
    Case,
    Effect,
    Event,
    Language,
    Option,
    Page,
    Reference,
    Verdict,
    Verification,
    WorkItem,
)
from lockroutine.moving import MovePlan, Mover, MoveReport
from lockroutine.past import Past
from lockroutine.performing import Performer, barred_by
from lockroutine.plugins import Plugins
from lockroutine.pulling import Accounts, Puller, PullReport
from lockroutine.replaying import Replayer, ReplayReport
from lockroutine.routine import Routine, load_routine
from lockroutine.stores import Cases, Reading, Store, open_store
from lockroutine.stores.again import browse, read_from
from lockroutine.stores.base import Bindable, Bound
from lockroutine.sweeping import Sweeper, SweepReport
from lockroutine.ticking import Ticker

__all__ = ["Engine"]

T = TypeVar("T")
_UNDECIDED: Mapping[str, str] = {}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _nobody(_: str) -> None:
    """Without accounts, nobody in the ticket system is known."""


class Engine:
    """Cases under a routine: who may do what, done once and durably, and what waits for whom.

    An engine is safe to share between threads. Open one with `Engine.open`.

    Args:
        store: Where everything is kept.
        routine: The routine that new cases start under.
        clock: What the time is told by; must return aware times.
        plugins: The plugins that effects go through; objects as `hookspecs` describes them.
        contacts: Where notices go to.
        accounts: Who stands behind an account of the ticket system, for `pull`.
        language: The language of tickets.
        parallel: How many effects of one system are sent side by side at most.
        timeout: How many seconds one effect may take.

    Raises:
        RulesError: The store knows another text of this routine under the same version.
        PluginsError: The plugins are wrong, or one that the routine needs is missing.

    >>> with Engine.open(":memory:") as engine:
    ...     anna = Actor("anna", roles={"care_assessor"}, units={"north"})
    ...     case = engine.start(
    ...         "consent", "grant_service", actor=anna, subject="customer-17", unit="north"
    ...     )
    ...     case.state
    'offer_due'
    """

    def __init__(
        self,
        store: Store,
        *,
        routine: Routine,
        clock: Callable[[], dt.datetime] = _now,
        plugins: Iterable[object] = (),
        contacts: Contacts | None = None,
        accounts: Accounts = _nobody,
        language: Language = "sv",
        parallel: int = 16,
        timeout: float = 30.0,
    ) -> None:
        if type(routine) is not Routine:
            raise InvalidForm([Problem("routine", "must be a Routine; load_routine makes one")])
        self.store: Store = store
        self._bound = False
        self._pause: Callable[[float], object] = time.sleep
        self._clock = clock
        self._book = Book(routine)
        self._performer = Performer(store, self._book, clock=self._time)
        self.contacts: Contacts = contacts or Contacts()
        self.plugins: Plugins = Plugins(plugins)
        self._accounts = accounts
        self._language: Language = language
        problems = self.plugins.problems_with(routine.pack) if self.plugins.names() else ()
        if problems:
            raise PluginsError(problems)
        self._delivery = Delivery(
            store,
            self._book,
            self.plugins,
            clock=self._time,
            contacts=self.contacts,
            language=language,
            parallel=parallel,
            timeout=timeout,
        )
        self._tending = Tending(store, self._book, clock=self._time)
        self._book.keep(store, routine)

    @property
    def routine(self) -> Routine:
        """The routine that new cases start under now.

        Before the day that the engine's own is in force from, that is the newest of its name that
        the store knows and that is in force.
        """
        return self._book.in_force(self._time())

    @classmethod
    def open(
        cls,
        where: str | os.PathLike[str],
        *,
        routine: Routine | None = None,
        clock: Callable[[], dt.datetime] = _now,
        plugins: Iterable[object] = (),
        contacts: Contacts | None = None,
        accounts: Accounts = _nobody,
        language: Language = "sv",
        parallel: int = 16,
        timeout: float = 30.0,
    ) -> Engine:
        """Open an engine on a SQLite file, which is made if there is none, or on a database.

        Args:
            where: The path of the file; or ``:memory:``; or a database URL, as
                `lockroutine.stores.sql.SqlStore` takes it, with the extra ``sql``.
            routine: The routine that new cases start under; the bundled one if left out.
            clock: What the time is told by.
            plugins: The plugins that effects go through.
            contacts: Where notices go to.
            accounts: Who stands behind an account of the ticket system, for `pull`.
            language: The language of tickets.
            parallel: How many effects of one system are sent side by side at most.
            timeout: How many seconds one effect may take.

        Raises:
            StoreError: The file or database cannot be used; `StoreBusy` if that may be over soon.
            RulesError: It knows another text of this routine under the same version.
            PluginsError: The plugins are wrong, or one that the routine needs is missing.
        """
        if not isinstance(where, str | os.PathLike):
            raise InvalidForm([Problem("where", "must be a path, a database URL, or :memory:")])
        store = open_store(where)
        try:
            return cls(
                store,
                routine=routine or load_routine(),
                clock=clock,
                plugins=plugins,
                contacts=contacts,
                accounts=accounts,
                language=language,
                parallel=parallel,
                timeout=timeout,
            )
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Let go of the store, and of what the plugins hold; of a bound engine, nothing."""
        if self._bound:
            return
        self.plugins.close()
        self.store.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- the host's transaction ----------------------------------------------------------------

    def bind(self, connection: object) -> Engine:
        """An engine in the transaction of the host's own connection, for as long as that lasts.

        What it starts and performs is written on that connection, each command as a savepoint, and
        is there if and only if the host commits. It is cheap to make, and closing it does nothing.
        What goes out to others stays with this engine: they must not hear of what may yet be
        rolled back.

        Args:
            connection: A connection to the database that this engine was opened on: a
                ``Connection`` or ``Session`` of SQLAlchemy; a connection of Django, as
                ``django.db.connection``; or psycopg's. It is in a transaction that is READ
                COMMITTED, as PostgreSQL begins them.

        Raises:
            StoreError: This engine was not opened on a database URL.
            InvalidForm: It is no such connection.
        """
        return self._on(self._bindable().bind(connection))

    async def bind_async(self, connection: object, work: Callable[[Engine], T]) -> T:
        """Do something with a bound engine, for a host that awaits its database.

        What is done is written as if nothing were awaited, as with ``run_sync`` of SQLAlchemy: it
        runs in a greenlet, which gives way to the event loop wherever it waits for the database::

            case = await engine.bind_async(
                session, lambda bound: bound.perform(case.id, "book", actor=bo, form=form)
            )

        Args:
            connection: SQLAlchemy's ``AsyncConnection`` or ``AsyncSession``, or psycopg's
                ``AsyncConnection``; for the rest as with `bind`.
            work: What is done with the bound engine: one command, or several.

        Returns:
            What the work gives back.

        Raises:
            StoreError: This engine was not opened on a database URL.
            InvalidForm: It is no such connection.
        """
        return await self._bindable().bind_async(connection, lambda store: work(self._on(store)))

    def _bindable(self) -> Bindable:
        if not isinstance(self.store, Bindable):
            raise StoreError(
                "Only an engine that was opened on a database URL can be bound to a connection."
            )
        return self.store

    def _on(self, store: Bound) -> Engine:
        bound = copy.copy(self)
        bound.store, bound._bound, bound._pause = store, True, store.pause
        bound._performer = self._performer.on(store)
        return bound

    def _not_bound(self, name: str) -> None:
        """Refuse what reaches others, or makes many transactions, in the host's own."""
        if self._bound:
            raise StoreError(
                f"An engine that is bound to the host's connection does not {name}: that is for "
                "the engine that it was bound by, once the host has committed."
            )

    # -- doing ---------------------------------------------------------------------------------

    def start(
        self,
        process: str,
        transition: str,
        *,
        actor: Actor,
        subject: str,
        unit: str,
        form: object = None,
        key: str | None = None,
        happened_at: dt.datetime | None = None,
        late_reason: str = "",
        references: Iterable[Reference] = (),
    ) -> Case:
        """Open a case.

        Returns:
            The case, with what the actor may see of it.

        Args:
            process: The process, for example ``mounting``.
            transition: A transition of it that opens a case, for example ``order``.
            actor: Who does it.
            subject: Whom or what it is about, by the host's own id.
            unit: The organisational unit that the case belongs to.
            form: The attrs form that the transition takes, or a mapping of its fields.
            key: Makes a repeat harmless: the same key returns the first result, nothing is done.
            happened_at: For a late entry, when it really happened.
            late_reason: For a late entry, why it was not entered at once.
            references: The case's ids in other systems.

        Raises:
            Refused: The routine does not allow it.
            InvalidForm: Something given is wrong.
            NotFound: There is no such process or transition.
            ConflictError: Somebody else opened such a case at the same moment.
            StoreError: The store cannot be used.
        """
        command = self._performer.command(
            transition, actor, form, happened_at, late_reason, references
        )
        return self._performer.start(process, subject, unit, command, key)

    def perform(
        self,
        case_id: str,
        transition: str,
        *,
        actor: Actor,
        form: object = None,
        expect: int | None = None,
        key: str | None = None,
        happened_at: dt.datetime | None = None,
        late_reason: str = "",
        references: Iterable[Reference] = (),
    ) -> Case:
        """Make a transition of a case. The other arguments are those of `start`.

        Returns:
            The case as it stands now, with what the actor may see of it.

        Args:
            case_id: The case.
            transition: The transition, for example ``schedule``.
            actor: Who does it.
            form: The attrs form that the transition takes, or a mapping of its fields.
            expect: The version that the case must have; what was seen before deciding.
            key: Makes a repeat harmless.
            happened_at: For a late entry, when it really happened.
            late_reason: For a late entry, why it was not entered at once.
            references: Ids in other systems that the case gets.

        Raises:
            Refused: The routine does not allow it.
            InvalidForm: Something given is wrong.
            NotFound: There is no such case or transition.
            ConflictError: The case is not of the version expected.
            StoreError: The store cannot be used.
        """
        command = self._performer.command(
            transition, actor, form, happened_at, late_reason, references
        )
        return self._performer.perform(case_id, command, expect, key)

    def tick(self, limit: int = MOST) -> tuple[Case, ...]:
        """Make the transitions whose time has come. Call it every minute or so.

        Args:
            limit: How many cases at most are moved in one call. However many stay, as a guard
                refuses them, the others get their turn.

        Returns:
            The cases that were moved, as they stand now.
        """
        self._not_bound("tick")
        return Ticker(self.store, self._book, self.perform).tick(self._time(), limit_of(limit))

    def sweep(self) -> SweepReport:
        """Make a round of the standing checks of the pack. Call it once a day.

        What a check finds becomes a case of the pack's process for it, on the work lists that the
        pack says; one that is found no longer is ended by itself. A round can be stopped at any
        moment and made again; one case that cannot be written holds up no other.

        Returns:
            By sweep, how many were found now, settled now, and stand.

        >>> with Engine.open(":memory:") as engine:
        ...     engine.sweep().found
        0
        """
        self._not_bound("sweep")
        return Sweeper(
            self.store, self._book, self.routine, self._time(), self._performer.make
        ).sweep()

    # -- asking --------------------------------------------------------------------------------

    def explain(
        self,
        case_id: str,
        transition: str,
        *,
        actor: Actor,
        form: object = None,
        happened_at: dt.datetime | None = None,
    ) -> Verdict:
        """Whether an actor may make a transition now, and if not, everything that is in the way.

        Without a form, rules that speak of it are left open (``verdict.open_rules``).

        Raises:
            InvalidForm: A form was given, and it is wrong.
            NotFound: There is no such case or transition.
        """
        command = self._performer.command(transition, actor, form, happened_at)
        case_id = identifier(case_id, "case_id")

        def permitted(reading: Reading) -> Verdict:
            reading.ahead(case_id, self.routine.beside(transition))
            case = views.met(self._book, reading, case_id, actor)
            return answer(permit(self._book, case, command), views.look(self._book, reading))

        return self._read(permitted)

    def explain_start(
        self,
        process: str,
        transition: str,
        *,
        actor: Actor,
        subject: str,
        unit: str,
        form: object = None,
        happened_at: dt.datetime | None = None,
    ) -> Verdict:
        """Whether an actor may open a case; like `explain`."""
        command = self._performer.command(transition, actor, form, happened_at)
        case = self._performer.blank(process, subject, unit, command)
        hindrance = self._book.not_in_force(command.at)
        if hindrance:
            return barred_by(hindrance, case, command.transition)
        return self._read(
            lambda reading: answer(
                permit(self._book, case, command), views.look(self._book, reading)
            )
        )

    def options(
        self, case_id: str, *, actor: Actor, language: Language = "en"
    ) -> tuple[Option, ...]:
        """Every transition from here: allowed or why not, and its form's JSON Schema.

        Raises:
            NotFound: There is no such case (or none that the actor may see).
        """

        def found(reading: Reading) -> tuple[Option, ...]:
            case = views.met(self._book, reading, case_id, actor)
            views.shown(self._book, case, actor)
            command = self._performer.command("", actor)
            return tuple(views.options(self._book, reading, case, command, language))

        return self._read(found)

    def start_options(
        self, process: str, *, actor: Actor, subject: str, unit: str, language: Language = "en"
    ) -> tuple[Option, ...]:
        """Every transition that opens a case of a process; like `options`."""
        command = self._performer.command("", actor)
        case = self._performer.blank(process, subject, unit, command)
        hindrance = self._book.not_in_force(command.at)
        found = self._read(
            lambda reading: tuple(views.options(self._book, reading, case, command, language))
        )
        if hindrance is None:
            return found
        return tuple(
            attrs.evolve(one, verdict=barred_by(hindrance, case, one.transition)) for one in found
        )

    def worklist(
        self,
        *,
        actor: Actor,
        limit: int = 50,
        cursor: str = "",
        as_of: dt.datetime | None = None,
    ) -> Page[WorkItem]:
        """What waits for this actor, oldest due first.

        Args:
            actor: Whose list it is.
            limit: About how many entries a page has; all that one case asks for come together.
            cursor: The ``next`` of the page before.
            as_of: The list as it was at this time, by what was on record then: what was entered
                later is not there, also if it had happened before. Left out, the list of now. It
                reads all histories, so it is slow.

        Raises:
            InvalidForm: The limit or the cursor is wrong, or the time is to come or has no zone.
        """
        limit, actor = limit_of(limit), actor_of(actor)
        position = position_of(cursor)
        return self._read_at(
            as_of,
            lambda reading, at: views.worklist(self._book, reading, actor, position, limit, at),
            one_by_one=True,
        )

    def case(
        self, case_id: str, *, actor: Actor | None = None, as_of: dt.datetime | None = None
    ) -> Case:
        """A case. With an actor, only if it is in their units, and with what they may see of it.

        Args:
            case_id: The case.
            actor: Who gets to see it.
            as_of: The case as it stood at this time, by what was on record then.

        Raises:
            NotFound: There is no such case (or none that the actor may see, or none yet).
            InvalidForm: The time is to come, or has no zone.
        """
        return self._read_at(
            as_of,
            lambda reading, _: views.shown(
                self._book, views.met(self._book, reading, case_id), actor
            ),
            one_by_one=True,
        )

    def cases(
        self,
        *,
        process: str | None = None,
        state: str | None = None,
        subject: str | None = None,
        unit: str | None = None,
        is_open: bool | None = None,
        reference: Reference | None = None,
        actor: Actor | None = None,
        limit: int = 100,
        cursor: str = "",
        as_of: dt.datetime | None = None,
    ) -> Page[Case]:
        """Cases by what is known of them, oldest first. With an actor, only what they may see.

        With ``as_of``, they are found and given as they stood at that time, by what was on record
        then (an id that another system gave only counts if a step brought it).

        Raises:
            NotFound: There is no such process or state.
            InvalidForm: The limit or an id is wrong, or the time is to come or has no zone.
        """
        limit, after = limit_of(limit), place_of(cursor)

        def found(reading: Cases, _: dt.datetime) -> Page[Case]:
            self._book.load(reading)
            wanted = case_filter(
                self._book, process, state, subject, unit, is_open, reference, actor
            )
            return views.cases(self._book, reading, wanted, actor, after, limit)

        return self._read_at(as_of, found)

    def history(self, case_id: str, *, actor: Actor | None = None) -> tuple[Event, ...]:
        """The events of a case, in order. With an actor, without what they may not see.

        Raises:
            NotFound: There is no such case (or none that the actor may see).
        """
        return self._read(lambda reading: views.history(self._book, reading, case_id, actor))

    def history_page(
        self, case_id: str, *, actor: Actor | None = None, limit: int = 100, cursor: str = ""
    ) -> Page[Event]:
        """The same, a page at a time: for a lock that reports its battery every day for years.

        Raises:
            NotFound: There is no such case (or none that the actor may see).
            InvalidForm: The limit or the cursor is wrong.
        """
        limit, after = limit_of(limit), version_of(cursor)
        return self._read(
            lambda reading: views.history_page(self._book, reading, case_id, actor, after, limit)
        )

    def export(
        self,
        *,
        personal: bool = False,
        tell: Callable[[int, int], object] = lambda done, whole: None,
    ) -> Generator[dict[str, Any]]:
        """Every event of every case as a plain mapping, in the order of recording.

        All of it is as of one moment. It is read as it is asked for, so that a million events need
        no more memory than a thousand; until it ends, or is closed, it holds a connection.

        Args:
            personal: Whether what is personal or secret is in it, door codes too. Else there is a
                digest instead, which tells nothing and keeps the hashes provable.
            tell: Told now and then how many are done, of how many.

        Raises:
            StoreError: An event is not as it was recorded; `verify` tells all of them.

        >>> with Engine.open(":memory:") as engine:
        ...     anna = Actor("anna", roles={"care_assessor"}, units={"north"})
        ...     case = engine.start(
        ...         "consent", "grant_service", actor=anna, subject="customer-17", unit="north"
        ...     )
        ...     [(line["transition"], line["after"]) for line in engine.export()]
        [('grant_service', 'offer_due')]
        """
        with self.store.reading() as reading:
            yield from exported(reading, personal=personal, tell=tell)

    def effects(
        self,
        *,
        case_id: str | None = None,
        state: str | None = None,
        limit: int = 100,
        cursor: str = "",
    ) -> Page[Effect]:
        """What plugins are asked to do, in the order of recording.

        Args:
            case_id: Only what this case asked for.
            state: Only what is in this state, for example ``parked``.
            limit: How many a page has at most.
            cursor: The ``next`` of the page before. Each page is as of when it is read.

        Raises:
            InvalidForm: The limit, the cursor or an id is wrong.
        """
        case_id = case_id if case_id is None else identifier(case_id, "case_id")
        state = state if state is None else identifier(state, "state")
        limit, after = limit_of(limit), place_of(cursor)
        return self._read(lambda reading: views.effects(reading, case_id, state, after, limit))

    # -- effects -------------------------------------------------------------------------------

    def deliver(self, limit: int = 10_000) -> DeliveryReport:
        """Send what is due through the plugins, and report what became of it.

        Args:
            limit: How many effects are taken at most.
        """
        self._not_bound("deliver")
        return self._delivery.deliver(limit)

    def stop_delivering(self) -> None:
        """Let a `deliver` in another thread end: it takes nothing more."""
        self._delivery.stop()

    def pull(self, *, unit: str = "municipality") -> PullReport:
        """Read what tickets and the admin tool report back, and bring it into the cases.

        A report in a ticket becomes the step that it means, by the same rules as if it had been
        typed in here. Battery levels are recorded, and the registers are compared. What was read
        before counts no second time.

        Args:
            unit: The unit of what belongs to no case of ours.
        """
        self._not_bound("pull")
        deadline = self._time() + dt.timedelta(seconds=60)
        return Puller(
            self,
            self.store,
            self.plugins,
            self._accounts,
            identifier(unit, "unit"),
            deadline,
            self._language,
        ).pull()

    def retry(self, key: str, *, actor: Actor) -> Effect:
        """Try an effect that is parked, or waits for its next attempt, as soon as may be.

        Raises:
            NotFound: There is no such effect.
            Refused: None of the actor's roles tends effects.
            InvalidForm: The effect is over, or being sent.
        """
        self._not_bound("retry")
        return self._tending.retry(key, actor)

    def dismiss(self, key: str, *, actor: Actor, reason: str) -> Effect:
        """Send an effect no more; who said so and why is kept. Raises like `retry`."""
        self._not_bound("dismiss")
        return self._tending.dismiss(key, actor, reason)

    def confirm(self, key: str, *, actor: Actor, serial_number: str = "") -> Effect:
        """Say that what was asked of a person is done, repeating the lock's serial number.

        Args:
            key: The effect's key.
            actor: Who says so.
            serial_number: The lock's; left out only for what is about no lock.

        Raises:
            InvalidForm: It is another serial number, or nothing was asked; and like `retry`.
        """
        self._not_bound("confirm")
        return self._tending.confirm(key, actor, serial_number)

    # -- versions ------------------------------------------------------------------------------

    def plan_move(
        self,
        to: Routine | None = None,
        *,
        decisions: Mapping[str, str] = _UNDECIDED,
        of: str = "",
    ) -> MovePlan:
        """What would become of each open case that is brought under a version. Nothing is done.

        Args:
            to: The version; the engine's own if left out.
            decisions: Where the new version leaves a choice: for a state, written like
                ``mounting.fitted``, or for a case, by its id, the state that it comes into.
            of: The name of the routine that the cases run under now, if it is another.

        Raises:
            InvalidForm: A decision is about nothing that is to be decided.
        """
        return Mover(self.store, self._book, to or self._book.current, decisions, of).plan(
            self._time()
        )

    def move(
        self,
        to: Routine | None = None,
        *,
        actor: Actor,
        why: str = "",
        decisions: Mapping[str, str] = _UNDECIDED,
        of: str = "",
        tell: Callable[[int, int], object] = lambda done, whole: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> MoveReport:
        """Bring open cases under a version: each case by itself, those that can be moved.

        Whoever calls it again goes on where it ended. The other arguments are those of
        `plan_move`.

        Args:
            to: The version; the engine's own if left out.
            actor: Who does it, in a role that tends effects in the new version.
            why: Why, kept with each case.
            decisions: Where the new version leaves a choice.
            of: The name of the routine that the cases run under now, if it is another.
            tell: Told after each case how many were looked at, of how many.
            stop: Asked before each case whether to end here.

        Raises:
            Refused: None of the actor's roles may, or the version is not in force yet.
            InvalidForm: A decision is about nothing that is to be decided.
            RulesError: The store knows another text of that version.
        """
        self._not_bound("move")
        why = sentence(why, "why") if why else ""
        mover = Mover(self.store, self._book, to or self._book.current, decisions, of)
        return mover.move(actor_of(actor), self._time, why=why, tell=tell, stop=stop)

    def replay(
        self,
        under: Routine | None = None,
        *,
        tell: Callable[[int, int], object] = lambda done, whole: None,
    ) -> ReplayReport:
        """What would have been different: every recorded command, given again under other rules.

        Nothing is written. A case is held to those rules from its beginning; after its first
        refusal nothing more of it is judged. What is not recorded is not guessed: who acted is
        taken to have worked in the units that the step asked for, and what the clock would have
        done at another time is not done.

        Args:
            under: Those rules; the engine's own if left out.
            tell: Told after each command how many were given, of how many.

        Raises:
            RulesError: The store knows another text of that version.
            StoreError: An event is not as it was recorded.
        """
        under = under or self._book.current
        with self.store.reading() as reading:
            self._book.compare(reading, under)
            return Replayer(self._book, under).replay(reading, tell)

    def version(self, key: str) -> Routine:
        """A version that this database knows, as it was when cases ran under it.

        Args:
            key: Name and version, like an event's ``routine``.

        Raises:
            NotFound: It knows no such version.
        """
        self._read(self._book.load)
        return self._book[identifier(key, "key")]

    # -- looking after the whole ---------------------------------------------------------------

    def verify(self, *, sample: int | None = None) -> Verification:
        """Look at every event and case: is anything changed, added or gone?

        Args:
            sample: Look at about so many cases only, chosen at random, each with all its events.

        Raises:
            InvalidForm: The number is none.
        """
        if sample is not None and (type(sample) is not int or sample < 1):
            raise InvalidForm([Problem("sample", "must be a whole number from 1 on, or nothing")])
        some = None if sample is None else (sample, self._time())
        return self._read(lambda reading: views.verification(self._book, reading, some))

    def backlog(self) -> figures.Backlog:
        """What waits to go out, and what was refused so far: cheap, however large the store is.

        >>> with Engine.open(":memory:") as engine:
        ...     engine.backlog().effects("parked")
        0
        """
        now = self._time()

        def counted(reading: Reading) -> figures.Backlog:
            first = reading.timers(now, None, 1)
            return figures.Backlog(
                at=now,
                pending=reading.backlog(),
                step_due_at=first[0].timer_at if first else None,
                refusals=dict(reading.refusals()),
            )

        return self._read(counted)

    def figures(self) -> figures.Figures:
        """The figures of the whole store; what each counts stands in `Figures`."""
        now = self._time()

        def counted(reading: Reading) -> figures.Figures:
            self._book.load(reading)
            return figures.count(self.routine, views.histories(reading), reading.refusals(), now)

        return self._read(counted)

    # -- inside --------------------------------------------------------------------------------

    def _time(self) -> dt.datetime:
        return aware(self._clock(), "clock")

    def _read(self, work: Callable[[Reading], T]) -> T:
        """What comes of one reading, begun anew if the store was busy."""
        return read_from(self.store, work, self._pause)

    def _read_at(
        self,
        as_of: dt.datetime | None,
        work: Callable[[Cases, dt.datetime], T],
        *,
        one_by_one: bool = False,
    ) -> T:
        """What comes of the cases as they are, or as they stood at a time, and that time.

        One by one, each question is answered as of its own moment, which costs less.
        """
        now = self._time()
        if as_of is None:
            how = browse if one_by_one else read_from
            return how(self.store, lambda reading: work(reading, now), self._pause)
        at = past_of(as_of, now)
        return self._read(lambda reading: work(Past(self._book, reading, at), at))
