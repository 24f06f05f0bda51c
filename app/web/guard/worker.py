"""gunicorn's gevent worker with limits on what strangers may keep waiting.

This is the one place that knows the inside of gunicorn's worker (27). gunicorn's own gives a
request that has begun, and a body, all the time of the world.
"""

from __future__ import annotations

import socket
from typing import Any

import gevent
from gunicorn.http.errors import ParseException
from gunicorn.workers.ggevent import GeventWorker

from app.web.guard.admission import Admission, Visitor

#: A connection's first request must be there, headers and all, within so many seconds.
FIRST_REQUEST_S = 10.0
#: Greenlets beyond `Admission.most`: those that were just told to go.
SPARE = 64
#: What is still read of a body that nobody wants, so that its sender sees the answer.
LINGER_S = 3.0
LINGER_BYTES = 16_000_000
CHUNK = 65_536
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 2\r\n"
    b"Connection: close\r\nContent-Length: 74\r\n\r\n"
    b'{"error":{"code":"full","message":"too many connections; try again soon"}}'
)


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn is not typed
    """Serves connections that `Admission` lets in."""

    def run(self) -> None:
        """As gunicorn's; the application is loaded by now."""
        edge = getattr(self.wsgi, "extensions", {}).get("edge")
        self.admission: Admission = edge.admission if edge is not None else Admission()
        self.admission.most = max(1, self.worker_connections - SPARE)
        super().run()

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Serve one connection to its end."""
        visitor = self.admission.enter(client, addr[0] if isinstance(addr, tuple) else "")
        if visitor is None:
            turn_away(client)
            return
        gevent.getcurrent().visitor = visitor  # type: ignore[attr-defined]
        try:
            super().handle(listener, client, addr)
        finally:
            self.admission.leave(visitor)

    def timeout_ctx(self) -> gevent.Timeout:
        """How long the next request may take to be there."""
        visitor: Visitor = gevent.getcurrent().visitor  # type: ignore[attr-defined]
        first = visitor.requests == 0
        return gevent.Timeout(
            FIRST_REQUEST_S if first else self.cfg.keepalive,
            False,  # type: ignore[arg-type]
        )

    def handle_request(self, listener_name: Any, req: Any, sock: socket.socket, addr: Any) -> None:
        """Serve one request; what is left of its body is read on for a while."""
        visitor: Visitor = gevent.getcurrent().visitor  # type: ignore[attr-defined]
        visitor.requests += 1
        visitor.is_served()
        try:
            super().handle_request(listener_name, req, sock, addr)
        except StopIteration:  # the connection closes now; a call's socket has closed already
            visitor.waits()
            drained(req.body, sock, closing=True)
            raise
        visitor.waits()
        if not drained(req.body, sock, closing=False):
            raise StopIteration


def drained(body: Any, sock: socket.socket, *, closing: bool) -> bool:
    """Read what is left of a body; False where there is too much or it does not come.

    A socket that is closed with unread bytes is reset, and its peer, still sending, never sees the
    answer it got.
    """
    if getattr(body, "failed", False) is True:
        return False
    if getattr(body.reader, "length", None) == 0 and not body.buf.tell():
        return True
    left = LINGER_BYTES
    shut = False
    with gevent.Timeout(LINGER_S, False):  # type: ignore[arg-type]
        try:
            while left > 0:
                data = body.read(CHUNK)
                if not data:
                    return True
                if closing and not shut:
                    sock.shutdown(socket.SHUT_WR)
                    shut = True
                left -= len(data)
        except (OSError, ParseException):
            return False  # the peer is gone or its framing is broken
    return False


def turn_away(client: socket.socket) -> None:
    """Answer a connection that there is no room for, without waiting for it."""
    try:
        client.setblocking(False)
        client.send(FULL)
        client.shutdown(socket.SHUT_WR)
        client.recv(CHUNK)
    except OSError:
        pass
    finally:
        client.close()
