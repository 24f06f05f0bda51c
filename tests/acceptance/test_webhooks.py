"""Webhooks through the whole program: gunicorn, Redis, workers, calendar."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from app.rehearsal.webhook_samples import SAMPLES
from tests.support.sender import Sender
from tests.support.stack import RunningStack, clean_environment
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
#: Named, so that no rehearsal model is started: these calls have no model of ours.
NO_MODEL = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    stack = RunningStack(tmp_path_factory.mktemp("stack"), {**NO_MODEL, "WEB_CONCURRENCY": "2"})
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def sender(stack: RunningStack) -> Iterator[Sender]:
    with Sender(stack.port) as sender:
        yield sender


def bookings(stack: RunningStack, day: dt.date | None = None) -> list[Any]:
    """What the calendar shows, of one day or at all: other calls may book at any moment."""
    status, body = stack.records.get("/calendar.ics")
    assert status == 200
    events: list[Any] = list(icalendar.Calendar.from_ical(body).walk("VEVENT"))
    zone = ZoneInfo("America/Los_Angeles")
    return [e for e in events if day in (None, e["dtstart"].dt.astimezone(zone).date())]


def tuesday(weeks: int = 1) -> dt.date:
    day = dt.date.today() + dt.timedelta(weeks=weeks)
    return day + dt.timedelta(days=(1 - day.weekday()) % 7)


def spoken(day: dt.date) -> str:
    return f"{day:%A}, {day:%B} {day.day}"


@pytest.mark.parametrize("event", list(SAMPLES))
def test_the_command_sends_every_event(stack: RunningStack, event: str) -> None:
    command = [sys.executable, "-m", "app", "webhook", event, "--url", stack.base]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=clean_environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    assert "curl -sS -X POST" in done.stdout
    assert "X-Retell-Signature: v=" in done.stdout
    assert " 200" in f" {done.stdout.splitlines()[-1]}"


def test_the_printed_curl_command_works(stack: RunningStack) -> None:
    command = [sys.executable, "-m", "app", "webhook", "session_start", "--url", stack.base]
    printed = subprocess.run(
        [*command, "--dry"], capture_output=True, text=True, cwd=ROOT, env=clean_environment(),
        check=True,
    ).stdout  # fmt: skip
    answers = [
        subprocess.run(["bash", "-c", printed], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert answers == ['{"received":true}\n', '{"received":true,"duplicate":true}\n']


def test_a_session_of_plain_payloads_books_once(stack: RunningStack, sender: Sender) -> None:
    text = f"I'd like to book a checkup for {spoken(tuesday(2))} at half past ten in the morning"
    assert sender.event("session_start", "plain-1").body == {"received": True}
    for end in (3, 5, len(text.split())):
        words = " ".join(text.split()[:end])
        sender.event("transcript", "plain-1", transcript=words, isFinal=False)
    assert sender.event("transcript", "plain-1", transcript=text, isFinal=True).status == 200
    assert sender.event("transcript", "plain-1", transcript=text, isFinal=True).body == {
        "received": True, "duplicate": True,
    }  # fmt: skip
    story = eventually(lambda: booked(stack, "plain-1"))
    sender.event("session_end", "plain-1")
    ended = eventually(lambda: over(stack, "plain-1"))
    assert len(bookings(stack, tuesday(2))) == 1
    assert story["last_intent"]["intent"] == "schedule_meeting"
    assert [item["text"] for item in ended["intents"]] == [text]
    assert ended["decision"]["acted"] is True
    assert [call["tool"] for call in ended["tool_calls"]] == ["book_appointment"]


def test_partials_show_an_early_intent(stack: RunningStack, sender: Sender) -> None:
    sender.event("session_start", "plain-2")
    sender.event("transcript", "plain-2", transcript="I'd like to book", isFinal=False)
    sender.event(
        "transcript", "plain-2", transcript="I'd like to book an appointment", isFinal=False
    )
    early = eventually(lambda: stack.story("plain-2").get("early_intent"))
    assert early["intent"] == "schedule_meeting"
    sender.event("interruption", "plain-2")
    assert "early_intent" not in stack.story("plain-2")


def test_a_call_of_retells_own_webhooks_books_once(stack: RunningStack, sender: Sender) -> None:
    talk: list[dict[str, Any]] = [
        {"role": "agent", "content": "Harbor Dental, how can I help? "},
        {
            "role": "user",
            "content": f"Please book a cleaning for {spoken(tuesday(3))} at nine in the morning. ",
        },
        {"role": "agent", "content": "Let me see. "},
    ]
    for end in (1, 2, 3):
        sender.event("transcript_updated", "call_w1", transcript_with_tool_calls=talk[:end])
    sender.event("call_started", "call_w1")
    for name in ("call_analyzed", "call_ended", "call_ended"):
        sender.event(name, "call_w1", transcript_with_tool_calls=talk, transcript_object=talk)
    story = eventually(lambda: booked(stack, "call_w1"))
    assert story["status"] == "ended"
    assert story["analysis"]["user_sentiment"] == "Positive"
    assert [entry["role"] for entry in story["transcript"]] == ["agent", "user", "agent"]
    assert len(bookings(stack, tuesday(3))) == 1


def test_functions_and_webhooks_of_one_call_book_once(stack: RunningStack, sender: Sender) -> None:
    call = {"call_id": "call_f1", "agent_id": "a", "from_number": "+14155550199"}
    day = tuesday(4).isoformat()

    def ask(tool: str, said: str, /, **args: Any) -> dict[str, Any]:
        body = {"name": tool, "args": args, "call": {**call, "transcript": said}}
        answer = sender.post(f"/functions/{tool}", body)
        assert answer.status == 200
        return answer.body

    found = ask("check_availability", "User: Tuesday.\n", date=day, service="checkup")
    slot = found["slots"][0]
    said = f"Agent: Shall I book {slot['say']}?\nUser: Yes, please.\n"
    booking = {"slot_id": slot["slot_id"], "name": "Ana Diaz", "service": "checkup"}
    first = ask("book_appointment", said, **booking)
    assert first["ok"] is True, first
    assert ask("book_appointment", said, **booking) == first
    assert ask("book_appointment", said + "Agent: Done.\n", **booking)["ok"] is True
    talk = [
        {"role": "user", "content": f"Book {spoken(tuesday(4))} at {slot['time']}."},
        {"role": "agent", "content": "Done."},
    ]
    sender.event("call_ended", "call_f1", transcript_with_tool_calls=talk)
    story = eventually(lambda: over(stack, "call_f1"))
    assert "has used a tool" in story["decision"]["why"]
    assert len(bookings(stack, tuesday(4))) == 1


def test_a_stream_of_bad_requests_harms_nobody(stack: RunningStack, sender: Sender) -> None:
    json = {"Content-Type": "application/json"}
    for raw, headers, status in (
        (b"{", json, (400,)),
        (b"x" * 5_000_000, json, (413,)),
        (b"{}", {"Content-Type": "text/plain"}, (415,)),
        (b'{"event":"call_started"}', {**json, "X-Retell-Signature": "v=1,d=2"}, (401,)),
        (os.urandom(500), json, (400,)),
        (b"[" * 100_000, json, (400,)),
    ):
        answer = sender.send("POST", "/webhook/retell", raw, headers)
        assert answer.status in status, (raw[:20], answer)
        assert set(answer.body["error"]) == {"code", "message"}
        sender.close()
    assert sender.event("call_started", "call_after").status == 200


def booked(stack: RunningStack, call_id: str) -> dict[str, Any] | None:
    story = stack.records.fetch(call_id)
    done = story and [call for call in story["tool_calls"] if call["state"] == "done"]
    return story if done and done[-1]["result"]["ok"] else None


def over(stack: RunningStack, call_id: str) -> dict[str, Any] | None:
    story = stack.records.fetch(call_id)
    return story if story and story.get("ended_at") and story.get("decision") else None
