"""Spoken dates and times: own sentences, and what must hold for any text."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.language.settings import TimePreferences
from app.core.language.time.expressions import Spoken, resolve
from app.core.language.time.holidays import easter, nth_weekday

ZONE = ZoneInfo("America/Los_Angeles")
NOW = dt.datetime(2026, 11, 18, 10, 0, tzinfo=ZONE)  # a Wednesday


def day(month: int, number: int, year: int = 2026) -> dt.date:
    return dt.date(year, month, number)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("today", day(11, 18)),
        ("tomorrow would be great", day(11, 19)),
        ("the day after tomorrow", day(11, 20)),
        ("this Friday", day(11, 20)),
        ("on Monday", day(11, 23)),
        ("a week from Friday", day(11, 27)),
        ("Friday week", day(11, 27)),
        ("Thursday next week", day(11, 26)),
        ("next week on Thursday", day(11, 26)),
        ("the Monday after next", day(11, 30)),
        ("two weeks from tomorrow", day(12, 3)),
        ("in ten days", day(11, 28)),
        ("in a fortnight", day(12, 2)),
        ("the 4th", day(12, 4)),
        ("the twenty fourth", day(11, 24)),
        ("on the 30th of this month", day(11, 30)),
        ("the 3rd of next month", day(12, 3)),
        ("December third", day(12, 3)),
        ("the 2nd of January", day(1, 2, 2027)),
        ("Jan 5 2028", day(1, 5, 2028)),
        ("Tuesday the 24th", day(11, 24)),
        ("Tuesday, November 24th", day(11, 24)),
        ("12/24", day(12, 24)),
        ("2026-12-01", day(12, 1)),
        ("the first Monday in December", day(12, 7)),
        ("the last Friday of November", day(11, 27)),
        ("Thanksgiving", day(11, 26)),
        ("the day before Christmas", day(12, 24)),
        ("three days after new year's day", day(1, 4, 2027)),
        ("Feb 29", day(2, 29, 2028)),
        ("the first of the month", day(12, 1)),
        ("the first Friday of the month", day(12, 4)),
    ],
)
def test_days(text: str, date: dt.date) -> None:
    spoken = resolve(text, NOW)
    assert (spoken.date, spoken.time) == (date, None)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("half past three", "15:30"),
        ("half past three in the morning", "03:30"),
        ("at quarter to five", "16:45"),
        ("a quarter past nine", "09:15"),
        ("5 to 18", "17:55"),
        ("twenty five past seven pm", "19:25"),
        ("three thirty", "15:30"),
        ("eleven oh five", "11:05"),
        ("4 30 in the night", "04:30"),
        ("evening 6:15", "18:15"),
        ("8 in the evening", "20:00"),
        ("half ten", "10:30"),
        ("15h45", "15:45"),
        ("fifteen hundred hours", "15:00"),
        ("930 am", "09:30"),
        ("around noon", "12:00"),
        ("2ish", "14:00"),
        ("10 o'clock sharp", "10:00"),
        ("3 p. m.", "15:00"),
        ("midnight", "00:00"),
        ("how about one?", "13:00"),
        ("12 15", "12:15"),
    ],
)
def test_times(text: str, time: str) -> None:
    spoken = resolve(text, NOW)
    assert (spoken.date, spoken.time) == (None, dt.time.fromisoformat(time))


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("next Tuesday at half past three", day(11, 24), "15:30"),
        ("the 4th around noon", day(12, 4), "12:00"),
        ("tomorrow morning at nine", day(11, 19), "09:00"),
        ("9 tomorrow morning", day(11, 19), "09:00"),
        ("at 5 on Friday", day(11, 20), "17:00"),
        ("Friday the 20th four pm", day(11, 20), "16:00"),
        ("book a table for 4 at 7 30 pm on Saturday", day(11, 21), "19:30"),
        ("in 45 minutes", day(11, 18), "10:45"),
        ("in an hour and a half", day(11, 18), "11:30"),
        ("tonight at 8", day(11, 18), "20:00"),
        ("today at nine", day(11, 18), "21:00"),  # nine in the morning is over
    ],
)
def test_days_with_times(text: str, date: dt.date, time: str) -> None:
    spoken = resolve(text, NOW)
    assert (spoken.date, spoken.time) == (date, dt.time.fromisoformat(time))


@pytest.mark.parametrize(
    ("text", "start", "end", "name"),
    [
        ("between 2 and 4", "14:00", "16:00", None),
        ("between 11 and 1", "11:00", "13:00", None),
        ("from nine to half past ten", "09:00", "10:30", None),
        ("2 to 4 pm", "14:00", "16:00", None),
        ("after five", "17:00", None, None),
        ("before 10 am", None, "10:00", None),
        ("no later than 6 pm", None, "18:00", None),
        ("not before ten", "10:00", None, None),
        ("not until two", "14:00", None, None),
        ("not after five", None, "17:00", None),
        ("3 or later", "15:00", None, None),
        ("after lunch", "13:00", None, None),
        ("in the afternoon", "12:00", "17:00", "afternoon"),
        ("late afternoon", "15:00", "18:00", "late afternoon"),
        ("first thing in the morning", "06:00", "09:00", "early morning"),
    ],
)
def test_windows(text: str, start: str | None, end: str | None, name: str | None) -> None:
    window = resolve(text, NOW).window
    assert window is not None
    ends = [time and f"{time:%H:%M}" for time in (window.start, window.end)]
    assert (*ends, window.name) == (start, end, name)


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("elevenish on Friday", day(11, 20), "11:00"),
        ("around ten-ish on Friday", day(11, 20), "10:00"),
        ("it is at three on Tuesday, can I move it to four", day(11, 24), "16:00"),
        ("my birthday is March third, and Friday at ten please", day(11, 20), "10:00"),
        ("March third is my birthday", None, None),
        ("I was born on the fourth of May", None, None),
        ("anything but Friday", None, None),
        ("any day other than Tuesday", None, None),
        ("change my party to four", None, None),
        ("a room for three or four people", None, None),
        ("the thirtieth of February", None, None),
    ],
)
def test_what_is_meant_and_what_is_not(text: str, date: dt.date | None, time: str | None) -> None:
    found = resolve(text, NOW)
    assert found.date == date
    assert (found.time and f"{found.time:%H:%M}") == time


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("next week", day(11, 23), day(11, 29)),
        ("this weekend", day(11, 21), day(11, 22)),
        ("some time in December", day(12, 1), day(12, 31)),
        ("from the 23rd to the 25th", day(11, 23), day(11, 25)),
        ("the week of the 30th", day(11, 30), day(12, 6)),
        ("Monday through Wednesday", day(11, 23), day(11, 25)),
        ("mid December", day(12, 11), day(12, 21)),
    ],
)
def test_spans_of_days(text: str, first: dt.date, last: dt.date) -> None:
    spoken = resolve(text, NOW)
    assert (spoken.date, spoken.dates) == (None, (first, last))


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("Tuesday, no wait, Thursday", day(11, 19), None),
        ("at 3, sorry, 3 30", None, "15:30"),
        ("not Monday but Friday", day(11, 20), None),
        ("Friday, not Monday", day(11, 20), None),
        ("tomorrow at 3, actually make that Friday", day(11, 20), "15:00"),
        ("I can't do Monday, Tuesday is better", day(11, 24), None),
        ("Monday doesn't work, how about Friday at ten", day(11, 20), "10:00"),
        ("move it from Tuesday to Thursday", day(11, 19), None),
        ("change my 3 pm to 4 pm", None, "16:00"),
        ("Thursday instead of Friday", day(11, 19), None),
        ("the 20th, er, the 21st, no, the 23rd", day(11, 23), None),
        ("no, Friday at two", day(11, 20), "14:00"),
    ],
)
def test_the_last_value_wins(text: str, date: dt.date | None, time: str | None) -> None:
    spoken = resolve(text, NOW)
    assert spoken.date == date
    assert spoken.time == (dt.time.fromisoformat(time) if time else None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Tuesday or Thursday", "several"),
        ("at 3 or 4", "several"),
        ("three or three thirty tomorrow", "several"),
        ("the 31st of November", "no_such_day"),
        ("Saturday, November 20th", "weekday_mismatch"),
        ("3/4", "day_or_month"),
        ("at seven", "am_pm"),
        ("yesterday", "past"),
        ("November 3rd 2026", "past"),
        ("today at 9 am", "past"),
        ("3 pm Eastern", "zone"),
        ("July 4th 2031", "far"),
    ],
)
def test_ambiguity_is_reported(text: str, reason: str) -> None:
    assert reason in resolve(text, NOW).ambiguous


@pytest.mark.parametrize("text", ["Tuesday or Thursday", "at 3 or 4", "today at 9 am", "yesterday"])
def test_what_is_not_known_is_not_guessed(text: str) -> None:
    spoken = resolve(text, NOW)
    assert spoken.date is None or spoken.time is None


def test_assumptions_are_told_and_have_alternatives() -> None:
    spoken = resolve("next Friday at three", NOW)
    assert (spoken.date, spoken.ambiguous) == (day(11, 27), ())
    assert set(spoken.assumed) == {"next_weekday", "am_pm"}
    assert (day(11, 20), None) in spoken.alternatives
    coming = resolve("next Friday", NOW, prefer=TimePreferences(next_weekday="coming"))
    assert coming.date == day(11, 20)


def test_the_hours_of_a_business_settle_the_half_of_the_day() -> None:
    bar = TimePreferences(opens=dt.time(16), closes=dt.time(4))
    assert resolve("at seven", NOW, prefer=bar).time == dt.time(19)
    office = TimePreferences(opens=dt.time(8), closes=dt.time(17))
    assert resolve("at eight", NOW, prefer=office).ambiguous == ()
    assert resolve("3/4", NOW, prefer=TimePreferences(day_first=True)).date == day(4, 3, 2027)


@pytest.mark.parametrize(
    "text",
    [
        "my number is 415 555 0132",
        "I'll take the second one",
        "I may march over there",
        "a room for two people and three kids",
        "it is for one",
        "200 South 3rd Street",
        "good morning",
        "I was there last Friday",
        "",
        "...",
    ],
)
def test_other_numbers_are_no_times(text: str) -> None:
    spoken = resolve(text, NOW)
    assert (spoken.date, spoken.time) == (None, None)


def test_a_time_alone_has_a_next_occurrence() -> None:
    assert resolve("at 3 pm", NOW).moment(NOW) == NOW.replace(hour=15)
    assert resolve("at 9 am", NOW).moment(NOW) == NOW.replace(day=19, hour=9)
    assert Spoken().moment(NOW) is None
    assert not Spoken()


def test_the_calendar_itself() -> None:
    assert [easter(year) for year in (2024, 2025, 2026)] == [
        dt.date(2024, 3, 31),
        dt.date(2025, 4, 20),
        dt.date(2026, 4, 5),
    ]
    assert nth_weekday(2026, 2, 0, 5) is None


WORDS = (
    "next this last the a an week day month year monday tuesday friday fri sun may march of in at "
    "on from to past quarter half noon midnight tomorrow tonight yesterday morning evening night "
    "am pm first second third twenty thirty one two five ten twelve 3 15 31 2027 3:30 99:99 24:00 "
    "12/31 2-4 2030-02-30 not but no sorry wait between and after before until or weekend ago "
    "christmas minutes hours days weeks years couple few end beginning coming following 1st 22nd "
    "0 00 - , ."
).split()
MOMENTS = st.datetimes(min_value=dt.datetime(1990, 1, 1), max_value=dt.datetime(2090, 12, 31)).map(
    lambda moment: moment.replace(tzinfo=ZONE)
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), MOMENTS)
def test_never_the_past(text: str, now: dt.datetime) -> None:
    spoken = resolve(text, now)
    if spoken.date is not None:
        assert spoken.date >= now.date()
        if spoken.time is not None and spoken.date == now.date():
            assert spoken.time >= now.time().replace(second=0, microsecond=0)
    if spoken.dates is not None:
        assert now.date() <= spoken.dates[1]
        assert spoken.dates[0] <= spoken.dates[1]
    for date, _ in spoken.alternatives:
        assert date is None or date >= now.date() - dt.timedelta(days=7)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    resolve(text, NOW)


@pytest.mark.parametrize(
    "part",
    ["a week from ", "the day after ", "3 days before ", "half past ", "no, ", "the first of "],
)
def test_long_nonsense_is_read_in_bounded_depth(part: str) -> None:
    assert not resolve(part * 300 + "x", NOW).time


VALUES = st.tuples(st.integers(7, 18), st.sampled_from((0, 5, 15, 30, 45, 50)))
CUES = ("no", "no wait", "sorry", "actually", "I mean", "or rather", "make that", "uh", "oops no")


def spelled(value: tuple[int, int]) -> str:
    hour, minute = value
    return f"{(hour - 1) % 12 + 1}:{minute:02} {'pm' if hour >= 12 else 'am'}"


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, min_size=2, max_size=3), st.data())
def test_corrected_times(values: list[tuple[int, int]], data: st.DataObject) -> None:
    text = spelled(values[0])
    for value in values[1:]:
        gap = data.draw(st.sampled_from((" ", ", ", "... ", " - ")))
        text += f"{gap}{data.draw(st.sampled_from(CUES))} {spelled(value)}"
    assert resolve("can you do " + text, NOW).time == dt.time(*values[-1])


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 28), st.integers(1, 28), st.sampled_from(CUES), st.booleans())
def test_corrected_dates(first: int, second: int, cue: str, contrast: bool) -> None:
    months = "March", "June"
    text = f"{months[0]} {first}, {cue}, {months[1]} {second}"
    if contrast:
        text = f"not {months[0]} {first} but {months[1]} {second}"
    assert resolve("I'd like " + text, NOW).date == day(6, second, 2027)
