"""/functions/<name>: a tool's result, once, in every form Retell asks for it."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.adapters import queue
from app.adapters.redis.client import connect
from app.adapters.tools.execution import Effect
from app.adapters.tools.replies import Reply
from app.adapters.tools.store import EffectStore
from app.core.agent.directory import Directory
from app.core.booking import slot_ids
from app.security import signatures
from app.settings import Settings
from app.web import functions, webhooks
from tests.support.web_app import make_app

KEY = "key_3b81d2"


class Worker(threading.Thread):
    """Begins and finishes effects as a worker process would; `ran` are those it ran."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self.redis = connect(settings)
        self.effects = EffectStore(self.redis, settings)
        self.ran: list[Any] = []
        self.idle = threading.Event()
        self.ended = threading.Event()
        self.output: dict[str, Any] = {"done": True}

    def run(self) -> None:
        while not self.ended.is_set():
            job_id = self.redis.lpop("rq:queue:live")
            if job_id is None or self.idle.is_set():
                time.sleep(0.01)
                continue
            assert isinstance(job_id, bytes)
            job = queue.read_job(self.redis, job_id.decode())
            assert job is not None
            self._run(*job.args)

    def _run(self, call_id: str, key: str) -> None:
        _, effect = self.effects.begin(call_id, key, "worker")
        if effect is None:
            return
        self.ran.append(effect)
        result = {"ok": True, "output": {**self.output, "args": effect.arguments}, "say": "Done."}
        self.effects.finish(call_id, key, "worker", "done", result)


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return Settings(redis_url=redis_url, retell_api_keys=(KEY,))


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    thread = Worker(settings)
    thread.start()
    yield thread
    thread.ended.set()
    thread.join()


class PollingReplies:
    """`Replies` without its greenlets: this test process is not patched for gevent."""

    process = "test-process"

    def __init__(self, settings: Settings) -> None:
        self.effects = EffectStore(connect(settings), settings)

    def wait(self, effect: Effect, tool_call_id: str, timeout_s: float) -> Reply | None:
        deadline = time.monotonic() + timeout_s
        found: Effect | None = effect
        while found is not None and not found.settled and time.monotonic() < deadline:
            time.sleep(0.01)
            found = self.effects.get(effect.call_id, effect.key)
        return Reply.of(found, tool_call_id) if found is not None and found.settled else None


@pytest.fixture
def client(settings: Settings) -> FlaskClient:
    replies = PollingReplies(settings)
    return make_app(settings, functions.bp, replies=replies).test_client()


def full(name: str, args: dict[str, Any], call_id: str = "call_1", **call: Any) -> dict[str, Any]:
    about = {"call_id": call_id, "agent_id": "a", "from_number": "+14155550142", **call}
    return {"name": name, "args": args, "call": about}


def send(
    client: FlaskClient,
    name: str,
    body: Any = None,
    *,
    method: str = "POST",
    key: str = KEY,
    **query: str,
) -> Any:
    raw = b"" if body is None else orjson.dumps(body)
    headers = {signatures.HEADER: signatures.sign(raw, key, int(time.time() * 1000))}
    return client.open(
        f"/functions/{name}", method=method, data=raw, headers=headers, query_string=query,
        content_type="application/json" if body is not None else None,
    )  # fmt: skip


def test_the_full_payload(client: FlaskClient, worker: Worker) -> None:
    response = send(client, "check_availability", full("x", {"date": "2026-11-26", "more": "x"}))
    assert response.status_code == 200
    assert response.json == {
        "ok": True, "done": True, "args": {"date": "2026-11-26"}, "say": "Done.",
    }  # fmt: skip
    (effect,) = worker.ran
    assert (effect.call_id, effect.tool) == ("call_1", "check_availability")
    assert effect.context["caller_number"] == "+14155550142"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_no_body_and_the_arguments_in_the_query(
    client: FlaskClient, worker: Worker, method: str
) -> None:
    response = send(
        client, "check_availability", method=method, date="2026-11-26", call_id="call_7"
    )
    assert response.json["args"] == {"date": "2026-11-26"}
    assert worker.ran[0].call_id == "call_7"


