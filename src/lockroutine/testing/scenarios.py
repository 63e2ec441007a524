"""Scenarios: ways through a routine, written in TOML that a system manager can read and write.

`read_scenario` reads a file, `check_scenario` holds it against a routine, `run_scenario` (in
``lockroutine.testing.running``) plays it. The format stands in ``docs/scenarios.md``.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import cattrs
from attrs import Factory, field, frozen

from lockroutine._strict import problems_of, strict_converter, table_hook
from lockroutine.errors import NotFound, Problem, ProblemsError, nearest
from lockroutine.routine import Routine, Step
from lockroutine.rules.terms import PULL, doc

__all__ = [
    "Person",
    "Scenario",
    "ScenarioError",
    "ScenarioStep",
    "check_scenario",
    "read_scenario",
    "read_scenarios",
    "rule_paths",
]

_MOST = 500
_STEP = re.compile(r"\s*\[\[\s*step\s*\]\]")
_HEADER = re.compile(r"\s*\[")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*[=.]")


class ScenarioError(ProblemsError):
    """A scenario cannot be read, or names what the routine does not have.

    Attributes:
        problems: Every problem at once, each with its file, its line where known, and its step.
    """


@frozen(kw_only=True)
class Person:
    """Somebody who acts in a scenario.

    ```toml
    [actors.anna]
    roles = ["coordinator"]
    units = ["north"]
    ```
    """

    roles: tuple[str, ...] = field(metadata=doc("The roles that they work in."))
    units: tuple[str, ...] | None = field(
        default=None,
        metadata=doc("The units that they work in; the scenario's `unit` if left out."),
    )


@frozen(kw_only=True)
class ScenarioStep:
    """One step: who does what and what comes of it, or where one looks and what one sees."""

    note: str = field(default="", metadata=doc("A few words for the reader."))
    clauses: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "The clauses that this step shows. Something that the step did, or that refused it, "
            "must rest on each."
        ),
    )
    gaps: tuple[str, ...] = field(
        default=(), metadata=doc("The gaps that this step shows, in the same way.")
    )
    # When
    at: str = field(
        default="",
        metadata=doc(
            "When, in local time: `2026-03-02 10:00`, `monday 2026-03-02 10:00` (the day is "
            "checked), `monday 10:00` (the next one) or `10:00`. Left out, it is a minute later."
        ),
    )
    later: str = field(
        default="", metadata=doc("Or: how long after the step before, such as `P14D`.")
    )
    happened_at: str = field(
        default="",
        metadata=doc(
            "For a late entry: when it really happened; an hour or a day alone is the last one."
        ),
    )
    late_reason: str = field(default="", metadata=doc("For a late entry: why it comes late."))
    # Who does what
    who: str = field(
        default="",
        metadata=doc("Somebody of `[actors]`; or a role, and then it is anybody in that role."),
    )
    does: str = field(default="", metadata=doc("What: process and transition, `mounting.order`."))
    about: str = field(
        default="",
        metadata=doc("Whom or what the case is about; the scenario's `about` if left out."),
    )
    door: str = field(
        default="", metadata=doc("Which of the open cases about that: the one of this door.")
    )
    case: str = field(
        default="", metadata=doc("Or: the case that an earlier step named with `as`.")
    )
    as_: str = field(default="", metadata=doc("A name for the case, for later steps."))
    unit: str = field(
        default="", metadata=doc("The unit of a case that is opened; left out, the actor's own.")
    )
    form: Mapping[str, Any] | None = field(
        default=None,
        metadata=doc(
            'What is given. `like = "NAME"` takes the fields of `[forms.NAME]`, and what else '
            "stands here is laid over them; an empty text takes a field out. Times are local."
        ),
    )
    references: tuple[str, ...] = field(
        default=(), metadata=doc("Ids in other systems that the case gets, `easit:4711`.")
    )
    tick: bool = field(default=False, metadata=doc("Instead of `does`: the clock does its part."))
    sweep: bool = field(
        default=False, metadata=doc("Instead of `does`: the standing checks make a round.")
    )
    # Where one looks
    register: str = field(
        default="",
        metadata=doc("Instead of `does`: look at a case of this process, found like any other."),
    )
    shown: str = field(
        default="", metadata=doc("Instead of `does`: look at something that the routine shows.")
    )
    # What comes of it
    state: str = field(default="", metadata=doc("The state that the case is in then."))
    refused: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "The step is refused, for exactly these rules. `guards.consent` is a rule of this "
            "transition, `lock.install.guards.fits` one of another."
        ),
    )
    others_too: bool = field(
        default=False, metadata=doc("True if other rules than those in `refused` may refuse too.")
    )
    cure: str | tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "What the refusal names as a way forward: process and transition; or several."
        ),
    )
    cure_by: str | tuple[str, ...] = field(
        default=(), metadata=doc("The role, or roles, that the refusal says can do that.")
    )
    only_for: tuple[str, ...] | None = field(
        default=None,
        metadata=doc(
            "Exactly the roles that may make this step; an empty list if nobody may by themselves."
        ),
    )
    correct: tuple[str, ...] = field(
        default=(), metadata=doc("The fields of the form that the refusal asks to correct.")
    )
    invalid: tuple[str, ...] = field(
        default=(),
        metadata=doc("The form is wrong, in exactly these fields: `phone`, `contact.email`."),
    )
    made: tuple[str, ...] | None = field(
        default=None,
        metadata=doc(
            "Exactly what was made together with it, by the clock or by a check: `lock.install`."
        ),
    )
    effects: tuple[str, ...] | None = field(
        default=None,
        metadata=doc(
            "Exactly what plugins are asked to do, by kind: `open_ticket`, and a notice with its "
            "recipient: `send_notice to coordinator`."
        ),
    )
    worklist: Mapping[str, tuple[str, ...]] = field(
        default=Factory(dict),
        metadata=doc(
            "What stands on the list of a role or person then: `mounting.pair` a duty, "
            "`mounting.ordered` a state; `mounting.pair about customer-17` for just one subject."
        ),
    )
    not_on_worklist: Mapping[str, tuple[str, ...]] = field(
        default=Factory(dict), metadata=doc("What does not stand there, written in the same way.")
    )
    overdue: Mapping[str, tuple[str, ...]] = field(
        default=Factory(dict), metadata=doc("What stands there, and is overdue.")
    )
    escalated: Mapping[str, tuple[str, ...]] = field(
        default=Factory(dict),
        metadata=doc("What stands there as others are late with it: `mounting.ordered`."),
    )
    waits_for: Mapping[str, tuple[str, ...]] | None = field(
        default=None,
        metadata=doc(
            "Exactly what the case waits for then: each duty, or else its state, with all the "
            "roles on whose lists that stands."
        ),
    )
    data: Mapping[str, Any] = field(
        default=Factory(dict), metadata=doc("Facts that the case has then, with their values.")
    )
    no_data: tuple[str, ...] = field(
        default=(), metadata=doc("Facts that the case does not have then.")
    )
    known_as: tuple[str, ...] = field(
        default=(), metadata=doc("Ids in other systems that the case has then.")
    )
    sees: tuple[str, ...] = field(
        default=(),
        metadata=doc("With `register` and `who`: personal and secret fields that this actor sees."),
    )
    hidden: tuple[str, ...] = field(
        default=(),
        metadata=doc("With `register` and `who`: fields that are there, but not for this actor."),
    )
    personal_for: tuple[str, ...] | None = field(
        default=None,
        metadata=doc("Exactly the roles that get to see personal fields of the case."),
    )
    secret_for: tuple[str, ...] | None = field(
        default=None,
        metadata=doc("Exactly the roles that get to see secret fields of the case."),
    )
    not_found: bool = field(
        default=False,
        metadata=doc("With `register` or `does`: there is no such case (for this actor)."),
    )
    open: bool | None = field(
        default=None,
        metadata=doc(
            "With `shown`: whether that support answers at this time, or whether the actor may "
            "open doors with that app."
        ),
    )
    url: str = field(default="", metadata=doc("With `shown`: the address that a link leads to."))
    roles: tuple[str, ...] = field(
        default=(), metadata=doc("With `shown`: the roles whose contacts are there.")
    )
    count: Mapping[str, int] = field(
        default=Factory(dict),
        metadata=doc(
            "With `shown`: what a figure counts, by process and state (`mounting.ordered`), by "
            "process, by rule, or by what a stock is told apart by."
        ),
    )


@frozen(kw_only=True)
class _File:
    title: str = field(metadata=doc("What this way through the routine is about, in a few words."))
    note: str = field(default="", metadata=doc("More words for the reader."))
    clauses: tuple[str, ...] = field(
        default=(), metadata=doc("The clauses that the whole is about, beside those of its steps.")
    )
    after: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "Scenarios of the same folder that come first, by their file's name: `01-consent`."
        ),
    )
    about: str = field(
        default="", metadata=doc("Whom or what steps are about that do not say it themselves.")
    )
    unit: str = field(default="north", metadata=doc("The unit that it all happens in."))
    starts: str = field(default="", metadata=doc("When the first step is, if it does not say it."))
    actors: Mapping[str, Person] = field(
        default=Factory(dict), metadata=doc("The people, by the name that steps use.")
    )
    forms: Mapping[str, Mapping[str, Any]] = field(
        default=Factory(dict), metadata=doc("Forms that steps can take with `like`.")
    )
    step: tuple[ScenarioStep, ...] = field(metadata=doc("The steps, in order."))


@frozen(kw_only=True)
class Scenario(_File):
    """One way through a routine.

    Made by `read_scenario`.

    Args:
        file: The name of its file.
        lines: The line of each step.
        before: The scenarios that come first, in their order.
    """

    file: str = ""
    lines: tuple[int, ...] = field(default=(), repr=False)
    before: tuple[Scenario, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """The file's name without its ending, as ``after`` names it."""
        return _stem(self.file)

    def place(self, index: int) -> str:
        """Where a step stands, in words: its number and what is done.

        Args:
            index: The step, counted from 0.
        """
        step = self.step[index]
        what = step.does or (step.register and f"register {step.register}")
        what = what or (step.shown and f"shown {step.shown}")
        what = what or next((name for name in ("tick", "sweep") if getattr(step, name)), "")
        who = f"{step.who} " if step.who else ""
        return f"step {index + 1} ({who}{what})"


