"""Which agent a request means, where it names one."""

from __future__ import annotations

from app.bridges.services import services
from app.core.agent.definition import Agent

#: Calls of a page have ids of our own making, which begin so.
PAGE_CALL = "web_"


def agent_named(name: str) -> Agent:
    """The agent of that name, else the default one."""
    agents = services().agents
    for agent in agents.all:
        if name and agent.name.casefold() == name.casefold():
            return agent
    return agents.default
