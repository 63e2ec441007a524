"""The engine's own words to a refused person, for what no single rule of a pack says."""

from __future__ import annotations

from lockroutine.model import Text
from lockroutine.rules.calendar import Duration
from lockroutine.rules.terms import Message

__all__ = ["in_words", "say"]

_TEXTS = {
    "role": Text(
        sv="Din roll får inte göra detta ($step). Det får: $roles.",
        en="Your role may not do this ($step). These may: $roles.",
    ),
    "joint_only": Text(
        sv="Detta ($step) görs aldrig för sig, bara tillsammans med ett annat steg.",
        en="This ($step) is never done by itself, only together with another step.",
    ),
    "clock_only": Text(
        sv="Detta ($step) sker av sig självt när tiden är inne.",
        en="This ($step) happens by itself when its time has come.",
    ),
    "pull_only": Text(
        sv="Detta ($step) kommer bara med vad ett annat system rapporterar.",
        en="This ($step) only comes with what another system reports.",
    ),
    "sweep_only": Text(
        sv="Detta ($step) kommer bara med vad en stående kontroll hittar.",
        en="This ($step) only comes with what a standing check finds.",
    ),
    "unjudged_finding": Text(
        sv="$label (kan inte bedömas)",
        en="$label (cannot be judged)",
    ),
    "scope": Text(
        sv="Ärendet hör till en annan enhet än din.",
        en="The case belongs to another unit than yours.",
    ),
    "state": Text(
        sv="Det går inte nu ($step): ärendet är i läget «$state».",
        en='Not possible now ($step): the case is in the state "$state".',
    ),
    "ended": Text(
        sv="Det går inte längre ($step): ärendet är avslutat i läget «$state».",
        en='No longer possible ($step): the case has ended in the state "$state".',
    ),
    "one_open": Text(
        sv="Det finns redan ett öppet ärende av det här slaget ($process).",
        en="There is already an open case of this kind ($process).",
    ),
    "several": Text(
        sv="Det finns flera öppna ärenden som det kan gälla ($process), så inget är gjort.",
        en="Several open cases could be meant ($process), so nothing was done.",
    ),
    "unseen": Text(
        sv="Det går inte: något som du inte ser ($process) står i vägen. Fråga uppdragsgivaren.",
        en="Not possible: something that you do not see ($process) is in the way. Ask for help.",
    ),
    "order_in_time": Text(
        sv="Ärendet har redan en senare händelse. Det som är antecknat skrivs inte om.",
        en="The case already has a later event. What is on record is not rewritten.",
    ),
    "unjudged": Text(
        sv="Regeln «$rule» kan inte bedömas ($missing), och då är svaret nej.",
        en='The rule "$rule" cannot be judged ($missing), and then the answer is no.',
    ),
    "move_process": Text(
        sv="$to har ingen process «$process».",
        en='$to has no process "$process".',
    ),
    "move_subject": Text(
        sv="I $to handlar ärenden av det här slaget ($process) om något annat.",
        en="In $to, cases of this kind ($process) are about something else.",
    ),
    "move_state": Text(
        sv="$to har inget läge «$state», och säger inte vad det blir i stället.",
        en='$to has no state "$state", and does not say what becomes of it.',
    ),
    "move_end": Text(
        sv="I $to är läget «$state» ett slut. Säg i regelpaketet vad det blir.",
        en='In $to the state "$state" is an end. Say in the rule pack what becomes of it.',
    ),
    "move_one_open": Text(
        sv="Enligt $to får bara ett sådant ärende vara öppet ($process), och det finns ett till.",
        en="By $to only one such case may be open ($process), and there is another.",
    ),
    "move_unreadable": Text(
        sv="En uppgift i ärendet går inte att läsa som $to menar den.",
        en="A field of the case cannot be read as $to means it.",
    ),
    "move_raced": Text(
        sv="Andra ändrade ärendet hela tiden medan det skulle flyttas till $to. Försök igen.",
        en="Others kept changing the case while it was to be moved to $to. Try again.",
    ),
    "move_role": Text(
        sv="Flytta ärenden får de roller som $to låter sköta systemet: $roles.",
        en="Cases may be moved by the roles that look after the system in $to: $roles.",
    ),
    "move_early": Text(
        sv="$to gäller från och med $day. Först då kan ärenden flyttas dit.",
        en="$to is in force from $day. Cases can be moved to it from then on.",
    ),
    "move_unknown": Text(
        sv="Rutinen som ärendet löper under finns inte i databasen, så det kan inte läsas.",
        en="The routine that the case runs under is not in the database, so it cannot be read.",
    ),
    "replay_step": Text(
        sv="$to har inget steg «$step» i «$process».",
        en='$to has no step "$step" in "$process".',
    ),
    "replay_form": Text(
        sv="Det som uppgavs («$step») är inte vad $to frågar efter: $fields.",
        en='What was given ("$step") is not what $to asks for: $fields.',
    ),
    "replay_erased": Text(
        sv="Personuppgifterna som det gjordes med är raderade, så det går inte att bedöma.",
        en="The personal data that it was made with have been erased, so it cannot be judged.",
    ),
    "not_in_force": Text(
        sv="$to gäller från och med $day, och ingen tidigare version är känd.",
        en="$to is in force from $day, and no version before it is known.",
    ),
    "cure_other": Text(
        sv="Gör «$step» i $process. Det får: $roles.",
        en='Make "$step" in $process. These may: $roles.',
    ),
    "cure_here": Text(
        sv="Gör «$step» först. Det får: $roles.",
        en='Make "$step" first. These may: $roles.',
    ),
    "cure_field": Text(
        sv="Rätta uppgiften «$field» och gör «$step» igen.",
        en='Correct the field "$field" and make "$step" again.',
    ),
    "cure_role": Text(
        sv="Be någon som får: $roles.",
        en="Ask somebody who may: $roles.",
    ),
    "cure_another": Text(
        sv="Be någon annan som får: $roles.",
        en="Ask somebody else who may: $roles.",
    ),
    "cure_clock": Text(
        sv="Vänta: «$step» i $process sker av sig självt.",
        en='Wait: "$step" in $process happens by itself.',
    ),
}


