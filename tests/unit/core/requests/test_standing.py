"""What a request has to do with the appointments that stand already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.requests.evidence import BOOK, MOVE, Claim, Known, Part, Span, Wish
from app.core.requests.standing import was_a_move
from tests.unit.core.requests.calls import CLEANING, FILLING, effects

ASKED = "I'd like a cleaning on Thursday at two, Dana Reyes."
BOOKED = "A: You're booked for Thursday, December 3rd at two, Dana Reyes."
BOOKING = ["book 2026-12-03T14:00 cleaning Dana Reyes"]


def test_what_stands_is_not_booked_again() -> None:
    assert effects(ASKED, BOOKED, known=[CLEANING]) == []


@pytest.mark.parametrize(
    "known",
    [
        [FILLING],
        [Known("bk-3", "filling", CLEANING.start, "Dana Reyes")],
        [Known("bk-4", "cleaning", FILLING.start, "Dana Reyes")],
    ],
)
def test_another_time_or_service_is(known: list[Known]) -> None:
    assert effects(ASKED, BOOKED, known=known) == BOOKING


def test_what_the_agent_only_ever_calls_moved_was_a_move() -> None:
    span = Span(1, "a cleaning on friday at nine")
    wish = Wish(service=Part("cleaning", span))
    claim = Claim(1, BOOK, True, span, wish=wish, reported={MOVE})

    assert was_a_move(claim, [CLEANING])
    assert not was_a_move(claim, [FILLING])
    assert not was_a_move(claim, [])
    assert not was_a_move(replace(claim, reported={MOVE, BOOK}), [CLEANING])
    assert not was_a_move(replace(claim, reported=set()), [CLEANING])
    assert not was_a_move(replace(claim, reopened=True), [CLEANING])


def test_a_time_beside_the_one_that_stands_moves_it() -> None:
    lines = (
        "I'm down for Thursday at two. Dana Reyes.",
        "A: Yes, Thursday, December 3rd at two.",
        "Could I come on Friday at nine?",
        "A: Friday the 4th at nine, shall I change it?",
        "Yes, please.",
    )
    assert effects(*lines, known=[CLEANING]) == ["reschedule 2026-12-04T09:00"]
