"""What was done for the caller counts more than how the call ended."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.call.outcome import OUTCOMES, outcome


@pytest.mark.parametrize(
    ("summary", "bookings", "done", "expected"),
    [
        ({}, [], (), "ongoing"),
        ({"ended_at": 1.0}, [], (), "ended"),
        ({"ended_at": 1.0}, ["booked"], ("book_appointment",), "booked"),
        ({"status": "error"}, ["booked", "cancelled"], ("book_appointment",), "booked"),
        ({}, ["booked"], ("reschedule_appointment",), "moved"),
        ({}, ["cancelled"], ("cancel_appointment",), "cancelled"),
        ({}, ["noted", "cancelled"], (), "noted"),
        ({"pending_action": "transfer", "ended_at": 1.0}, [], (), "transferred"),
        ({"disconnection_reason": "call_transfer"}, [], (), "transferred"),
        ({"status": "error", "ended_at": 1.0}, [], (), "failed"),
    ],
)
def test_outcome(
    summary: dict[str, Any], bookings: list[str], done: tuple[str, ...], expected: str
) -> None:
    assert expected in OUTCOMES
    assert outcome(summary, [{"status": status} for status in bookings], done) == expected
