"""Runs tools over HTTP: one signed request, its answer as a tool's result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app import logs
from app.adapters import http
from app.core.tools.http_request import (
    RETRIED,
    HttpEndpoint,
    Refused,
    build_request,
    read_answer,
)
from app.errors import Unavailable
from app.security import outgoing

MAX_ANSWER_BYTES = 256_000

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class HttpToolRunner:
    """Sends the requests of HTTP tools. `secret` signs them; empty leaves them unsigned."""

    secret: str = ""
    allow_private: bool = False
    """Whether hosts with private or loopback addresses may be asked."""
    clock: Callable[[], float] = time.time

    def run(
        self,
        name: str,
        endpoint: HttpEndpoint,
        arguments: Mapping[str, Any],
        call: Mapping[str, Any],
        idempotency_key: str,
        timeout_s: float,
    ) -> dict[str, Any]:
        """Run one tool; return ``{"ok", "output", "say"}``.

        Raises Unavailable if the server cannot be reached or asks to be asked again later.
        """
        try:
            made = build_request(name, endpoint, arguments, call, idempotency_key)
            if self.secret:
                stamp = outgoing.sign(made.body or b"", self.secret, int(self.clock()))
                made.headers[outgoing.HEADER] = stamp
            status, body = http.request(
                made.method,
                made.url,
                made.body,
                made.headers,
                timeout_s=timeout_s,
                max_bytes=MAX_ANSWER_BYTES,
                public_only=not self.allow_private,
            )
            if status in RETRIED:
                raise Unavailable(f"{name} answered {status}")
            return read_answer(endpoint, status, body)
        except Refused as refused:
            return refusal("refused", str(refused))
        except http.AddressRefused:
            log.error("tool address is not public", extra={"tool": name})
            return refusal("not_allowed", "This cannot be looked up here.")
        except http.HttpFailed as failed:
            raise Unavailable(f"{name} did not answer: {failed}") from failed


def refusal(code: str, message: str) -> dict[str, Any]:
    """The result of a tool that was not done."""
    return {"ok": False, "output": {"error": code, "message": message}, "say": None}
