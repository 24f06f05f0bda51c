"""Sockets from Retell, Twilio and browsers, declared with flask-sock's `@sock.route`.

`Sock` hands the route our own `Connection` in place of simple-websocket's server, which under
gevent cuts frames short when a peer reads slowly, mixes the frames of two senders, buffers input
without bound, and lets an exception write an HTTP error page into the open socket.

A route decides before it accepts::

    @sock.route("/llm-websocket/<token>/<call_id>")
    def llm_socket(ws: Connection, token: str, call_id: str) -> None:
        check(token)               # raises app.errors.Forbidden: the handshake is answered 403
        ws.accept()                # 101; the first send or receive would do it too
        while (message := ws.receive()) is not None:
            ws.send(...)

Returning closes with 1000. An exception after `accept` closes with 1011, is logged and counted.
"""

from __future__ import annotations

import functools
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn

import flask_sock
from flask import Blueprint, Response, current_app, request
from gevent import GreenletExit
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import State

from app import logs, metrics
from app.adapters.sockets.connection import MAX_QUEUED, PING_INTERVAL_S, Wire
from app.adapters.sockets.protocols import CallerProtocol
from app.adapters.sockets.reader import NO_LIMIT
from app.errors import AppError, BadRequest, Forbidden

MAX_FRAME_BYTES = 1 << 20
#: The headers of a handshake that the protocol looks at (RFC 6455, section 4.2.1).
HANDSHAKE_HEADERS = (
    "Connection",
    "Upgrade",
    "Origin",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
)

log = logs.get(__name__)
SOCKETS_OPEN = metrics.gauge("sockets_open", "Sockets open now", ("route",))
SOCKETS_ENDED = metrics.counter("sockets_ended_total", "Sockets ended, by how", ("route", "how"))


class UpgradeRequired(AppError):
    """This address speaks the WebSocket protocol."""

    code, status = "upgrade_required", 426


class Connection(Wire):
    """A caller's socket; see `Wire` for receiving, sending and closing.

    Made for each matching request, before the handshake is answered. Raises `BadRequest`,
    `Forbidden` or `UpgradeRequired` where the request is no proper handshake. No extension is ever
    negotiated: deflate costs 100 kB a connection and a third of the CPU.
    """

    def __init__(
        self,
        environ: dict[str, Any],
        *,
        max_frame: int = MAX_FRAME_BYTES,
        max_queued: int = MAX_QUEUED,
        ping_interval: float = PING_INTERVAL_S,
    ) -> None:
        sock: socket.socket | None = environ.get("gunicorn.socket")
        if sock is None:
            raise AppError(
                "sockets need gunicorn's gevent worker", code="not_implemented", status=501
            )
        protocol = CallerProtocol(state=State.OPEN, max_size=max_frame)
        answer = protocol.accept(handshake_of(environ))
        if answer.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            refuse(answer.status_code, str(protocol.handshake_exc or ""))
        super().__init__(sock, protocol, max_queued=max_queued, ping_interval=ping_interval)
        self._answer = answer.serialize()
        self._max_frame = max_frame

    def distrust(self, allowance: int) -> None:
        """Let the peer send so many bytes in all, until `trust`; one that sends more is cut off."""
        self._reader.allowance = allowance
        self._protocol.max_size = allowance

    def trust(self) -> None:
        """The peer has shown who it is: frames may have their full size."""
        self._reader.allowance = NO_LIMIT
        self._protocol.max_size = self._max_frame

    @property
    def accepted(self) -> bool:
        """Whether the handshake was answered."""
        return not self._answer

    def accept(self) -> None:
        """Answer the handshake: from here on the peer is connected. A second call does nothing."""
        if not self._answer:
            return
        answer, self._answer = self._answer, b""
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._writer.write(answer, self._write_failed)
        self.opened()

    def receive(self) -> str | bytes | None:
        """As `Wire.receive`; accepts first."""
        if self._answer:
            self.accept()
        return super().receive()

    def send(self, text: str | bytes) -> bool:
        """As `Wire.send`; accepts first."""
        if self._answer:
            self.accept()
        return super().send(text)

    def send_all(self, texts: list[str]) -> bool:
        """As `Wire.send_all`; accepts first."""
        if self._answer:
            self.accept()
        return super().send_all(texts)


