"""Words for a telephone voice."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.language import speech
from app.core.language.time.expressions import resolve


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (42, "forty-two"),
        (100, "one hundred"),
        (-3, "minus three"),
        (1250, "one thousand two hundred fifty"),
        (2_000_001, "two million one"),
    ],
)
def test_numbers(number: int, words: str) -> None:
    assert speech.say_number(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "first"),
        (12, "twelfth"),
        (20, "twentieth"),
        (31, "thirty-first"),
        (100, "one hundredth"),
    ],
)
def test_ordinals(number: int, words: str) -> None:
    assert speech.say_ordinal(number) == words


def test_dates_and_times() -> None:
    start = dt.datetime(2026, 11, 24, 15, 30)
    assert speech.say_slot(start) == "Tuesday, November twenty-fourth at three thirty PM"
    assert speech.say_time(dt.time(9, 5)) == "nine oh five AM"
    assert speech.say_time(dt.time(0)) == "midnight"
    assert speech.say_date(start.date(), dt.date(2026, 11, 23)).startswith("tomorrow, Tuesday")
    assert speech.say_date(dt.date(2028, 1, 3), start.date()).endswith("twenty twenty-eight")
    assert speech.say_year(2005) == "two thousand five"
    assert speech.say_year(1906) == "nineteen oh six"


def test_lists() -> None:
    day = dt.datetime(2026, 11, 24)
    starts = [day.replace(hour=9), day.replace(hour=12), day.replace(day=25, hour=15, minute=30)]
    assert speech.say_slots(starts) == (
        "Tuesday, November twenty-fourth at nine AM or noon, "
        "or Wednesday, November twenty-fifth at three thirty PM"
    )
    assert speech.say_list([]) == ""
    assert speech.say_list(["a", "b", "c"], "and") == "a, b, and c"


@given(st.datetimes(dt.datetime(2026, 11, 18), dt.datetime(2027, 10, 1)))
def test_what_is_said_is_understood_again(start: dt.datetime) -> None:
    """What the agent reads back, a caller may repeat: it means the same and holds no digit."""
    start = start.replace(second=0, microsecond=0)
    now = dt.datetime(2026, 11, 18, 0, 0, tzinfo=dt.UTC)
    said = speech.say_slot(start)
    assert not any(char.isdigit() for char in said)
    spoken = resolve(said, now)
    assert (spoken.date, spoken.time) == (start.date(), start.time())
