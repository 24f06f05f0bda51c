"""Tokens that open a socket: minted for one call, valid for a short time, checked in constant time.

Retell and Twilio sign nothing on a WebSocket, so the URL they are given carries the credential. A
token is ``<expiry>.<nonce>.<mac>``, safe in a URL path. The MAC covers its purpose, its expiry, its
nonce and, where it is known when the token is minted, the call's id. A token minted before the id
is known fits any call; whoever accepts it must tie its nonce to the first call that uses it
(`app.adapters.redis.guards`), which makes it one-time and still lets that call reconnect.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

_FORM = re.compile(r"([cf])([0-9a-z]{1,9})\.([A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{27})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was found genuine. `bound` is true where it was minted for this call's id.

    `expires_s` is in unix seconds.
    """

    nonce: str
    expires_s: int
    bound: bool


def mint(
    secret: str, *, purpose: str, expires_s: int, nonce: str, call_id: str | None = None
) -> str:
    """A token for `purpose` (for example ``"socket"``), valid until `expires_s` (unix seconds).

    `nonce` is 8 to 64 URL-safe random characters. With a `call_id` the token fits that call only.
    Raises ValueError on a blank secret or a nonce of another form.
    """
    head = f"{'f' if call_id is None else 'c'}{_base36(expires_s)}.{nonce}"
    token = f"{head}.{_mac(secret, purpose, head, call_id)}"
    if not secret or not _FORM.fullmatch(token):
        raise ValueError("a token needs a secret and a nonce of 8 to 64 URL-safe characters")
    return token


def check(
    token: str, secrets: Iterable[str], *, purpose: str, call_id: str, now_s: float
) -> Token | None:
    """What `token` is good for, or None where it is forged, lapsed, or minted for another call."""
    match = _FORM.fullmatch(token)
    if match is None:
        return None
    kind, expiry, nonce, mac = match.groups()
    bound = kind == "c"
    genuine = False
    for secret in secrets:
        if secret:
            wanted = _mac(secret, purpose, f"{kind}{expiry}.{nonce}", call_id if bound else None)
            genuine |= hmac.compare_digest(wanted, mac)
    expires_s = int(expiry, 36)
    if not genuine or now_s > expires_s:
        return None
    return Token(nonce, expires_s, bound)


def same(given: str | None, wanted: str) -> bool:
    """Constant-time comparison of a given secret with the wanted one. A blank never matches."""
    if not given or not wanted:
        return False
    return hmac.compare_digest(
        hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest(),
        hashlib.sha256(wanted.encode()).digest(),
    )


def _mac(secret: str, purpose: str, head: str, call_id: str | None) -> str:
    parts = [purpose, head] if call_id is None else [purpose, head, call_id]
    message = b"".join(
        len(raw).to_bytes(4, "big") + raw
        for raw in (part.encode("utf-8", "surrogatepass") for part in parts)
    )
    mac = hmac.digest(secret.encode(), message, hashlib.sha256)[:20]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _base36(number: int) -> str:
    out = ""
    while number:
        number, digit = divmod(number, 36)
        out = _DIGITS[digit] + out
    return out or "0"
