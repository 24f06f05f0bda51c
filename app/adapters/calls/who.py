"""Whose a call is: the agent, in the version that the call began with."""

from __future__ import annotations

from typing import cast

import orjson
from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.agent.reference import AgentRef


@guarded
def agent_ref(client: Redis, call_id: str) -> AgentRef | None:
    """The agent that answers a call; None where that was not decided yet. Raises `Unavailable`."""
    raw = cast(bytes | None, client.hget(keys.summary(call_id), "agent_ref"))
    kept = orjson.loads(raw) if raw else None
    return AgentRef.from_json(kept) if isinstance(kept, dict) else None
