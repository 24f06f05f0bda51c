"""A sentence that comes in two items is one remark."""

from __future__ import annotations

from typing import Any

import pytest

from app.rehearsal.realtime_server.protocol.items import message_text
from app.rehearsal.receptionist.continued import whole_remarks


def user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


AGENT = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "And"}],
}
CALL = {"type": "function_call", "name": "x", "arguments": "{}", "call_id": "1"}


def test_what_breaks_off_goes_on() -> None:
    joined = whole_remarks([user("Tuesday, January"), user("19th in the"), user("morning.")])
    assert [message_text(item) for item in joined] == ["Tuesday, January 19th in the morning."]


@pytest.mark.parametrize(
    "items",
    [
        [user("Tuesday."), user("No, Monday.")],
        [user("Tuesday"), AGENT, user("morning")],
        [user("Tuesday"), CALL, user("morning")],
        [user(""), user("morning")],
        [AGENT, AGENT],
    ],
)
def test_all_else_stays_apart(items: list[dict[str, Any]]) -> None:
    assert whole_remarks(items) == items
