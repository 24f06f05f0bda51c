"""How many moves and cancellations were done so far."""

from __future__ import annotations

from app.core.call.tool_calls import ToolCalls
from app.core.tools.declarations import TOOLS, FunctionCall
from app.core.tools.epoch import epoch_of

DONE = [
    ("book_appointment", True),
    ("cancel_appointment", False),
    ("cancel_appointment", True),
    ("check_availability", True),
    ("reschedule_appointment", True),
]


def test_only_moves_and_cancellations_that_were_done_count() -> None:
    assert epoch_of([]) == 0
    assert epoch_of(DONE) == 2


def test_a_live_call_counts_the_same_way() -> None:
    calls = ToolCalls("c1")
    for number, (tool, ok) in enumerate(DONE):
        calls.add(FunctionCall(f"t{number}", tool, "{}"), TOOLS[tool], {}, 1, 0.0)
        calls.done(f"t{number}", ok)
    assert calls.epoch == epoch_of(DONE)
