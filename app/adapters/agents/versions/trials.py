"""Calls that try a version of an agent which is not in force."""

from __future__ import annotations

from typing import cast

import orjson
from redis import Redis

from app.adapters.agents.building import Said
from app.adapters.agents.versions.kept import KeptVersions
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.settings import Settings

#: How the ids of test calls begin: those that somebody makes to try an agent.
PREFIX = "try_"
#: How long such a call may wait to be begun.
BEGIN_S = 15 * 60


class Trials:
    """The versions that trial calls begin with. Methods raise `Unavailable`."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._kept = KeptVersions(redis, settings)

    @guarded
    def keep(self, agent: Agent, said: Said) -> None:
        """Keep a version that is not in force, as long as one that was."""
        self._kept.keep([(agent, said)])

    @guarded
    def arrange(self, call_id: str, who: AgentRef) -> None:
        """Have the call `call_id`, when it begins, be answered by the version that `who` names."""
        self._redis.set(keys.trial_call(call_id), orjson.dumps(who.to_json()), ex=BEGIN_S)

    @guarded
    def version_for(self, call_id: str) -> AgentRef | None:
        """The version that was arranged for a call; None where none was."""
        if not call_id.startswith(PREFIX):
            return None
        raw = cast(bytes | None, self._redis.get(keys.trial_call(call_id)))
        return AgentRef.from_json(orjson.loads(raw)) if raw else None