def read_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario, and those that come before it.

    Args:
        path: A TOML file.

    Raises:
        ScenarioError: The file is not one, with every problem that was found.
    """
    return _read(Path(path), ())


def read_scenarios(folder: str | os.PathLike[str]) -> tuple[Scenario, ...]:
    """Read every scenario of a folder, in the order of their names.

    Raises:
        ScenarioError: There is no such folder, or a file is wrong; with every problem found.
    """
    root = Path(folder)
    if not root.is_dir():
        raise ScenarioError([Problem("", "is no folder", os.fspath(folder))])
    found: list[Scenario] = []
    problems: dict[Problem, None] = {}
    for path in sorted(root.glob("*.toml")):
        try:
            found.append(read_scenario(path))
        except ScenarioError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise ScenarioError(problems)
    return tuple(found)


def _stem(name: str) -> str:
    return name.removesuffix(".toml").removesuffix(".scenario")


def _read(path: Path, on_the_way: tuple[str, ...]) -> Scenario:
    try:
        text = path.read_text("utf-8-sig")
        document = tomllib.loads(text)
    except OSError:
        raise ScenarioError([Problem("", "cannot be read", path.name)]) from None
    except UnicodeDecodeError:
        raise ScenarioError([Problem("", "is not UTF-8; save it as UTF-8", path.name)]) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        message = re.sub(r" \(at .*\)$", "", str(error))
        where = int(line.group(1)) if line else 0
        raise ScenarioError([Problem("", f"is not TOML: {message}", path.name, where)]) from None
    except RecursionError:
        raise ScenarioError([Problem("", "is nested too deeply", path.name)]) from None
    places = _Places(path.name, text)
    try:
        read = _converter.structure(document, _File)
    except Exception as error:
        raise ScenarioError(map(places.placed, problems_of(error))) from None
    if not 1 <= len(read.step) <= _MOST:
        problem = Problem("step", f"must be there at least once, and at most {_MOST} times")
        raise ScenarioError([places.placed(problem)])
    before = tuple(
        _before(path, name, (*on_the_way, _stem(path.name)), places) for name in read.after
    )
    values = {one.name: getattr(read, one.name) for one in attrs.fields(_File)}
    return Scenario(**values, file=path.name, lines=tuple(places.steps), before=before)


def _before(path: Path, name: str, on_the_way: tuple[str, ...], places: _Places) -> Scenario:
    if name in on_the_way:
        message = f"{' comes after '.join((*on_the_way, name))}: that goes in a circle"
        raise ScenarioError([places.placed(Problem("after", message))])
    for ending in (".toml", ".scenario.toml"):
        other = path.with_name(name + ending)
        if other.is_file():
            return _read(other, on_the_way)
    hint = nearest(name, [_stem(known.name) for known in path.parent.glob("*.toml")])
    ending = f"; did you mean {hint!r}?" if hint else ""
    message = f"there is no scenario {name!r} in this folder{ending}"
    raise ScenarioError([places.placed(Problem("after", message))])


class _Places:
    """Where each step and each of its keys stands in a file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.steps: list[int] = []
        self._keys: dict[str, int] = {}
        within = ""
        for number, line in enumerate(text.split("\n"), start=1):
            if _STEP.match(line):
                within = f"step[{len(self.steps)}]."
                self.steps.append(number)
            elif _HEADER.match(line):
                within = line.strip().strip("[]").replace(" ", "") + "."
                self._keys.setdefault(within.rstrip("."), number)
            elif key := _KEY.match(line):
                self._keys.setdefault(within + key.group(1), number)

    def placed(self, problem: Problem) -> Problem:
        """The problem with its file and line, and its step in words."""
        path = problem.path
        step = re.match(r"step\[(\d+)\]\.?", path)
        line = 0
        for length in range(path.count(".") + 1, 0, -1):
            line = line or self._keys.get(".".join(path.split(".")[:length]), 0)
        if step:
            number = int(step.group(1))
            line = line or (self.steps[number] if number < len(self.steps) else 0)
            path = ": ".join(filter(None, (f"step {number + 1}", path[step.end() :])))
        return attrs.evolve(problem, path=path, file=self.file, line=line)


