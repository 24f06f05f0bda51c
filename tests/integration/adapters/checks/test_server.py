"""The server at its public address: a real one, in production, and one that answers wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from app.adapters.calls.query import CallQuery
from app.adapters.calls.store import CallStore
from app.adapters.checks import server
from app.adapters.redis.client import connect
from app.settings import Settings
from tests.support.scripted_agent import ScriptedAgent, scripted_agent
from tests.support.web_server import ADMIN, KEY, SOCKET, WebServer


@pytest.fixture
def agent() -> Iterator[ScriptedAgent]:
    with scripted_agent(lambda sock, number, frame: None) as started:
        yield started


def test_a_server_in_production(tmp_path: Path, redis_url: str) -> None:
    web = WebServer(tmp_path, redis_url)
    mine = Settings(
        env="production",
        redis_url=redis_url,
        public_url=f"http://127.0.0.1:{web.port}",
        retell_api_keys=(KEY,),
        socket_token=SOCKET,
        admin_token=ADMIN,
    )
    try:
        found = server.public_address(mine)
        assert [(one.area, one.verdict) for one in found] == [
            ("web", "ok"),
            ("webhook", "ok"),
            ("socket", "ok"),
            ("socket", "ok"),
        ]
        assert found[2].what == "refuses a caller without the token"
        with connect(mine) as redis:
            page = CallStore(redis, mine).index.page(CallQuery(), 10)
        assert all(call["call_id"].startswith("doctor") for call in page.calls)
        wrong = replace(mine, socket_token="wrong", retell_api_keys=("other",))
        other = server.public_address(wrong)
        assert [one.verdict for one in other] == ["ok", "bad", "ok", "bad"]
        assert "the server refuses our signature" in other[1].what
        assert "not the server's SOCKET_TOKEN" in other[3].cure
    finally:
        web.stop()


@pytest.mark.parametrize("status", [HTTPStatus.BAD_GATEWAY, HTTPStatus.UPGRADE_REQUIRED])
def test_a_proxy_that_does_not_pass_on_upgrades(agent: ScriptedAgent, status: HTTPStatus) -> None:
    agent.refuse, agent.refusal = 9, status
    (found,) = server.socket(Settings(), agent.url)
    assert found.verdict == "bad"
    assert "pass on WebSocket upgrades" in found.cure


def test_nobody_is_there(free_port: int) -> None:
    (found,) = server.public_address(Settings(public_url=f"http://127.0.0.1:{free_port}"))
    assert "nothing answers" in found.what
    (unknown,) = server.public_address(Settings())
    assert unknown.verdict == "warn"
