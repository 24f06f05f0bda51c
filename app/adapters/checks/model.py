"""The model: its name is offered and stays so, a session can be opened, and it answers."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from app.adapters import http
from app.adapters.checks.finding import Finding
from app.adapters.realtime.client import refusal_of
from app.errors import ModelError
from app.protocol import realtime as wire
from app.settings import Settings

TIMEOUT_S = 8.0
OPENAI = "https://api.openai.com/v1"
#: A shut-down that is nearer than this is told of as something to be done now.
SOON = dt.timedelta(days=45)

_CURES = {
    "invalid_api_key": "set OPENAI_API_KEY to a key that is valid",
    "http_401": "set OPENAI_API_KEY to a key that is valid",
    "insufficient_quota": "the account has no credit left: add some in OpenAI's billing settings",
    "model_not_found": "set OPENAI_REALTIME_MODEL to a model that this key may use",
    "http_404": "OPENAI_BASE_URL must end where /realtime begins, usually in /v1",
    "unreachable": "check OPENAI_BASE_URL, DNS and outgoing connections of this machine",
    "timeout": "the network or the server is slow: try again, look at OpenAI's status page",
    "tls": "the server's certificate is not trusted by this machine",
}


def model(found: Settings) -> list[Finding]:
    """The model that calls use. One short answer is asked for, which costs some tokens."""
    if not found.openai_api_key and not found.openai_base_url:
        what = "no OPENAI_API_KEY: `python -m app dev` uses the rehearsal model"
        return [Finding("model", "warn", what)]
    session = open_session(found, with_turn=True)
    return [*session, *_offered(found, refused=session[0].verdict == "bad")]


def open_session(found: Settings, *, with_turn: bool) -> list[Finding]:
    """Open a session, and have one turn in it where that is wanted."""
    base = found.openai_base_url or OPENAI
    url = f"{base.replace('http', 'ws', 1)}/realtime?model={quote(found.realtime_model)}"
    since = time.monotonic()
    try:
        with connect(
            url,
            additional_headers={"Authorization": f"Bearer {found.openai_api_key or 'none'}"},
            open_timeout=TIMEOUT_S,
            ssl=http.tls_context() if url.startswith("wss") else None,
        ) as socket:
            first = orjson.loads(socket.recv(timeout=TIMEOUT_S))
            if first.get("type") == "session.created":
                took = (time.monotonic() - since) * 1000
                where = urlsplit(base).hostname
                what = f"{found.realtime_model} at {where}: a session after {took:.0f} ms"
                opened = Finding("model", "ok", what)
                return [opened, _turn(socket)] if with_turn else [opened]
            refusal = _error_of(first)
    except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
        refusal = refusal_of(error)
    except (ConnectionClosed, orjson.JSONDecodeError) as error:
        refusal = ModelError(f"the session was closed: {error}", code="handshake", fatal=False)
    return [_refused(refusal)]


def _turn(socket: Connection) -> Finding:
    """One answer in writing, outside the conversation."""
    ask = wire.message_item("doctor", "user", "Answer with one word: ready.")
    del ask["id"]
    since = time.monotonic()
    overrides: dict[str, Any] = {"conversation": "none", "output_modalities": ["text"]}
    socket.send(wire.response_create("doctor", "doctor", input=[ask], **overrides).decode())
    while (left := TIMEOUT_S - (time.monotonic() - since)) > 0:
        try:
            event = orjson.loads(socket.recv(timeout=left))
        except (TimeoutError, ConnectionClosed, orjson.JSONDecodeError):
            break
        if event.get("type") == "error":
            return _refused(_error_of(event))
        if event.get("type") == "response.done":
            response = event.get("response") or {}
            if response.get("status") in ("completed", "incomplete"):
                took = (time.monotonic() - since) * 1000
                return Finding("model", "ok", f"answers after {took:.0f} ms")
            details = response.get("status_details") or {}
            return _refused(_error_of(details, str(response.get("status"))))
    what = f"a session opens, but no answer came within {TIMEOUT_S:.0f} s"
    return Finding("model", "bad", what, _CURES["timeout"])


def _offered(found: Settings, *, refused: bool) -> list[Finding]:
    """Whether the model's name is offered to this key, and until when. Servers of other makers may
    have no list of models; then nothing is said."""
    base = found.openai_base_url or OPENAI
    url = f"{base.rstrip('/')}/models/{quote(found.realtime_model)}"
    headers = {"Authorization": f"Bearer {found.openai_api_key or 'none'}"}
    try:
        status, body = http.request("GET", url, headers=headers, timeout_s=TIMEOUT_S)
        told = orjson.loads(body)
    except (http.HttpFailed, orjson.JSONDecodeError):
        return []
    if status == 404 and refused:
        what = f"{found.realtime_model} is not offered to this key"
        return [Finding("model", "bad", what, _CURES["model_not_found"])]
    ends = _day(told.get("shutdown_date")) if status == 200 and isinstance(told, dict) else None
    if ends is None:
        return []
    return [_shut_down(found.realtime_model, ends, dt.datetime.now(dt.UTC).date())]


def _shut_down(name: str, ends: dt.date, today: dt.date) -> Finding:
    cure = "set OPENAI_REALTIME_MODEL to a newer one, and try it with `python -m app call`"
    if ends <= today:
        return Finding("model", "bad", f"{name} was shut down on {ends}", cure)
    what = f"{name} will be shut down on {ends}, in {(ends - today).days} days"
    return Finding("model", "bad" if ends - today < SOON else "warn", what, cure)


def _day(told: Any) -> dt.date | None:
    """A date as a list of models gives it: ISO 8601 or Unix seconds."""
    try:
        if isinstance(told, str):
            return dt.datetime.fromisoformat(told).date()
        if isinstance(told, int | float) and not isinstance(told, bool):
            return dt.datetime.fromtimestamp(told, dt.UTC).date()
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _error_of(event: dict[str, Any], otherwise: str = "unknown") -> ModelError:
    error = event.get("error") or {}
    code = str(error.get("code") or error.get("type") or otherwise)
    return ModelError(str(error.get("message") or event)[:300], code=code)


def _refused(refusal: ModelError) -> Finding:
    cure = _CURES.get(refusal.code, "see OpenAI's error codes guide")
    return Finding("model", "bad", f"{refusal.code}: {refusal.message}", cure)
