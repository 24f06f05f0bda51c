"""The MCP sessions of one process: opened when they are needed, kept, opened again when lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app import logs
from app.adapters.mcp.connection import (
    AddressNotPublic,
    Connection,
    NoAnswer,
    ServerAway,
    ServerRefused,
    ServerSilent,
    Target,
)
from app.adapters.mcp.loop_thread import LoopThread
from app.adapters.tools.http_tool import refusal
from app.core.agent.references import fill_references
from app.core.agent.tools import McpTools
from app.core.tools.mcp_spec import McpServer, read_result

#: A server that was away is not tried again for so long: nobody waits for it twice.
PAUSE_S = 2.0
#: A server that has just been restarted gets one more try after this.
AGAIN_S = 0.3
DISCOVER_S, DISCOVER_COMMAND_S = 8.0, 65.0
#: Sessions that nobody used for so long are closed.
IDLE_S = 600.0

AWAY = "The system for this cannot be reached right now. Say so, and offer another way."
UNKNOWN = "There was no answer in time. It is not known whether it was done: promise nothing."

log = logs.get(__name__)


@dataclass(slots=True)
class _Line:
    """What is known of one server."""

    connection: Connection | None = None
    away_until: float = 0.0
    used_at: float = 0.0


class McpHost:
    """Calls tools of MCP servers. `secrets` has the values of references."""

    def __init__(self, secrets: Mapping[str, str], *, allow_private: bool) -> None:
        self._secrets = secrets
        self._allow_private = allow_private
        self._thread = LoopThread()
        self._lines: dict[str, _Line] = {}
        # It logs payloads, which may hold what callers said.
        logging.getLogger("mcp").setLevel(logging.CRITICAL)

    def discover(self, entry: McpTools) -> McpServer:
        """Ask a server for its tools. Raises ServerAway, whose text says why."""
        timeout_s = DISCOVER_COMMAND_S if entry.command else DISCOVER_S
        try:
            return self._thread.run(lambda: self._discover(entry), timeout_s)
        except (TimeoutError, NoAnswer, ServerRefused, KeyError) as error:
            raise ServerAway(f"{type(error).__name__}: {error}") from error

    def open(self, entry: McpTools) -> None:
        """Open the session with a server, if it is not, so that a call need not wait for that.
        Raises ServerAway."""
        try:
            self._thread.run(
                lambda: self._with_connection(entry, lambda line: line.open(DISCOVER_COMMAND_S)),
                DISCOVER_COMMAND_S,
            )
        except (TimeoutError, KeyError) as error:
            raise ServerAway(f"{type(error).__name__}: {error}") from error

    def call(
        self,
        entry: McpTools,
        name: str,
        arguments: Mapping[str, Any],
        meta: Mapping[str, Any],
        timeout_s: float,
    ) -> tuple[dict[str, Any], bool]:
        """Call a tool: its result ``{"ok", "output", "say"}``, and whether the server's tools may
        have changed. Every failure is a result, in words for the model."""
        try:
            wire = self._thread.run(
                lambda: self._with_connection(
                    entry, lambda line: line.call(name, arguments, meta), tries=2
                ),
                timeout_s,
            )
        except AddressNotPublic:
            log.error("an MCP server's address is not public", extra={"tool": name})
            return refusal("not_allowed", "This cannot be looked up here."), False
        except (ServerAway, KeyError) as error:
            log.warning("MCP server is away", extra={"tool": name, "why": str(error)[:200]})
            return refusal("away", AWAY), False
        except (NoAnswer, TimeoutError) as error:
            log.warning("MCP server gave no answer", extra={"tool": name, "why": str(error)[:200]})
            return refusal("no_answer", UNKNOWN), False
        except ServerRefused as refused:
            log.warning("MCP server refused", extra={"tool": name, "why": str(refused)[:200]})
            message = "The system did not accept that. Say so, and offer another way."
            return refusal("refused", message), refused.outdated
        return read_result(wire), False

    def close(self) -> None:
        """Close all sessions."""
        self._thread.stop()
        self._lines.clear()

    async def _discover(self, entry: McpTools) -> McpServer:
        """Ask in a new session, as a kept one remembers the server's version of its beginning; a
        command is not started for that."""
        if entry.command:
            found: McpServer = await self._with_connection(entry, lambda line: line.discover())
            return found
        connection = Connection(self._target(entry))
        try:
            return await connection.discover()
        finally:
            await connection.close()

    async def _with_connection(self, entry: McpTools, use: Any, tries: int = 1) -> Any:
        line = self._lines.setdefault(entry.server_id, _Line())
        await self._close_idle()
        for attempt in range(tries):
            if time.monotonic() < line.away_until:
                raise ServerAway("it was away a moment ago")
            try:
                return await use(self._connection(entry, line))
            except ServerAway as error:
                if line.connection is not None and not line.connection.usable:
                    line.connection = None
                hopeless = isinstance(error, (AddressNotPublic, ServerSilent))
                if hopeless or attempt + 1 == tries:
                    line.away_until = time.monotonic() + PAUSE_S
                    raise
                await asyncio.sleep(AGAIN_S)
        raise AssertionError("at least one try")

    def _connection(self, entry: McpTools, line: _Line) -> Connection:
        line.used_at = time.monotonic()
        if line.connection is None or not line.connection.usable:
            line.connection = Connection(self._target(entry))
        return line.connection

    async def _close_idle(self) -> None:
        now = time.monotonic()
        for line in self._lines.values():
            if line.connection is not None and line.used_at and now - line.used_at > IDLE_S:
                connection, line.connection = line.connection, None
                await connection.close()

    def _target(self, entry: McpTools) -> Target:
        """The server with its secrets. Raises KeyError for one that is not set."""

        def filled(texts: Mapping[str, str]) -> dict[str, str]:
            return {name: fill_references(text, self._secrets) for name, text in texts.items()}

        return Target(
            url=fill_references(entry.mcp, self._secrets) if entry.mcp else "",
            headers=filled(entry.headers),
            command=tuple(fill_references(part, self._secrets) for part in entry.command),
            environment=filled(entry.environment),
            public_only=not self._allow_private,
        )
