"""A rule in a few words, for a drawing: what must hold, who is told, when the clock acts.

A guard's own `otherwise` is a sentence for somebody who is refused. On a drawing there is room for
"Samtycke: Mottaget" only; that is worked out here from the rule itself, never written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lockroutine.decide.wording import in_words
from lockroutine.model import Language, Text
from lockroutine.pictures.words import CONTACTS, DAYS, EFFECTS, WORDS
from lockroutine.routine import CompiledProcess, Routine
from lockroutine.rules import guards as kinds
from lockroutine.rules.calendar import DAYS as WEEK
from lockroutine.rules.calendar import Duration
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.fields import entry_at
from lockroutine.rules.guards import Guard
from lockroutine.rules.terms import DUE, Condition, Message, Ref
from lockroutine.rules.timers import Escalation, Timer

__all__ = ["Brief", "plain_name"]


def plain_name(name: str) -> str:
    """A name of the pack that has no label, as words.

    >>> plain_name("ordinary_lock")
    'ordinary lock'
    """
    return name.replace("_", " ").replace(".", " ")


class Brief:
    """The rules of one process in few words, in one language.

    Args:
        routine: The routine.
        process: The name of one of its processes; empty if only what belongs to none is asked.
        language: ``sv`` or ``en``.

    >>> from lockroutine import load_routine
    >>> brief = Brief(load_routine(), "mounting", "en")
    >>> brief.length("P14D")
    '14 days'
    """

    def __init__(self, routine: Routine, process: str, language: Language) -> None:
        self._routine = routine
        self._pack = routine.pack
        self._name = process
        self._language: Language = language

    @property
    def _process(self) -> CompiledProcess:
        return self._routine.process(self._name)

    def say(self, text: Text) -> str:
        """A text in the language."""
        return text.get(self._language)

    def filled(self, text: Text) -> str:
        """A text of a rule with the parameters that it names, as the refused person reads it."""
        known = self._routine.parameters.items()
        values = {name: self._as_read(value) for name, value in known}
        # What only the moment of a refusal tells is left open.
        return re.sub(r"\$[a-z_.]+", "…", Message(self.say(text)).safe_substitute(values))

    def _as_read(self, value: object) -> str:
        if isinstance(value, tuple):
            return ", ".join(map(str, value))
        try:
            return self.say(in_words(Duration.parse(str(value))))
        except ValueError:  # a number, or hours
            return str(value)

    def word(self, name: str, **values: str) -> str:
        """One of the fixed words, with its values."""
        text = self.say(WORDS[name])
        return text.format(**values) if values else text

    # -- guards --------------------------------------------------------------------------------

    def guard(self, name: str, guard: Guard) -> str:
        """What must hold, in short; of a kind that is not known, its name."""
        said = self._guard(guard) or plain_name(name)
        return self._with_condition(said, guard.when)

    def _guard(self, guard: Guard) -> str:
        match guard:
            case kinds.CaseInState():
                said = self._states("in_state", guard.process, guard.states)
                return self.word("still", rest=said) if guard.not_past else said
            case kinds.NoCaseInState():
                return self._states("not_in_state", guard.process, guard.states)
            case kinds.Done():
                return self.word("done", steps=self._steps(guard.transitions))
            case kinds.DutiesDone():
                return self.word("duties_done")
            case kinds.WithinHours():
                return self._hours(guard)
            case kinds.TimeWindow():
                return self._window(guard)
            case _:
                return self._of_values(guard)

    def _of_values(self, guard: Guard) -> str:
        match guard:
            case kinds.Same() | kinds.Differs():
                field, other = self.ref(guard.value), self.ref(guard.other)
                same = field == other and isinstance(guard, kinds.Same)
                return self.word("same_field" if same else guard.kind, field=field, other=other)
            case kinds.Absent():
                steps = self._writers(guard.value)
                if steps:
                    return self.word("without_step", steps=steps)
                return self.word("absent", field=self.ref(guard.value))
            case kinds.AtLeast():
                return f"{self.ref(guard.value)} ≥ {self._parameter(guard.limit)}"
            case kinds.AtMost():
                return f"{self.ref(guard.value)} ≤ {self._parameter(guard.limit)}"
            case kinds.OneOf():
                values = self._values(guard.value, guard.values)
                return self.word("value_is", field=self.ref(guard.value), values=values)
            case kinds.Includes():
                field, other = self.ref(guard.list), self.ref(guard.value)
                return self.word("includes", field=field, other=other)
            case kinds.Count():
                return self._count(guard)
            case kinds.IsTrue() | kinds.ByRole():
                return self.word(guard.kind, field=self.ref(guard.value))
            case _:
                return ""

    def _count(self, guard: kinds.Count) -> str:
        said = [f"= {self.ref(guard.same_as)}"] if guard.same_as else []
        said += [f"≥ {self._parameter(guard.at_least)}"] if guard.at_least is not None else []
        said += [f"≤ {self._parameter(guard.at_most)}"] if guard.at_most is not None else []
        return self.word("entries", field=self.ref(guard.list), number=", ".join(said))

    def _states(self, word: str, process: str, states: Iterable[str]) -> str:
        rules = self._pack.process[process]
        named = self._any(self.say(rules.states[state].label) for state in states)
        return self.word(word, process=self.say(rules.label), states=named)

    def _any(self, names: Iterable[str]) -> str:
        *most, last = dict.fromkeys(names) or (self.word("none"),)
        return f"{', '.join(most)} {self.word('or')} {last}" if most else last

    def _hours(self, guard: kinds.WithinHours) -> str:
        days = self._routine.parameters[guard.days]
        named = self.days(days if isinstance(days, tuple) else (str(days),))
        return f"{named} {self._parameter(guard.hours).replace('-', '–')}"

    def _window(self, guard: kinds.TimeWindow) -> str:
        said: list[str] = []
        if guard.not_older_than:
            back = self.length(guard.not_older_than)
            said.append(self.word("not_older", length=back) if back else self.word("not_past"))
        if guard.not_sooner_than:
            said.append(self.word("not_sooner", length=self.length(guard.not_sooner_than)))
        if guard.not_later_than:
            ahead = self.length(guard.not_later_than)
            said.append(self.word("not_later", length=ahead) if ahead else self.word("not_future"))
        said += [self.word("not_before", field=self.ref(ref)) for ref in guard.not_before]
        return f"{self.ref(guard.value)}: {', '.join(said)}"

    # -- values --------------------------------------------------------------------------------

    def ref(self, ref: Ref) -> str:
        """A reference to a value, by its label."""
        if ref.source == "value":
            return str(self._value(ref.literal))
        if str(ref) in WORDS:
            return self.word(str(ref))
        found = entry_at(self._process.fields, ref.name)
        if found is None:
            return plain_name(ref.name)
        if found.label.sv == found.label.en == ref.name:  # written by a step, so it has no label
            return self._given_as(ref.name) or f"«{self._writers_of(ref.name)}»"
        return self.say(found.label)

    def _given_as(self, name: str) -> str:
        """The label of the field that a fact without a label was taken from."""
        sources = [s.sets[name] for s in self._process.rules.transitions.values() if name in s.sets]
        return next((self.ref(one) for one in sources if one.source == "form"), "")

    def _writers(self, ref: Ref) -> str:
        """The steps that mark something in the case by themselves, if that is such a mark."""
        found = entry_at(self._process.fields, ref.name)
        if ref.source != "case" or found is None or self._given_as(ref.name):
            return ""
        return self._writers_of(ref.name)

    def _writers_of(self, name: str) -> str:
        steps = self._process.rules.transitions.items()
        return self._steps(step for step, rules in steps if name in rules.sets)

    def _steps(self, names: Iterable[str]) -> str:
        known = self._process.rules.transitions
        return ", ".join(self.say(known[name].label) for name in names)

    def _values(self, ref: Ref, values: Iterable[object]) -> str:
        found = entry_at(self._process.fields, ref.name) if ref.source != "value" else None
        labels = found.choices if found else {}
        return self._any(
            self.say(labels[value]) if isinstance(value, str) and value in labels
            else str(self._value(value))
            for value in values
        )  # fmt: skip

    def _value(self, value: object) -> object:
        return self.word("yes" if value else "no") if isinstance(value, bool) else value

    def _parameter(self, value: int | str) -> str:
        known = self._routine.parameters
        return str(known.get(value, value)) if isinstance(value, str) else str(value)

    def condition(self, when: Condition) -> str:
        """When a rule applies, in short: `om Orsak är Dödsfall`, `utan: Koppla`."""
        steps = self._writers(when.value)
        if steps and (when.given is not None or when.one_of == (True,)):
            word = "without_step" if when.given is False else "with_step"
            return self.word(word, steps=steps)
        field = self.ref(when.value)
        if when.given is not None:
            said = self.word("given" if when.given else "not_given", field=field)
        else:
            values = self._values(when.value, when.one_of)
            said = self.word("value_is", field=field, values=values)
        return self.word("if", condition=said)

    def _with_condition(self, said: str, when: Condition | None) -> str:
        return f"{said} ({self.condition(when)})" if when else said

    # -- times ---------------------------------------------------------------------------------

    def length(self, text: str) -> str:
        """A duration, or the parameter that holds one, in words; nothing for no time at all."""
        length = Duration.parse(self._parameter(text))
        hours, minutes = divmod(length.minutes, 60)
        parts = {
            "working_day": length.working_days,
            "day": length.days,
            "hour": hours,
            "minute": minutes,
        }
        return " ".join(
            self.word(name if count == 1 else f"{name}s", count=str(count))
            for name, count in parts.items()
            if count
        )

    def days(self, names: Iterable[str]) -> str:
        """Days of the week in words, a row of them by its ends.

        >>> from lockroutine import load_routine
        >>> Brief(load_routine(), "mounting", "en").days(["monday", "tuesday", "wednesday"])
        'Monday–Wednesday'
        """
        wanted = {WEEK.index(name) for name in names if name in WEEK}
        rows: list[list[int]] = []
        for day in sorted(wanted):
            if rows and rows[-1][-1] == day - 1:
                rows[-1].append(day)
            else:
                rows.append([day])
        return ", ".join(self._row(row) for row in rows)

    def _row(self, row: list[int]) -> str:
        first, last = self.say(DAYS[WEEK[row[0]]]), self.say(DAYS[WEEK[row[-1]]])
        if len(row) == 1:
            return first
        return f"{first}, {last}" if len(row) == 2 else f"{first}–{last}"

    def value(self, value: object) -> str:
        """The value of a parameter in words: a duration, days of the week, or as it stands."""
        if isinstance(value, tuple):
            known = [item for item in value if item in WEEK]
            return self.days(known) if known else ", ".join(map(str, value))
        try:
            return self.length(str(value))
        except ValueError:
            return str(value)

    def due(self, text: str) -> str:
        """By when, in words."""
        return self.word("due", length=self.length(text))

    def late(self, escalation: Escalation) -> str:
        """When others are asked, too, in words."""
        if escalation.before:
            return self.word("late_before", length=self.length(escalation.before))
        length = self.length(escalation.after) if escalation.after else ""
        return self.word("late_after", length=length) if length else self.word("late")

    def timer(self, timer: Timer) -> str:
        """When the clock makes a step, in words."""
        length = self.length(timer.before or timer.after) if timer.before or timer.after else ""
        if not timer.at:
            return self.word("after", length=length)
        field = self.word("at_due") if timer.at == DUE else self.ref(Ref("case", timer.at))
        if not length:
            return self.word("at_field", field=field)
        return self.word(
            "before_field" if timer.before else "after_field", length=length, field=field
        )

    # -- effects -------------------------------------------------------------------------------

    def role(self, name: str) -> str:
        """A role by its label, or a contact by its name."""
        if name in self._pack.role:
            return self.say(self._pack.role[name].label)
        return self.say(CONTACTS[name]) if name in CONTACTS else plain_name(name)

    def effect(self, rule: EffectRule) -> str:
        """What others are asked to do, in short; of a kind that is not known, its kind."""
        text = EFFECTS.get(rule.kind)
        said = self.say(text) if text else plain_name(rule.kind).capitalize()
        named = rule.named()
        whom = (
            self.ref(named[name]) if name in named else self.role(name)
            for name in rule.recipients()
            if name
        )
        to = ", ".join(whom)
        return self._with_condition(f"{said} {to}".rstrip(), rule.when)
