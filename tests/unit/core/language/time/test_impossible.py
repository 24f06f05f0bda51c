"""Days that are named and cannot be: said so, and nothing put in their place."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from app.core.language.time.expressions import resolve

#: A Tuesday.
NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("America/Los_Angeles"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("November 31st at ten", "no_such_day"),
        ("the 32nd of December", "no_such_day"),
        ("December 0th", "no_such_day"),
        ("December 45th at ten", "no_such_day"),
        ("13/13/2026", "no_such_day"),
        ("30/02/2026", "no_such_day"),
        ("29 February 2027", "no_such_day"),
        ("last Tuesday at ten", "past"),
        ("last week on Friday at ten", "past"),
        ("Friday last week", "past"),
        ("Friday of last week at two", "past"),
        ("the Tuesday before last", "past"),
        ("this past Friday", "past"),
        ("Tuesdays at ten", "recurring"),
        ("each Thursday morning", "recurring"),
    ],
)
def test_a_day_that_cannot_be_is_said_so(text: str, why: str) -> None:
    said = resolve(text, NOW)
    assert said.unusable == why
    assert said.date is None
    assert said.dates is None
    assert said.moment(NOW) is None


@pytest.mark.parametrize("text", ["open 24/7", "2/3 of it", "the 50th anniversary"])
def test_other_numbers_are_no_impossible_days(text: str) -> None:
    assert resolve(text, NOW).unusable == ""


def test_british_forms() -> None:
    assert resolve("five and twenty past two", NOW).time == dt.time(14, 25)
    assert resolve("five and twenty to three", NOW).time == dt.time(14, 35)
    after = dt.date(2026, 12, 5), dt.date(2026, 12, 6)
    assert resolve("the weekend after this", NOW).dates == after