class Sock(flask_sock.Sock):  # type: ignore[misc]  # flask-sock is not typed
    """flask-sock with `Connection` under it.

    Reads flask-sock's own ``SOCK_SERVER_OPTIONS`` from the app's config: ``max_frame``,
    ``max_queued`` (bytes) and ``ping_interval`` (seconds).
    """

    bp: Blueprint | None

    def route(
        self, path: str, bp: Blueprint | None = None, **options: Any
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Declare a socket route. The view gets a `Connection`, then the path's variables.

        The same path asked without an upgrade is answered 426.
        """

        def decorator(view: Callable[..., None]) -> Callable[..., None]:
            @functools.wraps(view)
            def socket_view(*args: Any, **kwargs: Any) -> Response:
                ws = Connection(
                    request.environ, **current_app.config.get("SOCK_SERVER_OPTIONS", {})
                )
                serve(ws, functools.partial(view, ws, *args, **kwargs), route_name(path))
                return _Taken()

            def no_upgrade(**_: Any) -> NoReturn:
                raise UpgradeRequired

            endpoint = options.pop("endpoint", view.__name__)
            target = bp or self.app or self._own_blueprint()
            target.route(path, endpoint=endpoint, websocket=True, **options)(socket_view)
            plain = f"{endpoint}_without_upgrade"
            target.route(path, endpoint=plain, methods=["GET"], **options)(no_upgrade)
            return view

        return decorator

    def _own_blueprint(self) -> Blueprint:
        if self.bp is None:
            self.bp = Blueprint("__flask_sock", __name__)
        return self.bp


class _Taken(Response):
    """The answer of a view whose socket was used up: tells gunicorn that there is none to write."""

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise StopIteration


def serve(ws: Connection, view: Callable[[], None], route: str) -> None:
    """Run one socket's view to its end and leave the socket closed, whatever happens.

    Errors raised before `accept` go on to Flask, which answers them over HTTP.
    """
    began = time.monotonic()
    gauge = SOCKETS_OPEN.labels(route)
    gauge.inc()
    try:
        view()
        ws.accept()
    except GreenletExit:
        ws.abort("killed")  # no close frame: the peer comes back to another process
        raise
    except Exception as error:
        if not ws.accepted:
            raise
        log.exception("a socket's handler failed", extra={"route": route})
        metrics.ERRORS_TOTAL.labels("socket").inc()
        ws.close(1011, error.code if isinstance(error, AppError) else "internal error")
    finally:
        gauge.dec()
        if ws.accepted:
            ws.close(1000)
            ws.finish()
            _log_end(ws, route, time.monotonic() - began)


def handshake_of(environ: dict[str, Any]) -> Request:
    """The upgrade request as `websockets` wants it, out of the WSGI environment."""
    headers = Headers()
    for name in HANDSHAKE_HEADERS:
        value = environ.get("HTTP_" + name.upper().replace("-", "_"))
        if value is not None:
            headers[name] = value
    return Request(environ.get("PATH_INFO", "/"), headers)


def refuse(status: int, reason: str) -> NoReturn:
    """Raise the error for a handshake the protocol refuses."""
    if status == HTTPStatus.UPGRADE_REQUIRED:
        raise UpgradeRequired
    if status == HTTPStatus.FORBIDDEN:
        raise Forbidden(reason)
    raise BadRequest(f"bad handshake: {reason}")


def route_name(path: str) -> str:
    """A route's first segment, to name it in logs and metrics (a path may hold a token)."""
    return path.strip("/").split("/")[0] or "/"


def _log_end(ws: Connection, route: str, seconds: float) -> None:
    how = ws.peer_gone or str(ws.close_code)
    SOCKETS_ENDED.labels(route, how if how in KNOWN_ENDS else "other").inc()
    log.info(
        "socket closed",
        extra={
            "route": route,
            "close_code": ws.close_code,
            "close_reason": ws.close_reason,
            "gone": ws.peer_gone,
            "seconds": round(seconds, 3),
            "received": ws.received,
            "sent": ws.sent,
        },
    )


#: Ends that are counted by name; a metric's labels must not grow with what peers send.
KNOWN_ENDS = frozenset(
    [*"1000 1001 1005 1009 1011 lost silent killed drained".split(), "too slow", "too much"]
)
