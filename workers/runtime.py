"""What all jobs of one worker process share, made once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from redis import Redis

from app.adapters.agents.tenancy import settings_of
from app.adapters.agents.versions.opening import AgentDesk, open_desk
from app.adapters.calendars.checks import CalendarCheck
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.calls.store import CallStore
from app.adapters.mcp.catalog import McpCatalog
from app.adapters.redis import client as redis
from app.adapters.tools.context import Handler
from app.adapters.tools.store import EffectStore
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents
from app.errors import SettingsError
from app.settings import Settings
from workers.own.servers import McpServers

if TYPE_CHECKING:
    from app.adapters.calendars.base import Calendar

#: Commands of workers may take longer than a caller's: they wait for jobs with them.
COMMAND_S = 5.0


@dataclass(frozen=True, slots=True)
class ToolJob:
    """How workers run a tool, and what follows (given the call's id and the key) if one of its
    effects is given up: it may have been half done."""

    handler: Handler
    after_giving_up: Callable[[Runtime, str, str], None] | None = None


@dataclass(frozen=True)
class Runtime:
    """Clients and stores of this process; all safe to use from any greenlet."""

    settings: Settings
    redis: Redis
    """Tries again for half a minute while Redis is away."""
    calls: CallStore
    effects: EffectStore
    agents: Agents
    agent_desk: AgentDesk
    servers: McpServers
    tools: Mapping[str, ToolJob]
    """The built-in tools by name."""
    embedded: Calendars
    _calendars: dict[tuple[str, str, str], Calendar] = field(default_factory=dict)

    def settings_of(self, agent: Agent) -> Settings:
        """The settings of the agent's business. Raises `SettingsError`."""
        return settings_of(self.settings, agent.home)

    def calendar(self, agent: Agent) -> Calendar:
        """The calendar of that agent; one client each, for the life of the process.

        Raises `CalendarDown`, or `SettingsError`.
        """
        from app.adapters.calendars.factory import open_calendar

        given = self.settings_of(agent).calendar_url
        url = self.embedded.url_of(given, agent.home.id, self.agents)
        kind = (url, agent.booking.time_zone, repr(agent.booking.resources))
        found = self._calendars.get(kind)
        if found is None:
            found = self._calendars[kind] = open_calendar(url, self.redis, agent.booking)
        return found


_runtime: Runtime | None = None


#: No built-in tools: the agent's own are found all the same.
NO_TOOLS: Mapping[str, ToolJob] = MappingProxyType({})


def open_runtime(
    settings: Settings,
    *,
    connections: int,
    tools: Mapping[str, ToolJob] = NO_TOOLS,
    strict: bool = False,
) -> Runtime:
    """Make this process's runtime; `strict` takes no agents but those that the file has now.

    Raises `SettingsError` for a bad agent file or calendar URL.
    """
    global _runtime
    client = redis.connect(settings, connections=connections, command_s=COMMAND_S, patient=True)
    name = f"worker {socket.gethostname()}:{os.getpid()}"
    agent_desk = open_desk(settings, client, name, strict=strict)
    _runtime = Runtime(
        settings=settings,
        redis=client,
        calls=CallStore(client, settings),
        effects=EffectStore(client, settings),
        agents=agent_desk.source.directory,
        agent_desk=agent_desk,
        servers=McpServers(settings, client, McpCatalog(client)),
        tools=tools,
        embedded=Calendars(client),
    )
    check = CalendarCheck(settings, client)
    problems = [problem for agent in _runtime.agents.all if (problem := check(agent))]
    if problems:
        raise SettingsError(list(dict.fromkeys(problems)))
    agent_desk.source.builder.check = check
    return _runtime


def runtime() -> Runtime:
    """This process's runtime. Raises RuntimeError if `open_runtime` was not called."""
    if _runtime is None:
        raise RuntimeError("no runtime is open: jobs run in the processes of `python -m workers`")
    return _runtime
