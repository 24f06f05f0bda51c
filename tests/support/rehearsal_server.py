"""The rehearsal model as a real process, with its control endpoint at hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from types import TracebackType
from typing import Any

import openai
import orjson

from app.local.processes import free_port
from tests.support.waiting import eventually


class RehearsalServer:
    """``python -m app.rehearsal`` with `flags`, up from `start` to `stop`."""

    def __init__(self, *flags: str, pace: str = "none", voice: str = "tones") -> None:
        self.port = free_port()
        self.flags = ["--pace", pace, "--voice", voice, "--quiet", *flags]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> RehearsalServer:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.rehearsal", "--port", str(self.port), *self.flags],
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )
        eventually(lambda: self.get("/health")["status"] == "ok")
        return self

    def stop(self) -> int:
        """End it as an operator would; gives the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def __enter__(self) -> RehearsalServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def client(self, **options: Any) -> openai.OpenAI:
        """An SDK client that talks to this server."""
        return openai.OpenAI(
            **{"api_key": "sk-rehearsal", "base_url": self.base_url, "max_retries": 0, **options}
        )

    # -- control --------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        return self.request("GET", path)[1]

    def post(self, path: str, body: Any = None) -> Any:
        status, answer = self.request("POST", path, orjson.dumps(body or {}))
        assert status == 200, answer
        return answer

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, data=body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, orjson.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, orjson.loads(error.read())

    def faults(self, *faults: dict[str, Any], seed: int = 0) -> None:
        """Exactly these faults from now on."""
        self.post("/control/faults", {"faults": list(faults), "replace": True, "seed": seed})

    def violations(self) -> dict[str, int]:
        """What clients did wrong so far, by code."""
        return dict(self.get("/control/violations")["by_code"])
