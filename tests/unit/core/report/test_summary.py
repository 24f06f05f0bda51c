"""The summary that rules write."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.report.summary import summarise

BOOKING = {
    "status": "booked",
    "service": "cleaning",
    "name": "Dana Reyes",
    "start": "2027-03-09T14:00:00-08:00",
}


def summary(said: int = 2, seconds: float | None = 65.0, **fields: Any) -> str:
    empty: dict[str, Any] = {
        "outcome": "ended", "bookings": [], "messages": [], "not_done": [], "tools": [],
        "faults": [],
    }  # fmt: skip
    return summarise({**empty, **fields}, said=said, seconds=seconds)


@pytest.mark.parametrize(
    ("booking", "outcome", "told"),
    [
        ({}, "booked", "Booked: cleaning for Dana Reyes, Tuesday 9 March 2027, 14:00."),
        ({}, "moved", "Moved: cleaning for Dana Reyes to Tuesday 9 March 2027, 14:00."),
        (
            {"status": "cancelled"},
            "moved",
            "Cancelled: cleaning for Dana Reyes, Tuesday 9 March 2027, 14:00.",
        ),
        ({"name": None}, "booked", "Booked: cleaning, Tuesday 9 March 2027, 14:00."),
        (
            {"service": None, "start": None},
            "booked",
            "Booked: an appointment for Dana Reyes, at a time that is not known.",
        ),
    ],
)
def test_a_booking(booking: dict[str, Any], outcome: str, told: str) -> None:
    assert summary(bookings=[BOOKING | booking], outcome=outcome).startswith(told)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Nothing was booked, noted or left open."),
        ({"outcome": "transferred"}, "The call was put through."),
        ({"outcome": "refused"}, "The call was refused."),
        ({"messages": [{"kind": "message", "text": "Call me!"}]}, "Message: Call me!"),
        (
            {"messages": [{"kind": "callback", "text": "at five"}]},
            "The caller was promised a call back: at five.",
        ),
        ({"messages": [{"kind": "request", "text": ""}]}, "Left open: without words."),
        (
            {"not_done": [{"request": "book_appointment", "why": "slot_taken"}]},
            "Not done: book appointment: slot_taken.",
        ),
        (
            {"faults": [{"kind": "gave_up"}]},
            "Nothing was booked, noted or left open. The model gave no answer, and the caller heard"
            " an apology.",
        ),
    ],
)
def test_what_else_came_of_the_call(fields: dict[str, Any], told: str) -> None:
    assert summary(**fields) == f"{told} 1 min 5 s, the caller spoke 2 times."


def test_tools_of_the_business_that_changed_something() -> None:
    tools = [
        {"name": "send_invoice", "ok": True, "kind": "write"},
        {"name": "send_invoice", "ok": True, "kind": "write"},
        {"name": "open_gate", "ok": False, "kind": "write"},
        {"name": "order_status", "ok": True, "kind": "read"},
        {"name": "book_appointment", "ok": True, "kind": "write"},
    ]

    assert summary(tools=tools).startswith("Done: send invoice. 1 min")


@pytest.mark.parametrize(
    ("said", "seconds", "told"),
    [
        (1, 59.4, "59 s, the caller spoke 1 time."),
        (2, 60.0, "1 min 0 s, the caller spoke 2 times."),
        (0, 0.0, "0 s, nobody spoke."),
        (3, None, "The caller spoke 3 times."),
    ],
)
def test_how_long_it_took_and_who_spoke(said: int, seconds: float | None, told: str) -> None:
    assert summary(said, seconds).endswith(told)
