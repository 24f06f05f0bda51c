"""A signed-in browser: a cookie that a token made, and the token of its forms.

The cookie is signed with a key that comes from the admin token, or from what is kept of a
business's token, whose id the cookie begins with. So a session ends with its token. Nothing is
stored. Forms carry a token that belongs to the cookie; another site cannot know it.
"""

from __future__ import annotations

import hashlib
import hmac

from itsdangerous import BadData, TimestampSigner

#: How long a browser stays signed in.
VALID_S = 12 * 3600
#: How far ahead of ours the clock of the process that signed may be.
AHEAD_S = 300
#: Stands between the id of a business's token and what is signed.
_OF = "~"


class _Signer(TimestampSigner):
    """Signs with the time that it is given."""

    def __init__(self, secret: str, now_s: float) -> None:
        super().__init__(
            secret, salt=b"callsmith.session", key_derivation="hmac", digest_method=hashlib.sha256
        )
        self._now_s = int(now_s)

    def get_timestamp(self) -> int:
        """As itsdangerous', without a clock."""
        return self._now_s


def begin(secret: str, *, nonce: str, now_s: float, token_id: str = "") -> str:
    """The cookie of a browser that has shown a token; `nonce` is random and URL-safe.

    token_id: the business's token whose kept digest is `secret`; blank for the admin's.
    """
    signed = _Signer(secret, now_s).sign(nonce).decode()
    return f"{token_id}{_OF}{signed}" if token_id else signed


def token_id_of(cookie: str) -> str:
    """The business's token that a cookie claims to be of; blank where it is the admin's."""
    token_id, claimed, _ = cookie.partition(_OF)
    return token_id if claimed else ""


def nonce_of(cookie: str, secret: str, *, now_s: float) -> str | None:
    """The session that a cookie stands for; None where it is forged or has lapsed."""
    if not secret:
        return None
    signed = cookie.partition(_OF)[2] or cookie
    try:
        value, signed_at = _Signer(secret, now_s).unsign(signed, return_timestamp=True)
    except BadData:
        return None
    age_s = now_s - signed_at.timestamp()
    return value.decode() if -AHEAD_S <= age_s <= VALID_S else None


def form_token(nonce: str, secret: str) -> str:
    """What a form of this session carries."""
    return hmac.digest(secret.encode(), b"form\0" + nonce.encode(), hashlib.sha256).hex()
