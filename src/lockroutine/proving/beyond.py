"""Why something is not possible: in itself, through something else, or as the world is small.

Most rules look at nothing of which a larger world has more. Some do: that no case matches a word
that is given, how many there are, how late it is. A step that such a rule hinders, and what hangs
on it, may be possible in a larger world: that it never is, is not decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lockroutine.proving.moves import Moves, Refusal
from lockroutine.proving.world import World
from lockroutine.routine import Step
from lockroutine.rules.guards import (
    GUARDS,
    CaseInState,
    Count,
    Differs,
    Done,
    Guard,
    NoCaseInState,
    TimeWindow,
    WithinHours,
)
from lockroutine.rules.schema import Joint
from lockroutine.rules.terms import JOINT, SUBJECT

__all__ = ["Beyond"]

State = tuple[str, str]  # a process and its state


class Beyond:
    """What hinders the steps that are never possible in a world.

    Args:
        world: The world.
        found: What can happen in it.
    """

    def __init__(self, world: World, found: Moves) -> None:
        self._routine = world.routine
        self._open = {*found.dropped, *found.cut}
        self._made = {step for move in found.moves for step in move.made}
        self._refused: dict[Step, list[Refusal]] = {}
        for refusal in found.refusals:
            self._refused.setdefault(refusal.attempt.step, []).append(refusal)
        self._reached: set[State] = {
            (name, str(state))
            for name, slots in world.of.items()
            for state in found.learned.states(slots[0])
        }
        never = [
            step
            for name, process in self._routine.pack.process.items()
            for step in (Step(name, one) for one in process.transitions)
            if step not in self._made
        ]
        self._steps: set[Step] = set()  # those that may be possible in a larger world
        self._states: set[State] = set()  # those that only these lead to
        more = {step for step in never if self._is_open(step, "")}
        while more:
            self._steps |= more
            ways = {(step.process, self._routine.transition(step).to) for step in more}
            self._states |= ways - self._reached
            more = {step for step in never if step not in self._steps and self._is_open(step, "")}

    def may(self, step: Step, role: str) -> bool:
        """Whether a larger world might let a role make a step that none makes here."""
        return step in self._steps or self._is_open(step, role)

    def may_go_on(self, process: str, standing: Iterable[Refusal]) -> bool:
        """Whether a larger world might let a case go on from where nothing leads here.

        Args:
            process: The process of the case.
            standing: What is refused there.
        """
        if any(one.process == process for one in self._steps):
            return True
        mine = (one for one in standing if one.attempt.step.process == process)
        return any(self._counts(one.reason.rule.split("."), "form") for one in mine)

    def follows(self, step: Step, role: str) -> bool:
        """Whether a step is never possible only because something else never is."""
        transition = self._routine.transition(step)
        if transition.from_ and not self._comes_into(step.process, transition.from_, self._reached):
            return True
        if role == JOINT:
            return not self._made.intersection(self._routine.drivers(step))
        return any(self._lacks(one.reason.rule.split(".")) for one in self._refusals(step, role))

    def _refusals(self, step: Step, role: str) -> list[Refusal]:
        known = self._refused.get(step, [])
        return [one for one in known if not role or one.attempt.role == role]

    def _lacks(self, rule: Sequence[str]) -> bool:
        """Whether a rule of the pack waits for what never comes."""
        if rule[0] != "process" or rule[-2] not in ("guards", "joint"):
            return False
        transition = self._routine.transition(Step(rule[1], rule[3]))
        if rule[-2] == "joint":
            joint = transition.joint[rule[-1]]
            from_ = self._routine.transition(Step(joint.process, joint.transition)).from_
            return not self._comes_into(joint.process, from_, self._reached)
        guard = transition.guards[rule[-1]]
        if isinstance(guard, Done):
            return any(Step(rule[1], name) not in self._made for name in guard.transitions)
        return isinstance(guard, CaseInState) and not self._comes_into(
            guard.process, guard.states, self._reached
        )

    # -- in a larger world ---------------------------------------------------------------------

    def _is_open(self, step: Step, role: str) -> bool:
        transition = self._routine.transition(step)
        if step in self._open or self._comes_into(step.process, transition.from_, self._states):
            return True  # not everything was tried
        if role == JOINT or transition.by == (JOINT,):
            return not self._steps.isdisjoint(self._routine.drivers(step))
        return any(self._is_passable(one) for one in self._refusals(step, role))

    def _is_passable(self, refusal: Refusal) -> bool:
        """Whether what refuses might not be in the way in a larger world."""
        rule = refusal.reason.rule.split(".")
        if rule[0] != "process":
            return True
        if rule[2] == "one_open_per":
            return self._routine.process(rule[1]).rules.one_open_per != ("subject",)
        step = Step(rule[1], rule[3])
        transition = self._routine.transition(step)
        match rule[-2]:
            case "guards":
                guard = transition.guards[rule[-1]]
                return self._counts(rule, "case") or self._hangs(guard, step)
            case "joint":
                return self._is_joint_open(transition.joint[rule[-1]])
            case _:  # it is in the wrong state; who may not make it may not anywhere
                return self._comes_into(step.process, transition.from_, self._states)

    def _counts(self, rule: Sequence[str], source: str) -> bool:
        """Whether a guard looks at what there is more of in a larger world.

        Args:
            rule: Its path.
            source: Whether the values that it looks at may be others in the ``case`` as well, or
                only in the ``form``.
        """
        if rule[-2] != "guards":
            return False
        step = Step(rule[1], rule[3])
        guards = self._routine.transition(step).guards
        guard = guards[rule[-1]]
        match guard:
            case NoCaseInState():
                refs = (guard.subject, *guard.match.values())
                return any(ref.source in ("form", source) and ref != SUBJECT for ref in refs)
            case Differs():  # two values are tried, and two people
                return source == "case" and sum(map(_differs, guards.values())) > 1
            case Count():
                return True
            case TimeWindow() | WithinHours():
                return step not in self._made
            case CaseInState():
                return bool(guard.not_past) and step not in self._made
            case _:
                return type(guard) not in GUARDS

    def _is_joint_open(self, joint: Joint) -> bool:
        driven = Step(joint.process, joint.transition)
        if joint.each or driven in self._steps:
            return True
        from_ = self._routine.transition(driven).from_
        return self._comes_into(joint.process, from_, self._states)

    def _hangs(self, guard: Guard, step: Step) -> bool:
        """Whether a guard may look at what only comes with steps of a larger world."""
        if isinstance(guard, CaseInState):
            return self._comes_into(guard.process, guard.states, self._states)
        process = guard.process if isinstance(guard, NoCaseInState) else step.process
        return any(one.process == process for one in self._steps)

    def _comes_into(self, process: str, states: Iterable[str], known: set[State]) -> bool:
        return any((process, state) in known for state in states)


def _differs(guard: Guard) -> bool:
    return isinstance(guard, Differs)
