"""The release-phase check, and what it says of Redis."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import redis

from app.__main__ import main
from app.local.processes import port_problem

PRODUCTION = {
    "APP_ENV": "production",
    "OPENAI_API_KEY": "x",
    "RETELL_API_KEY": "x",
    "SOCKET_TOKEN": "x",
    "ADMIN_TOKEN": "x",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch, redis_url: str) -> pytest.MonkeyPatch:
    for name, value in {**PRODUCTION, "REDIS_URL": redis_url}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_complete_environment_passes(
    production: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    assert "complete" in capsys.readouterr().out


def test_everything_missing_is_named_at_once(
    production: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    production.setenv("SOCKET_TOKEN", "  ")
    production.delenv("RETELL_API_KEY")
    production.setenv("PORT", "x")
    assert main(["check"]) == 1
    error = capsys.readouterr().err
    assert error.splitlines() == [
        "check: RETELL_API_KEY is missing",
        "check: SOCKET_TOKEN is missing",
        "check: PORT must be a whole number from 1 to 65535",
    ]


def test_a_broken_agent_file_and_a_dead_redis_are_told_together(
    production: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    free_port: int,
) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text("name: A\nnonsense: 1\n")
    production.setenv("AGENT_FILE", str(file))
    production.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port}")
    assert main(["check"]) == 1
    error = capsys.readouterr().err
    assert "agents.yaml:2" in error
    assert "cannot reach Redis" in error


def test_an_eviction_policy_that_drops_jobs_is_refused(
    production: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert main(["check"]) == 1
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert "noeviction" in capsys.readouterr().err


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.listen()
        assert port_problem(port) == f"port {port} is in use by another process"
    assert port_problem(port) == ""
