"""The addresses by which the outside reaches this server."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import request

from app.bridges.services import services


def base_url() -> str:
    """The address by which the outside reaches this server, without a path."""
    configured = services().settings.public_url
    if configured:
        return configured
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme).split(",")[0].strip()
    return f"{'https' if scheme.lower() == 'https' else 'http'}://{request.host}"


def requested_url() -> str:
    """The whole address of this request as its sender wrote it: escapes, a bare "?" and all."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if not raw:
        query = request.query_string.decode("latin-1")
        raw = quote(request.path) + (f"?{query}" if query else "")
    elif not raw.startswith("/"):  # the absolute form
        raw = "/" + raw.partition("://")[2].partition("/")[2]
    return f"{base_url()}{raw}"


def stream_url() -> str:
    """The media socket's address."""
    return _socket("/media-stream")


def socket_url() -> str:
    """The address of Retell's custom-LLM socket, without token and call id."""
    return _socket("/llm-websocket")


def _socket(path: str) -> str:
    parts = urlsplit(base_url())
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{parts.path}{path}"