def say(name: str, **values: Text | str) -> Text:
    """One of these texts, with its values filled in.

    >>> say("scope").sv
    'Ärendet hör till en annan enhet än din.'
    """
    text = _TEXTS[name]
    return Text(
        sv=Message(text.sv).safe_substitute(_in("sv", values)),
        en=Message(text.en).safe_substitute(_in("en", values)),
    )


def in_words(length: Duration) -> Text:
    """A length of time as people say it.

    >>> in_words(Duration.parse("P1DT2H30M")).en
    '1 day 2 hours 30 minutes'
    >>> in_words(Duration.parse("P365D")).sv
    '365 dagar'
    >>> in_words(Duration.parse("10 working days")).sv
    '10 arbetsdagar'
    """
    hours, minutes = divmod(length.minutes, 60)
    counted = [
        (length.days, ("dag", "dagar"), ("day", "days")),
        (length.working_days, ("arbetsdag", "arbetsdagar"), ("working day", "working days")),
        (hours, ("timme", "timmar"), ("hour", "hours")),
        (minutes, ("minut", "minuter"), ("minute", "minutes")),
    ]
    said = [(n, sv[n != 1], en[n != 1]) for n, sv, en in counted if n]
    return Text(
        sv=" ".join(f"{n} {word}" for n, word, _ in said) or "0 minuter",
        en=" ".join(f"{n} {word}" for n, _, word in said) or "0 minutes",
    )


def _in(language: str, values: dict[str, Text | str]) -> dict[str, str]:
    return {
        name: (value.sv if language == "sv" else value.en) if isinstance(value, Text) else value
        for name, value in values.items()
    }
