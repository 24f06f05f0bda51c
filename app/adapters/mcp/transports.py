"""How an MCP server is reached: guarded HTTP, and a command whose standard streams are the line.

The SDK's own stdio transport starts its command through asyncio, which gevent's child watchers do
not allow outside the main thread; here the command is started with the original `posix_spawnp`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
from gevent import monkey
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from app.adapters.http import AddressRefused, public_address, tls_context

#: The most that one answer of a server may hold, and one line of a command.
MAX_ANSWER_BYTES = 1_000_000
CONNECT_S = 3.0
#: A command gets so long to end by itself when its standard input is closed, and then after
#: SIGTERM.
GRACE_S = 1.0
#: So many lines that are no message, and the command is taken for no server.
MAX_GARBAGE = 20
_POLL_S = 0.02

_spawn: Any = monkey.get_original("os", "posix_spawnp")
_waitpid: Any = monkey.get_original("os", "waitpid")


class GuardedTransport(httpx2.AsyncBaseTransport):
    """HTTP that refuses private addresses and answers without end, and counts what was sent."""

    def __init__(self, *, public_only: bool) -> None:
        self._inner = httpx2.AsyncHTTPTransport(verify=tls_context())
        self._public_only = public_only
        self.sent = 0
        """Requests that a server may have got."""
        self.refused = False
        """The address is not public."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises `httpx2.ConnectError` for an address that is refused."""
        if self._public_only:
            request = await self._pinned(request)
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise
        except httpx2.HTTPError:
            self.sent += 1
            raise
        self.sent += 1
        if request.method != "GET":
            response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _pinned(self, request: httpx2.Request) -> httpx2.Request:
        """The request to the address that was checked: a second look-up could give another."""
        host = request.url.host
        try:
            address = await asyncio.get_running_loop().run_in_executor(None, public_address, host)
        except AddressRefused as error:
            self.refused = True
            raise httpx2.ConnectError("the host has an address that is not public") from error
        except OSError as error:
            raise httpx2.ConnectError(type(error).__name__) from error
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return request


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends with an error after `MAX_ANSWER_BYTES`."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._stream:
            read += len(piece)
            if read > MAX_ANSWER_BYTES:
                raise httpx2.StreamError(f"the answer exceeds {MAX_ANSWER_BYTES} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class CommandEnded(Exception):
    """The command could not be started, or has ended."""


@asynccontextmanager
async def command_transport(
    command: Sequence[str], environment: Mapping[str, str]
) -> AsyncIterator[Any]:
    """Start a command and speak with it, one JSON message a line.

    Gives the streams that `mcp.Client` wants. Raises CommandEnded if it cannot be started. A line
    that is no message is passed on as the error that it is; one that is too long ends the command.
    """
    try:
        process = _Process(command, {**get_default_environment(), **environment})
    except (OSError, ValueError) as error:
        raise CommandEnded(f"{command[0]}: {error}") from None
    to_us, heard = anyio.create_memory_object_stream[SessionMessage | Exception](16)
    from_us, said = anyio.create_memory_object_stream[SessionMessage](16)
    tasks: list[asyncio.Task[None]] = []
    pipes: list[asyncio.BaseTransport] = []
    try:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=MAX_ANSWER_BYTES)
        into, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), process.stdout
        )
        pipes.append(into)
        out, _ = await loop.connect_write_pipe(asyncio.Protocol, process.stdin)
        pipes.append(out)
        tasks.append(asyncio.create_task(_listen(reader, to_us)))
        tasks.append(asyncio.create_task(_speak(said, out)))
        yield heard, from_us
    finally:
        for pipe in pipes:
            pipe.close()
        for task in tasks:
            task.cancel()
        for stream in (to_us, heard, from_us, said):
            stream.close()
        await asyncio.shield(process.end())


async def _listen(reader: asyncio.StreamReader, to_us: Any) -> None:
    """Pass on each message; close the stream when the command ends or babbles without end."""
    garbage = 0
    async with to_us:
        while garbage < MAX_GARBAGE:
            try:
                line = await reader.readline()
            except ValueError:
                return  # longer than the limit
            if not line:
                return
            if not line.strip():
                continue
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError as error:
                garbage += 1
                await to_us.send(error)
                continue
            await to_us.send(SessionMessage(message))


async def _speak(said: Any, out: Any) -> None:
    """Write each message; a command that does not read is left when too much waits for it."""
    async with said:
        async for sent in said:
            line = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
            out.write(line.encode() + b"\n")
            if out.is_closing() or out.get_write_buffer_size() > MAX_ANSWER_BYTES:
                return


class _Process:
    """A command in a process group of its own, with pipes as its standard streams."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it. Raises OSError or ValueError."""
        its_in, our_out = os.pipe()
        our_in, its_out = os.pipe()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        self.stdin = os.fdopen(our_out, "wb", buffering=0)
        self.stdout = os.fdopen(our_in, "rb", buffering=0)
        pairs = ((its_in, 0), (its_out, 1), (nowhere, 2))
        try:
            self.pid: int = _spawn(
                command[0],
                list(command),
                dict(environment),
                file_actions=[(os.POSIX_SPAWN_DUP2, ours, its) for ours, its in pairs],
                setpgroup=0,
                setsigdef=[signal.SIGPIPE],
            )
        except BaseException:
            self.stdin.close()
            self.stdout.close()
            raise
        finally:
            for ours, _ in pairs:
                os.close(ours)

    @property
    def ended(self) -> bool:
        """Whether it has ended; then nothing of it is left in the system's table."""
        try:
            return bool(_waitpid(self.pid, os.WNOHANG)[0])
        except ChildProcessError:
            return True

    async def end(self) -> None:
        """Wait for its end, its input being closed, then ask, then kill it and all it started."""
        ended = False
        for number in (signal.SIGTERM, signal.SIGKILL, None):
            deadline = time.monotonic() + GRACE_S
            while not ended and time.monotonic() < deadline:
                ended = self.ended
                await asyncio.sleep(0 if ended else _POLL_S)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number or signal.SIGKILL)
