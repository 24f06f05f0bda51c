"""`doctor` names what is wrong and the cure, whatever is wrong; and explains a call."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import redis

from app.adapters.checks import model, server, store, workers
from app.adapters.checks.finding import Finding
from app.adapters.own_server import Records
from app.adapters.redis import keys
from app.cli import diagnosis
from app.cli.call_report import explain
from app.local import stack
from app.settings import Settings
from tests.support.scripted_agent import ScriptedAgent, scripted_agent


def only(findings: list[Finding], verdict: str) -> list[str]:
    return [f"{found.what} | {found.cure}" for found in findings if found.verdict == verdict]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (diagnosis, model, server):
        monkeypatch.setattr(part, "TIMEOUT_S", 0.3)


def test_missing_settings_are_named_at_once() -> None:
    found, findings = diagnosis.settings({"APP_ENV": "production", "REDIS_URL": "http://x"})
    assert found is None
    text = " ".join(only(findings, "bad"))
    for name in ("REDIS_URL", "OPENAI_API_KEY", "RETELL_API_KEY", "SOCKET_TOKEN", "ADMIN_TOKEN"):
        assert name in text


def test_development_is_told_what_production_would_want() -> None:
    found, findings = diagnosis.settings({"REDIS_URL": "redis://x"})
    assert found is not None
    assert "SOCKET_TOKEN" in only(findings, "warn")[0]


def test_an_agent_file_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text("name: 5\n")
    assert (
        "agents.yaml:1" in only(diagnosis.agent_file(Settings(agent_file=str(file)))[1], "bad")[0]
    )
    assert only(diagnosis.agent_file(Settings())[1], "ok")


def test_an_agent_that_relies_on_what_is_not_set(tmp_path: Path) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text(
        "name: Sam\nbusiness: Pipes\ninstructions: x\ntools: [send_text, transfer_call]\n"
        "texts: {address: Harbor Street}\nmessages: {email: [a@b.example]}\n"
        "transfer_targets: [{name: Al, number: '+14155550143', warm: true}]\n"
    )
    lacking = only(
        diagnosis.agent_file(Settings(agent_file=str(file), env="production"))[1], "warn"
    )
    assert [line.partition(" | ")[0] for line in lacking] == [
        "Sam cannot ask a colleague before a transfer",
        "Sam cannot send text messages",
        "Sam cannot mail messages",
    ]
    full = Settings(
        agent_file=str(file),
        env="production",
        notify_sms_from="+1415",
        twilio_account_sid="AC1",
        twilio_auth_token="t",
        smtp_url="smtp://x",
    )
    assert only(diagnosis.agent_file(full)[1], "warn") == []


def test_redis(redis_url: str, free_port: int) -> None:
    assert only(store.store(Settings(redis_url=redis_url)), "ok")
    away = store.store(Settings(redis_url=f"redis://127.0.0.1:{free_port}"))
    assert only(away, "bad")[0].endswith("| start Redis, or correct REDIS_URL")
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            evicting = only(store.store(Settings(redis_url=redis_url)), "bad")[0]
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert "allkeys-lru" in evicting
    assert "| set maxmemory-policy to noeviction" in evicting
    with contextlib.ExitStack() as held:
        clients = [held.enter_context(redis.Redis.from_url(redis_url)) for _ in range(36)]
        for client in clients:
            client.ping()
        before = client.config_get("maxclients")["maxclients"]
        client.config_set("maxclients", 64)
        try:
            warned = only(store.store(Settings(redis_url=redis_url)), "warn")
        finally:
            client.config_set("maxclients", before)
    assert "REDIS_CONNECTIONS" in warned[0]


def test_workers(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url)
    absent = only(workers.workers(settings), "bad")
    assert len(absent) == 2
    assert "python -m workers" in absent[0]
    with redis.Redis.from_url(redis_url) as client:
        for name in ("live", "background"):
            client.zadd(keys.workers(name), {"w1": time.time() + 60})
        client.rpush("rq:queue:background", *range(30))
    findings = workers.workers(settings)
    assert only(findings, "ok") == ["queue live: 1 alive, 0 jobs wait | "]
    assert "30 jobs wait" in only(findings, "warn")[0]


def test_workers_of_another_release_are_told(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url)
    with redis.Redis.from_url(redis_url) as client:
        for name in ("live", "background"):
            client.zadd(keys.workers(name), {"w1": time.time() + 60})
            client.zadd(keys.worker_releases(name), {"r1 w1": time.time() + 60})
        assert "all run the same release" in only(workers.workers(settings, "r1"), "ok")[-1]
        assert (
            "workers run release r1, the web runs r2"
            in only(workers.workers(settings, "r2"), "bad")[0]
        )
        client.zadd(keys.worker_releases("live"), {"r2 w2": time.time() + 60})
        assert (
            "several releases are at work: r1, r2"
            in only(workers.workers(settings, "r2"), "warn")[0]
        )
        client.zadd(keys.worker_releases("live"), {"r2 w2": time.time() - 60})
        assert only(workers.workers(settings, "r1"), "warn") == []


@pytest.fixture
def agent() -> Iterator[ScriptedAgent]:
    with scripted_agent(lambda sock, number, frame: None) as started:
        yield started


def test_a_wrong_key_a_wrong_address_and_no_answer(
    agent: ScriptedAgent, free_port: int, quick: None
) -> None:
    base = agent.url.replace("ws:", "http:").removesuffix("/llm-websocket")
    agent.refuse, agent.refusal = 9, HTTPStatus.UNAUTHORIZED
    agent.reason = '{"error":{"code":"invalid_api_key","message":"Incorrect API key"}}'
    settings = Settings(openai_api_key="x", openai_base_url=base + "/v1")
    refused = only(model.model(settings), "bad")[0]
    assert "invalid_api_key" in refused
    assert "OPENAI_API_KEY" in refused
    nobody = Settings(openai_api_key="x", openai_base_url=f"http://127.0.0.1:{free_port}/v1")
    assert "OPENAI_BASE_URL" in only(model.model(nobody), "bad")[0]
    assert "rehearsal" in only(model.model(Settings()), "warn")[0]


def test_a_socket_that_greets_and_one_that_does_not(
    agent: ScriptedAgent, free_port: int, quick: None
) -> None:
    greeted = only(diagnosis.llm_socket(Settings(), agent.url), "ok")[0]
    assert "How can I help?" in greeted
    agent.refuse = 9
    wants = only(diagnosis.llm_socket(Settings(), agent.url), "bad")[0]
    assert "SOCKET_TOKEN in the URL" in wants
    wrong = only(diagnosis.llm_socket(Settings(), agent.url + "/token"), "bad")[0]
    assert "not the server's SOCKET_TOKEN" in wrong
    gone = diagnosis.llm_socket(Settings(), f"ws://127.0.0.1:{free_port}/llm-websocket")
    assert "no connection" in only(gone, "bad")[0]


def test_an_open_socket_where_a_token_is_set_is_bad(agent: ScriptedAgent, quick: None) -> None:
    settings = Settings(socket_token="secret")
    findings = diagnosis.llm_socket(settings, agent.url + "/secret")
    assert "takes calls without the token" in only(findings, "bad")[0]


def test_nobody_listens(free_port: int) -> None:
    absent = only(server.web(Records(f"http://127.0.0.1:{free_port}")), "bad")[0]
    assert "python -m app dev" in absent


STORY: dict[str, Any] = {
    "call_id": "call_1",
    "status": "ended",
    "disconnection_reason": "error_llm_websocket_runtime",
    "channel": "retell",
    "started_at": 1795236687.0,
    "turns": [
        {
            "response_id": 1,
            "asked_at": 1795236690.0,
            "first_ms": 40.0,
            "ended": "answered",
            "text": "Sure.",
        },
        {
            "response_id": 2,
            "asked_at": 1795236695.0,
            "first_ms": 7000.0,
            "ended": "answered",
            "text": "Hm.",
        },
        {
            "response_id": 3,
            "asked_at": 1795236705.0,
            "first_ms": None,
            "ended": "failed",
            "text": "",
        },
        {
            "response_id": 4,
            "asked_at": 1795236706.0,
            "first_ms": None,
            "ended": "superseded",
            "text": "",
        },
    ],
    "tool_calls": [
        {
            "tool": "book_appointment",
            "state": "failed",
            "asked_at": 1795236696.0,
            "ended_at": 1795236697.5,
            "attempts": 3,
            "error": "calendar_down",
        },
        {"tool": "find_appointments", "state": "asked", "asked_at": 1795236699.0, "ended_at": 0},
    ],
    "events": [{"at": 1795236691.0, "kind": "barge_in", "response_id": 1}],
}


def test_a_call_is_explained_in_order_with_what_stands_out() -> None:
    lines = [text for text, _ in explain(STORY)]
    text = "\n".join(lines)
    assert lines[0].startswith("call call_1: ended, error_llm_websocket_runtime, retell")
    order = ["turn 1", "barge_in", "turn 2", "tool book_appointment failed in 1500 ms", "turn 3"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert "Nothing was said in answer to request 3." in text
    assert "The caller heard nothing for 7.0 s (turn 2)." in text
    assert "Tool book_appointment failed: calendar_down" in text
    assert "Tool find_appointments never ended.\n    look at: are workers running?" in text
    assert "or vanished more than four times. (error_llm_websocket_runtime)" in text


def test_a_call_that_never_reached_us_is_told_as_such() -> None:
    text = "\n".join(line for line, _ in explain({"call_id": "c", "status": "ended"}))
    assert "No socket of this call reached the program" in text


def test_a_good_call_has_nothing_that_stands_out() -> None:
    story = {**STORY, "disconnection_reason": "agent_hangup", "tool_calls": []}
    story["turns"] = STORY["turns"][:1]
    assert [text for text, _ in explain(story)][-1] == "  Nothing stands out."


@pytest.mark.parametrize(
    ("status", "token", "verdict", "cure"),
    [
        (403, "mine", "bad", "set ADMIN_TOKEN here to the server's value"),
        (403, "", "warn", "set ADMIN_TOKEN here to the server's value"),
        (200, "mine", "ok", ""),
        (500, "mine", "bad", "see the server's log"),
    ],
)
def test_a_wrong_admin_token_is_named(status: int, token: str, verdict: str, cure: str) -> None:
    records = Records("http://server", token)
    records.get = lambda path: (status, b"{}")  # type: ignore[method-assign]
    (found,) = diagnosis.admin(Settings(admin_token=token), records)
    assert (found.verdict, found.cure[: len(cure)]) == (verdict, cure)


def test_commands_find_the_port_of_a_run_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "ROOT", tmp_path)
    run = tmp_path / ".run" / str(os.getpid())
    run.mkdir(parents=True)
    (run / stack.PORT_FILE).write_text("8123")
    assert stack.beside({})["PORT"] == "8123"
    assert stack.beside({"PORT": "9000"})["PORT"] == "9000"
    assert "PORT" not in stack.beside({"APP_ENV": "production"})
