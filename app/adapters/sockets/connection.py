"""One WebSocket over one gevent socket: whole frames, a writer that never blocks, shared pings.

`Wire` is the moving part under both of a call's sockets: the caller's side (`app.bridges.socket`)
and the model's side (`app.adapters.realtime.client`). The protocol itself is `websockets`'
sans-I/O code, with a short cut for plain frames (`app.protocol.websocket`).

Reading happens only when somebody asks, so a peer that floods us fills its own TCP window and not
our memory. Writing is done at once; what the kernel does not take is queued and a greenlet finishes
it, so no sender waits for a slow peer and frames never mix. A peer for which more than `max_queued`
bytes wait is cut off.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from typing import Any

import gevent
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from app.adapters.sockets.timer import KEEPER
from app.protocol.websocket import SHORT, leading_messages, short_frame

#: Bytes asked of the kernel per read.
CHUNK = 16_384
#: Messages of one read after which others have their turn.
CROWD = 64
MAX_QUEUED = 1 << 20
PING_INTERVAL_S = 20.0
#: How long a peer may take to answer our close frame.
CLOSE_TIMEOUT_S = 2.0


class Wire:
    """An open WebSocket. One greenlet may read, any number may send.

    `closed` is true once nothing more can be sent or received; `close_code` then says how it ended
    (the code of whoever closed first; 1006 where no close frame was seen). `peer_gone` holds the
    reason of an abnormal end ("lost", "too slow", "silent", ...), None while open and after a
    proper close.
    """

    def __init__(
        self,
        sock: socket.socket,
        protocol: Protocol,
        *,
        decode: bool = True,
        max_queued: int = MAX_QUEUED,
        ping_interval: float = PING_INTERVAL_S,
    ) -> None:
        self._sock = sock
        self._protocol = protocol
        self._is_client = protocol.side is CLIENT
        self._is_tls = hasattr(sock, "pending")
        self._decode = decode
        self._max_queued = max_queued
        self._ping_interval = ping_interval
        self._inbox: list[str | bytes] = []  # seldom more than one: a deque takes 760 bytes
        self._parts: list[bytes] = []
        self._parts_text = True
        self._outbox: list[bytes] = []
        self._queued = 0
        self._flusher: gevent.Greenlet[..., None] | None = None
        self._eof_wanted = False
        self._readable: Any = None
        self._reading = False
        self._full = self._drained = False
        self._heard = self._pinged = time.monotonic()
        self._close_deadline: float | None = None
        self._ended = False
        self.close_code: int | None = None
        self.close_reason = ""
        self.peer_gone: str | None = None
        self.received = 0
        self.sent = 0

    @property
    def closed(self) -> bool:
        """True once nothing more can be sent: ended, aborted, or a close frame was sent."""
        return self._ended or self._protocol.state is not OPEN

    @property
    def queued(self) -> int:
        """Bytes that wait for a slow peer."""
        return self._queued

    def receive(self) -> str | bytes | None:
        """The next message, str for text (bytes where made with ``decode=False``) and bytes for
        binary. Blocks; None once the connection is closed, by whichever side or fault."""
        while not self._inbox:
            if self.closed:
                return None
            self._read()
        return self._inbox.pop(0)

    def send(self, text: str | bytes) -> bool:
        """Send one text message; bytes are UTF-8 already. Never blocks.

        Returns False where the connection is closed, or was cut off as too slow."""
        if self._ended or self._protocol.state is not OPEN:
            return False
        data = text.encode() if isinstance(text, str) else text
        if len(data) <= SHORT:
            mask = secrets.token_bytes(4) if self._is_client else b""
            self._write(short_frame(data, text=True, mask=mask))
        else:
            self._protocol.send_text(data)
            self._write_protocol()
        self.sent += 1
        return not self._ended

    def send_all(self, texts: list[str]) -> bool:
        """Send several short text messages in one write, else as `send`."""
        if self._ended or self._protocol.state is not OPEN:
            return False
        data = [text.encode() for text in texts]
        if self._is_client or max(map(len, data)) > SHORT:
            return all(self.send(each) for each in data)
        self._write(b"".join([short_frame(each, text=True) for each in data]))
        self.sent += len(data)
        return not self._ended

    def send_binary(self, data: bytes) -> bool:
        """Send one binary message, else as `send`."""
        if self._ended or self._protocol.state is not OPEN:
            return False
        self._protocol.send_binary(data)
        self._write_protocol()
        self.sent += 1
        return not self._ended

    def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Send a close frame after what is queued. Never blocks; does nothing once closed.

        `reason` is cut to the 123 bytes a close frame can hold.
        """
        if self._ended or self._protocol.state is not OPEN:
            return
        reason = reason.encode()[:123].decode(errors="ignore")
        self._protocol.send_close(code, reason)
        self.close_code, self.close_reason = code, reason
        self._close_deadline = time.monotonic() + CLOSE_TIMEOUT_S
        self._write_protocol()

    def abort(self, why: str = "aborted", *, reset: bool = False) -> None:
        """Drop the TCP connection with no close frame: the peer sees 1006.

        Bytes the kernel has taken are still delivered, unless `reset`, which throws them away and
        frees their memory at once (for peers that no longer read).
        """
        if self._ended:
            return
        if reset:
            self._quietly(
                self._sock.setsockopt,
                socket.SOL_SOCKET,
                socket.SO_LINGER,
                struct.pack("ii", 1, 0),
            )
        self._end(why)
        self._quietly(self._sock.shutdown, socket.SHUT_RDWR)

    def flush(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until nothing is queued; says whether that is so."""
        if self._flusher is not None:
            self._flusher.join(timeout)
        return not self._queued

    def finish(self) -> None:
        """After the last `receive`: let the closing handshake end, then close the TCP connection.

        Blocks `CLOSE_TIMEOUT_S` at most. What still comes is thrown away: closing a socket with
        unread bytes would reset it and could cost the peer our close frame."""
        if not self._ended:
            if self._close_deadline is None:
                self._close_deadline = time.monotonic() + CLOSE_TIMEOUT_S
            KEEPER.add(self)
            while not self._ended:
                self._read()
        KEEPER.discard(self)
        if self._readable is not None:
            self._readable.close()
            self._readable = None
        self._quietly(self._sock.close)
        # These keep the protocol alive as it does them; only the garbage collector would end that.
        self._protocol.parser.close()
        self._protocol.parser_exc = None

    def opened(self) -> None:
        """The handshake is done: from here on the peer is pinged and watched."""
        self._heard = self._pinged = time.monotonic()
        KEEPER.add(self)

    def tick(self, now: float) -> None:
        """Called about once a second by the process's timer with the monotonic time."""
        if self._ended:
            KEEPER.discard(self)
        elif self._close_deadline is not None:
            if now >= self._close_deadline:
                self.abort("no close frame", reset=True)
        elif now - max(self._heard, self._pinged) < self._ping_interval:
            return
        elif self._pinged > self._heard and self._reading:
            self.abort("silent", reset=True)  # a whole interval without an answer
        elif not self.closed:
            self._pinged = now
            self._protocol.send_ping(b"")
            self._write_protocol()

    def _read(self) -> None:
        """Wait for bytes and take in what they mean."""
        # A peer that floods us must not keep the process to itself.
        if self._full or len(self._inbox) > CROWD:
            gevent.sleep(0)
        sock = self._sock
        self._reading = True
        try:
            if self._drained and not (self._is_tls and sock.pending()):  # type: ignore[attr-defined]
                # There was less than was asked for, so another try would find nothing.
                self._wait_readable()
            data = sock.recv(CHUNK)
        except (OSError, ValueError):  # ValueError: a TLS socket shut down by another greenlet
            data = b""
        finally:
            self._reading = False
        self._full = len(data) == CHUNK
        self._drained = not self._full
        self._take(data)

    def _wait_readable(self) -> None:
        hub = gevent.get_hub()
        if self._readable is None:
            self._readable = hub.loop.io(self._sock.fileno(), 1)
        hub.wait(self._readable)

    def _take(self, data: bytes) -> None:
        protocol = self._protocol
        if self._ended:
            return
        if data:
            self._heard = time.monotonic()
            if protocol.state is OPEN and protocol.cur_size is None and not protocol.reader.buffer:
                messages, taken = leading_messages(
                    data, masked=not self._is_client, max_size=protocol.max_size
                )
                for text, payload in messages:
                    self._deliver(payload, text)
                if taken == len(data) and self._close_deadline is None:
                    return
                protocol.receive_data(data[taken:])
            else:
                protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Frame):
                    self._take_frame(event)
        else:
            protocol.receive_eof()
        self._write_protocol()
        if not data:
            self._end(None if protocol.close_rcvd is not None else "lost")
        elif protocol.parser_exc is not None and self._close_deadline is None:
            self._closing(protocol.close_sent, str(protocol.parser_exc) or "protocol error")
        elif protocol.close_rcvd is not None and self._close_deadline is None:
            self._closing(protocol.close_rcvd, None)

    def _take_frame(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            text = opcode is Opcode.TEXT
            if frame.fin:
                self._deliver(bytes(frame.data), text)
            else:
                self._parts, self._parts_text = [bytes(frame.data)], text
        elif opcode is Opcode.CONT:
            self._parts.append(bytes(frame.data))
            if frame.fin:
                whole, self._parts = b"".join(self._parts), []
                self._deliver(whole, self._parts_text)

    def _deliver(self, data: bytes, text: bool) -> None:
        if self._close_deadline is not None:
            return
        self.received += 1
        if not text or not self._decode:
            self._inbox.append(data)
            return
        try:
            self._inbox.append(data.decode())
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "text is not UTF-8")
            self._closing(self._protocol.close_sent, "text is not UTF-8")

    def _closing(self, close: Any, gone: str | None) -> None:
        """A close frame came, or the peer broke the protocol and was sent one."""
        self._close_deadline = time.monotonic() + CLOSE_TIMEOUT_S
        if close is not None:
            self.close_code, self.close_reason = int(close.code), close.reason
        self.peer_gone = gone

    def _end(self, gone: str | None) -> None:
        """Nothing goes in or out any more."""
        self._ended = True
        self._outbox, self._queued = [], 0
        if self.close_code is None:
            self.close_code = int(CloseCode.ABNORMAL_CLOSURE)
            self.peer_gone = gone or "lost"
        KEEPER.discard(self)

    def _write_protocol(self) -> None:
        """Send what the protocol has ready."""
        writes = self._protocol.data_to_send()
        if not writes or self._ended:
            return
        if writes[-1] == b"":
            self._eof_wanted = True
        self._write(writes[0] if len(writes) == 1 else b"".join(writes))

    def _write(self, data: bytes) -> None:
        """Send `data`, or queue what the kernel does not take."""
        if data and self._flusher is None:
            data = self._send_now(data)
        if data:
            self._queued += len(data)
            if self._queued > self._max_queued:
                self.abort("too slow", reset=True)
                return
            self._outbox.append(data)
            if self._flusher is None:
                self._flusher = gevent.spawn(self._flush)
        elif self._eof_wanted and self._flusher is None:
            self._quietly(self._sock.shutdown, socket.SHUT_WR)

    def _send_now(self, data: bytes) -> bytes:
        """Give the kernel what it takes without waiting; returns the rest."""
        sock = self._sock
        # Nothing switches greenlets in here, so a waiting reader never sees this.
        sock.settimeout(0.0)
        try:
            return data[sock.send(data) :]
        except BlockingIOError:
            return data
        except (OSError, ValueError):
            self.abort("lost")
            return b""
        finally:
            sock.settimeout(None)

    def _flush(self) -> None:
        """Send what is queued, waiting for the peer as long as it takes."""
        try:
            while self._outbox:
                batch = memoryview(b"".join(self._outbox))
                self._outbox = []
                while batch and not self._ended:
                    sent = self._sock.send(batch)
                    batch = batch[sent:]
                    self._queued = max(0, self._queued - sent)
            if self._eof_wanted and not self._ended:
                self._quietly(self._sock.shutdown, socket.SHUT_WR)
        except (OSError, ValueError):
            self.abort("lost")
        finally:
            self._flusher = None

    @staticmethod
    def _quietly(call: Any, *args: Any) -> None:
        try:
            call(*args)
        except (OSError, ValueError):
            pass
