"""The main job, on real processes: a call is answered, booked by a worker, and shows up."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import icalendar
import orjson
import pytest

from app.core.language.time.working_days import working_day
from app.rehearsal.retell_caller import events
from app.rehearsal.retell_caller.play import new_call_id
from app.security import signatures
from app.settings import DEVELOPMENT_KEY, Settings
from tests.support.stack import RunningStack, note
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent.parent


def app(stack: RunningStack, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """`python -m app …` in a second terminal."""
    env = {**stack.env, "PORT": str(stack.port), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=90,
        **options,
    )


def post(
    stack: RunningStack, body: bytes, *, key: str = DEVELOPMENT_KEY, **headers: str
) -> tuple[int, Any]:
    """A signed webhook."""
    signed = {signatures.HEADER: signatures.sign(body, key, int(time.time() * 1000))}
    status, answer = stack.records.post("/webhook/retell", body, {**signed, **headers})
    return status, orjson.loads(answer)


@pytest.fixture(scope="module")
def booked(shared_stack: RunningStack) -> tuple[str, str]:
    """A call by `python -m app call booking`: its id, and what the terminal showed."""
    call_id = new_call_id()
    done = app(shared_stack, "call", "booking", "--speed", "0", "--call-id", call_id)
    assert done.returncode == 0, done.stdout + done.stderr
    return call_id, done.stdout


class TestBookingCall:
    """Each test looks at one side of the same call."""

    def test_the_terminal_shows_speech_tools_actions_and_latency(
        self, booked: tuple[str, str]
    ) -> None:
        _, text = booked
        assert "Agent " in text
        assert "Caller" in text
        assert "check_availability(" in text
        assert "book_appointment(" in text
        assert "action  end_call" in text
        assert "call ended: agent_hangup" in text
        assert "first word after" in text
        assert text.rstrip().splitlines()[-1].startswith("  passed")

    def test_the_api_tells_the_whole_story(
        self, shared_stack: RunningStack, booked: tuple[str, str]
    ) -> None:
        story = shared_stack.story(booked[0])
        assert story["status"] == "ended"
        assert story["from_number"].startswith("+1415555")
        said = [entry["content"] for entry in story["transcript"]]
        assert {entry["role"] for entry in story["transcript"]} == {"agent", "user"}
        assert any("Dana Reyes" in text for text in said)
        assert all(turn["first_ms"] is not None for turn in story["turns"])
        tools = {call["tool"]: call for call in story["tool_calls"]}
        assert tools["book_appointment"]["state"] == "done"
        assert tools["book_appointment"]["attempts"] == 1
        (booking,) = story["bookings"]
        assert booking["status"] == "booked"

    def test_the_calendar_feed_holds_the_booking(
        self, shared_stack: RunningStack, booked: tuple[str, str]
    ) -> None:
        (booking,) = shared_stack.story(booked[0])["bookings"]
        status, body = shared_stack.records.get("/calendar.ics")
        assert status == 200
        calendar = icalendar.Calendar.from_ical(body)
        events: list[Any] = calendar.walk("VEVENT")
        event = next(item for item in events if str(item["uid"]) == booking["uid"])
        assert event["dtstart"].dt == dt.datetime.fromisoformat(booking["start"])
        today = dt.datetime.now(event["dtstart"].dt.tzinfo).date()
        # The third working day, or a later one where others have booked there.
        assert event["dtstart"].dt.date() >= working_day(today, 3)

    def test_the_flight_record_is_json_lines_without_the_number(
        self, shared_stack: RunningStack, booked: tuple[str, str]
    ) -> None:
        status, body = shared_stack.records.get(f"/api/calls/{booked[0]}/record")
        assert status == 200
        lines = [orjson.loads(line) for line in body.splitlines()]
        assert {line["in"] for line in lines if "in" in line} >= {"retell", "model", "tool"}
        assert b"4155550191" not in body

    def test_the_call_can_be_explained(
        self, shared_stack: RunningStack, booked: tuple[str, str]
    ) -> None:
        done = app(shared_stack, "doctor", "--call", booked[0])
        assert done.returncode == 0, done.stderr
        assert "tool book_appointment done" in done.stdout
        assert "Nothing stands out." in done.stdout

    def test_its_webhooks_join_the_story_once(
        self, shared_stack: RunningStack, booked: tuple[str, str]
    ) -> None:
        for event in ("call_started", "transcript_updated", "call_ended", "call_analyzed"):
            done = app(shared_stack, "webhook", event, "--id", booked[0])
            assert done.returncode == 0, done.stderr
            assert "curl " in done.stdout
            assert '"received":true' in done.stdout
        again = app(shared_stack, "webhook", "call_ended", "--id", booked[0])
        assert '"duplicate":true' in again.stdout

        def understood() -> bool:
            story = shared_stack.story(booked[0])
            found = {intent["intent"] for intent in story["intents"]}
            return bool(story["analysis"]["call_successful"]) and "schedule_meeting" in found

        eventually(understood)
        story = shared_stack.story(booked[0])
        assert story["disconnection_reason"] == "agent_hangup"
        assert len(story["bookings"]) == 1


def test_what_the_workers_counted_is_in_the_metrics(
    shared_stack: RunningStack, booked: tuple[str, str]
) -> None:
    counted = b'effects_total{state="done",tool="book_appointment"}'
    eventually(lambda: counted in shared_stack.records.get("/metrics")[1])


def test_the_socket_speaks_the_whole_protocol(shared_stack: RunningStack) -> None:
    seen: list[tuple[float, events.Event]] = []
    outcome = shared_stack.call(
        """