def test_arguments_alone(client: FlaskClient, worker: Worker) -> None:
    response = send(client, "check_availability", {"date": "2026-11-26"}, call_id="call_8")
    assert response.json["args"] == {"date": "2026-11-26"}
    assert worker.ran[0].call_id == "call_8"


def test_a_request_sent_again_is_the_same_effect(client: FlaskClient, worker: Worker) -> None:
    body = full("book_appointment", {"slot_id": "00001-0aa", "name": "Dana Diaz"})
    answers = [send(client, "book_appointment", body).json for _ in range(3)]
    assert answers[0]["ok"] is True
    assert answers[0] == answers[1] == answers[2]
    assert len(worker.ran) == 1


def test_the_model_asking_again_is_the_same_effect(client: FlaskClient, worker: Worker) -> None:
    for transcript, name in (("Agent: a\n", "Dana Diaz"), ("Agent: a\nUser: b\n", " dana  DIAZ ")):
        args = {"slot_id": "00001-0aa", "name": name}
        send(client, "book_appointment", full("x", args, transcript=transcript))
    assert len(worker.ran) == 1


def test_after_a_cancellation_the_same_booking_is_a_new_one(
    client: FlaskClient, worker: Worker
) -> None:
    book = {"slot_id": "00001-0aa", "name": "Dana"}
    for count, (name, args) in enumerate(
        [("book_appointment", book), ("cancel_appointment", {}), ("book_appointment", book)]
    ):
        send(client, name, full(name, args, transcript="Agent: x\n" * count))
    assert [effect.tool for effect in worker.ran] == [
        "book_appointment", "cancel_appointment", "book_appointment",
    ]  # fmt: skip


def test_a_reading_is_never_an_old_one(client: FlaskClient, worker: Worker) -> None:
    body = full("check_availability", {"date": "2026-11-26"})
    for _ in range(2):
        assert send(client, "check_availability", body).json["ok"]
    assert len(worker.ran) == 2


def test_without_a_call_a_side_effect_is_done_once_and_apart(
    client: FlaskClient, worker: Worker
) -> None:
    start = dt.datetime(2026, 11, 26, 18, tzinfo=dt.UTC)
    offered = slot_ids.make("function-of-a-reading", start, 0)
    for name in ("Dana", "Dana", "Ravi"):
        send(client, "book_appointment", {"slot_id": offered, "name": name})
    first, second = worker.ran
    assert first.call_id != second.call_id
    for effect in (first, second):
        slot = slot_ids.read(effect.call_id, effect.arguments["slot_id"])
        assert slot == slot_ids.SlotId(start, 0, genuine=True)


def test_what_is_missing_is_told_to_the_model(client: FlaskClient, worker: Worker) -> None:
    response = send(client, "book_appointment", full("x", {"slot_id": "x", "name": " "}))
    assert response.status_code == 200
    assert response.json == {"ok": False, "error": "Missing: name. Ask the caller."}
    assert worker.ran == []