def _scenario_converter() -> cattrs.Converter:
    made = strict_converter()
    made.register_structure_hook(ScenarioStep, table_hook(made, ScenarioStep))
    return made


_converter = _scenario_converter()


# -- against a routine -------------------------------------------------------------------------


def rule_paths(routine: Routine) -> frozenset[str]:
    """The path of everything in a routine that can refuse a step.

    >>> from lockroutine import load_routine
    >>> "process.mounting.transitions.order.guards.consent" in rule_paths(load_routine())
    True
    """
    found = {"engine.scope", "engine.order_in_time"}
    for process, rules in routine.pack.process.items():
        found.add(f"process.{process}.one_open_per")
        for name, transition in rules.transitions.items():
            path = f"process.{process}.transitions.{name}"
            found |= {f"{path}.by", f"{path}.from"}
            found |= {f"{path}.guards.{guard}" for guard in transition.guards}
            found |= {f"{path}.joint.{joint}" for joint in transition.joint}
    return frozenset(found)


def full_path(does: str, short: str, known: frozenset[str]) -> str | None:
    """The rule that a short path stands for in a step; None if there is none.

    Args:
        does: The step's process and transition.
        short: Such as ``guards.consent`` or ``lock.install.guards.fits``.
        known: What `rule_paths` gave.
    """
    process, _, transition = does.partition(".")
    first, _, rest = short.partition(".")
    second, _, last = rest.partition(".")
    tried = (
        short,
        f"process.{process}.transitions.{transition}.{short}",
        f"process.{process}.{short}",
        f"process.{first}.transitions.{second}.{last}",
        f"process.{first}.{rest}",
    )
    return next((path for path in tried if path in known), None)