line: {reminder_trigger_ms: 1500}
steps:
  - hear: how can I help
  - silence: reminder
  - hear: .
  - say: Hi, I want to book a cleaning please
    early: 4
  - hear: day
  - hang_up: true
""",
        watch=note(seen),
    )
    assert outcome.ok, outcome
    assert outcome.reminders == 1
    asked = [event for _, event in seen if isinstance(event, events.Asked)]
    assert [event.early for event in asked] == [False, True, False]
    assert [turn.id for turn in outcome.turns if turn.text] == [0, 1, 3]


def test_a_person_can_type(shared_stack: RunningStack) -> None:
    typed = "I would like to book a checkup.\nNext week, any day.\n"
    done = app(shared_stack, "call", "--speed", "0", input=typed)
    assert done.returncode == 0, done.stdout
    assert "How can I help" in done.stdout
    assert done.stdout.count("Caller") == 2
    assert "check_availability(" in done.stdout
    assert "call ended: user_hangup" in done.stdout


def test_a_scenario_that_fails_says_so_with_its_status(
    shared_stack: RunningStack, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("steps:\n  - hear: this is a bank\n")
    done = app(shared_stack, "call", str(file), "--speed", "0")
    assert done.returncode == 1
    assert "FAILED  step 1: expected to hear 'this is a bank'" in done.stdout


def test_a_transfer_is_the_last_thing_of_a_call(shared_stack: RunningStack) -> None:
    outcome = shared_stack.call(
        """
steps:
  - hear: how can I help
  - say: I want to talk to a person please.
  - converse:
      - {when: 'shall I|would you like|connect you', say: 'Yes, please.'}
    until: ended
expect:
  ended: call_transfer
