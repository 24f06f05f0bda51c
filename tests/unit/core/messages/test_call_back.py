from __future__ import annotations

import datetime as dt

import pytest

from app.core.booking.rules import BookingRules
from app.core.booking.wanted import NotUnderstood
from app.core.messages.call_back import CallBack, read_call_back

RULES = BookingRules(time_zone="America/Los_Angeles")
NOW = dt.datetime(2026, 11, 30, 11, 0, tzinfo=RULES.zone)
"""A Monday."""


@pytest.mark.parametrize(
    ("day", "time", "words", "date", "since", "until"),
    [
        (
            "tomorrow",
            "after three",
            "tomorrow, Tuesday, December first, after three PM",
            "2026-12-01",
            "15:00",
            "",
        ),
        ("2026-12-01", "14:00", "tomorrow, Tuesday, December first, at two PM", "2026-12-01",
         "14:00", "14:00"),
        ("", "before noon", "before noon", "", "", "12:00"),
        ("Thursday", "in the afternoon", "Thursday, December third, in the afternoon",
         "2026-12-03", "", ""),
        ("today", "between 2 and 4 pm", "today, Monday, November thirtieth, between two PM and"
         " four PM", "2026-11-30", "14:00", "16:00"),
        ("whenever", "", "whenever", "", "", ""),
    ],
)  # fmt: skip
def test_a_wish_is_read(day: str, time: str, words: str, date: str, since: str, until: str) -> None:
    found = read_call_back(day, time, NOW, RULES)
    assert found == CallBack(words, date, since, until)
    assert CallBack.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("day", "time"),
    [("mañana", ""), ("2026-11-31", ""), ("yesterday", ""), ("2026-11-30", "9 am"), ("", "25:00")],
)
def test_what_is_not_understood_is_asked(day: str, time: str) -> None:
    assert isinstance(read_call_back(day, time, NOW, RULES), NotUnderstood)


def test_no_wish_is_none() -> None:
    assert read_call_back("", " ", NOW, RULES) is None
