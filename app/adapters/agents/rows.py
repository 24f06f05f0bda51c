"""Agents and businesses as lists show them."""

from __future__ import annotations

from typing import Any

from app.core.agent.business import Business
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents


def agent_row(agents: Agents, agent: Agent) -> dict[str, Any]:
    """One agent: what leads to it, and the version that new calls get."""
    numbers = [*agent.numbers]
    mates = agents.of_business(agent.home.id)
    if agent.id in (agent.home.answers, mates[0].id if mates else ""):
        numbers += [each for each in agent.home.numbers if each not in numbers]
    return {
        "id": agent.id,
        "name": agent.name,
        "business": agent.home.id,
        "numbers": numbers,
        "retell_agent_ids": list(agent.retell_agent_ids),
        "version": agent.version,
        "default": agents.only_default is not None and agents.only_default.id == agent.id,
    }


def business_row(agents: Agents, business: Business) -> dict[str, Any]:
    """One business and its agents."""
    return {
        "id": business.id,
        "name": business.name,
        "numbers": list(business.numbers),
        "agents": [agent.id for agent in agents.of_business(business.id)],
    }
