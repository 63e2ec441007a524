"""Local time, public holidays, hours and durations, as a municipality counts them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockroutine import InvalidForm, NotFound
from lockroutine.rules.calendar import DAYS, Calendar, Duration, Hours
from smallpack import KIM, MONDAY, NOBODY, ROUTINE

SWEDEN = Calendar("Europe/Stockholm", "SE")
OFFICE = Hours.parse("08:00-16:00")


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SWEDEN.zone)


def is_open(at: dt.datetime, calendar: Calendar = SWEDEN, *, closed: bool = True) -> bool:
    return calendar.is_open(at, DAYS[:5], OFFICE, closed_on_holidays=closed)


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("2026-03-02T07:59:59", False),
        ("2026-03-02T08:00:00", True),
        ("2026-03-02T16:00:00", True),
        ("2026-03-02T16:00:01", False),
        ("2026-03-07T10:00:00", False),  # a Saturday
        ("2026-01-06T10:00:00", False),  # Epiphany, a Tuesday
        ("2026-01-07T10:00:00", True),
        ("2026-06-19T10:00:00", True),  # Midsummer Eve is no public holiday by law
        ("2026-12-24T10:00:00", True),  # nor is Christmas Eve
        ("2026-05-01T10:00:00", False),
        ("2026-03-30T08:00:00", True),  # the first Monday of summer time
        ("2026-10-26T08:00:00", True),  # the first Monday of winter time
    ],
)
def test_open_hours(text: str, open_: bool) -> None:
    """Hours hold on their days in local time, both ends included, and on no public holiday."""
    assert is_open(local(text)) is open_


def test_hours_in_summer_and_winter() -> None:
    """Eight in the morning is another moment in summer than in winter."""
    assert is_open(dt.datetime(2026, 3, 27, 7, 0, tzinfo=dt.UTC))
    assert not is_open(dt.datetime(2026, 3, 27, 6, 30, tzinfo=dt.UTC))
    assert is_open(dt.datetime(2026, 3, 30, 6, 30, tzinfo=dt.UTC))
    assert not is_open(dt.datetime(2026, 3, 30, 14, 30, tzinfo=dt.UTC))


def test_where_no_holidays_count() -> None:
    """A pack may leave holidays out, and a rule may disregard them."""
    epiphany = local("2026-01-06T10:00:00")
    assert is_open(epiphany, closed=False)
    assert is_open(epiphany, Calendar("Europe/Stockholm"))
    assert not Calendar("Europe/Stockholm").is_holiday(dt.date(2026, 1, 6))


def test_sundays_are_no_holidays_of_their_own() -> None:
    """An ordinary Sunday is a day of the week, not a public holiday."""
    assert not SWEDEN.is_holiday(dt.date(2026, 3, 1))


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-03-28T09:00:00", Duration(days=1), "2026-03-29T09:00:00"),  # a day of 23 hours
        ("2026-10-24T09:00:00", Duration(days=1), "2026-10-25T09:00:00"),  # a day of 25 hours
        ("2026-03-28T09:00:00", Duration(minutes=24 * 60), "2026-03-29T10:00:00"),
        ("2026-10-24T09:00:00", Duration(minutes=24 * 60), "2026-10-25T08:00:00"),
        ("2026-02-27T09:00:00", Duration(days=2, minutes=30), "2026-03-01T09:30:00"),
    ],
)
def test_days_and_minutes(start: str, length: Duration, end: str) -> None:
    """A day is a day of the calendar, an hour one of the clock, also when the clocks change."""
    assert SWEDEN.after(local(start), length) == local(end)


def test_a_time_that_does_not_exist() -> None:
    """A day later at half past two, when there is no half past two, is the moment it would be."""
    after = SWEDEN.after(local("2026-03-28T02:30:00"), Duration(days=1))
    assert after == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


def test_minutes_in_the_hour_that_comes_twice() -> None:
    """In the hour that the clocks show twice, minutes are counted from the moment that it is."""
    second = dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)  # 02:30 for the second time
    assert SWEDEN.after(second, Duration(minutes=30)) == second + dt.timedelta(minutes=30)
    assert SWEDEN.after(second, Duration(days=1)) == local("2026-10-26T02:30:00")


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-02T09:00:00", 1, "2026-03-03T09:00:00"),
        ("2026-03-02T09:00:00", 5, "2026-03-09T09:00:00"),  # over a weekend
        ("2026-03-06T09:00:00", 1, "2026-03-09T09:00:00"),
        ("2026-03-07T09:00:00", 1, "2026-03-10T09:00:00"),  # a Saturday counts from Monday
        ("2026-03-08T23:59:00", 1, "2026-03-10T23:59:00"),
        ("2026-03-27T09:00:00", 1, "2026-03-30T09:00:00"),  # into summer time
        ("2026-10-23T09:00:00", 1, "2026-10-26T09:00:00"),  # and out of it
        ("2026-04-02T09:00:00", 1, "2026-04-07T09:00:00"),  # Easter, Good Friday to Monday
        ("2026-04-03T09:00:00", 1, "2026-04-08T09:00:00"),  # from Good Friday: from Tuesday
        ("2026-12-30T09:00:00", 2, "2027-01-04T09:00:00"),  # New Year's Day is a Friday
        ("2026-12-23T09:00:00", 1, "2026-12-24T09:00:00"),  # Christmas Eve is none by law
        ("2026-03-02T09:00:00", 0, "2026-03-02T09:00:00"),
    ],
)
def test_working_days(start: str, days: int, end: str) -> None:
    """Working days are counted by the municipality's calendar, and keep the local time of day."""
    assert SWEDEN.after(local(start), Duration(working_days=days)) == local(end)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-09T09:00:00", 1, "2026-03-06T09:00:00"),
        ("2026-03-08T09:00:00", 1, "2026-03-05T09:00:00"),  # a Sunday counts from Friday
        ("2026-03-30T09:00:00", 1, "2026-03-27T09:00:00"),
        ("2027-01-04T09:00:00", 2, "2026-12-30T09:00:00"),
    ],
)
def test_working_days_before(start: str, days: int, end: str) -> None:
    """Backwards they are counted likewise, from the working day before."""
    assert SWEDEN.after(local(start), Duration(working_days=days), -1) == local(end)


