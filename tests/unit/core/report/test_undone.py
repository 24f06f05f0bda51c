"""Requests that were not done, each with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.report.undone import not_done


def tool(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name, "kind": "write", "state": "done", "ok": False, "arguments": {},
        "result": None, "error": None, **fields,
    }  # fmt: skip


def reasons(story: dict[str, Any], *tools: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["request"], item["why"]) for item in not_done(story, tools)]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"state": "asked"}, "it was still under way when the call ended"),
        ({"state": "running", "error": "x"}, "it was still under way when the call ended"),
        ({"result": {"message": "Taken.", "error": "slot_taken"}}, "Taken."),
        ({"result": {"error": "slot_taken", "say": "Sorry."}}, "slot_taken"),
        ({"result": {"say": "Sorry."}}, "Sorry."),
        ({"error": "timeout"}, "timeout"),
        ({}, "it did not come out well"),
    ],
)
def test_a_tool_that_failed(fields: dict[str, Any], why: str) -> None:
    assert reasons({}, tool("book_appointment", **fields)) == [("book_appointment", why)]


def test_only_the_last_run_of_what_changes_something_counts() -> None:
    assert reasons({}, tool("a"), tool("a", ok=True)) == []
    assert reasons({}, tool("a", ok=True), tool("a")) == [("a", "it did not come out well")]
    assert reasons({}, tool("a", ok=True), tool("a", state="superseded")) == []
    assert reasons({}, tool("a", kind="read")) == []


def test_requests_of_the_transcript() -> None:
    requests = [
        {"kind": "act", "tool": "book_appointment", "why": "complete", "service": "cleaning"},
        {"kind": "ask", "tool": "cancel_appointment", "why": "waits for a name"},
        {"kind": "leave", "tool": "reschedule_appointment", "why": "taken back"},
        {"kind": "ask", "tool": "", "why": "nothing"},
    ]
    story = {"decision": {"why": "closed that day", "requests": requests}}

    assert reasons(story) == [
        ("book_appointment", "closed that day"),
        ("cancel_appointment", "waits for a name"),
    ]
    assert not_done(story, [])[0]["service"] == "cleaning"
    assert reasons(story, tool("book_appointment", ok=True)) == [
        ("cancel_appointment", "waits for a name")
    ]
    assert reasons(story, tool("cancel_appointment", error="timeout")) == [
        ("book_appointment", "closed that day"),
        ("cancel_appointment", "waits for a name"),
    ]
