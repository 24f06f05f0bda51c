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
from collections.abc import Callable
from typing import Any

from websockets.frames import CloseCode, Frame
from websockets.protocol import CLIENT, OPEN, Protocol

from app.adapters.sockets.inbox import Inbox
from app.adapters.sockets.reader import SocketReader
from app.adapters.sockets.timer import KEEPER
from app.adapters.sockets.watch import Due, PeerWatch
from app.adapters.sockets.writer import TOO_SLOW, SocketWriter
from app.protocol.websocket import SHORT, leading_messages, short_frame

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
        self._inbox = Inbox(decode=decode)
        self._reader = SocketReader(sock)
        self._writer = SocketWriter(sock, max_queued)
        self._watch = PeerWatch(ping_interval)
        self._close_deadline: float | None = None
        self._ended = False
        self.close_code: int | None = None
        self.close_reason = ""
        self.peer_gone: str | None = None
        self.sent = 0

    @property
    def closed(self) -> bool:
        """True once nothing more can be sent: ended, aborted, or a close frame was sent."""
        return self._ended or self._protocol.state is not OPEN

    @property
    def queued(self) -> int:
        """Bytes that wait for a slow peer."""
        return self._writer.queued

    @property
    def received(self) -> int:
        """How many messages came."""
        return self._inbox.received

    def receive(self) -> str | bytes | None:
        """The next message, str for text (bytes if made with ``decode=False``) and bytes for
        binary. Blocks; None once the connection is closed, by whichever side or fault."""
        waiting = self._inbox.waiting
        while not waiting:
            if self._ended or self._protocol.state is not OPEN:
                return None
            self._take(self._reader.read())
        return waiting.pop(0)

    def send(self, text: str | bytes) -> bool:
        """Send one text message; bytes are UTF-8 already. Never blocks.

        Returns False if the connection is closed, or was cut off as too slow."""
        if self._ended or self._protocol.state is not OPEN:
            return False
        data = text.encode() if isinstance(text, str) else text
        if len(data) <= SHORT:
            mask = secrets.token_bytes(4) if self._is_client else b""
            self._writer.write(short_frame(data, text=True, mask=mask), self._write_failed)
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
        frames = [short_frame(each, text=True) for each in data]
        self._writer.write(b"".join(frames), self._write_failed)
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
            quietly(
                self._sock.setsockopt,
                socket.SOL_SOCKET,
                socket.SO_LINGER,
                struct.pack("ii", 1, 0),
            )
        self._end(why)
        quietly(self._sock.shutdown, socket.SHUT_RDWR)

    def flush(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until nothing is queued; says whether that is so."""
        return self._writer.wait(timeout)

    def finish(self) -> None:
        """After the last `receive`: let the closing handshake end, then close the TCP connection.

        Blocks `CLOSE_TIMEOUT_S` at most. What still comes is thrown away: closing a socket with
        unread bytes would reset it and could cost the peer our close frame."""
        if not self._ended:
            if self._close_deadline is None:
                self._close_deadline = time.monotonic() + CLOSE_TIMEOUT_S
            KEEPER.add(self)
            while not self._ended:
                self._take(self._reader.read())
        KEEPER.discard(self)
        self._reader.close()
        quietly(self._sock.close)
        # These keep the protocol alive as it does them; only the garbage collector would end that.
        self._protocol.parser.close()
        self._protocol.parser_exc = None

    def opened(self) -> None:
        """The handshake is done: from here on the peer is pinged and watched."""
        self._watch.start()
        KEEPER.add(self)

    def tick(self, now: float) -> None:
        """Called about once a second by the process's timer with the monotonic time."""
        if self._ended:
            KEEPER.discard(self)
            return
        if self._close_deadline is not None:
            if now >= self._close_deadline:
                self.abort("no close frame", reset=True)
            return
        due = self._watch.due(now, is_read=self._reader.is_waiting)
        if due is Due.ABORT:
            self.abort("silent", reset=True)
        elif due is Due.PING and not self.closed:
            self._watch.pinged_at = now
            self._protocol.send_ping(b"")
            self._write_protocol()

    def _take(self, data: bytes) -> None:
        """Take in what was read; no bytes are the end of the stream."""
        if self._ended:
            return
        if self._reader.allowance < 0:
            self.abort("too much", reset=True)
            return
        protocol = self._protocol
        if data:
            self._watch.heard_at = time.monotonic()
            if self._take_messages(data):
                return
        else:
            protocol.receive_eof()
        self._answer_protocol()
        if not data:
            self._end(None if protocol.close_rcvd is not None else "lost")

    def _answer_protocol(self) -> None:
        """Send what the protocol answers to what came, and notice that the end has begun."""
        protocol = self._protocol
        self._write_protocol()
        if self._close_deadline is not None:
            return
        if protocol.parser_exc is not None:
            self._closing(protocol.close_sent, str(protocol.parser_exc) or "protocol error")
        elif protocol.close_rcvd is not None:
            self._closing(protocol.close_rcvd, None)

    def _take_messages(self, data: bytes) -> bool:
        """Put the messages in `data` into the inbox; true if that is all there was in it."""
        protocol, is_open = self._protocol, self._close_deadline is None
        taken = 0
        try:
            if (
                is_open
                and protocol.state is OPEN
                and protocol.cur_size is None
                and not protocol.reader.buffer
            ):
                messages, taken = leading_messages(
                    data, masked=not self._is_client, max_size=protocol.max_size
                )
                for text, payload in messages:
                    self._inbox.add(payload, text=text)
                if taken == len(data):
                    return True
            protocol.receive_data(data[taken:] if taken else data)
            for event in protocol.events_received():
                if isinstance(event, Frame) and is_open:
                    self._inbox.add_frame(event)
        except UnicodeDecodeError:
            protocol.fail(CloseCode.INVALID_DATA, "text is not UTF-8")
            self._closing(protocol.close_sent, "text is not UTF-8")
        return False

    def _closing(self, close: Any, gone: str | None) -> None:
        """A close frame came, or the peer broke the protocol and was sent one."""
        self._close_deadline = time.monotonic() + CLOSE_TIMEOUT_S
        if close is not None:
            self.close_code, self.close_reason = int(close.code), close.reason
        self.peer_gone = gone

    def _end(self, gone: str | None) -> None:
        """Nothing goes in or out any more."""
        self._ended = True
        self._writer.stop()
        if self.close_code is None:
            self.close_code = int(CloseCode.ABNORMAL_CLOSURE)
            self.peer_gone = gone or "lost"
        KEEPER.discard(self)

    def _write_protocol(self) -> None:
        """Send what the protocol has ready; its last, empty write ends the sending side."""
        writes = self._protocol.data_to_send()
        if not writes or self._ended:
            return
        data = writes[0] if len(writes) == 1 else b"".join(writes)
        if data:
            self._writer.write(data, self._write_failed)
        if writes[-1] == b"" and not self._ended:
            self._writer.end()

    def _write_failed(self, why: str) -> None:
        self.abort(why, reset=why == TOO_SLOW)


def quietly(call: Callable[..., object], *args: Any) -> None:
    """Do what may fail because the peer was faster."""
    try:
        call(*args)
    except (OSError, ValueError):
        pass
