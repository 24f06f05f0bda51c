"""Runs a line over real sockets, in real time: one call, one thread."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from app.rehearsal.retell_caller import events, rules
from app.rehearsal.retell_caller.line import Line

#: How long the loop sleeps at most: what a driver does by itself happens within this time.
POLL_S = 0.05

_EPOCH = time.time() - time.monotonic()


def clock() -> float:
    """Seconds since the epoch that never go back."""
    return _EPOCH + time.monotonic()


class Driver(Protocol):
    """Whoever decides what the caller does."""

    def event(self, at: float, event: events.Event) -> None:
        """Something happened at `at`."""

    def tick(self, now: float) -> None:
        """Act, if there is something to do. Called after each batch of events and each poll."""


class Client:
    """One call from its first connection to its end."""

    def __init__(self, url: str, line: Line, driver: Driver) -> None:
        self._url = url
        self._line = line
        self._driver = driver
        self._socket: ClientConnection | None = None
        self._left: list[ClientConnection] = []

    def run(self, stop: Callable[[], bool] = lambda: False) -> str:
        """Play the call; its `disconnection_reason`. `stop` true hangs up."""
        line = self._line
        try:
            while True:
                now = clock()
                if stop():
                    line.hang_up(now)
                line.tick(now)
                self._driver_turn(now)
                self._flush()
                if line.ended and self._socket is None:
                    return line.ended
                if self._socket is None:
                    self._connect(clock())
                else:
                    self._read(clock())
        finally:
            for sock in (self._socket, *self._left):
                if sock is not None:
                    _cut(sock)

    def _driver_turn(self, now: float) -> None:
        """Tell the driver what happened, and let it act until nothing more comes of it."""
        events_ = self._line.events
        while True:
            told, events_[:] = list(events_), []
            for at, event in told:
                self._driver.event(at, event)
            self._driver.tick(now)
            if not events_:
                return

    def _flush(self) -> None:
        outbox = self._line.link.outbox
        frames, outbox.send = outbox.send, []
        sock = self._socket
        if sock is None:
            return
        try:
            for frame in frames:
                sock.send(frame.decode())
        except ConnectionClosed:
            pass  # `_read` finds out how it was closed
        if outbox.abandon:
            self._leave(sock)
        elif outbox.close is not None:
            with contextlib.suppress(ConnectionClosed, OSError):
                sock.close(outbox.close)
            self._socket = None
        outbox.abandon, outbox.close = False, None

    def _leave(self, sock: ClientConnection) -> None:
        """Give the socket up without a close frame: cut it, or let it hang if the line is deaf."""
        if self._line.link.deaf:
            self._left.append(sock)
        else:
            _cut(sock)
        self._socket = None

    def _connect(self, now: float) -> None:
        at = self._line.link.outbox.connect_at
        if at is None or at > now:
            time.sleep(POLL_S if at is None else min(POLL_S, at - now))
            return
        try:
            self._socket = connect(
                self._url,
                open_timeout=rules.OPEN_TIMEOUT_S,
                close_timeout=2,
                ping_interval=None,
                compression=None,
                max_size=None,
            )
        except (OSError, InvalidHandshake, ValueError) as error:
            self._line.link.failed_to_open(_why(error), clock())
        else:
            self._line.link.connected()

    def _read(self, now: float) -> None:
        sock = self._socket
        assert sock is not None
        at = self._line.next_time()
        timeout = POLL_S if at is None else max(0.0, min(POLL_S, at - now))
        try:
            raw = sock.recv(timeout=timeout)
            while True:
                self._line.receive(raw, clock())
                if self._line.ended or self._line.events:
                    return
                raw = sock.recv(timeout=0)
        except TimeoutError:
            return
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else rules.ABNORMAL
            self._socket = None
            self._line.link.lost(code, clock())


def _cut(sock: ClientConnection) -> None:
    """End the TCP connection without a close frame."""
    with contextlib.suppress(OSError):
        sock.socket.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        sock.socket.close()


def _why(error: Exception) -> str:
    """Why no socket could be opened, in a few words."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return f"no answer within {rules.OPEN_TIMEOUT_S:.0f} s"
    response = getattr(error, "response", None)
    if response is not None:
        return f"refused with HTTP {response.status_code}"
    return str(error) or type(error).__name__
