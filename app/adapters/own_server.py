"""The HTTP side of a running server of this program, as commands and checks look at it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from app.settings import Settings

TIMEOUT_S = 5.0
#: A change of many agents is checked as a whole before it is answered.
SEND_S = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: its status (0 where nobody answers, and `why`), its JSON, its ETag."""

    status: int
    value: Any
    etag: str = ""
    why: str = ""

    @property
    def error(self) -> dict[str, Any]:
        """What an error answer says of itself."""
        told = self.value.get("error") if isinstance(self.value, dict) else None
        return told if isinstance(told, dict) else {}


class Server:
    """A server's API. Only http and https addresses are taken."""

    def __init__(self, base: str, admin_token: str = "") -> None:
        self.base = base.rstrip("/")
        self._admin_token = admin_token

    def send(
        self,
        method: str,
        path: str,
        value: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request with a JSON value, or without one."""
        sent = {name: text for name, text in (headers or {}).items() if text}
        if self._admin_token:
            sent["Authorization"] = f"Bearer {self._admin_token}"
        body = None
        if value is not None:
            body = orjson.dumps(value)
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310
            self.base + path, body, sent, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=SEND_S) as answer:  # noqa: S310
                return _reply(answer.status, answer.read(), answer.headers.get("ETag", ""))
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error.code, error.read(), error.headers.get("ETag", ""))
        except (OSError, ValueError) as error:
            return Reply(0, None, why=str(getattr(error, "reason", error)))


def _reply(status: int, body: bytes, etag: str) -> Reply:
    try:
        return Reply(status, orjson.loads(body), etag)
    except orjson.JSONDecodeError:
        return Reply(status, None, etag)


class Records:
    """Reads from a server's HTTP routes. Only http and https addresses are taken."""

    def __init__(self, base: str, admin_token: str = "") -> None:
        self.base = base.rstrip("/")
        self._admin_token = admin_token

    @classmethod
    def beside(cls, socket_url: str, settings: Settings) -> Records:
        """The HTTP side of the server whose LLM socket is at `socket_url`."""
        parts = urlsplit(socket_url)
        scheme = {"wss": "https", "https": "https"}.get(parts.scheme, "http")
        prefix = parts.path.split("/llm-websocket", 1)[0]
        return cls(f"{scheme}://{parts.netloc}{prefix}", settings.admin_token)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; status 0 and the reason where nobody answers."""
        headers = {"Authorization": f"Bearer {self._admin_token}"} if self._admin_token else {}
        return self._ask(path, None, headers)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of a POST of JSON."""
        return self._ask(path, body, {"Content-Type": "application/json", **headers})

    def _ask(self, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        request = urllib.request.Request(self.base + path, body, dict(headers))  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, ValueError) as error:
            return 0, str(getattr(error, "reason", error)).encode()

    def json(self, path: str) -> tuple[int, Any]:
        """Status and decoded body; None where it is no JSON."""
        status, body = self.get(path)
        try:
            return status, orjson.loads(body)
        except orjson.JSONDecodeError:
            return status, None

    def fetch(self, call_id: str) -> dict[str, Any] | None:
        """The record of a call, None while there is none."""
        status, value = self.json(f"/api/calls/{call_id}")
        return value if status == 200 and isinstance(value, dict) else None
