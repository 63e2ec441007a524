"""A clock that stands still until it is told otherwise."""

from __future__ import annotations

import datetime as dt
import re
import threading

import attrs

from lockroutine.errors import InvalidForm, Problem
from lockroutine.facts import aware
from lockroutine.rules.calendar import DAYS, Calendar, Duration

__all__ = ["StoppedClock", "local_time"]

_SWEDISH = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
_LOCAL = re.compile(
    r"(?:(?P<day>[a-zåäö]+),? +)?(?:(?P<date>\d{4}-\d\d-\d\d)[T ]+)?(?P<time>\d\d[:.]\d\d)",
    re.IGNORECASE,
)
_FORMS = "write it like 2026-03-02 10:00, monday 2026-03-02 10:00, monday 10:00 or 10:00"


class StoppedClock:
    """Tells the time that it was set to, in a municipality's time zone, until it is moved.

    Give it to an engine as its ``clock``. It is safe to share between threads.

    Args:
        at: A time with its zone, or a local time as text, for example ``2026-03-02 10:00``.
        time_zone: The IANA name of the zone that local times are in.

    Raises:
        InvalidForm: It is no time.

    >>> clock = StoppedClock("monday 2026-03-02 10:00")
    >>> clock().isoformat()
    '2026-03-02T09:00:00+00:00'
    >>> clock.advance(days=1, hours=2)
    >>> clock.local().isoformat()
    '2026-03-03T12:00:00+01:00'
    >>> clock.set("friday 08:00")
    >>> clock.local().isoformat()
    '2026-03-06T08:00:00+01:00'
    """

    def __init__(
        self, at: dt.datetime | str = "2026-03-02 08:00", time_zone: str = "Europe/Stockholm"
    ) -> None:
        self._calendar = Calendar(time_zone)
        self._lock = threading.Lock()
        self._now = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)
        self.set(at)

    def __call__(self) -> dt.datetime:
        """The time, as UTC."""
        return self._now

    def __repr__(self) -> str:
        return f"<StoppedClock {self.local():%Y-%m-%d %H:%M}>"

    def local(self) -> dt.datetime:
        """The time as the clocks of the municipality show it."""
        return self._calendar.local(self._now)

    def set(self, at: dt.datetime | str) -> None:
        """Set the clock; it may go back too.

        Args:
            at: A time with its zone, or a local time as `local_time` reads it. A weekday or an
                hour without a date is the next one from where the clock stands.

        Raises:
            InvalidForm: It is no time, or one without a zone.
        """
        if isinstance(at, str):
            at = local_time(at, self._calendar, self._now)
        self._now = aware(at, "at")

    def advance(self, length: str = "", *, days: int = 0, hours: int = 0, minutes: int = 0) -> None:
        """Let time pass.

        Args:
            length: A duration, for example ``P14D``. Working days are Monday to Friday here, as
                this clock knows no public holidays.
            days: Days by the local calendar, also when the clocks change.
            hours: Hours by the clock.
            minutes: Minutes by the clock.

        Raises:
            InvalidForm: ``length`` is no duration.
        """
        try:
            more = Duration.parse(length) if length else Duration()
        except ValueError as error:
            raise InvalidForm([Problem("length", str(error))]) from None
        total = attrs.evolve(
            more, days=more.days + days, minutes=more.minutes + 60 * hours + minutes
        )
        with self._lock:
            self._now = self._calendar.after(self._now, total)


def local_time(
    text: str, calendar: Calendar, near: dt.datetime, *, back: bool = False
) -> dt.datetime:
    """A municipality's local time, written for people.

    Args:
        text: ``2026-03-02 10:00``, ``monday 2026-03-02 10:00`` (the day is checked),
            ``monday 10:00`` or ``10:00``; the days of the week in English or Swedish.
        calendar: Whose local time.
        near: What a weekday or an hour without a date is counted from.
        back: Whether to count backwards: the last Monday, not the next one.

    Raises:
        InvalidForm: It is no such text, or the date is not on that day of the week.

    >>> stockholm = Calendar("Europe/Stockholm")
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> local_time("onsdag 09.30", stockholm, now).isoformat()
    '2026-03-04T09:30:00+01:00'
    >>> local_time("friday 09:30", stockholm, now, back=True).isoformat()
    '2026-02-27T09:30:00+01:00'
    """
    found = _LOCAL.fullmatch(text.strip())
    if found is None:
        raise InvalidForm([Problem("", f"is no local time; {_FORMS}")])
    weekday = _weekday(found["day"].lower()) if found["day"] else None
    try:
        hour = dt.time.fromisoformat(found["time"].replace(".", ":"))
        day = dt.date.fromisoformat(found["date"]) if found["date"] else None
    except ValueError:
        raise InvalidForm([Problem("", f"is no local time; {_FORMS}")]) from None
    if day is not None:
        if weekday is not None and day.weekday() != weekday:
            raise InvalidForm([Problem("", f"is wrong: {day} is a {DAYS[day.weekday()]}")])
        return dt.datetime.combine(day, hour, calendar.zone)
    day = calendar.local(near).date()
    step = dt.timedelta(days=-1 if back else 1)
    while True:
        at = dt.datetime.combine(day, hour, calendar.zone)
        fits = weekday is None or day.weekday() == weekday
        if fits and (at <= near if back else at >= near):
            return at
        day += step


def _weekday(name: str) -> int:
    for names in (DAYS, _SWEDISH):
        if name in names:
            return names.index(name)
    raise InvalidForm([Problem("", f"names no day of the week; {_FORMS}")])
