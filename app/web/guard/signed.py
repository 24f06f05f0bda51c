"""Requests that Retell or Twilio have signed."""

from __future__ import annotations

import hashlib
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
from app.web.guard.signer import find_signer

log = logs.get(__name__)

#: How long it is remembered what a signature has opened; and how many bodiless requests may share
#: one.
SIGNATURE_S = 660
SAME_MOMENT = 3
HEADER = f"HTTP_{signatures.HEADER.upper().replace('-', '_')}"


def read_signed(settings: Settings, *, with_body: bool = True) -> tuple[bytes, str]:
    """The raw body of a request of Retell's, and its signature, blank where it has none.

    Without a signature nothing passes in production. What a look at the headers can refuse is
    refused before the body is read. Raises `Unauthorized`, and as `body.read`.
    """
    header = request.environ.get(HEADER)
    if with_body:
        check_json(settings.max_body_bytes)
    if header is None and not settings.production:
        raw = read(edge().bodies, settings.max_body_bytes) if with_body else b""
        prove()
        return raw, ""
    now_ms = int(time.time() * 1000)
    if not signatures.fresh(header, now_ms):
        raise Unauthorized(
            "the signature is missing" if not header else "the signature is malformed or too old"
        )
    raw = read(edge().bodies, settings.max_body_bytes) if with_body else b""
    if not signatures.verify(raw, header, settings.signing_keys, now_ms) and not find_signer(
        lambda business: business.retell_api_key,
        lambda keys: signatures.verify(raw, header, keys, now_ms),
    ):
        raise Unauthorized("wrong signature")
    prove()
    return raw, (header or "")[-64:][:32]


def is_first_use(signature: str, *, body: bool) -> bool:
    """Whether the signature has opened nothing but this request, now or before.

    Retell signs body and time, and nothing else: who has read one request off the wire could send
    it to another route or with another query for five minutes. Two requests without a body that
    leave in one millisecond have the same signature, so those open up to three.
    Raises `Unavailable`.
    """
    if not signature:
        return True
    wanted = f"{request.method} {request.path}?{request.query_string.decode('latin-1')}"
    target = hashlib.sha256(wanted.encode()).hexdigest()[:32]
    if body:
        return edge().guards.tie("signed", signature, target, SIGNATURE_S)
    wait_s = edge().guards.wait_for(
        "signed", signature, limit=SAME_MOMENT, window_s=SIGNATURE_S, mark=target
    )
    return wait_s == 0


def read_signed_form() -> dict[str, str]:
    """The fields of a form of Twilio's, once its signature was found right.

    Raises `Unauthorized`, and as `body.read_form`.
    """
    settings = services().settings
    header = request.headers.get("X-Twilio-Signature")
    token = settings.twilio_auth_token
    own = any(each.twilio_auth_token for each in services().agents.businesses.values())
    if settings.production and not token and not own:
        raise Unauthorized("TWILIO_AUTH_TOKEN is not set, so that nothing can be verified")
    if (token or own) and not header:
        raise Unauthorized("the signature is missing")
    form = read_form(edge().bodies)
    if token or own:
        url = requested_url()
        signed = bool(token) and twilio_signature.verify(url, form, header, [token])
        if not signed and not find_signer(
            lambda business: business.twilio_auth_token,
            lambda tokens: twilio_signature.verify(url, form, header, tokens),
        ):
            raise Unauthorized("wrong signature")
    else:
        log.info("unsigned Twilio request accepted in development")
    prove()
    return {name: values[0] for name, values in form.items()}
