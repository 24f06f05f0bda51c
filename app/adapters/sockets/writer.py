"""What goes out on a socket: written at once, and queued as far as the kernel does not take it."""

from __future__ import annotations

import socket
from collections.abc import Callable

import gevent

#: Why writing failed.
LOST = "lost"
TOO_SLOW = "too slow"


class SocketWriter:
    """Sends bytes in order and never blocks. `queued` counts the bytes that wait for a slow peer.

    A greenlet sends what is queued, so no sender waits and frames never mix.
    """

    def __init__(self, sock: socket.socket, max_queued: int) -> None:
        self.queued = 0
        self._sock = sock
        self._max_queued = max_queued
        self._waiting: list[bytes] = []
        self._flusher: gevent.Greenlet[..., None] | None = None
        self._is_last = self._is_stopped = False

    def write(self, data: bytes, on_failure: Callable[[str], None]) -> None:
        """Send `data`, or queue what the kernel does not take.

        `on_failure` gets `LOST`, or `TOO_SLOW` if more than `max_queued` bytes wait: at once, or
        later from the greenlet that sends the queue.
        """
        flusher = self._flusher
        if flusher is None:
            sock = self._sock
            # Nothing switches greenlets in here, so a waiting reader never sees this.
            sock.settimeout(0.0)
            try:
                data = data[sock.send(data) :]
            except BlockingIOError:
                pass
            except (OSError, ValueError):  # ValueError: a TLS socket that was shut down
                on_failure(LOST)
                return
            finally:
                sock.settimeout(None)
            if not data:
                return
        self.queued += len(data)
        if self.queued > self._max_queued:
            on_failure(TOO_SLOW)
            return
        self._waiting.append(data)
        if flusher is None:
            self._flusher = gevent.spawn(self._flush, on_failure)

    def end(self) -> None:
        """Nothing is written after this: close the sending side once the queue is empty."""
        self._is_last = True
        if self._flusher is None:
            self._end_sending()

    def stop(self) -> None:
        """Send nothing more and drop the queue."""
        self._is_stopped = True
        self._waiting, self.queued = [], 0

    def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until nothing is queued; says whether that is so."""
        if self._flusher is not None:
            self._flusher.join(timeout)
        return not self.queued

    def _flush(self, on_failure: Callable[[str], None]) -> None:
        """Send what is queued, waiting for the peer as long as it takes."""
        try:
            while self._waiting:
                batch = memoryview(b"".join(self._waiting))
                self._waiting = []
                while batch and not self._is_stopped:
                    sent = self._sock.send(batch)
                    batch = batch[sent:]
                    self.queued = max(0, self.queued - sent)
            if self._is_last and not self._is_stopped:
                self._end_sending()
        except (OSError, ValueError):
            on_failure(LOST)
        finally:
            self._flusher = None

    def _end_sending(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):
            pass  # the peer was faster
