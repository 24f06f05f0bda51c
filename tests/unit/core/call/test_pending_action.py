"""What becomes of a transfer or hang-up that the caller spoke into."""

from __future__ import annotations

import pytest

from app.core.call.pending_action import PendingAction, after_words
from tests.support.simulated_call import make_agent

END = PendingAction("end", "Goodbye.")
TRANSFER = PendingAction("transfer", "I will connect you.", "+14155550177")


@pytest.mark.parametrize(
    ("pending", "caller", "answer"),
    [
        (END, "", "again"),
        (END, "thank you, bye", "again"),
        (END, "mm-hm", "again"),
        (END, "alright, have a good day", "again"),
        (END, "wait", "taken_back"),
        (END, "oh, one more question, where can I park?", "taken_back"),
        (END, "actually no", "taken_back"),
        (TRANSFER, "right", "again"),
        (TRANSFER, "okay thanks", "again"),
        (TRANSFER, "how long will that take?", "with_answer"),
        (TRANSFER, "no don't transfer me", "taken_back"),
        (TRANSFER, "stop", "taken_back"),
    ],
)
def test_after_words(pending: PendingAction, caller: str, answer: str) -> None:
    assert after_words(pending, caller, make_agent()) == answer


def test_members_of_the_frame() -> None:
    assert END.action().members() == {"end_call": True}
    assert TRANSFER.action().members() == {"transfer_number": "+14155550177"}
    assert PendingAction("digits", "", "12#").action().members() == {"digit_to_press": "12#"}
