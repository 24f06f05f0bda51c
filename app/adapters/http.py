"""One HTTP request, without redirects, in bounded time."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import urlsplit

MAX_ANSWER_BYTES = 4_000_000


class HttpFailed(Exception):
    """The server could not be reached or did not answer in time."""


def request(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    *,
    timeout_s: float = 5.0,
) -> tuple[int, bytes]:
    """Send a request and give status and body. Raises HttpFailed, whose text has no URL."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    connection: http.client.HTTPConnection
    host = parts.hostname or ""
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_s, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(MAX_ANSWER_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise HttpFailed(type(error).__name__) from error
    finally:
        connection.close()