def test_other_working_days() -> None:
    """A municipality says which days are its working days, and whose holidays it keeps."""
    four = Calendar("Europe/Stockholm", "", DAYS[:4])
    assert four.after(local("2026-04-02T09:00:00"), Duration(working_days=1)) == local(
        "2026-04-06T09:00:00"
    )
    sundays = Calendar("Europe/Stockholm", "", ("sunday",))
    assert sundays.after(local("2026-03-22T02:30:00"), Duration(working_days=1)) == dt.datetime(
        2026, 3, 29, 1, 30, tzinfo=dt.UTC
    )


MOMENTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2060, 1, 1))  # noqa: DTZ001
WEEKS = st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple)


@given(MOMENTS, st.integers(1, 300), st.sampled_from((1, -1)), st.sampled_from(("SE", "")), WEEKS)
def test_what_working_days_promise(
    naive: dt.datetime, number: int, sign: int, holidays: str, week: tuple[str, ...]
) -> None:
    """The n-th working day is a working day, with n of them passed on the way, at the same hour."""
    calendar = Calendar("Europe/Stockholm", holidays, week)
    start = naive.replace(tzinfo=dt.UTC)
    end = calendar.after(start, Duration(working_days=number), sign)
    here, there = calendar.local(start), calendar.local(end)
    assert calendar.is_working_day(there.date())
    between = [
        here.date() + dt.timedelta(days=sign * day)
        for day in range(abs((there.date() - here.date()).days) + 1)
    ]
    # One more where the start is itself none: it counts from the first that comes.
    assert sum(map(calendar.is_working_day, between)) == number + 1
    if here.hour not in (2, 3):
        assert there.time() == here.time()


@given(MOMENTS, st.integers(1, 100), st.integers(1, 100))
def test_working_days_add_up(naive: dt.datetime, one: int, more: int) -> None:
    """So many working days and then some more are all of them at once, and back again."""
    start = SWEDEN.local(naive.replace(tzinfo=dt.UTC)).replace(hour=12, fold=0)
    first = SWEDEN.after(start, Duration(working_days=one))
    both = SWEDEN.after(first, Duration(working_days=more))
    assert both == SWEDEN.after(start, Duration(working_days=one + more))
    assert SWEDEN.after(both, Duration(working_days=more), -1) == first
    later = start + dt.timedelta(hours=7)
    assert SWEDEN.after(later, Duration(working_days=one)) > first


