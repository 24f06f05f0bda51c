"""The model's side of a call as a `Wire`, in the shape `websockets.sync.client.connect` expects.

`connect` takes a `create_connection` factory ("escape hatch for advanced customization"), and the
`openai` SDK hands its `websocket_connection_options` on to `connect`. So the SDK keeps doing the
URL, the headers and the authorization, and under it runs one greenlet per session instead of two
and a half threads: a quarter of the memory and about half of the CPU of the stock connection.
"""

from __future__ import annotations

import socket
from typing import Any

import gevent
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.frames import OK_CLOSE_CODES, Close, Frame
from websockets.http11 import Response

from app.adapters.sockets.connection import Wire, quietly
from app.adapters.sockets.reader import CHUNK


class _NoThread:
    """Stands where the stock connection has its reader thread, which `connect` joins on failure."""

    def join(self, timeout: float | None = None) -> None:
        """Nothing to wait for."""


class ModelWire(Wire):
    """A client connection: `handshake`, then `send` and `recv` as the SDK calls them.

    The stock connection's keyword arguments for queue and pings are taken and not needed: reading
    happens on demand, and the process's own timer pings (`Wire.tick`).
    """

    recv_events_thread = _NoThread()

    def __init__(
        self,
        sock: socket.socket,
        protocol: ClientProtocol,
        *,
        ping_interval: float | None = 20.0,
        max_queue: Any = None,
        ping_timeout: Any = None,
        close_timeout: Any = None,
    ) -> None:
        super().__init__(sock, protocol, decode=False, ping_interval=ping_interval or 20.0)
        self._client = protocol

    def handshake(
        self, additional_headers: Any = None, user_agent_header: Any = None, timeout: Any = None
    ) -> None:
        """Send the upgrade request and wait for the answer.

        Raises `websockets.exceptions.InvalidHandshake` (with the answer, where there is one),
        `OSError`, or `TimeoutError` after `timeout` seconds.
        """
        protocol = self._client
        request = protocol.connect()
        if additional_headers is not None:
            request.headers.update(additional_headers)
        if user_agent_header is not None:
            request.headers.setdefault("User-Agent", user_agent_header)
        protocol.send_request(request)
        with gevent.Timeout(timeout, TimeoutError("no answer to the upgrade request")):
            self._sock.sendall(b"".join(protocol.data_to_send()))
            answered = False
            while not answered and protocol.handshake_exc is None:
                data = self._sock.recv(CHUNK)
                if data:
                    protocol.receive_data(data)
                else:
                    protocol.receive_eof()
                for event in protocol.events_received():
                    if isinstance(event, Response):
                        answered = True
                    elif isinstance(event, Frame):
                        self._inbox.add_frame(event)
        if protocol.handshake_exc is not None:
            raise protocol.handshake_exc
        # A server that refuses the session may close it in the same breath.
        self._answer_protocol()

    def start_keepalive(self) -> None:
        """Called by `connect` once the handshake is done."""
        self.opened()

    def close_socket(self) -> None:
        """Called by `connect` where the handshake failed."""
        quietly(self._sock.close)

    def recv(self, timeout: float | None = None, decode: bool | None = None) -> str | bytes:
        """The next message, as bytes. Raises `ConnectionClosed` at the end, as the SDK expects."""
        message = self.receive()
        if message is not None:
            return message
        self.finish()
        close = Close(self.close_code or 1006, self.close_reason)
        error = ConnectionClosedOK if close.code in OK_CLOSE_CODES else ConnectionClosedError
        raise error(None if close.code == 1006 else close, None, None)
