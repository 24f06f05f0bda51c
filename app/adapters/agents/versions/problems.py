"""What processes have refused of the newest change, for everybody to see."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import Any, cast

import orjson
import redis
from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.client import guarded

#: A process that is gone leaves its problems for so long.
KEEP_S = 20.0
#: They are told again so often, while they last.
AGAIN_S = 5.0
MAX_TOLD = 20


class ProblemBoard:
    """The problems of all processes; `process` is this one's name."""

    def __init__(self, client: Redis, process: str) -> None:
        self._redis = client
        self.process = process
        self._told: list[str] = []
        self._told_at = 0.0

    def report(self, problems: Sequence[str]) -> None:
        """These are this process's; none takes what was told off. Redis may be away: it is told
        again."""
        told = list(problems[:MAX_TOLD])
        again = bool(told) and time.monotonic() - self._told_at > AGAIN_S
        if told == self._told and not again:
            return
        try:
            if told:
                entry = orjson.dumps({"problems": told, "at": time.time()})
                self._redis.hset(keys.AGENTS_PROBLEMS, self.process, cast(Any, entry))
                self._redis.expire(keys.AGENTS_PROBLEMS, int(KEEP_S))
            else:
                self._redis.hdel(keys.AGENTS_PROBLEMS, self.process)
        except (redis.RedisError, OSError):
            return
        self._told, self._told_at = told, time.monotonic()

    @guarded
    def all(self) -> list[dict[str, Any]]:
        """``{"process", "at", "problems"}`` of each process that has some. Raises `Unavailable`."""
        found = cast(dict[bytes, bytes], self._redis.hgetall(keys.AGENTS_PROBLEMS))
        out = []
        for process, raw in sorted(found.items()):
            entry = orjson.loads(raw)
            if time.time() - entry["at"] < KEEP_S:
                at = dt.datetime.fromtimestamp(entry["at"], dt.UTC).isoformat(timespec="seconds")
                out.append({"process": process.decode(), "at": at, "problems": entry["problems"]})
        return out
