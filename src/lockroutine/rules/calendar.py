"""Local time, working days and durations, as a municipality counts them."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Container
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

__all__ = ["DAYS", "WORKING_DAYS", "Calendar", "Duration", "Hours"]

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORKING_DAYS = DAYS[:5]
"""The working days of a municipality that says nothing else."""

_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?")
_WORKING = re.compile(r"(\d{1,4}) working days?")
_HOURS = re.compile(r"([01]\d|2[0-3])[:.]([0-5]\d)-([01]\d|2[0-3])[:.]([0-5]\d)")


@frozen
class Duration:
    """A length of time: days by the calendar, working days, and minutes by the clock.

    A day is a calendar day in local time, also when the clocks change. A working day is one of
    the municipality's `working_days` that is no public holiday.

    >>> Duration.parse("P14D"), Duration.parse("10 working days").working_days
    (Duration(days=14, minutes=0, working_days=0), 10)
    """

    days: int = 0
    minutes: int = 0
    working_days: int = 0

    @classmethod
    @functools.cache
    def parse(cls, text: str) -> Duration:
        """Read a number of working days, or an ISO 8601 duration of weeks, days, hours and minutes.

        Raises:
            ValueError: It is neither.
        """
        working = _WORKING.fullmatch(text)
        if working:
            return cls(working_days=int(working.group(1)))
        found = _DURATION.fullmatch(text)
        if not found or text in ("P", "PT") or text.endswith("T"):
            raise ValueError("is not a duration; write it like P14D, P2W, PT4H or 10 working days")
        weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
        return cls(weeks * 7 + days, hours * 60 + minutes)


@frozen
class Hours:
    """Opening hours of a day in local time.

    >>> Hours.parse("08:00-16:00").opens
    datetime.time(8, 0)
    """

    opens: dt.time
    closes: dt.time

    @classmethod
    @functools.cache
    def parse(cls, text: str) -> Hours:
        """Read hours written like ``08:00-16:00``.

        Raises:
            ValueError: They are not, or they end before they begin.
        """
        found = _HOURS.fullmatch(text)
        if not found:
            raise ValueError("are not hours; write them like 08:00-16:00")
        first, second, third, fourth = map(int, found.groups())
        made = cls(dt.time(first, second), dt.time(third, fourth))
        if made.opens >= made.closes:
            raise ValueError("end before they begin")
        return made


@frozen
class Calendar:
    """A municipality's local time, working days and public holidays.

    Args:
        time_zone: An IANA name, for example ``Europe/Stockholm``.
        holidays: The country whose public holidays count, by its ISO code; empty for none.
        working_days: The days of the week on which people work, by their English names.
    """

    time_zone: str
    holidays: str = ""
    working_days: tuple[str, ...] = WORKING_DAYS

    @property
    def zone(self) -> ZoneInfo:
        """The time zone.

        Raises:
            ValueError: There is none of that name.
        """
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is not a known time zone; write it like Europe/Stockholm") from None

    def local(self, at: dt.datetime) -> dt.datetime:
        """A time as the clocks of the municipality show it."""
        return at.astimezone(self.zone)

    def after(self, at: dt.datetime, length: Duration, sign: int = 1) -> dt.datetime:
        """The time a duration after another (or before it, with ``sign=-1``), as UTC.

        Days keep the local time of day. Working days are counted from a working day: a start on
        another day counts from the next one (backwards, from the one before).

        >>> stockholm = Calendar("Europe/Stockholm")
        >>> eve = dt.datetime(2026, 3, 28, 8, 0, tzinfo=dt.timezone.utc)
        >>> stockholm.after(eve, Duration(days=1)).isoformat()
        '2026-03-29T07:00:00+00:00'
        >>> stockholm.after(eve, Duration(working_days=1)).isoformat()  # a Saturday
        '2026-03-31T07:00:00+00:00'
        """
        exact = at.astimezone(dt.UTC)
        if length.days or length.working_days:
            here = self.local(at)
            day = here.date() + dt.timedelta(days=sign * length.days)
            if length.working_days:
                day = self._working_day(day, length.working_days, sign)
            exact = dt.datetime.combine(day, here.timetz()).astimezone(dt.UTC)
        return exact + dt.timedelta(minutes=sign * length.minutes)

    def _working_day(self, day: dt.date, number: int, sign: int) -> dt.date:
        """The working day so many on from a day, or from the nearest one ahead if it is none."""
        step = dt.timedelta(days=sign)
        while not self.is_working_day(day):
            day += step
        for _ in range(number):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def is_working_day(self, day: dt.date) -> bool:
        """Whether people work on a day: one of the working days, and no public holiday.

        >>> Calendar("Europe/Stockholm", "SE").is_working_day(dt.date(2026, 1, 6))
        False
        """
        return DAYS[day.weekday()] in self.working_days and not self.is_holiday(day)

    def is_holiday(self, day: dt.date) -> bool:
        """Whether a day is a public holiday.

        >>> Calendar("Europe/Stockholm", "SE").is_holiday(dt.date(2026, 1, 6))
        True
        """
        return bool(self.holidays) and day in _holidays(self.holidays)

    def is_open(
        self, at: dt.datetime, days: tuple[str, ...], hours: Hours, *, closed_on_holidays: bool
    ) -> bool:
        """Whether a time falls on one of the days, within the hours (the end included)."""
        local = self.local(at)
        if DAYS[local.weekday()] not in days or not hours.opens <= local.time() <= hours.closes:
            return False
        return not (closed_on_holidays and self.is_holiday(local.date()))


@functools.cache
def _holidays(country: str) -> Container[dt.date]:
    import holidays  # takes 200 ms, and most decisions need none  # noqa: PLC0415

    return holidays.country_holidays(country)
