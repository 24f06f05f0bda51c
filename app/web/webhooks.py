"""POST /webhook/retell: verify the raw bytes, parse, store and queue in one step, answer."""

from __future__ import annotations

import time
from typing import cast

import gevent
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

from app import logs, metrics
from app.adapters.calls.intake import Intake
from app.adapters.redis.breaker import Breaker
from app.bridges.services import services
from app.errors import AppError, BadRequest, TooLarge, Unauthorized, UnsupportedMedia
from app.protocol.retell_webhook import EVENTS, WebhookEvent, parse
from app.security import signatures
from app.settings import Settings
from app.web.early_intents import EarlyIntents

bp = Blueprint("webhooks", __name__)
log = logs.get(__name__)

_HEADER = f"HTTP_{signatures.HEADER.upper().replace('-', '_')}"
_ANSWERS = {
    "stored": b'{"received":true}\n',
    "queued": b'{"received":true}\n',
    "duplicate": b'{"received":true,"duplicate":true}\n',
    "ignored": b'{"received":true,"ignored":true}\n',
}
_IGNORED_TWICE = b'{"received":true,"duplicate":true,"ignored":true}\n'


@bp.post("/webhook/retell", strict_slashes=False)
def retell() -> Response:
    """Retell's events and the plain payloads. A 2xx means stored; anything else, send it again."""
    settings = services().settings
    label = "unknown"
    try:
        raw = read_body(settings)
        now_ms = int(time.time() * 1000)
        signed = verified(raw, settings, now_ms)
        event = parse(raw)
        label = event.event if event.event in EVENTS else "other"
        if not signed:
            _may_be_unsigned(event, settings)
        outcome = intake().take(event, now_ms)
    except AppError as error:
        metrics.WEBHOOKS_TOTAL.labels(label, error.code).inc()
        gevent.sleep(0)  # what is refused waits for nothing: it must not starve the sockets
        raise
    ignored = event.kind == "unknown"
    metrics.WEBHOOKS_TOTAL.labels(label, "ignored" if ignored else outcome).inc()
    if event.event == "transcript" and not event.final and outcome != "duplicate":
        early_intents().heard(event.id, now_ms)
    if ignored:
        return _json(_IGNORED_TWICE if outcome == "duplicate" else _ANSWERS["ignored"])
    return _json(_ANSWERS[outcome])


def read_body(settings: Settings) -> bytes:
    """The request's raw body. Raises `UnsupportedMedia` or `TooLarge`."""
    environ = request.environ
    kind = environ.get("CONTENT_TYPE", "")
    if kind != "application/json" and not request.is_json:
        raise UnsupportedMedia("send application/json")
    most = settings.max_body_bytes
    length = environ.get("CONTENT_LENGTH")
    if length and length.isdecimal():
        if len(length) > 12 or int(length) > most:
            raise TooLarge(f"the body may have {most} bytes")
        raw: bytes = environ["wsgi.input"].read(int(length))
        return raw
    request.max_content_length = most
    try:
        return request.get_data(cache=False)
    except HTTPException as error:
        if error.code == 413:
            raise TooLarge(f"the body may have {most} bytes") from None
        raise BadRequest("the body could not be read") from None


def verified(raw: bytes, settings: Settings, now_ms: int) -> bool:
    """True if the signature is right; False if there is none and there need not be one.

    Without a signature nothing passes in production. Raises `Unauthorized`.
    """
    header = request.environ.get(_HEADER)
    if header is None and not settings.production:
        return False
    if not signatures.verify(raw, header, settings.signing_keys, now_ms):
        raise Unauthorized("the signature is missing" if header is None else "wrong signature")
    return True


def _may_be_unsigned(event: WebhookEvent, settings: Settings) -> None:
    """Development takes plain payloads unsigned, and Retell's own only while no key is set."""
    if event.kind != "plain":
        if settings.retell_api_keys:
            raise Unauthorized("the signature is missing")
        log.info("unsigned event taken in development", extra={"event": event.event})


def intake() -> Intake:
    """The process's intake."""
    known = current_app.extensions.get("intake")
    if known is None:
        known = Intake(services().redis, services().settings, breaker())
        current_app.extensions["intake"] = known
    return cast(Intake, known)


def breaker() -> Breaker:
    """The breaker between this process's requests and Redis."""
    return cast(Breaker, current_app.extensions.setdefault("breaker", Breaker()))


def early_intents() -> EarlyIntents:
    """The process's early intents."""
    known = current_app.extensions.get("early_intents")
    if known is None:
        known = EarlyIntents(services().redis, services().engine, services().agents)
        current_app.extensions["early_intents"] = known
    return cast(EarlyIntents, known)


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")
