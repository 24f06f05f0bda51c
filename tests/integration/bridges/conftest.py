"""The product's gunicorn in front of `tests.support.socket_app`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from app.local.processes import free_port
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[3]
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "python:app.gunicorn")


class Server:
    """A running gunicorn. `stop` sends SIGTERM and waits."""

    def __init__(self, directory: Path, **env: str) -> None:
        self.port = free_port()
        self.log_file = directory / "server.log"
        with self.log_file.open("wb") as out:
            self.process = subprocess.Popen(
                [*GUNICORN, "tests.support.socket_app:app"],
                cwd=ROOT,
                env={**os.environ, "APP_ENV": "development", "PORT": str(self.port), **env},
                stdout=out,
                stderr=out,
            )
        try:
            eventually(lambda: self.get("/last") is not None)
        except AssertionError:
            self.stop()
            raise

    def get(self, path: str) -> dict[str, object]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            body: dict[str, object] = orjson.loads(answer.read())
            return body

    def url(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        self.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("gunicorn"))
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of this test's own; parametrize indirectly with its environment."""
    running = Server(tmp_path, **getattr(request, "param", {}))
    yield running
    running.stop()
