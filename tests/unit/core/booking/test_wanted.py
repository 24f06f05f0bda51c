"""The arguments of `check_availability` as days and times."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.booking import sentences
from app.core.booking.hours import Hours
from app.core.booking.wanted import NotUnderstood, Wanted, read_wanted, spoken_hours

LA = ZoneInfo("America/Los_Angeles")
#: A Monday morning.
NOW = dt.datetime(2027, 3, 8, 8, tzinfo=LA)
HOURS = Hours.model_validate(
    dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "09:00-18:00")
)


def day(number: int, month: int = 3) -> dt.date:
    return dt.date(2027, month, number)


@pytest.mark.parametrize(
    ("hours", "opens", "closes"),
    [
        ({"monday": ["08:00-12:00", "13:00-17:00"], "friday": "09:00-19:00"}, "08:00", "19:00"),
        ({"monday": ["16:00-24:00", "00:00-04:00"]}, "16:00", "04:00"),
        ({"monday": "16:00-24:00"}, "16:00", "23:59"),
        ({"monday": "00:00-24:00"}, "07:00", "21:00"),
        ({}, "07:00", "21:00"),
    ],
)
def test_bare_hours_are_read_by_the_hours_kept(
    hours: dict[str, Any], opens: str, closes: str
) -> None:
    prefer = spoken_hours(Hours(**hours))
    assert (f"{prefer.opens:%H:%M}", f"{prefer.closes:%H:%M}") == (opens, closes)


@pytest.mark.parametrize(
    ("hours", "said", "read"),
    [
        ("08:00-17:00", "three", "15:00"),
        ("08:00-17:00", "at eight", "08:00"),
        ("16:00-23:00", "at eight", "20:00"),
        ("08:00-17:00", "3:00", "15:00"),
        ("08:00-17:00", "03:00", "03:00"),
        ("08:00-17:00", "eight in the evening", "20:00"),
    ],
)
def test_a_time_in_words_is_read_by_the_hours_kept(hours: str, said: str, read: str) -> None:
    wish = read_wanted({"time": said}, NOW, Hours.model_validate({"monday": hours}))
    assert isinstance(wish, Wanted)
    assert wish.time == dt.time.fromisoformat(read)


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        ("2027-03-09", day(9), day(9)),
        ("2027/3/9", day(9), day(9)),
        ("20270309", day(9), day(9)),
        ("9.3.2027", day(9), day(9)),
        ("2027-03", day(1), day(31)),
        ("2027-03-09 to 2027-03-11", day(9), day(11)),
        ("2027-03-09..2027-03-11", day(9), day(11)),
        ("Mar 9-11", day(9), day(11)),
        ("9 to 11 March", day(9), day(11)),
        ("Tue-Thu", day(9), day(11)),
        ("next week", day(15), day(19)),
        ("this weekend", day(13), day(14)),
        ("next week on Tuesday or Wednesday", day(16), day(17)),
        ("first available next week", day(15), day(19)),
        ("after March 10th", day(11), None),
        ("from March 10", day(10), None),
        ("before the 11th", None, day(10)),
        ("between now and Friday", None, day(12)),
        ("yesterday", day(7), day(7)),
        ("2027-03-09 (Tuesday)", day(9), day(9)),
        ("asap", None, None),
        ("N/A", None, None),
        ("  ", None, None),
        (None, None, None),
    ],
)
def test_days(date: str | None, first: dt.date | None, last: dt.date | None) -> None:
    wish = read_wanted({"date": date}, NOW, HOURS)
    assert isinstance(wish, Wanted)
    assert (wish.first, wish.last) == (first, last)


@pytest.mark.parametrize(
    ("time", "start", "end"),
    [
        ("14:00", "14:00", "14:00"),
        ("T14:00:00Z", "14:00", "14:00"),
        ("3 p.m.", "15:00", "15:00"),
        ("2 o\u2019clock", "14:00", "14:00"),
        ("10", "10:00", "10:00"),
        ("1430", "14:30", "14:30"),
        ("3 PM PST", "15:00", "15:00"),
        ("13:00-15:00", "13:00", "15:00"),
        ("9 to 11 am", "09:00", "11:00"),
        ("after 3", "15:00", None),
        (">= 15:00", "15:00", None),
        ("15:00+", "15:00", None),
        ("from 3 pm", "15:00", None),
        ("latest 5 pm", None, "17:00"),
        ("after 3 but before 5", "15:00", "17:00"),
        ("morning or afternoon", "06:00", "17:00"),
        ("any", None, None),
    ],
)
def test_times(time: str, start: str | None, end: str | None) -> None:
    wish = read_wanted({"time": time}, NOW, HOURS)
    assert isinstance(wish, Wanted)
    found = [value and f"{value:%H:%M}" for value in (wish.not_before, wish.not_after)]
    assert found == [start, end]


@pytest.mark.parametrize(
    ("arguments", "argument", "why"),
    [
        ({"date": "2027-02-29"}, "date", "no_such_day"),
        ({"date": "November 31st"}, "date", "no_such_day"),
        ({"date": "every Tuesday"}, "date", "recurring"),
        ({"date": "Tuesday, March 10"}, "date", "weekday_mismatch"),
        ({"date": "Monday 2027-03-09"}, "date", "weekday_mismatch"),
        ({"date": "any day but Monday"}, "date", ""),
        ({"date": "ma\u00f1ana"}, "date", ""),
        ({"date": "{{date}}"}, "date", ""),
        ({"date": "12"}, "date", ""),
        ({"date": "this week or next"}, "date", ""),
        ({"date": "Friday at 3 or 4"}, "date", "several"),
        ({"date": 5}, "date", "type"),
        ({"date": ["Tuesday"]}, "date", "type"),
        ({"time": "25:00"}, "time", ""),
        ({"time": "13 pm"}, "time", ""),
        ({"time": "-1"}, "time", ""),
        ({"time": "10:00:00:00"}, "time", ""),
        ({"time": "3 pm Eastern"}, "time", "zone"),
        ({"time": "14:00", "part_of_day": "morning"}, "time", "contradiction"),
        ({"date": "2027-03-09", "time": "tomorrow week at ten"}, "time", "contradiction"),
        ({"part_of_day": "brunch"}, "part_of_day", ""),
        ({"start_date": "2027-03-09"}, "start_date", "unknown"),
        ({"date": "Tuesday " * 100}, "date", ""),
    ],
)
def test_what_is_not_understood_is_said_so(
    arguments: dict[str, Any], argument: str, why: str
) -> None:
    found = read_wanted(arguments, NOW, HOURS)
    assert found == NotUnderstood(argument, why)
    assert sentences.unclear(found).endswith("?")


def test_the_part_of_the_day_settles_the_hour() -> None:
    wish = read_wanted({"time": "8", "part_of_day": "evening"}, NOW, HOURS)
    assert isinstance(wish, Wanted)
    assert (wish.time, wish.part) == (dt.time(20), "evening")


def test_single_days_leave_out_those_between() -> None:
    wish = read_wanted({"date": "Tuesday or Friday"}, NOW, HOURS)
    assert isinstance(wish, Wanted)
    assert [number for number in range(8, 15) if wish.has_day(day(number))] == [9, 12]


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["date", "time", "part_of_day", "service", "when"]),
        st.one_of(
            st.none(), st.text(max_size=40), st.integers(), st.booleans(), st.lists(st.text())
        ),
    )
)
def test_nothing_raises_and_no_word_is_lost(arguments: dict[str, Any]) -> None:
    wish = read_wanted(arguments, NOW, HOURS)
    if wish == Wanted():
        for name in ("date", "time", "part_of_day"):
            assert not any(char.isdigit() for char in str(arguments.get(name) or ""))
