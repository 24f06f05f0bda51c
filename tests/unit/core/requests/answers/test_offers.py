"""Whether a caller takes up a time that the agent has offered."""

from __future__ import annotations

import pytest

from tests.unit.core.requests.calls import effects

ASKED = "Do you have anything for a cleaning this week? Ana Diaz."
OFFER = "A: Thursday the 3rd at nine is free."
QUESTION = "A: Then Thursday the 3rd at nine?"
BOOKED = "A: Thursday, December 3rd at nine. You're booked, Ana."
THURSDAY = ["book 2026-12-03T09:00 cleaning Ana Diaz"]


@pytest.mark.parametrize(
    "answer", ["Thursday at nine.", "Nine on Thursday, yes.", "I'll take it.", "Put me down."]
)
def test_the_offer_said_again_is_taken(answer: str) -> None:
    assert effects(ASKED, QUESTION, answer, BOOKED) == THURSDAY


@pytest.mark.parametrize(
    "answer",
    [
        "Thursday at nine?",
        "Hmm, Thursday at nine.",
        "No.",
        "Not Thursday.",
        "Thursday at nine would be lovely if I had a car.",
        "Yeah, that's the thing, I work nights, so mornings are murder.",
        "Great, but Thursday's my day with the kids.",
        "My sister took Thursday at nine.",
        "Wow, that works? No, I was only trying this out.",
        "How kind. A little awkward, I'm afraid.",
        "I'd take it in a heartbeat if it were Wednesday.",
    ],
)
@pytest.mark.parametrize("offer", [OFFER, QUESTION, f"{OFFER} Shall I book it?"])
def test_an_offer_is_not_taken(offer: str, answer: str) -> None:
    assert effects(ASKED, offer, answer, "A: I see.", "Thanks though.") == []


def test_a_problem_that_is_none_is_a_yes() -> None:
    assert effects(ASKED, QUESTION, "Sure, that's not a problem.", BOOKED) == THURSDAY
