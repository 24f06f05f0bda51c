"""What `doctor` says of a server that answers wrongly, and the cure it names."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.adapters.checks import server
from app.adapters.own_server import Records
from app.settings import Settings

FULL = orjson.dumps({"error": {"code": "not_ready", "message": "Redis is away"}})


def records(get: dict[str, tuple[int, bytes]], posts: tuple[int, ...] = ()) -> Records:
    """A server that gives these answers: by path, and to each POST in turn."""
    found: Any = Records("http://server", "")
    left = list(posts)
    found.get = lambda path: get[path]
    found.post = lambda path, body, headers: (left.pop(0), b"why")
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("get", "verdict", "what", "cure"),
    [
        ({"/health": (0, b"refused")}, "bad", "nothing answers at http://server", "--url"),
        ({"/health": (404, b"")}, "bad", "/health answers 404", "Something else may answer"),
        ({"/health": (200, b""), "/ready": (503, FULL)}, "bad", "Redis is away", "the part it"),
        ({"/health": (200, b""), "/ready": (200, b"{}")}, "ok", "is ready for calls", ""),
    ],
)
def test_the_web_server(
    get: dict[str, tuple[int, bytes]], verdict: str, what: str, cure: str
) -> None:
    (found,) = server.web(records(get))
    assert found.verdict == verdict
    assert what in found.what
    assert cure in found.cure


@pytest.mark.parametrize(
    ("env", "posts", "verdict", "what", "cure"),
    [
        ("production", (401,), "bad", "refuses our signature", "the same RETELL_API_KEY"),
        ("production", (503,), "bad", "is answered with 503: why", "the server's log"),
        ("production", (200, 200), "bad", "an unsigned event was taken", "set RETELL_API_KEY"),
        ("production", (200, 401), "ok", "takes a signed event", ""),
        ("development", (200, 200), "ok", "takes a signed event", ""),
    ],
)
def test_the_webhook_route(
    env: str, posts: tuple[int, ...], verdict: str, what: str, cure: str
) -> None:
    settings = Settings(env=env, retell_api_keys=("key_1",))
    (found,) = server.webhook(settings, records({}, posts))
    assert found.verdict == verdict
    assert what in found.what
    assert cure in found.cure


def test_without_a_key_the_webhook_route_is_not_tried() -> None:
    (found,) = server.webhook(Settings(env="production"), records({}))
    assert (found.verdict, found.what[:9]) == ("warn", "not tried")
