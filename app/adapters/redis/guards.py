"""Atomic guards in Redis: seen before, too many in a while, whose token it is.

All keys lapse by themselves. Every method raises `Unavailable` where Redis is away, in bounded
time; whoever asks decides whether that opens or closes the door.
"""

from __future__ import annotations

import math

from redis import Redis

from app.adapters.redis.client import guarded

#: A sliding count: at most `limit` marks within `window` seconds. 0, or milliseconds to wait.
_ALLOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local window = ARGV[2] * 1000
if redis.call('ZSCORE', KEYS[1], ARGV[3]) then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  return math.max(1, first + window - now)
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""

#: The first to come has it: 1 where the owner is `owner`, now or before.
_TIE = """
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
"""


class Guards:
    """Guards shared by all processes. `name` groups them: ``inbound``, ``socket``, ..."""

    def __init__(self, client: Redis) -> None:
        self._redis = client
        self._allow = client.register_script(_ALLOW)
        self._tie = client.register_script(_TIE)

    @guarded
    def first(self, name: str, what: str, ttl_s: int) -> bool:
        """True the first time this is asked within `ttl_s` seconds."""
        return bool(self._redis.set(f"guard:seen:{name}:{what}", b"1", nx=True, ex=ttl_s))

    @guarded
    def wait_for(self, name: str, who: str, *, limit: int, window_s: int, mark: str) -> int:
        """0 where `who` did this fewer than `limit` times in the last `window_s` seconds, and now
        once more; else the whole seconds to wait. `mark` is this attempt: asked again, it counts
        once."""
        key = f"guard:rate:{name}:{who}"
        return math.ceil(int(self._allow(keys=[key], args=[limit, window_s, mark])) / 1000)

    @guarded
    def tie(self, name: str, what: str, owner: str, ttl_s: int) -> bool:
        """True if `what` belongs to `owner`: to whoever asked first."""
        return bool(self._tie(keys=[f"guard:tie:{name}:{what}"], args=[owner, ttl_s]))

    @guarded
    def tied(self, name: str, what: str, owner: str) -> bool:
        """True if `what` was tied to `owner` already."""
        return bool(self._redis.get(f"guard:tie:{name}:{what}") == owner.encode())