@given(
    st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(0, 4000),
)
def test_days_keep_the_local_hour(naive: dt.datetime, days: int) -> None:
    """Some days on, the clocks of the municipality show the same hour, but in the lost one."""
    start = naive.replace(tzinfo=dt.UTC)
    before = SWEDEN.local(start)
    after = SWEDEN.local(SWEDEN.after(start, Duration(days=days)))
    if before.hour not in (2, 3):
        assert after.replace(tzinfo=None) == before.replace(tzinfo=None) + dt.timedelta(days=days)
    assert SWEDEN.after(start, Duration(minutes=days), -1) == start - dt.timedelta(minutes=days)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P14D", Duration(14)),
        ("P2W", Duration(14)),
        ("P1W1DT1H1M", Duration(8, 61)),
        ("PT4H", Duration(0, 240)),
        ("PT0M", Duration()),
        ("P0D", Duration()),
        ("1 working day", Duration(0, 0, 1)),
        ("10 working days", Duration(0, 0, 10)),
    ],
)
def test_durations(text: str, expected: Duration) -> None:
    """Weeks, days, hours and minutes are read."""
    assert Duration.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1DT", "P1M", "P1Y", "1D", "P-1D", "P1.5D", "p1d"),
        *("working days", "ten working days", "10 days", "10 workingdays", "-1 working days"),
        *("10 arbetsdagar", "10  working days", "10 working days "),
    ],
)
def test_no_durations(text: str) -> None:
    """What is no duration is refused with examples of some."""
    with pytest.raises(
        ValueError, match=r"^is not a duration; write it like P14D, P2W, PT4H or 10 working days$"
    ):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["", "8-16", "08:00", "24:00-25:00", "08:60-09:00", "08:00–16:00"])
def test_no_hours(text: str) -> None:
    """What is no pair of times is refused with an example of one."""
    with pytest.raises(ValueError, match=r"^are not hours; write them like 08:00-16:00$"):
        Hours.parse(text)


@pytest.mark.parametrize("text", ["16:00-08:00", "08:00-08:00"])
def test_hours_that_end_first(text: str) -> None:
    """Hours that end before they begin are refused."""
    with pytest.raises(ValueError, match=r"^end before they begin$"):
        Hours.parse(text)


def test_hours_with_dots() -> None:
    """Hours may be written the Swedish way."""
    assert Hours.parse("08.00-16.00") == OFFICE


@pytest.mark.parametrize(
    "name", ["Europe/Soderkoping", "", "../etc/passwd", "/etc/passwd", "a\x00"]
)
def test_no_time_zone(name: str) -> None:
    """A time zone that is none is refused with an example of one."""
    with pytest.raises(ValueError, match=r"^is not a known time zone; write it like Europe"):
        _ = Calendar(name).zone


# -- what the routine shows of it -----------------------------------------------------------------


def test_support_hours() -> None:
    """Whether a support answers is told for any moment, holidays and all."""
    assert ROUTINE.support_is_open("support", MONDAY)
    assert not ROUTINE.support_is_open("support", MONDAY + dt.timedelta(hours=12))
    assert not ROUTINE.support_is_open("support", local("2026-01-06T10:00:00"))


def test_support_at_no_moment() -> None:
    """A naive time is refused here too."""
    with pytest.raises(InvalidForm, match=r"^at: has no time zone"):
        ROUTINE.support_is_open("support", dt.datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001


def test_no_such_support() -> None:
    """A support that the pack does not show is not found, nor is a thing that is no support."""
    with pytest.raises(NotFound) as error:
        ROUTINE.support_is_open("suport", MONDAY)
    assert str(error.value) == "There is no shown thing 'suport'. Did you mean 'support'?"
    with pytest.raises(NotFound) as error:
        ROUTINE.support_is_open("guide", MONDAY)
    assert str(error.value) == "There is no support 'guide'."


def test_what_is_shown() -> None:
    """Links, apps by role, and the label of roles are there to look up."""
    assert ROUTINE.links()["guide"].url == "https://example.org/guide"
    assert ROUTINE.apps(KIM) == ("lmo",)
    assert ROUTINE.apps(NOBODY) == ()
    assert ROUTINE.role_labels(["installer", "staff", "clock"]).sv == "Montör, Personal"
