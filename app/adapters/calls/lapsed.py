"""Ends the calls of which nothing has been heard for too long: their process or sender is gone.

A call on a socket shows that it lives by its lease, one told of by webhooks by its events. After a
stop of Redis all of them look silent, so each process ends a call only after it has itself seen it
silent for a while.
"""

from __future__ import annotations

import time
from typing import cast

from redis import Redis

from app import logs
from app.adapters.calls.leases import LEASE_S
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.adapters.redis.client import guarded

log = logs.get(__name__)

#: Longer than holders take to renew their leases once Redis is back.
PATIENCE_S = 20.0
#: A caller who was handed over is looked after again so much later, in seconds.
HANDED_OVER_S = 60
MOST = 50


class LapsedCalls:
    """The sweep of one process."""

    def __init__(self, redis: Redis, calls: CallStore, patience_s: float = PATIENCE_S) -> None:
        self._redis = redis
        self._calls = calls
        self._patience_s = patience_s
        self._seen: dict[str, float] = {}

    @guarded
    def sweep(self) -> int:
        """End what has been silent for long enough; how many. Raises `Unavailable`."""
        seconds, micros = self._redis.time()
        silent = cast(
            list[tuple[bytes, float]],
            self._redis.zrangebyscore(
                keys.LIVE_CALLS, "-inf", seconds + micros / 1e6, 0, MOST, withscores=True
            ),
        )
        now = time.monotonic()
        self._seen = {name.decode(): self._seen.get(name.decode(), now) for name, _ in silent}
        ended = 0
        for name, believed_until in silent:
            call_id = name.decode()
            if now - self._seen[call_id] >= self._patience_s:
                if self._is_handed_over(call_id):
                    later = seconds + HANDED_OVER_S
                    self._redis.zadd(keys.LIVE_CALLS, {call_id: later}, xx=True)
                    continue
                last = self._last_heard(call_id, believed_until)
                ended += self._calls.end(call_id, lapsed_at=last)
                log.warning("a call without an end was ended", extra={"call_id": call_id})
        return ended

    def _is_handed_over(self, call_id: str) -> bool:
        """Whether the caller was transferred to somebody: then the call goes on without a socket,
        for as long as its state is kept."""
        ending = (self._calls.load(call_id) or {}).get("ending")
        return isinstance(ending, dict) and ending.get("kind") == "transfer"

    def _last_heard(self, call_id: str, believed_until: float) -> float:
        """When there was last a sign of the call, in Unix seconds."""
        until = cast(bytes | None, self._redis.hget(keys.lease(call_id), "until"))
        told = cast(bytes | None, self._redis.hget(keys.call(call_id, "facts"), "last_ms"))
        signs = [float(until) - LEASE_S if until else 0.0, float(told) / 1000 if told else 0.0]
        return max(signs) or believed_until - LEASE_S
