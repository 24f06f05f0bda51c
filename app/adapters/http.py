"""The HTTP client for everything this program asks of other servers, without redirects.

One connection pool and one TLS context per process: a context of its own costs a connection 15 ms
of CPU and 0.7 MB.
"""

from __future__ import annotations

import functools
import ssl
import time

import httpx2

MAX_ANSWER_BYTES = 4_000_000
#: Servers commonly close an idle connection after 15 s or more.
_KEEP_ALIVE_S = 10.0


class HttpFailed(Exception):
    """The server could not be reached or did not answer in time."""


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return this process's TLS context for connections to other servers."""
    return ssl.create_default_context()


@functools.cache
def _client() -> httpx2.Client:
    return httpx2.Client(
        verify=tls_context(),
        follow_redirects=False,
        limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEEP_ALIVE_S),
    )


def request(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    *,
    timeout_s: float = 5.0,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> tuple[int, bytes]:
    """Send a request; return status and body, which is cut after `max_bytes`.

    `timeout_s` bounds connecting, each wait for the server, and reading the whole answer.
    Raises HttpFailed, whose text never shows the URL.
    """
    deadline = time.monotonic() + timeout_s
    try:
        with _client().stream(
            method, url, content=body, headers=headers, timeout=timeout_s
        ) as answer:
            read = bytearray()
            for piece in answer.iter_bytes():
                read += piece
                if len(read) >= max_bytes:
                    break
                if time.monotonic() > deadline:
                    raise HttpFailed("the answer took too long")
            return answer.status_code, bytes(read[:max_bytes])
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise HttpFailed(type(error).__name__) from error
