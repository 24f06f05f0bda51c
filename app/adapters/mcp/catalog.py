"""What MCP servers offer, kept in Redis: written by workers, read by every process.

A call takes what is known when it begins and keeps it to its end; it never waits for a server.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import cast

import gevent
from redis import Redis

from app import logs
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.agent.definition import Agent
from app.core.agent.tools import FoundTool, McpTools
from app.core.tools.mcp_spec import McpServer
from app.errors import Unavailable

#: What a server offered is believed for so long after it was last reached.
KEEP_S = 30 * 86400
#: A process looks whether something has changed this often.
FRESH_S = 2.0
_MOST_EQUIPPED = 1000

log = logs.get(__name__)


class McpCatalog:
    """The tools of all MCP servers that agents of this process name."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._servers: dict[str, McpServer] = {}
        self._missing: set[str] = set()
        self._generation = b""
        self._looked_at = 0.0
        self._looking = False
        self._equipped: dict[int, tuple[Agent, bytes, Agent]] = {}

    def equip(self, agent: Agent) -> Agent:
        """The agent with the tools of its MCP servers, as far as they are known.

        Only the first look at a server waits for Redis; without Redis what is known is taken.
        """
        entries = agent.servers
        if not entries:
            return agent
        self._look(entries)
        known = self._equipped.get(id(agent))
        if known is not None and known[0] is agent and known[1] == self._generation:
            return known[2]
        known_servers = [
            (entry, self._servers[entry.server_id])
            for entry in entries
            if entry.server_id in self._servers
        ]
        equipped = agent.with_found(tools_of(known_servers))
        if len(self._equipped) >= _MOST_EQUIPPED:
            self._equipped.clear()
        self._equipped[id(agent)] = agent, self._generation, equipped
        return equipped

    def server(self, entry: McpTools) -> McpServer | None:
        """What the server of an entry offers; None if it was never reached."""
        self._look([entry])
        return self._servers.get(entry.server_id)

    @guarded
    def keep(self, entry: McpTools, server: McpServer) -> bool:
        """Keep what a server offers; true if that is new. Raises Unavailable."""
        key, value = keys.mcp_server(entry.server_id), server.to_json()
        before = self._redis.set(key, value, ex=KEEP_S, get=True)
        if before == value:
            return False
        self._redis.incr(keys.MCP_GENERATION)
        self._redis.expire(keys.MCP_GENERATION, KEEP_S * 2)
        return True

    def _look(self, entries: Iterable[McpTools]) -> None:
        """Read what is not known yet; look for changes now and then, without waiting."""
        new = {entry.server_id for entry in entries} - self._servers.keys() - self._missing
        if new:
            try:
                self._read(self._servers.keys() | self._missing | new)
            except Unavailable:
                log.warning("tools of MCP servers cannot be read")
        elif time.monotonic() - self._looked_at > FRESH_S and not self._looking:
            self._looking = True
            gevent.spawn(self._refresh)

    def _refresh(self) -> None:
        try:
            self._read(self._servers.keys() | self._missing, changed_only=True)
        except Unavailable:
            pass  # what is known stays
        finally:
            self._looking = False

    @guarded
    def _read(self, server_ids: Iterable[str], *, changed_only: bool = False) -> None:
        self._looked_at = time.monotonic()
        generation = cast(bytes | None, self._redis.get(keys.MCP_GENERATION)) or b"0"
        if changed_only and generation == self._generation:
            return
        ids = sorted(server_ids)
        kept = cast(list[bytes | None], self._redis.mget([keys.mcp_server(each) for each in ids]))
        for server_id, value in zip(ids, kept, strict=True):
            self._missing.discard(server_id)
            try:
                if value is not None:
                    self._servers[server_id] = McpServer.from_json(value)
                    continue
            except (ValueError, TypeError, KeyError):
                log.error("what an MCP server offers cannot be read", extra={"id": server_id})
            self._missing.add(server_id)
        self._generation = generation


def tools_of(servers: Iterable[tuple[McpTools, McpServer]]) -> dict[str, FoundTool]:
    """The tools of servers by name; the first server to offer a name has it."""
    found: dict[str, FoundTool] = {}
    for entry, server in servers:
        for tool in server.tools:
            declared = entry.declare(tool)
            if declared is not None:
                found.setdefault(tool.name, FoundTool(entry, tool.own_name, declared))
    return found
