"""Whose a call was, from its story."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import logs
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.errors import NotFound
from workers.runtime import Runtime

log = logs.get(__name__)


def agent_of(at_work: Runtime, story: Mapping[str, Any]) -> Agent:
    """The agent that answered. One that is gone from the file leaves its names; a call that nobody
    answered has an agent `unknown`."""
    name = str(story.get("agent") or "")
    kept = story.get("agent_ref")
    who = AgentRef(name, str(story.get("business") or ""), str(story.get("agent_id") or ""))
    if isinstance(kept, dict):
        who = AgentRef.from_json(kept)
    try:
        return at_work.servers.catalog.equip(at_work.agents.find(who))
    except NotFound:
        log.warning("the agent of a call is not known", extra={"agent": name})
        name = name.strip()[:200] or "unknown"
        business = who.business.strip()[:200] or name
        return Agent(name=name, business=business, instructions="none", tools=())
