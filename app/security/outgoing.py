"""The signature of requests that this program sends: webhooks, reports, tools over HTTP.

``Callsmith-Signature: t=<unix seconds>,v1=<hex>`` where the hex is HMAC-SHA256 with the shared
secret over ``<t>.<body>``; a request without a body is signed over the empty string.
"""

from __future__ import annotations

import hashlib
import hmac

HEADER = "Callsmith-Signature"


def sign(body: bytes, secret: str, now_s: int) -> str:
    """The header's value for `body`, signed at `now_s` (unix seconds)."""
    digest = hmac.new(secret.encode(), f"{now_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={now_s},v1={digest}"


def verify(body: bytes, header: str, secret: str, now_s: int, *, window_s: int = 300) -> bool:
    """True if the header signs `body` with `secret` within the window around `now_s`.

    For receivers of our requests; the example backend and the tests use it.
    """
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    stamp = parts.get("t", "")
    if not stamp.isdecimal() or abs(now_s - int(stamp)) > window_s:
        return False
    return hmac.compare_digest(header, sign(body, secret, int(stamp)))
