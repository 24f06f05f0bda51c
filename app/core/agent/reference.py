"""Which agent, of which business, something belongs to: what travels with everything of a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.agent.definition import Agent


@dataclass(frozen=True, slots=True)
class AgentRef:
    """The agent that a call was answered by, as jobs, notifications and keys carry it.

    `agent` is the agent's id (in older data its name), `business` the id under which the business's
    data lie, `version` the one that the call began with; blank is the present one.
    """

    agent: str
    business: str
    retell_agent_id: str = ""
    version: str = ""

    @classmethod
    def to(cls, agent: Agent, retell_agent_id: str = "") -> AgentRef:
        """The reference to an agent; the Retell agent id as the call told it, if it did."""
        return cls(agent.id, agent.home.id, retell_agent_id, agent.version)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AgentRef:
        """From a context or a change; older ones may lack any of it."""
        return cls(
            str(data.get("agent") or ""),
            str(data.get("business") or ""),
            str(data.get("agent_id") or ""),
            str(data.get("version") or ""),
        )

    def to_json(self) -> dict[str, str]:
        """Its members in a context of an effect, or in a change that is told of."""
        return {
            "agent": self.agent,
            "business": self.business,
            "agent_id": self.retell_agent_id,
            "version": self.version,
        }
