"""Real worker processes with tools of the tests' own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import gevent.socket
import pytest
from redis import Redis
from redis import connection as redis_connection

from app.adapters import queue
from app.adapters.calls.store import CallStore
from app.adapters.intent import model
from app.adapters.redis import keys
from app.adapters.tools.store import EffectStore
from app.local.processes import Part
from app.settings import Settings
from tests.support.text_model import TextModel
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[3]
Start = Callable[..., Part]
Supervise = Callable[[queue.QueueName], Part]


@pytest.fixture(autouse=True)
def _cooperative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis clients of the test process let its other greenlets run, as in a patched process."""
    monkeypatch.setattr(redis_connection, "socket", gevent.socket)


@pytest.fixture
def url(redis_url: str) -> str:
    """The Redis these tests use; a module that kills its server overrides it."""
    return redis_url


@pytest.fixture
def settings(url: str) -> Settings:
    return Settings(redis_url=url)


@pytest.fixture
def effects(redis: Redis, settings: Settings) -> EffectStore:
    return EffectStore(redis, settings)


@pytest.fixture
def calls(redis: Redis, settings: Settings) -> CallStore:
    return CallStore(redis, settings)


@pytest.fixture
def start_worker(url: str, redis: Redis, tmp_path: Path) -> Iterator[Start]:
    """Start a worker process on a queue, and wait until it is at work."""
    parts: list[Part] = []

    def start(name: queue.QueueName = "live", **env: str) -> Part:
        part = Part(
            f"worker-{len(parts)}",
            [sys.executable, "-m", "tests.support.worker_process", name],
            log=tmp_path / f"worker-{len(parts)}.log",
            env={**os.environ, "REDIS_URL": url, "APP_ENV": "development", **env},
            cwd=ROOT,
        )
        part.start()
        parts.append(part)
        eventually(lambda: at_work(redis, name, part))
        return part

    yield start
    for part in parts:
        part.send(signal.SIGCONT)
        part.kill()


@pytest.fixture
def supervise(url: str, redis: Redis, tmp_path: Path) -> Iterator[Supervise]:
    """Start the product's supervisor over one worker process with the tests' tools."""
    parts: list[Part] = []

    def start(name: queue.QueueName) -> Part:
        script = (
            "import sys; from workers.supervisor import Supervisor; sys.exit(Supervisor("
            f"[[sys.executable, '-m', 'tests.support.worker_process', '{name}']]).run())"
        )
        part = Part(
            "supervisor",
            [sys.executable, "-c", script],
            log=tmp_path / "supervisor.log",
            env={**os.environ, "REDIS_URL": url, "APP_ENV": "development"},
            cwd=ROOT,
        )
        part.start()
        parts.append(part)
        eventually(lambda: part.alive and queue.workers_alive(redis, name), timeout=60)
        return part

    yield start
    for part in parts:
        part.stop(30)


@pytest.fixture
def supervised(supervise: Supervise) -> Part:
    """A supervisor over one live worker process."""
    return supervise("live")


def at_work(redis: Redis, name: queue.QueueName, part: Part) -> bool:
    """Whether this very process has given a sign of life; another one's may lapse meanwhile."""
    assert part.alive, part.tail()
    told = cast(list[bytes], redis.zrange(keys.workers(name), 0, -1))
    return any(str(part.pid) in process.decode().split("-") for process in told)


@pytest.fixture
def text_model() -> Iterator[TextModel]:
    """A text model's server; the workers' clients are made anew for each test."""
    found = TextModel()
    yield found
    found.stop()
    model._client.cache_clear()
