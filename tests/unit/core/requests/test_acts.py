"""What is still to be done, against what was done already."""

from __future__ import annotations

from typing import Any

from app.core.requests.acts import next_step, refused
from app.core.requests.evidence import Decision
from tests.unit.core.requests.calls import CLEANING, FILLING, decided

ASKED = "This is Dana Reyes, I'd like to book a cleaning for tomorrow at ten please."
DONE = "A: Tuesday, December 1st at 10 AM. You're all set."


def act(decision: Decision, **changes: Any) -> dict[str, Any]:
    """The record of what a decision led to."""
    return {
        "number": decision.claim.number if decision.claim else 0,
        "tool": decision.tool,
        "start": decision.start.isoformat(timespec="minutes") if decision.start else None,
        "service": decision.service,
        "name": decision.name,
        "target": decision.target.id if decision.target else "",
        "key": "k",
        "ok": True,
        "booking_id": "bk-9",
        **changes,
    }


def test_a_request_leads_to_one_effect() -> None:
    decisions = decided(ASKED, DONE)
    step = next_step(decisions, [])
    assert step is not None
    assert step.tool == "book_appointment"
    for ok in (True, None):
        assert next_step(decisions, [act(decisions[0], ok=ok)]) is None


def test_what_was_refused_is_not_tried_again_but_another_time_is() -> None:
    first = decided(ASKED, DONE)
    gone = act(first[0], ok=False, why="taken", booking_id=None)
    assert next_step(first, [gone]) is None
    assert refused(first[0], [gone]) == "taken"
    second = decided(ASKED, "A: Ten is taken. Eleven?", "Yes, eleven.", "A: Booked.")
    step = next_step(second, [gone])
    assert step is not None
    assert step.tool == "book_appointment"


def test_a_correction_after_the_booking_moves_it() -> None:
    booked = act(decided(ASKED, DONE)[0])
    later = decided(ASKED, DONE, "No wait, make it eleven.", "A: Eleven it is.")
    step = next_step(later, [booked])
    assert step is not None
    assert (step.tool, step.booking_id) == ("reschedule_appointment", "bk-9")
    moved = act(later[0], tool="reschedule_appointment")
    assert next_step(later, [booked, moved]) is None


def test_a_corrected_name_is_booked_anew() -> None:
    booked = act(decided(ASKED, DONE)[0], name="Dana Rays")
    step = next_step(decided(ASKED, DONE), [booked])
    assert step is not None
    assert step.tool == "book_appointment"


def test_taken_back_after_the_booking_it_is_cancelled() -> None:
    booked = act(decided(ASKED, DONE)[0])
    back = decided(ASKED, DONE, "Oh, never mind, forget it.", "A: Okay.")
    step = next_step(back, [booked])
    assert step is not None
    assert (step.tool, step.booking_id) == ("cancel_appointment", "bk-9")
    undone = act(back[0], tool="cancel_appointment")
    assert next_step(back, [booked, undone]) is None
    assert next_step(back, []) is None


def test_two_cancellations_of_one_request() -> None:
    decisions = decided(
        "Dana Reyes. Please cancel both of them, Thursday the 3rd and Tuesday the 8th.",
        "A: Both are cancelled.",
        known=[CLEANING, FILLING],
    )
    first = next_step(decisions, [])
    assert first is not None
    assert first.booking_id == CLEANING.id
    second = next_step(decisions, [act(decisions[0])])
    assert second is not None
    assert second.booking_id == FILLING.id
    assert next_step(decisions, [act(item) for item in decisions]) is None