def check_scenario(scenario: Scenario, routine: Routine) -> list[Problem]:
    """What a scenario names that the routine does not have, each with the nearest that it has.

    Args:
        scenario: The scenario; those before it are not looked at.
        routine: The routine.
    """
    checking = _Check(scenario, routine)
    found = list(checking.head())
    for index, step in enumerate(scenario.step):
        prefix = f"step {index + 1}"
        for path, message in checking.step(step):
            line = scenario.lines[index]
            found.append(Problem(f"{prefix}: {path}", message, scenario.file, line))
    return found


class _Check:
    def __init__(self, scenario: Scenario, routine: Routine) -> None:
        self._scenario = scenario
        self._routine = routine
        self._rules = rule_paths(routine)
        self._actors = {name for one in whole(scenario) for name in one.actors}
        self._forms = {name for one in whole(scenario) for name in one.forms}

    def head(self) -> Iterator[Problem]:
        file = self._scenario.file
        pack = self._routine.pack
        for path, message in self._known("clauses", self._scenario.clauses, pack.clause):
            yield Problem(path, message, file)
        for name, person in self._scenario.actors.items():
            for path, message in self._known(f"actors.{name}.roles", person.roles, pack.role):
                yield Problem(path, message, file)

    def step(self, step: ScenarioStep) -> Iterator[tuple[str, str]]:
        pack = self._routine.pack
        kinds = [n for n in ("does", "tick", "sweep", "register", "shown") if getattr(step, n)]
        if len(kinds) != 1:
            yield "does", "say one of `does`, `tick`, `sweep`, `register` and `shown`"
            return
        if step.at and step.later:
            yield "later", "say `at` or `later`, not both"
        if step.does:
            yield from self._does(step)
        elif step.register and step.register not in pack.process:
            yield "register", _unknown("process", step.register, pack.process)
        elif step.register and step.state:
            known = pack.process[step.register].states
            yield from self._known("state", [step.state], known, f"state of {step.register}")
        elif step.shown:
            yield from self._known("shown", [step.shown], pack.shown, "shown thing")
        yield from self._known("clauses", step.clauses, pack.clause, "clause")
        yield from self._known("gaps", step.gaps, pack.gap, "gap")
        yield from self._who(step)
        yield from self._for_roles(step)
        yield from self._made("made", step.made or ())
        for key in ("worklist", "not_on_worklist", "overdue", "escalated"):
            for name, entries in getattr(step, key).items():
                yield from self._known(key, [name], [*self._actors, *pack.role], "actor or role")
                for entry in entries:
                    yield from self._entry(f"{key}.{name}", entry)

    def _does(self, step: ScenarioStep) -> Iterator[tuple[str, str]]:
        process, _, name = step.does.partition(".")
        try:
            transition = self._routine.transition(Step(process, name))
        except NotFound as error:
            yield "does", str(error)
            return
        if not step.who:
            yield "who", "is missing"
        if step.form is not None and not transition.form:
            yield "form", f"{step.does} takes no form"
        elif step.form is not None and "like" in step.form:
            yield from self._known("form.like", [str(step.form["like"])], self._forms, "form")
        for short in step.refused:
            if full_path(step.does, short, self._rules) is None:
                yield "refused", _unknown("rule", short, _short(step.does, self._rules))
        if not step.refused and not step.invalid:
            states = self._routine.process(process).rules.states
            if step.state:
                yield from self._known("state", [step.state], states, f"state of {process}")
        for key in ("others_too", "cure", "cure_by", "correct"):
            if getattr(step, key) and not step.refused:
                yield key, "goes with `refused`"
        yield from self._made("cure", several(step.cure))
        known = [*self._routine.pack.role, "clock"]
        yield from self._known("cure_by", several(step.cure_by), known, "role")

    def _for_roles(self, step: ScenarioStep) -> Iterator[tuple[str, str]]:
        """Whose lists, rights and sights are told."""
        roles = self._routine.pack.role
        for key in ("only_for", "personal_for", "secret_for"):
            yield from self._known(key, getattr(step, key) or (), roles, "role")
        if step.only_for is not None and not step.does:
            yield "only_for", "goes with `does`"
        process = step.register or step.does.partition(".")[0]
        for key in ("waits_for", "personal_for", "secret_for"):
            if getattr(step, key) is not None and not process:
                yield key, "goes with `does` and `register`"
        for name, waiting in (step.waits_for or {}).items():
            yield from self._entry("waits_for", f"{process}.{name}")
            yield from self._known(f"waits_for.{name}", waiting, roles, "role")

    def _who(self, step: ScenarioStep) -> Iterator[tuple[str, str]]:
        if step.who:
            known = [*self._actors, *self._routine.pack.role, PULL]
            yield from self._known("who", [step.who], known, "actor or role")

    def _made(self, key: str, steps: Iterable[str]) -> Iterator[tuple[str, str]]:
        for does in steps:
            process, _, name = does.partition(".")
            try:
                self._routine.transition(Step(process, name))
            except NotFound as error:
                yield key, str(error)

    def _entry(self, key: str, entry: str) -> Iterator[tuple[str, str]]:
        place = entry.split(" about ")[0]
        process, _, name = place.partition(".")
        known = self._routine.pack.process.get(process)
        if known is None:
            yield key, _unknown("process", process, self._routine.pack.process)
            return
        duties = [duty for state in known.states.values() for duty in state.duties]
        yield from self._known(key, [name], [*known.states, *duties], f"state or duty of {process}")

    def _known(
        self, key: str, names: Iterable[str], known: Iterable[str], kind: str = ""
    ) -> Iterator[tuple[str, str]]:
        there = list(known)
        for name in names:
            if name not in there:
                yield key, _unknown(kind or key.rpartition(".")[2].rstrip("s"), name, there)


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return str(NotFound(kind, name, nearest(name, known)))


def _short(does: str, known: frozenset[str]) -> list[str]:
    process, _, transition = does.partition(".")
    own = f"process.{process}.transitions.{transition}."
    return sorted(
        path.removeprefix(own) if path.startswith(own) else path.replace(".transitions.", ".")[8:]
        for path in known
    )


def several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """One text or several, as several."""
    return (value,) if isinstance(value, str) else value


def whole(scenario: Scenario) -> tuple[Scenario, ...]:
    """A scenario with all that come before it, each once, in the order in which they are played."""
    found: dict[str, Scenario] = {}
    for earlier in scenario.before:
        for one in whole(earlier):
            found.setdefault(one.file, one)
    found.setdefault(scenario.file, scenario)
    return tuple(found.values())
