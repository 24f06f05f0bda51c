"""What a call used, in numbers that add up."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from app.core.usage.counts import NAMES, day_of, shown, total, used_by


def report(**fields: Any) -> dict[str, Any]:
    return {
        "started_at": "2026-11-30T23:30:00.000Z",
        "ended_at": "2026-11-30T23:31:30.500Z",
        "tools": [{"state": "done"}, {"state": "failed"}, {"state": "superseded"}],
        "bookings": [{"status": "booked"}, {"status": "cancelled"}],
        "messages": [{}],
        "cost": {
            "usd": 0.0123,
            "tokens": {"text": {"input": 9, "cached": 4, "output": 2}, "audio": {"output": 7}},
            "retell": None,
        },
        **fields,
    }


def test_a_call_is_counted_in_whole_numbers() -> None:
    used = used_by(report())
    assert set(used) == set(NAMES)
    assert {name: value for name, value in used.items() if value} == {
        "calls": 1,
        "ms": 90_500,
        "nano_usd": 12_300_000,
        "tool_runs": 2,
        "bookings": 1,
        "messages": 1,
        "text_input": 9,
        "text_cached": 4,
        "text_output": 2,
        "audio_output": 7,
    }


def test_what_is_not_known_counts_nothing() -> None:
    used = used_by(report(started_at=None, cost={"usd": None}, tools=[], bookings=[], messages=[]))
    assert {name: value for name, value in used.items() if value} == {"calls": 1}


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", 30), ("America/Los_Angeles", 30), ("Asia/Tokyo", 1)]
)
def test_the_day_is_that_of_the_business(zone: str, day: int) -> None:
    assert day_of(report(), zone).day == day
    late = report(started_at=None)
    assert day_of(late, "UTC") == dt.date(2026, 11, 30)


def test_sums_are_shown_in_minutes_and_dollars() -> None:
    both = total([used_by(report()), used_by(report())])
    assert shown(both) == {
        "calls": 2,
        "minutes": 3.02,
        "usd": 0.0246,
        "tool_runs": 4,
        "bookings": 2,
        "messages": 2,
        "tokens": {
            "text": {"input": 18, "cached": 8, "output": 4},
            "audio": {"input": 0, "cached": 0, "output": 14},
        },
    }
    assert shown(total([]))["tokens"] == {}
