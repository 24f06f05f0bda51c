"""The HTTP client for everything this program asks of other servers, without redirects.

One connection pool and one TLS context per process: a context of its own costs a connection 15 ms
of CPU and 0.7 MB.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
import ssl
import time

import httpx2

MAX_ANSWER_BYTES = 4_000_000
#: Servers commonly close an idle connection after 15 s or more.
_KEEP_ALIVE_S = 10.0


class HttpFailed(Exception):
    """The server could not be reached or did not answer in time."""


class AddressRefused(HttpFailed):
    """The host has an address that is not public."""


def public_address(host: str) -> str:
    """Look up a host and return one of its addresses.

    Raises AddressRefused if any of them is private, loopback, link-local or otherwise not public;
    OSError if the host is not known.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in addresses:
        known = ipaddress.ip_address(address)
        if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is not None:
            known = known.ipv4_mapped
        if not known.is_global or known.is_multicast:
            raise AddressRefused("the host has an address that is not public")
    return addresses[0]


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return this process's TLS context for connections to other servers."""
    return ssl.create_default_context()


@functools.cache
def client() -> httpx2.Client:
    """Return this process's client, for libraries that take one."""
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
    public_only: bool = False,
) -> tuple[int, bytes]:
    """Send a request; return status and body, which is cut after `max_bytes`.

    `timeout_s` bounds connecting, each wait for the server, and reading the whole answer.
    `public_only` refuses hosts with private, loopback or link-local addresses.
    Raises HttpFailed, whose text never shows the URL; AddressRefused for such a host.
    """
    deadline = time.monotonic() + timeout_s
    extensions: dict[str, str] = {}
    try:
        target = httpx2.URL(url)
        if public_only:
            # The checked address is the one connected to: a second look-up could give another.
            headers = {**(headers or {}), "Host": target.netloc.decode()}
            extensions["sni_hostname"] = target.host
            target = target.copy_with(host=public_address(target.host))
        with client().stream(
            method, target, content=body, headers=headers, timeout=timeout_s, extensions=extensions
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
