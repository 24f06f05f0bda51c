"""What comes in on a socket: read only when somebody asks for it."""

from __future__ import annotations

import socket
from typing import Any

import gevent

#: Bytes asked of the kernel per read.
CHUNK = 16_384
NO_LIMIT = float("inf")


class SocketReader:
    """Reads one socket. `is_waiting` is true while a greenlet waits for the peer.

    `allowance` is how many bytes more the peer may send; it is below zero once there were more.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.allowance = NO_LIMIT
        self.is_waiting = False
        self._sock = sock
        self._is_tls = hasattr(sock, "pending")
        self._readable: Any = None
        self._is_full = self._is_drained = False

    def read(self) -> bytes:
        """Wait for bytes; at the end of the stream, or if it broke, there are none."""
        if self._is_full:
            # A peer that floods us must not keep the process to itself.
            gevent.sleep(0)
        sock = self._sock
        self.is_waiting = True
        try:
            if self._is_drained and not (self._is_tls and sock.pending()):  # type: ignore[attr-defined]
                # There was less than was asked for, so another try would find nothing.
                hub = gevent.get_hub()
                if self._readable is None:
                    self._readable = hub.loop.io(sock.fileno(), 1)
                hub.wait(self._readable)
            data = sock.recv(CHUNK)
        except (OSError, ValueError):  # ValueError: a TLS socket shut down by another greenlet
            data = b""
        finally:
            self.is_waiting = False
        self.allowance -= len(data)
        self._is_full = len(data) == CHUNK
        self._is_drained = not self._is_full
        return data

    def close(self) -> None:
        """Drop the event loop's watcher; a later `read` makes a new one."""
        if self._readable is not None:
            self._readable.close()
            self._readable = None
