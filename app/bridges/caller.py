"""Who is on the line, from what is known about the call."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.language.phone_numbers import identify

#: Details that are part of the call's record.
_RECORDED = ("agent_id", "from_number", "to_number", "direction", "call_type", "metadata")


@dataclass(slots=True)
class Caller:
    """`details` are the channel's, in the form of Retell's call object."""

    channel: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """The number of the person on the line, empty where the channel has none."""
        name = "to_number" if self.details.get("direction") == "outbound" else "from_number"
        return str(self.details.get(name) or "")

    @property
    def safety_identifier(self) -> str:
        """A stable hash of the caller, as OpenAI asks for; empty where the number identifies
        nobody."""
        known = identify(self.number)
        return hashlib.sha256(known.e164.encode()).hexdigest()[:32] if known else ""

    def context(self, agent: Agent) -> dict[str, Any]:
        """What the worker that runs a tool knows of the call."""
        return {
            **AgentRef.to(agent, str(self.details.get("agent_id") or "")).to_json(),
            "caller_number": self.number,
            "caller_time_zone": self._variable("caller_time_zone"),
            "channel": self.channel,
        }

    def fields(self) -> dict[str, Any]:
        """Fields of the call's record."""
        return {name: self.details[name] for name in _RECORDED if self.details.get(name)}

    def _variable(self, name: str) -> str | None:
        """One of the call's dynamic variables."""
        given = self.details.get("retell_llm_dynamic_variables")
        found = given.get(name) if isinstance(given, dict) else None
        return str(found) if found else None
