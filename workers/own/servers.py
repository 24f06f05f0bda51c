"""Tools of MCP servers in a worker process: they are called here, and what they are is kept up."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gevent
import redis

from app import logs, metrics
from app.adapters.agents.secrets import SECRETS
from app.adapters.mcp.catalog import McpCatalog
from app.adapters.redis import keys
from app.adapters.tools.context import Handler, ToolContext
from app.core.agent.definition import Agent
from app.core.agent.tools import FoundTool, McpTools
from app.errors import Unavailable
from app.settings import Settings

if TYPE_CHECKING:
    from app.adapters.mcp.host import McpHost

#: Every server is asked this often what it offers.
REFRESH_S = 20.0
#: What a tool's server is told of the call, in `_meta`.
CALL_ID, IDEMPOTENCY_KEY = "callsmith/call-id", "callsmith/idempotency-key"

log = logs.get(__name__)


@dataclass
class McpServers:
    """The MCP servers of this process's agents. The SDK is loaded with the first of them."""

    settings: Settings
    redis: redis.Redis
    catalog: McpCatalog
    _host: McpHost | None = None
    _away: set[str] = field(default_factory=set)
    _steps: dict[str, gevent.Greenlet[..., None]] = field(default_factory=dict)

    def handler(self, found: FoundTool) -> Handler:
        """What runs one of their tools."""

        def run(ctx: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
            meta = {CALL_ID: ctx.call_id, IDEMPOTENCY_KEY: ctx.key}
            limit_s = found.tool.policy.timeout_s or found.entry.timeout_ms / 1000
            result, outdated = self.host().call(
                found.entry, found.own_name, arguments, meta, limit_s
            )
            if outdated:
                gevent.spawn(self.refresh, found.entry)
            return result

        return run

    def refresh_all(self, agents: tuple[Agent, ...]) -> None:
        """Ask every server what it offers, unless another process has just done so."""
        self._for_each(agents, self._refresh_once)

    def open_all(self, agents: tuple[Agent, ...]) -> None:
        """Open the sessions that are not open, so that no call waits for that."""
        self._for_each(agents, self._open)

    def _for_each(self, agents: tuple[Agent, ...], step: Callable[[McpTools], None]) -> None:
        """Take the step for every server, none waiting for another; one that is still taken for a
        server is not taken again."""
        for entry in {each.server_id: each for agent in agents for each in agent.servers}.values():
            running = self._steps.get(entry.server_id)
            if running is None or running.dead:
                self._steps[entry.server_id] = gevent.spawn(self._guarded, step, entry)

    def _guarded(self, step: Callable[[McpTools], None], entry: McpTools) -> None:
        try:
            step(entry)
        except (redis.RedisError, OSError) as error:
            log.warning("MCP servers wait for redis", extra={"error": type(error).__name__})
        except Exception:
            log.exception("an MCP server could not be asked", extra={"server": entry.origin})
            metrics.ERRORS_TOTAL.labels("mcp").inc()

    def _refresh_once(self, entry: McpTools) -> None:
        lock = keys.mcp_asked(entry.server_id)
        if self.redis.set(lock, os.getpid(), nx=True, px=int(REFRESH_S * 900)):
            self.refresh(entry)

    def _open(self, entry: McpTools) -> None:
        from app.adapters.mcp.connection import ServerAway

        try:
            self.host().open(entry)
            self._away.discard(entry.server_id)
        except ServerAway as error:
            self._tell_away(entry, error)

    def refresh(self, entry: McpTools) -> None:
        """Ask one server what it offers, and keep the answer. A server that is away is logged
        once, and what it offered before is kept."""
        from app.adapters.mcp.connection import ServerAway

        try:
            server = self.host().discover(entry)
            if self.catalog.keep(entry, server):
                told = {"server": entry.origin, "version": server.version}
                log.info(
                    "an MCP server's tools are known", extra={**told, "tools": len(server.tools)}
                )
                for problem in server.left_out:
                    log.warning("an MCP tool is left out", extra={**told, "why": problem})
            self._away.discard(entry.server_id)
        except ServerAway as error:
            self._tell_away(entry, error)
        except Unavailable:
            log.warning("an MCP server's tools could not be kept", extra={"server": entry.origin})

    def _tell_away(self, entry: McpTools, error: Exception) -> None:
        if entry.server_id not in self._away:
            self._away.add(entry.server_id)
            told = {"server": entry.origin, "why": str(error)}
            log.warning("an MCP server is away", extra=told)

    def host(self) -> McpHost:
        """The sessions of this process."""
        if self._host is None:
            from app.adapters.mcp.host import McpHost

            self._host = McpHost(SECRETS, allow_private=self.settings.tools_allow_private)
        return self._host

    def close(self) -> None:
        """End all sessions."""
        gevent.killall(list(self._steps.values()))
        if self._host is not None:
            self._host.close()
