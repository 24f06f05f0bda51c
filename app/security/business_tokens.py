"""The form of a business's token: ``cs_<id>_<secret>``.

The id finds the token and may be shown; the secret is 256 random bits, so a fast hash keeps it.
"""

from __future__ import annotations

import hashlib
import hmac
import re

ID_BYTES, SECRET_BYTES = 6, 32
_FORM = re.compile(r"cs_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


def compose_token(token_id: str, secret: str) -> str:
    """The token of an id (12 hex digits) and a secret (43 URL-safe characters).

    Raises ValueError on another form.
    """
    token = f"cs_{token_id}_{secret}"
    if not _FORM.fullmatch(token):
        raise ValueError("a token needs an id of 12 hex digits and a secret of 43 characters")
    return token


def read_id(token: str) -> str | None:
    """The id in a token; None where the text has not the form of one."""
    match = _FORM.fullmatch(token)
    return match[1] if match else None


def digest_of(token: str) -> str:
    """What is kept of a token: hex SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def fits(token: str, digest: str) -> bool:
    """Whether the kept digest is this token's, compared in constant time."""
    return hmac.compare_digest(digest_of(token), digest)
