"""Bounds, old and new values, days that cannot be used, and where all of it was said."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.language.intent.entities import extract
from app.core.language.time.bounds import OPPOSITE, Bound
from app.core.language.time.corrections import Role
from app.core.language.time.expressions import TimeMention, resolve

ZONE = ZoneInfo("America/Los_Angeles")
NOW = dt.datetime(2026, 11, 18, 10, 0, tzinfo=ZONE)  # a Wednesday


def day(month: int, number: int, year: int = 2026) -> dt.date:
    return dt.date(year, month, number)


def only(text: str) -> TimeMention:
    (mention,) = resolve(text, NOW).mentions
    return mention


@pytest.mark.parametrize(
    ("text", "bound", "earliest", "latest"),
    [
        ("after December 10th", Bound.AFTER, day(12, 11), None),
        ("any time after the 10th", Bound.AFTER, day(12, 11), None),
        ("later than Friday", Bound.AFTER, day(11, 21), None),
        ("after next week", Bound.AFTER, day(11, 30), None),
        ("any day after tomorrow", Bound.AFTER, day(11, 20), None),
        ("not before Friday", Bound.NOT_BEFORE, day(11, 20), None),
        ("I can't come before the 10th", Bound.NOT_BEFORE, day(12, 10), None),
        ("I'm away until Friday", Bound.NOT_BEFORE, day(11, 20), None),
        ("Friday at the earliest", Bound.NOT_BEFORE, day(11, 20), None),
        ("the earliest I can do is Friday", Bound.NOT_BEFORE, day(11, 20), None),
        ("Friday or later", Bound.NOT_BEFORE, day(11, 20), None),
        ("from Monday on", Bound.NOT_BEFORE, day(11, 23), None),
        ("some time before the 11th", Bound.BEFORE, None, day(12, 10)),
        ("before Christmas", Bound.BEFORE, None, day(12, 24)),
        ("earlier than next Monday", Bound.BEFORE, None, day(11, 22)),
        ("by Friday", Bound.BY, None, day(11, 20)),
        ("by Friday at five", Bound.BY, None, day(11, 20)),
        ("no later than Friday", Bound.BY, None, day(11, 20)),
        ("Friday at the latest", Bound.BY, None, day(11, 20)),
        ("nothing after Friday", Bound.BY, None, day(11, 20)),
        ("within two weeks", Bound.BY, None, day(12, 2)),
        ("I'm here until Friday", Bound.UNTIL, None, day(11, 20)),
    ],
)
def test_bounds_of_days(
    text: str, bound: Bound, earliest: dt.date | None, latest: dt.date | None
) -> None:
    spoken = resolve(text, NOW)
    assert (spoken.earliest, spoken.latest, spoken.date) == (earliest, latest, None)
    assert only(text).bound is bound
    assert spoken.moment(NOW) is None


@pytest.mark.parametrize(
    ("text", "bound", "start", "end"),
    [
        ("after three", Bound.AFTER, "15:00", None),
        ("later than 3", Bound.AFTER, "15:00", None),
        ("not before ten", Bound.NOT_BEFORE, "10:00", None),
        ("I can't do before ten", Bound.NOT_BEFORE, "10:00", None),
        ("I work until 5", Bound.NOT_BEFORE, "17:00", None),
        ("at three at the earliest", Bound.NOT_BEFORE, "15:00", None),
        ("before ten", Bound.BEFORE, None, "10:00"),
        ("by noon", Bound.BY, None, "12:00"),
        ("four at the latest", Bound.BY, None, "16:00"),
        ("I'm free until 3", Bound.UNTIL, None, "15:00"),
        ("between 2 and 4", Bound.BETWEEN, "14:00", "16:00"),
    ],
)
def test_bounds_of_the_clock(text: str, bound: Bound, start: str | None, end: str | None) -> None:
    mention = only(text)
    assert mention.bound is bound
    assert mention.window is not None
    times = [time and f"{time:%H:%M}" for time in (mention.window.start, mention.window.end)]
    assert times == [start, end]


def test_two_bounds() -> None:
    spoken = resolve("after the 10th but before the 20th", NOW)
    assert (spoken.earliest, spoken.latest) == (day(12, 11), day(12, 19))
    assert spoken.dates == (day(12, 11), day(12, 19))
    window = resolve("after two but before four", NOW).window
    assert window is not None
    assert (window.start, window.end) == (dt.time(14), dt.time(16))
    assert resolve("before today", NOW).unusable == "past"


def test_the_excluded_day_is_never_meant() -> None:
    spoken = resolve("after December 10th at ten", NOW)
    assert (spoken.earliest, spoken.time, spoken.date) == (day(12, 11), dt.time(10), None)
    spoken = resolve("before noon on Friday", NOW)
    assert (spoken.date, spoken.time) == (day(11, 20), None)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("move it from Tuesday at 3 to Thursday at 4", "11-24 15:00", "11-19 16:00"),
        ("from Tuesday at 3 to Thursday at 4", "11-24 15:00", "11-19 16:00"),
        ("change my Tuesday appointment to Friday at ten", "11-24", "11-20 10:00"),
        ("instead of Tuesday at 3 I'd like Thursday at 4", "11-24 15:00", "11-19 16:00"),
        ("can I come Wednesday instead of Tuesday", "11-24", "11-25"),
        ("reschedule my appointment on Tuesday at three", "11-24 15:00", ""),
        ("move my appointment from Tuesday at three", "11-24 15:00", ""),
        ("move it from the 3rd to the 5th of December", "12-03", "12-05"),
        ("my appointment on Tuesday at 3, can I move it to Friday", "11-24 15:00", "11-20 15:00"),
        ("it is at three on Tuesday, can I move it to four", "11-24 15:00", "11-24 16:00"),
        ("push it back until Friday", "", "11-20"),
        ("move it to Monday, no, Tuesday", "", "11-24"),
    ],
)
def test_old_and_new(text: str, old: str, new: str) -> None:
    spoken = resolve(text, NOW)

    def shown(date: dt.date | None, time: dt.time | None) -> str:
        said = [f"{date:%m-%d}" if date else "", f"{time:%H:%M}" if time else ""]
        return " ".join(filter(None, said))

    assert shown(spoken.from_date, spoken.from_time) == old
    assert shown(spoken.date, spoken.time) == new


def test_roles_of_the_mentions() -> None:
    mentions = resolve("move it from Tuesday at 3 to Thursday at 4", NOW).mentions
    assert [(m.text, m.role) for m in mentions] == [
        ("Tuesday", Role.FROM),
        ("3", Role.FROM),
        ("Thursday", Role.TO),
        ("4", Role.TO),
    ]
    assert {m.role for m in resolve("from Monday to Wednesday", NOW).mentions} == {Role.NONE}
    several = resolve("move it to Monday or Tuesday", NOW)
    assert several.ambiguous == ("several",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("November 31st at ten", "no_such_day"),
        ("2026-11-31", "no_such_day"),
        ("31/11", "no_such_day"),
        ("on the 32nd", "no_such_day"),
        ("the 31st of next month", ""),
        ("last Tuesday at ten", "past"),
        ("yesterday at ten", "past"),
        ("December ninth nineteen eighty five", "past"),
        ("today at nine am", "past"),
        ("Tuesdays at ten", "recurring"),
        ("every other Friday at ten", "recurring"),
        ("weekdays at ten", "recurring"),
        ("Tuesday's appointment", ""),
        ("Saturday, November 20th at ten", "weekday_mismatch"),
    ],
)
def test_days_that_cannot_be_used(text: str, why: str) -> None:
    spoken = resolve(text, NOW)
    assert spoken.unusable == why
    if why:
        assert (spoken.date, spoken.moment(NOW)) == (None, None)
        json = extract(text, NOW).as_json(NOW)
        assert json["unusable"] == why
        assert "date" not in json


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("tomorrow week", day(11, 26)),
        ("today week", day(11, 25)),
        ("a fortnight today", day(12, 2)),
        ("a fortnight tomorrow", day(12, 3)),
        ("Friday fortnight", day(12, 4)),
        ("a week Friday", day(11, 27)),
        ("in three weeks' time", day(12, 9)),
        ("next Tuesday but one", day(12, 1)),
    ],
)
def test_british_days(text: str, date: dt.date) -> None:
    assert resolve(text, NOW).date == date


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("in about three weeks", day(12, 6), day(12, 12)),
        ("three weeks from now or so", None, None),
        ("in three weeks or so", day(12, 6), day(12, 12)),
        ("in two or three weeks", day(12, 2), day(12, 9)),
        ("in a week or two", day(11, 25), day(12, 2)),
        ("around the 10th", day(12, 7), day(12, 13)),
        ("the weekend after next", day(12, 5), day(12, 6)),
        ("this coming weekend", day(11, 21), day(11, 22)),
        ("the next two weeks", day(11, 18), day(12, 2)),
        ("between Monday and Wednesday", day(11, 23), day(11, 25)),
        ("from the 3rd to the 20th", day(12, 3), day(12, 20)),
    ],
)
def test_rough_days_and_spans(text: str, first: dt.date | None, last: dt.date | None) -> None:
    spoken = resolve(text, NOW)
    if first is None or last is None:
        assert spoken.date == day(12, 9)
    else:
        assert (spoken.dates, spoken.date) == ((first, last), None)


def test_rough_and_relative_days_are_marked() -> None:
    assert only("in about three weeks").approximate
    assert not only("in three weeks").approximate
    assert only("tomorrow").relative
    assert only("the 4th").relative
    assert not only("December 4th").relative


def test_real_minutes_pass_where_the_clock_changes() -> None:
    before = dt.datetime(2026, 11, 1, 0, 30, tzinfo=ZONE)  # at two the clock goes back to one
    assert resolve("in three hours", before).time == dt.time(2, 30)
    before = dt.datetime(2026, 3, 8, 1, 30, tzinfo=ZONE)  # at two it goes ahead to three
    assert resolve("in 45 minutes", before).time == dt.time(3, 15)


def test_what_is_taken_back_and_what_is_ruled_out() -> None:
    mentions = resolve("Tuesday, no, Thursday, but not at three", NOW).mentions
    assert [(m.text, m.stands, m.excluded) for m in mentions] == [
        ("Tuesday", False, False),
        ("Thursday", True, False),
        ("three", False, True),
    ]


WORDS = (
    "after before by until not from to between and or later earlier than the on at no my move it "
    "tuesday friday december tenth 10th 3 4 five half noon morning tomorrow week weekend next last "
    "every in about two three weeks instead of appointment earliest latest is be away for people "
    "24/7 12/31 2-3 $ 25:00 nineteen eighty table party 15 , . ? am pm \u0130 \u2014 \u2026"
).split()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_mentions_lie_where_they_say(text: str) -> None:
    spoken = resolve(text, NOW)
    end = 0
    for mention in spoken.mentions:
        assert text[mention.start : mention.end] == mention.text != ""
        assert mention.start >= end or mention.kind != "day"
        end = mention.start
        if mention.unusable:
            assert mention.date is None or mention.unusable == "zone"
    if spoken.unusable:
        assert spoken.date is None
        assert spoken.moment(NOW) is None
    if spoken.earliest and spoken.latest:
        assert spoken.earliest <= spoken.latest
    for limit in (spoken.latest, spoken.dates and spoken.dates[0]):
        assert limit is None or limit >= NOW.date()


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(
        [("after", 1), ("later than", 1), ("not before", 0), ("before", -1), ("by", 0)]
    ),
    st.dates(NOW.date() + dt.timedelta(days=2), day(10, 1, 2027)),
    st.sampled_from(("", " at ten", " please", " in the morning")),
)
def test_a_bound_leaves_the_right_days(words: tuple[str, int], date: dt.date, more: str) -> None:
    said, shift = words
    spoken = resolve(f"{said} {date:%B} {date.day} {date.year}{more}", NOW)
    limit = date + dt.timedelta(days=shift)
    expected = (limit, None) if said in ("after", "later than", "not before") else (None, limit)
    assert (spoken.earliest, spoken.latest, spoken.date) == (*expected, None)


def test_every_bound_has_an_opposite_but_the_two_closed_ones() -> None:
    assert set(Bound) - set(OPPOSITE) == {Bound.AT, Bound.BETWEEN}
