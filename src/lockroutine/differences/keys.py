"""Every key that a rule pack can have: what it is called in words, and how its value is told.

A test walks the schema: each key has its place here, or stands in `ELSEWHERE` with where it is
told, or why it is not. A key of a kind that a plugin brings is told by its own name.

The order of a list is not told, as nothing is read from it; that of guards, joint steps, effects,
clauses and the fields of a form is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from lockroutine.differences import saying as say
from lockroutine.differences.saying import Key
from lockroutine.model import Text
from lockroutine.pictures.brief import plain_name
from lockroutine.rules import effects, guards, pulling, schema, shown
from lockroutine.rules.declared import FieldTable, FormTable
from lockroutine.rules.invariants import Invariant
from lockroutine.rules.sweeps import Sweep

__all__ = ["ELSEWHERE", "TOLD", "key_of", "keys_of"]

# -- the keys -------------------------------------------------------------------------------------

_LABEL = Key(Text(sv="heter", en="is called"))
_RESTS = {
    "clauses": Key(Text(sv="vilar på punkt", en="rests on clause"), section="clauses"),
    "gaps": Key(
        Text(sv="vilar på luckan", en="rests on the gap"),
        say.name,
        section="clauses",
    ),
}
_INSTEAD = Key(Text(sv="att göra i stället", en="to do instead"), say.step_here, "step_here")
_WHEN = {"when": Key(Text(sv="när", en="when"))}
_PROCESS = Key(Text(sv="process", en="process"), say.process)
_STATES = Key(Text(sv="lägen", en="states"), say.state, "state")
_WAITS = Key(Text(sv="väntar på", en="waits for"), say.role)
_AFTER = Key(Text(sv="efter", en="after"), say.length)
_BEFORE = Key(Text(sv="före", en="before"), say.length)
_DAYS = Key(Text(sv="dagar", en="days"), say.parameter)
_HOURS = Key(Text(sv="tider", en="hours"), say.parameter)
_LIMIT = Key(Text(sv="gräns", en="limit"), say.parameter)
_FEWEST = Key(Text(sv="minst", en="at least"), say.parameter)
_MOST = Key(Text(sv="högst", en="at most"), say.parameter)
_VALUE = Key(Text(sv="uppgift", en="value"))
_OTHER = Key(Text(sv="annan uppgift", en="other value"))
_LIST = Key(Text(sv="lista", en="list"))
_TEMPLATE = Key(Text(sv="meddelande", en="message"), say.message)
_LOCK = {
    "serial_number": Key(Text(sv="lås", en="lock")),
    "customer": Key(Text(sv="kund", en="customer")),
}
_OF_CASE = {
    "subject": Key(Text(sv="vems ärende", en="whose case")),
    "find": Key(Text(sv="hittas genom", en="is found by"), say.field),
    "match": Key(Text(sv="där", en="where"), say.entry),
}
_OTHER_CASE = {"process": _PROCESS, "states": _STATES, **_OF_CASE}

TOLD: Mapping[type, Mapping[str, Key]] = {
    schema.Pack: {
        "label": _LABEL,
        "in_force_from": Key(Text(sv="gäller från", en="in force from")),
        "time_zone": Key(Text(sv="tidszon", en="time zone")),
        "holidays": Key(Text(sv="helgdagar i", en="public holidays of")),
        "working_days": Key(Text(sv="arbetsdagar", en="working days"), say.days, whole=True),
    },
    schema.Role: {
        "label": _LABEL,
        "all_units": Key(Text(sv="arbetar för alla enheter", en="works for all units")),
        "only": Key(
            Text(sv="ser bara ärenden som nämner den i", en="sees only cases that name it in"),
            say.field,
        ),
        "tends_effects": Key(
            Text(
                sv="sköter det som andra system inte gjorde",
                en="tends what other systems did not do",
            )
        ),
        "clauses": _RESTS["clauses"],
    },
    schema.Unit: {"label": _LABEL},
    schema.Clause: {
        "text": Key(Text(sv="", en="")),
        "owed": Key(Text(sv="i systemet", en="in the system"), say.owed),
    },
    schema.Parameter: {
        "label": _LABEL,
        "value": Key(Text(sv="", en=""), say.value, whole=True),
        **_RESTS,
    },
    schema.Gap: {
        "question": Key(Text(sv="frågan", en="the question")),
        "reading": Key(Text(sv="så läses det", en="the reading")),
        "clauses": _RESTS["clauses"],
    },
    schema.Loosened: {"reason": Key(Text(sv="skäl", en="reason"))},
    schema.Template: {
        "subject": Key(Text(sv="ärenderad", en="subject line")),
        "body": Key(Text(sv="text", en="text")),
    },
    schema.Process: {
        "label": _LABEL,
        "subject": Key(Text(sv="gäller", en="is about"), say.subject),
        "one_open_per": Key(
            Text(sv="bara ett öppet ärende för", en="one open case for each"), say.field
        ),
        "find_by": Key(Text(sv="hittas också genom", en="is found by, too"), say.field),
    },
    schema.State: {
        "label": _LABEL,
        "waits_for": _WAITS,
        "due": Key(Text(sv="ska vara klart inom", en="is due within"), say.length, section="times"),
        "end": Key(Text(sv="ärendet är slut där", en="the case is over there")),
        **_RESTS,
    },
    schema.Duty: {"waits_for": _WAITS, **_WHEN, **_RESTS},
    schema.Escalation: {
        "after": Key(Text(sv="andra frågas efter", en="others are asked after"), say.length),
        "before": Key(
            Text(sv="andra frågas redan före, med", en="others are asked before, by"), say.length
        ),
        "waits_for": Key(Text(sv="vem som frågas", en="who is asked"), say.role),
        **_RESTS,
    },
    schema.Transition: {
        "label": _LABEL,
        "from_": Key(
            Text(sv="från", en="from"),
            say.state_here,
            "state_here",
            empty=Text(sv="inget, ett ärende öppnas", en="none, a case is opened"),
        ),
        "to": Key(
            Text(sv="till", en="to"),
            say.state_here,
            "state_here",
            empty=Text(sv="samma läge", en="the same state"),
        ),
        "by": Key(Text(sv="görs av", en="made by"), say.role),
        "form": Key(Text(sv="formulär", en="form"), say.form),
        "sets": Key(Text(sv="skriver", en="writes"), say.entry),
        "clears": Key(Text(sv="tar bort", en="takes away"), say.field),
        "undoes": Key(Text(sv="gör ogjort", en="undoes"), say.step_here, "step_here"),
        "unit": Key(Text(sv="ärendets enhet blir", en="the case's unit becomes")),
        "references": Key(
            Text(sv="får nummer i andra system", en="gets ids in other systems"), say.entry
        ),
        "timer": Key(Text(sv="klockan gör det", en="the clock makes it"), section="times"),
        **_RESTS,
    },
    schema.Joint: {
        "process": _PROCESS,
        "transition": Key(Text(sv="steg", en="step"), say.step, "step"),
        **_OF_CASE,
        "form": Key(Text(sv="fyller i", en="fills in"), say.entry),
        "each": Key(Text(sv="en gång för varje", en="once for each")),
        "every": Key(Text(sv="på alla sådana ärenden", en="on every such case")),
        "missing": Key(
            Text(sv="om det inte finns något sådant ärende", en="if there is no such case"),
            say.fixed,
        ),
        "brings_unit": Key(
            Text(sv="ärendet kommer till samma enhet", en="the case comes into the same unit")
        ),
        **_WHEN,
        "otherwise": Key(Text(sv="den som nekas läser", en="the refused person reads"), say.read),
        "instead": _INSTEAD,
        **_RESTS,
    },
    schema.Move: {
        "from_": Key(Text(sv="från version", en="from version")),
        "states": Key(Text(sv="lägen", en="states"), say.new_state),
        "transitions": Key(Text(sv="steg som är gjorda", en="steps that were made"), say.new_step),
    },
    Sweep: {
        "label": _LABEL,
        "process": _PROCESS,
        "states": _STATES,
        "after": _AFTER,
        "at": Key(Text(sv="räknat från", en="counted from"), say.field),
        "opens": Key(Text(sv="öppnar med", en="opens by"), say.step),
        "settles": Key(Text(sv="avslutar med", en="settles by"), say.step),
        **_RESTS,
    },
    Invariant: {
        "label": _LABEL,
        "process": _PROCESS,
        "states": _STATES,
        "step": Key(Text(sv="vid steget", en="at the step"), say.step_here),
        **_RESTS,
    },
    pulling.Report: {
        "step": Key(Text(sv="betyder", en="means"), say.step),
        "words": Key(Text(sv="ord", en="words")),
        "fields": Key(Text(sv="uppgifter", en="fields"), say.entry),
        **_RESTS,
    },
    pulling.PullTickets: {
        "unread": Key(Text(sv="det som inte går att läsa", en="what cannot be read"), say.step),
    },
    pulling.PullBatteries: {
        "good": Key(Text(sv="god nivå", en="a good level"), say.step),
        "low": Key(Text(sv="låg nivå", en="a low level"), say.step),
        "ask": Key(Text(sv="ber om byte", en="asks for a change"), say.step),
    },
    pulling.PullRegister: {
        "process": _PROCESS,
        "paired": Key(Text(sv="kopplat till", en="paired with"), say.field),
        "differs": Key(Text(sv="skiljer sig", en="differs"), say.step),
        "agrees": Key(Text(sv="stämmer igen", en="agrees again"), say.step),
    },
    FormTable: {"label": _LABEL},
    FieldTable: {
        "type": Key(Text(sv="", en=""), say.field_type),
        "label": _LABEL,
        "help": Key(Text(sv="förklaring", en="help")),
        "privacy": Key(Text(sv="skydd", en="privacy"), say.privacy),
        "optional": Key(Text(sv="får utelämnas", en="may be left out")),
        "default": Key(Text(sv="utelämnat betyder", en="left out, it is")),
        "choices": Key(Text(sv="val", en="choices"), say.entry),
        "minimum": Key(Text(sv="minst", en="at least")),
        "maximum": Key(Text(sv="högst", en="at most")),
        "longest": Key(Text(sv="längst", en="longest")),
    },
    shown.Shown: {"label": _LABEL, **_RESTS},
    shown.Link: {"url": Key(Text(sv="adress", en="address"))},
    shown.SupportHours: {"days": _DAYS, "hours": _HOURS},
    shown.Contacts: {"roles": Key(Text(sv="roller", en="roles"), say.role)},
    shown.App: {"role": Key(Text(sv="roll", en="role"), say.role)},
    shown.Figure: {"figure": Key(Text(sv="siffra", en="figure"), say.field)},
    shown.Stock: {
        "process": _PROCESS,
        "states": _STATES,
        "by": Key(Text(sv="per", en="by"), say.field),
        "minimum": Key(Text(sv="minst", en="at least"), say.parameter),
    },
    effects.EffectRule: {
        **_WHEN,
        "drop_in": Key(
            Text(
                sv="skickas inte om ärendet har kommit till", en="not sent if the case has come to"
            ),
            say.state_here,
            "state_here",
        ),
        **_RESTS,
    },
    effects.OpenTicket: {"template": _TEMPLATE},
    effects.NoteTicket: {
        "template": _TEMPLATE,
        "ticket": Key(Text(sv="i ärende", en="in the ticket")),
    },
    effects.CloseTicket: {"template": _TEMPLATE},
    effects.SendNotice: {
        "template": _TEMPLATE,
        "to": Key(Text(sv="till", en="to"), say.recipient),
        "visit": Key(
            Text(sv="besök i kalendern", en="visit in calendars"),
            say.fixed,
        ),
    },
    effects.PairLock: _LOCK,
    effects.UnpairLock: _LOCK,
    guards.Guard: {
        "otherwise": Key(Text(sv="den som nekas läser", en="the refused person reads"), say.read),
        **_WHEN,
        "safeguard": Key(Text(sv="skyddar liv och hem", en="protects life and home")),
        "instead": _INSTEAD,
        **_RESTS,
    },
    guards.CaseInState: {
        **_OTHER_CASE,
        "not_past": Key(Text(sv="ännu inte passerat", en="not yet past"), say.field),
    },
    guards.NoCaseInState: _OTHER_CASE,
    guards.Same: {"value": _VALUE, "other": _OTHER},
    guards.Differs: {"value": _VALUE, "other": _OTHER},
    guards.AtLeast: {"value": _VALUE, "limit": _LIMIT},
    guards.AtMost: {"value": _VALUE, "limit": _LIMIT},
    guards.OneOf: {"value": _VALUE, "values": Key(Text(sv="får vara", en="may be"))},
    guards.Includes: {"list": _LIST, "value": _VALUE},
    guards.Count: {
        "list": _LIST,
        "same_as": Key(Text(sv="lika många som", en="as many as")),
        "at_least": _FEWEST,
        "at_most": _MOST,
    },
    guards.IsTrue: {"value": _VALUE},
    guards.Absent: {
        "value": _VALUE,
        "settled_by": Key(Text(sv="avhjälps av", en="settled by"), say.step_here, "step_here"),
    },
    guards.WithinHours: {
        "starts": Key(Text(sv="börjar", en="begins")),
        "ends": Key(Text(sv="slutar", en="ends")),
        "days": _DAYS,
        "hours": _HOURS,
        "closed_on_holidays": Key(Text(sv="stängt på helgdagar", en="closed on public holidays")),
    },
    guards.TimeWindow: {
        "value": _VALUE,
        "not_older_than": Key(
            Text(sv="högst så långt bakåt", en="at most so long back"), say.length
        ),
        "not_later_than": Key(
            Text(sv="högst så långt framåt", en="at most so far ahead"), say.length
        ),
        "not_sooner_than": Key(
            Text(sv="minst så långt framåt", en="at least so far ahead"), say.length
        ),
        "not_before": Key(Text(sv="inte före", en="not before")),
    },
    guards.Done: {"transitions": Key(Text(sv="gjort", en="done"), say.step_here, "step_here")},
    guards.DutiesDone: {},
    guards.ByRole: {
        "value": _VALUE,
        "allowed": Key(Text(sv="roller får", en="roles may give"), say.allowed),
    },
}
"""The keys that are told where their table is, by the class that declares them."""

_KEPT = "the heading says it"
_LAID = "only how the pack is written: what it comes to with what it extends is compared whole"

ELSEWHERE: Mapping[type, Mapping[str, str]] = {
    schema.Pack: {
        "name": _KEPT,
        "version": _KEPT,
        "extends": _LAID,
        "without": _LAID,
        "role": "roles",
        "unit": "roles",
        "clause": "clauses",
        "gap": "clauses",
        "parameter": "parameters",
        "loosened": "loosened",
        "form": "forms",
        "template": "messages",
        "shown": "shown",
        "report": "pulled",
        "pull": "pulled",
        "sweep": "sweeps",
        "always": "invariants",
        "never": "invariants",
        "process": "processes",
        "move": "moves",
    },
    schema.Process: {
        "sees_personal": "rights",
        "sees_secret": "rights",
        "states": "states",
        "transitions": "steps",
    },
    schema.State: {"duties": "states", "escalation": "times"},
    schema.Transition: {"guards": "refusals", "joint": "joint", "effects": "effects"},
    Sweep: {"unless": "sweeps"},
    Invariant: {"guards": "invariants"},
    FormTable: {"extends": _LAID, "fields": "forms"},
    pulling.Pulls: {"tickets": "pulled", "batteries": "pulled", "register": "pulled"},
}
"""The keys that are told elsewhere: in which section, or why not at all."""


def keys_of(kind: type) -> Iterator[tuple[str, Key]]:
    """The keys of a table that are told with it, in the order of the schema."""
    for one in attrs.fields(kind):
        if not any(one.name in ELSEWHERE.get(base, {}) for base in kind.__mro__):
            yield one.name, key_of(kind, one.name)


def key_of(kind: type, name: str) -> Key:
    """How a key of a table is told; by its own name if only a plugin knows it.

    >>> key_of(schema.State, "due").label.en
    'is due within'
    """
    for base in kind.__mro__:
        if name in TOLD.get(base, {}):
            return TOLD[base][name]
    return Key(Text(sv=plain_name(name), en=plain_name(name)))
