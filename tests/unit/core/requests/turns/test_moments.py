"""Days and times in one sentence: what stands, what is left behind, what cannot be used."""

from __future__ import annotations

import datetime as dt

import pytest

from app.core.requests.turns.moments import Moment, same_clock
from tests.unit.core.requests.turns.reading import moments_in, shown


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tomorrow at ten", ["12-01 10:00"]),
        ("on the 3rd at half past two", ["12-03 14:30"]),
        ("at 3 PM", ["15:00"]),
        ("around ten tomorrow", ["12-01 10:00"]),
        ("Friday or Monday at nine", ["12-04", "12-07 09:00"]),
        ("the third at two, the fourth at three", ["12-03 14:00", "12-04 15:00"]),
        ("from Thursday at two to Friday at ten", ["<12-03 14:00", "12-04 10:00"]),
        ("the last Friday of the month", ["12-25"]),
        ("next week", []),
        ("in the afternoon", []),
    ],
)
def test_what_stands(text: str, wanted: list[str]) -> None:
    found = moments_in(text)

    assert shown(found.wanted) == wanted
    assert found.gone == ()
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("text", "wanted", "gone"),
    [
        ("not Friday, Thursday at nine", ["12-03 09:00"], ["12-04"]),
        ("Friday at three instead of Thursday at nine", ["12-04 15:00"], ["<12-03 09:00"]),
    ],
)
def test_what_is_left_behind(text: str, wanted: list[str], gone: list[str]) -> None:
    found = moments_in(text)

    assert shown(found.wanted) == wanted
    assert shown(found.gone) == gone


@pytest.mark.parametrize(
    ("text", "doubts"),
    [
        ("every Friday at ten", ("recurring",)),
        ("Fridays at ten", ("recurring",)),
        ("every other week on Friday", ("recurring",)),
        ("each Monday", ("recurring",)),
        ("the 8th, my Fridays are full", ("recurring",)),
        ("every month on the 5th", ("recurring",)),
        ("February 30th at ten", ("no_such_day",)),
        ("last Tuesday", ("past",)),
        ("this Friday", ()),
    ],
)
def test_days_that_cannot_be_used(text: str, doubts: tuple[str, ...]) -> None:
    assert moments_in(text).doubts == doubts


@pytest.mark.parametrize(
    ("text", "bounded"),
    [
        ("before noon on Friday", True),
        ("within two weeks", True),
        ("next week", True),
        ("around the 5th", True),
        ("Friday at noon", False),
        ("around ten", False),
    ],
)
def test_limits_are_no_times(text: str, bounded: bool) -> None:
    assert moments_in(text).bounded is bounded


@pytest.mark.parametrize(
    ("text", "part"),
    [("Friday morning", "morning"), ("in the afternoon", "afternoon"), ("Friday at ten", None)],
)
def test_parts_of_the_day(text: str, part: str | None) -> None:
    assert moments_in(text).part == part


@pytest.mark.parametrize(
    ("one", "other", "half_open", "same"),
    [
        ((9, 0), (9, 0), False, True),
        ((9, 0), (21, 0), True, True),
        ((9, 0), (21, 0), False, False),
        ((9, 0), (9, 30), True, False),
        ((9, 30), (10, 30), True, False),
    ],
)
def test_clocks_are_the_same_by_half_days_where_the_half_is_open(
    one: tuple[int, int], other: tuple[int, int], half_open: bool, same: bool
) -> None:
    assert same_clock(dt.time(*one), dt.time(*other), half_open) is same


FRIDAY = dt.date(2026, 12, 4)


@pytest.mark.parametrize(
    ("days", "by_weekday", "is_day"),
    [(0, False, True), (7, True, True), (7, False, False), (6, True, False), (-7, True, False),
     (700, True, False)],
)  # fmt: skip
def test_a_weekday_can_be_that_of_a_later_week(days: int, by_weekday: bool, is_day: bool) -> None:
    friday = Moment(FRIDAY, None, "friday", weekday=by_weekday)

    assert friday.is_day(FRIDAY + dt.timedelta(days=days)) is is_day


@pytest.mark.parametrize(
    ("start", "assumed", "fits"),
    [
        ("2026-12-04T09:00", False, True),
        ("2026-12-04T21:00", False, False),
        ("2026-12-04T21:00", True, True),
        ("2026-12-05T09:00", True, False),
    ],
)
def test_what_a_moment_can_mean(start: str, assumed: bool, fits: bool) -> None:
    nine = Moment(FRIDAY, dt.time(9), "friday at nine", assumed)

    assert nine.fits(dt.datetime.fromisoformat(start)) is fits
    assert Moment(FRIDAY, None, "friday").fits(dt.datetime(2026, 12, 4, 17))
