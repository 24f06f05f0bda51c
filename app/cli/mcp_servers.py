"""MCP servers as a command at a keyboard sees them: asked at once, what is wrong is printed."""

from __future__ import annotations

import sys

from redis import Redis

from app.adapters.agents.secrets import SECRETS
from app.adapters.mcp.catalog import McpCatalog, tools_of
from app.core.agent.definition import Agent
from app.core.agent.tools import McpTools
from app.core.tools.mcp_spec import McpServer
from app.settings import Settings

Servers = list[tuple[McpTools, McpServer]]
"""The servers that could be reached, each with the entry that names it."""


def discover(settings: Settings, agent: Agent) -> Servers:
    """Ask the agent's servers what they offer; those that are away are told."""
    if not agent.servers:
        return []
    from app.adapters.mcp.connection import ServerAway
    from app.adapters.mcp.host import McpHost

    host = McpHost(SECRETS, allow_private=settings.tools_allow_private)
    found = []
    try:
        for entry in agent.servers:
            try:
                server = host.discover(entry)
            except ServerAway as error:
                print(f"MCP server {entry.origin} is away: {error}", file=sys.stderr)
                continue
            for problem in server.left_out:
                print(f"MCP server {entry.origin}: left out {problem}", file=sys.stderr)
            found.append((entry, server))
    finally:
        host.close()
    return found


def equip(agent: Agent, servers: Servers) -> Agent:
    """The agent with the tools of the servers."""
    return agent.with_found(tools_of(servers)) if agent.servers else agent


def keep(client: Redis, servers: Servers) -> None:
    """Have workers know what the servers offer. Raises Unavailable."""
    catalog = McpCatalog(client)
    for entry, server in servers:
        catalog.keep(entry, server)
