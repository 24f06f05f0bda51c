"""Requests that Retell or Twilio have signed."""

from __future__ import annotations

import time

from flask import request

from app import logs
from app.bridges.services import services
from app.errors import Unauthorized
from app.security import signatures, twilio_signature
from app.settings import Settings
from app.web.addresses import requested_url
from app.web.edge import edge
from app.web.guard.admission import prove
from app.web.guard.body import check_json, read, read_form

log = logs.get(__name__)

HEADER = f"HTTP_{signatures.HEADER.upper().replace('-', '_')}"


def read_signed(settings: Settings, *, with_body: bool = True) -> tuple[bytes, bool]:
    """The raw body of a request of Retell's, and whether it is signed.

    Without a signature nothing passes in production. What a look at the headers can refuse is
    refused before the body is read. Raises `Unauthorized`, and as `body.read`.
    """
    header = request.environ.get(HEADER)
    if with_body:
        check_json(settings.max_body_bytes)
    if header is None and not settings.production:
        raw = read(edge().bodies, settings.max_body_bytes) if with_body else b""
        prove()
        return raw, False
    now_ms = int(time.time() * 1000)
    if not signatures.fresh(header, now_ms):
        raise Unauthorized(
            "the signature is missing" if not header else "the signature is malformed or too old"
        )
    raw = read(edge().bodies, settings.max_body_bytes) if with_body else b""
    if not signatures.verify(raw, header, settings.signing_keys, now_ms):
        raise Unauthorized("wrong signature")
    prove()
    return raw, True


def read_signed_form() -> dict[str, str]:
    """The fields of a form of Twilio's, once its signature was found right.

    Raises `Unauthorized`, and as `body.read_form`.
    """
    settings = services().settings
    header = request.headers.get("X-Twilio-Signature")
    if settings.production and not settings.twilio_auth_token:
        raise Unauthorized("TWILIO_AUTH_TOKEN is not set, so that nothing can be verified")
    if settings.twilio_auth_token and not header:
        raise Unauthorized("the signature is missing")
    form = read_form(edge().bodies)
    if settings.twilio_auth_token:
        if not twilio_signature.verify(requested_url(), form, header, [settings.twilio_auth_token]):
            raise Unauthorized("wrong signature")
    else:
        log.info("unsigned Twilio request accepted in development")
    prove()
    return {name: values[0] for name, values in form.items()}
