"""One open session with an MCP server. Everything here runs in the loop's own thread."""

from __future__ import annotations

import asyncio
import importlib.metadata
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    Implementation,
    RequestParamsMeta,
)

from app.adapters.mcp.transports import (
    CONNECT_S,
    CommandEnded,
    GuardedTransport,
    command_transport,
)
from app.core.tools.mcp_spec import McpServer, read_server

#: A session is open in this time, or the server counts as away; a command may go on starting.
OPEN_S = 4.0
START_S = 60.0
#: What a server says for a session that it has forgotten: nothing was done.
_FORGOTTEN = "Session terminated"
_MOST_PAGES = 20


class ServerAway(Exception):
    """The server cannot be reached; nothing was asked of it."""


class AddressNotPublic(ServerAway):
    """The server has an address that is not public."""


class ServerSilent(ServerAway):
    """The server takes connections and opens no session."""


class NoAnswer(Exception):
    """The server was asked and has not answered: it may have done it."""


class ServerRefused(Exception):
    """The server answered with a protocol error; `outdated` if it may offer other tools now."""

    def __init__(self, message: str, *, outdated: bool = False) -> None:
        self.outdated = outdated
        super().__init__(message)


@dataclass(frozen=True)
class Target:
    """Where a server is, secrets filled in."""

    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    command: tuple[str, ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    public_only: bool = True


class Connection:
    """A session that a task of its own opens, holds and closes, as the SDK wants it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._began = time.monotonic()
        self._http = None if target.command else GuardedTransport(public_only=target.public_only)
        self._client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._client.add_done_callback(lambda opened: opened.cancelled() or opened.exception())
        self._closing = asyncio.Event()
        self._task = asyncio.create_task(self._hold())

    @property
    def usable(self) -> bool:
        """Whether another call may be tried in it."""
        return not (self._closing.is_set() or self._task.done())

    async def open(self, wait_s: float) -> None:
        """Wait until the session is open. Raises ServerAway."""
        await self._opened(wait_s)

    async def close(self) -> None:
        """End the session; waits for its end."""
        self._closing.set()
        self._task.cancel()
        await asyncio.wait([self._task])

    async def discover(self) -> McpServer:
        """Ask for the server's tools. Raises ServerAway, NoAnswer or ServerRefused."""
        client = await self._opened(OPEN_S if self._http else START_S)
        listed: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._asked(client.list_tools(cursor=cursor, cache_mode="bypass"))
            listed += [
                tool.model_dump(mode="json", by_alias=True, exclude_none=True)
                for tool in page.tools
            ]
            cursor = page.next_cursor
            if cursor is None:
                break
        about = client.server_info
        return read_server(about.name if about else "", about.version if about else "", listed)

    async def call(
        self, name: str, arguments: Mapping[str, Any], meta: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Call a tool; its result in the wire form. Raises as `discover`."""
        client = await self._opened(OPEN_S)
        about = cast(RequestParamsMeta, dict(meta))
        result = await self._asked(client.call_tool(name, dict(arguments), meta=about))
        return dict(result.model_dump(mode="json", by_alias=True, exclude_none=True))

    async def _opened(self, wait_s: float) -> Client:
        done, _ = await asyncio.wait([self._client], timeout=wait_s)
        if done:
            return self._client.result()
        if self._http is not None or time.monotonic() - self._began > START_S:
            self._closing.set()
            self._task.cancel()
        raise ServerSilent(f"no session within {wait_s:g} s")

    async def _asked(self, request: Any) -> Any:
        """The answer to a request; what went wrong is told apart by whether it was sent."""
        before = self._http.sent if self._http else -1
        try:
            return await request
        except MCPError as error:
            if error.message == _FORGOTTEN:
                self._closing.set()
                raise ServerAway("the server has forgotten the session") from error
            if self._http is not None and self._http.sent == before:
                self._closing.set()
                raise self._away(error) from error
            if error.code == CONNECTION_CLOSED:
                self._closing.set()
                raise NoAnswer(error.message) from error
            outdated = error.code in (INVALID_PARAMS, METHOD_NOT_FOUND)
            raise ServerRefused(error.message[:300], outdated=outdated) from error
        except (OSError, httpx2.HTTPError, httpx2.StreamError) as error:
            self._closing.set()
            raise NoAnswer(type(error).__name__) from error
        except (ValueError, RuntimeError) as error:
            raise ServerRefused(f"the answer cannot be read: {str(error)[:200]}") from error

    def _away(self, error: BaseException) -> ServerAway:
        if self._http is not None and self._http.refused:
            return AddressNotPublic("the host has an address that is not public")
        return ServerAway(_told(error))

    async def _hold(self) -> None:
        try:
            async with self._transport() as transport, _client(transport) as client:
                self._client.set_result(client)
                await self._closing.wait()
        except BaseException as error:
            if not self._client.done():
                self._client.set_exception(self._away(error))
        finally:
            self._closing.set()

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[Any]:
        target = self._target
        if self._http is None:
            yield command_transport(target.command, target.environment)
            return
        timeout = httpx2.Timeout(60.0, connect=CONNECT_S)
        async with httpx2.AsyncClient(
            transport=self._http, headers=dict(target.headers), timeout=timeout
        ) as http:
            yield streamable_http_client(target.url, http_client=http)


def _client(transport: Any) -> Client:
    version = importlib.metadata.version("mcp")
    return Client(
        transport,
        client_info=Implementation(name="callsmith", version=version),
        cache=None,
    )


def _told(error: BaseException) -> str:
    """What an error says, without what was wrapped around it, and without the address."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, (MCPError, CommandEnded)):
        return str(error)[:200]
    return type(error).__name__
