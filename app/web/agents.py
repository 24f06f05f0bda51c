"""Which agent a request means, where it names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked
from app.core.agent.reference import AgentRef
from app.errors import NotFound, Unavailable

#: Calls of a page have ids of our own making, which begin so.
PAGE_CALL = "web_"


def agent_of_summary(summary: Mapping[str, Any]) -> Agent | None:
    """The agent of a call, by the call's summary; None where it cannot be told."""
    kept, agents = summary.get("agent_ref"), services().agents
    try:
        if isinstance(kept, dict):
            return agents.find(AgentRef.from_json(kept))
    except (NotFound, Unavailable):
        pass
    return agents.named(str(summary.get("agent") or ""))


def agent_named(name: str) -> Agent:
    """The agent of that name; the default one where none is named. Raises `NotFound`."""
    return services().agents.route(Asked(address=name)).agent
