"""A sender of webhooks over HTTP, as Retell is one: signs, waits, keeps its connection, retries."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from typing import Any

import orjson

from app.rehearsal.webhook_samples import sample
from app.security import signatures
from app.settings import DEVELOPMENT_KEY


@dataclass(frozen=True)
class Answer:
    """What came back, and how many seconds it took. Status 0 where nothing came."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    seconds: float


class Sender:
    """One connection that is kept. Not for several threads at once."""

    def __init__(self, port: int, key: str = DEVELOPMENT_KEY, timeout: float = 10.0) -> None:
        self.port = port
        self.key = key
        self.timeout = timeout
        self.connection: http.client.HTTPConnection | None = None

    def event(self, name: str, call_id: str, **changes: Any) -> Answer:
        """Send a sample event with some fields of its call, or of the payload, changed."""
        payload = sample(name, call_id, int(time.time() * 1000))
        holder = next((payload[key] for key in ("call", "chat") if key in payload), payload)
        holder.update(changes)
        return self.post("/webhook/retell", payload)

    def post(self, path: str, payload: Any) -> Answer:
        """Send JSON, signed now."""
        raw = orjson.dumps(payload)
        headers = {
            "Content-Type": "application/json",
            signatures.HEADER: signatures.sign(raw, self.key, int(time.time() * 1000)),
        }
        return self.send("POST", path, raw, headers)

    def send(self, method: str, path: str, raw: bytes, headers: dict[str, str]) -> Answer:
        """Send bytes. A broken connection is an answer with status 0."""
        started = time.monotonic()
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    "127.0.0.1", self.port, timeout=self.timeout
                )
            self.connection.request(method, path, raw, headers)
            response = self.connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return Answer(0, {}, {}, time.monotonic() - started)
        told = orjson.loads(body) if body[:1] == b"{" else {}
        given = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, given, time.monotonic() - started)

    def until_taken(self, name: str, call_id: str, *, give_up: float = 60, **changes: Any) -> int:
        """Send an event again and again until it is answered with 2xx; how often it was sent."""
        payload = sample(name, call_id, int(time.time() * 1000))
        holder = next((payload[key] for key in ("call", "chat") if key in payload), payload)
        holder.update(changes)
        deadline = time.monotonic() + give_up
        sent = 0
        while time.monotonic() < deadline:
            sent += 1
            if self.post("/webhook/retell", payload).status == 200:
                return sent
            time.sleep(0.2)
        raise AssertionError(f"{name} of {call_id} was never taken")

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
