"""A signed POST to somebody's webhook: bookings, messages, reports.

``Callsmith-Signature`` signs the body (`app.security.outgoing`); ``Idempotency-Key`` is the same
each time the same thing is sent. Any 2xx ends it, everything else is tried again.
"""

from __future__ import annotations

from urllib.parse import quote

from app.adapters.http import HttpFailed, request
from app.adapters.notify.base import NotTold
from app.security import outgoing

TIMEOUT_S = 5.0


def post_signed(
    url: str,
    body: bytes,
    *,
    secret: str,
    key: str,
    now_s: int,
    what: str,
    public_only: bool = False,
) -> None:
    """Send `body` (JSON) once. Raises `NotTold`.

    secret: signs the body; blank leaves it unsigned. key: the Idempotency-Key. what: names the
    receiver in errors. public_only: refuse hosts with private addresses.
    """
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "callsmith",
        "Idempotency-Key": quote(key, safe=":+"),
    }
    if secret:
        headers[outgoing.HEADER] = outgoing.sign(body, secret, now_s)
    try:
        status, _ = request(
            "POST", url, body, headers, timeout_s=TIMEOUT_S, public_only=public_only
        )
    except HttpFailed as failed:
        raise NotTold(f"{what} failed: {failed}") from failed
    if not 200 <= status < 300:
        raise NotTold(f"{what} answered {status}")
