"""What is said of Redis' encryption, room and lasting, and of clocks."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.checks import store
from app.settings import Settings


@pytest.mark.parametrize(
    ("url", "verify", "verdict", "what"),
    [
        ("rediss://:p@redis.example.com:6380/0", True, "ok", "its certificate verified"),
        ("rediss://:p@redis.example.com:6380/0", False, "ok", "REDIS_TLS_VERIFY=0"),
        ("redis://:p@redis.example.com:6379/0", True, "warn", "is not encrypted"),
        ("redis://203.0.113.7:6379/0", True, "", ""),
        ("redis://8.8.8.8:6379/0", True, "warn", "is not encrypted"),
        ("redis://127.0.0.1:6379/0", True, "", ""),
        ("redis://10.0.0.3:6379/0", True, "", ""),
        ("redis://redis:6379/0", True, "", ""),
        ("unix:///run/redis.sock", True, "", ""),
    ],
)
def test_the_connection(url: str, verify: bool, verdict: str, what: str) -> None:
    found = store._encryption(Settings(redis_url=url, redis_tls_verify=verify))
    assert [one.verdict for one in found] == ([verdict] if verdict else [])
    assert all(what in one.what and ":p@" not in one.what for one in found)


@pytest.mark.parametrize(
    ("info", "what"),
    [
        ({"connected_clients": 12, "maxclients": 20}, "12 of 20 connections"),
        ({"used_memory": 90, "maxmemory": 100}, "90 % of its memory"),
        ({"evicted_keys": 3}, "has dropped 3 keys"),
        ({"connected_clients": 10, "maxclients": 20, "used_memory": 9, "maxmemory": 0}, ""),
        ({}, ""),
    ],
)
def test_room(info: dict[str, Any], what: str) -> None:
    found = store._room(info)
    assert [one.verdict for one in found] == (["warn"] if what else [])
    assert all(what in one.what and one.cure for one in found)


def test_production_wants_redis_to_write_to_disk() -> None:
    live = Settings(env="production")
    assert store._lasting(live, {"aof_enabled": 0})[0].verdict == "warn"
    assert store._lasting(live, {"aof_enabled": 1}) == []
    assert store._lasting(live, {}) == [], "a server that does not tell"
    assert store._lasting(Settings(), {"aof_enabled": 0}) == []


@pytest.mark.parametrize(
    ("redis", "model", "verdicts"),
    [
        (0.2, 0.9, ["ok"]),
        (-7.0, None, ["warn"]),
        (0.1, 400.0, ["bad"]),
        (90.0, -90.0, ["bad", "bad"]),
        (None, None, ["warn"]),
    ],
)
def test_clocks(
    monkeypatch: pytest.MonkeyPatch,
    redis: float | None,
    model: float | None,
    verdicts: list[str],
) -> None:
    monkeypatch.setattr(store, "_redis_ahead", lambda found: redis)
    monkeypatch.setattr(store, "_model_server_ahead", lambda found: model)
    found = store.clock(Settings())
    assert [one.verdict for one in found] == verdicts
    if redis == 90.0:
        assert found[0].what == "this machine's clock is 90 s behind that of Redis"
        assert found[1].what == "this machine's clock is 90 s ahead of that of the model's server"
