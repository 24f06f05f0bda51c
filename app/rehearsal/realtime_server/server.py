"""The rehearsal model's server: one port for the Realtime socket and the control endpoint.

``ws://HOST:PORT/v1/realtime?model=...`` speaks the protocol, ``http://HOST:PORT/control`` takes
orders. Runs on asyncio in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus

import orjson

from app import logs
from app.rehearsal.realtime_server import control
from app.rehearsal.realtime_server.link import Link
from app.rehearsal.realtime_server.stage import Stage
from app.rehearsal.sound.voice import Voice

log = logs.get("app.rehearsal.realtime_server")

_MAX_HEAD = 64 * 1024
_MAX_BODY = 16 * 1024 * 1024


class Door(asyncio.Protocol):
    """Looks at the first request of a connection: a WebSocket goes to a `Link`, HTTP to control."""

    def __init__(self, stage: Stage, voice: Voice) -> None:
        self._stage = stage
        self._voice = voice
        self._head = b""
        self._link: Link | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._link is not None:
            self._link.data_received(data)
            return
        self._head += data
        head, found, body = self._head.partition(b"\r\n\r\n")
        assert self._transport is not None
        if not found:
            if len(self._head) > _MAX_HEAD:
                self._transport.abort()
            return
        if head.startswith(b"GET /v1/realtime") and b"upgrade: websocket" in head.lower():
            loop = asyncio.get_running_loop()
            self._link = Link(self._stage, self._voice, self._transport, loop)
            self._link.data_received(self._head)
            self._head = b""
        else:
            self._control(head.decode("latin-1"), body)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._link is not None:
            self._link.connection_lost()

    def _control(self, head: str, body: bytes) -> None:
        request, *lines = head.split("\r\n")
        method, _, rest = request.partition(" ")
        length = 0
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip().lower() == "content-length" and value.strip().isdigit():
                length = int(value)
        if length > _MAX_BODY:
            self._reply(413, {"error": {"code": "too_large", "message": "body too large"}})
        elif len(body) >= length:
            self._reply(*control.handle(self._stage, method, rest.split(" ")[0], body[:length]))

    def _reply(self, status: int, value: object) -> None:
        assert self._transport is not None
        body = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
        self._transport.write(
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        self._transport.close()


@contextlib.asynccontextmanager
async def running(
    stage: Stage, *, host: str = "127.0.0.1", port: int = 0, voice: Voice | None = None
) -> AsyncIterator[int]:
    """Serve while the context lasts; gives the port."""
    loop = asyncio.get_running_loop()
    speaker = voice or Voice()
    server = await loop.create_server(lambda: Door(stage, speaker), host, port, backlog=2048)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for session in stage.sessions.values():
            if session.live:
                session.channel.drop("close", 1001)
                session.wake()
        await asyncio.sleep(0)


async def serve(
    stage: Stage,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    voice: Voice | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until `stop` is set (or for ever), and say where."""
    async with running(stage, host=host, port=port, voice=voice) as bound:
        log.info(
            "the rehearsal model (no AI) listens on ws://%s:%d/v1/realtime, control on"
            " http://%s:%d/control", host, bound, host, bound,
        )  # fmt: skip
        await (stop or asyncio.Event()).wait()
