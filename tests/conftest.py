"""Fixtures that all tests share. Servers are real; each is ended whatever the test does."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from app.local.embedded_redis import RedisServer
from app.local.processes import free_port as pick_port
from tests.support.stack import RunningStack, end

# The same examples every time, however slow the machine: a test that fails, fails for everybody.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")

# Programs that tests start by themselves run as `make run` does; tests of production say so.
os.environ.setdefault("APP_ENV", "development")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One memory-only Redis server per test process. Use `redis_url`, which is empty at start;
    a test that stops or kills the server takes `own_redis` instead."""
    server = RedisServer(tmp_path_factory.mktemp("redis"), durable=False).start()
    yield server
    server.kill()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """URL of an empty Redis."""
    with socket.create_connection(("127.0.0.1", redis_server.port), timeout=10) as sock:
        sock.sendall(b"FLUSHALL\r\nFUNCTION FLUSH\r\nSCRIPT FLUSH\r\nCONFIG RESETSTAT\r\n")
        data = b""
        while data.count(b"\r\n") < 4:
            data += sock.recv(4096)
    return redis_server.url


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A durable Redis server of this test's own, to stop, kill, pause and start again."""
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.kill()


@pytest.fixture
def free_port() -> int:
    """A free port on the loopback address."""
    return pick_port()


@pytest.fixture
def free_ports() -> Callable[[], int]:
    """Gives free ports on the loopback address."""
    return pick_port


MakeStack = Callable[..., RunningStack]


@pytest.fixture
def make_stack(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeStack]:
    """Starts stacks of this test's own: `make_stack({"SETTING": "value"}, model_arguments=[…])`."""
    started: list[RunningStack] = []

    def make(settings: Mapping[str, str] | None = None, **options: Any) -> RunningStack:
        stack = RunningStack(tmp_path / f"stack{len(started)}", settings, **options)
        started.append(stack)
        stack.start()
        return stack

    yield make
    for stack in started:
        end(stack, failed=bool(request.session.testsfailed))


@pytest.fixture
def stack(make_stack: MakeStack) -> RunningStack:
    """A whole program of this test's own, with default settings."""
    return make_stack()


@pytest.fixture(scope="session")
def shared_stack(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningStack]:
    """One program for all tests that neither stop a part nor count what the others leave."""
    stack = RunningStack(tmp_path_factory.mktemp("shared"))
    stack.start()
    yield stack
    end(stack, failed=bool(request.session.testsfailed))
