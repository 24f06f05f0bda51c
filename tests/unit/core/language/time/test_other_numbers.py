"""Numbers that are no days and no times."""

from __future__ import annotations

import datetime as dt

import pytest

from app.core.language.time.expressions import resolve
from app.core.language.time.other_numbers import RULES, Row, skip
from app.core.language.time.tokens import tokenise

NOW = dt.datetime(2026, 11, 18, 10, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("row", RULES, ids=[row.name for row in RULES])
def test_every_rule_finds_what_its_example_says(row: Row) -> None:
    tokens = tokenise(row.example)
    assert any(row.find(tokens, i) for i in range(len(tokens)))
    if "Saturday" not in row.example and "morning" not in row.example:
        assert not resolve(row.example, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "I need 2-3 fillings", "are you open 24/7", "fifty percent", "I'm 45", "aged seven",
        "it costs 45 dollars", "4.50 dollars", "500 mg twice a day", "9 out of 10",
        "200 South 3rd Street", "at 5 Main Street", "suite 3", "extension 5", "confirmation 10 45",
        "my order number is 12 30", "four one five five five five oh one three two",
        "for three or four people", "the two of us", "two small fillings", "in nineteen ninety",
        "a party of ten", "I was born on the ninth of December nineteen eighty five",
        "my daughter is six", "two thousand five hundred dollars", "13/45",
    ],
)  # fmt: skip
def test_no_day_and_no_time(text: str) -> None:
    assert not resolve(text, NOW)
    assert not resolve(text, NOW).unusable


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("a table for two at half past seven", "07:30"),
        ("a table for four at 7 30 pm", "19:30"),
        ("for two on Saturday at 8 pm", "20:00"),
        ("book me for two", "14:00"),
        ("a party of six at noon", "12:00"),
        ("my son is six, can he come at four", "16:00"),
        ("extension 5 at three", "15:00"),
        ("I'll take three thirty", "15:30"),
        ("it's 3", "15:00"),
        ("at 5 Main Street at noon", "12:00"),
    ],
)
def test_the_time_beside_them_is_read(text: str, time: str) -> None:
    assert resolve(text, NOW).time == dt.time.fromisoformat(time)


def test_a_rule_gives_a_place_ahead_or_none() -> None:
    tokens = tokenise("a table for two at seven, extension 5, $45, 24/7, 12 Oak Street")
    for i in range(len(tokens)):
        assert skip(tokens, i) == 0 or skip(tokens, i) > i
