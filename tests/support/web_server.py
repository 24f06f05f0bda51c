"""The product's web server alone, as `Procfile` starts it, over a Redis that a test gives it."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import psutil

from app.local.processes import free_port
from app.security import signatures
from tests.support.stack import clean_environment
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "python:app.gunicorn", "wsgi:app")
KEY, SOCKET, ADMIN = "key_3b81d2", "socket-secret-1", "admin-secret-1"
SECRETS = {
    "APP_ENV": "production",
    "OPENAI_API_KEY": "sk-none",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "RETELL_API_KEY": KEY,
    "SOCKET_TOKEN": SOCKET,
    "ADMIN_TOKEN": ADMIN,
    "TWILIO_AUTH_TOKEN": "twilio-secret-1",
    "DRAIN_SECONDS": "1",
}


class WebServer:
    """A running gunicorn in production."""

    def __init__(self, directory: Path, redis_url: str, **settings: str) -> None:
        self.port = free_port()
        self.log_file = directory / "web.log"
        env = {"PORT": str(self.port), "REDIS_URL": redis_url, **SECRETS, **settings}
        with self.log_file.open("wb") as out:
            self.process = subprocess.Popen(
                GUNICORN, cwd=ROOT, env=clean_environment(**env), stdout=out, stderr=out
            )
        try:
            eventually(lambda: self._answers() or self.process.poll() is not None, timeout=60)
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise
        assert self.process.poll() is None, self.log

    @property
    def log(self) -> str:
        """All that it has logged."""
        return self.log_file.read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            return self.get("/health")[0] == 200
        except OSError:
            return False

    def connect(self) -> socket.socket:
        """A TCP connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Status and JSON or bytes of a GET."""
        return self.ask("GET", path, None, headers)

    def ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any]:
        """Status and JSON or bytes of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            raw = answer.read()
            kind = answer.getheader("Content-Type") or ""
            return answer.status, orjson.loads(raw) if "json" in kind else raw
        finally:
            connection.close()

    def hook(self, body: bytes, path: str = "/webhook/retell", at_ms: int | None = None) -> Any:
        """A webhook signed by Retell; status and answer."""
        return self.ask("POST", path, body, signed(body, at_ms))

    def memory(self) -> int:
        """Bytes of its worker processes."""
        children = psutil.Process(self.process.pid).children()
        return sum(child.memory_info().rss for child in children)

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def signed(body: bytes, at_ms: int | None = None) -> dict[str, str]:
    """The headers of a request of Retell's."""

    at_ms = int(time.time() * 1000) if at_ms is None else at_ms
    return {
        "Content-Type": "application/json",
        signatures.HEADER: signatures.sign(body, KEY, at_ms),
    }


def head(method: str, path: str, **headers: str) -> bytes:
    """The head of a request by hand."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_of(sock: socket.socket) -> bytes:
    """All that comes until the server closes."""
    data = b""
    while part := sock.recv(65536):
        data += part
    return data
