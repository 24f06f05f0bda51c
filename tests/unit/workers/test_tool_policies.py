"""When a caller counts as asked about what is about to be done."""

from __future__ import annotations

from typing import Any

import pytest

from workers.tool_policies import agreed, is_read_back

WANT = ("user", "Cancel it please.")


@pytest.mark.parametrize(
    ("question", "arguments", "read_back"),
    [
        ("I will cancel order 1042. Is that right?", {"order": "1042"}, True),
        ("I will cancel order one oh four two. Right?", {"order": "1042"}, True),
        ("I will cancel order seven. Is that right?", {"order": 7}, True),
        ("The blue shirt, extra large?", {"item": "blue shirt", "size": "extra_large"}, True),
        ("Milk and two eggs?", {"items": ["milk", "two eggs"]}, True),
        ("I will cancel order 1043. Is that right?", {"order": "1042"}, False),
        ("I will cancel order 10425. Is that right?", {"order": "1042"}, False),
        ("I will cancel your order. Is that right?", {"order": "1042"}, False),
        ("I will cancel order 1042.", {"order": "1042"}, False),
        ("Order 1042, as a gift?", {"order": "1042", "gift": True}, False),
        ("Shall I?", {}, False),
        ("The shirt?", {"item": "..."}, False),
    ],
)
def test_all_arguments_have_to_be_in_the_question(
    question: str, arguments: dict[str, Any], read_back: bool
) -> None:
    heard = (WANT, ("agent", question), ("user", "Yes."))
    assert is_read_back(heard, arguments) is read_back


def test_only_the_last_thing_the_agent_said_counts() -> None:
    heard = (WANT, ("agent", "Order 1042?"), ("user", "Hm."), ("agent", "Well?"), ("user", "Yes."))
    assert not is_read_back(heard, {"order": "1042"})
    assert agreed(heard)
    assert not is_read_back((), {"order": "1042"})
