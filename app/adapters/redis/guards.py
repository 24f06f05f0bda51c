"""Atomic guards in Redis: seen before, too many in a while, whose token it is.

All keys lapse by themselves. Every method raises `Unavailable` where Redis is away, in bounded
time; whoever asks decides whether that opens or closes the door.
"""

from __future__ import annotations

import math
from pathlib import Path

from redis import Redis

from app.adapters.redis.client import guarded
from app.adapters.redis.scripts import RedisScript, load_script

_HERE = Path(__file__).parent


class Guards:
    """Guards shared by all processes. `name` groups them: ``inbound``, ``socket``, ..."""

    def __init__(self, client: Redis) -> None:
        self._redis = client
        self._allow = RedisScript(client, load_script(_HERE, "allow"))
        self._bind = RedisScript(client, load_script(_HERE, "bind"))

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
        return math.ceil(
            int(self._allow({"marks": key}, {"limit": limit, "window_s": window_s, "mark": mark}))
            / 1000
        )

    @guarded
    def tie(self, name: str, what: str, owner: str, ttl_s: int) -> bool:
        """True if `what` belongs to `owner`: to whoever asked first."""
        return bool(
            self._bind({"bond": f"guard:tie:{name}:{what}"}, {"owner": owner, "ttl_s": ttl_s})
        )