def test_no_result_in_time_is_said_and_comes_with_the_next_request(
    client: FlaskClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.idle.set()
    services = client.application.extensions["services"]
    agent = services.agents.default
    quick = agent.turn_taking.model_copy(update={"tool_deadline_ms": 300})
    hasty = agent.model_copy(update={"turn_taking": quick})
    monkeypatch.setattr(services, "agents", Directory([hasty], default=hasty))
    body = full("cancel_appointment", {"name": "Dana"})
    response = send(client, "cancel_appointment", body)
    assert (response.status_code, response.json["error"]) == (200, "pending")
    worker.idle.clear()
    (effect,) = services.effects.of_call("call_1")
    worker.effects.begin("call_1", effect.key, "worker")
    worker.effects.finish(
        "call_1", effect.key, "worker", "done", {"ok": True, "output": {"x": 1}, "say": None}
    )
    assert send(client, "cancel_appointment", body).json == {"ok": True, "x": 1}


@pytest.mark.parametrize("name", ["nothing", "end_call", "transfer_call", "..", "a" * 300])
def test_unknown_functions(client: FlaskClient, name: str) -> None:
    response = send(client, name, full(name, {}))
    assert response.status_code in (404, 308)
    if response.status_code == 404:
        assert response.json["error"]["code"] == "not_found"


def test_edges(client: FlaskClient) -> None:
    assert send(client, "check_availability", full("x", {}), key="key_other").status_code == 401
    assert client.post("/functions/check_availability", json=full("x", {})).status_code == 401
    assert client.get("/functions/check_availability").status_code == 401
    assert send(client, "check_availability", [1]).status_code == 400
    wrong = {"name": "x", "args": 5, "call": {"call_id": "c"}}
    assert send(client, "check_availability", wrong).status_code == 400


def test_a_long_result_stays_json_within_retells_limit(client: FlaskClient, worker: Worker) -> None:
    worker.output = {"slots": [{"say": "é" * 90} for _ in range(200)], "note": "short"}
    response = send(client, "check_availability", full("x", {}))
    assert len(response.text) <= 15_000
    assert response.json["ok"] is True
    assert response.json["truncated"] is True
    assert response.json["note"] == "short"
    assert response.json["slots"]


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100
)
@given(
    raw=st.binary(max_size=120),
    name=st.sampled_from(["check_availability", "book_appointment", "no_such_tool"]),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    signed=st.booleans(),
)
def test_any_bytes_are_answered(
    client: FlaskClient, raw: bytes, name: str, method: str, signed: bool
) -> None:
    sent = b"" if method in ("GET", "DELETE") else raw
    key = KEY if signed else "key_other"
    headers = {signatures.HEADER: signatures.sign(sent, key, int(time.time() * 1000))}
    response = client.open(
        f"/functions/{name}", method=method, data=raw, headers=headers,
        content_type="application/json", query_string={"call_id": "a b"},
    )  # fmt: skip
    assert response.status_code == (401 if not signed else response.status_code)
    assert response.status_code in (400, 401, 404)


def test_redis_away(free_port: int) -> None:
    settings = Settings(redis_url=f"redis://127.0.0.1:{free_port}/0", retell_api_keys=(KEY,))
    replies = PollingReplies(settings)
    client = make_app(settings, functions.bp, replies=replies).test_client()
    response = send(client, "check_availability", full("x", {}))
    assert response.status_code == 503
    assert response.headers["Retry-After"]


def signed_at(body: bytes, at_ms: int) -> dict[str, str]:
    return {
        signatures.HEADER: signatures.sign(body, KEY, at_ms),
        "Content-Type": "application/json",
    }


def test_a_signature_of_a_webhook_opens_no_function_and_the_reverse(
    settings: Settings, worker: Worker
) -> None:
    app = make_app(settings, functions.bp, webhooks.bp, replies=PollingReplies(settings))
    client = app.test_client()
    now_ms = int(time.time() * 1000)
    event = orjson.dumps({"event": "transcript", "sessionId": "s-1", "date": "2026-11-26"})
    headers = signed_at(event, now_ms)
    path = "/functions/check_availability"
    assert client.post("/webhook/retell", data=event, headers=headers).status_code == 200
    assert client.post(path, data=event, headers=headers).status_code == 401
    body = orjson.dumps({"event": "session_end", "sessionId": "s-1", "date": "2026-11-27"})
    headers = signed_at(body, now_ms)
    assert client.post(path, data=body, headers=headers).status_code == 200
    assert client.post(path, data=body, headers=headers).status_code == 200, "sent again"
    assert client.put(path, data=body, headers=headers).status_code == 401
    assert client.post(f"{path}?date=2026-11-28", data=body, headers=headers).status_code == 401
    assert client.post("/webhook/retell", data=body, headers=headers).status_code == 401


def test_a_signature_without_a_body_opens_few_queries(client: FlaskClient, worker: Worker) -> None:
    headers = signed_at(b"", int(time.time() * 1000))
    answers = [
        client.get(f"/functions/check_availability?date=2026-11-{day}", headers=headers).status_code
        for day in (24, 24, 25, 26, 27, 24)
    ]
    assert answers == [200, 200, 200, 200, 401, 200]
