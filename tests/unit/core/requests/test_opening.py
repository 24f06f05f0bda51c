"""Where a sentence asks for something else than the one before it in the same breath."""

from __future__ import annotations

import pytest

from tests.unit.core.requests.calls import CLEANING, FILLING, effects

BOTH = ["book 2026-12-01T10:00 cleaning Dana Reyes", "cancel 2026-12-08T09:00"]


@pytest.mark.parametrize(
    "also",
    [
        "And please cancel my filling.",
        "Please cancel my filling.",
        "Also, cancel the filling on the 8th.",
        "Oh, and my filling, please cancel that.",
    ],
)
def test_a_booking_and_the_cancellation_of_another_visit(also: str) -> None:
    done = effects(
        f"I'd like a cleaning on Tuesday at ten, this is Dana Reyes. {also}",
        "A: Sure. You're booked for Tuesday, December 1st at ten, and your filling on December 8th"
        " at nine is cancelled.",
        known=[FILLING],
    )
    assert done == BOTH


def test_a_preface_is_no_booking() -> None:
    done = effects(
        "I'd like to talk about my cleaning. Please cancel the cleaning on Thursday at two.",
        "A: Sure. Your cleaning on December 3rd at two is cancelled.",
        known=[CLEANING],
    )
    assert done == ["cancel 2026-12-03T14:00"]
