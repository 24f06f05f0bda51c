"""Which agent a request means, where it names one."""

from __future__ import annotations

from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked

#: Calls of a page have ids of our own making, which begin so.
PAGE_CALL = "web_"


def agent_named(name: str) -> Agent:
    """The agent of that name; the default one where none is named. Raises `NotFound`."""
    return services().agents.route(Asked(address=name)).agent
