"""What a rule gets to look at: the case, the form, the actor, the time, and the parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from attrs import field, frozen

from lockroutine.facts import Facts, Value
from lockroutine.model import Actor, Case, Text
from lockroutine.rules.calendar import Calendar, Duration
from lockroutine.rules.terms import Condition, Ref

__all__ = ["FormNeeded", "Scene", "Unjudged"]


class FormNeeded(Exception):
    """The rule speaks of the form, and none was given: it is left open."""


class Unjudged(Exception):
    """The rule cannot be judged: a value is missing or of the wrong kind. It refuses then."""


@frozen(kw_only=True)
class Scene:
    """The moment in which a transition is judged.

    Args:
        transition: The transition.
        case: The case before it; blank if it opens one.
        form: What is given, personal parts included; None if nothing was given yet.
        actor: Who does it.
        at: When it happens (or happened, for a late entry).
        calendar: The municipality's local time.
        parameters: The values of the pack's parameters.
        owed: The duties of the case's state that are not settled, in words.
        item: The present item of a joint's ``each``.
    """

    transition: str
    case: Case
    form: Facts | None
    actor: Actor
    at: dt.datetime
    calendar: Calendar
    parameters: Mapping[str, int | str | tuple[str, ...]]
    owed: Mapping[str, Text] = field(factory=dict)
    item: Value = field(default=None)

    def value(self, ref: Ref) -> Value:
        """The value that a reference stands for; None where there is none.

        Raises:
            FormNeeded: It is a field of the form, and there is no form yet.
        """
        match ref.source:
            case "form":
                if self.form is None:
                    raise FormNeeded
                return self.form.at(ref.name)
            case "case":
                return self.case.value(ref.name)
            case "actor":
                return self.actor.id
            case "event":
                return self.at.isoformat()
            case "each":
                return self.item
            case _:
                return ref.literal

    def text(self, ref: Ref) -> str:
        """The text that a reference stands for.

        Raises:
            FormNeeded: It is a field of the form, and there is no form yet.
            Unjudged: There is no such value, or it is no text.
        """
        value = self.value(ref)
        if type(value) is not str:
            raise Unjudged(str(ref))
        return value

    def number(self, ref: Ref) -> int:
        """The whole number that a reference stands for; raises like `text`."""
        value = self.value(ref)
        if type(value) is not int:
            raise Unjudged(str(ref))
        return value

    def time(self, ref: Ref) -> dt.datetime:
        """The time that a reference stands for; raises like `text`."""
        return parse_time(self.text(ref), str(ref))

    def limit(self, name: int | str) -> int:
        """A whole number: itself, or the value of the parameter of that name."""
        value = self.parameters[name] if isinstance(name, str) else name
        if type(value) is not int:
            raise Unjudged(f"parameter.{name}")
        return value

    def duration(self, name: str) -> Duration:
        """A duration: itself, or the value of the parameter of that name."""
        try:
            return Duration.parse(str(self.parameters.get(name, name)))
        except ValueError:
            raise Unjudged(f"parameter.{name}") from None

    def applies(self, when: Condition | None) -> bool:
        """Whether a rule with this condition applies."""
        return when is None or when.holds(self.value(when.value))


def parse_time(text: str, name: str) -> dt.datetime:
    """A stored time; raises `Unjudged` if it is none."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Unjudged(name) from None
    if found.utcoffset() is None:
        raise Unjudged(name)
    return found
