"""Reports through the whole program: every channel, a killed process, a receiver that fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import yaml
from websockets.sync.client import connect

from app.adapters.agents import files
from app.security import outgoing
from tests.support.local_http import Answer, LocalServer, Request
from tests.support.sender import Sender
from tests.support.stack import RunningStack, end, kill
from tests.support.telephone import AudioCall
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(240)

SECRET = "whsec-2"
GREETING = "Harbor Dental, how can I help you?"
QUESTION = """
steps:
  - hear: how can I help
  - say: Is there anything free on Friday?
  - hear: '.'
  - hang_up: true
"""


class Receiver:
    """Refuses each report once, then keeps it by id and revision."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.kept: dict[str, dict[int, dict[str, Any]]] = {}
        self.repeats = 0
        self.server = LocalServer(self._answer)

    def _answer(self, request: Request) -> Answer:
        signed = request.headers["callsmith-signature"]
        assert outgoing.verify(request.body, signed, SECRET, int(time.time()))
        told = request.json()
        assert told["event"] == "call.report"
        key = request.headers["idempotency-key"]
        if key not in self.refused:
            self.refused.add(key)
            return 500, {}
        report: Any = told["report"]
        revisions = self.kept.setdefault(report["call_id"], {})
        self.repeats += report["revision"] in revisions
        revisions[report["revision"]] = report
        return 200, {}

    def wait_for(self, call_id: str, revision: int = 1, timeout: float = 60.0) -> dict[str, Any]:
        eventually(lambda: revision in self.kept.get(call_id, {}), timeout=timeout)
        return self.kept[call_id][revision]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.stop()


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, receiver: Receiver
) -> Iterator[RunningStack]:
    directory = tmp_path_factory.mktemp("reports")
    agent = files.load().default.model_dump(mode="json")
    agent["lines"]["greeting"] = GREETING
    agent["audio"] |= {"speed": 1.5, "turn_detection": {"type": "server_vad", "threshold": 0.2}}
    agent["report"] = {
        "fields": {
            "name": {"type": "string", "description": "Who called"},
            "reason": {"type": "string", "description": "Why they called"},
            "phone": {"type": "string", "description": "Their number"},
        }
    }
    file = directory / "agent.yaml"
    file.write_text(yaml.safe_dump(agent))
    settings = {
        "AGENT_FILE": str(file),
        "REPORT_WEBHOOK_URL": f"{receiver.server.url}/reports",
        "REPORT_WEBHOOK_SECRET": SECRET,
    }
    stack = RunningStack(directory / "stack", settings)
    stack.start()
    yield stack
    end(stack, failed=bool(request.session.testsfailed))


def shown(stack: RunningStack, call_id: str) -> dict[str, Any]:
    status, report = stack.records.json(f"/api/calls/{call_id}/report")
    assert status == 200, report
    assert isinstance(report, dict)
    return report


@pytest.fixture(scope="module")
def cut_off(stack: RunningStack) -> str:
    """A call whose web process is killed while it goes on, and whose caller does not come back."""
    call_id = "cut-off-1"
    with connect(f"{stack.socket_url}/{call_id}") as ws:
        ws.recv(timeout=30)
        eventually(lambda: stack.records.fetch(call_id) is not None)
        (web,) = stack.web_processes()
        kill(web)
    stack.wait_for_web()
    return call_id


def test_a_call_on_the_socket(stack: RunningStack, receiver: Receiver, cut_off: str) -> None:
    outcome = stack.call("booking")
    assert outcome.failures == []
    report = receiver.wait_for(outcome.call_id)
    assert (report["channel"], report["outcome"]) == ("retell", "booked")
    assert (report["revision"], report["made_by"]) == (1, "rules")
    assert report["fields"]["name"] == report["bookings"][0]["name"]
    assert report["fields"]["reason"] is None
    assert "book_appointment" in [tool["name"] for tool in report["tools"] if tool["ok"]]
    assert report["cost"]["tokens"]["text"]["input"] > 0
    assert report["transcript"][0] == {"role": "agent", "content": GREETING}
    assert shown(stack, outcome.call_id) == report


def test_calls_told_of_by_webhooks(stack: RunningStack, receiver: Receiver) -> None:
    with Sender(stack.port) as sender:
        for event in ("call_started", "call_ended", "call_ended"):
            assert sender.event(event, "call_hooks").status == 200
        report = receiver.wait_for("call_hooks")
        assert (report["channel"], report["analysis"]) == ("retell_webhook", None)
        assert report["transcript"]
        assert sender.event("call_analyzed", "call_hooks").status == 200
        again = receiver.wait_for("call_hooks", 2)
        assert again["analysis"]["user_sentiment"] == "Positive"
        assert again["summary"] == again["analysis"]["call_summary"]
        assert shown(stack, "call_hooks") == again
        for event in ("session_start", "transcript", "session_end"):
            assert sender.event(event, "plain-1").status == 200
        plain = receiver.wait_for("plain-1")
        assert plain["channel"] == "webhook"
        assert [entry["role"] for entry in plain["transcript"]] == ["user"]


def test_calls_over_audio(stack: RunningStack, receiver: Receiver) -> None:
    call = AudioCall(
        stack, "Is there anything free on Friday?", "No, thank you. Goodbye.", wait=20.0
    ).start()
    outcome = call.finish()
    page = in_a_browser(stack)
    report = receiver.wait_for(outcome.call_sid)
    assert report["channel"] == "twilio"
    assert report["caller_number"] == report["fields"]["phone"] == call.number
    assert "user" in [entry["role"] for entry in report["transcript"]]
    assert receiver.wait_for(page)["channel"] == "browser"


def in_a_browser(stack: RunningStack) -> str:
    """A call on a page that is closed after the greeting began; its id."""
    status, raw = stack.records.post("/console/talk/call", b"{}", {})
    assert status == 200, raw
    about = orjson.loads(raw)
    start = {
        "event": "start",
        "streamSid": "MZ1",
        "start": {
            "callSid": about["call_id"],
            "streamSid": "MZ1",
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": about["token"], "agent": about["agent"]},
        },
    }
    with connect(about["socket"]) as ws:
        ws.send(orjson.dumps(start).decode())
        while orjson.loads(ws.recv(timeout=30))["event"] != "media":
            pass
    return str(about["call_id"])


def test_a_killed_worker_makes_no_second_report(stack: RunningStack, receiver: Receiver) -> None:
    outcome = stack.call(QUESTION)
    for _ in range(2):
        for process in stack.worker_processes():
            if "background" in " ".join(process.cmdline()):
                kill(process)
        time.sleep(3.0)  # about when the report is made
    report = receiver.wait_for(outcome.call_id, timeout=160)
    assert report["revision"] == 1
    assert list(receiver.kept[outcome.call_id]) == [1]


def test_a_call_without_an_end(stack: RunningStack, receiver: Receiver, cut_off: str) -> None:
    report = receiver.wait_for(cut_off, timeout=120)
    assert (report["outcome"], report["revision"]) == ("ended", 1)
    assert receiver.repeats == 0