"""
    )
    assert outcome.ok, outcome
    assert outcome.actions[0].startswith("transfer_call +1")


def test_plain_sessions_by_webhook(shared_stack: RunningStack) -> None:
    session = f"session-{new_call_id()}"
    start = {"event": "session_start", "sessionId": session}
    words = {
        "event": "transcript",
        "sessionId": session,
        "transcript": "I need to cancel my appointment on Friday",
        "isFinal": True,
    }
    for payload in (start, words, {"event": "interruption", "sessionId": session}):
        assert post(shared_stack, orjson.dumps(payload)) == (200, {"received": True})
    status, again = post(shared_stack, orjson.dumps(words))
    assert status == 200
    assert again["duplicate"] is True

    def understood() -> bool:
        found = shared_stack.story(session)["intents"]
        return any(intent["intent"] == "cancel_meeting" for intent in found)

    eventually(understood)
    assert (
        post(shared_stack, orjson.dumps({"event": "session_end", "sessionId": session}))[0] == 200
    )
    eventually(lambda: shared_stack.story(session)["status"] == "ended")


def test_health_ready_and_metrics_are_true(stack: RunningStack) -> None:
    records = stack.records

    def live() -> int:
        return int(records.json("/health")[1]["activeSessions"])

    assert live() == 0
    counts: list[int] = []
    outcome = stack.call(
        "steps: [{hear: help}, {silence: 300ms}, {hang_up: true}]",
        watch=lambda number, call_id, at, event: (
            counts.append(live()) if isinstance(event, events.AgentDone) else None
        ),
    )
    assert outcome.ok
    assert counts == [1]
    eventually(lambda: live() == 0)
    status, body = records.get("/metrics")
    assert status == 200
    assert b"# TYPE" in body
    assert records.get("/ready")[0] == 200
    assert stack.redis is not None
    stack.redis.kill()
    status, answer = records.json("/ready")
    assert status == 503
    assert "Redis" in answer["error"]["message"]
    assert records.get("/health")[0] == 200
    stack.redis.start()
    eventually(lambda: records.get("/ready")[0] == 200)


BAD = [
    ("/webhook/retell", b"{", 400, "malformed"),
    ("/webhook/retell", b"[]", 400, "malformed"),
    ("/webhook/retell", b'{"event": 7}', 400, "malformed"),
    ("/webhook/retell", b'{"event":"call_started","call":{}}', 400, "malformed"),
    ("/webhook/retell", b"\xff\xfe", 400, "malformed"),
    ("/webhook/retell", b'{"event":"transcript","sessionId":5,"transcript":"x"}', 400, "malformed"),
    ("/webhook/realtime", b'{"transcript": 5}', 400, "malformed"),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), BAD)
def test_bad_input_gets_a_clear_error(
    shared_stack: RunningStack, path: str, body: bytes, status: int, code: str
) -> None:
    header = {signatures.HEADER: signatures.sign(body, DEVELOPMENT_KEY, int(time.time() * 1000))}
    got, answer = shared_stack.records.post(path, body, header)
    error = orjson.loads(answer)["error"]
    assert (got, error["code"]) == (status, code)
    assert "Traceback" not in error["message"]
    assert shared_stack.records.get("/health")[0] == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read(shared_stack: RunningStack) -> None:
    size = Settings().max_body_bytes + 1
    head = f"POST /webhook/retell HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n"
    with socket.create_connection(("127.0.0.1", shared_stack.port), timeout=20) as client:
        client.sendall(f"{head}Content-Type: application/json\r\n\r\n{{".encode())
        answer = b""
        while b"}}" not in answer:
            answer += client.recv(65536) or b"}}"
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"too_large"' in answer


def test_wrong_signature_unknown_call_and_unknown_event(shared_stack: RunningStack) -> None:
    body = orjson.dumps({"event": "call_started", "call": {"call_id": "call_x"}})
    assert post(shared_stack, body, key="key_of_somebody_else")[0] == 401
    mangled = shared_stack.records.post("/webhook/retell", body, {signatures.HEADER: "v=1"})
    assert mangled[0] == 401
    assert shared_stack.records.get("/api/calls/call_nobody")[0] == 404
    assert shared_stack.records.get("/nothing/here")[0] == 404
    unknown = orjson.dumps({"event": "moon_landing", "call": {"call_id": new_call_id()}})
    assert post(shared_stack, unknown) == (200, {"received": True, "ignored": True})


BAD_FRAMES = [
    "no json",
    "[]",
    "{}",
    '{"interaction_type":"response_required"}',
    '{"interaction_type":"response_required","response_id":"1","transcript":[]}',
    '{"interaction_type":"update_only","transcript":"x"}',
    '{"interaction_type":"update_only","transcript":[{"role":1}]}',
    '{"interaction_type":"moon_landing"}',
    '{"interaction_type":"ping_pong","timestamp":"x"}',
]


def test_bad_frames_harm_neither_their_call_nor_another(shared_stack: RunningStack) -> None:
    from websockets.sync.client import connect

    from app.rehearsal.retell_caller import frames

    url = f"{shared_stack.socket_url}/{new_call_id()}"
    with connect(url, compression=None) as socket:
        for frame in BAD_FRAMES:
            socket.send(frame)
        socket.send(frames.request(1, {"transcript": []}, reminder=False).decode())
        answered = False
        deadline = time.monotonic() + 20
        while not answered and time.monotonic() < deadline:
            said = frames.read(str(socket.recv(timeout=20)))
            answered = isinstance(said, frames.Speech) and said.id == 1 and said.complete
        assert answered
    assert shared_stack.call("steps: [{hear: help}, {hang_up: true}]").ok


PRODUCTION = {
    "APP_ENV": "production",
    "RETELL_API_KEY": "key_old, key_new",
    "SOCKET_TOKEN": "socket-secret",
    "ADMIN_TOKEN": "admin-secret",
    "CALENDAR_TOKEN": "calendar-secret",
}


def test_production_keeps_every_door_shut(make_stack: Any) -> None:
    stack = make_stack(PRODUCTION)
    assert stack.call("booking").ok
    open_url = stack.socket_url.replace("/socket-secret", "")
    wrong_url = stack.socket_url.replace("socket-secret", "wrong")
    for url in (open_url, wrong_url):
        done = app(stack, "call", "booking", "--speed", "0", "--url", url)
        assert done.returncode == 1
        assert "refused with HTTP 403" in done.stdout
    anonymous = type(stack.records)(stack.base)
    for path in ("/api/calls", "/api/calls/x", "/api/calls/x/record", "/calendar.ics"):
        assert anonymous.get(path)[0] == 403, path
    assert stack.records.get("/api/calls")[0] == 200
    assert anonymous.get("/calendar.ics?token=calendar-secret")[0] == 200
    body = orjson.dumps({"event": "session_start", "sessionId": "s1"})
    assert stack.records.post("/webhook/retell", body, {})[0] == 401
    for key in ("key_old", "key_new"):
        assert post(stack, body, key=key)[0] == 200
    done = app(stack, "doctor")
    assert done.returncode == 0, done.stdout
    logs = stack.logs()
    for secret in ("socket-secret", "admin-secret", "calendar-secret", "key_old", "4155550191"):
        assert secret not in logs


def test_production_refuses_to_start_half_configured(make_stack: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "python:app.gunicorn", "wsgi:app"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "APP_ENV": "production", "SOCKET_TOKEN": " "},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    told = done.stderr
    for name in ("REDIS_URL", "OPENAI_API_KEY", "RETELL_API_KEY", "SOCKET_TOKEN", "ADMIN_TOKEN"):
        assert f"{name} is missing" in told
    assert "Traceback" not in told
