"""What went wrong in a call, each kind once."""

from __future__ import annotations

from typing import Any

from app.core.report.faults import WORDS, faults


def tool(name: str, state: str, ended_at: float) -> dict[str, Any]:
    return {"name": name, "state": state, "ended_at": ended_at, "error": "timeout"}


def test_each_kind_is_counted_from_its_first_time() -> None:
    events = [
        {"kind": "model_lost", "at": 20.0, "code": "1006"},
        {"kind": "turn", "at": 21.0},
        {"kind": "model_lost", "at": 30.0, "code": "1011"},
        {"kind": "bad_frame", "at": 10.0, "error": ""},
    ]

    assert faults(events, []) == [
        {"kind": "bad_frame", "what": WORDS["bad_frame"], "count": 1, "at": 10.0, "detail": None},
        {"kind": "model_lost", "what": WORDS["model_lost"], "count": 2, "at": 20.0,
         "detail": "1006"},
    ]  # fmt: skip


def test_each_tool_that_failed_is_named() -> None:
    tools = [
        tool("send_invoice", "failed", 5.0),
        tool("open_gate", "failed", 4.0),
        tool("open_gate", "failed", 9.0),
        tool("order_status", "done", 3.0),
    ]

    found = faults([{"kind": "budget", "at": None}], tools)

    assert [(fault["what"], fault["count"], fault["at"]) for fault in found] == [
        (WORDS["budget"], 1, None),
        ("the tool open_gate failed", 2, 4.0),
        ("the tool send_invoice failed", 1, 5.0),
    ]
