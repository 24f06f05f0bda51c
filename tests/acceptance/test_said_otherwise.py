"""A model that passes another day or name than the caller said, through the whole program."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from tests.support.phone import ModelControl, Phone
from tests.support.sender import Sender
from tests.support.stack import RunningStack


def day_after(weekday: int) -> dt.date:
    """The first such weekday that is a week off or more, so that no notice is too short."""
    day = dt.date.today() + dt.timedelta(days=7)
    return day + dt.timedelta(days=(weekday - day.weekday()) % 7)


def spoken(day: dt.date) -> str:
    return f"{day:%A}, {day:%B} {day.day}"


def last_output(model: ModelControl) -> dict[str, Any]:
    """The newest result of a tool that the model was given."""
    items = model.get("sessions/1")["items"]
    outputs = [item["output"] for item in items if item["type"] == "function_call_output"]
    found: dict[str, Any] = json.loads(outputs[-1])
    return found


def call_tool(model: ModelControl, tool: str, /, **arguments: Any) -> list[dict[str, Any]]:
    return [{"call": tool, "arguments": arguments}]


def test_on_the_socket(stack: RunningStack) -> None:
    model = ModelControl(stack.model_port)
    phone = Phone(stack.socket_url, f"call_{uuid.uuid4().hex}")
    try:
        phone.wait(lambda: phone.of(0))
        phone.details()
        wednesday, thursday = day_after(2), day_after(2) + dt.timedelta(days=1)
        model.script(
            call_tool(model, "check_availability", date=thursday.isoformat(), time="10:00"),
            "One moment.",
        )
        phone.ask(
            f"I am Dana Reyes. A checkup on {spoken(wednesday)} at ten in the morning, please."
        )
        phone.answered(1)
        (slot, *_) = last_output(model)["slots"]
        assert slot["date"] == thursday.isoformat()
        wrong = call_tool(model, "book_appointment", slot_id=slot["slot_id"], name="Dana Reyes")
        model.script(wrong, "Did you say Wednesday?")
        phone.hear()
        phone.ask("And hurry up, please.")
        phone.answered(2)
        refused = last_output(model)
        assert (refused["ok"], refused["error"]) == (False, "said_otherwise")
        assert refused["part"] == "day"
        assert f"{wednesday:%A}" in refused["said"]
        assert f"{thursday:%A}" in refused["passed"]
        assert stack.story(phone.call_id)["bookings"] == []
        # The agent asks, the caller agrees to the other day: now it is booked.
        question = f"I can offer {spoken(thursday)} at 10 AM only. Shall I book that?"
        phone.transcript.append({"role": "agent", "content": question})
        model.script(wrong, "It is booked.")
        phone.ask("Yes, please.")
        phone.answered(3)
        assert last_output(model)["status"] == "booked"
    finally:
        phone.ws.close()


def test_on_custom_functions(stack: RunningStack) -> None:
    began = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    call: dict[str, Any] = {
        "call_id": f"call_{uuid.uuid4().hex}",
        "agent_id": "a",
        "from_number": "+14155550199",
        "start_timestamp": int(began.timestamp() * 1000),
    }
    monday = day_after(0)

    def ask(tool: str, talk: list[tuple[str, str]], /, **args: Any) -> dict[str, Any]:
        entries = [
            {"role": role, "content": words, "words": [{"word": "x", "start": n, "end": n + 1}]}
            for n, (role, words) in enumerate(talk)
        ]
        body = {"name": tool, "args": args, "call": {**call, "transcript_object": entries}}
        with Sender(stack.port) as sender:
            answer = sender.post(f"/functions/{tool}", body)
        assert answer.status == 200
        found: dict[str, Any] = answer.body
        return found

    talk = [("user", f"My name is Bruno Keller. {spoken(monday)} at two in the afternoon.")]
    found = ask("check_availability", talk, date=monday.isoformat(), time="14:00")
    slot = found["slots"][0]
    talk += [("agent", f"So {spoken(monday)} at 2 PM, is that right?"), ("user", "Yes.")]
    other_name = ask("book_appointment", talk, slot_id=slot["slot_id"], name="Tom Baker")
    assert (other_name["ok"], other_name["error"]) == (False, "said_otherwise")
    assert (other_name["said"], other_name["passed"]) == ("Bruno Keller", "Tom Baker")
    assert "Bruno Keller" in other_name["say"]
    booked = ask("book_appointment", talk, slot_id=slot["slot_id"], name="Bruno Keller")
    assert booked["ok"] is True, booked
    # Another appointment than the caller names is not cancelled.
    talk += [("user", f"And please cancel my {monday - dt.timedelta(days=3):%A} appointment.")]
    kept = ask("cancel_appointment", talk, booking_id=booked["booking_id"])
    assert (kept["ok"], kept["error"]) == (False, "said_otherwise"), kept
    talk += [("agent", f"Do you mean the one on {spoken(monday)}?"), ("user", "Yes, that one.")]
    gone = ask("cancel_appointment", talk, booking_id=booked["booking_id"])
    assert gone["status"] == "cancelled", gone
