"""A WebSocket of as little as a load needs, so that the load's work does not become the figure.

Whole unfragmented text frames on an asyncio transport, no extensions; pings are answered. A
client's mask is zero, which is a mask, and leaves the bytes as they are.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Callable
from urllib.parse import urlsplit

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without a C compiler
    from websockets.utils import apply_mask

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MASKED, _NO_MASK = 0x80, bytes(4)
_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A


class ThinSocket(asyncio.Protocol):
    """One connection. `on_text` is called for every message, `on_end` once."""

    def __init__(
        self,
        *,
        client: bool,
        on_text: Callable[[bytes], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.client = client
        self.on_text, self.on_end = on_text, on_end
        self.transport: asyncio.Transport
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._key = base64.b64encode(os.urandom(16))
        self._data = b""
        self._path = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.cancel()
        self.on_end()

    def greet(self, host: str, path: str) -> None:
        """Send a client's handshake."""
        self.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {self._key.decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        data = self._data + data if self._data else data
        if not self.open.done():
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._data = data
                return
            self._opened(head)
            data = rest
        self._data = self._frames(data)

    def _opened(self, head: bytes) -> None:
        if self.client:
            if b" 101 " not in head[:20]:
                self.open.set_exception(ConnectionError(head[:80].decode("latin-1")))
                self.transport.close()
                return
        else:
            lines = (line.partition(b":") for line in head.split(b"\r\n"))
            key = next(v.strip() for name, _, v in lines if name.lower() == b"sec-websocket-key")
            accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324 - RFC 6455
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n" % accept
            )
        self.open.set_result(None)

    def _frames(self, data: bytes) -> bytes:
        """Hand on whole frames; what is left over."""
        at, size = 0, len(data)
        while size - at >= 2:
            first, length = data[at], data[at + 1] & 0x7F
            masked = data[at + 1] & _MASKED
            begin = at + 2
            if length == 126:
                length, begin = int.from_bytes(data[begin : begin + 2], "big"), begin + 2
            elif length == 127:
                length, begin = int.from_bytes(data[begin : begin + 8], "big"), begin + 8
            mask = b""
            if masked:
                mask, begin = data[begin : begin + 4], begin + 4
            if size < begin + length:
                break
            payload = data[begin : begin + length]
            at = begin + length
            if masked and mask != _NO_MASK:
                payload = apply_mask(payload, mask)
            if first == _TEXT:
                self.on_text(payload)
            elif first == _PING:
                self._write(_PONG, payload)
            elif first == _CLOSE:
                self._write(_CLOSE, payload)
                self.transport.close()
                return b""
        return data[at:]

    def send(self, text: bytes) -> None:
        """One text message."""
        self._write(_TEXT, text)

    def _write(self, first: int, payload: bytes) -> None:
        if self.transport.is_closing():
            return
        size, bit = len(payload), _MASKED if self.client else 0
        if size < 126:
            head = bytes((first, bit | size))
        elif size < 65536:
            head = bytes((first, bit | 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((first, bit | 127)) + size.to_bytes(8, "big")
        self.transport.write(head + (_NO_MASK if bit else b"") + payload)

    def close(self) -> None:
        """Leave."""
        if not self.transport.is_closing():
            self._write(_CLOSE, b"\x03\xe8")
            self.transport.close()


async def connect(
    url: str, on_text: Callable[[bytes], None], on_end: Callable[[], None] = lambda: None
) -> ThinSocket:
    """A client's connection."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    _, socket = await asyncio.get_running_loop().create_connection(
        lambda: ThinSocket(client=True, on_text=on_text, on_end=on_end),
        parts.hostname or "",
        parts.port or 80,
    )
    socket.greet(parts.netloc, path)
    await asyncio.wait_for(socket.open, 30)
    return socket


async def serve(port: int, accept: Callable[[], ThinSocket]) -> asyncio.Server:
    """A server on the loopback address; `accept` makes what serves one connection."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(accept, "127.0.0.1", port, backlog=1024)
