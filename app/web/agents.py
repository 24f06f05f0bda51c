"""Which agent a request means, where it names one."""

from __future__ import annotations

from app.bridges.services import services
from app.core.agent.definition import Agent
from app.errors import NotFound

#: Calls of a page have ids of our own making, which begin so.
PAGE_CALL = "web_"


def agent_named(name: str) -> Agent:
    """The agent of that name; the default one where none is named. Raises `NotFound`."""
    agents = services().agents
    if not name.strip():
        return agents.default
    agent = agents.named(name)
    if agent is None:
        known = ", ".join(each.name for each in agents.all)
        raise NotFound(f"no agent is named {name[:100]!r}; known are {known}", code="unknown_agent")
    return agent
