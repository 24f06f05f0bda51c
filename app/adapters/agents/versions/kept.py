"""The versions of agents that calls may have begun with, kept in Redis for every other process.

A call, its jobs and what is told of it name a version. Whoever takes one up and does not have that
version fetches it here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import cast

import orjson
import redis
from redis import Redis

from app.adapters.agents.building import Said
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.settings import Settings

#: Commands that are sent together.
BATCH = 200
DAY_S = 86_400


class KeptVersions:
    """Keeps versions, and finds those that others kept. Methods raise `Unavailable`.

    A version is kept for `keep_s` after it was last in use anywhere: as long as a call may go on,
    and then its jobs, reports and dead letters may still be taken up.
    """

    def __init__(
        self, client: Redis, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = client
        self._clock = clock
        week_s = 7 * DAY_S  # jobs that wait, and dead letters
        after_s = max(settings.record_retention_s, week_s)
        self.keep_s = settings.live_call_ttl_s + after_s + 2 * DAY_S
        self._kept_at: dict[str, float] = {}

    def due(self, agents: Iterable[Agent]) -> list[Agent]:
        """Those that were not kept by this process in the last day."""
        late = self._clock() - DAY_S
        return [each for each in agents if self._kept_at.get(_key(each), late) <= late]

    def is_lost(self, agent: Agent) -> bool:
        """Whether Redis does not have a version that this process has kept; not, if it is away."""
        key = _key(agent)
        if key not in self._kept_at:
            return False
        try:
            return not self._redis.exists(key)
        except (redis.RedisError, OSError):
            return False

    def forget(self) -> None:
        """Nothing is kept any more: all versions are due."""
        self._kept_at.clear()

    @guarded
    def keep(self, agents: Iterable[tuple[Agent, Said]]) -> None:
        """Keep these versions for `keep_s` from now; what is there already is not sent again."""
        wanted = list(agents)
        for start in range(0, len(wanted), BATCH):
            self._keep(wanted[start : start + BATCH])
        if len(self._kept_at) > 2 * len(wanted) + 1000:
            late = self._clock() - DAY_S
            self._kept_at = {key: at for key, at in self._kept_at.items() if at > late}

    def _keep(self, batch: list[tuple[Agent, Said]]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for agent, _ in batch:
                pipeline.expire(_key(agent), self.keep_s)
            there = pipeline.execute()
            for (agent, said), known in zip(batch, there, strict=True):
                if not known:
                    value = orjson.dumps({"agent": said.agent, "business": said.business})
                    pipeline.set(_key(agent), value, ex=self.keep_s)
            pipeline.execute()
        now = self._clock()
        self._kept_at.update((_key(agent), now) for agent, _ in batch)

    @guarded
    def fetch(self, who: AgentRef) -> Said | None:
        """What a version was made of; None where nobody has kept it."""
        key = keys.agent_version(who.business, who.agent, who.version)
        raw = cast(bytes | None, self._redis.get(key))
        if raw is None:
            return None
        found = orjson.loads(raw)
        return Said(found["agent"], found["business"])


def _key(agent: Agent) -> str:
    return keys.agent_version(agent.home.id, agent.id, agent.version)
