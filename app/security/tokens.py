"""Tokens that open a socket: minted for one call, valid for a short time, checked in constant time.

Retell and Twilio sign nothing on a WebSocket, so the URL they are given carries the credential. A
token is ``<kind><expiry>.<nonce>.<signature>``, safe in a URL path, signed by itsdangerous. The
signature covers the token's purpose, its expiry, its nonce and, where it is known when the token is
minted, the call's id. A token minted before the id is known fits any call; whoever accepts it must
tie its nonce to the first call that uses it (`app.adapters.tokens.socket`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

_FORM = re.compile(r"([cf])([0-9a-z]{1,9})\.([A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{27,86})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Length of a signature as it was made before itsdangerous. Such tokens are read until the deploys
#: that minted them are gone.
_OLD_CHARS = 27


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
    if not secret:
        raise ValueError("a token needs a secret")
    head = f"{'f' if call_id is None else 'c'}{_base36(expires_s)}.{nonce}"
    token = _signer([secret], purpose, call_id).sign(head.encode()).decode()
    if not _FORM.fullmatch(token):
        raise ValueError("a token needs a nonce of 8 to 64 URL-safe characters")
    return token


def check(
    token: str, secrets: Iterable[str], *, purpose: str, call_id: str, now_s: float
) -> Token | None:
    """What `token` is good for, or None where it is forged, lapsed, or minted for another call."""
    match = _FORM.fullmatch(token)
    given = [secret for secret in secrets if secret]
    if match is None or not given:
        return None
    kind, expiry, nonce, mac = match.groups()
    bound = kind == "c"
    about = call_id if bound else None
    expires_s = int(expiry, 36)
    if len(mac) == _OLD_CHARS:
        head = f"{kind}{expiry}.{nonce}"
        genuine = any(hmac.compare_digest(_mac(each, purpose, head, about), mac) for each in given)
    else:
        genuine = _genuine(_signer(given, purpose, about), token)
    return Token(nonce, expires_s, bound) if genuine and now_s <= expires_s else None


def _signer(secrets: Sequence[str], purpose: str, call_id: str | None) -> Signer:
    """Signs with the last of `secrets` and verifies with any. What a token is for is its salt."""
    about = purpose if call_id is None else f"{purpose}\0{call_id}"
    return Signer(
        list(secrets),
        salt=b"callsmith.token\0" + about.encode("utf-8", "surrogatepass"),
        sep=".",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )


def _genuine(signer: Signer, token: str) -> bool:
    """Whether a token is signed, and written in the one form that it was given out in."""
    try:
        signer.unsign(token)
        mac = token.rpartition(".")[2]
        return base64_encode(base64_decode(mac)).decode() == mac
    except BadData:
        return False


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
