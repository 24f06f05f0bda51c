"""Retell's request signature, on the raw bytes of the body.

``X-Retell-Signature: v=<unix milliseconds>,d=<64 lower-case hex digits>`` where ``d`` is
HMAC-SHA256 with the API key over the body followed by the digits of ``v`` (Retell docs, "Secure the
webhook"; the same scheme signs webhooks, alerts, inbound webhooks and custom functions). A request
without a body (GET, DELETE) is signed over the empty string.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

HEADER = "X-Retell-Signature"
#: How far, in milliseconds, the signer's clock may be from ours, either way and inclusive.
WINDOW_MS = 300_000

_HEADER_FORM = re.compile(r"v=([0-9]{1,18}),d=([0-9a-f]{64})")


def sign(body: bytes, key: str, at_ms: int) -> str:
    """The header's value for `body`, signed with `key` at `at_ms` (unix milliseconds)."""
    return f"v={at_ms},d={_digest(body, key, at_ms)}"


def fresh(header: str | None, now_ms: int) -> bool:
    """Whether the header has the right form and is of the window around `now_ms`: what can be said
    before the body is there."""
    match = _HEADER_FORM.fullmatch(header) if header else None
    return match is not None and abs(now_ms - int(match[1])) <= WINDOW_MS


def verify(body: bytes, header: str | None, keys: Iterable[str], now_ms: int) -> bool:
    """True if one of `keys` signed exactly these bytes within the window around `now_ms`.

    A missing or mangled header is False, never an error. Blank keys are passed over. Every key is
    tried, so that the time taken does not tell which one matched.
    """
    if not header:
        return False
    match = _HEADER_FORM.fullmatch(header)
    if match is None:
        return False
    at_ms = int(match[1])
    if abs(now_ms - at_ms) > WINDOW_MS:
        return False
    valid = False
    for key in keys:
        if key:
            valid |= hmac.compare_digest(_digest(body, key, at_ms), match[2])
    return valid


def _digest(body: bytes, key: str, at_ms: int) -> str:
    return hmac.digest(key.encode(), body + str(at_ms).encode(), hashlib.sha256).hex()
