"""What all jobs of one worker process share, made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from redis import Redis

from app.adapters.agents import files
from app.adapters.calls.store import CallStore
from app.adapters.mcp.catalog import McpCatalog
from app.adapters.redis import client as redis
from app.adapters.tools.context import Handler
from app.adapters.tools.store import EffectStore
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
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
    agents: Directory
    servers: McpServers
    tools: Mapping[str, ToolJob]
    """The built-in tools by name."""
    _calendars: dict[int, Calendar] = field(default_factory=dict)

    def calendar(self, agent: Agent) -> Calendar:
        """The calendar of that agent; one client each, for the life of the process."""
        from app.adapters.calendars.factory import open_calendar

        found = self._calendars.get(id(agent))
        if found is None:
            found = open_calendar(self.settings.calendar_url, self.redis, agent.booking)
            self._calendars[id(agent)] = found
        return found


_runtime: Runtime | None = None


#: No built-in tools: the agent's own are found all the same.
NO_TOOLS: Mapping[str, ToolJob] = MappingProxyType({})


def open_runtime(
    settings: Settings, *, connections: int, tools: Mapping[str, ToolJob] = NO_TOOLS
) -> Runtime:
    """Make this process's runtime. Raises `SettingsError` for a bad agent file or calendar URL."""
    global _runtime
    client = redis.connect(settings, connections=connections, command_s=COMMAND_S, patient=True)
    _runtime = Runtime(
        settings=settings,
        redis=client,
        calls=CallStore(client, settings),
        effects=EffectStore(client, settings),
        agents=files.load(settings.agent_file or None),
        servers=McpServers(settings, client, McpCatalog(client)),
        tools=tools,
    )
    _runtime.calendar(_runtime.agents.only_default or _runtime.agents.all[0])
    return _runtime


def runtime() -> Runtime:
    """This process's runtime. Raises RuntimeError if `open_runtime` was not called."""
    if _runtime is None:
        raise RuntimeError("no runtime is open: jobs run in the processes of `python -m workers`")
    return _runtime
