"""Twilio's request signature: HMAC-SHA1 over the URL and the sorted form fields.

Source: Twilio docs, "Security: validating requests". The URL is the one Twilio was given, before
any proxy changed it, so it is an argument and never taken from the request's own Host header
alone. A JSON request carries ``bodySHA256`` in its query string and no form fields.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit, urlunsplit

Fields = Mapping[str, str | Sequence[str]]


def sign(url: str, fields: Fields, auth_token: str) -> str:
    """The value of `X-Twilio-Signature`. A field with several values counts each value once."""
    parts = [url]
    for name in sorted(fields):
        value = fields[name]
        values = (value,) if isinstance(value, str) else sorted(set(value))
        parts.extend(name + each for each in values)
    text = "".join(parts).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(auth_token.encode(), text, hashlib.sha1)).decode()


def verify(
    url: str,
    fields: Fields,
    header: str | None,
    auth_tokens: Iterable[str],
    *,
    body: bytes | None = None,
) -> bool:
    """True where `header` was made with one of `auth_tokens` for this request.

    Twilio signs some URLs with their port and some without: both forms are tried. `body` is the
    raw body of a request that is not a form; its hash must then be the one in the signed URL.
    """
    if not header:
        return False
    given = header.encode("utf-8", "surrogatepass")
    fine = False
    for token in auth_tokens:
        if not token:
            continue
        for form in _forms(url):
            fine |= hmac.compare_digest(sign(form, fields, token).encode(), given)
    if not fine or body is None:
        return fine
    claimed = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    return hmac.compare_digest(hashlib.sha256(body).hexdigest(), claimed.lower())


def _forms(url: str) -> tuple[str, ...]:
    """The URL with and without the port of its scheme."""
    parts = urlsplit(url)
    default = {"https": 443, "wss": 443, "http": 80, "ws": 80}.get(parts.scheme)
    try:
        port = parts.port
    except ValueError:
        return (url,)
    if default is None or parts.hostname is None:
        return (url,)
    host = parts.netloc if port is None else parts.netloc.rsplit(":", 1)[0]
    bare = urlunsplit(parts._replace(netloc=host))
    explicit = urlunsplit(parts._replace(netloc=f"{host}:{port or default}"))
    return tuple(dict.fromkeys((url, bare, explicit)))
