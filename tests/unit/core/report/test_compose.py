"""The report of a call, from its record."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.adapters.agents import files
from app.core.agent.definition import Agent
from app.core.agent.report import ReportField, ReportSettings
from app.core.report.compose import compose, draft, facts_of
from app.core.report.reader import Reading

CONTRACT = (
    "call_id", "agent", "business", "channel", "started_at", "ended_at", "outcome", "summary",
    "fields", "transcript", "tools", "bookings", "messages", "cost",
)  # fmt: skip
BEGAN = 1_800_000_000.0


def agent(*tools: Any, **fields: ReportField) -> Agent:
    known = files.load().default
    data = known.model_dump() | {"tools": (*known.tools, *tools)}
    return Agent.model_validate(data | {"report": ReportSettings(fields=fields)})


def tool(name: str, ok: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "tool": name,
        "state": "done",
        "arguments": {},
        "result": {"ok": ok, "output": {"id": 1} if ok else {"error": "slot_taken"}},
        "asked_at": BEGAN + 10,
        "started_at": BEGAN + 10,
        "ended_at": BEGAN + 11,
        "error": None,
        **more,
    }


BOOKING = {
    "id": "bk-1",
    "status": "booked",
    "service": "cleaning",
    "name": "Dana Reyes",
    "start": "2027-03-09T14:00:00-08:00",
    "end": "2027-03-09T15:00:00-08:00",
    "time_zone": "America/Los_Angeles",
    "uid": "secret-uid",
}


def story(**fields: Any) -> dict[str, Any]:
    base = {
        "call_id": "call_1",
        "channel": "retell",
        "fence": 1,
        "status": "ended",
        "first_at": BEGAN - 1,
        "started_at": BEGAN,
        "ended_at": BEGAN + 133.4,
        "from_number": "+14155550123",
        "transcript": [
            {"role": "agent", "content": "Hello."},
            {"role": "user", "content": "I'd like a cleaning.", "at_ms": 5},
            {"role": "user", "content": " "},
        ],
        "events": [],
        "bookings": [BOOKING],
        "tool_calls": [
            tool("check_availability"),
            tool("book_appointment", arguments={"name": "Dana Reyes", "service": "cleaning"}),
        ],
    }
    return {**base, **fields}


def test_a_report_has_the_contract_s_shape() -> None:
    report = compose(draft(story(), agent()), agent())
    assert set(CONTRACT) <= set(report)
    assert (report["outcome"], report["made_by"]) == ("booked", "rules")
    assert report["started_at"] == "2027-01-15T08:00:00.000Z"
    assert report["ended_at"] == "2027-01-15T08:02:13.400Z"
    assert report["transcript"] == [
        {"role": "agent", "content": "Hello."},
        {"role": "user", "content": "I'd like a cleaning."},
    ]
    assert report["summary"] == (
        "Booked: cleaning for Dana Reyes, Tuesday 9 March 2027, 14:00. "
        "2 min 13 s, the caller spoke 1 time."
    )
    assert "uid" not in report["bookings"][0]
    assert report["fields"] == {}
    orjson.dumps(report)


def test_an_empty_record_makes_a_report() -> None:
    bare = {"call_id": "c", "status": "ended", "first_at": BEGAN, "ended_at": BEGAN + 1}
    report = compose(draft(bare, agent(why=ReportField(description="Why"))), agent())
    assert report["summary"] == "Nothing was booked, noted or left open. 1 s, nobody spoke."
    assert (report["outcome"], report["cost"]) == ("ended", {"usd": None, "retell": None})
    assert report["transcript"] == report["tools"] == report["not_done"] == report["faults"] == []


def test_rules_take_fields_from_the_record_and_invent_none() -> None:
    asked = agent(
        reason=ReportField(description="Why they called"),
        name=ReportField(description="Who called"),
        date=ReportField(type="date", description="The day of the appointment"),
        visits=ReportField(type="integer", description="Earlier visits"),
        phone=ReportField(description="Their number"),
        member=ReportField(type="boolean", description="Are they a member"),
    )
    told = story(dynamic_variables={"visits": "3", "member": "perhaps"})
    assert compose(draft(told, asked), asked)["fields"] == {
        "reason": None,
        "name": "Dana Reyes",
        "date": "2027-03-09",
        "visits": 3,
        "phone": "+14155550123",
        "member": None,
    }


def test_the_model_outweighs_retell_and_retell_the_record() -> None:
    asked = agent(
        name=ReportField(description="The pet's name"),
        visits=ReportField(type="integer", description="Earlier visits"),
        reason=ReportField(description="Why they called"),
    )
    told = story(
        dynamic_variables={"visits": "3"},
        analysis={
            "call_summary": "They booked.",
            "custom_analysis_data": {"visits": 5, "name": "Rex", "reason": "teeth"},
        },
    )
    made = draft(told, asked)
    by_retell = compose(made, asked)
    assert (by_retell["summary"], by_retell["made_by"]) == ("They booked.", "retell")
    assert by_retell["fields"] == {"name": "Rex", "visits": 5, "reason": "teeth"}
    reading = Reading("A cleaning was booked.", {"name": "Bo", "visits": None, "reason": None})
    by_model = compose(made, asked, reading)
    assert (by_model["summary"], by_model["made_by"]) == ("A cleaning was booked.", "model")
    assert by_model["fields"] == {"name": "Bo", "visits": 5, "reason": "teeth"}


def test_no_secret_is_in_a_report() -> None:
    entry = {
        "name": "order_status",
        "description": "Look up",
        "url": "https://shop.example/",
        "parameters": {
            "type": "object",
            "properties": {"pin": {"type": "string", "x-redact": True}, "order": {}},
        },
    }
    asked = agent(
        entry,
        pin=ReportField(description="The PIN"),
        note=ReportField(description="Anything else"),
    )
    told = story(
        tool_calls=[
            tool(
                "order_status",
                arguments={"pin": "4711", "order": "7"},
                result={"ok": True, "output": {"echo": "pin 4711 is right"}},
            )
        ],
        transcript=[{"role": "user", "content": "My pin is four seven one one, or 47 11."}],
        analysis={"call_summary": "PIN 4711", "custom_analysis_data": {"note": "4711"}},
        dynamic_variables={"note": "it is 4711"},
    )
    made = draft(told, asked)
    text = orjson.dumps([compose(made, asked), facts_of(made), made.known]).decode()
    assert "4711" not in text
    assert "four seven" not in text
    assert "order_status" in text


@pytest.mark.parametrize(
    ("fields", "undone"),
    [
        (
            {"tool_calls": [tool("book_appointment", ok=False)]},
            [("book_appointment", "slot_taken")],
        ),
        ({"tool_calls": [tool("book_appointment", ok=False), tool("book_appointment")]}, []),
        ({"tool_calls": [tool("check_availability", ok=False)]}, []),
        ({"tool_calls": [tool("cancel_appointment", state="superseded", result=None)]}, []),
        (
            {"tool_calls": [tool("book_appointment", state="running", result=None)]},
            [("book_appointment", "it was still under way when the call ended")],
        ),
        (
            {
                "decision": {
                    "why": "that time cannot be had: closed",
                    "requests": [
                        {"kind": "act", "tool": "book_appointment", "why": "all is there"},
                        {"kind": "ask", "tool": "cancel_appointment", "why": "waits for a name"},
                        {"kind": "leave", "tool": "reschedule_appointment", "why": "taken back"},
                    ],
                },
                "tool_calls": [],
            },
            [
                ("book_appointment", "that time cannot be had: closed"),
                ("cancel_appointment", "waits for a name"),
            ],
        ),
    ],
)
def test_what_was_not_done_says_why(fields: dict[str, Any], undone: list[Any]) -> None:
    report = compose(draft(story(bookings=[], **fields), agent()), agent())
    assert [(item["request"], item["why"]) for item in report["not_done"]] == undone
    for request, why in undone:
        assert f"Not done: {request.replace('_', ' ')}: {why}." in report["summary"]


def test_faults_are_told_once_each_with_their_count() -> None:
    events = [
        {"at": BEGAN + 3, "kind": "transcription_failed", "item_id": "a"},
        {"at": BEGAN + 1, "kind": "model_lost", "code": "1006", "fatal": False},
        {"at": BEGAN + 4, "kind": "transcription_failed", "item_id": "b"},
        {"at": BEGAN + 5, "kind": "barge_in"},
    ]
    broken = tool("book_appointment", state="failed", result=None, error="KeyError: x")
    report = compose(draft(story(events=events, tool_calls=[broken]), agent()), agent())
    assert [(f["kind"], f["count"], f["detail"]) for f in report["faults"]] == [
        ("model_lost", 1, "1006"),
        ("transcription_failed", 2, None),
        ("tool_failed", 1, "KeyError: x"),
    ]
    assert report["faults"][0]["at"] == "2027-01-15T08:00:01.000Z"


def test_retells_clock_counts_where_the_call_was_not_ours() -> None:
    told = story(
        start_timestamp=BEGAN * 1000 + 500, end_timestamp=BEGAN * 1000 + 9000, channel="webhook"
    )
    ours = compose(draft(told, agent()), agent())
    del told["fence"]
    theirs = compose(draft(told, agent()), agent())
    assert ours["started_at"] == "2027-01-15T08:00:00.000Z"
    assert theirs["started_at"] == "2027-01-15T08:00:00.500Z"
    assert theirs["ended_at"] == "2027-01-15T08:00:09.000Z"


def test_a_huge_result_is_cut() -> None:
    big = tool("check_availability", result={"ok": True, "output": {"x": "y" * 10_000}})
    report = compose(draft(story(tool_calls=[big]), agent()), agent())
    assert report["tools"][0]["result"]["cut"] is True
    assert len(orjson.dumps(report)) < 8000


def test_messages_and_cost_are_told() -> None:
    message = {
        "id": "callback-call_1",
        "kind": "callback",
        "call_id": "call_1",
        "caller_number": "+14155550123",
        "at": BEGAN,
        "text": "the model is away",
        "agent": "Mia",
        "business": "harbor-dental",
    }
    told = story(cost={"usd": 0.02, "complete": True}, retell_cost={"combined_cost": 12})
    report = compose(draft(told, agent(), [message]), agent())
    assert report["cost"] == {"usd": 0.02, "complete": True, "retell": {"combined_cost": 12}}
    assert report["messages"] == [
        {
            "id": "callback-call_1",
            "kind": "callback",
            "text": "the model is away",
            "caller_number": "+14155550123",
            "at": "2027-01-15T08:00:00.000Z",
        }
    ]
    assert "The caller was promised a call back: the model is away." in report["summary"]


def test_the_text_model_is_told_what_was_done_and_not_what_was_looked_up() -> None:
    calls = [
        tool("check_availability"),
        tool("book_appointment"),
        tool("take_message", ok=False),
    ]
    facts = facts_of(draft(story(tool_calls=calls), agent()))

    assert facts["tools"] == [
        {"tool": "book_appointment", "came_out_well": True},
        {"tool": "take_message", "came_out_well": False},
    ]
    assert set(facts) == {"outcome", "bookings", "messages", "not_done", "tools"}
