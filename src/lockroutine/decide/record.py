"""What is recorded of a step that may be made: its event, the changed case, the effects. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lockroutine.decide.command import Change, Command
from lockroutine.decide.moment import Moment
from lockroutine.facts import NOTHING, Facts, Value, canonical
from lockroutine.model import Case, Effect, Event, Reference
from lockroutine.routine import CompiledProcess
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.scene import Scene

__all__ = ["change_for", "change_of", "event_of", "open_key"]


def change_of(moment: Moment, scene: Scene, event: Event) -> Change:
    """What is kept of the step and asked of plugins, in the scene of the case after it."""
    effects = tuple(_effects(moment, scene, event))
    return change_for(moment.process, moment.case, scene.case, event, effects)


def change_for(
    process: CompiledProcess,
    before: Case,
    case: Case,
    event: Event,
    effects: tuple[Effect, ...] = (),
) -> Change:
    """What is kept of an event, by the rules of the case's process after it."""
    named = ((name, case.value(name)) for name in process.rules.find_by)
    return Change(
        before=before,
        case=case,
        event=event,
        effects=effects,
        open_key=open_key(process, case),
        found_by=tuple((name, value) for name, value in named if isinstance(value, str)),
        waits=process.waits(case),
        owed=process.owed(case),
    )


def open_key(process: CompiledProcess, case: Case) -> str:
    """What no other open case may share; empty if nothing or if the case has ended."""
    rules = process.rules
    if not rules.one_open_per or not case.is_open:
        return ""
    return canonical((process.name, *(case.value(name) for name in rules.one_open_per)))


def event_of(moment: Moment, scene: Scene, command: Command, after_state: str) -> Event:
    """The event of the step, in the scene in which it was judged."""
    case = moment.case
    form, personal = moment.form or (NOTHING, NOTHING)
    return Event(
        case_id=case.id,
        version=case.version + 1,
        process=moment.step.process,
        transition=moment.step.transition,
        before=case.state,
        after=after_state,
        subject=case.subject,
        unit=moment.unit,
        actor=command.actor.id,
        roles=tuple(sorted(command.actor.roles)),
        happened_at=moment.at,
        recorded_at=command.recorded_at,
        late_reason=command.late_reason,
        routine=moment.routine.key,
        form=form,
        personal=personal,
        salt=command.salt if personal else "",
        references=(*_brought(moment, scene), *(() if moment.driver else command.references)),
        cause=moment.cause,
        previous=case.head,
    )


def _brought(moment: Moment, scene: Scene) -> Iterator[Reference]:
    for system, ref in moment.transition.references.items():
        value = scene.value(ref)
        if value is not None:
            yield Reference(system, str(value))


def _effects(moment: Moment, scene: Scene, event: Event) -> Iterator[Effect]:
    for name, rule in moment.transition.effects.items():
        if scene.applies(rule.when):
            yield from _effects_of(moment, name, rule, scene, event)


def _effects_of(
    moment: Moment, name: str, rule: EffectRule, scene: Scene, event: Event
) -> Iterator[Effect]:
    """What one rule asks for, once the event has been made: a notice for each recipient."""
    data, named = _named(moment, scene.case, getattr(rule, "template", ""))
    data |= {name: scene.value(ref) for name, ref in rule.carries().items()}
    values, personal = Facts(data), Facts(named)
    by_field = rule.named()
    # Where the field is empty, its own name stays: nobody is reached by it, and that is seen.
    whom = (scene.value(by_field[to]) or to if to in by_field else to for to in rule.recipients())
    for recipient in dict.fromkeys(map(str, whom)):
        yield Effect(
            key="/".join(filter(None, (event.case_id, str(event.version), name, recipient))),
            routine=event.routine,
            rule=f"{moment.path}.effects.{name}",
            kind=rule.kind,
            system=rule.system,
            recipient=recipient,
            case_id=event.case_id,
            version=event.version,
            template=getattr(rule, "template", ""),
            values=values,
            personal=personal,
            due_at=event.recorded_at,
        )


def _named(moment: Moment, case: Case, template: str) -> tuple[dict[str, Value], dict[str, Value]]:
    """The facts that a template names: first what is not personal, then what is."""
    data: dict[str, Value] = {}
    personal: dict[str, Value] = {}
    for name in moment.routine.fields_named_by(template) if template else ():
        declared = moment.process.fields.get(name.partition(".")[0])
        (personal if declared and declared.privacy else data)[name] = case.value(name)
    return data, personal
